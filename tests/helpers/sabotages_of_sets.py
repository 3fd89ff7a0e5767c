"""Scale sets with one rule broken."""

from __future__ import annotations

import numpy as np
from sabotage import Sabotage, scaled

from sim.core.rounding import Amount
from sim.core.windows import Windows
from sim.systems.base.failures import FailureProcess
from sim.systems.vm_scale_set import instances, repairs, rolling, service, steps
from sim.systems.vm_scale_set.batch import Batch
from sim.systems.vm_scale_set.batches_audit import DELETED, OTHERS
from sim.systems.vm_scale_set.decisions import (
    BEGIN,
    DELETES,
    END,
    OPEN,
    OVER,
    REST,
    RESTORES,
    TAKES,
)
from sim.systems.vm_scale_set.draws import Starts
from sim.systems.vm_scale_set.instances import Instances
from sim.systems.vm_scale_set.layout import SetLayout
from sim.systems.vm_scale_set.model import SetModel
from sim.systems.vm_scale_set.rejections import (
    BREACH_BEFORE,
    BREACH_UPGRADED,
    CANCELLED,
)
from sim.systems.vm_scale_set.repairs import InstanceRepairs
from sim.systems.vm_scale_set.rolling import RollingUpgrade
from sim.systems.vm_scale_set.service import ScaleSetService
from sim.systems.vm_scale_set.states import CREATING, UPDATING
from sim.systems.vm_scale_set.steps import JUDGED, Steps
from sim.systems.vm_scale_set.upgrades_audit import ENDED, REACHED, early_or_late, end, other

UPGRADE = {"at": "10min", "update_model": {"image": "2"}}
CANCEL = {"at": "13min", "cancel_rolling_upgrade": {}}
SCALE = {"at": "2h", "scale": {"instances": 15}}
PUBLISH = {"at": "10min", "publish_image": {"image": "2"}}
MINUTES = {"uniform": {"low": "1min", "high": "4min"}}
LENIENT = {
    "max_unhealthy_instance_percent": "100%",
    "max_unhealthy_upgraded_instance_percent": "100%",
}


def scale_set(*operations, policy=None, **spec):
    """12 instances for six hours, upgraded in batches of up to 34 % at ten minutes."""
    system = {
        "kind": "vm_scale_set",
        "instances": 12,
        **({} if "update_domains" in spec else {"zones": 1}),
        "reimage": MINUTES,
        "create": MINUTES,
        "upgrade_policy": {"max_batch_instance_percent": "34%"} | (policy or {}),
        **spec,
    }
    asked = list(operations) or [UPGRADE]
    return {"horizon": "6h", "systems": {"s": system}, "operations": asked}


def limits(more):
    """Let each batch have another limit."""

    def breaks(patch):
        whole = rolling.batch_limit
        patch.setattr(rolling, "batch_limit", lambda *given: max(1, whole(*given) + more))

    return breaks


def ignore_places(patch):
    whole = SetLayout.__init__

    def begin(self, *given):
        whole(self, *given)
        self.place_of = self.place_of * 0

    patch.setattr(SetLayout, "__init__", begin)


def skip_the_last(patch):
    whole = RollingUpgrade._pending
    patch.setattr(RollingUpgrade, "_pending", lambda self: whole(self)[:-1])


def take_the_highest_first(patch):
    whole = RollingUpgrade._next_batch

    def choose(self, pending):
        return pending[-len(whole(self, pending)) :]

    patch.setattr(RollingUpgrade, "_next_batch", choose)


def nobody_is_urgent(patch):
    patch.setattr(Instances, "is_given_up", lambda *_: False)


def do_not_wait_for_instances(patch):
    class AtOnce(Batch):
        def __init__(self, context, subject, _):
            super().__init__(context, subject, [])

        def settled(self, instance, *, is_healthy):
            pass

    patch.setattr(rolling, "Batch", AtOnce)


def do_not_wait_at_all(patch):
    def all_at_once(self, upgrade):
        self._take(self._pending(upgrade), upgrade.version, upgrade.starts, upgrade.subject)
        self._ended(None)
        return
        yield

    patch.setattr(ScaleSetService, "_all_at_once", all_at_once)


def cancel_at_once(patch):
    def cancel(self, call):
        self._rolling.cancel()
        self.succeeds(call, call.subject)

    patch.setattr(ScaleSetService, "cancel_rolling_upgrade", cancel)


def no_pause(patch):
    def pause(self):
        self._becomes(1)
        return
        yield

    patch.setattr(RollingUpgrade, "_pause", pause)


