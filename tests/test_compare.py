"""Several scenarios under the same policies: regret, exact where it can be, and everything that keeps them apart."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from comparisons import made
from conftest import Z_LIMIT
from scipy import stats

import hudna
from hudna import Comparison
from hudna.analysis.compare import _regrets
from hudna.analysis.tables import difference_estimate
from hudna.cli import main

SMALL = {"draws": 12, "paths": 8, "seed": 3}
HEADLINE = ("attacks", "any_attack_4w", "truce_breaks", "pressure")
THREE = {"a": [1, 2, 3, 4], "b": [2, 1, 3, 3], "c": [0, 5, 5, 5]}  # means 2.5, 2.25, 3.75
OTHER = 'extends = "one.toml"\nname = "Other"\n'


@pytest.fixture(scope="module")
def template() -> hudna.Result:
    return hudna.run("two-militias", draws=2, paths=2, seed=1)


@pytest.fixture
def two(tmp_path):
    """Write a shipped scenario and one that assumes more, and return both files."""
    hudna.shipped.copy("two-militias", tmp_path)
    one = (tmp_path / "scenarios" / "two-militias.toml").rename(tmp_path / "scenarios" / "one.toml")
    other = one.with_name("other.toml")
    other.write_text(
        f'{OTHER}[assumptions.truce]\nnote = "For a test."\nstates = [[2024-01-01, "broken"]]\n', encoding="utf-8"
    )
    return [one, other]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def regret_of(result, outcome="y"):
    return Comparison.of([result], outcomes=[outcome]).regret([outcome]).droplevel(["scenario", "outcome"])


# Regret, exactly --------------------------------------------------------------------------------------------


def test_regret_is_the_mean_difference_from_the_best_policy(template):
    found = regret_of(made("s", {"y": {p: np.tile(np.array(y)[:, None], 3) for p, y in THREE.items()}}, template))
    assert found["regret"].to_dict() == {"a": 0.25, "b": 0.0, "c": 1.5}
    assert found["best"].to_dict() == {"a": False, "b": True, "c": False}
    # The draws' differences of a from b: -1, 1, 0, 1.
    assert found.loc["a", "mcse"] == pytest.approx(np.std([-1, 1, 0, 1], ddof=1) / 2, rel=1e-12)
    assert np.isnan(found.loc["a", "mean_q05"])  # from so few draws
    # Best by draw: c; b; a and b; b.
    assert found["p_best"].to_dict() == {"a": 0.125, "b": 0.625, "c": 0.25}
    assert found["p_best"].sum() == 1
    assert found.loc["c", "p_best_mcse"] == pytest.approx(np.std([1, 0, 0, 0], ddof=1) / 2, rel=1e-12)


def test_a_draw_in_which_nothing_differs_has_two_best(template):
    """Eight draws of 40 differ, no more than chance makes them: the other 32 are shared out."""
    worse = np.zeros((40, 10))
    worse[:8, 0] = 1.0
    found = regret_of(made("s", {"y": {"a": np.zeros((40, 10)), "b": worse}}, template))
    assert found["p_best"].to_dict() == pytest.approx({"a": 0.6, "b": 0.4})
    exact = stats.binomtest(24, 40).proportion_ci(0.90, method="exact")  # a draw is one trial at most
    assert tuple(found.loc["a", ["p_best_low", "p_best_high"]]) == pytest.approx((exact.low, exact.high))


def test_regret_has_the_other_sign_where_higher_is_better(template):
    turned = {p: -np.tile(np.array(y)[:, None], 3) for p, y in THREE.items()}
    columns = ["regret", "mcse", "low", "high", "mean_q05", "mean_q95", "p_best", "best"]
    lower = regret_of(made("s", {"y": {p: -y for p, y in turned.items()}}, template))
    higher = regret_of(made("s", {"y": turned}, template, better="higher"))
    assert lower[columns].equals(higher[columns])
    wrong = regret_of(made("s", {"y": turned}, template, better="lower"))
    assert not wrong["best"].equals(higher["best"])


def test_regret_is_paired_future_by_future(template):
    noise = np.random.default_rng(1).normal(0, 10, (50, 20))
    result = made("s", {"y": {"a": noise, "b": noise + 0.5}}, template)
    row = regret_of(result).loc["b"]
    assert row["regret"] == pytest.approx(0.5)
    assert row["mcse"] < 1e-12
    assert row["told_apart"]
    apart = made("s", {"y": {"a": noise, "b": noise[::-1, ::-1] + 0.5}}, template)  # the same numbers, not paired
    assert regret_of(apart)["mcse"].max() > 0.1


def test_equal_policies_are_both_best_and_share_the_draws(template):
    y = np.arange(12.0).reshape(4, 3)
    found = regret_of(made("s", {"y": {"a": y, "b": y.copy(), "c": y + 1}}, template))
    assert found["best"].to_dict() == {"a": True, "b": True, "c": False}
    assert found["told_apart"].to_dict() == {"a": False, "b": False, "c": True}
    assert found["p_best"].to_dict() == {"a": 0.5, "b": 0.5, "c": 0.0}


def test_noise_of_paths_is_taken_out_of_who_is_best(template):
    noise = np.random.default_rng(2).normal(0, 2, (400, 4))
    result = made("s", {"y": {"a": np.zeros((400, 4)), "b": noise + 1}}, template)  # worse by 1 in every draw
    assert regret_of(result).loc["a", "p_best"] > 0.99
    raw = (noise.mean(axis=1) + 1 > 0).mean()
    assert raw < 0.9  # so a share of draws as they are would be wrong


def test_draws_of_one_cluster_count_as_one(template):
    y = np.repeat([[0.0, 0.0], [3.0, 3.0], [1.0, 1.0]], 2, axis=0)
    numbers = {"y": {"a": np.zeros((6, 2)), "b": y}}
    row = regret_of(made("s", numbers, template, clusters=[0, 0, 1, 1, 2, 2])).loc["b"]
    alone = regret_of(made("s", {"y": {"a": np.zeros((3, 2)), "b": y[::2]}}, template)).loc["b"]
    assert row["mcse"] == pytest.approx(alone["mcse"], rel=1e-12)
    assert row["p_best_mcse"] == pytest.approx(alone["p_best_mcse"], rel=1e-12)
    assert regret_of(made("s", numbers, template)).loc["b", "mcse"] < 0.8 * row["mcse"]


def test_rare_events_have_bounds_and_are_not_told_apart(write_case):
    drivers = """
