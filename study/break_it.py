"""Ten ways to break the script, one at a time: guess what happens, then see it.

    python -m study.break_it                      # lists the ten
    python -m study.break_it --what=no_clipping   # breaks the script in one way

Shows a line or two of the reference as they stand and the same lines broken, and asks what you
expect. Then it trains with the whole script both ways, on the corpus that ships, and says what
changed and why. What you see is what runs: the broken script is the text of ptb_word_lm.py (or of
reader.py) with these lines replaced.

The configuration is small with 100 units and 3 epochs. If a way needs other values, the question
names them. The table has the perplexities that the script itself finds in its last epoch and in the
test. Its last column is the validation perplexity once more: the script as it stands reads the same
text with the weights of the broken one. Some ways ruin the model, and others only the figures that
are printed; the last column tells which.

--guess=N gives your guess in advance. If standard input is no terminal, nothing is asked. Other
processors round otherwise, and other seeds differ too. The right answers are so for seeds 1, 2 and
3; figures in the text that explains them are of TensorFlow 2.21 and --seed=1.
"""

import collections
import copy
import os
import sys
import textwrap
import traceback
import types
from unittest import mock

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import configs
from lm import command_line
from lm.corpus import SAMPLE

tf.disable_v2_behavior()

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = "ptb_word_lm.py"
SIZES = dict(hidden_size=100, max_max_epoch=3)  # in place of small's

# What a run gives: perplexities by epoch, that of the test, the one that `read_as_it_stands` finds,
# and the trained weights, `{name: array}`.
Result = collections.namedtuple("Result", ["train", "valid", "test", "as_it_stands", "weights"])

# A text in a file of the reference as it stands, and broken. It is replaced wherever it stands.
Change = collections.namedtuple("Change", ["file", "old", "new"])

_FIELDS = ["place", "title", "changes", "values", "answers", "right", "why"]


class Breakage(collections.namedtuple("Breakage", _FIELDS)):
    """One way to break the script.

    Attributes:
        place: the part of docs/walkthrough.md that quotes the line.
        title: what is broken, in a few words.
        changes: a list of `Change`s.
        values: attributes of the configuration to replace, in both runs.
        answers: three things that one may expect.
        right: the number of the right one, from 1.
        why: what the answer comes from.
    """

    __slots__ = ()


