"""Virtual machine scale sets: instances that follow a model, upgraded in batches."""

from __future__ import annotations

from sim.core.metrics import METRICS
from sim.systems.base.system_type import SystemType
from sim.systems.vm_scale_set.defaults import HORIZON, STARTER, resolve
from sim.systems.vm_scale_set.layout import SetLayout
from sim.systems.vm_scale_set.model import SetModel
from sim.systems.vm_scale_set.requests import OPERATIONS
from sim.systems.vm_scale_set.spec import VmScaleSet

SYSTEM_TYPE = SystemType(
    kind="vm_scale_set",
    spec=VmScaleSet,
    operations=OPERATIONS,
    metrics=METRICS,
    model=lambda *given: SetModel(SetLayout(*given)),
    horizon=HORIZON,
    starter=STARTER,
    resolve=resolve,
)
