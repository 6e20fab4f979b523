"""Draws of the parameters led through what was seen, block by block: where it leaves them, and how likely it was."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine.ensemble import Ensemble, warm
from hudna.engine.executor import Stop, in_order
from hudna.engine.states import States, joined
from hudna.learn.filter import Filter
from hudna.learn.smc import Known

__all__ = ["PARTICLES", "filter_draws"]

PARTICLES = 200  # paths of each draw's filter, at least
_BLOCK = 32  # draws that are filtered at once


def filter_draws(
    known: Known,
    theta: FloatArray,
    paths: int,
    seed: int,
    *,
    halfway: int,
    engine: str = "vm",
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[FloatArray, States]:
    """Filter each draw through what is known.

    Parameters
    ----------
    known : Known
    theta : float array, shape (n_draws, n_parameters)
    paths : int
        States of each draw that are returned, of equal weight.
    seed : int
    halfway : int
        The first step whose rows weigh draws against one another.
    engine, threads, executor, progress
        As of `hudna.run`; `progress` counts draws.

    Returns
    -------
    log_likelihood : float array, shape (n_draws,)
        Of what came from step `halfway` on; minus infinity where a draw cannot explain the rows.
    states : States, shape (n_draws, ..., paths)
    """
    draws = theta.shape[0]
    blocks = ((first, theta[first : first + _BLOCK].copy()) for first in range(0, draws, _BLOCK))
    done: list[tuple[FloatArray, States]] = []
    warm(known.program, theta[:1], engine)
    for _, part in in_order(partial(_filtered, known, paths, seed, halfway, engine), blocks, threads, executor):
        done.append(part)
        if progress is not None:
            progress(min(len(done) * _BLOCK, draws), draws)
    return np.concatenate([after for after, _ in done]), joined([states for _, states in done])


def _filtered(
    known: Known, paths: int, seed: int, halfway: int, engine: str, block: tuple[int, FloatArray], stop: Stop
) -> tuple[FloatArray, States]:
    """Filter some draws, from the number `first` on."""
    first, theta = block
    ensemble = Ensemble(known.program, theta, paths=max(paths, PARTICLES), seed=seed, engine=engine, first_draw=first)
    found = Filter.begin(ensemble)
    found.run(known.table, halfway)
    before = found.log_likelihood.copy()
    if not stop.is_set():
        found.run(known.table, known.until)
    found.settle_weights()
    with np.errstate(invalid="ignore"):
        after = np.where(np.isfinite(before), found.log_likelihood - before, -np.inf)
    return np.where(np.isfinite(after), after, -np.inf), ensemble.states().evenly(paths)
