"""Defaults of a scale set that depend on other fields, and which of them are assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.systems.vm_scale_set.spec import VmScaleSet

HORIZON = 86400.0
"""Seconds."""

STARTER = """\
# Question: how far does capacity dip while image 2 rolls through ten instances, and for how long?
horizon: 6h
seed: 1
systems:
  web:
    kind: vm_scale_set
    instances: 10
    upgrade_policy:
      mode: rolling
      max_batch_instance_percent: 20%
      pause_time_between_batches: 5min
operations:
  - at: 1h
    update_model: {image: "2"}
"""


def resolve(_: str, spec: VmScaleSet) -> VmScaleSet:
    """An instance gets its former OS disk back in the time that a reimage takes."""
    return spec.model_copy(update={"restore": spec.restore or spec.reimage})
