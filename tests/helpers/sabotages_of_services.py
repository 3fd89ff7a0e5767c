"""Cloud services with one rule broken."""

from __future__ import annotations

from sabotage import Sabotage, scaled

from sim.core.windows import Windows
from sim.systems.base.failures import FailureProcess
from sim.systems.cloud_service import configuration, configured
from sim.systems.cloud_service.configuration import Configuration
from sim.systems.cloud_service.deployment import Deployment
from sim.systems.cloud_service.draws import RestartDraws
from sim.systems.cloud_service.instance import Instances
from sim.systems.cloud_service.model import Model
from sim.systems.cloud_service.service import HostedService
from sim.systems.cloud_service.turns import Turn, Turns

UPGRADE = {"at": "10min", "upgrade_deployment": {"build": "2"}}
MINUTES = {"uniform": {"low": "1min", "high": "9min"}}


def service(*operations, builds=None, **role):
    """12 instances in five domains for six hours, upgraded at ten minutes."""
    system = {
        "kind": "cloud_service",
        "builds": {"2": builds or {}},
        "roles": {"Web": {"instances": 12, "restart": MINUTES, **role}},
    }
    asked = list(operations) or [UPGRADE]
    return {"horizon": "6h", "systems": {"s": system}, "operations": asked}


def gates_never_wait(patch):
    patch.setattr(Deployment, "gate_opens", lambda *_: True)


def late_at_once(patch):
    patch.setattr(Turn, "late", property(lambda _: True))


def covering(change):
    """Let turns cover others than they should."""

    def breaks(patch):
        whole = Deployment.covered

        def covered(self, upgrade, domain):
            return change(whole(self, upgrade, domain), domain)

        patch.setattr(Deployment, "covered", covered)

    return breaks


def on_the_old_build(patch):
    whole = Instances.take

    def take(self, members, version, restart_draws, cause):
        whole(self, members, 0 if version else version, restart_draws, cause)

    patch.setattr(Instances, "take", take)


def back_on_the_old_build(patch):
    whole = Instances._ready

    def ready(self, instance, version, restart):
        whole(self, instance, min(version, 0), restart)

    patch.setattr(Instances, "_ready", ready)


def restarts_at_half_time(patch):
    whole = RestartDraws._times

    def times(self, purpose, distribution):
        drawn = whole(self, purpose, distribution)

        class Half:
            def vector(self, count):
                return drawn.vector(count) // 2

            def __getitem__(self, key):
                return drawn[key] // 2

        return Half()

    patch.setattr(RestartDraws, "_times", times)


def creations_at_half_time(patch):
    scaled(patch, RestartDraws, "creation", 0.5)


def no_failures(patch):
    patch.setattr(FailureProcess, "begin", lambda _: None)


