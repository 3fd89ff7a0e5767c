"""What the service of a fleet wants of its machines."""

from __future__ import annotations

import pytest
from arc_story import extension, fleet, told

A = "A of machines-0"
H = 3600.0


def upgrade(run, number=0):
    return told(run, f"upgrade by publish_extension-{number}")


def test_a_release_of_another_major_version_is_recorded_and_touches_nothing():
    run = fleet("at: 1h, publish_extension: {type: A, version: 2.0}")
    assert run.lines == [
        "3600 publish_extension-0 absent -> InProgress because the scenario",
        "3600 publish_extension-0 InProgress -> Succeeded because publish_extension-0",
    ]


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "0.9"])
def test_a_release_that_is_not_above_what_is_installed_touches_nothing(version):
    run = fleet(f"at: 1h, publish_extension: {{type: A, version: {version}}}")
    assert told(run, A) == upgrade(run) == []


def test_versions_are_compared_as_numbers():
    run = fleet(
        "at: 1h, publish_extension: {type: A, version: 1.10.15}", [extension(version="1.10.9")]
    )
    assert told(run, A)[-1][1] == "current/1.10.15"


def test_types_are_named_in_any_case():
    run = fleet("at: 1h, publish_extension: {type: a, version: 1.1}")
    assert told(run, A)[-1][1] == "current/1.1"


def test_a_release_below_one_that_is_on_its_way_touches_nothing():
    later = "at: 2h, publish_extension: {type: A, version: 1.1}"
    run = fleet(f"at: 1h, publish_extension: {{type: A, version: 1.2}}\n{later}", discovery="5h")
    assert told(run, A)[-1] == (6 * H + 420, "current/1.2")
    assert upgrade(run, 1) == []
    assert upgrade(run) == [(H, "upgrading"), (6 * H + 420, "completed")]
