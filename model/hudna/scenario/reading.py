"""Read a scenario, find its case, and check the one against the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.case import Case, load_case
from hudna.case.checking import build
from hudna.case.documents import Document, display, read_document, show_key, show_value
from hudna.case.load import check_source
from hudna.case.nodes import NODES, Level, Node, Regime, Schedule
from hudna.case.parameters import Parameter
from hudna.case.references import check_support, numbers
from hudna.case.signals import resolve, unknown_signal
from hudna.errors import InputError, Problems, nearest
from hudna.scenario.scenario import FREE, Assumption, Plan, Scenario, ScenarioFile

__all__ = ["load"]


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
    file = build(ScenarioFile, document.data, document, (), problems) if document is not None else None
    name = file.case if file is not None else document.data.get("case") if document is not None else None
    case = None
    if document is not None and isinstance(name, str):
        folder = _case_folder(name, path, document, problems)
        case = load_case(folder, problems) if folder is not None else None
    if file is None or case is None or document is None:
        problems.raise_if_any()
        raise InputError.of(display(path), "the scenario could not be read")
    parameters = _parameters(file, case, document, problems)
    nodes = _nodes(file, case, parameters, document, problems)
    _check(file, case, document, problems)
    problems.raise_if_any()
    return Scenario(id=path.stem, file=file, case=case, nodes=nodes, parameters=parameters, document=document)


def _find(scenario: str | Path) -> Path:
    path = Path(scenario)
    if path.suffix == ".toml" or path.exists():
        return path
    found = shipped.scenario(str(scenario))
    if found is None:
        names = shipped.scenarios()
        text = f"no such file and no shipped scenario{nearest(str(scenario), names)}; shipped: {', '.join(names)}"
        raise InputError.of(str(scenario), text)
    return found


def _case_folder(name: str, path: Path, document: Document, problems: Problems) -> Path | None:
    """Find the case: beside the file (`params/NAME` or `../params/NAME`), else among the shipped ones."""
    if not name.replace("-", "").replace("_", "").isalnum():
        text = "must be the name of a folder under params/; a path may not leave its folder"
        problems.add(document.where(("case",)), "case", text, given=show_value(name))
        return None
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


def _parameters(file: ScenarioFile, case: Case, document: Document, problems: Problems) -> dict[str, Parameter]:
    parameters = dict(case.parameters)
    for name, parameter in file.parameters.items():
        key = ("parameters", name)
        if name not in parameters:
            text = f"the case has no such parameter{nearest(name, parameters)}"
            problems.add(document.where(key), show_key(key), text)
            continue
        check_source(parameter.source, case.folder, document, (*key, "source"), problems)
        parameters[name] = parameter
    changed = set(file.parameters)
    for node_name, node in case.nodes.items():
        for field, value, domain in numbers(node):
            if isinstance(value, str) and value in changed and value in parameters:
                problem = check_support(parameters[value].prior, domain)
                if problem:
                    text = f"{node_name}.{field} {domain.sentence()}, but this prior {problem}"
                    problems.add(document.where(("parameters", value)), show_key(("parameters", value)), text)
    return parameters


def _nodes(
    file: ScenarioFile,
    case: Case,
    parameters: Mapping[str, Parameter],
    document: Document,
    problems: Problems,
) -> dict[str, Node]:
    """Return the case's nodes with the scenario's starts and assumed schedules."""
    nodes = dict(case.nodes)
    for name, start in file.starts.items():
        key = ("starts", name)
        if name not in nodes:
            problems.add(document.where(key), show_key(key), f"there is no such driver{nearest(name, nodes)}")
            continue
        node = _with_start(nodes[name], start, document, key, problems)
        if node is None:
            continue
        nodes[name] = node
        if isinstance(node, Regime) and start not in node.states:
            text = f"must be one of the states {', '.join(node.ordered_states)}{nearest(str(start), node.states)}"
            problems.add(document.where(key), show_key(key), text, given=show_value(start))
        elif isinstance(start, str) and not isinstance(node, Regime) and start not in parameters:
            text = f"there is no such parameter{nearest(start, parameters)}"
            problems.add(document.where(key), show_key(key), text, given=show_value(start))
    for name, assumption in file.assumptions.items():
        node = nodes.get(name)
        if isinstance(node, Schedule) and assumption.points is not None:
            nodes[name] = planned(node, Plan(points=assumption.points, interpolation=assumption.interpolation))
    return nodes


def _with_start(node: Node, start: Any, document: Document, key: tuple[str, ...], problems: Problems) -> Node | None:
    """Return `node` with another start, checked as the case's own start is."""
    found = Problems()
    data = {name: getattr(node, name) for name in node.model_fields_set}
    built = build(NODES[node.kind], {**data, "start": start}, document, key, found)
    for problem in found:
        problems.add(problem.where, show_key(key), problem.text, given=problem.given)
    return built


