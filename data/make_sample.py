"""Writes the corpus that ships, `data/sample/`, and the best perplexity that a model can reach.

    python -m data.make_sample             # writes data/sample/, the same bytes every time
    python -m data.make_sample --to=DIR    # writes into another folder

A probabilistic grammar, below, makes the sentences. They have the format of the Penn Treebank's
files: lower case, one sentence a line with a space at both ends, N for numbers, <unk> for rare
names. A model needs memory for two things in them:

- The dependency of the blog's section 2. The country in which a person grew up decides the language
  that ends the sentence. Between the country and "speaks fluent" stand 0 to 30 words that tell
  nothing of either. A gap of n words has a probability proportional to 1 / (n + 3): models learn
  the long gaps by way of the short ones. All countries are equally likely, so that guessing finds
  one language in sixteen.
- Agreement. The number of the subject decides the form of the verb, which follows a clause and a
  noun with a number of its own.

The grammar gives the probability of each next word, given the words so far (`Filter`). No model can
expect a lower perplexity than that of these probabilities. `best_perplexity.json` holds it for each
split, over all words and line ends.
"""

import json
import math
import os
import random

from data import texts
from lm import command_line

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sample")

# The number of words (line ends count) and the seed of each split.
SPLITS = {"train": (60000, 1), "valid": (6000, 2), "test": (6000, 3)}

LANGUAGES = {
    "france": "french",
    "germany": "german",
    "spain": "spanish",
    "italy": "italian",
    "portugal": "portuguese",
    "greece": "greek",
    "turkey": "turkish",
    "russia": "russian",
    "poland": "polish",
    "hungary": "hungarian",
    "finland": "finnish",
    "sweden": "swedish",
    "denmark": "danish",
    "norway": "norwegian",
    "iceland": "icelandic",
    "china": "chinese",
}

LONGEST_GAP = 30  # words between the country and "speaks fluent"

