"""Claims: probabilities known in closed form, pairs and no pairs, what is refused, and what readers see."""

from __future__ import annotations

import json
import shutil
import tomllib

import jsonschema
import numpy as np
import pandas as pd
import pytest
from conftest import Z_LIMIT
from scipy import special, stats

import hudna
from hudna import shipped
from hudna.analysis import truth
from hudna.case import load_case
from hudna.case.basis import basis
from hudna.cli import main
from hudna.errors import InputError
from hudna.result.estimate import proportion_bounds
from hudna.result.samples import Paths
from hudna.scenario.schema import json_schema

SIZE = {"draws": 2000, "paths": 2, "seed": 7}


def normal_paths(mean: float, between: float, within: float, draws: int, paths: int, seed: int) -> Paths:
    """Draws' means around `mean`, paths around those."""
    rng = np.random.default_rng(seed)
    true = mean + between * rng.standard_normal(draws)
    return Paths(true[:, None] + within * rng.standard_normal((draws, paths)))


def z_of(found: truth.Truth, exact: float) -> float:
    return (found.p_true - exact) / found.p_true_mcse


# --- The probability of a statement ----------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "limit"), [(1, 0.5), (-1, 0.5), (1, -1.0)])
def test_the_share_of_draws_is_that_of_their_true_means(sign, limit):
    exact = float(special.ndtr(sign * (0.2 - limit) / 1.0))
    y = normal_paths(0.2, 1.0, 3.0, 20_000, 9, 1)
    found = truth.value(y, limit, sign)
    assert abs(z_of(found, exact)) < Z_LIMIT
    assert found.p_true_low < exact < found.p_true_high
    blurred = float((sign * (y.means - limit) > 0).mean())  # the bug: noise of the paths taken for what is not known
    assert abs(blurred - exact) / found.p_true_mcse > Z_LIMIT


def test_the_share_of_futures_counts_paths():
    exact = float(special.ndtr((0.2 - 1.0) / np.sqrt(1 + 9)))
    found = truth.value(normal_paths(0.2, 1.0, 3.0, 20_000, 9, 2), 1.0, 1)
    assert abs(found.p_futures - exact) / found.p_futures_mcse < Z_LIMIT
    assert abs(found.p_futures - special.ndtr(-0.8)) / found.p_futures_mcse > Z_LIMIT


def test_pairs_share_what_they_share_and_independent_draws_do_not():
    rng = np.random.default_rng(3)
    shared = 5 * rng.standard_normal((20_000, 1))
    a = shared + 0.5 + rng.standard_normal((20_000, 1)) + np.zeros((1, 4))
    b = shared + np.zeros((1, 4))
    paired = truth.difference(Paths(a - b), 1)
    assert abs(z_of(paired, float(special.ndtr(0.5)))) < Z_LIMIT
    unpaired = truth.apart(Paths(a), Paths(b), 1)
    assert abs(unpaired.p_true - special.ndtr(0.5)) / unpaired.p_true_mcse > Z_LIMIT


@pytest.mark.parametrize("sign", [1, -1])
def test_independent_draws_have_the_probability_of_independent_draws(sign):
    exact = float(special.ndtr(sign * 0.4 / np.sqrt(1.0 + 0.25)))
    a, b = normal_paths(1.0, 1.0, 3.0, 8000, 9, 4), normal_paths(0.6, 0.5, 2.0, 6000, 4, 5)
    found = truth.apart(a, b, sign)
    assert abs(z_of(found, exact)) < Z_LIMIT
    assert found.p_true_low < exact < found.p_true_high
    assert abs(found.estimate - 0.4) / found.mcse < Z_LIMIT
    reach = stats.norm.ppf(0.95) * np.sqrt(1.25)
    assert (found.q05, found.q95) == pytest.approx((0.4 - reach, 0.4 + reach), abs=0.06)
    blurred = truth.apart(Paths(a.means[:, None]), Paths(b.means[:, None]), sign)
    assert np.isnan(blurred.p_true)  # one path a draw: noise cannot be taken out, so nothing is said
    assert abs(float(np.mean(sign * (a.means[:6000] - b.means) > 0)) - exact) > 0.02


