"""Machines that are disconnected at times: when they are away, and what waits for them."""

from __future__ import annotations

import pytest
from any_fleet import refused
from arc_story import fleet, starts, told
from fleet_log import Fleet
from screens import assert_screen

from sim.systems.arc_fleet.cost import parts

H, D = 3600.0, 86400.0


def away(count, share="100%", on="8h", off="16h"):
    """Machines of which a share is away at times."""
    times = f"{{share: {share}, on: {on}, off: {off}}}"
    return f"groups: {{m: {{count: {count}, disconnected: {times}}}}}"


def test_a_disconnected_machine_catches_up_when_it_is_back():
    run = fleet(machines=away(60), horizon="3d")
    waited = 0
    for k in range(60):
        gone = [time for time, state in told(run, f"m-{k}") if state == "disconnected"]
        back = [time for time, state in told(run, f"m-{k}") if state == "connected"]
        is_away = any(a <= H < min(b for b in [*back, 9 * D] if b > a) for a in gone)
        (begins,) = starts(run, f"A of m-{k}")
        assert begins == (min(b for b in back if b > H) if is_away else H)
        waited += is_away
    assert 30 < waited < 50


def test_machines_are_away_for_their_share_of_the_time_from_the_start_on():
    run = fleet("", machines=away(3000), horizon="16h")
    assert run.series("by_state:current")[-1][1] == 3000  # they serve all the same
    gone = [run.about(f"m-{k}")[:1] for k in range(3000)]
    at_start = sum(lines != [] and lines[0].startswith("0 ") for lines in gone)
    assert abs(at_start / 3000 - 2 / 3) < 0.03
    assert all(len(lines) for lines in gone)
    assert {line.split(" because ")[1] for (line,) in gone} == {"network"}


def test_only_a_share_of_the_machines_is_ever_away():
    run = fleet("", machines=away(1000, share="30%"), horizon="1d")
    ever = sum(bool(run.about(f"m-{k}")) for k in range(1000))
    assert abs(ever / 1000 - 0.3) < 0.05


def test_what_is_under_way_goes_on_while_the_machine_is_away():
    run = fleet(machines=away(40, on="10min", off="10min"))
    spent = []
    for k in range(40):
        (begins,) = starts(run, f"A of m-{k}")
        ends, state = told(run, f"A of m-{k}")[-1]
        assert (pytest.approx(ends), state) == (begins + 420, "current/1.1")
        leaves = [time for time, state in told(run, f"m-{k}") if state == "disconnected"]
        spent.append(any(begins < time < begins + 420 for time in leaves))
    assert any(spent)


def test_a_machine_that_is_away_does_not_hold_the_line():
    run = fleet(machines=away(30), max_concurrent=1, horizon="3d")
    begun = sorted(starts(run, f"A of m-{k}")[0] for k in range(30))
    assert begun[0] == H
    assert begun[5] == H + 5 * 420


# Connected by the clock --------------------------------------------------------------------------

OFFICE = '[{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}]'
FRIDAY = "start: 2026-11-20T14:00"


def laptops(count=1, share="100%", windows=OFFICE):
    """Machines of which a share is connected in windows alone."""
    away = f"{{share: {share}, windows: {windows}}}"
    return f"groups: {{m: {{count: {count}, disconnected: {away}}}}}"


def publish(at):
    return f"at: {at}, publish_extension: {{type: A, version: 1.1}}"


def test_a_laptop_is_connected_in_its_windows():
    run = fleet("", machines=laptops(), start=FRIDAY, horizon="4d")
    assert told(run, "m-0") == [
        (3 * H, "disconnected"),
        (3 * D - 5 * H, "connected"),
        (3 * D + 3 * H, "disconnected"),
        (4 * D - 5 * H, "connected"),
    ]
    assert {line.split(" because ")[1] for line in run.about("m-0")} == {"network"}


