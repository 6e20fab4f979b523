"""What `hudna run` prints of a result: how big it is, what it started from, its tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hudna.cli.printing import Part, few, written
from hudna.report import layouts
from hudna.text.numbers import iso_date, number_of
from hudna.text.runs import belief, notices, run_size
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from hudna.result import Result

__all__ = ["data", "made", "tables"]

_word = Words("cli.results")


def tables(result: Result, target: Path | None, lang: Language, *, everything: bool) -> Iterator[Part]:
    """Yield the outcomes of the headline, or all, by policy and as differences; and where they were written, if so."""
    about = result.about
    shown = list(result.outcome_names) if everything else _headline(result)
    yield f"{result.title.get(lang)}: {run_size(result.n_draws, result.n_paths, about['seed'], lang)}"
    yield from (*_start(about["given"], lang).split("\n"), *notices(about["given"], lang))
    yield from (f"{_word('note', lang)}: {notice}" for notice in notices(about, lang))
    yield ""
    yield layouts.outcomes(result, result.table(lang), shown, lang)
    for a, b in about["contrasts"]:
        yield ""
        yield layouts.differences(result, a, b, result.contrast(a, b, lang), shown, lang)
    yield ""
    if note := few(result.n_distinct, result.n_paths, lang):
        yield note
    if left := len(result.outcome_names) - len(shown):
        yield _word("left" if target is None else "more", lang).format(left)
    if target is not None:
        yield written(target, lang)


def made(result: Result, lang: Language) -> Iterator[str]:
    """Yield the lines that say how a saved run was made."""
    about = result.about
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    yield _word("made", lang).format(about["made"], about["engine"], versions)
    yield _word("question", lang).format(about["scenario"], about["case"])
    yield _word("hashes", lang).format(about["config_hash"], about["program"])


def data(result: Result, target: Path, **about: Any) -> dict[str, Any]:
    """Return the same as data, with every outcome, and what the run was."""
    from hudna.report.outputs import difference_table

    return {
        "out": str(target), **about, "note": few(result.n_distinct, result.n_paths),
        "problems": [], "outcomes": result.table(), "differences": difference_table(result),
    }  # fmt: skip


def _headline(result: Result) -> list[str]:
    """Return the outcomes that the scenario calls its headline; all if it names none."""
    return [name for name in result.about["headline"] if name in result.outcome_names] or list(result.outcome_names)


def _start(given: dict[str, Any], lang: Language) -> str:
    """Say in some lines what the run started from."""
    believed = belief(given, lang)
    if "as_of" not in given:
        return _word("start", lang).format(believed)
    n = given["rows"]["likelihood"] + given["rows"]["known"]
    rows = number_of(n, "row", lang) if lang == "en" else n
    return _word("state", lang).format(iso_date(given["as_of"], lang), rows, believed, given["distinct_draws"])
