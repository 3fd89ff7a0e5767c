"""What may be asked of a scale set: each request is checked, answered, carried out.

Sources: the operations of the Compute REST API and the pages on upgrade modes, automatic OS image
upgrades and instance protection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.core.log import (
    COMPLETED,
    SUPERSEDED,
    UPGRADE_CANCELLED,
    UPGRADE_FAILED,
    UPGRADING,
)
from sim.systems.base.context import ACT
from sim.systems.base.service import Service
from sim.systems.base.targets import REACHED, REQUESTED, Target
from sim.systems.vm_scale_set import rejections
from sim.systems.vm_scale_set.batch import Batch
from sim.systems.vm_scale_set.draws import Starts
from sim.systems.vm_scale_set.repairs import InstanceRepairs
from sim.systems.vm_scale_set.requests import ALL, SetProtection
from sim.systems.vm_scale_set.rolling import RollingUpgrade, Upgrade, by_work
from sim.systems.vm_scale_set.scaling import new_numbers, to_go
from sim.systems.vm_scale_set.states import ASKED_FOR, CREATING, REIMAGING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from simpy import Event

    from sim.systems.base.context import Context, ScheduledEvent
    from sim.systems.base.service import Call
    from sim.systems.vm_scale_set.instances import Instances
    from sim.systems.vm_scale_set.layout import SetLayout

    Steps = Generator[Event, None, None]


class ScaleSetService(Service):
    """The Compute service, as far as one set goes."""

    def __init__(
        self, context: Context, layout: SetLayout, instances: Instances, bad: Sequence[bool]
    ) -> None:
        """`bad` says which of the faulty versions are bad in this replication."""
        super().__init__(context, rejections.RULES)
        self._layout, self._instances, self._bad = layout, instances, bad
        self._spec = layout.spec
        self._target, self._size = Target(context, layout.target), Target(context, layout.size)
        self._upgrade: Upgrade | None = None
        """The last upgrade, while it is on."""
        self._rolling: RollingUpgrade | None = None
        """Its walk, if it goes in batches."""
        self._cancels: list[Call] = []
        """Requests to cancel it."""
        self._published = ""
        """The image that was published last."""
        self._due: Upgrade | None = None
        """An automatic OS upgrade that waits for the end of a rolling upgrade."""
        self._kept_in: set[int] = set()
        self._protected: set[int] = set()
        self._repairs = self._spec.repairs and InstanceRepairs(
            context,
            instances,
            self._spec.repairs,
            bad,
            # Assumption: nothing is repaired while a rolling upgrade runs.
            held=lambda each: self._rolling is not None or each in self._protected,
            version=lambda: self._target.version,
            repaired=self._end_if_reached,
        )
        if self._repairs:
            self._repairs.begin()
        if any(isinstance(each.body, SetProtection) for each in layout.requests):
            instances.watching.append(self)

    def changed(self, instance: int) -> None:
        """With an instance goes its protection."""
        if not self._instances.codes[instance]:
            self._kept_in.discard(instance)
            self._protected.discard(instance)

    def handle(self, call: Call) -> bool:
        """Take a request; one that is accepted begins the grace period of repairs anew."""
        if not super().handle(call):
            return False
        if self._repairs and call.kind != "publish_image":
            self._repairs.set_changed()
        return True

    # The model.

    def check_update_model(self, _: Call) -> str | None:
        """No change of the model while a rolling upgrade runs."""
        return None if self._rolling is None else rejections.IN_PROGRESS

    def update_model(self, call: Call) -> None:
        """Change the model; the mode says how instances follow."""
        body, mode = call.body, self._spec.upgrade_policy.mode
        upgrade = self._begin(call, self._with(body.image, body.extensions, body.size))
        if mode == "rolling":
            self._roll(upgrade)
        elif mode == "automatic":
            self.context.start(self._all_at_once(upgrade))
        else:
            self.succeeds(call, call.subject)
            self._end_if_reached()

    def _all_at_once(self, upgrade: Upgrade) -> Steps:
        """Automatic: no order is guaranteed, all instances may be taken at once: so they are."""
        pending = self._pending(upgrade)
        settled = self._take(pending, upgrade.version, upgrade.starts, upgrade.subject)
        yield settled.over
        if self._upgrade is upgrade:
            self._ended(rejections.UNHEALTHY if self._unhealthy(pending) else None)

    def check_manual_upgrade(self, call: Call) -> str | None:
        """Instances that are there, while no rolling upgrade runs."""
        # Assumption: Azure does not say whether instances may be upgraded meanwhile.
        if self._rolling is not None:
            return rejections.IN_PROGRESS
        return self._missing(call)

    def manual_upgrade(self, call: Call) -> None:
        """Bring instances to the latest model, all at once; what is up to date stays."""
        version = self._target.version
        named = [each for each in self._named(call) if self._instances.version(each) != version]
        # So an instance sees the same random numbers as in other modes of the same change.
        starts = self._upgrade.starts if self._upgrade else self._starts(call)
        settled = self._take(named, version, starts, call.subject)
        self.context.start(self._through(call, named, settled))

    def check_reimage(self, call: Call) -> str | None:
        """Instances that are there."""
        return self._missing(call)

    def reimage(self, call: Call) -> None:
        """Reimage instances at once, whatever the batches; they follow the latest model then."""
        named = [each for each in self._named(call) if each not in self._protected]
        settled, starts = Batch(self.context, call.subject, named), self._starts(call)
        created = [each for each in named if self._instances.status(each) == CREATING]
        others = [each for each in named if self._instances.status(each) != CREATING]
        for status, members in ((CREATING, created), (REIMAGING, others)):
            self._instances.start(
                members, self._target.version, status, starts, call.subject, settled
            )
        self.context.start(self._through(call, named, settled))

    def _through(self, call: Call, members: list[int], settled: Batch) -> Steps:
        """A request ends when the instances that it started have settled."""
        yield settled.over
        if self._unhealthy(members):
            self.fails(call, rejections.UNHEALTHY, call.subject)
        else:
            self.succeeds(call, call.subject)
        self._end_if_reached()

    # Rolling upgrades.

    def check_start_os_upgrade(self, call: Call) -> str | None:
        """One rolling upgrade at a time, to an image that there is."""
        if self._rolling is not None:
            return rejections.IN_PROGRESS
        return None if call.body.image or self._published else rejections.NO_IMAGE

    def start_os_upgrade(self, call: Call) -> None:
        """A rolling upgrade of the image; one that a user starts restores no instance."""
        self._roll(self._begin(call, self._with(call.body.image or self._published)))

    def check_start_extension_upgrade(self, _: Call) -> str | None:
        """One rolling upgrade at a time."""
        return None if self._rolling is None else rejections.IN_PROGRESS

    def start_extension_upgrade(self, call: Call) -> None:
        """A rolling upgrade of the extensions."""
        self._roll(self._begin(call, self._with(extensions=call.body.extensions)))

    def check_cancel_rolling_upgrade(self, _: Call) -> str | None:
        """There must be one."""
        return rejections.NONE_RUNNING if self._rolling is None else None

    def cancel_rolling_upgrade(self, call: Call) -> None:
        """The batch under way is finished, and no other begins."""
        assert self._rolling is not None
        self._cancels.append(call)
        self._rolling.cancel()

    def publish_image(self, call: Call) -> None:
        """An image appears; where the set follows by itself, its upgrade begins some time after."""
        self._published = call.body.image
        if not self._spec.automatic_os_upgrade.enabled:
            self.succeeds(call, call.subject)
            return
        upgrade = self._new(call, self._with(call.body.image))
        upgrade.restores = not self._spec.automatic_os_upgrade.disable_automatic_rollback
        law = call.body.discovery or self._spec.automatic_os_upgrade.discovery
        path = f"{self._layout.name}/discovery/{call.name}"
        seconds = self.context.draws.times(path, law, 1)[0, 0]
        self.context.call(seconds, ACT, upgrade.subject, self._discovered, upgrade)

    def _discovered(self, event: ScheduledEvent) -> None:
        """The upgrade to a published image begins, unless a newer one is out by now."""
        # Assumption: it waits for the end of a rolling upgrade that is on; an image that was not
        # upgraded to by a breach is not tried again.
        upgrade: Upgrade = event.argument
        if self._rolling is None or self._is_outdated(upgrade):
            self._follow(upgrade)
            return
        if self._due is not None:
            self._close(self._due, SUPERSEDED, rejections.SUPERSEDED, upgrade.subject)
        self._due = upgrade

    def _is_outdated(self, upgrade: Upgrade) -> bool:
        image: str = upgrade.call.body.image
        return image != self._published

    def _follow(self, upgrade: Upgrade) -> None:
        if self._is_outdated(upgrade):
            self._close(upgrade, SUPERSEDED, rejections.SUPERSEDED, upgrade.subject)
            return
        # Extensions and size may have changed since the image was published.
        upgrade.version = self._with(upgrade.call.body.image)
        upgrade.becomes(UPGRADING, upgrade.call.subject)
        self._open(upgrade)
        self._roll(upgrade)

    def _roll(self, upgrade: Upgrade) -> None:
        self._rolling = RollingUpgrade(
            self.context, self._instances, upgrade, self._protected, self._ended
        )
        self.context.start(self._rolling.run())

    # How upgrades begin and end.

    def _with(
        self, image: str | None = None, extensions: str | None = None, size: str | None = None
    ) -> int:
        """The number of the model in force with other parts."""
        given = {"image": image, "extensions": extensions, "size": size}
        model = self._layout.models[self._target.version]
        changed = model._replace(**{part: name for part, name in given.items() if name})
        return self._layout.number_of[changed]

    def _new(self, call: Call, version: int) -> Upgrade:
        subject = self._layout.upgrade(call.name)
        return Upgrade(self.context, call, subject, version, self._starts(call))

    def _begin(self, call: Call, version: int) -> Upgrade:
        upgrade = self._new(call, version)
        upgrade.becomes(UPGRADING, call.subject)
        self._open(upgrade)
        return upgrade

    def _open(self, upgrade: Upgrade) -> None:
        """From now on its model is wanted; one that is on without batches gives way."""
        if self._upgrade is not None:
            self._close(self._upgrade, SUPERSEDED, rejections.SUPERSEDED, upgrade.subject)
        self._upgrade = upgrade
        self._target.becomes(REQUESTED, upgrade.version, upgrade.subject)

    def _ended(self, rule: str | None) -> None:
        """The upgrade that is on has ended."""
        upgrade, self._upgrade, self._rolling = self._upgrade, None, None
        assert upgrade is not None
        if rule is None:
            # One that was restored, or that a surge could not replace, has another model still.
            if not self._pending(upgrade):
                self._target.becomes(REACHED, upgrade.version, upgrade.subject)
            self._close(upgrade, COMPLETED, None, upgrade.subject)
        else:
            end = UPGRADE_CANCELLED if rule == rejections.CANCELLED else UPGRADE_FAILED
            self._close(upgrade, end, rule, upgrade.subject)
        for cancel in self._cancels:
            self.succeeds(cancel, upgrade.subject)
        self._cancels.clear()
        due, self._due = self._due, None
        if due is not None:
            self._follow(due)
        elif self._repairs:
            self._repairs.look_soon()

    def _end_if_reached(self) -> None:
        """In the mode manual an upgrade has ended when all instances are at its model."""
        upgrade = self._upgrade
        is_manual = self._spec.upgrade_policy.mode == "manual"
        if upgrade is None or self._rolling is not None or not is_manual:
            return
        if self._pending(upgrade) or self._instances.on_their_way:
            return
        self._ended(rejections.UNHEALTHY if self._instances.unhealthy else None)

    def _close(self, upgrade: Upgrade, end: int, rule: str | None, cause: int) -> None:
        if upgrade.has_begun:
            upgrade.becomes(end, cause)
        if rule is None:
            self.succeeds(upgrade.call, upgrade.subject)
        else:
            self.fails(upgrade.call, rule, upgrade.subject)

    # Size and protection.

    def check_scale(self, call: Call) -> str | None:
        """While a rolling upgrade runs nothing is deleted; protected instances stay; no more than
        the quota allows.
        """
        fewer = self._layout.sizes[self._size.version] - call.body.instances
        if fewer < 0 and not self._instances.have_room(-fewer):
            return rejections.QUOTA
        if fewer <= 0:
            return None
        if self._rolling is not None:
            return rejections.IN_PROGRESS
        kept = self._kept_in | self._protected
        free = sum(each not in kept for each in self._instances.present)
        return None if fewer <= free else rejections.PROTECTED

    def scale(self, call: Call) -> None:
        """New instances follow the model; those that go are the newest ones."""
        before = self._layout.sizes[self._size.version]
        self._size.becomes(ASKED_FOR, self._layout.sizes.index(call.body.instances), call.subject)
        more, starts = call.body.instances - before, self._starts(call)
        if more > 0:
            # Assumption: an upgrade under way passes over new instances, which have its model.
            members = new_numbers(self._instances, more)
            settled = Batch(self.context, call.subject, members)
            self._instances.start(
                members, self._target.version, CREATING, starts, call.subject, settled
            )
        else:
            members = to_go(self._instances, -more, self._kept_in | self._protected)
            settled = Batch(self.context, call.subject, members)
            for each in members:
                self._instances.delete(each, starts, call.subject, settled)
        self.context.start(self._through(call, members if more > 0 else [], settled))

    def check_set_protection(self, call: Call) -> str | None:
        """Instances that are there."""
        return self._missing(call)

    def set_protection(self, call: Call) -> None:
        """What no scale-in deletes, or no action on the set touches."""
        for each in self._named(call):
            for kept, is_on in (
                (self._kept_in, call.body.protect_from_scale_in),
                (self._protected, call.body.protect_from_scale_set_actions),
            ):
                (kept.add if is_on else kept.discard)(each)
        self.succeeds(call, call.subject)
        self._end_if_reached()

    # Pieces.

    def _starts(self, call: Call) -> Starts:
        return Starts(self.context, self._layout, call.name, self._bad)

    def _pending(self, upgrade: Upgrade) -> list[int]:
        """Those that are not at its model and that are no exception."""
        pending: list[int] = self._instances.pending(upgrade.version, self._protected).tolist()
        return pending

    def _take(self, members: list[int], version: int, starts: Starts, cause: int) -> Batch:
        """Bring instances to a model, all at once."""
        batch = Batch(self.context, cause, members)
        work = by_work(self._layout, self._instances, members, version)
        for status, alike in work.items():
            self._instances.start(alike, version, status, starts, cause, batch)
        return batch

    def _unhealthy(self, members: Iterable[int]) -> bool:
        return any(self._instances.counts_unhealthy(each) for each in members)

    def _named(self, call: Call) -> list[int]:
        """The instances that a request names, by number."""
        if call.body.instances == ALL:
            return self._instances.present
        return sorted(set(call.body.instances))

    def _missing(self, call: Call) -> str | None:
        present = set(self._instances.present)
        there = all(each in present for each in self._named(call))
        return None if there else rejections.NO_INSTANCE
