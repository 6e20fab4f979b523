"""The kernel: draws, blocks of lanes, steps, policies, and in each step the kinds of node in the order of the week."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.vm.compilation import compiled, kept, merged
from hudna.engine.vm.nodes import GOOD, events, levels, regimes, responses, schedules
from hudna.engine.vm.records import (
    begin_outcomes,
    end_outcomes,
    record_outcomes,
    record_series,
    record_threat,
    record_traces,
)
from hudna.engine.vm.streams import LANES, fill_normals, fill_uniforms, fill_waits
from hudna.engine.vm.tables import Tables

__all__ = ["Place", "Records", "Space", "Starts", "is_ready", "simulate_block", "space_for"]


@merged
def advance(
    tables: Tables,
    values: FloatArray,
    signals: FloatArray,
    memory: FloatArray,
    scores: FloatArray,
    uniforms: FloatArray,
    waits: FloatArray,
    t: int,
    policy: int,
    eta: FloatArray,
    work: FloatArray,
    stop: FloatArray,
    lanes: int,
) -> int:
    """Simulate one step of one block under one policy, in the order of the week; odd steps write the second plane."""
    now = tables.n_rows if t % 2 == 0 else 0
    before, h, pairs = tables.n_rows - now, tables.step, tables.couplings
    schedules(tables.schedules, signals, now, t, policy, lanes)
    code = regimes(tables.regimes, pairs, values, signals, before, now, uniforms, waits, t, h, eta, work, stop, lanes)
    if code == GOOD:
        code = events(
            tables.events, tables.regimes.state, pairs, values, signals, before, now, memory, uniforms, h, eta,
            work, stop, lanes,
        )  # fmt: skip
    if code == GOOD:
        code = responses(tables.responses, pairs, values, signals, before, now, uniforms, eta, work, stop, lanes)
    if code == GOOD:
        code = levels(tables.levels, pairs, values, signals, before, now, scores, uniforms, eta, work, stop, lanes)
    return code


@merged
def draw_numbers(
    tables: Tables,
    values: FloatArray,
    uniforms: FloatArray,
    waits: FloatArray,
    seed: np.uint64,
    draw: int,
    path: int,
    group: int,
    lanes: int,
) -> None:
    """Fill `uniforms[step, stream, lane]` for four steps, and what all policies make of them in the same way.

    The streams of levels become normal numbers; `waits` holds -log(1 - u) of the regimes.
    """
    for s in range(tables.streams.size):
        fill_uniforms(uniforms, s, seed, draw, path, group, tables.streams[s], lanes)
    for r in range(tables.regimes.signal.size):
        fill_waits(uniforms, tables.regimes.stream[r], waits, r, lanes)
    for x in range(tables.levels.signal.size):
        if values[tables.levels.sd[x]] != 0.0:
            fill_normals(uniforms, tables.levels.stream[x], lanes)


class Space(NamedTuple):
    """Where a block is worked on: the state of its lanes under each policy, and room for what comes in between."""

    signals: FloatArray  # (policy, two planes of rows, lane)
    memory: FloatArray  # (policy, events, lane)
    scores: FloatArray  # (policy, level, lane)
    reduced: FloatArray  # (policy, outcome, lane)
    uniforms: FloatArray  # (step of four, stream, lane)
    waits: FloatArray  # (step of four, regime, lane)
    eta: FloatArray  # (lane)
    work: FloatArray  # (row, lane)


class Starts(NamedTuple):
    """What every path of a draw starts from, a row a draw; regimes are the same in all."""

    signals: FloatArray
    regimes: IntArray
    memory: FloatArray
    scores: FloatArray


class Place(NamedTuple):
    """The first draw and path of a block."""

    draw: int
    path: int


class Records(NamedTuple):
    """What a block leaves behind; see `hudna.engine.blocks.BlockRecord`.

    Trajectories of the `traced` signals go to `counts` or to `exact`, a row a step; the other has no room. `stop` has
    the node, lane, number, draw, first path, step and policy of a refusal.
    """

    outcomes: FloatArray
    histograms: IntArray
    threat: FloatArray
    traced: IntArray
    counts: IntArray
    exact: FloatArray
    stop: FloatArray


def space_for(tables: Tables, n_policies: int) -> Space:
    """Return the arrays that a block of a program needs."""
    rows = 1 + max(2, int(tables.regimes.n_ways.max(initial=0)))
    return Space(
        signals=np.zeros((n_policies, 2 * tables.n_rows, LANES)),
        memory=np.zeros((n_policies, tables.events.signal.size, LANES)),
        scores=np.zeros((n_policies, tables.levels.signal.size, LANES)),
        reduced=np.zeros((n_policies, tables.outcomes.code.size, LANES)),
        uniforms=np.zeros((4, tables.streams.size, LANES)),
        waits=np.zeros((4, tables.regimes.signal.size, LANES)),
        eta=np.zeros(LANES),
        work=np.zeros((rows, LANES)),
    )


@merged
def begin(
    tables: Tables, starts: Starts, draw: int, signals: FloatArray, memory: FloatArray, scores: FloatArray, lanes: int
) -> None:
    """Set every lane to the state before the first step."""
    for s in range(tables.n_signals):
        for i in range(lanes):
            signals[s, i] = starts.signals[draw, s]
            signals[tables.n_rows + s, i] = starts.signals[draw, s]
    for r in range(starts.regimes.size):
        for i in range(lanes):
            signals[tables.regimes.state[r], i] = np.float64(starts.regimes[r])
    for e in range(starts.memory.shape[1]):
        for i in range(lanes):
            memory[e, i] = starts.memory[draw, e]
    for x in range(starts.scores.shape[1]):
        for i in range(lanes):
            scores[x, i] = starts.scores[draw, x]


def _simulate_block(
    tables: Tables, values: FloatArray, starts: Starts, space: Space, records: Records, seed: np.uint64, at: Place
) -> int:
    """Simulate a block of draws and paths under every policy."""
    n_policies, n_outcomes, n_draws, n_paths = records.outcomes.shape
    signals, memory, scores, reduced, uniforms, waits, eta, work = space
    h, stop = tables.step, records.stop
    for d in range(n_draws):
        for first in range(0, n_paths, LANES):
            lanes, tile = min(LANES, n_paths - first), first // LANES
            for p in range(n_policies):
                begin(tables, starts, d, signals[p], memory[p], scores[p], lanes)
                begin_outcomes(tables.outcomes, reduced[p], h, lanes)
            for t in range(tables.n_steps):
                step, now = t % 4, tables.n_rows if t % 2 == 0 else 0
                if step == 0:
                    draw, path = at.draw + d, at.path + first
                    draw_numbers(tables, values[d], uniforms, waits, seed, draw, path, t // 4, lanes)
                for p in range(n_policies):
                    code = advance(
                        tables, values[d], signals[p], memory[p], scores[p], uniforms[step], waits[step], t, p, eta,
                        work, stop, lanes,
                    )  # fmt: skip
                    if code != GOOD:
                        stop[3], stop[4], stop[5], stop[6] = d, first, t, p
                        return code
                    record_outcomes(tables.outcomes, signals[p], now, reduced[p], t, h, eta, lanes)
                    record_series(tables.series, signals[p], now, records.histograms, p, t, eta, lanes)
                    record_threat(tables.events, signals[p], now, records.threat, p, tile, d, t, work, lanes)
                    record_traces(records.traced, signals[p], now, records.counts, p, d, first, t, lanes)
                    record_traces(records.traced, signals[p], now, records.exact, p, d, first, t, lanes)
            for p in range(n_policies):
                end_outcomes(tables.outcomes, reduced[p], lanes)
                for o in range(n_outcomes):
                    for i in range(lanes):
                        records.outcomes[p, o, d, first + i] = reduced[p, o, i]
    return GOOD


def _fingerprint() -> str:
    """Return a hash of the sources that the kernel is made of."""
    hasher = hashlib.blake2b(digest_size=8)
    here = Path(__file__).parent
    for source in (*sorted(here.glob("*.py")), *(here.parent / name for name in _CONSTANTS)):
        hasher.update(source.read_bytes())
    return hasher.hexdigest()


def _keep(function: Any) -> Any:
    """Return the compiled function, kept on disk where that is possible.

    The compiler knows what it kept by the name and file of this function alone, so the name is given a hash of
    every source that goes in: what another version left behind is never taken for this one's.
    """
    function.__qualname__ = f"simulate_block_{_FINGERPRINT}"
    try:
        return kept(function)
    except RuntimeError:  # nowhere to keep it: it is compiled in every process
        return compiled(function)


_CONSTANTS = ("program.py", "quantiles.py", "refusals.py")  # where numbers in the kernel come from
_FINGERPRINT = _fingerprint()
simulate_block = _keep(_simulate_block)


def is_ready() -> bool:
    """Whether the kernel is compiled, in this process or on disk; then it takes no time worth mentioning."""
    if simulate_block.signatures:
        return True
    folder = simulate_block.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"*{_FINGERPRINT}*.nbc"))
