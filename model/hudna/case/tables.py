"""A CSV table, read safely line by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from hudna.case.documents import display, read_text
from hudna.errors import Problems

__all__ = ["MAX_FIELD", "Line", "other_form", "read_lines"]

MAX_FIELD = 20_000  # characters


class Line(NamedTuple):
    """The fields of a line, and where it begins."""

    line: int
    fields: list[str]


def read_lines(path: Path, problems: Problems) -> Iterator[Line]:
    """Yield what is on each line of a table that has more than commas and blanks; one record may be on several."""
    where, text = display(path), read_text(path, "CSV", problems)
    if text is None:
        return
    if "\0" in text:
        line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
        problems.add(f"{where}:{line}", "", "holds a NUL character; save the file as plain text in UTF-8")
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
            yield Line(line, fields)


def other_form(header: list[str], known: Collection[str]) -> str:
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
