"""Arc fleets with one rule broken."""

from __future__ import annotations

from dataclasses import replace

from sabotage import Sabotage

from sim.systems.arc_fleet import connections
from sim.systems.arc_fleet.connections import Connections
from sim.systems.arc_fleet.desired import Desired
from sim.systems.arc_fleet.draws import InstallDraws
from sim.systems.arc_fleet.fleet import Discoveries, Limit, Section
from sim.systems.arc_fleet.machine import Installed, Removal
from sim.systems.arc_fleet.service import Deletion, FleetService
from sim.systems.arc_fleet.states import CURRENT, WIDTH
from sim.systems.arc_fleet.versions import major

AGENT = {"publisher": "P", "type": "A", "version": "1.0", "enable_automatic_upgrade": True}


def fleet(*operations, extensions=(AGENT,), **spec):
    """40 machines for three weeks, and a release at an hour."""
    system = {
        "kind": "arc_fleet",
        **({} if "groups" in spec else {"machines": 40}),
        "extensions": list(extensions),
        "also_supported": ["P/A", "P/B"],
        "discovery": {"uniform": {"low": "0s", "high": "5d"}},
        "unhealthy": "30%",
        **spec,
    }
    release = {"at": "1h", "publish_extension": {"type": "A", "version": "1.1"}}
    return {"horizon": "21d", "systems": {"f": system}, "operations": [release, *operations]}


def lose_some_discoveries(patch):
    whole = Installed.discover

    def discover(self, machine, since):
        if machine % 7:
            whole(self, machine, since)

    patch.setattr(Installed, "discover", discover)


def discover_at_once(patch):
    whole = Discoveries.__init__

    def begin(self, context, extension, members, delays):
        whole(self, context, extension, members, delays * 0)

    patch.setattr(Discoveries, "__init__", begin)


def retry_after_a_second(patch):
    patch.setattr(InstallDraws, "retry_after", lambda self, _: [1.0] * len(self._members))


def never_retry(patch):
    patch.setattr(Installed, "_plan_retry", lambda *_: None)


def rest_instead_of_backing_off(patch):
    def try_again(self, event):
        self._rests(event.argument, event.argument.former + CURRENT)

    patch.setattr(Installed, "_try_again", try_again)


def ignore_the_most_attempts(patch):
    patch.setattr(Installed, "_was_last", lambda *_: False)


def of_installations(change):
    """Change what is drawn for an installation: seconds, seconds to the verdict, unhealthy."""

    def breaks(patch):
        whole = InstallDraws._install
        patch.setattr(InstallDraws, "_install", lambda self, attempt: change(*whole(self, attempt)))

    return breaks


def never_unhealthy(seconds, watched, unhealthy):
    return seconds, watched, [False] * len(unhealthy)


def watched_for_a_second(seconds, watched, unhealthy):
    return seconds, [1.0] * len(watched), unhealthy


def installed_in_half_the_time(seconds, watched, unhealthy):
    return [round(each * 512) / 1024 for each in seconds], watched, unhealthy


def roll_back_at_once(patch):
    whole = InstallDraws.rollback

    def rollback(self, attempt):
        seconds, fails = whole(self, attempt)
        return [0.0] * len(seconds), fails

    patch.setattr(InstallDraws, "rollback", rollback)


def rollbacks_never_fail(patch):
    whole = InstallDraws.rollback
    patch.setattr(
        InstallDraws, "rollback", lambda s, n: (whole(s, n)[0], [False] * len(s._members))
    )


def two_at_once_on_a_machine(patch):
    never = property(lambda self: [0] * len(self.members), lambda *_: None)
    patch.setattr(Section, "_busy", never, raising=False)


def no_limit(patch):
    patch.setattr(Limit, "_free", property(lambda _: 1, lambda *_: None), raising=False)


def ignore_windows(patch):
    patch.setattr(Section, "_delay", lambda *_: 0.0)


