"""Steps that are calendar months, records of several countries in one table, and the case ucdp that needs both."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter

import numpy as np
import pytest

import hudna
from hudna.case import load_case
from hudna.case.steps import MONTH, place_of, step_day
from hudna.engine import compile_scenario
from hudna.engine.draws import draw_parameters
from hudna.engine.ensemble import Ensemble
from hudna.errors import InputError
from hudna.judge.backtest import Plan, windows
from hudna.judge.past import MONTHS, Past
from hudna.judge.record import reference_record
from hudna.learn.calibration import laid_rows
from hudna.learn.filter import Filter
from hudna.learn.origin import _at_step, past_of

from .hidden import NAMES, log_likelihoods
from .histories import close_to

RULE = (dt.date(2010, 1, 1), dt.date(2015, 1, 1))
THETA = {"death_rate": 9.0, "calm_factor": 0.1, "war_factor": 6.0, "calm_ends": 0.1, "conflict_calms": 0.06,
         "conflict_escalates": 0.05, "war_ends": 0.08, "branching": 0.4, "half_life": 5, "dispersion": 3}  # fmt: skip


def test_steps_of_months_begin_on_their_first_days():
    days = [step_day(dt.date(2019, 11, 1), MONTH, t) for t in range(-1, 5)]
    assert [(day.year, day.month, day.day) for day in days][::5] == [(2019, 10, 1), (2020, 3, 1)]
    assert [place_of(day, dt.date(2019, 11, 1), MONTH) for day in days] == [-1, 0, 1, 2, 3, 4]
    assert place_of(dt.date(2020, 2, 15), dt.date(2020, 2, 1), MONTH) == 14 / 29


def test_the_filter_has_the_exact_probability_of_months():
    _, rows, known = laid_rows(load_case("ucdp"), "CAF")
    counts = np.array([row.value for row in rows[:30]])
    exact = log_likelihoods(counts, np.array([[THETA[name] for name in NAMES]]))[0]
    theta = np.array([[THETA[name] for name in known.program.parameters]])
    found = Filter.begin(Ensemble(known.program, theta.repeat(400, axis=0), paths=60, seed=5))
    found.run(known.table, 30)
    assert abs(close_to(np.exp(found.log_likelihood - exact), 1.0)) < 5
    assert abs(close_to(np.exp(found.log_likelihood - exact - 0.3), 1.0)) > 5


def test_the_memory_of_counts_weighs_as_it_should_where_nothing_is_hidden():
    """With one rate in all states no state matters, and the filter has no chance in it."""
    _, rows, known = laid_rows(load_case("ucdp"), "MLI")
    level = THETA | {"calm_factor": 1.0, "war_factor": 1.0}
    theta = np.array([[level[name] for name in known.program.parameters]])
    found = Filter.begin(Ensemble(known.program, theta, paths=10, seed=5))
    found.run(known.table, known.until)
    exact = log_likelihoods(np.array([row.value for row in rows]), np.array([[level[name] for name in NAMES]]))
    np.testing.assert_allclose(found.log_likelihood, exact, rtol=1e-9)


def test_each_country_has_its_own_rows():
    observations = load_case("ucdp").observations
    countries = {row.cells for row in observations.rows}
    assert {(("country", name),) for name in observations.records} == countries
    for name in observations.records:
        rows = observations.rows_of(name)
        assert len(rows) == 156
        assert {dict(row.cells)["country"] for row in rows} == {name}


def test_the_countries_are_those_of_the_rule_and_priors_are_of_others():
    case = load_case("ucdp")
    with (case.folder / "evidence" / "other_countries.csv").open(encoding="utf-8") as file:
        others = list(csv.DictReader(file))
    assert not {row["country"] for row in others} & set(case.observations.records)
    assert max(row["date"] for row in others) < RULE[1].isoformat()
    assert min(Counter(row["country"] for row in others if row["deaths"] != "0").values()) >= 12
    for name in case.observations.records:
        months = [row for row in case.observations.rows_of(name) if RULE[0] <= row.start < RULE[1]]
        assert len(months) == 60
        assert sum(row.value > 0 for row in months) >= 36


def test_windows_are_whole_months_and_their_counts_those_of_the_rows():
    scenario = hudna.load("ucdp")
    plan = Plan(every=8, horizons=(4, 13, 26, 52), since="2020-01-01")
    _, _, found = windows(scenario, "SOM", plan)
    assert {weeks: len(one) for weeks, one in found.items()} == {4: 18, 13: 17, 26: 16, 52: 13}
    window = found[13][dt.date(2020, 3, 1)]
    assert (window.start, window.days) == (dt.date(2020, 3, 1), 92)
    months = [row.value for row in scenario.case.observations.rows_of("SOM") if row.start.isoformat()[:4] == "2020"]
    assert window.count == sum(months[2:5])


def test_simple_forecasts_see_the_months_before_the_origin_and_no_more():
    observations = load_case("ucdp").observations
    rows = observations.rows_of("KEN")
    past = Past.months(reference_record(observations, rows, ("deaths",)), dt.date(2012, 4, 1))
    assert past.year == MONTHS
    np.testing.assert_array_equal(past.counts, [row.value for row in rows[:27]])


def test_a_run_from_a_date_goes_through_the_months_of_the_country_that_is_named():
    scenario = hudna.load("ucdp").with_(record="DZA", start="2010-05-01", weeks=12)
    result = hudna.run(scenario, as_of="2010-05-01", draws=20, paths=10, seed=3)
    given = result.about["given"]
    assert (given["from"], given["last_row"], given["rows"]["likelihood"]) == ("2010-01-01", "2010-04-30", 4)
    assert [row["value"] for row in result.about["record"]] == [
        row.value for row in scenario.case.observations.rows_of("DZA")[:4]
    ]
    with pytest.raises(InputError, match="such as 2010-05-01 or 2010-06-01"):
        hudna.run(scenario.with_(start="2010-05-10"), as_of="2010-05-01")
    with pytest.raises(InputError, match="no such record; records: CAF"):
        scenario.with_(record="FRA")


def test_what_is_remembered_of_a_month_is_handed_on_in_shares_of_a_step():
    scenario = hudna.load("ucdp").with_(start="2010-05-01")
    _, past = past_of(scenario, dt.date(2010, 5, 1))
    program = compile_scenario(scenario)
    theta = draw_parameters(past, 1, np.arange(3, dtype=np.uint64))
    ensemble = Ensemble(past, theta, paths=4, seed=1)
    ensemble.advance(3)
    before = ensemble.states()
    after = _at_step(scenario, before, past, program)
    np.testing.assert_allclose(after.memories, before.memories * 28 / MONTH)
    deaths = program.signals.index("deaths")
    np.testing.assert_allclose(after.signals[:, deaths], before.signals[:, deaths] * 28 / MONTH)
    others = [i for i in range(len(program.signals)) if i != deaths]
    np.testing.assert_array_equal(after.signals[:, others], before.signals[:, others])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            'start = 2022-01-03\nuntil = 2022-03-01\nstep = "month"',
            "one.start = 2022-01-03: must be the first day of a month",
        ),
        (
            'start = 2022-01-01\nuntil = 2022-03-05\nstep = "month"',
            "one.until = 2022-03-05: must be the first day of a month",
        ),
        ('start = 2022-01-01\nuntil = 2022-03-01\nstep = "year"', 'one.step = "year": must be'),
        ('start = 2022-01-03\nuntil = 2022-01-31\nonly = { region = ["north"] }', "columns are missing: region"),
    ],
)
def test_a_record_that_is_wrong_is_refused(write_case, written, said):
    path = write_case('[raids]\nkind = "events"\nname = "R"\nunit = "1"\nstart = 0\nrate = 1\n')
    folder = path.parent.parent / "params" / "made-up"
    (folder / "observations.toml").write_text(f'[records.one]\nname = "One"\n{written}\n', encoding="utf-8")
    row = "2022-01-03,2022-01-30,raids,3,exact\n"
    (folder / "observations.csv").write_text("date_start,date_end,signal,value,qualifier\n" + row, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_case(folder)


def test_rows_of_other_cells_contradict_nothing(write_case):
    path = write_case('[raids]\nkind = "events"\nname = "R"\nunit = "1"\nstart = 0\nrate = 1\n')
    folder = path.parent.parent / "params" / "made-up"
    records = "".join(
        f'[records.{name}]\nname = "{name}"\nstart = 2022-01-03\nuntil = 2022-01-31\nonly = {{ region = ["{name}"] }}\n'
        for name in ("north", "south")
    )
    (folder / "observations.toml").write_text(f'default = "north"\n{records}', encoding="utf-8")
    table = "date_start,date_end,signal,value,qualifier,region\n2022-01-03,2022-01-30,raids,3,exact,north\n"
    (folder / "observations.csv").write_text(f"{table}2022-01-03,2022-01-30,raids,5,exact,south\n", encoding="utf-8")
    observations = load_case(folder).observations
    assert [row.value for row in observations.rows_of("south")] == [5]
    (folder / "observations.csv").write_text(f"{table}2022-01-03,2022-01-30,raids,5,exact,north\n", encoding="utf-8")
    with pytest.raises(InputError, match="has 3 for the same days"):
        load_case(folder)
