"""The slow referee of scale sets: its rolling upgrades and its repairs."""

from __future__ import annotations

from scale_set_clockwork import ACT, GIVEN_UP, REPAIRS, UPGRADE, Group

CODE = "Max{}InstancePercentExceeded{}RollingUpgrade"
BEFORE = CODE.format("Unhealthy", "Before")
DURING = CODE.format("Unhealthy", "In")
UPGRADED = CODE.format("UnhealthyUpgraded", "In")
NEARLY = 1e-9


class Rolling:
    """A rolling upgrade. Each step calls the next one, or leaves it with the agenda."""

    def __init__(self, scale_set, upgrade):
        self.set, self.upgrade, self.policy = scale_set, upgrade, scale_set.spec.upgrade_policy
        self.who = UPGRADE, upgrade.index
        self.is_cancelled, self.code, self.rest = False, BEFORE, None
        self.upgraded, self.restored, self.former = [], [], {}

    def pending(self):
        return [each for each in self.set.pending(self.upgrade) if each not in self.restored]

    def cancel(self):
        self.is_cancelled = True
        if self.rest is not None:
            goes_on, self.rest = self.rest, None
            goes_on()

    def _sleep(self, seconds, then):
        self.rest = then

        def wakes():
            if self.rest is then:
                self.rest = None
                then()

        self.set.agenda.at(self.set.now + seconds, ACT, self.who, wakes)

    def go_on(self):
        """The next batch, if there is one and it is time."""
        wait = 0.0 if self.is_cancelled else self.set.wait_for_window(self.upgrade)
        if not self.pending():
            self._end("")
        elif wait:
            self._sleep(wait, self.go_on)
        elif self.is_cancelled:
            self._end("cancelled")
        elif self._too_many_unhealthy():
            self._end(self.code)
        else:
            self._take(self._batch())

    def _batch(self):
        """The first, and those of its zone and domain, as many as may go."""
        left, batch = self.pending(), []
        while left:
            first = min(left, key=self._turn)
            left.remove(first)
            if not batch or self._place(first) == self._place(batch[0]):
                batch.append(first)
        share = self.policy.max_batch_instance_percent
        return batch[: max(1, int(share * len(self.set.present()) + NEARLY))]

    def _place(self, each):
        zone = 0 if self.policy.enable_cross_zone_upgrade else each.zone
        is_in_domain = self.set.spec.orchestration == "uniform" and self.set.spec.zones is None
        return zone, each.number % self.set.spec.update_domains if is_in_domain else 0

    def _turn(self, each):
        is_ill = self.set.is_out(each) and each.status in GIVEN_UP
        is_first = self.policy.prioritize_unhealthy_instances and is_ill
        return not is_first, *self._place(each), each.number

    def _take(self, batch):
        self.set.note_batch("upgrading")
        if self.policy.max_surge and self.set.fits(len(batch)):
            self._surge(batch)
        else:
            self._in_place(batch)

    def _in_place(self, batch):
        self.upgraded += [each for each in batch if each not in self.upgraded]
        for each in batch:
            self.former[each] = each.model
        self.set.bring(batch, self.upgrade.model, self.upgrade.name, "batch", self.who, self._back)

    def _back(self, failed):
        """Those of a batch that are given up get their former disk back."""
        failed = [each for each in failed if each.status in GIVEN_UP]
        if self.upgrade.restores and failed:
            self._restore(failed, self._over)
        else:
            self._over(None)

    def _restore(self, failed, then):
        self.restored += failed
        group = Group(self.set.agenda, self.who, failed, then)
        for each in failed:
            self.set.restore(each, self.former[each], self.upgrade, group)

    def _surge(self, batch):
        new = [self.set.free_number(each.zone) for each in batch]
        new = self.set.create(new, self.upgrade.model, self.upgrade.name, "batch")
        group = Group(self.set.agenda, self.who, new, lambda failed: self._swap(batch, new, failed))
        for each in new:
            each.groups.append(group)

    def _swap(self, batch, new, failed):
        goes = []
        for old, young in zip(batch, new, strict=True):
            if young in failed:
                goes.append(young)
                self.restored.append(old)
                self.upgraded.append(old)
            else:
                goes.append(old)
                self.upgraded.append(young)
        group = Group(self.set.agenda, self.who, goes, self._over)
        for each in goes:
            self.set.delete(each, self.upgrade.name, "batch", group)

    def _over(self, _):
        self.set.note_batch("at rest")
        failed = self._failed()
        share = self.policy.max_unhealthy_upgraded_instance_percent
        if len(failed) > share * len(self.upgraded) + NEARLY:
            self._end(UPGRADED)
            return
        self.code = DURING
        pause = self.policy.pause_time_between_batches
        if pause and self.pending() and not self.is_cancelled:
            self.set.note_batch("pausing")
            self._sleep(pause, self._paused)
        else:
            self.go_on()

    def _paused(self):
        self.set.note_batch("at rest")
        self.go_on()

    def _failed(self):
        return [each for each in self.upgraded if self.set.is_out(each) or each in self.restored]

    def _too_many_unhealthy(self):
        present = self.set.present()
        share = sum(map(self.set.is_out, present)) / len(present) if present else 0.0
        return share > self.policy.max_unhealthy_instance_percent + NEARLY

    def _end(self, code):
        goes_back = self.policy.rollback_failed_instances_on_policy_breach
        if code == UPGRADED and goes_back:
            former = [each for each in self._failed() if each in self.former]
            failed = [each for each in former if each not in self.restored]
            if failed:
                self.set.note_upgrade(self.upgrade, "rolling_back")
                self._restore(failed, lambda _: self.set.rolled(code))
                return
        self.set.rolled(code)


