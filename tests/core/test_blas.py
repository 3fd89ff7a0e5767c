"""numpy is imported without threads for matrices, unless somebody has said how many."""

import os

import pytest

from sim.core.blas import one_blas_thread

NAMES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def said():
    return {name: os.environ[name] for name in NAMES if name in os.environ}


def test_there_is_one_meanwhile():
    with one_blas_thread():
        assert said() == {"OPENBLAS_NUM_THREADS": "1"}
    assert said() == {}


def test_it_is_not_left_behind_by_what_fails():
    with pytest.raises(KeyError), one_blas_thread():
        raise KeyError
    assert said() == {}


@pytest.mark.parametrize("name", NAMES)
def test_who_has_set_the_number_is_heeded(monkeypatch, name):
    monkeypatch.setenv(name, "3")
    with one_blas_thread():
        assert said() == {name: "3"}
    assert said() == {name: "3"}
