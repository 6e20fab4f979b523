"""The parts of a level as tables: over time under one policy, and as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hudna.analysis.attribution import LEFT_OVER, Attribution, Grouping
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST", "attribution_bars_data", "attribution_data"]

MOST = 5  # groups that are shown apart; the rest are one
_word = Words("analysis.parts")


def attribution_data(
    found: Attribution, policy: str | None = None, *, by: Grouping = "source", most: int = MOST, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `attribution` draws: the mean of each group on every step.

    Parameters
    ----------
    found : Attribution
    policy : str, optional
        The first if left out.
    by : {"part", "source", "channel", "direction"}
    most : int
        Groups shown apart, those that push most; the rest are summed as `rest`, base and start as `still`.
    lang : {"en", "ar"}

    Returns
    -------
    pandas.DataFrame
        Index time; a column per group in the order drawn, named as readers see it, and `total`. In log odds; chance,
        which comes to nothing in the mean, belongs to `rest`.
    """
    import pandas as pd

    frame = found.over_time(by, lang).loc[list(found.policies)[found.place(policy) if policy is not None else 0]]
    means = frame["mean"].unstack("part").sort_index()  # noqa: PD010 (pivot loses the order of parts)
    names = dict(zip(frame.index.get_level_values("part"), frame["name"], strict=True))
    moving = [key for key in means.columns if key not in LEFT_OVER and key != "total"]
    ranked = sorted(moving, key=lambda key: -float(np.abs(means[key].to_numpy()).mean()))
    shown, merged = ranked[:most], [*ranked[most:], "chance"]
    columns = {names[key]: means[key] for key in shown}
    columns[_word("rest", lang)] = means[merged].sum(axis=1)
    columns[_word("still", lang)] = means[["base", "start"]].sum(axis=1)
    columns[_word("total", lang)] = means["total"]
    return pd.DataFrame(columns)


def attribution_bars_data(
    found: Attribution, a: str, b: str | None = None, *, by: Grouping = "source", lang: Language = "en"
) -> pd.DataFrame:
    """Return what `attribution_bars` draws, the largest first, the total last.

    Parameters
    ----------
    found : Attribution
    a, b : str
        Policies: the parts under `a` less those under `b`; under `a` alone if `b` is left out.
    by : {"part", "source", "channel", "direction"}
    lang : {"en", "ar"}

    Returns
    -------
    pandas.DataFrame
        Index part; columns name, mean, mcse, low, high, mean_q05, mean_q95, in log odds.
    """
    import pandas as pd

    if b is None:
        found.place(a)
        frame = found.table(by, lang).xs(a, level="policy")
        frame = frame[frame.index != "chance"]
    else:
        frame = found.contrast(a, b, by, lang)
    order = sorted(frame.index, key=lambda key: (key == "total", key in LEFT_OVER, -abs(float(frame["mean"][key]))))
    return pd.DataFrame(frame.reindex(order))
