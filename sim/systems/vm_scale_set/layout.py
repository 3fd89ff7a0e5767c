"""The numbering of a scale set: its subjects and their weights, fixed by the scenario."""

from __future__ import annotations

from functools import cached_property, partial
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.core.log import UNIT, States
from sim.core.rounding import at_least
from sim.systems.base.layout import Layout
from sim.systems.base.targets import INITIAL, target_states
from sim.systems.vm_scale_set.rejections import RULES
from sim.systems.vm_scale_set.requests import (
    BEGINS,
    PublishImage,
    Scale,
    StartOsUpgrade,
    UpdateModel,
)
from sim.systems.vm_scale_set.rules import batch_limit
from sim.systems.vm_scale_set.spec import Version, VmScaleSet
from sim.systems.vm_scale_set.states import (
    ACTORS,
    ASKED_FOR,
    AT_REST,
    BATCH,
    COUNTS_UNHEALTHY,
    DELETING,
    GIVEN_UP,
    HEALTHY,
    IN_SERVICE,
    INITIALIZING,
    INSTANCE,
    ON_ITS_WAY,
    SIZE,
    UNHEALTHY,
    VERSION,
    WIDTH,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sim.core.timelines import Timeline
    from sim.systems.base.operation import Operation, Request, Span


class Model(NamedTuple):
    """What instances are made by: the names of its parts."""

    image: str
    extensions: str
    size: str


class SetLayout(Layout[VmScaleSet]):
    """The numbering of a scale set: fixed by the scenario, the same in every replication."""

    def __init__(
        self, name: str, spec: VmScaleSet, requests: Sequence[Operation], first: int, span: Span
    ) -> None:
        upgrades = [each.name for each in requests if begins_upgrade(each.body, spec)]
        super().__init__(
            name, spec, requests, first, span, actors=ACTORS, rules=RULES, rollouts=upgrades
        )
        self.parts = parts = parts_of(spec, requests)
        """Names of the images, the extensions and the sizes that there are."""
        self.models = tuple(Model(*each) for each in product(*parts))
        """Every model that there can be, by number; 0 is that of time 0."""
        self.number_of = {model: number for number, model in enumerate(self.models)}
        self.versions = tuple(_label(model, parts) for model in self.models)
        """What they are called."""
        self.sizes = sizes_asked(spec, requests)
        """Capacities that the set may be asked to have, the first one at time 0."""
        self.target = self.add(
            "target", target_states(self.versions), [f"model of {name}"], [INITIAL]
        )
        """The model that instances are to follow."""
        self.size = self.add(
            "size", States(SIZE, tuple(map(str, self.sizes))), [f"capacity of {name}"], [ASKED_FOR]
        )
        """How many instances there are to be: the number stands as a version, as one of few."""
        self.batch = self.add("batch", BATCH, [f"batch of {name}"], [AT_REST]).first
        """Subject of what its rolling upgrades do: one batch at a time."""
        names = dict.fromkeys(sum(parts, ()))
        self.faulty = tuple(each for each in names if has_faults(spec, each))
        """Names of the parts of models that have faults."""
        self.first_fault = self.add(
            "version", VERSION, [f"version {each}" for each in self.faulty]
        ).first
        """Subject of the first of them."""
        self.room = most_instances(spec, requests)
        """How many numbers instances may have."""
        self.instances = self.add(
            "instance",
            States(INSTANCE, self.versions),
            partial(instance_name, name),
            self._initial(),
            weights=self._weights(),
        )
        self.first_instance = self.instances.first
        """Subject of instance 0."""
        self.zone_of = _zones(spec, self.room)
        """By number the zone of an instance, from 0."""
        self.domains = spec.domains
        """Update domains that batches stay inside of; instance k is in domain k mod domains."""

    @cached_property
    def min_available(self) -> int:
        """Instances in service that the set needs."""
        return at_least(self.spec.min_available, self.spec.instances)

    @cached_property
    def place_of(self) -> NDArray[np.int64]:
        """By number the place, zone and domain in one, that a batch stays inside of."""
        crosses = self.spec.upgrade_policy.enable_cross_zone_upgrade
        zone = np.zeros(self.room, np.int64) if crosses else np.array(self.zone_of)
        return zone * self.domains + np.arange(self.room) % self.domains

    def _initial(self) -> list[int]:
        codes = [HEALTHY] * self.spec.instances + [0] * (self.room - self.spec.instances)
        for number in self.spec.unhealthy_instances:
            codes[number] = UNHEALTHY
        return codes

    def _weights(self) -> dict[str, NDArray[np.int64]]:
        serves, there = np.zeros((2, len(self.versions), WIDTH), np.int64)
        serves[:, IN_SERVICE] = 1
        there[:, 1:] = 1
        return {
            "capacity": serves.ravel() * UNIT,
            "ready": serves.ravel(),
            "instances": there.ravel(),
        }

    def rolls(self, number: int) -> bool:
        """Whether the upgrade `number` goes in batches."""
        body = self.request(self.upgrades[number]).body
        return not isinstance(body, UpdateModel) or self.spec.upgrade_policy.mode == "rolling"

    def brings_image(self, number: int) -> bool:
        """Whether it is one of the image that a user or Azure starts."""
        body = self.request(self.upgrades[number]).body
        return isinstance(body, StartOsUpgrade | PublishImage)

    def is_published(self, number: int) -> bool:
        """Whether Azure begins it by itself, some time after the publication of an image."""
        return isinstance(self.request(self.upgrades[number]).body, PublishImage)

    # By state, whether an instance that is in it is of some kind.

    @cached_property
    def is_there(self) -> NDArray[np.bool_]:
        """It is there, and not about to be deleted."""
        status = np.arange(len(self.instances.states)) % WIDTH
        there: NDArray[np.bool_] = (status > 0) & (status != DELETING)
        return there

    @cached_property
    def is_on_its_way(self) -> NDArray[np.bool_]:
        """Something is done with it, so that it does not run its version yet."""
        return self._is_seen(ON_ITS_WAY)

    @cached_property
    def counts_unhealthy(self) -> NDArray[np.bool_]:
        """It counts as unhealthy where no batch is under way."""
        return self._is_seen(COUNTS_UNHEALTHY)

    @cached_property
    def is_given_up(self) -> NDArray[np.bool_]:
        """It is seen to be unhealthy, and nothing is done about it."""
        return self._is_seen(GIVEN_UP)

    def _is_seen(self, statuses: tuple[int, ...]) -> NDArray[np.bool_]:
        """Without a source of health Azure sees power states only."""
        unseen = (INITIALIZING, UNHEALTHY) if self.spec.health.source == "none" else ()
        status = np.arange(len(self.instances.states)) % WIDTH
        return np.isin(status, statuses) & ~np.isin(status, unseen)

    @cached_property
    def faults(self) -> tuple[tuple[int, ...], ...]:
        """By model the places, in `faulty`, of its parts that have faults."""
        places = {name: place for place, name in enumerate(self.faulty)}
        return tuple(
            tuple(places[part] for part in model if part in places) for model in self.models
        )

    def fault(self, place: int) -> Version:
        """How a part of models behaves, by its place in `faulty`."""
        return self.spec.versions[self.faulty[place]]

    @cached_property
    def demand(self) -> Timeline:
        """What users ask for over time; the file's demand must be given."""
        assert self.spec.demand is not None
        return self.spec.demand.over(self.span)


def begins_upgrade(body: Request, spec: VmScaleSet) -> bool:
    """Whether a request begins an upgrade, if it is accepted; or an image does by itself."""
    return isinstance(body, BEGINS) or (
        isinstance(body, PublishImage) and spec.automatic_os_upgrade.enabled
    )


def instance_name(name: str, number: int) -> str:
    """Name of an instance, as Azure forms it."""
    return f"{name}_{number}"


def parts_of(spec: VmScaleSet, requests: Sequence[Operation]) -> list[tuple[str, ...]]:
    """Each image, version of the extensions and size that there may be, those of time 0 first."""
    return [
        tuple(dict.fromkeys((getattr(spec, part), *_asked(part, requests))))
        for part in Model._fields
    ]


def _asked(part: str, requests: Sequence[Operation]) -> Iterator[str]:
    for each in requests:
        name = getattr(each.body, part, None)
        if name is not None:
            yield name


def _label(model: Model, parts: Sequence[tuple[str, ...]]) -> str:
    """The names of those parts that change in the scenario; else that of the image."""
    names = [name for name, known in zip(model, parts, strict=True) if len(known) > 1]
    return " + ".join(names) or model.image


def has_faults(spec: VmScaleSet, name: str) -> bool:
    """Whether a part of models may be bad."""
    version = spec.versions.get(name)
    if version is None or not version.bad:
        return False
    later = version.unhealthy_later
    return version.unhealthy > 0 or (later is not None and later.probability > 0)


def sizes_asked(spec: VmScaleSet, requests: Sequence[Operation]) -> tuple[int, ...]:
    """The capacities that the set has at time 0 and is asked to have, each once."""
    asked = (each.body.instances for each in requests if isinstance(each.body, Scale))
    return tuple(dict.fromkeys((spec.instances, *asked)))


def most_instances(spec: VmScaleSet, requests: Sequence[Operation]) -> int:
    """So many numbers of instances are needed, were no number used again while one is deleted.

    Any zone may need all of what is created beyond the first ones: by a scale-out, or by a batch of
    a surge.
    """
    sizes = sizes_asked(spec, requests)
    asked = [each.body.instances for each in requests if isinstance(each.body, Scale)]
    more = sum(size - min(sizes) for size in asked)
    if spec.upgrade_policy.max_surge:
        more += int(batch_limit(spec, max(sizes)))
    return spec.instances + more * max(1, len(spec.zone_counts))


def _zones(spec: VmScaleSet, room: int) -> list[int]:
    counts = spec.zone_counts
    if not counts:
        return [0] * room
    zones = [zone for zone, count in enumerate(counts) for _ in range(count)]
    return zones + [number % len(counts) for number in range(room - len(zones))]
