"""Counts of large means: the cumulative distribution functions in closed form, and a search on them.

A search starts at a normal guess corrected for skewness, brackets the answer and bisects; it ends at the
smallest k whose cumulative probability reaches u, so what it costs depends on the guess, what it gives does not.

Sources: Loader (2000), "Fast and accurate computation of binomial probabilities" (deviance form of the
probabilities); Cornish & Fisher (1938) (guess); DiDonato & Morris (1992), "Significant digit computation of the
incomplete beta function ratios", ACM TOMS 18 (its continued fraction).
"""

from __future__ import annotations

import numpy as np

from hudna.engine.vm.compilation import compiled, inlined
from hudna.engine.vm.maths import exp, log, log1p, normal_quantile

__all__ = ["beta_cdf", "binomial_search", "negative_binomial_search", "poisson_cdf", "poisson_search"]

_TWO_PI = 6.283185307179586
_SHIFT_TO = 16.0  # Stirling's series is exact to the last digit from here on
_TINY = 1e-300
_MOST = 1_000_000  # terms after which a sum or fraction is left as it stands; none allowed comes near
_POISSON, _BINOMIAL, _NEGATIVE_BINOMIAL = 0, 1, 2


@compiled
def poisson_search(u: float, mean: float) -> float:
    """Smallest k with P(N <= k) >= u, N Poisson."""
    sd = np.sqrt(mean)
    return _search(u, mean, sd, 1.0 / sd, np.inf, _POISSON, mean, 0.0)


@compiled
def binomial_search(u: float, n: float, p: float) -> float:
    """Smallest k with P(N <= k) >= u, N binomial."""
    sd = np.sqrt(n * p * (1.0 - p))
    return _search(u, n * p, sd, (1.0 - 2.0 * p) / sd, n, _BINOMIAL, n, p)


@compiled
def negative_binomial_search(u: float, mean: float, dispersion: float) -> float:
    """Smallest k with P(N <= k) >= u, N negative binomial of variance mean + dispersion mean**2."""
    sd = np.sqrt(mean + dispersion * mean * mean)
    skewness = (1.0 + 2.0 * dispersion * mean) / sd
    return _search(u, mean, sd, min(skewness, 2.0), np.inf, _NEGATIVE_BINOMIAL, mean, dispersion)


@compiled
def _search(u: float, mean: float, sd: float, skewness: float, top: float, family: int, a: float, b: float) -> float:
    z = normal_quantile(u)
    guess = np.floor(mean + sd * (z + skewness * (z * z - 1.0) / 6.0) + 0.5)
    low = min(max(guess - 1.0, -1.0), top - 1.0)  # wanted: cdf(low) < u <= cdf(high), with cdf(-1) = 0
    high = min(max(guess, low + 1.0), top)
    width = max(1.0, np.floor(0.02 * sd))
    while low >= 0.0 and _cdf(low, family, a, b) >= u:
        high = low
        low = max(low - width, -1.0)
        width *= 2.0
    while high < top and _cdf(high, family, a, b) < u:
        low = high
        high = min(high + width, top)
        width *= 2.0
    while high - low > 1.0:
        middle = np.floor(0.5 * (low + high))
        if _cdf(middle, family, a, b) >= u:
            high = middle
        else:
            low = middle
    return high


@compiled
def _cdf(k: float, family: int, a: float, b: float) -> float:
    if family == _POISSON:
        return poisson_cdf(k, a)
    if family == _BINOMIAL:
        return beta_cdf(a - k, k + 1.0, 1.0 - b, b)
    q = 1.0 / (1.0 + a * b)
    return beta_cdf(1.0 / b, k + 1.0, q, a * b * q)


@compiled
def poisson_cdf(k: float, mean: float) -> float:
    """P(N <= k), `mean` > 0: the terms from k down, or 1 less those from k + 1 up, whichever are the fewer."""
    term, total = 1.0, 1.0
    if k < mean:
        at = k
        while at > 0.0 and term > 1e-18 * total:
            term *= at / mean
            total += term
            at -= 1.0
        return total * _poisson_probability(k, mean)
    at = k + 1.0
    while term > 1e-18 * total:
        at += 1.0
        term *= mean / at
        total += term
    return 1.0 - total * _poisson_probability(k + 1.0, mean)


@compiled
def beta_cdf(a: float, b: float, x: float, y: float) -> float:
    """Regularised incomplete beta function I_x(a, b) with y = 1 - x; 1 where a is 0."""
    if a <= 0.0:
        return 1.0
    front = a * b / (a + b) * _binomial_probability(a, b, x, y)
    if x < (a + 1.0) / (a + b + 2.0):
        return front / _fraction(a, b, x, y)
    return 1.0 - front / _fraction(b, a, y, x)


@compiled
def _fraction(a: float, b: float, x: float, y: float) -> float:
    """Continued fraction of the incomplete beta function, from the front (modified Lentz).

    `x` and `y` both come in, so that a y - b x cancels nothing where one of them is near 1.
    """
    gap = a * y - b * x + 1.0
    f = _away(a * gap / (a + 1.0))
    c, d = f, 0.0
    for m in range(1, _MOST):
        w = a + 2.0 * m
        top = (a + m - 1.0) / (w - 1.0) * ((a + b + m - 1.0) / (w - 1.0)) * m * (b - m) * x * x
        low = m + m * (b - m) * x / (w - 1.0) + (a + m) * (gap + m * (1.0 + y)) / (w + 1.0)
        d, c = 1.0 / _away(low + top * d), _away(low + top / c)
        f *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return f


@inlined
def _away(x: float) -> float:
    """Keep a denominator away from 0."""
    return _TINY if abs(x) < _TINY else x


@compiled
def _poisson_probability(k: float, mean: float) -> float:
    if k == 0.0:
        return exp(-mean)
    return exp(-_stirling_error(k) - _deviance(k, mean)) / np.sqrt(_TWO_PI * k)


@compiled
def _binomial_probability(k: float, rest: float, p: float, q: float) -> float:
    """n! / (k! (n - k)!) p**k q**(n - k), for real 0 < k < n and rest = n - k."""
    n = k + rest
    deviance = _deviance(k, n * p) + _deviance(rest, n * q)
    error = _stirling_error(n) - _stirling_error(k) - _stirling_error(rest)
    return exp(error - deviance) * np.sqrt(n / (_TWO_PI * k * rest))


@compiled
def _deviance(x: float, mean: float) -> float:
    """x log(x / mean) + mean - x, without cancellation where the two are near."""
    difference = x - mean
    if abs(difference) < 0.1 * (x + mean):
        v = difference / (x + mean)
        total, term, square = difference * v, 2.0 * x * v, v * v
        for j in range(1, 1000):
            term *= square
            more = total + term / (2.0 * j + 1.0)
            if more == total:
                break
            total = more
        return total
    return x * log(x / mean) + mean - x


@compiled
def _stirling_error(x: float) -> float:
    """log(x!) less Stirling's (x + 1/2) log(x) - x + log(2 pi) / 2."""
    less = 0.0
    while x < _SHIFT_TO:
        less += (x + 0.5) * log1p(1.0 / x) - 1.0
        x += 1.0
    s = 1.0 / (x * x)
    series = 1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s * (1.0 / 1188.0))))
    return less + series / x
