"""Use a trained model: continue a prompt, predict the next word, score sentences, export.

    python ptb_word_lm.py --save_path=DIR --seed=1      # trains one

    python generate.py --save_path=DIR --prompt="the company said" --num_words=40 --temperature=0.8
    python generate.py --save_path=DIR --prompt="the company said" --next=10
    python generate.py --save_path=DIR --score=FILE
    python generate.py --save_path=DIR --export=EXPORT_DIR

One graph does it all: word ids and a state go in, log-probabilities of the next word and the new
state come out. It is the graph of `ptb_word_lm.py` with batch_size and num_steps left open, and has
the same variables.

Letters in the shape comments: B batch_size, T time steps, H hidden_size, V vocab_size, S tensors of
the state: c and h of layer 0, c and h of layer 1, and so on.
"""

import contextlib
import itertools
import json
import os
import shutil
import sys
import types

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import checkpoints
import contrib
import reader
from configs import CONFIGS, UnknownModelError, get_config
from ptb_word_lm import CELLS

tf.disable_v2_behavior()

STEPS_AT_ONCE = 200  # of a long text: [1, T, V] float32 is 8 MB with the Penn Treebank's words


class PromptError(ValueError):
    """A prompt that cannot be continued."""


class ScoreError(ValueError):
    """A text that cannot be read."""


class ExportError(ValueError):
    """A folder that cannot be exported to."""


class Vocabulary(object):
    """The words of a model, in the order of their ids."""

    def __init__(self, words):
        self.words = words
        self._ids = {word: number for number, word in enumerate(words)}

    def __contains__(self, word):
        return word in self._ids

    def encode(self, words):
        """`(ids, unknown words)`. The ids have `<unk>` for these, or leave them out without it."""
        unknown = [word for word in words if word not in self._ids]
        read = [word if word in self._ids else "<unk>" for word in words]
        return [self._ids[word] for word in read if word in self._ids], unknown


