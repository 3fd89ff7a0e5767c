"""One file's meaning: what is written, resolved with every default, checked, and its variants."""

from __future__ import annotations

from sim.scenario.document import Document
from sim.scenario.file import json_schema
from sim.scenario.inputs import InputFile, not_given
from sim.scenario.objectives import Objective
from sim.scenario.scenario import Scenario

__all__ = ["Document", "InputFile", "Objective", "Scenario", "json_schema", "not_given"]
