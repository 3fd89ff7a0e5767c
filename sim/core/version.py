"""The version, which results and ``--version`` tell: the one of pyproject.toml."""

__version__ = "0.1.0"
