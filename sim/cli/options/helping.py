"""The help of a command: its options in groups, an example, its exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

GROUPS = {
    "scenario": ("file", "set", "variant", "strict"),
    "replications": (
        *("seed", "replications", "replay", "precision", "max_replications"),
        *("workers", "cluster", "resume", "force"),
    ),
    "results": ("out", "overwrite", "no_files", "figures", "keep"),
    "answer": ("all", "format", "quiet"),
    "help": ("help",),
}
"""Heading -> what stands under it in the help of every command; all else is the command's own."""

OWN = "arguments"
"""Heading of what is the command's own."""

EXAMPLES = {
    "new": ("rollout-sim new cloud_service > shop.yaml", "a scenario to start from, explained"),
    "validate": ("rollout-sim validate shop.yaml --strict", "in a pipeline, before it is merged"),
    "explain": ("rollout-sim explain shop.yaml", "what will happen, before anything runs"),
    "run": (
        "rollout-sim run shop.yaml --set systems.shop.update_domains=10",
        "how far capacity dips, with ten domains",
    ),
    "compare": (
        "rollout-sim compare shop.yaml --format markdown",
        "which variant is best, for a change request",
    ),
    "sweep": (
        "rollout-sim sweep shop.yaml --over systems.shop.update_domains=5,10,20",
        "what ten or twenty domains change",
    ),
    "find": (
        "rollout-sim find shop.yaml operations.0.upgrade_deployment.operator.bake=0s..2h",
        "the shortest bake that meets every objective",
    ),
    "assumptions": ("rollout-sim assumptions shop.yaml", "on which assumptions the answer depends"),
    "report": ("rollout-sim report results/shop", "the page of a result folder, written again"),
    "keys": ("rollout-sim keys operations.upgrade_deployment", "the keys of this operation"),
    "schema": ("rollout-sim schema > scenario.schema.json", "for an editor that completes keys"),
}
"""Command -> a line of a shell, and what it answers."""

JUDGED = {
    0: "every objective is met, or none is given",
    1: "an objective is missed (compare: by every variant; sweep: at every point)",
    2: "the input is wrong or asks for too much; there are no results",
    3: "internal error",
    4: "no objective is missed, but one is undecided or a --precision is not met",
    5: "the answer stands, but could not be saved or written",
    130: "interrupted by Ctrl-C or SIGTERM",
}
"""Exit code -> what it means, of a command that judges objectives."""

SEARCHED = {
    **JUDGED,
    0: "a bracket no wider than the tolerance, or the first value already meets",
    1: "no value is known to meet: the last one that was tried misses",
    4: "the bracket is wider than the tolerance, or no value is known to meet: some are undecided",
}
"""The same of a search."""

GUESSED = {code: said for code, said in JUDGED.items() if code != 1} | {
    0: "no assumption changes a verdict, the best variant or how rollouts end",
    4: "one does: the answer depends on an assumption",
}
"""The same of assumptions, which judge no objective."""

PLAIN = {
    0: "done",
    2: "the input is wrong",
    3: "internal error",
    5: "the answer could not be written",
    130: "interrupted",
}
"""The same of any other."""


def grouped(actions: Iterable[argparse.Action]) -> Iterator[tuple[str, list[argparse.Action]]]:
    """Heading -> the arguments that stand under it, the command's own first."""
    heading_of = {dest: heading for heading, names in GROUPS.items() for dest in names}
    found: dict[str, list[argparse.Action]] = {OWN: [], **{heading: [] for heading in GROUPS}}
    for action in actions:
        found[heading_of.get(action.dest, OWN)].append(action)
    return ((heading, under) for heading, under in found.items() if under)


def epilog(command: str, actions: Iterable[argparse.Action], own: str | None = None) -> str:
    """What stands below the options: an example and the exit codes, its `own` where it has any."""
    judges = any(action.dest == "replications" for action in actions)
    parts = [own or exit_codes(JUDGED if judges else PLAIN)]
    if command in EXAMPLES and not parts[0].startswith("examples:"):
        line, says = EXAMPLES[command]
        parts.insert(0, f"example:\n  {line}\n      {says}\n")
    return "\n".join(parts)


def exit_codes(meanings: dict[int, str]) -> str:
    """The exit codes, a line each."""
    lines = (f"  {code:<4} {said}\n" for code, said in meanings.items())
    return f"exit codes:\n{''.join(lines)}"