# A rule is a symbol and its alternatives. An alternative may begin with its weight, as in "3*"; the
# default weight is 1. An indented line continues the rule above. A symbol without a rule is a word.
# A rule with "#" stands for two rules, one for the singular and one for the plural. In them "#"
# becomes SG or PL, {be} and the like become the verb, and "man/men" becomes one of the two nouns.
GRAMMAR = """
SENTENCE: 24*BIOGRAPHY | 4*AGREEMENT | 3*PLACE | 4*BUSINESS
BIOGRAPHY: BIOGRAPHY_SG | BIOGRAPHY_PL
AGREEMENT: AGREEMENT_SG | AGREEMENT_PL
PLACE: PLACE_SG | PLACE_PL

BIOGRAPHY_#: PERSONS_# who grew up in ORIGIN_#
PERSONS_#: 3*the PERSON_# | 2*the AGE PERSON_# | 1*the PERSON_# from the GROUP
PERSON_#: woman/women | man/men | girl/girls | boy/boys | student/students | teacher/teachers
    | doctor/doctors | nurse/nurses | lawyer/lawyers | judge/judges | farmer/farmers
    | baker/bakers | driver/drivers | pilot/pilots | sailor/sailors | soldier/soldiers
    | singer/singers | dancer/dancers | painter/painters | writer/writers | poet/poets
    | actor/actors | engineer/engineers | chemist/chemists | architect/architects
    | carpenter/carpenters | banker/bankers | trader/traders | broker/brokers | dealer/dealers
    | journalist/journalists | editor/editors | printer/printers | tailor/tailors
    | gardener/gardeners | cook/cooks | waiter/waiters | clerk/clerks | guard/guards
    | guest/guests | surgeon/surgeons | dentist/dentists | scientist/scientists
    | librarian/librarians | plumber/plumbers | mechanic/mechanics | electrician/electricians
    | butcher/butchers | fisherman/fishermen | miner/miners | hunter/hunters | shepherd/shepherds
    | composer/composers | violinist/violinists | photographer/photographers
    | translator/translators | neighbor/neighbors | tourist/tourists
AGE: young | old | quiet | tall | famous | retired | clever | friendly | busy | shy | patient
    | proud | gentle | serious | cheerful | lonely | modest | talented
GROUP: choir | office | clinic | theater | orchestra | museum | library | embassy | newspaper
    | hotel | hospital | ministry | academy | laboratory | restaurant

CHUNK_1: now | still | also | therefore | apparently | certainly | obviously | clearly
CHUNK_2: of course | these days | by now | even so | in fact | at times | after all | as always
CHUNK_3: and studied SCIENCE | and played MUSIC | and collected THINGS | and sold THINGS
CHUNK_4: and worked in TOWN | and moved to TOWN | and studied SCIENCE early
    | and never liked SCIENCE
CHUNK_5: and learned SCIENCE from books | and repaired THINGS at night | and lived near the WATER
    | and wrote about the WATER
CHUNK_6: and played MUSIC in the GROUP | and worked at the SHOP nearby
    | and often traveled to the WATER | and later met a wealthy PERSON_SG
CHUNK_7: and spent N years in the army | and sold THINGS to the PERSON_SG downtown
    | and bought a HOUSE near the WATER
CHUNK_8: and won a prize for books about THINGS | and taught SCIENCE to N PERSON_PL in TOWN
    | and shared a HOUSE with the PERSON_SG there | and repaired THINGS for the SHOP in TOWN
    | and left home at the age of N
SCIENCE: law | medicine | history | physics | chemistry | biology | geology | logic | economics
    | philosophy | algebra | geometry | astronomy | botany | anatomy | grammar | statistics
    | literature | music | theology
MUSIC: chess | tennis | football | cards | jazz | drums | violin | piano | flute | guitar | golf
    | hockey | cello | trumpet | bridge
THINGS: stamps | coins | clocks | watches | radios | bicycles | shoes | carpets | lamps | books
    | maps | knives | bottles | baskets | engines | pumps | candles | paintings | toys | hats
    | gloves | guitars | lenses | medals | ropes | tools | umbrellas | vases | tapes | puppets
TOWN: boston | chicago | dallas | denver | detroit | houston | miami | seattle | cleveland
    | baltimore | pittsburgh | atlanta | phoenix | portland | milwaukee | memphis | buffalo
    | oakland | omaha | tampa | newark | cincinnati
WATER: harbor | river | lake | coast | canal | bay | valley | forest | bridge | station | island
    | mountain | desert | border | airport | meadow
SHOP: bakery | market | factory | garage | pharmacy | laundry | brewery | mill | bank | school
    | warehouse | workshop | foundry | dairy | shipyard | refinery
HOUSE: house | cottage | farm | cabin | flat | boat | barn | studio | villa | mansion | tent | yacht

AGREEMENT_#: the THING_# NEAR the OTHER CLAUSE {be} QUALITY
    | the THING_# that NAME VERBED NEAR the OTHER {have} PARTICIPLE
    | the THING_# NEAR the OTHER {be} QUALITY CLOSING
OTHER: THING_SG | THING_PL
THING_#: key/keys | letter/letters | picture/pictures | report/reports | contract/contracts
    | box/boxes | chair/chairs | table/tables | window/windows | door/doors | wall/walls
    | tower/towers | garden/gardens | road/roads | wheel/wheels | machine/machines | truck/trucks
    | ship/ships | plane/planes | train/trains | cabinet/cabinets | desk/desks | mirror/mirrors
    | statue/statues | fence/fences | gate/gates | tree/trees | flower/flowers | stone/stones
    | pipe/pipes | package/packages | engine/engines | ladder/ladders | lamp/lamps
    | carpet/carpets | barrel/barrels
NEAR: near | behind | beside | under | above | opposite
CLAUSE: that NAME VERBED | that the PERSON_SG VERBED | that the PERSON_PL VERBED
    | which NAME VERBED last WHEN
VERBED: bought | sold | painted | moved | found | lost | cleaned | broke | repaired | described
    | photographed | ordered | inspected | mentioned | admired | borrowed | carried | delivered
    | designed | examined
WHEN: week | month | year | summer | winter | spring | night
QUALITY: old | new | red | green | blue | black | white | expensive | cheap | heavy | dusty
    | broken | missing | beautiful | ugly | dangerous | empty | clean | dirty | rusty | fragile
    | valuable | wooden | crooked | quiet | famous | yellow | brown | useless | solid
PARTICIPLE: disappeared | arrived | fallen | vanished | changed | improved | worked well
    | caused trouble | collapsed | survived | rusted | cracked | attracted visitors | lost value
CLOSING: this WHEN | again | as usual | in most cases | according to NAME

PLACE_#: 3*SCENE_# | the PERSON_# {be} at the SHOP
    | the PERSON_# in the GROUP {know} the PERSON_PL at the SHOP
SCENE_SG: the cloud is in the sky | the fish is in the sea | the bird is in the nest
    | the bread is in the oven | the money is in the safe | the horse is in the stable
    | the milk is in the fridge | the ink is in the pen
SCENE_PL: the clouds are in the sky | the whales are in the sea | the eggs are in the nest
    | the rolls are in the oven | the jewels are in the safe | the horses are in the stable
    | the apples are in the fridge | the stars are in the sky

BUSINESS: FIRM said RESULT MOVED N % to AMOUNT from AMOUNT | FIRM said it MIGHT DEAL
    | NAME was named TITLE of FIRM | shares of FIRM MOVED N CENTS to N
    | RESULT at FIRM MOVED N % in the QUARTER quarter | NAME N years old is TITLE of FIRM
FIRM: BRAND FIELD corp. | BRAND FIELD inc. | BRAND and BRAND | the FIELD company | <unk> FIELD co.
BRAND: allied | northern | southern | western | eastern | pacific | atlantic | national | general
    | united | central | royal | standard | premier | pioneer | summit | <unk> | liberty
    | imperial | crescent | granite | sterling | harvest | horizon | beacon
FIELD: oil | steel | paper | rubber | glass | cement | textile | tobacco | coffee | sugar | grain
    | cotton | timber | copper | insurance | shipping | chemical | electric | railroad | airline
    | machinery | furniture | food
RESULT: profit | net income | revenue | sales | operating profit | its loss
MOVED: rose | fell | climbed | dropped | slipped | jumped | increased | declined
AMOUNT: $ N million | $ N billion | $ N a share
CENTS: cents | points
MIGHT: will | may | plans to | expects to | agreed to | refused to
DEAL: sell its FIELD unit to FIRM | buy the FIELD business of FIRM | close N plants | cut N jobs
    | pay a dividend of N cents | issue N million shares | open N stores in TOWN
TITLE: president | chairman | a director | treasurer | chief executive | vice president
QUARTER: first | second | third | fourth
NAME: mr. SURNAME | mrs. SURNAME | ms. SURNAME | dr. SURNAME
SURNAME: smith | jones | miller | davis | wilson | moore | taylor | anderson | thomas | jackson
    | harris | martin | thompson | clark | lewis | walker | hall | allen | king | wright | scott
    | hill | adams | nelson | carter | mitchell | roberts | turner | phillips | campbell | parker
    | evans | edwards | collins | stewart | morris | rogers | reed | <unk> | morgan
"""

