"""A corpus for the workshop: the words of the reference's reader, and what is known of them."""

import collections
import json
import os

import reader

# The corpus that ships.
SAMPLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "sample")


class Corpus(collections.namedtuple("Corpus", ["train", "valid", "test", "words", "best"])):
    """Three texts and their vocabulary.

    Attributes:
        train, valid, test: lists of word ids.
        words: the vocabulary, a list in the order of the ids.
        best: the lowest perplexity that any model can expect, `{"train": float, "valid": float,
            "test": float}`, if the corpus was written by a grammar; None if it was not.
    """

    __slots__ = ()


def read_corpus(data_path):
    """Reads the corpus in a folder.

    Args:
        data_path: the folder; see `reader.ptb_raw_data`. `best_perplexity.json` in it, which
            `data/make_sample.py` writes, gives `best`.

    Raises:
        reader.CorpusError: for a corpus that cannot be used.
    """
    train, valid, test, _ = reader.ptb_raw_data(data_path)
    return Corpus(train, valid, test, reader.ptb_vocabulary(data_path), _read_best(data_path))


def _read_best(data_path):
    path = os.path.join(data_path, "best_perplexity.json")
    if not os.path.exists(path):
        return None
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        return {split: float(found[split]) for split in reader.SPLITS}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise reader.CorpusError("cannot read %s (%r); delete it" % (path, error))
