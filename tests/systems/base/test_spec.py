"""Names are looked up, and a wrong one is told with the nearest that there is."""

import pytest

from sim.core.errors import ScenarioError
from sim.systems.base.spec import look_up, unknown_name

ROLES = {"Web": 1, "Worker": 2}


def test_what_is_known_is_found():
    assert look_up(ROLES, "Worker", "a role of shop") == 2


@pytest.mark.parametrize(
    ("name", "got"),
    [
        ("Wbe", "got Wbe; did you mean Web?"),
        ("Database", "got Database; known: Web, Worker"),
        (7, "got 7; known: Web, Worker"),
        ([], "got []; known: Web, Worker"),  # which no mapping could be asked for
    ],
)
def test_what_is_not_known_is_told(name, got):
    with pytest.raises(ScenarioError) as caught:
        look_up(ROLES, name, "a role of shop")
    assert str(caught.value) == f"must be a role of shop, {got}"


def test_where_there_are_none_it_says_so():
    assert unknown_name("a role", "Web", []) == "must be a role, got Web; known: none"
