"""Rows of a summary and what an answer is about, for the texts that tell of them."""

from __future__ import annotations

import math

from sim.cli.screens.setting import Setting, System
from sim.systems import SYSTEM_TYPES

METRICS = SYSTEM_TYPES["cloud_service"].metrics
HEADLINES = (
    "min_capacity",
    "capacity_hours_lost",
    "downtime",
    "rollout_duration",
    "blast_radius",
)
NAN = math.nan


def system(name="shop", headlines=HEADLINES, groups=()):
    return System(name, "30 instances, 5 update domains", METRICS, headlines, groups)


def setting(**changes):
    about = {
        "name": "shop-build-42",
        "systems": (system(),),
        "replications": 200,
        "is_random": True,
        "warm_up": 0.0,
        "horizon": 21600.0,
        "start": None,
        "objectives": {"baseline": ()},
    }
    return Setting(**(about | changes))


def row(metric, mean, *, of=None, variant="baseline", group="", **changes):
    """A row of the summary: `of` gives min, p50, p95 and max where they are not all the mean."""
    low, middle, high, most = of or (mean, mean, mean, mean)
    return {
        "variant": variant,
        "system": "shop",
        "group": group,
        "metric": metric,
        "unit": METRICS[metric].unit,
        "mean": mean,
        "ci95_low": mean,
        "ci95_high": mean,
        "min": low,
        "p50": middle,
        "p5": low,
        "p95": high,
        "max": most,
        "n": 200,
        "missing": 0,
        "worst_replication": 17,
        "skewness": NAN,
    } | changes
