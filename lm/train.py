"""Trains the PTB model, faster than the reference and with more to choose from.

    python -m lm.train --model=sample --save_path=out      # the corpus that ships
    python -m lm.train --data_path=PTB --save_path=out     # the Penn Treebank, in the folder PTB
    python -m lm.train --hidden_size=300 --num_layers=1 --max_max_epoch=5

Start the same command again, and it resumes the run in --save_path. `python -m lm.generate` uses
the trained model. The function `lm.training.train` trains from Python.
"""

import re

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import configs as reference_configs
from lm import claim, command_line, configs, training
from lm.cells import CELLS
from lm.corpus import SAMPLE, read_corpus


def parse_arguments(arguments=None):
    """Parses the command line; flags of the configuration that are not given are None."""
    parser = command_line.Parser(__doc__)
    run = parser.add_argument_group("the run").add_argument
    run(
        "--data_path",
        type=command_line.path,
        default=SAMPLE,
        metavar="FOLDER",
        help="the folder with ptb.train.txt, ptb.valid.txt and ptb.test.txt (default: the corpus"
        " that ships)",
    )
    run(
        "--vocab_size",
        type=int,
        metavar="N",
        help="keep N words, <unk> and the most frequent others, and read all other words as <unk>"
        " (default: keep every word)",
    )
    run(
        "--save_path",
        type=command_line.path,
        metavar="DIR",
        help="the folder to save each epoch in, and to resume from (default: nothing is saved)",
    )
    run(
        "--seed",
        type=command_line.number(int, 0),
        help="makes the run repeatable on the same machine (default: each run differs)",
    )
    where = parser.add_argument_group("where to compute").add_argument
    where(
        "--replicas",
        type=command_line.number(int, 1),
        metavar="N",
        help="split each batch over N copies of the model, on GPUs if there are several; the"
        " results stay the same (default: 2 on a processor in block mode, else 1)",
    )
    where(
        "--workers",
        metavar="HOST:PORT,...",
        help="split each batch over other machines; each of them runs python -m lm.worker",
    )
    model = parser.add_argument_group("the model").add_argument
    model(
        "--model",
        default="small",
        help="a configuration: %s (default: small)" % ", ".join(configs.CONFIGS),
    )
    model(
        "--cell",
        default="basic_lstm",
        help="the recurrent cell: %s (default: basic_lstm)" % ", ".join(CELLS),
    )
    model(
        "--rnn_mode",
        help="basic: the loop of the blog; block: the same model, computed one layer at a time and"
        " faster (default: block if the cell has it)",
    )
    for name, meaning in (
        ("use_bf16", "multiply matrices in bfloat16; the variables keep 32 bits"),
        ("use_fp16", "train with 16-bit floats instead of 32-bit ones"),
    ):
        model(
            "--" + name,
            type=command_line.switch,
            nargs="?",
            const=True,
            default=False,
            metavar="true",
            help=meaning,
        )
    more = parser.add_argument_group(
        "attributes of the configuration", "Each overrides a value of --model."
    ).add_argument
    glossary = dict(re.findall(r"\| `(\w+)` \| (.*) \|", reference_configs.__doc__ or ""))
    for name, (kind, _, wanted) in configs.ATTRIBUTES.items():
        meaning = "%s (%s)" % (glossary.get(name, ""), wanted)
        more("--" + name, type=kind, metavar="N" if kind is int else "X", help=meaning)
    arguments = parser.parse_args(arguments)
    if arguments.workers and arguments.replicas:
        console.fail("--replicas and --workers do not go together; give one of them")
    return arguments


def main():
    values = vars(parse_arguments())
    with console.errors_in_one_line(values):
        given = {n: v for n, v in values.items() if v is not None}
        names = ("model", "cell", "rnn_mode", "use_bf16", "use_fp16") + tuple(configs.ATTRIBUTES)
        config = configs.Config(**{name: given[name] for name in names if name in given})
        vocab_size, folder = values["vocab_size"], values["save_path"]
        values.update(vars(config), vocab_size=vocab_size)
        with claim.writable(folder):  # checks the folder before a long text is read
            corpus = read_corpus(values["data_path"], vocab_size, folder)
            result = training.train(
                config,
                corpus,
                folder,
                values["seed"],
                log=print,
                replicas=values["replicas"],
                workers=() if values["workers"] is None else values["workers"].split(","),
            )
        if corpus.best:
            print(
                "Best possible Test Perplexity: %.3f, the grammar's own. This run has %.2f times"
                " that." % (corpus.best["test"], result.test_perplexity / corpus.best["test"])
            )


if __name__ == "__main__":
    main()
