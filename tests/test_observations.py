"""Observations: tables are read or refused line by line, and a row feeds a prior or the likelihood, never both."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import FILES, edited, mutate, said, texts, write

import hudna
from hudna import shipped
from hudna.case import load_case
from hudna.case.documents import MAX_BYTES
from hudna.case.evidence import cited
from hudna.case.observation_rows import WORDS, Catalogue, read_rows
from hudna.case.observations import COLUMNS, Counter
from hudna.case.tables import MAX_FIELD
from hudna.cli import main
from hudna.errors import Problems

CASE = "params/two-militias"
TOML, TABLE, EVIDENCE = f"{CASE}/observations.toml", f"{CASE}/observations.csv", f"{CASE}/evidence/counts.csv"
PARAMETERS = FILES[5]

HEAD = ",".join(COLUMNS)
ROWS = (
    "2023-01-02,2023-01-29,attacks.*,7,exact,,high,likelihood,evidence/counts.csv:2,",
    "2023-01-02,2023-02-26,attacks.*,12,at_least,agency,medium,,evidence/counts.csv:3; evidence/counts.csv:4,",
    "2023-02-01,2023-02-01,attacks.NORTH,1,official,claims,,,a letter,",
    "2023-02-06,2023-03-05,attacks.NORTH + attacks.SOUTH,,calm,,,,,",
    "2023-03-06,2023-04-02,attacks.SOUTH,3,derived,,,,evidence/counts.csv:5,",
    "2023-01-02,2023-02-26,truce,broken,exact,,,known,minutes,",
    "2023-03-06,2023-03-12,pressure,0.35,approx,poll,,,,",
    "2023-03-06,2023-03-12,strikes,2,exact,,low,context,,not used",
    "2019-03-06,2019-03-12,attacks.*,4,exact,,,prior,evidence/counts.csv:6,",
)
TABLE_TEXT = "\n".join((HEAD, *ROWS)) + "\n"
TOML_TEXT = """
[counters.agency]
name = { en = "Agency", ar = "وكالة" }
note = "the reference by name"

[counters.claims]
name = "Claims"
ratio = 1.5

[counters.poll]
name = "Poll"
sd = 0.3

[records.spring]
name = "Spring"
start = 2023-01-02
until = 2023-05-01
starts = { truce = "broken", pressure = 0.5, presence = 0.8 }
note = "one record"

[records.spring.parameters.truce_breaks]
unit = "1/week"
prior = { family = "gamma", mean = 0.1, sd = 0.05 }
status = "judgement"
source = "invented"
note = "faster then"

[records.spring.schedules]
presence = { points = [[2023-02-01, 0.5]], interpolation = "step" }
"""
EVIDENCE_TEXT = "date,number\n2023-01-29,7\n2023-02-26,12\n2023-02-26,12\n2023-04-02,3\n2019-03-12,4\n"
CATALOGUE = Catalogue(
    {"a.x": "events", "a.y": "events", "a.z": "events", "r": "response", "mood": "regime", "level": "level"},
    {"mood": ("calm", "tense")},
)
COUNTERS = {"claims": Counter(name="c", ratio=2.0), "poll": Counter(name="p", sd=0.3), "plain": Counter(name="q")}


def files(*edits: tuple[str, str, str], table: str = TABLE_TEXT, toml: str = TOML_TEXT) -> dict[str, str]:
    """Return the small case's files with observations, some texts replaced."""
    found = {**texts(), TOML: toml, TABLE: table, EVIDENCE: EVIDENCE_TEXT}
    for name, old, new in edits:
        assert old in found[name], old
        found[name] = found[name].replace(old, new, 1)
    return found


ROW = "2023-01-01,2023-01-07,a.*,1,exact,,,,,"


def table(*rows: str) -> str:
    return "\n".join((HEAD, *rows)) + "\n"


def problems_of(path: Path, text: str | bytes) -> tuple[tuple, list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    problems = Problems()
    rows = read_rows(path, CATALOGUE, COUNTERS, problems)
    return rows, [str(problem).replace(f"{path.as_posix()}:", "") for problem in problems]


def test_rows_are_what_the_table_says(tmp_path):
    case = hudna.load(write(files(), tmp_path)).case
    rows = case.observations.rows
    assert [row.line for row in rows] == list(range(2, 11))
    assert [row.word for row in rows[:5]] == ["exact", "at_least", "official", "calm", "derived"]
    assert [row.qualifier for row in rows[:5]] == ["exact", "at_least", "exact", "exact", "exact"]
    assert [row.confidence for row in rows[:5]] == ["high", "medium", "high", "low", "medium"]
    assert [row.value for row in rows[:5]] == [7, 12, 1, 0, 3]
    assert rows[0].signals == rows[3].signals == ("attacks.NORTH", "attacks.SOUTH")
    assert [row.kind for row in rows[5:8]] == ["regime", "level", "response"]
    assert rows[5].state == "broken"
    assert math.isnan(rows[5].value)
    assert [row.use for row in rows[4:]] == ["likelihood", "known", "likelihood", "context", "prior"]
    assert [row.counter for row in rows[:3]] == ["", "agency", "claims"]
    assert cited(rows[1]) == (("evidence/counts.csv", 3), ("evidence/counts.csv", 4))
    assert cited(rows[2]) == ()
    assert case.observations.default == "spring"
    assert [row.line for row in case.observations.rows_of("spring")] == list(range(2, 10))
    assert case.observations.records["spring"].weeks == 17


def test_columns_may_stand_in_any_order_with_a_mark_and_other_line_ends(tmp_path):
    order = list(reversed(COLUMNS))
    out = io.StringIO()
    writer = csv.DictWriter(out, order, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(csv.DictReader(io.StringIO(TABLE_TEXT)))
    whole = hudna.load(write(files(), tmp_path / "a")).case.observations.rows
    folder = tmp_path / "b"
    path = write(files(), folder)
    (folder / TABLE).write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode() + b"\r\n")
    assert [repr(row) for row in hudna.load(path).case.observations.rows] == [repr(row) for row in whole]
    (folder / TABLE).write_bytes(out.getvalue().encode("utf-16"))
    with pytest.raises(hudna.InputError, match="is UTF-16; save the file as UTF-8"):
        hudna.load(path)


@pytest.mark.parametrize("lost", [TOML, TABLE, None])
def test_either_file_may_be_there_without_the_other(lost, tmp_path):
    found = files(table=table(ROWS[-1]))
    for name in (TOML, TABLE):
        if lost in (name, None):
            del found[name]
    observations = hudna.load(write(found, tmp_path)).case.observations
    assert len(observations.rows) == (lost == TOML)
    assert len(observations.counters) == 3 * (lost == TABLE)
    assert observations.default == ("spring" if lost == TABLE else "")


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [
        ("2022-12-01", "2023-01-01", False),
        ("2022-12-01", "2023-01-02", True),
        ("2023-04-30", "2023-05-09", True),
        ("2023-05-01", "2023-05-09", False),
    ],
)
def test_a_row_belongs_to_a_record_that_it_shares_a_day_with(start, end, inside, tmp_path):
    rows = table(f"{start},{end},attacks.*,1,exact,,,prior,,")
    observations = hudna.load(write(files(table=rows), tmp_path)).case.observations
    assert bool(observations.rows_of("spring")) is inside


