"""Tests word ids in a file: they are the reference's, whatever the text and its size."""

import collections
import itertools
import mmap
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import tracemalloc

import numpy as np
import pytest
from commands import ROOT, limited, outside_environment, run_command
from hypothesis import assume, given
from hypothesis import strategies as st
from models import (
    RUN,
    edit_file,
    make_lm_config,
    perplexities,
    run_flags,
    train_run,
    write_corpus,
)

import console
import reader
from lm import generate, train, training, word_ids
from lm.configs import ConfigError
from lm.corpus import SAMPLE, read_corpus, read_vocabulary

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

# White space of str.split, line ends, byte-order marks, letters of one to four bytes, and words
# that the reader itself adds.
PARTS = "a b ab <eos> x<eos>y <unk> \xe9 \u5927 \U0001f600 \ufeff \u200b".split(" ") + [
    " ",
    "  ",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\t",
    "\v",
    "\f",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x1f",
    "\x85",
    "\xa0",
    "\u1680",
    "\u2003",
    "\u2028",
    "\u2029",
    "\u202f",
    "\u205f",
    "\u3000",
]
# The letter a makes sure that there is a word.
ODD_TEXTS = st.lists(st.sampled_from(PARTS), max_size=40).map(lambda parts: "".join(parts) + " a")
LONG_TEXTS = st.lists(st.sampled_from(PARTS), min_size=60, max_size=90).map(" ".join)


@pytest.fixture
def cut(monkeypatch):
    """Makes the pieces small in which texts and ids are read."""

    def run(size):
        monkeypatch.setattr(word_ids, "_BYTES_AT_ONCE", size)
        monkeypatch.setattr(word_ids, "_IDS_AT_ONCE", size)

    return run


def both(folder, capsys):
    """Reads a corpus with the reference and the workshop; returns ids, words and lines of both."""
    capsys.readouterr()
    *texts, size = reader.ptb_raw_data(folder)
    words = reader.ptb_vocabulary(folder)
    assert size == len(words)
    lines = capsys.readouterr().out.splitlines()
    logged = []
    corpus = read_corpus(folder, log=logged.append)
    assert all(text.dtype == np.int32 for text in corpus[:3])
    return (texts, words, lines), ([t.tolist() for t in corpus[:3]], corpus.words, logged)


# --------------------------------------------------------------------------------------------------
# The ids are the reference's
# --------------------------------------------------------------------------------------------------
@given(ODD_TEXTS, ODD_TEXTS, ODD_TEXTS, st.integers(1, 20))
def test_ids_words_and_lines_are_the_references(cut, capsys, train, valid, test, size):
    cut(size)
    with tempfile.TemporaryDirectory() as folder:
        folder = write_corpus(pathlib.Path(folder), train, valid, test)
        reference, workshop = both(folder, capsys)
    assert workshop == reference


SOME_BYTES = st.lists(st.sampled_from([b"a", b" ", b"\n", b"\xef\xbb\xbf", b"\xe5\xa4\xa7"]))


@given(SOME_BYTES, st.binary(max_size=4), st.sampled_from(reader.SPLITS), st.integers(1, 9))
def test_a_text_that_is_refused_is_refused_in_the_references_words(cut, start, end, split, size):
    texts = {name: b"a b\n" for name in reader.SPLITS}
    texts[split] = b"".join(start) + end
    cut(size)
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(pathlib.Path(folder), **texts)
        errors = []
        for read in (reader.ptb_raw_data, read_corpus):
            try:
                read(folder)
                errors.append(None)
            except reader.CorpusError as error:
                errors.append(str(error))
    assert errors[1] == errors[0]


@pytest.mark.parametrize("size", range(1, 12))
def test_words_and_letters_may_be_cut_anywhere(tmp_path, cut, capsys, size):
    cut(size)
    text = "\ufeffgr\xf6\xdfe \u5927\u5c0f\u3000\U0001f600\U0001f600 a<eos>b\r\n\n\x85lang" * 3
    reference, workshop = both(write_corpus(tmp_path, text, text[:20], text[30:]), capsys)
    assert workshop == reference


def test_the_corpus_that_ships(capsys):
    reference, workshop = both(SAMPLE, capsys)
    assert workshop == reference


