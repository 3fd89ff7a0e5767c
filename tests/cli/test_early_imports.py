"""What saves results is imported meanwhile, where a command lasts and leaves the work to others."""

import argparse
import threading
import time
from importlib import import_module

import pytest

from sim.cli import commands, early_imports


def asked(**options):
    return argparse.Namespace(**{"workers": None, "no_files": False, "figures": None} | options)


@pytest.fixture
def imported(monkeypatch):
    """Names of modules that were imported, in a command that lasts."""
    found = []
    monkeypatch.setattr(early_imports, "import_module", found.append)
    monkeypatch.setattr(early_imports, "SOON", 0.0)
    return found


def lasting(options):
    """A command that ends after its timers."""
    before = set(threading.enumerate())
    with early_imports.early_imports(options):
        for thread in set(threading.enumerate()) - before:
            thread.join()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [*early_imports.TABLES, *early_imports.FIGURES]),
        ({"workers": 2, "figures": "all"}, [*early_imports.TABLES, *early_imports.FIGURES]),
        ({"figures": "none"}, [*early_imports.TABLES]),
        ({"workers": 1}, []),
        ({"no_files": True}, []),
    ],
    ids=str,
)
def test_what_is_needed_later_is_imported(imported, options, expected):
    lasting(asked(**options))
    assert imported == expected


def test_commands_that_make_nothing_import_nothing(imported):
    lasting(argparse.Namespace())
    assert imported == []


def test_what_cannot_be_imported_is_left_to_whoever_needs_it(monkeypatch, capfd):
    monkeypatch.setattr(early_imports, "SOON", 0.0)
    monkeypatch.setattr(early_imports, "TABLES", ("sim.no_such_module",))
    lasting(asked())
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", [*early_imports.TABLES, *early_imports.FIGURES])
def test_all_of_it_is_there(name):
    assert import_module(name).__name__ == name


def test_it_stops_as_the_command_ends(imported, monkeypatch):
    ended = threading.Event()

    def slow(name):
        imported.append(name)
        ended.wait(5)

    monkeypatch.setattr(early_imports, "import_module", slow)
    before = set(threading.enumerate())
    with early_imports.early_imports(asked()):
        (timer,) = set(threading.enumerate()) - before
        while not imported:
            time.sleep(0.001)
    ended.set()
    timer.join(5)
    assert imported == [early_imports.TABLES[0]]
    assert timer.daemon


def test_where_no_thread_can_be_had_it_is_imported_later(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", start)
    with early_imports.early_imports(asked()):
        reached = True
    assert reached


def test_short_commands_import_nothing_ahead(monkeypatch):
    def command(_):
        timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
        found.append([each for each in timers if each.function is early_imports._import])
        return lambda _: commands.Answer()

    found = []
    monkeypatch.setattr(early_imports, "SOON", 60.0)
    monkeypatch.setattr(commands, "_command", command)
    assert commands.main(["run", "shop.yaml"]) == 0
    [[timer]] = found
    timer.join(5)
    assert not timer.is_alive()
