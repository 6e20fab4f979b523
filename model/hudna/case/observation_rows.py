"""Read a table of observations, the same everywhere: a case's `observations.csv`, and those of the commands."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from hudna.case.documents import display, show_value
from hudna.case.events import chosen, day_counts, event_cells, interval_of
from hudna.case.evidence import wrong_citations
from hudna.case.grammar import FIRST_YEAR, LAST_YEAR
from hudna.case.observations import (
    COLUMNS,
    CONFIDENCES,
    QUALIFIERS,
    REQUIRED,
    USES,
    WEIGHING,
    Confidence,
    Counter,
    EventTable,
    Qualifier,
    Row,
)
from hudna.case.references import Unread
from hudna.case.row_checks import check_rows
from hudna.case.signals import Signal, counted_twice, unknown_signal
from hudna.case.tables import Line, other_form, read_lines
from hudna.errors import Problems, nearest, no_such

__all__ = ["WORDS", "Catalogue", "read_rows"]

PRECISION = "precision"  # a column of tables of events
MAX_COUNT = 1_000_000_000

WORDS: dict[str, Qualifier] = {
    "exact": "exact",
    "at_least": "at_least",
    "approx": "approx",
    "official": "exact",
    "reported_total": "exact",
    "derived": "exact",  # its confidence is one class lower
    "calm": "exact",  # a count of 0, its confidence low
}
_COUNTED = ("events", "response")
_ALLOWED: dict[str, tuple[Qualifier, ...]] = {
    "events": QUALIFIERS,
    "response": QUALIFIERS,
    "regime": ("exact",),
    "level": ("exact", "approx"),
}

W = TypeVar("W", bound=str)


@dataclass(frozen=True)
class Catalogue:
    """What rows can be about: nodes by name with their kind, and the states of regimes.

    Where there is no case but only a saved result, `kinds` are the names of its counts, each as `"events"`.
    """

    kinds: Mapping[str, str]
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of_signals(cls, signals: Mapping[str, Signal]) -> Catalogue:
        """Return the catalogue of the nodes that publish these signals."""
        own = {name: signal.kind for name, signal in sorted(signals.items()) if signal.node == name}
        states = {
            name: tuple(s.removeprefix(f"{name}.") for s, signal in signals.items() if signal.node == name != s)
            for name, kind in own.items()
            if kind == "regime"
        }
        return cls(own, states)

    def resolve(self, reference: str) -> tuple[str, ...]:
        """Return the nodes that `reference` stands for: itself, or for `x.*` each below x, in name order."""
        if not reference.endswith(".*"):
            return (reference,) if reference in self.kinds else ()
        return tuple(name for name in sorted(self.kinds) if name.startswith(reference[:-1]))


def read_rows(
    path: Path,
    signals: Catalogue | Mapping[str, Signal],
    counters: Mapping[str, Counter],
    problems: Problems,
    *,
    unread: Unread | None = None,
    case_folder: Path | None = None,
    form: EventTable | None = None,
    edges: Collection[dt.date] = (),
    choosing: Collection[str] = (),
) -> tuple[Row, ...]:
    """Read a table of observations; note everything that is wrong with it.

    Parameters
    ----------
    path : Path
        A CSV file in UTF-8. Columns by name, in any order: `date_start`, `date_end`, `signal`, `value` and
        `qualifier`, and perhaps `counter`, `confidence`, `use`, `source` and `note`.
    signals : Catalogue, or signals by name
        What rows can be about.
    counters : mapping from name to Counter
        Who counts, besides the reference.
    problems : Problems
        Where every problem of every row is noted, under `file:line` and the column's name.
    unread : Unread, optional
        Names that are there but could not be read; rows that name them are excused.
    case_folder : Path, optional
        Where the files of evidence lie that rows name as their source; without it sources are not checked.
    form, edges : EventTable and dates, optional
        Where a row is an event: how to read it, and where stretches without one are cut; see `hudna.case.events`.
    choosing : collection of str, optional
        Further columns of the table, by which records choose their rows.

    Returns
    -------
    tuple of Row
        The rows without a problem of their own, in the order of the table; of events their sums, by date.
    """
    form = form or EventTable()
    events = form.rows == "events"
    catalogue = signals if isinstance(signals, Catalogue) else Catalogue.of_signals(signals)
    where, before = display(path), len(problems)
    records = read_lines(path, problems)
    header = next(records, None)
    if header is None:
        if len(problems) == before:
            problems.add(where, "", f"has no rows; its first line names the columns: {', '.join(COLUMNS)}")
        return ()
    if other := other_form(header.fields, _known(form, choosing)):
        problems.add(f"{where}:{header.line}", "", other)
        return ()
    columns = _columns(header, form, choosing, where, problems)
    if columns is None:
        return ()
    none = _no_events(form, f"{where}:{header.line}", catalogue, unread or Unread(), problems) if events else ()
    if none is None:
        return ()
    rows: list[Row] = []
    names = [cell.strip() for cell in header.fields]
    lengths: dict[str, int | str] = {}
    for record in records:
        place = f"{where}:{record.line}"
        while len(record.fields) > len(header.fields) and not record.fields[-1].strip():
            record.fields.pop()
        if len(record.fields) != len(header.fields):
            more = len(record.fields) > len(header.fields)
            hint = "; a text with a comma in it stands in quotes" if more else ""
            given = f"has {len(record.fields)} fields, and the header has {len(header.fields)}"
            problems.add(place, "", given + hint)
            continue
        extra = [i for i, name in enumerate(header.fields) if not name.strip() and record.fields[i].strip()]
        for i in extra:  # a spreadsheet keeps columns that were emptied; these are not empty
            problems.add(f"{where}:{header.line}", "", f"column {i + 1} has no name; name it, or empty it")
        cells = {name: record.fields[i].strip() for name, i in columns.items()}
        own = dict(zip(names, map(str.strip, record.fields), strict=True))
        if events:
            if not chosen(own, form):
                continue
            cells = event_cells(cells, form, place, problems)
        reader = _Reader(place, cells, catalogue, counters, unread or Unread(), problems)
        row = reader.row(record.line)
        if row is not None and not extra:
            row = replace(row, cells=tuple((column, own[column]) for column in choosing if column in own))
            rows.append(interval_of(row, cells.get("precision", ""), form) if events else row)
        if case_folder is not None:
            for part, wrong in wrong_citations(cells.get("source", ""), case_folder, lengths):
                problems.add(place, "source", wrong, given=show_value(part))
    rows += [row for row in none if all(row.signals != other.signals for other in rows)]
    found = day_counts(rows, form, edges, where, problems) if events else tuple(rows)
    check_rows(found, path, problems)
    return found


def _no_events(
    form: EventTable, place: str, catalogue: Catalogue, unread: Unread, problems: Problems
) -> tuple[Row, ...] | None:
    """Return a count of 0 on the first covered day for each signal that cells stand for; None if one is wrong."""
    before, found = len(problems), []
    for name in dict.fromkeys(form.signals.values()):
        first = str(form.covers[0] if form.covers else dt.date(FIRST_YEAR, 1, 1))
        cells = {"date_start": first, "date_end": first, "signal": name, "value": "0", "qualifier": "exact"}
        row = _Reader(place, cells, catalogue, {}, unread, problems).row(0)
        if row is not None and form.covers:
            found.append(row)
    return tuple(found) if len(problems) == before else None


def _known(form: EventTable, choosing: Collection[str]) -> dict[str, str]:
    """Return the columns that a table of this form may have, by their names in it."""
    own = {str(name): theirs for name, theirs in form.columns.items()}
    names = (*COLUMNS, *((PRECISION,) if form.rows == "events" else ()))
    return {**{column: column for column in choosing}, **{own.get(name, name): name for name in names}}


def _columns(
    header: Line, form: EventTable, choosing: Collection[str], where: str, problems: Problems
) -> dict[str, int] | None:
    """Return the place of each column that is known; None if the table is not the one that is declared."""
    columns: dict[str, int] = {}
    place = f"{where}:{header.line}"
    events = form.rows == "events"
    own = {str(name): theirs for name, theirs in form.columns.items()}
    known, names = _known(form, choosing), [cell.strip() for cell in header.fields]
    for i, name in enumerate(names):
        if name and name not in known and not form.columns:
            text = f"unknown column{nearest(name, known)}; allowed: {', '.join(known)}"
            problems.add(place, "", text, given=show_value(name))
        elif name in known and known[name] in columns:
            problems.add(place, name, "is there twice; a column has a name of its own")
        elif name in known:
            columns[known[name]] = i
    required = ("date_start", *(() if "" in form.signals else ("signal",))) if events else REQUIRED
    wanted = dict.fromkeys((*(own.get(name, name) for name in required), *own.values(), *form.only, *choosing))
    missing = [name for name in wanted if name not in names]
    if missing:
        problems.add(place, "", f"columns are missing: {', '.join(missing)}")
    return None if events and missing else columns


@dataclass(frozen=True)
class _Reader:
    """Reads the cells of one row; a required column that the table lacks is not asked for again in each row."""

    place: str
    cells: Mapping[str, str]
    catalogue: Catalogue
    counters: Mapping[str, Counter]
    unread: Unread
    problems: Problems

    def row(self, line: int) -> Row | None:
        before = len(self.problems)
        start, end = self._date("date_start"), self._date("date_end")
        if start and end and end < start:
            self._say("date_end", f"must not be before date_start, {start}")
        use = self._word("use", USES, "likelihood")
        word = self._word("qualifier", tuple(WORDS), None)
        confidence = self._confidence(word)
        signals, kind = self._signals()
        value = self._value(kind, word, signals)
        counter = self._counter(kind, use)
        if len(self.problems) > before or not kind or value is None:
            return None
        if start is None or end is None or use is None or word is None or confidence is None:
            return None
        return Row(
            start=start,
            end=end,
            signal=self.cells["signal"],
            signals=signals,
            kind=kind,
            value=math.nan if isinstance(value, str) else value,
            state=value if isinstance(value, str) else "",
            qualifier=WORDS[word],
            word=word,
            counter=counter,
            confidence=confidence,
            use=use,
            source=self.cells.get("source", ""),
            note=self.cells.get("note", ""),
            line=line,
        )

    def _say(self, column: str, text: str, given: str | None = None) -> None:
        """Note a problem of a cell; of an empty one that it is missing, and what it must be."""
        given = self.cells.get(column, "") if given is None else given
        text = text if given else f"is missing; {text.removeprefix('must be ')}"
        self.problems.add(self.place, column, text, given=show_value(given) if given else "")

    def _date(self, column: str) -> dt.date | None:
        given = self.cells.get(column)
        if given is None:
            return None
        try:
            day = dt.date.fromisoformat(given) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given) else None
        except ValueError:  # a 31 June
            day = None
        if day is None:
            self._say(column, "must be a date such as 2024-08-22")
        elif not FIRST_YEAR <= day.year <= LAST_YEAR:
            self._say(column, f"must be a date between {FIRST_YEAR} and {LAST_YEAR}")
        else:
            return day
        return None

    def _word(self, column: str, allowed: tuple[W, ...], default: W | None) -> W | None:
        given = self.cells.get(column)
        if given is None and column in REQUIRED:
            return None
        if not given and default is not None:
            return default
        for word in allowed:
            if word == given:
                return word
        self._say(column, f"must be one of {', '.join(allowed)}{nearest(given or '', allowed)}")
        return None

    def _confidence(self, word: str | None) -> Confidence | None:
        """Return the confidence, which some words lower."""
        written = self._word("confidence", CONFIDENCES, "high")
        if written is None or word not in ("calm", "derived"):
            return written
        return "low" if word == "calm" else CONFIDENCES[min(CONFIDENCES.index(written) + 1, 2)]

    def _signals(self) -> tuple[tuple[str, ...], str]:
        """Return the nodes and their kind; nothing and an empty text if they are not known."""
        given = self.cells.get("signal")
        if not given:
            if given is not None:
                self._say("signal", "must be the name of a signal")
            return (), ""
        parts = {part: self.catalogue.resolve(part) for part in map(str.strip, given.split("+"))}
        for part, names in parts.items():
            if not part:
                self._say("signal", "names are joined by ' + '")
            elif not names and not self.unread.may_be("signal", part):
                self._say("signal", self._no_signal(part), part)
        if not all(parts.values()):
            return (), ""
        found = [name for part in given.split("+") for name in parts[part.strip()]]
        kinds = sorted({self.catalogue.kinds[name] for name in found})
        if text := counted_twice(found):
            self._say("signal", text)
        if kinds == ["schedule"]:
            self._say("signal", "is a schedule, which is decided, not observed; give it points")
        elif len(kinds) > 1:
            said = ", ".join(f"{name} ({self.catalogue.kinds[name]})" for name in found[:6])
            self._say("signal", f"adds up things of several kinds: {said}")
        elif kinds[0] not in _COUNTED and len(found) > 1:
            self._say("signal", f"a {kinds[0]} is named alone, not in a sum: {', '.join(found[:6])}")
        else:
            return tuple(sorted(set(found))), kinds[0]
        return (), ""

    def _no_signal(self, part: str) -> str:
        """Say that a name is none, or one of a signal that rows are not about."""
        owner, _, rest = part.rpartition(".")
        kind = self.catalogue.kinds.get(owner, "")
        if kind == "regime" and rest in self.catalogue.states.get(owner, ()):
            return f"is a state; write {owner} as the signal and {rest} as the value"
        if (kind, rest) in {("events", "threat"), ("response", "size"), ("level", "cross")}:
            return f"rows are about events, responses, regimes and levels themselves, such as {owner}"
        return unknown_signal(part, self.catalogue.kinds)

    def _value(self, kind: str, word: str | None, signals: tuple[str, ...]) -> float | str | None:
        """Return the count or the reading, or the state."""
        given = self.cells.get("value")
        if given is None or not kind:
            return None
        allowed = [w for w in WORDS if WORDS[w] in _ALLOWED[kind] and (w != "calm" or kind in _COUNTED)]
        if word is not None and word not in allowed:
            self._say("qualifier", f"of a {kind} must be one of {', '.join(allowed)}")
        if kind == "regime":
            states = self.catalogue.states.get(signals[0], ())
            if given in states:
                return given
            text = no_such("state", given, states) if given else f"must be a state: {', '.join(states)}"
        elif kind == "level":
            value = float(given) if re.fullmatch(r"[0-9]*\.?[0-9]+([eE]-?[0-9]{1,3})?", given) else math.nan
            if 0 < value < 1:
                return value
            text = "of a level must be a number above 0 and below 1, such as 0.5"
        elif word == "calm":
            if given in ("", "0"):
                return 0.0
            text = "of a calm must be 0, or left empty"
        else:
            found = re.fullmatch(r"([0-9]{1,12})(\.0)?", given)  # 1.000 may be a thousand
            if found and int(found[1]) <= MAX_COUNT:
                return float(found[1])
            text = f"must be a whole number, 0 to {MAX_COUNT:,}, in the digits 0 to 9 only"
        self._say("value", text)
        return None

    def _counter(self, kind: str, use: str | None) -> str:
        name = self.cells.get("counter", "")
        counter = self.counters.get(name)
        ratio, sd = (None, None) if counter is None else (counter.ratio, counter.sd)
        if counter is None and not name:
            if kind == "level" and use in WEIGHING:
                self._say("counter", "a level is read by a counter with an sd, under [counters]")
        elif counter is None:
            if not self.unread.may_be("counter", name):
                self._say("counter", no_such("counter", name, self.counters) + "; empty means the reference")
        elif kind == "level" and (ratio is not None or (sd is None and use in WEIGHING)):
            self._say("counter", "a level is read by a counter with an sd")
        elif kind in _COUNTED and sd is not None:
            self._say("counter", "reads a level: it has an sd; who counts has a ratio or neither")
        elif kind == "regime" and (sd is not None or ratio is not None):
            self._say("counter", "counts or reads a level; the state of a regime is known or not")
        return name
