"""What is told of configurations before and after a run."""

from __future__ import annotations

from foretelling import told as foretold
from screens import assert_screen
from story import story

from sim.core.units import parse_instant
from sim.forecast.explanation import explain
from sim.systems.base.operation import Span
from sim.systems.cloud_service.configuration_shown import known_numbers, updates_told

TWO = "Web: {instances: 2, restart: 100s}, Worker: {instances: 1, restart: 100s}"


def test_the_explanation_of_a_run_tells_of_each_update_and_who_was_told():
    told = story("at: 10min, change_configuration: {configuration: {Web: 3}}", TWO)
    lines = explain(told.simulation, told.log).splitlines()
    assert lines[1] == (
        "change_configuration-0 at 10min: new configurations (Web 2, Worker 2), 4 instances told."
    )


def test_where_nothing_is_told_nothing_is_explained():
    told = story("at: 10min, upgrade_deployment: {}", TWO)
    assert "new configurations" not in explain(told.simulation, told.log)
    assert known_numbers(told.model.layout, told.stack.final[0]) == [1, 1, 1]


def test_explain_tells_who_is_told_and_what_each_role_has():
    given = (
        "extension_configuration: {all_roles: [{id: rdp}], "
        "named_roles: {Web: [{id: rdp, state: Disable}]}}"
    )
    told = story(
        f"at: 10s, change_configuration: {{configuration: {{Web: 3}}, {given}}}",
        TWO,
        more="extensions: [{id: rdp, json: true}]",
    )
    (line,) = [x for x in foretold(told.simulation.scenario) if x.startswith("At 10s")]
    assert_screen("explain/service_configuration", line)


def test_explain_tells_what_a_change_costs():
    told = story("at: 10s, change_configuration: {changes: [vm_size, endpoints], force: true}", TWO)
    (line,) = [x for x in foretold(told.simulation.scenario) if x.startswith("At 10s")]
    assert line.endswith(
        "Auto, that restarts instances. All roles get a new configuration, and every instance is "
        "notified. The VM size changes: what restarts loses its local data. The endpoints "
        "change: no swap while those of the slots differ."
    )


def test_updates_are_told_by_the_clock_where_there_is_one():
    told = story("at: 10min, change_configuration: {restarts: true}", TWO)
    told.model.layout.span = Span(3600.0, parse_instant("2026-11-20T14:00+01:00"))
    (line,) = updates_told(told.model.layout, told.log)
    assert line.startswith("change_configuration-0 at Fri 20 Nov 14:10: new configurations (Web 2")


def test_since_when_an_extension_is_there_is_told_by_the_clock():
    asked = "at: 10min, change_configuration: {extension_configuration: {all_roles: [{id: rdp}]}}"
    by_clock = "1h\nstart: 2026-11-20T14:00"
    told = story(asked, TWO, more="extensions: [{id: rdp}]", horizon=by_clock)
    shown = {row["extensions"] for row in told.model.members(told.log)}
    assert shown == {"rdp Enable since Fri 20 Nov 14:10 by change_configuration-0"}
