"""The commands that explain: a level taken apart, influences switched off, shares of a difference."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.changes import Changes, asked
from hudna.cli.commands import app, day, known_language
from hudna.cli.options import (
    ASK,
    OUTPUT,
    AsJson,
    AsOf,
    Csv,
    Draws,
    Lang,
    NoFigures,
    Outcomes,
    Paths,
    Policies,
    Prior,
    Seed,
    ToScenario,
    examples,
)
from hudna.cli.pictures import finish
from hudna.cli.printing import few, print_json, print_lines, print_table, problems_data, progress_bar, written
from hudna.errors import InputError, nearest, no_such
from hudna.files.whole import check_file, replacing, write_file
from hudna.text import columns
from hudna.text.columns import DRAWS, ERROR, MEAN
from hudna.text.numbers import MISSING, decimals, number, percent, weeks
from hudna.text.runs import notices
from hudna.text.table import Column, Row, Table, as_csv, records
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.attribution import Attribution
    from hudna.analysis.removal import Removal
    from hudna.errors import Problem
    from hudna.scenario import Scenario

__all__ = ["explain", "remove", "shapley"]

_WORDS = {
    "part": (
        "Log odds of {}: who moves it, mean over {}",
        "{}، لوغاريتم الأرجحية: ما الذي يحركه، متوسط {}",
    ),
    "apart": ("{} less {}: why they differ", "{} ناقص {}: سبب الفرق"),
    "with": ("with", "معه"),
    "without": ("without", "من دونه"),
    "effect": ("effect", "الأثر"),
    "moved": ("futures moved", "مسارات تأثرت"),
    "share": ("share", "الحصة"),
    "of": ("{} ({}, {}), {}: shares of the factors", "{} ({}، {})، {}: حصص العوامل"),
    "less": ("{} less {}", "{} ناقص {}"),
    "off": ("If nothing reads it any more: {}", "إذا لم يعد شيء يتأثر به: {}"),
    "silenced": ("If it is silenced: {}", "إذا أسكت: {}"),
    "itself": (
        "of the thing itself, which goes on; --silence asks of a world without it: {}",
        "عن الشيء نفسه وهو مستمر؛ استعمل --silence للسؤال عن عالم يخلو منه: {}",
    ),
    "no route": ("no route leads in the model from it to: {}", "لا سبيل في النموذج يصل منه إلى: {}"),
    "no path": ("a route leads there, but no path of this run moved: {}", "ثمة سبيل يصل إليه ولم يتغير أي مسار: {}"),
    "absent": ("absent, so without a value: {}", "غائب فلا قيمة له: {}"),
}
_word = Words(_WORDS)


@app.command(
    rich_help_panel=ASK,
    epilog=examples("explain iraq-2024 --draws 50 --paths 20", "explain iraq-2024 --of IRQ --by channel"),
)
def explain(
    scenario: ToScenario,
    of: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="A level or an actor; the first level among the series if left out."),
    ] = None,
    by: Annotated[str, typer.Option(metavar="WORD", help="part, source, channel or direction.")] = "source",
    draws: Draws = None,
    paths: Paths = None,
    seed: Seed = None,
    policy: Policies = None,
    as_of: AsOf = None,
    prior: Prior = False,
    changes: Changes = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write tables and pictures.", rich_help_panel=OUTPUT)
    ] = None,
    lang: Lang = "en",
    no_figures: NoFigures = False,
    as_json: AsJson = False,
) -> None:
    """Take a level apart: who moves it, through what, by policy, and why the policies differ."""
    from contextlib import nullcontext

    from hudna.analysis.attribution import GROUPINGS
    from hudna.ask.explain import attribute
    from hudna.report.explaining import contrast_table, pictures, write_attribution

    language = known_language(lang, scenario)
    if by not in GROUPINGS:
        text = f"must be one of {', '.join(GROUPINGS)}{nearest(by, GROUPINGS)}"
        raise InputError.of("explain", text, key="by", given=repr(by))
    question = asked(scenario, changes)
    level = _first_level(question) if of is None else of
    options = _options(draws, paths, seed, as_of, prior)
    with replacing(out) if out is not None else nullcontext() as folder:
        with progress_bar(question.file.name.get(language), language) as (progress, stage):
            found = attribute(question, level, policies=policy or None, progress=progress, stage=stage, **options)
        manifest = None if folder is None else write_attribution(found, folder, by=by, lang=language)  # type: ignore[arg-type]
    table = found.table(by, language)  # type: ignore[arg-type]
    apart = contrast_table(found, by, language)  # type: ignore[arg-type]

    def show(_: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        if as_json:
            note = few(found.about["draws"], found.about["paths"], language)
            data = {"note": note, "parts": records(table), "differences": records(apart)}
            print_json({"level": found.level, "by": by, **found.about, **data, "problems": problems_data(problems)})
            return
        of_what = _word("part", language).format(found.name.get(language), weeks(found.window, language))
        frame = table.reset_index()
        parts = Table(of_what, frame, _PARTS, language, group=lambda row: _name(found, row["policy"], language))
        print_table(parts)
        for a, b in found.contrasts:
            print()
            why = _word("apart", language).format(*(_name(found, policy, language) for policy in (a, b)))
            print_table(Table(why, apart[(apart["a"] == a) & (apart["b"] == b)], _PARTS, language))
        _print_notes(found.about["given"], found.about["draws"], found.about["paths"], language)
        if out is not None:
            print("\n" + written(out, language))

    drawn = pictures(found, by=by, lang=language)  # type: ignore[arg-type]
    finish(show, drawn, None if no_figures else out, manifest, lang=language, as_json=as_json)


@app.command(
    rich_help_panel=ASK,
    epilog=examples("remove iraq-2024 IRN gaza --draws 50 --paths 20", "remove iraq-2024 'IRN + gaza'"),
)
def remove(
    scenario: ToScenario,
    what: Annotated[
        list[str], typer.Argument(metavar="WHAT...", help='An actor, driver, signal or tie; "A + B" go together.')
    ],
    outcome: Outcomes = None,
    silence: Annotated[
        bool, typer.Option("--silence", help="Silence it itself: its events never happen, its level is absent.")
    ] = False,
    draws: Draws = None,
    paths: Paths = None,
    seed: Seed = None,
    policy: Policies = None,
    as_of: AsOf = None,
    prior: Prior = False,
    changes: Changes = None,
    csv: Csv = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Switch influences off, or silence what has them, one at a time, and see how far each outcome moves."""
    from hudna.ask.explain import remove as switch_off

    language = known_language(lang, scenario)
    question = asked(scenario, changes)
    shown = _outcomes(question, outcome)
    check_file(csv)
    options = _options(draws, paths, seed, as_of, prior)
    with progress_bar(question.file.name.get(language), language) as (progress, stage):
        found = switch_off(
            question, what, silence=silence, policies=policy or None, progress=progress, stage=stage, **options
        )
    table = found.table(language)
    if csv is not None:
        write_file(csv, as_csv(table))
    if as_json:
        note = few(found.whole.n_distinct, found.whole.n_paths, language)
        print_json({"note": note, "effects": records(table)})
        return
    for key in found.without:
        print_table(_effects(found, table, key, shown, language))
        print()
    _print_notes(found.whole.about["given"], found.whole.n_distinct, found.whole.n_paths, language)
    if csv is not None:
        print(written(csv, language))


