"""Forecasts of counts: scores agree with another implementation, are proper, and see a forecaster that is wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scoringrules
from scipy import special, stats

from hudna.errors import InputError
from hudna.judge.forecast import CountForecast

Z_LIMIT = 5.73
MEANS = (0.3, 3.0, 15.0)
COUNTS = range(21)  # scoringrules raises to powers, and overflows beyond


def sample(n=700, seed=0):
    return np.random.default_rng(seed).negative_binomial(2, 0.1, n)


def by_definition(forecast, v):
    """The sum over k of (P(N <= k) - [k >= v])^2, term by term."""
    ends = range(max(int(forecast.counts[-1]), v) + 1)
    return math.fsum((forecast.at_most(k) - (k >= v)) ** 2 for k in ends)


# ---- Against scoringrules, and against the definitions -----------------------------------------------------------


@pytest.mark.parametrize("v", [0, 1, 7, 18, 60, 500])
def test_crps_of_a_sample_is_that_of_the_ensemble(v):
    members = sample()
    forecast = CountForecast.from_sample(members)
    assert forecast.crps(v) == pytest.approx(scoringrules.crps_ensemble(float(v), members.astype(float)), abs=1e-12)
    assert forecast.crps(v) == pytest.approx(by_definition(forecast, v), abs=1e-12)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("v", COUNTS)
def test_scores_of_a_poisson_forecast(mean, v):
    forecast = CountForecast.poisson(mean)
    assert forecast.crps(v) == pytest.approx(scoringrules.crps_poisson(float(v), mean), abs=1e-12)
    assert forecast.log_score(v) == pytest.approx(scoringrules.logs_poisson(float(v), mean), abs=1e-12)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("dispersion", [0.2, 1.0])
@pytest.mark.parametrize("v", COUNTS)
def test_scores_of_a_negative_binomial_forecast(mean, dispersion, v):
    forecast = CountForecast.negative_binomial(mean, dispersion)
    n, p = 1 / dispersion, 1 / (1 + dispersion * mean)
    assert forecast.crps(v) == pytest.approx(scoringrules.crps_negbinom(float(v), n, p), abs=1e-12)
    assert forecast.log_score(v) == pytest.approx(scoringrules.logs_negbinom(float(v), n, p), abs=1e-12)


@pytest.mark.parametrize("threshold", [1, 5, 40])
@pytest.mark.parametrize("v", [0, 4, 5, 80])
def test_brier_score(threshold, v):
    members = sample()
    found = CountForecast.from_sample(members).brier(threshold, v)
    expected = scoringrules.brier_score(float(v >= threshold), float((members >= threshold).mean()))
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.01, 5), (2, 0.1), (40, 4), (300, 0.5), (7, 0), (900, 0)])
def test_closed_forms_lose_nothing(mean, dispersion):
    forecast = CountForecast.negative_binomial(mean, dispersion)
    assert forecast.pmf.sum() == pytest.approx(1, abs=1e-12)
    assert (forecast.probabilities >= 0).all()
    assert forecast.mean == pytest.approx(mean, rel=1e-10)
    assert forecast.sd == pytest.approx(math.sqrt(mean + dispersion * mean**2), rel=1e-9)
    law = stats.nbinom(1 / dispersion, 1 / (1 + dispersion * mean)) if dispersion else stats.poisson(mean)
    for v in (0, 1, int(mean), int(20 * mean) + 3):
        assert forecast.crps(v) == pytest.approx(by_definition(forecast, v), rel=1e-10)
        assert forecast.log_score(v) == pytest.approx(-law.logpmf(v), rel=1e-9)
        if law.sf(v - 1) > 0:  # further out scipy gives up
            assert forecast.censored_log_score(v) == pytest.approx(-law.logsf(v - 1), rel=1e-9, abs=1e-12)
    for p in (0.05, 0.5, 0.99):
        assert forecast.quantile(p) == law.ppf(p)


def test_far_out_the_log_scores_stay_finite():
    forecast = CountForecast.poisson(1.0)
    exact = 1 + math.lgamma(5001)
    assert forecast.log_score(5000) == pytest.approx(exact, rel=1e-12)
    assert forecast.censored_log_score(5000) == pytest.approx(exact - 1 / 5001, rel=1e-12)
    wide = CountForecast.negative_binomial(1.0, 0.5)
    assert wide.log_score(50_000) > wide.censored_log_score(50_000) > 10_000


def test_wide_forecasts_are_kept_in_cells():
    forecast = CountForecast.poisson(1e10)
    normal = 1e5 * (math.sqrt(2 / math.pi) - 1 / math.sqrt(math.pi))  # of a normal at its mean
    assert forecast.counts.size < 2**17 + 50
    assert forecast.crps(10**10) == pytest.approx(normal, rel=1e-3)
    wide = CountForecast.negative_binomial(1e6, 2.0)
    assert wide.crps(10**6) == pytest.approx(scoringrules.crps_negbinom(1e6, 0.5, 1 / (1 + 2e6)), rel=1e-6)


def test_what_was_given_as_probabilities():
    forecast = CountForecast.from_pmf(np.array([0.25, 0.0, 0.75]))
    assert (forecast.mean, forecast.quantile(0.25), forecast.quantile(0.26)) == (1.5, 0, 2)
    assert forecast.log_score(2) == pytest.approx(-math.log(0.75))
    assert forecast.log_score(1) == forecast.log_score(9) == forecast.censored_log_score(3) == math.inf
    assert forecast.censored_log_score(1) == pytest.approx(-math.log(0.75))
    assert forecast.censored_log_score(0) == 0


def test_weights_are_repeats():
    repeated = CountForecast.from_sample(np.array([3, 3, 3, 0, 8]))
    weighted = CountForecast.from_sample(np.array([3, 8, 0, 5]), np.array([3.0, 1.0, 1.0, 0.0]), size=5)
    for v in (0, 3, 5, 8, 30):
        assert weighted.crps(v) == pytest.approx(repeated.crps(v), abs=1e-15)
        assert weighted.log_score(v) == pytest.approx(repeated.log_score(v), abs=1e-12)
    assert weighted.interval(0.5) == repeated.interval(0.5)


def test_quantiles_of_a_sample_are_order_statistics():
    members = np.sort(sample(1000))
    forecast = CountForecast.from_sample(members)
    for p in (0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1.0):
        assert forecast.quantile(p) == members[round(p * 1000) - 1]
    assert forecast.interval(0.9) == (members[49], members[949])
    low, high = forecast.interval(0.5)
    assert [forecast.covers(0.5, v) for v in (low - 1, low, high, high + 1)] == [False, True, True, False]


@pytest.mark.parametrize(
    "make",
    [
        lambda: CountForecast.from_sample(np.array([], int)),
        lambda: CountForecast.from_sample(np.array([1, -1])),
        lambda: CountForecast.from_sample(np.array([0.5])),
        lambda: CountForecast.from_sample(np.array([math.nan])),
        lambda: CountForecast.from_sample(np.array([1, 2]), np.array([0.0, 0.0])),
        lambda: CountForecast.from_sample(np.array([1, 2]), np.array([1.0])),
        lambda: CountForecast.from_pmf(np.array([0.5, 0.4])),
        lambda: CountForecast.from_pmf(np.array([1.5, -0.5])),
        lambda: CountForecast.from_pmf(np.array([])),
        lambda: CountForecast.poisson(-1),
        lambda: CountForecast.poisson(math.nan),
        lambda: CountForecast.poisson(1e13),
        lambda: CountForecast.negative_binomial(1, math.inf),
        lambda: CountForecast.poisson(1).crps(-1),
        lambda: CountForecast.poisson(1).log_score(0.5),
        lambda: CountForecast.poisson(1).quantile(1.1),
    ],
)
def test_what_is_no_forecast_or_no_count_is_refused(make):
    with pytest.raises(InputError):
        make()


# ---- The smoothing of the log score ------------------------------------------------------------------------------

K = np.arange(3000)
TRUTHS = {
    "rare": stats.poisson(0.3).pmf(K),
    "poisson": stats.poisson(30).pmf(K),
    "large": stats.poisson(300).pmf(K),
    "overdispersed": stats.nbinom(1, 1 / 21).pmf(K),
    "heavy": stats.nbinom(0.25, 1 / 81).pmf(K),
    "two humps": 0.5 * (K == 0) + 0.5 * stats.poisson(50).pmf(K),
    "two wide humps": 0.5 * stats.poisson(20).pmf(K) + 0.5 * stats.poisson(200).pmf(K),
}
COST = {500: 0.02, 2000: 0.007, 20_000: 0.0015}  # as documented


def log_probabilities(forecast):
    return -np.array([forecast.log_score(int(v)) for v in K])


def cost(truth, log_q):
    """How much more the log score is than the truth's own, on average."""
    there = truth > 0
    return float(truth[there] @ (np.log(truth[there]) - log_q[there]))


