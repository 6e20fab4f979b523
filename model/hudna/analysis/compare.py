"""Several scenarios under the same policies: what each gives, and the regret of having chosen one policy.

The regret of a policy in a scenario is how much worse its mean is than that of the policy that is best there, future
by future on common random numbers. A policy's largest regret over the scenarios is what it costs where it fits worst;
the policy for which that is smallest is the minimax choice.

Source: Savage (1951), "The theory of statistical decision"; Lempert, Popper & Bankes (2003), *Shaping the
Next One Hundred Years*, for scenarios without probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arguments import texts
from hudna.arrays import ByContent, FloatArray
from hudna.case.grammar import Text
from hudna.errors import InputError, Problems, nearest, no_such
from hudna.outline import Outlined
from hudna.result.estimate import OF_THE_MEAN, mean_and_error, proportion_bounds, settled_means
from hudna.result.result import Result
from hudna.scenario.labels import OutcomeLabel
from hudna.text.runs import size_of
from hudna.text.words import check_language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case.grammar import Language

__all__ = ["Comparison", "Entrant", "agreed"]

_MEASURE = ("reduce", "signals", "window", "threshold", "unit", "better")  # of an outcome, beside its name
_FEW = 2  # outcomes, if a scenario has no headline


@dataclass(frozen=True)
class Entrant:
    """What a scenario or a result must share with others to be compared: names, and how outcomes are measured."""

    id: str
    policies: tuple[str, ...]
    outcomes: Mapping[str, OutcomeLabel]
    headline: tuple[str, ...]

    @classmethod
    def of(cls, result: Result) -> Entrant:
        """Return the entrant that a result is."""
        labels = {name: result.outcome(name) for name in result.outcome_names}
        return cls(result.about["scenario"], result.policies, labels, tuple(result.about["headline"]))


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ByContent, Outlined):
    """Results of several scenarios, and which of their outcomes and policies are compared.

    Make one with `hudna.compare`, or with `Comparison.of` from results at hand.
    """

    results: tuple[Result, ...]
    outcomes: tuple[str, ...]
    policies: tuple[str, ...]

    @classmethod
    def of(
        cls, results: Iterable[Result], *, outcomes: Sequence[str] | None = None, policies: Sequence[str] | None = None
    ) -> Comparison:
        """Compare results that are at hand.

        Parameters
        ----------
        results : iterable of Result
            Of different scenarios, of the same size and seed.
        outcomes : sequence of str, optional
            The outcomes of the first scenario's headline if left out.
        policies : sequence of str, optional
            All if left out.

        Raises
        ------
        InputError
            If an outcome or a policy is not in all of them, or an outcome is not measured alike, with everything
            that is wrong at once.
        """
        given = tuple(results)
        problems = Problems()
        for result in given[1:]:
            for key in ("draws", "paths", "seed"):
                if result.about[key] != given[0].about[key]:
                    text = f"was run with {key} = {result.about[key]}, {given[0].about['scenario']} with "
                    text += f"{given[0].about[key]}; run them with one size and seed, as hudna.compare does"
                    problems.add("compare", result.about["scenario"], text)
        entrants = [Entrant.of(result) for result in given]
        chosen = agreed(entrants, outcomes, policies, problems)
        problems.raise_if_any()
        return cls(given, *chosen)

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "scenarios", self.scenarios
        yield "policies", self.policies
        yield "outcomes", self.outcomes
        yield "run", size_of(self.results[0].about)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios."""
        return tuple(result.about["scenario"] for result in self.results)

    def result(self, scenario: str) -> Result:
        """Return the result of a scenario."""
        if scenario not in self.scenarios:
            text = no_such("scenario", scenario, self.scenarios, text="the comparison has no such scenario")
            raise InputError.of("comparison", text, key="scenario", given=repr(scenario))
        return self.results[self.scenarios.index(scenario)]

    def scenario_name(self, scenario: str, lang: Language = "en") -> str:
        """Return what readers see for a scenario."""
        return self.result(scenario).title.get(lang)

    def policy_name(self, policy: str, lang: Language = "en") -> str:
        """Return what readers see for a policy, as the first scenario calls it."""
        return self.results[0].policy_name(policy, lang)

    def outcome(self, name: str) -> OutcomeLabel:
        """Return what an outcome is called, in the first scenario, and how it was measured, in all."""
        if name not in self.outcomes:
            raise InputError.of("comparison", self._not_compared(name), key="outcome", given=repr(name))
        return self.results[0].outcome(name)

    def table(self, lang: Language = "en") -> pd.DataFrame:
        """Return a row per scenario, policy and outcome.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of the column `name`.

        Returns
        -------
        pandas.DataFrame
            Index (scenario, policy, outcome). The columns of `Result.table`: among them mean, its Monte Carlo error
            mcse and 90 % interval low to high; q05, q50, q95 over futures; mean_q05, mean_q95 over draws.
        """
        import pandas as pd

        parts = {result.about["scenario"]: result.table(lang) for result in self.results}
        whole: pd.DataFrame = pd.concat(parts, names=["scenario"])
        return whole.loc[self._index()]

    def regret(self, outcomes: Sequence[str] | None = None, lang: Language = "en") -> pd.DataFrame:
        """Return how much worse each policy is than the best one of its scenario, future by future.

        The best policy of a scenario is the one with the best mean in these very futures. Where policies are close,
        chance has chosen it too: then the regret of the others is a little too large (by about `mcse`), and
        `told_apart` is false.

        Parameters
        ----------
        outcomes : sequence of str, optional
            Those of the comparison if left out; then the rows of one that does not say which way is better are empty.
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index (scenario, policy, outcome). Columns: name, unit; better, "lower", "higher" or empty; best, whether
            no policy of the scenario is better; told_apart, whether it is that beyond Monte Carlo error, or is not;
            regret, the mean of the paired difference, 0 for the best and positive for what is worse; its Monte Carlo
            error mcse, clustered by draw, and 90 % interval low to high; mean_q05, mean_q95 over draws, path noise
            taken out, negative where the policy is the better one; p_best, the share of draws in which the policy is
            best, draws with several best shared out among them, with Monte Carlo error p_best_mcse and 90 % bounds
            p_best_low, p_best_high.

        Raises
        ------
        InputError
            If one of `outcomes` is not compared, or does not say which way is better.
        """
        import pandas as pd

        check_language("comparison", lang, self)
        outcomes = texts("comparison", "outcomes", outcomes)
        if outcomes is not None:
            self._check_better(outcomes)
        chosen = self.outcomes if outcomes is None else tuple(outcomes)
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for result in self.results:
            for name in chosen:
                label = self.outcome(name)
                found = _regrets(result, name, self.policies, label.better)
                for policy in self.policies:
                    row = {"name": label.name.get(lang), "unit": label.unit.get(lang), "better": label.better or ""}
                    rows[result.about["scenario"], policy, name] = {**row, **found[policy]}
        whole = pd.DataFrame(list(rows.values()), index=pd.MultiIndex.from_tuples(list(rows), names=_AXES))
        return whole.loc[self._index(chosen)]

    def minimax(self, outcomes: Sequence[str] | None = None, lang: Language = "en") -> pd.DataFrame:
        """Return each policy's largest regret over the scenarios.

        No scenario is given a probability; which scenarios are compared decides the answer. The largest of several
        estimates is a little too large on average.

        Parameters
        ----------
        outcomes : sequence of str, optional
            As of `regret`.
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index (policy, outcome). Columns: name, unit, better; scenario, where the regret is largest, empty if it
            is 0 everywhere; regret, mcse, low, high of `regret` there; minimax, whether no policy's largest regret is
            smaller.
        """
        import pandas as pd

        kept = ["name", "unit", "better", "scenario", "regret", "mcse", "low", "high"]
        outcomes = texts("comparison", "outcomes", outcomes)
        regret = self.regret(outcomes, lang)
        rows, index = [], []
        for policy in self.policies:
            for name in self.outcomes if outcomes is None else outcomes:
                own = regret.xs((policy, name), level=("policy", "outcome"))
                worst = int(np.argmax(own["regret"].to_numpy(float)))  # the first NaN, if there are any
                row = {**own.iloc[worst].to_dict(), "scenario": own.index[worst]}
                rows.append(row if row["regret"] > 0 else {**row, "scenario": ""})
                index.append((policy, name))
        whole = pd.DataFrame(rows, index=pd.MultiIndex.from_tuples(index, names=["policy", "outcome"]))[kept]
        smallest = whole.groupby("outcome")["regret"].transform("min")
        return whole.assign(minimax=whole["regret"] <= smallest)

    def frame(self, lang: Language = "en") -> pd.DataFrame:
        """Return `table`, `regret` and `minimax` side by side, a row per scenario, policy and outcome, for a file.

        Parameters
        ----------
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Columns: scenario, policy, outcome, scenario_name, policy_name; those of `table`; better, best,
            told_apart, regret, p_best and its bounds, those of the regret's error with `regret_` before their names;
            max_regret and minimax of the policy.
        """
        regret = self.regret(lang=lang).drop(columns=["name", "unit"])
        whole = self.table(lang).join(regret.rename(columns={column: f"regret_{column}" for column in _ESTIMATES}))
        largest = self.minimax(lang=lang)[["regret", "minimax"]].rename(columns={"regret": "max_regret"})
        whole = whole.join(largest, on=["policy", "outcome"]).reset_index()
        whole.insert(3, "scenario_name", [self.scenario_name(name, lang) for name in whole["scenario"]])
        whole.insert(4, "policy_name", [self.policy_name(name, lang) for name in whole["policy"]])
        return whole

    def _index(self, outcomes: Sequence[str] | None = None) -> list[tuple[str, str, str]]:
        names = self.outcomes if outcomes is None else outcomes
        return [(scenario, policy, name) for scenario in self.scenarios for policy in self.policies for name in names]

    def _check_better(self, outcomes: Sequence[str]) -> None:
        problems = Problems()
        for name in outcomes:
            if name in self.outcomes and self.outcome(name).better is None:
                text = (
                    "does not say which way is better, so it has no regret; "
                    f'add better = "lower" or "higher" under [outcomes.{name}] of the scenario'
                )
                problems.add("comparison", "outcome", text, given=repr(name))
            elif name not in self.outcomes:
                problems.add("comparison", "outcome", self._not_compared(name), given=repr(name))
        problems.raise_if_any()

    def _not_compared(self, name: str) -> str:
        return f"is not compared{nearest(name, self.outcomes)}; compared are: {', '.join(self.outcomes)}"