BREAKAGES = {
    "no_reuse": Breakage(
        place="Code 3",
        title="no reuse_variables()",
        changes=[Change(SCRIPT, "tf.get_variable_scope().reuse_variables()", "pass")],
        values=dict(max_max_epoch=1),
        answers=[
            "an error while the graph is built",
            "no error; each of the 20 time steps has weights of its own",
            "no change; a cell keeps the weights that it has",
        ],
        right=1,
        why="The cell asks for a variable named kernel whenever it is called. At the second time"
        " step there is one of that name. TensorFlow refuses to make another and returns the first"
        " one only where the scope says so, which is what reuse_variables() is for. In TensorFlow"
        " 1.2 to 1.15 the third answer is right.",
    ),
    "state_not_carried": Breakage(
        place="Code A",
        title="the state not carried from batch to batch",
        changes=[Change(SCRIPT, 'state = vals["final_state"]', "pass")],
        values={},
        answers=[
            "all three perplexities double",
            "the training perplexity doubles, the other two hardly change",
            "the test perplexity doubles, the other two hardly change",
        ],
        right=3,
        why="Every batch begins with zeros. In training and validation a batch has 20 steps, so"
        " most words still have words before them. In the test a batch is one word, so the model"
        " guesses each word from the one before it. The last column shows that the weights are"
        " good: sentences of this corpus are shorter than 20 words on average, and nothing goes"
        " from one to the next.",
    ),
    "state_never_reset": Breakage(
        place="Code A",
        title="the state never reset",
        changes=[
            Change(
                SCRIPT,
                "state = session.run(model.initial_state)",
                'state = getattr(model, "last", None) or session.run(model.initial_state)',
            ),
            Change(
                SCRIPT,
                'state = vals["final_state"]',
                'state = model.last = vals["final_state"]',
            ),
        ],
        values={},
        answers=[
            "the perplexities get worse from epoch to epoch",
            "they change by a few percent at most",
            "an error; there is no state from before the first epoch",
        ],
        right=2,
        why="An epoch begins with the state that the last one ended with, of another place in the"
        " text. That misleads the model for the first words of each row, which are in 1 batch of"
        " 150 in training and in 1 of 15 in validation. The first epoch is as ever. So is the test,"
        " which is read once, from zeros. A validation perplexity that is 2 % higher is easily"
        " taken for chance; only reading the code finds such a mistake.",
    ),
    "wrong_axis": Breakage(
        place="Code 3",
        title="the outputs put together along the wrong axis",
        changes=[
            Change(
                SCRIPT,
                "output = tf.reshape(tf.stack(axis=1, values=outputs), [-1, size])",
                "output = tf.reshape(tf.stack(axis=0, values=outputs), [-1, size])",
            )
        ],
        values={},
        answers=[
            "an error; the shapes do not fit",
            "no error; the model learns as well, the order of the rows is only a name",
            "no error; the model learns hardly more than how frequent each word is",
        ],
        right=3,
        why="The rows of output stand time step by time step, those of the targets stream by"
        " stream. The shape is [B * T, H] either way, so nothing complains. Of the 400 outputs of a"
        " batch 20 meet their own target, and the others meet a word of another stream. The"
        " frequencies of the words alone give a perplexity of 124 on the validation text. (Older"
        " versions of the script have tf.concat here, with the same trap.)",
    ),
    "mean_over_time": Breakage(
        place="Code 4",
        title="the mean of the loss over time, not the sum",
        changes=[
            Change(
                SCRIPT,
                "self._cost = cost = tf.reduce_sum(loss)",
                "self._cost = cost = tf.reduce_mean(loss)",
            )
        ],
        values={},
        answers=[
            "no change; a constant factor is all the same to the minimum",
            "the model is worse, and all perplexities say so",
            "the model is worse, and two perplexities say that it is nearly perfect",
        ],
        right=3,
        why="All gradients are 20 times smaller, and with the same learning rate so are the steps"
        " (but for those that clipping shortens). And run_epoch divides the costs by the number of"
        " words in a row: with the mean it divides by 20 twice, so the perplexity that it prints is"
        " the 20th root of the real one. The test has one step in a batch, where sum and mean are"
        " equal; it tells the truth.",
    ),
    "no_clipping": Breakage(
        place="Code 6",
        title="no clipping",
        changes=[
            Change(
                SCRIPT,
                "grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars),"
                " config.max_grad_norm)",
                "grads = tf.gradients(cost, tvars)",
            )
        ],
        values={},
        answers=[
            "hardly a change; with 20 time steps few gradients are long",
            "faster learning; no step is shortened",
            "perplexities above that of guessing at random, which is 716",
        ],
        right=3,
        why="The learning rate of 1.0 is made for clipped gradients. With --seed=1 the first three"
        " gradients have norms of about 4. The fourth has 26 and, unclipped, throws the weights"
        " about; then come norms above 10,000. Clipped to 5, the same training has no norm above"
        " 26, and 60 of the 150 gradients of the first epoch are shortened.",
    ),
    "one_cell": Breakage(
        place="Code 1.3",
        title="one cell for all layers",
        changes=[
            Change(
                SCRIPT,
                "[attn_cell() for _ in range(config.num_layers)], state_is_tuple=True",
                "[attn_cell()] * config.num_layers, state_is_tuple=True",
            )
        ],
        values=dict(max_max_epoch=1),
        answers=[
            "no change; there are two layers, with weights of their own",
            "no error; the two layers have one set of weights",
            "an error while the graph is built",
        ],
        right=3,
        why="[cell] * 2 is a list that holds one object twice. This project's MultiRNNCell refuses"
        " it, because what it means has changed: the first answer is right for TensorFlow 1.0, the"
        " second for TensorFlow 1.4, which says nothing. `python -m study.published_numbers"
        " --change=shared_cell` trains with one set of weights.",
    ),
    "dropout_in_evaluation": Breakage(
        place="Code 1.2",
        title="dropout left on in evaluation",
        changes=[
            Change(SCRIPT, "if is_training and config.keep_prob < 1:", "if config.keep_prob < 1:")
        ],
        values=dict(keep_prob=0.5),
        answers=[
            "no change; the weights are trained by then",
            "validation and test get worse, the training stays as it is",
            "all three perplexities get worse",
        ],
        right=2,
        why="Training had dropout before, too. Validation and test now lose half of the units"
        " too, other ones at every word. The last column reads with all units. It shows what the"
        " model can do, and what it says without the mistake.",
    ),
    "targets_not_shifted": Breakage(
        place="Code B",
        title="the targets not shifted by one word",
        changes=[
            Change(
                "reader.py",
                "y = tf.strided_slice(data, [0, i * num_steps + 1], [batch_size,"
                " (i + 1) * num_steps + 1])",
                "y = tf.strided_slice(data, [0, i * num_steps], [batch_size, (i + 1) * num_steps])",
            )
        ],
        values={},
        answers=[
            "a perplexity near 1, and a model worse than guessing at random",
            "a perplexity near 1, and a model as good as before",
            "a perplexity near 716, because each target is known already",
        ],
        right=1,
        why="The target is the word that the model has just read, so it learns to repeat its input,"
        " and soon does. The grammar that wrote this corpus allows no validation perplexity below"
        " 3.5. A lower one is the sign of a target that has leaked into the input. Asked for the"
        " next word, the model repeats the last one with confidence, and in this corpus no word"
        " follows itself.",
    ),
    "no_learning_rate": Breakage(
        place="Code C",
        title="the learning rate never assigned",
        changes=[Change(SCRIPT, "m.assign_lr(session, config.learning_rate * lr_decay)", "pass")],
        values={},
        answers=[
            "an error; the learning rate has no value",
            "the same perplexity in each epoch, near 716",
            "the learning rate stays at 1.0 and never falls",
        ],
        right=2,
        why="The learning rate begins as tf.Variable(0.0), and this call is all that ever sets it."
        " With 0, each step of the training adds nothing to the weights. Untrained, the model finds"
        " all 716 words about equally likely. The script does say what is wrong, in a line that is"
        " easy to pass over: Learning rate: 0.000.",
    ),
}


