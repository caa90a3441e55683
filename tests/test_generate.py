"""A trained model put to use: samples, next words, scores, a SavedModel."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from absl import flags
from absl.testing import flagsaver
from commands import ROOT
from models import (
    GOLDEN,
    TEXT,
    load_golden,
    make_config,
    outside_environment,
    write_corpus,
)
from test_rnn import numpy_lstm

import checkpoints
import generate
import ptb_word_lm
from study.plot_run import read_run

SCRIPT = os.path.join(ROOT, "generate.py")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folders of a trained run and of its corpus: `a b c d`, then x, y or z, then `<eos>`."""
    folder = tmp_path_factory.mktemp("generate")
    (folder / "corpus").mkdir()
    corpus = write_corpus(folder / "corpus", TEXT, TEXT[:600], TEXT[:300])
    values = dict(hidden_size=16, init_scale=0.3, max_epoch=2, max_max_epoch=3)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(ptb_word_lm, "get_config", lambda name: make_config(**values))
        flags.FLAGS(["ptb_word_lm.py"])
        save_path = str(folder / "saved")
        stack.enter_context(flagsaver.flagsaver(data_path=corpus, save_path=save_path, seed=1))
        ptb_word_lm.main(["ptb_word_lm.py"])
    return save_path, corpus


@pytest.fixture(scope="module")
def model(saved):
    return generate.LanguageModel(*generate.find_run(saved[0]))


