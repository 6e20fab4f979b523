"""The commands that judge: what a saved forecast is worth, seen by what came."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.numbers import MISSING, interval, number, percent
from hudna.cli.options import JUDGE, AsJson, Csv, Lang, examples
from hudna.cli.printing import print_json, print_lines, written
from hudna.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case.grammar import Language
    from hudna.cli.tables import Line

__all__ = ["score"]

_WORDS = {
    "value": ("came", "ما حدث"),
    "mean": ("mean", "المتوسط"),
    "q50": ("median", "الوسيط"),
    "interval": ("90 % of futures", "90٪ من المسارات"),
    "crps": ("CRPS", "CRPS"),
    "log": ("log score", "الدرجة اللوغاريتمية"),
    "pit": ("PIT", "PIT"),
    "inside": ("inside", "ضمن"),
    "neither": ("no", "لا"),
    "totals": ("Mean scores; lower is better", "متوسط الدرجات؛ الأقل أفضل"),
    "n": ("rows", "المشاهدات"),
    "crps same": ("forecast's CRPS", "CRPS التوقع"),
    "log same": ("its log score", "درجته اللوغاريتمية"),
    "forecast": ("this forecast", "هذا التوقع"),
    "note": ("note", "ملاحظة"),
    "counted": (
        "inside 50 %: {} of {} rows; inside 90 %: {} of {} rows",
        "عدد المشاهدات ضمن 50٪: {} من {}؛ ضمن 90٪: {} من {}",
    ),
    "censored": (
        "rows at_least: {}, mean log score of 'so many or more' {}",
        "مشاهدات at_least: {}، متوسط الدرجة اللوغاريتمية لـ«هذا العدد أو أكثر» {}",
    ),
    "dependent": (
        "rows are forecast by the same paths and may overlap: they are no independent sample",
        "المسارات نفسها تتوقع المشاهدات كلها، وقد تتداخل المشاهدات، فليست عينة مستقلة",
    ),
}
_SIGNS = {"exact": "", "approx": "~", "at_least": ">="}


@app.command(rich_help_panel=JUDGE, epilog=examples("score out/iraq-2024 later.csv --policy postponement"))
def score(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A result.nc, or the folder that holds one.")],
    observations: Annotated[Path, typer.Argument(metavar="OBSERVATIONS.csv", help="What came: a table of counts.")],
    policy: Annotated[list[str] | None, typer.Option(metavar="POLICY", help="Score this one; may be repeated.")] = None,
    csv: Csv = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Score a saved forecast against the counts that came."""
    from hudna.files.whole import as_csv, check_file, write_file
    from hudna.inference import scoring
    from hudna.result import open_result

    language = known_language(lang)
    check_file(csv)
    found = open_result(result)
    try:
        whole = scoring.score(found, observations, policy)
    except InputError as error:
        raise InputError(_at(observations, error)) from None
    notices, chosen = whole.attrs["notices"], list(dict.fromkeys(whole["policy"]))
    if csv is not None:
        write_file(csv, as_csv(whole))
    sums = scoring.totals(whole)
    if as_json:
        print_json({"notices": notices, "rows": _records(whole), "totals": _records(sums)})
        return
    for name in chosen:
        print_lines(_rows(whole[whole["policy"] == name], found.policy_name(name, language), language), language)
        print_lines(_totals(sums[sums["policy"] == name], language), language)
        print()
    for notice in (*notices, *_row_notices(whole[whole["policy"] == chosen[0]]), _word("dependent", language)):
        print(f"{_word('note', language)}: {notice}")
    if csv is not None:
        print("\n" + written(csv, language))