_AXES = ["scenario", "policy", "outcome"]
_ESTIMATES = OF_THE_MEAN[1:]
_BLANK: dict[str, Any] = {
    "best": False, "told_apart": False, "regret": np.nan, **dict.fromkeys(_ESTIMATES, np.nan), "p_best": np.nan,
    "p_best_mcse": np.nan, "p_best_low": np.nan, "p_best_high": np.nan,
}  # fmt: skip


def _regrets(result: Result, outcome: str, policies: Sequence[str], better: str | None) -> dict[str, dict[str, Any]]:
    """Return the columns of `Comparison.regret` for every policy of a scenario."""
    if better is None:
        return {policy: dict(_BLANK) for policy in policies}
    means = {policy: float(result.distribution(outcome, policy).means.mean()) for policy in policies}
    best = (min if better == "lower" else max)(policies, key=means.__getitem__)
    found: dict[str, dict[str, Any]] = {}
    settled = []
    for policy in policies:
        a, b = (policy, best) if better == "lower" else (best, policy)
        estimate = result.difference(outcome, a, b)
        d = result.paired(outcome, a, b)
        noiseless = settled_means(d)
        # In a draw in which no future differs the two are equally good, wherever the noise is taken out to.
        settled.append(np.full(d.n_draws, np.nan) if noiseless is None else np.where(d.means == 0, 0.0, noiseless))
        found[policy] = {**_BLANK, "regret": estimate["mean"], **{key: estimate[key] for key in _ESTIMATES}}
        found[policy] |= {"best": estimate["mean"] <= 0, "told_apart": estimate["low"] > 0}
    others = [row["told_apart"] for row in found.values() if not row["best"]]
    alone = len(others) == len(policies) - 1 and all(others)
    for row, share in zip(found.values(), _shares(np.array(settled)), strict=True):
        if row["best"]:
            row["told_apart"] = alone
        if np.isfinite(share).all():
            p, error = mean_and_error(share, result.clusters)
            low, high = proportion_bounds(share, 1, result.clusters)
            row |= {"p_best": p, "p_best_mcse": error, "p_best_low": low, "p_best_high": high}
    return found


