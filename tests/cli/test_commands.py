"""How commands are found, and how they end when something goes wrong."""

from __future__ import annotations

from sim.cli import reference, running
from sim.core.errors import ModelError


def test_broken_invariant_is_an_internal_error_and_can_be_repeated(shell, monkeypatch):
    def broken(_):
        raise ModelError("time went back", scenario="shop", seed=3, replication=17, time=60.0)

    monkeypatch.setattr(running, "run", broken)
    code, out, err = shell("run", "random.yaml", "--seed", "3")
    assert (code, out) == (3, "")
    assert err.splitlines() == [
        (
            "rollout-sim: internal error: time went back; please report it with the scenario file: "
            "shop, seed 3, replication 17, t = 60 s"
        ),
        "rollout-sim: the command was: rollout-sim run random.yaml --seed 3",
        "rollout-sim: to see it again: rollout-sim run random.yaml --replay 17 --seed 3",
    ]


def test_surprise_is_an_internal_error_and_shows_where(shell, monkeypatch):
    def surprised(_):
        return {}["nothing"]

    monkeypatch.setattr(reference, "schema", surprised)
    code, out, err = shell("schema")
    assert (code, out) == (3, "")
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-2:] == [
        "rollout-sim: internal error: KeyError: 'nothing'; please report it with the scenario file",
        "rollout-sim: the command was: rollout-sim schema",
    ]


def test_what_is_wrong_is_told_in_the_form_that_was_asked_for(shell):
    told = "nowhere.yml: must be a file, got a name that does not exist\n"
    assert shell("run", "nowhere.yml", "--format", "markdown") == (
        2,
        f"### run nowhere.yml\n\n{told}",
        told,
    )
    code, out, err = shell("run", "nowhere.yml", "--format", "junit", "--quiet")
    assert (code, err) == (2, "")
    assert f'<error message="{told.rstrip()}" type="error">' in out