def always(owner, name, answer):
    """Let a method always give the same answer."""
    return lambda patch: patch.setattr(owner, name, lambda *_, **__: answer)


def stop_at_the_threshold(patch):
    whole = rolling.allowed
    patch.setattr(rolling, "allowed", lambda *given: whole(*given) - 1)


def count_the_failed_of_all(patch):
    def are_too_many(self):
        share = self._policy.max_unhealthy_upgraded_instance_percent
        return len(self._failed()) > share * len(self._instances.present)

    patch.setattr(RollingUpgrade, "_are_too_many_failed", are_too_many)


def wait_half(patch):
    whole = instances.plan

    def plan(layout, *given):
        less = layout.spec.health.wait / 2
        due = whole(layout, *given)
        due.time[due.step == JUDGED] -= less
        order = np.lexsort((due.step, due.priority, due.time))
        return Steps(*(column[order] for column in due))

    patch.setattr(instances, "plan", plan)


def restore_nobody(patch):
    def restore(*_):
        return
        yield

    patch.setattr(RollingUpgrade, "_restore", restore)


def halved(purpose):
    """Let what a key says take half the time."""

    def breaks(patch):
        whole = Starts.times

        class Half:
            def __init__(self, drawn):
                self._drawn = drawn

            def vector(self, count):
                return self._drawn.vector(count) // 2

            def __getitem__(self, key):
                return self._drawn[key] // 2

        def times(self, asked):
            drawn = whole(self, asked)
            return Half(drawn) if asked == purpose else drawn

        patch.setattr(Starts, "times", times)

    return breaks


def delete_first(patch):
    def surge(self, batch):
        instances_, upgrade, cause = self._instances, self._upgrade, self._layout.batch
        created = self._free_numbers(batch)
        settled = Batch(self._context, upgrade.subject, created)
        instances_.start(created, upgrade.version, CREATING, upgrade.starts, cause, settled)
        gone = Batch(self._context, upgrade.subject, batch)
        for each in batch:
            instances_.delete(each, upgrade.starts, cause, gone)
        self._upgraded.update(created)
        yield settled.over
        if not gone.over.triggered:
            yield gone.over

    patch.setattr(RollingUpgrade, "_surge", surge)


def create_one_less(patch):
    whole = RollingUpgrade._surge
    patch.setattr(
        RollingUpgrade, "_surge", lambda self, batch: whole(self, batch[: max(1, len(batch) - 1)])
    )


def new_ones_always_stay(patch):
    class Deaf(list):
        def append(self, _):
            pass

    whole = Batch.__init__

    def begin(self, *given):
        whole(self, *given)
        self.failed = Deaf()

    patch.setattr(Batch, "__init__", begin)


def say_it_is_reached(patch):
    whole = ScaleSetService._ended

    def ended(self, rule):
        self._pending = lambda _: []
        whole(self, rule)
        del self._pending

    patch.setattr(ScaleSetService, "_ended", ended)


