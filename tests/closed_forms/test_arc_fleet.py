"""Answers known in advance for Arc fleets: closed forms.

Machines that nothing couples are trials of their own, so one fleet is a whole sample. Exact cases
are asserted exactly; random ones lie inside 99.9 % intervals at a fixed seed, with as many machines
as it takes for an error of 2 % to be seen (how many those are stands with each).
"""

from __future__ import annotations

from math import ceil, comb, factorial

import numpy as np
import pytest
from arc_sample import DAY, HOUR, MINUTE, Sample
from arc_story import fleet, starts
from known_answers import check, check_order, check_share, furthest, holds, reach

from sim.core.stack import Stack

WINDOW = 5 * MINUTE

# Attempts: each succeeds with p

P = 0.9


@pytest.fixture(scope="module")
def tried():
    """Machines that are tried until they are healthy.

    So many, as the standard deviation of the time to health is 3.1 times its mean, and 2 % are to
    be 3.3 standard errors.
    """
    first = {"uniform": {"low": "0s", "high": "1d"}}  # spares the queue of one instant
    return Sample(270_000, discovery=first, unhealthy="10%")


@pytest.mark.parametrize(("k", "answer"), [(1, 0.9), (2, 0.99), (3, 0.999)])
def test_after_k_attempts_1_minus_q_to_the_k_are_done(tried, k, answer):
    assert answer == pytest.approx(1 - (1 - P) ** k)
    check_share(tried.times("installing") <= k, answer)


def test_an_extension_takes_1_over_p_attempts(tried):
    check(tried.times("installing"), 1 / P)
    assert tried.metrics["attempts_mean"] == tried.times("installing").mean()


def time_to_health(sample):
    """From the start of each machine's first installation to its healthy verdict, seconds."""
    return sample.last("current") - sample.first("installing")


def test_the_mean_time_from_the_first_installation_to_a_healthy_verdict(tried):
    """2 + 5 min, and for each bad attempt, of which there are q / p, 2 + 5 + 2 min and 3 days."""
    answer = 7 + (1 - P) / P * (2 + 5 + 2 + 3 * 24 * 60)
    assert answer == pytest.approx(488.0)
    holds(time_to_health(tried) / MINUTE, answer)


def test_each_bad_attempt_costs_its_time_and_the_retry_gap_exactly(tried):
    bad = tried.times("unhealthy")
    assert np.allclose(time_to_health(tried), 7 * MINUTE + bad * (9 * MINUTE + 3 * DAY), rtol=0)


def test_what_is_lost_is_the_time_of_installations_bad_windows_and_rollbacks(tried):
    """A good health window is in service, and so is backing off."""
    bad = tried.times("unhealthy").sum()
    assert tried.metrics["rollbacks"] == bad
    lost = (tried.count + bad) * 2 * MINUTE + bad * (WINDOW + 2 * MINUTE)
    assert tried.metrics["capacity_hours_lost"] == pytest.approx(lost / HOUR, rel=1e-12)


# The compliance curve


def sum_of_uniforms(x, wide, k, narrow):
    """P(U + V_1 + ... + V_k <= x): U is uniform over [0, wide], each V over [0, narrow]."""
    total = 0.0
    for taken in (0, 1):
        for j in range(k + 1):
            left = np.maximum(x - taken * wide - j * narrow, 0.0)
            total = total + (-1) ** (taken + j) * comb(k, j) * left ** (k + 1)
    return total / (factorial(k + 1) * wide * narrow**k)


def compliance(seconds, weeks, unhealthy):
    """The share up to date: found within some weeks, tried again 2 to 4 days after each rollback.

    More than 12 bad attempts in a row are too rare to be seen.
    """
    days = np.asarray(seconds) / DAY
    good, bad = (9 * MINUTE) / DAY, (11 * MINUTE) / DAY
    return sum(
        (1 - unhealthy)
        * unhealthy**k
        * sum_of_uniforms(days - good - k * (bad + 2), 7 * weeks, k, 2.0)
        for k in range(13)
    )


@pytest.fixture(scope="module", params=[(8, 0.1), (1, 0.4)], ids=["as documented", "often bad"])
def spread(request):
    """A fleet and its law. Default times of retries, installations of 4 minutes.

    So many, as the distance of two shares is then told to 1.1 %, and a delay of 2 % moves the
    curve by more.
    """
    weeks, unhealthy = request.param
    run = Sample(
        30_000,
        horizon="120d",
        discovery={"uniform": {"low": "0s", "high": f"{weeks}w"}},
        install="4min",
        retry_after=None,
        unhealthy=unhealthy,
    )
    return run, lambda seconds: compliance(seconds, weeks, unhealthy)


