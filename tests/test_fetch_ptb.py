"""Downloading the Penn Treebank, from a server on this machine."""

import hashlib
import http.server
import io
import os
import re
import subprocess
import sys
import tarfile
import threading

import pytest
from commands import ROOT

from data import fetch_ptb

FILES = {name: name.encode() * 1000 for name in fetch_ptb.SHA256}


@pytest.fixture(autouse=True)
def checksums(monkeypatch):
    """The real files are not here to serve: others, with their own checksums, stand for them."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    monkeypatch.setattr(fetch_ptb, "SHA256", sums)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder and the URL that serves it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(str(folder))  # what SimpleHTTPRequestHandler serves, on Python 3.7 as well
    server = http.server.HTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, "http://127.0.0.1:%d" % server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def write_archive(path, members):
    with tarfile.open(str(path), "w:gz") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def in_data(files, before=""):
    return {before + "simple-examples/data/" + name: data for name, data in files.items()}


def contents(folder):
    return {name: (folder / name).read_bytes() for name in os.listdir(str(folder))}


@pytest.mark.parametrize("before", ["", "./"])
def test_a_good_archive(site, tmp_path, before):
    folder, url = site
    members = dict(in_data(FILES, before), **{before + "simple-examples/README": b"more"})
    write_archive(folder / "a.tgz", members)
    fetch_ptb.fetch([url + "/a.tgz"], str(tmp_path / "to"))
    assert contents(tmp_path / "to") == FILES


def test_single_files(site, tmp_path):
    folder, url = site
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    fetch_ptb.fetch([url + "/"], str(tmp_path / "to"))
    assert contents(tmp_path / "to") == FILES


def test_the_second_place_is_tried_where_the_first_has_nothing(site, tmp_path):
    folder, url = site
    write_archive(folder / "a.tgz", in_data(FILES))
    fetch_ptb.fetch([url + "/none.tgz", url + "/a.tgz"], str(tmp_path / "to"))
    assert contents(tmp_path / "to") == FILES


def refused(url, to):
    with pytest.raises(fetch_ptb.FetchError) as error:
        fetch_ptb.fetch([url], str(to))
    assert contents(to) == {}
    return str(error.value)


def test_a_wrong_checksum(site, tmp_path):
    folder, url = site
    write_archive(folder / "a.tgz", in_data(dict(FILES, **{"ptb.valid.txt": b"other"})))
    assert "ptb.valid.txt has SHA-256 " in refused(url + "/a.tgz", tmp_path / "to")


def test_a_truncated_archive(site, tmp_path):
    folder, url = site
    write_archive(folder / "a.tgz", in_data(FILES))
    data = (folder / "a.tgz").read_bytes()
    (folder / "a.tgz").write_bytes(data[: len(data) // 2])
    assert "not a whole archive" in refused(url + "/a.tgz", tmp_path / "to")


def test_a_truncated_file(site, tmp_path):
    folder, url = site
    for name, data in FILES.items():
        (folder / name).write_bytes(data[:-1])
    assert "ptb.train.txt has SHA-256 " in refused(url, tmp_path / "to")


def test_an_archive_without_one_of_the_files(site, tmp_path):
    folder, url = site
    some = {name: data for name, data in FILES.items() if name != "ptb.test.txt"}
    write_archive(folder / "a.tgz", in_data(some))
    assert "no ptb.test.txt there" in refused(url + "/a.tgz", tmp_path / "to")


@pytest.mark.parametrize("climb", ["../", "/", "simple-examples/data/../../../"])
def test_an_archive_with_a_path_that_climbs_out(site, tmp_path, climb):
    folder, url = site
    write_archive(folder / "a.tgz", {climb + name: data for name, data in FILES.items()})
    before = set(os.listdir(str(tmp_path)))
    assert "no ptb.train.txt there" in refused(url + "/a.tgz", tmp_path / "to")
    assert set(os.listdir(str(tmp_path))) == before | {"to"}
    assert not os.path.exists("/ptb.train.txt")


def run_command(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["fetch_ptb.py"] + list(arguments))
    status = 0
    try:
        fetch_ptb.main()
    except SystemExit as stop:
        status = stop.code
    return status, capsys.readouterr()


def test_the_command(site, tmp_path, monkeypatch, capsys):
    folder, url = site
    write_archive(folder / "a.tgz", in_data(FILES))
    to = str(tmp_path / "to")
    status, output = run_command(monkeypatch, capsys, "--to=" + to, "--url=%s/a.tgz" % url)
    assert status == 0
    # Standard output is no terminal here: one plain line for the download, and no control codes.
    fetching, done = output.out.splitlines()
    assert fetching == "Fetching %s/a.tgz" % url
    assert done.endswith("in %s: python ptb_word_lm.py --data_path=%s" % (to, to))
    assert output.out == "%s\n%s\n" % (fetching, done)


def test_each_download_has_its_line(site, tmp_path, monkeypatch, capsys):
    folder, url = site
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    status, output = run_command(monkeypatch, capsys, "--to=%s" % (tmp_path / "to"), "--url=" + url)
    assert status == 0
    expected = ["Fetching %s/%s" % (url, name) for name in FILES]
    assert output.out.splitlines()[:-1] == expected


def test_a_terminal_has_the_progress_bar(site, tmp_path, monkeypatch, capsys):
    folder, url = site
    write_archive(folder / "a.tgz", in_data(FILES))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    to = str(tmp_path / "to")
    status, output = run_command(monkeypatch, capsys, "--to=" + to, "--url=%s/a.tgz" % url)
    assert status == 0
    assert output.out.startswith("Downloading data from %s/a.tgz" % url)
    assert re.search("[\b\r]", output.out)
    assert "Fetching" not in output.out


def test_a_tilde_is_the_home_folder(site, tmp_path, monkeypatch, capsys):
    folder, url = site
    write_archive(folder / "a.tgz", in_data(FILES))
    monkeypatch.setenv("HOME", str(tmp_path))
    status, output = run_command(monkeypatch, capsys, "--to=~/x", "--url=%s/a.tgz" % url)
    assert status == 0
    assert contents(tmp_path / "x") == FILES
    assert output.out.endswith("--data_path=%s\n" % (tmp_path / "x"))


def test_ctrl_c(tmp_path, monkeypatch, capsys):
    def interrupted(url, path):
        with open(path, "wb") as file:
            file.write(b"the first half")
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch_ptb, "download", interrupted)
    status, output = run_command(monkeypatch, capsys, "--to=%s" % (tmp_path / "to"))
    assert status == 130
    assert output.err == "\nInterrupted.\n"  # below the ^C
    assert output.out == ""
    assert contents(tmp_path / "to") == {}


@pytest.mark.parametrize(
    "arguments, message",
    [([], "the following arguments are required: --to"), (["--to="], "the value is missing")],
)
def test_a_folder_that_is_not_named(arguments, message):
    command = [sys.executable, "-m", "data.fetch_ptb"] + arguments
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.returncode == 2
    assert process.stdout == b""
    error = process.stderr.decode("utf-8")
    assert error.startswith("data.fetch_ptb: ") and message in error
    assert len(error.splitlines()) == 1


def test_a_refused_connection(tmp_path, monkeypatch, capsys):
    # Nothing listens on port 1.
    arguments = ["--to=%s" % (tmp_path / "to"), "--url=http://127.0.0.1:1/a.tgz"]
    status, output = run_command(monkeypatch, capsys, *arguments)
    assert status == 2
    assert output.err.startswith("fetch_ptb.py: http://127.0.0.1:1/a.tgz: ")
    assert "refused" in output.err
    assert output.err.endswith("; is there a network? --url=URL names another place\n")
    assert output.err.count("\n") == 1


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    status, output = run_command(monkeypatch, capsys, "--to=%s" % (tmp_path / "file"))
    assert status == 2
    assert output.err.count("\n") == 1
