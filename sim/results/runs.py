"""From a scenario to results: one replication, all of them, or those of every variant."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, SupportsIndex

from sim.core.errors import ModelError, ScenarioError
from sim.experiments.comparison import references
from sim.experiments.objectives import experiments, look_further
from sim.experiments.running.replications import replication_number
from sim.forecast.estimate import estimate
from sim.results.cost import afford
from sim.results.given import BASELINE, given_scenario
from sim.results.kept.kept_parts import KeptParts, executing
from sim.results.precise_runs import most_asked, until_precise
from sim.results.provenance import About
from sim.results.results import Results
from sim.results.single_run import Run
from sim.results.sources import ComputedResults
from sim.simulation import Simulation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from concurrent.futures import Executor
    from os import PathLike

    from sim.experiments.objectives import Experiment
    from sim.experiments.precision import Precision
    from sim.experiments.running.execution import Execution
    from sim.files.partial_folder import PartialFolder
    from sim.scenario import Scenario


def run_one(
    scenario: Scenario | str | PathLike[str],
    replication: SupportsIndex = 0,
    *,
    seed: int | None = None,
    force: bool = False,
) -> Run:
    """One replication with everything kept. Equal arguments give equal runs, on any machine.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    seed
        The seed, instead of the scenario's own.
    force
        Whether to run what is expected to pass the bounds of a run or the memory of this machine.
        A run that does pass them ends with a `TooMuchError` all the same.

    Raises
    ------
    ScenarioError
        If the file is wrong, or asks for too much (a `TooMuchError`), or `replication` is no whole
        number (of any integer type) from 0 to 2^31 - 1.
    ModelError
        If the run breaks an invariant of its own model.
    """
    asked = given_scenario(scenario, seed=seed)
    number, simulation = replication_number(replication), Simulation(asked)
    afford([estimate(simulation, 1)], force=force)
    return Run.of(simulation, number, asked.variant_name or BASELINE)


def run(
    scenario: Scenario | str | PathLike[str],
    *,
    replications: int | None = None,
    seed: int | None = None,
    replay: SupportsIndex | None = None,
    progress: bool = False,
    force: bool = False,
    precision: Mapping[str, object] | str | None = None,
    max_replications: int | None = None,
    workers: int | None = None,
    executor: Executor | str | None = None,
    partial: PartialFolder | str | PathLike[str] | None = None,
    keep: Collection[str] = (),
) -> Results:
    """All replications of a scenario without its variants, or of one variant.

    Objectives that are undecided get a further look at 2,000 replications where the file leaves
    their number open.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    replications
        How many to make, instead of the scenario's own number.
    seed
        The seed, instead of the scenario's own.
    replay
        The only replication to run.
    progress
        Whether to show a bar on stderr where that is a terminal.
    force
        Whether to run what is expected to pass the bounds of a run or the memory of this machine.
        A run that does pass them ends with a `TooMuchError` all the same.
    precision
        Make as many replications as means need to be so precise: the half-width of the 95 %
        interval, by SYSTEM.METRIC, SYSTEM.GROUP.METRIC or METRIC where one system has it. It is a
        number in the metric's unit, or a text: "1%", "30s", relative to the mean "5%r". The
        objectives of the file are decided too, at an error shared over the looks; "objectives" asks
        for nothing else.
    max_replications
        How many to make at most for that, 30 or more; by default 10,000.
    workers
        How many processes of this machine to use; by default this one, and one a core where what
        is left takes longer than about two seconds. Results are the same.
    executor
        A `concurrent.futures.Executor` in their place, such as those of Dask and mpi4py, which
        stays open; or the address of a Dask scheduler, such as "tcp://host:8786".
    partial
        A folder in which finished replications are kept, whatever ends the call: another one with
        the same scenario and seed goes on with them. It stays afterwards.
    keep
        What `Results.save` is to write of all replications ("timelines", "events"): whoever makes
        them writes it then, into `partial` or a temporary folder.

    Warns
    -----
    LongRunWarning
        If the replications are expected to take more than a minute or 2 GB.

    Raises
    ------
    ScenarioError
        If the file is wrong, or asks for too much (a `TooMuchError`), or one of the numbers:
        `replay` is a whole number (of any integer type) from 0 to 2^31 - 1. `precision` takes no
        given number of replications, or the only one, beside it.
    ModelError
        If every run breaks an invariant of its own model, or the first ten do; one that does is
        left out, and stands in `failed_replications`.
    """
    began = perf_counter()
    most = most_asked(precision, max_replications, replications=replications, replay=replay)
    scenario = given_scenario(scenario, replications=replications, seed=seed)
    variant = scenario.variant_name or BASELINE
    with executing(
        scenario,
        executor=executor,
        workers=workers,
        partial=partial,
        progress=progress,
        keep=keep,
    ) as execution:
        if precision is not None:
            variants = {variant: scenario}
            made, reached = until_precise(
                precision, variants, most, force=force, execution=execution
            )
            (one,), whole = made, scenario.with_(replications=reached.replications)
            one = replace(one, simulation=Simulation(whole))
            taken = perf_counter() - began
            return _results(whole, [one], taken, execution, compared=False, precision=reached)
        numbers, open_ended = range(scenario.replications), not scenario.replications_given
        if replay is not None:
            number = replication_number(replay)
            numbers, open_ended = range(number, number + 1), False
        simulation = Simulation(scenario)
        afford([estimate(simulation, len(numbers))], force=force)
        named = [(variant, simulation)]
        made = [*experiments(named, numbers, open_ended=open_ended, execution=execution)]
        if made[0].undecided:
            made = look_further(made, execution)
    return _results(scenario, made, perf_counter() - began, execution, compared=False)


def compare(
    scenario: Scenario | str | PathLike[str],
    *,
    replications: int | None = None,
    seed: int | None = None,
    progress: bool = False,
    force: bool = False,
    precision: Mapping[str, object] | str | None = None,
    max_replications: int | None = None,
    workers: int | None = None,
    executor: Executor | str | None = None,
    partial: PartialFolder | str | PathLike[str] | None = None,
    keep: Collection[str] = (),
) -> Results:
    """Every variant of a scenario with common random numbers, set against the first one.

    A file without variants gets those that the service itself offers. A further look, as in `run`,
    is a look at all variants, so that they stay paired. Parameters are those of `run`.

    Raises
    ------
    ScenarioError
        If the file is wrong, or asks for too much (a `TooMuchError`), or one of the numbers, or
        there is nothing to compare.
    ModelError
        If every run of every variant breaks an invariant of its own model, or the first ten do; a
        run that does, or a variant of which all do, is left out and stands in
        `failed_replications`.
    """
    began = perf_counter()
    most = most_asked(precision, max_replications, replications=replications)
    scenario = given_scenario(scenario, replications=replications, seed=seed)
    names, lost = _compared(scenario), dict[str, ModelError]()
    with executing(
        scenario,
        executor=executor,
        workers=workers,
        partial=partial,
        progress=progress,
        keep=keep,
    ) as execution:
        if precision is not None:
            variants = {name: scenario.variant(name) for name in names}
            made, reached = until_precise(
                precision, variants, most, force=force, execution=execution, lost=lost
            )
            whole = scenario.with_(replications=reached.replications)
            made = [replace(one, simulation=Simulation(whole.variant(one.variant))) for one in made]
            taken = perf_counter() - began
            return _results(
                whole, made, taken, execution, compared=True, precision=reached, lost=lost
            )
        # All variants get the replications that the file asks for, or they could not be paired.
        numbers, open_ended = range(scenario.replications), not scenario.replications_given
        simulations = {name: Simulation(scenario.variant(name)) for name in names}
        afford([estimate(each, len(numbers)) for each in simulations.values()], force=force)
        named = simulations.items()
        made = [*experiments(named, numbers, open_ended=open_ended, execution=execution, lost=lost)]
        if not made:
            raise next(iter(lost.values()))
        reference = references(made)
        if any(one.undecided and one.variant not in reference for one in made):
            made = look_further(made, execution)
    return _results(scenario, made, perf_counter() - began, execution, compared=True, lost=lost)


def _compared(scenario: Scenario) -> Sequence[str]:
    """The variants of the file, or those that the service offers; two at least."""
    names = scenario.variant_names or tuple(scenario.default_variants())
    if len(names) < 2:  # noqa: PLR2004  (a comparison needs two)
        rule = "must have two variants or more to compare, such as `variants: {as_is: {}, other: "
        rule += f"{{systems.NAME.KEY: VALUE}}}}`, got {', '.join(names) or 'none'}"
        raise ScenarioError.of(rule, path="variants")
    return names


def _results(
    scenario: Scenario,
    made: Sequence[Experiment],
    wall_time: float,
    execution: Execution,
    *,
    compared: bool,
    precision: Precision | None = None,
    lost: Mapping[str, ModelError] = MappingProxyType({}),
) -> Results:
    about = About.of(
        scenario, made, compared=compared, wall_time=wall_time, precision=precision, lost=lost
    )
    kept = execution.kept
    rows = kept.rows if isinstance(kept, KeptParts) else None
    return Results(about, ComputedResults(scenario, made, about, rows))
