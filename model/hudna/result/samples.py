"""An outcome's numbers, or those of a paired difference: as paths, or as a summary where no path was kept.

Both answer the same questions, so tables and pictures ask without knowing which it is. What a summary says of
draws is exact; what it says of all paths is read off a histogram, exact for whole numbers below 512 and else
within a bin, 0.4 % of the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.bins import at_rank

__all__ = ["Paths", "Sample", "SummaryOfPaths", "n_distinct"]


@dataclass(frozen=True)
class Paths:
    """Every path's number, shape (n_draws, n_paths); `end` is where waiting ends, for a time to something.

    `clusters` are equal where draws have the same parameters; None if all differ.
    """

    y: FloatArray
    end: float = np.inf
    clusters: IntArray | None = None

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.y.shape[0])

    @property
    def n_paths(self) -> int:
        """Number of paths per draw."""
        return int(self.y.shape[1])

    @property
    def means(self) -> FloatArray:
        """Mean of each draw."""
        return np.asarray(self.y.mean(axis=1))

    @property
    def variances(self) -> FloatArray:
        """Variance inside each draw, with n - 1; NaN for a single path."""
        if self.n_paths < 2:
            return np.full(self.n_draws, np.nan)
        return np.asarray(self.y.var(axis=1, ddof=1))

    @property
    def lower(self) -> FloatArray:
        """Share of each draw's paths below 0."""
        return np.asarray((self.y < 0).mean(axis=1))

    @property
    def higher(self) -> FloatArray:
        """Share of each draw's paths above 0."""
        return np.asarray((self.y > 0).mean(axis=1))

    @property
    def never(self) -> FloatArray:
        """Share of each draw's paths in which what is waited for does not come, at `end` or beyond."""
        return np.asarray((self.y >= self.end).mean(axis=1))

    @property
    def whole(self) -> bool:
        """Whether all numbers are whole."""
        return bool((self.y % 1 == 0).all())

    def quantiles(self, at: FloatArray) -> FloatArray:
        """Quantiles over all paths, interpolated between neighbours."""
        return np.asarray(np.quantile(self.y, at))

    def histogram(self, edges: FloatArray) -> FloatArray:
        """Share of all paths in each bin; the last is closed at both ends."""
        return np.asarray(np.histogram(self.y, edges)[0] / self.y.size)


@dataclass(frozen=True)
class SummaryOfPaths:
    """What is left of the paths: moments and shares of each draw, and a histogram of all.

    `counts[i]` paths lie between `edges[i]` and `edges[i + 1]`; of negative numbers the upper edge belongs to the
    bin, of positive ones the lower.
    """

    n_paths: int
    means: FloatArray
    variances: FloatArray
    lower: FloatArray
    higher: FloatArray
    never: FloatArray
    whole: bool
    edges: FloatArray
    counts: IntArray
    clusters: IntArray | None = None

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return self.means.size

    def quantiles(self, at: FloatArray) -> FloatArray:
        """Quantiles over all paths: the smallest number that so many do not exceed, linear inside a bin."""
        total = self.counts.sum()
        rank = np.asarray(at) * (total - 1) + 1  # as of sorted numbers, the first at 0
        low, high, share = at_rank(self.edges, np.broadcast_to(self.counts, (*rank.shape, self.counts.size)), rank,
                                   slack=1e-9 * total)  # fmt: skip
        return self._whole_in(low, high) if self.whole else np.asarray(low + share * (high - low))

    def histogram(self, edges: FloatArray) -> FloatArray:
        """Share of all paths in each bin; paths of a bin of the summary are spread evenly over it."""
        if self.whole:
            at = self._whole_in(self.edges[:-1], self.edges[1:])
            found, _ = np.histogram(at, edges, weights=self.counts)
            return np.asarray(found / self.counts.sum())
        cumulative = np.concatenate([[0.0], np.cumsum(self.counts)]) / self.counts.sum()
        return np.asarray(np.diff(np.interp(edges, self.edges, cumulative)))

    @staticmethod
    def _whole_in(low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the whole number in a bin, the one nearest to 0 where there are several."""
        return np.asarray(np.where(low >= 0, np.ceil(low), np.where(high <= 0, np.floor(high), 0.0)))


Sample: TypeAlias = Paths | SummaryOfPaths


def n_distinct(n_draws: int, clusters: IntArray | None) -> int:
    """Return how many draws have parameters of their own."""
    return n_draws if clusters is None else int(np.unique(clusters).size)
