"""The commands and options of `rollout-sim`, and what is said of those that do not exist."""

from __future__ import annotations

import argparse
import re
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

from sim.cli.completion import SHELLS, PrintCompletion
from sim.cli.helping import JUDGED, epilog, exit_codes, grouped
from sim.core.errors import ScenarioError
from sim.core.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROGRAM = "rollout-sim"

_EXAMPLES = """\
examples:
  rollout-sim new cloud_service > shop.yaml     a scenario to start from, explained
  rollout-sim explain shop.yaml                 what will happen, before anything runs
  rollout-sim run shop.yaml                     how far capacity dips, and for how long
  rollout-sim compare shop.yaml                 which of its variants is best
  rollout-sim find shop.yaml systems.shop.update_domains=2..20
                                                the smallest that meets its objectives
  rollout-sim sweep shop.yaml                   what its `sweep` of a setting comes to
  rollout-sim assumptions shop.yaml             which guess it rests on
  rollout-sim run shop.yaml --set systems.shop.update_domains=10

completion in a shell:
  rollout-sim --print-completion bash > ~/.local/share/bash-completion/completions/rollout-sim

"""


_FIND = """\
examples:
  rollout-sim find shop.yaml systems.shop.update_domains=2..20
  rollout-sim find shop.yaml operations.0.upgrade_deployment.operator.bake=0s..2h
  rollout-sim find set.yaml systems.set.upgrade_policy.max_batch_instance_percent=5%..50% --largest

What is looked for is told by how LOW and HIGH are written: whole numbers, other numbers, durations,
shares in percent. Each value is judged by its objectives, with common random numbers; an undecided
one gets twice as many replications, from 30 on. The answer is a bracket, which is right at least as
often as the confidence of the objectives says.

exit codes, beside those of every command:
  0    a bracket no wider than the tolerance, or the first value asked for already meets
  1    no value is known to meet: the last one asked for misses
  4    the bracket is wider than the tolerance, or no value is known to meet: some are undecided
Of several variants it is that of the best answer.
"""


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, as everything else does, and suggests what was meant."""

    def __init__(self, *, more: Callable[[], str] = str, **settings: Any) -> None:
        """`more` gives what stands below the help, and is only called where that is shown."""
        super().__init__(
            **settings,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._more = more

    def format_help(self) -> str:
        if self.prog == PROGRAM:
            return super().format_help()
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        for heading, actions in grouped(self._actions):
            formatter.start_section(heading)
            formatter.add_arguments(actions)
            formatter.end_section()
        name = self.prog.removeprefix(f"{PROGRAM} ")
        formatter.add_text(epilog(name, self._actions, self.epilog))
        return formatter.format_help() + self._more()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Take no argument that is not known: the command itself, not its parent, tells of it."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            meant = get_close_matches(unknown[0], self._option_string_actions, n=1, cutoff=0.7)
            hint = f"; did you mean {meant[0]}?" if meant else self._help
            if self.prog == PROGRAM and unknown[0].startswith("-"):
                hint = ": options go after the command"
            raise ScenarioError.of(f"unknown argument {unknown[0]}{hint}", where=self.prog)
        return known, unknown

    def error(self, message: str) -> NoReturn:
        wrong = re.fullmatch(r"(.*): invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong is None:
            raise ScenarioError.of(f"{message}{self._help}", where=self.prog)
        choices = wrong[3].replace("'", "").split(", ")
        meant = get_close_matches(wrong[2], choices, n=1)
        hint = f"; did you mean {meant[0]}?" if meant else ""
        if wrong[2].endswith((".yaml", ".yml")):
            hint = f"; did you mean {PROGRAM} run {wrong[2]}?"
        rule = f"{wrong[1]}: must be {', '.join(choices[:-1])} or {choices[-1]}, got {wrong[2]}"
        raise ScenarioError.of(f"{rule}{hint}", where=self.prog)

    @property
    def _help(self) -> str:
        return f" (see {self.prog} --help)"


def _whole(least: int) -> Callable[[str], int]:
    """Reads a whole number that is not too small."""

    def convert(text: str) -> int:
        if not re.fullmatch("[0-9]{1,15}", text, re.ASCII) or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"must be a whole number, {least} or more, got {text or 'nothing'}"
            )
        return int(text)

    return convert


def parser() -> argparse.ArgumentParser:
    """All commands; the one that was given stands under `command`."""
    top = _Parser(
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
    _validate(command("validate", "check a scenario file and its variants; nothing is run"))
    _explain(command("explain", "describe in sentences what will happen; nothing is run"))
    _run(command("run", "simulate a scenario and answer its question"))
    _compare(
        command(
            "compare", "simulate every variant with common random numbers and say which is best"
        )
    )
    _find(
        command(
            "find",
            "find the smallest, or largest, value of a key for which the objectives are met",
            epilog=_FIND,
        )
    )
    _report(command("report", "make report.html of a result folder again, from the folder alone"))
    _assumptions(
        command("assumptions", "halve and double each number that is assumed: which one decides")
    )
    _sweep(
        command(
            "sweep",
            "simulate each point of a sweep and say which are worth a look, and at what cost",
        )
    )
    _keys(
        command(
            "keys", "list the keys of a place in a scenario file: type, values, default, meaning"
        )
    )
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
        "cloud_service.roles, or an operation, such as operations.upgrade_deployment; if "
        "omitted, the top level of a file",
    )
    command.add_argument(
        "--markdown",
        action="store_true",
        help="print the whole reference as Markdown: keys, operations, metrics, series, files",
    )


def _validate(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    _output(command)


def _explain(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    _variant(command)
    _output(command)


def _run(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    _variant(command)
    command.add_argument(
        "--replay",
        type=_whole(0),
        metavar="K",
        help="run only replication K and keep everything about it",
    )
    _experiment(command)


def _compare(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    _experiment(command)


def _find(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    command.add_argument(
        "range", metavar="PATH=LOW..HIGH", help="the key, and the values to look between"
    )
    command.add_argument(
        "--largest", action="store_true", help="find the largest value that meets, not the smallest"
    )
    command.add_argument(
        "--tolerance",
        metavar="STEP",
        help="how far apart the ends of the answer may be (default: 1 between whole numbers, else "
        "a round step, a 64th of the range or less)",
    )
    command.add_argument(
        "--variant", metavar="NAME", help="search this variant (default: each has its answer)"
    )
    command.add_argument(
        "--max-replications",
        type=_whole(1),
        metavar="N",
        help="replications of a value to make at most, 30 or more (default: 10,000)",
    )
    _seed(command)
    _workers(command)
    _places(command)
    command.set_defaults(keep=[], replications=None)
    _output(command, "markdown", "junit")


def _sweep(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    command.add_argument("--variant", metavar="NAME", help="run only this variant at each point")
    command.add_argument(
        "--over",
        action="append",
        default=[],
        metavar="PATH=VALUES",
        help="vary this path, in the place of what the file's sweep does: FROM..TO:STEP, such as "
        "0s..1h:5min, or values with commas between them; repeatable, for all combinations",
    )
    command.add_argument(
        "--front",
        metavar="METRIC,METRIC",
        help="metrics of the front (default: the two headlines that disagree most)",
    )
    _runs(command)
    _places(command)
    _output(command, "markdown", "junit")
    command.set_defaults(keep=[], all=False)


def _report(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="FOLDER", help="folder that another command has written")
    command.add_argument(
        "--assumptions",
        metavar="FOLDER",
        help="results of assumptions for the same file: the page tells what each one weighs",
    )
    _output(command)


def _assumptions(command: argparse.ArgumentParser) -> None:
    _scenario(command)
    _variant(command)
    command.add_argument(
        "--of",
        action="extend",
        nargs="+",
        metavar="PATH",
        help="halve and double these values, in the place of the defaults that Azure does not "
        "publish and of those marked by `assumed: true`; repeatable",
    )
    _runs(command)
    _places(command)
    command.add_argument(
        "--all", action="store_true", help="show every guess, and each variant by itself"
    )
    _output(command, "markdown")
    command.set_defaults(keep=[])
    command.epilog = _ASSUMPTIONS


_ASSUMPTIONS = """\
exit codes:
  0    nothing turns over: no verdict on an objective, no best variant, no end of a rollout
  4    something does, so the answer rests on a guess
  2, 3, 5 and 130 as of every command
