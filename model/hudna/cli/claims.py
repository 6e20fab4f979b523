"""The command that says how probable the claims of a case are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.changes import asked
from hudna.cli.commands import app
from hudna.cli.options import ASK, Case, Sheet, Sizes, examples, grouped
from hudna.cli.printing import Part, few, progress_bar, say
from hudna.errors import InputError
from hudna.text.columns import heading
from hudna.text.numbers import MISSING, decimals, interval, iso_date, number, share
from hudna.text.runs import belief, notices, run_size
from hudna.text.table import Table, column
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.ask.claims import Answer, Support, Verdict, Verdicts

__all__ = ["claims"]

_OPEN = 0.8  # width of the bounds of a probability that leave it open
_word = Words("cli.claims")


@app.command(
    rich_help_panel=ASK, epilog=examples("claims iraq-2024 --draws 50 --paths 20", "claims iraq-2024 --only C16")
)
@grouped
def claims(
    case: Case,
    only: Annotated[list[str] | None, typer.Option(metavar="NAME", help="This claim; may be repeated.")] = None,
    *,
    sizes: Sizes,
    output: Sheet,
) -> None:
    """Say how probable each claim of a case is, and what that rests on."""
    from hudna.ask.claims import claims as judge
    from hudna.scenario.reading import case_of

    language = output.language(case)
    found, question = case_of(case)
    if sizes.changes and question is None:
        raise InputError.of("--set", "goes with a scenario, not with the folder of a case")
    of = found if question is None else asked(question, sizes.changes)
    with progress_bar(found.about.name.get(language), language) as (progress, stage):
        answered = judge(of, only=only or None, progress=progress, stage=stage, **sizes.keywords())
    table = answered.table(language)
    size = {"draws": answered.draws, "paths": answered.paths, "seed": answered.seed}
    note = None if answered.draws is None or answered.paths is None else few(answered.draws, answered.paths)
    data = {"case": answered.case, **size, "note": note, "given": answered.given, "rows": table}
    say(output, data, _parts(answered, language), output.write(table))


def _parts(answered: Verdicts, lang: Language) -> Iterator[Part]:
    for verdict in answered:
        yield _table(verdict, lang)
        yield ""
    if answered.draws is None or answered.paths is None or answered.seed is None:
        return
    yield f"{answered.title.get(lang)}: {run_size(answered.draws, answered.paths, answered.seed, lang)}"
    yield from dict.fromkeys(line for given in answered.given.values() for line in _origin(given, lang))
    if note := few(answered.draws, answered.paths, lang):
        yield note
    yield _word("note", lang)
    if any(part.overlap is not None for v in answered for a in v.answers for part in a.rests_on):
        yield _word("overlap", lang)


def _table(verdict: Verdict, lang: Language) -> Table:
    """Lay out a claim: its tests, each under what it states, and what they rest on."""
    import pandas as pd

    claim, rows = verdict.claim, [_cells(answer, lang) for answer in verdict.answers]
    heading = f"{verdict.name}  {claim.claim.get(lang)} ({claim.source.get(lang)})"
    return Table(
        heading, pd.DataFrame(rows), _COLUMNS if rows else [], lang,
        lambda row: row["asked"], lambda row: row["statement"], notes=list(_notes(verdict, lang)),
    )  # fmt: skip


def _cells(answer: Answer, lang: Language) -> dict[str, str]:
    found = answer.truth
    places = decimals(found.estimate, found.mcse)
    estimate = f"{number(found.estimate, places)} ± {number(found.mcse, places)}"
    return {
        "statement": f"{answer.test.statement.get(lang)} ({answer.unit.get(lang)})",
        "asked": _asked(answer, lang),
        "draws": _probability(found.p_true, found.p_true_low, found.p_true_high, lang),
        "futures": share(found.p_futures, lang) if found.p_futures >= 0 else MISSING,
        "estimate": _word("same", lang) if found.same else estimate,
        "over": MISSING if found.same else interval(found.q05, found.q95),
    }


_COLUMNS = [
    column(heading(word, _word), key)
    for word, key in (("true draws", "draws"), ("true futures", "futures"), ("estimate", "estimate"), ("draws", "over"))
]


def _notes(verdict: Verdict, lang: Language) -> Iterator[str]:
    """Yield why a claim is not tested, or how probable all of it is, what its tests rest on, and what else is said."""
    if verdict.claim.untested is not None:
        yield f"{_word('untested', lang)}: {verdict.claim.untested.get(lang)}"
    truths, tests = [answer.truth for answer in verdict.answers], [answer.test for answer in verdict.answers]
    if len(tests) > 1:
        yield _together(verdict, lang)
    if any(not truth.p_true_low >= 0 for truth in truths):
        yield f"{MISSING}: {_word('unknown', lang)}"
    elif any(truth.p_true_high - truth.p_true_low > _OPEN for truth in truths):
        yield f"{MISSING}: {_word('open', lang)}"
    parts = dict.fromkeys(part for answer in verdict.answers for part in answer.rests_on)
    if parts:
        yield f"{_word('rests', lang)} {_word('semicolon', lang).join(_supports(parts, lang))}"
    for test in tests:
        if test.structure is not None:
            yield f"{_word('structure', lang)}: {test.structure.get(lang)}"


def _probability(p: float, low: float, high: float, lang: Language) -> str:
    """Return a share of draws with its bounds, which alone are said where they leave it open."""
    if not low >= 0:
        return MISSING
    return f"{MISSING if high - low > _OPEN else share(p, lang)} [{share(low, lang)}, {share(high, lang)}]"


def _together(verdict: Verdict, lang: Language) -> str:
    if verdict.joint == "bounds" and verdict.low >= 0:
        return _word("bounds", lang).format(share(verdict.low, lang), share(verdict.high, lang))
    return _word("all", lang).format(_probability(verdict.p_true, verdict.low, verdict.high, lang))


def _asked(answer: Answer, lang: Language) -> str:
    """Return where a test was asked: `iraq-2024: pressure under postponement, against withdrawal`."""
    test, than, comma = answer.test, answer.test.than, _word("comma", lang)
    of = f"{_word('parameter', lang)} {test.parameter}"
    if test.parameter is None:
        of = f"{test.outcome} {_word('under', lang)} {test.policy}"
    limit = f"{test.value:g}" if isinstance(test.value, int | float) else test.value
    parts = [f"{test.scenario}: {of}" + ("" if limit is None else f" {'>' if test.sign > 0 else '<'} {limit}")]
    if than is not None:
        parts.append(" ".join(filter(None, (_word("against", lang), than.scenario, than.outcome, than.policy))))
    return comma.join([*parts, *([_word(answer.pairing, lang)] if answer.pairing else [])])


def _supports(parts: Collection[Support], lang: Language) -> Iterator[str]:
    """Yield the parameters, those of a status together."""
    for status in dict.fromkeys(part.status for part in parts):
        own = (part for part in parts if part.status == status)
        names = _word("comma", lang).join(p.name if p.overlap is None else f"{p.name} {p.overlap:.2f}" for p in own)
        yield f"{_word(status, lang)}: {names}"


def _origin(given: Mapping[str, Any], lang: Language) -> list[str]:
    """Say in a line what a run started from, and in others what must be known of it."""
    start = belief(given, lang)
    if "as_of" in given:
        start += _word("comma", lang) + _word("as of", lang).format(iso_date(given["as_of"], lang))
    return [start, *notices(given, lang)]
