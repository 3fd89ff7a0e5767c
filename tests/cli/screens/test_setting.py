"""What an answer is about."""

from __future__ import annotations

import pytest

from sim.cli.screens.setting import Setting


@pytest.mark.parametrize(
    ("replications", "is_random", "is_single"),
    [(1, True, True), (200, False, True), (2, True, False)],
)
def test_one_value_of_each_metric_has_no_spread(replications, is_random, is_single):
    about = Setting("shop", (), replications, is_random, 0.0, 3600.0, None, {})
    assert about.is_single is is_single