def _at(path: Path, error: InputError) -> Iterator[Problem]:
    """Yield the problems of rows under the file and line that they are of, what several lines share once."""
    from hudna.case.documents import display

    where = display(path)
    lines: dict[Problem, list[str]] = {}
    for problem in error.problems:
        line = problem.where.removeprefix("line ").removeprefix(f"{where}:")
        own = problem if line == problem.where and line != "rows" else replace(problem, where=where)
        lines.setdefault(own, []).extend([line] if line.isdecimal() else [])
    for problem, found in lines.items():
        more = f" and {len(found) - 3} more lines" if len(found) > 4 else ""
        shown = ", ".join(found[:3] if more else found) + more
        yield replace(problem, where=f"{problem.where}:{shown}" if shown else problem.where)


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.astype(object).where(table.notna(), None).to_dict("records")


def _rows(table: pd.DataFrame, heading: str, lang: Language) -> Iterator[Line]:
    """Lay out the rows, those of a signal and counter below one another."""
    from hudna.cli.tables import lay_out

    headers = [_word(key, lang) for key in ("value", "mean", "interval", "crps", "log", "pit", "inside")]
    rows: list[tuple[str, list[str]]] = []
    for of, mine in table.groupby(["signal", "counter"], sort=False):
        rows.append((" ".join(str(part) for part in of if part), []))
        rows += [(f"{row['date_start']} {row['date_end']}", _cells(row, lang)) for _, row in mine.iterrows()]
    return lay_out(heading, headers, rows)


def _cells(row: Any, lang: Language) -> list[str]:
    inside = _word("neither", lang)
    if row["inside90"]:
        inside = percent("50" if row["inside50"] else "90", lang)
    return [
        f"{_SIGNS[row['qualifier']]}{row['value']:,}",
        _number(row["mean"]),
        interval(row["q05"], row["q95"]),
        _number(row["crps"]),
        _number(row["log_score"]),
        MISSING if row["censored"] else f"{row['pit_low']:.2f}-{row['pit_high']:.2f}",
        MISSING if row["censored"] else inside,
    ]


def _totals(sums: pd.DataFrame, lang: Language) -> Iterator[Line]:
    """Lay out the means of the forecast and of the baselines, and how often intervals held."""
    from hudna.cli.tables import lay_out
    from hudna.inference.baselines import BASELINES

    headers = [_word(key, lang) for key in ("n", "crps", "log", "crps same", "log same")]
    rows: list[tuple[str, list[str]]] = []
    for _, row in sums.iterrows():
        name = row["forecaster"]
        shown = _word("forecast", lang) if name == "forecast" else BASELINES[name].name.get(lang)
        same = ("forecast_crps", "forecast_log_score")
        cells = [str(row["n"]), _number(row["mean_crps"]), _number(row["mean_log_score"])]
        rows.append((shown, cells + ([""] * 2 if name == "forecast" else [_number(row[key]) for key in same])))
    yield from lay_out(
        _word("totals", lang),
        headers if len(rows) > 1 else headers[:3],
        [(label, cells if len(rows) > 1 else cells[:3]) for label, cells in rows],
    )
    own = sums.iloc[0]
    if own["n"]:
        n = own["n"]
        yield "  " + _word("counted", lang).format(int(own["inside50"]), n, int(own["inside90"]), n), False
    if own["n_censored"]:
        mean = _number(own["mean_censored_log_score"])
        yield "  " + _word("censored", lang).format(own["n_censored"], mean), False


def _row_notices(table: pd.DataFrame) -> Iterator[str]:
    """Yield what rows have to say, once, with the number of rows that say it."""
    from hudna.plot.style import number as counted

    said: dict[str, int] = {}
    for text in table["notice"]:
        for part in filter(None, text.split("; ")):
            said[part] = said.get(part, 0) + 1
    for part, n in said.items():
        yield f"{part} ({counted(n, 'row', 'en')})"


def _number(x: float) -> str:
    """Return a score or a mean with three digits or so."""
    if not math.isfinite(x) or x == 0 or abs(x) >= 100:
        return number(x, 0)
    return number(x, min(2 - math.floor(math.log10(abs(x))), 4))


def _word(key: str, lang: Language) -> str:
    return _WORDS[key][1 if lang == "ar" else 0]
