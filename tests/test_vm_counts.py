"""Counts by inversion in the compiled engine: scipy's quantiles, the oracle's counts, blocks that are their lanes."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from numba import njit
from scipy import special

from hudna.engine.quantiles import MAX_MEAN, binomial_quantile, negative_binomial_quantile
from hudna.engine.vm import counts, tails

from .rewriting import rewritten
from .test_quantiles import (
    HIGHEST,
    LOWEST,
    NUMBERS,
    RATES,
    SHARES,
    SPREADS,
    STEPS,
    SWITCH,
    TRIES,
    binomial_agrees,
    exact_negative_binomial,
    grid,
    negative_binomial_agrees,
    often,
    poisson_agrees,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LANES = 256

Function = Any  # compiled
Quantile = Any  # of arrays that broadcast: u and what it is a quantile of


def over(function: Function) -> Quantile:
    """Apply a compiled function of three floats to arrays that broadcast."""

    @njit(error_model="numpy")
    def loop(u: np.ndarray, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        for i in range(u.size):
            out[i] = function(u[i], a[i], b[i])

    def call(u: Any, a: Any, b: Any = 0.0) -> np.ndarray:
        arrays = np.broadcast_arrays(*(np.asarray(x, float) for x in (u, a, b)))
        out = np.empty(arrays[0].size)
        loop(*(x.ravel() for x in arrays), out)
        return out.reshape(arrays[0].shape)

    return call


negative_binomial, binomial = over(counts.negative_binomial), over(counts.binomial)


def poisson(u: Any, mean: Any) -> np.ndarray:
    return negative_binomial(u, mean, 0.0)


def words(rng: np.random.Generator, n: int) -> np.ndarray:
    """Numbers that a stream can give, a few of them in each tail."""
    k = np.floor(rng.random(n) * 2**32)
    k[: n // 20] = np.floor(2.0 ** rng.uniform(0, 32, n // 20))
    k[n // 20 : n // 10] = 2**32 - 1 - np.floor(2.0 ** rng.uniform(0, 31.9, n // 10 - n // 20))
    return (k + 0.5) / 2**32


# Against scipy and exact sums -------------------------------------------------------------------------------


def test_poisson_counts_are_scipys() -> None:
    poisson_agrees(poisson)


def test_negative_binomial_counts_are_scipys() -> None:
    negative_binomial_agrees(negative_binomial)


def test_binomial_counts_are_scipys() -> None:
    binomial_agrees(binomial)


def test_counts_that_are_right_in_law_only_are_seen() -> None:
    for wrong in (
        lambda u, mean: poisson(1 - u, mean),
        lambda u, mean: poisson(u, mean * (1 + 1e-6)),
        lambda u, mean: negative_binomial(u, mean, 1e-4),
    ):
        with pytest.raises(AssertionError):
            poisson_agrees(wrong)
    for wrong in (
        lambda u, mean, spread: negative_binomial(u, mean, spread * (1 + 1e-4)),
        lambda u, mean, spread: poisson(u, mean + 0 * spread),
    ):
        with pytest.raises(AssertionError):
            negative_binomial_agrees(wrong)
    for wrong in (
        lambda u, n, p: n - binomial(u, n, 1 - p),
        lambda u, n, p: np.minimum(n, poisson(u, n * p)),
    ):
        with pytest.raises(AssertionError):
            binomial_agrees(wrong)


def test_slips_in_sums_and_searches_are_seen() -> None:
    search = rewritten(tails._search, "return high", "return max(high - 1.0, 0.0)")
    low = {
        name: rewritten(getattr(tails, name), _search=search)
        for name in ("poisson_search", "negative_binomial_search", "binomial_search")
    }
    for agrees, quantile, piece, old, new in (
        (poisson_agrees, counts.negative_binomial, "_poisson", "p *= mean * _RECIPROCAL[k]", "p *= mean / (k + 0.01)"),
        (poisson_agrees, counts.negative_binomial, "_poisson", "", ""),
        (negative_binomial_agrees, counts.negative_binomial, "_dispersed", "(k - 1.0)", "k"),
        (negative_binomial_agrees, counts.negative_binomial, "_dispersed", "", ""),
        (binomial_agrees, counts.binomial, "_binomial", "(n - (k - 1.0))", "(n - k)"),
        (binomial_agrees, counts.binomial, "_binomial", "", ""),
    ):
        names = {} if old else low  # without a slip of its own, it calls a search that ends one too low
        with pytest.raises(AssertionError):
            agrees(over(rewritten(quantile, **{piece: rewritten(getattr(counts, piece), old, new, **names)})))


def test_small_means_are_exact_whatever_the_dispersion() -> None:
    u = np.concatenate([grid(12), 1 - 10.0 ** -np.arange(1, 9)])

    def check(quantile: Quantile) -> None:
        for mean in (1e-12, 1e-9, 1e-6, 0.01, 0.7, 3, 12, 29.5):
            for dispersion in (0, 1e-14, 1e-12, 1e-11, 2e-10, 1e-8, 1e-5, 0.3, 4, 60, 1000):
                if dispersion * mean <= SWITCH:
                    found = quantile(u, mean, dispersion)
                    assert found.tolist() == [exact_negative_binomial(x, mean, dispersion) for x in u]

    check(negative_binomial)
    with pytest.raises(AssertionError):
        check(lambda u, mean, spread: negative_binomial(u, mean, spread + 1e-3))


# Cumulative probabilities, which searches end on ------------------------------------------------------------


def in_decimals(last: int, mean: float, dispersion: float) -> np.ndarray:
    """Cumulative probabilities of 0, 1, ..., `last`, from sums in 50 digits."""
    with localcontext() as context:
        context.prec = 50
        m, a = Decimal(mean), Decimal(dispersion)
        p = total = (-(1 + a * m).ln() / a).exp() if a else (-m).exp()
        sums = [total]
        for k in range(1, last + 1):
            p *= m * (1 + a * (k - 1)) / (k * (1 + a * m))
            total += p
            sums.append(total)
        return np.array([float(x) for x in sums])


def dispersed(k: np.ndarray, mean: float, dispersion: float, cdf: Function = tails.beta_cdf) -> np.ndarray:
    """Cumulative probabilities as a search of a negative binomial asks for them."""
    q = 1 / (1 + dispersion * mean)
    return np.array([cdf(1 / dispersion, x + 1, q, dispersion * mean * q) for x in k.tolist()])


@pytest.mark.parametrize("mean", [31.0, 300.0, 3000.0])
def test_cumulative_probabilities_of_a_poisson_are_exact_sums(mean: float) -> None:
    exact = in_decimals(int(mean + 7 * np.sqrt(mean)), mean, 0)

    def check(cdf: Function) -> None:
        found = [cdf(float(k), mean) for k in range(exact.size)]
        assert np.abs(found - exact).max() < 4e-15

    check(tails.poisson_cdf)
    with pytest.raises(AssertionError):
        check(rewritten(tails.poisson_cdf, "if k < mean:\n        at = k", "if k < mean:\n        at = k - 1e-9"))
    short = rewritten(tails._stirling_error, "1.0 / 12.0", "1.0 / 12.001")
    probability = rewritten(tails._poisson_probability, _stirling_error=short)
    with pytest.raises(AssertionError):
        check(rewritten(tails.poisson_cdf, _poisson_probability=probability))


@pytest.mark.parametrize("dispersion", [1.1e-10, 1e-8, 1e-4, 0.01, 1.0, 30.0, 1000.0])
def test_cumulative_probabilities_of_a_negative_binomial_are_exact_sums(dispersion: float) -> None:
    for mean in (31.0, 300.0):
        last = int(min(mean + 8 * np.sqrt(mean + dispersion * mean**2), 4000))
        exact, k = in_decimals(last, mean, dispersion), np.arange(last + 1.0)
        assert np.abs(dispersed(k, mean, dispersion) - exact).max() < 1e-14


@pytest.mark.parametrize("dispersion", [0.01, 0.3, 1.0, 5.0, 30.0, 1000.0])
def test_cumulative_probabilities_of_wide_negative_binomials_are_boosts(dispersion: float) -> None:
    """In means so large that a sum would take too long, and only where scipy's way of asking loses no digits."""
    for mean in (1e3, 1e5, 1e6):
        u = np.array([1e-9, 1e-6, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 1 - 1e-6, 1 - 1e-9])
        k = np.unique(negative_binomial(u, mean, dispersion))
        exact = special.betainc(1 / dispersion, k + 1, 1 / (1 + dispersion * mean))
        assert np.abs(dispersed(k, mean, dispersion) - exact).max() < 1e-14


