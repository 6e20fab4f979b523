"""What a scenario or a record lays over a case, checked: other parameters, starts and points of schedules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hudna.case.case import Case
from hudna.case.checking import build
from hudna.case.documents import Document, Key, show_key
from hudna.case.evidence import check_source
from hudna.case.nodes import NODES, Node, Plan, Points, Regime, Schedule
from hudna.case.parameters import Parameter
from hudna.case.references import Known, mentions
from hudna.case.signals import resolve
from hudna.errors import Problems, no_such

__all__ = ["check_exposure", "check_schedules", "lay_parameters", "lay_starts"]


def lay_parameters(
    over: Mapping[str, Parameter], case: Case, document: Document, key: Key, problems: Problems
) -> dict[str, Parameter]:
    """Return the case's parameters with those of the table `key` of `document` laid over them, where it has them.

    A parameter without a name of its own keeps that of the case.
    """
    parameters = dict(case.parameters)
    for name, parameter in over.items():
        if name in parameters:
            check_source(parameter, case.folder, document, (*key, name, "source"), problems)
            own_name = {} if parameter.name else {"name": parameters[name].name}
            parameters[name] = parameter.model_copy(update=own_name)
    places = (case.nodes, case.about, {"counters": case.observations.counters})
    for table in places if over else ():
        for place, name, names in mentions(table):
            laid = names.what == "parameter" and name in over and name in parameters
            if laid and (problem := parameters[name].prior.outside(names.domain)):
                text = f"{show_key(place)} {names.domain.sentence()}, but this prior {problem}"
                document.note(problems, (*key, name), text)
    return parameters


def lay_starts(
    starts: Mapping[str, float | str],
    case: Case,
    known: Known,
    document: Document,
    key: Key,
    problems: Problems,
) -> dict[str, Node]:
    """Return the case's nodes with the starts of the table `key` of `document`, as far as they are sound.

    `known` has the parameters that a start may name.
    """
    nodes = dict(case.nodes)
    for name, start in starts.items():
        own = (*key, name)
        node = _with_start(nodes[name], start, document, own, problems) if name in nodes else None
        if node is None:
            continue
        nodes[name] = node
        text = ""
        if isinstance(node, Schedule):
            check_exposure(name, ((dt.date.min, node.start),), case, document, own, problems)
        elif isinstance(node, Regime):
            if start not in node.states:
                text = no_such("state", str(start), node.ordered_states)
        else:
            text = next((known.wrong(m.name, m.names) for m in mentions(node) if m.key == ("start",)), "")
        if text:
            document.note(problems, own, text, start)
    return nodes


def _with_start(node: Node, start: Any, document: Document, key: Key, problems: Problems) -> Node | None:
    """Return `node` with another start, checked as the case's own start is."""
    found = Problems()
    data = {name: getattr(node, name) for name in node.model_fields_set}
    built = build(NODES[node.kind], {**data, "start": start}, document, key, found)
    for problem in found:
        problems.add(problem.where, show_key(key), problem.text, given=problem.given)
    return built


def check_schedules(plans: Mapping[str, Plan], case: Case, document: Document, key: Key, problems: Problems) -> None:
    """Check the points that the table `key` of `document` gives to schedules."""
    for name, plan in plans.items():
        if isinstance(case.nodes.get(name), Schedule):
            check_exposure(name, plan.points, case, document, (*key, name, "points"), problems)


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
        document.note(problems, key, text)
