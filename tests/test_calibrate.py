"""Calibrating a case from beginning to end: what is written, read back, out of date, broken, or cannot be done."""

from __future__ import annotations

import datetime as dt
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import hudna
from hudna.case import Case
from hudna.case.posterior import ABOUT, DRAWS, OVERLAP, STATES, digest
from hudna.cli import main, printing
from hudna.engine.simulate import simulate
from hudna.errors import InputError, SimulationError
from hudna.learn import calibration as calibrating
from hudna.learn import checkpoints
from hudna.learn.calibration import Calibration, Sizes, calibrate
from hudna.learn.checkpoints import FOLDER, Checkpoints
from hudna.learn.past import history_program, question_of, record_of
from hudna.learn.posterior_files import write_posterior
from hudna.learn.smc import Island
from hudna.report import learning as reporting

from .learned_case import NAME, SMALL, call, case_of, copied, edit

SIZES = Sizes(islands=2, draws=60, paths=30, keep=120)
TINY = ("--islands", "2", "--draws", "20", "--paths", "10")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case as it is shipped, without a posterior."""
    return copied(tmp_path_factory.mktemp("plain"))[1]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A folder with scenario, case, posterior and ArviZ's file, and what the command said."""
    folder = tmp_path_factory.mktemp("told")
    _, case = copied(folder)
    code, said, _ = call("calibrate", case, *SMALL, "--arviz", folder / "learned.nc")
    assert code == 0
    return folder, said


@pytest.fixture(scope="module")
def learned(plain: Path) -> Calibration:
    return calibrate(case_of(plain), sizes=SIZES, threads=2)


