"""What readers see: numbers and words in each language, and a table in every form."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

import hudna
from hudna.text.columns import DRAWS, ERROR, MEAN
from hudna.text.numbers import date, decimals, interval, iso_date, months, number, number_of, share
from hudna.text.table import Table, as_csv, column, records
from hudna.text.words import LANGUAGES, Words

FILES = list((Path(hudna.__file__).parent / "text/languages").glob("*.toml"))


def test_numbers_show_what_the_error_leaves_meaning_to():
    assert (number(65.0525, decimals(65.0525, 1.83)), number(1.83, 1)) == ("65.1", "1.8")
    assert number(0.0, decimals(0.0, 0.0)) == "0"
    assert number(1234567.0, decimals(1234567.0, 1e4)) == "1,234,567"
    assert interval(-0.0025, -0.0025 + 1e-19) == "[-0.00250, -0.00250]"
    assert (share(0.0), share(1e-9), share(0.5)) == ("0 %", "<0.1 %", "50.0 %")
    assert (share(1e-9, "ar"), share(0.5, "ar")) == ("<0.1٪", "50.0٪")


def test_an_arabic_date_has_its_month_in_words():
    assert (iso_date("2024-08-22"), iso_date(None)) == ("2024-08-22", "None")
    assert iso_date("2024-08-22", "ar") == date("2024-08-22", "ar") == f"22 {months('ar')[7]} 2024"


def test_an_arabic_number_of_things_agrees_with_its_noun():
    assert [number_of(n, "week", "ar") for n in (1, 2, 3, 11, 100)] == [
        "أسبوع واحد", "أسبوعين", "3 أسابيع", "11 أسبوعا", "100 أسبوع",
    ]  # fmt: skip


def test_every_word_is_in_every_language_with_the_same_places_for_values():
    english, *others = (tomllib.loads(file.read_text("utf-8")) for file in sorted(FILES, key=lambda f: f.stem != "en"))
    texts = {}
    for other in others:
        assert {key: set(section) for key, section in other.items()} == {k: set(own) for k, own in english.items()}
        texts |= {(name, key): (text, other[name][key]) for name, own in english.items() for key, text in own.items()}
    for info in pkgutil.walk_packages(hudna.__path__, "hudna."):
        if not info.name.endswith("__main__"):
            for words in vars(importlib.import_module(info.name)).values():
                if isinstance(words, Words) and not isinstance(words.section, str):
                    texts |= {(info.name, key): said for key, said in words.section.items()}
    for where, said in texts.items():
        assert len(said) == 2, where
        if isinstance(said[0], str):
            assert len({str(sorted(re.findall(r"\{[^}]*\}", text))) for text in said}) == 1, where
    assert len(texts) > 300
    with pytest.raises(KeyError):
        Words("plot")("no such word", "en")


def test_a_narrow_table_keeps_every_cell_under_its_header(monkeypatch):
    frame = pd.DataFrame(
        {"name": ["a label that is long enough to be folded", "b"], "x": [1, 3], "y": ["22", "[4, 5]"]}
    )
    columns = [column(("first of all", ""), "x"), column(("second", ""), "y")]
    table = Table("Heading", frame, columns, group=lambda _: "Group")
    monkeypatch.setenv("COLUMNS", "40")
    assert [line for line, _ in table.lines()] == [
        "Heading",
        "                           first",
        "                              of",
        "                             all  second",
        "Group",
        "  a label that is long",
        "    enough to be folded        1      22",
        "  b                            3  [4, 5]",
    ]
    monkeypatch.setenv("COLUMNS", "20")
    columns = [column(("one", ""), "x"), column(("two", ""), "y")]
    assert [line.split() for line, _ in Table("H", frame[1:], columns).lines()][1:] == [
        ["one", "two"], ["b", "3", "[4,", "5]"],
    ]  # fmt: skip


FRAME = pd.DataFrame(
    {
        "policy": ["a", "b", "a"], "outcome": ["n", "n", "m"], "name": ["x < y", "x|y", "z"],
        "mean": [72.04, 0.0, float("nan")], "mcse": [8.61, 0.0, float("nan")], "low": 0.0, "high": 0.0,
        "mean_q05": [21.0, 0.0, float("nan")], "mean_q95": [175.0, 0.0, float("nan")],
    }
)  # fmt: skip


def test_a_table_has_the_same_cells_in_every_form():
    table = Table("Heading", FRAME, [MEAN, ERROR, DRAWS], group=lambda row: f"of {row['outcome']}", notes=["why"])
    cells = [["72.0", "8.6", "[21, 175]"], ["0", "0", "[0, 0]"], ["–", "–", "–"]]
    assert [row for _, row in table.rows() if row] == cells
    lines = list(table.lines())
    assert [line for line, heading in lines if heading] == ["Heading", "of n", "of m"]
    assert lines[-1] == ("  why", False)
    assert [re.split(r" {2,}", line)[2:] for line, _ in lines[3:5]] == cells[:2]
    markdown = list(table.markdown())
    assert markdown[0] == "| Heading | mean | MC error | 90 % over draws |"
    assert markdown[4] == "| x\\|y | 0 | 0 | [0, 0] |"
    assert len(markdown) == 2 + 5
    assert re.findall(r"<td>([^<]+)</td>", table.html()) == [cell for row in cells for cell in row]
    assert "x &lt; y" in table.html()


def test_a_table_speaks_the_language_that_it_is_asked_for():
    english, arabic = (Table("", FRAME, [MEAN], lang) for lang in LANGUAGES)
    assert (english.headings, arabic.headings) == (["mean"], ["المتوسط"])
    assert 'dir="rtl"' in arabic.html()
    assert 'dir="ltr"' in english.html()


def test_rows_of_different_things_with_one_name_stand_apart():
    table = Table("", FRAME, [MEAN], group=lambda _: "the same", by="outcome")
    assert [label for label, cells in table.rows() if not cells] == ["the same", "the same"]


def test_machines_get_the_frame_with_an_index_that_has_a_name():
    own = FRAME.set_index(["policy", "outcome"])[["mean"]]
    assert records(own)[1:] == [
        {"policy": "b", "outcome": "n", "mean": 0.0}, {"policy": "a", "outcome": "m", "mean": None},
    ]  # fmt: skip
    assert json.dumps(records(FRAME[["name"]])) == json.dumps([{"name": name} for name in FRAME["name"]])
    assert as_csv(own) == "policy,outcome,mean\na,n,72.04\nb,n,0.0\na,m,\n"
