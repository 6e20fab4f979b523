"""What a scenario measures, as tables: outcomes and series, each a sum of signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hudna.arrays import ints, pointers
from hudna.engine.program import OutcomeTable, ReducerCode, SeriesTable, last_week
from hudna.scenario.labels import OutcomeLabel
from hudna.scenario.scenario import Scenario

__all__ = ["counts_any", "outcome_table", "series_table"]

_REDUCERS = {code.name.lower(): code for code in ReducerCode}


def counts_any(outcome: OutcomeLabel) -> bool:
    """Whether an outcome asks for anything above 0, so that a count is taken as it is, however long a step is."""
    return outcome.reduce in ("any", "first") and not outcome.threshold


def outcome_table(scenario: Scenario, measured: Callable[[OutcomeLabel, str], int]) -> OutcomeTable:
    """Return the outcomes in the order of the file; `measured` is the place of what an outcome takes of a signal."""
    outcomes, step = scenario.labels.outcomes, scenario.step
    signals = [[measured(outcome, name) for name in outcome.signals] for outcome in outcomes.values()]
    first, last = ([round(outcome.window[end] / step) for outcome in outcomes.values()] for end in (0, 1))
    for i, outcome in enumerate(outcomes.values()):
        counts = any(scenario.case.signals[name].measure == "count" for name in outcome.signals)
        if counts and outcome.reduce in ("any", "first", "max") and not counts_any(outcome):
            # Weeks that lie in the window as a whole, so that nothing counts that came before it.
            first[i] = min(first[i] + last_week(scenario.file.step_days).size - 1, last[i] - 1)
    return OutcomeTable(
        name=tuple(outcomes),
        code=ints(_REDUCERS[outcome.reduce] for outcome in outcomes.values()),
        signal_pointer=pointers(signals),
        signal=ints(place for places in signals for place in places),
        first_step=ints(first),
        last_step=ints(last),
        threshold=np.array([outcome.threshold for outcome in outcomes.values()]),
    )


def series_table(scenario: Scenario, index: Mapping[str, int]) -> SeriesTable:
    """Return the series in the order of the file; `index` is the place of each signal."""
    series = scenario.labels.series
    return SeriesTable(
        name=tuple(series),
        measure=tuple(label.measure for label in series.values()),
        signal_pointer=pointers(label.signals for label in series.values()),
        signal=ints(index[name] for label in series.values() for name in label.signals),
    )
