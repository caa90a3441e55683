"""Tests what files can do that are made to do harm. SECURITY.md rests on these tests.

The archive of the Penn Treebank is in test_fetch_ptb.py. Ordinary damage is in test_run_folder.py,
test_language_model.py and test_word_ids.py.
"""

import ast
import contextlib
import functools
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT
from models import RUN, make_lm_config, put_checkpoint, train_run, train_saved_run

import reader
from lm import generate
from lm.corpus import read_corpus
from study import plot_run

posix = pytest.mark.skipif(os.name != "posix", reason="needs FIFOs, devices and links")


@pytest.fixture
def little_memory():
    """Limits the process to 2 GB more than it has, so that whatever wants more fails at once."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    used = 0
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status") as file:
            used = 1024 * int(re.search(r"VmData:\s+(\d+)", file.read()).group(1))
    resource.setrlimit(resource.RLIMIT_DATA, (used + 2**31, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)


def put_no_file(path, kind, make_fifo):
    """Replaces a file by a FIFO, a folder, or a link to a device."""
    path.unlink()
    if kind == "fifo":
        make_fifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(kind)


@pytest.fixture
def make_fifo(tmp_path):
    """Makes FIFOs, and fails if one is opened for reading.

    The reader gets the end of the FIFO after five seconds, so that no test hangs.
    """
    program = """
import sys, time
while True:
    time.sleep(5)
    open(sys.argv[1], "w").close()  # waits for a reader
    open(sys.argv[2], "w").close()
