"""The forecast of a run beside the simple ones and their pool, weighted by the record of a backtest."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.case.observations import Row
from hudna.errors import InputError, Problems
from hudna.judge.baselines import BASELINES
from hudna.judge.forecast import CountForecast
from hudna.judge.past import Past
from hudna.judge.pool import MODEL, POOLED, Judged, pool_weights
from hudna.judge.record import Counts
from hudna.judge.score import ResultRows
from hudna.judge.summary import block_of
from hudna.result import Result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pooled_forecast", "read_forecasts"]

_NEEDED = ("origin", "weeks", "end", "signal", "calm", "log_score", "log_persistence", "log_hidden_markov")
_DAY = dt.timedelta(days=1)


def read_forecasts(folder: Path) -> pd.DataFrame:
    """Read the forecasts of a backtest, from the folder that `hudna backtest` wrote.

    Raises
    ------
    InputError
        If there is no such file, or it is no record of a backtest.
    """
    import pandas as pd

    path = folder / "forecasts.csv" if folder.is_dir() else folder
    try:
        found = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        text = f"cannot be read ({error}); hudna backtest writes one"
        raise InputError.of(str(path), text) from None
    missing = [name for name in _NEEDED if name not in found]
    if missing or found.empty or len(set(found["signal"])) != 1:
        why = f"has no column {', '.join(missing)}" if missing else "must have rows, and of one signal"
        raise InputError.of(str(path), f"is no record of a backtest: {why}; hudna backtest writes one")
    dates = {name: pd.to_datetime(found[name]).dt.date for name in ("origin", "end")}
    return found.assign(**dates)


def pooled_forecast(result: Result, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Forecast the first weeks of a run by its paths, by each simple forecast, and by their pool.

    The weights come of those windows of the backtest that were over when the run starts, as in the backtest itself
    (`hudna.judge.pool.pool_weights`); the simple forecasts see the counts that the run was conditioned on
    (`about["record"]`), and are the same under every policy.

    Parameters
    ----------
    result : Result
    forecasts : DataFrame
        Of `hudna.backtest`, or of `read_forecasts`: its signal and its horizons are forecast.

    Returns
    -------
    pandas.DataFrame
        A row per horizon, policy and forecaster (`pool`, `model` and the baselines; without a past `model` alone), in
        this order. Columns: weeks, policy, forecaster, weight (in the pool; NaN where it has none), mean, q05, q25,
        q50, q75, q95 and p_1, P(at least one). `attrs["signal"]` says what is forecast.

    Raises
    ------
    InputError
        If the run is shorter than every horizon, or kept no counts of the signal.
    """
    import pandas as pd

    signal = str(forecasts["signal"].iloc[0])
    judged = ResultRows.of(result, ())
    names = judged.resolve(signal)
    problems = Problems()
    horizons = [int(w) for w in sorted(forecasts["weeks"].unique()) if judged.start + 7 * int(w) * _DAY <= judged.end]
    if not names:
        problems.add("pool", "signal", "the result kept no counts of the backtest's signal", given=repr(signal))
    if not horizons:
        text = "the run is shorter than every horizon of the backtest"
        problems.add("pool", "weeks", text, given=str((judged.end - judged.start).days // 7))
    problems.raise_if_any()
    record = Counts.from_rows(judged.past, signals=names, counters=judged.same_counters)
    past = Past.weeks(record, judged.start)
    simple = {} if past is None else {name: baseline.fit(past) for name, baseline in BASELINES.items()}
    found = []
    for weeks in horizons:
        row = _window(signal, names, judged.start, weeks)
        beside = {name: forecaster(0, weeks) for name, forecaster in simple.items()}
        weights = _weights(forecasts[forecasts["weeks"] == weeks], judged.start, past)
        for policy in result.policies:
            own = {MODEL: CountForecast.from_sample(judged.sample(row, policy)), **beside}
            shown = own
            if beside:
                shown = {"pool": CountForecast.pooled([own[name] for name in POOLED], list(weights.values())), **own}
            found += [
                {
                    "weeks": weeks,
                    "policy": policy,
                    "forecaster": name,
                    "weight": weights.get(name, np.nan),
                    **_said(one),
                }
                for name, one in shown.items()
            ]
    frame = pd.DataFrame(found)
    frame.attrs = {"signal": signal}
    return frame


def _weights(forecasts: pd.DataFrame, start: dt.date, past: Past | None) -> dict[str, float]:
    """Return the weights of the pool at the start of a run, of the windows that were over by then."""
    if past is None:
        return {MODEL: 1.0}
    over = forecasts[forecasts["end"] < start]
    logs = over[["log_score", *(f"log_{name}" for name in POOLED if name != MODEL)]].to_numpy(float)
    judged = [
        Judged((start - end).days / 365.25, bool(calm), tuple(scores))
        for end, calm, scores in zip(over["end"], over["calm"], logs.tolist(), strict=True)
    ]
    weights = pool_weights(judged, calm=past.calm, overlapping=block_of(forecasts))
    return dict(zip(POOLED, weights.tolist(), strict=True))


def _window(signal: str, names: tuple[str, ...], start: dt.date, weeks: int) -> Row:
    end = start + 7 * weeks * _DAY - _DAY
    return Row(
        start=start, end=end, signal=signal, signals=names, kind="events", value=np.nan, state="", qualifier="exact",
        word="exact", counter="", confidence="high", use="likelihood", source="", note="", line=0,
    )  # fmt: skip


def _said(forecast: CountForecast) -> dict[str, Any]:
    quantiles = {f"q{100 * p:02.0f}": forecast.quantile(p) for p in (0.05, 0.25, 0.5, 0.75, 0.95)}
    return {"mean": forecast.mean, **quantiles, "p_1": forecast.at_least(1)}
