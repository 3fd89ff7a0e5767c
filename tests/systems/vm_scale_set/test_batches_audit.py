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
    assert audit(SURGED.replace("340 w_0", "341 w_0"), **SURGE) == late
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

    def says(restored, back):
        text = f"""
            0 version 2 -> bad
            100 publish_image-0 -> InProgress
            100 {by} -> upgrading
            100 model of w -> requested/2 because {by}
            100 batch of w -> upgrading because {by}
            100 w_0 -> reimaging/2
            180 w_0 -> initializing
            480 w_0 -> unhealthy
            {restored} w_0 -> restoring/1 because {by}
            {back} w_0 -> healthy because {by}
            {back} batch of w -> at rest because {by}
        """
        hand_made = ScaleSet(("publish_image", {"image": "2"}), horizon=float(back), **automatic)
        rows = text + f"{back} batch of w -> upgrading because {by}\n{back} w_1 -> reimaging/2"
        return hand_made.audit(rows)

    assert says(480, 560) is None
    assert says(490, 570) == "w: an instance was not restored when its batch had settled"