# --- Tables with mistakes in them ---------------------------------------------------------------------------

BAD_ROWS = [  # a row, the column that is said to be wrong, and what is said
    ("2023-01-0x,2023-01-08,a.*,1,exact,,,,,", "date_start", "must be a date such as"),
    ("20230101,2023-01-08,a.*,1,exact,,,,,", "date_start", "must be a date such as"),
    ("2023-02-30,2023-03-08,a.*,1,exact,,,,,", "date_start", "must be a date such as"),
    ("1066-10-14,2023-03-08,a.*,1,exact,,,,,", "date_start", "between 1700 and 2200"),
    (",2023-03-08,a.*,1,exact,,,,,", "date_start", "is missing"),
    ("2023-01-08,2023-01-07,a.*,1,exact,,,,,", "date_end", "must not be before date_start, 2023-01-08"),
    ("2023-01-01,2023-01-07,,1,exact,,,,,", "signal", "is missing"),
    ("2023-01-01,2023-01-07,b.*,1,exact,,,,,", "signal", "no node's name begins with 'b.'"),
    ("2023-01-01,2023-01-07,a.w,1,exact,,,,,", "signal", "there is no such signal; did you mean 'a."),
    ("2023-01-01,2023-01-07,a.x + ,1,exact,,,,,", "signal", "joined by ' + '"),
    ("2023-01-01,2023-01-07,a.x + a.*,1,exact,,,,,", "signal", "counts a.x twice"),
    ("2023-01-01,2023-01-07,a.x + r,1,exact,,,,,", "signal", "several kinds: a.x (events), r (response)"),
    ("2023-01-01,2023-01-07,mood.tense,1,exact,,,,,", "signal", "write mood as the signal and tense as the value"),
    ("2023-01-01,2023-01-07,a.x.threat,1,exact,,,,,", "signal", "themselves, such as a.x"),
    ("2023-01-01,2023-01-07,a.*,1.5,exact,,,,,", "value", "must be a whole number"),
    ("2023-01-01,2023-01-07,a.*,-1,exact,,,,,", "value", "must be a whole number"),
    ("2023-01-01,2023-01-07,a.*,1e3,exact,,,,,", "value", "must be a whole number"),
    ("2023-01-01,2023-01-07,a.*,٣,exact,,,,,", "value", "must be a whole number"),
    ("2023-01-01,2023-01-07,a.*,1.000,exact,,,,,", "value", "must be a whole number"),
    ('2023-01-01,2023-01-07,a.*,"1,000",exact,,,,,', "value", "must be a whole number"),
    ("2023-01-01,2023-01-07\u200f,a.*,1,exact,,,,,", "date_end", "2023-01-07\\u200f\": must be a date such as 2024-08"),
    ("2023-01-01,2023-01-07,a.*,\u200e1,exact,,,,,", "value", "(cannot be seen: \\u200e LEFT-TO-RIGHT MARK)"),
    ("2023-01-01,2023-01-07,a.x\u200b,1,exact,,,,,", "signal", '"a.x\\u200b": there is no such signal'),
    ("2023-01-01,2023-01-07,a.*,99999999999,exact,,,,,", "value", "must be a whole number"),
    ("2023-01-01,2023-01-07,a.*,nan,exact,,,,,", "value", "must be a whole number"),
    ("2023-01-01,2023-01-07,a.*,,exact,,,,,", "value", "is missing"),
    ("2023-01-01,2023-01-07,a.*,2,calm,,,,,", "value", "of a calm must be 0"),
    ("2023-01-01,2023-01-07,mood,tens,exact,,,,,", "value", "did you mean 'tense'?"),
    ("2023-01-01,2023-01-07,mood,,exact,,,,,", "value", "is missing"),
    ("2023-01-01,2023-01-07,mood,calm,approx,,,,,", "qualifier", "of a regime must be one of exact, official"),
    ("2023-01-01,2023-01-07,mood,calm,exact,claims,,,,", "counter", "counts or reads a level"),
    ("2023-01-01,2023-01-07,level,1,exact,poll,,,,", "value", "above 0 and below 1"),
    ('2023-01-01,2023-01-07,level,"0,5",exact,poll,,,,', "value", "above 0 and below 1, such as 0.5"),
    ("2023-01-01,2023-01-07,level,0.5,at_least,poll,,,,", "qualifier", "of a level must be one of"),
    ("2023-01-01,2023-01-07,level,0.5,calm,poll,,,,", "qualifier", "of a level must be one of"),
    ("2023-01-01,2023-01-07,level,0.5,exact,,,,,", "counter", "is missing; a level is read by a counter with an sd"),
    ("2023-01-01,2023-01-07,level,0.5,exact,claims,,,,", "counter", "a level is read by a counter with an sd"),
    ("2023-01-01,2023-01-07,a.*,1,exact,poll,,,,", "counter", "reads a level"),
    ("2023-01-01,2023-01-07,a.*,1,exact,claim,,,,", "counter", "did you mean 'claims'?"),
    ("2023-01-01,2023-01-07,a.*,1,exactly,,,,,", "qualifier", "did you mean 'exact'?"),
    ("2023-01-01,2023-01-07,a.*,1,,,,,,", "qualifier", "is missing; one of exact"),
    ("2023-01-01,2023-01-07,a.*,1,exact,,sure,,,", "confidence", "must be one of high, medium, low"),
    ("2023-01-01,2023-01-07,a.*,1,exact,,,fit,,", "use", "must be one of likelihood, known, prior, context"),
    ("2023-01-01,2023-01-07,a.*,1,exact", "", "has 5 fields, and the header has 10"),
    ("2023-01-01,2023-01-07,a.*,1,exact,,,,,,a,b", "", "a text with a comma in it stands in quotes"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "column", "text"), BAD_ROWS)
