from __future__ import annotations

import os
import subprocess
import sys
import threading
from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.core.random_streams import BLOCK, Again, MeanDraws, draws
from sim.experiments.statistics.intervals import student
from sim.formats.distributions import Distribution

PATH = "shop/WebRole/restart/upgrade_deployment-0"
GOLDEN = [
    0.5754074776295822,
    0.9008513291539809,
    0.09424614728525438,
    0.27123307942230546,
    0.046907377478247136,
]
GOLDEN_TIMES = [263.5888671875, 452.53125, 449.8564453125, 247.94921875]
RESTART = Distribution.model_validate({"lognormal": {"median": "4min", "p95": "9min"}})

members = st.one_of(st.integers(0, 3 * BLOCK), st.integers(0, 10**7))
attempts = st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1))
replications = st.one_of(st.integers(0, 3), st.integers(0, 2**64 - 1))
seeds = st.one_of(st.integers(-3, 3), st.integers())
paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


# The stream itself


def philox(counter, key):
    """Philox 4x64-10 as its paper defines it, one counter at a time."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = 0xD2E7470EE14C6C93 * c0, 0xCA5A826395121157 * c2
        c0, c1, c2, c3 = right >> 64 ^ c1 ^ k0, right, left >> 64 ^ c3 ^ k1, left
        c0, c1, c2, c3 = (word % 2**64 for word in (c0, c1, c2, c3))
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) % 2**64, (k1 + 0xBB67AE8584CAA73B) % 2**64
    return c0, c1, c2, c3


def test_the_referee_agrees_with_the_published_test_vectors():
    # kat_vectors of Random123, the library of the generator's authors
    assert philox((0, 0, 0, 0), (0, 0)) == (
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    )
    assert philox((2**64 - 1,) * 4, (2**64 - 1,) * 2) == (
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    )


@given(seeds, replications, paths, members, attempts)
def test_a_number_is_philox_of_the_documented_key_and_counter(
    seed, replication, path, member, attempt
):
    digest = blake2b(f"{seed}/{path}".encode(), digest_size=16).digest()
    key = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")
    word = philox((member // 4, 0, attempt, replication), key)[member % 4]
    assert draws(seed, replication).stream(path)[member, attempt] == (word >> 11) * 2.0**-53


def test_the_stream_never_changes():
    stream = draws(1, 7).stream(PATH)
    assert [stream[0, 0], stream[1, 0], stream[4, 0], stream[1024, 0], stream[0, 1]] == GOLDEN
    assert draws(1, 7).times(PATH, RESTART).vector(4).tolist() == GOLDEN_TIMES


def test_uniform_numbers_are_uniform():
    numbers = draws(3, 0).stream("x").vector(100_000)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 0.001


@pytest.mark.parametrize("other", ["next member", "attempt", "replication", "seed", "path"])
def test_numbers_under_different_keys_have_nothing_in_common(other):
    here = draws(1, 0).stream("a/b").vector(20_000)
    there = {
        "next member": lambda: np.roll(here, 1),
        "attempt": lambda: draws(1, 0).stream("a/b").vector(20_000, 1),
        "replication": lambda: draws(1, 1).stream("a/b").vector(20_000),
        "seed": lambda: draws(2, 0).stream("a/b").vector(20_000),
        "path": lambda: draws(1, 0).stream("a/c").vector(20_000),
    }[other]()
    assert stats.pearsonr(here, there).pvalue > 0.001


def test_seed_and_path_never_run_together():
    assert draws(1, 0).stream("2/a")[0, 0] != draws(12, 0).stream("/a")[0, 0]
    assert draws(1, 0).stream("2/a")[0, 0] != draws(1, 0).stream("2a")[0, 0]


# However it is asked for


@given(replications, members, st.integers(0, 5), st.sampled_from([1, 3, 4, 50, BLOCK, 10**6]))
def test_a_member_has_the_same_number_alone_and_in_every_vector(replication, member, attempt, hint):
    number = draws(1, replication).stream(PATH)[member, attempt]
    assert draws(1, replication).stream(PATH, members=hint)[member, attempt] == number
    stream = draws(1, replication).stream(PATH)
    assert stream.vector(1, attempt, first=member)[0] == number
    if member <= 3 * BLOCK:
        assert stream.vector(member + 1, attempt)[member] == number
        assert stream.vector(member + 500, attempt)[member] == number


keys = st.tuples(st.integers(0, 2100), st.integers(0, 2))


@given(st.lists(st.tuples(st.sampled_from("ab"), keys), min_size=1))
def test_the_order_of_asking_never_matters(asked):
    def answers(questions):
        source = draws(5, 2)
        return {
            (path, key): (
                source.stream(path)[key],
                source.times(path, RESTART)[key],
                source.happens(path, 0.5)[key],
            )
            for path, key in questions
        }

    assert answers(asked) == answers(reversed(asked))


def test_times_and_chances_are_the_same_one_by_one_and_as_a_vector():
    source = draws(1, 0)
    times, chances = source.times("t", RESTART), source.happens("h", 0.3)
    assert times.vector(1500, 2).tolist() == [times[member, 2] for member in range(1500)]
    assert chances.vector(1500, 2).tolist() == [chances[member, 2] for member in range(1500)]
    assert times.vector(7, 1, first=1021).tolist() == [times[1021 + k, 1] for k in range(7)]


def test_a_vector_belongs_to_who_asked_for_it():
    source = draws(1, 0)
    for values in (source.stream("s"), source.times("t", RESTART), source.happens("h", 0.5)):
        before = values[0, 0]
        values.vector(4)[:] = 0
        assert values[0, 0] == before
        assert values.vector(1)[0] == before


def test_a_path_may_be_asked_for_again_with_something_else():
    source = draws(1, 0)
    hour = Distribution.fixed(3600.0)
    assert source.times("x", hour)[0, 0] == 3600.0
    assert source.times("x", RESTART)[0, 0] == draws(1, 0).times("x", RESTART)[0, 0]
    assert not source.happens("x", 0.0)[0, 0]
    assert source.happens("x", 1.0)[0, 0]


def test_a_path_keeps_what_it_has_drawn():
    source = draws(1, 0)
    assert source.stream("x") is source.stream("x")
    assert source.times("x", RESTART) is source.times("x", RESTART)
    assert source.happens("x", 0.5) is source.happens("x", 0.5)


def test_threads_do_not_disturb_each_other():
    expected = [draws(1, k).stream(PATH).vector(200).tolist() for k in range(300)]
    found = {}

    def work(start):
        for k in range(start, 300, 4):
            found[k] = draws(1, k).stream(PATH).vector(200).tolist()

    workers = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [found[k] for k in range(300)] == expected


# Whether anything was drawn


def test_nothing_is_drawn_until_a_random_value_is_asked_for():
    source = draws(1, 0)
    source.stream("s").vector(0)
    times, chances = source.times("t", RESTART), source.happens("h", 0.5)
    assert not source.drew
    assert isinstance(times[0, 0], float)
    assert source.drew
    assert isinstance(chances[0, 0], bool)


@pytest.mark.parametrize(
    "distribution",
    ["4min", {"uniform": {"low": "4min", "high": "4min"}}, {"empirical": {"values": ["4min"]}}],
)
def test_what_is_not_random_draws_nothing(distribution):
    source = draws(1, 0)
    times = source.times("t", Distribution.model_validate(distribution))
    assert times[5000, 3] == 240.0
    assert times.vector(3).tolist() == [240.0] * 3
    assert not source.drew


@pytest.mark.parametrize(("probability", "happens"), [(0.0, False), (1.0, True)])
def test_what_is_certain_draws_nothing(probability, happens):
    source = draws(1, 0)
    chances = source.happens("h", probability)
    assert chances[5000, 3] is happens
    assert chances.vector(3).tolist() == [happens] * 3
    assert not source.drew


@pytest.mark.parametrize(
    "use",
    [
        lambda source: source.stream("s")[0, 0],
        lambda source: source.stream("s").vector(1),
        lambda source: source.times("t", RESTART).vector(1),
        lambda source: source.happens("h", 0.5)[0, 0],
        lambda source: source.happens("h", 1e-300).vector(1),
    ],
)
def test_every_random_use_counts_as_drawn(use):
    source = draws(1, 0)
    use(source)
    assert source.drew


# Times and chances


def test_times_and_chances_follow_from_the_numbers():
    source = draws(1, 0)
    numbers = source.stream("x").vector(1000, 3, first=500)
    times = source.times("x", RESTART).vector(1000, 3, first=500)
    chances = source.happens("x", 0.3).vector(1000, 3, first=500)
    assert times.tolist() == RESTART.quantile(numbers).tolist()
    assert chances.tolist() == (numbers < 0.3).tolist()


@pytest.mark.parametrize("probability", [0.001, 0.05, 0.5, 0.98])
def test_what_has_a_probability_happens_that_often(probability):
    happened = int(draws(1, 0).happens("h", probability).vector(100_000).sum())
    assert stats.binomtest(happened, 100_000, probability).pvalue > 0.001


def test_what_happens_at_a_lower_probability_happens_at_a_higher_one():
    rare, common = (draws(1, 0).happens("h", p).vector(1000) for p in (0.1, 0.3))
    assert (common | ~rare).all()


@pytest.mark.parametrize(
    "distribution",
    [
        {"uniform": {"low": "1min", "high": "1h"}},
        {"triangular": {"low": "1min", "mode": "5min", "high": "1h"}},
        {"exponential": {"mean": "8s"}},
        {"lognormal": {"median": "4min", "p95": "9min"}},
        {"lognormal": {"mean": "5min", "sd": "1min"}},
        {"weibull": {"shape": 0.8, "scale": "1h"}},
        {"weibull": {"shape": 3, "scale": "1h"}},
        {"empirical": {"values": ["1min", "2min", "10min"]}},
        {"empirical": {"values": ["1min", "2min", "10min"], "interpolate": True}},
    ],
)
def test_drawn_times_have_the_mean_of_their_distribution(distribution):
    known = Distribution.model_validate(distribution)
    mean = student(draws(1, 0).times("x", known).vector(80_000), 0.999)
    assert mean.low <= known.mean <= mean.high
    assert mean.high - mean.low < 0.04 * known.mean


# Other processors

DRAW = """
import hashlib
from sim.formats.distributions import Distribution
from sim.core.random_streams import draws
digest = hashlib.sha256()
for text in (
    {"lognormal": {"median": "4min", "p95": "9min"}},
    {"weibull": {"shape": 1.5, "scale": "1h"}},
    {"exponential": {"mean": "8s"}},
    {"triangular": {"low": "1min", "mode": "5min", "high": "1h"}},
    {"empirical": {"values": ["1min", "2min", "10min"], "interpolate": True}},
):
    distribution = Distribution.model_validate(text)
    digest.update(draws(1, 0).times("x", distribution).vector(50_000).tobytes())
