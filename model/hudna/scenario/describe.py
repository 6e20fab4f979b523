"""A scenario or a case as text: every value with the file it came from, and how much there is of each kind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.case import Case
from hudna.case.documents import Document, Key, as_toml, display, read_document, show_key
from hudna.case.grammar import Language
from hudna.case.nodes import KINDS, Node
from hudna.case.parameters import Parameter
from hudna.case.posterior import ABOUT
from hudna.errors import Problems, nearest
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


def merged(scenario: Scenario, only: Sequence[str] = ()) -> Iterator[str]:
    """Yield the scenario and its case as lines of one TOML document, file by file.

    The scenario's own values stand under `scenario`, the case's under `case`, `actors`, `ties`, `drivers` and
    `parameters`, what was learned from observations under `posterior`. A value that the scenario
    overrides has a comment.

    Parameters
    ----------
    scenario : Scenario
    only : sequence of str
        Parts of keys such as `attacks.*`, with `*` and `?`: lines whose key or value has such a name; all if empty.

    Raises
    ------
    InputError
        If nothing has one of the names.
    """
    leaves = list(_leaves(scenario, only))
    base = _base({path for *_, path in leaves})
    yield f"# files in {_plain(display(base))}"
    before = None
    for role, key, value, path in leaves:
        if path != before:
            yield from ("", f"# {_plain(_below(base, path))}")
            before = path
        note = "  # the scenario has another" if _covered(role, key, scenario) else ""
        name = show_key((role, *key))
        if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            yield f"{name} = [{note}"
            yield from (f"  {as_toml(item)}," for item in value)
            yield "]"
        else:
            yield f"{name} = {as_toml(value)}{note}"


def _leaves(scenario: Scenario, only: Sequence[str] = ()) -> Iterator[tuple[str, Key, Any, Path]]:
    """Yield role, key, value and file of each value that has one of the names; those of one file together."""
    documents = {"scenario": scenario.document, **scenario.case.documents}
    if scenario.case.posterior is not None:
        documents["posterior"] = Document(scenario.case.folder / ABOUT, scenario.case.posterior.about)
    found = [(role, *leaf) for role, document in documents.items() for leaf in document.leaves()]
    parts = dict.fromkeys(part for role, key, *_ in found for part in _parts(role, key))
    problems = Problems()
    for name in only:
        if not any(_named(name, role, key, value) for role, key, value, _ in found):
            text = f"nothing has this name{nearest(name, parts)}; * and ? stand for letters"
            problems.add(scenario.id, "", text, given=repr(name))
    problems.raise_if_any()
    chosen = [leaf for leaf in found if not only or any(_named(name, *leaf[:3]) for name in only)]
    places = {place: i for i, place in enumerate(dict.fromkeys((role, path) for role, _, _, path in chosen))}
    yield from sorted(chosen, key=lambda leaf: places[leaf[0], leaf[3]])


def _parts(role: str, key: Key) -> list[str]:
    return [part for name in (role, *key) for part in str(name).split(".")]


def _named(name: str, role: str, key: Key, value: Any) -> bool:
    """Whether a name is one or more parts of a key that follow one another, or stands in the value."""
    wanted, parts = name.split("."), _parts(role, key)
    runs = (parts[i : i + len(wanted)] for i in range(len(parts) - len(wanted) + 1))
    return any(all(map(fnmatchcase, run, wanted)) for run in runs) or any(fnmatchcase(t, name) for t in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts that a value holds."""
    if isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _base(paths: Iterable[Path]) -> Path:
    """Return the folder that all files lie in; the working folder if they are on several disks."""
    try:
        return Path(os.path.commonpath([path.resolve().parent for path in paths if path.is_file()]))
    except ValueError:
        return Path.cwd()


def _below(base: Path, path: Path) -> str:
    real = path.resolve()
    return real.relative_to(base).as_posix() if path.is_file() and real.is_relative_to(base) else display(path)


def _covered(role: str, key: Key, scenario: Scenario) -> bool:
    """Whether the scenario lays another value over this one of its case."""
    names = [".".join(map(str, key[:end])) for end in range(1, len(key))]
    if role == "parameters":
        return any(name in scenario.file.parameters for name in names)
    return role == "drivers" and key[-1] == "start" and names[-1:] != [] and names[-1] in scenario.file.starts


def _plain(text: str) -> str:
    """Return a text as a comment may hold it."""
    return "".join(c if c.isprintable() else "?" for c in text)


def as_data(scenario: Scenario, only: Sequence[str] = ()) -> dict[str, Any]:
    """Return what `merged` shows as plain data: values by file, and for each the file that gave it."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for role, key, value, path in _leaves(scenario, only):
        table = values.setdefault(role, {})
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = value
        origins[show_key((role, *key))] = display(path)
    return {"values": values, "origins": origins}


def shipped_scenarios(lang: Language = "en") -> list[dict[str, str]]:
    """Return name, question and case of every shipped scenario, without reading the cases."""
    found = []
    for name in shipped.scenarios():
        problems = Problems()
        document = read_document(shipped.scenario(name) or Path(name), problems, shipped=shipped.scenario)
        problems.raise_if_any()
        data = document.data if document is not None else {}
        question = data.get("question", "")
        text = question.get(lang, question.get("en", "")) if isinstance(question, Mapping) else question
        found.append({"scenario": name, "case": str(data.get("case", "")), "question": str(text)})
    return found
