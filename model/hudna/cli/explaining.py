"""The commands that explain: a level taken apart, influences switched off, shares of a difference."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, day, known_language
from hudna.cli.numbers import MISSING, decimals, interval, number, percent, share
from hudna.cli.printing import print_json, print_lines, progress_bar, written
from hudna.cli.tables import Line, lay_out
from hudna.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.attribution import Attribution
    from hudna.analysis.removal import Removal
    from hudna.case.grammar import Language
    from hudna.scenario import Scenario

__all__ = ["explain", "remove", "shapley"]

_Question = Annotated[str, typer.Argument(metavar="SCENARIO", help="A TOML file, or the name of a shipped scenario.")]
_Draws = Annotated[int | None, typer.Option(help="Samples of the uncertain parameters.")]
_Paths = Annotated[int | None, typer.Option(help="Futures per draw.")]
_Seed = Annotated[int | None, typer.Option(help="Of the random numbers; the same seed, the same numbers.")]
_Policy = Annotated[list[str] | None, typer.Option(metavar="POLICY", help="Run this one; may be repeated.")]
_AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Start from the state of the world then.")]
_Prior = Annotated[bool, typer.Option("--prior", help="Draw from the priors, not from the posterior.")]
_Csv = Annotated[Path | None, typer.Option(metavar="FILE", help="Write the whole table to this file.")]
_Lang = Annotated[str, typer.Option(help="en or ar.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]

_WORDS = {
    "part": (
        "Log odds of {}: who moves it, mean over {}",
        "{}، لوغاريتم الأرجحية: ما الذي يحركه، متوسط {}",
    ),
    "apart": ("{} less {}: why they differ", "{} ناقص {}: سبب الفرق"),
    "mean": ("mean", "المتوسط"),
    "error": ("MC error", "خطأ المحاكاة"),
    "draws": ("90 % over draws", "90٪ من العينات"),
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
    "comma": (", ", "، "),
}


@app.command()
def explain(
    scenario: _Question,
    of: Annotated[
        str | None,
        typer.Option(metavar="LEVEL", help="A level or an actor; the first level among the series if left out."),
    ] = None,
    by: Annotated[str, typer.Option(help="part, source, channel or direction.")] = "source",
    draws: _Draws = None,
    paths: _Paths = None,
    seed: _Seed = None,
    policy: _Policy = None,
    as_of: _AsOf = None,
    prior: _Prior = False,
    out: Annotated[Path | None, typer.Option(help="Folder for tables and pictures.")] = None,
    lang: _Lang = "en",
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Write no figures.")] = False,
    as_json: _Json = False,
) -> None:
    """Take a level apart: who moves it, through what, by policy, and why the policies differ."""
    from contextlib import nullcontext

    from hudna.analysis.attribution import GROUPINGS
    from hudna.explain import attribute
    from hudna.report.explaining import contrast_table, write_attribution
    from hudna.report.folder import replacing
    from hudna.scenario import load

    language = known_language(lang)
    if by not in GROUPINGS:
        text = f"must be one of {', '.join(GROUPINGS)}{nearest(by, GROUPINGS)}"
        raise InputError.of("explain", text, key="by", given=repr(by))
    question = load(scenario)
    level = _first_level(question) if of is None else of
    options = _options(draws, paths, seed, as_of, prior)
    with replacing(out) if out is not None else nullcontext() as folder:
        with progress_bar(question.file.name.get(language)) as (progress, stage):
            found = attribute(question, level, policies=policy or None, progress=progress, stage=stage, **options)
        if folder is not None:
            write_attribution(found, folder, by=by, lang=language, with_figures=not no_figures)  # type: ignore[arg-type]
    table = found.table(by, language)  # type: ignore[arg-type]
    apart = contrast_table(found, by, language)  # type: ignore[arg-type]
    if as_json:
        records = {"parts": _records(table), "differences": apart.to_dict("records")}
        print_json({"level": found.level, "by": by, **found.about, **records})
        return
    print_lines(_parts(found, table, language), language)
    for a, b in found.contrasts:
        print()
        print_lines(_differences(found, apart[(apart["a"] == a) & (apart["b"] == b)], a, b, language), language)
    if out is not None:
        print("\n" + written(out, language))


@app.command()
def remove(
    scenario: _Question,
    what: Annotated[
        list[str], typer.Argument(metavar="WHAT...", help='An actor, driver, signal or tie; "A + B" go together.')
    ],
    outcome: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Show this one; may be repeated. The headline if left out.")
    ] = None,
    silence: Annotated[
        bool, typer.Option("--silence", help="Silence it itself: its events never happen, its level is absent.")
    ] = False,
    draws: _Draws = None,
    paths: _Paths = None,
    seed: _Seed = None,
    policy: _Policy = None,
    as_of: _AsOf = None,
    prior: _Prior = False,
    csv: _Csv = None,
    lang: _Lang = "en",
    as_json: _Json = False,
) -> None:
    """Switch influences off, or silence what has them, one at a time, and see how far each outcome moves."""
    from hudna.explain import remove as switch_off
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    shown = _outcomes(question, outcome)
    _check_file(csv)
    options = _options(draws, paths, seed, as_of, prior)
    with progress_bar(question.file.name.get(language)) as (progress, stage):
        found = switch_off(
            question, what, silence=silence, policies=policy or None, progress=progress, stage=stage, **options
        )
    table = found.table(language)
    _write(table, csv)
    if as_json:
        print_json({"effects": _records(table)})
        return
    for key in found.without:
        print_lines(_effects(found, table, key, shown, language), language)
        print()
    if csv is not None:
        print(written(csv, language))


@app.command()
def shapley(
    scenario: _Question,
    outcome: Annotated[str, typer.Argument(metavar="OUTCOME", help="An outcome of the scenario.")],
    a: Annotated[str, typer.Argument(metavar="POLICY", help="A policy.")],
    b: Annotated[str | None, typer.Argument(metavar="LESS", help="Another, to take off.")] = None,
    draws: _Draws = None,
    paths: _Paths = None,
    seed: _Seed = None,
    as_of: _AsOf = None,
    prior: _Prior = False,
    csv: _Csv = None,
    lang: _Lang = "en",
    as_json: _Json = False,
) -> None:
    """Share an outcome, or its difference between two policies, among the scenario's [factors]."""
    from hudna.explain import shapley as share_out
    from hudna.scenario import load

    language = known_language(lang)
    question = load(scenario)
    _check_file(csv)
    options = _options(draws, paths, seed, as_of, prior)
    with progress_bar(question.file.name.get(language)) as (progress, stage):
        found = share_out(question, outcome, a, b, progress=progress, stage=stage, **options)
    table = found.table(language)
    _write(table, csv)
    if as_json:
        print_json({"outcome": outcome, "of": list(found.of), **found.about, "shares": _records(table)})
        return
    names = [question.file.policies[policy].name.get(language) for policy in found.of]
    of = names[0] if b is None else _word("less", language).format(*names)
    period = _weeks(question.file.outcomes[outcome].window or (0, question.file.weeks), language)
    heading = _word("of", language).format(found.name.get(language), found.unit.get(language), period, of)
    rows = []
    for _, row in table.iterrows():
        places = decimals(row["mean"], row["mcse"])
        told = f"{100 * row['share']:.0f}±{100 * row['share_mcse']:.0f}"
        part = MISSING if row["share"] != row["share"] else percent(told, language)
        spread = interval(row["mean_q05"], row["mean_q95"])
        rows.append((row["name"], [number(row["mean"], places), number(row["mcse"], places), spread, part]))
    headers = [_word(key, language) for key in ("mean", "error", "draws", "share")]
    print_lines(lay_out(heading, headers, rows), language)
    if csv is not None:
        print("\n" + written(csv, language))


