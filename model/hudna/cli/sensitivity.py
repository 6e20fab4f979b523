"""The command that says which parameters an outcome, or a difference between policies, depends on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

import typer

from hudna.cli.changes import asked
from hudna.cli.commands import app
from hudna.cli.options import ASK, FromDate, Sheet, ToLess, ToOutcome, ToPolicy, examples, grouped, is_run
from hudna.cli.printing import Part, progress_bar, say
from hudna.errors import Problems
from hudna.text import columns
from hudna.text.numbers import percent, weeks
from hudna.text.numbers import share as percentage
from hudna.text.runs import notices, size_of
from hudna.text.table import Column, Row, Table
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.analysis.sensitivity import Sensitivity
    from hudna.result import Result

__all__ = ["sensitivity"]

_word = Words("cli.sensitivity")


@app.command(
    rich_help_panel=ASK,
    epilog=examples(
        "sensitivity iraq-2024 attacks withdrawal postponement --draws 500 --paths 50",
        "sensitivity out/iraq-2024 pressure postponement",
    ),
)
@grouped
def sensitivity(
    of: Annotated[str, typer.Argument(metavar="RUN|SCENARIO", help="What `hudna run` wrote, or a scenario to run.")],
    outcome: ToOutcome,
    a: ToPolicy,
    b: ToLess = None,
    *,
    sizes: FromDate,
    output: Sheet,
) -> None:
    """Say which parameters move an outcome, or its difference between two policies, and by what they are known."""
    from hudna.ask.sensitivity import sensitivity as share_out

    language = output.language(of)
    result = _opened(of, sizes) if is_run(of) else _run(of, sizes, language)
    found = share_out(result, outcome, a, b)
    table, statuses = found.table(), found.by_status(language)
    data = {
        "outcome": outcome, "of": list(found.of), **found.about, "chance": found.chance, "shares": table,
        "statuses": statuses,
    }  # fmt: skip
    say(output, data, _parts(found, weeks(result.outcome(outcome).window, language), language), output.write(table))


def _opened(of: str, sizes: FromDate) -> Result:
    """Return a run's result, for which options of running have no meaning."""
    from hudna.result import open_result

    problems = Problems()
    for one in fields(sizes):
        if (given := getattr(sizes, one.name)) != one.default:
            key = "--set" if one.name == "changes" else f"--{one.name.replace('_', '-')}"
            problems.add("sensitivity", key, "is of a scenario that is to be run; this is a run", given=repr(given))
    problems.raise_if_any()
    return open_result(of)


def _run(of: str, sizes: FromDate, lang: Language) -> Result:
    from hudna.ask.run import run

    question, options = asked(of, sizes.changes), sizes.keywords()
    with progress_bar(question.file.name.get(lang), lang) as (progress, stage):
        return run(question, progress=progress, stage=stage, **options)


def _parts(found: Sensitivity, period: str, lang: Language) -> Iterator[Part]:
    """Lay out the parameters that were found, then the shares by status, with what must be known of them."""
    names = [found.policies[policy].get(lang) for policy in found.of]
    of = names[0] if len(names) == 1 else _word("less", lang).format(*names)
    table, statuses = found.table().reset_index(), found.by_status(lang).reset_index()
    clear, small = table[table["found"]], table[~table["found"]]
    notes = []
    if len(small):
        most = percentage(float(small["high"].max()), lang)
        notes.append(_word("none" if len(clear) else "nothing", lang).format(len(small), most))
    if clear["overlaps"].any():
        notes.append(_word("overlap", lang))
    heading = _word("of", lang).format(found.name.get(lang), found.unit.get(lang), period, of)
    yield Table(
        heading, clear, [*_SHARE, _STATUS, _OVERLAPS], lang, label=lambda row: str(row["parameter"]), notes=notes
    )
    yield ""
    yield Table(_word("statuses", lang), statuses, _SHARE, lang)
    yield ""
    yield _word("note", lang).format(percentage(found.chance, lang))
    if found.censored:
        yield _word("censored", lang)
    yield size_of(found.about, lang)
    yield from notices(found.about["given"], lang)


def _interval(row: Row, lang: Language) -> str:
    return percent(f"[{100 * row['low']:.0f}, {100 * row['high']:.0f}]", lang)


def _share(row: Row, lang: Language) -> str:
    return percent(f"{100 * max(row['share'], 0):.0f}", lang)


_SHARE = [Column(columns.heading("share", _word), _share), Column(columns.heading("interval", _word), _interval)]
_STATUS = Column(columns.heading("status", _word), lambda row, lang: _word(row["status"], lang))
_OVERLAPS = Column(columns.heading("overlaps", _word), lambda row, _: str(row["overlaps"])).where(
    lambda row: bool(row["overlaps"])
)
