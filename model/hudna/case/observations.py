"""Observations: what was seen, how it was counted, and the stretches of history that it belongs to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Field, model_validator

from hudna.case.grammar import LISTS, ONE_PART, Day, Domain, Entry, Label, Names
from hudna.case.nodes import Plans, Starts
from hudna.case.parameters import Parameter, Stretch

__all__ = [
    "COLUMNS",
    "CONFIDENCES",
    "QUALIFIERS",
    "RATIO",
    "REQUIRED",
    "SD",
    "USES",
    "WEIGHING",
    "Confidence",
    "Counter",
    "EventTable",
    "Observations",
    "ObservationsFile",
    "Qualifier",
    "Record",
    "Row",
    "Use",
    "last_known",
]

Qualifier: TypeAlias = Literal["exact", "at_least", "approx"]
Confidence: TypeAlias = Literal["high", "medium", "low"]
Use: TypeAlias = Literal["likelihood", "known", "prior", "context"]
QUALIFIERS: tuple[Qualifier, ...] = get_args(Qualifier)
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
USES: tuple[Use, ...] = get_args(Use)
WEIGHING: tuple[Use, ...] = ("likelihood", "known")  # rows of these take part in a fit

RATIO = Domain(low=1.0, why="a counter counts what the reference counts, and perhaps more")
SD = Domain(low=0.0, low_open=True, why="no poll reads a level without error")


class Counter(Entry):
    """Who counts, and how much more than the reference, or who reads a level, and with what error."""

    name: Label
    ratio: Annotated[float | str, RATIO] | None = Field(
        None, description="of counts: what it counts beyond the reference is Poisson, (ratio - 1) x rate"
    )
    sd: Annotated[float | str, SD] | None = Field(
        None, description="of a level: standard deviation of the reading's error, in log odds"
    )
    note: str = Field("", description="what is counted, and where the ratio or the sd is from")

    @model_validator(mode="after")
    def _one_of_two(self) -> Counter:
        if self.ratio is not None and self.sd is not None:
            raise ValueError("give either ratio (it counts) or sd (it reads a level)")
        return self


_Cells: TypeAlias = dict[str, Annotated[tuple[str, ...], LISTS]]


class Record(Entry):
    """A stretch of history that parameters can be fitted to, and what was otherwise in it."""

    name: Label
    start: Day = Field(description="first day of the first step")
    until: Day = Field(description="the day after the last; a whole number of weeks, or months, after the start")
    step: Literal["month"] | None = Field(
        None, description="the steps of a fit and of a backtest are calendar months; the scenario's if left out"
    )
    only: _Cells = Field(
        default_factory=dict, description="column of observations.csv = the cells of its rows; of all rows if left out"
    )
    starts: Starts = Field(default_factory=dict, description="node = its start here")
    parameters: dict[Annotated[str, Names("parameter")], Parameter] = Field(
        default_factory=dict, description="parameters of the case overridden here"
    )
    schedules: Plans = Field(default_factory=dict, description="schedule = { points, interpolation }")
    note: str = Field("", description="anything a reader should know")

    @model_validator(mode="after")
    def _whole_weeks(self) -> Record:
        days = (self.until - self.start).days
        if days <= 0:
            raise ValueError("until: must be after start")
        if self.step == "month":
            for name, day in (("start", self.start), ("until", self.until)):
                if day.day != 1:
                    raise ValueError(f"{name}: must be the first day of a month, as steps are months")
        elif days % 7:
            before, after = (self.start + dt.timedelta(days=7 * weeks) for weeks in (days // 7, days // 7 + 1))
            near = str(after) if before == self.start else f"{before} or {after}"
            raise ValueError(f"until: must be a whole number of weeks after start, such as {near}")
        return self

    @property
    def weeks(self) -> int:
        """Length of the record, in weeks."""
        return (self.until - self.start).days // 7

    def covers(self, row: Row) -> bool:
        """Whether a row belongs to the record: at least one of its days does, and its cells are the record's."""
        return row.end >= self.start and row.start < self.until and self.takes(row)

    def takes(self, row: Row) -> bool:
        """Whether a row of any date is about what the record is about."""
        return all(dict(row.cells).get(column, "") in allowed for column, allowed in self.only.items())


_NAMES: dict[str, Any] = {"propertyNames": {"pattern": ONE_PART}}


_Column: TypeAlias = Literal["date_start", "date_end", "signal", "value", "qualifier", "counter", "confidence", "use",
                            "source", "note", "precision"]  # fmt: skip
COLUMNS: tuple[str, ...] = get_args(_Column)[:-1]  # the last only in tables of events
REQUIRED = COLUMNS[:5]


