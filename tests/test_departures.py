"""docs/departures.md lists every `# Departure:` of the core, each with a test that shows it.

A row of the tables begins with words of its comment, which no other comment of the file has. A test
is a link: the words of its name, and the file it is in.
"""

import os
import re

import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from commands import ROOT
from documents import departures, find_test, named_tests, read, rows, sections

import ptb_word_lm
import reader

CORE = ["ptb_word_lm.py", "reader.py", "configs.py"]
for folder in ("contrib", os.path.join("contrib", "rnn")):
    names = sorted(os.listdir(os.path.join(ROOT, folder)))
    CORE += [os.path.join(folder, name) for name in names if name.endswith(".py")]


@pytest.mark.docs
@pytest.mark.parametrize("path", CORE)
def test_every_departure_has_a_row_and_every_row_a_departure(path):
    comments = departures(read(path))
    table = rows(sections(read("docs", "departures.md")).get(path, ""))
    keys = [row[0].strip("`") for row in table]
    for comment in comments:
        found = [key for key in keys if key in comment]
        assert len(found) == 1, "%s: rows %s for the comment: %s" % (path, found, comment)
    for key in keys:
        found = [comment for comment in comments if key in comment]
        assert len(found) == 1, "%s: comments %s for the row: %s" % (path, found, key)


@pytest.mark.docs
def test_the_substitutions_are_those_of_the_script():
    listed = re.findall(r"^    (\d)\. ", ptb_word_lm.__doc__, flags=re.MULTILINE)
    table = rows(sections(read("docs", "departures.md"))["The seven substitutions"])
    assert [row[0] for row in table] == listed == list("1234567")


@pytest.mark.docs
def test_every_row_names_tests_that_exist():
    text = read("docs", "departures.md")
    assert len(rows(text)) > 7
    with_rows = {title for title, part in sections(text).items() if rows(part)}
    assert with_rows <= {"The seven substitutions"} | set(CORE)
    for row in rows(text):
        assert named_tests(row[-1]), row
    for path, name in named_tests(text):
        assert find_test(path, name), "%s has no %s" % (path, name)


# --------------------------------------------------------------------------------------------------
# What no other test shows
# --------------------------------------------------------------------------------------------------
def test_version_2_behaviour_is_off():
    with tf.init_scope():  # outside of every graph, where TensorFlow 2 computes at once
        assert not tf.executing_eagerly()
    assert not tf.resource_variables_enabled()


def test_without_data_path_the_corpus_that_ships_is_read():
    folder = flags.FLAGS["data_path"].default
    assert os.path.relpath(folder, ROOT) == os.path.join("data", "sample")
    *texts, vocabulary = reader.ptb_raw_data(folder)
    assert all(0 <= word < vocabulary for text in texts for word in text)