def test_one_mistake_is_one_line(row, column, text, tmp_path):
    rows, (line,) = problems_of(tmp_path / "t.csv", table(row))
    assert rows == ()
    assert line.startswith(f"2: {column}" if column else "2: ")
    assert text in line


def test_all_mistakes_are_said_at_once_each_with_its_line_and_column(tmp_path):
    good = "2023-01-01,2023-01-07,a.*,1,exact,,,,,"
    rows, lines = problems_of(
        tmp_path / "t.csv", table(good, *(row for row, _, _ in BAD_ROWS), good.replace("07", "08"))
    )
    assert [row.line for row in rows] == [2, len(BAD_ROWS) + 3]
    assert len(lines) == len(BAD_ROWS)
    for i, (_, column, text) in enumerate(BAD_ROWS):
        assert lines[i].startswith(f"{i + 3}: {column}"), lines[i]
        assert text in lines[i]


def test_several_mistakes_of_a_row_are_all_said(tmp_path):
    _, lines = problems_of(tmp_path / "t.csv", table("2023,x,b.x,1.5,most,nobody,sure,fit,,"))
    columns = [line.split()[1] for line in lines]
    assert sorted(columns) == ["confidence", "counter", "date_end", "date_start", "qualifier", "signal", "use"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["has no rows; its first line names the columns: date_start, date_end"]),
        ("\n\n", ["has no rows"]),
        ("date_start,date_end,signal,value\n", ["1: columns are missing: qualifier"]),
        (HEAD.replace("note", "notes"), ["1: \"notes\": unknown column; did you mean 'note'?"]),
        (HEAD + ",note", ["1: note: is there twice"]),
        ("\n".join([HEAD + ",,", ROW + ",,x", ROW + ",,y"]), ["1: column 12 has no name"]),
        (HEAD.replace(",", ";") + "\n" + ROW.replace(",", ";"), ["1: has semicolons between the columns"]),
        (HEAD.replace(",", "\t"), ["1: has tabs between the columns: columns are parted by commas, and a number is"]),
        ("sep=;\n" + HEAD.replace(",", ";"), ["1: is a line for Excel alone; take it away"]),
        ("sep=,\n" + HEAD, ["1: is a line for Excel alone; take it away"]),
        (table(ROW).encode("utf-16"), ["is UTF-16; save the file as UTF-8 (in Excel: CSV UTF-8, comma delimited)"]),
        (table(ROW + "غارة").encode("cp1256"), ["in line 2, is not UTF-8; save the file as UTF-8 (in Excel: CSV"]),
        (table('2023-01-01,2023-01-07,a.*,1,exact,,,,"x'), ["2: is no line of a table: a quote that is opened"]),
        (table('2023-01-01,2023-01-07,a.*,1,exact,,,,"x"y,'), ["2: is no line of a table"]),
        (table("2023-01-01,2023-01-07,a.*,1,exact,,,,\0,"), ["2: holds a NUL character"]),
        (table("2023-01-01,2023-01-07,a.*,1,exact,,,,," + "x" * (MAX_FIELD + 1)), ["2: a field has more than"]),
        (table("2023-01-01,2023-01-07,a.*,1,exact,,,,," + "x" * 200_000), ["2: is no line of a table: field larger"]),
        (table("2023-01-01,2023-01-07,a.*,1,exact,,,,,").encode() + b"caf\xe9", ["is not UTF-8"]),
        ("x" * (MAX_BYTES + 1), ["larger than 10,000,000 bytes"]),
    ],
    ids=range(19),
)
def test_what_is_no_proper_table_is_said(text, expected, tmp_path):
    rows, lines = problems_of(tmp_path / "t.csv", text)
    assert rows == ()
    assert len(lines) == len(expected), lines
    for line, part in zip(lines, expected, strict=True):
        assert part in line


def test_rows_and_columns_that_a_spreadsheet_emptied_are_passed_over(tmp_path):
    later = ROW.replace("2023-01", "2023-02")
    full, lines = problems_of(tmp_path / "t.csv", table(ROW, later))
    assert (len(full), lines) == (2, [])
    empty = "," * (HEAD.count(",") + 2)
    text = "\n".join([empty, HEAD + ",,", ROW + ",,", empty, ' ,"",', later + ",,,,", *[empty] * 20]) + "\n"
    rows, lines = problems_of(tmp_path / "t.csv", text)
    assert lines == []
    assert [row.line for row in rows] == [3, 6]
    assert [row.said for row in rows] == [row.said for row in full]
    text = "\n".join(",".join(["", *line.split(",")]) for line in (HEAD, ROW))
    rows, lines = problems_of(tmp_path / "t.csv", text)
    assert lines == []
    assert [row.said for row in rows] == [full[0].said]


def test_a_missing_column_is_said_once_and_the_other_columns_are_read(tmp_path):
    text = "date_start,signal,value,qualifier\n2023-01-01,a.*,1,exact\n2023-01-01,a.*,x,exact\n"
    rows, lines = problems_of(tmp_path / "t.csv", text)
    assert rows == ()
    assert lines[0].startswith("1: columns are missing: date_end")
    assert [line[:9] for line in lines[1:]] == ["3: value "]


def test_a_quoted_text_over_several_lines_keeps_the_count_of_lines(tmp_path):
    rows, lines = problems_of(
        tmp_path / "t.csv",
        table(
            '2023-01-01,2023-01-07,a.*,1,exact,,,,,"two\nlines, and a ""quote"""',
            "",
            "2023-01-01,2023-01-07,a.*,x,exact,,,,,",
        ),
    )
    assert rows[0].note == 'two\nlines, and a "quote"'
    assert [line[:8] for line in lines] == ["5: value"]