@pytest.fixture
def run_command(monkeypatch, capsys):
    """Runs the command in this process; returns status, standard output and standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", [SCRIPT] + list(arguments))
        status = 0
        try:
            generate.main()
        except SystemExit as stop:
            status = stop.code
        output = capsys.readouterr()
        return status, output.out, output.err

    return run


@pytest.fixture
def refused(run_command):
    """The one line that refuses a command."""

    def run(*arguments):
        status, out, err = run_command(*arguments)
        assert (status, out) == (2, "")
        assert err.count("\n") == 1
        assert err.startswith("generate.py: ")
        return err[len("generate.py: ") : -1]

    return run


def edit(folder, name, old, new):
    path = os.path.join(folder, name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def ids_of(model, text):
    return model.vocabulary.encode(text.split())[0]


# --------------------------------------------------------------------------------------------------
# The model
# --------------------------------------------------------------------------------------------------
def test_log_probs_and_state_are_what_numpy_makes_of_the_weights(saved, model):
    weights = tf.train.load_checkpoint(saved[0])
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


def test_no_graph_is_built_while_words_are_drawn(model):
    size = len(model._session.graph.get_operations())
    words = list(generate.continuation(model, [0], 5, 1.0, np.random.RandomState(1)))
    assert len(words) == 5
    assert len(model._session.graph.get_operations()) == size


def test_a_float16_run_can_be_used(run_main, corpus, tmp_path):
    out = str(tmp_path / "out")
    run_main(dict(max_max_epoch=1), save_path=out, use_fp16=True, seed=1)
    model = generate.LanguageModel(*generate.find_run(out))
    log_probs, state = model.run([0, 1, 2], model.zero_state)
    assert (log_probs.dtype, state.dtype) == (np.float32, np.float32)
    with open(os.path.join(corpus, "ptb.test.txt")) as file:
        scored = list(generate.score(model, file))
    loss = -sum(log_prob for log_prob, _, _ in scored) / sum(words for _, words, _ in scored)
    ((_, trained),) = read_run(out)["Test Perplexity"]
    # Training takes the loss in 16 bits as well.
    np.testing.assert_allclose(np.exp(loss), trained, rtol=1e-3)


@pytest.mark.parametrize("cell", sorted(set(ptb_word_lm.CELLS) - {"basic_lstm"}))
def test_the_other_cells_score_what_training_printed(run_main, corpus, tmp_path, cell):
    out = str(tmp_path / "out")
    run_main(dict(max_max_epoch=1), save_path=out, cell=cell, seed=1)
    model = generate.load(out)
    with open(os.path.join(corpus, "ptb.test.txt")) as file:
        scored = list(generate.score(model, file))
    loss = -sum(log_prob for log_prob, _, _ in scored) / sum(words for _, words, _ in scored)
    ((_, trained),) = read_run(out)["Test Perplexity"]
    np.testing.assert_allclose(np.exp(loss), trained, atol=1e-4)


@pytest.fixture
def original(tmp_path, monkeypatch):
    """A checkpoint of TensorFlow 1.4 with nothing beside it, and a corpus with its 50 words."""
    recorded = load_golden("run-two-layer.json")
    folder = tmp_path / "original"
    folder.mkdir()
    for part in (".index", ".data-00000-of-00001"):
        shutil.copy(os.path.join(GOLDEN, "run-two-layer-final.ckpt" + part), str(folder))
    # Word n is the n-th in frequency: <eos>, then w01 to w49.
    words = ["w%02d" % n for n in range(1, 50) for _ in range(50 - n)]
    (tmp_path / "words").mkdir()
    corpus = write_corpus(tmp_path / "words", " ".join(words) + "\n" * 60)
    config = make_config(**recorded["config"])
    monkeypatch.setattr(generate, "get_config", lambda name: config)
    return str(folder), corpus, recorded


def test_a_tensorflow_1_checkpoint_gives_the_recorded_test_perplexity(original):
    folder, corpus, recorded = original
    model = generate.LanguageModel(*generate.find_run(folder, "small", corpus))
    assert model.vocabulary.words[:3] == ["<eos>", "w01", "w02"]
    ids = recorded["test"]
    log_probs, _ = model.run(ids[:-1], model.zero_state)
    loss = -np.mean(log_probs[range(len(ids) - 1), ids[1:]], dtype=np.float64)
    np.testing.assert_allclose(np.exp(loss), recorded["test_perplexity"], rtol=1e-5)


def test_a_tensorflow_1_checkpoint_continues_a_prompt(original, run_command):
    folder, corpus, _ = original
    arguments = ["--save_path=" + folder, "--model=small", "--data_path=" + corpus]
    status, out, err = run_command(*(arguments + ["--prompt=w07 w31", "--num_words=5"]))
    assert status == 0
    assert out.startswith("w07 w31")
    step = int(
        tf.train.load_checkpoint(folder + "/run-two-layer-final.ckpt").get_tensor(
            "Model/global_step"
        )
    )
    assert err == "Using the checkpoint run-two-layer-final.ckpt, after %d training steps.\n" % step


def test_a_tensorflow_1_checkpoint_asks_for_the_model_and_the_corpus(original, refused):
    folder, corpus, _ = original
    model = "no config.json there; give --model, one of small, medium, large, test"
    text = "no vocabulary.txt there; give --data_path, the corpus of the training"
    start = "--save_path=%s: " % folder
    assert refused("--save_path=" + folder, "--prompt=w07") == start + model + "; " + text
    assert refused("--save_path=" + folder, "--prompt=w07", "--model=small") == start + text
    assert (
        refused("--save_path=" + folder, "--prompt=w07", "--data_path=" + corpus) == start + model
    )


# --------------------------------------------------------------------------------------------------
# --prompt
# --------------------------------------------------------------------------------------------------
def test_temperature_0_takes_the_likeliest_word_each_time(saved, run_command):
    arguments = ["--save_path=" + saved[0], "--prompt=a b", "--num_words=9", "--temperature=0"]
    status, out, err = run_command(*arguments)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line[:-1] for line in lines] == ["a b c d "] * 2
    assert lines[0][-1] in "xyz"


def test_the_prompt_is_read_after_the_end_of_a_sentence(model):
    words, ids = generate.read_prompt(model, "a b")
    assert words == ["a", "b"]
    assert ids == ids_of(model, "<eos> a b")


def test_samples_repeat_with_a_seed_and_only_with_it(saved, run_command):
    arguments = ["--save_path=" + saved[0], "--prompt=a", "--num_words=30", "--num_samples=2"]
    first, again, other = (run_command(*(arguments + ["--seed=%d" % s]))[1] for s in (1, 1, 2))
    assert first == again != other
    unseeded = {run_command(*arguments)[1] for _ in range(2)}
    assert len(unseeded) == 2
    samples = first.split("Sample 2:\n")
    assert samples[0].startswith("Sample 1:\na ")
    assert samples[1].startswith("a ")
    assert samples[0].splitlines()[1:-1] != samples[1].splitlines()


def test_the_number_of_words_is_what_was_asked_for(saved, run_command):
    out = run_command("--save_path=" + saved[0], "--prompt=a b c", "--num_words=20", "--seed=1")[1]
    # <eos> is a word; the last line break is one only where the text ends in <eos>.
    words = out.replace("\n", " <eos> ").split()
    assert len(words) in (3 + 20, 3 + 20 + 1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_are_drawn_from_the_softmax_of_log_probs_over_temperature(temperature):
    probabilities = np.array([0.6, 0.3, 0.1])
    random = np.random.RandomState(3)
    log_probs = np.log(probabilities).astype(np.float32)
    drawn = [generate.choose(log_probs, temperature, random) for _ in range(4000)]
    expected = probabilities ** (1 / temperature)
    expected /= expected.sum()
    # Four standard deviations of a frequency of 4,000 draws are at most 0.032.
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 4000.0, expected, atol=0.032)


@pytest.mark.parametrize("temperature, drawn", [(0.0, {1}), (1e-300, {1}), (1e300, {0, 1, 2})])
def test_extreme_temperatures(temperature, drawn):
    random = np.random.RandomState(3)
    log_probs = np.log(np.array([0.2, 0.7, 0.1], np.float32))
    assert {generate.choose(log_probs, temperature, random) for _ in range(50)} == drawn


def test_eos_is_printed_as_a_line_break(capsys):
    generate.print_words(["a", "b", "<eos>", "<eos>", "c"])
    generate.print_words(["d", "<eos>"])
    assert capsys.readouterr().out == "a b\n\nc\nd\n"


@pytest.fixture
def with_unk(saved, tmp_path):
    """The folder of a run whose vocabulary has `<unk>` in place of z."""
    folder = str(tmp_path / "unk")
    shutil.copytree(saved[0], folder)
    edit(folder, "vocabulary.txt", "z", "<unk>")
    edit(folder, "config.json", "vocabulary_sha256", "not_looked_at")
    return folder


def test_unknown_words_are_read_as_unk(with_unk, run_command):
    arguments = ["--save_path=" + with_unk, "--temperature=0", "--num_words=3"]
    _, known, _ = run_command(*(arguments + ["--prompt=a b c d <unk>"]))
    status, out, err = run_command(*(arguments + ["--prompt=a b c d Wort"]))
    assert status == 0
    assert out == known.replace("<unk>", "Wort", 1)
    assert err == "Not in the vocabulary, read as <unk>: Wort\n"


def test_without_unk_unknown_words_are_left_out(saved, run_command):
    arguments = ["--save_path=" + saved[0], "--next=3"]
    _, known, _ = run_command(*(arguments + ["--prompt=a b"]))
    status, out, err = run_command(*(arguments + ["--prompt=a uh b er"]))
    assert (status, out) == (0, known)
    assert err == "Not in the vocabulary, left out: uh er\n"


def test_a_prompt_of_only_unknown_words_works(saved, with_unk, run_command):
    for folder in (saved[0], with_unk):
        arguments = ["--prompt=uh er", "--num_words=4", "--temperature=0"]
        status, out, err = run_command("--save_path=" + folder, *arguments)
        assert status == 0
        assert out.split()[:2] == ["uh", "er"]
        assert len(out.replace("\n", " <eos> ").split()) >= 2 + 4
        assert err.endswith(": uh er\n")


# --------------------------------------------------------------------------------------------------
# --next
# --------------------------------------------------------------------------------------------------
def test_next_words_are_the_likeliest_with_their_probabilities(model):
    ids = ids_of(model, "<eos> a b c d")
    table = generate.next_words(model, ids, 3)
    probabilities = np.exp(model.run(ids, model.zero_state)[0][-1])
    assert {word for word, _ in table} == {"x", "y", "z"}
    np.testing.assert_allclose([p for _, p in table], np.sort(probabilities)[:-4:-1])


def test_the_table_of_next_words(saved, run_command):
    status, out, err = run_command("--save_path=" + saved[0], "--prompt=a b c", "--next=2")
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[0][1] == "d"
    assert float(rows[0][2]) > 90


def test_asking_for_more_words_than_there_are_shows_them_all(model):
    assert len(generate.next_words(model, [0], 1000)) == 8


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_without_a_prompt_a_terminal_is_asked_for_some(saved):
    import pty

    terminal, child_end = pty.openpty()
    command = [sys.executable, SCRIPT, "--save_path=" + saved[0], "--next=2"]
    child = subprocess.Popen(
        command,
        stdin=child_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=outside_environment(),
    )
    os.close(child_end)
    os.write(terminal, b"a b c\n\na b\n\x04")
    out = child.communicate(timeout=60)[0].decode()
    os.close(terminal)
    assert child.returncode == 0
    tables = out.split("> ")
    assert [table.split()[1:2] for table in tables[1:]] == [["d"], [], ["c"], []]
    assert len(tables[1].splitlines()) == 2


# --------------------------------------------------------------------------------------------------
# --score
# --------------------------------------------------------------------------------------------------
def test_the_score_of_the_test_text_is_the_test_perplexity_of_training(saved, run_command):
    save_path, corpus = saved
    ((_, trained),) = read_run(save_path)["Test Perplexity"]
    path = os.path.join(corpus, "ptb.test.txt")
    status, out, err = run_command("--save_path=" + save_path, "--score=" + path)
    assert (status, err) == (0, "")
    total = out.splitlines()[-1].split()
    assert total[0] == "total"
    assert int(total[2]) == 25 * 6 - 1
    np.testing.assert_allclose(float(total[3]), trained, atol=5e-4 + 1e-4)  # of three decimals

    model = generate.LanguageModel(*generate.find_run(save_path))
    with open(path) as file:
        scored = list(generate.score(model, file))
    loss = -sum(log_prob for log_prob, _, _ in scored) / sum(words for _, words, _ in scored)
    np.testing.assert_allclose(np.exp(loss), trained, atol=1e-4)


def test_a_line_on_its_own_scores_the_same_wherever_it_stands(model):
    lines = ["a b c d x", "d c b a", "a b"]
    alone = [next(generate.score(model, [line], separate=True)) for line in lines]
    assert list(generate.score(model, lines, separate=True)) == alone
    assert [words for _, words, _ in alone] == [6, 5, 3]
    assert alone[0][0] > alone[1][0]
    # Carried, the second line knows of the first, and the very first word has nothing before it.
    carried = list(generate.score(model, lines))
    assert [words for _, words, _ in carried] == [5, 5, 3]
    assert carried[1][0] != alone[1][0]


def test_a_separate_line_is_the_product_of_its_words_probabilities(model):
    ids = ids_of(model, "<eos> a d <eos>")
    log_probs, _ = model.run(ids[:-1], model.zero_state)
    expected = log_probs[0][ids[1]] + log_probs[1][ids[2]] + log_probs[2][ids[3]]
    log_prob, num_words, unknown = next(generate.score(model, ["a d\n"], separate=True))
    assert (num_words, unknown) == (3, [])
    np.testing.assert_allclose(log_prob, expected, rtol=1e-6)


def test_long_prompts_are_read_in_pieces(model, monkeypatch):
    ids = ids_of(model, "<eos> a b c d x <eos> a b")
    whole = generate.next_words(model, ids, 8)
    for pieces in (1, 4):
        monkeypatch.setattr(generate, "STEPS_AT_ONCE", pieces)
        table = generate.next_words(model, ids, 8)
        assert [word for word, _ in table] == [word for word, _ in whole]
        np.testing.assert_allclose([p for _, p in table], [p for _, p in whole], rtol=1e-4)


@pytest.mark.parametrize("separate", [False, True])
def test_long_lines_are_read_in_pieces(model, monkeypatch, separate):
    lines = ["a b c d x", "d c b a", "", "a b c d x " * 5]
    whole = [log_prob for log_prob, _, _ in generate.score(model, lines, separate)]
    for pieces in (1, 2, 3):
        monkeypatch.setattr(generate, "STEPS_AT_ONCE", pieces)
        log_probs = [log_prob for log_prob, _, _ in generate.score(model, lines, separate)]
        np.testing.assert_allclose(log_probs, whole, rtol=1e-5)


def test_the_line_end_that_a_text_lacks_is_added(model):
    assert list(generate.score(model, ["a b"])) == list(generate.score(model, ["a b\n"]))


def test_unknown_words_of_a_line_are_named_and_counted(saved, with_unk, run_command, tmp_path):
    path = str(tmp_path / "lines.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("a b Vers c d x\na b\n\nuh er\n")
    for folder, words in ((saved[0], [5, 3, 1, 1]), (with_unk, [6, 3, 1, 3])):
        status, out, err = run_command("--save_path=" + folder, "--score=" + path)
        assert (status, err) == (0, "")
        rows = [line.split() for line in out.splitlines()[1:]]
        assert [int(row[2]) for row in rows] == words + [sum(words)]
        assert [row[4:] for row in rows] == [["Vers"], [], [], ["uh", "er"], ["3"]]
        log_prob, num_words, perplexity = (float(n) for n in rows[0][1:4])
        np.testing.assert_allclose(np.exp(-log_prob / num_words), perplexity, rtol=1e-3)


def test_lines_come_from_standard_input(saved):
    command = [sys.executable, SCRIPT, "--save_path=" + saved[0], "--score=-", "--separate"]
    text = "\ufeffa b\na b"  # a byte-order mark, and no line end
    run = subprocess.run(command, input=text.encode("utf-8"), stdout=subprocess.PIPE, check=True)
    rows = [line.split() for line in run.stdout.decode().splitlines()]
    assert rows[1][1:] == rows[2][1:]
    assert rows[1][2] == "3"


# --------------------------------------------------------------------------------------------------
# --export
# --------------------------------------------------------------------------------------------------
# A process that has TensorFlow and nothing of this project, not even in the working directory.
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
assert not [name for name in sys.modules if name in ("generate", "contrib", "ptb_word_lm")]
np.savez(out, log_probs=second["log_probs"].numpy(), state=second["state"].numpy())
"""


