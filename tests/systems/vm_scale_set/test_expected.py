"""Whom upgrades should take and how they should end, on hand-made logs that do otherwise."""

from __future__ import annotations

from set_log import BEGUN, FIRST, IMAGE, UP, WALK, ScaleSet

from sim.systems.vm_scale_set.expected import Expected
from sim.systems.vm_scale_set.history import History
from sim.systems.vm_scale_set.walk import BEGIN

LENIENT = {"max_unhealthy_instance_percent": "100%"}
GIVES_UP = FIRST.replace("240 w_0 -> healthy\n    240", "480 w_0 -> unhealthy\n    480")
UNEXCEEDED = "an upgrade failed by a threshold that was not exceeded"


def expected(text, *requests, policy=None, **spec):
    spec = {"upgrade_policy": {"pause_time_between_batches": "1min"} | (policy or {}), **spec}
    hand_made = ScaleSet(*requests or [IMAGE], **spec)
    return Expected(History(hand_made.model.layout, hand_made.stack(text)))


def wrong(text, *requests, **spec):
    return list(expected(text, *requests, **spec).wrong)


def failed(rule, at):
    return f"{at} {UP} -> failed because {UP}\n{at} update_model-0 -> Failed/{rule} because {UP}\n"


BREACH = {
    name: f"MaxUnhealthy{part}InstancePercentExceeded{when}RollingUpgrade"
    for name, part, when in (
        ("before", "", "Before"),
        ("upgraded", "Upgraded", "In"),
        ("during", "", "In"),
    )
}


def test_each_batch_has_its_limit_and_those_whose_turn_it_is():
    found = expected(WALK)
    assert (found.limit.tolist(), found.size.tolist()) == ([1, 1], [1, 1])
    assert found.surges.tolist() == [False, False]
    assert [instances.tolist() for _, instances in found.taken[BEGIN]] == [[0], [1]]
    assert found.wrong == {}


def test_unhealthy_ones_come_first_if_they_are_to():
    sick = {"unhealthy_instances": [1], "update_domains": 1}
    policy = LENIENT | {"prioritize_unhealthy_instances": True}
    found = expected(WALK, policy=policy, **sick)
    assert found.taken[BEGIN][0][1].tolist() == [1]


def test_no_batch_begins_while_too_many_are_unhealthy():
    sick = {"unhealthy_instances": [1]}
    rule = "a batch began while too many instances were unhealthy"
    assert wrong(WALK, **sick) == [rule]
    assert wrong(WALK, policy={"max_unhealthy_instance_percent": "50%"}, **sick) == []


def test_no_batch_begins_after_too_many_upgraded_ones_were_unhealthy():
    second = "540 batch of w -> upgrading\n540 w_1 -> reimaging/2"
    rule = "a batch began though too many of the upgraded ones were unhealthy"
    assert wrong(BEGUN + GIVES_UP + second, policy=LENIENT) == [rule]
    allowed = LENIENT | {"max_unhealthy_upgraded_instance_percent": "100%"}
    assert wrong(BEGUN + GIVES_UP + second, policy=allowed) == []


def test_an_upgrade_fails_by_the_threshold_that_is_exceeded():
    text = BEGUN + GIVES_UP
    assert wrong(text + failed(BREACH["upgraded"], 480), policy=LENIENT) == []
    went_on = "an upgrade went on though too many upgraded ones were unhealthy"
    assert wrong(text + failed(BREACH["during"], 480), policy=LENIENT) == [UNEXCEEDED, went_on]
    assert wrong(BEGUN + failed(BREACH["before"], 100)) == [UNEXCEEDED]
    assert wrong(BEGUN + failed(BREACH["before"], 100), unhealthy_instances=[0]) == []
    assert wrong(BEGUN + failed("cancelled", 100)) == ["a rolling upgrade failed by no threshold"]


def test_a_breach_before_the_first_batch_is_told_as_such():
    rule = "a breach was not told as one before, or after, the first batch"
    assert wrong(BEGUN + failed(BREACH["during"], 100), unhealthy_instances=[0]) == [rule]


def test_an_upgrade_is_completed_when_all_are_at_its_model():
    ends = f"240 {UP} -> completed because {UP}"
    left = "an upgrade was completed without one of the instances"
    assert wrong(BEGUN + FIRST + ends) == [left]
    protect = ("set_protection", {"instances": [1], "protect_from_scale_set_actions": True})
    asked = "50 set_protection-0 -> InProgress\n50 set_protection-0 -> Succeeded\n"
    assert wrong(asked + BEGUN + FIRST + ends, IMAGE, protect) == []
    done = "an upgrade was cancelled though it was done"
    assert wrong(WALK.replace("-> completed", "-> cancelled")) == [done]


def test_after_a_breach_failed_instances_go_back_if_they_are_to():
    policy = LENIENT | {"rollback_failed_instances_on_policy_breach": True}
    text = BEGUN + GIVES_UP
    ends = failed(BREACH["upgraded"], 480)
    assert wrong(text + ends, policy=policy) == ["instances did not go back after a breach"]
    back = f"480 {UP} -> rolling_back because {UP}\n"
    assert wrong(text + back, policy=policy) == []
    rule = "instances went back after a breach though they are not to"
    assert wrong(text + back, policy=LENIENT) == [rule]
    rule = "instances went back though no threshold was exceeded"
    assert wrong(BEGUN + FIRST + back, policy=policy) == [rule]


def test_an_upgrade_by_hand_ends_when_all_follow_and_by_their_health():
    manual = {"mode": "manual"}
    ends = f"100 {UP} -> completed because {UP}"
    assert wrong(BEGUN + ends, policy=manual) == ["an upgrade ended without one of the instances"]
    health = "an upgrade did not end by the health of its instances"
    nothing = ("update_model", {})
    begun = BEGUN.replace("requested/2", "requested")
    assert wrong(begun + ends, nothing, policy=manual) == []
    assert wrong(begun + ends, nothing, policy=manual, unhealthy_instances=[0]) == [health]


def test_an_instance_must_be_there_to_be_named():
    reimage = ("reimage", {"instances": [2]})
    scale = ("scale", {"instances": 3})
    rule = "a request was accepted for an instance that was not there"
    assert wrong("100 reimage-0 -> InProgress", reimage, scale) == [rule]
