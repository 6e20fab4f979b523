"""Estimates from draws and paths: each with its Monte Carlo error and interval, at two levels of uncertainty.

Paths of one draw share its parameters, so they are a cluster: the Monte Carlo error of a mean is that of the
draws' means. How far the true mean moves from draw to draw (what we don't know) is seen through the noise of
the paths inside draws (chance); a one-way analysis of variance takes that noise out.

Sources: Searle, Casella & McCulloch (1992), *Variance Components*; Clopper & Pearson (1934); Korn & Graubard
(1998), "Confidence intervals for proportions with small expected number of positive counts"; Hall (1992), "On the
removal of skewness by transformation".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.result.samples import Paths, Sample, n_distinct

__all__ = [
    "ENOUGH_DRAWS_HIT", "FEWEST", "LEVEL", "OF_THE_MEAN", "Estimate", "clopper_pearson", "estimate", "mean_and_error",
    "of_the_mean", "over_draws", "path_variances", "proportion_bounds", "settled_means", "share_of", "tails",
]  # fmt: skip

Numbers: TypeAlias = FloatArray | Sample

LEVEL = 0.90  # of every interval
_TAIL = (1 - LEVEL) / 2
FEWEST = 19  # numbers whose smallest and largest hold 90 % of what they come from on average, (n - 1) / (n + 1)
_ROUNDING = 1e-12  # of a number, below which nothing but rounding makes two differ
OF_THE_MEAN = ("mean", "mcse", "low", "high", "mean_q05", "mean_q95")  # of an estimate
ENOUGH_DRAWS_HIT = 10  # draws with a hit, below which the clustering of hits cannot be estimated


@dataclass(frozen=True)
class Estimate:
    """A mean over draws and paths.

    `mcse` is its Monte Carlo standard error, clustered by draw, and `low` to `high` the 90 % interval that
    this error gives. `q05`, `q50`, `q95` are quantiles over futures; `mean_q05`, `mean_q95` over draws, with
    the noise of paths taken out. `same` says that every future has the same number. What cannot be known is NaN: an
    error from one draw, an interval from fewer than 19 draws or futures, or over draws that differ no more than
    chance makes them, `low` to `high` where fewer than 10 draws differ from all the others.
    """

    mean: float
    mcse: float
    low: float
    high: float
    q05: float
    q50: float
    q95: float
    mean_q05: float
    mean_q95: float
    same: bool


def estimate(y: Numbers, *, proportion: bool = False) -> Estimate:
    """Estimate the mean of `y` and its spread.

    Parameters
    ----------
    y : float array, shape (n_draws, n_paths), or a Sample
    proportion : bool
        Whether y is 0 or 1: then `low` and `high` are Clopper-Pearson bounds.

    Examples
    --------
    >>> found = estimate(np.array([[1.0, 3.0], [2.0, 6.0]]))
    >>> found.mean, found.mcse
    (3.0, 1.0)
    """
    sample = _sample(y)
    mean, mcse = mean_and_error(sample.means, sample.clusters)
    if proportion:
        low, high = proportion_bounds(sample.means, sample.n_paths, sample.clusters)
    else:
        low, high = _mean_bounds(sample.means, sample.clusters)
    futures = sample.n_draws * sample.n_paths
    same = futures > 1 and not np.nan_to_num(path_variances(sample)).any() and _alike(sample.means)
    q05, q50, q95 = [mean] * 3 if same else sample.quantiles(np.array([_TAIL, 0.5, 1 - _TAIL]))
    if futures < FEWEST:
        q05 = q95 = np.nan
    return Estimate(mean, mcse, low, high, float(q05), float(q50), float(q95), *over_draws(sample), same)


def of_the_mean(y: Numbers) -> dict[str, float]:
    """Return of an estimate the mean with its error and interval, and the interval over draws."""
    found = estimate(y)
    return {key: getattr(found, key) for key in OF_THE_MEAN}


def _sample(y: Numbers) -> Sample:
    return Paths(y) if isinstance(y, np.ndarray) else y


def mean_and_error(means: FloatArray, clusters: IntArray | None = None) -> tuple[float, float]:
    """Return the mean of the draws' means, shape (n_draws,), and its Monte Carlo error, clustered by draw.

    Draws of one cluster (equal numbers in `clusters`) have the same parameters and count as one. The error is NaN with
    a single draw or cluster, and exactly 0 where only rounding makes the means differ.
    """
    x = _independent(means, clusters)
    mean = float(means.mean())
    if x.size < 2:
        return mean, np.nan
    return mean, 0.0 if _alike(means) else float(x.std(ddof=1) / np.sqrt(x.size))


def share_of(part: FloatArray, whole: FloatArray, clusters: IntArray | None) -> tuple[float, float]:
    """Return what share of the mean of one a part's mean is, both of shape (n_draws,), and its error (delta method)."""
    total = float(whole.mean())
    share = float(part.mean()) / total
    return share, mean_and_error(part - share * whole, clusters)[1] / abs(total)


def path_variances(sample: Sample) -> FloatArray:
    """Return the variance inside each draw, exactly 0 where only rounding makes the paths differ."""
    return np.where(sample.variances > (_ROUNDING * sample.means) ** 2, sample.variances, sample.variances * 0)


def _alike(x: FloatArray) -> bool:
    return bool(np.ptp(x) <= _ROUNDING * np.abs(x).max())


