"""The two tables of a run: outcomes by policy, and the paired difference of two policies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hudna.text.columns import DRAWS, ERROR, ESTIMATE, FUTURES, estimate, heading, share
from hudna.text.numbers import MISSING, percent
from hudna.text.table import Column, Row, Table
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result

__all__ = ["differences", "named", "outcomes"]

_word = Words("report.layouts")


def named(row: Row) -> str:
    """Return the name of a row's outcome, and its unit."""
    return f"{row['name']} ({row['unit']})"


def outcomes(result: Result, table: pd.DataFrame, shown: Sequence[str], lang: Language = "en") -> Table:
    """Lay out these outcomes of `result.table(lang)`, the policies below one another under each."""
    frame = table.loc[[(policy, name) for name in shown for policy in result.policies]].reset_index()
    frame["reduce"] = [result.outcome(name).reduce for name in frame["outcome"]]
    timed = [_NEVER] if (frame["reduce"] == "first").any() else []
    return Table(
        _word("outcomes", lang), frame, [ESTIMATE, ERROR, FUTURES, DRAWS, *timed], lang,
        lambda row: result.policy_name(row["policy"], lang), named, "outcome",
    )  # fmt: skip


def differences(
    result: Result, a: str, b: str, contrast: pd.DataFrame, shown: Sequence[str], lang: Language = "en"
) -> Table:
    """Lay out these outcomes of `result.contrast(a, b, lang)`, each one's numbers under its name."""
    frame = contrast.loc[list(shown)].reset_index()
    frame["reduce"] = [result.outcome(name).reduce for name in frame["outcome"]]
    exposed = bool(frame["exposure_share"].notna().any())
    return Table(
        f"{result.policy_name(a, lang)} {_word('less', lang)} {result.policy_name(b, lang)}", frame,
        [estimate(heading("difference")), ERROR, FUTURES, DRAWS, share(heading("lower"), "p_lower"),
         share(heading("higher"), "p_higher"), *([_EXPOSURE] if exposed else [])], lang,
        lambda _: "", named, "outcome", [_word("exposure note", lang)] if exposed else [],
    )  # fmt: skip


def _exposure(row: Row, lang: Language) -> str:
    """Write what share of a difference is exposure alone, unless its own error drowns it."""
    part, error = row["exposure_share"], row["exposure_share_mcse"]
    if not math.isfinite(part) or not error < 0.5:
        return MISSING
    return percent(f"{100 * part:.0f}±{100 * error:.0f}" if error >= 0.005 else f"{100 * part:.0f}", lang)


_NEVER = share(heading("never", _word), "never").where(lambda row: row["reduce"] == "first")
_EXPOSURE = Column(heading("exposure", _word), _exposure)
