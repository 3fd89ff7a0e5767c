"""Whether batches take whom they should, on hand-made logs in which they do not."""

from __future__ import annotations

from set_log import BEGUN, ENDED, FIRST, IMAGE, WALK, ScaleSet

from sim.systems.vm_scale_set import batches_audit as rules

PAUSE = {"upgrade_policy": {"pause_time_between_batches": "1min"}}
OTHERS = f"w: {rules.OTHERS}"
BOTH = FIRST.replace(
    "    240 batch",
    """    100 w_1 -> reimaging/2
    180 w_1 -> initializing
    240 w_1 -> healthy
    240 batch""",
)
DONE = ENDED.replace("440", "240")


def audit(text, *requests, domains=1, horizon=1000.0, **policy):
    spec = {"upgrade_policy": PAUSE["upgrade_policy"] | policy, "update_domains": domains}
    return ScaleSet(*requests or [IMAGE], horizon=horizon, **spec).audit(text)


def test_a_batch_has_at_most_its_share_and_not_less():
    assert audit(BEGUN + BOTH + DONE) == OTHERS
    assert audit(BEGUN + BOTH + DONE, max_batch_instance_percent="100%") is None
    assert audit(WALK, max_batch_instance_percent="100%") == OTHERS


def test_a_batch_stays_inside_a_domain_and_a_zone():
    assert audit(BEGUN + BOTH + DONE, domains=2, max_batch_instance_percent="100%") == OTHERS
    whole = {"max_batch_instance_percent": "100%"}
    zones = {"upgrade_policy": PAUSE["upgrade_policy"] | whole, "zones": 2}
    assert ScaleSet(IMAGE, **zones).audit(BEGUN + BOTH + DONE) == OTHERS
    zones["upgrade_policy"] = zones["upgrade_policy"] | {"enable_cross_zone_upgrade": True}
    assert ScaleSet(IMAGE, **zones).audit(BEGUN + BOTH + DONE) is None


def test_the_lowest_numbers_come_first():
    swapped = WALK.replace("w_0", "w_x").replace("w_1", "w_0").replace("w_x", "w_1")
    assert audit(swapped) == OTHERS


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
    assert audit(WALK, max_surge=True) == OTHERS
    policy = {"pause_time_between_batches": "1min"} | SURGE
    assert ScaleSet(IMAGE, upgrade_policy=policy, quota=3, update_domains=1).audit(SURGED) == OTHERS


def test_new_instances_have_the_lowest_free_numbers():
    # A scale-out of which nothing comes leaves room for another number.
    scale = ("scale", {"instances": 3})
    assert audit(SURGED, IMAGE, scale, **SURGE) is None
    assert audit(SURGED.replace("w_2", "w_4"), IMAGE, scale, **SURGE) == OTHERS


def test_old_instances_go_whose_successors_are_healthy():
    kept = SURGED.replace("340 w_1", "340 w_3").replace("400 w_1", "400 w_3")
    assert audit(kept, **SURGE) == f"w: {rules.DELETED}"


def test_who_is_restored_gets_its_former_model():
    automatic = {
        "automatic_os_upgrade": {"enabled": True, "discovery": "0s"},
        "versions": {"2": {"unhealthy": "100%"}},
        "upgrade_policy": {"max_unhealthy_upgraded_instance_percent": "100%"},
    }
    by = "upgrade by publish_image-0"

    def says(model):
        text = f"""
            0 version 2 -> bad
            100 publish_image-0 -> InProgress
            100 {by} -> upgrading
            100 model of w -> requested/2 because {by}
            100 batch of w -> upgrading because {by}
            100 w_0 -> reimaging/2
            180 w_0 -> initializing
            480 w_0 -> unhealthy
            480 w_0 -> restoring/{model} because {by}
            560 w_0 -> healthy because {by}
            560 batch of w -> at rest because {by}
        """
        hand_made = ScaleSet(("publish_image", {"image": "2"}), horizon=560.0, **automatic)
        rows = text + f"560 batch of w -> upgrading because {by}\n560 w_1 -> reimaging/2"
        return hand_made.audit(rows)

    assert says(1) is None
    assert says(2) == f"w: {rules.RESTORED}"


def test_unhealthy_ones_come_first_if_they_are_to():
    sick = {"unhealthy_instances": [1], "update_domains": 1}
    policy = PAUSE["upgrade_policy"] | {"max_unhealthy_instance_percent": "100%"}
    assert ScaleSet(IMAGE, upgrade_policy=policy, **sick).audit(WALK) is None
    policy |= {"prioritize_unhealthy_instances": True}
    assert ScaleSet(IMAGE, upgrade_policy=policy, **sick).audit(WALK) == OTHERS
