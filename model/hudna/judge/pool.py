"""The linear pool of a case's forecast and two simple ones, weighted by how they did before the origin.

Sources: Geweke & Amisano (2011), "Optimal prediction pools"; Gneiting & Ranjan (2013), "Combining predictive
distributions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hudna.arrays import FloatArray
from hudna.case.grammar import Text

__all__ = ["MODEL", "POOL", "POOLED", "Judged", "pool_weights"]

MODEL = "model"
POOLED = (MODEL, "persistence", "hidden_markov")  # what is pooled; the others are to compare with
POOL = Text(en="pool", ar="تجميع التوقعات")
_PRIOR = 1.0  # windows for each forecaster before anything was scored
_OTHER = 0.25  # what a window counts whose origin was in the other state, calm or not
_HALF_LIFE = 2.0  # years, in which a window loses half of its weight
_ROUNDS = 200


@dataclass(frozen=True)
class Judged:
    """A window that was over before the origin.

    years : since it ended; calm : whether it was at the window's own origin (`Past.calm`)
    log_scores : of each of `POOLED`
    """

    years: float
    calm: bool
    log_scores: tuple[float, ...]


def pool_weights(judged: Sequence[Judged], *, calm: bool, overlapping: float) -> FloatArray:
    """Return the weights of `POOLED` at an origin, which sum to 1.

    They are the mode of a Dirichlet posterior: the weights under which the pool would have been likeliest over the
    windows that were over, each forecaster given one window to begin with. A window counts half after two years, a
    quarter if its origin was not in the same state (calm or not), and one of several that overlap its share. Where a
    forecaster had no score the window is left out.

    Parameters
    ----------
    judged : sequence of Judged
    calm : bool, the state at the origin
    overlapping : float, how many windows in a row overlap

    Examples
    --------
    >>> pool_weights([], calm=True, overlapping=1).round(2).tolist()
    [0.33, 0.33, 0.33]
    >>> pool_weights([Judged(0.1, True, (1.0, 9.0, 9.0))] * 8, calm=True, overlapping=1).round(2).tolist()
    [0.81, 0.09, 0.09]
    """
    own = [one for one in judged if not np.isnan(one.log_scores).any()]
    counts = np.array([0.5 ** (one.years / _HALF_LIFE) * (1 if one.calm == calm else _OTHER) for one in own])
    scores = np.array([one.log_scores for one in own]).reshape(-1, len(POOLED))
    best = scores.min(axis=1, keepdims=True, initial=np.inf)
    likely = np.exp(np.where(np.isfinite(best), best, 0.0) - scores)  # of the best forecaster 1
    weights = np.full(len(POOLED), 1 / len(POOLED))
    for _ in range(_ROUNDS):  # expectation and maximization: whose forecast each count came from
        whose = likely * weights
        whose /= np.maximum(whose.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        weights = _PRIOR + (counts[:, None] * whose).sum(axis=0) / overlapping
        weights /= weights.sum()
    return weights
