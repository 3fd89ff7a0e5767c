"""The whole reference as one page of Markdown: of scenario files, then of the result folder."""

from __future__ import annotations

import yaml

from sim.files.packaged import packaged
from sim.formats.markdown import contents
from sim.results.columns import chapter
from sim.scenario.reference_page import format_chapters, index_chapter
from sim.systems import FOLDERS

GUIDE = "guide.md"
"""What is written by hand: beside the format how a scenario is written, beside a system how it is
modelled, what is assumed of it, and the documents that it follows."""

_HEAD = """\
# Reference

All that a scenario file may say, and all that a result folder tells. Look up a key in the
[index](#index-of-keys). This page is what `rollout-sim keys --markdown` prints; on a screen
`rollout-sim keys PATH` tells the same of one place. Each example is a part of a file: `rollout-sim
new KIND` prints a whole one.

"""


def examples() -> dict[str, str]:
    """Heading -> a part of a scenario file in YAML; several are divided by ---."""
    found: dict[str, str] = {}
    for package in ("sim.scenario", *(f"sim.systems.{folder}" for folder in FOLDERS)):
        found |= yaml.safe_load(packaged(package, "examples.yaml") or "{}")
    return found


def page() -> str:
    """The page as it stands in scenarios/README.md."""
    guides = {folder: packaged(f"sim.systems.{folder}", GUIDE) for folder in FOLDERS}
    told = format_chapters(examples(), guides)
    how = packaged("sim.scenario", GUIDE).splitlines()
    lines = [*how, "", *told.lines, *chapter(), *index_chapter(told)]
    return _HEAD + "\n".join([*contents(lines), "", *lines]).rstrip("\n") + "\n"
