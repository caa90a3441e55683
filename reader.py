"""Turns text files into word ids, and word ids into `[batch_size, num_steps]` batches.

The module follows the reader of the TensorFlow Authors' PTB example (see NOTICE).

This is how 26 word ids become batches, with batch_size 2 and num_steps 3. The corpus is cut into
batch_size pieces of equal length; the words left over are dropped. Row b of every batch walks
through piece b, num_steps words at a time. y holds the word after each word of x:

    raw_data   0 1 2 3 4 5 6 7 8 9 10 11 12 | 13 14 15 16 17 18 19 20 21 22 23 24 25

    batch 0    x [[ 0  1  2]     y [[ 1  2  3]
                  [13 14 15]]       [14 15 16]]

    batch 1    x [[ 3  4  5]     y [[ 4  5  6]
                  [16 17 18]]       [17 18 19]]

    batch 2    x [[ 6  7  8]     y [[ 7  8  9]
                  [19 20 21]]       [20 21 22]]

    batch 3    x [[ 9 10 11]     y [[10 11 12]
                  [22 23 24]]       [23 24 25]]

Then batch 0 comes again. A row continues where it stopped in the batch before. That is why the
final state of one batch is the right initial state of the next.
"""

import collections
import os

import numpy as np
import tensorflow.compat.v1 as tf

SPLITS = ("train", "valid", "test")
FILES = "ptb.train.txt, ptb.valid.txt and ptb.test.txt"


class CorpusError(ValueError):
    """Raised if a corpus cannot be used. `flag` names the flag to blame.

    The message says what is wrong and what to give instead.
    """

    flag = "data_path"


def _read_words(path):
    """Returns the words of a text file, with `<eos>` for the end of each line."""
    # Departure: plain files in place of tf.gfile, which also reads remote files. One line says what
    # is wrong with a file, in place of a traceback. A byte-order mark is left out: the original
    # would make it part of the first word.
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError as error:
        raise CorpusError(
            "cannot read %s (%s); give a folder that holds %s" % (path, error.strerror, FILES)
        )
    try:
        text = text.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise CorpusError(
            "%s is not UTF-8: byte %d cannot be decoded; save the file as UTF-8"
            % (path, error.start)
        )
    # Departure: spaces around "<eos>". The original has none. The lines of the Penn Treebank begin
    # and end with a space, but in other texts the original glues "<eos>" to the words beside it.
    words = text.replace("\n", " <eos> ").split()
    if all(word == "<eos>" for word in words):
        raise CorpusError("%s holds no words; give it text, one sentence a line" % path)
    return words


def _build_vocab(words):
    """Returns `{word: id}`, by descending frequency. Words of equal frequency are sorted."""
    counter = collections.Counter(words)
    by_frequency = sorted(counter, key=lambda word: (-counter[word], word))
    return {word: number for number, word in enumerate(by_frequency)}


def ptb_raw_data(data_path):
    """Reads a corpus and numbers its words.

    Args:
        data_path: a folder with `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`: UTF-8 text,
            one sentence a line, words separated by spaces.

    Returns:
        `(train_data, valid_data, test_data, vocabulary)`: three lists of word ids, and the number
        of different words in the training text, 10,000 for the Penn Treebank. Words of the other
        two texts are dropped if the training text lacks them.

    Raises:
        CorpusError: a ValueError, if the folder or a file is missing, unreadable, empty, or not
            UTF-8.
    """
    if not os.path.isdir(data_path):
        what = "not a folder" if os.path.exists(data_path) else "no such folder"
        what += "; give one that holds %s; python -m data.fetch_ptb --to=PTB makes one"
        raise CorpusError(what % FILES)
    paths = [os.path.join(data_path, "ptb.%s.txt" % split) for split in SPLITS]
    for path in paths:
        if not os.path.exists(path):
            raise CorpusError(
                "no %s there; give a folder that holds %s" % (os.path.basename(path), FILES)
            )
    words = [_read_words(path) for path in paths]
    word_to_id = _build_vocab(words[0])
    train_data, valid_data, test_data = (
        [word_to_id[word] for word in text if word in word_to_id] for text in words
    )
    # Departure: unknown words are counted. The original drops them silently.
    for path, text, data in zip(paths, words, (train_data, valid_data, test_data)):
        if len(data) < len(text):
            print(
                "%s: %d of %d words are not in the training text and are left out"
                % (path, len(text) - len(data), len(text))
            )
    return train_data, valid_data, test_data, len(word_to_id)


def ptb_vocabulary(data_path):
    """Returns the different words of the training text, as a list in the order of their ids."""
    return list(_build_vocab(_read_words(os.path.join(data_path, "ptb.train.txt"))))


def ptb_producer(raw_data, batch_size, num_steps, name=None):
    """Makes two tensors that give the next batch each time `session.run` evaluates them.

    The batches come out of a queue. `tf.train.Supervisor` or `tf.train.start_queue_runners` must
    start the queue first; otherwise `session.run` waits forever. Evaluate `x` and `y` in one
    `session.run`, so that both come from the same batch. The docstring of the module draws the
    batches.

    Args:
        raw_data: word ids, a list of ints, for example from `ptb_raw_data`.
        batch_size: the number of rows of a batch.
        num_steps: the number of words of a row.
        name: the name scope of the ops.

    Returns:
        `(x, y)`, int32 `[batch_size, num_steps]`; y holds the word after each word of x.

    Raises:
        CorpusError: a ValueError, if there are too few words for one batch.
    """
    # Departure: lengths are checked, and the words are cut into rows, while the graph is built. In
    # the original, ops do both: a text that is too short fails in a thread of the running queue.
    words_needed = batch_size * (num_steps + 1)
    if len(raw_data) < words_needed:
        raise CorpusError(
            "%s: %d known words are too few for batch_size %d x num_steps %d; give at least %d, or"
            " choose a smaller model"
            % (name or "ptb_producer", len(raw_data), batch_size, num_steps, words_needed)
        )
    batch_len = len(raw_data) // batch_size
    epoch_size = (batch_len - 1) // num_steps
    with tf.name_scope(name, "PTBProducer"):
        data = np.asarray(raw_data[: batch_size * batch_len], np.int32)
        data = tf.constant(data.reshape([batch_size, batch_len]), name="raw_data")

        i = tf.train.range_input_producer(epoch_size, shuffle=False).dequeue()
        x = tf.strided_slice(data, [0, i * num_steps], [batch_size, (i + 1) * num_steps])
        x.set_shape([batch_size, num_steps])
        y = tf.strided_slice(data, [0, i * num_steps + 1], [batch_size, (i + 1) * num_steps + 1])
        y.set_shape([batch_size, num_steps])
        return x, y
