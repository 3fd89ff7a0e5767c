"""``--precision METRIC=HALF`` or ``objectives``, several with commas between them, as words."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.core.errors import ScenarioError
from sim.core.units import shorten
from sim.experiments.precision_asked import OBJECTIVES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_ONE = re.compile(rf"{OBJECTIVES}(?:,|$)|(.*?)=([^=,]*)(?:,|$)")
"""A name may hold a comma or "=", a half-width none of them."""

_OPTIONS = {"precision": "--precision", "max_replications": "--max-replications"}
"""What a caller from Python gives -> how a shell gives it."""


def precision(options: argparse.Namespace) -> dict[str, str] | str | None:
    """Name of a mean -> its half-width, as written; None where none was asked for.

    The objectives are decided whatever is asked of means, so that word alone is all it may say.

    Raises
    ------
    ScenarioError
        If a word is none of that form, or a number of replications is given too.
    """
    if options.precision is None:
        return None
    for key in ("replications", "replay"):
        if getattr(options, key, None) is not None:
            raise ScenarioError.of(f"must not be given together with --{key}", where="--precision")
    found: dict[str, str] = {}
    for word in options.precision:
        parts = list(_ONE.finditer(word))
        if not parts or "".join(part[0] for part in parts) != word or word.endswith(","):
            rule = f"must be METRIC=HALF, such as shop.min_capacity=1%, or {OBJECTIVES}"
            raise ScenarioError.of(f"{rule}, got {shorten(word)}", where="--precision")
        for part in parts:
            if part[1] is None:
                continue
            if part[1] in found:
                raise ScenarioError.of("is given twice", where="--precision", path=part[1])
            found[part[1]] = part[2]
    return found or OBJECTIVES


@contextmanager
def named_as_options() -> Iterator[None]:
    """Tell of what is wrong with a precision by the names of the options."""
    try:
        yield
    except ScenarioError as error:
        problems = [
            replace(each, where=_OPTIONS.get(each.where, each.where)) for each in error.problems
        ]
        raise type(error)(problems) from None
