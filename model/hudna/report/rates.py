"""Base rates of transitions as readers see them: what rows, priors and posterior say, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hudna.judge.past import WEEKS
from hudna.text.columns import heading
from hudna.text.numbers import MISSING, interval, number, number_of, share
from hudna.text.table import Column, Row, Table, column
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case import Case

__all__ = ["rates_notes", "rates_table"]

_word = Words("report.rates")


def rates_table(rates: pd.DataFrame, case: Case, weeks: int, lang: Language = "en") -> Table | None:
    """Return the table of `hudna.judge.rates.base_rates`, of transitions that could be seen; None if there is none."""
    if rates.empty or not (rates["exposure"] > 0).any():
        return None

    def label(row: Row) -> str:
        states = case.nodes[row["regime"]].states  # type: ignore[union-attr]
        return f"{states[row['left']].name.get(lang)} > {states[row['entered']].name.get(lang)}"

    seen = rates[rates["exposure"] > 0]
    believed = [what for what in ("prior", "posterior") if f"p_{what}" in seen]
    columns = [
        column(heading("entries", _word), "entries"),
        Column(heading("exposure", _word), lambda row, _: number(row["exposure"], 0)),
        column(heading("unseen", _word), "unseen"),
        _yearly("rows", "rate_low", "rate_high"),
        *(_yearly(what, f"{what}_q05", f"{what}_q95") for what in believed),
        *(Column(heading(f"p {what}", _word), lambda row, lang, key=key: share(row[key], lang))  # type: ignore[misc]
          for what, key in (("rows", "p"), *((what, f"p_{what}") for what in believed))),
    ]  # fmt: skip
    notes = [_word("note", lang).format(number_of(weeks, "week", lang)), *rates_notes(seen, lang)]
    return Table(
        _word("heading", lang), seen, columns, lang, label, lambda row: case.label(row["regime"]).get(lang),
        "regime", notes,
    )  # fmt: skip


def rates_notes(rates: pd.DataFrame, lang: Language = "en") -> Iterator[str]:
    """Yield a line of each transition whose median rate lies outside the interval of its rows."""
    what = "posterior" if "p_posterior" in rates else "prior"
    for row in rates.to_dict("records"):
        if row["exposure"] > 0 and row["beyond"] != 1:
            key, factor = ("above", row["beyond"]) if row["beyond"] > 1 else ("below", 1 / row["beyond"])
            arrow = f"{row['regime']}: {row['left']} -> {row['entered']}"
            yield _word(key, lang).format(arrow, _word(what, lang), number(factor, 1))


def _yearly(key: str, low: str, high: str) -> Column:
    """Return a column of 90 % intervals of a rate, per year."""

    def show(row: Row, _: Language) -> str:
        return interval(*(float(f"{row[end] * WEEKS:.2g}") for end in (low, high))) if row[high] > 0 else MISSING

    return Column(heading(key, _word), show)
