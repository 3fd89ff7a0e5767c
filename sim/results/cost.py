"""What runs are expected to cost, before they begin: too much is refused, long is warned of."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from sim.core.errors import LongRunWarning
from sim.files.memory import available
from sim.forecast.estimate import too_large, warning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.forecast.estimate import Estimate


def afford(expected: Sequence[Estimate], *, force: bool) -> None:
    """Refuse runs that this machine cannot bear, unless that is forced; warn of long ones."""
    bear(expected, force=force)
    told = warning(expected)
    if told is not None:
        warnings.warn(told, LongRunWarning, stacklevel=3)


def bear(expected: Sequence[Estimate], *, force: bool) -> None:
    """Refuse runs that this machine cannot bear, unless that is forced.

    Raises
    ------
    TooMuchError
        If they pass the bounds of a run by far, or need more memory than there is to spare.
    """
    refused = None if force else too_large(expected, available())
    if refused is not None:
        raise refused
