"""The rules of turns, in hand-made logs that break one of them."""

from __future__ import annotations

import pytest
from service_log import BEGUN, ENDED, FIRST, GROWN, SECOND, SOUND, TOLD, UP, UPGRADE, Service

TWO_AT_ONCE = "s: two update domains had their turn at once"
NOT_ALL = "s: a turn did not take every instance that it covers"
WRONG_BUILD = "s: an instance came to another build than its upgrade brings"
EARLY = "s: a turn ended before its instances had been Ready or were late"
INCOMPLETE = "s: an upgrade was completed without one of the instances"
CLOSED = "s: an update domain was taken outside the windows of its upgrade"
MISCOUNTED = "s: a role was not brought to the number of instances asked for"

OVERLAP = SECOND.replace("    110 ", "    60 ").replace("    210 ", "    160 ")


def without(text, *parts):
    """The lines that have none of the parts."""
    lines = text.splitlines()
    return "\n".join(line for line in lines if not any(part in line for part in parts))


def test_a_log_that_keeps_the_rules_passes():
    assert Service(UPGRADE).audit(SOUND, BEGUN + FIRST) is None


def test_two_domains_have_no_turn_at_once():
    assert Service(UPGRADE).audit(BEGUN + OVERLAP + FIRST + ENDED) == TWO_AT_ONCE


def test_two_domains_may_have_their_turn_at_once_where_one_did_not_wait():
    superseded = f"200 {UP} -> superseded because the scenario"
    assert Service(UPGRADE).audit(BEGUN + OVERLAP + FIRST + superseded) is None
    at_once = ("upgrade_deployment", {"build": "2", "mode": "Simultaneous"})
    both = SECOND.replace("    110 ", "    10 ").replace("    210 ", "    110 ")
    assert Service(at_once).audit(BEGUN + both + FIRST + ENDED) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (without(BEGUN, "W_IN_0"), NOT_ALL),
        (SOUND.replace("W_IN_1 -> BusyRole/2", "W_IN_1 -> BusyRole/1"), WRONG_BUILD),
        (SOUND.replace("W_IN_0 -> ReadyRole", "W_IN_0 -> ReadyRole/1"), WRONG_BUILD),
        (BEGUN + "109 update domain 0 -> at rest because " + UP, EARLY),
        (BEGUN + FIRST + ENDED, INCOMPLETE),
    ],
)
def test_a_turn_takes_all_brings_the_build_and_waits(text, rule):
    assert Service(UPGRADE).audit(SOUND) is None
    assert Service(UPGRADE).audit(SOUND, text) == rule


def test_a_turn_need_not_wait_for_who_is_late():
    late = BEGUN + FIRST.replace("110 update", "70 update")
    assert Service(UPGRADE, start_timeout="60s").audit(late) is None
    assert Service(UPGRADE, start_timeout="61s").audit(late) == EARLY
    stuck = Service(UPGRADE, start_timeout="60s", on_start_timeout="stuck")
    assert stuck.audit(late) == EARLY


def test_a_domain_is_taken_in_a_window():
    def within(end):
        body = {"build": "2", "windows": [{"from": "00:00", "to": end}]}
        return Service(("upgrade_deployment", body)).audit(SOUND)

    assert within("00:02") is None
    assert within("00:01") == CLOSED  # domain 1 begins at 110 s


def test_a_role_gets_the_instances_that_were_asked_for():
    name = "change_configuration-0"
    text = f"""
        10 {name} -> InProgress
        10 W_IN_2 -> CreatingVM/1 because {name}
        {TOLD}
        110 W_IN_2 -> ReadyRole because {name}
        110 {name} -> Succeeded because {name}
    """
    assert Service(GROWN).audit(text) is None
    assert Service(GROWN).audit(without(text, "W_IN_2")) == MISCOUNTED
