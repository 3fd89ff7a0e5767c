"""What each role of a run is configured with, worked out again from its accepted requests.

The rules of the documents once more, in plain Python: what is shared is the log and the scenario.
"""

from __future__ import annotations

from collections import Counter


class Slot:
    """A deployment as its accepted requests have made it."""

    def __init__(self, counts):
        self.counts = dict(counts)
        self.numbers = dict.fromkeys(counts, 1)
        self.extensions, self.kept = {}, {}
        self.endpoints, self.kept_endpoints = 1, 1
        self.upgrade = None
        """Name of the operation whose upgrade is in progress."""
        self.restarts = False
        """Whether that one keeps the builds."""

    def give(self, given):
        """Replace the extensions; the roles for which that is new."""
        new = {}
        for role in self.counts:
            shared = {each.id: (each.state or "Enable", False) for each in given.all_roles}
            own = {
                each.id: (each.state or "Enable", True) for each in given.named_roles.get(role, ())
            }
            new[role] = shared | own
        return self._become(new)

    def _become(self, new):
        old, self.extensions = self.extensions, new
        return {role for role in self.counts if old.get(role, {}) != new.get(role, {})}

    def take_back(self):
        self.endpoints = self.kept_endpoints
        changed = self._become(self.kept)
        self.rise(set(self.counts) if self.restarts else changed)

    def keep(self):
        self.kept, self.kept_endpoints = self.extensions, self.endpoints

    def rise(self, roles):
        for role in roles:
            self.numbers[role] += 1

    def ask(self, name, kind, body):
        """An upgrade or a change of the configuration that was accepted."""
        walks = kind == "upgrade_deployment" or body.restarts or "vm_size" in body.changes
        if walks:
            self.upgrade, self.restarts = name, kind == "change_configuration"
        wanted = self.counts | dict(body.configuration)
        whole = wanted != self.counts or (walks and self.restarts)
        self.counts = wanted
        changed = set(self.counts) if whole else set()
        if body.extension_configuration is not None:
            changed |= self.give(body.extension_configuration)
            if not walks:
                self.kept = self.extensions
        if "endpoints" in body.changes:
            self.endpoints += 1
            self.kept_endpoints += not walks
        self.rise(changed)


def configurations_are_as_asked_for(run):
    """Go through a run's operations and the ends of its upgrades; compare at the horizon."""
    counts = {role: count for role, _, count in run.roles}
    slots = [Slot(counts) for _ in range(run.layout.slots)]
    swaps = 0
    asked = {name: run.layout.asked(k) for k, name in enumerate(run.layout.operations)}
    rolls_back = {}
    for _, subject, old, new in run.rows:
        block = run.block(subject)
        status, name = block.states.status(new), run.name(subject)
        if block.kind == "operation" and status == "InProgress":
            kind, body = asked[name]
            if kind == "swap":
                assert len({each.endpoints for each in slots}) == 1
                swaps += 1
            elif kind in ("upgrade_deployment", "change_configuration"):
                slots[run.slot_of(body, swaps)].ask(name, kind, body)
        elif block.kind == "upgrade":
            own = [s for s in slots if f"upgrade by {s.upgrade}" == name]
            for slot in own:
                if (status == "rolling_back" and block.states.status(old) != "stuck") or (
                    status == "rolling_back" and slot.upgrade not in rolls_back
                ):
                    rolls_back[slot.upgrade] = True
                    slot.take_back()
                elif status == "completed":
                    slot.keep()
    production = swaps % 2
    _is_shown(run, slots[production % len(slots)])
    _are_known(run, slots)


def _is_shown(run, slot):
    shown = run.model.status(run.log, run.log.horizon)
    numbers = {role["RoleName"]: role["ConfigurationNumber"] for role in shown["RoleList"]}
    assert numbers == slot.numbers
    named = {
        role["RoleName"]: {each["Id"] for each in role["Extensions"]}
        for role in shown["ExtensionConfiguration"]["NamedRoles"]
    }
    for role in shown["RoleList"]:
        has = {each["Id"]: each["State"] for each in role["Extensions"]}
        wanted = slot.extensions.get(role["RoleName"], {})
        assert has == {each: state for each, (state, _) in wanted.items()}
        own = {each for each, (_, is_own) in wanted.items() if is_own}
        assert named.get(role["RoleName"], set()) == own


def _are_known(run, slots):
    """Each instance that is there knows its role's number; there are as many as asked for."""
    if run.layout.slots > 1:
        return  # members name the slot in which a deployment is now, not where it began
    (slot,) = slots
    rows = [row for row in run.model.members(run.log) if row["status"] != "absent"]
    assert Counter(row["role"] for row in rows) == Counter(slot.counts)
    assert all(row["configuration"] == slot.numbers[row["role"]] for row in rows)
