"""Arguments from Python: what counts as a number, a date, a list of names; wrong ones are one clear error each."""

from __future__ import annotations

import datetime as dt
import inspect

import numpy as np
import pandas as pd
import pytest

import hudna
from hudna import plot
from hudna.arguments import day, names, plain, whole
from hudna.ask.start import Options
from hudna.errors import InputError
from hudna.judge.backtest import Plan, backtest
from hudna.judge.score import score
from hudna.learn.calibration import Sizes, calibrate

NAME = "two-militias"
SMALL = {"draws": 4, "paths": 3, "seed": 2}
TABLES = {"factors": {"north": "NORTH", "strikes": "strikes"}}


@pytest.fixture(scope="module")
def result():
    return hudna.run(NAME, **SMALL)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.int16, lambda n: np.array(n)])
def test_whole_numbers_of_numpy_are_whole_numbers(kind, result):
    sizes = {name: kind(number) for name, number in SMALL.items()}
    assert hudna.run(NAME, **sizes, threads=kind(1)) == result
    assert {
        type(Options.of("run", sizes).draws),
        type(Sizes(draws=kind(5)).draws),
        type(Plan(every=kind(2)).every),
    } == {int}
    assert Plan(horizons=[kind(4)]).horizons == (4,)


@pytest.mark.parametrize("wrong", [True, np.True_, 2.0, np.float64(2), "2", None, [2], np.array([2])])
def test_what_is_no_whole_number_stays_as_it_is(wrong):
    assert whole(wrong) is wrong


def test_dates_may_be_texts_and_midnights():
    wanted = dt.date(2024, 1, 1)
    midnight = dt.datetime(2024, 1, 1)  # noqa: DTZ001
    in_numpy = (np.datetime64("2024-01-01"), np.datetime64("2024-01-01T00:00:00", "ns"))
    for given in (wanted, "2024-01-01", midnight, pd.Timestamp("2024-01-01"), *in_numpy):
        assert day(given) == wanted
        assert type(day(given)) is dt.date
    for given in ("2024-1-1", "2024-01-01T00:00", "20240101", dt.datetime(2024, 1, 1, 12), 3, None):  # noqa: DTZ001
        assert day(given) == given
    assert Options.of("run", {"as_of": "2024-01-01"}) == Options.of("run", {"as_of": wanted})


def test_names_may_be_one_text_or_anything_to_go_through(result):
    alone = hudna.run(NAME, policies=["leave"], **SMALL)
    for given in ("leave", ("leave",), iter(["leave"]), {"leave": 1}, np.array(["leave"]), pd.Index(["leave"])):
        assert hudna.run(NAME, policies=given, **SMALL) == alone
    assert (names(None), names(3), names(x for x in "ab")) == (None, (3,), ("a", "b"))
    removed = hudna.remove(NAME, ["NORTH", "strikes"], **SMALL)
    assert (
        hudna.remove(NAME, (one for one in ("NORTH", "strikes")), policies=iter(["stay", "leave"]), **SMALL) == removed
    )
    shares = hudna.shapley(NAME, "pressure", "leave", "stay", **TABLES, **SMALL)
    once = {key: iter([what]) for key, what in TABLES["factors"].items()}
    assert hudna.shapley(NAME, "pressure", "leave", "stay", factors=once, **SMALL) == shares
    compared = hudna.compare([NAME], outcomes=["attacks"], policies=["leave"], **SMALL)
    assert hudna.compare(iter([NAME]), outcomes="attacks", policies=iter(["leave"]), **SMALL) == compared
    verdicts = hudna.claims(NAME, only=["T1"], **SMALL)
    assert hudna.claims(NAME, only=iter(["T1"]), **SMALL) == hudna.claims(NAME, only="T1", **SMALL) == verdicts
    two = plot.fan_data(result, "pressure", ["stay", "leave"])
    assert plot.fan_data(result, "pressure", iter(["stay", "leave"])).equals(two)
    case = hudna.load(NAME).case
    assert list(plot.priors_data(case, "presence_power").index) == ["presence_power"]


