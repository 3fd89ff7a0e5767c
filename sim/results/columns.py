"""What stands in each file of a result folder, and in each column of its tables."""

from __future__ import annotations

import pyarrow as pa

from sim.formats.markdown import code, escape, table
from sim.results import sources
from sim.results.finding import FILE as FOUND
from sim.results.sensitivity import ASSUMPTIONS, FLIPS
from sim.results.sweeps.sweep_tables import OWN
from sim.results.tables import NAME, NUMBER, TEXT, TRIALS, WHOLE

CHAPTER = "The result folder"

_OF_A_POINT = [("point", WHOLE), ("AXIS", NUMBER), ("AXIS_unit", TEXT), ("variant", TEXT)]
"""Columns before a table's own, where it is of the points of a sweep."""

TABLES: dict[str, tuple[str, pa.Schema]] = {
    **sources.TABLES,
    **{
        name: (f"{file}.csv", pa.schema([*_OF_A_POINT, *OWN[file]]))
        for name, file in (("sweep", "sweep"), ("points", "points"))
    },
    "find": (FOUND, TRIALS),
    "assumptions": ("assumptions.csv", ASSUMPTIONS),
    "assumptions_flips": ("assumptions_flips.csv", FLIPS),
}
"""Table -> its file, and its columns, of all commands."""

FILES = {
    "answer.txt": "The answer, as it stood on the screen.",
    "report.html": "All of it on one page, to decide by and to pass on.",
    "summary.csv": "Every metric of every variant over its replications, in the metric's unit "
    "(times in seconds, shares from 0 to 1).",
    "comparison.csv": "Of a comparison: each variant against the first one, replication by "
    "replication.",
    "objectives.csv": "Each objective of each variant with its verdict, and which variant is best.",
    "operations.csv": "The requests of the first replication, and how the service answered.",
    "progress.csv": "Of Arc fleets: the share up to date by day in the first replication.",
    "replications.parquet": "Every metric of every replication.",
    "timelines.parquet": "Every series of the first replication, step by step; with --keep "
    "timelines of all.",
    "events.parquet": "Every transition of the first replication, in its order; with --keep events "
    "of all.",
    "bands.parquet": "How series are spread over the replications, at instants.",
    "conditions.csv": "What happened in which replications: a bad build, a rollback and so on.",
    "warm_up.csv": "Of pools with a stream of work: tasks there over time, and where MSER-5 cuts.",
    "sweep.csv": "Of sweep: every metric of every variant at every point.",
    "points.csv": "Of sweep: every point, whether it meets all objectives and is on the front. "
    "(Its objectives.csv has the columns of the point, and those from `objective` on.)",
    "sweep.parquet": "The same as sweep.csv.",
    "find.csv": "Of find: the values that were tried, each with its objectives and verdicts.",
    "assumptions.csv": "Of assumptions: each guess halved and doubled, and what that changes.",
    "assumptions_flips.csv": "Of assumptions: the conclusions that change.",
    "assumptions_lhs.csv": "Of assumptions: the points at which all guesses move together, with "
    "the factor of each (factor_1 is that of guess 1) and the mean of each metric.",
    "figures/": "The pictures, as PNG; --figures says which.",
    "scenario.resolved.yaml": "The scenario with all its defaults; of a comparison the file "
    "without its variants.",
    "variants/0.resolved.yaml": "The first variant with all its defaults, and so on.",
    "provenance.json": "Version, seed, command, libraries, inputs and all files with their "
    "checksums; failed replications.",
}
"""File -> what stands in it."""

SHARED = {
    "variant": "The variant; `baseline` where there is only one.",
    "system": "The system.",
    "group": "The role, type of extension or group of machines; empty for the whole system.",
    "point": "The number of the point, from 0.",
    "AXIS": "The value on an axis, called by its name: a number, or a text as in the file.",
    "AXIS_unit": "The unit of that number.",
    "metric": "The metric.",
    "unit": "The metric's unit.",
    "replication": "The number of the replication, from 0.",
    "series": "The series.",
    "time_s": "Seconds after the start.",
    "n": "How many replications it is of.",
    "value": "The value.",
}
"""Column -> what it means in every table that has it, but for those below."""

_LIMIT = "limit on the {}, one-sided at 95 %; empty where there are too few replications for it."

