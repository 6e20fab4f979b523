"""Read a table of observations, the same everywhere: a case's `observations.csv`, and those of the commands."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from hudna.case.documents import display, read_text, show_value
from hudna.case.events import chosen, day_counts, event_cells, interval_of
from hudna.case.evidence import wrong_citations
from hudna.case.nodes import Node, Regime
from hudna.case.observations import (
    CONFIDENCES,
    QUALIFIERS,
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
from hudna.case.signals import Signal, unknown_signal
from hudna.errors import Problems, nearest, no_such

__all__ = ["COLUMNS", "REQUIRED", "WORDS", "Catalogue", "read_rows"]

REQUIRED = ("date_start", "date_end", "signal", "value", "qualifier")
COLUMNS = (*REQUIRED, "counter", "confidence", "use", "source", "note")
PRECISION = "precision"  # a column of tables of events
MAX_FIELD = 20_000  # characters
MAX_COUNT = 1_000_000_000
_FIRST_YEAR, _LAST_YEAR = 1700, 2200  # as in the other files

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
    def of_nodes(cls, nodes: Mapping[str, Node]) -> Catalogue:
        """Return the catalogue of a case's nodes."""
        states = {name: node.ordered_states for name, node in nodes.items() if isinstance(node, Regime)}
        return cls({name: node.kind for name, node in sorted(nodes.items())}, states)

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
        Further columns of the table, by which campaigns choose their rows.

    Returns
    -------
    tuple of Row
        The rows without a problem of their own, in the order of the table; of events their sums, by date.
    """
    form = form or EventTable()
    events = form.rows == "events"
    catalogue = signals if isinstance(signals, Catalogue) else Catalogue.of_signals(signals)
    where = display(path)
    text = read_text(path, "CSV", problems)
    if text is not None and "\0" in text:
        line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
        problems.add(f"{where}:{line}", "", "holds a NUL character; save the file as plain text in UTF-8")
        return ()
    records = _records(text, where, problems)
    header = next(records, None)
    if header is None:
        if text is not None and not problems.about(where, ""):
            problems.add(where, "", f"has no rows; its first line names the columns: {', '.join(COLUMNS)}")
        return ()
    if other := _other_form(header.fields, _known(form, choosing)):
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
        first = str(form.covers[0] if form.covers else dt.date(_FIRST_YEAR, 1, 1))
        cells = {"date_start": first, "date_end": first, "signal": name, "value": "0", "qualifier": "exact"}
        row = _Reader(place, cells, catalogue, {}, unread, problems).row(0)
        if row is not None and form.covers:
            found.append(row)
    return tuple(found) if len(problems) == before else None


class _Record(NamedTuple):
    """The fields of a line, and where it begins."""

    line: int
    fields: list[str]


def _records(text: str | None, where: str, problems: Problems) -> Iterator[_Record]:
    """Yield what is on each line that has more than commas and blanks; one record may be on several."""
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            said = "a quote that is opened is never closed" if "unexpected end" in str(error) else str(error)
            problems.add(f"{where}:{line}", "", f"is no line of a table: {said}")
            return
        if any(len(value) > MAX_FIELD for value in fields):
            text = f"a field has more than {MAX_FIELD:,} characters; is a quote not closed?"
            problems.add(f"{where}:{line}", "", text)
        elif any(value.strip() for value in fields):
            yield _Record(line, fields)


def _other_form(header: list[str], known: Collection[str]) -> str:
    """Say that the columns are parted by something else than commas; an empty text if they are not."""
    parted = "columns are parted by commas, and a number is written 0.5"
    if header[0].strip().startswith("sep="):
        return f"is a line for Excel alone; take it away: {parted}"
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"), ("\u060c", "Arabic commas")):
        if sum(part.strip(' "') in known for part in ",".join(header).split(mark)) > 1:
            return (
                f"has {name} between the columns: {parted}. Save the table anew (in Excel: CSV UTF-8, comma delimited)"
            )
    return ""


def _known(form: EventTable, choosing: Collection[str]) -> dict[str, str]:
    """Return the columns that a table of this form may have, by their names in it."""
    own = {str(name): theirs for name, theirs in form.columns.items()}
    names = (*COLUMNS, *((PRECISION,) if form.rows == "events" else ()))
    return {**{column: column for column in choosing}, **{own.get(name, name): name for name in names}}


def _columns(
    header: _Record, form: EventTable, choosing: Collection[str], where: str, problems: Problems
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
            self._say("date_end", f"must not be before date_start, {start}", self.cells["date_end"])
        use = self._word("use", USES, "likelihood")
        word = self._qualifier()
        confidence = self._confidence(word)
        signals, kind = self._signals()
        value, state = self._value(kind, word, signals)
        counter = self._counter(kind, use)
        if len(self.problems) > before or not kind or (value is None and not state):
            return None
        if start is None or end is None or use is None or word is None or confidence is None:
            return None
        return Row(
            start=start,
            end=end,
            signal=self.cells["signal"],
            signals=signals,
            kind=kind,
            value=math.nan if value is None else value,
            state=state,
            qualifier=WORDS[word],
            word=word,
            counter=counter,
            confidence=confidence,
            use=use,
            source=self.cells.get("source", ""),
            note=self.cells.get("note", ""),
            line=line,
        )

    def _say(self, column: str, text: str, given: str = "") -> None:
        self.problems.add(self.place, column, text, given=show_value(given) if given else "")

    def _date(self, column: str) -> dt.date | None:
        given = self.cells.get(column)
        if given is None:
            return None
        if not given:
            self._say(column, "is missing; a date such as 2024-08-22")
            return None
        try:
            day = dt.date.fromisoformat(given) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given) else None
        except ValueError:  # a 31 June
            day = None
        if day is None:
            self._say(column, "must be a date such as 2024-08-22", given)
        elif not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self._say(column, f"must be a date between {_FIRST_YEAR} and {_LAST_YEAR}", given)
            day = None
        return day

    def _word(self, column: str, allowed: tuple[W, ...], default: W | None) -> W | None:
        given = self.cells.get(column)
        if given is None and column in REQUIRED:
            return None
        if not given:
            if default is None:
                self._say(column, f"is missing; one of {', '.join(allowed)}")
            return default
        for word in allowed:
            if word == given:
                return word
        self._say(column, f"must be one of {', '.join(allowed)}{nearest(given, allowed)}", given)
        return None

    def _qualifier(self) -> str | None:
        return self._word("qualifier", tuple(WORDS), None)

    def _confidence(self, word: str | None) -> Confidence | None:
        """Return the confidence, which some words lower."""
        written = self._word("confidence", CONFIDENCES, "high")
        if written is None or word is None:
            return written
        if word == "calm":
            return "low"
        lower = CONFIDENCES[min(CONFIDENCES.index(written) + 1, 2)]
        return lower if word == "derived" else written

    def _signals(self) -> tuple[tuple[str, ...], str]:
        """Return the nodes and their kind; nothing and an empty text if they cannot be told."""
        given = self.cells.get("signal")
        if given is None:
            return (), ""
        if not given:
            self._say("signal", "is missing; the name of a signal")
            return (), ""
        parts = [part.strip() for part in given.split("+")]
        found: list[str] = []
        known = True
        for part in parts:
            names = self.catalogue.resolve(part)
            found += names
            if not names:
                known = False
                if not part:
                    self._say("signal", "names are joined by ' + '", given)
                elif not self.unread.driver(part):
                    self._say("signal", self._no_signal(part), given)
        if not known:
            return (), ""
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            self._say("signal", f"counts {', '.join(twice)} twice; name each once", given)
        kinds = sorted({self.catalogue.kinds[name] for name in found})
        if kinds == ["schedule"]:
            self._say("signal", "is a schedule, which is decided, not observed; give it points", given)
        elif len(kinds) > 1:
            said = ", ".join(f"{name} ({self.catalogue.kinds[name]})" for name in found[:6])
            self._say("signal", f"adds up things of several kinds: {said}", given)
        elif kinds[0] not in _COUNTED and len(found) > 1:
            self._say("signal", f"a {kinds[0]} is named alone, not in a sum: {', '.join(found[:6])}", given)
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

    def _value(self, kind: str, word: str | None, signals: tuple[str, ...]) -> tuple[float | None, str]:
        """Return the count or the reading, or the state."""
        given = self.cells.get("value")
        if given is None or not kind:
            return None, ""
        if word is not None and (WORDS[word] not in _ALLOWED[kind] or (word == "calm" and kind not in _COUNTED)):
            allowed = [w for w in WORDS if WORDS[w] in _ALLOWED[kind] and (w != "calm" or kind in _COUNTED)]
            self._say("qualifier", f"of a {kind} must be one of {', '.join(allowed)}", word)
        if kind == "regime":
            return None, self._state(given, signals[0])
        if kind == "level":
            return self._reading(given), ""
        if word == "calm" and given not in ("", "0"):
            self._say("value", "of a calm must be 0, or left empty", given)
            return None, ""
        return (0.0 if word == "calm" else self._count(given)), ""

    def _state(self, given: str, regime: str) -> str:
        states = self.catalogue.states.get(regime, ())
        if given in states:
            return given
        text = f"must be a state of {regime}: {', '.join(states)}{nearest(given, states)}"
        self._say("value", text if given else f"is missing; {text}", given)
        return ""

    def _reading(self, given: str) -> float | None:
        value = float(given) if re.fullmatch(r"[0-9]*\.?[0-9]+([eE]-?[0-9]{1,3})?", given) else math.nan
        if 0 < value < 1:
            return value
        self._say(
            "value", "of a level must be a number above 0 and below 1, such as 0.5" if given else "is missing", given
        )
        return None

    def _count(self, given: str) -> float | None:
        found = re.fullmatch(r"([0-9]{1,12})(\.0)?", given)  # 1.000 may be a thousand
        if found and int(found[1]) <= MAX_COUNT:
            return float(found[1])
        text = f"must be a whole number, 0 to {MAX_COUNT:,}, in the digits 0 to 9 only"
        self._say("value", text if given else "is missing; a whole number, 0 or more", given)
        return None

    def _counter(self, kind: str, use: str | None) -> str:
        name = self.cells.get("counter", "")
        if not name:
            if kind == "level" and use in WEIGHING:
                self._say("counter", "is missing; a level is read by a counter with an sd, under [counters]")
            return ""
        counter = self.counters.get(name)
        if counter is None:
            if not self.unread.counter(name):
                self._say("counter", no_such("counter", name, self.counters) + "; empty means the reference", name)
            return name
        if kind == "level" and (counter.ratio is not None or (counter.sd is None and use in WEIGHING)):
            self._say("counter", "a level is read by a counter with an sd", name)
        if kind in _COUNTED and counter.sd is not None:
            self._say("counter", "reads a level: it has an sd; who counts has a ratio or neither", name)
        if kind == "regime" and (counter.sd is not None or counter.ratio is not None):
            self._say("counter", "counts or reads a level; the state of a regime is known or not", name)
        return name
