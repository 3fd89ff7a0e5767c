"""Batch pools: nodes that run queued tasks and are upgraded meanwhile."""

from __future__ import annotations

from sim.core.stack import Stack
from sim.systems.base.records import answers
from sim.systems.base.system_type import SystemType
from sim.systems.batch_pool.cost import parts
from sim.systems.batch_pool.defaults import (
    GROUP_METRICS,
    HORIZON,
    STARTER,
    active_assumptions,
    default_variants,
    headcount,
    resolve,
    resolve_bodies,
    resolved_place,
)
from sim.systems.batch_pool.explain import DRY_RUN_RULES
from sim.systems.batch_pool.layout import PoolLayout, limits
from sim.systems.batch_pool.metrics import BATCH_METRICS
from sim.systems.batch_pool.model import PoolModel
from sim.systems.batch_pool.references import references, warnings
from sim.systems.batch_pool.rejections import REJECTIONS, RULES_OF
from sim.systems.batch_pool.requests import OPERATIONS
from sim.systems.batch_pool.series import PoolSeries, population
from sim.systems.batch_pool.spec import BatchPool
from sim.systems.batch_pool.tables import progress_text

SYSTEM_TYPE = SystemType(
    kind="batch_pool",
    spec=BatchPool,
    operations=OPERATIONS,
    metrics=BATCH_METRICS,
    group_metrics=GROUP_METRICS,
    model=lambda *given: PoolModel(PoolLayout(*given)),
    horizon=HORIZON,
    starter=STARTER,
    groups=lambda _, __: (),
    headcount=headcount,
    references=references,
    limits=limits,
    resolve=resolve,
    resolve_bodies=resolve_bodies,
    resolved_place=resolved_place,
    active_assumptions=active_assumptions,
    warnings=warnings,
    default_variants=default_variants,
    parts=lambda model: parts(model.layout),
    population=lambda model, stack: population(model.layout, stack),
    # What is lost tells more than how many lost it.
    gives_way="tasks_requeued",
    progress_text=lambda model, log: progress_text(model.layout, Stack([log])),
    dry_run_rules=DRY_RUN_RULES,
    rejections=answers(REJECTIONS, RULES_OF),
    series=PoolSeries,
)
