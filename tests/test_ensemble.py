"""Ensembles: a run that is stopped, looked at, weighed and resumed has the numbers of one that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special, stats

import hudna
from hudna.engine import compile_scenario, ensemble, oracle, simulate
from hudna.engine.draws import draw_parameters
from hudna.engine.ensemble import Ensemble
from hudna.engine.oracle import FREE, silent
from hudna.engine.program import Program
from hudna.errors import SimulationError
from hudna.learn.past import _cut

from .histories import history, regime

SHIPPED = [("two-militias", 26), ("toy-truce", 20), ("iraq-2024", 7)]
ENGINES = ("vm", "oracle")


def shipped(name: str, steps: int = 26) -> Program:
    program = compile_scenario(hudna.load(name))
    return _cut(program, min(steps, program.n_steps))


def parameters(program: Program, draws: int, seed: int = 5) -> np.ndarray:
    return draw_parameters(program, seed, np.arange(draws, dtype=np.uint64))


def begun(program: Program, engine: str, draws: int = 3, paths: int = 30, seed: int = 5, **more: Any) -> Ensemble:
    return Ensemble(program, parameters(program, draws), paths=paths, seed=seed, engine=engine, **more)


def everything(found: Ensemble) -> np.ndarray:
    """All signals that a run keeps, shape (signal, draw, path)."""
    own = np.flatnonzero(found.program.looked_at() == np.arange(len(found.program.signals)))
    return np.stack([found.signal(int(i)) for i in own[1:]])


def same(engine: str, x: np.ndarray, y: np.ndarray) -> None:
    if engine == "vm":
        np.testing.assert_array_equal(x, y)
    else:
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-12)


# As in a run ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paths", [30, 256, 300])
@pytest.mark.parametrize(("name", "steps"), SHIPPED)
@pytest.mark.parametrize("engine", ENGINES)
def test_step_by_step_it_is_a_run(engine: str, name: str, steps: int, paths: int) -> None:
    program = shipped(name, steps)
    run = simulate(program, draws=3, paths=paths, seed=5, trajectories="all", engine="vm")
    found = begun(program, engine, paths=paths)
    np.testing.assert_array_equal(found.theta, run.theta)
    for t in range(steps):
        found.advance()
        same(engine, everything(found), run.trajectories[0, ..., t])


def test_an_ensemble_with_other_numbers_is_seen() -> None:
    program = shipped("two-militias", 4)
    run = simulate(program, draws=3, paths=30, seed=5, trajectories="all", engine="vm")
    for wrong in (begun(program, "vm", seed=6), begun(program, "vm", first_draw=1)):
        wrong.advance(4)
        assert not np.array_equal(everything(wrong), run.trajectories[0, ..., 3])


@pytest.mark.parametrize("engine", ENGINES)
def test_draws_by_themselves_have_the_numbers_of_their_slots(engine: str) -> None:
    program = shipped("toy-truce", 8)
    whole = begun(program, engine)
    alone = Ensemble(program, parameters(program, 3)[1:], paths=30, seed=5, engine=engine, first_draw=1)
    for _ in range(8):
        whole.advance()
        alone.advance()
    np.testing.assert_array_equal(everything(whole)[:, 1:], everything(alone))


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_expected_is_what_happens_on_average(engine: str) -> None:
    """The threat of an events node without dispersion is its mean for a week; both engines have the same."""
    program = shipped("two-militias")
    found, other = begun(program, engine), begun(program, "vm")
    for _ in range(6):
        found.expect()
        other.expect()
        for i in range(len(program.events.name)):
            np.testing.assert_allclose(found.mean(i), other.mean(i), rtol=1e-12)
            assert np.ptp(found.mean(i)) > 0
        found.settle()
        other.settle()


def test_the_second_half_comes_after_the_first() -> None:
    with pytest.raises(RuntimeError, match="after expect"):
        begun(shipped("two-militias"), "oracle").settle()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_goes_on_from_the_states_of_an_ensemble(engine: str) -> None:
    program = shipped("toy-truce", 9)
    first = begun(program, engine, paths=300)
    first.advance(5)
    states = first.states()
    on = Ensemble(program, first.theta, paths=300, seed=8, engine=engine, states=states)
    run = simulate(
        program, draws=3, paths=300, seed=8, trajectories="all", engine=engine, theta=first.theta, starts=states,
        block=256,
    )  # fmt: skip
    for t in range(9):
        on.advance()
        np.testing.assert_array_equal(everything(on), run.trajectories[0, ..., t])
    fresh = simulate(program, draws=3, paths=300, seed=8, trajectories="all", engine=engine, theta=first.theta)
    assert not np.array_equal(fresh.trajectories[0, ..., 0], run.trajectories[0, ..., 0])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_counts_of_the_last_week_go_with_the_states(engine: str) -> None:
    """Of steps of 2 days: this one, the two before it and half of the third; through a copy and a resampling."""
    scenario = hudna.load("two-militias")
    program = compile_scenario(replace(scenario, file=scenario.file.model_copy(update={"step_days": 2})))
    place = program.signal_index()
    week, found, seen = place["strikes (last week)"], begun(program, engine, paths=300), []
    for _ in range(60):
        found.advance()
        seen.append(found.signal(place["strikes"]).copy())
    counted = seen[-1] + seen[-2] + seen[-3] + seen[-4] / 2
    assert counted.any()
    np.testing.assert_array_equal(found.signal(week), counted)
    found.reorder(np.tile(np.arange(300)[::-1], (3, 1)), np.arange(3))
    other = Ensemble(program, found.theta, paths=300, seed=5, engine=engine, states=found.states())
    for each in (found, other):
        each.step = 60
        each.advance()
    np.testing.assert_array_equal(everything(found), everything(other))
    older = (seen[-1] + seen[-2] + seen[-3] / 2)[:, ::-1]
    np.testing.assert_array_equal(found.signal(week), found.signal(place["strikes"]) + older)


@pytest.mark.parametrize("engine", ENGINES)
def test_states_that_went_through_a_copy_go_on_as_they_would_have(engine: str) -> None:
    """Begun anew from states as of step 4 and put to step 4, an ensemble has the numbers of the one that went on."""
    program = shipped("iraq-2024", 8)
    first = begun(program, engine, draws=2)
    first.advance(4)
    again = Ensemble(program, first.theta, paths=30, seed=5, engine=engine, states=first.states())
    again.step = 4
    for _ in range(4):
        first.advance()
        again.advance()
        np.testing.assert_array_equal(everything(first), everything(again))


# What is given ----------------------------------------------------------------------------------------------

MOODS = regime("mood", "calm", {"calm -> war": 0.3, "war -> calm": 0.5})
ANSWERED = (
    '[raids]\nkind = "events"\nname = "E"\nunit = "1"\nstart = 0\nrate = 2.0\nbranching = 0.3\nhalf_life = 2\n'
    'rate_by.mood = { calm = 1, war = 3 }\n[arrests]\nkind = "response"\nname = "A"\nunit = "1"\nstart = 0\n'
    'triggers = ["raids"]\nprobability = 0.3\neffects = { "mood.war" = 0.8 }\n'
)


@pytest.mark.parametrize("engine", ENGINES)
def test_known_counts_are_obeyed_and_weigh_as_a_binomial(write_case: Callable[..., Path], engine: str) -> None:
    program = history(write_case, MOODS + ANSWERED, [], weeks=6).program
    place = {name: i for i, name in enumerate(program.signals)}
    for paths in (40, 300):
        found = Ensemble(program, np.zeros((2, 0)), paths=paths, seed=3, engine=engine)
        dice = np.random.default_rng(4)
        memory = np.zeros((2, paths))
        keep = 2 ** (-1 / 2)
        for _ in range(6):
            found.expect()
            mean = found.mean(0)
            kind = dice.integers(0, 3, (2, paths))
            n = dice.integers(0, 6, (2, paths)).astype(float)
            k = np.minimum(dice.integers(0, 4, (2, paths)), n).astype(float)
            answers = np.choose(kind, [np.full((2, paths), FREE), k, silent(k)])
            likely = found.settle({0: n}, {0: answers})
            np.testing.assert_array_equal(found.signal(place["raids"]), n)
            np.testing.assert_array_equal(found.signal(place["arrests"])[kind > 0], k[kind > 0])
            war = found.regime(0) == 1
            assert war.any()
            np.testing.assert_allclose(mean, 2 * np.where(war, 3, 1) + memory, rtol=1e-12)
            p = special.expit(special.logit(0.3) + 0.8 * war)
            exact = np.where(kind == 1, stats.binom.logpmf(k, n, p), 0.0)
            np.testing.assert_allclose(likely, exact, rtol=1e-11, atol=1e-12)
            assert np.abs(likely - np.where(kind == 1, stats.binom.logpmf(k, n, 0.3), 0.0)).max() > 0.1
            memory = keep * memory + (1 - keep) * 0.3 * n


@pytest.mark.parametrize("engine", ENGINES)
def test_what_cannot_be_has_no_probability(write_case: Callable[..., Path], engine: str) -> None:
    program = history(write_case, MOODS + ANSWERED, [], weeks=2).program
    found = Ensemble(program, np.zeros((1, 0)), paths=3, seed=3, engine=engine)
    found.expect()
    likely = found.settle({0: np.array([[0.0, 1.0, 5.0]])}, {0: np.array([[1.0, 2.0, 5.0]])})
    np.testing.assert_array_equal(np.isneginf(likely), [[True, True, False]])


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_given_is_as_in_a_run(engine: str) -> None:
    """Other nodes keep their numbers within the step; a node given as free is drawn as ever."""
    program = shipped("two-militias", 5)
    free, led = begun(program, engine), begun(program, engine)
    for found in (free, led):
        found.advance(2)
        found.expect()
    free.settle()
    n_answers = len(program.responses.name)
    likely = led.settle(
        {0: np.full((3, 30), FREE), 1: np.full((3, 30), 4.0)}, {i: np.full((3, 30), FREE) for i in range(n_answers)}
    )
    np.testing.assert_array_equal(likely, 0.0)
    signals = program.events.signal
    np.testing.assert_array_equal(free.signal(int(signals[0])), led.signal(int(signals[0])))
    np.testing.assert_array_equal(led.signal(int(signals[1])), 4.0)


@pytest.mark.parametrize("name", ["two-militias", "toy-truce"])
def test_both_engines_lead_alike(name: str) -> None:
    program = shipped(name, 8)
    ones = [begun(program, engine, paths=270) for engine in ENGINES]
    dice = np.random.default_rng(9)
    for _ in range(8):
        order = dice.integers(0, 270, (3, 270))
        given = dice.integers(-4, 5, (3, 270)).astype(float)
        said = []
        for found in ones:
            found.reorder(order, np.array([0, 2]))
            found.expect()
            raids = {i: np.where(given < 0, FREE, given) for i in range(0, len(program.events.name), 2)}
            said.append(found.settle(raids, dict.fromkeys(range(len(program.responses.name)), given)))
        np.testing.assert_allclose(said[0], said[1], rtol=1e-11, atol=1e-12)
        same("oracle", everything(ones[0]), everything(ones[1]))


# Holding regimes --------------------------------------------------------------------------------------------

WAYS = {"a -> b": 0.4, "a -> c": 0.1, "b -> a": 0.3, "c -> a": 0.9, "c -> b": 0.2}
THREE = regime("fate", "a", WAYS, "abc") + ANSWERED.replace("rate_by.mood = { calm = 1, war = 3 }\n", "").replace(
    'effects = { "mood.war" = 0.8 }\n', ""
)


def held(program: Program, state: int, step: int) -> Program:
    clamp = program.regimes.clamp.copy()
    clamp[0, step] = state
    return replace(program, regimes=replace(program.regimes, clamp=clamp))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("step_days", [7, 14])
def test_where_a_held_regime_would_have_gone(write_case: Callable[..., Path], engine: str, step_days: int) -> None:
    program = history(write_case, THREE, [], weeks=8, step_days=step_days).program
    h = step_days / 7
    found = Ensemble(program, np.zeros((2, 0)), paths=60, seed=3, engine=engine)
    found.advance(3)
    now = found.regime(0).astype(int)
    assert set(now.ravel()) == {0, 1, 2}
    rates = np.zeros((3, 3))
    for way, rate in WAYS.items():
        rates["abc".index(way[0]), "abc".index(way[-1])] = rate
    total = rates.sum(axis=1)
    chance = -np.expm1(-h * total)[:, None] * rates / total[:, None] + np.diag(np.exp(-h * total))
    seen = np.zeros(now.shape)
    for target in range(3):
        found.under(held(program, target, 3))
        likely = np.broadcast_to(found.held_log_probability(0), now.shape)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(likely, np.log(chance[now, target]), rtol=1e-12)
        seen += np.exp(likely)
    np.testing.assert_allclose(seen, 1.0, rtol=1e-12)
    found.advance()
    np.testing.assert_array_equal(found.regime(0), 2)


@pytest.mark.parametrize("engine", ENGINES)
def test_where_a_held_regime_would_have_gone_by_chance(write_case: Callable[..., Path], engine: str) -> None:
    alarm = regime("alarm", "off", {"off -> ring": 0.7, "ring -> off": 0.7}, ("off", "ring"))
    shock = {"b": 0.6, "c": 0.3}
    drivers = THREE.replace('"a -> b" = { rate = 0.4 }', '"a -> b" = { rate = 0.4, on = { "alarm.ring" = 0.6 } }')
    drivers = drivers.replace('"a -> c" = { rate = 0.1 }', '"a -> c" = { on = { "alarm.ring" = 0.3 } }') + alarm
    program = history(write_case, drivers, [], weeks=8).program
    found = Ensemble(program, np.zeros((2, 0)), paths=200, seed=3, engine=engine)
    found.advance(3)
    fate, place = program.regimes.name.index("fate"), found.signal(int(program.regimes.entry_signal[0]))
    entered = (place > 0) & (found.regime(fate) == 0)
    assert 0 < entered.sum() < (found.regime(fate) == 0).sum()
    some, total, seen = 1 - 0.4 * 0.7, sum(shock.values()), 0.0
    by_hand = {
        "a": (1 - some) * np.exp(-0.4),
        "b": some * 0.6 / total + (1 - some) * -np.expm1(-0.4),
        "c": some * 0.3 / total,
    }
    for target, state in enumerate("abc"):
        clamp = program.regimes.clamp.copy()
        clamp[fate, 3] = target
        found.under(replace(program, regimes=replace(program.regimes, clamp=clamp)))
        likely = np.exp(np.broadcast_to(found.held_log_probability(fate), entered.shape))
        np.testing.assert_allclose(likely[entered], by_hand[state], rtol=1e-12)
        seen = seen + likely
    np.testing.assert_allclose(seen, 1.0, rtol=1e-12)


def test_regimes_of_a_shipped_case_go_somewhere() -> None:
    """Over all states the probabilities add up to 1, whatever the rates depend on."""
    program = shipped("iraq-2024", 6)
    found = begun(program, "vm", draws=2)
    found.advance(5)
    for i, n_states in enumerate(program.regimes.n_states):
        total = np.zeros((2, 30))
        for target in range(int(n_states)):
            clamp = program.regimes.clamp.copy()
            clamp[i, 5] = target
            found.under(replace(program, regimes=replace(program.regimes, clamp=clamp)))
            total += np.exp(found.held_log_probability(i))
        np.testing.assert_allclose(total, 1.0, rtol=1e-11)


# Weighing and resampling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("paths", [30, 256, 300, 600])
def test_paths_take_over_the_states_of_others(paths: int) -> None:
    program = shipped("toy-truce", 6)
    found = begun(program, "vm", paths=paths)
    found.advance(3)
    before = found.states()
    order = np.random.default_rng(1).integers(0, paths, (3, paths))
    found.reorder(order, np.array([2, 0]))
    after = found.states()
    for name in ("signals", "regimes", "memories", "scores"):
        old, new = getattr(before, name), getattr(after, name)
        np.testing.assert_array_equal(new[1], old[1])
        for d in (0, 2):
            np.testing.assert_array_equal(new[d], old[d][:, order[d]])
    assert not np.array_equal(before.signals[0], after.signals[0])
    again = Ensemble(program, found.theta, paths=paths, seed=5, states=after)
    again.step = 3
    found.advance(2)
    again.advance(2)
    np.testing.assert_array_equal(everything(found), everything(again))


def test_a_copy_is_independent() -> None:
    program = shipped("two-militias", 6)
    found = begun(program, "vm")
    found.advance(2)
    copy, before, theta, values = found.copy(), everything(found), found.theta.copy(), found.values.copy()
    copy.advance(2)
    np.testing.assert_array_equal(everything(found), before)
    other = Ensemble(program, parameters(program, 3, seed=6), paths=30, seed=7)
    other.advance(4)
    copy.put(np.array([0, 2]), other)
    np.testing.assert_array_equal(everything(found), before)
    np.testing.assert_array_equal(found.theta, theta)
    np.testing.assert_array_equal(found.values, values)
    found.advance(2)
    assert not np.array_equal(everything(found)[:, 0], everything(copy)[:, 0])
    np.testing.assert_array_equal(everything(found)[:, 1], everything(copy)[:, 1])


def test_a_part_shares_its_states() -> None:
    program = shipped("two-militias", 6)
    found, whole = begun(program, "vm"), begun(program, "vm")
    for t in range(4):
        for first, last in ((0, 1), (1, 3)):
            part = found.part(first, last)
            part.advance()
        found.step = t + 1
        whole.advance()
        np.testing.assert_array_equal(everything(found), everything(whole))


def test_draws_are_taken_and_put() -> None:
    program = shipped("two-militias", 8)
    found = begun(program, "vm")
    found.advance(3)
    before = everything(found)
    taken = found.take(np.array([2, 2, 0]))
    np.testing.assert_array_equal(everything(taken), before[:, [2, 2, 0]])
    np.testing.assert_array_equal(taken.theta, found.theta[[2, 2, 0]])
    taken.advance()
    np.testing.assert_array_equal(everything(found), before)
    assert not np.array_equal(everything(taken)[:, 0], everything(taken)[:, 1])  # numbers are keyed by slot
    other = Ensemble(program, parameters(program, 3, seed=6), paths=30, seed=7)
    other.advance(3)
    found.put(np.array([1]), other)
    np.testing.assert_array_equal(everything(found)[:, 1], everything(other)[:, 1])
    np.testing.assert_array_equal(everything(found)[:, [0, 2]], before[:, [0, 2]])
    mixed = Ensemble(program, found.theta, paths=30, seed=5, states=found.states())
    mixed.step = 3
    mixed.advance(2)
    found.advance(2)
    np.testing.assert_array_equal(everything(found), everything(mixed))


@pytest.mark.parametrize("wrong", ["a tile", "a plane", "levels"])
def test_a_resampling_that_forgets_something_is_seen(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Ensemble.reorder

    def forgetful(self: Ensemble, order: np.ndarray, draws: np.ndarray) -> None:
        if wrong == "a tile":
            order = np.minimum(order, ensemble.TILE - 1)
        if wrong == "a plane":
            self.step += 1
        scores = self._arrays.scores.copy()
        true(self, order, draws)
        if wrong == "a plane":
            self.step -= 1
        if wrong == "levels":
            self._arrays.scores[:] = scores

    monkeypatch.setattr(Ensemble, "reorder", forgetful)
    with pytest.raises(AssertionError):
        test_paths_take_over_the_states_of_others(300)


# Refusals ---------------------------------------------------------------------------------------------------

BURSTS = regime("mood", "calm", {"calm -> war": 0.05, "war -> calm": 0.01}) + (
    '[raids]\nkind = "events"\nname = "E"\nunit = "1"\nstart = 0\nrate = 2.0\neffects = { "mood.war" = 100 }\n'
)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_that_is_refused_names_the_draw_and_the_path(write_case: Callable[..., Path], engine: str) -> None:
    program = history(write_case, BURSTS, [], weeks=4).program
    calm = history(write_case, BURSTS.replace("= 100 }", "= 1 }"), [], weeks=4).program
    for paths in (40, 600):
        look = Ensemble(calm, np.zeros((4, 0)), paths=paths, seed=13, engine=engine, first_draw=7)
        look.advance()
        draw, path = np.argwhere(look.regime(0) == 1)[0]
        found = Ensemble(program, np.zeros((4, 0)), paths=paths, seed=13, engine=engine, first_draw=7)
        with pytest.raises(SimulationError, match=rf"in step 0 .*, draw {draw + 7}, path {path};"):
            found.expect()
    assert path > 0


def test_the_oracle_knows_what_silent_means() -> None:
    np.testing.assert_array_equal(oracle._said(np.array([silent(0.0), silent(3.0), 2.0])), [0, 3, 2])
