"""One call from a scenario to a result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hudna.case.observation_rows import read_rows
from hudna.case.observations import Row
from hudna.engine import compile_scenario, simulate
from hudna.engine.simulate import check_sizes
from hudna.errors import Problems, nearest
from hudna.inference.conditioned import from_belief, from_world
from hudna.inference.gauges import known_by
from hudna.result import Result
from hudna.result.assemble import assemble
from hudna.scenario import Scenario, load

__all__ = ["check_arguments", "run"]


def run(
    scenario: Scenario | str | Path,
    *,
    draws: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    policies: Sequence[str] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    outcomes: str = "all",
    trajectories: str = "events",
    as_of: dt.date | None = None,
    given: str | Path | Sequence[Row] | None = None,
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
    policies : sequence of str, optional
        Which policies to run; all of them if left out.
    engine : {"auto", "vm", "oracle"}
        "vm" is the compiled engine, "oracle" the plain one that specifies it; both see the same random numbers
        and give the same events on every path. "auto" takes the one that will be done first.
    threads : int, optional
        If left out the environment's HUDNA_NUM_THREADS, else the number of processors. Moves no bit of the result.
    outcomes : {"all", "summary"}
        Keep every path's outcomes, or summaries of them (moments a draw, histograms, of the paired differences
        too): then memory does not grow with the paths.
    trajectories : {"events", "all"}
        What is kept week by week: events and responses of the first paths, or every signal of every path.
    as_of : date, optional
        Start from the state of the world on this date, as rows of observations tell it; the scenario's own `as_of` if
        left out. Days between it and the scenario's start are simulated.
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

    Examples
    --------
    >>> result = run("two-militias", draws=20, paths=10, seed=1)
    >>> dict(result.outcomes.sizes)
    {'policy': 2, 'draw': 20, 'path': 10}
    """
    question = scenario if isinstance(scenario, Scenario) else load(scenario)
    check_arguments(
        question,
        draws=draws,
        paths=paths,
        seed=seed,
        policies=policies,
        engine=engine,
        threads=threads,
        outcomes=outcomes,
        trajectories=trajectories,
        as_of=as_of,
        belief=belief,
    )
    chosen = tuple(policies) if policies is not None else question.policies
    size = question.file.run
    n_draws = size.draws if draws is None else draws
    n_paths = size.paths if paths is None else paths
    base = size.seed if seed is None else seed
    program = compile_scenario(question, policies=chosen)
    rows = _rows(question, given)
    date = as_of or question.file.as_of or (question.file.start if given is not None else None)
    held = belief or question.file.belief
    if date is None:
        origin = from_belief(question, program, n_draws, base, held)
    else:
        if stage is not None:
            stage("filtering")
        origin = from_world(
            question, program, date, rows=rows, draws=n_draws, paths=n_paths, seed=base, belief=held,
            engine="oracle" if engine == "oracle" else "vm", threads=threads, progress=progress,
        )  # fmt: skip
    simulation = simulate(
        program,
        draws=n_draws,
        paths=n_paths,
        seed=base,
        outcomes=outcomes,
        trajectories=trajectories,
        engine=engine,
        threads=threads,
        theta=origin.theta,
        starts=origin.states,
        progress=progress,
        stage=stage,
    )
    return assemble(question, simulation, origin.clusters, origin.about, _record(question, rows, date))


def _rows(question: Scenario, given: str | Path | Sequence[Row] | None) -> Sequence[Row] | None:
    """Return the rows of a table that is given, read and checked."""
    if not isinstance(given, str | Path):
        return given
    problems = Problems()
    rows = read_rows(Path(given), question.case.signals, question.case.observations.counters, problems)
    problems.raise_if_any()
    return rows


def _record(question: Scenario, rows: Sequence[Row] | None, date: dt.date | None) -> list[dict[str, Any]]:
    """Return what had been counted by a date, for those who compare the forecast with what needs no model."""
    observations = question.case.observations
    known = known_by(observations.rows if rows is None else rows, date or question.file.start)
    return [
        {
            "start": str(row.start), "end": str(row.end), "signal": row.signal, "value": row.value,
            "qualifier": row.qualifier, "confidence": row.confidence,
            "counter": "" if row.counter in observations.reference else row.counter,
        }
        for row in known
        if row.kind in ("events", "response") and row.use != "context"
    ]  # fmt: skip


def check_arguments(
    question: Scenario,
    *,
    draws: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    policies: Sequence[str] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    outcomes: str = "all",
    trajectories: str = "events",
    as_of: dt.date | None = None,
    belief: str | None = None,
) -> None:
    """Raise `InputError` with everything that is wrong with the arguments of `run`, before anything is done."""
    problems = Problems()
    size = question.file.run
    problems.extend(
        check_sizes(
            size.draws if draws is None else draws,
            size.paths if paths is None else paths,
            size.seed if seed is None else seed,
            trajectories,
            threads,
            outcomes,
            engine,
        )
    )
    if as_of is not None and type(as_of) is not dt.date:
        problems.add("run", "as_of", "must be a date, without a time of day", given=repr(as_of))
    elif as_of is not None and as_of > question.file.start:
        text = f"must not be after the scenario's start, {question.file.start}; move the start in the scenario's file"
        problems.add("run", "as_of", text, given=str(as_of))
    if belief not in (None, "posterior", "prior"):
        problems.add("run", "belief", "must be one of posterior, prior", given=repr(belief))
    chosen = list(policies) if policies is not None else list(question.policies)
    for policy in chosen:
        if policy not in question.policies:
            known = ", ".join(question.policies)
            text = f"there is no such policy{nearest(policy, question.policies)}; policies: {known}"
            problems.add("run", "policies", text, given=repr(policy))
    if not chosen or len(set(chosen)) != len(chosen):
        problems.add("run", "policies", "must name at least one policy, and each once", given=repr(chosen))
    problems.raise_if_any()
