"""Results: labels, tables, contrasts, series, files."""

import copy
from dataclasses import replace

import numpy as np
import pytest

import hudna
from hudna.analysis.estimate import settled_means
from hudna.result.samples import Paths
from hudna.result.series import histogram_quantile
from hudna.result.storage import GROUPS

EXPOSED = """
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
start = 0"""  # to be gone on with: rate and exposure


@pytest.fixture(scope="module")
def result():
    return hudna.run("two-militias", draws=60, paths=50, seed=7)


def test_results_are_equal_by_what_they_hold(result, tmp_path):
    again = hudna.run("two-militias", draws=60, paths=50, seed=7)
    aside = {**again.about, "made": "2020-01-01T00:00:00+00:00", "versions": {}, "engine": "vm"}
    assert result == again == replace(again, about=aside) == copy.deepcopy(result)
    assert result in [again]
    assert hudna.open_result(result.save(tmp_path / "x.nc")) == result
    with pytest.raises(TypeError, match="unhashable"):
        hash(result)


def test_results_differ_by_a_single_number_or_name(result):
    assert result != 3
    assert result != hudna.run("two-militias", draws=60, paths=50, seed=8)
    assert result != replace(result, about={**result.about, "case": "another"})
    for group in GROUPS:
        data = getattr(result, group).copy(deep=True)
        for name in list(data.data_vars)[:1]:
            data[name].to_numpy()[(-1,) * data[name].ndim] += 1
            assert result != replace(result, **{group: data})


def test_scenarios_and_cases_are_equal_by_what_they_hold():
    one, other = hudna.load("iraq-2024"), hudna.load("iraq-2024")  # rows without a number, a posterior: NaN and arrays
    assert (one, one.case, one.case.posterior) == (other, other.case, other.case.posterior)
    assert one != other.with_(run={"seed": 5})
    theta = other.case.posterior.theta.copy()
    theta[-1, -1] += 1e-9
    assert one.case != replace(other.case, posterior=replace(other.case.posterior, theta=theta))


def test_outcomes_have_the_axes_policy_draw_path(result):
    assert result.outcomes["attacks"].dims == ("policy", "draw", "path")
    assert result.outcomes.sizes == {"policy": 2, "draw": 60, "path": 50}


def test_table_has_a_row_per_policy_and_outcome(result):
    table = result.table()
    assert table.index.names == ["policy", "outcome"]
    assert len(table) == 2 * 4
    wanted = ["mean", "mcse", "q05", "q50", "q95", "mean_q05", "mean_q95"]
    assert set(wanted) <= set(table.columns)
    row = table.loc[("stay", "attacks")]
    assert row["mean"] == pytest.approx(result.sample("attacks", "stay").mean())
    assert result.table("ar").loc[("stay", "attacks"), "name"] == "الهجمات خلال عام"


def test_contrast_is_of_paired_paths(result):
    contrast = result.contrast("leave", "stay")
    d = result.sample("attacks", "leave") - result.sample("attacks", "stay")
    assert contrast.loc["attacks", "mean"] == pytest.approx(d.mean())
    assert contrast.loc["attacks", "p_lower"] == pytest.approx((d < 0).mean())
    apart = result.sample("attacks", "leave").var(axis=1, ddof=1) + result.sample("attacks", "stay").var(axis=1, ddof=1)
    factor = apart.mean() / d.var(axis=1, ddof=1).mean()
    assert contrast.loc["attacks", "vr_factor"] == pytest.approx(factor)
    assert factor > 1.5


def test_contrast_of_a_policy_with_itself_is_zero(result):
    contrast = result.contrast("stay", "stay")
    assert (contrast["mean"] == 0).all()
    assert (contrast["mcse"] == 0).all()
    assert (contrast[["low", "high"]] == 0).all(axis=None)


def test_a_difference_of_rare_outcomes_has_bounds_not_zero(write_case):
    drivers = f"""{EXPOSED}
rate = 1e-9
exposure = {{ presence = 1 }}
"""
    scenario = """
[policies.stay]
name = "Stay"
[policies.leave]
name = "Leave"
schedules.presence.points = [[2024-01-08, 0.0]]
"""
    outcomes = '[outcomes.any]\nname = "Any"\nsignal = "attacks"\nreduce = "any"\n'
    path = write_case(drivers, scenario=scenario, outcomes=outcomes)
    contrast = hudna.run(path, draws=50, paths=10, seed=1).contrast("leave", "stay")
    bound = 1 - 0.05 ** (1 / 50)
    assert contrast.loc["any", "mean"] == 0
    assert (contrast.loc["any", "low"], contrast.loc["any", "high"]) == pytest.approx((-bound, bound))


