"""Over time: the fan of a series, and the share of paths in each state of a regime, a panel a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hudna.analysis.over_time import chosen_policies, fan_data, moved, shares_data
from hudna.arrays import FloatArray
from hudna.plot.frame import beside, frame, months, new_axes, note, panels, ran, reading, title
from hudna.plot.style import STATE_HATCHES, colour_of, shades, word
from hudna.text.words import Language, right_to_left

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = [
    "by_state", "draw_lever", "draw_shares", "explain", "fan", "frame_panels", "panels_width", "several", "shares",
    "step_edges",
]  # fmt: skip

_PANEL, _LEGEND = 2.5, 1.9  # inches: a panel, and what stands beside all of them
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
    policies = chosen_policies(result, policy)
    if label.measure == "lever":
        return _levers(result, data, label.name.get(lang), label.unit.get(lang), lang, ax)
    ax, own = several(ax, len(policies), lang)
    edges = step_edges(result)
    stepped = label.measure == "count"
    middle = "mean" if stepped else "q50"
    middles = (edges[1:] + edges[:-1]) / 2
    everyone = fan_data(result, name, lang=lang)
    top = 1.0 if label.measure == "level" else 1.05 * float(data[["q95", "mean"]].to_numpy().max()) or 1.0
    for panel, chosen in zip(own, policies, strict=True):
        colour, _ = colour_of(result, chosen)
        rows = data[data["policy"] == chosen]
        for low, high, alpha in _BANDS:
            bottom, peak = (rows[end].to_numpy() for end in (low, high))
            _band(panel, edges, bottom, peak, colour, alpha, stepped=stepped)
        for other in result.policies:
            if other != chosen:
                y = everyone.loc[everyone["policy"] == other, middle].to_numpy()
                panel.plot(middles, y, color="#555555", linewidth=0.8, linestyle=colour_of(result, other)[1])
        panel.plot(middles, rows[middle].to_numpy(), color="black", linewidth=3.4)
        panel.plot(middles, rows[middle].to_numpy(), color=colour, linewidth=2)
        panel.set_ylim(0, top)
        panel.set_xlim(edges[0], edges[-1])
        months(panel, lang)
        panel.spines[["top", "right"]].set_visible(False)
        panel.yaxis.grid(visible=True, color="#e4e4e4")
        panel.set_axisbelow(True)
    names = [result.policy_name(chosen, lang) for chosen in policies]
    key = partial(explain, middle="mean" if stepped else "median", bands=_SHADES, alone=len(result.policies) < 2)
    notes = ran(result.about, lang)
    return frame_panels(ax, own, lang, label.name.get(lang), names, *notes, y=label.unit.get(lang), key=key)


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
    alike = len(policies) > 1 and not moved(result.series[name].sel(policy=list(policies)))
    names = [result.policy_name(chosen, lang) for chosen in policies]
    if alike:
        policies, names = policies[:1], [word("every policy", lang)]
    ax, own = several(ax, len(policies), lang)
    edges = step_edges(result)
    for panel, chosen in zip(own, policies, strict=True):
        draw_shares(panel, edges, by_state(data[data["policy"] == chosen]))
        months(panel, lang)
    return frame_panels(
        ax, own, lang, label.name.get(lang), names, *ran(result.about, lang), y=word("share of paths", lang),
        key=partial(beside, reverse=True),
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


def panels_width(n: int) -> float:
    """Return how wide a picture of n panels should be, in inches."""
    return max(7.2, _PANEL * n + _LEGEND)


def several(ax: Axes | None, n: int, lang: Language) -> tuple[Axes, list[Axes]]:
    """Return `ax`, or a new figure's with room for n panels, and the panels in it, in the order of reading."""
    ax = new_axes(ax, width=panels_width(n))
    return ax, panels(ax, n, lang)


def frame_panels(
    ax: Axes,
    own: Sequence[Axes],
    lang: Language,
    name: str,
    names: Sequence[str],
    *notes: str,
    y: str,
    key: Callable[[Axes, Language], None],
) -> Axes:
    """Put around panels of `ax` what every picture has, see `hudna.plot.style.frame`, and over each its own name."""
    if len(own) == 1:
        title(ax, f"{name}: {names[0]}", lang)
    else:
        title(ax, f"{name}\n", lang)
        for panel, text in zip(own, names, strict=True):
            panel.set_title(text, loc=reading(lang), fontsize=9.5)
    left, right = (own[-1], own[0]) if right_to_left(lang) else (own[0], own[-1])
    left.set_ylabel(y)
    key(right, lang)
    note(own[0], lang, *notes, frame=ax)
    return ax


def explain(ax: Axes, lang: Language, *, middle: str, bands: Sequence[tuple[str, float]], alone: bool) -> None:
    """Add a legend beside the panels: the middle line, the other policies' and bands, in no policy's colour."""
    for key, shade in bands:
        ax.fill_between([], [], [], color="#333333", alpha=shade, linewidth=0, label=word(key, lang))
    if not alone:
        ax.plot([], [], color="#555555", linewidth=0.8, label=word("other policies", lang))
    ax.plot([], [], color="black", linewidth=3, label=word(middle, lang))
    beside(ax, lang, reverse=True)


def step_edges(result: Result) -> FloatArray:
    """Return where steps begin and where the last ends, in days since 1970, as axes count time."""
    days: FloatArray = result.series["time"].to_numpy().astype("datetime64[D]").astype(float)
    return np.append(days, days[-1] + float(result.about["step_days"]))


def _band(
    ax: Axes, edges: FloatArray, low: FloatArray, high: FloatArray, colour: str, alpha: float, *, stepped: bool
) -> None:
    if stepped:
        ax.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=alpha, linewidth=0)
    else:
        ax.fill_between((edges[1:] + edges[:-1]) / 2, low, high, color=colour, alpha=alpha, linewidth=0)


def _levers(result: Result, data: pd.DataFrame, name: str, unit: str, lang: Language, ax: Axes | None) -> Axes:
    """Draw a lever, a line a policy."""
    ax = new_axes(ax)
    draw_lever(ax, result, data.rename(columns={"mean": "value"}))
    months(ax, lang)
    return frame(ax, lang, name, *ran(result.about, lang), y=unit, key=beside)


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
