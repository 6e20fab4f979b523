"""The compiled engine gives what the oracle gives: counts and states exactly, levels within 1e-12; and its own bits
whatever the blocks, threads and processor."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import hudna
from hudna import shipped
from hudna.arrays import ints
from hudna.engine import compile_scenario, oracle, simulate
from hudna.engine.bins import bin_index
from hudna.engine.program import NONE, After, OutcomeTable, Program, ReducerCode, SeriesTable
from hudna.engine.vm import records
from hudna.engine.vm import run as vm_run
from hudna.engine.vm.kernel import simulate_block
from hudna.errors import SimulationError
from hudna.scenario import load

from . import test_against_naive as telling_case
from .case_strategies import seeds, written_cases

if TYPE_CHECKING:
    from collections.abc import Callable

    from hudna.engine import Simulation
    from hudna.engine.vm.tables import Tables

ENGINE = sys.modules[simulate.__module__]  # the module, which has the same name as its function

# The comparison ---------------------------------------------------------------------------------------------


def close(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Within 1e-12, of the number's size where that is above 1."""
    with np.errstate(invalid="ignore"):
        return (x == y) | (np.abs(x - y) <= 1e-12 * np.maximum(1, np.abs(x)))


def windowed(program: Program) -> np.ndarray:
    """Sums over a week and what they are made of, which are real numbers: a start is spread over the week before."""
    return np.flatnonzero(program.looked_at() != np.arange(len(program.signals)))


def real_signals(program: Program) -> set[int]:
    """Signals that are real numbers; the others are counts, states, indicators and levers."""
    columns = (program.levels.signal, program.levels.cross, program.events.threat, windowed(program))
    return {int(s) for column in columns for s in column if s != NONE}


def differences(theirs: Simulation, ours: Simulation) -> list[str]:
    """Say what of a run by the oracle a run by the compiled engine does not give."""
    program, real = theirs.program, real_signals(theirs.program)
    index = program.signal_index()
    found = []

    def compare(what: str, x: np.ndarray, y: np.ndarray, *, exactly: bool) -> None:
        assert x.shape == y.shape
        same = x == y if exactly else close(x, y)
        if not same.all():
            at = tuple(np.argwhere(~same)[0].tolist())
            found.append(f"{what} differs {np.sum(~same)} times in {same.size}: {x[at]!r}, {y[at]!r} at {at}")

    compare("theta", theirs.theta, ours.theta, exactly=True)
    for k, name in enumerate(theirs.trajectory_signals):
        exactly = index[name] not in real
        compare(f"signal {name}", theirs.trajectories[:, k], ours.trajectories[:, k], exactly=exactly)
    for o, name in enumerate(program.outcomes.name):
        first, last = program.outcomes.signal_pointer[o : o + 2]
        exactly = real.isdisjoint(program.outcomes.signal[first:last].tolist())
        compare(f"outcome {name}", theirs.outcomes[:, o], ours.outcomes[:, o], exactly=exactly)
    for s, name in enumerate(program.series.name):
        compare(f"histogram of {name}", theirs.histograms[s], ours.histograms[s], exactly=True)
    same = np.abs(theirs.threat - ours.threat) <= 1e-12 * np.abs(theirs.threat)
    found += [] if same.all() else ["threat differs"]
    return found


def measured(program: Program, seed: int = 0) -> Program:
    """The same program with a series of every signal too, and outcomes of every kind, of one signal and of several."""
    dice = np.random.default_rng(seed)
    old, names = program.outcomes, []
    code, first, last, threshold = [], [], [], []
    pointer, signals = old.signal_pointer.tolist(), old.signal.tolist()
    for reducer in ReducerCode:
        for several in (1, 3):
            signals += np.unique(dice.choice(np.arange(1, len(program.signals)), several)).tolist()
            pointer.append(len(signals))
            names.append(f"{reducer.name.lower()}_{several}")
            code.append(int(reducer))
            first.append(int(dice.integers(0, program.n_steps)) if dice.random() < 0.5 else 0)
            last.append(int(dice.integers(first[-1], program.n_steps)) + 1 if dice.random() < 0.5 else program.n_steps)
            threshold.append(float(dice.choice([0.0, 0.5, 1.0, dice.random()])))
    outcomes = OutcomeTable(
        name=(*old.name, *names),
        code=np.concatenate([old.code, ints(code)]),
        signal_pointer=ints(pointer),
        signal=ints(signals),
        first_step=np.concatenate([old.first_step, ints(first)]),
        last_step=np.concatenate([old.last_step, ints(last)]),
        threshold=np.concatenate([old.threshold, threshold]),
    )
    table, every = program.series, range(1, len(program.signals))
    series = SeriesTable(
        name=(*table.name, *program.signals[1:]),
        measure=(*table.measure, *(measure(program, signal) for signal in every)),
        signal_pointer=np.concatenate([table.signal_pointer, table.signal_pointer[-1] + ints(every)]),
        signal=np.concatenate([table.signal, ints(every)]),
    )
    return replace(program, outcomes=outcomes, series=series)


