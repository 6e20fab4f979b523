"""Bins of the weekly histograms: exact for small counts, so that merging blocks loses nothing.

Counts 0 to 255 have a bin each, larger ones four geometric bins an octave; levels have 256 equal bins;
amounts c >= 0 have 256 equal bins of c / (1 + c); a regime has a bin a state, an indicator two.
"""

from __future__ import annotations

import numpy as np

from hudna.arrays import FloatArray, IntArray

__all__ = ["EQUAL", "EXACT", "at_rank", "bin_edges", "bin_index", "n_bins"]

EXACT = 256  # counts below it have a bin each
_PER_OCTAVE = 4
_GEOMETRIC = 64
EQUAL = 256  # bins of a level or an amount


def n_bins(measure: str, *, n_states: int = 0) -> int:
    """Return the number of bins for a kind of number; 0 for a lever, which is the same on every path."""
    return {
        "count": EXACT + _GEOMETRIC,
        "level": EQUAL,
        "amount": EQUAL,
        "state": n_states,
        "indicator": 2,
        "lever": 0,
    }[measure]


def bin_index(measure: str, x: FloatArray) -> IntArray:
    """Return the bin of each number.

    Examples
    --------
    >>> bin_index("count", np.array([0.0, 255.0, 256.0, 512.0]))
    array([  0, 255, 256, 260])
    """
    match measure:
        case "count":
            above = np.floor(_PER_OCTAVE * np.log2(np.maximum(x, EXACT) / EXACT))
            index = np.where(x < EXACT, x, EXACT + np.minimum(above, _GEOMETRIC - 1))
        case "level":
            index = np.minimum(np.floor(x * EQUAL), EQUAL - 1)
        case "amount":
            index = np.minimum(np.floor(x / (1 + x) * EQUAL), EQUAL - 1)
        case _:
            index = x
    return np.asarray(index).astype(np.int64)


def bin_edges(measure: str, *, n_states: int = 0) -> FloatArray:
    """Return the lower edges of the bins and the upper edge of the last; count bins are closed below.

    Returns
    -------
    float array, shape (n_bins + 1,)
    """
    match measure:
        case "count":
            above = EXACT * 2.0 ** (np.arange(_GEOMETRIC + 1) / _PER_OCTAVE)
            return np.concatenate([np.arange(EXACT, dtype=float), above])
        case "level":
            return np.arange(EQUAL + 1) / EQUAL
        case "amount":
            share = np.arange(EQUAL + 1) / EQUAL
            with np.errstate(divide="ignore"):
                return share / (1 - share)
        case _:
            return np.arange(n_bins(measure, n_states=n_states) + 1, dtype=float)


def at_rank(
    edges: FloatArray, counts: IntArray, rank: FloatArray, *, slack: float = 0.0
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the ends of the bin in which the number of a rank lies, and how far into the bin it is, 0 to 1.

    `counts` has the shape (..., n_bins), ranks from 1 that of what comes before; `slack` is what a rank may exceed by
    rounding.
    """
    reached = np.cumsum(counts, axis=-1)
    place = (reached >= (rank - slack)[..., None]).argmax(axis=-1)
    inside, upto = (np.take_along_axis(of, place[..., None], -1)[..., 0] for of in (counts, reached))
    share = np.clip((rank - (upto - inside)) / np.maximum(inside, 1), 0.0, 1.0)
    return edges[place], edges[place + 1], share