def test_a_cumulative_probability_of_a_negative_binomial_with_a_slip_is_seen() -> None:
    exact, k = in_decimals(2000, 31.0, 1.0), np.arange(2001.0)

    def check(cdf: Function) -> None:
        assert np.abs(dispersed(k, 31.0, 1.0, cdf) - exact).max() < 1e-14

    check(tails.beta_cdf)
    for old, new in (("a * b / (a + b)", "(a + 1e-9) * b / (a + b)"), ("if a <= 0.0", "if a <= 2.0")):
        with pytest.raises(AssertionError):
            check(rewritten(tails.beta_cdf, old, new))
    with pytest.raises(AssertionError):
        check(rewritten(tails.beta_cdf, _fraction=rewritten(tails._fraction, "< 1e-16", "< 1e-7")))


@pytest.mark.parametrize("n", [100.0, 1e4, 1e6, 1e8])
def test_cumulative_probabilities_of_a_binomial_are_boosts(n: float) -> None:
    for p in (1e-6, 1e-3, 0.01, 0.3, 0.5):
        sd = np.sqrt(n * p * (1 - p))
        if n * p <= SWITCH:
            continue
        k = np.unique(np.clip(np.floor(n * p + sd * np.linspace(-6, 6, 60)), 0, n - 1))
        exact = special.betaincc(k + 1, n - k, p)
        found = [tails.beta_cdf(n - x, x + 1, 1 - p, p) for x in k.tolist()]
        assert np.abs(found - exact).max() < 1e-14 + 2e-15 * sd
        with pytest.raises(AssertionError):
            assert np.abs(found - special.betaincc(k + 1, n - k, p * (1 + 1e-9))).max() < 1e-14 + 2e-15 * sd


