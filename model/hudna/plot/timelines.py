"""Over time: the fan of a series, and the share of paths in each state of a regime, a panel a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hudna.arrays import FloatArray
from hudna.errors import InputError
from hudna.plot.style import STATE_HATCHES, beside, caption, colour_of, months, new_axes, panels, shades, title, word
from hudna.result.series import QUANTILES
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = [
    "chosen_policies",
    "draw_lever",
    "draw_shares",
    "explain",
    "fan",
    "fan_data",
    "head",
    "moved",
    "panels_width",
    "shares",
    "shares_data",
    "step_edges",
    "wide",
]

_PANEL, _LEGEND = 2.5, 1.9  # inches: a panel, and what stands beside all of them
_BANDS = ((0, 4, 0.22, "band"), (1, 3, 0.33, "half band"))  # ends, how dark, what it is called
_SHADES = {"band": 0.22, "half band": 0.48}  # in the legend: the narrow band lies on the wide one


def fan_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `fan` draws.

    Parameters
    ----------
    result : Result
    name : str
        A series that is a count, a level, an amount or a lever.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
        Language of `policy_name`.

    Returns
    -------
    pandas.DataFrame
        A row per policy and step: policy, policy_name, time (first day of the step), q05, q25, q50, q75, q95 and mean
        over all paths, in the series' unit. A lever is the same on every path; it has a mean only.

    Raises
    ------
    InputError
        If there is no such series or policy, or the series is a regime.
    """
    import pandas as pd

    label = result.series_label(name)
    if label.measure == "state":
        raise InputError.of("plot.fan", "is a regime; draw it with plot.shares", key="name", given=repr(name))
    data = result.series
    parts = []
    for chosen in chosen_policies(result, policy):
        own: dict[str, object] = {
            "policy": chosen,
            "policy_name": result.policy_name(chosen, lang),
            "time": data["time"].to_numpy(),
        }
        if label.measure == "lever":
            own |= dict.fromkeys(_columns(), np.nan)
            own["mean"] = data[name].sel(policy=chosen).to_numpy()
        else:
            quantiles = data[name].sel(policy=chosen)
            own |= {c: quantiles.sel(quantile=q).to_numpy() for c, q in zip(_columns(), QUANTILES, strict=True)}
            own["mean"] = data[f"{name}_mean"].sel(policy=chosen).to_numpy()
        parts.append(pd.DataFrame(own))
    return pd.concat(parts, ignore_index=True)


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

    Parameters
    ----------
    result : Result
    name : str
        A series that is a count, a level, an amount or a lever.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out. With more than one policy the panels lie inside it, `ax.child_axes`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no such series or policy, or the series is a regime.
    """
    label = result.series_label(name)
    data = fan_data(result, name, policy, lang=lang)
    policies = chosen_policies(result, policy)
    if label.measure == "lever":
        return _levers(result, data, label.name.get(lang), label.unit.get(lang), lang, ax)
    ax = wide(ax, len(policies))
    own = panels(ax, len(policies), lang)
    edges = step_edges(result)
    stepped = label.measure == "count"
    middle = "mean" if stepped else "q50"
    middles = (edges[1:] + edges[:-1]) / 2
    everyone = fan_data(result, name, lang=lang)
    top = 1.0 if label.measure == "level" else 1.05 * float(data[["q95", "mean"]].to_numpy().max()) or 1.0
    for panel, chosen in zip(own, policies, strict=True):
        colour, _ = colour_of(result, chosen)
        rows = data[data["policy"] == chosen]
        for low, high, alpha, _ in _BANDS:
            bottom, peak = (rows[_columns()[end]].to_numpy() for end in (low, high))
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
    head(ax, own, [result.policy_name(chosen, lang) for chosen in policies], label.name.get(lang), lang)
    _leftmost(own, lang).set_ylabel(label.unit.get(lang))
    bands = tuple((key, _SHADES[key]) for _, _, _, key in _BANDS)
    explain(own, "mean" if stepped else "median", bands, lang, alone=len(result.policies) < 2)
    caption(own[0], result, lang, frame=ax)
    return ax


def shares_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `shares` draws.

    Parameters
    ----------
    result : Result
    name : str
        A series that is a regime.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
        Language of the names.

    Returns
    -------
    pandas.DataFrame
        A row per policy, step and state: policy, policy_name, time (first day of the step), state, state_name, and
        share, of all paths.

    Raises
    ------
    InputError
        If there is no such series or policy, or the series is not a regime.
    """
    import pandas as pd

    label = result.series_label(name)
    if label.measure != "state":
        raise InputError.of("plot.shares", "is not a regime; draw it with plot.fan", key="name", given=repr(name))
    time = result.series["time"].to_numpy()
    parts = [
        pd.DataFrame(
            {
                "policy": chosen,
                "policy_name": result.policy_name(chosen, lang),
                "time": time,
                "state": state,
                "state_name": text.get(lang),
                "share": result.series[name].sel(policy=chosen).to_numpy()[:, k],
            }
        )
        for chosen in chosen_policies(result, policy)
        for k, (state, text) in enumerate(label.states)
    ]
    return pd.concat(parts, ignore_index=True)


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

    Parameters
    ----------
    result : Result
    name : str
        A series that is a regime.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out. With more than one policy the panels lie inside it, `ax.child_axes`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no such series or policy, or the series is not a regime.
    """
    data = shares_data(result, name, policy, lang=lang)
    label = result.series_label(name)
    policies = chosen_policies(result, policy)
    alike = len(policies) > 1 and not moved(result.series[name].sel(policy=list(policies)))
    names = [result.policy_name(chosen, lang) for chosen in policies]
    if alike:
        policies, names = policies[:1], [word("every policy", lang)]
    ax = wide(ax, len(policies))
    own = panels(ax, len(policies), lang)
    edges = step_edges(result)
    for panel, chosen in zip(own, policies, strict=True):
        draw_shares(panel, data[data["policy"] == chosen], edges)
        months(panel, lang)
    head(ax, own, names, label.name.get(lang), lang)
    _leftmost(own, lang).set_ylabel(word("share of paths", lang))
    beside(own[0] if lang == "ar" else own[-1], lang, reverse=True)
    caption(own[0], result, lang, frame=ax)
    return ax


def draw_shares(ax: Axes, data: pd.DataFrame, edges: FloatArray) -> None:
    """Draw one policy's rows of `shares_data`, stacked from calm to grave; `edges` are those of the steps."""
    states = list(dict.fromkeys(data["state"]))
    bottom = np.zeros(edges.size - 1)
    for k, (colour, state) in enumerate(zip(shades(len(states)), states, strict=True)):
        rows = data[data["state"] == state]
        top = bottom + rows["share"].to_numpy()
        ax.stairs(top, edges, baseline=bottom, fill=True, facecolor=colour, edgecolor="#555555", linewidth=0.5,
                  hatch=STATE_HATCHES[k % len(STATE_HATCHES)], label=str(rows["state_name"].iloc[0]))  # fmt: skip
        bottom = top
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1)
    ax.spines[["top", "right"]].set_visible(False)


