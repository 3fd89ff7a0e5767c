"""Objectives with their verdicts, in the words of an answer."""

from __future__ import annotations

from dataclasses import replace

from sim.cli.screens.judged import by_objective, judged_by
from sim.cli.screens.setting import Setting
from sim.scenario import Objective

CAPACITY = Objective(0, "min_capacity", "shop", "", 0.8, None, 0.95, 0.95, "runs")
OUTAGES = Objective(1, "outages", "shop", "", None, 0.0, 1.0, 0.95, "runs")


def row(variant, verdict):
    return {"variant": variant, "objective": "as written", "verdict": verdict}


def test_same_objective_of_all_variants_stands_together_wherever_it_is_in_their_lists():
    turned = (replace(OUTAGES, index=0), replace(CAPACITY, index=1))
    asked = {"auto": (CAPACITY, OUTAGES), "manual": turned, "nothing": (CAPACITY,)}
    about = Setting("shop", (), 30, True, 0.0, 3600.0, None, asked)
    rows = [row("auto", "met"), row("auto", "missed"), row("manual", "met")]
    rows += [row("manual", "undecided"), row("nothing", "met")]
    judged = judged_by(about, rows, references=["nothing"])
    found = {
        objective.metric: [(each.row["variant"], each.verdict) for each in same]
        for objective, same in by_objective(judged)
    }
    assert found == {
        "min_capacity": [("auto", "met"), ("manual", "undecided"), ("nothing", "reference")],
        "outages": [("auto", "missed"), ("manual", "met")],
    }