[presence]
kind = "schedule"
name = "Presence"
unit = "share"
start = 1.0
interpolation = "step"
[attacks]
kind = "events"
name = "Attacks"
unit = "attacks"
start = 0
rate = 1e-9
exposure = { presence = 1 }
"""
    scenario = '[policies.stay]\nname = "Stay"\n[policies.leave]\nname = "Leave"\n'
    scenario += "schedules.presence.points = [[2024-01-08, 0.0]]\n"
    outcomes = '[outcomes.any]\nname = "Any"\nsignal = "attacks"\nreduce = "any"\nbetter = "lower"\n'
    path = write_case(drivers, scenario=scenario, outcomes=outcomes)
    found = hudna.compare([path], draws=50, paths=10).regret().droplevel(["scenario", "outcome"])
    bound = 1 - 0.05 ** (1 / 50)
    assert tuple(found.loc["leave", ["low", "high"]]) == pytest.approx((-bound, bound))
    assert found["best"].all()
    assert not found["told_apart"].any()


def test_what_cannot_be_known_is_not_a_number(template):
    one_path = regret_of(made("s", {"y": THREE}, template))
    assert one_path["p_best"].isna().all()
    assert one_path["regret"].notna().all()
    one_draw = regret_of(made("s", {"y": {p: np.array([y]) for p, y in THREE.items()}}, template))
    assert one_draw.loc["a", ["mcse", "low", "p_best"]].isna().all()
    assert not one_draw["told_apart"].any()


def test_the_best_of_equals_is_a_winner_by_chance(template):
    """Two policies truly alike: the loser's regret is E|d|, and one in ten is wrongly told apart."""
    rng = np.random.default_rng(3)
    n, draws = 900, 30
    regrets, apart = [], []
    for _ in range(n):
        d = rng.normal(0, 1, (draws, 2))
        result = made("s", {"y": {"a": np.zeros((draws, 2)), "b": d}}, template)
        found = _regrets(result, "y", ("a", "b"), "lower")
        loser = max(found.values(), key=lambda row: row["regret"])
        regrets.append(loser["regret"])
        apart.append(loser["told_apart"])
    expected = np.sqrt(2 / np.pi) / np.sqrt(2 * draws)  # mean of |N(0, sd)|, two paths a draw
    error = np.std(regrets, ddof=1) / np.sqrt(n)
    assert abs(np.mean(regrets) - expected) / error < Z_LIMIT
    with pytest.raises(AssertionError):  # chance has chosen the best too, so the regret is not right on average
        assert abs(np.mean(regrets) - 0.0) / error < Z_LIMIT
    assert abs(np.mean(apart) - 0.10) / np.sqrt(0.10 * 0.90 / n) < Z_LIMIT
    with pytest.raises(AssertionError):
        assert abs(np.mean(apart) - 0.05) / np.sqrt(0.05 * 0.95 / n) < Z_LIMIT