def test_the_compliance_curve_is_the_law_of_discovery_and_retries(spread):
    run, law = spread
    done = run.last("current")
    assert furthest(done, law) < reach(run.count)
    for wrong in (0.98, 1.02):
        assert furthest(done * wrong, law) > reach(run.count)


@pytest.mark.parametrize("percent", [50, 90, 99])
def test_the_time_to_a_share_is_where_the_curve_has_it(spread, percent):
    run, law = spread
    seconds = run.metrics[f"time_to_{percent}"]
    rank = ceil(percent * run.count / 100)
    assert seconds == np.sort(run.last("current"))[rank - 1]
    check_order(rank, run.count, law(seconds))


def test_without_failures_the_curve_is_a_straight_line_of_eight_weeks():
    """The last one, in the mean, at n / (n + 1) of the way; all within the 8 weeks and 9 minutes."""
    run = Sample(1000, discovery={"uniform": {"low": "0s", "high": "56d"}}, install="4min")
    done = run.last("current")
    assert furthest(done, lambda t: np.clip((t - 540.0) / (56 * DAY), 0, 1)) < reach(1000)
    assert done.max() < 56 * DAY + 540
    assert run.metrics["rollout_duration"] == done.max()


# Those that never get there


OFTEN_BAD = {"unhealthy": "80%", "rollback_fails": "50%", "retry_after": "1h", "horizon": "5d"}
"""Of the attempts a share q = 0.8 is bad, and of their rollbacks a share f = 0.5 fails."""


def test_the_share_of_machines_that_are_stuck():
    """q f of the attempts get stuck, p are good, and the others are tried again.

    The standard deviation of the rollbacks is 0.9 times their mean: 22,000 machines tell 2 %.
    """
    run = Sample(22_000, **OFTEN_BAD)
    stuck = run.times("failed")
    holds(stuck, 2 / 3)
    holds(run.times("installing"), 5 / 3)
    holds(run.times("rolling_back"), 4 / 3)
    assert run.metrics["stuck_machines"] == stuck.sum()
    assert run.metrics["updated_share"] == pytest.approx(1 - stuck.mean())
    # It has ended, with failed machines: that is not finished.
    assert run.metrics["finished"] == 0
    assert run.metrics["ended_in"] > 0


@pytest.mark.parametrize("most", [1, 2, 3])
def test_after_the_last_attempt_those_are_stuck_too_that_are_given_up(most):
    """Good are p (1 + r + r**2 ...), with r = q (1 - f) for each attempt that is tried again."""
    good = 0.2 * sum(0.4**k for k in range(most))
    run = Sample(5000, max_attempts=most, **OFTEN_BAD)
    check_share(run.times("failed") == 1, 1 - good)
    assert run.times("installing").max() == most


