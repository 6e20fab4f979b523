"""Do the rows of a table go together? Sums nested or apart, no contradictions, no running total that falls."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from hudna.case.documents import display, show_value
from hudna.case.observations import Row
from hudna.errors import Problems

__all__ = ["check_rows"]

_Total: TypeAlias = tuple[dt.date, tuple[str, ...], str]  # what the rows of a running total share


def check_rows(rows: Iterable[Row], path: Path, problems: Problems) -> None:
    """Note where rows of one table contradict one another; rows that take no part in a fit may.

    Parameters
    ----------
    rows : Row
        With no problems of their own.
    path : Path
        The table, for the messages.
    problems : Problems
    """
    where = display(path)
    apart: dict[tuple[tuple[str, str], ...], list[Row]] = defaultdict(list)  # rows of unlike cells are of unlike things
    for row in rows:
        if row.weighs:
            apart[row.cells].append(row)
    for weighing in apart.values():
        _check_together(weighing, where, problems)


def _check_together(weighing: Sequence[Row], where: str, problems: Problems) -> None:
    _check_sums(weighing, where, problems)
    _check_twice(weighing, where, problems)
    totals: dict[_Total, list[Row]] = defaultdict(list)
    for row in weighing:
        if row.counts and row.confidence == "high" and row.qualifier != "approx":
            totals[row.start, row.signals, row.counter].append(row)
    for total in totals.values():
        _check_total(total, where, problems)
    regimes: dict[str, list[Row]] = defaultdict(list)
    for row in weighing:
        if row.kind == "regime":
            regimes[row.signals[0]].append(row)
    for stretch in regimes.values():
        _check_states(stretch, where, problems)


def _check_sums(rows: Sequence[Row], where: str, problems: Problems) -> None:
    """Every two sums of signals are nested or have nothing in common: then one can be built from the other."""
    first: dict[frozenset[str], Row] = {}
    for row in rows:
        first.setdefault(frozenset(row.signals), row)
    holding: dict[str, list[frozenset[str]]] = defaultdict(list)
    for names, row in first.items():
        crossed = {other for name in names for other in holding[name] if not (names <= other or other <= names)}
        for other in sorted(crossed, key=lambda found: first[found].line)[:1]:
            line, written = first[other].line, first[other].signal
            text = f"crosses {written} of line {line}: two sums must be nested or have no signal in common"
            problems.add(f"{where}:{row.line}", "signal", text, given=show_value(row.signal))
        for name in names:
            holding[name].append(names)


def _check_twice(rows: Sequence[Row], where: str, problems: Problems) -> None:
    """A count is said once: a second row of the same is either the same report or another event."""
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if row.counts and (same := first.setdefault(row.said, row)) is not row:
            text = (f"has the days, signal, counter and count of line {same.line}: a row is the count of all its days, "
                    'so give the sum in one row, or say rows = "events" in observations.toml if each row is an event; '
                    "a report that is only repeated has the use context")  # fmt: skip
            problems.add(f"{where}:{row.line}", "value", text, given=f"{row.value:.0f}")


def _check_total(rows: list[Row], where: str, problems: Problems) -> None:
    """What is counted from one day on does not fall, and is one number on any one day."""
    least: Row | None = None  # the highest so far
    for _, day in itertools.groupby(sorted(rows, key=lambda row: (row.end, row.line)), key=lambda row: row.end):
        same = list(day)
        exact = [row for row in same if row.qualifier == "exact"]
        for row in exact[1:]:
            if row.value != exact[0].value:
                text = (
                    f"line {exact[0].line} has {exact[0].value:.0f} for the same days, signal and counter, exact and "
                    "of high confidence too: a row is the count of all its days; give the sum in one row, lower the "
                    "confidence of one, or set its use to context"
                )
                problems.add(f"{where}:{row.line}", "value", text, given=f"{row.value:.0f}")
        floor = max([*([least] if least else []), *(r for r in same if r.qualifier == "at_least")],
                    key=lambda row: row.value, default=None)  # fmt: skip
        for row in exact[:1]:
            if floor is not None and row.value < floor.value:
                text = (f"a running total cannot fall: since {row.start} it was {_least(floor)} on {floor.end} (line "
                        f"{floor.line}); lower the confidence of one, or set its use to context")  # fmt: skip
                problems.add(f"{where}:{row.line}", "value", text, given=f"{row.value:.0f}")
        least = max([*([least] if least else []), *same], key=lambda row: row.value)


def _least(row: Row) -> str:
    return f"{'at least ' if row.qualifier == 'at_least' else ''}{row.value:.0f}"


def _check_states(rows: list[Row], where: str, problems: Problems) -> None:
    """A regime is in one state on any one day."""
    until: Row | None = None  # what reaches furthest so far
    for row in sorted(rows, key=lambda row: (row.start, row.line)):
        if until is not None and row.start <= until.end and row.state != until.state:
            text = (f"line {until.line} has {row.signal} in the state {until.state} until {until.end}; a regime is in "
                    "one state on any one day")  # fmt: skip
            problems.add(f"{where}:{row.line}", "value", text, given=show_value(row.state))
        if until is None or row.end > until.end:
            until = row
