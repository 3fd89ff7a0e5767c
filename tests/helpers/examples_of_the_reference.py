"""The examples of the reference: what each is valid with, and what of the format they show."""

from functools import cache

import sim
from sim.cli.reference_page import examples
from sim.formats.schema import Place
from sim.formats.tree import plain
from sim.formats.writing import write
from sim.formats.yaml_reading import read
from sim.scenario.file import json_schema
from sim.systems import SYSTEM_TYPES

FILES = {
    "restarts.csv": "seconds\n200\n240\n",
    "demand.csv": "time_s,value\n0,300\n3600,900\n",
    "tasks.csv": "submit_s,service_s\n0,60\n10,90\n",
    "month-of-jobs.swf": "1 0 0 60 1 -1 -1 1 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n",
}
"""What the examples name."""

EXAMPLES = {
    f"{heading}-{number}": text
    for heading, texts in examples().items()
    for number, text in enumerate(texts.split("---\n"))
}


INSTEAD = {"groups": "machines", "stages": "restart"}
"""Key -> the key in whose place it stands."""

WHOLE = ("restart", "work", "after")
"""Keys of which one has another form than the starting file's."""


def merged(below, above):
    """One mapping over another one; a list takes the place of one."""
    if not isinstance(above, dict) or not isinstance(below, dict):
        return above
    gone = {INSTEAD.get(key) for key in above}
    found = {key: value for key, value in below.items() if key not in gone}
    for key, value in above.items():
        found[key] = value if key in WHOLE else merged(below.get(key), value)
    return found


def kind_of(part):
    """The kind whose starting file an example goes with."""
    for kind in SYSTEM_TYPES:
        if starting(kind)["systems"].keys() & part.get("systems", {}).keys():
            return kind
    asked = {key for each in part.get("operations", ()) for key in each}
    kinds = [kind for kind, record in SYSTEM_TYPES.items() if asked & record.operations.keys()]
    metrics = {each["metric"] for each in part.get("objectives", ())}
    kinds += [kind for kind, record in SYSTEM_TYPES.items() if metrics <= record.metrics.keys()]
    return kinds[0] if kinds else "cloud_service"


def starting(kind):
    return plain(read(SYSTEM_TYPES[kind].starter, ""))


def whole(text):
    """The scenario file that an example is a part of."""
    part = plain(read(text, ""))
    below = starting(kind_of(part))
    # An example need not have the metrics that the starting file asks for.
    return merged(below | ({"objectives": []} if "operations" in part else {}), part)


def loaded(text, folder):
    """The scenario, read from a folder with all that it names."""
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    path = folder / "example.yaml"
    path.write_text(write(whole(text)), encoding="utf-8")
    return sim.load(path)


@cache
def shown():
    """(piece of the format, key) of every key that an example has."""
    found = set()
    for text in EXAMPLES.values():
        node = read(text, "")
        _show(node, Place.top(json_schema()), found)
    return found


def _show(node, place, found):
    if isinstance(node.value, list):
        for number, item in enumerate(node.value):
            _show(item, place.below(number), found)
    elif isinstance(node.value, dict):
        here = place.like(node)
        for key, child in node.value.items():
            found |= {(id(form), key) for form in here.forms if key in form.get("properties", {})}
            _show(child, here.below(key), found)