COLUMNS: dict[str, dict[str, str]] = {
    "summary": {
        "mean": "The mean over the replications; empty where one of them has no value.",
        "ci95_low": "Lower limit of the 95 % interval of the mean.",
        "ci95_high": "Upper limit of the 95 % interval of the mean.",
        "min": "The smallest value.",
        "p5": "The ceil(5 % n)-th smallest value; what is missing ranks above all.",
        "p50": "The ceil(50 % n)-th smallest value.",
        "p95": "The ceil(95 % n)-th smallest value.",
        "max": "The largest value.",
        "missing": "How many replications have no value, such as an upgrade that did not end.",
        "worst_replication": "The replication with the worst value: `run --replay` shows it.",
        **{
            f"{p}_{side}": f"{word} {_LIMIT.format(p)}"
            for p in ("p5", "p50", "p95")
            for side, word in (("low", "Lower"), ("high", "Upper"))
        },
        "skewness": "Skewness of the values: where n is below 25 times its square, the interval of "
        "the mean is rough.",
    },
    "comparison": {
        "baseline": "The variant that it is set against.",
        "mean": "The variant's mean.",
        "baseline_mean": "The baseline's mean.",
        "difference": "Variant minus baseline, of the pairs in which both have a value.",
        "ci_low": "Lower limit of the interval of the difference.",
        "ci_high": "Upper limit of the interval of the difference.",
        "level": "Confidence of that interval; it is shared among the comparisons made.",
        "better": "Whether the variant is better: yes, no, inconclusive or identical; empty where "
        "neither more nor less is better, or one of the two asks for nothing.",
        "saved": "Share of the variance that the common random numbers removed.",
        "n": "How many pairs of replications.",
        "missing": "Pairs in which a value is missing.",
    },
    "objectives": {
        "objective": "The objective in words.",
        "bound": "The bound, in the metric's unit.",
        "share": "Share of the replications that meet it; of a mean, that mean.",
        "low": "Lower limit on that, one-sided at the objective's confidence.",
        "high": "Upper limit on that, one-sided at the objective's confidence.",
        "verdict": "met, missed or undecided.",
        "sentence": "The verdict in words.",
        "best": "Whether the variant is best, yes or no; empty where nothing decides that.",
        "best_in": "The headline metrics in which no other variant is better.",
    },
    "operations": {
        "operation": "Its place in the file, such as operations.0.",
        "name": "Its name.",
        "kind": "Its key, such as upgrade_deployment.",
        "at_s": "When it was sent, in seconds after the start.",
        "ended_s": "When it ended; empty where it had not by the horizon.",
        "status": "Succeeded, Failed, InProgress, Refused or not sent.",
        "http_status": "The service's HTTP status.",
        "code": "Its error code; empty where it accepted.",
        "message": "Its message, and why.",
        "request_id": "Names the request in a run, the same every time.",
    },
    "progress": {
        "day": "Days since the version last requested was first published or pushed.",
        "at_s": "Seconds after the start.",
        "up_to_date": "Share of those in scope that have it.",
        "held_by": "On the last row of a group: what holds the rest.",
    },
    "events": {
        "kind": "What changed: an operation, an upgrade, an instance, a node, a task and so on.",
        "subject": "Its name.",
        "old": "Its state before; empty where it was not there.",
        "old_version": "Its version before.",
        "new": "Its state from then on; empty where it is gone.",
        "new_version": "Its version from then on.",
        "cause": "The subject that made it change.",
    },
    "points": {
        "verdict": "Whether all objectives are met: met, missed, undecided; or failed: none ran.",
        "ended_well": "Share of the replications in which the rollouts ended well.",
        "reference": "Whether it is a reference, which is not ranked: yes or no.",
        "front": "Whether it is on the front: yes, not told apart, no; empty without a value.",
    },
    "find": {
        "path": "The key that was varied.",
        "value": "The value, as a file has it.",
        "number": "The same as a number: seconds, a share or as it is.",
        "unit": "Of that number.",
        "tried": "As the how-manieth it was tried, from 1.",
        "replications": "How many replications it was tried with.",
        "failed": "How many of them failed.",
        "verdict": "Whether all objectives are met: met, missed or undecided.",
        "objective": "The objective, in words.",
        "bound": "Its bound, in the metric's unit.",
        "share": "Share of the replications that meet it; of a mean, that mean.",
        "low": "Lower limit on that, one-sided; all verdicts of a search share the error.",
        "high": "Upper limit on that.",
        "objective_verdict": "met, missed or undecided.",
        "sentence": "That verdict in words.",
    },
    "assumptions": {
        "number": "The number of the guess.",
        "assumption": "The guess, in words.",
        "path": "Where it stands in the file.",
        "origin": "Why it is a guess: default (assumed by the program), marked (assumed: true in "
        "the file) or named (with --of).",
        "factor": "What it was multiplied by.",
        "changed_to": "What it became.",
        "mean": "The mean with the changed guess.",
        "baseline_mean": "The mean with the guess as it is.",
        "difference": "The one minus the other; where a value is missing the median difference of "
        "the pairs, missing values ranked above all.",
        "ci_low": "Lower limit of the interval of the difference.",
        "ci_high": "Upper limit of the interval of the difference.",
        "level": "Confidence of that interval.",
        "better": "Whether the change makes it better: yes, no, inconclusive or identical.",
        "weight": "The change as a share of the larger mean; where replications lack a value that "
        "of the median, or the share of them that lack one more than before, if that is larger.",
        "n": "How many pairs of replications.",
        "missing": "Pairs in which a value is missing.",
        "rank_correlation": "Spearman's, of the guess and the metric, where all guesses move.",
        "partial_rank_correlation": "The same with the others held.",
        "note": "Why it could not be changed.",
    },
    "assumptions_flips": {
        "number": "The number of the guess.",
        "assumption": "The guess, in words.",
        "factor": "What it was multiplied by.",
        "what": "What changes: a verdict, the best variant, how rollouts end.",
        "before": "As the guess is.",
        "after": "As it is with the factor.",
    },
    "bands": {
        "p5": "5 % of the replications are at or below it.",
        "p50": "The median of the replications.",
        "p95": "95 % of the replications are at or below it.",
    },
    "conditions": {"condition": "What happened in it, such as bad build 42 or rolled back."},
    "warm_up": {
        "mean": "Tasks that wait and slots in use: mean from then on up to the next row, over the "
        "replications.",
        "error": "The marginal standard error that is left when all before is cut; its least is "
        "where the run is steady.",
    },
}
"""Table -> column -> what it means there."""

