"""Tests the download of the Penn Treebank, from a server on this machine."""

import gzip
import hashlib
import http.server
import io
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import types
import zlib

import pytest
from commands import ROOT, default_signals, limited, outside_environment, run_command
from documents import read

from data import fetch_ptb

FILES = {name: name.encode() * 1000 for name in fetch_ptb.SHA256}


@pytest.fixture(autouse=True)
def checksums(monkeypatch):
    """Replaces the real files, which are not here, by others with their own checksums."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    monkeypatch.setattr(fetch_ptb, "SHA256", sums)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Returns a folder and the URL that serves it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(str(folder))  # SimpleHTTPRequestHandler serves it, also on Python 3.7.
    server = http.server.HTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
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


def tar(members):
    """Returns the bytes of a .tgz of `(TarInfo, bytes)`; the sizes are those of the TarInfos."""
    data = b"".join(m.tobuf() + body + b"\0" * (-len(body) % 512) for m, body in members)
    return gzip.compress(data + b"\0" * 1024)


def member(name, size=0, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo("simple-examples/data/" + name)
    info.size, info.type, info.linkname = size, kind, link
    return info


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
    assert not to.exists()
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


def test_a_damaged_archive(site, tmp_path):
    folder, url = site
    packer = zlib.compressobj(wbits=31)
    data = packer.compress(member("ptb.train.txt", 10**6).tobuf() + b"a" * 50000)
    # After a flush a new block of packed data begins, and no block begins with 0xff.
    data += packer.flush(zlib.Z_FULL_FLUSH) + b"\xff" * 100
    (folder / "a.tgz").write_bytes(data)
    assert "not a whole archive (Error -3" in refused(url + "/a.tgz", tmp_path / "to")


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
    assert set(os.listdir(str(tmp_path))) == before
    assert not os.path.exists("/ptb.train.txt")


# --------------------------------------------------------------------------------------------------
# Archives that are made to do harm
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_member_that_is_a_link_is_not_followed(site, tmp_path, kind):
    folder, url = site
    secret = tmp_path / "secret"
    secret.write_bytes(FILES["ptb.train.txt"])
    links = [(member(name, kind=kind, link=str(secret)), b"") for name in FILES]
    (folder / "a.tgz").write_bytes(tar(links))
    assert "no ptb.train.txt there" in refused(url + "/a.tgz", tmp_path / "to")


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_a_member_that_is_no_file_is_passed_over(site, tmp_path, kind):
    folder, url = site
    (folder / "a.tgz").write_bytes(tar([(member(name, kind=kind), b"") for name in FILES]))
    assert "no ptb.train.txt there" in refused(url + "/a.tgz", tmp_path / "to")


@pytest.mark.parametrize("size", [2**40, 2**60])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_member_that_claims_more_than_there_is(site, tmp_path, kind, size):
    folder, url = site
    info = member("ptb.train.txt", size, kind)
    data = info.tobuf(format=tarfile.GNU_FORMAT) + b"a" * 2048
    (folder / "a.tgz").write_bytes(gzip.compress(data))
    assert "not a whole archive" in refused(url + "/a.tgz", tmp_path / "to")


def test_a_sparse_member_that_expands(site, tmp_path):
    folder, url = site
    # In the old format of GNU tar, the true size of a sparse file is at byte 483.
    block = bytearray(member("ptb.train.txt", kind=b"S").tobuf(format=tarfile.GNU_FORMAT))
    block[386:512] = b"\0" * 126
    block[483:495] = b"%011o\0" % (8 * 2**30 - 1)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (folder / "a.tgz").write_bytes(gzip.compress(bytes(block) + b"\0" * 1024))
    assert "more than 10 MB" in refused(url + "/a.tgz", tmp_path / "to")


def test_an_archive_that_unpacks_to_more_than_it_may(site, tmp_path, monkeypatch):
    folder, url = site
    monkeypatch.setattr(fetch_ptb, "LARGEST_UNPACKED", 3 * 10**6)
    bomb = [(member("other", 4 * 10**6), b"\0" * 4 * 10**6)]
    (folder / "a.tgz").write_bytes(tar(bomb))
    assert len(tar(bomb)) < 10**4
    assert "more than 3 MB" in refused(url + "/a.tgz", tmp_path / "to")


def test_a_long_chain_of_headers(site, tmp_path):
    folder, url = site
    chain = [(member("x", 2, tarfile.GNUTYPE_LONGNAME), b"x\0")] * 5000
    (folder / "a.tgz").write_bytes(tar(chain))
    assert "not a whole archive" in refused(url + "/a.tgz", tmp_path / "to")


def test_a_file_that_never_ends(site, tmp_path, monkeypatch):
    folder, url = site
    monkeypatch.setattr(fetch_ptb, "LARGEST_TEXT", 2 * 10**6)
    (folder / "ptb.train.txt").write_bytes(b"a" * (3 * 10**6))
    assert "more than 2 MB" in refused(url, tmp_path / "to")


@pytest.fixture
def silent_server():
    """Returns the URL of a server that takes connections and sends nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        yield "http://127.0.0.1:%d" % server.getsockname()[1]


