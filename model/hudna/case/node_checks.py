"""Do the parts of a node go together, and the nodes of a case? Names are checked by what their fields declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hudna.case.documents import Document, Key, show_key
from hudna.case.nodes import Events, Level, Node, Regime, Response, Schedule
from hudna.case.references import Known, mentions, split_transition
from hudna.case.signals import counted_twice, publish, resolve
from hudna.errors import Problems, no_such

__all__ = ["check_nodes"]

Say = Callable[..., None]


def check_nodes(
    nodes: Mapping[str, Node], known: Known, document: Document, problems: Problems, *, entries: Mapping[str, Any]
) -> tuple[str, ...]:
    """Check every node against what the case has; return the responses in the order in which they trigger one another.

    `entries` are the drivers as written.
    """
    for name, node in nodes.items():
        driver = name if name in entries else name.rsplit(".", 1)[0]

        def say(key: Key, text: str, given: Any = None, *, name: str = name, driver: str = driver) -> None:
            place = (driver, *_overridden(entries, name, driver, str(key[0])), *key)
            document.note(problems, place, text, given)

        for mention in mentions(node):
            if text := known.wrong(mention.name, mention.names):
                say(mention.key, text, None if mention.name == mention.key[-1] else mention.name)
        _check_node(node, nodes, known, say)
    _check_clashes(nodes, document, problems)
    _check_levels(nodes, document, problems)
    return _trigger_order(nodes, known, document, problems)


def _overridden(entries: Mapping[str, Any], name: str, driver: str, field: str) -> tuple[str, ...]:
    """Return the keys under which the node `name` has the field for itself; none if all of its driver share it."""
    if name == driver:
        return ()
    item = name.removeprefix(f"{driver}.")
    return ("overrides", item) if field in entries[driver].get("overrides", {}).get(item, {}) else ()


def _check_node(node: Node, nodes: Mapping[str, Node], known: Known, say: Say) -> None:
    match node:
        case Regime():
            _check_regime(node, nodes, known, say)
        case Events():
            for signal in sorted(node.exposure):
                _check_not_negative(signal, nodes, known, say)
            for name, factors in sorted(node.rate_by.items()):
                if isinstance(regime := nodes.get(name), Regime):
                    _check_rate_by(name, regime, factors, say)
        case Response():
            every = [s for trigger in node.triggers for s in resolve(trigger, known.signals)]
            if text := counted_twice(every):
                say(("triggers",), text, list(node.triggers))
        case _:
            pass


def _check_not_negative(reference: str, nodes: Mapping[str, Node], known: Known, say: Say) -> None:
    for signal in resolve(reference, known.signals):
        node = nodes[known.signals[signal].node]
        if isinstance(node, Schedule):
            values = [node.start, *(value for _, value in node.points)]
        elif isinstance(node, Regime) and known.signals[signal].measure == "state":
            values = [state.value for state in node.states.values()]
        else:
            continue
        if min(values) < 0:
            text = f"an exposure must be >= 0, but the {node.kind} {signal} has negative values"
            say(("exposure", reference), text)


def _check_rate_by(name: str, regime: Regime, factors: Mapping[str, Any], say: Say) -> None:
    for state in sorted(set(factors) - set(regime.states)):
        say(("rate_by", name, state), no_such("state", state, regime.ordered_states), factors[state])
    missing = [state for state in regime.ordered_states if state not in factors]
    if missing:
        say(("rate_by", name), f"needs a factor for every state; missing: {', '.join(missing)}")


def _check_regime(node: Regime, nodes: Mapping[str, Node], known: Known, say: Say) -> None:
    if node.start not in node.states:
        say(("start",), no_such("state", node.start, node.ordered_states), node.start)
    seen: set[tuple[str, str]] = set()
    for way, transition in sorted(node.transitions.items()):
        field = ("transitions", way)
        ends = split_transition(way)
        if ends is None:
            say(field, 'must be written "from -> to"')
            continue
        for state in ends:
            if state not in node.states:
                say(field, no_such("state", state, node.ordered_states), state)
        if ends[0] == ends[1]:
            say(field, "a transition must lead to another state")
        if ends in seen:
            say(field, "is there twice, written in two ways")
        seen.add(ends)
        for entered in sorted(transition.on):
            if entered in known.signals and nodes[known.signals[entered].node] is node:
                say((*field, "on", entered), "must be a state of another regime; the ways out of its own have rates")


def _check_clashes(nodes: Mapping[str, Node], document: Document, problems: Problems) -> None:
    published: dict[str, str] = {}
    for name, node in nodes.items():
        for signal in publish({name: node}):
            if signal in published:
                text = f"publishes the signal {signal}, and so does {published[signal]}; rename one"
                document.note(problems, (name,), text)
            published[signal] = name


def _check_levels(nodes: Mapping[str, Node], document: Document, problems: Problems) -> None:
    seen: dict[str, str] = {}
    for name, node in nodes.items():
        if isinstance(node, Level) and node.actor is not None:
            if node.actor in seen:
                text = f"actor {node.actor} has a level already: {seen[node.actor]}; an actor has one"
                problems.add(document.where((name,)), f"{show_key((name,))}.actor", text)
            seen.setdefault(node.actor, name)


def _trigger_order(nodes: Mapping[str, Node], known: Known, document: Document, problems: Problems) -> tuple[str, ...]:
    """Return the responses so that each comes after those that trigger it, otherwise by name."""
    signals = known.signals
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
