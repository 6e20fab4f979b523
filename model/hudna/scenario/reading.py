"""Find a scenario or a case by what the user calls it: a name, a path, a mapping, or the thing itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.arguments import check_kind
from hudna.case import Case
from hudna.case.documents import GIVEN, display, given_document, read_document
from hudna.case.load import case_folder, load_case
from hudna.errors import InputError, Problems, nearest, no_such
from hudna.scenario.scenario import Scenario, checked, with_case

__all__ = ["case_of", "load"]


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
        data, folder = with_case(scenario)
        place = GIVEN
        if isinstance(data.get("extends"), str | Path):
            base = Path(data["extends"])
            place, data["extends"] = base.parent / GIVEN, base.name
        found = given_document(data, place, problems, shipped=shipped.scenario)
        return checked(found, GIVEN.stem, problems, folder=folder)
    path = _find(scenario)
    document = read_document(path, problems, shipped=shipped.scenario)
    if document is None:
        raise InputError(problems)
    return checked(document, path.stem, problems)


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


def _as_read(scenario: Scenario) -> Scenario:
    """Return a scenario whose parts are what its document and its case say; refuse one of which they were replaced."""
    again = checked(scenario.document, scenario.id, Problems(), case=scenario.case)
    problems = Problems()
    for part in ("file", "nodes", "parameters"):
        if getattr(again, part) != getattr(scenario, part):
            text = "differs from what the scenario's file and case say; change it with scenario.with_(...)"
            problems.add(scenario.id, part, text)
    problems.raise_if_any()
    return scenario


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
