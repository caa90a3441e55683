"""Makes the project importable and its flags readable; nothing of TensorFlow's is printed."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
sys.path.insert(0, os.path.join(ROOT, "data"))

import console

console.hush_tensorflow()

import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from absl.testing import flagsaver

import ptb_word_lm  # noqa: F401 (defines the flags)


@pytest.fixture(autouse=True)
def fresh():
    """Every test has a graph of its own and the flags' defaults."""
    flags.FLAGS(["ptb_word_lm.py"])
    with tf.Graph().as_default(), flagsaver.flagsaver():
        yield
