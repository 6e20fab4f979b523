"""Claims of a case against the scenarios that they are asked in: where those are, and whether they have the names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hudna import shipped
from hudna.case import Case
from hudna.case.claims import ClaimTest
from hudna.case.documents import display, read_document, show_key, show_value
from hudna.case.grammar import Text
from hudna.errors import Problems, nearest, no_such

__all__ = ["check_claims", "scenario_files"]


def scenario_files(case: Case) -> dict[str, Path]:
    """Return the files that may be scenarios of a case, by name: `../../scenarios` of its folder, then `../..`."""
    base = case.folder.resolve().parent.parent
    found: dict[str, Path] = {}
    for folder in (base / "scenarios", base):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


@dataclass(frozen=True)
class _Names:
    """What a test may name in a scenario: as written, whether or not the rest of the file is sound."""

    policies: tuple[str, ...]
    outcomes: Mapping[str, Any]


def check_claims(case: Case, problems: Problems, *, only: Iterable[str] | None = None) -> tuple[Text, ...]:
    """Note every name in the claims, all or `only` some, that their scenarios do not have.

    Returns a notice if there is no scenario at hand, so that nothing could be looked at.
    """
    files = scenario_files(case)
    known = {name: names for name, path in files.items() if (names := _names(path, case)) is not None}
    chosen = {name: claim for name, claim in case.claims.items() if only is None or name in set(only)}
    if not known:
        lost = any(claim.test for claim in chosen.values())
        notice = Text(
            en=f"the claims name scenarios, and none of {case.id} is at hand in scenarios/ beside params/",
            ar=f"تسمي الادعاءات سيناريوهات، وليس للحالة {case.id} سيناريو في scenarios/ بجانب params/",
        )
        return (notice,) if lost else ()
    for name, claim in chosen.items():
        for i, test in enumerate(claim.test):
            _check_test(test, (name, "test", i), known, files, case, problems)
    return ()


def _names(path: Path, case: Case) -> _Names | None:
    """Return what can be named in a scenario; None if it is none of the case, or cannot be read."""
    document = read_document(path, Problems(), shipped=shipped.scenario)
    if document is None or document.data.get("case") != case.id:
        return None
    policies, outcomes = document.data.get("policies"), document.data.get("outcomes")
    return _Names(
        tuple(policies) if isinstance(policies, Mapping) else (), outcomes if isinstance(outcomes, Mapping) else {}
    )


def _check_test(
    test: ClaimTest,
    key: tuple[str | int, ...],
    known: Mapping[str, _Names],
    files: Mapping[str, Path],
    case: Case,
    problems: Problems,
) -> None:
    document = case.documents["claims"]

    def say(field: tuple[str, ...], text: str, given: str) -> None:
        problems.add(document.where(key[:1]), show_key((*key, *field)), text, given=show_value(given))

    sides: list[tuple[tuple[str, ...], tuple[str, str, str]]] = [((), test.asked)]
    if test.against is not None:
        sides.append(((test.relation,), test.against))
    for side, (scenario, policy, outcome) in sides:
        names = known.get(scenario)
        if names is None:
            if not side or scenario != test.scenario:
                say((*side, "scenario"), _missing(scenario, known, files, case), scenario)
            continue
        if policy and policy not in names.policies and _said_here(test, side, "policy"):
            text = no_such("policy", policy, names.policies, text=f"{scenario} has no such policy")
            say((*side, "policy"), text, policy)
        if outcome and outcome not in names.outcomes and _said_here(test, side, "outcome"):
            text = no_such("outcome", outcome, names.outcomes, text=f"{scenario} has no such outcome")
            say((*side, "outcome"), text, outcome)
    if test.against is not None:
        first, second = (_reducer(known.get(scenario), outcome) for scenario, _, outcome in (test.asked, test.against))
        if first and second and first != second:
            text = f"compares what is reduced by {second} with what is reduced by {first}; both must be of one kind"
            say((test.relation,), text, test.against[2])


def _said_here(test: ClaimTest, side: tuple[str, ...], field: str) -> bool:
    """Whether a name stands on this side, or follows from the other in another scenario: one mistake, one problem."""
    than = test.than
    return not side or than is None or field in than.model_fields_set or than.scenario is not None


def _reducer(names: _Names | None, outcome: str) -> str:
    data = names.outcomes.get(outcome) if names is not None else None
    found = data.get("reduce") if isinstance(data, Mapping) else None
    return found if isinstance(found, str) else ""


def _missing(scenario: str, known: Mapping[str, _Names], files: Mapping[str, Path], case: Case) -> str:
    if scenario in files:
        return f"{display(files[scenario])} is no scenario of the case {case.id}, or cannot be read; check it"
    own = ", ".join(known)
    return f"no such scenario beside the case{nearest(scenario, known)}; scenarios of {case.id}: {own}"
