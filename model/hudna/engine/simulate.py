"""Run a program: split draws and paths into blocks, simulate each under every policy, put the parts together."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.blocks import BlockRecord, Shape, Task, blocks
from hudna.engine.draws import draw_parameters
from hudna.engine.program import Program
from hudna.engine.recording import series_bins
from hudna.errors import InputError, Problem

__all__ = ["MAX_TRAJECTORIES", "Simulation", "check_sizes", "simulate"]

MAX_TRAJECTORIES = 20_000  # paths a policy whose events are kept week by week
_BLOCK = {"oracle": 32_768, "vm": 8_192}  # paths a block: large enough that calls cost less than numbers

Progress = Callable[[int, int], None]
RunBlock = Callable[[Shape, threading.Event], BlockRecord]


@dataclass(frozen=True)
class Simulation:
    """The raw numbers of a run; policies are the first axis of everything but `theta`.

    outcomes : float (policy, outcome, draw, path)
    histograms : a tuple with an int array (policy, step, bin) per series
    threat : float (policy, events, draw, step), mean over paths of the rate at full deployment, per week
    trajectories : (policy, signal, draw, path, step), of the first draws and paths
    theta : float (draw, parameter)
    """

    program: Program
    seed: int
    n_draws: int
    n_paths: int
    outcomes: FloatArray
    histograms: tuple[IntArray, ...]
    threat: FloatArray
    trajectory_signals: tuple[str, ...]
    trajectories: FloatArray | IntArray
    theta: FloatArray


def simulate(
    program: Program,
    *,
    draws: int,
    paths: int,
    seed: int,
    trajectories: str = "events",
    engine: str = "oracle",
    threads: int | None = None,
    block: int | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Simulate a program.

    Parameters
    ----------
    program : Program
    draws, paths : int, at least 1
        Samples of the parameters, and futures of each.
    seed : int, 0 to 2**64 - 1
    trajectories : {"events", "all"}
        Keep events and responses of the first paths, or every signal of every path.
    threads : int, optional
        Blocks worked on at once; the number of processors if left out. Moves no bit of the result.
    block : int
        Paths a block. Moves no bit of the result.
    progress : function of (done, total), optional
        Called in path-steps.

    Returns
    -------
    Simulation

    Raises
    ------
    SimulationError
        If a rate or level leaves the range of numbers.
    """
    threads = threads or os.cpu_count() or 1
    wrong = list(check_sizes(draws, paths, seed, trajectories, threads))
    if wrong:
        raise InputError(wrong)
    everything = trajectories == "all"
    kept = np.arange(1, len(program.signals)) if everything else program.trajectories
    kept_draws = draws if everything else min(draws, MAX_TRAJECTORIES)
    kept_paths = paths if everything else min(paths, max(1, MAX_TRAJECTORIES // draws))
    theta = draw_parameters(program, seed, np.arange(draws, dtype=np.uint64))
    n_policies = len(program.policies)
    outcomes = np.empty((n_policies, len(program.outcomes.name), draws, paths))
    histograms = [np.zeros((n_policies, program.n_steps, bins), np.int64) for bins in series_bins(program)]
    threat = np.zeros((n_policies, len(program.events.name), draws, program.n_steps))
    kind = np.float64 if everything else np.uint32
    traces = np.zeros((n_policies, kept.size, kept_draws, kept_paths, program.n_steps), kind)
    task = Task(program, seed, theta, kept, exact=everything)
    shapes = list(blocks(draws, paths, block or _BLOCK[engine], kept_draws, kept_paths))
    run_block = _run_block(engine, task)
    total, done = draws * paths * n_policies * program.n_steps, 0
    for shape, record in _in_order(run_block, shapes, threads):
        d, p = shape.draws, shape.paths
        outcomes[:, :, d, p] = record.outcomes
        for i, part in enumerate(record.histograms):
            histograms[i] += part
        for tile in range(shape.n_tiles):  # in the order of the paths, one tile after the other
            threat[:, :, d] += record.threat[:, :, tile]
        n_d, n_p = shape.kept
        traces[:, :, d.start : d.start + n_d, p.start : p.start + n_p] = record.trajectories
        done += shape.n_draws * shape.n_paths * n_policies * program.n_steps
        if progress is not None:
            progress(done, total)
    return Simulation(
        program=program,
        seed=seed,
        n_draws=draws,
        n_paths=paths,
        outcomes=outcomes,
        histograms=tuple(histograms),
        threat=threat / paths,
        trajectory_signals=tuple(program.signals[s] for s in kept),
        trajectories=traces,
        theta=theta,
    )


def _run_block(engine: str, task: Task) -> RunBlock:
    if engine == "vm":
        from hudna.engine.vm.run import run_block as run_compiled
        from hudna.engine.vm.tables import pack

        return partial(run_compiled, pack(task.program), task)
    from hudna.engine.oracle_run import run_block

    return partial(run_block, task)


def check_sizes(
    draws: Any, paths: Any, seed: Any, trajectories: Any = "events", threads: Any = None
) -> Iterator[Problem]:
    """Yield what is wrong with the size of a run."""
    limits = [("draws", draws, 1, 2**32), ("paths", paths, 1, 2**32), ("seed", seed, 0, 2**64)]
    if threads is not None:
        limits.append(("threads", threads, 1, 2**16))
    for name, number, low, top in limits:
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number < top:
            yield Problem("run", name, f"must be a whole number, {low} to {top - 1:,}", repr(number))
    if trajectories not in ("events", "all"):
        yield Problem("run", "trajectories", "must be 'events' or 'all'", repr(trajectories))


def _in_order(run_block: RunBlock, shapes: list[Shape], threads: int) -> Iterator[tuple[Shape, BlockRecord]]:
    """Work on several blocks at once, hand them on in their own order, and let no more than a few wait."""
    workers = min(threads, len(shapes))
    waiting: deque[tuple[Shape, Future[BlockRecord]]] = deque()
    stop = threading.Event()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for shape in shapes:
                waiting.append((shape, pool.submit(run_block, shape, stop)))
                if len(waiting) > 2 * workers:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            stop.set()  # after Ctrl-C or an error nobody waits for the blocks under way
            for _, future in waiting:
                future.cancel()
