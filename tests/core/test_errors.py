"""Errors as those see them who run replications in several processes."""

from __future__ import annotations

import pickle

from sim.core.errors import ModelError, Problem, ScenarioError


def test_a_scenario_error_comes_whole_out_of_another_process():
    error = ScenarioError([Problem("a.yaml:1:2", "seed", "must be a whole number, got 1.5")])
    copy = pickle.loads(pickle.dumps(error))
    assert copy.problems == error.problems
    assert str(copy) == str(error)


def test_a_model_error_comes_whole_out_of_another_process():
    error = ModelError("time goes back", scenario="shop", seed=1, replication=7, time=60.0)
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
