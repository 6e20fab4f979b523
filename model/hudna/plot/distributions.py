"""Distributions: an outcome by policy, and the paired difference of two policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis.distributions import difference_data, outcome_data
from hudna.plot.frame import frame, new_axes, ran, room_of
from hudna.plot.style import colour_of, headed, percent, word
from hudna.text.numbers import spelt, weeks
from hudna.text.words import Language, right_to_left

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["difference", "outcome", "outcome_height"]

_APART = 26  # bins of single numbers up to which each number is a bar of its own
_RARE = 0.095  # probabilities below it are written with three decimals
_ROW, _RIDGE = 0.85, 1.0  # inches a policy, with a dot and with a ridge
_SIDES = {  # colour, edge and hatch of what is lower, equal, higher
    -1: ("#0072B2", "white", None),
    0: ("#888888", "white", None),
    1: ("#E69F00", "#7a5200", "////"),
}


def outcome(result: Result, name: str, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the distribution of an outcome, a ridge per policy; a probability as a dot with its intervals.

    A ridge's height is the share of paths in a bin, on one scale for all policies. Both kinds of uncertainty are shown
    apart: what futures do (the coloured bar holds 90 % of paths), and what is not known of the parameters (the black
    line holds the mean in 90 % of draws, the noise of their paths taken out). A probability's bar is that of draws; its
    Monte Carlo error is the black line in it.

    Takes what `outcome_data` takes, with `lang` and `ax` as every picture.
    """
    label = result.outcome(name)
    data = outcome_data(result, name, lang=lang)
    n = len(result.policies)
    dots = label.reduce == "any"
    ax = new_axes(ax, outcome_height(result, name))
    by_policy = [(policy, data[data["policy"] == policy]) for policy in result.policies]
    names = [str(rows["policy_name"].iloc[0]) for _, rows in by_policy]
    if dots:
        _dots(ax, result, data)
        notes = [word("over draws", lang)]
    else:
        notes = _ridges(ax, result, by_policy, lang, waiting=label.reduce == "first")
    if label.reduce == "first":
        gone = [float(rows["never"].iloc[0]) for _, rows in by_policy]
        names = [f"{name}\n({word('never', lang)}: {percent(p, lang)})" for name, p in zip(names, gone, strict=True)]
    ax.set_yticks((0.0 if dots else 0.25) - np.arange(n), names, fontsize=10)
    ax.set_ylim(-n + (0.45 if dots else 0.62), 0.6 if dots else 0.95)
    ax.tick_params(axis="y", length=0)
    parts = weeks(label.window, lang), *notes, *ran(result.about, lang)
    unit = label.unit.get(lang)
    return frame(ax, lang, label.name.get(lang), *parts, x=unit, bare=("top", "right", "left"))


def outcome_height(result: Result, name: str) -> float:
    """Return how high a picture of an outcome should be, in inches."""
    return 1.5 + (_ROW if result.outcome(name).reduce == "any" else _RIDGE) * len(result.policies)


