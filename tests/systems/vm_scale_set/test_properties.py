"""Properties that hold in every run of a scale set, whatever befalls it."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from by_the_clock import by_the_clock
from hypothesis import assume, example, given
from hypothesis import strategies as st
from minutes import Openings
from scale_set_rows import changes, histories
from wild import often, simulation_of
from wild_scale_set import GRID_S, HORIZON_MIN, scenario

from sim.core.stack import Stack

sets = st.integers(0, 10**9).map(lambda seed: scenario(Random(seed)))
clocked = st.builds(by_the_clock, st.randoms(use_true_random=False), sets)
surging = sets.map(lambda tree: with_policy(tree, max_surge=True) if may_surge(tree) else tree)

UPGRADED = "max_unhealthy_upgraded_instance_percent"
STARTS = ("extensions updating", "creating", "updating", "reimaging", "restarting", "restoring")
GONE = ("absent", "deleting")
FOLLOWS = {
    "absent": {"creating"},
    "healthy": {"unhealthy", "failed", "deleting", *STARTS} - {"creating"},
    "extensions updating": {"healthy", "initializing", "failed", "deleting", *STARTS}
    - {"creating"},
    "initializing": {"healthy", "unhealthy", "deleting", *STARTS}
    - {"creating", "extensions updating"},
    "unhealthy": {"healthy", "deleting", *STARTS} - {"creating", "extensions updating"},
    "failed": {"healthy", "deleting", *STARTS} - {"creating", "extensions updating"},
    "creating": {"creating", "initializing", "deleting"},
    "updating": {"initializing", "updating", "reimaging", "deleting"},
    "reimaging": {"initializing", "reimaging", "deleting"},
    "restoring": {"healthy", "reimaging", "deleting"},
    "restarting": {"initializing", "updating", "reimaging", "deleting"},
    "deleting": {"absent"},
}
"""What may come next. None that is out serves before it has started."""


class Batch(NamedTuple):
    """A batch of a rolling upgrade: what stood in the log before it, and what it began."""

    upgrade: str
    since: float
    until: float
    before: dict
    """Number -> status and model, of those that are there."""
    begun: list
    """(number, status) of what the batch began with instances, in order."""


def may_surge(tree):
    system = tree["systems"]["s"]
    return system["orchestration"] == "uniform" or "automatic_os_upgrade" not in system


def with_policy(tree, **keys):
    system = tree["systems"]["s"]
    policy = system["upgrade_policy"] | keys
    return tree | {"systems": {"s": system | {"upgrade_policy": policy}}}


def without_unknown_versions(tree):
    """The same with the versions only that it names, as some operations are left out."""
    system = tree["systems"]["s"]
    bare = tree | {"systems": {"s": {**system, "versions": {}}}}
    known = {part for model in simulation_of(bare).models["s"].layout.models for part in model}
    kept = {name: law for name, law in system.get("versions", {}).items() if name in known}
    return tree | {"systems": {"s": system | {"versions": kept}}}


def run(tree, replication=0):
    simulation = simulation_of(tree)
    return simulation, simulation.run(replication)


def spec_of(simulation):
    return simulation.models["s"].layout.spec


def walk(log):
    """The rows one after the other: (kind, name, time, status, version, cause)."""
    for row in log.rows:
        block = log.subjects.block_of(row["subject"])
        name = log.subjects.name(row["subject"])
        code, cause = int(row["new"]), log.subjects.name(row["cause"])
        status, version = block.states.status(code), block.states.version(code)
        if block.kind == "instance":
            name = int(row["subject"]) - block.first
        yield block.kind, name, float(row["time"]), status, version, cause


def at_first(simulation):
    """Number -> status and version, at time 0."""
    block = simulation.models["s"].layout.instances
    codes = enumerate(block.initial.tolist())
    return {n: (block.states.status(c), block.states.version(c)) for n, c in codes if c}


def batches(simulation, log):
    """Every batch of the rolling upgrades."""
    now, found, open_one = at_first(simulation), [], None
    for kind, name, time, status, version, cause in walk(log):
        if kind == "batch" and status == "upgrading":
            upgrade = cause.removeprefix("upgrade by ")
            open_one = Batch(upgrade, time, log.horizon, dict(now), [])
            found.append(open_one)
        elif kind == "batch" and open_one is not None:
            found[-1] = found[-1]._replace(until=time)
            open_one = None
        elif kind == "instance":
            now[name] = status, version
            if status == "absent":
                del now[name]
            if cause == "batch of s" and status in (*STARTS, "deleting"):
                assert open_one is not None, (name, time, status)  # no batch is under way
                open_one.begun.append((name, status))
    return found


def instants(simulation, log):
    """After each row its time, and number -> status and version, of those that are there."""
    now = at_first(simulation)
    yield 0.0, now
    for kind, name, time, status, version, _ in walk(log):
        if kind == "instance":
            now = {number: state for number, state in now.items() if number != name}
            if status != "absent":
                now[name] = status, version
            yield time, now


def present(states):
    return [number for number, (status, _) in states.items() if status != "deleting"]


def limit(spec, count):
    """What a batch may take of so many."""
    most = 1
    while (most + 1) <= spec.upgrade_policy.max_batch_instance_percent * count + 1e-9:
        most += 1
    return most


# Runs


@often(60)
@given(st.one_of(sets, clocked))
@example(scenario(Random(280)))  # one is restored, and another goes back, at the same instant
def test_every_log_passes_the_audit(tree):
    for k in range(2):
        simulation, log = run(tree, k)
        assert Stack([log]).audit() is None
        assert simulation.models["s"].audit(Stack([log])) is None


@often(30)
@given(st.one_of(sets, clocked))
def test_equal_arguments_give_equal_logs(tree):
    assert run(tree, 3)[1].equals(run(tree, 3)[1])


@often(60)
@given(sets, st.integers(1, 2 * HORIZON_MIN - 1))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(tree, half_minutes):
    until = half_minutes * GRID_S
    named = [each | {"name": f"operation-{k}"} for k, each in enumerate(tree["operations"])]
    early = [each for each in named if int(each["at"][:-1]) <= until]
    short = {"operations": early, "horizon": f"{until}s"}
    begun = run(without_unknown_versions(tree | short))
    whole = run(tree | {"operations": named})
    expected = {
        number: [row for row in rows if row[0] <= until]
        for number, rows in histories(*whole).items()
        if rows[0][0] <= until
    }
    assert histories(*begun) == expected


# What an instance goes through


@often(60)
@given(sets)
def test_an_instance_that_is_out_serves_only_after_it_has_started(tree):
    simulation, log = run(tree)
    states = at_first(simulation)
    for number, rows in histories(simulation, log).items():
        story = [states.get(number, ("absent", ""))[0], *(row[1] for row in rows)]
        for old, new in pairwise(story):
            assert new in FOLLOWS[old], (number, old, new)


@often(60)
@given(sets)
def test_a_model_changes_only_where_something_is_begun(tree):
    simulation, log = run(tree)
    for rows in histories(simulation, log).values():
        for old, new in pairwise(rows):
            if old[2] != new[2]:
                assert new[1] in (*STARTS, "absent")


@often(60)
@given(sets)
def test_an_instance_that_failed_serves_again_only_when_its_recovery_is_over(tree):
    simulation, log = run(tree)
    rows = histories(simulation, log)
    spec = spec_of(simulation)
    if spec.failures is None:
        return
    least = spec.failures.recovery.quantile(np.zeros(1)).item()
    for story in rows.values():
        failed = None
        for time, status, _, _ in story:
            if status == "failed":
                failed = time
            elif status in GONE:
                failed = None
            elif failed is not None and status in ("healthy", "extensions updating"):
                assert time >= failed + least


# How many there are


@often(80)
@given(st.one_of(sets, surging))
def test_there_are_as_many_as_asked_for_and_a_batch_more_while_it_surges(tree):
    """Those that are replaced are among them, as they come again."""
    simulation, log = run(tree)
    now, size, extra, counts = at_first(simulation), tree["systems"]["s"]["instances"], 0, {}
    replaced, surged = set(), set()
    for kind, name, time, status, version, cause in walk(log):
        if kind == "size":
            size = int(version)
        elif kind == "batch":
            surged = set()
        elif kind == "instance":
            if status == "creating" and cause == "batch of s" and name not in now:
                surged.add(name)
            if status == "deleting" and cause == "batch of s":
                # In turn with a new one; what does not get healthy is itself the new one.
                surged.discard(name if name in surged else next(iter(surged)))
            if cause == "automatic repairs" and status == "deleting":
                replaced.add(name)
            elif status in STARTS:
                replaced.discard(name)
            now[name] = status, version
            if status == "absent":
                del now[name]
        extra = len(surged)
        counts[time] = len(present(now)) + len(replaced) - extra, size
    assert all(there == asked for there, asked in counts.values())


@often(60)
@given(st.one_of(sets, surging), st.integers(0, 3))
def test_there_are_never_more_than_the_quota_allows(tree, more):
    quota = tree["systems"]["s"]["quota"] = tree["systems"]["s"]["instances"] + more
    simulation, log = run(tree)
    assert simulation.models["s"].timeline(log, "instances").values.max() <= quota


# Batches


@often(80)
@given(st.one_of(sets, surging))
def test_a_batch_takes_no_more_than_its_share_of_one_zone_and_one_domain(tree):
    simulation, log = run(tree)
    layout = simulation.models["s"].layout
    for each in batches(simulation, log):
        surges = any(status == "deleting" for _, status in each.begun)
        taken = {number for number, status in each.begun if status != "deleting"}
        assert 1 <= len(taken) <= limit(layout.spec, len(present(each.before)))
        if not layout.spec.upgrade_policy.enable_cross_zone_upgrade:
            assert len({layout.zone_of[number] for number in taken}) == 1
        if not surges and not taken - set(each.before):
            assert len({number % layout.domains for number in taken}) == 1


@often(60)
@given(st.one_of(sets, surging))
def test_a_surge_deletes_as_many_as_it_created(tree):
    simulation, log = run(tree)
    for each in batches(simulation, log):
        created = [number for number, status in each.begun if status == "creating"]
        deleted = [number for number, status in each.begun if status == "deleting"]
        assert not deleted or len(deleted) == len(created)


@often(60)
@given(sets)
def test_what_an_upgrade_takes_out_in_place_is_never_more_than_a_batch(tree):
    """Those that wait for it: who is given up, or is back, or was taken by another, is not out."""
    simulation, log = run(with_policy(tree, max_surge=False))
    is_seen = spec_of(simulation).health.source != "none"
    waits = (*STARTS, "deleting", *(("initializing",) if is_seen else ()))
    taken = set()
    for kind, name, _, status, _, cause in walk(log):
        if kind == "batch":
            assert status == "upgrading" or not taken
        elif kind == "instance":
            if cause == "batch of s" and status in STARTS:
                taken.add(name)
            elif status not in waits:
                taken.discard(name)


@often(60)
@given(sets)
def test_batches_keep_their_pause_and_none_begins_outside_a_window(tree):
    simulation, log = run(tree)
    openings = Openings(simulation.scenario)
    windows = {
        each.name: getattr(each.body, "windows", ()) for each in simulation.scenario.operations
    }
    pause = spec_of(simulation).upgrade_policy.pause_time_between_batches
    found = batches(simulation, log)
    for each in found:
        if windows[each.upgrade]:
            assert openings.are_open(windows[each.upgrade], each.since)
    for one, other in pairwise(found):
        assert other.since >= one.until
        if one.upgrade == other.upgrade:
            assert other.since >= one.until + pause


@often(60)
@given(sets)
def test_an_upgrade_takes_nobody_twice_not_even_one_that_got_its_disk_back(tree):
    """Where nobody reimages, or scales, what is at its model stays there."""
    others = ("reimage", "scale")
    asked = [each for each in tree["operations"] if not set(each) & set(others)]
    assume(asked)
    lenient = dict.fromkeys(("max_unhealthy_instance_percent", UPGRADED), "100%")
    tree = with_policy(tree | {"operations": asked}, max_surge=False, **lenient)
    simulation, log = run(without_unknown_versions(tree))
    taken = defaultdict(list)
    for each in batches(simulation, log):
        taken[each.upgrade] += [number for number, _ in each.begun]
    for numbers in taken.values():
        assert len(numbers) == len(set(numbers))


# Upgrades and requests


@often(60)
@given(sets)
def test_nothing_is_begun_for_an_upgrade_that_has_ended(tree):
    simulation, log = run(tree)
    told = changes(log, "upgrade")
    ends = {
        name: rows[-1][0]
        for name, rows in told.items()
        if rows[-1][1] not in ("upgrading", "rolling_back")
    }
    for rows in histories(simulation, log).values():
        for time, status, _, cause in rows:
            name = cause.removeprefix("upgrade by ")
            if status in STARTS and name in told:
                assert told[name][0][0] <= time <= ends.get(name, log.horizon)
    for each in batches(simulation, log):
        assert each.until <= ends.get(each.upgrade, log.horizon)


@often(60)
@given(sets)
def test_one_rolling_upgrade_at_a_time_and_each_request_ends_with_its_upgrade(tree):
    simulation, log = run(tree)
    asked, told = changes(log, "operation"), changes(log, "upgrade")
    is_manual = spec_of(simulation).upgrade_policy.mode == "manual"
    for name, rows in told.items():
        if not (is_manual and name.startswith("update_model")):
            times = [row[0] for row in rows if row[1] != "rolling_back"]
            begins, *ends = [row[0] for row in asked[name]]
            assert (ends, begins) == (times[1:], min(begins, times[0]))
            assert begins == times[0] or name.startswith("publish_image")
    running = [
        (rows[0][0], rows[-1][0] if len(rows) > 1 else log.horizon + 1)
        for name, rows in told.items()
        if name.startswith("start_")
    ]
    for (_, end), (begin, _) in pairwise(sorted(running)):
        assert end <= begin


@often(60)
@given(sets)
def test_cancelled_or_not_no_batch_begins_after_a_cancel_that_is_accepted(tree):
    simulation, log = run(tree)
    begins = [each.since for each in batches(simulation, log)]
    ends = sorted(rows[-1][0] for rows in changes(log, "upgrade").values())
    for name, rows in changes(log, "operation").items():
        if name.startswith("cancel") and rows[0][1] == "InProgress":
            done = rows[-1][0] if len(rows) > 1 else log.horizon
            assert len(rows) == 1 or done in ends
            assert not any(rows[0][0] < begin < done for begin in begins)


@often(60)
@given(sets)
def test_nobody_touches_an_instance_that_is_protected_but_a_request_that_names_it(tree):
    simulation, log = run(tree)
    bodies = {each.name: each.body for each in simulation.scenario.operations}
    protected = set()
    for kind, name, _, status, _, cause in walk(log):
        if kind == "operation" and name.startswith("set_protection") and status == "Succeeded":
            named, is_on = bodies[name].instances, bodies[name].protect_from_scale_set_actions
            now = set(named) if named != "all" else set(range(simulation.models["s"].layout.room))
            protected = protected | now if is_on else protected - now
        elif kind == "instance" and status == "absent":
            protected.discard(name)
        elif kind == "instance" and name in protected and status in (*STARTS, "deleting"):
            is_in_turn = status == "restoring" or cause.startswith("manual_upgrade")
            is_replaced = cause == "batch of s" and status == "deleting"
            # "all" names numbers that are not there yet, too; those are not protected.
            assert is_in_turn or is_replaced or status == "creating"


# What is told


@often(60)
@given(st.one_of(sets, surging), st.integers(0, 2 * HORIZON_MIN))
def test_the_progress_adds_up_to_the_instances(tree, half_minutes):
    """At a time at random, and while the first one is restored."""
    simulation, log = run(tree)
    rows = [row for rows in histories(simulation, log).values() for row in rows]
    restored = [time for time, status, *_ in rows if status == "restoring"]
    for at in {half_minutes * GRID_S, min(restored, default=0.0)}:
        shown = simulation.models["s"].status(log, at)
        counts = {time: states for time, states in instants(simulation, log) if time <= at}
        states = counts[max(counts)]
        assert shown["instances"] == len(states) == sum(shown["statuses"].values())
        assert sum(shown["latestModelApplied"].values()) == len(states)
        assert sum(shown["versions"].values()) == len(states)
        for each in shown.get("osUpgradeHistory", ()):
            end = each["runningStatus"]["endTime_s"]
            then = max(time for time in counts if time <= (at if end is None else end))
            assert sum(each["progress"].values()) == len(present(counts[then]))
        latest = shown.get("rollingUpgrades/latest")
        if latest and latest["runningStatus"]["code"].startswith("Rolling"):
            assert sum(latest["progress"].values()) == len(present(states))


@often(60)
@given(sets)
def test_the_latest_rolling_upgrade_is_the_one_that_began_last(tree):
    """Also where it took no batch, or was to bring what the one before it did not."""
    asked = [each for each in tree["operations"] if "publish_image" not in each]
    assume(asked and tree["systems"]["s"]["health"]["source"] != "none")
    tree = without_unknown_versions(tree | {"operations": asked})
    simulation, log = run(with_policy(tree, mode="rolling"))
    told = changes(log, "upgrade")
    shown = simulation.models["s"].status(log, log.horizon).get("rollingUpgrades/latest")
    assert (shown is None) == (not told)
    if shown is not None:
        name, rows = max(enumerate(told.items()), key=lambda each: (each[1][1][0][0], each[0]))[1]
        codes = {"completed": "Completed", "failed": "Faulted", "cancelled": "Cancelled"}
        codes |= {"upgrading": "RollingForward", "rolling_back": "RollingBack"}
        assert shown["runningStatus"]["startTime_s"] == rows[0][0]
        assert shown["runningStatus"]["code"] == codes[rows[-1][1]]
        rule = changes(log, "operation")[name][-1][2]
        assert (shown["error"] or {"code": ""})["code"] == ("" if rule == "cancelled" else rule)


@often(60)
@given(st.one_of(sets, surging))
def test_metrics_and_the_rows_tell_of_as_many_batches_and_as_large_a_surge(tree):
    simulation, log = run(tree)
    values, _ = simulation.models["s"].measure(Stack([log]), 0.0)
    found = batches(simulation, log)
    assert values["", "batches"][0] == len(found)
    created = [
        len([n for n, status in each.begun if status == "creating" and n not in each.before])
        for each in found
        if each.since < each.until  # no peak that lasts no time
    ]
    if ("", "surge_peak") in values:
        assert values["", "surge_peak"][0] == max(created, default=0)
    restored = sum(
        old[1] == "restoring" and new[1] != "restoring"
        for rows in histories(simulation, log).values()
        for old, new in pairwise(rows)
    )
    assert values["", "instances_rolled_back"][0] == pytest.approx(restored)
