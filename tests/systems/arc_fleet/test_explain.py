"""What explain says of an Arc fleet before anything runs."""

from __future__ import annotations

import pytest
from any_fleet import AGENT, GROUPS, MONITOR, OWN, about, last, publish, scenario, told
from screens import assert_screen

from sim.simulation import Simulation

ENDLESS = {"exponential": {"mean": "1d"}}
"""A discovery of which no average is told."""
TARGET = f"{MONITOR}.{AGENT['type']}"


# The fleet ---------------------------------------------------------------------------------------


def test_a_fleet_is_told_with_its_machines_and_extensions():
    assert told(machines=2000) == [
        "f: 2,000 machines, 2,000 extensions.",
        "AzureMonitorLinuxAgent 1.37.0 of Microsoft.Azure.Monitor on 2,000 machines: enrolled, so "
        "that releases of major version 1 come by themselves.",
    ]


def test_groups_are_told_with_their_operating_systems():
    assert_screen("explain/fleet_of_groups", told(groups=GROUPS)[:4])


def test_disconnected_machines_are_told_with_the_share_that_is_away_at_an_instant():
    away = {"share": "30%", "on": "8h", "off": "16h"}
    assert_screen(
        "explain/fleet_disconnected",
        about("disconnected", groups={"a": {"count": 500, "disconnected": away}}),
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


def test_windows_and_the_local_time_are_told():
    windows = [{"from": "22:00", "to": "05:00", "days": ["sat", "sun"]}]
    line = about("At 1min", publish(windows=windows), start="2026-11-20T14:00")
    assert line.startswith("At 1min (Fri 20 Nov 14:01), publish_extension-0: ")
    assert line.endswith(" An attempt begins only within 22:00 to 05:00 (sat, sun).")


# Requests ----------------------------------------------------------------------------------------


def push(version, **body):
    return {"upgrade_extensions": {"targets": {TARGET: version}} | body}


def test_a_push_is_for_those_that_are_not_enrolled_too():
    assert_screen("explain/fleet_push", last(push("1.38"), unhealthy="5%"))


def test_a_push_of_several_extensions_tells_each():
    text = last(
        {"upgrade_extensions": {"targets": {TARGET: "1.38", "Contoso.Own": "2"}}},
        extensions=[AGENT, OWN],
    )
    assert_screen("explain/fleet_push_of_several", text)


def test_a_push_of_a_bad_release_is_as_bad():
    text = last(publish(unhealthy="30%"), push("1.38"))
    assert " With a chance of 30 % it ends unhealthy, " in text
    text = last(publish(unhealthy={"machines": "30%"}), push("1.38"))
    assert " It is bad on 30 % of them, and on no other. It ends unhealthy there, " in text


def test_a_partial_version_is_told_as_what_it_stands_for():
    text = last(publish("1.38.2"), publish("1.38.10"), push("1.38"))
    assert "to 1.38.10 (the newest known of 1.38) on 4 machines" in text


PUT = {"publisher": MONITOR, "type": AGENT["type"], "version": "1.38"}


@pytest.mark.parametrize(
    ("newest", "version"),
    [
        (True, "1.39 (the newest minor version known, instead of 1.38)"),
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
        "Own 1.0 of Contoso is put on 4 machines, not enrolled from then on. With a chance of 5 % it ends "
        "unhealthy, and is failed until it is installed again."
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
    assert text.endswith(f"{NOTHING}, except where it is failed: there it is installed again.")


def test_a_put_on_machines_that_lack_it_does_something():
    extensions = [AGENT | {"groups": ["a"]}]
    groups = {"a": {"count": 2}, "b": {"count": 3}}
    same = {**PUT, "version": "1.37.0", "enable_automatic_upgrade": True}
    assert NOTHING not in last({"put_extension": same}, groups=groups, extensions=extensions)
