"""Choosing whole numbers in proportion to weights that are worked out on the spot, path by path, compiled.

Every function takes flat arrays, one entry a path, and writes the chosen number and the logarithm of the sum of all
weights. Logarithms of factorials and of what a report says are read off tables, so that a candidate costs one
exponential.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray

if find_spec("numba") is not None:
    from hudna.engine.vm.compilation import inlined, kept
else:  # what the oracle needs is done without, if slowly

    def kept(function: Any) -> Any:
        """Return the function as it is."""
        return function

    inlined = kept

__all__ = ["guessed", "guessed_share", "shares", "sums"]

_DISPERSION = 2.0  # of the guess about what is to come: rates may change before the report
_SIZE = 65_536
_FACTORIAL = special.gammaln(np.arange(_SIZE) + 1.0)
_BROAD = special.gammaln(np.arange(_SIZE) + 1.0 / _DISPERSION) - _FACTORIAL
_IMPOSSIBLE = 3.0  # cost, as a logarithm, of each event too many in a guess


@inlined
def _log_factorial(n: int, factorial: FloatArray) -> float:
    return factorial[n] if n < factorial.size else math.lgamma(n + 1.0)


@inlined
def _broad(n: int, broad: FloatArray) -> float:
    """Return the log of the negative binomial's ways to have n events."""
    return broad[n] if n < broad.size else math.lgamma(n + 1.0 / _DISPERSION) - math.lgamma(n + 1.0)


@kept
def choose_sum(
    low: FloatArray,
    high: FloatArray,
    mean: FloatArray,
    off: FloatArray,
    says: FloatArray,
    middle: IntArray,
    guesses: bool,
    missing: FloatArray,
    later: FloatArray,
    u: FloatArray,
    work: FloatArray,
    factorial: FloatArray,
    broad: FloatArray,
    chosen: FloatArray,
    total: FloatArray,
) -> None:
    """Choose n from `low` to `high` by P(n; Poisson mean) x what reports say x a guess of what is still to come.

    `off[r, i]` is report r less what was counted before, `says[r, middle[r] + off - n]` what it says of n.
    `missing - n` is what must still come if `guesses`, and `later` how many are expected to.
    """
    for i in range(low.size):
        first, width = int(low[i]), int(high[i] - low[i]) + 1
        m = mean[i]
        log_mean = np.log(m) if m > 0.0 else -np.inf
        ahead = _DISPERSION * (later[i] + 0.05)
        odds, never = np.log(ahead / (1.0 + ahead)), np.log1p(ahead) / _DISPERSION
        top = -np.inf
        for k in range(width):
            n = first + k
            x = -m - _log_factorial(n, factorial)
            if n > 0:
                x += n * log_mean
            for r in range(off.shape[0]):
                at = middle[r] + int(off[r, i]) - n
                end = says.shape[1] - 1
                x += says[r, 0 if at < 0 else (end if at > end else at)]
            if guesses:
                rest = int(missing[i]) - n
                if rest < 0:
                    x += broad[0] - never + _IMPOSSIBLE * rest
                else:
                    x += _broad(rest, broad) + rest * odds - never
            work[k] = x
            top = max(top, x)
        whole = 0.0
        if top > -np.inf:
            for k in range(width):
                work[k] = np.exp(work[k] - top)
                whole += work[k]
        total[i] = top + np.log(whole) if whole > 0.0 else -np.inf
        mark, so_far, k = u[i] * whole, 0.0, 0
        while k < width - 1:
            so_far += work[k]
            if so_far > mark:
                break
            k += 1
        chosen[i] = first + k


@kept
def choose_share(
    left: FloatArray,
    share: FloatArray,
    missing: FloatArray,
    later: FloatArray,
    cost: float,
    u: FloatArray,
    work: FloatArray,
    factorial: FloatArray,
    chosen: FloatArray,
    total: FloatArray,
) -> None:
    """Choose n of `left` by the binomial of `share` x a guess that `missing - n` of `later` events still come."""
    for i in range(left.size):
        size, p = int(left[i]), share[i]
        hit = np.log(p) if p > 0.0 else -np.inf
        miss = np.log1p(-p) if p < 1.0 else -np.inf
        top, ways = -np.inf, _log_factorial(size, factorial)
        for n in range(size + 1):
            x = ways - _log_factorial(n, factorial) - _log_factorial(size - n, factorial)
            x += n * hit if n > 0 else 0.0
            x += (size - n) * miss if n < size else 0.0
            work[n] = x + _share(missing[i] - n, later[i], p, cost, factorial)
            top = max(top, work[n])
        whole = 0.0
        if top > -np.inf:
            for n in range(size + 1):
                work[n] = np.exp(work[n] - top)
                whole += work[n]
        total[i] = top + np.log(whole) if whole > 0.0 else -np.inf
        mark, so_far, n = u[i] * whole, 0.0, 0
        while n < size:
            so_far += work[n]
            if so_far > mark:
                break
            n += 1
        chosen[i] = n