def test_the_exported_model_gives_the_same_numbers_without_this_project(
    saved, model, run_command, tmp_path
):
    exported, numbers = str(tmp_path / "exported"), str(tmp_path / "numbers.npz")
    status, out, err = run_command("--save_path=" + saved[0], "--export=" + exported)
    assert (status, out, err) == (0, "Wrote %s.\n" % exported, "")
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


# --------------------------------------------------------------------------------------------------
# Mistakes
# --------------------------------------------------------------------------------------------------
def test_a_save_path_that_is_not_there(refused):
    assert refused("--save_path=nowhere", "--prompt=a") == (
        "--save_path=nowhere: no such folder; give a --save_path of ptb_word_lm.py"
    )


def test_a_save_path_without_a_checkpoint(refused, tmp_path):
    line = refused("--save_path=%s" % tmp_path, "--prompt=a")
    assert line.startswith("--save_path=%s: no checkpoint there; " % tmp_path)


def test_checkpoints_of_which_none_can_be_read(saved, run_command, tmp_path):
    folder = str(tmp_path / "damaged")
    shutil.copytree(saved[0], folder)
    for name in os.listdir(folder):
        if ".data-" in name:
            os.truncate(os.path.join(folder, name), 100)
    status, out, err = run_command("--save_path=" + folder, "--prompt=a")
    assert (status, out) == (2, "")
    assert "none of its checkpoints can be read" in err.splitlines()[-1]


