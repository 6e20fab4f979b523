"""What comes before a simulation: options checked, the scenario compiled, draws and states to start from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from hudna.arguments import check_options, day, names, whole
from hudna.case.observation_rows import read_rows
from hudna.case.observations import Row
from hudna.engine import compile_scenario, simulate
from hudna.engine.program import Program
from hudna.engine.simulate import Simulation, check_sizes
from hudna.errors import Problems, no_such
from hudna.learn.origin import Origin, from_belief, from_world
from hudna.learn.timetable import known_by
from hudna.result import Result
from hudna.result.assemble import assemble
from hudna.scenario import Scenario

__all__ = ["Options", "Ready", "begin"]


@dataclass(frozen=True)
class Options:
    """How a scenario is run; what is None is the scenario's own. The fields are the arguments of `hudna.run`."""

    draws: int | None = None
    paths: int | None = None
    seed: int | None = None
    policies: tuple[str, ...] | None = None
    engine: str = "auto"
    threads: int | None = None
    executor: Executor | None = field(default=None, compare=False, repr=False)
    outcomes: str = "all"
    trajectories: str = "events"
    as_of: dt.date | None = None
    given: Path | tuple[Row, ...] | None = None
    belief: str | None = None
    progress: Callable[[int, int], None] | None = field(default=None, compare=False, repr=False)
    stage: Callable[[str], None] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, call: str, given: Mapping[str, Any], *, without: Sequence[str] = ()) -> Options:
        """Return options given by name, in the form the package holds them.

        Raises
        ------
        InputError
            If `call` takes no such option: there is none, or it is among `without`.
        """
        check_options(call, given, [one.name for one in fields(cls) if one.name not in without])
        made = {name: _FORMS[name](value) if name in _FORMS else value for name, value in given.items()}
        return cls(**made)

    @property
    def sizes(self) -> dict[str, Any]:
        """Draws, paths, seed, engine, threads and executor, by name."""
        return {name: getattr(self, name) for name in ("draws", "paths", "seed", "engine", "threads", "executor")}

    def sized(self, question: Scenario) -> Options:
        """Return the options with the size and the seed of a scenario where they give none."""
        own = question.file.run
        given = {name: value for name, value in self.sizes.items() if value is not None}
        return replace(self, **{"draws": own.draws, "paths": own.paths, "seed": own.seed, **given})

    def share(self, place: int, runs: int) -> Options:
        """Return the options of one run among several: its progress is reported as a share of the progress of all."""
        report = self.progress
        if not callable(report):  # none, or what is refused later
            return self
        return replace(self, progress=lambda done, total: report(place * total + done, runs * total))

    def settled(self, question: Scenario) -> Options:
        """Return the options with what the scenario says where they say nothing, checked against it.

        Raises
        ------
        InputError
            With everything that is wrong.
        """
        wanted, problems = self.sized(question), Problems()
        problems.extend(check_sizes(**wanted.sizes, trajectories=self.trajectories, outcomes=self.outcomes))
        _check_begin(self, question, problems)
        chosen = question.policies if self.policies is None else self.policies
        for policy in chosen:
            if policy not in question.policies:
                text = no_such("policy", policy, question.policies)
                problems.add("run", "policies", text, given=repr(policy))
        if not chosen or any(chosen.count(policy) > 1 for policy in chosen):
            problems.add("run", "policies", "must name at least one policy, and each once", given=repr(list(chosen)))
        problems.raise_if_any()
        return replace(
            wanted,
            policies=chosen,
            as_of=self.as_of or question.file.as_of or (question.file.start if self.given is not None else None),
            belief=self.belief or question.file.belief,
        )


def _rows_or_path(value: Any) -> Any:
    return Path(value) if isinstance(value, str | Path) else names(value)


_FORMS: dict[str, Callable[[Any], Any]] = {
    "draws": whole, "paths": whole, "seed": whole, "threads": whole, "policies": names, "as_of": day,
    "given": _rows_or_path,
}  # fmt: skip


