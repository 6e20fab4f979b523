"""One call from a result, or a scenario, to what moves an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hudna.analysis.sensitivity import Sensitivity, sensitivity_of
from hudna.arguments import check_kind, check_options
from hudna.ask.run import run
from hudna.result import Result
from hudna.scenario import Scenario

__all__ = ["sensitivity"]


def sensitivity(
    of: Result | Scenario | str | Path | Mapping[str, Any], outcome: str, a: str, b: str | None = None, **options: Any
) -> Sensitivity:
    """Return what moves an outcome, or its difference between two policies: the share of each parameter.

    First-order shares of the variance over draws, noise of paths taken out, with 90 % intervals (Saltelli et al. 2008);
    found by regression on the draws at hand (Strong & Oakley 2013): nothing of a result is run again.

    Parameters
    ----------
    of : Result, Scenario, or what `hudna.load` takes
        A scenario is run first.
    outcome : str
    a, b : str
        Policies: the outcome under `a` less that under `b`; under `a` alone if `b` is left out.
    **options
        As of `hudna.run`, for a scenario.

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        If there is no such outcome or policy, or there are fewer than 100 different draws, or a single path in each, or
        too few of both for the variance between draws to be 4 standard errors from 0; or if the outcome has no value
        in some future, or the same mean in every draw.
    SimulationError
        If a rate or level leaves the range of numbers.

    Examples
    --------
    >>> found = sensitivity("two-militias", "pressure", "stay", draws=200, paths=20, seed=1)
    >>> list(found.table().columns)
    ['status', 'share', 'error', 'low', 'high', 'found', 'overlaps']
    >>> found.by_status().index[-1]
    'remainder'
    """
    check_kind("sensitivity", "of", of, "Result | Scenario | str | Path | Mapping")
    for key, value in (("outcome", outcome), ("a", a), *([] if b is None else [("b", b)])):
        check_kind("sensitivity", key, value, "str")
    if isinstance(of, Result):
        check_options("sensitivity", options, ())
        return sensitivity_of(of, outcome, a, b)
    return sensitivity_of(run(of, **options), outcome, a, b)
