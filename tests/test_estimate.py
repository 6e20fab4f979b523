"""Estimates: exact answers for clustered samples, and checks that would see the usual mistakes."""

import os

import numpy as np
import pytest
from scipy import stats

from hudna.result.estimate import FEWEST, estimate, over_draws, proportion_bounds, settled_means, tails
from hudna.result.samples import Paths

FULL = os.environ.get("HUDNA_FULL") == "1"

BETWEEN, WITHIN = 2.0, 5.0


def hierarchical(n_draws, n_paths, *, between=BETWEEN, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(1.0, between, (n_draws, 1)) + rng.normal(0.0, WITHIN, (n_draws, n_paths))


def coverage_z(errors):
    """Standardised errors should have unit variance; return how far theirs is from 1, in standard errors."""
    n = len(errors)
    return (np.mean(np.square(errors)) - 1.0) / np.sqrt(2.0 / n)


def test_monte_carlo_error_is_clustered_by_draw():
    runs = [hierarchical(60, 40, seed=seed) for seed in range(1500)]
    clustered = [(estimate(y).mean - 1.0) / estimate(y).mcse for y in runs]
    naive = [(y.mean() - 1.0) / (y.std(ddof=1) / np.sqrt(y.size)) for y in runs]
    # With 59 degrees of freedom the squared t has mean 59/57.
    assert abs(coverage_z(np.array(clustered) * np.sqrt(57 / 59))) < 5.73
    with pytest.raises(AssertionError):
        assert abs(coverage_z(np.array(naive))) < 5.73


def test_monte_carlo_error_is_the_exact_one():
    y = hierarchical(50, 30)
    expected = y.mean(axis=1).std(ddof=1) / np.sqrt(50)
    assert estimate(y).mcse == pytest.approx(expected, rel=1e-12)
    even = np.concatenate([y, 2 - y])  # no skewness: then the interval is Student's
    error = even.mean(axis=1).std(ddof=1) / 10
    assert (estimate(even).low, estimate(even).high) == pytest.approx(stats.t.interval(0.90, 99, 1.0, error), rel=1e-9)


def test_the_interval_of_a_mean_allows_for_skewness():
    """Student's interval of a skewed mean ends too early on the side of the long tail."""
    rng = np.random.default_rng(8)
    runs = np.exp(rng.normal(-0.245, 0.7, (1500, 60, 1)))  # of mean 1
    found = np.array([(e.low, e.high, *stats.t.interval(0.90, 59, e.mean, e.mcse)) for e in map(estimate, runs)])
    x = runs[0].ravel()
    a = stats.skew(x) / np.sqrt(60)
    for end, t in zip(found[0, :2], stats.t.ppf([0.95, 0.05], 59), strict=True):
        standard = (x.mean() - end) / (x.std(ddof=1) / np.sqrt(60))  # Hall's polynomial of it is t
        assert standard + a * standard**2 / 3 + a**2 * standard**3 / 27 + a / 6 == pytest.approx(t, rel=1e-9)
    low, high, early, late = (found < 1).mean(axis=0)
    assert [1 - low, high] == pytest.approx([0.05, 0.08], abs=0.02)
    assert [1 - early, late] != pytest.approx([0.05, 0.08], abs=0.02)


def test_the_interval_of_a_mean_is_not_shown_where_few_draws_are_unlike_the_others():
    y = np.zeros((200, 5))
    y[:9] = 3.0
    assert np.isnan([estimate(y).low, estimate(y).high]).all()
    y[:10] = 3.0
    assert 0 < estimate(y).low < 0.15 < estimate(y).high


def test_spread_over_draws_has_the_noise_of_paths_taken_out():
    y = hierarchical(20_000, 4, seed=1)
    settled = settled_means(y)
    # Variance of a sample variance of normals: 2 sigma^4 / n; sigma^2 of the means is 4 + 25/4.
    error = np.sqrt(2 / 20_000) * (BETWEEN**2 + WITHIN**2 / 4)
    assert abs(settled.var(ddof=1) - BETWEEN**2) < 5.73 * error
    with pytest.raises(AssertionError):
        assert abs(y.mean(axis=1).var(ddof=1) - BETWEEN**2) < 5.73 * error


def test_spread_over_draws_is_floored_at_zero_and_then_not_shown():
    y = np.tile([[0.0, 10.0], [10.0, 0.0], [0.5, 9.5]], (7, 1))
    assert np.ptp(settled_means(y)) == 0
    assert np.isnan(over_draws(y)).all()
    assert over_draws(y.mean(axis=1, keepdims=True) + np.zeros((21, 2))) == (5.0, 5.0)  # no chance: that is certain


# The interval over draws holds 90 % of what it is over --------------------------------------------------------

N_DRAWS, N_PATHS = 300, 100


def normal(rng, n_draws, n_paths):
    true = rng.normal(0, 1, n_draws)
    return true, true[:, None] + rng.normal(0, 5, (n_draws, n_paths))


def atom(rng, n_draws, n_paths):
    """Six draws in ten are exactly 0 on every path."""
    none = rng.random(n_draws) < 0.6
    true = np.where(none, 0.0, rng.normal(5, 1, n_draws))
    return true, true[:, None] + np.where(none, 0.0, 3.0)[:, None] * rng.normal(size=(n_draws, n_paths))


def gate(rng, n_draws, n_paths):
    """Half the draws can have no event."""
    true = np.where(rng.random(n_draws) < 0.5, 0.0, rng.gamma(3, 4 / 3, n_draws))
    return true, rng.poisson(true[:, None], (n_draws, n_paths)).astype(float)


def mixed(rng, n_draws, n_paths):
    """Differences of either sign, and 0 on every path in six draws of ten."""
    none = rng.random(n_draws) < 0.6
    true = np.where(none, 0.0, rng.normal(0.3, 1, n_draws))
    return true, true[:, None] + np.where(none, 0.0, 3.0)[:, None] * rng.normal(size=(n_draws, n_paths))


def censored(rng, n_draws, n_paths):
    """Weeks until something that need not come within 52."""
    rate = rng.gamma(3, 1 / 30, n_draws)
    return (1 - np.exp(-52 * rate)) / rate, np.minimum(rng.exponential(1 / rate[:, None], (n_draws, n_paths)), 52)


def rare(rng, n_draws, n_paths):
    """One path in 31, so that many draws see no hit."""
    true = rng.beta(2, 60, n_draws)
    return true, (rng.random((n_draws, n_paths)) < true[:, None]).astype(float)


def coverage(world, interval):
    """Return how far beyond 94.5 to 95.5 % the share of true means at or above the lower end is, and at or below the
    upper, in standard errors over runs; 0 within."""
    truth = np.sort(world(np.random.default_rng(1), 400_000, 1)[0])
    rng = np.random.default_rng(2)
    ends = np.array([interval(world(rng, N_DRAWS, N_PATHS)[1]) for _ in range(2000 if FULL else 200)])
    inside = np.stack([
        1 - np.searchsorted(truth, ends[:, 0], side="left") / truth.size,
        np.searchsorted(truth, ends[:, 1], side="right") / truth.size,
    ])  # fmt: skip
    off, error = inside.mean(axis=1) - 0.95, inside.std(axis=1, ddof=1) / np.sqrt(len(ends))
    return np.sign(off) * np.maximum(np.abs(off) - 0.005, 0) / np.maximum(error, 1e-6)


def all_shrunk(y):
    """Draw every mean towards their mean alike."""
    means, noise = y.mean(axis=1), y.var(axis=1, ddof=1).mean() / y.shape[1]
    shrink = np.sqrt(max(0.0, means.var(ddof=1) - noise) / means.var(ddof=1))
    return tails(means.mean() + shrink * (means - means.mean()))


@pytest.mark.parametrize("world", [normal, mixed, censored])
def test_the_interval_over_draws_covers_where_chance_is_small(world):
    assert (np.abs(coverage(world, over_draws)) < 5.73).all()


@pytest.mark.parametrize("world", [atom, gate, rare])
def test_the_interval_over_draws_keeps_what_most_draws_have(world):
    """At an atom it covers more than 95 %: the atom is in it; the other end is as exact as before."""
    low, high = coverage(world, over_draws)
    assert low > 5.73
    assert abs(high) < 5.73
    assert coverage(world, all_shrunk)[0] < -5.73


def test_noise_that_is_left_in_the_interval_over_draws_is_seen():
    assert (coverage(normal, lambda y: tails(y.mean(axis=1))) > 5.73).all()
    type_7 = coverage(gate, lambda y: np.quantile(settled_means(y[:30]), [0.05, 0.95]))  # too short with few draws
    assert type_7[1] < -5.73
    assert abs(coverage(gate, lambda y: over_draws(y[:30]))[1]) < 5.73


def test_the_interval_over_draws_holds_the_mean():
    """Of a probability near 1 most draws show 1 on every path; the mean of all is below."""
    y = np.ones((200, 50))
    y[:6, :30] = 0
    assert over_draws(y) == (y.mean(), 1.0)


def test_an_interval_takes_nineteen_draws():
    """The smallest and the largest of 19 hold 18 / 20 of what they come from."""
    x = np.arange(19.0)
    assert tails(x) == (0.0, 18.0)
    assert np.isnan(tails(x[1:])).all()
    assert np.isnan(tails(x, np.arange(19) // 2 * 2)).all()  # copies of a draw are one
    assert np.isnan(over_draws(np.ones((FEWEST, 1)))).all()
    few = estimate(np.arange(18.0).reshape(9, 2))
    assert np.isnan([few.q05, few.q95, few.mean_q05]).all()
    assert few.mcse > 0
    assert np.isfinite([few.q50, estimate(np.arange(20.0).reshape(10, 2)).q05]).all()


@pytest.mark.parametrize("n_paths", [1, 7])
def test_rounding_is_no_spread(n_paths):
    """0.1 + 0.2 - 0.2 is not 0.1 on every path: that is no error, and no noise."""
    away = np.random.default_rng(4).normal(0, 1, (60, n_paths))
    found = estimate((away + 0.1) - away)
    assert found.same
    assert found.mcse == 0
    assert (found.low, found.high) == (found.mean, found.mean) == pytest.approx((0.1, 0.1))
    near = estimate(1000 + 1e-6 * away)  # small, but no rounding
    assert near.mcse == pytest.approx(1e-6 * estimate(away).mcse, rel=1e-4)
    assert near.low < near.mean < near.high
    assert not near.same
    assert not estimate(away).same
    assert not estimate(np.array([[1.0]])).same  # of one future there is nothing to say


def test_equal_means_of_unequal_paths_are_not_the_same():
    assert not estimate(np.array([[1.0, 3.0], [0.0, 4.0]])).same
    assert not estimate(np.array([[1.0, 1.0], [2.0, 2.0]])).same
    assert not estimate(Paths(np.array([[1.0, 3.0]]))).same


def test_what_cannot_be_known_is_not_a_number():
    one_draw = estimate(np.array([[1.0, 2.0, 3.0]]))
    assert one_draw.mean == 2.0
    assert np.isnan([one_draw.mcse, one_draw.low, one_draw.mean_q05]).all()
    one_path = estimate(np.array([[1.0], [2.0], [3.0]]))
    assert one_path.mcse > 0
    assert np.isnan(one_path.mean_q05)


def test_bounds_of_a_probability_are_clopper_pearson_when_paths_are_independent():
    rng = np.random.default_rng(3)
    y = (rng.random((5000, 1)) < 0.03).astype(float)
    low, high = proportion_bounds(y.mean(axis=1), y.shape[1])
    exact = stats.binomtest(int(y.sum()), 5000).proportion_ci(0.90, method="exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), rel=2e-3)


def test_a_probability_has_no_more_trials_than_paths():
    """Every draw has two hits in four but for one: they differ less than chance would make them."""
    means = np.full(40, 0.5)
    means[0] = 0.25
    exact = stats.binomtest(79, 160).proportion_ci(0.90, method="exact")
    assert proportion_bounds(means, 4) == pytest.approx((exact.low, exact.high))


def test_zero_hits_give_an_upper_bound():
    low, high = proportion_bounds(np.zeros(500), 200)
    assert low == 0
    assert high == pytest.approx(1 - 0.05 ** (1 / 500), rel=1e-9)
    assert proportion_bounds(np.ones(500), 200) == pytest.approx((0.05 ** (1 / 500), 1.0))


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.7), (0.02, 2.0)])
def test_bounds_cover_when_hits_cluster(a, b):
    """Draws differ widely in their probability; 90 % bounds must cover its mean nearly as often as they say."""
    rng = np.random.default_rng(5)
    covered, naive = 0, 0
    for _ in range(400):
        p = rng.beta(a, b, (100, 1))
        y = (rng.random((100, 50)) < p).astype(float)
        low, high = proportion_bounds(y.mean(axis=1), y.shape[1])
        covered += low <= a / (a + b) <= high
        wrong = stats.binomtest(int(y.sum()), y.size).proportion_ci(0.90, method="exact")
        naive += wrong.low <= a / (a + b) <= wrong.high
    assert covered / 400 > 0.80  # Korn and Graubard's interval errs little; 0.8 is far from the naive one
    assert naive / 400 < 0.60
