"""Logarithms of probabilities of counts."""

from __future__ import annotations

import numpy as np
from scipy import special

from hudna.arrays import FloatArray

__all__ = ["binomial_log_pmf", "poisson_log_pmf"]


def poisson_log_pmf(k: FloatArray, mean: FloatArray) -> FloatArray:
    """Return log P(N = k) of a Poisson count; -inf where k is negative, or above 0 at mean 0.

    Examples
    --------
    >>> float(poisson_log_pmf(np.array(0.0), np.array(2.0)))
    -2.0
    """
    safe = np.maximum(k, 0.0)
    with np.errstate(divide="ignore"):
        likely = special.xlogy(safe, mean) - mean - special.gammaln(safe + 1.0)
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
    ways = special.gammaln(n + 1.0) - special.gammaln(safe + 1.0) - special.gammaln(n - safe + 1.0)
    with np.errstate(divide="ignore"):
        likely = ways + special.xlogy(safe, p) + special.xlog1py(n - safe, -p)
    return np.where(inside, likely, -np.inf)
