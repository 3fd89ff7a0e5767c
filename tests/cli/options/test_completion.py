"""Completion in a shell: the script that is printed, and what bash makes of it."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from sim.cli.commands import COMMANDS
from sim.cli.options.completion import SHELLS

pytest.importorskip("shtab")


@pytest.mark.parametrize("kind", SHELLS)
def test_script_names_every_command_and_stands_alone_on_stdout(kind, shell):
    code, out, err = shell("--print-completion", kind)
    assert (code, err) == (0, "")
    assert all(command in out for command in COMMANDS)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["va"], ["validate"]),
        (["run", "--no"], ["--no-files"]),
        (["run", "--figures", ""], ["all", "main", "none"]),
        (["run", "cert"], ["certain.yaml"]),
    ],
)
def test_bash_completes(words, completed, shell, folder):
    (folder / "script").write_text(shell("--print-completion", "bash")[1], encoding="utf-8")
    typed = " ".join(f"'{word}'" for word in ["rollout-sim", *words])
    code = (
        f"source ./script; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; "
        '_shtab_rollout_sim; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == completed


def test_without_shtab_it_says_what_to_install(shell, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    code, out, err = shell("--print-completion", "zsh")
    assert (code, out) == (2, "")
    assert err == (
        "rollout-sim --print-completion: needs shtab, which is not installed: "
        "pip install 'rollout-sim[completion]'\n"
    )


def test_other_shells_are_refused(shell):
    code, _, err = shell("--print-completion", "fish")
    assert code == 2
    assert "must be bash, zsh or tcsh, got fish" in err
