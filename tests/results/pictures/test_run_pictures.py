"""The pictures of one replication show its timelines."""

import pytest
from lanes import bars
from pictured import ALONE, FLEET, ONE_ROLE, SCENARIO, TWO, labels

import sim
from sim.core.errors import ScenarioError
from sim.plots import availability, capacity, gantt, queue, state_shares, up_to_date


@pytest.fixture(scope="module")
def one():
    return sim.run_one(sim.loads(SCENARIO))


def test_capacity_of_a_run_is_its_timeline_over_the_window(one, drawn):
    caught = drawn(capacity, "figure")
    one.plot.capacity()
    line = one.timeline("shop", "capacity").crop(300.0, 7200.0)
    assert caught["first"].times.tolist() == line.times.tolist()
    assert caught["first"].values.tolist() == list(line.values)
    assert caught["start"] == one.scenario.start
    assert caught["subtitle"] == "shop, replication 0"


def test_threshold_is_the_highest_that_is_asked_of_the_whole_system(one, drawn):
    caught = drawn(capacity, "figure")
    one.plot.capacity()
    assert caught["threshold"] == 0.75
    sim.run_one(sim.loads(ONE_ROLE)).plot.capacity()
    assert caught["threshold"] is None
    mean = sim.loads(SCENARIO).override({f"objectives.{k}.of": "mean" for k in (0, 1)})
    sim.run_one(mean).plot.capacity()
    assert caught["threshold"] is None
    roles = ("WebRole", "WorkerRole")
    certain = mean.override({f"systems.shop.roles.{role}.restart": "4min" for role in roles})
    assert not sim.run_one(certain).log.drew
    sim.run_one(certain).plot.capacity()
    assert caught["threshold"] == 0.75


def test_operations_are_marked_by_name_or_kind_and_refusals_as_such(one, drawn):
    caught = drawn(capacity, "figure")
    one.plot.capacity()
    assert labels(caught) == [(600.0, "upgrade_deployment"), (660.0, "again, refused")]


def test_operations_of_one_kind_are_marked_with_their_modes_where_these_differ(drawn):
    caught = drawn(capacity, "figure")
    text = ONE_ROLE.replace(
        "  - {at: 11min, name: again, walk_upgrade_domain: {upgrade_domain: 0}}",
        "  - {at: 90min, upgrade_deployment: {build: '43', mode: manual}}",
    )
    marks = [(600.0, "upgrade_deployment, Auto"), (5400.0, "upgrade_deployment, Manual")]
    sim.run_one(sim.loads(text)).plot.capacity()
    assert labels(caught) == marks
    sim.run(sim.loads(text).override({"replications": 2})).plot.capacity()
    assert labels(caught) == marks
    sim.run_one(sim.loads(text.replace("manual", "auto"))).plot.capacity()
    assert labels(caught) == [(600.0, "upgrade_deployment"), (5400.0, "upgrade_deployment")]


def test_operation_that_was_not_sent_has_no_mark(drawn):
    caught = drawn(capacity, "figure")
    late = SCENARIO.replace("at: 11min", "at: {uniform: {low: 2h, high: 30h}}")
    sim.run_one(sim.loads(late)).plot.capacity()
    assert labels(caught) == [(600.0, "upgrade_deployment")]


def test_availability_has_a_row_for_the_system_and_each_group(one, drawn):
    caught = drawn(availability, "figure")
    one.plot.availability()
    assert list(caught["first"]) == ["shop", "WebRole", "WorkerRole"]
    assert caught["first"]["WebRole"].minimum() == 0.0
    assert caught["first"]["WorkerRole"].minimum() == 1.0
    assert caught["first"]["shop"].times[0] == 300.0


def test_only_group_is_the_whole_system(drawn):
    caught = drawn(availability, "figure")
    sim.run_one(sim.loads(ONE_ROLE)).plot.availability()
    assert list(caught["first"]) == ["shop"]


def test_lanes_are_those_of_the_model(one, drawn):
    caught = drawn(gantt, "figure")
    one.plot.gantt()
    known = bars(one.simulation.models["shop"], one.log)
    assert [(i.lane, i.start_s, i.end_s, i.category) for i in caught["first"]] == known


