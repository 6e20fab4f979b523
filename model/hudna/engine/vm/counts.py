"""Counts by inversion of one uniform number, lane by lane: what `hudna.engine.quantiles` does, for the kernel.

Small means add the probabilities up from 0, four terms at a time for all lanes while many are still counting,
then lane by lane; both do the same operations in the same order, so the bits do not depend on who is in the
block. Large means are searched with the cumulative distribution function (`hudna.engine.vm.tails`).
"""

from __future__ import annotations

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine.vm.compilation import compiled, merged
from hudna.engine.vm.maths import exp, log, log1p
from hudna.engine.vm.tails import binomial_search, negative_binomial_search, poisson_search

__all__ = ["binomial", "binomial_log_pmf", "binomials", "negative_binomial", "negative_binomials", "poissons"]

_SUM_UP_TO = 30.0
_SMALL_DISPERSION = 1e-10
_LAST = 4096  # no sum of a small mean has as many terms that matter
_RECIPROCAL = 1.0 / np.maximum(np.arange(_LAST + 8), 1)
_FEW = 16  # one lane in so many still counting: the rest is done lane by lane


@merged
def poissons(
    mean: FloatArray, uniforms: FloatArray, row: int, counts: FloatArray, out: int, work: FloatArray, lanes: int
) -> None:
    """Write Poisson counts to `counts[out, lane]` from `uniforms[row, lane]`.

    `mean[lane]` is 0 to `MAX_MEAN`; `work` has two rows of lanes.
    """
    counting, large = 0, 0
    for i in range(lanes):
        m = mean[i]
        p = exp(-m)
        work[0, i] = p
        work[1, i] = p
        counts[out, i] = 0.0
        counting += 1 if uniforms[row, i] > p else 0
        large += 1 if m > _SUM_UP_TO else 0
    if large:
        for i in range(lanes):
            if mean[i] > _SUM_UP_TO:
                counts[out, i] = poisson_search(uniforms[row, i], mean[i])
                work[1, i] = 2.0  # it counts no more
                counting -= 1 if uniforms[row, i] > work[0, i] else 0
    k = 0
    while counting * _FEW > lanes and k < _LAST - 4:
        r1, r2, r3, r4 = _RECIPROCAL[k + 1], _RECIPROCAL[k + 2], _RECIPROCAL[k + 3], _RECIPROCAL[k + 4]
        counting = 0
        for i in range(lanes):
            m, u, p, total, n = mean[i], uniforms[row, i], work[0, i], work[1, i], counts[out, i]
            n += 1.0 if u > total else 0.0
            p *= m * r1
            total += p
            n += 1.0 if u > total else 0.0
            p *= m * r2
            total += p
            n += 1.0 if u > total else 0.0
            p *= m * r3
            total += p
            n += 1.0 if u > total else 0.0
            p *= m * r4
            total += p
            work[0, i] = p
            work[1, i] = total
            counts[out, i] = n
            counting += 1 if u > total else 0
        k += 4
    if counting:
        for i in range(lanes):
            u, total = uniforms[row, i], work[1, i]
            if u > total:
                m, p, at = mean[i], work[0, i], k
                while u > total and at < _LAST:
                    at += 1
                    p *= m * _RECIPROCAL[at]
                    total += p
                counts[out, i] = np.float64(at)


@merged
def negative_binomials(
    mean: FloatArray,
    dispersion: float,
    uniforms: FloatArray,
    row: int,
    counts: FloatArray,
    out: int,
    work: FloatArray,
    lanes: int,
) -> None:
    """Write negative-binomial counts, all of one dispersion, to `counts[out, lane]`."""
    if dispersion <= _SMALL_DISPERSION:
        poissons(mean, uniforms, row, counts, out, work, lanes)
        return
    r = 1.0 / dispersion
    for i in range(lanes):  # the probability of 0, which is all that most lanes need
        work[0, i] = exp(-log1p(dispersion * mean[i]) * r)
    for i in range(lanes):
        counts[out, i] = 0.0
        if uniforms[row, i] > work[0, i]:
            counts[out, i] = _dispersed(uniforms[row, i], mean[i], dispersion, r, work[0, i])


