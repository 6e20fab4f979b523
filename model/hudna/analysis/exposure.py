"""How much of a difference in events is exposure alone: the same threat, another exposure.

Per draw the engine keeps the mean threat of each week (the rate with every lever among the exposures at 1)
and the levers' exposure. With `b`'s threat and `a`'s exposure the expected count changes by
sum of h (exposure_a - exposure_b) threat_b; the rest of the difference is what the policy does to the threat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hudna.analysis.estimate import mean_and_error
from hudna.arrays import FloatArray

if TYPE_CHECKING:
    from hudna.result.result import Result

__all__ = ["Exposure", "exposure_alone"]


@dataclass(frozen=True)
class Exposure:
    """The part of a difference that is exposure alone, in the outcome's unit and as a share; NaN if not asked."""

    exposure_alone: float = np.nan
    exposure_alone_mcse: float = np.nan
    exposure_share: float = np.nan
    exposure_share_mcse: float = np.nan


def exposure_alone(result: Result, outcome: str, a: str, b: str, total: FloatArray) -> Exposure:
    """Return the part of the difference a - b of an outcome that exposure alone makes.

    Parameters
    ----------
    result : Result
    outcome : str
    a, b : str
        Names of policies.
    total : float array, shape (n_draws,)
        Mean difference of each draw.

    Returns
    -------
    Exposure
        All NaN unless the outcome is a sum of events with levers among their exposures.
    """
    label = result.outcome(outcome)
    if label.reduce != "sum" or not set(label.signals) <= set(result.threat.data_vars):
        return Exposure()
    if all(bool((result.exposure[signal] == 1).all()) for signal in label.signals):
        return Exposure()  # no lever is an exposure of these events
    step = result.step
    steps = slice(round(label.window[0] / step), round(label.window[1] / step))
    alone = np.zeros(result.n_draws)
    for signal in label.signals:
        threat = result.threat[signal].sel(policy=b).to_numpy()[:, steps]
        gap = result.exposure[signal].sel(policy=a).to_numpy() - result.exposure[signal].sel(policy=b).to_numpy()
        alone += step * (gap[:, steps] * threat).sum(axis=1)
    mean, mcse = mean_and_error(alone, result.clusters)
    whole = float(total.mean())
    if whole == 0 or not np.isfinite(mcse):
        return Exposure(mean, mcse)
    share = mean / whole
    # The error of a ratio of two means over the same draws (delta method).
    share_mcse = mean_and_error(alone - share * total, result.clusters)[1] / abs(whole)
    return Exposure(mean, mcse, share, share_mcse)