def test_a_laptop_that_is_away_at_the_start_is_so_in_the_log():
    run = fleet("", machines=laptops(), start="start: 2026-11-20T18:00", horizon="1d")
    assert told(run, "m-0") == [(0.0, "disconnected")]


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        ("1h", H),
        ("179min", 179 * 60.0),  # it ends after 17:00: what is under way goes on
        ("3h", 3 * D - 5 * H),  # 17:00 itself is not in the window
        ("4h", 3 * D - 5 * H),
    ],
)
def test_what_comes_after_five_on_friday_waits_for_monday_at_nine(at, begins):
    run = fleet(publish(at), machines=laptops(), start=FRIDAY, horizon="5d")
    assert starts(run, "A of m-0") == [begins]
    assert told(run, "A of m-0")[-1] == (begins + 420, "current/1.1")


def test_windows_follow_the_local_clock():
    """The clock goes back in the night: from noon to nine are 22 hours."""
    start = "start: 2026-10-24T12:00\ntime_zone: Europe/Berlin"
    windows = '[{from: "09:00", to: "17:00"}]'
    run = fleet(publish("6h"), machines=laptops(windows=windows), start=start, horizon="2d")
    assert starts(run, "A of m-0") == [22 * H]


def test_only_a_share_of_the_machines_is_connected_by_the_clock():
    run = fleet("", machines=laptops(1000, "30%"), start=FRIDAY, horizon="1d")
    gone = [told(run, f"m-{k}") for k in range(1000)]
    assert {tuple(each) for each in gone} == {(), ((3 * H, "disconnected"),)}
    assert abs(sum(map(bool, gone)) / 1000 - 0.3) < 0.05
    log = fleet("", machines=laptops(5, "0%"), start=FRIDAY, horizon="1d")
    assert not any(log.about(f"m-{k}") for k in range(5))


def test_the_share_that_is_away_at_an_instant_is_that_of_the_time_outside_the_windows():
    """40 of the 168 hours of a week are inside: of a half 38.1 % is away, on average."""
    run = fleet("", machines=laptops(share="50%"), start=FRIDAY, horizon="4w")
    (line,) = [line for line in run.model.describe() if line.startswith("m: ")]
    assert_screen("explain/fleet_connected_at_times", line)


def test_the_changes_of_a_week_are_what_they_cost():
    run = fleet("", machines=laptops(100, "50%"), start=FRIDAY, horizon="4w")
    (part,) = [part for part in parts(run.model) if "connect" in part.what]
    assert part.rows == 100 * 0.5 * 4 * 10


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({}, ": missing keys on and off (or windows)"),
        ({"on": "1h"}, ": missing key off"),
        ({"off": "1h"}, ": missing key on"),
        ({"windows": [{"from": "09:00", "to": "17:00"}], "on": "1h"}, ".on: must not be given"),
        ({"windows": [{"days": ["sat"], "from": "09:00", "to": "17:00"}]}, ".windows.0.days: days"),
    ],
)
def test_machines_come_and_go_by_times_or_by_windows(keys, problem):
    (found,) = refused(groups={"m": {"count": 1, "disconnected": {"share": "10%"} | keys}})
    assert found.startswith(f"systems.f.groups.m.disconnected{problem}")


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("0 m-0 -> disconnected\n100 m-0 -> connected\n400 m-0 -> disconnected", True),
        ("", False),
        ("0 m-0 -> disconnected\n100 m-0 -> connected", False),
        ("0 m-0 -> disconnected\n101 m-0 -> connected\n400 m-0 -> disconnected", False),
    ],
)
def test_the_audit_knows_when_windows_open_and_close(text, is_right):
    """The log begins at 00:00; its window is from 100 s to 400 s of the day."""
    window = {"from": "00:01:40", "to": "00:06:40"}
    away = {"share": "100%", "windows": [window]}
    found = Fleet(groups={"m": {"count": 1, "disconnected": away}})
    rule = "f: a machine was not connected as its windows say"
    assert found.model.audit(found.stack(text)) == (None if is_right else rule)