@pytest.fixture
def mine(told: tuple[Path, dict], tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the calibrated case of one's own: the scenario's file and the case's folder."""
    for part in ("scenarios", "params"):
        shutil.copytree(told[0] / part, tmp_path / part)
    return tmp_path / f"scenarios/{NAME}.toml", tmp_path / f"params/{NAME}"


# --- The invented rows ------------------------------------------------------------------------------------------------


def test_the_rows_are_a_path_of_the_case(plain):
    case = case_of(plain)
    _, record = record_of(case, None)
    program = history_program(question_of(case, record), record, record.until)
    run = simulate(program, draws=1, paths=1, seed=2025, trajectories="all")
    counts = dict(zip(run.trajectory_signals, run.trajectories[0, :, 0, 0], strict=True))
    compared = 0
    for row in case.observations.rows:
        first, last = ((day - record.start).days / 7 for day in (row.start, row.end + dt.timedelta(days=1)))
        if row.kind not in ("events", "response") or row.counter not in ("", "mission") or first % 1 or last % 1:
            continue
        count = sum(counts[name][int(first) : int(last)].sum() for name in row.signals)
        if row.qualifier == "exact":
            assert count == row.value, row
            compared += 1
    assert compared >= 12
    held = [row for row in case.observations.rows if row.kind == "regime"]
    assert held
    assert not counts["truce.broken"][:2].any()


# --- What is written --------------------------------------------------------------------------------------------------


def test_the_files_lie_beside_the_case_and_say_what_the_command_says(told):
    folder, said = told
    case = folder / f"params/{NAME}"
    assert said["written"] == [str(case / DRAWS), str(case / STATES), str(case / ABOUT), str(folder / "learned.nc")]
    about = tomllib.loads((case / ABOUT).read_text(encoding="utf-8"))
    assert about == {
        **said["posterior"],
        "from": dt.date(2023, 7, 3),
        "until": dt.date(2024, 1, 1),
        "rows": about["rows"],
    }
    assert about["rows"] == {"likelihood": 23, "known": 1, "first": dt.date(2023, 7, 3), "last": dt.date(2023, 12, 31)}
    assert about["sizes"] == {"islands": 2, "draws": 60, "paths": 30, "keep": 120}
    assert set(about["versions"]) == {"hudna", "numpy", "scipy", "numba", "python"}
    assert about["digest"] == digest((case / DRAWS).read_text(encoding="utf-8"))
    assert sorted(path.name for path in case.iterdir() if path.name.startswith(".")) == []


def test_the_command_learns_what_the_package_learns(told, learned):
    posterior = case_of(told[0] / f"params/{NAME}").posterior
    assert posterior is not None
    assert posterior.names == learned.program.parameters
    assert posterior.theta.shape == (120, 14)
    np.testing.assert_allclose(posterior.theta, learned.theta, rtol=1e-6)  # it is written with seven digits
    assert posterior.current
    assert (posterior.record, posterior.until) == ("autumn", dt.date(2024, 1, 1))
    assert learned.distinct > 60


def test_the_rows_teach_what_they_are_about(learned):
    """A path of 21 weeks with 2.5 attacks each says something of rates, and nothing of what never varied."""
    assert learned.learned["attack_rate"].calibrated
    assert learned.learned["newspaper_ratio"].calibrated
    # 0.93 to 0.95 in larger runs; with 120 draws chance alone takes it to either side of 0.9.
    taught = max(learned.learned[name].overlap for name in ("attack_rate", "newspaper_ratio"))
    assert learned.learned["presence_power"].overlap > max(0.85, taught + 0.1)
    low, _, high = learned.learned["newspaper_ratio"].posterior
    assert 1 < low < high < 1.5


def test_parameters_are_calibrated_with_prior_and_posterior_side_by_side(mine, learned, capsys):
    scenario, folder = mine
    known = {name for name, found in learned.learned.items() if found.calibrated}
    assert 3 <= len(known) < 14
    for name in (folder, scenario):
        code, found, _ = call("check", name)
        assert code == 0
        assert found["parameters"] == {"evidence": 0, "judgement": 14 - len(known), "calibrated": len(known)}
        beside = found["posterior"]["parameters"]
        assert {name for name, entry in beside.items() if entry["status"] == "calibrated"} == known
        assert {name for name, entry in beside.items() if entry["overlap"] < OVERLAP} == known
        assert beside["attack_rate"]["prior"][1] == 2.0
        assert beside["attack_rate"]["posterior"] == pytest.approx(learned.learned["attack_rate"].posterior, rel=1e-4)
    assert main(["show", str(scenario)]) == 0
    shown = tomllib.loads(capsys.readouterr().out)["posterior"]
    assert shown == tomllib.loads((folder / ABOUT).read_text(encoding="utf-8"))
    assert main(["check", str(folder)]) == 0
    assert "posterior: 120 draws, from the record autumn" in capsys.readouterr().out


def test_a_case_without_a_posterior_has_none(plain, capsys):
    code, found, _ = call("check", plain)
    assert (code, found["posterior"]) == (0, None)
    assert main(["show", NAME]) == 0
    assert "posterior" not in tomllib.loads(capsys.readouterr().out)


def test_a_run_draws_from_the_posterior(mine, learned):
    scenario, _ = mine
    result = hudna.run(scenario, draws=120, paths=2, seed=4)
    assert result.about["given"]["belief"] == "posterior"
    for name in learned.program.parameters:
        i = learned.program.parameters.index(name)
        np.testing.assert_allclose(np.sort(result.parameters[name]), np.sort(learned.theta[:, i]), rtol=1e-6)
    prior = hudna.run(scenario, draws=120, paths=2, seed=4, belief="prior")
    assert prior.about["given"] == {"belief": "prior"}
    shipped_one = hudna.run(NAME, draws=120, paths=2, seed=4)
    assert prior.outcomes.equals(shipped_one.outcomes)
    assert not result.outcomes.equals(shipped_one.outcomes)


def test_draws_that_are_repeated_are_one_cluster(mine):
    scenario, folder = mine
    lines = (folder / DRAWS).read_text(encoding="utf-8").splitlines()
    lines[2] = lines[1]
    text = "\n".join(lines) + "\n"
    edit(folder / ABOUT, (digest((folder / DRAWS).read_text(encoding="utf-8")), digest(text)))
    (folder / DRAWS).write_text(text, encoding="utf-8")
    theta = case_of(folder).posterior.theta
    result = hudna.run(scenario, draws=240, paths=2, seed=4)
    sizes = np.unique(result.clusters, return_counts=True)[1]
    assert sizes.size == np.unique(theta, axis=0).shape[0]
    assert sizes.sum() == 240
    assert sizes.max() >= 4


# --- Soundness --------------------------------------------------------------------------------------------------------


def test_threads_move_no_bit(learned, plain):
    alone = calibrate(case_of(plain), sizes=SIZES, threads=1)
    assert (alone.scores == learned.scores).all()
    assert alone.log_evidence == learned.log_evidence
    assert alone.learned == learned.learned


def test_samplers_agree_and_those_that_do_not_are_seen(learned, plain):
    assert max(found.rhat for found in learned.learned.values()) < 1.2
    assert abs(np.ptp(learned.log_evidence)) < 5
    # By hand: within 1, between 0.5 where the two means are 1 apart.
    rng = np.random.default_rng(1)
    chains = [(x - x.mean()) / x.std(ddof=1) for x in rng.standard_normal((2, 60))]
    assert calibrating._rhat(chains) == pytest.approx(np.sqrt(59 / 60))
    apart = calibrating._rhat([chains[0], chains[1] + 1])
    assert apart == pytest.approx(np.sqrt(59 / 60 + 0.5))
    assert apart > 1.2
    shifted = learned.scores.copy()
    shifted[1::2] += 2.0
    spoilt = calibrating._learned(learned.program, shifted, 2)
    assert max(found.rhat for found in spoilt.values()) > 1.2


def test_arviz_s_file_has_prior_and_posterior(told, learned):
    xr = pytest.importorskip("xarray")
    path = told[0] / "learned.nc"
    with xr.open_dataset(path, group="posterior", engine="h5netcdf") as posterior:
        assert dict(posterior.sizes) == {"chain": 2, "draw": 60}
        i = learned.program.parameters.index("attack_rate")
        found = posterior["attack_rate"].transpose("draw", "chain").to_numpy().ravel()
        np.testing.assert_allclose(found, learned.theta[:, i])
        assert set(posterior.data_vars) == set(learned.program.parameters)
    with xr.open_dataset(path, group="prior", engine="h5netcdf") as prior:
        assert prior["attack_rate"].dims == ("chain", "draw")
        assert float(np.median(prior["attack_rate"])) == pytest.approx(2.0, rel=0.05)
    with xr.open_dataset(path, engine="h5netcdf") as root:
        assert root.attrs["inference_library"] == "hudna"


# --- Out of date ------------------------------------------------------------------------------------------------------

STALE = {
    "a prior": ("parameters.toml", 'family = "lognormal", median = 2.0', 'family = "lognormal", median = 2.1'),
    "a row": ("observations.csv", "2023-12-25,2023-12-31,attacks.*,2,", "2023-12-25,2023-12-31,attacks.*,3,"),
    "a row's confidence": ("observations.csv", "46,exact,newspaper,medium", "46,exact,newspaper,low"),
    "a driver": ("drivers.toml", "branching = 0.15", "branching = 0.16"),
    "a tie": ("ties.toml", "weight = 2", "weight = 3"),
    "a counter": ("observations.toml", "sd = 0.3", "sd = 0.4"),
    "a record": ("observations.toml", "start = 2023-07-03", "start = 2023-06-26"),
    "a record's name": ("observations.toml", "[records.autumn]", "[records.fall]"),
}
FRESH = {
    "a note": ("parameters.toml", "a truce lasts some months", "a truce lasts a few months"),
    "a row's note": ("observations.csv", "one or two", "no more than two"),
    "a context row": ("observations.csv", "attacks.SOUTH,3,approx,newspaper", "attacks.SOUTH,4,approx,newspaper"),
    "a name": ("drivers.toml", "Truce of the militias", "Truce between the militias"),
    "a unit": ("parameters.toml", 'unit = "1/week"', 'unit = "per week"'),
    "a record's note": ("observations.toml", "The truce holds at first", "It holds at first"),
}


@pytest.mark.parametrize("what", STALE)
def test_a_posterior_that_follows_from_something_else_is_out_of_date(what, mine, capsys):
    scenario, folder = mine
    name, old, new = STALE[what]
    edit(folder / name, (old, new))
    case = case_of(folder)
    assert case.posterior is not None
    assert not case.posterior.current
    assert not [p for p in case.parameters.values() if p.status == "calibrated"]
    assert main(["check", str(folder)]) == 0
    assert "note: posterior.toml is out of date" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"out of date.*run hudna calibrate, or run from the priors with --prior"):
        hudna.run(scenario, draws=2, paths=2)


