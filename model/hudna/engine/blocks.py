"""Blocks of a run: some draws, and some paths of each; what an engine is asked as plain data, and its answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine import oracle
from hudna.engine.program import TILE, Program
from hudna.engine.states import States, as_arrays
from hudna.engine.summaries import BlockSummary
from hudna.errors import SimulationError

__all__ = ["Block", "BlockRecord", "Shape", "Task", "blocks", "stopped_run"]


@dataclass(frozen=True)
class Task:
    """What every block of a run has in common.

    theta : (draw, parameter), of all draws; kept : the signals whose trajectories are wanted, with `exact` as
    floats, else as counts; starts : what every path starts from, if not from the start of each node
    """

    program: Program
    seed: int
    theta: FloatArray
    kept: IntArray
    exact: bool
    starts: States | None = None


@dataclass(frozen=True)
class Shape:
    """A block: some draws, and some paths of each."""

    first_draw: int
    n_draws: int
    first_path: int
    n_paths: int
    kept_draws: int  # of the whole run: trajectories are kept for draws and paths below these
    kept_paths: int

    @property
    def draws(self) -> slice:
        """The block's draws among all."""
        return slice(self.first_draw, self.first_draw + self.n_draws)

    @property
    def paths(self) -> slice:
        """The block's paths among all."""
        return slice(self.first_path, self.first_path + self.n_paths)

    @property
    def draw_numbers(self) -> IntArray:
        """Numbers of the block's draws, which key what is random."""
        return np.arange(self.draws.start, self.draws.stop, dtype=np.uint64)

    @property
    def path_numbers(self) -> IntArray:
        """Numbers of the block's paths."""
        return np.arange(self.paths.start, self.paths.stop, dtype=np.uint64)

    @property
    def kept(self) -> tuple[int, int]:
        """Draws and paths of this block whose trajectories are kept."""
        draws = min(max(self.kept_draws - self.first_draw, 0), self.n_draws)
        paths = min(max(self.kept_paths - self.first_path, 0), self.n_paths)
        return draws, paths

    @property
    def n_tiles(self) -> int:
        """Tiles of paths a draw."""
        return -(-self.n_paths // TILE)


@dataclass(frozen=True)
class Block:
    """All that an engine needs to simulate a block: the task with `theta` and `starts` of the block's draws alone."""

    task: Task
    shape: Shape

    @classmethod
    def of(cls, task: Task, shape: Shape) -> Block:
        """Return a block of a task."""
        starts = None if task.starts is None else task.starts.part(shape.draws, shape.paths)
        return cls(replace(task, theta=task.theta[shape.draws], starts=starts), shape)

    def begins(self, values: FloatArray) -> States:
        """Return what the paths start from; one path stands for all of a draw where they start alike."""
        if self.task.starts is not None:
            return self.task.starts
        return as_arrays(oracle.initial(self.task.program, values, self.shape.draw_numbers), self.shape.n_draws, 1)


@dataclass(frozen=True)
class BlockRecord:
    """What one block leaves behind.

    outcomes : (policy, outcome, draw, path); histograms : a (policy, step, bin) array a series; threat : (policy,
    events, tile, draw, step), summed over the paths of a tile; trajectories : (policy, signal, draw, path, step)
    of the kept ones. Where outcomes are summarised they have no paths, and there is a `summary` instead.
    """

    outcomes: FloatArray
    histograms: tuple[IntArray, ...]
    threat: FloatArray
    trajectories: FloatArray | IntArray
    summary: BlockSummary | None = None


def blocks(task: Task, draws: int, paths: int, size: int, kept: tuple[int, int]) -> Iterator[Block]:
    """Split a run into blocks of about `size` paths: whole draws where they fit, else tiles of one draw.

    kept : draws and paths of the run whose trajectories are kept
    """
    if paths <= size:
        per = max(1, size // paths)
        for first in range(0, draws, per):
            yield Block.of(task, Shape(first, min(per, draws - first), 0, paths, *kept))
        return
    size = max(TILE, size // TILE * TILE)
    for draw in range(draws):
        for first in range(0, paths, size):
            yield Block.of(task, Shape(draw, 1, first, min(size, paths - first), *kept))


def stopped_run(text: str, step: int, policy: str, draw: int, path: int) -> SimulationError:
    """Return the error that a refused step ends a run with."""
    return SimulationError(
        f"{text} in step {step} under policy {policy}, draw {draw}, path {path}; "
        "its rates and coefficients drive it there: narrow or truncate their priors"
    )