@app.command(
    rich_help_panel=ASK,
    epilog=examples("shapley iraq-2024 attacks withdrawal postponement --draws 50 --paths 20"),
)
def shapley(
    scenario: ToScenario,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="An outcome of the scenario.")],
    a: Annotated[str, typer.Argument(metavar="POLICY", help="A policy.")],
    b: Annotated[str | None, typer.Argument(metavar="LESS", help="Another, to take off.")] = None,
    draws: Draws = None,
    paths: Paths = None,
    seed: Seed = None,
    as_of: AsOf = None,
    prior: Prior = False,
    changes: Changes = None,
    csv: Csv = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Share an outcome, or its difference between two policies, among the scenario's factors."""
    from hudna.ask.explain import shapley as share_out

    language = known_language(lang, scenario)
    question = asked(scenario, changes)
    check_file(csv)
    options = _options(draws, paths, seed, as_of, prior)
    with progress_bar(question.file.name.get(language), language) as (progress, stage):
        found = share_out(question, outcome, a, b, progress=progress, stage=stage, **options)
    table = found.table(language)
    if csv is not None:
        write_file(csv, as_csv(table))
    if as_json:
        note = few(found.about["draws"], found.about["paths"], language)
        print_json({"outcome": outcome, "of": list(found.of), **found.about, "note": note, "shares": records(table)})
        return
    names = [question.file.policies[policy].name.get(language) for policy in found.of]
    of = names[0] if b is None else _word("less", language).format(*names)
    period = weeks(question.file.outcomes[outcome].window or (0, question.file.weeks), language)
    heading = _word("of", language).format(found.name.get(language), found.unit.get(language), period, of)
    print_table(Table(heading, table, [*_PARTS, Column(columns.heading("share", _word), _share)], language))
    _print_notes(found.about["given"], found.about["draws"], found.about["paths"], language)
    if csv is not None:
        print("\n" + written(csv, language))


def _options(draws: int | None, paths: int | None, seed: int | None, as_of: str | None, prior: bool) -> dict[str, Any]:
    date: dt.date | None = day(as_of)
    return {"draws": draws, "paths": paths, "seed": seed, "as_of": date, "belief": "prior" if prior else None}


def _print_notes(given: dict[str, Any], draws: int, paths: int, lang: Language) -> None:
    """Print what must be known of the draws that the runs started from, and of a run too small for its intervals."""
    print_lines(((text, False) for text in (*notices(given, lang), few(draws, paths, lang)) if text), lang)


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


def _name(found: Attribution, policy: str, lang: Language) -> str:
    return found.policies[policy].get(lang)


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
