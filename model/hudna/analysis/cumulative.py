"""Shares of paths at or below each value of an outcome, or still waiting as weeks go by, with bands over draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hudna.analysis.distributions import reach, whole_numbers
from hudna.analysis.over_time import by_policy
from hudna.arrays import FloatArray, IntArray
from hudna.errors import InputError
from hudna.result.estimate import mean_and_error, over_draws
from hudna.result.samples import Paths, SummaryOfPaths
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result

__all__ = ["pbox_data", "survival_data"]

_POINTS = 200  # values at which shares are found, at most


def pbox_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `pbox` draws.

    Parameters
    ----------
    result : Result
    name : str
        An outcome that is a number: no probability, and no time to something.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
        Language of `policy_name`.

    Returns
    -------
    pandas.DataFrame
        A row per policy and value: policy, policy_name, x, in the outcome's unit; share, of all paths, at or below x;
        mcse, its Monte Carlo error, clustered by draw; low and high, between which the shares of 90 % of draws lie, the
        noise of their paths taken out (NaN if draws cannot be separated from paths). Whole numbers are x themselves.

    Raises
    ------
    InputError
        If there is no such outcome or policy, only summaries of it were kept, or it is not such a number.
    """
    label = result.outcome(name)
    other = {"any": "plot.outcome", "first": "plot.survival"}.get(label.reduce)
    if other is not None:
        what = "probability" if label.reduce == "any" else "time to something"
        raise InputError.of("plot.pbox", f"is a {what}; draw it with {other}", key="name", given=repr(name))
    everyone = [Paths(result.sample(name, chosen)) for chosen in result.policies]
    low, high = reach(everyone, from_zero=True)
    if whole_numbers(label.reduce, everyone):
        stride = max(1, int(np.ceil((high - low) / _POINTS)))
        x = np.arange(np.floor(low), np.ceil(high) + stride, stride)
    else:
        x = np.linspace(low, high, _POINTS + 1)
    return by_policy(result, policy, lang, lambda chosen: [{"x": x, **_shares(result, name, chosen, x)}])


def survival_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `survival` draws.

    Parameters
    ----------
    name : str
        An outcome that is a time to something (`reduce = "first"`).
    result, policy, lang : as of `pbox_data`

    Returns
    -------
    pandas.DataFrame
        A row per policy and step of the window: policy, policy_name, weeks from the run's start; share, of all paths,
        in which it has not come in this step or before; mcse, low and high as of `pbox_data`. The last share is that
        of paths in which it does not come in the window.

    Raises
    ------
    InputError
        As `pbox_data`, or if it is no time to something.
    """
    label = result.outcome(name)
    if label.reduce != "first":
        text = 'is no time to something (reduce = "first"); draw it with plot.outcome or plot.pbox'
        raise InputError.of("plot.survival", text, key="name", given=repr(name))
    first, end = label.window
    weeks: FloatArray = first + result.step * np.arange(round((end - first) / result.step), dtype=float)
    return by_policy(
        result, policy, lang, lambda chosen: [{"weeks": weeks, **_shares(result, name, chosen, weeks, above=True)}]
    )


def _shares(result: Result, name: str, policy: str, at: FloatArray, *, above: bool = False) -> dict[str, FloatArray]:
    """Return the share of paths at or below each value, or above it, its error, and where 90 % of draws have it."""
    y = result.sample(name, policy)
    below = np.stack([np.searchsorted(row, at, side="right") for row in np.sort(y, axis=1)]) / y.shape[1]
    of_draws = 1 - below if above else below  # (draw, value)
    rows = [
        (*mean_and_error(means, result.clusters), *over_draws(_hits(means, y.shape[1], result.clusters)))
        for means in of_draws.T
    ]
    return dict(zip(("share", "mcse", "low", "high"), np.array(rows).T, strict=True))


def _hits(means: FloatArray, n_paths: int, clusters: IntArray | None) -> SummaryOfPaths:
    """Return the summary of zeros and ones, of which each draw has so large a share of ones."""
    nothing = np.zeros_like(means)
    ones = round(float(means.sum()) * n_paths)
    return SummaryOfPaths(
        n_paths=n_paths,
        means=means,
        variances=means * (1 - means) * n_paths / max(n_paths - 1, 1),
        lower=nothing,
        higher=means,
        never=nothing,
        whole=True,
        edges=np.array([-0.5, 0.5, 1.5]),
        counts=np.array([means.size * n_paths - ones, ones]),
        clusters=clusters,
    )
