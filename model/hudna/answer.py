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

ENGINES = ("auto", "oracle")


def run(
    scenario: Scenario | str | Path,
    *,
    draws: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    policies: Sequence[str] | None = None,
    engine: str = "auto",
    threads: int | None = None,
    trajectories: str = "events",
    progress: Callable[[int, int], None] | None = None,
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
    engine : {"auto", "oracle"}
        The oracle is the NumPy engine.
    threads : int, optional
        The number of processors if left out. Moves no bit of the result.
    trajectories : {"events", "all"}
        What is kept week by week: events and responses of the first paths, or every signal of every path.
    progress : function of (done, total), optional

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If the scenario or an argument is wrong.
    SimulationError
        If a rate or level leaves the range of numbers.

    Examples
    --------
    >>> result = run("two-militias", draws=20, paths=10, seed=1)
    >>> dict(result.outcomes.sizes)
    {'policy': 2, 'draw': 20, 'path': 10}
    """
    question = scenario if isinstance(scenario, Scenario) else load(scenario)
    check_arguments(question, draws=draws, paths=paths, seed=seed, policies=policies, engine=engine, threads=threads)
    chosen = tuple(policies) if policies is not None else question.policies
    size = question.file.run
    simulation = simulate(
        compile_scenario(question, policies=chosen),
        draws=size.draws if draws is None else draws,
        paths=size.paths if paths is None else paths,
        seed=size.seed if seed is None else seed,
        trajectories=trajectories,
        threads=threads,
        progress=progress,
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
) -> None:
    """Raise `InputError` with everything that is wrong with the arguments of `run`, before anything is done."""
    problems = Problems()
    size = question.file.run
    problems.extend(
        check_sizes(
            size.draws if draws is None else draws,
            size.paths if paths is None else paths,
            size.seed if seed is None else seed,
            threads=threads,
        )
    )
    if engine not in ENGINES:
        text = f"must be one of {', '.join(ENGINES)}{nearest(engine, ENGINES)}"
        problems.add("run", "engine", text, given=repr(engine))
    chosen = list(policies) if policies is not None else list(question.policies)
    for policy in chosen:
        if policy not in question.policies:
            known = ", ".join(question.policies)
            text = f"there is no such policy{nearest(policy, question.policies)}; policies: {known}"
            problems.add("run", "policies", text, given=repr(policy))
    if not chosen or len(set(chosen)) != len(chosen):
        problems.add("run", "policies", "must name at least one policy, and each once", given=repr(chosen))
    problems.raise_if_any()