def test_a_release_that_is_bad_on_a_share_of_the_machines_reaches_the_others():
    run = Sample(5000, horizon="20d", release={"unhealthy": {"machines": "20%"}})
    healthy = run.times("watching") == 1
    check_share(healthy, 0.8)
    assert run.metrics["updated_share"] == healthy.mean()
    tried = run.times("installing")
    assert (tried[healthy] == 1).all()
    gaps = int(19 * DAY // (3 * DAY + 9 * MINUTE))
    assert (tried[~healthy] >= gaps).all()


# Machines that are away


def test_disconnected_machines_start_when_they_are_back():
    """8 h on, 16 h off: a third starts at once, the others within a time uniform over 16 h.

    The mean delay is 16 / 3 h and so is its standard deviation: 27,000 machines tell 2 %.
    """
    away = {"share": "100%", "on": "8h", "off": "16h"}
    run = Sample({"m": {"count": 30_000, "disconnected": away}}, horizon="2d")
    first = run.last("current") - 7 * MINUTE
    assert run.times("installing").max() == 1
    delay = run.last("installing")
    assert (delay == first).all()
    holds(delay / HOUR, 16 / 3)
    check_share(delay == 0, 1 / 3)
    late = delay[delay > 0]
    assert furthest(late, lambda t: t / (16 * HOUR)) < reach(len(late))
    assert run.metrics["updated_share"] == 1


@pytest.mark.parametrize("hours", [0, 1, 20])
def test_random_times_of_absence_begin_as_at_any_other_time(hours):
    """A mean of 8 h on and 16 h off: two thirds are away at every instant from 0 on.

    The wait of those is what is left of an absence that is met by its length: of times even over
    0 to 32 h a share (1 - x / 32)**2 lasts longer than x.
    """
    off = {"uniform": {"low": "0s", "high": "32h"}}
    away = {"share": "100%", "on": {"exponential": {"mean": "8h"}}, "off": off}
    release = f"at: {hours}h, publish_extension: {{type: A, version: 1.1}}"
    if not hours:
        release = release.replace("0h", "1ms")
    machines = f"groups: {{m: {{count: 20000, disconnected: {away}}}}}".replace("'", "")
    run = fleet(release, machines=machines, horizon="4d")
    rows = run.log.rows[run.log.subjects.one("p", "extension").first <= run.log.rows["subject"]]
    first = rows["time"][rows["new"] % 9 == 3]
    assert len(first) == 20_000
    wait = np.sort(first - hours * HOUR)
    check_share(wait > 0.01, 2 / 3)
    late = wait[wait > 0.01]
    assert furthest(late, lambda t: 1 - (1 - t / (32 * HOUR)) ** 2) < reach(len(late))


# Several at once


def test_a_batch_of_three_takes_one_after_the_other():
    """Three windows and the sum of three installations: an Erlang time, 2 % told by 9,100."""
    install = {"exponential": {"mean": "4min"}}
    run = Sample(10_000, "ABC", horizon="5d", discovery="6h", install=install)
    begin, done = run.last("installing").reshape(3, -1), run.last("current").reshape(3, -1)
    assert (begin[0] == 6 * HOUR).all()
    assert (begin[1:] == done[:-1]).all()
    work = (done[2] - 6 * HOUR - 3 * WINDOW) / (4 * MINUTE)
    holds(work, 3)
    assert furthest(work, lambda t: 1 - np.exp(-t) * (1 + t + t**2 / 2)) < reach(len(work))


@pytest.mark.parametrize(("limit", "at_once"), [(1, 1), (7, 7), ("20%", 20), ("100%", 100)])
def test_at_most_so_many_at_once_take_waves_of_one_attempt(limit, at_once):
    run = Sample(100, max_concurrent=limit)
    assert run.metrics["rollout_duration"] == ceil(100 / at_once) * 7 * MINUTE


def test_thirty_exponential_installations_three_at_a_time():
    """27 go as one of three becomes free, then three run out: s (9 + H_3), s = 1 h.

    Its standard deviation is 0.19 times that: 1,010 runs tell 2 %.
    """
    install = {"exponential": {"mean": "1h"}}
    simulation = fleet(
        machines="machines: 30", install=install, verdict="early", max_concurrent=3, horizon="5d"
    ).simulation
    stack = Stack([simulation.run(k) for k in range(1010)])
    values, _ = simulation.models["p"].measure(stack, 0.0)
    holds(values["", "rollout_duration"] / HOUR, 9 + 1 + 1 / 2 + 1 / 3)


def test_the_share_up_to_date_at_the_end_of_each_month_of_a_calendar():
    """Releases every 30 days, found within 56.

    A machine that tried the newest waits for the next release; so the intervals in which it tries
    are a renewal process: none since release m is the product of not having found m, m + 1, ...
    """
    gap, wide, n, months = 30, 56, 4000, 6
    releases = "\n".join(
        f"at: {k * gap + 1}d, publish_extension: {{type: A, version: 1.{k + 1}}}"
        for k in range(months)
    )
    spread = f"{{uniform: {{low: 0s, high: {wide}d}}}}"
    run = fleet(
        releases,
        machines=f"machines: {n}",
        discovery=spread,
        install="0s",
        verdict="early",
        horizon=f"{months * gap + 1}d",
    )
    begun = np.zeros((months, n), bool)
    for k in range(n):
        for time in starts(run, f"A of machines-{k}"):
            begun[int((time / DAY - 1) // gap), k] = True

    def none(first, until):
        """No release from number `first` on is found before release `until` comes."""
        return np.prod([1 - min((until - k) * gap / wide, 1) for k in range(first, until)])

    tries = []
    for k in range(months):
        before = [1.0, *tries]  # the last try was before release 0, or in month j - 1
        tries.append(sum(p * (none(j, k) - none(j, k + 1)) for j, p in enumerate(before)))
    for k in range(months):
        check_share(begun[k], tries[k])
