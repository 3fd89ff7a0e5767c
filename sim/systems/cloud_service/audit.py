"""The rules that every run of a cloud service must keep, read from its log.

Here those of turns: one at a time, they take all whom they cover, bring them what they should and
wait for them. What they bring together are rows alone; `restart_audit` asks what was drawn.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.core.log import ASKED, COMPLETED, OPERATION, ROLLING_BACK, SUPERSEDED, UPGRADE
from sim.core.timelines import Members
from sim.systems.base.operation import windows_of
from sim.systems.cloud_service import configuration_audit, restart_audit
from sim.systems.cloud_service.history import History, accepted, deployments, last_before
from sim.systems.cloud_service.states import AT_REST, WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sim.core.stack import Stack
    from sim.systems.cloud_service.layout import Layout


def audit(layout: Layout, stack: Stack) -> str | None:
    """The rule that a stack breaks, if any."""
    history = History(layout, stack)
    rules = chain(
        broken_rules(history),
        restart_audit.broken_rules(history),
        configuration_audit.broken_rules(layout, stack),
    )
    rule = next(rules, None)
    return None if rule is None else f"{layout.name}: {rule}"


def broken_rules(history: History) -> Iterator[str]:
    """The rules that turns break."""
    if not _are_one_at_a_time(history):
        yield "two update domains had their turn at once"
    if not _take_all(history):
        yield "a turn did not take every instance that it covers"
    if not _bring_builds(history):
        yield "an instance came to another build than its upgrade brings"
    if not _wait(history):
        yield "a turn ended before its instances had been Ready or were late"
    if not _complete(history):
        yield "an upgrade was completed without one of the instances"
    if not _in_windows(history):
        yield "an update domain was taken outside the windows of its upgrade"
    if not _scale(history):
        yield "a role was not brought to the number of instances asked for"


def _are_one_at_a_time(history: History) -> bool:
    """Except under Simultaneous, and where a takeover or a rollback did not wait."""
    stack, layout = history.stack, history.layout
    status = stack.new % UPGRADE.width
    mine = stack.about(layout.first_upgrade, len(layout.upgrades))
    hurried = np.zeros(stack.replications, bool)
    rows = np.flatnonzero(mine & ((status == SUPERSEDED) | (status == ROLLING_BACK)))
    hurried[stack.replication[rows]] = True
    began = accepted(layout, stack) if layout.rollouts else np.zeros((stack.replications, 0))
    for number in range(layout.rollouts):
        if getattr(layout.rollout(number).body, "mode", "") == "Simultaneous":
            hurried |= began[:, number] >= 0
    for block in stack.subjects.of(layout.name, "update_domain"):
        updating = Members(stack, [block]).weigh(lambda _: np.array([0, 0, 1]))
        if (updating.maximum() > 1)[~hurried].any():
            return False
    return True


def _take_all(history: History) -> bool:
    """A rollback covers only what is on another build than before, so it is not asked."""
    turns, layout = history.turns, history.layout
    mine = np.flatnonzero(~turns.rolls_back)
    members = [np.array(each, np.int64) for each in layout.domain_members]
    sizes = np.array([len(each) for each in members])
    if not len(mine):
        return True
    turn = np.repeat(mine, sizes[turns.domain[mine]])
    member = np.concatenate([members[domain] for domain in turns.domain[mine].tolist()])
    covers = np.array([history.roles(each) for each in range(len(layout.upgrades))])
    covered = covers[turns.upgrade[turn], history.role_of[member]]
    turn, member = turn[covered], member[covered]
    number = turns.slot[turn] * layout.instances + member
    there = history.code_before(turns.replication[turn], number, turns.row[turn]) != 0
    wanted = turn[there] * np.int64(layout.instances) + member[there]
    some = np.flatnonzero(history.turn >= 0)
    took = history.turn[some] * np.int64(layout.instances) + history.member[some]
    return bool(np.isin(wanted, took).all())


def _bring_builds(history: History) -> bool:
    """An instance's build changes by a turn alone, to the one that the upgrade brings."""
    version, before = history.new // WIDTH, history.old // WIDTH
    exists = (history.new != 0) & (history.old != 0)
    taken = history.turn >= 0
    if (exists & ~taken & (version != before)).any():
        return False
    some = np.flatnonzero(taken)
    turn, turns = history.turn[some], history.turns
    brings = np.array([history.brings(each) for each in range(len(history.layout.upgrades))])
    expected = brings[turns.upgrade[turn]] if len(some) else np.zeros(0, np.int64)
    expected = np.where(expected < 0, before[some], expected)
    wrong = (version[some] != expected) & ~turns.rolls_back[turn]
    return not wrong.any()