def _read_held(folder, name, parse, flag):
    """What `parse` makes of a file in the folder of a run; None when there is no such file."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read())
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise checkpoints.SavePathError(
            "cannot read its %s (%s); delete it and give %s" % (name, error, flag)
        )


def _parse_config(text):
    values = json.loads(text)
    num_layers, hidden_size = int(values["num_layers"]), int(values["hidden_size"])
    if min(num_layers, hidden_size) < 1:
        raise ValueError("num_layers and hidden_size must be at least 1")
    cell = values.get("cell", "basic_lstm")
    if cell not in CELLS:
        raise ValueError("no such cell as %s" % cell)
    return types.SimpleNamespace(
        model=values["model"],
        num_layers=num_layers,
        hidden_size=hidden_size,
        cell=cell,
        vocabulary_sha256=values.get("vocabulary_sha256"),
    )


def find_run(folder, model=None, data_path=None):
    """What the folder of a run holds.

    Args:
        folder: a --save_path of `ptb_word_lm.py`, or one with checkpoints of the original script
            under TensorFlow 1.x, which has neither config.json nor vocabulary.txt.
        model: the name of the configuration; of use where config.json does not say it.
        data_path: the folder of the corpus; of use where vocabulary.txt does not hold its words.

    Returns:
        `(prefix, config, words)`: the newest checkpoint that can be read, a configuration with
        `num_layers` and `hidden_size`, and the words in the order of their ids.

    Raises:
        checkpoints.SavePathError: when something is missing, unreadable, or at odds.
        reader.CorpusError: for a corpus that cannot be read.
        UnknownModelError: for a name that no configuration has.
    """
    given_config = None if model is None else get_config(model)
    given_words = None if data_path is None else reader.ptb_vocabulary(data_path)
    checkpoints.check_name(folder)
    if not os.path.isdir(folder):
        what = "not a folder" if os.path.exists(folder) else "no such folder"
        raise checkpoints.SavePathError("%s; give a --save_path of ptb_word_lm.py" % what)
    newest = checkpoints.newest_checkpoint(folder)
    if newest is None:
        raise checkpoints.SavePathError(
            "no checkpoint there; ptb_word_lm.py --save_path saves one after each epoch"
        )
    prefix, step = newest
    name = os.path.basename(prefix)

    config = _read_held(folder, "config.json", _parse_config, "--model")
    words = _read_held(folder, "vocabulary.txt", str.split, "--data_path")
    missing = []
    if config is None and given_config is None:
        missing.append("no config.json there; give --model, one of %s" % ", ".join(CONFIGS))
    if words is None and given_words is None:
        missing.append("no vocabulary.txt there; give --data_path, the corpus of the training")
    if missing:
        raise checkpoints.SavePathError("; ".join(missing))
    if config is not None and model not in (None, config.model):
        raise checkpoints.SavePathError("it holds model %s; leave out --model" % config.model)
    if words is not None and given_words not in (None, words):
        raise checkpoints.SavePathError(
            "its vocabulary.txt is not that of --data_path=%s; leave out --data_path" % data_path
        )
    advice = "delete vocabulary.txt and give --data_path" if words else "give another --data_path"
    words = given_words if words is None else words
    shapes = tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
    known = shapes.get("Model/embedding", [len(words)])[0]
    if known != len(words):
        raise checkpoints.SavePathError(
            "its checkpoint %s knows %d words, the vocabulary %d; %s, the corpus of the training"
            % (name, known, len(words), advice)
        )
    if config is None:
        # The original leaves checkpoints in two places, and the first one before any training.
        sys.stderr.write("Using the checkpoint %s, after %d training steps.\n" % (name, step))
    elif config.vocabulary_sha256 not in (None, checkpoints.vocabulary_sha256(words)):
        raise checkpoints.SavePathError(
            "its vocabulary is not the one of the training; %s, the corpus of the training" % advice
        )
    return prefix, config or given_config, words


class LanguageModel(object):
    """A trained model in a session of its own.

    Args:
        prefix: the checkpoint.
        config: gives `num_layers` and `hidden_size`.
        words: the vocabulary, a list in the order of the ids.

    Attributes:
        vocabulary: a `Vocabulary`.
        zero_state: the state before any word, float32 `[S, 1, H]`.

    Raises:
        checkpoints.SavePathError: when the checkpoint is of another model, or diverged.
    """

    def __init__(self, prefix, config, words):
        name = os.path.basename(prefix)
        self.vocabulary = Vocabulary(words)
        size, vocab_size = config.hidden_size, len(words)
        checkpoint = tf.train.load_checkpoint(prefix)
        dtype = checkpoint.get_variable_to_dtype_map().get("Model/embedding", tf.float32)
        with tf.Graph().as_default() as graph:
            cell = contrib.rnn.MultiRNNCell(
                [CELLS[config.cell](size) for _ in range(config.num_layers)]
            )
            parts = len(tf.nest.flatten(cell.state_size))
            self._ids = tf.placeholder(tf.int32, [None, None], name="ids")  # [B, T]
            self._state = tf.placeholder(tf.float32, [parts, None, size], "state")  # [S, B, H]
            state = tf.unstack(tf.cast(self._state, dtype))
            state = tf.nest.pack_sequence_as(cell.state_size, state)
            # Resource variables, since a SavedModel with the other kind is warned of when loaded.
            with tf.variable_scope("Model", use_resource=True):
                embedding = tf.get_variable("embedding", [vocab_size, size], dtype)
                inputs = tf.nn.embedding_lookup(embedding, self._ids)  # [B, T, H]
                output, state = tf.nn.dynamic_rnn(
                    cell, inputs, initial_state=state, scope="RNN"
                )  # [B, T, H]
                softmax_w = tf.get_variable("softmax_w", [size, vocab_size], dtype)
                softmax_b = tf.get_variable("softmax_b", [vocab_size], dtype)
            logits = tf.tensordot(output, softmax_w, 1) + softmax_b  # [B, T, V]
            self._log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32), name="log_probs")
            state = tf.stack(tf.nest.flatten(state))
            self._new_state = tf.cast(state, tf.float32, name="new_state")  # [S, B, H]
            advice = "give a --model that fits"
            weights = tf.global_variables()
            checkpoints.check_variables(prefix, weights, advice)
            held = checkpoint.get_variable_to_shape_map()
            extra = {held_name for held_name in held if held_name.startswith("Model/RNN/")}
            extra -= {variable.op.name for variable in weights}
            if extra:
                raise checkpoints.SavePathError(
                    "its checkpoint %s has more than this model, as %s; %s"
                    % (name, min(extra), advice)
                )
            saver = tf.train.Saver()
        self._session = tf.Session(graph=graph)
        saver.restore(self._session, prefix)
        for variable, value in zip(weights, self._session.run(weights)):
            if not np.isfinite(value).all():
                raise checkpoints.SavePathError(
                    "its checkpoint %s has numbers in %s that are not finite: the training has"
                    " diverged; give another folder" % (name, variable.op.name)
                )
        self.zero_state = np.zeros([parts, 1, size], np.float32)

    def run(self, ids, state):
        """Reads some words.

        Args:
            ids: a list of at least one word id.
            state: the state before them, float32 `[S, 1, H]`.

        Returns:
            `(log_probs, state)`: float32 `[T, V]`, the natural logarithm of the probability of
            each word to come after each of the words read; and the state after the last one.
        """
        log_probs, state = self._session.run(
            [self._log_probs, self._new_state], {self._ids: [ids], self._state: state}
        )
        return log_probs[0], state

    def export(self, folder):
        """Writes a SavedModel, which works without this project.

        Its signature "serving_default" takes `ids`, int32 `[B, T]`, and `state`, float32
        `[S, B, H]`, zeros at first; it returns `log_probs`, float32 `[B, T, V]`, and the new
        `state`. The words stand in assets.extra/vocabulary.txt, in the order of their ids.

        Raises:
            ExportError: when the folder is not empty or cannot be written.
        """
        unfinished = os.path.normpath(folder) + ".new"
        try:
            if not folder:
                raise ExportError("that is no name; give a new folder")
            if os.path.exists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
                raise ExportError("there is something already; give a new folder")
            shutil.rmtree(unfinished, ignore_errors=True)
            with self._session.graph.as_default():
                tf.saved_model.simple_save(
                    self._session,
                    unfinished,
                    inputs={"ids": self._ids, "state": self._state},
                    outputs={"log_probs": self._log_probs, "state": self._new_state},
                )
            os.mkdir(os.path.join(unfinished, "assets.extra"))
            path = os.path.join(unfinished, "assets.extra", "vocabulary.txt")
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write("\n".join(self.vocabulary.words) + "\n")
            if os.path.exists(folder):
                os.rmdir(folder)
            os.rename(unfinished, folder)
        except (OSError, tf.errors.OpError) as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise ExportError(
                "cannot write there (%s); give another folder" % checkpoints.reason(error)
            )


def load(folder, model=None, data_path=None):
    """The `LanguageModel` in a folder; arguments and errors are those of `find_run`."""
    try:
        return LanguageModel(*find_run(folder, model, data_path))
    except (tf.errors.OpError, RuntimeError) as error:
        raise checkpoints.SavePathError(
            "its checkpoint went away (%s); if a run is training there, try again"
            % checkpoints.reason(error)
        )


def read_prompt(model, prompt):
    """The words of a prompt and the ids that the model reads: they begin with `<eos>`, since a
    sentence begins after one. Words that it does not know are told on standard error.

    Raises:
        PromptError: when nothing is left to read.
    """
    if not prompt.strip():
        raise PromptError("there is no word in it; give the beginning of a sentence")
    words = prompt.replace("\n", " <eos> ").split()
    start = ["<eos>"] if "<eos>" in model.vocabulary else []
    ids, unknown = model.vocabulary.encode(start + words)
    if unknown:
        fate = "read as <unk>" if "<unk>" in model.vocabulary else "left out"
        sys.stderr.write("Not in the vocabulary, %s: %s\n" % (fate, " ".join(unknown)))
    if not ids:
        raise PromptError("none of its words is in the vocabulary; give another")
    return words, ids


def read(model, ids, state):
    """`(log_probs, state)` after the last of some words: `[V]` and `[S, 1, H]`."""
    for start in range(0, len(ids), STEPS_AT_ONCE):
        log_probs, state = model.run(ids[start : start + STEPS_AT_ONCE], state)
    return log_probs[-1], state


def choose(log_probs, temperature, random):
    """Draws a word id from softmax(log_probs / temperature); `log_probs` is `[V]`.

    Temperature 1 draws from the model's own distribution, a lower one prefers the likely words, and
    0 takes the likeliest.
    """
    if temperature == 0:
        return int(np.argmax(log_probs))
    log_probs = log_probs.astype(np.float64)
    with np.errstate(over="ignore", under="ignore"):  # a temperature near 0
        weights = np.exp((log_probs - np.max(log_probs)) / temperature)
    return int(random.choice(len(weights), p=weights / weights.sum()))


def continuation(model, ids, num_words, temperature, random):
    """Yields `num_words` words, each drawn with all those before it known.

    Args:
        model: a `LanguageModel`.
        ids: the ids of the prompt.
        num_words: how many.
        temperature: see `choose`.
        random: a `np.random.RandomState`.
    """
    state = model.zero_state
    for _ in range(num_words):
        log_probs, state = read(model, ids, state)
        ids = [choose(log_probs, temperature, random)]
        yield model.vocabulary.words[ids[0]]


def next_words(model, ids, count):
    """The `count` likeliest words after a prompt: a list of `(word, probability)`."""
    log_probs, _ = read(model, ids, model.zero_state)
    best = np.argsort(-log_probs)[:count]
    return [(model.vocabulary.words[i], float(np.exp(log_probs[i]))) for i in best]


def score(model, lines, separate=False):
    """Yields `(log_prob, num_words, unknown)` for each line of a text.

    Each line is followed by `<eos>`, which counts as a word. The state is carried from line to
    line, as `ptb_word_lm.py` does with its test text, and as there nothing predicts the very first
    word, which therefore does not count. A word that the model does not know is scored as `<unk>`
    or, without that in the vocabulary, left out (`ptb_word_lm.py` leaves it out in both cases).

    Args:
        model: a `LanguageModel`.
        lines: strings.
        separate: whether each line is scored on its own instead, after a zero state and `<eos>`;
            then every word counts (but for a vocabulary without `<eos>`).

    Yields:
        log_prob: the sum of the natural logarithms of the words' probabilities.
        num_words: the number of words that it is a sum over.
        unknown: the words that are not in the vocabulary.
    """
    eos = ["<eos>"] if "<eos>" in model.vocabulary else []
    before, _ = model.vocabulary.encode(eos if separate else [])
    state = model.zero_state
    for line in lines:
        ids, unknown = model.vocabulary.encode(line.split() + eos)
        if separate:
            state = model.zero_state
        read = before + ids
        log_prob = 0.0
        for start in range(0, len(read) - 1, STEPS_AT_ONCE):
            targets = read[start + 1 : start + 1 + STEPS_AT_ONCE]
            log_probs, state = model.run(read[start : start + len(targets)], state)
            log_prob += float(np.sum(log_probs[range(len(targets)), targets], dtype=np.float64))
        yield log_prob, max(len(read) - 1, 0), unknown
        if not separate:
            before = read[-1:]


def print_words(words):
    """Prints words as they come, `<eos>` as a line break."""
    space = ""
    for word in words:
        if word == "<eos>":
            sys.stdout.write("\n")
        else:
            sys.stdout.write(space + word)
        sys.stdout.flush()
        space = "" if word == "<eos>" else " "
    if space:
        sys.stdout.write("\n")


def print_samples(model, prompt, num_words, num_samples, temperature, seed):
    """--prompt: the prompt and what comes after it, `num_samples` times."""
    words, ids = read_prompt(model, prompt)
    random = np.random.RandomState(seed)
    for sample in range(num_samples):
        if num_samples > 1:
            print("%sSample %d:" % ("\n" if sample else "", sample + 1))
        added = continuation(model, ids, num_words, temperature, random)
        print_words(itertools.chain(words, added))


def print_next_words(model, prompt, count):
    """--next: a table of the likeliest next words."""
    _, ids = read_prompt(model, prompt)
    table = next_words(model, ids, count)
    width = max(len(word) for word, _ in table)
    for place, (word, probability) in enumerate(table, 1):
        print("%4d  %-*s  %8.4f %%" % (place, width, word, 100 * probability), flush=True)


def ask_for_prompts(model, count):
    """The next words after each line that is typed, until the input ends."""
    with contextlib.suppress(ImportError):  # not on Windows
        import readline  # noqa: F401, gives `input` the arrow keys
    print("Type the beginning of a sentence; Ctrl-D ends.")
    while True:
        try:
            prompt = input("> ")
        except EOFError:
            print()
            return
        try:
            if prompt.strip():
                print_next_words(model, prompt, count)
        except PromptError as error:
            sys.stderr.write("%s\n" % error)


def read_lines(path):
    """Yields the lines of a UTF-8 file, of standard input for "-". Raises ScoreError."""
    try:
        with open(path, "rb") if path != "-" else sys.stdin.buffer as file:
            for number, line in enumerate(file, 1):
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    raise ScoreError("line %d is not UTF-8; save the file as UTF-8" % number)
    except OSError as error:
        raise ScoreError("cannot read it (%s); give a text file, or -" % error.strerror)


def perplexity(log_prob, num_words):
    """exp of the loss per word; NaN for no words."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(-np.float64(log_prob) / num_words) if num_words else float("nan")


