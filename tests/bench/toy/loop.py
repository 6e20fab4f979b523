"""Toy truce as a plain Python loop: one path of one policy, with the standard library alone.

The frameworks in this folder call the same function, so what they add to it is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, expm1, log, sqrt
from random import Random

__all__ = ["MILITIAS", "OUTCOMES", "PROVINCES", "simulate_path"]

OUTCOMES = ("attacks", "any_attack", "truce_breaks", "pressure", "pressure_peak", "isis")
MILITIAS = ("LARGE", "MIDDLE", "SMALL")
PROVINCES = ("centre", "east", "north", "west")

_CEASEFIRE, _WAR, _REGIONAL = 0, 1, 2
_GAZA = (((_WAR, 0.05),), ((_CEASEFIRE, 0.03), (_REGIONAL, 0.07)), ((_CEASEFIRE, 0.02), (_WAR, 0.18)))
_EVENT_MEMORY = 0.5  # a half-life of one week
_DOMESTIC_MEMORY, _PRESSURE_MEMORY = 2 ** (-1 / 4), 2 ** (-1 / 2)
_DOMESTIC_SHOCK = 0.1 * sqrt(1 - _DOMESTIC_MEMORY**2)
_START = log(0.3 / 0.7)


def simulate_path(
    p: Mapping[str, float], presence: Sequence[float], support: Sequence[float], rng: Random
) -> tuple[float, ...]:
    """Simulate one path under one policy.

    Parameters
    ----------
    p : the case's parameters, by name
    presence, support : a number a week
    rng : random.Random

    Returns
    -------
    tuple of floats, in the order of `OUTCOMES`
    """
    uniform, normal = rng.random, rng.gauss
    attack_rates = [p[f"attack_rate_{name}"] for name in MILITIAS]
    isis_rates = [p[f"isis_rate_{name}"] for name in PROVINCES]
    truce_breaks, truce_returns, truce_factor = p["truce_breaks"], p["truce_returns"], p["truce_factor"]
    war_breaks, regional_breaks = p["war_breaks_truce"], p["regional_breaks_truce"]
    domestic_breaks, reprisals_calm = p["domestic_breaks_truce"], p["reprisals_calm"]
    war_attacks, regional_attacks = p["war_attacks"], p["regional_attacks"]
    answered, support_holds = p["reprisal_probability"], p["support_holds_isis"]
    weeks = len(presence)
    gaza, holds, reprisals = _WAR, [True] * len(MILITIAS), 0
    attack_memory, isis_memory = [0.0] * len(MILITIAS), [0.0] * len(PROVINCES)
    domestic_score = pressure_score = _START
    domestic = 0.3
    attacks, isis, broken, pressure_sum, pressure_peak = 0, 0, weeks, 0.0, 0.0
    for week in range(weeks):
        war, regional = gaza == _WAR, gaza == _REGIONAL  # truces see last week's
        breaks = truce_breaks * exp(war_breaks * war + regional_breaks * regional + domestic_breaks * domestic)
        returns = truce_returns * exp(reprisals_calm * reprisals)
        break_probability, return_probability = -expm1(-breaks), -expm1(-returns)
        gaza = _next_gaza(gaza, uniform())
        war, regional = gaza == _WAR, gaza == _REGIONAL
        climate = exp(war_attacks * war + regional_attacks * regional)
        attacks_now = 0
        for m, rate in enumerate(attack_rates):
            holds[m] = uniform() >= break_probability if holds[m] else uniform() < return_probability
            factor = truce_factor if holds[m] else 1.0
            count = _poisson(presence[week] * (rate * factor * climate + attack_memory[m]), uniform())
            attack_memory[m] = _EVENT_MEMORY * attack_memory[m] + (1 - _EVENT_MEMORY) * 0.15 * count
            attacks_now += count
        if broken == weeks and not all(holds):
            broken = week
        freedom = exp(support_holds * (support[week] - 1))
        isis_now = 0
        for k, rate in enumerate(isis_rates):
            count = _poisson(rate * freedom + isis_memory[k], uniform())
            isis_memory[k] = _EVENT_MEMORY * isis_memory[k] + (1 - _EVENT_MEMORY) * 0.25 * count
            isis_now += count
        reprisals = 0
        for _ in range(attacks_now):
            reprisals += uniform() < answered
        settles = -1 + 1.5 * domestic + 0.5 * war + 0.9 * regional
        settles += 0.1 * attacks_now + 0.1 * isis_now + 0.5 * reprisals
        pressure_score = _PRESSURE_MEMORY * pressure_score + (1 - _PRESSURE_MEMORY) * settles
        settles = -1 + 0.1 * attacks_now + 0.8 * reprisals + 0.3 * regional + 0.4 * presence[week]
        domestic_score = _DOMESTIC_MEMORY * domestic_score + (1 - _DOMESTIC_MEMORY) * settles
        domestic_score += _DOMESTIC_SHOCK * normal()
        domestic = 1 / (1 + exp(-domestic_score))
        pressure = 1 / (1 + exp(-pressure_score))
        attacks += attacks_now
        isis += isis_now
        pressure_sum += pressure
        pressure_peak = max(pressure_peak, pressure)
    return float(attacks), float(attacks > 0), float(broken), pressure_sum / weeks, pressure_peak, float(isis)


def _next_gaza(state: int, u: float) -> int:
    ways = _GAZA[state]
    total = sum(rate for _, rate in ways)
    leave = -expm1(-total)
    if u >= leave:
        return state
    mark, end = u * total, 0.0
    for target, rate in ways:
        end += rate
        if mark < end * leave:
            return target
    return ways[-1][0]


def _poisson(mean: float, u: float) -> int:
    """Count by inversion; the means here are small."""
    term = cumulated = exp(-mean)
    count = 0
    while u > cumulated and term > 0:
        count += 1
        term *= mean / count
        cumulated += term
    return count
