"""What a Batch pool costs, counted in events and in lines of Python, not in seconds."""

from __future__ import annotations

import pytest
from effort import lines
from pool_story import UPGRADE, reboot, resize, simulation
from simpy import Environment

from sim.core.random_streams import draws
from sim.systems.base.context import Context
from sim.systems.batch_pool.states import COMPLETED


def run(made):
    """The number of events of a run, and its world."""
    env = Environment()
    context = Context(env, draws(made.scenario.seed, 0), made.scenario.horizon, None)
    for model in made.models.values():
        model.start(context)
    context.run()
    return context.budget.spent, context


@pytest.mark.parametrize("load", ["30%", "80%", "150%"])
def test_a_task_costs_its_submission_and_its_end(load):
    """And the end of the run one more; what is still to be done at the horizon has not ended."""
    made = simulation(nodes=20, work={"load": load, "service": {"exponential": {"mean": "30s"}}})
    events, context = run(made)
    first = made.models["p"].layout.first_task
    rows = context.recorder.rows[context.recorder.rows["subject"] >= first]
    submitted, completed = (rows["old"] == 0).sum(), (rows["new"] == COMPLETED).sum()
    assert completed > 500
    assert 0 <= events - submitted - completed <= 10


def test_a_bag_of_tasks_is_submitted_in_one_event():
    work = {"tasks": 1000, "service": {"uniform": {"low": "10s", "high": "50s"}}}
    made = simulation(nodes=20, horizon="2h", work=work)
    events, _ = run(made)
    assert 1000 < events < 1010


def disable(node):
    return {"disable_scheduling": {"node": node}}


def enable(node):
    return {"enable_scheduling": {"node": node}}


TAKEN = {
    "reboot": {"asked": [(50, reboot("node-1"))]},
    "upgrade": {"asked": [(50, UPGRADE)]},
    "least lost": {"asked": [(50, UPGRADE)], "order": "least_work_lost"},
    "resize": {"asked": [(50, resize(3))]},
    "drain": {"asked": [(50, resize(3, "taskcompletion"))]},
    "disable": {"asked": [(50, disable("node-1")), (60, enable("node-1"))]},
    "failures": {"asked": [], "failures": {"per_year": 1_000_000, "recovery": "20s"}},
}


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("to", ["front", "back"])
def test_taking_a_node_costs_the_same_however_many_tasks_wait(name, to):
    """A scan of the queue would be seen in the lines; its heap alone knows how long it is."""

    def made(waiting, asked=(), **more):
        pool = {"nodes": 4, "requeue_to": to, "reboot": "20s", "horizon": "2min"}
        work = {"tasks": 4 + waiting, "service": "1h"}
        return simulation(*asked, work=work, **pool, **more)

    def cost(waiting):
        calm, torn = made(waiting), made(waiting, **TAKEN[name])
        return run(torn)[0] - run(calm)[0], lines(lambda: run(torn)) - lines(lambda: run(calm))

    few, many = cost(20), cost(3000)
    assert few == many
    assert 1 <= few[0] <= 40


@pytest.mark.parametrize("slots", [1, 5])
def test_a_requeue_costs_one_event_a_task_of_the_node(slots):
    """The end that does not come true; the rest are the request, the return and a dispatch."""

    def events(*asked):
        pool = {"task_slots_per_node": slots, "reboot": "10s", "horizon": "3h"}
        work = {"tasks": 4 * slots, "service": "1h"}
        return run(simulation(*asked, nodes=4, work=work, **pool))[0]

    assert events((50, reboot("node-1"))) - events() == slots + 3