def install_another_version(patch):
    whole = Installed.install

    def install(self, machine):
        release = self.newest[self.codes[machine] // WIDTH]
        if release is not None:
            release.version = 2
        whole(self, machine)

    patch.setattr(Installed, "install", install)


def groups_go_by_the_laws_of_the_fleet(patch):
    whole = InstallDraws.__init__

    def begin(self, *given):
        whole(self, *given)
        self._spec = given[1].spec

    patch.setattr(InstallDraws, "__init__", begin)


def connected_an_hour_later(patch):
    patch.setattr(
        connections, "changes_by", lambda *given: [each + 3600 for each in CHANGES_BY(*given)]
    )


def other_machines_are_away(patch):
    whole = Connections.tell

    def tell(self, record, first, network, horizon):
        self._changes = {(k + 1) % len(self._members): v for k, v in self._changes.items()}
        whole(self, record, first, network, horizon)

    patch.setattr(Connections, "tell", tell)


def never_away(patch):
    patch.setattr(Connections, "wait", lambda *_: 0.0)


def extensions_vanish(patch):
    whole = Installed._succeed

    def succeed(self, event):
        whole(self, event)
        machine = event.argument.machine
        self._becomes(machine, self.codes[machine], 0, event.argument.target.cause)

    patch.setattr(Installed, "_succeed", succeed)


def remove_from_some(patch):
    whole = Deletion.__call__

    def call(self, section, installed):
        kept = {machine: installed.codes[machine] for machine in range(0, len(installed.codes), 3)}
        for machine in kept:
            installed.codes[machine] = 0
        whole(self, section, installed)
        for machine, code in kept.items():
            installed.codes[machine] = code

    patch.setattr(Deletion, "__call__", call)


def remove_on_the_spot(patch):
    whole = Installed.ask

    def ask(self, machine, target):
        if not isinstance(target, Removal):
            whole(self, machine, target)
            return
        target.request.begins()
        self._becomes(machine, self.codes[machine], 0, target.cause)
        target.request.ends(self._context.now, self.first + machine)

    patch.setattr(Installed, "ask", ask)


def what_is_removed_stays_enrolled(patch):
    whole = FleetService._enrol

    def enrol(self, call, enabled):
        if call.kind != "remove_extension":
            whole(self, call, enabled)

    patch.setattr(FleetService, "_enrol", enrol)


def every_release_is_for_all(patch):
    whole = FleetService.publish_extension

    def publish(self, call):
        whole(self, replace(call, body=call.body.model_copy(update={"group": None})))

    patch.setattr(FleetService, "publish_extension", publish)


def machines_of_other_groups_hear_of_a_release(patch):
    whole = FleetService.publish_extension

    def publish(self, call):
        whole(self, call)
        for each in self._desired.named(call.body.model_copy(update={"group": None})):
            if call.body.group not in (None, each.group):
                self._act(call, each, self._publication(call, each, call.name))

    patch.setattr(FleetService, "publish_extension", publish)


def a_version_is_news_again(patch):
    def is_news(self, version):
        return self.layout.number(version) >= self._newest.get(major(version), -1)

    patch.setattr(Desired, "is_news", is_news)


def bad_on_one_group_is_bad_on_all(patch):
    whole = InstallDraws.__init__

    def begin(self, *given):
        whole(self, *given)
        self._group = "laptops"

    patch.setattr(InstallDraws, "__init__", begin)


CHANGES_BY = connections.changes_by
LAPTOPS = {
    "groups": {
        "desks": {"count": 20},
        "laptops": {
            "count": 20,
            "unhealthy": "80%",
            "disconnected": {"share": "50%", "windows": [{"from": "09:00", "to": "17:00"}]},
        },
    },
}
FRAIL = {"groups": {"frail": {"count": 20, "rollback_fails": "80%"}}}
LATER = {"at": "9d", "publish_extension": {"type": "A", "version": "1.2"}}
NIGHTS = {
    "at": "2h",
    "publish_extension": {
        "type": "B",
        "version": "1.1",
        "windows": [{"from": "22:00", "to": "05:00"}],
    },
}
BESIDE = (AGENT, AGENT | {"type": "B"})
REMOVED = {"at": "3d", "remove_extension": {"type": "A"}}
# While the machines that discover A after three days are busy with it.
REMOVED_BESIDE = {"at": "73h2min", "remove_extension": {"type": "B"}}
PUT_AGAIN = {
    "at": "8d",
    "put_extension": {"publisher": "P", "type": "A", "version": "1.1"},
}
AWAY = {"share": "60%", "on": "1d", "off": "1d"}
AT_SEA = {"groups": {"ships": {"count": 40, "disconnected": AWAY}}}
PAIR = {"groups": {"desks": {"count": 20}, "laptops": {"count": 20}}}
FIRST_TO_LAPTOPS = {
    "at": "6d",
    "publish_extension": {"type": "A", "version": "1.2", "group": "laptops"},
}
BAD_ON_LAPTOPS = {
    "at": "6d",
    "publish_extension": {"type": "A", "version": "1.2", "unhealthy": {"group": "laptops"}},
}

SABOTAGES = (
    Sabotage(
        "some discoveries are lost",
        lose_some_discoveries,
        fleet(),
        "a machine discovered a release and did not begin with it",
    ),
    Sabotage(
        "all machines discover at once",
        discover_at_once,
        fleet(),
        "a release was begun with before the machine discovered it",
    ),
    Sabotage(
        "a retry comes after a second",
        retry_after_a_second,
        fleet(),
        "a retry did not come when it was due",
    ),
    Sabotage("no retry comes", never_retry, fleet(), "a retry did not come when it was due"),
    Sabotage(
        "what was rolled back is not tried again",
        rest_instead_of_backing_off,
        fleet(),
        "an enrolled extension was not tried again after a rollback",
    ),
    Sabotage(
        "max_attempts is ignored",
        ignore_the_most_attempts,
        fleet(max_attempts=2, unhealthy="80%"),
        "attempts did not end with `max_attempts`",
    ),
    Sabotage(
        "unhealthy machines pass for healthy ones",
        of_installations(never_unhealthy),
        fleet(),
        "a machine was not found healthy or unhealthy as was drawn",
    ),
    Sabotage(
        "the health window lasts a second",
        of_installations(watched_for_a_second),
        fleet(),
        "a health verdict did not fall when it was due",
    ),
    Sabotage(
        "installations take half the time",
        of_installations(installed_in_half_the_time),
        fleet(),
        "an installation did not take the time that was drawn for it",
    ),
    Sabotage(
        "a rollback takes no time",
        roll_back_at_once,
        fleet(),
        "a rollback did not take the time that was drawn for it",
    ),
    Sabotage(
        "rollbacks never fail",
        rollbacks_never_fail,
        fleet(rollback_fails="50%"),
        "a rollback did not fail or succeed as was drawn",
    ),
    Sabotage(
        "a machine installs two extensions at once",
        two_at_once_on_a_machine,
        fleet(
            {"at": "1h", "publish_extension": {"type": "B", "version": "1.1"}}, extensions=BESIDE
        ),
        "a machine was busy with two extensions at once",
    ),
    Sabotage(
        "max_concurrent machines is no limit",
        no_limit,
        fleet(max_concurrent=1, discovery="0s"),
        "more machines were busy at once than `max_concurrent`",
    ),
    Sabotage(
        "installations begin outside windows",
        ignore_windows,
        fleet(NIGHTS, extensions=BESIDE),
        "an installation began outside its windows",
    ),
    Sabotage(
        "groups go by the laws of the fleet",
        groups_go_by_the_laws_of_the_fleet,
        fleet(**FRAIL),
        "a rollback did not fail or succeed as was drawn",
    ),
    Sabotage(
        "laptops are connected an hour later",
        connected_an_hour_later,
        fleet(**LAPTOPS),
        "a machine was not connected as its windows say",
    ),
    Sabotage(
        "others are away than were drawn",
        other_machines_are_away,
        fleet(**LAPTOPS),
        "a machine was not connected as its windows say",
    ),
    Sabotage(
        "installations begin on machines that are away",
        never_away,
        fleet(**LAPTOPS),
        "an installation began on a disconnected machine",
    ),
    Sabotage(
        "another version is installed than was released",
        install_another_version,
        fleet(LATER),
        "an installation brought another version than was asked for",
    ),
    Sabotage(
        "extensions vanish",
        extensions_vanish,
        fleet(),
        "an extension was removed that no request named",
    ),
    Sabotage(
        "a removal leaves some out",
        remove_from_some,
        fleet(REMOVED),
        "an extension that was removed is still there",
    ),
    Sabotage(
        "a removal does not wait for a connection",
        remove_on_the_spot,
        fleet(REMOVED, **AT_SEA),
        "an installation began on a disconnected machine",
    ),
    Sabotage(
        "a removal does not wait for its machine",
        remove_on_the_spot,
        fleet(REMOVED_BESIDE, extensions=BESIDE, discovery="3d"),
        "an extension was removed from a machine that was busy",
    ),
    Sabotage(
        "what is removed stays enrolled",
        what_is_removed_stays_enrolled,
        fleet(REMOVED, PUT_AGAIN, LATER),
        "a release touched an extension that is not enrolled",
    ),
    Sabotage(
        "a release to one group is for all",
        every_release_is_for_all,
        fleet(FIRST_TO_LAPTOPS, **PAIR),
        "an operation touched machines that it does not name",
    ),
    Sabotage(
        "machines of other groups hear of a release to one",
        machines_of_other_groups_hear_of_a_release,
        fleet(FIRST_TO_LAPTOPS, **PAIR),
        "an operation touched machines that it does not name",
    ),
    Sabotage(
        "a version is news again for a group that has it",
        a_version_is_news_again,
        fleet(FIRST_TO_LAPTOPS, LATER, **PAIR),
        "a release was begun with before the machine discovered it",
    ),
    Sabotage(
        "what is bad on one group is bad on all",
        bad_on_one_group_is_bad_on_all,
        fleet(BAD_ON_LAPTOPS, **PAIR),
        "a machine was not found healthy or unhealthy as was drawn",
    ),
)
