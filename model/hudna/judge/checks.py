"""Posterior predictive checks: does the model with the learned parameters reproduce what was counted?

The record is simulated again with regimes held where they are known and nothing else given, and its counts are set
beside those of the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hudna.arrays import FloatArray
from hudna.case import Case
from hudna.case.observations import Row
from hudna.engine.program import Program
from hudna.engine.simulate import simulate
from hudna.judge.record import reference_record

__all__ = ["Replicated", "period_counts", "replicate"]

_TAILS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Replicated:
    """Counts of periods of some weeks, replicated and counted.

    paths : replicates a draw; starts : first day of each period; counted : NaN where not all days were counted;
    quantiles : (period, quantile) at 5, 25, 50, 75 and 95 %; at_most : probability that a replicate is at most what was
    counted
    """

    signals: tuple[str, ...]
    weeks: int
    paths: int
    starts: tuple[dt.date, ...]
    counted: FloatArray
    quantiles: FloatArray
    at_most: FloatArray


def replicate(
    program: Program,
    theta: FloatArray,
    case: Case,
    rows: Sequence[Row],
    signals: tuple[str, ...],
    *,
    weeks: int = 4,
    paths: int = 20,
    seed: int = 1,
) -> Replicated:
    """Simulate a record with these parameters and compare it with what was counted.

    Parameters
    ----------
    program : Program
        Of the record, its regimes held where they are known.
    theta : float array, shape (n_draws, n_parameters)
    case : Case, gives the counters
    rows : sequence of Row, what was counted
    signals : tuple of str, events that are summed
    weeks : int, length of a period; paths : int, a draw; seed : int
    """
    simulation = simulate(program, draws=theta.shape[0], paths=paths, seed=seed, theta=theta)
    counts = simulation.counted(signals)
    each = max(1, round(7 * weeks / program.step_days))
    firsts = range(0, program.n_steps - each + 1, each)
    starts = tuple(program.day(t) for t in firsts)
    sums = np.stack([counts[:, t : t + each].sum(axis=1) for t in firsts], axis=1)
    counted = period_counts(case, rows, signals, [(program.day(t), program.day(t + each)) for t in firsts])
    return Replicated(
        signals=signals,
        weeks=weeks,
        paths=paths,
        starts=starts,
        counted=counted,
        quantiles=np.quantile(sums, _TAILS, axis=0).T,
        at_most=np.where(np.isnan(counted), np.nan, (sums <= counted).mean(axis=0)),
    )


def period_counts(
    case: Case, rows: Sequence[Row], signals: tuple[str, ...], periods: Iterable[tuple[dt.date, dt.date]]
) -> FloatArray:
    """Return what the reference counted from one day to before another, NaN where not all days were counted."""
    record = reference_record(case.observations, [row for row in rows if row.use != "context"], signals)
    found = [(*record.count(start, (end - start).days), (end - start).days) for start, end in periods]
    return np.array([count if known == days else np.nan for count, known, days in found])
