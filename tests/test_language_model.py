"""Tests `lm/language_model.py`: it finds a trained model, runs it and exports it."""

import errno
import glob
import os
import re
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from models import (
    TEXT,
    copy_recorded_checkpoint,
    edit_file,
    load_golden,
    make_config,
    numpy_lstm,
    train_saved_run,
    write_corpus,
)

import ptb_word_lm
from lm import checkpoints, configs, decoding, language_model
from lm.language_model import ExportError, LanguageModel, Vocabulary, find_run, load

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
WORDS = ["<eos>", "a", "b", "c", "d", "x", "y", "z"]  # of TEXT


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return train_saved_run(tmp_path_factory.mktemp("saved") / "new")


@pytest.fixture(scope="module")
def model(saved):
    return load(saved.folder)


@pytest.fixture
def copied(saved, tmp_path):
    """Returns a copy of the trained run's folder, which a test may change."""
    folder = str(tmp_path / "copy")
    shutil.copytree(saved.folder, folder)
    return folder


@pytest.fixture
def refused(capsys):
    """Tries to load what cannot be loaded; returns the flag to blame and the message."""

    def run(*arguments):
        with pytest.raises(ValueError) as caught:
            load(*arguments)
        assert capsys.readouterr() == ("", "")
        return caught.value.flag, str(caught.value)

    return run


def ids_of(model, text):
    return model.vocabulary.encode(text.split())[0]


# --------------------------------------------------------------------------------------------------
# Vocabulary and LanguageModel
# --------------------------------------------------------------------------------------------------
def test_unknown_words_become_unk_or_are_skipped():
    with_unk, without = Vocabulary(["a", "<unk>", "b"]), Vocabulary(["a", "b"])
    assert with_unk.encode(["b", "uh", "a"]) == ([2, 1, 0], ["uh"])
    assert without.encode(["b", "uh", "a"]) == ([1, 0], ["uh"])
    assert ("uh" in with_unk, "<unk>" in with_unk, "<unk>" in without) == (False, True, False)