def test_title_keeps_the_capitals_of_a_name(drawn):
    caught = drawn(gantt, "figure")
    sim.run_one(sim.loads(FLEET.replace("machines: 4", "machines: 1"))).plot.gantt()
    assert caught["title"].startswith("Replication 0: AzureMonitorLinuxAgent of machines-0 is out")
    sim.run_one(sim.loads(FLEET)).plot.gantt()
    assert caught["title"].startswith("Replication 0: at most 1 of 4 extensions is out")


def test_system_must_be_named_where_there_are_several(drawn):
    caught = drawn(capacity, "figure")
    run = sim.run_one(sim.loads(TWO))
    run.plot.capacity("b")
    assert caught["subtitle"] == "scenario, b, replication 0"
    assert labels(caught) == [(60.0, "upgrade_deployment")]
    run.plot.capacity("a")
    assert labels(caught) == []
    with pytest.raises(ScenarioError, match=r"must be a system of this scenario.*known: a, b"):
        run.plot.capacity()
    with pytest.raises(ScenarioError, match="must be a system of this scenario"):
        sim.run(sim.loads(TWO)).plot.capacity("c")


@pytest.mark.parametrize(("nodes", "module"), [(2, gantt), (100, state_shares)])
def test_nodes_of_a_pool_have_lanes_or_of_many_is_told_how_many_do_what(nodes, module, drawn):
    caught = drawn(module, "figure")
    text = f"horizon: 1h\nsystems: {{a: {{kind: batch_pool, nodes: {nodes}}}}}\noperations:\n"
    text += "  - {at: 5min, upgrade_os: {target_os_version: WA-GUEST-OS-5.31_201905-01}}\n"
    results = sim.run(sim.loads(text).override({"replications": 2}))
    assert [name for name, _ in results.plot.figures() if "distribution" not in name] == [
        "capacity",
        "nodes",
    ]
    assert caught["what"] == "nodes"
    assert caught["failing"] == "its start task failed"
    assert caught["title"].startswith("Replication 0: ")


BATCHES = """
horizon: 2h
systems: {w: {kind: vm_scale_set, instances: 10, reimage: 5min}}
operations: [{at: 5min, start_os_upgrade: {image: "2"}}]
"""


def test_batches_of_a_scale_set_have_lanes_beside_its_instances(drawn):
    caught = drawn(gantt, "figure")
    run = sim.run_one(sim.loads(BATCHES))
    run.plot.gantt()
    assert caught["what"] == "instances"
    run.plot.gantt(of="batches")
    assert caught["what"] == "batches"
    assert caught["window"] == (0.0, 7200.0)
    assert [each.lane for each in caught["first"]] == [f"batch {k}" for k in range(5)]
    assert "5 batches of 6min" in caught["title"]
    with pytest.raises(ScenarioError, match="known: instances, batches"):
        run.plot.gantt(of="domains")
    names = [name for name, _ in sim.run(sim.loads(BATCHES)).plot.figures()]
    assert names[:3] == ["capacity", "instances", "batches"]


def test_queue_of_a_run_is_its_timelines_over_the_window(drawn):
    caught = drawn(queue, "figure")
    run = sim.run_one(sim.loads(ALONE))
    run.plot.queue()
    for shown, series in ((caught["first"], "queue"), (caught["used"], "running")):
        line = run.timeline("render", series).crop(3600.0, 21600.0)
        assert shown.times.tolist() == line.times.tolist()
        assert shown.values.tolist() == line.values.tolist()
    assert caught["subtitle"] == "pool, replication 0"
    assert labels(caught) == [(7200.0, "upgrade_os")]


def test_slots_in_service_are_whole_and_those_that_utilisation_is_a_share_of(drawn):
    caught = drawn(queue, "figure")
    run = sim.run_one(sim.loads(ALONE))
    run.plot.queue()
    slots = caught["slots"]
    assert (slots.values.min(), slots.values.max()) == (8.0, 10.0)
    assert (slots.values == slots.values.round()).all()
    share = run.timeline("render", "utilisation").crop(3600.0, 21600.0)
    used = caught["used"].at(share.times)
    assert share.values.tolist() == (used / slots.at(share.times)).tolist()


def test_up_to_date_of_a_run_has_no_band(drawn):
    caught = drawn(up_to_date, "figure")
    sim.run(sim.loads(FLEET.partition("variants")[0])).replay(3).plot.up_to_date()
    assert "band" not in caught
    assert caught["subtitle"] == "fleet, replication 3"
