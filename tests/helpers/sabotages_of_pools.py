"""Batch pools with one rule broken."""

from __future__ import annotations

from dataclasses import replace

from sabotage import Sabotage, scaled

from sim.core.windows import Windows
from sim.systems.base.failures import FailureProcess
from sim.systems.batch_pool.draws import Starts
from sim.systems.batch_pool.node_service import NodeService
from sim.systems.batch_pool.nodes import Nodes
from sim.systems.batch_pool.scheduler import FreeNodes, Queue, Scheduler
from sim.systems.batch_pool.service import BatchService
from sim.systems.batch_pool.states import PREEMPTED
from sim.systems.batch_pool.walk import Walk

UPGRADE = {"at": "30min", "upgrade_os": {"target_os_version": "WA-GUEST-OS-5.31_201905-01"}}
MINUTES = {"uniform": {"low": "1min", "high": "9min"}}


def pool(*operations, work=None, **spec):
    """12 nodes for eight hours, upgraded at half an hour, at a load of 80 %."""
    system = {
        "kind": "batch_pool",
        "nodes": 12,
        "node_upgrade": MINUTES,
        "max_concurrent": 2,
        "work": {"load": "80%", "service": MINUTES, **(work or {})},
        **spec,
    }
    asked = list(operations) or [UPGRADE]
    return {"horizon": "8h", "systems": {"p": system}, "operations": asked}


def plans(**changes):
    """Let each upgrade go by another plan."""

    def breaks(patch):
        whole = Walk.__init__

        def begin(self, context, nodes, plan, completed):
            other = {name: change(plan) for name, change in changes.items()}
            whole(self, context, nodes, replace(plan, **other), completed)

        patch.setattr(Walk, "__init__", begin)

    return breaks


def rules(**changes):
    """Let each upgrade go by other rules."""
    return plans(rules=lambda plan: replace(plan.rules, **changes))


def forget_a_node(patch):
    whole = Walk.begin

    def begin(self):
        self._waiting.remove(self._waiting[3])
        whole(self)

    patch.setattr(Walk, "begin", begin)


def take_the_highest_first(patch):
    def choose(self, count):
        return [self._waiting.pop() for _ in range(count)]

    patch.setattr(Walk, "_choose", choose)


def come_back_early(patch):
    whole = Nodes.hold

    def hold(self, node, status, seconds, *rest, **more):
        return whole(self, node, status, round(seconds * 512) / 1024, *rest, **more)

    patch.setattr(Nodes, "hold", hold)


def no_start_task_fails(patch):
    whole = Starts.run
    patch.setattr(Starts, "run", lambda self, node: (whole(self, node)[0], True))


def tasks_never_fail(patch):
    patch.setattr(Scheduler, "_fails", lambda *_: False)


def tasks_are_not_tried_again(patch):
    whole = Scheduler._failed

    def failed(self, task):
        self._failures[task] = 99
        whole(self, task)

    patch.setattr(Scheduler, "_failed", failed)


def give_one_task_at_a_time(patch):
    def give(self):
        if self._queue.waiting:
            node = self._free.choose(self._slots[self._queue.head])
            if node is not None:
                self._run(self._queue.leave(), node, self._context.now)

    patch.setattr(Scheduler, "_give", give)


def fill_the_other_way(patch):
    whole = FreeNodes.__init__

    def begin(self, nodes, slots, *, spread):
        whole(self, nodes, slots, spread=not spread)

    patch.setattr(FreeNodes, "__init__", begin)


def last_come_first_served(patch):
    def join(self, task):
        self._submitted -= 1
        self.waiting.append(self._lines[task] + (self._submitted << 33) | task)
        self.waiting.sort()

    patch.setattr(Queue, "join", join)


def ignore_priority(patch):
    whole = Queue.__init__

    def begin(self, priorities, *, to_front):
        whole(self, [0] * len(priorities), to_front=to_front)

    patch.setattr(Queue, "__init__", begin)


def nodes_never_fail(patch):
    patch.setattr(FailureProcess, "begin", lambda _: None)


def work_is_kept(patch):
    whole = Scheduler.interrupt

    def interrupt(self, node, mode):
        for run in node.running():
            self._left[run.task] -= self._context.now - run.began
        whole(self, node, mode)

    patch.setattr(Scheduler, "interrupt", interrupt)


def take_nodes_back_in_twice_the_time(patch):
    scaled(patch, BatchService, "_times", 2)


def leave_the_last_out(patch):
    whole = NodeService._chosen
    patch.setattr(NodeService, "_chosen", lambda self, call: whole(self, call)[:-1])


def return_as_they_were(patch):
    whole = Nodes.preempt

    def preempt(self, node, *rest):
        whole(self, node, *rest[:-1], node.version)

    patch.setattr(Nodes, "preempt", preempt)


def return_all_the_same(patch):
    whole = Nodes.preempt

    def preempt(self, node, *rest):
        whole(self, node, 600.0, *rest[1:])

    patch.setattr(Nodes, "preempt", preempt)


