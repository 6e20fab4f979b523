"""How things are written to a terminal, to a pipe, and as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["print_json", "print_lines", "progress_bar"]


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


def print_lines(lines: Iterable[tuple[str, bool]]) -> None:
    """Print lines on stdout, headings in bold on a terminal; nothing is cut or wrapped."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for line, heading in lines:
        if console.is_terminal:
            console.print(Text(line, style="bold" if heading else ""), soft_wrap=True)
        else:
            print(line)


@contextmanager
def progress_bar(label: str) -> Iterator[tuple[Callable[[int, int], None] | None, Callable[[str], None] | None]]:
    """Give a function of (done, total) that moves a bar on stderr, and one that says what is under way.

    Both are None if stderr is no terminal.
    """
    if not sys.stderr.isatty():
        yield None, None
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