# The largest regret ----------------------------------------------------------------------------------------


def regrets_and_losses(template):
    """Two scenarios in which the smallest largest regret (c) is not the smallest largest number (b)."""
    one = made("one", {"y": {"a": [[0.0] * 2] * 3, "b": [[3.0] * 2] * 3, "c": [[1.0] * 2] * 3}}, template)
    two = made("two", {"y": {"a": [[10.0] * 2] * 3, "b": [[8.0] * 2] * 3, "c": [[9.0] * 2] * 3}}, template)
    return Comparison.of([one, two])


def test_minimax_is_the_smallest_of_the_largest_regrets(template):
    comparison = regrets_and_losses(template)
    found = comparison.minimax().droplevel("outcome")
    assert found["regret"].to_dict() == {"a": 2.0, "b": 3.0, "c": 1.0}
    assert found["minimax"].to_dict() == {"a": False, "b": False, "c": True}
    assert found["scenario"].to_dict() == {"a": "two", "b": "one", "c": "one"}
    losses = comparison.table()["mean"].groupby("policy").max()
    assert losses.idxmin() == "b"  # what a rule without regret would have taken


def test_a_policy_that_is_best_everywhere_has_its_largest_regret_nowhere(template):
    numbers = {"y": {"a": [[0.0] * 2] * 3, "b": [[1.0] * 2] * 3}}
    found = Comparison.of([made("one", numbers, template), made("two", numbers, template)]).minimax()
    assert found.loc[("a", "y"), "regret"] == 0
    assert found.loc[("a", "y"), "scenario"] == ""
    assert list(found["minimax"]) == [True, False]


# Which way is better ---------------------------------------------------------------------------------------


def test_an_outcome_that_does_not_say_which_way_is_better_has_no_regret(template):
    numbers = {"y": THREE}
    comparison = Comparison.of([made("s", numbers, template, better=None)])
    blank = comparison.regret()
    assert (blank["better"] == "").all()
    assert blank["regret"].isna().all()
    assert not blank["best"].any()
    assert comparison.minimax()["regret"].isna().all()
    assert not comparison.minimax()["minimax"].any()
    with pytest.raises(hudna.InputError, match=r'add better = "lower" or "higher" under \[outcomes\.y\]'):
        comparison.regret(["y"])
    with pytest.raises(hudna.InputError, match=r"is not compared; compared are: y"):
        comparison.regret(["z"])


def test_better_must_be_lower_or_higher(two):
    text = two[0].read_text(encoding="utf-8")
    assert hudna.load(two[0]).file.outcomes["truce_breaks"].better == "higher"
    two[0].write_text(text.replace('better = "higher"', 'better = "hihger"'), encoding="utf-8")
    with pytest.raises(hudna.InputError, match=r"better.*did you mean 'higher'"):
        hudna.load(two[0])


