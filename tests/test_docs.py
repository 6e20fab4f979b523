"""Every block of every page does what the page says, no link is broken, and nothing public goes without a place."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import pytest
from pages import ROOT, TOO_LONG, Reader, agree, blocks, console, hudna, options_are_known, small

import hudna as package

DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("**/*.md")])
OWN_TEST = {"files.md"}  # tests/test_docs_files.py writes the files of this page and runs them

CAME = "date_start,date_end,signal,value,qualifier\n2024-08-22,2024-09-18,attacks.*,5,exact\n"
ROWS = "date_start,date_end,signal,value,qualifier,counter\n2024-08-01,2024-08-14,attacks.*,3,exact,\n"
GIVEN = {"later.csv": CAME, "events.csv": ROWS}  # tables that a reader is told to bring

pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not here")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A reader in an empty folder, with the tables that some pages ask for."""
    mpl.use("Agg")
    monkeypatch.chdir(tmp_path)
    for file, text in GIVEN.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    return Reader("page")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in OWN_TEST], ids=name)
def test_every_block_does_what_the_page_says(page, reader):
    text = read(page)
    reader.name = name(page)
    tried = reader.follow(text)
    assert tried == sum(b.language in ("python", "console", "toml", "csv", "json") for b in blocks(text))


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n", "the page shows"),
        ("```console\n$ hudna list\nno-such-scenario\n```\n", "the page shows"),
        ("```console\n$ hudna run two-militias --drawz 3\n```\n", "no such option"),
        ("```console\n$ hudna run two-militias --drawz 3   # takes minutes\n```\n", "no such option"),
        ("```console\n$ hudna runn two-militias\n```\n", "runn"),
        ("```console\n$ hudna check nowhere.toml\n```\n", "exit code 2"),
        ("```console\n$ hudna check two-militias   # exit code 2\n```\n", "exit code 0"),
        ("```console\n$ make dinner\n```\n", "make dinner"),
        ("```console\n$ rm -rf out\n```\n", "no such command"),
        ("```toml\n# a.toml, continued\nx = 1\n```\n", "continued"),
        ("```toml\n# a.toml\nx = 1\n```\n\n```toml\n# a.toml\ny = 1\n```\n", "continued"),
        ("```csv\na,b\n```\n", "must say its file's name"),
        ("```ruby\nputs 1\n```\n", "nobody knows"),
    ],
)
def test_a_page_that_says_what_is_not_so_is_caught(page, said, reader):
    with pytest.raises(AssertionError, match=said):
        reader.follow(page)


def test_blocks_and_lines_are_taken_apart():
    page = "a\n```python\nx = 1\n```\n\n```text\n2\n```\nb\n```csv t.csv\na\n```\n"
    assert [(b.language, b.word, b.text, b.line, b.follows) for b in blocks(page)] == [
        ("python", "", "x = 1\n", 2, False),
        ("text", "", "2\n", 6, True),
        ("csv", "t.csv", "a\n", 10, False),
    ]
    lines = list(console(f"$ hudna run 'a b' --draws 3   # {TOO_LONG}\n$ hudna list\nx\ny\n"))
    assert [(line.words, line.comment, line.shown) for line in lines] == [
        (["hudna", "run", "a b", "--draws", "3"], f"# {TOO_LONG}", ""),
        (["hudna", "list"], "", "x\ny\n"),
    ]
    assert small(["hudna", "run", "x", "--draws=3"]) == [
        "hudna", "run", "x", "--draws=3", "--paths", "10", "--no-figures",
    ]  # fmt: skip
    agree("a\n...\nc\n", "a\nb\nc\n", "here")
    options_are_known(["hudna", "run", "x", "--draws=3"], "here")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", read(page)):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_public_name_stands_on_the_page_of_the_api():
    documented, pictures = read(DOCS / "api.md").split("## Pictures")
    assert set(re.findall(r"^\.\. auto\w+:: (\w+)$", documented, re.MULTILINE)) == set(package.__all__) - {"plot"}
    for public in package.plot.__all__:
        assert re.search(rf"^\.\. auto\w+:: (?:hudna\.plot\.)?{public}$", pictures, re.MULTILINE), public


def test_every_picture_is_in_the_gallery_with_the_lines_that_make_it():
    gallery = read(DOCS / "gallery.md")
    code = "\n".join(block.text for block in blocks(gallery) if block.language == "python")
    for public in package.plot.__all__:
        assert public.endswith("_data") or f"plot.{public}(" in code, public
    made = set(re.findall(r'savefig\("(.*?)"', code))
    shown = set(re.findall(r"\]\(images/gallery/(.*?)\)", gallery))
    assert made == shown == {path.name for path in (DOCS / "images" / "gallery").iterdir()}


def test_the_tutorial_ends_with_the_case_that_is_shipped(reader, tmp_path):
    page = read(DOCS / "tutorial.md").split("## The answer")[0]
    reader.follow(page)
    own = package.run("scenarios/two-militias.toml", draws=20, paths=10, seed=3)
    shipped = package.run("two-militias", draws=20, paths=10, seed=3, belief="prior")
    assert (own.outcomes == shipped.outcomes).all().to_array().all()
    assert own.about["scenario"] == shipped.about["scenario"]


def pieces(page: Path) -> list[Counter[str]]:
    """Return the numbers of each paragraph, and of each row of a table."""
    found: list[str] = []
    for paragraph in re.split(r"\n\s*\n", re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)):
        found += paragraph.splitlines() if paragraph.startswith("|") else [paragraph]
    return [Counter(re.findall(r"[−+]?\d+(?:[.,]\d+)*", piece)) for piece in found if piece.strip()]


def test_the_arabic_page_of_the_case_has_the_numbers_of_the_english_one():
    english, arabic = (pieces(DOCS / place / "case-iraq-2024.md") for place in (".", "ar"))
    assert len(english) == len(arabic)
    for number, (own, other) in enumerate(zip(english, arabic, strict=True), 1):
        assert own == other, f"piece {number}: English {own - other}, Arabic {other - own}"
    assert sum(count.total() for count in english) > 200


def test_docstring_examples_run():
    import doctest
    import importlib
    import pkgutil

    tried = 0
    for info in pkgutil.walk_packages(package.__path__, "hudna."):
        if info.name.endswith("__main__"):
            continue
        found = doctest.testmod(importlib.import_module(info.name))
        assert found.failed == 0, info.name
        tried += found.attempted
    assert tried > 20


def test_help_says_what_every_command_does():
    code, printed = hudna(["--help"])
    assert code == 0
    assert all(command in printed for command in ("run", "check", "calibrate", "backtest", "score"))
