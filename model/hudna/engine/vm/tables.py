"""A program's tables as the kernel reads them: the same columns, as plain arrays that compiled code can hold.

What is worked out here once, so that the kernel need not: which terms of a predictor are the same on every path
(those of the constant and of schedules), and which recorded sums are regimes.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np

from hudna.arrays import BoolArray, FloatArray, IntArray, ints, pointers
from hudna.engine.bins import EXACT, bin_edges, bin_index, n_bins
from hudna.engine.program import (
    NONE,
    EventsTable,
    LevelTable,
    OutcomeTable,
    Program,
    ResponseTable,
    ScheduleTable,
    Term,
    WindowTable,
    term_columns,
)  # fmt: skip
from hudna.engine.recording import regime_of, series_bins

__all__ = ["TERMS", "Couplings", "Regimes", "Series", "Tables", "pack"]

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


def _columns_of(table: type) -> Any:
    """Return the named tuple that holds the arrays of a table of the program, under the same names."""
    columns = [field.name for field in fields(table) if field.name != "name"]
    return namedtuple(table.__name__.replace("Table", "Columns"), columns, module=__name__)


# The compiler's cache finds these by their names in this module.
ScheduleColumns, EventsColumns, ResponseColumns, LevelColumns, WindowColumns, OutcomeColumns = map(
    _columns_of, (ScheduleTable, EventsTable, ResponseTable, LevelTable, WindowTable, OutcomeTable)
)


class Series(NamedTuple):
    """See `hudna.engine.program.SeriesTable`; bins of series s are `bin_pointer[s]` to `bin_pointer[s + 1]`."""

    binning: IntArray
    signal_pointer: IntArray
    signal: IntArray
    bin_pointer: IntArray
    edges: FloatArray  # smallest count of each bin beyond the exact ones


class Tables(NamedTuple):
    """All that the kernel knows of a program; of a table of the program, a named tuple of its columns."""

    step: float
    n_steps: int
    n_signals: int
    n_rows: int  # signals, and after them the numbers of the regimes' states
    streams: IntArray
    couplings: Couplings
    schedules: ScheduleTable
    regimes: Regimes
    events: EventsTable
    responses: ResponseTable
    levels: LevelTable
    windows: WindowTable
    outcomes: OutcomeTable
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
        schedules=ScheduleColumns(**_columns(program.schedules, ScheduleColumns)),
        regimes=_regimes(program, states),
        events=EventsColumns(**_columns(program.events, EventsColumns)),
        responses=ResponseColumns(**_columns(program.responses, ResponseColumns)),
        levels=LevelColumns(**_columns(program.levels, LevelColumns)),
        windows=WindowColumns(**_columns(program.windows, WindowColumns)),
        outcomes=OutcomeColumns(**_columns(program.outcomes, OutcomeColumns)),
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
    nothing = Term(program.values.constant.size, 0, now=True, opens=False)  # the value after the last is 0
    crossed = {int(row) for row in program.levels.predictor[program.levels.cross != NONE]}
    terms: list[Term] = []
    pointer, split = [0], []
    for row in range(table.pointer.size - 1):
        own = [table.term(j) for j in table.terms(row)]
        # Absolute parts are sums of neighbours: where they are wanted, no term may leave its place.
        constant = [term for term in own if alike[term.signal] and row not in crossed]
        others = [term for term in own if not alike[term.signal] or row in crossed]
        split.append(len(terms) + len(constant))
        terms += [*constant, *others, *[nothing] * (-len(others) % TERMS)]
        pointer.append(len(terms))
    columns = {name: column for name, column in term_columns(terms).items() if name in Couplings._fields}
    return Couplings(pointer=ints(pointer), split=ints(split), **columns)


def _series(program: Program, states: IntArray) -> Series:
    table = program.series
    signals: list[IntArray] = []
    for i in range(len(table.name)):
        regime = regime_of(program, i)
        found = table.signal[table.signal_pointer[i] : table.signal_pointer[i + 1]]
        signals.append(found if regime == NONE else states[regime : regime + 1])
    return Series(
        binning=ints(_BINNING[measure] for measure in table.measure),
        signal_pointer=pointers(signals),
        signal=ints(signal for found in signals for signal in found),
        bin_pointer=ints([0, *np.cumsum(series_bins(program))]),
        edges=_count_edges(),
    )


def _count_edges() -> FloatArray:
    """Return the smallest whole number in each bin of counts that holds more than one number."""
    bins = np.arange(EXACT, n_bins("count"))
    below = np.floor(bin_edges("count")[EXACT:-1])
    return np.where(bin_index("count", below) >= bins, below, below + 1.0)
