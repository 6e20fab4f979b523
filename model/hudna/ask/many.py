"""Several runs with one progress: draws and starts of a scenario once, then its simulations, paired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from hudna.ask.start import Options, Ready, begin
from hudna.engine.program import Program
from hudna.engine.simulate import Simulation
from hudna.scenario import Scenario

__all__ = ["Change", "many"]

Change = Callable[[Program], Program]


def many(
    asked: Iterable[tuple[Scenario, Options]], changes: Sequence[Change] = (lambda program: program,)
) -> Iterator[tuple[Ready, Simulation]]:
    """Simulate each scenario under each change of its program, one after the other.

    Parameters
    ----------
    asked : iterable of (Scenario, Options)
        Each is compiled, and its past filtered, once, when its turn comes; its `progress` counts all runs together.
    changes : sequence of functions of a program, optional
        Each returns a program of the same parameters, streams and shapes, so that runs of a scenario are paired: the
        same draws, starts and random numbers. All are made before the scenario's first simulation.

    Yields
    ------
    (Ready, Simulation)
        In order: the first scenario under every change, then the next. Nothing is kept of those that were yielded.

    Raises
    ------
    InputError
        If a scenario or an option is wrong, or a change is refused.
    SimulationError
        If a rate or level leaves the range of numbers, or no draw can explain the rows.

    Examples
    --------
    >>> from hudna.scenario import load
    >>> runs = many([(load("two-militias"), Options(draws=20, paths=10))] * 2)
    >>> [simulation.outcomes.shape for _, simulation in runs]
    [(2, 4, 20, 10), (2, 4, 20, 10)]
    """
    queue = list(asked)
    for i, (question, options) in enumerate(queue):
        ready = begin(question, options.share(i, len(queue)))
        programs = [change(ready.program) for change in changes]
        for j, program in enumerate(programs, i * len(programs)):
            part = replace(ready.options, progress=options.progress).share(j, len(queue) * len(programs))
            yield ready, replace(ready, options=part).simulate(program)
