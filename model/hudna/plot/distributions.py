"""Distributions: an outcome by policy, and the paired difference of two policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.analysis import estimate
from hudna.analysis.estimate import settled_means
from hudna.arrays import FloatArray
from hudna.case.grammar import Language
from hudna.plot.style import caption, colour_of, new_axes, title, word
from hudna.result.samples import Paths, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["difference", "outcome"]

_SHOWN = 0.995  # of the paths that the axis shows
_BINS = 48
_SIDES = {  # colour, edge and hatch of what is lower, equal, higher
    -1: ("#0072B2", "white", None),
    0: ("#888888", "white", None),
    1: ("#E69F00", "#7a5200", "////"),
}


def outcome(result: Result, name: str, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the distribution of an outcome, a ridge per policy; a probability as a dot with its interval.

    Parameters
    ----------
    result : Result
    name : str
        An outcome.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out.

    Returns
    -------
    matplotlib Axes
    """
    label = result.outcome(name)
    ax = new_axes(ax)
    samples = {policy: result.distribution(name, policy) for policy in result.policies}
    if label.reduce == "any":
        _dots(ax, result, samples)
        note = word("over draws", lang)
    else:
        note = _ridges(ax, result, samples, lang, _whole(label.reduce, samples))
    names = [result.policy_name(policy, lang) for policy in samples]
    if label.reduce == "first":
        gone = [100 * float(y.never.mean()) for y in samples.values()]
        names = [f"{name}\n({word('never', lang)}: {share:.0f} %)" for name, share in zip(names, gone, strict=True)]
    lift = 0.0 if label.reduce == "any" else 0.25
    ax.set_yticks(lift - np.arange(len(samples)), names, fontsize=10)
    ax.set_ylim(-len(samples) + 0.55, 0.95)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    if lang == "ar":
        ax.yaxis.tick_right()
    ax.set_xlabel(label.unit.get(lang))
    title(ax, label.name.get(lang), lang)
    caption(ax, result, lang, note)
    return ax


def difference(result: Result, name: str, a: str, b: str, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the distribution of an outcome under `a` less that under `b`, path by path.

    Parameters
    ----------
    result : Result
    name : str
        An outcome.
    a, b : str
        Policies.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    label = result.outcome(name)
    ax = new_axes(ax)
    d = result.paired(name, a, b)
    lower, higher = float(d.lower.mean()), float(d.higher.mean())
    parts = [("lower", lower), ("equal", max(0.0, 1 - lower - higher)), ("higher", higher)]
    settled = settled_means(d) if label.reduce == "any" else None
    shown = d if settled is None else Paths(settled[:, None])  # a difference of 0 and 1 says more draw by draw
    edges = _edges_around_zero(*_reach([shown]), whole=settled is None and _whole(label.reduce, {a: d}))
    for low, high, share in zip(edges[:-1], edges[1:], shown.histogram(edges), strict=True):
        colour, edge, hatch = _SIDES[int(np.sign(np.round(low + high, 12)))]
        ax.bar(low, share, width=high - low, align="edge", color=colour, edgecolor=edge, hatch=hatch, linewidth=0.4)
    ax.axvline(0, color="black", linewidth=1)
    said = [f"{word(key, lang)} {100 * value:.1f} %" for key, value in parts]
    text = "   ".join(reversed(said) if lang == "ar" else said)  # lower stands on the left, as in the picture
    ax.text(0.5, 1.0, text, transform=ax.transAxes, ha="center", va="bottom", fontsize=9)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylabel(word("share of paths" if settled is None else "share of draws", lang))
    ax.set_xlabel(f"{word('difference', lang)}: {label.unit.get(lang)}")
    ax.spines[["top", "right"]].set_visible(False)
    names = result.policy_name(a, lang), result.policy_name(b, lang)
    title(ax, f"{label.name.get(lang)}: {names[0]} {word('less', lang)} {names[1]}\n", lang)
    caption(ax, result, lang, *_beyond([shown], edges[0], edges[-1], lang))
    return ax


def _whole(reduce: str, samples: dict[str, Sample]) -> bool:
    """Whether an outcome takes whole numbers only."""
    return reduce != "mean" and all(y.whole for y in samples.values())


def _reach(samples: Sequence[Sample]) -> tuple[float, float]:
    """Return the ends of what an axis shows: of all samples, what most paths of any lie between."""
    ends = np.array([y.quantiles(np.array([(1 - _SHOWN) / 2, (1 + _SHOWN) / 2])) for y in samples])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(high) + 0.5)


