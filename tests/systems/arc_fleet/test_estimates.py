"""The arithmetic of an Arc fleet's upgrades, as explain tells it."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, MONITOR, about, last, publish, told
from screens import assert_screen

ENDLESS = {"exponential": {"mean": "1d"}}


TARGET = f"{MONITOR}.{AGENT['type']}"


@pytest.mark.parametrize(
    ("discovery", "text"),
    [
        (
            {"uniform": {"low": "0s", "high": "56d"}},
            "uniform (low 0s, high 56d): 12.5 % of them after 1 week, 25 % after 2, 37.5 % after 3, "
            "50 % after 4, 62.5 % after 5, 75 % after 6, 87.5 % after 7, 100 % after 8.",
        ),
        (
            {"uniform": {"low": "0s", "high": "4d"}},
            "uniform (low 0s, high 4d): 25 % of them after 1 day, 50 % after 2, 75 % after 3, "
            "100 % after 4.",
        ),
        ("0s", "0s."),
    ],
)
def test_a_discovery_is_told_by_the_share_that_has_made_it(discovery, text):
    line = about("discovered", publish(), discovery=discovery)
    assert line == f"A release is discovered by a machine after {text}"


def test_a_spread_without_end_is_told_for_eight_steps():
    line = about("discovered", publish(), discovery=ENDLESS)
    assert "63.21 % of them after 1 day, 86.47 % after 2" in line
    assert line.endswith("99.97 % after 8.")


def test_without_a_release_no_discovery_is_told():
    lines = told({"upgrade_extensions": {"targets": {TARGET: "1.38"}}})
    assert not any("discovered" in line for line in lines)


def test_a_full_health_window_is_charged_at_its_end():
    assert about("One attempt", publish(), install="2min") == (
        "One attempt takes a machine 2min to install, then the health window of 5min in full: 7min "
        "on average. A machine applies one extension at a time."
    )


def test_an_early_verdict_comes_when_the_machine_is_healthy():
    keys = {"install": "2min", "verdict": "early", "healthy_after": "30s"}
    assert_screen("explain/fleet_early_verdict", about("One attempt", publish(), **keys))


def test_a_limit_is_told_with_its_rounding_and_what_it_costs():
    keys = {"install": "5min", "machines": 19, "max_concurrent": "20%"}
    assert about("At most", publish(), **keys) == (
        "At most 3 machines (20 % of 19, rounded down) are busy at one instant, the others wait: an "
        "upgrade of all takes at least about 1h03."
    )
    assert "At most 3 machines are busy" in about(
        "At most", publish(), **keys | {"max_concurrent": 3}
    )


RELEASED = "Microsoft.Azure.Monitor releases AzureMonitorLinuxAgent 1.38.0. "


GET_IT = "4 machines, enrolled and below it, get it."


def test_the_attempts_that_a_release_takes_are_told_by_the_share_done():
    text = last(publish(unhealthy="10%"), discovery=ENDLESS)
    assert_screen("explain/fleet_attempts_of_a_release", text)


def test_a_single_attempt_is_not_tried_again():
    text = last(publish(unhealthy="100%"), max_attempts=1, discovery=ENDLESS)
    assert " it is rolled back in 2min and not tried again. 100 % end as failed" in text


def test_of_a_release_that_is_always_bad_it_is_told_what_a_failed_rollback_leads_to():
    text = last(publish(unhealthy="100%"), rollback_fails="1%", discovery=ENDLESS)
    assert text.endswith(
        " later. Where the rollback fails, the extension is failed until it is installed again."
    )
    assert " it is rolled back in 2min, which fails with a chance of 1 %, and tried again" in text


def test_what_fails_for_good_is_told():
    keys = {"rollback_fails": "50%", "discovery": ENDLESS}
    text = last(publish(unhealthy="50%"), **keys)
    assert "50 % are done after 1 attempt, 62.5 % after 2, 65.62 % after 3" in text
    assert text.endswith(" 33.33 % end as failed, until they are installed again.")


def test_a_limit_of_attempts_leaves_the_rest_failed():
    keys = {"max_attempts": 2, "discovery": ENDLESS}
    text = last(publish(unhealthy="20%"), **keys)
    assert "later, 2 attempts at most: 80 % are done after 1 attempt, 96 % after 2." in text
    assert text.endswith(" 4 % end as failed, until they are installed again.")


def test_so_many_attempts_that_nearly_all_succeed_leave_nobody_failed():
    keys = {"max_attempts": 10**15 - 1, "discovery": ENDLESS}
    assert "end as failed" not in last(publish(unhealthy="20%"), **keys)
    text = last(publish(unhealthy="50%"), rollback_fails="50%", **keys)
    assert text.endswith(" 33.33 % end as failed, until they are installed again.")


@pytest.mark.parametrize(
    ("unhealthy", "whom"),
    [
        ("100%", " Every attempt is unhealthy"),
        (
            {"machines": "25%"},
            " It is bad on 25 % of them, and on no other. Every attempt there is unhealthy",
        ),
        (
            {"os": "linux"},
            " It is bad on linux machines, and on no other. Every attempt there is unhealthy",
        ),
    ],
)
def test_a_release_that_is_always_bad_is_told_with_whom_it_hits(unhealthy, whom):
    keys = {"groups": {"shops": {"count": 4, "os": "linux"}}, "discovery": ENDLESS}
    text = last(publish(unhealthy=unhealthy), **keys)
    back = ": it is rolled back in 2min and tried again uniform (low 2d, high 4d) later"
    assert text == f"{RELEASED}{GET_IT}{whom}{back}."
    limited = last(publish(unhealthy=unhealthy), max_attempts=2, **keys)
    there = " there" if "there" in whom else ""
    assert limited == (
        f"{RELEASED}{GET_IT}{whom}{back}, 2 attempts at most. 100 %{there} end as failed, until "
        "they are installed again."
    )


def test_machines_that_get_healthy_after_the_window_are_unhealthy_ones():
    late = {"uniform": {"low": "0s", "high": "10min"}}
    text = last(publish(), verdict="early", healthy_after=late)
    assert " An attempt is unhealthy with a chance of 50 %, " in text


def test_how_many_are_out_at_an_instant_is_told():
    keys = {"machines": 2000, "install": "4h"}
    evenly = {"uniform": {"low": "0s", "high": "40d"}}
    text = last(publish(), discovery=evenly, **keys)
    assert text.endswith(" On average 8.3 of them are in their first installation at any one time.")
    assert last(publish(), discovery="0s", **keys).endswith(
        " At worst all go at once: with 2,000 extensions out for this alone, capacity is 0 %."
    )
    limited = last(publish(), discovery="0s", max_concurrent="20%", **keys)
    assert limited.endswith(" with 400 extensions out for this alone, capacity is 80 %.")
    assert last(publish(), discovery="0s", counts_as_out=["failed"], **keys).endswith("get it.")
