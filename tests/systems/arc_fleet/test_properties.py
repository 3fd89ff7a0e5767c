"""Properties that hold in every run of an Arc fleet, whatever happens to it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import inf
from random import Random

import pytest
from by_the_clock import by_the_clock
from fleet_rows import Member, by_machine, changes, histories, spells
from hypothesis import assume, given
from hypothesis import strategies as st
from minutes import Openings
from wild import often, simulation_of
from wild_fleet import scenario

from sim.core.rounding import at_most
from sim.core.stack import Stack
from sim.systems.arc_fleet.scopes import Scopes
from sim.systems.arc_fleet.versions import upgrades, version_key

fleets = st.integers(0, 10**9).map(lambda seed: scenario(Random(seed)))
clocked = st.builds(by_the_clock, st.randoms(use_true_random=False), fleets)
BUSY = ("installing", "watching", "unhealthy", "rolling_back")
PUBLICATION = "upgrade by publish_extension"


def run(tree, replication=0):
    """A run, with what each extension of it comes to."""
    simulation = simulation_of(tree)
    log = simulation.run(replication)
    return simulation, log, histories(simulation, log)


# Runs


@often(150)
@given(st.one_of(fleets, clocked))
def test_every_log_passes_the_audit(tree):
    simulation = simulation_of(tree)
    for k in range(2):
        stack = Stack([simulation.run(k)])
        assert stack.audit() is None
        assert simulation.models["p"].audit(stack) is None


@often(30)
@given(st.one_of(fleets, clocked))
def test_equal_arguments_give_equal_logs(tree):
    assert simulation_of(tree).run(3).equals(simulation_of(tree).run(3))


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


# What an extension goes through

FOLLOWS = {
    "absent": {"installing"},
    "current": {"waiting", "installing"},
    "waiting": {"installing", "current"},
    "installing": {"watching", "unhealthy"},
    "watching": {"current"},
    "unhealthy": {"rolling_back", "failed"},
    "rolling_back": {"current", "backing_off", "failed"},
    "backing_off": {"waiting", "installing", "current"},
    "failed": {"installing"},
}
"""What may come next. So what is under way finishes, whoever opts out, pushes or puts meanwhile."""
GOES = {"current", "waiting", "backing_off", "failed"}
"""What may be removed."""


@often(100)
@given(fleets)
def test_an_attempt_that_has_begun_goes_on_to_its_end_for_the_same_reason(tree):
    _, _, found = run(tree)
    for rows in found.values():
        for row in rows:
            is_removed = row.cause.startswith("remove_extension") and row.new == "absent"
            assert row.new in FOLLOWS[row.old] or (is_removed and row.old in GOES)
        for former, row in pairwise(rows):
            assert row.cause == former.cause or row.old not in BUSY


@often(60)
@given(fleets)
def test_versions_change_at_the_end_of_an_installation_and_back_at_that_of_a_rollback(tree):
    _, _, found = run(tree)
    for rows in found.values():
        for row in rows:
            if row.former != row.version and "absent" not in (row.old, row.new):
                assert (row.old, row.new) in {
                    ("installing", "watching"),
                    ("installing", "unhealthy"),
                    ("rolling_back", "current"),
                    ("rolling_back", "backing_off"),
                    ("rolling_back", "failed"),
                    ("failed", "installing"),  # it was removed: there is no former version
                }


@often(100)
@given(fleets)
def test_versions_go_down_only_by_a_rollback_or_by_a_request_that_names_an_older_one(tree):
    _, log, found = run(tree)
    for (kind, _, _), rows in found.items():
        (block, *_) = (each for each in log.subjects.of("p", "extension") if each.group == kind)
        place = block.states.versions.index
        for row in rows:
            rests = row.old not in ("rolling_back", "absent") and row.new != "absent"
            if place(row.version) < place(row.former) and rests:
                assert "put_extension" in row.cause or "upgrade_extensions" in row.cause


@often(100)
@given(fleets)
def test_health_is_watched_for_exactly_its_window_or_until_an_early_verdict(tree):
    simulation, log, found = run(tree)
    spec = simulation.models["p"].layout.spec
    for rows in found.values():
        for begins, ends in pairwise(rows):
            seconds = ends.time - begins.time
            if begins.new == "unhealthy" or (begins.new == "watching" and spec.verdict == "at_end"):
                assert seconds == pytest.approx(spec.health_window, abs=1e-6)
            elif begins.new == "watching":
                assert seconds <= spec.health_window + 1e-6
        if rows[-1].new in ("watching", "unhealthy"):
            assert log.horizon - rows[-1].time < spec.health_window


@often(100)
@given(fleets, st.integers(1, 3))
def test_a_release_is_tried_at_most_max_attempts_times_on_a_machine(tree, most):
    tree["systems"]["p"]["max_attempts"] = most
    asks = ("publish_extension", "set_automatic_upgrade")
    tree["operations"] = [each for each in tree["operations"] if set(each) & set(asks)]
    assume(tree["operations"])
    _, _, found = run(tree)
    for rows in found.values():
        tried = Counter()
        for row in rows:
            mine = row.cause.startswith(PUBLICATION)
            tried[row.cause] += mine and row.new == "installing"
            if mine and row.old == "rolling_back" and row.former != row.version:
                # Back at its former version: given up after the last attempt, and only then.
                assert (row.new == "failed") == (tried[row.cause] == most)
        assert max(tried.values()) <= most


# Machines


@often(100)
@given(fleets)
def test_a_machine_applies_one_extension_at_a_time(tree):
    tree["systems"]["p"]["install"] = "1h"  # so that others often fall due meanwhile
    simulation, log, _ = run(tree)
    for stories in by_machine(simulation, log).values():
        times = sorted(
            spell for rows in stories.values() for spell in spells(rows, BUSY, log.horizon)
        )
        assert all(end <= begin for (_, end), (begin, _) in pairwise(times))


@often(60)
@given(fleets, st.sampled_from([1, 2, 3, "20%", "50%"]))
def test_no_more_machines_are_busy_at_once_than_max_concurrent(tree, limit):
    tree["systems"]["p"]["max_concurrent"] = limit
    simulation, log, found = run(tree)
    spec = simulation.models["p"].layout.spec
    ends = [
        (time, change)
        for rows in found.values()
        for begin, end in spells(rows, BUSY, log.horizon + 1)
        for time, change in ((begin, 1), (end, -1))
    ]
    busy, most = 0, 0
    for _, change in sorted(ends):  # at one instant those that end come first
        busy += change
        most = max(most, busy)
    machines = sum(group.count for group in spec.groups.values())
    assert most <= at_most(spec.max_concurrent, machines)


@often(100)
@given(st.one_of(fleets, clocked))
def test_nothing_starts_outside_the_windows_of_its_rollout(tree):
    simulation, _, found = run(tree)
    openings = Openings(simulation.scenario)
    windows = {
        f"upgrade by {each.name}": each.body.windows
        for each in simulation.scenario.operations
        if getattr(each.body, "windows", ())
    }
    for rows in found.values():
        for row in rows:
            if row.new == "installing" and row.cause in windows:
                assert openings.are_open(windows[row.cause], row.time)


@often(60)
@given(fleets)
def test_nothing_starts_on_a_machine_that_is_away(tree):
    _, log, found = run(tree)
    away = {}
    for block in log.subjects.of("p", "machine"):
        for row in log.rows:
            if row["subject"] in block.numbers:
                key = block.group, int(row["subject"]) - block.first
                state = block.states.status(row["new"])
                away.setdefault(key, []).append((float(row["time"]), state == "disconnected"))
    for (_, group, machine), rows in found.items():
        for row in rows:
            if row.new == "installing":
                told = [gone for at, gone in away.get((group, machine), []) if at <= row.time]
                assert not told or not told[-1]


# Enrolment


@often(60)
@given(fleets)
def test_an_extension_that_is_not_enrolled_never_changes_unless_a_request_names_it(tree):
    asks = ("publish_extension", "repair_extension")
    tree["operations"] = [each for each in tree["operations"] if set(each) & set(asks)]
    assume(tree["operations"])
    extensions = tree["systems"]["p"]["extensions"]
    enrolled = {each["type"] for each in extensions if each["enable_automatic_upgrade"]}
    _, _, found = run(tree)
    assert {member.kind for member in found} <= enrolled


def opted_out(simulation, log):
    """(type, group) -> from when to when it was not enrolled, by what was accepted."""
    spec = simulation.models["p"].layout.spec
    accepted = [name for name, rows in changes(log, "operation").items() if rows[0][1] != "Refused"]
    times = {name: rows[0][0] for name, rows in changes(log, "operation").items()}
    operations = [each for each in simulation.scenario.operations if each.name in accepted]
    told = {}
    for extension in spec.extensions:
        for group in extension.groups:
            told[extension.type, group] = [(0.0, extension.enable_automatic_upgrade)]
    for each in sorted(operations, key=lambda each: times[each.name]):
        body = each.body
        enabled = {
            "set_automatic_upgrade": lambda body: body.enabled,
            "put_extension": lambda body: body.enable_automatic_upgrade,
            "remove_extension": lambda _: False,
        }.get(each.kind)
        if enabled is not None:
            for key, story in told.items():
                if key[0] == body.type and body.group in (None, key[1]):
                    story.append((times[each.name], enabled(body)))
    return {
        key: [
            (since, until)
            for (since, value), (until, _) in pairwise([*story, (log.horizon + 1, True)])
            if not value and since < until
        ]
        for key, story in told.items()
    }


@often(100)
@given(fleets)
def test_what_waits_or_backs_off_when_it_is_opted_out_does_not_start(tree):
    simulation, log, found = run(tree)
    away = opted_out(simulation, log)
    for (kind, group, _), rows in found.items():
        for since, until in away.get((kind, group), ()):
            for row in rows:
                if row.cause.startswith(PUBLICATION) and since <= row.time < until:
                    assert row.new != "installing"
                    # A rollback may end at the instant of the request, and before it.
                    assert row.new not in ("waiting", "backing_off") or row.time == since
            before = [row for row in rows if row.time <= since]
            if before and before[-1].cause.startswith(PUBLICATION):
                # What began to wait for a release may be pushed meanwhile, and waits for that.
                then = rows[len(before) : len(before) + 1]
                is_pushed = bool(then) and not then[0].cause.startswith(PUBLICATION)
                assert before[-1].new in ("current", "failed", *BUSY) or is_pushed


# Releases


@often(100)
@given(fleets)
def test_a_release_that_is_superseded_is_not_installed_any_more(tree):
    _, log, found = run(tree)
    told = changes(log, "upgrade")
    superseded = {
        name: (rows[-1][0], rows[-1][2])
        for name, rows in told.items()
        if rows[-1][1] == "superseded" and name.startswith(PUBLICATION)
    }
    for at, newer in superseded.values():
        assert told[newer][0][:2] == (at, "upgrading")
    for rows in found.values():
        for row in rows:
            if row.new == "installing" and row.cause in superseded:
                assert row.time < superseded[row.cause][0]


@often(60)
@given(fleets)
def test_an_operation_ends_with_its_upgrade(tree):
    _, log, _ = run(tree)
    operations = changes(log, "operation")
    for name, rows in changes(log, "upgrade").items():
        asked = operations[name.removeprefix("upgrade by ")]
        assert [time for time, _, _ in rows] == [time for time, _, _ in asked]


def groups_that_hear(simulation):
    """By release the groups of machines that have neither its version nor a newer one of its major
    yet. All are at fixed times, and of extensions that machines have at time 0.
    """
    spec, out, found = simulation.models["p"].layout.spec, {}, {}
    asked = sorted(simulation.scenario.operations, key=lambda each: each.at.mean)
    for each in asked:
        body, found[each.name] = each.body, set()
        (extension,) = (one for one in spec.extensions if one.type == body.type)
        for group in extension.groups:
            if body.group in (None, group):
                versions = out.setdefault((body.type, group), [])
                newer = [v for v in versions if v == body.version or upgrades(v, body.version)]
                found[each.name] |= set() if newer else {group}
                versions.append(body.version)
    return found


@often(100)
@given(fleets)
def test_a_release_is_over_when_the_last_one_is_up_to_date_or_failed(tree):
    """Or when a newer one comes. Nobody opts in or out here, nor pushes.

    It has failed if anyone is failed then: all were below it, or it would not have begun.
    """
    tree["operations"] = [each for each in tree["operations"] if "publish_extension" in each]
    assume(tree["operations"])
    simulation, log, found = run(tree)
    spec, told = simulation.models["p"].layout.spec, changes(log, "upgrade")
    begun = {
        each.name: (told[f"upgrade by {each.name}"][0][0], each.body)
        for each in simulation.scenario.operations
        if f"upgrade by {each.name}" in told
    }
    new_for = groups_that_hear(simulation)
    for name, (begins, body) in begun.items():
        (extension,) = (each for each in spec.extensions if each.type == body.type)
        members = [
            Member(body.type, group, machine)
            for group in new_for[name]
            for machine in range(spec.groups[group].count)
            if extension.enable_automatic_upgrade
        ]
        times = [over(found.get(member, []), extension, body.version) for member in members]
        done = max([begins, *times])
        left, overtaken = set(new_for[name]), inf
        for other, (at, release) in sorted(begun.items(), key=lambda each: each[1][0]):
            if release.type == body.type and upgrades(release.version, body.version):
                left -= new_for[other]
                overtaken = min(overtaken, inf if left else at)
        before = ([row for row in found.get(each, ()) if row.time <= done] for each in members)
        failed = any(rows[-1].new == "failed" for rows in before if rows)
        end = (done, "failed" if failed else "completed")
        end = (overtaken, "superseded") if overtaken <= done else end
        ends = [(time, state) for time, state, _ in told[f"upgrade by {name}"][1:]]
        assert ends == ([end] if end[0] <= log.horizon else [])


def over(rows, extension, version):
    """When an extension was first at a version, or failed; never, if not by the horizon."""
    if not upgrades(version, extension.version):
        return 0.0
    times = [
        row.time
        for row in rows
        if row.new == "failed"
        or (row.new == "current" and version_key(row.version) >= version_key(version))
    ]
    return min(times, default=inf)


# Metrics


@often(100)
@given(fleets)
def test_the_curve_ends_at_the_updated_share_and_no_time_to_it_is_missing(tree):
    simulation, log, _ = run(tree)
    model = simulation.models["p"]
    values, _ = model.measure(Stack([log]), 0.0)
    lines, scopes = model.timelines(log), Scopes(model.layout, Stack([log]))
    for kind in ("", *model.layout.types):
        # Where all that asks for a version is refused, nobody is behind, and nothing is updated.
        is_asked = any(scopes.asked_at(each)[0] < inf for each in scopes.asked(kind))
        if (kind, "updated_share") in values and is_asked:
            share = values[kind, "updated_share"][0]
            assert lines["up_to_date", kind].values[-1] == pytest.approx(share)
            for percent in (50, 90, 99):
                assert share < percent / 100 or values[kind, f"time_to_{percent}"][0] >= 0


@often(60)
@given(fleets)
def test_an_operation_that_is_told_to_have_installed_nothing_caused_nothing(tree):
    simulation, log, found = run(tree)
    for row in simulation.models["p"].operations_table(log):
        if row["status"] == "Succeeded" and row["message"].startswith(("installs", "repairs")):
            names = {row["name"], f"upgrade by {row['name']}"}
            assert not names & {each.cause for rows in found.values() for each in rows}
