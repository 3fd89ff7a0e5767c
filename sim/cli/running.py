"""Commands that make replications and answer by them: run, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli import inputs
from sim.cli.answers.failed import failed
from sim.cli.finishing import finished
from sim.cli.keeping import execution, keeping
from sim.cli.options.precision import named_as_options, precision
from sim.cli.screens import summary
from sim.cli.screens.from_results import first_of, setting_of
from sim.results import runs
from sim.results.notes import killing, notes, ranked, together

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sim.cli.answers.answer import Answer
    from sim.cli.screens.console import Style
    from sim.results.results import Results
    from sim.scenario import Scenario


def run(options: argparse.Namespace) -> Answer:
    asked = precision(options)
    scenario, warnings = inputs.ready(options)
    with keeping(options, scenario) as kept:
        with inputs.cost_is_noted(warnings, options), named_as_options():
            found = runs.run(
                scenario,
                replay=options.replay,
                precision=asked,
                max_replications=options.max_replications,
                keep=options.keep,
                **execution(options, kept),
            )
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


def compare(options: argparse.Namespace) -> Answer:
    asked = precision(options)
    scenario, warnings = inputs.ready(options)
    with keeping(options, scenario) as kept:
        with inputs.cost_is_noted(warnings, options), named_as_options():
            found = runs.compare(
                scenario,
                precision=asked,
                max_replications=options.max_replications,
                keep=options.keep,
                **execution(options, kept),
            )
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
