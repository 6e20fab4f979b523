"""What if nothing read it any more, or it were silenced: paired runs, path by path on the same numbers.

What an actor does two ties away ("Iran, through the factions") has no exact part of a level's log odds, for every
level on the way is bent. It has an effect in this sense: how far an outcome moves when the influence is switched off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import ByContent, FloatArray
from hudna.case.grammar import Language
from hudna.outline import Outlined
from hudna.result.estimate import mean_and_error, of_the_mean
from hudna.result.result import Result
from hudna.result.samples import Paths
from hudna.scenario.influence import Influence
from hudna.text.runs import size_of
from hudna.text.words import check_language

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Removal"]

_GONE = ("without", "effect", "mcse", "low", "high", "mean_q05", "mean_q95", "moved", "moved_mcse")


@dataclass(frozen=True, eq=False, repr=False)
class Removal(ByContent, Outlined):
    """A run, and the same without each of some influences.

    whole : the run as it is
    without : by what was asked, the run without it; the same draws, starts and random numbers
    influences : by what was asked, what it is, what readers see, and whether it was silenced
    """

    whole: Result
    without: Mapping[str, Result]
    influences: Mapping[str, Influence]

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "removed", self.without
        yield "scenario", self.whole.title.en
        yield "policies", self.whole.policies
        yield "outcomes", self.whole.outcome_names
        yield "run", size_of(self.whole.about)

    def reached(self, key: str, outcome: str) -> bool:
        """Return whether any route leads in the model from what is removed to an outcome; if none does, it is exact."""
        return not self.influences[key].reached.isdisjoint(self.whole.outcome(outcome).signals)

    def counted(self, key: str, outcome: str) -> bool:
        """Return whether an outcome is of what is removed itself: it goes on if nothing reads it, silenced it does not.

        Of a level that is silenced nothing is left; then the outcome has no value.
        """
        own = self.influences[key]
        return not {*own.signals, *own.nodes}.isdisjoint(self.whole.outcome(outcome).signals)

    def table(self, lang: Language = "en") -> pd.DataFrame:
        """Return the effect of each influence on each outcome, by policy.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of the columns `influence`, `name` and `unit`.

        Returns
        -------
        pandas.DataFrame
            Index (removed, policy, outcome). Columns: influence, name, unit; silenced, whether it was silenced itself
            or only nothing read it; reached, whether a route leads from it to the outcome in the model; with and
            without, the mean of the whole run and of the run without; effect, the first less the second, path by path,
            with its Monte Carlo error mcse (clustered by draw) and the 90 % interval low to high that it gives;
            mean_q05, mean_q95, of the effect over draws, path noise taken out; moved, the share of futures in which the
            outcome moves at all, and its Monte Carlo error moved_mcse. Of an outcome of a level that is silenced, all
            from without on is NaN: it is absent.
        """
        import pandas as pd

        check_language("removal", lang, self)
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

        check_language("removal", lang, self)
        rows = {}
        for key in self.without:
            for outcome in self.whole.outcome_names:
                whole, rest = (
                    run.sample(outcome, a) - run.sample(outcome, b) for run in (self.whole, self.without[key])
                )
                rows[key, outcome] = self._row(key, outcome, whole, rest, lang)
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["removed", "outcome"])

    def _row(self, key: str, outcome: str, whole: FloatArray, rest: FloatArray, lang: Language) -> dict[str, Any]:
        own, label = self.influences[key], self.whole.outcome(outcome)
        effect = Paths(whole - rest, clusters=self.whole.clusters)
        found = of_the_mean(effect)
        moved, moved_error = mean_and_error(effect.lower + effect.higher, effect.clusters)
        row = {
            "influence": own.name.get(lang),
            "name": label.name.get(lang),
            "unit": label.unit.get(lang),
            "silenced": own.silenced,
            "reached": self.reached(key, outcome),
            "with": float(np.mean(whole)),
            "without": float(np.mean(rest)),
            "effect": found.pop("mean"),
            **found,
            "moved": moved,
            "moved_mcse": moved_error,
        }
        absent = own.silenced and not own.signals.isdisjoint(label.signals)
        return {column: np.nan if absent and column in _GONE else value for column, value in row.items()}
