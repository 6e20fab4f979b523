"""Read a scenario, find its case, and check the one against the other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hudna import shipped
from hudna.case.checking import build, salvage
from hudna.case.documents import Document, read_document, show_value
from hudna.case.load import read_case
from hudna.case.nodes import Plan, Schedule, planned
from hudna.case.overlay import lay_parameters, lay_starts
from hudna.case.references import Unread
from hudna.errors import InputError, Problems, nearest
from hudna.scenario.references import Known, check_references
from hudna.scenario.scenario import Scenario, ScenarioFile

__all__ = ["load"]

_TABLES = ("policies", "assumptions", "parameters", "starts", "outcomes", "factors")
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
    file = whole or salvage(ScenarioFile, document.data, _TABLES, _STAND_INS)
    folder = _case_folder(file.case, path, document, problems) if file.case else None
    case, unread = read_case(folder, problems) if folder is not None else (None, Unread())
    if case is None:
        raise InputError(problems)
    parameters = lay_parameters(file.parameters, case, unread, document, ("parameters",), problems)
    nodes = lay_starts(file.starts, case, parameters, unread, document, ("starts",), problems)
    for name, assumption in file.assumptions.items():
        node = nodes.get(name)
        if isinstance(node, Schedule) and assumption.points is not None:
            nodes[name] = planned(node, Plan(points=assumption.points, interpolation=assumption.interpolation))
    check_references(file, Known(case, unread, document.data), document, problems)
    problems.raise_if_any()
    return Scenario(id=path.stem, file=file, case=case, nodes=nodes, parameters=parameters, document=document)


def _find(scenario: str | Path) -> Path:
    path = Path(scenario)
    try:
        there = path.suffix == ".toml" or (path.exists() and not path.is_dir())
    except OSError:  # a name that is too long, a folder that may not be looked into
        there = True
    found = path if there else shipped.scenario(str(scenario))
    if found is not None:
        return found
    names = shipped.scenarios()
    if path.is_dir():
        text = f"is a folder; give a scenario's TOML file, or a shipped scenario: {', '.join(names)}"
        raise InputError.of(str(scenario) or "scenario", text)
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