class Repairs:
    """Automatic repairs: looked at whenever one of their conditions may have come true."""

    def __init__(self, scale_set):
        self.set, self.rule = scale_set, scale_set.spec.repairs
        self.who = REPAIRS, 0
        self.waiting, self.under_way, self.changed = [], 0, -self.rule.grace_period

    def look_at(self, time):
        self.set.agenda.at(time, ACT, self.who, self.look)

    def set_changed(self):
        self.changed = self.set.now
        self.look_at(self.set.now + self.rule.grace_period)

    def turned(self, instance):
        if instance in self.waiting:
            self.waiting.remove(instance)
        self.waiting.append(instance)
        self.look_at(self.set.now)

    def look(self):
        self.waiting = [each for each in self.waiting if each.status in GIVEN_UP]
        size = len(self.set.present()) + len(self.set.reserved)  # those that are replaced come back
        most = max(1, int(0.05 * size + NEARLY))
        for each in list(self.waiting):
            if self.under_way >= most:
                return
            if self.set.rolling or each in self.set.protected:
                continue
            last = max(self.changed, each.returned or self.changed)
            if last + self.rule.grace_period > self.set.now:
                self.look_at(last + self.rule.grace_period)
                continue
            self.waiting.remove(each)
            self.under_way += 1
            self._repair(each)

    def _repair(self, each):
        by = "automatic repairs"
        if self.rule.action == "replace":
            self.set.reserved.add(each.number)
            group = Group(self.set.agenda, self.who, [each], lambda _: self._renew(each.number))
            self.set.delete(each, by, by, group)
            return
        is_new = self.rule.action == "reimage"
        model = self.set.target if is_new else each.model
        each.groups.append(Group(self.set.agenda, self.who, [each], self._done))
        self.set.start(each, model, "reimaging" if is_new else "restarting", by, by)

    def _renew(self, number):
        self.set.reserved.discard(number)
        (new,) = self.set.create(
            [number], self.set.target, "automatic repairs", "automatic repairs"
        )
        new.groups.append(Group(self.set.agenda, self.who, [new], self._done))

    def _done(self, _):
        self.under_way -= 1
        self.set.end_if_reached()
        self.look()
