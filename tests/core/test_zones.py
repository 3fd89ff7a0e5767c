"""Time zones by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from sim.core import zones
from sim.core.zones import parse_zone


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "UTC", "Etc/GMT+1", "America/Argentina/Buenos_Aires"]
)
def test_a_zone_has_the_name_of_the_data_base(name):
    assert parse_zone(name) is ZoneInfo(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Berlin", "got Berlin; did you mean Europe/Berlin?"),
        ("new york", "got new york; did you mean America/New_York?"),
        ("Europe/Berln", "got Europe/Berln; did you mean Europe/Berlin?"),
        ("Mars/Base", "got Mars/Base"),
        ("Europe", "got Europe"),
        ("", 'got ""'),
        ("../etc/passwd", "got ../etc/passwd"),
        ("/etc/localtime", "got /etc/localtime"),
        ("Europe/Berlin\0", "got Europe/Berlin"),
        ("+01:00", "got +01:00"),
    ],
)
def test_no_zone_is_told_with_the_one_that_is_meant(name, told):
    with pytest.raises(ValueError, match="must be a time zone such as Europe/Berlin") as error:
        parse_zone(name)
    assert f"Europe/Berlin, {told}" in str(error.value)


def test_a_machine_without_time_zones_says_what_to_install(monkeypatch):
    monkeypatch.setattr(zones, "available_timezones", set)
    with pytest.raises(ValueError, match="no time zones: install the Python package tzdata, got X"):
        parse_zone("X/Y")
