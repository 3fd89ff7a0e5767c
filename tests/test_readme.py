import re
import shlex
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image
from places import ROOT
from rewriting import REWRITES

import sim
from sim.cli import main
from sim.cli.reference_page import GUIDE, page
from sim.scenario import Scenario, points

README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "sim" / "results" / "README.md"
GUIDES = [ROOT / "sim" / "scenario" / GUIDE, *sorted((ROOT / "sim" / "systems").glob(f"*/{GUIDE}"))]
PAGES = [ROOT / "README.md", ROOT / "sim" / "README.md", RESULTS]
WRITTEN = {path: path.read_text(encoding="utf-8") for path in (*PAGES, *GUIDES)}
"""What is written by hand; the guides are parts of the reference."""
REFERENCE = ROOT / "scenarios" / "README.md"
TOLD = page()
SHOWN = [
    (path, command, shown)
    for path, text in WRITTEN.items()
    for command, shown in re.findall(r"```console\n\$ rollout-sim (.*)\n((?:.*\n)*?)```", text)
]


def test_pages_show_every_command_that_answers():
    shown = {(path.parent.name, command.split()[0]) for path, command, _ in SHOWN}
    assert {(ROOT.name, "run"), (ROOT.name, "compare")} <= shown
    assert {("results", each) for each in ("explain", "sweep", "find")} <= shown
    assert {("batch_pool", "compare"), ("arc_fleet", "run")} <= shown


def test_the_readme_is_read_in_one_sitting():
    assert README.count("\n") < 250


@pytest.mark.parametrize(
    ("path", "command", "shown"), SHOWN, ids=[command for _, command, _ in SHOWN]
)
def test_what_a_page_shows_is_what_comes_out(path, command, shown, tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    main(shlex.split(command))
    out = capsys.readouterr().out.rstrip("\n")
    if REWRITES:
        whole, asked = path.read_text(encoding="utf-8"), f"$ rollout-sim {command}\n"
        made = whole.replace(f"{asked}{shown}```", f"{asked}{out}\n```")
        path.write_text(made, encoding="utf-8")
    else:
        assert out == shown.rstrip("\n")


def test_every_assumption_in_the_code_stands_in_the_reference():
    words = re.sub(r"\s+", " ", TOLD).lower()
    found = [
        re.sub(r"\s+#? ?", " ", text).strip()
        for path in sorted((ROOT / "sim").rglob("*.py"))
        for text in re.findall(
            r"# Assumption: (.*(?:\n\s*# (?!Assumption).*)*)", path.read_text(encoding="utf-8")
        )
    ]
    assert found
    assert [text for text in found if text.lower() not in words] == []


def test_every_document_that_the_code_follows_is_linked_in_the_reference():
    """Each that a `Source:` names, as its link or as its beginning."""
    linked = [" ".join(title.split()) for title in re.findall(r"\[([^\]]+)\]\[\d+\]", TOLD)]
    sources = [
        text
        for path in sorted((ROOT / "sim").rglob("*.py"))
        for text in re.findall(r"Source: (.*?)(?:\n\n|\"\"\")", path.read_text("utf-8"), re.DOTALL)
    ]
    named = {
        re.sub(r"\s+(# )?", " ", title)
        for text in sources
        for title in re.findall(r'"([A-Z][^"]+)"', text)
    }
    assert len(named) > 15
    assert [each for each in sorted(named) if not any(t.startswith(each) for t in linked)] == []


def test_every_link_to_a_document_has_its_address_once():
    asked = re.findall(r"\]\[(\d+)\]", TOLD)
    addresses = re.findall(r"^\[(\d+)\]: (https://\S+)$", TOLD, re.MULTILINE)
    assert len(dict(addresses)) == len(addresses) == len({address for _, address in addresses})
    assert sorted(set(asked), key=int) == sorted(dict(addresses), key=int)


@pytest.mark.parametrize("path", [*PAGES, REFERENCE], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text):
        assert target.startswith("https://") or not target or (path.parent / target).exists()


def test_the_citation_is_of_this_version():
    (text,) = re.findall(r"```yaml\n(cff-version.*?)```", README, re.DOTALL)
    citation = yaml.safe_load(text)
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == sim.__version__


def test_renaming_a_role_changes_its_draws_and_adding_one_does_not():
    """As the page on the code says."""
    text = """
    systems: {shop: {kind: cloud_service, update_domains: 1, roles: {Web: {instances: 3}}}}
    operations: [{at: 10min, upgrade_deployment: {}}]
    horizon: 3h
    """

    def ends(roles):
        events = sim.run_one(sim.loads(text.replace("Web: {instances: 3}", roles))).events
        return events[events.subject.str.contains("_IN_")].groupby("subject").time_s.max()

    alone, renamed = ends("Web: {instances: 3}"), ends("Front: {instances: 3}")
    more = ends("A: {instances: 2}, Web: {instances: 3}")
    assert all(alone[f"Web_IN_{k}"] == more[f"Web_IN_{k}"] for k in range(3))
    assert all(alone[f"Web_IN_{k}"] != renamed[f"Front_IN_{k}"] for k in range(3))


@pytest.mark.parametrize(
    "words",
    [
        "a second change during an update takes over at once",
        "a retry or a pending discovery takes the newest release that there is by then",
        "a node whose upgrade is deferred takes no new tasks and waits until it is idle",
        "a reboot or reimage that waits for a node's tasks is lost to an upgrade that takes the node",
    ],
)
def test_an_assumption_that_decides_results_stands_in_the_code_and_in_the_reference(words):
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "sim").rglob("*.py"))
    for text in (TOLD, code):
        assert words in re.sub(r"\s+#? ?", " ", text).lower()


