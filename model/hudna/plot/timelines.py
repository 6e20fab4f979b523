"""Over time: the fan of a series by policy, and the share of paths in each state of a regime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hudna.case.grammar import Language
from hudna.errors import InputError
from hudna.plot.style import caption, colour_of, months, new_axes, shades, title, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["fan", "shares"]


def fan(result: Result, name: str, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the median and the 90 % band of a series over time, for every policy.

    Parameters
    ----------
    result : Result
    name : str
        A series that is a count, a level or an amount.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    label = result.series_label(name)
    if label.measure == "state":
        raise InputError.of("plot.fan", "is a regime; draw it with plot.shares", key="name", given=repr(name))
    ax = new_axes(ax)
    data = result.series
    time = data["time"].to_numpy()
    for policy in result.policies:
        colour, line = colour_of(result, policy)
        if label.measure == "lever":
            ax.plot(time, data[name].sel(policy=policy), color=colour, linestyle=line,
                    label=result.policy_name(policy, lang))  # fmt: skip
            continue
        band = data[name].sel(policy=policy)
        low, middle, high = (band.sel(quantile=q).to_numpy() for q in (0.05, 0.5, 0.95))
        ax.fill_between(time, low, high, color=colour, alpha=0.13, linewidth=0)
        ax.plot(time, low, color=colour, linewidth=0.7, linestyle=line)
        ax.plot(time, high, color=colour, linewidth=0.7, linestyle=line)
        ax.plot(time, middle, color=colour, linewidth=2, linestyle=line, label=result.policy_name(policy, lang))
    months(ax, lang)
    ax.spines[["top", "right"]].set_visible(False)
    if label.measure == "level":
        ax.set_ylim(0, 1)
    else:
        ax.set_ylim(bottom=0)
    ax.set_ylabel(label.unit.get(lang))
    ax.legend(frameon=False, loc="best", fontsize=9, alignment="right" if lang == "ar" else "left",
              markerfirst=lang != "ar")  # fmt: skip
    title(ax, label.name.get(lang), lang)
    caption(ax, result, lang, f"{word('median', lang)}, {word('band', lang)}")
    return ax


def shares(
    result: Result, name: str, policy: str | None = None, *, lang: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw the share of paths in each state of a regime over time, stacked, under one policy.

    Parameters
    ----------
    result : Result
    name : str
        A series that is a regime.
    policy : str, optional
        The first policy if left out.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    label = result.series_label(name)
    if label.measure != "state":
        raise InputError.of("plot.shares", "is not a regime; draw it with plot.fan", key="name", given=repr(name))
    ax = new_axes(ax)
    chosen = result.policies[0] if policy is None else policy
    chosen_name = result.policy_name(chosen, lang)
    share = result.series[name].sel(policy=chosen).to_numpy()
    time = result.series["time"].to_numpy()
    edges = np.append(time, time[-1] + np.timedelta64(int(result.about["step_days"]), "D"))
    colours = shades(share.shape[1])
    bottom = np.zeros(len(time))
    for k, (_, state) in enumerate(label.states):
        top = bottom + share[:, k]
        ax.stairs(top, edges, baseline=bottom, fill=True, color=colours[k], label=state.get(lang))
        ax.stairs(top, edges, color="#333333", linewidth=0.5)
        bottom = top
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1)
    months(ax, lang)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylabel(word("share of paths", lang))
    ax.legend(reverse=True, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=9)
    title(ax, f"{label.name.get(lang)}: {chosen_name}", lang)
    caption(ax, result, lang)
    return ax
