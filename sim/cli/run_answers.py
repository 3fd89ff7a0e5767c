"""The answers of commands that make replications: of run, of compare.

Nobody needs them before the replications are made; by then they are imported (`early_imports`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli.answers.failed import failed
from sim.cli.finishing import finished
from sim.cli.screens import summary
from sim.cli.screens.from_results import first_of, setting_of
from sim.results.notes import killing, notes, ranked, together

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sim.cli.answers.answer import Answer
    from sim.cli.screens.console import Style
    from sim.files.partial_folder import PartialFolder
    from sim.results.results import Results
    from sim.scenario import Scenario


def of_run(
    found: Results,
    scenario: Scenario,
    warnings: list[str],
    options: argparse.Namespace,
    kept: PartialFolder | None,
) -> Answer:
    """What one scenario came to, its first replication and what may explain the numbers."""
    return finished(found, _lines_of_run(found, scenario, options), warnings, options, kept)


def _lines_of_run(
    found: Results, scenario: Scenario, options: argparse.Namespace
) -> Callable[[Style], list[str]]:
    first = found.replay()
    firsts = {name: first_of(first, name) for name in scenario.systems}
    setting = setting_of(found, options)
    rows, objectives = found.rows("summary"), found.rows("objectives")
    said, before = notes(found)[found.about.variants[0].name], failed(found, options)

    def lines(style: Style) -> list[str]:
        return summary.run(setting, rows, objectives, firsts, style, said, before)

    return lines


def of_comparison(
    found: Results,
    warnings: list[str],
    options: argparse.Namespace,
    kept: PartialFolder | None,
) -> Answer:
    """What the variants came to, and which of them is best."""
    return finished(found, _lines_of_comparison(found, options), warnings, options, kept)


def _lines_of_comparison(
    found: Results, options: argparse.Namespace
) -> Callable[[Style], list[str]]:
    setting = setting_of(found, options)
    references = [one.name for one in found.about.variants if one.reference]
    rows, objectives = found.rows("summary"), found.rows("objectives")
    told = ranked(found)
    conclusion = ""
    if found.conclusion:
        conclusion = "\n".join([found.conclusion.sentence, *killing(told, found.conclusion.best)])
    said, before = together(told), failed(found, options)

    def lines(style: Style) -> list[str]:
        return summary.compare(
            setting, rows, objectives, references, conclusion, style, said, before
        )

    return lines
