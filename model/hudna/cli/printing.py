"""How things are written to a terminal, to a pipe, and as JSON."""

from __future__ import annotations

import json
import math
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from hudna.text.numbers import LEFT_TO_RIGHT, RIGHT_TO_LEFT, number_of
from hudna.text.table import Line, Table, printed_width, records
from hudna.text.words import Language, Words, right_to_left

if TYPE_CHECKING:
    from hudna.cli.options import Output
    from hudna.errors import Problem

__all__ = [
    "DONE", "FAILED", "INTERRUPTED", "WRONG_INPUT", "Clock", "Part", "few", "print_json", "print_lines",
    "print_problems", "problems_data", "progress_bar", "say", "written",
]  # fmt: skip

Part: TypeAlias = Table | Line | str  # of what a command prints
DONE, FAILED, WRONG_INPUT = 0, 1, 2
INTERRUPTED = -1  # ends as a failure does

_LOGGED = 30.0  # seconds between lines in a log, at least
_NEGATIVE = re.compile(r"(?<![\w-])-\d[\d,.]*(?<=\d)(e-?\d+)?")
_LATIN = re.compile(r"(?<!^)\b(?>[A-Za-z](?:(?:[A-Za-z0-9_.:/*-]| (?! ))*[A-Za-z0-9_*])?)[^\w*]")  # and what follows
_word = Words("cli.printing")


def print_json(data: Any) -> None:
    """Print `data` as JSON, frames as lists of their rows; NaN and infinity, which JSON does not know, become null.

    Letters beyond ASCII are escaped: so the text is whole whatever the encoding of a terminal or pipe.
    """
    print(json.dumps(_plain(data), indent=2, default=str))


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float):
        return float(data) if math.isfinite(data) else None
    return _plain(records(data)) if hasattr(data, "columns") else data


def say(output: Output, data: Mapping[str, Any], parts: Iterable[Part], files: Iterable[Path] = ()) -> None:
    """Print what was found: `data` to machines, else tables and lines, and which files were written."""
    if output.json:
        print_json(data)
        return
    print_lines(parts, output.lang)
    for path in files:
        print_lines(["", written(path, output.lang)], output.lang)


def print_lines(parts: Iterable[Part], lang: Language = "en") -> None:
    """Print tables and lines on stdout, headings in bold on a terminal, where a long line goes on; nothing is cut."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for text, heading in chain.from_iterable(map(_lines, parts)):
        for folded in _folded(text, printed_width()):
            line = _marked(folded) if right_to_left(lang) else folded
            if console.is_terminal:
                console.print(Text(line, style="bold" if heading else ""), soft_wrap=True)
            else:
                print(line)


def _lines(part: Part) -> Iterable[Line]:
    if isinstance(part, Table):
        return part.lines()
    return [(part, False)] if isinstance(part, str) else [part]


def _folded(line: str, width: int) -> list[str]:
    """Return a line as those that a terminal has room for; an empty one is one too."""
    if len(line) <= width:
        return [line]
    start = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(
        line, max(width, 40), subsequent_indent=f"{start}    ", break_long_words=False, break_on_hyphens=False
    )


def _marked(line: str) -> str:
    """Keep a minus to the left of its number, and Latin names apart, where a terminal writes from right to left.

    No mark stands next to a name, so that none is copied with it.
    """
    signed = _NEGATIVE.sub(rf"{LEFT_TO_RIGHT}\g<0>{RIGHT_TO_LEFT}", line)
    return _LATIN.sub(rf"\g<0>{RIGHT_TO_LEFT}", signed)


def written(path: Path, lang: Language = "en") -> str:
    """Return the line that says where something was written."""
    return _word("written", lang).format(path)


def few(draws: int, paths: int, lang: Language = "en") -> str | None:
    """Return the note under the tables of a run that is too small for 90 % intervals over draws; None if it is not.

    Parameters
    ----------
    draws : int
        Draws that differ.
    paths : int
        Per draw.
    lang : {"en", "ar"}

    Examples
    --------
    >>> few(2, 1)
    '2 draws x 1 path: too few for 90 % intervals over draws, which take 19 different draws of 2 paths'
    >>> few(19, 2) is None
    True
    """
    from hudna.result.estimate import FEWEST

    if draws >= FEWEST and paths > 1:
        return None
    size = _word("size", lang).format(number_of(draws, "draw", lang), number_of(paths, "path", lang))
    return _word("few", lang).format(size, FEWEST)


@contextmanager
def progress_bar(
    label: str, lang: Language = "en"
) -> Iterator[tuple[Callable[[int, int], None], Callable[[str], None]]]:
    """Give a function of (done, total) that moves a bar on stderr, and one that says what takes its time, in a line.

    If stderr is no terminal, the first writes a line now and then that says how far the work is.
    """

    def line(stage: str) -> str | None:
        return _word(stage, lang) if stage in ("compiling", "filtering") else None

    if not sys.stderr.isatty():
        yield (
            _logged(label, lang),
            lambda stage: None if (text := line(stage)) is None else print(text, file=sys.stderr, flush=True),
        )
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)

        def move(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        def say(stage: str) -> None:
            if (text := line(stage)) is not None:
                progress.console.print(text, markup=False, highlight=False)

        yield move, say


@dataclass
class Clock:
    """How long work has taken, and how long what is left of it is likely to take, in seconds."""

    _first: list[float] = field(default_factory=list)

    def read(self, done: int, total: int) -> tuple[float, float | None]:
        """Return the time passed since the first reading, and what is left; None while nothing is done since then."""
        now = time.monotonic()
        self._first = self._first or [now, done]
        begun, before = self._first
        passed = now - begun
        return passed, passed * (total - done) / (done - before) if done > before else None


def _logged(label: str, lang: Language) -> Callable[[int, int], None]:
    """Return a function of (done, total) that writes a line when a while has passed; short work says nothing."""
    clock, due = Clock(), _LOGGED

    def move(done: int, total: int) -> None:
        nonlocal due
        passed, left = clock.read(done, total)
        if passed >= due and left:
            due = passed + max(_LOGGED, passed / 4)
            said = _word("logged", lang).format(label, 100 * done / total, passed, left)
            print(said, file=sys.stderr, flush=True)

    return move


def problems_data(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return problems as plain data, for JSON."""
    return [{field: getattr(problem, field) for field in ("where", "key", "given", "text")} for problem in problems]


def print_problems(problems: Iterable[Problem]) -> None:
    """Print every problem on stderr, one a line; a terminal that is gone needs none."""
    with suppress(OSError):
        for problem in problems:
            print(" ".join(str(problem).split("\n")), file=sys.stderr)