"""


def _scenario(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", help="scenario file (YAML); - for stdin")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="override a value of the file, such as systems.shop.update_domains=10; repeatable",
    )
    command.add_argument(
        "--strict",
        action="store_true",
        help="treat every warning about the file as an error (exit code 2)",
    )


def _variant(command: argparse.ArgumentParser) -> None:
    command.add_argument("--variant", metavar="NAME", help="use this variant of the file")


FORMATS = ("text", "json", "markdown", "junit")
"""Forms of an answer."""


class _Format(argparse.Action):
    """Which form the answer has: asked for once, by --format or by --json."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        asked = "json" if option_string == "--json" else values
        former = namespace.format
        if former not in (None, asked):
            parser.error(f"argument {option_string}: must be asked for alone, got {former} too")
        namespace.format, namespace.json = asked, asked == "json"


def asked_format(words: Sequence[str]) -> str:
    """The form of the answer that the words of a command ask for, also where others are wrong."""
    for word, following in pairwise([*words, ""]):
        if word == "--json":
            return "json"
        asked = following if word == "--format" else word.removeprefix("--format=")
        if word.startswith("--format") and asked in FORMATS:
            return asked
    return "text"


def _output(command: argparse.ArgumentParser, *more: str) -> None:
    command.set_defaults(format=None, json=False)
    told = "answer as text (default) or JSON (in SI units, errors too)"
    told += ", as Markdown tables" if "markdown" in more else ""
    told += ", as JUnit XML with a test case for each objective" if "junit" in more else ""
    command.add_argument("--format", action=_Format, choices=("text", "json", *more), help=told)
    command.add_argument(
        "--json", action=_Format, nargs=0, dest="format", help="the same as --format json"
    )
    command.add_argument("--quiet", action="store_true", help="no progress and no warnings")


