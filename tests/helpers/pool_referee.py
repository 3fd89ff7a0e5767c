"""Metrics of a Batch pool the slow way: one walk through the rows of a log, by names of states.

It shares nothing with the fast way but the log and the scenario.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WAITING = ("active", "active (checkpointed)")
UP = ("idle", "running (scheduling disabled)")


@dataclass
class Task:
    """A task as far as the walk has come."""

    submitted: float
    finite: bool
    first_start: float | None = None
    began: float = 0.0
    kept: float = 0.0
    """Seconds of execution that its checkpoints have kept."""
    requeues: int = 0
    ended: float | None = None
    status: str = "active"


class Pool:
    """One pool's run, read row by row."""

    def __init__(self, simulation, system, log):
        scenario, self.subjects = simulation.scenario, log.subjects
        self.spec, self.horizon, self.warm_up = (
            scenario.systems[system],
            log.horizon,
            scenario.warm_up,
        )
        self.operations = {each.name: each for each in scenario.operations}
        self.jobs = {job.name: job for job in self.spec.work}
        self.tasks, self.lost = {}, 0.0
        self.nodes, self.taken_by = {}, {}
        self.target, self.leaving = None, set()
        (block,) = self.subjects.of(system, "node")
        for number in block.numbers:
            self.nodes[number] = self._state(block, block.initial[number - block.first])
        self.capacity, self.accepting, self.running, self.queue = [], [], 0, 0
        self._note(0.0)
        # Shares are of what the file says is there: what is asked at the very instant 0 changes
        # the pool, not what it is measured by. Else a variant that begins with a resize would be
        # measured by another whole than the rest.
        self.nominal = self.capacity[0][1]
        for row in log.rows:
            block = self.subjects.block_of(row["subject"])
            time, state = float(row["time"]), self._state(block, row["new"])
            if block.kind == "node":
                self.nodes[int(row["subject"])] = state
                self.taken_by[int(row["subject"])] = self.subjects.name(row["cause"])
            elif block.kind == "upgrade" and row["old"] == 0:
                self.target = self._target(block.name(row["subject"] - block.first))
            elif block.kind == "operation" and state[0] == "InProgress":
                self._resize(self.subjects.name(row["subject"]))
            elif block.kind == "task":
                self._move(time, row, block, state[0])
            self._note(time)

    @staticmethod
    def _state(block, code):
        return block.states.status(code), block.states.version(code)

    def _target(self, upgrade):
        """The n-th upgrade of the file brings image n + 1, if it brings an image."""
        name = upgrade.removeprefix("upgrade by ")
        images = [each.name for each in self.operations.values() if each.kind == "upgrade_image"]
        if name in images:
            return f"image {images.index(name) + 2}"
        return self.operations[name].body.target_os_version

    def _resize(self, name):
        """The nodes beyond the number asked for are to go, and leave the upgrade."""
        nodes = getattr(self.operations[name].body, "nodes", None)
        if nodes is not None:
            present = [n for n, (status, _) in sorted(self.nodes.items()) if status != "absent"]
            self.leaving = set(present[nodes:])

    def _note(self, time):
        """Slots in service, and those that take tasks: the last note of an instant holds."""
        states = [status for status, _ in self.nodes.values()]
        for notes, statuses in ((self.capacity, UP), (self.accepting, UP[:1])):
            while notes and notes[-1][0] == time:
                notes.pop()
            slots = sum(state in statuses for state in states) * self.spec.task_slots_per_node
            notes.append((time, slots))

    def _move(self, time, row, block, status):
        number = int(row["subject"])
        if row["old"] == 0:
            job = self.jobs[block.group]
            self.tasks[number] = Task(time, job.tasks is not None)
            return
        task = self.tasks[number]
        if status == "running":
            task.began = time
            task.first_start = time if task.first_start is None else task.first_start
        elif status in ("completed", "failed"):
            task.ended = time
        if status in (*WAITING, "failed"):
            self._interrupt(time - task.began, task, row, status)
        task.status = status

    def _interrupt(self, elapsed, task, row, status):
        if row["cause"] == row["subject"]:
            task.kept = 0.0
            return
        task.requeues += status in WAITING
        if self._mode(self.taken_by[int(row["cause"])]) == "checkpoint":
            period = self.spec.checkpoint.every + self.spec.checkpoint.cost
            lost = elapsed % period if period else 0.0
            task.kept += elapsed - lost
            self.lost += lost
        else:
            self.lost += elapsed + task.kept
            task.kept = 0.0

    def _mode(self, by):
        if by.startswith("upgrade by") and self.spec.configuration == "cloud_service":
            return self.spec.interruptions.on_upgrade
        if by == "failures":
            return self.spec.interruptions.on_failure
        return "an option"

    @property
    def metrics(self):
        """All that the walk can tell."""
        tasks = list(self.tasks.values())
        inside = [task for task in tasks if task.submitted >= self.warm_up]
        waits = sorted(
            (self.horizon if task.first_start is None else task.first_start) - task.submitted
            for task in inside
        )
        done = [task for task in tasks if task.status == "completed"]
        ends = [task.ended for task in tasks]
        finite = sum(job.tasks or 0 for job in self.spec.work)
        over = bool(ends) and None not in ends and sum(task.finite for task in tasks) == finite
        stays = {n: state for n, state in self.nodes.items() if n not in self.leaving}
        present = [state for state in stays.values() if state[0] not in ("absent", "preempted")]
        back = [state for state in present if state[0] in UP and state[1] == self.target]
        return {
            "requeues": sum(task.requeues for task in tasks),
            "tasks_requeued": sum(task.requeues > 0 for task in tasks),
            "lost_task_hours": self.lost / 3600,
            "makespan": max(ends) - min(t.submitted for t in tasks) if over else math.nan,
            "wait_mean": sum(waits) / len(waits) if waits else math.nan,
            "wait_p95": waits[math.ceil(0.95 * len(waits) - 1e-9) - 1] if waits else math.nan,
            "tasks_waiting": sum(task.first_start is None for task in inside),
            "tasks_completed": sum(task.ended >= self.warm_up for task in done),
            "updated_share": len(back) / max(1, len(present)) if self.target else 0.0,
            "min_accepting": self._least(self.accepting) / self.nominal,
            "min_in_service": self._least(self.capacity),
            "min_capacity": self._least(self.capacity) / self.nominal,
            "mean_capacity": self._mean() / self.nominal,
            "capacity_hours_lost": self._below(self.nominal) / 3600,
            "downtime": self._time_below(self.spec.min_available.count),
        }

    def _least(self, notes):
        """The least of the window: what held at its beginning, and all that came."""
        before = [slots for time, slots in notes if time <= self.warm_up][-1:]
        return min(before + [slots for time, slots in notes if time > self.warm_up])

    def _steps(self):
        """Slots in service, with the seconds of the window for which they are."""
        times = [time for time, _ in self.capacity[1:]] + [self.horizon]
        for (since, slots), until in zip(self.capacity, times, strict=True):
            yield slots, max(until, self.warm_up) - max(since, self.warm_up)

    def _mean(self):
        served = sum(slots * seconds for slots, seconds in self._steps())
        return served / (self.horizon - self.warm_up)

    def _below(self, nominal):
        return sum(max(0, nominal - slots) * seconds for slots, seconds in self._steps())

    def _time_below(self, slots):
        return sum(seconds for serving, seconds in self._steps() if serving < slots)