def _shares(regret: FloatArray) -> FloatArray:
    """Return each policy's part of each draw, shape (n_policies, n_draws): 1 where it alone has the least regret."""
    first = regret == regret.min(axis=0)
    return np.asarray(np.where(np.isnan(regret), np.nan, first / np.maximum(first.sum(axis=0), 1)))


def agreed(
    entrants: Sequence[Entrant],
    outcomes: str | Iterable[str] | None,
    policies: str | Iterable[str] | None,
    problems: Problems,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the outcomes and policies to compare; note everything that keeps the entrants from being compared."""
    ids = [entrant.id for entrant in entrants]
    if not ids:
        problems.add("compare", "scenarios", "must name at least one scenario")
        return (), ()
    for name in dict.fromkeys(name for name in ids if ids.count(name) > 1):
        problems.add("compare", "scenarios", "is there twice; each must have a name of its own", given=repr(name))
    first = entrants[0]
    outcomes, policies = texts("compare", "outcomes", outcomes), texts("compare", "policies", policies)
    if outcomes is None:
        drawn = tuple(name for name in first.headline if name in first.outcomes)
        outcomes = drawn or tuple(first.outcomes)[:_FEW]
    if policies is None:
        policies = tuple(dict.fromkeys(policy for entrant in entrants for policy in entrant.policies))
    has = {"outcomes": [list(entrant.outcomes) for entrant in entrants],
           "policies": [list(entrant.policies) for entrant in entrants]}  # fmt: skip
    for key, asked in (("outcomes", list(outcomes)), ("policies", list(policies))):
        common = [name for name in has[key][0] if all(name in names for names in has[key])]
        if not asked or len(set(asked)) != len(asked):
            problems.add("compare", key, "must name at least one, and each once", given=repr(asked))
        for name in dict.fromkeys(asked):
            without = [entrant.id for entrant, names in zip(entrants, has[key], strict=True) if name not in names]
            if without:
                missing = ", ".join(dict.fromkeys(without))
                text = f"is not in {missing}{nearest(name, common)}; "
                text += f"in all are: {', '.join(common)}" if common else "none is in all"
                problems.add("compare", key, text, given=repr(name))
    for name in dict.fromkeys(outcomes):
        _check_measure(name, entrants, problems)
    return tuple(outcomes), tuple(policies)


def _check_measure(name: str, entrants: Sequence[Entrant], problems: Problems) -> None:
    """Note where an outcome of one name is not one thing."""
    having = [entrant for entrant in entrants if name in entrant.outcomes]
    for entrant in having[1:]:
        for key in _MEASURE:
            own, other = (_plain(getattr(e.outcomes[name], key)) for e in (entrant, having[0]))
            if own != other:
                text = f"is measured differently in {entrant.id} than in {having[0].id}: {key} {own} and {other}"
                problems.add("compare", "outcomes", text, given=repr(name))


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value.en
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
