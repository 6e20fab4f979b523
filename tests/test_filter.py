"""The particle filter against exact probabilities of what was seen, and against what is known of hidden states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import special, stats

from hudna.learn import counting, discrete
from hudna.learn import filter as filtering
from hudna.learn.counting import _Draw
from hudna.learn.filter import Filter, systematic
from hudna.learn.timetable import Piece

from .conftest import Z_LIMIT
from .histories import BEGIN, History, close_to, day, history, likelihoods, regime, seen

Make = Callable[..., History]

RATES = {"raids": 2.0, "fires": 1.0, "thefts": 0.5}


def events(name: str, rate: float | str, more: str = "") -> str:
    return f'[{name}]\nkind = "events"\nname = "E"\nunit = "1"\nstart = 0\nrate = {rate}\n{more}\n'


TOWN = "".join(events(name, rate) for name, rate in RATES.items())


@pytest.fixture
def made(write_case: Callable[..., Path]) -> Make:
    def make(drivers: str, *rows: str, weeks: int, **more: str) -> History:
        return history(write_case, drivers, rows, weeks=weeks, **more)

    return make


def off(past: History, log_exact: float, *, draws: int = 1500, paths: int = 100, seed: int = 1) -> float:
    """The z of the mean over repeats of the estimated probability of what was seen."""
    return close_to(likelihoods(past.run(draws, paths, seed), log_exact), 1.0)


# Constant rates: independent Poisson counts -----------------------------------------------------------------


def poisson(n: float, rate: float, days: float) -> float:
    return float(stats.poisson.logpmf(n, rate * days / 7))


EXACT: dict[str, tuple[tuple[str, ...], float]] = {
    "a week each": (
        (seen(0, 6, 3), seen(7, 13, 0), seen(0, 6, 1, "fires")),
        poisson(3, 2, 7) + poisson(0, 2, 7) + poisson(1, 1, 7),
    ),
    "days within weeks": (
        (seen(1, 1, 1), seen(2, 5, 2), seen(9, 13, 4)),
        poisson(1, 2, 1) + poisson(2, 2, 4) + poisson(4, 2, 5),
    ),
    "a running total read in each week": (
        (seen(0, 3, 2), seen(0, 6, 3), seen(0, 13, 5), seen(0, 20, 5), seen(0, 27, 9)),
        poisson(2, 2, 4) + poisson(1, 2, 3) + poisson(2, 2, 7) + poisson(0, 2, 7) + poisson(4, 2, 7),
    ),
    "a running total that begins within a week": (
        (seen(4, 6, 1), seen(4, 13, 2), seen(4, 15, 7)),
        poisson(1, 2, 3) + poisson(1, 2, 7) + poisson(5, 2, 2),
    ),
    "nothing for weeks": ((seen(2, 22, 0),), poisson(0, 2, 21)),
    "nothing anywhere for weeks": (
        (seen(0, 24, 0, "raids + fires"), seen(0, 6, 2, "thefts")),
        poisson(0, 3, 25) + poisson(2, 0.5, 7),
    ),
    "a sum": ((seen(0, 6, 5, "raids + fires + thefts"),), poisson(5, 3.5, 7)),
    "a sum and a part of it": (
        (seen(0, 6, 5, "raids + fires + thefts"), seen(0, 6, 2, "fires")),
        poisson(2, 1, 7) + poisson(3, 2.5, 7),
    ),
    "a sum, a sum within, and a part": (
        (seen(0, 6, 6, "raids + fires + thefts"), seen(0, 6, 4, "raids + fires"), seen(0, 6, 1, "fires")),
        poisson(1, 1, 7) + poisson(3, 2, 7) + poisson(2, 0.5, 7),
    ),
    "all parts and the sum, which follows": (
        (seen(0, 6, 3, "raids + fires"), seen(0, 6, 2, "fires"), seen(0, 6, 1, "raids")),
        poisson(2, 1, 7) + poisson(1, 2, 7),
    ),
    "two counters that count alike": (
        (seen(0, 6, 2), seen(0, 6, 2, counter="guard"), seen(7, 13, 1, counter="guard")),
        poisson(2, 2, 7) + poisson(1, 2, 7),
    ),
}
GUARD = '[counters.guard]\nname = "The guard"\n'


@pytest.mark.parametrize("what", EXACT)
def test_counts_at_constant_rates_weigh_what_they_are_likely(made: Make, what: str) -> None:
    rows, exact = EXACT[what]
    found = made(TOWN, *rows, weeks=4, counters=GUARD).run(5, 30)
    np.testing.assert_allclose(found.log_likelihood, exact, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("step_days", [7, 14, 28])
def test_the_length_of_a_step_does_not_matter_at_constant_rates(made: Make, step_days: int) -> None:
    rows, exact = EXACT["days within weeks"]
    past = made(TOWN, *rows, weeks=4, step_days=step_days)
    np.testing.assert_allclose(past.run(3, 20).log_likelihood, exact, rtol=1e-11)


def nested(first: float, second: float, whole: float) -> float:
    """Both parts of a sum over three weeks, where the rest is read as well."""
    return poisson(first, 2, 21) + poisson(second, 1, 21) + poisson(whole - first - second, 0.5, 21)


LONG: dict[str, tuple[tuple[str, ...], float]] = {
    "nested sums read on different days": (
        (seen(0, 3, 1, "fires"), seen(0, 6, 4, "raids + fires"), seen(4, 6, 0, "fires")),
        poisson(1, 1, 4) + poisson(0, 1, 3) + poisson(3, 2, 7),
    ),
    "a running total read across weeks": (
        (seen(3, 9, 2), seen(3, 16, 6), seen(3, 26, 9)),
        poisson(2, 2, 7) + poisson(4, 2, 7) + poisson(3, 2, 10),
    ),
    "a sum over weeks": ((seen(0, 20, 8),), poisson(8, 2, 21)),
    "an unlikely sum over weeks": ((seen(3, 27, 19),), poisson(19, 2, 25)),
    "a sum over weeks by place": (
        (seen(0, 20, 12, "raids + fires + thefts"), seen(0, 20, 6), seen(0, 20, 4, "fires")),
        nested(6, 4, 12),
    ),
    "a split by place of a running total": (
        (seen(0, 13, 7, "raids + fires"), seen(0, 13, 3, "fires"), seen(0, 27, 15, "raids + fires"), seen(0, 27, 4)),
        float(poisson(3, 1, 14) + poisson(4, 2, 14) + stats.binom.logpmf(0, 8, 2 / 3) + poisson(8, 3, 14)),
    ),
    "sums that overlap": (
        (seen(0, 13, 5), seen(7, 20, 4)),
        float(special.logsumexp([poisson(5 - k, 2, 7) + poisson(k, 2, 7) + poisson(4 - k, 2, 7) for k in range(5)])),
    ),
    "a sum within a longer one": (
        (seen(0, 20, 8), seen(7, 13, 3)),
        poisson(3, 2, 7) + poisson(5, 2, 14),
    ),
    "at least so many": ((seen(0, 20, 8, qualifier="at_least"),), float(stats.poisson.logsf(7, 6))),
    "at least so many, twice": (
        (seen(0, 6, 2, qualifier="at_least"), seen(0, 13, 6, qualifier="at_least")),
        float(np.log(sum(np.exp(poisson(k, 2, 7)) * stats.poisson.sf(5 - k, 2) for k in range(2, 60)))),
    ),
    "about so many": (
        (seen(0, 20, 9, qualifier="approx"),),
        float(np.log(stats.norm.pdf(np.arange(80), 9, 1) @ stats.poisson.pmf(np.arange(80), 6))),
    ),
    "about so many of many": (
        (seen(0, 20, 100, "crowds", qualifier="approx", confidence="low"),),
        float(np.log(stats.norm.pdf(np.arange(400), 100, 10) @ stats.poisson.pmf(np.arange(400), 120))),
    ),
}


def blurred(value: float, rho: float, mean: float, *, at_least: bool = False) -> float:
    """Probability of a report that may be off by k with probability proportional to rho^|k|, summed out."""
    error = np.arange(-200, 201)
    chance = rho ** np.abs(error) * (1 - rho) / (1 + rho)
    counts = np.arange(400)
    pmf = stats.poisson.pmf(counts, mean)
    if at_least:  # the report falls short of, or hits, count plus error
        return float(np.log(sum(p * chance[counts + error >= value].sum() for counts, p in enumerate(pmf))))
    return float(np.log(sum(p * chance[counts + error == value].sum() for counts, p in enumerate(pmf))))


LONG |= {
    f"{confidence} confidence, {qualifier}": (
        (seen(0, 20, 14, qualifier=qualifier, confidence=confidence),),
        blurred(14, rho, 6, at_least=qualifier == "at_least"),
    )
    for confidence, rho in (("medium", 0.2), ("low", 0.5))
    for qualifier in ("exact", "at_least")
}
# The other counter has each count of the reference and Poisson counts of its own: 0.5 x 2 a week.
PAPER = '[counters.paper]\nname = "The paper"\nratio = 1.5\n'
LONG |= {
    "another counter": ((seen(0, 20, 8, counter="paper"),), poisson(8, 3, 21)),
    "another counter beside the reference": (
        (seen(0, 20, 5), seen(0, 20, 8, counter="paper")),
        poisson(5, 2, 21) + poisson(3, 1, 21),
    ),
    "another counter's running total": (
        (seen(0, 6, 2), seen(0, 6, 3, counter="paper"), seen(0, 20, 9, counter="paper")),
        poisson(2, 2, 7) + poisson(1, 1, 7) + poisson(6, 3, 14),
    ),
    "another counter, at least so many": (
        (seen(0, 13, 7, counter="paper", qualifier="at_least"),),
        float(stats.poisson.logsf(6, 6)),
    ),
}


def long_history(made: Make, what: str) -> tuple[History, float]:
    rows, exact = LONG[what]
    return made(TOWN + events("crowds", 40), *rows, weeks=4, counters=PAPER), exact


@pytest.mark.parametrize("what", LONG)
def test_sums_over_weeks_weigh_what_they_are_likely(made: Make, what: str) -> None:
    past, exact = long_history(made, what)
    assert abs(off(past, exact)) < Z_LIMIT


def test_a_later_week_says_nothing_of_an_earlier_one(made: Make) -> None:
    """Counts known without weighing condition the paths and leave the probability of the rest alone."""
    past = made(TOWN, seen(0, 20, 8), seen(7, 13, 3, use="known"), weeks=3)
    assert abs(off(past, poisson(5, 2, 14))) < Z_LIMIT
    total = made(TOWN, seen(0, 20, 8), seen(0, 9, 3, use="known"), weeks=3)
    assert abs(off(total, poisson(5, 2, 11))) < Z_LIMIT
    far = made(TOWN, seen(0, 20, 1, use="known"), weeks=3).run(40, 50)
    np.testing.assert_array_equal(far.log_likelihood, 0.0)
    np.testing.assert_array_equal(far.sums.counts["raids", "", f"{day(0)} known"], 1.0)


# Hidden states: against the forward algorithm ---------------------------------------------------------------

LEAVES, RETURNS, FACTOR = 0.3, 0.5, 4.0
MOODS = regime("mood", "calm", {"calm -> war": LEAVES, "war -> calm": RETURNS})
HIDDEN = MOODS + events("raids", 1.0, f"rate_by.mood = {{ calm = 1, war = {FACTOR} }}")
STEP = np.array([[np.exp(-LEAVES), -np.expm1(-LEAVES)], [-np.expm1(-RETURNS), np.exp(-RETURNS)]])
MEANS = np.array([1.0, FACTOR])


def forward(readings: dict[int, np.ndarray], weeks: int, top: int = 60, scale: float = 1.0) -> np.ndarray:
    """Probability of the readings with each last state; the sum of counts since the last reading is part of the state.

    `readings[t]` is the probability of what is read at the end of week t, given each sum from 0 to `top`; the sum
    begins anew after it.
    """
    now = np.zeros((2, top + 1))
    now[0, 0] = 1.0
    pmf = [stats.poisson.pmf(np.arange(top + 1), scale * mean) for mean in MEANS]
    for t in range(weeks):
        now = np.array([np.convolve(STEP[:, s] @ now, pmf[s])[: top + 1] for s in (0, 1)])
        if t in readings:
            now = now * readings[t]
            now = np.stack([now.sum(axis=1), *np.zeros((top, 2))], axis=1)
    return now.sum(axis=1)


def only(n: int, top: int = 60) -> np.ndarray:
    return np.eye(top + 1)[n]


def upward(n: int, top: int = 60) -> np.ndarray:
    return (np.arange(top + 1) >= n).astype(float)


def around(n: int, top: int = 60) -> np.ndarray:
    return stats.norm.pdf(np.arange(top + 1), n, max(1, 0.05 * n))


SEEN: dict[str, tuple[tuple[str, ...], dict[int, np.ndarray]]] = {
    "counts": (
        tuple(seen(7 * t, 7 * t + 6, n) for t, n in enumerate((0, 1, 5, 4, 1, 0))),
        {t: only(n) for t, n in enumerate((0, 1, 5, 4, 1, 0))},
    ),
    "sums": ((seen(0, 20, 9), seen(21, 41, 4)), {2: only(9), 5: only(4)}),
    "a surprising sum": ((seen(0, 20, 14), seen(21, 41, 0)), {2: only(14), 5: only(0)}),
    "at least": (
        (seen(0, 20, 9, qualifier="at_least"), seen(21, 41, 3)),
        {2: upward(9), 5: only(3)},
    ),
    "about": ((seen(0, 20, 9, qualifier="approx"), seen(21, 41, 3)), {2: around(9), 5: only(3)}),
}


def doubtful(n: int, rho: float, top: int = 60) -> np.ndarray:
    return rho ** np.abs(np.arange(top + 1) - n) * (1 - rho) / (1 + rho)


SEEN["of low and medium confidence"] = (
    (seen(0, 20, 9, confidence="low"), seen(21, 41, 4, confidence="medium")),
    {2: doubtful(9, 0.5), 5: doubtful(4, 0.2)},
)


@pytest.mark.parametrize("what", SEEN)
def test_hidden_states_weigh_as_the_forward_algorithm_says(made: Make, what: str) -> None:
    rows, readings = SEEN[what]
    exact = forward(readings, 6)
    past = made(HIDDEN, *rows, weeks=6)
    found = past.run(600, 150)
    like = likelihoods(found, np.log(exact.sum()))
    assert abs(close_to(like, 1.0)) < Z_LIMIT
    at_war = (np.exp(found.weights) * (found.ensemble.regime(0) == 1)).sum(axis=1)
    assert abs(close_to(like * at_war, exact[1] / exact.sum())) < Z_LIMIT


def test_another_counter_in_hidden_states(made: Make) -> None:
    """Alone it counts as the reference would at 1.5 times the rate."""
    rows = tuple(seen(7 * t, 7 * t + 6, n, counter="paper") for t, n in enumerate((1, 7, 5, 0)))
    exact = forward({t: only(n) for t, n in enumerate((1, 7, 5, 0))}, 4, scale=1.5).sum()
    assert abs(off(made(HIDDEN, *rows, weeks=4, counters=PAPER), np.log(exact))) < Z_LIMIT


def test_a_sum_that_is_watched_in_passing_in_hidden_states(made: Make) -> None:
    """A running total read twice, and a third sum across both readings."""
    rows = (seen(0, 6, 2), seen(0, 20, 9), seen(7, 27, 8))
    exact = 0.0
    for n1 in range(3):
        for n2 in range(8):
            if n1 == 2:  # weeks: 2, n2, 7 - n2, and what is left of 8
                exact += forward({0: only(2), 1: only(n2), 2: only(7 - n2), 3: only(1)}, 4).sum()
    assert abs(off(made(HIDDEN, *rows, weeks=4), np.log(exact), draws=800)) < Z_LIMIT


def test_a_known_state_weighs_as_the_chain_says(made: Make) -> None:
    rows = [seen(0, 13, "calm", "mood"), seen(14, 34, "war", "mood"), seen(35, 41, "calm", "mood")]
    chain = [0, 0, 0, 1, 1, 1, 0]
    exact = sum(np.log(STEP[a, b]) for a, b in pairwise(chain))
    np.testing.assert_allclose(made(HIDDEN, *rows, weeks=6).run(3, 20).log_likelihood, exact, rtol=1e-12)


def test_a_known_state_may_be_given_without_weighing(made: Make) -> None:
    rows = [seen(0, 13, "calm", "mood", use="known"), seen(14, 34, "war", "mood", use="known")]
    counts = [seen(7 * t, 7 * t + 6, n) for t, n in enumerate((1, 0, 5))]
    exact = poisson(1, 1, 7) + poisson(0, 1, 7) + poisson(5, FACTOR, 7)
    np.testing.assert_allclose(made(HIDDEN, *rows, *counts, weeks=5).run(3, 20).log_likelihood, exact, rtol=1e-11)


def test_a_state_that_is_known_now_and_then(made: Make) -> None:
    rows = [seen(0, 6, 3), seen(14, 20, "war", "mood"), seen(21, 27, 1), seen(35, 41, "calm", "mood")]
    after = np.array([1.0, 0.0]) @ STEP * np.exp(stats.poisson.logpmf(3, MEANS))
    after = after @ STEP @ STEP * [0, 1]
    after = after @ STEP * np.exp(stats.poisson.logpmf(1, MEANS))
    exact = (after @ STEP @ STEP * [1, 0]).sum()
    assert abs(off(made(HIDDEN, *rows, weeks=6), np.log(exact), paths=200)) < Z_LIMIT


# Levels: against the Kalman filter --------------------------------------------------------------------------

HALF_LIFE, SD, START, BASE, ERROR = 3.0, 0.4, 0.3, -1.0, 0.25
LEVEL = (
    f'[pressure]\nkind = "level"\nname = "Level"\nstart = {START}\nbase = {BASE}\nhalf_life = {HALF_LIFE}\nsd = {SD}\n'
    + events("raids", 1.0)
)
POLL = f'[counters.poll]\nname = "A poll"\nsd = {ERROR}\n'
POLLS = {0: 0.35, 1: 0.3, 3: 0.22, 6: 0.4}


def kalman(readings: dict[int, float], weeks: int, sd: float = SD) -> tuple[float, float]:
    """Log probability density of the readings in log odds, and the mean of the level at the end."""
    keep = 2 ** (-1 / HALF_LIFE)
    mean, var, total = float(special.logit(START)), 0.0, 0.0
    for t in range(weeks):
        mean, var = keep * mean + (1 - keep) * BASE, keep**2 * var + sd**2 * (1 - keep**2)
        if t in readings:
            score, width = float(special.logit(readings[t])), var + ERROR**2
            total += float(stats.norm.logpdf(score, mean, np.sqrt(width)))
            gain = var / width
            mean, var = mean + gain * (score - mean), (1 - gain) * var
    return total, mean


def polls() -> Iterator[str]:
    for t, reading in POLLS.items():
        yield seen(7 * t, 7 * t + 6, reading, "pressure", counter="poll")


def test_a_level_weighs_as_the_kalman_filter_says(made: Make) -> None:
    exact, mean = kalman(POLLS, 8)
    found = made(LEVEL, *polls(), weeks=8, counters=POLL).run(600, 200)
    like = likelihoods(found, exact)
    assert abs(close_to(like, 1.0)) < Z_LIMIT
    score = (np.exp(found.weights) * found.ensemble.score(0)).sum(axis=1)
    assert abs(close_to(like * (score - mean), 0.0)) < Z_LIMIT


def test_a_level_of_another_spread_is_seen(made: Make) -> None:
    exact, _ = kalman(POLLS, 8, sd=1.2 * SD)
    past = made(LEVEL, *polls(), weeks=8, counters=POLL)
    assert abs(off(past, exact, draws=600, paths=200)) > Z_LIMIT


# Answers, dispersed counts, counts that beget counts --------------------------------------------------------

ANSWERED = events("raids", 2.0) + (
    '[arrests]\nkind = "response"\nname = "Answer"\nunit = "1"\nstart = 0\ntriggers = ["raids"]\nprobability = 0.3\n'
)


def test_answers_weigh_as_the_binomial_says(made: Make) -> None:
    rows = [seen(0, 6, 4), seen(7, 13, 3), seen(0, 6, 2, "arrests"), seen(7, 13, 0, "arrests")]
    exact = sum(poisson(n, 2, 7) + float(stats.binom.logpmf(k, n, 0.3)) for n, k in ((4, 2), (3, 0)))
    np.testing.assert_allclose(made(ANSWERED, *rows, weeks=3).run(3, 20).log_likelihood, exact, rtol=1e-11)


def test_answers_to_what_nobody_counted(made: Make) -> None:
    """Thinned Poisson counts are Poisson."""
    rows = [seen(0, 6, 2, "arrests"), seen(7, 20, 0, "arrests")]
    past = made(ANSWERED, *rows, weeks=3)
    assert abs(off(past, poisson(2, 0.6, 7) + poisson(0, 0.6, 14))) < Z_LIMIT
    known = made(ANSWERED, *(row.replace("likelihood", "known") for row in rows), weeks=3).run(3, 20)
    np.testing.assert_array_equal(known.log_likelihood, 0.0)


def test_dispersed_counts_weigh_as_the_negative_binomial_says(made: Make) -> None:
    a = 0.8
    drivers = events("raids", 3.0, f"dispersion = {a}")
    counts = (0, 9, 2)
    exact = sum(float(stats.nbinom.logpmf(n, 1 / a, 1 / (1 + 3 * a))) for n in counts)
    past = made(drivers, *(seen(7 * t, 7 * t + 6, n) for t, n in enumerate(counts)), weeks=3)
    np.testing.assert_allclose(past.run(3, 20).log_likelihood, exact, rtol=1e-10)  # without chance: whole steps, alone
    parts = made(drivers, *(seen(7 * t, 7 * t + 6, n, confidence="medium") for t, n in enumerate(counts)), weeks=3)
    assert np.ptp(parts.run(3, 20).log_likelihood) > 1e-3


def test_days_of_a_dispersed_week_share_its_rate(made: Make) -> None:
    a, days = 0.8, 3.0
    drivers = events("raids", 7.0, f"dispersion = {a}")
    shape = 1 / a  # the week's gamma factor has this shape and mean 1; days are Poisson given it
    exact = float(
        special.gammaln(shape + 9) - special.gammaln(shape) - special.gammaln(2 + 1) - special.gammaln(7 + 1)
        + shape * np.log(shape / (shape + 7)) + 2 * np.log(days / (shape + 7)) + 7 * np.log(4 / (shape + 7))
    )  # fmt: skip
    past = made(drivers, seen(0, 2, 2), seen(3, 6, 7), weeks=1)
    assert abs(off(past, exact, paths=300)) < Z_LIMIT


def test_counts_that_beget_counts_weigh_without_chance(made: Make) -> None:
    branching, half_life, rate = 0.5, 2.0, 1.5
    counts = (3, 0, 5, 2, 1)
    keep, memory, exact = 2 ** (-1 / half_life), 0.0, 0.0
    for n in counts:
        exact += float(stats.poisson.logpmf(n, rate + memory))
        memory = keep * memory + (1 - keep) * branching * n
    drivers = events("raids", rate, f"branching = {branching}\nhalf_life = {half_life}")
    past = made(drivers, *(seen(7 * t, 7 * t + 6, n) for t, n in enumerate(counts)), weeks=5)
    found = past.run(3, 20)
    np.testing.assert_allclose(found.log_likelihood, exact, rtol=1e-11)


# What is not known yet --------------------------------------------------------------------------------------

ALL = MOODS + ANSWERED.replace(
    "rate = 2.0", f"rate = 2.0\nbranching = 0.2\nhalf_life = 2\nrate_by.mood = {{ calm = 1, war = {FACTOR} }}"
) + events("fires", 1.0, "dispersion = 0.3") + LEVEL.split("[raids]", maxsplit=1)[0]  # fmt: skip
EVERY = (
    seen(0, 9, 6), seen(0, 17, 9), seen(0, 31, 21), seen(3, 12, 2, "fires"), seen(3, 26, 21, "raids + fires"),
    seen(14, 41, 9, "fires", qualifier="at_least"), seen(10, 24, 13, counter="paper"), seen(0, 20, "calm", "mood"),
    seen(35, 41, "war", "mood"), seen(0, 6, 1, "arrests"), seen(21, 27, 0, "arrests"),
    seen(18, 38, 30, counter="paper"), seen(7, 13, 0.3, "pressure", counter="poll"),
    seen(28, 34, 0.35, "pressure", counter="poll"),
    seen(29, 40, 0, "fires", confidence="low"),
)  # fmt: skip


def numbers(past: History, until: int) -> list[np.ndarray]:
    found = past.filter(4, 60)
    found.run(past.table, until)
    states = found.ensemble.states()
    return [found.log_likelihood, found.weights, states.signals, states.regimes, states.memories, states.scores]


@pytest.mark.parametrize("weeks", [1, 2, 3, 4, 5])
def test_rows_that_are_not_known_yet_move_no_number(made: Make, weeks: int) -> None:
    past = made(ALL, *EVERY, weeks=6, counters=PAPER + POLL)
    morning = BEGIN + dt.timedelta(days=7 * weeks)
    known = past.with_rows(past.rows, known=morning)
    deleted = past.with_rows(row for row in past.rows if row.start < morning)
    deleted = deleted.with_rows(
        replace(row, end=min(row.end, morning - dt.timedelta(days=1)))
        for row in deleted.rows
        if row.end < morning or row.kind == "regime" or (row.value == 0 and row.qualifier == "exact")
    )
    for mine, theirs in zip(numbers(known, weeks), numbers(deleted, weeks), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    if weeks > 1:
        before = numbers(past.with_rows(past.rows, known=morning - dt.timedelta(days=7)), weeks)
        assert any(not np.array_equal(mine, theirs) for mine, theirs in zip(numbers(known, weeks), before, strict=True))


def test_a_sum_read_after_the_filter_had_to_wait_for_it(made: Make) -> None:
    """The filter goes on with a later morning's rows: sums that had begun are there, nested as they should be."""
    rows = (
        seen(0, 13, 3), seen(3, 20, 6, "raids + fires"), seen(3, 20, 2, "fires"), seen(10, 23, 5),
        seen(2, 24, 4, "thefts"),
    )  # fmt: skip
    past = made(TOWN, *rows, weeks=4)
    early = past.with_rows(past.rows, known=BEGIN + dt.timedelta(days=14))
    found = past.filter(1500, 100)
    found.run(early.table, 2)
    found.run(past.table, 4)
    exact = 0.0
    for first in range(4):  # of 3 raids in the first fortnight: before day 3, in days 3 to 9, in days 10 to 13
        for late in range(4 - first):
            middle = 3 - first - late
            after = 4 - middle - late  # raids in days 14 to 20, for 4 raids in days 3 to 20
            rest = 5 - late - after  # and in days 21 to 23
            if after >= 0 and rest >= 0:
                spans = ((first, 3), (middle, 7), (late, 4), (after, 7), (rest, 3))
                exact += np.exp(sum(poisson(n, 2, days) for n, days in spans))
    log_exact = np.log(exact) + poisson(2, 1, 18) + poisson(4, 0.5, 23)
    assert abs(close_to(likelihoods(found, log_exact), 1.0)) < Z_LIMIT


