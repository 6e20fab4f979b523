"""Counts by inversion: the smallest k whose cumulative probability reaches a uniform number.

One uniform a count, monotone in the rate, so a policy that lowers a rate never raises the count of the same
path. Small means sum the probabilities up from 0; large ones start at a normal approximation and walk to
the exact answer with the cumulative distribution function. Source: Devroye (1986), *Non-Uniform Random
Variate Generation*, chapters II and III.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from hudna.arrays import BoolArray, FloatArray

__all__ = ["MAX_MEAN", "binomial_quantile", "negative_binomial_quantile", "poisson_quantile"]

MAX_MEAN = 1e6  # events in one step; a rate above it has run away
_SUM_UP_TO = 30.0  # mean up to which summing from 0 is the quicker way
_SMALL_DISPERSION = 1e-10  # below it the negative binomial is a Poisson to the last digit that matters


def poisson_quantile(u: FloatArray, mean: FloatArray) -> FloatArray:
    """Poisson counts, as floats; `u` in (0, 1), `mean` 0 to `MAX_MEAN`, shapes that broadcast.

    Examples
    --------
    >>> poisson_quantile(np.array([0.1, 0.5, 0.99]), np.array([2.0]))
    array([0., 2., 6.])
    """
    shape = np.broadcast_shapes(u.shape, mean.shape)
    out = np.zeros(shape)
    zero = np.exp(-mean)
    hit = np.flatnonzero(u > zero)  # everyone else has count 0
    if hit.size:
        v, m, start = (np.broadcast_to(x, shape).ravel()[hit] for x in (u, mean, zero))
        out.ravel()[hit] = _inverted(v, start, _Family(m, m, (m,), lambda k, m: m / k, special.pdtr))
    return out


def negative_binomial_quantile(u: FloatArray, mean: FloatArray, dispersion: FloatArray) -> FloatArray:
    """Negative-binomial counts with variance `mean + dispersion * mean**2`; Poisson where `dispersion` is 0.

    `u` in (0, 1), `mean` 0 to `MAX_MEAN`, `dispersion` at least 0, shapes that broadcast.
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
    family = _Family(
        mean,
        mean + a * mean**2,
        (mean, a, r, q),
        lambda k, _m, _a, r, q: (r + (k - 1.0)) / k * q,
        lambda k, m, a, _r, _q: _dispersed_cdf(k, m, a),
    )
    # The variance over the mean, less 1, is a m: a long tail takes long to sum.
    return _inverted(u, np.exp(-np.log1p(a * mean) * r), family, quick=a * mean <= _SUM_UP_TO)


def binomial_quantile(u: FloatArray, n: FloatArray, p: FloatArray) -> FloatArray:
    """Binomial counts out of `n` with probability `p`, as floats.

    `u` in (0, 1), `n` whole numbers of at least 0, `p` 0 to 1, shapes that broadcast.

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
    mean = n_some * q
    family = _Family(
        mean,
        mean * (1.0 - q),
        (n_some, q, q / (1.0 - q)),
        lambda k, n, _q, odds: (n - (k - 1.0)) / k * odds,
        lambda k, n, q, _odds: _binomial_cdf(k, n, q),
        limit=n_some,
    )
    counts = _inverted(v, np.exp(n_some * np.log1p(-q)), family)
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


class _Family(NamedTuple):
    """Counts of one kind, flat arrays all: what their probabilities depend on are the `columns`.

    ratio : function of k and the columns, p_k / p_(k-1); cdf : the same, P(N <= k); limit : the largest count
    """

    mean: FloatArray
    variance: FloatArray
    columns: tuple[FloatArray, ...]
    ratio: Callable[..., FloatArray]
    cdf: Callable[..., FloatArray]
    limit: FloatArray | None = None

    def of(self, which: BoolArray) -> _Family:
        """Return some of the counts."""
        limit = None if self.limit is None else self.limit[which]
        columns = tuple(column[which] for column in self.columns)
        return self._replace(mean=self.mean[which], variance=self.variance[which], columns=columns, limit=limit)

    def reached(self, k: FloatArray, on: BoolArray) -> FloatArray:
        """Return the cumulative probabilities of the counts that are `on`, and 0 of the others."""
        out = np.zeros(k.size)
        if on.any():
            out[on] = self.cdf(k[on], *(column[on] for column in self.columns))
        return out


def _inverted(u: FloatArray, zero: FloatArray, family: _Family, quick: BoolArray | None = None) -> FloatArray:
    """Smallest counts with a cumulative probability of u: summed up from P(0) = `zero` where that is `quick`."""
    small = family.mean <= _SUM_UP_TO
    if quick is not None:
        small &= quick
    counts = np.empty(u.size)
    counts[small] = _sum_up(u[small], zero[small], family.of(small))
    if not small.all():
        counts[~small] = _walk(u[~small], family.of(~small))
    return counts


def _sum_up(u: FloatArray, p_zero: FloatArray, family: _Family) -> FloatArray:
    """Smallest k with p_0 + ... + p_k >= u."""
    counts = np.zeros(u.size)
    on = np.flatnonzero(u > p_zero)
    p, total, goal = p_zero[on].copy(), p_zero[on].copy(), u[on]
    columns = [column[on] for column in family.columns]
    k = 0.0
    while on.size:
        k += 1.0
        p *= family.ratio(k, *columns)
        total += p
        counts[on] = k
        # The sum can stop a rounding error short of 1 and of u; no term is left to add when p is 0 to it.
        more = (goal > total) & ((p > total * 1e-18) | (k < 64.0))
        if family.limit is not None:
            more &= k < family.limit[on]
        on, p, total, goal = on[more], p[more], total[more], goal[more]
        columns = [column[more] for column in columns]
    return counts


def _walk(u: FloatArray, family: _Family) -> FloatArray:
    """Smallest k with cdf(k) >= u, bracketed from a normal guess and bisected."""
    sd = np.sqrt(family.variance)
    top = np.full(u.size, np.inf) if family.limit is None else family.limit
    guess = np.floor(family.mean + sd * special.ndtri(u))
    width = np.maximum(1.0, np.ceil(0.1 * sd))
    low = np.clip(guess - width, -1.0, top - 1.0)  # wanted: cdf(low) < u <= cdf(high), with cdf(-1) = 0
    high = np.minimum(np.maximum(guess + width, low + 1.0), top)
    everyone = np.ones(u.size, bool)
    while (wrong := (low >= 0) & (family.reached(low, low >= 0) >= u)).any():
        high = np.where(wrong, low, high)
        low = np.where(wrong, np.maximum(low - width, -1.0), low)
        width = np.where(wrong, 2.0 * width, width)
    while (wrong := (high < top) & (family.reached(high, everyone) < u)).any():
        low = np.where(wrong, high, low)
        high = np.where(wrong, np.minimum(high + width, top), high)
        width = np.where(wrong, 2.0 * width, width)
    while (open_ := high - low > 1.0).any():
        middle = np.where(open_, np.floor(0.5 * (low + high)), high)
        above = family.reached(middle, open_) >= u
        high = np.where(open_ & above, middle, high)
        low = np.where(open_ & ~above, middle, low)
    return np.asarray(high)
