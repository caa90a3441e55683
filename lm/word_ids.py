"""Turns texts of any size into word ids, in a file that is mapped into memory.

The ids are those of `reader.ptb_raw_data`. That function holds every word of the texts in memory.
This module reads a text once, in pieces. Each new word gets the next provisional id, and the ids go
into a file. When all words are counted, the final ids replace the provisional ones in the file.
Then the file is mapped into memory: the system reads only the parts that the program uses.
"""

import codecs
import collections
import hashlib
import itertools
import json
import mmap
import os
import tempfile
import time

import numpy as np

import reader
from lm.checkpoints import SavePathError, reason

NAME = "word_ids.bin"  # the file of the ids in the folder of a run
LARGEST_VOCABULARY = 1000  # MB
_BYTES_AT_ONCE = 2**20  # of a text
_IDS_AT_ONCE = 2**20  # 4 MB
# The order of the texts, in which they are read and lie in a file. With the short texts first, a
# mistake in one of them shows before the long text is read.
_ORDER = ("valid", "test", "train")


class Progress(object):
    """Reports the progress of something that takes long, with a line every five seconds."""

    def __init__(self, log):
        """Takes the function to call with each line; None for no lines."""
        self._log = log
        self._last = time.monotonic()

    def __call__(self, line, *values):
        """Logs `line % values`, unless the last line is less than five seconds old."""
        if self._log is not None and time.monotonic() - self._last >= 5:
            self._log(line % values)
            self._last = time.monotonic()


def read_text(path, megabytes):
    """Returns the text of a UTF-8 file.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if the path is a FIFO, a device or a folder, if the file has more than
            `megabytes`, or if it is not UTF-8.
    """
    if not os.path.isfile(path):
        raise ValueError("not a plain file")
    if os.path.getsize(path) > megabytes * 10**6:
        raise ValueError("more than %d MB" % megabytes)
    with open(path, encoding="utf-8") as file:
        return file.read()


def vocabulary_sha256(words):
    """Returns a digest of a vocabulary, which depends on the words and on their order."""
    return hashlib.sha256("\n".join(words).encode("utf-8")).hexdigest()


