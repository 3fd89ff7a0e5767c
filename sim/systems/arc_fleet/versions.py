"""Versions of extensions: numbers joined by dots, compared part by part, missing parts as 0.

So 1.10.9 is below 1.10.15, and 1.9 is 1.9.0. The first part is the major version: an automatic
upgrade never leaves it ("Automatic Extension Upgrade for VMs and scale sets").
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from sim.formats.fields import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

PARTS = 4
_WRITTEN = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}", re.ASCII)


def _version(text: str) -> str:
    if not _WRITTEN.fullmatch(text):
        raise ValueError("must be a version such as 1.37.0: one to four numbers joined by dots")
    return text


Version = Annotated[Text, AfterValidator(_version)]


@cache
def version_key(version: str) -> tuple[int, ...]:
    """The four parts of a version as numbers: what versions are compared by."""
    parts = [int(part) for part in version.split(".")]
    return (*parts, *[0] * (PARTS - len(parts)))


def major(version: str) -> int:
    """The part that no automatic upgrade changes."""
    return version_key(version)[0]


def upgrades(release: str, installed: str) -> bool:
    """Whether a release is above what is installed and of the same major version."""
    return major(release) == major(installed) and version_key(release) > version_key(installed)


def ordered(versions: Iterable[str]) -> tuple[str, ...]:
    """The versions in ascending order, each once: of equal ones the longest spelling stands."""
    longest = {version_key(each): each for each in sorted(versions, key=len)}
    return tuple(longest[each] for each in sorted(longest))


def installed_as(written: str, known: Iterable[str]) -> str:
    """What a request for `written` installs: a partial version is its newest known release.

    9.5 stands for 9.5.*; where nothing of that beginning is known, it is installed as written.
    """
    # Assumption: a partial version is installed as its newest known release.
    parts = len(written.split("."))
    begins = version_key(written)[:parts]
    return ordered([written, *(each for each in known if version_key(each)[:parts] == begins)])[-1]


def newest_minor(written: str, known: Iterable[str]) -> str:
    """What is installed instead of `written` under `auto_upgrade_minor_version`."""
    return ordered([written, *(each for each in known if major(each) == major(written))])[-1]
