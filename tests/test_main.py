"""python -m sim is the command."""

from __future__ import annotations

from shells import python


def test_module_is_the_command(tmp_path):
    done = python("-m", "sim", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "rollout-sim 0.1.0\n")
