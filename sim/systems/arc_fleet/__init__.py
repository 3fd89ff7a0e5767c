"""Azure Arc-enabled servers: machines whose extensions upgrade themselves."""

from __future__ import annotations

from sim.systems.arc_fleet.cost import parts
from sim.systems.arc_fleet.defaults import (
    GROUP_METRICS,
    HORIZON,
    STARTER,
    active_assumptions,
    default_variants,
    groups,
    headcount,
    resolve,
    resolve_bodies,
    resolved_place,
)
from sim.systems.arc_fleet.explain import DRY_RUN_RULES
from sim.systems.arc_fleet.lint import warnings
from sim.systems.arc_fleet.metrics import ARC_METRICS, TIME_TO, measure_more
from sim.systems.arc_fleet.model import Model
from sim.systems.arc_fleet.progress import by_day, progress_text
from sim.systems.arc_fleet.references import references
from sim.systems.arc_fleet.rejections import REJECTIONS, RULES_OF
from sim.systems.arc_fleet.requests import OPERATIONS
from sim.systems.arc_fleet.series import Series
from sim.systems.arc_fleet.spec import ArcFleet
from sim.systems.base.records import answers
from sim.systems.base.system_type import SystemType

SYSTEM_TYPE = SystemType(
    kind="arc_fleet",
    spec=ArcFleet,
    operations=OPERATIONS,
    metrics=ARC_METRICS,
    metric_family=TIME_TO,
    group_metrics=GROUP_METRICS,
    model=Model,
    horizon=HORIZON,
    starter=STARTER,
    groups=groups,
    headcount=headcount,
    references=references,
    resolve=resolve,
    resolve_bodies=resolve_bodies,
    resolved_place=resolved_place,
    active_assumptions=active_assumptions,
    warnings=warnings,
    default_variants=default_variants,
    parts=parts,
    dry_run_rules=DRY_RUN_RULES,
    main_series="up_to_date",
    progress=by_day,
    progress_text=progress_text,
    measure_more=measure_more,
    rejections=answers(REJECTIONS, RULES_OF),
    series=Series,
)
