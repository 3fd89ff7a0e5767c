"""What the house gets to know of scale sets."""

from __future__ import annotations

import pytest
from set_log import IMAGE, ScaleSet

from sim.scenario import Scenario
from sim.simulation import Simulation
from sim.systems.vm_scale_set import SYSTEM_TYPE
from sim.systems.vm_scale_set.service import ScaleSetService


@pytest.mark.parametrize("operation", SYSTEM_TYPE.operations)
def test_the_service_carries_out_each_operation(operation):
    assert callable(getattr(ScaleSetService, operation))


def test_each_metric_that_a_set_has_is_registered():
    assert set(ScaleSet(IMAGE).measure("")) <= set(SYSTEM_TYPE.metrics)


def test_a_run_costs_what_its_instances_do():
    kinds = {part.kind for part in SYSTEM_TYPE.parts(ScaleSet(IMAGE).model)}
    assert kinds == {"instance"}


def test_a_model_of_the_kind_is_made_by_its_numbering():
    layout = ScaleSet(IMAGE).model.layout
    again = SYSTEM_TYPE.model("w", layout.spec, layout.requests, 1, layout.span)
    assert again.layout.models == layout.models
    assert SYSTEM_TYPE.kind == "vm_scale_set"


def test_the_starter_answers_its_question():
    """Two of ten at a time: capacity dips to 80 %; five batches and four pauses."""
    simulation = Simulation(Scenario.from_text(SYSTEM_TYPE.starter))
    log = simulation.run(0)
    (model,) = simulation.models.values()
    (row,) = model.operations_table(log)
    assert (row["at_s"], row["ended_s"]) == (3600, 3600 + 5 * 140 + 4 * 300)
    assert model.timeline(log, "capacity").values.min() == 0.8
