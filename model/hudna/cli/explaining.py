"""The commands that explain: a level taken apart, influences switched off, shares of a difference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from hudna.cli.changes import asked
from hudna.cli.commands import app
from hudna.cli.options import (
    ASK,
    OUTPUT,
    FromDate,
    NoFigures,
    Outcomes,
    Output,
    Policies,
    Sheet,
    ToLess,
    ToOutcome,
    ToPolicy,
    ToScenario,
    examples,
    grouped,
    option,
)  # fmt: skip
from hudna.cli.pictures import finish
from hudna.cli.printing import Part, few, progress_bar, say
from hudna.errors import InputError, nearest, no_such
from hudna.files.whole import replacing
from hudna.text import columns
from hudna.text.columns import DRAWS, ERROR, MEAN
from hudna.text.numbers import MISSING, decimals, number, percent, weeks
from hudna.text.runs import notices
from hudna.text.table import Column, Row, Table
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.attribution import Attribution, Grouping
    from hudna.analysis.removal import Removal
    from hudna.scenario import Scenario

__all__ = ["explain", "remove", "shapley"]

_word = Words("cli.explaining")


@app.command(
    rich_help_panel=ASK,
    epilog=examples("explain iraq-2024 --draws 50 --paths 20", "explain iraq-2024 --of IRQ --by channel"),
)
@grouped
def explain(
    scenario: ToScenario,
    of: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="A level or an actor; the first level among the series if left out."),
    ] = None,
    by: Annotated[str, typer.Option(metavar="WORD", help="part, source, channel or direction.")] = "source",
    policy: Policies = None,
    *,
    sizes: FromDate,
    out: Annotated[Path | None, option(OUTPUT, "Write tables and pictures.", metavar="FOLDER")] = None,
    no_figures: NoFigures = False,
    output: Output,
) -> None:
    """Take a level apart: who moves it, through what, by policy, and why the policies differ."""
    from hudna.analysis.attribution import GROUPINGS
    from hudna.ask.explain import attribute
    from hudna.report.explaining import contrast_table, pictures, write_attribution

    if by not in GROUPINGS:
        text = f"must be one of {', '.join(GROUPINGS)}{nearest(by, GROUPINGS)}"
        raise InputError.of("explain", text, key="by", given=repr(by))
    grouping, language = cast("Grouping", by), output.language(scenario)
    question = asked(scenario, sizes.changes)
    level = _first_level(question) if of is None else of
    options = {**sizes.keywords(), "policies": policy or None}
    with replacing(out) if out is not None else nullcontext() as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, stage):
            found = attribute(question, level, progress=progress, stage=stage, **options)
        manifest = None if folder is None else write_attribution(found, folder, by=grouping, lang=language)
    table, apart = found.table(grouping, language), contrast_table(found, grouping, language)
    note = few(found.about["draws"], found.about["paths"], language)
    data = {"level": found.level, "by": by, **found.about, "note": note, "parts": table, "differences": apart}
    finish(
        output,
        lambda _: data,
        _parts_of(found, table, apart, language),
        pictures(found, by=grouping, lang=language),
        None if no_figures else out,
        manifest,
        files=[] if out is None else [out],
    )


def _parts_of(found: Attribution, table: pd.DataFrame, apart: pd.DataFrame, lang: Language) -> Iterator[Part]:
    """Lay out the parts of a level by policy, and those of each difference."""

    def name(policy: str) -> str:
        return found.policies[policy].get(lang)

    heading = _word("part", lang).format(found.name.get(lang), weeks(found.window, lang))
    yield Table(heading, table.reset_index(), _PARTS, lang, group=lambda row: name(row["policy"]))
    for a, b in found.contrasts:
        yield ""
        why = _word("apart", lang).format(name(a), name(b))
        yield Table(why, apart[(apart["a"] == a) & (apart["b"] == b)], _PARTS, lang)
    yield from _notes(found.about, lang)


@app.command(
    rich_help_panel=ASK,
    epilog=examples("remove iraq-2024 IRN gaza --draws 50 --paths 20", "remove iraq-2024 'IRN + gaza'"),
)
@grouped
def remove(
    scenario: ToScenario,
    what: Annotated[
        list[str], typer.Argument(metavar="WHAT...", help='An actor, driver, signal or tie; "A + B" go together.')
    ],
    outcome: Outcomes = None,
    silence: Annotated[
        bool, typer.Option("--silence", help="Silence it itself: its events never happen, its level is absent.")
    ] = False,
    policy: Policies = None,
    *,
    sizes: FromDate,
    output: Sheet,
) -> None:
    """Switch influences off, or silence what has them, one at a time, and see how far each outcome moves."""
    from hudna.ask.explain import remove as switch_off

    language = output.language(scenario)
    question = asked(scenario, sizes.changes)
    shown = _outcomes(question, outcome)
    options = {**sizes.keywords(), "policies": policy or None}
    with progress_bar(question.file.name.get(language), language) as (progress, stage):
        found = switch_off(question, what, silence=silence, progress=progress, stage=stage, **options)
    table, run = found.table(language), found.whole
    parts: list[Part] = []
    for key in found.without:
        parts += [_effects(found, table, key, shown, language), ""]
    parts += _notes({**run.about, "draws": run.n_distinct}, language)
    data = {"note": few(run.n_distinct, run.n_paths, language), "effects": table}
    say(output, data, parts, output.write(table))


@app.command(
    rich_help_panel=ASK,
    epilog=examples("shapley iraq-2024 attacks withdrawal postponement --draws 50 --paths 20"),
)
@grouped
def shapley(
    scenario: ToScenario,
    outcome: ToOutcome,
    a: ToPolicy,
    b: ToLess = None,
    *,
    sizes: FromDate,
    output: Sheet,
) -> None:
    """Share an outcome, or its difference between two policies, among the scenario's factors."""
    from hudna.ask.explain import shapley as share_out

    language = output.language(scenario)
    question = asked(scenario, sizes.changes)
    options = sizes.keywords()
    with progress_bar(question.file.name.get(language), language) as (progress, stage):
        found = share_out(question, outcome, a, b, progress=progress, stage=stage, **options)
    table = found.table(language)
    names = [question.file.policies[policy].name.get(language) for policy in found.of]
    of = names[0] if b is None else _word("less", language).format(*names)
    period = weeks(question.file.outcomes[outcome].window or (0, question.file.weeks), language)
    heading = _word("of", language).format(found.name.get(language), found.unit.get(language), period, of)
    shown = Table(heading, table, [*_PARTS, Column(columns.heading("share", _word), _share)], language)
    note = few(found.about["draws"], found.about["paths"], language)
    data = {"outcome": outcome, "of": list(found.of), **found.about, "note": note, "shares": table}
    say(output, data, [shown, *_notes(found.about, language)], output.write(table))


