"""A program: a scenario as flat tables. It is data: printable, hashable, testable, the same for every engine.

There are two arrays of signals, *before* (as of the last step) and *now*. Every term of a linear predictor
says which one it reads; that is the order of the week, made visible.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from hudna.arrays import BoolArray, FloatArray, IntArray, ints, pointers
from hudna.case.priors import Prior
from hudna.case.steps import place_of, step_day

__all__ = [
    "NONE", "TILE", "After", "Couplings", "EventsTable", "Factor", "LevelTable", "NodeTable", "OutcomeTable", "Program",
    "ReducerCode", "RegimeTable", "ResponseTable", "ScheduleTable", "SeriesTable", "Term", "Transform", "ValueTable",
    "WindowTable", "content_hash", "factor_columns", "last_week", "term_columns", "transformed",
]  # fmt: skip

NONE = -1  # in a column of indices: there is none
TILE = 256  # paths of a draw that are summed at once, so that splitting a run into blocks does not change the result


class Transform(IntEnum):
    """What is done to a parameter before it is multiplied by a value's constant."""

    IDENTITY = 0
    LOG = 1
    LOGIT = 2
    MEMORY = 3  # 2 ** (-step / half-life), 0 at half-life 0


def transformed(numbers: FloatArray, transform: Transform, step: float) -> FloatArray:
    """Apply a transform; `step` in weeks is what a memory is taken over."""
    match transform:
        case Transform.LOG:
            return np.log(numbers)
        case Transform.LOGIT:
            return np.log(numbers) - np.log1p(-numbers)
        case Transform.MEMORY:
            return np.exp2(-step / numbers)
        case _:
            return numbers


