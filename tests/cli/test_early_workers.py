"""Processes that a command asks for start before it is imported, and end with it."""

import argparse

import pytest

from sim.cli import commands
from sim.cli.early_workers import early_workers
from sim.experiments.running import places


def pool_of(**options):
    with early_workers(given := argparse.Namespace(**options)):
        return given.pool


@pytest.fixture
def pools(monkeypatch):
    """Pools that were made, which start nothing."""
    every = []

    class Pool:
        def __init__(self, workers):
            self.told = [workers]
            every.append(self)

        def start(self):
            self.told.append("started")

        def close(self):
            self.told.append("closed")

    monkeypatch.setattr(places, "Pool", Pool)
    return every


def interrupted(options):
    with early_workers(options):
        raise KeyboardInterrupt


def test_pool_starts_with_the_command_and_ends_with_it(pools):
    with pytest.raises(KeyboardInterrupt):
        interrupted(options := argparse.Namespace(workers=3, cluster=None))
    assert pools == [options.pool]
    assert pools[0].told == [3, "started", "closed"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"workers": None, "cluster": None},
        {"workers": 1, "cluster": None},
        {"workers": 2, "cluster": "tcp://localhost:8786"},
        {"workers": 0, "cluster": None},
        {"workers": -2, "cluster": None},
        {"workers": 1_001, "cluster": None},
    ],
    ids=str,
)
def test_none_starts_where_none_is_asked_for_or_it_is_refused(pools, options):
    assert pool_of(**options) is None
    assert pools == []


def test_processes_start_before_the_command_is_imported(monkeypatch, pools):
    found = []

    def command(name):
        found.append((name, [tuple(each.told) for each in pools]))
        return lambda _: commands.Answer()

    monkeypatch.setattr(commands, "_command", command)
    assert commands.main(["run", "shop.yaml", "--workers", "2"]) == 0
    assert found == [("run", [(2, "started")])]
    assert pools[0].told == [2, "started", "closed"]
