"""Toy truce in NumPy, written by hand: all paths of both policies at once, a week at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["simulate"]

Array = np.ndarray[Any, np.dtype[Any]]

_RATES = np.array([[0.0, 0.05, 0.0], [0.03, 0.0, 0.07], [0.02, 0.18, 0.0]])
_EVENT_MEMORY = 0.5  # a half-life of one week
_DOMESTIC_MEMORY, _PRESSURE_MEMORY = 2 ** (-1 / 4), 2 ** (-1 / 2)
_START = np.log(0.3 / 0.7)


def simulate(
    p: Mapping[str, Array], presence: Array, support: Array, *, paths: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Simulate every path of every policy.

    Parameters
    ----------
    p : parameters by name, each of shape (n_draws,)
    presence, support : float arrays, shape (n_policies, n_weeks)
    paths : int, futures a draw
    rng : numpy.random.Generator

    Returns
    -------
    dict from outcome to float array, shape (n_policies, n_draws, n_paths)
    """
    n_policies, weeks = presence.shape
    n_draws = len(p["truce_breaks"])
    n = n_draws * paths
    one = {name: np.repeat(values, paths) for name, values in p.items()}
    attack_rate = np.stack([one[f"attack_rate_{name}"] for name in ("LARGE", "MIDDLE", "SMALL")])
    isis_rate = np.stack([one[f"isis_rate_{name}"] for name in ("centre", "east", "north", "west")])
    by_week_of_gaza = np.cumsum(_weekly(_RATES), axis=1)
    gaza = np.ones((n_policies, n), np.int64)
    war, regional = np.ones((n_policies, n)), np.zeros((n_policies, n))
    holds = np.ones((n_policies, 3, n), bool)
    attack_memory = np.zeros((n_policies, 3, n))
    isis_memory = np.zeros((n_policies, 4, n))
    reprisals = np.zeros((n_policies, n))
    domestic = np.full((n_policies, n), 0.3)
    domestic_score = np.full((n_policies, n), _START)
    pressure_score = np.full((n_policies, n), _START)
    attacks, isis = np.zeros((n_policies, n)), np.zeros((n_policies, n))
    broken = np.full((n_policies, n), float(weeks))
    pressure_sum, pressure_peak = np.zeros((n_policies, n)), np.zeros((n_policies, n))
    for week in range(weeks):
        here, helped = presence[:, week, None], support[:, week, None]
        breaks = one["truce_breaks"] * np.exp(
            one["war_breaks_truce"] * war
            + one["regional_breaks_truce"] * regional
            + one["domestic_breaks_truce"] * domestic
        )
        returns = one["truce_returns"] * np.exp(one["reprisals_calm"] * reprisals)
        u = rng.random((n_policies, 3, n))
        holds = np.where(holds, u >= -np.expm1(-breaks)[:, None], u < -np.expm1(-returns)[:, None])
        broken = np.where((broken == weeks) & ~holds.all(axis=1), week, broken)
        u = rng.random((n_policies, n))
        gaza = (u >= by_week_of_gaza[gaza, 0]).astype(np.int64) + (u >= by_week_of_gaza[gaza, 1])
        war, regional = (gaza == 1).astype(float), (gaza == 2).astype(float)
        climate = np.exp(one["war_attacks"] * war + one["regional_attacks"] * regional)
        rate = attack_rate * np.where(holds, one["truce_factor"], 1.0) * climate[:, None]
        counts = rng.poisson(here[:, None] * (rate + attack_memory))
        attack_memory = _EVENT_MEMORY * attack_memory + (1 - _EVENT_MEMORY) * 0.15 * counts
        attacks_now = counts.sum(axis=1)
        freedom = np.exp(one["support_holds_isis"] * (helped - 1))
        counts = rng.poisson(isis_rate * freedom[:, None] + isis_memory)
        isis_memory = _EVENT_MEMORY * isis_memory + (1 - _EVENT_MEMORY) * 0.25 * counts
        isis_now = counts.sum(axis=1)
        reprisals = rng.binomial(attacks_now, one["reprisal_probability"])
        settles = -1 + 1.5 * domestic + 0.5 * war + 0.9 * regional
        settles += 0.1 * (attacks_now + isis_now) + 0.5 * reprisals
        pressure_score = _PRESSURE_MEMORY * pressure_score + (1 - _PRESSURE_MEMORY) * settles
        settles = -1 + 0.1 * attacks_now + 0.8 * reprisals + 0.3 * regional + 0.4 * here
        domestic_score = _DOMESTIC_MEMORY * domestic_score + (1 - _DOMESTIC_MEMORY) * settles
        domestic_score += 0.1 * np.sqrt(1 - _DOMESTIC_MEMORY**2) * rng.standard_normal((n_policies, n))
        domestic = 1 / (1 + np.exp(-domestic_score))
        pressure = 1 / (1 + np.exp(-pressure_score))
        attacks += attacks_now
        isis += isis_now
        pressure_sum += pressure
        np.maximum(pressure_peak, pressure, out=pressure_peak)
    found = {
        "attacks": attacks,
        "any_attack": (attacks > 0).astype(float),
        "truce_breaks": broken,
        "pressure": pressure_sum / weeks,
        "pressure_peak": pressure_peak,
        "isis": isis,
    }
    return {name: x.reshape(n_policies, n_draws, paths) for name, x in found.items()}


def _weekly(rates: Array) -> Array:
    """Turn rates of leaving into the probabilities of a week, with at most one change."""
    total = rates.sum(axis=1, keepdims=True)
    probabilities = -np.expm1(-total) * rates / total
    stays: Array = np.exp(-total[:, 0])
    return np.asarray(probabilities + np.diag(stays))
