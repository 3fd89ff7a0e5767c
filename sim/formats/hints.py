"""Keys that people try, from the REST APIs and from other tools, and what the format calls them.

A key that only differs in case and punctuation (``maxBatchInstancePercent``) needs no entry.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.formats.schema import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_CALLED = {
    # The file and its entries.
    "services": "systems",
    "service": "systems",
    "fleet": "systems",
    "pools": "systems",
    "steps": "operations",
    "actions": "operations",
    "requests": "operations",
    "events": "operations",
    "goals": "objectives",
    "slo": "objectives",
    "slos": "objectives",
    "targets": "objectives",
    "assertions": "objectives",
    "constraints": "objectives",
    "scenarios": "variants",
    "alternatives": "variants",
    "grid": "sweep",
    "sweeps": "sweep",
    "axes": "sweep",
    "matrix": "sweep",
    "parameters": "sweep",
    "runs": "replications",
    "trials": "replications",
    "iterations": "replications",
    "repetitions": "replications",
    "duration": "horizon",
    "until": "horizon",
    "end": "horizon to",
    "randomseed": "seed",
    "tz": "time_zone",
    "repeat": "every",
    "interval": "every",
    "period": "every",
    "cron": "every",
    "type": "kind",
    "time": "at",
    "when": "at",
    "after": "at",
    "min": "at_least from",
    "minimum": "at_least",
    "gte": "at_least",
    "lower": "at_least from",
    "max": "at_most to",
    "maximum": "at_most",
    "lte": "at_most",
    "upper": "at_most to",
    "probability": "in_runs",
    "percentile": "in_runs",
    # Axes of a sweep.
    "start": "from",
    "low": "from",
    "stop": "to",
    "high": "to",
    "by": "step",
    "increment": "step",
    "num": "points",
    "n": "points",
    "name": "as",
    "label": "as",
    "list": "values",
    # Cloud Services.
    "updatedomaincount": "update_domains",
    "upgradedomaincount": "update_domains",
    "platformupdatedomaincount": "update_domains",
    "upgradedomains": "update_domains",
    "faultdomaincount": "fault_domains",
    "platformfaultdomaincount": "fault_domains",
    "count": "instances",
    "instance": "roles",
    "instancecount": "instances",
    "instancescount": "instances",
    "upgrademode": "mode",
    "domain": "upgrade_domain",
    "updatedomain": "upgrade_domain update_domains",
    "upgradedomain": "upgrade_domain update_domains",
    "capacity": "instances scale",
    "scalein": "change_configuration resize scale",
    "scaleout": "change_configuration resize scale",
    "reboot": "reboot reboot_instance reboot_node",
    "reimage": "reimage reimage_instance reimage_node",
    "restarttime": "restart",
    "rollbackupdateorupgrade": "rollback",
    "changedeploymentconfiguration": "change_configuration",
    "updatedeploymentstatus": "update_status",
    "rebootroleinstance": "reboot_instance",
    "reimageroleinstance": "reimage_instance",
    "roleinstance": "instance",
    "roleinstancename": "instance",
    "swapdeployment": "swap",
    "deploy": "upgrade_deployment",
    "upgrade": "upgrade_deployment",
    # Batch.
    "targetdedicatednodes": "nodes",
    "targetdedicatedcomputenodes": "nodes",
    "targetdedicated": "nodes",
    "currentdedicatednodes": "nodes",
    "vmcount": "nodes",
    "size": "nodes",
    "maxtaskspernode": "task_slots_per_node",
    "taskslots": "task_slots_per_node",
    "slotspernode": "task_slots_per_node",
    "taskschedulingpolicy": "node_fill_type",
    "osversion": "target_os_version current_os_version",
    "osfamily": "current_os_version",
    "rollingupgradepolicy": "upgrade_policy",
    "automaticosupgradepolicy": "automatic_os_upgrade upgrade_policy",
    "maxbatch": "max_batch_instance_percent",
    "batchsize": "max_batch_instance_percent",
    "pausetime": "pause_time_between_batches",
    "virtualmachineconfiguration": "configuration",
    "cloudserviceconfiguration": "configuration",
    "maxtaskretrycount": "max_retry_count",
    "nodedisableschedulingoption": "option",
    "noderebootoption": "option",
    "nodereimageoption": "option",
    "nodeid": "node",
    "resizepool": "resize",
    "upgradepoolos": "upgrade_os",
    "rebootcomputenode": "reboot_node",
    "reimagecomputenode": "reimage_node",
    "disablecomputenodescheduling": "disable_scheduling",
    "enablecomputenodescheduling": "enable_scheduling",
    # Scale sets.
    "orchestrationmode": "orchestration",
    "upgradepolicymode": "mode",
    "intervalinseconds": "interval",
    "numberofprobes": "probes",
    "automaticrepairspolicy": "repairs",
    "repairaction": "action",
    "imagereference": "image",
    "imageversion": "image",
    "manualupgrade": "manual_upgrade",
    "updateinstances": "manual_upgrade",
    "instanceids": "instances",
    "osrollingupgrade": "start_os_upgrade",
    "extensionrollingupgrade": "start_extension_upgrade",
    "protectionpolicy": "set_protection",
    # Arc.
    "typehandlerversion": "version",
    "extensiontype": "type",
    "extensionname": "type",
    "extensiontargets": "targets",
    "autoupgrademinor": "auto_upgrade_minor_version",
    "automaticupgrade": "enable_automatic_upgrade",
    "enabled": "enable_automatic_upgrade",
    "enableautomaticosupgrade": "enabled",
    "servers": "machines",
    "machinecount": "machines",
    "ostype": "os",
    "publish": "publish_extension",
    "release": "publish_extension",
    "installextension": "put_extension",
    "createextension": "put_extension",
    "patchextension": "put_extension",
}
"""Key as somebody else has it, bare -> the keys that may be meant here."""

_MISSING = {
    "userollingupgradepolicy": "an upgrade_image always follows upgrade_policy",
    "targetlowprioritynodes": "every node is a dedicated one here",
    "targetspotnodes": "every node is a dedicated one here",
    "enableautoscale": "write a resize with `every: 1d` for each change of size",
    "autoscaleformula": "write a resize with `every: 1d` for each change of size",
    "resizetimeout": "a resize takes what its nodes take",
    "applicationpackagereferences": "a start task takes its time instead",
    "forceupdatetag": "repair_extension installs it again",
    "protectedsettings": "settings change nothing in the model",
    "settings": "settings change nothing in the model",
    "vmsize": "sizes do not matter here, but for `changes: [vm_size]`",
    "properties": "what stands below it in the REST API stands here itself",
}
"""Key, bare -> why the format has none."""


_NO_HEALTH = "nodes that take an image do not turn unhealthy here"
_MISSING_IN_POOLS = {
    "maxunhealthyinstancepercent": _NO_HEALTH,
    "maxunhealthyupgradedinstancepercent": _NO_HEALTH,
    "prioritizeunhealthyinstances": _NO_HEALTH,
    "rollbackfailedinstancesonpolicybreach": _NO_HEALTH,
    "disableautomaticrollback": _NO_HEALTH,
    "enablecrosszoneupgrade": "there are no zones here",
    "zones": "there are no zones here",
    "maxsurge": "nodes are upgraded in place here",
    "enableautomaticosupgrade": "write an upgrade_image operation for each new image",
}
"""The same of what scale sets have and Batch pools have not."""
_OF_POOLS = frozenset({"os_rolling_upgrade_deferral", "task_slots_per_node"})
"""Keys by which a place is known to be one of a pool."""


def bare(word: str) -> str:
    """A key without its case and punctuation."""
    return re.sub(r"[\W_]", "", word).casefold()


def hint(wrong: str, place: Place, homes: Mapping[str, Home]) -> str | None:
    """What to say of a key that is not known at a place: a key here, or why there is none.

    `homes` are those of `homes_of`, for a key that belongs elsewhere. None where nothing is known.
    """
    word = bare(wrong)
    called = _CALLED.get(word, "").split()
    here = [key for key in place.keys if key in called or bare(key) == word]
    if here:
        return f"did you mean {' or '.join(here)}?"
    if word in _MISSING:
        return f"not modelled: {_MISSING[word]}"
    if word in _MISSING_IN_POOLS and not _OF_POOLS.isdisjoint(place.keys):
        return f"not modelled: {_MISSING_IN_POOLS[word]}"
    # What is as good as written right is no key of another place.
    if difflib.get_close_matches(word, map(bare, place.keys), n=1, cutoff=_TYPO):
        return None
    home = next((homes[one] for one in (word, *map(bare, called)) if one in homes), None)
    if home is None:
        return None
    few = place.keys if len(place.keys) <= _FEW else []
    known = f"; known here: {', '.join(few)}" if few else ""
    places = (
        " or ".join(home.places)
        if len(home.places) <= _PLACES
        else f"{home.places[0]} (and others)"
    )
    return f"{home.key} stands under {places}{known}"


_TYPO = 0.85
"""Likeness of two keys of which one is the other's misspelling."""
_PLACES = 2
"""Places that are worth naming."""
_FEW = 8
"""Keys that are worth listing beside a hint."""


