"""The commands that judge: what a saved forecast is worth, seen by what came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hudna.cli.commands import app
from hudna.cli.options import JUDGE, Sheet, examples, grouped
from hudna.cli.printing import Part, say
from hudna.errors import InputError, Problem
from hudna.text.columns import heading, share
from hudna.text.numbers import MISSING, interval, number_of, percent, spelt
from hudna.text.table import Column, Row, Table, column
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["score"]

_word = Words("cli.judging")
_SIGNS = {"exact": "", "approx": "~", "at_least": ">="}


@app.command(rich_help_panel=JUDGE, epilog=examples("score out/iraq-2024 later.csv --policy postponement"))
@grouped
def score(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="A result.nc, or the folder that holds one.")],
    observations: Annotated[Path, typer.Argument(metavar="OBSERVATIONS.csv", help="What came: a table of counts.")],
    policy: Annotated[list[str] | None, typer.Option(metavar="POLICY", help="Score this one; may be repeated.")] = None,
    *,
    output: Sheet,
) -> None:
    """Score a saved forecast against the counts that came."""
    import pandas as pd

    from hudna.judge import score as scoring
    from hudna.judge.baselines import BASELINES
    from hudna.report.record import beside
    from hudna.result import open_result

    language = output.language(result)
    found = open_result(result)
    try:
        whole = scoring.score(found, observations, policy)
    except InputError as error:
        raise InputError(_at(observations, error)) from None
    notices, states, sums = whole.attrs["notices"], pd.DataFrame(whole.attrs["states"]), scoring.totals(whole)
    parts: list[Part] = []
    for name in dict.fromkeys([*whole["policy"], *(one["policy"] for one in whole.attrs["states"])]):
        rows_of = whole[whole["policy"] == name]
        if len(rows_of):
            parts.append(Table(found.policy_name(name, language), rows_of, _ROWS, language, _dates, _observed))
            if simple := [beside(other) for other in BASELINES if f"q50_{other}" in rows_of]:
                parts.append(Table(_word("simple", language), rows_of, simple, language, _dates, _observed))
            parts.append(_totals(sums[sums["policy"] == name], language))
        if len(states):
            title, own = f"{_word('states', language)}: {found.policy_name(name, language)}", states["policy"] == name
            parts.append(Table(title, states[own], _STATES, language, _dates, _observed))
        parts.append("")
    first = whole[whole["policy"] == whole["policy"].iloc[0]] if len(whole) else whole
    said = (*notices, *_row_notices(first), _word("dependent", language))
    parts += [f"{_word('note', language)}: {notice}" for notice in said]
    say(output, {"notices": notices, "rows": whole, "totals": sums, "states": states}, parts, output.write(whole))


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
