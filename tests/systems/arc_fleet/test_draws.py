"""What is drawn for machines that install an extension."""

from __future__ import annotations

import numpy as np
import pytest
from fleet_log import Fleet

from sim.core.random_streams import draws
from sim.systems.arc_fleet import draws as module
from sim.systems.arc_fleet.draws import Faults, InstallDraws
from sim.systems.arc_fleet.requests import AlwaysUnhealthy

NO_FAULTS = Faults("", 0.0)
SPREAD = {"uniform": {"low": "1min", "high": "9h"}}


def drawn(faults=NO_FAULTS, reason="publish_extension-0", members=range(4), run=0, **spec):
    fleet = Fleet(**spec)
    layout = fleet.model.layout
    (extension,) = layout.extensions
    return InstallDraws(draws(1, run), layout, extension, reason, faults, members)


def test_an_installation_is_watched_for_the_whole_window():
    found = drawn(install="2min").installation(0)
    assert found == ([120.0] * 4, [300.0] * 4, [False] * 4)


def test_an_early_verdict_comes_when_the_machine_is_healthy():
    early = {"install": "2min", "verdict": "early"}
    assert drawn(**early, healthy_after="5min").installation(0)[1:] == ([300.0] * 4, [False] * 4)
    assert drawn(**early, healthy_after="1min").installation(0)[1:] == ([60.0] * 4, [False] * 4)
    assert drawn(**early, healthy_after="301s").installation(0)[1:] == ([300.0] * 4, [True] * 4)


def test_a_bad_attempt_is_found_out_at_the_end_of_the_window():
    found = drawn(Faults("", 1.0), verdict="early", healthy_after="1min").installation(0)
    assert found[1:] == ([300.0] * 4, [True] * 4)


def test_a_rollback_and_the_time_to_the_retry_are_drawn_with_it():
    draw = drawn(rollback="90s", rollback_fails="100%", retry_after="3d")
    assert draw.rollback(0) == ([90.0] * 4, [True] * 4)
    assert draw.retry_after(7) == [3 * 86400.0] * 4


def test_a_part_of_the_machines_draws_what_they_would_draw_in_the_whole():
    whole, part = (drawn(members=m, install=SPREAD) for m in (range(9), range(5, 9)))
    assert part.installation(3)[0] == whole.installation(3)[0][5:]


@pytest.mark.parametrize(
    "other", [{"reason": "upgrade_extensions-0"}, {"run": 1}], ids=["reason", "run"]
)
def test_each_reason_attempt_and_run_draws_for_itself(other):
    one, another = drawn(install=SPREAD), drawn(install=SPREAD, **other)
    assert not set(one.installation(0)[0]) & set(another.installation(0)[0])
    assert not set(one.installation(0)[0]) & set(one.installation(1)[0])


def test_a_release_that_is_bad_on_some_machines_is_so_at_every_attempt_and_for_every_reason():
    law = Faults("publish_extension-0", AlwaysUnhealthy(machines=0.5))
    first = drawn(law, members=range(400)).installation(0)[2]
    assert 150 < sum(first) < 250
    again = drawn(law, reason="upgrade_extensions-0", members=range(400)).installation(5)[2]
    assert again == first


def test_a_release_may_be_bad_on_an_operating_system():
    law = Faults("publish_extension-0", AlwaysUnhealthy(os="windows"))
    for os in ("windows", "linux"):
        groups = {"m": {"count": 4, "os": os}}
        assert drawn(law, groups=groups).installation(0)[2] == [os == "windows"] * 4


def test_attempts_that_are_no_longer_kept_are_drawn_again(monkeypatch):
    monkeypatch.setattr(module, "FEWEST", 2)
    monkeypatch.setattr(module, "KEPT", 0)
    draw = drawn(install=SPREAD)
    first = draw.installation(0)
    for attempt in range(1, 6):
        draw.installation(attempt)
    assert draw.installation(0) is not first
    assert np.array_equal(draw.installation(0), first)
