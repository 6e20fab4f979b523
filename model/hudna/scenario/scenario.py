"""A scenario: a question that is checked against its case, and copies of it with other values."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.arrays import ByContent
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
    show_value,
)
from hudna.case.grammar import Text
from hudna.case.load import read_case
from hudna.case.nodes import Node, Plan, Schedule, planned
from hudna.case.overlay import lay_parameters, lay_starts
from hudna.case.parameters import Parameter
from hudna.case.references import Known as OfCase
from hudna.case.references import Unread
from hudna.case.steps import step_day
from hudna.errors import InputError, Problems, folded, no_such
from hudna.outline import Outlined
from hudna.scenario.file import ScenarioFile, is_folder_name
from hudna.scenario.labels import Labels, labelled
from hudna.scenario.paces import long_steps
from hudna.scenario.references import Known, check_references
from hudna.text.runs import run_size

__all__ = ["Scenario", "changed", "checked", "with_case"]

_TABLES = ("policies", "assumptions", "parameters", "starts", "outcomes", "factors")
# What a file without them is checked with: values that nothing can be wrong with.
_STAND_INS = {"case": "", "start": dt.date.min, "weeks": 2600, "step_days": 1, "policies": {}, "outcomes": {}}


@dataclass(frozen=True, eq=False, repr=False)
class Scenario(ByContent, Outlined):
    """A checked question: the file, the case it asks about, and the case's nodes and parameters as assumed.

    `nodes` and `parameters` are the case's, with the scenario's `starts` and `parameters` laid over them.
    """

    id: str
    file: ScenarioFile
    case: Case
    nodes: Mapping[str, Node]
    parameters: Mapping[str, Parameter]
    document: Document = field(repr=False, compare=False)

    def _outline(self) -> Iterator[tuple[str, object]]:
        file = self.file
        yield "scenario", f"{self.id}: {file.name.en}"
        yield "question", file.question.en
        yield "case", self.case.id
        yield "horizon", f"{file.weeks} weeks from {file.start} on, in steps of {file.step_days} days"
        yield "as of", file.as_of
        yield "policies", self.policies
        yield "outcomes", self.outcomes
        yield "series", file.series
        yield "assumptions", file.assumptions
        yield "parameters overridden", file.parameters
        yield "starts overridden", file.starts
        yield "factors", file.factors
        yield "run", run_size(file.run.draws, file.run.paths, file.run.seed)
        yield "changed", self.changes

    def with_(self, **changes: Any) -> Scenario:
        """Return a copy with other values, checked as a file that extends this scenario would be.

        Parameters
        ----------
        **changes
            The keys of a scenario's file: parameters, policies, assumptions, starts, outcomes, weeks, start, run and
            so on. Tables merge, everything else is replaced. A parameter may be a number, which fixes it, a prior such
            as {"family": "normal", "mean": 1, "sd": 0.3}, or a table as in a file; its unit is the case's where it is
            left out, and it counts as a judgement given in Python. Where the case has a posterior, a parameter
            that is given here is drawn from what is given, the others from the posterior, as with a file's.

        Returns
        -------
        Scenario
            Of the same `id`; `dataclasses.replace(changed, id="shorter")` gives it one of its own, to be compared.

        Raises
        ------
        InputError
            With everything that is wrong, each with its key.

        Examples
        --------
        >>> import hudna
        >>> shorter = hudna.load("two-militias").with_(weeks=26, parameters={"presence_power": 0.5})
        >>> shorter.n_steps, shorter.parameters["presence_power"].source
        (26, 'given in Python')
        """
        return changed(self, changes)

    @property
    def changes(self) -> dict[str, Any]:
        """What was given in Python or on the command line, with the keys of a scenario's file.

        `scenario.with_` of it, or `hudna.load` where no file was extended by name, gives the scenario again.
        """
        found = given_leaves(self.document)
        if no_file(self.path) and self.document.bases:
            base = self.document.bases[0]
            found["extends"] = base.stem if shipped.scenario(base.stem) == base else str(base)
        return found

    @property
    def path(self) -> Path:
        """Where the scenario was read from."""
        return self.document.path

    @property
    def n_steps(self) -> int:
        """Number of steps in the horizon."""
        return int(self.file.weeks * 7 // self.file.step_days)

    @property
    def step(self) -> float:
        """Length of a step, in weeks."""
        return self.file.step_days / 7

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """First day of each step."""
        return tuple(step_day(self.file.start, self.file.step_days, i) for i in range(self.n_steps))

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies, in the order of the file."""
        return tuple(self.file.policies)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes, in the order of the file."""
        return tuple(self.file.outcomes)

    @cached_property
    def labels(self) -> Labels:
        """What its outcomes, series and levers are called and how they are measured."""
        return labelled(self.file, self.case)

    @property
    def notices(self) -> tuple[Text, ...]:
        """Whether a step is too long for what moves within it, as a notice to the reader of the numbers."""
        return long_steps(self.file.step_days, self.nodes.values(), self.parameters)

    @property
    def contrasts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of policies to compare, the file's or all."""
        if self.file.contrasts:
            return self.file.contrasts
        names = self.policies
        return tuple((a, b) for i, b in enumerate(names) for a in names[i + 1 :])


def changed(scenario: Scenario, changes: Mapping[str, Any], place: Path = GIVEN) -> Scenario:
    """Return a scenario with a mapping laid over it, as a file that extends it would be; see `Scenario.with_`."""
    problems = Problems()
    data, folder = with_case(changes)
    if "extends" in data:
        problems.add(display(place), "extends", "goes with a file, or with a mapping for hudna.load", given="")
        del data["extends"]
    over = given_document(data, place, problems)
    base = scenario.document
    document = replace(laid_over(base, over), path=base.path, bases=base.bases)
    return checked(document, scenario.id, problems, case=None if "case" in data else scenario.case, folder=folder)


def checked(
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
    if file.record is not None:
        case = replace(case, observations=replace(case.observations, default=file.record))
    parameters = lay_parameters(file.parameters, case, document, ("parameters",), problems)
    known = OfCase.of(case.nodes, case.signals, parameters, unread)
    nodes = lay_starts(file.starts, case, known, document, ("starts",), problems)
    for node_name, assumption in file.assumptions.items():
        node = nodes.get(node_name)
        if isinstance(node, Schedule) and assumption.points is not None:
            nodes[node_name] = planned(node, Plan(points=assumption.points, interpolation=assumption.interpolation))
    check_references(file, Known(case, unread, document.data), document, problems)
    problems.raise_if_any()
    return Scenario(id=name, file=file, case=case, nodes=nodes, parameters=parameters, document=document)


def with_case(data: Mapping[str, Any]) -> tuple[dict[str, Any], Path | None]:
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
