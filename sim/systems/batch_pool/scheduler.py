"""Tasks meet nodes: submission, dispatch, the end of a run, and what an interruption does to it.

Source: "Get information about a task", "Reboot a node" (the options requeue, terminate and
taskcompletion), "Run tasks concurrently". The head of the queue blocks those behind it. A task
costs two events: its submission and its end.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

from sim.core.log import PACK
from sim.systems.base.context import DISPATCH, RETURN, SUBMIT
from sim.systems.batch_pool.node import Execution
from sim.systems.batch_pool.states import (
    ACTIVE,
    CHECKPOINTED,
    COMPLETED,
    FAILED,
    IDLE,
    RUNNING,
    TASK_WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.batch_pool.draws import Tasks
    from sim.systems.batch_pool.layout import PoolLayout
    from sim.systems.batch_pool.node import Node


# Assumption: tasks of one priority, which Azure starts in no defined order, start as submitted; the
# head of the queue blocks those behind it, unless no node of the pool has slots for it.
class Queue:
    """Tasks that wait: by priority, then requeued ones in order of submission, then the others.

    Tasks are numbered in order of submission. A waiting task is one whole number, level, place and
    task, so that one heap orders them all and a million waiting ones cost no objects of ours.
    """

    def __init__(self, priorities: Sequence[int], *, to_front: bool) -> None:
        ranks = {
            priority: place for place, priority in enumerate(sorted(set(priorities), reverse=True))
        }
        # From the highest bit on: rank of the priority, whether it never ran (64), how many were
        # submitted before (33), whether it returned (32), its number.
        self._lines = [ranks[priority] << 65 | 1 << 64 for priority in priorities]
        """By task the line of its priority; the line of requeued ones is the one before."""
        self._to_front = to_front
        self.waiting: list[int] = []
        """A heap of those that wait."""
        self._submitted = 0
        """How many have joined the end of a line."""

    def join(self, task: int) -> None:
        """A task is submitted: it waits behind all others of its priority."""
        self._submitted += 1
        heappush(self.waiting, self._lines[task] | self._submitted << 33 | task)

    def join_again(self, task: int) -> None:
        """A task returns: before those that never ran, or behind all, as the pool wants it.

        There, those that no submission separates wait in order of their own.
        """
        if self._to_front:
            heappush(self.waiting, self._lines[task] - (1 << 64) | task)
        else:
            heappush(self.waiting, self._lines[task] | self._submitted << 33 | 1 << 32 | task)

    @property
    def head(self) -> int:
        """The task that is next."""
        return self.waiting[0] & 0xFFFFFFFF

    def leave(self) -> int:
        """Take the head out."""
        return heappop(self.waiting) & 0xFFFFFFFF


# Assumption: of nodes that are equally busy the one that is idle longest takes a task.
class FreeNodes:
    """Enabled nodes with a free slot, by how many slots they use, the longest idle first.

    A node is offered again whenever its slots change; an older offer is known by its time or by its
    number of slots, and is dropped when it comes up.
    """

    def __init__(self, nodes: Sequence[Node], slots: int, *, spread: bool) -> None:
        self._nodes = nodes
        # The last one is of tasks that require more than a node has.
        fitting = [range(slots - required + 1) for required in range(slots + 2)]
        self._order = [each if spread else each[::-1] for each in fitting]
        """By slots required: the numbers of used ones that leave room, the best first."""
        self._offers: list[list[tuple[float, int]]] = [[] for _ in range(slots)]
        """By slots used: when the node was last left or came back, and its number."""
        self._most = 2 * len(nodes) + 64
        self.choose = self._hot_choose()
        """The node for a task that requires so many slots; offer it again if it stays free."""

    def _hot_choose(self) -> Callable[[int], Node | None]:
        # A closure, as every task passes here.
        nodes, all_offers, order = self._nodes, self._offers, self._order

        def choose(slots: int) -> Node | None:
            for used in order[slots]:
                offers = all_offers[used]
                while offers:
                    since, number = heappop(offers)
                    node = nodes[number]
                    if node.since == since and node.used == used and node.status == IDLE:
                        return node
            return None

        return choose

    def offer(self, node: Node) -> None:
        """A node that is idle or has a slot left may take a task."""
        offers = self._offers[node.used]
        heappush(offers, (node.since, node.number))
        if len(offers) > self._most:  # old offers that nobody looked at
            offers[:] = {each for each in offers if self._holds(each, node.used)}
            heapify(offers)

    def _holds(self, offer: tuple[float, int], used: int) -> bool:
        node = self._nodes[offer[1]]
        return node.status == IDLE and node.used == used and node.since == offer[0]


INTERRUPTED = {"terminate": FAILED, "checkpoint": CHECKPOINTED}
"""Mode of an interruption -> what it makes of a task; else it waits again, and starts again."""

AT_SUBMIT, AT_RETURN = SUBMIT << 32, RETURN << 32


class Scheduler:
    """The tasks of a pool, from submission to their end. They are numbered in that order."""

    def __init__(
        self, context: Context, layout: PoolLayout, nodes: Sequence[Node], tasks: Tasks
    ) -> None:
        spec = layout.spec
        self._context, self._layout = context, layout
        self._submits: list[float] = tasks.submit.tolist()
        self._subjects: list[int] = tasks.subject.tolist()
        self._bases: list[int] = (tasks.base * TASK_WIDTH).tolist()
        self._slots: list[int] = tasks.slots.tolist()
        self._service: list[float] = tasks.service.tolist()
        self._saves, self._checkpoint = spec.saves, spec.checkpoint
        self._left = self._service.copy() if spec.saves else self._service
        """Seconds of work that remain, by task; where nothing is ever saved, all of it."""
        self._resuming: set[int] = set()
        """Tasks that wait as checkpointed ones."""
        self._jobs: list[int] = tasks.job.tolist()
        self._failures: dict[int, int] = {}
        """Task -> how often it failed by itself."""
        self._may_fail = any(job.spec.fails for job in layout.jobs)
        self._queue = Queue(tasks.priority.tolist(), to_front=spec.requeue_to == "front")
        self._free = FreeNodes(nodes, layout.slots, spread=spec.node_fill_type == "spread")
        self._is_due = False
        """Whether a dispatch is planned for this instant."""
        self._run = self._hot_run()
        for node in nodes:
            self.offer(node)

    # Submission and dispatch.

    def begin(self) -> None:
        """Await the submissions: one event comes again and again."""
        if self._submits:
            submission = self._context.event()
            submission.callbacks = [self._hot_submit()]
            number = self._subjects[0]
            self._context.trigger(submission, self._submits[0], SUBMIT, number)

    def _hot_submit(self) -> Callable[[Any], None]:
        """What happens at a submission. Like the next two a closure: a pool spends its time in
        these three, and they find what they need fastest this way.
        """
        extend, pack = self._context.recorder.extend, PACK
        event_queue, numbers = self._context.event_queue, self._context.numbers
        submits, subjects, bases, slots = self._submits, self._subjects, self._bases, self._slots
        queue, waiting, choose, run = self._queue, self._queue.waiting, self._free.choose, self._run
        last, arrivals, following = len(submits), self._layout.actor("arrivals"), 0

        def submit(event: Any) -> None:
            """All tasks of this instant wait; one that nobody is before starts at once."""
            nonlocal following
            first = task = following
            now = submits[task]
            while True:
                subject = subjects[task]
                extend(pack(now, subject, arrivals, 0, bases[task] + ACTIVE))
                following = task + 1
                if following == last:
                    break
                then = submits[following]
                if then > now:
                    event.callbacks = again
                    priority = AT_SUBMIT | subjects[following]
                    heappush(event_queue, (then, priority, next(numbers), event))
                    break
                queue.join(task)
                task = following
            # Only where nothing else happens at this instant: a node that comes back then may be
            # the better one.
            if task == first and not waiting and event_queue[0][0] > now:
                node = choose(slots[task])
                if node is not None:
                    run(task, node, now)
                    return
            queue.join(task)
            self.dispatch()

        again = [submit]
        return submit

    def offer(self, node: Node) -> None:
        """A node may have slots to give: it does while it is enabled and in service."""
        if node.status == IDLE and node.used < self._layout.slots:
            self._free.offer(node)

    def dispatch(self) -> None:
        """Give tasks to nodes: at once, or once all else of this instant has happened."""
        if self._is_due or not self._queue.waiting:
            return
        # At once saves an event a task; it is the same where this instant has no other event.
        if self._context.env.peek() > self._context.now:
            self._give()
        else:
            self.dispatch_later()

    def dispatch_later(self) -> None:
        """Give tasks to nodes once all else of this instant has happened."""
        if not self._is_due:
            self._is_due = True
            self._context.call(0.0, DISPATCH, self._layout.pool, self._give_now)

    def _give_now(self, _: ScheduledEvent) -> None:
        self._is_due = False
        self._give()

    def _give(self) -> None:
        queue, now = self._queue, self._context.now
        while queue.waiting:
            node = self._free.choose(self._slots[queue.head])
            if node is None:
                return
            self._run(queue.leave(), node, now)

    # A run and its end.

    def _hot_run(self) -> Callable[[int, Node, float], None]:
        extend, pack = self._context.recorder.extend, PACK
        event_queue, numbers = self._context.event_queue, self._context.numbers
        subjects, bases, slots, left = self._subjects, self._bases, self._slots, self._left
        room, offer, saves = self._layout.slots, self._free.offer, self._saves
        cost_of, resuming, at_end = self._checkpoint.cost_of, self._resuming, [self._hot_end()]

        def run(task: int, node: Node, now: float) -> None:
            """A node begins a task."""
            subject, base = subjects[task], bases[task]
            waits, length = base + ACTIVE, left[task]
            if saves:
                length += cost_of(length)
                if task in resuming:
                    resuming.remove(task)
                    waits = base + CHECKPOINTED
            extend(pack(now, subject, node.subject, waits, base + RUNNING))
            execution = node.spare.pop() if node.spare else Execution(node)
            execution.task, execution.began = task, now
            node.used += slots[task]
            if node.used < room:
                offer(node)
            execution.ends = ends = now + length
            execution.callbacks = at_end
            heappush(event_queue, (ends, AT_RETURN | subject, next(numbers), execution))

        return run

    def _hot_end(self) -> Callable[[Any], None]:
        extend, pack = self._context.recorder.extend, PACK
        subjects, bases, slots = self._subjects, self._bases, self._slots
        waiting, offer, may_fail = self._queue.waiting, self._free.offer, self._may_fail

        def end(execution: Any) -> None:
            """A run ends by itself; its node may take another task."""
            task = execution.task
            if task < 0:
                return  # interrupted: SimPy cannot take the event of its end back
            node = execution.node
            execution.task = -1
            node.spare.append(execution)
            node.used -= slots[task]
            node.since = now = execution.ends
            if may_fail and self._fails(task):
                self._failed(task)
            else:
                base = bases[task]
                extend(pack(now, subjects[task], node.subject, base + RUNNING, base + COMPLETED))
            if node.status == IDLE:
                offer(node)
            elif not node.used:
                node.emptied()
            if waiting:
                self.dispatch()

        return end

    def _fails(self, task: int) -> bool:
        job = self._layout.jobs[self._jobs[task]]
        path = f"{self._layout.name}/{job.name}/fails"
        member, attempt = self._subjects[task] - job.first, self._failures.get(task, 0)
        return self._context.draws.happens(path, job.spec.fails, job.room)[member, attempt]

    def _failed(self, task: int) -> None:
        """A run failed by itself: the task runs again while its retries last.

        # Assumption: a task that failed by itself waits again as a requeued one does.
        """
        self._failures[task] = failures = self._failures.get(task, 0) + 1
        most = self._layout.jobs[self._jobs[task]].spec.max_task_retry_count
        subject, base = self._subjects[task], self._bases[task]
        again = most < 0 or failures <= most
        state = ACTIVE if again else FAILED
        self._context.record(self._context.now, subject, base + RUNNING, base + state, subject)
        if again:
            self._left[task] = self._service[task]  # what checkpoints saved went with the run
            self._queue.join_again(task)

    # Interruption.

    def interrupt(self, node: Node, mode: str) -> None:
        """The node is taken away from its tasks: `mode` says what becomes of them."""
        for run in node.running():
            task, run.task = run.task, -1
            base, subject = self._bases[task], self._subjects[task]
            state = INTERRUPTED.get(mode, ACTIVE)
            self._context.record(
                self._context.now, subject, base + RUNNING, base + state, node.subject
            )
            if mode == "checkpoint":
                self._left[task] -= self._checkpoint.work_saved(self._context.now - run.began)
                self._resuming.add(task)
            elif self._saves:
                self._left[task] = self._service[task]
            if state != FAILED:
                self._queue.join_again(task)
        # Their ends are still to come, for nothing: these runs are not used again.
        node.runs = node.spare.copy()
        node.used = 0
        self.dispatch_later()  # other nodes may be taken at this instant too

    def work_to_lose(self, node: Node, mode: str) -> float:
        """Seconds of execution that would be thrown away if the node were taken now."""
        if mode == "taskcompletion":
            return 0.0
        runs, now, time_of = node.running(), self._context.now, self._checkpoint.time_of
        elapsed = [now - run.began for run in runs]
        if mode == "checkpoint":
            saved = [time_of(self._checkpoint.work_saved(each)) for each in elapsed]
            return float(sum(elapsed) - sum(saved))
        # Also what earlier checkpoints have saved is thrown away.
        saved = [time_of(self._service[run.task] - self._left[run.task]) for run in runs]
        return float(sum(elapsed) + sum(saved))
