"""Distributions of every family, as a file writes them."""

import math

import numpy as np
from scipy import stats

from sim.formats.distributions import Distribution

LOGNORMAL = {"lognormal": {"median": "4min", "p95": "9min"}}
OBSERVED = {"empirical": {"values": ["1min", "10min", "2min", "2min"]}}
OBSERVED_LINE = {"empirical": {**OBSERVED["empirical"], "interpolate": True}}
FILE = {"empirical": {"csv": "times.csv", "column": "seconds"}}
CONTENTS = {"times.csv": b"seconds\n60\n600\n120\n120\n"}
SIGMA = math.log(540 / 240) / stats.norm.ppf(0.95)

EVERY = {
    "fixed": "4min",
    "uniform": {"uniform": {"low": "5min", "high": "2h"}},
    "triangular": {"triangular": {"low": "1min", "mode": "2min", "high": "9min"}},
    "no rise": {"triangular": {"low": "1min", "mode": "1min", "high": "9min"}},
    "no fall": {"triangular": {"low": "1min", "mode": "9min", "high": "9min"}},
    "exponential": {"exponential": {"mean": "8s"}},
    "lognormal": LOGNORMAL,
    "lognormal by mean": {"lognormal": {"mean": "5min", "sd": "2min"}},
    "weibull": {"weibull": {"shape": 1.5, "scale": "10min"}},
    "empirical": OBSERVED,
    "interpolated": OBSERVED_LINE,
    "lognormal, cut": {**LOGNORMAL, "min": "1min", "max": "30min"},
    "lognormal, its tail": {**LOGNORMAL, "min": "1h30min"},
    "exponential, cut": {"exponential": {"mean": "8s"}, "max": "20s"},
    "weibull, cut": {"weibull": {"shape": 1.5, "scale": "10min"}, "min": "2min", "max": "1h"},
    "triangular, cut": {
        "triangular": {"low": "1min", "mode": "2min", "high": "9min"},
        "min": "1min30s",
        "max": "5min",
    },
    "uniform, cut": {"uniform": {"low": "5min", "high": "2h"}, "min": "1min", "max": "1h"},
    "empirical, cut": {**OBSERVED, "min": "2min"},
    "interpolated, cut": {**OBSERVED_LINE, "min": "1min30s", "max": "5min"},
}


def known(written):
    return Distribution.model_validate(written)


def times(written, *shares):
    return known(written).quantile(np.array(shares)).tolist()