def planned(node: Schedule, plan: Plan) -> Schedule:
    """Return the schedule with the points of a policy or an assumption."""
    return node.model_copy(update={"points": plan.points, "interpolation": plan.interpolation or node.interpolation})


def _check(file: ScenarioFile, case: Case, document: Document, problems: Problems) -> None:
    def say(key: tuple[str | int, ...], text: str, given: Any = None) -> None:
        problems.add(document.where(key), show_key(key), text, given="" if given is None else show_value(given))

    _check_policies(file, case, say)
    _check_assumptions(file, case, say)
    step = file.step_days / 7
    for name, outcome in file.outcomes.items():
        if name in ("policy", "draw", "path", "time"):
            say(("outcomes", name), "is the name of an axis of the results; choose another")
        for reference in outcome.signal:
            if not resolve(reference, case.signals):
                say(("outcomes", name, "signal"), unknown_signal(reference, case.signals), reference)
        if outcome.window is not None:
            if outcome.window[1] > file.weeks:
                say(
                    ("outcomes", name, "window"),
                    f"must end within the horizon of {file.weeks} weeks",
                    outcome.window,
                )
            if any(abs(edge / step - round(edge / step)) > 1e-9 for edge in outcome.window):
                say(
                    ("outcomes", name, "window"),
                    f"must fall on steps of {file.step_days} days",
                    outcome.window,
                )
    for i, reference in enumerate(file.series):
        if not resolve(reference, case.signals):
            say(("series", i), unknown_signal(reference, case.signals), reference)
    if len(set(file.series)) != len(file.series):
        say(("series",), "names a signal twice")
    for i, pair in enumerate(file.contrasts):
        for policy in pair:
            if policy not in file.policies:
                text = f"there is no such policy{nearest(policy, file.policies)}; policies: {', '.join(file.policies)}"
                say(("contrasts", i), text, policy)
    for name in file.headline:
        drawn = [*file.outcomes, *file.series]
        if name not in drawn:
            say(("headline",), f"must be an outcome or a series{nearest(name, drawn)}", name)
    if file.start > case.evidence_until + dt.timedelta(days=366):
        text = f"is more than a year after the case's evidence, which ends on {case.evidence_until}"
        say(("start",), text, file.start)


def _check_policies(file: ScenarioFile, case: Case, say: Any) -> None:
    schedules = [name for name, node in case.nodes.items() if isinstance(node, Schedule)]
    for policy, content in file.policies.items():
        for name, plan in content.schedules.items():
            key = ("policies", policy, "schedules", name)
            if name not in schedules:
                text = f"the case has no such schedule{nearest(name, schedules)}; schedules: {', '.join(schedules)}"
                say(key, text)
                continue
            if name in file.assumptions:
                say(key, "is assumed under [assumptions]; a policy cannot choose what is taken as given")
            _check_exposure(name, plan.points, case, (*key, "points"), say)


def _check_exposure(name: str, points: Any, case: Case, key: tuple[str, ...], say: Any) -> None:
    if min(value for _, value in points) >= 0:
        return
    readers = [
        reader
        for reader, node in case.nodes.items()
        for reference in getattr(node, "exposure", {})
        if name in resolve(reference, case.signals)
    ]
    if readers:
        say(key, f"must be >= 0: it is an exposure of {', '.join(readers)}")


def _check_assumptions(file: ScenarioFile, case: Case, say: Any) -> None:
    for name, assumption in file.assumptions.items():
        key = ("assumptions", name)
        node = case.nodes.get(name)
        if node is None or isinstance(node, Level) or node.kind in ("events", "response"):
            known = [n for n, other in case.nodes.items() if isinstance(other, Regime | Schedule)]
            text = f"must be a regime or a schedule{nearest(name, known)}; there are: {', '.join(known)}"
            say(key, text)
        elif isinstance(node, Regime):
            _check_states(name, node, assumption, say)
        elif assumption.points is None:
            say(key, "is a schedule: give points, not states")
        else:
            _check_exposure(name, assumption.points, case, (*key, "points"), say)


def _check_states(name: str, node: Regime, assumption: Assumption, say: Any) -> None:
    if assumption.states is None:
        say(("assumptions", name), "is a regime: give states, not points")
        return
    for _, state in assumption.states:
        if state not in node.states and state != FREE:
            states = ", ".join((*node.ordered_states, FREE))
            text = f"{name} has no state '{state}'{nearest(state, node.states)}; states: {states}"
            say(("assumptions", name, "states"), text)