OPTIONS = "draws, paths, seed, policies, engine, threads, executor, as_of, given, belief, progress, stage"
FEWER = "draws, paths, seed, engine, threads, executor, belief, progress, stage"
NO_SUCH = "there is no such option"


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda: hudna.remove(NAME, "NORTH", drawz=3),
         f"remove: drawz = 3: {NO_SUCH}; did you mean 'draws'?; options: {OPTIONS}"),
        (lambda: hudna.attribute(NAME, "GOV", outcomes="summary"),
         f"attribute: outcomes = 'summary': {NO_SUCH}; options: {OPTIONS}"),
        (lambda: hudna.shapley(NAME, "pressure", "leave", policies="stay"),
         f"shapley: policies = 'stay': {NO_SUCH}; options: {OPTIONS.replace('policies, ', '')}"),
        (lambda: hudna.run(NAME, drawz=3),
         f"run: drawz = 3: {NO_SUCH}; did you mean 'draws'?; options: scenario, draws, paths, seed, policies, engine, "
         "threads, executor, outcomes, trajectories, as_of, given, belief, progress, stage"),
        (lambda: hudna.compare(NAME, sed=1), f"compare: sed = 1: {NO_SUCH}; did you mean 'seed'?; options: {FEWER}"),
        (lambda: hudna.claims(NAME, as_of=1), f"claims: as_of = 1: {NO_SUCH}; options: {FEWER}"),
        (lambda: hudna.run(NAME, policies="leav"),
         "run: policies = 'leav': there is no such policy; did you mean 'leave'?; policies: stay, leave"),
        (lambda: hudna.run(NAME, policies=3), "run: policies = 3: must be a text"),
        (lambda: hudna.run(NAME, policies=()), "run: policies = []: must name at least one policy, and each once"),
        (lambda: hudna.run(NAME, as_of="2024-13-01"),
         "run: as_of = '2024-13-01': must be a date such as 2024-08-22, without a time of day"),
        (lambda: hudna.run(NAME, draws=True, seed=-1.0),
         "run: draws = True: must be a whole number, 1 to 4,294,967,295\n"
         "run: seed = -1.0: must be a whole number, 0 to 18,446,744,073,709,551,615"),
        (lambda: hudna.run(NAME, engine=["vm"]), "run: engine = ['vm']: must be one of auto, vm, oracle"),
        (lambda: hudna.claims(NAME, progres=print),
         f"claims: progres = {print!r}: {NO_SUCH}; did you mean 'progress'?; options: {FEWER}"),
        (lambda: hudna.compare(NAME, progress=3), "run: progress = 3: must be a function"),
        (lambda: hudna.remove(NAME, "NORTH", progress=3), "run: progress = 3: must be a function"),
        (lambda: hudna.shapley(NAME, "pressure", "leave", **TABLES, progress=3),
         "run: progress = 3: must be a function"),
        (lambda: calibrate(NAME, progress=3), "calibrate: progress = 3: must be a function"),
        (lambda: backtest(NAME, sizes=(2, 20)), "backtest: sizes = a tuple: must be a Sizes"),
        (lambda: score("run", "rows.csv", polcy="stay"),
         f"score: polcy = 'stay': {NO_SUCH}; did you mean 'policy'?; options: result, rows, policy"),
        (lambda: hudna.run(NAME, stage="done"), "run: stage = 'done': must be a function"),
        (lambda: hudna.run(NAME, given=[3]), "run: given = (3,): must be a CSV file or rows of observations"),
        (lambda: hudna.remove(NAME, [["NORTH"]]), "remove: what = a list: must be a text"),
        (lambda: hudna.shapley(NAME, {}, "leave"), "shapley: outcome = a dict: must be a text"),
        (lambda: hudna.shapley(NAME, "pressure", "leave", factors=["NORTH"]),
         "shapley: factors = a list: must be a mapping"),
        (lambda: hudna.attribute(NAME, None), "attribute: of = None: must be a text"),
        (lambda: hudna.claims(3), "claims: case = 3: must be a Case, Scenario, path, text or mapping"),
        (lambda: hudna.claims(NAME, only=3), "claims: only = 3: must be a text"),
        (lambda: hudna.compare([NAME], outcomes=[{}]), "compare: outcomes = a dict: must be a text"),
        (lambda: hudna.compare(3), "load: scenario = 3: must be a Scenario, path, text or mapping"),
        (lambda: calibrate(3), "calibrate: case = 3: must be a Case, text or path"),
        (lambda: backtest(3), "backtest: scenario = 3: must be a Scenario, text, path or mapping"),
        (lambda: score(3, [], "stay"), "score: result = 3: must be a Result, text or path"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_said_by_name(call, wanted):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == wanted


@pytest.mark.parametrize("wrong", [3, None, ["attacks"], {}])
def test_a_wrong_name_of_an_outcome_or_policy_is_said_with_those_there_are(wrong, result):
    for call in (
        lambda: result.sample(wrong, "leave"),
        lambda: result.contrast(wrong, "leave"),
        lambda: result.outcome(wrong),
    ):
        with pytest.raises(
            InputError, match=r"the result has no such (outcome|policy);.*(outcomes: attacks|policies: stay)"
        ):
            call()


@pytest.mark.parametrize("name", plot.__all__)
def test_every_picture_says_what_it_takes(name):
    draw = getattr(plot, name)
    first, *rest = [p for p in inspect.signature(draw).parameters.values() if p.default is p.empty]
    for given in ("x", 3, None):
        with pytest.raises(InputError, match=f"^{name}: {first.name} = {given!r}: must be an? "):
            draw(given, *("x" for _ in rest))
    with pytest.raises(TypeError, match="missing a required argument"):
        draw()


def test_a_picture_says_what_is_wrong_with_its_language_and_its_axes(result):
    for wrong, wanted in (({"lang": "fr"}, "outcome: lang = 'fr': must be 'en' or 'ar'"),
                          ({"ax": 3}, "outcome: ax = 3: must be an Axes")):  # fmt: skip
        with pytest.raises(InputError) as caught:
            plot.outcome(result, "attacks", **wrong)
        assert str(caught.value) == wanted
    with pytest.raises(InputError, match="fan_data: policy = 3: must be a text"):
        plot.fan_data(result, "pressure", 3)


def test_nested_data_becomes_what_a_file_holds():
    given = {"start": "2024-01-01", 3: (np.float32(0.5), np.bool_(True), np.arange(2)), "note": "2024-01-01",
             "points": (point for point in [(np.datetime64("2024-01-01"), 1)])}  # fmt: skip
    assert plain(given) == {"start": dt.date(2024, 1, 1), "3": [0.5, True, [0, 1]], "note": "2024-01-01",
                            "points": [[dt.date(2024, 1, 1), 1]]}  # fmt: skip
    loop = {}
    loop["a"] = loop
    with pytest.raises(InputError, match="nested more than 12 deep"):
        hudna.load({"extends": NAME, "policies": loop})
