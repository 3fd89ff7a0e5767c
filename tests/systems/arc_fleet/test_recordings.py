"""Arc fleets against what was recorded of real machines and real releases.

Sources: a recorded session of the Azure CLI with one machine (2023-11-27), and the calendar of
"Azure Monitor agent extension versions", July 2021 to January 2024.
"""

from __future__ import annotations

import csv
import json
from datetime import date, datetime

import numpy as np
import pytest
from arc_sample import Sample
from arc_story import FleetStory, told
from known_answers import check_share
from places import DATA
from scipy.special import ndtr

RECORDED = DATA / "arc"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="needs the recordings")


def table(name):
    with (RECORDED / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def durations():
    """Recorded puts and upgrades of an extension: when asked, last seen unfinished, first done."""
    rows = table("recordings/operation_durations.csv")
    return [
        (
            datetime.fromisoformat(each["accepted_at"]),
            float(each["last_not_done_s"]),
            float(each["first_seen_done_s"]),
        )
        for each in rows
        if each["method"] == "PUT" or each["target"].endswith("upgradeExtensions")
    ]


def exchanges():
    text = (RECORDED / "recordings/cli_machine_and_extension.json").read_text("utf-8")
    return json.loads(text)


# Durations


def test_installations_take_as_long_as_was_recorded_unless_a_file_says_more():
    """Median 4 and 95 % 6 minutes: 19 of 20 lie between what was seen unfinished and seen done."""
    low = min(seen for _, seen, _ in durations())
    high = max(seen for _, _, seen in durations())
    run = Sample(5000, horizon="2d", install=None)
    seconds = run.last("watching") - run.last("installing")
    by = ndtr(np.log(np.array([low, high]) / 240) / (np.log(6 / 4) / 1.6448536269514722))
    assert by[1] - by[0] == pytest.approx(0.95, abs=0.005)
    check_share((seconds > low) & (seconds <= high), by[1] - by[0])


def test_recorded_durations_can_be_the_installations_of_a_fleet():
    seen = [done for _, _, done in durations()]
    install = {"empirical": {"values": [f"{done:g}s" for done in seen]}}
    run = Sample(3000, horizon="2d", install=install)
    seconds = np.rint(run.last("watching") - run.last("installing"))
    assert set(seconds) == set(seen)
    for value in set(seen):
        check_share(seconds == value, seen.count(value) / len(seen))


# A session


def test_a_recorded_put_and_upgrade_come_to_the_versions_that_were_shown():
    """Put of 1.10.10, then upgradeExtensions to 1.10.12; each as long as it was seen to take."""
    put, push = (
        next(
            each["request"]["body"]
            for each in exchanges()
            if each["request"]["method"] == method and key in json.dumps(each["request"]["body"])
        )
        for method, key in (("PUT", "typeHandlerVersion"), ("POST", "extensionTargets"))
    )
    body, targets = put["properties"], push["extensionTargets"]
    (asked, _, put_seconds), (again, _, push_seconds) = durations()[:2]
    (wanted,) = (f"{name}: {each['targetVersion']}" for name, each in targets.items())
    run = FleetStory(f"""
    systems:
      p:
        kind: arc_fleet
        machines: 1
        also_supported: [{body["publisher"]}/{body["type"]}]
        extensions: [{{publisher: Contoso, type: Own, version: 1.0}}]
        install: {{empirical: {{values: [{put_seconds:g}s, {push_seconds:g}s]}}}}
        verdict: early
    operations:
      - at: 1h
        put_extension:
          publisher: {body["publisher"]}
          type: {body["type"]}
          version: {body["typeHandlerVersion"]}
          auto_upgrade_minor_version: false
          enable_automatic_upgrade: {str(body["enableAutomaticUpgrade"]).lower()}
      - at: {(again - asked).total_seconds() + 3600:g}s
        upgrade_extensions: {{targets: {{{wanted}}}}}
    """)
    (row,) = [each for each in run.model.members(run.log) if each["type"] == body["type"]]
    shown = [
        each["response"]["body"]["properties"]
        for each in exchanges()
        if each["request"]["method"] == "GET" and "/extensions/" in each["request"]["target"]
    ]
    versions = [each["typeHandlerVersion"] for each in shown if "typeHandlerVersion" in each]
    states = [
        state.partition("/")[2]
        for _, state in told(run, f"{body['type']} of machines-0")
        if state.startswith("current")
    ]
    assert states == sorted(set(versions))
    assert row["provisioning_state"] == shown[-1]["provisioningState"]


def test_of_the_versions_that_were_listed_a_put_picks_the_newest():
    """1.10.15 is newer than 1.10.9, though not as a string."""
    (listed,) = [
        [each["properties"]["version"] for each in found["response"]["body"]["value"]]
        for found in exchanges()
        if "/versions?" in found["request"]["target"]
    ]
    published = "\n".join(
        f"      - {{at: 1h, publish_extension: {{type: Script, version: {version}}}}}"
        for version in listed
    )
    run = FleetStory(f"""
    systems:
      p:
        kind: arc_fleet
        machines: 1
        extensions: [{{publisher: P, type: Script, version: 1.9}}]
    operations:
{published}
      - {{at: 2h, put_extension: {{publisher: P, type: Script, version: "1.10"}}}}
    """)
    assert {"1.10.9", "1.10.15"} <= set(listed)
    assert told(run, "Script of machines-0")[-1][1] == "current/1.10.15"


# A calendar


@pytest.fixture(scope="module")
def calendar():
    """Two and a half years of releases to Linux and Windows, each found within four weeks.

    The two Linux releases that "will not install on Arc-enabled servers" are always bad there.
    """
    rows = table("ama_extension_versions_2021-07_2024-01.csv")
    begin = date.fromisoformat(f"{rows[0]['release_month']}-01")
    operations = []
    for row in rows:
        at = (date.fromisoformat(f"{row['release_month']}-01") - begin).days + 1
        for os in ("linux", "windows"):
            version = row[f"{os}_version"].rpartition("-")[2]  # of hotfixes the last
            if version:
                bad = os == "linux" and "will not install on Arc" in row["known_issue"]
                share = "100%" if bad else "0%"
                body = f"type: Agent{os.title()}, version: {version}, unhealthy: {share}"
                operations.append(f"      - {{at: {at}d, publish_extension: {{{body}}}}}")
    return FleetStory(
        f"""
    start: {begin}
    horizon: {at + 28}d
    systems:
      p:
        kind: arc_fleet
        groups: {{l: {{count: 20, os: linux}}, w: {{count: 20, os: windows}}}}
        also_supported: [P/AgentLinux, P/AgentWindows]
        discovery: {{uniform: {{low: 0s, high: 27d}}}}
        extensions:
          - {{publisher: P, type: AgentLinux, version: 1.10.0, enable_automatic_upgrade: true}}
          - {{publisher: P, type: AgentWindows, version: 1.0.0, enable_automatic_upgrade: true}}
    operations:
"""
        + "\n".join(operations)
    )


def versions(run, name):
    """The versions that an extension comes to rest on, in order of time."""
    return [state[8:] for _, state in told(run, name) if state.startswith("current/")]


def released(os):
    rows = table("ama_extension_versions_2021-07_2024-01.csv")
    return [row[f"{os}_version"].rpartition("-")[2] for row in rows if row[f"{os}_version"]]


def test_every_machine_follows_a_calendar_of_monthly_releases(calendar):
    for k in range(20):
        assert versions(calendar, f"AgentWindows of w-{k}") == released("windows")


def test_releases_that_do_not_install_are_rolled_back_and_tried_again_until_the_end(calendar):
    *good, first, second = released("linux")
    assert (first, second) == ("1.29.4", "1.29.5")
    for k in range(20):
        name = f"AgentLinux of l-{k}"
        assert versions(calendar, name) == good
        tried = [state[10:] for _, state in told(calendar, name) if state.startswith("unhealthy")]
        assert set(tried) == {first, second}
        assert tried == sorted(tried)
        # Tried every 2 to 4 days for at least (31 + 28 - 27) days.
        assert len(tried) >= 32 // 4


def test_who_is_up_to_date_at_the_end_of_a_calendar(calendar):
    assert calendar.measure("updated_share", "AgentWindows") == 1
    assert calendar.measure("updated_share", "AgentLinux") == 0
