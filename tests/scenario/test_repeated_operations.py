"""`every` on an operation: it is sent again and again, up to the horizon."""

from __future__ import annotations

import pytest
from shop_file import problems

import sim
from sim.cli import main
from sim.results.pictures.run_pictures import marks
from sim.scenario import Scenario
from sim.scenario.operations import MOST_OPERATIONS
from sim.simulation import Simulation

HOUR = 3600.0

TEXT = """
start: 2026-10-23T12:00
time_zone: Europe/Berlin
horizon: 5d
systems:
  p:
    kind: batch_pool
    nodes: 20
    create: 3min
operations:
  - at: "22:00"
    every: 1d
    name: night
    resize:
      nodes: 5
  - at: "06:00"
    every: 1d
    resize:
      nodes: 20
"""


def hours(scenario, name):
    """When an operation and its repetitions are sent, hours after the start."""
    named = [each for each in scenario.operations if each.name.startswith(name)]
    return [each.at.highest / HOUR for each in named]


def test_every_day_follows_the_clock_over_a_change():
    """The night to the 25th has an hour more."""
    s = Scenario.from_text(TEXT)
    assert hours(s, "night") == [10, 34, 59, 83, 107]
    assert hours(s, "resize-1") == [18, 43, 67, 91, 115]
    spring = TEXT.replace("2026-10-23", "2027-03-26")
    assert hours(Scenario.from_text(spring), "night") == [10, 34, 57, 81, 105]


def test_a_time_that_one_day_leaves_out_comes_again_on_the_next():
    text = TEXT.replace("2026-10-23", "2027-03-27").replace('"22:00"', '"02:30"')
    s = Scenario.from_text(text)
    # 02:30 of the 28th is 03:00, after 14 h; that of the 29th is 24 h after the 02:30 it would be.
    assert hours(s, "night") == [14, 37.5, 61.5, 85.5, 109.5]
    assert Scenario.from_text(s.to_yaml()) == s


@pytest.mark.parametrize(
    ("at", "every", "expected"),
    [
        ("00:00", "1d", [12, 36, 60]),  # the 29th, then the 31st: the 30th begins and ends there
        ("2011-12-30T00:00", "1d", [36, 60]),
        ("10:00", "1d", [22, 36, 46, 70]),  # 10:00 of the 30th is when that day is over
    ],
)
def test_a_day_that_is_left_out_is_one_instant_and_two_of_one_instant_are_sent_once(
    at, every, expected
):
    """Pacific/Apia went from Thursday 29 to Saturday 31 December 2011."""
    apia = TEXT.replace("2026-10-23T12:00", "2011-12-28T12:00").replace(
        "horizon: 5d", "horizon: 3d"
    )
    apia = apia.replace("Europe/Berlin", "Pacific/Apia")
    changes = {"operations.night.at": at, "operations.night.every": every}
    s = Scenario.from_text(apia).override(changes)
    assert hours(s, "night") == expected
    assert [each.times for each in s.operations if each.name == "night"] == [len(expected)]


@pytest.mark.parametrize(
    ("at", "every", "expected"),
    [
        ("10h", "1d", [10, 34, 58, 82, 106]),  # time that passes, whatever the clock shows
        ("22:00", "36h", [10, 46, 82, 118]),
        ("22:00", "2d", [10, 59, 107]),
        ("0s", "5d", [0, 120]),  # the horizon is closed
        ("sat 00:00", "1w", [12]),
    ],
)
def test_other_times_are_so_much_time_apart(at, every, expected):
    changes = {"operations.night.at": at, "operations.night.every": every}
    assert hours(Scenario.from_text(TEXT).override(changes), "night") == expected


def test_repetitions_are_numbered_and_keep_their_place_in_the_file():
    s = Scenario.from_text(TEXT)
    assert [each.name for each in s.operations] == [
        *("night", "night-2", "night-3", "night-4", "night-5"),
        *("resize-1", "resize-1-2", "resize-1-3", "resize-1-4", "resize-1-5"),
    ]
    assert {each.path for each in s.operations} == {("operations", k, "resize") for k in (0, 1)}


def test_what_is_saved_has_each_once_and_reads_back_to_the_same():
    s = Scenario.from_text(TEXT)
    assert s.to_yaml().count("every: 1d") == 2
    again = Scenario.from_text(s.to_yaml())
    assert again == s
    assert again.to_yaml() == s.to_yaml()


def test_a_path_is_that_of_the_operation_in_the_file():
    s = Scenario.from_text(TEXT).override({"operations.night.resize.nodes": 7})
    assert [each.body.nodes for each in s.operations] == [7] * 5 + [20] * 5


