"""Hand-made logs of a scale set `w` of two instances, which its rolling upgrades take one by one."""

from __future__ import annotations

from hand_made import HandMade, operations

from sim.systems.base.operation import Span
from sim.systems.vm_scale_set.defaults import resolve
from sim.systems.vm_scale_set.layout import SetLayout
from sim.systems.vm_scale_set.model import SetModel
from sim.systems.vm_scale_set.requests import OPERATIONS
from sim.systems.vm_scale_set.spec import VmScaleSet

IMAGE = ("update_model", {"image": "2"})
UP = "upgrade by update_model-0"


class ScaleSet(HandMade):
    """A set and what is made of logs of it."""

    def __init__(self, *requests, horizon=1000.0, **spec):
        """`requests` are pairs (kind, body), all of them named KIND-k; `spec` is as written."""
        written = {"kind": "vm_scale_set", "instances": 2} | spec
        resolved = resolve("w", VmScaleSet.model_validate(written))
        asked = operations("w", requests, OPERATIONS, lambda bodies: bodies)
        layout = SetLayout("w", resolved, list(asked), 1, Span(horizon, None))
        super().__init__(SetModel(layout), horizon)

    def because(self, name):
        """A batch moves instances, an upgrade its batches and the model, all else the scenario."""
        if name.startswith("w_"):
            return "batch of w"
        if "of w" in name:
            return UP
        return name.removeprefix("upgrade by ") if "upgrade by" in name else "the scenario"


BEGUN = f"""
    100 update_model-0 -> InProgress
    100 {UP} -> upgrading
    100 model of w -> requested/2
"""
FIRST = """
    100 batch of w -> upgrading
    100 w_0 -> reimaging/2
    180 w_0 -> initializing
    240 w_0 -> healthy
    240 batch of w -> at rest
"""
SECOND = """
    240 batch of w -> pausing
    300 batch of w -> at rest
    300 batch of w -> upgrading
    300 w_1 -> reimaging/2
    380 w_1 -> initializing
    440 w_1 -> healthy
    440 batch of w -> at rest
"""
ENDED = f"""
    440 model of w -> reached
    440 {UP} -> completed because {UP}
    440 update_model-0 -> Succeeded because {UP}
"""
WALK = BEGUN + FIRST + SECOND + ENDED
"""A rolling upgrade of both instances, with a pause between."""
