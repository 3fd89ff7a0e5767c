"""Shares and counts of members, rounded as Kubernetes rounds them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.core.rounding import Amount, at_least, at_most


def test_shares_round_as_kubernetes_rounds_them():
    """10 replicas at 25 %: 2 may be unavailable, 3 may surge (Kubernetes' documentation)."""
    assert at_most(Amount(share=0.25), 10) == 2
    assert at_least(Amount(share=0.25), 10) == 3


@pytest.mark.parametrize(
    ("share", "members", "most", "least"),
    [
        (0.29, 100, 29, 29),  # 0.29 * 100 is 28.999999999999996
        (0.07, 100, 7, 7),  # 0.07 * 100 is 7.000000000000001
        (0.2, 30, 6, 6),
        (0.2, 31, 6, 7),
        (0.2, 4, 1, 1),
        (1.0, 7, 7, 7),
        (0.0, 7, 1, 0),
        (0.01, 7, 1, 1),
    ],
)
def test_a_share_that_limits_rounds_down_and_one_that_must_stay_rounds_up(
    share, members, most, least
):
    assert at_most(Amount(share=share), members) == most
    assert at_least(Amount(share=share), members) == least


def test_a_count_is_a_count():
    assert at_most(Amount(count=4), 10) == 4
    assert at_most(Amount(count=40), 10) == 10
    assert at_least(Amount(count=4), 10) == 4
    assert at_least(Amount(count=40), 10) == 40  # it can never be kept, and that must be seen
    assert at_most(Amount(count=0), 10) == 0
    assert at_least(Amount(count=0), 10) == 0


@settings(derandomize=True)
@given(st.integers(0, 1000), st.integers(1, 400))
def test_rounding_is_exact_for_whole_thousandths(thousandths, members):
    amount = Amount(share=thousandths / 1000)
    assert at_most(amount, members) == max(1, thousandths * members // 1000)
    assert at_least(amount, members) == -(-thousandths * members // 1000)
