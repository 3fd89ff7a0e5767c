"""Machines that are disconnected at times: when they are away, and what waits for them."""

from __future__ import annotations

import pytest
from arc_story import fleet, starts, told

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