def test_the_error_for_independent_draws_is_how_far_the_estimates_lie_apart():
    found = [truth.apart(normal_paths(0.5, 1, 1, 60, 5, 2 * k), normal_paths(0, 1, 1, 60, 5, 2 * k + 1), 1)
             for k in range(400)]  # fmt: skip
    seen, told = np.std([one.p_true for one in found], ddof=1), np.mean([one.p_true_mcse for one in found])
    assert told / seen == pytest.approx(1.0, abs=0.25)
    alone = np.mean([one.p_true * (1 - one.p_true) / 60**2 for one in found]) ** 0.5  # the bug: pairs as trials
    assert alone / seen < 0.5


def coverage(bounds: list[tuple[float, float]], exact: float) -> float:
    """How many standard errors the coverage lies above 90 %."""
    held = np.mean([low <= exact <= high for low, high in bounds])
    return float((held - 0.9) / np.sqrt(0.09 / len(bounds)))


def test_the_bounds_hold_the_probability_nine_times_in_ten():
    exact, bounds, blurred = float(special.ndtr(1.0)), [], []
    for k in range(600):
        y = normal_paths(1.0, 1.0, 3.0, 100, 4, 1000 + k)
        found = truth.value(y, 0.0, 1)
        bounds.append((found.p_true_low, found.p_true_high))
        blurred.append(proportion_bounds((y.means > 0).astype(float), 1))
    assert coverage(bounds, exact) > -Z_LIMIT
    assert coverage(blurred, exact) < -Z_LIMIT


def test_a_difference_that_chance_made_leaves_the_probability_open():
    # Draws do not differ, so all settle on one mean, whose sign is chance: it must not be sold as certain.
    found = truth.difference(normal_paths(0.0, 0.0, 1.0, 500, 20, 8), 1)
    assert found.p_true_high - found.p_true_low > 0.8
    assert found.p_true_mcse > 0.2
    real = truth.difference(normal_paths(0.5, 0.0, 1.0, 500, 20, 8), 1)
    assert real.p_true_low > 0.99


def test_what_never_differs_is_neither_higher_nor_lower():
    for sign in (1, -1):
        found = truth.difference(Paths(np.zeros((50, 4))), sign)
        assert (found.p_true, found.p_futures, found.same) == (0.0, 0.0, True)
    assert not truth.difference(Paths(np.eye(4)), 1).same


def test_parameters_are_compared_draw_by_draw():
    x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 3.0, 1.0, 2.0])
    assert truth.parameter(x, 2.0, 1, None).p_true == 0.5
    assert truth.parameter(x, 2.0, -1, None).p_true == 0.25
    found = truth.parameter(x, y, 1, None)
    assert (found.p_true, found.estimate) == (0.75, 1.0)
    assert np.isnan(found.p_futures)


def test_draws_of_one_cluster_count_as_one():
    x = np.repeat(np.random.default_rng(9).standard_normal(200), 5)
    alone = truth.parameter(x, 0.0, 1, None)
    clustered = truth.parameter(x, 0.0, 1, np.repeat(np.arange(200), 5))
    assert clustered.p_true == alone.p_true
    assert clustered.p_true_mcse / alone.p_true_mcse == pytest.approx(np.sqrt(5), rel=0.02)


# --- From files to verdicts ------------------------------------------------------------------------------------

