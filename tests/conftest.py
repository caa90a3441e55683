"""Makes the flags of the reference readable; nothing of TensorFlow's is printed."""

import console

console.hush_tensorflow()

import hypothesis
import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from absl.testing import flagsaver
from models import RUN, TEXT, make_config, make_lm_config, write_corpus

import configs
import ptb_word_lm
from lm import training
from lm.corpus import read_corpus

# The fixture below is for the test, not for its examples; the examples are the same every time.
hypothesis.settings.register_profile(
    "project",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("project")

flags.FLAGS(["ptb_word_lm.py"])


@pytest.fixture(autouse=True)
def fresh():
    """Every test has a graph of its own and the flags' defaults."""
    with tf.Graph().as_default(), flagsaver.flagsaver():
        yield


@pytest.fixture
def corpus(tmp_path):
    """The folder of a corpus with something to learn."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    return write_corpus(folder, TEXT, TEXT[:600], TEXT[:300])


@pytest.fixture
def run_main(monkeypatch, capsys, corpus):
    """Calls the reference's main on the corpus, with `RUN`; returns the lines it printed."""

    def run(config_values=None, **flag_values):
        values = dict(RUN, **config_values or {})
        monkeypatch.setitem(configs.CONFIGS, "test", lambda: make_config(**values))
        flag_values = dict(dict(model="test", data_path=corpus), **flag_values)
        for name, value in flag_values.items():
            flags.FLAGS[name].value = value
        ptb_word_lm.main(["ptb_word_lm.py"])
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def run_train(corpus):
    """Calls `lm.training.train` on the corpus, with `RUN`; returns the lines it would print."""

    def run(config_values=None, data_path=corpus, **arguments):
        config = make_lm_config(**dict(RUN, **config_values or {}))
        lines = []
        training.train(config, read_corpus(data_path), log=lines.append, **arguments)
        return lines

    return run
