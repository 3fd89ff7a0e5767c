"""stdout and stderr as they come: terminals, pipes, encodings, closed or full."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from shells import CERTAIN, ROOT, python

from sim.cli import checking, main
from sim.cli.answers.answer import Answer


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.skipif(os.name == "nt", reason="no colours there")
@pytest.mark.usefixtures("folder")
def test_verdicts_are_coloured_on_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    main(["run", "certain.yaml"])
    assert "\x1b[32mmet\x1b[0m: capacity" in screen.getvalue()


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
@pytest.mark.usefixtures("folder")
def test_terminal_can_ask_for_no_colour(variable, value, monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    main(["run", "certain.yaml"])
    assert "\x1b" not in screen.getvalue()


def test_piped_answer_is_plain(shell, monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b" not in shell("run", "certain.yaml")[1]


@pytest.mark.parametrize(
    ("encoding", "drawn", "name"),
    [("utf-8", "█", "Bürø"), ("cp1252", "#", "Bürø"), ("ascii", "#", "B\\xfcr\\xf8")],
)
@pytest.mark.usefixtures("folder")
def test_stream_gets_what_it_can_show(encoding, drawn, name, monkeypatch):
    Path("buero.yaml").write_text(CERTAIN.replace("name: shop-build-42", "name: Bürø"), "utf-8")
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding=encoding))
    assert main(["run", "buero.yaml"]) == 0
    answer = content.getvalue().decode(encoding)
    assert answer.startswith(f"{name}: 20 instances")
    assert f"100 % |{drawn}" in answer


@pytest.mark.usefixtures("folder")
def test_error_is_told_in_any_encoding(monkeypatch):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(content, encoding="ascii"))
    assert main(["validate", "Bürø.yaml"]) == 2
    sys.stderr.flush()
    assert content.getvalue().startswith(b"B\\xfcr\\xf8.yaml: must be a file")


def test_reader_who_had_enough_is_no_error(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "sim", "schema"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(), said) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_answer_that_cannot_be_written_is_told(tmp_path):
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = python(
            "-m", "sim", "schema", cwd=tmp_path, capture_output=False, stdout=full, stderr=-1
        )
    assert done.returncode == 5
    assert done.stderr == ("rollout-sim: the answer cannot be written: No space left on device\n")


POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and descriptors differ there")


def in_a_shell(command, where, **more):
    """A line of a POSIX shell, in which `$sim` is the program: exit code of the last, outputs."""
    sim = f"{sys.executable} -m sim"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "sim": sim} | more
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {command}"],
        env=environment,
        cwd=where,
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done.returncode, done.stdout, done.stderr


@POSIX
@pytest.mark.parametrize(
    "command",
    [
        "$sim run certain.yaml --no-files >&-",
        "$sim run certain.yaml --no-files >&- 2>&-",
        "$sim run certain.yaml --no-files <&- >&- 2>&-",
        "$sim run certain.yaml 2>&-",
        "$sim run certain.yaml --no-files | head -1",
        "$sim run --help | head -1",
        "$sim schema 2>&1 | head -1",
    ],
)
def test_closed_streams_are_no_error(command, folder):
    code, _, err = in_a_shell(command, folder)
    assert (code, err) == (0, "")


@POSIX
@pytest.mark.parametrize(
    "command",
    ["$sim run nothing.yaml >&-", "$sim run nothing.yaml 2>&-", "$sim run nothing.yaml 2>&1 | :"],
)
def test_wrong_input_is_exit_code_2_also_where_nobody_is_told(command, folder):
    code, _, err = in_a_shell(command, folder)
    assert code == 2
    assert "Traceback" not in err


@POSIX
def test_closed_stdout_gives_its_number_to_no_file(folder):
    in_a_shell("$sim run certain.yaml --out here >&-", folder)
    for file in (folder / "here").glob("*.*"):
        assert b"20 instances" not in file.read_bytes() or file.name in (
            "answer.txt",
            "report.html",
        )


def test_quiet_lets_no_warning_of_a_library_through(shell, monkeypatch):
    def warned(_):
        warnings.warn("findfont: no such font", stacklevel=1)
        return Answer()

    monkeypatch.setattr(checking, "validate", warned)
    assert shell("validate", "certain.yaml", "--quiet") == (0, "", "")
