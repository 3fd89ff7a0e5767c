"""Versions of extensions: numbers part by part, never texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.systems.arc_fleet.versions import (
    installed_as,
    major,
    newest_minor,
    ordered,
    upgrades,
    version_key,
)

# What the service listed for Microsoft.Compute's CustomScriptExtension on 2023-11-27, newest first.
LISTED = (
    *("1.10.15", "1.10.14", "1.10.12", "1.10.11", "1.10.10", "1.10.9", "1.10.8", "1.10.5"),
    *("1.10.3", "1.10.2", "1.9.5", "1.9.4", "1.9.3", "1.9.2", "1.9.1", "1.9", "1.8", "1.7", "1.4"),
    *("1.3", "1.2", "1.1", "1.0.3", "1.0"),
)
# Linux versions of the Azure Monitor agent, 2021-07 to 2024-01.
AGENT = ("1.10.5.0", "1.10.9.0", "1.12.2.0", "1.15.3", "1.19.3", "1.21.0", "1.28.11", "1.29.5")

versions = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(
    lambda parts: ".".join(map(str, parts))
)


def test_a_real_list_stands_in_the_order_in_which_it_was_listed():
    assert ordered(sorted(LISTED)) == tuple(reversed(LISTED))
    assert ordered(sorted(AGENT)) == AGENT


def test_parts_are_compared_as_numbers():
    assert version_key("1.10.9") < version_key("1.10.15")
    assert version_key("1.9") < version_key("1.10")


@pytest.mark.parametrize(("short", "long"), [("1", "1.0.0.0"), ("1.9", "1.9.0"), ("1.09", "1.9")])
def test_missing_parts_are_zero(short, long):
    assert version_key(short) == version_key(long)


def test_of_equal_versions_the_longest_spelling_stands():
    assert ordered(["1.0", "2", "1.0.0", "1"]) == ("1.0.0", "2")


@pytest.mark.parametrize(
    ("release", "installed", "does"),
    [
        ("1.38.0", "1.37.0", True),
        ("1.37.0.1", "1.37", True),
        ("1.37.0", "1.37", False),
        ("1.36.9", "1.37.0", False),
        ("2.0", "1.37.0", False),
        ("1.99", "2.0", False),
    ],
)
def test_a_release_upgrades_what_is_below_it_in_its_major_version(release, installed, does):
    assert upgrades(release, installed) is does


def test_the_first_part_is_the_major_version():
    assert (major("10.2"), major("1"), major("01.2")) == (10, 1, 1)


@pytest.mark.parametrize(
    ("written", "known", "installed"),
    [
        ("9.5", ["9.5.3", "9.5.10", "9.10.0", "9.4"], "9.5.10"),
        ("9", ["9.5.3", "9.10.0", "10.0"], "9.10.0"),
        ("9.5", ["9.50.1", "9.4.9"], "9.5"),
        ("9.5", [], "9.5"),
        ("9.5.3", ["9.5.3.0", "9.5.10"], "9.5.3.0"),
        ("1.10.9", ["1.10.15"], "1.10.9"),
    ],
)
def test_a_partial_version_is_installed_as_its_newest_known_release(written, known, installed):
    assert installed_as(written, known) == installed


@pytest.mark.parametrize(
    ("written", "known", "installed"),
    [
        ("1.37", ["1.38.0", "1.40.2", "2.1"], "1.40.2"),
        ("1.41", ["1.38.0", "1.40.2"], "1.41"),
        ("3.0", ["1.38.0"], "3.0"),
    ],
)
def test_the_newest_minor_version_stays_within_the_major_version(written, known, installed):
    assert newest_minor(written, known) == installed


@given(versions, st.lists(versions))
def test_what_is_installed_is_known_or_as_written_and_never_below(written, known):
    for pick in (installed_as, newest_minor):
        installed = pick(written, known)
        assert installed in (written, *known)
        assert version_key(installed) >= version_key(written)
        assert major(installed) == major(written)


@given(st.lists(versions))
def test_ordered_versions_ascend_and_none_is_lost(some):
    keys = [version_key(each) for each in ordered(some)]
    assert keys == sorted({version_key(each) for each in some})


@given(versions, versions)
def test_of_two_versions_at_most_one_upgrades_the_other(one, other):
    assert not (upgrades(one, other) and upgrades(other, one))
