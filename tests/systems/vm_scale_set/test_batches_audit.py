"""Whether batches take whom they should and wait for them, on hand-made logs that do not."""

from __future__ import annotations

from set_log import BEGUN, ENDED, FIRST, IMAGE, SECOND, UP, WALK, ScaleSet

from sim.systems.vm_scale_set import batches_audit
from sim.systems.vm_scale_set.history import History

PAUSE = {"upgrade_policy": {"pause_time_between_batches": "1min"}}
FEW = "w: a batch took fewer instances than it could"
MANY = "w: a batch took more instances than its share allows"
OTHERS = "w: a batch took other instances than those whose turn it was"
EARLY = "w: a batch was over before each of its instances was healthy or given up"
LATE = "w: a batch was not over when each of its instances was healthy or given up"
ONE = "w: a batch began before the one before it was over"
NAMED = "w: a request, or an upgrade without batches, took others than it should"
BOTH = FIRST.replace(
    "    240 batch",
    """    100 w_1 -> reimaging/2
    180 w_1 -> initializing
    240 w_1 -> healthy
    240 batch""",
)
DONE = ENDED.replace("440", "240")


SECOND_AND_END = {
    time: "".join(line + "\n" for line in (SECOND + ENDED).splitlines() if f"{time} " in line)
    for time in (300, 380, 440)
}


def audit(text, *requests, domains=1, horizon=1000.0, **policy):
    spec = {"upgrade_policy": PAUSE["upgrade_policy"] | policy, "update_domains": domains}
    return ScaleSet(*requests or [IMAGE], horizon=horizon, **spec).audit(text)


def test_a_batch_has_at_most_its_share_and_not_less():
    assert audit(BEGUN + BOTH + DONE) == MANY
    assert audit(BEGUN + BOTH + DONE, max_batch_instance_percent="100%") is None
    assert audit(WALK, max_batch_instance_percent="100%") == FEW


def test_a_batch_stays_inside_a_domain_and_a_zone():
    apart = "w: a batch took instances of several zones or update domains"
    assert audit(BEGUN + BOTH + DONE, domains=2, max_batch_instance_percent="100%") == apart
    whole = {"max_batch_instance_percent": "100%"}
    zones = {"upgrade_policy": PAUSE["upgrade_policy"] | whole, "zones": 2}
    assert ScaleSet(IMAGE, **zones).audit(BEGUN + BOTH + DONE) == apart
    zones["upgrade_policy"] = zones["upgrade_policy"] | {"enable_cross_zone_upgrade": True}
    assert ScaleSet(IMAGE, **zones).audit(BEGUN + BOTH + DONE) is None


def test_the_lowest_numbers_come_first():
    swapped = WALK.replace("w_0", "w_x").replace("w_1", "w_0").replace("w_x", "w_1")
    assert audit(swapped) == OTHERS


def test_a_batch_is_over_when_all_have_settled():
    def ends_at(seconds):
        text = BEGUN + FIRST.replace("240 batch of w", f"{240 + seconds} batch of w")
        for time in (300, 380, 440):
            text += SECOND_AND_END[time].replace(str(time), str(time + seconds))
        return text

    assert audit(ends_at(0)) is None
    assert audit(ends_at(-1)) == EARLY
    assert audit(ends_at(1)) == LATE


def test_batches_follow_one_another():
    assert audit(WALK.replace("240 batch of w -> at rest", "240 batch of w -> pausing")) == ONE
    assert audit(WALK.replace("100 w_0 -> reimaging/2", "101 w_0 -> reimaging/2")) == ONE


def test_nobody_is_restored_that_is_not_to_be():
    text = BEGUN + FIRST.replace(
        "240 w_0 -> healthy\n    240 batch of w -> at rest",
        f"""480 w_0 -> unhealthy
        480 w_0 -> restoring/1 because {UP}
        560 w_0 -> healthy because {UP}
        560 batch of w -> at rest""",
    )
    assert audit(text, horizon=570.0) == "w: an instance was restored that is not to be"


