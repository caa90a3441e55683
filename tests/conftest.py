"""Makes the project importable and its flags readable; nothing of TensorFlow's is printed."""

import os

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import console

console.hush_tensorflow()

import hypothesis
import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from absl.testing import flagsaver
from models import TEXT, make_config, write_corpus

import ptb_word_lm

# The fixture below is for the test, not for its examples; the examples are the same every time.
hypothesis.settings.register_profile(
    "project",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("project")


@pytest.fixture(autouse=True)
def fresh():
    """Every test has a graph of its own and the flags' defaults."""
    flags.FLAGS(["ptb_word_lm.py"])
    with tf.Graph().as_default(), flagsaver.flagsaver():
        yield


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    return write_corpus(folder, TEXT, TEXT[:600], TEXT[:300])


@pytest.fixture
def run_main(monkeypatch, capsys, corpus):
    """Calls main on the corpus with a small configuration; returns the lines it printed."""

    def run(config_values=None, **flag_values):
        values = dict(
            max_epoch=2, max_max_epoch=3, init_scale=0.3, hidden_size=16, vocab_size=10000
        )
        values.update(config_values or {})
        monkeypatch.setattr(ptb_word_lm, "get_config", lambda name: make_config(**values))
        flags.FLAGS.data_path = corpus
        for name, value in flag_values.items():
            flags.FLAGS[name].value = value
        ptb_word_lm.main(["ptb_word_lm.py"])
        return capsys.readouterr().out.splitlines()

    return run
