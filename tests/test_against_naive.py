"""The engine against a second, naive implementation, on random cases; and that a mistake would be seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hudna.engine import compile_scenario, simulate
from hudna.scenario import load

from . import naive
from .case_strategies import seeds, written_cases
from .naive import WEEK, Walk, draw_parameters, philox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hudna.engine import Simulation
    from hudna.scenario import Scenario

N_DRAWS, N_PATHS = 2, 2
EXACT = ("regime", "events", "response")


def run(scenario: Scenario, seed: int) -> Simulation:
    program = compile_scenario(scenario)
    return simulate(program, draws=N_DRAWS, paths=N_PATHS, seed=seed, trajectories="all", threads=1)


def disagreements(scenario: Scenario, simulation: Simulation, walk: type[Walk] = Walk) -> list[str]:
    """Say where the first difference lies on each path: counts and states exactly, all else within 1e-12."""
    found = []
    for draw in range(simulation.n_draws):
        theta = simulation.theta[draw].tolist()
        parameters = dict(zip(simulation.program.parameters, theta, strict=True))
        for i, policy in enumerate(scenario.policies):
            for path in range(simulation.n_paths):
                one = walk(scenario, policy, seed=simulation.seed, draw=draw, path=path, parameters=parameters)
                theirs = dict(
                    zip(simulation.trajectory_signals, simulation.trajectories[i, :, draw, path], strict=True)
                )
                found += first_difference(one, one.run(), theirs, f"{policy}, draw {draw}, path {path}")
    return found


def first_difference(one: Walk, series: dict[str, list[float]], theirs: dict[str, Any], where: str) -> list[str]:
    kinds = {signal: one.nodes[one.owner[signal]].kind for signal in theirs}
    for step in range(len(next(iter(series.values())))):
        for signal in sorted(theirs, key=lambda signal: (WEEK.index(kinds[signal]), signal)):
            ours, engine = series[signal][step], float(theirs[signal][step])
            if kinds[signal] in EXACT and not signal.endswith(".threat"):
                same = ours == engine
            else:
                same = math.isclose(ours, engine, rel_tol=1e-12, abs_tol=1e-12)
            if not same:
                return [f"{where}, step {step}: {signal} is {engine!r}, naively {ours!r}"]
    return []


def unrecorded(scenario: Scenario, simulation: Simulation) -> set[str]:
    """Return signals that are missing; a threat or a cross pressure may be, unless an outcome asks for it."""
    asked = {signal for outcome in scenario.file.outcomes.values() for signal in outcome.signal}
    signals = {s for s in scenario.case.signals if s in asked or not s.endswith((".threat", ".cross"))}
    return signals - set(simulation.trajectory_signals)


def parameter_disagreements(scenario: Scenario, simulation: Simulation) -> list[str]:
    """Say which parameters differ; the two solve for a prior's shapes on ways of their own, hence 1e-8."""
    return [
        f"draw {draw}: {name} is {value!r}, naively {ours[name]!r}"
        for draw in range(simulation.n_draws)
        for ours in [draw_parameters(scenario, simulation.seed, draw)]
        for name, value in zip(simulation.program.parameters, simulation.theta[draw].tolist(), strict=True)
        if not math.isclose(value, ours[name], rel_tol=1e-8, abs_tol=1e-12)
    ]


