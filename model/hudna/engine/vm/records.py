"""What is kept of the lanes of a block: what `hudna.engine.recording` does for the oracle."""

from __future__ import annotations

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.bins import EQUAL, EXACT
from hudna.engine.program import NONE, EventsTable, OutcomeTable, ReducerCode
from hudna.engine.vm.compilation import compiled
from hudna.engine.vm.tables import AMOUNT, LEVEL, Series

__all__ = ["begin_outcomes", "end_outcomes", "record_outcomes", "record_series", "record_threat", "record_traces"]

_SUM, _ANY, _MEAN, _MAX = int(ReducerCode.SUM), int(ReducerCode.ANY), int(ReducerCode.MEAN), int(ReducerCode.MAX)
_LAST, _FIRST, _TIME_ABOVE = int(ReducerCode.LAST), int(ReducerCode.FIRST), int(ReducerCode.TIME_ABOVE)
_EQUAL = float(EQUAL)
_MOSTLY = 16  # all but one lane in so many
_ADDERS = 8


@compiled
def begin_outcomes(table: OutcomeTable, reduced: FloatArray, h: float, lanes: int) -> None:
    """Set every outcome of every lane to what it is before anything has happened."""
    for o in range(table.code.size):
        x = 0.0
        if table.code[o] == _FIRST:
            x = table.last_step[o] * h
        elif table.code[o] == _MAX:
            x = -np.inf
        for i in range(lanes):
            reduced[o, i] = x


@compiled
def record_outcomes(
    table: OutcomeTable, signals: FloatArray, now: int, reduced: FloatArray, t: int, h: float, x: FloatArray, lanes: int
) -> None:
    """Take one step into `reduced[outcome, lane]`."""
    for o in range(table.code.size):
        if t < table.first_step[o] or t >= table.last_step[o]:
            continue
        code, limit = table.code[o], table.threshold[o]
        _total(table.signal_pointer[o], table.signal_pointer[o + 1], table.signal, signals, now, x, lanes)
        if code == _SUM or code == _MEAN:  # noqa: SIM109 (compiled to two comparisons)
            for i in range(lanes):
                reduced[o, i] += x[i]
        elif code == _MAX:
            for i in range(lanes):
                new, old = x[i], reduced[o, i]
                reduced[o, i] = new if new > old else old
        elif code == _ANY:
            for i in range(lanes):
                old = reduced[o, i]
                reduced[o, i] = 1.0 if x[i] > limit else old
        elif code == _LAST:
            if t == table.last_step[o] - 1:
                for i in range(lanes):
                    reduced[o, i] = x[i]
        elif code == _FIRST:
            time = t * h
            for i in range(lanes):
                old = reduced[o, i]
                new = time if time < old else old
                reduced[o, i] = new if x[i] > limit else old
        elif code == _TIME_ABOVE:
            for i in range(lanes):
                reduced[o, i] += h if x[i] > limit else 0.0


@compiled
def end_outcomes(table: OutcomeTable, reduced: FloatArray, lanes: int) -> None:
    """Turn sums into means where a mean is wanted."""
    for o in range(table.code.size):
        if table.code[o] == _MEAN:
            steps = np.float64(table.last_step[o] - table.first_step[o])
            for i in range(lanes):
                reduced[o, i] = reduced[o, i] / steps


@compiled
def record_series(
    table: Series, signals: FloatArray, now: int, histograms: IntArray, policy: int, t: int, x: FloatArray, lanes: int
) -> None:
    """Count every lane in its bin of each series, in `histograms[policy, step, bin]`."""
    for s in range(table.binning.size):
        first, last, kind = table.bin_pointer[s], table.bin_pointer[s + 1], table.binning[s]
        if first == last:
            continue
        _total(table.signal_pointer[s], table.signal_pointer[s + 1], table.signal, signals, now, x, lanes)
        if kind == LEVEL:
            for i in range(lanes):
                x[i] = x[i] * _EQUAL
        elif kind == AMOUNT:
            for i in range(lanes):
                x[i] = x[i] / (1.0 + x[i]) * _EQUAL
        if kind == LEVEL or kind == AMOUNT:  # noqa: SIM109
            top = np.int64(_EQUAL) - 1
            for i in range(lanes):
                histograms[policy, t, first + min(np.int64(x[i]), top)] += 1
            continue
        zeros, far = 0, 0
        for i in range(lanes):
            zeros += 1 if x[i] == 0.0 else 0
            far += 1 if x[i] >= EXACT else 0
        if zeros * _MOSTLY >= (_MOSTLY - 1) * lanes:  # then a branch is foreseen, and quicker than an addition
            histograms[policy, t, first] += zeros
            for i in range(lanes):
                if x[i] != 0.0:
                    histograms[policy, t, first + _count_bin(x[i], table.edges)] += 1
        elif not far:
            for i in range(lanes):
                histograms[policy, t, first + np.int64(x[i])] += 1
        else:
            for i in range(lanes):
                histograms[policy, t, first + _count_bin(x[i], table.edges)] += 1


@compiled
def _count_bin(x: float, edges: FloatArray) -> int:
    """Return the bin of a count; `edges` are the smallest counts of the bins that hold more than one."""
    if x < EXACT:
        return int(x)
    k = 0
    while k + 1 < edges.size and x >= edges[k + 1]:
        k += 1
    return EXACT + k


@compiled
def record_threat(
    table: EventsTable,
    signals: FloatArray,
    now: int,
    threat: FloatArray,
    policy: int,
    tile: int,
    draw: int,
    t: int,
    work: FloatArray,
    lanes: int,
) -> None:
    """Add the lanes' threats up, in `threat[policy, events, tile, draw, step]`, always in the same order."""
    for e in range(table.signal.size):
        if table.threat[e] == NONE:
            continue
        row, whole = now + table.threat[e], lanes - lanes % _ADDERS
        for k in range(_ADDERS):
            work[0, k] = 0.0
        for i in range(0, whole, _ADDERS):
            for k in range(_ADDERS):
                work[0, k] += signals[row, i + k]
        total = 0.0
        for k in range(_ADDERS):
            total += work[0, k]
        for i in range(whole, lanes):
            total += signals[row, i]
        threat[policy, e, tile, draw, t] = total


@compiled
def record_traces(
    traced: IntArray,
    signals: FloatArray,
    now: int,
    out: FloatArray | IntArray,
    policy: int,
    draw: int,
    first: int,
    t: int,
    lanes: int,
) -> None:
    """Keep signals of the draws and paths for which `out[policy, signal, draw, step, path]` has room."""
    if draw >= out.shape[2]:
        return
    for k in range(traced.size):
        for i in range(min(lanes, out.shape[4] - first)):
            out[policy, k, draw, t, first + i] = signals[now + traced[k], i]


@compiled
def _total(
    first: int, last: int, columns: IntArray, signals: FloatArray, now: int, out: FloatArray, lanes: int
) -> None:
    """Write a sum of signals to `out[lane]`."""
    a = now + columns[first]
    for i in range(lanes):
        out[i] = signals[a, i]
    for j in range(first + 1, last):
        a = now + columns[j]
        for i in range(lanes):
            out[i] += signals[a, i]
