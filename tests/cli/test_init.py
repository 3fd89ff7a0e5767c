"""What the shell calls: its own words by default, and no traceback for who interrupts."""

from __future__ import annotations

import sys

import pytest
from shells import python

from sim.cli import main


def test_words_are_those_of_the_shell_unless_others_are_given(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["rollout-sim", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == "rollout-sim 0.1.0\n"


def test_interruption_while_the_program_is_imported_shows_no_traceback(tmp_path):
    code = """
import builtins, sys
from sim.cli import main
real = builtins.__import__
def interrupted(name, *rest):
    if name.startswith("sim.cli.commands"):
        raise KeyboardInterrupt
    return real(name, *rest)
builtins.__import__ = interrupted
sys.exit(main(["schema"]))
"""
    done = python("-c", code, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "rollout-sim: interrupted\n"


def test_main_is_that_of_the_commands(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "rollout-sim 0.1.0\n"


def test_command_keeps_freed_memory(monkeypatch):
    told = []
    monkeypatch.setattr("sim.core.heap.keep_freed_memory", lambda: told.append("kept"))
    assert main(["--version"]) == 0
    assert told == ["kept"]


def test_as_python_ends_it_does_not_look_through_everything(tmp_path):
    code = """
import atexit, gc
atexit.register(lambda: print(gc.get_freeze_count() > 0))
from sim.cli import main
main(["--version"])
"""
    done = python("-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("rollout-sim 0.1.0\nTrue\n", "")


UNSET = """
import os
for name in ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.pop(name, None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_command_has_no_threads_for_matrices(tmp_path):
    code = """
import sys
from sim.cli import main
main(["validate", "-", "--quiet"])
print("numpy" in sys.modules, len(os.listdir("/proc/self/task")))
"""
    done = python("-c", UNSET + code, cwd=tmp_path, input="")
    assert done.stdout.splitlines()[-1] == "True 1"
