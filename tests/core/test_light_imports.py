"""Libraries are imported without what costs time and nobody needs, unless somebody wants it."""

import os
import subprocess
import sys

import pytest

from sim.core.light_imports import light_imports

BLAS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
LIGHT = {"OPENBLAS_NUM_THREADS": "1", PLUGINS: "__all__"}


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in (*BLAS, PLUGINS):
        monkeypatch.delenv(name, raising=False)


def said():
    return {name: os.environ[name] for name in (*BLAS, PLUGINS) if name in os.environ}


def test_there_is_one_thread_for_matrices_and_no_plugin_meanwhile():
    with light_imports():
        assert said() == LIGHT
    assert said() == {}


def test_it_is_not_left_behind_by_what_fails():
    with pytest.raises(KeyError), light_imports():
        raise KeyError
    assert said() == {}


@pytest.mark.parametrize("name", BLAS)
def test_who_has_set_the_number_of_threads_is_heeded(monkeypatch, name):
    monkeypatch.setenv(name, "3")
    with light_imports():
        assert said() == {name: "3", PLUGINS: "__all__"}
    assert said() == {name: "3"}


def test_who_has_named_plugins_is_heeded(monkeypatch):
    monkeypatch.setenv(PLUGINS, "one,two")
    with light_imports():
        assert said() == LIGHT | {PLUGINS: "one,two"}
    assert said() == {PLUGINS: "one,two"}


LOOKED_FOR = """
import importlib.metadata as metadata, sys
looked, found = [], metadata.entry_points
metadata.entry_points = lambda **what: looked.append(what) or found(**what)
from sim.cli import main
main(["validate", "-"])
sys.stdout.write(str(looked))
"""


def test_a_command_looks_for_no_plugins():
    file = "systems: {shop: {kind: cloud_service, roles: {Web: {instances: 2}}}}"
    done = subprocess.run(
        [sys.executable, "-c", LOOKED_FOR], input=file, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]")
    assert done.stderr == ""
