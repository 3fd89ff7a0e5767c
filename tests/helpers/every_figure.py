"""A small figure of each kind."""

from functools import cache

import numpy as np

from sim.core.timelines import Timeline
from sim.plots import (
    availability,
    capacity,
    distribution,
    estimates,
    gantt,
    overlay,
    queue,
    sweep_front,
    sweep_heat_map,
    sweep_lines,
    tornado,
    trials,
    up_to_date,
    variants,
)
from sim.plots.distribution import Curve, Quantile
from sim.plots.estimates import Estimate, Panel
from sim.plots.gantt import Interval
from sim.plots.sweep_axes import Along

DIP = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([1.0, 0.8, 1.0]), 3600.0, "share")
DOWN = Timeline(DIP.times, np.array([1.0, 0.0, 1.0]), 3600.0, "0/1")
BUSY = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([0.0, 7.0, 2.0]), 3600.0, "count")
DOMAINS = Along("domains", "", ["2", "8", "32"], np.array([2.0, 8.0, 32.0]))
WORDS = Along("mode", "", ["a", "b"], None)
SIDES = [np.array([1.0, 2.0, 3.0]) * by for by in (600.0, 500.0, 700.0)]
MEANS = sweep_lines.Curve(*SIDES)
GRID = np.arange(6.0).reshape(2, 3)
GUESS = tornado.Row(
    "restart", tornado.Bar(600.0, 550.0, 650.0), tornado.Bar(np.nan, np.nan, np.nan, "none")
)
TRIED = trials.Panel(
    "capacity",
    "share",
    0.9,
    [trials.Point(9.0, 0.5, 0.4, 0.6, "missed"), trials.Point(10.0, 1.0, 0.95, 1.0, "met")],
)
WILD = '<script>alert("x")</script> & id="y" url(#z)'


@cache
def figures_of_all_kinds():
    """By their names; each is made once."""
    dots = [Estimate("auto", 0.8, 0.7, 0.9, "80 %"), Estimate("never", np.inf, text="> 2h")]
    bars = [Interval("domain 0", 0, 600, "ready"), Interval("domain 0", 600, 1200, "failing")]
    curve = Curve(np.array([0.7, 0.8]), np.array([0.5, 1.0]), 0.1, [Quantile(0.5, 0.7, 0.7, 0.8)])
    return {
        "capacity": capacity.figure(DIP, threshold=0.8, subtitle=WILD),
        "up_to_date": up_to_date.figure(DIP),
        "variants": variants.capacities({"auto": DIP, "manual": DIP}),
        "overlay": overlay.figure({WILD: DIP, "other": DIP}, "capacity"),
        "queue": queue.figure(BUSY, used=BUSY, slots=BUSY),
        "estimates": estimates.figure([Panel("lowest capacity", "share", "higher", dots)]),
        "gantt": gantt.figure(bars),
        "availability": availability.figure({"shop": DOWN}),
        "sweep_lines": sweep_lines.figure(
            [sweep_lines.Panel("done in", "s", {"auto": MEANS})], DOMAINS, title="T"
        ),
        "sweep_front": sweep_front.figure(
            sweep_front.Side("done in", "s", "lower", *SIDES),
            sweep_front.Side("hours lost", "member-hours", "lower", *SIDES),
            ["a", "b", "c"],
            ["yes", "no", ""],
            title="T",
        ),
        "sweep_heat_map": sweep_heat_map.figure(
            sweep_heat_map.Cells(GRID, np.full((2, 3), "met"), "s"), DOMAINS, WORDS, "x", title="T"
        ),
        "tornado": tornado.figure([GUESS], 900.0, "done in", "s", title="T"),
        "trials": trials.figure([TRIED], "domains", "count", title="T", bracket=(9.0, 10.0)),
        "distribution": distribution.figure({"auto": curve}, "capacity", "share", title="T"),
    }