def _options(draws: int | None, paths: int | None, seed: int | None, as_of: str | None, prior: bool) -> dict[str, Any]:
    date: dt.date | None = day(as_of)
    return {"draws": draws, "paths": paths, "seed": seed, "as_of": date, "belief": "prior" if prior else None}


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
            text = f"there is no such outcome{nearest(name, known)}; outcomes: {', '.join(known)}"
            raise InputError.of(question.id, text, key="outcome", given=repr(name))
    return list(asked or ()) or [name for name in question.file.headline if name in known] or list(known)


def _check_file(csv: Path | None) -> None:
    if csv is not None and csv.is_dir():
        raise InputError.of(str(csv), "is a folder; name a file such as table.csv", key="csv")


def _write(table: pd.DataFrame, csv: Path | None) -> None:
    from hudna.result.storage import beside

    if csv is not None:
        with beside(csv) as aside:
            table.reset_index().to_csv(aside, index=False, lineterminator="\n", encoding="utf-8")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.reset_index().to_dict("records")]


def _parts(found: Attribution, table: pd.DataFrame, lang: Language) -> Iterator[Line]:
    rows: list[tuple[str, list[str]]] = []
    for policy, name in found.policies.items():
        rows.append((name.get(lang), []))
        rows += [(str(row["name"]), _numbers(row)) for _, row in table.loc[policy].iterrows()]
    heading = _word("part", lang).format(found.name.get(lang), _weeks(found.window, lang))
    yield from lay_out(heading, _headers(lang), rows)


