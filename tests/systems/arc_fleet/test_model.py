"""An Arc fleet as a model: what it is, before and after it runs."""

from __future__ import annotations

import pytest
from fleet_log import AGENT, PROBE, PUBLISH, PUBLISHED, Fleet, returns, updates
from lanes import activity, bars

from sim.systems.arc_fleet.metrics import ARC_METRICS

ENROL = ("set_automatic_upgrade", {"type": "Agent", "enabled": True})


def test_its_members_are_extensions_of_machines():
    model = Fleet(groups={"a": {"count": 2}, "b": {"count": 3}}, extensions=[AGENT, PROBE]).model
    assert model.size == "5 machines, 10 extensions"
    assert model.nominal == 10


def test_its_headlines_are_metrics_that_it_measures():
    fleet = Fleet(PUBLISH)
    assert len(fleet.model.headlines) == 6
    assert set(fleet.model.headlines) <= set(fleet.measure(PUBLISHED)) & set(ARC_METRICS)


def test_it_knows_what_the_service_rejects_whatever_its_state():
    (operation,) = (model := Fleet(ENROL).model).operations
    assert model.rule(operation.body) == "not supported"
    rejection = model.rejection(operation)
    assert (rejection.http_status, rejection.code) == (400, "BadRequest")
    assert "P.Agent does not support" in rejection.message
    assert Fleet(ENROL, also_supported=["P/Agent"]).model.rule(operation.body) is None


def test_what_it_shows_of_a_run_is_about_the_same_run():
    fleet = Fleet(PUBLISH)
    log = fleet.log(PUBLISHED + updates("m-0", 200) + returns("m-1", 200))
    model = fleet.model
    assert [row["state"] for row in model.members(log)] == [
        "current",
        "backing_off",
        "current",
        "current",
    ]
    assert [row["name"] for row in model.operations_table(log)] == ["publish_extension-0"]
    assert model.status(log, 350)["extensions"]["P.Agent"]["typeHandlerVersions"] == {
        "1.0": 2,
        "1.1": 2,
    }
    assert {lane[0] for lane in bars(model, log)} == {f"Agent of m-{k}" for k in range(4)}
    assert activity(model, log).what == "extensions"
    assert set(model.timelines(log)) == set(model.series())


@pytest.mark.parametrize("text", ["", PUBLISHED])
def test_it_audits_its_own_rules_and_names_itself(text):
    """The release of 1.1 is discovered by its horizon, or nothing was released."""
    fleet = Fleet(PUBLISH, discovery="1min")
    told = fleet.model.audit(fleet.stack(text))
    lost = "f: a machine discovered a release and did not begin with it"
    assert told == (lost if text else None)