def test_a_server_that_sends_nothing(silent_server, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_ptb, "TIMEOUT", 0.2)
    error = refused(silent_server, tmp_path / "to")
    assert error == silent_server + "/ptb.train.txt: timed out"


# --------------------------------------------------------------------------------------------------
# The folder
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def good(site):
    """Returns the URL of a good archive."""
    folder, url = site
    write_archive(folder / "a.tgz", in_data(FILES))
    return url + "/a.tgz"


def test_files_of_other_names_stay(good, tmp_path):
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "mine").write_bytes(b"text")
    fetch_ptb.fetch([good], str(tmp_path / "to"))
    assert contents(tmp_path / "to") == dict(FILES, mine=b"text")


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_link_in_the_folder_is_replaced_and_not_written_through(good, tmp_path):
    (tmp_path / "to").mkdir()
    for name in FILES:
        (tmp_path / "to" / name).symlink_to(tmp_path / "nothing")
    fetch_ptb.fetch([good], str(tmp_path / "to"))
    assert contents(tmp_path / "to") == FILES
    assert not (tmp_path / "nothing").exists()


def test_what_fails_leaves_the_folder_as_it_was(site, tmp_path):
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "notes.txt").write_bytes(b"before")
    with pytest.raises(fetch_ptb.FetchError):
        fetch_ptb.fetch([site[1]], str(tmp_path / "to"))
    assert contents(tmp_path / "to") == {"notes.txt": b"before"}


# --------------------------------------------------------------------------------------------------
# The command
# --------------------------------------------------------------------------------------------------
def call(monkeypatch, capsys, *arguments):
    """Calls the command in this process; returns its status and its output."""
    monkeypatch.setattr(sys, "argv", ["fetch_ptb.py"] + list(arguments))
    status = 0
    try:
        fetch_ptb.main()
    except SystemExit as stop:
        status = stop.code
    return status, capsys.readouterr()


def test_the_command(good, tmp_path, monkeypatch, capsys):
    to = str(tmp_path / "to")
    status, output = call(monkeypatch, capsys, "--to=" + to, "--url=" + good)
    assert (status, output.err) == (0, "")
    assert output.out == (
        "Fetching %s\nThe Penn Treebank is in %s: python ptb_word_lm.py --data_path=%s\n"
        % (good, to, to)
    )


def test_each_download_has_its_line(site, tmp_path, monkeypatch, capsys):
    folder, url = site
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    status, output = call(monkeypatch, capsys, "--to=%s" % (tmp_path / "to"), "--url=" + url)
    assert status == 0
    expected = ["Fetching %s/%s" % (url, name) for name in FILES]
    assert output.out.splitlines()[:-1] == expected


