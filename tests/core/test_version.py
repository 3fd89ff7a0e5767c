"""The version is told in one place, and pyproject.toml agrees."""

import tomllib

from places import ROOT

import sim


def test_version_is_the_package_s():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert sim.__version__ == project["version"]
