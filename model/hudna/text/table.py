"""A table as readers see it, in every form: lines for a terminal, Markdown, HTML; its frame as JSON and CSV.

It is a frame, the headings of its columns in each language, and how the cell of a row is written in each of them.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.cells import cell_len

from hudna.text.words import LANGUAGES, Language, right_to_left

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Line", "Row", "Table", "as_csv", "column", "printed_width", "records"]

Row: TypeAlias = Mapping[str, Any]
Line: TypeAlias = tuple[str, bool]  # of a terminal, and whether it is a heading

_LABEL = 20  # cells at least for the labels of rows


@dataclass(frozen=True)
class Column:
    """A column's heading, in each of `LANGUAGES`, and what writes the cell of a row in a language."""

    heading: Sequence[str]
    show: Callable[[Row, Language], str]

    def where(self, holds: Callable[[Row], bool], other: str = "") -> Column:
        """Return the column with `other` in the rows of which something does not hold."""
        return Column(self.heading, lambda row, lang: self.show(row, lang) if holds(row) else other)


def column(heading: Sequence[str], key: str) -> Column:
    """Return a column of cells that are texts already."""
    return Column(heading, lambda row, _: str(row[key]))


@dataclass(frozen=True, eq=False)
class Table:
    """A frame for readers.

    frame : its rows, in the order in which they are read
    label : what a row is called
    group : the heading that it stands under; rows of the same value of the column `by` (of the same heading, if it is
        left out) stand together
    notes : lines under it

    Examples
    --------
    >>> import pandas as pd
    >>> table = Table("Attacks", pd.DataFrame({"name": ["stay", "leave"], "mean": ["72", "30"]}), [
    ...     column(("mean", "المتوسط"), "mean")])
    >>> print("\\n".join(line for line, _ in table.lines()))
    Attacks
             mean
      stay     72
      leave    30
    >>> print("\\n".join(table.markdown()))
    | Attacks | mean |
    |---|---:|
    | stay | 72 |
    | leave | 30 |
    """

    heading: str
    frame: pd.DataFrame
    columns: Sequence[Column]
    lang: Language = "en"
    label: Callable[[Row], str] = lambda row: str(row["name"])
    group: Callable[[Row], str] | None = None
    by: str = ""
    notes: Sequence[str] = ()

    @property
    def headings(self) -> list[str]:
        """The headings of the columns in the table's language."""
        return [
            column.heading[LANGUAGES.index(self.lang if self.lang in LANGUAGES else "en")] for column in self.columns
        ]

    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """Yield label and cells of each row; one without cells is the heading of those after it."""
        before: Any = None
        found: list[Any] = self.frame.to_dict("records")
        for row in found:
            if self.group is not None:
                group = self.group(row)
                if before != (before := row[self.by] if self.by else group):
                    yield group, []
            yield self.label(row), [column.show(row, self.lang) for column in self.columns]

    def lines(self) -> Iterator[Line]:
        """Yield the table for a terminal, as wide as that is.

        Where it is too narrow, headings and labels take several lines; then columns go below one another.
        """
        rows, headings = list(self.rows()), self.headings
        yield self.heading, True
        yield from _laid_out(headings, rows)
        yield from ((f"  {note}", False) for note in self.notes)

    def markdown(self) -> Iterator[str]:
        """Yield the table as Markdown."""

        def line(cells: Sequence[str]) -> str:
            return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

        yield line([self.heading, *self.headings])
        yield "|---" + "|---:" * len(self.columns) + "|"
        for label, cells in self.rows():
            yield line([label, *cells]) if cells else line([f"**{label}**", *[""] * len(self.columns)])

    def html(self) -> str:
        """Return the table as HTML, written from the side where its language begins."""
        heads = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in self.headings)
        body = "".join(
            f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
            if cells
            else f'<tr><th colspan="{1 + len(self.columns)}">{escape(label)}</th></tr>'
            for label, cells in self.rows()
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        side = "rtl" if right_to_left(self.lang) else "ltr"
        return (
            f'<div dir="{side}" lang="{self.lang}"><table><caption>{escape(self.heading)}</caption>'
            f"<thead><tr><td></td>{heads}</tr></thead><tbody>{body}</tbody></table>{notes}</div>"
        )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as JSON takes them, with its index if that has a name; what is missing is None."""
    whole = _whole(frame)
    rows = whole.astype(object).where(whole.notna(), None).to_dict("records")
    return [{str(key): value for key, value in row.items()} for row in rows]


def as_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV, with its index if that has a name.

    One with letters beyond ASCII begins with a byte order mark, by which Excel knows that it is UTF-8.
    """
    text = _whole(frame).to_csv(index=False, lineterminator="\n")
    return text if text.isascii() else f"\ufeff{text}"


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if all(name is None for name in frame.index.names) else frame.reset_index()


def printed_width() -> int:
    """Return how wide a line may be: as the terminal, or COLUMNS; without limit in a pipe or file."""
    return shutil.get_terminal_size((sys.maxsize, 0)).columns


def _laid_out(headings: list[str], rows: list[tuple[str, list[str]]]) -> Iterator[Line]:
    """Yield the headings of columns, and rows; one without cells is a heading of those below it."""
    cells = [cells for _, cells in rows if cells]
    narrow = [
        max(map(cell_len, (*heading.split(), *(row[i] for row in cells))), default=0)
        for i, heading in enumerate(headings)
    ]
    wide = [max(cell_len(heading), n) for heading, n in zip(headings, narrow, strict=True)]
    first = max((cell_len(label) for label, cells in rows if cells), default=0)
    room = printed_width() - 2 - 2 * len(headings)
    widths = wide if first + sum(wide) <= room else narrow
    first = min(first, max(room - sum(widths), _LABEL))
    for part in _parts(widths, printed_width() - 2 - first):
        yield from _columns(first, widths[part], headings[part], [(label, cells[part]) for label, cells in rows])


def _parts(widths: list[int], room: int) -> Iterator[slice]:
    """Yield the columns that stand side by side, at least one each time."""
    begin = used = 0
    for i, width in enumerate(widths):
        used += 2 + width
        if used > room and i > begin:
            yield slice(begin, i)
            begin, used = i, 2 + width
    yield slice(begin, len(widths))


def _columns(first: int, widths: list[int], headings: list[str], rows: list[tuple[str, list[str]]]) -> Iterator[Line]:
    def line(label: str, cells: Sequence[str]) -> str:
        right = (" " * (2 + width - cell_len(cell)) + cell for cell, width in zip(cells, widths, strict=True))
        return ("  " + label + " " * (first - cell_len(label)) + "".join(right)).rstrip()

    folded = [textwrap.wrap(heading, max(width, 1)) for heading, width in zip(headings, widths, strict=True)]
    for left in range(max(map(len, folded), default=0), 0, -1):  # the last lines of all stand side by side
        yield line("", [lines[-left] if left <= len(lines) else "" for lines in folded]), False
    for label, cells in rows:
        if cells:
            *above, last = textwrap.wrap(label, first, subsequent_indent="  ") if cell_len(label) > first else [label]
            yield from ((f"  {part}", False) for part in above)
            yield line(last, cells), False
        else:
            yield label, True
