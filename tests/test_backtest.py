"""Backtests: nothing later than its origin moves a forecast, and what is written is whole."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hudna
from hudna.case.nodes import Schedule
from hudna.case.observations import Row
from hudna.cli import main
from hudna.engine.dated import read_off
from hudna.errors import InputError
from hudna.judge import backtest as judging
from hudna.judge.backtest import Backtest, Plan, backtest
from hudna.judge.baselines import BASELINES
from hudna.judge.forecast import CountForecast
from hudna.judge.pool import POOLED
from hudna.judge.record import Counts, reference_record
from hudna.learn.calibration import Sizes
from hudna.learn.timetable import known_by

from .learned_case import NAME, call, copied, edit

SIZES = Sizes(islands=2, draws=50, paths=30, keep=40)
PLAN = Plan(draws=40, paths=15)
ORIGINS = [dt.date(2023, 7, 3) + dt.timedelta(weeks=w) for w in range(0, 21, 4)]
SMALL = ("--islands", "2", "--draws", "60", "--paths", "40")


def judged(scenario: str | Path = NAME, rows: Sequence[Row] | None = None, **more: object) -> Backtest:
    options = {"plan": PLAN, "sizes": SIZES, "seed": 3, "threads": 2, **more}
    return backtest(hudna.load(scenario), rows=rows, **options)


@pytest.fixture(scope="module")
def whole() -> Backtest:
    return judged()


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return tuple(row for row in hudna.load(NAME).case.observations.rows if row.use != "context")


def until(found: Backtest, origin: dt.date) -> pd.DataFrame:
    frame = found.forecasts
    return frame[frame["origin"] <= origin].reset_index(drop=True)


# --- What is scored ---------------------------------------------------------------------------------------------------


def test_the_columns_are_those_that_pictures_and_pages_are_made_of(whole):
    frame = whole.forecasts
    own = ["origin", "weeks", "start", "end", "signal", "value", "qualifier", "calm",
           "mean", "q05", "q25", "q50", "q75", "q95", "pit_low", "pit_high", "inside50", "inside90", "crps",
           "log_score", "p_1", "brier_1", "p_a", "brier_a", "p_b", "brier_b"]  # fmt: skip
    each = ("crps", "log", "brier_1", "brier_a", "brier_b", "p_1", "p_a", "p_b", "q25", "q50", "q75")
    beside = [f"{what}_{name}" for name in (*BASELINES, "pool") for what in each]
    assert list(frame) == own + beside + [f"weight_{name}" for name in POOLED]
    assert frame.attrs["thresholds"] == [1, 5, 20]
    assert frame.attrs["signal_name"] == {"en": "Attacks by the militias", "ar": "هجمات الميليشيات"}
    days = (pd.to_datetime(frame["end"]) - pd.to_datetime(frame["start"])).dt.days + 1
    assert (frame["start"] >= frame["origin"]).all()
    assert ((days <= 7 * frame["weeks"]) & (2 * days >= 7 * frame["weeks"])).all()
    quantiles = frame[["q05", "q25", "q50", "q75", "q95"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert ((frame["pit_low"] >= 0) & (frame["pit_low"] <= frame["pit_high"]) & (frame["pit_high"] <= 1)).all()
    assert ((frame["value"] >= frame["q05"]) & (frame["value"] <= frame["q95"]) == frame["inside90"]).all()
    for mark, least in (("1", 1), ("a", 5), ("b", 20)):
        hit = (frame["value"] >= least).astype(float)
        np.testing.assert_allclose(frame[f"brier_{mark}"], (frame[f"p_{mark}"] - hit) ** 2)


def test_windows_are_scored_where_the_rows_tell_their_count(whole):
    found = {(row.origin, row.weeks): (row.value, row.qualifier) for row in whole.forecasts.itertuples()}
    at = dict(enumerate(ORIGINS))
    four = {at[0]: 2, at[1]: 0, at[2]: 19, at[3]: 13, at[4]: 16, at[5]: 2}
    assert {origin: found[origin, 4][0] for origin in ORIGINS} == four
    # 13 weeks from the first three end amid an interval: nobody knows on which days its attacks were.
    ends = {row.origin: (row.start, row.end) for row in whole.forecasts.itertuples() if row.weeks == 13}
    last = [dt.date(2023, 9, 24), dt.date(2023, 10, 22), dt.date(2023, 11, 19), dt.date(2023, 12, 24)]
    assert ends == {origin: (origin, end) for origin, end in zip(ORIGINS, last, strict=False)}
    assert [found[origin, 13][0] for origin in ORIGINS[:4]] == [21, 32, 48, 13 + 16 + 1 + 1 + 3]
    assert [key for key in found if key[1] == 26] == [(at[0], 26)]
    assert found[at[0], 26][0] == 2 + 48 + 1 + 1 + 3 + 2
    assert all(np.isfinite(whole.forecasts[column]).all() for column in ("crps", "log_score", "mean"))
    first = whole.forecasts[whole.forecasts["origin"] == at[0]]
    assert first[[f"crps_{name}" for name in BASELINES]].isna().all(axis=None)  # nothing had been counted yet


def test_a_window_is_left_out_if_a_row_that_tells_it_is_gone(tmp_path):
    scenario, folder = copied(tmp_path)
    edit(folder / "observations.csv", ("2023-12-24,attacks.*,3,exact,", "2023-12-24,attacks.*,3,at_least,"))
    found = judged(scenario, plan=replace(PLAN, horizons=(4, 13, 26)))
    assert {(row.origin, row.weeks) for row in found.forecasts.itertuples()} == {
        *((origin, 4) for origin in ORIGINS), *((origin, 13) for origin in ORIGINS[:3]),
    }  # fmt: skip


def test_a_forecast_is_scored_by_its_own_sample(whole, monkeypatch):
    kept = []
    honest = CountForecast.from_sample
    monkeypatch.setattr(
        CountForecast, "from_sample", lambda counts, *a, **k: kept.append(counts) or honest(counts, *a, **k)
    )
    truth = reference_record(
        hudna.load(NAME).case.observations, hudna.load(NAME).case.observations.rows, ("attacks.NORTH", "attacks.SOUTH")
    )
    counts = np.arange(600).reshape(100, 6) % 4
    end, until = (ORIGINS[2] + dt.timedelta(weeks=weeks) for weeks in (4, 6))
    window = judging._window(truth, ORIGINS[2], end)
    assert window is not None
    scenario = hudna.load(NAME)
    ahead = judging._ahead(scenario, scenario.case.observations.records["autumn"], ORIGINS[2], until)
    made = judging._Made(window, True, {"model": judging._forecast(window, ahead, counts)})
    scored = judging._scored(made, 4, PLAN, np.full(3, 1 / 3))
    assert (kept[0] == counts[:, :4].sum(axis=1)).all()
    assert scored["crps"] == scored["crps_pool"] == honest(kept[0]).crps(19)
    assert np.isnan(scored["crps_persistence"])


def test_states_at_each_origin_are_shares(whole):
    names, held = whole.shares["truce"]
    assert names == ("holds", "broken")
    assert held.shape == (6, 2)
    np.testing.assert_allclose(held.sum(axis=1), 1)
    assert held[2, 0] > 0.9  # four weeks without an attack
    assert held[4, 1] > 0.5  # eight weeks with thirty-two


def test_distinct_draws_are_counted(whole):
    assert len(whole.distinct) == 6
    assert all(10 <= n <= 40 for n in whole.distinct)


# --- Nothing later than an origin -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [2, 3, 5])
def test_without_later_rows_forecasts_are_the_same_bit_for_bit(number, whole, rows):
    """What is deleted is all that was not known on the origin's morning; what came is read off the case's own rows."""
    origin = ORIGINS[number]
    known = known_by(rows, origin)
    assert 0 < len(known) < len(rows)
    pd.testing.assert_frame_equal(until(judged(rows=known), origin), until(whole, origin), check_exact=True)


def test_deleting_later_rows_moves_what_comes_after(whole, rows):
    found = judged(rows=known_by(rows, ORIGINS[2])).forecasts
    later = found["origin"] > ORIGINS[2]
    assert (found.loc[later, "crps"] != whole.forecasts.loc[later, "crps"]).all()


AMID = dt.date(2023, 9, 18)  # three days before a running total is read
AMID_PLAN = replace(PLAN, every=11, horizons=(9,))


def amid(rows: Sequence[Row]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forecasts up to an origin amid a running total, with all rows and with those known by then."""
    return tuple(until(judged(rows=known, plan=AMID_PLAN), AMID) for known in (rows, known_by(rows, AMID)))