def last_week(step_days: float) -> FloatArray:
    """Return which shares of a count in this step, and in the steps before it one by one, make the count of a week.

    Of a step that is longer it is the average week.

    Examples
    --------
    >>> last_week(2).tolist(), last_week(14).tolist()
    ([1.0, 1.0, 1.0, 0.5], [0.5])
    """
    shares: FloatArray = np.clip(7.0 - step_days * np.arange(-(-7 // step_days)), 0, step_days) / step_days
    return shares


class After(IntEnum):
    """The kind of node after which a window is known, in the order of the week."""

    EVENTS = 0
    RESPONSES = 1
    LEVELS = 2


class ReducerCode(IntEnum):
    """How a path's weekly numbers become one outcome."""

    SUM = 0
    ANY = 1
    MEAN = 2
    MAX = 3
    LAST = 4
    FIRST = 5
    TIME_ABOVE = 6


@dataclass(frozen=True, eq=False)
class ValueTable:
    """Every number that a draw fixes: `constant * transform(parameter)`, or `constant` where there is none."""

    constant: FloatArray
    parameter: IntArray
    transform: IntArray
    label: tuple[str, ...]  # node and field, for errors


class Term(NamedTuple):
    """One term of a linear predictor: value x (signal - reference), the signal as of now or of the step before."""

    value: int
    signal: int
    now: bool
    reference: float = 0.0
    opens: bool = True  # a part; the other signals of a sum belong to the part before
    source: str = ""  # the tie that it stands for


@dataclass(frozen=True, eq=False)
class Couplings:
    """Linear predictors, row by row: the columns of the terms `pointer[r]` to `pointer[r + 1]`."""

    pointer: IntArray
    value: IntArray
    signal: IntArray
    now: BoolArray
    reference: FloatArray
    opens: BoolArray
    source: tuple[str, ...]

    def terms(self, row: int) -> range:
        """Return the terms of one predictor."""
        return range(int(self.pointer[row]), int(self.pointer[row + 1]))

    def term(self, j: int) -> Term:
        """Return one term."""
        return Term(
            int(self.value[j]), int(self.signal[j]), bool(self.now[j]), float(self.reference[j]), bool(self.opens[j]),
            self.source[j],
        )  # fmt: skip


def term_columns(terms: Sequence[Term]) -> dict[str, Any]:
    """Return the columns of `Couplings` that terms make, the pointer left out."""
    return {
        "value": ints(term.value for term in terms),
        "signal": ints(term.signal for term in terms),
        "now": np.array([term.now for term in terms], bool),
        "reference": np.array([term.reference for term in terms], np.float64),
        "opens": np.array([term.opens for term in terms], bool),
        "source": tuple(term.source for term in terms),
    }


@dataclass(frozen=True, eq=False)
class NodeTable:
    """Nodes of one kind: their names, and the signal that each publishes first."""

    name: tuple[str, ...]
    signal: IntArray


@dataclass(frozen=True, eq=False)
class PredictedTable(NodeTable):
    """Nodes that are moved by a linear predictor; `start` is the value that each starts from."""

    start: IntArray
    predictor: IntArray


@dataclass(frozen=True, eq=False)
class ScheduleTable(NodeTable):
    """Schedules: `table[policy, schedule, step]`, and `start` before the first step."""

    start: FloatArray
    table: FloatArray


@dataclass(frozen=True, eq=False)
class RegimeTable(NodeTable):
    """Regimes. The states' signals follow the regime's own; `clamp[regime, step]` is a state, or NONE if free.

    `entry_signal[e]` is 1 in a step in which `entry_regime[e]` enters `entry_state[e]`, else 0. The chances of
    transition j are `chance_pointer[j]` to the next: each the value that is drawn once such an entry is read.
    """

    n_states: IntArray
    state_pointer: IntArray
    state_value: FloatArray
    state_name: tuple[tuple[str, ...], ...]
    start: IntArray
    transition_pointer: IntArray
    origin: IntArray
    target: IntArray
    predictor: IntArray
    stream: IntArray
    clamp: IntArray
    entry_signal: IntArray
    entry_regime: IntArray
    entry_state: IntArray
    chance_pointer: IntArray
    chance_entry: IntArray
    chance_value: IntArray


class Factor(NamedTuple):
    """One factor of an exposure: a sum of signals, each as of now or of the step before, to the power of a value."""

    power: int
    lever: bool
    signals: tuple[int, ...]
    now: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class EventsTable(PredictedTable):
    """Events. The exposure of node i has the factors `factor_pointer[i]` to `factor_pointer[i + 1]`."""

    memory: IntArray
    branching: IntArray
    dispersion: IntArray
    resets: IntArray
    stream: IntArray
    threat: IntArray
    factor_pointer: IntArray
    factor_power: IntArray
    factor_lever: BoolArray
    factor_signal_pointer: IntArray
    factor_signal: IntArray
    factor_now: BoolArray

    def factors(self, i: int) -> list[Factor]:
        """Return the factors of a node's exposure."""
        found = []
        for f in range(int(self.factor_pointer[i]), int(self.factor_pointer[i + 1])):
            own = slice(int(self.factor_signal_pointer[f]), int(self.factor_signal_pointer[f + 1]))
            signals, now = tuple(self.factor_signal[own].tolist()), tuple(self.factor_now[own].tolist())
            found.append(Factor(int(self.factor_power[f]), bool(self.factor_lever[f]), signals, now))
        return found


def factor_columns(nodes: Sequence[Sequence[Factor]]) -> dict[str, Any]:
    """Return the columns of `EventsTable` that the factors of each node make."""
    factors = [factor for node in nodes for factor in node]
    return {
        "factor_pointer": pointers(nodes),
        "factor_power": ints(factor.power for factor in factors),
        "factor_lever": np.array([factor.lever for factor in factors], bool),
        "factor_signal_pointer": pointers([factor.signals for factor in factors]),
        "factor_signal": ints(signal for factor in factors for signal in factor.signals),
        "factor_now": np.array([now for factor in factors for now in factor.now], bool),
    }


@dataclass(frozen=True, eq=False)
class ResponseTable(PredictedTable):
    """Responses, each after those that trigger it. Triggers are read as of now."""

    trigger_pointer: IntArray
    trigger: IntArray
    stream: IntArray
    size_signal: IntArray
    size_start: IntArray
    size_mean: IntArray
    size_dispersion: IntArray
    size_stream: IntArray


@dataclass(frozen=True, eq=False)
class LevelTable(PredictedTable):
    """Levels; `cross` is the signal of the sum of absolute parts, where somebody reads it."""

    memory: IntArray
    sd: IntArray
    stream: IntArray
    cross: IntArray


@dataclass(frozen=True, eq=False)
class WindowTable:
    """Signals over a stretch of time: `signal[i]` is the sum of weight x part, `pointer[i]` to `pointer[i + 1]`.

    The first part is what is looked at, as of this step. Every further part is a signal of its own, which takes what
    the part before it was in the step before. `after[i]` is an `After`.
    """

    signal: IntArray
    after: IntArray
    pointer: IntArray
    part: IntArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class OutcomeTable:
    """Outcomes: which signals are summed, how they are reduced, over which steps."""

    name: tuple[str, ...]
    code: IntArray
    signal_pointer: IntArray
    signal: IntArray
    first_step: IntArray
    last_step: IntArray  # the step after the last
    threshold: FloatArray


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """Series: which signals are summed, and what kind of number comes out."""

    name: tuple[str, ...]
    measure: tuple[str, ...]
    signal_pointer: IntArray
    signal: IntArray


@dataclass(frozen=True, eq=False)
class Program:
    """A scenario, compiled. Every index points into another table of the same program."""

    start: dt.date
    step_days: float  # whole, or `MONTH` where steps are calendar months
    n_steps: int
    policies: tuple[str, ...]
    parameters: tuple[str, ...]
    priors: tuple[Prior, ...]
    correlations: tuple[tuple[IntArray, FloatArray], ...]
    values: ValueTable
    signals: tuple[str, ...]
    streams: tuple[str, ...]
    stream_ids: IntArray
    couplings: Couplings
    schedules: ScheduleTable
    regimes: RegimeTable
    events: EventsTable
    responses: ResponseTable
    levels: LevelTable
    windows: WindowTable
    outcomes: OutcomeTable
    series: SeriesTable
    trajectories: IntArray  # signals kept week by week for some paths

    @property
    def step(self) -> float:
        """Length of a step, in weeks."""
        return self.step_days / 7

    def day(self, t: int) -> dt.date:
        """Return the first day of step `t`."""
        return step_day(self.start, self.step_days, t)

    def place(self, day: dt.date) -> float:
        """Return how many steps after the program's start a day begins."""
        return place_of(day, self.start, self.step_days)

    def signal_index(self) -> dict[str, int]:
        """Return the place of each signal."""
        return {name: i for i, name in enumerate(self.signals)}

    def looked_at(self) -> IntArray:
        """Return for each signal the one that it is a window over, a part of one or the entry of; else itself."""
        found = np.arange(len(self.signals))
        first = self.windows.pointer[:-1]
        found[self.windows.part] = np.repeat(self.windows.part[first], np.diff(self.windows.pointer))
        found[self.windows.signal] = self.windows.part[first]
        regimes = self.regimes
        found[regimes.entry_signal] = regimes.signal[regimes.entry_regime] + 1 + regimes.entry_state
        return found

    def digest(self) -> str:
        """Return a hash of all that the program holds; equal programs have equal digests."""
        return content_hash(self)

    def __str__(self) -> str:
        """Return the program as text: a line a node, its predictor with what is read from when."""
        return "\n".join(_lines(self))


def content_hash(item: Any) -> str:
    """Return a hash of all that a piece of frozen data holds: dataclasses, arrays, tuples, numbers and texts."""
    hasher = hashlib.blake2b(digest_size=16)
    _feed(hasher, item)
    return hasher.hexdigest()


def _feed(hasher: Any, item: Any) -> None:
    if hasattr(item, "__dataclass_fields__"):
        for field in fields(item):
            hasher.update(field.name.encode())
            _feed(hasher, getattr(item, field.name))
    elif isinstance(item, np.ndarray):
        hasher.update(f"{item.dtype.str}{item.shape}".encode())
        hasher.update(np.ascontiguousarray(item).tobytes())
    elif isinstance(item, tuple):
        hasher.update(f"({len(item)}".encode())
        for part in item:
            _feed(hasher, part)
    elif isinstance(item, Prior):
        hasher.update(item.model_dump_json().encode())
    else:
        hasher.update(f"{type(item).__name__}:{item}".encode())


def _lines(program: Program) -> Iterator[str]:
    yield (
        f"program {program.digest()}: {len(program.policies)} policies, {program.n_steps} steps of "
        f"{program.step_days} days from {program.start}, {len(program.signals)} signals, "
        f"{len(program.parameters)} parameters, {len(program.streams)} streams"
    )
    yield from (f"schedule {name}" for name in program.schedules.name)
    regimes = program.regimes
    for i, name in enumerate(regimes.name):
        states = regimes.state_name[i]
        yield f"regime {name}: {', '.join(states)}; starts in {states[int(regimes.start[i])]}"
        for j in range(int(regimes.transition_pointer[i]), int(regimes.transition_pointer[i + 1])):
            way = f"{states[int(regimes.origin[j])]} -> {states[int(regimes.target[j])]}"
            yield f"  {way}: log rate = {_predictor(program, int(regimes.predictor[j]))}"
            for c in range(int(regimes.chance_pointer[j]), int(regimes.chance_pointer[j + 1])):
                entered = program.signals[int(regimes.entry_signal[regimes.chance_entry[c]])]
                chance = _value(program, int(regimes.chance_value[c]))
                yield f"  {way}: {entered}[before] with probability {chance}"
    for kind, table, left in (
        ("events", program.events, "log rate"),
        ("response", program.responses, "log odds"),
        ("level", program.levels, "log odds"),
    ):
        for name, row in zip(table.name, table.predictor, strict=True):
            yield f"{kind} {name}: {left} = {_predictor(program, int(row))}"
    windows = program.windows
    for i, s in enumerate(windows.signal):
        parts = range(int(windows.pointer[i]), int(windows.pointer[i + 1]))
        sums = " + ".join(f"{windows.weight[j]:g} * {program.signals[windows.part[j]]}" for j in parts)
        yield f"window {program.signals[s]}: {sums}"


def _predictor(program: Program, row: int) -> str:
    parts = []
    for term in map(program.couplings.term, program.couplings.terms(row)):
        value, read = _value(program, term.value), f"{program.signals[term.signal]}[{'now' if term.now else 'before'}]"
        if term.reference:
            read = f"({read} - {term.reference:g})"
        parts.append(f"{value} * {read}" if term.signal else value)
    return " + ".join(parts) or "0"


def _value(program: Program, column: int) -> str:
    constant, parameter = program.values.constant[column], int(program.values.parameter[column])
    if parameter == NONE:
        return f"{constant:g}"
    name, transform = program.parameters[parameter], Transform(int(program.values.transform[column]))
    inner = name if transform is Transform.IDENTITY else f"{transform.name.lower()}({name})"
    return inner if constant == 1 else f"{constant:g} {inner}"
