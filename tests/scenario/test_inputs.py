"""The files that a scenario names."""

from __future__ import annotations

from hashlib import sha256

from shop_file import MINIMAL, SHOP

from sim.scenario import Document, InputFile, Scenario

CSV = SHOP.replace(
    "{uniform: {low: 1h, high: 2h}}", "{empirical: {csv: at.csv, column: t}}"
).replace('{curve: {"00:00": 300, "14:00": 1900}}', "{csv: load.csv}")


CONTENTS = {"at.csv": b"t,u\n3600,1\n7200,2\n", "load.csv": b"time_s,value\n0,300\n60,1900\n"}


def demanded(s):
    line = s.systems["shop"].demand.over(s.span)
    return list(zip(line.times.tolist(), line.values.tolist(), strict=True))


def test_the_files_that_a_scenario_and_its_variants_name_are_known_before_it_is_read():
    varied = CSV + "  other:\n    systems.shop.demand: {csv: other.csv}\n"
    assert set(Document.of_text(varied, "x.yaml").files) == {"at.csv", "load.csv", "other.csv"}
    assert Document.of_text(SHOP, "x.yaml").files == ()


def test_a_scenario_holds_the_content_of_the_files_that_it_names():
    s = Scenario.from_text(CSV, "x.yaml", CONTENTS)
    assert demanded(s) == [(0.0, 300.0), (60.0, 1900.0)]
    assert s.operations[1].at.highest == 7200.0
    assert s.inputs == tuple(
        InputFile(name, sha256(content).hexdigest()) for name, content in CONTENTS.items()
    )


def test_a_scenario_from_python_is_given_its_files_too():
    shop = MINIMAL["systems"]["shop"] | {"demand": {"csv": "load.csv"}}
    s = Scenario.from_dict({"systems": {"shop": shop}}, contents=CONTENTS)
    assert demanded(s) == [(0.0, 300.0), (60.0, 1900.0)]


def test_other_contents_make_another_scenario():
    s = Scenario.from_text(CSV, "x.yaml", CONTENTS)
    assert Scenario.from_text(s.to_yaml(), "x.yaml", CONTENTS) == s
    less = CONTENTS | {"load.csv": b"time_s,value\n0,300\n"}
    assert Scenario.from_text(CSV, "x.yaml", less) != s


def test_a_changed_scenario_still_has_its_files():
    s = Scenario.from_text(CSV, "x.yaml", CONTENTS).variant("auto").with_(seed=3)
    assert demanded(s) == [(0.0, 300.0), (60.0, 1900.0)]
