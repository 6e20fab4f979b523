"""A run's numbers, put together from its blocks in their own order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.blocks import BlockRecord, Shape, Task
from hudna.engine.program import Program
from hudna.engine.recording import series_bins
from hudna.engine.summaries import Summaries, Summary

__all__ = ["Gathering", "Simulation"]


@dataclass(frozen=True)
class Simulation:
    """The raw numbers of a run; policies are the first axis of everything but `theta`.

    outcomes : float (policy, outcome, draw, path), or no paths where there is a `summary` instead
    histograms : a tuple with an int array (policy, step, bin) per series
    threat : float (policy, events, draw, step), mean over paths of the rate at full deployment, per week
    trajectories : (policy, signal, draw, path, step), of the first draws and paths
    theta : float (draw, parameter)
    """

    program: Program
    seed: int
    engine: str
    n_draws: int
    n_paths: int
    outcomes: FloatArray
    summary: Summary | None
    histograms: tuple[IntArray, ...]
    threat: FloatArray
    trajectory_signals: tuple[str, ...]
    trajectories: FloatArray | IntArray
    theta: FloatArray

    def counted(self, signals: Sequence[str]) -> IntArray:
        """Return what a sum of signals came to under the first policy, shape (draw x path, step), of kept paths."""
        chosen = [self.trajectory_signals.index(name) for name in signals]
        counts: IntArray = self.trajectories[0, chosen].sum(axis=0, dtype=np.int64)
        return counts.reshape(-1, self.program.n_steps)


class Gathering:
    """What has been gathered so far of a run of `draws` x `paths`."""

    def __init__(self, task: Task, draws: int, paths: int, kept: tuple[int, int], *, summary: bool) -> None:
        program = task.program
        n_policies, n_steps = len(program.policies), program.n_steps
        self._task, self._draws, self._paths = task, draws, paths
        self._outcomes = np.empty((n_policies, len(program.outcomes.name), draws, 0 if summary else paths))
        self._summaries = Summaries(program, draws) if summary else None
        self._histograms = [np.zeros((n_policies, n_steps, bins), np.int64) for bins in series_bins(program)]
        self._threat = np.zeros((n_policies, len(program.events.name), draws, n_steps))
        kind = np.float64 if task.exact else np.uint32
        shape = (n_policies, task.kept.size, kept[0], n_steps, kept[1])  # in memory paths are neighbours, as in a block
        self._trajectories = np.zeros(shape, kind).swapaxes(3, 4)

    def add(self, shape: Shape, record: BlockRecord) -> None:
        """Take in a block; the blocks of a draw come in the order of its paths."""
        if self._summaries is not None and record.summary is not None:
            self._summaries.add(record.summary, shape.draws)
        else:
            self._outcomes[:, :, shape.draws, shape.paths] = record.outcomes
        for i, part in enumerate(record.histograms):
            self._histograms[i] += part
        for tile in range(shape.n_tiles):
            self._threat[:, :, shape.draws] += record.threat[:, :, tile]
        n_draws, n_paths = shape.kept
        d, p = shape.first_draw, shape.first_path
        self._trajectories[:, :, d : d + n_draws, p : p + n_paths] = record.trajectories

    def finish(self, *, seed: int, engine: str) -> Simulation:
        """Return the whole."""
        program = self._task.program
        self._threat /= self._paths
        return Simulation(
            program=program,
            seed=seed,
            engine=engine,
            n_draws=self._draws,
            n_paths=self._paths,
            outcomes=self._outcomes,
            summary=self._summaries.finish() if self._summaries is not None else None,
            histograms=tuple(self._histograms),
            threat=self._threat,
            trajectory_signals=tuple(program.signals[s] for s in self._task.kept),
            trajectories=self._trajectories,
            theta=self._task.theta,
        )
