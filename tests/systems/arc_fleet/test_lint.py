"""What of an Arc fleet is legal and hardly meant."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, noted, publish

from sim.scenario import Scenario


def entry(**keys):
    return AGENT | keys


@pytest.mark.parametrize(
    ("operations", "keys", "told"),
    [
        (
            [],
            {"healthy_after": "1min"},
            "systems.f.healthy_after: counts only under `verdict: early`",
        ),
        (
            [],
            {"extensions": [entry(min_available=5)]},
            "systems.f.extensions.0.min_available: only 4 machines have it, got 5: never available",
        ),
        (
            [],
            {"machines": 1, "extensions": [entry(min_available=5)]},
            "systems.f.extensions.0.min_available: only 1 machine has it, got 5: never available",
        ),
        (
            [],
            {"groups": GROUPS, "extensions": [entry(groups=["ships"])]},
            "systems.f.extensions.0.groups: AzureMonitorLinuxAgent is for linux, and ships runs windows",
        ),
        (
            [publish()],
            {"extensions": [entry(enable_automatic_upgrade=False)]},
            "operations.0.publish_extension.type: is nowhere enrolled: nothing is upgraded",
        ),
        (
            [publish("2.0")],
            {},
            "operations.0.publish_extension.version: is above no version of its major version: "
            "nothing is upgraded, got 2.0",
        ),
        (
            [publish("1.37")],
            {},
            "operations.0.publish_extension.version: is above no version of its major version: "
            "nothing is upgraded, got 1.37",
        ),
        (
            [{"repair_extension": {"type": AGENT["type"]}}],
            {},
            "operations.0.repair_extension: nothing is ever failed without `rollback_fails` or "
            "`max_attempts`",
        ),
    ],
)
def test_what_is_hardly_meant_is_noted(operations, keys, told):
    (note,) = noted(*operations, **keys)
    assert note.endswith(told)


@pytest.mark.parametrize(
    ("operations", "keys"),
    [
        ([publish()], {}),
        ([], {"healthy_after": "1min", "verdict": "early"}),
        (
            [publish(), {"set_automatic_upgrade": {"type": AGENT["type"], "enabled": True}}],
            {"extensions": [entry(enable_automatic_upgrade=False)]},
        ),
        ([{"put_extension": entry(version="2.0")}, publish("2.1")], {}),
        (
            [
                {"upgrade_extensions": {"targets": {f"{MONITOR}.{AGENT['type']}": "2.0"}}},
                publish("2.1"),
            ],
            {},
        ),
        ([{"repair_extension": {"type": AGENT["type"]}}], {"max_attempts": 3}),
        ([{"repair_extension": {"type": AGENT["type"]}}], {"rollback_fails": "1%"}),
        ([{"put_extension": OWN}, {"repair_extension": {"type": "Own"}}], {"unhealthy": "5%"}),
    ],
)
def test_what_may_well_be_meant_is_not_noted(operations, keys):
    assert noted(*operations, **keys) == []


def test_windows_that_are_never_open_are_told_of_releases_and_of_connections():
    laptops = {"share": "50%", "windows": [{"from": "09:00", "to": "17:00", "days": ["sun"]}]}
    release = publish(windows=[{"from": "22:00", "to": "04:00", "days": ["sat"]}])
    text = {
        "start": "2026-11-20T14:00",
        "horizon": "1d",
        "systems": {
            "f": {
                "kind": "arc_fleet",
                "extensions": [AGENT],
                "groups": {"a": {"count": 2, "disconnected": laptops}},
            }
        },
        "operations": [{"at": "2h", **release}],
    }
    assert Scenario.from_dict(text).warnings == (
        "systems.f.groups.a.disconnected.windows.0: is never open from Fri 20 Nov 14:00 to Sat 21 "
        "Nov 14:00",
        "operations.0.publish_extension.windows.0: is never open from Fri 20 Nov 16:00 to Sat 21 "
        "Nov 14:00",
    )
    # Both open by then, but never at the same time.
    (told,) = Scenario.from_dict(text | {"horizon": "2d"}).warnings
    assert told.startswith("operations.0.publish_extension.windows: are never open while")


NIGHT = {"from": "22:00", "to": "04:00"}
NEVER_MEET = (
    "operations.0.publish_extension.windows: are never open while those of a that disconnect are "
    "connected, from 2h to 3d: these never update"
)


@pytest.mark.parametrize(
    ("window", "share", "more", "told"),
    [
        ({"from": "09:00", "to": "17:00"}, "50%", {}, [NEVER_MEET]),
        ({"from": "09:00", "to": "22:00"}, "50%", {}, [NEVER_MEET]),
        ({"from": "09:00", "to": "17:00"}, "0%", {}, []),
        ({"from": "09:00", "to": "22:01"}, "50%", {}, []),
        ({"from": "03:00", "to": "17:00"}, "50%", {}, []),
        ({"from": "09:00", "to": "17:00"}, "50%", {"group": "b"}, []),
    ],
)
def test_a_release_whose_windows_meet_no_connection_is_told_with_the_group(
    window, share, more, told
):
    text = {
        "horizon": "3d",
        "systems": {
            "f": {
                "kind": "arc_fleet",
                "extensions": [AGENT],
                "groups": {
                    "a": {"count": 2, "disconnected": {"share": share, "windows": [window]}},
                    "b": {"count": 2},
                },
            }
        },
        "operations": [{"at": "2h", **publish(windows=[NIGHT], **more)}],
    }
    assert list(Scenario.from_dict(text).warnings) == told


def test_what_is_common_before_a_release_does_not_help():
    """On the last day both meet until 04:00 only."""
    laptops = {"share": "50%", "windows": [{"from": "00:00", "to": "12:00"}]}
    text = {
        "horizon": "20h",
        "systems": {
            "f": {
                "kind": "arc_fleet",
                "extensions": [AGENT],
                "groups": {"a": {"count": 2, "disconnected": laptops}},
            }
        },
        "operations": [{"at": "3h", **publish(windows=[NIGHT | {"from": "18:00"}])}],
    }
    assert Scenario.from_dict(text).warnings == ()
    text["operations"][0]["at"] = "5h"
    (told,) = Scenario.from_dict(text).warnings
    assert told.endswith("connected, from 5h to 20h: these never update")
