"""How what is drawn is held against an answer known in advance: by 99.9 % intervals, fixed seeds.

A right model misses such an interval at one seed in a thousand, and the seed that a test has stays.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from sim.experiments.statistics.intervals import clopper_pearson, student

LEVEL = 0.999


def holds(values, answer):
    """A 99.9 % interval holds the answer, and reaches no further than 2 % of it to either side."""
    interval = student(values, LEVEL)
    assert interval.low <= answer <= interval.high
    assert interval.high - interval.low <= 2 * 0.02 * answer


def check(values, answer, off=0.02):
    """A 99.9 % interval holds the answer, and misses one that is 2 % off, or as much as is said."""
    interval = student(values, LEVEL)
    assert interval.low <= answer <= interval.high
    assert not interval.low <= answer * (1 + off) <= interval.high
    assert not interval.low <= answer * (1 - off) <= interval.high


def check_share(happened, answer):
    """As many of the trials (True or False) happened as an exact interval for `answer` allows."""
    n = len(happened)
    low, high = clopper_pearson(int(np.sum(happened)), n, (1 + LEVEL) / 2)
    assert low <= answer <= high


def check_order(rank, n, law):
    """The `rank`-th smallest of n values, by what share the law gives those up to it, is likely.

    That share is a beta variable, whatever the law.
    """
    low, high = betaincinv(rank, n - rank + 1, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    assert low <= law <= high


def furthest(values, law):
    """The largest distance between the share of the n values up to a time and its law."""
    values = np.sort(values)
    expected, n = law(values), len(values)
    above, below = np.arange(1, n + 1) / n - expected, expected - np.arange(n) / n
    return max(above.max(), below.max())


def reach(n):
    """What that distance exceeds in one of a thousand samples of n at most.

    Source: Massart, The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality (1990).
    """
    return np.sqrt(np.log(2 / (1 - LEVEL)) / (2 * n))
