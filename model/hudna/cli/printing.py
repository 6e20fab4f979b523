"""How things are written to a terminal, to a pipe, and as JSON."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hudna.case.grammar import Language

__all__ = ["print_json", "print_lines", "progress_bar", "record_name", "run_size", "told_day", "written"]

_LEFT_TO_RIGHT, _RIGHT_TO_LEFT = "\u200e", "\u200f"  # marks without width
_LOGGED = 30.0  # seconds between lines in a log, at least
_NEGATIVE = re.compile(r"(?<![\w-])-\d[\d,.]*(?<=\d)(e-?\d+)?")
_LATIN = re.compile(r"(?<!^)\b[A-Za-z](?:[A-Za-z0-9_.:/* -]*[A-Za-z0-9_*])?")


def print_json(data: Any) -> None:
    """Print `data` as JSON; NaN and infinity, which JSON does not know, become null."""
    print(json.dumps(_plain(data), ensure_ascii=False, indent=2, default=str))


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    if isinstance(data, float):
        return float(data) if math.isfinite(data) else None
    return data


def print_lines(lines: Iterable[tuple[str, bool]], lang: Language = "en") -> None:
    """Print lines on stdout, headings in bold on a terminal; nothing is cut or wrapped."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for text, heading in lines:
        line = _marked(text) if lang == "ar" else text
        if console.is_terminal:
            console.print(Text(line, style="bold" if heading else ""), soft_wrap=True)
        else:
            print(line)


def _marked(line: str) -> str:
    """Keep a minus to the left of its number, and Latin names apart, where a terminal writes from right to left."""
    signed = _NEGATIVE.sub(rf"{_LEFT_TO_RIGHT}\g<0>{_RIGHT_TO_LEFT}", line)
    return _LATIN.sub(rf"\g<0>{_RIGHT_TO_LEFT}", signed)


def run_size(draws: int, paths: int, seed: int, lang: Language = "en") -> str:
    """Return the size of a run, and its seed."""
    from hudna.plot.style import number, size

    if lang == "en":
        return f"{number(draws, 'draw', lang)} x {number(paths, 'path', lang)}, seed {seed}"
    return "، ".join(size(draws, paths, lang, seed))


def told_day(day: str | None, lang: Language = "en") -> str:
    """Return a date as it is, but with an Arabic month in Arabic, where the parts of a number would change places."""
    if not day or lang == "en":
        return str(day)
    from hudna.plot.style import date

    return date(dt.date.fromisoformat(day), lang)


def record_name(given: Mapping[str, Any], lang: Language) -> str:
    """Return the name of the campaign that a posterior was learned from."""
    name = given.get("campaign_name", {})
    return str(name.get(lang) or name.get("en") or given.get("campaign", ""))


def written(path: Path, lang: Language = "en") -> str:
    """Return the line that tells where something was written."""
    return f"كتبت النتائج في {path}" if lang == "ar" else f"Written to {path}"


@contextmanager
def progress_bar(label: str) -> Iterator[tuple[Callable[[int, int], None] | None, Callable[[str], None] | None]]:
    """Give a function of (done, total) that moves a bar on stderr, and one that says what is under way.

    Where stderr is no terminal, a line now and then says how far the work is, and the second function is None.
    """
    if not sys.stderr.isatty():
        yield _logged(label), None
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
            told = {"compiling": ": compiling the engine, this once", "filtering": ": the past, as the rows tell it"}
            progress.update(task, description=label + told.get(stage, ""))

        yield move, say


def _logged(label: str) -> Callable[[int, int], None]:
    """Return a function of (done, total) that writes a line when a while has passed; short work says nothing."""
    first: list[float] = []
    due = _LOGGED

    def move(done: int, total: int) -> None:
        nonlocal due
        now = time.monotonic()
        first[:] = first or [now, done]
        passed, left = now - first[0], total - done
        if passed >= due and done > first[1] and left > 0:
            due = passed + max(_LOGGED, passed / 4)
            ahead = passed * left / (done - first[1])
            said = f"{label}: {done / total:.0%}, {passed:.0f} s passed, about {ahead:.0f} s left"
            print(said, file=sys.stderr, flush=True)

    return move
