"""What a result is about, as the schema that its file is read through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, ValidationError

from hudna.case.grammar import Text
from hudna.case.observations import RATIO, SD, Confidence, Qualifier
from hudna.errors import Problems
from hudna.scenario.labels import LeverLabel, OutcomeLabel, Part, SeriesLabel

__all__ = ["About", "read_about"]

_SHOWN = 10  # problems of one file: a damaged one can have thousands

_Count: TypeAlias = Annotated[int, Field(ge=1, le=2**40)]


class _Counter(Part):
    ratio: Annotated[float | str, RATIO] | None = None
    sd: Annotated[float | str, SD] | None = None


class _Rows(Part):
    likelihood: Annotated[int, Field(ge=0)]
    known: Annotated[int, Field(ge=0)]


class _Given(Part):
    """What a run started from."""

    belief: Literal["prior", "posterior", "learned"] = "prior"
    learned_until: dt.date | None = None
    as_of: dt.date | None = None
    rows: _Rows = _Rows(likelihood=0, known=0)
    distinct_draws: _Count | None = None


class _Counted(Part):
    start: dt.date
    end: dt.date
    signal: str
    value: float | None
    qualifier: Qualifier
    confidence: Confidence | Literal[""] | None = None
    counter: str | None = None


class About(Part):
    """Names, labels and sizes of a run, and what it started from: all that anything reads of `Result.about`."""

    scenario: str
    case: str
    name: Text
    question: Text
    start: dt.date
    step_days: Annotated[int, Field(ge=1, le=366)]
    weeks: Annotated[int, Field(ge=1, le=2600)]
    draws: _Count
    paths: _Count
    seed: Annotated[int, Field(ge=0)]
    engine: str
    config_hash: str
    made: str
    policies: Annotated[dict[str, Text], Field(min_length=1, max_length=1000)]
    contrasts: list[tuple[str, str]]
    headline: list[str]
    outcomes: dict[str, OutcomeLabel]
    series: dict[str, SeriesLabel]
    levers: dict[str, LeverLabel] = Field(default_factory=dict)
    counters: dict[str, _Counter]
    sources: dict[str, dict[str, Any]]
    versions: dict[str, str]
    given: _Given
    record: list[_Counted]

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return self.weeks * 7 // self.step_days

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """Yield key and text of whatever in here does not agree with the rest."""
        if self.weeks * 7 % self.step_days:
            yield "weeks", f"must be a whole number of steps of {self.step_days} days"
        if not 1678 < self.start.year < 2200:
            yield "start", "must be a date between 1700 and 2200"
        for pair in self.contrasts:
            for name in pair:
                if name not in self.policies:
                    yield "contrasts", f"names no policy of the result: {name!r}"
        for key, outcome in self.outcomes.items():
            first, last = outcome.window
            if not 0 <= first < last <= self.weeks:
                yield f"outcomes.{key}.window", f"must lie within 0 to {self.weeks} weeks"
        for key, series in self.series.items():
            if series.measure == "state" and not series.states:
                yield f"series.{key}.states", "must name the states of the regime"
            if series.measure == "lever" and (gone := set(series.signals) - self.levers.keys()):
                yield f"series.{key}.signals", f"names no lever of the result: {sorted(gone)[0]!r}"
        for i, row in enumerate(self.record):
            if row.end < row.start:
                yield f"record.{i}.end", "must not be before its start"
        if self.given.as_of is not None and self.given.distinct_draws is None:
            yield "given.distinct_draws", "is missing"


def read_about(text: str, where: str, problems: Problems) -> About | None:
    """Return what a result is about, from JSON; note what is wrong with it and return None if anything is."""
    try:
        about = About.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        for item in found[:_SHOWN]:
            key = ".".join(str(part) for part in item["loc"] if part != "[key]")
            said = "is missing" if item["type"] == "missing" else item["msg"].replace("Input should be", "must be")
            problems.add(where, f"about.{key}".rstrip("."), said.removeprefix("Value error, "))
        if len(found) > _SHOWN:
            problems.add(where, "about", f"and {len(found) - _SHOWN} more that are wrong")
        return None
    before = len(problems)
    for key, said in about.contradictions():
        problems.add(where, f"about.{key}", said)
    return about if len(problems) == before else None
