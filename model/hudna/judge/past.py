"""Counts of the past on a regular grid, weeks or months, as simple forecasts see them."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hudna.arrays import FloatArray
from hudna.case.steps import MONTH, place_of, step_day
from hudna.errors import InputError
from hudna.judge.record import Counts

__all__ = ["MONTHS", "WEEKS", "Past", "length"]

WEEKS, MONTHS = 365.25 / 7, 12.0  # in a year


@dataclass(frozen=True, eq=False)
class Past:
    """Counts of periods of one length, the last of which ends where forecasts begin: at the origin, period 0.

    counts : (period,), NaN where a period is not known; fractions where a count was divided
    year : periods in a year: `WEEKS` or `MONTHS`

    Examples
    --------
    >>> past = Past.of([3, 0, np.nan, 5], MONTHS)
    >>> past.known, past.calm, past.between([-2], [0]).tolist()
    (3, False, [10.0])
    """

    counts: FloatArray
    year: float

    @classmethod
    def of(cls, counts: ArrayLike, year: float) -> Past:
        """Make it of counts.

        Parameters
        ----------
        counts : float array, shape (period,), unit events per period
            >= 0, or NaN where not known; at least one is known.
        year : float, periods in a year, at least 1

        Raises
        ------
        InputError
            If there is no such count, or the year is wrong.
        """
        given = np.asarray(counts, float)
        if given.ndim != 1 or not np.isfinite(given).any() or not (np.isnan(given) | (given >= 0)).all():
            text = "must be one number >= 0 a period, or NaN where not known, and at least one known"
            raise InputError.of("past", text, key="counts")
        if not np.isinf(given).any() and 1 <= year <= 366:
            return cls(given, float(year))
        raise InputError.of("past", "counts are finite, and a year has 1 to 366 periods", given=str(year))

    @classmethod
    def weeks(cls, record: Counts, origin: dt.date) -> Past | None:
        """Return the weeks before `origin` as they were known when it began; None if no count was known.

        A week of which more than half is known is scaled up; the others are not known.
        """
        return cls._before(record, origin, 7, WEEKS)

    @classmethod
    def months(cls, record: Counts, origin: dt.date) -> Past | None:
        """Return the calendar months before `origin`, which is the first day of one; else as `weeks`."""
        return cls._before(record, origin, MONTH, MONTHS)

    @classmethod
    def _before(cls, record: Counts, origin: dt.date, step_days: float, year: float) -> Past | None:
        before = record.before(origin)
        if not before.known:
            return None
        edges = range(math.floor(place_of(before.first, origin, step_days)), 1)
        periods = [(a, (b - a).days) for a, b in itertools.pairwise(step_day(origin, step_days, i) for i in edges)]
        found = ((*before.count(first, days), days) for first, days in periods)
        counts = [round(count * days / known, 9) if 2 * known > days else np.nan for count, known, days in found]
        if np.isnan(counts).all():  # a few days are all that is known
            days = periods[-1][1]
            count, known = before.latest(days)
            counts[-1] = count * days / known
        return cls.of(counts, year)

    @property
    def known(self) -> int:
        """Number of periods that are known."""
        return int(np.isfinite(self.counts).sum())

    @property
    def calm(self) -> bool:
        """Whether less was counted in the last twelfth of a year that is known than is usual in all of the past."""
        own = self.counts[np.isfinite(self.counts)]
        return bool(own[-max(1, round(self.year / 12)) :].mean() <= own.mean())

    def between(self, first: ArrayLike, end: ArrayLike) -> FloatArray:
        """Return the counts of windows, NaN of those of which less than half is known; what is missing is scaled up.

        first, end : where each begins and ends, in periods after the origin: not before the first period or above 0;
        a period that is cut is taken as even
        """
        a, b = (np.asarray(at, float) + self.counts.size for at in (first, end))
        edges = np.arange(self.counts.size + 1.0)
        count, known = (
            np.interp(b, edges, total) - np.interp(a, edges, total)
            for total in (_total(np.nan_to_num(self.counts)), _total(np.isfinite(self.counts)))
        )
        share = known / (b - a)
        return np.asarray(np.where(2 * share >= 1, np.round(count / np.where(share > 0, share, 1.0), 9), np.nan))

    def trailing(self, periods: float, at: ArrayLike = 0) -> FloatArray:
        """Return the rates per period of the last `periods` that are known before each place `at`, half a count added.

        NaN where nothing is known before it.
        """
        known = np.isfinite(self.counts)
        before = np.append(0, np.cumsum(known))[np.asarray(at) + self.counts.size]
        total = _total(self.counts[known])
        first = np.maximum(before - periods, 0.0)
        count = total[before] - np.interp(first, np.arange(total.size), total)
        return np.asarray(np.where(before > 0, (count + 0.5) / np.where(before > 0, before - first, 1.0), np.nan))


def length(first: float, end: float) -> float:
    """Return how many periods a window has that begins and ends so many periods after the origin.

    Raises
    ------
    InputError
        If it begins before the origin, or is empty.
    """
    if not 0 <= first < end < np.inf:
        text = "must begin at the origin or after it, and end later than it begins"
        raise InputError.of("forecast", text, key="window", given=f"{first:g} to {end:g}")
    return end - first


def _total(counts: ArrayLike) -> FloatArray:
    return np.append(0.0, np.cumsum(counts))
