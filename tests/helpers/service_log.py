"""Hand-made logs of a cloud service `s`: two instances of a role `W`, each in its own domain."""

from __future__ import annotations

from functools import partial

from hand_made import HandMade, operations

from sim.systems.base.operation import Span
from sim.systems.cloud_service.defaults import resolve, resolve_bodies
from sim.systems.cloud_service.layout import Layout
from sim.systems.cloud_service.model import Model
from sim.systems.cloud_service.requests import OPERATIONS
from sim.systems.cloud_service.spec import CloudService

UPGRADE = ("upgrade_deployment", {"build": "2"})
UP = "upgrade by upgrade_deployment-0"


class Service(HandMade):
    """A service and what is made of logs of it."""

    def __init__(self, *requests, horizon=1000.0, **spec):
        """`requests` are pairs (kind, body), all of them named KIND-k; `spec` is as written."""
        roles = {"W": {"instances": 2, "restart": "100s"}}
        written = {"kind": "cloud_service", "update_domains": 2, "roles": roles} | spec
        spec = resolve("s", CloudService.model_validate(written))
        asked = operations("s", requests, OPERATIONS, partial(resolve_bodies, spec))
        layout = Layout("s", spec, list(asked), 1, Span(horizon, None))
        super().__init__(Model(layout), horizon)

    def because(self, name):
        """An upgrade of its operation, all else of the scenario."""
        return name.removeprefix("upgrade by ") if "upgrade by" in name else "the scenario"


BEGUN = f"""
    10 upgrade_deployment-0 -> InProgress
    10 {UP} -> upgrading
    10 deployment -> production (locked) because {UP}
    10 target of W -> requested/2 because {UP}
    10 update domain 0 -> updating because {UP}
    10 W_IN_0 -> BusyRole/2 because update domain 0
"""
FIRST = f"""
    110 W_IN_0 -> ReadyRole because update domain 0
    110 update domain 0 -> at rest because {UP}
"""
SECOND = f"""
    110 update domain 1 -> updating because {UP}
    110 W_IN_1 -> BusyRole/2 because update domain 1
    210 W_IN_1 -> ReadyRole because update domain 1
    210 update domain 1 -> at rest because {UP}
"""
ENDED = f"""
    210 {UP} -> completed because update domain 1
    210 deployment -> production because {UP}
    210 target of W -> reached because {UP}
    210 upgrade_deployment-0 -> Succeeded because update domain 1
"""
SOUND = BEGUN + FIRST + SECOND + ENDED
"""An upgrade that breaks no rule."""

GROWN = ("change_configuration", {"configuration": {"W": 3}})
TOLD = """
    10 configuration of W -> 2 because change_configuration-0
    10 configuration of W_IN_0 -> 2 because configuration of W
    10 configuration of W_IN_1 -> 2 because configuration of W
    10 configuration of W_IN_2 -> 2 because configuration of W
"""
"""Everyone is told that `GROWN` brings a third instance."""
