"""Where the actors of a network stand: the pressed one in the middle, those who press beside it, the rest outside.

Blocs that work toward exit are on one side and those that work toward stay on the other; a bloc stays together. What is
left open, the order of blocs and of the actors in one, is chosen so that ties that press run clear of other actors.
The same network always looks the same.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np

from hudna.arrays import BoolArray, FloatArray, IntArray
from hudna.case import Case
from hudna.case.graph import pressed_most

__all__ = ["Place", "place"]

BEND = 0.07  # of a tie, a part of its length; of the second between the same two, more
_GAPS = 0.12, 0.5  # rows between blocs of one, and around larger ones
_CLEAR = 2.2  # rows above and below the actor in the middle, where nobody stands
_HIGH = 0.25  # of a row, in columns
_HALF = (0.4, 0.095)  # of an actor's name, in columns
_LIFTS = (1.5, 1.0, 0.5, 0.0, -0.5, -1.0)
_STARTS, _STEPS, _TRIES = 6, 500, 1000  # orders to be looked at: first here and there, then one by one
_WORK = 1e7  # ties and names compared in each of the two, at most: a second or two, however large the network
_PAIRS = 20_000  # of ties that may cross: of more, so many are looked at
_WARM, _COOL = 3.0, 0.05  # how much worse an order may be at first, and the part of it at last


@dataclass(frozen=True)
class Place:
    """Where an actor stands: `x` in columns from -2 to 2, `y` in rows from the top, with minus."""

    x: float
    y: float


@dataclass
class _Bloc:
    """Actors that stand together: those that press on the middle inside, the others outside."""

    inner: list[str]
    outer: list[str]

    @property
    def rows(self) -> int:
        return max(len(self.inner), len(self.outer))


@dataclass
class _Order:
    """Blocs from top to bottom on the side of exit (-1), in the middle (0), and on the side of stay (1)."""

    sides: dict[int, list[_Bloc]]
    middle: str | None
    lift: list[float] = field(default_factory=lambda: [0.0])  # of the actor in the middle, in rows

    def height(self, side: int) -> float:
        """Return the rows that a side takes, with the gaps."""
        blocs = self.sides[side]
        own = 2 * _CLEAR + 1 if side == 0 and self.middle is not None else 0.0
        return own + sum(bloc.rows for bloc in blocs) + sum(_gap(a, b) for a, b in itertools.pairwise(blocs))

    def places(self) -> dict[str, Place]:
        """Return where every actor stands."""
        top = max(self.height(side) for side in self.sides)
        found: dict[str, Place] = {}
        for side, blocs in self.sides.items():
            y = -(top - self.height(side)) / 2
            if side == 0 and self.middle is not None:
                y = -(top - self.height(side)) - 2 * _CLEAR - 1  # its context at the bottom, the actor above it
                found[self.middle] = Place(0.0, y / 2 + self.lift[0])
            for bloc, below in itertools.zip_longest(blocs, blocs[1:]):
                for x, names in ((side, bloc.inner), (2 * side, bloc.outer)):
                    first = y - (bloc.rows - len(names)) / 2 - 0.5
                    found |= {name: Place(float(x), first - i) for i, name in enumerate(names)}
                y -= bloc.rows + (_gap(bloc, below) if below is not None else 0.0)
        return found


def _gap(one: _Bloc, other: _Bloc) -> float:
    alone = all(len(bloc.inner) + len(bloc.outer) == 1 for bloc in (one, other))
    return _GAPS[0 if alone else 1]


def place(case: Case) -> dict[str, Place]:
    """Return where every actor of a case stands in its picture, for a reader from left to right."""
    pressing = {press.tie.id for presses in case.presses().values() for press in presses}
    lean = {"exit": -1.0, "stay": 1.0, None: 0.0}
    net = _Net(
        tuple((name, actor.bloc or f" {name}") for name, actor in sorted(case.actors.items())),
        tuple((tie.source, tie.target, tie.id in pressing, lean[tie.toward] * tie.weight)
              for tie in sorted(case.ties, key=lambda tie: tie.id)),
        pressed_most(case),
    )  # fmt: skip
    return dict(_placed(net))


@dataclass(frozen=True)
class _Net:
    """What places depend on: actors with their blocs; ties, whether they press, how far toward stay; the middle."""

    actors: tuple[tuple[str, str], ...]
    ties: tuple[tuple[str, str, bool, float], ...]
    middle: str | None


@lru_cache(maxsize=16)
def _placed(net: _Net) -> Mapping[str, Place]:
    order = _first_order(net)
    if len(net.actors) > 1 and net.ties:
        measure = _Measure(net)
        _shake(order, measure.rough, measure.looks(context=False))
        _settle(order, measure.whole, min(_TRIES, measure.looks(context=True)))
    return order.places()


def _first_order(net: _Net) -> _Order:
    groups: dict[str, list[str]] = {}
    for name, of in net.actors:
        groups.setdefault(of, []).append(name)
    pressing = {source for source, target, presses, _ in net.ties if presses and target == net.middle}
    order = _Order({-1: [], 0: [], 1: []}, net.middle)
    undecided: list[_Bloc] = []
    for members in sorted(groups.values(), key=lambda names: (-len(names), names)):
        others = [name for name in members if name != net.middle]
        if net.middle in members:
            if others:
                order.sides[0].append(_Bloc([], others))
            continue
        bloc = _Bloc([name for name in others if name in pressing], [name for name in others if name not in pressing])
        lean = sum(toward for source, _, _, toward in net.ties if source in members)
        if lean:
            order.sides[1 if lean > 0 else -1].append(bloc)
        else:
            undecided.append(bloc)
    for bloc in undecided:
        side = min((-1, 1, 0), key=order.height)
        order.sides[side].append(bloc)
    return order


class _Measure:
    """How hard a picture is to read: what ties run over, where they cross, and how long they are."""

    def __init__(self, net: _Net) -> None:
        self.names = [name for name, _ in net.actors]
        number = {name: i for i, name in enumerate(self.names)}
        pairs = {kind: sorted({(number[source], number[target]) for source, target, presses, _ in net.ties
                               if presses == kind}) for kind in (True, False)}  # fmt: skip
        self.strong = np.array(pairs[True], int).reshape(-1, 2)
        self.faint = np.array(pairs[False], int).reshape(-1, 2)
        a, b, self.weight = _pairs(len(self.strong))
        apart = ~(self.strong[a, :, None] == self.strong[b, None, :]).any(axis=(1, 2))
        self.pairs = a[apart], b[apart]

    def looks(self, *, context: bool) -> int:
        """Return how many orders can be measured within the work that a picture may take."""
        ties = 2 * len(self.strong) + (len(self.faint) if context else 0)
        return int(_WORK / (len(self.pairs[0]) + ties * len(self.names) + 1))

    def rough(self, places: Mapping[str, Place]) -> float:
        """Return the measure without what context runs over, which is most of the work."""
        return self._of(places, context=False)

    def whole(self, places: Mapping[str, Place]) -> float:
        """Return the measure."""
        return self._of(places, context=True)

    def _of(self, places: Mapping[str, Place], *, context: bool) -> float:
        at = np.array([(places[name].x, places[name].y * _HIGH) for name in self.names])
        strong, faint = at[self.strong], at[self.faint]
        over = _covered(strong, self.strong, at, BEND).sum()
        crossing = _crossing(strong[self.pairs[0]], strong[self.pairs[1]]).sum()
        met = 0.15 * _covered(faint, self.faint, at).sum() if context else 0.0
        return float(10 * over + 2 * self.weight * crossing + _length(strong) + met + 0.08 * _length(faint))


def _pairs(n: int) -> tuple[IntArray, IntArray, float]:
    """Return the pairs of n ties, or some of many, the same every time, and how many pairs each of them stands for."""
    total = n * (n - 1) // 2
    if total <= _PAIRS:
        return *np.triu_indices(n, 1), 1.0
    chosen = np.array(random.Random(1).sample(range(total), _PAIRS))
    b = ((1 + np.sqrt(8.0 * chosen + 1)) // 2).astype(int)  # pair k is (k - b (b - 1) / 2, b)
    return chosen - b * (b - 1) // 2, b, total / _PAIRS


def _length(ends: FloatArray) -> float:
    return float(np.hypot(*(ends[:, 1] - ends[:, 0]).T).sum())


def _covered(ends: FloatArray, ties: IntArray, at: FloatArray, bend: float = 0.0) -> BoolArray:
    """Return which ties (rows) run over which actors' names (columns), their own ends left out.

    A bent tie is followed in two straight parts, by the point in its middle.
    """
    first, last = ends[:, 0], ends[:, 1]
    along = last - first
    half_way = (first + last) / 2 + bend / 2 * np.stack([along[:, 1], -along[:, 0]], axis=1)
    found = _over(first, half_way, at) | _over(half_way, last, at) if bend else _over(first, last, at)
    rows = np.arange(len(ties))
    found[rows, ties[:, 0]] = found[rows, ties[:, 1]] = False
    return found


def _over(first: FloatArray, last: FloatArray, at: FloatArray) -> BoolArray:
    start, step = first[:, None], (last - first)[:, None]
    step = np.where(np.abs(step) < 1e-9, 1e-9, step)
    half = np.array(_HALF)
    one, other = (at - half - start) / step, (at + half - start) / step
    enter, leave = np.minimum(one, other).max(axis=2), np.maximum(one, other).min(axis=2)
    met: BoolArray = (enter < leave) & (enter < 1) & (leave > 0)
    return met


def _crossing(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return whether each straight line crosses its partner."""

    def turn(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
        return np.sign((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))

    a, b, c, d = one[:, 0], one[:, 1], other[:, 0], other[:, 1]
    return ((turn(a, b, c) * turn(a, b, d) < 0) & (turn(c, d, a) * turn(c, d, b) < 0)).astype(float)


def _shake(order: _Order, measure: Callable[[Mapping[str, Place]], float], looks: int) -> None:
    """Change the order here and there, less and less against the measure (simulated annealing), and keep the best.

    The dice are the same every time.
    """
    dice = random.Random(1)
    changes = [list(mine) for _, mine in itertools.groupby(_changes(order), lambda change: id(change[0]))]
    if not changes:
        return
    first = [(mine[0][0], mine[0][0][:]) for mine in changes]
    kept, best = first, measure(order.places())
    starts = min(_STARTS, max(1, looks // _STEPS))
    steps = min(_STEPS, looks // starts)
    for _ in range(starts):
        _put(first)
        now = measure(order.places())
        for step in range(steps):
            row, changed = dice.choice(dice.choice(changes))
            before = row[:]
            row[:] = changed(before)
            found = measure(order.places())
            if found < now or dice.random() < math.exp((now - found) / (_WARM * _COOL ** (step / steps))):
                now = found
                if now < best - 1e-9:
                    best, kept = now, [(row, row[:]) for row, _ in kept]
            else:
                row[:] = before
    _put(kept)


def _put(rows: list[tuple[list[Any], list[Any]]]) -> None:
    for row, values in rows:
        row[:] = values


def _settle(order: _Order, measure: Callable[[Mapping[str, Place]], float], most: int) -> None:
    """Change the order step by step as long as that makes the picture easier to read."""
    best, tries, better = measure(order.places()), 0, True
    while better:
        better = False
        for row, changed in _changes(order):
            if tries >= most:
                return
            tries += 1
            before = row[:]
            row[:] = changed(before)
            now = measure(order.places())
            if now < best - 1e-9:
                best, better = now, True
            else:
                row[:] = before


def _changes(order: _Order) -> Iterator[tuple[list[Any], Callable[[list[Any]], list[Any]]]]:
    """Yield what can be changed, and how: blocs of a side, actors of a bloc, how high the one in the middle stands."""
    rows: list[list[Any]] = list(order.sides.values())
    rows += [names for blocs in order.sides.values() for bloc in blocs for names in (bloc.inner, bloc.outer)]
    for row in rows:
        for i, j in itertools.permutations(range(len(row)), 2):
            yield row, partial(_moved, i=i, j=j)
            if i < j - 1:
                yield row, partial(_swapped, i=i, j=j)
    if order.middle is not None:
        for lift in _LIFTS:
            yield order.lift, partial(_set, value=lift)


def _moved(old: list[Any], *, i: int, j: int) -> list[Any]:
    rest = old[:i] + old[i + 1 :]
    return [*rest[:j], old[i], *rest[j:]]


def _swapped(old: list[Any], *, i: int, j: int) -> list[Any]:
    new = old[:]
    new[i], new[j] = old[j], old[i]
    return new


def _set(_: list[Any], *, value: float) -> list[Any]:
    return [value]
