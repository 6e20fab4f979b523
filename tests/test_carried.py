"""A posterior carries states at its record's end, other starts are kept: no number changes, and neither is trusted."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import numpy as np
import pytest

import hudna
from hudna.case.posterior import ABOUT, STATES
from hudna.engine.states import States
from hudna.files.archive import packed, unpacked
from hudna.files.cache import VARIABLE
from hudna.learn import origin as starting
from hudna.learn.carried import CARRIED, as_stored, from_stored
from hudna.learn.filter import Filter

from .conftest import Z_LIMIT
from .learned_case import NAME, SMALL, call, copied, edit
from .test_origin import alike

END, EARLIER = dt.date(2024, 1, 1), dt.date(2023, 11, 6)
SIZE = {"draws": 30, "paths": 12, "seed": 5}


class FilteredError(Exception):
    """A filter was begun."""


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scenario and a case that has a posterior of its default record."""
    folder = tmp_path_factory.mktemp("calibrated")
    _, case = copied(folder)
    assert call("calibrate", case, *SMALL)[0] == 0
    return folder


@pytest.fixture
def study(calibrated: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of it: the scenario's file and the case's folder."""
    shutil.copytree(calibrated, tmp_path / "study")
    return tmp_path / f"study/scenarios/{NAME}.toml", tmp_path / f"study/params/{NAME}"


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever filters fails."""

    def refuse(*_: object) -> Filter:
        raise FilteredError

    monkeypatch.setattr(Filter, "begin", refuse)


def without_states(case: Path) -> None:
    """Make the posterior one that was written without states."""
    (case / STATES).unlink()
    lines = (case / ABOUT).read_text(encoding="utf-8").splitlines(keepends=True)
    (case / ABOUT).write_text("".join(line for line in lines if not line.startswith("states = ")), encoding="utf-8")


# --- What a posterior carries -----------------------------------------------------------------------------------------


def test_a_run_from_the_record_s_end_filters_nothing(study, unfiltered):
    result = hudna.run(study[0], as_of=END, **SIZE)
    given = result.about["given"]
    assert (given["belief"], given["as_of"], given["distinct_draws"]) == ("posterior", "2024-01-01", 30)
    assert given["rows"] == {"likelihood": 23, "known": 1}
    assert alike(hudna.run(study[0], given=study[1] / "observations.csv", as_of=END, **SIZE), result)
    without_states(study[1])
    with pytest.raises(FilteredError):  # the twin
        hudna.run(study[0], as_of=END, **SIZE)


def test_what_is_only_computed_where_it_is_read_is_carried_too(study, unfiltered):
    series = 'series = ["pressure", "pressure.cross", "attacks.*", "truce"]'
    edit(study[0], ('series = ["pressure", "attacks.*", "truce"]', series))
    result = hudna.run(study[0], as_of=END, **SIZE)
    assert "pressure.cross" in result.about["series"]


@pytest.mark.parametrize("more", [{"as_of": EARLIER}, {"parameters": {"attack_rate": 2.0}}, {"rows": True}])
def test_any_other_start_is_filtered(more, study, unfiltered, tmp_path):
    scenario, given = hudna.load(study[0]), {"as_of": more.get("as_of", END), **SIZE}
    if "parameters" in more:
        scenario = scenario.with_(parameters=more["parameters"])
    if "rows" in more:
        text = (study[1] / "observations.csv").read_text(encoding="utf-8")
        given["given"] = tmp_path / "other.csv"
        given["given"].write_text(
            text.replace("2023-12-25,2023-12-31,attacks.*,2", "2023-12-25,2023-12-31,attacks.*,3")
        )
    with pytest.raises(FilteredError):
        hudna.run(scenario, **given)


def test_carried_states_have_the_distribution_of_filtered_ones(study):
    sizes = {"draws": 120, "paths": 40, "seed": 5, "policies": ["stay"]}
    carried = hudna.run(study[0], as_of=END, **sizes)
    without_states(study[1])
    filtered = hudna.run(study[0], as_of=END, **sizes)
    fresh = hudna.run(study[0], **sizes)  # the twin: from each node's start
    assert not alike(carried, filtered)

    def apart(one: hudna.Result, other: hudna.Result, outcome: str) -> float:
        means = [run.sample(outcome, "stay").mean(axis=1) for run in (one, other)]
        return abs(means[0].mean() - means[1].mean()) / np.sqrt(sum(mean.var(ddof=1) / 120 for mean in means))

    assert all(apart(carried, filtered, outcome) < Z_LIMIT for outcome in carried.outcome_names)
    assert max(apart(carried, fresh, outcome) for outcome in carried.outcome_names) > Z_LIMIT


@pytest.mark.parametrize("harm", ["missing", "empty", "cut", "flipped", "foreign"])
def test_states_that_are_harmed_or_foreign_are_passed_over_with_a_notice(harm, study, tmp_path, capsys):
    path = study[1] / STATES
    raw = path.read_bytes()
    if harm == "missing":
        path.unlink()
    elif harm == "foreign":  # whole, but of other draws
        arrays, about = unpacked(raw)
        path.write_bytes(packed({name: array[::-1] for name, array in arrays.items()}, about))
    else:
        path.write_bytes({"empty": b"", "cut": raw[:-7], "flipped": raw[:99] + bytes([raw[99] ^ 4]) + raw[100:]}[harm])
    result = hudna.run(study[0], as_of=END, **SIZE)
    notices = [notice["en"] for notice in result.about["given"]["notices"]]
    assert [notice for notice in notices if STATES in notice] == [
        f"{STATES} is missing, damaged or of another posterior, so a run from a date filters the past; calibrate anew"
    ]
    without = tmp_path / "without"
    shutil.copytree(study[0].parents[1], without)
    (without / f"params/{NAME}" / STATES).touch()
    without_states(without / f"params/{NAME}")
    plain = hudna.run(without / f"scenarios/{NAME}.toml", as_of=END, **SIZE)
    assert alike(result, plain)
    assert not any(STATES in notice["en"] for notice in plain.about["given"].get("notices", ()))


def test_the_command_adds_states_to_a_posterior_that_has_none(study):
    before = {name: (study[1] / name).read_bytes() for name in (STATES, ABOUT)}
    without_states(study[1])
    code, said, _ = call("calibrate", study[1], "--states")
    assert (code, said["written"]) == (0, [str(study[1] / name) for name in (STATES, ABOUT)])
    assert (study[1] / STATES).read_bytes() == before[STATES]
    assert hudna.load(study[0]).case.posterior.states == before[STATES]
    assert call("calibrate", study[1], "--states", "--draws", "30")[0] == 2
    edit(study[1] / "parameters.toml", ("mean = ", "mean = 1"))
    code, said, _ = call("calibrate", study[1], "--states")
    assert (code, "out of date" in said["problems"][0]["text"]) == (2, True)


def test_states_are_stored_as_they_are():
    random = np.random.default_rng(1)
    signals = random.standard_normal((4, 5, 3))
    signals[:, 1], signals[:, 2], signals[:, 3] = 255.0, -0.0, np.arange(3.0)
    states = States(signals, np.ones((4, 2, 3)), np.empty((4, 0, 3)), random.random((4, 1, 3)) + 256)
    arrays = as_stored(states)
    assert arrays["signals-small"].tolist() == [False, True, False, True, False]
    for one, other in zip(from_stored(arrays), states, strict=True):
        assert one.tobytes() == other.tobytes()
    assert CARRIED >= 1


# --- What is kept between runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("belief", ["posterior", "prior"])
def test_a_start_that_is_kept_has_the_bits_of_one_that_is_made(belief, study, tmp_path, monkeypatch):
    """Whether draws are filtered or learned anew; so does one whose file was harmed."""
    given = {"as_of": END if belief == "posterior" else EARLIER, "belief": belief, **SIZE}
    without_states(study[1])
    plain = hudna.run(study[0], **given)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    stages: list[str] = []
    for expected in (1, 1, 2):
        assert alike(hudna.run(study[0], stage=stages.append, **given), plain)
        assert stages.count("filtering") == expected
        (path,) = (tmp_path / "cache").iterdir()
        if stages.count("filtering") == 1 and len(stages) > 2:  # the second time
            path.write_bytes(path.read_bytes()[:-20])


def test_a_start_is_kept_under_all_that_it_depends_on(study, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    without_states(study[1])
    question, given = hudna.load(study[0]), {"as_of": END, **SIZE}
    stages: list[str] = []

    def filtered(scenario: object = question, **more: object) -> bool:
        stages.clear()
        hudna.run(scenario, stage=stages.append, **{**given, **more})
        return "filtering" in stages

    assert filtered()
    assert not filtered()
    assert not filtered(threads=1)
    assert not filtered(policies=["leave"])
    for change in ({"seed": 6}, {"draws": 29}, {"paths": 11}, {"as_of": dt.date(2023, 12, 25)}, {"belief": "prior"}):
        assert filtered(**change), change
    assert filtered(question.with_(parameters={"attack_rate": 2.0}))
    table = tmp_path / "other.csv"
    text = (study[1] / "observations.csv").read_text(encoding="utf-8")
    last = "2023-12-25,2023-12-31,attacks.*,2,exact"
    assert last in text
    table.write_text(text.replace(last, last.replace(",2,", ",3,")), encoding="utf-8")
    assert filtered(given=table)
    monkeypatch.setattr(starting, "versions", lambda: {"hudna": "other"})
    assert filtered()
    monkeypatch.setattr(starting, "code_hash", lambda *_: "other")
    assert filtered()
