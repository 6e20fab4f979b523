"""Is one forecaster better than another, and do its intervals hold what they say? Over origins in order of time.

The windows of forecasts made every few weeks overlap, and what was true at one origin is nearly true at the next:
scores in a row are alike and no independent sample. So blocks of origins that follow one another are resampled,
not origins. With few origins there are few blocks and the intervals are wide, as they must be.

Sources: Politis & Romano (1992), "A circular block-resampling procedure for stationary data"; Clopper & Pearson
(1934).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.errors import InputError

__all__ = ["FEWEST_BLOCKS", "LEVEL", "Coverage", "Skill", "coverage", "overlapping", "skill"]

LEVEL = 0.90  # of every interval
_TAIL = (1 - LEVEL) / 2
FEWEST_BLOCKS = 3  # fewer tell nothing about how blocks differ
_REPEATS = 5000
_SEED = 20240822


@dataclass(frozen=True)
class Skill:
    """How much better than a baseline: `skill` is 1 - mean score / mean of the baseline's, above 0 if better.

    `difference` is the mean of score less baseline, below 0 if better. `low` and `high` are bounds of 90 %
    intervals; NaN where fewer than three blocks of origins tell nothing. `n` is the number of origins.
    """

    skill: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    n: int
    block: int


@dataclass(frozen=True)
class Coverage:
    """The share of outcomes inside an interval, `inside` of `n`, with the bounds of its own 90 % interval."""

    share: float
    low: float
    high: float
    inside: int
    n: int
    block: int


def overlapping(window: float, spacing: float) -> int:
    """Return how many origins in a row have windows that overlap; both lengths in the same unit."""
    return max(1, int(np.ceil(window / spacing)))


def skill(scores: ArrayLike, baseline: ArrayLike, *, block: int, repeats: int = _REPEATS, seed: int = _SEED) -> Skill:
    """Compare the scores of two forecasters of the same outcomes, origin by origin.

    Blocks of `block` origins in a row are drawn, the first taken to follow on the last (circular); the quantiles
    of the resampled means are then moved away from the estimate, by sqrt(B / (B - 1)) and as a t of B - 1 degrees
    of freedom is wider than a normal, with B = n / block. Over skewed scores whose windows overlap as far as a
    block reaches, with 9 to 45 origins, the 90 % interval then holds the truth in 80 to 86 % of cases; without,
    in 57 to 76 %.

    Parameters
    ----------
    scores, baseline : float array, shape (origin,)
        In order of time; lower is better.
    block : int
        Origins in a block: at least so many that the windows of two forecasts a block apart do not overlap.
    repeats : int
    seed : int
        Of the resampling; the same seed, the same interval.

    Raises
    ------
    InputError
        If the scores are not as many as the baseline's, or not all finite, or there is none.

    Examples
    --------
    >>> found = skill([1.0, 2.0, 1.0, 2.0], [2.0, 2.0, 2.0, 2.0], block=1)
    >>> found.skill, found.difference
    (0.25, -0.5)
    """
    a, b = _scores("scores", scores), _scores("baseline", baseline)
    if a.size != b.size:
        raise InputError.of("skill", f"there are {a.size} scores and {b.size} of the baseline; they are pairs")
    picked = _blocks(a.size, block, repeats, seed)
    difference, share = float((a - b).mean()), _share(a, b)
    low = high = difference_low = difference_high = np.nan
    if picked is not None:
        means = a[picked].mean(axis=1), b[picked].mean(axis=1)
        difference_low, difference_high = _widened(means[0] - means[1], difference, a.size / block)
        if np.isfinite(share) and (means[1] > 0).all():
            low, high = _widened(1 - means[0] / means[1], share, a.size / block)
            high = min(1.0, high)
    return Skill(share, low, high, difference, difference_low, difference_high, a.size, block)


def coverage(inside: ArrayLike, *, block: int, repeats: int = _REPEATS, seed: int = _SEED) -> Coverage:
    """Return the share of outcomes that lay inside their intervals, and how well it is known.

    The interval reaches as far as that of the block bootstrap, see `skill`, and as that of Clopper and Pearson
    would with as many trials as there are blocks, n / block: where all outcomes lie inside, no resampling shows
    one that does not.

    Parameters
    ----------
    inside : bool array, shape (origin,)
        In order of time.
    block : int
        Origins in a block, see `skill`.
    repeats : int
    seed : int

    Examples
    --------
    >>> found = coverage([True] * 12, block=3)
    >>> found.share, round(found.low, 3), found.high
    (1.0, 0.473, 1.0)
    """
    hits = _scores("inside", inside)
    picked = _blocks(hits.size, block, repeats, seed)
    share, trials = float(hits.mean()), hits.size / block
    low, high = _clopper_pearson(share, trials) if trials >= 1 else (0.0, 1.0)
    if picked is not None:
        sampled = _widened(hits[picked].mean(axis=1), share, trials)
        low, high = max(0.0, min(low, sampled[0])), min(1.0, max(high, sampled[1]))
    return Coverage(share, low, high, int(hits.sum()), hits.size, block)


def _scores(name: str, given: ArrayLike) -> FloatArray:
    found = np.asarray(given, float)
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise InputError.of("skill", "one finite number an origin, and at least one origin", key=name)
    return found


def _share(scores: FloatArray, baseline: FloatArray) -> float:
    base = float(baseline.mean())
    return 1 - float(scores.mean()) / base if base > 0 else np.nan


def _blocks(n: int, block: int, repeats: int, seed: int) -> IntArray | None:
    """Return which origins are drawn, shape (repeat, n), or None if there are fewer than three blocks."""
    if block < 1:
        raise InputError.of("skill", "must be at least 1", key="block", given=str(block))
    if n < FEWEST_BLOCKS * block:
        return None
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, (repeats, -(-n // block)))
    drawn: IntArray = (starts[:, :, None] + np.arange(block)).reshape(repeats, -1)[:, :n] % n
    return drawn


def _widened(sampled: FloatArray, estimate: float, blocks: float) -> tuple[float, float]:
    """Return the 5 % and 95 % quantiles, further from the estimate the fewer blocks there are."""
    widen = np.sqrt(blocks / (blocks - 1)) * special.stdtrit(blocks - 1, 1 - _TAIL) / special.ndtri(1 - _TAIL)
    low, high = np.quantile(sampled, [_TAIL, 1 - _TAIL])
    return float(estimate + (low - estimate) * widen), float(estimate + (high - estimate) * widen)


def _clopper_pearson(share: float, trials: float) -> tuple[float, float]:
    hits = share * trials
    low = float(special.betaincinv(hits, trials - hits + 1, _TAIL)) if share > 0 else 0.0
    high = float(special.betaincinv(hits + 1, trials - hits, 1 - _TAIL)) if share < 1 else 1.0
    return low, high
