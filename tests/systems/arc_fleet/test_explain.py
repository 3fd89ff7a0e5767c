"""What explain says of an Arc fleet before anything runs."""

from __future__ import annotations

import foretelling
import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, publish, scenario

from sim.simulation import Simulation

ENDLESS = {"exponential": {"mean": "1d"}}
"""A discovery of which no average is told."""
TARGET = f"{MONITOR}.{AGENT['type']}"


def told(*operations, **keys):
    return foretelling.told(scenario(*operations, **keys))


def about(word, *operations, **keys):
    (line,) = [line for line in told(*operations, **keys) if word in line]
    return line


def last(*operations, **keys):
    """What is said of the last operation, after its name."""
    line = [line for line in told(*operations, **keys) if line.startswith("At ")][-1]
    return line.split(": ", 1)[1]


# The fleet ---------------------------------------------------------------------------------------


def test_a_fleet_is_told_with_its_machines_and_extensions():
    assert told(machines=2000) == [
        "f: 2,000 machines, 2,000 extensions.",
        "AzureMonitorLinuxAgent 1.37.0 of Microsoft.Azure.Monitor on 2,000 machines: enrolled, so "
        "that releases of major version 1 come by themselves.",
    ]


def test_groups_are_told_with_their_operating_systems():
    assert told(groups=GROUPS)[:4] == [
        "f: 20 machines, 15 extensions.",
        "ships: 5 machines, windows.",
        "shops: 15 machines, linux.",
        "AzureMonitorLinuxAgent 1.37.0 of Microsoft.Azure.Monitor on 15 machines (shops): enrolled, "
        "so that releases of major version 1 come by themselves.",
    ]


def test_disconnected_machines_are_told_with_the_share_that_is_away_at_an_instant():
    away = {"share": "30%", "on": "8h", "off": "16h"}
    assert about("disconnected", groups={"a": {"count": 500, "disconnected": away}}) == (
        "a: 500 machines; 30 % of them are disconnected at times (on for 8h, off for 16h), 20 % of "
        "them at an instant: nothing starts there then, what is under way goes on."
    )


def test_what_is_not_enrolled_is_never_touched():
    vault = {"publisher": "Microsoft.Azure.KeyVault", "type": "KeyVaultForLinux", "version": "1"}
    assert told(extensions=[vault, OWN])[1:] == [
        "KeyVaultForLinux 1 of Microsoft.Azure.KeyVault on 4 machines: not enrolled: no release "
        "touches it.",
        "Own 1.0 of Contoso on 4 machines: not enrolled, and cannot be: no release touches it.",
    ]


@pytest.mark.parametrize(
    ("needed", "text"), [("90%", "4 serve (90 % of 4, rounded up, is 4)"), (3, "3 serve")]
)
def test_availability_is_told_where_it_is_asked_for(needed, text):
    line = about("AzureMonitor", extensions=[AGENT | {"min_available": needed}])
    assert line.endswith(f"; available while at least {text}.")


def test_the_size_is_told_in_a_few_words():
    model = Simulation(scenario(machines=1000, extensions=[AGENT, OWN])).models["f"]
    assert model.size == "1,000 machines, 2,000 extensions"


# How an upgrade goes -----------------------------------------------------------------------------


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
    assert about("One attempt", publish(), **keys) == (
        "One attempt takes a machine 2min to install, then 30s until it is healthy, for which it "
        "has 5min: 2min30s on average. A machine applies one extension at a time."
    )


def test_a_limit_is_told_with_its_rounding_and_what_it_costs():
    keys = {"install": "5min", "machines": 19, "max_concurrent": "20%"}
    assert about("At most", publish(), **keys) == (
        "At most 3 machines (20 % of 19, rounded down) are busy at one instant, the others wait: an "
        "upgrade of all takes at least about 1h03."
    )
    assert "At most 3 machines are busy" in about(
        "At most", publish(), **keys | {"max_concurrent": 3}
    )


# Releases ----------------------------------------------------------------------------------------

ENROLLED = {
    "publisher": MONITOR,
    "type": AGENT["type"],
    "enable_automatic_upgrade": True,
    "auto_upgrade_minor_version": False,
}
PUT_OWN = {"put_extension": OWN | {"enable_automatic_upgrade": True}}

RELEASED = "Microsoft.Azure.Monitor releases AzureMonitorLinuxAgent 1.38.0. "
GET_IT = "4 machines, enrolled and below it, get it."


