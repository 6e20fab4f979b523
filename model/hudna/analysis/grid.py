"""Scenarios by policies: an outcome of each, with its regret, as a table of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.analysis.compare import Comparison

__all__ = ["grid_data"]


def grid_data(comparison: Comparison, outcome: str, lang: Language = "en") -> pd.DataFrame:
    """Return what `grid` draws, a row per cell.

    Parameters
    ----------
    comparison : Comparison
    outcome : str
    lang : {"en", "ar"}

    Returns
    -------
    pandas.DataFrame
        Columns: row and column, from 0, in the order of reading; scenario, policy, and their names scenario_name,
        policy_name; mean, mcse, q05, q95, mean_q05, mean_q95 of `Comparison.table`; best, told_apart, regret, p_best
        of `Comparison.regret`, its error regret_mcse, and the policy's max_regret and minimax. Where the outcome does
        not say which way is better, regrets are NaN.
    """
    comparison.outcome(outcome)  # refuses a name that is not compared
    whole = comparison.frame(lang)
    own = whole[whole["outcome"] == outcome].reset_index(drop=True)
    own = own.assign(
        row=own["scenario"].map(comparison.scenarios.index), column=own["policy"].map(comparison.policies.index)
    )
    return own[
        ["row", "column", "scenario", "policy", "scenario_name", "policy_name", "mean", "mcse", "q05", "q95",
         "mean_q05", "mean_q95", "best", "told_apart", "regret", "regret_mcse", "p_best", "max_regret", "minimax"]
    ]  # fmt: skip
