"""Forecasts beside what was counted, as tables: PIT, reliability, coverage of the intervals, skill over baselines.

A table carries in `attrs` what a reader has to know of it: those of the forecasts (`signal_name`, `unit`, `draws`,
`paths`, `seed`, `thresholds`), and `origins`, how many; `horizons`, in weeks; `blocks`, by horizon how many origins
in a row have windows that overlap; `left_out`, how many forecasts have a count that is known as "at least" only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.errors import InputError, Problems
from hudna.judge.baselines import BASELINES
from hudna.judge.skill import Skill, skill
from hudna.judge.summary import AT_LEAST, block_of, coverages, horizons

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AT_LEAST", "coverage_data", "outcomes_data", "pit_data", "reliability_data", "skill_data"]

_QUALIFIERS = ("exact", "approx", AT_LEAST)
_ATTRS = ("signal_name", "unit", "draws", "paths", "seed", "thresholds")
_QUANTILES = ["q05", "q25", "q50", "q75", "q95"]
_CHANCES = ["p_1", "p_a", "p_b"]
_FEW = 30  # origins; a histogram of fewer is mostly chance
_BINS = (5, 10)  # of a histogram of few, of many
_FIFTHS = np.linspace(0, 1, 6)
_NOTHING = Skill(np.nan, np.nan, np.nan, np.nan, np.nan, np.nan, n=0, block=1)


def pit_data(forecasts: pd.DataFrame, weeks: int | None = None) -> pd.DataFrame:
    """Return a histogram of where the counts fell in their forecasts; it is flat if forecasts are right.

    A count has no single place in a forecast of whole numbers but the stretch from P(N < count) to P(N <= count). It is
    spread evenly over the bins (Czado, Gneiting & Held 2009), so nothing is drawn at random.

    Parameters
    ----------
    forecasts : DataFrame
        A row an origin and horizon, as `hudna.judge.backtest` makes it.
    weeks : int, optional
        A horizon; all of them if left out.

    Returns
    -------
    pandas.DataFrame
        A row per horizon and bin: weeks, bin_low, bin_high, and n, the forecasts in the bin.

    Raises
    ------
    InputError
        If columns or attributes are missing, there is no such horizon, or no count to judge by.
    """
    import pandas as pd

    rows = _counted("plot.pit", forecasts, ("pit_low", "pit_high"), weeks)
    low, high = rows["pit_low"].to_numpy(float), rows["pit_high"].to_numpy(float)
    if not ((low >= 0) & (low <= high) & (high <= 1)).all():
        raise InputError.of("plot.pit", "0 <= pit_low <= pit_high <= 1 in every row", key="pit_low, pit_high")
    edges = np.linspace(0, 1, _BINS[rows.attrs["origins"] >= _FEW] + 1)
    held = _spread(low, high, edges)
    bins = [
        pd.DataFrame(
            {
                "weeks": ahead,
                "bin_low": edges[:-1],
                "bin_high": edges[1:],
                "n": held[rows["weeks"] == ahead].sum(axis=0),
            }
        )
        for ahead, _ in horizons(rows)
    ]
    few = rows.attrs["origins"] < _FEW
    return _with_attrs(pd.concat(bins, ignore_index=True), rows, few=few, n=len(rows))


def reliability_data(forecasts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return forecast probabilities of so many events or more beside what happened: each forecast, and by fifths.

    Parameters
    ----------
    forecasts : DataFrame
        See `pit_data`.

    Returns
    -------
    pandas.DataFrame
        A row per threshold and forecast: threshold, p, and came, whether it happened.
    pandas.DataFrame
        A row per threshold and fifth of the axis that holds any: threshold, p_low, p_high, n, the share that happened
        and the mean of p.

    Raises
    ------
    InputError
        As `pit_data`.
    """
    import pandas as pd

    rows = _counted("plot.reliability", forecasts, _CHANCES)
    chances = rows[_CHANCES].to_numpy(float)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise InputError.of("plot.reliability", "probabilities are from 0 to 1", key=", ".join(_CHANCES))
    each, fifths = [], []
    for threshold, p in zip(rows.attrs["thresholds"], chances.T, strict=True):
        came = rows["value"].to_numpy(float) >= threshold
        each.append(pd.DataFrame({"threshold": threshold, "p": p, "came": came}))
        place = np.clip(np.searchsorted(_FIFTHS, p, side="right") - 1, 0, _FIFTHS.size - 2)
        for k in np.unique(place):
            own = place == k
            fifths.append((threshold, _FIFTHS[k], _FIFTHS[k + 1], own.sum(), came[own].mean(), p[own].mean()))
    binned = pd.DataFrame(fifths, columns=["threshold", "p_low", "p_high", "n", "share", "mean"])
    return _with_attrs(pd.concat(each, ignore_index=True), rows), _with_attrs(binned, rows)