def test_what_is_no_file_is_said(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    for name in ("folder.csv", "circle.csv", "none.csv", "x" * 5000, "a\0b"):
        problems = Problems()
        assert read_rows(tmp_path / name, CATALOGUE, COUNTERS, problems) == ()
        assert len(problems) == 1, name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize("name", [TOML, TABLE])
def test_a_fifo_in_the_place_of_a_file_does_not_hang(name, tmp_path, capsys):
    write(files(), tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    (line,) = (line for line in said(capsys, tmp_path) if line.startswith(f"{name}: "))
    assert line == f"{name}: is not an ordinary file"


def test_a_table_of_nearly_the_right_name_is_not_passed_over(tmp_path, capsys):
    write(files(), tmp_path)
    (tmp_path / TABLE).rename(tmp_path / CASE / "observation.csv")
    (line,) = said(capsys, tmp_path)
    assert line == f"{CASE}/observation.csv: not a file of a case; did you mean 'observations.csv'?"


# --- Rows that do not go together ---------------------------------------------------------------------------

TOGETHER = [  # rows, and what is said of the last; nothing if they may stand together
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,6,exact,,,,,"], "line 2 has 5"),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.x + a.y + a.z,6,official,,,,,"], "line 2"),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,5,exact,,,,,"], "and count of line 2"),
    (["2023-01-01,2023-01-01,a.x,1,exact,,low,,,", "2023-01-01,2023-01-01,a.x,1,official,,low,,,"], "count of line 2"),
    (["2023-01-01,2023-01-01,a.x,1,exact,,,,,", "2023-01-01,2023-01-01,a.x,2,exact,,,,,"], "give the sum in one row"),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,5,exact,,low,,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,5,exact,,,context,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,6,exact,,medium,,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,6,exact,claims,,,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,6,exact,,,context,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-03,2023-01-09,a.*,1,exact,,,,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-01,2023-01-09,a.*,4,exact,,,,,"], "cannot fall: since 2023"),
    (["2023-01-01,2023-01-07,a.*,5,at_least,,,,,", "2023-01-01,2023-01-07,a.*,4,exact,,,,,"], "it was at least 5"),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,known,,", "2023-01-01,2023-01-09,a.*,4,exact,,,,,"], "cannot fall"),
    (["2023-01-01,2023-01-07,a.*,5,exact,,low,,,", "2023-01-01,2023-01-09,a.*,4,exact,,,,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,approx,,,,,", "2023-01-01,2023-01-09,a.*,4,exact,,,,,"], ""),
    (["2023-01-01,2023-01-07,a.*,5,exact,,,,,", "2023-01-02,2023-01-09,a.*,4,exact,,,,,"], ""),
    (["2023-01-01,2023-01-07,a.x + a.y,5,exact,,,,,", "2023-01-01,2023-01-07,a.y + a.z,5,exact,,,,,"],
     "crosses a.x + a.y of line 2"),
    (["2023-01-01,2023-01-07,a.x + a.y,5,exact,,,,,", "2025-01-01,2025-01-07,a.y + a.z,5,exact,,,known,,"],
     "crosses a.x + a.y of line 2"),
    (["2023-01-01,2023-01-07,a.x + a.y,5,exact,,,,,", "2023-01-01,2023-01-07,a.y + a.z,5,exact,,,prior,,"], ""),
    (["2023-01-01,2023-01-07,a.x + a.y,5,exact,,,,,", "2023-01-01,2023-01-07,a.z,5,exact,,,,,"], ""),
    (["2023-01-01,2023-01-07,a.x + a.y,5,exact,,,,,", "2023-01-01,2023-01-07,a.*,5,exact,,,,,"], ""),
    (["2023-01-01,2023-01-07,mood,calm,exact,,,known,,", "2023-01-07,2023-01-09,mood,tense,exact,,,known,,"],
     "line 2 has mood in the state calm until 2023-01-07"),
    (["2023-01-01,2023-01-07,mood,calm,exact,,,known,,", "2023-01-08,2023-01-09,mood,tense,exact,,,known,,"], ""),
    (["2023-01-01,2023-01-07,mood,calm,exact,,,known,,", "2023-01-02,2023-01-09,mood,calm,exact,,,known,,"], ""),
    (["2023-01-01,2023-01-30,mood,calm,exact,,,known,,", "2023-01-02,2023-01-03,mood,calm,exact,,,known,,",
      "2023-01-20,2023-01-21,mood,tense,exact,,,known,,"], "line 2 has mood in the state calm"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "text"), TOGETHER)
def test_rows_that_contradict_one_another_are_told_from_those_that_do_not(rows, text, tmp_path):
    read, lines = problems_of(tmp_path / "t.csv", table(*rows))
    assert len(read) == len(rows)
    if not text:
        assert lines == []
        return
    (line,) = lines
    assert line.startswith(f"{len(rows) + 1}: ")
    assert text in line


# --- The whole case -----------------------------------------------------------------------------------------

