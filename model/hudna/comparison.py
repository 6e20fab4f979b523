"""One call from several scenarios to what they have to say to the same policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hudna.analysis.compare import Comparison, Entrant, agreed
from hudna.answer import run
from hudna.beginning import check_arguments
from hudna.errors import InputError, Problems
from hudna.result.assemble import outcome_label
from hudna.scenario import Scenario, load

__all__ = ["compare"]


def compare(
    scenarios: Sequence[Scenario | str | Path],
    *,
    outcomes: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
    draws: int | None = None,
    paths: int | None = None,
    seed: int | None = None,
    belief: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    stage: Callable[[str], None] | None = None,
) -> Comparison:
    """Simulate several scenarios under the same policies, each once, with one size and seed.

    Parameters
    ----------
    scenarios : sequence of Scenario, or what `hudna.load` takes
    outcomes : sequence of str, optional
        Outcomes to compare, which all scenarios have and measure alike; those of the first one's headline if left out.
    policies : sequence of str, optional
        Policies to compare, which all scenarios have; all if left out.
    draws, paths, seed : int, optional
        As of `hudna.run`; the first scenario's own if left out, for all of them.
    belief : {"posterior", "prior"}, optional
        As of `hudna.run`; each scenario's own if left out.
    progress : function of (done, total), optional
        Of all scenarios together.
    stage : function of a name, optional
        As of `hudna.run`.

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
    questions = _read(scenarios)
    problems = Problems()
    if questions:
        size = questions[0].file.run
        draws = size.draws if draws is None else draws
        paths = size.paths if paths is None else paths
        seed = size.seed if seed is None else seed
    for question in questions:
        try:
            check_arguments(question, draws=draws, paths=paths, seed=seed, belief=belief)
        except InputError as error:
            problems.extend(error.problems)
    names, chosen = agreed([_entrant(question) for question in questions], outcomes, policies, problems)
    problems.raise_if_any()
    results = []
    for place, question in enumerate(questions):
        part = None if progress is None else _part(progress, place, len(questions))
        results.append(
            run(question, draws=draws, paths=paths, seed=seed, policies=chosen, belief=belief, progress=part,
                stage=stage)
        )  # fmt: skip
    return Comparison.of(results, outcomes=names, policies=chosen)


def _read(scenarios: Sequence[Scenario | str | Path] | Scenario | str | Path) -> list[Scenario]:
    """Return the scenarios, read; what is wrong with any of them is told of all at once."""
    problems = Problems()
    questions = []
    for scenario in [scenarios] if isinstance(scenarios, str | Path | Scenario) else scenarios:
        try:
            questions.append(scenario if isinstance(scenario, Scenario) else load(scenario))
        except InputError as error:
            problems.extend(error.problems)
    problems.raise_if_any()
    return questions


def _entrant(question: Scenario) -> Entrant:
    outcomes = {name: outcome_label(question, name) for name in question.outcomes}
    return Entrant(question.id, question.policies, outcomes, question.file.headline)


def _part(progress: Callable[[int, int], None], place: int, of: int) -> Callable[[int, int], None]:
    """Return a function of one run's progress that tells that of all runs."""

    def move(done: int, total: int) -> None:
        progress(place * total + done, of * total)

    return move
