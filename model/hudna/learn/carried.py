"""States that are kept: those that a posterior carries at its record's end, and those of a start in the cache.

A posterior is a joint sample of parameters and states. Beside its draws lie some states of each, as the rows leave them
at the end of the record, so that a run from there filters nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hudna.arrays import BoolArray, FloatArray
from hudna.case import Case
from hudna.case.observations import Row
from hudna.case.posterior import Posterior
from hudna.engine.program import Program
from hudna.engine.states import States
from hudna.files.archive import packed, unpacked
from hudna.learn.filtered import filter_draws
from hudna.learn.past import history_program, laid_out, question_of, record_of
from hudna.learn.smc import Known, derived_seed

__all__ = ["CARRIED", "Carried", "as_stored", "carried_states", "from_stored"]

CARRIED = 20  # states of each draw: see docs/learning.md for what that leaves out
_LAZY = (".threat", ".cross")  # signals that are computed only where a scenario reads them


@dataclass(frozen=True)
class Carried:
    """States of a posterior's draws at the end of its record.

    states : (posterior's draw, ..., particle), in the order of `names`; possible : (posterior's draw), whether the rows
    can be explained by it; about : the record's days and the names of what is in the states
    """

    states: States
    possible: BoolArray
    about: Mapping[str, Any]

    @classmethod
    def of(cls, posterior: Posterior) -> Carried | None:
        """Return what a posterior carries; None if it is nothing that can be read."""
        if posterior.states is None:
            return None
        try:
            arrays, about = unpacked(posterior.states)
        except ValueError:
            return None
        possible = arrays.pop("possible")
        return cls(from_stored(arrays), possible, about) if possible.size == posterior.n_draws else None

    def fit(self, past: Program) -> States | None:
        """Return the states as a run through the same past has them; None if it is another or has more in it."""
        days, names = _about(past)
        if days != self.about["days"]:
            return None
        arrays = []
        for kind, array in zip(States._fields, self.states, strict=True):
            place = {name: i for i, name in enumerate(self.about["names"][kind])}
            if not place.keys() >= set(names[kind]):
                return None
            arrays.append(array[:, [place[name] for name in names[kind]]])
        return States(*arrays)


def carried_states(
    case: Case,
    record: str,
    names: tuple[str, ...],
    theta: FloatArray,
    seed: int,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """Filter draws of a posterior through its record, and return the states as the bytes of a file.

    Parameters
    ----------
    case : Case
    record : str
    names : of the parameters
    theta : float array, shape (n_draws, n_parameters)
    seed : int, of the calibration
    threads, progress
        As of `hudna.run`.
    """
    _, stretch = record_of(case, record)
    question = question_of(case, stretch)
    lazy = tuple(name for name, signal in sorted(case.signals.items()) if name.endswith(_LAZY))
    question = replace(question, file=question.file.model_copy(update={"series": lazy}))
    rows: list[Row] = [row for row in case.observations.rows_of(record) if row.weighs]
    program, table = laid_out(history_program(question, stretch, stretch.until), rows, question)
    order = [names.index(name) for name in program.parameters]
    weights, states = filter_draws(
        Known(program, table, program.n_steps), theta[:, order], CARRIED, derived_seed(seed, 0x737461),
        halfway=program.n_steps, threads=threads, progress=progress,
    )  # fmt: skip
    days, own = _about(program)
    arrays = {**as_stored(states, np.float32), "possible": np.isfinite(weights)}
    return packed(arrays, {"days": days, "names": own})


def _about(program: Program) -> tuple[list[Any], dict[str, list[str]]]:
    """Return the days that a program goes through, and what is in its states."""
    days = [str(program.start), str(program.day(program.n_steps)), program.step_days]
    names = (program.signals, program.regimes.name, program.events.name, program.levels.name)
    return days, {kind: list(one) for kind, one in zip(States._fields, names, strict=True)}


def as_stored(states: States, kind: type[np.floating[Any]] = np.float64) -> dict[str, np.ndarray]:
    """Return states as arrays that pack well: rows of small whole numbers as bytes, the others as numbers of a kind."""
    arrays: dict[str, np.ndarray] = {}
    for name, array in zip(States._fields, states, strict=True):
        small = ((array == np.floor(array)) & (array < 256) & ~np.signbit(array)).all(axis=(0, 2))
        arrays |= {f"{name}-small": small, f"{name}-bytes": array[:, small].astype(np.uint8)}
        arrays[name] = array[:, ~small].astype(kind)
    return arrays


def from_stored(arrays: Mapping[str, np.ndarray]) -> States:
    """Return the states that `as_stored` made arrays of."""
    states = []
    for name in States._fields:
        small, rest = arrays[f"{name}-small"], arrays[name]
        array = np.empty((rest.shape[0], small.size, rest.shape[2]))
        array[:, small], array[:, ~small] = arrays[f"{name}-bytes"], rest
        states.append(array)
    return States(*states)
