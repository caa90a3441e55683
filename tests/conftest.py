"""Gives the tests readable flags of the reference, a quiet TensorFlow, and common fixtures."""

import sys

import console

console.hush_tensorflow()

import browser
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

# The fixture below runs once for a test, not for each of its examples. The examples are the same
# every time.
hypothesis.settings.register_profile(
    "project",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("project")

flags.FLAGS(["ptb_word_lm.py"])

# The files that take longest. Several processes share the files, and none should begin one of these
# when the others have nothing left to do.
LONGEST = ("test_run_folder", "test_workers", "test_page", "test_encoder_decoder", "test_training")


def pytest_collection_modifyitems(items):
    """Puts the longest files first. xdist keeps this order with --no-loadscope-reorder."""
    items.sort(key=lambda item: item.fspath.purebasename not in LONGEST)


@pytest.fixture(autouse=True)
def fresh():
    """Gives every test a graph of its own and the default flags."""
    with tf.Graph().as_default(), flagsaver.flagsaver():
        yield


@pytest.fixture
def corpus(tmp_path):
    """Returns the folder of a corpus that a model can learn."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    return write_corpus(folder, TEXT, TEXT[:600], TEXT[:120])


@pytest.fixture
def run_main(monkeypatch, capsys, corpus):
    """Calls the reference's main on the corpus, with `RUN`; returns the lines that it prints."""

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
def call_main(monkeypatch, capsys):
    """Calls a command of `lm/` in this process: `call_main(train, "--seed=1")`.

    Returns exit status, standard output and standard error.
    """

    def run(module, *arguments):
        monkeypatch.setattr(sys, "argv", [module.__name__] + list(arguments))
        status = 0
        try:
            module.main()
        except SystemExit as stop:
            status = stop.code
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


@pytest.fixture
def call_refused(call_main):
    """Returns the one line that refuses a command, without the command's name."""

    def run(module, *arguments):
        status, out, err = call_main(module, *arguments)
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert err.startswith(module.__name__ + ": ")
        return err[len(module.__name__ + ": ") : -1]

    return run


@pytest.fixture
def run_train(corpus):
    """Calls `lm.training.train` on the corpus, with `RUN`; returns the lines that it logs."""

    def run(config_values=None, data_path=corpus, **arguments):
        config = make_lm_config(**dict(RUN, **config_values or {}))
        lines = []
        training.train(config, read_corpus(data_path), log=lines.append, **arguments)
        return lines

    return run


@pytest.fixture(scope="module")
def chromium():
    """Gives a `browser.Browser`, or skips the test where none can run."""
    started = browser.start()
    yield started
    started.close()
