"""Small Arc fleets for tests: one fleet `f` of four machines, and what is said of it."""

from __future__ import annotations

import foretelling
import pytest

from sim.core.errors import ScenarioError
from sim.scenario import Scenario

MONITOR = "Microsoft.Azure.Monitor"
VAULT = "Microsoft.Azure.KeyVault"
AGENT = {
    "publisher": MONITOR,
    "type": "AzureMonitorLinuxAgent",
    "version": "1.37.0",
    "enable_automatic_upgrade": True,
}
OWN = {"publisher": "Contoso", "type": "Own", "version": "1.0"}
GROUPS = {"ships": {"count": 5, "os": "windows"}, "shops": {"count": 15, "os": "linux"}}


def publish(version="1.38.0", **body):
    return {"publish_extension": {"type": AGENT["type"], "version": version} | body}


def scenario(*operations, start=None, **fleet):
    """A fleet of four machines with the Linux agent, enrolled; of `groups` where these are given."""
    machines = {} if "groups" in fleet else {"machines": 4}
    system = {"kind": "arc_fleet", "extensions": [AGENT]} | machines | fleet
    asked = [{"at": f"{minute}min", **each} for minute, each in enumerate(operations, 1)]
    text = {"systems": {"f": system}, "operations": asked} | ({"start": start} if start else {})
    return Scenario.from_dict(text)


def fleet(*operations, **keys):
    return scenario(*operations, **keys).systems["f"]


def asked(operation, **keys):
    """The body of the only operation of a fleet."""
    return scenario(operation, **keys).operations[0].body


def refused(*operations, **keys):
    with pytest.raises(ScenarioError) as caught:
        scenario(*operations, **keys)
    return [f"{problem.path}: {problem.rule}" for problem in caught.value.problems]


def noted(*operations, **keys):
    return list(scenario(*operations, **keys).warnings)


def told(*operations, **keys):
    """What is said of the fleet before anything runs, line by line."""
    return foretelling.told(scenario(*operations, **keys))


def about(word, *operations, **keys):
    """The only line with a word."""
    (line,) = [line for line in told(*operations, **keys) if word in line]
    return line


def last(*operations, **keys):
    """What is said of the last operation, after its name."""
    line = [line for line in told(*operations, **keys) if line.startswith("At ")][-1]
    return line.split(": ", 1)[1]