def test_a_result_saved_before_it_could_say_so_opens(template, tmp_path):
    outcomes = {name: {k: v for k, v in own.items() if k != "better"} for name, own in
                template.about["outcomes"].items()}  # fmt: skip
    old = replace(template, about={**template.about, "outcomes": outcomes})
    opened = hudna.open_result(old.save(tmp_path / "old.nc"))
    assert opened.outcome("attacks").better is None
    assert template.outcome("attacks").better == "lower"
    assert Comparison.of([opened]).regret()["regret"].isna().all()


# Runs ------------------------------------------------------------------------------------------------------


def test_each_scenario_is_run_once_with_one_size_and_seed(two):
    seen: list[tuple[int, int]] = []
    comparison = hudna.compare(two, **SMALL, progress=lambda done, total: seen.append((done, total)))
    assert comparison.scenarios == ("one", "other")
    assert {(r.n_draws, r.n_paths, r.about["seed"]) for r in comparison.results} == {(12, 8, 3)}
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    for path, result in zip(two, comparison.results, strict=True):
        alone = hudna.run(path, **SMALL)
        assert alone.outcomes.equals(result.outcomes)
    assert not comparison.results[0].outcomes.equals(comparison.results[1].outcomes)


def test_size_and_seed_are_those_of_the_first_scenario(two):
    text = two[1].read_text(encoding="utf-8").replace("name = ", "run = { draws = 9, paths = 2, seed = 5 }\nname = ")
    two[1].write_text(text, encoding="utf-8")
    comparison = hudna.compare(two[::-1])
    assert [(r.n_draws, r.n_paths, r.about["seed"]) for r in comparison.results] == [(9, 2, 5)] * 2


def test_the_table_is_that_of_each_result(two):
    comparison = hudna.compare(two, **SMALL, outcomes=["truce_breaks", "attacks"], policies=["leave", "stay"])
    table = comparison.table("ar")
    assert list(table.index[:3]) == [
        ("one", "leave", "truce_breaks"), ("one", "leave", "attacks"), ("one", "stay", "truce_breaks"),
    ]  # fmt: skip
    assert len(table) == 8
    for scenario in comparison.scenarios:
        own = comparison.result(scenario).table("ar").loc[[("leave", "attacks")]]
        assert table.loc[[(scenario, "leave", "attacks")]].droplevel("scenario").equals(own)
    regret = comparison.regret()
    assert list(regret.index) == list(table.index)
    expected = difference_estimate(comparison.result("one"), "attacks", "stay", "leave")
    assert regret.loc[("one", "stay", "attacks"), "regret"] == expected["mean"]
    assert regret.loc[("one", "stay", "attacks"), "mcse"] == expected["mcse"]


def test_the_frame_holds_all_three(two):
    comparison = hudna.compare(two, **SMALL)
    frame = comparison.frame()
    assert comparison.outcomes == HEADLINE
    assert len(frame) == 16
    row = frame.set_index(["scenario", "policy", "outcome"]).loc[("other", "stay", "attacks")]
    regret, largest = comparison.regret(), comparison.minimax()
    assert row["regret"] == regret.loc[("other", "stay", "attacks"), "regret"]
    assert row["regret_mcse"] == regret.loc[("other", "stay", "attacks"), "mcse"]
    assert row["mcse"] == comparison.table().loc[("other", "stay", "attacks"), "mcse"]
    assert row["max_regret"] == largest.loc[("stay", "attacks"), "regret"]
    assert (row["scenario_name"], row["policy_name"]) == ("Other", "Stay")


def test_summaries_have_the_same_regret():
    options = {"draws": 20, "paths": 30, "seed": 4}
    whole, kept = (hudna.run("two-militias", **options, outcomes=what) for what in ("all", "summary"))
    columns = ["regret", "mcse", "mean_q05", "mean_q95", "p_best", "best", "told_apart"]
    names = list(whole.outcome_names)
    one, other = (Comparison.of([r], outcomes=names).regret()[columns] for r in (whole, kept))
    assert np.allclose(one.astype(float), other.astype(float), rtol=1e-9, atol=1e-12)


# What keeps scenarios from being compared --------------------------------------------------------------------


def problems(call):
    with pytest.raises(hudna.InputError) as caught:
        call()
    return [str(problem) for problem in caught.value.problems]