def test_nor_does_a_total_that_is_read_later_move_a_forecast(rows):
    whole, deleted = amid(rows)
    assert AMID in set(whole["origin"])
    pd.testing.assert_frame_equal(deleted, whole, check_exact=True)


def without_date(monkeypatch):
    honest = judging.laid_out
    monkeypatch.setattr(judging, "laid_out", lambda program, rows, scenario, _: honest(program, rows, scenario))


def a_week_too_far(monkeypatch):
    honest = judging._known

    def known(scenario, stretch, rows, origin):
        found = honest(scenario, stretch, rows, origin + dt.timedelta(weeks=1))
        return replace(found, until=min(found.until, stretch.weeks))

    monkeypatch.setattr(judging, "_known", known)


@pytest.mark.parametrize("leak", [without_date, a_week_too_far])
def test_a_forecast_that_peeks_is_seen(leak, rows, monkeypatch):
    """The twins: rows are laid out whatever the date, so that paths are led to what is not known yet; or a week is
    seen that lies ahead."""
    leak(monkeypatch)
    leaking, deleted = amid(rows)
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(deleted, leaking, check_exact=True)


def test_a_baseline_that_peeks_is_seen(rows, monkeypatch):
    honest, _ = amid(rows)
    monkeypatch.setattr(
        Counts, "before", lambda self, origin: Counts(tuple(row for row in self.rows if row.start < origin))
    )  # a total that is read later says what came before the origin
    leaking, deleted = amid(rows)
    beside = (*BASELINES, "pool", *(f"weight_{name}" for name in POOLED))
    own = [column for column in honest if column != "calm" and not column.endswith(beside)]
    pd.testing.assert_frame_equal(leaking[own], honest[own], check_exact=True)
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(deleted, leaking, check_exact=True)