def test_an_outcome_that_no_lever_reaches_differs_by_exactly_nothing(write_case):
    """Its bounds are 0 too, unlike those of an outcome that a lever could move and did not."""
    others = EXPOSED.replace("attacks", "storms").replace("Attacks", "Storms").split("[storms]")[1]
    drivers = f"""{EXPOSED}
rate = 1e-9
exposure = {{ presence = 1 }}
[storms]{others}
rate = 0.01
[pace]
kind = "schedule"
name = "Pace"
unit = "share"
start = 0.1
interpolation = "step"
"""
    scenario = """
[policies.stay]
name = "Stay"
[policies.leave]
name = "Leave"
schedules.presence.points = [[2024-01-08, 0.0]]
"""
    outcomes = "".join(
        f'[outcomes.{name}]\nname = "{name}"\nsignal = "{signal}"\nreduce = "{reduce}"\n'
        for name, signal, reduce in (("any", "attacks", "any"), ("storm", "storms", "any"), ("pace", "pace", "mean"))
    )
    path = write_case(drivers, scenario=scenario, outcomes=outcomes)
    for kept in ("all", "summary"):
        result = hudna.run(path, draws=50, paths=10, seed=1, outcomes=kept)
        assert [result.outcome(name).levers for name in ("any", "storm", "pace")] == [("presence",), (), ("pace",)]
        contrast, table = result.contrast("leave", "stay"), result.table()
        columns = ["mean", "mcse", "low", "high", "q05", "q95", "mean_q05", "mean_q95"]
        assert (contrast.loc[["storm", "pace"], columns] == 0).all(axis=None)
        assert contrast["same"].all()
        assert contrast["vr_factor"].isna().all()
        assert contrast.loc["any", "low"] < 0 < contrast.loc["any", "high"]
        pace = table.loc[("stay", "pace")]
        assert pace["same"]
        assert pace[columns].tolist() == pytest.approx([0.1, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
        assert pace["mcse"] == 0
        assert not table.loc[("stay", "storm"), "same"]


@pytest.mark.parametrize("name", ["two-militias", "truce-collapse"])
def test_a_lever_reaches_whatever_it_moves(name):
    result = hudna.run(name, draws=4, paths=10, seed=1)
    a, b = result.about["contrasts"][0]
    moved = [outcome for outcome in result.outcome_names if result.paired(outcome, a, b).means.any()]
    assert moved
    assert all(result.outcome(outcome).levers for outcome in moved)


@pytest.mark.parametrize("days", [7, 14])
def test_exposure_alone_is_taken_at_the_threat_of_the_other_policy(write_case, days):
    """The policy also doubles the threat: what is exposure alone does not know of that."""
    events = """
rate = "rate"
exposure = { presence = 1 }
effects = { anger = 1 }
"""
    drivers = f"""{EXPOSED}{events}
[raids]{EXPOSED.split("[attacks]")[1]}{events}
[anger]
kind = "schedule"
name = "Anger"
unit = "log rate"
start = 0.0
interpolation = "step"
"""
    parameters = """
[rate]
unit = "1/week"
prior = { family = "gamma", mean = 3, sd = 1 }
status = "judgement"
source = "test"
note = "test"
"""
    scenario = f"""step_days = {days}
[policies.stay]
name = "Stay"
[policies.leave]
name = "Leave"
schedules.presence.points = [[2024-01-01, 0.25]]
schedules.anger.points = [[2024-01-01, {np.log(2)}]]
"""
    outcomes = '[outcomes.n]\nname = "N"\nsignal = ["attacks", "raids"]\nreduce = "sum"\n'
    path = write_case(drivers, parameters=parameters, scenario=scenario, outcomes=outcomes)
    result = hudna.run(path, draws=40, paths=50, seed=2)
    contrast = result.contrast("leave", "stay").loc["n"]
    rates = result.parameters["rate"].to_numpy()
    assert contrast["exposure_alone"] == pytest.approx(-0.75 * 20 * 2 * rates.mean(), rel=1e-12)
    assert contrast["exposure_share"] == pytest.approx(contrast["exposure_alone"] / contrast["mean"])
    total = result.paired("n", "leave", "stay").means
    off = -30 * rates - contrast["exposure_share"] * total  # the delta method, by hand
    error = off.std(ddof=1) / np.sqrt(40) / abs(total.mean())
    assert contrast["exposure_share_mcse"] == pytest.approx(error)


def test_few_draws_that_differ_give_bounds_and_ten_an_error(result, monkeypatch):
    from hudna.analysis.tables import difference_estimate
    from hudna.result.result import Result

    labels = result.about["outcomes"]
    late = {**labels, "any_attack_4w": {**labels["any_attack_4w"], "window": [0, 52]}}  # when the policies differ
    result = replace(result, about={**result.about, "outcomes": late})
    for hit, bounded in ((9, True), (10, False)):
        d = np.zeros((60, 50))
        d[:hit, 0] = -1.0
        monkeypatch.setattr(Result, "paired", lambda *_, d=d: Paths(d))
        found = difference_estimate(result, "any_attack_4w", "leave", "stay")
        assert (found["high"] > 0) == bounded


def test_exposure_alone_is_the_whole_difference_where_threat_does_not_react(write_case):
    drivers = f"""{EXPOSED}
rate = "rate"
exposure = {{ presence = "power" }}
"""
    parameters = """
[rate]
unit = "1/week"
prior = { family = "gamma", mean = 3, sd = 1 }
status = "judgement"
source = "test"
note = "test"
[power]
unit = "power"
prior = { family = "uniform", low = 0.2, high = 1 }
status = "judgement"
source = "test"
note = "test"
"""
    scenario = """
[policies.stay]
name = "Stay"
[policies.leave]
name = "Leave"
schedules.presence.points = [[2024-01-29, 0.25]]
"""
    outcomes = (
        '[outcomes.n]\nname = "N"\nsignal = "attacks"\nreduce = "sum"\n'
        '[outcomes.late]\nname = "Late"\nsignal = "attacks"\nreduce = "sum"\nwindow = [10, 20]\n'
    )
    path = write_case(drivers, parameters=parameters, scenario=scenario, outcomes=outcomes)
    result = hudna.run(path, draws=200, paths=100, seed=2)
    theta = result.parameters
    exact = theta["rate"] * (0.25 ** theta["power"] - 1)
    contrast = result.contrast("leave", "stay")
    assert contrast.loc["n", "exposure_alone"] == pytest.approx(float(exact.mean()) * 16, rel=1e-12)
    assert contrast.loc["late", "exposure_alone"] == pytest.approx(float(exact.mean()) * 10, rel=1e-12)
    share, error = contrast.loc["n", ["exposure_share", "exposure_share_mcse"]]
    assert abs(share - 1) < 5.73 * error
    assert error < 0.02


def test_histograms_count_every_path(result):
    counts = result.histograms["attacks.*"].to_numpy()
    assert (counts.sum(axis=-1) == 60 * 50).all()


def test_series_of_counts_have_exact_quantiles():
    result = hudna.run("two-militias", draws=30, paths=20, seed=3, trajectories="all")
    weekly = result.trajectories["attacks.NORTH"] + result.trajectories["attacks.SOUTH"]
    for policy in result.policies:
        y = weekly.sel(policy=policy).to_numpy().reshape(600, 52)
        exact = np.sort(y, axis=0)[np.ceil(0.95 * 600).astype(int) - 1]
        assert (result.series["attacks.*"].sel(policy=policy, quantile=0.95).to_numpy() == exact).all()
        assert result.series["attacks.*_mean"].sel(policy=policy).to_numpy() == pytest.approx(y.mean(axis=0))
    pressure = result.trajectories["pressure"].sel(policy="stay").to_numpy().reshape(600, 52)
    read = result.series["pressure"].sel(policy="stay", quantile=0.5).to_numpy()
    assert np.abs(read - np.quantile(pressure, 0.5, axis=0)).max() < 1.5 / 256


def test_quantile_of_a_histogram_of_counts():
    counts = np.bincount([0, 0, 1, 5], minlength=320)
    assert histogram_quantile("count", counts, 0.5) == 0
    assert histogram_quantile("count", counts, 0.75) == 1
    assert histogram_quantile("count", counts, 0.76) == 5


def test_regime_series_are_shares_of_states(result):
    share = result.series["truce"]
    assert share.dims == ("policy", "time", "truce_state")
    assert np.allclose(share.sum("truce_state"), 1)


def test_saved_and_opened_results_are_the_same(result, tmp_path):
    path = result.save(tmp_path / "deep" / "out.nc")
    again = hudna.open_result(path)
    assert again.about == result.about
    for group in ("outcomes", "histograms", "threat", "exposure", "levers", "trajectories", "parameters"):
        assert getattr(again, group).equals(getattr(result, group)), group
    assert again.table().equals(result.table())
    assert again.contrast("leave", "stay").equals(result.contrast("leave", "stay"))
    assert [p.name for p in path.parent.iterdir()] == ["out.nc"]


def test_a_result_says_where_its_numbers_are_from(result):
    about = result.about
    assert about["sources"]["truce_breaks"]["status"] == "judgement"
    assert about["seed"] == 7
    assert len(about["config_hash"]) == 32


@pytest.mark.parametrize("content", [b"", b"not netcdf", b"\x89HDF\r\n\x1a\n broken"])
def test_what_is_no_result_is_refused(tmp_path, content):
    path = tmp_path / "x.nc"
    path.write_bytes(content)
    with pytest.raises(hudna.InputError, match="not a result"):
        hudna.open_result(path)


def test_unknown_names_are_refused_with_the_nearest(result):
    with pytest.raises(hudna.InputError, match="did you mean 'leave'"):
        result.contrast("leaves", "stay")
    with pytest.raises(hudna.InputError, match="did you mean 'attacks'"):
        result.sample("attack", "stay")
    with pytest.raises(hudna.InputError, match="must be one of auto, vm, oracle"):
        hudna.run("two-militias", engine="fast")
    with pytest.raises(hudna.InputError, match="whole number"):
        hudna.run("two-militias", draws=0)


def test_a_draw_in_which_nothing_differs_is_not_lower():
    from hudna.analysis.tables import _direction

    d = np.zeros((50, 20))
    d[0] = -1.0
    found = _direction(Paths(d))
    assert found["p_lower"] == found["mean_lower"] == pytest.approx(1 / 50)
    assert found["p_higher"] == 0
    chance = np.zeros((50, 20))
    chance[:10, 0] = -1.0  # no more than chance: all draws are taken to the mean, which is below 0
    assert (settled_means(chance) < 0).all()
    found = _direction(Paths(chance))
    assert found["mean_lower"] == pytest.approx(10 / 50)
    assert found["mean_lower_mcse"] == pytest.approx(np.sqrt(0.2 * 0.8 / 50))
    twice = _direction(Paths(chance, clusters=np.arange(50) // 2))  # every draw is there twice
    assert twice["mean_lower_mcse"] == pytest.approx(np.sqrt(0.2 * 0.8 / 25))
    assert twice["p_lower_mcse"] > found["p_lower_mcse"]
    assert np.isnan(_direction(Paths(chance[:, :1]))["mean_lower"])


def test_an_unknown_language_is_refused(result):
    with pytest.raises(hudna.InputError, match="must be 'en' or 'ar'"):
        result.table(lang="fr")


# ---- The name of a sum of signals -------------------------------------------------------------------------------


def test_a_sum_of_signals_has_a_name_of_its_own_and_never_an_outcomes():
    for scenario in ("two-militias", "toy-truce", "iraq-2024", "hindcast-2023"):
        question = hudna.load(scenario)
        outcomes = {one.name.en for one in question.file.outcomes.values()}
        sums = {one for outcome in question.file.outcomes.values() for one in outcome.signal}
        for name in {*sums, *question.file.series}:
            label = question.case.label(name)
            assert label.en not in outcomes or scenario == "iraq-2024"  # where outcomes' names are of all weeks
            assert "*" not in label.en
            assert label.ar
    label = hudna.run("two-militias", draws=2, paths=2).series_label("attacks.*")
    assert (label.name.en, label.unit.en) == ("Attacks by the militias", "attacks per week")


def test_a_sum_without_a_name_has_those_of_its_signals(write_case):
    raids = '[raids]\nkind = "events"\nname = "Raids on {}"\nper = ["bar", "foe", "goe", "hoe"]\nunit = "raids"\n'
    outcome = '[outcomes.n]\nname = "N"\nsignal = "raids.*"\nreduce = "sum"\n'
    path = write_case(raids + "start = 0\nrate = 1\n", outcomes=outcome)
    assert hudna.load(path).case.label("raids.*").en == "Raids on bar + Raids on foe + 2 more"
    about = path.parents[1] / "params" / "made-up" / "case.toml"
    text = about.read_text(encoding="utf-8")
    about.write_text(text + '\n[families]\n"raid.*" = "Raids"\n"raids.bar" = "Raids"\n', encoding="utf-8")
    with pytest.raises(hudna.InputError) as error:
        hudna.load(path)
    assert "families.\"raid.*\": no node's name begins with 'raid.'; did you mean 'raids.*'?" in str(error.value)
    assert "is one signal, whose name is its driver's" in str(error.value)


@pytest.mark.parametrize(
    ("days", "series"),
    [
        (1, ("attacks per day", "هجمات في اليوم")),
        (2, ("attacks per 2 days", "هجمات كل يومين")),
        (7, ("attacks per week", "هجمات في الأسبوع")),
        (28, ("attacks per 28 days", "هجمات كل 28 يوما")),
    ],
)
def test_counts_are_per_week_in_outcomes_and_per_step_in_series(days, series):
    worst = {"name": "Worst week", "signal": "attacks.*", "reduce": "max"}
    scenario = hudna.load("two-militias").with_(step_days=days, outcomes={"worst": worst})
    about = hudna.run(scenario, draws=2, paths=2).about
    assert tuple(about["series"]["attacks.*"]["unit"].values()) == series
    assert about["outcomes"]["worst"]["unit"] == {"en": "attacks per week", "ar": "هجمات في الأسبوع"}
    assert about["outcomes"]["attacks"]["unit"] == {"en": "attacks", "ar": "هجمات"}
    assert bool(about["notices"]) == (days > 7)
