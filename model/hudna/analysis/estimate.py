"""Estimates from draws and paths: each with its Monte Carlo error and interval, at two levels of uncertainty.

Paths of one draw share its parameters, so they are a cluster: the Monte Carlo error of a mean is that of the
draws' means. How far the true mean moves from draw to draw (what we don't know) is seen through the noise of
the paths inside draws (chance); a one-way analysis of variance takes that noise out.

Sources: Searle, Casella & McCulloch (1992), *Variance Components*; Clopper & Pearson (1934); Korn & Graubard
(1998), "Confidence intervals for proportions with small expected number of positive counts".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.result.samples import Paths, Sample

__all__ = ["ENOUGH_DRAWS_HIT", "LEVEL", "Estimate", "estimate", "mean_and_error", "proportion_bounds", "settled_means"]

Numbers: TypeAlias = FloatArray | Sample

LEVEL = 0.90  # of every interval
_TAIL = (1 - LEVEL) / 2
ENOUGH_DRAWS_HIT = 10  # draws with a hit, below which the clustering of hits cannot be estimated


@dataclass(frozen=True)
class Estimate:
    """A mean over draws and paths.

    `mcse` is its Monte Carlo standard error, clustered by draw, and `low` to `high` the 90 % interval that
    this error gives. `q05`, `q50`, `q95` are quantiles over futures; `mean_q05`, `mean_q95` over draws, with
    the noise of paths taken out. What cannot be known (an error from one draw) is NaN.
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
    elif np.isfinite(mcse):
        distinct = sample.n_draws if sample.clusters is None else np.unique(sample.clusters).size
        reach = float(special.stdtrit(distinct - 1, 1 - _TAIL)) * mcse
        low, high = mean - reach, mean + reach
    else:
        low = high = np.nan
    q05, q50, q95 = sample.quantiles(np.array([_TAIL, 0.5, 1 - _TAIL]))
    settled = settled_means(sample)
    mean_q05, mean_q95 = np.quantile(settled, [_TAIL, 1 - _TAIL]) if settled is not None else (np.nan, np.nan)
    return Estimate(mean, mcse, low, high, float(q05), float(q50), float(q95), float(mean_q05), float(mean_q95))


def _sample(y: Numbers) -> Sample:
    return Paths(y) if isinstance(y, np.ndarray) else y


def mean_and_error(means: FloatArray, clusters: IntArray | None = None) -> tuple[float, float]:
    """Return the mean of the draws' means, shape (n_draws,), and its Monte Carlo error, clustered by draw.

    Draws of one cluster (equal numbers in `clusters`) have the same parameters and count as one. The error is NaN with
    a single draw or cluster.
    """
    mean = float(means.mean())
    if clusters is not None:
        _, place = np.unique(clusters, return_inverse=True)
        off = np.bincount(place, weights=means - mean)
        if off.size < 2:
            return mean, np.nan
        return mean, float(np.sqrt((off**2).sum() * off.size / (off.size - 1)) / means.size)
    error = float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else np.nan
    return mean, error


def settled_means(y: Numbers) -> FloatArray | None:
    """Return the draws' means with the noise of their paths taken out, or None if it cannot be told apart.

    The variance between draws is that of the means less the paths' variance over n_paths, floored at 0; the
    means are drawn towards their own mean until they have just that variance.

    Parameters
    ----------
    y : float array, shape (n_draws, n_paths), or a Sample

    Returns
    -------
    float array, shape (n_draws,), or None with fewer than two draws or two paths
    """
    sample = _sample(y)
    if sample.n_draws < 2 or sample.n_paths < 2:
        return None
    means = sample.means
    seen = float(means.var(ddof=1))
    noise = float(sample.variances.mean()) / sample.n_paths
    shrink = np.sqrt(max(0.0, seen - noise) / seen) if seen > 0 else 0.0
    return np.asarray(means.mean() + shrink * (means - means.mean()))


def proportion_bounds(means: FloatArray, n_paths: int, clusters: IntArray | None = None) -> tuple[float, float]:
    """Return Clopper-Pearson 90 % bounds of a probability, from clustered zeros and ones.

    The number of independent trials is what the Monte Carlo error says it is (at most the number of paths).
    With hits in fewer than 10 draws nobody can tell how hits cluster; then the worst is assumed, that a draw
    is one trial. Zero hits in D draws thus give the upper bound 1 - 0.05^(1/D), about 3 / D.

    Parameters
    ----------
    means : float array, shape (n_draws,)
        Share of each draw's paths that are hits.
    n_paths : int
        Paths per draw.
    clusters : int array, shape (n_draws,), optional
        Equal where draws have the same parameters; such draws count as one.

    Examples
    --------
    >>> low, high = proportion_bounds(np.zeros(100), 50)
    >>> low, round(high, 4)
    (0.0, 0.0295)
    """
    n_draws = means.size if clusters is None else np.unique(clusters).size
    p, error = mean_and_error(means, clusters)
    spread = p * (1 - p)
    hit = min(int((means > 0).sum()), int((means < 1).sum()))
    trials = float(n_draws)
    if hit >= ENOUGH_DRAWS_HIT and n_draws > 1:
        most = means.size * n_paths
        trials = min(most, spread / error**2) if error > 0 else most
    hits = p * trials
    low = float(special.betaincinv(hits, trials - hits + 1, _TAIL)) if p > 0 else 0.0
    high = float(special.betaincinv(hits + 1, trials - hits, 1 - _TAIL)) if p < 1 else 1.0
    return low, high
