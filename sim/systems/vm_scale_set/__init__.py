"""Virtual machine scale sets: instances that follow a model, upgraded in batches."""

from __future__ import annotations

from sim.systems.base.records import answers
from sim.systems.base.system_type import SystemType
from sim.systems.vm_scale_set.cost import parts
from sim.systems.vm_scale_set.defaults import (
    HORIZON,
    STARTER,
    active_assumptions,
    chances,
    default_variants,
    headcount,
    resolve,
)
from sim.systems.vm_scale_set.layout import SetLayout
from sim.systems.vm_scale_set.metrics import SET_METRICS
from sim.systems.vm_scale_set.model import SetModel
from sim.systems.vm_scale_set.references import references, warnings
from sim.systems.vm_scale_set.rejections import REJECTIONS, RULES_OF
from sim.systems.vm_scale_set.requests import OPERATIONS
from sim.systems.vm_scale_set.series import SetSeries
from sim.systems.vm_scale_set.spec import VmScaleSet

SYSTEM_TYPE = SystemType(
    kind="vm_scale_set",
    spec=VmScaleSet,
    operations=OPERATIONS,
    metrics=SET_METRICS,
    model=lambda *given: SetModel(SetLayout(*given)),
    horizon=HORIZON,
    starter=STARTER,
    headcount=headcount,
    references=references,
    resolve=resolve,
    active_assumptions=active_assumptions,
    warnings=warnings,
    default_variants=default_variants,
    parts=lambda model: parts(model.layout),
    chances=chances,
    rejections=answers(REJECTIONS, RULES_OF),
    series=SetSeries,
)
