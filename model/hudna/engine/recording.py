"""What is kept of the paths while they are simulated: outcomes, histograms, mean threats, some trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.bins import bin_index, n_bins
from hudna.engine.blocks import Shape
from hudna.engine.oracle import State
from hudna.engine.program import NONE, TILE, Program, ReducerCode

__all__ = ["Recorder", "regime_of", "series_bins"]


def series_bins(program: Program) -> tuple[int, ...]:
    """Return the number of bins of each series."""
    return tuple(n_bins(measure, n_states=_n_states(program, i)) for i, measure in enumerate(program.series.measure))


def _n_states(program: Program, series: int) -> int:
    regime = regime_of(program, series)
    return 0 if regime == NONE else int(program.regimes.n_states[regime])


def regime_of(program: Program, series: int) -> int:
    """Return the regime whose state a series is, if it is one."""
    if program.series.measure[series] != "state":
        return NONE
    signal = program.series.signal[program.series.signal_pointer[series]]
    return int(np.flatnonzero(program.regimes.signal == signal)[0])


class Recorder:
    """Collects one block under one policy, step by step."""

    def __init__(self, program: Program, shape: Shape, trajectories: IntArray, *, exact: bool) -> None:
        self.program = program
        self.shape = shape
        table = program.outcomes
        self._outcomes = np.zeros((len(table.name), shape.n_draws, shape.n_paths))
        for i, code in enumerate(table.code):
            if code == ReducerCode.FIRST:
                self._outcomes[i] = table.last_step[i] * program.step
            if code == ReducerCode.MAX:
                self._outcomes[i] = -np.inf
        self._histograms = [np.zeros((program.n_steps, bins), np.int64) for bins in series_bins(program)]
        self._regimes = [regime_of(program, i) for i in range(len(program.series.name))]
        self._threat = np.zeros((len(program.events.name), shape.n_tiles, shape.n_draws, program.n_steps))
        self._kept = trajectories
        kind = np.float64 if exact else np.uint32
        self._trajectories = np.zeros((trajectories.size, *shape.kept, program.n_steps), kind)

    def record(self, state: State, t: int) -> None:
        """Take in one step."""
        self._record_outcomes(state, t)
        for i, histogram in enumerate(self._histograms):
            if histogram.shape[1]:
                self._record_series(i, histogram, state, t)
        self._record_threat(state, t)
        _, draws, paths, _ = self._trajectories.shape
        if draws and paths:
            for k, signal in enumerate(self._kept):
                self._trajectories[k, :, :, t] = self._full(state.signals[signal])[:draws, :paths]

    def finish(self) -> tuple[FloatArray, Sequence[IntArray], FloatArray, FloatArray | IntArray]:
        """Return what was collected: outcomes, histograms, threat, trajectories."""
        table = self.program.outcomes
        for i, code in enumerate(table.code):
            if code == ReducerCode.MEAN:
                self._outcomes[i] /= table.last_step[i] - table.first_step[i]
        return self._outcomes, self._histograms, self._threat, self._trajectories

    def _full(self, array: Any) -> Any:
        return np.broadcast_to(array, (self.shape.n_draws, self.shape.n_paths))

    def _record_outcomes(self, state: State, t: int) -> None:
        table, h = self.program.outcomes, self.program.step
        for i, code in enumerate(table.code):
            if not table.first_step[i] <= t < table.last_step[i]:
                continue
            x = _total(state, table.signal[table.signal_pointer[i] : table.signal_pointer[i + 1]])
            out = self._outcomes[i]
            match code:
                case ReducerCode.SUM | ReducerCode.MEAN:
                    out += x
                case ReducerCode.MAX:
                    np.maximum(out, x, out=out)
                case ReducerCode.ANY:
                    np.maximum(out, x > table.threshold[i], out=out)
                case ReducerCode.LAST:
                    if t == table.last_step[i] - 1:
                        out[:] = x
                case ReducerCode.FIRST:
                    out[:] = np.where(x > table.threshold[i], np.minimum(out, t * h), out)
                case ReducerCode.TIME_ABOVE:
                    out += h * (x > table.threshold[i])

    def _record_series(self, i: int, histogram: IntArray, state: State, t: int) -> None:
        table = self.program.series
        regime = self._regimes[i]
        if regime != NONE:
            index = self._full(state.regimes[regime])
        else:
            x = _total(state, table.signal[table.signal_pointer[i] : table.signal_pointer[i + 1]])
            index = self._full(bin_index(table.measure[i], x))
        histogram[t] += np.bincount(index.ravel(), minlength=histogram.shape[1])

    def _record_threat(self, state: State, t: int) -> None:
        for i, signal in enumerate(self.program.events.threat):
            if signal == NONE:
                continue
            threat = np.ascontiguousarray(self._full(state.signals[signal]))
            for tile in range(self._threat.shape[1]):
                with np.errstate(over="ignore"):
                    self._threat[i, tile, :, t] = threat[:, tile * TILE : (tile + 1) * TILE].sum(axis=1)


def _total(state: State, signals: IntArray) -> FloatArray:
    total = np.zeros((1, 1))
    for signal in signals:
        total = total + state.signals[signal]
    return total