def test_all_are_taken_at_once_in_the_mode_automatic():
    lines = [line for line in (BEGUN + BOTH + DONE).splitlines() if "batch" not in line]
    whole = [f"{line} because {UP}" if " w_" in line else line for line in lines]
    assert audit("\n".join(whole), mode="automatic") is None
    one = [line for line in whole if "w_1" not in line]
    assert audit("\n".join(one), mode="automatic") == NAMED


def test_a_request_takes_whom_it_names():
    reimage = ("reimage", {"instances": [1]})
    text = """
        100 reimage-0 -> InProgress
        100 w_1 -> reimaging because reimage-0
        180 w_1 -> initializing because reimage-0
        240 w_1 -> healthy because reimage-0
        240 reimage-0 -> Succeeded because reimage-0
    """
    assert audit(text, reimage) is None
    assert audit(text.replace("w_1", "w_0"), reimage) == NAMED
    assert audit("100 reimage-0 -> InProgress", reimage) == NAMED


SURGE = {"max_surge": True, "max_batch_instance_percent": "100%"}
CREATES = (
    BEGUN
    + """
    100 batch of w -> upgrading
    100 w_2 -> creating/2
    100 w_3 -> creating/2
    280 w_2 -> initializing
    280 w_3 -> initializing
    340 w_2 -> healthy
    340 w_3 -> healthy
    340 w_0 -> deleting
    340 w_1 -> deleting
    400 w_0 -> absent
    400 w_1 -> absent
    400 batch of w -> at rest
"""
)
SURGED = CREATES + ENDED.replace("440", "400")


def test_a_surge_creates_first_and_then_deletes():
    assert audit(SURGED, **SURGE) is None
    in_place = "w: a batch went in place though it was to create new instances"
    assert audit(WALK, max_surge=True) == in_place
    first = "w: a batch created new instances though it was to go in place"
    policy = {"pause_time_between_batches": "1min"} | SURGE
    assert ScaleSet(IMAGE, upgrade_policy=policy, quota=3, update_domains=1).audit(SURGED) == first


def test_new_instances_have_the_lowest_free_numbers():
    other = "w: a surge created instances of other numbers or zones than it should"
    # A scale-out of which nothing comes leaves room for another number.
    scale = ("scale", {"instances": 3})
    assert audit(SURGED, IMAGE, scale, **SURGE) is None
    assert audit(SURGED.replace("w_2", "w_4"), IMAGE, scale, **SURGE) == other


def test_old_instances_go_when_the_new_ones_have_settled():
    early = "w: a surge deleted instances before the new ones were healthy"
    assert (
        audit(SURGED.replace("340 w_0", "339 w_0").replace("400 w_0", "399 w_0"), **SURGE) == early
    )
    late = "w: a surge did not delete instances when the new ones had settled"
    waits = SURGED.replace("340 w_0", "341 w_0").replace("340 w_1", "341 w_1")
    assert audit(waits, **SURGE) == late
    others = "w: a surge deleted others than those whose successors were healthy"
    kept = SURGED.replace("340 w_1", "340 w_3").replace("400 w_1", "400 w_3")
    assert audit(kept, **SURGE) == others


def test_who_is_restored_is_restored_when_its_batch_has_settled():
    automatic = {
        "automatic_os_upgrade": {"enabled": True, "discovery": "0s"},
        "versions": {"2": {"unhealthy": "100%"}},
        "upgrade_policy": {"max_unhealthy_upgraded_instance_percent": "100%"},
    }
    by = "upgrade by publish_image-0"

    def says(restored, back, model=1):
        text = f"""
            0 version 2 -> bad
            100 publish_image-0 -> InProgress
            100 {by} -> upgrading
            100 model of w -> requested/2 because {by}
            100 batch of w -> upgrading because {by}
            100 w_0 -> reimaging/2
            180 w_0 -> initializing
            480 w_0 -> unhealthy
            {restored} w_0 -> restoring/{model} because {by}
            {back} w_0 -> healthy because {by}
            {back} batch of w -> at rest because {by}
        """
        hand_made = ScaleSet(("publish_image", {"image": "2"}), horizon=float(back), **automatic)
        rows = text + f"{back} batch of w -> upgrading because {by}\n{back} w_1 -> reimaging/2"
        return hand_made.audit(rows)

    assert says(480, 560) is None
    assert says(480, 560, model=2) == "w: an instance was not given its former model back"
    assert says(490, 570) == "w: an instance was not restored when its batch had settled"


