"""Run a program: split draws and paths into blocks, simulate each under every policy, put the parts together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine.blocks import Block, BlockRecord, Task, blocks
from hudna.engine.choice import ENGINES, chosen_engine
from hudna.engine.draws import draw_parameters
from hudna.engine.executor import Stop, at_once, in_order
from hudna.engine.gathering import Gathering, Simulation
from hudna.engine.memory import check_fits, needed
from hudna.engine.program import Program
from hudna.engine.states import States
from hudna.engine.summaries import summarise
from hudna.errors import InputError, Problem, nearest

__all__ = ["MAX_TRAJECTORIES", "RunBlock", "Simulation", "check_sizes", "prepared", "simulate", "unseen"]

MAX_TRAJECTORIES = 20_000  # paths a policy whose events are kept week by week
_BLOCK = {"oracle": 32_768, "vm": 8_192}  # paths a block: large enough that calls cost less than numbers

Progress = Callable[[int, int], None]
Stage = Callable[[str], None]
RunBlock = Callable[[Block, Stop], BlockRecord]


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
    executor: Executor | None = None,
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
    executor : concurrent.futures.Executor, optional
        What works on the blocks instead, and holds so many as `threads` says at once, or 64. The result is the same.
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
    ExecutorError
        If the executor takes no work, or loses the same block twice.
    """
    wrong = list(check_sizes(draws, paths, seed, trajectories, threads, outcomes, engine, executor))
    if wrong:
        raise InputError(wrong)
    summary, everything = outcomes == "summary", trajectories == "all"
    own = np.flatnonzero(program.looked_at() == np.arange(len(program.signals)))
    signals = own[1:] if everything else program.trajectories
    kept_draws = draws if everything else min(draws, MAX_TRAJECTORIES)
    kept_paths = paths if everything else min(paths, max(1, MAX_TRAJECTORIES // draws))
    chosen = chosen_engine(engine, program, draws * paths)
    size = block or _BLOCK[chosen]
    parts = needed(
        program,
        draws=draws,
        paths=paths,
        kept=(signals.size, kept_draws, kept_paths),
        exact=everything,
        summary=summary,
        in_flight=min(size * at_once(threads, executor), draws * paths),
        elsewhere=executor is not None,
    )
    if starts is not None:
        parts["states to start from"] = sum(array.nbytes for array in starts)
    check_fits(parts, draws=draws, paths=paths, summary=summary)
    if theta is None:
        theta = draw_parameters(program, seed, np.arange(draws, dtype=np.uint64))
    task = Task(program, seed, theta, signals, exact=everything, starts=starts)
    run_block = prepared(chosen, task, stage or unseen)
    if summary:
        run_block = partial(_summarised, run_block)
    gathering = Gathering(task, draws, paths, (kept_draws, kept_paths), summary=summary)
    per_path = len(program.policies) * program.n_steps
    done = 0
    parts_of_run = blocks(task, draws, paths, size, (kept_draws, kept_paths))
    for part, record in in_order(run_block, parts_of_run, threads, executor):
        gathering.add(part.shape, record)
        done += part.shape.n_draws * part.shape.n_paths
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
        return run_block
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
    return partial(run_compiled, tables)


def _summarised(run_block: RunBlock, block: Block, stop: Stop) -> BlockRecord:
    record = run_block(block, stop)
    return replace(record, outcomes=record.outcomes[..., :0], summary=summarise(block.task.program, record.outcomes))


def check_sizes(
    draws: Any,
    paths: Any,
    seed: Any,
    trajectories: Any = "events",
    threads: Any = None,
    outcomes: Any = "all",
    engine: Any = "auto",
    executor: Any = None,
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

    if not isinstance(executor, Executor | None):
        text = "must be a concurrent.futures.Executor; that of a Dask client is client.get_executor()"
        yield Problem("run", "executor", text, f"{type(executor).__name__} object")
