"""Tests that the versions in the README are those that tox and the workflow test."""

import configparser
import re

import pytest
from documents import read, rows

pytestmark = pytest.mark.docs

WORKFLOW = read(".github", "workflows", "tests.yml")


def environments_of_tox():
    ini = configparser.ConfigParser(interpolation=None)
    ini.read_string(read("pyproject.toml").split('"""')[1])
    return ini["tox"]["env_list"].split(", ")


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_table_of_versions_is_what_tox_tests(page):
    tables = [row[:2] for row in rows(read(page)) if re.match(r"\d+\.\d+\.\d+$", row[0])]
    names = ["py%s%s-tf%s.%s" % tuple(p.split(".")[:2] + t.split(".")[:2]) for t, p in tables]
    assert sorted(names) == sorted(environments_of_tox())


def test_the_workflow_runs_every_environment_of_tox_with_its_python():
    found = re.findall(r'- tox: (\S+)\n +python: "(.*)"\n', WORKFLOW)
    assert [name for name, _ in found] == environments_of_tox()
    for name, python in found:
        assert name.startswith("py%s-" % python.replace(".", ""))


def test_the_workflow_may_read_and_nothing_else():
    assert re.findall(r"permissions:\n((?: +.*\n)+)", WORKFLOW) == ["  contents: read\n"]


def test_the_workflow_takes_actions_of_the_forge_itself_by_their_major_version():
    used = re.findall(r"uses: (.*)", WORKFLOW)
    assert used and all(re.match(r"actions/[\w-]+@v\d+$", action) for action in used)