UNSURE = {  # first and last day, rho, and who counts what
    "one": ((0, 24, 0.5, "raids", ""),),
    "of another counter": ((2, 26, 0.2, "raids + fires", "paper"),),
    "all": ((0, 24, 0.5, "raids", ""), (4, 27, 0.2, "raids", "guard"), (2, 26, 0.2, "raids + fires", "paper")),
}
RATIO = '[counters.paper]\nname = "The paper"\nratio = 1.3\n'


def silence(first: int, last: int, rho: float, signal: str, counter: str) -> str:
    return seen(first, last, 0, signal, counter=counter, confidence={0.5: "low", 0.2: "medium"}[rho])


def silent(rows: tuple[tuple[int, int, float, str, str], ...], until: int) -> float:
    """A report of 0 weighs (1 - rho) / (1 + rho) rho^n: as if each event were overlooked with probability rho."""
    found = sum(np.log((1 - rho) / (1 + rho)) for _, _, rho, _, _ in rows)
    for node, rate in (("raids", 2.0), ("fires", 1.0)):
        for n in range(until):
            on = [(rho, who) for first, last, rho, what, who in rows if first <= n <= last and node in what]
            found += rate / 7 * (np.prod([rho for rho, _ in on]) - 1)
            found += sum(0.3 * rate / 7 * (rho - 1) for rho, who in on if who == "paper")
    return float(found)


