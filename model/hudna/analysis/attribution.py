"""Who moves a level, through what, in which direction: its log odds, part by part, by policy and over time.

Parts are exact and add up to the level's log odds on every step of every path, so sums of parts (all ties of a
channel, all that an actor sends) are exact too, and so are differences between policies. What it takes two ties to
carry has no such part, as every level is bent on its way (x = 1 / (1 + exp(-z))): ask for it by removal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from hudna.arrays import ByContent, FloatArray, IntArray
from hudna.case.grammar import Language, Text
from hudna.errors import InputError, nearest, no_such
from hudna.outline import Outlined
from hudna.result.estimate import mean_and_error, of_the_mean
from hudna.result.samples import Paths
from hudna.text.runs import size_of
from hudna.text.words import check_language

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["GROUPINGS", "LEFT_OVER", "Attribution", "Contribution", "window_slice"]

Grouping: TypeAlias = Literal["part", "source", "channel", "direction"]
GROUPINGS = ("part", "source", "channel", "direction")
_TOTAL = Text(en="total (log odds)", ar="المجموع (لوغاريتم الأرجحية)")
LEFT_OVER = {
    "base": Text(en="base", ar="الأساس"),
    "start": Text(en="start", ar="حالة البداية"),
    "chance": Text(en="chance", ar="المصادفة"),
}
_WORDS = {
    "economic": Text(en="economic ties", ar="روابط اقتصادية"),
    "military": Text(en="military ties", ar="روابط عسكرية"),
    "political": Text(en="political ties", ar="روابط سياسية"),
    "security": Text(en="security ties", ar="روابط أمنية"),
    "effect": Text(en="drivers and events", ar="المحركات والأحداث"),
    "exit": Text(en="ties toward exit", ar="روابط نحو الخروج"),
    "stay": Text(en="ties toward staying", ar="روابط نحو البقاء"),
}


@dataclass(frozen=True)
class Contribution:
    """One part of a level: what it is called and what it belongs to.

    `kind` is `tie`, `effect`, `base`, `start` or `chance`; `source` the actor of a tie, the driver of an effect;
    `channel` and `toward` those of a tie, else empty.
    """

    key: str
    kind: str
    name: Text
    source: str
    source_name: Text
    channel: str = ""
    toward: str = ""

    def group(self, by: Grouping) -> tuple[str, Text]:
        """Return the group that it belongs to, and what that is called."""
        if by == "part":
            return self.key, self.name
        if self.kind in LEFT_OVER:
            return self.kind, LEFT_OVER[self.kind]
        if by == "source":
            return self.source, self.source_name
        found = (self.channel if by == "channel" else self.toward) or "effect"
        return found, _WORDS[found]


@dataclass(frozen=True, eq=False, repr=False)
class Attribution(ByContent, Outlined):
    """The parts of a level's log odds.

    contrasts : pairs of policies that the scenario compares
    level, actor : names of the driver and of its actor (empty if it has none); `toward` what a positive part pushes to
    window : [from, to) in weeks, over which `window_means` are taken
    means : (policy, part, draw, time), mean over the paths of a draw
    window_means : (policy, part, draw, path)
    paths : (policy, part, draw, path, time), of the first paths of each draw that were kept
    """

    level: str
    actor: str
    name: Text
    toward: str
    parts: tuple[Contribution, ...]
    policies: Mapping[str, Text]
    contrasts: tuple[tuple[str, str], ...]
    dates: FloatArray
    window: tuple[float, float]
    means: FloatArray
    window_means: FloatArray
    paths: xr.DataArray
    clusters: IntArray | None
    about: Mapping[str, Any]

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "level", f"{self.level}: {self.name.en}"
        yield "actor", self.actor
        yield "parts", (part.key for part in self.parts)
        yield "policies", self.policies
        yield "window", f"weeks {self.window[0]:g} to {self.window[1]:g}"
        yield "run", size_of(self.about)

    def table(self, by: Grouping = "part", lang: Language = "en") -> pd.DataFrame:
        """Return the mean of each part over the window, a row per policy and part, in log odds.

        Parameters
        ----------
        by : {"part", "source", "channel", "direction"}
            Sum the parts of the same source (actor or driver), channel, or direction.
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index (policy, part), the last part `total`: the level's own log odds. Columns: name; mean and its Monte
            Carlo error mcse, clustered by draw, with the 90 % interval low to high that it gives; mean_q05, mean_q95
            over draws, path noise taken out.
        """
        import pandas as pd

        check_language("attribution", lang, self)
        rows = {}
        for p, policy in enumerate(self.policies):
            for key, name, members in self._groups(by):
                y = self.window_means[p, members].sum(axis=0)
                rows[policy, key] = {"name": name.get(lang), **of_the_mean(Paths(y, clusters=self.clusters))}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["policy", "part"])

    def contrast(self, a: str, b: str, by: Grouping = "part", lang: Language = "en") -> pd.DataFrame:
        """Return the parts under `a` less those under `b`, path by path: why the policies differ.

        Parameters
        ----------
        a, b : str
            Names of policies.
        by : {"part", "source", "channel", "direction"}
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index part; columns as of `table`. Base, start and chance are the same under both, so their rows are 0 and
            left out.
        """
        import pandas as pd

        check_language("attribution", lang, self)
        one, other = self.place(a), self.place(b)
        rows = {}
        for key, name, members in self._groups(by):
            if key not in LEFT_OVER:
                apart = (self.window_means[one, members] - self.window_means[other, members]).sum(axis=0)
                rows[key] = {"name": name.get(lang), **of_the_mean(Paths(apart, clusters=self.clusters))}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")

    def over_time(self, by: Grouping = "part", lang: Language = "en") -> pd.DataFrame:
        """Return the mean of each part on every step, a row per policy, part and date, in log odds.

        Parameters
        ----------
        by : {"part", "source", "channel", "direction"}
        lang : {"en", "ar"}

        Returns
        -------
        pandas.DataFrame
            Index (policy, part, time). Columns: name, mean and its Monte Carlo error mcse, clustered by draw.
        """
        import pandas as pd

        check_language("attribution", lang, self)
        rows = {}
        for p, policy in enumerate(self.policies):
            for key, name, members in self._groups(by):
                series = self.means[p, members].sum(axis=0)
                for t, date in enumerate(self.dates):
                    mean, error = mean_and_error(series[:, t], self.clusters)
                    rows[policy, key, date] = {"name": name.get(lang), "mean": mean, "mcse": error}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["policy", "part", "time"])

    def _groups(self, by: Grouping) -> list[tuple[str, Text, IntArray]]:
        """Return key, name and members of each group in the order of its first part, and of the total."""
        if by not in GROUPINGS:
            text = f"must be one of {', '.join(GROUPINGS)}{nearest(str(by), GROUPINGS)}"
            raise InputError.of("attribution", text, key="by", given=repr(by))
        found: dict[str, tuple[Text, list[int]]] = {}
        for i, part in enumerate(self.parts):
            key, name = part.group(by)
            found.setdefault(key, (name, []))[1].append(i)
        groups = [(key, name, np.array(members)) for key, (name, members) in found.items()]
        return [*groups, ("total", _TOTAL, np.arange(len(self.parts)))]

    def place(self, policy: str) -> int:
        """Return the place of a policy among the policies."""
        names = list(self.policies)
        if policy not in names:
            raise InputError.of("attribution", no_such("policy", policy, names), key="policy", given=repr(policy))
        return names.index(policy)


def window_slice(window: Sequence[float], step: float) -> slice:
    """Return the steps of a window in weeks."""
    return slice(round(window[0] / step), round(window[1] / step))