def test_a_release_is_told_with_those_that_get_it():
    assert last(publish(), discovery=ENDLESS) == f"{RELEASED}{GET_IT}"


def test_the_attempts_that_a_release_takes_are_told_by_the_share_done():
    text = last(publish(unhealthy="10%"), discovery=ENDLESS)
    assert text == (
        f"{RELEASED}{GET_IT} An attempt is unhealthy with 10 %, and then rolled back in 2min and "
        "tried again uniform (low 2d, high 4d) later: 90 % are done after 1 attempt, 99 % after 2, "
        "99.9 % after 3, 99.99 % after 4."
    )


def test_a_single_attempt_is_not_tried_again():
    text = last(publish(unhealthy="100%"), max_attempts=1, discovery=ENDLESS)
    assert " it is rolled back in 2min and not tried again. 100 % end as failed" in text


def test_of_a_release_that_is_always_bad_it_is_told_what_a_failed_rollback_leads_to():
    text = last(publish(unhealthy="100%"), rollback_fails="1%", discovery=ENDLESS)
    assert text.endswith(
        " later. Where the rollback fails, the extension is failed until it is installed anew."
    )
    assert " it is rolled back in 2min, which fails with 1 %, and tried again" in text


def test_what_fails_for_good_is_told():
    keys = {"rollback_fails": "50%", "discovery": ENDLESS}
    text = last(publish(unhealthy="50%"), **keys)
    assert "50 % are done after 1 attempt, 62.5 % after 2, 65.62 % after 3" in text
    assert text.endswith(" 33.33 % end as failed, until they are installed anew.")


def test_a_limit_of_attempts_leaves_the_rest_failed():
    keys = {"max_attempts": 2, "discovery": ENDLESS}
    text = last(publish(unhealthy="20%"), **keys)
    assert "later, 2 attempts at most: 80 % are done after 1 attempt, 96 % after 2." in text
    assert text.endswith(" 4 % end as failed, until they are installed anew.")


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
        "they are installed anew."
    )


def test_machines_that_get_healthy_after_the_window_are_unhealthy_ones():
    late = {"uniform": {"low": "0s", "high": "10min"}}
    text = last(publish(), verdict="early", healthy_after=late)
    assert " An attempt is unhealthy with 50 %, " in text


def test_a_major_version_never_comes_by_itself():
    groups = {"new": {"count": 3}, "old": {"count": 5}, "out": {"count": 7}}
    extensions = [
        AGENT | {"groups": ["new"]},
        AGENT | {"groups": ["old"], "version": "2.0"},
        AGENT | {"groups": ["out"], "enable_automatic_upgrade": False},
    ]
    keys = {
        "groups": groups,
        "extensions": extensions,
        "discovery": ENDLESS,
    }
    assert last(publish(), **keys) == (
        f"{RELEASED}3 machines (new), enrolled and below it, get it. It leaves alone 5 machines of "
        "another major version, 7 machines not enrolled."
    )
    assert last(publish("3.0"), **keys) == (
        "Microsoft.Azure.Monitor releases AzureMonitorLinuxAgent 3.0. Nothing is upgraded. It leaves "
        "alone 8 machines of another major version, 7 machines not enrolled."
    )


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("1.36", "not below it"),
        ("1.37", "not below it"),
        ("1.37.5", "for which 1.38.0 is out already"),
        ("1.38", "for which 1.38.0 is out already"),
    ],
)
def test_what_is_not_above_the_newest_upgrades_nothing(version, why):
    assert last(publish(), publish(version)).endswith(
        f" {version}. Nothing is upgraded. It leaves alone 4 machines {why}."
    )


def test_one_that_may_have_another_major_version_gets_a_release_only_where_it_is_above():
    text = last({"put_extension": ENROLLED | {"version": "2.0"}}, publish())
    assert f"{RELEASED}4 machines, enrolled, get it where it is above what they have." in text


def test_one_machine_is_told_as_one():
    text = last(publish(), machines=1)
    assert "1 machine, enrolled and below it, gets it." in text
    limited = about("At most", publish(), machines=1, max_concurrent=1)
    assert limited.startswith("At most 1 machine is busy at one instant, the others wait")


def test_a_newer_release_supersedes_the_last():
    assert (
        " It supersedes 1.38.0 where that is still to come: a pending discovery or retry of that "
        "takes this one." in last(publish(), publish("1.39"))
    )
    assert "supersedes" not in last(publish())