def test_philox_gives_the_published_words() -> None:
    """The known answers that come with Random123 (Salmon et al. 2011)."""
    ones = 0xFFFFFFFF
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0)
    assert philox((0,) * 4, (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox((ones,) * 4, (ones, ones)) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    assert philox(pi[:4], pi[4:]) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=written_cases(), seed=seeds)
def test_a_random_case_runs_as_it_does_naively(
    write_case: Callable[..., Path], case: dict[str, Any], seed: int
) -> None:
    scenario = load(write_case(**case))
    simulation = run(scenario, seed)
    assert unrecorded(scenario, simulation) == set()
    assert parameter_disagreements(scenario, simulation) == []
    assert disagreements(scenario, simulation) == []


# Would a mistake be seen? A case in which each mistake below matters.

DRIVERS = """
[lever]
kind = "schedule"
name = "Lever"
unit = "share"
start = 1.0
interpolation = "linear"
points = [[2024-02-05, 1.0], [2024-03-25, 0.0], [2024-05-06, 0.5]]

[mood]
kind = "regime"
name = "Mood"
start = "calm"
states.calm = { name = "calm", value = 0 }
states.rain = { name = "rain", value = 1 }
states.storm = { name = "storm", value = 2 }
transitions."calm -> rain" = { rate = 0.3, effects = { "strikes" = 0.1 } }
transitions."calm -> storm" = { rate = "storms", effects = { lever = { coefficient = 1.0, relative_to = 0.5 } } }
transitions."rain -> calm" = { rate = 0.3 }
transitions."rain -> storm" = { rate = 0.3, on = { "war.war" = 0.6 } }
transitions."storm -> rain" = { rate = 0.3 }
transitions."storm -> calm" = { on = { "war.peace" = 0.4, "war.war" = 0.2 } }

[war]
kind = "regime"
name = "War"
start = "peace"
states = { peace = { name = "peace", value = 0.5 }, war = { name = "war", value = 1.5 } }
transitions."peace -> war" = { rate = 0.2, effects = { mood = 1.0 } }
transitions."war -> peace" = { rate = 2.0, effects = { mood = -1.0 } }

[attacks]
kind = "events"
name = "Attacks"
per = ["a", "b"]
unit = "attacks"
start = 6
rate = "attack_rate"
rate_by.mood = { calm = 0.5, rain = 1, storm = 1.5 }
effects = { "attacks.a" = -0.1, "anger.*" = 0.3 }
exposure = { lever = 0, war = 0.5 }
branching = 0.6
half_life = 3
dispersion = 0.4
resets_with = "war"

[strikes]
kind = "response"
name = "Strikes"
unit = "strikes"
start = 3
triggers = ["attacks.*"]
probability = "strike_probability"
effects = { "strikes" = -0.2 }
size = { name = "Dead", unit = "persons", start = 0, mean = 3, dispersion = 0.8 }

[answers]
kind = "response"
name = "Answers to strikes"
unit = "answers"
start = 2
triggers = ["attacks.b", "strikes"]
probability = 0.6

[anger]
kind = "level"
name = "Anger"
per = "faction"
actor = "{}"
toward = "exit"
start = 0.3
base = -0.5
effects = { "answers" = 0.2, "strikes.size" = 0.05 }
half_life = 3
sd = 0.4

[anger.overrides.SOUTH]
toward = "stay"

[pressure]
kind = "level"
name = "Pressure"
actor = "GOV"
toward = "exit"
start = 0.6
base = 0.2
effects = { "attacks.*" = 0.05, "mood.storm" = -0.4 }
half_life = 4
sd = 0.2
"""

ACTORS = "".join(
    f'[{name}]\nname = "{name}"\nkind = "{kind}"\nsource = "made up"\n'
    for name, kind in (("NORTH", "faction"), ("SOUTH", "faction"), ("GOV", "state"))
)

TIES = "".join(
    f'[[tie]]\nsource = "{source}"\ntarget = "{target}"\nkind = "presses"\nchannel = "political"\n'
    f'toward = "{toward}"\nweight = {weight}\nfact = "made up"\nreference = "made up"\n'
    for source, target, toward, weight in (
        ("NORTH", "GOV", "exit", 2),
        ("SOUTH", "GOV", "stay", 1),
        ("NORTH", "SOUTH", "exit", 1.5),
        ("GOV", "NORTH", "stay", 0.5),
    )
)

ABOUT = """
[channels]
political = "tie_political"

[correlations.violence]
parameters = ["strike_probability", "attack_rate", "storms"]
matrix = [[1, 0.7, -0.5], [0.7, 1, 0], [-0.5, 0, 1]]
source = "made up"
note = "made up"
"""

PARAMETERS = "".join(
    f'[{name}]\nunit = "a number"\nprior = {{ {prior} }}\nstatus = "judgement"\nsource = "made up"\nnote = "made up"\n'
    for name, prior in (
        ("attack_rate", 'family = "gamma", p5 = 1.5, p95 = 4'),
        ("storms", 'family = "lognormal", median = 0.5, sigma = 0.3'),
        ("strike_probability", 'family = "beta", mean = 0.5, sd = 0.1'),
        ("tie_political", 'family = "gamma", mean = 1, sd = 0.3'),
    )
)

SCENARIO = """
[policies.as_is]
name = "As it is"

[policies.other]
name = "Otherwise"
schedules.lever.points = [[2024-01-15, 0.2], [2024-04-01, 1.0]]

[assumptions.mood]
note = "made up"
states = [[2024-02-01, "calm"], [2024-02-15, "storm"], [2024-03-01, "calm"], [2024-03-20, "free"]]
"""

OUTCOMES = "".join(
    f'[outcomes.{name}]\nname = "{name}"\nsignal = {signals}\nreduce = "mean"\n'
    for name, signals in (
        ("threat", '["attacks.a.threat", "attacks.b.threat"]'),
        ("cross", '["anger.NORTH.cross", "anger.SOUTH.cross", "pressure.cross"]'),
    )
)


class EarlierKindsAsBefore(Walk):
    def sees(self, reader: str, signal: str) -> float:
        return self.seen(signal, now=False)


class OwnKindAsNow(Walk):
    def sees(self, reader: str, signal: str) -> float:
        return self.seen(signal, now=signal in self.now)


class ClampedAsBefore(Walk):
    def sees(self, reader: str, signal: str) -> float:
        held, self.held = self.held, {}
        value = super().sees(reader, signal)
        self.held = held
        return value


class ClampedForEver(Walk):
    def clamped(self) -> Iterator[tuple[str, str]]:
        for name, assumption in self.assumptions.items():
            states = [state for day, state in assumption.states or () if day <= self.day and state != "free"]
            if states:
                yield name, states[-1]


class StepsForLines(Walk):
    def read_off(self, name: str, node: Any) -> float:
        points = self.policy.schedules[name].points if name in self.policy.schedules else node.points
        return next((value for day, value in reversed(points) if day <= self.day), node.start)


class WaysBackwards(Walk):
    def choose(self, u: float, ways: list[tuple[str, float]]) -> str:
        return super().choose(u, ways[::-1])


class ChancesInEveryStep(Walk):
    def chance(self, transition: Any) -> float:
        self.entered = {f"{name}.{state}" for name, state in self.state.items()}
        return super().chance(transition)


class ChancesAddUp(Walk):
    def chance(self, transition: Any) -> float:
        return sum(self.number(p) for p in transition.on.values())


class NeverForgets(Walk):
    def forgets(self, node: Any) -> bool:
        return False


class MemoryNeverFades(Walk):
    def remember(self, memory: float, node: Any, count: float) -> float:
        return super().remember(memory, node, count) + (1 - self.kept(node)) * memory


class ForgetsTheStart(Walk):
    def first_memory(self, node: Any, count: float) -> float:
        return 0.0


class NothingToNoPowerIsOne(Walk):
    def power(self, x: float, power: float) -> float:
        return x**power


class LeversInTheThreat(Walk):
    def is_lever(self, reference: str) -> bool:
        return False


class ResponsesBackwards(Walk):
    def answers(self) -> list[str]:
        return super().answers()[::-1]

    def trigger(self, signal: str) -> float:
        return self.now.get(signal, 0)


class SizesUseTheCountsNumbers(Walk):
    def u(self, stream: str) -> float:
        return super().u(stream.removesuffix(".size"))


class SizesSpreadAsOne(Walk):
    def size(self, name: str, size: Any, count: int) -> int:
        return super().size(name, size.model_copy(update={"dispersion": size.dispersion * count}), count)


class TiesPushOneWay(Walk):
    def terms(self, name: str, node: Any) -> list[Any]:
        own = len(node.effects)
        terms = super().terms(name, node)
        return terms[:own] + [(abs(coefficient), *rest) for coefficient, *rest in terms[own:]]


class CrossStartsAtNothing(Walk):
    def first_cross(self, name: str, node: Any) -> float:
        return 0.0


class CrossIsNet(Walk):
    def both_sides(self, sees: Callable[[str], float], terms: list[Any]) -> float:
        return abs(sum(self.parts(sees, terms)))


class NeutralAtNothing(Walk):
    def effects(self, effects: Any) -> list[Any]:
        return [(coefficient, signal, 0.0) for coefficient, signal, _ in super().effects(effects)]


class CountsActPerStep(Walk):
    def seen(self, signal: str, *, now: bool) -> float:
        if signal not in self.start_of:
            return super().seen(signal, now=now)
        steps = [*self.past, *([self.now] if now else [])]
        return steps[-1][signal] if steps else self.start_of[signal] * self.h


class StartsInTheLastStep(Walk):
    def first_memory(self, node: Any, count: float) -> float:
        return self.remember(0.0, node, count)


class DispersedPerStep(Walk):
    def number(self, value: Any) -> float:
        dispersed = value == 0.4  # which nothing else is in the case of everything
        return super().number(value) * (self.h if dispersed else 1.0)


PER_STEP = [CountsActPerStep, StartsInTheLastStep, DispersedPerStep]
TWINS = [
    ChancesInEveryStep,
    ChancesAddUp,
    EarlierKindsAsBefore,
    OwnKindAsNow,
    ClampedAsBefore,
    ClampedForEver,
    StepsForLines,
    WaysBackwards,
    NeverForgets,
    MemoryNeverFades,
    ForgetsTheStart,
    NothingToNoPowerIsOne,
    LeversInTheThreat,
    ResponsesBackwards,
    SizesUseTheCountsNumbers,
    SizesSpreadAsOne,
    TiesPushOneWay,
    CrossStartsAtNothing,
    CrossIsNet,
    NeutralAtNothing,
]


def told(write_case: Callable[..., Path], step_days: int, weeks: int) -> Scenario:
    return load(
        write_case(
            DRIVERS,
            actors=ACTORS,
            ties=TIES,
            about=ABOUT,
            parameters=PARAMETERS,
            scenario=f"step_days = {step_days}\n{SCENARIO}",
            outcomes=OUTCOMES,
            weeks=weeks,
        )
    )


@pytest.fixture
def telling(write_case: Callable[..., Path]) -> Scenario:
    return told(write_case, 7, 26)


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.__name__)
def test_a_planted_mistake_is_noticed(telling: Scenario, twin: type[Walk]) -> None:
    assert disagreements(telling, run(telling, seed=5), twin)