def unsmoothed(members):
    """The sample with the same broad tail, and no kernels."""
    share = np.bincount(members, minlength=K.size)[: K.size] / members.size
    mean, sd = members.mean(), members.std()
    broad = 1 + 2 * (mean + sd)
    return np.log((members.size * share + (broad / (1 + broad)) ** K / (1 + broad)) / (members.size + 1))


def scott(members):
    """Kernels of Scott's width, whatever the sample looks like."""
    roots = np.sqrt(members)
    width = 1.06 * roots.std() * members.size**-0.2
    edges = np.concatenate([[-np.inf], np.sqrt(K[1:] - 0.5), [np.sqrt(K[-1] + 0.5)]])
    values, tally = np.unique(members, return_counts=True)
    below = special.ndtr((edges[:, None] - np.sqrt(values)) / width) @ (tally / members.size)
    return np.log(np.diff(below) + 1e-6)


@pytest.mark.parametrize("n", COST)
@pytest.mark.parametrize("name", TRUTHS)
def test_smoothing_costs_as_little_as_is_said(name, n):
    truth = TRUTHS[name] / TRUTHS[name].sum()
    rng = np.random.default_rng(11)
    samples = [rng.choice(K, n, p=truth) for _ in range(4 if n < 20_000 else 1)]
    costs = [cost(truth, log_probabilities(CountForecast.from_sample(members))) for members in samples]
    assert 0 <= np.mean(costs) < COST[n]


