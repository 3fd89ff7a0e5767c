"""What a run of an Arc fleet is expected to cost, by hand where every time is fixed."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, OWN, publish, scenario

from sim.simulation import Simulation
from sim.systems.arc_fleet.cost import ATTEMPT_EVENTS, ATTEMPT_ROWS, parts

FIXED = dict.fromkeys(("discovery", "install", "rollback"), "5min") | {"retry_after": "45min"}
"""An attempt that fails takes an hour with its health window, until the next one begins."""
SPREAD = {"uniform": {"low": "0s", "high": "4h"}}
ASLEEP = AGENT | {"enable_automatic_upgrade": False}
TYPE = AGENT["type"]
TARGET = f"{AGENT['publisher']}.{TYPE}"


def found(*operations, **keys):
    """The parts of a fleet by what they make."""
    simulation = Simulation(scenario(*operations, **FIXED | keys))
    return {part.what: part for part in parts(simulation.models["f"])}


def attempts(*operations, **keys):
    """How often a machine installs something because of the operations, all together."""
    every = found(*operations, **keys).values()
    return sum(part.rows / ATTEMPT_ROWS for part in every if part.kind == "extension") / 4


def test_a_release_is_installed_once_on_each_machine_and_has_its_own_rows():
    of = found(publish(), machines=100)
    own = of["publish_extension-0 itself"]
    assert (own.path, own.kind, own.rows) == (
        ("operations", 0, "publish_extension"),
        "operation",
        4,
    )
    part = of[f"installations of {TYPE} because of publish_extension-0"]
    assert (part.kind, part.group) == ("extension", TYPE)
    assert (part.rows, part.events) == (100 * ATTEMPT_ROWS, 100 * ATTEMPT_EVENTS)


@pytest.mark.parametrize(
    ("unhealthy", "keys", "expected"),
    [
        ("50%", {}, 2),  # 1 / (1 - 1/2)
        ("50%", {"max_attempts": 2}, 1.5),
        ("100%", {"max_attempts": 3}, 3),
        ("50%", {"rollback_fails": "100%"}, 1),
        ({"machines": "25%"}, {"max_attempts": 5}, 0.25 * 5 + 0.75),
        ("0%", {"verdict": "early", "healthy_after": "6min", "max_attempts": 4}, 4),
    ],
)
def test_bad_attempts_are_tried_again(unhealthy, keys, expected):
    assert attempts(publish(unhealthy=unhealthy), **keys) == pytest.approx(expected, rel=1e-3)


def test_a_release_is_tried_until_the_next_one_takes_its_place():
    """From 6 min on once an hour, until 1.39.0 comes at 241 min, and once more for that."""
    later = {"at": "241min"} | publish("1.39.0", unhealthy="0%")
    assert attempts(publish(unhealthy="100%"), later) == pytest.approx(1 + 235 / 60 + 1, rel=1e-3)


def test_what_is_not_enrolled_is_installed_by_a_push_or_a_put_only():
    push = {"upgrade_extensions": {"targets": {TARGET: "1.38.0"}}}
    put = {"put_extension": OWN}
    assert attempts(publish(), extensions=[ASLEEP]) == 0
    assert attempts(publish(), push, extensions=[ASLEEP]) == 1
    assert attempts(publish(), put, extensions=[ASLEEP]) == 1


def test_who_opts_in_catches_up_with_the_last_release():
    opt_in = {"set_automatic_upgrade": {"type": TYPE, "enabled": True}}
    assert attempts(opt_in, extensions=[ASLEEP]) == 0
    late = {"at": "2d"} | opt_in
    assert attempts(publish(), late, extensions=[ASLEEP]) == 1
    assert attempts(publish(), late) == 1  # all have it by then


def test_who_is_opted_out_and_in_again_gets_what_was_not_discovered_before():
    """A quarter of the machines has discovered the release when they are opted out."""
    out, back = ({"set_automatic_upgrade": {"type": TYPE, "enabled": on}} for on in (False, True))
    late = [publish(), {"at": "61min"} | out, {"at": "3d"} | back]
    assert attempts(*late[:2], discovery=SPREAD) == 0.25
    assert attempts(*late, discovery=SPREAD) == 1
    newer = {"at": "2d"} | publish("1.39.0")
    assert attempts(*late, newer, discovery=SPREAD) == 1.25


def test_a_repair_installs_what_may_have_failed():
    repair = {"repair_extension": {"type": TYPE}}
    assert attempts(repair, rollback_fails="25%") == 0.25
    assert attempts(repair, max_attempts=2) == 1


def test_machines_that_come_and_go_have_two_rows_a_cycle():
    away = {"share": "50%", "on": "8h", "off": "16h"}
    part = found(groups={"m": {"count": 10, "disconnected": away}})[
        "machines of m that connect and disconnect"
    ]
    assert part.path == ("systems", "f", "groups", "m", "disconnected")
    assert part.rows == 2 * 10 * 0.5 * 90
    assert part.events == part.rows / 2


def test_what_comes_after_the_horizon_in_the_mean_costs_nothing():
    late = {"at": {"uniform": {"low": "80d", "high": "120d"}}} | publish()
    assert found(late) == {}
