"""Where numbers are from: files of evidence, their lines, and the rule that a row never feeds two things."""

from __future__ import annotations

import datetime as dt
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hudna.case.case import Case
from hudna.case.documents import Document, Key, display, show_key, show_value
from hudna.case.observations import Row
from hudna.case.parameters import Parameter
from hudna.errors import Problems, no_such

__all__ = ["Citation", "check_never_both", "check_source", "cited", "files_of", "wrong_citations"]

_LINE = re.compile(r"(evidence/[^:]*):([1-9][0-9]{0,8})")


class Citation(NamedTuple):
    """A line of a file of evidence; the header is line 1."""

    file: str
    line: int


def _parts(source: str) -> list[str]:
    return [part.strip() for part in source.split(";")]


def files_of(parameter: Parameter) -> tuple[str, ...]:
    """Return the files of evidence that a parameter names as its source."""
    return tuple(posixpath.normpath(part) for part in _parts(parameter.source) if part.startswith("evidence/"))


def cited(row: Row) -> tuple[Citation, ...]:
    """Return the lines of evidence that a row is taken from: none if its source is free text."""
    found = [_LINE.fullmatch(part) for part in _parts(row.source)]
    return tuple(Citation(posixpath.normpath(match[1]), int(match[2])) for match in found if match)


def check_source(parameter: Parameter, folder: Path, document: Document, key: Key, problems: Problems) -> None:
    """Check that a source which is a file lies in the case's folder, and is there. Several are parted by `;`.

    What has the status evidence must name such a file.
    """
    parts = _parts(parameter.source)
    if parameter.status == "evidence" and not any(part.startswith("evidence/") for part in parts):
        text = "the status is evidence, so it must name a file under evidence/; or is it judgement?"
        document.note(problems, key, text, parameter.source)
    for part in parts:
        if not part.startswith(("evidence/", "/", ".", "~")) and not re.search(r"\.csv$|\\", part):
            continue
        text = _no_file(part, folder)
        if text:
            document.note(problems, key, text, part)


def _no_file(part: str, folder: Path) -> str:
    """Say why a source is no file in the folder of the case; an empty text if it is."""
    path = folder / part
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return "leaves the folder of the case; evidence lies under evidence/"
        if path.is_file():
            return ""
    except (OSError, ValueError, RuntimeError):  # no name of a file at all: NUL, too long, a circle of links
        pass
    files = sorted(f"evidence/{p.name}" for p in (folder / "evidence").glob("*"))
    return no_such("file", part, files, text="there is no such file in the case")


def wrong_citations(source: str, folder: Path, lengths: dict[str, int | str]) -> Iterator[tuple[str, str]]:
    """Yield each part of a row's source that should be a line of evidence and is none, and why.

    What is free text is left alone. `lengths` remembers the files between calls.
    """
    for part in _parts(source):
        text = _no_line(part, folder, lengths)
        if text:
            yield part, text


def _no_line(part: str, folder: Path, lengths: dict[str, int | str]) -> str:
    """Say why a source is no line of evidence; an empty text if it is, or is free text."""
    match = _LINE.fullmatch(part)
    if match is None or not posixpath.normpath(match[1]).startswith("evidence/"):
        if part.startswith(("evidence/", "/", "../", "./", "~")) or re.search(r"\.csv(:\S*)?$", part):
            return "must be evidence/FILE.csv:LINE (the header is line 1), several joined by '; '"
        return ""
    file, line = match[1], int(match[2])
    if file not in lengths:
        lengths[file] = _no_file(file, folder) or _length(folder / file)
    length = lengths[file]
    if isinstance(length, str):
        return length
    if line == 1:
        return "is the header, not a row"
    return "" if line <= length else f"the file has {length} lines"


def _length(path: Path) -> int | str:
    try:
        with path.open("rb") as file:
            return sum(1 for _ in file)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def check_never_both(case: Case, table: Path, problems: Problems) -> None:
    """Check that a row feeds a prior or the likelihood, never both.

    In each record, a parameter of the status evidence whose source is a file that rows of the likelihood are
    taken from must say of which dates its own rows are, and no day of those rows may be among them. A record's
    own entry for a parameter is judged in the place of the case's.
    """
    feeding: dict[tuple[str, Key, str], list[Row]] = {}  # document, entry, file: rows of the likelihood
    entries: dict[Key, Parameter] = {}
    for name, record in case.observations.records.items():
        by_file = _by_file([row for row in case.observations.rows_of(name) if row.use == "likelihood"])
        for parameter, own in case.parameters.items():
            over = record.parameters.get(parameter)
            role = "parameters" if over is None else "observations"
            key: Key = (parameter,) if over is None else ("records", name, "parameters", parameter)
            entries[key] = over or own
            for file in files_of(over or own) if (over or own).status == "evidence" else ():
                if file in by_file:
                    feeding.setdefault((role, key, file), []).extend(by_file[file])
    for (role, key, file), rows in feeding.items():
        document = case.documents[role]
        text, shown = _both(entries[key].rows, file, {row.line: row for row in rows}, display(table))
        if text:
            problems.add(document.where(key), show_key((*key, "rows")), text, given=shown)


def _by_file(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        for file in dict.fromkeys(citation.file for citation in cited(row)):
            found.setdefault(file, []).append(row)
    return found


def _both(rows_of: tuple[dt.date, dt.date] | None, file: str, rows: Mapping[int, Row], table: str) -> tuple[str, str]:
    """Say how a prior and the likelihood take the same rows of `file`, and of what dates; empty texts if not."""
    never = "a row feeds a prior or the likelihood, never both"
    if rows_of is None:
        text = (f"is missing: {file} feeds the likelihood too ({_lines(rows)} of {table}), and {never}. Give the dates "
                "of the rows that this prior was computed from, rows = [first, last], none of them among those; or "
                "widen it to a judgement")  # fmt: skip
        return text, ""
    first, last = rows_of
    twice = {line: row for line, row in rows.items() if row.start <= last and row.end >= first}
    if not twice:
        return "", ""
    text = (
        f"overlap {_lines(twice)} of {table}, taken from {file} too; {never}. Compute this prior from earlier rows "
        "and say which, or widen it to a judgement, or let those rows condition only (use = known)"
    )
    return text, show_value(rows_of)


def _lines(rows: Mapping[int, Row]) -> str:
    """Return the lines of some rows in words, not more than five."""
    lines = sorted(rows)
    shown = ", ".join(map(str, lines[:5])) + (f" and {len(lines) - 5} more" if len(lines) > 5 else "")
    return f"line{'s' if len(lines) > 1 else ''} {shown}"
