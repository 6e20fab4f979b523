"""A run beside simple forecasts: what is pooled, by which weights, and that nothing later than its start is used."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

import hudna
from hudna.cli import main
from hudna.errors import InputError
from hudna.judge.ahead import pooled_forecast, read_forecasts
from hudna.judge.baselines import BASELINES
from hudna.judge.forecast import CountForecast
from hudna.judge.past import Past
from hudna.judge.pool import POOLED
from hudna.judge.record import Counts

START = dt.date(2024, 1, 1)


@pytest.fixture(scope="module")
def result():
    return hudna.run("two-militias", draws=60, paths=40, seed=3)


def forecasts(logs=(1.0, 3.0, 3.0), n=12, weeks=4, last=START):
    """A backtest's record: windows one after the other, the last of which ends the day before `last`."""
    length = dt.timedelta(weeks=weeks)
    origins = [last - (n - i) * length for i in range(n)]
    columns = ("log_score", *(f"log_{name}" for name in POOLED[1:]))
    rows = [
        {"origin": origin, "weeks": weeks, "end": origin + length - dt.timedelta(days=1), "signal": "attacks.*",
         "calm": True, **dict(zip(columns, logs, strict=True))}
        for origin in origins
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_pool_is_of_the_paths_and_of_the_simple_forecasts_of_the_record(result):
    found = pooled_forecast(result, forecasts())
    assert list(found["forecaster"]) == ["pool", "model", *BASELINES] * 2
    own = found[found["policy"] == "stay"].set_index("forecaster")
    paths = result.trajectories.sel(policy="stay").isel(time=slice(0, 4))
    counts = (paths["attacks.NORTH"].astype(int) + paths["attacks.SOUTH"].astype(int)).sum("time").to_numpy()
    model = CountForecast.from_sample(counts)
    assert (own.loc["model", "q50"], own.loc["model", "p_1"]) == (model.quantile(0.5), model.at_least(1))
    rows = hudna.load("two-militias").case.observations
    known = [row for row in rows.rows if row.kind == "events" and row.use != "context"]
    record = Counts.from_rows(known, signals=("attacks.NORTH", "attacks.SOUTH"), counters=rows.reference)
    past = Past.weeks(record, START)
    assert past is not None
    simple = {name: baseline.fit(past)(0, 4) for name, baseline in BASELINES.items()}
    assert own.loc["hidden_markov", "mean"] == pytest.approx(simple["hidden_markov"].mean)
    weights = own.loc[list(POOLED), "weight"]
    assert weights.sum() == pytest.approx(1)
    assert weights["model"] > 2 * weights["persistence"]
    pooled = CountForecast.pooled([model, *(simple[name] for name in POOLED[1:])], weights.to_numpy())
    assert own.loc["pool", "mean"] == pytest.approx(pooled.mean)
    assert [own.loc["pool", q] for q in ("q05", "q50", "q95")] == [pooled.quantile(p) for p in (0.05, 0.5, 0.95)]
    other = found[found["policy"] == "leave"].set_index("forecaster")
    assert other.loc["persistence", "mean"] == own.loc["persistence", "mean"]


def test_windows_that_are_not_over_at_the_start_move_no_weight(result):
    known = forecasts()
    later = forecasts((9.0, 0.1, 9.0), n=6, last=START + dt.timedelta(weeks=24))
    assert (later["end"] >= START).all()
    both = pd.concat([known, later], ignore_index=True)
    pd.testing.assert_frame_equal(pooled_forecast(result, both), pooled_forecast(result, known))
    leaking = both.assign(end=np.minimum(both["end"], START - dt.timedelta(days=1)))  # the twin: as if all were over
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(pooled_forecast(result, leaking), pooled_forecast(result, known))


def test_without_a_past_there_is_no_pool(result):
    unobserved = hudna.run("two-militias", draws=20, paths=10, seed=3)
    unobserved.about["record"] = []
    found = pooled_forecast(unobserved, forecasts())
    assert list(found["forecaster"]) == ["model", "model"]
    assert list(found["weight"]) == [1, 1]


def test_wrong_records_are_refused(result, tmp_path):
    with pytest.raises(InputError, match="shorter than every horizon"):
        pooled_forecast(result, forecasts(weeks=60))
    with pytest.raises(InputError, match="kept no counts of the backtest's signal"):
        pooled_forecast(result, forecasts().assign(signal="raids.*"))
    with pytest.raises(InputError, match="cannot be read"):
        read_forecasts(tmp_path)
    forecasts().drop(columns="calm").to_csv(tmp_path / "forecasts.csv")
    with pytest.raises(InputError, match="has no column calm"):
        read_forecasts(tmp_path)
    forecasts().assign(signal=["a"] * 6 + ["b"] * 6).to_csv(tmp_path / "forecasts.csv")
    with pytest.raises(InputError, match="of one signal"):
        read_forecasts(tmp_path)


def test_the_command_shows_and_writes_the_pool(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "record").mkdir()
    forecasts().to_csv("record/forecasts.csv", index=False)
    few = ["--draws", "20", "--paths", "10", "--no-figures"]
    assert main(["run", "two-militias", *few, "--pool", "record"]) == 0
    out = capsys.readouterr().out
    for text in ("Forecasts: attacks.*", "pool: Stay", "the case's forecast: Leave", "hidden Markov model"):
        assert text in out
    assert "nan" not in out
    written = pd.read_csv("out/two-militias/pool.csv")
    assert main(["run", "two-militias", *few, "--pool", "record", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["forecaster"] for row in said["pool"]] == list(written["forecaster"])
    assert main(["run", "two-militias", *few, "--pool", "nowhere", "--out", "other"]) == 2
    assert "hudna backtest writes one" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
