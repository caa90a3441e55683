"""Runs that are saved, stopped, killed, damaged and gone on with."""

import glob
import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT
from models import (
    GOLDEN,
    TEXT,
    load_golden,
    make_config,
    outside_environment,
    perplexities,
    running_session,
    without_speed,
    write_corpus,
)
from test_golden import build_run

import checkpoints
import reader
from checkpoints import SavedRun, SavePathError
from ptb_word_lm import DivergedError, run_epoch
from study import plot_run
from study.plot_run import by_epoch, read_run

# Signals, limits and /proc are not everywhere.
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

EPOCH = (2400 // 4 - 1) // 5  # steps of an epoch on the text of run_main


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "out")


def saved_steps(folder):
    names = glob.glob(os.path.join(folder, "model.ckpt-*.index"))
    return sorted(int(name.split("-")[-1].split(".")[0]) for name in names)


def weights(folder):
    checkpoint = tf.train.load_checkpoint(folder)
    return {v: checkpoint.get_tensor(v) for v in checkpoint.get_variable_to_shape_map()}


def test_saving_changes_no_number(run_main, out):
    assert without_speed(run_main(seed=5, save_path=out)) == without_speed(
        run_main(seed=5, save_path=None)
    )


def test_a_run_leaves_five_checkpoints_the_vocabulary_and_the_configuration(run_main, out):
    run_main(dict(max_max_epoch=7), save_path=out)
    assert saved_steps(out) == [EPOCH * epoch for epoch in (3, 4, 5, 6, 7)]
    with open(os.path.join(out, "vocabulary.txt"), encoding="utf-8") as file:
        assert file.read().split("\n") == "<eos> a b c d y z x ".split(" ")
    with open(os.path.join(out, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    assert (config["model"], config["hidden_size"], config["vocab_size"]) == ("small", 16, 8)
    assert config["max_max_epoch"] == 7
    assert not glob.glob(os.path.join(out, "*.new"))


def test_a_longer_run_goes_on_as_if_it_had_never_ended(run_main, out):
    whole = run_main(dict(max_max_epoch=4), seed=1, save_path=None)
    run_main(dict(max_max_epoch=2), seed=1, save_path=out)
    rest = run_main(dict(max_max_epoch=4), seed=1, save_path=out)
    assert rest[0] == "Resuming after epoch 2 of 4."
    start = whole.index("Epoch: 3 Learning rate: 0.500")
    assert without_speed(rest[1:]) == without_speed(whole[start:])


def test_a_finished_run_evaluates_and_says_so(run_main, out):
    whole = run_main(seed=1, save_path=out)
    again = run_main(seed=1, save_path=out)
    assert again[0] == "Training was finished after epoch 3; evaluating."
    assert not [line for line in again if line.startswith("Epoch")]
    assert perplexities(again, "Test") == perplexities(whole, "Test")


def test_five_checkpoints_stay_across_runs(run_main, out):
    for epochs in (4, 7):
        run_main(dict(max_max_epoch=epochs), save_path=out)
    assert saved_steps(out) == [EPOCH * epoch for epoch in (3, 4, 5, 6, 7)]


def test_a_run_with_dropout_says_that_it_draws_other_masks(run_main, out):
    run_main(dict(keep_prob=0.5, max_max_epoch=1), seed=1, save_path=out)
    lines = run_main(dict(keep_prob=0.5, max_max_epoch=2), seed=1, save_path=out)
    message = "Resuming after epoch 1 of 2, with other dropout masks than without the stop."
    assert lines[0] == message


@pytest.mark.parametrize("keep_prob, same", [(0.5, False), (1.0, True)])
def test_dropout_after_a_resume_does_not_repeat_the_first_epochs_masks(
    run_main, out, keep_prob, same
):
    # Weights that do not move: nothing but the masks can tell one epoch from another.
    values = dict(keep_prob=keep_prob, learning_rate=0.0, init_scale=1.0)
    first = run_main(dict(values, max_max_epoch=1), seed=1, save_path=out)
    second = run_main(dict(values, max_max_epoch=2), seed=1, save_path=out)
    assert (perplexities(first, "Train") == perplexities(second, "Train")) == same


# A process of its own that trains six epochs of half a second each.
CODE = """
import console; console.hush_tensorflow()
import sys; sys.path.insert(0, "tests")
import ptb_word_lm, models
config = dict(max_epoch=2, max_max_epoch=6, init_scale=0.3, hidden_size=16)
ptb_word_lm.get_config = lambda name: models.make_config(**config)
{}
console.run(ptb_word_lm.main, ptb_word_lm.BLAMES)
"""


@pytest.fixture
def start(tmp_path):
    """Starts such a process; its output goes to a file that `lines` reads."""
    folder = write_corpus(tmp_path, TEXT * 3, TEXT[:600], TEXT[:300])

    def run(out, extra=""):
        arguments = ["--data_path=" + folder, "--save_path=" + out, "--seed=1"]
        with open(out + ".log", "a") as log:
            return subprocess.Popen(
                [sys.executable, "-c", CODE.format(extra)] + arguments,
                cwd=ROOT,
                env=outside_environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                # A shell that starts the tests in the background makes them ignore Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    return run


def lines(out):
    with open(out + ".log") as file:
        return file.read().splitlines()


def wait_for(process, out, text):
    """Waits until a process that was just started has printed a text, or has ended."""
    before = len(lines(out))
    while process.poll() is None and not any(text in line for line in lines(out)[before:]):
        time.sleep(0.01)


@posix
def test_a_run_killed_at_random_ends_with_the_numbers_of_one_that_was_not(start, tmp_path):
    whole, killed = str(tmp_path / "whole"), str(tmp_path / "killed")
    assert start(whole).wait() == 0
    moments = random.Random(4)
    for epoch in (1, 3, 4):
        process = start(killed)
        wait_for(process, killed, "Epoch: %d Learning rate" % epoch)
        time.sleep(moments.uniform(0, 0.3))
        process.kill()
        assert process.wait() == -signal.SIGKILL
        # No more than the epoch in progress is lost.
        assert (saved_steps(killed) or [0])[-1] >= (epoch - 1) * ((7200 // 4 - 1) // 5)
    assert start(killed).wait() == 0

    for split in ("Train", "Valid"):
        last = {}
        for line in lines(killed):
            if "%s Perplexity" % split in line:
                last[line.split()[1]] = line
        assert sorted(last.values()) == sorted(x for x in lines(whole) if "%s Perp" % split in x)
    assert lines(killed)[-1] == lines(whole)[-1]
    for name, value in weights(whole).items():
        np.testing.assert_allclose(weights(killed)[name], value, rtol=1e-6)


@posix
def test_ctrl_c_ends_with_status_130_and_says_what_is_saved(start, tmp_path):
    out = str(tmp_path / "out")
    process = start(out)
    wait_for(process, out, "Epoch: 2 Learning rate")
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert lines(out)[-1] == "Interrupted; epoch 1 is saved in %s." % out


@posix
def test_a_disk_that_is_full_while_saving_leaves_the_checkpoint_before(start, tmp_path):
    # From the second save on no file may grow beyond 10,000 bytes; a checkpoint needs more.
    limit = """
import resource
from checkpoints import SavedRun
save = SavedRun.save
def limited_save(self, session, saver, epoch):
    if epoch == 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))
    save(self, session, saver, epoch)
SavedRun.save = limited_save
"""
    out = str(tmp_path / "out")
    assert start(out, limit).wait() == 2
    assert lines(out)[-1] == (
        "-c: --save_path=%s: cannot save epoch 2 (File too large); epoch 1 is saved in %s"
        % (out, out)
    )
    assert not any("Traceback" in line for line in lines(out))
    assert saved_steps(out) == [(7200 // 4 - 1) // 5]
    process = start(out)
    wait_for(process, out, "Epoch: 3 Learning rate")
    process.kill()
    process.wait()
    assert "Resuming after epoch 1 of 6." in lines(out)


def test_a_cost_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(run_main, out):
    run_main(dict(max_max_epoch=1), save_path=out)
    with pytest.raises(
        DivergedError, match=r"cost is \S+ at training step \d+, learning rate 1e\+30"
    ):
        run_main(dict(max_epoch=1, max_max_epoch=3, lr_decay=1e30), save_path=out)
    assert saved_steps(out) == [EPOCH]
    assert all(np.isfinite(value).all() for value in weights(out).values())


def test_a_folder_that_is_a_file(run_main, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(SavePathError, match="cannot write there .*; give a folder"):
        run_main(save_path=str(path))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that no user can write")
def test_a_folder_that_cannot_be_written(run_main):
    with pytest.raises(SavePathError, match="cannot write there .*; give a folder"):
        run_main(save_path="/proc/self/fdinfo")


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
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(run_main, out, monkeypatch, part, how):
    whole = run_main(seed=1, save_path=out)
    newest = os.path.join(out, "model.ckpt-%d" % (3 * EPOCH))
    damage(newest + part, how)
    written = []
    monkeypatch.setattr(sys.stderr, "write", written.append)
    again = run_main(seed=1, save_path=out)
    assert again[0] == "Resuming after epoch 2 of 3."
    assert perplexities(again, "Test") == perplexities(whole, "Test")
    assert len(written) == 1
    assert written[0].startswith("Warning: cannot read the checkpoint %s (" % newest)


def test_what_a_kill_while_saving_leaves_is_no_checkpoint_and_goes(run_main, out):
    run_main(dict(max_max_epoch=1), save_path=out)
    # The data comes first, under a passing name, and the index last.
    half = os.path.join(out, "model.ckpt-%d.data-00000-of-00001" % (2 * EPOCH))
    for path in (half, half + ".tempstate123"):
        with open(path, "wb") as file:
            file.write(b"half")
    assert run_main(save_path=out)[0] == "Resuming after epoch 1 of 3."
    assert not glob.glob(os.path.join(out, "*tempstate*"))
    assert saved_steps(out) == [EPOCH, 2 * EPOCH, 3 * EPOCH]


def test_a_start_that_is_refused_does_not_take_the_folder(run_main, out):
    with pytest.raises(reader.CorpusError):
        run_main(dict(num_steps=1000), save_path=out)
    assert run_main(dict(max_max_epoch=1), save_path=out)[0].startswith("Epoch: 1")


@pytest.mark.parametrize("name", ["o[1]", "o*", "o?"])
def test_a_name_that_tensorflow_takes_for_a_pattern(run_main, tmp_path, name):
    with pytest.raises(SavePathError, match="for a pattern; give another folder"):
        run_main(save_path=str(tmp_path / name))


def test_a_folder_with_damaged_checkpoints_only(run_main, out):
    run_main(dict(max_max_epoch=1), save_path=out)
    path = os.path.join(out, "model.ckpt-%d" % EPOCH)
    damage(path + ".index", "cut off")
    with pytest.raises(SavePathError, match="none of its checkpoints can be read, %s the" % path):
        run_main(save_path=out)


def test_another_model(run_main, out):
    run_main(save_path=out)
    message = (
        r"it holds model small \(2 layers of 16, .*\) on a text of 2400 words, 8 different, .*;"
        r" this is model small \(2 layers of 20, .*; give another folder"
    )
    with pytest.raises(SavePathError, match=message):
        run_main(dict(hidden_size=20), save_path=out)


def test_another_corpus(run_main, out, corpus):
    run_main(save_path=out)
    with open(os.path.join(corpus, "ptb.train.txt"), "a") as file:
        file.write(" a \n")
    with pytest.raises(SavePathError, match="text of 2400 words, .*; this is .*text of 2402 words"):
        run_main(save_path=out)


def test_another_vocabulary_of_the_same_size(run_main, out, corpus):
    run_main(save_path=out)
    with open(os.path.join(corpus, "ptb.train.txt"), "w") as file:
        file.write(TEXT.replace("z", "zz"))
    with pytest.raises(SavePathError, match=r"SHA-256 (\w{8}); this .*SHA-256 (?!\1)"):
        run_main(save_path=out)


def test_a_configuration_that_cannot_be_read(run_main, out):
    run_main(save_path=out)
    with open(os.path.join(out, "config.json"), "w") as file:
        file.write("{")
    with pytest.raises(SavePathError, match="cannot read its config.json"):
        run_main(save_path=out)


def copy_original(name, folder):
    """Puts a checkpoint of TensorFlow 1.4 into a new folder; Saver.save would have named it so."""
    os.mkdir(folder)
    for path in glob.glob(os.path.join(GOLDEN, name + ".*")):
        with open(path, "rb") as source:
            with open(os.path.join(folder, os.path.basename(path)), "wb") as target:
                target.write(source.read())


def restored_run(name, folder, corpus):
    """The models of a recorded run, restored from its checkpoint: `(recorded, run, models)`."""
    copy_original(name, folder)
    recorded = load_golden("run-two-layer.json")
    config, m, mvalid, mtest = build_run(recorded)
    run = SavedRun(folder, "small", config, tf.float32, corpus, recorded["train"])
    return recorded, run, (m, mvalid, mtest)


def test_a_checkpoint_of_the_original_is_continued_from(out, corpus):
    recorded, run, (m, mvalid, _) = restored_run("run-two-layer-init.ckpt", out, corpus)
    assert run.resume_after(m.input.epoch_size) == 0
    epoch = recorded["epochs"][0]
    with running_session() as session:
        run.restore(session, tf.train.Saver())
        m.assign_lr(session, epoch["learning_rate"])
        train_perplexity = run_epoch(session, m, eval_op=m.train_op)
        valid_perplexity = run_epoch(session, mvalid)
    np.testing.assert_allclose(train_perplexity, epoch["train_perplexity"], rtol=1e-5)
    np.testing.assert_allclose(valid_perplexity, epoch["valid_perplexity"], rtol=1e-5)


def test_a_finished_checkpoint_of_the_original_counts_as_finished(out, corpus, capsys):
    recorded, run, (m, _, mtest) = restored_run("run-two-layer-final.ckpt", out, corpus)
    assert run.resume_after(m.input.epoch_size) == len(recorded["epochs"])
    assert capsys.readouterr().out.startswith("Training was finished after epoch 5;")
    with running_session() as session:
        run.restore(session, tf.train.Saver())
        test_perplexity = run_epoch(session, mtest)
    np.testing.assert_allclose(test_perplexity, recorded["test_perplexity"], rtol=1e-5)


def test_a_checkpoint_of_the_original_with_other_shapes_is_refused(run_main, out):
    copy_original("run-two-layer-init.ckpt", out)
    message = r"float32 \[50, 8\] as Model/embedding, this model float32 \[8, 16\]; give another"
    with pytest.raises(SavePathError, match=message):
        run_main(save_path=out)
    assert not os.path.exists(os.path.join(out, "config.json"))


def test_a_checkpoint_from_the_middle_of_an_epoch_goes_on_with_that_epoch(out, corpus, capsys):
    _, run, (m, _, _) = restored_run("run-two-layer-final.ckpt", out, corpus)
    assert m.input.epoch_size == 99
    assert run.resume_after(200) == 2  # of 495 steps
    message = "Resuming after epoch 2 of 5, with weights 95 of 200 batches further.\n"
    assert capsys.readouterr().out == message


def test_the_dtype_is_compared_too(run_main, out):
    run_main(save_path=out)
    os.remove(os.path.join(out, "config.json"))
    with pytest.raises(SavePathError, match="has float32 .*, this model float16 "):
        run_main(save_path=out, use_fp16=True)


def test_summaries_are_those_of_the_printed_numbers(run_main, out):
    printed = run_main(seed=1, save_path=out)
    numbers = read_run(out)
    for split in ("Train", "Valid"):
        steps, values = zip(*numbers["%s Perplexity" % split])
        assert steps == (EPOCH, 2 * EPOCH, 3 * EPOCH)
        np.testing.assert_allclose(values, perplexities(printed, split), atol=6e-4)
    np.testing.assert_allclose(
        numbers["Test Perplexity"][0][1], perplexities(printed, "Test")[0], atol=6e-4
    )
    assert by_epoch(numbers, "Learning Rate") == ([1, 2, 3], [1, 1, 0.5])
    assert by_epoch(numbers, "Test Perplexity")[0] == [3]
    # Ten progress lines an epoch; those of the test are not training.
    for name in ("Training Loss", "Words per Second"):
        assert len(numbers[name]) == 3 * 10
        assert all(value > 0 for _, value in numbers[name])


def test_the_picture(run_main, out, tmp_path):
    pytest.importorskip("matplotlib")
    run_main(save_path=out)
    path = tmp_path / "run.png"
    plot_run.plot([out, out], str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_summaries_is_refused_in_one_line(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(sys, "argv", ["plot_run.py", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        plot_run.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        "plot_run.py: %s: no summaries there; give a --save_path of ptb_word_lm.py\n" % tmp_path
    )


@posix
def test_summaries_that_cannot_be_written_are_a_warning_and_no_more(start, tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))"
    code = "import console; console.hush_tensorflow(); import sys, summaries; %s\n" % limit
    code += "s = summaries.Summaries(sys.argv[1]); s.add(1, Loss=1.0); s.add(2, Loss=1.0)"
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    warnings = [
        line for line in process.stderr.splitlines() if "Warning: no more summaries" in line
    ]
    assert process.returncode == 0
    assert len(warnings) == 1


def test_a_model_that_is_described_is_described_in_full():
    config = make_config()
    described = checkpoints._describe("small", config, tf.float16, ["a"], [0])
    assert "model small (2 layers of 8, batches of 4 x 5, float16)" in checkpoints._in_words(
        described
    )
