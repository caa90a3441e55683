"""Reads a corpus for the workshop: texts of any size as word ids, and their vocabulary."""

import collections
import json
import os

import reader
from lm import word_ids
from lm.configs import ConfigError

# The corpus that ships.
SAMPLE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "sample")


_FIELDS = ["train", "valid", "test", "words", "best", "unsaved"]


class Corpus(collections.namedtuple("Corpus", _FIELDS, defaults=[None])):
    """Three texts and their vocabulary.

    Attributes:
        train, valid, test: the word ids, in memory-mapped int32 arrays or in lists.
        words: the vocabulary, a list in the order of the ids.
        best: the lowest perplexities that any model can expect, `{"train": float, "valid": float,
            "test": float}`, if a grammar wrote the corpus; otherwise None.
        unsaved: the `lm.word_ids.WordIds` that the folder of the run has yet to save, or None.
    """

    __slots__ = ()


def read_corpus(data_path, vocab_size=None, folder=None, log=print):
    """Reads the corpus in a folder.

    The ids are those of `reader.ptb_raw_data`. A file holds them, not the memory, so that the texts
    may have any size.

    Args:
        data_path: the folder; see `reader.ptb_raw_data`. If it holds the file
            `best_perplexity.json` of `data/make_sample.py`, that file gives `best`.
        vocab_size: the number of words to keep: `<unk>` and the most frequent words of the training
            text. All other words of the three texts are read as `<unk>`. None keeps every word of
            the training text; words that only the other texts have are left out.
        folder: the folder of a run, which may hold the ids from an earlier start; None without one.
        log: a function to call with each line that says what was read, or, if that takes long, how
            much is done; None if no line is wanted.

    Returns:
        A `Corpus`.

    Raises:
        reader.CorpusError: if the corpus cannot be used.
        ConfigError: if `vocab_size` is below 2.
    """
    if vocab_size is not None and vocab_size < 2:
        raise ConfigError("vocab_size", "must be at least 2; given %d" % vocab_size)
    paths = _find_texts(data_path)
    best = _read_best(data_path)
    log = log or (lambda line: None)
    progress = word_ids.Progress(log)
    if folder is not None and not os.path.isdir(folder):
        folder = None  # The run has not made it yet.
    remembered = folder and word_ids.load(folder, paths, vocab_size, progress)
    words, ids = remembered or word_ids.read(paths, vocab_size, folder, progress)
    _tell_unknown(ids, paths, vocab_size, len(words), log)
    if vocab_size is not None and any(ids.texts[split]["unknown"] for split in reader.SPLITS):
        best = None  # The grammar's perplexity holds for the texts as they are, without <unk>.
    texts = [ids[split] for split in reader.SPLITS]
    return Corpus(*texts, words=words, best=best, unsaved=None if remembered else ids)


def read_vocabulary(data_path, size=None, sha256=None, log=None):
    """Reads the vocabulary of a training text.

    Args:
        data_path: the folder with `ptb.train.txt`.
        size, sha256: how many words a model knows, and their `word_ids.vocabulary_sha256`; None if
            that is not known.
        log: see `read_corpus`.

    Returns:
        A list of words in the order of their ids: all words of the text, or only those that a
        `vocab_size` of `size` keeps, if these are the model's.

    Raises:
        reader.CorpusError: if the text cannot be used.
    """
    path = os.path.join(data_path, "ptb.train.txt")
    counts = word_ids.count_words(path, word_ids.Progress(log))
    words = word_ids.vocabulary(counts)
    if size not in (None, len(words)) or sha256 not in (None, word_ids.vocabulary_sha256(words)):
        kept = word_ids.vocabulary(counts, size)
        if sha256 in (None, word_ids.vocabulary_sha256(kept)) and len(kept) == size:
            return kept
    return words


def _find_texts(data_path):
    """Returns the paths of the three texts, `{split: path}`; raises the reference's errors."""
    if not os.path.isdir(data_path):
        what = "not a folder" if os.path.exists(data_path) else "no such folder"
        what += "; give one that holds %s; python -m data.fetch_ptb --to=PTB makes one"
        raise reader.CorpusError(what % reader.FILES)
    paths = {split: os.path.join(data_path, "ptb.%s.txt" % split) for split in reader.SPLITS}
    for path in paths.values():
        if not os.path.exists(path):
            raise reader.CorpusError(
                "no %s there; give a folder that holds %s" % (os.path.basename(path), reader.FILES)
            )
    return paths


def _tell_unknown(ids, paths, vocab_size, num_words, log):
    """Logs how the words are read that the vocabulary lacks."""
    for split in reader.SPLITS:
        words, unknown = ids.texts[split]["words"], ids.texts[split]["unknown"]
        if vocab_size is not None:
            values = (paths[split], unknown, words, 100.0 * unknown / words)
            log("%s: %d of %d words (%.2f %%) are read as <unk>" % values)
        elif unknown:
            values = (paths[split], unknown, words)
            log("%s: %d of %d words are not in the training text and are left out" % values)
    if vocab_size is not None and not ids.texts["train"]["unknown"]:
        log(
            "--vocab_size=%d keeps every word of the training text: the vocabulary has %d"
            " words, <unk> included" % (vocab_size, num_words)
        )


def _read_best(data_path):
    path = os.path.join(data_path, "best_perplexity.json")
    if not os.path.exists(path):
        return None
    try:
        found = json.loads(word_ids.read_text(path, megabytes=1))
        return {split: float(found[split]) for split in reader.SPLITS}
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise reader.CorpusError("cannot read %s (%r); delete it" % (path, error))
