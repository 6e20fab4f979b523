"""Who moves a level: its log odds taken apart, over time under one policy, and as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hudna.analysis.attribution import GROUPINGS, Attribution, Grouping
from hudna.analysis.parts import MOST, attribution_bars_data, attribution_data
from hudna.plot.frame import beside, frame, months, new_axes, ran
from hudna.plot.style import HATCHED, said
from hudna.text.numbers import weeks
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GROUPINGS", "attribution", "attribution_bars"]

_REST = ("#9A9A9A", "white", None)
_STILL = ("#DADADA", "#7a7a7a", "....")
_SIGNS = {1: ("#E69F00", "#7a5200", "////"), -1: ("#0072B2", "white", None)}
_word = Words("plot.attribution")


def attribution(
    found: Attribution,
    policy: str | None = None,
    *,
    by: Grouping = "source",
    most: int = MOST,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what moves a level over time, under one policy: stacked, pushes up above 0 and pushes down below it.

    Takes what `attribution_data` takes, with `lang` and `ax` as every picture.
    """
    data = attribution_data(found, policy, by=by, most=most, lang=lang)
    ax = new_axes(ax)
    step = np.diff(found.dates)[:1]
    edges = np.append(found.dates, found.dates[-1] + (step[0] if step.size else np.timedelta64(7, "D")))
    up, down = np.zeros(len(data)), np.zeros(len(data))
    *groups, total = data.columns
    for i, name in enumerate(groups):
        colour, edge, hatch = {len(groups) - 2: _REST, len(groups) - 1: _STILL}.get(i) or HATCHED[i % len(HATCHED)]
        y = data[name].to_numpy()
        labelled = name
        for part, floor in ((np.maximum(y, 0), up), (np.minimum(y, 0), down)):
            if not part.any():
                continue
            ax.stairs(floor + part, edges, baseline=floor.copy(), fill=True, facecolor=colour, edgecolor=edge,
                      hatch=hatch, linewidth=0, label=labelled)  # fmt: skip
            labelled = "_"
            floor += part  # noqa: PLW2901 (in place: the next group begins where this one ends)
    ax.stairs(data[total], edges, baseline=None, color="black", linewidth=2, label=total)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_xlim(edges[0], edges[-1])
    months(ax, lang)
    heading = _heading(found, found.policies[policy or next(iter(found.policies))].get(lang), lang)
    return frame(ax, lang, heading, *_notes(found, lang, _word("time", lang)), y=_axis(found, lang), key=beside)


def attribution_bars(
    found: Attribution,
    a: str,
    b: str | None = None,
    *,
    by: Grouping = "source",
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the parts of a level as bars: under one policy, or what makes the difference between two.

    Takes what `attribution_bars_data` takes, with `lang` and `ax` as every picture.
    """
    data = attribution_bars_data(found, a, b, by=by, lang=lang)
    ax = new_axes(ax, height=max(2.4, 1.5 + 0.34 * len(data)))
    places = -np.arange(len(data), dtype=float)
    for key, place, mean, low, high in zip(
        data.index, places, data["mean"], data["mean_q05"], data["mean_q95"], strict=True
    ):
        colour, edge, hatch = ("#444444", "white", None) if key == "total" else _SIGNS[1 if mean >= 0 else -1]
        ax.barh(place, mean, height=0.62, facecolor=colour, edgecolor=edge, hatch=hatch, linewidth=0)
        if np.isfinite(low):
            for width, shade in ((3.0, "white"), (1.3, "black")):
                ax.plot([low, high], [place, place], color=shade, linewidth=width, solid_capstyle="butt")
    ax.axvline(0, color="black", linewidth=0.8)
    if "total" in data.index and len(data) > 1:
        ax.axhline(places[-1] + 0.5, color="#888888", linewidth=0.6)
    ax.set_yticks(places, list(data["name"]))
    ax.tick_params(axis="y", length=0)
    one = found.policies[a].get(lang)
    what = one if b is None else _word("why", lang).format(one, found.policies[b].get(lang))
    notes = _notes(found, lang, _word("bars", lang).format(weeks(found.window, lang)))
    return frame(
        ax, lang, _heading(found, what, lang), *notes, x=_axis(found, lang), bare=("top", "left", "right"),
        heading_room=0.78,
    )  # fmt: skip


def _axis(found: Attribution, lang: Language) -> str:
    """Name the axis, and say which way it pushes."""
    axis = _word("axis", lang)
    if not found.toward:
        return axis
    other = "stay" if found.toward == "exit" else "exit"
    plus, minus = _word(found.toward, lang), _word(other, lang)
    return f"{axis}\n(+ {plus}, − {minus})"


def _heading(found: Attribution, what: str, lang: Language) -> str:
    return f"{found.name.get(lang)}: {_word('title', lang)} ({what})"


def _notes(found: Attribution, lang: Language, text: str) -> list[str]:
    return [text, said(found.about["name"], lang), *ran(found.about, lang)]
