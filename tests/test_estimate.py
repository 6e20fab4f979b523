"""Estimates: exact answers for clustered samples, and checks that would see the usual mistakes."""

import numpy as np
import pytest
from scipy import stats

from hudna.analysis.estimate import estimate, proportion_bounds, settled_means

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
    low, high = stats.t.interval(0.90, 49, loc=y.mean(), scale=expected)
    assert (estimate(y).low, estimate(y).high) == pytest.approx((low, high), rel=1e-9)


def test_spread_over_draws_has_the_noise_of_paths_taken_out():
    y = hierarchical(20_000, 4, seed=1)
    settled = settled_means(y)
    # Variance of a sample variance of normals: 2 sigma^4 / n; sigma^2 of the means is 4 + 25/4.
    error = np.sqrt(2 / 20_000) * (BETWEEN**2 + WITHIN**2 / 4)
    assert abs(settled.var(ddof=1) - BETWEEN**2) < 5.73 * error
    with pytest.raises(AssertionError):
        assert abs(y.mean(axis=1).var(ddof=1) - BETWEEN**2) < 5.73 * error


def test_spread_over_draws_is_floored_at_zero():
    y = np.array([[0.0, 10.0], [10.0, 0.0], [0.5, 9.5]])
    assert np.ptp(settled_means(y)) == 0
    assert estimate(y).mean_q05 == estimate(y).mean_q95 == pytest.approx(5.0)


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
