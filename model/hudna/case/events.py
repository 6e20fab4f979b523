"""From a table with a row an event, as those of UCDP and ACLED are, to counts of days.

A row of observations is the count of all its days, so two events of one day are one row of 2. An event that lasts some
days, or whose date is not known to the day, lies somewhere in an interval: all events of intervals that overlap are one
count over all of their days, for on which side of an edge the uncertain one lies nobody knows. Days without an event
count as 0 only where the table is declared to hold every event.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from hudna.case.documents import show_value
from hudna.case.observations import CONFIDENCES, EventTable, Row
from hudna.errors import Problems, nearest

__all__ = ["chosen", "day_counts", "event_cells", "interval_of"]

_DAY = dt.timedelta(days=1)
_MIDNIGHT = (" 00:00:00.000", " 00:00:00", "T00:00:00")  # as databases write a day


def chosen(record: Mapping[str, str], form: EventTable) -> bool:
    """Whether the filters of the table keep a row; `record` has its cells by the table's own names."""
    return all(record.get(column, "") in allowed for column, allowed in form.only.items())


def event_cells(cells: Mapping[str, str], form: EventTable, place: str, problems: Problems) -> dict[str, str]:
    """Return the cells of an event as those of a row of observations: what it leaves out is what an event is."""
    found = {"value": "1", "qualifier": "exact", "signal": "", **cells}
    found["date_end"] = found.get("date_end") or found.get("date_start", "")
    for column in ("date_start", "date_end"):
        for clock in _MIDNIGHT:
            found[column] = found.get(column, "").removesuffix(clock)
    given = found["signal"]
    if form.signals and given in form.signals:
        found["signal"] = form.signals[given]
    elif form.signals:
        known = ", ".join(form.signals)
        text = (f"is not under signals in observations.toml{nearest(given, form.signals)}; there are: {known}; what is "
                "not to be counted is left out with only")  # fmt: skip
        problems.add(place, "signal", text, given=show_value(given))
    precision = found.get("precision", "")
    if precision and precision not in form.precision:
        text = f"is not under precision in observations.toml; there are: {', '.join(form.precision)}"
        problems.add(place, "precision", text, given=show_value(precision))
    return found


def interval_of(row: Row, precision: str, form: EventTable) -> Row:
    """Return an event with the days that it may have happened on: of a single vague date the week, month or year."""
    unit, day = form.precision.get(precision, "day"), row.start
    if row.start != row.end or unit == "day":
        return row
    if unit == "week":
        first = day - day.weekday() * _DAY
        return replace(row, start=first, end=first + 6 * _DAY)
    months = (day.month, day.month) if unit == "month" else (1, 12)
    last = dt.date(day.year, months[1], calendar.monthrange(day.year, months[1])[1])
    return replace(row, start=dt.date(day.year, months[0], 1), end=last)


def day_counts(
    rows: Sequence[Row], form: EventTable, edges: Collection[dt.date], where: str, problems: Problems
) -> tuple[Row, ...]:
    """Add events up by day, or by interval, and signal; rows of regimes and levels stay as they are.

    Parameters
    ----------
    rows : sequence of Row, an event each
    form : EventTable
        With `covers`, events of other days are left aside and days without an event count 0.
    edges : collection of date
        First days of records and the days after their last: there a stretch without an event is cut.
    where : str, the table, for the messages
    problems : Problems
    """
    groups: dict[tuple[object, ...], list[Row]] = {}
    others = []
    for row in rows:
        if not row.counts or not row.weighs:
            others.append(row)
        elif form.covers is None or (row.end >= form.covers[0] and row.start <= form.covers[1]):
            first = groups.setdefault((row.signals, row.counter, row.cells), [])
            first.append(row)
            if row.use != first[0].use:
                text = f"the events of a signal have one use, and line {first[0].line} has {first[0].use}"
                problems.add(f"{where}:{row.line}", "use", text, given=row.use)
    _check_apart([group[0] for group in groups.values()], where, problems)
    found = []
    for group in groups.values():
        counts = list(_merged(sorted(group, key=lambda row: (row.start, row.line))))
        found += [*counts, *_silences(counts, form, edges)]
    return (*others, *sorted(found, key=lambda row: (row.start, row.signals)))


def _check_apart(firsts: Sequence[Row], where: str, problems: Problems) -> None:
    """An event of a sum may or may not be one of those of its parts, which the table does not say."""
    holding: dict[str, Row] = {}
    for row in firsts:
        for name in row.signals:
            other = holding.setdefault(name, row)
            if other.signals != row.signals:
                text = f"holds {name}, as {other.signal} of line {other.line} does; events are distinguished by place"
                problems.add(f"{where}:{row.line}", "signal", text, given=show_value(row.signal))
                break


def _merged(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield a count for each stretch of intervals that overlap; `rows` are in order of their first day."""
    held: Row | None = None
    for row in rows:
        if held is not None and row.start > held.end:
            yield held
            held = None
        held = row if held is None else _sum(held, row)
    if held is not None:
        yield held


def _sum(a: Row, b: Row) -> Row:
    sources = dict.fromkeys(part for row in (a, b) for part in row.source.split("; ") if part)
    qualifier = max(a.qualifier, b.qualifier, key=("exact", "approx", "at_least").index)
    return replace(
        a,
        end=max(a.end, b.end),
        value=a.value + b.value,
        qualifier=qualifier,
        word=qualifier,
        confidence=max(a.confidence, b.confidence, key=CONFIDENCES.index),  # the lower one
        source="; ".join(sources),
        note="several events",
    )


def _silences(counts: Sequence[Row], form: EventTable, edges: Collection[dt.date]) -> Iterator[Row]:
    """Yield the stretches of the covered days in which nothing happened, as rows of 0."""
    if form.covers is None:
        return
    (first, last), like = form.covers, counts[0]
    begins = [first, *(row.end + _DAY for row in counts)]
    ends = [*(row.start for row in counts), last + _DAY]
    for begin, end in zip(begins, ends, strict=True):
        cuts = [begin, *sorted(edge for edge in edges if begin < edge < end), end]
        for a, b in itertools.pairwise(cuts):
            if a < b:
                yield replace(like, start=a, end=b - _DAY, value=0.0, qualifier="exact", word="exact",
                              confidence="high", source="", note="no event in the table")  # fmt: skip
