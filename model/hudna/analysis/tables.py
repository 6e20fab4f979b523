"""The tables of a result: outcomes by policy, and paired differences of two policies."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis.estimate import (
    ENOUGH_DRAWS_HIT,
    estimate,
    mean_and_error,
    path_variances,
    proportion_bounds,
    settled_means,
)  # fmt: skip
from hudna.analysis.exposure import exposure_alone
from hudna.arrays import FloatArray
from hudna.result.samples import Sample

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case.grammar import Language
    from hudna.result.result import OutcomeLabel, Result

__all__ = ["contrast", "difference_estimate", "differences", "table"]


def table(result: Result, lang: Language = "en") -> pd.DataFrame:
    """Return a row per policy and outcome; see `Result.table`."""
    import pandas as pd

    rows, index = [], []
    for policy in result.policies:
        for name in result.outcome_names:
            label, sample = result.outcome(name), result.distribution(name, policy)
            found = asdict(estimate(sample, proportion=label.reduce == "any"))
            never, error = (
                mean_and_error(sample.never, sample.clusters) if label.reduce == "first" else (np.nan, np.nan)
            )
            row = {"name": label.name.get(lang), "unit": label.unit.get(lang), **found}
            rows.append({**row, "never": never, "never_mcse": error})
            index.append((policy, name))
    return pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(index, names=["policy", "outcome"]))


def contrast(result: Result, a: str, b: str, lang: Language = "en") -> pd.DataFrame:
    """Return the paired differences a - b, a row per outcome; see `Result.contrast`."""
    import pandas as pd

    rows = []
    for name in result.outcome_names:
        d = result.paired(name, a, b)
        label = result.outcome(name)
        found = difference_estimate(result, name, a, b)
        row: dict[str, Any] = {"name": label.name.get(lang), "unit": label.unit.get(lang), **found}
        row |= _direction(d)
        row["vr_factor"] = _variance_reduction(result.distribution(name, a), result.distribution(name, b), d)
        row |= asdict(exposure_alone(result, name, a, b, d.means))
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(result.outcome_names, name="outcome"))


def differences(result: Result, outcome: str, a: str, b: str) -> FloatArray:
    """Return outcome under `a` less outcome under `b`, path by path, shape (n_draws, n_paths).

    Raises
    ------
    InputError
        If there is no such outcome or policy, or only summaries were kept.
    """
    return result.sample(outcome, a) - result.sample(outcome, b)


def difference_estimate(result: Result, outcome: str, a: str, b: str) -> dict[str, float]:
    """Return the columns mean ... same of `contrast`, of one outcome."""
    d = result.paired(outcome, a, b)
    return asdict(estimate(d)) | _difference_bounds(result, outcome, a, b, d)


def _difference_bounds(result: Result, outcome: str, a: str, b: str, d: Sample) -> dict[str, float]:
    """Return the 90 % interval of a difference of probabilities where too few draws differ to estimate its error.

    It is taken from the bounds of the probabilities of either sign. Where no lever from which a route leads to the
    outcome differs up to the end of its window, the difference is 0 by construction and needs no bounds.
    """
    label = result.outcome(outcome)
    if (
        label.reduce != "any"
        or int((d.lower + d.higher > 0).sum()) >= ENOUGH_DRAWS_HIT
        or _same_until(result, a, b, label)
    ):
        return {}
    higher_low, higher_high = proportion_bounds(d.higher, d.n_paths, d.clusters)
    lower_low, lower_high = proportion_bounds(d.lower, d.n_paths, d.clusters)
    return {"low": higher_low - lower_high, "high": higher_high - lower_low}


def _same_until(result: Result, a: str, b: str, label: OutcomeLabel) -> bool:
    """Whether both policies set every lever that reaches the outcome alike up to the end of its window."""
    steps = slice(0, round(label.window[1] / result.step))
    levers = result.levers.isel(time=steps)
    one, other = levers.sel(policy=a), levers.sel(policy=b)
    reaching = levers.data_vars if label.levers is None else label.levers
    return all(bool((one[name].to_numpy() == other[name].to_numpy()).all()) for name in reaching)


def _direction(d: Sample) -> dict[str, float]:
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
        "mean_lower_mcse": float(np.sqrt(draws * (1 - draws) / _distinct(d))),
    }


def _variance_reduction(a: Sample, b: Sample, d: Sample) -> float:
    """(var a + var b) / var(a - b) within draws; NaN if the difference never varies inside a draw."""
    if d.n_paths < 2:
        return float("nan")
    apart = float(a.variances.mean() + b.variances.mean())
    paired = float(path_variances(d).mean())
    return apart / paired if paired > 0 else float("nan")


def _distinct(sample: Sample) -> int:
    """Return how many draws differ."""
    return sample.n_draws if sample.clusters is None else int(np.unique(sample.clusters).size)
