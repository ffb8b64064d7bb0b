"""Each test that the catalogue names exists: a case whose test was renamed is one nobody runs."""
import ast
import json
import os
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

from catalogue import CASES

ROOT = Path(__file__).resolve().parents[2]
LIST_TIMEOUT_S = 60
NAMED = sorted({test for case in CASES for test in case.shown_by})


@lru_cache
def ctest_commands():
    """The tests of the build by name, and what they run."""
    listed = subprocess.run(
        ["ctest", "--test-dir", os.environ["TOLLGATE_BUILD_DIR"], "--show-only=json-v1"],
        capture_output=True, text=True, check=True, timeout=LIST_TIMEOUT_S)
    return {test["name"]: test.get("command") for test in json.loads(listed.stdout)["tests"]}


@lru_cache
def unit_tests(suite):
    """The full names of the tests of one library."""
    listed = subprocess.run([ctest_commands()[suite][0], "--gtest_list_tests"], text=True,
                            capture_output=True, check=True, timeout=LIST_TIMEOUT_S).stdout
    names, group = set(), ""
    for line in listed.splitlines():
        if line.startswith(" "):
            names.add(group + line.split("#")[0].strip())
        elif line.split("#")[0].strip().endswith("."):
            group = line.split("#")[0].strip()
    return names


@lru_cache
def python_tests(path):
    """The names of the test functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("named", NAMED)
def test_exists(named):
    kind, rest = named.split(":", 1)
    if kind == "pytest":
        path, _, name = rest.partition("::")
        assert name in python_tests(path)
    elif kind == "sim":
        assert rest in ctest_commands()
    else:
        assert kind == "ctest"
        suite, _, names = rest.partition(":")
        assert names and "*" not in names, "a test by its name"
        missing = set(names.split(":")) - unit_tests(suite)
        assert not missing


def test_cases_are_told_apart():
    identities = [case.id for case in CASES]
    assert len(identities) == len(set(identities))
    assert all(case.shown_by for case in CASES)
