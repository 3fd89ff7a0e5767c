"""The rules of a Batch pool, checked row by row: one reading of a log from its first row to its last.

It shares nothing with the audit but the log, the scenario and the tasks that were drawn.
"""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from math import ceil, floor

from sim.systems.batch_pool.draws import redraw_tasks

IN_SERVICE = ("idle", "running (scheduling disabled)")
BACK = (*IN_SERVICE, "offline", "starttaskfailed")
DRAINS = ("taskcompletion", "retaineddata")
CHECKPOINTED = "active (checkpointed)"
MOVES = {
    ("absent", "active"),
    ("active", "running"),
    ("running", "active"),
    ("running", "completed"),
    ("running", "failed"),
    ("running", CHECKPOINTED),
    (CHECKPOINTED, "running"),
}
INTERRUPTED = {"terminate": "failed", "checkpoint": CHECKPOINTED}


class Task:
    """A task as far as the reading has come."""

    def __init__(self, job, submit, service, slots):
        self.job, self.submit, self.service, self.slots = job, submit, service, slots
        self.left = service
        """Seconds of work that remain."""
        self.status, self.began, self.node = "absent", None, None
        self.failures = 0
        """Runs that failed by themselves."""
        self.requeues = 0


class Reading:
    """One run of a pool `p` that keeps the rules.

    Tasks: states, order of the queue, choice of nodes, slots, work, retries. Nodes: how many an
    upgrade takes at once, versions.
    """

    def __init__(self, simulation, log):
        self.model, self.log = simulation.models["p"], log
        self.spec, self.subjects = self.model.layout.spec, log.subjects
        self.bodies = {each.name: each.body for each in simulation.scenario.operations}
        self.tasks = self._tasks(simulation.scenario.seed, log.replication)
        (nodes,) = self.subjects.of("p", "node")
        self.states = {
            number: self._state(nodes, nodes.initial[number - nodes.first])
            for number in nodes.numbers
        }
        """Node -> (status, version)."""
        self.taken_by = {}
        """Node -> the cause of its last row."""
        self.used = Counter()
        """Node -> slots in use."""
        self.since = Counter()
        """Node -> when its last task ended or it came back."""
        self.queue, self.submitted = [], 0
        """A heap of those that wait: places and numbers of tasks; how many were submitted."""
        self.now = 0.0
        self.out = set()
        """Nodes that drain for the upgrade or are out by it."""
        self.leaving = set()
        """Nodes that drain because the pool shrinks."""
        self.most = 0
        self.target = None
        self.upgrading = None
        """The request of the upgrade that is on."""
        self.moved = 0.0
        """When it began, or last had a node less out."""
        self.begun = []
        """When a node was chosen for an upgrade, and the upgrade's name."""
        for row in log.rows:
            block = self.subjects.block_of(row["subject"])
            read = getattr(self, f"_read_{block.kind}")
            states = self._state(block, row["old"]), self._state(block, row["new"])
            if row["time"] > self.now:
                self._check_that_nobody_waits_in_vain()
            self.now = float(row["time"])
            read(self.now, int(row["subject"]), *states, int(row["cause"]))
        self._check_that_nobody_waits_in_vain()
        self._check_the_end()

    def _tasks(self, seed, replication):
        found = {}
        drawn = redraw_tasks(self.model.layout, seed, replication)
        for job, layout in zip(drawn, self.model.layout.jobs, strict=True):
            columns = zip(job.submit.tolist(), job.service.tolist(), job.size.tolist(), strict=True)
            for number, (submit, service, size) in enumerate(columns, layout.first):
                found[number] = Task(layout.spec, submit, service, layout.sizes[size])
        return found

    @staticmethod
    def _state(block, code):
        return block.states.status(code), block.states.version(code)

    # Tasks

    def _read_task(self, time, number, old, new, cause):
        task, status = self.tasks[number], new[0]
        assert old[0] == task.status
        assert (task.status, status) in MOVES
        if status == "running":
            self._start(time, number, task, cause)
        elif task.status == "absent":
            assert time == task.submit
        else:
            self.used[task.node] -= task.slots
            self.since[task.node] = time
            if cause == number:
                self._fail(time, task, status)
            else:
                assert cause == task.node
                self._leave(time, task, status)
        if status in ("active", CHECKPOINTED):
            self._wait(number, task)
        task.status = status

    def _wait(self, number, task):
        """By priority; who comes back first or last; submission."""
        again = task.status == "running"
        self.submitted += not again
        if again and self.spec.requeue_to == "front":
            place = (0, 0, 0)
        else:
            place = (1, self.submitted, again)
        fits = task.slots <= self.spec.task_slots_per_node
        priority = task.job.priority if fits else -1001
        heappush(self.queue, ((-priority, *place, task.submit, number), number))

    def _best(self, slots):
        """The node for a task of so many slots, if any has room."""
        sign = 1 if self.spec.node_fill_type == "spread" else -1
        fitting = [
            (sign * self.used[node], self.since[node], node)
            for node, (status, _) in self.states.items()
            if status == "idle" and self.used[node] + slots <= self.spec.task_slots_per_node
        ]
        return min(fitting)[-1] if fitting else None

    def _check_that_nobody_waits_in_vain(self):
        """When all of an instant has happened, the head of the queue fits on no node."""
        if self.queue:
            assert self._best(self.tasks[self.queue[0][1]].slots) is None

    def _start(self, time, number, task, node):
        assert heappop(self.queue)[1] == number
        assert node == self._best(task.slots)
        self.used[node] += task.slots
        assert self.used[node] <= self.spec.task_slots_per_node
        task.began, task.node = time, node

    def _length(self, task):
        """Seconds that the rest of a task takes: its work and its checkpoints."""
        every, cost = self.spec.checkpoint.every, self.spec.checkpoint.cost
        modes = [self.spec.interruptions.on_failure]
        if self.spec.configuration == "cloud_service":  # images go by their own policy
            modes.append(self.spec.interruptions.on_upgrade)
        if "checkpoint" not in modes or not every:
            return task.left
        return task.left + max(0, ceil(task.left / every) - 1) * cost

    def _fail(self, time, task, status):
        """A run failed by itself: that uses up a retry."""
        assert time - task.began == self._length(task)
        task.failures += 1
        retries = task.job.max_task_retry_count
        assert (status == "active") == (retries < 0 or task.failures <= retries)
        task.left = task.service

    def _leave(self, time, task, status):
        """A run is over, or the node was taken from under it: that uses up none."""
        if status == "completed":
            assert time - task.began == self._length(task)
            return
        mode = self._mode(self.taken_by[task.node])
        assert self.states[task.node][0] not in IN_SERVICE
        assert mode not in DRAINS  # the node would have waited
        assert status == INTERRUPTED.get(mode, "active")
        task.requeues += status != "failed"
        if mode == "checkpoint":
            every, cost = self.spec.checkpoint.every, self.spec.checkpoint.cost
            elapsed = time - task.began
            task.left -= floor(elapsed / (every + cost)) * every if every else elapsed
        else:
            task.left = task.service

    def _mode(self, by):
        """What becomes of tasks whose node is taken by an upgrade, a failure or an operation."""
        name = self.subjects.name(by)
        if name == "failures":
            return self.spec.interruptions.on_failure
        if name == "preemptions":
            return "requeue"
        body = self.bodies[name.removeprefix("upgrade by ")]
        if hasattr(body, "target_os_version"):
            return self.spec.interruptions.on_upgrade
        if hasattr(body, "nodes"):
            return body.node_deallocation_option
        return getattr(body, "option", "requeue")

    # Nodes

    def _read_node(self, time, number, old, new, cause):
        assert old == self.states[number]
        self.states[number], self.taken_by[number] = new, cause
        if new[0] == "idle" and old[0] not in IN_SERVICE:
            self.since[number] = time
        by = self.subjects.name(cause)
        if new[0] == "absent":
            self.moved = time
            self.out.discard(number)
            self.leaving.discard(number)
        elif new[0] == "preempted":
            self.moved = time
            self.out.discard(number)
        elif by.startswith("upgrade by"):
            self._upgrade(time, number, new[0], by)

    def _upgrade(self, time, number, status, by):
        if status in BACK and status != IN_SERVICE[1]:
            self.moved = time
            self.out.remove(number)
        elif number not in self.out:
            self.out.add(number)
            self.begun.append((time, by))
            assert len(self.out) <= self.most

    # The pool

    def _read_upgrade(self, time, number, _, new, __):
        if new[0] == "upgrading":
            name = self.subjects.name(number).removeprefix("upgrade by ")
            self.upgrading, self.moved = self.bodies[name], time
            present = [state for state in self.states.values() if state[0] != "absent"]
            self.most = self._limit(len(present))
            layout = self.model.layout
            self.target = layout.os_versions[layout.brings(name)]
        else:
            broken = "starttaskfailed" in {status for status, _ in self.states.values()}
            assert new[0] == "completed" or (new[0] == "failed" and broken)
            assert not self.out
            self.upgrading = None
            for node, (status, version) in self.states.items():
                gone = status in ("absent", "preempted") or node in self.leaving
                assert gone or version == self.target

    def _read_target(self, _, __, ___, new, cause):
        """What is wanted is what the upgrade brings, from its beginning on, and at its end too."""
        assert new == ("requested" if self.upgrading else "reached", self.target)
        assert self.subjects.block_of(cause).kind == "upgrade"

    def _read_size(self, _, __, ___, new, cause):
        assert new == ("asked for", str(self.bodies[self.subjects.name(cause)].nodes))

    def _limit(self, present):
        if self.spec.configuration == "virtual_machine":
            share = self.spec.upgrade_policy.max_batch_instance_percent
            return max(1, floor(share * present + 1e-9))
        limit = self.spec.max_concurrent
        if limit.count is not None:
            return limit.count
        return max(1, floor(limit.share * present + 1e-9))

    def _read_operation(self, time, number, _, new, __):
        """A pool that shrinks without haste lets the nodes with the highest numbers drain."""
        body = self.bodies[self.subjects.name(number)]
        if new[0] == "InProgress" and getattr(body, "node_deallocation_option", None) in DRAINS:
            present = sorted(node for node, state in self.states.items() if state[0] != "absent")
            self.leaving = set(present[body.nodes :])
            self.moved = time
            self.out -= self.leaving

    def _read_pool(self, *_):
        """Its state follows from its upgrades."""

    _read_allocation = _read_pool

    def _check_the_end(self):
        """Each task is in one state; what was due has come; an upgrade goes on or is over."""
        running = Counter()
        for task in self.tasks.values():
            assert (task.status == "absent") == (task.submit > self.log.horizon)
            if task.status == "running":
                running[task.node] += task.slots
                assert task.began + self._length(task) > self.log.horizon
        assert +self.used == running
        if self.upgrading is not None and not self.upgrading.windows:
            assert self.out or self.log.horizon - self.moved <= self._pause()

    def _pause(self):
        if self.spec.configuration == "virtual_machine":
            return self.spec.upgrade_policy.pause_time_between_batches
        return self.spec.pause
