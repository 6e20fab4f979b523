"""The states of many paths as plain arrays: what a run is started from, and what an ensemble holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.oracle import State
from hudna.engine.program import NONE, Program

__all__ = ["States", "as_arrays", "as_state", "joined"]


class States(NamedTuple):
    """All that the next step of each path needs; one path stands for all of its draw's. The kernel reads it as it is.

    signals : (draw, signal, path); regimes : (draw, regime, path), numbers of states; memories : (draw, events, path);
    scores : (draw, level, path), log odds
    """

    signals: FloatArray
    regimes: FloatArray
    memories: FloatArray
    scores: FloatArray

    @property
    def n_paths(self) -> int:
        """Paths a draw, 1 where all start alike."""
        return int(self.signals.shape[2])

    def part(self, draws: slice, paths: slice) -> States:
        """Return the states of some draws and paths."""
        which = paths if self.n_paths > 1 else slice(None)
        return States(*(array[draws, :, which] for array in self))

    def evenly(self, paths: int) -> States:
        """Return so many paths of each draw, at even distances."""
        places = ((np.arange(paths) + 0.5) * self.n_paths / paths).astype(int)
        return States(*(np.ascontiguousarray(array[:, :, places]) for array in self))

    def contiguous(self) -> States:
        """Return the states as compiled code takes them."""
        return States(*map(np.ascontiguousarray, self))

    def take(self, draws: IntArray) -> States:
        """Return a copy that has draw `draws[i]` in place i."""
        return States(*(array[draws] for array in self))


def joined(parts: Sequence[States]) -> States:
    """Return the draws of several, one after the other."""
    return States(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def as_arrays(state: State, n_draws: int, n_paths: int) -> States:
    """Return the oracle's state as arrays of full shape."""

    def stacked(columns: tuple[np.ndarray, ...]) -> FloatArray:
        out = np.empty((n_draws, len(columns), n_paths))
        for i, column in enumerate(columns):
            out[:, i, :] = column
        return out

    return States(stacked(state.signals), stacked(state.regimes), stacked(state.memories), stacked(state.scores))


def as_state(program: Program, states: States) -> State:
    """Return arrays as the oracle's state, shape (n_draws, n_paths) each."""

    def columns(array: FloatArray) -> tuple[FloatArray, ...]:
        return tuple(array[:, i, :] for i in range(array.shape[1]))

    nothing = np.zeros((1, 1))
    return State(
        signals=columns(states.signals),
        regimes=tuple(column.astype(np.int64) for column in columns(states.regimes)),
        memories=columns(states.memories),
        scores=columns(states.scores),
        crosses=tuple(nothing if s == NONE else states.signals[:, s, :] for s in program.levels.cross),
    )
