"""What was counted of a signal, day by day, as rows that overlap and differ in confidence say it."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.case.observations import Observations, Row, last_known

__all__ = ["Counts", "Interval", "Seen", "families", "reference_record"]

_CONFIDENCES = ("high", "medium", "low")
_QUALIFIERS = ("exact", "approx")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Interval:
    """A count of some days, both `start` and `end` among them; it may be a fraction where a count was divided."""

    start: dt.date
    end: dt.date
    count: float

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True, order=True)
class Seen:
    """A row of a record; of two, the one that is taken first is the smaller."""

    confidence: int  # 0 high, 1 medium, 2 low
    qualifier: int  # 0 exact, 1 approximate
    days: int
    start: dt.date
    count: float
    daily: bool = False  # it holds on each of its days, see `Row.daily`

    @property
    def end(self) -> dt.date:
        """The last day."""
        return self.start + (self.days - 1) * _DAY


@dataclass(frozen=True)
class Counts:
    """What was counted of a signal or a sum, day by day: rows, and the disjoint intervals that they come down to.

    Rows overlap: a running total holds all that was counted before, and two sources count the same days. They
    are taken one after the other, those of high confidence first, then medium, then low; among these exact ones
    before approximate ones, then the shorter before the longer, the earlier before the later, and the smaller count
    before the larger; the order of the table says nothing. A row gives

    - its whole count to its days, if nothing is known of them;
    - what is left of it, once what is known of its other days is taken off, to the days of which nothing is known,
      and 0 if nothing is left: so running totals are differenced at their dates;
    - a division to the one interval that it cuts, if it holds or does without all others, and if what it gives to
      its side is not more than the interval holds;
    - else nothing: it says what is known already, or contradicts it.

    Where a row cuts an interval otherwise, the interval's count is spread evenly over its days. Of a sum, days of
    which its own rows say nothing have the counts of its parts added up, if all are known.

    rows : in the order in which they are taken; parts : the records of the parts of a sum
    """

    rows: tuple[Seen, ...] = ()
    parts: tuple[Counts, ...] = ()

    @classmethod
    def from_rows(
        cls, rows: Iterable[Row], *, signals: tuple[str, ...] | None = None, counters: Collection[str] = ("",)
    ) -> Counts:
        """Make a record of rows of observations.

        Parameters
        ----------
        rows : Row
            Those that say `at_least`, which only bound a count, are left out.
        signals : tuple of str, optional
            What is recorded, in name order: rows of just these, and of each alone. If left out, all rows are of
            one signal, and the caller has chosen them.
        counters : collection of str
            Whose counts: the reference, and whoever counts the same under a name. Others are left out.
        """
        counted = [row for row in rows if row.qualifier in _QUALIFIERS and row.counter in counters]
        own = [row for row in counted if signals is None or row.signals == signals]
        alone = signals if signals is not None and len(signals) > 1 else ()
        parts = tuple(cls.from_rows(counted, signals=(name,), counters=counters) for name in alone)
        return cls(tuple(sorted(_seen(row) for row in own)), parts if all(part.rows for part in parts) else ())

    def before(self, origin: dt.date) -> Counts:
        """Return the record as it was known when `origin` began.

        A row that ends on or after the origin is left out whole: nobody knew its count by then, and to cut it
        at the origin would let what came later in. Only an exact row of 0 is cut, as everywhere (docs/rows.md): who
        says that nothing happened up to some later day has seen that nothing happened up to the origin. A row is taken
        to be known on the day after its last.
        """
        ends = [(row, last_known(row.start, row.end, origin, daily=row.daily)) for row in self.rows]
        rows = sorted(replace(row, days=(end - row.start).days + 1) for row, end in ends if end is not None)
        parts = tuple(part.before(origin) for part in self.parts)
        return Counts(tuple(rows), parts if all(part.rows for part in parts) else ())

    @cached_property
    def intervals(self) -> tuple[Interval, ...]:
        """Disjoint intervals in order of date; between them nothing is known."""
        daily, group = self._laid
        if not daily.size:
            return ()
        edges = np.flatnonzero(np.diff(group, prepend=-2, append=-2))
        return tuple(
            Interval(self._day(int(a)), self._day(int(b) - 1), round(float(daily[a:b].sum()), 9))
            for a, b in itertools.pairwise(edges)
            if group[a] >= 0
        )

    def count(self, start: dt.date, days: int) -> tuple[float, int]:
        """Return what was counted in `days` days from `start` on, and of how many of them something is known."""
        daily, group = self._laid
        if not daily.size:
            return 0.0, 0
        a, b = (min(max((start - self.first).days + i, 0), daily.size) for i in (0, days))
        return float(daily[a:b].sum()), int((group[a:b] >= 0).sum())

    def latest(self, days: int) -> tuple[float, int]:
        """Return the count of the last `days` days of which something is known, and how many there are."""
        daily, group = self._laid
        known = np.flatnonzero(group >= 0)[-days:]
        return float(daily[known].sum()), known.size

    @property
    def first(self) -> dt.date:
        """The first day that a row is about."""
        return min([row.start for row in self.rows] + [part.first for part in self.parts])

    @property
    def known(self) -> int:
        """Number of days of which something is known."""
        return int((self._laid[1] >= 0).sum())

    def _day(self, i: int) -> dt.date:
        return self.first + i * _DAY

    @property
    def _last(self) -> dt.date:
        return max([row.end for row in self.rows] + [part._last for part in self.parts])

    @cached_property
    def _laid(self) -> tuple[FloatArray, IntArray]:
        """Count of each day from the first to the last, and which interval it is of, -1 for none."""
        if not self.rows and not self.parts:
            return np.zeros(0), np.zeros(0, np.int64)
        size = (self._last - self.first).days + 1
        daily, group = _lay(self.rows, self.first, size)
        if self.parts:
            laid = [_lay(part.rows, self.first, size) for part in self.parts]
            groups = np.stack([g for _, g in laid])
            free = (group < 0) & (groups >= 0).all(axis=0)
            daily[free] = np.sum([d for d, _ in laid], axis=0)[free]
            changes = (np.diff(groups, axis=1, prepend=-1) != 0).any(axis=0) | np.diff(free, prepend=False)
            group[free] = group.max() + np.cumsum(changes)[free]
        return daily, group


def _seen(row: Row) -> Seen:
    rank = _CONFIDENCES.index(row.confidence), _QUALIFIERS.index(row.qualifier)
    return Seen(*rank, (row.end - row.start).days + 1, row.start, float(row.value), row.daily)


def _lay(rows: Iterable[Seen], first: dt.date, size: int) -> tuple[FloatArray, IntArray]:
    """Return count and interval of each of `size` days from `first` on, the rows taken one after the other."""
    daily, group = np.zeros(size), np.full(size, -1)
    new = 0
    for row in rows:
        a = (row.start - first).days
        mine = np.arange(a, a + row.days)
        free = mine[group[mine] < 0]
        if free.size:
            daily[free] = max(0.0, row.count - float(daily[mine].sum())) / free.size
            group[free] = new + np.cumsum(np.diff(free, prepend=free[0]) > 1)
            new = int(group.max()) + 1
            continue
        cut = {int(g) for g in (group[mine[0]], group[mine[-1]]) if (group == g).sum() > (group[mine] == g).sum()}
        if len(cut) != 1:
            continue
        whole = np.flatnonzero(group == cut.pop())
        inside, rest = np.intersect1d(whole, mine), np.setdiff1d(whole, mine)
        held = float(daily[whole].sum())
        given = row.count - float(daily[np.setdiff1d(mine, whole)].sum())
        if 0 <= given <= held:
            daily[inside], group[inside] = given / inside.size, new
            daily[rest] = (held - given) / rest.size
            group[rest[rest > inside[-1]]] = new + 1
            new += 2
    return daily, group


def reference_record(observations: Observations, rows: Iterable[Row], signals: tuple[str, ...]) -> Counts:
    """Return the record of a sum of events as the reference counts it."""
    counted = [row for row in rows if row.kind == "events"]
    return Counts.from_rows(counted, signals=tuple(sorted(signals)), counters=observations.reference)


def families(rows: Iterable[Row]) -> Mapping[str, tuple[Row, ...]]:
    """Return rows of events by the sum that they are likely to be of: `x.*` for all whose names begin with `x.`."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.kind == "events":
            for name in dict.fromkeys(re.sub(r"\..*", ".*", signal) for signal in row.signals):
                found.setdefault(name, []).append(row)
    return {name: tuple(found[name]) for name in sorted(found)}