IN_THE_CASE = [  # a text of a file, what takes its place, and what is said, nothing else
    (TABLE, "counts.csv:2", "counts.csv:7", f"{TABLE}:2: source = \"evidence/counts.csv:7\": the file has 6 lines"),
    (TABLE, "counts.csv:2", "counts.csv:1", f"{TABLE}:2: source = \"evidence/counts.csv:1\": is the header"),
    (TABLE, "counts.csv:2", "count.csv:2", "there is no such file in the case; did you mean 'evidence/counts.csv'?"),
    (TABLE, "counts.csv:2", "counts.csv", "must be evidence/FILE.csv:LINE"),
    (TABLE, "counts.csv:2", "counts.csv:2-4", "must be evidence/FILE.csv:LINE"),
    (TABLE, "counts.csv:2", "../drivers.toml:2", "must be evidence/FILE.csv:LINE"),
    (TABLE, "evidence/counts.csv:2", "../x.csv:2", "must be evidence/FILE.csv:LINE"),
    (TABLE, "evidence/counts.csv:2", "counts.csv:2", "must be evidence/FILE.csv:LINE"),
    (TABLE, "2019-03-06,2019-03-12,attacks.*,4,exact,,,prior", "2019-03-06,2019-03-12,attacks.*,4,exact,,,known",
     f"{TABLE}:10: date_start = 2019-03-06: is in no record (spring 2023-01-02 to 2023-05-01)"),
    (TABLE, "2023-03-06,2023-03-12,strikes", "2023-03-06,2024-01-02,strikes",
     f"{TABLE}:9: date_end = 2024-01-02: is after the case's evidence, which ends on 2024-01-01"),
    (TABLE, "attacks.SOUTH,3", "presence,3", "is a schedule, which is decided, not observed"),
    (TABLE, "attacks.SOUTH,3", "anger.*,3", "a level is named alone, not in a sum: anger.NORTH, anger.SOUTH"),
    (TOML, "until = 2023-05-01", "until = 2023-04-28", "weeks after start, such as 2023-04-24 or 2023-05-01"),
    (TOML, "until = 2023-05-01", "until = 2023-01-02", "spring.until = 2023-01-02: must be after start"),
    (TOML, 'truce = "broken"', 'truce = "open"', f"{TOML}: records.spring.starts.truce = \"open\": there is no such"),
    (TOML, "pressure = 0.5", "pressure = 1.5", f"{TOML}: records.spring.starts.pressure = 1.5: must be in (0, 1)"),
    (TOML, "presence = 0.8", "presence = -0.8", "must be >= 0: it is an exposure of attacks.NORTH, attacks.SOUTH"),
    (TOML, "presence = 0.8", "presense = 0.8", "there is no such driver; did you mean 'presence'?"),
    (TOML, "01, 0.5]]", "01, -0.5]]", f"{TOML}: records.spring.schedules.presence.points: must be >= 0"),
    (TOML, "presence = { points", "truce = { points", "there is no such schedule; schedules: presence"),
    (TOML, "parameters.truce_breaks", "parameters.truce_brakes", "did you mean 'truce_breaks'?"),
    (TOML, "mean = 0.1, sd = 0.05", "mean = 0.1", f"{TOML}: records.spring.parameters.truce_breaks.prior = "),
    (TOML, 'family = "gamma"', 'family = "normal"', "truce.transitions.\"holds -> broken\".rate must be >= 0"),
    (TOML, "ratio = 1.5", "ratio = 0.5", f"{TOML}: counters.claims.ratio = 0.5: must be >= 1"),
    (TOML, "ratio = 1.5", 'ratio = "truce_factor"', "but the prior of this parameter reaches from 0 to 1; truncate"),
    (TOML, "ratio = 1.5", 'ratio = "nothing"', "claims.ratio = \"nothing\": there is no such parameter"),
    (TOML, "ratio = 1.5", "ratio = 1.5\nsd = 1", ": give either ratio (it counts) or sd (it reads a level)"),
    (TOML, "sd = 0.3", "sd = 0", f"{TOML}: counters.poll.sd = 0: must be > 0"),
    (TOML, "[counters.agency]\nname", "[counters.agency]\nnames = 1\nname", "unknown key; did you mean 'name'?"),
    (TOML, "[counters.agency]", "default = \"sprung\"\n[counters.agency]", "no such record; did you mean 'spring'?"),
    (TOML, "[counters.agency]", "[counters.\"a b\"]\nname = \"x\"\n[counters.agency]", "is letters, digits and _"),
    (TOML, "[counters.agency]",
     "[records.two]\nname = \"x\"\nstart = 2023-05-01\nuntil = 2023-05-08\n[counters.agency]",
     f"{TOML}: default: is missing: the record that is meant if none is named, one of two, spring"),
    (TOML, "[counters.agency]", "extra = 1\n[counters.agency]", "precision, only, default, counters, records"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "text"), IN_THE_CASE)
def test_a_mistake_in_a_case_with_observations(name, old, new, text, tmp_path, capsys):
    (line,) = said(capsys, tmp_path) if write(files((name, old, new)), tmp_path) else ()
    assert text in line


def test_mistakes_in_all_files_are_said_at_once(tmp_path, capsys):
    places = ("pressure = 0.5", "01, 0.5]]", "sd = 0.3", "mean = 0.1, sd = 0.05", "attacks.SOUTH,3", "counts.csv:2")
    chosen = {edit[1]: edit for edit in IN_THE_CASE if edit[1] in places}
    write(files(*(edit[:3] for edit in chosen.values()), (PARAMETERS, 'unit = "', 'unti = "')), tmp_path)
    lines = said(capsys, tmp_path)
    assert len(lines) == len(places) + 2  # unti is unknown, and unit is missing
    for *_, text in chosen.values():
        assert any(text in line for line in lines), text


def test_what_could_not_be_read_is_not_held_against_what_names_it(tmp_path, capsys):
    write(files((TOML, "ratio = 1.5", 'ratio = "x y"'), (FILES[4], "start = 0.4", "start = 4")), tmp_path)
    lines = said(capsys, tmp_path)
    assert len(lines) == 2
    assert not any(line.startswith(TABLE) for line in lines)


def test_rows_without_any_record_are_said_in_one_line(tmp_path, capsys):
    write({name: text for name, text in files(table=table(*ROWS[4:6])).items() if name != TOML}, tmp_path)
    (line,) = said(capsys, tmp_path)
    assert line.startswith(f"{TABLE}: rows of the use likelihood belong to a record, and there is none")


def test_a_scenario_may_not_give_a_counter_a_ratio_below_one(tmp_path, capsys):
    entry = (
        'unit = "1"\nprior = { family = "uniform", low = %s, high = 3 }\nstatus = "judgement"\n'
        'source = "x"\nnote = "x"\n'
    )
    found = files((TOML, "ratio = 1.5", 'ratio = "claimed"'))
    found[PARAMETERS] += f"\n[claimed]\n{entry % 1}"
    path = write(found, tmp_path)
    assert not [notice for notice in hudna.load(path).case.notices if "claimed" in notice.en]
    found[FILES[0]] += f"\n[parameters.claimed]\n{entry % 0.5}"
    write(found, tmp_path)
    (line,) = said(capsys, tmp_path)
    assert "counters.claims.ratio must be >= 1" in line
    found = files((TOML, "ratio = 1.5", 'ratio = "claimed"'))
    found[PARAMETERS] += f"\n[claimed]\n{entry % 1}"
    found[TOML] += f"\n[records.spring.parameters.claimed]\n{entry % 0.5}"
    write(found, tmp_path)
    (line,) = said(capsys, tmp_path)
    assert line.startswith(f"{TOML}: records.spring.parameters.claimed: counters.claims.ratio must be >= 1")


def test_counts_that_reach_beyond_a_record_are_noted(tmp_path):
    path = write(files((TABLE, "2023-03-06,2023-04-02,attacks.SOUTH", "2023-03-06,2023-05-01,attacks.SOUTH")), tmp_path)
    notices = [notice.en for notice in hudna.load(path).case.notices]
    assert "counts that reach beyond record spring: line 6 of observations.csv" in notices
    assert not [n for n in hudna.load(write(files(), tmp_path)).case.notices if "beyond" in n.en]


# --- Never both ---------------------------------------------------------------------------------------------


