"""Uses a trained model: continues a prompt, predicts the next word, scores sentences, exports.

First train a model. DIR is its folder in every command:

    python -m lm.train --model=sample --save_path=DIR

    python -m lm.generate --save_path=DIR --prompt="the miner who grew up in france"
    python -m lm.generate --save_path=DIR --prompt="the miner who grew up in france" --next=10
    python -m lm.generate --save_path=DIR --score=FILE
    python -m lm.generate --save_path=DIR --export=EXPORT_DIR
"""

import contextlib
import itertools
import os
import sys

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np

from lm import command_line, configs, decoding
from lm.language_model import load

LONGEST_LINE = 10**8  # bytes


class ScoreError(ValueError):
    """Raised if a text to score cannot be read. `flag` names the flag to blame."""

    flag = "score"


def print_words(words):
    """Prints each word as soon as it comes; prints `<eos>` as a line break."""
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
    """Prints a prompt with a continuation, `num_samples` times (--prompt)."""
    words, ids = decoding.read_prompt(model, prompt)
    random = np.random.RandomState(seed)
    for sample in range(num_samples):
        if num_samples > 1:
            print("%sSample %d:" % ("\n" if sample else "", sample + 1))
        added = decoding.continuation(model, ids, num_words, temperature, random)
        print_words(itertools.chain(words, added))


def print_next_words(model, prompt, count):
    """Prints a table of the likeliest next words (--next)."""
    _, ids = decoding.read_prompt(model, prompt)
    table = decoding.next_words(model, ids, count)
    width = max(len(word) for word, _ in table)
    for place, (word, probability) in enumerate(table, 1):
        print("%4d  %-*s  %8.4f %%" % (place, width, word, 100 * probability))


def ask_for_prompts(model, count):
    """Prints the likeliest next words after each line that the user types, until the input ends."""
    with contextlib.suppress(ImportError):  # not on Windows
        import readline  # noqa: F401, gives `input` the arrow keys
    end = "Ctrl-Z and Enter end" if os.name == "nt" else "Ctrl-D ends"
    print("Type the beginning of a sentence; %s." % end)
    while True:
        try:
            prompt = input("> ")
        except EOFError:
            print()
            return
        try:
            if prompt.strip():
                print_next_words(model, prompt, count)
        except decoding.PromptError as error:
            console.say(str(error))


def read_lines(path):
    """Yields the lines of a UTF-8 file; "-" is standard input. Raises ScoreError."""
    try:
        with open(path, "rb") if path != "-" else sys.stdin.buffer as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
                if len(line) == LONGEST_LINE:
                    raise ScoreError("line %d has no end; give a text file, or -" % number)
                try:
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError:
                    raise ScoreError("line %d is not UTF-8; save the file as UTF-8" % number)
    except OSError as error:
        raise ScoreError("cannot read the file (%s); give a text file, or -" % error.strerror)


def print_scores(model, path, separate):
    """Prints a table with a row for each line of a text, and the total (--score)."""
    head = "%6s %12s %7s %12s  %s" % ("line", "log-prob", "words", "perplexity", "unknown words")
    total_log_prob, total_words, total_unknown = 0.0, 0, 0
    row = "%6s %12.4f %7d %12.3f  %s"
    number = 0
    for number, scored in enumerate(decoding.score(model, read_lines(path), separate), 1):
        if number == 1:
            print(head)
        log_prob, num_words, unknown = scored
        values = (
            number,
            log_prob,
            num_words,
            decoding.perplexity(log_prob, num_words),
            " ".join(unknown),
        )
        print((row % values).rstrip())
        total_log_prob += log_prob
        total_words += num_words
        total_unknown += len(unknown)
    if number == 0:
        raise ScoreError("the file has no line; give a text file, one sentence a line")
    total = decoding.perplexity(total_log_prob, total_words)
    print(row % ("total", total_log_prob, total_words, total, total_unknown))


def parse_arguments(arguments=None):
    """Parses the command line; flags that are not given are None."""
    parser = command_line.Parser(__doc__)
    path = command_line.path
    run = parser.add_argument_group("the run").add_argument
    run("--save_path", type=path, metavar="DIR", required=True, help="the folder of the run")
    run(
        "--model",
        help="the configuration, if DIR has no config.json: %s" % ", ".join(configs.CONFIGS),
    )
    run(
        "--data_path",
        type=path,
        metavar="FOLDER",
        help="the corpus, if DIR has no vocabulary.txt",
    )
    text = parser.add_argument_group(
        "what to do",
        "Give one of --prompt, --score and --export. Without them, on a terminal, you type the\n"
        "beginning of a sentence and see the likeliest next words.",
    ).add_argument
    text("--prompt", help="continue this beginning of a text")
    text(
        "--next",
        type=command_line.number(int, 1),
        metavar="N",
        help="show the N likeliest next words instead (default when typing: 10)",
    )
    text("--score", type=path, metavar="FILE", help="score the lines of a text (-: standard input)")
    text("--export", type=path, metavar="EXPORT_DIR", help="write a SavedModel into a new folder")
    how = parser.add_argument_group("how to continue a prompt").add_argument
    how("--num_words", type=command_line.number(int, 1), help="words to add (default: 40)")
    how(
        "--num_samples",
        type=command_line.number(int, 1),
        help="continuations to print (default: 1)",
    )
    how(
        "--temperature",
        type=command_line.number(float, 0),
        help="below 1 prefers likely words, 0 takes the likeliest (default: 1)",
    )
    how("--seed", type=command_line.number(int, 0, 2**32 - 1), help="makes the samples repeatable")
    how = parser.add_argument_group("how to score").add_argument
    how("--separate", action="store_true", default=None, help="score each line as if it were alone")
    arguments = parser.parse_args(arguments)
    _check_together(arguments)
    return arguments


def _check_together(arguments):
    """Ends the program with one line if flags do not go together, or if there is nothing to do."""
    given = {name for name, value in vars(arguments).items() if value is not None}
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


def main():
    arguments = parse_arguments()
    with console.errors_in_one_line(vars(arguments)):
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