def test_no_smoothing_costs_more_and_too_much_does_too():
    rng = np.random.default_rng(11)
    truth = TRUTHS["large"] / TRUTHS["large"].sum()
    with pytest.raises(AssertionError):
        assert cost(truth, unsmoothed(rng.choice(K, 2000, p=truth))) < COST[2000]
    truth = TRUTHS["two wide humps"] / TRUTHS["two wide humps"].sum()
    with pytest.raises(AssertionError):
        assert cost(truth, scott(rng.choice(K, 20_000, p=truth))) < COST[20_000]


@pytest.mark.parametrize("members", [[0], [7, 7, 7], [0, 0, 0, 900], [1, 2, 3, 4], list(sample(900))])
def test_smoothed_probabilities_sum_to_one_and_no_count_is_impossible(members):
    forecast = CountForecast.from_sample(np.array(members))
    inside = math.fsum(math.exp(-forecast.log_score(v)) for v in range(400))
    assert inside + math.exp(-forecast.censored_log_score(400)) == pytest.approx(1, abs=1e-12)
    assert math.isfinite(forecast.log_score(10**9))
    assert forecast.censored_log_score(0) == 0


def test_a_hole_in_the_sample_is_no_matter_of_luck():
    truth = stats.nbinom(1, 1 / 21)
    holes = []
    for seed in range(200):
        members = truth.rvs(500, random_state=np.random.default_rng(seed))
        forecast = CountForecast.from_sample(members)
        holes += [forecast.log_score(v) + truth.logpmf(v) for v in range(60) if v not in members]
    assert len(holes) > 500
    assert np.abs(holes).max() < 1.5  # without kernels every hole costs 4.5 or more
    raw = -math.log(1 / 501 / 81)
    assert raw + truth.logpmf(40) > 4.5


def test_only_the_log_score_is_smoothed():
    forecast = CountForecast.from_sample(np.array([0, 10]))
    assert forecast.pit(5) == (0.5, 0.5)
    assert forecast.brier(5, 5) == 0.25
    assert forecast.quantile(0.5) == 0
    assert forecast.censored_brier(11) == 1


# ---- Proper, and able to see what is wrong -----------------------------------------------------------------------


def advantage_z(score, truth, wrong, counts):
    """By how many standard errors the truth scores lower, on average, than another forecast."""
    at = {v: score(wrong, v) - score(truth, v) for v in np.unique(counts).tolist()}
    d = np.array([at[v] for v in counts.tolist()])
    return d.mean() / (d.std(ddof=1) / math.sqrt(d.size))


SCORES = {
    "crps": lambda f, v: f.crps(v),
    "log score": lambda f, v: f.log_score(v),
    "brier": lambda f, v: f.brier(4, v),
}
WRONG = {
    "too high": CountForecast.negative_binomial(5, 0.5),
    "too low": CountForecast.negative_binomial(3.2, 0.5),
    "too narrow": CountForecast.negative_binomial(4, 0.1),
    "too wide": CountForecast.negative_binomial(4, 1.2),
    "a point": CountForecast.from_sample(np.array([3])),
}


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("wrong", WRONG)
def test_scores_are_proper(score, wrong):
    truth = CountForecast.negative_binomial(4, 0.5)
    counts = np.random.default_rng(2).negative_binomial(2, 1 / 3, 200_000)
    assert advantage_z(SCORES[score], truth, WRONG[wrong], counts) > Z_LIMIT


