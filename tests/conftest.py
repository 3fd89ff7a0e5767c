"""What tests of the command line share."""

from __future__ import annotations

import pytest
from shells import CERTAIN, RANDOM, VARIANTS

from sim.cli import main


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
