"""The reference of all keys: what is told at a place, in the format's own words."""

from __future__ import annotations

import pytest

from sim.core.errors import ScenarioError
from sim.formats.schema import Place
from sim.scenario.file import json_schema
from sim.scenario.reference import kinds, reference
from sim.systems import SYSTEM_TYPES


def entry(path, key):
    """What is said of a key at a place: its type and default, and its meaning."""
    lines = reference(path)
    start = next(n for n, line in enumerate(lines) if line.startswith(f"  {key}: "))
    rest = []
    for line in lines[start + 1 :]:
        if not line.startswith("    "):
            break
        rest.append(line.strip())
    return lines[start].strip().removeprefix(f"{key}: "), " ".join(rest)


@pytest.mark.parametrize(
    ("path", "key", "said"),
    [
        ("cloud_service", "update_domains", "whole number, 1 or more; default 5"),
        ("cloud_service", "start_timeout", "duration, such as 90s, 5min or 1h30min; default 30min"),
        ("cloud_service", "on_start_timeout", "continue | stuck; default continue"),
        ("cloud_service", "roles", "mapping of NAME to mapping; required"),
        ("cloud_service.roles.NAME", "instances", "whole number, 1 or more; required"),
        ("cloud_service.roles.NAME", "weight", "number from 0.000001 to 1000000000; default 1"),
        ("cloud_service.roles.NAME", "local_storage", "true or false; default false"),
        (
            "batch_pool",
            "min_available",
            "whole number, 0 or more, or share, such as 80%; default 1",
        ),
        (
            "vm_scale_set.upgrade_policy",
            "max_batch_instance_percent",
            "share from 5% to 100%, or number from 0.05 to",
        ),
        (
            "vm_scale_set.upgrade_policy",
            "max_unhealthy_upgraded_instance_percent",
            "share, such as 80%, or number from 0",
        ),
        ("operations.upgrade_deployment", "mode", "Auto | Manual | Simultaneous; default Auto"),
        ("operations.upgrade_os.windows", "from", 'time of day, such as "22:00"; required'),
        ("operations", "upgrade_os", "operation of batch_pool"),
        ("objectives", "of", "runs | mean; default runs"),
        ("", "seed", "whole number, 0 or more; default 0"),
    ],
)
def test_key_is_told_with_type_allowed_values_and_default(path, key, said):
    assert entry(path, key)[0] == said  # the first line of it


def test_a_key_that_is_a_time_of_day_is_told_as_one():
    for path in ("batch_pool.work.curve", "cloud_service.demand.curve"):
        assert " ".join(" ".join(reference(path)[-2:]).split()) == (
            'NAME: time of day, such as "22:00"; its value is described by '
            f"rollout-sim keys {path}.NAME"
        )


def test_meaning_is_that_of_the_docstring_without_the_default():
    assert entry("cloud_service", "update_domains")[1] == (
        "Number of update domains, taken out one at a time."
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cloud_service.roles.NAME.restart", "systems.shop.roles.WebRole.restart"),
        ("operations.upgrade_deployment.mode", "operations.0.upgrade_deployment.mode"),
        ("operations.upgrade_deployment.mode", "operations.rollout.upgrade_deployment.mode"),
        ("objectives.metric", "objectives.+.metric"),
    ],
)
def test_place_is_named_as_in_a_file_or_by_its_kind(one, other):
    told = [" ".join(" ".join(reference(each)).split()) for each in (one, other)]
    assert told[0].replace(one, other) == told[1]


