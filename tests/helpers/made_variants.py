"""Variants whose replications came to given values, without any run."""

from __future__ import annotations

import math

import numpy as np

from sim.core.metrics import Key
from sim.experiments.objectives import Experiment
from sim.experiments.running.replications import Measured
from sim.experiments.statistics.verdicts import Verdict
from sim.files import loads
from sim.simulation import Simulation

SCENARIO = """\
systems:
  shop:
    kind: cloud_service
    builds: {"42": {fails_to_start: 20%}}
    roles: {WebRole: {instances: 4}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


ASKED = SCENARIO + "objectives: [{metric: min_capacity, at_least: 80%}]\n"


IDLE = SCENARIO[: SCENARIO.index("operations")]


NAN = math.nan


RUNS = 20


def simulation(text):
    return Simulation(loads(text))


def variant(name, *, text=SCENARIO, verdict="", rollouts=True, random=True, **metrics):
    """A variant whose replications came to these values, one for all or one each."""
    metrics = ({"finished": 1.0, "safe_end": 1.0} if rollouts else {}) | metrics
    runs = RUNS if random else 1
    values = {
        Key("shop", "", key): np.broadcast_to(np.array(each, float), runs).copy()
        for key, each in metrics.items()
    }
    kept = {"shop": np.ones(runs, bool)}
    measured = Measured(np.arange(runs), values, kept, random, None, ())
    verdicts = (Verdict(1.0, 1.0, 1.0, verdict, ""),) if verdict else ()
    return Experiment(name, simulation(text), measured, verdicts, open_ended=False)


def prefer(*metrics, text=SCENARIO):
    return f"{text}prefer: [{', '.join(metrics)}]\n"


def preferring(variants, *metrics):
    """What `prefer` makes of variants, given as name -> metrics."""
    text = prefer(*metrics)
    return [variant(name, text=text, **values) for name, values in variants.items()]


def spread(middle):
    """Values around one, the same noise for all."""
    return middle + np.linspace(-1, 1, RUNS)


def ends_well(runs):
    return (np.arange(RUNS) < runs) * 1.0


def late_and_careful(turned, slow, fast=600.0, time="rollout_duration"):
    """Where the build is bad (the first `turned` runs) one is rolled back, the other finishes."""
    bad = np.arange(RUNS) < turned
    careful = np.where(bad, NAN, slow)
    text = prefer(time, "blast_radius")
    turns = {time: careful, "rolled_back": bad * 1.0, "blast_radius": 0.2}
    stays = {time: fast, "rolled_back": 0.0, "blast_radius": bad * 1.0}
    return [variant("careful", text=text, **turns), variant("auto", text=text, **stays)]