def chosen_policies(result: Result, policy: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the policies asked for, all of the result if none; raise InputError for one that it has not."""
    if policy is None:
        return result.policies
    chosen = (policy,) if isinstance(policy, str) else tuple(policy)
    for name in chosen:
        result.policy_name(name)
    if not chosen:
        raise InputError.of("plot", "must name at least one policy", key="policy", given=repr(policy))
    return chosen


def wide(ax: Axes | None, n: int) -> Axes:
    """Return `ax`, or a new figure's with room for n panels."""
    return new_axes(ax, width=panels_width(n))


def moved(of_policies: xr.DataArray) -> bool:
    """Whether a lever or a series is not the same under all policies."""
    return not bool((of_policies == of_policies.isel(policy=0)).all())


def panels_width(n: int) -> float:
    """Return how wide a picture of n panels should be, in inches."""
    return max(7.2, _PANEL * n + _LEGEND)


def head(ax: Axes, own: Sequence[Axes], names: Sequence[str], name: str, lang: Language) -> None:
    """Write the title, and over each panel its own."""
    if len(own) == 1:
        title(ax, f"{name}: {names[0]}", lang)
        return
    title(ax, f"{name}\n", lang)
    for panel, text in zip(own, names, strict=True):
        panel.set_title(text, loc="right" if lang == "ar" else "left", fontsize=9.5)


def explain(
    own: Sequence[Axes], middle: str, bands: Sequence[tuple[str, float]], lang: Language, *, alone: bool
) -> None:
    """Add a legend beside the panels: the middle line, the other policies' and bands, in no policy's colour."""
    ax = own[0] if lang == "ar" else own[-1]
    for key, shade in bands:
        ax.fill_between([], [], [], color="#333333", alpha=shade, linewidth=0, label=word(key, lang))
    if not alone:
        ax.plot([], [], color="#555555", linewidth=0.8, label=word("other policies", lang))
    ax.plot([], [], color="black", linewidth=3, label=word(middle, lang))
    beside(ax, lang, reverse=True)


def _leftmost(own: Sequence[Axes], lang: Language) -> Axes:
    return own[-1] if lang == "ar" else own[0]


def _columns() -> list[str]:
    return [f"q{100 * q:02.0f}" for q in QUANTILES]


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
    ax.set_ylabel(unit)
    beside(ax, lang)
    title(ax, name, lang)
    caption(ax, result, lang)
    return ax


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
