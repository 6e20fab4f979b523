"""Dated tables, read step by step: schedules, and the states that an assumption holds a regime in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.case.nodes import Schedule
from hudna.engine.program import NONE
from hudna.scenario.file import FREE, Assumption

__all__ = ["held", "read_off"]


def read_off(schedule: Schedule, dates: Sequence[dt.date]) -> FloatArray:
    """Return a schedule's value on the first day of each step: `start` before its first point, then the table.

    Examples
    --------
    >>> read_off(Schedule(kind="schedule", name="x", unit="1", start=1.0, interpolation="linear",
    ...     points=[[dt.date(2024, 1, 1), 1.0], [dt.date(2024, 1, 11), 0.0]]), [dt.date(2024, 1, 6)])
    array([0.5])
    """
    days = np.array([date.toordinal() for date in dates], float)
    if not schedule.points:
        return np.full(len(days), schedule.start)
    at = np.array([date.toordinal() for date, _ in schedule.points], float)
    values = np.array([value for _, value in schedule.points])
    if schedule.interpolation == "linear":
        read = np.interp(days, at, values)
    else:
        read = values[np.maximum(np.searchsorted(at, days, side="right") - 1, 0)]
    return np.asarray(np.where(days < at[0], schedule.start, read))


def held(assumption: Assumption | None, place: Mapping[str, int], dates: Sequence[dt.date]) -> IntArray:
    """Return the state that each step is held in, or NONE where the regime is free.

    An assumption acts from the first step whose first day it has reached.
    """
    states = np.full(len(dates), NONE, np.int64)
    for date, state in (assumption.states or ()) if assumption else ():
        reached = np.array([day >= date for day in dates])
        states[reached] = NONE if state == FREE else place[state]
    return states