def _edges(low: float, high: float, *, whole: bool) -> FloatArray:
    """Return bin edges; for whole numbers bins of whole width around them."""
    if not whole:
        return np.linspace(low, high, _BINS + 1)
    width = max(1, int(np.ceil((high - low + 1) / _BINS)))
    return np.arange(np.floor(low), high + width + 1, width) - 0.5


def _edges_around_zero(low: float, high: float, *, whole: bool) -> FloatArray:
    """Return bin edges that part lower from higher; for whole numbers 0 has a bin of its own."""
    if not whole:
        step = (high - low) / _BINS
        return step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
    width = max(1, int(np.ceil((high - low + 1) / _BINS)))
    below = -0.5 - width * np.arange(max(0, int(np.ceil(-low / width))), -1, -1)
    above = 0.5 + width * np.arange(max(0, int(np.ceil(high / width))) + 1)
    return np.concatenate([below, above])


def _ridges(ax: Axes, result: Result, samples: dict[str, Sample], lang: Language, whole: bool) -> str:
    everyone = list(samples.values())
    low, high = _reach(everyone)
    if 0 <= low < 0.5 * high:
        low = 0.0  # an axis that nearly begins at 0 does
    edges = _edges(low, high, whole=whole)
    heights = {policy: y.histogram(edges) for policy, y in samples.items()}
    top = max(float(np.sqrt(height).max()) for height in heights.values())
    for place, (policy, y) in enumerate(samples.items()):
        colour, _ = colour_of(result, policy)
        shape = np.sqrt(heights[policy]) / top * 0.8  # square roots: tails stay visible beside a peak
        ax.stairs(shape - place, edges, baseline=-place, fill=True, color=colour, alpha=0.35)
        ax.stairs(shape - place, edges, baseline=-place, color=colour, linewidth=1)
        found = estimate(y)
        ax.plot([found.q05, found.q95], [-place - 0.09] * 2, color=colour, linewidth=3, solid_capstyle="butt")
        ax.plot(found.q50, -place - 0.09, "o", color=colour, markersize=6, markeredgecolor="white")
    ax.set_xlim(edges[0], edges[-1])
    beyond = _beyond(everyone, edges[0], edges[-1], lang)
    return " · ".join([word("ridge", lang), *beyond])


def _beyond(samples: Sequence[Sample], low: float, high: float, lang: Language) -> tuple[str, ...]:
    inside = [float(y.histogram(np.array([low, high]))[0]) for y in samples]
    share = max(0.0, 1 - sum(inside) / len(inside))
    return (f"{100 * share:.1f} % {word('beyond', lang)}",) if share > 1e-9 else ()


def _dots(ax: Axes, result: Result, samples: dict[str, Sample]) -> None:
    for place, (policy, y) in enumerate(samples.items()):
        colour, _ = colour_of(result, policy)
        found = estimate(y, proportion=True)
        ends: Any = {"solid_capstyle": "butt"}
        ax.plot([found.mean_q05, found.mean_q95], [-place] * 2, color=colour, linewidth=5, alpha=0.5, **ends)
        ax.plot([found.low, found.high], [-place] * 2, color="black", linewidth=1.5, **ends)
        ax.plot(found.mean, -place, "o", color=colour, markersize=8, markeredgecolor="white")
        ax.annotate(f"{found.mean:.3f}", (found.mean, -place), xytext=(0, 9), textcoords="offset points",
                    ha="center", fontsize=9)  # fmt: skip
    ax.set_xlim(-0.05, 1.05)
    ax.grid(axis="x", color="#dddddd")
    ax.set_axisbelow(True)
