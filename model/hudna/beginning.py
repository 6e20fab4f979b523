"""What comes before a simulation: arguments checked, the scenario compiled, draws and states to start from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hudna.case.observation_rows import read_rows
from hudna.case.observations import Row
from hudna.engine import compile_scenario, simulate
from hudna.engine.program import Program
from hudna.engine.simulate import Simulation, check_sizes
from hudna.errors import Problems, nearest
from hudna.inference.conditioned import Origin, from_belief, from_world
from hudna.inference.gauges import known_by
from hudna.result import Result
from hudna.result.assemble import assemble
from hudna.scenario import Scenario, load

__all__ = ["Ready", "begin", "check_arguments"]


@dataclass(frozen=True)
class Ready:
    """A run that can be simulated, as it stands or with another program on the same draws, starts and numbers."""

    question: Scenario
    program: Program
    origin: Origin
    draws: int
    paths: int
    seed: int
    engine: str
    threads: int | None
    record: tuple[dict[str, Any], ...]

    def simulate(
        self,
        program: Program | None = None,
        *,
        outcomes: str = "all",
        trajectories: str = "events",
        progress: Callable[[int, int], None] | None = None,
        stage: Callable[[str], None] | None = None,
    ) -> Simulation:
        """Simulate its own program, or another of the same tables."""
        return simulate(
            self.program if program is None else program,
            draws=self.draws,
            paths=self.paths,
            seed=self.seed,
            outcomes=outcomes,
            trajectories=trajectories,
            engine=self.engine,
            threads=self.threads,
            theta=self.origin.theta,
            starts=self.origin.states,
            progress=progress,
            stage=stage,
        )

    def labelled(self, simulation: Simulation) -> Result:
        """Return a simulation's numbers with what the scenario calls them."""
        return assemble(self.question, simulation, self.origin.clusters, self.origin.about, self.record)


def begin(
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
) -> Ready:
    """Check and compile a scenario, and filter the past if it starts from a date.

    The parameters are those of `hudna.run`.

    Raises
    ------
    InputError
        If the scenario or an argument is wrong.
    SimulationError
        If no draw of the posterior can explain the rows.
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
    size = question.file.run
    n_draws = size.draws if draws is None else draws
    n_paths = size.paths if paths is None else paths
    base = size.seed if seed is None else seed
    program = compile_scenario(question, policies=tuple(policies) if policies is not None else question.policies)
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
    record = tuple(_record(question, rows, date))
    return Ready(question, program, origin, n_draws, n_paths, base, engine, threads, record)


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