DRIVERS = """
[u]
kind = "schedule"
name = "Lever"
unit = "1"
start = 0.0
interpolation = "step"

[x]
kind = "level"
name = "Level"
start = 0.5
base = "theta"
effects = { u = "push" }
half_life = 0.0
sd = 0.0

[idle]
kind = "level"
name = "Nothing moves it"
start = 0.5
base = "omega"
half_life = 0.0
sd = 0.0
"""
PARAMETERS = "".join(
    f'[{name}]\nunit = "log odds"\nprior = {{ family = "normal", mean = {mean}, sd = {sd} }}\n'
    'status = "judgement"\nsource = "invented"\nnote = "for a test"\n'
    for name, mean, sd in (("theta", 0.3, 1.0), ("push", 0.5, 1.0), ("omega", -0.4, 1.0))
)
SCENARIO = '[policies.act]\nname = "Act"\nschedules.u.points = [[2024-01-01, 1.0]]\n[policies.wait]\nname = "Wait"\n'
OUTCOMES = "".join(
    f'[outcomes.{name}]\nname = "{name}"\nsignal = "{signal}"\nreduce = "{reduce}"\n{more}\n'
    for name, signal, reduce, more in (
        ("end", "x", "last", ""), ("early", "x", "last", "window = [0, 1]"), ("idle_end", "idle", "last", ""),
        ("peak", "x", "max", ""), ("lever", "u", "last", ""),
    )
)  # fmt: skip
BELIEVED = """
extends = "made-up.toml"
name = "Believed"

[parameters.theta]
unit = "log odds"
prior = { family = "normal", mean = 1.0, sd = 2.0 }
status = "judgement"
source = "invented"
note = "otherwise"
"""


def asked(*lines: str, name: str = "A") -> str:
    """A claim with one test for each text."""
    tests = "".join(f'[[{name}.test]]\nstatement = "It is so"\nscenario = "made-up"\n{text}\n' for text in lines)
    return f'[{name}]\nclaim = "So they say"\nsource = "they"\n{tests}'


HIGHER = 'outcome = "end"\npolicy = "act"\nhigher_than = { policy = "wait" }'
ABOVE = 'outcome = "end"\npolicy = "wait"\nabove = 0.5'
LOW = 'outcome = "idle_end"\npolicy = "wait"\nbelow = 0.5'


@pytest.fixture
def ask(write_case, tmp_path):
    """Write the case with claims; return its folder."""

    def write(claims: str):
        write_case(DRIVERS, parameters=PARAMETERS, scenario=SCENARIO, outcomes=OUTCOMES, weeks=2)
        (tmp_path / "scenarios" / "believed.toml").write_text(BELIEVED, encoding="utf-8")
        folder = tmp_path / "params" / "made-up"
        (folder / "claims.toml").write_text(claims, encoding="utf-8")
        return folder

    return write


@pytest.mark.parametrize(
    ("test", "exact"),
    [
        (ABOVE, special.ndtr(0.3)),  # logistic(theta) > 1/2 if theta > 0
        (ABOVE.replace("above", "below"), special.ndtr(-0.3)),
        (HIGHER, special.ndtr(0.5)),  # if push > 0
        (HIGHER.replace("higher", "lower"), special.ndtr(-0.5)),
        (ABOVE.replace('"wait"', '"act"'), special.ndtr(0.8 / np.sqrt(2))),
        ('outcome = "end"\npolicy = "wait"\nhigher_than = { outcome = "idle_end" }', special.ndtr(0.7 / np.sqrt(2))),
        ('parameter = "push"\nabove = 1.0', special.ndtr(-0.5)),
        ('parameter = "theta"\nbelow = "omega"', special.ndtr(-0.7 / np.sqrt(2))),
        (  # another belief: other draws, so theta ~ N(1, 2) and theta ~ N(0.3, 1) are independent
            'outcome = "end"\npolicy = "wait"\nlower_than = { scenario = "believed" }',
            special.ndtr(0.7 / np.sqrt(5)),
        ),
    ],
)
def test_a_verdict_has_the_probability_in_closed_form(ask, test, exact):
    verdict = hudna.claims(ask(asked(test)), **SIZE)["A"]
    found = verdict.answers[0].truth
    assert abs(z_of(found, float(exact))) < Z_LIMIT
    assert (verdict.p_true, verdict.low, verdict.high) == (found.p_true, found.p_true_low, found.p_true_high)
    # Planted: the other sign must be far off.
    assert abs(z_of(found, 1 - float(exact))) > Z_LIMIT


