"""How often something is tried."""

from __future__ import annotations

import pytest

from sim.systems.base.cost import tries


def test_how_often_something_is_tried():
    assert tries(0.0, 5) == 1
    assert tries(1.0, 5) == 5
    assert tries(0.5, float("inf")) == 2
    assert tries(0.5, 2) == pytest.approx(1.5)
    assert tries(1 - 1e-12, 1e6) == pytest.approx(1e6, rel=1e-3)
