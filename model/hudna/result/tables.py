"""Rows of the tables of a result: outcomes by policy, and paired differences of two policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.result.estimate import (
    ENOUGH_DRAWS_HIT,
    estimate,
    mean_and_error,
    path_variances,
    proportion_bounds,
    settled_means,
)  # fmt: skip
from hudna.result.samples import Sample, n_distinct

if TYPE_CHECKING:
    from hudna.case.grammar import Language
    from hudna.scenario.labels import OutcomeLabel

__all__ = ["difference_estimate", "direction", "outcome_row", "variance_reduction"]


def outcome_row(label: OutcomeLabel, sample: Sample, lang: Language) -> dict[str, Any]:
    """Return the columns of `Result.table` for an outcome under a policy."""
    found = asdict(estimate(sample, proportion=label.reduce == "any"))
    never, error = mean_and_error(sample.never, sample.clusters) if label.reduce == "first" else (np.nan, np.nan)
    row = {"name": label.name.get(lang), "unit": label.unit.get(lang), **found}
    return {**row, "never": never, "never_mcse": error}


def difference_estimate(label: OutcomeLabel, d: Sample, *, same: Callable[[], bool]) -> dict[str, float]:
    """Return the estimate of a paired difference.

    Where too few draws differ to estimate the error of a difference of probabilities, its 90 % interval is taken from
    the bounds of the probabilities of either sign. `same` says whether no lever that reaches the outcome differs up to
    the end of its window: then the difference is 0 by construction and needs no bounds.
    """
    found = asdict(estimate(d))
    if label.reduce != "any" or int((d.lower + d.higher > 0).sum()) >= ENOUGH_DRAWS_HIT or same():
        return found
    higher_low, higher_high = proportion_bounds(d.higher, d.n_paths, d.clusters)
    lower_low, lower_high = proportion_bounds(d.lower, d.n_paths, d.clusters)
    return found | {"low": higher_low - lower_high, "high": higher_high - lower_low}


def direction(d: Sample) -> dict[str, float]:
    """Return in which share of paired futures, and of draws, a difference is below 0 or above it, with errors."""
    lower, lower_error = mean_and_error(d.lower, d.clusters)
    higher, higher_error = mean_and_error(d.higher, d.clusters)
    settled = settled_means(d)
    # A draw in which no path differs is neither lower nor higher, wherever the noise is taken out to.
    draws = float(((settled < 0) & (d.means != 0)).mean()) if settled is not None else np.nan
    return {
        "p_lower": lower,
        "p_lower_mcse": lower_error,
        "p_higher": higher,
        "p_higher_mcse": higher_error,
        "mean_lower": draws,
        "mean_lower_mcse": float(np.sqrt(draws * (1 - draws) / n_distinct(d.n_draws, d.clusters))),
    }


def variance_reduction(a: Sample, b: Sample, d: Sample) -> float:
    """Return (var a + var b) / var(a - b) within draws; NaN if the difference never varies inside a draw."""
    if d.n_paths < 2:
        return float("nan")
    apart = float(a.variances.mean() + b.variances.mean())
    paired = float(path_variances(d).mean())
    return apart / paired if paired > 0 else float("nan")
