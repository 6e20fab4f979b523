"""From a scenario to a program: names become indices, once and for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from hudna.arrays import FloatArray, IntArray, ints, pointers
from hudna.case.case import Press
from hudna.case.grammar import Effect
from hudna.case.nodes import KINDS, Events, Level, Node, Regime, Response, Schedule, planned
from hudna.case.references import split_transition
from hudna.case.signals import resolve
from hudna.engine.dated import held, read_off
from hudna.engine.measures import counts_any, outcome_table, series_table
from hudna.engine.program import (
    NONE,
    After,
    Couplings,
    EventsTable,
    Factor,
    LevelTable,
    NodeTable,
    Program,
    RegimeTable,
    ResponseTable,
    ScheduleTable,
    Term,
    Transform,
    ValueTable,
    WindowTable,
    factor_columns,
    last_week,
    term_columns,
    transformed,
)  # fmt: skip
from hudna.engine.streams import stream_id
from hudna.errors import InputError
from hudna.scenario.labels import OutcomeLabel
from hudna.scenario.scenario import Scenario

__all__ = ["compile_scenario"]

N = TypeVar("N", bound=Node)
T = TypeVar("T", bound=NodeTable)
ONE = "1"  # the signal that is always 1; bases hang on it


def compile_scenario(scenario: Scenario, *, policies: Sequence[str] | None = None) -> Program:
    """Compile a scenario to flat tables.

    Every table is in name order (responses in the order in which they trigger one another), so that the
    order of files and keys does not change the results.

    `policies` are those to run, all of them if left out.

    Raises
    ------
    InputError
        If two streams' names have the same hash.
    """
    return _Compiler(scenario, tuple(policies or scenario.policies)).program()


class _Compiler:
    def __init__(self, scenario: Scenario, policies: tuple[str, ...]) -> None:
        self.scenario = scenario
        self.case = scenario.case
        self.nodes = scenario.nodes
        self.policies = policies
        self.catalogue = scenario.case.signals
        self.parameters = tuple(sorted(scenario.parameters))
        self.parameter_index = {name: i for i, name in enumerate(self.parameters)}
        self.value_rows: dict[tuple[float, int, int, str], int] = {}
        self.terms: list[Term] = []
        self.pointer = [0]  # where each linear predictor begins among the terms
        self.presses = self.case.presses()
        self.signals = list(self._signals())
        self.index = {name: i for i, name in enumerate(self.signals)}
        self.streams: list[str] = []
        self.windows: dict[str, tuple[int, list[int], FloatArray]] = {}

    # -- names ----------------------------------------------------------------------------------------------

    def _signals(self) -> tuple[str, ...]:
        """Return the signals in name order; those that are only computed if somebody reads them, only then."""
        wanted = set(self._references())
        wanted |= {f"{name}.threat" for name, node in self.nodes.items() if isinstance(node, Events) and node.exposure}
        lazy = {name for name in self.catalogue if name.endswith((".threat", ".cross"))}
        lazy = {name for name in lazy if self.catalogue[name].measure == "amount"}
        regular = [name for name in self.catalogue if name not in lazy or name in wanted]
        return (ONE, *self._with_states_together(regular))

    def _with_states_together(self, names: Iterable[str]) -> list[str]:
        """Order signals by name, but a regime's states right after it, by their place in the regime."""

        def key(name: str) -> tuple[str, int, str]:
            signal = self.catalogue[name]
            node = self.nodes[signal.node]
            if isinstance(node, Regime) and name != signal.node:
                return (signal.node, 1 + node.ordered_states.index(name.rsplit(".", 1)[1]), "")
            return (signal.node, 0, name)

        return sorted(names, key=key)

    def _references(self) -> Iterable[str]:
        references: list[str] = []
        for node in self.nodes.values():
            references += getattr(node, "effects", {})
            references += getattr(node, "exposure", {})
            for transition in getattr(node, "transitions", {}).values():
                references += transition.effects
        for outcome in self.scenario.file.outcomes.values():
            references += outcome.signal
        references += self.scenario.file.series
        for reference in references:
            yield from resolve(reference, self.catalogue)

    def _stream(self, name: str) -> int:
        self.streams.append(name)
        return len(self.streams) - 1

    # -- windows --------------------------------------------------------------------------------------------

    def _window(self, name: str, weights: FloatArray, what: str) -> int:
        """Return the signal that sums a signal and its past, step by step backwards, with these weights."""
        signal = f"{name} ({what})"
        if signal not in self.windows:
            after = {"response": After.RESPONSES, "level": After.LEVELS}.get(self.catalogue[name].kind, After.EVENTS)
            lags = [self._added(f"{signal}, {k} before") for k in range(1, weights.size)]
            self.windows[signal] = (int(after), [self.index[name], *lags], weights)
            self._added(signal)
        return self.index[signal]

    def _added(self, signal: str) -> int:
        self.index[signal] = len(self.signals)
        self.signals.append(signal)
        return self.index[signal]

    def _acting(self, name: str) -> int:
        """Return the signal by which others are moved: of a count, how many there were a week, over the last week."""
        days = self.scenario.file.step_days
        if days == 7 or self.catalogue[name].measure != "count":
            return self.index[name]
        return self._window(name, last_week(days), "last week")

    def _measured(self, outcome: OutcomeLabel, name: str) -> int:
        """Return the signal that an outcome takes in: counts are added up, else per week; the rest adds up in weeks."""
        days, count = self.scenario.file.step_days, self.catalogue[name].measure == "count"
        if days == 7 or (count and (outcome.reduce == "sum" or counts_any(outcome))):
            return self.index[name]
        if count and outcome.reduce != "mean":
            return self._acting(name)
        if count or outcome.reduce == "sum":
            return self._window(name, np.array([7 / days if count else days / 7]), "a week" if count else "weeks")
        return self.index[name]

    # -- numbers --------------------------------------------------------------------------------------------

    def value(
        self, number: float | str, label: str, transform: Transform = Transform.IDENTITY, times: float = 1.0
    ) -> int:
        """Return the column of `times * transform(number)`; a constant is transformed at once."""
        if isinstance(number, str):
            key = (times, self.parameter_index[number], int(transform), label)
        else:
            with np.errstate(divide="ignore"):
                done = transformed(np.array([number]), transform, self.scenario.step)[0]
            key = (times * float(done), NONE, int(Transform.IDENTITY), label)
        return self.value_rows.setdefault(key, len(self.value_rows))

    # -- predictors -----------------------------------------------------------------------------------------

    def _terms(self, reader: Node, effects: Mapping[str, Effect], label: str) -> None:
        """Add `coefficient x (signal - relative_to)` for each effect, sums spelled out, in name order."""
        for reference in sorted(effects):
            effect = effects[reference]
            value = self.value(effect.coefficient, f"{label}.effects.{reference}")
            for i, name in enumerate(resolve(reference, self.catalogue)):
                point = effect.relative_to if i == 0 else 0.0  # of the sum, so taken off once
                self.terms.append(Term(value, self._acting(name), self._now(reader, name), point, opens=i == 0))

    def _now(self, reader: Node, name: str) -> bool:
        return self.catalogue[name].rank < KINDS.index(reader.kind)

    def _base(self, number: float | str, label: str, transform: Transform) -> None:
        self.terms.append(Term(self.value(number, label, transform), 0, now=True))

    def _close(self) -> int:
        """Return the row of the predictor whose terms have all been added."""
        self.pointer.append(len(self.terms))
        return len(self.pointer) - 2

    # -- tables ---------------------------------------------------------------------------------------------

    def program(self) -> Program:
        schedules = self._schedules()
        regimes = self._regimes()
        events = self._events(regimes.name)
        responses = self._responses()
        levels = self._levels()
        outcomes, series = outcome_table(self.scenario, self._measured), series_table(self.scenario, self.index)
        ids = self._stream_ids()
        return Program(
            start=self.scenario.file.start,
            step_days=self.scenario.file.step_days,
            n_steps=self.scenario.n_steps,
            policies=self.policies,
            parameters=self.parameters,
            priors=tuple(self.scenario.parameters[name].prior for name in self.parameters),
            correlations=self._correlations(),
            values=ValueTable(
                constant=np.array([key[0] for key in self.value_rows]),
                parameter=ints(key[1] for key in self.value_rows),
                transform=ints(key[2] for key in self.value_rows),
                label=tuple(key[3] for key in self.value_rows),
            ),
            signals=tuple(self.signals),
            streams=tuple(self.streams),
            stream_ids=ids,
            couplings=Couplings(pointer=ints(self.pointer), **term_columns(self.terms)),
            schedules=schedules,
            regimes=regimes,
            events=events,
            responses=responses,
            levels=levels,
            windows=self._windows(),
            outcomes=outcomes,
            series=series,
            trajectories=ints(self.index[name] for name in (*events.name, *sorted(responses.name))),
        )

    def _named(self, kind: type[N]) -> list[tuple[str, N]]:
        return [(name, node) for name, node in sorted(self.nodes.items()) if isinstance(node, kind)]

    def _schedules(self) -> ScheduleTable:
        named = self._named(Schedule)
        table = np.empty((len(self.policies), len(named), self.scenario.n_steps))
        for p, policy in enumerate(self.policies):
            plans = self.scenario.file.policies[policy].schedules
            for i, (name, node) in enumerate(named):
                table[p, i] = read_off(planned(node, plans[name]) if name in plans else node, self.scenario.dates)
        return ScheduleTable(
            **self._published(name for name, _ in named), start=np.array([node.start for _, node in named]), table=table
        )

    def _published(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the columns of nodes that every table has."""
        name = tuple(names)
        return {"name": name, "signal": ints(self.index[one] for one in name)}

    def _regimes(self) -> RegimeTable:
        names: list[str] = []
        state_pointer, transition_pointer = [0], [0]
        state_values: list[float] = []
        state_names: list[tuple[str, ...]] = []
        starts: list[int] = []
        ways: list[tuple[int, int, int]] = []
        streams: list[int] = []
        clamps: list[IntArray] = []
        chance_pointer = [0]
        chances: list[tuple[str, int]] = []
        for name, node in self._named(Regime):
            states = node.ordered_states
            place = {state: i for i, state in enumerate(states)}
            names.append(name)
            state_names.append(states)
            state_values += [node.states[state].value for state in states]
            state_pointer.append(len(state_values))
            starts.append(place[node.start])
            ordered = sorted(
                (place[ends[0]], place[ends[1]], way) for way in node.transitions if (ends := split_transition(way))
            )
            for origin, target, way in ordered:
                transition = node.transitions[way]
                label = f'{name}.transitions."{way}"'
                self._base(transition.rate, f"{label}.rate", Transform.LOG)
                self._terms(node, transition.effects, label)
                ways.append((origin, target, self._close()))
                chances += [(on, self.value(p, f"{label}.on.{on}")) for on, p in sorted(transition.on.items())]
                chance_pointer.append(len(chances))
            transition_pointer.append(len(ways))
            streams.append(self._stream(name))
            clamps.append(held(self.scenario.file.assumptions.get(name), place, self.scenario.dates))
        entered = sorted({on for on, _ in chances})
        owners = [names.index(self.catalogue[state].node) for state in entered]
        return RegimeTable(
            name=tuple(names),
            signal=ints(self.index[name] for name in names),
            n_states=ints(np.diff(state_pointer)),
            state_pointer=ints(state_pointer),
            state_value=np.array(state_values),
            state_name=tuple(state_names),
            start=ints(starts),
            transition_pointer=ints(transition_pointer),
            origin=ints(way[0] for way in ways),
            target=ints(way[1] for way in ways),
            predictor=ints(way[2] for way in ways),
            stream=ints(streams),
            clamp=np.array(clamps, np.int64).reshape(len(names), self.scenario.n_steps),
            entry_signal=ints(self._added(f"{on} (entered)") for on in entered),
            entry_regime=ints(owners),
            entry_state=ints(self.index[on] - self.index[names[i]] - 1 for on, i in zip(entered, owners, strict=True)),
            chance_pointer=ints(chance_pointer),
            chance_entry=ints(entered.index(on) for on, _ in chances),
            chance_value=ints(value for _, value in chances),
        )

    def _events(self, regimes: tuple[str, ...]) -> EventsTable:
        named = self._named(Events)
        rows, factors = [], []
        for name, node in named:
            rows.append(self._event(name, node, regimes))
            factors.append([self._factor(name, node, reference) for reference in sorted(node.exposure)])
        return _table(EventsTable, rows, **self._published(name for name, _ in named), **factor_columns(factors))

    def _event(self, name: str, node: Events, regimes: tuple[str, ...]) -> dict[str, int]:
        self._base(node.rate, f"{name}.rate", Transform.LOG)
        for regime in sorted(node.rate_by):
            for state, factor in sorted(node.rate_by[regime].items()):
                value = self.value(factor, f"{name}.rate_by.{regime}.{state}", Transform.LOG)
                self.terms.append(Term(value, self.index[f"{regime}.{state}"], now=True))
        self._terms(node, node.effects, name)
        return {
            "predictor": self._close(),
            "start": self.value(node.start, f"{name}.start"),
            "memory": self.value(node.half_life, f"{name}.half_life", Transform.MEMORY),
            "branching": self.value(node.branching, f"{name}.branching"),
            # Counts of steps that vary so add up to counts of weeks that vary as the dispersion says.
            "dispersion": self.value(node.dispersion, f"{name}.dispersion", times=7 / self.scenario.file.step_days),
            "resets": NONE if node.resets_with is None else regimes.index(node.resets_with),
            "stream": self._stream(name),
            "threat": self.index.get(f"{name}.threat", NONE),
        }

    def _factor(self, name: str, node: Events, reference: str) -> Factor:
        found = resolve(reference, self.catalogue)
        return Factor(
            power=self.value(node.exposure[reference], f"{name}.exposure.{reference}"),
            lever=all(self.catalogue[signal].measure == "lever" for signal in found),
            signals=tuple(self._acting(signal) for signal in found),
            now=tuple(self._now(node, signal) for signal in found),
        )

    def _responses(self) -> ResponseTable:
        rows, triggers = [], []
        for name in self.case.response_order:
            node = self.nodes[name]
            assert isinstance(node, Response)  # noqa: S101 (for the type checker)
            rows.append(self._response(name, node))
            triggers.append(sorted({self.index[s] for t in node.triggers for s in resolve(t, self.catalogue)}))
        return _table(
            ResponseTable,
            rows,
            **self._published(self.case.response_order),
            trigger_pointer=pointers(triggers),
            trigger=ints(place for places in triggers for place in places),
        )

    def _response(self, name: str, node: Response) -> dict[str, int]:
        self._base(node.probability, f"{name}.probability", Transform.LOGIT)
        self._terms(node, node.effects, name)
        row = {
            "predictor": self._close(),
            "start": self.value(node.start, f"{name}.start"),
            "stream": self._stream(name),
        }
        if (size := node.size) is None:
            return row
        return row | {
            "size_signal": self.index[f"{name}.size"],
            **{f"size_{key}": self.value(getattr(size, key), f"{name}.size.{key}")
               for key in ("start", "mean", "dispersion")},
            "size_stream": self._stream(f"{name}.size"),
        }  # fmt: skip

    def _levels(self) -> LevelTable:
        named = self._named(Level)
        rows = [self._level(name, node) for name, node in named]
        return _table(LevelTable, rows, **self._published(name for name, _ in named))

    def _level(self, name: str, node: Level) -> dict[str, int]:
        self._base(node.base, f"{name}.base", Transform.IDENTITY)
        self._terms(node, node.effects, name)
        for press in self.presses.get(name, ()):
            self._press(node, press)
        return {
            "predictor": self._close(),
            "start": self.value(node.start, f"{name}.start", Transform.LOGIT),
            "memory": self.value(node.half_life, f"{name}.half_life", Transform.MEMORY),
            "sd": self.value(node.sd, f"{name}.sd"),
            "stream": self._stream(name),
            "cross": self.index.get(f"{name}.cross", NONE),
        }

    def _press(self, level: Level, press: Press) -> None:
        value = self.value(press.parameter, f"tie {press.tie.id}", times=press.weight)
        now = self._now(level, press.signal)
        self.terms.append(Term(value, self._acting(press.signal), now, source=press.tie.id))

    def _windows(self) -> WindowTable:
        found = self.windows.values()
        return WindowTable(
            signal=ints(self.index[name] for name in self.windows),
            after=ints(after for after, _, _ in found),
            pointer=pointers(parts for _, parts, _ in found),
            part=ints(part for _, parts, _ in found for part in parts),
            weight=np.concatenate([np.empty(0), *(weights for _, _, weights in found)]),
        )

    def _correlations(self) -> tuple[tuple[IntArray, FloatArray], ...]:
        return tuple(
            (ints(self.parameter_index[name] for name in sorted(group.parameters)), group.factor())
            for _, group in sorted(self.case.about.correlations.items())
        )

    def _stream_ids(self) -> IntArray:
        names = [*self.streams, *(f"parameter.{name}" for name in self.parameters)]
        seen: dict[int, str] = {}
        for name in names:
            other = seen.get(stream_id(name))
            if other is not None:
                same = "are one" if other == name else "have the same hash"
                text = f"the streams of random numbers {name} and {other} {same}; rename one driver or parameter"
                raise InputError.of(str(self.case.folder), text)
            seen[stream_id(name)] = name
        return ints(stream_id(name) for name in self.streams)


def _table(kind: type[T], rows: Sequence[Mapping[str, int]], **given: Any) -> T:
    """Return a table with what is given, and every other column from the rows; NONE where a row says nothing."""
    own = [field.name for field in fields(kind) if field.name not in given]
    columns: dict[str, Any] = {name: ints(row.get(name, NONE) for row in rows) for name in own}
    return kind(**given, **columns)
