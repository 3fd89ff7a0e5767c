"""Which accepted operations changed nothing, and why: in sentences, and in the table of operations."""

from __future__ import annotations

import pytest
from fleet_log import AGENT, PUBLISH, PUBLISHED, Fleet, accepted, begun, updates

from sim.systems.arc_fleet import progress

# Releases that upgrade nobody


def told(fleet, text):
    return progress.progress_text(fleet.model, fleet.log(text))


NOBODY = accepted(100, "publish_extension-0")


@pytest.mark.parametrize(
    ("extensions", "version", "why"),
    [
        ([AGENT | {"enable_automatic_upgrade": False}], "1.1", "no machine is enrolled"),
        ([AGENT], "2.0", "those enrolled have another major version"),
        (
            [AGENT | {"version": "1.5"}],
            "1.2",
            "those enrolled have it, or a newer version, already (1.5)",
        ),
        ([AGENT], "1.0", "those enrolled have it, or a newer version, already (1.0)"),
    ],
)
def test_a_release_that_is_for_nobody_is_told_with_the_reason_and_has_no_days(
    extensions, version, why
):
    release = ("publish_extension", {"type": "Agent", "version": version})
    fleet = Fleet(release, extensions=extensions)
    line = f"publish_extension-0 Agent {version} upgrades no machine: {why}"
    assert told(fleet, NOBODY) == [line]
    assert progress.by_day(fleet.model, fleet.log(NOBODY)) == []
    (row,) = fleet.model.operations_table(fleet.log(NOBODY))
    assert (row["status"], row["code"]) == ("Succeeded", "")
    assert f"publish_extension-0 {row['message']}" == line


def test_a_release_below_one_that_is_out_already_is_told_as_that():
    older = ("publish_extension", {"type": "Agent", "version": "1.1"})
    fleet = Fleet(("publish_extension", {"type": "Agent", "version": "1.2"}), older)
    text = begun(100, "publish_extension-0") + accepted(200, "publish_extension-1")
    assert told(fleet, text)[-1] == (
        "publish_extension-1 Agent 1.1 upgrades no machine: a newer version of its major is out already"
    )


# Requests that change nothing


def request(kind, **body):
    return (kind, {"type": "Agent"} | body)


def changes_nothing(*requests, text="", **spec):
    """What is told of the last of some requests, which is accepted at 900 s and ends at once."""
    fleet = Fleet(*requests, **spec)
    name = fleet.model.layout.operations[-1]
    log = fleet.log(text + accepted(900, name))
    row = fleet.model.operations_table(log)[-1]
    lines = [line for line in progress.progress_text(fleet.model, log) if line.startswith(name)]
    assert lines == ([f"{name} {row['message']}"] if row["message"] else [])
    return row["message"]


def put(version="1.0", *, enrolled=True):
    body = {"publisher": "P", "version": version, "enable_automatic_upgrade": enrolled}
    return request("put_extension", **body)


def test_a_put_of_what_is_there_is_told_to_change_nothing_or_only_who_is_enrolled():
    why = "installs nothing: 4 machines have Agent 1.0 already"
    assert changes_nothing(put()) == f"{why}, and it changes nothing"
    assert changes_nothing(put(enrolled=False)) == f"{why}; it opts Agent out"
    asleep = [AGENT | {"enable_automatic_upgrade": False}]
    assert changes_nothing(put(), extensions=asleep) == f"{why}; it opts Agent in"
    one = {"m": {"count": 1}}
    assert changes_nothing(put(), groups=one).startswith("installs nothing: 1 machine has Agent")


def test_a_put_that_installs_something_has_no_note():
    begins = "900 Agent of m-0 -> installing because put_extension-0"
    assert changes_nothing(put("1.1"), text=begins) == ""


def test_a_put_that_another_request_overtakes_is_told_as_that():
    assert changes_nothing(put("1.1")) == (
        "installs nothing: another request or release came before it"
    )


def test_a_put_is_of_the_newest_minor_version_that_is_known_then():
    """1.1 was published, 1.0 is asked for, and 1.1 is there."""
    text = PUBLISHED + "".join(updates(f"m-{k}", 200) for k in range(4))
    note = "installs nothing: 4 machines have Agent 1.1 already, and it changes nothing"
    assert changes_nothing(PUBLISH, put("1.0"), text=text) == note


def test_a_push_of_what_is_installed_is_told_to_install_nothing():
    push = ("upgrade_extensions", {"targets": {"P.Agent": "1.0"}})
    fleet = Fleet(push)
    end = "900 upgrade by upgrade_extensions-0 -> completed because upgrade_extensions-0"
    text = begun(900, "upgrade_extensions-0") + end + "\n900 upgrade_extensions-0 -> Succeeded"
    assert told(fleet, text) == [
        "Agent 1.0: 4 of 4 machines are up to date (100 %)",
        "upgrade_extensions-0 installs nothing: 4 machines have Agent 1.0 already",
    ]


def test_opting_in_what_is_in_is_told_to_change_nothing():
    opts = request("set_automatic_upgrade", enabled=True)
    assert changes_nothing(opts) == "changes nothing: Agent is opted in already"
    out = request("set_automatic_upgrade", enabled=False)
    assert changes_nothing(out) == ""
    text = accepted(500, "set_automatic_upgrade-0")
    again = changes_nothing(out, out, text=text)
    assert again == "changes nothing: Agent is opted out already"


def test_a_repair_of_what_is_not_failed_is_told_to_repair_nothing():
    repair = request("repair_extension")
    assert changes_nothing(repair) == "repairs nothing: no Agent was failed"


def test_what_is_refused_has_its_own_message_only():
    fleet = Fleet(request("repair_extension"))
    refused = fleet.log("900 repair_extension-0 -> Refused/no such extension")
    (row,) = fleet.model.operations_table(refused)
    assert row["message"] == "the machines do not have the extension P.Agent"
    assert progress.progress_text(fleet.model, refused) == []
