"""What will happen, in sentences."""

from __future__ import annotations

import pytest
from mean_cases import case, last_line, service

import sim
from sim.forecast import explanation
from sim.forecast.explanation import describe
from sim.scenario import Scenario
from sim.simulation import Simulation


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        (
            "as-it-was",
            "lowest capacity 0 % (0 of 2), first at 15min; downtime 6min (Web) from 15min",
        ),
        ("warm-in-onstart", "lowest capacity 50 % (1 of 2), first at 10min; available throughout"),
        ("three", "downtime 1min (Web) from 20min to 21min"),
    ],
)
def test_a_slow_start_that_meets_the_next_domain_is_downtime(variant, words):
    assert words in last_line(case("service-two-web-guest-os", variant))


def test_a_fix_is_told_with_those_that_retry_the_release_before():
    """12.5 % would be the share after a week, if nothing had been released before it."""
    line = last_line(case("arc-never-installs-then-fix"))
    first = float(line.split(" AzureMonitorLinuxAgent: ")[1].split(" %")[0])
    assert 66 < first < 76
    assert " % after 1 week, " in line


def test_a_drain_that_does_not_end_is_told():
    assert "upgrade_os-0 is not over at the end (1d12h)" in last_line(
        case("pool-drain-never-ends", "drain")
    )


def test_what_is_stuck_is_told_with_its_time():
    assert last_line(case("service-recycling")).endswith(
        "; upgrade_deployment-0 is stuck in domain 0 since 40min; a rollback or a fresh upgrade "
        "clears it."
    )
    assert (
        "; upgrade_deployment-0 is stuck from 40min to 2h; upgrade_deployment-0 is rolled back "
        "after 1h54; " in last_line(case("service-recycling", "rolled-back"))
    )


def test_what_comes_too_late_in_the_mean_case_is_told():
    late = {"at": {"exponential": {"mean": "3d"}}, "upgrade_deployment": {}}
    system = {"kind": "cloud_service", "roles": {"W": {"instances": 2, "restart": "1s"}}}
    scenario = Scenario.from_dict({"systems": {"s": system}, "operations": [late]})
    assert last_line(scenario).endswith("; upgrade_deployment-0 does not come by the end.")


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        ("99%", "upgrade_deployment-0 is completed after 16min"),
        ("100%", "upgrade_deployment-0 is stuck in domain 0 since 40min"),
    ],
)
def test_what_has_a_chance_below_100_percent_does_not_happen(chance, words):
    assert words in last_line(service(more=f'builds: {{"2": {{fails_to_start: {chance}}}}}'))


def test_failures_do_not_come_and_leave_the_case_a_mean_one():
    line = last_line(service(role=", failures: {per_year: 9000, recovery: 5h}"))
    assert line.startswith("In the mean case (every time at its mean, nothing happens whose ")
    assert "lowest capacity 75 % (3 of 4), first at 10min" in line
    assert line.endswith(" usually takes longer, as it waits for the slowest.")


def test_after_a_swap_nobody_in_production_is_called_staging():
    text = """\
systems:
  shop:
    kind: cloud_service
    staging: {build: "2"}
    roles: {web: {instances: 2, restart: 2min}}
operations:
  - {at: 10min, swap: {}}
  - {at: 30min, upgrade_deployment: {build: "3"}}
"""
    run = sim.run_one(sim.loads(text))
    (dip,) = run.dips("shop").to_dict("records")
    assert "(began in staging)" in "".join(dip["causes"])
    assert "(staging)" not in "".join(dip["causes"])
    swapless = run.scenario.override({"operations": []})
    names = sim.run_one(swapless).log.subjects
    assert "web_IN_0 (staging)" in map(names.name, range(names.count))


@pytest.mark.parametrize(
    ("start", "head"),
    [
        ("", "measured from 0s to 1d18h, seed 0."),
        (
            "start: 2026-11-27T18:00",
            "measured from 0s to 1d18h (Sun 29 Nov 12:00), starting at 2026-11-27 18:00, seed 0.",
        ),
    ],
)
def test_the_end_is_told_by_the_clock_where_there_is_one(start, head):
    shop = "{kind: cloud_service, roles: {W: {instances: 1}}}"
    text = f"name: s\nhorizon: 42h\nsystems: {{shop: {shop}}}\n{start}\n"
    assert describe(Simulation(Scenario.from_text(text))).splitlines()[0] == f"s: {head}"


def test_causes_of_very_many_members_are_looked_up_once_a_turn(monkeypatch):
    """And are those of each member by itself."""
    many = {"kind": "cloud_service", "roles": {"W": {"instances": 500, "restart": "1min"}}}
    twice = [{"at": at, "upgrade_deployment": {}} for at in ("10min", "1h")]
    scenario = Scenario.from_dict({"systems": {"s": many}, "operations": twice, "horizon": "3h"})
    run = sim.run_one(scenario)
    chain, looked_up = explanation._Causes.chain, []
    monkeypatch.setattr(
        explanation._Causes, "chain", lambda self, row: looked_up.append(row) or chain(self, row)
    )
    told = run.dips("s").causes.tolist()
    assert len(looked_up) == 10
    monkeypatch.setattr(explanation._Causes, "apart", lambda _, rows: rows.tolist())
    assert run.dips("s").causes.tolist() == told
    assert len(looked_up) == 10 + 1000
