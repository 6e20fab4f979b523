"""From rows of observations to what a filter does in each step: gauges and their readings, holds, known answers.

A gauge adds a sum of events up from a first day on and is read on one or more last days: a count over an interval has
one reading, a running total many. Steps are cut where gauges begin or are read, and within such a piece counts are
independent Poisson given the step's rates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from hudna.arrays import IntArray
from hudna.case.observations import Counter, Row, last_known
from hudna.engine.oracle import silent
from hudna.engine.program import NONE, Program
from hudna.errors import Problems
from hudna.learn.likelihood import Report

__all__ = ["Family", "Gauge", "LevelReading", "Piece", "Timetable", "known_by", "timetable"]

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Gauge:
    """A sum of events from the day `start` on, as one counter counts it, and its readings by last day.

    `key` is its own; `ratio` is what the counter counts, in counts of the reference: 1 for the
    reference, else a number or the place of a parameter. `until` is the day after its last reading, if that is not
    known yet too.
    """

    key: tuple[str, str, str]
    nodes: tuple[int, ...]
    counter: str
    start: dt.date
    until: dt.date
    readings: tuple[tuple[dt.date, Report], ...]
    weighs: bool
    ratio: float | None = None
    parameter: int = NONE

    @property
    def reference(self) -> bool:
        """Whether it counts what the model counts."""
        return self.ratio is None and self.parameter == NONE

    def runs(self, start: dt.date, end: dt.date) -> float:
        """Return the share of the days from `start` to before `end` in which it adds up."""
        return max(0, (min(end, self.until) - max(start, self.start)).days) / (end - start).days


@dataclass(frozen=True)
class Piece:
    """A part of a step between two days.

    read : gauges of the family that are read at its end, with what they say; adding : all that add up in it;
    share : of the step; end : the day after the last
    """

    share: float
    start: dt.date
    end: dt.date
    read: tuple[tuple[Gauge, Report], ...]
    adding: tuple[Gauge, ...]

    @cached_property
    def reports(self) -> Mapping[tuple[int, ...], tuple[tuple[Gauge, Report], ...]]:
        """What the reference reads at the end, by the nodes that are summed, the sharpest report first."""
        found: dict[tuple[int, ...], list[tuple[Gauge, Report]]] = {}
        for gauge, report in self.read:
            if gauge.reference:
                found.setdefault(gauge.nodes, []).append((gauge, report))
        return {nodes: tuple(sorted(r, key=lambda one: (one[1].open, one[1].slack))) for nodes, r in found.items()}

    @cached_property
    def leads(self) -> Mapping[tuple[int, ...], Lead]:
        """The exact reading of the reference that comes first, by nodes; rounded ones need no leading."""
        found: dict[tuple[int, ...], Lead] = {}
        for gauge in self.started:
            coming = [(day, report) for day, report in gauge.readings if day >= self.end - _DAY][:1]
            for day, report in coming:
                lead = Lead(gauge, day, report)
                if report.qualifier == "exact":
                    best = found.get(gauge.nodes)
                    if best is None or lead.order < best.order:
                        found[gauge.nodes] = lead
        return found

    @cached_property
    def started(self) -> tuple[Gauge, ...]:
        """The reference's gauges that run in it from its first day on."""
        return tuple(g for g in self.adding if g.reference and g.start <= self.start and g.readings)

    def coming(self, nodes: tuple[int, ...], day: dt.date) -> tuple[Gauge, Report] | None:
        """Return a report of these nodes on a later day, if it is no lower bound."""
        for gauge in self.started:
            if gauge.nodes == nodes:
                for when, report in gauge.readings:
                    if when == day and not report.open:
                        return gauge, report
        return None


@dataclass(frozen=True)
class Lead:
    """A reading that a sum is led toward."""

    gauge: Gauge
    day: dt.date
    report: Report

    @property
    def order(self) -> tuple[Any, ...]:
        """What comes first leads; of one day, what conditions without weighing."""
        return self.day, self.gauge.weighs, self.gauge.key


