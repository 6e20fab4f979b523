"""Choosing whole numbers in proportion to weights that are worked out on the spot, path by path, compiled.

Every function takes flat arrays, one entry a path, and writes the chosen number n, the logarithm of the sum of all
weights, and the logarithm of the guess that n leaves behind: how likely it is that the rest still comes. Weights follow
from one another by a quotient, so that a candidate costs a few products.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.learn.likelihood import Report

if find_spec("numba") is not None:
    from hudna.engine.vm.compilation import inlined, kept
else:  # what the oracle needs is done without, if slowly

    def kept(function: Any) -> Any:
        """Return the function as it is."""
        return function

    inlined = kept

__all__ = ["shares", "sums"]

_DISPERSION = 2.0  # of the guess about what is to come: rates may change before the report
_SIZE = 65_536
_FACTORIAL = special.gammaln(np.arange(_SIZE) + 1.0)
_BROAD = special.gammaln(np.arange(_SIZE) + 1.0 / _DISPERSION) - _FACTORIAL
_IMPOSSIBLE = 3.0  # cost, as a logarithm, of each event too many in a guess
_REACH = 6.0  # standard deviations that candidates cover, and four counts more
_NEAREST = 8  # candidates nearest to what is likely, where that is not allowed
_LARGE = 1e200  # weights are scaled down beyond


@inlined
def _log_factorial(n: int, factorial: FloatArray) -> float:
    return factorial[n] if n < factorial.size else math.lgamma(n + 1.0)


@inlined
def _candidates(mean: float, missing: float, slack: float, lower: bool, share: float) -> tuple[int, int]:
    """Return the first and the last count that a report leaves open and that can matter.

    `missing` is what the report says, less what was counted; of it the share `share` is due now.
    """
    low = max(missing - slack, 0.0) if share == 1.0 else 0.0
    high = max(missing + slack, low) if share == 1.0 else max(missing, 0.0) + slack
    if lower:
        most = max(high, mean)
        high = most + _REACH * np.sqrt(most + 1.0) + 4.0
    least, most = min(mean, missing * share), max(mean, missing * share)
    below = np.floor(least - _REACH * np.sqrt(max(least, 0.0) + 1.0) - 2.0)
    above = np.ceil(most + _REACH * np.sqrt(max(most, 0.0) + 0.2) + 4.0)
    # Where none of them is allowed, those nearest to them decide.
    low = np.ceil(low)
    high = max(np.floor(high), low)
    first = min(max(below, low), max(high - _NEAREST, low))
    return int(first), int(max(min(high, max(above, first + _NEAREST)), first))


@inlined
def _guess(missing: int, fall: float, never: float, broad: FloatArray) -> float:
    """Return log g(missing; later): negative binomial of mean later + 0.05 and dispersion 2, but for a constant.

    `never` is -log g(0; later), but for that constant, and `fall` the log of the ratio that g tends to.
    """
    if missing < 0:
        return broad[0] - never + _IMPOSSIBLE * missing
    if missing < broad.size:
        ways = broad[missing]
    else:
        ways = math.lgamma(missing + 1.0 / _DISPERSION) - math.lgamma(missing + 1.0)
    return ways + missing * fall - never


@inlined
def _drawn(work: FloatArray, first: int, last: int, mark: float) -> int:
    """Return the first number whose weight, added to those before, is above the mark."""
    n, so_far = first, 0.0
    while n < last:
        so_far += work[n - first]
        if so_far > mark:
            break
        n += 1
    return n


@kept
def choose_sum(
    mean: FloatArray,
    missing: FloatArray,
    slack: float,
    lower: bool,
    share: float,
    says: FloatArray,
    middle: IntArray,
    later: FloatArray,
    u: FloatArray,
    factorial: FloatArray,
    broad: FloatArray,
    work: FloatArray,
    chosen: FloatArray,
    total: FloatArray,
    guess: FloatArray,
) -> None:
    """Choose n by Poisson(n; mean) x what reports say of n or, if `share` is below 1, x a guess of what is to come.

    `missing[r, i]` is report r less what was counted before, `says[r, middle[r] + missing - n]` the probability of the
    report given n; the first report decides which n are candidates. `work` has room for `widest` of them.
    """
    for i in range(mean.size):
        m, due = mean[i], missing[0, i]
        first, last = _candidates(m, due, slack, lower, share)
        scale = -m - _log_factorial(first, factorial)  # log of what all terms are multiplied by
        if first > 0:
            scale += first * np.log(m) if m > 0.0 else -np.inf
        odds, fall, never = 1.0, 0.0, 0.0
        if share < 1.0:
            ahead = _DISPERSION * (later[i] + 0.05)
            odds = 1.0 + 1.0 / ahead
            fall, never = -np.log(odds), np.log1p(ahead) / _DISPERSION
            scale += _guess(int(due) - first, fall, never, broad)
        term, whole = 1.0, 0.0
        for n in range(first, last + 1):
            x = term
            if share == 1.0:
                for r in range(says.shape[0]):
                    at = middle[r] + int(missing[r, i]) - n
                    x *= says[r, min(max(at, 0), says.shape[1] - 1)]
            work[n - first] = x
            whole += x
            term *= m / (n + 1.0)  # Poisson(n + 1) / Poisson(n)
            if share < 1.0:  # g(rest - 1) / g(rest)
                rest = due - n
                term *= odds * rest / (rest - 1.0 + 1.0 / _DISPERSION) if rest > 0.0 else np.exp(-_IMPOSSIBLE)
            if term > _LARGE:
                for k in range(n - first + 1):
                    work[k] /= _LARGE
                term, whole, scale = term / _LARGE, whole / _LARGE, scale + np.log(_LARGE)
        total[i] = scale + np.log(whole) if whole > 0.0 else -np.inf
        n = _drawn(work, first, last, u[i] * whole)
        chosen[i] = n
        guess[i] = _guess(int(due) - n, fall, never, broad) if share < 1.0 else 0.0


@kept
def widest(mean: FloatArray, missing: FloatArray, slack: float, lower: bool, share: float) -> int:
    """Return how many candidates `choose_sum` looks at, at most."""
    found = 1
    for i in range(mean.size):
        first, last = _candidates(mean[i], missing[0, i], slack, lower, share)
        found = max(found, last - first + 1)
    return found


@inlined
def _log_binomial(k: int, n: int, p: float, factorial: FloatArray) -> float:
    ways = _log_factorial(n, factorial) - _log_factorial(k, factorial) - _log_factorial(n - k, factorial)
    hit, miss = k * np.log(p) if k > 0 else 0.0, (n - k) * np.log1p(-p) if k < n else 0.0
    return ways + hit + miss


@inlined
def _guess_share(missing: float, later: float, share: float, cost: float, factorial: FloatArray) -> float:
    """Return the log of a guess that a part gets `missing` of `later` events, or nearly so."""
    inside = min(max(missing, 0.0), later)
    p = min(max(share, 1e-3), 1 - 1e-3)
    return _log_binomial(int(inside), int(later), p, factorial) - cost * abs(missing - inside)


@kept
def choose_share(
    left: FloatArray,
    share: FloatArray,
    missing: FloatArray,
    later: FloatArray,
    cost: float,
    u: FloatArray,
    factorial: FloatArray,
    work: FloatArray,
    chosen: FloatArray,
    total: FloatArray,
    guess: FloatArray,
) -> None:
    """Choose n of `left` by the binomial of `share` x a guess that `missing - n` of `later` events still come."""
    for i in range(left.size):
        size, p, top = int(left[i]), share[i], -np.inf
        for n in range(size + 1):
            ahead = _guess_share(missing[i] - n, later[i], p, cost, factorial)
            work[n] = _log_binomial(n, size, p, factorial) + ahead
            top = max(top, work[n])
        whole = 0.0
        if top > -np.inf:
            for n in range(size + 1):
                work[n] = np.exp(work[n] - top)
                whole += work[n]
        total[i] = top + np.log(whole) if whole > 0.0 else -np.inf
        n = _drawn(work, 0, size, u[i] * whole)
        chosen[i] = n
        guess[i] = _guess_share(missing[i] - n, later[i], p, cost, factorial)


def sums(
    mean: FloatArray,
    missing: Sequence[FloatArray],
    reports: Sequence[Report],
    u: FloatArray,
    later: FloatArray | None = None,
    share: float = 1.0,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Call `choose_sum` on arrays of any shape; `reports` are read now, or the one of them when `later` more have come.

    Returns
    -------
    n, log of the sum of weights, log of the guess that is made
    """
    shape, sharpest = mean.shape, reports[0]
    longest = max(report.chances.size for report in reports)
    says, middle = np.zeros((len(reports), longest)), np.zeros(len(reports), np.int64)
    for r, report in enumerate(reports):
        start, size = (longest - report.chances.size) // 2, report.chances.size
        says[r, :start], says[r, start + size :] = report.chances[0], report.chances[-1]
        says[r, start : start + size] = report.chances
        middle[r] = start + size // 2
    off = np.array([np.broadcast_to(one, shape).ravel() for one in missing])
    window = (mean.ravel(), off, float(sharpest.slack), sharpest.open, share)
    out = [np.empty(mean.size) for _ in range(3)]
    work = np.empty(widest(*window))
    ahead = mean if later is None else later
    choose_sum(*window, says, middle, ahead.ravel(), u.ravel(), _FACTORIAL, _BROAD, work, *out)
    chosen, total, guess = (array.reshape(shape) for array in out)
    return chosen, total, guess


def shares(
    left: FloatArray, share: FloatArray, missing: FloatArray, later: FloatArray, cost: float, u: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Call `choose_share` on arrays of any shape; return as `sums` does."""
    out = [np.empty(left.size) for _ in range(3)]
    work = np.empty(int(np.max(left, initial=0.0)) + 1)
    flat = (array.ravel() for array in (left, share, missing, later))
    choose_share(*flat, cost, u.ravel(), _FACTORIAL, work, *out)
    chosen, total, guess = (array.reshape(left.shape) for array in out)
    return chosen, total, guess
