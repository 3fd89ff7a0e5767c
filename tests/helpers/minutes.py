"""When windows are open, found minute by minute: the slow referee of all windows and clocks."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate

from sim.core.clock_times import WEEK

MARGIN = 3
"""Days before and after the scenario that are gone through too."""


class Minutes:
    """The minutes of some days, and the latest time that the clock has shown up to each."""

    def __init__(self, start, days):
        """`start` is a full minute of a zone, or of no zone at all."""
        self.start = start
        self.first = -MARGIN * 1440
        begin = start.astimezone(dt.UTC) if start.tzinfo else start
        times = (
            begin + dt.timedelta(minutes=minute)
            for minute in range(self.first, (days + MARGIN) * 1440)
        )
        shown = (at.astimezone(start.tzinfo) if start.tzinfo else at for at in times)
        self.latest = list(accumulate((at.replace(tzinfo=None) for at in shown), max))

    def of(self, shown):
        """The minute since the start at which the clock first shows a time, or a later one."""
        return self.first + bisect_left(self.latest, shown)

    def open(self, windows):
        """The minutes at which a window of (from, to, days) is open: minutes of a day, and WEEK."""
        found = set()
        day = self.start.date() - dt.timedelta(days=MARGIN - 1)
        while dt.datetime.combine(day, dt.time()) < self.latest[-1] - dt.timedelta(days=2):
            midnight = dt.datetime.combine(day, dt.time())
            for opens, closes, days in windows:
                if WEEK[day.weekday()] in days:
                    last = closes if closes > opens else closes + 1440
                    ends = (midnight + dt.timedelta(minutes=each) for each in (opens, last))
                    found.update(range(*map(self.of, ends)))
            day += dt.timedelta(days=1)
        return found


class Openings:
    """The windows of a scenario's operations, minute by minute."""

    def __init__(self, scenario):
        self.start = scenario.start or dt.datetime(2001, 1, 1)  # noqa: DTZ001
        self.days = int(scenario.horizon // 86_400) + 1
        self.found = {}

    @cached_property
    def minutes(self):
        return Minutes(self.start, self.days)

    def are_open(self, windows, time):
        """Whether one is open so many seconds after the start."""
        if windows not in self.found:
            each = [(one.from_ / 60, one.to / 60, one.days or WEEK) for one in windows]
            self.found[windows] = self.minutes.open(each)
        return time // 60 in self.found[windows]
