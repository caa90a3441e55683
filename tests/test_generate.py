"""Tests `python -m lm.generate`: its output, and the lines that refuse a mistake."""

import functools
import io
import os
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest
from commands import ROOT, outside_environment, run_command
from models import copy_recorded_checkpoint, edit_file, load_golden, make_config, train_saved_run

from lm import configs, generate
from lm.language_model import find_run

PROGRAM = ["-m", "lm.generate"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return train_saved_run(tmp_path_factory.mktemp("saved") / "new")


@pytest.fixture
def call(call_main):
    """Runs the command in this process; returns status, standard output and standard error."""
    return functools.partial(call_main, generate)


@pytest.fixture
def refused(call_refused):
    """Returns the one line that refuses a command."""
    return functools.partial(call_refused, generate)


@pytest.fixture
def with_unk(saved, tmp_path):
    """Returns the folder of a run whose vocabulary has `<unk>` in place of z."""
    folder = str(tmp_path / "unk")
    shutil.copytree(saved.folder, folder)
    edit_file(os.path.join(folder, "vocabulary.txt"), "z", "<unk>")
    edit_file(os.path.join(folder, "config.json"), "vocabulary_sha256", "not_looked_at")
    return folder


# --------------------------------------------------------------------------------------------------
# --prompt
# --------------------------------------------------------------------------------------------------
def test_temperature_0_takes_the_likeliest_word_each_time(saved, call):
    arguments = ["--save_path=" + saved.folder, "--prompt=a b", "--num_words=9", "--temperature=0"]
    status, out, err = call(*arguments)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line[:-1] for line in lines] == ["a b c d "] * 2
    assert lines[0][-1] in "xyz"


def test_temperature_0_leaves_nothing_to_chance(saved, call):
    arguments = ["--prompt=a", "--num_words=60", "--num_samples=2", "--temperature=0"]
    _, out, _ = call("--save_path=" + saved.folder, *arguments)
    first, second = out.replace("Sample 1:\n", "").split("\nSample 2:\n")
    assert first == second


def test_samples_repeat_with_a_seed_and_only_with_it(saved, call):
    arguments = ["--save_path=" + saved.folder, "--prompt=a", "--num_words=30", "--num_samples=2"]
    first, again, other = (call(*(arguments + ["--seed=%d" % s]))[1] for s in (1, 1, 2))
    assert first == again != other
    unseeded = {call(*arguments)[1] for _ in range(2)}
    assert len(unseeded) == 2
    samples = first.split("Sample 2:\n")
    assert samples[0].startswith("Sample 1:\na ")
    assert samples[1].startswith("a ")
    assert samples[0].splitlines()[1:-1] != samples[1].splitlines()


@pytest.mark.parametrize("arguments, number", [(["--num_words=20"], 20), ([], 40)])
def test_the_number_of_words_is_what_was_asked_for(saved, call, arguments, number):
    out = call("--save_path=" + saved.folder, "--prompt=a b c", "--seed=1", *arguments)[1]
    # <eos> is a word. The last line break is an <eos> only if the text ends in one.
    words = out.replace("\n", " <eos> ").split()
    assert len(words) in (3 + number, 3 + number + 1)


def test_eos_is_printed_as_a_line_break(capsys):
    generate.print_words(["a", "b", "<eos>", "<eos>", "c"])
    generate.print_words(["d", "<eos>"])
    assert capsys.readouterr().out == "a b\n\nc\nd\n"


def test_unknown_words_are_read_as_unk(with_unk, call):
    arguments = ["--save_path=" + with_unk, "--temperature=0", "--num_words=3"]
    _, known, _ = call(*(arguments + ["--prompt=a b c d <unk>"]))
    status, out, err = call(*(arguments + ["--prompt=a b c d Wort"]))
    assert status == 0
    assert out == known.replace("<unk>", "Wort", 1)
    assert err == "Not in the vocabulary, read as <unk>: Wort\n"


