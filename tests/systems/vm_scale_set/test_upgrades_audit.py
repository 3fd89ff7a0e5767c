"""Whether upgrades go from step to step as they should, on hand-made logs in which they do not."""

from __future__ import annotations

import pytest
from set_log import BEGUN, ENDED, FIRST, IMAGE, SECOND, UP, WALK, ScaleSet

from sim.systems.vm_scale_set import upgrades_audit as rules
from sim.systems.vm_scale_set.batches_audit import OTHERS
from sim.systems.vm_scale_set.decisions import (
    BACK,
    BEGIN,
    DELETES,
    END,
    OPEN,
    OVER,
    REST,
    RESTORES,
    TAKES,
)
from sim.systems.vm_scale_set.history import History
from sim.systems.vm_scale_set.rejections import (
    BREACH_BEFORE,
    BREACH_DURING,
    BREACH_UPGRADED,
    CANCELLED,
    UNHEALTHY,
)
from sim.systems.vm_scale_set.upgrades_audit import early_or_late, end, other

PAUSE = {"pause_time_between_batches": "1min"}
LENIENT = {"max_unhealthy_instance_percent": "100%"}
CANCEL = ("cancel_rolling_upgrade", {})
BOTH = FIRST.replace(
    "    240 batch",
    """    100 w_1 -> reimaging/2
    180 w_1 -> initializing
    240 w_1 -> healthy
    240 batch""",
)
DONE = ENDED.replace("440", "240")
GIVES_UP = FIRST.replace("240 w_0 -> healthy\n    240", "480 w_0 -> unhealthy\n    480")


def audit(text, *requests, horizon=1000.0, **policy):
    return ScaleSet(
        *requests or [IMAGE], horizon=horizon, update_domains=1, upgrade_policy=PAUSE | policy
    ).audit(text)


def wrong(text, *requests, policy=None, **spec):
    """All rules of upgrades that a log breaks, whatever else is wrong with it."""
    spec = {"upgrade_policy": PAUSE | (policy or {}), "horizon": 481.0} | spec
    hand_made = ScaleSet(*requests or [IMAGE], **spec)
    history = History(hand_made.model.layout, hand_made.stack(text))
    return list(rules.broken_rules(history))


def failed(rule, at):
    return f"{at} {UP} -> failed because {UP}\n{at} update_model-0 -> Failed/{rule} because {UP}\n"


def within(begin, end):
    return ("update_model", {"image": "2", "windows": [{"from": begin, "to": end}]})


# When


@pytest.mark.parametrize(("later", "step"), [(0, None), (-1, OVER), (1, OVER)])
def test_a_batch_is_over_when_all_have_settled(later, step):
    text = BEGUN + FIRST.replace("240 batch", f"{240 + later} batch")
    assert wrong(text, horizon=241.0) == ([] if step is None else [early_or_late(step)])


def test_the_next_batch_begins_when_the_pause_is_over():
    assert wrong(WALK) == []
    assert wrong(WALK, policy={"pause_time_between_batches": "61s"}) == [early_or_late(REST)]
    late = "240 batch of w -> pausing\n300 batch of w -> at rest\n301 batch of w -> upgrading"
    assert early_or_late(BEGIN) in wrong(BEGUN + FIRST + late, horizon=301.0)
    none = SECOND.replace("240 batch of w -> pausing\n    300 batch of w -> at rest", "")
    assert other(BEGIN, REST) in wrong(BEGUN + FIRST + none)


def test_batches_follow_one_another():
    assert audit(WALK.replace("100 w_0 -> reimaging/2", "101 w_0 -> reimaging/2")) == (
        f"w: {OTHERS}"
    )
    paused = WALK.replace("240 batch of w -> at rest", "").replace(
        "240 batch of w -> pa", "240 batch of w -> pa"
    )
    assert other(REST, OVER) in wrong(paused)


def test_an_upgrade_does_not_stop_halfway():
    pause = "240 batch of w -> pausing"
    assert wrong(BEGUN + FIRST + pause, horizon=299.0) == []
    assert wrong(BEGUN + FIRST + pause, horizon=300.0) == [rules.UNDONE]
    assert wrong(BEGUN, horizon=100.0) == [rules.UNDONE]
    done = BEGUN + FIRST + SECOND
    assert wrong(done) == [rules.UNDONE]
    assert wrong(done + ENDED.replace("440", "441")) == [early_or_late(END)]


