"""A file walked through in advance."""

from __future__ import annotations

from mean_cases import SERVICE, case, last_line, service

from sim.forecast.dry_runs import idle_safeguards
from sim.forecast.explanation import describe, predicted_rejections
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


FAILING = """\
horizon: 8h
systems:
  shop:
    kind: cloud_service
    start_timeout: 30min
    builds: {"2": {bad: 5%, fails_to_start: 50%}}
    roles: {Web: {instances: 10, restart: 4min}}
operations:
  - at: 1min
    upgrade_deployment:
      {build: "2", mode: Manual, operator: {bake: 10min, stop_above: 10%, detects: 90%}}
"""
PLACE = ("operations", 0, "upgrade_deployment", "operator", "stop_above")


def idle(**changes):
    scenario = Scenario.from_text(FAILING).override(
        {f"systems.shop.{key}": value for key, value in changes.items()}
    )
    return [*idle_safeguards(Simulation(scenario))]


def test_an_operator_that_does_not_see_starts_that_fail_is_told_of():
    ((place, why),) = idle()
    assert place == PLACE
    assert why.startswith("in the mean case of a bad build 2 the operator sees nothing: ")
    assert why.endswith("only who is not Ready within start_timeout, 30min, would be seen")
    text = describe(Simulation(Scenario.from_text(FAILING)))
    assert "Note: operations.0.upgrade_deployment.operator.stop_above: in the mean case" in text


def test_one_that_would_see_them_is_not():
    # The walk ends without the instances whose second attempt would be too late.
    assert idle(start_timeout="6min") == []
    # It waits for them without limit, and nothing is left to be seen.
    assert [place for place, _ in idle(start_timeout="6min", on_start_timeout="stuck")] == [PLACE]


def test_of_what_is_not_sent_or_too_large_nothing_is_said():
    late = {"operations.0.at": {"uniform": {"low": "1h", "high": "30h"}}}
    assert [*idle_safeguards(Simulation(Scenario.from_text(FAILING).override(late)))] == []
    large = Scenario.from_text(FAILING).override({"systems.shop.roles.Web.instances": 200_000})
    assert [*idle_safeguards(Simulation(large))] == []
