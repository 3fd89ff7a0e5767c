"""Texts that are installed with the program."""

from sim.files.packaged import packaged


def test_text_beside_a_package_is_read_and_one_that_is_not_there_is_empty():
    assert packaged("sim.scenario", "examples.yaml").startswith("# Examples of the reference")
    assert packaged("sim.scenario", "no-such-text.md") == ""
