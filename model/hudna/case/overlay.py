"""What a scenario or a campaign lays over a case, checked: other parameters, starts and points of schedules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from hudna.case.case import Case
from hudna.case.checking import build
from hudna.case.documents import Document, Key, show_key, show_value
from hudna.case.evidence import check_source
from hudna.case.grammar import Domain
from hudna.case.nodes import NODES, Node, Plan, Points, Regime, Schedule
from hudna.case.observations import RATIO, SD
from hudna.case.parameters import Parameter
from hudna.case.references import Unread, check_support, numbers
from hudna.case.signals import resolve
from hudna.errors import Problems, nearest, no_such

__all__ = ["CHANNEL", "check_exposure", "check_schedules", "lay_parameters", "lay_starts"]

CHANNEL = Domain(low=0.0, why="a tie's direction gives its sign")


def lay_parameters(
    over: Mapping[str, Parameter], case: Case, unread: Unread, document: Document, key: Key, problems: Problems
) -> dict[str, Parameter]:
    """Return the case's parameters with those of the table `key` of `document` laid over them.

    A parameter without a name of its own keeps that of the case.
    """
    parameters = dict(case.parameters)
    for name, parameter in over.items():
        own = (*key, name)
        if name not in parameters:
            if not unread.parameter(name):
                text = no_such("parameter", name, parameters, text="the case has no such parameter")
                problems.add(document.where(own), show_key(own), text)
            continue
        check_source(parameter, case.folder, document, (*own, "source"), problems)
        own_name = {} if parameter.name else {"name": parameters[name].name}
        parameters[name] = parameter.model_copy(update=own_name)
    for place, value, domain in _places(case):
        if isinstance(value, str) and value in over and value in parameters:
            problem = check_support(parameters[value].prior, domain)
            if problem:
                own = (*key, value)
                text = f"{place} {domain.sentence()}, but this prior {problem}"
                problems.add(document.where(own), show_key(own), text)
    return parameters


def _places(case: Case) -> Iterator[tuple[str, float | str | None, Domain]]:
    """Yield each place of a case that takes a parameter, what stands there, and what it allows."""
    for name, node in case.nodes.items():
        for field, value, domain in numbers(node):
            yield f"{name}.{field}", value, domain
    for channel, parameter in case.about.channels.items():
        yield f"channels.{channel}", parameter, CHANNEL
    for name, counter in case.observations.counters.items():
        yield f"counters.{name}.ratio", counter.ratio, RATIO
        yield f"counters.{name}.sd", counter.sd, SD


def lay_starts(
    starts: Mapping[str, float | str],
    case: Case,
    parameters: Mapping[str, Parameter],
    unread: Unread,
    document: Document,
    key: Key,
    problems: Problems,
) -> dict[str, Node]:
    """Return the case's nodes with the starts of the table `key` of `document`, as far as they are sound."""
    nodes = dict(case.nodes)
    for name, start in starts.items():
        own = (*key, name)
        if name not in nodes:
            if not unread.driver(name):
                problems.add(document.where(own), show_key(own), no_such("driver", name, nodes))
            continue
        node = _with_start(nodes[name], start, document, own, problems)
        if node is None:
            continue
        if isinstance(node, Schedule):
            check_exposure(name, ((dt.date.min, node.start),), case, document, own, problems)
        nodes[name] = node
        if isinstance(node, Regime) and start not in node.states:
            text = f"must be one of the states {', '.join(node.ordered_states)}{nearest(str(start), node.states)}"
            problems.add(document.where(own), show_key(own), text, given=show_value(start))
        elif isinstance(start, str) and not isinstance(node, Regime) and not unread.parameter(start):
            text = _start_problem(node, start, parameters)
            if text:
                problems.add(document.where(own), show_key(own), text, given=show_value(start))
    return nodes


def _start_problem(node: Node, start: str, parameters: Mapping[str, Parameter]) -> str:
    """Say what is wrong with a parameter as the start of a node; an empty text if nothing is."""
    if start not in parameters:
        return no_such("parameter", start, parameters)
    domain = next(domain for field, _, domain in numbers(node) if field == "start")
    problem = check_support(parameters[start].prior, domain)
    return f"{domain.sentence()}, but the prior of this parameter {problem}" if problem else ""


def _with_start(node: Node, start: Any, document: Document, key: Key, problems: Problems) -> Node | None:
    """Return `node` with another start, checked as the case's own start is."""
    found = Problems()
    data = {name: getattr(node, name) for name in node.model_fields_set}
    built = build(NODES[node.kind], {**data, "start": start}, document, key, found)
    for problem in found:
        problems.add(problem.where, show_key(key), problem.text, given=problem.given)
    return built


def check_schedules(
    plans: Mapping[str, Plan], case: Case, unread: Unread, document: Document, key: Key, problems: Problems
) -> None:
    """Check the points that the table `key` of `document` gives to schedules."""
    schedules = [name for name, node in case.nodes.items() if isinstance(node, Schedule)]
    for name, plan in plans.items():
        own = (*key, name)
        if name not in schedules and not unread.driver(name):
            text = no_such("schedule", name, schedules, text="the case has no such schedule")
            problems.add(document.where(own), show_key(own), text)
            continue
        check_exposure(name, plan.points, case, document, (*own, "points"), problems)


def check_exposure(name: str, points: Points, case: Case, document: Document, key: Key, problems: Problems) -> None:
    """Check that a schedule which is an exposure is not negative."""
    if min((value for _, value in points), default=0.0) >= 0:
        return
    readers = [
        reader
        for reader, node in case.nodes.items()
        for reference in getattr(node, "exposure", {})
        if name in resolve(reference, case.signals)
    ]
    if readers:
        text = f"must be >= 0: it is an exposure of {', '.join(readers)}"
        problems.add(document.where(key), show_key(key), text)
