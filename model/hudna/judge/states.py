"""Forecasts of a regime's state, scored where rows say which it was: Brier, logarithmic and ranked probability scores.

Sources: Brier (1950), "Verification of forecasts expressed in terms of probability"; Epstein (1969), "A scoring system
for probability forecasts of ranked categories".
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.case.observations import Row

__all__ = ["score_state", "state_scores"]


def state_scores(shares: FloatArray, state: int, paths: int) -> dict[str, float]:
    """Return the scores of probabilities of states, against the state that came; lower is better.

    Parameters
    ----------
    shares : float array, shape (..., state)
        Of paths in each state, in the order of the states' values. Scores are means over all but the last axis.
    state : int, the one that came
    paths : int
        For the log score, and for it alone, half a path is added to each state, so that nothing is impossible.

    Returns
    -------
    brier : sum over states of (p - [state came])^2, from 0 to 2
    log_score : -log p of the state that came
    rps : sum over states of (P(this state or one before it) - [it came so])^2, over the number of states less 1

    Examples
    --------
    >>> found = state_scores(np.array([0.5, 0.25, 0.25]), 0, 10**9)
    >>> found["brier"], round(found["log_score"], 3), found["rps"]
    (0.375, 0.693, 0.15625)
    """
    came = np.eye(shares.shape[-1])[state]
    smoothed = (shares[..., state] * paths + 0.5) / (paths + 0.5 * came.size)
    below = np.cumsum(shares - came, axis=-1)[..., :-1]
    return {
        "brier": float(np.square(shares - came).sum(axis=-1).mean()),
        "log_score": float(-np.log(smoothed).mean()),
        "rps": float(np.square(below).mean(axis=-1).mean()),
    }


def score_state(
    row: Row, shares: FloatArray, states: tuple[str, ...], start: dt.date, step_days: int, paths: int
) -> dict[str, Any]:
    """Score a row about a regime: a mean over the steps that its days touch.

    Parameters
    ----------
    row : Row, inside the run
    shares : float array, shape (step, state), of paths in each of `states`
    start : date, of the first step

    Returns
    -------
    date_start, date_end, signal, state; p, the mean probability of the state; brier, log_score and rps, and those of
    a forecast by which every state is as likely, `brier_even`, `log_even` and `rps_even`
    """
    first, last = ((day - start).days // step_days for day in (row.start, row.end))
    own, place = shares[first : last + 1], states.index(row.state)
    even = state_scores(np.full(len(states), 1 / len(states)), place, 10**9)
    return {
        "date_start": row.start, "date_end": row.end, "signal": row.signal, "state": row.state,
        "p": float(own[:, place].mean()), **state_scores(own, place, paths),
        "brier_even": even["brier"], "log_even": even["log_score"], "rps_even": even["rps"],
    }  # fmt: skip
