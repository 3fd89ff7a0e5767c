"""PATH=VALUE from the shell."""

from __future__ import annotations

import pytest

from sim.cli.options.overrides import overrides
from sim.scenario import Scenario, paths


def test_new_takes_other_values(shell):
    _, out, _ = shell("new", "cloud_service", "systems.shop.roles.WebRole.instances=50", "seed=7")
    scenario = Scenario.from_text(out)
    assert scenario.systems["shop"].roles["WebRole"].instances == 50
    assert scenario.seed == 7


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ("horizon=12h", ("horizon",), "12h"),
        ("name=a=b", ("name",), "a=b"),
        ("name='80%'", ("name",), "80%"),
        ('systems.shop.roles."a=b".instances=3', ("systems", "shop", "roles", "a=b"), None),
    ],
)
def test_change_is_split_at_its_first_unquoted_equals_sign(change, path, value):
    ((text, node),) = overrides([change], "--set").items()
    assert paths.parse(text)[: len(path)] == path
    assert value in (None, node.value)


def test_value_from_the_shell_is_yaml(shell):
    change = "systems.shop.roles.WebRole.restart={lognormal: {median: 4min, p95: 9min}}"
    assert "95 % interval" in shell("run", "certain.yaml", "--set", change)[1]


def test_last_of_several_changes_wins_nothing_silently(shell):
    code, _, err = shell("validate", "certain.yaml", "--set", "seed=1", "--set", "seed=2")
    assert (code, err) == (2, "--set: seed: is given twice\n")
