"""One call from several scenarios to the same policies compared in each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hudna.analysis.compare import Comparison, Entrant, agreed
from hudna.arguments import names
from hudna.ask.many import many
from hudna.ask.start import Options
from hudna.errors import Problems
from hudna.scenario import Scenario, load

__all__ = ["compare"]


def compare(
    scenarios: Iterable[Scenario | str | Path | Mapping[str, Any]],
    *,
    outcomes: str | Iterable[str] | None = None,
    policies: str | Iterable[str] | None = None,
    **options: Any,
) -> Comparison:
    """Simulate several scenarios under the same policies, each once, with one size and seed.

    Parameters
    ----------
    scenarios : iterable of Scenario, or what `hudna.load` takes
    outcomes : str or iterable of str, optional
        Outcomes to compare, which all scenarios have and measure alike; those of the first one's headline if left out.
    policies : str or iterable of str, optional
        Policies to compare, which all scenarios have; all if left out.
    **options
        As of `hudna.run`. draws, paths, seed: the first scenario's own if left out, for all of them; engine, threads,
        executor, belief: each scenario's own if left out; progress: of all scenarios together; stage.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        Before anything is simulated, with everything that is wrong with the scenarios or keeps them from being
        compared.

    Examples
    --------
    >>> comparison = compare(["two-militias"], draws=20, paths=10, seed=1)
    >>> comparison.outcomes, comparison.policies
    (('attacks', 'any_attack_4w', 'truce_breaks', 'pressure'), ('stay', 'leave'))
    """
    chosen = Options.of("compare", options, without=("policies", "outcomes", "trajectories", "as_of", "given"))
    questions = _read(scenarios)
    problems = Problems()
    if questions:  # one size and seed for all
        chosen = chosen.sized(questions[0])
    for question in questions:
        with problems.caught():
            chosen.settled(question)
    entrants = [_entrant(question) for question in questions]
    compared, under = agreed(entrants, outcomes, policies, problems)
    problems.raise_if_any()
    runs = many((question, replace(chosen, policies=under)) for question in questions)
    return Comparison.of([ready.labelled(run) for ready, run in runs], outcomes=compared, policies=under)


def _read(scenarios: Any) -> list[Scenario]:
    """Return the scenarios, read, or every problem with any of them."""
    problems = Problems()
    questions = []
    for scenario in (scenarios,) if isinstance(scenarios, Path | Scenario | Mapping) else names(scenarios) or ():
        with problems.caught():
            questions.append(load(scenario))
    problems.raise_if_any()
    return questions


def _entrant(question: Scenario) -> Entrant:
    return Entrant(question.id, question.policies, question.labels.outcomes, question.file.headline)
