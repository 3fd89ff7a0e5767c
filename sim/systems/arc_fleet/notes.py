"""Which accepted operations of a run of a fleet changed nothing, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import OPERATION, SUCCEEDED
from sim.systems.arc_fleet.history import NEVER
from sim.systems.arc_fleet.requests import (
    PublishExtension,
    PutExtension,
    RemoveExtension,
    RepairExtension,
    SetAutomaticUpgrade,
)
from sim.systems.arc_fleet.states import ENROLLED, TARGET_WIDTH, WIDTH
from sim.systems.arc_fleet.versions import major, upgrades, version_key
from sim.systems.base.text import pluralize

if TYPE_CHECKING:
    from sim.systems.arc_fleet.scopes import Scopes
    from sim.systems.base.operation import Operation


class _There(NamedTuple):
    """An extension of a group, as an operation found it in a run."""

    type: str
    enrolled: bool
    machines: int
    """How many have it."""
    versions: tuple[str, ...]
    """Those that some machine has, each once."""
    wanted: str
    """The version that the service wants of it from then on."""


def notes(scopes: Scopes) -> dict[str, str]:
    """By name each operation of the first replication that was accepted and changed nothing: why.

    A stack of one is meant.
    """
    found = {}
    for number, operation in enumerate(scopes.layout.requests):
        if scopes.accepted[0, number] < NEVER:
            note = _note(scopes, number, operation)
            if note:
                found[operation.name] = note
    return found


def _note(scopes: Scopes, number: int, operation: Operation) -> str:
    body = operation.body
    there = [_found(scopes, number, place, operation) for place in scopes.layout.meant(body)]
    if isinstance(body, PublishExtension):
        return _of_release(scopes, operation, body, there)
    if isinstance(body, SetAutomaticUpgrade):
        is_news = any(each.enrolled != body.enabled for each in there)
        opted = f"{body.type} is opted {'in' if body.enabled else 'out'}"
        return "" if is_news else f"changes nothing: {opted} already"
    if not _is_over(scopes, number) or _did_something(scopes, number, operation):
        return ""
    if isinstance(body, RepairExtension | RemoveExtension):
        did, what = ("repairs", "was failed") if isinstance(body, RepairExtension) else _NONE_THERE
        return f"{did} nothing: no {body.type} {what}"
    if any(set(each.versions) - {each.wanted} for each in there):
        return "installs nothing: another request or release came before it"
    had = dict.fromkeys(f"{each.type} {version}" for each in there for version in each.versions)
    machines = sum(each.machines for each in there)
    has = "has" if machines == 1 else "have"
    text = f"installs nothing: {pluralize(machines, 'machine')} {has} {' and '.join(had)} already"
    return text + (_opts(body, there) if isinstance(body, PutExtension) else "")


_NONE_THERE = "removes", "was there yet"


def _opts(body: PutExtension, there: list[_There]) -> str:
    """What a PUT changes beside versions."""
    if all(each.enrolled == body.enable_automatic_upgrade for each in there):
        return ", and it changes nothing"
    return f"; it opts {body.type} {'in' if body.enable_automatic_upgrade else 'out'}"


def _of_release(
    scopes: Scopes, operation: Operation, body: PublishExtension, there: list[_There]
) -> str:
    """Why a release covers nobody, where it does not."""
    rollout = scopes.layout.upgrade_number(operation.name)
    if scopes.began[0, rollout] < NEVER:
        return ""
    text = f"{body.type} {body.version} upgrades no machine: "
    enrolled = [version for each in there if each.enrolled for version in each.versions]
    if not any(each.machines for each in there):
        return f"{text}no machine has the extension"
    if not enrolled:
        return f"{text}no machine is enrolled"
    if not any(major(version) == major(body.version) for version in enrolled):
        return f"{text}those enrolled have another major version"
    if not any(upgrades(body.version, version) for version in enrolled):
        newest = max(enrolled, key=version_key)
        return f"{text}those enrolled have it, or a newer version, already ({newest})"
    return f"{text}a newer version of its major is out already"


def _found(scopes: Scopes, number: int, place: int, operation: Operation) -> _There:
    """An extension when an operation was accepted, before that did anything."""
    layout, at = scopes.layout, float(scopes.accepted[0, number])
    each, rows = layout.extensions[place], scopes.changes(place)
    subject, first, name = layout.first_operation + number, layout.first_upgrade, operation.name
    own = layout.upgrade_number(name) if layout.begins_upgrade(name) else layout.rollouts
    past = layout.came_before(rows.time, rows.cause, at, subject, first + own)
    codes = np.full(each.count, each.initial_code, np.int16)
    codes[rows.machine[past]] = rows.new[past]
    here = codes[codes != 0]
    before = scopes.target(place, np.zeros(1, np.intp), np.full(1, at), number)[0]
    versions = tuple(each.versions[number] for number in np.unique(here // WIDTH).tolist())
    wanted = each.versions[scopes.after(number, place)[0] // TARGET_WIDTH]
    return _There(each.type, before % TARGET_WIDTH == ENROLLED, len(here), versions, wanted)


def _is_over(scopes: Scopes, number: int) -> bool:
    """Whether an operation has succeeded by the horizon."""
    state = scopes.stack.final[0, scopes.layout.first_operation + number]
    return bool(state % OPERATION.width == SUCCEEDED)


def _did_something(scopes: Scopes, number: int, operation: Operation) -> bool:
    """Whether an extension changed because of an operation, or of the upgrade that it began."""
    layout = scopes.layout
    causes = [layout.first_operation + number]
    if layout.begins_upgrade(operation.name):
        causes.append(layout.upgrade(operation.name))
    places = range(len(layout.extensions))
    return any(np.isin(scopes.changes(place).cause, causes).any() for place in places)
