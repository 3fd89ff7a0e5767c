"""What is needed later is imported while others make replications, in the order that is named."""

import pytest

from sim.experiments.running import meanwhile


@pytest.fixture
def imported(monkeypatch):
    found = []
    monkeypatch.setattr(meanwhile, "import_module", found.append)
    return found


def test_one_is_imported_at_a_time(imported):
    with meanwhile.imports(["first", "second"]):
        meanwhile.import_next()
        assert imported == ["first"]
        meanwhile.import_next()
        meanwhile.import_next()
    assert imported == ["first", "second"]


def test_nothing_is_imported_where_nothing_is_named(imported):
    with meanwhile.imports(["first"]):
        pass
    meanwhile.import_next()
    assert imported == []


def test_what_cannot_be_imported_is_left_to_whoever_needs_it(monkeypatch):
    tried = []

    def missing(name):
        tried.append(name)
        raise ImportError(name)

    monkeypatch.setattr(meanwhile, "import_module", missing)
    with meanwhile.imports(["first", "second"]):
        meanwhile.import_next()
        meanwhile.import_next()
    assert tried == ["first", "second"]


def test_an_interruption_is_heard(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(meanwhile, "import_module", interrupted)
    with meanwhile.imports(["first"]), pytest.raises(KeyboardInterrupt):
        meanwhile.import_next()