@pytest.mark.parametrize("what", FRESH)
def test_a_text_may_be_mended_without_calibrating_anew(what, mine):
    name, old, new = FRESH[what]
    edit(mine[1] / name, (old, new))
    case = case_of(mine[1])
    assert case.posterior is not None
    assert case.posterior.current


def test_the_command_refuses_a_posterior_that_is_out_of_date_and_runs_from_the_priors(mine, monkeypatch, capsys):
    scenario, folder = mine
    monkeypatch.chdir(scenario.parents[1])
    name, old, new = STALE["a prior"]
    edit(folder / name, (old, new))
    small = ["run", str(scenario), "--draws", "3", "--paths", "2", "--no-figures"]
    assert main(small) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "--prior" in err
    assert not Path("out").exists()
    assert main([*small, "--prior"]) == 0
    assert "parameters drawn from their priors" in capsys.readouterr().out


# --- Broken -----------------------------------------------------------------------------------------------------------


def break_draws(folder: Path, change) -> None:
    """Change the draws, and let posterior.toml say that they are so."""
    old = (folder / DRAWS).read_text(encoding="utf-8")
    new = change(old)
    (folder / DRAWS).write_text(new, encoding="utf-8", newline="\n")
    edit(folder / ABOUT, (digest(old), digest(new)))


