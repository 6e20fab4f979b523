"""The forecasts of a backtest summed up: forecasters side by side, how well intervals held, and bias by phase.

Every mean is over the forecasts of one horizon. Forecasters are compared over the same windows: those of which each
simple forecast had a past.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.judge.baselines import BASELINES
from hudna.judge.pool import MODEL
from hudna.judge.skill import coverage, overlapping, skill

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AT_LEAST", "bias", "block_of", "compared", "coverages", "horizons", "phases"]

AT_LEAST = "at_least"
_SCORES = ("crps", "log", "brier_1")


def compared(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the mean scores of each forecaster, and how much better the case's forecast and the pool are.

    Parameters
    ----------
    forecasts : DataFrame
        Of `hudna.backtest`.

    Returns
    -------
    pandas.DataFrame
        A row per horizon and forecaster, in this order: the case's forecast (`model`), the pool, and the simple
        forecasts, the one of the smallest mean CRPS first. Columns: weeks, forecaster, n, and the mean scores crps,
        log, brier_1; skill, skill_low, skill_high: 1 - CRPS of the case's forecast / CRPS of this one, and a 90 %
        interval by block bootstrap; gain, gain_low, gain_high: mean log score of this one less that of the case's
        forecast, above 0 if the case's is better; and pool_skill, ... , pool_gain, ... of the pool in place of the
        case's forecast. `hudna.judge.skill.skill` says how intervals are found; NaN where there are too few windows.
    """
    import pandas as pd

    found: list[dict[str, Any]] = []
    for weeks, part in horizons(forecasts):
        known = part[[f"log_{name}" for name in BASELINES]].notna().all(axis=1)
        shared: pd.DataFrame = part.loc[known]
        if shared.empty:
            continue
        block = block_of(part)
        scores = {name: _scores(shared, name) for name in (MODEL, "pool", *BASELINES)}
        simple = sorted(BASELINES, key=lambda name: float(scores[name]["crps"].mean()))
        for name in (MODEL, "pool", *simple):
            row = {"weeks": weeks, "forecaster": name, "n": len(shared)}
            row |= {score: float(values.mean()) for score, values in scores[name].items()}
            for prefix, better in (("", MODEL), ("pool_", "pool")):
                row |= _better(prefix, scores[better], scores[name], block) if better != name else {}
            found.append(row)
    return pd.DataFrame(found)


def _scores(part: pd.DataFrame, name: str) -> dict[str, FloatArray]:
    """Return a forecaster's scores, by score, each shape (window,)."""
    if name == MODEL:
        return {score: part["log_score" if score == "log" else score].to_numpy(float) for score in _SCORES}
    return {score: part[f"{score}_{name}"].to_numpy(float) for score in _SCORES}


def _better(prefix: str, ours: dict[str, FloatArray], theirs: dict[str, FloatArray], block: int) -> dict[str, float]:
    crps, log = (skill(ours[score], theirs[score], block=block) for score in ("crps", "log"))
    return {
        f"{prefix}skill": crps.skill, f"{prefix}skill_low": crps.low, f"{prefix}skill_high": crps.high,
        f"{prefix}gain": -log.difference, f"{prefix}gain_low": -log.difference_high,
        f"{prefix}gain_high": -log.difference_low,
    }  # fmt: skip


def coverages(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return how many counts lay inside the 50 and 90 % intervals: a row per horizon and level.

    Columns: weeks, level (0.5 or 0.9), and those of `hudna.judge.skill.Coverage`. Counts of "at least" are left out.
    """
    import pandas as pd

    found = []
    for weeks, part in horizons(forecasts[forecasts["qualifier"] != AT_LEAST]):
        for level in (0.5, 0.9):
            held = coverage(part[f"inside{100 * level:.0f}"].to_numpy(bool), block=block_of(part))
            found.append({"weeks": weeks, "level": level, **vars(held)})
    return pd.DataFrame(found)


def phases(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return where counts lay in their forecasts by horizon and by phase: calm at the origin, or not.

    Returns
    -------
    pandas.DataFrame
        Columns: weeks, calm, and those of `bias`. A mean over both phases hides a forecast that is too low while a
        record lasts and too high after it.
    """
    import pandas as pd

    return pd.DataFrame(
        {"weeks": weeks, "calm": calm, **bias(part[part["calm"] == calm])}
        for weeks, part in horizons(forecasts)
        for calm in (True, False)
        if (part["calm"] == calm).any()
    )


def bias(rows: pd.DataFrame) -> dict[str, float]:
    """Return how forecasts erred, in one number each.

    A count of "at least" cannot show that a forecast is too high; above the median it shows one that is too low, and
    is counted as such. Left out, too few of those would be seen.

    Returns
    -------
    n : forecasts; pit : mean of the middle of P(N < count) and P(N <= count), 0.5 if forecasts are right
    error : mean of forecast mean less count; too_high, too_low : forecasts whose median is above, below the count
    unclear : counts of "at least" that lie at the median or below
    """
    least = (rows["qualifier"] == AT_LEAST).to_numpy()
    value, middle = rows["value"].to_numpy(float), rows["q50"].to_numpy(float)
    pit = (rows["pit_low"].to_numpy(float) + rows["pit_high"].to_numpy(float)) / 2
    known = ~least
    return {
        "n": len(rows),
        "pit": float(pit[known].mean()) if known.any() else np.nan,
        "error": float((rows["mean"].to_numpy(float) - value)[known].mean()) if known.any() else np.nan,
        "too_high": int((middle > value)[known].sum()),
        "too_low": int((middle < value).sum()),
        "unclear": int((middle >= value)[least].sum()),
    }


def horizons(forecasts: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the forecasts of each horizon in order of time."""
    for weeks in sorted(int(weeks) for weeks in forecasts["weeks"].unique()):
        yield weeks, forecasts[forecasts["weeks"] == weeks].sort_values("origin")


def block_of(part: pd.DataFrame) -> int:
    """Return how many origins of one horizon, as near as the nearest two, have windows that overlap."""
    days = np.unique(part["origin"].to_numpy("datetime64[D]")).astype(float)
    return 1 if days.size == 1 else overlapping(7.0 * float(part["weeks"].iloc[0]), float(np.diff(days).min()))
