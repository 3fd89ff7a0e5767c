"""Options that several commands share, in groups that a command takes as a whole."""

from __future__ import annotations

import argparse
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sim.cli.options.arguments import whole

if TYPE_CHECKING:
    from collections.abc import Sequence


def scenario(command: argparse.ArgumentParser) -> None:
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


def variant(command: argparse.ArgumentParser) -> None:
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
            parser.error(f"argument {option_string}: must not be given together with {former}")
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


def output(command: argparse.ArgumentParser, *more: str, case: str = "objective") -> None:
    """`case` is what a test case of JUnit is of."""
    command.set_defaults(format=None, json=False)
    told = "answer as text (default) or JSON (in SI units, errors too)"
    told += ", as Markdown tables" if "markdown" in more else ""
    told += f", as JUnit XML with a test case for each {case}" if "junit" in more else ""
    command.add_argument("--format", action=_Format, choices=("text", "json", *more), help=told)
    command.add_argument(
        "--json", action=_Format, nargs=0, dest="format", help="the same as --format json"
    )
    command.add_argument("--quiet", action="store_true", help="no progress and no warnings")


def seed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", metavar="N", help="override the random seed, 0 to 2^63 - 1")


def runs(command: argparse.ArgumentParser) -> None:
    seed(command)
    command.add_argument(
        "--replications", type=whole(1), metavar="N", help="override the number of replications"
    )
    workers(command)


def workers(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--workers",
        type=whole(1),
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


def places(command: argparse.ArgumentParser) -> None:
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
        help="continue an interrupted run of the same scenario: what it has finished is kept",
    )
    command.add_argument("--no-files", action="store_true", help="print the answer, write nothing")
    command.add_argument(
        "--figures",
        choices=("all", "main", "none"),
        help="figures to write: all, those that the answer refers to (main, the default) or none",
    )


def experiment(command: argparse.ArgumentParser) -> None:
    runs(command)
    command.add_argument(
        "--precision",
        action="append",
        metavar="METRIC=HALF",
        help="run until the 95 %% interval of this mean has this half-width, such as "
        "shop.min_capacity=1%%, rollout_duration=30s or, relative to the mean, =5%%r, and until "
        "every objective of the file is decided (the word objectives asks for that alone); "
        "repeatable",
    )
    command.add_argument(
        "--max-replications",
        type=whole(1),
        metavar="N",
        help="most replications for --precision, 30 or more (default: 10,000)",
    )
    places(command)
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
    output(command, "markdown", "junit")
