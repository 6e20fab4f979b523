"""Histograms of an outcome by policy and of the paired difference of two policies, with what they are summed up by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from hudna.arrays import FloatArray
from hudna.result.estimate import OF_THE_MEAN, estimate, settled_means
from hudna.result.samples import Paths, Sample
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result

__all__ = ["difference_data", "outcome_data", "reach", "whole_numbers"]

_SHOWN = 0.995  # of the paths that the bins reach
_BINS, _BINS_OF_DRAWS = 48, 24


def outcome_data(result: Result, name: str, *, lang: Language = "en") -> pd.DataFrame:
    """Return what `outcome` draws.

    Parameters
    ----------
    result : Result
    name : str
        An outcome.
    lang : {"en", "ar"}
        Language of `policy_name`.

    Returns
    -------
    pandas.DataFrame
        A row per policy and bin, in the outcome's unit: policy, policy_name; bin_low, bin_high and share, of all paths,
        in the bin (where what is waited for never comes in no bin); then, the same in every row of a policy, mean,
        mcse, low, high, q05, q50, q95, mean_q05, mean_q95 as in `Result.table` and never, the share of paths in which
        what is waited for never comes. A probability has one row a policy and no bins.
    """
    import pandas as pd

    label = result.outcome(name)
    samples = {policy: result.distribution(name, policy) for policy in result.policies}
    marks = {
        policy: {
            "policy_name": result.policy_name(policy, lang),
            **asdict(estimate(y, proportion=label.reduce == "any")),
            "never": float(y.never.mean()) if label.reduce == "first" else np.nan,
        }
        for policy, y in samples.items()
    }
    if label.reduce == "any":
        return pd.DataFrame([{"policy": policy, **found} for policy, found in marks.items()])
    edges = _edges_of(label.reduce, label.window, result.step, samples)
    rows = []
    for policy, y in samples.items():
        shares = y.histogram(edges)
        if label.reduce == "first":
            shares[-1] -= marks[policy]["never"]  # they are held to come when waiting ends
        bins = zip(edges[:-1], edges[1:], shares, strict=True)
        rows += [
            {"policy": policy, "bin_low": low, "bin_high": high, "share": share, **marks[policy]}
            for low, high, share in bins
        ]
    return pd.DataFrame(rows)


def difference_data(result: Result, name: str, a: str, b: str) -> pd.DataFrame:
    """Return what `difference` draws.

    Parameters
    ----------
    result : Result
    name : str
        An outcome.
    a, b : str
        Policies.

    Returns
    -------
    pandas.DataFrame
        A row per bin of the outcome under `a` less that under `b`, in its unit: bin_low, bin_high and share, of all
        paths; of a probability, of draws. Then, the same in every row, mean, mcse, low, high, mean_q05 and mean_q95,
        p_lower, p_equal, p_higher, the shares of paired paths, and mean_lower, the share of draws in which the mean is
        lower, all as in `Result.contrast`; shown is the share of what is drawn that lies in the bins.
    """
    import pandas as pd

    label = result.outcome(name)
    d = result.paired(name, a, b)
    settled = settled_means(d)
    of_draws = label.reduce == "any" and settled is not None
    shown = Paths(settled[:, None]) if of_draws and settled is not None else d
    edges = _edges(
        *reach([shown]),
        whole=not of_draws and whole_numbers(label.reduce, [d]),
        bins=_BINS_OF_DRAWS if of_draws else _BINS,
        parted=True,
    )
    shares = shown.histogram(edges)
    found = result.difference(name, a, b)
    lower, higher = float(d.lower.mean()), float(d.higher.mean())
    marks = {key: found[key] for key in OF_THE_MEAN}
    marks |= {"p_lower": lower, "p_equal": max(0.0, 1 - lower - higher), "p_higher": higher}
    marks["mean_lower"] = np.nan if settled is None else float(((settled < 0) & (d.means != 0)).mean())
    marks["shown"] = float(shares.sum())
    return pd.DataFrame({"bin_low": edges[:-1], "bin_high": edges[1:], "share": shares, **marks})


def whole_numbers(reduce: str, samples: Sequence[Sample]) -> bool:
    """Whether an outcome takes whole numbers only."""
    return reduce != "mean" and all(y.whole for y in samples)


def reach(samples: Sequence[Sample], *, from_zero: bool = False) -> tuple[float, float]:
    """Return the ends of what an axis shows: of all samples, what most paths of any lie between.

    If `from_zero`, an axis that nearly begins at 0 does.
    """
    ends = np.array([y.quantiles(np.array([(1 - _SHOWN) / 2, (1 + _SHOWN) / 2])) for y in samples])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    return (0.0, high) if from_zero and 0 <= low < 0.5 * high else (low, high)


def _edges_of(reduce: str, window: tuple[float, float], step: float, samples: dict[str, Sample]) -> FloatArray:
    """Return the bins' edges of an outcome: for times the window in whole steps, else what most paths reach."""
    if reduce == "first":
        steps = round((window[1] - window[0]) / step)
        width = step * int(np.ceil(steps / _BINS))
        return np.append(np.arange(window[0], window[1] - 1e-9, width), window[1])
    everyone = list(samples.values())
    return _edges(*reach(everyone, from_zero=True), whole=whole_numbers(reduce, everyone))


def _edges(low: float, high: float, *, whole: bool, bins: int = _BINS, parted: bool = False) -> FloatArray:
    """Return bin edges, of whole width for whole numbers.

    If `parted`, no bin holds both what is below 0 and what is above; among whole numbers 0 has a bin of its own.
    """
    if not whole:
        step = (high - low) / bins
        return (
            step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
            if parted
            else np.linspace(low, high, bins + 1)
        )
    width = max(1, int(np.ceil((high - low + 1) / bins)))
    if not parted:
        return np.arange(np.floor(low), high + width + 1, width) - 0.5
    below = -0.5 - width * np.arange(max(0, int(np.ceil(-low / width))), -1, -1)
    above = 0.5 + width * np.arange(max(0, int(np.ceil(high / width))) + 1)
    return np.concatenate([below, above])
