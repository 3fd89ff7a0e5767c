"""JSON that any reader takes and that cannot harm a terminal."""

from __future__ import annotations

import json
import math
from typing import Any


def json_text(found: object) -> str:
    """The same bytes for a file and a terminal: numbers plain, null for what is none."""
    text = json.dumps(_without_nan(found), indent=2, ensure_ascii=False, allow_nan=False)
    lines = (line if line.isprintable() else _escaped(line) for line in text.split("\n"))
    return "".join(f"{line}\n" for line in lines)


def _escaped(line: str) -> str:
    """JSON itself escapes only some of what could move a terminal's cursor."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def _without_nan(found: Any) -> Any:
    """The same with null for what is no number: JSON has none."""
    if isinstance(found, dict):
        return {key: _without_nan(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_without_nan(value) for value in found]
    return None if isinstance(found, float) and not math.isfinite(found) else found