def test_a_verdict_agrees_with_the_tables_of_the_runs(ask):
    folder = ask(asked(HIGHER))
    result = hudna.run(folder.parents[1] / "scenarios" / "made-up.toml", **SIZE)
    row = result.contrast("act", "wait").loc["end"]
    found = hudna.claims(folder, **SIZE)["A"].answers[0].truth
    assert found.p_true == pytest.approx(1 - row["mean_lower"])
    assert (found.p_futures, found.estimate, found.mcse) == (row["p_higher"], row["mean"], row["mcse"])
    assert (found.q05, found.q95) == (row["mean_q05"], row["mean_q95"])


def test_tests_of_common_draws_are_true_together_where_all_are(ask):
    verdict = hudna.claims(ask(asked(ABOVE, HIGHER, LOW)), **SIZE)["A"]
    exact = float(special.ndtr(0.3) * special.ndtr(0.5) * special.ndtr(0.4))
    assert verdict.joint == "draws"
    assert abs(verdict.p_true - exact) / verdict.mcse < Z_LIMIT
    least = min(answer.truth.p_true for answer in verdict.answers)  # the bug: as if one implied the others
    assert (least - exact) / verdict.mcse > Z_LIMIT


def test_tests_without_common_draws_are_bounded(ask):
    other = 'outcome = "end"\npolicy = "wait"\nlower_than = { scenario = "believed" }'
    verdict = hudna.claims(ask(asked(ABOVE, other)), **SIZE)["A"]
    shares = [answer.truth.p_true for answer in verdict.answers]
    assert [answer.pairing for answer in verdict.answers] == ["", "unpaired"]
    assert verdict.joint == "bounds"
    assert np.isnan(verdict.p_true)
    assert (verdict.low, verdict.high) == (max(0.0, sum(shares) - 1), min(shares))


def test_scenarios_with_the_same_draws_are_paired(ask, tmp_path):
    folder = ask(asked('outcome = "end"\npolicy = "act"\nhigher_than = { scenario = "other" }'))
    more = SCENARIO.replace("1.0", "2.0")
    text = (tmp_path / "scenarios" / "made-up.toml").read_text(encoding="utf-8").replace(SCENARIO, more)
    (tmp_path / "scenarios" / "other.toml").write_text(text, encoding="utf-8")
    answer = hudna.claims(folder, **SIZE)["A"].answers[0]
    assert answer.pairing == "paired"
    assert abs(z_of(answer.truth, float(special.ndtr(-0.5)))) < Z_LIMIT  # higher with half the lever if push < 0


def test_what_is_the_same_by_construction_is_said_to_be(ask):
    test = 'outcome = "idle_end"\npolicy = "act"\nhigher_than = { policy = "wait" }'
    assert hudna.claims(ask(asked(test)), **SIZE)["A"].answers[0].truth.same


