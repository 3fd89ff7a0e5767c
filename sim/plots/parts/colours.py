"""What each colour means, by day and by night: over all figures and all pages it means one thing.

Colours that meet in one figure are told apart by all kinds of colour vision, and differ in
lightness too, so that they are two in grey and on paper; where they are near, as among eight lines,
dashes, markers or hatches differ as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Colour(NamedTuple):
    """One of the palette."""

    day: str
    night: str
    """On dark pages."""
    meaning: str


PALETTE: Mapping[str, Colour] = {
    # Pages and what is written on them.
    "paper": Colour("#FFFFFF", "#16191D", "what all stands on"),
    "raised": Colour("#F4F6F8", "#20252B", "boxes, code"),
    "ink": Colour("#1A1A1A", "#E8EAED", "words; one run alone; a mark on something"),
    "quiet": Colour("#5F5F5F", "#A9B0B8", "axes, notes"),
    "rule": Colour("#DADDE0", "#3A424B", "grids, rules of tables"),
    "link": Colour("#0062A0", "#7CC4F5", "what can be clicked"),
    # Verdicts.
    "met": Colour("#004D3A", "#4FD1A5", "an objective is met"),
    "missed": Colour("#A03D00", "#FF9457", "an objective's limit, what is beyond it, what fails"),
    "undecided": Colour("#8C6C00", "#F0C04A", "too few runs to say"),
    "failed": Colour("#A3005F", "#FF8AC6", "a run that the program could not end"),
    # The rollout, over all runs.
    "rollout": Colour("#0072B2", "#58B4F0", "all runs together: mean, median; who is updated"),
    "spread": Colour("#56B4E9", "#3A86B8", "where most runs lie, or the answer"),
    "behind": Colour("#8C8C8C", "#7F868E", "an alternative that others beat"),
    "no_value": Colour("#C4C4C4", "#3A424B", "no number"),
    # Words and patterns on the cells of a heat map, whose colours are the same by night.
    "on_dark": Colour("#FDFDFD", "#FDFDFD", "on a dark cell"),
    "on_bright": Colour("#111111", "#111111", "on a bright one"),
    # What members are doing.
    "serving": Colour("#D9ECF7", "#20384A", "in service, available"),
    "draining": Colour("#8FC3E3", "#3D6D8C", "in service, and takes no new tasks"),
    "scaling": Colour("#CBCFD3", "#4A525A", "being created or removed"),
    "replacing": Colour("#F4F9FC", "#1D2F3C", "a new one on its way, or an old one that goes"),
    "pausing": Colour("#6F8CA3", "#44586A", "waits until the next may begin"),
    "other": Colour("#9A9A9A", "#6D757D", "out for a reason that is no upgrade"),
    "failing": Colour("#F09A62", "#9C5526", "unhealthy, or given up"),
    # Tasks.
    "running": Colour("#C39BD1", "#5C3F69", "tasks that run"),
    "waiting": Colour("#7B3294", "#D5A3E6", "tasks that wait"),
    # Lines of which the legend says what they are: the first of them is "rollout".
    "line_2": Colour("#5B3A1E", "#D9AE84", "the second of several lines"),
    "line_3": Colour("#1694AA", "#45B9CF", "the third"),
    "line_4": Colour("#40235C", "#BFA2EE", "the fourth"),
    "line_5": Colour("#B98C52", "#EBCFA0", "the fifth"),
    "line_6": Colour("#485056", "#C9D2D9", "the sixth"),
    "line_7": Colour("#7E7D42", "#B5B36A", "the seventh"),
    "line_8": Colour("#10203A", "#D7E3F7", "the eighth"),
}
"""Name -> colour."""

PAPER = PALETTE["paper"].day
INK = PALETTE["ink"].day
QUIET = PALETTE["quiet"].day
RULE = PALETTE["rule"].day
MET = PALETTE["met"].day
MISSED = PALETTE["missed"].day
UNDECIDED = PALETTE["undecided"].day
ROLLOUT = PALETTE["rollout"].day
SPREAD = PALETTE["spread"].day
BEHIND = PALETTE["behind"].day
NO_VALUE = PALETTE["no_value"].day
ON_DARK = PALETTE["on_dark"].day
ON_BRIGHT = PALETTE["on_bright"].day
SERVING = PALETTE["serving"].day
DRAINING = PALETTE["draining"].day
SCALING = PALETTE["scaling"].day
REPLACING = PALETTE["replacing"].day
PAUSING = PALETTE["pausing"].day
OTHER = PALETTE["other"].day
FAILING = PALETTE["failing"].day
RUNNING = PALETTE["running"].day
WAITING = PALETTE["waiting"].day
LINES = (ROLLOUT, *(PALETTE[f"line_{place}"].day for place in range(2, 9)))
"""Of lines that cross."""