def _check_begin(options: Options, question: Scenario, problems: Problems) -> None:
    """Note what is wrong with what a run starts from."""
    as_of, start = options.as_of, question.file.start
    if as_of is not None and type(as_of) is not dt.date:
        problems.add("run", "as_of", "must be a date such as 2024-08-22, without a time of day", given=repr(as_of))
    elif as_of is not None and as_of > start:
        text = f"must not be after the scenario's start, {start}; move the start in the scenario's file"
        problems.add("run", "as_of", text, given=str(as_of))
    if options.belief not in (None, "posterior", "prior"):
        problems.add("run", "belief", "must be one of posterior, prior", given=repr(options.belief))
    if not isinstance(options.given, Path | None) and not all(isinstance(row, Row) for row in options.given):
        text = "must be a CSV file or rows of observations"
        problems.add("run", "given", text, given=repr(options.given[:3]))
    for name in ("progress", "stage"):
        value = getattr(options, name)
        if not (value is None or callable(value)):
            problems.add("run", name, "must be a function", given=repr(value))


@dataclass(frozen=True)
class Ready:
    """A run that can be simulated, as it stands or with another program on the same draws, starts and numbers."""

    question: Scenario
    program: Program
    origin: Origin
    options: Options
    record: tuple[dict[str, Any], ...]

    def simulate(self, program: Program | None = None) -> Simulation:
        """Simulate its own program, or another of the same tables."""
        return simulate(
            self.program if program is None else program,
            **self.options.sizes,
            outcomes=self.options.outcomes,
            trajectories=self.options.trajectories,
            theta=self.origin.theta,
            starts=self.origin.states,
            progress=self.options.progress,
            stage=self.options.stage,
        )

    def labelled(self, simulation: Simulation) -> Result:
        """Return a simulation's numbers with what the scenario calls them."""
        return assemble(self.question, simulation, self.origin.clusters, self.origin.about, self.record)


def begin(question: Scenario, options: Options) -> Ready:
    """Check and compile a scenario, and filter the past if it starts from a date.

    Raises
    ------
    InputError
        If the scenario or an option is wrong.
    SimulationError
        If no draw of the posterior can explain the rows.
    """
    options = options.settled(question)
    sizes, belief, date = options.sizes, options.belief or "posterior", options.as_of
    program = compile_scenario(question, policies=options.policies)
    rows = _rows(question, options.given)
    if date is None:
        origin = from_belief(question, program, sizes["draws"], sizes["seed"], belief)
    else:
        past = {**sizes, "engine": "oracle" if options.engine == "oracle" else "vm"}
        origin = from_world(
            question, program, date, rows=rows, belief=belief, progress=options.progress, stage=options.stage, **past
        )
    record = tuple(_record(question, rows, date))
    if rows is not None:  # they are what the run was made of
        observations = replace(question.case.observations, rows=tuple(rows))
        question = replace(question, case=replace(question.case, observations=observations))
    return Ready(question, program, origin, options, record)


def _rows(question: Scenario, given: Path | tuple[Row, ...] | None) -> Sequence[Row] | None:
    """Return the rows of a table that is given, read and checked."""
    if not isinstance(given, Path):
        return given
    problems = Problems()
    own = question.case.observations
    rows = read_rows(given, question.case.signals, own.counters, problems, form=own.form, edges=own.edges,
                     choosing=own.choosing)  # fmt: skip
    problems.raise_if_any()
    return rows


def _record(question: Scenario, rows: Sequence[Row] | None, date: dt.date | None) -> list[dict[str, Any]]:
    """Return what had been counted by a date, for those who compare the forecast with what needs no model."""
    observations = question.case.observations
    known = known_by(observations.rows if rows is None else rows, date or question.file.start)
    through = observations.records.get(observations.default)
    return [
        {
            "start": str(row.start), "end": str(row.end), "signal": row.signal, "value": row.value,
            "qualifier": row.qualifier, "confidence": row.confidence,
            "counter": "" if row.counter in observations.reference else row.counter,
        }
        for row in known
        if row.counts and row.use != "context" and (through is None or through.takes(row))
    ]  # fmt: skip
