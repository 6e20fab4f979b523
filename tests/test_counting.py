"""Counts drawn to agree with what was seen: their weights and their distribution against brute-force enumeration."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise, product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from scipy import special, stats

from hudna.case.observations import Row
from hudna.learn import discrete
from hudna.learn.counting import Counted, Sums, Week, _Draw, add_up, draw_counts
from hudna.learn.likelihood import Report
from hudna.learn.timetable import Gauge, Timetable, timetable

from .conftest import Z_LIMIT
from .histories import BEGIN

STEP_DAYS = 4
NODES = ("a", "b")
N_PATHS = 20_000


@dataclass(frozen=True)
class Puzzle:
    """Nodes at fixed rates a step, and rows (nodes, first day, day after the last, report)."""

    rates: tuple[float, ...]
    steps: int
    rows: tuple[tuple[tuple[int, ...], int, int, Report], ...]

    def table(self) -> Timetable:
        """The rows laid out, over a program of which nothing else is asked."""
        nothing = SimpleNamespace(name=())
        program: Any = SimpleNamespace(
            start=BEGIN, step_days=STEP_DAYS, n_steps=self.steps, parameters=(),
            day=lambda t: BEGIN + dt.timedelta(days=t * STEP_DAYS),
            place=lambda day: (day - BEGIN).days / STEP_DAYS,
            events=SimpleNamespace(name=NODES[: len(self.rates)]), responses=nothing, regimes=nothing, levels=nothing,
        )  # fmt: skip
        rows = [
            Row(
                start=BEGIN + dt.timedelta(days=first), end=BEGIN + dt.timedelta(days=last - 1), signal="",
                signals=tuple(NODES[n] for n in nodes), kind="events", value=report.value, state="",
                qualifier=report.qualifier, word="", counter="", confidence=report.confidence, use="likelihood",
                source="", note="", line=line,
            )
            for line, (nodes, first, last, report) in enumerate(self.rows)
        ]  # fmt: skip
        return timetable(program, rows, {})

    def draw(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Counts by node and step, shape (node, step, path), and log weights."""
        table, sums = self.table(), Sums()
        random = np.random.default_rng(seed)
        counts = np.zeros((len(self.rates), self.steps, N_PATHS))
        weight = np.zeros((1, N_PATHS))
        for t in range(self.steps):
            begin = BEGIN + dt.timedelta(days=t * STEP_DAYS)
            means = {node: np.full((1, N_PATHS), rate) for node, rate in enumerate(self.rates)}
            week = Week(begin, begin + dt.timedelta(days=STEP_DAYS), means, np.zeros((1, 0)), (seed,))
            parts, likely = draw_counts(week, table, t, sums, random)
            weight += likely
            for part in parts:
                for node, n in part.counts.items():
                    counts[node, t] += n[0]
        return counts, weight[0]

    def exact(self, most: float = 4e5) -> tuple[float, np.ndarray]:
        """Probability of all reports, and the mean count of each node over all days, by enumeration.

        Days between two cuts are one cell; each node's counts in the cells are independent Poisson. NaN if there are
        more than `most` combinations.
        """
        cuts = sorted({0, self.steps * STEP_DAYS, *(day for _, a, b, _ in self.rows for day in (a, b))})
        cells = [(node, a, b) for a, b in pairwise(cuts) for node in range(len(self.rates))]
        cells = [c for c in cells if any(c[0] in r[0] and r[1] <= c[1] and c[2] <= r[2] for r in self.rows)]
        means = [self.rates[node] * (b - a) / STEP_DAYS for node, a, b in cells]
        tops = [int(stats.poisson.isf(1e-9 / len(cells), mean)) + 1 for mean in means]
        if np.prod([top + 1.0 for top in tops]) > most:
            return float("nan"), np.zeros(0)
        grid = np.array(list(product(*(range(top + 1) for top in tops))))
        log = sum(stats.poisson.logpmf(grid[:, c], mean) for c, mean in enumerate(means))
        for nodes, first, last, report in self.rows:
            inside = [c for c, (node, a, b) in enumerate(cells) if node in nodes and first <= a and b <= last]
            log = log + report.log_likelihood(grid[:, inside].sum(axis=1).astype(float))
        chance = np.exp(log)
        total = float(chance.sum())
        found = np.zeros(len(self.rates))
        for c, (node, _, _) in enumerate(cells):
            found[node] += (chance @ grid[:, c]) / total if total else 0.0
        return total, found

    def days_seen(self) -> list[set[int]]:
        """The days of each node in which it is counted by somebody, by which `exact` and `draw` agree."""
        return [
            {d for nodes, a, b, _ in self.rows if node in nodes for d in range(a, b)} for node in range(len(self.rates))
        ]


