"""The commands of `rollout-sim` and what each takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.cli.options import option_groups as group
from sim.cli.options.arguments import PROGRAM, Parser, whole
from sim.cli.options.completion import SHELLS, PrintCompletion
from sim.cli.options.helping import GUESSED, JUDGED, SEARCHED, exit_codes
from sim.core.version import __version__

if TYPE_CHECKING:
    import argparse

_EXAMPLES = """\
examples:
  rollout-sim new cloud_service > shop.yaml     a scenario to start from, explained
  rollout-sim explain shop.yaml                 what will happen, before anything runs
  rollout-sim run shop.yaml                     how far capacity dips, and for how long
  rollout-sim compare shop.yaml                 which of its variants is best
  rollout-sim find shop.yaml systems.shop.update_domains=2..20
                                                the smallest that meets its objectives
  rollout-sim sweep shop.yaml                   the results over its `sweep` of a setting
  rollout-sim assumptions shop.yaml             which assumption decides the answer
  rollout-sim run shop.yaml --set systems.shop.update_domains=10

completion in a shell:
  rollout-sim --print-completion bash > ~/.local/share/bash-completion/completions/rollout-sim

"""


_FIND = """\
examples:
  rollout-sim find shop.yaml systems.shop.update_domains=2..20
  rollout-sim find shop.yaml operations.0.upgrade_deployment.operator.bake=0s..2h
  rollout-sim find set.yaml systems.set.upgrade_policy.max_batch_instance_percent=5%..50% --largest

LOW and HIGH decide by their form what is searched: whole numbers, other numbers, durations, or
shares in percent. Each value is judged by its objectives, with common random numbers; the
replications of an undecided one are doubled, from 30 on. The answer is a bracket, which is right at
least as often as the confidence of the objectives says. With several variants the exit code is that
of the best answer.

"""


def parser() -> Parser:
    """All commands; the one that was given stands under `command`."""
    top = Parser(
        prog=PROGRAM,
        description="Simulate how an upgrade rolls through an Azure fleet, before anyone presses "
        "the button.",
        epilog=_EXAMPLES + exit_codes(JUDGED),
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    top.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        help="print a script that completes commands and options in this shell (needs shtab)",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, what: str, **settings: Any) -> argparse.ArgumentParser:
        description = f"{what[0].upper()}{what[1:]}."
        return commands.add_parser(name, help=what, description=description, **settings)

    _new(command("new", "print a scenario to start from, each key explained", more=_kinds))
    _validate(command("validate", "check a scenario file and its variants; no replication is run"))
    _explain(command("explain", "describe in sentences what will happen; no replication is run"))
    _run(command("run", "simulate a scenario and answer its question"))
    what = "simulate every variant with common random numbers and say which is best"
    _compare(command("compare", what))
    what = "find the smallest, or largest, value of a key for which the objectives are met"
    _find(command("find", what, epilog=_FIND + exit_codes(SEARCHED)))
    _report(command("report", "write report.html of a result folder again, from the folder alone"))
    what = "halve and double each assumed number: which one decides the answer"
    _assumptions(command("assumptions", what, epilog=exit_codes(GUESSED)))
    what = "simulate each point of a sweep: which meet the objectives, and the trade-offs"
    _sweep(command("sweep", what))
    what = "list the keys of a place in a scenario file: type, values, default, meaning"
    _keys(command("keys", what))
    command("schema", "print the JSON Schema of scenario files, for editors")
    return top


def _kinds() -> str:
    from sim.scenario.reference import kinds  # noqa: PLC0415  (other help needs no systems)

    return "".join(f"{line}\n" for line in ("", *kinds()))


def _new(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "kind", nargs="?", metavar="KIND", help="kind of system; if omitted, the kinds are listed"
    )
    command.add_argument(
        "changes",
        nargs="*",
        metavar="PATH=VALUE",
        help="values to override, such as systems.shop.roles.WebRole.instances=50",
    )


def _keys(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "path",
        nargs="?",
        default="",
        metavar="PATH",
        help="a place in a file, such as systems.shop.roles, in a kind of system, such as "
        "cloud_service.roles or cloud_service.metrics, or an operation, such as "
        "operations.upgrade_deployment; if omitted, the top level of a file",
    )
    command.add_argument(
        "--markdown",
        action="store_true",
        help="print the whole reference as Markdown: keys, operations, metrics, series, files",
    )


def _validate(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    group.output(command, "markdown", "junit", case="variant")


def _explain(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    group.variant(command)
    group.output(command, "markdown")


def _run(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    group.variant(command)
    command.add_argument(
        "--replay",
        type=whole(0),
        metavar="K",
        help="run only replication K and keep everything about it",
    )
    group.experiment(command)


def _compare(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    group.experiment(command)


def _find(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    command.add_argument("range", metavar="PATH=LOW..HIGH", help="the key, and the range to search")
    command.add_argument(
        "--largest",
        action="store_true",
        help="find the largest value that meets the objectives, not the smallest",
    )
    command.add_argument(
        "--tolerance",
        metavar="STEP",
        help="how wide the bracket may be (default: 1 between whole numbers, else a round step, a "
        "64th of the range or less)",
    )
    command.add_argument(
        "--variant",
        metavar="NAME",
        help="search only this variant (default: each one, with its own answer)",
    )
    command.add_argument(
        "--max-replications",
        type=whole(1),
        metavar="N",
        help="most replications of a value, 30 or more (default: 10,000)",
    )
    group.seed(command)
    group.workers(command)
    group.places(command)
    command.set_defaults(keep=[], replications=None)
    group.output(command, "markdown", "junit")


def _sweep(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    command.add_argument("--variant", metavar="NAME", help="run only this variant at each point")
    command.add_argument(
        "--over",
        action="append",
        default=[],
        metavar="PATH=VALUES",
        help="vary this path, instead of the file's sweep: FROM..TO:STEP, such as 0s..1h:5min, "
        "values separated by commas, or an axis as in a file, such as "
        "'{as: NAME, values: [1, 2]}'; repeatable, for all combinations",
    )
    command.add_argument(
        "--front",
        metavar="METRIC,METRIC",
        help="metrics of the front (default: the two headlines that disagree most)",
    )
    group.runs(command)
    group.places(command)
    group.output(command, "markdown", "junit")
    command.set_defaults(keep=[], all=False)


def _report(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="FOLDER", help="folder that another command has written")
    command.add_argument(
        "--assumptions",
        metavar="FOLDER",
        help="results of assumptions for the same file: the page shows how much each one matters",
    )
    group.output(command, "markdown")


def _assumptions(command: argparse.ArgumentParser) -> None:
    group.scenario(command)
    group.variant(command)
    command.add_argument(
        "--of",
        action="extend",
        nargs="+",
        metavar="PATH",
        help="halve and double these values, instead of the defaults that Azure does not publish "
        "and of those marked by `assumed: true`; repeatable",
    )
    group.runs(command)
    group.places(command)
    command.add_argument(
        "--all", action="store_true", help="show every assumption, and each variant separately"
    )
    group.output(command, "markdown", "junit", case="guess")
    command.set_defaults(keep=[])
