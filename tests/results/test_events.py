"""A log as a table in words."""

import pytest

from sim.files import loads
from sim.results import tables
from sim.results.events import EVENTS, events, in_pieces
from sim.simulation import Simulation

SCENARIO = """\
horizon: 1h
systems:
  shop:
    kind: cloud_service
    roles: {WebRole: {instances: 1, restart: 2min}}
operations:
  - at: 1min
    upgrade_deployment: {build: "42"}
"""


@pytest.fixture(scope="module")
def simulation():
    return Simulation(loads(SCENARIO))


def test_events_tell_the_whole_log_in_words(simulation):
    log = simulation.run()
    table = events("auto", log)
    table.validate(full=True)
    assert table.schema == EVENTS
    frame = tables.frame(table)
    assert len(frame) == len(log)
    assert frame[frame.kind == "instance"].to_dict("records") == [
        {
            "variant": "auto",
            "replication": 0,
            "time_s": time,
            "system": "shop",
            "kind": "instance",
            "group": "WebRole",
            "subject": "WebRole_IN_0",
            "old": old,
            "old_version": before,
            "new": new,
            "new_version": "42",
            "cause": "update domain 0",
        }
        for time, old, before, new in (
            (60.0, "ReadyRole", "1", "BusyRole"),
            (180.0, "BusyRole", "42", "ReadyRole"),
        )
    ]


def test_what_is_absent_has_no_version():
    larger = SCENARIO.replace('build: "42"', 'build: "42", configuration: {WebRole: 2}')
    frame = tables.frame(events("auto", Simulation(loads(larger)).run()))
    born = frame[(frame.kind == "instance") & (frame.old == "absent")]
    assert born[["subject", "old_version", "new_version"]].to_numpy().tolist() == [
        ["WebRole_IN_1", "", "42"]
    ]


def test_events_of_an_empty_log_are_none():
    quiet = Simulation(loads(SCENARIO.partition("operations")[0]))
    assert events("baseline", quiet.run()).num_rows == 0


def test_pieces_are_the_whole(simulation, monkeypatch):
    log = simulation.run()
    whole = events("auto", log)
    for most in (1, 3, len(log), len(log) + 1):
        monkeypatch.setattr("sim.results.events.MOST_ROWS", most)
        pieces = list(in_pieces("auto", log))
        assert max(piece.num_rows for piece in pieces) <= most
        assert tables.joined(pieces, EVENTS).to_pylist() == whole.to_pylist()


def test_log_without_a_row_is_one_empty_piece(simulation):
    log = simulation.run()
    (piece,) = in_pieces("auto", log.until(-1.0))
    assert piece.num_rows == 0