"""
    was_read = tmp_path / "was read"
    with contextlib.ExitStack() as stack:

        def make(path):
            os.mkfifo(str(path))
            words = [sys.executable, "-S", "-c", program, str(path), str(was_read)]
            process = subprocess.Popen(words)
            stack.callback(process.wait)
            stack.callback(process.kill)

        yield make
    assert not was_read.exists()


# --------------------------------------------------------------------------------------------------
# A forged checkpoint
# --------------------------------------------------------------------------------------------------
STRING, INT64, RESOURCE, VARIANT = 7, 9, 20, 21  # of types.proto
FLOAT = 1


def varint(number):
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    return bytes(data) + bytes([number])


def field(number, value):
    """Returns a field of a protocol buffer: a number, or bytes."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def checksum(data):
    """Returns TensorFlow's masked CRC-32C, the four bytes that follow a record."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def block(entries):
    """Returns a block of a table: keys and values, and the place of each."""
    data, starts = b"", []
    for key, value in entries:
        starts.append(len(data))
        data += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    starts = starts or [0]
    data += struct.pack("<%dI" % (len(starts) + 1), *(starts + [len(starts)]))
    return data + b"\0" + checksum(data + b"\0")


def write_checkpoint(folder, **changes):
    """Writes a checkpoint of a model of four words. TensorFlow itself could not write a false one.

    Args:
        folder: the folder.
        **changes: false entries of the index, `(dtype, shape)` or `(dtype, shape, size in bytes)`,
            each under the last word of the variable's name.
    """
    cell = "Model/RNN/multi_rnn_cell/cell_0/basic_lstm_cell/"
    variables = [
        ("Model/embedding", FLOAT, [4, 2]),
        (cell + "kernel", FLOAT, [4, 8]),
        (cell + "bias", FLOAT, [8]),
        ("Model/softmax_w", FLOAT, [2, 4]),
        ("Model/softmax_b", FLOAT, [4]),
        ("Model/global_step", INT64, []),
        ("Train/Model/Variable", FLOAT, []),
    ]
    entries, data = [(b"", field(1, 1) + field(3, field(1, 1)))], b""
    for name, dtype, shape in sorted(variables):
        size = int(np.prod(shape)) * (8 if dtype == INT64 else 4)
        said = (changes.get(name.rpartition("/")[2], (dtype, shape)) + (size,))[:3]
        entry = field(1, said[0]) + field(2, b"".join(field(2, field(1, n)) for n in said[1]))
        entry += field(4, len(data)) + field(5, said[2])
        entry += varint(6 << 3 | 5) + checksum(b"\0" * min(size, said[2]))
        entries.append((name.encode(), entry))
        data += b"\0" * size
    contents, nothing = block(entries), block([])
    place = varint(0) + varint(len(contents) - 5)  # no compression, no checksum
    index = block([(b"\xff", place)])
    place = varint(len(contents)) + varint(len(nothing) - 5)
    place += varint(len(contents) + len(nothing)) + varint(len(index) - 5)
    place += b"\0" * (40 - len(place)) + struct.pack("<Q", 0xDB4775248B80FB57)
    (folder / "model.ckpt-10.index").write_bytes(contents + nothing + index + place)
    (folder / "model.ckpt-10.data-00000-of-00001").write_bytes(data)


CONFIG = dict(num_layers=1, hidden_size=2, model="test", cell="basic_lstm")


@pytest.fixture
def forged(tmp_path):
    """Makes a folder with a checkpoint of zeros, a vocabulary and a configuration."""
    folder = tmp_path / "forged"
    folder.mkdir()
    write_checkpoint(folder)
    (folder / "vocabulary.txt").write_text("<eos>\na\nb\nc\n")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return folder


@pytest.fixture
def call(call_main, forged):
    """Calls lm.generate on the forged folder; returns status, output and errors."""
    return functools.partial(call_main, generate, "--save_path=%s" % forged, "--prompt=a")


@pytest.fixture
def unreadable(call, forged):
    """Returns why the forged checkpoint is not read."""

    def run():
        status, out, err = call()
        assert (status, out) == (2, "")
        warning, line = err.splitlines()
        prefix = forged / "model.ckpt-10"
        assert line == (
            "lm.generate: --save_path=%s: none of its checkpoints can be read, %s the newest; give"
            " another folder" % (forged, prefix)
        )
        match = re.match(r"Warning: cannot read the checkpoint %s \((.*)\)$" % prefix, warning)
        return match.group(1)

    return run


@pytest.fixture
def refused(call_refused, forged):
    """Returns the line that refuses the forged folder, without its beginning."""

    def run():
        line = call_refused(generate, "--save_path=%s" % forged, "--prompt=a")
        start = "--save_path=%s: " % forged
        assert line.startswith(start)
        return line[len(start) :]

    return run


def test_the_forged_checkpoint_is_read_where_nothing_is_wrong_with_it(call):
    status, out, err = call("--next=4")
    assert (status, err) == (0, "")
    assert [line.split()[2:] for line in out.splitlines()] == [["25.0000", "%"]] * 4


# 4 TB, and 8 GB.
@pytest.mark.parametrize("shape", [[2**20, 2**20], [2**31]])
def test_a_shape_that_the_files_cannot_hold_takes_no_memory(
    forged, unreadable, little_memory, shape
):
    write_checkpoint(forged, embedding=(FLOAT, shape, 4 * int(np.prod(shape))))
    assert re.match(r"its index claims \d+ bytes; its files have \d+$", unreadable())


@pytest.mark.parametrize("dtype", [STRING, RESOURCE, VARIANT])
def test_a_dtype_that_no_weight_has(forged, unreadable, dtype):
    write_checkpoint(forged, embedding=(dtype, [1]))
    assert unreadable() == "not only numbers"


def test_a_dtype_that_does_not_exist(forged, unreadable):
    write_checkpoint(forged, embedding=(99, [4, 2]))
    assert unreadable()


def test_a_global_step_that_is_no_number(forged, unreadable):
    write_checkpoint(forged, global_step=(FLOAT, [2]))
    assert unreadable()


@pytest.mark.parametrize("shape", [[], [8], [2, 2, 2]])
def test_an_embedding_of_another_shape(forged, refused, shape):
    write_checkpoint(forged, embedding=(FLOAT, shape, 4 * int(np.prod(shape))))
    assert "its checkpoint model.ckpt-10" in refused()


@posix
@pytest.mark.parametrize("name", ["model.ckpt-10.index", "model.ckpt-10.data-00000-of-00001"])
@pytest.mark.parametrize("kind", ["fifo", "/dev/zero", "folder"])
def test_a_checkpoint_of_what_is_no_file(forged, unreadable, make_fifo, name, kind):
    put_no_file(forged / name, kind, make_fifo)
    assert unreadable() == "not a plain file"


# --------------------------------------------------------------------------------------------------
# config.json and vocabulary.txt
# --------------------------------------------------------------------------------------------------
@posix
@pytest.mark.parametrize("name", ["config.json", "vocabulary.txt"])
@pytest.mark.parametrize("kind", ["fifo", "/dev/zero"])
def test_a_file_that_is_none(forged, refused, make_fifo, little_memory, name, kind):
    put_no_file(forged / name, kind, make_fifo)
    assert refused().startswith("cannot read its %s (not a plain file); " % name)


@posix
@pytest.mark.parametrize("name, limit", [("config.json", 1), ("vocabulary.txt", 1000)])
def test_a_file_of_a_terabyte(forged, refused, little_memory, name, limit):
    os.truncate(str(forged / name), 2**40)
    assert refused().startswith("cannot read its %s (more than %d MB); " % (name, limit))


@pytest.mark.parametrize("text", ["[" * 100000, '{"a":' * 100000, '{"model": 1%s}' % ("0" * 10**5)])
def test_a_configuration_that_is_nothing_but_depth(forged, refused, text):
    (forged / "config.json").write_text(text)
    assert refused().startswith("cannot read its config.json (")


@pytest.mark.parametrize("value", [10**6, 2 * 10**9, 10**30, 1e300, 1.5, -1, "1", [1], None, True])
@pytest.mark.parametrize("name", ["num_layers", "hidden_size"])
def test_a_size_that_is_not_the_checkpoints(forged, refused, little_memory, name, value):
    (forged / "config.json").write_text(json.dumps(dict(CONFIG, **{name: value})))
    assert "its config.json" in refused()


@pytest.mark.parametrize(
    "name, value", [("cell", ["gru"]), ("cell", {}), ("vocabulary_sha256", 5)], ids=str
)
def test_a_value_of_another_kind(forged, refused, name, value):
    (forged / "config.json").write_text(json.dumps(dict(CONFIG, **{name: value})))
    assert re.match("cannot read its config.json|its vocabulary is not", refused())


def test_more_words_than_the_checkpoint_knows(forged, refused):
    (forged / "vocabulary.txt").write_text("".join("%d\n" % number for number in range(10**6)))
    assert "knows 4 words, the vocabulary 1000000" in refused()


# --------------------------------------------------------------------------------------------------
# A folder that a training resumes from
# --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return train_saved_run(tmp_path_factory.mktemp("saved") / "new", max_max_epoch=1)


@pytest.fixture
def copied(saved, tmp_path):
    """Returns a copy of the folder of a run of one epoch."""
    shutil.copytree(saved.folder, str(tmp_path / "copied"))
    return tmp_path / "copied"


def contents(folder):
    return {name: (folder / name).read_bytes() for name in os.listdir(str(folder))}


def test_the_list_of_checkpoints_leads_nowhere_else(saved, copied, tmp_path):
    config = make_lm_config(**dict(RUN, vocab_size=8))
    put_checkpoint(str(tmp_path / "outside"), list(range(8)) * 10, config, step=999)
    path = str(tmp_path / "outside" / "model.ckpt")
    names = ["model_checkpoint_path"] + ["all_model_checkpoint_paths"] * 6
    (copied / "checkpoint").write_text("".join('%s: "%s"\n' % (name, path) for name in names))
    before = contents(tmp_path / "outside")
    lines = []
    train_run(saved.corpus, str(copied), max_max_epoch=2, log=lines.append)
    assert lines[0] == "Resuming after epoch 1 of 2."
    assert contents(tmp_path / "outside") == before


WRITTEN = ["config.json", "vocabulary.txt", "word_ids.bin"]


@posix
@pytest.mark.parametrize(
    "names",
    [WRITTEN, [name + ".lm-train-unfinished" for name in WRITTEN], ["lock"]],
    ids=lambda names: names[0],
)
def test_a_run_writes_through_no_link(saved, copied, tmp_path, names):
    for name in names:
        (tmp_path / name).write_text("mine")
        with contextlib.suppress(FileNotFoundError):
            (copied / name).unlink()
        (copied / name).symlink_to(tmp_path / name)
    with contextlib.suppress(ValueError):  # The run may be refused.
        train_run(saved.corpus, str(copied), max_max_epoch=1)
    assert [(tmp_path / name).read_text() for name in names] == ["mine"] * len(names)


def write_ids(path, change, ids_of=lambda ids: ids):
    """Writes word_ids.bin anew, with another header or other ids, and the right digest."""
    line, _, data = path.read_bytes().partition(b"\n")
    about, ids = json.loads(line.decode()), ids_of(np.frombuffer(data, np.int32))
    about["ids_sha256"] = hashlib.sha256(ids.tobytes()).hexdigest()
    change(about["texts"])
    line = json.dumps(about).encode()
    path.write_bytes(line + b" " * (-(len(line) + 1) % 4) + b"\n" + ids.tobytes())


def assert_same_corpus(one, other):
    assert one.words == other.words
    for split in reader.SPLITS:
        np.testing.assert_array_equal(getattr(one, split), getattr(other, split))


def test_forged_ids_are_believed_where_nothing_is_wrong_with_them(saved, copied):
    write_ids(copied / "word_ids.bin", lambda texts: None)
    assert read_corpus(saved.corpus, folder=str(copied)).unsaved is None


def more(texts):
    texts["train"]["ids"] = 10**15


def shifted(texts):
    texts["train"]["ids"] += 10000
    texts["valid"]["ids"] -= 10000


def fractions(texts):
    texts["train"]["ids"] = float(texts["train"]["ids"])


def no_numbers(texts):
    texts["train"].update(words="many", unknown=1)


def no_words(texts):
    texts["train"].update(words=0, unknown=1)


@pytest.mark.parametrize("change", [more, shifted, fractions, no_numbers, no_words])
def test_a_header_that_says_too_much(saved, copied, change):
    write_ids(copied / "word_ids.bin", change)
    assert_same_corpus(
        read_corpus(saved.corpus, folder=str(copied)), read_corpus(saved.corpus, log=None)
    )


@pytest.mark.parametrize("wrong", [8, 2**31 - 1, -1])
def test_ids_that_no_word_has(saved, copied, wrong):
    write_ids(copied / "word_ids.bin", lambda texts: None, lambda ids: ids * 0 + np.int32(wrong))
    assert_same_corpus(
        read_corpus(saved.corpus, folder=str(copied)), read_corpus(saved.corpus, log=None)
    )


def test_a_header_that_is_nothing_but_depth(saved, copied):
    (copied / "word_ids.bin").write_bytes(b"[" * 9999 + b"\n")
    assert_same_corpus(
        read_corpus(saved.corpus, folder=str(copied)), read_corpus(saved.corpus, log=None)
    )


@posix
@pytest.mark.parametrize("name", ["word_ids.bin", "vocabulary.txt"])
@pytest.mark.parametrize("kind", ["fifo", "/dev/zero"])
def test_ids_or_words_that_are_no_file(saved, copied, make_fifo, little_memory, name, kind):
    put_no_file(copied / name, kind, make_fifo)
    assert_same_corpus(
        read_corpus(saved.corpus, folder=str(copied)), read_corpus(saved.corpus, log=None)
    )


@posix
@pytest.mark.parametrize("kind", ["[" * 100000, "fifo", "/dev/zero"])
def test_a_file_beside_the_texts(saved, tmp_path, make_fifo, little_memory, kind):
    corpus = tmp_path / "corpus"
    shutil.copytree(saved.corpus, str(corpus))
    if kind == "fifo":
        make_fifo(corpus / "best_perplexity.json")
    elif kind == "/dev/zero":
        (corpus / "best_perplexity.json").symlink_to(kind)
    else:
        (corpus / "best_perplexity.json").write_text(kind)
    with pytest.raises(reader.CorpusError, match="best_perplexity.json .*; delete it$"):
        read_corpus(str(corpus), log=None)


# --------------------------------------------------------------------------------------------------
# Summaries
# --------------------------------------------------------------------------------------------------
def record(data, length=None):
    """Returns a record of a file of summaries, which may claim another length."""
    head = struct.pack("<Q", len(data) if length is None else length)
    return head + checksum(head) + data + checksum(data)


@pytest.fixture
def summaries(tmp_path):
    """Writes a file of one event and something after it; returns the event's contents."""
    value = tf.Summary.Value(tag="Epoch", simple_value=1)
    event = tf.Event(step=7, summary=tf.Summary(value=[value])).SerializeToString()

    def write(more):
        (tmp_path / "events.out.tfevents.1.x").write_bytes(record(event) + more)
        return {"Epoch": [(7, 1.0)]}

    return write


