"""What failed, got stuck, was refused or rolled back: how often, when, and how it is told."""

from __future__ import annotations

import numpy as np
import pytest
from ill_fated import NOBODY_UP, ROLLED_BACK, STUCK_WHEN_BAD, compared, ran

import sim
from sim.experiments.outcomes import Outcome
from sim.results.notes import notes


def test_stuck_is_counted_over_all_replications_and_told_of_the_first_one():
    results = ran(STUCK_WHEN_BAD)
    (found,) = results.about.outcomes
    bad = [sim.run_one(sim.loads(STUCK_WHEN_BAD), k) for k in range(40)]
    stuck = [run.replication for run in bad if run.progress_text("shop")]
    assert (found.what, found.runs, found.of) == ("stuck", len(stuck), 40)
    assert (found.p50_s, found.p95_s, found.first) == (2400.0, 2400.0, stuck[0])
    share = f"{100 * len(stuck) / 40:g} %"
    assert found.sentence == f"upgrade stuck in {share} of runs, since 40min"
    told, when_bad = notes(results)["baseline"]
    where = f"in replication {stuck[0]} upgrade_deployment-0 is stuck in domain 0 since 40min"
    assert told == f"{found.sentence}; {where}; a rollback or a fresh upgrade clears it"
    assert when_bad.startswith(f"when build 2 is bad ({share} of runs): ")


def test_rolled_back_is_timed_among_those_that_were():
    results = ran(ROLLED_BACK)
    outcomes = {each.what: each for each in results.about.outcomes}
    values = results.replications.query("metric == 'rollback_duration'").value
    found = outcomes["rolled back"]
    assert found.runs == values.notna().sum() < 40
    assert found.p50_s == pytest.approx(np.sort(values.dropna())[(found.runs + 1) // 2 - 1])
    assert found.sentence.startswith("rolled back in ")
    assert " of runs, after 1h54" in found.sentence


def test_rollout_that_is_not_over_at_the_end_is_told_so():
    walks = ROLLED_BACK.replace("bad: 50%", "bad: 0%").replace("{build", "{mode: Manual, build")
    results = ran(walks.split("  - {at: 2h")[0])
    assert notes(results) == {"baseline": ["upgrade not over at the end (4h)"]}
    drains = notes(compared("pool-drain-never-ends"))["drain"]
    assert drains == ["upgrade not over at the end (1d12h) in 100 % of runs"]


SURGE = """
horizon: 3h
replications: 20
systems:
  web:
    kind: vm_scale_set
    instances: 10
    upgrade_policy: {max_surge: true, max_unhealthy_upgraded_instance_percent: 100%}
    versions: {"2": {unhealthy: 30%}}
operations:
  - {at: 1min, update_model: {image: "2"}}
"""


def test_completed_rollout_that_left_some_behind_is_told_so():
    """A surge whose new instance is not healthy keeps the old one, and goes on."""
    (found,) = ran(SURGE).about.outcomes
    assert found.what == "completed without some members"
    assert found.sentence.startswith("upgrade completed without some instances in ")
    assert " of runs, at 3" in found.sentence
    assert not ran(SURGE.replace("30%", "0%")).about.outcomes


def test_completed_rollout_with_unhealthy_members_is_told_so():
    """Its thresholds allow them, so it goes on and is completed."""
    lenient = "max_unhealthy_instance_percent: 100%"
    (found,) = ran(SURGE.replace("max_surge: true", lenient)).about.outcomes
    assert found.what == "completed with unhealthy members"
    assert found.sentence.startswith("upgrade completed with unhealthy instances in ")
    assert " of runs, at " in found.sentence


def test_a_service_upgrade_that_is_completed_with_nobody_up_is_told_so():
    """Its roles need nobody healthy, so the time-out lets it go on to its end."""
    (found,) = ran(NOBODY_UP).about.outcomes
    assert (found.what, found.runs, found.p50_s) == ("completed with unhealthy members", 1, 7800)
    assert found.sentence == "upgrade completed with unhealthy instances at 2h10"
    some = ran(NOBODY_UP.replace("100%}", "100%, bad: 50%}"))
    (found,) = some.about.outcomes
    assert 0 < found.runs < 40
    assert found.sentence.startswith("upgrade completed with unhealthy instances in ")
    assert some.given(found.what).table.query("holds == 'yes'").n.iloc[0] == found.runs


def test_instants_are_told_by_the_clock_and_times_since_a_request_are_not():
    clock = "start: 2026-11-20T14:00\n"
    (stuck,) = ran(clock + STUCK_WHEN_BAD).about.outcomes
    assert stuck.sentence.endswith(" of runs, since Fri 20 Nov 14:40")
    told = {each.what: each.sentence for each in ran(clock + ROLLED_BACK).about.outcomes}
    assert " of runs, first at Fri 20 Nov 16:00" in told["refused"]
    assert " of runs, after 1h54" in told["rolled back"]
    walks = ROLLED_BACK.replace("bad: 50%", "bad: 0%").replace("{build", "{mode: Manual, build")
    (open_,) = ran(clock + walks.split("  - {at: 2h")[0]).about.outcomes
    assert open_.sentence == "upgrade not over at the end (Fri 20 Nov 18:00)"


def test_outcomes_are_the_same_from_a_folder(tmp_path):
    results = ran(STUCK_WHEN_BAD)
    again = sim.open_results(results.save(tmp_path / "results"))
    assert [*again.about.outcomes] == [*results.about.outcomes]
    assert isinstance(again.about.outcomes[0], Outcome)


def test_update_of_the_platform_that_is_not_over_at_the_end_is_no_upgrade_of_ours():
    text = """
horizon: 2h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 10, restart: 5min}}}
operations:
  - {at: 10min, upgrade_deployment: {}}
  - {at: 1h50min, guest_os_update: {}}
"""
    assert notes(ran(text)) == {"baseline": ["platform update not over at the end (2h)"]}


def test_rollout_that_took_nobody_is_told_so():
    protect = (
        "  - {at: 0s, set_protection: {instances: all, protect_from_scale_set_actions: true}}\n"
    )
    (found,) = ran(SURGE.replace("operations:\n", f"operations:\n{protect}")).about.outcomes
    assert found.what == "completed without any member"
    assert found.sentence == "upgrade took none of the instances at 1min"