def test_a_silence_that_is_not_sure_and_goes_on_is_read_as_far_as_it_is_known(made: Make) -> None:
    past = made(TOWN, silence(*UNSURE["one"][0]), weeks=4)
    early = past.with_rows(past.rows, known=BEGIN + dt.timedelta(days=17))  # amid a step
    found = past.filter(1500, 60)
    found.run(early.table, 4)
    assert abs(close_to(likelihoods(found, silent(UNSURE["one"], 17)), 1.0)) < Z_LIMIT


@pytest.mark.parametrize("what", UNSURE)
def test_and_counts_once_when_it_is_read_again(made: Make, what: str) -> None:
    """The filter is held up on two mornings, and goes on with what is known on the next."""
    past = made(TOWN, *(silence(*row) for row in UNSURE[what]), weeks=4, counters=GUARD + RATIO)
    found = past.filter(1500, 60)
    for weeks in (2, 3):
        found.run(past.with_rows(past.rows, known=BEGIN + dt.timedelta(days=7 * weeks)).table, weeks)
        assert abs(close_to(likelihoods(found, silent(UNSURE[what], 7 * weeks)), 1.0)) < Z_LIMIT
    found.run(past.table, 4)
    assert abs(close_to(likelihoods(found, silent(UNSURE[what], 28)), 1.0)) < Z_LIMIT


