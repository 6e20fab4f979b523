"""Does every name in a case stand for something, and is every number of a kind that its place allows?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hudna.case.documents import Document, show_key, show_value
from hudna.case.grammar import ITEM, Domain, number_domain
from hudna.case.network import Actor
from hudna.case.nodes import PROBABILITY, Events, Level, Node, Regime, Response, Schedule, Size, Transition
from hudna.case.parameters import Parameter
from hudna.case.priors import Prior
from hudna.case.signals import Signal, resolve, unknown_signal
from hudna.errors import Problems, nearest, no_such

__all__ = ["Unread", "check_nodes", "check_support", "no_state", "numbers", "split_transition", "trigger_order"]

Say = Callable[..., None]


@dataclass(frozen=True)
class Unread:
    """Names that are there, but with problems of their own. What refers to them is excused: one mistake, one problem.

    `files` are the roles of files of which nothing could be read.
    """

    drivers: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()
    counters: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def driver(self, reference: str) -> bool:
        """Whether `reference` may mean a driver that could not be read."""
        stem = reference.removesuffix("*")
        return "drivers" in self.files or any(
            f"{reference}.".startswith(f"{name}.") or f"{name}.".startswith(stem) for name in self.drivers
        )

    def parameter(self, name: str) -> bool:
        """Whether `name` may mean a parameter that could not be read."""
        return "parameters" in self.files or name in self.parameters

    def actor(self, name: str) -> bool:
        """Whether `name` may mean an actor that could not be read."""
        return "actors" in self.files or name in self.actors

    def counter(self, name: str) -> bool:
        """Whether `name` may mean a counter that could not be read."""
        return "observations" in self.files or name in self.counters


@dataclass(frozen=True)
class _Known:
    """What names can stand for."""

    nodes: Mapping[str, Node]
    signals: Mapping[str, Signal]
    parameters: Mapping[str, Parameter]
    actors: Mapping[str, Actor]
    unread: Unread

    def excused(self, reference: str) -> bool:
        """Whether `reference` is no name yet, or may mean a driver that could not be read."""
        return ITEM in reference or self.unread.driver(reference)


def check_nodes(
    nodes: Mapping[str, Node],
    signals: Mapping[str, Signal],
    parameters: Mapping[str, Parameter],
    actors: Mapping[str, Actor],
    document: Document,
    problems: Problems,
    *,
    entries: Mapping[str, Any],
    unread: Unread,
) -> None:
    """Check every reference of every node against what the case has; `entries` are the drivers as written."""
    known = _Known(nodes, signals, parameters, actors, unread)
    for name, node in nodes.items():
        driver = name if name in entries else name.rsplit(".", 1)[0]

        def say(field: str, text: str, given: Any = None, *, name: str = name, driver: str = driver) -> None:
            shown = "" if given is None else show_value(given)
            key = (driver, *_overridden(entries, name, driver, field))
            problems.add(document.where((driver,)), f"{show_key(key)}.{field}", text, given=shown)

        for field, value, domain in numbers(node):
            if isinstance(value, str):
                _check_parameter(field, value, domain, known, say)
        _check_node(node, known, say)
    trigger_order(nodes, signals, problems, document)
    _check_levels(nodes, document, problems)


def _overridden(entries: Mapping[str, Any], name: str, driver: str, field: str) -> tuple[str, ...]:
    """Return the keys under which the node `name` has the field for itself; none if all of its driver share it."""
    if name == driver:
        return ()
    item = name.removeprefix(f"{driver}.")
    own = entries[driver].get("overrides", {}).get(item, {})
    return ("overrides", item) if field.split(".", 1)[0] in own else ()


def numbers(node: Node) -> Iterator[tuple[str, float | str, Domain]]:
    """Yield each field of a node that takes a number or a parameter, with what it allows."""
    yield from _numbers(node)
    if isinstance(node, Regime):
        for way, transition in sorted(node.transitions.items()):
            for field, value, domain in _numbers(transition):
                yield f'transitions."{way}".{field}', value, domain
    if isinstance(node, Response) and node.size is not None:
        for field, value, domain in _numbers(node.size):
            yield f"size.{field}", value, domain


def _numbers(table: Node | Transition | Size) -> Iterator[tuple[str, float | str, Domain]]:
    anything = Domain()
    for field, info in type(table).model_fields.items():
        value = getattr(table, field)
        domain = number_domain(info.metadata)
        if domain is not None and value is not None:
            yield field, value, domain
    for signal, effect in sorted(getattr(table, "effects", {}).items()):
        yield f"effects.{signal}", effect.coefficient, anything
    if isinstance(table, Transition):
        for signal, probability in sorted(table.on.items()):
            yield f"on.{signal}", probability, PROBABILITY
    if isinstance(table, Events):
        for signal, power in sorted(table.exposure.items()):
            yield f"exposure.{signal}", power, Domain(low=0.0)
        for regime, factors in sorted(table.rate_by.items()):
            for state, factor in sorted(factors.items()):
                yield f"rate_by.{regime}.{state}", factor, Domain(low=0.0, low_open=True)


def _check_parameter(field: str, name: str, domain: Domain, known: _Known, say: Say) -> None:
    if ITEM in name or known.unread.parameter(name):
        return
    parameter = known.parameters.get(name)
    if parameter is None:
        say(field, no_such("parameter", name, known.parameters), name)
        return
    problem = check_support(parameter.prior, domain)
    if problem:
        say(field, f"{domain.sentence()}, but the prior of this parameter {problem}", name)


def check_support(prior: Prior, domain: Domain) -> str:
    """Say how far `prior` reaches outside `domain`; an empty text if it does not."""
    low, high = prior.support
    if prior.family == "fixed":
        return "" if domain.holds(low) else f"is fixed at {low:g}"
    if domain.covers(low, high):
        return ""
    return f"reaches from {low:g} to {high:g}; truncate it with lower and upper"


def _check_node(node: Node, known: _Known, say: Say) -> None:
    for signal in sorted(getattr(node, "effects", {})):
        _check_signal(f"effects.{signal}", signal, known, say)
    match node:
        case Regime():
            _check_regime(node, known, say)
        case Events():
            for signal in sorted(node.exposure):
                _check_signal(f"exposure.{signal}", signal, known, say)
                _check_not_negative(signal, known, say)
            for regime, factors in sorted(node.rate_by.items()):
                _check_rate_by(regime, factors, known, say)
            resets = node.resets_with
            if resets is not None and not (known.excused(resets) or isinstance(known.nodes.get(resets), Regime)):
                say("resets_with", no_such("regime", resets, _regimes(known), text="must be a regime"), resets)
        case Response():
            every = [s for trigger in node.triggers for s in resolve(trigger, known.signals)]
            twice = sorted({s for s in every if every.count(s) > 1})
            if twice:
                say("triggers", f"counts {', '.join(twice)} twice; name each once", list(node.triggers))
            for trigger in node.triggers:
                found = resolve(trigger, known.signals)
                if not found and known.excused(trigger):
                    continue
                if not found:
                    say("triggers", unknown_signal(trigger, known.signals), trigger)
                elif any(
                    known.signals[s].kind not in ("events", "response") or known.signals[s].measure != "count"
                    for s in found
                ):
                    counts = [s for s, signal in known.signals.items() if signal.measure == "count"]
                    say("triggers", "must be events or responses: " + ", ".join(counts), trigger)
        case Level():
            if node.actor is not None and node.actor not in known.actors and not known.unread.actor(node.actor):
                say("actor", no_such("actor", node.actor, known.actors), node.actor)
        case _:
            pass


def _check_signal(field: str, reference: str, known: _Known, say: Say) -> None:
    if not known.excused(reference) and not resolve(reference, known.signals):
        say(field, unknown_signal(reference, known.signals))


def _check_not_negative(reference: str, known: _Known, say: Say) -> None:
    for signal in resolve(reference, known.signals):
        node = known.nodes[known.signals[signal].node]
        if isinstance(node, Schedule) and min([node.start, *(v for _, v in node.points)]) < 0:
            say(
                f"exposure.{reference}",
                f"an exposure must be >= 0, but the schedule {signal} has negative values",
            )
        is_number = known.signals[signal].measure == "state"
        if isinstance(node, Regime) and is_number and min(s.value for s in node.states.values()) < 0:
            say(
                f"exposure.{reference}",
                f"an exposure must be >= 0, but the regime {signal} has negative values",
            )


def _check_rate_by(regime: str, factors: Mapping[str, Any], known: _Known, say: Say) -> None:
    node = known.nodes.get(regime)
    if known.excused(regime):
        return
    if not isinstance(node, Regime):
        say(f"rate_by.{regime}", no_such("regime", regime, _regimes(known)))
        return
    for state in sorted(set(factors) - set(node.states)):
        say(f"rate_by.{regime}.{state}", no_state(regime, state, node), factors[state])
    missing = [state for state in node.ordered_states if state not in factors]
    if missing:
        say(f"rate_by.{regime}", f"needs a factor for every state; missing: {', '.join(missing)}")


def _check_regime(node: Regime, known: _Known, say: Say) -> None:
    if node.start not in node.states:
        say("start", f"must be one of the states {', '.join(node.ordered_states)}{nearest(node.start, node.states)}",
            node.start)  # fmt: skip
    seen: set[tuple[str, str]] = set()
    for way, transition in sorted(node.transitions.items()):
        field = f'transitions."{way}"'
        ends = split_transition(way)
        if ends is None:
            say(field, 'must be written "from -> to"')
            continue
        for state in ends:
            if state not in node.states:
                say(field, no_state("the regime", state, node))
        if ends[0] == ends[1]:
            say(field, "a transition must lead to another state")
        if ends in seen:
            say(field, "is there twice, written in two ways")
        seen.add(ends)
        for signal in sorted(transition.effects):
            _check_signal(f"{field}.effects.{signal}", signal, known, say)
        for signal in sorted(transition.on):
            _check_entered(f"{field}.on.{signal}", signal, node, known, say)


def _check_entered(field: str, reference: str, node: Regime, known: _Known, say: Say) -> None:
    """Check that `reference` is a state of a regime other than `node`."""
    if known.excused(reference):
        return
    signal = known.signals.get(reference)
    if signal is None or signal.measure != "indicator":
        states = [name for name, other in known.signals.items()
                  if other.measure == "indicator" and known.nodes[other.node] is not node]  # fmt: skip
        say(field, no_such("state of another regime", reference, states, text="must be a state of another regime"))
    elif known.nodes[signal.node] is node:
        say(field, "must be a state of another regime; the ways out of a state of its own have rates")


def no_state(regime: str, state: str, node: Regime, *more: str) -> str:
    """Say that a regime has no such state, and which it has; `more` may stand in the place of one."""
    return no_such("state", state, (*node.ordered_states, *more), text=f"{regime} has no state '{state}'")


def split_transition(way: str) -> tuple[str, str] | None:
    """Return the two states of `truce -> campaign`.

    Examples
    --------
    >>> split_transition("truce -> campaign")
    ('truce', 'campaign')
    """
    found = re.fullmatch(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*->\s*([A-Za-z][A-Za-z0-9_]*)\s*", way)
    return (found[1], found[2]) if found else None


def _regimes(known: _Known) -> list[str]:
    return [name for name, node in known.nodes.items() if isinstance(node, Regime)]


def _check_levels(nodes: Mapping[str, Node], document: Document, problems: Problems) -> None:
    seen: dict[str, str] = {}
    for name, node in nodes.items():
        if isinstance(node, Level) and node.actor is not None:
            if node.actor in seen:
                text = f"actor {node.actor} has a level already: {seen[node.actor]}; an actor has one"
                problems.add(document.where((name,)), f"{show_key((name,))}.actor", text)
            seen.setdefault(node.actor, name)


def trigger_order(
    nodes: Mapping[str, Node], signals: Mapping[str, Signal], problems: Problems, document: Document
) -> tuple[str, ...]:
    """Return the responses so that each comes after those that trigger it, otherwise by name."""
    waiting = {
        name: {signals[s].node for t in node.triggers for s in resolve(t, signals) if signals[s].kind == "response"}
        for name, node in nodes.items()
        if isinstance(node, Response)
    }
    order: list[str] = []
    while waiting:
        ready = sorted(name for name, before in waiting.items() if not before & set(waiting))
        if not ready:
            for name in sorted(waiting):
                text = f"responses trigger one another in a circle: {', '.join(sorted(waiting))}"
                problems.add(document.where((name,)), f"{show_key((name,))}.triggers", text)
            break
        order.extend(ready)
        for name in ready:
            del waiting[name]
    return tuple(order)
