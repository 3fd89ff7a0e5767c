"""Small cases from people who do this job, compared: what the conclusion may say, and what not."""

from __future__ import annotations

from functools import cache

from places import CASES

import sim

NONE_NAMED = "best: none is named, without objectives or `prefer: [METRIC, ...]`"


@cache
def compared(name, *prefer):
    scenario = sim.load(CASES / f"{name}.yaml")
    return sim.compare(scenario.override({"prefer": list(prefer)}) if prefer else scenario)


def conclusion(name, *prefer):
    return compared(name, *prefer).conclusion


def test_rollout_that_never_finishes_is_never_best():
    found = conclusion("arc-retry-cadence")
    assert found.best == ()
    assert set(found.never_best) == {"hour", "quarter", "seconds", "days", "once"}
    assert found.undominated == {}
    assert found.sentence.startswith(
        "never best, as what was requested ended well in fewer than half"
    )
    assert conclusion("arc-retry-cadence", "rollbacks").best == ()


def test_drain_that_never_ends_is_not_best_for_its_lowest_capacity():
    found = conclusion("pool-drain-never-ends")
    assert (found.best, list(found.undominated)) == ((), ["requeue"])
    assert found.never_best == {"drain": 0.0}
    assert found.sentence == (
        "never best, as what was requested ended well in fewer than half of the runs: "
        f"drain (0 of 20 runs)\n{NONE_NAMED}\n  requeue: the only one left"
    )
    assert conclusion("pool-drain-never-ends", "min_capacity").best == ("requeue",)


def test_service_that_is_stuck_is_not_best_and_one_that_was_rolled_back_may_be():
    found = conclusion("service-recycling")
    assert found.best == ()
    assert set(found.never_best) == {"default", "stuck", "single"}
    assert conclusion("service-recycling", "capacity_hours_lost").best == ("rolled-back",)


def test_resize_to_zero_and_back_is_set_against_a_rollout_by_makespan_and_capacity():
    found = compared("pool-new-package")
    rows = {
        (row["variant"], row["metric"]): row["better"]
        for row in found.rows("comparison")
        if row["metric"] in ("makespan", "min_capacity")
    }
    assert rows == {
        ("rolling", "min_capacity"): "yes",
        ("rolling", "makespan"): "no",
        ("reimage-one", "min_capacity"): "yes",
        ("reimage-one", "makespan"): "yes",
    }
    assert found.conclusion.best == ()
    assert found.conclusion.references == ("zero-and-back", "reimage-one")
    # The reimage is refused, so that nothing comes of it: it must not be the best in everything.
    assert list(found.conclusion.never_best) == ["reimage-one"]
    assert found.conclusion.undominated == {
        "zero-and-back": ("lost_task_hours", "tasks_requeued", "makespan"),
        "rolling": ("min_capacity", "wait_p95"),
    }


def test_best_asks_for_a_rollout_only_where_another_variant_has_one():
    assert conclusion("pool-new-package", "makespan").best == ("rolling",)
    scenario = sim.load(CASES / "pool-new-package.yaml").override({"prefer": ["makespan"]})
    later = [{"at": "1h", "resize": {"nodes": 0}}, {"at": "2h", "resize": {"nodes": 4}}]
    ways = {"later": {"operations": later}, "zero-and-back": {}}
    found = sim.compare(scenario.with_variants(ways)).conclusion
    assert (found.best, found.references) == (("zero-and-back",), ())


def test_objectives_table_says_who_is_best_and_in_what():
    rows = compared("service-recycling").rows("objectives")
    assert [(row["variant"], row["objective"], row["best"]) for row in rows] == [
        (name, "", "") for name in ("default", "stuck", "rolled-back", "single")
    ]
    rows = compared("service-recycling", "capacity_hours_lost").rows("objectives")
    assert [row["best"] for row in rows] == ["no", "no", "yes", "no"]
    rows = compared("pool-new-package").rows("objectives")
    assert rows[0]["best_in"] == "lost_task_hours, tasks_requeued, makespan"


def test_conclusion_is_the_same_from_a_folder(tmp_path):
    found = compared("pool-drain-never-ends")
    again = sim.open_results(found.save(tmp_path / "results"))
    assert again.conclusion.sentence == found.conclusion.sentence
    assert again.conclusion.never_best == found.conclusion.never_best
    assert "never best" in again._repr_html_()