def test_log_probs_and_state_are_what_numpy_makes_of_the_weights(saved, model):
    weights = tf.train.load_checkpoint(saved.folder)
    ids = ids_of(model, "<eos> a b c d x <eos> a d")
    x = weights.get_tensor("Model/embedding")[ids][:, None, :]  # [T, 1, H]
    zero = np.zeros([1, 16])
    states = []
    for layer in range(2):
        scope = "Model/RNN/multi_rnn_cell/cell_%d/basic_lstm_cell/" % layer
        kernel, bias = (weights.get_tensor(scope + name) for name in ("kernel", "bias"))
        x, c, h = numpy_lstm(x, zero, zero, kernel, bias, forget_bias=0.0)
        states += [c, h]
    logits = np.asarray(x)[:, 0].dot(weights.get_tensor("Model/softmax_w"))
    logits = logits + weights.get_tensor("Model/softmax_b")
    expected = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    log_probs, state = model.run(ids, model.zero_state)
    np.testing.assert_allclose(log_probs, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(state, states, rtol=1e-5, atol=1e-5)


def test_the_state_carries_what_was_read(model):
    ids = ids_of(model, "<eos> a b c d x")
    at_once, last = model.run(ids, model.zero_state)
    state = model.zero_state
    for number, word in enumerate(ids):
        log_probs, state = model.run([word], state)
        np.testing.assert_allclose(log_probs[0], at_once[number], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(state, last, rtol=1e-5, atol=1e-6)


def test_the_weights_are_those_of_the_checkpoint_and_nothing_of_the_training(saved, model):
    checkpoint = tf.train.load_checkpoint(saved.folder)
    names = set(checkpoint.get_variable_to_shape_map())
    assert set(model.weights) == names - {"Model/global_step", "Train/Model/Variable"}
    for name, value in model.weights.items():
        np.testing.assert_array_equal(value, checkpoint.get_tensor(name))


def test_a_float16_model_takes_and_gives_32_bits(tmp_path):
    saved = train_saved_run(tmp_path / "new", max_max_epoch=1, use_fp16=True)
    model = load(saved.folder)
    log_probs, state = model.run([0, 1, 2], model.zero_state)
    assert model.weights["Model/embedding"].dtype == np.float16
    assert (log_probs.dtype, state.dtype) == (np.float32, np.float32)


# --------------------------------------------------------------------------------------------------
# Finding a run
# --------------------------------------------------------------------------------------------------
def test_find_run_reads_what_the_training_wrote(tmp_path):
    values = dict(max_max_epoch=1, cell="gru", num_layers=1, hidden_size=12)
    saved = train_saved_run(tmp_path / "new", **values)
    prefix, config, words = find_run(saved.folder)
    assert prefix == tf.train.latest_checkpoint(saved.folder)
    assert (config.cell, config.num_layers, config.hidden_size) == ("gru", 1, 12)
    assert sorted(words) == WORDS


def test_the_corpus_and_the_model_of_the_run_may_be_given(saved):
    assert find_run(saved.folder, "test", saved.corpus)[2] == find_run(saved.folder)[2]


def test_the_newest_checkpoint_counts_that_can_be_read(copied, capsys):
    names = [os.path.basename(find_run(copied)[0])]
    os.truncate(os.path.join(copied, names[0] + ".data-00000-of-00001"), 100)
    names.append(os.path.basename(find_run(copied)[0]))
    steps = [int(name.split("-")[1]) for name in names]
    assert steps == [3 * steps[1] // 2, steps[1]]  # after three epochs and after two
    assert "cannot read the checkpoint" in capsys.readouterr().err


# A checkpoint of TensorFlow 1.4
@pytest.fixture
def original(tmp_path, monkeypatch):
    """Returns a checkpoint of TensorFlow 1.4 alone, and a corpus with its 50 words."""
    recorded = load_golden("run-two-layer.json")
    folder = str(tmp_path / "original")
    copy_recorded_checkpoint("run-two-layer-final.ckpt", folder)
    # Word n is the n-th by frequency: <eos>, then w01 to w49.
    words = ["w%02d" % n for n in range(1, 50) for _ in range(50 - n)]
    (tmp_path / "words").mkdir()
    corpus = write_corpus(tmp_path / "words", " ".join(words) + "\n" * 60)
    monkeypatch.setitem(configs.CONFIGS, "small", make_config(**recorded["config"]))
    return folder, corpus, recorded


def test_a_tensorflow_1_checkpoint_gives_the_recorded_test_perplexity(original, capsys):
    folder, corpus, recorded = original
    model = load(folder, "small", corpus)
    assert model.vocabulary.words[:3] == ["<eos>", "w01", "w02"]
    ids = recorded["test"]
    log_probs, _ = model.run(ids[:-1], model.zero_state)
    loss = -np.mean(log_probs[range(len(ids) - 1), ids[1:]], dtype=np.float64)
    np.testing.assert_allclose(np.exp(loss), recorded["test_perplexity"], rtol=1e-5)

    checkpoint = tf.train.load_checkpoint(os.path.join(folder, "run-two-layer-final.ckpt"))
    step = int(checkpoint.get_tensor("Model/global_step"))
    line = "Using the checkpoint run-two-layer-final.ckpt, after %d training steps.\n" % step
    assert capsys.readouterr() == ("", line)


def test_a_tensorflow_1_checkpoint_asks_for_the_model_and_the_corpus(original, refused):
    folder, corpus, _ = original
    model = "no config.json there; give --model, one of small, medium, large, test, sample"
    text = "no vocabulary.txt there; give --data_path, the corpus of the training"
    assert refused(folder) == ("save_path", model + "; " + text)
    assert refused(folder, "small") == ("save_path", text)
    assert refused(folder, None, corpus) == ("save_path", model)


# A checkpoint of the reference
@pytest.mark.parametrize("name", ["test", pytest.param("small", marks=pytest.mark.slow)])
def test_the_references_last_checkpoint_gives_its_test_perplexity(
    tmp_path, monkeypatch, capsys, name
):
    """The checkpoint lies beside the folder DIR of --save_path, as DIR-STEP.*."""
    perplexities = []
    run_epoch = ptb_word_lm.run_epoch

    def recording(*arguments, **more):
        perplexities.append(run_epoch(*arguments, **more))
        return perplexities[-1]

    monkeypatch.setattr(ptb_word_lm, "run_epoch", recording)
    (tmp_path / "corpus").mkdir()
    corpus = write_corpus(tmp_path / "corpus", TEXT, TEXT, TEXT[:300])
    values = dict(model=name, data_path=corpus, save_path=str(tmp_path / "DIR"), seed=1)
    for flag, value in values.items():
        flags.FLAGS[flag].value = value
    ptb_word_lm.main(["ptb_word_lm.py"])
    assert "Test Perplexity: %.3f\n" % perplexities[-1] in capsys.readouterr().out

    (tmp_path / "last").mkdir()
    for path in glob.glob(str(tmp_path / "DIR-*")):
        shutil.move(path, str(tmp_path / "last"))
    model = load(str(tmp_path / "last"), name, corpus)
    notice = r"Using the checkpoint DIR-(\d+), after \1 training steps\.\n"
    assert re.fullmatch(notice, capsys.readouterr().err)
    with open(os.path.join(corpus, "ptb.test.txt")) as file:
        log_probs, counts, _ = zip(*decoding.score(model, file))
    np.testing.assert_allclose(np.exp(-sum(log_probs) / sum(counts)), perplexities[-1], rtol=5e-6)


# --------------------------------------------------------------------------------------------------
# Folders that are not of a run
# --------------------------------------------------------------------------------------------------
def test_a_folder_that_is_not_there(refused):
    message = "no such folder; give a --save_path of lm.train"
    assert refused("nowhere") == ("save_path", message)


def test_a_file_in_place_of_a_folder(refused, tmp_path):
    (tmp_path / "file").write_text("")
    message = "not a folder; give a --save_path of lm.train"
    assert refused(str(tmp_path / "file")) == ("save_path", message)


def test_a_folder_without_a_checkpoint(refused, tmp_path):
    message = "no checkpoint there; lm.train --save_path saves one after each epoch"
    assert refused(str(tmp_path)) == ("save_path", message)


def test_checkpoints_of_which_none_can_be_read(copied, capsys):
    for name in os.listdir(copied):
        if ".data-" in name:
            os.truncate(os.path.join(copied, name), 100)
    with pytest.raises(checkpoints.SavePathError, match="none of its checkpoints can be read"):
        load(copied)
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(" (")[0].rsplit("-", 1)[0] for line in err.splitlines()] == [
        "Warning: cannot read the checkpoint %s/model.ckpt" % copied
    ] * 3


@pytest.mark.parametrize(
    "name, old, new, message",
    [
        ("vocabulary.txt", "a\n", "", "knows 8 words, the vocabulary 7; delete vocabulary.txt and"),
        ("vocabulary.txt", "a\nb\n", "b\na\n", "its vocabulary is not the one of the training; "),
        ("config.json", '"cell": "basic_lstm"', '"cell": "gru"', "as Model/RNN/multi_rnn_cell/"),
        ("config.json", "{", "", "cannot read its config.json ("),
        ("config.json", '"num_layers"', '"layers"', "cannot read its config.json ('num_layers')"),
        (
            "config.json",
            '"basic_lstm"',
            '"lstm"',
            "cannot read its config.json (cell: no such cell; ",
        ),
        ("config.json", "{", "[" * 100000, "cannot read its config.json ("),
        ("config.json", '"basic_lstm"', '["lstm"]', "cannot read its config.json ("),
    ],
)
def test_a_folder_whose_files_do_not_match(copied, refused, name, old, new, message):
    edit_file(os.path.join(copied, name), old, new)
    flag, line = refused(copied)
    assert flag == "save_path"
    assert message in line


@pytest.mark.parametrize(
    "name, value",
    [
        ("num_layers", "1"),
        ("num_layers", "0"),
        ("num_layers", "1000000"),
        ("num_layers", "1.5"),
        ("num_layers", "2.0"),
        ("num_layers", "true"),
        ("num_layers", "NaN"),
        ("num_layers", "null"),
        ("num_layers", '"2"'),
        ("hidden_size", "17"),
        ("hidden_size", "1e+30"),
        ("hidden_size", "2000000000"),
        ("hidden_size", "Infinity"),
        ("hidden_size", "[16]"),
    ],
)
def test_sizes_that_are_not_the_checkpoints(copied, refused, monkeypatch, name, value):
    """The sizes are refused before anything is built. The line says how to mend the file."""
    monkeypatch.setattr(language_model, "Network", None)
    right = {"num_layers": 2, "hidden_size": 16}[name]
    edit_file(
        os.path.join(copied, "config.json"), '"%s": %d' % (name, right), '"%s": %s' % (name, value)
    )
    newest = os.path.basename(tf.train.latest_checkpoint(copied))
    message = "its config.json has %s as %s, its checkpoint %s has %d; write %d there"
    assert refused(copied) == ("save_path", message % (value, name, newest, right, right))


def test_a_model_of_another_size_than_the_checkpoints(original, refused, monkeypatch):
    folder, corpus, _ = original
    monkeypatch.setattr(language_model, "Network", None)
    flag, line = refused(folder, "medium", corpus)
    assert flag == "save_path"
    assert line == (
        "--model=medium has 650 as hidden_size, its checkpoint run-two-layer-final.ckpt has 8; give"
        " a --model that fits"
    )


def test_a_checkpoint_of_something_else(copied, refused, tmp_path):
    tf.Variable(7, name="Model/global_step")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for name in os.listdir(copied):
            if name.startswith("model.ckpt"):
                os.remove(os.path.join(copied, name))
        tf.train.Saver().save(session, os.path.join(copied, "model.ckpt"), write_meta_graph=False)
    message = "its checkpoint model.ckpt is not of this model; give another folder"
    assert refused(copied) == ("save_path", message)


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("vocabulary.txt", "", "knows 8 words, the vocabulary 0; delete vocabulary.txt and give"),
        ("config.json", "", "cannot read its config.json ("),
        ("config.json", "[]", "cannot read its config.json ("),
    ],
)
def test_a_folder_with_a_file_that_says_nothing(copied, refused, name, text, message):
    with open(os.path.join(copied, name), "w") as file:
        file.write(text)
    flag, line = refused(copied)
    assert flag == "save_path"
    assert message in line


