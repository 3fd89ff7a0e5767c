"""Properties that hold in every run of an Arc fleet, whatever befalls it."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from wild import often
from wild_fleet import scenario

from sim.log import Stack
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.arc_fleet import fleet
from sim.systems.arc_fleet.states import EXTENSION, ROLLING_BACK, WIDTH

fleets = st.integers(0, 10**9).map(lambda seed: scenario(Random(seed)))


def simulation_of(tree):
    return Simulation(Scenario.from_dict(tree))


def canonical(log):
    """The rows in order of time and subject, each subject's in its own order."""
    return log.rows[np.lexsort((log.rows["subject"], log.rows["time"]))]


def of_extensions(log):
    """(block, the number within it, row) of each row of an extension."""
    blocks = log.subjects.of("p", "extension")
    for block in blocks:
        rows = log.rows[
            (log.rows["subject"] >= block.first) & (log.rows["subject"] < block.first + block.count)
        ]
        for row in rows:
            yield block, int(row["subject"]) - block.first, row


def by_machine(simulation, log):
    """(group, machine) -> type -> its rows as (time, status, version)."""
    found = {}
    layout = simulation.models["p"].layout
    for each, block in zip(layout.extensions, log.subjects.of("p", "extension"), strict=True):
        for row in log.rows:
            machine = int(row["subject"]) - block.first
            if 0 <= machine < block.count:
                version, status = divmod(int(row["new"]), WIDTH)
                story = found.setdefault((each.group, machine), {}).setdefault(each.type, [])
                story.append((float(row["time"]), EXTENSION[status], each.versions[version]))
    return found


@often(150)
@given(fleets)
def test_every_log_passes_the_audit(tree):
    simulation = simulation_of(tree)
    for k in range(2):
        stack = Stack([simulation.run(k)])
        assert stack.audit() is None
        assert simulation.models["p"].audit(stack) is None


@often(30)
@given(fleets)
def test_equal_arguments_give_equal_logs(tree):
    assert simulation_of(tree).run(3).equals(simulation_of(tree).run(3))


@often(60)
@given(fleets, st.integers(1, 5))
def test_machines_that_nothing_couples_have_the_same_log_in_parts_of_any_size(tree, size):
    tree["systems"]["p"].pop("max_concurrent", None)
    simulation = simulation_of(tree)
    whole = simulation.run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet, "TOGETHER", size)
        parts = simulation.run()
    assert np.array_equal(canonical(parts), canonical(whole))


@often(60)
@given(fleets)
def test_a_limit_that_never_binds_changes_nothing(tree):
    """All machines in one environment, in line for a turn that is always free."""
    free = tree["systems"]["p"]
    free.pop("max_concurrent", None)
    bound = tree | {"systems": {"p": free | {"max_concurrent": "100%"}}}
    one, other = simulation_of(tree).run(), simulation_of(bound).run()
    assert np.array_equal(canonical(one), canonical(other))


@often(60)
@given(fleets, st.integers(1, 143))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(tree, tens):
    late = [each for each in tree["operations"] if int(each["at"][:-3]) > 10 * tens]
    early = [each for each in tree["operations"] if int(each["at"][:-3]) <= 10 * tens]
    operations = [
        each | {"name": f"operation-{k}"} for k, each in enumerate(early + late)
    ]  # alike names in both
    assume(early)
    whole = simulation_of(tree | {"operations": operations}).run()
    short = {"horizon": f"{tens}0min", "operations": operations[: len(early)]}
    begun = simulation_of(tree | short).run()
    lines = [line for line in whole.lines() if float(line.split()[0]) <= 600 * tens]
    assert sorted(begun.lines()) == sorted(lines)


@often(60)
@given(fleets)
def test_an_extension_that_is_not_enrolled_never_changes_unless_a_request_names_it(tree):
    asks = ("publish_extension", "repair_extension")
    tree["operations"] = [each for each in tree["operations"] if set(each) & set(asks)]
    assume(tree["operations"])
    extensions = tree["systems"]["p"]["extensions"]
    enrolled = {each["type"] for each in extensions if each["enable_automatic_upgrade"]}
    simulation = simulation_of(tree)
    log = simulation.run()
    assert {block.group for block, _, _ in of_extensions(log)} <= enrolled


@often(100)
@given(fleets)
def test_versions_go_down_only_by_a_rollback_or_by_a_request_that_names_an_older_one(tree):
    simulation = simulation_of(tree)
    log = simulation.run()
    for _block, _, row in of_extensions(log):
        old, status = divmod(int(row["old"]), WIDTH)
        if int(row["new"]) // WIDTH < old and status != ROLLING_BACK:
            name = log.subjects.name(row["cause"])
            assert "put_extension" in name or "upgrade_extensions" in name


@often(100)
@given(fleets)
def test_a_machine_applies_one_extension_at_a_time(tree):
    simulation = simulation_of(tree)
    for stories in by_machine(simulation, simulation.run()).values():
        spells = sorted(spell for story in stories.values() for spell in busy(story))
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spells))


def busy(story):
    """From when to when an extension kept its machine busy, if for any time at all."""
    begun = None
    for time, status, _ in story:
        if status == "installing":
            begun = time
        elif begun is not None and status in ("current", "backing_off", "failed"):
            if begun < time:
                yield begun, time
            begun = None
    if begun is not None:
        yield begun, np.inf


APART = {
    "horizon": "60d",
    "systems": {
        "p": {
            "kind": "arc_fleet",
            "machines": 25,
            "also_supported": ["P/A", "P/B", "P/C"],
            "extensions": [
                {"publisher": "P", "type": kind, "version": "1.0", "enable_automatic_upgrade": True}
                for kind in "ABC"
            ],
            "discovery": {"uniform": {"low": "0s", "high": "6h"}},
            "retry_after": {"uniform": {"low": "1h", "high": "6h"}},
        }
    },
}


@often(20)
@given(st.integers(0, 999), st.sampled_from(["1h", "61min", "7h"]))
def test_a_failure_in_one_extension_leaves_the_others_as_they_are(seed, at):
    """The same story on its machine, if later; on every other machine to the last digit."""

    def run(unhealthy):
        laws = {"A": unhealthy, "B": "30%", "C": "30%"}
        operations = [
            {
                "at": "1h" if kind == "A" else at,
                "publish_extension": {"type": kind, "version": "1.1", "unhealthy": law},
            }
            for kind, law in laws.items()
        ]
        simulation = simulation_of(APART | {"seed": seed, "operations": operations})
        return by_machine(simulation, simulation.run())

    good, bad = run("0%"), run({"machines": "40%"})
    hit = {
        machine
        for machine, stories in bad.items()
        if any(status == "unhealthy" for _, status, _ in stories["A"])
    }
    assert 0 < len(hit) < 25
    for machine, stories in bad.items():
        if machine not in hit:
            assert stories == good[machine]
        else:
            assert [verdicts(stories[kind]) for kind in "BC"] == [
                verdicts(good[machine][kind]) for kind in "BC"
            ]
            assert [durations(stories[kind]) for kind in "BC"] == [
                durations(good[machine][kind]) for kind in "BC"
            ]


def verdicts(story):
    """What became of each attempt."""
    return [(status, version) for _, status, version in story if status != "waiting"]


def durations(story):
    """How long each installation took."""
    times = [(time, status) for time, status, _ in story if status != "waiting"]
    return [end - begin for (begin, status), (end, _) in pairwise(times) if status == "installing"]
