"""A scenario or a case, told: every value with the file it came from, and what there is of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.case import Case
from hudna.case.documents import Document, Key, as_toml, display, read_document, show_key
from hudna.case.nodes import KINDS, Node
from hudna.case.parameters import Parameter
from hudna.case.posterior import ABOUT
from hudna.errors import Problems
from hudna.scenario.scenario import Scenario

__all__ = ["Count", "as_data", "count", "merged", "shipped_scenarios"]


@dataclass(frozen=True)
class Count:
    """How much there is: nodes by kind, parameters by status, ties, and those of them that press."""

    nodes: Mapping[str, int]
    parameters: Mapping[str, int]
    ties: int
    pressing: int


def count(case: Case, nodes: Mapping[str, Node], parameters: Mapping[str, Parameter]) -> Count:
    """Count what a case holds; `nodes` and `parameters` may be a scenario's."""
    kinds: Counter[str] = Counter(node.kind for node in nodes.values())
    status = Counter(parameter.status for parameter in parameters.values())
    return Count(
        nodes={kind: kinds[kind] for kind in KINDS},
        parameters={name: status[name] for name in ("evidence", "judgement", "calibrated")},
        ties=len(case.ties),
        pressing=sum(len(presses) for presses in case.presses().values()),
    )


def merged(scenario: Scenario) -> Iterator[str]:
    """Yield the scenario and its case as lines of one TOML document, each with the file that it came from.

    The scenario's own values stand under `scenario`, the case's under `case`, `actors`, `ties`, `drivers` and
    `parameters`, what was learned from observations under `posterior`. A value that the scenario lays another one over
    says so.
    """
    yield from _lines("scenario", scenario.document, scenario)
    for role, document in scenario.case.documents.items():
        yield ""
        yield from _lines(role, document, scenario)
    learned = _posterior(scenario.case)
    if learned is not None:
        yield ""
        yield from _lines("posterior", learned, scenario)


def _posterior(case: Case) -> Document | None:
    return None if case.posterior is None else Document(case.folder / ABOUT, case.posterior.about)


def _lines(role: str, document: Document, scenario: Scenario) -> Iterator[str]:
    for key, value, path in document.leaves():
        note = f"# {_comment(path)}" + ("; the scenario has another" if _covered(role, key, scenario) else "")
        name = show_key((role, *key))
        if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            yield f"{name} = [  {note}"
            yield from (f"  {as_toml(item)}," for item in value)
            yield "]"
        else:
            yield f"{name} = {as_toml(value)}  {note}"


def _covered(role: str, key: Key, scenario: Scenario) -> bool:
    """Whether the scenario lays another value over this one of its case."""
    names = [".".join(map(str, key[:end])) for end in range(1, len(key))]
    if role == "parameters":
        return any(name in scenario.file.parameters for name in names)
    return role == "drivers" and key[-1] == "start" and names[-1:] != [] and names[-1] in scenario.file.starts


def _comment(path: Path) -> str:
    """Return a file's name as a comment may hold it."""
    return "".join(c if c.isprintable() else "?" for c in display(path))


def as_data(scenario: Scenario) -> dict[str, Any]:
    """Return what `merged` tells as plain data: values by file, and for each leaf the file that gave it."""
    documents = {"scenario": scenario.document, **scenario.case.documents}
    learned = _posterior(scenario.case)
    if learned is not None:
        documents["posterior"] = learned
    return {
        "values": {role: document.data for role, document in documents.items()},
        "origins": {
            show_key((role, *key)): display(path)
            for role, document in documents.items()
            for key, _, path in document.leaves()
        },
    }


def shipped_scenarios() -> list[dict[str, str]]:
    """Return name, question and case of every shipped scenario, without reading the cases."""
    found = []
    for name in shipped.scenarios():
        problems = Problems()
        document = read_document(shipped.scenario(name) or Path(name), problems, shipped=shipped.scenario)
        problems.raise_if_any()
        data = document.data if document is not None else {}
        question = data.get("question", "")
        text = question.get("en", "") if isinstance(question, Mapping) else question
        found.append({"scenario": name, "case": str(data.get("case", "")), "question": str(text)})
    return found
