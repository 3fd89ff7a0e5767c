"""One shop, or two, and what is wrong with a file of them."""

from __future__ import annotations

import pytest

from sim.core.errors import ScenarioError
from sim.scenario import Scenario

SYSTEMS = """\
systems:
  shop: {kind: cloud_service, roles: {Web: {instances: 4}}}
"""
TWO = SYSTEMS + "  desk: {kind: cloud_service, roles: {Web: {instances: 4}}}\n"


def problems(text: str, **contents: bytes) -> list[str]:
    """Each problem after the file's name."""
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_text(text, "x.yaml", contents)
    return [str(problem).removeprefix("x.yaml:") for problem in caught.value.problems]
