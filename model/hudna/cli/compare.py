"""The command that compares scenarios: the same policies in each, and the regret of having chosen one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hudna.cli.changes import asked
from hudna.cli.commands import app
from hudna.cli.options import (
    ASK,
    OUTPUT,
    Outcomes,
    Policies,
    Sheet,
    Sizes,
    examples,
    grouped,
    option,
    shipped_scenarios,
)  # fmt: skip
from hudna.cli.printing import Part, few, progress_bar
from hudna.errors import Problems
from hudna.text.columns import DRAWS, ERROR, ESTIMATE, estimate, heading, share
from hudna.text.runs import origin, size_of
from hudna.text.table import Column, Row, Table, column
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.compare import Comparison
    from hudna.scenario import Scenario

__all__ = ["compare"]

_word = Words("cli.compare")


@app.command(
    rich_help_panel=ASK,
    epilog=examples("compare iraq-2024 gaza-ceasefire regional-war --draws 50 --paths 20", "compare a.toml b.toml"),
)
@grouped
def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO...", help="TOML files, or shipped scenarios.", autocompletion=shipped_scenarios
        ),
    ],
    outcome: Outcomes = None,
    policy: Policies = None,
    *,
    sizes: Sizes,
    out: Annotated[Path | None, option(OUTPUT, "Write the table and a picture per outcome.", metavar="FOLDER")] = None,
    output: Sheet,
) -> None:
    """Compare scenarios under the same policies, with the regret of each policy in each."""
    from hudna.ask.compare import compare as run_all
    from hudna.cli.pictures import finish
    from hudna.files.whole import replacing
    from hudna.report.comparison import pictures, write_comparison

    language, problems = output.language(*scenarios), Problems()
    questions: list[Scenario] = []
    for scenario in scenarios:
        with problems.caught():
            questions.append(asked(scenario, sizes.changes))
    problems.raise_if_any()
    options = {**sizes.keywords(), "outcomes": outcome or None, "policies": policy or None}
    with ExitStack() as stack:
        folder = None if out is None else stack.enter_context(replacing(out))
        with progress_bar(" · ".join(scenarios), language) as (progress, stage):
            found = run_all(questions, progress=progress, stage=stage, **options)
        manifest = None if folder is None else write_comparison(found, folder, lang=language)
        files = [*([] if out is None else [out]), *output.write(found.frame(language))]
    data = {
        "scenarios": list(found.scenarios), "outcomes": list(found.outcomes), "policies": list(found.policies),
        "rows": found.frame(language), "note": few(found.results[0].n_distinct, found.results[0].n_paths, language),
        "largest_regret": found.minimax(lang=language), "written": [str(path) for path in files],
    }  # fmt: skip
    finish(
        output,
        lambda final: {**data, "manifest": None if manifest is None else final},
        _parts(found, language),
        pictures(found, language),
        out,
        manifest,
        files=files,
    )


def _parts(found: Comparison, lang: Language) -> Iterator[Part]:
    """Lay out a table per outcome, with the largest regrets under it."""
    about = found.results[0].about
    yield size_of(about, lang)
    for text in dict.fromkeys(part for result in found.results for part in origin(result.about.get("given", {}), lang)):
        yield text[:1].upper() + text[1:]
    frame, largest = found.frame(lang), found.minimax(lang=lang).reset_index()
    for name in found.outcomes:
        yield ""
        yield _outcome(found, name, frame[frame["outcome"] == name], lang)
        if found.outcome(name).better is not None:
            yield _largest(found, largest[largest["outcome"] == name], lang)
    if note := few(found.results[0].n_distinct, about["paths"], lang):
        yield from ("", f"  {note}")
    if any(found.outcome(name).better for name in found.outcomes):
        yield from ("", *(f"  {text}" for text in _word("notes", lang).split("\n")))


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
