"""What if an influence were not there: paired runs with and without it, path by path on the same numbers.

What an actor does two ties away ("Iran, through the factions") has no exact part of a level's log odds, for every
level on the way is bent. It has an effect in this sense: how far an outcome moves when the influence is switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis.estimate import estimate, mean_and_error
from hudna.arrays import ByContent, FloatArray
from hudna.case.grammar import Language, Text
from hudna.result.result import Result
from hudna.result.samples import Paths

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Removal"]


@dataclass(frozen=True, eq=False)
class Removal(ByContent):
    """A run, and the same without each of some influences.

    whole : the run as it is
    without : by what was asked, the run without it; the same draws, starts and random numbers
    names : by what was asked, what readers see
    """

    whole: Result
    without: Mapping[str, Result]
    names: Mapping[str, Text]

    def table(self, lang: Language = "en") -> pd.DataFrame:
        """Return the effect of each influence on each outcome, by policy.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of the columns `influence`, `name` and `unit`.

        Returns
        -------
        pandas.DataFrame
            Index (removed, policy, outcome). Columns: influence, name, unit; with and without, the mean of the whole
            run and of the run without; effect, the first less the second, path by path, with its Monte Carlo error
            mcse (clustered by draw) and the 90 % interval low to high that it gives; mean_q05, mean_q95, of the effect
            over draws, path noise taken out; moved, the share of futures in which the outcome moves at all, and its
            Monte Carlo error moved_mcse.
        """
        import pandas as pd

        rows = {}
        for key in self.without:
            for policy in self.whole.policies:
                for outcome in self.whole.outcome_names:
                    whole, rest = (run.sample(outcome, policy) for run in (self.whole, self.without[key]))
                    rows[key, policy, outcome] = self._row(key, outcome, whole, rest, lang)
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["removed", "policy", "outcome"])

    def contrast(self, a: str, b: str, lang: Language = "en") -> pd.DataFrame:
        """Return the effect of each influence on the difference a - b of each outcome: what it adds to the contrast.

        Parameters
        ----------
        a, b : str
            Names of policies.
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index (removed, outcome); columns as of `table`, of the difference.
        """
        import pandas as pd

        rows = {}
        for key in self.without:
            for outcome in self.whole.outcome_names:
                whole, rest = (
                    run.sample(outcome, a) - run.sample(outcome, b) for run in (self.whole, self.without[key])
                )
                rows[key, outcome] = self._row(key, outcome, whole, rest, lang)
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["removed", "outcome"])

    def _row(self, key: str, outcome: str, whole: FloatArray, rest: FloatArray, lang: Language) -> dict[str, Any]:
        label = self.whole.outcome(outcome)
        effect = Paths(whole - rest, clusters=self.whole.clusters)
        found = asdict(estimate(effect))
        moved, moved_error = mean_and_error(effect.lower + effect.higher, effect.clusters)
        return {
            "influence": self.names[key].get(lang),
            "name": label.name.get(lang),
            "unit": label.unit.get(lang),
            "with": float(np.mean(whole)),
            "without": float(np.mean(rest)),
            "effect": found["mean"],
            **{column: found[column] for column in ("mcse", "low", "high", "mean_q05", "mean_q95")},
            "moved": moved,
            "moved_mcse": moved_error,
        }