def test_ci_and_the_readme_run_the_same_tests():
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = re.findall(r"^python3 .*pytest$", README, re.MULTILINE)
    assert command in ci.splitlines()


def fingerprint(figure):
    """What a picture shows, whichever version of matplotlib draws it: its texts and its lines."""
    figure.draw_without_rendering()
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_visible()]
    lines = [line.get_xydata().round(3).tolist() for line in figure.findobj(Line2D)]
    return sha256(repr((texts, lines)).encode()).hexdigest()


def test_the_picture_of_the_readme_is_what_is_drawn_now():
    (path,) = re.findall(r"!\[.*\]\((.*)\)", README)
    scenario = sim.load(ROOT / "scenarios" / f"{Path(path).stem}.yaml")
    figure = sim.compare(scenario).plot.variants_capacity()
    shown = fingerprint(figure)
    with Image.open(ROOT / path) as picture:
        is_old = picture.info["Comment"] != shown
    if REWRITES and is_old:
        figure.savefig(ROOT / path, dpi=200, metadata={"Software": None, "Comment": shown})
    with Image.open(ROOT / path) as picture:
        assert picture.info["Comment"] == shown


def test_the_reference_is_what_the_command_prints():
    """What to do where it is not: python tests/helpers/rewriting.py."""
    if REWRITES:  # guides may have been written by now
        REFERENCE.write_text(page(), encoding="utf-8")
    assert REFERENCE.read_text(encoding="utf-8").splitlines() == page().splitlines()


def test_what_the_readme_does_in_python_works(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    made = {}
    exec(code, made)
    assert made["results"].about.variants[0].replications == 50


def test_the_scenario_of_the_readme_is_valid():
    text, _ = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (sweep,) = re.findall(r"```yaml\n(sweep.*?)```", WRITTEN[RESULTS], re.DOTALL)
    scenario = Scenario.from_text(f"{text}{sweep}", "readme.yaml")
    assert scenario.systems["shop"].roles["WebRole"].instances == 20
    assert scenario.sweep.size == 4 * 13
    points.check(scenario, scenario.sweep)
