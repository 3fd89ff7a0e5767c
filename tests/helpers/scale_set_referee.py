"""A scale set run the slow way, by the rules as they are written: without processes, without numbers
for states, without anything of the simulator but the file as it reads it and the draws by their
paths.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scale_set_clockwork import (
    ACT,
    GIVEN_UP,
    ON_ITS_WAY,
    OPERATION,
    SERVES,
    UPGRADE,
    Group,
    until_open,
)
from scale_set_life import Life
from scale_set_rules import Repairs, Rolling


@dataclass(eq=False)
class Upgrade:
    """An upgrade, as far as it is."""

    index: int
    """Of its operation."""
    operation: object
    model: tuple = ()
    restores: bool = False
    took: bool = False
    """Whether it brought an instance to its model, or somebody did in its place."""

    @property
    def name(self):
        return self.operation.name


class ScaleSet(Life):
    """One replication of one scale set. What happens is in `history`, `upgrades`, `operations`
    and `batches`, in order of time.
    """

    def __init__(self, simulation, system, replication=0):
        scenario = simulation.scenario
        super().__init__(scenario, system, replication)
        self.upgrades, self.operations, self.batches = {}, {}, []
        self.size, self.published = self.spec.instances, ""
        self.upgrade = self.rolling = self.due = None
        self.cancels, self.in_vain = [], set()
        if self.spec.repairs:
            self.repairs = Repairs(self)
            for each in self.present():
                if each.status in GIVEN_UP:
                    self.repairs.turned(each)
        for index, each in enumerate(scenario.operations):
            at = each.drawn_at(self.draws)
            self.agenda.at(at, ACT, (OPERATION, index), lambda i=index, o=each: self._ask(i, o))
        self.agenda.run(self.horizon)

    # What is written down.

    def note_batch(self, status):
        if status != (self.batches[-1][1] if self.batches else "at rest"):
            self.batches.append((self.now, status))

    def note_upgrade(self, upgrade, status):
        self.upgrades.setdefault(upgrade.name, []).append((self.now, status))

    def _answer(self, operation, status, rule=""):
        self.operations.setdefault(operation.name, []).append((self.now, status, rule))

    def _ends(self, operation, rule=""):
        if self.operations[operation.name][-1][1] == "InProgress":
            self._answer(operation, "Failed" if rule else "Succeeded", rule)

    # What there is.

    def pending(self, upgrade):
        return [
            each
            for each in self.present()
            if each.model != upgrade.model and each not in self.protected
        ]

    def wait_for_window(self, upgrade):
        return until_open(getattr(upgrade.operation.body, "windows", ()), self.now)

    # Requests.

    def _ask(self, index, operation):
        rule = self._refusal(operation)
        if rule:
            self._answer(operation, "Refused", rule)
            return
        self._answer(operation, "InProgress")
        getattr(self, operation.kind)(index, operation)
        if self.repairs and operation.kind != "publish_image":
            self.repairs.set_changed()

    def _refusal(self, operation):
        kind, body = operation.kind, operation.body
        changes = ("update_model", "start_os_upgrade", "start_extension_upgrade", "manual_upgrade")
        fewer = self.size - body.instances if kind == "scale" else 0
        if self.rolling and (kind in changes or fewer > 0):
            return "rolling upgrade in progress"
        if kind == "cancel_rolling_upgrade" and not self.rolling:
            return "no rolling upgrade in progress"
        if kind == "start_os_upgrade" and not body.image and not self.published:
            return "no image published"
        if kind in ("manual_upgrade", "reimage", "set_protection") and body.instances != "all":
            there = {each.number for each in self.present()}
            return "" if there.issuperset(body.instances) else "no such instance"
        if fewer < 0 and not self.fits(-fewer):
            return "quota exceeded"
        free = [each for each in self.present() if each not in self.kept_in | self.protected]
        return "instances protected" if fewer > len(free) else ""

    def _named(self, operation):
        named = operation.body.instances
        return [each for each in self.present() if named == "all" or each.number in named]

    def update_model(self, index, operation):
        given = operation.body.image, operation.body.extensions, operation.body.size
        upgrade = self._begin(index, operation, *given)
        mode = self.spec.upgrade_policy.mode
        if mode == "rolling":
            self._roll(upgrade)
        elif mode == "manual":
            self._ends(operation)
            self.end_if_reached()
        else:
            taken = self.pending(upgrade)

            def settled(_):
                if self.upgrade is upgrade:
                    failed = self.any_out(taken)
                    self._end("instances unhealthy" if failed else "")

            cause = f"upgrade by {operation.name}"
            self.bring(taken, upgrade.model, operation.name, cause, (UPGRADE, index), settled)

    def start_os_upgrade(self, index, operation):
        self._roll(self._begin(index, operation, operation.body.image or self.published))

    def start_extension_upgrade(self, index, operation):
        self._roll(self._begin(index, operation, None, operation.body.extensions))

    def cancel_rolling_upgrade(self, _, operation):
        self.cancels.append(operation)
        self.rolling.cancel()

    def manual_upgrade(self, index, operation):
        named = [each for each in self._named(operation) if each.model != self.target]
        reason = self.upgrade.name if self.upgrade else operation.name
        then = self._through(operation, named)
        self.bring(named, self.target, reason, operation.name, (OPERATION, index), then)

    def reimage(self, index, operation):
        named = [each for each in self._named(operation) if each not in self.protected]
        then = self._through(operation, named)
        group = Group(self.agenda, (OPERATION, index), named, then)
        for each in named:
            each.groups.append(group)
            status = "creating" if each.status == "creating" else "reimaging"
            self.start(each, self.target, status, operation.name, operation.name)

    def scale(self, index, operation):
        more, name = operation.body.instances - self.size, operation.name
        self.size = operation.body.instances
        who = OPERATION, index
        if more > 0:
            new = self.create(self._new_numbers(more), self.target, name, name)
            group = Group(self.agenda, who, new, self._through(operation, new))
            for each in new:
                each.groups.append(group)
            return
        goes = self._to_go(-more)
        group = Group(self.agenda, who, goes, self._through(operation, []))
        for each in goes:
            self.delete(each, name, name, group)

    def _new_numbers(self, count):
        """One after the other in the zone with fewest."""
        taken, found = [each.zone for each in self.present()], []
        for _ in range(count):
            zone = min(range(self.zones()), key=lambda each: (taken.count(each), each))
            found.append(self.free_number(zone))
            taken.append(zone)
        return found

    def _to_go(self, count):
        """From the fullest zone the highest number, one after the other."""
        left, goes = self.present(), []
        for _ in range(count):
            sizes = [each.zone for each in left]
            free = [each for each in left if each not in self.kept_in | self.protected]
            gone = min(free, key=lambda each: (-sizes.count(each.zone), each.zone, -each.number))
            left.remove(gone)
            goes.append(gone)
        return goes

    def publish_image(self, index, operation):
        automatic, body = self.spec.automatic_os_upgrade, operation.body
        self.published = body.image
        if not automatic.enabled:
            self._ends(operation)
            return
        upgrade = Upgrade(index, operation, restores=not automatic.disable_automatic_rollback)
        law = body.discovery or automatic.discovery
        at = self.now + self.chances.discovery(operation.name, law)
        self.agenda.at(at, ACT, (UPGRADE, index), lambda: self._discover(upgrade))

    def _discover(self, upgrade):
        if upgrade.operation.body.image != self.published:
            self._close(upgrade, "superseded", "superseded")
        elif self.rolling:
            if self.due:
                self._close(self.due, "superseded", "superseded")
            self.due = upgrade
        else:
            self._follow(upgrade)

    def _follow(self, upgrade):
        self.note_upgrade(upgrade, "upgrading")
        self._open(upgrade, upgrade.operation.body.image)
        self._roll(upgrade)

    def set_protection(self, _, operation):
        body = operation.body
        for each in self._named(operation):
            for those, is_on in (
                (self.kept_in, body.protect_from_scale_in),
                (self.protected, body.protect_from_scale_set_actions),
            ):
                (those.add if is_on else those.discard)(each)
        self._ends(operation)
        self.end_if_reached()

    # How upgrades go.

    def start(self, each, model, status, reason, cause):
        """By hand instances are upgraded in the mode manual only; a scale-out upgrades nobody."""
        is_asked, is_new = cause in self.operations, each.status == "absent"
        follows = not is_asked or (self.spec.upgrade_policy.mode == "manual" and not is_new)
        if self.upgrade and follows and (is_new or each.model != model):
            self.upgrade.took = True
        super().start(each, model, status, reason, cause)

    def bring(self, members, model, reason, cause, who, then):
        """Bring instances to a model, each as it needs; `then` when all have settled."""
        group = Group(self.agenda, who, members, then)
        for each in members:
            each.groups.append(group)
            self.start(each, model, self._work(each, model), reason, cause)

    @staticmethod
    def _work(each, model):
        """What is under way with one that is out is not cut short."""
        if each.status == "creating":
            return "creating"
        if each.model[0] != model[0] or each.status in ("reimaging", "restoring"):
            return "reimaging"
        return (
            "extensions updating"
            if each.model[2] == model[2] and each.status in SERVES
            else "updating"
        )

    def _through(self, operation, members):
        def settled(_):
            self._ends(operation, "instances unhealthy" if self.any_out(members) else "")
            self.end_if_reached()

        return settled

    def _begin(self, index, operation, *given):
        upgrade = Upgrade(index, operation)
        self.note_upgrade(upgrade, "upgrading")
        self._open(upgrade, *given)
        return upgrade

    def _open(self, upgrade, image=None, extensions=None, size=None):
        given = image, extensions, size
        self.target = tuple(new or old for new, old in zip(given, self.target, strict=True))
        upgrade.model = self.target
        if self.upgrade:
            self._close(self.upgrade, "superseded", "superseded")
        self.upgrade = upgrade

    def _roll(self, upgrade):
        self.rolling = Rolling(self, upgrade)
        self.rolling.go_on()

    def rolled(self, code):
        """A rolling upgrade is over."""
        self._end(code)

    def _end(self, rule):
        upgrade, self.upgrade, self.rolling = self.upgrade, None, None
        models = [each.model for each in self.present()]
        if not upgrade.took and (rule or (models and upgrade.model not in models)):
            self.in_vain.add(upgrade.name)
        self.is_done = not rule and not self.pending(upgrade) and upgrade.name not in self.in_vain
        status = {"": "completed", "cancelled": "cancelled"}.get(rule, "failed")
        self._close(upgrade, status, rule)
        cancels, self.cancels = self.cancels, []
        for each in cancels:
            self._ends(each)
        due, self.due = self.due, None
        if due and due.operation.body.image != self.published:
            self._close(due, "superseded", "superseded")
        elif due:
            self._follow(due)
        if self.repairs and not self.rolling:
            self.repairs.look_at(self.now)  # once what is asked for at this instant is heard

    def _close(self, upgrade, status, rule):
        if upgrade.name in self.upgrades:  # else it has never begun
            self.note_upgrade(upgrade, status)
        self._ends(upgrade.operation, rule)

    def end_if_reached(self):
        """In the mode manual: when all are at the model, and have settled."""
        if self.spec.upgrade_policy.mode != "manual" or not self.upgrade or self.rolling:
            return
        if not self.pending(self.upgrade) and all(map(self._rests, self.present())):
            failed = any(map(self.is_out, self.present()))
            self._end("instances unhealthy" if failed else "")

    def _rests(self, each):
        if self.spec.health.source == "none" and each.status == "initializing":
            return True
        return each.status not in ON_ITS_WAY

    # What comes of it.

    def keeps_promises(self, name):
        """Whether a request that begins an upgrade did so, and that took some and has ended."""
        answers = [status for _, status, _ in self.operations.get(name, [])] or ["Refused"]
        last = self.upgrades.get(name, [(0, answers[-1])])[-1][1]
        is_on = last in ("upgrading", "rolling_back", "InProgress")
        return answers[-1] != "Refused" and not is_on and name not in self.in_vain

    @property
    def metrics(self):
        """Of those that follow from the walk."""
        nominal, last = self.spec.instances, dict(self.serving)
        times = [*last, self.horizon]
        spells = list(zip(last.values(), times, times[1:], strict=False))
        lost = sum(max(0, nominal - count) * (until - since) for count, since, until in spells)
        return {
            "min_capacity": min(last.values()) / nominal,
            "capacity_hours_lost": lost / 3600,
            "rollout_duration": self._duration(),
            "finished": float(not math.isnan(self._duration())),
        }

    def _duration(self):
        """From the first upgrade to the end of the last one, if that brought its model to all who
        are not protected, and none is on.
        """
        begins = [rows[0][0] for rows in self.upgrades.values()]
        ends = [rows[-1] for rows in self.upgrades.values()]
        if not ends or any(status in ("upgrading", "rolling_back") for _, status in ends):
            return math.nan
        return max(time for time, _ in ends) - min(begins) if self.is_done else math.nan