def with_prior(rows: str = "", *, status: str = "evidence", source: str = "evidence/counts.csv") -> dict[str, str]:
    """Return the files with a parameter that was computed from evidence, of the dates `rows`."""
    found = files()
    entry = "[attack_rate_south]"
    assert entry in found[PARAMETERS]
    before, after = found[PARAMETERS].split(entry)
    block, *rest = after.split("\n\n", 1)
    lines = [line for line in block.splitlines() if not line.startswith(("status", "source"))]
    lines += [f'status = "{status}"', f'source = "{source}"', *([f"rows = {rows}"] if rows else [])]
    found[PARAMETERS] = before + entry + "\n".join(lines) + "\n\n" + "\n\n".join(rest)
    return found


def over(*, rows: str = "", status: str = "evidence") -> str:
    return (
        '\n[records.spring.parameters.attack_rate_south]\nunit = "1/week"\n'
        f'prior = {{ family = "gamma", mean = 0.5, sd = 0.2 }}\nstatus = "{status}"\nsource = "evidence/counts.csv"\n'
        f'note = "x"\n{f"rows = {rows}" if rows else ""}\n'
    )


def never(capsys, folder: Path, found: dict[str, str]) -> list[str]:
    """Return what is wrong with the files; nothing if they load."""
    path = write(found, folder)
    try:
        hudna.load(path)
    except hudna.InputError:
        return said(capsys, folder)
    return []


BOTH = "attack_rate_south.rows"


def test_a_prior_from_a_file_of_the_likelihood_says_of_which_rows_it_is(tmp_path, capsys):
    (line,) = never(capsys, tmp_path, with_prior())
    assert line.startswith(f"{PARAMETERS}: {BOTH}: is missing: evidence/counts.csv feeds the likelihood too")
    assert "(lines 2, 3, 6 of" in line
    assert "rows = [first, last]" in line
    assert "widen it to a judgement" in line


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("[2019-01-01, 2019-12-31]", ""),
        ("[2019-01-01, 2023-01-01]", ""),  # the day before the first
        ("[2019-01-01, 2023-01-02]", "lines 2, 3"),
        ("[2023-02-26, 2023-02-28]", "line 3"),
        ("[2023-02-27, 2023-03-05]", ""),  # between them
        ("[2023-04-02, 2023-12-31]", "line 6"),
        ("[2023-04-03, 2023-12-31]", ""),
        ("[2000-01-01, 2023-12-31]", "lines 2, 3, 6"),
    ],
)
def test_rows_of_a_prior_may_not_share_a_day_with_rows_of_the_likelihood(rows, lines, tmp_path, capsys):
    found = never(capsys, tmp_path, with_prior(rows))
    if not lines:
        assert found == []
        return
    (line,) = found
    assert line.startswith(f"{PARAMETERS}: {BOTH} = {rows}: overlap {lines} of ")
    assert "never both" in line


def test_other_rows_and_other_priors_are_not_held_to_it(tmp_path, capsys):
    assert len(never(capsys, tmp_path, with_prior())) == 1
    assert never(capsys, tmp_path, with_prior(status="judgement")) == []
    other = with_prior(source="evidence/others.csv")
    other[f"{CASE}/evidence/others.csv"] = "date\n2023-01-01\n"
    assert never(capsys, tmp_path, other) == []
    for use in ("known", "prior", "context"):
        found = with_prior()
        rows = [row for row in ROWS if "evidence/" not in row]
        found[TABLE] = table(*rows, f"2023-01-02,2023-01-29,attacks.*,7,exact,,high,{use},evidence/counts.csv:2,")
        assert never(capsys, tmp_path, found) == [], use
    disguised = with_prior(source="evidence/./counts.csv")
    assert len(never(capsys, tmp_path, disguised)) == 1
    disguised = with_prior()
    disguised[TABLE] = disguised[TABLE].replace("evidence/counts", "evidence/x/../counts")
    (tmp_path / CASE / "evidence" / "x").mkdir(parents=True, exist_ok=True)
    assert never(capsys, tmp_path, disguised) != []


def test_a_records_own_entry_is_judged_in_its_record(tmp_path, capsys):
    wider = with_prior()
    wider[TOML] += over(status="judgement")
    assert never(capsys, tmp_path, wider) == []
    earlier = with_prior()
    earlier[TOML] += over(rows="[2019-01-01, 2019-12-31]")
    assert never(capsys, tmp_path, earlier) == []
    narrower = with_prior("[2019-01-01, 2019-12-31]")
    narrower[TOML] += over(rows="[2023-01-01, 2023-12-31]")
    (line,) = never(capsys, tmp_path, narrower)
    assert line.startswith(
        f"{TOML}: records.spring.parameters.{BOTH} = [2023-01-01, 2023-12-31]: overlap lines 2, 3, 6"
    )


def test_a_records_entry_excuses_in_no_other_record(tmp_path, capsys):
    found = with_prior()
    found[TOML] = 'default = "spring"\n' + found[TOML] + over(status="judgement")
    found[TOML] += '\n[records.early]\nname = "x"\nstart = 2019-03-04\nuntil = 2019-04-01\n'
    assert never(capsys, tmp_path, found) == []  # its only row feeds a prior
    found[TABLE] = found[TABLE].replace(",,,prior,", ",,,likelihood,")
    (line,) = never(capsys, tmp_path, found)
    assert line.startswith(f"{PARAMETERS}: {BOTH}: is missing")
    assert "(line 10 of" in line


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("[2023-01-01]", "must be [first_date, last_date]"),
        ("[2023-01-02, 2023-01-01]", "2023-01-01 is before 2023-01-02"),
        ('["2023-01-01", 2023-01-02]', "must be a date"),
        ("3", "must be [first_date, last_date]"),
    ],
)
def test_rows_are_two_dates_in_order(rows, text, tmp_path, capsys):
    (line,) = never(capsys, tmp_path, with_prior(rows))
    assert BOTH in line
    assert text in line


# --- Mistakes at random -------------------------------------------------------------------------------------

CELLS = {
    "date_start": ("2023-01-02", "2023-02-01", "2023-13-01", "", "x"),
    "date_end": ("2023-02-26", "2023-02-01", "2022-01-01", "2023-02-29", ""),
    "signal": ("a.*", "a.x", "a.x + a.y", "a.y+a.z", "mood", "level", "r", "b", "+", "*", ".*", "a.**", "a.x.threat"),
    "value": ("0", "3", "12.0", "0.5", "calm", "tense", "-1", "", "1e400", "NaN", "9" * 400),
    "qualifier": (*WORDS, "", "Exact"),
    "counter": ("", "claims", "poll", "plain", "nobody"),
    "confidence": ("", "high", "medium", "low", "?"),
    "use": ("", "likelihood", "known", "prior", "context", "?"),
    "source": ("", "evidence/counts.csv:2", "a letter"),
    "note": ("", '"a, ""b"""', "é\u202e"),
}
FUZZ = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def read(folder: Path, raw: bytes) -> tuple[tuple, list]:
    path = folder / "t.csv"
    path.write_bytes(raw)
    problems = Problems()
    return read_rows(path, CATALOGUE, COUNTERS, problems), list(problems)


