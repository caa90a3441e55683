"""Trains models with `ptb_word_lm.py` for the study scripts, which then look into them."""

import contextlib
import io
import os
import re
import sys
from unittest import mock

from absl import flags
from absl.testing import flagsaver

import checkpoints
import configs
import generate
import ptb_word_lm

SAMPLE = flags.FLAGS["data_path"].default  # the corpus that ships


@contextlib.contextmanager
def _nothing(run):
    yield


class _Progress(io.TextIOBase):
    """Of what `ptb_word_lm.py` prints, passes on the validation perplexities, in one line."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        for perplexity in re.findall(r"Valid Perplexity: (\S+)", text):
            self._stream.write(" %.2f" % float(perplexity))
            self._stream.flush()


def train(folder, seed, cell="basic_lstm", data_path=SAMPLE, **values):
    """Runs `ptb_word_lm.main`, printing the validation perplexity of each epoch.

    Args:
        folder: where the run is saved.
        seed: that of --seed.
        cell: that of --cell.
        data_path: that of --data_path.
        **values: attributes of the small configuration to replace.

    Returns:
        The trained model, a `generate.LanguageModel`.
    """

    def get_config(name):
        config = configs.get_config(name)
        for attribute, value in values.items():
            setattr(config, attribute, value)
        return config

    if not flags.FLAGS.is_parsed():
        flags.FLAGS(["ptb_word_lm.py"])
    rnn_mode = "block" if cell == "basic_lstm" else "basic"  # the same model, sooner
    chosen = dict(save_path=folder, seed=seed, cell=cell, data_path=data_path, rnn_mode=rnn_mode)
    print("%s, perplexity by epoch:" % cell, end="", flush=True)
    with flagsaver.flagsaver(**chosen), contextlib.redirect_stdout(_Progress(sys.stdout)):
        with mock.patch.object(ptb_word_lm, "get_config", get_config):
            # What is saved goes away with the folder, so an interruption need not tell of it.
            with mock.patch.object(checkpoints.SavedRun, "told_if_interrupted", _nothing):
                ptb_word_lm.main([])
    print(flush=True)
    return generate.load(folder)


def sentences(*splits):
    """The sentences, lists of words, of some of train, valid and test of the corpus that ships."""
    lines = []
    for split in splits:
        with open(os.path.join(SAMPLE, "ptb.%s.txt" % split), encoding="utf-8") as file:
            lines += [line.split() for line in file]
    return lines
