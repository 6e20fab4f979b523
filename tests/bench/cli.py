"""Section 4: what somebody at the command line waits for, from Enter to the prompt."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from report import Section
from settings import Settings
from timing import take_turns

__all__ = ["section"]


def section(settings: Settings) -> Section:
    """Time whole processes."""
    out = Section("At the command line")
    out.text(
        "Wall times of whole processes. *First run ever*: the caches of Numba and Matplotlib are empty. All other runs",
        "find them filled. Sizes are paths in total; the rest is as `hudna run iraq-2024` has it, so with the",
        f"engine {settings.fastest} and as many threads as there are processors.",
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs: dict[str, Callable[[], object]] = {
            "python -c pass": lambda: _call([sys.executable, "-c", "pass"], folder),
            "hudna --help": lambda: _hudna(["--help"], folder),
            "hudna check iraq-2024": lambda: _hudna(["check", "iraq-2024"], folder),
        }
        sizes = [(settings.size(20, 2), 50), (settings.size(500, 4), settings.size(200, 50))]
        for draws, paths in sizes:
            for figures in (False, True):
                label = f"hudna run iraq-2024, {draws * paths:,} paths, {'with' if figures else 'without'} figures"
                runs[label] = _run(settings, folder, draws, paths, figures)
        draws, paths = sizes[0]
        first = f"first run ever: {draws * paths:,} paths, with figures"
        runs[first] = _first(settings, folder, draws, paths)
        times = take_turns(runs, settings.repeats, what="command line", cold={first})
    out.table(["", "seconds"], [[label, each.show()] for label, each in times.items()])
    return out


def _run(settings: Settings, folder: Path, draws: int, paths: int, figures: bool) -> Callable[[], object]:
    words = ["run", "iraq-2024", "--engine", settings.fastest, "--draws", str(draws), "--paths", str(paths)]
    return lambda: _hudna(words if figures else [*words, "--no-figures"], folder)


def _first(settings: Settings, folder: Path, draws: int, paths: int) -> Callable[[], object]:
    words = ["run", "iraq-2024", "--engine", settings.fastest, "--draws", str(draws), "--paths", str(paths)]

    def run() -> None:
        with tempfile.TemporaryDirectory() as numba, tempfile.TemporaryDirectory() as pictures:
            _hudna(words, folder, NUMBA_CACHE_DIR=numba, MPLCONFIGDIR=pictures)

    return run


def _hudna(words: list[str], folder: Path, **environment: str) -> None:
    _call([str(Path(sys.executable).with_name("hudna")), *words], folder, **environment)


def _call(command: list[str], folder: Path, **environment: str) -> None:
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True)
