"""What a user reads in three lines or more is a file: tests/screens/NAME.txt."""

from __future__ import annotations

from places import TESTS
from rewriting import REWRITES

from sim.cli.screens.console import paragraph

SCREENS = TESTS / "screens"
CALL = "assert_screen"


def assert_screen(name, lines):
    """Compares lines, or a text, with the file; both as the shell breaks them, to be read."""
    lines = lines.splitlines() if isinstance(lines, str) else lines
    shown = [part for line in lines for part in paragraph(line) or [""]]
    file = SCREENS / f"{name}.txt"
    if REWRITES:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{line}\n" for line in shown), encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8").splitlines()
