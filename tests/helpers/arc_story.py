"""Small runs of an Arc fleet for its tests: one extension of one machine, unless a test says more."""

from __future__ import annotations

from functools import cached_property

from story import WANTS, Story

TEXT = """
horizon: {horizon}
{start}
systems:
  p:
    kind: arc_fleet
    {machines}
    also_supported: [P/A, P/B, P/C]
    extensions: [{extensions}]
    {keys}
operations:
{operations}
"""
PLAIN = {
    "discovery": "0s",
    "install": "2min",
    "rollback": "1min",
    "retry_after": "1h",
}
"""Keys of a fleet in which nothing is random: an attempt takes 2 + 5 min, a rollback 1 min."""

HEALTH_WINDOW = 300
PUBLISH = "at: 1h, publish_extension: {type: A, version: 1.1}"


def extension(kind="A", version="1.0", more="enable_automatic_upgrade: true"):
    """An extension of publisher P, enrolled unless `more` says otherwise."""
    return f"{{publisher: P, type: {kind}, version: {version}, {more}}}"


def fleet(
    operations=PUBLISH,
    extensions=None,
    *,
    machines="machines: 1",
    horizon="1d",
    start="",
    run=0,
    **keys,
):
    """The run number `run` of a fleet `p`; `operations` are lines, `keys` those of the fleet."""
    asked = "\n".join(f"  - {{{line.strip()}}}" for line in operations.strip().splitlines())
    told = "\n    ".join(f"{key}: {value}" for key, value in (PLAIN | keys).items())
    text = TEXT.format(
        horizon=horizon,
        start=start,
        machines=machines,
        extensions=", ".join(extensions or [extension()]),
        keys=told,
        operations=asked or "  []",
    )
    return FleetStory(text, run)


class FleetStory(Story):
    """One run of a fleet, its rows sorted by subject once: there are many."""

    kinds_of_wants = tuple(
        kind for kind in WANTS if kind != "extension"
    )  # those of machines are what is there

    @cached_property
    def by_subject(self):
        """Name of a subject -> its lines."""
        found = {}
        for row, line in zip(self.log.rows, self.log.lines(), strict=True):
            found.setdefault(self.log.subjects.name(row["subject"]), []).append(line)
        return found

    def about(self, *subjects):
        return [line for name in subjects for line in self.by_subject.get(name, [])]


def told(run, name):
    """What becomes of a subject: pairs (seconds, state)."""
    return [(float(line.split()[0]), _new(line)) for line in run.about(name)]


def starts(run, name):
    """When an extension's attempts begin, seconds."""
    return [time for time, state in told(run, name) if state.startswith("installing")]


def causes(run, name):
    """Who causes each row of a subject."""
    return [line.split(" because ")[1] for line in run.about(name)]


def _new(line):
    return line.split(" -> ")[1].split(" because ")[0]
