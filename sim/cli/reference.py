"""Commands that tell what a scenario file may say: new, keys, schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli.answers import streams
from sim.cli.answers.answer import Answer
from sim.cli.answers.json_text import json_text
from sim.cli.options.overrides import overrides
from sim.core.errors import ScenarioError
from sim.scenario.editor_schema import editor_schema
from sim.scenario.reference import kinds, reference
from sim.scenario.starter import starter

if TYPE_CHECKING:
    import argparse


def new(options: argparse.Namespace) -> Answer:
    if options.kind is None:
        return Answer(streams.text(kinds()))
    return Answer(starter(options.kind, overrides(options.changes, "PATH=VALUE")))


def keys(options: argparse.Namespace) -> Answer:
    if not options.markdown:
        return Answer(streams.text(reference(options.path)))
    if options.path:
        rule = f"--markdown prints the whole reference: leave out {options.path}"
        raise ScenarioError.of(rule, where="rollout-sim keys")
    from sim.cli.reference_page import page  # noqa: PLC0415  (one place needs no results)

    return Answer(page())


def schema(_: argparse.Namespace) -> Answer:
    return Answer(json_text(editor_schema()))
