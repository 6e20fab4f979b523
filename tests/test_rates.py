"""Base rates: entries and exposure as rows say them, beside the rates that are believed."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from hudna.case import load_case
from hudna.case.posterior import Posterior
from hudna.cli import main
from hudna.judge.rates import base_rates
from hudna.report.rates import rates_table

from .learned_case import NAME, copied, edit

ROW = "2023-07-03,2023-07-16,truce,holds,exact,,,known,invented,both militias say so in public"


def rated(folder, *rows, **edits):
    """Base rates over 26 weeks of a copy with other rows of the truce."""
    _, case = copied(folder)
    edit(case / "observations.csv", (ROW, "\n".join(f"{row},exact,,,known,invented," for row in rows)))
    for old, new in edits.values():
        edit(case / "drivers.toml", (old, new))
    return base_rates(load_case(case, posterior=False), 26).set_index(["left", "entered"]), load_case(case)


HOLDS, BROKEN = ("holds", "broken"), ("broken", "holds")


def test_entries_and_exposure_are_those_of_the_rows(tmp_path):
    rows = (
        "2023-07-03,2023-08-20,truce,holds",  # seven weeks, and then broken
        "2023-08-21,2023-09-03,truce,broken",  # two weeks, and then nothing is known
        "2023-10-02,2023-10-08,truce,broken",  # a week, and then it holds
        "2023-10-09,2023-12-31,truce,holds",
    )
    found, _ = rated(tmp_path, *rows)
    assert found.loc[HOLDS, ["entries", "exposure", "unseen"]].tolist() == [1, 7 + 83 / 7, 1]
    assert found.loc[BROKEN, ["entries", "exposure", "unseen"]].tolist() == [1, 13 / 7 + 1, 1]
    interval = stats.gamma(1.5, scale=1 / (7 + 83 / 7)).ppf([0.05, 0.95])  # Jeffreys
    np.testing.assert_allclose(found.loc[HOLDS, ["rate_low", "rate_high"]].astype(float), interval)
    draws = stats.gamma(1.5, scale=1 / (7 + 83 / 7)).rvs(400_000, random_state=1)
    assert found.loc[HOLDS, "p"] == pytest.approx(1 - np.exp(-26 * draws).mean(), abs=2e-3)


def test_what_is_believed_is_the_prior_of_the_rate(tmp_path):
    found, case = rated(tmp_path, "2023-07-03,2023-12-31,truce,holds")
    prior = case.parameters["truce_breaks"].prior
    expected = prior.quantile(np.array([0.05, 0.5, 0.95]))
    given = found.loc[HOLDS, ["prior_q05", "prior_q50", "prior_q95"]].to_numpy(float)
    np.testing.assert_allclose(given, expected, rtol=0.05)
    every = prior.quantile((np.arange(5000) + 0.5) / 5000)
    assert found.loc[HOLDS, "p_prior"] == pytest.approx(1 - np.exp(-26 * every).mean(), abs=0.01)


def test_a_posterior_that_is_current_stands_beside_and_is_judged(tmp_path):
    _, case = rated(tmp_path, "2023-07-03,2023-12-31,truce,holds")
    names = tuple(case.parameters)
    theta = np.full((20, len(names)), 0.3)
    learned = Posterior(names, theta, "autumn", dt.date(2024, 1, 1), "", "", {}, {})
    found = base_rates(replace(case, posterior=learned), 26).set_index(["left", "entered"])
    assert found.loc[HOLDS, "posterior_q50"] == pytest.approx(0.3)
    assert found.loc[HOLDS, "p_posterior"] == pytest.approx(1 - np.exp(-0.3 * 26))
    assert found.loc[HOLDS, "beyond"] == pytest.approx(0.3 / found.loc[HOLDS, "rate_high"])
    outdated = base_rates(replace(case, posterior=replace(learned, current=False)), 26)
    assert "p_posterior" not in outdated


def test_a_belief_beyond_the_interval_of_the_rows_is_noted(tmp_path):
    rows = ("2023-07-03,2023-12-31,truce,holds",)
    found, case = rated(tmp_path / "as_it_is", *rows)
    assert found.loc[HOLDS, "beyond"] == 1  # no end in 26 weeks: 0.07 a week at most
    table = rates_table(found.reset_index(), case, 26)
    assert table is not None
    assert not any("times above" in line for line, _ in table.lines())
    wild, case = rated(tmp_path / "wild", *rows, rate=('rate = "truce_breaks"', "rate = 0.5"))
    assert wild.loc[HOLDS, "beyond"] == pytest.approx(0.5 / wild.loc[HOLDS, "rate_high"])
    table = rates_table(wild.reset_index(), case, 26)
    assert table is not None
    assert any("the median of the prior lies 6.7 times above" in line for line, _ in table.lines())
    assert table.frame["exposure"].min() > 0  # of what could not be seen nothing is shown


def test_effects_of_known_states_are_averaged_over_the_exposure(tmp_path):
    """In 13 of 26 weeks another regime is in a state that triples the rate: twice the rate on the whole."""
    other = """
[season]
kind = "regime"
name = "Season"
start = "dry"
[season.states]
dry = { name = "dry", value = 0 }
wet = { name = "wet", value = 1 }
[season.transitions."dry -> wet"]
rate = 0.1
[season.transitions."wet -> dry"]
rate = 0.1

[truce]
"""
    rows = ("2023-07-03,2024-01-01,truce,holds", "2023-07-03,2023-10-01,season,dry", "2023-10-02,2024-01-01,season,wet")
    edits = {
        "regime": ("\n[truce]\n", other),
        "rate": ('rate = "truce_breaks"', "rate = 0.1"),
        "effect": ('{ strikes = "strike_breaks_truce" }', f'{{ "season.wet" = {np.log(3)}, strikes = 2.0 }}'),
    }
    found, _ = rated(tmp_path, *rows, **edits)
    assert found.loc[HOLDS, "prior_q50"] == pytest.approx(0.2)
    assert found.loc[("dry", "wet"), "entries"] == 1


def test_cases_without_rows_of_regimes_have_no_base_rates(capsys):
    assert base_rates(load_case("toy-truce"), 52).empty
    assert main(["check", "toy-truce"]) == 0
    assert "Base rates" not in capsys.readouterr().out


def test_check_shows_rows_prior_and_posterior_side_by_side(capsys):
    assert main(["check", "iraq-2024"]) == 0
    out = capsys.readouterr().out
    for text in ("Base rates of transitions", "ends unseen", "prior", "posterior", "ceasefire > outbreak of war"):
        assert text in out
    assert main(["check", "iraq-2024", "--lang", "ar"]) == 0
    assert "المعدلات الأساسية للانتقالات" in capsys.readouterr().out
    assert main(["check", NAME, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["base_rates"]
    assert said["weeks"] == 52
    assert said["transitions"][1]["rate_high"] is None  # nothing was seen of a broken truce