SETS = [((0, 1), (0,), (1,)), ((0,), (1,)), ((0, 1),), ((0, 1), (1,)), ((0,),)]
REPORTS = st.builds(
    Report,
    st.integers(0, 4).map(float),
    st.sampled_from(["exact", "exact", "exact", "at_least", "approx"]),
    st.sampled_from(["high", "high", "high", "medium", "low"]),
)


@st.composite
def puzzles(draw: st.DrawFn) -> Puzzle:
    steps = draw(st.integers(1, 2))
    days = steps * STEP_DAYS
    sets = draw(st.sampled_from(SETS))
    rates = draw(st.tuples(*(st.sampled_from([0.2, 0.5, 1.0]) for _ in range(2))))
    rows = []
    for nodes in sets:
        for _ in range(draw(st.integers(1, 1 if len(sets) > 2 else 2))):
            first = draw(st.sampled_from([0, 0, 2, STEP_DAYS] if steps > 1 else [0, 0, 2]))
            last = draw(st.sampled_from([d for d in (3, STEP_DAYS, 6, days) if first < d <= days]))
            if all((nodes, first, last) != row[:3] for row in rows):
                rows.append((nodes, first, last, draw(REPORTS)))
    return Puzzle(rates, steps, tuple(rows))


def zs(puzzle: Puzzle, seed: int, exact: float, means: np.ndarray) -> list[float]:
    """How far weights are from the probability, and weighted counts from the conditional means, in standard errors."""
    counts, log_weight = puzzle.draw(seed)
    weight = np.exp(log_weight) / exact
    whole = set(range(puzzle.steps * STEP_DAYS))
    found = [weight - 1]
    for node, seen in enumerate(puzzle.days_seen()):
        if seen:
            unseen = puzzle.rates[node] * len(whole - seen) / STEP_DAYS if drawn(puzzle, node) else 0.0
            found.append(weight * (counts[node].sum(axis=0) - means[node] - unseen))
    out = []
    for sample in found:
        error = sample.std(ddof=1) / np.sqrt(sample.size)
        out.append(float(sample.mean() / error) if error > 1e-9 else (0.0 if abs(sample.mean()) < 1e-6 else np.inf))
    return out


def drawn(puzzle: Puzzle, node: int) -> bool:
    """Whether a node is drawn in every step: its family is seen in each."""
    table = puzzle.table()
    (family,) = (f for f, other in enumerate(table.families) if node in other.nodes)
    return all(step[family] for step in table.pieces)


QUICK = settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@QUICK
@given(puzzle=puzzles(), seed=st.integers(0, 2**32))
def test_any_rows_weigh_what_they_are_likely(puzzle: Puzzle, seed: int) -> None:
    exact, means = puzzle.exact()
    assume(exact > 1e-3)  # below, a few paths decide, and errors are not normal
    assume(all(drawn(puzzle, node) for node, seen in enumerate(puzzle.days_seen()) if seen))
    assert max(map(abs, zs(puzzle, seed, exact, means))) < Z_LIMIT


NESTED = Puzzle(
    (0.5, 1.0), 2,
    (
        ((0, 1), 0, 8, Report(4.0, "exact", "high")),
        ((0,), 0, 8, Report(2.0, "exact", "high")),
        ((0, 1), 2, 6, Report(1.0, "exact", "medium")),
    ),
)  # fmt: skip
SHARES = discrete.shares
BUGS = {
    "a guess that is kept": (_Draw, "_guessed", lambda self, gauge, total: total),
    "no guess of the part": (discrete, "shares", lambda *given: (*SHARES(*given)[:2], np.zeros(given[0].shape))),
    "a sum that starts anew": (_Draw, "_so_far", lambda self, gauge: np.zeros((1, N_PATHS))),
}  # fmt: skip