BROKEN = {
    "no draws": lambda text: text.splitlines()[0] + "\n",
    "nothing": lambda _: "",
    "a column less": lambda text: "".join(line.split(",", 1)[1] + "\n" for line in text.splitlines()),
    "a name twice": lambda text: text.replace("anger_base,attack_rate,", "attack_rate,attack_rate,", 1),
    "another name": lambda text: text.replace("anger_base", "anger", 1),
    "NaN": lambda text: text.replace(text.splitlines()[1].split(",")[0], "nan", 1),
    "infinity": lambda text: text.replace(text.splitlines()[1].split(",")[0], "inf", 1),
    "a word": lambda text: text.replace(text.splitlines()[1].split(",")[0], "many", 1),
    "half a line": lambda text: text[: len(text) - 20],
    "a gap": lambda text: text.replace(text.splitlines()[1].split(",")[0], "", 1),
    "NUL": lambda text: text[:300] + "\0" + text[300:],
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_draws_are_one_clear_error(what, mine):
    break_draws(mine[1], BROKEN[what])
    code, said, err = call("check", mine[1])
    assert (code, len(said["problems"]), len(err.splitlines())) == (2, 1, 1)
    assert "posterior" in said["problems"][0]["where"]
    assert "calibrate anew, or take both away" in said["problems"][0]["text"]


ABOUTS = {
    "no record": ('record = "autumn"', ""),
    "no digest": ("digest = ", "hash = "),
    "a time of day": ("until = 2024-01-01", "until = 2024-01-01T00:00:00"),
    "a text for a date": ("until = 2024-01-01", 'until = "2024-01-01"'),
    "two numbers": ("prior = [0.05, 0.5, 0.95]", "prior = [0.05, 0.5]"),
    "a word for a number": ("overlap = ", 'overlap = "much" #'),
    "another parameter": ("[parameters.anger_base]", "[parameters.anger]"),
    "no table": ("[parameters.anger_base]", "[[parameters]]"),
    "broken TOML": ("[sizes]", "[sizes"),
    "other draws": ('digest = "', 'digest = "0'),
}


@pytest.mark.parametrize("what", ABOUTS)
def test_a_broken_account_of_the_draws_is_one_clear_error(what, mine):
    edit(mine[1] / ABOUT, ABOUTS[what])
    code, said, _ = call("check", mine[1])
    assert (code, len(said["problems"])) == (2, 1)
    assert "posterior" in said["problems"][0]["where"]


@pytest.mark.parametrize("name", [DRAWS, ABOUT])
def test_one_file_without_the_other_is_an_error(name, mine):
    (mine[1] / name).unlink()
    code, said, _ = call("check", mine[1])
    assert code == 2
    assert "is missing beside the other file of the posterior" in said["problems"][0]["text"]


def test_files_that_are_spoilt_at_random_never_end_in_a_traceback(mine):
    _, folder = mine
    dice = random.Random(1)
    whole = {name: (folder / name).read_bytes() for name in (DRAWS, ABOUT)}
    for _ in range(60):
        name = dice.choice((DRAWS, ABOUT))
        data = bytearray(whole[name])
        place = dice.randrange(len(data))
        kind = dice.randrange(4)
        if kind == 0:
            data[place] = dice.randrange(256)
        elif kind == 1:
            del data[place : place + dice.choice((1, 7, 300))]
        elif kind == 2:
            data = data[:place]
        else:
            data[place:place] = dice.choice((b"\n", b",", b'"', b"\xff", b"nan", b"[", b"9" * 400, b"-"))
        (folder / name).write_bytes(bytes(data))
        code, said, err = call("check", folder)
        assert code in (0, 2)
        assert "Traceback" not in err
        if name == DRAWS and bytes(data) != whole[name]:
            assert code == 2
            assert said["problems"]
        (folder / name).write_bytes(whole[name])
    assert call("check", folder)[0] == 0


def test_a_broken_posterior_can_be_replaced(mine):
    break_draws(mine[1], BROKEN["NaN"])
    assert call("calibrate", mine[1], *TINY)[0] == 0
    assert case_of(mine[1]).posterior.n_draws == 40


# --- What cannot be done ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--islands", "1"], "islands = 1: must be a whole number, 2 to"),
        (["--draws", "3"], "draws = 3: must be a whole number, 20 to"),
        (["--paths", "0"], "paths = 0: must be a whole number, 10 to"),
        ([*SMALL, "--keep", "500"], "keep = 500: must be at most islands x draws, 120"),
        ([*SMALL, "--seed", "-1"], "seed = -1: must be a whole number"),
        ([*SMALL, "--threads", "0"], "threads = 0: must be a whole number"),
        ([*SMALL, "--record", "autum"], "no such record; did you mean 'autumn'?; records: autumn"),
        ([*SMALL, "--lang", "fr"], "must be 'en' or 'ar'"),
        ([*SMALL, "--arviz", "."], "is a folder; name a file"),
    ],
)
def test_wrong_arguments_are_said_before_anything_is_done(more, said, plain, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", str(plain), "--out", "new", *more]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert said in err
    assert not Path("new").exists()


def test_a_shipped_case_is_not_written_to(capsys):
    assert main(["calibrate", NAME]) == 2
    assert "is a shipped case, which is not written to; name a folder with --out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["two-milita", "nowhere/at/all", "x" * 5000, "a\0b"])
def test_there_is_no_such_case(name, capsys):
    assert main(["calibrate", name, "--out", "x"]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "is no folder of a case and no shipped case" in err


@pytest.mark.parametrize("where", ["taken", "taken/below", "x" * 300, "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_one_clear_error(where, plain, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("mine", encoding="utf-8")
    before = sorted(plain.iterdir())
    assert main(["calibrate", str(plain), *TINY, "--out", where]) == 2
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert sorted(plain.iterdir()) == before


@pytest.mark.parametrize("name", [DRAWS, STATES, ABOUT])
def test_all_files_are_written_or_none(name, learned, tmp_path):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_posterior(learned, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_disk_that_is_full_leaves_what_was_there(learned, tmp_path, monkeypatch):
    write_posterior(learned, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    real = Path.open

    def full(path: Path, mode: str = "r", **more: Any) -> Any:
        if mode == "wb" and path.suffix == ".toml":
            raise OSError(28, "No space left on device")
        return real(path, mode, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left on device"):
        write_posterior(replace(learned, theta=learned.theta[::-1]), tmp_path)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_case_without_records_cannot_be_calibrated(tmp_path, capsys):
    assert main(["calibrate", "toy-truce", "--out", str(tmp_path / "x")]) == 2
    assert "the case has no record in observations.toml" in capsys.readouterr().err


def test_a_record_without_rows_that_weigh_cannot_be_calibrated(tmp_path, capsys):
    _, folder = copied(tmp_path)
    text = (folder / "observations.csv").read_text(encoding="utf-8")
    (folder / "observations.csv").write_text(text.replace(",likelihood,", ",known,"), encoding="utf-8")
    assert main(["calibrate", str(folder), *TINY]) == 2
    assert "no row of observations.csv with the use likelihood lies in the record autumn" in capsys.readouterr().err


def impossible(folder: Path) -> Case:
    """Three strikes in a week in which nothing was there to be answered."""
    old = "2023-07-03,2023-08-27,strikes,0,exact,,,likelihood,invented,\n"
    new = "2023-07-31,2023-08-06,strikes,3,exact,,,likelihood,invented,\n"
    edit(folder / "observations.csv", (old, new))
    return case_of(folder)


def test_rows_that_no_draw_can_explain_name_the_week(tmp_path, capsys):
    _, folder = copied(tmp_path)
    case = impossible(folder)
    before = sorted(folder.iterdir())
    with pytest.raises(SimulationError, match="can explain the rows of the step from 2023-07-31"):
        calibrate(case, sizes=Sizes(2, 20, 10, 20))
    assert main(["calibrate", str(folder), *TINY]) == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "2023-07-31" in err
    assert "widen the priors" in err
    assert sorted(folder.iterdir()) == before


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_calibration_leaves_its_checkpoints_and_nothing_else(number, tmp_path):
    _, folder = copied(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    command = [sys.executable, "-m", "hudna.cli", "calibrate", str(folder), "--draws", "5000", "--paths", "500"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(4)
        assert process.poll() is None
        process.send_signal(number)
        sent = time.monotonic()
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    place = folder / FOLDER
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.parent != place}
    kept = f"interrupted; the same command with --resume goes on from the checkpoints in {place}\n"
    assert err == (kept if place.exists() else "interrupted; nothing was written\n")
    assert not place.exists() or {path.name for path in place.iterdir()} <= {f"sampler-{i}.npz" for i in range(4)}
    assert time.monotonic() - sent < 20
    assert after == before


# --- Stopped and resumed ----------------------------------------------------------------------------------------------

FEW = Sizes(islands=2, draws=20, paths=10, keep=40)


def stopped_after(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next calibration be killed when it has written so many checkpoints."""
    honest, count = Checkpoints.keep, [0]

    def keep(self: Checkpoints, island: Island) -> None:
        honest(self, island)
        count[0] += 1
        if count[0] == kept:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoints, "keep", keep)
    monkeypatch.setattr(checkpoints, "_SHARE", np.inf)  # one after every step


def in_pieces(
    case: Case, sizes: Sizes, folder: Path, monkeypatch: pytest.MonkeyPatch, pieces: tuple[int, ...] = (1, 20, 24, 8)
) -> Calibration:
    """Calibrate, killed in the first step, on the way, and in the moves after the last row."""
    for i, kept in enumerate(pieces):  # of 2 x (26 steps + 2 rounds)
        with monkeypatch.context() as patched:
            stopped_after(kept, patched)
            with pytest.raises(KeyboardInterrupt):
                calibrate(case, sizes=sizes, threads=1 + i % 2, checkpoints=folder, resume=i > 0)
    return calibrate(case, sizes=sizes, threads=2, checkpoints=folder, resume=True)


def test_a_calibration_that_was_killed_at_several_steps_has_the_digits_of_an_undisturbed_one(
    learned, plain, tmp_path, monkeypatch
):
    found = in_pieces(case_of(plain), SIZES, tmp_path / "kept", monkeypatch)
    assert (found.scores == learned.scores).all()
    assert (found.theta == learned.theta).all()
    assert (found.log_evidence, found.effective, found.accepted) == (
        learned.log_evidence, learned.effective, learned.accepted
    )  # fmt: skip


def test_checkpoints_that_forget_something_are_seen(plain, tmp_path, monkeypatch):
    honest = checkpoints._restore

    def forgetful(lost: str) -> Calibration:
        def restore(island, arrays, about):
            honest(island, arrays, about)
            island.moves = [] if lost == "moves" else island.moves
            island.filter.weights[:] = -np.log(island.n_paths) if lost == "paths" else island.filter.weights

        monkeypatch.setattr(checkpoints, "_restore", restore)
        return in_pieces(case_of(plain), FEW, tmp_path, monkeypatch, (36,))

    whole = forgetful("nothing")
    for lost in ("moves", "paths"):
        assert not (forgetful(lost).scores == whole.scores).all()


def test_a_killed_command_is_resumed_and_its_checkpoints_are_refused_where_they_do_not_fit(told, tmp_path, capsys):
    _, folder = copied(tmp_path)
    command = [sys.executable, "-m", "hudna.cli", "calibrate", str(folder), *SMALL, "--threads", "1"]
    place = folder / FOLDER
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (place / "sampler-0.npz").is_file() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    assert not (folder / DRAWS).exists()
    assert call("check", folder)[0] == 0
    kept = (place / "sampler-0.npz").read_bytes()

    def refused(*more: str) -> str:
        assert main(["calibrate", str(folder), *more, "--resume"]) == 2
        return capsys.readouterr().err

    other = ("--islands", "2", "--draws", "60", "--paths", "31", "--seed", "2")
    assert "is of another calibration: not the same sizes, seed; leave --resume out" in refused(*other)
    edit(folder / "observations.csv", (",2,exact", ",3,exact"))
    assert "not the same rows" in refused(*SMALL)
    edit(folder / "observations.csv", (",3,exact", ",2,exact"))
    for spoilt in (kept[:-1], kept[:100] + b"x" + kept[101:], b""):
        (place / "sampler-0.npz").write_bytes(spoilt)
        assert "sampler-0.npz: is damaged; leave --resume out to begin anew" in refused(*SMALL)
    (place / "sampler-0.npz").write_bytes(kept)
    assert main(["calibrate", str(folder), *SMALL, "--resume"]) == 0
    assert (folder / DRAWS).read_bytes() == (told[0] / f"params/{NAME}" / DRAWS).read_bytes()
    assert not place.exists()
    assert "holds no checkpoint of a calibration" in refused(*SMALL)


def test_a_quick_calibration_says_so_in_all_it_writes_and_wherever_it_is_used(tmp_path, capsys, monkeypatch):
    scenario, folder = copied(tmp_path)
    assert main(["calibrate", str(folder), "--quick", "--draws", "50"]) == 2
    assert "quick: sets the sizes; leave islands, draws, paths and keep out" in capsys.readouterr().err
    monkeypatch.setattr(calibrating, "QUICK", FEW)
    titles = []
    drawn = reporting._noted

    def noted(*given):
        axes = drawn(*given)
        titles.append(axes.figure.get_suptitle())
        return axes

    monkeypatch.setattr(reporting, "_noted", noted)
    more = ["--arviz", str(tmp_path / "quick.nc"), "--figures", str(tmp_path / "figures"), "--lang", "ar"]
    assert main(["calibrate", str(folder), "--quick", *more]) == 0
    assert titles == ["التوزيع البعدي من معايرة سريعة: تقريبي، ولا يصلح إلا لنظرة أولى"] * 2
    assert capsys.readouterr().out.startswith("إعداد سريع: تقريبي")
    assert tomllib.loads((folder / ABOUT).read_text(encoding="utf-8"))["preset"] == "quick"
    with h5py.File(tmp_path / "quick.nc") as file:
        assert file.attrs["preset"] == "quick"
    assert main(["check", str(folder)]) == 0
    assert "note: the posterior is of a quick calibration" in capsys.readouterr().out
    given = hudna.run(scenario, draws=10, paths=2, seed=1).about["given"]
    assert given["notices"][0]["ar"].startswith("التوزيع البعدي من معايرة سريعة")


def test_a_log_has_a_line_now_and_then_with_what_is_left(monkeypatch, capsys):
    clock = iter([0.0, 10.0, 31.0, 40.0, 62.0, 500.0])
    monkeypatch.setattr(printing.time, "monotonic", lambda: next(clock))
    move = printing._logged("Case", "en")
    for done, total in ((0, 1000), (10, 1000), (100, 1000), (120, 1000), (200, 900), (900, 900)):
        move(done, total)
    assert capsys.readouterr().err.splitlines() == [
        "Case: 10%, 31 s passed, about 279 s left",
        "Case: 22%, 62 s passed, about 217 s left",
    ]
