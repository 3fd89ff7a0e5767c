"""Random sequences of operations and faults: every run keeps the rules that hold whatever happens.

The short form runs always; ``pytest -m thorough`` runs 100,000 sequences, which takes an hour.
"""

from __future__ import annotations

import random

import pytest
from any_service import scenario
from by_the_clock import sometimes_by_the_clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_rules import Run

SEQUENCES = 100_000


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_any_sequence_of_operations_keeps_the_rules(chance):
    Run(sometimes_by_the_clock(chance, scenario(chance))).check()


@pytest.mark.thorough
def test_very_many_sequences_keep_the_rules():
    for seed in range(SEQUENCES):
        try:
            chance = random.Random(seed)
            written = sometimes_by_the_clock(chance, scenario(chance))
            Run(written).check(series=seed % 10 == 0)
        except Exception as error:
            raise AssertionError(f"sequence {seed}") from error