def test_every_problem_is_told_at_once(two):
    text = two[1].read_text(encoding="utf-8")
    extra = '[policies.rush]\nname = "Rush"\n[outcomes.peak]\nname = "Peak"\nsignal = "pressure"\nreduce = "max"\n'
    extra += '[outcomes.any_attack_4w]\nwindow = [0, 8]\nbetter = "higher"\n'
    two[1].write_text(text + extra, encoding="utf-8")
    wanted = ["any_attack_4w", "peak", "atacks"]
    found = problems(lambda: hudna.compare([*two, two[0]], outcomes=wanted, draws=0, belief="faith"))
    assert [line for line in found if "draws = 0" in line]
    assert [line for line in found if "belief = 'faith'" in line]
    assert [line for line in found if "scenarios = 'one': is there twice" in line]
    assert [line for line in found if "'peak': is not in one;" in line]
    assert [line for line in found if "'atacks': is not in one, other; did you mean 'attacks'?" in line]
    assert [line for line in found if "window 0.0, 8.0 and 0.0, 4.0" in line]
    assert [line for line in found if "better higher and lower" in line]
    assert [line for line in found if "policies = 'rush': is not in one; in all are: stay, leave" in line]
    assert len(found) == 8


def test_files_are_all_read_before_anything_is_told(two):
    two[1].write_text(OTHER + "weeks = -1\n", encoding="utf-8")
    found = problems(lambda: hudna.compare([*two, "no-such"]))
    assert len(found) == 2
    assert "weeks" in found[0]
    assert "no-such" in found[1]


def test_policies_named_are_enough(two):
    two[1].write_text(two[1].read_text(encoding="utf-8") + '[policies.rush]\nname = "Rush"\n', encoding="utf-8")
    comparison = hudna.compare(two, **SMALL, policies=["leave"])
    assert comparison.policies == ("leave",)
    assert (comparison.regret()["regret"] == 0).all()


@pytest.mark.parametrize("wrong", [{"outcomes": []}, {"policies": []}, {"outcomes": ["attacks", "attacks"]}])
def test_nothing_and_the_same_twice_are_refused(wrong):
    assert "must name at least one, and each once" in problems(lambda: hudna.compare(["two-militias"], **wrong))[0]


def test_one_name_alone_is_one_name():
    comparison = hudna.compare("two-militias", **SMALL, outcomes="attacks", policies="leave")
    assert (comparison.scenarios, comparison.outcomes, comparison.policies) == (
        ("two-militias",), ("attacks",), ("leave",),
    )  # fmt: skip
    assert len(comparison.regret("attacks")) == len(comparison.minimax("attacks")) == 1


def test_no_scenario_is_refused():
    assert problems(lambda: hudna.compare([])) == ["compare: scenarios: must name at least one scenario"]
    assert problems(lambda: Comparison.of([])) == ["compare: scenarios: must name at least one scenario"]


def test_results_of_another_size_are_refused(template):
    one = made("one", {"y": THREE}, template)
    two = made("two", {"y": {p: y[:2] for p, y in THREE.items()}}, template)
    (line,) = problems(lambda: Comparison.of([one, two]))
    assert "was run with draws = 2, one with 4" in line


def test_unknown_names_are_refused_with_the_nearest(template):
    comparison = Comparison.of([made("one", {"yield_": THREE}, template)])
    assert "did you mean 'one'" in problems(lambda: comparison.result("ones"))[0]
    assert "did you mean 'yield_'" in problems(lambda: comparison.outcome("yeild_"))[0]


# The command -----------------------------------------------------------------------------------------------


NUMBERS = ["--draws", "12", "--paths", "8", "--seed", "3"]


