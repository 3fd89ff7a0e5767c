"""What a cloud service answers to one request, told in the words of its rejections."""

from __future__ import annotations

import json

from story import Story

BAD, CONFLICT, MISSING = (400, "BadRequest"), (409, "ConflictError"), (404, "ResourceNotFound")
LONG = {"W": {"instances": 2, "restart": "20min"}}
"""Roles whose restarts are under way when `asked` asks."""


def asked(body, *, before=(), kind="upgrade_deployment", **system):
    """A run in which `body` is asked for at 10 min, after what is asked for `before`."""
    service = {"kind": "cloud_service", "roles": {"W": {"instances": 2, "restart": "100s"}}}
    operations = [*before, {"at": "10min", "name": "it", kind: body}]
    return Story(
        json.dumps({"horizon": "1h", "systems": {"s": service | system}, "operations": operations})
    )


def answered(told, name="it"):
    """The rule, and what the client sees."""
    (line,) = told.about(name)
    row = told.operation(name)
    rule = line.split("Refused/")[1].split(" because")[0]
    assert row["status"] == "Refused"
    assert row["ended_s"] == row["at_s"]
    return rule, (row["http_status"], row["code"]), row["message"]


def properties(*names, value="v"):
    return {"extended_properties": [{"name": name, "value": value} for name in names]}
