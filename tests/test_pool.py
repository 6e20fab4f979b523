"""Pools of forecasts: their weights come of what was over at the origin, and of nothing else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hudna.judge import backtest as judging
from hudna.judge.backtest import Window
from hudna.judge.baselines import BASELINES
from hudna.judge.forecast import CountForecast
from hudna.judge.pool import POOLED, Judged, pool_weights
from hudna.judge.record import Counts, Seen
from hudna.judge.summary import bias, compared, coverages, phases

ORIGIN = dt.date(2024, 1, 1)
GOOD, BAD = (1.0, 3.0, 3.0), (3.0, 1.0, 3.0)


def test_weights_are_where_the_posterior_is_highest():
    rng = np.random.default_rng(4)
    judged = [Judged(rng.uniform(0, 3), bool(rng.random() < 0.5), tuple(rng.gamma(2, 1, 3))) for _ in range(40)]
    weights = pool_weights(judged, calm=True, overlapping=2)
    counts = np.array([0.5 ** (one.years / 2) * (1 if one.calm else 0.25) for one in judged]) / 2
    likely = np.exp(-np.array([one.log_scores for one in judged]))

    def log_posterior(w):
        return counts @ np.log(likely @ w) + np.log(w).sum()  # one window each to begin with

    assert weights.sum() == pytest.approx(1)
    for step in ([1, -1, 0], [-1, 0, 1], [0, 1, -1]):
        for size in (0.01, -0.01):
            assert log_posterior(weights + size * np.array(step)) < log_posterior(weights)


def test_windows_of_the_same_state_and_late_ones_count_most():
    mixed = [Judged(0.1, True, GOOD)] * 10 + [Judged(0.1, False, BAD)] * 10
    calm, loud = (pool_weights(mixed, calm=calm, overlapping=1) for calm in (True, False))
    assert calm[0] > calm[1]
    assert loud[1] > loud[0]
    late, early = Judged(0.1, True, GOOD), Judged(8.0, True, GOOD)
    assert (
        pool_weights([late] * 5, calm=True, overlapping=1)[0] > pool_weights([early] * 5, calm=True, overlapping=1)[0]
    )
    few, many = (pool_weights([late] * 12, calm=True, overlapping=block)[0] for block in (6, 1))
    assert 1 / 3 < few < many


def test_a_window_without_a_score_is_left_out_and_one_impossible_to_all_decides_nothing():
    unknown = Judged(0.1, True, (1.0, np.nan, 2.0))
    np.testing.assert_allclose(pool_weights([unknown] * 9, calm=True, overlapping=1), 1 / 3)
    impossible = Judged(0.1, True, (np.inf, np.inf, np.inf))
    np.testing.assert_allclose(pool_weights([impossible] * 9, calm=True, overlapping=1), 1 / 3)
    first_alone = Judged(0.1, True, (2.0, np.inf, np.inf))
    assert pool_weights([first_alone] * 9, calm=True, overlapping=1)[0] > 0.8


# ---- Nothing later than the origin ---------------------------------------------------------------------------------

WINDOW = Window(ORIGIN, ORIGIN, 28, 6.0)
MADE = judging._Made(WINDOW, True, {name: CountForecast.poisson(3.0 + k) for k, name in enumerate(POOLED)})
WHOLE = Counts((Seen(0, 0, 28, ORIGIN, 6.0),))


def test_a_window_is_judged_by_what_was_counted_of_it_at_the_origin():
    after = ORIGIN + dt.timedelta(days=28)
    assert WINDOW.over(after)
    assert not WINDOW.over(after - dt.timedelta(days=1))
    judged = judging._judged(MADE, WHOLE.before(after), after)
    assert judged == Judged(0.0, True, tuple(MADE.forecasts[name].log_score(6) for name in POOLED))
    # A total that is read a week later says nothing yet, though it is about the window's days.
    late = Counts((Seen(0, 0, 35, ORIGIN, 9.0),))
    assert judging._judged(MADE, late.before(after), after) is None
    # What is learned later of the window (six were eight) does not reach the judgement at the origin.
    corrected = Counts((Seen(0, 0, 28, ORIGIN, 8.0), Seen(1, 0, 28, ORIGIN, 6.0)))
    assert judging._judged(MADE, corrected.before(after), after) != judged
    assert judging._judged(replace(MADE, forecasts={"model": MADE.forecasts["model"]}), WHOLE, after) is None


# ---- Forecasters side by side --------------------------------------------------------------------------------------


def frame(n=40, seed=7):
    """Forecasts in which the case's is right, persistence is twice too high, and the pool is in between."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        mean = float(rng.gamma(2, 4) + 1)
        value = int(rng.poisson(mean))
        own = CountForecast.poisson(mean)
        row = {"origin": ORIGIN + i * dt.timedelta(weeks=4), "weeks": 4, "value": value, "qualifier": "exact",
               "calm": i % 4 > 0, "mean": own.mean, "q50": own.quantile(0.5), "inside50": own.covers(0.5, value),
               "inside90": own.covers(0.9, value), "crps": own.crps(value), "log_score": own.log_score(value),
               "brier_1": own.brier(1, value)}  # fmt: skip
        row["pit_low"], row["pit_high"] = own.pit(value)
        for k, name in enumerate((*BASELINES, "pool")):
            other = CountForecast.negative_binomial(mean * (2.0 + k if name != "pool" else 1.4), 0.1)
            known = i > 0 or name == "pool"
            scores = other.crps(value), other.log_score(value), other.brier(1, value)
            for score, given in zip(("crps", "log", "brier_1"), scores, strict=True):
                row[f"{score}_{name}"] = given if known else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def test_forecasters_are_compared_over_the_same_windows_the_best_simple_one_first():
    found = compared(frame())
    assert list(found["forecaster"]) == ["model", "pool", *BASELINES]
    assert set(found["n"]) == {39}  # of the first origin simple forecasts have no past
    given = frame().iloc[1:]
    own = found.set_index("forecaster")
    assert own.loc["model", "crps"] == pytest.approx(given["crps"].mean())
    assert own.loc["persistence", "skill"] == pytest.approx(1 - given["crps"].mean() / given["crps_persistence"].mean())
    assert own.loc["persistence", "gain"] == pytest.approx((given["log_persistence"] - given["log_score"]).mean())
    assert own.loc["persistence", "gain_low"] < own.loc["persistence", "gain"] < own.loc["persistence", "gain_high"]
    assert own.loc["pool", "pool_skill"] != own.loc["pool", "pool_skill"]
    assert own.loc["pool", "skill"] == pytest.approx(
        -(own.loc["model", "pool_skill"] / (1 - own.loc["model", "pool_skill"]))
    )
    alone = frame().assign(**{f"log_{name}": np.nan for name in BASELINES})
    assert compared(alone).empty


def test_bias_is_by_phase_and_counts_of_at_least_show_only_what_is_too_low():
    given = frame(400)
    found = phases(given).set_index("calm")
    assert list(found["n"]) == [300, 100]
    assert found["pit"].between(0.4, 0.6).all()
    wrong = given.assign(mean=np.where(given["calm"], 2, 0.5) * given["mean"])
    assert phases(wrong).set_index("calm")["error"].tolist()[0] > 3
    assert phases(wrong).set_index("calm")["error"].tolist()[1] < -3
    rows = given.iloc[:4].assign(
        q50=[5, 5, 5, 5], value=[3, 9, 9, 3], qualifier=["exact", "exact", "at_least", "at_least"]
    )
    said = bias(rows)
    assert (said["too_high"], said["too_low"], said["unclear"], said["n"]) == (1, 2, 1, 4)
    held = coverages(given.assign(qualifier=["at_least"] * 390 + ["exact"] * 10))
    assert list(held["n"]) == [10, 10]