def test_a_checkpoint_with_weights_that_are_no_numbers(copied, refused):
    prefix, _ = checkpoints.newest_checkpoint(copied)
    checkpoint = tf.train.load_checkpoint(prefix)
    for name in checkpoint.get_variable_to_shape_map():
        value = checkpoint.get_tensor(name)
        if name == "Model/softmax_w":
            value[3, 3] = np.nan
        tf.Variable(value, name=name)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, prefix, write_meta_graph=False)
    message = "its checkpoint %s has numbers in Model/softmax_w that are not finite: the training"
    flag, line = refused(copied)
    assert flag == "save_path"
    assert message % os.path.basename(prefix) in line


def test_a_checkpoint_that_goes_away_again_and_again(copied, monkeypatch, refused):
    found = find_run(copied)
    for path in glob.glob(found[0] + ".*"):
        os.remove(path)
    monkeypatch.setattr(language_model, "find_run", lambda *_: found)
    flag, line = refused(copied)
    assert flag == "save_path"
    assert line.startswith("its checkpoint went away (")
    assert line.endswith("); if a run is training there, try again")


@pytest.mark.parametrize("goes", ["after it is found", "after its sizes are read"])
def test_of_a_checkpoint_that_goes_away_the_next_one_is_read(copied, monkeypatch, capsys, goes):
    removed = []
    target = "find_run" if goes == "after its sizes are read" else "_newest_checkpoint"
    find = getattr(language_model, target)

    def find_and_remove(*arguments):
        found = find(*arguments)
        if len(removed) < 2:  # One of the three stays.
            removed.append(found[0])
            for path in glob.glob(found[0] + ".*"):
                os.remove(path)
        return found

    monkeypatch.setattr(language_model, target, find_and_remove)
    load(copied)
    assert len(removed) == 2
    assert capsys.readouterr() == ("", "")


