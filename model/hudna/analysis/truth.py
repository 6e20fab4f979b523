"""How probable a statement is: that a number is above another one, over draws and over futures.

A statement about means is true or false in each draw, so its probability is the share of draws in which it is true
(what we don't know). Draws' means are seen through the noise of their paths; that noise is taken out of their spread
(`settled_means`), and what is left of it in the mean of all draws moves them together: the bounds hold both errors.

Two runs whose draws differ are no pairs. Then the probability is that of two independent draws (Mann & Whitney 1947),
its error from the placements of either side in the other (DeLong, DeLong & Clarke-Pearson 1988).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.result.estimate import (
    FEWEST,
    LEVEL,
    clopper_pearson,
    estimate,
    mean_and_error,
    proportion_bounds,
    settled_means,
    tails,
)
from hudna.result.samples import Paths, n_distinct

__all__ = ["Truth", "apart", "difference", "parameter", "together", "value"]

BoolArray: TypeAlias = NDArray[np.bool_]

_TAIL = (1 - LEVEL) / 2
_REACH = float(special.ndtri(1 - _TAIL))  # standard errors on either side of a 90 % interval
_UNKNOWN = (np.nan, np.nan, np.nan, np.nan)
_MOST = 1000  # draws a side from which all differences are formed


@dataclass(frozen=True)
class Truth:
    """How probable a statement is, and the number that it is about.

    `p_true` is over draws, with its Monte Carlo error and 90 % bounds; `p_futures` over futures. `estimate` is the
    mean of the number, `mcse` its Monte Carlo error, `q05` to `q95` its 90 % interval over draws. What cannot be known
    (from one draw or path) is NaN. `same` says that no future differs. `holds` says in which draws it is true: at the
    lower bound, as estimated and at the upper bound, shape (3, n_draws); None where draws are no pairs.
    """

    p_true: float
    p_true_mcse: float
    p_true_low: float
    p_true_high: float
    p_futures: float
    p_futures_mcse: float
    estimate: float
    mcse: float
    q05: float
    q95: float
    same: bool = False
    holds: BoolArray | None = field(default=None, repr=False)


def value(y: Paths, limit: float, sign: int) -> Truth:
    """Return how probable it is that `y` is above a number (sign 1) or below it (-1).

    Examples
    --------
    >>> value(Paths(np.array([[1.0, 3.0], [4.0, 8.0]])), 3.0, 1).p_futures
    0.5
    """
    own = estimate(y)
    found = difference(Paths(y.y - limit, clusters=y.clusters), sign)
    return replace(found, estimate=own.mean, mcse=own.mcse, q05=own.mean_q05, q95=own.mean_q95, same=False)


def difference(d: Paths, sign: int) -> Truth:
    """Return how probable it is that a paired difference is above 0 (sign 1) or below it (-1)."""
    own = estimate(d)
    holds = _holds(d, sign)
    draws = together([holds], d.clusters) if holds is not None else _UNKNOWN
    futures = mean_and_error(d.higher if sign > 0 else d.lower, d.clusters)
    number = (own.mean, own.mcse, own.mean_q05, own.mean_q95)
    return Truth(*draws, *futures, *number, not d.y.any(), holds)


def parameter(x: FloatArray, limit: FloatArray | float, sign: int, clusters: IntArray | None) -> Truth:
    """Return how probable it is that a parameter is above (sign 1) or below (-1) a number or another parameter.

    `x` has the shape (n_draws,), as has a `limit` that is another parameter; then the number is the difference.
    """
    number = x if isinstance(limit, float) else x - limit
    hit = sign * (x - limit) > 0
    holds = np.stack([hit] * 3)
    mean, error = mean_and_error(number, clusters)
    return Truth(*together([holds], clusters), np.nan, np.nan, mean, error, *tails(number, clusters), holds=holds)


def apart(a: Paths, b: Paths, sign: int) -> Truth:
    """Return how probable it is that `a` is above `b` (sign 1) or below it (-1), of runs whose draws are no pairs."""
    first, second = estimate(a), estimate(b)
    means = settled_means(a), settled_means(b)
    futures, futures_error = _placed(a.y, b.y, sign, a.clusters, b.clusters)
    number = (first.mean - second.mean, float(np.hypot(first.mcse, second.mcse)))
    if means[0] is None or means[1] is None:
        return Truth(*_UNKNOWN, futures, futures_error, *number, np.nan, np.nan)
    noise = _REACH * float(np.hypot(_noise(a), _noise(b)))
    shares = [_placed((means[0] + sign * s)[:, None], means[1][:, None], sign, a.clusters, b.clusters)
              for s in (-noise, 0.0, noise)]  # fmt: skip
    trials = min(n_distinct(y.n_draws, y.clusters) for y in (a, b))
    low, high = _bounds(*shares[0], trials)[0], _bounds(*shares[2], trials)[1]
    p, error = shares[1]
    mcse = float(np.hypot(error, (shares[2][0] - shares[0][0]) / (2 * _REACH)))
    between = np.subtract.outer(_spread(means[0]), _spread(means[1])).ravel()
    q05, q95 = tails(between) if trials >= FEWEST else (np.nan, np.nan)
    return Truth(p, mcse, low, high, futures, futures_error, *number, q05, q95)


def together(holds: Sequence[BoolArray], clusters: IntArray | None) -> tuple[float, float, float, float]:
    """Return the share of draws in which all statements hold, its Monte Carlo error and 90 % bounds.

    `holds` are as of `Truth`, of draws that are the same in all of them.

    Examples
    --------
    >>> both = [np.array([[True, False, True, True]] * 3), np.array([[True, True, False, True]] * 3)]
    >>> together(both, None)[0]
    0.5
    """
    whole = np.logical_and.reduce(holds).astype(float)
    p, error = mean_and_error(whole[1], clusters)
    low, high = whole[0].mean(), whole[2].mean()
    mcse = float(np.hypot(error, (high - low) / (2 * _REACH)))
    if not np.isfinite(error):
        return _UNKNOWN
    return p, mcse, proportion_bounds(whole[0], 1, clusters)[0], proportion_bounds(whole[2], 1, clusters)[1]


def _holds(d: Paths, sign: int) -> BoolArray | None:
    """Return in which draws the mean has the sign, shape (3, n_draws); None if noise cannot be taken out.

    The rows are for the mean of all draws moved against the sign, left alone, and moved in its favour, by the reach of
    its noise. A draw whose mean is 0 has neither sign, wherever the noise is taken out to.
    """
    settled = settled_means(d)
    if settled is None:
        return None
    noise = _REACH * _noise(d)
    holds = np.stack([sign * settled + shift > 0 for shift in (-noise, 0.0, noise)])
    return np.asarray(holds & (d.means != 0), bool)


def _noise(y: Paths) -> float:
    """Return the standard error that paths alone leave in the mean of all draws."""
    return float(np.sqrt(y.variances.mean() / (y.n_paths * y.n_draws)))


def _placed(
    a: FloatArray, b: FloatArray, sign: int, clusters_a: IntArray | None, clusters_b: IntArray | None
) -> tuple[float, float]:
    """Return the probability that a number of `a` is beyond one of `b`, and its error, clustered by draw (the rows)."""
    if sign < 0:
        a, b = -a, -b
    below = np.searchsorted(np.sort(b, axis=None), a, side="left") / b.size
    over = 1 - np.searchsorted(np.sort(a, axis=None), b, side="right") / a.size
    p, first = mean_and_error(below.mean(axis=1), clusters_a)
    _, second = mean_and_error(over.mean(axis=1), clusters_b)
    return p, float(np.hypot(first, second))


def _bounds(p: float, error: float, draws: int) -> tuple[float, float]:
    """Return Clopper-Pearson 90 % bounds, from as many trials as the error says; from the draws if it says nothing."""
    spread = p * (1 - p)
    trials = spread / error**2 if error > 0 and spread > 0 else float(draws)
    return clopper_pearson(p, trials)


def _spread(means: FloatArray) -> FloatArray:
    """Return the draws' means, or evenly many quantiles of them where they are too many to pair each with each."""
    if means.size <= _MOST:
        return means
    return np.asarray(np.quantile(means, (np.arange(_MOST) + 0.5) / _MOST))
