"""Small histories for the tests of fitting: a case with rows written on the fly, and filters of it side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hudna.case.observations import Row
from hudna.engine.ensemble import Ensemble
from hudna.engine.program import Program
from hudna.learn.filter import Filter
from hudna.learn.past import history_program, laid_out, record_of
from hudna.learn.timetable import Timetable
from hudna.scenario import Scenario, load

__all__ = ["BEGIN", "History", "close_to", "day", "history", "likelihoods", "regime", "seen"]

BEGIN = dt.date(2023, 1, 2)  # a Monday; first day of every history here
HEADER = "date_start,date_end,signal,value,qualifier,counter,confidence,use\n"


def day(n: int) -> str:
    """Day n of the history, counted from 0."""
    return (BEGIN + dt.timedelta(days=n)).isoformat()


def seen(
    first: int,
    last: int,
    value: float | str,
    signal: str = "raids",
    qualifier: str = "exact",
    *,
    counter: str = "",
    confidence: str = "high",
    use: str = "likelihood",
) -> str:
    """A row of the table: something seen from day `first` to day `last`, both of which belong to it."""
    return f"{day(first)},{day(last)},{signal},{value},{qualifier},{counter},{confidence},{use}\n"


def regime(name: str, start: str, ways: dict[str, float], states: Iterable[str] = ("calm", "war")) -> str:
    """A regime with fixed rates."""
    listed = "".join(f'{state} = {{ name = "{state}", value = {i} }}\n' for i, state in enumerate(states))
    rates = "".join(f'"{way}" = {{ rate = {rate} }}\n' for way, rate in ways.items())
    head = f'[{name}]\nkind = "regime"\nname = "State"\nstart = "{start}"\n'
    return f"{head}[{name}.states]\n{listed}[{name}.transitions]\n{rates}"


@dataclass(frozen=True)
class History:
    """A stretch of history with what was seen of it."""

    scenario: Scenario
    program: Program  # regimes held where they are known
    table: Timetable
    rows: tuple[Row, ...]
    free: Program  # before regimes were held

    def with_rows(self, rows: Iterable[Row], known: dt.date | None = None) -> History:
        """The same stretch with other rows."""
        rows = tuple(rows)
        program, table = laid_out(self.free, rows, self.scenario, known)
        return replace(self, program=program, table=table, rows=rows)

    def filter(self, draws: int, paths: int, seed: int = 1, theta: np.ndarray | None = None) -> Filter:
        """A filter at the beginning; draws without parameters are repeats of it, side by side."""
        theta = np.zeros((draws, 0)) if theta is None else theta
        return Filter.begin(Ensemble(self.program, theta, paths=paths, seed=seed))

    def run(self, draws: int, paths: int, seed: int = 1, **more: Any) -> Filter:
        """A filter that has seen everything."""
        found = self.filter(draws, paths, seed, **more)
        found.run(self.table, self.program.n_steps)
        return found


def history(
    write_case: Callable[..., Path],
    drivers: str,
    rows: Iterable[str],
    *,
    weeks: int,
    counters: str = "",
    step_days: int = 7,
    parameters: str = "",
) -> History:
    """Write a case with observations and lay them out."""
    until = BEGIN + dt.timedelta(days=7 * weeks)
    scenario = f"step_days = {step_days}"
    first = drivers.split("]", maxsplit=1)[0].strip().lstrip("[")
    outcomes = f'[outcomes.last]\nname = "Last"\nsignal = "{first}"\nreduce = "last"\n'
    path = write_case(drivers, scenario=scenario, parameters=parameters, outcomes=outcomes, weeks=max(weeks, 2))
    folder = path.parent.parent / "params" / "made-up"
    text = f'{counters}\n[records.main]\nname = "Main"\nstart = {BEGIN}\nuntil = {until}\n'
    (folder / "observations.toml").write_text(text, encoding="utf-8")
    (folder / "observations.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    read = load(path)
    _, record = record_of(read.case, None)
    free = history_program(read, record, until)
    program, table = laid_out(free, read.case.observations.rows, read)
    return History(read, program, table, read.case.observations.rows, free)


def likelihoods(found: Filter, scale: float = 0.0) -> np.ndarray:
    """Each repeat's estimate of the probability of what was seen, over exp(scale)."""
    return np.exp(found.log_likelihood - scale)


def close_to(samples: np.ndarray, exact: float) -> float:
    """The z of a mean of independent samples."""
    samples = np.asarray(samples, float).ravel()
    error = samples.std(ddof=1) / np.sqrt(samples.size)
    return float((samples.mean() - exact) / error)
