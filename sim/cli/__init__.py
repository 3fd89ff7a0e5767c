"""The command line."""

from __future__ import annotations

from sim.cli.commands import main

__all__ = ["main"]
