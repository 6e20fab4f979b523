"""What a scenario measures, as tables: outcomes and series, each a sum of signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hudna.arrays import ints
from hudna.case.signals import resolve
from hudna.engine.program import OutcomeTable, ReducerCode, SeriesTable, last_week
from hudna.scenario.scenario import Outcome, Scenario

__all__ = ["counts_any", "outcome_table", "series_table"]

_REDUCERS = {code.name.lower(): code for code in ReducerCode}


def counts_any(outcome: Outcome) -> bool:
    """Whether an outcome asks for anything above 0, so that a count is taken as it is, however long a step is."""
    return outcome.reduce in ("any", "first") and not outcome.threshold


def outcome_table(scenario: Scenario, measured: Callable[[Outcome, str], int]) -> OutcomeTable:
    """Return the outcomes in the order of the file; `measured` is the place of what an outcome takes of a signal."""
    step, horizon = scenario.step, scenario.n_steps * scenario.step
    outcomes = scenario.file.outcomes
    pointer, signals = [0], []
    for outcome in outcomes.values():
        signals += [measured(outcome, name) for name in _named(outcome.signal, scenario)]
        pointer.append(len(signals))
    windows = [outcome.window or (0.0, horizon) for outcome in outcomes.values()]
    first = [round(window[0] / step) for window in windows]
    last = [round(window[1] / step) for window in windows]
    for i, outcome in enumerate(outcomes.values()):
        counts = any(scenario.case.signals[name].measure == "count" for name in _named(outcome.signal, scenario))
        if counts and outcome.reduce in ("any", "first", "max") and not counts_any(outcome):
            # Weeks that lie in the window as a whole, so that nothing counts that came before it.
            first[i] = min(first[i] + last_week(scenario.file.step_days).size - 1, last[i] - 1)
    return OutcomeTable(
        name=tuple(outcomes),
        code=ints(_REDUCERS[outcome.reduce] for outcome in outcomes.values()),
        signal_pointer=ints(pointer),
        signal=ints(signals),
        first_step=ints(first),
        last_step=ints(last),
        threshold=np.array([outcome.threshold or 0.0 for outcome in outcomes.values()]),
    )


def series_table(scenario: Scenario, index: Mapping[str, int]) -> SeriesTable:
    """Return the series in the order of the file; `index` is the place of each signal."""
    names = scenario.file.series
    found = [_named((name,), scenario) for name in names]
    measures = tuple(_measure(name, scenario) for name in names)
    return SeriesTable(
        name=names,
        measure=measures,
        signal_pointer=ints(np.cumsum([0, *(len(signals) for signals in found)])),
        signal=ints(index[name] for signals in found for name in signals),
    )


def _measure(series: str, scenario: Scenario) -> str:
    """Return what kind of number a sum of signals is: several make a count, a lever, or just an amount."""
    catalogue = scenario.case.signals
    names = resolve(series, catalogue)
    measures = {catalogue[name].measure for name in names}
    if len(names) == 1 or measures in ({"count"}, {"lever"}):
        return measures.pop()
    return "amount"


def _named(references: Sequence[str], scenario: Scenario) -> list[str]:
    """Return the signals of a sum, in name order of what is named."""
    return [name for reference in sorted(references) for name in resolve(reference, scenario.case.signals)]
