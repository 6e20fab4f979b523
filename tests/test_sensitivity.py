"""Shares of the variance over draws: planted truths, and what keeps a share from being overstated."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest

import hudna
from hudna.analysis.regression import Explained, Response, basis, explained, normal_scores
from hudna.analysis.sensitivity import FEWEST, Share, shares_of
from hudna.cli.main import main
from hudna.errors import InputError
from hudna.result.samples import Paths

FULL = os.environ.get("HUDNA_FULL") == "1"
DRAWS, PARAMETERS, PATHS = 500, 93, 4
TRUE = np.zeros(PARAMETERS)
TRUE[:7] = 0.25, 0.15, 0.10, 0.05, 0.05, 0.02, 0.01  # 7 and 8 act together only: 0.12
TRUE[20:40] = 0.0125
NULL = np.setdiff1d(np.arange(PARAMETERS), np.r_[0:9, 20:40])
NAMES = [f"p{i}" for i in range(PARAMETERS)]
JUDGED = dict.fromkeys(NAMES, "judgement")
SMALL = {"draws": 120, "paths": 6, "seed": 1}


def planted(repetition: int, reliability: float = 0.97) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters, (draw, parameter), and paths, (draw, path), of a known sum of effects; its variance is 1."""
    rng = np.random.default_rng([repetition, round(100 * reliability)])
    z = rng.standard_normal((DRAWS, PARAMETERS))
    curved = (np.exp(0.7 * z[:, 1]) - np.exp(0.245)) / np.sqrt(np.exp(0.98) - np.exp(0.49))
    means = 0.5 * z[:, 0] + np.sqrt(0.15) * curved + np.sqrt(0.10) * (z[:, 2] ** 2 - 1) / np.sqrt(2)
    means += np.sqrt(0.05) * (z[:, 3] + np.sign(z[:, 4])) + np.sqrt(0.02) * z[:, 5] + 0.1 * z[:, 6]
    means += np.sqrt(0.12) * z[:, 7] * z[:, 8] + np.sqrt(0.0125) * z[:, 20:40].sum(axis=1)
    noise = np.sqrt(PATHS * (1 - reliability) / reliability)
    return z, means[:, None] + noise * rng.standard_normal((DRAWS, PATHS))


def parts_of(z: np.ndarray, response: Response) -> list[Explained]:
    scores = normal_scores(z)[response.first]
    return [explained(basis(scores[:, i], response.weight), response) for i in range(z.shape[1])]


def rmse(found: np.ndarray, which: np.ndarray | slice) -> float:
    return float(np.sqrt(((found[:, which] - TRUE[which]) ** 2).mean()))


def test_planted_shares_are_found():
    shares = []
    for repetition in range(40):
        z, y = planted(repetition)
        response = Response.of(Paths(y))
        parts = parts_of(z, response)
        shares.append([one.share for one in parts])
    assert rmse(np.array(shares), slice(0, 3)) <= 0.036
    assert rmse(np.array(shares), NULL) <= 0.008
    unadjusted = np.array(shares)[-1:] + np.array([one.null for one in parts]) * np.sqrt(2)  # of 4 columns
    assert rmse(unadjusted, NULL) > 0.008


def test_noise_of_paths_is_taken_out():
    z, y = planted(0, reliability=0.5)
    response = Response.of(Paths(y))
    assert abs(response.between - 1) < 4 * response.error
    assert response.error < 0.25
    with_noise = float(y.mean(axis=1).var(ddof=1))
    assert abs(with_noise - 1) > 4 * response.error  # what is not taken out would be seen
    noisy = replace(response, between=with_noise)
    own, diluted = (np.array([[one.share for one in parts_of(z[:, :3], r)]]) for r in (response, noisy))
    assert rmse(own, slice(0, 3)) < rmse(diluted, slice(0, 3))


