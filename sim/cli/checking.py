"""Commands that say what a scenario file would do, and run nothing: validate, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli import inputs
from sim.cli.answers import streams
from sim.cli.answers.answer import Answer
from sim.cli.answers.json_text import json_text
from sim.cli.answers.junit import Case, Suite, xml
from sim.cli.screens.console import Column, Style, as_markdown, paragraph, table
from sim.forecast.explanation import describe
from sim.formats.checking import listed
from sim.scenario import points
from sim.simulation import Simulation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterator, Mapping, Sequence


def validate(options: argparse.Namespace) -> Answer:
    scenario = inputs.read(options)
    sweep = scenario.sweep
    if sweep is not None:
        points.check(scenario, sweep)
    warnings = inputs.warn(scenario, options)
    checked = {
        "systems": [f"{name} ({spec.kind})" for name, spec in scenario.systems.items()],
        "operations": [
            f"{each.name} ({each.times:,} times)" if each.times > 1 else each.name
            for each in scenario.operations
            if not each.repetition
        ],
        "objectives": [each.metric for each in scenario.objectives],
        "variants": list(scenario.variant_names),
        "other files": [each.path for each in scenario.inputs],
    }
    checked |= {"sweep": [sweep.title]} if sweep else {}
    if options.json:
        found = {"valid": True, "checked": checked, "warnings": warnings, "problems": []}
        return Answer(json_text(found))
    said = f"{inputs.origin(options)} is valid"
    if options.format == "markdown":
        return Answer(as_markdown(_as_table(said, checked, warnings)))
    if options.format == "junit":
        cases = [*_cases(scenario.variant_names, warnings)]
        return Answer(xml([Suite(f"validate {inputs.origin(options)}", cases)]))
    told = [f"{what}: {listed(names) or 'none'}" for what, names in checked.items()]
    told.append(f"warnings: {len(warnings) or 'none'}")
    lines = [line for each in told for line in paragraph(f"  {each}", "    ")]
    return Answer(streams.text([said, *lines]))


def _as_table(
    said: str, checked: Mapping[str, Collection[str]], warnings: Sequence[str]
) -> Iterator[str]:
    """What was looked at, and every warning: whoever reads this has no stderr."""
    found = tuple(listed(names) or "none" for names in checked.values())
    yield said
    yield from table([*checked], [Column("checked", found)], Style(markdown=True))
    yield from (f"warning: {each}" for each in warnings)
    yield "" if warnings else "warnings: none"


def _cases(variants: Sequence[str], warnings: Sequence[str]) -> Iterator[Case]:
    """The file and each variant pass, as there is no answer else; a warning is skipped, which no
    pipeline fails for: with --strict there is no answer either.
    """
    yield Case("scenario")
    yield from (Case(f"variant {name}") for name in variants)
    for number, each in enumerate(warnings, 1):
        yield Case(f"warning {number}", "skipped", each)


def explain(options: argparse.Namespace) -> Answer:
    scenario = inputs.read(options)
    # It tells them itself, in its own words.
    warnings = inputs.warn(scenario, options, silent=True)
    lines = describe(Simulation(scenario)).splitlines()
    names = scenario.variant_names
    if options.json:
        found = {
            "name": scenario.name,
            "question": scenario.question,
            "variant": scenario.variant_name,
            "variants": list(names),
            "explanation": list(filter(None, lines)),
            "assumptions": list(scenario.assumptions),
            "warnings": warnings,
            "problems": [],
        }
        return Answer(json_text(found))
    if options.format == "markdown":
        return Answer(as_markdown(["What will happen", *lines]))
    lines += ["", f"Variants (--variant NAME explains one): {', '.join(names)}."] if names else []
    return Answer(streams.text(short for line in lines for short in paragraph(line) or [""]))
