"""The columns that tables of estimates share: a mean, its error, and its intervals over futures and over draws."""

from __future__ import annotations

import math

from hudna.text.numbers import MISSING, decimals, interval, number
from hudna.text.numbers import share as percentage
from hudna.text.table import Column, Row
from hudna.text.words import LANGUAGES, Language, Words

__all__ = ["DRAWS", "ERROR", "ESTIMATE", "FUTURES", "MEAN", "estimate", "heading", "share"]

_word = Words("text.columns")


def heading(key: str, words: Words = _word) -> tuple[str, ...]:
    """Return a word in each language, for the heading of a column."""
    return tuple(words(key, lang) for lang in LANGUAGES)


def share(heading: tuple[str, ...], key: str) -> Column:
    """Return a column of shares, as percentages."""
    return Column(heading, lambda row, lang: percentage(row[key], lang))


def estimate(heading: tuple[str, ...], key: str = "mean", error: str = "mcse") -> Column:
    """Return a column of estimates, to the digits that their errors leave meaning to."""
    return Column(heading, lambda row, _: number(row[key], decimals(row[key], row[error])))


def _error(row: Row, lang: Language) -> str:
    """Write a Monte Carlo error.

    One of 0 from draws that are all alike is no certainty: the bounds are shown in its place, where there are some;
    else that every path has the number.
    """
    if row["mcse"] == 0 and math.isfinite(row["low"]) and row["low"] < row["high"]:
        return interval(row["low"], row["high"])
    return _word("same", lang) if row.get("same") else number(row["mcse"], decimals(row["mean"], row["mcse"]))


def _futures(row: Row, _: Language) -> str:
    """Write the interval over futures; one future of a probability is 0 or 1, so there it has none."""
    return MISSING if row.get("reduce") == "any" else interval(row["q05"], row["q95"])


MEAN, ESTIMATE = estimate(heading("mean")), estimate(heading("estimate"))
ERROR = Column(heading("error"), _error)
FUTURES = Column(heading("futures"), _futures)
DRAWS = Column(heading("draws"), lambda row, _: interval(row["mean_q05"], row["mean_q95"]))
