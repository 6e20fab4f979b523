"""The programs that are run, how many uniforms they use, and one way to run them in any engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import hudna
from hudna.engine import Program, Simulation, compile_scenario
from hudna.engine import simulate as engine_simulate
from hudna.engine.program import NONE

__all__ = ["Model", "load", "simulate"]


@dataclass(frozen=True)
class Model:
    """A compiled scenario."""

    name: str
    program: Program

    @property
    def n_policies(self) -> int:
        """Number of policies."""
        return len(self.program.policies)

    @property
    def streams(self) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """Words of the streams in use: all but those of levels without chance of their own."""
        levels, values = self.program.levels, self.program.values
        idle = {
            int(stream)
            for stream, sd in zip(levels.stream, levels.sd, strict=True)
            if values.parameter[sd] == NONE and values.constant[sd] == 0
        }
        ids = self.program.stream_ids
        return np.array([word for i, word in enumerate(ids) if i not in idle], np.uint64)

    def path_weeks(self, draws: int, paths: int) -> int:
        """Number of steps of one path under one policy."""
        return draws * paths * self.n_policies * int(self.program.n_steps)


def load(name: str) -> Model:
    """Load and compile a scenario."""
    return Model(name, compile_scenario(hudna.load(name)))


def simulate(
    program: Program, *, engine: str, threads: int | None, draws: int, paths: int, seed: int = 1, **options: Any
) -> Simulation:
    """Run a program in an engine."""
    return engine_simulate(program, draws=draws, paths=paths, seed=seed, engine=engine, threads=threads, **options)
