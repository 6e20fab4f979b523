"""Run a program: split draws and paths into blocks, simulate each under every policy, put the parts together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine.blocks import BlockRecord, Shape, Task, blocks
from hudna.engine.choice import ENGINES, chosen_engine, chosen_threads
from hudna.engine.draws import draw_parameters
from hudna.engine.gathering import Gathering, Simulation
from hudna.engine.memory import check_fits, needed
from hudna.engine.program import Program
from hudna.engine.states import States
from hudna.engine.summaries import summarise
from hudna.errors import InputError, Problem, nearest

__all__ = ["MAX_TRAJECTORIES", "RunBlock", "Simulation", "check_sizes", "in_order", "prepared", "simulate", "unseen"]

MAX_TRAJECTORIES = 20_000  # paths a policy whose events are kept week by week
_BLOCK = {"oracle": 32_768, "vm": 8_192}  # paths a block: large enough that calls cost less than numbers

Progress = Callable[[int, int], None]
Stage = Callable[[str], None]
Done = TypeVar("Done")
RunBlock = Callable[[Shape, threading.Event], BlockRecord]


def simulate(
    program: Program,
    *,
    draws: int,
    paths: int,
    seed: int,
    outcomes: str = "all",
    trajectories: str = "events",
    engine: str = "auto",
    threads: int | None = None,
    block: int | None = None,
    theta: FloatArray | None = None,
    starts: States | None = None,
    progress: Progress | None = None,
    stage: Stage | None = None,
) -> Simulation:
    """Simulate a program.

    Parameters
    ----------
    program : Program
    draws, paths : int, at least 1
        Samples of the parameters, and futures of each.
    seed : int, 0 to 2**64 - 1
    outcomes : {"all", "summary"}
        Keep every path's outcomes, or summaries of them whose size does not grow with the paths.
    trajectories : {"events", "all"}
        Keep events and responses of the first paths, or every signal of every path.
    engine : {"auto", "vm", "oracle"}
        The compiled engine, the plain one, or the one that will be done first.
    threads : int, optional
        Blocks worked on at once; if left out HUDNA_NUM_THREADS, else the number of processors. The result is the same.
    block : int
        Paths a block. The result is the same.
    theta : float array, shape (draws, n_parameters), optional
        The draws' parameters; drawn from the priors if left out.
    starts : States, optional
        What the paths start from; the start of every node if left out.
    progress : function of (done, total), optional
        Called in path-steps.
    stage : function of a name, optional
        Called with "compiling" and "simulating" as each begins.

    Returns
    -------
    Simulation

    Raises
    ------
    InputError
        If a size is wrong, or the run does not fit into memory.
    SimulationError
        If a rate or level leaves the range of numbers.
    """
    wrong = list(check_sizes(draws, paths, seed, trajectories, threads, outcomes, engine))
    if wrong:
        raise InputError(wrong)
    summary, everything = outcomes == "summary", trajectories == "all"
    own = np.flatnonzero(program.looked_at() == np.arange(len(program.signals)))
    signals = own[1:] if everything else program.trajectories
    kept_draws = draws if everything else min(draws, MAX_TRAJECTORIES)
    kept_paths = paths if everything else min(paths, max(1, MAX_TRAJECTORIES // draws))
    workers = chosen_threads(threads)
    chosen = chosen_engine(engine, program, draws * paths)
    size = block or _BLOCK[chosen]
    parts = needed(
        program,
        draws=draws,
        paths=paths,
        kept=(signals.size, kept_draws, kept_paths),
        exact=everything,
        summary=summary,
        in_flight=min(size * 3 * workers, draws * paths),
    )
    if starts is not None:
        parts["states to start from"] = sum(array.nbytes for array in starts)
    check_fits(parts, draws=draws, paths=paths, summary=summary)
    if theta is None:
        theta = draw_parameters(program, seed, np.arange(draws, dtype=np.uint64))
    task = Task(program, seed, theta, signals, exact=everything, starts=starts)
    run_block = prepared(chosen, task, stage or unseen)
    if summary:
        run_block = partial(_summarised, program, run_block)
    gathering = Gathering(task, draws, paths, (kept_draws, kept_paths), summary=summary)
    per_path = len(program.policies) * program.n_steps
    done = 0
    for shape, record in in_order(run_block, list(blocks(draws, paths, size, kept_draws, kept_paths)), workers):
        gathering.add(shape, record)
        done += shape.n_draws * shape.n_paths
        if progress is not None:
            progress(done * per_path, draws * paths * per_path)
    return gathering.finish(seed=seed, engine=chosen)


def unseen(_: str) -> None:
    """Ignore what stage a run is in."""


def prepared(engine: str, task: Task, stage: Stage) -> RunBlock:
    """Return what simulates a block of a task on an engine; the compiled one is compiled if it is not yet."""
    if engine == "oracle":
        from hudna.engine.oracle_run import run_block

        stage("simulating")
        return partial(run_block, task)
    try:
        from hudna.engine.vm.kernel import is_ready
        from hudna.engine.vm.run import prepare
        from hudna.engine.vm.run import run_block as run_compiled
    except ImportError as error:
        text = f'the compiled engine needs numba ({error}); install it, or run with engine="oracle"'
        raise InputError.of("run", text, key="engine", given="'vm'") from None
    if not is_ready():
        stage("compiling")
    tables = prepare(task)
    stage("simulating")
    return partial(run_compiled, tables, task)


def _summarised(program: Program, run_block: RunBlock, shape: Shape, stop: threading.Event) -> BlockRecord:
    record = run_block(shape, stop)
    return replace(record, outcomes=record.outcomes[..., :0], summary=summarise(program, record.outcomes))


def check_sizes(
    draws: Any,
    paths: Any,
    seed: Any,
    trajectories: Any = "events",
    threads: Any = None,
    outcomes: Any = "all",
    engine: Any = "auto",
) -> Iterator[Problem]:
    """Yield what is wrong with the size of a run, or with how it is to be done."""
    limits = [("draws", draws, 1, 2**32), ("paths", paths, 1, 2**32), ("seed", seed, 0, 2**64)]
    if threads is not None:
        limits.append(("threads", threads, 1, 2**16))
    for name, number, low, top in limits:
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number < top:
            yield Problem("run", name, f"must be a whole number, {low} to {top - 1:,}", repr(number))
    for name, given, known in (
        ("trajectories", trajectories, ("events", "all")),
        ("outcomes", outcomes, ("all", "summary")),
        ("engine", engine, ENGINES),
    ):
        if given not in known:
            hint = nearest(given, known) if isinstance(given, str) else ""
            yield Problem("run", name, f"must be one of {', '.join(known)}{hint}", repr(given))


def in_order(
    run_block: Callable[[Shape, threading.Event], Done], shapes: list[Shape], threads: int
) -> Iterator[tuple[Shape, Done]]:
    """Work on several blocks at once, hand them on in their own order, and let no more than a few wait."""
    workers = min(threads, len(shapes))
    waiting: deque[tuple[Shape, Future[Done]]] = deque()
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