def kill_the_tasks_of_preempted_nodes(patch):
    whole = Scheduler.interrupt

    def interrupt(self, node, mode):
        whole(self, node, "terminate" if node.status == PREEMPTED else mode)

    patch.setattr(Scheduler, "interrupt", interrupt)


BUSY = {"load": "95%"}
SABOTAGES = (
    Sabotage(
        "three times max_concurrent nodes go at once",
        plans(limit=lambda plan: 3 * plan.limit),
        pool(),
        "more nodes were out for an upgrade at once than `max_concurrent`",
    ),
    Sabotage(
        "an upgrade forgets a node",
        forget_a_node,
        pool(),
        "an upgrade was completed without one of the nodes",
    ),
    Sabotage(
        "nodes come back on the old version",
        plans(version=lambda _: 0),
        pool(),
        "a node came back from an upgrade on another version",
    ),
    Sabotage(
        "nodes come back from an upgrade in half the time",
        come_back_early,
        pool(),
        "a node was not out for the time that was drawn (node_upgrade)",
    ),
    Sabotage(
        "rebooted nodes come back in half the time",
        come_back_early,
        pool({"at": "1h", "reboot_node": {"node": "node-3"}}),
        "a node was not out for the time that was drawn (reboot)",
    ),
    Sabotage(
        "nodes are taken in reverse order",
        take_the_highest_first,
        pool(),
        "nodes were not taken in the order of their numbers",
    ),
    Sabotage(
        "the pause between waves is left out",
        rules(pause=0.0),
        pool(pause="10min"),
        "a wave of an upgrade began before the pause was over",
    ),
    Sabotage(
        "a wave does not wait for the one before",
        rules(rolling=True),
        pool(),
        "a wave of an upgrade began before the one before it was back",
    ),
    Sabotage(
        "nodes are taken outside windows",
        plans(windows=lambda _: Windows((), None)),
        pool(
            {
                "at": "30min",
                "upgrade_os": UPGRADE["upgrade_os"]
                | {"windows": [{"from": "02:00", "to": "03:00"}]},
            }
        ),
        "a node was taken outside the windows of its upgrade",
    ),
    Sabotage(
        "no start task fails",
        no_start_task_fails,
        pool(start_task={"duration": "1min", "fails": "50%"}),
        "a start task did not fail or succeed as was drawn",
    ),
    Sabotage(
        "no node fails",
        nodes_never_fail,
        pool(failures={"per_year": 2000, "recovery": "10min"}),
        "a node did not fail though it was drawn to",
    ),
    Sabotage(
        "tasks never fail",
        tasks_never_fail,
        pool(work={"fails": "20%"}),
        "a run of a task did not fail or succeed as was drawn",
    ),
    Sabotage(
        "failed tasks are not tried again",
        tasks_are_not_tried_again,
        pool(work={"fails": "20%", "max_task_retry_count": 2}),
        "a task was not tried again as often as it may be",
    ),
    Sabotage(
        "nodes stay idle beside waiting tasks",
        give_one_task_at_a_time,
        pool(work=BUSY, max_concurrent=6),
        "a task waited although a node was free",
    ),
    Sabotage(
        "a pool that spreads packs",
        fill_the_other_way,
        pool(task_slots_per_node=4),
        "a task did not go to the node that uses the fewest slots",
    ),
    Sabotage(
        "a pool that packs spreads",
        fill_the_other_way,
        pool(task_slots_per_node=4, node_fill_type="pack"),
        "a task did not go to the node that uses the most slots",
    ),
    Sabotage(
        "the last task to come is served first",
        last_come_first_served,
        pool(work=BUSY),
        "a task started before another one whose turn it was",
    ),
    Sabotage(
        "interrupted tasks keep their work",
        work_is_kept,
        pool(),
        "a completed task was not given the time that it needs",
    ),
    Sabotage(
        "no spot node is preempted",
        nodes_never_fail,
        pool(preemptions={"per_hour": 0.5, "returns": "10min"}),
        "a node was not preempted though it was drawn to",
    ),
    Sabotage(
        "preempted nodes return at the old version",
        return_as_they_were,
        pool(preemptions={"per_hour": 0.5, "returns": "10min"}),
        "an upgrade was completed without one of the nodes",
    ),
    Sabotage(
        "preempted nodes return though they never do",
        return_all_the_same,
        pool(preemptions={"per_hour": 0.2, "returns": "never"}),
        "a node was not out for the time that was drawn (returns)",
    ),
    Sabotage(
        "tasks of preempted nodes are killed",
        kill_the_tasks_of_preempted_nodes,
        pool(preemptions={"per_hour": 0.5, "returns": "10min"}),
        "an interrupted task went elsewhere than what took its node says",
    ),
    Sabotage(
        "a request for all nodes leaves the last one out",
        leave_the_last_out,
        pool({"at": "1h", "reboot_node": {"node": "all"}}),
        "a request for several nodes left one out",
    ),
)
