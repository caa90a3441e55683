"""The study scripts: each claim that they make, and the output that they promise."""

import sys

import numpy as np
import pytest
from models import run_script

from study import embedding_lookup, gradient_clipping


def promised(script):
    """The output in a script's docstring."""
    return "\n".join(
        line[4:] for line in script.__doc__.split("Expected output:\n\n")[1].split("\n")
    )


@pytest.mark.parametrize("script", [embedding_lookup, gradient_clipping])
def test_the_output_is_the_promised_one(script):
    status, out, err = run_script(script.__file__)
    assert (status, err) == (0, "")
    assert out.rstrip() == promised(script).rstrip()


def test_the_formula_clips_as_tensorflow_does(capsys):
    assert gradient_clipping.compare() < 1e-15


def test_the_unclipped_training_diverges_and_the_clipped_one_does_not():
    without = gradient_clipping.train(None)
    assert len(without) == 2
    assert not np.isfinite(without[-1][2])
    history = gradient_clipping.train(gradient_clipping.MAX_GRAD_NORM)
    assert len(history) == gradient_clipping.UPDATES + 1
    assert history[-1][2] < 1e-6 < history[0][2]


def test_the_gradient_is_the_one_of_the_closed_form():
    w, norm, loss = gradient_clipping.train(1.0)[0]
    power = gradient_clipping.STEPS
    assert loss == pytest.approx((w**power - 1) ** 2, rel=1e-4)
    assert norm == pytest.approx(2 * (w**power - 1) * power * w ** (power - 1), rel=1e-4)


def test_the_two_trainings_as_a_picture(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "clipping.png"
    monkeypatch.setattr(sys, "argv", ["gradient_clipping.py", "--plot=%s" % path])
    gradient_clipping.main()
    assert path.read_bytes().startswith(b"\x89PNG")