def short_recoveries(patch):
    whole = Instances.fail
    patch.setattr(
        Instances,
        "fail",
        lambda self, each, recovery, cause: whole(self, each, recovery // 2, cause),
    )


def create_at_the_old_model(patch):
    whole = Instances.start

    def start(self, members, version, status, *more):
        whole(self, members, 0 if status == CREATING else version, status, *more)

    patch.setattr(Instances, "start", start)


def nothing_is_held(patch):
    whole = InstanceRepairs.__init__

    def begin(self, *given, **more):
        whole(self, *given, **more | {"held": lambda _: False})

    patch.setattr(InstanceRepairs, "__init__", begin)


def no_version_is_bad(patch):
    def draw(self, context):
        for place in range(len(self.layout.faulty)):
            context.record(0.0, self.layout.first_fault + place, 0, 1, 0)
        return [False] * len(self.layout.faulty)

    patch.setattr(SetModel, "_draw_versions", draw)


def everyone_gets_healthy(patch):
    patch.setattr(Starts, "get_healthy", lambda _, members, *__: np.ones(len(members), bool))


def answers_are_seen_at_once(patch):
    patch.setattr(steps, "seen_healthy", lambda answers, _: answers)


def discover_at_once(patch):
    whole = ScaleSetService.publish_image

    def publish(self, call):
        context = self.context
        context.call = lambda _, *more: type(context).call(context, 0.0, *more)
        whole(self, call)
        del context.call

    patch.setattr(ScaleSetService, "publish_image", publish)


def leave_the_last_out(patch):
    whole = ScaleSetService._take

    def take(self, members, *more):
        return whole(self, members[:-1], *more)

    patch.setattr(ScaleSetService, "_take", take)


def update_everything(patch):
    patch.setattr(rolling, "work", lambda *_: UPDATING)


def delete_one_less(patch):
    whole = service.to_go
    patch.setattr(
        service, "to_go", lambda instances, count, kept: whole(instances, count - 1, kept)
    )


def restart_the_pause(patch):
    """The batch after a pause begins a minute late."""
    whole = RollingUpgrade._sleep
    patch.setattr(RollingUpgrade, "_sleep", lambda self, seconds: whole(self, seconds + 60))


def delete_the_lowest(patch):
    patch.setattr(service, "to_go", lambda instances, count, _: instances.present[:count])


def last_come_first_repaired(patch):
    whole = InstanceRepairs.look

    def look(self):
        self._waiting = dict(reversed(self._waiting.items()))
        whole(self)

    patch.setattr(InstanceRepairs, "look", look)


def delete_protected(patch):
    whole = service.to_go
    patch.setattr(service, "to_go", lambda instances, count, _: whole(instances, count, ()))


def end_at_once(patch):
    def through(self, call, _, __):
        self.succeeds(call, call.subject)
        return
        yield

    patch.setattr(ScaleSetService, "_through", through)


SICK = {"versions": {"2": {"unhealthy": "40%"}}}
FAILING = {"failures": {"per_year": 3000, "recovery": "20min"}}
AUTOMATIC = {"automatic_os_upgrade": {"enabled": True}}
SURGE = LENIENT | {"max_surge": True}
HALF = {"max_batch_instance_percent": "50%"}
PAUSE = {"pause_time_between_batches": "5min"}
REIMAGE = {"at": "1h", "reimage": {"instances": [1, 2, 3]}}
NO_ONE = {"at": "1min", "set_protection": {"instances": [13], "protect_from_scale_in": True}}
KEPT = {"at": "1min", "set_protection": {"instances": [11], "protect_from_scale_in": True}}
REPAIRED = {"repairs": {"action": "reimage"}, "unhealthy_instances": [0, 1, 2, 3, 4]}
NIGHT = [{"from": "02:00", "to": "05:00"}]

SABOTAGES = (
    Sabotage(
        "batches have one instance more",
        limits(1),
        scale_set(),
        OTHERS,
    ),
    Sabotage(
        "batches have one instance less",
        limits(-1),
        scale_set(),
        OTHERS,
    ),
    Sabotage("batches cross zones", ignore_places, scale_set(policy=HALF, zones=3), OTHERS),
    Sabotage("batches cross update domains", ignore_places, scale_set(update_domains=5), OTHERS),
    Sabotage("the highest numbers come first", take_the_highest_first, scale_set(), OTHERS),
    Sabotage(
        "unhealthy instances do not come first",
        nobody_is_urgent,
        scale_set(
            policy=LENIENT | {"prioritize_unhealthy_instances": True}, unhealthy_instances=[7, 9]
        ),
        OTHERS,
    ),
    Sabotage(
        "one that is pending is skipped",
        skip_the_last,
        scale_set(),
        OTHERS,
    ),
    Sabotage(
        "a batch does not wait for its instances",
        do_not_wait_for_instances,
        scale_set(policy=LENIENT),
        early_or_late(OVER),
    ),
    Sabotage(
        "there is no pause",
        no_pause,
        scale_set(policy=PAUSE),
        other(BEGIN, REST),
    ),
    Sabotage(
        "a pause takes a minute more",
        restart_the_pause,
        scale_set(policy=PAUSE),
        early_or_late(REST),
    ),
    Sabotage(
        "batches begin outside windows",
        always(Windows, "wait", 0.0),
        scale_set({"at": "10min", "update_model": {"image": "2", "windows": NIGHT}}),
        early_or_late(BEGIN),
    ),
    Sabotage(
        "an upgrade stops at the threshold",
        stop_at_the_threshold,
        scale_set(policy={"max_unhealthy_instance_percent": "25%"}, unhealthy_instances=[1, 2, 3]),
        other(end(BREACH_BEFORE), BEGIN),
    ),
    Sabotage(
        "unhealthy instances do not stop an upgrade",
        always(RollingUpgrade, "_are_too_many_unhealthy", answer=False),
        scale_set(unhealthy_instances=[1, 2, 3]),
        other(BEGIN, end(BREACH_BEFORE)),
    ),
    Sabotage(
        "unhealthy upgraded instances do not stop an upgrade",
        always(RollingUpgrade, "_are_too_many_failed", answer=False),
        scale_set(policy={"max_unhealthy_instance_percent": "100%"}, **SICK),
        other(BEGIN, end(BREACH_UPGRADED)),
    ),
    Sabotage(
        "unhealthy upgraded instances are counted as a share of all",
        count_the_failed_of_all,
        scale_set(policy={"max_unhealthy_instance_percent": "100%"}, **SICK),
        other(BEGIN, end(BREACH_UPGRADED)),
    ),
    Sabotage(
        "the wait is halved",
        wait_half,
        scale_set(policy=LENIENT, **SICK),
        "an instance was not given up when its wait was over",
    ),
    Sabotage(
        "probes are not waited for",
        answers_are_seen_at_once,
        scale_set(healthy_after=MINUTES),
        "an instance was not healthy, or back, when it was drawn to be",
    ),
    Sabotage(
        "reimages take half the time",
        halved("reimage"),
        scale_set(),
        "an instance did not start in the time that was drawn for it",
    ),
    Sabotage(
        "nobody is restored",
        restore_nobody,
        scale_set(PUBLISH, policy=LENIENT, **SICK, **AUTOMATIC),
        other(OVER, RESTORES),
    ),
    Sabotage(
        "restorations take half the time",
        halved("restore"),
        scale_set(PUBLISH, policy=LENIENT, **SICK, **AUTOMATIC),
        "an instance was not healthy, or back, when it was drawn to be",
    ),
    Sabotage(
        "nobody goes back after a breach",
        restore_nobody,
        scale_set(
            policy=LENIENT
            | {
                "max_unhealthy_upgraded_instance_percent": "20%",
                "rollback_failed_instances_on_policy_breach": True,
            },
            **SICK,
        ),
        other(end(BREACH_UPGRADED), RESTORES),
    ),
    Sabotage(
        "images are discovered at once",
        discover_at_once,
        scale_set(PUBLISH, **AUTOMATIC),
        early_or_late(OPEN),
    ),
    Sabotage(
        "a cancel is ignored",
        always(RollingUpgrade, "cancel", None),
        scale_set(UPGRADE, CANCEL),
        other(BEGIN, end(CANCELLED)),
    ),
    Sabotage(
        "the model is changed during a rolling upgrade",
        always(ScaleSetService, "check_update_model", None),
        scale_set(UPGRADE, {"at": "11min", "update_model": {"image": "3"}}) | {"horizon": "12min"},
        "a request was not answered as it is to be: accepted, not rolling upgrade in progress",
    ),
    Sabotage(
        "instances are upgraded by hand during a rolling upgrade",
        always(ScaleSetService, "check_manual_upgrade", None),
        scale_set(UPGRADE, {"at": "11min", "manual_upgrade": {"instances": [11]}}),
        "a request was not answered as it is to be: accepted, not rolling upgrade in progress",
    ),
    Sabotage(
        "a surge deletes first",
        delete_first,
        scale_set(policy=SURGE),
        early_or_late(DELETES),
    ),
    Sabotage(
        "a surge creates one less",
        create_one_less,
        scale_set(policy=SURGE),
        OTHERS,
    ),
    Sabotage(
        "a surge keeps new instances that are unhealthy",
        new_ones_always_stay,
        scale_set(policy=SURGE, **SICK),
        DELETED,
    ),
    Sabotage(
        "a model is said to be reached though instances have another one",
        say_it_is_reached,
        scale_set(policy=SURGE | LENIENT, **SICK),
        REACHED,
    ),
    Sabotage(
        "a surge exceeds the quota",
        always(Instances, "have_room", answer=True),
        scale_set(policy=SURGE, quota=13),
        OTHERS,
    ),
    Sabotage(
        "a scale-out exceeds the quota",
        always(Instances, "have_room", answer=True),
        scale_set(UPGRADE, {"at": "11min", "scale": {"instances": 15}}, policy=SURGE, quota=16),
        "a request was not answered as it is to be: accepted, not quota exceeded",
    ),
    Sabotage(
        "deletions take half the time",
        lambda patch: scaled(patch, Starts, "deletion", 0.5),
        scale_set(policy=SURGE),
        "an instance was not deleted in the time that was drawn for it",
    ),
    Sabotage(
        "new instances come at the old model",
        create_at_the_old_model,
        scale_set(UPGRADE, SCALE),
        "an instance was brought to another model than is wanted",
    ),
    Sabotage(
        "a scale-in deletes one less",
        delete_one_less,
        scale_set({"at": "1h", "scale": {"instances": 9}}),
        "a request did not bring the set to the capacity that it asks for",
    ),
    Sabotage(
        "a new image is an update",
        update_everything,
        scale_set(),
        "an instance was brought to a model in another way than that takes",
    ),
    Sabotage(
        "an automatic upgrade leaves one out",
        leave_the_last_out,
        scale_set(policy={"mode": "automatic"}),
        TAKES,
    ),
    Sabotage(
        "an automatic upgrade does not wait for its instances",
        do_not_wait_at_all,
        scale_set(policy={"mode": "automatic"}),
        early_or_late(END),
    ),
    Sabotage(
        "a cancel succeeds at once",
        cancel_at_once,
        scale_set(UPGRADE, CANCEL),
        ENDED,
    ),
    Sabotage(
        "requests may name instances that are not there",
        always(ScaleSetService, "_missing", None),
        scale_set(NO_ONE, SCALE),
        "a request was not answered as it is to be: accepted, not no such instance",
    ),
    Sabotage(
        "an image need not be published",
        always(ScaleSetService, "check_start_os_upgrade", None),
        scale_set({"at": "1min", "start_os_upgrade": {}}),
        "a request was not answered as it is to be: accepted, not no image published",
    ),
    Sabotage(
        "a scale-in is refused whoever is protected",
        always(ScaleSetService, "check_scale", "instances protected"),
        scale_set({"at": "1h", "scale": {"instances": 9}}),
        "a request was not answered as it is to be: instances protected, not accepted",
    ),
    Sabotage(
        "a scale-in deletes protected instances",
        delete_protected,
        scale_set(KEPT, {"at": "1h", "scale": {"instances": 9}}),
        "a scale-in deleted a protected instance",
    ),
    Sabotage(
        "a request does not wait for its instances",
        end_at_once,
        scale_set(REIMAGE),
        "a request did not end when those that it took had settled",
    ),
    Sabotage(
        "a request ends well whatever becomes of its instances",
        always(ScaleSetService, "_unhealthy", answer=False),
        scale_set(REIMAGE, versions={"1": {"unhealthy": "100%"}}),
        "a request did not end by the health of those that it took",
    ),
    Sabotage(
        "no instance fails",
        always(FailureProcess, "begin", None),
        scale_set(**FAILING),
        "an instance did not fail though it was drawn to",
    ),
    Sabotage(
        "recoveries take half the time",
        short_recoveries,
        scale_set(SCALE, **FAILING),
        "an instance was not healthy, or back, when it was drawn to be",
    ),
    Sabotage(
        "no version is bad",
        no_version_is_bad,
        scale_set(versions={"2": {"unhealthy": "40%", "bad": "90%"}}),
        "a version was not good or bad as was drawn",
    ),
    Sabotage(
        "every instance gets healthy",
        everyone_gets_healthy,
        scale_set(policy=LENIENT, **SICK),
        "an instance was not given up when its wait was over",
    ),
    Sabotage(
        "no fault shows later",
        always(Starts, "unhealthy_after", ()),
        scale_set(
            policy=LENIENT,
            versions={"2": {"unhealthy_later": {"probability": "50%", "after": "9min"}}},
        ),
        "an instance did not turn unhealthy later as was drawn",
    ),
    Sabotage(
        "repairs begin in the grace period",
        always(InstanceRepairs, "_due", 0.0),
        scale_set({"at": "3min", "scale": {"instances": 15}}, **REPAIRED),
        "an instance was repaired within its grace period",
    ),
    Sabotage(
        "twice as many are repaired at once",
        lambda patch: patch.setattr(repairs, "AT_ONCE", Amount(share=0.2)),
        scale_set(SCALE, **REPAIRED),
        "more instances were repaired at once than may be",
    ),
    Sabotage(
        "instances are repaired during a rolling upgrade",
        nothing_is_held,
        scale_set(policy=LENIENT | {"pause_time_between_batches": "30min"}, **REPAIRED),
        "an instance was repaired while a rolling upgrade was on",
    ),
    Sabotage(
        "nothing is repaired",
        always(InstanceRepairs, "look", None),
        scale_set(SCALE, **REPAIRED),
        "an unhealthy instance was not repaired though there was room",
    ),
)
UNNOTICED = (
    Sabotage(
        "a scale-in deletes the lowest numbers",
        delete_the_lowest,
        scale_set({"at": "1h", "scale": {"instances": 9}}),
        "",
    ),
    Sabotage(
        "the last one to turn unhealthy is repaired first",
        last_come_first_repaired,
        scale_set(SCALE, **REPAIRED),
        "",
    ),
)
"""What the log cannot show is wrong: whom else a scale-in or a repair could have taken."""