# --------------------------------------------------------------------------------------------------
# The script, whole or broken
# --------------------------------------------------------------------------------------------------
def make_config(values):
    """Returns the small configuration with `SIZES` and some other values replaced."""
    config = configs.get_config("small")
    for name, value in dict(SIZES, **values).items():
        setattr(config, name, value)
    return config


def read(file):
    """Returns the text of a file of the reference."""
    with open(os.path.join(ROOT, file), encoding="utf-8") as source:
        return source.read()


def execute(file, breakage):
    """Executes a file of the reference as a breakage has it, and returns the module."""
    text = read(file)
    for change in breakage.changes if breakage else []:
        if change.file == file:
            text = text.replace(change.old, change.new)
    module = types.ModuleType(file[: -len(".py")])
    module.__file__ = os.path.join(ROOT, file)
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    return module


def load(breakage, config, data_path=SAMPLE, seed=1):
    """Returns the reference as a new module, whose `main` prints nothing.

    Args:
        breakage: a `Breakage`; None for the reference as it stands.
        config: the configuration that its `get_config` returns.
        data_path, seed: its flags.
    """
    # absl takes the definition of a flag once. This module gets its flags below.
    defines = dict.fromkeys(["DEFINE_string", "DEFINE_bool", "DEFINE_integer"], mock.DEFAULT)
    with mock.patch.multiple(tf.flags, **defines):
        script = execute(SCRIPT, breakage)
    script.reader = execute("reader.py", breakage)
    script.FLAGS = types.SimpleNamespace(
        model="small", data_path=data_path, save_path=None, use_fp16=False, seed=seed
    )
    script.get_config = lambda name: copy.copy(config)
    script.print = lambda line: None
    return script


def run(breakage, config, data_path=SAMPLE, seed=1, on_epoch=lambda perplexity: None):
    """Runs `main` of the reference.

    Args:
        breakage, config, data_path, seed: see `load`.
        on_epoch: a function to call with the validation perplexity after each epoch.

    Returns:
        A `Result`.

    Raises:
        ValueError: what a broken script raises.
    """
    script = load(breakage, config, data_path, seed)
    run_epoch = script.run_epoch
    perplexities, weights = [], {}

    def run_and_record(session, model, **more):
        with np.errstate(over="ignore"):  # exp of the loss of a training that diverges
            perplexities.append(run_epoch(session, model, **more))
        for variable in tf.trainable_variables():
            weights[variable.op.name] = session.run(variable)
        if len(perplexities) % 2 == 0:  # train and valid in turn, and test at the end
            on_epoch(perplexities[-1])
        return perplexities[-1]

    script.run_epoch = run_and_record
    script.main([])
    as_it_stands = read_as_it_stands(weights, config, data_path)
    return Result(perplexities[:-1:2], perplexities[1::2], perplexities[-1], as_it_stands, weights)


def read_as_it_stands(weights, config, data_path=SAMPLE):
    """Returns the perplexity that the reference finds in the validation text with some weights."""
    config = copy.copy(config)
    script = load(None, config, data_path)
    _, valid_data, _, config.vocab_size = script.reader.ptb_raw_data(data_path)
    with tf.Graph().as_default():
        input_ = script.PTBInput(config, valid_data)
        with tf.variable_scope("Model"):
            model = script.PTBModel(is_training=False, config=config, input_=input_)
        with tf.train.Supervisor(summary_op=None).managed_session() as session:
            for variable in tf.trainable_variables():
                variable.load(weights[variable.op.name], session)
            with np.errstate(over="ignore"):
                return script.run_epoch(session, model)