def test_a_larger_run_of_the_same_seed_says_the_same_again(ask):
    folder = ask(asked(HIGHER))
    first, again = (hudna.claims(folder, draws=50, paths=2, seed=3).table() for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


# --- What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        (asked(HIGHER + "\nabove = 0.5"), "give one of higher_than, lower_than, above, below, and only one"),
        (asked('outcome = "end"\npolicy = "act"'), "give one of higher_than"),
        (asked('outcome = "end"\nabove = 0.5'), "A.test[0].outcome = \"end\": needs a policy"),
        (asked("above = 0.5"), "give either outcome and policy, or parameter"),
        (asked('parameter = "push"\npolicy = "act"\nabove = 0'), "A.test[0].policy = \"act\": goes with an outcome"),
        (asked('parameter = "push"\nhigher_than = { policy = "act" }'), "compare a parameter by above or below"),
        (asked('outcome = "end"\npolicy = "act"\nabove = "push"'), 'A.test[0].above = "push": must be a number'),
        (asked('outcome = "end"\npolicy = "act"\nabove = nan'), "must be a finite number"),
        (asked(HIGHER.replace('"wait"', '"act"')), "must be something else than what is tested"),
        (asked('outcome = "end"\npolicy = "act"\nhigher_than = {}'), "must name another scenario, policy or outcome"),
        (asked(HIGHER + '\nrests_on = ["pish"]'), "no such parameter; did you mean 'push'?"),
        (asked('parameter = "thета"\nabove = 0'), "there is no such parameter"),
        (asked('parameter = "theta"\nabove = "omeg"'), "did you mean 'omega'?"),
        (asked(HIGHER + '\nfigure = 3'), "unknown key"),
        (asked(HIGHER).replace("made-up", "../made-up"), "without its folder and without .toml"),
        ('[A]\nclaim = "x"\nsource = "y"\n', "give either [[NAME.test]]"),
        (asked(HIGHER) + '[B]\nclaim = "x"\nsource = "y"\nuntested = "z"\ntest = []\nwhy = 1\n', "unknown key"),
        (asked(HIGHER, name='"A b"'), "the name of a claim is letters, digits and _"),
        ("A = 3\n", "must be a table"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused(ask, claims, said):
    with pytest.raises(InputError) as caught:
        hudna.claims(ask(claims), **SIZE)
    assert said in str(caught.value)
    assert "claims.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (HIGHER.replace('"end"', '"ends"'), "made-up has no such outcome; did you mean 'end'?"),
        (HIGHER.replace('"act"', '"acts"'), "made-up has no such policy; did you mean 'act'?"),
        (HIGHER.replace('"wait"', '"wit"'), "A.test[0].higher_than.policy = \"wit\": made-up has no such policy"),
        (HIGHER.replace("policy = \"wait\"", "scenario = \"belived\""),
         "A.test[0].higher_than.scenario = \"belived\": no such scenario beside the case; did you mean 'believed'?"),
        ('outcome = "end"\npolicy = "act"\nhigher_than = { outcome = "peak" }', "what is reduced by max with"),
    ],
)  # fmt: skip
def test_names_that_a_scenario_does_not_have_are_refused_by_check_and_by_claims(ask, test, said, capsys):
    folder = ask(asked(test))
    with pytest.raises(InputError) as caught:
        hudna.claims(folder, **SIZE)
    assert said in str(caught.value)
    for given in (folder, folder.parents[1] / "scenarios" / "made-up.toml"):
        assert main(["check", str(given)]) == 2
        assert said in capsys.readouterr().err


def test_everything_wrong_is_said_at_once(ask):
    with pytest.raises(InputError) as caught:
        hudna.claims(ask(asked(HIGHER.replace('"end"', '"ends"'), HIGHER.replace('"wait"', '"wit"'))), **SIZE)
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError) as caught:
        hudna.claims(ask(asked(HIGHER + '\nrests_on = ["a", "b"]', HIGHER + "\nx = 1")), **SIZE)
    assert len(caught.value.problems) == 1  # the claim cannot be read, so what it names is not looked at


def test_outcomes_of_other_units_are_not_compared(ask):
    with pytest.raises(InputError, match=r"A.test.0..higher_than: compares index, 0 to 1 with 1; both"):
        hudna.claims(ask(asked('outcome = "end"\npolicy = "act"\nhigher_than = { outcome = "lever" }')), **SIZE)


def test_bad_arguments_are_refused(ask):
    folder = ask(asked(HIGHER))
    for arguments, said in (
        ({"only": "B"}, "there is no such claim"),
        ({"only": []}, "at least one claim"),
        ({"draws": 0}, "draws"),
        ({"belief": "posterier"}, "belief"),
    ):
        with pytest.raises(InputError) as caught:
            hudna.claims(folder, **{**SIZE, **arguments})
        assert said in str(caught.value)
    with pytest.raises(InputError, match="makes no claims"):
        hudna.claims("toy-truce")
    with pytest.raises(InputError, match="there is no verdict on such a claim; did you mean 'T1'"):
        hudna.claims("two-militias", draws=2, paths=2)["T11"]


