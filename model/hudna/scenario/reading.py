"""Read a scenario, find its case, and check the one against the other."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.arguments import check_kind
from hudna.case import Case
from hudna.case.checking import build, salvage
from hudna.case.documents import (
    GIVEN,
    Document,
    display,
    flatten,
    given_document,
    given_leaves,
    laid_over,
    no_file,
    read_document,
    show_value,
)
from hudna.case.load import case_folder, load_case, read_case
from hudna.case.nodes import Plan, Schedule, planned
from hudna.case.overlay import lay_parameters, lay_starts
from hudna.case.parameters import Parameter
from hudna.case.references import Unread
from hudna.errors import InputError, Problems, folded, nearest, no_such
from hudna.scenario.references import Known, check_references
from hudna.scenario.scenario import Scenario, ScenarioFile, is_folder_name

__all__ = ["case_of", "changed", "load"]

_TABLES = ("policies", "assumptions", "parameters", "starts", "outcomes", "factors")
# What a file without them is checked with: values that nothing can be wrong with.
_STAND_INS = {"case": "", "start": dt.date.min, "weeks": 2600, "step_days": 1, "policies": {}, "outcomes": {}}


def load(scenario: Scenario | str | Path | Mapping[str, Any]) -> Scenario:
    """Read a scenario and its case.

    Parameters
    ----------
    scenario : str, Path or mapping
        A TOML file, the name of a shipped scenario such as `"iraq-2024"`, or a mapping with the keys of such a file,
        `extends` among them. In a mapping `case` and `extends` may be paths too, a date may be a text such as
        "2024-08-22", and a parameter may be a number or a prior alone (see `Scenario.with_`). A Scenario is returned
        as it is.

    Returns
    -------
    Scenario

    Raises
    ------
    InputError
        With every problem of every file at once; or if parts of a Scenario were replaced without `Scenario.with_`.

    Examples
    --------
    >>> load("two-militias").policies
    ('stay', 'leave')
    >>> load({"extends": "two-militias", "weeks": 26}).n_steps
    26
    """
    if isinstance(scenario, Scenario):
        return _as_read(scenario)
    problems = Problems()
    if isinstance(scenario, Mapping):
        data, folder = _with_case(scenario)
        place = GIVEN
        if isinstance(data.get("extends"), str | Path):
            base = Path(data["extends"])
            place, data["extends"] = base.parent / GIVEN, base.name
        found = given_document(data, place, problems, shipped=shipped.scenario)
        return _checked(found, GIVEN.stem, problems, folder=folder)
    path = _find(scenario)
    document = read_document(path, problems, shipped=shipped.scenario)
    if document is None:
        raise InputError(problems)
    return _checked(document, path.stem, problems)


def case_of(
    asked: Case | Scenario | str | Path | Mapping[str, Any], *, posterior: bool = True
) -> tuple[Case, Scenario | None]:
    """Return a case, and the scenario it was found through, if it was.

    Parameters
    ----------
    asked : Case, Scenario, str, Path or mapping
        What lies at a path comes first, the folder of a case or a scenario's file; then the shipped scenario of a
        name, then the shipped case.
    posterior : bool
        As of `load_case`, for a case that is not found through a scenario.

    Raises
    ------
    InputError
        If there is no such case or scenario, or something is wrong with it.
    """
    if isinstance(asked, Case):
        return asked, None
    if isinstance(asked, str | Path):
        path, folder, other = Path(asked), case_folder(asked), shipped.scenario(str(asked))
        if folder == path or (folder is not None and other is None and not os.path.lexists(path)):
            return load_case(asked, posterior=posterior), None
        if other is None and os.path.isdir(path):  # noqa: PTH112 (never raises)
            text = "is a folder without case.toml; give a scenario's file or a case's folder"
            raise InputError.of(str(asked), text)
    scenario = load(asked)
    return scenario.case, scenario


def changed(scenario: Scenario, changes: Mapping[str, Any], place: Path = GIVEN) -> Scenario:
    """Return a scenario with a mapping laid over it, as a file that extends it would be; see `Scenario.with_`."""
    problems = Problems()
    data, folder = _with_case(changes)
    if "extends" in data:
        problems.add(display(place), "extends", "goes with a file, or with a mapping for hudna.load", given="")
        del data["extends"]
    over = given_document(data, place, problems)
    base = scenario.document
    document = replace(laid_over(base, over), path=base.path, bases=base.bases)
    return _checked(document, scenario.id, problems, case=None if "case" in data else scenario.case, folder=folder)


def _checked(
    document: Document, name: str, problems: Problems, *, case: Case | None = None, folder: Path | None = None
) -> Scenario:
    """Return the scenario of a document, checked, of a case that is at hand or else is read."""
    of_case, unread = Problems(), Unread()
    if case is None:
        asked: Any = document.data.get("case")
        if folder is None and is_folder_name(asked):
            folder = _case_folder(asked, document.path, document, of_case)
        case, unread = read_case(folder, of_case) if folder is not None else (None, unread)
    document = _filled(document, {} if case is None else case.parameters)
    whole = build(ScenarioFile, document.data, document, (), problems)
    file = whole or salvage(ScenarioFile, document.data, _TABLES, _STAND_INS)
    problems.extend(of_case)
    if case is None:
        raise InputError(problems)
    if file.campaign is not None:
        case = _through(file.campaign, case, document, problems)
    parameters = lay_parameters(file.parameters, case, unread, document, ("parameters",), problems)
    nodes = lay_starts(file.starts, case, parameters, unread, document, ("starts",), problems)
    for node_name, assumption in file.assumptions.items():
        node = nodes.get(node_name)
        if isinstance(node, Schedule) and assumption.points is not None:
            nodes[node_name] = planned(node, Plan(points=assumption.points, interpolation=assumption.interpolation))
    check_references(file, Known(case, unread, document.data), document, problems)
    problems.raise_if_any()
    return Scenario(id=name, file=file, case=case, nodes=nodes, parameters=parameters, document=document)


def _through(campaign: str, case: Case, document: Document, problems: Problems) -> Case:
    """Return the case with another default campaign."""
    observations = case.observations
    if campaign not in observations.campaigns:
        text = no_such("campaign", campaign, observations.campaigns)
        problems.add(document.where(("campaign",)), "campaign", text, given=show_value(campaign))
    return replace(case, observations=replace(observations, default=campaign))


def _as_read(scenario: Scenario) -> Scenario:
    """Return a scenario whose parts are what its document and its case say; refuse one of which they were replaced."""
    again = _checked(scenario.document, scenario.id, Problems(), case=scenario.case)
    problems = Problems()
    for part in ("file", "nodes", "parameters"):
        if getattr(again, part) != getattr(scenario, part):
            text = "differs from what the scenario's file and case say; change it with scenario.with_(...)"
            problems.add(scenario.id, part, text)
    problems.raise_if_any()
    return scenario


def _with_case(data: Mapping[str, Any]) -> tuple[dict[str, Any], Path | None]:
    """Return a mapping with the name of its case, and the folder of the case if it is given as a path."""
    case = data.get("case")
    if not isinstance(case, str | Path) or not (isinstance(case, Path) or "/" in case or "\\" in case):
        return dict(data), None
    folder = Path(case).resolve()
    return {**data, "case": folder.name}, folder


def _filled(document: Document, known: Mapping[str, Parameter]) -> Document:
    """Complete the parameters that no file gave: a number is fixed, a prior stands for a parameter.

    Such a parameter takes the place of the whole of a file's. What is left out is the unit of the case's own, and that
    it is a judgement of whoever gave it.
    """
    table = given_leaves(document).get("parameters")
    if not isinstance(table, dict):
        return document
    filled, origins = dict(document.data["parameters"]), dict(document.origins)
    for name, entry in table.items():
        places = [place for key, place in origins.items() if key[:2] == ("parameters", name)]
        place = next((place for place in places if no_file(place)), document.path)
        own = known.get(name)
        filled[name] = made = _parameter(entry, own, display(place))
        origins = {key: where for key, where in origins.items() if key[:2] != ("parameters", name)}
        origins |= {("parameters", *key): place for key, _ in flatten({name: made})}
    return replace(document, data={**document.data, "parameters": filled}, origins=origins)


def _parameter(entry: Any, own: Parameter | None, place: str) -> Any:
    if isinstance(entry, Mapping) and "family" in entry:
        entry = {key: value for key, value in entry.items() if key in Parameter.model_fields and key != "prior"} | {
            "prior": {key: value for key, value in entry.items() if key not in Parameter.model_fields}
        }
    elif not isinstance(entry, Mapping):
        entry = {"prior": entry}
    if isinstance(entry.get("prior"), int | float) and not isinstance(entry["prior"], bool):
        entry = {**entry, "prior": {"family": "fixed", "value": entry["prior"]}}
    return {"unit": own.unit if own else "1", "status": "judgement", "source": place, "note": place, **entry}


def _find(scenario: str | Path) -> Path:
    check_kind("load", "scenario", scenario, "Scenario | Path | str | Mapping")
    path = Path(scenario)
    try:
        there = path.suffix == ".toml" or (path.exists() and not path.is_dir())
    except OSError:  # a name that is too long, a folder that may not be looked into
        there = True
    if there and not os.path.lexists(path):
        beside = [p.name for p in path.parent.glob("*.toml")] if os.path.isdir(path.parent) else []  # noqa: PTH112
        raise InputError.of(display(path), f"no such file{nearest(path.name, beside)}")
    found = path if there else shipped.scenario(str(scenario))
    if found is not None:
        return found
    names = shipped.scenarios()
    if path.is_dir():
        text = f"is a folder; give a scenario's TOML file, or a shipped scenario: {', '.join(names)}"
        raise InputError.of(str(scenario) or "scenario", text)
    text = no_such("shipped scenario", str(scenario), names, text="no such file and no shipped scenario")
    raise InputError.of(str(scenario), text)


def _case_folder(name: str, path: Path, document: Document, problems: Problems) -> Path | None:
    """Find the case: beside the file (`params/NAME` or `../params/NAME`), else among the shipped ones."""
    here = path.resolve().parent
    for folder in (here / "params" / name, here.parent / "params" / name):
        if os.path.lexists(folder):
            return folder  # what is no folder is said when it is read
    beside = {p.name for base in (here, here.parent) for p in (base / "params").glob("*") if p.is_dir()}
    names = sorted({*beside, *shipped.cases()})
    if alike := [other for other in sorted(beside) if folded(other) == folded(name)]:  # the shipped one is not meant
        text = f"the folder beside the scenario is called {show_value(alike[0])}; write both alike"
    elif (found := shipped.case(name)) is not None:
        return found
    else:
        text = no_such("case", name, names, text="there is no such case beside the scenario or shipped")
    problems.add(document.where(("case",)), "case", text, given=show_value(name))
    return None