def is_the_quantile(k: np.ndarray, u: np.ndarray, n: np.ndarray, p: np.ndarray, rounding: np.ndarray) -> None:
    """The smallest k whose cumulative probability reaches u, as far as rounding lets one tell."""

    def cdf(k: np.ndarray) -> np.ndarray:
        inside = np.clip(k, 0, n - 1)
        return np.where(k < 0, 0.0, np.where(k >= n, 1.0, special.betaincc(inside + 1, n - inside, p)))

    assert ((k >= 0) & (k <= n)).all()
    assert (cdf(k) >= u - rounding).all()
    assert (cdf(k - 1) < u + rounding).all()


def test_binomials_of_up_to_a_hundred_million_are_the_smallest_that_reach() -> None:
    rng = np.random.default_rng(4)
    n = np.floor(10.0 ** rng.uniform(0, 8, 6000))
    p = np.where(rng.random(6000) < 0.5, rng.random(6000), 10.0 ** rng.uniform(-12, 0, 6000))
    u = words(rng, 6000)
    rounding = 1e-14 + 2e-15 * np.sqrt(n * p * (1 - p))
    is_the_quantile(binomial(u, n, p), u, n, p, rounding)
    with pytest.raises(AssertionError):
        is_the_quantile(binomial(u, n, p) + 1, u, n, p, rounding)
    with pytest.raises(AssertionError):
        is_the_quantile(binomial(u, n, p * (1 + 1e-7)), u, n, p, rounding)


# Against the oracle -----------------------------------------------------------------------------------------


