"""A particle filter: an ensemble led through what was seen, weighed by how likely it was, and resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.engine.ensemble import Ensemble
from hudna.engine.program import NONE
from hudna.learn.counting import Counted, Sums, Week, add_up, draw_counts
from hudna.learn.timetable import Timetable

__all__ = ["Filter", "systematic"]

_RESAMPLE_BELOW = 0.5  # of the paths, as an effective sample size


@dataclass
class Filter:
    """A particle filter of each draw of an ensemble, all side by side.

    Paths of a draw are its particles: they are weighed and resampled among themselves. After the step of a reading
    that closes a sum, `log_likelihood` of a draw estimates the logarithm of the probability of all that was seen so
    far, and its exponential does so without bias.
    """

    ensemble: Ensemble
    sums: Sums
    weights: FloatArray  # (n_draws, n_paths), logarithms that add up to 0 in each draw
    log_likelihood: FloatArray  # (n_draws)
    added: FloatArray  # (n_draws), what the last step has added to it

    @classmethod
    def begin(cls, ensemble: Ensemble) -> Filter:
        """Return a filter that has seen nothing."""
        shape = (ensemble.n_draws, ensemble.n_paths)
        return cls(ensemble, Sums(), np.full(shape, -np.log(shape[1])), *np.zeros((2, shape[0])))

    @property
    def effective(self) -> FloatArray:
        """Effective number of paths of each draw."""
        return np.asarray(1.0 / (np.exp(self.weights) ** 2).sum(axis=1))

    def run(self, table: Timetable, until: int) -> None:
        """Go on to the beginning of step `until`."""
        while self.ensemble.step < until:
            self.step(table)

    def step(self, table: Timetable) -> FloatArray:
        """Take one step; return what it adds to the log likelihood of each draw."""
        ensemble, t = self.ensemble, self.ensemble.step
        program = ensemble.program
        random = np.random.Generator(
            np.random.SFC64(np.random.SeedSequence([ensemble.seed, t, ensemble.first_draw, 0x68756E]))
        )
        begin, end = program.day(t), program.day(t + 1)
        weight: FloatArray = np.zeros(self.weights.shape)
        if table.known > begin:  # rows that went on are read again, later: what they weighed so far is divided out
            while self.sums.provisional:
                weight = weight - self.sums.provisional.popitem()[1]
        for regime in table.weighed[t]:
            weight = weight + ensemble.held_log_probability(regime)
        ensemble.expect()
        seen = [family for family, pieces in zip(table.families, table.pieces[t], strict=True) if pieces]
        running = set(table.running[t])
        known = {node for family in seen for node in family.nodes}
        means = {node: ensemble.mean(node) for node in sorted(known | running)}
        counted = _counted_whole(table, t)
        for node in sorted(known):
            factor, likely = _mixing(ensemble, node, means[node], counted.get(node), random)
            means[node], weight = means[node] * factor, weight + likely
        seed = (ensemble.seed, ensemble.first_draw, 0x646179)
        week = Week(begin, end, means, ensemble.theta, seed)
        parts, likely = draw_counts(week, table, t, self.sums, random)
        counts: dict[int, FloatArray] = {}
        for part in parts:
            for node, n in part.counts.items():
                counts[node] = counts.get(node, 0.0) + n
        answers = {i: np.full(self.weights.shape, count) for i, count in table.answers[t].items()}
        weight = weight + likely + ensemble.settle(counts, answers)
        free = {node: ensemble.signal(int(program.events.signal[node])) for node in sorted(running - known)}
        for part in (*parts, Counted(begin, end, free, means)):
            add_up(table.wider[t], part, self.sums, seed)
        self.sums.forget(gauge for gauge in table.gauges if gauge.until <= begin)  # read a step ago or more
        for reading in table.levels[t]:
            sd = np.array(reading.sd) if reading.parameter == NONE else ensemble.theta[:, reading.parameter][:, None]
            # logit v ~ N(z, sd), z the level's log odds at the end of the step
            off = (reading.score - ensemble.score(reading.level)) / sd
            weight = weight - 0.5 * off**2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
        return self._weigh(weight, random)

    def settle_weights(self, draws: IntArray | None = None) -> None:
        """Resample so that all paths of these draws (of all, if left out) weigh the same."""
        which = np.arange(self.ensemble.n_draws) if draws is None else draws
        random = np.random.Generator(
            np.random.SFC64(np.random.SeedSequence([self.ensemble.seed, self.ensemble.step, 0x657175]))
        )
        self._resample(which, random)

    def take(self, draws: IntArray) -> Filter:
        """Return a copy whose draw i is draw `draws[i]` of this one."""
        taken = (array[draws] for array in (self.weights, self.log_likelihood, self.added))
        return Filter(self.ensemble.take(draws), self.sums.take(draws), *taken)

    def put(self, draws: IntArray, other: Filter) -> None:
        """Take over draws of a filter that has seen the same."""
        self.ensemble.put(draws, other.ensemble)
        self.sums.put(draws, other.sums)
        self.weights[draws] = other.weights[draws]
        self.log_likelihood[draws] = other.log_likelihood[draws]
        self.added[draws] = other.added[draws]

    def _weigh(self, weight: FloatArray, random: np.random.Generator) -> FloatArray:
        heavy = self.weights + weight  # log L grows by log sum_paths W w
        top = heavy.max(axis=1)
        lost = ~np.isfinite(top)
        with np.errstate(invalid="ignore"):
            total: FloatArray = np.where(lost, top, top + np.log(np.exp(heavy - top[:, None]).sum(axis=1)))
        self.weights = np.where(lost[:, None], -np.log(heavy.shape[1]), heavy - np.where(lost, 0.0, total)[:, None])
        self.log_likelihood, self.added = self.log_likelihood + total, total
        self._resample(np.flatnonzero(self.effective < _RESAMPLE_BELOW * heavy.shape[1]), random)
        return total

    def _resample(self, draws: IntArray, random: np.random.Generator) -> None:
        if not draws.size:
            return
        n_draws, n_paths = self.weights.shape
        order = np.tile(np.arange(n_paths), (n_draws, 1))
        order[draws] = systematic(np.exp(self.weights[draws]), random.random(draws.size))
        self.ensemble.reorder(order, draws)
        self.sums.reorder(order[draws], draws)
        self.weights[draws] = -np.log(n_paths)


def systematic(weights: FloatArray, start: FloatArray, size: int | None = None) -> IntArray:
    """Choose from each row in proportion to its weights, at even distances from a random start.

    Parameters
    ----------
    weights : float array, shape (n_rows, n), each row adding up to about 1
    start : float array, shape (n_rows,), uniform numbers in [0, 1)
    size : int, optional
        How many to choose from each row; n if left out.

    Returns
    -------
    int array, shape (n_rows, size), rising along each row

    Examples
    --------
    >>> systematic(np.array([[0.5, 0.0, 0.5, 0.0]]), np.array([0.5])).tolist()
    [[0, 0, 2, 2]]
    """
    n_rows, n = weights.shape
    size = n if size is None else size
    ends = np.cumsum(weights, axis=1)
    ends /= ends[:, -1:]
    marks = (np.arange(size) + start[:, None]) / size
    rows = 2.0 * np.arange(n_rows)[:, None]  # apart, so that one search serves all rows
    found = np.searchsorted((ends + rows).ravel(), (marks + rows).ravel(), side="right").reshape(n_rows, size)
    chosen: IntArray = np.minimum(found - n * np.arange(n_rows)[:, None], n - 1)
    return chosen


def _counted_whole(table: Timetable, t: int) -> dict[int, float]:
    """Return the counts of nodes that are read alone, exactly, and of all of step t."""
    found = {}
    for family, pieces in zip(table.families, table.pieces[t], strict=True):
        if len(family.nodes) == 1 and len(pieces) == 1:
            for gauge, report in pieces[0].read:
                sure = report.qualifier == "exact" and report.slack == 0 and gauge.reference and gauge.weighs
                if sure and gauge.start == pieces[0].start:
                    found[family.nodes[0]] = report.value
    return found


def _mixing(
    ensemble: Ensemble, node: int, mean: FloatArray, count: float | None, random: np.random.Generator
) -> tuple[FloatArray | float, FloatArray | float]:
    """Return the gamma factors that make a dispersed node's count a mixture of Poisson counts, and a log weight.

    If the step's count n is known they are drawn given it, f ~ Gamma(1/a + n, rate 1/a + m), and the weight is the log
    of prior over that density: times Poisson(n; f m) it is the negative binomial probability of n, whatever f.
    """
    dispersion: Sequence[float] | FloatArray = ensemble.values[ensemble.program.events.dispersion[node]]
    a = np.asarray(dispersion)[:, None]
    if not a.any():
        return 1.0, 0.0
    shape = (ensemble.n_draws, ensemble.n_paths)
    k = 1 / np.where(a > 0, a, 1.0)
    if count is None:
        return np.where(a > 0, random.gamma(k, 1 / k, shape), 1.0), 0.0
    factor = random.gamma(k + count, 1.0, shape) / (k + mean)
    weight = k * np.log(k) - special.gammaln(k) + special.gammaln(k + count) - (k + count) * np.log(k + mean)
    weight = weight + mean * factor - special.xlogy(count, factor)
    return np.where(a > 0, factor, 1.0), np.where(a > 0, weight, 0.0)
