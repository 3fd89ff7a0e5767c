"""What a system assumes where its documents publish no value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Path = tuple[str | int, ...]


class Assumption(NamedTuple):
    """A default in force that Azure does not publish."""

    text: str
    """For the answer's footer: ``restart (lognormal, median 4min)``."""
    paths: Sequence[Path] = ()
    """Where it would be written, below the system; of alike members one each."""
    no_number: str = ""
    """Without paths: why there is nothing to halve or to double."""


RULE = "a rule, not a number"
"""Why most assumptions have nothing to halve or to double."""
CHOICE = "a choice, not a number"
NONE_FAIL = "without failures there is no rate"