@kept
def _share(missing: float, later: float, share: float, cost: float, factorial: FloatArray) -> float:
    """Return the log of a guess that a part gets `missing` of `later` events, or nearly so."""
    inside = min(max(missing, 0.0), later)
    p = min(max(share, 1e-3), 1 - 1e-3)
    k, n = int(inside), int(later)
    ways = _log_factorial(n, factorial) - _log_factorial(k, factorial) - _log_factorial(n - k, factorial)
    return float(ways + k * np.log(p) + (n - k) * np.log1p(-p) - cost * abs(missing - inside))


@kept
def _shares(
    missing: FloatArray, later: FloatArray, share: FloatArray, cost: float, factorial: FloatArray, out: FloatArray
) -> None:
    for i in range(missing.size):
        out[i] = _share(missing[i], later[i], share[i], cost, factorial)


def guessed(missing: FloatArray, later: FloatArray) -> FloatArray:
    """Return the log of the guess that `choose_sum` makes: `missing` events still come where `later` are expected."""
    ahead = _DISPERSION * (later + 0.05)
    n = np.maximum(missing, 0.0)
    tabled = _BROAD[np.minimum(n, _SIZE - 1).astype(np.int64)]
    if n.size and n.max() >= _SIZE:
        tabled = np.where(n < _SIZE, tabled, special.gammaln(n + 1.0 / _DISPERSION) - special.gammaln(n + 1.0))
    logs: FloatArray = tabled + n * np.log(ahead / (1 + ahead)) - np.log1p(ahead) / _DISPERSION
    return np.where(missing < 0, logs + _IMPOSSIBLE * missing, logs)


def guessed_share(missing: FloatArray, later: FloatArray, share: FloatArray, cost: float) -> FloatArray:
    """Return the log of the guess that `choose_share` makes."""
    out = np.empty(missing.size)
    _shares(missing.ravel(), later.ravel(), share.ravel(), cost, _FACTORIAL, out)
    return out.reshape(missing.shape)


def sums(
    low: FloatArray,
    high: FloatArray,
    mean: FloatArray,
    off: list[FloatArray],
    says: list[FloatArray],
    u: FloatArray,
    ahead: tuple[FloatArray, FloatArray] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Call `choose_sum` on arrays of any shape; `says[r]` is a table with what off by 0 means in its middle."""
    shape, size = mean.shape, mean.size
    longest = max((table.size for table in says), default=1)
    tables, middle = np.full((len(says), longest), -np.inf), np.zeros(len(says), np.int64)
    for r, table in enumerate(says):
        start = (longest - table.size) // 2
        tables[r, :start], tables[r, start + table.size :] = table[0], table[-1]
        tables[r, start : start + table.size] = table
        middle[r] = start + table.size // 2
    missing, later = ahead if ahead is not None else (np.zeros(shape), np.zeros(shape))
    chosen, total = np.empty(size), np.empty(size)
    offs = np.array([np.broadcast_to(o, shape).ravel() for o in off]).reshape(len(says), size)
    choose_sum(
        low.ravel(), high.ravel(), mean.ravel(), offs, tables, middle, ahead is not None, missing.ravel(),
        later.ravel(), u.ravel(), np.empty(int(np.max(high - low, initial=0.0)) + 1), _FACTORIAL, _BROAD, chosen, total,
    )  # fmt: skip
    return chosen.reshape(shape), total.reshape(shape)


def shares(
    left: FloatArray, share: FloatArray, missing: FloatArray, later: FloatArray, cost: float, u: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Call `choose_share` on arrays of any shape."""
    shape, size = left.shape, left.size
    chosen, total = np.empty(size), np.empty(size)
    work = np.empty(int(np.max(left, initial=0.0)) + 1)
    choose_share(
        left.ravel(), share.ravel(), missing.ravel(), later.ravel(), cost, u.ravel(), work, _FACTORIAL, chosen, total
    )
    return chosen.reshape(shape), total.reshape(shape)
