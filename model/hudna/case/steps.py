"""Steps of time: of so many days each, or calendar months."""

from __future__ import annotations

import datetime as dt

__all__ = ["MONTH", "place_of", "step_day"]

MONTH = 365.2425 / 12  # days of a calendar month, on average: what a step of months lasts in rates and half-lives


def step_day(start: dt.date, step_days: float, t: int) -> dt.date:
    """Return the first day of step `t`; steps of `MONTH` days are calendar months.

    Examples
    --------
    >>> str(step_day(dt.date(2024, 1, 1), 28, 1)), str(step_day(dt.date(2024, 1, 1), MONTH, 14))
    ('2024-01-29', '2025-03-01')
    """
    if step_days != MONTH:
        return start + t * step_days * dt.timedelta(days=1)
    year, month = divmod(12 * start.year + start.month - 1 + t, 12)
    return dt.date(year, month + 1, 1)


def place_of(day: dt.date, start: dt.date, step_days: float) -> float:
    """Return how many steps after `start` a day begins.

    Examples
    --------
    >>> place_of(dt.date(2024, 1, 15), dt.date(2024, 1, 1), 28)
    0.5
    >>> place_of(dt.date(2024, 3, 1), dt.date(2024, 1, 1), MONTH)
    2.0
    """
    if step_days != MONTH:
        return (day - start).days / step_days
    t = 12 * (day.year - start.year) + day.month - start.month
    return t + (day.day - 1) / (step_day(start, step_days, t + 1) - step_day(start, step_days, t)).days
