"""Base rates: how often a regime changed in the rows, beside what the priors and the posterior say of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from hudna.arrays import FloatArray
from hudna.case import Case
from hudna.case.grammar import Values
from hudna.case.nodes import Regime
from hudna.case.observations import CONFIDENCES
from hudna.engine import compile_scenario
from hudna.engine.draws import draw_parameters
from hudna.learn.past import question_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["base_rates"]

_DRAWS, _SEED = 2000, 20240822  # of the priors
_TAILS = (0.05, 0.5, 0.95)
_DAY = dt.timedelta(days=1)


def base_rates(case: Case, weeks: float) -> pd.DataFrame:
    """Return what the rows say of each transition of a regime that has rows, and what is believed of it.

    Entries are days on which a state is known that follow days of another; exposure is the time in the state that is
    left, as far as the day after is known too. The interval of the rate is Jeffreys': gamma of shape entries + 1/2 over
    the exposure. Believed is the rate with its effects, averaged over the days of the exposure: of states of regimes as
    rows say them, of all other signals as if they were where they have no effect. Rows of use `context` are left out.

    Parameters
    ----------
    case : Case
    weeks : float, over which the chance of at least one is given, by who is in the state all the while

    Returns
    -------
    pandas.DataFrame
        A row per transition: regime, left, entered; entries; exposure, in weeks; unseen, spells of which the end is not
        seen; rate_low and rate_high, per week, 5 and 95 %; for the prior and, if there is one, the posterior
        prior_q05, prior_q50, prior_q95; p, p_prior, p_posterior: of at least one within the weeks; beyond: by what
        factor the median that is used (the posterior's if there is one) lies above the interval, or below it (then
        under 1); 1 if inside.

    Examples
    --------
    >>> from hudna.case import load_case
    >>> base_rates(load_case("two-militias"), 52)[["left", "entered", "entries", "exposure"]].values.tolist()[0]
    ['holds', 'broken', 0, 1.8571428571428572]
    """
    import pandas as pd

    spells = {name: _spells(case, name) for name, node in case.nodes.items() if isinstance(node, Regime)}
    if not case.observations.records or not any(spells.values()):
        return pd.DataFrame()
    believed = _believed(case)
    found = []
    for name, known in spells.items():
        node = case.nodes[name]
        if not known or not isinstance(node, Regime):
            continue
        for arrow, transition in node.transitions.items():
            left, entered = (part.strip() for part in arrow.split("->"))
            seen = _Seen.of(known, left, entered)
            shape = seen.entries + 0.5
            exposure = len(seen.days) / 7
            row: dict[str, Any] = {"regime": name, "left": left, "entered": entered, "entries": seen.entries,
                                   "exposure": exposure, "unseen": seen.unseen}  # fmt: skip
            low, high = special.gammaincinv(shape, [_TAILS[0], _TAILS[-1]]) / exposure if exposure else (0.0, np.inf)
            row |= {"rate_low": low, "rate_high": high, "p": 1 - (exposure / (exposure + weeks)) ** shape}
            days = {signal: _on(spells, signal, seen.days) for signal in transition.effects}
            middle = np.nan
            for what, draws in believed.items():
                rates = _number(draws, transition.rate) * _factor(draws, transition.effects, days)
                quantiles = np.quantile(rates, _TAILS)
                row |= {f"{what}_q{100 * p:02.0f}": q for p, q in zip(_TAILS, quantiles, strict=True)}
                row[f"p_{what}"] = float(-np.expm1(-rates * weeks).mean())
                middle = float(quantiles[1])
            beyond = middle / high if middle > high else middle / low if middle < low else 1.0
            found.append({**row, "beyond": beyond})
    return pd.DataFrame(found)


def _spells(case: Case, regime: str) -> Mapping[dt.date, str]:
    """Return the state of each day that rows know, in order; of rows that differ the surest goes."""
    rows = [row for row in case.observations.rows if row.signals == (regime,) and row.use != "context"]
    found: dict[dt.date, str] = {}
    for row in sorted(rows, key=lambda row: -CONFIDENCES.index(row.confidence)):
        found |= {row.start + i * _DAY: row.state for i in range((row.end - row.start).days + 1)}
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Seen:
    """Of one transition: entries, the days of the exposure, and how many spells end unseen."""

    entries: int
    days: tuple[dt.date, ...]
    unseen: int

    @classmethod
    def of(cls, known: Mapping[dt.date, str], left: str, entered: str) -> _Seen:
        inside = [day for day, state in known.items() if state == left]
        exposed = tuple(day for day in inside if day + _DAY in known)
        entries = sum(known[day + _DAY] == entered for day in exposed)
        return cls(entries, exposed, len(inside) - len(exposed))


def _believed(case: Case) -> dict[str, Mapping[str, FloatArray]]:
    """Return draws of the parameters, by parameter, of the prior and of the posterior if there is one."""
    record = next(iter(case.observations.records.values()))
    program = compile_scenario(question_of(case, record))
    drawn = draw_parameters(program, _SEED, np.arange(_DRAWS, dtype=np.uint64))
    found: dict[str, Mapping[str, FloatArray]] = {"prior": dict(zip(program.parameters, drawn.T, strict=True))}
    if case.posterior is not None and case.posterior.current:
        found["posterior"] = dict(zip(case.posterior.names, case.posterior.theta.T, strict=True))
    return found


def _on(spells: Mapping[str, Mapping[dt.date, str]], signal: str, days: tuple[dt.date, ...]) -> FloatArray | None:
    """Return the indicator `regime.state` on each day, NaN where it is not known; None for other signals."""
    regime, _, state = signal.rpartition(".")
    if not spells.get(regime):
        return None
    known = spells[regime]
    return np.array([float(known[day] == state) if day in known else np.nan for day in days])


def _number(draws: Mapping[str, FloatArray], given: float | str) -> FloatArray:
    return draws[given] if isinstance(given, str) else np.array([float(given)])


def _factor(draws: Mapping[str, FloatArray], effects: Values, days: Mapping[str, FloatArray | None]) -> FloatArray:
    """Return the mean over days of exp(sum of coefficient x (signal - relative_to)), shape (draw,)."""
    used = [(effects[signal], on) for signal, on in days.items() if on is not None and on.size]
    if not used:
        return np.ones(1)
    patterns, counts = np.unique(np.stack([on for _, on in used], axis=1), axis=0, return_counts=True)
    total: FloatArray = np.zeros(1)
    for pattern, count in zip(patterns, counts, strict=True):
        eta = np.zeros(1)
        for (effect, _), value in zip(used, pattern, strict=True):
            eta = eta + _number(draws, effect.coefficient) * (0 if np.isnan(value) else value - effect.relative_to)
        total = total + count * np.exp(eta)
    return np.asarray(total / counts.sum())