def test_batches_begin_in_windows():
    assert audit(WALK, within("00:01", "00:06")) is None
    outside = f"w: {early_or_late(BEGIN)}"
    assert audit(WALK, within("00:01", "00:05")) == outside
    assert audit(WALK, within("00:00", "00:01")) == outside
    assert audit(BEGUN, within("00:10", "00:11"), horizon=599.0) is None
    assert audit(BEGUN, within("00:10", "00:11"), horizon=600.0) == f"w: {rules.UNDONE}"


@pytest.mark.parametrize(("at", "is_wrong"), [(340, False), (339, True), (341, True)])
def test_a_surge_deletes_when_the_new_instances_have_settled(at, is_wrong):
    text = f"""
        100 batch of w -> upgrading
        100 w_2 -> creating/2
        280 w_2 -> initializing
        340 w_2 -> healthy
        {at} w_0 -> deleting
    """
    found = wrong(BEGUN + text, policy={"max_surge": True}, update_domains=2, horizon=341.0)
    assert found == [early_or_late(DELETES)] * is_wrong


def test_an_image_is_upgraded_to_when_it_is_discovered():
    text = WALK.replace("update_model-0", "publish_image-0")
    by = "upgrade by publish_image-0"
    lines = [f"{line} because {by}" if "of w ->" in line else line for line in text.splitlines()]
    automatic = {"automatic_os_upgrade": {"enabled": True}, "update_domains": 1}

    def says(discovery, rows=lines):
        request = ("publish_image", {"image": "2", "discovery": discovery})
        return wrong("\n".join(rows), request, **automatic)

    assert says("0s") == []
    assert says("1s") == [early_or_late(OPEN)]
    only = [line for line in lines if "publish_image-0 -> InP" in line]
    assert says("381s", only) == [rules.UNDONE]
    assert says("382s", only) == []


def test_a_request_ends_with_its_upgrade():
    ends = "440 update_model-0 -> Succeeded"
    assert wrong(WALK.replace(ends, ends.replace("440", "441"))) == [rules.ENDED]
    assert wrong(WALK.replace(f"{ends} because {UP}", "")) == [rules.ENDED]


def test_an_upgrade_begins_when_it_is_accepted():
    later = BEGUN.replace("100 update_model-0 -> InP", "90 update_model-0 -> InP")
    assert wrong(later + FIRST + SECOND + ENDED) == [early_or_late(OPEN)]
    assert wrong("100 update_model-0 -> InProgress") == [rules.UNDONE]


# Whose


def test_one_rolling_upgrade_is_on_at_a_time():
    again = ("start_os_upgrade", {"image": "2"})
    text = BEGUN + FIRST + "150 upgrade by start_os_upgrade-0 -> upgrading"
    assert other(OPEN, OVER) in wrong(text, IMAGE, again)
    accepted = "accepted, not rolling upgrade in progress"
    text = WALK + "150 start_os_upgrade-0 -> InProgress"
    assert audit(text, IMAGE, again) == f"w: a request was not answered as it is to be: {accepted}"


def test_a_step_is_that_of_the_upgrade_that_is_on():
    again = ("start_os_upgrade", {"image": "2"})
    by = "because upgrade by start_os_upgrade-0"
    text = WALK.replace("100 batch of w -> upgrading", f"100 batch of w -> upgrading {by}")
    assert wrong(text, IMAGE, again) == [rules.ANOTHER]


# Which


def test_nobody_is_taken_between_two_batches():
    """Not even at the instant at which the next one begins."""
    text = BEGUN + FIRST + SECOND.replace("300 batch of w -> upgrading", "")
    rows = [line for line in text.splitlines() if line.strip()]
    place = next(k for k, line in enumerate(rows) if "300 w_1" in line)
    rows.insert(place + 1, "300 batch of w -> upgrading")
    assert OTHERS in wrong("\n".join(rows))
    assert wrong(WALK) == []


def test_a_step_that_cannot_come_is_told_whatever_came_before():
    """A batch that belongs to no upgrade, and a pause of it."""
    rows = "\n".join(line for line in WALK.splitlines() if UP not in line)
    assert wrong(rows)[0] == other(BEGIN, OPEN)
    assert other(REST, OPEN) in wrong("300 batch of w -> pausing\n360 batch of w -> at rest")


