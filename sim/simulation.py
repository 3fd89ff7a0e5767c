"""From a scenario to logs. A run is pure: equal arguments give equal logs on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from simpy import Environment

from sim import bounds
from sim.core.errors import ModelError, TooMuchError
from sim.core.log import Log, Subjects, the_scenario
from sim.core.random_streams import MeanDraws, draws
from sim.systems import SYSTEM_TYPES
from sim.systems.base.context import Budget, Context, TooLongError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.core.random_streams import Draws
    from sim.scenario import Scenario
    from sim.systems.base.system_type import SystemType

ROWS_AN_EVENT = 10
"""So many rows the events of the mean case may have, each."""


class Simulation:
    """A scenario made ready: its subjects are numbered once, for all replications."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        blocks = [the_scenario()]
        self.models: dict[str, Any] = {}
        """System name -> its model."""
        self.kinds: dict[str, SystemType[Any]] = {}
        """System name -> what it is."""
        for name, spec in scenario.systems.items():
            operations = [each for each in scenario.operations if each.system == name]
            first = blocks[-1].first + blocks[-1].count
            self.kinds[name] = SYSTEM_TYPES[spec.kind]
            try:
                self.models[name] = self.kinds[name].model(
                    name, spec, operations, first, scenario.span
                )
                blocks += self.models[name].blocks
            except MemoryError:
                rule = "asks for too much: this machine does not have the memory for its subjects"
                path = ("systems", name)
                raise TooMuchError([bounds.located(scenario, path, rule)]) from None
        self.subjects = Subjects(blocks)

    def __reduce__(self) -> tuple[Any, ...]:
        """What it is made of says all: it is made again of that where it is read."""
        return Simulation, (self.scenario,)

    def run(self, replication: int = 0) -> Log:
        """The log of one replication.

        Raises
        ------
        TooMuchError
            If it has more rows or events than there may be, or needs more memory than there is.
        ModelError
            If a process of a model fails; its own exception is the cause.
        """
        budget = Budget(bounds.MOST_EVENTS, bounds.MOST_ROWS)
        context = self._context(draws(self.scenario.seed, replication), budget)
        try:
            return self._run(context, replication)
        except TooLongError as error:
            raise bounds.too_long(self, replication, error, context.recorder) from None
        except MemoryError:
            raise bounds.no_memory(self, replication, context.recorder) from None

    def run_mean_case(self, is_spread: Callable[[str], bool], most_events: int) -> Log:
        """The log of the mean case: see `MeanDraws`, which gets `is_spread`.

        Raises
        ------
        TooLongError
            If it has more than `most_events` events, or ten times as many rows.
        ModelError
            As `run`.
        """
        chance = MeanDraws(self.scenario.seed, is_spread)
        return self._run(self._context(chance, Budget(most_events, ROWS_AN_EVENT * most_events)), 0)

    def _context(self, chance: Draws, budget: Budget) -> Context:
        scenario = self.scenario
        return Context(Environment(), chance, scenario.horizon, scenario.start, budget=budget)

    def _run(self, context: Context, replication: int) -> Log:
        scenario = self.scenario
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise"):
                for model in self.models.values():
                    model.start(context)
                context.run()
        except (TooLongError, MemoryError):
            raise
        except Exception as error:
            raise ModelError(
                f"{type(error).__name__}: {error}",
                scenario=scenario.name,
                seed=scenario.seed,
                replication=replication,
                time=context.reached,
                variant=scenario.variant_name,
            ) from error
        # Frozen while the environment is alive: what unfinished processes do when they are
        # collected can no longer be recorded.
        return context.recorder.freeze(
            self.subjects,
            replication,
            scenario.horizon,
            drew=context.draws.drew,
            seed=scenario.seed,
        )


def simulate(scenario: Scenario, replication: int = 0) -> Log:
    """The log of one replication of a scenario."""
    return Simulation(scenario).run(replication)
