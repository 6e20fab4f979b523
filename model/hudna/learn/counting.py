"""Counts of one step, drawn so that they agree with what was seen, and the weight of having seen it.

Given the step's rates counts are independent Poisson (a gamma mixture of them where a node is dispersed). So a sum that
is reported weighs by its own probability, and is then split among its nodes by their shares: no path is lost because
it did not hit a number by chance. A sum that runs over several steps is led toward its next report by a guess of what
is still to come; the guess is divided out again, so it decides how evenly paths weigh and never what they estimate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.program import NONE
from hudna.learn import discrete
from hudna.learn.likelihood import Report
from hudna.learn.timetable import Family, Gauge, Piece, Timetable

__all__ = ["Counted", "Sums", "Week", "add_up", "draw_counts"]

_DAY = dt.timedelta(days=1)


@dataclass
class Sums:
    """What gauges have added up on each path, shape (n_draws, n_paths) each.

    counts, means : by the gauge's key, counts and what was to be expected; guesses : by the nodes that are summed, log
    of the guess that is to be divided out again; provisional : by the gauge's key, log of what a report of a row that
    goes on has weighed; last_counts, last_means, last_report : by the key of another counter's gauge, count, mean and
    report at its last exact reading
    """

    counts: dict[Any, FloatArray] = field(default_factory=dict)
    means: dict[Any, FloatArray] = field(default_factory=dict)
    guesses: dict[Any, FloatArray] = field(default_factory=dict)
    provisional: dict[Any, FloatArray] = field(default_factory=dict)
    last_counts: dict[Any, FloatArray] = field(default_factory=dict)
    last_means: dict[Any, FloatArray] = field(default_factory=dict)
    last_report: dict[Any, float] = field(default_factory=dict)

    @property
    def tables(self) -> dict[str, dict[Any, FloatArray]]:
        """All that has a number a path, by name."""
        return {name: table for name, table in vars(self).items() if name != "last_report"}

    def reorder(self, order: IntArray, draws: IntArray) -> None:
        """Let path i of draw `draws[k]` take over what its path order[k, i] has."""
        for table in self.tables.values():
            for array in table.values():
                array[draws] = np.take_along_axis(array[draws], order, axis=1)

    def take(self, draws: IntArray) -> Sums:
        """Return those of some draws."""
        tables = {name: {key: array[draws] for key, array in table.items()} for name, table in self.tables.items()}
        return Sums(**tables, last_report=dict(self.last_report))

    def put(self, draws: IntArray, other: Sums) -> None:
        """Take over some draws of another ensemble's; what one of them lacks, such as a guess, is 0 there."""
        for name, mine in self.tables.items():
            theirs = other.tables[name]
            for key in (*mine, *(key for key in theirs if key not in mine)):
                array = mine.setdefault(key, np.zeros((mine if key in mine else theirs)[key].shape))
                array[draws] = theirs[key][draws] if key in theirs else 0.0
        self.last_report |= other.last_report

    def forget(self, gauges: Iterable[Gauge]) -> None:
        """Drop what gauges added up that have had their last reading."""
        for gauge in gauges:
            for table in (self.counts, self.means, self.last_counts, self.last_means, self.last_report):
                table.pop(gauge.key, None)


@dataclass(frozen=True)
class Week:
    """One step of one block of draws.

    means : (n_draws, n_paths) expected counts by events node, gamma factors of dispersed nodes included;
    theta : (n_draws, n_parameters); begin, end : first day, and the day after the last; seed : of numbers that decide
    on which day something happened, where only gauges ask that have no reading yet
    """

    begin: dt.date
    end: dt.date
    means: dict[int, FloatArray]
    theta: FloatArray
    seed: tuple[int, ...]


@dataclass(frozen=True)
class Counted:
    """Counts of some nodes from one day to before another, and what was to be expected."""

    start: dt.date
    end: dt.date
    counts: dict[int, FloatArray]
    means: dict[int, FloatArray]


def draw_counts(
    week: Week, table: Timetable, t: int, sums: Sums, random: np.random.Generator
) -> tuple[list[Counted], FloatArray]:
    """Draw the counts of the nodes that something is known about in step t.

    Parameters
    ----------
    week : Week
    table : Timetable
    t : int
    sums : Sums, changed: what its gauges add up
    random : Generator

    Returns
    -------
    list of Counted, (n_draws, n_paths) each
        By piece of the step; gauges that lie within one family have been added up.
    float array, shape (n_draws, n_paths)
        Log weight of what was seen.
    """
    shape = next(iter(week.means.values())).shape if week.means else (week.theta.shape[0], 1)
    weight = np.zeros(shape)
    parts: list[Counted] = []
    for family, pieces in zip(table.families, table.pieces[t], strict=True):
        for piece in pieces:
            means = {node: week.means[node] * piece.share for node in family.nodes}
            part, likely = _Draw(week, family, piece, means, sums, random).draw()
            weight += likely
            parts.append(part)
    return parts, weight