@pytest.mark.skipif(not FULL, reason="takes minutes; HUDNA_FULL=1 runs it")
def test_intervals_cover_and_nothing_is_found_where_nothing_is():
    covered, narrow, false, status = [], [], [], []
    for repetition in range(200):
        z, y = planted(repetition)
        single, _, statuses = shares_of(z, NAMES, JUDGED, Response.of(Paths(y)))
        by_name = {one.parameters[0]: one for one in single}
        rows = [by_name[name].row() for name in NAMES]
        covered.append([row["low"] <= true <= row["high"] for row, true in zip(rows, TRUE, strict=True)])
        narrow.append([abs(row["share"] - true) <= row["error"] / 2 for row, true in zip(rows, TRUE, strict=True)])
        false.append(any(by_name[NAMES[i]].found for i in NULL))
        row = statuses[0].row()
        status.append(row["low"] <= TRUE.sum() <= row["high"])
    large = np.array(covered)[:, :5].mean(axis=0)
    print(
        "coverage",
        large,
        "small",
        np.array(covered)[:, 20:40].mean(),
        "by status",
        np.mean(status),
        "false",
        np.mean(false),
    )
    assert 0.84 <= large.mean() <= 0.96
    assert 0.84 <= np.mean(status) <= 0.96
    assert np.mean(false) <= 0.08
    assert np.array(narrow)[:, :5].mean() < 0.84  # intervals of a third of the width would be seen


def test_as_near_the_truth_as_rbd_fast_on_the_same_samples():
    analysis = pytest.importorskip("SALib.analyze.rbd_fast")
    own, other = [], []
    for repetition in range(20 if FULL else 6):
        z, y = planted(repetition)
        response = Response.of(Paths(y))
        own.append([one.share for one in parts_of(z, response)])
        bounds = list(zip(z.min(axis=0) - 1e-9, z.max(axis=0) + 1e-9, strict=True))
        asked = {"num_vars": PARAMETERS, "names": NAMES, "bounds": bounds}
        means = y.mean(axis=1)
        found = analysis.analyze(asked, z, means, num_resamples=2, seed=1)["S1"]
        other.append(np.asarray(found, float) * means.var(ddof=1) / response.between)
    for which in (slice(0, 3), NULL):
        print("own", rmse(np.array(own), which), "rbd_fast", rmse(np.array(other), which))
        assert rmse(np.array(own), which) <= rmse(np.array(other), which)


def pair(correlation: float) -> tuple[tuple[Share, ...], tuple[Share, ...], tuple[Share, ...]]:
    rng = np.random.default_rng(3)
    z = rng.standard_normal((DRAWS, 3))
    z[:, 1] = correlation * z[:, 0] + np.sqrt(1 - correlation**2) * z[:, 1]
    means = z[:, 0] + z[:, 1] + z[:, 2]
    y = means[:, None] + rng.standard_normal((DRAWS, PATHS))
    status = {"a": "judgement", "b": "evidence", "c": "evidence"}
    return shares_of(z, ["a", "b", "c"], status, Response.of(Paths(y)))


def test_shares_of_correlated_parameters_overlap_and_are_not_stacked():
    single, groups, statuses = pair(0.8)
    by_name = {one.parameters[0]: one for one in single}
    assert {name: one.overlaps for name, one in by_name.items()} == {"a": ("b",), "b": ("a",), "c": ()}
    assert sum(one.share for one in single) > 1.3  # 1.8² / 4.6 twice, and 1 / 4.6
    assert [group.parameters for group in groups] == [("a", "b"), ("c",)]
    assert abs(groups[0].share - 3.6 / 4.6) < 3 * groups[0].error
    assert [one.status for one in statuses] == ["evidence", "several", "remainder"]
    assert abs(statuses[-1].share) < 3 * statuses[-1].error
    assert sum(one.share for one in statuses) == pytest.approx(1)


def test_shares_of_independent_parameters_are_stacked_one_by_one():
    single, groups, statuses = pair(0.0)
    assert not any(one.overlaps for one in single)
    assert len(groups) == 3
    assert [one.status for one in statuses] == ["evidence", "judgement", "remainder"]


def test_draws_of_equal_parameters_count_as_one():
    """Clusters of 5 draws whose means differ by what they started from: a null must not look like a find."""
    rng = np.random.default_rng(5)
    false = {True: 0, False: 0}
    for _ in range(20):
        z = np.repeat(rng.standard_normal((FEWEST, 10)), 5, axis=0)
        means = np.repeat(rng.standard_normal(FEWEST), 5) + 0.3 * rng.standard_normal(len(z))
        y = means[:, None] + rng.standard_normal((len(z), PATHS))
        for clustered in false:
            clusters = np.repeat(np.arange(FEWEST), 5) if clustered else None
            parts = parts_of(z, Response.of(Paths(y, clusters=clusters)))
            false[clustered] += sum(one.p < 0.05 / 10 for one in parts)
    assert false[True] <= 4  # 1 expected of 200
    assert false[False] > 20


