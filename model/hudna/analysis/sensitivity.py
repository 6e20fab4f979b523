"""What moves an outcome, or a difference between two policies: the share of its variance that each parameter has.

A first-order share is `Var(E[mean | parameter]) / Var(mean)` over draws, where the mean of a draw is that of its paths,
their noise taken out: how much narrower the outcome would be, on average, if the parameter were known. It is estimated
from the draws of a result, so that nothing is run again. Shares of independent parameters add up to 1 at most; what
is left belongs to combinations of parameters, or to more than the regression can see. Shares of correlated
parameters overlap: those are counted together, once.

A number that is missing is refused. A time to something that does not come within its window counts as the whole
window, so that shares are of the restricted mean, as in `Result.table`.

Sources: Saltelli et al. (2008), *Global Sensitivity Analysis*; Strong & Oakley (2013), "An efficient method for
computing single-parameter partial expected value of perfect information".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from scipy import special

from hudna.analysis.regression import Explained, Response, basis, explained, normal_scores, orthonormal
from hudna.arrays import ByContent, FloatArray
from hudna.case.grammar import Language, Text
from hudna.errors import InputError, Problems
from hudna.outline import Outlined
from hudna.result.estimate import path_variances
from hudna.result.result import Result
from hudna.result.samples import Sample
from hudna.text.runs import size_of
from hudna.text.words import Words, check_language

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FEWEST", "REMAINDER", "SEVERAL", "STATUSES", "Sensitivity", "Share", "sensitivity_of", "shares_of"]

FEWEST = 100  # different draws
SEVERAL, REMAINDER = "several", "remainder"  # of correlated parameters of more than one status; what is left
STATUSES = ("evidence", "judgement", "calibrated", SEVERAL)
_CLEAR = 4  # standard errors that the variance between draws must have
_FOUND = (2, 0.05)  # standard errors of a share that is found, and the chance that any is that does nothing
_OVERLAP = (0.01, 0.1)  # correlated: the chance that any pair is that is not, and the smallest correlation
_REACH = float(special.ndtri(0.95))  # standard errors of a 90 % interval
_word = Words("analysis.sensitivity")


@dataclass(frozen=True)
class Share:
    """The share of one parameter, or of several correlated ones together, of the variance over draws.

    parameters : their names
    status : "evidence", "judgement", "calibrated", or "several"
    share, error : and its standard error
    found : whether it is told apart from none
    overlaps : parameters that are correlated with it, which share part of it
    """

    parameters: tuple[str, ...]
    status: str
    share: float
    error: float
    found: bool = True
    overlaps: tuple[str, ...] = ()

    def row(self) -> dict[str, float]:
        """Return the share with its error and its 90 % interval, within 0 to 1."""
        low, high = np.clip(self.share + _REACH * self.error * np.array([-1, 1]), 0, 1)
        return {"share": self.share, "error": self.error, "low": float(low), "high": float(high)}


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(ByContent, Outlined):
    """What moves an outcome, or its difference between two policies.

    Make one with `hudna.sensitivity`.

    Attributes
    ----------
    of : tuple of str
        One policy, or two: the first less the second.
    parameters : tuple of Share
        Every parameter, the largest first.
    groups : tuple of Share
        Those that were found, correlated ones together: these do not overlap, and may be stacked.
    statuses : tuple of Share
        All parameters of a status together, those too small to be found one by one included; the last is the remainder.
    chance : float
        Share of the variance over futures that is the noise of paths, which no parameter moves.
    """

    outcome: str
    name: Text
    unit: Text
    of: tuple[str, ...]
    policies: Mapping[str, Text]
    parameters: tuple[Share, ...]
    groups: tuple[Share, ...]
    statuses: tuple[Share, ...]
    chance: float
    censored: bool
    about: Mapping[str, Any]

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "outcome", f"{self.outcome}: {self.name.en}, in {self.unit.en}"
        yield "policies", " less ".join(self.of)
        yield "found", [" + ".join(group.parameters) for group in self.groups]
        yield "run", size_of(self.about)

    def table(self) -> pd.DataFrame:
        """Return the share of every parameter, the largest first.

        Returns
        -------
        pandas.DataFrame
            Index parameter. Columns: status; share of the variance over draws, its standard error and its 90 % interval
            low to high; found, whether it is told apart from none (at least 2 standard errors, and no more than a 5 %
            chance that any parameter that does nothing is found); overlaps, the parameters correlated with it.
        """
        rows = [{"parameter": one.parameters[0], **_columns(one)} for one in self.parameters]
        return _frame(rows, "parameter")

    def by_status(self, lang: Language = "en") -> pd.DataFrame:
        """Return the shares of all parameters of each status together, and the remainder.

        Parameters
        ----------
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index status, the last `remainder`. Columns: name, share, error, low, high as of `table`. Correlated
            parameters count once; those of more than one status are a status of their own, `several`.
        """
        check_language("sensitivity", lang, self)
        rows = [{"status": one.status, "name": _word(one.status, lang), **one.row()} for one in self.statuses]
        return _frame(rows, "status")


def _columns(one: Share) -> dict[str, Any]:
    return {"status": one.status, **one.row(), "found": one.found, "overlaps": ", ".join(one.overlaps)}


def _frame(rows: Sequence[Mapping[str, Any]], index: str) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows).set_index(index)


def sensitivity_of(result: Result, outcome: str, a: str, b: str | None = None) -> Sensitivity:
    """Return what moves an outcome of a result under a policy, or its difference between two; see `hudna.sensitivity`.

    Raises
    ------
    InputError
        If there is no such outcome or policy, or the result is too small to say, or has nothing to share out.
    """
    problems = Problems()
    with problems.caught():
        result.outcome(outcome)
    for policy in (a,) if b is None else (a, b):
        with problems.caught():
            result.policy_name(policy)
    if a == b:
        problems.add("sensitivity", "b", "compares a policy with itself", given=repr(b))
    problems.raise_if_any()
    sample = result.distribution(outcome, a) if b is None else result.paired(outcome, a, b)
    _check_size(result, sample, problems)
    problems.raise_if_any()
    response = Response.of(sample)
    if response.between < _CLEAR * response.error:
        text = "draws differ too little beside the noise of their paths to say what moves it; run more draws or paths"
        raise InputError.of("sensitivity", text, key="outcome", given=repr(outcome))
    names = tuple(str(name) for name in result.parameters.data_vars)
    status = {name: str(result.about["sources"][name]["status"]) for name in names}
    values = np.column_stack([result.parameters[name].to_numpy() for name in names])
    single, groups, statuses = shares_of(values, names, status, response)
    label = result.outcome(outcome)
    inside = float(path_variances(sample).mean())
    return Sensitivity(
        outcome=outcome, name=label.name, unit=label.unit, of=(a,) if b is None else (a, b),
        policies={policy: Text(**result.about["policies"][policy]) for policy in result.policies},
        parameters=single, groups=groups, statuses=statuses, chance=inside / (inside + response.between),
        censored=label.reduce == "first", about=_about(result),
    )  # fmt: skip


def _about(result: Result) -> dict[str, Any]:
    return {key: result.about[key] for key in ("name", "draws", "paths", "seed", "given")}


def _check_size(result: Result, sample: Sample, problems: Problems) -> None:
    """Note what keeps a sample from having shares."""
    distinct = result.n_distinct
    if distinct < FEWEST:
        text = f"must be {FEWEST} or more that differ, to say what moves an outcome; run more draws"
        problems.add("sensitivity", "draws", text, given=str(distinct))
    if sample.n_paths < 2:
        problems.add("sensitivity", "paths", "must be 2 or more, to tell what draws do from chance", given="1")
    missing = int((~np.isfinite(sample.means)).sum())
    if missing:
        text = f"the outcome has no value in some futures of {missing} draws, so its variance has no shares"
        problems.add("sensitivity", "outcome", text)
    if not result.parameters.data_vars:
        problems.add("sensitivity", "parameters", "there are none that are uncertain")
    if not missing and np.ptp(sample.means) <= 1e-12 * np.abs(sample.means).max():
        problems.add("sensitivity", "outcome", "has the same mean in every draw: no parameter moves it")


def shares_of(
    values: FloatArray, names: Sequence[str], status: Mapping[str, str], response: Response
) -> tuple[tuple[Share, ...], tuple[Share, ...], tuple[Share, ...]]:
    """Return the shares of single parameters, of those found in groups, and of each status."""
    scores = dict(zip(names, normal_scores(values)[response.first].T, strict=True))
    columns = {name: basis(score, response.weight) for name, score in scores.items()}
    alone = {name: explained(columns[name], response) for name in names}
    varying = sum(columns[name].shape[1] > 0 for name in names)
    clear = [name for name in names if _is_found(alone[name], varying)]
    together = _correlated({name: scores[name] for name in clear})
    joint: dict[tuple[str, ...], Explained] = {}
    for group in together:
        whole = orthonormal(np.hstack([columns[name] for name in group]), response.weight)
        joint[group] = alone[group[0]] if len(group) == 1 else explained(whole, response)
    overlaps = {name: tuple(other for other in group if other != name) for group in together for name in group}
    single = (
        Share((name,), status[name], one.share, one.error, name in overlaps, overlaps.get(name, ()))
        for name, one in alone.items()
    )
    groups = (Share(group, _status_of(group, status), one.share, one.error) for group, one in joint.items())
    small = {name: one for name, one in alone.items() if name not in overlaps}
    sums = []
    for kind in STATUSES:
        own = [one for group, one in joint.items() if _status_of(group, status) == kind]
        rest = [one for name, one in small.items() if status[name] == kind]
        if own or rest:
            sums.append(Share((), kind, *_sum(own, rest, response)))
    left, error = _sum(list(joint.values()), list(small.values()), response)
    return (
        tuple(sorted(single, key=lambda one: (not one.found, -one.share))),
        tuple(sorted(groups, key=lambda one: -one.share)),
        (*sums, Share((), REMAINDER, 1 - left, error)),
    )


def _is_found(one: Explained, tested: int) -> bool:
    errors, chance = _FOUND
    return one.share >= errors * one.error and one.p * tested < chance


def _status_of(group: Iterable[str], status: Mapping[str, str]) -> str:
    found = {status[name] for name in group}
    return found.pop() if len(found) == 1 else SEVERAL


def _sum(found: Sequence[Explained], small: Sequence[Explained], response: Response) -> tuple[float, float]:
    """Return the sum of shares that do not overlap, and its error.

    Of small ones, whose influence drowns in its own noise, the error is that of nothing, and that of a linear
    effect as large as all of them.
    """
    rest = sum(one.share for one in small)
    influence = sum((one.influence for one in found), np.zeros_like(response.y))
    seen = float(response.weight @ response.y**2) / response.between
    linear = 4 * max(rest, 0.0) * seen * float((response.weight**2).sum())
    nothing = sum(one.null**2 for one in (*found, *small))
    return rest + sum(one.share for one in found), float(np.sqrt((influence**2).sum() + nothing + linear))


def _correlated(scores: Mapping[str, FloatArray]) -> list[tuple[str, ...]]:
    """Return the parameters in groups: those that are correlated in the draws, directly or through others, in one."""
    graph, names = nx.Graph(), list(scores)
    graph.add_nodes_from(names)
    if len(names) > 1:
        r = np.corrcoef(np.array([scores[name] for name in names]))
        chance, least = _OVERLAP
        pairs = len(names) * (len(names) - 1) / 2
        sure = np.tanh(special.ndtri(1 - chance / pairs / 2) / np.sqrt(len(scores[names[0]]) - 3))
        graph.add_edges_from(
            (names[i], names[j]) for i, j in zip(*np.nonzero(np.abs(r) > max(sure, least)), strict=True) if i < j
        )
    return [tuple(name for name in names if name in group) for group in nx.connected_components(graph)]
