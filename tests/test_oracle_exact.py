"""The engine against answers worked out by hand: chains, autoregressions, self-exciting counts, what is kept."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import linalg, special

from hudna.engine import compile_scenario, oracle, simulate
from hudna.engine.program import NONE, ReducerCode
from hudna.errors import InputError, SimulationError
from hudna.scenario import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hudna.engine import Program, Simulation

    Close = Callable[..., None]
    Compile = Callable[..., Program]
    Tracks = dict[str, np.ndarray]

START = dt.date(2024, 1, 1)  # of every scenario here


@pytest.fixture
def compiled(write_case: Callable[..., Path]) -> Compile:
    """Write a case and compile it; the outcome is the first signal's last value if none is given."""

    def make(drivers: str, *, outcomes: str = "", **files: str | int) -> Program:
        first = drivers.split("]", maxsplit=1)[0].strip().lstrip("[")
        plain = f'[outcomes.last]\nname = "Last"\nsignal = "{first}"\nreduce = "last"\n'
        return compile_scenario(load(write_case(drivers, outcomes=outcomes or plain, **files)))

    return make


def tracks(program: Program, n_paths: int, *, seed: int = 1) -> Tracks:
    """Every signal of every path of one draw, shape (path, step)."""
    return by_signal(simulate(program, draws=1, paths=n_paths, seed=seed, trajectories="all", threads=2))


def by_signal(found: Simulation, policy: int = 0) -> Tracks:
    _, _, n_draws, n_paths, n_steps = found.trajectories.shape
    flat = found.trajectories[policy].reshape(-1, n_draws * n_paths, n_steps)
    return dict(zip(found.trajectory_signals, flat, strict=True))


def altered(program: Program, label: str, change: Callable[[float], float]) -> Program:
    """The program with one number wrong: what a bug in a table would do."""
    constant = program.values.constant.copy()
    (at,) = [i for i, name in enumerate(program.values.label) if name == label]
    constant[at] = change(constant[at])
    return replace(program, values=replace(program.values, constant=constant))


