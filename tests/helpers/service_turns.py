"""The turns of a run, gone through row by row: who may begin, when one may end."""

from __future__ import annotations

from collections import Counter, defaultdict

from minutes import Openings

from sim.core.log import COMPLETED, ROLLED_BACK, ROLLING_BACK, SUPERSEDED, UPGRADING
from sim.systems.cloud_service.states import READY, SLOW, STAGED, UPDATING, WIDTH


class Turns:
    """The turns of a run, gone through row by row: who may begin, when one may end."""

    def __init__(self, run):
        self.run, self.layout, self.model = run, run.layout, run.model
        self.state = run.log.subjects.initial.tolist()
        self.openings = Openings(run.scenario)
        self.open, self.simultaneous = {}, {}
        """Domain -> its turn under way; upgrade -> its only turn."""
        self.phase, self.walked = Counter(), {}
        self.began, self.takeovers, self.hurries = set(), set(), set()
        self.rolling, self.taken = Counter(), defaultdict(set)
        self.settled, self.suspended, self.swaps = {}, set(), 0

    def check(self):
        causes = self.run.log.rows["cause"].tolist()
        accepted = {place: operation for place, _, operation in self.run.accepted()}
        before = 0.0
        for place, (row, cause) in enumerate(zip(self.run.rows, causes, strict=True)):
            time, subject, old, new = row
            if time > before:
                self.nobody_waits_for_nothing(before)
            before = time
            self.state[subject] = new
            kind = self.run.block(subject).kind
            if place in accepted:
                self.accept(accepted[place])
            if kind == "update_domain":
                if new == UPDATING:
                    self.begin(time, subject, cause)
                else:
                    self.end(time, subject)
            elif kind == "upgrade":
                self.upgrade(subject, new, cause)
            elif kind == "instance":
                self.instance(time, subject, old, new, cause)
        self.nobody_waits_for_nothing(before)

    def accept(self, operation):
        self.swaps += operation.kind == "swap"
        if operation.kind == "update_status":
            change = {"Suspended": self.suspended.add, "Running": self.suspended.discard}
            change[operation.body.status](self.swaps % 2)

    def body(self, upgrade):
        name = self.layout.upgrades[upgrade - self.layout.first_upgrade]
        return next(each for each in self.model.operations if each.name == name).body

    def upgrade(self, subject, new, cause):
        """Keep what an upgrade is at; completed and rolled back leave nobody on another build."""
        body = self.body(subject)
        if new == SUPERSEDED:
            self.takeovers.add(cause)
            self.phase[subject] += 1
        if new == UPGRADING and subject not in self.began:
            self.began.add(subject)
            if cause in self.takeovers:
                self.hurries.add(subject)
        if new == ROLLING_BACK and not self.rolling[subject]:  # else it is no longer stuck
            self.hurries.add(subject)
            self.phase[subject] += 1
            self.rolling[subject] = True
            self.walked.pop(subject, None)
        if hasattr(body, "build") and new in (COMPLETED, ROLLED_BACK):
            for role in self.layout.roles:
                if body.role_to_upgrade not in (None, role.name):
                    continue
                place = (self.slot(subject), role.name)
                version = self.layout.versions[body.build]
                if new == ROLLED_BACK:
                    version = self.settled.get(place, self.layout.initial_version(place[0]))
                self.settled[place] = version
                first = self.layout.first_instance(place[0])
                codes = [self.state[first + i] for i in role.members]
                assert {code // WIDTH for code in codes if code} <= {version}

    def slot(self, upgrade):
        """The deployment of an upgrade, by the domains that it opens or by its request."""
        return self.run.slots.get(upgrade - self.layout.first_upgrade, 0)

    def begin(self, time, domain, upgrade):
        """One turn at a time, in order, within the windows, while the service is not suspended."""
        body = self.body(upgrade)
        slot = (domain - self.layout.first_domain()) // self.layout.domains
        assert slot not in self.suspended
        number = (domain - self.layout.first_domain()) % self.layout.domains
        mode = "Auto" if self.rolling[upgrade] else getattr(body, "mode", "Auto")
        if not self.phase[upgrade]:
            assert mode == "Simultaneous" or self.walked.get(upgrade, -1) < number
            assert not body.windows or self.openings.are_open(body.windows, time)
        self.walked[upgrade] = number
        hurries = upgrade in self.hurries or mode == "Simultaneous"
        self.hurries.discard(upgrade)
        if not hurries:
            busy = [
                turn
                for each, turn in self.open.items()
                if (each - self.layout.first_domain()) // self.layout.domains == slot
                and turn["phase"] == self.phase[turn["upgrade"]]
            ]
            assert not busy, (time, self.run.name(domain))
        turn = {
            "upgrade": upgrade,
            "phase": self.phase[upgrade],
            "since": time,
            "missing": set(),
        }
        if mode == "Simultaneous":  # one turn of all domains
            turn = self.simultaneous.setdefault(upgrade, turn)
        self.open[domain] = turn

    def instance(self, time, subject, old, new, cause):
        turn = self.open.get(cause)
        status = new % WIDTH % STAGED
        if turn and turn["since"] == time and status not in (READY, SLOW):
            for other in self.open.values():
                if other is not turn:
                    other["missing"].discard(subject)
            if subject not in turn["missing"] and self.rolling[turn["upgrade"]]:
                assert old // WIDTH != new // WIDTH  # only those on another build go back
            turn["missing"].add(subject)
            self.taken[turn["upgrade"], turn["phase"]].add(subject)
        if status in (0, READY, SLOW):
            for each in self.open.values():
                each["missing"].discard(subject)

    def nobody_waits_for_nothing(self, time):
        """At the end of an instant no turn goes on whose gate is open."""
        for turn in self.open.values():
            late = time >= turn["since"] + self.layout.spec.start_timeout
            goes_on = late and self.layout.spec.on_start_timeout == "continue"
            waits = turn["missing"] and not goes_on
            assert waits or not self.is_healthy(self.taken[turn["upgrade"], turn["phase"]]), time

    def is_healthy(self, taken):
        """Whether enough of the upgraded of each role are Ready."""
        for place, role in enumerate(self.layout.roles):
            numbers = {
                self.layout.first_instance(s) + i
                for i in role.members
                for s in range(self.layout.slots)
            }
            codes = [self.state[i] for i in taken & numbers if self.state[i]]
            ready = sum(code % WIDTH % STAGED in (READY, SLOW) for code in codes)
            if ready < min(self.layout.min_healthy[place], len(codes)):
                return False
        return True

    def end(self, time, domain):
        """Everyone has been Ready once or is gone, or the time-out is over."""
        turn = self.open.pop(domain)
        late = time >= turn["since"] + self.layout.spec.start_timeout
        goes_on = self.layout.spec.on_start_timeout == "continue"
        assert not turn["missing"] or (late and goes_on), (time, self.run.name(domain))