def test_an_upgrade_is_completed_when_all_are_at_its_model():
    ends = f"240 model of w -> reached\n240 {UP} -> completed because {UP}"
    policy = {"pause_time_between_batches": "0s"}
    assert other(END, BEGIN) in wrong(BEGUN + FIRST + ends, policy=policy)
    protect = ("set_protection", {"instances": [1], "protect_from_scale_set_actions": True})
    asked = "50 set_protection-0 -> InProgress\n50 set_protection-0 -> Succeeded\n"
    ends += f"\n240 update_model-0 -> Succeeded because {UP}"
    assert wrong(asked + BEGUN + FIRST + ends, IMAGE, protect) == []
    assert wrong(WALK + "440 batch of w -> upgrading")[0] == other(BEGIN, OPEN)


def test_no_batch_begins_while_too_many_are_unhealthy():
    sick = {"unhealthy_instances": [1]}
    assert wrong(WALK, **sick)[0] == other(BEGIN, end(BREACH_BEFORE))
    assert wrong(WALK, policy={"max_unhealthy_instance_percent": "50%"}, **sick) == []


def test_no_batch_begins_after_too_many_upgraded_ones_were_unhealthy():
    second = "480 batch of w -> upgrading\n480 w_1 -> reimaging/2"
    policy = LENIENT | {"pause_time_between_batches": "0s"}
    begun = other(BEGIN, end(BREACH_UPGRADED))
    assert wrong(BEGUN + GIVES_UP + second, policy=policy) == [begun]
    allowed = policy | {"max_unhealthy_upgraded_instance_percent": "100%"}
    assert wrong(BEGUN + GIVES_UP + second, policy=allowed) == []


def test_an_upgrade_fails_by_the_threshold_that_is_exceeded():
    text, upgraded = BEGUN + GIVES_UP, end(BREACH_UPGRADED)
    assert wrong(text + failed(BREACH_UPGRADED, 480), policy=LENIENT) == []
    during = wrong(text + failed(BREACH_DURING, 480), policy=LENIENT)
    assert during == [other(end(BREACH_DURING), upgraded)]
    at_once = BEGUN + failed(BREACH_BEFORE, 100)
    assert wrong(at_once) == [other(end(BREACH_BEFORE), BEGIN)]
    assert wrong(at_once, unhealthy_instances=[0]) == []
    unhealthy = BEGUN + failed(UNHEALTHY, 100)
    assert wrong(unhealthy) == [other(end(UNHEALTHY), BEGIN)]


def test_a_breach_before_the_first_batch_is_told_as_such():
    text = BEGUN + failed(BREACH_DURING, 100)
    found = wrong(text, unhealthy_instances=[0])
    assert found == [other(end(BREACH_DURING), end(BREACH_BEFORE))]


def test_after_a_breach_failed_instances_go_back_if_they_are_to():
    policy = LENIENT | {"rollback_failed_instances_on_policy_breach": True}
    text, ends = BEGUN + GIVES_UP, failed(BREACH_UPGRADED, 480)
    back = f"480 {UP} -> rolling_back because {UP}\n"
    goes = f"480 w_0 -> restoring/1 because {UP}\n"
    assert wrong(text + back + goes, policy=policy) == []
    assert wrong(text + ends, policy=policy) == [other(end(BREACH_UPGRADED), BACK)]
    assert wrong(text + back, policy=policy) == [rules.UNDONE]
    assert wrong(text + goes, policy=policy)[0] == other(RESTORES, BACK)
    assert wrong(text + back + goes, policy=LENIENT)[0] == other(BACK, end(BREACH_UPGRADED))
    fine = wrong(BEGUN + FIRST + back, policy=policy | {"pause_time_between_batches": "0s"})
    assert fine[0] == other(BACK, BEGIN)


def test_who_is_restored_is_restored_when_its_batch_has_settled():
    automatic = {
        "automatic_os_upgrade": {"enabled": True, "discovery": "0s"},
        "versions": {"2": {"unhealthy": "100%"}},
    }
    by = "upgrade by publish_image-0"
    began = BEGUN.replace("update_model-0", "publish_image-0")
    lines = ("0 version 2 -> bad\n" + began + GIVES_UP).splitlines()
    rows = "\n".join(f"{each} because {by}" if "of w ->" in each else each for each in lines)
    over = f"480 batch of w -> at rest because {by}"
    publish = ("publish_image", {"image": "2"})

    def says(at):
        back = f"\n{at} w_0 -> restoring/1 because {by}"
        return wrong(rows.replace(over, "") + back, publish, horizon=float(at), **automatic)

    assert says(480) == []
    assert says(481) == [early_or_late(RESTORES)]
    assert other(OVER, RESTORES) in wrong(rows, publish, horizon=480.0, **automatic)
    by_user = BEGUN + GIVES_UP.replace("480 batch of w -> at rest", "")
    by_user += f"480 w_0 -> restoring/1 because {UP}"
    assert other(RESTORES, OVER) in wrong(by_user, horizon=480.0)