def _wait(history: History) -> bool:
    """No turn ends before each instance was Ready since, gone, taken again, or over time."""
    stack, layout, turns = history.stack, history.layout, history.turns
    if not len(turns.row):
        return True
    first, count = layout.first_domain(), layout.domains * layout.slots
    rows = np.flatnonzero(stack.about(first, count) & (stack.new == AT_REST))
    closes = last_before(stack.key[turns.row], turns.row, stack.key[rows], rows)
    ends = np.full(len(turns.row), np.inf)
    ends[closes] = stack.time[rows]
    some = np.flatnonzero(history.turn >= 0)
    end = ends[history.turn[some]]
    early = (history.settled[some] > end) & (end < np.inf)
    spec = layout.spec
    if spec.on_start_timeout == "continue":
        early &= end < history.time[some] + spec.start_timeout
    return not early.any()


def _complete(history: History) -> bool:
    """An upgrade that is completed took each instance that it covers and that was there then."""
    stack, layout, turns = history.stack, history.layout, history.turns
    first = layout.first_upgrade
    some = np.flatnonzero(history.turn >= 0)
    upgrade = turns.upgrade[history.turn[some]] if len(some) else some
    for number in range(len(layout.upgrades)):
        own = np.flatnonzero(stack.subject == first + number)
        begins = own[stack.old[own] == 0]
        ends = own[stack.new[own] % UPGRADE.width == COMPLETED]
        ends = ends[stack.old[ends] != 0]  # a swap is completed when it begins
        if not len(ends):
            continue
        began = np.zeros(stack.replications, np.int64)
        began[stack.replication[begins]] = begins
        mine = some[upgrade == number]
        taken = np.zeros((stack.replications, layout.slots, layout.instances), bool)
        taken[history.replication[mine], history.slot[mine], history.member[mine]] = True
        covers = np.flatnonzero(history.roles(number)[history.role_of])
        places = np.repeat(stack.replication[ends], len(covers))
        member = np.tile(covers, len(ends))
        slot = deployments(layout, stack)[places, number]
        where = slot * layout.instances + member
        row = np.repeat(ends, len(covers))
        # Who was there when it began, and still is when it ends; what came since is new already.
        stays = history.code_before(places, where, began[places]) != 0
        stays &= history.code_before(places, where, row) != 0
        stays &= ~_came_since(history, began)[places, where]
        left = stays & ~taken[places, slot, member]
        if left.any():
            return False
    return True


def _came_since(history: History, began: NDArray[np.int64]) -> NDArray[np.bool_]:
    """By replication and instance whether it was created after the row `began`."""
    layout = history.layout
    came = np.zeros((len(began), layout.instances * layout.slots), bool)
    rows = np.flatnonzero((history.old == 0) & (history.row > began[history.replication]))
    came[history.replication[rows], history.number[rows]] = True
    return came


def _in_windows(history: History) -> bool:
    turns = history.turns
    for upgrade in range(len(history.layout.upgrades)):
        windows = getattr(history.body(upgrade), "windows", ())
        if windows:
            mine = (turns.upgrade == upgrade) & ~turns.rolls_back
            is_open = windows_of(windows, history.layout.span).are_open(turns.time[mine])
            if not is_open.all():
                return False
    return True


def _scale(history: History) -> bool:
    """After a request each role has as many instances as it asks for.

    Asked where no slots are swapped, and where nothing else scales at the same instant.
    """
    stack, layout = history.stack, history.layout
    if layout.swaps:
        return True
    scaling = [
        (number, one)
        for number, one in enumerate(history.layout.requests)
        if getattr(one.body, "configuration", None)
    ]
    asked = np.full((stack.replications, len(scaling)), np.nan)
    for place, (_, one) in enumerate(scaling):
        subject = layout.operation(one.name)
        rows = np.flatnonzero(stack.subject == subject)
        rows = rows[stack.new[rows] % OPERATION.width == ASKED]
        asked[stack.replication[rows], place] = stack.time[rows]
    initial = stack.subjects.initial[layout.first_instance() :] != 0
    for place, (_, one) in enumerate(scaling):
        body: Any = one.body
        alone = ~np.isnan(asked[:, place]) & ((asked == asked[:, [place]]).sum(axis=1) == 1)
        # Deployment 1 began in staging; a request names one of the two, or the slot that it is in.
        named = getattr(body, "deployment", None)
        slot = int(
            named != layout.spec.deployment if named else getattr(body, "slot", "") == "staging"
        )
        past = history.time <= asked[history.replication, place]
        there = np.tile(initial[: layout.instances * layout.slots], (stack.replications, 1))
        there[history.replication[past], history.number[past]] = history.new[past] != 0
        for role in layout.roles:
            wanted = body.configuration.get(role.name)
            first = slot * layout.instances + role.first
            count = there[:, first : first + role.room].sum(axis=1)
            if wanted is not None and (count != wanted)[alone].any():
                return False
    return True
