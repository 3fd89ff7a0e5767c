"""The service of an Arc fleet: what it wants, when it takes requests, how far an error had come."""

from __future__ import annotations

import pytest
from arc_story import TEXT, extension, fleet, told
from simpy import Environment

from sim.core.errors import ModelError
from sim.core.random_streams import draws
from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.arc_fleet.machine import Installed
from sim.systems.base.context import Context

RELEASE = "at: 1h, publish_extension: {type: A, version: 1.1}"


def wanted(*operations, extensions=None, **keys):
    """What is wanted of the extension A: pairs (hours, state)."""
    run = fleet("\n".join(operations), extensions, **keys)
    return [(seconds / 3600, state) for seconds, state in told(run, "target of A on machines")]


def test_a_release_is_wanted_of_what_is_enrolled_and_below_it():
    assert wanted(RELEASE) == [(1, "enrolled/1.1")]
    assert wanted(RELEASE, extensions=[extension(more="")]) == []
    assert wanted("at: 1h, publish_extension: {type: A, version: 2.0}") == []
    assert wanted(RELEASE, extensions=[extension(version="1.2")]) == []


def test_who_is_opted_in_is_to_have_the_newest_release():
    opt_in = "at: 2h, set_automatic_upgrade: {type: A, enabled: true}"
    opt_out = "at: 3h, set_automatic_upgrade: {type: A, enabled: false}"
    assert wanted(RELEASE, opt_in, opt_out, extensions=[extension(more="")]) == [
        (2, "enrolled/1.1"),
        (3, "not_enrolled/1.1"),
    ]


def test_a_push_and_a_put_want_the_version_that_they_come_to():
    push = "at: 2h, upgrade_extensions: {targets: {P.A: 1.0}}"
    put = "at: 3h, put_extension: {publisher: P, type: A, version: 1.0}"
    assert wanted(RELEASE, push, put) == [
        (1, "enrolled/1.1"),
        (2, "enrolled/1.0"),
        (3, "not_enrolled/1.1"),  # the newest minor version, which is its default
    ]


def test_what_is_rejected_wants_nothing():
    assert (
        wanted(
            "at: 1h, upgrade_extensions: {targets: {P.B: 1.0}}",
            extensions=[extension(), extension("B", more="groups: [other]")],
            machines="groups: {machines: {count: 1}, other: {count: 1}}",
        )
        == []
    )


def test_an_error_on_a_machine_names_its_time(monkeypatch):
    def install(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Installed, "install", install)
    with pytest.raises(ModelError) as caught:
        fleet(RELEASE)
    assert caught.value.time == 3600


def test_to_start_only_plans():
    text = TEXT.format(
        horizon="1d",
        start="",
        machines="groups: {m: {count: 2, disconnected: {share: 100%, on: 1h, off: 1h}}}",
        extensions=extension(),
        keys="discovery: 0s",
        operations=f"  - {{{RELEASE}}}",
    )
    (model,) = Simulation(Scenario.from_text(text)).models.values()
    context = Context(Environment(), draws(1, 0), 86400.0, None)
    model.start(context)
    assert (context.now, context.recorder.count) == (0, 0)
    context.run()
    assert context.recorder.count


def test_a_release_that_covers_nobody_takes_back_its_own_beginning_only():
    """Two fleets whose requests come in between each other's."""
    one = {
        "kind": "arc_fleet",
        "machines": 1,
        "also_supported": ["P/A"],
        "extensions": [
            {"publisher": "P", "type": "A", "version": "1.0", "enable_automatic_upgrade": True}
        ],
        "discovery": "0s",
        "install": "1min",
    }
    # All have 1.3 already when 1.2 comes, which is the newest of what is released.
    operations = [
        {"at": f"{hour}h", kind: {"system": system, **body}}
        for hour, kind, body in (
            (1, "upgrade_extensions", {"targets": {"P.A": "1.3"}}),
            (2, "publish_extension", {"type": "A", "version": "1.2"}),
        )
        for system in "ab"
    ]
    systems = {"a": one, "b": one}
    text = {"horizon": "1d", "systems": systems, "operations": operations}
    lines = Simulation(Scenario.from_dict(text)).run().lines()
    assert [line for line in lines if "absent -> upgrading" in line] == [
        f"3600 upgrade by upgrade_extensions-{k} absent -> upgrading because upgrade_extensions-{k}"
        for k in (0, 1)
    ]
    assert [line.split()[-1] for line in lines if line.startswith("7200 target")] == [
        "publish_extension-0",
        "publish_extension-1",
    ]
