"""The count of a window of days: sampled from the steps of a forecast, and scored when it is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.judge.forecast import CountForecast

__all__ = ["covered", "named_scores", "scores", "window_counts"]

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MIDDLE = ("q25", "q50", "q75")  # of a forecast that stands beside


def covered(first: float, end: float, step_days: int) -> FloatArray:
    """Return the covered share of each step that the days `first` to before `end`, counted from 0, touch.

    Examples
    --------
    >>> covered(7, 15, 7).round(2).tolist()
    [1.0, 0.14]
    """
    steps = np.arange(first // step_days, -(-end // step_days)) * step_days
    days = np.minimum(steps + step_days, end) - np.maximum(steps, first)
    return np.asarray(days / step_days)


def window_counts(counts: IntArray, first: float, end: float, step_days: int, random: np.random.Generator) -> IntArray:
    """Return the events of the days `first` to before `end` of each path.

    A step's events fall on its days evenly and independently: of n in a step that is covered in part as many fall into
    the window as Binomial(n, covered share) says.

    Parameters
    ----------
    counts : int array, shape (..., step), events in each step, the first of which begins on day 0
    first, end, step_days : unit day; or unit step, with a step of 1
    random : Generator

    Returns
    -------
    int array, shape (...)
    """
    steps = counts[..., int(first // step_days) : int(-(-end // step_days))]
    shares = covered(first, end, step_days)
    total = np.asarray(steps[..., shares == 1].sum(axis=-1, dtype=np.int64))
    for i in np.flatnonzero(shares < 1):
        total = total + random.binomial(steps[..., i], shares[i])
    return np.asarray(total)


def scores(
    forecast: CountForecast, v: int, thresholds: Mapping[str, int] | None = None, *, censored: bool = False
) -> dict[str, Any]:
    """Return what a forecast says, and its scores against the count that came, by column.

    Parameters
    ----------
    forecast : CountForecast
    v : int, the count, or what it was at least if `censored`: then there is no CRPS, no PIT and no interval
    thresholds : by mark, the counts of which P(N >= threshold) and its Brier score are in columns `p_` and `brier_`
    """
    low, high = (np.nan, np.nan) if censored else forecast.pit(v)
    found: dict[str, Any] = {
        "mean": forecast.mean,
        **{f"q{100 * p:02.0f}": forecast.quantile(p) for p in _QUANTILES},
        "pit_low": low,
        "pit_high": high,
        "inside50": None if censored else forecast.covers(0.5, v),
        "inside90": None if censored else forecast.covers(0.9, v),
        "crps": np.nan if censored else forecast.crps(v),
        "log_score": forecast.censored_log_score(v) if censored else forecast.log_score(v),
    }
    for mark, threshold in (thresholds or {}).items():
        found |= {f"p_{mark}": forecast.at_least(threshold), f"brier_{mark}": forecast.brier(threshold, v)}
    return found


def named_scores(
    name: str, forecast: CountForecast | None, v: int, thresholds: Mapping[str, int] | None = None, *,
    censored: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return the scores of a forecast that stands beside another's: columns of `scores`, its name after them.

    `log_` stands for the log score; all are NaN where there is no forecast.
    """
    keys = ("crps", "log_score", *(f"{what}_{mark}" for what in ("brier", "p") for mark in thresholds or {}), *_MIDDLE)
    found = dict.fromkeys(keys, np.nan) if forecast is None else scores(forecast, v, thresholds, censored=censored)
    return {f"{key.removesuffix('_score')}_{name}": float(found[key]) for key in keys}