def test_memory_does_not_grow_with_the_text(tmp_path, cut):
    cut(2**12)
    peaks = []
    for lines in (2000, 20000):
        folder = tmp_path / str(lines)
        folder.mkdir()
        write_corpus(folder, "a b c d e f g h i\n" * lines)
        tracemalloc.start()
        read_corpus(str(folder))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_long_reading_tells_how_far_it_is(tmp_path, cut, monkeypatch):
    cut(2**8)
    clock = itertools.count(step=3)  # Each look at the clock is 3 seconds after the last.
    monkeypatch.setattr(word_ids.time, "monotonic", clock.__next__)
    folder = write_corpus(tmp_path, "a b c d e f g\n" * 500)
    lines = []
    read_corpus(folder, log=lines.append)
    counted = collections.defaultdict(list)
    for line in lines:
        what, percent = re.fullmatch(r"(.+): (\d+) %", line).groups()
        counted[what].append(int(percent))
    reading = "Reading %s" % os.path.join(folder, "ptb.train.txt")
    assert counted[reading] == sorted(counted[reading])
    assert 0 < counted[reading][0] < 40 and 60 < counted[reading][-1] <= 100
    assert len(counted["Numbering the words"]) > 5


def test_a_short_reading_tells_nothing(corpus):
    lines = []
    read_corpus(corpus, log=lines.append)
    assert lines == []


@pytest.mark.skipif(
    not (os.path.exists("/proc/self/smaps") and hasattr(mmap, "MADV_DONTNEED")),
    reason="needs Linux and Python 3.8",
)
def test_what_is_released_is_in_memory_no_longer_and_reads_the_same(tmp_path):
    np.arange(2**20, dtype=np.int32).tofile(str(tmp_path / "ids"))
    array = np.memmap(str(tmp_path / "ids"), np.int32, "r")

    def resident():
        """Returns how many kilobytes of the file are in memory."""
        with open("/proc/self/smaps") as file:
            text = file.read()
        ((_, size),) = re.findall(r"(/\S+/ids)\n(?:.*\n)*?Rss: +(\d+) kB", text)
        return int(size)

    total = int(array.sum(dtype=np.int64))
    assert resident() == 4 * 2**10
    word_ids.release(array[100:200].reshape(2, 50))
    assert resident() == 0
    assert int(array.sum(dtype=np.int64)) == total


def test_what_is_changed_in_memory_only_is_not_released(tmp_path):
    np.arange(5, dtype=np.int32).tofile(str(tmp_path / "ids"))
    array = np.memmap(str(tmp_path / "ids"), np.int32, "c")
    array[:] = 7
    word_ids.release(array[:2])
    assert array.tolist() == [7] * 5


def test_a_progress_that_nobody_reads_ends_the_reading(corpus, monkeypatch):
    def fail(*_):
        raise console.OutputError(BrokenPipeError())

    monkeypatch.setattr(word_ids.Progress, "__call__", fail)
    with pytest.raises(console.OutputError):
        read_corpus(corpus)


# --------------------------------------------------------------------------------------------------
# Where the ids lie
# --------------------------------------------------------------------------------------------------
def test_the_file_has_no_name(corpus, tmp_path, monkeypatch):
    """The file has no name, so that nothing of it is left however the process ends."""
    folders = [tmp_path / "out", tmp_path / "tmp"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folders[1]))
    corpora = [read_corpus(corpus), read_corpus(corpus, folder=str(folders[0]))]
    for read in corpora:
        assert not read.train.flags.owndata
        assert not read.train.flags.writeable
    assert [os.listdir(str(folder)) for folder in folders] == [[], []]
    np.testing.assert_array_equal(corpora[0].train, corpora[1].train)


READ = "import sys; from lm.corpus import read_corpus; read_corpus(sys.argv[1], folder=sys.argv[2])"


