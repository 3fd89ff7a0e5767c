"""One file's meaning: what is written, resolved with every default, checked, and its variants."""

from __future__ import annotations

from sim.scenario.inputs import not_given
from sim.scenario.scenario import (
    InputFile,
    Objective,
    Operation,
    Scenario,
    files_named,
    json_schema,
)

__all__ = [
    "InputFile",
    "Objective",
    "Operation",
    "Scenario",
    "files_named",
    "json_schema",
    "not_given",
]