def measure(program: Program, signal: int) -> str:
    if signal in program.levels.signal:
        return "level"
    if signal in real_signals(program):
        return "amount"
    if signal in program.schedules.signal:
        return "lever"
    if signal in program.regimes.signal:
        return "state"
    counts = (program.events.signal, program.responses.signal, program.responses.size_signal)
    return "count" if any(signal in column for column in counts) else "indicator"


def run(program: Program, engine: str, **how: Any) -> Simulation:
    sizes = {"draws": 3, "paths": 40, "seed": 1, "trajectories": "all", "threads": 1}
    return simulate(program, engine=engine, **sizes | how)


def disagreements(program: Program, **how: Any) -> list[str]:
    return differences(run(program, "oracle", **how), run(program, "vm", **how))


# Shipped scenarios ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped.scenarios())
def test_a_shipped_scenario_runs_as_on_the_oracle(name: str) -> None:
    program = measured(compile_scenario(hudna.load(name)))
    assert disagreements(program, draws=2, paths=130, seed=11) == []


def test_a_shipped_scenario_that_runs_on_other_numbers_is_seen() -> None:
    program = compile_scenario(hudna.load(shipped.scenarios()[0]))
    theirs = run(program, "oracle", seed=11)
    assert differences(theirs, run(program, "vm", seed=11)) == []
    assert differences(theirs, run(program, "vm", seed=12))
    bent = replace(theirs, trajectories=theirs.trajectories * (1 + 1e-11))
    assert differences(theirs, bent)


# Random cases -----------------------------------------------------------------------------------------------


def boosted(program: Program, factor: float) -> Program:
    """The same program with literal rates of events multiplied, for counts that are searched instead of summed."""
    rates = {f"{name}.rate" for name in program.events.name}
    table = program.values
    literal = np.array([label in rates for label in table.label]) & (table.parameter == NONE)
    constant = np.where(literal, table.constant + np.log(factor), table.constant)
    return replace(program, values=replace(table, constant=constant))


SIZES = [(3, 20), (1, 1), (5, 1), (1, 257), (2, 16)]


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    case=written_cases(),
    seed=seeds,
    size=st.sampled_from(SIZES),
    factor=st.sampled_from([1, 1, 20, 1000, 100_000]),
    outcomes=st.integers(0, 100),
)
def test_a_random_case_runs_as_on_the_oracle(
    write_case: Callable[..., Path],
    case: dict[str, Any],
    seed: int,
    size: tuple[int, int],
    factor: float,
    outcomes: int,
) -> None:
    program = boosted(measured(compile_scenario(load(write_case(**case))), outcomes), factor)
    draws, paths = size
    said = []
    for engine in ("oracle", "vm"):
        try:
            said.append(run(program, engine, seed=seed, draws=draws, paths=paths))
        except SimulationError as refused:
            said.append(str(refused))
    if isinstance(said[0], str):
        assert isinstance(said[1], str)
        assert said[0] == said[1] or draws > 1 or paths > 256  # they look at paths in another order
    else:
        assert differences(*said) == []


# A case in which every column matters -----------------------------------------------------------------------

CHAIN = "".join(
    f'[step{i}]\nkind = "response"\nname = "Step {i}"\nunit = "steps"\nstart = 1\n'
    f"triggers = [{', '.join(triggers)}]\nprobability = 0.9\neffects = {{ {effects} }}\n"
    for i, triggers, effects in (
        (1, ['"attacks.*"', '"strikes"'], '"answers" = 0.1'),
        (2, ['"step1"'], "lever = { coefficient = 0.5, relative_to = 0.3 }"),
        (3, ['"step1"', '"step2"'], '"mood.storm" = -0.7, "step2" = 0.02'),
        (4, ['"step3"', '"answers"'], '"anger.*" = { coefficient = 1, relative_to = 0.8 }'),
        (5, ['"step4"', '"step1"', '"strikes"'], '"pressure" = -1'),
        (6, ['"step5"'], ""),
    )
)
CROWD = """
[crowd]
kind = "events"
name = "Many"
unit = "things"
start = 50
rate = 80
rate_by.war = { peace = 1, war = 2.5 }
effects = { "pressure" = { coefficient = 1.5, relative_to = 0.5 } }
exposure = { "attacks.a" = 0.1, other = 1.3, "anger.*" = 0.7 }
branching = 0.1
half_life = 6
dispersion = 0.02
resets_with = "mood"

[other]
kind = "schedule"
name = "Other lever"
unit = "share"
start = 0.8
interpolation = "linear"
points = [[2024-02-05, 1.3], [2024-05-06, 0.6]]

[tide]
kind = "schedule"
name = "A signed lever"
per = ["in", "out"]
unit = "share"
start = 1
interpolation = "step"
points = [[2024-03-04, 0.4]]

[tide.overrides.out]
start = -1.5

[crowd_hurt]
kind = "response"
name = "Hurt in the crowd"
unit = "persons"
start = 20
triggers = ["crowd"]
probability = 0.45
size = { name = "All hurt", unit = "persons", start = 30, mean = 4, dispersion = 0.5 }

[mean_mood]
kind = "level"
name = "Level with an own path"
start = 0.5
base = 0.1
effects = { "crowd_hurt" = 0.002, "crowd.threat" = 0.001, "war.war" = 0.4, "mood" = 0.3, "tide.*" = 0.2 }
half_life = 0
sd = 0.9
"""
WATCH = """
[outcomes.crowd]
name = "Crowd"
signal = ["crowd.threat", "mean_mood.cross"]
reduce = "mean"
"""