def test_without_unk_unknown_words_are_left_out(saved, call):
    arguments = ["--save_path=" + saved.folder, "--next=3"]
    _, known, _ = call(*(arguments + ["--prompt=a b"]))
    status, out, err = call(*(arguments + ["--prompt=a uh b er"]))
    assert (status, out) == (0, known)
    assert err == "Not in the vocabulary, left out: uh er\n"


def test_a_prompt_of_only_unknown_words_works(saved, with_unk, call):
    for folder in (saved.folder, with_unk):
        arguments = ["--prompt=uh er", "--num_words=4", "--temperature=0"]
        status, out, err = call("--save_path=" + folder, *arguments)
        assert status == 0
        assert out.split()[:2] == ["uh", "er"]
        assert len(out.replace("\n", " <eos> ").split()) >= 2 + 4
        assert err.endswith(": uh er\n")


def test_a_tensorflow_1_checkpoint_continues_a_prompt(call, monkeypatch, tmp_path):
    recorded = load_golden("run-two-layer.json")
    monkeypatch.setitem(configs.CONFIGS, "small", make_config(**recorded["config"]))
    folder = str(tmp_path / "original")
    copy_recorded_checkpoint("run-two-layer-final.ckpt", folder)
    words = ["w%02d" % n for n in range(1, 50)]
    (tmp_path / "ptb.train.txt").write_text(" ".join(words) + "\n")
    arguments = ["--save_path=" + folder, "--model=small", "--data_path=%s" % tmp_path]
    status, out, err = call(*(arguments + ["--prompt=w07 w31", "--num_words=5"]))
    assert status == 0
    assert out.startswith("w07 w31")
    assert err.startswith("Using the checkpoint run-two-layer-final.ckpt, after ")


