"""Gives the studies the sentences of the corpus that ships, and models trained on it."""

import os
import tempfile

from lm import configs, language_model, training
from lm.corpus import SAMPLE, read_corpus


def sentences(*splits):
    """Returns the sentences of the given splits (train, valid, test), each a list of words."""
    lines = []
    for split in splits:
        with open(os.path.join(SAMPLE, "ptb.%s.txt" % split), encoding="utf-8") as file:
            lines += [line.split() for line in file]
    return lines


def train(cell, seed, **values):
    """Trains the configuration "sample"; prints the validation perplexity after each epoch.

    Args:
        cell: the recurrent cell, a key of `lm.cells.CELLS`.
        seed: the seed of the training.
        **values: attributes of the configuration, with their new values.

    Returns:
        The trained model, an `lm.language_model.LanguageModel`.
    """
    config = configs.Config("sample", cell, **values)
    corpus = read_corpus(SAMPLE)
    print("%s, perplexity by epoch:" % cell, end="", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            training.train(config, corpus, folder, seed, on_epoch=_show)
        except KeyboardInterrupt as interrupt:
            interrupt.args = ()  # The text names the folder, which is about to vanish.
            raise
        print(flush=True)
        return language_model.load(folder)


def _show(epoch):
    print(" %.2f" % epoch.valid_perplexity, end="", flush=True)
