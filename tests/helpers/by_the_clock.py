"""Scenarios at random get a start and a time zone, mostly near a change of its clock.

Then they have windows by that clock, times by the clock, and operations that are repeated.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sim.core.clock_times import WEEK, ClockTime
from sim.core.units import format_duration, parse_duration

CHANGES = (
    ("Europe/Berlin", "2026-10-25T01:00Z"),
    ("Europe/Berlin", "2027-03-28T01:00Z"),
    ("America/Santiago", "2026-04-05T03:00Z"),  # south of the equator, at midnight
    ("America/Havana", "2026-03-08T05:00Z"),  # 00:00 is left out
    ("Asia/Beirut", "2026-10-24T21:00Z"),  # 23:00 comes twice
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),  # by half an hour
    ("Pacific/Apia", "2011-12-30T10:00Z"),  # a day is left out
    ("Asia/Pyongyang", "2018-05-04T15:00Z"),
    ("Asia/Kathmandu", "2024-02-28T18:15Z"),  # no change, and a leap day
)


def sometimes_by_the_clock(chance, tree):
    """A third of them."""
    return by_the_clock(chance, tree) if chance.random() < 1 / 3 else tree


def by_the_clock(chance, tree):
    """The same systems and operations, by a clock."""
    zone, change = chance.choice(CHANGES)
    horizon = parse_duration(tree["horizon"])
    before = chance.randrange(int(horizon // 60)) * 60
    at = dt.datetime.fromisoformat(change) - dt.timedelta(seconds=before)
    start = at.astimezone(ZoneInfo(zone))
    return tree | {
        "start": start.isoformat(),
        "time_zone": zone,
        "systems": {name: _system(chance, each, start) for name, each in tree["systems"].items()},
        "operations": [_operation(chance, each, start, horizon) for each in tree["operations"]],
    }


def _system(chance, system, start):
    if "groups" in system:
        groups = {
            name: _or(chance, group, {"disconnected": _away(chance, start)})
            for name, group in system["groups"].items()
        }
        return system | {"groups": groups}
    if "work" in system:
        today = [WEEK[start.weekday()]]
        streams = [
            job if "tasks" in job else _or(chance, job, {"days": today}) for job in system["work"]
        ]
        return system | {"work": streams}
    return system


def _or(chance, part, change):
    return part | change if chance.random() < 0.3 else part


def _away(chance, start):
    return {"share": "50%", "windows": _windows(chance, start)}


def _operation(chance, entry, start, horizon):
    changed = dict(entry)
    for key, body in entry.items():
        if isinstance(body, dict) and body.get("windows"):
            changed[key] = body | {"windows": _windows(chance, start)}
    if chance.random() < 0.3:
        changed["at"] = _clock_time(chance, parse_duration(entry["at"]), start, horizon)
    if chance.random() < 0.2:
        changed["every"] = format_duration(max(60, horizon // chance.randint(2, 6)))
    return changed


def _clock_time(chance, seconds, start, horizon):
    at = (start.astimezone(dt.UTC) + dt.timedelta(seconds=seconds)).astimezone(start.tzinfo)
    forms = [f"{at:%H:%M:%S}", f"{WEEK[at.weekday()]} {at:%H:%M:%S}"]
    text = chance.choice([at.isoformat(), *forms])
    # What the clock shows twice may have been the first time before the start.
    return text if ClockTime.parse(text).after(start) <= horizon else at.isoformat()


def _windows(chance, start):
    """One or two, of which the first is open soon after the start."""
    found = []
    for _ in range(chance.randint(1, 2)):
        minute = start.hour * 60 + start.minute + chance.randrange(-30, 180)
        opens = minute % 1440
        closes = (opens + chance.choice([5, 20, 60, 150])) % 1440
        window = {"from": _clock(opens), "to": _clock(closes or 1440)}
        if chance.random() < 0.3:
            today = start.weekday()
            window["days"] = [WEEK[(today + shift) % 7] for shift in (-1, 0, 1)]
        found.append(window)
    return found


def _clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"
