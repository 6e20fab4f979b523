"""How much of a difference each of several factors makes: exact Shapley shares, from a run for every set of them.

With v(S) the difference when only the factors in S are there, a factor's share is the mean of v(S and it) - v(S) over
all orders in which the factors could come in. The shares add up to v(all) - v(none) on every path; v(none) is what is
left when none of them is there.

Source: Shapley (1953), "A value for n-person games"; for model outputs Owen (2014), "Sobol' indices and Shapley value".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import ByContent, FloatArray, IntArray
from hudna.case.grammar import Language, Text
from hudna.outline import Outlined
from hudna.result.estimate import mean_and_error, of_the_mean, share_of
from hudna.result.samples import Paths
from hudna.text.runs import size_of
from hudna.text.words import check_language

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Shares", "coalitions", "shapley_values"]

REST, WHOLE = "rest", "whole"
_OWN = {
    REST: Text(en="without any of them", ar="من دون أي منها"),
    WHOLE: Text(en="all together", ar="كلها معا"),
}


def coalitions(factors: tuple[str, ...]) -> Iterator[frozenset[str]]:
    """Yield every set of the factors, the empty one first.

    Examples
    --------
    >>> [sorted(s) for s in coalitions(("a", "b"))]
    [[], ['a'], ['b'], ['a', 'b']]
    """
    for size in range(len(factors) + 1):
        for chosen in combinations(factors, size):
            yield frozenset(chosen)


def shapley_values(factors: tuple[str, ...], value: Mapping[frozenset[str], FloatArray]) -> dict[str, FloatArray]:
    """Return each factor's share of value[all] - value[none].

    Parameters
    ----------
    factors : tuple of str
    value : mapping of every set of factors to arrays of one shape

    Returns
    -------
    dict of arrays of that shape

    Examples
    --------
    >>> one = {frozenset(): 0.0, frozenset("a"): 1.0, frozenset("b"): 2.0, frozenset("ab"): 5.0}
    >>> {name: float(x) for name, x in shapley_values(("a", "b"), {s: np.array(v) for s, v in one.items()}).items()}
    {'a': 2.0, 'b': 3.0}
    """
    n = len(factors)
    found = {}
    for factor in factors:
        others = tuple(name for name in factors if name != factor)
        total = np.zeros_like(value[frozenset()], float)
        for without in coalitions(others):
            weight = factorial(len(without)) * factorial(n - len(without) - 1) / factorial(n)
            total += weight * (value[without | {factor}] - value[without])
        found[factor] = total
    return found


@dataclass(frozen=True, eq=False, repr=False)
class Shares(ByContent, Outlined):
    """What each factor makes of an outcome, or of its difference between two policies.

    values : by set of factors that are there, the outcome (or difference) of every draw and path
    """

    outcome: str
    name: Text
    unit: Text
    of: tuple[str, ...]  # one policy, or two: the first less the second
    factors: Mapping[str, Text]
    values: Mapping[frozenset[str], FloatArray]
    clusters: IntArray | None
    about: Mapping[str, Any]

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "outcome", f"{self.outcome}: {self.name.en}, in {self.unit.en}"
        yield "policies", " less ".join(self.of)
        yield "factors", self.factors
        yield "run", size_of(self.about)

    def table(self, lang: Language = "en") -> pd.DataFrame:
        """Return a row per factor, one of what is left without any, and one of all together.

        Parameters
        ----------
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index factor, the last two `rest` and `whole`. Columns: name; mean and its Monte Carlo error mcse, clustered
            by draw, with the 90 % interval low to high that it gives; mean_q05, mean_q95 over draws, path noise taken
            out; share of the whole and its error share_mcse, NaN where the whole is nearer to 0 than three of its
            errors.
        """
        import pandas as pd

        check_language("shares", lang, self)
        names = tuple(self.factors)
        parts = shapley_values(names, self.values)
        parts |= {REST: self.values[frozenset()], WHOLE: self.values[frozenset(names)]}
        whole = parts[WHOLE].mean(axis=1)
        total, error = mean_and_error(whole, self.clusters)
        clear = bool(np.isfinite(error)) and abs(total) > 3 * error
        rows = {}
        for key, y in parts.items():
            known = share_of(y.mean(axis=1), whole, self.clusters) if clear else (np.nan, np.nan)
            rows[key] = {
                "name": (self.factors.get(key) or _OWN[key]).get(lang),
                **of_the_mean(Paths(y, clusters=self.clusters)),
                **dict(zip(("share", "share_mcse"), known, strict=True)),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("factor")
