"""docs/departures.md lists every `# Departure:` of the core, each with a test that shows it.

A row of the tables begins with words of its comment, which no other comment of the file has. A test
is a link: the words of its name, and the file it is in.
"""

import ast
import functools
import glob
import os
import re
import sys
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from commands import ROOT
from models import build, make_config, running_session

import ptb_word_lm
import reader

CORE = ["ptb_word_lm.py", "reader.py", "configs.py"]
CORE += sorted("contrib/" + os.path.basename(p) for p in glob.glob(ROOT + "/contrib/*.py"))


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


def test_the_substitutions_are_those_of_the_script():
    listed = re.findall(r"^    (\d)\. ", ptb_word_lm.__doc__, flags=re.MULTILINE)
    table = rows(sections(read("docs", "departures.md"))["The seven substitutions"])
    assert [row[0] for row in table] == listed == list("1234567")


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


def test_the_flag_cell_chooses_the_cell(run_main, tmp_path):
    run_main(dict(max_max_epoch=1, num_layers=1), cell="gru", save_path=str(tmp_path))
    names = tf.train.load_checkpoint(str(tmp_path)).get_variable_to_shape_map()
    assert "Model/RNN/multi_rnn_cell/cell_0/gru_cell/gates/kernel" in names


def test_the_flag_learning_rate_takes_the_place_of_the_configurations(run_main):
    lines = run_main(dict(num_layers=1, hidden_size=2), learning_rate=0.25)
    rates = [line.split(" rate: ")[1] for line in lines if "Learning rate" in line]
    assert rates == ["0.250", "0.250", "0.125"]


def test_the_state_of_a_cell_without_c_is_carried():
    words = np.random.RandomState(7).randint(0, 50, 200).tolist()
    model = build(make_config(cell="gru", init_scale=1.0), words, is_training=False)
    with running_session() as session:
        perplexity = ptb_word_lm.run_epoch(session, model)

        cost, state = 0.0, session.run(model.initial_state)
        for _ in range(model.input.epoch_size):  # 9, so that the epoch begins again
            fed = dict(zip(model.initial_state, state))
            batch_cost, state = session.run([model.cost, model.final_state], fed)
            cost += batch_cost
        carried = np.exp(cost / (5 * model.input.epoch_size))

        zero = sum(session.run(model.cost) for _ in range(model.input.epoch_size))
        not_carried = np.exp(zero / (5 * model.input.epoch_size))
    assert perplexity == pytest.approx(carried, rel=1e-6)
    assert perplexity != pytest.approx(not_carried, rel=1e-3)


class LineByLine(object):
    """A standard output that fails when a line is still in its buffer as the next one comes."""

    def __init__(self):
        self.lines, self.buffer = 0, ""

    def write(self, text):
        assert "\n" not in self.buffer, "not flushed: " + self.buffer
        self.buffer += text

    def flush(self):
        self.lines += self.buffer.count("\n")
        self.buffer = ""


def test_each_line_is_flushed(run_main, monkeypatch):
    output = LineByLine()
    monkeypatch.setattr(sys, "stdout", output)
    run_main(dict(num_layers=1, hidden_size=2))
    assert output.buffer == ""
    assert output.lines > 3 * (1 + 10 + 2)


def test_a_cost_that_is_not_a_number_ends_the_epoch():
    def endless(fetches, feed_dict=None):
        return {"cost": float("nan"), "final_state": ()} if isinstance(fetches, dict) else ()

    input_ = types.SimpleNamespace(batch_size=4, num_steps=5, epoch_size=10)
    model = types.SimpleNamespace(input=input_, cost=0, initial_state=(), final_state=())
    with pytest.raises(ptb_word_lm.DivergedError, match="nan at step 0 of the evaluation"):
        ptb_word_lm.run_epoch(types.SimpleNamespace(run=endless), model)