def test_scenarios_that_are_not_at_hand_are_a_notice_to_check_and_an_error_to_claims(ask, tmp_path, capsys):
    folder = ask(asked(HIGHER))
    shutil.rmtree(tmp_path / "scenarios")
    assert main(["check", str(folder)]) == 0
    assert "none of made-up is at hand" in capsys.readouterr().out
    assert main(["claims", str(folder)]) == 2
    assert "none of made-up is at hand" in capsys.readouterr().err


# --- What surrounds them ---------------------------------------------------------------------------------------


def test_claims_do_not_enter_what_a_posterior_follows_from(tmp_path):
    shipped.copy("two-militias", tmp_path)
    folder = tmp_path / "params" / "two-militias"
    with_claims = load_case(folder)
    (folder / "claims.toml").unlink()
    without = load_case(folder)
    assert with_claims.claims
    assert not without.claims
    assert basis(with_claims, "autumn") == basis(without, "autumn")


@pytest.mark.parametrize("name", ["iraq-2024", "isis-resurgence", "two-militias"])
def test_a_copy_can_be_asked(name, tmp_path, capsys):
    written = shipped.copy(name, tmp_path)
    assert written[0].stem == name
    assert main(["check", str(written[-1])]) == 0
    assert "at hand" not in capsys.readouterr().out
    # Planted: without a scenario that a claim names, check says so.
    needed = {test.scenario for claim in load_case(written[-1]).claims.values() for test in claim.test}
    if len(needed) > 1:
        (tmp_path / "scenarios" / f"{max(needed)}.toml").unlink()
        assert main(["check", str(written[-1])]) == 2


@pytest.mark.parametrize("name", shipped.cases())
def test_every_text_of_the_shipped_claims_is_in_both_languages(name):
    case = load_case(shipped.case(name))
    texts = [text for claim in case.claims.values() for text in (claim.claim, claim.source, claim.untested)]
    texts += [
        text for claim in case.claims.values() for test in claim.test for text in (test.statement, test.structure)
    ]
    assert [text.en for text in texts if text is not None and not text.ar] == []


def test_the_iraq_case_has_all_claims_and_says_what_the_tested_ones_rest_on():
    case = load_case(shipped.case("iraq-2024"))
    assert list(case.claims) == [f"C{i:02}" for i in range(1, 17)]
    tests = [test for claim in case.claims.values() for test in claim.test]
    assert [test.statement.en for test in tests if not test.rests_on and test.structure is None] == []


def test_statuses_are_those_of_the_belief(tmp_path):
    told = hudna.claims("iraq-2024", only="C04", draws=6, paths=4)
    supports = {part.name: part for part in told["C04"].answers[0].rests_on}
    assert supports["attacks_in_campaign"].status == "calibrated"
    assert 0 < supports["attacks_in_campaign"].overlap < 0.9
    prior = hudna.claims("two-militias", only="T1", draws=4, paths=2)["T1"].answers[0].rests_on
    assert {(part.status, part.overlap) for part in prior} == {("judgement", None)}


def test_untested_claims_need_no_run():
    verdicts = hudna.claims("two-militias", only=["T3"])
    assert (len(verdicts), verdicts.draws) == (1, None)
    row = verdicts.table().iloc[0]
    assert (row["test"], row["untested"]) == (0, "money is not in the model")
    assert np.isnan(row["p_true"])


def test_a_scenario_stands_for_its_case():
    by_case, by_scenario, by_name = (
        hudna.claims(given, draws=4, paths=2, seed=1).table()
        for given in (shipped.case("two-militias"), hudna.load("two-militias"), "two-militias")
    )
    pd.testing.assert_frame_equal(by_case, by_scenario)
    pd.testing.assert_frame_equal(by_case, by_name)


