"""Counts by inversion: the smallest k whose cumulative probability reaches a uniform number.

One uniform a count, monotone in the rate, so a policy that lowers a rate never raises the count of the same
path. Small means sum the probabilities up from 0; large ones start at a normal approximation and walk to
the exact answer with the cumulative distribution function. Source: Devroye (1986), *Non-Uniform Random
Variate Generation*, chapters II and III.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from hudna.arrays import BoolArray, FloatArray, IntArray

__all__ = ["MAX_MEAN", "binomial_quantile", "negative_binomial_quantile", "poisson_quantile"]

MAX_MEAN = 1e6  # events in one step; a rate above it has run away
_SUM_UP_TO = 30.0  # mean up to which summing from 0 is the quicker way
_SMALL_DISPERSION = 1e-10  # below it the negative binomial is a Poisson to the last digit that matters


def poisson_quantile(u: FloatArray, mean: FloatArray) -> FloatArray:
    """Poisson counts, as floats.

    Parameters
    ----------
    u : float array in (0, 1)
    mean : float array broadcastable to `u`, 0 to `MAX_MEAN`

    Examples
    --------
    >>> poisson_quantile(np.array([0.1, 0.5, 0.99]), np.array([2.0]))
    array([0., 2., 6.])
    """
    shape = np.broadcast_shapes(u.shape, mean.shape)
    out = np.zeros(shape)
    zero = np.exp(-mean)
    hit = np.flatnonzero(u > zero)  # everyone else has count 0
    if hit.size == 0:
        return out
    v, m, start = (np.broadcast_to(x, shape).ravel()[hit] for x in (u, mean, zero))
    small = m <= _SUM_UP_TO
    big = ~small
    counts = np.empty(hit.size)
    counts[small] = _sum_up(v[small], start[small], lambda k, on: m[small][on] / k)
    if big.any():
        counts[big] = _walk(v[big], m[big], m[big], lambda k, on: special.pdtr(k, m[big][on]))
    out.ravel()[hit] = counts
    return out


def negative_binomial_quantile(u: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """Negative-binomial counts with variance `mean + dispersion * mean**2`; Poisson where `dispersion` is 0.

    Parameters
    ----------
    u : float array in (0, 1)
    mean : float array broadcastable to `u`, 0 to `MAX_MEAN`
    dispersion : float array broadcastable to `u`, >= 0
    """
    shape = np.broadcast_shapes(u.shape, mean.shape, dispersion.shape)
    wide = np.broadcast_to(dispersion > _SMALL_DISPERSION, shape).ravel()
    if not wide.any():
        return poisson_quantile(np.broadcast_to(u, shape), mean)
    v, m, a = (np.broadcast_to(x, shape).ravel() for x in (u, mean, dispersion))
    out = np.empty(v.size)
    out[wide] = _dispersed_quantile(v[wide], m[wide], a[wide])
    out[~wide] = poisson_quantile(v[~wide], m[~wide])
    return out.reshape(shape)


def _dispersed_quantile(u: FloatArray, mean: FloatArray, a: FloatArray) -> FloatArray:
    """Negative-binomial counts of flat arrays: p_0 = (1 + a m)^(-1/a), p_k = p_(k-1) (r + k - 1) / k q."""
    r, q = 1.0 / a, a * mean / (1.0 + a * mean)
    zero = np.exp(-np.log1p(a * mean) * r)
    small = (mean <= _SUM_UP_TO) & (a * mean <= _SUM_UP_TO)  # variance / mean - 1: a long tail takes long to sum
    big = ~small
    counts = np.empty(u.size)
    counts[small] = _sum_up(u[small], zero[small], lambda k, on: (r[small][on] + (k - 1.0)) / k * q[small][on])
    if big.any():
        counts[big] = _walk(
            u[big],
            mean[big],
            mean[big] + a[big] * mean[big] ** 2,
            lambda k, on: _dispersed_cdf(k, mean[big][on], a[big][on]),
        )
    return counts


def binomial_quantile(u: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    """Binomial counts out of `n` with probability `p`, as floats.

    Parameters
    ----------
    u : float array in (0, 1)
    n : float array broadcastable to `u`, whole numbers >= 0
    p : float array broadcastable to `u`, 0 to 1

    Examples
    --------
    >>> binomial_quantile(np.array([0.5, 0.5]), np.array([0.0, 10.0]), np.array([0.3]))
    array([0., 3.])
    """
    shape = np.broadcast_shapes(u.shape, n.shape, p.shape)
    out = np.zeros(shape)
    some = np.flatnonzero(np.broadcast_to(n, shape) > 0)
    if some.size == 0:
        return out
    u_some, n_some, p_some = (np.broadcast_to(x, shape).ravel()[some] for x in (u, n, p))
    # Above one half count the misses: k = n - min{j: F_miss(j) > 1 - u}.
    mirror = p_some > 0.5
    v = np.where(mirror, 1.0 - u_some, u_some)
    q = np.where(mirror, 1.0 - p_some, p_some)
    odds = q / (1.0 - q)
    mean = n_some * q
    small = mean <= _SUM_UP_TO
    counts = np.empty(some.size)
    start = np.exp(n_some[small] * np.log1p(-q[small]))
    counts[small] = _sum_up(
        v[small],
        start,
        lambda k, on: (n_some[small][on] - (k - 1.0)) / k * odds[small][on],
        limit=n_some[small],
    )
    if not small.all():
        big = ~small
        counts[big] = _walk(
            v[big],
            mean[big],
            mean[big] * (1.0 - q[big]),
            lambda k, on: _binomial_cdf(k, n_some[big][on], q[big][on]),
            limit=n_some[big],
        )
    out.ravel()[some] = np.where(mirror, n_some - counts, counts)
    return out


def _dispersed_cdf(k: FloatArray, mean: FloatArray, a: FloatArray) -> FloatArray:
    # The share that is the smaller is the one that has all its digits.
    share, rest = a * mean / (1.0 + a * mean), 1.0 / (1.0 + a * mean)
    upper = special.betaincc(k + 1.0, 1.0 / a, share)
    return np.asarray(np.where(share < rest, upper, special.betainc(1.0 / a, k + 1.0, rest)), np.float64)


def _binomial_cdf(k: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    # Not `bdtr`, which loses digits from a million on and takes no more than 2**31 trials.
    inside = np.minimum(k, n - 1.0)
    return np.where(k < n, special.betaincc(inside + 1.0, n - inside, p), 1.0)


def _sum_up(
    u: FloatArray,
    p_zero: FloatArray,
    ratio: Callable[[float, IntArray], FloatArray],
    *,
    limit: FloatArray | None = None,
) -> FloatArray:
    """Smallest k with p_0 + ... + p_k >= u, where p_k = p_(k-1) * ratio(k, who is still counting)."""
    counts = np.zeros(u.size)
    on: IntArray = np.flatnonzero(u > p_zero)
    p, total, goal = p_zero[on].copy(), p_zero[on].copy(), u[on]
    k = 0.0
    while on.size:
        k += 1.0
        p *= ratio(k, on)
        total += p
        counts[on] = k
        # The sum can stop a rounding error short of 1 and of u; no term is left to add when p is 0 to it.
        more = (goal > total) & ((p > total * 1e-18) | (k < 64.0))
        if limit is not None:
            more &= k < limit[on]
        on, p, total, goal = on[more], p[more], total[more], goal[more]
    return counts


def _walk(
    u: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    cdf: Callable[[FloatArray, BoolArray], FloatArray],
    *,
    limit: FloatArray | None = None,
) -> FloatArray:
    """Smallest k with cdf(k) >= u, bracketed from a normal guess and bisected."""
    sd = np.sqrt(variance)
    top = np.full(u.size, np.inf) if limit is None else limit
    guess = np.floor(mean + sd * special.ndtri(u))
    width = np.maximum(1.0, np.ceil(0.1 * sd))
    low = np.clip(guess - width, -1.0, top - 1.0)  # wanted: cdf(low) < u <= cdf(high), with cdf(-1) = 0
    high = np.minimum(np.maximum(guess + width, low + 1.0), top)
    everyone = np.ones(u.size, bool)
    while True:
        wrong = (low >= 0) & (_cdf_on(cdf, low, low >= 0) >= u)
        if not wrong.any():
            break
        high = np.where(wrong, low, high)
        low = np.where(wrong, np.maximum(low - width, -1.0), low)
        width = np.where(wrong, 2.0 * width, width)
    while True:
        wrong = (high < top) & (_cdf_on(cdf, high, everyone) < u)
        if not wrong.any():
            break
        low = np.where(wrong, high, low)
        high = np.where(wrong, np.minimum(high + width, top), high)
        width = np.where(wrong, 2.0 * width, width)
    while True:
        open_ = high - low > 1.0
        if not open_.any():
            return np.asarray(high)
        middle = np.where(open_, np.floor(0.5 * (low + high)), high)
        reached = _cdf_on(cdf, middle, open_) >= u
        high = np.where(open_ & reached, middle, high)
        low = np.where(open_ & ~reached, middle, low)


def _cdf_on(cdf: Callable[[FloatArray, BoolArray], FloatArray], k: FloatArray, on: BoolArray) -> FloatArray:
    out = np.zeros(k.size)
    if on.any():
        out[on] = cdf(k[on], on)
    return out
