"""One call from the claims of a case to how probable each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis import truth
from hudna.analysis.truth import Truth
from hudna.arguments import check_kind, texts
from hudna.arrays import ByContent, FloatArray, IntArray
from hudna.ask.many import many
from hudna.ask.start import Options
from hudna.case import Case, load_case
from hudna.case.claims import Claim, ClaimTest
from hudna.case.grammar import Language, Text
from hudna.errors import InputError, Problems, nearest, no_such
from hudna.outline import Outlined
from hudna.result.samples import Paths
from hudna.scenario import Scenario, load
from hudna.scenario.claims import check_claims, scenario_files
from hudna.scenario.reading import case_of
from hudna.text.runs import size_of
from hudna.text.words import check_language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result

__all__ = ["Answer", "Support", "Verdict", "Verdicts", "claims"]


@dataclass(frozen=True)
class Support:
    """A parameter that an answer rests on.

    `status` is evidence, judgement or calibrated; `overlap` the share of probability that prior and posterior have in
    common (1: the rows taught nothing about it), None if the run did not draw from the posterior.
    """

    name: str
    status: str
    overlap: float | None

    def __str__(self) -> str:
        """Return `name (judgement, 0.97)`."""
        return f"{self.name} ({self.status}{'' if self.overlap is None else f', {self.overlap:.2f}'})"


@dataclass(frozen=True)
class Answer:
    """What a run says of one test.

    `pairing` is "paired" where two sides were compared draw by draw, "unpaired" where their draws are not the same,
    and empty where there is one side.
    """

    test: ClaimTest
    truth: Truth
    unit: Text
    pairing: str
    rests_on: tuple[Support, ...]


@dataclass(frozen=True)
class Verdict:
    """A claim with its answers, and the probability that all its tests are true.

    `joint` is "draws" if that is a share of draws, "bounds" if the tests have no draws in common, so that only bounds
    can be given (`p_true` is then NaN, and `low` to `high` what any dependence allows), and empty if it is untested.
    """

    name: str
    claim: Claim
    answers: tuple[Answer, ...]
    joint: str
    p_true: float
    mcse: float
    low: float
    high: float


@dataclass(frozen=True, eq=False, repr=False)
class Verdicts(ByContent, Outlined):
    """What came of the claims of a case, in the order of its file; `given` is what the runs started from, by scenario.

    `draws`, `paths` and `seed` are those of every run; None if nothing had to be run.
    """

    case: str
    title: Text
    verdicts: Mapping[str, Verdict] = field(repr=False)
    draws: int | None
    paths: int | None
    seed: int | None
    given: Mapping[str, Mapping[str, Any]] = field(repr=False)

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "case", f"{self.case}: {self.title.en}"
        yield "claims", self.verdicts
        yield "scenarios", self.given
        yield "run", None if self.draws is None else size_of(vars(self))

    def __getitem__(self, name: str) -> Verdict:
        """Return the verdict on a claim."""
        check_kind("claims", "name", name, "str")
        if name not in self.verdicts:
            known = ", ".join(self.verdicts)
            text = f"there is no verdict on such a claim{nearest(name, self.verdicts)}; there are: {known}"
            raise InputError.of("claims", text, key="name", given=repr(name))
        return self.verdicts[name]

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts.values())

    def __len__(self) -> int:
        return len(self.verdicts)

    def table(self, lang: Language = "en") -> pd.DataFrame:
        """Return a row per test, and one per claim that has none.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of the texts.

        Returns
        -------
        pandas.DataFrame
            Columns: claim, said (what was said), source; test (its number, 0 if untested), statement; scenario,
            policy, outcome or parameter, relation, and what it is compared with: than_scenario, than_policy,
            than_outcome, or value; p_true over draws, p_true_mcse, p_true_low, p_true_high (90 % bounds); p_futures,
            p_futures_mcse; estimate, mcse, q05, q95 (90 % over draws), unit, of the outcome or of the difference;
            pairing, same (whether no future differs); rests_on, structure; untested (why); joint, claim_p_true,
            claim_p_true_mcse, claim_low, claim_high, of all tests of the claim together; draws, paths, seed, belief.
        """
        import pandas as pd

        check_language("claims", lang, self)
        rows = [row for verdict in self for row in self._rows(verdict, lang)]
        return pd.DataFrame(rows)

    def _rows(self, verdict: Verdict, lang: Language) -> Iterator[dict[str, Any]]:
        claim = verdict.claim
        head = {"claim": verdict.name, "said": claim.claim.get(lang), "source": claim.source.get(lang)}
        tail = {
            "untested": claim.untested.get(lang) if claim.untested else "",
            "joint": verdict.joint, "claim_p_true": verdict.p_true, "claim_p_true_mcse": verdict.mcse,
            "claim_low": verdict.low, "claim_high": verdict.high,
            "draws": self.draws, "paths": self.paths, "seed": self.seed,
        }  # fmt: skip
        for i, answer in enumerate(verdict.answers, 1):
            belief = self.given[answer.test.scenario].get("belief", "prior")
            yield {**head, "test": i, **_cells(answer, lang), **tail, "belief": belief}
        if not verdict.answers:
            yield {**head, "test": 0, **_BLANK, **tail, "belief": ""}


_NUMBERS = ("p_true", "p_true_mcse", "p_true_low", "p_true_high", "p_futures", "p_futures_mcse", "estimate", "mcse",
            "q05", "q95")  # fmt: skip
_BLANK: dict[str, Any] = {  # the columns of a test, in their order, where there is none
    **dict.fromkeys(("statement", "scenario", "policy", "outcome", "parameter", "relation"), ""),
    **dict.fromkeys(("than_scenario", "than_policy", "than_outcome", "value"), ""),
    **dict.fromkeys(_NUMBERS, np.nan),
    "unit": "", "pairing": "", "same": None, "rests_on": "", "structure": "",
}  # fmt: skip


def _cells(answer: Answer, lang: Language) -> dict[str, Any]:
    test = answer.test
    found = {
        **{name: getattr(test, name) for name in ("scenario", "policy", "outcome", "parameter", "relation", "value")},
        **dict(zip(("than_scenario", "than_policy", "than_outcome"), test.against or (), strict=False)),
        **{name: getattr(answer.truth, name) for name in (*_NUMBERS, "same")},
        "statement": test.statement.get(lang),
        "unit": answer.unit.get(lang),
        "pairing": answer.pairing,
        "rests_on": "; ".join(map(str, answer.rests_on)),
        "structure": test.structure.get(lang) if test.structure else None,
    }
    return _BLANK | {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class _Run:
    """What is kept of a run: the outcomes that were asked for, by policy and outcome, and its draws."""

    question: Scenario
    samples: Mapping[tuple[str, str], Paths]
    parameters: Mapping[str, FloatArray]
    clusters: IntArray | None
    given: Mapping[str, Any]

    @classmethod
    def of(cls, question: Scenario, result: Result, wanted: set[tuple[str, str]]) -> _Run:
        return cls(
            question,
            {(policy, outcome): Paths(result.sample(outcome, policy), clusters=result.clusters)
             for policy, outcome in sorted(wanted)},
            {str(name): array.to_numpy() for name, array in result.parameters.data_vars.items()},
            result.clusters,
            result.about["given"],
        )  # fmt: skip

    def paired(self, other: _Run) -> bool:
        """Whether draws have the same parameters one by one: not if a scenario overrides some, or weighed them."""
        return all(np.array_equal(array, other.parameters[name]) for name, array in self.parameters.items())


def claims(
    case: Case | Scenario | str | Path | Mapping[str, Any],
    *,
    only: str | Iterable[str] | None = None,
    **options: Any,
) -> Verdicts:
    """Say how probable each claim of a case is.

    Parameters
    ----------
    case : Case, its folder or the name of a shipped one; or a Scenario or what `hudna.load` takes, for its case
        Tests are asked in the scenarios that they name, whatever the scenario that is given.
    only : str or iterable of str, optional
        Names of claims; all of them if left out.
    **options
        As of `hudna.run`. draws, paths, seed: of every run, those of the first scenario that the claims name if left
        out; engine, threads, executor, belief: each scenario's own if left out; progress: of all runs together; stage.

    Returns
    -------
    Verdicts

    Raises
    ------
    InputError
        Before anything is simulated, with everything that is wrong with the case, its claims, the scenarios that they
        name, or an argument.

    Examples
    --------
    >>> verdicts = claims("two-militias", draws=20, paths=10, seed=1)
    >>> [verdict.name for verdict in verdicts]
    ['T1', 'T2', 'T3']
    """
    wished = Options.of("claims", options, without=("policies", "outcomes", "trajectories", "as_of", "given"))
    check_kind("claims", "case", case, "Case | Scenario | Path | str | Mapping")
    of, given = case_of(case)
    chosen = _chosen(of, only)
    problems = Problems()
    for notice in check_claims(of, problems, only=chosen):
        problems.add(str(of.folder), "", notice.en)
    problems.raise_if_any()
    wanted = _wanted(chosen)
    questions = _questions(of, given, wanted)
    if not questions:
        return Verdicts(of.id, of.about.name, {n: _untested(n, c) for n, c in chosen.items()}, None, None, None, {})
    wished = wished.sized(_first(of, given, questions))
    _check(questions, chosen, problems, wished)
    asked = []
    for name, question in questions.items():
        under = {policy for policy, _ in wanted[name]} or {question.policies[0]}
        policies = tuple(policy for policy in question.policies if policy in under)
        asked.append((question, replace(wished, policies=policies)))
    runs = {
        name: _Run.of(question, ready.labelled(run), wanted[name])
        for (name, question), (ready, run) in zip(questions.items(), many(asked), strict=True)
    }
    plain = _without_posterior(of)
    verdicts = {name: _verdict(name, claim, runs, plain) for name, claim in chosen.items()}
    begun = {name: found.given for name, found in runs.items()}
    return Verdicts(of.id, of.about.name, verdicts, wished.draws, wished.paths, wished.seed, begun)


def _without_posterior(case: Case) -> Case:
    """Return a case as its files say it apart from what was learned; as it is, if they have changed and are wrong."""
    try:
        return load_case(case.folder, posterior=False)
    except InputError:
        return case


def _chosen(case: Case, only: str | Iterable[str] | None) -> dict[str, Claim]:
    """Return the claims that are asked for, in the order of the file."""
    if not case.claims:
        text = "the case makes no claims; declare them in claims.toml beside case.toml"
        raise InputError.of(str(case.folder), text)
    asked = texts("claims", "only", case.claims if only is None else only) or ()
    problems = Problems()
    for name in asked:
        if name not in case.claims:
            text = no_such("claim", name, case.claims)
            problems.add("claims", "only", text, given=repr(name))
    if not asked:
        problems.add("claims", "only", "must name at least one claim", given="[]")
    problems.raise_if_any()
    return {name: claim for name, claim in case.claims.items() if name in asked}


def _wanted(chosen: Mapping[str, Claim]) -> dict[str, set[tuple[str, str]]]:
    """Return which policies and outcomes are needed of each scenario."""
    found: dict[str, set[tuple[str, str]]] = {}
    for claim in chosen.values():
        for test in claim.test:
            for asked in (test.asked, test.against):
                if asked is not None:
                    own = found.setdefault(asked[0], set())
                    own |= {asked[1:]} if test.outcome is not None else set()
    return found


def _questions(case: Case, given: Scenario | None, wanted: Mapping[str, Any]) -> dict[str, Scenario]:
    """Return the scenarios that are needed, read, or every problem with any of them."""
    files, problems, found = scenario_files(case), Problems(), {}
    for name in wanted:
        if given is not None and given.id == name:
            found[name] = given
            continue
        with problems.caught():
            found[name] = load(files[name])
            if found[name].case.folder.resolve() != case.folder.resolve():
                text = f"asks about another folder than {case.folder}: {found[name].case.folder}"
                problems.add(str(files[name]), "case", text, given=repr(case.id))
    problems.raise_if_any()
    return found


def _first(case: Case, given: Scenario | None, questions: Mapping[str, Scenario]) -> Scenario:
    """Return the scenario that is named first in the file, which gives the size of all runs."""
    name = next(test.scenario for claim in case.claims.values() for test in claim.test)
    if name in questions:
        return questions[name]
    return given if given is not None and given.id == name else load(scenario_files(case)[name])


def _check(
    questions: Mapping[str, Scenario], chosen: Mapping[str, Claim], problems: Problems, options: Options
) -> None:
    for question in questions.values():
        with problems.caught():
            options.settled(question)
    for name, claim in chosen.items():
        for i, test in enumerate(claim.test):
            units = [_unit(test, questions, side) for side in (test.asked, test.against) if side is not None]
            if len({unit.en for unit in units}) > 1:
                text = f"compares {units[0].en} with {units[1].en}; both must be measured alike"
                problems.add("claims", f"{name}.test[{i}].{test.relation}", text)
    problems.raise_if_any()


def _unit(test: ClaimTest, questions: Mapping[str, Scenario], side: tuple[str, str, str]) -> Text:
    question = questions[side[0]]
    if test.parameter is not None:
        return question.case.unit(question.parameters[test.parameter].unit)
    return question.labels.outcomes[side[2]].unit


def _verdict(name: str, claim: Claim, runs: Mapping[str, _Run], plain: Case) -> Verdict:
    if claim.untested is not None:
        return _untested(name, claim)
    answers = tuple(_answer(test, runs, plain) for test in claim.test)
    own = [runs[scenario] for test in claim.test for scenario in test.scenarios]
    holds = [answer.truth.holds for answer in answers if answer.truth.holds is not None]
    if len(answers) == 1:
        only = answers[0].truth
        numbers = (only.p_true, only.p_true_mcse, only.p_true_low, only.p_true_high)
        return Verdict(name, claim, answers, "draws", *numbers)
    if len(holds) == len(answers) and all(one.paired(own[0]) for one in own):
        return Verdict(name, claim, answers, "draws", *truth.together(holds, own[0].clusters))
    shares = [answer.truth.p_true for answer in answers]
    if not np.isfinite(shares).all():
        return Verdict(name, claim, answers, "bounds", np.nan, np.nan, np.nan, np.nan)
    low, high = max(0.0, sum(shares) - len(shares) + 1), min(shares)  # whatever the dependence (Fréchet)
    return Verdict(name, claim, answers, "bounds", np.nan, np.nan, low, high)


def _untested(name: str, claim: Claim) -> Verdict:
    return Verdict(name, claim, (), "", np.nan, np.nan, np.nan, np.nan)


def _answer(test: ClaimTest, runs: Mapping[str, _Run], plain: Case) -> Answer:
    one = runs[test.scenario]
    questions = {name: found.question for name, found in runs.items()}
    unit = _unit(test, questions, test.asked)
    rests_on = tuple(_support(name, one, plain) for name in test.rests_on)
    if test.parameter is not None:
        limit = one.parameters[test.value] if isinstance(test.value, str) else float(test.value or 0.0)
        found = truth.parameter(one.parameters[test.parameter], limit, test.sign, one.clusters)
        return Answer(test, found, unit, "", rests_on)
    sample = one.samples[test.asked[1:]]
    if test.against is None:
        found = truth.value(sample, float(test.value or 0.0), test.sign)
        return Answer(test, found, unit, "", rests_on)
    other = runs[test.against[0]]
    second = other.samples[test.against[1:]]
    if one.paired(other):
        found = truth.difference(Paths(sample.y - second.y, clusters=one.clusters), test.sign)
        return Answer(test, found, unit, "paired", rests_on)
    return Answer(test, truth.apart(sample, second, test.sign), unit, "unpaired", rests_on)


def _support(name: str, one: _Run, plain: Case) -> Support:
    """Return what is known of a parameter in a run; `plain` is the case as it is without its posterior."""
    if name in one.question.file.parameters:
        return Support(name, one.question.parameters[name].status, None)
    posterior = one.question.case.posterior
    if one.given.get("belief") != "posterior" or posterior is None:
        return Support(name, plain.parameters[name].status, None)
    return Support(name, one.question.parameters[name].status, posterior.learned[name].overlap)