def release(array):
    """Frees the memory that an array has filled, if the array is a file mapped for reading.

    The system would free that memory only when it runs short. The array can be used as before: the
    system reads the file again. Arrays of other kinds keep their memory.
    """
    while isinstance(array, np.ndarray):
        if getattr(array, "mode", "r") != "r":
            return
        array = array.base
    if isinstance(array, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


def pieces(data, progress, line):
    """Yields word ids, a list or an array, as int32 arrays; reports `line: N %` as progress."""
    for start in range(0, len(data), _IDS_AT_ONCE):
        progress(line + ": %d %%", 100 * start // len(data))
        yield np.asarray(data[start : start + _IDS_AT_ONCE], np.int32)
        release(data)


def _is_header(about):
    """Returns whether the `texts` in the header of a file are valid for `WordIds.texts`."""
    texts = [about["texts"][split] for split in _ORDER]
    numbers = [text[name] for text in texts for name in ("bytes", "words", "unknown", "ids")]
    return all(type(n) is int and n >= 0 for n in numbers) and all(t["words"] for t in texts)


def _ids_sha256(ids, progress, sha256=None):
    """Returns a digest of word ids. A given hash object `sha256` is continued."""
    sha256 = sha256 or hashlib.sha256()
    for piece in pieces(ids, progress, "Checking the word ids"):
        sha256.update(piece)
    return sha256.hexdigest()


def _are_ids(ids, num_words, digest, progress):
    """Returns whether ids have this SHA-256 and all lie from 0 to `num_words` - 1."""
    sha256 = hashlib.sha256()
    for piece in pieces(ids, progress, "Checking the word ids"):
        sha256.update(piece)
        if piece.min() < 0 or piece.max() >= num_words:
            return False
    return sha256.hexdigest() == digest


def corpus_sha256(words, train, progress):
    """Returns a digest of a vocabulary and of the ids of a training text."""
    return _ids_sha256(train, progress, hashlib.sha256("\n".join(words).encode("utf-8")))


def _words(path, sha256, progress):
    """Yields the words of a text file in lists, with `<eos>` for the end of each line.

    Args:
        path: the file.
        sha256: a hash object to update with the bytes of the file.
        progress: a `Progress`.

    Raises:
        reader.CorpusError: if the file cannot be read, is not UTF-8, or holds no words.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    done = 0  # bytes
    half = ""  # a word that the end of a piece may have cut
    is_start, is_empty = True, True
    try:
        with open(path, "rb") as file:
            size = max(os.fstat(file.fileno()).st_size, 1)
            piece = True
            while piece:
                piece = file.read(_BYTES_AT_ONCE)
                sha256.update(piece)
                start = done - len(decoder.getstate()[0])  # where the character begins that was cut
                text = decoder.decode(piece, final=not piece)
                done += len(piece)
                if is_start:
                    text = text.lstrip("\ufeff")
                    is_start = not text
                text = half + text
                words = text.replace("\n", " <eos> ").split()
                half = words.pop() if piece and words and not text[-1].isspace() else ""
                is_empty = is_empty and all(word == "<eos>" for word in words)
                yield words
                progress("Reading %s: %d %%", path, 100 * done // size)
    except OSError as error:
        raise reader.CorpusError(
            "cannot read %s (%s); give a folder that holds %s"
            % (path, error.strerror, reader.FILES)
        )
    except UnicodeDecodeError as error:
        raise reader.CorpusError(
            "%s is not UTF-8: byte %d cannot be decoded; save the file as UTF-8"
            % (path, start + error.start)
        )
    if is_empty:
        raise reader.CorpusError("%s holds no words; give it text, one sentence a line" % path)


def _number(provisional, counts, vocab_size):
    """Numbers words as the reference's `reader._build_vocab` does: by frequency, then by word.

    Args:
        provisional: `{word: provisional id}`, in the order of these ids. With a `vocab_size`,
            `<unk>` is one of the words.
        counts: int64 array; how often each word occurs in the training text.
        vocab_size: how many words to keep, including `<unk>`; None keeps all words of the training
            text. The words that are not kept count as `<unk>`.

    Returns:
        `(words, ids, is_unknown)`: the kept words in the order of their ids; an int32 array with
        the id for each provisional id, -1 for a word without an id; and a bool array that says
        which words are not kept.
    """
    by_word = np.fromiter(map(provisional.get, sorted(provisional)), np.int32, len(provisional))

    def by_frequency():
        return by_word[np.argsort(-counts[by_word], kind="stable")]

    order = by_frequency()
    unk = None
    if vocab_size is not None:
        unk = provisional["<unk>"]
        rare = order[order != unk][vocab_size - 1 :]
        counts[unk] += counts[rare].sum()
        counts[rare] = 0
        order = by_frequency()
    kept = order[(counts[order] > 0) | (order == unk)]
    ids = np.full(len(provisional), -1, np.int32)
    ids[kept] = np.arange(len(kept))
    is_unknown = ids < 0
    if unk is not None:
        ids[is_unknown] = ids[unk]
    words = list(provisional)
    return [words[number] for number in kept.tolist()], ids, is_unknown


def count_words(path, progress):
    """Returns how often each word occurs in a text, a `collections.Counter`.

    Raises:
        reader.CorpusError: if the text cannot be used.
    """
    counts = collections.Counter()
    for words in _words(path, hashlib.sha256(), progress):
        counts.update(words)
    return counts


def vocabulary(counts, vocab_size=None):
    """Returns the words that `read` keeps of a training text, given the counts of its words."""
    counts = dict(counts)
    if vocab_size is not None:
        counts.setdefault("<unk>", 0)
    provisional = dict(zip(counts, itertools.count()))
    numbers = np.fromiter(counts.values(), np.int64, len(counts))
    return _number(provisional, numbers, vocab_size)[0]


def _append(path, provisional, file, progress):
    """Appends the provisional ids of a text to a file; returns its entry for `WordIds.texts`."""
    sha256 = hashlib.sha256()
    count = 0
    for words in _words(path, sha256, progress):
        file.write(np.fromiter(map(provisional.__getitem__, words), np.int32, len(words)))
        count += len(words)
    return dict(bytes=os.path.getsize(path), sha256=sha256.hexdigest(), words=count)


def _pieces_of_file(file, start, count, progress):
    """Yields `count` ids of a file, from place `start` on, as int32 arrays."""
    for place in range(start, start + count, _IDS_AT_ONCE):
        file.seek(4 * place)
        yield np.frombuffer(file.read(4 * min(_IDS_AT_ONCE, start + count - place)), np.int32)
        progress("Numbering the words: %d %%", 100 * (place - start) // count)


def _renumber(file, texts, ids, is_unknown, keep_unknown, progress):
    """Replaces the provisional ids in a file by the final ones; completes the entries of `texts`.

    Args:
        file: the file of the ids of all texts, in the order of `_ORDER`.
        texts: see `WordIds`. This adds `unknown` and `ids` to each entry.
        ids, is_unknown: see `_number`.
        keep_unknown: whether a word that is not kept has an id, that of `<unk>`.
    """
    start = end = 0  # The places to read and to write; writing never overtakes reading.
    for split in _ORDER:
        text = texts[split]
        text.update(unknown=0, ids=0)
        for piece in _pieces_of_file(file, start, text["words"], progress):
            unknown = is_unknown[piece]
            text["unknown"] += int(np.count_nonzero(unknown))
            piece = ids[piece if keep_unknown else piece[~unknown]]
            file.seek(4 * end)
            file.write(piece)
            text["ids"] += len(piece)
            end += len(piece)
        start += text["words"]


class WordIds(object):
    """The ids of the words of three texts.

    Attributes:
        vocab_size: how many words to keep, including `<unk>`; None for all.
        texts: for "train", "valid" and "test" a dict: `bytes` and `sha256` of the file; `words`,
            the number of its words; `unknown`, the number of words that the vocabulary lacks;
            `ids`, the number of ids. With a `vocab_size`, unknown words have the id of `<unk>`;
            without one they have no id.
    """

    def __init__(self, vocab_size, texts, array):
        """Takes the ids of all texts in one int32 array, in the order of `_ORDER`."""
        self.vocab_size = vocab_size
        self.texts = texts
        self._array = array

    def __getitem__(self, split):
        """Returns the ids of a text, an int32 array."""
        before = sum(self.texts[name]["ids"] for name in _ORDER[: _ORDER.index(split)])
        return self._array[before : before + self.texts[split]["ids"]]

    def contents(self, words, progress):
        """Yields the contents of the file that `load` reads: a line of JSON, and the ids."""
        about = dict(
            vocab_size=self.vocab_size,
            vocabulary_sha256=vocabulary_sha256(words),
            ids_sha256=_ids_sha256(self._array, progress),
            texts=self.texts,
        )
        line = json.dumps(about)
        line += " " * (-(len(line) + 1) % 4) + "\n"  # so that the ids begin at a multiple of 4
        yield line.encode("ascii")
        yield from pieces(self._array, progress, "Saving the word ids")


def read(paths, vocab_size, folder, progress):
    """Reads three texts.

    A file without a name holds their ids. It vanishes with the process.

    Args:
        paths: `{"train": path, "valid": path, "test": path}`.
        vocab_size: how many words to keep, including `<unk>`; None keeps all.
        folder: the folder of the file; None for the system's folder of temporary files.
        progress: a `Progress`.

    Returns:
        `(words, WordIds)`; the words are a list in the order of their ids.

    Raises:
        reader.CorpusError: if a text cannot be used, or if there is no room for temporary files.
        SavePathError: if the folder has no room.
    """
    provisional = collections.defaultdict(itertools.count().__next__)  # a new word gets the next id
    texts = {}
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for split in _ORDER:
                texts[split] = _append(paths[split], provisional, file, progress)
            if vocab_size is not None:
                provisional["<unk>"]  # gets an id, even if the texts do not have this word
            counts = np.zeros(len(provisional), np.int64)
            start = texts["valid"]["words"] + texts["test"]["words"]
            for piece in _pieces_of_file(file, start, texts["train"]["words"], progress):
                counts += np.bincount(piece, minlength=len(counts))
            words, ids, is_unknown = _number(provisional, counts, vocab_size)
            del provisional
            _renumber(file, texts, ids, is_unknown, vocab_size is not None, progress)
            file.flush()
            count = sum(text["ids"] for text in texts.values())
            array = np.memmap(file, np.int32, "r", shape=(count,))
    except OSError as error:
        if folder is not None:
            raise SavePathError("cannot keep the word ids there (%s); make room" % reason(error))
        raise reader.CorpusError(
            "cannot keep its word ids in a temporary file (%s); set TMPDIR to a folder with room,"
            " or give --save_path" % reason(error)
        )
    return words, WordIds(vocab_size, texts, array)


def _is_same(path, text, progress):
    """Returns whether a file has the size and the SHA-256 that `text`, of `WordIds.texts`, has."""
    size = os.path.getsize(path)
    if size != text["bytes"]:
        return False
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(_BYTES_AT_ONCE), b""):
            sha256.update(piece)
            progress("Checking %s: %d %%", path, 100 * file.tell() // size)
    return sha256.hexdigest() == text["sha256"]


def load(folder, paths, vocab_size, progress):
    """Finds the ids of three texts in the folder of a run.

    Args:
        folder: a folder that may hold a file NAME with the `WordIds.contents`, and vocabulary.txt.
        paths, vocab_size, progress: see `read`.

    Returns:
        What `read` returns; None if the folder has no ids, or if they are of other texts or of
        another `vocab_size`.
    """
    path = os.path.join(folder, NAME)
    try:
        words = read_text(os.path.join(folder, "vocabulary.txt"), LARGEST_VOCABULARY).split()
        if not os.path.isfile(path):  # Reading a FIFO would not end.
            return None
        with open(path, "rb") as file:
            about = json.loads(file.readline(10000).decode("ascii"))
            array = np.memmap(path, np.int32, "r", file.tell())
        if not _is_header(about):
            return None
        texts = about["texts"]
        count = sum(texts[split]["ids"] for split in _ORDER)
        found = [about["vocab_size"], about["vocabulary_sha256"], count]
        if found != [vocab_size, vocabulary_sha256(words), len(array)]:
            return None
        if not _are_ids(array, len(words), about["ids_sha256"], progress):
            return None
        if not all(_is_same(paths[split], texts[split], progress) for split in _ORDER):
            return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return words, WordIds(vocab_size, texts, array)