def test_summaries_in_which_nothing_is_wrong(summaries, tmp_path):
    expected = summaries(record(b""))
    assert plot_run.read_run(str(tmp_path)) == expected


@pytest.mark.parametrize("length", [2**34, 2**62, 2**64 - 1])
def test_a_record_that_claims_more_than_there_is(summaries, tmp_path, length):
    expected = summaries(record(b"abc", length))
    assert plot_run.read_run(str(tmp_path)) == expected


def test_a_record_that_is_no_event(summaries, tmp_path):
    expected = summaries(record(b"\xff" * 9))
    assert plot_run.read_run(str(tmp_path)) == expected


@posix
def test_summaries_that_are_no_file(tmp_path, make_fifo):
    make_fifo(tmp_path / "events.out.tfevents.1.x")
    assert plot_run.read_run(str(tmp_path)) == {}


# --------------------------------------------------------------------------------------------------
# What the sources never do
# --------------------------------------------------------------------------------------------------
UNPICKLE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
EVALUATE = {"eval", "exec", "__import__"}


def dangers(source):
    """Returns the names in a source that could run a program from a file."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] + [alias.name for alias in node.names]
        found |= {name for name in names if name.split(".")[0] in UNPICKLE | {"yaml"}}
        if isinstance(node, ast.Name) and node.id in EVALUATE:
            found.add(node.id)
        if isinstance(node, ast.Attribute) and node.attr in ("extractall", "read_pickle", "system"):
            found.add(node.attr)
        if isinstance(node, ast.keyword) and node.arg in ("allow_pickle", "shell"):
            found.add(node.arg)
    return found


@pytest.mark.parametrize(
    "source, name",
    [
        ("import pickle", "pickle"),
        ("def f():\n    from cloudpickle import loads", "cloudpickle"),
        ("import yaml as y", "yaml"),
        ("np.load(path, allow_pickle=True)", "allow_pickle"),
        ("e = eval\ne(text)", "eval"),
        ("exec(text)", "exec"),
        ("archive.extractall(folder)", "extractall"),
        ("subprocess.run(text, shell=True)", "shell"),
    ],
)
def test_a_danger_is_found(source, name):
    assert dangers(source) == {name}


def test_no_source_unpickles_evaluates_or_extracts():
    """study/break_it.py executes the text of ptb_word_lm.py with a line changed."""
    paths = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if not name.startswith(".") and name != "tests"]
        paths += [os.path.join(folder, name) for name in files if name.endswith(".py")]
    assert len(paths) > 30
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            found[os.path.relpath(path, ROOT)] = dangers(file.read())
    expected = {os.path.join("study", "break_it.py"): {"exec"}}
    assert {path: set(names) for path, names in found.items() if names} == expected