def difference(result: Result, name: str, a: str, b: str, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the distribution of an outcome under `a` less that under `b`, path by path, with its probability.

    Of probabilities the difference is drawn draw by draw: path by path it is only -1, 0 or 1.

    Takes what `difference_data` takes, with `lang` and `ax` as every picture.
    """
    label = result.outcome(name)
    data = difference_data(result, name, a, b)
    marks = data.iloc[0]
    ax = new_axes(ax)
    edges = np.append(data["bin_low"], data["bin_high"].iloc[-1])
    middles = np.round(data["bin_low"] + data["bin_high"], 12)
    for sign, (colour, edge, hatch) in _SIDES.items():
        own = (np.sign(middles) == sign).to_numpy()
        if own.any():
            ax.bar(data["bin_low"][own], data["share"][own], np.diff(edges)[own], align="edge", color=colour,
                   edgecolor=edge, hatch=hatch, linewidth=0.4)  # fmt: skip
    top = float(data["share"].max()) or 1.0
    ax.set_ylim(-0.1 * top, 1.06 * top)
    ax.axvline(0, color="black", linewidth=1)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= 1.06 * top])
    _mean(ax, marks, -0.05 * top)
    parts = [f"{word(key, lang)} {percent(float(marks[f'p_{key}']), lang, 1)}" for key in ("lower", "equal", "higher")]
    parts = parts[::-1] if right_to_left(lang) else parts  # lower stands on the left, as in the picture
    whole = "   ".join(parts)
    lines = [f"{word('paths said', lang)} {whole}"]
    if len(lines[0]) > 12 * room_of(ax):
        lines = [word("paths said", lang), *([whole] if len(whole) <= 12 * room_of(ax) else parts)]
    ax.annotate("\n".join(lines), (0.5, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points",
                ha="center", va="bottom", fontsize=9)  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])
    of_draws = label.reduce == "any" and np.isfinite(marks["mean_lower"])
    names = result.policy_name(a, lang), result.policy_name(b, lang)
    less = f"{names[0]} {word('less', lang)} {names[1]}"
    said = [f"{word('mean', lang)} {spelt(marks['mean'], lang)}"]
    if np.isfinite(marks["mean_q05"]):
        said[0] += f" ({spelt(marks['mean_q05'], lang)} … {spelt(marks['mean_q95'], lang)})"
    if np.isfinite(marks["mean_lower"]):
        said += [word("draws said", lang).format(percent(float(marks["mean_lower"]), lang))]
        said += [word("difference marks", lang)]
    return frame(
        ax, lang, headed(label.name, less, lang) + "\n" * len(lines), weeks(label.window, lang), *said,
        *_beyond(float(marks["shown"]), lang), *ran(result.about, lang), bare=("top", "right", "bottom"),
        x=f"{word('difference', lang)}: {label.unit.get(lang)}",
        y=word("share of draws" if of_draws else "share of paths", lang),
    )  # fmt: skip


def _ridges(
    ax: Axes, result: Result, by_policy: Sequence[tuple[str, pd.DataFrame]], lang: Language, *, waiting: bool
) -> list[str]:
    """Draw a ridge a policy and what it is summed up by; return what the caption says of them."""
    top = max(float(rows["share"].max()) for _, rows in by_policy) or 1.0
    for place, (policy, rows) in enumerate(by_policy):
        colour, _ = colour_of(result, policy)
        edges = np.append(rows["bin_low"], rows["bin_high"].iloc[-1])
        heights = 0.8 / top * rows["share"].to_numpy()
        widths = np.diff(edges)
        if np.isclose(widths, 1).all() and not waiting and len(rows) <= _APART:  # counts, each by itself
            ax.bar(edges[:-1] + 0.5, heights, 0.8, bottom=-place, facecolor=(colour, 0.4), edgecolor=colour)
            ax.axhline(-place, color=colour, linewidth=0.8)
        else:
            ax.stairs(heights - place, edges, baseline=-place, fill=True, color=colour, alpha=0.35)
            ax.stairs(heights - place, edges, baseline=-place, color=colour, linewidth=1)
        marks = rows.iloc[0]
        ends = marks["q05"], marks["q95"]
        if waiting:  # a quantile at which it never comes is none
            ends = marks["q05"], edges[-1] if marks["never"] > 0.05 else marks["q95"]
        ax.plot(ends, [-place - 0.09] * 2, color=colour, linewidth=4, solid_capstyle="butt", clip_on=True)
        if not waiting or marks["never"] < 0.5:
            ax.plot(marks["q50"], -place - 0.09, "o", color=colour, markersize=6.5, markeredgecolor="white")
        if not waiting:
            _mean(ax, marks, -place - 0.21)
    first = by_policy[0][1]
    ax.set_xlim(first["bin_low"].iloc[0], first["bin_high"].iloc[-1])
    shown = np.mean([float(rows["share"].sum()) + (rows["never"].iloc[0] if waiting else 0) for _, rows in by_policy])
    return [word("ridges of times" if waiting else "ridge", lang), *_beyond(float(shown), lang)]


def _mean(ax: Axes, marks: Any, y: float) -> None:
    """Draw a mean and, where path noise can be taken out, its interval over draws."""
    if np.isfinite(marks["mean_q05"]):
        ax.plot([marks["mean_q05"], marks["mean_q95"]], [y, y], color="black", linewidth=1.5, solid_capstyle="butt")
    ax.plot(marks["mean"], y, "D", color="black", markersize=4.5, markeredgecolor="white", markeredgewidth=0.6)


def _beyond(shown: float, lang: Language) -> tuple[str, ...]:
    share = max(0.0, 1 - shown)
    return (f"{percent(share, lang, 1)} {word('beyond', lang)}",) if share >= 5e-4 else ()


def _dots(ax: Axes, result: Result, data: pd.DataFrame) -> None:
    """Draw a probability a policy, its 90 % over draws and, in black, its Monte Carlo error."""
    for place, row in enumerate(data.to_dict("records")):
        colour, _ = colour_of(result, row["policy"])
        ends: Any = {"solid_capstyle": "butt"}
        text = _probability(row["mean"])
        if np.isfinite(row["mean_q05"]):
            ax.plot([row["mean_q05"], row["mean_q95"]], [-place] * 2, color=colour, linewidth=7, alpha=0.5, **ends)
            text += f" ({_probability(row['mean_q05'])} … {_probability(row['mean_q95'])})"
        ax.plot([row["low"], row["high"]], [-place] * 2, color="black", linewidth=1.8, **ends)
        ax.plot(row["mean"], -place, "o", color=colour, markersize=9, markeredgecolor="white")
        side = "left" if row["mean"] < 0.25 else "right" if row["mean"] > 0.75 else "center"
        ax.annotate(text, (row["mean"], -place), xytext=(0, 9), textcoords="offset points", ha=side, fontsize=9)
    ax.set_xlim(-0.02, 1.02)
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)


def _probability(p: float) -> str:
    return f"{p:.2f}" if p >= _RARE or p == 0 else f"{p:.3f}"