def test_a_silence_that_counts_twice_is_seen(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting.Sums, "provisional", property(lambda _: {}, lambda *_: None), raising=False)
    with pytest.raises(AssertionError):
        test_and_counts_once_when_it_is_read_again(made, "one")


# Resampling -------------------------------------------------------------------------------------------------


def test_resampling_takes_each_as_often_as_it_weighs() -> None:
    dice = np.random.default_rng(5)
    weights = dice.dirichlet(np.full(7, 0.5), size=3)
    chosen = systematic(np.repeat(weights, 4000, axis=0), dice.random(12_000), 5)
    for k in range(7):
        often = (chosen == k).sum(axis=1).reshape(3, 4000)
        for row in range(3):
            assert (np.abs(often[row] - 5 * weights[row, k]) < 1).all()
            assert abs(close_to(often[row], 5 * weights[row, k])) < Z_LIMIT


# Bugs that are planted --------------------------------------------------------------------------------------


def _kept_guess(self: _Draw, gauge, total):
    said = total if gauge.weighs else np.where(np.isfinite(total), 0.0, -np.inf)
    self.sums.guesses.pop(gauge.nodes, None)
    return said


def _never(weights: np.ndarray, start: np.ndarray, size: int | None = None) -> np.ndarray:
    n_rows, n = weights.shape
    return np.tile(np.arange(n if size is None else size), (n_rows, 1))


