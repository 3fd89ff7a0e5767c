"""Times by the clock, wherever a scenario file may have them."""

from __future__ import annotations

import re

import jsonschema
import pytest
from places import TESTS

import sim
from sim.cli import main
from sim.experiments.objectives import describe
from sim.files import load
from sim.scenario import Scenario
from sim.scenario.file import json_schema

HOUR = 3600.0
FILE = TESTS / "corpus" / "good" / "clock.yaml"


def test_clock_times_are_those_after_the_start():
    s = load(FILE)
    assert s.horizon == 16 * HOUR
    assert [each.at.mean for each in s.operations] == [8 * HOUR, 13 * HOUR, 15 * HOUR]
    assert s.objectives[0].at_most == 12 * HOUR


def test_what_is_saved_keeps_clock_times_and_reads_back_to_the_same():
    s = load(FILE)
    saved = s.to_yaml()
    assert "- at: '2026-11-20T22:00:00'\n" in saved
    assert Scenario.from_text(saved) == s
    assert Scenario.from_text(saved).to_yaml() == saved


@pytest.mark.parametrize(
    ("start", "zone", "saved"),
    [
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T02:30:00"),
        ("2026-10-25T00:30Z", "Europe/Berlin", "2026-10-25T02:30:00"),
        ("2026-10-25T01:30Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00"),  # the second one
        ("2027-03-28T02:30", "Europe/Berlin", "2027-03-28T03:00:00"),
        ("1917-12-27T20:40Z", "Europe/Moscow", "1917-12-27T20:40:00+00:00"),  # and 19 seconds
    ],
)
def test_a_start_at_a_change_of_the_clock_is_saved_so_that_it_reads_back(start, zone, saved):
    text = FILE.with_name("minimal.yaml").read_text(encoding="utf-8")
    s = Scenario.from_text(f"start: {start}\ntime_zone: {zone}\n{text}")
    assert f"start: '{saved}'\n" in s.to_yaml()
    again = Scenario.from_text(s.to_yaml())
    assert again.start.isoformat() == s.start.isoformat()
    assert again == s


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"),  # an hour apart, as both are shown
        ("2026-11-20T14:00+01:00", "2026-11-20T13:00Z"),  # at one instant the clocks differ
    ],
)
def test_scenarios_whose_clocks_differ_are_not_equal(one, other):
    text = FILE.with_name("minimal.yaml").read_text(encoding="utf-8")
    zone = "time_zone: Europe/Berlin\n" if "10-25" in one else ""
    made = [Scenario.from_text(f"start: {start}\n{zone}{text}") for start in (one, other, one)]
    assert made[0] == made[2]
    assert made[0] != made[1]


@pytest.mark.parametrize(
    ("path", "value", "hours"), [("operations.0.at", "fri 23:00", 9), ("horizon", "sat 07:00", 17)]
)
def test_an_override_may_be_a_clock_time(path, value, hours):
    s = load(FILE).override({path: value})
    assert hours * HOUR in (s.horizon, s.operations[0].at.mean)


def test_a_bound_on_when_all_is_done_is_shown_by_the_clock():
    s = load(FILE)
    assert describe(s.objectives[0], s) == "done_at <= Sat 21 Nov 02:00 in all runs"
    without = load(FILE.with_name("minimal.yaml"))
    late = {"metric": "done_at", "at_most": "12h"}
    upgrade = [{"at": "1h", "upgrade_deployment": {}}]
    s = without.override({"objectives": [late], "operations": upgrade})
    assert describe(s.objectives[0], s) == "done_at <= 12h in all runs"


def test_a_verdict_on_it_is_told_by_the_clock(capsys):
    fixed = ["--set", "systems.shop.roles.WebRole.restart=4min", "--no-files"]
    assert main(["run", str(FILE), *fixed]) == 0
    said = capsys.readouterr().out
    assert "met: done at <= Sat 21 Nov 02:00 in all runs" in said
    assert re.search(r"^done at +Fri 20 Nov 22:20$", said, re.MULTILINE)
    assert "deterministic: Fri 20 Nov 22:20 meets the bound" in " ".join(said.split())
    assert main(["run", str(FILE), *fixed, "--set", "objectives.0.at_most=22:10"]) == 1


def test_explain_tells_a_clock_time(capsys):
    assert main(["explain", str(FILE)]) == 0
    assert "At 8h (Fri 20 Nov 22:00), upgrade_deployment-0" in capsys.readouterr().out


def test_what_happened_is_told_by_the_clock():
    s = load(FILE).override({"systems.shop.roles.WebRole.restart": "4min"})
    told = sim.run_one(s).explain().splitlines()
    assert told[0] == "upgrade_deployment-0 at Fri 20 Nov 22:00: Succeeded at Fri 20 Nov 22:20."
    assert "shop: capacity falls by 20 % at Fri 20 Nov 22:00 for 20min" in "".join(told)


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("horizon", "22:00", True),
        ("horizon", "sat 22:00", True),
        ("horizon", "2026-11-21T22:00", True),
        ("horizon", "6h", True),
        ("horizon", "25:00", False),
        ("horizon", "Sat 22:00", False),
        ("time_zone", "America/Argentina/Buenos_Aires", True),
        ("time_zone", "../etc/localtime", False),
    ],
)
def test_editors_are_told_how_a_time_is_written(key, value, fits):
    fields = json_schema()["properties"]
    assert jsonschema.Draft202012Validator(fields[key]).is_valid(value) is fits