class Home(NamedTuple):
    """A key of the format and the places that have it, those nearest to the top first."""

    key: str
    places: list[str]


def homes_of(schema: dict[str, Any]) -> dict[str, Home]:
    """Every key of the format, bare -> where it stands; with the kind where several have such a
    place.
    """
    found: dict[str, dict[str, list[str]]] = {}
    spelled: dict[str, str] = {}
    kinds_at: dict[str, set[str]] = {}
    waiting = [("", "", Place.top(schema))]
    seen: set[tuple[str, int]] = set()
    for path, of, place in waiting:
        for form in place.forms:
            kind = form.get("properties", {}).get("kind", {}).get("const") or of
            if (kind, id(form)) in seen:
                continue
            seen.add((kind, id(form)))
            kinds_at.setdefault(path, set()).add(kind)
            for key in form.get("properties", {}):
                spelled.setdefault(bare(key), key)
                found.setdefault(bare(key), {}).setdefault(path, []).append(kind)
                below = Place(place.root, (form,)).below(key)
                waiting.append((f"{path}.{key}".lstrip("."), kind, below))
        if place.takes_names:
            waiting.append((f"{path}.NAME", of, place.below(_NO_KEY)))
        if place.is_list:
            waiting.append((f"{path}.NUMBER", of, place.below(0)))
    return {
        key: Home(spelled[key], [_place(path, of, kinds_at[path]) for path, of in where.items()])
        for key, where in found.items()
    }


def _place(path: str, kinds: Sequence[str], all_kinds: Collection[str]) -> str:
    named = f" ({' or '.join(dict.fromkeys(kinds))})" if len(all_kinds) > 1 else ""
    return f"{path or 'the top of the file'}{named}"


_NO_KEY = " "
"""No format has such a key, so that it is a name."""
