"""Tasks meet nodes: submission, dispatch, the end of a run, and what an interruption does to it.

Source: "Get information about a task", "Reboot a node" (the options requeue, terminate and
taskcompletion), "Run tasks concurrently". The head of the queue blocks those behind it. A task
costs two events: its submission and its end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from simpy import Event

from sim.systems.batch_pool.states import ACTIVE, COMPLETED, FAILED, IDLE, RUNNING, TASK_WIDTH
from sim.systems.batch_pool.waiting import FreeNodes, Queue
from sim.systems.world import DISPATCH, RETURN, SUBMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.systems.batch_pool.layout import Layout
    from sim.systems.batch_pool.node import Node
    from sim.systems.batch_pool.tasks import Tasks
    from sim.systems.world import Due, World

AT_SUBMIT, AT_RETURN = SUBMIT << 32, RETURN << 32


class Execution(Event):
    """A run of a task on a node, and the event of its end; used again once it has come."""

    def __init__(self, world: World, node: Node) -> None:
        self.env = world.env
        self.callbacks = []
        self._ok, self._value = True, None
        self.node = node
        self.task = -1
        """-1 once the run was interrupted: its end then comes for nothing."""
        self.began = self.ends = 0.0


class Scheduler:
    """The tasks of a pool, from submission to their end. They are numbered in that order."""

    def __init__(self, world: World, layout: Layout, nodes: Sequence[Node], tasks: Tasks) -> None:
        spec = layout.spec
        self._world, self._env, self._record = world, world.env, world.record
        self._layout = layout
        self._arrivals = layout.first
        self._submits: list[float] = tasks.submit.tolist()
        self._subjects: list[int] = tasks.subject.tolist()
        self._bases: list[int] = (tasks.base * TASK_WIDTH).tolist()
        self._slots: list[int] = tasks.slots.tolist()
        self._service: list[float] = tasks.service.tolist()
        self._left = self._service.copy() if _writes_checkpoints(layout) else self._service
        """Seconds of work that remain, by task; where nothing is ever saved, all of it."""
        self._jobs: list[int] = tasks.job.tolist()
        self._failures: dict[int, int] = {}
        """Task -> how often it failed by itself."""
        self._may_fail = any(job.spec.fails for job in layout.jobs)
        self._queue = Queue(tasks.priority.tolist(), to_front=spec.requeue_to == "front")
        self._free = FreeNodes(nodes, layout.slots, spread=spec.node_fill_type == "spread")
        self._node_slots = layout.slots
        self._every, self._cost = spec.checkpoint.every, spec.checkpoint.cost
        self._saves = self._left is not self._service
        self._next = 0
        self._due = False
        """Whether a dispatch is planned for this instant."""
        self._ends: list[Callable[[Event], None]] = [self._end]
        self._arrival: list[Callable[[Event], None]] = [self._submit]
        self._submission = world.moment()
        for node in nodes:
            self.offer(node)

    # Submission and dispatch.

    def begin(self) -> None:
        """Await the first submission."""
        if self._submits:
            self._await_next(self._submission, 0.0)

    def _await_next(self, event: Event, now: float) -> None:
        task = self._next
        event.callbacks = self._arrival
        event._ok, event._value = True, None  # noqa: SLF001  (one event comes again and again)
        delay = self._submits[task] - now
        self._env.schedule(event, AT_SUBMIT | self._subjects[task], delay)  # type: ignore[arg-type]

    def _submit(self, event: Event) -> None:
        """All tasks of this instant join the queue; one that nobody is before starts at once."""
        submits, task = self._submits, self._next
        now, last = submits[task], len(submits)
        code = self._bases[task] + ACTIVE
        self._record(now, self._subjects[task], 0, code, self._arrivals)
        self._next = following = task + 1
        if following == last:
            pass
        elif submits[following] > now:
            self._await_next(event, now)
        else:
            self._queue.join(task)
            self._submit(event)
            return
        if not self._queue and self._env.peek() > now:
            node = self._free.choose(self._slots[task])
            if node is not None:
                self._run(task, node, now)
                return
        self._queue.join(task)
        self.dispatch()

    def offer(self, node: Node) -> None:
        """A node may have slots to give: it does while it is enabled and in service."""
        if node.accepts and node.used < self._node_slots:
            self._free.offer(node)

    def dispatch(self) -> None:
        """Give tasks to nodes: at once, or once all else of this instant has happened."""
        if self._due or not self._queue:
            return
        if self._env.peek() > self._env.now:
            self._give()
        else:
            self._dispatch_later()

    def _dispatch_later(self) -> None:
        if not self._due:
            self._due = True
            self._world.call(0.0, DISPATCH, self._layout.pool, self._give_now)

    def _give_now(self, _: Due) -> None:
        self._due = False
        self._give()

    def _give(self) -> None:
        queue, free, slots, now = self._queue, self._free, self._slots, self._world.now
        while queue:
            node = free.choose(slots[queue.head])
            if node is None:
                return
            self._run(queue.leave(), node, now)

    # A run and its end.

    def _run(self, task: int, node: Node, now: float) -> None:
        subject, base = self._subjects[task], self._bases[task]
        self._record(now, subject, base + ACTIVE, base + RUNNING, node.subject)
        run = node.spare.pop() if node.spare else Execution(self._world, node)
        run.task, run.began = task, now
        node.runs.append(run)
        node.used += self._slots[task]
        if node.used < self._node_slots:
            self._free.offer(node)
        run.callbacks = self._ends
        length = self._left[task]
        if self._saves:
            length += self._cost * self._checkpoints(length)
        run.ends = now + length
        self._env.schedule(run, AT_RETURN | subject, length)  # type: ignore[arg-type]

    def _end(self, run: Any) -> None:
        task = run.task
        if task < 0:
            return
        node = run.node
        node.runs.remove(run)
        node.spare.append(run)
        node.used -= self._slots[task]
        node.since = now = run.ends
        if self._may_fail and self._fails(task):
            self._failed(task)
        else:
            base = self._bases[task]
            subject = self._subjects[task]
            self._record(now, subject, base + RUNNING, base + COMPLETED, node.subject)
        if node.status == IDLE:
            self._free.offer(node)
        elif not node.runs:
            node.emptied()
        if self._queue:
            self.dispatch()

    def _fails(self, task: int) -> bool:
        job = self._layout.jobs[self._jobs[task]]
        path = f"{self._layout.name}/{job.name}/fails"
        member, attempt = self._subjects[task] - job.first, self._failures.get(task, 0)
        return self._world.draws.happens(path, job.spec.fails, job.room)[member, attempt]

    def _failed(self, task: int) -> None:
        """A run failed by itself: the task runs again while its retries last.

        # Assumption: a task that failed by itself waits again as a requeued one does.
        """
        self._failures[task] = failures = self._failures.get(task, 0) + 1
        most = self._layout.jobs[self._jobs[task]].spec.max_task_retry_count
        subject, base = self._subjects[task], self._bases[task]
        again = most < 0 or failures <= most
        state = ACTIVE if again else FAILED
        self._record(self._env.now, subject, base + RUNNING, base + state, subject)
        if again:
            self._left[task] = self._service[task]
            self._queue.join_again(task)

    # Interruption.

    def interrupt(self, node: Node, mode: str) -> None:
        """The node is taken away from its tasks: `mode` says what becomes of them."""
        for run in sorted(node.runs, key=_task_of):
            task, run.task = run.task, -1
            base, subject = self._bases[task], self._subjects[task]
            state = FAILED if mode == "terminate" else ACTIVE
            self._record(self._env.now, subject, base + RUNNING, base + state, node.subject)
            if mode == "checkpoint":
                self._left[task] -= self._saved(self._env.now - run.began)
            elif self._saves:
                self._left[task] = self._service[task]
            if state == ACTIVE:
                self._queue.join_again(task)
        node.runs.clear()
        node.used = 0
        self._dispatch_later()  # other nodes may be taken at this instant too

    def work_to_lose(self, node: Node, mode: str) -> float:
        """Seconds of execution that would be thrown away if the node were taken now."""
        if mode == "taskcompletion":
            return 0.0
        elapsed = [self._env.now - run.began for run in node.runs]
        if mode != "checkpoint":
            return sum(elapsed)
        period = self._every + self._cost
        return sum(math.fmod(each, period) for each in elapsed) if period else 0.0

    def _saved(self, elapsed: float) -> float:
        """Seconds of work that the finished checkpoints of a run keep."""
        if not self._every:
            return elapsed
        return math.floor(elapsed / (self._every + self._cost)) * self._every

    def _checkpoints(self, work: float) -> int:
        """How many checkpoints a run of `work` seconds writes: none at its end."""
        return max(0, math.ceil(work / self._every) - 1) if self._every else 0


def _writes_checkpoints(layout: Layout) -> bool:
    interruptions = layout.spec.interruptions
    return "checkpoint" in (interruptions.on_upgrade, interruptions.on_failure)


def _task_of(run: Execution) -> int:
    return run.task
