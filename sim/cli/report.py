"""The page of a result folder, made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim import files
from sim.cli.answers import streams
from sim.cli.answers.answer import Answer
from sim.cli.answers.json_text import json_text
from sim.cli.screens.console import as_markdown
from sim.formats.markdown import block
from sim.results.pages import renewing

if TYPE_CHECKING:
    import argparse


def report(options: argparse.Namespace) -> Answer:
    """Its path, as a line that the other commands end with too; in Markdown beneath the answer that
    the folder holds, as it was told.
    """
    path = renewing.renew_report(options.folder, options.assumptions)
    if options.json:
        return Answer(json_text({"report": str(path), "problems": []}))
    if options.format == "markdown":
        told = files.ResultFolder.at(path.parent)
        answer = told.text(files.ANSWER) if files.ANSWER in told.files else ""
        head = as_markdown([str(path.parent), f"report: {path}"])
        return Answer(f"{head}\n{block(answer)}" if answer else head)
    return Answer(streams.text([f"report: {path}"]))
