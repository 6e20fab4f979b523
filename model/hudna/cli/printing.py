"""How things are written to a terminal, to a pipe, and as JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hudna.case.grammar import Language
    from hudna.errors import Problem

__all__ = [
    "DONE", "FAILED", "INTERRUPTED", "WRONG_INPUT", "print_json", "print_lines", "print_problems", "printed_width",
    "problems_data", "progress_bar", "run_size", "told_day", "written",
]  # fmt: skip

DONE, FAILED, WRONG_INPUT = 0, 1, 2
INTERRUPTED = -1  # ends as a failure does

_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"  # marks without width
_NEGATIVE = re.compile(r"(?<![\w-])-\d[\d,.]*(?<=\d)(e-?\d+)?")
_LATIN = re.compile(r"(?<!^)\b(?>[A-Za-z](?:(?:[A-Za-z0-9_.:/*-]| (?! ))*[A-Za-z0-9_*])?)[^\w*]")  # and what follows


def print_json(data: Any) -> None:
    """Print `data` as JSON; NaN and infinity, which JSON does not know, become null.

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
    return data


def print_lines(lines: Iterable[tuple[str, bool]], lang: Language = "en") -> None:
    """Print lines on stdout, headings in bold on a terminal, where a long line goes on further in; nothing is cut."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for text, heading in lines:
        for part in _folded(text, printed_width()):
            line = _marked(part) if lang == "ar" else part
            if console.is_terminal:
                console.print(Text(line, style="bold" if heading else ""), soft_wrap=True)
            else:
                print(line)


def printed_width() -> int:
    """Return how wide a line may be: as the terminal, or COLUMNS; without limit in a pipe or file."""
    return shutil.get_terminal_size((sys.maxsize, 0)).columns


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
    signed = _NEGATIVE.sub(rf"{_LEFT_TO_RIGHT}\g<0>{_RIGHT_TO_LEFT}", line)
    return _LATIN.sub(rf"\g<0>{_RIGHT_TO_LEFT}", signed)


def run_size(draws: int, paths: int, seed: int, lang: Language = "en") -> str:
    """Return the size of a run, and its seed."""
    if lang == "en":
        return f"{_counted(draws, 'draw')} x {_counted(paths, 'path')}, seed {seed}"
    from hudna.plot.style import size

    return "، ".join(size(draws, paths, lang, seed))


def _counted(n: int, of: str) -> str:
    return f"{n:,} {of}" if n == 1 else f"{n:,} {of}s"


def told_day(day: str | None, lang: Language = "en") -> str:
    """Return a date as it is, but with an Arabic month in Arabic, where the parts of a number would change places."""
    if not day or lang == "en":
        return str(day)
    from hudna.plot.style import date

    return date(dt.date.fromisoformat(day), lang)


def written(path: Path, lang: Language = "en") -> str:
    """Return the line that tells where something was written."""
    return f"كتبت النتائج في {path}" if lang == "ar" else f"Written to {path}"


_STAGES = {
    "compiling": (
        "Compiling the engine: some tens of seconds, once; later runs load it from the disk.",
        "يجري تجميع المحرك: بضع عشرات من الثواني، مرة واحدة؛ وتحمله التشغيلات اللاحقة من القرص.",
    ),
    "filtering": (
        "Filtering the past, before the future is simulated; the first time the engine is compiled too, "
        "which takes some tens of seconds.",
        "يجري ترشيح الماضي وفق المشاهدات قبل محاكاة المستقبل؛ وفي المرة الأولى يجمع المحرك أيضا، "
        "ويستغرق ذلك بضع عشرات من الثواني.",
    ),
}


@contextmanager
def progress_bar(
    label: str, lang: Language = "en"
) -> Iterator[tuple[Callable[[int, int], None] | None, Callable[[str], None]]]:
    """Give a function of (done, total) that moves a bar on stderr, and one that says what takes its time, in a line.

    The first is None if stderr is no terminal; the lines are written there all the same.
    """

    def line(stage: str) -> str | None:
        return _STAGES[stage][1 if lang == "ar" else 0] if stage in _STAGES else None

    if not sys.stderr.isatty():
        yield None, lambda stage: None if (text := line(stage)) is None else print(text, file=sys.stderr, flush=True)
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


def problems_data(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return problems as plain data, for JSON."""
    return [{field: getattr(problem, field) for field in ("where", "key", "given", "text")} for problem in problems]


def print_problems(problems: Iterable[Problem]) -> None:
    """Print every problem on stderr, one a line; a terminal that is gone needs none."""
    with suppress(OSError):
        for problem in problems:
            print(" ".join(str(problem).split("\n")), file=sys.stderr)