@pytest.fixture
def telling(write_case: Callable[..., Path]) -> Callable[..., Program]:
    def make(step_days: int = 7, weeks: int = 26, drivers: str = CHAIN + CROWD, **more: str) -> Program:
        path = write_case(
            telling_case.DRIVERS + drivers,
            actors=telling_case.ACTORS,
            ties=telling_case.TIES,
            about=telling_case.ABOUT,
            parameters=telling_case.PARAMETERS,
            scenario=f"step_days = {step_days}\n{telling_case.SCENARIO}",
            outcomes=telling_case.OUTCOMES + WATCH,
            weeks=weeks,
            **more,
        )
        return measured(compile_scenario(load(path)), seed=3)

    return make


@pytest.mark.parametrize(
    ("step_days", "weeks"), [(7, 26), (3, 9), (14, 26), (1, 2), (2, 4), (10, 20), (28, 24), (7, 1), (7, 5)]
)
def test_a_case_of_everything_runs_as_on_the_oracle(
    telling: Callable[..., Program], step_days: int, weeks: int
) -> None:
    program = telling(step_days, weeks)
    for draws, paths in ((3, 40), (1, 1)):
        assert disagreements(program, draws=draws, paths=paths) == []


Change = Any  # of a column, as an array, to another array


def elsewhere(tables: Tables, part: str, column: str, change: Change) -> Tables:
    """The same tables with one column changed, and no array's kind or layout."""
    old = getattr(getattr(tables, part), column) if part else getattr(tables, column)
    new = change(old.copy()) if isinstance(old, np.ndarray) else change(old)
    if isinstance(old, np.ndarray):
        new = np.ascontiguousarray(new, old.dtype)
        assert new.shape == old.shape
        assert not np.array_equal(new, old), "nothing was changed"
    if not part:
        return tables._replace(**{column: new})
    return tables._replace(**{part: getattr(tables, part)._replace(**{column: new})})


def at(place: int, value: Any) -> Change:
    def change(column: np.ndarray) -> np.ndarray:
        column[place] = value(column[place]) if callable(value) else value
        return column

    return change


def rolled(column: np.ndarray) -> np.ndarray:
    return np.roll(column, 1)


def nothing(column: np.ndarray) -> np.ndarray:
    return np.full_like(column, NONE)


