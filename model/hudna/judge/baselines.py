"""Simple forecasts of a count from its own past, without a model of the case: what a case's forecast must beat.

Each is made of what was known at the origin and of nothing else (`Past`), and then forecasts any window after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from scipy import special

from hudna.arrays import FloatArray
from hudna.case.grammar import Text
from hudna.judge.forecast import CountForecast
from hudna.judge.hidden import Hidden
from hudna.judge.past import Past, length

__all__ = ["BASELINES", "Baseline", "Forecaster", "fitted", "last_value", "persistence", "windows_of_the_past"]

_BROAD = 1.0  # dispersion that is expected before anything was forecast: an sd as large as the mean
_DISPERSIONS = np.geomspace(0.01, 30.0, 81)  # among which is chosen

Forecaster: TypeAlias = Callable[[float, float], CountForecast]
"""From where to how far after the origin, in periods of the past: the forecast of the window's count."""


@dataclass(frozen=True)
class Baseline:
    """What readers see, and what makes a forecaster of a past.

    Examples
    --------
    >>> from hudna.judge.past import MONTHS
    >>> quarter = BASELINES["persistence"].fit(Past.of([3, 0, 4, 5, 2, 1], MONTHS))(0, 3)
    >>> quarter.interval(0.5)
    (3, 12)
    """

    name: Text
    fit: Callable[[Past], Forecaster]


def persistence(past: Past, first: float, end: float, *, share: float = 0.25) -> CountForecast:
    """Forecast that the rate of the last part of a year goes on: negative binomial.

    The rate is that of the last `share` of a year of which something is known, with half a count added so that zero is
    never certain. The dispersion is learned from the errors of the same forecast at every earlier period, of windows
    as long and as far ahead that ended before the origin: the likeliest, under a lognormal prior of median 1 and of sd
    1 in logarithms; windows that overlap count as much as those that fit side by side.

    Parameters
    ----------
    past : Past
    first, end : float
        Where the window begins and ends, in periods after the origin.
    share : float, unit year
    """
    return _trailing(past, first, end, share * past.year)


def last_value(past: Past, first: float, end: float) -> CountForecast:
    """Forecast the last count over as many periods: `persistence` of a rate of as long as the window."""
    return _trailing(past, first, end, end - first)


def _trailing(past: Past, first: float, end: float, periods: float) -> CountForecast:
    ahead = length(first, end)
    at = np.arange(1 - past.counts.size, -np.ceil(end) + 1).astype(int)  # earlier origins whose windows are over
    means, counts = past.trailing(periods, at) * ahead, past.between(at + first, at + end)
    judged = np.isfinite(means) & np.isfinite(counts)
    dispersion = _dispersion(means[judged], counts[judged], max(1.0, ahead))
    return CountForecast.negative_binomial(float(past.trailing(periods)) * ahead, dispersion)


def _dispersion(means: FloatArray, counts: FloatArray, overlapping: float) -> float:
    """Return the likeliest dispersion of negative binomial counts about their means."""
    r = 1.0 / _DISPERSIONS[:, None]
    logs = special.gammaln(counts + r) - special.gammaln(r) - r * np.log1p(means / r)
    logs = logs + counts * (np.log(means) - np.log(r + means))
    prior = -0.5 * np.log(_DISPERSIONS / _BROAD) ** 2
    return float(_DISPERSIONS[np.argmax(logs.sum(axis=1) / overlapping + prior)])


def windows_of_the_past(past: Past, first: float, end: float, *, years: float = np.inf) -> CountForecast:
    """Forecast one of the windows that ended in the last years, each as likely.

    Windows slide by a period. A fraction, of a count that was divided, is shared by its two neighbours. The log score
    is smoothed as that of any sample, of as many members as windows fit side by side. Without a single window the
    forecast is negative binomial at the rate of all that is known, of dispersion 1.

    Over all years this is climatology; over one year, and a month ahead, what the VIEWS project calls conflictology
    (Hegre et al. 2025, "The 2023/24 VIEWS Prediction Challenge").

    Parameters
    ----------
    past, first, end : see `persistence`
    years : float, before the origin
    """
    ahead = length(first, end)
    ends = np.arange(0, min(past.counts.size - ahead, np.ceil(years * past.year) - 1) + 1e-9)
    windows = past.between(-ends - ahead, -ends)
    windows = windows[np.isfinite(windows)]
    if not windows.size:
        return CountForecast.negative_binomial(float(past.trailing(np.inf)) * ahead, _BROAD)
    low = np.floor(windows)
    counts = np.concatenate([low, low + 1]).astype(np.int64)
    worth = min(float(windows.size), 1 + (windows.size - 1) / ahead)
    return CountForecast.from_sample(counts, np.concatenate([1 - (windows - low), windows - low]), size=worth)


def _hidden(past: Past) -> Forecaster:
    return Hidden.fit(past).forecast


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        "persistence": Baseline(
            Text(en="rate of the last quarter", ar="معدل آخر ثلاثة أشهر"), lambda past: partial(persistence, past)
        ),
        "hidden_markov": Baseline(Text(en="hidden Markov model", ar="نموذج ماركوف المخفي"), _hidden),
        "climatology": Baseline(
            Text(en="windows of the past", ar="نوافذ من الماضي"), lambda past: partial(windows_of_the_past, past)
        ),
        "conflictology": Baseline(
            Text(en="windows of the last year", ar="نوافذ من السنة الأخيرة"),
            lambda past: partial(windows_of_the_past, past, years=1.0),
        ),
        "last_value": Baseline(Text(en="last count", ar="آخر عدد"), lambda past: partial(last_value, past)),
    }
)


def fitted(past: Past | None) -> Mapping[str, Forecaster]:
    """Return the forecaster of each baseline, fitted to a past; none without one."""
    return {} if past is None else {name: baseline.fit(past) for name, baseline in BASELINES.items()}