def test_weights_that_peek_are_seen(whole, rows, monkeypatch):
    """The twin: windows that are not over are judged, by all rows whatever their date."""
    origin, weights = ORIGINS[3], [f"weight_{name}" for name in POOLED]
    known = known_by(rows, origin)
    pd.testing.assert_frame_equal(until(judged(rows=known), origin)[weights], until(whole, origin)[weights])
    honest = Counts.before
    monkeypatch.setattr(judging.Window, "over", lambda self, day: True)
    monkeypatch.setattr(Counts, "before", lambda self, day: honest(self, day) if day == ORIGINS[0] else self)
    deleted, leaking = until(judged(rows=known), origin), until(judged(), origin)
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(deleted[weights], leaking[weights])


def planned(folder: Path, points: str) -> Path:
    scenario, case = copied(folder)
    with (case / "observations.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[records.autumn.schedules.presence]\npoints = {points}\ninterpolation = "step"\n')
    return scenario


def test_plans_after_the_origin_are_not_foreseen(tmp_path, monkeypatch):
    few = planned(tmp_path / "few", "[[2023-07-03, 1.0], [2023-11-08, 0.05]]")
    many = planned(tmp_path / "many", "[[2023-07-03, 1.0], [2023-11-08, 1.0]]")
    before = ORIGINS[4]
    assert before < dt.date(2023, 11, 8) < ORIGINS[5]
    one, other = judged(few), judged(many)
    pd.testing.assert_frame_equal(until(one, before), until(other, before), check_exact=True)
    after = [found.forecasts.set_index(["origin", "weeks"]).loc[(ORIGINS[5], 4), "mean"] for found in (one, other)]
    assert after[0] != after[1]
    monkeypatch.setattr(judging, "_until", lambda node, _: node)  # the twin: whoever knows the plan
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(until(judged(few), before), until(judged(many), before), check_exact=True)


@pytest.mark.parametrize("interpolation", ["linear", "step"])
def test_a_schedule_stays_at_what_it_is_at_the_origin(interpolation):
    points = [[dt.date(2023, 7, 3), 1.0], [dt.date(2023, 9, 11), 0.0], [dt.date(2023, 12, 4), 2.0]]
    node = Schedule(kind="schedule", name="x", unit="1", start=0.5, interpolation=interpolation, points=points)
    for origin in (dt.date(2023, 1, 2), *ORIGINS):
        known = judging._until(node, origin)
        ahead = [origin + dt.timedelta(weeks=w) for w in range(30)]
        assert (read_off(known, ahead) == read_off(node, [origin])).all()
        past = [origin - dt.timedelta(weeks=w) for w in range(1, 20)]
        if interpolation == "step":
            assert (read_off(known, past) == read_off(node, past)).all()


def test_threads_move_no_bit(whole):
    pd.testing.assert_frame_equal(judged(threads=1).forecasts, whole.forecasts, check_exact=True)


# --- Wrong arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(signal="strikes"), "must be events or a sum of them"),
        (Plan(signal="attack.*"), "must be events or a sum of them"),
        (Plan(every=0), "every = 0: must be a whole number of weeks"),
        (Plan(horizons=(0,)), "horizon = 0: must be a whole number of weeks"),
        (Plan(horizons=(4, 4)), "must be at least one, and each once"),
        (Plan(horizons=()), "must be at least one, and each once"),
        (Plan(horizons=(27,)), "no window of attacks"),
        (Plan(draws=0), "draws = 0: must be a whole number"),
        (Plan(thresholds=(20, 5)), r"thresholds = \[20, 5\]: must be two whole numbers above 1"),
        (Plan(thresholds=(5.5, 20)), r"thresholds = \[5.5, 20\]: must be two whole numbers above 1"),
        (Plan(thresholds=(1, True)), "must be two whole numbers above 1"),
    ],
)
def test_wrong_plans_are_said(plan, said):
    with pytest.raises(InputError, match=said):
        judged(plan=plan)