def test_without_a_mistake_there_is_nothing_to_notice(telling: Scenario) -> None:
    assert disagreements(telling, run(telling, seed=5)) == []


@pytest.mark.parametrize("step_days", [1, 2, 7, 10, 28])
def test_counts_that_act_per_step_are_noticed(write_case: Callable[..., Path], step_days: int) -> None:
    scenario = told(write_case, step_days, 20 if step_days > 7 else 4)
    simulation = run(scenario, seed=5)
    assert disagreements(scenario, simulation) == []
    for twin in PER_STEP:
        assert bool(disagreements(scenario, simulation, twin)) == (step_days != 7)


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**64 - 1])
def test_both_words_of_the_seed_count(telling: Scenario, seed: int) -> None:
    class WordsSwapped(Walk):
        def u(self, stream: str) -> float:
            self.seed = seed % 2**32 * 2**32 + seed // 2**32
            return super().u(stream)

    simulation = run(telling, seed)
    assert disagreements(telling, simulation) == []
    assert bool(disagreements(telling, simulation, WordsSwapped)) == (seed in (1, 2**32))


def test_parameters_that_are_not_correlated_are_noticed(telling: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = run(telling, seed=5)
    assert parameter_disagreements(telling, simulation) == []
    monkeypatch.setattr(naive, "cholesky", lambda matrix: [[float(i == j) for j in range(3)] for i in range(3)])
    assert parameter_disagreements(telling, simulation)