def test_a_cancel_ends_an_upgrade_between_two_batches_at_once():
    ends = f"""
        240 batch of w -> pausing
        260 cancel_rolling_upgrade-0 -> InProgress
        260 batch of w -> at rest
        260 {UP} -> cancelled because {UP}
        260 update_model-0 -> Failed/cancelled because {UP}
        260 cancel_rolling_upgrade-0 -> Succeeded because {UP}
    """
    text = BEGUN + FIRST + ends
    assert wrong(text, IMAGE, CANCEL) == []
    asked = "260 cancel_rolling_upgrade-0 -> InP"
    never = text.replace(f"260 cancel_rolling_upgrade-0 -> Succeeded because {UP}", "")
    assert wrong(never, IMAGE, CANCEL) == [rules.ENDED]
    late = text.replace(asked, asked.replace("260", "250"))
    assert wrong(late, IMAGE, CANCEL)[0] == early_or_late(REST)
    nobody = "\n".join(line for line in text.splitlines() if "cancel_" not in line)
    assert other(end(CANCELLED), BEGIN) in wrong(nobody, IMAGE, CANCEL)


def test_no_batch_begins_after_a_cancel():
    text = WALK + "150 cancel_rolling_upgrade-0 -> InProgress"
    assert wrong(text, IMAGE, CANCEL)[0] == other(REST, end(CANCELLED))


def test_a_model_is_said_to_be_reached_where_all_follow_it():
    nowhere = "    440 model of w -> reached\n"
    assert wrong(WALK.replace(nowhere, "")) == [rules.REACHED]
    without = BEGUN + FIRST + ENDED
    assert rules.REACHED in wrong(without)
    assert rules.REACHED not in wrong(without.replace(nowhere, ""))
    by_breach = failed(BREACH_UPGRADED, 480)
    assert wrong(BEGUN + GIVES_UP + by_breach, policy=LENIENT) == []
    reached = "480 model of w -> reached\n"
    assert wrong(BEGUN + GIVES_UP + reached + by_breach, policy=LENIENT) == [rules.REACHED]


def test_all_are_taken_at_once_in_the_mode_automatic():
    lines = [line for line in (BEGUN + BOTH + DONE).splitlines() if "batch" not in line]
    whole = [f"{line} because {UP}" if " w_" in line else line for line in lines]
    assert audit("\n".join(whole), mode="automatic") is None
    late = [line.replace("240 upgrade by", "250 upgrade by") for line in whole]
    ended = [rules.ENDED, early_or_late(END)]
    assert wrong("\n".join(late), policy={"mode": "automatic"}) == ended
    never = [line for line in whole if not line.strip().startswith("240 u")]
    assert wrong("\n".join(never), policy={"mode": "automatic"}) == [rules.UNDONE]
    one = [line for line in whole if "w_1" not in line]
    assert audit("\n".join(one), mode="automatic") == f"w: {TAKES}"


def test_an_upgrade_by_hand_ends_when_all_follow_and_by_their_health():
    manual = {"mode": "manual"}
    begun = BEGUN.replace("InProgress", "InProgress\n    100 update_model-0 -> Succeeded")
    ends = f"100 {UP} -> completed because {UP}"
    assert wrong(begun + ends, policy=manual) == [rules.WITHOUT]
    nothing = ("update_model", {})
    begun = begun.replace("requested/2", "requested") + "100 model of w -> reached\n"
    assert wrong(begun + ends, nothing, policy=manual) == []
    late = (begun + ends).replace("100 model of w -> rea", "110 model of w -> rea")
    late = late.replace(
        "100 upgrade by update_model-0 -> com", "110 upgrade by update_model-0 -> com"
    )
    assert wrong(late, nothing, policy=manual) == [early_or_late(END)]
    assert wrong(begun + ends, nothing, policy=manual, unhealthy_instances=[0]) == [rules.HEALTH]