class SavingThread(threading.Thread):
    """Saves the variables of a checkpoint in a folder, many times a second, and keeps five.

    All weights of a checkpoint are one number; each checkpoint has another number.
    """

    def __init__(self, folder):
        super(SavingThread, self).__init__()
        self._prefix = os.path.join(folder, "model.ckpt")
        self._held = tf.train.load_checkpoint(tf.train.latest_checkpoint(folder))
        self.stop = threading.Event()
        self.saves = 0

    def run(self):
        shapes = self._held.get_variable_to_shape_map()
        with tf.Graph().as_default(), tf.Session() as session:
            number = tf.placeholder(tf.float32, [])
            step = tf.Variable(0, name="Model/global_step", dtype=tf.int64)
            weights = [
                tf.Variable(tf.zeros(shape), name=name)
                for name, shape in shapes.items()
                if name != "Model/global_step"
            ]
            assign = [tf.assign(step, tf.cast(number, tf.int64))]
            assign += [tf.assign(w, tf.fill(w.shape, number)) for w in weights]
            saver = tf.train.Saver(max_to_keep=5)
            while not self.stop.wait(0.02):
                self.saves += 1
                session.run(assign, {number: 10000 + self.saves})
                saver.save(session, self._prefix, global_step=step, write_meta_graph=False)