def print_scores(model, path, separate):
    """--score: a table with a row for each line of a text, and the total."""
    head = "%6s %12s %7s %12s  %s" % ("line", "log-prob", "words", "perplexity", "unknown words")
    total_log_prob, total_words, total_unknown = 0.0, 0, 0
    row = "%6s %12.4f %7d %12.3f  %s"
    number = 0
    for number, scored in enumerate(score(model, read_lines(path), separate), 1):
        if number == 1:
            print(head)
        log_prob, num_words, unknown = scored
        values = (number, log_prob, num_words, perplexity(log_prob, num_words), " ".join(unknown))
        print((row % values).rstrip(), flush=True)
        total_log_prob += log_prob
        total_words += num_words
        total_unknown += len(unknown)
    if number == 0:
        raise ScoreError("there is no line in it; give a text file, one sentence a line")
    total = perplexity(total_log_prob, total_words)
    print(row % ("total", total_log_prob, total_words, total, total_unknown))


# The flag to name for an error.
BLAMES = {
    checkpoints.SavePathError: "save_path",
    reader.CorpusError: "data_path",
    UnknownModelError: "model",
    PromptError: "prompt",
    ScoreError: "score",
    ExportError: "export",
}


def parse_arguments():
    """The command line; the flags that are not given are None, except those with a default."""
    parser = console.Parser("Uses a model that ptb_word_lm.py --save_path=DIR has trained.")
    path = os.path.expanduser  # no shell expands the ~ of --save_path=~/out
    run = parser.add_argument_group("the run").add_argument
    run("--save_path", type=path, metavar="DIR", required=True, help="the folder of the run")
    run("--model", help="if DIR has no config.json: %s" % ", ".join(CONFIGS))
    run("--data_path", type=path, metavar="FOLDER", help="if DIR has no vocabulary.txt: the corpus")
    text = parser.add_argument_group(
        "what to do",
        "One of --prompt, --score and --export. Without them, on a terminal: show the next words"
        " after each line typed.",
    ).add_argument
    text("--prompt", help="continue this beginning of a text")
    text(
        "--next",
        type=console.number(int, 1),
        metavar="N",
        help="show the N likeliest next words instead (default when typing: 10)",
    )
    text("--score", type=path, metavar="FILE", help="score the lines of a text (-: standard input)")
    text("--export", type=path, metavar="EXPORT_DIR", help="write a SavedModel into a new folder")
    how = parser.add_argument_group("how to continue a prompt").add_argument
    how("--num_words", type=console.number(int, 1), help="words to add (default: 40)")
    how("--num_samples", type=console.number(int, 1), help="how many continuations (default: 1)")
    how(
        "--temperature",
        type=console.number(float, 0),
        help="below 1 prefers likely words, 0 takes the likeliest (default: 1)",
    )
    how("--seed", type=console.number(int, 0, 2**32 - 1), help="makes the samples repeatable")
    how = parser.add_argument_group("how to score").add_argument
    how("--separate", action="store_true", help="each line as if it were the only one")
    arguments = parser.parse_args()

    given = [
        name for name, value in vars(arguments).items() if value is not None and value is not False
    ]
    modes = [name for name in ("prompt", "score", "export") if name in given]
    if len(modes) > 1:
        console.fail("--%s and --%s do not go together; give one of them" % tuple(modes[:2]))
    mode = modes[0] if modes else None
    if "next" in given and mode in ("score", "export"):
        console.fail("--next and --%s do not go together; give one of them" % mode)
    if "separate" in given and mode != "score":
        console.fail("--separate is for --score; leave it out")
    for name in ("num_words", "num_samples", "temperature", "seed"):
        if name in given and (mode != "prompt" or "next" in given):
            console.fail("--%s is for continuing a --prompt; leave it out" % name)
    if mode is None and not sys.stdin.isatty():
        console.fail("nothing to do; give --prompt, --score or --export")
    return arguments


def main():
    arguments = parse_arguments()
    with console.errors_in_one_line(BLAMES, vars(arguments)):
        model = load(arguments.save_path, arguments.model, arguments.data_path)
        if arguments.export is not None:
            model.export(arguments.export)
            print("Wrote %s." % arguments.export)
        elif arguments.score is not None:
            print_scores(model, arguments.score, arguments.separate)
        elif arguments.prompt is None:
            ask_for_prompts(model, arguments.next or 10)
        elif arguments.next is not None:
            print_next_words(model, arguments.prompt, arguments.next)
        else:
            print_samples(
                model,
                arguments.prompt,
                num_words=arguments.num_words or 40,
                num_samples=arguments.num_samples or 1,
                temperature=1.0 if arguments.temperature is None else arguments.temperature,
                seed=arguments.seed,
            )


if __name__ == "__main__":
    main()
