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
from hudna.text.numbers import share
from hudna.text.runs import run_size
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.compare import Comparison
    from hudna.cli.tables import Line
    from hudna.errors import Problem
    from hudna.result import OutcomeLabel

__all__ = ["compare"]

_WORDS = {
    "error": ("MC error", "خطأ المحاكاة"),
    "draws": ("90 % over draws", "90٪ من العينات"),
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
    from hudna.files.whole import as_csv, check_file, replacing, write_file
    from hudna.report.comparison import pictures, write_comparison

    language = known_language(lang)
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
                    "rows": found.frame(language).to_dict("records"),
                    "note": few(found.results[0].n_distinct, found.results[0].n_paths, language),
                    "largest_regret": found.minimax(lang=language).reset_index().to_dict("records"),
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
    from hudna.text.runs import origin

    about = found.results[0].about
    yield run_size(about["draws"], about["paths"], about["seed"], lang), False
    for text in dict.fromkeys(part for result in found.results for part in origin(result.about.get("given", {}), lang)):
        yield text[:1].upper() + text[1:], False
    table, regret, largest = found.table(lang), found.regret(lang=lang), found.minimax(lang=lang)
    for name in found.outcomes:
        label = found.outcome(name)
        yield "", False
        yield from _outcome(found, name, label, table, regret, lang)
        if label.better is not None:
            yield from _largest(found, name, largest, lang)
    if note := few(found.results[0].n_distinct, about["paths"], lang):
        yield "", False
        yield f"  {note}", False
    if any(found.outcome(name).better for name in found.outcomes):
        yield "", False
        for text in _word("notes", lang).split("\n"):
            yield f"  {text}", False


def _outcome(
    found: Comparison, name: str, label: OutcomeLabel, table: pd.DataFrame, regret: pd.DataFrame, lang: Language
) -> Iterator[Line]:
    """Lay out an outcome, the policies below one another under each scenario."""
    from hudna.cli.tables import lay_out

    judged = label.better is not None
    headers = ["estimate", "error", "draws", *(["regret", "error", "draws", "best in"] if judged else [])]
    rows: list[tuple[str, list[str]]] = []
    for scenario in found.scenarios:
        rows.append((found.scenario_name(scenario, lang), []))
        for policy in found.policies:
            row: Any = table.loc[(scenario, policy, name), :]
            cells = _without_futures(row, lang)
            shown = found.policy_name(policy, lang)
            if judged:
                own: Any = regret.loc[(scenario, policy, name), :]
                cells += [
                    *(["0", "", ""] if own["best"] else _without_futures(_as_estimate(own), lang)),
                    share(own["p_best"], lang),
                ]
                shown += (" *" if own["told_apart"] else " ~") if own["best"] and len(found.policies) > 1 else ""
            rows.append((shown, cells))
    direction = _word(label.better or "undeclared", lang)
    heading = f"{label.name.get(lang)} ({label.unit.get(lang)}): {direction}"
    yield from lay_out(heading, [_word(header, lang) for header in headers], rows)


def _largest(found: Comparison, name: str, largest: pd.DataFrame, lang: Language) -> Iterator[Line]:
    """Lay out each policy's largest regret, and where it is."""
    from hudna.cli.tables import lay_out

    rows = []
    for policy in found.policies:
        row: Any = largest.loc[(policy, name), :]
        shown = ["0", ""] if row["regret"] <= 0 else _without_futures(_as_estimate(row), lang)[:2]
        rows.append((found.policy_name(policy, lang), [*shown, row["scenario"], _word("smallest", lang)
                     if row["minimax"] else ""]))  # fmt: skip
    yield from lay_out(_word("largest", lang), [_word(key, lang) for key in ("regret", "error", "where")] + [""], rows)


def _as_estimate(row: Any) -> dict[str, float]:
    """Return a row of regrets with the names of an estimate's columns."""
    blank = dict.fromkeys(("q05", "q95", "mean_q05", "mean_q95"), float("nan"))
    return {**blank, "same": False, **row.to_dict(), "mean": row["regret"]}


def _without_futures(row: Any, lang: Language) -> list[str]:
    """Return estimate, Monte Carlo error, and interval over draws, without what single futures do."""
    from hudna.cli.tables import estimates

    cells = estimates(row, lang, likely=True)
    return [cells[0], cells[1], cells[3]]
