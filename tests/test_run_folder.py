"""Tests the folder of a run: trainings are saved, stopped, killed, damaged and resumed."""

import contextlib
import errno
import fnmatch
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT, default_signals, limited, outside_environment, run_command
from models import (
    RUN,
    TEXT,
    assert_same_run,
    copy_recorded_checkpoint,
    load_golden,
    make_lm_config,
    recorded_corpus,
    run_flags,
    running_session,
    train_run,
    write_corpus,
)

import reader
from lm import checkpoints, claim, run_folder, training, word_ids
from lm.checkpoints import SavePathError
from lm.corpus import Corpus, read_corpus
from lm.run_folder import RunFolder
from lm.summaries import Summaries
from lm.training import DivergedError
from study import plot_run
from study.plot_run import by_epoch, read_run

# Not every system has signals, limits and /proc.
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
MODES = ["basic", "block"]

EPOCH = (1200 // 4 - 1) // 5  # steps of an epoch on the fixture's text


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "out")


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained_once")
    corpus = write_corpus(folder, TEXT, TEXT[:600], TEXT[:120])
    return str(folder / "out"), train_run(corpus, str(folder / "out"), seed=1)


@pytest.fixture
def finished(trained_once, out):
    """Returns the `Result` of a run with seed 1, whose folder is `out`."""
    folder, result = trained_once
    shutil.copytree(folder, out)
    return result


def saved_steps(folder):
    names = glob.glob(os.path.join(folder, "model.ckpt-*.index"))
    return sorted(int(name.split("-")[-1].split(".")[0]) for name in names)


def weights(folder):
    checkpoint = tf.train.load_checkpoint(folder)
    return {v: checkpoint.get_tensor(v) for v in checkpoint.get_variable_to_shape_map()}