PLANTED: dict[str, tuple[str, str, Change]] = {
    "a longer step": ("", "step", lambda step: step * 1.01),
    "a stream of another name": ("", "streams", at(0, lambda word: word ^ np.uint64(1))),
    "streams in another order": ("", "streams", rolled),
    "every signal the other way in time": ("couplings", "now", lambda now: ~now),
    "no neutral points": ("couplings", "reference", np.zeros_like),
    "sums of signals in parts": ("couplings", "opens", np.ones_like),
    "schedules a step late": ("schedules", "table", lambda table: np.roll(table, 1, axis=2)),
    "schedules of the other policy": ("schedules", "table", lambda table: table[::-1]),
    "schedules in another order": ("schedules", "signal", rolled),
    "states worth something else": ("regimes", "state_value", lambda value: value + 0.01),
    "transitions elsewhere": ("regimes", "target", lambda target: target[::-1]),
    "rates of another transition": ("regimes", "predictor", rolled),
    "a regime on another's numbers": ("regimes", "stream", rolled),
    "no clamp": ("regimes", "clamp", nothing),
    "a clamp a step late": ("regimes", "clamp", lambda clamp: np.roll(clamp, 1, axis=1)),
    "rates of other events": ("events", "predictor", rolled),
    "another memory": ("events", "memory", rolled),
    "another branching": ("events", "branching", rolled),
    "another dispersion": ("events", "dispersion", rolled),
    "no resets": ("events", "resets", nothing),
    "resets by another regime": ("events", "resets", lambda regime: 1 - regime),
    "events on others' numbers": ("events", "stream", rolled),
    "threats of others": ("events", "threat", rolled),
    "other powers": ("events", "factor_power", rolled),
    "levers in the threat": ("events", "factor_lever", lambda lever: np.zeros_like(lever)),
    "exposures of then": ("events", "factor_now", lambda now: ~now),
    "other exposures": ("events", "factor_signal", rolled),
    "chances of another response": ("responses", "predictor", rolled),
    "other triggers": ("responses", "trigger", rolled),
    "answers on others' numbers": ("responses", "stream", rolled),
    "other sizes": ("responses", "size_mean", lambda mean: np.where(mean == NONE, NONE, mean + 1)),
    "sizes of another spread": ("responses", "size_dispersion", lambda x: np.where(x == NONE, NONE, x - 1)),
    "sizes on the counts' numbers": ("responses", "size_stream", lambda stream: stream - 1),
    "pushes on another level": ("levels", "predictor", rolled),
    "another half-life": ("levels", "memory", rolled),
    "another noise": ("levels", "sd", rolled),
    "levels on others' numbers": ("levels", "stream", rolled),
    "cross pressures of others": ("levels", "cross", rolled),
    "no cross pressure": ("levels", "cross", nothing),
    "other reducers": ("outcomes", "code", rolled),
    "other thresholds": ("outcomes", "threshold", lambda x: x + 0.3),
    "later windows": ("outcomes", "first_step", lambda first: first + 1),
    "earlier ends": ("outcomes", "last_step", lambda last: last - 1),
    "outcomes of other signals": ("outcomes", "signal", rolled),
    "other bins": ("series", "binning", rolled),
    "series of other signals": ("series", "signal", rolled),
    "wider bins of large counts": ("series", "edges", lambda edges: edges + 1),
}
WINDOWED: dict[str, tuple[str, str, Change]] = {  # where a step is not a week
    "windows in another order": ("windows", "signal", rolled),
    "windows of other signals": ("windows", "part", rolled),
    "other shares of a week": ("windows", "weight", lambda weight: weight / 2),
    "windows known too late": ("windows", "after", lambda after: np.full_like(after, int(After.LEVELS))),
}


def planted(monkeypatch: pytest.MonkeyPatch, part: str, column: str, change: Change) -> None:
    pack = vm_run.pack
    monkeypatch.setattr(vm_run, "pack", lambda program: elsewhere(pack(program), part, column, change))


@pytest.mark.parametrize(("mistakes", "size"), [(PLANTED, (7, 26)), (WINDOWED, (3, 9))], ids=["weeks", "days"])
def test_planted_mistakes_are_noticed(
    telling: Callable[..., Program], monkeypatch: pytest.MonkeyPatch, mistakes: Any, size: tuple[int, int]
) -> None:
    program = telling(*size)
    theirs = run(program, "oracle", draws=2, paths=30)
    unseen = []
    for what, mistake in mistakes.items():
        with monkeypatch.context() as context:
            planted(context, *mistake)
            if not differences(theirs, run(program, "vm", draws=2, paths=30)):
                unseen.append(what)
    assert unseen == []
    assert differences(theirs, run(program, "vm", draws=2, paths=30)) == []


def test_every_count_falls_into_the_bin_of_the_oracle(small: Callable[..., Program]) -> None:
    edges = vm_run.pack(small(EVENTS.format(rate=1))).series.edges
    exponents = np.arange(8 * 4, 31 * 4)
    near = np.floor(2.0 ** (exponents / 4))[:, None] + np.arange(-2, 3)
    counts = np.unique(np.concatenate([np.arange(3000.0), near.ravel(), 2.0 ** np.arange(40)]))

    def check(edges: np.ndarray) -> None:
        found = [records._count_bin(x, edges) for x in counts.tolist()]
        np.testing.assert_array_equal(found, bin_index("count", counts))

    check(edges)
    for wrong in (edges + 1, edges - 1, np.where(edges == edges[30], edges + 1, edges)):
        with pytest.raises(AssertionError):
            check(wrong)