# How upgrades end

LENIENT = {"max_unhealthy_instance_percent": "100%"}
GIVES_UP = FIRST.replace("240 w_0 -> healthy\n    240", "480 w_0 -> unhealthy\n    480")
UNEXCEEDED = "an upgrade failed by a threshold that was not exceeded"


def wrong(text, *requests, policy=None, **spec):
    """All rules of upgrades that a log breaks, whatever else is wrong with it."""
    spec = {"upgrade_policy": PAUSE["upgrade_policy"] | (policy or {}), **spec}
    hand_made = ScaleSet(*requests or [IMAGE], **spec)
    history = History(hand_made.model.layout, hand_made.stack(text))
    return list(batches_audit.broken_rules(history))


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


def test_unhealthy_ones_come_first_if_they_are_to():
    sick = {"unhealthy_instances": [1], "update_domains": 1}
    policy = LENIENT | {"prioritize_unhealthy_instances": True}
    assert wrong(WALK, policy=policy, **sick)[0] == OTHERS.removeprefix("w: ")
    del policy["prioritize_unhealthy_instances"]
    assert wrong(WALK, policy=policy, **sick) == []


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
    reached = "240 model of w -> reached\n"
    assert wrong(asked + BEGUN + FIRST + reached + ends, IMAGE, protect) == []
    cancelled = WALK.replace("-> completed", "-> cancelled").replace("-> reached", "-> requested")
    assert wrong(cancelled) == ["an upgrade was cancelled though it was done"]


def test_a_model_is_said_to_be_reached_where_all_follow_it():
    wrongly = "a model was said to be reached by all, or not to be, though it was not so"
    nowhere = "    440 model of w -> reached\n"
    assert wrong(WALK) == []
    assert wrong(WALK.replace(nowhere, "")) == [wrongly]
    without = BEGUN + FIRST + ENDED
    assert wrongly in wrong(without)
    assert wrongly not in wrong(without.replace(nowhere, ""))
    by_breach = failed(BREACH["upgraded"], 480)
    assert wrong(BEGUN + GIVES_UP + by_breach, policy=LENIENT) == []
    reached = "480 model of w -> reached\n"
    assert wrong(BEGUN + GIVES_UP + reached + by_breach, policy=LENIENT) == [wrongly]


def test_after_a_breach_failed_instances_go_back_if_they_are_to():
    policy = LENIENT | {"rollback_failed_instances_on_policy_breach": True}
    text = BEGUN + GIVES_UP
    ends = failed(BREACH["upgraded"], 480)
    assert wrong(text + ends, policy=policy) == ["instances did not go back after a breach"]
    back = f"480 {UP} -> rolling_back because {UP}\n"
    goes = f"480 w_0 -> restoring/1 because {UP}\n"
    assert wrong(text + back + goes, policy=policy) == []
    assert wrong(text + back, policy=policy) == ["others went back after a breach than had failed"]
    rule = "instances went back after a breach though they are not to"
    assert wrong(text + back + goes, policy=LENIENT) == [rule]
    rule = "instances went back though no threshold was exceeded"
    assert wrong(BEGUN + FIRST + back, policy=policy) == [rule]


def test_an_upgrade_by_hand_ends_when_all_follow_and_by_their_health():
    manual = {"mode": "manual"}
    ends = f"100 {UP} -> completed because {UP}"
    assert wrong(BEGUN + ends, policy=manual) == ["an upgrade ended without one of the instances"]
    health = "an upgrade did not end by the health of its instances"
    nothing = ("update_model", {})
    begun = BEGUN.replace("requested/2", "requested") + "100 model of w -> reached\n"
    assert wrong(begun + ends, nothing, policy=manual) == []
    assert wrong(begun + ends, nothing, policy=manual, unhealthy_instances=[0]) == [health]