# --------------------------------------------------------------------------------------------------
# --next
# --------------------------------------------------------------------------------------------------
def test_the_table_of_next_words(saved, call):
    status, out, err = call("--save_path=" + saved.folder, "--prompt=a b c", "--next=2")
    assert (status, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[0][1] == "d"
    assert float(rows[0][2]) > 90
    assert rows[0][3:] == ["%"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_without_a_prompt_a_terminal_is_asked_for_some(saved):
    import pty

    terminal, child_end = pty.openpty()
    child = subprocess.Popen(
        [sys.executable] + PROGRAM + ["--save_path=" + saved.folder, "--next=2"],
        stdin=child_end,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=outside_environment(),
    )
    os.close(child_end)
    os.write(terminal, b"a b c\n\na b\n\x04")
    out = child.communicate(timeout=300)[0].decode()
    os.close(terminal)
    assert child.returncode == 0
    tables = out.split("> ")
    assert [table.split()[1:2] for table in tables[1:]] == [["d"], [], ["c"], []]
    assert len(tables[1].splitlines()) == 2


@pytest.mark.parametrize("system, keys", [("posix", "Ctrl-D ends"), ("nt", "Ctrl-Z and Enter end")])
def test_the_keys_that_end_the_input_are_those_of_the_system(monkeypatch, capsys, system, keys):
    def ended(prompt):
        raise EOFError

    monkeypatch.setattr(generate, "os", types.SimpleNamespace(name=system))
    monkeypatch.setattr("builtins.input", ended)
    generate.ask_for_prompts(None, 1)
    assert capsys.readouterr().out == "Type the beginning of a sentence; %s.\n\n" % keys


# --------------------------------------------------------------------------------------------------
# --score
# --------------------------------------------------------------------------------------------------
def test_the_total_of_the_test_text_is_the_test_perplexity_of_training(saved, call):
    path = os.path.join(saved.corpus, "ptb.test.txt")
    status, out, err = call("--save_path=" + saved.folder, "--score=" + path)
    assert (status, err) == (0, "")
    total = out.splitlines()[-1].split()
    assert total[0] == "total"
    assert int(total[2]) == 10 * 6 - 1
    # The table prints three decimals.
    np.testing.assert_allclose(float(total[3]), saved.test_perplexity, atol=5e-4 + 1e-4)


def test_unknown_words_of_a_line_are_named_and_counted(saved, with_unk, call, tmp_path):
    path = str(tmp_path / "lines.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("a b Vers c d x\na b\n\nuh er\n")
    for folder, words in ((saved.folder, [5, 3, 1, 1]), (with_unk, [6, 3, 1, 3])):
        status, out, err = call("--save_path=" + folder, "--score=" + path)
        assert (status, err) == (0, "")
        rows = [line.split() for line in out.splitlines()[1:]]
        assert [int(row[2]) for row in rows] == words + [sum(words)]
        assert [row[4:] for row in rows] == [["Vers"], [], [], ["uh", "er"], ["3"]]
        log_prob, num_words, perplexity = (float(n) for n in rows[0][1:4])
        np.testing.assert_allclose(np.exp(-log_prob / num_words), perplexity, rtol=1e-3)


@pytest.mark.slow
def test_lines_come_from_standard_input(saved):
    text = "\ufeffa b\na b".encode("utf-8")  # a byte-order mark, and no line end
    arguments = ["--save_path=" + saved.folder, "--score=-", "--separate"]
    status, out, _ = run_command(*(PROGRAM + arguments), input=text, universal_newlines=False)
    assert status == 0
    rows = [line.split() for line in out.decode().splitlines()]
    assert rows[1][1:] == rows[2][1:]
    assert rows[1][2] == "3"


# --------------------------------------------------------------------------------------------------
# --export
# --------------------------------------------------------------------------------------------------
def test_export_writes_a_saved_model(saved, call, tmp_path):
    exported = str(tmp_path / "exported")
    status, out, err = call("--save_path=" + saved.folder, "--export=" + exported)
    assert (status, out, err) == (0, "Wrote %s.\n" % exported, "")
    assert sorted(os.listdir(exported)) == ["assets.extra", "saved_model.pb", "variables"]
    with open(os.path.join(exported, "assets.extra", "vocabulary.txt"), encoding="utf-8") as file:
        assert file.read().split() == find_run(saved.folder)[2]


# --------------------------------------------------------------------------------------------------
# Mistakes
# --------------------------------------------------------------------------------------------------
def test_a_save_path_that_is_not_there(refused):
    assert refused("--save_path=nowhere", "--prompt=a") == (
        "--save_path=nowhere: no such folder; give a --save_path of lm.train"
    )


def test_a_checkpoint_without_a_model_and_a_corpus(refused, tmp_path):
    folder = str(tmp_path / "original")
    copy_recorded_checkpoint("run-two-layer-final.ckpt", folder)
    line = refused("--save_path=" + folder, "--prompt=w07")
    model = "no config.json there; give --model, one of small, medium, large, test, sample"
    text = "no vocabulary.txt there; give --data_path, the corpus of the training"
    assert line == "--save_path=%s: %s; %s" % (folder, model, text)


def test_a_model_that_does_not_exist(saved, refused):
    line = refused("--save_path=" + saved.folder, "--prompt=a", "--model=huge")
    assert line.startswith("--model=huge: no such model; choose one of ")


def test_another_model_than_the_runs(saved, refused):
    line = refused("--save_path=" + saved.folder, "--prompt=a", "--model=medium")
    assert line == "--save_path=%s: it holds model test; leave out --model" % saved.folder


def test_a_corpus_that_does_not_exist(saved, refused):
    line = refused("--save_path=" + saved.folder, "--prompt=a", "--data_path=nowhere")
    assert line.startswith("--data_path=nowhere: ")


@pytest.mark.parametrize("prompt", ["", "  ", "\n"])
def test_an_empty_prompt(saved, refused, prompt):
    line = refused("--save_path=" + saved.folder, "--prompt=" + prompt)
    assert line.startswith("--prompt=")
    assert line.endswith(": the prompt has no word; give the beginning of a sentence")


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
        ("--seeds=1", "unrecognized arguments: --seeds=1; did you mean --seed?"),
        ("--temperatur=1", "unrecognized arguments: --temperatur=1; did you mean --temperature?"),
        ("--beam_width=3", "unrecognized arguments: --beam_width=3; see --help"),
        ("--separate", "--separate is for --score; leave it out"),
        ("--score=x", "--prompt and --score do not go together; give one of them"),
    ],
)
def test_arguments_out_of_range(saved, refused, argument, message):
    assert refused("--save_path=" + saved.folder, "--prompt=a", argument) == message


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--score=x", "--next=3"], "--next and --score do not go together; give one of them"),
        (["--export=x", "--next=3"], "--next and --export do not go together; give one of them"),
        (["--score=x", "--export=x"], "--score and --export do not go together; give one of them"),
        (["--score=x", "--seed=3"], "--seed is for continuing a --prompt; leave it out"),
        (["--prompt=a", "--next=3", "--num_words=3"], "--num_words is for continuing a --prompt"),
        (["--export=x", "--temperature=0"], "--temperature is for continuing a --prompt"),
    ],
)
def test_flags_that_do_not_fit(saved, refused, arguments, message):
    assert refused("--save_path=" + saved.folder, *arguments).startswith(message)