def test_a_model_is_read_while_a_training_saves_all_the_time(copied, capsys):
    thread = SavingThread(copied)
    thread.start()
    try:
        numbers = []
        # A checkpoint is removed whenever there are more than five.
        while thread.is_alive() and (len(numbers) < 8 or thread.saves < 30):
            weights = load(copied).weights
            numbers.append({float(number) for value in weights.values() for number in value.flat})
    finally:
        thread.stop.set()
        thread.join()
    assert len(numbers) >= 8
    # No model mixes two checkpoints: all weights are one number, or those from before the first
    # save.
    assert all(len(held) == 1 or held == numbers[0] for held in numbers)
    assert len(numbers[-1]) == 1
    assert capsys.readouterr() == ("", "")


def test_a_folder_that_tensorflow_takes_for_a_pattern(saved, refused, tmp_path):
    folder = str(tmp_path / "out[1]")
    shutil.copytree(saved.folder, folder)
    message = "TensorFlow takes * ? [ ] for a pattern; give another folder"
    assert refused(folder) == ("save_path", message)


def test_another_corpus_than_the_vocabularys(saved, refused, tmp_path):
    other = write_corpus(tmp_path, "other words\n")
    message = "its vocabulary.txt is not that of --data_path=%s; leave out --data_path" % other
    assert refused(saved.folder, None, other) == ("save_path", message)


def test_another_corpus_than_the_checkpoints(copied, refused, tmp_path):
    os.remove(os.path.join(copied, "vocabulary.txt"))
    flag, line = refused(copied, None, write_corpus(tmp_path, "other words\n"))
    assert flag == "save_path"
    advice = "give another --data_path, the corpus of the training"
    assert line.endswith(" knows 8 words, the vocabulary 3; " + advice)


def test_another_model_than_the_runs(saved, refused):
    message = "it holds model test; leave out --model"
    assert refused(saved.folder, "medium") == ("save_path", message)


def test_a_model_that_does_not_exist(saved, refused):
    flag, line = refused(saved.folder, "huge")
    assert flag == "model"
    assert line.startswith("no such model; choose one of ")


def test_a_corpus_that_does_not_exist(saved, refused, tmp_path):
    flag, _ = refused(saved.folder, None, str(tmp_path / "nowhere"))
    assert flag == "data_path"


# --------------------------------------------------------------------------------------------------
# Exporting
# --------------------------------------------------------------------------------------------------
# This program runs with TensorFlow and without this project, which is not even in its working
# directory.
LOAD = """
import sys
import numpy as np
import tensorflow as tf
path, out = sys.argv[1:]
if tf.__version__.startswith("1."):
    tf.enable_eager_execution()
    tf = tf.compat.v2
loaded = tf.saved_model.load(path).signatures["serving_default"]
state = tf.zeros([4, 2, 16])
first = loaded(ids=tf.constant([[0, 1, 2], [3, 4, 5]]), state=state)
second = loaded(ids=tf.constant([[3], [0]]), state=first["state"])
assert not [name for name in sys.modules if name in ("lm", "contrib", "ptb_word_lm")]
np.savez(out, log_probs=second["log_probs"].numpy(), state=second["state"].numpy())
"""


@pytest.mark.slow
def test_the_exported_model_gives_the_same_numbers_without_this_project(model, tmp_path):
    exported, numbers = str(tmp_path / "exported"), str(tmp_path / "numbers.npz")
    model.export(exported)
    command = [sys.executable, "-I", "-c", LOAD, exported, numbers]
    subprocess.run(command, cwd=str(tmp_path), check=True, stderr=subprocess.DEVNULL)
    with open(os.path.join(exported, "assets.extra", "vocabulary.txt"), encoding="utf-8") as file:
        assert file.read().split() == model.vocabulary.words

    loaded = np.load(numbers)
    assert loaded["log_probs"].shape == (2, 1, 8)
    for row, ids in enumerate(([0, 1, 2, 3], [3, 4, 5, 0])):
        log_probs, state = model.run(ids, model.zero_state)
        np.testing.assert_allclose(loaded["log_probs"][row, 0], log_probs[-1], rtol=1e-5)
        np.testing.assert_allclose(loaded["state"][:, row], state[:, 0], rtol=1e-5, atol=1e-6)