def coverage_data(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the share of counts inside the 50 and 90 % intervals by horizon, and how well it is known.

    Parameters
    ----------
    forecasts : DataFrame
        See `pit_data`.

    Returns
    -------
    pandas.DataFrame
        A row per level and horizon: level (0.5 or 0.9), weeks, and the numbers of `hudna.judge.skill.coverage`:
        low and high are the bounds of a 90 % interval by block bootstrap.

    Raises
    ------
    InputError
        As `pit_data`.
    """
    rows = _counted("plot.coverage", forecasts, ("inside50", "inside90"))
    return _with_attrs(coverages(rows), rows)


def outcomes_data(forecasts: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """Return the forecasts of one horizon in order of time, those of "at least" too.

    Raises
    ------
    InputError
        As `pit_data`, or if quantiles do not rise.
    """
    rows = _checked("plot.outcomes", forecasts, _QUANTILES, weeks)
    bands = rows[_QUANTILES].to_numpy(float)
    if not (np.isfinite(bands).all() and (np.diff(bands) >= 0).all() and (bands >= 0).all()):
        raise InputError.of("plot.outcomes", "quantiles rise and are no less than 0", key=", ".join(_QUANTILES))
    return _with_attrs(rows, rows)


def skill_data(forecasts: pd.DataFrame, weeks: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how much smaller the forecasts' CRPS is than each baseline's, at one horizon.

    Parameters
    ----------
    forecasts : DataFrame
        See `pit_data`.
    weeks : int
        A horizon.

    Returns
    -------
    pandas.DataFrame
        A row per baseline and origin: baseline, origin, gain (its CRPS less the forecast's; NaN where it has none).
    pandas.DataFrame
        Index baseline; the numbers of `hudna.judge.skill.skill`, NaN (and n = 0) where nothing can be compared.

    Raises
    ------
    InputError
        As `pit_data`, or if a score is not finite.
    """
    import pandas as pd

    rows = _counted("plot.skill", forecasts, ("crps", *(f"crps_{name}" for name in BASELINES)), weeks)
    own = rows["crps"].to_numpy(float)
    if not np.isfinite(own).all():
        raise InputError.of("plot.skill", "must be finite in every row that is exact or approx", key="crps")
    gains, found, block = [], {}, rows.attrs["blocks"][weeks]
    for name in BASELINES:
        other = rows[f"crps_{name}"].to_numpy(float)
        known = np.isfinite(other)  # where nothing was counted before, a baseline has no forecast
        gains.append(
            pd.DataFrame({"baseline": name, "origin": rows["origin"], "gain": np.where(known, other - own, np.nan)})
        )
        found[name] = asdict(skill(own[known], other[known], block=block) if known.any() else _NOTHING)
    return (
        _with_attrs(pd.concat(gains, ignore_index=True), rows),
        _with_attrs(pd.DataFrame.from_dict(found, orient="index"), rows),
    )


def _checked(call: str, forecasts: pd.DataFrame, columns: Sequence[str], weeks: int | None = None) -> pd.DataFrame:
    """Return the rows of one horizon, or all, in order of horizon and time; raise InputError with all that is wrong."""
    import pandas as pd

    problems = Problems()
    needed = ("origin", "weeks", "start", "end", "value", "qualifier", *columns)
    missing = [name for name in needed if name not in forecasts.columns]
    if missing:
        problems.add(call, "forecasts", f"has no column {', '.join(missing)}")
    lacking = [name for name in _ATTRS if name not in forecasts.attrs]
    if lacking:
        problems.add(call, "forecasts.attrs", f"has no {', '.join(lacking)}")
    if not len(forecasts):
        problems.add(call, "forecasts", "has no row: nothing was forecast")
    problems.raise_if_any()
    if weeks is not None and not (forecasts["weeks"] == weeks).any():
        *first, last = (str(ahead) for ahead, _ in horizons(forecasts))
        known = f"{', '.join(first)} and {last}" if first else last
        problems.add(call, "weeks", f"must be a horizon of the forecasts: {known} weeks", given=repr(weeks))
    if forecasts.duplicated(["origin", "weeks"]).any():
        problems.add(call, "forecasts", "has two rows of one origin and horizon; draw one signal at a time")
    odd = sorted({str(given) for given in forecasts["qualifier"]} - set(_QUALIFIERS))
    if odd:
        problems.add(call, "qualifier", f"must be one of {', '.join(_QUALIFIERS)}", given=", ".join(odd))
    if not (np.isfinite(values := forecasts["value"].to_numpy(float)) & (values >= 0)).all():
        problems.add(call, "value", "must be a count in every row")
    problems.raise_if_any()
    rows = forecasts if weeks is None else forecasts[forecasts["weeks"] == weeks]
    dates = {name: pd.to_datetime(rows[name]) for name in ("origin", "start", "end")}
    return rows.assign(**dates).sort_values(["weeks", "origin"], ignore_index=True)


def _counted(call: str, forecasts: pd.DataFrame, columns: Sequence[str], weeks: int | None = None) -> pd.DataFrame:
    """Return `_checked` rows whose count is known; those of "at least" would only show forecasts that are too low."""
    rows = _checked(call, forecasts, columns, weeks)
    known = rows["qualifier"] != AT_LEAST
    if not known.any():
        text = "every count is `at_least`; where such a count lay in its forecast is not known"
        raise InputError.of("plot", text, key="qualifier")
    return _with_attrs(rows[known], rows[known], left_out=int((~known).sum()))


def _with_attrs(data: pd.DataFrame, rows: pd.DataFrame, **more: int) -> pd.DataFrame:
    """Give a table the attributes that the module describes."""
    blocks = {ahead: block_of(part) for ahead, part in horizons(rows)}
    found: dict[str, Any] = {
        "origins": int(rows["origin"].nunique()), "horizons": list(blocks), "blocks": blocks, "left_out": 0,
    }  # fmt: skip
    data.attrs = found | rows.attrs | more
    return data


def _spread(low: FloatArray, high: FloatArray, edges: FloatArray) -> FloatArray:
    """Return the part of each stretch that lies in each bin, shape (row, bin); one without length is in one bin."""
    inside = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    length = high - low
    point = length <= 0
    held = np.clip(inside, 0, None) / np.where(point, 1, length)[:, None]
    place = np.clip(np.searchsorted(edges, low[point], side="right") - 1, 0, edges.size - 2)
    held[point] = np.eye(edges.size - 1)[place]
    spread: FloatArray = held
    return spread
