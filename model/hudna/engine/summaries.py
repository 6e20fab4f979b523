"""Summaries of outcomes that merge: per draw the mean and variance, and how many paths lie where; over all paths a
histogram. So a run keeps what its tables and pictures need, and no path.

Each policy has one, and each pair of policies, for the paired differences. Histograms have 256 bins an octave from
2**-20 to 2**32 on either side of 0: whole numbers below 512 have a bin each, and no bin is wider than 0.4 % of its
numbers. Means and variances are those of tiles of 256 paths, merged in the order of the paths (Chan, Golub &
LeVeque 1983), so that splitting a run into blocks does not change the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hudna.arrays import BoolArray, FloatArray, IntArray
from hudna.engine.program import TILE, Program, ReducerCode

__all__ = ["BINS", "BlockSummary", "Summaries", "Summary", "histogram_edges", "pairs", "summarise"]

_PER_OCTAVE_BITS = 8  # 2**8 bins an octave: as many leading bits of a number are its bin
_LOWEST, _HIGHEST = -20, 32  # octaves
_SHIFT = 52 - _PER_OCTAVE_BITS
_BASE = (1023 + _LOWEST) << _PER_OCTAVE_BITS
_SIDE = (_HIGHEST - _LOWEST) << _PER_OCTAVE_BITS
BINS = 2 * _SIDE + 1  # the middle one holds what lies within 2**-20 of 0


@dataclass(frozen=True)
class Summary:
    """Of every set (policies, then pairs) and outcome; `lower`, `higher` and `never` count paths.

    mean, variance : float (set, outcome, draw), variance with n - 1, NaN for a single path; lower, higher, never :
    int (set, outcome, draw), paths below 0, above 0, and at the end of the outcome's window or beyond; whole : bool
    (set, outcome), whether all numbers are whole; histograms : int (set, outcome, bin).
    """

    sets: tuple[tuple[str, ...], ...]
    n_paths: int
    mean: FloatArray
    variance: FloatArray
    lower: IntArray
    higher: IntArray
    never: IntArray
    whole: BoolArray
    histograms: IntArray


@dataclass(frozen=True)
class BlockSummary:
    """Of one block: moments (set, outcome, tile, draw), counts (set, outcome, draw), and trimmed histograms.

    `histograms[set][outcome]` is the first bin in use, and the counts from there on.
    """

    n: IntArray
    mean: FloatArray
    squares: FloatArray
    lower: IntArray
    higher: IntArray
    never: IntArray
    whole: BoolArray
    histograms: tuple[tuple[tuple[int, IntArray], ...], ...]


def pairs(policies: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return every pair of policies, the first less the second."""
    return tuple((a, b) for i, a in enumerate(policies) for b in policies[i + 1 :])


def histogram_edges() -> FloatArray:
    """Return the edges of the bins, shape (BINS + 1,), from the lowest up."""
    steps = np.arange(_SIDE + 1)
    fraction = 1.0 + (steps & ((1 << _PER_OCTAVE_BITS) - 1)) / (1 << _PER_OCTAVE_BITS)
    positive = np.ldexp(fraction, (steps >> _PER_OCTAVE_BITS) + _LOWEST)
    return np.concatenate([-positive[::-1], positive])


def _bins(x: FloatArray) -> IntArray:
    """Return the bin of each number; those beyond the last edges are in the last bins."""
    place = (np.abs(x).view(np.int64) >> _SHIFT) - _BASE
    side = np.clip(place, -1, _SIDE - 1) + 1  # 0 near 0, 1 to _SIDE beyond
    return np.asarray(_SIDE + np.where(x < 0, -side, side))


def summarise(program: Program, outcomes: FloatArray) -> BlockSummary:
    """Summarise the outcomes of a block, shape (policy, outcome, draw, path)."""
    n_policies, n_outcomes, n_draws, n_paths = outcomes.shape
    names = program.policies
    place = {name: i for i, name in enumerate(names)}
    table = program.outcomes
    ends = np.where(table.code == ReducerCode.FIRST, table.last_step * program.step, np.inf)
    tiles = [slice(first, first + TILE) for first in range(0, n_paths, TILE)]
    found = pairs(names)
    shape = (n_policies + len(found), n_outcomes)
    mean, squares = (np.empty((*shape, len(tiles), n_draws)) for _ in range(2))
    lower, higher, never = (np.zeros((*shape, n_draws), np.int64) for _ in range(3))
    whole = np.ones(shape, bool)
    histograms: list[tuple[tuple[int, IntArray], ...]] = []
    for s in range(shape[0]):
        if s < n_policies:
            of_set = outcomes[s]
        else:
            a, b = found[s - n_policies]
            of_set = outcomes[place[a]] - outcomes[place[b]]
        row = []
        for o in range(n_outcomes):
            y = np.ascontiguousarray(of_set[o])
            for t, tile in enumerate(tiles):
                part = np.ascontiguousarray(y[:, tile])
                middle = part.mean(axis=1)
                mean[s, o, t] = middle
                squares[s, o, t] = ((part - middle[:, None]) ** 2).sum(axis=1)
            lower[s, o], higher[s, o] = (y < 0).sum(axis=1), (y > 0).sum(axis=1)
            never[s, o] = (y >= ends[o]).sum(axis=1)
            whole[s, o] = bool((y == np.floor(y)).all())
            bins = _bins(y).ravel()
            first = int(bins.min())
            row.append((first, np.bincount(bins - first)))
        histograms.append(tuple(row))
    sizes = np.array([min(TILE, n_paths - tile.start) for tile in tiles])
    return BlockSummary(sizes, mean, squares, lower, higher, never, whole, tuple(histograms))


class Summaries:
    """Gathers the summaries of blocks, each draw's in the order of its paths."""

    def __init__(self, program: Program, draws: int) -> None:
        self._sets = (*((name,) for name in program.policies), *pairs(program.policies))
        shape = (len(self._sets), len(program.outcomes.name))
        self._n = np.zeros(draws)
        self._mean, self._squares = np.zeros((*shape, draws)), np.zeros((*shape, draws))
        self._lower, self._higher, self._never = (np.zeros((*shape, draws), np.int64) for _ in range(3))
        self._whole = np.ones(shape, bool)
        self._histograms = np.zeros((*shape, BINS), np.int64)

    def add(self, part: BlockSummary, draws: slice) -> None:
        """Take in a block."""
        for t, size in enumerate(part.n):
            n = self._n[draws]
            together = n + size
            gap = part.mean[:, :, t] - self._mean[:, :, draws]
            self._squares[:, :, draws] += part.squares[:, :, t] + gap * gap * (n * size / together)
            self._mean[:, :, draws] += gap * (size / together)
            self._n[draws] = together
        self._lower[:, :, draws] += part.lower
        self._higher[:, :, draws] += part.higher
        self._never[:, :, draws] += part.never
        self._whole &= part.whole
        for s, row in enumerate(part.histograms):
            for o, (first, counts) in enumerate(row):
                self._histograms[s, o, first : first + counts.size] += counts

    def finish(self) -> Summary:
        """Return what was gathered."""
        n_paths = int(self._n[0])
        with np.errstate(invalid="ignore"):
            variance = self._squares / (n_paths - 1) if n_paths > 1 else np.full_like(self._squares, np.nan)
        return Summary(
            self._sets, n_paths, self._mean, variance, self._lower, self._higher, self._never, self._whole,
            self._histograms,
        )  # fmt: skip
