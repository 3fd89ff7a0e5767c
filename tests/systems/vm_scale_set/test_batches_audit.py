"""Whether batches take whom they should and wait for them, on hand-made logs that do not."""

from __future__ import annotations

from set_log import BEGUN, ENDED, FIRST, IMAGE, SECOND, UP, WALK, ScaleSet

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
