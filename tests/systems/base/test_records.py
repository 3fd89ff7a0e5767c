"""The table of a run's operations: when each was asked for, and how it was answered."""

from kiosks import log_of, model, request

from sim.systems.base.records import OperationRecord, Rejection, operations_table

ASKED = (request(0, 10, "2"), request(1, 12, "3"), request(2, 58, "4"), request(3, 90, "5"))


def table(clients=()):
    one = model(*ASKED)
    asked = [OperationRecord(each.name, each.kind, each.body, each.index) for each in ASKED]
    for number, record in clients:
        asked[number] = record
    block = one.blocks[1]
    return operations_table(
        log_of(one),
        block,
        asked,
        lambda rule, body: Rejection(409, "Conflict", f"{rule} {body.version}"),
    )


def columns(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def test_each_ends_as_its_last_row_says():
    assert columns(table(), "operation", "at_s", "ended_s", "status", "http_status") == [
        ("operations.0", 600.0, 1200.0, "Succeeded", 200),
        ("operations.1", 720.0, 720.0, "Refused", 409),
        ("operations.2", 3480.0, None, "InProgress", 200),
        ("operations.3", None, None, "not sent", None),
    ]


def test_a_refusal_tells_its_rule():
    first, second, *_ = columns(table(), "code", "message")
    assert first == ("", "")
    assert second == ("Conflict", "an update is in progress 3")


def test_what_was_sent_has_an_id_which_is_the_same_in_every_run():
    ids = [row["request_id"] for row in table()]
    assert ids == [row["request_id"] for row in table()]
    assert len(set(ids[:3])) == 3
    assert ids[3] == ""


def test_a_client_s_request_is_told_only_where_it_was_sent():
    one, other = (
        (number, OperationRecord("walk", "walk", ASKED[number].body, None)) for number in (0, 3)
    )
    rows = table(clients=(one, other))
    assert columns(rows, "operation", "name") == [
        ("", "walk"),
        ("operations.1", "update_kiosks-1"),
        ("operations.2", "update_kiosks-2"),
    ]


def test_where_nobody_sends_a_request_nobody_is_answered():
    silent = OperationRecord("x", "x", ASKED[0].body, 0, http_status=None)
    row = table(clients=((0, silent),))[0]
    assert (row["http_status"], row["request_id"], row["status"]) == (None, "", "Succeeded")
