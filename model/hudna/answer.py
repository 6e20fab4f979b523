"""One call from a scenario to a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hudna.engine import compile_scenario, simulate
from hudna.engine.simulate import check_sizes
from hudna.errors import Problems, nearest
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
    progress : function of (done, total), optional
    stage : function of a name, optional
        Called with "compiling" (the first time ever only) and "simulating".

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
    )
    chosen = tuple(policies) if policies is not None else question.policies
    size = question.file.run
    simulation = simulate(
        compile_scenario(question, policies=chosen),
        draws=size.draws if draws is None else draws,
        paths=size.paths if paths is None else paths,
        seed=size.seed if seed is None else seed,
        outcomes=outcomes,
        trajectories=trajectories,
        engine=engine,
        threads=threads,
        progress=progress,
        stage=stage,
    )
    return assemble(question, simulation)


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
    chosen = list(policies) if policies is not None else list(question.policies)
    for policy in chosen:
        if policy not in question.policies:
            known = ", ".join(question.policies)
            text = f"there is no such policy{nearest(policy, question.policies)}; policies: {known}"
            problems.add("run", "policies", text, given=repr(policy))
    if not chosen or len(set(chosen)) != len(chosen):
        problems.add("run", "policies", "must name at least one policy, and each once", given=repr(chosen))
    problems.raise_if_any()
