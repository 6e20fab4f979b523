"""What needs no model: forecasts of a count over the next days from its own past, to compare a model's with.

Each sees what was known when the forecast was made and nothing else; see `Record.before`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np

from hudna.arrays import FloatArray
from hudna.case.grammar import Text
from hudna.errors import InputError
from hudna.judge.forecast import CountForecast
from hudna.judge.record import Record

__all__ = [
    "BASELINES",
    "Baseline",
    "Forecaster",
    "climatology",
    "history_bootstrap",
    "last_value",
    "poisson_trailing",
]

_FEWEST = 4  # windows' worth of history, below which its spread is not estimated
_BROAD = 1.0  # dispersion that is taken instead: an sd as large as the mean, or larger
_DAY = dt.timedelta(days=1)


class Forecaster(Protocol):
    """A forecast of the count of some days from an origin on."""

    def __call__(self, record: Record, origin: dt.date, days: int) -> CountForecast:
        """Forecast the count of `days` days, the origin the first of them."""


@dataclass(frozen=True)
class Baseline:
    """What readers see, and what makes the forecast."""

    name: Text
    forecast: Forecaster


def poisson_trailing(record: Record, origin: dt.date, days: int, *, weeks: int = 8) -> CountForecast:
    """Forecast at the rate of the last weeks: Poisson.

    The rate is that of the last `weeks` x 7 days of which something is known, with half a count added so that
    zero is never certain.

    Parameters
    ----------
    record : Record
    origin : date
        Nothing that came on it or after it is used.
    days : int
        Length of the window whose count is forecast; it begins on the origin or later.
    weeks : int

    Raises
    ------
    InputError
        If nothing was known before the origin.
    """
    count, known = _known_before(record, origin, days).latest(7 * weeks)
    return CountForecast.poisson((count + 0.5) / known * days)


def last_value(record: Record, origin: dt.date, days: int) -> CountForecast:
    """Forecast what was counted last: Poisson with the count of the last `days` known days, and half a count.

    Where fewer days are known the count is scaled up. Parameters and errors are those of `poisson_trailing`.
    """
    count, known = _known_before(record, origin, days).latest(days)
    return CountForecast.poisson(count * days / known + 0.5)


def climatology(record: Record, origin: dt.date, days: int) -> CountForecast:
    """Forecast that the next window is as all before it: negative binomial, fitted by moments.

    To the windows of `days` days that end on the origin or whole weeks before it. They overlap, so they are
    worth only as many as fit side by side, n: half a count more is added over n windows, and the variance is
    scaled up by n / (n - 1). With n below 4 nobody knows the spread; then the mean is that of all known days
    and the dispersion 1 (a sd as large as the mean, or larger). Parameters and errors are those of
    `poisson_trailing`.
    """
    known = _known_before(record, origin, days)
    windows, worth = _windows(known, origin, days)
    if worth < _FEWEST:
        count, n = known.latest(known.known)
        return CountForecast.negative_binomial((count + 0.5) / n * days, _BROAD)
    mean = float(windows.mean()) + 0.5 / worth
    variance = float(windows.var()) * worth / (worth - 1)
    return CountForecast.negative_binomial(mean, max(0.0, variance - mean) / mean**2)


def history_bootstrap(record: Record, origin: dt.date, days: int) -> CountForecast:
    """Forecast one of the windows of the past, each as likely: those of `climatology`, drawn as they were.

    A fraction, of a count that was divided, is shared by its two neighbours. The log score is smoothed as that
    of any sample, of as many members as windows fit side by side. Without a single window it is `climatology`.
    """
    known = _known_before(record, origin, days)
    windows, worth = _windows(known, origin, days)
    if not windows.size:
        return climatology(record, origin, days)
    low = np.floor(windows)
    counts = np.concatenate([low, low + 1]).astype(np.int64)
    return CountForecast.from_sample(counts, np.concatenate([1 - (windows - low), windows - low]), size=worth)


def _known_before(record: Record, origin: dt.date, days: int) -> Record:
    if days < 1:
        raise InputError.of("forecast", "a window has at least one day", key="days", given=str(days))
    before = record.before(origin)
    if not before.known:
        raise InputError.of("record", f"has no count from before {origin}")
    return before


def _windows(known: Record, origin: dt.date, days: int) -> tuple[FloatArray, float]:
    """Return counts of past windows, shape (window,), and how many fit side by side.

    A window of which less than half is known is left out; one of which more is known is scaled up.
    """
    weeks = ((origin - known.first).days - days) // 7 + 1
    found = (known.count(origin - (days + 7 * i) * _DAY, days) for i in range(max(0, weeks)))
    windows = np.array([count * days / n for count, n in found if 2 * n >= days])
    return np.round(windows, 9), min(float(windows.size), 1 + 7 * (windows.size - 1) / days) if windows.size else 0.0


def _named(en: str, ar: str, forecast: Forecaster) -> Baseline:
    return Baseline(Text(en=en, ar=ar), forecast)


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "poisson_8": _named("rate of the last 8 weeks", "معدل آخر 8 أسابيع", partial(poisson_trailing, weeks=8)),
        "poisson_26": _named("rate of the last 26 weeks", "معدل آخر 26 أسبوعا", partial(poisson_trailing, weeks=26)),
        "climatology": _named("all of the past", "الماضي كله", climatology),
        "last_value": _named("last count", "آخر عدد", last_value),
        "bootstrap": _named("windows of the past", "نوافذ من الماضي", history_bootstrap),
    }
)
