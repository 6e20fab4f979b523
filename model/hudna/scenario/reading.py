"""Read a scenario, find its case, and check the one against the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticUndefined

from hudna import shipped
from hudna.case import Case
from hudna.case.checking import build
from hudna.case.documents import Document, read_document, show_key, show_value
from hudna.case.grammar import Domain
from hudna.case.load import CHANNEL, check_source, read_case
from hudna.case.nodes import NODES, Node, Regime, Schedule
from hudna.case.parameters import Parameter
from hudna.case.references import Unread, check_support, numbers
from hudna.errors import InputError, Problems, nearest
from hudna.scenario.references import Known, check_references
from hudna.scenario.scenario import Plan, Scenario, ScenarioFile, planned

__all__ = ["load"]

_TABLES = ("policies", "assumptions", "parameters", "starts", "outcomes")
# What a file without them is checked with: values that nothing can be wrong with.
_STAND_INS = {"case": "", "start": dt.date.min, "weeks": 2600, "step_days": 1, "policies": {}, "outcomes": {}}


def load(scenario: str | Path) -> Scenario:
    """Read a scenario and its case.

    Parameters
    ----------
    scenario : str or Path
        A TOML file, or the name of a shipped scenario such as `"iraq-2024"`.

    Returns
    -------
    Scenario

    Raises
    ------
    InputError
        With every problem of every file at once.

    Examples
    --------
    >>> load("two-militias").policies
    ('stay', 'leave')
    """
    problems = Problems()
    path = _find(scenario)
    document = read_document(path, problems, shipped=shipped.scenario)
    if document is None:
        raise InputError(problems)
    whole = build(ScenarioFile, document.data, document, (), problems)
    file = whole or _salvage(document.data)
    folder = _case_folder(file.case, path, document, problems) if file.case else None
    case, unread = read_case(folder, problems) if folder is not None else (None, Unread())
    if case is None:
        raise InputError(problems)
    parameters = _parameters(file, case, unread, document, problems)
    nodes = _nodes(file, case, parameters, unread, document, problems)
    check_references(file, Known(case, unread, document.data), document, problems)
    problems.raise_if_any()
    return Scenario(id=path.stem, file=file, case=case, nodes=nodes, parameters=parameters, document=document)


def _salvage(data: Mapping[str, Any]) -> ScenarioFile:
    """Return what can be read of a file with problems, so that the rest of it is checked too."""
    kept: dict[str, Any] = {**_STAND_INS}
    for name, field in ScenarioFile.model_fields.items():
        adapter = TypeAdapter(field.rebuild_annotation())
        value = data.get(name, PydanticUndefined)
        if name in _TABLES and isinstance(value, Mapping):
            found = [_read(adapter, {key: item}) for key, item in value.items()]
            kept[name] = {key: item for part in found if part is not PydanticUndefined for key, item in part.items()}
        elif (read := _read(adapter, value)) is not PydanticUndefined:
            kept[name] = read
    return ScenarioFile.model_construct(**kept)


def _read(adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value, strict=True)
    except ValidationError:
        return PydanticUndefined


def _find(scenario: str | Path) -> Path:
    path = Path(scenario)
    try:
        there = path.suffix == ".toml" or (path.exists() and not path.is_dir())
    except OSError:  # a name that is too long, a folder that may not be looked into
        there = True
    found = path if there else shipped.scenario(str(scenario))
    if found is not None:
        return found
    if path.is_dir():
        raise InputError.of(str(scenario), "is a folder, not a scenario's file")
    names = shipped.scenarios()
    text = f"no such file and no shipped scenario{nearest(str(scenario), names)}; shipped: {', '.join(names)}"
    raise InputError.of(str(scenario), text)


def _case_folder(name: str, path: Path, document: Document, problems: Problems) -> Path | None:
    """Find the case: beside the file (`params/NAME` or `../params/NAME`), else among the shipped ones."""
    here = path.resolve().parent
    for folder in (here / "params" / name, here.parent / "params" / name):
        if folder.is_dir():
            return folder
    found = shipped.case(name)
    if found is None:
        names = sorted({p.name for base in (here, here.parent) for p in (base / "params").glob("*") if p.is_dir()})
        names = sorted({*names, *shipped.cases()})
        text = f"there is no such case beside the scenario or shipped{nearest(name, names)}; cases: {', '.join(names)}"
        problems.add(document.where(("case",)), "case", text, given=show_value(name))
    return found


def _parameters(
    file: ScenarioFile, case: Case, unread: Unread, document: Document, problems: Problems
) -> dict[str, Parameter]:
    parameters = dict(case.parameters)
    for name, parameter in file.parameters.items():
        key = ("parameters", name)
        if name not in parameters:
            if not unread.parameter(name):
                text = f"the case has no such parameter{nearest(name, parameters)}"
                problems.add(document.where(key), show_key(key), text)
            continue
        check_source(parameter, case.folder, document, (*key, "source"), problems)
        parameters[name] = parameter
    places: list[tuple[str, float | str, Domain]] = [
        (f"{name}.{field}", value, domain)
        for name, node in case.nodes.items()
        for field, value, domain in numbers(node)
    ]
    places += [(f"channels.{channel}", name, CHANNEL) for channel, name in case.about.channels.items()]
    for place, value, domain in places:
        if isinstance(value, str) and value in file.parameters and value in parameters:
            problem = check_support(parameters[value].prior, domain)
            if problem:
                key = ("parameters", value)
                text = f"{place} {domain.sentence()}, but this prior {problem}"
                problems.add(document.where(key), show_key(key), text)
    return parameters


def _nodes(
    file: ScenarioFile,
    case: Case,
    parameters: Mapping[str, Parameter],
    unread: Unread,
    document: Document,
    problems: Problems,
) -> dict[str, Node]:
    """Return the case's nodes with the scenario's starts and assumed schedules."""
    nodes = dict(case.nodes)
    for name, start in file.starts.items():
        key = ("starts", name)
        if name not in nodes:
            if not unread.driver(name):
                problems.add(document.where(key), show_key(key), f"there is no such driver{nearest(name, nodes)}")
            continue
        node = _with_start(nodes[name], start, document, key, problems)
        if node is None:
            continue
        nodes[name] = node
        if isinstance(node, Regime) and start not in node.states:
            text = f"must be one of the states {', '.join(node.ordered_states)}{nearest(str(start), node.states)}"
            problems.add(document.where(key), show_key(key), text, given=show_value(start))
        elif isinstance(start, str) and not isinstance(node, Regime) and not unread.parameter(start):
            text = _start_problem(node, start, parameters)
            if text:
                problems.add(document.where(key), show_key(key), text, given=show_value(start))
    for name, assumption in file.assumptions.items():
        node = nodes.get(name)
        if isinstance(node, Schedule) and assumption.points is not None:
            nodes[name] = planned(node, Plan(points=assumption.points, interpolation=assumption.interpolation))
    return nodes


def _start_problem(node: Node, start: str, parameters: Mapping[str, Parameter]) -> str:
    """Say what is wrong with a parameter as the start of a node; an empty text if nothing is."""
    if start not in parameters:
        return f"there is no such parameter{nearest(start, parameters)}"
    domain = next(domain for field, _, domain in numbers(node) if field == "start")
    problem = check_support(parameters[start].prior, domain)
    return f"{domain.sentence()}, but the prior of this parameter {problem}" if problem else ""


def _with_start(node: Node, start: Any, document: Document, key: tuple[str, ...], problems: Problems) -> Node | None:
    """Return `node` with another start, checked as the case's own start is."""
    found = Problems()
    data = {name: getattr(node, name) for name in node.model_fields_set}
    built = build(NODES[node.kind], {**data, "start": start}, document, key, found)
    for problem in found:
        problems.add(problem.where, show_key(key), problem.text, given=problem.given)
    return built
