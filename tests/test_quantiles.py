"""Counts by inversion: scipy's quantile functions, exact sums, and counts that rise with the rate."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from hudna.engine import quantiles
from hudna.engine.quantiles import MAX_MEAN, binomial_quantile, negative_binomial_quantile, poisson_quantile
from hudna.engine.streams import stream_id, uniforms

if TYPE_CHECKING:
    from collections.abc import Callable

LOWEST, HIGHEST = 0.5 / 2**32, 1 - 0.5 / 2**32  # of the numbers that a stream can give
SWITCH = 30.0  # mean at which one way of finding a quantile hands over to the other
NEAR_SWITCH = [np.nextafter(SWITCH, 0), SWITCH, np.nextafter(SWITCH, 100), 30.5]
MEANS = [
    0,
    1e-300,
    1e-12,
    1e-9,
    1e-6,
    1e-3,
    0.1,
    0.5,
    1,
    3,
    10,
    *NEAR_SWITCH,
    50,
    250,
    1e3,
    1e4,
    1e5,
    9.99e5,
    MAX_MEAN,
]
TRIALS = [0, 1, 2, 5, 10, 31, 33, 59, 60, 61, 100, 300, 1e3, 1e4, 1e5]
CHANCES = [
    0,
    1e-300,
    1e-12,
    1e-9,
    1e-6,
    1e-4,
    0.01,
    0.1,
    0.3,
    np.nextafter(0.5, 0),
    0.5,
    np.nextafter(0.5, 1),
    0.501,
]
CHANCES += [0.7, 0.9, 0.99, 1 - 1e-4, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2**-53, 1]


def grid(n: int) -> np.ndarray:
    """Numbers that a stream can give: its ends, both tails, and `n` in between."""
    ends = (np.arange(6) + 0.5) / 2**32
    tails = np.floor(10.0 ** -np.arange(1, 9) * 2**32) + 0.5
    between = uniforms(3, stream_id("grid"), np.zeros(1, np.uint64), np.arange(n, dtype=np.uint64), 0)[0]
    return np.concatenate([ends, 1 - ends, tails / 2**32, 1 - tails / 2**32, between.ravel()])


def same_counts(u: np.ndarray, k: np.ndarray, expected: np.ndarray, cdf: Callable[[np.ndarray], np.ndarray]) -> None:
    """Equal, but where `u` is a probability up to rounding: there the next count is as good an answer."""
    assert k.shape == expected.shape
    assert np.isfinite(k).all()
    differ = k != expected
    tie = np.abs(cdf(np.minimum(k, expected)) - u) < 4e-15
    assert not np.any(differ & ~tie), f"{np.sum(differ & ~tie)} of {k.size} counts differ"
    assert differ.mean() < 0.01


def poisson_agrees(quantile: Callable[..., np.ndarray]) -> None:
    u, mean = grid(500)[:, None], np.array(MEANS)
    same_counts(u, quantile(u, mean), stats.poisson.ppf(u, mean), lambda k: stats.poisson.cdf(k, mean))


def negative_binomial_agrees(quantile: Callable[..., np.ndarray]) -> None:
    u = grid(200)[:, None]
    for dispersion in (1e-6, 1e-4, 1e-2, 0.1, 0.5, 1, 2, 5, 10, 30):
        mean = np.array([m for m in MEANS if m == 0 or m * dispersion >= 1e-7])  # scipy's p = 1 - 1e-17 is 1
        r, p = 1 / dispersion, 1 / (1 + dispersion * mean)
        same_counts(
            u,
            quantile(u, mean, np.array([[dispersion]])),
            stats.nbinom.ppf(u, r, p),
            lambda k, r=r, p=p: stats.nbinom.cdf(k, r, p),
        )


def binomial_agrees(quantile: Callable[..., np.ndarray]) -> None:
    u, n = grid(300)[:, None], np.array(TRIALS)
    for chance in CHANCES:
        same_counts(
            u,
            quantile(u, n, np.array([[chance]])),
            stats.binom.ppf(u, n, chance),
            lambda k, chance=chance: stats.binom.cdf(k, n, chance),
        )


def test_poisson_counts_are_scipys() -> None:
    poisson_agrees(poisson_quantile)


def test_negative_binomial_counts_are_scipys() -> None:
    negative_binomial_agrees(negative_binomial_quantile)


def test_negative_binomial_counts_without_dispersion_are_poisson() -> None:
    poisson_agrees(lambda u, mean: negative_binomial_quantile(u, mean, np.zeros((1, 1))))
    with pytest.raises(AssertionError):
        poisson_agrees(lambda u, mean: negative_binomial_quantile(u, mean, np.full((1, 1), 1e-4)))


def test_binomial_counts_are_scipys() -> None:
    binomial_agrees(binomial_quantile)


def test_planted_bugs_in_counts_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def normal(u: np.ndarray, mean: np.ndarray) -> np.ndarray:
        rough = np.maximum(np.floor(mean + np.sqrt(mean) * special.ndtri(u) + 0.5), 0)
        return np.where(mean > 1e5, rough, poisson_quantile(u, mean))

    with pytest.raises(AssertionError):
        poisson_agrees(normal)
    with pytest.raises(AssertionError):
        poisson_agrees(lambda u, mean: poisson_quantile(1 - u, mean))
    with pytest.raises(AssertionError):
        poisson_agrees(lambda u, mean: poisson_quantile(u, mean * (1 + 1e-6)))
    with pytest.raises(AssertionError):
        negative_binomial_agrees(lambda u, mean, spread: negative_binomial_quantile(u, mean, spread * (1 + 1e-4)))
    with pytest.raises(AssertionError):
        negative_binomial_agrees(lambda u, mean, spread: poisson_quantile(u, mean + 0 * spread))
    with pytest.raises(AssertionError):
        binomial_agrees(lambda u, n, p: n - binomial_quantile(u, n, 1 - p))  # right in law, but upside down
    with pytest.raises(AssertionError):
        binomial_agrees(lambda u, n, p: np.minimum(n, poisson_quantile(u, n * p)))
    walk = quantiles._walk
    monkeypatch.setattr(quantiles, "_walk", lambda *a, **k: np.maximum(walk(*a, **k) - 1, 0))
    for agrees, quantile in (
        (poisson_agrees, poisson_quantile),
        (negative_binomial_agrees, negative_binomial_quantile),
        (binomial_agrees, binomial_quantile),
    ):
        with pytest.raises(AssertionError):
            agrees(quantile)


def exact_negative_binomial(u: float, mean: float, dispersion: float) -> int:
    """Smallest k whose cumulative probability reaches `u`, in 60 decimal digits."""
    with localcontext() as context:
        context.prec = 60
        goal, m, a = Decimal(u), Decimal(mean), Decimal(dispersion)
        p = total = (-(1 + a * m).ln() / a).exp() if a else (-m).exp()
        k = 0
        while total < goal:
            k += 1
            p *= m * (1 + a * (k - 1)) / (k * (1 + a * m))
            total += p
        return k


def test_small_means_and_tiny_dispersions_are_exact() -> None:
    u = np.concatenate([grid(12), 1 - 10.0 ** -np.arange(1, 9)])

    def check(quantile: Callable[..., np.ndarray]) -> None:
        for mean in (1e-12, 1e-9, 1e-6, 0.01, 0.7, 3, 12, 29.5):
            for dispersion in (0, 1e-14, 1e-11, 2e-10, 1e-8, 1e-5, 0.3, 4):
                found = quantile(u, np.array([mean]), np.array([dispersion]))
                assert found.tolist() == [exact_negative_binomial(x, mean, dispersion) for x in u]

    check(negative_binomial_quantile)
    with pytest.raises(AssertionError):
        check(lambda u, mean, spread: negative_binomial_quantile(u, mean, spread + 1e-3))
    with pytest.raises(AssertionError):  # the trap that the exact sum is here for: 1 / (1 + a m) rounds to 1
        check(lambda u, m, a: stats.nbinom.ppf(u, 1 / np.maximum(a, 1e-14), 1 / (1 + np.maximum(a, 1e-14) * m)))


def test_shapes_broadcast_and_no_count_depends_on_its_neighbours() -> None:
    u = grid(40)
    mean, dispersion = np.array([[0.2], [8.0], [40.0], [3e4]]), np.array([[0.5], [2.0], [0.01], [1.0]])

    def check(quantile: Callable[..., np.ndarray]) -> None:
        whole = quantile(u[None, :], mean, dispersion)
        assert whole.shape == (4, u.size)
        for i in range(4):
            for j in range(u.size):
                alone = quantile(u[None, j : j + 1], mean[i : i + 1], dispersion[i : i + 1])
                assert alone.shape == (1, 1)
                assert alone[0, 0] == whole[i, j]

    check(lambda u, mean, spread: poisson_quantile(u, mean))
    check(negative_binomial_quantile)
    check(lambda u, mean, spread: binomial_quantile(u, np.floor(mean), spread / 3))
    with pytest.raises(AssertionError):
        check(lambda u, mean, spread: poisson_quantile(u, np.full_like(mean, mean.mean())))


def test_no_count_depends_on_whether_its_neighbours_are_dispersed() -> None:
    mean, k = np.full((2, 1), 30.0), np.arange(10, 60)
    u = (np.floor(stats.poisson.cdf(k, 30) * 2**32)[None, :] + np.array([[-0.5], [0.5], [1.5]])).reshape(1, -1) / 2**32
    together = negative_binomial_quantile(u, mean, np.array([[0.0], [0.5]]))
    alone = negative_binomial_quantile(u, mean[:1], np.array([[0.0]]))
    np.testing.assert_array_equal(together[0], alone[0])


def test_impossible_and_certain_events() -> None:
    u = np.array([LOWEST, 0.3, HIGHEST])
    assert poisson_quantile(u, np.zeros(1)).tolist() == [0, 0, 0]
    assert negative_binomial_quantile(u, np.zeros(1), np.ones(1)).tolist() == [0, 0, 0]
    for n in (0.0, 1.0, 7.0, 1e5):
        assert binomial_quantile(u, np.array([n]), np.zeros(1)).tolist() == [0, 0, 0]
        assert binomial_quantile(u, np.array([n]), np.ones(1)).tolist() == [n, n, n]
        assert np.all(binomial_quantile(u, np.array([n]), np.array([0.999])) <= n)


# Grid points of the streams, rates over all sizes, and steps between rates from one last digit to tenfold.
NUMBERS = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 2**31, 2**32 - 2, 2**32 - 1])).map(
    lambda k: (k + 0.5) / 2**32
)
RATES = st.one_of(st.floats(-12, 5.9).map(lambda x: 10.0**x), st.floats(29, 31), st.floats(1e-3, 100))
STEPS = st.one_of(st.sampled_from([1 + 2**-52, 1 + 1e-15, 1 + 1e-12]), st.floats(1, 1.1), st.floats(1, 10))
SPREADS = st.one_of(st.just(0.0), st.floats(-11, 1).map(lambda x: 10.0**x))
TRIES = st.one_of(st.integers(0, 200), st.integers(0, 100_000))
SHARES = st.one_of(st.floats(0, 1), st.floats(0.49, 0.51), st.floats(-12, 0).map(lambda x: 10.0**x))
often = settings(max_examples=300, deadline=None, derandomize=True, database=None)


@often
@given(NUMBERS, RATES, STEPS, SPREADS)
def test_counts_never_fall_when_the_rate_rises(u: float, rate: float, step: float, spread: float) -> None:
    higher = min(rate * step, MAX_MEAN)
    low, high = negative_binomial_quantile(np.array([u]), np.array([rate, higher]), np.array([spread]))
    assert low <= high


@often
@given(NUMBERS, NUMBERS, RATES, SPREADS)
def test_counts_never_fall_when_the_uniform_number_rises(u: float, v: float, rate: float, spread: float) -> None:
    low, high = negative_binomial_quantile(np.array(sorted([u, v])), np.array([rate]), np.array([spread]))
    assert low <= high


@often
@given(NUMBERS, TRIES, TRIES, SHARES, SHARES)
def test_answers_never_fall_when_events_or_their_chance_rise(u: float, n: int, m: int, p: float, q: float) -> None:
    (n, m), (p, q) = sorted([n, m]), sorted([p, q])
    least, more, most = binomial_quantile(np.array([u]), np.array([n, n, m], float), np.array([p, q, q]))
    assert 0 <= least <= more <= most <= m


def test_a_count_that_is_not_monotone_is_seen() -> None:
    def mirrored(u: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
        v = np.where(mean > SWITCH, 1 - u, u)  # right in law on both sides of the switch
        return negative_binomial_quantile(v, mean, spread)

    @often
    @given(NUMBERS, RATES, STEPS)
    def check(u: float, rate: float, step: float) -> None:
        low, high = mirrored(np.array([u]), np.array([rate, min(rate * step, MAX_MEAN)]), np.zeros(1))
        assert low <= high

    with pytest.raises(AssertionError):
        check()


def test_a_wide_dispersion_is_exact_and_takes_no_step_a_count() -> None:
    rng = np.random.default_rng(8)
    u = (np.floor(rng.random(2000) * 2**32) + 0.5) / 2**32
    for dispersion in (2.0, 100.0, 10_000.0):
        mean, spread = np.full(1, 25.0), np.full(1, dispersion)
        found = negative_binomial_quantile(u, mean, spread)
        exact = stats.nbinom.ppf(u, 1 / dispersion, 1 / (1 + dispersion * 25.0))
        np.testing.assert_array_equal(found, exact)
        with pytest.raises(AssertionError):
            np.testing.assert_array_equal(negative_binomial_quantile(u, mean * 1.02, spread), exact)
