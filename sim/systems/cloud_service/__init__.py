"""Cloud Services (classic): role instances in update domains."""

from __future__ import annotations

from sim.systems.base.records import answers
from sim.systems.base.system_type import SystemType
from sim.systems.cloud_service.configuration_shown import updates_told
from sim.systems.cloud_service.cost import parts
from sim.systems.cloud_service.defaults import (
    GROUP_METRICS,
    HORIZON,
    STARTER,
    active_assumptions,
    chances,
    default_variants,
    headcount,
    resolve,
    resolve_bodies,
)
from sim.systems.cloud_service.layout import Layout
from sim.systems.cloud_service.metrics import CLOUD_SERVICE_METRICS
from sim.systems.cloud_service.model import Model
from sim.systems.cloud_service.references import references, warnings
from sim.systems.cloud_service.rejections import REJECTIONS, RULES_OF
from sim.systems.cloud_service.requests import OPERATIONS
from sim.systems.cloud_service.series import Series
from sim.systems.cloud_service.spec import CloudService
from sim.systems.cloud_service.status import stuck
from sim.systems.cloud_service.trials import trials

SYSTEM_TYPE = SystemType(
    kind="cloud_service",
    spec=CloudService,
    operations=OPERATIONS,
    metrics=CLOUD_SERVICE_METRICS,
    group_metrics=GROUP_METRICS,
    model=lambda *given: Model(Layout(*given)),
    horizon=HORIZON,
    starter=STARTER,
    groups=lambda spec, _: tuple(spec.roles),
    headcount=headcount,
    references=references,
    resolve=resolve,
    resolve_bodies=resolve_bodies,
    active_assumptions=active_assumptions,
    warnings=warnings,
    trials=trials,
    default_variants=default_variants,
    parts=lambda model: parts(model.layout),
    progress_text=lambda model, log: stuck(model.layout, log),
    changes_text=lambda model, log: updates_told(model.layout, log),
    chances=chances,
    rejections=answers(REJECTIONS, RULES_OF),
    series=Series,
)
