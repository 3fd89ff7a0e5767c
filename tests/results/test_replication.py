"""One replication: which numbers it may have, its audit, its lines and tables."""

import numpy as np
import pytest
from one_run import SCENARIO, rejection, run

import sim
from sim.core.errors import ModelError
from sim.results.tables import OPERATIONS


@pytest.fixture(scope="module")
def one():
    return run()


@pytest.mark.parametrize("kind", [int, np.int8, np.int64, np.uint64])
def test_replication_may_be_of_any_integer_type(kind):
    found = run(replication=kind(3))
    assert found.log.equals(run(replication=3).log)
    assert type(found.replication) is int


@pytest.mark.parametrize(
    ("given", "got"),
    [
        (-1, "-1"),
        (2**31, "2147483648"),
        (2**64, "18446744073709551616"),
        pytest.param(10**5000, "a huge number", id="huge"),
        (0.5, "0.5"),
        (3.0, "3.0"),
        (True, "True"),
        ("3", "'3'"),
        (None, "None"),
    ],
)
def test_other_replications_are_refused_in_words(given, got):
    rule = f"a replication must be a whole number from 0 to 2^31 - 1, got {got}"
    assert rule in rejection(lambda: run(replication=given))


def test_last_replication_is_like_any_other():
    assert run(replication=2**31 - 1).replication == 2**31 - 1


def test_run_audits_itself(monkeypatch):
    monkeypatch.setattr(
        "sim.systems.cloud_service.model.Model.audit", lambda _model, _stack: "out of line"
    )
    with pytest.raises(ModelError, match="out of line"):
        run()


def test_every_series_is_among_the_lines(one):
    lines = one.lines()
    assert ("shop", "capacity", "WebRole") in lines
    assert ("shop", "by_update_domain:4", "") in lines
    assert lines["shop", "ready", ""].minimum() == 16


def test_what_a_run_does_not_have_is_told_with_the_nearest_name(one):
    assert "did you mean shop?" in rejection(one.timeline, "shpo", "capacity")
    assert "must be a series of shop, got capacty; did you mean capacity?" in rejection(
        one.timeline, "shop", "capacty"
    )
    assert "must be a group of shop, got WebRol; did you mean WebRole?" in rejection(
        one.timeline, "shop", "capacity", "WebRol"
    )
    assert "a series of WebRole" in rejection(one.timeline, "shop", "up_to_date", "WebRole")
    assert "did you mean shop?" in rejection(one.members, "shpo")
    assert "did you mean shop?" in rejection(one.dips, "shpo")


def test_a_series_that_there_is_of_groups_only_is_told_with_them():
    changed = sim.loads("""
horizon: 1h
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 2}, Worker: {instances: 2}}}
operations: [{at: 10min, change_configuration: {configuration: {Web: 3}}}]
""")
    one = sim.run_one(changed)
    assert "configuration" in {series for _, series, _ in one.lines()}
    told = rejection(one.timeline, "shop", "configuration")
    assert told.endswith(
        "must be with a group (Web, Worker), as each has its own configuration, "
        "got configuration of shop"
    )
    assert one.timeline("shop", "configuration", "Web").values.tolist() == [1, 2]
    assert "a series of Web, got configuratio;" in rejection(
        one.timeline, "shop", "configuratio", "Web"
    )


def test_operations_have_the_columns_of_the_result_folder(one):
    operations = one.operations
    assert list(operations.columns) == OPERATIONS.names
    (row,) = operations.to_dict("records")
    assert (row["variant"], row["name"], row["status"]) == (
        "baseline",
        "upgrade_deployment-0",
        "Succeeded",
    )
    assert (row["at_s"], row["ended_s"], row["http_status"]) == (600.0, 1200.0, 200)


def test_scenario_without_operations_has_an_empty_table():
    quiet = run(scenario=SCENARIO.partition("operations")[0])
    assert list(quiet.operations.columns) == OPERATIONS.names
    assert quiet.operations.empty
    assert list(quiet.dips("shop").columns) == ["start_s", "end_s", "depth", "lost_hours", "causes"]