@pytest.mark.parametrize(
    "name, old, new, message",
    [
        ("vocabulary.txt", "a\n", "", "knows 8 words, the vocabulary 7; delete vocabulary.txt and"),
        ("vocabulary.txt", "a\nb\n", "b\na\n", "its vocabulary is not the one of the training; "),
        (
            "config.json",
            '"num_layers": 2',
            '"num_layers": 1',
            "has more than this model, as Model/RNN",
        ),
        ("config.json", '"num_layers": 2', '"num_layers": 0', "must be at least 1"),
        ("config.json", '"num_layers": 2', '"num_layers": 1e400', "cannot read its config.json ("),
        ("config.json", "{", "", "cannot read its config.json ("),
        ("config.json", '"num_layers"', '"layers"', "cannot read its config.json ('num_layers')"),
        (
            "config.json",
            '"basic_lstm"',
            '"lstm"',
            "cannot read its config.json (no such cell as lstm",
        ),
        ("config.json", '"hidden_size": 16', '"hidden_size": 17', "as Model/embedding, this model"),
    ],
)
def test_a_folder_whose_files_do_not_match(saved, refused, tmp_path, name, old, new, message):
    folder = str(tmp_path / "copy")
    shutil.copytree(saved[0], folder)
    edit(folder, name, old, new)
    line = refused("--save_path=" + folder, "--prompt=a")
    assert line.startswith("--save_path=%s: " % folder)
    assert message in line


