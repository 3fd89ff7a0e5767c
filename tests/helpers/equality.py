"""Whether two measurements are the same, to the last bit."""

from __future__ import annotations

import numpy as np


def equal(one, other):
    """Whether all of them is equal, to the last bit."""
    assert one.numbers.tolist() == other.numbers.tolist()
    assert one.first.equals(other.first)
    assert (one.random, list(one.failures)) == (other.random, list(other.failures))
    for of in ("values", "rollouts_ended", "outcomes"):
        ours, theirs = getattr(one, of), getattr(other, of)
        assert list(ours) == list(theirs)
        assert all(ours[key].tobytes() == theirs[key].tobytes() for key in ours)
    assert list(one.averages) == list(other.averages)
    for system, averages in one.averages.items():
        theirs = other.averages[system]
        assert (averages.runs, averages.mean.tobytes()) == (theirs.runs, theirs.mean.tobytes())
    assert pictured(one) == pictured(other)
    return True


def pictured(measured):
    """All steps that pictures show, wherever a piece ends."""
    keys = measured.sampled[0] if measured.sampled else {}
    return {
        key: [
            np.concatenate([getattr(piece[key], of) for piece in measured.sampled]).tolist()
            for of in ("times", "values")
        ]
        + [np.concatenate([np.diff(piece[key].start) for piece in measured.sampled]).tolist()]
        for key in keys
    }
