"""The command that says how probable the claims of a case are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.changes import asked
from hudna.cli.commands import app
from hudna.cli.options import ASK, Case, Sheet, Sizes, examples, grouped
from hudna.cli.printing import few, progress_bar, say
from hudna.errors import InputError
from hudna.text.numbers import decimals, interval, iso_date, number, share
from hudna.text.runs import belief, notices, run_size
from hudna.text.table import Line
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.ask.claims import Answer, Support, Verdict, Verdicts
    from hudna.case.claims import ClaimTest

__all__ = ["claims"]

_UNTOLD = 0.8  # width of the bounds of a probability that leave it open
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
    say(output, data, _lines(answered, language), output.write(table))


def _lines(answered: Verdicts, lang: Language) -> Iterator[Line]:
    for verdict in answered:
        claim = verdict.claim
        yield f"{verdict.name}  {claim.claim.get(lang)} ({claim.source.get(lang)})", True
        if claim.untested is not None:
            yield f"  {_word('untested', lang)}: {claim.untested.get(lang)}", False
        for answer in verdict.answers:
            yield from _answer(answer, lang)
        if len(verdict.answers) > 1:
            yield f"  {_together(verdict, lang)}", False
        yield "", False
    if answered.draws is not None and answered.paths is not None and answered.seed is not None:
        size = run_size(answered.draws, answered.paths, answered.seed, lang)
        yield f"{answered.title.get(lang)}: {size}", False
        for origin in dict.fromkeys(line for given in answered.given.values() for line in _origin(given, lang)):
            yield origin, False
        if note := few(answered.draws, answered.paths, lang):
            yield note, False
        yield _word("note", lang), False
        if any(part.overlap is not None for v in answered for a in v.answers for part in a.rests_on):
            yield _word("overlap", lang), False


def _answer(answer: Answer, lang: Language) -> Iterator[Line]:
    test, found = answer.test, answer.truth
    yield f"  {test.statement.get(lang)}", False
    futures = f" {_word('futures', lang).format(share(found.p_futures, lang))}" if found.p_futures >= 0 else ""
    yield f"    {_probability(found.p_true, found.p_true_low, found.p_true_high, lang)}{futures}", False
    places = decimals(found.estimate, found.mcse)
    unit = answer.unit.get(lang)
    told = f"{number(found.estimate, places)} ± {number(found.mcse, places)}"
    spread = interval(found.q05, found.q95)
    number_of = _word("difference" if test.than is not None or isinstance(test.value, str) else "estimate", lang)
    if lang == "ar":  # before the number, for a noun after it would have to agree with it
        number_of = f"{number_of} ({unit})"
    else:
        told = f"{told} {unit}"
    shown = _word("same", lang) if found.same else f"{told}{_word('comma', lang)}{_word('draws', lang)} {spread}"
    yield f"    {number_of}: {shown}", False
    yield f"    {_word('asked', lang)} {_asked(test, lang)}{_pairing(answer, lang)}", False
    if answer.rests_on:
        rests = _word("semicolon", lang).join(_supports(answer.rests_on, lang))
        yield f"    {_word('rests', lang)} {rests}", False
    if test.structure is not None:
        yield f"    {_word('structure', lang)}: {test.structure.get(lang)}", False


def _probability(p: float, low: float, high: float, lang: Language) -> str:
    """Return the share of draws with its bounds, or that it is open."""
    if not low >= 0:
        return _word("unknown", lang)
    bounds = f"[{share(low, lang)}, {share(high, lang)}]"
    if high - low > _UNTOLD:
        return _word("open", lang).format(bounds)
    return _word("true", lang).format(f"{share(p, lang)} {bounds}")


def _together(verdict: Verdict, lang: Language) -> str:
    if verdict.joint == "bounds" and verdict.low >= 0:
        return _word("bounds", lang).format(share(verdict.low, lang), share(verdict.high, lang))
    return _word("all", lang).format(_probability(verdict.p_true, verdict.low, verdict.high, lang))


def _asked(test: ClaimTest, lang: Language) -> str:
    """Return where a test was asked: `iraq-2024: pressure under postponement, against withdrawal`."""
    if test.parameter is not None:
        return f"{test.scenario}: {_word('parameter', lang)} {test.parameter}{_beyond(test)}"
    told = f"{test.scenario}: {test.outcome} {_word('under', lang)} {test.policy}{_beyond(test)}"
    than = test.than
    if than is None:
        return told
    return f"{told}{_word('comma', lang)}{_word('against', lang)} " + " ".join(
        filter(None, (than.scenario, than.outcome, than.policy))
    )


def _beyond(test: ClaimTest) -> str:
    if test.value is None:
        return ""
    return f" {'>' if test.sign > 0 else '<'} {test.value if isinstance(test.value, str) else f'{test.value:g}'}"


def _pairing(answer: Answer, lang: Language) -> str:
    if not answer.pairing:
        return ""
    return _word("comma", lang) + _word(answer.pairing, lang)


def _supports(parts: tuple[Support, ...], lang: Language) -> Iterator[str]:
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
