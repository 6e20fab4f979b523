"""A program without an influence: the same tables, nodes and random numbers, with some terms at 0.

Whatever is switched off stays in its place and goes on by itself; nobody is moved by it any more. What is silenced
never happens: events have an exposure of 0, responses a probability of 0, and nobody reads an absent level. So a run
of the changed program is paired with a run of the whole one, path by path, on the same numbers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hudna.arrays import BoolArray, IntArray, ints
from hudna.engine.program import NONE, EventsTable, Program, Transform
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
    pointer, power, lever, signal_pointer, signals, now = [0], [], [], [0], [], []
    for i, name in enumerate(table.name):
        for f in range(int(table.factor_pointer[i]), int(table.factor_pointer[i + 1])):
            first, last = int(table.factor_signal_pointer[f]), int(table.factor_signal_pointer[f + 1])
            read = [k for k in range(first, last) if program.signals[table.factor_signal[k]] not in influence.signals]
            if not read:
                continue
            power.append(table.factor_power[f])
            lever.append(table.factor_lever[f])
            signals += [table.factor_signal[k] for k in read]
            now += [table.factor_now[k] for k in read]
            signal_pointer.append(len(signals))
        if name in influence.nodes:
            power.append(nought)
            lever.append(False)
            signal_pointer.append(len(signals))
        pointer.append(len(power))
    return replace(
        table,
        factor_pointer=ints(pointer),
        factor_power=ints(power),
        factor_lever=np.array(lever, bool),
        factor_signal_pointer=ints(signal_pointer),
        factor_signal=ints(signals),
        factor_now=np.array(now, bool),
    )


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