_QUESTIONS = {
    "summary": """.query("metric == 'min_capacity'")[["variant", "mean"]]""",
    "comparison": """.query("better == 'yes'")[["variant", "metric", "difference"]]""",
    "objectives": """.query("verdict != 'met'")["sentence"]""",
    "operations": """.query("status == 'Refused'")[["name", "message"]]""",
    "progress": """.query("day % 7 == 0")[["day", "group", "up_to_date"]]""",
    "replications": """.query("metric == 'rollout_duration'")["value"].describe()""",
    "timelines": """.query("series == 'capacity'").set_index("time_s")["value"]""",
    "events": """.query("kind == 'upgrade' and time_s <= 3600")""",
    "bands": """.query("series == 'capacity'")[["time_s", "p5", "p50", "p95"]]""",
    "conditions": """.groupby(["variant", "condition"]).size()""",
    "warm_up": """.sort_values("error").head(1)["time_s"]""",
    "sweep": """.query("metric == 'min_capacity'")[["point", "mean"]]""",
    "points": """.query("verdict == 'met' and front == 'yes'")""",
    "find": """[["value", "verdict"]].drop_duplicates()""",
    "assumptions": """.query("factor == 2")[["assumption", "metric", "difference"]]""",
    "assumptions_flips": """[["assumption", "what", "before", "after"]]""",
}
"""Table -> what pandas is asked of it."""


def example(name: str) -> str:
    """A question that pandas (pd) answers from a table's file."""
    file, _ = TABLES[name]
    return f'pd.read_{file.rpartition(".")[2]}("{file}"){_QUESTIONS[name]}'


_KINDS = {TEXT: "text", NAME: "text", NUMBER: "number", WHOLE: "whole number"}


def meaning(name: str, column: str) -> str:
    """What a column of a table means. KeyError where nothing says so."""
    own = COLUMNS.get("summary" if name == "sweep" else name, {})
    return own[column] if column in own else SHARED[column]


def chapter() -> list[str]:
    """The chapter on the result folder, in lines of Markdown."""
    lines = [f"## {CHAPTER}", ""]
    lines += table(("file", "what it holds"), [(code(f), escape(FILES[f])) for f in FILES])
    for name, (file, schema) in TABLES.items():
        lines += [f"### {file}", ""]
        lines += table(("column", "type", "meaning"), [_row(name, field) for field in schema])
        lines += ["```python", example(name), "```", ""]
    return lines


def _row(name: str, field: pa.Field) -> tuple[str, str, str]:
    return code(field.name), _KINDS[field.type], escape(meaning(name, field.name))