def mixture(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers, means of 0 to the limit, dispersions of 0 to 1000."""
    rng = np.random.default_rng(12)
    mean = np.where(rng.random(n) < 0.3, rng.uniform(0, 60, n), 10.0 ** rng.uniform(-12, 6, n))
    dispersion = np.where(rng.random(n) < 0.5, 0.0, 10.0 ** rng.uniform(-12, 3, n))
    mean[:50], mean[50:100], dispersion[:100:2] = 0, MAX_MEAN, 0
    return words(rng, n), mean, dispersion


def test_counts_are_those_of_the_oracle() -> None:
    u, mean, dispersion = mixture(30_000)

    def check(quantile: Quantile) -> None:
        np.testing.assert_array_equal(quantile(u, mean, dispersion), negative_binomial_quantile(u, mean, dispersion))

    check(negative_binomial)
    with pytest.raises(AssertionError):
        check(lambda u, mean, spread: negative_binomial(u, mean * (1 + 1e-7), spread))
    with pytest.raises(AssertionError):
        check(lambda u, mean, spread: negative_binomial(u + 2.0**-32, mean, spread))


def trials(top: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers, trials from 0 to a power of ten, and chances from 0 to 1, many of them next to an end or one half."""
    rng = np.random.default_rng(13)
    n = np.floor(10.0 ** rng.uniform(0, top, 20_000))
    p = rng.random(20_000)
    p[:6000] = 10.0 ** rng.uniform(-15, 0, 6000)
    p[6000:9000] = 1 - 10.0 ** rng.uniform(-15, 0, 3000)
    p[9000:10_000] = 0.5 + rng.integers(-4, 5, 1000) * 2.0**-53
    n[:500], p[500:600], p[600:700] = 0, 0, 1
    return words(rng, 20_000), n, p


def test_answers_are_those_of_the_oracle() -> None:
    u, n, p = trials(6)
    np.testing.assert_array_equal(binomial(u, n, p), binomial_quantile(u, n, p))
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(binomial(u, n, p * (1 - 1e-7)), binomial_quantile(u, n, p))


def test_answers_out_of_a_hundred_million_are_those_of_the_oracle() -> None:
    u, n, p = trials(8)
    np.testing.assert_array_equal(binomial(u, n, p), binomial_quantile(u, n, p))


def test_impossible_and_certain_events() -> None:
    u = np.array([LOWEST, 0.3, 0.5, HIGHEST])
    for dispersion in (0.0, 1e-12, 0.5, 1000.0):
        assert negative_binomial(u, 0.0, dispersion).tolist() == [0, 0, 0, 0]
    for n in (0.0, 1.0, 7.0, 1e5, 1e8):
        assert binomial(u, n, 0.0).tolist() == [0, 0, 0, 0]
        assert binomial(u, n, 1.0).tolist() == [n, n, n, n]
        assert np.all(binomial(u, n, 0.999) <= n)
        assert np.all(binomial(u, n, 1e-300) == 0)


# Monotone ---------------------------------------------------------------------------------------------------


@often
@given(NUMBERS, RATES, STEPS, SPREADS)
def test_counts_never_fall_when_the_rate_rises(u: float, rate: float, step: float, spread: float) -> None:
    low, high = negative_binomial(u, np.array([rate, min(rate * step, MAX_MEAN)]), spread)
    assert low <= high


@often
@given(NUMBERS, TRIES, TRIES, SHARES, SHARES)
def test_answers_never_fall_when_events_or_their_chance_rise(u: float, n: int, m: int, p: float, q: float) -> None:
    (n, m), (p, q) = sorted([n, m]), sorted([p, q])
    least, more, most = binomial(u, np.array([n, n, m], float), np.array([p, q, q]))
    assert 0 <= least <= more <= most <= m


def next_to_ties(mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Numbers of the grid on either side of a cumulative probability: there a count is about to change."""
    k = special.pdtrik(rng.uniform(0.001, 0.999, mean.size), mean)
    word = np.floor(special.pdtr(np.floor(k), mean) * 2**32) + rng.integers(-1, 2, mean.size)
    return (np.clip(word, 0, 2**32 - 1) + 0.5) / 2**32


def test_counts_never_fall_where_they_are_about_to_rise() -> None:
    rng = np.random.default_rng(14)
    mean = np.where(rng.random(40_000) < 0.5, rng.uniform(20, 40, 40_000), 10.0 ** rng.uniform(-3, 5.9, 40_000))
    mean[:500] = SWITCH
    higher = mean * (1 + np.where(rng.random(40_000) < 0.3, 2.0**-52, 10.0 ** rng.uniform(-15, -6, 40_000)))
    u = next_to_ties(mean, rng)

    def check(quantile: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        assert (quantile(u, mean) <= quantile(u, higher)).all()

    check(poisson)
    check(lambda u, mean: binomial(u, 2e6, mean / 2e6))
    check(lambda u, mean: negative_binomial(u, mean, 0.3))
    with pytest.raises(AssertionError):  # right in law on both sides of the switch, but not of one piece
        check(lambda u, mean: poisson(np.where(mean > SWITCH, 1 - u, u), mean))


# Blocks of lanes --------------------------------------------------------------------------------------------


def room(lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """Where counts go, and room to work in: both full of what must not be read."""
    return np.full((3, LANES), -7.0), np.full((2, LANES), np.nan)


def in_a_row(u: np.ndarray) -> np.ndarray:
    table = np.full((3, LANES), 0.5)
    table[1, : u.size] = u
    return table


def padded(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x, np.full(LANES - x.size, 1e300)])


def poissons(u: np.ndarray, mean: np.ndarray, dispersion: float = 0.0, function: Function = None) -> np.ndarray:
    """Counts of a block, whose lanes beyond and rows beside must stay as they are."""
    found, work = room(u.size)
    if dispersion:
        (function or counts.negative_binomials)(padded(mean), dispersion, in_a_row(u), 1, found, 2, work, u.size)
    else:
        (function or counts.poissons)(padded(mean), in_a_row(u), 1, found, 2, work, u.size)
    return only_those(found, u.size)


def answers(u: np.ndarray, n: np.ndarray, p: float, function: Function = counts.binomials) -> np.ndarray:
    found, work = room(u.size)
    work[0, : u.size] = n
    function(in_a_row(u), 1, work, p, found, 2, u.size)
    return only_those(found, u.size)


def only_those(found: np.ndarray, lanes: int) -> np.ndarray:
    assert (found[:2] == -7).all()
    assert (found[2, lanes:] == -7).all()
    return found[2, :lanes]


def blocks() -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers and means of blocks: of many numbers of lanes, alike and mixed, a few large means among small."""
    rng = np.random.default_rng(15)
    found = []
    for lanes in (*range(1, 70), *range(71, LANES, 5), LANES):
        u = words(rng, lanes)
        scale = rng.choice([1e-3, 0.05, 0.5, 3, 29.9, 60, 1e4])
        kinds = [
            np.full(lanes, scale),
            scale * rng.random(lanes),
            np.where(rng.random(lanes) < 0.1, 10.0 ** rng.uniform(1, 5, lanes), rng.random(lanes)),
            np.where(rng.random(lanes) < 0.5, 10.0 ** rng.uniform(-3, 5.9, lanes), 0.0),
        ]
        found.append((u, kinds[int(rng.integers(4))]))
    return found


def test_a_block_of_poisson_counts_is_its_lanes() -> None:
    def check(function: Function = None) -> None:
        for u, mean in blocks():
            np.testing.assert_array_equal(poissons(u, mean, function=function), poisson(u, mean))

    check()
    for old, new in (
        ("p *= m * r4", "p *= m * r3"),
        ("work[1, i] = 2.0", "pass"),
        ("counts[out, i] = np.float64(at)", "counts[out, i] = np.float64(at - 1)"),
        ("counting * _FEW > lanes", "counting > lanes"),
    ):
        twin = rewritten(counts.poissons, old, new)
        if "_FEW" in old:
            check(twin)  # who counts together moves no count
            continue
        with pytest.raises(AssertionError):
            check(twin)


@pytest.mark.parametrize("dispersion", [1e-11, 1e-9, 0.3, 1.0, 50.0])
def test_a_block_of_negative_binomial_counts_is_its_lanes(dispersion: float) -> None:
    def check(other: float) -> None:
        for u, mean in blocks():
            np.testing.assert_array_equal(poissons(u, mean, dispersion), negative_binomial(u, mean, other))

    check(dispersion)
    with pytest.raises(AssertionError):
        check(dispersion + 0.01)


@pytest.mark.parametrize("p", [0.0, 1e-9, 0.2, 0.5, np.nextafter(0.5, 1), 0.8, 1 - 1e-9, 1.0])
def test_a_block_of_answers_is_its_lanes(p: float) -> None:
    def check(other: float) -> None:
        for u, mean in blocks():
            n = np.floor(mean)
            np.testing.assert_array_equal(answers(u, n, p), binomial(u, n, other))

    check(p)
    with pytest.raises(AssertionError):
        check(0.4)


def test_no_lane_depends_on_what_the_others_hold() -> None:
    rng = np.random.default_rng(16)
    u, mean = words(rng, LANES), np.where(rng.random(LANES) < 0.3, 10.0 ** rng.uniform(-2, 5, LANES), rng.random(LANES))
    company = [
        (words(rng, LANES), np.zeros(LANES)),
        (words(rng, LANES), np.full(LANES, 29.0)),
        (words(rng, LANES), np.full(LANES, 1e5)),
        (np.full(LANES, HIGHEST), np.full(LANES, 30.0)),
    ]
    for v, other in company:
        mine = rng.random(LANES) < 0.3
        mixed_u, mixed = np.where(mine, u, v), np.where(mine, mean, other)
        for dispersion in (0.0, 0.4):
            found = poissons(mixed_u, mixed, dispersion)
            np.testing.assert_array_equal(found[mine], poissons(u, mean, dispersion)[mine])
        found = answers(mixed_u, np.floor(mixed), 0.3)
        np.testing.assert_array_equal(found[mine], answers(u, np.floor(mean), 0.3)[mine])