def _notes(about: Mapping[str, Any], lang: Language) -> list[str]:
    """Return what must be known of the draws that the runs started from, and of a run too small for its intervals."""
    note = few(about["draws"], about["paths"], lang)
    return [*notices(about["given"], lang), *([note] if note else [])]


def _first_level(question: Scenario) -> str:
    from hudna.case.nodes import Level

    for name in (*question.file.headline, *question.file.series):
        if isinstance(question.nodes.get(name), Level):
            return name
    levels = ", ".join(name for name, node in question.nodes.items() if isinstance(node, Level))
    raise InputError.of(question.id, f"names no level among its series; give one with --of; levels: {levels}", key="of")


def _outcomes(question: Scenario, asked: Sequence[str] | None) -> list[str]:
    """Return the outcomes to show: those that are asked for, else the headline's, else all."""
    known = question.outcomes
    for name in asked or ():
        if name not in known:
            raise InputError.of(question.id, no_such("outcome", name, known), key="outcome", given=repr(name))
    return list(asked or ()) or [name for name in question.file.headline if name in known] or list(known)


def _share(row: Row, lang: Language) -> str:
    part, error = (100 * row[key] for key in ("share", "share_mcse"))
    return MISSING if math.isnan(part) else percent(f"{part:.0f}±{error:.0f}", lang)


def _effects(found: Removal, table: pd.DataFrame, key: str, shown: Sequence[str], lang: Language) -> Table:
    """Lay out what an influence does to each outcome, the policies below one another, and why it does nothing."""
    silenced, run = found.influences[key].silenced, found.whole
    rows = table.loc[[(key, policy, outcome) for outcome in shown for policy in run.policies]].reset_index()
    notes: dict[str, list[str]] = {}
    for outcome, own in rows.groupby("outcome", sort=False):
        why = ""
        if own["moved"].isna().any():
            why = "absent"
        elif found.counted(key, str(outcome)) and not silenced:
            why = "itself"
        elif not own["moved"].any():
            why = "no path" if found.reached(key, str(outcome)) else "no route"
        if why:
            notes.setdefault(why, []).append(own["name"].iloc[0])
    return Table(
        _word("silenced" if silenced else "off", lang).format(found.influences[key].name.get(lang)),
        rows.assign(mean=rows["effect"]), _EFFECTS, lang,
        label=lambda row: run.policy_name(row["policy"], lang),
        group=lambda row: f"{row['name']} ({row['unit']}, {weeks(run.outcome(row['outcome']).window, lang)})",
        by="outcome",
        notes=[_word(why, lang).format(_word("comma", lang).join(names)) for why, names in notes.items()],
    )  # fmt: skip


def _effect(key: str) -> Column:
    """Return a column with as many digits as the error of the effect leaves meaning to."""

    def show(row: Row, _: Language) -> str:
        return number(row[key], decimals(row["effect"], row["mcse"]) if row["mcse"] > 0 else decimals(row["with"], 0.0))

    return Column(columns.heading(key, _word), show)


def _moves(row: Row) -> bool:
    return bool(row["moved"] > 0)  # else the effect is exactly 0, without error and spread


_PARTS = [MEAN, ERROR, DRAWS]
_EFFECTS = [
    *map(_effect, ("with", "without", "effect")), ERROR.where(_moves, MISSING), DRAWS.where(_moves, MISSING),
    columns.share(columns.heading("moved", _word), "moved"),
]  # fmt: skip
