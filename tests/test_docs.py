"""The README's Python blocks run, its console lines name commands that exist, and no link of the docs is broken."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run(page, tmp_path):
    code = "\n".join(blocks(page, "python"))
    script = tmp_path / "block.py"
    script.write_text(f"import matplotlib\nmatplotlib.use('Agg')\n{code}", encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_console_lines_name_commands_that_exist():
    lines = [line for page in PAGES for block in blocks(page, "console") for line in block.splitlines()]
    used = {match[1] for line in lines if (match := re.match(r"\$ hudna (\w+)", line))}
    assert used
    for command in used:
        done = subprocess.run([sys.executable, "-m", "hudna.cli", command, "--help"], capture_output=True, text=True)
        assert done.returncode == 0, command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_docstring_examples_run():
    import doctest
    import importlib
    import pkgutil

    import hudna

    tried = 0
    for info in pkgutil.walk_packages(hudna.__path__, "hudna."):
        if info.name.endswith("__main__"):
            continue
        found = doctest.testmod(importlib.import_module(info.name))
        assert found.failed == 0, info.name
        tried += found.attempted
    assert tried > 20
