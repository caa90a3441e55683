"""Tests runs whose disk fails, at every operation on a file during one epoch and its saving.

`faults.py` trains a model for seven epochs. `faults.c` makes operations fail in the sixth.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from commands import ROOT, outside_environment, run_command

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="needs LD_PRELOAD and /proc"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler named cc"),
]
KINDS = ["once", "short", "full", "gone", "killed", "power cut"]
TIDY = ["once", "short", "full"]  # After these faults, files can still be removed.


@pytest.fixture(scope="module")
def tried(tmp_path_factory):
    """Returns what `faults.py` prints; `folder` is the folder of the run."""
    work = tmp_path_factory.mktemp("faults")
    library = str(work / "faults.so")
    source = os.path.join(ROOT, "tests", "faults.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    environment = outside_environment(PYTHONPATH=ROOT, LD_PRELOAD=library)
    script = os.path.join("tests", "faults.py")
    status, out, err = run_command(script, library, str(work), env=environment)
    assert status == 0, err
    return dict(json.loads(out), folder=str(work / "run"))


def of_kind(tried, kind):
    """Yields the faults of a kind. The last line that it prints shows which one fails a test."""
    for point in tried["points"]:
        if point["kind"] == kind:
            print(kind, point["n"], point["operation"])
            yield point


def partial(files):
    """Returns the files that were not yet renamed, and those of half a checkpoint."""
    unnamed = [name for name in files if re.search(r"tempstate|\.tmp|unfinished", name)]
    stems = [name.rsplit(".", 1)[0] for name in files if name.startswith("model.ckpt-")]
    return unnamed + [stem for stem in stems if stems.count(stem) != 2]


def test_every_operation_of_a_save_was_made_to_fail(tried):
    for kind in ("once", "gone", "killed", "power cut"):
        tested = [point["operation"] for point in of_kind(tried, kind)]
        for operation in ("open", "fwrite", "fclose", "rename"):
            for name in (r"model\.ckpt-18\.data\S+", r"model\.ckpt-18\.index", r"checkpoint\."):
                assert [x for x in tested if re.match("%s /%s" % (operation, name), x)]
        # Saving removes the checkpoint before the last five.
        assert [x for x in tested if x.startswith("unlink /model.ckpt-3.")]
        saving = [x for x in tried["operations"] if "tfevents" not in x]
        assert [x for x in tested if "tfevents" not in x] == saving
    print(len(tried["points"]), "faults")
    assert len(tried["points"]) > 150


@pytest.mark.parametrize("kind", KINDS)
def test_an_epoch_that_was_saved_is_there_and_so_are_those_before(tried, kind):
    for point in of_kind(tried, kind):
        readable = point["readable"]
        if point.get("saved"):
            assert readable[-5:] == [2, 3, 4, 5, 6]
        elif kind in TIDY:  # The fault may come after the oldest of five is removed.
            assert readable[-4:] == [2, 3, 4, 5]
        else:  # A run that ended or failed in between may have left a whole sixth epoch.
            assert readable[-4:] in ([2, 3, 4, 5], [3, 4, 5, 6])


@pytest.mark.parametrize("kind", KINDS)
def test_the_run_goes_on_to_the_figures_of_one_without_faults(tried, kind):
    undisturbed = tried["undisturbed"]
    for point in of_kind(tried, kind):
        later = point["later"]
        assert "message" not in later
        assert later["epochs"] == undisturbed["epochs"][point["readable"][-1] :]
        assert later["test"] == undisturbed["test"]
        assert later["readable"][-5:] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "kind, reason",
    [
        ("once", "Input/output error"),
        ("gone", "Input/output error"),
        ("full", "No space left on device"),
    ],
)
def test_a_fault_ends_the_run_with_a_line_or_changes_nothing(tried, kind, reason):
    saving = "cannot save epoch 6 (%s); epoch 5 is saved in %s" % (reason, tried["folder"])
    starting = "cannot write there (%s); " % reason
    lines = set()
    for point in of_kind(tried, kind):
        if "message" in point:
            assert "saved" not in point
            lines.add(point["message"].startswith(starting) or point["message"])
        else:
            assert point["saved"]
            assert point["epochs"] == tried["undisturbed"]["epochs"][5:6]
    assert lines == {True, saving}


def test_short_writes_change_nothing(tried):
    for point in of_kind(tried, "short"):
        assert point.get("saved")
        assert point["epochs"] == tried["undisturbed"]["epochs"][5:6]


@pytest.mark.parametrize("kind", ["once", "full"])
def test_a_save_that_failed_leaves_no_file(tried, kind):
    for point in of_kind(tried, kind):
        if point.get("message", "").startswith("cannot save"):
            assert not partial(point["files"])
            assert not [name for name in point["files"] if name.startswith("model.ckpt-18.")]


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_run_removes_what_a_fault_has_left(tried, kind):
    for point in of_kind(tried, kind):
        assert not partial(point["later"]["files"])