def test_a_checkpoint_with_weights_that_are_no_numbers(saved, refused, tmp_path):
    folder = str(tmp_path / "diverged")
    shutil.copytree(saved[0], folder)
    prefix, _ = checkpoints.newest_checkpoint(folder)
    checkpoint = tf.train.load_checkpoint(prefix)
    for name in checkpoint.get_variable_to_shape_map():
        value = checkpoint.get_tensor(name)
        if name == "Model/softmax_w":
            value[3, 3] = np.nan
        tf.Variable(value, name=name)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, prefix, write_meta_graph=False)
    line = refused("--save_path=" + folder, "--prompt=a")
    message = "its checkpoint %s has numbers in Model/softmax_w that are not finite: the training"
    assert message % os.path.basename(prefix) in line


def test_the_newest_checkpoint_counts_that_can_be_read(saved, tmp_path, capsys):
    folder = str(tmp_path / "copy")
    shutil.copytree(saved[0], folder)
    names = [os.path.basename(generate.find_run(folder)[0])]
    os.truncate(os.path.join(folder, names[0] + ".data-00000-of-00001"), 100)
    names.append(os.path.basename(generate.find_run(folder)[0]))
    steps = [int(name.split("-")[1]) for name in names]
    assert steps == [3 * steps[1] // 2, steps[1]]  # of three epochs and of two
    assert "cannot read the checkpoint" in capsys.readouterr().err


def test_a_checkpoint_that_goes_away_while_it_is_read(saved, monkeypatch, refused, tmp_path):
    folder = str(tmp_path / "copy")
    shutil.copytree(saved[0], folder)
    find_run = generate.find_run

    def find_and_remove(*arguments):
        found = find_run(*arguments)
        for name in os.listdir(folder):
            if name.startswith(os.path.basename(found[0])):
                os.remove(os.path.join(folder, name))
        return found

    monkeypatch.setattr(generate, "find_run", find_and_remove)
    line = refused("--save_path=" + folder, "--prompt=a")
    assert line.startswith("--save_path=%s: its checkpoint went away (" % folder)
    assert line.endswith("); if a run is training there, try again")


def test_a_save_path_that_tensorflow_takes_for_a_pattern(saved, refused, tmp_path):
    folder = str(tmp_path / "out[1]")
    shutil.copytree(saved[0], folder)
    line = refused("--save_path=" + folder, "--prompt=a")
    assert line.endswith("TensorFlow takes * ? [ ] for a pattern; give another folder")


def test_another_corpus_than_the_vocabularys(saved, refused, tmp_path):
    other = write_corpus(tmp_path, "other words\n")
    line = refused("--save_path=" + saved[0], "--prompt=a", "--data_path=" + other)
    message = "its vocabulary.txt is not that of --data_path=%s; leave out --data_path" % other
    assert line == "--save_path=%s: %s" % (saved[0], message)


def test_the_corpus_and_the_model_of_the_run_may_be_given(saved):
    assert generate.find_run(saved[0], "small", saved[1])[2] == generate.find_run(saved[0])[2]


def test_another_model_than_the_runs(saved, refused):
    line = refused("--save_path=" + saved[0], "--prompt=a", "--model=medium")
    assert line.endswith("it holds model small; leave out --model")


def test_a_model_that_does_not_exist(saved, refused):
    line = refused("--save_path=" + saved[0], "--prompt=a", "--model=huge")
    assert line.startswith("--model=huge: no such model; choose one of ")


@pytest.mark.parametrize("prompt", ["", "  ", "\n"])
def test_an_empty_prompt(saved, refused, prompt):
    line = refused("--save_path=" + saved[0], "--prompt=" + prompt)
    assert line.endswith("there is no word in it; give the beginning of a sentence")


@pytest.mark.parametrize(
    "argument, message",
    [
        ("--temperature=-0.1", "argument --temperature: must be at least 0; given -0.1"),
        ("--temperature=nan", "argument --temperature: must be at least 0; given nan"),
        ("--temperature=hot", "argument --temperature: invalid float value: 'hot'"),
        ("--num_words=0", "argument --num_words: must be at least 1; given 0"),
        ("--num_samples=0", "argument --num_samples: must be at least 1; given 0"),
        ("--next=0", "argument --next: must be at least 1; given 0"),
        ("--seed=-1", "argument --seed: must be at least 0; given -1"),
        ("--seed=4294967296", "argument --seed: must be at most 4294967295; given 4294967296"),
        ("--seeds=1", "unrecognized arguments: --seeds=1"),
        ("--temp=1", "unrecognized arguments: --temp=1"),
        ("--separate", "--separate is for --score; leave it out"),
        ("--score=x", "--prompt and --score do not go together; give one of them"),
    ],
)
def test_arguments_out_of_range(saved, refused, argument, message):
    assert refused("--save_path=" + saved[0], "--prompt=a", argument) == message


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--score=x", "--next=3"], "--next and --score do not go together; give one of them"),
        (["--score=x", "--seed=3"], "--seed is for continuing a --prompt; leave it out"),
        (["--prompt=a", "--next=3", "--num_words=3"], "--num_words is for continuing a --prompt"),
        (["--export=x", "--temperature=0"], "--temperature is for continuing a --prompt"),
        (["--export="], "--export=: that is no name; give a new folder"),
    ],
)
def test_flags_that_do_not_fit(saved, refused, arguments, message):
    assert refused("--save_path=" + saved[0], *arguments).startswith(message)