def test_the_command_prints_the_numbers_of_the_package(two, here, capsys):
    assert main(["compare", *map(str, two), *NUMBERS, "--outcome", "attacks", "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    comparison = hudna.compare(two, **SMALL, outcomes=["attacks"])
    frame = comparison.frame()
    assert [row["regret"] for row in given["rows"]] == list(frame["regret"])
    assert [row["mean"] for row in given["rows"]] == list(frame["mean"])
    assert given["largest_regret"][0]["minimax"] == bool(comparison.minimax()["minimax"].iloc[0])
    assert given["written"] == []
    assert sorted(here.iterdir()) == [here / "params", here / "scenarios"]


def test_the_table_reads_in_both_languages(two, here, capsys):
    assert main(["compare", *map(str, two), *NUMBERS, "--outcome", "attacks", "--outcome", "truce_breaks"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 110
    told = ["Attacks in a year (attacks): lower is better", "(weeks): higher is better", "Stay or leave", "Other"]
    for text in (*told, "Leave *", "best in", "Largest regret over the scenarios", "smallest", "MC error"):
        assert text in out, text
    assert "nan" not in out
    assert main(["compare", *map(str, two), *NUMBERS, "--outcome", "attacks", "--lang", "ar"]) == 0
    out = capsys.readouterr().out
    for text in ("الهجمات خلال عام", "الأقل أفضل", "الرحيل *", "الندم", "أكبر ندم", "الأفضل في"):
        assert text in out, text


def test_an_outcome_without_a_direction_is_printed_without_regret(two, here, capsys):
    two[0].write_text(two[0].read_text(encoding="utf-8").replace('better = "lower"\n', ""), encoding="utf-8")
    assert main(["compare", *map(str, two), *NUMBERS, "--outcome", "attacks"]) == 0
    out = capsys.readouterr().out
    assert "which way is better is not declared, so no regret" in out
    assert "best in" not in out
    assert "Largest" not in out


def test_the_folder_and_the_file_hold_every_column(two, here, capsys):
    arguments = ["compare", *map(str, two), *NUMBERS, "--out", "found", "--csv", "found.csv", "--lang", "ar"]
    assert main(arguments) == 0
    assert "found.csv" in capsys.readouterr().out
    manifest = json.loads((here / "found" / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == {"comparison.csv", *(f"figures/grid-{name}.png" for name in HEADLINE)}
    assert set(manifest["scenarios"]) == {"one", "other"}
    assert (manifest["draws"], manifest["seed"]) == (12, 3)
    table = (here / "found" / "comparison.csv").read_text(encoding="utf-8-sig")
    assert table == (here / "found.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(table.splitlines()))
    assert len(rows) == 16
    assert list(rows[0]) == list(hudna.compare(two, **SMALL).frame().columns)
    assert rows[0]["policy_name"] == "البقاء"
    assert main(arguments) == 0  # what hudna wrote it may replace


def test_wrong_input_exits_with_2_and_writes_nothing(two, here, capsys):
    before = sorted(here.iterdir())
    for arguments in (
        ["compare", str(two[0]), "no-such", "--out", "found"],
        ["compare", *map(str, two), "--outcome", "atacks", "--out", "found"],
        ["compare", *map(str, two), "--policy", "lave", "--csv", "found.csv"],
        ["compare", *map(str, two), "--lang", "fr"],
        ["compare", *map(str, two), "--csv", str(here)],
        ["compare"],
    ):
        assert main(arguments) == 2, arguments
        out, err = capsys.readouterr()
        assert out == ""
        assert len(err.splitlines()) == 1
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("x", encoding="utf-8")
    assert main(["compare", *map(str, two), "--out", "mine"]) == 2
    assert "was not written by hudna" in capsys.readouterr().err
    assert sorted(here.iterdir()) == sorted([*before, here / "mine"])


# The shipped scenarios -------------------------------------------------------------------------------------


def test_the_scenarios_of_the_iraq_case_can_be_compared():
    names = ["iraq-2024", "gaza-ceasefire", "regional-war", "truce-collapse", "isis-resurgence"]
    entrants = [hudna.load(name) for name in names]
    outcomes = entrants[0].file.outcomes
    lower = {name for name, outcome in outcomes.items() if outcome.better == "lower"}
    assert {"attacks", "fatal", "isis", "isis_centre_north", "pressure"} <= lower
    assert {name for name, outcome in outcomes.items() if outcome.better == "higher"} == {"campaign_after",
                                                                                         "truce_weeks"}  # fmt: skip
    assert outcomes["cross_pressure"].better is None
    for other in entrants[1:]:
        assert {n: o.better for n, o in other.file.outcomes.items()} == {n: o.better for n, o in outcomes.items()}