def add_up(gauges: Iterable[Gauge], part: Counted, sums: Sums, seed: tuple[int, ...]) -> None:
    """Let gauges add up what of their nodes was counted.

    Where a gauge begins or ends in between, chance decides on which days the events of a node happened: the same for
    all gauges, so that sums that lie within others stay so, and by numbers of its own, so that a gauge whose reading is
    not known yet changes no other number.
    """
    found = [g for g in gauges if g.runs(part.start, part.end) and any(node in part.counts for node in g.nodes)]
    cut = {node for g in found if g.runs(part.start, part.end) < 1 for node in g.nodes if node in part.counts}
    happened = {node: _dated(part, node, seed) for node in sorted(cut)}
    for gauge in found:
        share = gauge.runs(part.start, part.end)
        first, last = max(gauge.start, part.start), min(gauge.until, part.end)
        for node in gauge.nodes:
            if node not in part.counts:
                continue
            n = part.counts[node]
            if share < 1:
                days = slice((first - part.start).days, (last - part.start).days)
                n = happened[node][days].sum(axis=0)
            sums.counts[gauge.key] = sums.counts.get(gauge.key, 0.0) + n
            sums.means[gauge.key] = sums.means.get(gauge.key, 0.0) + share * part.means[node]


def _dated(part: Counted, node: int, seed: tuple[int, ...]) -> FloatArray:
    """Return on which day each event of a node happened, shape (days, n_draws, n_paths)."""
    random = np.random.Generator(np.random.SFC64(np.random.SeedSequence([*seed, part.start.toordinal(), node])))
    days, left = (part.end - part.start).days, np.asarray(part.counts[node], np.int64)
    out = np.zeros((days, *left.shape))
    for day in range(days - 1):
        n = random.binomial(left, 1 / (days - day))
        out[day] = n
        left = left - n
    out[-1] = left
    return out