@posix
@pytest.mark.slow
def test_a_killed_reading_leaves_nothing(tmp_path):
    folders = [tmp_path / "out", tmp_path / "tmp"]
    for folder in folders:
        folder.mkdir()
    corpus = write_corpus(tmp_path, "")
    pipe = os.path.join(corpus, "ptb.train.txt")
    os.remove(pipe)
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-c", READ, corpus, str(folders[0])],
        cwd=ROOT,
        env=outside_environment(TMPDIR=str(folders[1])),
        stderr=subprocess.DEVNULL,
    )
    while True:
        try:
            text = os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "wb")
            break
        except OSError:  # The process has not got so far.
            assert process.poll() is None
            time.sleep(0.05)
    os.set_blocking(text.fileno(), True)
    with text:
        text.write(b"a b c d\n" * 2**19)  # When this returns, all but the last 64 kB are read.
        text.flush()
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert [os.listdir(str(folder)) for folder in folders] == [[], []]


@posix
@pytest.mark.slow
@pytest.mark.parametrize("saves", [True, False])
def test_a_disk_that_is_full_while_reading(corpus, tmp_path, saves):
    (tmp_path / "tmp").mkdir()
    flags = ["--data_path=" + corpus] + ["--save_path=%s" % (tmp_path / "out")] * saves
    environment = outside_environment(TMPDIR=str(tmp_path / "tmp"))
    limit = limited(1000)
    status, output, errors = run_command(
        "-m", "lm.train", *flags, env=environment, preexec_fn=limit
    )
    assert (status, output) == (2, "")
    if saves:
        line = "%s: cannot keep the word ids there (File too large); make room" % flags[1]
    else:
        line = (
            "%s: cannot keep its word ids in a temporary file (File too large); set TMPDIR to a"
            " folder with room, or give --save_path" % flags[0]
        )
    assert errors == "lm.train: %s\n" % line


def test_without_a_folder_for_temporary_files(corpus, monkeypatch):
    def nowhere(**_):
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "TemporaryFile", nowhere)
    with pytest.raises(reader.CorpusError, match="No usable temporary.*set TMPDIR to a folder"):
        read_corpus(corpus)


# --------------------------------------------------------------------------------------------------
# What the folder of a run keeps
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def out(corpus, tmp_path):
    """Returns the folder of a run that has trained no epoch on the corpus."""
    train_run(corpus, str(tmp_path / "out"), max_max_epoch=0)
    return str(tmp_path / "out")


def is_remembered(corpus, out, **more):
    """Returns whether the folder's ids are used. The ids must always be those of a new reading."""
    found, new = (read_corpus(corpus, folder=folder, **more) for folder in (out, None))
    assert new.unsaved is not None
    for ids, expected in zip(found[:3], new[:3]):
        np.testing.assert_array_equal(ids, expected)
    assert found.words == new.words
    return found.unsaved is None


def test_the_ids_are_remembered(corpus, out, monkeypatch):
    assert is_remembered(corpus, out)
    expected = read_corpus(corpus)

    def read(*arguments):
        raise AssertionError("The text is split into words again.")

    monkeypatch.setattr(word_ids, "_words", read)
    np.testing.assert_array_equal(read_corpus(corpus, folder=out).train, expected.train)


def test_what_is_remembered_is_told_of_again(corpus, tmp_path):
    with open(os.path.join(corpus, "ptb.valid.txt"), "a") as file:
        file.write("new a new\n")
    texts = [read_corpus(corpus, vocab_size) for vocab_size in (None, 4)]
    for number, text in enumerate(texts):
        out = str(tmp_path / str(number))
        training.train(make_lm_config(**dict(RUN, max_max_epoch=0)), text, out)
        lines, again = [], []
        read_corpus(corpus, [None, 4][number], log=lines.append)
        assert read_corpus(corpus, [None, 4][number], out, again.append).unsaved is None
        assert again == lines != []


@pytest.mark.parametrize("split", reader.SPLITS)
@pytest.mark.parametrize("old, new", [(" a b", " b a"), (" a b", " a b b"), (" a b", " new")])
def test_a_text_that_has_changed_is_read_anew(corpus, out, split, old, new):
    path = os.path.join(corpus, "ptb.%s.txt" % split)
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text.replace(old, new, 1))
    assert not is_remembered(corpus, out)
    with open(path, "w") as file:
        file.write(text)
    assert is_remembered(corpus, out)


def cut_off(data):
    return data[:-4]


def longer(data):
    return data + b"\0\0\0\0"


def without_ids(data):
    return data[: data.index(b"\n") + 1]


