"""Hand-made logs of an Arc fleet: four machines `m-0` to `m-3` with an extension `Agent`."""

from __future__ import annotations

import datetime as dt
from functools import partial

from hand_made import HandMade, operations

from sim.systems.arc_fleet.audit import broken_rules
from sim.systems.arc_fleet.defaults import resolve, resolve_bodies
from sim.systems.arc_fleet.desired import DesiredState
from sim.systems.arc_fleet.model import Model
from sim.systems.arc_fleet.requests import OPERATIONS, RemoveExtension
from sim.systems.arc_fleet.scopes import Scopes
from sim.systems.arc_fleet.spec import ArcFleet
from sim.systems.base.operation import Span

START = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
"""A Friday."""
AGENT = {"publisher": "P", "type": "Agent", "version": "1.0", "enable_automatic_upgrade": True}
PROBE = AGENT | {"type": "Probe"}
PUBLISH = ("publish_extension", {"type": "Agent", "version": "1.1"})
PUBLISHED = """
    100 publish_extension-0 -> InProgress
    100 upgrade by publish_extension-0 -> upgrading
"""


class Fleet(HandMade):
    """A fleet `f` and what is made of logs of it."""

    def __init__(self, *requests, horizon=1000.0, **spec):
        """`requests` are pairs (kind, body), all of them named KIND-k; `spec` is as written."""
        spec = {"kind": "arc_fleet", "groups": {"m": {"count": 4}}, "extensions": [AGENT]} | spec
        self.spec = resolve("f", ArcFleet.model_validate(spec))
        asked = operations("f", requests, OPERATIONS, partial(resolve_bodies, self.spec))
        super().__init__(Model("f", self.spec, list(asked), 1, Span(horizon, START)), horizon)

    def log(self, text, replication=0):
        """The log of `text`, with what its operations make the service want."""
        return super().log("\n".join([text, *self._wanted(text)]), replication)

    def _wanted(self, text):
        layout = self.model.layout
        desired, names = DesiredState(layout), layout.operations
        lines = [line.split() for line in text.splitlines()]
        taken = [(float(line[0]), names.index(line[1])) for line in lines if "InProgress" in line]
        for time, number in sorted(taken):
            body = layout.requests[number].body
            desired.take(names[number], body)
            for each in (desired.every[place] for place in layout.meant(body)):
                if not each.is_there:
                    if isinstance(body, RemoveExtension):
                        target = f"target of {each.layout.type} on {each.group}"
                        yield f"{time} {target} -> absent because {names[number]}"
                    continue
                version = each.layout.versions[each.version]
                status = "enrolled" if each.enrolled else "not_enrolled"
                target = f"target of {each.layout.type} on {each.group}"
                yield f"{time} {target} -> {status}/{version} because {names[number]}"

    def audit(self, *texts):
        """The rule that the logs break; their times are no draws."""
        rule = next(broken_rules(Scopes(self.model.layout, self.stack(*texts))), None)
        return None if rule is None else f"f: {rule}"

    def because(self, name):
        if name.startswith("upgrade by "):
            return name.removeprefix("upgrade by ")
        if name in self.model.layout.operations:
            return "the scenario"
        return "upgrade by publish_extension-0" if " of " in name else "network"


def updates(machine, begin, *, kind="Agent", version="1.1", because="publish_extension-0"):
    """An attempt that ends well: installed for 100 s, watched for 100 s."""
    return f"""
        {begin} {kind} of {machine} -> installing because upgrade by {because}
        {begin + 100} {kind} of {machine} -> watching/{version} because upgrade by {because}
        {begin + 200} {kind} of {machine} -> current because upgrade by {because}
    """


def returns(
    machine,
    begin,
    *,
    kind="Agent",
    then="backing_off",
    because="publish_extension-0",
):
    """An attempt that does not: unhealthy for 100 s, rolled back in 100 s."""
    version = "" if then == "failed" else "/1.0"
    cause = f"because upgrade by {because}"
    return f"""
        {begin} {kind} of {machine} -> installing {cause}
        {begin + 100} {kind} of {machine} -> unhealthy/1.1 {cause}
        {begin + 200} {kind} of {machine} -> rolling_back {cause}
        {begin + 300} {kind} of {machine} -> {then}{version} {cause}
    """


def accepted(time, operation, end="Succeeded"):
    """A request that is accepted, and ends at once."""
    return f"""
        {time} {operation} -> InProgress
        {time} {operation} -> {end}
    """


def begun(time, operation):
    """A rollout that is accepted, and begins."""
    return f"""
        {time} {operation} -> InProgress
        {time} upgrade by {operation} -> upgrading
    """


def one(fleet, text, *names, group="", warm_up=0.0):
    """Values of some metrics in one log."""
    found = fleet.measure(text, group=group, warm_up=warm_up)
    return [found[name][0] for name in names]


def push(version="1.1", **keys):
    """A push of a version to all agents, or as `keys` say."""
    return ("upgrade_extensions", {"targets": {"p.AGENT": version}} | keys)