# The verbs in a rule with "#": singular, plural.
VERBS = {"{be}": ("is", "are"), "{have}": ("has", "have"), "{know}": ("knows", "know")}
SPEAK = {"SG": "speaks", "PL": "speak"}


def agreeing(text, number):
    """Returns the text of a rule with "#" in the singular ("SG") or in the plural ("PL")."""
    column = ("SG", "PL").index(number)
    for verb, forms in VERBS.items():
        text = text.replace(verb, forms[column])
    words = [w.split("/")[column] if "/" in w else w for w in text.replace("#", number).split()]
    return " ".join(words)


def make_grammar():
    """Builds the grammar, `{symbol: [(probability, [symbol or word, ...]), ...]}`."""
    lines = []
    for line in GRAMMAR.replace("\n    ", " ").split("\n"):
        if "#" in line:
            lines += [agreeing(line, number) for number in SPEAK]
        elif line:
            lines.append(line)

    # GAP_SG_n: n words that tell nothing of the country, then "speaks fluent".
    for number, verb in SPEAK.items():
        origins = ["%s GAP_%s %s" % (c, number, language) for c, language in LANGUAGES.items()]
        lines.append("ORIGIN_%s: %s" % (number, " | ".join(origins)))
        gaps = ["%r*GAP_%s_%d" % (1 / (n + 3), number, n) for n in range(LONGEST_GAP + 1)]
        lines.append("GAP_%s: %s" % (number, " | ".join(gaps)))
        lines.append("GAP_%s_0: %s fluent" % (number, verb))
        for n in range(1, LONGEST_GAP + 1):
            # CHUNK_1 and CHUNK_2 are adverbs, which end a gap. Clauses of 3 to 8 words do the rest.
            sizes = [k for k in range(3, 9) if n - k >= 0] if n > 2 else [n]
            chunks = ["CHUNK_%d GAP_%s_%d" % (k, number, n - k) for k in sizes]
            lines.append("GAP_%s_%d: %s" % (number, n, " | ".join(chunks)))

    rules = {}
    for line in lines:
        symbol, alternatives = line.split(":")
        parsed = []
        for alternative in alternatives.split("|"):
            weight, _, body = alternative.rpartition("*")
            parsed.append((float(weight or 1), body.split()))
        total = sum(weight for weight, _ in parsed)
        rules[symbol] = [(weight / total, body) for weight, body in parsed]
    return rules


