"""What a log tells of extensions and requests, on hand-made logs."""

from __future__ import annotations

import numpy as np
from fleet_log import PUBLISH, PUBLISHED, Fleet, accepted, updates

from sim.systems.arc_fleet.history import NEVER, History

OPT_OUT = ("set_automatic_upgrade", {"type": "Agent", "enabled": False})


def history(fleet, *texts):
    return History(fleet.model.layout, fleet.stack(*texts))


def test_rows_about_an_extension_are_by_time_or_by_machine():
    found = history(Fleet(PUBLISH), PUBLISHED + updates("m-2", 200) + updates("m-0", 250))
    assert found.changes(0).machine.tolist() == [2, 0, 2, 0, 2, 0]
    assert found.history(0).machine.tolist() == [0, 0, 0, 2, 2, 2]
    assert found.changes(0).attempts.tolist() == [0, 1]
    assert found.since(0).tolist() == [450, 0, 400, 0]


def test_what_was_never_accepted_never_happened():
    refused = "50 set_automatic_upgrade-0 -> Refused/not supported"
    found = history(Fleet(OPT_OUT, PUBLISH), PUBLISHED, refused)
    assert found.accepted.tolist() == [[NEVER, 100], [NEVER, NEVER]]
    assert found.began.tolist() == [[100], [NEVER]]
    assert found.asked_at(0).tolist() == [100, NEVER]


def test_enrolment_at_an_instant_is_what_was_asked_by_then():
    found = history(Fleet(OPT_OUT), accepted(50, "set_automatic_upgrade-0"))

    def enrolled(*when, before=None):
        return found.enrolled(0, np.zeros(len(when), int), np.array(when), before).tolist()

    assert enrolled(0.0, 49.0, 50.0, 51.0) == [True, True, False, False]
    assert enrolled(50.0, before=0) == [True]
    assert enrolled(50.0, before=1) == [False]
    assert [at.tolist() for at in found.opt_outs(0)] == [[50]]
