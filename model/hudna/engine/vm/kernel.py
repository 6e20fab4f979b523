"""The kernel: draws, blocks of lanes, steps, policies, and in each step the kinds of node in the order of the week."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.program import After
from hudna.engine.states import States
from hudna.engine.vm.compilation import kept, merged
from hudna.engine.vm.nodes import GOOD, events, expectations, levels, look_back, regimes, responses, schedules
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

__all__ = [
    "EXPECT",
    "SETTLE",
    "WHOLE",
    "Given",
    "Place",
    "Records",
    "Space",
    "Span",
    "is_ready",
    "simulate_block",
    "space_for",
]

_EVENTS, _RESPONSES, _LEVELS = int(After.EVENTS), int(After.RESPONSES), int(After.LEVELS)
WHOLE, EXPECT, SETTLE = 0, 1, 2  # how much of a step is simulated: all, to the expected counts, from them on


@merged
def advance(
    tables: Tables,
    values: FloatArray,
    signals: FloatArray,
    memory: FloatArray,
    scores: FloatArray,
    means: FloatArray,
    uniforms: FloatArray,
    waits: FloatArray,
    given_events: FloatArray,
    given_answers: FloatArray,
    likely: FloatArray,
    t: int,
    policy: int,
    phase: int,
    eta: FloatArray,
    work: FloatArray,
    stop: FloatArray,
    lanes: int,
) -> int:
    """Simulate one step of one block under one policy, in the order of the week; odd steps write the second plane."""
    now = tables.n_rows if t % 2 == 0 else 0
    before, h, pairs = tables.n_rows - now, tables.step, tables.couplings
    code = GOOD
    if phase != SETTLE:
        schedules(tables.schedules, signals, now, t, policy, lanes)
        code = regimes(
            tables.regimes, pairs, values, signals, before, now, uniforms, waits, t, h, eta, work, stop, lanes
        )
        if code == GOOD:
            code = expectations(
                tables.events, tables.regimes.state, pairs, values, signals, before, now, memory, h, means, eta, work,
                stop, lanes,
            )  # fmt: skip
    if code == GOOD and phase != EXPECT:
        events(tables.events, values, signals, now, memory, uniforms, means, given_events, work, lanes)
        look_back(tables.windows, _EVENTS, signals, before, now, lanes)
        code = responses(
            tables.responses, pairs, values, signals, before, now, uniforms, given_answers, likely, eta, work, stop,
            lanes,
        )  # fmt: skip
        if code == GOOD:
            look_back(tables.windows, _RESPONSES, signals, before, now, lanes)
            code = levels(tables.levels, pairs, values, signals, before, now, scores, uniforms, eta, work, stop, lanes)
        if code == GOOD:
            look_back(tables.windows, _LEVELS, signals, before, now, lanes)
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
    first: int,
    last: int,
    phase: int,
    lanes: int,
) -> None:
    """Fill `uniforms[step, stream, lane]` for steps `first` to `last` of four, and what all policies make of them.

    The streams of levels become normal numbers; `waits` holds -log(1 - u) of the regimes. The streams of regimes come
    first; a phase draws only what it needs.
    """
    n_regimes = tables.regimes.signal.size
    for s in range(n_regimes if phase == SETTLE else 0, n_regimes if phase == EXPECT else tables.streams.size):
        fill_uniforms(uniforms, s, seed, draw, path, group, tables.streams[s], lanes)
    if phase != SETTLE:
        for r in range(n_regimes):
            fill_waits(uniforms, tables.regimes.stream[r], waits, r, first, last, lanes)
    if phase != EXPECT:
        for x in range(tables.levels.signal.size):
            if values[tables.levels.sd[x]] != 0.0:
                fill_normals(uniforms, tables.levels.stream[x], first, last, lanes)


class Span(NamedTuple):
    """Which steps are simulated, and how much of each; `fresh` if the block begins anew from its starts."""

    first: int
    last: int
    phase: int
    fresh: bool


class Given(NamedTuple):
    """Counts that are known, (slot, node, lane), or no nodes; and the log probability of the answers, (slot, lane)."""

    events: FloatArray
    answers: FloatArray
    likely: FloatArray


class Space(NamedTuple):
    """Where blocks are worked on: the state of their lanes under each policy, and room for what comes in between.

    A slot holds one tile of lanes of one draw under one policy. Blocks that are simulated from start to end follow one
    another in the same slots; those that are resumed have slots of their own.
    """

    signals: FloatArray  # (slot, two planes of rows, lane)
    memory: FloatArray  # (slot, events, lane)
    scores: FloatArray  # (slot, level, lane)
    means: FloatArray  # (slot, events, lane)
    reduced: FloatArray  # (slot, outcome, lane)
    uniforms: FloatArray  # (step of four, stream, lane)
    waits: FloatArray  # (step of four, regime, lane)
    eta: FloatArray  # (lane)
    work: FloatArray  # (row, lane)


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


def space_for(tables: Tables, n_slots: int) -> Space:
    """Return the arrays that so many slots of a program need."""
    rows = 1 + max(2, int(tables.regimes.n_ways.max(initial=0)))
    return Space(
        signals=np.zeros((n_slots, 2 * tables.n_rows, LANES)),
        memory=np.zeros((n_slots, tables.events.signal.size, LANES)),
        scores=np.zeros((n_slots, tables.levels.signal.size, LANES)),
        means=np.zeros((n_slots, tables.events.signal.size, LANES)),
        reduced=np.zeros((n_slots, tables.outcomes.code.size, LANES)),
        uniforms=np.zeros((4, tables.streams.size, LANES)),
        waits=np.zeros((4, tables.regimes.signal.size, LANES)),
        eta=np.zeros(LANES),
        work=np.zeros((rows, LANES)),
    )


@merged
def begin(
    tables: Tables,
    starts: States,
    draw: int,
    first: int,
    signals: FloatArray,
    memory: FloatArray,
    scores: FloatArray,
    lanes: int,
) -> None:
    """Set every lane to the state before the first step."""
    each, at = 1 if starts.signals.shape[2] > 1 else 0, first if starts.signals.shape[2] > 1 else 0
    for s in range(tables.n_signals):
        for i in range(lanes):
            x = starts.signals[draw, s, at + each * i]
            signals[s, i] = x
            signals[tables.n_rows + s, i] = x
    for r in range(starts.regimes.shape[1]):
        for i in range(lanes):
            state = starts.regimes[draw, r, at + each * i]
            signals[tables.regimes.state[r], i] = state
            signals[tables.n_rows + tables.regimes.state[r], i] = state
    for e in range(starts.memories.shape[1]):
        for i in range(lanes):
            memory[e, i] = starts.memories[draw, e, at + each * i]
    for x in range(starts.scores.shape[1]):
        for i in range(lanes):
            scores[x, i] = starts.scores[draw, x, at + each * i]


def _simulate_block(
    tables: Tables,
    values: FloatArray,
    starts: States,
    space: Space,
    given: Given,
    records: Records,
    seed: np.uint64,
    at: Place,
    span: Span,
) -> int:
    """Simulate a span of steps of a block of draws and paths under every policy."""
    n_policies, n_outcomes, n_draws, n_paths = records.outcomes.shape
    signals, memory, scores, means, reduced, uniforms, waits, eta, work = space
    h, stop, keeps = tables.step, records.stop, span.phase == WHOLE
    tiles = (n_paths + LANES - 1) // LANES
    own = signals.shape[0] >= n_draws * tiles * n_policies  # else one block after the other in the same slots
    for d in range(n_draws):
        for first in range(0, n_paths, LANES):
            lanes, tile = min(LANES, n_paths - first), first // LANES
            slot = (d * tiles + tile) * n_policies if own else 0
            draw, path = at.draw + d, at.path + first
            fixed = slot if slot < given.likely.shape[0] else 0
            for p in range(n_policies):
                if span.fresh:
                    begin(tables, starts, d, first, signals[slot + p], memory[slot + p], scores[slot + p], lanes)
                    begin_outcomes(tables.outcomes, reduced[slot + p], h, lanes)
            for t in range(span.first, span.last):
                step, now = t % 4, tables.n_rows if t % 2 == 0 else 0
                if step == 0 or t == span.first:
                    end = min(4, step + span.last - t)
                    draw_numbers(
                        tables, values[d], uniforms, waits, seed, draw, path, t // 4, step, end, span.phase, lanes
                    )
                for p in range(n_policies):
                    code = advance(
                        tables, values[d], signals[slot + p], memory[slot + p], scores[slot + p], means[slot + p],
                        uniforms[step], waits[step], given.events[fixed], given.answers[fixed], given.likely[fixed],
                        t, p, span.phase, eta, work, stop, lanes,
                    )  # fmt: skip
                    if code != GOOD:
                        stop[3], stop[4], stop[5], stop[6] = d, first, t, p
                        return code
                    if keeps:
                        record_outcomes(tables.outcomes, signals[slot + p], now, reduced[slot + p], t, h, eta, lanes)
                        record_series(tables.series, signals[slot + p], now, records.histograms, p, t, eta, lanes)
                        record_threat(tables.events, signals[slot + p], now, records.threat, p, tile, d, t, work, lanes)
                        record_traces(records.traced, signals[slot + p], now, records.counts, p, d, first, t, lanes)
                        record_traces(records.traced, signals[slot + p], now, records.exact, p, d, first, t, lanes)
            if keeps:
                for p in range(n_policies):
                    end_outcomes(tables.outcomes, reduced[slot + p], lanes)
                    for o in range(n_outcomes):
                        for i in range(lanes):
                            records.outcomes[p, o, d, first + i] = reduced[slot + p, o, i]
    return GOOD


def _fingerprint() -> str:
    """Return a hash of the sources that the kernel is made of."""
    hasher = hashlib.blake2b(digest_size=8)
    here = Path(__file__).parent
    for source in (*sorted(here.glob("*.py")), *(here.parent / name for name in _CONSTANTS)):
        hasher.update(source.read_bytes())
    return hasher.hexdigest()


def _keep(function: Any) -> Any:
    """Return the compiled function.

    The compiler knows what it kept by the name and file of this function alone, so the name is given a hash of
    every source that goes in: what another version left behind is never taken for this one's.
    """
    function.__qualname__ = f"simulate_block_{_FINGERPRINT}"
    return kept(function)


_CONSTANTS = (
    "bins.py",
    "program.py",
    "quantiles.py",
    "refusals.py",
    "states.py",
)  # whose numbers the kernel holds
_FINGERPRINT = _fingerprint()
simulate_block = _keep(_simulate_block)


def is_ready() -> bool:
    """Whether the kernel is compiled, in this process or on disk; then it takes no time worth mentioning."""
    if simulate_block.signatures:
        return True
    folder = simulate_block.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"*{_FINGERPRINT}*.nbc"))
