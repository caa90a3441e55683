"""Tests reader.py: text files become word ids, and word ids become batches."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from models import running_session, write_corpus

import reader


def batches(raw_data, batch_size, num_steps, count):
    """Returns the first `count` pairs of `ptb_producer`."""
    xy = reader.ptb_producer(raw_data, batch_size, num_steps)
    with running_session() as session:
        return [session.run(xy) for _ in range(count)]


def test_batches_are_the_ones_drawn_in_the_docstring():
    drawing = reader.__doc__
    rows = [
        [int(number) for number in row.split()] for row in re.findall(r"\[+([\d ]+)\]", drawing)
    ]
    drawn = np.array(rows).reshape([4, 2, 2, 3])  # [batch, row, x or y, num_steps]
    words = re.search(r"raw_data +([\d |]+)", drawing).group(1).replace("|", "").split()

    made = batches([int(word) for word in words], batch_size=2, num_steps=3, count=5)
    for batch, (x, y) in zip(drawn, made):
        np.testing.assert_array_equal(x, batch[:, 0])
        np.testing.assert_array_equal(y, batch[:, 1])
    np.testing.assert_array_equal(made[4], made[0])  # After the last batch, the first comes again.


def test_batches_are_int32_of_a_known_shape():
    x, y = reader.ptb_producer(list(range(100)), 4, 5)
    assert (x.dtype, y.dtype) == (tf.int32, tf.int32)
    assert x.shape.as_list() == y.shape.as_list() == [4, 5]


def test_the_smallest_text_that_fills_a_batch():
    ((x, y),) = batches(list(range(8)), batch_size=2, num_steps=3, count=1)
    np.testing.assert_array_equal(x, [[0, 1, 2], [4, 5, 6]])
    np.testing.assert_array_equal(y, [[1, 2, 3], [5, 6, 7]])


def test_one_word_less_is_refused():
    message = "7 known words are too few for batch_size 2 x num_steps 3; give at least 8"
    with pytest.raises(reader.CorpusError, match=message):
        reader.ptb_producer(list(range(7)), 2, 3)


def test_ids_are_by_frequency_then_by_word(tmp_path):
    folder = write_corpus(tmp_path, " b a c \n b a d \n b \n", " d a \n", " c \n")
    train, valid, test, vocabulary = reader.ptb_raw_data(folder)
    # <eos> and b three times, a twice, c and d once
    assert train == [1, 2, 3, 0, 1, 2, 4, 0, 1, 0]
    assert (valid, test, vocabulary) == ([4, 2, 0], [3, 0], 5)


def test_words_that_the_training_text_lacks_are_dropped_and_counted(tmp_path, capsys):
    folder = write_corpus(tmp_path, " a b \n", " a new b new \n", " b \n")
    train, valid, _, vocabulary = reader.ptb_raw_data(folder)
    assert (train, valid, vocabulary) == ([1, 2, 0], [1, 2, 0], 3)
    assert capsys.readouterr().out == (
        "%s: 2 of 5 words are not in the training text and are left out\n"
        % os.path.join(folder, "ptb.valid.txt")
    )


@pytest.mark.parametrize(
    "text",
    [
        "a b\nc\n",
        " a b \n c \n",
        "a b\r\nc\r\n",
        b"\xef\xbb\xbfa b\nc\n",
    ],
    ids=["no spaces around line ends", "PTB", "CRLF", "byte-order mark"],
)
def test_forms_of_the_same_text_give_the_same_ids(tmp_path, text):
    train, _, _, vocabulary = reader.ptb_raw_data(write_corpus(tmp_path, text))
    assert (train, vocabulary) == ([1, 2, 0, 3, 0], 4)


@pytest.mark.slow
@pytest.mark.skipif(
    any(ord(letter) > 127 for letter in sys.prefix + ROOT),
    reason="in that locale, TensorFlow cannot be loaded from a path that is not ASCII",
)
def test_text_is_utf_8_whatever_the_locale(tmp_path):
    folder = write_corpus(tmp_path, *["größe 大小 größe\n"] * 3)
    code = "import sys, reader; print(reader.ptb_raw_data(sys.argv[1])[0])"
    environment = dict(os.environ, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    output = subprocess.check_output(
        [sys.executable, "-c", code, folder], cwd=ROOT, env=environment
    )
    assert output.split() == b"[0, 2, 0, 1]".split()


def test_one_line_of_a_million_words_without_an_end(tmp_path):
    train, _, _, vocabulary = reader.ptb_raw_data(
        write_corpus(tmp_path, "a b " * 500000, "b a", "a")
    )
    assert train == [0, 1] * 500000
    assert vocabulary == 2


# Words of any script. None of them has a character at which str.split splits (white space, and some
# control characters).
WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=8), min_size=1, max_size=8)


@given(TEXTS)
def test_ids_stand_for_the_words_of_the_text_in_its_order(sentences):
    with tempfile.TemporaryDirectory() as folder:
        text = "".join(" ".join(words) + "\n" for words in sentences).lstrip("\ufeff")
        assume(any(word != "<eos>" for word in text.split()))
        train, valid, test, vocabulary = reader.ptb_raw_data(
            write_corpus(pathlib.Path(folder), text, text, text)
        )
        words = reader.ptb_vocabulary(folder)
    assert [words[i] for i in train] == text.replace("\n", " <eos> ").split()
    assert train == valid == test
    assert vocabulary == len(words) == len(set(words))


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(1, 5), st.integers(1, 6))
def test_an_epoch_shows_every_word_but_the_remainder_once_and_in_order(words, rows, steps):
    assume(words >= rows * (steps + 1))
    row_length = words // rows
    count = (row_length - 1) // steps
    with tf.Graph().as_default():
        made = batches(list(range(words)), rows, steps, count)
    x = np.concatenate([x for x, _ in made], axis=1)
    y = np.concatenate([y for _, y in made], axis=1)
    expected = [[b * row_length + t for t in range(count * steps)] for b in range(rows)]
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_array_equal(y, x + 1)
    # The words left over are too few for one more batch.
    assert words - x.size < rows * (steps + 1)


def test_a_missing_folder(tmp_path):
    message = "no such folder; give one that holds ptb.train"
    with pytest.raises(reader.CorpusError, match=message) as caught:
        reader.ptb_raw_data(str(tmp_path / "none"))
    assert caught.value.flag == "data_path"


@pytest.mark.parametrize("split", reader.SPLITS)
def test_a_missing_file(tmp_path, split):
    folder = write_corpus(tmp_path, "a b\n")
    os.remove(os.path.join(folder, "ptb.%s.txt" % split))
    with pytest.raises(reader.CorpusError, match="no ptb.%s.txt there" % split):
        reader.ptb_raw_data(folder)


def test_a_file_that_cannot_be_read(tmp_path):
    folder = write_corpus(tmp_path, "a b\n")
    os.remove(os.path.join(folder, "ptb.valid.txt"))
    os.mkdir(os.path.join(folder, "ptb.valid.txt"))
    with pytest.raises(reader.CorpusError, match=r"cannot read .*ptb\.valid\.txt \("):
        reader.ptb_raw_data(folder)


@pytest.mark.parametrize("text", ["", " \n\n \r\n"], ids=["empty", "blank"])
def test_a_file_without_words(tmp_path, text):
    with pytest.raises(reader.CorpusError, match=r"ptb\.test\.txt holds no words"):
        reader.ptb_raw_data(write_corpus(tmp_path, "a b\n", test=text))


def test_a_file_that_is_not_utf_8(tmp_path):
    folder = write_corpus(tmp_path, "a b\n", valid=b"\xef\xbb\xbfa b \xff c\n")
    with pytest.raises(reader.CorpusError, match=r"ptb\.valid\.txt is not UTF-8: byte 7 "):
        reader.ptb_raw_data(folder)