def moments_close(close: Close, samples: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
    """Mean and variance, step by step."""
    for t in range(samples.shape[1]):
        close(samples[:, t], exact=mean[t])
        close((samples[:, t] - mean[t]) ** 2, exact=variance[t])


def schedule(name: str, start: float, points: str = "[]", interpolation: str = "step") -> str:
    return (
        f'[{name}]\nkind = "schedule"\nname = "Lever"\nunit = "1"\nstart = {start}\n'
        f'interpolation = "{interpolation}"\npoints = {points}\n'
    )


def regime(name: str, start: str, states: dict[str, float], ways: dict[str, str]) -> str:
    listed = "".join(f'{state} = {{ name = "{state}", value = {value} }}\n' for state, value in states.items())
    rates = "".join(f'"{way}" = {{ {content} }}\n' for way, content in ways.items())
    head = f'[{name}]\nkind = "regime"\nname = "State"\nstart = "{start}"\n'
    return f"{head}[{name}.states]\n{listed}[{name}.transitions]\n{rates}"


def events(name: str, rate: float, more: str = "", start: float = 0) -> str:
    return f'[{name}]\nkind = "events"\nname = "Events"\nunit = "1"\nstart = {start}\nrate = {rate}\n{more}\n'


def response(name: str, triggers: str, probability: float, more: str = "") -> str:
    return (
        f'[{name}]\nkind = "response"\nname = "Answer"\nunit = "1"\nstart = 0\n'
        f"triggers = {triggers}\nprobability = {probability}\n{more}\n"
    )


def level(name: str, start: float, base: float, half_life: float, sd: float, more: str = "") -> str:
    return (
        f'[{name}]\nkind = "level"\nname = "Level"\nstart = {start}\nbase = {base}\n'
        f"half_life = {half_life}\nsd = {sd}\n{more}\n"
    )


def outcome(name: str, signal: str, reduce: str, more: str = "") -> str:
    return f'[outcomes.{name}]\nname = "{name}"\nsignal = {signal}\nreduce = "{reduce}"\n{more}\n'


# Regimes ----------------------------------------------------------------------------------------------------

STATES = {"calm": 0.0, "tense": 1.0, "war": 2.0}
RATES = {"calm -> tense": 0.5, "calm -> war": 0.1, "tense -> calm": 0.3, "tense -> war": 0.4, "war -> tense": 0.8}


def rate_matrix(rates: dict[str, float]) -> np.ndarray:
    place = {state: i for i, state in enumerate(STATES)}
    matrix = np.zeros((3, 3))
    for way, rate in rates.items():
        origin, target = way.split(" -> ")
        matrix[place[origin], place[target]] = rate
    return matrix


def step_matrix(rates: np.ndarray, h: float) -> np.ndarray:
    """Leave with probability 1 - exp(-h sum r), go to j in proportion to r_ij, at most once a step."""
    total = rates.sum(axis=1, keepdims=True)
    leave = 1 - np.exp(-h * total)
    return np.diag(1 - leave[:, 0]) + leave * rates / np.where(total > 0, total, 1)


def occupancy_close(close: Close, found: Tracks, steps: list[np.ndarray], start: int) -> None:
    """Where the paths are in each step, and where they go from there."""
    inside = np.stack([found[f"fate.{state}"] for state in STATES])
    np.testing.assert_array_equal(inside.sum(axis=0), 1)
    np.testing.assert_array_equal(found["fate"], sum(v * x for v, x in zip(STATES.values(), inside, strict=True)))
    share = np.eye(3)[start]
    for t, step in enumerate(steps):
        share = share @ step
        for j in range(3):
            close(inside[j, :, t], exact=share[j])
    before = np.concatenate([np.broadcast_to(np.eye(3)[start][:, None, None], (3, inside.shape[1], 1)), inside], axis=2)
    for i, j in itertools.product(range(3), range(3)):
        chance = np.array([step[i, j] for step in steps])
        went = before[i, :, :-1] * inside[j]
        if chance.any():
            close((went - before[i, :, :-1] * chance).sum(axis=1), exact=0.0)
        else:
            assert not went.any()


@pytest.mark.parametrize("step_days", [7, 3, 14])
def test_a_regime_is_the_chain_of_its_step_matrix(compiled: Compile, mc_close: Close, step_days: int) -> None:
    ways = {way: f"rate = {rate}" for way, rate in RATES.items()}
    program = compiled(regime("fate", "tense", STATES, ways), scenario=f"step_days = {step_days}", weeks=6)
    h, n = step_days / 7, 42 // step_days
    found = tracks(program, 100_000)

    def check(found: Tracks, step: np.ndarray) -> None:
        occupancy_close(mc_close, found, [step] * n, start=1)

    rates = rate_matrix(RATES)
    check(found, step_matrix(rates, h))
    with pytest.raises(AssertionError):
        check(found, step_matrix(rates, h * 1.02))
    with pytest.raises(AssertionError):  # several transitions a step: the chain in continuous time
        check(found, linalg.expm(h * (rates - np.diag(rates.sum(axis=1)))))
    with pytest.raises(AssertionError):  # the first order in h
        check(found, np.eye(3) + h * (rates - np.diag(rates.sum(axis=1))))
    swapped = replace(
        program.regimes, target=np.where(program.regimes.origin == 1, [1, 2, 2, 0, 1], program.regimes.target)
    )
    with pytest.raises(AssertionError):
        check(tracks(replace(program, regimes=swapped), 100_000), step_matrix(rates, h))


def test_effects_multiply_a_rate_step_by_step(compiled: Compile, mc_close: Close) -> None:
    push = [0.0, 0.0, 1.0, 1.0, -2.0, -2.0, 0.5, 0.5]
    points = "[[2024-01-15, 1.0], [2024-01-29, -2.0], [2024-02-12, 0.5]]"
    ways = {way: f"rate = {rate}" for way, rate in RATES.items()}
    ways["calm -> war"] += ", effects = { push = 1.5 }"
    ways["tense -> calm"] += ", effects = { push = -0.7 }"
    program = compiled(schedule("push", 0.0, points) + regime("fate", "calm", STATES, ways), weeks=8)

    def steps(to_war: float, to_calm: float) -> list[np.ndarray]:
        now = [
            RATES
            | {
                "calm -> war": RATES["calm -> war"] * math.exp(to_war * u),
                "tense -> calm": RATES["tense -> calm"] * math.exp(to_calm * u),
            }
            for u in push
        ]
        return [step_matrix(rate_matrix(rates), 1.0) for rates in now]

    found = tracks(program, 100_000)
    occupancy_close(mc_close, found, steps(1.5, -0.7), start=0)
    for wrong in ((1.4, -0.7), (1.5, -0.5), (1.5, 0.7)):
        with pytest.raises(AssertionError):
            occupancy_close(mc_close, found, steps(*wrong), start=0)
    with pytest.raises(AssertionError):
        occupancy_close(mc_close, found, [steps(1.5, -0.7)[0], *steps(1.5, -0.7)[:-1]], start=0)  # a step late


def test_survival_and_competing_targets(compiled: Compile, mc_close: Close) -> None:
    """S(t) falls by exp(-h sum r) a step; of those who leave, r_j / sum r go to j; then the end of the window."""
    to_tense, to_war, n = 0.06, 0.15, 12
    ways = {"calm -> tense": f"rate = {to_tense}", "calm -> war": f"rate = {to_war}"}
    program = compiled(
        regime("fate", "calm", STATES, ways),
        outcomes=outcome("until_war", '"fate.war"', "first")
        + outcome("war", '"fate.war"', "any")
        + outcome("until_any", '["fate.war", "fate.tense"]', "first")
        + outcome("calm_weeks", '"fate.calm"', "sum")
        + outcome("late_war", '"fate.war"', "any", "window = [0, 5]"),
        weeks=n,
    )

    def check(program: Program, to_tense: float, to_war: float) -> None:
        total = to_tense + to_war
        survival = np.exp(-total * np.arange(n + 1))
        by_war = (survival[:-1] - survival[1:]) * to_war / total
        found = simulate(program, draws=1, paths=200_000, seed=2, trajectories="all")
        calm = by_signal(found)["fate.calm"]
        assert np.all(np.diff(calm, axis=1) <= 0)  # nobody comes back
        for t in range(n):
            mc_close(calm[:, t], exact=survival[t + 1])
        values = dict(zip(program.outcomes.name, found.outcomes[0, :, 0], strict=True))
        assert np.unique(values["until_war"]).tolist() == [*range(n + 1)]
        mc_close(values["until_war"], exact=(by_war * np.arange(n)).sum() + (1 - by_war.sum()) * n)
        mc_close(values["war"], exact=by_war.sum())
        mc_close(values["late_war"], exact=by_war[:5].sum())
        mc_close(values["until_any"], exact=survival[1:].sum())
        mc_close(values["calm_weeks"], exact=survival[1:].sum())

    check(program, to_tense, to_war)
    for wrong in ((to_tense * 1.06, to_war), (to_tense, to_war * 1.03), (to_war, to_tense)):
        with pytest.raises(AssertionError):
            check(program, *wrong)
    label = 'fate.transitions."calm -> war".rate'
    with pytest.raises(AssertionError):
        check(altered(program, label, lambda log_rate: log_rate + 0.03), to_tense, to_war)


@pytest.mark.parametrize("step_days", [1, 7, 14])
def test_an_entry_is_followed_once_with_its_chance_and_then_come_the_rates(
    compiled: Compile, mc_close: Close, step_days: int
) -> None:
    """From i to j with P p_j / sum p + (1 - P) step_ij, P = 1 - prod(1 - p), in the step after an entry."""
    rings = [dt.date(2024, 1, 15), dt.date(2024, 2, 26)]
    chances = {"calm -> tense": 0.5, "calm -> war": 0.3, "tense -> war": 1.0}
    ways = {way: f"rate = {rate}" for way, rate in RATES.items()}
    del ways["calm -> war"]  # by chance alone
    for way, p in chances.items():
        ways[way] = ", ".join([*([ways[way]] if way in ways else []), f'on = {{ "alarm.ring" = {p} }}'])
    alarm = regime("alarm", "off", {"off": 0.0, "ring": 1.0}, {"off -> ring": "rate = 1", "ring -> off": "rate = 1"})
    held = f'[[{rings[0]}, "ring"], [2024-02-12, "off"], [{rings[1]}, "ring"]]'
    scenario = (
        f'step_days = {step_days}\n[assumptions.alarm]\nnote = "made up"\nstates = [[{START}, "off"], {held[1:]}\n'
    )
    program = compiled(regime("fate", "calm", STATES, ways) + alarm, scenario=scenario, weeks=12)
    n = 84 // step_days
    entries = [(day - START).days // step_days for day in rings]
    found = tracks(program, 100_000)

    def steps(p: np.ndarray, after: list[int]) -> list[np.ndarray]:
        quiet = step_matrix(rate_matrix({**RATES, "calm -> war": 0.0}), step_days / 7)
        some = 1 - np.prod(1 - p, axis=1, keepdims=True)
        shock = some * p / np.where(some > 0, p.sum(axis=1, keepdims=True), 1) + (1 - some) * quiet
        return [shock if t in after else quiet for t in range(n)]

    p, after = rate_matrix(chances), [t + 1 for t in entries]
    occupancy_close(mc_close, found, steps(p, after), start=0)
    always = [t + 1 for t in range(n) if found["alarm.ring"][0, t]]
    for wrong, when in ((p, entries), (p, always), (p, after[:1]), (p * [1, 1, 0.97], after)):
        with pytest.raises(AssertionError):
            occupancy_close(mc_close, found, steps(wrong, when), start=0)


def test_a_rate_of_0_never_happens_whatever_its_effects(compiled: Compile) -> None:
    ways = {
        "calm -> tense": "rate = 0, effects = { push = 300 }",
        "calm -> war": "rate = 0.5",
        "war -> calm": "rate = 0.5",
    }
    program = compiled(schedule("push", 2.0) + regime("fate", "calm", STATES, ways))

    def check(program: Program) -> None:
        found = tracks(program, 2000)
        assert not found["fate.tense"].any()
        assert found["fate.war"].any()

    check(program)
    with pytest.raises(AssertionError):
        check(altered(program, 'fate.transitions."calm -> tense".rate', lambda _: -600.0))


def test_a_clamped_regime_follows_its_assumption_and_is_free_after_it(compiled: Compile, mc_close: Close) -> None:
    """It is held from the first step that a date reaches, and starts to move in the step of `free`."""
    ways = {way: f"rate = {rate}" for way, rate in RATES.items()}
    program = compiled(
        regime("fate", "calm", STATES, ways),
        scenario='[assumptions.fate]\nnote = "test"\n'
        'states = [[2024-01-10, "tense"], [2024-01-22, "war"], [2024-02-05, "free"]]',
        weeks=8,
    )

    def check(free_from: int) -> None:
        found = tracks(program, 60_000)
        assert found["fate.tense"][:, 2].all()  # 10 January lies inside the second step: held from the third
        assert not found["fate.tense"][:, 1].all()
        for t in (3, 4):
            assert found["fate.war"][:, t].all()
        step = step_matrix(rate_matrix(RATES), 1.0)
        share = np.eye(3)[2]
        for t in range(free_from, 8):
            share = share @ step
            for j in np.flatnonzero(share):
                mc_close(found[f"fate.{list(STATES)[j]}"][:, t], exact=share[j])

    check(5)
    with pytest.raises(AssertionError):
        check(6)


# Levels -----------------------------------------------------------------------------------------------------


def level_moments(z: float, eta: np.ndarray, memory: float, sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean, shape (step,), and covariance, shape (step, step), of the log odds."""
    n = len(eta)
    mean = np.empty(n)
    for t in range(n):
        z = memory * z + (1 - memory) * eta[t]
        mean[t] = z
    lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    variance = sd**2 * (1 - memory ** (2 * np.arange(1, n + 1)))
    return mean, memory**lag * np.minimum.outer(variance, variance)


def level_close(close: Close, z: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> None:
    off = z - mean
    for t in range(z.shape[1]):
        close(z[:, t], exact=mean[t])
        for s in range(t + 1):
            close(off[:, t] * off[:, s], exact=covariance[t, s])


@pytest.mark.parametrize(("half_life", "step_days"), [(0.0, 7), (0.7, 7), (4.0, 7), (4.0, 2)])
def test_a_level_is_the_autoregression_of_its_half_life(
    compiled: Compile, mc_close: Close, half_life: float, step_days: int
) -> None:
    n, sd, start = 8, 0.8, 0.3
    points = "[[2024-01-08, 2.0], [2024-01-22, -1.0]]"
    program = compiled(
        schedule("push", 0.5, points, "linear") + level("mood", start, -0.4, half_life, sd, "effects = { push = 0.9 }"),
        scenario=f"step_days = {step_days}",
        weeks=8 * step_days // 7 if step_days == 7 else 2,
    )
    found = tracks(program, 60_000)
    z, push = special.logit(found["mood"])[:, :n], found["push"][0, :n]
    n = z.shape[1]
    h = step_days / 7
    memory = 0.0 if half_life == 0 else 2 ** (-h / half_life)

    def check(z: np.ndarray, memory: float, sd: float, push: np.ndarray) -> None:
        level_close(mc_close, z, *level_moments(special.logit(start), -0.4 + 0.9 * push, memory, sd))

    check(z, memory, sd, push)
    with pytest.raises(AssertionError):
        check(z, memory, sd * 1.02, push)
    with pytest.raises(AssertionError):
        check(z, memory + 0.03, sd, push)
    with pytest.raises(AssertionError):
        check(z, memory, sd, np.roll(push, 1))
    with pytest.raises(AssertionError):
        check(z, memory, sd, push + 0.2)
    if half_life:
        with pytest.raises(AssertionError):  # chance that is not scaled by sqrt(1 - m^2)
            check(z, memory, sd / math.sqrt(1 - memory**2), push)
        wrong = altered(program, "mood.half_life", lambda m: m**1.1)
        with pytest.raises(AssertionError):
            check(special.logit(tracks(wrong, 60_000)["mood"])[:, :n], memory, sd, push)


def test_without_chance_a_shock_halves_in_its_half_life(compiled: Compile) -> None:
    program = compiled(level("mood", 0.9, 0.0, 3.0, 0.0), weeks=9)

    def check(half_life: float) -> None:
        z = special.logit(tracks(program, 2)["mood"])
        exact = special.logit(0.9) * 0.5 ** (np.arange(1, 10) / half_life)
        np.testing.assert_allclose(z, np.broadcast_to(exact, z.shape), rtol=1e-12)

    check(3.0)
    with pytest.raises(AssertionError):
        check(3.0001)


def test_a_level_reads_other_levels_of_the_step_before(compiled: Compile, mc_close: Close) -> None:
    """The mean of a logistic of a normal number by quadrature; it presses with one step's delay."""
    program = compiled(
        level("a_first", 0.2, 0.5, 1.0, 1.2) + level("b_second", 0.5, 0.0, 2.0, 0.3, "effects = { a_first = 3 }"),
        weeks=6,
    )
    found = tracks(program, 100_000)
    mean, covariance = level_moments(special.logit(0.2), np.full(6, 0.5), 0.5, 1.2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    points = mean[:, None] + np.sqrt(np.diag(covariance))[:, None] * nodes
    first = special.expit(points) @ weights / math.sqrt(2 * math.pi)
    for t in range(6):
        mc_close(found["a_first"][:, t], exact=first[t])

    def check(read: np.ndarray) -> None:
        second, _ = level_moments(0.0, 3 * read, 2**-0.5, 0.3)
        for t in range(6):
            mc_close(special.logit(found["b_second"][:, t]), exact=second[t])

    check(np.concatenate([[0.2], first[:-1]]))
    with pytest.raises(AssertionError):
        check(first)
    with pytest.raises(AssertionError):
        check(np.concatenate([[0.2], special.expit(mean)[:-1]]))  # the logistic of the mean is not its mean


ACTORS = "".join(
    f'[{name}]\nname = "{name}"\nkind = "actor"\nsource = "invented"\n' for name in ("GOV", "NORTH", "SOUTH", "FAR")
)
FIXED = '[{}]\nunit = "1"\nprior = {{ family = "fixed", value = {} }}\nstatus = "judgement"\nsource = "x"\nnote = "x"\n'


def tie(source: str, target: str, channel: str, weight: float, toward: str = "") -> str:
    return (
        f'[[tie]]\nsource = "{source}"\ntarget = "{target}"\nkind = "presses"\nchannel = "{channel}"\n'
        f'weight = {weight}\nfact = "x"\nreference = "x"\n' + (f'toward = "{toward}"\n' if toward else "")
    )


def actor_level(name: str, actor: str, toward: str, start: float, base: float, half_life: float) -> str:
    return level(name, start, base, half_life, 0, f'actor = "{actor}"\ntoward = "{toward}"')


def test_ties_press_with_their_weight_channel_and_direction(compiled: Compile) -> None:
    """And `cross` is the sum of the absolute parts, with the memory of the level."""
    program = compiled(
        actor_level("gov", "GOV", "exit", 0.4, -0.3, 3.0)
        + actor_level("north", "NORTH", "exit", 0.7, 0.5, 2.0)
        + actor_level("south", "SOUTH", "stay", 0.2, -0.5, 5.0),
        actors=ACTORS,
        ties=tie("NORTH", "GOV", "political", 2, "exit")
        + tie("SOUTH", "GOV", "military", 1.5, "stay")
        + tie("NORTH", "SOUTH", "political", 1, "exit")
        + tie("FAR", "GOV", "political", 3, "exit")  # no level: context
        + tie("GOV", "NORTH", "political", 3),  # no direction: context
        about='[channels]\npolitical = "by_words"\nmilitary = "by_arms"\n',
        parameters=FIXED.format("by_words", 0.8) + FIXED.format("by_arms", 1.1),
        outcomes=outcome("cross", '"gov.cross"', "last"),
        weeks=8,
    )
    found = tracks(program, 1)

    def check(words: float, arms: float, sign: float) -> None:
        x = {"gov": 0.4, "north": 0.7, "south": 0.2}
        z = {name: special.logit(value) for name, value in x.items()}
        m = {"gov": 2 ** (-1 / 3), "north": 2 ** (-1 / 2), "south": 2 ** (-1 / 5)}
        cross = 2 * words * x["north"] + 1.5 * arms * x["south"]  # as if it had always been so
        for t in range(8):
            parts = [2 * words * x["north"], sign * 1.5 * arms * x["south"]]
            eta = {"gov": -0.3 + sum(parts), "north": 0.5, "south": -0.5 - words * x["north"]}
            cross = m["gov"] * cross + (1 - m["gov"]) * sum(np.abs(parts))
            z = {name: m[name] * z[name] + (1 - m[name]) * eta[name] for name in x}
            x = {name: special.expit(z[name]) for name in x}
            for name in x:
                np.testing.assert_allclose(found[name][0, t], x[name], rtol=1e-12)
            np.testing.assert_allclose(found["gov.cross"][0, t], cross, rtol=1e-12)

    check(0.8, 1.1, -1)
    for wrong in ((0.8001, 1.1, -1), (1.1, 0.8, -1), (0.8, 1.1, 1)):
        with pytest.raises(AssertionError):
            check(*wrong)


def test_cross_starts_as_if_all_had_always_been_as_it_is_at_the_start(compiled: Compile) -> None:
    """Parts that do not change leave it where it is; one that does is felt with the level's memory."""
    program = compiled(
        level("mood", 0.4, 5.0, 2.0, 0.0, "effects = { lever = -2.0, fate = 0.5, n = 0.25 }")
        + schedule("lever", 1.5, "[[2024-01-22, 3.0]]")
        + regime("fate", "tense", STATES, {})
        + events("n", 0.0, start=4),
        outcomes=outcome("cross", '"mood.cross"', "last"),
        weeks=6,
    )
    cross = tracks(program, 1)["mood.cross"][0]

    def check(start: float) -> None:
        m, at, exact = 2**-0.5, start, []
        for t in range(6):
            at = m * at + (1 - m) * (2 * (1.5 if t < 3 else 3.0) + 0.5)  # nothing happens any more
            exact.append(at)
        np.testing.assert_allclose(cross, exact, rtol=1e-12)

    check(2 * 1.5 + 0.5 + 0.25 * 4)
    for wrong in (0.0, 0.5 + 0.25 * 4, 2 * 1.5 + 0.5):
        with pytest.raises(AssertionError):
            check(wrong)


def test_effects_are_taken_relative_to_a_point_and_of_a_sum_only_once(compiled: Compile) -> None:
    program = compiled(
        level("mood", 0.5, 0.2, 0, 0, "effects = { 'p.*' = { coefficient = 0.7, relative_to = 1.5 }, q = -0.4 }")
        + schedule("p.north", 0.25, "[[2024-01-08, 2.0]]")
        + schedule("p.south", 1.0, "[[2024-01-15, -3.0]]")
        + schedule("q", 3.0)
        + events("n", 2.0, "effects = { q = { coefficient = 0.5, relative_to = 2 } }\nexposure = { q = 0 }"),
        weeks=3,
    )
    found = tracks(program, 2)

    def check(point: float, times: int) -> None:
        total = np.array([1.25, 3.0, -1.0])
        z = 0.2 + 0.7 * (total - times * point) - 0.4 * 3
        np.testing.assert_allclose(special.logit(found["mood"]), [z, z], rtol=1e-12)
        np.testing.assert_allclose(found["n.threat"], 2 * math.exp(0.5 * (3 - 2)), rtol=1e-12)

    check(1.5, 1)
    for wrong in ((0.0, 1), (1.5, 2), (1.501, 1)):
        with pytest.raises(AssertionError):
            check(*wrong)


# Counts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dispersion", [0.0, 0.6])
@pytest.mark.parametrize("step_days", [7, 3])
def test_counts_have_the_mean_and_variance_of_their_rate(
    compiled: Compile, mc_close: Close, dispersion: float, step_days: int
) -> None:
    """mean = h rate exp(effects) presence^power; variance = mean + dispersion mean^2 / h.

    So counts of a week have the variance mean + dispersion mean^2, however many steps they are the sum of.
    """
    points = "[[2024-01-08, 0.25], [2024-01-15, 3.0]]"
    program = compiled(
        schedule("push", 0.4)
        + schedule("presence", 1.0, points)
        + events("n", 2.5, f"effects = {{ push = 0.5 }}\nexposure = {{ presence = 0.7 }}\ndispersion = {dispersion}"),
        scenario=f"step_days = {step_days}",
        weeks=3,
    )
    days = np.arange(0, 21, step_days)
    presence = np.where(days < 7, 1.0, np.where(days < 14, 0.25, 3.0))

    def check(program: Program, *, effect: float = 0.5, power: float = 0.7, more: float = 0.0) -> None:
        mean = step_days / 7 * 2.5 * math.exp(effect * 0.4) * presence**power
        found, spread = tracks(program, 100_000)["n"], (dispersion + more) * 7 / step_days
        moments_close(mc_close, found, mean, mean + spread * mean**2)
        zero = np.exp(-mean) if not spread else (1 + spread * mean) ** (-1 / spread)
        for t in range(len(days)):
            mc_close(found[:, t] == 0, exact=zero[t])

    check(program)
    with pytest.raises(AssertionError):
        check(program, effect=0.6)
    with pytest.raises(AssertionError):
        check(program, power=0.75)
    with pytest.raises(AssertionError):
        check(program, more=0.2)
    with pytest.raises(AssertionError):
        check(altered(program, "n.rate", lambda log_rate: log_rate + 0.04))


def test_counts_follow_the_regime_of_the_same_step(compiled: Compile, mc_close: Close) -> None:
    """Doubly stochastic: the rate's own variance comes on top."""
    ways = {way: f"rate = {rate}" for way, rate in RATES.items()}
    factor = np.array([0.1, 1.0, 4.0])
    program = compiled(
        events("n", 1.5, "rate_by.fate = { calm = 0.1, tense = 1, war = 4 }") + regime("fate", "calm", STATES, ways),
        weeks=5,
    )
    step = step_matrix(rate_matrix(RATES), 1.0)
    share = np.array([np.linalg.matrix_power(step, t + 1)[0] for t in range(5)])

    def check(program: Program, share: np.ndarray, *, shocks: float = 1.0) -> None:
        mean = 1.5 * share @ factor
        variance = mean + shocks * (1.5**2 * share @ factor**2 - mean**2)
        moments_close(mc_close, tracks(program, 100_000)["n"], mean, variance)

    check(program, share)
    with pytest.raises(AssertionError):
        check(program, np.vstack([[1, 0, 0], share[:-1]]))
    with pytest.raises(AssertionError):
        check(program, share, shocks=0.0)
    late = replace(program.couplings, now=np.zeros_like(program.couplings.now))
    with pytest.raises(AssertionError):
        check(replace(program, couplings=late), share)


# Self-exciting counts ---------------------------------------------------------------------------------------


class Hawkes:
    """Moments of n ~ Poisson(x (mu h + e)), e' = d e + (1 - d) b n, and of the total S; all are linear in e.

    Given e, n has the mean l = x (mu h + e) and the variance l + a l^2, so that with c = (1 - d) b
    E e' = d E e + c E l, and so on for the second moments: no approximation, at any step.
    """

    def __init__(
        self, mean_h: float, branching: float, half_life: float, n_steps: int,
        *, h: float = 1.0, exposure: float = 1.0, dispersion: float = 0.0, start: float = 0.0, keep: float = 1.0,
    ) -> None:  # fmt: skip
        d = 0.0 if half_life == 0 else 2 ** (-h / half_life)
        c, x, a = (1 - d) * branching, exposure, dispersion / h
        whole = int(1 / h + 1e-9)  # the start is spread over the week before: whole steps, and a part of the oldest
        begin = c * start * h * ((1 - d**whole) / (1 - d) + (1 / h - whole) * d**whole)
        self.recursion = (mean_h, d, c, x, a, begin)
        e, vee, ves, total, vss = begin, 0.0, 0.0, 0.0, 0.0
        self.mean, self.variance, self.lag = np.empty((3, n_steps))
        for t in range(n_steps):
            # The memory is forgotten with probability 1 - keep, whatever else happens.
            e, vee, ves = keep * e, keep * vee + keep * (1 - keep) * e**2, keep * ves
            rate, spread = x * (mean_h + e), x**2 * vee
            var = spread + rate + a * (spread + rate**2)
            self.mean[t], self.variance[t] = rate, var
            self.lag[t] = x * (d * x * vee + c * var)  # Cov(n_t, n_(t+1)) if nothing is forgotten
            vss, ves = vss + 2 * x * ves + var, d * ves + d * x * vee + c * x * ves + c * var
            vee = d**2 * vee + 2 * d * c * x * vee + c**2 * var
            e, total = d * e + c * rate, total + rate
        self.total, self.total_variance = total, vss

    def oddities(self, counts: np.ndarray) -> Iterator[np.ndarray]:
        """Yield sums over each path that have the mean 0 if its counts follow the recursion from step to step."""
        mean_h, d, c, x, a, begin = self.recursion
        e = np.full(len(counts), begin)
        off, off_e, off_squared = np.zeros((3, len(counts)))
        for n in counts.T:
            rate = x * (mean_h + e)
            off += n - rate
            off_e += (n - rate) * e
            off_squared += (n - rate) ** 2 - rate - a * rate**2
            e = d * e + c * n
        yield from (off, off_e, off_squared)


HAWKES = {
    "slow": {"rate": 1.2, "branching": 0.6, "half_life": 2.0},
    "at once": {"rate": 0.8, "branching": 0.7, "half_life": 0.0},
    "dispersed": {"rate": 1.0, "branching": 0.5, "half_life": 1.0, "dispersion": 0.5},
    "half exposed": {"rate": 2.0, "branching": 0.8, "half_life": 1.5, "exposure": 0.5},
    "started": {"rate": 0.3, "branching": 0.6, "half_life": 3.0, "start": 12.0},
}


def self_exciting(
    rate: float, branching: float, half_life: float, dispersion: float = 0, exposure: float = 1, start: float = 0
) -> str:
    memory = (
        f"branching = {branching}\nhalf_life = {half_life}\ndispersion = {dispersion}\nexposure = {{ presence = 1 }}"
    )
    return schedule("presence", exposure) + events("n", rate, memory, start)


@pytest.mark.parametrize("case", HAWKES)
@pytest.mark.parametrize("step_days", [7, 2])
def test_self_exciting_counts_have_exact_moments_at_every_step(
    compiled: Compile, mc_close: Close, case: str, step_days: int
) -> None:
    given, h = HAWKES[case], step_days / 7
    n = 14 if step_days == 7 else 21
    program = compiled(
        self_exciting(**given),
        scenario=f"step_days = {step_days}",
        outcomes=outcome("total", '"n"', "sum"),
        weeks=n * step_days // 7,
    )
    more = {key: value for key, value in given.items() if key not in ("rate", "branching", "half_life")}

    def check(program: Program, exact: Hawkes) -> None:
        found = simulate(program, draws=1, paths=100_000, seed=3, trajectories="all", threads=2)
        counts, total = by_signal(found)["n"], found.outcomes[0, 0, 0]
        for odd in exact.oddities(counts):
            mc_close(odd, exact=0.0)
        moments_close(mc_close, counts, exact.mean, exact.variance)
        for t in range(n - 1):
            mc_close((counts[:, t] - exact.mean[t]) * (counts[:, t + 1] - exact.mean[t + 1]), exact=exact.lag[t])
        mc_close(total, exact=exact.total)
        mc_close((total - exact.total) ** 2, exact=exact.total_variance)

    def moments(branching: float, half_life: float) -> Hawkes:
        return Hawkes(given["rate"] * h, branching, half_life, n, h=h, **more)

    b, life = given["branching"], given["half_life"]
    check(program, moments(b, life))
    for wrong in (
        moments(b * 0.97, life),
        moments(b, life * 1.2 + 0.3),
        moments(b / (1 - 2 ** (-h / (life + 0.3))), life),
    ):
        with pytest.raises(AssertionError):
            check(program, wrong)
    with pytest.raises(AssertionError):
        check(altered(program, "n.branching", lambda x: x * 1.03), moments(b, life))


def test_self_exciting_counts_settle_at_their_stationary_moments(compiled: Compile, mc_close: Close) -> None:
    """With m = mu h / (1 - b), c = (1 - d) b, k = d + c: V = c^2 m / (1 - k^2), Var n = m + V.

    The stationary equations are E e = k E e + c mu h and V = k^2 V + c^2 m, as n given e is Poisson.
    """
    mu, branching, half_life, n = 1.5, 0.6, 1.0, 45
    d = 0.5
    c = (1 - d) * branching
    k = d + c

    def stationary(mean: float, k: float) -> tuple[float, float, float]:
        memory = c**2 * mean / (1 - k**2)
        return mean, mean + memory, d * memory + c * (mean + memory)

    mean, variance, lag = stationary(mu / (1 - branching), k)
    exact = Hawkes(mu, branching, half_life, n)
    np.testing.assert_allclose([exact.mean[-1], exact.variance[-1], exact.lag[-1]], [mean, variance, lag], rtol=1e-4)
    program = compiled(self_exciting(mu, branching, half_life), weeks=n)
    late = tracks(program, 50_000)["n"][:, -2:]

    def check(mean: float, variance: float, lag: float) -> None:
        for counts in late.T:
            mc_close(counts, exact=mean)
            mc_close((counts - mean) ** 2, exact=variance)
        mc_close((late[:, 0] - mean) * (late[:, 1] - mean), exact=lag)

    check(mean, variance, lag)
    for wrong in (
        stationary(mu / (1 - branching) * 1.02, k),
        stationary(mean, d),
        (mean, mean, lag),
        (mean, variance, 0.0),
    ):
        with pytest.raises(AssertionError):
            check(*wrong)


@pytest.mark.parametrize("half_life", [0.0, 2.0])
def test_each_event_begets_branching_more_in_the_long_run(compiled: Compile, mc_close: Close, half_life: float) -> None:
    """Of 20 events before the start and no others: 20 b / (1 - b) in all, and (1 - k^n) of that in n steps."""
    n, branching = 12, 0.4
    program = compiled(
        self_exciting(0.0, branching, half_life, start=20), outcomes=outcome("total", '"n"', "sum"), weeks=n
    )
    total = simulate(program, draws=1, paths=60_000, seed=5).outcomes[0, 0, 0]
    d = 0.0 if half_life == 0 else 2 ** (-1 / half_life)

    def check(branching: float) -> None:
        k = d + (1 - d) * branching
        mc_close(total, exact=20 * branching / (1 - branching) * (1 - k**n))

    check(branching)
    with pytest.raises(AssertionError):
        check(branching * 1.01)


def test_a_change_of_regime_clears_the_memory(compiled: Compile, mc_close: Close) -> None:
    """Each step the regime flips with probability f, whatever happens; then nothing of the past is left."""
    rate = 0.5
    flip = 1 - math.exp(-rate)
    ways = {"calm -> war": f"rate = {rate}", "war -> calm": f"rate = {rate}"}
    memory = 'branching = 0.8\nhalf_life = 3\nresets_with = "fate"\n'
    program = compiled(events("n", 1.5, memory, start=6) + regime("fate", "calm", STATES, ways), weeks=10)

    def check(program: Program, keep: float) -> None:
        found = tracks(program, 100_000)
        exact = Hawkes(1.5, 0.8, 3.0, 10, start=6, keep=keep)
        moments_close(mc_close, found["n"], exact.mean, exact.variance)
        changed = np.diff(found["fate"], axis=1, prepend=0.0) != 0
        for t in range(10):
            mc_close(found["n"][changed[:, t], t], exact=1.5)  # a fresh start

    check(program, 1 - flip)
    with pytest.raises(AssertionError):
        check(program, 1 - flip * 0.9)
    with pytest.raises(AssertionError):
        check(program, 1.0)
    with pytest.raises(AssertionError):
        check(replace(program, events=replace(program.events, resets=np.array([NONE]))), 1 - flip)


def test_memory_is_cleared_on_the_day_of_an_assumed_change(compiled: Compile, mc_close: Close) -> None:
    program = compiled(
        events("n", 1.0, 'branching = 0.9\nhalf_life = 5\nresets_with = "fate"\n', start=10)
        + regime("fate", "calm", STATES, {}),
        scenario='[assumptions.fate]\nnote = "test"\nstates = [[2024-01-01, "calm"], [2024-01-22, "war"]]',
        weeks=6,
    )
    counts = tracks(program, 60_000)["n"]

    def check(change: int) -> None:
        before, after = Hawkes(1.0, 0.9, 5.0, change, start=10), Hawkes(1.0, 0.9, 5.0, 6 - change)
        moments_close(
            mc_close,
            counts,
            np.concatenate([before.mean, after.mean]),
            np.concatenate([before.variance, after.variance]),
        )

    check(3)
    for wrong in (2, 4):
        with pytest.raises(AssertionError):
            check(wrong)


# Exposure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [0.0, 0.5, 0.7, 1.0, 2.0])
def test_exposure_is_a_power_and_0_stays_0(compiled: Compile, mc_close: Close, power: float) -> None:
    presence = np.array([1.0, 0.25, 0.0, 3.0, 0.0])
    dates = [START + dt.timedelta(weeks=t) for t in range(5)]
    points = "[" + ", ".join(f"[{day}, {x}]" for day, x in zip(dates, presence, strict=True)) + "]"
    program = compiled(
        schedule("presence", 1.0, points) + events("n", 2.0, f"exposure = {{ presence = {power} }}"), weeks=5
    )
    found = simulate(program, draws=1, paths=50_000, seed=1, trajectories="all")
    counts = by_signal(found)["n"]
    np.testing.assert_allclose(found.threat[0, 0, 0], 2.0, rtol=1e-13)  # at full deployment, whatever the presence

    def check(power: float) -> None:
        for t, x in enumerate(presence):
            if x == 0:
                assert not counts[:, t].any()
            else:
                mc_close(counts[:, t], exact=2.0 * x**power)

    check(power)
    with pytest.raises(AssertionError):
        check(power + 0.05)


def test_exposures_multiply_and_their_sums_are_taken_first(compiled: Compile, mc_close: Close) -> None:
    """(p.north + p.south)^0.5 x state^2 x mixed: the lever is left out of the threat, what others are in is not."""
    ways = {"calm -> war": "rate = 0.7", "war -> tense": "rate = 0.4"}
    values = {"calm": 1.0, "tense": 0.0, "war": 3.0}
    program = compiled(
        schedule("p.north", 0.75)
        + schedule("p.south", 1.5)
        + regime("fate", "calm", values, ways)
        + schedule("mixed.lever", 0.9)
        + level("mixed.mood", 0.4, -1.0, 2.0, 0.5)
        + events("n", 0.6, "exposure = { 'p.*' = 0.5, fate = 2, 'mixed.*' = 1 }"),
        weeks=4,
    )
    found = simulate(program, draws=1, paths=60_000, seed=1, trajectories="all")
    by = by_signal(found)
    np.testing.assert_array_equal(by["fate"], by["fate.calm"] + 3 * by["fate.war"])  # by name, not by value

    def check(lever: float, state: float) -> None:
        mood = np.concatenate([np.full((60_000, 1), 0.4), by["mixed.mood"][:, :-1]], axis=1)
        threat = 0.6 * by["fate"] ** state * (0.9 + mood)
        np.testing.assert_allclose(by["n.threat"], threat, rtol=1e-13)
        np.testing.assert_allclose(found.threat[0, 0, 0], threat.mean(axis=0), rtol=1e-12)
        assert not by["n"][by["fate"] == 0].any()
        mc_close(by["n"] - threat * lever, exact=0.0)

    check(2.25**0.5, 2)
    with pytest.raises(AssertionError):
        check(0.75**0.5 + 1.5**0.5, 2)
    with pytest.raises(AssertionError):
        check(2.25**0.5, 1)


# Responses --------------------------------------------------------------------------------------------------


def test_answers_are_binomial_in_the_events_of_the_same_step(compiled: Compile, mc_close: Close) -> None:
    """Thinning: k has the mean p m, the variance p m + a p^2 m^2, and Cov(k, n) = p Var n; then once more."""
    a, m, p, q, push = 0.5, 6.0, 0.3, 0.6, 0.8
    p_pushed = special.expit(special.logit(p) + 0.5 * push)
    program = compiled(
        schedule("push", push)
        + events("n", m, f"dispersion = {a}")
        + response("k", '["n"]', p, "effects = { push = 0.5 }")
        + response("deaths", '["k"]', q),
        weeks=2,
    )
    found = tracks(program, 200_000)

    def check(p: float, q: float, a: float) -> None:
        for share, name in ((p, "k"), (p * q, "deaths")):
            mean = np.full(2, share * m)
            moments_close(mc_close, found[name], mean, mean + a * mean**2)
            mc_close((found[name] - share * m) * (found["n"] - m), exact=share * (m + a * m**2))
        mc_close((found["k"] - p * m) * (found["deaths"] - p * q * m), exact=q * (p * m + a * (p * m) ** 2))
        mc_close((found["k"][:, 0] - p * m) * (found["n"][:, 1] - m), exact=0.0)

    assert np.all(found["deaths"] <= found["k"])
    assert np.all(found["k"] <= found["n"])
    check(p_pushed, q, a)
    for wrong in ((p, q, a), (p_pushed * 1.02, q, a), (p_pushed, q * 1.02, a), (p_pushed, q, a * 1.1)):
        with pytest.raises(AssertionError):
            check(*wrong)


def test_several_triggers_are_summed(compiled: Compile, mc_close: Close) -> None:
    program = compiled(
        events("n.north", 2.0)
        + events("n.south", 1.0)
        + response("first", '["n.north"]', 0.5)
        + response("k", '["n.*", "first"]', 0.25),
        weeks=1,
    )
    found = tracks(program, 200_000)
    triggers = found["n.north"] + found["n.south"] + found["first"]
    assert np.all(found["k"] <= triggers)

    def check(triggers: float, variance: float) -> None:
        """Var k = p (1 - p) E T + p^2 Var T, with T = north + south + first, first and north bound together."""
        p = 0.25
        mc_close(found["k"], exact=p * triggers)
        mc_close((found["k"] - p * triggers) ** 2, exact=p * (1 - p) * triggers + p**2 * variance)

    check(4.0, 2.0 + 1.0 + 1.0 + 2 * 1.0)
    with pytest.raises(AssertionError):
        check(5.0, 6.0)  # the southern events counted twice
    with pytest.raises(AssertionError):
        check(4.0, 2.0)


def test_a_trigger_or_a_summed_signal_named_twice_is_refused(compiled: Compile) -> None:
    counts = events("n.north", 2.0) + events("n.south", 1.0)
    with pytest.raises(InputError, match=r"counts n\.south twice"):
        compiled(counts + response("k", '["n.*", "n.south"]', 0.25))
    with pytest.raises(InputError, match=r"counts n\.north twice"):
        compiled(counts, outcomes=outcome("o", '["n.north", "n.*"]', "sum"))


def test_sizes_add_up(compiled: Compile, mc_close: Close) -> None:
    """S = k + NB: E S = E k s, Var S = E k (v + ...) with v = (s - 1) + a (s - 1)^2, plus Var k s^2."""
    m, p, s, a = 5.0, 0.4, 3.5, 0.8
    size = f'size = {{ name = "Size", unit = "1", start = 0, mean = {s}, dispersion = {a} }}'
    program = compiled(events("n", m) + response("k", '["n"]', p, size), weeks=2)

    def check(program: Program, s: float, a: float) -> None:
        found = tracks(program, 200_000)
        k, total = found["k"], found["k.size"]
        assert np.all(total >= k)
        assert not total[k == 0].any()
        one = (s - 1) + a * (s - 1) ** 2
        mean = np.full(2, p * m * s)
        moments_close(mc_close, total, mean, p * m * one + p * m * s**2 + 0 * mean)
        mc_close((total - s * k) * (k - p * m), exact=0.0)
        single = total[k == 1]
        mc_close(single, exact=s)
        mc_close((single - s) ** 2, exact=one)
        mc_close(single == 1, exact=(1 + a * (s - 1)) ** (-1 / a))

    check(program, s, a)
    for wrong in ((s * 1.01, a), (s, a * 1.1), (s + 1, a)):
        with pytest.raises(AssertionError):
            check(program, *wrong)
    with pytest.raises(AssertionError):
        check(altered(program, "k.size.mean", lambda mean: mean * 1.02), s, a)


def test_sizes_of_1_and_certain_or_impossible_answers(compiled: Compile) -> None:
    size = 'size = { name = "Size", unit = "1", start = 0, mean = 1, dispersion = 2 }'
    found = tracks(
        compiled(events("n", 5.0) + response("sure", '["n"]', 1, size) + response("never", '["n"]', 0, size), weeks=3),
        1000,
    )

    def check(k: np.ndarray) -> None:
        np.testing.assert_array_equal(found["sure"], k)
        np.testing.assert_array_equal(found["sure.size"], k)
        assert not found["never"].any()
        assert not found["never.size"].any()

    check(found["n"])
    with pytest.raises(AssertionError):
        check(np.roll(found["n"], 1, axis=1))


# Schedules --------------------------------------------------------------------------------------------------

POINTS = [(dt.date(2024, 1, 11), 2.0), (dt.date(2024, 1, 19), -2.0), (dt.date(2024, 2, 4), 6.0)]
TOML_POINTS = "[" + ", ".join(f"[{day}, {value}]" for day, value in POINTS) + "]"


def read_by_hand(day: dt.date, interpolation: str, start: float) -> float:
    """Read the table with fractions of days that are exact in binary: the pieces last 8 and 16 days."""
    if day < POINTS[0][0]:
        return start
    for (first, low), (last, high) in itertools.pairwise(POINTS):
        if first <= day < last:
            share = (day - first).days / (last - first).days if interpolation == "linear" else 0.0
            return low + share * (high - low)
    return POINTS[-1][1]


@pytest.mark.parametrize("interpolation", ["linear", "step"])
@pytest.mark.parametrize("step_days", [1, 2, 7, 14])
def test_a_schedule_is_read_on_the_first_day_of_each_step(
    compiled: Compile, interpolation: str, step_days: int
) -> None:
    program = compiled(schedule("lever", 9.0, TOML_POINTS, interpolation), scenario=f"step_days = {step_days}", weeks=6)
    found = tracks(program, 2)["lever"]

    def check(interpolation: str, late: int) -> None:
        days = [START + dt.timedelta(days=step_days * t + late) for t in range(42 // step_days)]
        exact = [read_by_hand(day, interpolation, 9.0) for day in days]
        np.testing.assert_array_equal(found, [exact, exact])

    check(interpolation, 0)
    for wrong in (("step" if interpolation == "linear" else "linear", 0), (interpolation, 1), (interpolation, -1)):
        if interpolation == "step" and step_days > 1 and wrong[1]:
            continue  # a stepped table may be the same on the day before
        with pytest.raises(AssertionError):
            check(*wrong)


def test_policies_and_assumptions_replace_the_points_but_not_the_start(compiled: Compile) -> None:
    program = compiled(
        schedule("lever", 9.0, TOML_POINTS, "linear") + schedule("given", 1.0),
        scenario='[assumptions.given]\nnote = "test"\npoints = [[2024-01-15, 5.0]]\n'
        '[policies.as_is]\nname = "As it is"\n'
        '[policies.other]\nname = "Other"\n'
        'schedules.lever = { points = [[2024-01-15, 1.0], [2024-01-31, 3.0]], interpolation = "step" }\n'
        '[policies.linear]\nname = "Linear"\n'
        "schedules.lever.points = [[2024-01-15, 1.0], [2024-01-31, 3.0]]\n",
        weeks=6,
    )
    days = [START + dt.timedelta(weeks=t) for t in range(6)]

    def check(program: Program) -> None:
        found = simulate(program, draws=1, paths=1, seed=1, trajectories="all")
        lever = {policy: by_signal(found, i)["lever"][0].tolist() for i, policy in enumerate(program.policies)}
        assert lever["as_is"] == [read_by_hand(day, "linear", 9.0) for day in days]
        assert lever["other"] == [9, 9, 1, 1, 1, 3]
        assert lever["linear"] == [9, 9, 1, 1.875, 2.75, 3]
        assert by_signal(found)["given"][0].tolist() == [1, 1, 5, 5, 5, 5]

    check(program)
    table = program.schedules.table
    for wrong in (table[::-1], np.roll(table, 1, axis=2), table[:, ::-1]):
        with pytest.raises(AssertionError):
            check(replace(program, schedules=replace(program.schedules, table=wrong)))


# The order of the week --------------------------------------------------------------------------------------

SURE = "rate = 1e-12, effects = { %s = 60 }"  # leaves for certain if the signal is 1, and (almost) never if it is 0
ORDER = (
    schedule("lever", 0.0, "[[2024-01-15, 1.0], [2024-01-22, 0.0], [2024-01-29, 1.0]]")
    + regime("flip", "off", {"off": 0, "on": 1}, {"off -> on": "rate = 900", "on -> off": "rate = 900"})
    + regime("by_lever", "off", {"off": 0, "on": 1}, {"off -> on": SURE % "lever"})
    + regime("by_flip", "off", {"off": 0, "on": 1}, {"off -> on": SURE % "flip", "on -> off": SURE % '"flip.off"'})
    + regime("by_level", "off", {"off": 0, "on": 1}, {"off -> on": SURE % "mood", "on -> off": SURE % "calm"})
    + regime("by_answer", "off", {"off": 0, "on": 1}, {"off -> on": SURE % "seen", "on -> off": SURE % "unseen"})
    + regime("held", "off", {"off": 0, "on": 1}, {})
    + regime("by_held", "off", {"off": 0, "on": 1}, {"off -> on": SURE % "held", "on -> off": SURE % '"held.off"'})
    + events("by_flip_events", 1e3, "exposure = { flip = 1 }")
    + events("by_mood_events", 1e3, "effects = { calm = -40 }")
    + events("events_by_events", 1e3, "exposure = { by_flip_events = 0 }")
    + response("answer", '["by_flip_events"]', 1)
    + response("to_answer", '["answer"]', 1)
    + response("answer_in_mood", '["always"]', 0.5, "effects = { mood = 80, calm = -80 }")
    + response("by_answer_before", '["always"]', 1e-30, "effects = { answer = 0.14 }")
    + events("always", 1e3)
    + level("mood", 0.000001, -60.0, 0.0, 0.0, "effects = { flip = 120 }")
    + level("calm", 0.999999, 60.0, 0.0, 0.0, "effects = { flip = -120 }")
    + level("seen", 0.000001, -60.0, 0.0, 0.0, "effects = { answer = 0.12 }")
    + level("unseen", 0.999999, 60.0, 0.0, 0.0, "effects = { answer = -0.12 }")
    + level("only_by_mood", 0.000001, -60.0, 0.0, 0.0, "effects = { mood = 120 }")
)
ASSUMED = '[assumptions.held]\nnote = "test"\nstates = [[2024-01-22, "on"], [2024-02-05, "off"]]'


def on(track: np.ndarray) -> list[int]:
    """Whether a signal is up (above a half), step by step; every path must agree."""
    up = track > 0.5
    assert np.all(up == up[0])
    return up[0].astype(int).tolist()


def week_in_order(found: Tracks) -> None:
    flips = [1, 0, 1, 0, 1, 0, 1, 0]  # it starts off and changes in every step
    later = [0, *flips[:-1]]
    assert on(found["lever"]) == [0, 0, 1, 0, 1, 1, 1, 1]
    assert on(found["flip"]) == flips
    assert on(found["by_lever"]) == [0, 0, 1, 1, 1, 1, 1, 1]  # regimes see what is decided this week
    assert on(found["by_flip"]) == later  # and one another of the week before
    assert on(found["by_level"]) == later  # and all that comes after them
    assert on(found["by_answer"]) == later
    assert on(found["held"]) == [0, 0, 0, 1, 1, 0, 0, 0]
    assert on(found["by_held"]) == on(found["held"])  # what is assumed acts like what is decided
    assert on(found["by_flip_events"]) == flips  # events see the regimes of this week
    assert on(found["by_mood_events"]) == [0, *flips[:-1]]  # and levels of the week before
    assert on(found["events_by_events"]) == later  # and one another
    assert on(found["answer"]) == on(found["to_answer"]) == flips  # answers come at once, and answers to answers
    assert on(found["by_answer_before"]) == later  # but their odds know one another of the week before
    assert on(found["answer_in_mood"]) == later  # and the mood too
    assert on(found["mood"]) == flips  # levels see all of this week
    assert on(found["seen"]) == flips
    assert on(found["only_by_mood"]) == later  # but one another


def test_a_week_has_its_order(compiled: Compile) -> None:
    program = compiled(ORDER, scenario=ASSUMED, weeks=8)
    week_in_order(tracks(program, 20))
    for wrong in (np.zeros_like, np.ones_like, np.logical_not):
        now = wrong(program.couplings.now)
        with pytest.raises(AssertionError):
            week_in_order(tracks(replace(program, couplings=replace(program.couplings, now=now)), 20))


def test_every_single_reading_from_the_wrong_week_is_seen(compiled: Compile) -> None:
    program = compiled(ORDER, scenario=ASSUMED, weeks=8)
    couplings = program.couplings
    kinds = {name: kind for kind in ("responses", "levels") for name in getattr(program, kind).name}
    rows = {int(row): kind for kind in ("responses", "levels") for row in getattr(program, kind).predictor}
    tried = set()
    for j in np.flatnonzero(couplings.signal):  # the first signal is the constant 1
        signal = program.signals[couplings.signal[j]]
        reader = rows.get(int(np.searchsorted(couplings.pointer, j, side="right")) - 1)
        if signal.startswith("held") or not (couplings.now[j] or kinds.get(signal, "none") == reader):
            continue  # the same to readers of either week; or not there yet, so as of the week before
        now = couplings.now.copy()
        now[j] = ~now[j]
        tried.add((signal, reader))
        with pytest.raises(AssertionError):
            week_in_order(tracks(replace(program, couplings=replace(couplings, now=now)), 20))
    assert {("answer", "responses"), ("mood", "levels"), ("answer", "levels"), ("lever", None)} < tried
    late = replace(program, events=replace(program.events, factor_now=~program.events.factor_now))
    with pytest.raises(AssertionError):
        week_in_order(tracks(late, 20))


# What is kept -----------------------------------------------------------------------------------------------

KEPT = (
    schedule("lever", -1.0, "[[2024-01-03, 0.5], [2024-02-20, 2.0]]", "linear")
    + regime(
        "fate",
        "calm",
        {"calm": -1.0, "tense": 0.5, "war": 2.0},
        {way: f"rate = {rate}, effects = {{ mood = 0.5 }}" for way, rate in RATES.items()},
    )
    + events(
        "n.north",
        1.3,
        "branching = 0.5\nhalf_life = 2\nexposure = { mood = 1.3 }\nrate_by.fate = { calm = 0.2, tense = 1, war = 5 }",
    )
    + events("n.south", 140.0, "dispersion = 2.5")
    + response("k", '["n.*"]', 0.2, 'size = { name = "Size", unit = "1", start = 0, mean = 2, dispersion = 0.5 }')
    + level("mood", 0.4, -0.5, 3.0, 1.0, "effects = { lever = 0.4, 'n.north' = 0.1 }")
    + level("other", 0.6, 0.0, 1.0, 2.0)
)
SIGNALS = {
    "count": ["n.north"],
    "counts": ["n.north", "n.south", "k"],
    "size": ["k.size"],
    "mood": ["mood"],
    "moods": ["mood", "other"],
    "fate": ["fate"],
    "war": ["fate.war"],
    "lever": ["lever"],
    "threat": ["n.north.threat"],
    "mix": ["lever", "mood", "n.north"],
}
WINDOWS = {"all": None, "early": (0.0, 2.0), "late": (3.0, 6.0), "middle": (2.0, 4.0)}
THRESHOLDS = {"count": 2.0, "counts": 150.0, "size": 40.0, "mood": 0.5, "moods": 1.2, "fate": 0.5, "war": 0.0,
              "lever": 0.7, "threat": 0.8, "mix": 1.0}  # fmt: skip


def asked() -> Iterator[tuple[str, str, str, float | None]]:
    """Every reducer of every kind of signal over every window: signals, reducer, window, threshold."""
    for signals, window, code in itertools.product(SIGNALS, WINDOWS, ReducerCode):
        reduce = code.name.lower()
        yield signals, window, reduce, None
        if reduce in ("any", "first"):
            yield signals, window, reduce, THRESHOLDS[signals]


def asked_for() -> str:
    text = ""
    for i, (signals, window, reduce, threshold) in enumerate(asked()):
        if reduce == "time_above":
            threshold = THRESHOLDS[signals]
        more = f"window = {list(WINDOWS[window])}\n" if WINDOWS[window] else ""
        more += f"threshold = {threshold}\n" if threshold is not None else ""
        text += outcome(f"o{i}", str(SIGNALS[signals]), reduce, more)
    return text


def reduced(x: np.ndarray, reduce: str, threshold: float, h: float, first: int) -> np.ndarray:
    """Reduce the numbers x, shape (path, step of the window)."""
    n = x.shape[1]
    match reduce:
        case "sum":
            return x.sum(axis=1)
        case "mean":
            return x.mean(axis=1)
        case "max":
            return x.max(axis=1)
        case "last":
            return x[:, -1]
        case "any":
            return (x > threshold).any(axis=1)
        case "first":
            reached = x > threshold
            return h * np.where(reached.any(axis=1), first + reached.argmax(axis=1), first + n)
        case _:
            return h * (x > threshold).sum(axis=1)


def taken(x: np.ndarray, name: str, reduce: str, *, anything: bool, days: int) -> np.ndarray:
    """What an outcome takes of a signal: of counts those of a week, the last seven days; nothing happened before."""
    if name not in {"n.north", "n.south", "k", "k.size"}:
        return x * days / 7 if reduce == "sum" else x
    if reduce == "sum" or anything:
        return x
    if reduce == "mean":
        return x * 7 / days
    whole = np.cumsum(x, axis=1)
    return whole - np.pad(whole, ((0, 0), (7 // days, 0)))[:, : x.shape[1]]


@pytest.mark.parametrize("step_days", [7, 1])
def test_outcomes_are_what_their_paths_say(compiled: Compile, step_days: int) -> None:
    program = compiled(KEPT, outcomes=asked_for(), scenario=f"step_days = {step_days}", weeks=6)
    found = simulate(program, draws=2, paths=60, seed=6, trajectories="all")
    by, h = by_signal(found), step_days / 7
    values = found.outcomes[0].reshape(len(program.outcomes.name), -1)

    def check(values: np.ndarray) -> None:
        for value, (signals, window, reduce, given) in zip(values, asked(), strict=True):
            threshold = THRESHOLDS[signals] if reduce == "time_above" else given or 0.0
            low, high = WINDOWS[window] or (0.0, 6.0)
            first, last = round(low / h), round(high / h)
            anything = reduce in ("any", "first") and not given
            if signals in ("count", "counts", "size", "mix") and reduce in ("max", "any", "first") and not anything:
                first = min(first + 7 // step_days, last) - 1  # no week that began before
            x = sum(taken(by[name], name, reduce, anything=anything, days=step_days) for name in SIGNALS[signals])
            x = x[:, first:last]
            exact = reduced(x, reduce, threshold, h, first)
            np.testing.assert_allclose(value, exact, rtol=1e-12, atol=1e-12, err_msg=f"{signals} {window} {reduce}")

    check(values)
    firsts = values[[i for i, (*_, reduce, given) in enumerate(asked()) if reduce == "first" and given is not None]]
    assert (firsts == 6).any()  # some never come, some at once, some later
    assert (firsts == 0).any()
    assert ((firsts > 0) & (firsts < 6)).any()
    table = program.outcomes
    for wrong in (
        replace(table, first_step=table.first_step + 1),
        replace(table, last_step=table.last_step - 1),
        replace(table, threshold=table.threshold + 0.05),
        replace(table, code=np.where(table.code == ReducerCode.MEAN, ReducerCode.SUM, table.code)),
        replace(table, code=np.where(table.code == ReducerCode.LAST, ReducerCode.MAX, table.code)),
        replace(table, signal=np.roll(table.signal, 1)),
    ):
        bad = simulate(replace(program, outcomes=wrong), draws=2, paths=60, seed=6)
        with pytest.raises(AssertionError):
            check(bad.outcomes[0].reshape(len(table.name), -1))


def bin_by_hand(measure: str, x: float) -> int:
    if measure == "count":
        return int(x) if x < 256 else 256 + sum(256 * 2 ** (j / 4) <= x for j in range(1, 64))
    if measure == "amount":
        x = x / (1 + x)
    return min(int(256 * x), 255) if measure in ("level", "amount") else int(x)


SERIES = {"n.north": "count", "n.*": "count", "k.size": "count", "mood": "level", "other": "level", "fate": "state",
          "fate.war": "indicator", "n.north.threat": "amount"}  # fmt: skip


def test_histograms_are_what_their_paths_say(compiled: Compile) -> None:
    program = compiled(KEPT, scenario=f"series = {list(SERIES)}", weeks=6)
    assert program.series.measure == tuple(SERIES.values())
    found = simulate(program, draws=3, paths=300, seed=6, trajectories="all", block=256)
    by = by_signal(found)
    by["n.*"] = by["n.north"] + by["n.south"]
    by["fate"] = by["fate.tense"] + 2 * by["fate.war"]
    assert by["n.*"].max() > 512

    def check(histograms: tuple[np.ndarray, ...]) -> None:
        for (name, measure), histogram in zip(SERIES.items(), histograms, strict=True):
            exact = np.zeros_like(histogram[0])
            for t, x in itertools.chain.from_iterable(enumerate(path) for path in by[name]):
                exact[t, bin_by_hand(measure, x)] += 1
            np.testing.assert_array_equal(histogram[0], exact, err_msg=name)

    check(found.histograms)
    for i in range(len(SERIES)):
        for wrong in (np.roll(found.histograms[i], 1, axis=1), np.roll(found.histograms[i], 1, axis=2)):
            with pytest.raises(AssertionError):
                check((*found.histograms[:i], wrong, *found.histograms[i + 1 :]))


def test_a_lever_has_no_histogram(compiled: Compile) -> None:
    found = simulate(compiled(KEPT, scenario='series = ["lever"]', weeks=2), draws=2, paths=2, seed=1)
    assert found.histograms[0].shape == (1, 2, 0)


def test_levers_below_0_can_be_summed_in_a_series(compiled: Compile) -> None:
    program = compiled(
        schedule("u.a", -0.5) + schedule("u.b", -0.25),
        scenario='series = ["u.*"]',
        outcomes=outcome("o", '"u.a"', "last"),
    )
    simulate(program, draws=1, paths=1, seed=1)


def test_the_threat_is_the_mean_rate_at_full_deployment(compiled: Compile) -> None:
    """Per week: (exp(eta) h + e) / h times the exposures that are no levers, with e rebuilt from the counts."""
    ways = {way: f"rate = {rate}" for way, rate in RATES.items()}
    memory = "branching = 0.6\nhalf_life = 1.5\nexposure = { presence = 0.8, mood = 1.4 }\n"
    drivers = (
        schedule("presence", 0.3)
        + regime("fate", "calm", STATES, ways)
        + level("mood", 0.4, 0.5, 2.0, 1.0)
        + events("n", 4.0, memory + "rate_by.fate = { calm = 0.5, tense = 1, war = 3 }", start=3)
        + events("plain", 4.0)
    )
    program = compiled(drivers, scenario="step_days = 3", weeks=6)
    found = simulate(program, draws=2, paths=300, seed=4, trajectories="all")
    kept = dict(zip(found.trajectory_signals, found.trajectories[0], strict=True))
    assert program.events.name == ("n", "plain")
    assert not found.threat[0, 1].any()  # nothing to be exposed to, nothing kept

    def check(found: Simulation, half_life: float) -> None:
        h, d = 3 / 7, 2 ** (-3 / 7 / half_life)
        e = np.full((2, 300), (1 - d) * 0.6 * 3 * h * (1 + d + d**2 / 3))
        for t in range(14):
            base = 4.0 * (0.5 * kept["fate.calm"] + kept["fate.tense"] + 3 * kept["fate.war"])[:, :, t]
            mood = kept["mood"][:, :, t - 1] if t else 0.4
            threat = mood**1.4 * (base * h + e) / h
            np.testing.assert_allclose(kept["n.threat"][:, :, t], threat, rtol=1e-12)
            np.testing.assert_allclose(found.threat[0, 0, :, t], threat.mean(axis=1), rtol=1e-12)
            e = d * e + (1 - d) * 0.6 * kept["n"][:, :, t]

    check(found, 1.5)
    with pytest.raises(AssertionError):
        check(found, 1.51)
    with pytest.raises(AssertionError):
        check(replace(found, threat=found.threat * 0.3**0.8), 1.5)


def test_events_of_the_first_paths_are_kept_as_they_are(compiled: Compile, monkeypatch: pytest.MonkeyPatch) -> None:
    program = compiled(KEPT, weeks=4)
    everything = simulate(program, draws=3, paths=8, seed=6, trajectories="all")
    kept = simulate(program, draws=3, paths=8, seed=6)
    assert kept.trajectory_signals == ("n.north", "n.south", "k")

    def check(kept: Simulation, n_paths: int) -> None:
        assert kept.trajectories.shape == (1, 3, 3, n_paths, 4)
        for i, name in enumerate(kept.trajectory_signals):
            whole = everything.trajectories[:, everything.trajectory_signals.index(name)]
            np.testing.assert_array_equal(kept.trajectories[:, i], whole[:, :, :n_paths])

    check(kept, 8)
    with pytest.raises(AssertionError):
        check(replace(kept, trajectories=kept.trajectories[:, ::-1]), 8)
    monkeypatch.setattr(sys.modules[simulate.__module__], "MAX_TRAJECTORIES", 17)
    check(simulate(program, draws=3, paths=8, seed=6), 5)


def test_a_wrong_engine_is_seen(compiled: Compile, mc_close: Close, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks above run again on engines with a planted bug each."""
    poisson, binomial, negative = oracle.poisson_quantile, oracle.binomial_quantile, oracle.negative_binomial_quantile
    size = response("k", '["n"]', 0.4, 'size = { name = "S", unit = "1", start = 0, mean = 3, dispersion = 1 }')
    program = compiled(events("n", 5.0) + size, weeks=2)

    def check() -> None:
        found = tracks(program, 60_000)
        mc_close(found["n"], exact=5.0)
        mc_close(found["k"], exact=2.0)
        mc_close(found["k.size"], exact=6.0)

    check()
    bugs: list[tuple[str, Callable[..., np.ndarray]]] = [
        ("poisson_quantile", lambda u, mean: poisson(u, mean * 1.02)),
        ("binomial_quantile", lambda u, n, p: binomial(u, n, p * 1.03)),
        ("negative_binomial_quantile", lambda u, mean, spread: negative(u, mean * 1.05, spread)),
    ]
    for name, wrong in bugs:
        with monkeypatch.context() as patch:
            patch.setattr(oracle, name, wrong)
            with pytest.raises(AssertionError):
                check()


@pytest.mark.parametrize(("relative_to", "exact"), [(0.0, 4.0), (2.0, 2.0), (7.0, 3.0)])
def test_a_sum_of_signals_is_one_part_of_the_cross_pressure(
    compiled: Compile, relative_to: float, exact: float
) -> None:
    """|coefficient x (sum - reference)|, whatever the order of the names, and no base in it."""
    for first, second in ((1.0, 3.0), (3.0, 1.0)):
        effect = f'"u.*" = {{ coefficient = -1, relative_to = {relative_to} }}'
        mood = f'[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = 9\neffects = {{ {effect} }}\n'
        program = compiled(
            schedule("u.a", first) + schedule("u.b", second) + mood + "half_life = 2\nsd = 0\n",
            outcomes=outcome("o", '"mood.cross"', "mean"),
            weeks=3,
        )
        found = simulate(program, draws=1, paths=1, seed=1, trajectories="all")
        cross = found.trajectories[0, found.trajectory_signals.index("mood.cross"), 0, 0]
        np.testing.assert_allclose(cross, exact, rtol=1e-12)
        with pytest.raises(AssertionError):  # each signal as a part of its own, the reference taken off one of them
            np.testing.assert_allclose(cross, abs(first - relative_to) + abs(second) + 0.1, rtol=1e-12)


def test_a_factor_that_is_drawn_as_0_is_refused_by_its_name(compiled: Compile) -> None:
    program = compiled(
        regime("fate", "calm", STATES, {"calm -> war": "rate = 0.1"})
        + events("n", 1.0, "rate_by.fate = { calm = 1, tense = 1, war = 'none' }"),
        parameters='[none]\nunit = "1"\nprior = { family = "gamma", shape = 0.0005, rate = 1 }\n'
        'status = "judgement"\nsource = "test"\nnote = "test"\n',
    )
    with pytest.raises(SimulationError, match=r"n\.rate_by\.fate\.war, draw \d+: parameter none = 0 is outside"):
        simulate(program, draws=50, paths=1, seed=1)
