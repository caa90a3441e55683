"""Measures the two models of the page; writes page/model/measured.json.

    python -m page.measure

The page shows what the file says. It holds, for each model, how many languages are right by the
number of words between country and language, and how many verbs by those between subject and verb.
For the LSTM it also says what each unit holds: the country, and the number of the verb. The
sentences are those of the validation and the test text. study/gates.py has the measures.
page/model/README.md says how the models were trained.
"""

import json
import os

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np

from lm import command_line, language_model
from study import gates, long_term_dependency, sample

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model")
MEASURED = os.path.join(FOLDER, "measured.json")
MODELS = ("lstm", "rnn")
LEAST_VERB = 0.5  # the least share of the variance of C, of a unit that holds the subject's number


def load(name):
    """Loads a model of the page, "lstm" or "rnn"; returns an `lm.language_model.LanguageModel`."""
    return language_model.load(os.path.join(FOLDER, name))


def right_answers(model, sentences, find):
    """Returns `[[fewest words between, most, sentences, right answers], ...]`.

    Args:
        model: an `lm.language_model.LanguageModel`.
        sentences: lists of words.
        find: `long_term_dependency.language` or `long_term_dependency.verb`.
    """
    answers = long_term_dependency.probe(model, sentences, find)
    return [
        [low, high, count, int(round(count * accuracy))]
        for (low, high), (count, accuracy, _) in long_term_dependency.by_distance(answers).items()
    ]


def before_verb(sentence):
    """Returns the index in `ids` of the last word before the verb of a `study.gates.Sentence`."""
    return long_term_dependency.verb(sentence.words).place


def units(model, sentences):
    """Measures the units of an LSTM; returns a dict of lists, one number for each unit.

    What a unit holds is measured before the verb. After it nearly every unit depends on the
    country, since the language comes next.
    """
    sentences = gates.long_sentences(model, sentences)
    holding, countries, held = gates.find_units(sentences, before_verb)
    C, _ = gates.states(sentences, before_verb)  # [N, H]
    forms = [s.words[before_verb(s)] for s in sentences]  # The verb has the number of the subject.
    verbs = gates.share_between(C, forms)
    states = np.concatenate([sentence.steps.C for sentence in sentences])
    return {
        "sentences": len(sentences),
        "country": [round(float(share), 3) for share in countries],
        "verb": [round(float(share), 3) for share in verbs],
        "kept": [round(float(gate), 3) for gate in held.f],
        "holding": {
            "country": [int(unit) for unit in holding],
            "verb": [int(unit) for unit in np.argsort(-verbs) if verbs[unit] >= LEAST_VERB],
        },
        # 98 of 100 cell states lie between -scale and scale; the colours of the maps end there.
        "scale": round(float(np.percentile(np.abs(states), 98)), 1),
    }


def measure():
    """Returns what the file holds."""
    sentences = sample.sentences("valid", "test")
    models = {name: load(name) for name in MODELS}
    measured = {}
    for name, model in models.items():
        measured[name] = {
            "languages": right_answers(model, sentences, long_term_dependency.language),
            "verbs": right_answers(model, sentences, long_term_dependency.verb),
        }
    measured["lstm"]["units"] = units(models["lstm"], sentences)
    return measured


def main():
    command_line.Parser(__doc__).parse_args()
    with console.errors_in_one_line({}):
        text = json.dumps(measure(), sort_keys=True)
    with open(MEASURED, "w", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")
    print("Wrote %s." % MEASURED)


if __name__ == "__main__":
    main()
