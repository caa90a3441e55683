"""Compares a run that is killed twenty times at random moments with an undisturbed one."""

import multiprocessing
import os
import random
import signal
import time

import numpy as np
import pytest
from commands import ROOT
from models import TEXT, saved_weights, train_run, write_corpus

KILLS = 20
EPOCHS = 200  # of three batches each; a kill comes after at most five epochs
LINES = 30  # the lines of five epochs
SEED = 14  # the seed of the moments


def tell_training(lines, data_path, folder):
    """Trains; sends each line of the log, and the `Result`."""
    values = dict(num_layers=1, num_steps=1, max_epoch=1, lr_decay=0.99, max_max_epoch=EPOCHS)
    lines.send(train_run(data_path, folder, seed=1, log=lines.send, replicas=1, **values))


def received(lines):
    """Returns all that a process still sends until it ends."""
    try:
        while True:
            yield lines.recv()
    except (EOFError, OSError):  # OSError if the kill came in the middle of a line
        pass


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts a training in a process; returns the process and the connection to read from."""
    data_path = write_corpus(tmp_path, TEXT[:36], TEXT[:36], " a \n")
    # The processes are forked from one that has imported TensorFlow but made no session.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([ROOT, os.path.join(ROOT, "tests")]))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["models"])

    def run(folder):
        lines, end = context.Pipe(duplex=False)
        process = context.Process(target=tell_training, args=(end, data_path, folder), daemon=True)
        process.start()
        end.close()
        return process, lines

    return run


def unfinished(folder):
    """Returns the files that show that a save was broken off."""
    names = os.listdir(folder) if os.path.exists(folder) else []
    partial = [name for name in names if "tempstate" in name or "checkpoint.tmp" in name]
    stems = [name.rsplit(".", 1)[0] for name in names if name.startswith("model.ckpt-")]
    stems = [stem for stem in stems if "index" not in stem and "data" not in stem]  # of whole files
    half = [stem for stem in stems if stems.count(stem) != 2]
    return set(partial + half + stems[: max(len(stems) - 10, 0)])


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_run_killed_twenty_times_ends_with_the_figures_of_one_that_was_not(start, tmp_path):
    whole, killed = str(tmp_path / "whole"), str(tmp_path / "killed")
    _, lines = start(whole)
    begin = time.time()
    lines_of_whole = [lines.recv()]
    time_to_start = time.time() - begin
    *more, whole_result = received(lines)
    lines_of_whole += more
    time_of_epoch = (time.time() - begin - time_to_start) / EPOCHS

    moments = random.Random(SEED)
    print("seed of the moments:", SEED)
    lines_of_killed = []
    saves = 0
    for _ in range(KILLS):
        before = unfinished(killed)
        process, lines = start(killed)
        # A fifth of the kills come while a run starts.
        count = moments.choice([0] * (LINES // 5) + list(range(LINES)))
        told = [lines.recv() for _ in range(count)]
        time.sleep(moments.uniform(0, time_to_start if count == 0 else time_of_epoch))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        told += received(lines)
        saves += not unfinished(killed) <= before
        print("killed after %3d lines: %s" % (len(told), (told or ["while it started"])[-1]))
        if told and begun(lines_of_killed) > 1:
            # The kill lost no more than the epoch in progress; before the second, nothing is saved.
            assert told[0].startswith("Resuming after epoch ")
            assert int(told[0].split()[3]) >= begun(lines_of_killed) - 1
        lines_of_killed += told
    print("%d of %d kills fell into a save" % (saves, KILLS))

    _, lines = start(killed)
    *told, killed_result = received(lines)
    lines_of_killed += told
    assert perplexities(lines_of_killed) == perplexities(lines_of_whole)
    assert len(killed_result.epochs) > 0
    assert killed_result.epochs == whole_result.epochs[-len(killed_result.epochs) :]
    assert killed_result.test_perplexity == whole_result.test_perplexity
    weights = saved_weights(killed)
    for name, value in saved_weights(whole).items():
        np.testing.assert_array_equal(weights[name], value)


def begun(lines):
    """Returns the last epoch that has begun, according to the lines; 0 if none has."""
    numbers = [line.split()[1] for line in lines if "Learning rate" in line]
    return int(numbers[-1]) if numbers else 0


def perplexities(lines):
    """Returns the lines with a perplexity; those of an epoch that was trained twice are equal."""
    return {line for line in lines if "Perplexity: " in line}
