"""A scenario: one file's meaning, with every default filled in.

A file is looked at in three stages: its syntax, its keys and values, and what its parts say about
each other. Each tells all that is wrong at once, in the file and in each of its variants, so that
nothing can fail later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from operator import getitem
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from sim.core.errors import Problem, ScenarioError
from sim.core.units import format_duration, show_duration
from sim.formats.python_values import from_python
from sim.formats.tree import Node, marked
from sim.formats.writing import write
from sim.scenario.applying import (
    Case,
    apply_nowhere,
    issues_of_objectives,
    issues_of_preferences,
    of_objective,
    of_preference,
)
from sim.scenario.document import Document, Written, changed
from sim.scenario.dumping import dump, dump_operation, dump_start
from sim.scenario.file import REPLICATIONS
from sim.scenario.guesses import marks
from sim.scenario.notebook_page import scenario_page
from sim.scenario.objectives import Objective, dump_objective
from sim.scenario.resolving import assumptions_of, resolved_operations, too_many, warnings_of
from sim.scenario.variants import Draft, without
from sim.systems import SYSTEM_TYPES
from sim.systems.base.operation import Operation, Span
from sim.systems.base.spec import Issue, look_up

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from sim.scenario.guesses import Guess
    from sim.scenario.inputs import InputFile
    from sim.scenario.references import Linked
    from sim.scenario.sweeps import Sweep
    from sim.systems.base.spec import System


@dataclass(frozen=True)
class Scenario:
    """What is simulated and asked: resolved, frozen, equal to another one of the same meaning.

    Times are seconds, shares are numbers from 0 to 1.
    """

    name: str
    question: str
    """The question that the file's first comment asks, or empty."""
    horizon: float
    warm_up: float
    seed: int
    replications: int
    replications_given: bool
    """Whether the file says how many replications to make."""
    start: dt.datetime | None = field(compare=False)
    """By the clock of the time zone, where there is one."""
    saved_start: str = field(repr=False)
    """As it is saved, or empty. Of equal ones the clock shows the same at the same instant: Python
    takes both hours of 02:00 in autumn for equal, and 14:00+01:00 and 13:00Z too."""
    time_zone: str
    """Whose clock all times of day follow, such as Europe/Berlin, or empty."""
    systems: dict[str, System]
    """In order of name."""
    operations: tuple[Operation, ...]
    """In the file's order, each with its repetitions."""
    objectives: tuple[Objective, ...]
    prefer: tuple[str, ...]
    """Metrics that decide which variant is best, the most important one first."""
    variant_names: tuple[str, ...] = field(compare=False)
    """The file's variants; none is left in one of them."""
    variant_name: str = field(compare=False)
    """Which variant this is, or empty."""
    guesses: tuple[Guess, ...] = field(compare=False)
    """Defaults in force that Azure does not publish, then what the user marked as a guess."""
    warnings: tuple[str, ...] = field(compare=False)
    """What is legal and yet hardly meant, with its place."""
    inputs: tuple[InputFile, ...] = field(compare=False)
    written: Written = field(compare=False, repr=False)

    @classmethod
    def from_text(
        cls,
        text: bytes | str,
        origin: str = "",
        contents: Mapping[str, bytes] | None = None,
        changes: Mapping[str, object] = MappingProxyType({}),
    ) -> Self:
        """Read a scenario file.

        Parameters
        ----------
        text
            YAML.
        origin
            The file's name: it begins every place in a message, and names a scenario without name.
        contents
            The files that the scenario names (see `Document.files`).
        changes
            Other values in the file, as for `override`.

        Raises
        ------
        ScenarioError
            With all that one stage found.
        """
        return cls.from_document(Document.of_text(text, origin, changes), contents or {})

    @classmethod
    def from_document(cls, document: Document, contents: Mapping[str, bytes]) -> Self:
        """Make a scenario of a file that was read; as `from_text`."""
        return cls._load(Written(document, contents))

    @classmethod
    def from_dict(
        cls,
        scenario: Mapping[str, object],
        name: str = "scenario",
        contents: Mapping[str, bytes] | None = None,
    ) -> Self:
        """Make a scenario of what a file would hold; as `from_text`."""
        return cls.from_document(Document(from_python(scenario), name, ""), contents or {})

    @classmethod
    def _load(cls, written: Written, variant_name: str = "", *, is_point: bool = False) -> Self:
        found, _, linked = written.document.drafts, written.document.sweep, written.linked
        problems: list[Problem] = []
        found[0].tell(too_many(linked), problems)
        if problems:  # then they would take long to make
            raise ScenarioError(problems)
        resolved = [
            cls._resolved(written, variant_name, draft, one)
            for draft, one in zip(found, linked, strict=True)
        ]
        for draft, scenario in zip(found, resolved, strict=True):
            draft.tell(scenario._limits(), problems)  # noqa: SLF001  (one of its own)
        if problems:  # then no model can be made
            raise ScenarioError(problems)
        whole = resolved[0]
        # What one variant or point asks may apply in another: it is judged there, and missed here.
        if not (variant_name or is_point):
            asked = [of_objective(each) for one in linked for each in one.objectives]
            preferred = [of_preference(each, whole.systems) for each in whole.prefer]
            cases = [
                Case(each.systems, each.operations, each.span, each.warm_up) for each in resolved
            ]
            nowhere = apply_nowhere([*asked, *preferred], cases)
            found[0].tell(issues_of_preferences(preferred, nowhere), problems)
            for draft, one in zip(found, linked, strict=True):
                draft.tell(issues_of_objectives(one.objectives, nowhere), problems)
        if problems:
            raise ScenarioError(problems)
        return whole

    @classmethod
    def _resolved(cls, written: Written, variant_name: str, draft: Draft, linked: Linked) -> Self:
        """Fill in the defaults that depend on other fields."""
        file = draft.file
        systems = {
            name: SYSTEM_TYPES[spec.kind].resolve(name, spec)
            for name, spec in linked.systems.items()
        }
        asked = resolved_operations(systems, linked.operations)
        span = Span(linked.horizon, file.local_start)
        operations = tuple(one for each in asked for one in (each, *each.repetitions(span)))
        return cls(
            name=file.name or written.document.name,
            question=written.document.question,
            horizon=linked.horizon,
            warm_up=file.warm_up,
            seed=file.seed,
            replications=file.replications or REPLICATIONS,
            replications_given=file.replications is not None,
            start=file.local_start,
            saved_start=dump_start(file.local_start) if file.local_start else "",
            time_zone=str(file.time_zone or ""),
            systems=systems,
            operations=operations,
            objectives=linked.objectives,
            prefer=file.prefer,
            variant_names=tuple(file.variants),
            variant_name=variant_name,
            guesses=(*assumptions_of(linked), *marks(draft.tree)),
            warnings=tuple(warnings_of(draft.tree, systems, asked, span)),
            inputs=linked.inputs,
            written=written,
        )

    def _limits(self) -> Iterator[Issue]:
        """What there would be too much of within the horizon."""
        for name, spec in self.systems.items():
            yield from SYSTEM_TYPES[spec.kind].limits(name, spec, self.span)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The guesses in words, for the answer's footer."""
        return tuple(
            f"guessed {each.text}" if each.origin == "marked" else each.text
            for each in self.guesses
        )

    @property
    def span(self) -> Span:
        """The time that it takes."""
        return Span(self.horizon, self.start)

    def override(self, changes: Mapping[str, object]) -> Self:
        """The scenario with other values (path -> value) in its file as written.

        Values are as in a file, or nodes with a place of their own. Its variants stay.
        """
        return self._changed(self.written.tree, changes, self.variant_name)

    def point(self, changes: Mapping[str, object]) -> Self:
        """The scenario at a point of a sweep: as `override`, and without a sweep of its own.

        Metrics that objectives ask for need not apply there.
        """
        tree = changed(without(self.written.tree, "sweep"), changes)
        document = replace(self.written.document, tree=tree)
        return self._load(
            replace(self.written, document=document), self.variant_name, is_point=True
        )

    @property
    def sweep(self) -> Sweep | None:
        """The points that the file names, if it does."""
        return self.written.document.sweep

    def with_sweep(self, entry: object) -> Self:
        """The scenario with a `sweep` instead of its own, as a file would have it."""
        tree = without(self.written.tree, "sweep")
        assert isinstance(tree.value, dict)
        own = entry if isinstance(entry, Node) else from_python(entry, "sweep")
        return self._read_again(replace(tree, value=tree.value | {"sweep": own}), self.variant_name)

    def with_(self, *, seed: int | None = None, replications: int | None = None) -> Self:
        """The scenario with another seed or number of replications."""
        given = {"seed": seed, "replications": replications}
        changes = {key: value for key, value in given.items() if value is not None}
        return self.override(changes) if changes else self

    def with_variants(self, changes: Mapping[str, Mapping[str, object]]) -> Self:
        """The scenario with these variants (name -> path -> value) instead of its own.

        >>> modes = ("Auto", "Manual")
        >>> path = "operations.0.upgrade_deployment.mode"
        >>> paired = scenario.with_variants({m: {path: m} for m in modes})  # doctest: +SKIP
        """
        tree, own = without(self.written.tree, "variants"), from_python({"variants": changes})
        assert isinstance(tree.value, dict)
        assert isinstance(own.value, dict)
        return self._read_again(replace(tree, value=tree.value | own.value))

    def variant(self, name: str) -> Self:
        """One of the file's variants; in a file without, one of the `default_variants`."""
        if self.variant_names:
            places = {each: place for place, each in enumerate(self.variant_names, 1)}
            return self._of_file(look_up(places, name, "a variant"), name)
        choices = {} if self.variant_name else self.default_variants()
        changes = look_up(choices, name, "a variant")
        return self._changed(without(self.written.tree, "variants"), changes, name)

    def _of_file(self, place: int, name: str) -> Self:
        """One of the variants that the file has: they were checked together with it."""
        document = self.written.document
        draft, linked = document.drafts[place], self.written.linked[place]
        written = replace(self.written, document=replace(document, tree=draft.tree))
        return self._resolved(written, name, draft, linked)

    def _changed(self, tree: Node, changes: Mapping[str, object], variant_name: str) -> Self:
        return self._read_again(changed(tree, changes), variant_name)

    def _read_again(self, tree: Node, variant_name: str = "") -> Self:
        document = replace(self.written.document, tree=tree)
        return self._load(replace(self.written, document=document), variant_name)

    def default_variants(self) -> dict[str, dict[str, object]]:
        """Variant -> path -> value: the service's own choices where the file has no variants.

        Empty where no operation leaves the service a choice.
        """
        kinds = {spec.kind for spec in self.systems.values()}
        for kind in (each for each in SYSTEM_TYPES if each in kinds):
            own = [each for each in self.operations if self.systems[each.system].kind == kind]
            variants = SYSTEM_TYPES[kind].default_variants(own, self.systems)
            if variants:
                return {name: dict(changes) for name, changes in variants.items()}
        return {}

    def to_yaml(self) -> str:
        """The resolved scenario as a file, without variants.

        It reads back to an equal scenario, given the same contents of the files that it names; one
        of a variant to which an objective does not apply is refused by itself.
        """
        head = {
            "name": self.name,
            "horizon": format_duration(self.horizon),
            "warm_up": format_duration(self.warm_up),
            "seed": self.seed,
            "replications": self.replications if self.replications_given else None,
            "start": self.saved_start or None,
            "time_zone": self.time_zone or None,
        }
        parts = {
            **self._marked(),
            "objectives": [dump_objective(each, self.systems) for each in self.objectives],
            "prefer": list(self.prefer),
        }
        question = f"# Question: {self.question}\n" if self.question else ""
        return question + write({k: v for k, v in (head | parts).items() if v not in (None, [])})

    def in_force(self) -> dict[str, Any]:
        """The systems and operations with every default, as a file would say them."""
        operations = [each for each in self.operations if not each.repetition]
        return {
            "systems": {name: dump(spec) for name, spec in self.systems.items()},
            "operations": [dump_operation(each) for each in operations],
        }

    def place_in_force(self, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        """Where a value of the file stands in `in_force`."""
        system = self.systems.get(str(path[1])) if path[0] == "systems" and path[1:] else None
        if system is None:
            return path
        return (*path[:2], *SYSTEM_TYPES[system.kind].resolved_place(path[2:]))

    def _marked(self) -> dict[str, Any]:
        """The same with the user's guesses marked."""
        found = self.in_force()
        for guess in self.guesses:
            for path in guess.paths if guess.origin == "marked" else ():
                *above, key = self.place_in_force(path)
                holder: Any = reduce(getitem, above, found)  # type: ignore[arg-type]
                holder[key] = marked(holder[key])
        return found

    def __repr__(self) -> str:
        whose = f"{self.name}, {self.variant_name}" if self.variant_name else self.name
        parts = [f"{name} ({spec.kind})" for name, spec in self.systems.items()]
        parts.append(f"operations: {len(self.operations)}; replications: {self.replications:,}")
        parts += [f"variants: {', '.join(self.variant_names)}"] if self.variant_names else []
        return f"<Scenario {whose}: {'; '.join(parts)}>"

    def _repr_html_(self) -> str:
        whose = f"{self.name}, {self.variant_name}" if self.variant_name else self.name
        objectives = [dump_objective(each, self.systems) for each in self.objectives]
        notes = {"variants": self.variant_names, "assumed": self.assumptions}
        title = f"{whose}: window {show_duration(self.warm_up)} to {show_duration(self.horizon)}"
        asked = self.question, self.systems, self.operations, objectives
        return scenario_page(title, *asked, notes)