@pytest.mark.parametrize("flag", ["save_path", "data_path", "score", "export"])
def test_a_path_without_a_name(saved, refused, flag):
    line = refused("--save_path=" + saved.folder, "--%s=" % flag)
    message = "the value is missing; give one, or leave the flag out"
    assert line == "argument --%s: %s" % (flag, message)


def test_no_save_path(refused):
    assert refused("--prompt=a") == "the following arguments are required: --save_path"


def test_nothing_to_do_and_nobody_to_ask(saved, refused, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    line = refused("--save_path=" + saved.folder)
    assert line == "nothing to do; give --prompt, --score or --export"


@pytest.mark.parametrize(
    "content, message",
    [
        (None, "cannot read the file (No such file or directory); give a text file, or -"),
        (b"", "the file has no line; give a text file, one sentence a line"),
        (b"\xff\n", "line 1 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_score_file_that_cannot_be_read(saved, refused, tmp_path, content, message):
    path = str(tmp_path / "lines.txt")
    if content is not None:
        with open(path, "wb") as file:
            file.write(content)
    line = refused("--save_path=" + saved.folder, "--score=" + path)
    assert line == "--score=%s: %s" % (path, message)


def test_an_export_folder_that_holds_something(saved, refused, tmp_path):
    (tmp_path / "file").write_text("mine")
    line = refused("--save_path=" + saved.folder, "--export=%s" % tmp_path)
    assert line == "--export=%s: something is there already; give a new folder" % tmp_path
    assert os.listdir(str(tmp_path)) == ["file"]


def test_help_shows_every_flag(call):
    status, out, err = call("--help")
    assert (status, err) == (0, "")
    assert out.startswith("usage: lm.generate [-h] --save_path DIR ")
    flags = "save_path model data_path prompt next score export num_words num_samples temperature"
    for flag in (flags + " seed separate").split():
        assert "\n  --" + flag in out


# --------------------------------------------------------------------------------------------------
# The command in a process of its own
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_help_shows_the_command_to_type():
    status, out, err = run_command(*(PROGRAM + ["--help"]))
    assert (status, err) == (0, "")
    assert out.startswith("usage: python -m lm.generate [-h] --save_path DIR ")


@pytest.mark.slow
def test_the_line_that_refuses_begins_with_the_command():
    status, out, err = run_command(*(PROGRAM + ["--save_path=nowhere", "--prompt=a"]))
    assert (status, out) == (2, "")
    message = "no such folder; give a --save_path of lm.train"
    assert err == "lm.generate: --save_path=nowhere: %s\n" % message


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(saved):
    arguments = ["--save_path=" + saved.folder, "--prompt=a", "--num_words=20000"]
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        [sys.executable] + PROGRAM + arguments,
        stdout=pipe,
        stderr=pipe,
        cwd=ROOT,
        env=outside_environment(),
    )
    child.stdout.readline()
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() == 1


@pytest.mark.slow
def test_words_that_a_terminal_cannot_show_are_escaped(saved):
    status, out, _ = run_command(
        *(PROGRAM + ["--save_path=" + saved.folder, "--prompt=w\u00f6rter a"]),
        env=outside_environment(PYTHONIOENCODING="ascii"),
        universal_newlines=False,
    )
    assert status == 0
    assert out.startswith(b"w\\xf6rter a")