def test_a_release_that_upgraded_nobody_is_not_superseded():
    put = {"put_extension": ENROLLED | {"version": "2.0"}}
    assert "supersedes" not in last(publish("2.0"), put, publish("2.1"))
    assert "supersedes 2.1 " in last(publish("2.0"), put, publish("2.1"), publish("2.2"))


def test_who_was_opted_out_before_is_left_alone_and_opted_in_gets_it():
    out = {"set_automatic_upgrade": {"type": AGENT["type"], "enabled": False}}
    back = {"set_automatic_upgrade": {"type": AGENT["type"], "enabled": True}}
    assert "4 machines not enrolled" in last(out, publish())
    assert GET_IT in last(out, back, publish())
    assert last(out) == (
        "AzureMonitorLinuxAgent on 4 machines is opted out: what is under way finishes, what waits "
        "does not start."
    )
    assert last(out, back) == (
        "AzureMonitorLinuxAgent on 4 machines is opted in, and discovers the newest release from "
        "then on."
    )


def test_opting_in_what_is_in_already_is_told_to_change_nothing():
    back = {"set_automatic_upgrade": {"type": AGENT["type"], "enabled": True}}
    already = "AzureMonitorLinuxAgent on 4 machines is opted in already: nothing changes."
    assert last(back) == already


def test_what_is_put_beside_the_first_ones_is_in_service_while_others_are_out():
    release = {"publish_extension": {"type": "Own", "version": "1.1"}}
    text = last(PUT_OWN, release, also_supported=["Contoso/Own"], discovery="0s")
    assert text.endswith("with 4 extensions out for this alone, capacity is 100 %.")


def test_how_many_are_out_at_an_instant_is_told():
    keys = {"machines": 2000, "install": "4h"}
    evenly = {"uniform": {"low": "0s", "high": "40d"}}
    text = last(publish(), discovery=evenly, **keys)
    assert text.endswith(
        " Spread so, 8.3 of them are in their first installation at an instant on average."
    )
    assert last(publish(), discovery="0s", **keys).endswith(
        " At worst all go at once: with 2,000 extensions out for this alone, capacity is 0 %."
    )
    limited = last(publish(), discovery="0s", max_concurrent="20%", **keys)
    assert limited.endswith(" with 400 extensions out for this alone, capacity is 80 %.")
    assert last(publish(), discovery="0s", counts_as_out=["failed"], **keys).endswith("get it.")


def test_windows_and_the_local_time_are_told():
    windows = [{"from": "22:00", "to": "05:00", "days": ["sat", "sun"]}]
    line = about("At 1min", publish(windows=windows), start="2026-11-20T14:00")
    assert line.startswith("At 1min (Fri 20 Nov 14:01), publish_extension-0: ")
    assert line.endswith(" An attempt begins only within 22:00 to 05:00 (sat, sun).")


# Requests ----------------------------------------------------------------------------------------


def push(version, **body):
    return {"upgrade_extensions": {"targets": {TARGET: version}} | body}


def test_a_push_is_for_those_that_are_not_enrolled_too():
    assert last(push("1.38"), unhealthy="5%") == (
        "the operator pushes AzureMonitorLinuxAgent to 1.38 on 4 machines, enrolled or not. With 5 % "
        "it ends unhealthy, is rolled back in 2min and not tried again. At worst all go at once: "
        "with 4 extensions out for this alone, capacity is 0 %."
    )


def test_a_push_of_several_extensions_tells_each():
    text = last(
        {"upgrade_extensions": {"targets": {TARGET: "1.38", "Contoso.Own": "2"}}},
        extensions=[AGENT, OWN],
    )
    assert text == (
        "the operator pushes AzureMonitorLinuxAgent to 1.38 on 4 machines, enrolled or not. And Own "
        "to 2 on 4 machines, enrolled or not. At worst all go at once: with 4 extensions out for "
        "this alone, capacity is 50 %."
    )


def test_a_push_of_a_bad_release_is_as_bad():
    text = last(publish(unhealthy="30%"), push("1.38"))
    assert " With 30 % it ends unhealthy, " in text
    text = last(publish(unhealthy={"machines": "30%"}), push("1.38"))
    assert " It is bad on 30 % of them, and on no other. It ends unhealthy there, " in text


def test_a_partial_version_is_told_as_what_it_stands_for():
    text = last(publish("1.38.2"), publish("1.38.10"), push("1.38"))
    assert "to 1.38.10 (the newest known of 1.38) on 4 machines" in text