def test_without_a_signal_the_sum_that_most_rows_count_is_forecast(whole, tmp_path):
    assert whole.plan.signal == "attacks.*"
    assert set(whole.forecasts["signal"]) == {"attacks.*"}
    assert judging.counted_most(hudna.load("iraq-2024").case, "main") == "attacks.*"
    assert judging.counted_most(hudna.load("iraq-2024").case, "second") == "attacks.*"
    scenario, folder = copied(tmp_path)
    table = folder / "observations.csv"
    kept = [line for line in table.read_text(encoding="utf-8").splitlines() if ",attacks." not in line]
    table.write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no row of the record autumn counts events; .*: attacks.NORTH, attacks.S"):
        judged(scenario)


def test_windows_must_fall_on_steps(tmp_path):
    scenario, _ = copied(tmp_path)
    edit(scenario, ("weeks = 52\n", "weeks = 52\nstep_days = 14\n"))
    with pytest.raises(InputError, match="horizon = 13: must be a whole number of the scenario's steps of 14 days"):
        judged(scenario)


def test_a_case_without_records_cannot_be_judged():
    with pytest.raises(InputError, match=r"no record in observations.toml"):
        judged("toy-truce")


# --- What the rows alone decide is said by check, and before anything is sampled --------------------------------------


def test_check_lists_the_windows_that_a_backtest_scores(whole):
    code, found, _ = call("check", NAME)
    assert code == 0
    listed = found["observations"]["records"]["autumn"]["windows"]
    assert listed == {"attacks.*": {"4": 6, "13": 4, "26": 1}}
    assert {weeks: len(mine) for weeks, mine in whole.forecasts.groupby("weeks")} == {4: 6, 13: 4, 26: 1}


def test_a_backtest_without_a_window_is_refused_before_anything_is_sampled(monkeypatch):
    def sampled(*_: object, **__: object) -> None:
        raise AssertionError("sampled")

    monkeypatch.setattr(judging, "learn", sampled)
    with pytest.raises(InputError, match="no window of attacks"):
        judged(plan=Plan(horizons=(27,)))
    with pytest.raises(AssertionError, match="sampled"):  # the twin: with a window it would go on
        judged()


