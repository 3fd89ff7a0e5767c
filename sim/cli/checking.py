"""Commands that say what a scenario file would do, and run nothing: validate, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli import inputs, streams
from sim.cli.answer import Answer
from sim.cli.console import as_markdown, paragraph
from sim.cli.json_text import json_text
from sim.forecast.explanation import describe
from sim.formats.checking import listed
from sim.scenario import points
from sim.simulation import Simulation

if TYPE_CHECKING:
    import argparse


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
    told = [f"{what}: {listed(names) or 'none'}" for what, names in checked.items()]
    told.append(f"warnings: {len(warnings) or 'none'}")
    lines = [line for each in told for line in paragraph(f"  {each}", "    ")]
    return Answer(streams.text([f"{inputs.origin(options)} is valid", *lines]))


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
