"""What a scenario measures, as tables: outcomes and series, each a sum of signals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hudna.arrays import IntArray, ints
from hudna.case.signals import resolve
from hudna.engine.program import OutcomeTable, ReducerCode, SeriesTable
from hudna.scenario.scenario import Scenario

__all__ = ["outcome_table", "series_table"]

_REDUCERS = {code.name.lower(): code for code in ReducerCode}


def outcome_table(scenario: Scenario, index: Mapping[str, int]) -> OutcomeTable:
    """Return the outcomes in the order of the file; `index` is the place of each signal."""
    step, horizon = scenario.step, scenario.n_steps * scenario.step
    outcomes = scenario.file.outcomes
    pointer, signals = _sums((outcome.signal for outcome in outcomes.values()), scenario, index)
    windows = [outcome.window or (0.0, horizon) for outcome in outcomes.values()]
    return OutcomeTable(
        name=tuple(outcomes),
        code=ints(_REDUCERS[outcome.reduce] for outcome in outcomes.values()),
        signal_pointer=pointer,
        signal=signals,
        first_step=ints(round(window[0] / step) for window in windows),
        last_step=ints(round(window[1] / step) for window in windows),
        threshold=np.array([outcome.threshold or 0.0 for outcome in outcomes.values()]),
    )


def series_table(scenario: Scenario, index: Mapping[str, int]) -> SeriesTable:
    """Return the series in the order of the file; `index` is the place of each signal."""
    names = scenario.file.series
    pointer, signals = _sums(((name,) for name in names), scenario, index)
    measures = tuple(_measure(name, scenario) for name in names)
    return SeriesTable(name=names, measure=measures, signal_pointer=pointer, signal=signals)


def _measure(series: str, scenario: Scenario) -> str:
    """Return what kind of number a sum of signals is: several make a count, a lever, or just an amount."""
    catalogue = scenario.case.signals
    names = resolve(series, catalogue)
    measures = {catalogue[name].measure for name in names}
    if len(names) == 1 or measures in ({"count"}, {"lever"}):
        return measures.pop()
    return "amount"


def _sums(
    references: Iterable[Sequence[str]], scenario: Scenario, index: Mapping[str, int]
) -> tuple[IntArray, IntArray]:
    pointer, signals = [0], []
    for group in references:
        signals += [index[s] for reference in sorted(group) for s in resolve(reference, scenario.case.signals)]
        pointer.append(len(signals))
    return ints(pointer), ints(signals)
