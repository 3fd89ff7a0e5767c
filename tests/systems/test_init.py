"""The modelled systems, each imported when it is first asked for."""

import subprocess
import sys

import pytest
from places import ROOT

from sim.systems import FOLDERS, SYSTEM_TYPES

CODE = """
import sys
from sim.systems import SYSTEM_TYPES
before = [name for name in sys.modules if name.startswith("sim.systems.")]
SYSTEM_TYPES["batch_pool"]
print(before, "sim.systems.batch_pool" in sys.modules, "sim.systems.arc_fleet" in sys.modules)
"""


def test_each_is_registered_under_the_name_of_its_folder():
    assert tuple(SYSTEM_TYPES) == FOLDERS
    assert len(SYSTEM_TYPES) == len(FOLDERS)
    assert [SYSTEM_TYPES[kind].kind for kind in FOLDERS] == list(FOLDERS)


def test_what_is_no_system_is_a_key_error():
    with pytest.raises(KeyError):
        SYSTEM_TYPES["base"]


def test_only_the_one_that_is_asked_for_is_imported():
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] True False\n"