@dataclass(frozen=True)
class Family:
    """Events nodes whose gauges overlap, with the sets that gauges sum: the whole, then what lies within it."""

    nodes: tuple[int, ...]
    sets: tuple[tuple[int, ...], ...]

    @cached_property
    def parts(self) -> Mapping[tuple[int, ...], tuple[tuple[int, ...], ...]]:
        """By set, the largest sets within it, and the nodes outside them."""
        return {nodes: self._within(nodes) for nodes in (*self.sets, *((node,) for node in self.nodes))}

    def _within(self, nodes: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        inner = [s for s in self.sets if set(s) < set(nodes)]
        inner = [s for s in inner if not any(set(s) < set(other) for other in inner)]
        return (*inner, *((node,) for node in nodes if not any(node in s for s in inner)))


@dataclass(frozen=True)
class LevelReading:
    """A level's reading: its log odds with a normal error."""

    level: int
    score: float
    sd: float
    parameter: int


@dataclass(frozen=True)
class Timetable:
    """What is known in each step of a program.

    gauges : all that add up, in name order, those too whose readings are not known yet
    pieces : per step and family the pieces of the step, none where nothing of the family is seen in it
    answers : per step, response -> its count as `Ensemble.settle` takes it
    levels : per step, the readings of levels at its end
    hold : (regime, step), the state that a regime is in, or NONE
    weighed : per step, the held regimes whose going there weighs
    known : rows are read as they were known on that morning
    running : per step, the nodes that gauges sum in it; wider : per step, those gauges that no family seen in it holds
    """

    gauges: tuple[Gauge, ...]
    families: tuple[Family, ...]
    pieces: tuple[tuple[tuple[Piece, ...], ...], ...]
    answers: tuple[Mapping[int, float], ...]
    levels: tuple[tuple[LevelReading, ...], ...]
    hold: IntArray
    weighed: tuple[tuple[int, ...], ...]
    known: dt.date = dt.date.max
    running: tuple[tuple[int, ...], ...] = ()
    wider: tuple[tuple[Gauge, ...], ...] = ()


def known_by(rows: Iterable[Row], day: dt.date) -> tuple[Row, ...]:
    """Return what of the rows is known on the morning of `day`: those that have ended.

    A row that holds on each of its days, a state or an exact count of 0, is cut at `day` if it goes on: of it the part
    before is known.

    Parameters
    ----------
    rows : rows of observations
    day : date

    Returns
    -------
    tuple of Row, in the same order
    """
    ends = [(row, last_known(row.start, row.end, day, daily=row.daily)) for row in rows]
    return tuple(row if end == row.end else replace(row, end=end) for row, end in ends if end is not None)


def timetable(
    program: Program, rows: Sequence[Row], counters: Mapping[str, Counter], known: dt.date | None = None
) -> Timetable:
    """Lay rows out over the steps of a program.

    Parameters
    ----------
    program : Program
    rows : sequence of Row
        Those of use "likelihood" and "known"; others are left aside. Days outside the program's steps are, too: a count
        that began earlier cannot be read.
    counters : who counts
    known : date, optional
        Only what is known on the morning of that day is used; the end of the program if left out. Later rows move
        nothing in the steps before.

    Raises
    ------
    InputError
        If a response is known in a way that does not fix its count in a step.
    """
    problems = Problems()
    first, last = program.start, program.day(program.n_steps)
    every = [row for row in rows if row.weighs and row.end >= first and row.start < last]
    known = min(known or last, last)
    inside = known_by(every, known)
    events, later = ([row for row in part if row.kind == "events" and row.start >= first] for part in (inside, every))
    gauges = _gauges(program, events, later, counters)
    families = _families([gauge for gauge in gauges if gauge.readings])
    answers = _answers(program, [row for row in inside if row.kind == "response"], problems)
    hold, weighed = _holds(program, [row for row in inside if row.kind == "regime"])
    problems.raise_if_any()
    pieces = tuple(tuple(_pieces(program, family, gauges, t) for family in families) for t in range(program.n_steps))
    found = [_running(program, gauges, families, pieces[t], t) for t in range(program.n_steps)]
    return Timetable(
        gauges=gauges,
        families=families,
        pieces=pieces,
        running=tuple(nodes for nodes, _ in found),
        wider=tuple(wider for _, wider in found),
        answers=answers,
        levels=_levels(program, [row for row in inside if row.kind == "level"], counters),
        hold=hold,
        weighed=weighed,
        known=known,
    )


def _gauges(
    program: Program, rows: Iterable[Row], later: Iterable[Row], counters: Mapping[str, Counter]
) -> tuple[Gauge, ...]:
    place = {name: i for i, name in enumerate(program.events.name)}
    whole = set(later)
    grouped: dict[tuple[str, str, str], tuple[list[Row], list[Row]]] = {}
    for known, part in ((0, later), (1, rows)):
        for row in part:
            key = (" + ".join(row.signals), row.counter, f"{row.start} {row.use}")
            grouped.setdefault(key, ([], []))[known].append(row)
    gauges = []
    for key, (every, group) in sorted(grouped.items()):
        group.sort(key=lambda row: (row.end, row.line))
        ratio = counters[key[1]].ratio if key[1] in counters else None
        gauges.append(
            Gauge(
                key=key,
                nodes=tuple(place[name] for name in every[0].signals),
                counter=key[1],
                start=every[0].start,
                until=max(row.end for row in every) + _DAY,
                readings=tuple(
                    (row.end, Report(row.value, row.qualifier, row.confidence, row not in whole)) for row in group
                ),
                weighs=any(row.use == "likelihood" for row in every),
                ratio=None if isinstance(ratio, str) or ratio is None else float(ratio),
                parameter=program.parameters.index(ratio) if isinstance(ratio, str) else NONE,
            )
        )
    return tuple(gauges)


def _families(gauges: Sequence[Gauge]) -> tuple[Family, ...]:
    """Return the sets that gauges sum, each largest set with those within it, larger ones first."""
    sets = sorted({gauge.nodes for gauge in gauges}, key=lambda nodes: (-len(nodes), nodes))
    wholes = [s for s in sets if not any(set(s) < set(other) for other in sets)]
    return tuple(Family(whole, tuple(s for s in sets if set(s) <= set(whole))) for whole in wholes)


def _pieces(program: Program, family: Family, gauges: Sequence[Gauge], t: int) -> tuple[Piece, ...]:
    begin, end = program.day(t), program.day(t + 1)
    mine = [g for g in gauges if g.readings and set(g.nodes) <= set(family.nodes)]
    mine = [g for g in mine if g.start < end and g.readings[-1][0] >= begin]
    if not mine:
        return ()
    cuts = {begin, end}
    for gauge in mine:
        cuts |= {day for day in (gauge.start, *(day + _DAY for day, _ in gauge.readings)) if begin < day < end}
    days = sorted(cuts)
    return tuple(
        Piece(
            share=(b - a).days / (end - begin).days,
            start=a,
            end=b,
            read=tuple((g, report) for g in mine for day, report in g.readings if day + _DAY == b),
            adding=tuple(g for g in gauges if set(g.nodes) <= set(family.nodes) and g.runs(a, b)),
        )
        for a, b in pairwise(days)
    )


def _running(
    program: Program,
    gauges: Sequence[Gauge],
    families: Sequence[Family],
    pieces: Sequence[tuple[Piece, ...]],
    t: int,
) -> tuple[tuple[int, ...], tuple[Gauge, ...]]:
    """Return the nodes that gauges sum in a step, and the gauges that no family holds of which something is seen."""
    found = [gauge for gauge in gauges if gauge.runs(program.day(t), program.day(t + 1))]
    seen = [family for family, parts in zip(families, pieces, strict=True) if parts]
    wider = tuple(g for g in found if not any(set(g.nodes) <= set(family.nodes) for family in seen))
    return tuple(sorted({node for gauge in found for node in gauge.nodes})), wider


def _answers(program: Program, rows: Sequence[Row], problems: Problems) -> tuple[dict[int, float], ...]:
    """Return the counts of responses, step by step, where the rows cover all days of the step."""
    place = {name: i for i, name in enumerate(program.responses.name)}
    days = np.zeros((len(place), program.n_steps))
    counts = np.zeros((len(place), program.n_steps))
    silence = np.zeros((len(place), program.n_steps), bool)
    for row in rows:
        first, last = (program.place(day) for day in (row.start, row.end + _DAY))
        one_step = int(np.floor(first)) == int(np.ceil(last)) - 1
        if row.qualifier != "exact" or (row.value and not (one_step and len(row.signals) == 1)):
            text = (
                "a response is known only where its exact count in a step is: give one row a step for one response, "
                "or a count of 0 over any time"
            )
            problems.add(f"observations.csv:{row.line}", "signal", text, given=f"'{row.signal}'")
            continue
        for name in row.signals:
            for t in range(max(0, int(np.floor(first))), min(program.n_steps, int(np.ceil(last)))):
                days[place[name], t] += program.step_days * (min(last, t + 1) - max(first, t))
                counts[place[name], t] += row.value
                silence[place[name], t] |= row.use == "known"
    full = days >= program.step_days - 1e-9
    return tuple(
        {i: silent(counts[i, t]) if silence[i, t] else float(counts[i, t]) for i in range(len(place)) if full[i, t]}
        for t in range(program.n_steps)
    )


def _holds(program: Program, rows: Sequence[Row]) -> tuple[IntArray, tuple[tuple[int, ...], ...]]:
    """Return the state in which each regime is held: the one that is known for most days of a step."""
    n_regimes = len(program.regimes.name)
    hold = np.full((n_regimes, program.n_steps), NONE, np.int64)
    weighed: list[list[int]] = [[] for _ in range(program.n_steps)]
    for i, name in enumerate(program.regimes.name):
        mine = [row for row in rows if row.signals == (name,)]
        for t in range(program.n_steps):
            begin, end = program.day(t), program.day(t + 1)
            days = np.zeros(int(program.regimes.n_states[i]))
            for row in mine:
                state = program.regimes.state_name[i].index(row.state)
                days[state] += max(0, (min(end, row.end + _DAY) - max(begin, row.start)).days)
            if 2 * days.sum() > (end - begin).days:
                hold[i, t] = int(np.argmax(days))
                if any(row.use == "likelihood" for row in mine if row.start < end and row.end >= begin):
                    weighed[t].append(i)
    return hold, tuple(tuple(found) for found in weighed)


def _levels(
    program: Program, rows: Sequence[Row], counters: Mapping[str, Counter]
) -> tuple[tuple[LevelReading, ...], ...]:
    found: list[list[LevelReading]] = [[] for _ in range(program.n_steps)]
    place = {name: i for i, name in enumerate(program.levels.name)}
    for row in rows:
        sd = counters[row.counter].sd if row.counter in counters else None
        t = int(program.place(row.end) // 1)
        if 0 <= t < program.n_steps and sd is not None:
            for name in row.signals:
                parameter = program.parameters.index(sd) if isinstance(sd, str) else NONE
                score = float(np.log(row.value) - np.log1p(-row.value))
                found[t].append(LevelReading(place[name], score, 0.0 if isinstance(sd, str) else sd, parameter))
    return tuple(tuple(readings) for readings in found)