class EventTable(Entry):
    """What a row of the table is, and, where it is an event, how the table is read."""

    rows: Literal["counts", "events"] = Field(
        "counts", description="what a row of observations.csv is: the count of all its days, or an event"
    )
    covers: Stretch | None = Field(
        None, description="[first_date, last_date]: days of which the table has every event, so that others count 0"
    )
    columns: dict[_Column, str] = Field(
        default_factory=dict, description="column = its name in the table; columns with other names are left aside"
    )
    signals: dict[str, str] = Field(
        default_factory=dict, description='what a cell of the column signal stands for; "" if there is no such column'
    )
    precision: dict[str, Literal["day", "week", "month", "year"]] = Field(
        default={"1": "day", "2": "week", "3": "week", "4": "month", "5": "year"},
        description="what a cell of the column precision stands for: in what a single date may be off",
    )
    only: _Cells = Field(
        default_factory=dict, description="column of the table = the cells of rows that are read; others are left out"
    )

    @model_validator(mode="after")
    def _of_events(self) -> EventTable:
        given = [name for name in EventTable.model_fields if name != "rows" and name in self.model_fields_set]
        if self.rows == "counts" and given:
            raise ValueError(f'{given[0]}: is of a table with rows = "events"')
        return self


class ObservationsFile(EventTable):
    """The file `observations.toml`."""

    default: Annotated[str, Names("record")] | None = Field(
        None, description="the record that is meant if none is named"
    )
    counters: dict[str, Counter] = Field(
        default_factory=dict, description="[counters.NAME]: who counts", json_schema_extra=_NAMES
    )
    records: dict[str, Record] = Field(
        default_factory=dict, description="[records.NAME]: stretches of history", json_schema_extra=_NAMES
    )


@dataclass(frozen=True)
class Row:
    """One observation: a count, a state or a reading over some days, as a table gives it.

    `value` is the count or the reading and NaN for a regime, `state` the state of a regime and else empty.
    """

    start: dt.date  # both inclusive
    end: dt.date
    signal: str  # as written
    signals: tuple[str, ...]  # resolved, in name order
    kind: str  # of the nodes: events, response, regime or level
    value: float
    state: str
    qualifier: Qualifier  # what the word means
    word: str  # as written
    counter: str  # empty: the reference
    confidence: Confidence  # after the word's own
    use: Use
    source: str
    note: str
    line: int
    cells: tuple[tuple[str, str], ...] = ()  # of the columns by which records choose their rows

    @property
    def said(self) -> tuple[str, ...]:
        """All that a fit takes from the row: what was seen and how sure it is, without where it stands and is from."""
        seen = (str(self.start), str(self.end), *self.signals, repr(self.value), self.state)
        return (*seen, self.qualifier, self.counter, self.confidence, self.use)

    @property
    def counts(self) -> bool:
        """Whether the row is a count, of events or responses."""
        return self.kind in ("events", "response")

    @property
    def daily(self) -> bool:
        """Whether the row holds on each of its days: a state, or an exact count of 0, which no day can exceed."""
        return self.kind == "regime" or (self.value == 0 and self.qualifier == "exact")

    @property
    def weighs(self) -> bool:
        """Whether the row takes part in a fit: it weighs parameters, or conditions paths."""
        return self.use in WEIGHING


def last_known(start: dt.date, end: dt.date, day: dt.date, *, daily: bool) -> dt.date | None:
    """Return the last day of a row that is known on the morning of `day`; None if nothing of it is.

    A row is known once it has ended. Of one that is `daily`, which holds on each of its days, the part before is known.
    """
    if end < day:
        return end
    return day - dt.timedelta(days=1) if daily and start < day else None


@dataclass(frozen=True)
class Observations:
    """The rows of a case, who counted them, and the records that they belong to; `default` names one of those."""

    counters: Mapping[str, Counter] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    default: str = ""  # empty: there is no record
    rows: tuple[Row, ...] = ()
    form: EventTable = field(default_factory=EventTable)

    @property
    def edges(self) -> frozenset[dt.date]:
        """First days of records, and the days after their last."""
        return frozenset(day for record in self.records.values() for day in (record.start, record.until))

    @property
    def choosing(self) -> tuple[str, ...]:
        """Columns of the table by which records choose their rows."""
        return tuple(dict.fromkeys(column for record in self.records.values() for column in record.only))

    @property
    def reference(self) -> frozenset[str]:
        """Who counts just what the model counts: nobody by name, and counters without a ratio."""
        return frozenset({"", *(name for name, counter in self.counters.items() if counter.ratio is None)})

    def rows_of(self, record: str) -> tuple[Row, ...]:
        """Return the rows that belong to a record, in the order of the table."""
        return tuple(row for row in self.rows if self.records[record].covers(row))