PUT = {"publisher": MONITOR, "type": AGENT["type"], "version": "1.38"}


@pytest.mark.parametrize(
    ("newest", "version"),
    [
        (True, "1.39 (the newest minor version known, in the place of 1.38)"),
        (False, "1.38.5 (the newest known of 1.38)"),
    ],
)
def test_a_put_installs_the_newest_minor_version_or_the_newest_of_a_partial_one(newest, version):
    put = {"put_extension": PUT | {"auto_upgrade_minor_version": newest}}
    assert last(publish("1.38.5"), publish("1.39"), put) == (
        f"AzureMonitorLinuxAgent {version} of {MONITOR} is put on "
        "4 machines, not enrolled from then on. Nothing happens where it is installed already."
    )


def test_a_first_installation_has_nothing_to_go_back_to():
    put = {"put_extension": OWN}
    assert last(put, unhealthy="5%") == (
        "Own 1.0 of Contoso is put on 4 machines, not enrolled from then on. With 5 % it ends "
        "unhealthy, and is failed until it is installed anew."
    )
    newer = {"put_extension": OWN | {"version": "1.1"}}
    assert last(put, newer, unhealthy="5%").endswith("is rolled back in 2min and not tried again.")


def test_what_was_put_and_enrolled_gets_releases():
    put = {"put_extension": OWN | {"enable_automatic_upgrade": True}}
    release = {"publish_extension": {"type": "own", "version": "1.1"}}
    assert "4 machines, enrolled and below it, get it." in last(
        put, release, also_supported=["Contoso/Own"]
    )


def test_a_repair_is_told():
    text = last({"repair_extension": {"type": AGENT["type"]}}, max_attempts=1)
    assert text == (
        "AzureMonitorLinuxAgent on 4 machines is removed where it is failed, and installed again."
    )


def test_what_will_be_refused_is_told_and_changes_nothing():
    enrol = {"set_automatic_upgrade": {"type": "Own", "enabled": True}}
    release = {"publish_extension": {"type": "Own", "version": "1.1"}}
    lines = told(enrol, release, extensions=[OWN])
    assert lines[-2] == (
        "At 1min, set_automatic_upgrade-0: it will be refused: 400 BadRequest: the extension "
        "Contoso.Own does not support setting enableAutomaticUpgrade to true."
    )
    assert lines[-1].endswith(
        "Nothing is upgraded unless it opts in later. It leaves alone 4 machines not enrolled."
    )


def test_operations_are_told_in_order_of_time():
    late, early = {"at": "2h"} | publish("1.39"), {"at": "1h"} | publish()
    names = [line.split(":")[0] for line in told(late, early) if line.startswith("At ")]
    assert names == ["At 1h, publish_extension-1", "At 2h, publish_extension-0"]


# What does nothing -------------------------------------------------------------------------------

NOTHING = "Nothing happens, as it is installed already"


def test_a_push_of_what_is_installed_does_nothing_and_says_why():
    assert last(push("1.37")) == (
        "the operator pushes AzureMonitorLinuxAgent to 1.37.0 (the newest known of 1.37) on 4 "
        f"machines, enrolled or not. {NOTHING}."
    )
    assert NOTHING not in last(push("1.36"))


def test_a_push_of_what_only_some_have_does_nothing_there():
    text = last(publish(), push("1.38"))
    assert " Nothing happens where it is installed already." in text


def test_a_put_that_changes_nothing_says_so():
    same = {**PUT, "version": "1.37.0", "auto_upgrade_minor_version": False}
    enrolled = {"put_extension": same | {"enable_automatic_upgrade": True}}
    assert last(enrolled).endswith(f"4 machines, enrolled as before. {NOTHING}.")
    assert last({"put_extension": same}).endswith(
        "4 machines, not enrolled from then on: that alone changes, as it is installed."
    )


def test_what_may_be_failed_is_put_anew():
    put = {"put_extension": OWN}
    text = last(put, put, unhealthy="5%")
    assert text.endswith(f"{NOTHING}, except where it is failed: there it is installed anew.")


def test_a_put_on_machines_that_lack_it_does_something():
    extensions = [AGENT | {"groups": ["a"]}]
    groups = {"a": {"count": 2}, "b": {"count": 3}}
    same = {**PUT, "version": "1.37.0", "enable_automatic_upgrade": True}
    assert NOTHING not in last({"put_extension": same}, groups=groups, extensions=extensions)