# --------------------------------------------------------------------------------------------------
# The question and the answer
# --------------------------------------------------------------------------------------------------
def show_list():
    width = max(map(len, BREAKAGES))
    print("python -m study.break_it --what=... breaks one thing:\n")
    for name, breakage in BREAKAGES.items():
        print("%-*s  %-9s %s" % (width, name, breakage.place, breakage.title))
    print("\nThe second column is the part of docs/walkthrough.md that has the line.")


def show_question(breakage):
    print("Broken: %s (docs/walkthrough.md, %s)" % (breakage.title, breakage.place))
    for change in breakage.changes:
        lines = enumerate(read(change.file).splitlines(), 1)
        numbers = " and ".join(str(number) for number, line in lines if change.old in line)
        print("\n%s, line %s, as it stands:\n\n    %s" % (change.file, numbers, change.old))
        print("\nbroken:\n\n    %s" % change.new)
    for name, value in sorted(breakage.values.items()):
        print("\nBoth runs have %s = %s." % (name, value))
    print("\nWhat do you expect?\n")
    for number, answer in enumerate(breakage.answers, 1):
        print("  %d) %s" % (number, answer))
    print()


def ask():
    """Returns the number that is typed in; None for no answer."""
    while True:
        try:
            text = input("Your guess, 1 to 3, then Enter (Enter alone: no guess): ").strip()
        except EOFError:
            print()
            return None
        if text in ("", "1", "2", "3"):
            return int(text) if text else None
        print("%r is none of 1, 2 and 3." % text)


def train(name, breakage, config, seed):
    """Runs the script and shows how far it is.

    Returns:
        A `Result`, or the ValueError that the script raised.
    """
    print("%-14s validation perplexity by epoch:" % (name + ","), end="", flush=True)
    try:
        result = run(breakage, config, seed=seed, on_epoch=show_epoch)
    except ValueError as error:
        print(" none; an error")
        return error
    print()
    return result


def show_epoch(perplexity):
    print(" " + figure(perplexity), end="", flush=True)


def figure(perplexity):
    """Writes a perplexity with three decimals, or as a power of ten if it is large."""
    return ("%.3f" if perplexity < 1e6 else "%.1e") % perplexity


def place_of(error):
    """Returns the number of the line of the script where an error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.lineno for frame in frames if frame.filename.endswith(SCRIPT)][-1]


def show_results(results):
    """Prints the table: `{name: Result or error}`."""
    heads = ("train", "valid", "test", "valid, read as it stands")
    print("\n%-14s%12s%12s%12s%26s" % (("perplexity",) + heads))
    for name, result in results.items():
        if isinstance(result, Result):
            last = (result.train[-1], result.valid[-1], result.test, result.as_it_stands)
            print("%-14s%12s%12s%12s%26s" % ((name,) + tuple(map(figure, last))))
        else:
            text = str(result).split(". ")[0].split("; ")[0]
            print("%-14s%s, line %d: %s" % (name, SCRIPT, place_of(result), type(result).__name__))
            print(textwrap.fill(text, 98, initial_indent=" " * 14, subsequent_indent=" " * 14))
    print()


def show_answer(breakage, guess):
    print("Right is %d) %s." % (breakage.right, breakage.answers[breakage.right - 1]))
    if guess:
        print("Your guess was %s." % ("right" if guess == breakage.right else "%d" % guess))
    print("\n" + textwrap.fill("Why: " + breakage.why, 98, break_on_hyphens=False))


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument(
        "--what",
        choices=["all"] + list(BREAKAGES),
        default="all",
        help="what to break; all: a list",
    )
    parser.add_argument(
        "--guess", type=command_line.number(int, 1, 3), help="your guess: 1, 2 or 3"
    )
    parser.add_seed()
    arguments = parser.parse_args()
    if arguments.what == "all":
        if arguments.guess:
            parser.error("--guess=%d: a guess at what? Give --what as well" % arguments.guess)
        show_list()
        return
    breakage = BREAKAGES[arguments.what]
    show_question(breakage)
    guess = arguments.guess
    if guess is None and sys.stdin.isatty():
        guess = ask()
    config = make_config(breakage.values)
    results = {}
    for name, broken in (("as it stands", None), ("broken", breakage)):
        results[name] = train(name, broken, config, arguments.seed)
    show_results(results)
    show_answer(breakage, guess)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
