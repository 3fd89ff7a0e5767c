"""What saves results is imported meanwhile, where a command lasts and leaves the work to others."""

import argparse
import threading

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


def test_short_commands_import_nothing_ahead(monkeypatch):
    def command(_):
        found.append([each for each in threading.enumerate() if isinstance(each, threading.Timer)])
        return lambda _: commands.Answer()

    found = []
    monkeypatch.setattr(early_imports, "SOON", 60.0)
    monkeypatch.setattr(commands, "_command", command)
    assert commands.main(["run", "shop.yaml"]) == 0
    [[timer]] = found
    timer.join(5)
    assert not timer.is_alive()
