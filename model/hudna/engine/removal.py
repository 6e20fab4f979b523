"""A program without an influence: the same tables, nodes and random numbers, with some terms at 0.

Whatever is switched off stays in its place and goes on by itself; nobody is moved by it any more. What is silenced
never happens: events have an exposure of 0, responses a probability of 0, and nobody reads an absent level. So a run
of the changed program is paired with a run of the whole one, path by path, on the same numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hudna.arrays import BoolArray, IntArray, ints
from hudna.engine.program import NONE, EventsTable, Factor, Program, Transform, factor_columns
from hudna.errors import InputError
from hudna.scenario.influence import Influence

__all__ = ["without"]


def without(program: Program, influence: Influence) -> Program:
    """Return the program with an influence switched off, with the same parameters, streams and shapes.

    Raises
    ------
    InputError
        If no term of the program stands for it.
    """
    chosen = _terms(program, influence)
    regimes = program.regimes
    unheeded = _read(program, influence, regimes.entry_signal[regimes.chance_entry])
    if not (influence.silenced or chosen.any() or unheeded.any()):
        raise InputError.of("remove", "nothing in this scenario is moved by it", given=repr(influence.asked))
    table, couplings = program.values, program.couplings
    nought, never = table.constant.size, table.constant.size + 1
    added = (0.0, -np.inf) if influence.silenced else (0.0,)
    values = replace(
        table,
        constant=np.append(table.constant, added),
        parameter=ints([*table.parameter, *(NONE for _ in added)]),
        transform=ints([*table.transform, *(int(Transform.IDENTITY) for _ in added)]),
        label=(*table.label, *(f"without {influence.asked}" for _ in added)),
    )
    value = np.where(chosen, nought, couplings.value)
    events = program.events
    if influence.silenced:
        rows = [row for name, row in zip(program.responses.name, program.responses.predictor, strict=True)
                if name in influence.nodes]  # fmt: skip
        value[couplings.pointer[rows]] = never  # the base, in log odds
        events = _exposures(program, influence, nought)
    regimes = replace(regimes, chance_value=np.where(unheeded, nought, regimes.chance_value))
    return replace(program, values=values, couplings=replace(couplings, value=value), regimes=regimes, events=events)


def _exposures(program: Program, influence: Influence, nought: int) -> EventsTable:
    """Return the events with an exposure of 0, a sum of no signals, where silenced; no other reads an absent level."""
    table = program.events
    nodes = []
    for i, name in enumerate(table.name):
        found = []
        for factor in table.factors(i):
            read = [(signal, now) for signal, now in zip(factor.signals, factor.now, strict=True)
                    if program.signals[signal] not in influence.signals]  # fmt: skip
            if read:
                signals, now = zip(*read, strict=True)
                found.append(factor._replace(signals=signals, now=now))
        nodes.append([*found, Factor(nought, False, (), ())] if name in influence.nodes else found)
    return replace(table, **factor_columns(nodes))


def _terms(program: Program, influence: Influence) -> BoolArray:
    """Return which terms carry the influence: its ties, and effects (no base, no rate by state) of its signals."""
    couplings, labels = program.couplings, program.values.label
    found = _read(program, influence, couplings.signal)
    for j, (value, tie) in enumerate(zip(couplings.value, couplings.source, strict=True)):
        found[j] = (found[j] and ".rate_by." not in labels[int(value)]) or (bool(tie) and tie in influence.ties)
    return found


def _read(program: Program, influence: Influence, signals: IntArray) -> BoolArray:
    """Return which of these signals are the influence's own, or look at one that is."""
    own = np.array([name in influence.signals for name in program.signals])
    found: BoolArray = own[program.looked_at()[signals]]
    return found