def sample(rules, rng, symbol="SENTENCE"):
    """Draws the words of one sentence; `rng` is a `random.Random`."""
    if symbol not in rules:
        return [symbol]
    point = rng.random()
    for probability, body in rules[symbol]:  # noqa: B007
        point -= probability
        if point < 0:
            break  # If rounding prevents it, the last alternative is taken.
    return [word for part in body for word in sample(rules, rng, part)]


class Filter(object):
    """Computes the exact probability of each next word of a sentence, given the words so far.

    A stack of symbols, its top first, describes the rest of the sentence. Several stacks may fit
    the same words so far; the filter keeps all of them with their probabilities. Each word advances
    the stacks that can begin with it, and removes the others. The result is exact if the grammar
    has no left recursion and no empty rules. This is the first step of a probabilistic Earley
    parser (Stolcke 1995, "An efficient probabilistic context-free parsing algorithm that computes
    prefix probabilities").
    """

    def __init__(self, rules):
        self._rules = rules
        self._leads = {}
        self.start()

    def start(self):
        """Goes back to the beginning of a sentence."""
        self._stacks = {("SENTENCE",): 1.0}

    def _lead(self, symbol):
        """Expands a symbol: `{first word: {tuple of symbols after it: probability}}`."""
        if symbol not in self._rules:
            return {symbol: {(): 1.0}}
        if symbol not in self._leads:
            lead = {}
            for probability, body in self._rules[symbol]:
                for word, rests in self._lead(body[0]).items():
                    row = lead.setdefault(word, {})
                    for rest, part in rests.items():
                        key = rest + tuple(body[1:])
                        row[key] = row.get(key, 0.0) + probability * part
            self._leads[symbol] = lead
        return self._leads[symbol]

    def advance(self, word):
        """Takes the next word, `<eos>` at the end; returns its probability, 0 if impossible."""
        if word == "<eos>":
            probability = self._stacks.get((), 0.0)
            self.start()
            return probability
        stacks = {}
        for stack, weight in self._stacks.items():
            for rest, part in self._lead(stack[0]).get(word, {}).items() if stack else ():
                key = rest + stack[1:]
                stacks[key] = stacks.get(key, 0.0) + weight * part
        probability = sum(stacks.values())
        self._stacks = {stack: weight / probability for stack, weight in stacks.items()}
        return probability


def perplexity(rules, sentences):
    """Returns exp of the mean of -log P(word | words before); the end of a line is a word too."""
    grammar = Filter(rules)
    logs = [math.log(grammar.advance(word)) for words in sentences for word in words + ["<eos>"]]
    return math.exp(-math.fsum(logs) / len(logs))


def write(to):
    """Writes the three splits and their best perplexities into the folder `to`."""
    names = ["ptb.%s.txt" % split for split in SPLITS] + ["best_perplexity.json"]
    texts.check_writable(to, names)  # checks before the work
    rules = make_grammar()
    best, files = {}, {}
    for split, (size, seed) in SPLITS.items():
        rng = random.Random(seed)
        sentences = []
        words = 0
        while words < size:
            sentences.append(sample(rules, rng))
            words += len(sentences[-1]) + 1
        name = "ptb.%s.txt" % split
        text = "".join(" %s \n" % " ".join(sentence) for sentence in sentences)
        files[name] = text.encode("utf-8")
        best[split] = round(perplexity(rules, sentences), 6)
        path = os.path.join(to, name)
        print("%s: %d words, best perplexity %.3f" % (path, words, best[split]))
    files["best_perplexity.json"] = (json.dumps(best, indent=2) + "\n").encode("ascii")
    texts.write(files, to)


def main():
    parser = command_line.Parser("Writes the corpus that ships.")
    parser.add_argument(
        "--to",
        type=command_line.path,
        default=FOLDER,
        help="the folder to write to (default: data/sample)",
    )
    arguments = parser.parse_args()
    with command_line.writing_to(arguments.to):
        write(arguments.to)


if __name__ == "__main__":
    main()