def test_every_single_term_matters(telling: Callable[..., Program], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each term left out, and each read at the other time, is noticed."""
    program = telling()
    theirs = run(program, "oracle", draws=2, paths=20)
    tables = vm_run.pack(program)
    none = program.values.constant.size
    unseen = []
    nil = np.append((program.values.constant == 0) & (program.values.parameter == NONE), True)  # a factor of 1
    for j in np.flatnonzero(~nil[tables.couplings.value] & (tables.couplings.signal != 0)).tolist():
        for column, value in (("value", none), ("now", lambda now: not now)):
            with monkeypatch.context() as context:
                planted(context, "couplings", column, at(j, value))
                if not differences(theirs, run(program, "vm", draws=2, paths=20)):
                    unseen.append((column, program.signals[tables.couplings.signal[j]]))
    assert unseen == []


# The same bits ----------------------------------------------------------------------------------------------


def arrays(found: Simulation) -> dict[str, np.ndarray]:
    by = {f"histogram {s}": histogram for s, histogram in enumerate(found.histograms)}
    names = ("outcomes", "threat", "trajectories", "theta")
    return by | {name: getattr(found, name) for name in names}


def no_bit_moved(before: Simulation, after: Simulation) -> None:
    old, new = arrays(before), arrays(after)
    assert set(old) == set(new)
    moved = [name for name in old if not np.array_equal(old[name], new[name])]
    assert not moved, f"moved: {moved}"


@pytest.mark.parametrize(("draws", "paths"), [(2, 520), (20, 3), (1, 257), (30, 1)])
def test_blocks_and_threads_move_no_bit(telling: Callable[..., Program], draws: int, paths: int) -> None:
    program = telling()
    plain = run(program, "vm", draws=draws, paths=paths, block=10**6)
    for block, threads in ((1, 2), (256, 1), (256, 4), (300, 2), (1024, 4), (10**6, 4)):
        no_bit_moved(plain, run(program, "vm", draws=draws, paths=paths, block=block, threads=threads))
    with pytest.raises(AssertionError, match="moved"):
        no_bit_moved(plain, run(program, "vm", draws=draws, paths=paths, seed=2))


def test_blocks_that_are_done_in_another_order_move_no_bit(
    telling: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a draw are handed on in the order of its paths, so that threats are summed in it."""
    program = telling()
    plain = run(program, "vm", draws=4, paths=40)
    in_order = ENGINE.in_order
    monkeypatch.setattr(ENGINE, "in_order", lambda *parts: reversed(list(in_order(*parts))))
    no_bit_moved(plain, run(program, "vm", draws=4, paths=40, block=40, threads=2))
    with pytest.raises(AssertionError, match="threat"):
        no_bit_moved(run(program, "vm", draws=1, paths=1200), run(program, "vm", draws=1, paths=1200, block=256))


def test_blocks_that_end_late_move_no_bit(telling: Callable[..., Program], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first blocks wait until the last is done."""
    program = telling()
    plain = run(program, "vm", draws=1, paths=600)
    last_done = threading.Event()
    prepared = ENGINE.prepared
    ended: list[int] = []

    def slow_at_first(*parts: Any) -> Callable[..., Any]:
        run_block = prepared(*parts)

        def late(block: Any, stop: Any) -> Any:
            record = run_block(block, stop)
            if block.shape.first_path == 512:
                last_done.set()
            else:
                assert last_done.wait(60)
            ended.append(block.shape.first_path)
            return record

        return late

    monkeypatch.setattr(ENGINE, "prepared", slow_at_first)
    no_bit_moved(plain, run(program, "vm", draws=1, paths=600, block=256, threads=3))
    assert set(ended) == {0, 256, 512}


def contains(small: Simulation, large: Simulation) -> None:
    """The first draws and paths of the large run are the small run."""
    for name in ("outcomes", "trajectories"):
        part = getattr(large, name)
        part = part[:, :, : small.n_draws, : small.n_paths]
        assert np.array_equal(getattr(small, name), part), f"moved: {name}"
    assert np.array_equal(small.theta, large.theta[: small.n_draws])


def test_a_larger_run_contains_the_smaller_one(telling: Callable[..., Program]) -> None:
    program = telling()
    small = run(program, "vm", draws=3, paths=40)
    for draws, paths in ((3, 300), (20, 40), (7, 41), (5, 520)):
        contains(small, run(program, "vm", draws=draws, paths=paths, block=256))
    with pytest.raises(AssertionError, match="moved"):
        contains(small, run(program, "vm", draws=4, paths=41, seed=2))


def test_what_is_kept_does_not_depend_on_blocks(
    telling: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts of the first 260 paths of 2 draws, cut out of blocks of many sizes, are the oracle's."""
    monkeypatch.setattr(ENGINE, "MAX_TRAJECTORIES", 520)
    program = telling()
    theirs = run(program, "oracle", draws=2, paths=300, trajectories="events")
    assert theirs.trajectories.shape[2:4] == (2, 260)
    for block in (1, 256, 600, 10**6):
        ours = run(program, "vm", draws=2, paths=300, trajectories="events", block=block, threads=2)
        assert differences(theirs, ours) == []
        assert ours.trajectories.dtype == theirs.trajectories.dtype


LEVEL = '[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = {base}\nhalf_life = {half_life}\nsd = {sd}\n'
CALM = LEVEL.format(base=0, half_life=0, sd=1)
EVENTS = '[n]\nkind = "events"\nname = "N"\nunit = "1"\nstart = 0\nrate = {rate}\n'
LEVER = '[lever]\nkind = "schedule"\nname = "Lever"\nunit = "1"\nstart = {start}\ninterpolation = "step"\n'
REGIME = (
    '[r]\nkind = "regime"\nname = "R"\nstart = "a"\nstates.a = {{ name = "a", value = 0 }}\n'
    'states.b = {{ name = "b", value = 1 }}\n{ways}'
)
WAY = 'transitions."{way}" = {{ rate = {rate}, effects = {{ {effects} }} }}\n'
RESPONSE = (
    '[k]\nkind = "response"\nname = "K"\nunit = "1"\nstart = 0\ntriggers = ["n"]\nprobability = {p}\n'
    "effects = {{ {effects} }}\n"
)
SIZE = 'size = { name = "S", unit = "1", start = 0, mean = 4, dispersion = 0 }\n'
LAST = '[outcomes.last]\nname = "Last"\nsignal = "{}"\nreduce = "last"\n'


@pytest.fixture
def small(write_case: Callable[..., Path]) -> Callable[..., Program]:
    """Compile a case of a few drivers; the first is measured."""

    def make(drivers: str, weeks: int = 6) -> Program:
        name = drivers[1 : drivers.index("]")]
        return compile_scenario(load(write_case(drivers, outcomes=LAST.format(name), weeks=weeks)))

    return make


PLAIN = {
    "level": CALM,
    "events": EVENTS.format(rate=3),
    "schedule": LEVER.format(start=1),
    "regime": REGIME.format(ways=WAY.format(way="a -> b", rate=0.1, effects="")),
    "regime that stays": REGIME.format(ways=""),
    "response": EVENTS.format(rate=3) + RESPONSE.format(p=0.3, effects=""),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_a_kind_of_node_runs_on_its_own(small: Callable[..., Program], kind: str) -> None:
    program = small(PLAIN[kind])
    assert disagreements(measured(program)) == []


def test_the_kernel_is_compiled_for_all_programs_at_once(
    telling: Callable[..., Program], small: Callable[..., Program]
) -> None:
    """No size and no program is of another type: or each would have to be waited for."""
    for program in [*map(small, PLAIN.values()), telling()]:
        for draws, paths, trajectories in ((1, 1, "all"), (3, 2, "all"), (1, 300, "events"), (3, 2, "events")):
            run(program, "vm", draws=draws, paths=paths, trajectories=trajectories)
    assert len(simulate_block.signatures) == 1


# Processors -------------------------------------------------------------------------------------------------

HASH = """
import hashlib, sys
from pathlib import Path
import numpy as np
from hudna.engine import compile_scenario, simulate
from hudna.engine.vm.kernel import simulate_block
from hudna.scenario import load
found = simulate(compile_scenario(load(Path(sys.argv[1]))), draws=1, paths=300, seed=int(sys.argv[2]), engine="vm",
                 trajectories="all", threads=1)
hasher = hashlib.blake2b(digest_size=16)
for array in (found.outcomes, found.threat, found.trajectories, *found.histograms):
    hasher.update(np.ascontiguousarray(array).tobytes())
code = "".join(simulate_block.inspect_asm().values())
print(hasher.hexdigest(), "xmm" in code, "ymm" in code, "zmm" in code, "vfmadd" in code)
"""
# What the compiler may use, the flags of a processor that can run it, and which registers and fused sums are seen.
LEVELS = {
    "generic": ({"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, (), "True False False False"),
    "avx2": ({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}, ("avx2", "fma", "bmi2"), "True True False True"),
    "avx512": (
        {"NUMBA_CPU_NAME": "skylake-avx512", "NUMBA_CPU_FEATURES": "-prefer-256-bit"},
        ("avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"),
        "True True True True",
    ),
}


def flags() -> set[str]:
    """What this processor can do, where the system tells."""
    known = Path("/proc/cpuinfo")
    found = re.search(r"^flags\s*:(.*)$", known.read_text(encoding="utf-8"), re.MULTILINE) if known.exists() else None
    return set(found[1].split()) if found else set()


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="these levels are of x86-64")
def test_processors_of_every_level_give_the_same_bits(
    write_case: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> None:
    scenario = write_case(
        telling_case.DRIVERS + CHAIN + CROWD,
        actors=telling_case.ACTORS,
        ties=telling_case.TIES,
        about=telling_case.ABOUT,
        parameters=telling_case.PARAMETERS,
        scenario=telling_case.SCENARIO,
        outcomes=telling_case.OUTCOMES + WATCH,
        weeks=26,
    )
    able = {level: needs for level, needs in LEVELS.items() if flags().issuperset(needs[1])}
    if len(able) < 2:
        pytest.skip(f"this processor has no other level than {', '.join(able)}")
    under_way = {}
    for level, (variables, _, _) in able.items():
        cache = {"NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp(level))}
        command = [sys.executable, "-c", HASH, str(scenario), "7"]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        under_way[level] = subprocess.Popen(command, env=os.environ | variables | cache, **how)
    hashes = {}
    for level, process in under_way.items():
        out, err = process.communicate()
        assert process.returncode == 0, err
        hashes[level], code = out.strip().split(" ", 1)
        assert code == able[level][2], f"{level}: {code}"
    assert len(set(hashes.values())) == 1, hashes


def test_a_hash_of_all_numbers_sees_another_seed_and_a_last_bit(telling: Callable[..., Program]) -> None:
    def hashed(found: Simulation) -> str:
        hasher = hashlib.blake2b(digest_size=16)
        for array in (found.outcomes, found.threat, found.trajectories, *found.histograms):
            hasher.update(np.ascontiguousarray(array).tobytes())
        return hasher.hexdigest()

    program = telling()
    one = run(program, "vm", seed=7)
    assert hashed(one) == hashed(run(program, "vm", seed=7))
    assert hashed(one) != hashed(run(program, "vm", seed=8))
    bent = one.trajectories.copy()
    bent[0, program.signal_index()["pressure"] - 1, 2, 3, 4] *= 1 + 2**-52
    assert hashed(one) != hashed(replace(one, trajectories=bent))


# Refusals ---------------------------------------------------------------------------------------------------


def said(program: Program, engine: str, **how: Any) -> str:
    try:
        run(program, engine, **how)
    except SimulationError as refused:
        return str(refused)
    return "nothing"


ODDS = "lever = 1e300, mood = 1"
REFUSED = {
    "too many events": EVENTS.format(rate=10) + "effects = { mood = 14 }\n" + CALM,
    "just too many events": EVENTS.format(rate=1_000_001),
    "endlessly many events": EVENTS.format(rate=10) + "effects = { mood = 1500 }\n" + CALM,
    "a rate of no number": EVENTS.format(rate=0) + "effects = { lever = 1e300 }\n" + LEVER.format(start=1e10),
    "endlessly many times nothing": (
        EVENTS.format(rate=10) + "effects = { mood = 1500 }\nexposure = { lever = 1 }\n" + LEVER.format(start=0) + CALM
    ),
    "an exposure": EVENTS.format(rate=1) + "exposure = { lever = 2 }\n" + LEVER.format(start=1e160),
    "an exposure to events": (
        EVENTS.format(rate=1) + "exposure = { m = 400 }\n" + EVENTS.format(rate=6).replace("[n]", "[m]")
    ),
    "a rate of leaving": (
        REGIME.format(
            ways=WAY.format(way="a -> b", rate=1, effects="mood = 760")
            + WAY.format(way="b -> a", rate=1, effects="mood = 760")
        )
        + CALM
    ),
    "a level": LEVEL.format(base=0, half_life=0, sd=250),
    "a level by its base": LEVEL.format(base=-700.001, half_life=0, sd=0),
    "an endless level": LEVEL.format(base=0, half_life=2, sd=1)
    + "effects = { lever = 1e300 }\n"
    + LEVER.format(start=1e10),
    "sizes": EVENTS.format(rate=900_000) + RESPONSE.format(p=1e-6, effects="mood = 14.5") + SIZE + CALM,
    "log odds": EVENTS.format(rate=9) + RESPONSE.format(p=0, effects=ODDS) + LEVER.format(start=1e10) + CALM,
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_oracle_refuses_is_refused_in_the_same_words(small: Callable[..., Program], what: str) -> None:
    program = small(REFUSED[what])
    one = said(program, "oracle", draws=1, paths=250)
    assert " in step " in one
    assert said(program, "vm", draws=1, paths=250) == one  # of one draw they even name the same path
    many = said(program, "oracle", draws=3, paths=300)
    assert said(program, "vm", draws=3, paths=300, threads=2).partition(" (")[0] == many.partition(" (")[0]


@pytest.mark.parametrize(("number", "refused"), [(-0.5, True), (np.nan, False), (np.inf, True)])
def test_an_exposure_that_no_file_can_ask_for_is_taken_alike(
    small: Callable[..., Program], number: float, refused: bool
) -> None:
    program = small(EVENTS.format(rate=3) + "exposure = { lever = 1 }\n" + LEVER.format(start=1))
    schedules = replace(program.schedules, table=np.full_like(program.schedules.table, number))
    program = replace(program, schedules=schedules)
    theirs = said(program, "oracle", draws=1)
    assert said(program, "vm", draws=1) == theirs
    assert (theirs != "nothing") == refused


ACCEPTED = {
    "the most events": EVENTS.format(rate=1_000_000),
    "no events": EVENTS.format(rate=0),
    "no events of endless exposure": (EVENTS.format(rate=0) + "exposure = { lever = 1 }\n" + LEVER.format(start=1e300)),
    "nothing to the power of 0": EVENTS.format(rate=3) + "exposure = { lever = 0 }\n" + LEVER.format(start=0),
    "very many and very few": (
        EVENTS.format(rate=5)
        + "exposure = { lever = 1, mood = 1, other = 1 }\n"
        + LEVER.format(start=1e250)
        + LEVER.format(start=1e-250).replace("[lever]", "[other]")
        + CALM
    ),
    "the highest level": LEVEL.format(base=700, half_life=0, sd=0),
    "the lowest level": LEVEL.format(base=-700, half_life=3, sd=0),
    "an endless memory": LEVEL.format(base=3, half_life=1e300, sd=1),
    "the shortest memory": LEVEL.format(base=3, half_life=1e-300, sd=1),
    "a very high rate": REGIME.format(ways=WAY.format(way="a -> b", rate=1e300, effects="")),
    "a very low rate": REGIME.format(ways=WAY.format(way="a -> b", rate=1e-300, effects="")),
    "no rate": REGIME.format(ways=WAY.format(way="a -> b", rate=0, effects="mood = 1")) + CALM,
    "impossible": EVENTS.format(rate=900) + RESPONSE.format(p=0, effects="mood = 5") + SIZE + CALM,
    "certain": EVENTS.format(rate=900) + RESPONSE.format(p=1, effects="mood = -5") + SIZE + CALM,
    "next to impossible": EVENTS.format(rate=900) + RESPONSE.format(p=0.5, effects="mood = -1600") + CALM,
    "next to certain": EVENTS.format(rate=900) + RESPONSE.format(p=0.5, effects="mood = 1600") + CALM,
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_the_oracle_accepts_runs_as_on_the_oracle(small: Callable[..., Program], what: str) -> None:
    program = small(ACCEPTED[what])
    assert said(program, "oracle", draws=2, paths=200) == "nothing"
    assert disagreements(measured(program), draws=2, paths=200) == []


# Where NumPy's exp goes on to 709.78 and -745, the kernel's does not, and the oracle does as the kernel.
PUSH = LEVER.format(start=1).replace("[lever]", "[push]")
BEYOND = {
    "a rate of leaving": REGIME.format(ways=WAY.format(way="a -> b", rate=1e300, effects="push = 18.5")) + PUSH,
    "endlessly many times nothing": (
        EVENTS.format(rate=1e300)
        + "effects = { push = 18.5 }\nexposure = { lever = 1 }\n"
        + LEVER.format(start=0)
        + PUSH
    ),
    "next to nothing, very often": (
        EVENTS.format(rate=1e-300)
        + "effects = { push = -17.5 }\nexposure = { lever = 1, other = 1 }\n"
        + LEVER.format(start=1e300)
        + LEVER.format(start=1e8).replace("[lever]", "[other]")
        + PUSH
    ),
}


@pytest.mark.parametrize("what", BEYOND)
def test_the_ends_of_the_range_are_the_same(
    small: Callable[..., Program], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    program = small(BEYOND[what])

    def both() -> tuple[Any, Any]:
        found = [said(program, engine, draws=1, paths=250) for engine in ("oracle", "vm")]
        same = found != ["nothing", "nothing"] or not disagreements(measured(program), draws=1, paths=250)
        return found, same and found[0] == found[1]

    assert both()[1]
    monkeypatch.setattr(oracle, "exponential", np.exp)
    with np.errstate(over="ignore"):
        assert not both()[1]


def test_refusals_differ_where_the_engines_do(small: Callable[..., Program], monkeypatch: pytest.MonkeyPatch) -> None:
    program = small(REFUSED["too many events"])
    planted(monkeypatch, "couplings", "value", lambda value: np.where(value == value.max(), 0, value))
    assert said(program, "vm", draws=1, paths=250) != said(program, "oracle", draws=1, paths=250)


# Draws that switch things off -------------------------------------------------------------------------------

OFF = """
[n]
kind = "events"
name = "N"
unit = "1"
start = 3
rate = "rate"
exposure = { mood = "power" }
branching = "branching"
half_life = "half_life"
dispersion = "dispersion"

[k]
kind = "response"
name = "K"
unit = "1"
start = 0
triggers = ["n"]
probability = "probability"
size = { name = "S", unit = "1", start = 0, mean = 3, dispersion = "dispersion" }

[mood]
kind = "level"
name = "Mood"
start = 0.4
base = 0.3
effects = { k = 0.01 }
half_life = "half_life"
sd = "sd"
"""
SWITCHES = {"rate": 9, "power": 1, "branching": 0.8, "half_life": 5, "dispersion": 1, "probability": 1, "sd": 2}


def test_draws_that_switch_a_thing_off_run_as_on_the_oracle(
    write_case: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In half of the draws a rate, a spread, a memory or a noise is exactly 0; never in the same."""
    parameters = "".join(
        f'[{name}]\nunit = "1"\nprior = {{ family = "uniform", low = 0, high = {top} }}\n'
        'status = "judgement"\nsource = "invented"\nnote = "for a test"\n'
        for name, top in SWITCHES.items()
    )
    program = measured(compile_scenario(load(write_case(OFF, parameters=parameters, outcomes=LAST.format("n")))))
    uniform = type(program.priors[0])
    quantile = uniform.quantile
    monkeypatch.setattr(uniform, "quantile", lambda prior, u: np.where(u < 0.5, 0.0, quantile(prior, u)))
    assert (run(program, "oracle", draws=40, paths=30).theta == 0).mean() > 0.3
    assert disagreements(program, draws=40, paths=30) == []
