"""What must move no bit: policies, drivers that nobody reads, blocks, threads, the order of files, a larger run."""

from __future__ import annotations

import itertools
import random
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from scipy import special

from hudna.arrays import FloatArray
from hudna.case.documents import as_toml
from hudna.engine import Simulation, blocks, compile_scenario, oracle_run, recording, simulate
from hudna.engine.program import Program
from hudna.engine.streams import stream_id, uniforms
from hudna.errors import SimulationError
from hudna.scenario import Scenario, load

ENGINE = sys.modules[simulate.__module__]  # the module, which has the same name as its function

Run: TypeAlias = Callable[..., Simulation]
Edit: TypeAlias = Callable[[str], str]

DRIVERS = """
[presence]
kind = "schedule"
name = "Presence"
unit = "share"
start = 1.0
points = [[2024-02-01, 0.8], [2024-04-01, 0.3]]
interpolation = "linear"

[support]
kind = "schedule"
name = "Support"
unit = "share"
start = 1.0
interpolation = "step"

[war]
kind = "regime"
name = "War"
start = "low"
states.low = { name = "low", value = 0 }
states.middle = { name = "middle", value = 1 }
states.high = { name = "high", value = 4 }
transitions."low -> middle" = { rate = "breaks", effects = { strikes = 0.4, support = -0.2 } }
transitions."low -> high" = { rate = 0.02, effects = { "anger.*" = 0.7 } }
transitions."middle -> low" = { rate = 0.3 }
transitions."high -> middle" = { rate = "calms" }

[attacks]
kind = "events"
name = "Attacks by {}"
per = "militia"
unit = "attacks"
start = 1
rate = "attack_rate"
rate_by.war = { low = 0.2, middle = 1, high = "much" }
effects = { "anger.{}" = 0.6 }
exposure = { presence = "power", support = 0 }
branching = "contagion"
half_life = 1.5
dispersion = "spread"
resets_with = "war"

[attacks.overrides.SOUTH]
dispersion = 0
rate = 0.9

[flood]
kind = "events"
name = "Many small things"
unit = "things"
start = 0
rate = 60
effects = { war = 0.3 }
dispersion = 0.2

[strikes]
kind = "response"
name = "Strikes"
unit = "strikes"
start = 0
triggers = ["attacks.*"]
probability = 0.4
effects = { presence = 0.5 }

[victims]
kind = "response"
name = "Deadly strikes"
unit = "strikes"
start = 0
triggers = ["strikes", "flood"]
probability = 0.1
size = { name = "Victims", unit = "persons", start = 0, mean = "how_many", dispersion = 0.7 }

[anger]
kind = "level"
name = "Anger of {}"
per = "militia"
actor = "{}"
toward = "exit"
start = 0.3
base = "base"
effects = { strikes = 0.2, "victims.size" = 0.02, support = 0.3 }
half_life = 4
sd = 0.4

[pressure]
kind = "level"
name = "Pressure"
actor = "GOV"
toward = "stay"
start = 0.4
base = -0.5
effects = { "attacks.*" = 0.05, war = 0.1 }
half_life = "memory"
sd = 0.3
"""


def parameter(name: str, prior: str) -> str:
    head = f'[{name}]\nunit = "1"\nprior = {{ {prior} }}\n'
    return f'{head}status = "judgement"\nsource = "invented"\nnote = "for a test"\n'


PRIORS = {
    "breaks": 'family = "gamma", p5 = 0.03, p95 = 0.4',
    "calms": 'family = "lognormal", median = 0.5, sigma = 0.4',
    "attack_rate": 'family = "lognormal", median = 1.5, sigma = 0.3',
    "much": 'family = "pert", low = 2, mode = 3, high = 6',
    "power": 'family = "uniform", low = 0, high = 1',
    "contagion": 'family = "beta", a = 2, b = 4, upper = 0.8',
    "spread": 'family = "triangular", low = 0.1, mode = 0.5, high = 1',
    "how_many": 'family = "gamma", mean = 3, sd = 1, lower = 1',
    "base": 'family = "normal", mean = -1, sd = 0.4',
    "memory": 'family = "gamma", mean = 4, sd = 1',
    "words": 'family = "gamma", mean = 0.6, sd = 0.2',
}
PARAMETERS = "".join(parameter(name, prior) for name, prior in PRIORS.items())
ACTORS = "".join(
    f'[{name}]\nname = "{name}"\nkind = "{kind}"\nsource = "invented"\n'
    for name, kind in (("GOV", "state"), ("NORTH", "militia"), ("SOUTH", "militia"))
)
TIE = '[[tie]]\nsource = "{}"\ntarget = "{}"\nkind = "presses"\nchannel = "political"\ntoward = "{}"\nweight = {}\n'
TIES = "".join(
    TIE.format(*tie) + 'fact = "x"\nreference = "x"\n'
    for tie in (("NORTH", "GOV", "exit", 2), ("SOUTH", "GOV", "stay", 1.5), ("NORTH", "SOUTH", "exit", 1))
)
ABOUT = """
[channels]
political = "words"

[correlations.rates]
parameters = ["breaks", "attack_rate", "base"]
matrix = [[1.0, 0.4, 0.2], [0.4, 1.0, -0.3], [0.2, -0.3, 1.0]]
source = "invented"
note = "for a test"
"""
SCENARIO = """
series = ["attacks.*", "victims.size", "pressure", "war", "war.high", "attacks.NORTH.threat"]

[assumptions.war]
note = "for a test"
states = [[2024-01-15, "middle"], [2024-01-22, "free"]]

[policies.stay]
name = "Stay"

[policies.leave]
name = "Leave"
schedules.presence.points = [[2024-01-22, 1.0], [2024-03-04, 0.0]]
"""
OUTCOMES = """
[outcomes.attacks]
name = "Attacks"
signal = "attacks.*"
reduce = "sum"

[outcomes.pressure]
name = "Mean pressure"
signal = "pressure"
reduce = "mean"

[outcomes.war]
name = "Until war"
signal = "war.high"
reduce = "first"

[outcomes.cross]
name = "Pushes of both sides"
signal = "pressure.cross"
reduce = "max"

[outcomes.victims]
name = "Victims late"
signal = ["victims.size", "strikes"]
reduce = "sum"
window = [4, 10]
"""
WEEKS = 11  # no multiple of 4: the last call of the generator is cut off


