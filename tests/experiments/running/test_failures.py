"""What is kept of replications that failed, and when the first fault is raised."""

from sim.core.errors import ModelError, NoMemoryError
from sim.experiments.running.failures import MOST_IN_VAIN, Failure, Failures, options_of


def fault(replication, rule="time went back"):
    return ModelError(rule, scenario="shop", seed=3, replication=replication, time=60.0)


def test_fault_of_a_run_is_told_with_its_time_and_one_of_the_analysis_with_its_kind():
    failures = Failures()
    failures.add(4, fault(4))
    failures.add(6, KeyError("x"))
    assert failures.found == [
        Failure(4, 60.0, "time went back"),
        Failure(6, None, "KeyError: 'x'"),
    ]


def test_options_run_it_again():
    assert options_of(4, 7, "") == "--replay 4 --seed 7"
    assert options_of(4, 7, "two words") == "--replay 4 --seed 7 --variant 'two words'"


def test_first_ones_that_all_fail_are_enough():
    failures = Failures()
    for number in range(MOST_IN_VAIN):
        assert not failures.are_in_vain
        failures.add(number, fault(number))
    assert failures.are_in_vain
    assert failures.first.replication == 0


def test_memory_that_does_not_suffice_is_enough_at_once():
    failures = Failures()
    failures.add(0, NoMemoryError.of("no memory"))
    assert failures.are_in_vain


def test_only_the_first_error_is_kept():
    failures = Failures()
    assert failures.first is None
    failures.add(4, fault(4))
    failures.add(5, fault(5))
    assert failures.first.replication == 4
    assert len(failures.found) == 2
