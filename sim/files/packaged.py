"""Texts that are installed with the program."""

from __future__ import annotations

from importlib.resources import files


def packaged(package: str, name: str) -> str:
    """A text file that stands beside the modules of a package; empty where it has none."""
    file = files(package) / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""