def test_clusters_of_one_are_no_clusters():
    z, y = planted(1)
    own, other = (
        [one.share for one in parts_of(z[:, :4], Response.of(Paths(y, clusters=clusters)))]
        for clusters in (None, np.arange(DRAWS)[::-1])
    )
    assert own == pytest.approx(other, abs=1e-12)


@pytest.fixture(scope="module")
def result():
    return hudna.run("two-militias", **SMALL)


def test_a_parameter_in_another_unit_has_the_same_share(result):
    found = hudna.sensitivity(result, "pressure", "stay")
    stretched = result.parameters.assign(anger_base=result.parameters["anger_base"] ** 3 * 1000)
    again = hudna.sensitivity(replace(result, parameters=stretched), "pressure", "stay")
    assert again.table().equals(found.table())


def test_a_saved_result_and_a_summary_have_the_same_shares(result, tmp_path):
    result.save(tmp_path / "result.nc")
    saved = hudna.sensitivity(hudna.open_result(tmp_path / "result.nc"), "pressure", "leave", "stay")
    found = hudna.sensitivity(result, "pressure", "leave", "stay")
    assert saved == found
    summary = hudna.sensitivity("two-militias", "pressure", "leave", "stay", outcomes="summary", **SMALL)
    assert np.allclose(summary.table()["share"], found.table()["share"], atol=1e-9)
    turned = hudna.sensitivity(result, "pressure", "stay", "leave").table()
    assert np.allclose(turned["share"].sort_index(), found.table()["share"].sort_index(), atol=1e-12)


def without_draws(result: hudna.Result) -> hudna.Result:
    flat = result.outcomes.assign(pressure=result.outcomes["pressure"] * 0 + 0.5)
    return replace(result, outcomes=flat)


def pure_chance(result: hudna.Result) -> hudna.Result:
    y = result.outcomes["pressure"]
    noise = np.random.default_rng(1).standard_normal(y.shape)
    return replace(result, outcomes=result.outcomes.assign(pressure=y * 0 + noise))


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda r: hudna.sensitivity(r, "presure", "sty"), ["no such outcome", "pressure", "no such policy", "stay"]),
        (lambda r: hudna.sensitivity(r, "pressure", "stay", "stay"), ["b = 'stay'", "with itself"]),
        (lambda r: hudna.sensitivity(r, "pressure", "stay", draws=200), ["no such option"]),
        (lambda r: hudna.sensitivity(r, 3, "stay"), ["outcome = 3: must be a text"]),
        (lambda r: hudna.sensitivity(3, "pressure", "stay"), ["of = 3: must be"]),
        (lambda _: hudna.sensitivity("two-militias", "pressure", "stay", draws=99, paths=1, seed=1),
         ["draws = 99: must be 100 or more", "paths = 1: must be 2 or more"]),
        (lambda r: hudna.sensitivity(without_draws(r), "pressure", "stay"), ["the same mean in every draw"]),
        (lambda r: hudna.sensitivity(pure_chance(r), "pressure", "stay"), ["draws differ too little"]),
        (lambda r: hudna.sensitivity(replace(r, outcomes=r.outcomes.where(r.outcomes["pressure"] > 0.2)), "pressure",
                                     "stay"), ["has no value in some futures of"]),
    ],
)  # fmt: skip
def test_what_has_no_answer_says_so(ask, said, result):
    with pytest.raises(InputError) as caught:
        ask(result)
    for text in said:
        assert text in str(caught.value)


def test_the_command_answers_of_a_run_as_of_its_scenario(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sizes = ["--draws", "200", "--paths", "40", "--seed", "1"]
    assert main(["run", "two-militias", *sizes, "--no-figures", "--out", "here"]) == 0
    asked = ["truce_breaks", "stay"]
    capsys.readouterr()
    assert main(["sensitivity", "two-militias", *asked, *sizes]) == 0
    printed = capsys.readouterr().out
    assert "counts as the whole window" in printed
    assert "remainder" in printed
    assert main(["sensitivity", "here", *asked, "--csv", "shares.csv"]) == 0
    assert capsys.readouterr().out.startswith(printed)
    assert (tmp_path / "shares.csv").read_text(encoding="utf-8").startswith("parameter,status,share,error,low,high,")
    assert main(["sensitivity", "here", *asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["of"] == ["stay"]
    assert main(["sensitivity", "here", *asked, "--draws", "50", "--set", "weeks=4"]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert "--draws" in printed.err
    assert "--set" in printed.err