def test_place_of_several_kinds_is_told_once_for_each_that_has_it():
    assert [line for line in reference("systems.x.min_available") if "systems.x" in line] == [
        "systems.x.min_available (batch_pool): Slots that must be in service for the pool",
        "systems.x.min_available (vm_scale_set): Instances that must be in service for",
    ]
    heads = [line for line in reference("systems.x") if line.startswith("systems.x (")]
    assert [line.split("(")[1].split(")")[0] for line in heads] == list(SYSTEM_TYPES)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("cloud_service.rols", "names no key of cloud_service, did you mean roles?"),
        ("systems.shop.rols", "names no key of systems.shop, did you mean roles?"),
        ("cloud_servis", "names no key of a scenario file, did you mean cloud_service?"),
        (
            "cloud_service.roles.NAME.restart.lognormal.max",
            "names no key of cloud_service.roles.NAME.restart.lognormal, "
            "max stands beside lognormal, not below it",
        ),
        ("seed.of.chance", "names no key of seed, no key is known here"),
        ("systems..x", "must be keys joined by dots"),
    ],
)
def test_place_that_is_none_is_refused_with_the_nearest_key(path, rule):
    with pytest.raises(ScenarioError) as caught:
        reference(path)
    assert str(caught.value).startswith(f"PATH: {path}: {rule}")


def test_metrics_are_told_with_the_unit_of_a_bound():
    said = " ".join(" ".join(reference("objectives.metric")).split())
    for kind, record in SYSTEM_TYPES.items():
        assert f"{kind}: " in said
        assert all(name in said for name in record.metrics)
    assert "rollout_duration (duration)" in said
    assert "; time_to_N (duration), N a whole number from 1 to 100" in said
    assert "type: list of metric;" in " ".join(reference("prefer")[-1].split())


@pytest.mark.parametrize("kind", SYSTEM_TYPES)
def test_metrics_of_a_kind_are_told_with_their_meaning_and_direction(kind):
    lines = reference(f"{kind}.metrics")
    assert max(map(len, lines)) <= 80
    said = " ".join(" ".join(lines).split())
    for metric in SYSTEM_TYPES[kind].metrics.values():
        better = f"; {metric.better} is better" if metric.better else ""
        unit = {"s": "duration", "0/1": "0 or 1"}.get(metric.unit, metric.unit)
        meaning = " ".join(metric.meaning.replace("`", "").split())
        assert f" {metric.name}: {unit}{better} {meaning}" in said.replace("`", "")
    assert f"rollout-sim keys {kind}.metrics" in " ".join(" ".join(reference(kind)).split())


def test_kinds_are_told_with_what_each_is_for():
    said = " ".join(" ".join(kinds()).split())
    assert "batch_pool: A Batch pool: nodes that run queued tasks" in said
    assert all(f"{kind}: " in said for kind in SYSTEM_TYPES)


def paths(path, place, seen):
    """Every place of the format, once for each thing that may stand there."""
    yield path
    for form in place.forms:
        if id(form) in seen:
            continue
        seen.add(id(form))
        for key in form.get("properties", {}):
            yield from paths(f"{path}.{key}".lstrip("."), place.below(key), seen)
    if place.takes_names:
        yield from paths(f"{path}.NAME", place.below("NAME"), seen)
    if place.is_list:
        yield from paths(f"{path}.0", place.below(0), seen)


def test_every_place_of_the_format_has_a_reference_of_80_columns():
    every = [each for each in paths("", Place.top(json_schema()), set()) if each]
    assert len(every) > 200
    for path in every:
        lines = reference(path)
        assert lines
        assert [line for line in lines if len(line) > 80 and path not in line] == []


def test_shell_prints_it(shell):
    assert shell("keys", "cloud_service.roles.NAME") == (
        0,
        "".join(f"{line}\n" for line in reference("cloud_service.roles.NAME")),
        "",
    )
    assert shell("keys")[1].startswith("a scenario file: ")
    assert shell("keys", "cloud_service.rols")[0] == 2


def test_new_without_a_kind_or_with_help_lists_the_kinds(shell):
    listed = "".join(f"{line}\n" for line in kinds())
    assert shell("new") == (0, listed, "")
    assert shell("new", "--help")[1].endswith(listed)
    assert "kinds of system" not in shell("run", "--help")[1]


def test_a_sweep_has_paths_beside_its_keys():
    lines = reference("sweep")
    assert "  PATH: mapping, or list of any value" in lines
    assert "    A path, as for --set: rollout-sim keys sweep.PATH" in lines
    assert any(line.startswith("  from: duration, such as") for line in reference("sweep.PATH"))
