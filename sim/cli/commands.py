"""The command line: one command, its answer on stdout, progress and warnings on stderr.

A command is imported when it is called: help and wrong options cost nothing.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from sim.cli.answers import problems, streams
from sim.cli.answers.answer import (
    INTERNAL_ERROR,
    INTERRUPTED,
    NOT_SAVED,
    WRONG_INPUT,
    Answer,
    not_written,
)
from sim.cli.answers.json_text import json_text
from sim.cli.early_imports import early_imports
from sim.cli.early_workers import early_workers
from sim.cli.options.arguments import PROGRAM
from sim.cli.options.option_groups import asked_format
from sim.cli.options.options import parser
from sim.cli.screens.console import as_markdown
from sim.core.errors import ModelError, Problem, ScenarioError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

COMMANDS = {
    "new": "reference",
    "validate": "checking",
    "explain": "checking",
    "run": "running",
    "compare": "running",
    "find": "find",
    "sweep": "sweeping",
    "report": "report",
    "assumptions": "assumptions",
    "keys": "reference",
    "schema": "reference",
}
"""Command -> the module that has a function of its name: it takes the options, gives an answer."""


_CHANGE = "--set "
"""Begins what is noted of a value that a run had which the file has not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, by default that of the shell, and give its exit code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    streams.prepare()
    with _stoppable(), streams.without_warnings("--quiet" in words):
        answer = _answer(words)
        streams.tell(answer.notes)
        failed = streams.write(sys.stdout, answer.text)
        if failed:
            streams.tell([f"{PROGRAM}: {not_written(failed)}"])
            return NOT_SAVED
        return answer.code


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does: nothing half written stays."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _answer(words: list[str]) -> Answer:
    try:
        options = parser().parse_args(words)
        options.words = words
        with early_workers(options), early_imports(options):
            return _command(options.command)(options)
    except SystemExit:  # argparse has shown help or the version
        return Answer()
    except (ScenarioError, MemoryError) as error:
        found = error.problems if isinstance(error, ScenarioError) else [_no_memory(words)]
        return _failed([*found, *_notes(error)], WRONG_INPUT, words)
    except KeyboardInterrupt as interruption:
        return _failed([_interrupted(interruption, words)], INTERRUPTED, words)
    except ModelError as error:
        found = problems.internal(str(error), words)
        if options.command in ("run", "compare", "find", "sweep", "assumptions"):
            found.append(Problem("", "", f"to see it again: {_rerun(options, error)}"))
        others = [each for each in _notes(error) if not each.rule.startswith(_CHANGE)]
        return _failed([*found, *others], INTERNAL_ERROR, words)
    except Exception as error:  # noqa: BLE001  (no user can mend it, whatever it is)
        return _failed([*problems.surprise(error, words), *_notes(error)], INTERNAL_ERROR, words)


def _notes(error: BaseException) -> list[Problem]:
    """What was noted of an error on its way: how to go on with what is finished."""
    return [Problem("", "", note) for note in getattr(error, "__notes__", [])]


def _command(name: str) -> Callable[[argparse.Namespace], Answer]:
    found: Callable[[argparse.Namespace], Answer]
    found = getattr(import_module(f"sim.cli.{COMMANDS[name]}"), name)
    return found


def _failed(found: Sequence[Problem], code: int, words: Sequence[str]) -> Answer:
    """No answer but what is wrong, in the form that was asked for too."""
    said, form = problems.lines(found), asked_format(words)
    told = () if "--quiet" in words and form != "text" else tuple(said)
    if form == "json":
        valid = {"valid": False} if words[:1] == ["validate"] else {}
        return Answer(json_text(valid | {"problems": problems.data(found)}), code, told)
    if form == "markdown":
        return Answer(as_markdown([" ".join(words[:2]), *said]), code, told)
    if form == "junit":
        from sim.cli.answers.junit import refused, xml  # noqa: PLC0415  (nothing else needs XML)

        return Answer(xml(refused(" ".join(words[:2]), said)), code, told)
    return Answer("", code, told)


def _interrupted(interruption: KeyboardInterrupt, words: Sequence[str]) -> Problem:
    """How far it came is noted on the way."""
    if not {"run", "compare", "sweep", "find", "assumptions"}.intersection(words[:1]):
        return Problem("", "", "interrupted")
    notes = [note.rule for note in _notes(interruption)]
    how_far = "before the first replication"
    if notes and notes[0][:1].isdigit():
        how_far = f"after {notes.pop(0)}"
    return Problem("", "", f"interrupted {how_far}; {notes[0] if notes else 'nothing is saved'}")


def _no_memory(words: Sequence[str]) -> Problem:
    """Whatever can say which part of the file asks for it has said so itself."""
    rule = "asks for too much: this machine does not have the memory for it"
    return Problem(f"{PROGRAM} {words[0]}", "", rule)


def _rerun(options: argparse.Namespace, error: ModelError) -> str:
    from sim.cli.answers.failed import rerun  # noqa: PLC0415  (help needs no experiments)
    from sim.experiments.running.failures import options_of  # noqa: PLC0415

    # A search notes the value that it tried, a sweep those of its point.
    changes = [each.rule for each in _notes(error) if each.rule.startswith(_CHANGE)]
    again = options_of(error.replication, error.seed, error.variant)
    return rerun(options, " ".join([*changes, again]))
