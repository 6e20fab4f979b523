"""One call from a scenario to a result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from hudna.arguments import checked
from hudna.ask.start import Options, begin
from hudna.case.observations import Row
from hudna.result import Result
from hudna.scenario import Scenario, load

__all__ = ["run"]


@checked
def run(
    scenario: Scenario | str | Path | Mapping[str, Any],
    *,
    draws: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    policies: str | Iterable[str] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    executor: Executor | None = None,
    outcomes: str = "all",
    trajectories: str = "events",
    as_of: dt.date | str | None = None,
    given: str | Path | Iterable[Row] | None = None,
    belief: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    stage: Callable[[str], None] | None = None,
) -> Result:
    """Simulate a scenario under its policies.

    Parameters
    ----------
    scenario : Scenario, or what `hudna.load` takes
    draws : int, optional
        Samples of the uncertain parameters; the scenario's own number if left out.
    paths : int, optional
        Futures per draw; the scenario's own number if left out.
    seed : int, optional
        The scenario's own if left out. The same seed gives the same numbers.
    policies : str or iterable of str, optional
        Which policies to run; all of them if left out.
    engine : {"auto", "vm", "oracle"}
        "vm" is the compiled engine, "oracle" the plain one that specifies it; both see the same random numbers
        and give the same events on every path. "auto" takes the one that will be done first.
    threads : int, optional
        The environment's HUDNA_NUM_THREADS if left out, else the number of processors; the result is the same.
    executor : concurrent.futures.Executor, optional
        What works on the run's blocks instead of threads of this process, other processes or a cluster for example (see
        docs/executors.md); the result is the same. It holds as many blocks at once as `threads` says, or 64.
    outcomes : {"all", "summary"}
        Keep every path's outcomes, or summaries of them (moments a draw, histograms, of the paired differences
        too): then memory does not grow with the paths.
    trajectories : {"events", "all"}
        What is kept week by week: events and responses of the first paths, or every signal of every path.
    as_of : date or str such as "2024-08-22", optional
        Start from the state of the world on this date, as observed; the scenario's own `as_of` if left out. Days
        between it and the scenario's start are simulated.
    given : str, Path or rows, optional
        A table of observations to use instead of the case's own; then `as_of` is the scenario's start if left out.
    belief : {"posterior", "prior"}, optional
        Draw parameters from the case's posterior, where it has one, or from its priors; the scenario's own if left out.
    progress : function of (done, total), optional
    stage : function of a name, optional
        Called with "compiling" (the first time ever only), "filtering" (the past, with `as_of`) and "simulating".

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the scenario or an argument is wrong, or the run would not fit into memory.
    SimulationError
        If a rate or level leaves the range of numbers.
    ExecutorError
        If the executor takes no work, or loses the same part of it twice.

    Examples
    --------
    >>> result = run("two-militias", draws=20, paths=10, seed=1)
    >>> dict(result.outcomes.sizes)
    {'policy': 2, 'draw': 20, 'path': 10}
    """
    chosen = Options.of(
        "run",
        {
            "draws": draws, "paths": paths, "seed": seed, "policies": policies, "engine": engine, "threads": threads,
            "executor": executor, "outcomes": outcomes, "trajectories": trajectories, "as_of": as_of,
            "given": given, "belief": belief, "progress": progress, "stage": stage,
        },
    )  # fmt: skip
    ready = begin(load(scenario), chosen)
    return ready.labelled(ready.simulate())