def test_an_export_folder_that_is_empty_is_used(model, tmp_path):
    (tmp_path / "out").mkdir()
    model.export(str(tmp_path / "out"))
    assert (tmp_path / "out" / "saved_model.pb").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_export_folder_that_holds_something(model, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_text("mine")
    with pytest.raises(ExportError, match="^something is there already; give a new folder$"):
        model.export(str(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["file"]


def test_an_export_folder_that_cannot_be_made(model, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match=r"^cannot write there \(.*\); give another folder$"):
        model.export(str(tmp_path / "file" / "out"))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_export_removes_nothing_that_lies_beside_it(model, tmp_path):
    (tmp_path / "out.new").mkdir()
    (tmp_path / "out.new" / "thesis.txt").write_text("mine")
    model.export(str(tmp_path / "out"))
    assert names(tmp_path) == ["out", "out.new"]
    assert (tmp_path / "out.new" / "thesis.txt").read_text() == "mine"


@posix
def test_an_export_leaves_links_alone(model, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out.new").symlink_to("elsewhere")
    (tmp_path / "out").symlink_to("empty")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dangling").symlink_to("missing")
    for name in ("out", "dangling"):
        model.export(str(tmp_path / name))
    assert names(tmp_path) == ["dangling", "elsewhere", "empty", "missing", "out", "out.new"]
    assert names(tmp_path / "elsewhere") == []
    for link, target in (("out", "empty"), ("dangling", "missing"), ("out.new", "elsewhere")):
        assert os.readlink(str(tmp_path / link)) == target
    for folder in ("empty", "missing"):
        assert (tmp_path / folder / "saved_model.pb").is_file()


def test_a_slash_may_end_the_name_and_folders_above_it_may_be_missing(model, tmp_path):
    model.export(str(tmp_path / "new" / "out") + os.sep)
    assert names(tmp_path) == ["new"] and names(tmp_path / "new") == ["out"]
    assert (tmp_path / "new" / "out" / "saved_model.pb").is_file()


def test_the_current_folder_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    for name in (".", str(tmp_path), "../" + tmp_path.name):
        with pytest.raises(ExportError, match="^that is the current folder; give a new folder$"):
            model.export(name)
    assert names(tmp_path) == []


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_an_exported_folder_has_the_permissions_of_any_new_folder(model, tmp_path, umask):
    before = os.umask(umask)
    try:
        model.export(str(tmp_path / "out"))
        os.mkdir(str(tmp_path / "new"))
    finally:
        os.umask(before)
    assert os.stat(str(tmp_path / "out")).st_mode == os.stat(str(tmp_path / "new")).st_mode


class Interrupting(object):
    """Stands for `LanguageModel._write`, and calls a function when a file is half written."""

    def __init__(self, action):
        self._action = action

    def __call__(self, folder):
        with open(os.path.join(folder, "saved_model.pb"), "w") as file:
            file.write("half")
        self._action()


@pytest.mark.parametrize(
    "error, caught",
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ExportError),
        (tf.errors.ResourceExhaustedError(None, None, "f; No space left on device"), ExportError),
    ],
)
def test_an_export_that_is_stopped_leaves_nothing(model, tmp_path, monkeypatch, error, caught):
    def fail():
        raise error

    monkeypatch.setattr(model, "_write", Interrupting(fail))
    with pytest.raises(caught):
        model.export(str(tmp_path / "out"))
    assert names(tmp_path) == []


def test_what_somebody_makes_meanwhile_stays(model, tmp_path, monkeypatch):
    def make():
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "file").write_text("mine")

    monkeypatch.setattr(model, "_write", Interrupting(make))
    with pytest.raises(ExportError, match="^something is there already; give a new folder$"):
        model.export(str(tmp_path / "out"))
    assert names(tmp_path) == ["out"] and names(tmp_path / "out") == ["file"]


def test_of_two_exports_at_once_one_wins(model, saved, tmp_path, monkeypatch):
    other, out = load(saved.folder), str(tmp_path / "out")
    write = model._write

    def write_late(folder):
        write(folder)
        other.export(out)

    monkeypatch.setattr(model, "_write", write_late)
    with pytest.raises(ExportError, match="^something is there already; give a new folder$"):
        model.export(out)
    assert names(tmp_path) == ["out"]
    with tf.Session() as session:
        tf.saved_model.load(session, ["serve"], out)


def test_an_export_folder_without_a_name(model):
    with pytest.raises(ExportError, match="^the name is empty; give a new folder$"):
        model.export("")


def test_the_model_takes_what_find_run_finds(saved, model):
    again = LanguageModel(*find_run(saved.folder))
    ids = ids_of(model, "<eos> a b")
    for value, other in zip(model.run(ids, model.zero_state), again.run(ids, again.zero_state)):
        np.testing.assert_array_equal(value, other)