def _independent(means: FloatArray, clusters: IntArray | None) -> FloatArray:
    """Return a number for each cluster; their mean is that of the draws."""
    if clusters is None:
        return means
    _, place = np.unique(clusters, return_inverse=True)
    off = np.bincount(place, weights=means - means.mean())
    return np.asarray(means.mean() + off * off.size / means.size)


def _mean_bounds(means: FloatArray, clusters: IntArray | None) -> tuple[float, float]:
    """Return the 90 % interval of the mean: Student's, with the skewness of the draws' means taken out (Hall 1992).

    It is NaN where 10 draws or more have one mean and fewer than 10 another: nobody can say how rare those are.
    """
    x = _independent(means, clusters)
    mean, error = mean_and_error(means, clusters)
    away = int((np.abs(x - np.median(x)) > _ROUNDING * np.abs(x).max()).sum())
    if not np.isfinite(error) or 0 < away < ENOUGH_DRAWS_HIT <= x.size - away:
        return np.nan, np.nan
    if error == 0:
        return mean, mean
    reach = float(special.stdtrit(x.size - 1, 1 - _TAIL)) * np.array([1.0, -1.0])
    skew = float(((x - mean) ** 3).mean() / x.std() ** 3 / np.sqrt(x.size))
    if abs(skew) > 1e-6:  # else the transformation is the identity, up to rounding
        reach = (np.cbrt(1 + skew * (reach - skew / 6)) - 1) * 3 / skew
    low, high = mean - error * reach
    return float(low), float(high)


def settled_means(y: Numbers) -> FloatArray | None:
    """Return the draws' means with the noise of their paths taken out, or None if it cannot be separated.

    The variance between draws is that of the means less the paths' variance over n_paths, floored at 0; the
    means are drawn towards their own mean until they have just that variance. A draw whose paths are all equal
    keeps its mean, which has no noise to be seen, unless draws differ no more than chance makes them. With fewer than
    two draws or two paths noise cannot be separated.
    """
    sample = _sample(y)
    if sample.n_draws < 2 or sample.n_paths < 2:
        return None
    means, variances = sample.means, path_variances(sample)
    seen, noise = float(means.var(ddof=1)), float(variances.mean()) / sample.n_paths
    if noise == 0:
        return means
    shrink = np.sqrt(max(0.0, seen - noise) / seen) if seen > 0 else 0.0
    settled = means.mean() + shrink * (means - means.mean())
    return np.asarray(np.where((variances == 0) & (shrink > 0), means, settled))


def over_draws(y: Numbers) -> tuple[float, float]:
    """Return the 90 % interval of the draws' means with the noise of paths taken out; it holds the mean of them all.

    It is NaN from fewer than 19 draws, from one path a draw, and where draws differ no more than chance makes them.
    """
    sample = _sample(y)
    settled = settled_means(sample)
    if settled is None or (np.ptp(settled) == 0 and path_variances(sample).any()):
        return np.nan, np.nan
    low, high = tails(settled, sample.clusters)
    mean = float(sample.means.mean())
    return (min(low, mean), max(high, mean)) if low <= high else (low, high)


def tails(x: FloatArray, clusters: IntArray | None = None) -> tuple[float, float]:
    """Return the ends of a 90 % interval of the draws' numbers, shape (n_draws,); NaN from fewer than 19 draws.

    The i-th smallest of n is the quantile i / (n + 1) (Weibull 1939), so that 5 % of all draws to come lie beyond
    either end, on average.
    """
    if _independent(x, clusters).size < FEWEST:
        return np.nan, np.nan
    low, high = np.quantile(x, [_TAIL, 1 - _TAIL], method="weibull")
    return float(low), float(high)


def proportion_bounds(means: FloatArray, n_paths: int, clusters: IntArray | None = None) -> tuple[float, float]:
    """Return Clopper-Pearson 90 % bounds of a probability, from the share of hits among the paths of each draw.

    The number of independent trials is what the Monte Carlo error says it is (at most the number of paths).
    With hits in fewer than 10 draws it is not known how hits cluster; then the worst is assumed, that a draw
    is one trial. Zero hits in D draws thus give the upper bound 1 - 0.05^(1/D), about 3 / D.

    Examples
    --------
    >>> low, high = proportion_bounds(np.zeros(100), 50)
    >>> low, round(high, 4)
    (0.0, 0.0295)
    """
    n_draws = n_distinct(means.size, clusters)
    p, error = mean_and_error(means, clusters)
    spread = p * (1 - p)
    hit = min(int((means > 0).sum()), int((means < 1).sum()))
    trials = float(n_draws)
    if hit >= ENOUGH_DRAWS_HIT and n_draws > 1:
        most = means.size * n_paths
        trials = min(most, spread / error**2) if error > 0 else most
    return clopper_pearson(p, trials)


def clopper_pearson(p: float, trials: float) -> tuple[float, float]:
    """Return the 90 % bounds of Clopper and Pearson (1934) of a probability, a share `p` of `trials`, whole or not.

    Examples
    --------
    >>> [round(bound, 4) for bound in clopper_pearson(0.5, 10)]
    [0.2224, 0.7776]
    """
    hits = p * trials
    # P(hits or more | low) = P(hits or fewer | high) = 5 %; a binomial tail is an incomplete beta function.
    low = float(special.betaincinv(hits, trials - hits + 1, _TAIL)) if p > 0 else 0.0
    high = float(special.betaincinv(hits + 1, trials - hits, 1 - _TAIL)) if p < 1 else 1.0
    return low, high