def test_a_long_download_tells_how_far_it_is(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_bytes(b"a" * 3000000)
    clock = types.SimpleNamespace(monotonic=iter(range(0, 10000, 6)).__next__)
    monkeypatch.setattr(fetch_ptb, "time", clock)
    assert len(fetch_ptb.download((tmp_path / "file").as_uri(), 3000000)) == 3000000
    lines = capsys.readouterr().out.splitlines()[1:]
    assert len(lines) > 1
    assert lines[-1] == "3.0 MB so far"


def test_a_tilde_is_the_home_folder(good, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # on Windows
    status, output = call(monkeypatch, capsys, "--to=~/x", "--url=" + good)
    assert status == 0
    assert contents(tmp_path / "x") == FILES
    assert output.out.endswith("--data_path=%s\n" % os.path.expanduser("~/x"))


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize(
    "number, word", [(signal.SIGINT, "\nInterrupted.\n"), (signal.SIGTERM, "Terminated.\n")]
)
def test_an_interrupted_download_leaves_nothing(silent_server, tmp_path, number, word):
    to = tmp_path / "new" / "folder"
    command = ["-m", "data.fetch_ptb", "--to=%s" % to, "--url=" + silent_server]
    process = subprocess.Popen(
        [sys.executable] + command,
        cwd=ROOT,
        env=outside_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=default_signals,
    )
    assert process.stdout.readline().startswith(b"Fetching ")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (128 + number, b"", word)
    assert os.listdir(str(tmp_path)) == []


def test_a_text_of_somebody_else_is_not_replaced(good, tmp_path, capsys, monkeypatch):
    to = tmp_path / "to"
    to.mkdir()
    (to / "ptb.valid.txt").write_text("mine")
    status, output = call(monkeypatch, capsys, "--to=%s" % to, "--url=" + good)
    assert (status, output.out) == (2, "")
    assert output.err == (
        "fetch_ptb.py: --to=%s: it holds another ptb.valid.txt; give another folder\n" % to
    )
    assert contents(to) == {"ptb.valid.txt": b"mine"}


def test_nothing_is_replaced_if_one_file_cannot_be(good, tmp_path):
    (tmp_path / "to" / "ptb.test.txt").mkdir(parents=True)
    with pytest.raises(OSError, match="ptb.test.txt is a folder"):
        fetch_ptb.fetch([good], str(tmp_path / "to"))
    assert os.listdir(str(tmp_path / "to")) == ["ptb.test.txt"]


# The real files are not here. This program gives a process of its own the other checksums.
PROGRAM = """
import sys
from data import fetch_ptb
fetch_ptb.SHA256 = %r
fetch_ptb.main()
"""


def test_a_full_disk(good, tmp_path):
    to = tmp_path / "to"
    command = ["-c", PROGRAM % fetch_ptb.SHA256, "--to=%s" % to, "--url=" + good]
    status, _, err = run_command(*command, preexec_fn=limited(5000))
    assert status == 2
    assert err == "-c: --to=%s: cannot write there (File too large); give another folder\n" % to
    assert contents(to) == {}


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
    status, output = call(monkeypatch, capsys, *arguments)
    assert status == 2
    assert output.err.startswith("fetch_ptb.py: http://127.0.0.1:1/a.tgz: ")
    assert "refused" in output.err
    assert output.err.endswith("; is there a network? --url=URL names another place\n")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize("name", ["file", "file/folder"])
def test_a_folder_that_cannot_be_made_is_refused_before_the_download(
    good, tmp_path, monkeypatch, capsys, name
):
    (tmp_path / "file").write_text("")
    to = tmp_path / name
    status, output = call(monkeypatch, capsys, "--to=%s" % to, "--url=" + good)
    assert (status, output.out) == (2, "")
    message = "--to=%s: cannot write there (Not a directory); give another folder" % to
    assert output.err == "fetch_ptb.py: %s\n" % message


@pytest.mark.docs
def test_the_limits_are_those_that_the_document_states():
    text = " ".join(read("SECURITY.md").split())
    limits = (fetch_ptb.LARGEST_ARCHIVE, fetch_ptb.LARGEST_UNPACKED, fetch_ptb.LARGEST_TEXT)
    megabytes = tuple(limit // 10**6 for limit in limits)
    assert (
        "At most %d MB are downloaded, %d MB unpacked and %d MB kept of a text." % megabytes in text
    )
    assert "given up after %d seconds" % fetch_ptb.TIMEOUT in text
