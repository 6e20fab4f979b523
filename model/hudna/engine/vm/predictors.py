"""Linear predictors over lanes: value x (signal - reference), summed.

`signals[row, lane]` holds two planes of rows: those as of this step start at `now`, those of the step before at
`before`. What is the same on every lane is summed once.
"""

from __future__ import annotations

from hudna.arrays import FloatArray
from hudna.engine.vm.compilation import inlined, merged
from hudna.engine.vm.maths import fma
from hudna.engine.vm.tables import TERMS, Couplings

__all__ = ["absolute_parts", "constant_part", "is_alike", "predict"]


@inlined
def is_alike(couplings: Couplings, row: int) -> bool:
    """Whether a predictor is the same on every lane."""
    return couplings.split[row] == couplings.pointer[row + 1]


@inlined
def constant_part(
    couplings: Couplings, values: FloatArray, signals: FloatArray, before: int, now: int, row: int
) -> float:
    """Sum what is the same on every lane: the base, schedules, and the references of all terms."""
    total = 0.0
    for j in range(couplings.pointer[row], couplings.split[row]):
        at = couplings.signal[j] + (now if couplings.now[j] else before)
        total += values[couplings.value[j]] * (signals[at, 0] - couplings.reference[j])
    for j in range(couplings.split[row], couplings.pointer[row + 1]):
        if couplings.reference[j] != 0.0:
            total -= values[couplings.value[j]] * couplings.reference[j]
    return total


@inlined
def predict(
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    row: int,
    out: FloatArray,
    lanes: int,
) -> None:
    """Write a predictor to `out[lane]`."""
    base = constant_part(couplings, values, signals, before, now, row)
    first, end = couplings.split[row], couplings.pointer[row + 1]
    if first == end:
        for i in range(lanes):
            out[i] = base
    for j in range(first, end, TERMS):  # `out` is written once for several terms
        a = couplings.signal[j] + (now if couplings.now[j] else before)
        b = couplings.signal[j + 1] + (now if couplings.now[j + 1] else before)
        c = couplings.signal[j + 2] + (now if couplings.now[j + 2] else before)
        d = couplings.signal[j + 3] + (now if couplings.now[j + 3] else before)
        va, vb = values[couplings.value[j]], values[couplings.value[j + 1]]
        vc, vd = values[couplings.value[j + 2]], values[couplings.value[j + 3]]
        if j == first:
            for i in range(lanes):
                x = fma(va, signals[a, i], base)
                x = fma(vb, signals[b, i], x)
                x = fma(vc, signals[c, i], x)
                out[i] = fma(vd, signals[d, i], x)
        else:
            for i in range(lanes):
                x = fma(va, signals[a, i], out[i])
                x = fma(vb, signals[b, i], x)
                x = fma(vc, signals[c, i], x)
                out[i] = fma(vd, signals[d, i], x)


@merged
def absolute_parts(
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    row: int,
    out: FloatArray,
    work: FloatArray,
    lanes: int,
) -> None:
    """Write the sum of a predictor's absolute parts, its base left out, to `out[lane]`."""
    for i in range(lanes):
        out[i] = 0.0
        work[0, i] = 0.0
    for j in range(couplings.pointer[row], couplings.pointer[row + 1]):
        if couplings.signal[j] == 0:
            continue
        a = couplings.signal[j] + (now if couplings.now[j] else before)
        v, reference = values[couplings.value[j]], couplings.reference[j]
        if couplings.opens[j]:
            for i in range(lanes):
                out[i] += abs(work[0, i])
                work[0, i] = v * (signals[a, i] - reference)
        else:
            for i in range(lanes):
                work[0, i] += v * (signals[a, i] - reference)
    for i in range(lanes):
        out[i] += abs(work[0, i])