def short_recoveries(patch):
    whole = FailureProcess.__init__

    def begin(self, context, path, failures, subjects, fail):
        def quick(member, recovery):
            fail(member, recovery // 2)

        whole(self, context, path, failures, subjects, quick)

    patch.setattr(FailureProcess, "__init__", begin)


def no_failed_starts(patch):
    patch.setattr(RestartDraws, "fails", lambda *_: False)


def quick_retries(patch):
    patch.setattr(RestartDraws, "retry", lambda *_: 1.0)


def no_build_is_bad(patch):
    def draw(self, context):
        for number in self.layout.faulty:
            context.record(0.0, self.layout.first_build + number, 0, 1, 0)
        return [False] * len(self.layout.builds)

    patch.setattr(Model, "_draw_builds", draw)


def ignore_windows(patch):
    patch.setattr(Windows, "wait", lambda *_: 0.0)


def one_short(patch):
    whole = Deployment.scale

    def scale(self, role, wanted, restart_draws, cause):
        return whole(self, role, wanted - 1, restart_draws, cause)

    patch.setattr(Deployment, "scale", scale)


def everyone_has_a_turn(patch):
    patch.setattr(Turns, "is_free", lambda *_: True)


def any_health_will_do(patch):
    patch.setattr(Deployment, "_is_healthy", lambda *_: True)


def no_latent_faults(patch):
    patch.setattr(Instances, "_plan_fault", lambda *_: None)


def one_is_not_told(patch):
    whole = Configuration.update

    def update(self, roles, exists, cause):
        whole(self, roles, lambda i: i != 1 and exists(i), cause)

    patch.setattr(Configuration, "update", update)


def one_role_is_updated(patch):
    whole = Configuration.update

    def update(self, roles, exists, cause):
        whole(self, sorted(roles)[:1], exists, cause)

    patch.setattr(Configuration, "update", update)


def all_roles_win(patch):
    def states(configuration, roles):
        found = configured.states(configuration, roles)
        shared = {extension: state for (scope, extension), state in found.items() if not scope}
        return {key: shared.get(key[1], state) for key, state in found.items()}

    patch.setattr(configuration, "states", states)


def any_endpoints_will_do(patch):
    patch.setattr(HostedService, "check_swap", lambda *_: None)


NIGHT = [{"from": "02:00", "to": "05:00"}]
SCALE = {"at": "10min", "change_configuration": {"configuration": {"Web": 15}}}
GIVEN = {
    "all_roles": [{"id": "rdp"}],
    "named_roles": {"Web": [{"id": "rdp", "state": "Disable"}]},
}
GIVE = {"at": "10min", "change_configuration": {"extension_configuration": GIVEN}}
ENDPOINTS = {"at": "10min", "change_configuration": {"changes": ["endpoints"]}}
SWAP = {"at": "20min", "swap": {}}


def with_keys(scenario, **keys):
    """The same service with more to it."""
    system = scenario["systems"]["s"]
    more = {
        key: system.get(key, {}) | each if key == "roles" else each for key, each in keys.items()
    }
    return scenario | {"systems": {"s": system | more}}


GUEST = {"at": "11min", "guest_os_update": {"duration": "5min"}}
EARLY = "a turn ended before its instances had been Ready or were late"

SABOTAGES = (
    Sabotage("a gate never waits", gates_never_wait, service(), EARLY),
    Sabotage("the start time-out is over at once", late_at_once, service(), EARLY),
    Sabotage(
        "a domain is skipped",
        covering(lambda members, domain: [] if domain == 2 else members),
        service(),
        "an upgrade was completed without one of the instances",
    ),
    Sabotage(
        "a turn drops an instance",
        covering(lambda members, _: members[:-1] if len(members) > 1 else members),
        service(),
        "a turn did not take every instance that it covers",
    ),
    Sabotage(
        "instances restart on the old build",
        on_the_old_build,
        service(),
        "an instance came to another build than its upgrade brings",
    ),
    Sabotage(
        "instances come back on the old build",
        back_on_the_old_build,
        service(),
        "an instance came to another build than its upgrade brings",
    ),
    Sabotage(
        "restarts take half the time",
        restarts_at_half_time,
        service(),
        "a restart did not take the time that was drawn for it",
    ),
    Sabotage(
        "creations take half the time",
        creations_at_half_time,
        service(SCALE),
        "an instance was not created in the time that was drawn for it",
    ),
    Sabotage(
        "no instance fails",
        no_failures,
        service(failures={"per_year": 2000, "recovery": "10min"}),
        "an instance did not fail though it was drawn to",
    ),
    Sabotage(
        "recoveries take half the time",
        short_recoveries,
        service(failures={"per_year": 2000, "recovery": "10min"}),
        "an instance did not recover in the time that was drawn for it",
    ),
    Sabotage(
        "no instance fails to start",
        no_failed_starts,
        service(builds={"fails_to_start": "40%"}),
        "an instance did not fail to start as was drawn",
    ),
    Sabotage(
        "attempts after a failed start take a second",
        quick_retries,
        service(builds={"fails_to_start": "40%"}),
        "an instance that failed to start was not back when it was drawn to be",
    ),
    Sabotage(
        "no build is bad",
        no_build_is_bad,
        service(builds={"fails_to_start": "40%", "bad": "90%"}),
        "a build was not good or bad as was drawn",
    ),
    Sabotage(
        "domains are taken outside windows",
        ignore_windows,
        service({"at": "10min", "upgrade_deployment": {"build": "2", "windows": NIGHT}}),
        "an update domain was taken outside the windows of its upgrade",
    ),
    Sabotage(
        "a scale-out is one short",
        one_short,
        service(SCALE),
        "a role was not brought to the number of instances asked for",
    ),
    Sabotage(
        "an instance is not told of a new configuration",
        one_is_not_told,
        service(SCALE),
        "an instance was not told of its role's configuration",
    ),
    Sabotage(
        "a scale-out updates one role alone",
        one_role_is_updated,
        with_keys(service(SCALE), roles={"Zed": {"instances": 2}}),
        "instances came or went, and the configuration of a role is as before",
    ),
    Sabotage(
        "what AllRoles says wins over a role's own entry",
        all_roles_win,
        with_keys(service(GIVE), extensions=[{"id": "rdp", "json": True}]),
        "a role has other extensions than its deployment was given",
    ),
    Sabotage(
        "deployments with other endpoints are swapped",
        any_endpoints_will_do,
        with_keys(service(ENDPOINTS, SWAP), staging={"build": "2"}),
        "two deployments with other endpoints were swapped",
    ),
    Sabotage(
        "the platform does not wait for its turn",
        everyone_has_a_turn,
        service(UPGRADE, GUEST),
        "two update domains had their turn at once",
    ),
)
UNNOTICED = (
    Sabotage(
        "the gate does not ask for min_healthy",
        any_health_will_do,
        service(builds={"unhealthy_later": {"probability": "90%", "after": "1s"}}, min_healthy=12),
        "",
    ),
    Sabotage(
        "latent faults never show",
        no_latent_faults,
        service(builds={"unhealthy_later": {"probability": "90%", "after": "1min"}}),
        "",
    ),
)
