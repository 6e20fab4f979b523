"""What a scenario refers to: checked against what its case has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hudna.case import Case
from hudna.case.documents import Document, Key, show_key, show_value
from hudna.case.grammar import wrong_name
from hudna.case.nodes import Regime, Schedule
from hudna.case.overlay import check_exposure, check_schedules
from hudna.case.references import Known as OfCase
from hudna.case.references import Unread, check_names
from hudna.case.signals import counted_twice, resolve
from hudna.errors import Problems, no_such
from hudna.scenario.file import FREE, Assumption, Outcome, ScenarioFile
from hudna.scenario.influence import influence

__all__ = ["Known", "check_references"]

Say: TypeAlias = Callable[..., None]

_MADE_OF_SERIES = ("_mean", "_bin", "_state")  # what results add to a series' name


@dataclass(frozen=True)
class Known:
    """What a scenario may refer to: its case, names that could not be read, and its own file as written."""

    case: Case
    unread: Unread
    written: Mapping[str, Any]

    def names(self, table: str) -> list[str]:
        """Return the names in a table or list of the file, also of what has problems of its own."""
        found = self.written.get(table)
        return [name for name in found if isinstance(name, str)] if isinstance(found, Mapping | list) else []


def check_references(file: ScenarioFile, known: Known, document: Document, problems: Problems) -> None:
    """Note every reference of `file` to what is not there."""

    def say(key: Key, text: str, given: Any = None) -> None:
        problems.add(document.where(key), show_key(key), text, given="" if given is None else show_value(given))

    case = known.case
    _check_names(known, say)
    _check_policies(file, known, document, problems, say)
    _check_assumptions(file, known, document, problems, say)
    names = OfCase.of(case.nodes, case.signals, case.parameters, known.unread, policy=known.names("policies"),
                       record=tuple(case.observations.records))  # fmt: skip
    check_names(file, names, document, (), problems)
    for name, outcome in file.outcomes.items():
        _check_outcome(name, outcome, file, known, say)
    _check_series(file, known, say)
    _check_contrasts(file, say)
    _check_factors(file, known, say)
    drawn = [*known.names("outcomes"), *known.names("series")]
    for name in file.headline:
        if name not in drawn:
            say(("headline",), no_such("name", name, drawn, text="must be an outcome or a series"), name)
    if file.start > known.case.evidence_until and (file.start - known.case.evidence_until).days > 366:
        text = f"is more than a year after the case's evidence, which ends on {known.case.evidence_until}"
        say(("start",), text, file.start)


def _check_names(known: Known, say: Say) -> None:
    """Names of policies and outcomes become names of files and of variables."""
    for table in ("policies", "outcomes", "factors"):
        for name in known.names(table):
            if wrong := wrong_name(name, variable=table == "outcomes"):
                say((table, name), wrong)


def _check_outcome(name: str, outcome: Outcome, file: ScenarioFile, known: Known, say: Say) -> None:
    every = [s for reference in outcome.signal for s in resolve(reference, known.case.signals)]
    if text := counted_twice(every):
        say(("outcomes", name, "signal"), text, list(outcome.signal))
    if outcome.window is None:
        return
    key, step = ("outcomes", name, "window"), file.step_days / 7
    if outcome.window[1] > file.weeks:
        say(key, f"must end within the horizon of {file.weeks} weeks", outcome.window)
    if any(abs(edge / step - round(edge / step)) > 1e-9 for edge in outcome.window):
        say(key, f"must fall on steps of {file.step_days} days", outcome.window)


def _check_series(file: ScenarioFile, known: Known, say: Say) -> None:
    for i, reference in enumerate(file.series):
        found = resolve(reference, known.case.signals)
        measures = {known.case.signals[name].measure for name in found}
        if len(found) > 1 and measures & {"lever", "state"} and measures != {"lever"}:
            say(("series", i), "adds up a schedule or a regime and something else; name them one by one", reference)
        for suffix in _MADE_OF_SERIES:
            if f"{reference}{suffix}" in file.series:
                say(("series",), f"{reference}{suffix} is what results call a part of {reference}; leave one out")
    if len(set(file.series)) != len(file.series):
        say(("series",), "names a signal twice")


def _check_contrasts(file: ScenarioFile, say: Say) -> None:
    for i, pair in enumerate(file.contrasts):
        if pair[0] == pair[1]:
            say(("contrasts", i), "compares a policy with itself", pair)
        if pair in file.contrasts[:i]:
            say(("contrasts", i), "is there twice", pair)


def _check_factors(file: ScenarioFile, known: Known, say: Say) -> None:
    if known.unread != Unread():
        return  # what cannot be found may be there
    seen: dict[str, str] = {}
    for name, factor in file.factors.items():
        for i, asked in enumerate(factor.remove):
            found = influence(known.case, asked)
            if isinstance(found, str):
                say(("factors", name, "remove", i), found, asked)
                continue
            for part in (*sorted(found.ties), *sorted(found.signals)):
                if part in seen:
                    say(("factors", name, "remove", i), f"switches off {part}, and so does {seen[part]}", asked)
                seen[part] = f"factors.{name}"


def _check_policies(file: ScenarioFile, known: Known, document: Document, problems: Problems, say: Say) -> None:
    for policy, content in file.policies.items():
        key = ("policies", policy, "schedules")
        check_schedules(content.schedules, known.case, document, key, problems)
        for name in content.schedules:
            if isinstance(known.case.nodes.get(name), Schedule) and name in known.names("assumptions"):
                say((*key, name), "is assumed under [assumptions]; a policy cannot choose what is taken as given")


def _check_assumptions(file: ScenarioFile, known: Known, document: Document, problems: Problems, say: Say) -> None:
    nodes = known.case.nodes
    for name, assumption in file.assumptions.items():
        key = ("assumptions", name)
        node = nodes.get(name)
        if isinstance(node, Regime):
            _check_states(name, node, assumption, say)
        elif isinstance(node, Schedule):
            if assumption.points is None:
                say(key, "is a schedule: give points, not states")
            else:
                check_exposure(name, assumption.points, known.case, document, (*key, "points"), problems)
        elif node is not None or not known.unread.may_be("driver", name):
            allowed = [n for n, other in nodes.items() if isinstance(other, Regime | Schedule)]
            say(key, no_such("driver", name, allowed, text="must be a regime or a schedule"))


def _check_states(name: str, node: Regime, assumption: Assumption, say: Say) -> None:
    if assumption.states is None:
        say(("assumptions", name), "is a regime: give states, not points")
        return
    for _, state in assumption.states:
        if state not in node.states and state != FREE:
            say(("assumptions", name, "states"), no_such("state", state, (*node.ordered_states, FREE)), state)
