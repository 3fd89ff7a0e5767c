"""A small figure of each kind."""

from functools import cache
from typing import get_args

import numpy as np

from sim.core.timelines import Timeline
from sim.experiments.statistics.bands import Band
from sim.plots import (
    availability,
    capacity,
    differences,
    distribution,
    estimates,
    gantt,
    overlay,
    queue,
    state_shares,
    sweep_front,
    sweep_heat_map,
    sweep_lines,
    tornado,
    trials,
    up_to_date,
    variants,
    warm_up,
)
from sim.plots.differences import Difference
from sim.plots.distribution import Curve, Quantile
from sim.plots.estimates import Estimate, Panel
from sim.plots.gantt import Interval
from sim.plots.parts.sweep_axes import Along
from sim.systems.base.activity import Category

DIP = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([1.0, 0.8, 1.0]), 3600.0, "share")
DOWN = Timeline(DIP.times, np.array([1.0, 0.0, 1.0]), 3600.0, "0/1")
BUSY = Timeline(np.array([0.0, 600.0, 1200.0]), np.array([0.0, 7.0, 2.0]), 3600.0, "count")
BAND = Band(DIP.times, DIP.values - 0.2, DIP.values - 0.1, DIP.values, 100)
VERDICTS = np.array([["met", "missed", "undecided"], ["met", "met", "met"]])
DOMAINS = Along("domains", "", ["2", "8", "32"], np.array([2.0, 8.0, 32.0]))
WORDS = Along("mode", "", ["a", "b"], None)
SIDES = [np.array([1.0, 2.0, 3.0, 4.0]) * by for by in (600.0, 500.0, 700.0)]
MEANS = sweep_lines.Curve(*(side[:3] for side in SIDES))
GRID = np.arange(6.0).reshape(2, 3)
GUESS = tornado.Row(
    "restart", tornado.Bar(600.0, 550.0, 650.0), tornado.Bar(1800.0, 1700.0, 1900.0)
)
TRIED = trials.Panel(
    "capacity",
    "share",
    0.9,
    [
        trials.Point(9.0, 0.5, 0.4, 0.6, "missed"),
        trials.Point(9.5, 0.9, 0.8, 0.97, "undecided"),
        trials.Point(10.0, 1.0, 0.95, 1.0, "met"),
    ],
)
WILD = '<script>alert("x")</script> & id="y" url(#z)'


@cache
def figures_of_all_kinds():
    """By their names; each is made once."""
    dots = [Estimate("auto", 0.8, 0.7, 0.9, "80 %"), Estimate("never", np.inf, text="> 2h")]
    bars = [
        Interval("domain 0", 600 * place, 600 * (place + 1), category)
        for place, category in enumerate(get_args(Category))
    ]
    curve = Curve(np.array([0.7, 0.8]), np.array([0.5, 1.0]), 0.1, [Quantile(0.5, 0.7, 0.7, 0.8)])
    return {
        "capacity": capacity.figure(DIP, threshold=0.8, subtitle=WILD),
        "capacity_of_all_runs": capacity.figure(
            DIP, threshold=0.8, band=BAND, beside={f"group {k}": DIP for k in range(6)}
        ),
        "up_to_date": up_to_date.figure(DIP),
        "variants": variants.capacities({"auto": DIP, "manual": DIP}),
        "overlay": overlay.figure({WILD: DIP, "other": DIP}, "capacity"),
        "eight_lines": overlay.figure({f"variant {k}": DIP for k in range(8)}, "capacity"),
        "queue": queue.figure(BUSY, used=BUSY, slots=BUSY),
        "estimates": estimates.figure([Panel("lowest capacity", "share", "higher", dots)]),
        "differences": differences.figure(
            [
                differences.Panel(
                    "done in",
                    "s",
                    "lower",
                    [
                        Difference("manual", 600.0, 500.0, 700.0, "+10min", is_apart=True),
                        Difference("other", -60.0, -120.0, 30.0, "-1min"),
                    ],
                )
            ],
            "auto",
            title="T",
        ),
        "gantt": gantt.figure(bars),
        "state_shares": state_shares.figure(
            dict.fromkeys(
                get_args(Category), Timeline(DIP.times, np.full(3, 0.125), 3600.0, "share")
            )
        ),
        "availability": availability.figure({"shop": DOWN}),
        "sweep_lines": sweep_lines.figure(
            [sweep_lines.Panel("done in", "s", {"auto": MEANS}, 900.0)], DOMAINS, title="T"
        ),
        "sweep_front": sweep_front.figure(
            sweep_front.Side("done in", "s", "lower", *SIDES),
            sweep_front.Side("hours lost", "member-hours", "lower", *SIDES),
            ["a", "b", "c", "d"],
            ["yes", "no", "", "not told apart"],
            knee=0,
            title="T",
        ),
        "sweep_heat_map": sweep_heat_map.figure(
            sweep_heat_map.Cells(GRID, VERDICTS, "s"), DOMAINS, WORDS, "x", title="T"
        ),
        "tornado": tornado.figure([GUESS], 900.0, "done in", "s", title="T"),
        "trials": trials.figure([TRIED], "domains", "count", title="T", bracket=(9.0, 10.0)),
        "distribution": distribution.figure(
            {f"variant {k}": curve for k in range(8)}, "capacity", "share", title="T", bound=0.8
        ),
        "warm_up": warm_up.figure(
            np.arange(1.0, 21.0), np.arange(10.0), 3600.0, what="tasks", warm_up=600.0
        ),
    }