@compiled
def negative_binomial(u: float, mean: float, dispersion: float) -> float:
    """One negative-binomial count; Poisson where the dispersion is 0."""
    if dispersion <= _SMALL_DISPERSION:
        return _poisson(u, mean)
    r = 1.0 / dispersion
    return _dispersed(u, mean, dispersion, r, exp(-log1p(dispersion * mean) * r))


@compiled
def binomial(u: float, n: float, p: float) -> float:
    """One binomial count out of `n` with probability `p`."""
    if n <= 0.0:
        return 0.0
    # Above one half count the misses: k = n - min{j: F_miss(j) > 1 - u}.
    mirror = p > 0.5
    v = 1.0 - u if mirror else u
    q = 1.0 - p if mirror else p
    count = _binomial(v, n, q, q / (1.0 - q), exp(n * log1p(-q)))
    return n - count if mirror else count


@compiled
def binomial_log_pmf(k: float, n: float, p: float) -> float:
    """Return log P(K = k) out of `n` with probability `p`; -inf where that cannot be."""
    if k < 0.0 or k > n:
        return -np.inf
    ways, few = 0.0, min(k, n - k)
    for j in range(int(few)):
        ways += log((n - j) / (j + 1.0))
    hits = k * log(p) if k > 0.0 else 0.0
    return ways + hits + ((n - k) * log1p(-p) if n > k else 0.0)


@merged
def binomials(
    uniforms: FloatArray, row: int, work: FloatArray, p: float, counts: FloatArray, out: int, lanes: int
) -> None:
    """Write binomial counts out of `work[0, lane]`, all with probability `p`, to `counts[out, lane]`."""
    mirror = p > 0.5
    q = 1.0 - p if mirror else p
    odds, log_miss, hits = q / (1.0 - q), log1p(-q), 0
    for i in range(lanes):
        v = 1.0 - uniforms[row, i] if mirror else uniforms[row, i]
        zero = exp(work[0, i] * log_miss)
        work[1, i] = zero
        counts[out, i] = 0.0
        hits += 1 if v > zero else 0
    if hits:
        for i in range(lanes):
            v = 1.0 - uniforms[row, i] if mirror else uniforms[row, i]
            if v > work[1, i]:
                counts[out, i] = _binomial(v, work[0, i], q, odds, work[1, i])
    if mirror:
        for i in range(lanes):
            counts[out, i] = work[0, i] - counts[out, i]


@compiled
def _poisson(u: float, mean: float) -> float:
    if mean > _SUM_UP_TO:
        return poisson_search(u, mean)
    p = exp(-mean)
    total, k = p, 0
    while u > total and k < _LAST:
        k += 1
        p *= mean * _RECIPROCAL[k]
        total += p
    return np.float64(k)


@compiled
def _dispersed(u: float, mean: float, dispersion: float, r: float, zero: float) -> float:
    """p_k = p_(k-1) (r + k - 1) / k q, from p_0 = `zero`."""
    if not (mean <= _SUM_UP_TO and dispersion * mean <= _SUM_UP_TO):
        return negative_binomial_search(u, mean, dispersion)
    q = dispersion * mean / (1.0 + dispersion * mean)
    p, total, k = zero, zero, 0
    while u > total and k < _LAST:
        k += 1
        p *= (r + (k - 1.0)) * _RECIPROCAL[k] * q
        total += p
    return np.float64(k)


@compiled
def _binomial(u: float, n: float, q: float, odds: float, zero: float) -> float:
    """p_k = p_(k-1) (n - k + 1) / k odds, from p_0 = `zero`; `q` is at most one half."""
    if n * q > _SUM_UP_TO:
        return binomial_search(u, n, q)
    p, total, k = zero, zero, 0
    while u > total and k < n and k < _LAST:
        k += 1
        p *= (n - (k - 1.0)) * _RECIPROCAL[k] * odds
        total += p
    return np.float64(k)