def test_an_improper_score_is_found_out():
    def not_squared(forecast, v):
        ends = np.arange(max(int(forecast.counts[-1]), v) + 1)
        below = np.array([forecast.at_most(int(k)) for k in ends])
        return float(np.abs(below - (ends >= v)).sum())

    truth = CountForecast.negative_binomial(4, 0.5)
    counts = np.random.default_rng(2).negative_binomial(2, 1 / 3, 200_000)
    with pytest.raises(AssertionError):
        assert advantage_z(not_squared, truth, WRONG["a point"], counts) > Z_LIMIT


def pit_z(spread, seed=4, n=4000):
    """Forecast counts whose means differ from one to the next; return z of the PIT's mean and of its variance.

    `spread` is the forecaster's sd as a share of the true one.
    """
    rng = np.random.default_rng(seed)
    means = rng.gamma(4, 5, 50) + 1
    narrower = np.maximum(0.0, spread**2 * (means + 0.5 * means**2) - means) / means**2
    forecasts = [CountForecast.negative_binomial(*pair) for pair in zip(means, narrower, strict=True)]
    which = rng.integers(0, 50, n)
    counts = rng.negative_binomial(2, 1 / (1 + 0.5 * means[which]))
    u = np.array([rng.uniform(*forecasts[i].pit(int(v))) for i, v in zip(which, counts, strict=True)])
    # A uniform has mean 1/2, variance 1/12 and (u - 1/2)^2 has variance 1/180.
    return (u.mean() - 0.5) * math.sqrt(12 * n), (np.square(u - 0.5).mean() - 1 / 12) * math.sqrt(180 * n)


def test_pit_of_a_calibrated_forecaster_is_uniform():
    assert np.abs(pit_z(1.0)).max() < Z_LIMIT


def test_pit_shows_a_forecaster_that_is_a_fifth_too_narrow():
    with pytest.raises(AssertionError):
        assert np.abs(pit_z(0.8)).max() < Z_LIMIT


def test_intervals_hold_at_least_their_level():
    rng = np.random.default_rng(6)
    forecast = CountForecast.negative_binomial(20, 0.5)
    counts = rng.negative_binomial(2, 1 / 11, 20_000)
    for level in (0.5, 0.9):
        low, high = forecast.interval(level)
        exact = forecast.at_most(high) - forecast.at_most(low - 1)
        assert exact >= level
        hits = ((counts >= low) & (counts <= high)).mean()
        assert abs(hits - exact) < Z_LIMIT * math.sqrt(exact * (1 - exact) / counts.size)


# ---- Pools -------------------------------------------------------------------------------------------------------


def parts():
    return (
        CountForecast.from_sample(sample()),
        CountForecast.negative_binomial(4.0, 0.5),
        CountForecast.from_pmf(np.array([0.5, 0.0, 0.25, 0.25])),
    )


@pytest.mark.parametrize("v", [0, 1, 2, 9, 60])
def test_scores_of_a_pool_are_those_of_the_mixed_probabilities(v):
    weights = np.array([0.2, 0.5, 0.3])
    forecast = CountForecast.pooled(parts(), 10 * weights)
    length = int(forecast.counts[-1]) + 1
    mixed = sum(w * np.pad(part.pmf, (0, length - part.pmf.size)) for w, part in zip(weights, parts(), strict=True))
    whole = CountForecast.from_pmf(mixed)
    assert forecast.crps(v) == pytest.approx(whole.crps(v), abs=1e-12)
    assert forecast.pit(v) == pytest.approx(whole.pit(v), abs=1e-12)
    assert forecast.at_least(v) == pytest.approx(whole.at_least(v), abs=1e-12)
    assert [forecast.quantile(p) for p in (0.05, 0.5, 0.95)] == [whole.quantile(p) for p in (0.05, 0.5, 0.95)]
    likely = sum(w * math.exp(-part.log_score(v)) for w, part in zip(weights, parts(), strict=True))
    assert forecast.log_score(v) == pytest.approx(-math.log(likely), rel=1e-12)
    tail = sum(w * math.exp(-part.censored_log_score(v)) for w, part in zip(weights, parts(), strict=True))
    assert forecast.censored_log_score(v) == pytest.approx(-math.log(tail), abs=1e-12)
    other = CountForecast.pooled(parts(), [0.21, 0.49, 0.3])
    with pytest.raises(AssertionError):  # other weights are seen
        assert other.crps(v) == pytest.approx(whole.crps(v), abs=1e-6)


def test_a_pool_of_one_is_that_one_and_wrong_weights_are_refused():
    own = parts()
    assert CountForecast.pooled(own, [0, 2, 0]) is own[1]
    for weights in ([1, 1], [0, 0, 0], [1, -1, 1], [1, math.nan, 1], [[1, 1, 1]]):
        with pytest.raises(InputError, match="weights are as many as forecasts"):
            CountForecast.pooled(own, weights)
