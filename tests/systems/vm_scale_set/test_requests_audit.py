"""Whether requests are answered as they should be, on hand-made logs in which they are not."""

from __future__ import annotations

import pytest
from set_log import IMAGE, WALK, ScaleSet

from sim.systems.vm_scale_set.decisions import TAKES

SCALE = ("scale", {"instances": 3})
REIMAGE = ("reimage", {"instances": [1]})
HEALTHY = """
    100 reimage-0 -> InProgress
    100 w_1 -> reimaging because reimage-0
    180 w_1 -> initializing because reimage-0
    240 w_1 -> healthy because reimage-0
    240 reimage-0 -> Succeeded because reimage-0
"""
NAMED = f"w: {TAKES}"
LATE = "w: a request did not end when those that it took had settled"
HEALTH = "w: a request did not end by the health of those that it took"


def audit(text, *requests, **spec):
    spec = {"upgrade_policy": {"pause_time_between_batches": "1min"}} | spec
    return ScaleSet(*requests, **spec).audit(text)


def untrue(reason):
    return f"w: a request was not answered as it is to be: {reason}, not accepted"


def too_good(reason):
    return f"w: a request was not answered as it is to be: accepted, not {reason}"


def test_a_request_takes_whom_it_names():
    assert audit(HEALTHY.replace("w_1", "w_0"), REIMAGE) == NAMED
    assert audit("100 reimage-0 -> InProgress", REIMAGE) == NAMED


def test_an_instance_must_be_there_to_be_named():
    new, reason = ("reimage", {"instances": [2]}), "no such instance"
    assert audit("100 reimage-0 -> InProgress", new, SCALE) == too_good(reason)
    assert audit(f"100 reimage-0 -> Refused/{reason}", new, SCALE) is None
    assert audit(f"100 reimage-0 -> Refused/{reason}", REIMAGE) == untrue(reason)
    never = ("reimage", {"instances": [9]})
    assert audit(f"100 reimage-0 -> Refused/{reason}", never) is None
    assert audit("100 reimage-0 -> InProgress", never) == too_good(reason)


def test_an_image_must_be_published_or_named():
    start, reason = ("start_os_upgrade", {}), "no image published"
    publish = ("publish_image", {"image": "2"})
    published = "50 publish_image-0 -> InProgress\n50 publish_image-0 -> Succeeded\n"
    refused = f"100 start_os_upgrade-0 -> Refused/{reason}"
    assert audit(refused, start, publish) is None
    assert audit(published + refused, start, publish) == untrue(reason)
    named = ("start_os_upgrade", {"image": "2"})
    assert audit(refused, named) == untrue(reason)
    text = WALK.replace("update_model-0", "start_os_upgrade-0")
    by = "upgrade by start_os_upgrade-0"
    text = "\n".join(
        f"{line} because {by}" if "of w ->" in line and "because" not in line else line
        for line in text.splitlines()
    )
    two_images = IMAGE
    assert audit(text, start, two_images) == too_good(reason)


PROTECT = (
    "set_protection",
    {"instances": "all", "protect_from_scale_in": True, "protect_from_scale_set_actions": False},
)
PROTECTED = "50 set_protection-0 -> InProgress\n50 set_protection-0 -> Succeeded\n"


FEWER = ("scale", {"instances": 1})
SCALES_IN = """
    100 scale-0 -> InProgress
    100 capacity of w -> asked for/1 because scale-0
    100 w_1 -> deleting because scale-0
    160 w_1 -> absent because scale-0
    160 scale-0 -> Succeeded because scale-0
"""


def test_what_is_protected_is_not_scaled_in():
    reason = "instances protected"
    refused = f"100 scale-0 -> Refused/{reason}"
    assert audit(PROTECTED + refused, FEWER, PROTECT) is None
    assert audit(refused, FEWER, PROTECT) == untrue(reason)
    assert audit(SCALES_IN, FEWER, PROTECT) is None
    assert audit(PROTECTED + SCALES_IN, FEWER, PROTECT) == too_good(reason)
    one = (PROTECT[0], PROTECT[1] | {"instances": [1]})
    assert audit(PROTECTED + SCALES_IN, FEWER, one) == "w: a scale-in deleted a protected instance"


