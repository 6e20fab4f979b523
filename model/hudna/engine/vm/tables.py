"""A program's tables as the kernel reads them: the same columns, as plain arrays that compiled code can hold.

What is worked out here once, so that the kernel need not: which terms of a predictor are the same on every path
(those of the constant and of schedules), and which recorded sums are regimes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hudna.arrays import BoolArray, FloatArray, IntArray
from hudna.engine.bins import EXACT, bin_edges, bin_index, n_bins
from hudna.engine.program import NONE, Program
from hudna.engine.recording import regime_of, series_bins

__all__ = [
    "TERMS",
    "Couplings",
    "Events",
    "Levels",
    "Outcomes",
    "Regimes",
    "Responses",
    "Schedules",
    "Series",
    "Tables",
    "Windows",
    "pack",
]

TERMS = 4  # of a predictor that are added at once
COUNT, LEVEL, AMOUNT, WHOLE = range(4)  # how a series' numbers are put into bins
_BINNING = {"count": COUNT, "level": LEVEL, "amount": AMOUNT, "state": WHOLE, "indicator": WHOLE, "lever": WHOLE}


class Couplings(NamedTuple):
    """Linear predictors, row by row.

    Terms `pointer[r]` to `split[r]` are the same on every path. From there to `pointer[r + 1]` they are not; these
    come in groups of `TERMS`, filled up with terms whose value is 0.
    """

    pointer: IntArray
    split: IntArray
    value: IntArray
    signal: IntArray
    now: BoolArray
    reference: FloatArray
    opens: BoolArray


class Schedules(NamedTuple):
    """See `hudna.engine.program.ScheduleTable`."""

    signal: IntArray
    table: FloatArray


class Regimes(NamedTuple):
    """See `hudna.engine.program.RegimeTable`; `state[i]` is the row that holds the number of the state.

    The ways out of state k of regime i are `way_pointer[state_pointer[i] + k]` to the next; no state has more
    than `n_ways[i]`.
    """

    signal: IntArray
    state: IntArray
    n_states: IntArray
    state_pointer: IntArray
    state_value: FloatArray
    way_pointer: IntArray
    n_ways: IntArray
    target: IntArray
    predictor: IntArray
    stream: IntArray
    clamp: IntArray
    entry_signal: IntArray
    entry_regime: IntArray
    entry_state: IntArray
    chance_pointer: IntArray
    chance_entry: IntArray
    chance_value: IntArray


class Events(NamedTuple):
    """See `hudna.engine.program.EventsTable`."""

    signal: IntArray
    predictor: IntArray
    memory: IntArray
    branching: IntArray
    dispersion: IntArray
    resets: IntArray
    stream: IntArray
    threat: IntArray
    factor_pointer: IntArray
    factor_power: IntArray
    factor_lever: BoolArray
    factor_signal_pointer: IntArray
    factor_signal: IntArray
    factor_now: BoolArray


class Responses(NamedTuple):
    """See `hudna.engine.program.ResponseTable`."""

    signal: IntArray
    predictor: IntArray
    trigger_pointer: IntArray
    trigger: IntArray
    stream: IntArray
    size_signal: IntArray
    size_mean: IntArray
    size_dispersion: IntArray
    size_stream: IntArray


class Levels(NamedTuple):
    """See `hudna.engine.program.LevelTable`."""

    signal: IntArray
    predictor: IntArray
    memory: IntArray
    sd: IntArray
    stream: IntArray
    cross: IntArray


class Windows(NamedTuple):
    """See `hudna.engine.program.WindowTable`."""

    signal: IntArray
    after: IntArray
    pointer: IntArray
    part: IntArray
    weight: FloatArray


class Outcomes(NamedTuple):
    """See `hudna.engine.program.OutcomeTable`."""

    code: IntArray
    signal_pointer: IntArray
    signal: IntArray
    first_step: IntArray
    last_step: IntArray
    threshold: FloatArray


class Series(NamedTuple):
    """See `hudna.engine.program.SeriesTable`; bins of series s are `bin_pointer[s]` to `bin_pointer[s + 1]`."""

    binning: IntArray
    signal_pointer: IntArray
    signal: IntArray
    bin_pointer: IntArray
    edges: FloatArray  # smallest count of each bin beyond the exact ones


class Tables(NamedTuple):
    """All that the kernel knows of a program."""

    step: float
    n_steps: int
    n_signals: int
    n_rows: int  # signals, and after them the numbers of the regimes' states
    streams: IntArray
    couplings: Couplings
    schedules: Schedules
    regimes: Regimes
    events: Events
    responses: Responses
    levels: Levels
    windows: Windows
    outcomes: Outcomes
    series: Series


def pack(program: Program) -> Tables:
    """Return the tables of a program for the kernel."""
    n_signals = len(program.signals)
    alike = np.zeros(n_signals, bool)
    alike[0] = True
    alike[program.schedules.signal] = True
    states = np.arange(len(program.regimes.name)) + n_signals
    return Tables(
        step=float(program.step),
        n_steps=program.n_steps,
        n_signals=n_signals,
        n_rows=n_signals + states.size,
        streams=program.stream_ids.astype(np.uint64),
        couplings=_couplings(program, alike),
        schedules=Schedules(**_columns(program.schedules, Schedules)),
        regimes=_regimes(program, states),
        events=Events(**_columns(program.events, Events)),
        responses=Responses(**_columns(program.responses, Responses)),
        levels=Levels(**_columns(program.levels, Levels)),
        windows=Windows(**_columns(program.windows, Windows)),
        outcomes=Outcomes(**_columns(program.outcomes, Outcomes)),
        series=_series(program, states),
    )


def _columns(table: Any, kind: Any) -> dict[str, Any]:
    """Return the columns that a table of the program shares with one of the kernel, contiguous."""
    return {name: np.ascontiguousarray(getattr(table, name)) for name in kind._fields if hasattr(table, name)}


def _regimes(program: Program, states: IntArray) -> Regimes:
    table = program.regimes
    ways: list[int] = []
    n_ways: list[int] = []
    for i in range(len(table.name)):
        transitions = slice(int(table.transition_pointer[i]), int(table.transition_pointer[i + 1]))
        found = np.bincount(table.origin[transitions], minlength=int(table.n_states[i]))
        ways += found.tolist()
        n_ways.append(int(found.max()))
    pointer = np.concatenate([[0], np.cumsum(ways)]).astype(np.int64)
    columns = _columns(table, Regimes)
    return Regimes(state=states, way_pointer=pointer, n_ways=np.array(n_ways, np.int64), **columns)


def _couplings(program: Program, alike: BoolArray) -> Couplings:
    table = program.couplings
    nothing = (program.values.constant.size, 0, True, 0.0, False)  # the value after the last is 0
    crossed = {int(row) for row in program.levels.predictor[program.levels.cross != NONE]}
    terms: list[tuple[int, int, bool, float, bool]] = []
    pointer, split = [0], []
    for row in range(table.pointer.size - 1):
        # Absolute parts are sums of neighbours: where they are wanted, no term may leave its place.
        constant = [j for j in table.terms(row) if alike[table.signal[j]]] if row not in crossed else []
        others = [j for j in table.terms(row) if j not in constant]
        terms += [_term(program, j) for j in constant]
        split.append(len(terms))
        terms += [_term(program, j) for j in others] + [nothing] * (-len(others) % TERMS)
        pointer.append(len(terms))
    value, signal, now, reference, opens = zip(*terms, strict=True) if terms else ((),) * 5
    return Couplings(
        pointer=np.array(pointer, np.int64),
        split=np.array(split, np.int64),
        value=np.array(value, np.int64),
        signal=np.array(signal, np.int64),
        now=np.array(now, bool),
        reference=np.array(reference, np.float64),
        opens=np.array(opens, bool),
    )


def _term(program: Program, j: int) -> tuple[int, int, bool, float, bool]:
    table = program.couplings
    return (
        int(table.value[j]), int(table.signal[j]), bool(table.now[j]), float(table.reference[j]), bool(table.opens[j])
    )  # fmt: skip


def _series(program: Program, states: IntArray) -> Series:
    table = program.series
    signals: list[int] = []
    pointer = [0]
    for i in range(len(table.name)):
        regime = regime_of(program, i)
        found = table.signal[table.signal_pointer[i] : table.signal_pointer[i + 1]]
        signals += [int(states[regime])] if regime != NONE else [int(s) for s in found]
        pointer.append(len(signals))
    return Series(
        binning=np.array([_BINNING[measure] for measure in table.measure], np.int64),
        signal_pointer=np.array(pointer, np.int64),
        signal=np.array(signals, np.int64),
        bin_pointer=np.concatenate([[0], np.cumsum(series_bins(program))]).astype(np.int64),
        edges=_count_edges(),
    )


def _count_edges() -> FloatArray:
    """Return the smallest whole number in each bin of counts that holds more than one number."""
    bins = np.arange(EXACT, n_bins("count"))
    below = np.floor(bin_edges("count")[EXACT:-1])
    return np.where(bin_index("count", below) >= bins, below, below + 1.0)