def _seed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", metavar="N", help="override the random seed, 0 to 2^63 - 1")


def _runs(command: argparse.ArgumentParser) -> None:
    _seed(command)
    command.add_argument(
        "--replications", type=_whole(1), metavar="N", help="override the number of replications"
    )
    _workers(command)


def _workers(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workers",
        type=_whole(1),
        metavar="N",
        help="processes to use (default: one, and all cores where it takes more than 2 s); the "
        "results are the same",
    )
    command.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="use the workers of a Dask scheduler, such as tcp://host:8786; the results are the "
        "same",
    )
    command.add_argument(
        "--force",
        action="store_true",
        help="run even if the expected cost exceeds the memory or the limits",
    )


def _places(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", metavar="FOLDER", help="folder for the results (default: a new one)"
    )
    command.add_argument(
        "--overwrite",
        action="store_true",
        help="allow --out to replace a folder of earlier results",
    )
    command.add_argument(
        "--resume",
        action="store_true",
        help="go on with what an interrupted run of the same scenario has finished",
    )
    command.add_argument("--no-files", action="store_true", help="print the answer, write nothing")
    command.add_argument(
        "--figures",
        choices=("all", "main", "none"),
        help="figures to write: all, those that the answer refers to (main, the default) or none",
    )


def _experiment(command: argparse.ArgumentParser) -> None:
    _runs(command)
    command.add_argument(
        "--precision",
        action="append",
        metavar="METRIC=HALF",
        help="make as many replications as means need: the half-width of a 95 %% interval, such as "
        "shop.min_capacity=1%%, rollout_duration=30s or, relative to the mean, =5%%r; and as the "
        "objectives of the file need to be decided, for which the word objectives alone asks; "
        "repeatable",
    )
    command.add_argument(
        "--max-replications",
        type=_whole(1),
        metavar="N",
        help="replications to make at most for --precision, 30 or more (default: 10,000)",
    )
    _places(command)
    command.add_argument(
        "--keep",
        action="append",
        default=[],
        choices=("timelines", "events"),
        help="write these for all replications, not only the first; repeatable",
    )
    command.add_argument(
        "--all", action="store_true", help="show every metric, also per role or extension type"
    )
    _output(command, "markdown", "junit")
