"""Blocks of a run: some draws, and some paths of each; what is asked of an engine, and what it gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine import oracle
from hudna.engine.program import TILE, Program
from hudna.engine.states import States, as_arrays
from hudna.engine.summaries import BlockSummary
from hudna.errors import SimulationError

__all__ = ["BlockRecord", "Shape", "Task", "blocks", "stopped_run"]


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

    def begins(self, shape: Shape, values: FloatArray) -> States:
        """Return what a block's paths start from; one path stands for all of a draw where they start alike."""
        if self.starts is not None:
            return self.starts.part(shape.draws, shape.paths)
        return as_arrays(oracle.initial(self.program, values, shape.draw_numbers), shape.n_draws, 1)


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


def blocks(draws: int, paths: int, size: int, kept_draws: int, kept_paths: int) -> Iterator[Shape]:
    """Split a run into blocks of about `size` paths: whole draws where they fit, else tiles of one draw."""
    if paths <= size:
        per = max(1, size // paths)
        for first in range(0, draws, per):
            yield Shape(first, min(per, draws - first), 0, paths, kept_draws, kept_paths)
        return
    size = max(TILE, size // TILE * TILE)
    for draw in range(draws):
        for first in range(0, paths, size):
            yield Shape(draw, 1, first, min(size, paths - first), kept_draws, kept_paths)


def stopped_run(text: str, step: int, policy: str, draw: int, path: int) -> SimulationError:
    """Return the error that a refused step ends a run with."""
    return SimulationError(
        f"{text} in step {step} under policy {policy}, draw {draw}, path {path}; "
        "its rates and coefficients drive it there: narrow or truncate their priors"
    )