# --- The command -----------------------------------------------------------------------------------------------

SMALL = ["--draws", "8", "--paths", "4", "--seed", "2"]


@pytest.mark.parametrize(("lang", "words"), [
    ("en", ("not tested: money is not in the model", "of draws", "rests on judgement: presence_power",
            "8 draws x 4 paths, seed 2", "paired draw by draw", "all of it: ")),
    ("ar", ("لم يُختبر: الأموال ليست ممثلة في النموذج", "من العينات", "مقارنة عينة بعينة", "الكل معا: ")),
])  # fmt: skip
def test_the_command_speaks_both_languages(lang, words, capsys):
    assert main(["claims", "two-militias", *SMALL, "--lang", lang]) == 0
    out = capsys.readouterr().out
    for word in words:
        assert word in out
    assert [line[:4] for line in out.splitlines() if line[:1] == "T" and line[2:4] == "  "] == ["T1  ", "T2  ", "T3  "]


def test_csv_and_json_are_the_table(tmp_path, capsys):
    table = hudna.claims("two-militias", draws=8, paths=4, seed=2).table()
    path = tmp_path / "claims.csv"
    assert main(["claims", "two-militias", *SMALL, "--csv", str(path)]) == 0
    assert f"Written to {path}" in capsys.readouterr().out
    read = pd.read_csv(path)
    assert list(read.columns) == list(table.columns)
    assert list(read["claim"]) == ["T1", "T2", "T2", "T3"]
    np.testing.assert_array_equal(read["p_true"], table["p_true"])
    assert main(["claims", "two-militias", *SMALL, "--json", "--only", "T2", "--only", "T3"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert (given["case"], given["draws"]) == ("two-militias", 8)
    assert [row["claim"] for row in given["rows"]] == ["T2", "T2", "T3"]
    assert given["rows"][2]["p_true"] is None
    assert given["rows"][0]["p_true"] == table["p_true"][1]


def test_bad_calls_end_with_2(tmp_path, capsys):
    for arguments in (["no-such"], ["two-militias", "--only", "T9"], ["two-militias", "--lang", "fr"],
                      ["two-militias", "--csv", str(tmp_path)], ["two-militias", "--draws", "0"]):  # fmt: skip
        assert main(["claims", *arguments]) == 2, arguments
        assert "Traceback" not in capsys.readouterr().err


def test_one_draw_says_that_nothing_can_be_told(capsys):
    assert main(["claims", "two-militias", "--draws", "1", "--paths", "4"]) == 0
    assert "cannot be said from a single draw or path" in capsys.readouterr().out


def test_the_shipped_files_are_in_the_order_of_the_verdicts():
    text = (shipped.case("two-militias") / "claims.toml").read_text(encoding="utf-8")
    assert [verdict.name for verdict in hudna.claims("two-militias", draws=2, paths=2)] == list(tomllib.loads(text))


@pytest.mark.parametrize(
    "mistake", [{"A b": {}}, {"A": {"claim": "x"}}, {"A": {"claim": "x", "source": "y", "test": [{"scenario": "z"}]}}]
)
def test_the_schema_fits_the_shipped_files_and_sees_a_mistake(mistake):
    checker = jsonschema.Draft202012Validator(json_schema("claims"))
    for name in ("iraq-2024", "two-militias"):
        whole = tomllib.loads((shipped.case(name) / "claims.toml").read_text(encoding="utf-8"))
        assert checker.is_valid(whole)
        assert not checker.is_valid({**whole, **mistake})


def test_a_draw_in_which_nothing_differs_makes_no_statement_true():
    """All draws are taken to their mean, below 0, for they differ no more than chance makes them."""
    d = np.zeros((50, 20))
    d[:10, 0] = -1.0
    assert truth.difference(Paths(d), -1).p_true == pytest.approx(10 / 50)
    assert truth.difference(Paths(d), 1).p_true == 0