def with_another_id(data, place=-3):
    """Changes one id, by default of the training text; the length stays."""
    ids = np.frombuffer(data[data.index(b"\n") + 1 :], np.int32).copy()
    ids[place] = (ids[place] + 1) % 3
    return data[: data.index(b"\n") + 1] + ids.tobytes()


def with_another_id_of_the_valid_text(data):
    return with_another_id(data, place=2)


def with_another_line(data):
    return b"{}" + data[2:]


def of_text(data):
    return b"a b c d\n" * 100


@pytest.mark.parametrize(
    "damage",
    [
        cut_off,
        longer,
        without_ids,
        with_another_id,
        with_another_id_of_the_valid_text,
        with_another_line,
        of_text,
        lambda data: b"",
    ],
)
def test_a_damaged_file_is_not_taken_for_whole(corpus, out, damage):
    path = os.path.join(out, word_ids.NAME)
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(damage(data))
    assert not is_remembered(corpus, out)


def test_ids_of_another_vocabulary_are_not_used(corpus, out):
    edit_file(os.path.join(out, "vocabulary.txt"), "a\nb\n", "b\na\n")
    assert not is_remembered(corpus, out)
    os.remove(os.path.join(out, "vocabulary.txt"))
    assert not is_remembered(corpus, out)


@pytest.mark.parametrize("vocab_size", [5, 8, 9, 10])
def test_ids_of_another_vocab_size_are_not_used(corpus, out, vocab_size):
    assert not is_remembered(corpus, out, vocab_size=vocab_size)


def test_a_corpus_that_is_changed_in_memory_is_not_remembered_for_the_text(corpus, tmp_path):
    changed = read_corpus(corpus)
    changed = changed._replace(train=changed.train[:1000])
    out = str(tmp_path / "out")
    training.train(make_lm_config(**dict(RUN, max_max_epoch=0)), changed, out)
    is_remembered(corpus, out)


# --------------------------------------------------------------------------------------------------
# vocab_size
# --------------------------------------------------------------------------------------------------
def with_unk(texts, vocab_size):
    """Returns each text in one line, with `<unk>` for all but the most frequent words."""
    words = [text.lstrip("\ufeff").replace("\n", " <eos> ").split() for text in texts]
    counts = collections.Counter(word for word in words[0] if word != "<unk>")
    kept = sorted(counts, key=lambda word: (-counts[word], word))[: vocab_size - 1]
    # Each line begins with a space, since a text may begin with a byte-order mark that is a word.
    return [" ".join([""] + [w if w in kept else "<unk>" for w in text]) for text in words]


@given(LONG_TEXTS, ODD_TEXTS, ODD_TEXTS, st.integers(2, 6), st.integers(1, 20))
def test_a_limited_vocabulary_is_that_of_the_text_with_unk_in_it(
    cut, train, valid, test, vocab_size, size
):
    texts = [train, valid, test]
    written = with_unk(texts, vocab_size)
    assume("<unk>" in written[0].split())  # Otherwise the reference has no such word.
    cut(size)
    with tempfile.TemporaryDirectory() as folder:
        corpus = read_corpus(write_corpus(pathlib.Path(folder), *texts), vocab_size)
        assert (
            read_vocabulary(folder, len(corpus.words), word_ids.vocabulary_sha256(corpus.words))
            == corpus.words
        )
        write_corpus(pathlib.Path(folder), *written)
        *expected, _ = reader.ptb_raw_data(folder)
        assert corpus.words == reader.ptb_vocabulary(folder)
    assert [text.tolist() for text in corpus[:3]] == expected
    assert len(corpus.words) <= vocab_size


def test_ties_are_broken_as_in_the_references_order(tmp_path):
    folder = write_corpus(tmp_path, "d c b a b a \n", "a b c d \n", "a \n")
    corpus = read_corpus(folder, vocab_size=4)
    # a and b occur twice, <eos>, c and d once. Of the latter <eos> stays.
    assert corpus.words == ["<unk>", "a", "b", "<eos>"]
    assert corpus.valid.tolist() == [1, 2, 0, 0, 3]


def test_the_counts_of_unk_add_up(tmp_path):
    folder = write_corpus(tmp_path, "a a a <unk> b <unk> c \n")
    assert read_corpus(folder, vocab_size=3).words == ["<unk>", "a", "<eos>"]
    assert read_corpus(folder).words == ["a", "<unk>", "<eos>", "b", "c"]


