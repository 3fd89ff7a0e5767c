"""Files outside the scenario's folder: legal to name, and never quoted in a message.

A scenario may come from somebody else, and what a message quotes may reach them.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import PureWindowsPath


def quotable(file: str, rule: str) -> str:
    """What is wrong with a file that a scenario names, without its content where that is none of
    the scenario's: `rule` ends with ", got CONTENT", and " at line N" where it is about a line.
    """
    if not leads_out(file):
        return rule
    before, got, after = rule.partition(", got ")
    line = re.search(r" at line \d+$", after)
    end = f"{line[0] if line else ''} (files outside the scenario's folder are not quoted)"
    return f"{before}{end}" if got else rule


def leads_out(file: str) -> bool:
    """Whether a path, as a scenario names it, leads out of the scenario's folder."""
    steps = posixpath.normpath(file.replace("\\", "/")).split("/")
    return steps[0] in ("..", "") or PureWindowsPath(file).drive != ""
