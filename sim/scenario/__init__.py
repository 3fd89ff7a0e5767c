"""One file's meaning: what is written, resolved with every default, checked, and its variants."""

from __future__ import annotations

from sim.scenario.inputs import not_given
from sim.scenario.scenario import (
    Document,
    InputFile,
    Objective,
    Operation,
    Scenario,
    json_schema,
)

__all__ = [
    "Document",
    "InputFile",
    "Objective",
    "Operation",
    "Scenario",
    "json_schema",
    "not_given",
]
