"""Tests the reference on TensorFlow 1.15's own `tf.contrib`, without substitutions 1 and 2."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from on_tensorflow_1 import perplexities, undo_substitutions


@pytest.mark.slow
@pytest.mark.skipif(not tf.__version__.startswith("1."), reason="needs TensorFlow 1.x")
@pytest.mark.parametrize("name", ["run-two-layer.json", "run-clipped.json"])
def test_the_reference_gives_the_recorded_perplexities_on_tf_contrib(tmp_path, name):
    actual, recorded = perplexities(name, str(tmp_path))
    assert len(actual) > 5
    np.testing.assert_allclose(actual, recorded, rtol=1e-5)


def test_two_substitutions_are_undone_and_nothing_else():
    text = (
        "import tensorflow.compat.v1 as tf\n\nimport contrib\nimport reader\n\n"
        "tf.disable_v2_behavior()\ncell = contrib.rnn.GRUCell(1)  # tf.contrib.rnn\n"
    )
    assert undo_substitutions(text) == (
        "import tensorflow as tf\n\nimport reader\n\ncell = tf.contrib.rnn.GRUCell(1)"
        "  # tf.contrib.rnn\n"
    )