@dataclass
class _Draw:
    """The counts of one family in one piece of a step."""

    week: Week
    family: Family
    piece: Piece
    means: dict[int, FloatArray]
    sums: Sums
    random: np.random.Generator

    def draw(self) -> tuple[Counted, FloatArray]:
        """Draw the counts of all nodes; return them and the log weight of what was seen."""
        drawn: dict[int, FloatArray] = {}
        weight = self._set(self.family.nodes, drawn)
        part = Counted(self.piece.start, self.piece.end, drawn, self.means)
        add_up(self.piece.adding, part, self.sums, self.week.seed)
        for gauge, report in self.piece.read:
            if gauge.reference:
                said = report.log_likelihood(self.sums.counts[gauge.key]) if report.so_far else 0.0
            else:
                said = self._excess(gauge, report)
                weight = weight + said
            if report.so_far and gauge.weighs:
                possible = np.where(np.isfinite(said), said, 0.0)
                self.sums.provisional[gauge.key] = self.sums.provisional.get(gauge.key, 0.0) + possible
        return part, weight

    def _set(self, nodes: tuple[int, ...], drawn: dict[int, FloatArray]) -> FloatArray:
        """Draw the counts of a set of nodes: the parts that are read now, the rest of the sum, and how it splits."""
        parts = self.family.parts[nodes]
        read = [part for part in parts if len(parts) > 1 and self._is_read(part)]
        rest = tuple(part for part in parts if part not in read)
        weight = np.zeros(next(iter(self.means.values())).shape)
        for part in read:
            weight = weight + self._set(part, drawn)
        already = sum((drawn[node] for part in read for node in part), start=np.zeros(weight.shape))
        whole = nodes in self.piece.reports or nodes in self.piece.leads
        if not whole and len(parts) > 1:
            return sum((self._set(part, drawn) for part in rest), start=weight)
        left = [node for part in rest for node in part]
        mean = self._mean(left) if left else np.zeros(weight.shape)
        n, likely = self._sum(nodes, mean, already)
        return weight + likely + self._split(nodes, rest, n, mean, drawn)

    def _is_read(self, nodes: tuple[int, ...]) -> bool:
        return any(set(g.nodes) <= set(nodes) and g.reference for g, _ in self.piece.read)

    def _mean(self, nodes: Sequence[int]) -> FloatArray:
        return np.asarray(sum(self.means[node] for node in nodes))

    def _so_far(self, gauge: Gauge) -> FloatArray:
        shape = next(iter(self.means.values())).shape
        return self.sums.counts.get(gauge.key, np.zeros(shape))

    def _sum(self, nodes: tuple[int, ...], mean: FloatArray, already: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Draw how many more events there are in a set: by their mean, what is read now, what must come later."""
        reports = self.piece.reports.get(nodes)
        if reports:
            return self._read(reports, mean, already)
        led = self.piece.leads.get(nodes)
        if led is None:
            return self.random.poisson(mean).astype(float), np.zeros(mean.shape)
        gauge, day, report = led.gauge, led.day, led.report
        missing = report.value - self._so_far(gauge) - already
        rest, days = (day + _DAY - self.piece.end).days, (self.piece.end - self.piece.start).days
        if not gauge.weighs:
            n = self.random.binomial(np.maximum(missing, 0.0).astype(np.int64), days / (days + rest)).astype(float)
            return n, self._guessed(gauge, np.zeros(n.shape))
        # w = sum_n Poisson(n; mean) g(missing - n; later) / the guess before; g is divided out in the next piece.
        later, u = self._mean(nodes) / days * rest, self.random.random(mean.shape)
        n, total, guess = discrete.sums(mean, [missing], [report], u, later, days / (days + rest))
        weight = self._guessed(gauge, total)
        self.sums.guesses[nodes] = guess
        return n, weight

    def _read(
        self, reports: Sequence[tuple[Gauge, Report]], mean: FloatArray, already: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Draw a count of which something is read at the end of the piece."""
        # w = sum_n Poisson(n; mean) prod_r P(r | so far + n) / the guess before; n is drawn in proportion to the terms.
        missing = [report.value - self._so_far(gauge) - already for gauge, report in reports]
        n, total, _ = discrete.sums(mean, missing, [report for _, report in reports], self.random.random(mean.shape))
        return n, self._guessed(reports[0][0], total)

    def _guessed(self, gauge: Gauge, total: FloatArray) -> FloatArray:
        """Return a weight with the guess made before divided out; what does not weigh only has to be possible."""
        said = total if gauge.weighs else np.where(np.isfinite(total), 0.0, -np.inf)
        return said - self.sums.guesses.pop(gauge.nodes, 0.0)

    def _split(
        self,
        nodes: tuple[int, ...],
        parts: tuple[tuple[int, ...], ...],
        total: FloatArray,
        mean: FloatArray,
        drawn: dict[int, FloatArray],
    ) -> FloatArray:
        """Split a sum among parts of which nothing is read now, by their shares and by what must come later."""
        weight = np.zeros(total.shape)
        left, rest = total, mean
        for i, part in enumerate(parts):
            if i == len(parts) - 1:
                n = left
            else:
                with np.errstate(invalid="ignore", divide="ignore"):
                    share = np.clip(np.where(rest > 0, self._mean(part) / rest, 0.0), 0.0, 1.0)
                n, likely = self._part(nodes, part, left, share)
                weight = weight + likely
                left, rest = left - n, rest - self._mean(part)
            if len(part) == 1:
                drawn[part[0]] = n
            else:
                weight = weight + self._split(part, self.family.parts[part], n, self._mean(part), drawn)
        return weight

    def _part(
        self, nodes: tuple[int, ...], part: tuple[int, ...], left: FloatArray, share: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Draw how many of `left` events fall to a part."""
        led = self.piece.leads.get(part)
        coming = None if led is None else self.piece.coming(nodes, led.day)
        if led is None or coming is None or (not left.any() and part not in self.sums.guesses):
            return self.random.binomial(left.astype(np.int64), share).astype(float), np.zeros(left.shape)
        gauge, report = led.gauge, led.report
        missing = report.value - self._so_far(gauge)
        later = np.maximum(np.maximum(coming[1].value - self._so_far(coming[0]), 0.0) - left, 0.0)
        cost = 50.0 if coming[1].slack == 0 and report.slack == 0 else 3.0
        n, total, guess = discrete.shares(left, share, missing, later, cost, self.random.random(left.shape))
        weight = self._guessed(gauge, total)
        if gauge.weighs:
            self.sums.guesses[part] = guess
        return n, weight

    def _excess(self, gauge: Gauge, report: Report) -> FloatArray:
        """Weigh another counter's report: what it has beyond the reference is Poisson, (ratio - 1) x rate."""
        ratio = self.week.theta[:, gauge.parameter][:, None] if gauge.parameter != NONE else gauge.ratio
        counts, means = self.sums.counts[gauge.key], self.sums.means[gauge.key]
        before, expected = (t.get(gauge.key, 0.0) for t in (self.sums.last_counts, self.sums.last_means))
        # w = sum_e Poisson(e; (ratio - 1) M) P(r | so far + e), M what was expected since the last exact reading.
        mean = (np.asarray(ratio) - 1.0) * (means - expected)
        # The excess over a first report that was exact is known; this one's is what came after it.
        known = self.sums.last_report.get(gauge.key, 0.0) - before
        missing = report.value - counts - known
        _, total, _ = discrete.sums(mean, [missing], [report], np.zeros(mean.shape))
        if report.qualifier == "exact" and not report.so_far:
            self.sums.last_counts[gauge.key], self.sums.last_means[gauge.key] = counts.copy(), means.copy()
            self.sums.last_report[gauge.key] = report.value
        return total if gauge.weighs else np.zeros(counts.shape)