print(digest.hexdigest())
"""


def test_times_are_equal_on_a_processor_that_lacks_what_this_one_has():
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    if not found:
        pytest.skip("this processor has nothing beyond NumPy's baseline")
    poorer = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(found),
        # the C library chooses its exp and log by processor too; elsewhere this is ignored
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4",
    }
    here, there = (
        subprocess.run(
            [sys.executable, "-W", "error", "-c", DRAW],
            env=os.environ | changes,
            capture_output=True,
            text=True,
            check=True,
        )
        for changes in ({}, poorer)
    )
    assert there.stderr == ""
    assert here.stdout == there.stdout


# The mean case -----------------------------------------------------------------------------------


def test_in_the_mean_case_times_are_means_and_only_what_is_certain_happens():
    mean = MeanDraws(1, lambda _: False)
    law = Distribution.model_validate({"uniform": {"low": "1min", "high": "3min"}})
    assert mean.times("a", law).vector(3).tolist() == [120.0, 120.0, 120.0]
    assert mean.times("a", law)[7, 2] == 120.0
    chances = [mean.happens(f"b{p}", p)[0, 0] for p in (0.0, 0.99, 1.0)]
    assert chances == [False, False, True]


def test_the_mean_case_knows_whether_anything_was_random():
    fixed, by_time, by_chance, by_failures = (MeanDraws(1, lambda _: False) for _ in range(4))
    fixed.times("a", Distribution.fixed(3.0))
    fixed.happens("b", 1.0)
    by_time.times("a", Distribution.model_validate({"exponential": {"mean": "1s"}}))
    by_chance.happens("b", 0.5)
    assert not by_failures.failures_come()
    assert [each.drew for each in (fixed, by_time, by_chance, by_failures)] == [0, 1, 1, 1]


def test_what_is_spread_has_its_share_in_each_part_of_its_law():
    even = MeanDraws(1, lambda path: path == "spread")
    law = Distribution.model_validate({"uniform": {"low": "0s", "high": "100s"}})
    times = even.times("spread", law).vector(10)
    assert sorted(times.tolist()) == pytest.approx([5.0 + 10 * k for k in range(10)], abs=0.001)
    assert sum(even.happens("spread", 0.3).vector(10)) == 3
    assert times.tolist() != sorted(times.tolist())


def test_what_was_drawn_is_drawn_again_for_many_rows_at_once():
    law = Distribution.model_validate({"lognormal": {"median": "4min", "p95": "9min"}})
    rows = [(1, 7, 0), (0, 2000, 0), (1, 5, 3), (0, 0, 0), (1, 6, 0), (0, 2000, 1)]
    again, numbers = Again(5, np.array([3, 8])), [3, 8]
    columns = tuple(np.array(column) for column in zip(*rows, strict=True))
    times = [draws(5, numbers[place]).times("a/b", law)[who, k] for place, who, k in rows]
    assert again.times("a/b", law, columns).tolist() == times
    happens = [draws(5, numbers[place]).happens("a/c", 0.4)[who, k] for place, who, k in rows]
    assert again.happens("a/c", 0.4, columns).tolist() == happens
    nobody = tuple(column[:0] for column in columns)
    assert again.times("a/b", law, nobody).tolist() == []
    assert again.happens("a/b", 1.0, columns).all()
