"""The chapters on the format: its places, its pieces, and what the systems' records tell."""

from sim.formats.schema import Place
from sim.scenario.file import json_schema
from sim.scenario.reference_page import format_chapters, index_chapter, sections

TOLD = format_chapters({"cloud_service": "systems: {}\n---\nhorizon: 1h\n"}, {"arc_fleet": "Hi."})
TEXT = "\n".join(TOLD.lines)


def test_place_is_told_where_it_stands_and_a_shared_piece_once():
    assert TEXT.count("\n### Window\n") == 1
    assert "| [`windows`](#window) | list of [mapping](#window) | at any time | " in TEXT
    assert TEXT.count("\n### cloud_service.roles.NAME.stages\n") == 1


def test_place_that_is_a_distribution_or_its_own_mapping_leads_to_both():
    row = (
        "| [`start_task`](#batch_poolstart_task) | duration or [a distribution](#distribution), or "
    )
    assert f"{row}[mapping](#batch_poolstart_task) | 0s | " in TEXT
    section = TEXT.partition("\n### batch_pool.start_task\n")[2].partition("\n### ")[0]
    assert "`wait_for_success`" in section
    assert "`lognormal`" not in section


def test_examples_and_guides_stand_in_their_chapter():
    assert "```yaml\nsystems: {}\n```\n\n```yaml\nhorizon: 1h\n```" in TEXT
    chapter = TEXT.partition("\n## arc_fleet\n")[2].partition("\n## ")[0]
    assert chapter.endswith("Hi.\n")


def test_index_names_each_heading_under_which_a_key_is_told():
    (row,) = (line for line in index_chapter(TOLD) if line.startswith("| `unhealthy_later` |"))
    assert "cloud_service.builds.NAME" in row
    assert "vm_scale_set.versions.NAME" in row


def test_sections_are_all_places_with_keys_in_order():
    paths = [each.path for each in sections("", Place.top(json_schema()), ("operations",))]
    assert paths[0] == ""
    assert paths.index("systems.NAME") < paths.index("objectives")
    assert "systems.NAME.roles.NAME.restart.lognormal" in paths
