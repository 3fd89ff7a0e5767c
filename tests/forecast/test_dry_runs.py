"""A file walked through in advance."""

from __future__ import annotations

from mean_cases import SERVICE, case, last_line, service

from sim.forecast.explanation import predicted_rejections
from sim.scenario import Scenario
from sim.simulation import Simulation


def test_what_is_too_large_is_said_to_be():
    for large in (
        service(200_000),
        case("arc-retry-cadence", "seconds"),
        service(upgrade=", mode: Manual, operator: {bake: 20h, look_every: 10ms, stop_above: 50%}"),
    ):
        assert last_line(large).startswith("It is too large to be walked through in advance: ")
        assert predicted_rejections(Simulation(large)) == []


def test_only_the_time_until_the_last_request_is_run_for_its_refusal():
    looks = ", mode: Manual, operator: {bake: 20h, look_every: 10ms, stop_above: 50%}"
    text = SERVICE.format(instances=4, more="", role="", upgrade=looks)
    swap = "  - {at: 11min, swap: {}}\n"
    ((_, sentence),) = predicted_rejections(Simulation(Scenario.from_text(text + swap)))
    assert sentence.startswith("swap-0 will be refused: 409 ConflictError")
    walk = "  - {at: 10min, walk_upgrade_domain: {upgrade_domain: 0}}\n"
    ((_, sentence),) = predicted_rejections(Simulation(Scenario.from_text(text + walk)))
    assert "409 ConflictError: the last walk is not complete" in sentence
