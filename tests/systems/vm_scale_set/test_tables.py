"""What a scale set shows of a run: its instances, its operations, lanes of what they do."""

from __future__ import annotations

import pytest
from lanes import activity, bars
from set_log import IMAGE, UP, WALK, ScaleSet

from sim.systems.vm_scale_set.tables import places

# Instances


def members(text, *requests, **spec):
    made = ScaleSet(*requests, **spec)
    return made.model.members(made.log(text))


def test_instances_tell_what_they_went_through_and_how_they_are():
    names = ("instance", "status", "version", "times_out", "out_s", "update_domain")
    rows = members(WALK + "900 w_1 -> failed because failures", IMAGE)
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("w_0", "healthy", "2", 1, 140, 0),
        ("w_1", "failed", "2", 2, 240, 1),
    ]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({}, {"update_domain": 3}),
        ({"update_domains": 2}, {"update_domain": 1}),
        ({"update_domains": 1}, {}),
        ({"zones": 3}, {"zone": 2}),
        ({"zones": [3, 5]}, {"zone": 2}),
        ({"orchestration": "flexible"}, {}),
        ({"orchestration": "flexible", "zones": 2}, {"zone": 1}),
    ],
)
def test_an_instance_is_in_a_zone_or_an_update_domain_where_there_are_any(keys, place):
    assert places(ScaleSet(instances=8, **keys).model.layout, 3) == place


def test_only_instances_that_were_ever_there_are_told_of():
    text = "100 w_2 -> creating because scale-0\n200 w_2 -> absent because scale-0"
    rows = members(text, ("scale", {"instances": 9}))
    assert [row["instance"] for row in rows] == ["w_0", "w_1", "w_2"]
    assert (rows[2]["status"], rows[2]["out_s"]) == ("absent", 100)


# Operations


def test_operations_are_answered_and_the_publication_of_an_image_is_not():
    publish = ("publish_image", {"image": "3"})
    made = ScaleSet(IMAGE, publish)
    text = WALK + "500 publish_image-0 -> InProgress\n500 publish_image-0 -> Succeeded"
    update, published = made.model.operations_table(made.log(text))
    assert (update["at_s"], update["ended_s"], update["status"]) == (100, 440, "Succeeded")
    assert len(update["request_id"]) == 32
    assert (published["http_status"], published["request_id"]) == (None, "")


def test_a_refused_operation_has_its_code_and_a_message_about_it():
    made = ScaleSet(("start_os_upgrade", {"image": "2"}))
    text = "100 start_os_upgrade-0 -> Refused/rolling upgrade in progress"
    (row,) = made.model.operations_table(made.log(text))
    assert (row["status"], row["http_status"], row["code"]) == (
        "Refused",
        409,
        "OperationNotAllowed",
    )
    assert row["message"] == "another rolling upgrade is in progress"


# Lanes


def gantt(text, *requests, **spec):
    made = ScaleSet(*(requests or (IMAGE,)), **spec)
    return bars(made.model, made.log(text))


def test_a_lane_shows_when_its_instance_is_in_service_and_why_it_is_not():
    text = (
        WALK
        + f"""
    500 w_0 -> failed because failures
    600 w_0 -> healthy because failures
    700 w_1 -> unhealthy because automatic repairs
    800 w_1 -> restarting because automatic repairs
    900 w_1 -> restoring because {UP}
    """
    )
    assert gantt(text) == [
        ("w_0", 0, 100, "ready"),
        ("w_0", 240, 500, "ready"),
        ("w_0", 600, 1000, "ready"),
        ("w_0", 100, 240, "updating"),
        ("w_0", 500, 600, "failing"),
        ("w_1", 0, 300, "ready"),
        ("w_1", 440, 700, "ready"),
        ("w_1", 800, 900, "other"),
        ("w_1", 300, 440, "updating"),
        ("w_1", 900, 1000, "updating"),
        ("w_1", 700, 800, "failing"),
    ]


def test_an_upgrade_all_at_once_is_shown_as_one():
    text = f"100 w_0 -> reimaging/2 because {UP}\n250 w_0 -> healthy because {UP}"
    assert ("w_0", 100, 250, "updating") in gantt(text)


def test_a_manual_upgrade_is_shown_as_an_update():
    by = "because manual_upgrade-0"
    text = f"100 w_0 -> reimaging/2 {by}\n250 w_0 -> healthy {by}"
    bars = gantt(text, IMAGE, ("manual_upgrade", {"instances": [0]}))
    assert ("w_0", 100, 250, "updating") in bars


def test_a_surge_is_shown_as_what_it_creates_and_deletes():
    """What it creates initializes before it serves; one that initializes anew is out."""
    text = """
    100 w_2 -> creating/2
    200 w_2 -> initializing
    250 w_2 -> healthy
    250 w_0 -> deleting
    300 w_0 -> absent
    400 w_1 -> reimaging/2
    500 w_1 -> initializing
    550 w_1 -> healthy
    600 w_2 -> unhealthy because automatic repairs
    700 w_2 -> deleting because automatic repairs
    800 w_2 -> absent because automatic repairs
    """
    bars = gantt(text, IMAGE, ("scale", {"instances": 3}))
    assert [bar for bar in bars if bar[3] != "ready"] == [
        ("w_0", 250, 300, "replacing"),
        ("w_1", 400, 550, "updating"),
        ("w_2", 100, 250, "replacing"),
        ("w_2", 700, 800, "other"),
        ("w_2", 600, 700, "failing"),
    ]


def test_extensions_leave_an_instance_in_service():
    text = "100 w_0 -> extensions updating\n250 w_0 -> healthy"
    assert gantt(text)[0] == ("w_0", 0, 1000, "ready")


def test_an_instance_has_no_lane_while_it_is_not_there():
    text = "100 w_2 -> creating because scale-0\n300 w_2 -> healthy because scale-0"
    bars = gantt(text, ("scale", {"instances": 3}))
    assert [bar for bar in bars if bar[0] == "w_2"] == [
        ("w_2", 300, 1000, "ready"),
        ("w_2", 100, 300, "scaling"),
    ]


def test_an_instance_is_being_created_until_it_is_healthy_for_the_first_time():
    text = """
    100 w_2 -> creating because scale-0
    200 w_2 -> initializing because scale-0
    300 w_2 -> healthy because scale-0
    400 w_2 -> restarting because automatic repairs
    500 w_2 -> initializing because automatic repairs
    600 w_2 -> healthy because automatic repairs
    700 w_2 -> deleting because scale-0
    """
    bars = gantt(text, ("scale", {"instances": 3}))
    assert [bar for bar in bars if bar[0] == "w_2"] == [
        ("w_2", 300, 400, "ready"),
        ("w_2", 600, 700, "ready"),
        ("w_2", 100, 300, "scaling"),
        ("w_2", 700, 1000, "scaling"),
        ("w_2", 400, 600, "other"),
    ]


def test_lanes_are_called_what_they_are():
    made = ScaleSet(instances=3)
    found = activity(made.model, made.log(""))
    assert (found.what, found.failing, found.lanes) == ("instances", "unhealthy or failed", 3)
