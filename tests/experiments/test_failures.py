"""What is kept of replications that failed, and when the first fault is raised."""

import pytest

from sim.core.errors import ModelError, NoMemoryError
from sim.experiments.failures import MOST_IN_VAIN, Failure, Failures, options_of


def fault(replication, rule="time went back"):
    return ModelError(rule, scenario="shop", seed=3, replication=replication, time=60.0)


def test_fault_of_a_run_is_told_with_its_time_and_one_of_the_analysis_with_its_kind():
    failures = Failures()
    failures.add(4, fault(4), [0])
    failures.add(6, KeyError("x"), [0])
    assert failures.found == [
        Failure(4, 60.0, "time went back"),
        Failure(6, None, "KeyError: 'x'"),
    ]


def test_options_run_it_again():
    assert options_of(4, 7, "") == "--replay 4 --seed 7"
    assert options_of(4, 7, "two words") == "--replay 4 --seed 7 --variant 'two words'"


def test_first_ones_that_all_fail_are_enough():
    failures = Failures()
    for number in range(MOST_IN_VAIN - 1):
        failures.add(number, fault(number), [])
    with pytest.raises(ModelError) as error:
        failures.add(MOST_IN_VAIN - 1, fault(MOST_IN_VAIN - 1), [])
    assert error.value.replication == 0


def test_any_number_may_fail_where_one_ran():
    failures = Failures()
    for number in range(3 * MOST_IN_VAIN):
        failures.add(number, fault(number), [99])
    assert len(failures.found) == 3 * MOST_IN_VAIN


def test_memory_that_does_not_suffice_for_the_first_one_is_raised_at_once():
    failures = Failures()
    with pytest.raises(NoMemoryError):
        failures.add(0, NoMemoryError.of("no memory"), [])


def test_first_error_is_raised_unless_it_is_forgotten():
    failures = Failures()
    failures.raise_first()
    failures.add(4, fault(4), [0])
    failures.add(5, fault(5), [0])
    with pytest.raises(ModelError, match="replication 4"):
        failures.raise_first()
    failures.forget()
    failures.add(6, fault(6), [0])
    failures.raise_first()
    assert len(failures.found) == 3
