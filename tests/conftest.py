"""What all tests share, and those of the command line."""

from __future__ import annotations

import pytest
from hypothesis import settings
from shells import CERTAIN, RANDOM, VARIANTS

from sim.cli import main

# How long an example takes depends on what else the machine does.
settings.register_profile("rollout-sim", deadline=None)
settings.load_profile("rollout-sim")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own with scenarios, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for name, text in (("certain", CERTAIN), ("random", RANDOM), ("variants", VARIANTS)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def shell(folder, capsys):  # noqa: ARG001  (it is where commands run)
    """Runs a command: exit code, stdout, stderr."""

    def call(*words):
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
