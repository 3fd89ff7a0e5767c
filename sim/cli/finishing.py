"""The answer of a command that made replications, and its results saved."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.answers import failed, problems, streams
from sim.cli.answers.answer import (
    INTERNAL_ERROR,
    INTERRUPTED,
    MET,
    MISSED,
    NOT_SAVED,
    UNDECIDED,
    Answer,
    command_line,
)
from sim.cli.answers.forms import Forms, in_form, told_before
from sim.cli.answers.junit import suites_of, unsaved
from sim.cli.keeping import goes_on
from sim.cli.screens.console import Style
from sim.cli.screens.summary import footer
from sim.core.errors import Problem, ScenarioError
from sim.experiments.statistics.multiplicity import multiplicity
from sim.results.verdict import tone
from sim.systems import SYSTEM_TYPES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sim.experiments.statistics.multiplicity import Multiplicity
    from sim.files.partial_folder import PartialFolder
    from sim.results.results import Results


def finished(
    results: Results,
    lines: Callable[[Style], list[str]],
    warnings: list[str],
    options: argparse.Namespace,
    kept: PartialFolder | None = None,
) -> Answer:
    """The answer, once its results are saved; it stands where that fails or is interrupted.

    What is `kept` on the way is needed no more then.
    """
    folder, code, found = saved(
        lambda: _save(results, lines, options), _code(results), options, lines
    )
    not_saved = problems.lines(found)
    found += let_go(kept, options, saved=folder is not None)
    every = [*failed.problems(results, options), *found]
    forms = Forms(
        lines=lines,
        end=_end(results, []),
        end_with_places=_end(results, _places(results, folder) if folder else []),
        data=lambda: _data(results, warnings, folder, every),
        suites=lambda: [
            *suites_of(results, code),
            *unsaved(results.about.name, not_saved),
        ],
    )
    return in_form(options, code, problems.lines(every), forms)


def saved(
    save: Callable[[], Path],
    code: int,
    options: argparse.Namespace,
    lines: Callable[[Style], list[str]],
) -> tuple[Path | None, int, list[Problem]]:
    """The folder that `save` writes, unless none is asked for; the exit code, and what is wrong.

    The code is that of the answer where nothing is. Nobody waits for figures to be drawn: the
    `lines` of the answer are told before.
    """
    if options.no_files:
        return None, code, []
    failed = told_before(options, lines)
    folder, code, found = _saved(save, code, options)
    if failed:
        return folder, NOT_SAVED, [Problem("", "", failed), *found]
    return folder, code, found


def _saved(
    save: Callable[[], Path], code: int, options: argparse.Namespace
) -> tuple[Path | None, int, list[Problem]]:
    try:
        return save(), code, []
    except ScenarioError as error:
        return None, NOT_SAVED, [*error.problems]
    except KeyboardInterrupt:
        told = "interrupted while results were written; nothing is saved"
        return None, INTERRUPTED, [Problem("", "", told)]
    except MemoryError:
        told = "this machine does not have the memory to save the results; nothing is saved"
        return None, NOT_SAVED, [Problem("", "", told)]
    except Exception as error:  # noqa: BLE001  (a picture that fails costs no answer)
        return None, INTERNAL_ERROR, problems.surprise(error, options.words)


def let_go(
    kept: PartialFolder | None, options: argparse.Namespace, *, saved: bool
) -> list[Problem]:
    """Remove what was kept on the way, or say how to go on with it."""
    if kept is None:
        return []
    if kept.problem:
        rule = f"finished replications were not kept on the way, as {kept.shown} got: "
        streams.tell([] if options.quiet else [f"warning: {rule}{kept.problem}"])
    if not saved:
        return [Problem("", "", goes_on(kept, options))] if kept.has_work else []
    kept.remove()
    return []


def _save(
    results: Results, lines: Callable[[Style], list[str]], options: argparse.Namespace
) -> Path:
    return results.save(
        options.out,
        overwrite=options.overwrite,
        keep=options.keep,
        figures=options.figures or "main",
        answer=streams.text([*lines(Style(blocks=True)), *_end(results, [])]),
        command=command_line(options.words),
    )


def _end(results: Results, places: list[str]) -> list[str]:
    """What the answer rests on and where the rest is."""
    return footer(results.about.assumptions, places, _multiplicity(results).sentence)


def _multiplicity(results: Results) -> Multiplicity:
    references = {one.name for one in results.about.variants if one.reference}
    judged = [row for row in results.rows("objectives") if row["variant"] not in references]
    return multiplicity(results.rows("summary"), results.rows("comparison"), judged)


def _places(results: Results, folder: Path) -> list[str]:
    found = sorted((folder / "figures").glob("*.png"))
    pictures = [each for each in found if not each.name.startswith("distribution_")]
    series = SYSTEM_TYPES[next(iter(results.about.kinds.values()))].main_series
    last = pictures[-1] if pictures else None
    picture = next((each for each in pictures if series in each.name), last)
    return [f"picture: {picture}"] if picture else [f"results: {folder}"]


def _data(
    results: Results, warnings: list[str], folder: Path | None, found: Sequence[Problem]
) -> dict[str, Any]:
    tables = ("summary", "objectives", "comparison", "operations", "progress")
    return {
        **asdict(results.about),
        "multiplicity": asdict(_multiplicity(results)),
        "warnings": warnings,
        "problems": problems.data(found),
        "results": folder and str(folder),
        **{name: results.rows(name) for name in tables},
    }


def _code(results: Results) -> int:
    """That of the verdict; where nothing is asked for, nothing is missed."""
    codes = {"failed": INTERNAL_ERROR, "missed": MISSED, "undecided": UNDECIDED}
    return codes.get(tone(results), MET)
