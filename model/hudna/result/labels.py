"""What the numbers of a result are called, and how they were measured."""

from __future__ import annotations

from dataclasses import dataclass

from hudna.case.grammar import Text

__all__ = ["OutcomeLabel", "SeriesLabel"]


@dataclass(frozen=True)
class OutcomeLabel:
    """What an outcome is called and how it was measured; `window` in weeks, `better` "lower", "higher" or None.

    `levers` are the schedules from which a route leads to it; None if the result does not say.
    """

    name: Text
    unit: Text
    reduce: str
    signals: tuple[str, ...]
    window: tuple[float, float]
    threshold: float
    better: str | None = None
    levers: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SeriesLabel:
    """What a series is called, what kind of number it is and what it is a sum of; `states` for a regime."""

    name: Text
    unit: Text
    measure: str
    signals: tuple[str, ...]
    states: tuple[tuple[str, Text], ...] = ()
