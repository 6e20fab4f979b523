"""A saved forecast against what came: from Python, and with `hudna score`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math

import numpy as np
import pandas as pd
import pytest

import hudna
from hudna.cli import main
from hudna.errors import InputError
from hudna.judge import score as scoring
from hudna.judge.baselines import BASELINES
from hudna.judge.forecast import CountForecast
from hudna.judge.past import Past
from hudna.judge.record import Counts
from hudna.judge.states import state_scores
from hudna.judge.window import covered

Z_LIMIT = 5.73
HEADER = "date_start,date_end,signal,value,qualifier"
LATER = [  # the run starts on 2024-01-01 and lasts 52 weeks
    "2024-01-01,2024-01-28,attacks.*,7,exact",
    "2024-01-03,2024-03-05,attacks.NORTH + attacks.SOUTH,12,exact",
    "2024-02-01,2024-02-10,attacks.NORTH,4,at_least",
    "2024-03-01,2024-03-31,attacks.*,9,approx",
]
PAST = ["2023-01-02,2023-06-30,attacks.*,70,exact", "2023-07-01,2023-12-31,attacks.*,50,exact"]


@pytest.fixture(scope="module")
def result():
    """A result of a case without observations: nothing is known but what a table says."""
    return unobserved(hudna.run("two-militias", draws=60, paths=40, seed=3))


def unobserved(found):
    return about(found, record=[], counters={})


@pytest.fixture
def saved(result, tmp_path, monkeypatch):
    """A folder with a saved result, and a way to write a table into it."""
    monkeypatch.chdir(tmp_path)
    result.save(tmp_path / "out/result.nc")
    return tmp_path


def table(lines, path, header=HEADER):
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def rows_of(result, lines, tmp_path, header=HEADER):
    return scoring.rows_for(result, table(lines, tmp_path / "rows.csv", header))


def about(result, **more):
    return dataclasses.replace(result, about={**result.about, **more})


# ---- From Python -------------------------------------------------------------------------------------------------


def test_whole_weeks_are_summed(result, tmp_path):
    found = scoring.score(result, rows_of(result, LATER[:1], tmp_path), "stay").iloc[0]
    paths = result.trajectories.sel(policy="stay").isel(time=slice(0, 4))
    counts = (paths["attacks.NORTH"].astype(int) + paths["attacks.SOUTH"].astype(int)).sum("time").to_numpy()
    forecast = CountForecast.from_sample(counts)
    assert (found["mean"], found["crps"]) == (forecast.mean, forecast.crps(7))
    assert found["log_score"] == forecast.log_score(7)
    assert found["brier_any"] == pytest.approx((counts == 0).mean() ** 2)
    assert (found["pit_low"], found["pit_high"]) == ((counts < 7).mean(), pytest.approx((counts <= 7).mean()))
    assert [found[q] for q in ("q05", "q25", "q50", "q75", "q95")] == [
        forecast.quantile(p) for p in (0.05, 0.25, 0.5, 0.75, 0.95)
    ]
    assert (found["inside50"], found["inside90"]) == (forecast.covers(0.5, 7), forecast.covers(0.9, 7))
    assert found["notice"].startswith("no baselines")


def thinned_z(result, row, share, *, planted=None):
    """By how many standard errors the thinned counts of a week of which `share` is covered are off."""
    judged = scoring.ResultRows.of(result, (row,))
    whole = result.trajectories["attacks.NORTH"].sel(policy="stay").isel(time=2).to_numpy().astype(int)
    counts = judged.sample(row, "stay") if planted is None else planted(whole)
    assert (counts <= whole).all()
    error = math.sqrt(share * (1 - share) * whole.sum())
    return (counts.sum() - share * whole.sum()) / error, counts


def test_a_week_that_is_covered_in_part_is_thinned(result, tmp_path):
    (row,) = rows_of(result, ["2024-01-16,2024-01-18,attacks.NORTH,1,exact"], tmp_path)  # 3 days of the third week
    z, counts = thinned_z(result, row, 3 / 7)
    assert abs(z) < Z_LIMIT
    # Whole events are kept: the variance is that of thinning, not of a fraction of the count.
    whole = result.trajectories["attacks.NORTH"].sel(policy="stay").isel(time=2).to_numpy().astype(int)
    assert set(np.unique(counts[whole == 1])) == {0, 1}
    with pytest.raises(AssertionError):
        assert abs(thinned_z(result, row, 3 / 7, planted=lambda n: n // 2)[0]) < Z_LIMIT
    notice = scoring.score(result, [row], "stay")["notice"].iloc[0]
    assert "3 of 7 days of a week are covered: its count is thinned" in notice


def test_the_days_of_a_window_add_up():
    assert 7 * covered(2, 65, 7).sum() == pytest.approx(63)
    assert covered(7, 14, 7).tolist() == [1]
    assert covered(8, 9, 7).tolist() == [pytest.approx(1 / 7)]


def test_scores_depend_on_the_row_and_not_on_where_it_stands(result, tmp_path):
    rows = rows_of(result, LATER, tmp_path)
    forwards, backwards = scoring.score(result, rows, "stay"), scoring.score(result, rows[::-1], "stay")
    pd.testing.assert_frame_equal(forwards, backwards[::-1].reset_index(drop=True))


def test_rows_that_say_at_least_are_censored(result, tmp_path):
    found = scoring.score(result, rows_of(result, LATER[2:3], tmp_path), "stay").iloc[0]
    assert found["censored"]
    assert np.isnan([found["crps"], found["pit_low"], found["pit_high"]]).all()
    assert found["inside50"] is None
    assert found["inside90"] is None
    assert 0 < found["log_score"] < 10
    assert 0 < found["brier_at_least"] < 1
    assert 0 < found["brier_any"] < 1
    nothing = rows_of(result, ["2024-02-01,2024-02-10,attacks.NORTH,0,at_least"], tmp_path)
    found = scoring.score(result, nothing, "stay").iloc[0]
    assert (found["log_score"], found["brier_at_least"]) == (0, 0)
    assert np.isnan(found["brier_any"])


def test_another_counter_counts_more(result, tmp_path):
    lines = ["2024-01-01,2024-12-29,attacks.*,60,exact,press", "2024-01-01,2024-12-29,attacks.*,60,exact,"]
    header = f"{HEADER},counter"
    for ratio in (1.3, "factor"):
        carried = about(result, counters={"press": {"ratio": ratio}})
        factor = np.linspace(1, 1.6, 60)
        carried = dataclasses.replace(carried, parameters=carried.parameters.assign(factor=("draw", factor)))
        press, own = rows_of(carried, lines, tmp_path, header)
        judged = scoring.ResultRows.of(carried, (press, own))
        more, counts = judged.sample(press, "stay") - judged.sample(own, "stay"), judged.sample(own, "stay")
        expected = (factor[:, None] - 1 if ratio == "factor" else 0.3) * counts
        assert (more >= 0).all()
        assert abs(more.sum() - expected.sum()) < Z_LIMIT * math.sqrt(expected.sum())
        with pytest.raises(AssertionError):  # an excess of 0.3 x that is taken for 1.3 x
            assert abs(more.sum() - 1.3 * counts.sum()) < Z_LIMIT * math.sqrt(expected.sum())
    found = scoring.score(carried, [press, own], "stay")
    assert found["mean"].iloc[0] > found["mean"].iloc[1]


def test_a_counter_that_the_result_does_not_carry_is_refused(result, tmp_path):
    header = f"{HEADER},counter"
    carried = about(result, counters={"press": {"ratio": 1.3}, "lost": {"ratio": "no_such"}})
    lines = [f"2024-01-01,2024-12-29,attacks.*,60,exact,{name}" for name in ("press", "lost")]
    rows = rows_of(carried, lines, tmp_path, header)
    with pytest.raises(InputError, match="does not know this counter; it knows: none") as caught:
        scoring.score(result, rows, "stay")
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match="its ratio is the parameter no_such"):
        scoring.score(carried, rows, "stay")
    with pytest.raises(InputError, match="no such counter; did you mean 'press'"):
        rows_of(carried, ["2024-01-01,2024-12-29,attacks.*,60,exact,pres"], tmp_path, header)


def test_every_row_outside_the_run_is_named(result, tmp_path):
    lines = [
        *LATER,
        "2023-12-20,2024-01-10,attacks.*,3,exact",
        "2024-12-01,2024-12-30,attacks.*,3,exact",
        "2025-02-01,2025-02-28,attacks.*,3,exact",
    ]
    with pytest.raises(InputError) as caught:
        scoring.score(result, rows_of(result, lines, tmp_path), "stay")
    assert [problem.where for problem in caught.value.problems] == ["line 6", "line 7", "line 8"]
    assert "count from 2024-01-01 on" in caught.value.problems[0].text
    last = rows_of(result, ["2024-12-01,2024-12-29,attacks.*,3,exact"], tmp_path)
    assert len(scoring.score(result, last, "stay")) == 1


def test_baselines_forecast_from_the_past(result, tmp_path):
    rows = rows_of(result, [*PAST, *LATER], tmp_path)
    found = scoring.score(result, rows, "stay")
    assert len(found) == 4
    past = Past.weeks(Counts.from_rows(rows[:2]), dt.date(2024, 1, 1))
    for name, baseline in BASELINES.items():
        forecast = baseline.fit(past)(0, 4)
        assert found[f"crps_{name}"].iloc[0] == forecast.crps(7)
        assert found[f"log_{name}"].iloc[0] == forecast.log_score(7)
        assert found[f"q50_{name}"].iloc[0] == forecast.quantile(0.5)
        assert found[f"crps_{name}"].iloc[3] == baseline.fit(past)(60 / 7, 91 / 7).crps(9)  # as far ahead as the row
    assert np.isnan(found["crps_climatology"].iloc[2])  # nothing is known of the north alone
    assert "no baselines: no count of attacks.NORTH from before 2024-01-01" in found["notice"].iloc[2]
    assert any("2 rows end before the run starts" in notice for notice in found.attrs["notices"])


def test_a_counter_without_a_ratio_counts_as_the_reference(result, tmp_path):
    header = f"{HEADER},counter"
    carried = about(result, counters={"ministry": {}, "press": {"ratio": 1.3}})
    lines = [f"{PAST[0]},ministry", f"{PAST[1]},", f"{LATER[0]},ministry", f"{LATER[0]},", f"{LATER[0]},press"]
    found = scoring.score(carried, rows_of(carried, lines, tmp_path, header), "stay")
    assert (found["crps_climatology"].iloc[0], found["log_conflictology"].iloc[0]) == (
        found["crps_climatology"].iloc[1],
        found["log_conflictology"].iloc[1],
    )
    assert "by press from before" in found["notice"].iloc[2]
    plain = scoring.score(result, rows_of(result, [*PAST, LATER[0]], tmp_path), "stay")
    assert plain["crps_climatology"].iloc[0] == found["crps_climatology"].iloc[0]


def test_the_past_of_a_sum_may_be_that_of_its_parts(result, tmp_path):
    parts = ["2023-07-01,2023-12-31,attacks.NORTH,30,exact", "2023-07-01,2023-12-31,attacks.SOUTH,20,exact"]
    found = scoring.score(result, rows_of(result, [*parts, *LATER[:3]], tmp_path), "stay")
    whole = scoring.score(result, rows_of(result, [PAST[1], *LATER[:3]], tmp_path), "stay")
    assert found["crps_persistence"].iloc[:2].to_numpy() == pytest.approx(whole["crps_persistence"].iloc[:2].to_numpy())
    assert np.isfinite(found["log_persistence"].iloc[2])  # the north's own past


def test_what_the_run_was_conditioned_on_is_its_past_too(result, tmp_path):
    record = [
        {"start": "2023-01-02", "end": "2023-06-30", "signal": "attacks.*", "value": 70, "qualifier": "exact",
         "counter": "", "confidence": "high"},
        {"start": "2023-07-01", "end": "2023-12-31", "signal": "attacks.*", "value": 50, "qualifier": "exact"},
        {"start": "2023-07-01", "end": "2023-12-31", "signal": "gone", "value": 50, "qualifier": "exact"},
        {"start": "2023-07-01", "end": "2023-12-31", "signal": "truce", "value": None, "qualifier": "exact"},
    ]  # fmt: skip
    carried = scoring.score(about(result, record=record), rows_of(result, LATER, tmp_path), "stay")
    in_file = scoring.score(result, rows_of(result, [*PAST, *LATER], tmp_path), "stay")
    pd.testing.assert_frame_equal(carried, in_file)


def test_nothing_that_came_later_moves_a_baseline(result, tmp_path):
    alone = scoring.score(result, rows_of(result, [*PAST, LATER[0]], tmp_path), "stay")
    among = scoring.score(result, rows_of(result, [*PAST, *LATER], tmp_path), "stay")
    pd.testing.assert_frame_equal(alone, among.iloc[:1])


def test_without_a_past_the_columns_are_missing_and_a_notice_says_why(result, tmp_path):
    found = scoring.score(result, rows_of(result, LATER, tmp_path), "stay")
    assert not [column for column in found if column.endswith(tuple(BASELINES))]
    assert found["notice"].str.contains("no baselines: no count of").all()


def test_rows_that_are_no_forecasts_business_are_counted(result, tmp_path):
    header = f"{HEADER},use,counter"
    lines = [f"{LATER[0]},,", f"{LATER[3]},context,", "2024-01-08,2024-01-08,pressure,0.4,exact,likelihood,poll"]
    result = about(result, counters={"poll": {"sd": 0.3}})
    found = scoring.score(result, rows_of(result, lines, tmp_path, header), "stay")
    assert len(found) == 1
    assert found.attrs["notices"] == ("1 row of use context: not scored", "1 row about levels: not scored")
    with pytest.raises(InputError, match="there is no count or state to score"):
        scoring.score(result, rows_of(result, lines[1:], tmp_path, header), "stay")


def test_a_result_says_of_each_counter_whether_it_counts_or_reads_a_level():
    carried = hudna.run("two-militias", draws=2, paths=2, engine="oracle").about["counters"]
    assert carried["poll"] == {"sd": 0.3}


def test_rows_about_a_regime_are_scored_by_the_shares_of_paths(result, tmp_path):
    lines = ["2024-01-01,2024-01-20,truce,holds,exact", "2024-06-01,2024-06-01,truce,broken,exact"]
    found = scoring.score(result, rows_of(result, lines, tmp_path), ["stay", "leave"])
    assert found.empty
    states = pd.DataFrame(found.attrs["states"])
    assert list(states["policy"]) == ["stay", "stay", "leave", "leave"]
    shares = result.series["truce"].sel(policy="stay").to_numpy()
    assert states["p"].iloc[0] == pytest.approx(shares[:3, 0].mean())
    assert states["brier"].iloc[0] == pytest.approx(2 * np.square(1 - shares[:3, 0]).mean())
    assert states["rps"].iloc[0] == pytest.approx(np.square(1 - shares[:3, 0]).mean())
    broken = shares[(dt.date(2024, 6, 1) - dt.date(2024, 1, 1)).days // 7, 1]
    assert states["log_score"].iloc[1] == pytest.approx(-math.log(broken), abs=1e-2)
    assert states[["brier_even", "log_even", "rps_even"]].iloc[0].tolist() == pytest.approx([0.5, math.log(2), 0.25])
    late = rows_of(result, ["2024-12-20,2025-02-01,truce,holds,exact"], tmp_path)
    with pytest.raises(InputError, match="is not inside the run"):
        scoring.score(result, late, "stay")


def test_the_ranked_score_of_states_grows_with_the_distance():
    shares = np.array([0.7, 0.2, 0.1])
    near, far = (state_scores(shares, k, 10**9) for k in (1, 2))
    assert near["rps"] == pytest.approx((0.7**2 + 0.1**2) / 2)
    assert far["rps"] == pytest.approx((0.7**2 + 0.9**2) / 2)
    assert state_scores(np.array([1.0, 0.0, 0.0]), 2, 100)["log_score"] == pytest.approx(math.log(101.5 / 0.5))
    rng = np.random.default_rng(1)  # proper: who believes otherwise scores worse, in the mean over what comes
    came = rng.choice(3, 4000, p=shares)
    for score in ("brier", "log_score", "rps"):
        honest, other = (np.mean([state_scores(p, k, 10**9)[score] for k in came])
                         for p in (shares, np.array([0.5, 0.3, 0.2])))  # fmt: skip
        assert honest < other


def test_a_result_that_kept_all_is_scored_alike(result, tmp_path):
    everything = unobserved(hudna.run("two-militias", draws=60, paths=40, seed=3, trajectories="all"))
    rows = rows_of(result, LATER, tmp_path)
    pd.testing.assert_frame_equal(scoring.score(everything, rows, "leave"), scoring.score(result, rows, "leave"))


def test_totals_are_of_the_same_rows(result, tmp_path):
    lines = [*PAST, *LATER, "2024-04-01,2024-04-28,attacks.SOUTH,2,exact"]  # of which no past is known
    found = scoring.score(result, rows_of(result, lines, tmp_path), "stay")
    whole = scoring.totals(found)
    assert list(dict.fromkeys(whole["length"])) == ["month", "quarter"]  # unlike lengths are not averaged
    sums = whole[whole["length"] == "month"].set_index("forecaster")
    found = found[found["signal"] != "attacks.NORTH + attacks.SOUTH"]
    told = found[~found["censored"]]
    assert list(sums["mean_crps"].iloc[1:]) == sorted(sums["mean_crps"].iloc[1:])  # the best simple forecast first
    assert sums.loc["forecast", "mean_crps"] == pytest.approx(told["crps"].mean())
    assert (sums.loc["forecast", "n"], sums.loc["forecast", "n_censored"]) == (3, 1)
    assert sums.loc["forecast", "mean_censored_log_score"] == found["log_score"].iloc[1]
    assert sums.loc["climatology", "n"] == 2
    errors = found["q50"] - found["value"]
    assert sums.loc["forecast", "too_low"] == (errors < 0).sum()
    assert sums.loc["forecast", "too_high"] == (errors[~found["censored"]] > 0).sum()
    with_past = told[told["crps_climatology"].notna()]
    assert sums.loc["climatology", "forecast_crps"] == pytest.approx(with_past["crps"].mean())


def test_a_right_forecaster_has_uniform_pit_and_one_that_is_too_sure_has_not(tmp_path):
    """Outcomes drawn from the forecast itself, one per seed."""
    forecaster = hudna.run("two-militias", draws=60, paths=40, seed=3)
    paths = forecaster.trajectories.sel(policy="stay")
    counts = (paths["attacks.NORTH"].astype(int) + paths["attacks.SOUTH"].astype(int)).sum("time").to_numpy().ravel()
    forecast = CountForecast.from_sample(counts)
    narrow = CountForecast.from_sample(np.round(counts.mean() + 0.8 * (counts - counts.mean())).astype(int).clip(0))
    rng = np.random.default_rng(1)

    def z(judged):
        u = np.array([rng.uniform(*judged.pit(int(v))) for v in rng.choice(counts, 5000)])
        return (np.square(u - 0.5).mean() - 1 / 12) * math.sqrt(180 * u.size)

    assert abs(z(forecast)) < Z_LIMIT
    with pytest.raises(AssertionError):
        assert abs(z(narrow)) < Z_LIMIT


# ---- The command -------------------------------------------------------------------------------------------------


def test_the_table_can_be_read(saved, capsys):
    table([*PAST, *LATER], saved / "later.csv")
    assert main(["score", "out", "later.csv"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 100
    assert "nan" not in out
    for text in ("Stay", "Leave", "attacks.*", "2024-01-01 2024-01-28", ">=4", "~9", "rate of the last quarter",
                 "this forecast", "of 3 rows", "no independent sample"):  # fmt: skip
        assert text in out
    assert main(["score", "out/result.nc", "later.csv", "--lang", "ar", "--policy", "stay"]) == 0
    out = capsys.readouterr().out
    assert "معدل آخر ثلاثة أشهر" in out
    assert "البقاء" in out
    assert "الرحيل" not in out


def test_json_and_csv_hold_what_python_gives(saved, result, capsys):
    path = table([*PAST, *LATER], saved / "later.csv")
    assert main(["score", "out", "later.csv", "--policy", "leave", "--json", "--csv", "deep/scores.csv"]) == 0
    given = json.loads(capsys.readouterr().out)
    expected = scoring.score(result, scoring.rows_for(result, path), "leave")
    assert list(given["rows"][0]) == list(expected.columns)
    assert [row["crps"] for row in given["rows"]] == [None if np.isnan(x) else x for x in expected["crps"]]
    assert given["rows"][2]["inside90"] is None
    assert given["totals"][0]["forecaster"] == "forecast"
    assert given["notices"] == list(expected.attrs["notices"])
    written = pd.read_csv(saved / "deep/scores.csv")
    assert list(written.columns) == list(expected.columns)
    assert written["log_score"].to_numpy() == pytest.approx(expected["log_score"].to_numpy())


def test_all_that_is_wrong_is_said_at_once(saved, capsys):
    table(["2023-12-20,2024-01-10,attacks.*,3,exact", "2025-02-01,2025-02-28,attacks.*,3,exact"], saved / "late.csv")
    assert main(["score", "out", "late.csv"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("late.csv:2: date_start, date_end")
    assert second.startswith("late.csv:3: ")
    table(["2024-01-01,2024-01-28,atacks.*,-1,exat"], saved / "wrong.csv")
    assert main(["score", "out", "wrong.csv", "--json"]) == 2
    out, err = capsys.readouterr()
    assert len(json.loads(out)["problems"]) == len(err.splitlines()) >= 2


@pytest.mark.parametrize(
    ("signal", "first"),
    [
        ("atacks.*", 'many.csv:2, 3, 4 and 21 more lines: signal = "atacks.*"'),
        ("pressure", 'many.csv:2, 3, 4 and 21 more lines: value = "1": of a level'),
    ],
)
def test_one_mistake_of_many_rows_is_said_once_with_how_many(signal, first, saved, capsys):
    table([f"2024-01-{day:02},2024-01-{day:02},{signal},1,exact" for day in range(1, 25)], saved / "many.csv")
    assert main(["score", "out", "many.csv"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) <= 2
    assert said[0].startswith(first)


@pytest.mark.parametrize(
    "arguments",
    [
        ["out", "no.csv"],
        ["out", "."],
        ["no", "good.csv"],
        [".", "good.csv"],
        ["good.csv", "good.csv"],
        ["x" * 5000, "good.csv"],
        ["out", "x" * 5000],
        ["out", "good.csv", "--policy", "sty"],
        ["out", "good.csv", "--lang", "fr"],
        ["out", "good.csv", "--csv", "out"],
        ["out", "empty.csv"],
        ["out", "bytes.csv"],
        ["out", "huge.csv"],
        ["out", "ragged.csv"],
        ["out", "past.csv"],
    ],
)
def test_wrong_input_exits_with_2_and_no_traceback(arguments, saved, capsys):
    table(LATER, saved / "good.csv")
    table(PAST, saved / "past.csv")
    (saved / "empty.csv").write_bytes(b"")
    (saved / "bytes.csv").write_bytes(HEADER.encode() + b"\n\xff\xfe,\0\n")
    table(["2024-01-01,2024-01-28,attacks.*,99999999999999999999,exact"], saved / "huge.csv")
    table(["2024-01-01,2024-01-28", f"{LATER[0]},,,,,,"], saved / "ragged.csv")
    assert main(["score", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert 0 < len(err.splitlines()) <= 3
    assert "Traceback" not in err


@pytest.mark.parametrize("value", [0, 1_000_000_000])
def test_any_count_is_scored(value, saved, capsys):
    past = [f"2023-01-02,2023-12-31,attacks.*,{value},exact"]
    table([*past, f"2024-01-01,2024-12-29,attacks.*,{value},exact"], saved / "extreme.csv")
    assert main(["score", "out", "extreme.csv", "--json"]) == 0
    (row, _) = json.loads(capsys.readouterr().out)["rows"]
    assert row["value"] == value
    assert all(row[f"crps_{name}"] is not None and row[f"log_{name}"] is not None for name in BASELINES)


def test_a_run_of_few_paths_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    hudna.run("two-militias", draws=2, paths=1, seed=1).save("result.nc")
    table(LATER, tmp_path / "later.csv")
    assert main(["score", "result.nc", "later.csv"]) == 0
    assert "the result kept 2 paths" in capsys.readouterr().out
