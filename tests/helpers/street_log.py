"""A log made by hand: a switch and the traffic lights of a street."""

import numpy as np

from sim.core.log import Block, Log, Recorder, States, Subjects

LIGHT = States(("absent", "red", "green"), ("old", "new"))
SWITCH = States(("absent", "off", "on"))
RED, GREEN, NEW_RED, NEW_GREEN = 1, 2, 4, 5
OFF, ON = 1, 2
HORIZON = 100.0


def block(first, count, states, initial, kind="light", system="street", group=""):
    codes = np.array(initial, np.int16)
    return Block(system, kind, group, first, count, states, codes, lambda k: f"{kind} {k}", {})


SUBJECTS = Subjects(
    [
        block(0, 1, SWITCH, [OFF], "switch"),
        block(1, 3, LIGHT, [RED, RED, 0], group="a"),
        block(4, 1, LIGHT, [GREEN], group="b"),
    ]
)
ROWS = [
    (10.0, 0, OFF, ON, 0),
    (10.0, 1, RED, NEW_RED, 0),
    (20.0, 1, NEW_RED, NEW_GREEN, 0),
    (30.0, 3, 0, GREEN, 1),
    (30.0, 4, GREEN, 0, 1),
    (100.0, 1, NEW_GREEN, RED, 2),
]


def log(rows=ROWS, replication=0):
    recorder = Recorder()
    for row in rows:
        recorder.record(*row)
    return recorder.freeze(SUBJECTS, replication, HORIZON, drew=True)


def changed(place, **columns):
    """The log with other values in the columns of one row."""
    rows = log().rows.copy()
    for column, value in columns.items():
        rows[place][column] = value
    return Log(SUBJECTS, rows, 0, HORIZON, drew=True)
