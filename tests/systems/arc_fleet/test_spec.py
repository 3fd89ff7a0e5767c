"""What a user may write of an Arc fleet, what is filled in, and what refers to nothing."""

from __future__ import annotations

import pytest
from any_fleet import OWN, VAULT, asked, fleet, publish, refused

from sim.formats.distributions import Distribution

WINDOWS = {"publisher": VAULT, "type": "KeyVaultForWindows", "version": "1.0"}

# Defaults ----------------------------------------------------------------------------------------


def test_a_fleet_has_the_documented_defaults():
    f = fleet()
    assert str(f.discovery) == "uniform (low 0s, high 56d)"
    assert str(f.install) == "lognormal (median 4min, p95 6min)"
    assert str(f.retry_after) == "uniform (low 2d, high 4d)"
    assert (f.health_window, f.verdict, f.unhealthy, f.rollback_fails) == (
        300.0,
        "at_end",
        0.0,
        0.0,
    )
    assert (f.rollback, f.healthy_after) == (Distribution.fixed(120.0), Distribution.fixed(0.0))
    assert (f.supported, f.also_supported, f.max_attempts, f.max_concurrent) == (
        None,
        (),
        None,
        None,
    )
    assert f.counts_as_out == ("installing", "unhealthy", "rolling_back", "failed")


def test_an_extension_has_the_documented_defaults():
    (extension,) = fleet(extensions=[OWN]).extensions
    assert (extension.auto_upgrade_minor_version, extension.enable_automatic_upgrade) == (
        True,
        False,
    )
    assert extension.min_available is None


# Requests ----------------------------------------------------------------------------------------


def test_a_request_to_put_an_extension_has_the_defaults_of_one_that_is_there():
    body = asked({"put_extension": OWN})
    assert (body.auto_upgrade_minor_version, body.enable_automatic_upgrade) == (True, False)
    assert body.group is None


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("1.x", "must be a version such as 1.37.0: one to four numbers joined by dots, got "),
        ("1.2.3.4.5", "must be a version such as 1.37.0: one to four numbers joined by dots, got "),
        ("1..2", "must be a version such as 1.37.0: one to four numbers joined by dots, got "),
        ("", 'must be a version such as 1.37.0: one to four numbers joined by dots, got ""'),
        (1.38, "must be text: quote it, got 1.38"),
    ],
)
def test_a_version_is_numbers_joined_by_dots(version, rule):
    (problem,) = refused(publish(version))
    assert problem.startswith(f"operations.0.publish_extension.version: {rule}")


@pytest.mark.parametrize(
    ("unhealthy", "place", "rule"),
    [
        (
            {"machines": "5%", "os": "linux"},
            "",
            "must have exactly one of machines, os or group, got ",
        ),
        ({}, "", "must have exactly one of machines, os or group, got none of them"),
        ({"os": "macos"}, ".os", "must be linux or windows, got "),
        (7, "", "must be a share from 0% to 100%, got 7"),
        ({"os": "windows"}, ".os", "must be the os of a group of f, got windows; known: none"),
    ],
)
def test_how_bad_a_release_is_is_a_share_or_a_place(unhealthy, place, rule):
    (problem,) = refused(publish(unhealthy=unhealthy))
    assert problem.startswith(f"operations.0.publish_extension.unhealthy{place}: {rule}")