@pytest.mark.parametrize("bug", [None, *BUGS])
def test_planted_bugs_are_seen(bug: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    exact, means = NESTED.exact(3e6)
    if bug is not None:
        monkeypatch.setattr(*BUGS[bug])
    worst = max(max(map(abs, zs(NESTED, seed, exact, means))) for seed in range(3))
    assert (worst < Z_LIMIT) == (bug is None)


def test_counts_have_the_distribution_that_they_have_given_the_rows() -> None:
    """Two nodes whose sum over two steps is known: binomial in time and place, weighted draws against all cells."""
    puzzle = Puzzle((0.5, 1.0), 2, (((0, 1), 0, 8, Report(5.0, "exact", "high")),))
    shares = np.array([0.5, 1.0, 0.5, 1.0]) / 3
    counts, log_weight = puzzle.draw(3)
    cells = np.stack([counts[0, 0], counts[1, 0], counts[0, 1], counts[1, 1]])
    np.testing.assert_array_equal(cells.sum(axis=0), 5)
    weight = np.exp(log_weight - stats.poisson.logpmf(5, 3))
    for c, share in enumerate(shares):
        for k in range(6):
            sample = weight * ((cells[c] == k) - stats.binom.pmf(k, 5, share))
            assert abs(sample.mean() / (sample.std() / np.sqrt(sample.size))) < Z_LIMIT
    even = weight * ((cells[0] == 0) - stats.binom.pmf(0, 5, 1 / 4))
    assert abs(even.mean() / (even.std() / np.sqrt(even.size))) > Z_LIMIT


def test_a_split_of_an_exact_count_is_binomial() -> None:
    puzzle = Puzzle((0.5, 1.0), 1, (((0, 1), 0, 4, Report(6.0, "exact", "high")),))
    counts, log_weight = puzzle.draw(8)
    np.testing.assert_allclose(log_weight, stats.poisson.logpmf(6, 1.5), rtol=1e-12)
    seen = np.bincount(counts[0, 0].astype(int), minlength=7)
    assert stats.chisquare(seen, N_PATHS * stats.binom.pmf(np.arange(7), 6, 1 / 3)).pvalue > 1e-8
    assert stats.chisquare(seen, N_PATHS * stats.binom.pmf(np.arange(7), 6, 1 / 2)).pvalue < 1e-8


# Choosing ---------------------------------------------------------------------------------------------------


def test_counts_beyond_the_table_of_factorials() -> None:
    shape = (1, 3)
    n = 200_000.0
    at = np.full(shape, n)
    report = Report(n, "exact", "high")
    mean = np.array([[n, n + 500, n - 500]])
    _, total, _ = discrete.sums(mean, [at], [report], np.full(shape, 0.5))
    np.testing.assert_allclose(total, stats.poisson.logpmf(n, mean), rtol=1e-6)
    chosen, _, guess = discrete.sums(np.full(shape, 1.0), [at], [report], np.full(shape, 0.5), at, 1e-6)
    np.testing.assert_allclose(
        guess - special.gammaln(0.5),  # it needs no constants
        stats.nbinom.logpmf(n - chosen, 0.5, 1 / (1 + 2 * (n + 0.05))),
        rtol=1e-6,
    )


def test_a_guess_is_what_the_choice_uses() -> None:
    """Over all counts, P(n) x guess adds up to the total that is returned, parts alike."""
    tail = np.geomspace(1e-15, 0.5, 2000)
    u = np.concatenate([tail, 1 - tail])[None, :]  # so that every count that matters is chosen by some path
    mean, missing, later = np.full(u.shape, 3.0), np.full(u.shape, 7.0), np.full(u.shape, 4.0)
    n, total, guess = discrete.sums(mean, [missing], [Report(7.0, "exact", "low")], u, later, 0.5)
    assert np.unique(n).size > 12
    np.testing.assert_allclose(np.exp(total), added_up(n, stats.poisson.pmf(n, 3.0) * np.exp(guess)), rtol=1e-12)
    left, share = np.full(u.shape, 6.0), np.full(u.shape, 0.3)
    for cost, counts in ((3.0, 7), (50.0, 4)):
        n, total, guess = discrete.shares(left, share, missing, later, cost, u)
        assert np.unique(n).size == counts
        np.testing.assert_allclose(np.exp(total), added_up(n, stats.binom.pmf(n, 6, 0.3) * np.exp(guess)), rtol=1e-12)


def added_up(n: np.ndarray, terms: np.ndarray) -> float:
    """The terms of all counts that were chosen, each once."""
    return float(terms.ravel()[np.unique(n, return_index=True)[1]].sum())


@pytest.mark.parametrize("mean", [0.3, 4.0, 50.0, 400.0, 900.0])
@pytest.mark.parametrize("value", [0.0, 5.0, 40.0, 200.0, 500.0])
@pytest.mark.parametrize("qualifier", ["exact", "at_least", "approx"])
@pytest.mark.parametrize("confidence", ["high", "medium", "low"])
def test_a_report_weighs_whatever_the_rate(mean: float, value: float, qualifier: str, confidence: str) -> None:
    """Also where it is far from what was likely; errors beyond its slack are not looked at."""
    report = Report(value, qualifier, confidence)
    puzzle = Puzzle((mean,), 1, (((0,), 0, 4, report),))
    table = puzzle.table()
    week = Week(BEGIN, BEGIN + dt.timedelta(days=4), {0: np.full((1, 1), mean)}, np.zeros((1, 0)), (1,))
    _, weight = draw_counts(week, table, 0, Sums(), np.random.default_rng(1))
    n = np.arange(max(0.0, value - report.slack), 2500.0 if report.open else value + report.slack + 1)
    with np.errstate(divide="ignore"):
        logs = stats.poisson.logpmf(n, mean) + report.log_likelihood(n)
    top = logs.max()
    exact = top + np.log(np.exp(logs - top).sum())
    if exact > -300:
        np.testing.assert_allclose(weight[0, 0], exact, atol=2e-3 if exact < -40 else 1e-6, rtol=1e-9)


# Adding up --------------------------------------------------------------------------------------------------


def test_gauges_without_a_reading_agree_with_one_another() -> None:
    """Sums within others stay within, days within days, and each takes its share."""

    def gauge(nodes: tuple[int, ...], first: int, last: int) -> Gauge:
        start, until = BEGIN + dt.timedelta(days=first), BEGIN + dt.timedelta(days=last)
        return Gauge((str(nodes), "", f"{start} {until}"), nodes, "", start, until, (), weighs=True)

    spans = [((0, 1), 2, 9), ((0,), 2, 9), ((1,), 2, 9), ((0,), 2, 5), ((0,), 5, 9), ((0,), 0, 7)]
    gauges = [gauge(*span) for span in spans]
    dice, sums = np.random.default_rng(2), Sums()
    counts = {node: dice.poisson(6.0, (1, 20_000)).astype(float) for node in (0, 1)}
    means = {node: np.full((1, 20_000), 6.0) for node in (0, 1)}
    add_up(gauges, Counted(BEGIN, BEGIN + dt.timedelta(days=7), counts, means), sums, (1,))
    whole, a, b, early, late, every = (sums.counts[g.key] for g in gauges)
    np.testing.assert_array_equal(whole, a + b)
    np.testing.assert_array_equal(a, early + late)
    np.testing.assert_array_equal(every, counts[0])
    for found, mean in ((a, 6 * 5 / 7), (early, 6 * 3 / 7), (late, 6 * 2 / 7)):
        assert abs((found.mean() - mean) / (found.std() / np.sqrt(found.size))) < Z_LIMIT
        assert abs(found.var() / mean - 1) < 0.1  # thinned Poisson counts are Poisson
    np.testing.assert_allclose(sums.means[gauges[0].key], 12 * 5 / 7)
