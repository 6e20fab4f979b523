"""Several runs in one go: what each starts from is found once, progress is that of them all, numbers are each run's."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

import hudna
from hudna.ask.many import many
from hudna.ask.start import Options
from hudna.engine.removal import without
from hudna.errors import InputError
from hudna.scenario.influence import influence

from .learned_case import copied

SMALL = {"draws": 6, "paths": 5, "seed": 3}


def same(program):
    return program


def quiet(program):
    """Leave the strikes out."""
    found = influence(hudna.load("two-militias").case, "strikes")
    assert not isinstance(found, str)
    return without(program, found)


def test_the_past_is_filtered_once_and_each_run_has_the_numbers_that_it_has_alone(tmp_path):
    scenario, _ = copied(tmp_path)
    stages: list[str] = []
    seen: list[tuple[int, int]] = []
    question, given = hudna.load(scenario), {**SMALL, "as_of": dt.date(2023, 11, 6)}
    options = Options(**given, progress=lambda *now: seen.append(now), stage=stages.append)
    runs = [ready.labelled(run) for ready, run in many([(question, options)], [same, quiet, same])]
    assert [stage for stage in stages if stage != "compiling"] == ["filtering", *["simulating"] * 3]
    assert seen[-1][0] == seen[-1][1] == 3 * 2 * question.n_steps * 6 * 5
    removed = hudna.remove(scenario, "strikes", **given)
    for run, alone in zip(runs, (hudna.run(scenario, **given), removed.without["strikes"], removed.whole), strict=True):
        assert run.outcomes.equals(alone.outcomes)
    assert not runs[0].outcomes.equals(runs[1].outcomes)
    assert runs[0].parameters.equals(runs[1].parameters)


def test_runs_come_in_order_with_one_progress():
    seen: list[tuple[int, int]] = []
    question = hudna.load("two-militias")
    options = Options(**SMALL, progress=lambda *now: seen.append(now))
    asked = [(question, options), (question, replace(options, seed=4))]
    found = [(ready.options.seed, run.outcomes) for ready, run in many(asked, [same, quiet])]
    assert [seed for seed, _ in found] == [3, 3, 4, 4]
    for place, seed in ((0, 3), (2, 4)):
        alone = hudna.run(question, **{**SMALL, "seed": seed})
        assert np.array_equal(found[place][1][:, 0], alone.outcomes["attacks"].to_numpy())
        assert not np.array_equal(found[place][1], found[place + 1][1])
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert {total for _, total in seen} == {seen[-1][0]}


def test_a_change_that_is_refused_is_so_before_anything_is_simulated():
    stages: list[str] = []
    question = hudna.load("two-militias")

    def refuse(_):
        raise InputError.of("change", "is refused")

    with pytest.raises(InputError, match="is refused"):
        list(many([(question, Options(**SMALL, stage=stages.append))], [same, refuse]))
    assert not stages
    assert list(many([])) == []
