"""Tests the study scripts: the claims that they make, and the output that they promise."""

import importlib
import sys

import numpy as np
import pytest
from commands import run_command
from documents import expected_output, skeleton

from study import gradient_clipping

STUDIES = (
    "embedding_lookup encoder_decoder from_unigrams gates gradient_clipping"
    " long_term_dependency one_batch"
).split()


@pytest.mark.parametrize("name", ["embedding_lookup", "gradient_clipping", "one_batch"])
def test_the_output_is_the_expected_one(name, call_main):
    study = importlib.import_module("study." + name)
    assert call_main(study) == (0, expected_output(name), "")


@pytest.mark.parametrize("name", STUDIES + ["plot_run"])
def test_help_shows_what_the_study_explains(name, monkeypatch, capsys):
    study = importlib.import_module("study." + name)
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as end:
        study.main()
    assert end.value.code in (0, None)
    assert study.__doc__.strip() in capsys.readouterr().out


@pytest.mark.docs
@pytest.mark.parametrize("name", STUDIES)
def test_the_docstring_names_its_command_and_the_expected_output(name):
    explanation = importlib.import_module("study." + name).__doc__
    assert "\n    python -m study.%s" % name in explanation
    assert "study/expected/%s.txt" % name in explanation


@pytest.mark.slow
def test_a_study_is_a_command_that_starts_quietly():
    name = "embedding_lookup"
    assert run_command("-m", "study." + name) == (0, expected_output(name), "")


@pytest.mark.slow
def test_the_studies_are_imported_without_matplotlib():
    names = ", ".join(STUDIES + ["plot_run", "published_numbers", "break_it"])
    code = "import sys; sys.modules['matplotlib'] = None; from study import %s" % names
    status, _, err = run_command("-c", code)
    assert status == 0, err


def test_a_skeleton_leaves_out_what_models_say():
    output = """rnn, perplexity by epoch: 3.10 2.05
  right, 9 words between: she grew up in spain speaks fluent -> spanish

The language: right, in %:
between  number            rnn
0-3         117             45
none                        97
Unit 118, word by word (french):
                f       i
<eos>        0.36   -0.56

Conclusion: of -3 units, 98 % hold
  rnn forgets (38 points less)"""
    assert skeleton(output) == [
        "rnn, perplexity by epoch: #",
        "The language: right, in %:",
        "between  number            rnn",
        "Unit #, word by word (#):",
        "                f       i",
        "Conclusion: of # units, # % hold",
    ]


# --------------------------------------------------------------------------------------------------
# gradient_clipping.py
# --------------------------------------------------------------------------------------------------
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
