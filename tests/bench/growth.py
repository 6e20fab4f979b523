"""Section 3: how time grows with paths, weeks, actors and threads."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import models
from crowd import write_crowd
from models import Model
from report import Section
from settings import Settings
from timing import Times, take_turns

__all__ = ["section"]


def section(settings: Settings) -> Section:
    """Measure the fastest engine."""
    out = Section("Growth")
    out.text(f"Engine {settings.fastest}; `simulate` alone; one thread unless it says otherwise.")
    _paths(out, settings)
    with tempfile.TemporaryDirectory() as name:
        _weeks(out, settings, Path(name))
        _actors(out, settings, Path(name))
    _threads(out, settings)
    return out


def _turns(sizes: dict[str, tuple[Model, int, int]], settings: Settings, what: str) -> dict[str, Times]:
    runs = {
        name: partial(models.simulate, model.program, engine=settings.fastest, threads=1, draws=draws, paths=paths)
        for name, (model, draws, paths) in sizes.items()
    }
    return take_turns(runs, settings.repeats, what=what)


def _rows(sizes: dict[str, tuple[Model, int, int]], times: dict[str, Times]) -> list[list[str]]:
    return [
        [name, times[name].show(), (times[name] * (1e9 / model.path_weeks(draws, paths))).show()]
        for name, (model, draws, paths) in sizes.items()
    ]


def _paths(out: Section, settings: Settings) -> None:
    model, paths = models.load("toy-truce"), 100
    sizes = {
        f"{draws * paths:,}": (model, draws, paths)
        for draws in (settings.size(10, 1), settings.size(100, 2), settings.size(1000, 4))
    }
    times = _turns(sizes, settings, "paths")
    out.table(["toy-truce: paths (100 a draw)", "seconds", "ns per path-week"], _rows(sizes, times))


def _weeks(out: Section, settings: Settings, folder: Path) -> None:
    draws, paths = settings.size(100, 4), 100
    sizes = {}
    for weeks in (13, 52, 260):
        file = folder / f"weeks-{weeks}.toml"
        file.write_text(f'extends = "toy-truce"\nweeks = {weeks}\n', encoding="utf-8")
        sizes[f"{weeks}"] = (models.load(str(file)), draws, paths)
    times = _turns(sizes, settings, "weeks")
    out.table([f"toy-truce, {draws * paths:,} paths: weeks", "seconds", "ns per path-week"], _rows(sizes, times))


def _actors(out: Section, settings: Settings, folder: Path) -> None:
    draws, paths = settings.size(20, 1), settings.size(256, 50)
    sizes = {}
    for actors in (10, 50, 200):
        sizes[f"{actors}"] = (models.load(str(write_crowd(folder / f"{actors}", actors))), draws, paths)
    times = _turns(sizes, settings, "actors")
    per = {name: 1e9 / model.path_weeks(draws, paths) / int(name) for name, (model, _, _) in sizes.items()}
    out.table(
        ["actors: levels that three others move", "seconds", "ns per path-week", "ns per path-week and actor"],
        [[*row, (times[row[0]] * per[row[0]]).show()] for row in _rows(sizes, times)],
    )


def _threads(out: Section, settings: Settings) -> None:
    model, draws, paths = models.load("toy-truce"), settings.size(500, 4), 100
    runs = {
        f"{threads}": partial(
            models.simulate, model.program, engine=settings.fastest, threads=threads, draws=draws, paths=paths
        )
        for threads in settings.threads
    }
    times = take_turns(runs, settings.repeats, what="threads")
    one = times[f"{settings.threads[0]}"]
    out.table(
        [f"toy-truce, {draws * paths:,} paths: threads", "seconds", f"times as fast as {settings.threads[0]}"],
        [[name, each.show(), (one / each).show()] for name, each in times.items()],
    )
