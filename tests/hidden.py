"""The model of the case ucdp once more, exactly: a hidden Markov chain, and a memory of counts that are all known."""

from __future__ import annotations

import numpy as np
from scipy import special

STEP = 365.2425 / 12 / 7  # weeks in a month
NAMES = ("death_rate", "calm_factor", "war_factor", "calm_ends", "conflict_calms", "conflict_escalates", "war_ends",
         "branching", "half_life", "dispersion")  # fmt: skip


def log_likelihoods(counts: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """Log probability of counts, shape (month,), for each draw of the parameters, shape (draw, len(NAMES))."""
    rate, calm, war, up, down, worse, better, branching, half_life, dispersion = theta.T
    rates = STEP * np.stack([rate * calm, rate, rate * war], axis=1)
    leaves = [-np.expm1(-STEP * out) for out in (up, down + worse, better)]
    nothing, share = np.zeros_like(rate), down / (down + worse)
    moves = np.stack([
        np.stack([1 - leaves[0], leaves[0], nothing], axis=1),
        np.stack([leaves[1] * share, 1 - leaves[1], leaves[1] * (1 - share)], axis=1),
        np.stack([nothing, leaves[2], 1 - leaves[2]], axis=1),
    ], axis=1)  # fmt: skip
    shape, keep = (STEP / dispersion)[:, None], np.exp2(-STEP / half_life)
    states, memory, total = np.tile([0.0, 1.0, 0.0], (rate.size, 1)), np.zeros(rate.size), np.zeros(rate.size)
    for n in counts:
        mean = rates + memory[:, None]
        logs = special.gammaln(n + shape) - special.gammaln(shape) - special.gammaln(n + 1)
        logs = logs + shape * np.log(shape / (shape + mean)) + n * np.log(mean / (shape + mean))
        joint = np.log(np.einsum("di,dij->dj", states, moves)) + logs
        seen = special.logsumexp(joint, axis=1)
        states, total = np.exp(joint - seen[:, None]), total + seen
        memory = keep * memory + (1 - keep) * branching * n
    return total