@pytest.fixture
def written(write_case: Callable[..., Path]) -> Callable[..., Path]:
    """Write the case above with some files changed; return the scenario's file."""

    def write(**changed: Edit) -> Path:
        files = {
            "drivers": DRIVERS,
            "parameters": PARAMETERS,
            "actors": ACTORS,
            "ties": TIES,
            "about": ABOUT,
            "scenario": SCENARIO,
            "outcomes": OUTCOMES,
        }
        assert not set(changed) - set(files)
        return write_case(**{name: changed.get(name, str)(text) for name, text in files.items()}, weeks=WEEKS)

    return write


@pytest.fixture
def run(written: Callable[..., Path]) -> Run:
    """Simulate the case above with some files changed."""

    def go(*, draws: int = 6, paths: int = 40, seed: int = 1, **changed: Edit) -> Simulation:
        return simulated(written(**changed), draws=draws, paths=paths, seed=seed)

    return go


def simulated(path: Path, *, draws: int = 6, paths: int = 40, seed: int = 1, **how: Any) -> Simulation:
    how.setdefault("trajectories", "all")
    return simulate(compile_scenario(load(path)), draws=draws, paths=paths, seed=seed, **how)


def swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert text.count(old) == 1, old
        return text.replace(old, new)

    return edit


def add(more: str) -> Edit:
    return lambda text: f"{text}\n{more}"


def numbers(found: Simulation) -> dict[tuple[str, ...], np.ndarray]:
    """Every array of a run, by what it is of; draws and paths are the first axes where there are any."""
    program, by = found.program, {}
    for i, name in enumerate(program.parameters):
        by["theta", name] = found.theta[:, i]
    for p, policy in enumerate(program.policies):
        for i, name in enumerate(program.outcomes.name):
            by["outcome", policy, name] = found.outcomes[p, i]
        for i, name in enumerate(program.series.name):
            by["histogram", policy, name] = found.histograms[i][p]
        for i, name in enumerate(program.events.name):
            by["threat", policy, name] = found.threat[p, i]
        for i, name in enumerate(found.trajectory_signals):
            by["trajectory", policy, name] = found.trajectories[p, i]
    return by


def no_bit_moved(before: Simulation, after: Simulation) -> None:
    """All that the first run has, the second has too, to the last bit."""
    old, new = numbers(before), numbers(after)
    assert set(old) <= set(new)
    moved = [key for key in old if not np.array_equal(old[key], new[key])]
    assert not moved, f"{len(moved)} of {len(old)} arrays moved, such as {moved[0]}"


def everything_moves(before: Simulation, after: Simulation) -> None:
    """Shown to be so: the check fails, and not only in a corner."""
    with pytest.raises(AssertionError, match="moved"):
        no_bit_moved(before, after)


# What nobody reads ------------------------------------------------------------------------------------------

