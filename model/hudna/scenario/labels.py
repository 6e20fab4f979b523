"""Labels: what the numbers of a scenario are called and how they are measured; made once a scenario is checked.

A result carries them as plain data, and reads them back through the same classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hudna.case import Case
from hudna.case.grammar import Text
from hudna.case.nodes import Regime, Schedule
from hudna.case.signals import Measure, resolve
from hudna.scenario.file import Outcome, Reducer, ScenarioFile
from hudna.scenario.routes import Reading, readings, upstream

__all__ = ["Labels", "LeverLabel", "OutcomeLabel", "Part", "SeriesLabel", "labelled"]

_Signals = Annotated[tuple[str, ...], Field(min_length=1)]


class Part(BaseModel):
    """Plain data about a run; keys that are not named here are kept as they are: nothing relies on them."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    def plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return self.model_dump(mode="json")


class LeverLabel(Part):
    """What a schedule is called."""

    name: Text
    unit: Text


class OutcomeLabel(Part):
    """What an outcome is called and how it was measured; `window` in weeks, `better` "lower", "higher" or None.

    `levers` are the schedules from which a route leads to it; None if the result does not say.
    """

    name: Text
    unit: Text
    reduce: Reducer
    signals: _Signals
    window: tuple[float, float]
    threshold: float
    better: Literal["lower", "higher"] | None = None
    levers: tuple[str, ...] | None = None


class SeriesLabel(Part):
    """What a series is called, what kind of number it is and what it is a sum of; `states` for a regime."""

    name: Text
    unit: Text
    measure: Measure
    signals: _Signals
    states: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True)
class Labels:
    """Of the outcomes and series of a scenario, in the order of its file, and of every schedule, in name order."""

    outcomes: Mapping[str, OutcomeLabel]
    series: Mapping[str, SeriesLabel]
    levers: Mapping[str, LeverLabel]


def labelled(file: ScenarioFile, case: Case) -> Labels:
    """Return the labels of a scenario that is checked."""
    schedules = [case.signals[name] for name, node in sorted(case.nodes.items()) if isinstance(node, Schedule)]
    every = list(readings(case))
    return Labels(
        outcomes={name: _outcome(outcome, file, case, every) for name, outcome in file.outcomes.items()},
        series={name: _series(name, file, case) for name in file.series},
        levers={signal.name: LeverLabel(name=signal.label, unit=signal.unit) for signal in schedules},
    )


def _outcome(outcome: Outcome, file: ScenarioFile, case: Case, every: Sequence[Reading]) -> OutcomeLabel:
    names = tuple(name for reference in sorted(outcome.signal) for name in resolve(reference, case.signals))
    return OutcomeLabel(
        name=outcome.name,
        unit=_outcome_unit(outcome, names, case),
        reduce=outcome.reduce,
        signals=names,
        window=outcome.window or (0.0, float(file.weeks)),
        threshold=outcome.threshold or 0.0,
        better=outcome.better,
        levers=tuple(name for name in sorted(upstream(case, names, every)) if isinstance(case.nodes[name], Schedule)),
    )


def _outcome_unit(outcome: Outcome, names: Sequence[str], case: Case) -> Text:
    match outcome.reduce:
        case "any":
            return Text(en="probability", ar="احتمال")
        case "first" | "time_above":
            return Text(en="weeks", ar="أسابيع")
    units = {case.signals[name].unit.en: case.signals[name].unit for name in names}
    unit = next(iter(units.values())) if len(units) == 1 else Text(en="sum", ar="مجموع")
    counts = outcome.reduce != "sum" and case.signals[names[0]].measure == "count"
    return _per_step(unit, 7) if counts else unit


def _series(reference: str, file: ScenarioFile, case: Case) -> SeriesLabel:
    signals = [case.signals[name] for name in resolve(reference, case.signals)]
    first, measures = signals[0], {signal.measure for signal in signals}
    # Several signals make a count, a lever, or just an amount.
    measure: Measure = first.measure if len(signals) == 1 or measures in ({"count"}, {"lever"}) else "amount"
    node = case.nodes[first.node]
    states = [(state, node.states[state].name) for state in node.ordered_states] if isinstance(node, Regime) else []
    return SeriesLabel(
        name=case.label(reference),
        unit=_per_step(first.unit, file.step_days) if measure == "count" else first.unit,
        measure=measure,
        signals=tuple(signal.name for signal in signals),
        states=tuple(states) if measure == "state" else (),
    )


def _per_step(unit: Text, days: int) -> Text:
    en, ar = {1: ("per day", "في اليوم"), 2: ("per 2 days", "كل يومين"), 7: ("per week", "في الأسبوع")}.get(
        days, (f"per {days} days", f"كل {days} {'أيام' if 3 <= days % 100 <= 10 else 'يوما'}")
    )
    return Text(en=f"{unit.en} {en}", ar=f"{unit.ar} {ar}" if unit.ar else None)