def test_each_is_carried_out():
    run = sim.run_one(Scenario.from_text(TEXT))
    table = run.operations
    assert table["status"].tolist() == ["Succeeded"] * 10
    assert table["operation"].tolist() == ["operations.0"] * 5 + ["operations.1"] * 5
    line = run.timeline("p", "capacity")
    assert [line.at(hour * HOUR) for hour in (0, 11, 19, 35, 58.9, 59.1)] == [
        *(1, 0.25, 1, 0.25, 1, 0.25)
    ]


def test_explain_tells_it_in_a_line(tmp_path, capsys):
    file = tmp_path / "nights.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert main(["explain", str(file)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (
        said.count("At 10h (Fri 23 Oct 22:00) and every 1d, 5 times, night: the first time node-5")
        == 1
    )
    assert "night-2" not in said
    assert "repetitions of night: 4 Succeeded" in said
    assert main(["validate", str(file)]) == 0
    assert "operations: night (5 times), resize-1 (5 times)" in capsys.readouterr().out


def test_repetitions_that_are_rejected_are_foretold_together(tmp_path, capsys):
    text = """
horizon: 5d
systems:
  p:
    kind: batch_pool
    nodes: 20
operations:
  - at: 1h
    every: 1h
    upgrade_os:
      target_os_version: WA-GUEST-OS-5.30_201904-01
"""
    file = tmp_path / "refused.yaml"
    file.write_text(text, encoding="utf-8")
    main(["validate", str(file)])
    told = [line for line in capsys.readouterr().err.splitlines() if "upgrade_os-0" in line]
    assert len(told) == 1
    assert told[0].endswith("; 119 of its repetitions are rejected too")


def test_a_picture_names_a_repetition_as_what_it_repeats():
    run = sim.run_one(Scenario.from_text(TEXT))
    found = marks(run.operations.to_dict("records"), "p", {})
    assert {mark.label for mark in found} == {"night", "resize"}
    assert len(found) == 10


def test_their_random_numbers_are_their_own_and_stay_with_their_names():
    """A fleet's releases draw by the name of the operation that is their reason."""
    text = """
horizon: 10d
systems:
  f:
    kind: arc_fleet
    machines: 3
    extensions:
      - publisher: Microsoft.Azure.Monitor
        type: AzureMonitorLinuxAgent
        version: 1.37.0
operations:
  - at: 1h
    every: 2d
    name: push
    upgrade_extensions:
      targets: {Microsoft.Azure.Monitor.AzureMonitorLinuxAgent: 1.38.0}
  - at: 2d
    name: back
    put_extension:
      publisher: Microsoft.Azure.Monitor
      type: AzureMonitorLinuxAgent
      version: 1.37.0
"""
    one = Simulation(Scenario.from_text(text)).run(0)
    fewer = Scenario.from_text(text).override({"operations.push.every": "4d"})
    other = Simulation(fewer).run(0)
    early = [log.rows["time"][log.rows["time"] < 2 * 24 * HOUR] for log in (one, other)]
    assert len(early[0]) > 3
    assert early[0].tolist() == early[1].tolist()
    repeated = [log.rows["time"] - since for log, since in ((one, 0), (one, 2 * 24 * HOUR))]
    first, second = (times[(times >= HOUR) & (times < 2 * HOUR)].tolist() for times in repeated)
    assert len(first) == len(second)
    assert first != second


def test_variants_together_may_have_so_many():
    often = TEXT.replace("every: 1d", "every: 1min", 1)
    varied = "variants:\n" + "".join(f"  v{k}: {{horizon: 7d}}\n" for k in range(25))
    (told,) = problems(often + varied)
    assert "variants: must make at most 200,000 operations in all, with their repe" in told
    # 6,601 + 5 of the file, and of each variant 9,481 + 7.
    assert told.endswith("got 243,806")


def test_there_may_be_so_many_operations_and_no_more():
    s = Scenario.from_text(TEXT.replace("horizon: 5d", "horizon: 10d"))
    few = s.override({"operations.night.every": "2min", "operations.1.every": "10d"})
    assert len(few.operations) == 1 + (240 - 10) * 30 + 1
    told = problems(
        TEXT.replace("horizon: 5d", "horizon: 10d").replace("every: 1d", "every: 1min", 1)
    )
    assert len(told) == 1
    assert f"every: must make at most {MOST_OPERATIONS:,} operations with those before" in told[0]
    assert told[0].endswith("got 13,802 up to the horizon")
