"""The commands that judge: what a saved forecast is worth, seen by what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.options import JUDGE, AsJson, Csv, Lang, examples
from hudna.cli.printing import print_json, print_table, written
from hudna.errors import InputError, Problem
from hudna.report.record import beside
from hudna.text.columns import heading, share
from hudna.text.numbers import MISSING, interval, number_of, percent, spelt
from hudna.text.table import Column, Row, Table, as_csv, column, records
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["score"]

_WORDS = {
    "value": ("came", "ما حدث"),
    "q50": ("median", "الوسيط"),
    "half": ("50 %", "50٪"),
    "nine": ("90 %", "90٪"),
    "simple": ("Simple forecasts: median, and CRPS in brackets", "التوقعات البسيطة: الوسيط، وبين قوسين CRPS"),
    "states": ("States", "الحالات"),
    "state": ("state", "الحالة"),
    "p": ("its probability", "احتمالها"),
    "brier": ("Brier", "Brier"),
    "rps": ("RPS", "RPS"),
    "even": ("Brier if all are as likely", "Brier إن تساوت الاحتمالات"),
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
    "counted": (
        "inside 50 %: {} of {} rows; inside 90 %: {} of {} rows",
        "عدد المشاهدات ضمن 50٪: {} من {}؛ ضمن 90٪: {} من {}",
    ),
    "censored": (
        "rows at_least: {}; their log scores, of 'so many or more', are in no mean",
        "مشاهدات at_least: {}؛ ودرجاتها اللوغاريتمية، لـ«هذا العدد أو أكثر»، ليست في أي متوسط",
    ),
    "bias": (
        "median too high: {}, too low (rows at_least above it too): {}, unclear (other rows at_least): {}",
        "الوسيط أعلى: {}، أدنى (ومنها مشاهدات at_least تفوقه): {}، غير واضح (بقية at_least): {}",
    ),
    "week": ("up to a week", "حتى أسبوع"),
    "month": ("up to a month", "حتى شهر"),
    "quarter": ("up to three months", "حتى ثلاثة أشهر"),
    "year": ("up to a year", "حتى سنة"),
    "longer": ("longer", "أطول"),
    "dependent": (
        "rows are forecast by the same paths and may overlap: they are no independent sample",
        "المسارات نفسها تتوقع المشاهدات كلها، وقد تتداخل المشاهدات، فليست عينة مستقلة",
    ),
}
_word = Words(_WORDS)
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
    import pandas as pd

    from hudna.files.whole import check_file, write_file
    from hudna.judge import score as scoring
    from hudna.judge.baselines import BASELINES
    from hudna.result import open_result

    language = known_language(lang)
    check_file(csv)
    found = open_result(result)
    try:
        whole = scoring.score(found, observations, policy)
    except InputError as error:
        raise InputError(_at(observations, error)) from None
    notices, states = whole.attrs["notices"], pd.DataFrame(whole.attrs["states"])
    chosen = list(dict.fromkeys([*whole["policy"], *(one["policy"] for one in whole.attrs["states"])]))
    if csv is not None:
        write_file(csv, as_csv(whole))
    sums = scoring.totals(whole)
    if as_json:
        given = {"notices": notices, "rows": records(whole), "totals": records(sums), "states": records(states)}
        print_json(given)
        return
    for name in chosen:
        rows_of = whole[whole["policy"] == name]
        if len(rows_of):
            print_table(Table(found.policy_name(name, language), rows_of, _ROWS, language, _dates, _observed))
            simple = [beside(other) for other in BASELINES if f"q50_{other}" in rows_of]
            if simple:
                print_table(Table(_word("simple", language), rows_of, simple, language, _dates, _observed))
            print_table(_totals(sums[sums["policy"] == name], language))
        if len(states):
            heading_of = f"{_word('states', language)}: {found.policy_name(name, language)}"
            print_table(Table(heading_of, states[states["policy"] == name], _STATES, language, _dates, _observed))
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


def _observed(row: Row) -> str:
    return " ".join(str(part) for part in (row["signal"], row.get("counter")) if part)


def _dates(row: Row) -> str:
    return f"{row['date_start']} {row['date_end']}"


def _inside(row: Row, lang: Language) -> str:
    if row["censored"]:
        return MISSING
    return percent("50" if row["inside50"] else "90", lang) if row["inside90"] else _word("neither", lang)


def _score(key: str, of: str) -> Column:
    """Return a column of scores or means, with three digits or so."""
    return Column(heading(key, _word), lambda row, lang: spelt(row[of], lang))


_ROWS = [
    Column(heading("value", _word), lambda row, _: f"{_SIGNS[row['qualifier']]}{row['value']:,}"),
    column(heading("q50", _word), "q50"),
    Column(heading("half", _word), lambda row, _: interval(row["q25"], row["q75"])),
    Column(heading("nine", _word), lambda row, _: interval(row["q05"], row["q95"])),
    _score("crps", "crps"), _score("log", "log_score"),
    Column(heading("pit", _word),
           lambda row, _: MISSING if row["censored"] else f"{row['pit_low']:.2f}-{row['pit_high']:.2f}"),
    Column(heading("inside", _word), _inside),
]  # fmt: skip


_STATES = [
    column(heading("state", _word), "state"), share(heading("p", _word), "p"), _score("brier", "brier"),
    _score("log", "log_score"), _score("rps", "rps"), _score("even", "brier_even"),
]  # fmt: skip


def _totals(sums: pd.DataFrame, lang: Language) -> Table:
    """Lay out the means of the forecast and of the baselines, and how often intervals held."""
    from hudna.judge.baselines import BASELINES

    def label(row: Row) -> str:
        name = row["forecaster"]
        return _word("forecast", lang) if name == "forecast" else BASELINES[name].name.get(lang)

    columns = [column(heading("n", _word), "n"), _score("crps", "mean_crps"), _score("log", "mean_log_score")]
    if (sums["forecaster"] != "forecast").any():
        same = (("crps same", "forecast_crps"), ("log same", "forecast_log_score"))
        columns += [_score(*keys).where(lambda row: row["forecaster"] != "forecast") for keys in same]
    own, notes = sums[sums["forecaster"] == "forecast"].sum(numeric_only=True).astype(int), []
    if n := own["n"]:
        notes.append(_word("counted", lang).format(own["inside50"], n, own["inside90"], n))
        notes.append(_word("bias", lang).format(own["too_high"], own["too_low"], own["unclear"]))
    if own["n_censored"]:
        notes.append(_word("censored", lang).format(own["n_censored"]))
    return Table(
        _word("totals", lang), sums, columns, lang, label, lambda row: _word(row["length"], lang), "length", notes
    )


def _row_notices(table: pd.DataFrame) -> Iterator[str]:
    """Yield what rows have to say, once, with the number of rows that say it."""
    said: dict[str, int] = {}
    for text in table["notice"]:
        for part in filter(None, text.split("; ")):
            said[part] = said.get(part, 0) + 1
    for part, n in said.items():
        yield f"{part} ({number_of(n, 'row', 'en')})"
