"""Baselines: what a record comes down to, that none looks past its origin, and how sure skill is."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hudna.case.observations import Row
from hudna.errors import InputError
from hudna.judge.baselines import BASELINES, climatology, history_bootstrap, last_value, poisson_trailing
from hudna.judge.record import Record
from hudna.judge.skill import coverage, skill

Z_LIMIT = 5.73
DAY = dt.timedelta(days=1)
FIRST = dt.date(2024, 1, 1)


def row(a, b, value, qualifier="exact", confidence="high", counter="", signals=("a",)):
    """A row from day `a` to day `b`, both counted from 0."""
    return Row(
        start=FIRST + a * DAY, end=FIRST + b * DAY, signal=" + ".join(signals), signals=signals, kind="events",
        value=float(value), state="", qualifier=qualifier, word=qualifier, counter=counter, confidence=confidence,
        use="likelihood", source="", note="", line=0,
    )  # fmt: skip


def intervals(*rows, **more):
    return [((i.start - FIRST).days, (i.end - FIRST).days, i.count) for i in Record.from_rows(rows, **more).intervals]


# ---- The record --------------------------------------------------------------------------------------------------


def test_running_totals_are_differenced():
    assert intervals(row(0, 20, 30), row(0, 9, 10), row(0, 30, 30)) == [(0, 9, 10), (10, 20, 20), (21, 30, 0)]


def test_a_total_gives_what_is_left_to_the_days_of_which_nothing_is_known():
    assert intervals(row(0, 9, 12), row(2, 4, 5)) == [(0, 1, 2.0), (2, 4, 5), (5, 9, 5.0)]
    assert intervals(row(0, 9, 4), row(2, 4, 5)) == [(0, 1, 0), (2, 4, 5), (5, 9, 0)]


def test_what_is_between_is_not_known():
    record = Record.from_rows([row(0, 3, 4), row(10, 13, 8)])
    assert [(i.days, i.count) for i in record.intervals] == [(4, 4), (4, 8)]
    assert record.known == 8
    assert record.count(FIRST + 2 * DAY, 10) == (2 * 1 + 2 * 2, 4)
    assert record.count(FIRST - 50 * DAY, 40) == (0, 0)
    assert record.latest(6) == (2 + 8, 6)
    assert Record(()).count(FIRST, 7) == Record(()).latest(7) == (0, 0)


def test_high_confidence_goes_first_and_exact_before_approximate():
    sure, unsure = row(0, 9, 10), row(0, 9, 50, confidence="low")
    assert intervals(unsure, sure) == intervals(sure, unsure) == [(0, 9, 10)]
    assert intervals(row(0, 9, 50, qualifier="approx"), sure) == [(0, 9, 10)]
    # A finer row of low confidence divides the total, it doesn't change it; one that contradicts it gives nothing.
    assert intervals(sure, row(5, 9, 0, confidence="low")) == [(0, 4, 10), (5, 9, 0)]
    assert intervals(sure, row(5, 9, 11, confidence="low")) == [(0, 9, 10)]


def test_bounds_and_other_counters_are_left_out():
    rows = row(0, 9, 10), row(10, 19, 3, qualifier="at_least"), row(10, 19, 14, counter="claims")
    assert intervals(*rows) == [(0, 9, 10)]
    assert intervals(*rows, counters={"claims"}) == [(10, 19, 14)]


def test_a_total_divides_the_one_interval_that_it_cuts():
    high = row(0, 4, 3), row(0, 14, 23)
    assert intervals(*high, row(0, 9, 7, confidence="low")) == [(0, 4, 3), (5, 9, 4), (10, 14, 16)]
    assert intervals(*high, row(0, 9, 24, confidence="low")) == [(0, 4, 3), (5, 14, 20)]
    assert intervals(*high, row(0, 9, 2, confidence="low")) == [(0, 4, 3), (5, 14, 20)]
    # It cuts two, and nobody knows what to give to which.
    assert intervals(row(0, 4, 5), row(5, 9, 5), row(3, 6, 1, confidence="low")) == [(0, 4, 5), (5, 9, 5)]


def test_a_row_that_ends_on_the_origin_was_not_known():
    record = Record.from_rows([row(0, 9, 10), row(0, 10, 11)])
    assert record.before(FIRST + 11 * DAY) == record
    assert record.before(FIRST + 10 * DAY) == Record.from_rows([row(0, 9, 10)])


def test_nothing_up_to_a_later_day_is_nothing_up_to_the_origin():
    record = Record.from_rows([row(0, 9, 10), row(10, 30, 0)])
    assert record.before(FIRST + 20 * DAY) == Record.from_rows([row(0, 9, 10), row(10, 19, 0)])
    assert record.before(FIRST + 10 * DAY) == Record.from_rows([row(0, 9, 10)])


def test_the_parts_of_a_sum_tell_where_its_own_rows_are_silent():
    north, south, both = ("a.north",), ("a.south",), ("a.north", "a.south")
    rows = [
        row(0, 9, 40, signals=both),
        row(0, 13, 12, signals=north),
        row(14, 19, 3, signals=north),
        row(5, 19, 15, signals=south),
        row(15, 24, 10, signals=("a.east",)),
    ]
    found = Record.from_rows(rows, signals=both)
    assert [(i.days, i.count) for i in found.intervals] == [
        (10, 40),
        (4, pytest.approx(4 * (12 / 14 + 1))),
        (6, pytest.approx(6 * (3 / 6 + 1))),
    ]
    assert found.count(FIRST, 100)[1] == found.known == 20
    early = found.before(FIRST + 19 * DAY)  # nothing is known of the south yet
    assert [(i.days, i.count) for i in early.intervals] == [(10, 40)]
    assert Record.from_rows(rows[1:3], signals=both).known == 0
    assert Record.from_rows(rows[1:], signals=both).known == 15


rows_of_a_table = st.lists(
    st.builds(
        lambda a, days, value, qualifier, confidence: row(
            a, a + days, value, qualifier=qualifier, confidence=confidence
        ),
        st.integers(0, 300),
        st.integers(0, 60),
        st.integers(0, 40),
        st.sampled_from(["exact", "approx", "at_least"]),
        st.sampled_from(["high", "medium", "low"]),
    ),
    min_size=1,
    max_size=12,
)


@given(rows_of_a_table, st.randoms())
@settings(max_examples=150, deadline=None)
def test_intervals_are_disjoint_and_the_order_of_the_table_says_nothing(rows, random):
    found = Record.from_rows(rows).intervals
    assert all(a.end < b.start for a, b in itertools.pairwise(found))
    assert all(interval.count >= 0 for interval in found)
    days = {r.start + i * DAY for r in rows if r.qualifier != "at_least" for i in range((r.end - r.start).days + 1)}
    assert {i.start + k * DAY for i in found for k in range(i.days)} == days
    turned = list(rows)
    random.shuffle(turned)
    assert Record.from_rows(turned).intervals == found


# ---- No look past the origin -------------------------------------------------------------------------------------


def forecast_or_not(name, rows, origin, days):
    try:
        found = BASELINES[name].forecast(Record.from_rows(rows), origin, days)
    except InputError:
        return None
    return found.counts.tolist(), found.cumulative.tolist(), found.log_score(3)


def assert_blind(rows, origin, days):
    """Rows that end later go, but for one that says exactly that nothing happened, which is cut."""
    known = [r for r in rows if r.end < origin]
    silent = [r for r in rows if r.value == 0 and r.qualifier == "exact"]
    known += [replace(r, end=origin - DAY) for r in silent if r.end >= origin > r.start]
    for name in BASELINES:
        assert forecast_or_not(name, rows, origin, days) == forecast_or_not(name, known, origin, days)


@given(rows_of_a_table, st.integers(1, 360), st.integers(1, 100))
@settings(max_examples=100, deadline=None)
def test_no_baseline_looks_past_its_origin(rows, at, days):
    assert_blind(rows, FIRST + at * DAY, days)


def test_one_that_looks_past_its_origin_is_found_out(monkeypatch):
    rows = [row(0, 69, 20), row(0, 120, 60), row(90, 120, 30)]  # the last two say what came before day 90, later
    assert_blind(rows, FIRST + 90 * DAY, 28)
    monkeypatch.setattr(Record, "before", lambda self, origin: Record(tuple(r for r in self.rows if r.start < origin)))
    with pytest.raises(AssertionError):
        assert_blind(rows, FIRST + 90 * DAY, 28)


# ---- The baselines -----------------------------------------------------------------------------------------------


def weekly(counts):
    return Record.from_rows([row(7 * i, 7 * i + 6, n) for i, n in enumerate(counts)])


def test_trailing_rate_is_of_the_last_weeks_and_half_a_count():
    record = weekly([10] * 20 + [1] * 8)
    origin = FIRST + 28 * 7 * DAY
    assert poisson_trailing(record, origin, 28).mean == pytest.approx((8 + 0.5) / 8 * 4, rel=1e-9)
    assert poisson_trailing(record, origin, 28, weeks=26).mean == pytest.approx((188 + 0.5) / 26 * 4, rel=1e-9)
    assert BASELINES["poisson_26"].forecast(record, origin, 28).mean == pytest.approx(188.5 / 26 * 4, rel=1e-9)


def test_trailing_rate_reaches_back_over_days_of_which_nothing_is_known():
    record = weekly([2] * 10)
    much_later = FIRST + 400 * DAY
    assert poisson_trailing(record, much_later, 7).mean == pytest.approx(16.5 / 8, rel=1e-9)
    assert poisson_trailing(record, FIRST + 21 * DAY, 7).mean == pytest.approx(6.5 / 3, rel=1e-9)


def test_last_value():
    record = weekly([9, 9, 9, 9, 1, 2, 3, 4])
    assert last_value(record, FIRST + 56 * DAY, 28).mean == pytest.approx(10.5, rel=1e-9)
    assert last_value(record, FIRST + 7 * DAY, 28).mean == pytest.approx(9 * 4 + 0.5, rel=1e-9)


def test_climatology_has_the_moments_of_the_past():
    counts = np.random.default_rng(0).negative_binomial(2, 0.1, 200)
    record = weekly(counts)
    forecast = climatology(record, FIRST + 1400 * DAY, 7)
    mean = counts.mean() + 0.5 / 200
    assert forecast.mean == pytest.approx(mean, rel=1e-6)
    assert forecast.sd**2 == pytest.approx(counts.var(ddof=1), rel=1e-4)


def test_climatology_of_a_short_past_is_broad():
    record = weekly([3, 1, 2])
    forecast = climatology(record, FIRST + 21 * DAY, 7)
    assert forecast.mean == pytest.approx(6.5 / 3, rel=1e-9)
    assert forecast.sd**2 == pytest.approx(6.5 / 3 + (6.5 / 3) ** 2, rel=1e-9)
    longer = climatology(record, FIRST + 21 * DAY, 70)
    assert longer.mean == pytest.approx(65 / 3, rel=1e-9)


def test_bootstrap_is_the_windows_of_the_past():
    counts = [0, 0, 5, 1, 0, 7, 7, 2]
    record = weekly(counts)
    forecast = history_bootstrap(record, FIRST + 56 * DAY, 7)
    assert forecast.crps(3) == pytest.approx(
        np.mean(np.abs(np.array(counts) - 3)) - np.abs(np.subtract.outer(counts, counts)).mean() / 2, abs=1e-12
    )
    assert math.isfinite(forecast.log_score(100))
    divided = history_bootstrap(Record.from_rows([row(0, 13, 5)]), FIRST + 14 * DAY, 7)  # two and a half a week
    assert (divided.at_most(1), divided.at_most(2), divided.mean) == (0, 0.5, 2.5)


@pytest.mark.parametrize("name", BASELINES)
def test_zero_is_never_certain(name):
    forecast = BASELINES[name].forecast(weekly([0] * 60), FIRST + 420 * DAY, 28)
    assert (
        0 < forecast.mean < 2 or name == "bootstrap"
    )  # windows that were all 0 are all 0; its log score isn't so sure
    assert forecast.at_least(1) > 0.005 or name == "bootstrap"
    assert 3 < forecast.log_score(3) < 30


@pytest.mark.parametrize("name", BASELINES)
def test_without_a_past_there_is_no_baseline(name):
    with pytest.raises(InputError, match="no count from before 2024-01-01"):
        BASELINES[name].forecast(weekly([1, 2]), FIRST, 28)
    with pytest.raises(InputError, match="at least one day"):
        BASELINES[name].forecast(weekly([1, 2]), FIRST + 14 * DAY, 0)


def test_baselines_have_names_in_both_languages():
    names = [baseline.name for baseline in BASELINES.values()]
    assert len({name.en for name in names}) == len({name.get("ar") for name in names}) == len(names)
    assert all(name.ar for name in names)


def shortfall_z(forecast, length, runs=300):
    """By how many standard errors the 90 % interval holds too little, where weeks are independent and alike."""
    rng = np.random.default_rng(3)
    inside, exact = np.empty(runs), np.empty(runs)
    for i in range(runs):
        counts = rng.negative_binomial(1, 0.2, 208 + length)
        found = forecast(weekly(counts[:208]), FIRST + 1456 * DAY, 7 * length)
        low, high = found.interval(0.9)
        inside[i] = low <= counts[208:].sum() <= high
        exact[i] = found.at_most(high) - found.at_most(low - 1)
    return (exact.mean() - inside.mean()) / math.sqrt(0.9 * 0.1 / runs)


@pytest.mark.parametrize("length", [4, 13])
def test_climatology_is_calibrated_where_the_past_is_as_the_future(length):
    assert abs(shortfall_z(climatology, length)) < Z_LIMIT
    with pytest.raises(AssertionError):  # weeks are more spread than a Poisson
        assert abs(shortfall_z(last_value, length)) < Z_LIMIT


# ---- Skill -------------------------------------------------------------------------------------------------------


def test_skill_is_paired():
    ours, theirs = np.array([1.0, 3.0, 2.0, 2.0]), np.array([2.0, 4.0, 3.0, 3.0])
    found = skill(ours, theirs, block=1)
    assert (found.skill, found.difference, found.n) == (pytest.approx(1 - 2 / 3), -1, 4)
    assert found.difference_low == found.difference_high == -1  # the same at every origin
    assert found.low < found.skill < found.high <= 1
    assert skill(ours, theirs, block=1) == found
    other = np.random.default_rng(0).gamma(2, 1, 30)
    assert skill(other, np.ones(30), block=3) == skill(other, np.ones(30), block=3)
    assert skill(other, np.ones(30), block=3) != skill(other, np.ones(30), block=3, seed=1)


def test_few_blocks_tell_nothing():
    found = skill([1.0] * 8, [2.0] * 8, block=3)
    assert found.skill == 0.5
    assert np.isnan([found.low, found.high, found.difference_low, found.difference_high]).all()
    assert not np.isnan(skill([1.0] * 9, [2.0] * 9, block=3).low)
    held = coverage([True, True], block=3)
    assert (held.share, held.low, held.high) == (1, 0, 1)


def test_nothing_to_compare_with():
    assert np.isnan(skill([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], block=1).skill)


@pytest.mark.parametrize(
    "call",
    [
        lambda: skill([1.0, 2.0], [1.0], block=1),
        lambda: skill([], [], block=1),
        lambda: skill([1.0, np.nan], [1.0, 1.0], block=1),
        lambda: skill([1.0, 2.0], [1.0, 1.0], block=0),
        lambda: coverage([[True]], block=1),
    ],
)
def test_wrong_scores_are_refused(call):
    with pytest.raises(InputError):
        call()


def test_coverage_of_all_or_none_is_not_certain():
    assert coverage([True] * 12, block=3).low < 0.5
    assert coverage([False] * 12, block=3).high > 0.5
    mixed = coverage([True, False] * 20, block=1)
    assert 0.3 < mixed.low < 0.4 < 0.6 < mixed.high < 0.7
    wide = coverage(([True] * 10 + [False] * 10) * 2, block=10)
    assert wide.high - wide.low > 2 * (mixed.high - mixed.low)


def held(block, *, reach, n=24, runs=400):
    """How often the interval holds the true mean of 0, over scores whose windows overlap `reach` origins."""
    rng = np.random.default_rng(8)
    hits = 0
    for _ in range(runs):
        noise = rng.gamma(1, 1, n + reach - 1) - 1
        d = np.convolve(noise, np.ones(reach) / reach, "valid")
        found = skill(5 + d, np.full(n, 5.0), block=block, repeats=300)
        hits += found.difference_low <= 0 <= found.difference_high
    return hits / runs


def test_blocks_hold_what_overlapping_windows_hide():
    assert held(4, reach=4) > 0.76  # 0.8 to 0.86 is said; the standard error is 0.02
    with pytest.raises(AssertionError):
        assert held(1, reach=4) > 0.76
