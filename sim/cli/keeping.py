"""What a long command has finished stays on the disk until its results are saved."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.answers.answer import command_line
from sim.files import default_target
from sim.files.partial_folder import PartialFolder
from sim.results.kept.kept_parts import about

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sim.scenario import Scenario


@contextmanager
def keeping(options: argparse.Namespace, scenario: Scenario) -> Iterator[PartialFolder | None]:
    """A folder beside the results to come; whatever ends the command says how to go on with it.

    None where nothing is to be written.

    Raises
    ------
    ScenarioError
        If there is one already and nobody said what to do with it, or it is of another run.
    """
    if options.no_files:
        yield None
        return
    path = _path(options, scenario)
    kept = PartialFolder(path, about(scenario), resume=options.resume, replace=options.overwrite)
    try:
        yield kept
    except BaseException as error:
        if kept.has_work:
            error.add_note(goes_on(kept, options))
        raise
    finally:
        kept.close()


def execution(options: argparse.Namespace, kept: PartialFolder | None) -> dict[str, Any]:
    """How replications are made, as every function that makes some takes it."""
    return {
        "progress": not options.quiet,
        "force": options.force,
        "workers": None if options.pool else options.workers,
        "executor": options.pool or options.cluster,
        "partial": kept,
    }


def goes_on(kept: PartialFolder, options: argparse.Namespace) -> str:
    """How a user goes on with what is finished."""
    words = options.words if options.resume else [*options.words, "--resume"]
    return f"what is finished is kept in {kept.shown}; to go on with it: {command_line(words)}"


def _path(options: argparse.Namespace, scenario: Scenario) -> Path:
    if options.out is not None:
        out = Path(options.out)
        return out.with_name(f"{out.name}.partial") if out.name else out / ".partial"
    target = default_target(scenario.name)
    for number in count(1):
        name = target.name if number == 1 else f"{target.name}-{number}"
        path = target.with_name(f"{name}.partial")
        if not PartialFolder.is_in_use(path):
            return path
    raise AssertionError  # a count does not end