def _differences(found: Attribution, table: pd.DataFrame, a: str, b: str, lang: Language) -> Iterator[Line]:
    names = (found.policies[policy].get(lang) for policy in (a, b))
    rows = [(str(row["name"]), _numbers(row)) for _, row in table.iterrows()]
    yield from lay_out(_word("apart", lang).format(*names), _headers(lang), rows)


def _effects(found: Removal, table: pd.DataFrame, key: str, shown: Sequence[str], lang: Language) -> Iterator[Line]:
    influence = found.influences[key]
    headers = [_word(word, lang) for word in ("with", "without", "effect", "error", "draws", "moved")]
    rows: list[tuple[str, list[str]]] = []
    notes: dict[str, list[str]] = {}
    for outcome in shown:
        label = found.whole.outcome(outcome)
        name = label.name.get(lang)
        rows.append((f"{name} ({label.unit.get(lang)}, {_weeks(label.window, lang)})", []))
        moved: list[Any] = [table.loc[(key, policy, outcome), "moved"] for policy in found.whole.policies]
        if any(math.isnan(share) for share in moved):
            notes.setdefault("absent", []).append(name)
        elif found.counted(key, outcome) and not influence.silenced:
            notes.setdefault("itself", []).append(name)
        elif not any(moved):
            notes.setdefault("no path" if found.reached(key, outcome) else "no route", []).append(name)
        for policy in found.whole.policies:
            row: Any = table.loc[(key, policy, outcome), :]
            places = decimals(row["effect"], row["mcse"]) if row["mcse"] > 0 else decimals(row["with"], 0.0)
            cells = [MISSING if math.isnan(row[column]) else number(row[column], places)
                     for column in ("with", "without", "effect")]  # fmt: skip
            if row["moved"] > 0:
                cells += [number(row["mcse"], places), interval(row["mean_q05"], row["mean_q95"])]
            else:
                cells += [MISSING, MISSING]  # it moves no path: that is exact
            moves = MISSING if math.isnan(row["moved"]) else share(row["moved"], lang)
            rows.append((found.whole.policy_name(policy, lang), [*cells, moves]))
    heading = _word("silenced" if influence.silenced else "off", lang).format(influence.name.get(lang))
    yield from lay_out(heading, headers, rows)
    for why, names in notes.items():
        yield f"  {_word(why, lang).format(_word('comma', lang).join(names))}", False


def _headers(lang: Language) -> list[str]:
    return [_word(key, lang) for key in ("mean", "error", "draws")]


def _numbers(row: Any) -> list[str]:
    places = decimals(row["mean"], row["mcse"])
    spread = interval(row["mean_q05"], row["mean_q95"]) if row["mean_q05"] < row["mean_q95"] else MISSING
    return [number(row["mean"], places), number(row["mcse"], places), spread]


def _weeks(window: Sequence[float], lang: Language) -> str:
    from hudna.plot.style import weeks

    return weeks(window, lang)


def _word(key: str, lang: Language) -> str:
    return _WORDS[key][1 if lang == "ar" else 0]
