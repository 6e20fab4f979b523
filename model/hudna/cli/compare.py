"""The command that compares scenarios: the same policies in each, and the regret of having chosen one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hudna.cli.commands import app, known_language
from hudna.cli.options import (
    ASK,
    OUTPUT,
    AsJson,
    Csv,
    Draws,
    Lang,
    Outcomes,
    Paths,
    Policies,
    Prior,
    Seed,
    examples,
    shipped_scenarios,
)
from hudna.cli.printing import few, print_json, print_lines, problems_data, progress_bar, written
from hudna.text.columns import DRAWS, ERROR, ESTIMATE, estimate, heading, share
from hudna.text.runs import origin, size_of
from hudna.text.table import Column, Line, Row, Table, as_csv, column, records
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.compare import Comparison
    from hudna.errors import Problem

__all__ = ["compare"]

_WORDS = {
    "regret": ("regret", "الندم"),
    "best in": ("best in", "الأفضل في"),
    "lower": ("lower is better", "الأقل أفضل"),
    "higher": ("higher is better", "الأعلى أفضل"),
    "undeclared": (
        "which way is better is not declared, so no regret",
        "لم يحدد أي الاتجاهين أفضل، فلا يحسب الندم",
    ),
    "largest": ("Largest regret over the scenarios", "أكبر ندم في السيناريوهات كلها"),
    "where": ("in", "في"),
    "notes": (
        "regret: how much worse than the scenario's best policy, future by future\n"
        "best in: share of draws in which the policy is best\n"
        "*: best of its scenario; ~: best here, but another is as good within Monte Carlo error",
        "الندم: الفرق عن أفضل سياسة في السيناريو نفسه، محسوبا مسارا بمسار\n"
        "الأفضل في: نسبة العينات التي تكون فيها السياسة هي الأفضل\n"
        "*: الأفضل في السيناريو؛ ~: الأفضل هنا، غير أن سياسة أخرى لا تقل عنها جودة ضمن خطأ المحاكاة",
    ),
}  # fmt: skip
_word = Words(_WORDS)


@app.command(
    rich_help_panel=ASK,
    epilog=examples("compare iraq-2024 gaza-ceasefire regional-war --draws 50 --paths 20", "compare a.toml b.toml"),
)
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO...", help="TOML files, or shipped scenarios.", autocompletion=shipped_scenarios
        ),
    ],
    outcome: Outcomes = None,
    policy: Policies = None,
    draws: Draws = None,
    paths: Paths = None,
    seed: Seed = None,
    prior: Prior = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the table and a picture per outcome.", rich_help_panel=OUTPUT),
    ] = None,
    csv: Csv = None,
    lang: Lang = "en",
    as_json: AsJson = False,
) -> None:
    """Compare scenarios under the same policies, with the regret of each policy in each."""
    from hudna.ask.compare import compare as run_all
    from hudna.cli.pictures import finish
    from hudna.files.whole import check_file, replacing, write_file
    from hudna.report.comparison import pictures, write_comparison

    language = known_language(lang, *scenarios)
    check_file(csv)
    with ExitStack() as stack:
        folder = None if out is None else stack.enter_context(replacing(out))
        with progress_bar(" · ".join(scenarios), language) as (progress, stage):
            found = run_all(
                scenarios, outcomes=outcome or None, policies=policy or None, draws=draws, paths=paths, seed=seed,
                belief="prior" if prior else None, progress=progress, stage=stage,
            )  # fmt: skip
        manifest = None if folder is None else write_comparison(found, folder, lang=language)
        if csv is not None:
            write_file(csv, as_csv(found.frame(language)))
    files = [path for path in (out, csv) if path is not None]

    def show(final: Mapping[str, Any], problems: Sequence[Problem]) -> None:
        if as_json:
            print_json(
                {
                    "scenarios": list(found.scenarios),
                    "outcomes": list(found.outcomes),
                    "policies": list(found.policies),
                    "rows": records(found.frame(language)),
                    "note": few(found.results[0].n_distinct, found.results[0].n_paths, language),
                    "largest_regret": records(found.minimax(lang=language)),
                    "written": [str(path) for path in files],
                    "manifest": None if manifest is None else final,
                    "problems": problems_data(problems),
                }
            )
            return
        print_lines(_lines(found, language), language)
        for path in files:
            print("\n" + written(path, language))

    finish(show, pictures(found, language), out, manifest, lang=language, as_json=as_json)


def _lines(found: Comparison, lang: Language) -> Iterator[Line]:
    """Lay out a table per outcome, with the largest regrets under it."""
    about = found.results[0].about
    yield size_of(about, lang), False
    for text in dict.fromkeys(part for result in found.results for part in origin(result.about.get("given", {}), lang)):
        yield text[:1].upper() + text[1:], False
    frame, largest = found.frame(lang), found.minimax(lang=lang).reset_index()
    for name in found.outcomes:
        yield "", False
        yield from _outcome(found, name, frame[frame["outcome"] == name], lang).lines()
        if found.outcome(name).better is not None:
            yield from _largest(found, largest[largest["outcome"] == name], lang).lines()
    if note := few(found.results[0].n_distinct, about["paths"], lang):
        yield "", False
        yield f"  {note}", False
    if any(found.outcome(name).better for name in found.outcomes):
        yield "", False
        for text in _word("notes", lang).split("\n"):
            yield f"  {text}", False


def _outcome(found: Comparison, name: str, frame: pd.DataFrame, lang: Language) -> Table:
    """Lay out an outcome, the policies below one another under each scenario."""
    label = found.outcome(name)

    def policy(row: Row) -> str:
        mark = ("*" if row["told_apart"] else "~") if row["best"] and len(found.policies) > 1 else ""
        return f"{row['policy_name']} {mark}".rstrip()

    heading = f"{label.name.get(lang)} ({label.unit.get(lang)}): {_word(label.better or 'undeclared', lang)}"
    shown = [ESTIMATE, ERROR, DRAWS, *(_REGRETS if label.better else [])]
    return Table(heading, frame, shown, lang, policy, lambda row: str(row["scenario_name"]), "scenario")


def _largest(found: Comparison, frame: pd.DataFrame, lang: Language) -> Table:
    """Lay out each policy's largest regret, and where it is."""
    return Table(
        _word("largest", lang), frame.assign(mean=frame["regret"]), _LARGEST, lang,
        lambda row: found.policy_name(row["policy"], lang),
    )  # fmt: skip


def _regret(column: Column, best: str = "") -> Column:
    """Return the column of an estimate as one of the regret, which is nothing for the best policy of a scenario."""

    def show(row: Row, lang: Language) -> str:
        own = {key.removeprefix("regret_"): value for key, value in row.items() if key.startswith("regret_")}
        return column.show({**own, "mean": row["regret"]}, lang)

    return Column(column.heading, show).where(lambda row: not row["best"], best)


def _some(row: Row) -> bool:
    return not row["regret"] <= 0


_OF_REGRET = estimate(heading("regret", _word))
_REGRETS = [_regret(_OF_REGRET, "0"), _regret(ERROR), _regret(DRAWS), share(heading("best in", _word), "p_best")]
_LARGEST = [
    _OF_REGRET.where(_some, "0"), ERROR.where(_some), column(heading("where", _word), "scenario"),
    Column(("", ""), lambda row, lang: _word("smallest", lang) if row["minimax"] else ""),
]  # fmt: skip
