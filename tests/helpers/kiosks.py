"""The small system of sim/systems/README.md, for tests of what all systems are made of."""

import re

from places import ROOT
from simpy import Environment

from sim.core.log import Subjects, the_scenario
from sim.core.random_streams import draws
from sim.formats.distributions import Distribution
from sim.systems.base.context import Context
from sim.systems.base.operation import Operation, Span

PAGE = ROOT / "sim" / "systems" / "README.md"
CODE = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
"""All of its code, in the order of the page."""


def _read():
    names = {"__name__": "kiosks"}
    exec(compile(CODE, str(PAGE), "exec"), names)
    return names


NAMES = _read()
SYSTEM_TYPE = NAMES["SYSTEM_TYPE"]
SPAN = Span(3600.0, None)


def request(index, minute, version):
    """The operation that brings a version to all kiosks."""
    body = NAMES["UpdateKiosks"](version=version)
    at = Distribution.fixed(60.0 * minute)
    return Operation(index, f"update_kiosks-{index}", False, "update_kiosks", "lobby", at, body)


def model(*requests, kiosks=2):
    """So many kiosks of which each update takes five minutes."""
    spec = NAMES["Kiosks"](kiosks=kiosks, update=Distribution.fixed(300.0))
    return SYSTEM_TYPE.model("lobby", spec, requests, 1, SPAN)


def log_of(one):
    """The log of one run of a model by itself."""

    context = Context(Environment(), draws(0, 0), SPAN.horizon, None)
    one.start(context)
    context.run()
    subjects = Subjects([the_scenario(), *one.blocks])
    return context.recorder.freeze(subjects, 0, SPAN.horizon, drew=context.draws.drew)
