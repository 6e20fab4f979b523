"""Copies of the invented case with observations, for the tests of what is learned from them."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.case import Case, load_case
from hudna.cli import main

__all__ = ["NAME", "SMALL", "call", "case_of", "copied", "edit", "rows_text"]

NAME = "two-militias"
SMALL = ("--islands", "2", "--draws", "60", "--paths", "30")


def copied(folder: Path) -> tuple[Path, Path]:
    """Copy scenario and case; return the scenario's file and the case's folder."""
    shipped.copy(NAME, folder)
    return folder / f"scenarios/{NAME}.toml", folder / f"params/{NAME}"


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts in a file, each of which has to be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def case_of(folder: Path) -> Case:
    """Read a case that has nothing wrong with it."""
    return load_case(folder)


def call(*arguments: str | Path) -> tuple[int, Any, str]:
    """Run a command with --json in this process; return its code, its data and what went to stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*map(str, arguments), "--json"])
    return code, json.loads(out.getvalue()), err.getvalue()


def rows_text(folder: Path, keep: Any) -> str:
    """The table of a case with those lines for which `keep(cells)` is true."""
    header, *lines = (folder / "observations.csv").read_text(encoding="utf-8").splitlines()
    return "\n".join([header, *(line for line in lines if keep(line.split(",")))]) + "\n"
