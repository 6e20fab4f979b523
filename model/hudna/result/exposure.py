"""How much of a difference in events is exposure alone: the same threat, another exposure.

Per draw the engine keeps the mean threat of each week (the rate with every lever among the exposures at 1)
and the levers' exposure. With `b`'s threat and `a`'s exposure the expected count changes by
sum of h (exposure_a - exposure_b) threat_b; the rest of the difference is what the policy does to the threat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.result.estimate import mean_and_error, share_of

__all__ = ["Exposure", "exposure_alone"]


@dataclass(frozen=True)
class Exposure:
    """The part of a difference that is exposure alone, in the outcome's unit and as a share; NaN if not asked."""

    exposure_alone: float = np.nan
    exposure_alone_mcse: float = np.nan
    exposure_share: float = np.nan
    exposure_share_mcse: float = np.nan


def exposure_alone(
    ours: Sequence[FloatArray],
    theirs: Sequence[FloatArray],
    threat: Sequence[FloatArray],
    total: FloatArray,
    step: float,
    clusters: IntArray | None,
) -> Exposure:
    """Return the part of the difference a - b of a count that exposure alone makes.

    Parameters
    ----------
    ours, theirs : arrays, shape (n_draws, n_steps), one an events node
        Exposures under `a` and under `b`.
    threat : the same, of the rates under `b` with every lever at 1, per week
    total : float array, shape (n_draws,)
        Mean difference of each draw.
    step : float, weeks
    clusters : int array, shape (n_draws,), optional
        Equal where draws have the same parameters.
    """
    alone = np.zeros(total.size)
    for one, other, rate in zip(ours, theirs, threat, strict=True):
        alone += step * ((one - other) * rate).sum(axis=1)
    mean, mcse = mean_and_error(alone, clusters)
    if total.mean() == 0 or not np.isfinite(mcse):
        return Exposure(mean, mcse)
    return Exposure(mean, mcse, *share_of(alone, total, clusters))
