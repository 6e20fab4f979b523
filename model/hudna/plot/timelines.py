"""Over time: the fan of a series, and the share of paths in each state of a regime, a panel a policy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hudna.analysis.over_time import chosen_policies, fan_data, moved, shares_data
from hudna.arrays import FloatArray
from hudna.plot.frame import beside, frame, months, new_axes, ran
from hudna.plot.panels import curves, explain, side_by_side
from hudna.plot.style import STATE_HATCHES, colour_of, shades, word
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["by_state", "draw_lever", "draw_shares", "fan", "shares", "step_edges"]

_BANDS = (("q05", "q95", 0.22), ("q25", "q75", 0.33))  # ends, how dark
_SHADES = (("band", 0.22), ("half band", 0.48))  # in the legend: the narrow band lies on the wide one


def fan(
    result: Result,
    name: str,
    policy: str | Sequence[str] | None = None,
    *,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the middle of a series over time with the bands of 50 and 90 % of paths, a panel a policy.

    The middle is the median of a level and the mean of a count, whose median goes up and down by whole numbers. In each
    panel thin grey lines show the middles of the other policies. A lever is one line a policy, all in one panel.

    Takes what `fan_data` takes, with `lang` and `ax` as every picture.
    """
    label = result.series_label(name)
    data = fan_data(result, name, policy, lang=lang)
    text, unit, notes = label.name.get(lang), label.unit.get(lang), ran(result.about, lang)
    if label.measure == "lever":
        ax = new_axes(ax)
        draw_lever(ax, result, data.rename(columns={"mean": "value"}))
        months(ax, lang)
        return frame(ax, lang, text, *notes, y=unit, key=beside)
    policies, stepped = chosen_policies(result, policy), label.measure == "count"
    top = 1.0 if label.measure == "level" else 1.05 * float(data[["q95", "mean"]].to_numpy().max()) or 1.0
    middle = "mean" if stepped else "q50"
    rows = dict(iter(fan_data(result, name, lang=lang).groupby("policy")))
    edges = step_edges(result)
    middles = (edges[1:] + edges[:-1]) / 2

    def band(panel: Axes, chosen: str, colour: str) -> None:
        for *ends, alpha in _BANDS:
            low, high = rows[chosen][ends].to_numpy().T
            if stepped:
                panel.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=alpha, linewidth=0)
            else:
                panel.fill_between(middles, low, high, color=colour, alpha=alpha, linewidth=0)

    def line(chosen: str) -> tuple[FloatArray, FloatArray]:
        return middles, rows[chosen][middle].to_numpy()

    ax, named = curves(result, policies, line, band, lang, ax, grid="y")
    for panel, _ in named:
        panel.set_ylim(0, top)
        panel.set_xlim(edges[0], edges[-1])
        months(panel, lang)
    key = partial(explain, middle="mean" if stepped else "median", bands=_SHADES, alone=len(result.policies) < 2)
    return frame(ax, lang, text, *notes, y=unit, key=key, named=named)


def shares(
    result: Result,
    name: str,
    policy: str | Sequence[str] | None = None,
    *,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of paths in each state of a regime over time, stacked, a panel a policy.

    A regime that no policy moves has one panel.

    Takes what `shares_data` takes, with `lang` and `ax` as every picture.
    """
    data = shares_data(result, name, policy, lang=lang)
    label = result.series_label(name)
    policies = chosen_policies(result, policy)
    names = [result.policy_name(chosen, lang) for chosen in policies]
    if len(policies) > 1 and not moved(result.series[name].sel(policy=list(policies))):
        policies, names = policies[:1], [word("every policy", lang)]
    ax, own = side_by_side(ax, len(policies), lang)
    edges = step_edges(result)
    for panel, chosen in zip(own, policies, strict=True):
        draw_shares(panel, edges, by_state(data[data["policy"] == chosen]))
        months(panel, lang)
    return frame(
        ax, lang, label.name.get(lang), *ran(result.about, lang), y=word("share of paths", lang),
        key=partial(beside, reverse=True), named=list(zip(own, names, strict=True)),
    )  # fmt: skip


def draw_shares(ax: Axes, edges: FloatArray, shares: Sequence[tuple[str, FloatArray]]) -> None:
    """Draw the share of each state between edges, with its name, stacked from calm to grave."""
    bottom = np.zeros(edges.size - 1)
    for k, (colour, (name, share)) in enumerate(zip(shades(len(shares)), shares, strict=True)):
        top = bottom + share
        ax.stairs(top, edges, baseline=bottom, fill=True, facecolor=colour, edgecolor="#555555", linewidth=0.5,
                  hatch=STATE_HATCHES[k % len(STATE_HATCHES)], label=name)  # fmt: skip
        bottom = top
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1)
    ax.spines[["top", "right"]].set_visible(False)


def by_state(data: pd.DataFrame, column: str = "share") -> list[tuple[str, FloatArray]]:
    """Return the name of each state with its shares, of one policy's rows of `shares_data`."""
    states = data.groupby("state", sort=False)
    return [(str(rows["state_name"].iloc[0]), rows[column].to_numpy()) for _, rows in states]


def draw_lever(ax: Axes, result: Result, data: pd.DataFrame) -> None:
    """Draw a lever's value at each step, a line a policy; the later ones narrower, so that none hides another."""
    edges = step_edges(result)
    for place, (policy, rows) in enumerate(data.groupby("policy", sort=False)):
        colour, line = colour_of(result, str(policy))
        value = rows["value"].to_numpy()
        ax.step(edges, np.append(value, value[-1]), where="post", color=colour, linestyle=line,
                linewidth=max(1.4, 3.4 - place), label=rows["policy_name"].iloc[0])  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])
    low, high = float(data["value"].min()), float(data["value"].max())
    ax.set_ylim(min(0.0, 1.08 * low), 1.08 * max(high, 1e-9))
    ax.spines[["top", "right"]].set_visible(False)


def step_edges(result: Result) -> FloatArray:
    """Return where steps begin and where the last ends, in days since 1970, as axes count time."""
    days: FloatArray = result.series["time"].to_numpy().astype("datetime64[D]").astype(float)
    return np.append(days, days[-1] + float(result.about["step_days"]))