def test_check_refuses_the_rows_that_calibrate_and_backtest_refuse(tmp_path, capsys):
    scenario, folder = copied(tmp_path)
    edit(
        folder / "observations.csv", ("2023-07-03,2023-08-27,strikes,0,exact", "2023-07-03,2023-10-29,strikes,5,exact")
    )
    said = set()
    for command in (
        ["check", folder],
        ["check", scenario],
        ["calibrate", folder, *SMALL],
        ["backtest", scenario, *SMALL],
    ):
        assert main([*map(str, command)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        said.add(err)
    (text,) = said
    assert "a response is known only where its exact count in a step is" in text


def test_check_says_of_a_record_without_likelihood_that_nothing_can_be_calibrated_to_it(tmp_path, capsys):
    _, folder = copied(tmp_path)
    text = (folder / "observations.csv").read_text(encoding="utf-8")
    (folder / "observations.csv").write_text(text.replace(",likelihood,", ",known,"), encoding="utf-8")
    assert main(["check", str(folder)]) == 0
    assert "lies in the record autumn: hudna calibrate refuses it" in capsys.readouterr().out


def test_check_says_that_a_run_from_a_date_would_not_begin_on_a_step(tmp_path, capsys):
    scenario, _ = copied(tmp_path)
    edit(scenario, ("start = 2024-01-01", "start = 2024-01-03\nas_of = 2024-01-01"))
    assert main(["check", str(scenario)]) == 2
    assert "must be a whole number of steps of 7 days after 2023-07-03" in capsys.readouterr().err


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_and_writes_the_record(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["backtest", NAME, *SMALL, "--no-figures"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "nan" not in out
    for text in ("Attacks by the militias: 6 origins, every 4 weeks", "4 weeks ahead\n  2023-07-03 ", "\nForecasts\n",
                 "rate of the last quarter", "90 % interval", "pool", "calm at the origin", "windows shorter",
                 f"Written to {Path('out') / f'backtest-{NAME}'}"):  # fmt: skip
        assert text in out
    folder = Path(f"out/backtest-{NAME}")
    assert sorted(path.name for path in folder.iterdir()) == ["forecasts.csv", "manifest.json", "record.md"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["record"], manifest["origins"], manifest["horizons"]) == ("autumn", 6, [4, 13, 26])
    assert set(manifest["files"]) == {"forecasts.csv", "record.md"}
    frame = pd.read_csv(folder / "forecasts.csv")
    assert len(frame) == 6 + 4 + 1

    code, said, err = call("backtest", NAME, *SMALL, "--no-figures")  # in the same place
    assert (code, err) == (0, "")
    assert [row["crps"] for row in said["forecasts"]] == pytest.approx(list(frame["crps"]))
    assert said["forecasts"][0]["origin"] == "2023-07-03"
    assert said["forecasts"][0]["crps_persistence"] is None
    assert [path.name for path in Path("out").iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--every", "0"], "every = 0"),
        (["--horizon", "-1"], "horizon = -1"),
        (["--horizon", "40"], "no window of attacks"),
        (["--signal", "atacks.*"], "atacks"),
        (["--record", "autum"], "did you mean 'autumn'?"),
        (["--islands", "1"], "islands = 1"),
        (["--seed", "-1"], "seed = -1"),
        (["--threads", "0"], "threads = 0"),
    ],
)
def test_wrong_arguments_leave_nothing(more, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["backtest", NAME, *SMALL, "--no-figures", *more]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert said in err
    assert not list(tmp_path.iterdir())


def test_a_folder_of_somebody_else_is_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine", encoding="utf-8")
    assert main(["backtest", NAME, *SMALL, "--out", "mine"]) == 2
    assert "was not written by hudna" in capsys.readouterr().err
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_an_interrupted_backtest_leaves_nothing(tmp_path):
    command = [sys.executable, "-m", "hudna.cli", "backtest", NAME, "--draws", "5000", "--paths", "500"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not any((tmp_path / "out").glob(".*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, "", "interrupted; nothing was written\n")
    assert not list(tmp_path.iterdir())
