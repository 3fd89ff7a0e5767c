"""Time zones by their names in the IANA data base, which a machine or the package tzdata holds."""

from __future__ import annotations

import re
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from sim.core.units import shorten

ZONE_PATTERN = r"^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$"


_LONGEST = 100
"""Characters of a name, and more than any has."""


def parse_zone(text: str) -> ZoneInfo:
    """The zone of a name such as Europe/Berlin. ValueError with the rule, and what was got."""
    try:
        # A name is also the path of a file.
        if len(text) < _LONGEST and re.fullmatch(ZONE_PATTERN, text):
            return ZoneInfo(text)
    except (KeyError, OSError, ValueError):  # no such file, a folder, another kind of file
        pass
    known = available_timezones()
    if not known:
        rule = "this machine has no time zones: install the Python package tzdata"
        raise ValueError(f"{rule}, got {shorten(text)}")
    meant = _bare(text)
    near = min((name for name in known if meant in (_bare(name), _city(name))), default="")
    near = near or next(iter(get_close_matches(text[:_LONGEST], sorted(known), 1, 0.8)), "")
    better = f"; did you mean {near}?" if near else ""
    raise ValueError(f"must be a time zone such as Europe/Berlin, got {shorten(text)}{better}")


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:_LONGEST]).lower()


def _city(name: str) -> str:
    return _bare(name.rpartition("/")[2])
