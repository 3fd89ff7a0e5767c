"""The page of a result folder, made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.cli import streams
from sim.cli.answer import Answer
from sim.cli.json_text import json_text
from sim.results import renewing

if TYPE_CHECKING:
    import argparse


def report(options: argparse.Namespace) -> Answer:
    """Its path, as a line that the other commands end with too."""
    path = renewing.renew_report(options.folder, options.assumptions)
    if options.json:
        return Answer(json_text({"report": str(path), "problems": []}))
    return Answer(streams.text([f"report: {path}"]))