UNREAD: dict[str, dict[str, Edit]] = {
    "actor": {"actors": add('[FAR]\nname = "Far"\nkind = "power"\nsource = "invented"\n')},
    "actor and a tie without direction": {
        "actors": add('[FAR]\nname = "Far"\nkind = "power"\nsource = "invented"\n'),
        "ties": add(re.sub(r'toward = ""\n', "", TIE.format("FAR", "GOV", "", 3)) + 'fact = "x"\nreference = "x"\n'),
    },
    "parameter": {"parameters": add(parameter("aaa", 'family = "normal", mean = 0, sd = 1'))},
    "schedule": {
        "drivers": add('[aaa]\nkind = "schedule"\nname = "A"\nunit = "1"\nstart = 2\ninterpolation = "step"\n')
    },
    "regime": {
        "drivers": add(
            '[bbb]\nkind = "regime"\nname = "B"\nstart = "on"\nstates.on = { name = "on", value = 1 }\n'
            'states.off = { name = "off", value = 0 }\ntransitions."on -> off" = { rate = "breaks" }\n'
        )
    },
    "events": {
        "drivers": add(
            '[attack]\nkind = "events"\nname = "C"\nunit = "1"\nstart = 0\nrate = "attack_rate"\ndispersion = 0.4\n'
            'exposure = { presence = "power" }\nbranching = 0.5\nhalf_life = 3\nresets_with = "war"\n'
        )
    },
    "response": {
        "drivers": add(
            '[a_response]\nkind = "response"\nname = "D"\nunit = "1"\nstart = 0\ntriggers = ["attacks.*", "victims"]\n'
            'probability = 0.5\nsize = { name = "S", unit = "1", start = 0, mean = 2, dispersion = 1 }\n'
        )
    },
    "level": {
        "drivers": add(
            '[q]\nkind = "level"\nname = "E"\nstart = 0.5\nbase = "base"\nhalf_life = 2\nsd = 1\n'
            'effects = { pressure = 1, "attacks.*" = 0.1 }\n'
        )
    },
    "outcome": {"outcomes": add('[outcomes.a_first]\nname = "F"\nsignal = "war"\nreduce = "max"\n')},
    "series": {"scenario": swap("series = [", 'series = ["anger.NORTH", ')},
    "policy": {
        "scenario": swap(
            "[policies.stay]\n",
            '[policies.first]\nname = "First"\nschedules.support.points = [[2024-01-01, 9.0]]\n[policies.stay]\n',
        )
    },
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_nobody_reads_moves_no_bit_of_the_rest(run: Run, what: str) -> None:
    no_bit_moved(run(), run(**UNREAD[what]))


READ: dict[str, dict[str, Edit]] = {
    "a militia": {"actors": add('[FAR]\nname = "Far"\nkind = "militia"\nsource = "invented"\n')},
    "events that are summed": {
        "drivers": add('["attacks.more"]\nkind = "events"\nname = "C"\nunit = "1"\nstart = 0\nrate = 0.5\n')
    },
    "a tie": {"ties": add(TIE.format("SOUTH", "NORTH", "exit", 0.1) + 'fact = "x"\nreference = "x"\n')},
    "a parameter": {"parameters": swap("sigma = 0.3", "sigma = 0.31")},
    "a member of a group": {
        "about": swap('"breaks", "attack_rate", "base"', '"breaks", "calms", "base"'),
    },
    "a name": {"drivers": lambda text: text.replace("strikes", "raids"), "outcomes": swap('"strikes"', '"raids"')},
    "a way": {"drivers": add('[war.transitions."middle -> high"]\nrate = 0.05\n')},
}


@pytest.mark.parametrize("what", READ)
def test_what_somebody_reads_is_seen_to_move_them(run: Run, what: str) -> None:
    before, after = numbers(run()), numbers(run(**READ[what]))
    assert any(not np.array_equal(before[key], after[key]) for key in set(before) & set(after))


def test_a_stream_that_knows_its_place_instead_of_its_name_is_seen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run()
    places = itertools.count(1)
    monkeypatch.setattr(sys.modules[compile_scenario.__module__], "stream_id", lambda name: next(places))
    with_regime = run(**UNREAD["regime"])
    places = itertools.count(1)
    everything_moves(run(), with_regime)
    monkeypatch.undo()
    no_bit_moved(before, run(**UNREAD["regime"]))


# Policies ---------------------------------------------------------------------------------------------------


def copy_of(policy: str, more: str = "") -> Edit:
    return add(f'[policies.{policy}]\nname = "Copy"\n{more}')


def same_on_every_path(found: Simulation, one: str, other: str) -> None:
    by = numbers(found)
    for key in by:
        if key[1] == one:
            difference = by[key] - by[key[0], other, key[2]]
            assert not difference.any(), f"moved: {key}"


NOTHING = {
    "says nothing": "",
    "says what is so": "schedules.presence.points = [[2024-02-01, 0.8], [2024-04-01, 0.3]]\n",
    "comes too late": "schedules.support.points = [[2024-03-18, 0.0]]\n",
    "is not felt": 'schedules.support = { points = [[2024-01-01, 1.0]], interpolation = "linear" }\n',
}


@pytest.mark.parametrize("what", NOTHING)
def test_a_policy_that_changes_nothing_differs_by_0_on_every_path(run: Run, what: str) -> None:
    same_on_every_path(run(scenario=copy_of("twin", NOTHING[what])), "stay", "twin")


def test_a_policy_that_changes_next_to_nothing_is_seen(run: Run) -> None:
    found = run(scenario=copy_of("twin", "schedules.presence.points = [[2024-02-01, 0.8], [2024-04-01, 0.30001]]\n"))
    with pytest.raises(AssertionError, match="moved"):
        same_on_every_path(found, "stay", "twin")
    with pytest.raises(AssertionError, match="moved"):
        same_on_every_path(found, "stay", "leave")


def test_policies_part_only_when_their_schedules_do(run: Run) -> None:
    """Common random numbers: until 29 January the policies are the same, to the last bit."""
    by = numbers(run())
    stay, leave = ({key[2]: x for key, x in by.items() if key[:2] == ("trajectory", p)} for p in ("stay", "leave"))

    def check(step: int) -> None:
        for name in stay:
            np.testing.assert_array_equal(stay[name][:, :, :step], leave[name][:, :, :step])

    check(4)
    with pytest.raises(AssertionError):
        check(5)


def test_each_policy_alone_and_in_any_order_gives_the_same(written: Callable[..., Path]) -> None:
    scenario = load(written())
    together = simulate(compile_scenario(scenario), draws=4, paths=30, seed=1, trajectories="all")
    for policies in (("stay",), ("leave",), ("leave", "stay")):
        program = compile_scenario(scenario, policies=policies)
        no_bit_moved(simulate(program, draws=4, paths=30, seed=1, trajectories="all"), together)
    more = 'name = "Stay"\nschedules.support.points = [[2024-01-01, 2.0]]\n'
    swapped = compile_scenario(load(written(scenario=swap('name = "Stay"\n', more))))
    everything_moves(together, simulate(swapped, draws=4, paths=30, seed=1, trajectories="all"))


# Blocks and threads -----------------------------------------------------------------------------------------

SIZES = {"few paths": (20, 3), "many paths": (2, 600), "one path": (25, 1), "one draw": (1, 300)}


@pytest.mark.parametrize("size", SIZES)
def test_blocks_and_threads_move_no_bit(written: Callable[..., Path], size: str) -> None:
    draws, paths = SIZES[size]
    program = compile_scenario(load(written()))
    plain = simulate(program, draws=draws, paths=paths, seed=1, trajectories="all")
    for block, threads in ((1, 2), (7, 4), (300, 1), (300, 4), (10**6, 1)):
        other = simulate(program, draws=draws, paths=paths, seed=1, trajectories="all", block=block, threads=threads)
        no_bit_moved(plain, other)
        no_bit_moved(other, plain)


def test_what_is_kept_does_not_depend_on_blocks(written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Trajectories of the first 200 paths of 3 draws, cut out of blocks of many sizes."""
    monkeypatch.setattr(ENGINE, "MAX_TRAJECTORIES", 600)
    program = compile_scenario(load(written()))
    plain = simulate(program, draws=3, paths=520, seed=1)
    assert plain.trajectories.shape[2:4] == (3, 200)
    for block in (1, 300, 1100):
        no_bit_moved(plain, simulate(program, draws=3, paths=520, seed=1, block=block, threads=3))


def test_numbers_that_know_their_block_are_seen(written: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    program = compile_scenario(load(written()))
    plain = simulate(program, draws=2, paths=600, seed=1)

    def by_block(seed: int, stream: int, draws: np.ndarray, paths: np.ndarray, group: int) -> Any:
        return uniforms(seed, stream, draws, paths - paths.min(), group)

    monkeypatch.setattr(oracle_run, "uniforms", by_block)
    everything_moves(plain, simulate(program, draws=2, paths=600, seed=1, block=300))
    monkeypatch.undo()

    def in_another_order(*args: Any) -> Any:
        yield from reversed(list(in_order(*args)))

    in_order = ENGINE.in_order
    for module in (blocks, recording):
        monkeypatch.setattr(module, "TILE", 100)  # threats are then summed over other tiles
    everything_moves(plain, simulate(program, draws=2, paths=600, seed=1, block=300))
    monkeypatch.undo()
    monkeypatch.setattr(ENGINE, "in_order", in_another_order)
    everything_moves(plain, simulate(program, draws=2, paths=600, seed=1, block=256))


@pytest.mark.parametrize("power", [2, 0.5])
def test_blocks_move_no_bit_of_a_square_or_a_root(written: Callable[..., Path], power: float) -> None:
    drivers = swap("exposure = { presence", f"exposure = {{ pressure = {power}, presence")
    program = compile_scenario(load(written(drivers=drivers)))
    plain = simulate(program, draws=20, paths=8, seed=1)
    no_bit_moved(plain, simulate(program, draws=20, paths=8, seed=1, block=1))


# Seeds and sizes --------------------------------------------------------------------------------------------


def test_a_seed_repeats_and_another_does_not(run: Run) -> None:
    zero = run(seed=0)
    no_bit_moved(zero, run(seed=0))
    for other in (1, 2**32, 2**64 - 1):
        changed = run(seed=other)
        everything_moves(zero, changed)
        assert not np.any(zero.theta == changed.theta)


def contains(small: Simulation, large: Simulation) -> None:
    """The first draws and paths of the large run are the small run."""
    old, new = numbers(small), numbers(large)
    for key, x in old.items():
        if key[0] in ("outcome", "trajectory"):
            part = new[key][: small.n_draws, : small.n_paths]
        elif key[0] == "theta" or (key[0] == "threat" and small.n_paths == large.n_paths):
            part = new[key][: small.n_draws]
        else:
            continue  # sums over paths
        assert np.array_equal(x, part), f"moved: {key}"


@pytest.mark.parametrize(("draws", "paths"), [(6, 300), (25, 40), (25, 300), (7, 41)])
def test_a_larger_run_contains_the_smaller_one(run: Run, draws: int, paths: int) -> None:
    contains(run(draws=6, paths=40), run(draws=draws, paths=paths))


def test_a_larger_run_that_does_not_is_seen(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    small = run(draws=6, paths=40)
    with pytest.raises(AssertionError, match="moved"):
        contains(small, run(draws=6, paths=60, seed=2))

    def in_a_row(seed: int, stream: int, draws: np.ndarray, paths: np.ndarray, group: int) -> Any:
        return uniforms(seed, stream, draws * 0, draws * np.uint64(paths.size) + paths, group)  # draw by draw

    monkeypatch.setattr(oracle_run, "uniforms", in_a_row)
    with pytest.raises(AssertionError, match="moved"):
        contains(run(draws=6, paths=40), run(draws=6, paths=60))


# The order of files -----------------------------------------------------------------------------------------


def dump(data: Mapping[str, Any]) -> str:
    """Write TOML: a line a key, tables inline, and lists of tables one by one."""
    rows = {
        key: value for key, value in data.items() if isinstance(value, list) and value and isinstance(value[0], dict)
    }
    text = "".join(f"{as_toml({key: value})[2:-2]}\n" for key, value in data.items() if key not in rows)
    return text + "".join(f"[[{key}]]\n{dump(row)}" for key, value in rows.items() for row in value)


def shuffled(data: Any, dice: random.Random) -> Any:
    """Keys in another order, at every depth, and rows of tables too; other lists keep theirs."""
    if isinstance(data, dict):
        return {key: shuffled(data[key], dice) for key in dice.sample(list(data), len(data))}
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return [shuffled(row, dice) for row in dice.sample(data, len(data))]
    return data


def files_of(scenario: Path) -> list[Path]:
    return [scenario, *sorted((scenario.parent.parent / "params" / "made-up").glob("*.toml"))]


def rewrite(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path.write_text(dump(change(tomllib.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_keys_moves_no_bit(written: Callable[..., Path], seed: int) -> None:
    scenario = written()
    before = simulated(scenario)
    texts = [path.read_text(encoding="utf-8") for path in files_of(scenario)]
    for path in files_of(scenario):
        rewrite(path, lambda data: shuffled(data, random.Random(seed)))
    assert all(path.read_text(encoding="utf-8") != text for path, text in zip(files_of(scenario), texts, strict=True))
    after = simulated(scenario)
    no_bit_moved(before, after)
    no_bit_moved(after, before)


def test_an_order_that_should_matter_is_seen(written: Callable[..., Path]) -> None:
    """Values that change places are another case, though the files hold the same words."""
    scenario = written()
    before = simulated(scenario)
    folder = scenario.parent.parent / "params" / "made-up"

    def swapped(data: dict[str, Any]) -> dict[str, Any]:
        data["breaks"]["prior"], data["calms"]["prior"] = data["calms"]["prior"], data["breaks"]["prior"]
        return data

    rewrite(folder / "parameters.toml", swapped)
    everything_moves(before, simulated(scenario))


def split(path: Path, dice: random.Random, *, wrong: bool = False) -> None:
    """Move about half of a file's tables, and of the keys in the others, to another one that it extends.

    What stays in the file is laid over the other; some of the keys there hold what is not so, and are covered.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    own: dict[str, Any] = {}
    base: dict[str, Any] = {}
    for key, value in data.items():
        if path.name == "ties.toml":
            base[key] = value  # a list is never merged
        elif isinstance(value, dict) and dice.random() < 0.6:
            mine = {inner for inner in value if dice.random() < 0.5}
            own[key] = {inner: item for inner, item in value.items() if inner in mine}
            base[key] = {inner: item for inner, item in value.items() if inner not in mine}
            base[key] |= {inner: -99 for inner in mine if inner != "prior" and not isinstance(value[inner], dict)}
        else:
            (own if dice.random() < 0.5 else base)[key] = value
    if wrong:
        own, base = base, own
    base = {key: value for key, value in base.items() if value != {}}
    name = f"{path.stem}-base.toml"
    path.with_name(name).write_text(dump(base), encoding="utf-8")
    path.write_text(f'extends = "{name}"\n' + dump({k: v for k, v in own.items() if v != {}}), encoding="utf-8")


@pytest.mark.parametrize("seed", range(4))
def test_splitting_files_with_extends_moves_no_bit(written: Callable[..., Path], seed: int) -> None:
    scenario = written()
    before = simulated(scenario)
    for path in files_of(scenario):
        split(path, random.Random(seed))
    assert len(files_of(scenario)) == 11  # the five files of the case twice, and the scenario; its base lies beside it
    after = simulated(scenario)
    no_bit_moved(before, after)
    no_bit_moved(after, before)


def test_an_extended_file_may_be_covered_as_a_whole(written: Callable[..., Path]) -> None:
    scenario = written()
    before = simulated(scenario)
    ties = scenario.parent.parent / "params" / "made-up" / "ties.toml"
    text = ties.read_text(encoding="utf-8")
    ties.with_name("ties-base.toml").write_text(text.replace("weight = 2", "weight = 1"), encoding="utf-8")
    ties.write_text(f'extends = "ties-base.toml"\n{text}', encoding="utf-8")
    no_bit_moved(before, simulated(scenario))


def test_what_an_extending_file_overrides_is_seen(written: Callable[..., Path]) -> None:
    scenario = written()
    before = simulated(scenario)
    base = scenario.with_name("base.toml")
    scenario.rename(base)
    scenario.write_text('extends = "base.toml"\n', encoding="utf-8")
    no_bit_moved(before, simulated(scenario))
    scenario.write_text('extends = "base.toml"\n[starts]\n"anger.NORTH" = 0.31\n', encoding="utf-8")
    everything_moves(before, simulated(scenario))
    scenario.write_text(
        'extends = "base.toml"\n' + parameter("parameters.words", 'family = "fixed", value = 0.6'), encoding="utf-8"
    )
    everything_moves(before, simulated(scenario))


# Errors -----------------------------------------------------------------------------------------------------

PLACE = re.compile(r"in step (\d+) under policy (\w+), draw (\d+), path (\d+);")
LAST = '[outcomes.last]\nname = "Last"\nsignal = "{}"\nreduce = "last"\n'


def stopped(path: Path, *, draws: int, paths: int, **how: Any) -> tuple[str, tuple[int, str, int, int]]:
    """Return what a run says when it stops, and where."""
    with pytest.raises(SimulationError) as caught:
        simulated(path, draws=draws, paths=paths, **how)
    said = str(caught.value)
    place = PLACE.search(said)
    assert place, said
    return said, (int(place[1]), place[2], int(place[3]), int(place[4]))


def scores(stream: str, draws: int, paths: int, steps: int, seed: int = 1) -> np.ndarray:
    """Normal scores of a stream, shape (draw, path, step)."""
    at = np.arange(draws, dtype=np.uint64)[:, None], np.arange(paths, dtype=np.uint64)
    groups = [uniforms(seed, stream_id(stream), *at, group) for group in range(-(-steps // 4))]
    return special.ndtri(np.stack([lane for group in groups for lane in group], axis=-1)[:, :, :steps])


def test_an_overflow_names_its_node_draw_and_path(write_case: Callable[..., Path]) -> None:
    """A level whose log odds pass 700 where its normal number passes 3.5, which we know from its stream."""
    path = write_case(
        '[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = 0\nhalf_life = 0\nsd = 200\n',
        outcomes=LAST.format("mood"),
        weeks=6,
    )
    bad = np.abs(scores("mood", 30, 300, 6)) > 3.5
    assert 0 < bad.sum() < 60
    for block in (1, 7, 300, 3000, 10**6):
        said, (step, policy, draw, number) = stopped(path, draws=30, paths=300, block=block, threads=2)
        assert said.startswith("level mood: its log odds are beyond 700 (")
        assert policy == "as_is"
        assert bad[draw, number, step]
        other = (draw + 1) % 30, (number + 1) % 300
        assert not bad[other[0], number, step]  # so a place counted within the block would not do
        assert not bad[draw, other[1], step]


def test_an_overflow_names_its_path_in_a_later_piece_of_its_draw(write_case: Callable[..., Path]) -> None:
    path = write_case(
        '[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = 0\nhalf_life = 0\nsd = 185\n',
        outcomes=LAST.format("mood"),
        weeks=6,
    )
    bad = np.abs(scores("mood", 1, 1500, 6)) > 700 / 185
    assert not bad[:, :256].any()  # the first piece of a draw that is cut
    for block in (1, 300, 600):
        _, (step, _, draw, number) = stopped(path, draws=1, paths=1500, block=block, threads=2)
        assert bad[draw, number, step]
        assert not bad[draw, number % 256, step]


LEVEL = '[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = 0\nhalf_life = 0\nsd = 1\n'
EVENTS = '[n]\nkind = "events"\nname = "N"\nunit = "1"\nstart = 0\nrate = 10\n'
RUNAWAY = {
    "events": (
        EVENTS + "effects = { mood = 14 }\n" + LEVEL,
        "events n: the expected count in a step is above 1e+06 (",
        lambda mood: 10 * np.exp(14 * mood) > 1e6,
    ),
    "regime": (
        '[r]\nkind = "regime"\nname = "R"\nstart = "a"\nstates.a = { name = "a", value = 0 }\n'
        'states.b = { name = "b", value = 1 }\ntransitions."a -> b" = { rate = 1, effects = { mood = 760 } }\n'
        'transitions."b -> a" = { rate = 1, effects = { mood = 760 } }\n' + LEVEL,
        "regime r: the rate of leaving a state overflows (inf)",
        lambda mood: 760 * mood > 709.7827,
    ),
    "size": (
        EVENTS.replace("rate = 10", "rate = 900000")
        + '[k]\nkind = "response"\nname = "K"\nunit = "1"\nstart = 0\ntriggers = ["n"]\nprobability = 1e-6\n'
        "effects = { mood = 14.5 }\n"
        'size = { name = "S", unit = "1", start = 0, mean = 4, dispersion = 0 }\n' + LEVEL,
        "response k: its expected size is above 1e+06 (",
        lambda mood: special.expit(special.logit(1e-6) + 14.5 * mood) * 9e5 * 3 > 0.98e6,
    ),
}


@pytest.mark.parametrize("kind", RUNAWAY)
def test_every_kind_that_runs_away_names_itself(write_case: Callable[..., Path], kind: str) -> None:
    drivers, text, runs_away = RUNAWAY[kind]
    path = write_case(drivers, outcomes=LAST.format("mood"), weeks=6)
    mood = special.expit(scores("mood", 40, 20, 6))
    for block in (1, 50, 10**6):
        said, (step, _, draw, number) = stopped(path, draws=40, paths=20, block=block)
        assert said.startswith(text), said
        read = mood[:, :, step - 1] if step else np.full((40, 20), 0.5)
        assert runs_away(read[draw, number])
        assert not runs_away(read).all()  # another place would not do


def test_a_parameter_without_a_number_is_named_with_its_draw(
    write_case: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_case(
        LEVEL.replace("base = 0", 'base = "calm"'),
        parameters=parameter("calm", 'family = "normal", mean = 0, sd = 1'),
        outcomes=LAST.format("mood"),
    )
    program = compile_scenario(load(path))
    quantile = type(program.priors[0]).quantile
    limit = np.sort(simulate(program, draws=40, paths=1, seed=1).theta[:, 0])[-1]
    worst = int(np.argmax(simulate(program, draws=40, paths=1, seed=1).theta[:, 0]))

    def endless(prior: Any, u: np.ndarray) -> np.ndarray:
        x = quantile(prior, u)
        return np.where(x >= limit, np.inf, x)

    monkeypatch.setattr(type(program.priors[0]), "quantile", endless)
    assert worst > 7
    for block in (1, 7, 10**6):
        with pytest.raises(SimulationError, match=rf"^parameter calm, draw {worst}: its prior gives inf"):
            simulate(program, draws=40, paths=1, seed=1, block=block)


def test_a_start_outside_of_0_and_1_is_named_with_its_draw(write_case: Callable[..., Path]) -> None:
    path = write_case(
        LEVEL.replace("start = 0.5", 'start = "calm"'),
        parameters=parameter("calm", 'family = "beta", a = 0.02, b = 0.02'),
        outcomes=LAST.format("mood"),
    )
    program = compile_scenario(load(path))
    with pytest.raises(SimulationError, match="level mood, draw 1: its start must lie inside"):
        simulate(program, draws=20, paths=1, seed=3)
    with pytest.raises(SimulationError, match="level mood, draw 1: its start must lie inside"):
        simulate(program, draws=20, paths=1, seed=3, block=1)


# The length of a step ---------------------------------------------------------------------------------------


def at_steps_of(scenario: Scenario, days: int) -> Program:
    """The first policy alone, with another length of a step."""
    file = scenario.file.model_copy(update={"step_days": days})
    return compile_scenario(replace(scenario, file=file), policies=scenario.policies[:1])


def counts_per_step(program: Program) -> Program:
    """The same program with a mistake: who reads a count reads that of a step."""
    own, couplings, events = program.looked_at(), program.couplings, program.events
    return replace(
        program,
        couplings=replace(couplings, signal=own[couplings.signal]),
        events=replace(events, factor_signal=own[events.factor_signal]),
    )


def settled(program: Program) -> dict[str, float]:
    """Means over the second half of the horizon: of levels, and of the log of the counts of a week."""
    found = simulate(program, draws=4, paths=400, seed=3, trajectories="all", engine="oracle", threads=1)
    late = found.trajectories[0, ..., found.trajectories.shape[-1] // 2 :].mean(axis=(1, 2, 3))
    by = dict(zip(found.trajectory_signals, late, strict=True))
    counts = (*program.events.name, *program.responses.name)
    return {name: by[name] for name in program.levels.name} | {
        name: np.log(0.1 + by[name] / program.step) for name in counts
    }


ANGER = '[outcomes.anger]\nname = "Anger"\nsignal = "anger"\nreduce = "mean"\n'
FELT = """
[mood]
kind = "regime"
name = "Mood"
start = "calm"
states = {{ calm = {{ name = "calm", value = 0 }}, storm = {{ name = "storm", value = 1 }} }}
transitions."calm -> storm" = {{ rate = 0.1, effects = {{ strikes = {0} }} }}
transitions."storm -> calm" = {{ rate = 0.2 }}

[attacks]
kind = "events"
name = "Attacks"
per = ["a", "b"]
unit = "attacks"
start = 2
rate = 1.5
rate_by.mood = {{ calm = 0.8, storm = 1.6 }}
effects = {{ "attacks.*" = {{ coefficient = -{1}, relative_to = 4 }}, anger = 0.5 }}
branching = {2}
half_life = 2
dispersion = {2}

[strikes]
kind = "response"
name = "Strikes"
unit = "strikes"
start = 0
triggers = ["attacks.*"]
probability = 0.3
effects = {{ "attacks.a" = {1}, strikes = -{0} }}
size = {{ name = "Dead", unit = "persons", start = 0, mean = 3, dispersion = 0.5 }}

[anger]
kind = "level"
name = "Anger"
start = 0.3
base = -1
effects = {{ "strikes.size" = {1}, "attacks.*" = {2} }}
half_life = 3
sd = 0.4
"""


def test_finer_steps_converge_down_to_one_day(write_case: Callable[..., Path]) -> None:
    """A day and a week agree as far as lags explain; with counts that act per step they would not."""
    random, numbers = np.random.default_rng(8), []
    for _ in range(5):
        drivers = FELT.format(*random.uniform((0.2, 0.1, 0.1), (0.5, 0.2, 0.3)).round(2))
        scenario = load(write_case(drivers, weeks=16, outcomes=ANGER))
        week, two_days, day = (settled(at_steps_of(scenario, days)) for days in (7, 2, 1))
        wrong = settled(counts_per_step(at_steps_of(scenario, 1)))
        numbers.append([[found[name] for name in week] for found in (week, two_days, day, wrong)])
    week, two_days, day, wrong = np.moveaxis(np.array(numbers), 1, 0)

    def apart(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.sqrt(np.mean((x - y) ** 2, axis=0))

    assert (apart(two_days, day) < apart(week, day) / 2).all()
    felt = slice(3)  # anger and attacks; strikes know those of the week before, so that they lag by a step
    assert (apart(week, day)[felt] < 0.1).all()
    assert (apart(week, wrong)[felt] > 0.2).all()


def test_a_shipped_scenario_gives_the_same_by_days_and_by_weeks() -> None:
    scenario = load("two-militias")

    def pressure(program: Program) -> float:
        found = simulate(program, draws=300, paths=20, seed=1, engine="oracle", threads=1)
        return float(found.outcomes[0, program.outcomes.name.index("pressure")].mean())

    by_weeks, by_days = pressure(at_steps_of(scenario, 7)), at_steps_of(scenario, 1)
    assert abs(pressure(by_days) - by_weeks) < 0.005
    assert abs(pressure(counts_per_step(by_days)) - by_weeks) > 0.01


def test_a_step_longer_than_what_moves_within_it_is_noticed() -> None:
    scenario = load("two-militias")
    assert scenario.notices == ()
    (notice,) = replace(scenario, file=scenario.file.model_copy(update={"step_days": 14})).notices
    assert "a step of 14 days is longer than the half-life of Attacks by the Northern militia (7 days)" in notice.en
    assert "عمر النصف" in notice.get("ar")
    iraq = load("iraq-2024")
    (notice,) = replace(iraq, file=iraq.file.model_copy(update={"step_days": 28, "weeks": 16})).notices
    assert "the mean stay of" in notice.en
    assert "متوسط البقاء" in notice.get("ar")


@pytest.mark.parametrize(
    ("prior", "text"),
    [
        (
            'family = "lognormal", median = 1e300, sigma = 1',
            "parameter odd, draw [01]: its prior gives .*; choose a prior",
        ),
        (
            'family = "uniform", low = 2e6, high = 1e300',
            "n.dispersion, draw 0: parameter odd = .* outside what this place",
        ),
    ],
)
@pytest.mark.parametrize("engine", ["oracle", "vm"])
def test_draws_at_the_end_of_the_range_are_refused_alike(
    write_case: Callable[..., Path], prior: str, text: str, engine: str
) -> None:
    drivers = '[n]\nkind = "events"\nname = "N"\nunit = "1"\nstart = 0\nrate = 3\ndispersion = "odd"\n'
    odd = f'[odd]\nunit = "1"\nprior = {{ {prior} }}\nstatus = "judgement"\nsource = "made up"\nnote = "made up"\n'
    path = write_case(drivers, parameters=odd, outcomes='[outcomes.n]\nname = "N"\nsignal = "n"\nreduce = "sum"\n')
    with pytest.raises(SimulationError, match=text):
        simulate(compile_scenario(load(path)), draws=8, paths=2, seed=1, engine=engine)