def sane(rows: tuple, problems: list) -> None:
    for problem in problems:
        assert problem.where
        assert problem.text
        assert "\n" not in str(problem)
    for row in rows:
        assert row.start <= row.end
        assert row.signals
        assert row.state if row.kind == "regime" else row.value >= 0


@FUZZ
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(raw, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    rows, problems = read(folder, raw)
    assert rows == ()
    assert problems
    sane(rows, problems)
    sane(*read(folder, HEAD.encode() + b"\n" + raw))


@FUZZ
@given(
    lines=st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), max_size=12)
)
def test_any_rows_are_refused_or_read(lines, tmp_path_factory):
    text = "\n".join([HEAD, *(",".join(line[name] for name in COLUMNS) for line in lines)])
    rows, problems = read(tmp_path_factory.getbasetemp(), text.encode())
    sane(rows, problems)
    refused = {int(problem.where.rsplit(":", 1)[1]) for problem in problems}
    assert {row.line for row in rows} | refused == set(range(2, len(lines) + 2))


@FUZZ
@given(planted=st.lists(st.sampled_from(range(len(BAD_ROWS))), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_every_planted_mistake_is_reported_with_its_line(planted, seed, tmp_path_factory):
    rows = [f"2023-01-01,2023-01-{day:02},a.*,1,exact,,,,," for day in range(1, 6)] + [BAD_ROWS[i][0] for i in planted]
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    read_, problems = read(tmp_path_factory.getbasetemp(), table(*(rows[i] for i in order)).encode())
    found = {(int(problem.where.rsplit(":", 1)[1]), problem.key) for problem in problems}
    assert found == {(order.index(5 + k) + 2, BAD_ROWS[i][1]) for k, i in enumerate(planted)}
    assert len(read_) == 5


@pytest.mark.parametrize("block", range(4))
def test_mistakes_at_random_in_a_case_are_refused_or_read(block, tmp_path):
    came = set()
    for seed in range(50 * block, 50 * block + 50):
        dice = random.Random(seed)
        path = write({**files(), **mutate({TOML: TOML_TEXT, TABLE: TABLE_TEXT}, dice)}, tmp_path)
        try:
            seen = hudna.load(path).case.observations
        except hudna.InputError as error:
            sane((), list(error.problems))
            came.add("refused")
        else:
            sane(seen.rows, [])
            records = seen.records.values()
            assert all(any(c.covers(row) for c in records) for row in seen.rows if row.weighs)
            came.add("read")
    assert came == {"refused", "read"}


# --- The command, the schema, the copy ----------------------------------------------------------------------


def test_check_counts_rows_and_lists_them_when_asked(tmp_path, capsys):
    path = write(with_prior("[2019-01-01, 2019-12-31]"), tmp_path)
    assert main(["check", str(path)]) == 0
    short = capsys.readouterr().out
    assert "observations: 9 rows: 6 likelihood, 1 known, 1 prior, 1 context\n" in short
    assert "  attacks.*: 3 likelihood, 1 prior\n" in short
    assert "record spring: 17 weeks from 2023-01-02, 8 rows\n" in short
    assert "2023-01-29" not in short
    assert main(["check", str(path), "--rows"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(short)
    rest = out.removeprefix(short)
    assert [line.split(" ")[0] for line in rest.splitlines() if line and line[0] != " "] == [
        "likelihood", "known", "prior", "context", "parameters"]  # fmt: skip
    lines = [line.split() for line in rest.splitlines()]
    third = ["3", "2023-01-02", "to", "2023-02-26", "attacks.*", ">=", "12", "agency", "medium"]
    assert third in [line[:9] for line in lines]
    assert ["attack_rate_south", "2019-01-01", "to", "2019-12-31", "evidence/counts.csv"] in lines


def test_check_prints_everything_as_json(tmp_path, capsys):
    path = write(with_prior("[2019-01-01, 2019-12-31]"), tmp_path)
    for name in (str(path), str(tmp_path / CASE)):
        assert main(["check", name, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["observations"]
        assert found["uses"] == {"likelihood": 6, "known": 1, "prior": 1, "context": 1}
        assert found["signals"]["attacks.*"] == {"likelihood": 3, "known": 0, "prior": 1, "context": 0}
        assert [row["line"] for row in found["rows"]] == list(range(2, 11))
        assert found["rows"][5]["value"] == "broken"
        assert found["records"]["spring"]["rows"] == list(range(2, 10))
        assert found["priors"] == [{"parameter": "attack_rate_south", "record": "", "files": ["evidence/counts.csv"],
                                    "rows": ["2019-01-01", "2019-12-31"]}]  # fmt: skip


def test_a_case_without_observations_says_nothing_of_them(capsys):
    assert main(["check", "toy-truce"]) == 0
    assert "observations" not in capsys.readouterr().out


def test_the_schema_fits_the_file_and_sees_mistakes(capsys):
    import tomllib

    import jsonschema

    assert main(["schema", "observations"]) == 0
    checker = jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out))
    whole = json.loads(json.dumps(tomllib.loads(TOML_TEXT), default=str))
    assert checker.is_valid(whole)
    for mistake in ({"extra": 1}, {"counters": {"a b": {"name": "x"}}}, {"counters": {"a": {}}},
                    {"counters": {"a": {"name": "x", "ratio": 0.5}}}, {"records": {"a": {"name": "x"}}}):  # fmt: skip
        assert not checker.is_valid({**whole, **mistake}), mistake


@pytest.mark.parametrize("name", shipped.scenarios())
def test_a_copy_has_every_file_of_the_case(name, tmp_path):
    copied = shipped.copy(name, tmp_path)[-1]
    folder = shipped.case(copied.name)
    assert folder is not None
    expected = {path.relative_to(folder) for path in folder.rglob("*")}
    assert {path.relative_to(copied) for path in copied.rglob("*")} == expected


def test_a_case_of_one_s_own_is_read_from_its_folder(tmp_path):
    write(files(), tmp_path / "a")
    shutil.copytree(tmp_path / "a" / CASE, tmp_path / "b")
    case = load_case(tmp_path / "b")
    assert len(case.observations.rows) == len(ROWS)


def test_the_other_files_are_as_they_were():
    """The edits above find what they replace; a case without observations has none."""
    assert edited() == texts()
    assert hudna.load("toy-truce").case.observations.rows == ()


# --- A row an event -----------------------------------------------------------------------------------------

# A table as UCDP's are: an event that lasts, two on one day, vague dates, another kind, and one after the cover.
UCDP = """id,date_start,date_end,date_prec,type_of_violence,dyad_name,best,low,high
1,2023-01-03,2023-01-03,1,1,"A - B, north",4,1,9
2,2023-01-03 00:00:00.000,2023-01-03 00:00:00.000,1,1,A - B,2,2,2
3,2023-01-10,2023-01-12,2,1,A - B,5,5,5
4,2023-01-12,2023-01-13,2,1,A - B,1,1,1
5,2023-02-08,2023-02-08,3,1,A - B,3,3,3
6,2023-01-20,2023-01-20,1,2,C - D,7,7,7
7,2023-01-21,2023-01-21,1,3,A - Civilians,1,1,1
8,2024-06-01,2024-06-01,1,1,A - B,9,9,9
"""
EVENTS = """
rows = "events"
covers = [2023-01-02, 2023-04-30]
columns = { precision = "date_prec", signal = "type_of_violence", value = "best" }
signals = { 1 = "attacks.NORTH", 3 = "attacks.SOUTH", 2 = "strikes" }
only = { type_of_violence = ["1", "3"] }
"""
SPRING = '\n[records.spring]\nname = "Spring"\nstart = 2023-02-20\nuntil = 2023-05-01\n'
BEFORE = '\n[records.winter]\nname = "Winter"\nstart = 2023-01-02\nuntil = 2023-02-20\n'


def of_events(folder: Path, toml: str = EVENTS, text: str = UCDP) -> tuple:
    whole = f'default = "spring"\n{toml}\n{SPRING}{BEFORE}'
    return hudna.load(write(files(table=text, toml=whole), folder)).case.observations.rows


def counted(rows: tuple, signal: str) -> list[tuple[str, str, float]]:
    return [(str(row.start), str(row.end), row.value) for row in rows if row.signal == signal]


def test_a_table_of_events_is_read_as_it_is_and_summed(tmp_path):
    rows = of_events(tmp_path)
    assert counted(rows, "attacks.NORTH") == [
        ("2023-01-02", "2023-01-02", 0), ("2023-01-03", "2023-01-03", 6), ("2023-01-04", "2023-01-09", 0),
        ("2023-01-10", "2023-01-13", 6), ("2023-01-14", "2023-02-05", 0), ("2023-02-06", "2023-02-12", 3),
        ("2023-02-13", "2023-02-19", 0), ("2023-02-20", "2023-04-30", 0),
    ]  # fmt: skip
    south = [("2023-01-02", "2023-01-20", 0), ("2023-01-21", "2023-01-21", 1), ("2023-01-22", "2023-02-19", 0),
             ("2023-02-20", "2023-04-30", 0)]  # fmt: skip
    assert counted(rows, "attacks.SOUTH") == south
    none = [("2023-01-02", "2023-01-02", 0), ("2023-01-03", "2023-02-19", 0), ("2023-02-20", "2023-04-30", 0)]
    assert counted(rows, "strikes") == none
    assert {row.use for row in rows} == {"likelihood"}


def test_without_a_cover_days_without_events_are_unknown_and_each_row_may_count_one(tmp_path):
    toml = EVENTS.replace("covers = [2023-01-02, 2023-04-30]\n", "").replace(', value = "best"', "")
    rows = of_events(tmp_path, toml, UCDP.replace("8,2024-06-01,2024-06-01", "8,2023-06-01,2023-06-01"))
    north = [("2023-01-03", "2023-01-03", 2), ("2023-01-10", "2023-01-13", 2), ("2023-02-06", "2023-02-12", 1),
             ("2023-06-01", "2023-06-01", 1)]  # fmt: skip
    assert counted(rows, "attacks.NORTH") == north
    assert [row.use for row in rows if row.start.month == 6] == ["context"]  # in no record


def test_two_events_of_one_day_are_the_row_of_two(tmp_path):
    """Whether the table has a row an event or the sum, what a fit takes from it is the same."""
    days = "2023-03-06,2023-03-06,attacks.NORTH,{},exact"
    one = "date_start,date_end,signal,value,qualifier\n"
    two = of_events(tmp_path / "a", 'rows = "events"', f"{one}{days.format(1)}\n{days.format(1)}\n")
    summed = of_events(tmp_path / "b", "", f"{one}{days.format(2)}\n")
    assert [row.said for row in two] == [row.said for row in summed]
    with pytest.raises(hudna.InputError, match=r"observations.csv:3: value = 1: has the days, signal, counter"):
        of_events(tmp_path / "c", "", f"{one}{days.format(1)}\n{days.format(1)}\n")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('"best"', '"bets"', "columns are missing: bets"),
        ("type_of_violence = [", "kind = [", "columns are missing: kind"),
        ('"attacks.NORTH"', '"attacks.NORT"', "did you mean 'attacks.NORTH'"),
        ("3 = ", "4 = ", '"3": is not under signals in observations.toml; there are: 1, 4, 2'),
        ('"attacks.SOUTH"', '"attacks.*"', "as attacks.NORTH of line 2 does; events are distinguished by place"),
        ('rows = "events"', 'rows = "counts"', 'is of a table with rows = "events"'),
        ('rows = "events"', 'rows = "event"', "did you mean"),
        ("2023-01-02, 2023-04-30", "2023-04-30, 2023-01-02", "is before 2023-04-30"),
        ("only =", 'precision = { 1 = "day", 2 = "day" }\nonly =', '"3": is not under precision'),
        ('only = { type_of_violence = ["1", "3"] }', "only = { type_of_violence = [1, 3] }", "only.type_of_violence"),
    ],
)
def test_a_table_of_events_that_is_declared_wrong_is_one_clear_error(old, new, text, tmp_path):
    assert old in EVENTS
    with pytest.raises(hudna.InputError) as caught:
        of_events(tmp_path, EVENTS.replace(old, new, 1))
    assert any(text in str(problem) for problem in caught.value.problems), list(map(str, caught.value.problems))
    assert len(caught.value.problems) <= 2
