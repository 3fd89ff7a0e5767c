"""What answers and saves is imported meanwhile, where a command leaves the work to others."""

import argparse
import threading
from importlib import import_module

import pytest

from sim.cli import early_imports
from sim.experiments.running import meanwhile


def asked(**options):
    usual = {"command": "run", "workers": None, "no_files": False, "figures": None}
    return argparse.Namespace(**usual | options)


ANSWERS = ["sim.cli.run_answers"]
TABLES, FIGURES = [*early_imports.TABLES, *early_imports.PAGES], [*early_imports.FIGURES]


@pytest.fixture
def imported(monkeypatch):
    """Names of modules that were imported."""
    found = []
    monkeypatch.setattr(meanwhile, "import_module", found.append)
    return found


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [*ANSWERS, *TABLES, *FIGURES]),
        ({"workers": 2, "figures": "all"}, [*ANSWERS, *TABLES, *FIGURES]),
        ({"figures": "none"}, [*ANSWERS, *TABLES]),
        ({"workers": 1}, []),
        ({"no_files": True}, ANSWERS),
        ({"command": "compare"}, [*ANSWERS, *TABLES, *FIGURES]),
        ({"command": "sweep"}, [*TABLES, *FIGURES]),
    ],
    ids=str,
)
def test_what_is_needed_later_is_imported(imported, options, expected):
    with early_imports.early_imports(asked(**options)):
        for _ in range(10):
            meanwhile.import_next()
    assert imported == expected


def test_commands_that_make_nothing_import_nothing(imported):
    with early_imports.early_imports(argparse.Namespace()):
        meanwhile.import_next()
    assert imported == []


@pytest.mark.parametrize("name", [*ANSWERS, *TABLES, *FIGURES])
def test_all_of_it_is_there(name):
    assert import_module(name).__name__ == name


def test_no_thread_imports_beside_the_command():
    before = threading.enumerate()
    with early_imports.early_imports(asked()):
        assert threading.enumerate() == before
