"""Commands that make replications and answer by them: run, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli import inputs
from sim.cli.keeping import execution, keeping
from sim.cli.options.precision import named_as_options, precision
from sim.results import runs

if TYPE_CHECKING:
    import argparse

    from sim.cli.answers.answer import Answer


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
        from sim.cli.run_answers import of_run  # noqa: PLC0415  (workers need not wait for it)

        return of_run(found, scenario, warnings, options, kept)


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
        from sim.cli.run_answers import of_comparison  # noqa: PLC0415  (see above)

        return of_comparison(found, warnings, options, kept)