def test_a_guess_that_is_not_divided_out_is_seen(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    past, exact = long_history(made, "a sum over weeks")
    monkeypatch.setattr(_Draw, "_guessed", _kept_guess)
    assert abs(off(past, exact)) > Z_LIMIT


def test_a_guess_of_a_part_that_is_not_divided_out_is_seen(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    past, exact = long_history(made, "a sum over weeks by place")
    assert abs(off(past, exact)) < Z_LIMIT
    true = discrete.shares
    monkeypatch.setattr(discrete, "shares", lambda *given: (*true(*given)[:2], np.zeros(given[0].shape)))
    assert abs(off(past, exact)) > Z_LIMIT


def test_without_a_guess_of_parts_nothing_moves(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a guess only."""
    past, exact = long_history(made, "a sum over weeks by place")
    monkeypatch.setattr(Piece, "coming", lambda *_: None)
    assert abs(off(past, exact)) < Z_LIMIT


@pytest.mark.parametrize(
    ("what", "owner", "name"),
    [
        ("a sum over weeks", _Draw, "_read"),
        ("another counter", _Draw, "_excess"),
        ("a sum over weeks by place", _Draw, "_part"),
    ],
)
def test_a_weight_that_is_forgotten_in_one_branch_is_seen(
    made: Make, monkeypatch: pytest.MonkeyPatch, what: str, owner: type, name: str
) -> None:
    past, exact = long_history(made, what)
    true = getattr(owner, name)

    def forgetful(self, *given):
        found = true(self, *given)
        return (found[0], np.zeros_like(found[1])) if isinstance(found, tuple) else np.zeros_like(found)

    assert abs(off(past, exact)) < Z_LIMIT
    monkeypatch.setattr(owner, name, forgetful)
    assert abs(off(past, exact)) > Z_LIMIT


@pytest.mark.parametrize("what", ["a week each", "days within weeks", "a sum and a part of it"])
def test_shares_that_are_wrong_by_a_day_are_seen(made: Make, what: str) -> None:
    rows, exact = EXACT[what]
    past = made(TOWN, *rows, weeks=4)
    pieces = tuple(
        tuple(tuple(replace(p, share=p.share + 1 / 7) for p in family) for family in step) for step in past.table.pieces
    )
    wrong = replace(past, table=replace(past.table, pieces=pieces)).run(3, 20)
    assert (np.abs(wrong.log_likelihood - exact) > 1e-3).all()


def test_events_that_are_all_a_day_early_are_seen(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    true = counting._dated

    def early(part, node, seed):
        found = true(replace(part, end=part.end - dt.timedelta(days=1)), node, seed)
        return np.concatenate([found, np.zeros((1, *found.shape[1:]))])

    monkeypatch.setattr(counting, "_dated", early)
    with pytest.raises(AssertionError):
        test_a_sum_read_after_the_filter_had_to_wait_for_it(made)


def test_resampling_that_ignores_weights_is_seen(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, readings = SEEN["counts"]
    past = made(HIDDEN, *rows, weeks=6)
    exact = np.log(forward(readings, 6).sum())
    assert abs(off(past, exact)) < Z_LIMIT
    monkeypatch.setattr(filtering, "systematic", _never)
    assert abs(off(past, exact)) > Z_LIMIT


def test_states_that_leave_at_another_rate_are_seen(made: Make) -> None:
    rows, readings = SEEN["sums"]
    exact = np.log(forward(readings, 6).sum())
    wrong = made(HIDDEN.replace(f"rate = {LEAVES}", f"rate = {1.5 * LEAVES}"), *rows, weeks=6)
    assert abs(off(wrong, exact, draws=600)) > Z_LIMIT


def test_a_report_taken_at_its_word_is_seen(made: Make) -> None:
    past, exact = long_history(made, "medium confidence, exact")
    assert abs(off(past, exact)) < Z_LIMIT
    assert abs(off(past.with_rows(replace(row, confidence="high") for row in past.rows), exact)) > Z_LIMIT


def test_filters_of_some_draws_are_the_same_filters(made: Make) -> None:
    rows, _ = SEEN["sums"]
    found = made(HIDDEN, *rows, weeks=6).run(6, 40)
    taken: Filter = found.take(np.array([4, 4, 1]))
    np.testing.assert_array_equal(taken.log_likelihood, found.log_likelihood[[4, 4, 1]])
    taken.put(np.array([0]), found.take(np.array([2, 0, 0])))
    np.testing.assert_array_equal(taken.log_likelihood, found.log_likelihood[[2, 4, 1]])
    np.testing.assert_array_equal(taken.ensemble.regime(0), found.ensemble.regime(0)[[2, 4, 1]])