def test_a_prompt_of_which_nothing_can_be_read():
    model = types.SimpleNamespace(vocabulary=generate.Vocabulary(["a", "b"]))  # no <eos>, no <unk>
    assert generate.read_prompt(model, "a uh") == (["a", "uh"], [0])
    with pytest.raises(generate.PromptError, match="none of its words is in the vocabulary"):
        generate.read_prompt(model, "uh er")


def test_no_save_path(refused):
    assert refused("--prompt=a") == "the following arguments are required: --save_path"


def test_nothing_to_do_and_nobody_to_ask(saved, refused, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    line = refused("--save_path=" + saved[0])
    assert line == "nothing to do; give --prompt, --score or --export"


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "cannot read it (No such file or directory); give a text file, or -"),
        (b"", "there is no line in it; give a text file, one sentence a line"),
        (b"\xff\n", "line 1 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_score_file_that_cannot_be_read(saved, refused, tmp_path, content, message):
    path = str(tmp_path / "lines.txt")
    if content is not None:
        with open(path, "wb") as file:
            file.write(content)
    line = refused("--save_path=" + saved[0], "--score=" + path)
    assert line == "--score=%s: %s" % (path, message)


def test_an_export_folder_that_holds_something(saved, refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    line = refused("--save_path=" + saved[0], "--export=%s" % tmp_path)
    assert line.endswith("there is something already; give a new folder")
    assert os.listdir(str(tmp_path)) == ["file"]


def test_an_export_folder_that_cannot_be_made(saved, refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    line = refused("--save_path=" + saved[0], "--export=%s" % (tmp_path / "file" / "out"))
    assert "cannot write there (" in line


def test_a_reader_that_goes_away_is_no_error(saved):
    command = [sys.executable, SCRIPT, "--save_path=" + saved[0], "--prompt=a", "--num_words=20000"]
    pipe = subprocess.PIPE
    child = subprocess.Popen(command, stdout=pipe, stderr=pipe, env=outside_environment())
    child.stdout.readline()
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() == 1


def test_help_shows_every_flag(run_command):
    status, out, err = run_command("--help")
    assert (status, err) == (0, "")
    flags_ = "save_path model data_path prompt next score export num_words num_samples temperature"
    for flag in (flags_ + " seed separate").split():
        assert "\n  --" + flag in out


def test_words_that_a_terminal_cannot_show_are_escaped(saved):
    command = [sys.executable, SCRIPT, "--save_path=" + saved[0], "--prompt=w\u00f6rter a"]
    environment = dict(outside_environment(), PYTHONIOENCODING="ascii")
    run = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
    assert run.stdout.startswith(b"w\\xf6rter a")