def test_a_line_for_each_text_says_how_much_is_read_as_unk(tmp_path):
    folder = write_corpus(tmp_path, "a a a b b <unk> c d \n", "a new b \n", "a \n")
    lines = []
    read_corpus(folder, vocab_size=4, log=lines.append)
    assert lines == [
        os.path.join(folder, "ptb.train.txt: 2 of 9 words (22.22 %) are read as <unk>"),
        os.path.join(folder, "ptb.valid.txt: 1 of 4 words (25.00 %) are read as <unk>"),
        os.path.join(folder, "ptb.test.txt: 0 of 2 words (0.00 %) are read as <unk>"),
    ]


@pytest.mark.parametrize("vocab_size", [5, 6, 10000])
def test_a_vocab_size_beyond_the_words_keeps_them_all(tmp_path, vocab_size):
    folder = write_corpus(tmp_path, "a a a b b c \n", "a new b \n", "a \n")
    lines = []
    corpus = read_corpus(folder, vocab_size, log=lines.append)
    assert corpus.words == ["a", "b", "<eos>", "c", "<unk>"]
    assert corpus.valid.tolist() == [0, 4, 1, 2]
    assert lines[-1] == (
        "--vocab_size=%d keeps every word of the training text: the vocabulary has 5 words,"
        " <unk> included" % vocab_size
    )


@pytest.mark.parametrize("vocab_size, is_known", [(None, True), (10000, True), (100, False)])
def test_the_grammars_perplexity_is_of_the_whole_vocabulary(vocab_size, is_known):
    corpus = read_corpus(SAMPLE, vocab_size)
    assert (corpus.best is not None) == is_known


@pytest.mark.parametrize("vocab_size", [1, 0, -5])
def test_a_vocab_size_that_keeps_no_word(corpus, vocab_size):
    with pytest.raises(ConfigError, match="must be at least 2; given %d" % vocab_size) as error:
        read_corpus(corpus, vocab_size)
    assert error.value.flag == "vocab_size"


@pytest.mark.slow
def test_training_with_a_limited_vocabulary_and_its_use(corpus, tmp_path, call_main):
    out = str(tmp_path / "out")
    flags = ["--data_path=" + corpus, "--save_path=" + out] + run_flags(max_max_epoch=1)
    status, output, errors = call_main(train, "--vocab_size=7", *flags)
    assert (status, errors) == (0, "")
    lines = output.splitlines()
    # a, b, c, d and <eos> are in every line, z is next; x and y are not kept.
    assert lines[0].endswith(" are read as <unk>") and " 0 of " not in lines[0]
    (test_perplexity,) = perplexities(lines, "Test")
    with open(os.path.join(out, "vocabulary.txt")) as file:
        assert set(file.read().split()) == set("a b c d <eos> z <unk>".split())

    # Scoring the test text gives the same perplexity.
    path = os.path.join(corpus, "ptb.test.txt")
    status, output, _ = call_main(generate, "--save_path=" + out, "--score=" + path)
    assert status == 0
    assert float(output.split()[-2]) == pytest.approx(test_perplexity, abs=2e-3)

    # An unknown word is read as <unk>.
    prompt = ["--save_path=" + out, "--prompt=a b c d x", "--next=1"]
    status, expected, errors = call_main(generate, *prompt)
    assert (status, errors) == (0, "Not in the vocabulary, read as <unk>: x\n")

    # Without vocabulary.txt the words come from the corpus.
    os.remove(os.path.join(out, "vocabulary.txt"))
    status, output, _ = call_main(generate, "--data_path=" + corpus, *prompt)
    assert (status, output) == (0, expected)

    # The run resumes only with the same --vocab_size.
    status, output, errors = call_main(train, "--vocab_size=6", *flags)
    assert status == 2
    assert re.match("lm.train: --save_path=.* a vocabulary of 7, .* a vocabulary of 6, ", errors)
    status, output, errors = call_main(train, "--vocab_size=7", *flags)
    assert "Training was finished after epoch 1; evaluating." in output.splitlines()
    assert perplexities(output.splitlines(), "Test") == [test_perplexity]