def saved_config(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        return json.load(file)


def read_bytes(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


@pytest.mark.slow
# --------------------------------------------------------------------------------------------------
# Saving and resuming
# --------------------------------------------------------------------------------------------------
def test_saving_changes_no_number(corpus, out):
    assert_same_run(train_run(corpus, out, seed=5), train_run(corpus, seed=5))


def test_a_run_leaves_five_checkpoints_the_vocabulary_and_the_configuration(corpus, out):
    train_run(corpus, out, max_max_epoch=7)
    assert saved_steps(out) == [EPOCH * epoch for epoch in (3, 4, 5, 6, 7)]
    with open(os.path.join(out, "vocabulary.txt"), encoding="utf-8") as file:
        assert file.read().split("\n") == "<eos> a b c d z x y ".split(" ")
    config = saved_config(out)
    assert (config["model"], config["hidden_size"], config["vocab_size"]) == ("test", 16, 8)
    assert config["max_max_epoch"] == 7
    # The folder holds what the docstring of lm/run_folder.py lists, and nothing else.
    listed = re.findall(r"^    (\S+)  ", run_folder.__doc__, flags=re.MULTILINE)
    patterns = [name.replace("STEP", "*") for name in listed]
    assert len(patterns) == 7
    patterns.remove("lock")  # The run removes it at the end.
    for name in os.listdir(out):
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name
    for pattern in patterns:
        assert fnmatch.filter(os.listdir(out), pattern), pattern


def test_without_a_folder_nothing_is_written(corpus, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(str(here))
    train_run(corpus, max_max_epoch=1)
    assert os.listdir(str(here)) == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_a_longer_run_goes_on_as_if_it_had_never_ended(corpus, out, mode):
    whole = train_run(corpus, seed=1, rnn_mode=mode)
    train_run(corpus, out, seed=1, max_max_epoch=2, rnn_mode=mode)
    lines = []
    rest = train_run(corpus, out, seed=1, rnn_mode=mode, log=lines.append)
    assert lines[:2] == ["Resuming after epoch 2 of 3.", "Epoch: 3 Learning rate: 0.500"]
    assert_same_run(rest, whole._replace(epochs=whole.epochs[2:]))


@pytest.mark.slow
@pytest.mark.parametrize("first, second", [("basic", "block"), ("block", "basic")])
def test_a_run_goes_on_in_the_other_mode(corpus, out, first, second):
    whole = train_run(corpus, seed=1, rnn_mode=first)
    train_run(corpus, out, seed=1, max_max_epoch=2, rnn_mode=first)
    lines = []
    rest = train_run(corpus, out, seed=1, rnn_mode=second, log=lines.append)
    assert lines[0] == "Resuming after epoch 2 of 3."
    assert_same_run(rest, whole._replace(epochs=whole.epochs[2:]), rtol=1e-3)


def test_a_finished_run_evaluates_and_says_so(corpus, out, finished):
    lines = []
    again = train_run(corpus, out, seed=1, log=lines.append)
    assert lines[0] == "Training was finished after epoch 3; evaluating."
    assert not [line for line in lines if line.startswith("Epoch")]
    assert again.epochs == []
    assert again.test_perplexity == pytest.approx(finished.test_perplexity, rel=1e-6)


def test_a_run_of_fewer_epochs_than_are_saved_tells_of_those_that_are(corpus, out, finished):
    lines = []
    again = train_run(corpus, out, seed=1, log=lines.append, max_max_epoch=2)
    assert lines[0] == "Training was finished after epoch 3; evaluating."
    assert again.test_perplexity == pytest.approx(finished.test_perplexity, rel=1e-6)
    tests = plot_run.read_run(out)["Test Perplexity"]
    assert [step for step, _ in tests] == [3 * EPOCH]


def test_a_checkpoint_before_any_training_is_a_new_run(out):
    copy_recorded_checkpoint("run-two-layer-init.ckpt", out)
    config, corpus, _ = recorded_run("block")
    lines = []
    training.train(config, corpus, out, log=lines.append)
    assert lines[0].startswith("Epoch: 1 Learning rate")


@pytest.mark.slow
def test_five_checkpoints_stay_across_runs(corpus, out):
    for epochs in (4, 7):
        train_run(corpus, out, max_max_epoch=epochs)
    assert saved_steps(out) == [EPOCH * epoch for epoch in (3, 4, 5, 6, 7)]


def test_a_run_with_dropout_says_that_it_draws_other_masks(run_train, out):
    run_train(dict(keep_prob=0.5, max_max_epoch=1), seed=1, folder=out)
    lines = run_train(dict(keep_prob=0.5, max_max_epoch=2), seed=1, folder=out)
    message = "Resuming after epoch 1 of 2, with other dropout masks than without the stop."
    assert lines[0] == message


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("keep_prob, same", [(0.5, False), (1.0, True)])
def test_dropout_after_a_resume_does_not_repeat_the_first_epochs_masks(
    corpus, out, keep_prob, same, mode
):
    # The weights do not move, so that epochs can differ in their masks only.
    values = dict(keep_prob=keep_prob, learning_rate=0.0, init_scale=1.0, rnn_mode=mode)
    (first,) = train_run(corpus, out, seed=1, max_max_epoch=1, **values).epochs
    (second,) = train_run(corpus, out, seed=1, max_max_epoch=2, **values).epochs
    assert (first.number, second.number) == (1, 2)
    is_same = np.isclose(first.train_perplexity, second.train_perplexity, rtol=1e-5, atol=0)
    assert is_same == same


def test_what_shapes_no_variable_and_no_epoch_may_change_between_runs(corpus, out, finished):
    changed = dict(
        init_scale=0.1, learning_rate=0.5, lr_decay=0.9, max_grad_norm=1, keep_prob=0.9, max_epoch=3
    )
    (epoch,) = train_run(corpus, out, max_max_epoch=4, **changed).epochs
    assert epoch.number == 4
    assert epoch.learning_rate == pytest.approx(0.5 * 0.9)
    assert {name: saved_config(out)[name] for name in changed} == changed


def open_run(folder, corpus, seed=None):
    """Opens the `RunFolder` of a run of `train_run`."""
    return RunFolder(
        folder, make_lm_config(hidden_size=16, vocab_size=8), read_corpus(corpus), seed=seed
    )


def test_a_folder_says_where_its_run_is(corpus, out, finished):
    with contextlib.closing(open_run(out, corpus)) as run:
        assert (run.step, run.epochs, run.batches) == (3 * EPOCH, 3, 0)
        assert run.saved == "epoch 3 is saved in " + out
    for folder in (None, out + "new"):
        with contextlib.closing(open_run(folder, corpus)) as run:
            assert (run.step, run.epochs, run.batches) == (0, 0, 0)
            assert run.saved == "no epoch is saved"


def remove_checkpoint(folder, epoch):
    for path in glob.glob(os.path.join(folder, "model.ckpt-%d.*" % (EPOCH * epoch))):
        os.remove(path)


def test_what_is_saved_is_what_is_there(corpus, out, finished):
    gone = "%s no longer holds what was saved" % out
    with contextlib.closing(open_run(out, corpus)) as run:
        remove_checkpoint(out, 3)
        assert run.saved == "epoch 2 is saved in " + out
        shutil.move(out, out + ".away")
        assert run.saved == gone
        with open(out, "w") as file:
            file.write("a file in its place")
        assert run.saved == gone


def test_a_folder_that_a_file_takes_the_place_of(corpus, out):
    def replace(epoch):
        if epoch.number == 1:
            os.rename(out, out + ".away")
            open(out, "w").close()

    with pytest.raises(SavePathError) as error:
        train_run(corpus, out, on_epoch=replace)
    assert str(error.value) == (
        "cannot save epoch 2 (the folder is gone); %s no longer holds what was saved" % out
    )
    assert os.path.getsize(out) == 0


# --------------------------------------------------------------------------------------------------
# The seed
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "began, goes_on, line",
    [
        (1, 2, "The run began with --seed=1; it goes on with --seed=2."),
        (1, None, "The run began with --seed=1; it goes on without --seed."),
        (None, 0, "The run began without --seed; it goes on with --seed=0."),
        (2**64, 2**64, None),
        (None, None, None),
    ],
)
def test_another_seed_than_the_first_is_noticed(corpus, out, finished, began, goes_on, line):
    with open(os.path.join(out, "config.json")) as file:
        config = dict(json.load(file), seed=began)
    with open(os.path.join(out, "config.json"), "w") as file:
        json.dump(config, file)
    with contextlib.closing(open_run(out, corpus, goes_on)) as run:
        assert run.other_seed == line


def test_another_seed_than_the_first_is_said_every_time(corpus, out, finished):
    for _ in range(2):
        lines = []
        train_run(corpus, out, seed=2, log=lines.append)
        assert lines[:2] == [
            "Training was finished after epoch 3; evaluating.",
            "The run began with --seed=1; it goes on with --seed=2.",
        ]
        assert saved_config(out)["seed"] == 1


@pytest.mark.parametrize("name", ["seed", "config.json"])
def test_of_a_seed_that_nobody_knows_nothing_is_said(corpus, out, finished, name):
    if name == "seed":  # as in a folder of an earlier version
        config = saved_config(out)
        del config["seed"]
        with open(os.path.join(out, "config.json"), "w") as file:
            json.dump(config, file)
    else:
        os.remove(os.path.join(out, "config.json"))
    lines = []
    train_run(corpus, out, seed=7, log=lines.append)
    assert not [line for line in lines if "seed" in line]
    assert "seed" not in saved_config(out)


# --------------------------------------------------------------------------------------------------
# The lock
# --------------------------------------------------------------------------------------------------
def contents(folder):
    return {name: read_bytes(folder, name) for name in os.listdir(folder)}


def assert_locked(train):
    message = (
        r"^process %d on \S+ is training there \(since [\d-]+ [\d:]+\); wait until it ends, or"
    )
    message += " give another folder$"
    with pytest.raises(SavePathError, match=message % os.getpid()) as error:
        train()
    assert error.value.flag == "save_path"


@posix
def test_two_trainings_at_a_time_cannot_have_one_folder(corpus, out, finished):
    def check():
        with claim.writable(out):
            pytest.fail("The folder is another training's.")

    with contextlib.closing(open_run(out, corpus)):
        with open(os.path.join(out, "config.json.lm-train-unfinished"), "w") as file:
            file.write("half")
        before = contents(out)
        assert_locked(lambda: train_run(corpus, out))
        assert_locked(check)
        assert contents(out) == before
    train_run(corpus, out)
    assert not glob.glob(os.path.join(out, "*.lm-train-unfinished")) + glob.glob(
        os.path.join(out, "lock")
    )


@posix
def test_a_training_holds_the_lock_until_it_ends(corpus, out):
    def stop(epoch):
        assert_locked(lambda: train_run(corpus, out))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train_run(corpus, out, on_epoch=stop)
    train_run(corpus, out, max_max_epoch=1)


HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("process 7 on far is training there (since noon)", file=file, flush=True)
print("locked", flush=True)
time.sleep(600)
"""


@posix
def test_the_lock_of_a_process_ends_with_it(corpus, out):
    os.mkdir(out)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, os.path.join(out, "lock")], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"locked\n"
        expected = r"process 7 on far is training there \(since noon\); wait"
        with pytest.raises(SavePathError, match=expected):
            train_run(corpus, out)
    finally:
        process.kill()
        process.communicate()
    assert os.listdir(out) == ["lock"]
    train_run(corpus, out, max_max_epoch=0)
    assert "lock" not in os.listdir(out)


@posix
def test_a_lock_that_is_removed_while_one_waits_for_it_locks_nothing(corpus, out, monkeypatch):
    """The holder ends, and a third training begins, between opening and locking the file."""
    os.mkdir(out)
    third = []

    class Late(object):
        LOCK_EX, LOCK_NB = claim.fcntl.LOCK_EX, claim.fcntl.LOCK_NB

        @staticmethod
        def flock(file, flags):
            monkeypatch.undo()
            os.remove(os.path.join(out, "lock"))
            third.append(open_run(out, corpus))
            claim.fcntl.flock(file, flags)

    monkeypatch.setattr(claim, "fcntl", Late)
    assert_locked(lambda: train_run(corpus, out))
    third[0].close()


def no_locks(file, flags):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))


@posix
@pytest.mark.parametrize("where", ["system", "file system"])
def test_where_there_are_no_locks_training_works_without(corpus, out, monkeypatch, where):
    if where == "system":
        monkeypatch.setattr(claim, "fcntl", None)
    else:
        monkeypatch.setattr(claim.fcntl, "flock", no_locks)
    with contextlib.closing(open_run(out, corpus)):
        train_run(corpus, out, max_max_epoch=0)
    assert "config.json" in os.listdir(out)


@posix
def test_a_lock_of_something_else_is_not_written(corpus, out):
    os.mkdir(out)
    path = os.path.join(out, "lock")
    with open(path, "w") as file:
        file.write("mine")
    with pytest.raises(SavePathError, match="`lock` is not of a training; give another folder"):
        train_run(corpus, out)
    assert read_bytes(out, "lock") == b"mine"

    os.rename(path, os.path.join(out, "elsewhere"))
    os.truncate(os.path.join(out, "elsewhere"), 0)
    os.symlink("elsewhere", path)
    with pytest.raises(SavePathError, match="cannot write there"):
        train_run(corpus, out)
    assert os.path.getsize(path) == 0 and os.path.islink(path)


# --------------------------------------------------------------------------------------------------
# Stops
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def start(tmp_path):
    """Starts `python -m lm.train` for six epochs; `lines` reads the file of its output."""
    folder = write_corpus(tmp_path, TEXT * 3, TEXT[:600], TEXT[:300])
    processes = []

    def run(out, **values):
        flags = ["--data_path=" + folder, "--save_path=" + out, "--seed=1"]
        flags += run_flags(**dict(dict(max_max_epoch=6), **values))
        with open(out + ".log", "a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lm.train"] + flags,
                cwd=ROOT,
                env=outside_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=default_signals,
            )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.wait()


def lines_of(out):
    with open(out + ".log") as file:
        return file.read().splitlines()


def wait_for(process, out, text):
    """Waits until a new process has printed a text, or has ended."""
    before = len(lines_of(out))
    while process.poll() is None and not any(text in line for line in lines_of(out)[before:]):
        time.sleep(0.01)


@posix
@pytest.mark.slow
def test_ctrl_c_ends_with_status_130_and_says_what_is_saved(start, tmp_path):
    out = str(tmp_path / "out")
    process = start(out, hidden_size=300)  # The signal comes in the middle of a long epoch.
    wait_for(process, out, "Epoch: 2 Learning rate")
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert lines_of(out)[-1] == "Interrupted; epoch 1 is saved in %s." % out


@posix
@pytest.mark.slow
def test_ctrl_c_in_the_first_epoch_says_that_nothing_is_saved(start, tmp_path):
    out = str(tmp_path / "out")
    process = start(out, hidden_size=300)
    wait_for(process, out, "Epoch: 1 Learning rate")
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert lines_of(out)[-1] == "Interrupted; no epoch is saved."


@pytest.mark.parametrize("resumed", [False, True])
def test_an_interrupted_function_says_what_is_saved(corpus, out, resumed):
    if resumed:
        train_run(corpus, out, max_max_epoch=1)
    last = 2 if resumed else 1

    def interrupt(epoch):
        assert epoch.number == last
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as error:
        train_run(corpus, out, on_epoch=interrupt)
    assert str(error.value) == "epoch %d is saved in %s" % (last, out)


@posix
@pytest.mark.slow
def test_a_disk_that_is_full_while_saving_leaves_the_checkpoint_before(corpus, run_train, out):
    run_train(dict(max_max_epoch=1), seed=1, folder=out)
    before = weights(out)
    flags = ["--data_path=" + corpus, "--save_path=" + out] + run_flags()
    status, printed, error = run_command(
        "-m",
        "lm.train",
        *flags,
        preexec_fn=limited(10000),  # A checkpoint has more bytes.
    )
    assert status == 2
    assert printed.splitlines()[0] == "Resuming after epoch 1 of 3."
    assert error == (
        "lm.train: --save_path=%s: cannot save epoch 2 (File too large); epoch 1 is saved in %s\n"
        % (out, out)
    )
    assert saved_steps(out) == [EPOCH]
    assert not glob.glob(os.path.join(out, "model.ckpt-%d*" % (2 * EPOCH)))
    for name, value in weights(out).items():
        np.testing.assert_array_equal(value, before[name])
    assert run_train(folder=out)[0] == "Resuming after epoch 1 of 3."


class FullDisk(object):
    """A saver that writes half of a checkpoint."""

    def save(self, session, path, global_step, write_meta_graph):
        with open("%s-%d.data-00000-of-00001.tempstate123" % (path, global_step), "wb") as file:
            file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_a_failed_save_leaves_goes_at_once(corpus, out):
    tf.train.get_or_create_global_step()
    message = r"cannot save epoch 1 \(%s\); no epoch is saved" % os.strerror(errno.ENOSPC)
    with contextlib.closing(open_run(out, corpus)) as run, running_session() as session:
        with pytest.raises(SavePathError, match=message):
            run.save(session, FullDisk(), 1)
        assert os.listdir(out) == ["lock"]
    assert not os.path.exists(out)


@posix
@pytest.mark.slow
def test_a_disk_that_is_full_at_the_start(corpus, out):
    flags = ["--data_path=" + corpus, "--save_path=" + out] + run_flags()
    # In the file, a line stands above the ids of the 1560 words.
    assert run_command("-m", "lm.train", *flags, preexec_fn=limited(4 * 1560 + 40)) == (
        2,
        "",
        "lm.train: --save_path=%s: cannot write there (File too large); make room\n" % out,
    )
    assert sorted(os.listdir(out)) == ["config.json", "vocabulary.txt"]
    assert train_run(corpus, out, max_max_epoch=1).epochs[0].number == 1


def test_a_cost_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(corpus, out):
    train_run(corpus, out, max_max_epoch=1)
    with pytest.raises(
        DivergedError, match=r"cost is \S+ at training step \d+, with a learning rate of 1e\+30 "
    ) as error:
        train_run(corpus, out, max_epoch=1, max_max_epoch=3, lr_decay=1e30)
    assert error.value.flag == "learning_rate"
    assert saved_steps(out) == [EPOCH]
    assert all(np.isfinite(value).all() for value in weights(out).values())


# --------------------------------------------------------------------------------------------------
# Folders that cannot be used
# --------------------------------------------------------------------------------------------------
def test_a_folder_that_is_a_file(corpus, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(SavePathError, match="cannot write there .*; give another folder"):
        train_run(corpus, str(path))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that no user can write")
def test_a_folder_that_cannot_be_written(corpus):
    with pytest.raises(SavePathError, match="cannot write there .*; give another folder"):
        train_run(corpus, "/proc/self/fdinfo")


@pytest.mark.parametrize("name", ["o[1]", "o*", "o?"])
def test_a_name_that_tensorflow_takes_for_a_pattern(corpus, tmp_path, name):
    with pytest.raises(SavePathError, match="for a pattern; give another folder"):
        train_run(corpus, str(tmp_path / name))
    assert not os.path.exists(str(tmp_path / name))


@pytest.mark.parametrize("is_used", [True, False])
def test_a_folder_that_was_made_for_nothing_goes_again(tmp_path, is_used):
    (tmp_path / "mine").mkdir()
    folder = str(tmp_path / "mine" / "new" / "out")
    with pytest.raises(ZeroDivisionError), claim.writable(folder):
        assert os.listdir(folder) == []
        if is_used:
            open(os.path.join(folder, "config.json"), "w").close()
        raise ZeroDivisionError
    assert os.path.isdir(folder) == is_used
    assert os.listdir(str(tmp_path / "mine")) == (["new"] if is_used else [])


def test_without_a_folder_none_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    with claim.writable(None):
        assert os.listdir(".") == []


def test_a_name_that_is_not_utf_8(corpus, tmp_path):
    folder = str(tmp_path / "o\udcff")
    with pytest.raises(SavePathError, match="takes names in UTF-8 only; give another folder"):
        train_run(corpus, folder)
    assert not os.path.exists(folder)


def damage(path, how):
    if how == "missing":
        os.remove(path)
        return
    with open(path, "r+b") as file:
        if how == "cut off":
            file.truncate(os.path.getsize(path) // 2)
        else:
            file.write(b"\xff" * os.path.getsize(path))


@pytest.mark.parametrize(
    "part, how",
    [
        (".index", "cut off"),
        (".index", "written over"),
        (".data-00000-of-00001", "cut off"),
        (".data-00000-of-00001", "written over"),
        (".data-00000-of-00001", "missing"),
    ],
)
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(
    corpus, out, finished, capsys, part, how
):
    newest = os.path.join(out, "model.ckpt-%d" % (3 * EPOCH))
    damage(newest + part, how)
    lines = []
    again = train_run(corpus, out, seed=1, log=lines.append)
    assert lines[0] == "Resuming after epoch 2 of 3."
    assert_same_run(again, finished._replace(epochs=finished.epochs[2:]))
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("Warning: cannot read the checkpoint %s (" % newest)


@pytest.fixture
def on_first_read(monkeypatch):
    """Calls a function when a checkpoint is first read, which may make the reading fail."""
    read = checkpoints._read_step

    def run(action):
        def read_step(prefix):
            monkeypatch.setattr(checkpoints, "_read_step", read)
            action(prefix)
            return read(prefix)

        monkeypatch.setattr(checkpoints, "_read_step", read_step)

    return run


@pytest.mark.parametrize("attempts", [1, checkpoints.ATTEMPTS])
def test_a_checkpoint_that_goes_while_it_is_read_is_not_damaged(
    out, finished, capsys, monkeypatch, on_first_read, attempts
):
    monkeypatch.setattr(checkpoints, "ATTEMPTS", attempts)
    on_first_read(lambda prefix: remove_checkpoint(out, 3))
    assert checkpoints.newest_checkpoint(out)[1] == 2 * EPOCH
    assert capsys.readouterr() == ("", "")


def test_a_checkpoint_that_is_being_written_is_read_a_moment_later(
    out, finished, capsys, on_first_read
):
    def fail(prefix):
        raise tf.errors.DataLossError(None, None, "not an sstable")

    on_first_read(fail)
    assert checkpoints.newest_checkpoint(out)[1] == 3 * EPOCH
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_what_a_kill_while_saving_leaves_is_no_checkpoint_and_goes(run_train, out):
    run_train(dict(max_max_epoch=1), folder=out)
    # TensorFlow writes the data first, under a temporary name, and the index last.
    half = os.path.join(out, "model.ckpt-%d.data-00000-of-00001" % (2 * EPOCH))
    for path in (half, half + ".tempstate123"):
        with open(path, "wb") as file:
            file.write(b"half")
    assert run_train(folder=out)[0] == "Resuming after epoch 1 of 3."
    assert not glob.glob(os.path.join(out, "*tempstate*"))
    assert saved_steps(out) == [EPOCH, 2 * EPOCH, 3 * EPOCH]


def test_what_a_kill_while_writing_leaves_goes_and_nothing_else(run_train, out):
    os.mkdir(out)
    for name in (word_ids.NAME, "vocabulary.txt", "config.json", "mine"):
        with open(os.path.join(out, name + ".lm-train-unfinished"), "w") as file:
            file.write("half")
    run_train(dict(max_max_epoch=0), folder=out)
    assert fnmatch.filter(os.listdir(out), "*.lm-train-unfinished") == ["mine.lm-train-unfinished"]


@pytest.mark.parametrize("name", ["config.json", "vocabulary.txt", "word_ids.bin"])
def test_a_file_of_somebody_else_is_not_written_over(corpus, out, name):
    os.mkdir(out)
    with open(os.path.join(out, name), "w") as file:
        file.write('{"compilerOptions": {}}')
    before = contents(out)
    with pytest.raises(SavePathError) as error:
        train_run(corpus, out, max_max_epoch=0)
    assert str(error.value) == (
        "it holds a %s that is not of a training; give another folder" % name
    )
    assert contents(out) == before


def test_half_a_checkpoint_that_no_run_has_left_stays(corpus, tmp_path):
    """Somebody may be copying a checkpoint there."""
    out = tmp_path / "out"
    out.mkdir()
    data = out / "model.ckpt-7.data-00000-of-00001"
    data.write_text("the half that is there")
    train_run(corpus, str(out), max_max_epoch=0)
    assert data.exists()


def test_a_run_that_a_kill_ended_in_its_first_epoch_goes_on(corpus, out):
    train_run(corpus, out, max_max_epoch=0)
    os.remove(os.path.join(out, "vocabulary.txt"))  # as if the kill had come even earlier
    assert train_run(corpus, out, max_max_epoch=1).epochs[0].number == 1


def test_a_start_that_is_refused_does_not_take_the_folder(run_train, out):
    with pytest.raises(reader.CorpusError):
        run_train(dict(num_steps=1000), folder=out)
    assert not os.path.exists(out)
    os.mkdir(out)
    with pytest.raises(reader.CorpusError):
        run_train(dict(num_steps=1000), folder=out)
    assert os.listdir(out) == []
    assert run_train(dict(max_max_epoch=1), folder=out)[0].startswith("Epoch: 1")


def test_a_folder_with_damaged_checkpoints_only(corpus, out):
    train_run(corpus, out, max_max_epoch=1)
    path = os.path.join(out, "model.ckpt-%d" % EPOCH)
    damage(path + ".index", "cut off")
    with pytest.raises(SavePathError, match="none of its checkpoints can be read, %s the" % path):
        train_run(corpus, out)


@pytest.mark.parametrize(
    "change, described",
    [
        (dict(hidden_size=20), "test (2 layers of 20, batches of 4 x 5, float32)"),
        (dict(num_layers=3), "test (3 layers of 16, batches of 4 x 5, float32)"),
        (dict(batch_size=3), "test (2 layers of 16, batches of 3 x 5, float32)"),
        (dict(num_steps=6), "test (2 layers of 16, batches of 4 x 6, float32)"),
        (dict(use_fp16=True), "test (2 layers of 16, batches of 4 x 5, float16)"),
        (dict(model="small"), "small (2 layers of 16, batches of 4 x 5, float32)"),
    ],
)
def test_another_model(corpus, out, finished, change, described):
    with pytest.raises(SavePathError) as error:
        train_run(corpus, out, **change)
    held, given = str(error.value).split("; this is ")
    text = "on a text of 1200 words with a vocabulary of 8, SHA-256 "
    assert held.startswith(
        "it holds model test (2 layers of 16, batches of 4 x 5, float32) " + text
    )
    assert given.startswith("model %s %s" % (described, text))
    assert given.endswith("; give another folder")


def test_another_cell(corpus, out, finished):
    message = "has nothing as Model/RNN/multi_rnn_cell/cell_0/gru_cell/.*; give another folder"
    with pytest.raises(SavePathError, match=message):
        train_run(corpus, out, cell="gru")
    assert saved_config(out)["cell"] == "basic_lstm"


def test_another_corpus(corpus, out, finished):
    with open(os.path.join(corpus, "ptb.train.txt"), "a") as file:
        file.write(" a \n")
    with pytest.raises(SavePathError, match="text of 1200 words .*; this is .*text of 1202 words"):
        train_run(corpus, out)


def test_another_vocabulary_of_the_same_size(corpus, out, finished):
    with open(os.path.join(corpus, "ptb.train.txt"), "w") as file:
        file.write(TEXT.replace("z", "zz"))
    with pytest.raises(SavePathError, match=r"SHA-256 (\w{8}); this .*SHA-256 (?!\1)"):
        train_run(corpus, out)


def test_another_vocab_size(corpus, out, finished):
    limited_corpus = read_corpus(corpus, vocab_size=5)
    with pytest.raises(SavePathError, match="a vocabulary of 8, .*; this is .*a vocabulary of 5, "):
        training.train(make_lm_config(**RUN), limited_corpus, out)


def test_a_run_that_is_refused_leaves_the_files_of_the_other(corpus, out, finished):
    names = [word_ids.NAME, "vocabulary.txt", "config.json"]
    before = [read_bytes(out, name) for name in names]
    with open(os.path.join(corpus, "ptb.train.txt"), "a") as file:
        file.write(" a \n")
    with pytest.raises(SavePathError):
        train_run(corpus, out)
    assert [read_bytes(out, name) for name in names] == before
    assert not glob.glob(os.path.join(out, "*.lm-train-unfinished"))


def test_the_digest_of_a_corpus_stays_the_same(out):
    """Runs of earlier versions can resume. Lists and arrays of ids give the same digest."""
    ids, words = [1, 2, 0, 2, 1, 0] * 8, ["<eos>", "a", "b"]
    expected = hashlib.sha256(b"<eos>\na\nb" + struct.pack("<48i", *ids)).hexdigest()
    for train in (ids, np.array(ids, np.int32)):
        training.train(make_lm_config(max_max_epoch=0), Corpus(train, ids, ids, words, None), out)
        assert saved_config(out)["corpus_sha256"] == expected


def test_a_configuration_that_cannot_be_read(corpus, out, finished):
    with open(os.path.join(out, "config.json"), "w") as file:
        file.write("{")
    with pytest.raises(SavePathError, match="cannot read its config.json .* to resume unchecked"):
        train_run(corpus, out)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("hidden_size", 1e30, "1e\\+30 as hidden_size, its checkpoint .* has 16; write 16 there"),
        ("num_layers", True, "true as num_layers, its checkpoint .* has 2; write 2 there"),
        ("vocab_size", "8", '"8" as vocab_size, its checkpoint .* has 8; write 8 there'),
        ("batch_size", "4", r"cannot read its config.json \('4' as batch_size\); delete it"),
        ("num_steps", float("nan"), r"cannot read .* \(nan as num_steps\)"),
        ("train_words", float("inf"), r"cannot read .* \(inf as train_words\)"),
        ("corpus_sha256", 7, r"cannot read .* \(7 as corpus_sha256\)"),
        ("model", ["x" * 1000], r"cannot read .* \(\['xxx.{,40} as model\)"),
        ("seed", 1.5, r"cannot read .* \(1.5 as seed\)"),
    ],
)
def test_a_configuration_with_values_that_cannot_be(corpus, out, finished, name, value, message):
    config = dict(saved_config(out), **{name: value})
    with open(os.path.join(out, "config.json"), "w") as file:
        json.dump(config, file)
    with pytest.raises(SavePathError, match=message):
        train_run(corpus, out, seed=1)


def test_without_a_configuration_the_run_is_resumed_unchecked(run_train, out, finished):
    os.remove(os.path.join(out, "config.json"))
    assert run_train(folder=out)[0] == "Training was finished after epoch 3; evaluating."
    assert saved_config(out)["hidden_size"] == 16


def test_the_dtype_is_compared_too(corpus, out, finished):
    os.remove(os.path.join(out, "config.json"))
    with pytest.raises(SavePathError, match="has float32 .*, this model float16 "):
        train_run(corpus, out, use_fp16=True)


# --------------------------------------------------------------------------------------------------
# Checkpoints of TensorFlow 1.4
# --------------------------------------------------------------------------------------------------
def recorded_run(mode=None, **values):
    """Returns the configuration of the recorded run, its corpus, and the record."""
    recorded = load_golden("run-two-layer.json")
    config = make_lm_config(rnn_mode=mode, **dict(recorded["config"], **values))
    return config, recorded_corpus(recorded), recorded


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_a_checkpoint_of_the_original_is_continued_from(out, mode):
    copy_recorded_checkpoint("run-two-layer-init.ckpt", out)
    config, corpus, recorded = recorded_run(mode)
    result = training.train(config, corpus, out)
    assert len(result.epochs) == len(recorded["epochs"]) == 5
    for epoch, expected in zip(result.epochs, recorded["epochs"]):
        for name in ("learning_rate", "train_perplexity", "valid_perplexity"):
            np.testing.assert_allclose(getattr(epoch, name), expected[name], rtol=1e-5)
    np.testing.assert_allclose(result.test_perplexity, recorded["test_perplexity"], rtol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_a_finished_checkpoint_of_the_original_counts_as_finished(out, mode):
    copy_recorded_checkpoint("run-two-layer-final.ckpt", out)
    config, corpus, recorded = recorded_run(mode)
    lines = []
    result = training.train(config, corpus, out, log=lines.append)
    assert lines[0] == "Training was finished after epoch 5; evaluating."
    assert result.epochs == []
    np.testing.assert_allclose(result.test_perplexity, recorded["test_perplexity"], rtol=1e-5)


def test_a_checkpoint_of_the_original_with_other_shapes_is_refused(corpus, out):
    copy_recorded_checkpoint("run-two-layer-init.ckpt", out)
    message = r"float32 \[50, 8\] as Model/embedding, this model float32 \[8, 16\]; give another"
    with pytest.raises(SavePathError, match=message):
        train_run(corpus, out)
    assert not os.path.exists(os.path.join(out, "config.json"))


def test_a_checkpoint_from_the_middle_of_an_epoch_goes_on_with_that_epoch(out):
    copy_recorded_checkpoint("run-two-layer-final.ckpt", out)
    config, corpus, recorded = recorded_run()
    batches = config.batch_size * config.num_steps
    longer = (corpus.train * 3)[: 200 * batches + config.batch_size]  # makes epochs of 200 steps
    corpus = corpus._replace(train=longer)
    lines = []
    result = training.train(config, corpus, out, log=lines.append)
    # The checkpoint is of step 495.
    assert lines[0] == "Resuming after epoch 2 of 5, with weights 95 batches further."
    assert [epoch.number for epoch in result.epochs] == [3, 4, 5]
    assert saved_steps(out) == [495 + 200 * epochs for epochs in (1, 2, 3)]


# --------------------------------------------------------------------------------------------------
# Summaries
# --------------------------------------------------------------------------------------------------
def test_summaries_are_those_of_the_result(out, finished):
    numbers = read_run(out)
    for split in ("train", "valid"):
        steps, values = zip(*numbers["%s Perplexity" % split.capitalize()])
        assert steps == (EPOCH, 2 * EPOCH, 3 * EPOCH)
        expected = [getattr(epoch, split + "_perplexity") for epoch in finished.epochs]
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    ((step, value),) = numbers["Test Perplexity"]
    assert step == 3 * EPOCH
    assert value == pytest.approx(finished.test_perplexity, rel=1e-6)
    assert by_epoch(numbers, "Learning Rate") == ([1, 2, 3], [1, 1, 0.5])
    assert by_epoch(numbers, "Test Perplexity")[0] == [3]
    # An epoch of 59 batches has eleven lines of progress. Those of the test do not count.
    for name in ("Training Loss", "Words per Second"):
        assert len(numbers[name]) == 3 * 11
        assert all(value > 0 for _, value in numbers[name])


def test_of_a_step_that_was_written_twice_the_later_number_counts(tmp_path):
    for value in (1.0, 2.0):
        Summaries(str(tmp_path)).add(7, Training_Loss=value)
    assert len(os.listdir(str(tmp_path))) == 2
    assert read_run(str(tmp_path)) == {"Training Loss": [(7, 2.0)]}


def test_summaries_that_a_kill_has_cut_off_are_read_up_to_there(tmp_path):
    summaries = Summaries(str(tmp_path))
    for step in (1, 2):
        summaries.add(step, Training_Loss=0.5)
    (name,) = os.listdir(str(tmp_path))
    with open(str(tmp_path / name), "r+b") as file:
        file.truncate(os.path.getsize(str(tmp_path / name)) - 5)
    assert read_run(str(tmp_path)) == {"Training Loss": [(1, 0.5)]}


@posix
@pytest.mark.slow
def test_summaries_that_cannot_be_written_are_a_warning_and_no_more(tmp_path):
    code = "import console; console.hush_tensorflow(); import sys; from lm import summaries;"
    code += "s = summaries.Summaries(sys.argv[1]); s.add(1, Loss=1.0); s.add(2, Loss=1.0)"
    status, _, error = run_command("-c", code, str(tmp_path), preexec_fn=limited(40))
    warnings = [line for line in error.splitlines() if "Warning: no more summaries" in line]
    assert status == 0
    assert len(warnings) == 1


def test_the_picture(out, finished, tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "run.png"
    plot_run.plot([out, out], str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_summaries_is_refused_in_one_line(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    picture = str(tmp_path / "run.png")
    monkeypatch.setattr(sys, "argv", ["plot_run.py", str(tmp_path), "--plot=" + picture])
    with pytest.raises(SystemExit) as stop:
        plot_run.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        "plot_run.py: %s: no summaries there; give a --save_path of lm.train\n" % tmp_path
    )