def test_what_is_being_deleted_counts_against_the_quota():
    more = ("scale", {"instances": 2})
    refused, reason = "scale-1 -> Refused/quota exceeded", "quota exceeded"
    assert audit(f"{SCALES_IN}150 {refused}", FEWER, more, quota=2) is None
    assert audit(f"{SCALES_IN}170 {refused}", FEWER, more, quota=2) == untrue(reason)
    assert audit(f"{SCALES_IN}150 scale-1 -> InProgress", FEWER, more, quota=2) == too_good(reason)


def test_a_request_ends_when_its_instances_have_settled_and_by_their_health():
    assert audit(HEALTHY, REIMAGE) is None
    assert audit(HEALTHY.replace("240 reimage-0", "241 reimage-0"), REIMAGE) == LATE
    never = "\n".join(line for line in HEALTHY.splitlines() if "Succeeded" not in line)
    assert audit(never, REIMAGE) == LATE
    failed = HEALTHY.replace("Succeeded", "Failed/instances unhealthy")
    assert audit(failed, REIMAGE) == HEALTH
    wait = {"healthy_after": "301s"}
    late = """
        100 reimage-0 -> InProgress
        100 w_1 -> reimaging because reimage-0
        180 w_1 -> initializing because reimage-0
        480 w_1 -> unhealthy because reimage-0
        480 reimage-0 -> Succeeded because reimage-0
        485 w_1 -> healthy because reimage-0
    """
    assert audit(late, REIMAGE, **wait) == HEALTH
    fails = late.replace("Succeeded", "Failed/instances unhealthy")
    assert audit(fails, REIMAGE, **wait) is None


@pytest.mark.parametrize("least", [1, 2])
def test_a_request_may_be_under_way_at_the_horizon(least):
    text = "\n".join(HEALTHY.strip().splitlines()[: least + 1])
    assert ScaleSet(REIMAGE, horizon=200.0 if least == 2 else 179.0).audit(text) is None


# While a rolling upgrade is on


def test_no_change_of_the_model_is_accepted_meanwhile():
    by_hand = ("manual_upgrade", {"instances": [1]})
    text = WALK + "150 manual_upgrade-0 -> InProgress\n150 manual_upgrade-0 -> Succeeded"
    assert audit(text, IMAGE, by_hand) == too_good("rolling upgrade in progress")


def test_no_scale_in_is_accepted_meanwhile():
    fewer = ("scale", {"instances": 1})
    text = WALK + "150 scale-0 -> InProgress"
    assert audit(text, IMAGE, fewer) == too_good("rolling upgrade in progress")


def test_nothing_is_refused_for_an_upgrade_that_is_not_on():
    again = ("update_model", {"image": "1"})
    text = WALK + "500 update_model-1 -> Refused/rolling upgrade in progress"
    assert audit(text, IMAGE, again) == untrue("rolling upgrade in progress")
    assert audit(text.replace("500 update", "250 update"), IMAGE, again) is None


def test_there_must_be_something_to_cancel():
    cancel, reason = ("cancel_rolling_upgrade", {}), "no rolling upgrade in progress"
    assert audit(WALK + "500 cancel_rolling_upgrade-0 -> InProgress", IMAGE, cancel) == (
        too_good(reason)
    )
    refused = f"150 cancel_rolling_upgrade-0 -> Refused/{reason}"
    assert audit(WALK + refused, IMAGE, cancel) == untrue(reason)


def test_what_takes_nobody_ends_at_once():
    late = PROTECTED.replace("50 set_protection-0 -> Suc", "51 set_protection-0 -> Suc")
    assert audit(PROTECTED, PROTECT) is None
    assert audit(late, PROTECT) == LATE
    publish, text = ("publish_image", {"image": "2"}), "50 publish_image-0 -> InProgress\n"
    assert audit(text + "50 publish_image-0 -> Succeeded", publish) is None
    assert audit(text, publish) == LATE
    change = "100 update_model-0 -> InProgress\n"
    by_hand = {"upgrade_policy": {"mode": "manual"}}
    begun = "100 upgrade by update_model-0 -> upgrading\n100 model of w -> requested/2"
    assert audit(change + "100 update_model-0 -> Succeeded\n" + begun, IMAGE, **by_hand) is None
    assert audit(change + begun, IMAGE, **by_hand) == LATE
