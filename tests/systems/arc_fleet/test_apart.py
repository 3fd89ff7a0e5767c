"""A failure in one extension of an Arc fleet leaves every other extension as it is."""

from __future__ import annotations

from itertools import pairwise

from fleet_rows import by_machine
from hypothesis import given
from hypothesis import strategies as st
from wild import often, simulation_of

APART = {
    "horizon": "20d",
    "systems": {
        "p": {
            "kind": "arc_fleet",
            "machines": 25,
            "also_supported": ["P/A", "P/B", "P/C"],
            "extensions": [
                {"publisher": "P", "type": kind, "version": "1.0", "enable_automatic_upgrade": True}
                for kind in "ABC"
            ],
            "discovery": {"uniform": {"low": "0s", "high": "6h"}},
            "retry_after": {"uniform": {"low": "1h", "high": "6h"}},
        }
    },
}


@often(20)
@given(st.integers(0, 999), st.sampled_from(["1h", "61min", "7h"]))
def test_a_failure_in_one_extension_leaves_the_others_as_they_are(seed, at):
    """The same story on its machine, if later; on every other machine to the last digit."""

    def stories(unhealthy):
        laws = {"A": unhealthy, "B": "30%", "C": "30%"}
        operations = [
            {
                "at": "1h" if kind == "A" else at,
                "publish_extension": {"type": kind, "version": "1.1", "unhealthy": law},
            }
            for kind, law in laws.items()
        ]
        simulation = simulation_of(APART | {"seed": seed, "operations": operations})
        return by_machine(simulation, simulation.run())

    good, bad = stories("0%"), stories({"machines": "40%"})
    hit = {
        machine for machine, told in bad.items() if any(row.new == "unhealthy" for row in told["A"])
    }
    assert 0 < len(hit) < 25
    for machine, told in bad.items():
        if machine not in hit:
            assert told == good[machine]
        else:
            for kind in "BC":
                assert verdicts(told[kind]) == verdicts(good[machine][kind])
                assert durations(told[kind]) == durations(good[machine][kind])


def verdicts(rows):
    """What became of each attempt."""
    return [(row.new, row.version) for row in rows if row.new != "waiting"]


def durations(rows):
    """How long each installation took."""
    return [
        round(ends.time - begins.time, 6)
        for begins, ends in pairwise(rows)
        if begins.new == "installing"
    ]
