"""A program without an influence: the same tables, nodes and random numbers, with some terms at 0.

Whatever is switched off stays in its place and goes on by itself; nobody is moved by it any more. So a run of the
changed program is paired with a run of the whole one, path by path, on the same numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hudna.arrays import BoolArray, ints
from hudna.engine.program import NONE, Program, Transform
from hudna.errors import InputError
from hudna.scenario.influence import Influence

__all__ = ["without"]


def without(program: Program, influence: Influence) -> Program:
    """Return the program with an influence switched off.

    Parameters
    ----------
    program : Program
    influence : Influence

    Returns
    -------
    Program
        With the same parameters, streams and shapes.

    Raises
    ------
    InputError
        If no term of the program stands for it.
    """
    chosen = _terms(program, influence)
    if not chosen.any():
        raise InputError.of("remove", "nothing in this scenario is moved by it", given=repr(influence.asked))
    table, couplings = program.values, program.couplings
    nought = table.constant.size
    values = replace(
        table,
        constant=np.append(table.constant, 0.0),
        parameter=ints([*table.parameter, NONE]),
        transform=ints([*table.transform, int(Transform.IDENTITY)]),
        label=(*table.label, f"without {influence.asked}"),
    )
    return replace(
        program, values=values, couplings=replace(couplings, value=np.where(chosen, nought, couplings.value))
    )


def _terms(program: Program, influence: Influence) -> BoolArray:
    """Return which terms carry the influence: its ties, and effects (no base, no rate by state) of its signals."""
    couplings, labels, looked_at = program.couplings, program.values.label, program.looked_at()
    places = {i for i, name in enumerate(program.signals) if name in influence.signals}
    found = np.zeros(couplings.value.size, bool)
    for j, (value, signal, tie) in enumerate(zip(couplings.value, couplings.signal, couplings.source, strict=True)):
        read = int(looked_at[signal]) in places and ".rate_by." not in labels[int(value)]
        found[j] = read or (bool(tie) and tie in influence.ties)
    return found
