"""A stretch of history as a scenario: a record of a case, held to what is known of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hudna.case import Case
from hudna.case.documents import Document
from hudna.case.nodes import Node
from hudna.case.observations import Record, Row
from hudna.case.steps import MONTH, place_of, step_day
from hudna.engine import compile_scenario
from hudna.engine.program import NONE, Program
from hudna.errors import InputError, no_such
from hudna.learn.timetable import Timetable, timetable
from hudna.scenario import Scenario
from hudna.scenario.file import Outcome, Policy, RunSize, ScenarioFile

__all__ = ["history_program", "laid_out", "question_of", "record_of"]

AS_IT_WAS = "as_it_was"


def record_of(case: Case, name: str | None) -> tuple[str, Record]:
    """Return a record of a case, the default one if none is named."""
    observations = case.observations
    if not observations.records:
        text = "the case has no record in observations.toml, so there is nothing to fit to or to start from"
        raise InputError.of(str(case.folder), text)
    chosen = name or observations.default
    if chosen not in observations.records:
        text = no_such("record", chosen, observations.records)
        raise InputError.of(str(case.folder), text, key="record", given=repr(chosen))
    return chosen, observations.records[chosen]


def question_of(case: Case, record: Record) -> Scenario:
    """Return the scenario that asks nothing but how a record went."""
    counted = next(iter(sorted(case.nodes)))
    for name, node in sorted(case.nodes.items()):
        if node.kind == "events":
            counted = name
            break
    policy = Policy(name=record.name, note=record.note, schedules={})
    file = ScenarioFile(
        name=record.name,
        question=record.name,
        case=case.id,
        start=record.start,
        weeks=record.weeks,
        run=RunSize(draws=1, paths=1, seed=0),
        policies={AS_IT_WAS: policy},
        outcomes={"counted": Outcome(name=record.name, signal=(counted,), reduce="sum")},
    )
    nodes, parameters = dict(case.nodes), dict(case.parameters)
    document = Document(case.folder / "observations.toml", {})
    return Scenario(id=case.id, file=file, case=case, nodes=nodes, parameters=parameters, document=document)


def history_program(scenario: Scenario, record: Record, until: dt.date) -> Program:
    """Compile the days from a record's start to `until`, in the scenario's case, as its signals are.

    Parameters
    ----------
    scenario : Scenario
        Gives the case, the signals (so that states fit) and the length of a step, if the record does not.
    record : Record
    until : date, a whole number of steps after the record's start

    Raises
    ------
    InputError
        If `until` is not at a step's beginning.
    """
    step = MONTH if record.step == "month" else scenario.file.step_days
    days, steps = (until - record.start).days, place_of(until, record.start, step)
    if days <= 0 or steps % 1:
        before, after = (step_day(record.start, step, max(1, int(steps)) + i) for i in (0, 1))
        lasts = "a month" if step == MONTH else f"{step} days"
        text = (
            f"must be a whole number of steps of {lasts} after {record.start}, where the case's history starts: "
            f"such as {before} or {after}"
        )
        key = "start" if until == scenario.file.start else "until"
        raise InputError.of(scenario.id, text, key=key, given=str(until))
    policy = next(iter(scenario.file.policies.values())).model_copy(
        update={"schedules": dict(record.schedules), "name": record.name, "note": record.note}
    )
    outcomes = {name: entry.model_copy(update={"window": None}) for name, entry in scenario.file.outcomes.items()}
    file = scenario.file.model_copy(
        update={
            "start": record.start,
            "step_days": step,
            "weeks": max(1, -(-days // 7)) + (step == MONTH),
            "policies": {AS_IT_WAS: policy},
            "assumptions": {},
            "outcomes": outcomes,
            "starts": dict(record.starts),
        }
    )
    nodes = _started(scenario.case.nodes, record.starts)
    parameters = {**scenario.parameters, **record.parameters}
    past = replace(scenario, file=file, nodes=nodes, parameters=parameters)
    program = compile_scenario(past)
    return _cut(program, int(steps))


def laid_out(
    program: Program, rows: Sequence[Row], scenario: Scenario, known: dt.date | None = None
) -> tuple[Program, Timetable]:
    """Return the program with its regimes held where they are known, and what is known in each step."""
    table = timetable(program, rows, scenario.case.observations.counters, known)
    held = np.where(table.hold == NONE, program.regimes.clamp, table.hold)
    return replace(program, regimes=replace(program.regimes, clamp=held)), table


def _started(nodes: Mapping[str, Node], starts: Mapping[str, float | str]) -> dict[str, Node]:
    return {
        name: node.model_copy(update={"start": starts[name]}) if name in starts else node
        for name, node in nodes.items()
    }


def _cut(program: Program, n_steps: int) -> Program:
    """Return the first steps of a program."""
    if program.n_steps == n_steps:
        return program
    schedules = replace(program.schedules, table=np.ascontiguousarray(program.schedules.table[:, :, :n_steps]))
    regimes = replace(program.regimes, clamp=np.ascontiguousarray(program.regimes.clamp[:, :n_steps]))
    last = np.minimum(program.outcomes.last_step, n_steps)
    outcomes = replace(program.outcomes, last_step=last, first_step=np.minimum(program.outcomes.first_step, last))
    return replace(program, n_steps=n_steps, schedules=schedules, regimes=regimes, outcomes=outcomes)
