"""Around a drawing: axes and panels, the axes of time and counts, titles, legends and captions."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hudna.arrays import FloatArray
from hudna.text import numbers
from hudna.text.runs import origin, size
from hudna.text.words import Language, right_to_left

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "above", "beside", "counts_axis", "frame", "legend", "margin", "months", "new_axes", "note", "panels", "ran",
    "reading", "room_of", "ruled", "title", "width_of", "wrapped",
]  # fmt: skip

_MOST_MONTHS = 7  # on an axis
_MONTH = (0.5, 0.85)  # inches a name with room for it: of three letters, and longer
_LETTERS = 10.9  # of a title, in an inch
_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def new_axes(ax: Axes | None, height: float = 4.2, width: float = 7.2) -> Axes:
    """Return `ax`, or the axes of a new figure, so many inches high and wide.

    A figure of a grid of axes that nothing lays out gets a layout that leaves room for titles and captions.
    """
    if ax is not None:
        figure = ax.get_figure(root=True)
        if figure is not None and ax.get_subplotspec() is not None and figure.get_layout_engine() is None:
            figure.set_layout_engine("constrained")
        return ax
    import matplotlib.pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def panels(ax: Axes, n: int, lang: Language, *, gap: float = 0.06) -> list[Axes]:
    """Return n axes side by side inside `ax`, in the order of reading; `ax` itself if there is but one.

    `ax` then is only their frame: it keeps the title, whose last line is left empty for titles of the panels. Numbers
    of the vertical axis stand at the leftmost panel.
    """
    if n == 1:
        return [ax]
    ax.set_axis_off()
    width = (1 - gap * (n - 1)) / n
    made = [ax.inset_axes((i * (width + gap), 0, width, 1)) for i in range(n)]
    for panel in made[1:]:
        panel.tick_params(labelleft=False)
    return made[::-1] if right_to_left(lang) else made


def width_of(ax: Axes) -> float:
    """Return about how wide axes are, in inches."""
    figure = ax.get_figure(root=True)
    locator: Any = ax.get_axes_locator()
    place = ax.get_position() if locator is None else locator(ax, None)
    return float(place.width * (7.2 if figure is None else figure.get_figwidth()))


def room_of(ax: Axes) -> float:
    """Return how wide the place of axes in the grid of their figure is, in inches: the figure's width if alone."""
    figure, spec = ax.get_figure(), ax.get_subplotspec()
    if figure is None or spec is None:
        return width_of(ax)
    whole = figure.subplotpars
    inches = figure.bbox.width / figure.get_figure(root=True).dpi
    return float(inches * spec.get_position(figure).width / (whole.right - whole.left))  # type: ignore[arg-type]


def months(ax: Axes, lang: Language, days: FloatArray | None = None) -> None:
    """Label the time axis, as wide as it is now, with first days of months and their years.

    If the axis is too short to show two months, the first of `days`, counted from 1970, is labelled instead, the left
    end if they are left out.
    """
    first, last = (np.datetime64("1970-01-01") + np.timedelta64(round(float(end)), "D") for end in ax.get_xlim())
    begin, stop = (int(day.astype("datetime64[M]").astype(int)) for day in (first, last))
    shown = range(begin + 1, stop + 1)
    names = numbers.months(lang, short=True)
    most = max(2, min(_MOST_MONTHS, int(width_of(ax) / _MONTH[max(map(len, names)) > 3])))
    step = next((k for k in (1, 2, 3, 6) if len(shown) <= k * most), 12 * -(-len(shown) // (12 * most)))
    if len(shown) < 2:
        place = float(ax.get_xlim()[0] if days is None else days.min())
        day = (np.datetime64("1970-01-01") + np.timedelta64(round(place), "D")).astype(dt.date)
        ax.set_xticks([place], [f"{day.day} {names[day.month - 1]}\n{day.year}"])
        return
    ticks = [month for month in shown if month % step == 0]  # from January on
    labels = []
    for place, month in enumerate(ticks):
        year = str(1970 + month // 12)
        alone = year if step >= 12 else names[month % 12]
        below = year if not place or month % 12 == 0 else ""  # all of two lines, so that they are level
        labels.append(alone if step >= 12 else f"{alone}\n{below}")
    ax.set_xticks([np.datetime64(month, "M").astype("datetime64[D]").astype(float) for month in ticks], labels)


def title(ax: Axes, text: str, lang: Language, room: float = 1.0) -> None:
    """Set a title where a reader of the language begins to read.

    A line that is longer than the share `room` of what the axes have is broken, after a colon if it has one.
    """
    letters = int(_LETTERS * room * room_of(ax))
    lines: list[str] = []
    for line in text.split("\n"):
        parts = [line] if len(line) <= letters else line.replace(": ", ":\n", 1).split("\n")
        lines += [piece for part in parts for piece in textwrap.wrap(part, letters) or [""]]
    ax.set_title("\n".join(lines), loc=reading(lang), fontsize=11, y=1.0)  # Matplotlib looks for no other place


def legend(ax: Axes, lang: Language, **how: Any) -> None:
    """Add a legend that is read from the side where the language begins; `order` of its entries if not as drawn."""
    handles, labels = ax.get_legend_handles_labels()
    order = how.pop("order", range(len(handles)))
    handles, labels = [handles[i] for i in order], [labels[i] for i in order]
    if right_to_left(lang) and how.get("ncols", 1) > 1:
        handles, labels = handles[::-1], labels[::-1]
    ax.legend(handles, labels, frameon=False, fontsize=9, alignment=reading(lang),
              markerfirst=not right_to_left(lang), **how)  # fmt: skip


def beside(ax: Axes, lang: Language, **how: Any) -> None:
    """Add a legend to the right of the axes."""
    legend(ax, lang, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, **how)


def above(ax: Axes, lang: Language, room: float = 1.0) -> str:
    """Add a legend between the axes and their title: in a line if the share `room` of what they have holds it.

    Returns the empty lines that the title ends with.
    """
    labels = ax.get_legend_handles_labels()[1]
    n = len(labels) if sum(len(label) + 6 for label in labels) <= 13 * room * room_of(ax) else 1
    place = (1.0 if right_to_left(lang) else 0.0, 1.0)
    legend(ax, lang, loc=f"lower {reading(lang)}", bbox_to_anchor=place, borderaxespad=0.2, ncols=n, columnspacing=1.4)
    return "\n" * -(-len(labels) // max(n, 1))


def margin(
    ax: Axes, y: float, text: str, lang: Language, *, begins: bool = False, by: float = 8, up: float = 0, **how: Any
) -> None:
    """Write beside a row of the axes, so many points away and above it: where reading ends or, if asked, begins."""
    right = begins == right_to_left(lang)
    side = "left" if right else "right"
    how = {"va": "center", "ha": side, "multialignment": side, "annotation_clip": False, **how}
    if text:
        ax.annotate(text, (float(right), y), xycoords=("axes fraction", "data"), xytext=(by if right else -by, up),
                    textcoords="offset points", **how)  # fmt: skip


def counts_axis(ax: Axes, top: float) -> None:
    """Make the vertical axis one of counts, from 0 to `top`, on which 0 and 100 both read: log(1 + count)."""
    ax.set_yscale("function", functions=(_stretched, _shrunk))
    end = max(1.0, top) * 1.15
    ticks = [tick for tick in (_TICKS if end >= 8 else range(8)) if tick <= end]
    ax.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylim(-0.12, end)  # a mark at 0 is whole


def _stretched(y: FloatArray) -> FloatArray:
    return np.sign(y) * np.log1p(np.abs(y))


def _shrunk(y: FloatArray) -> FloatArray:
    return np.sign(y) * np.expm1(np.abs(y))


def reading(lang: Language) -> Literal["left", "right"]:
    """Return the side where a reader of the language begins."""
    return "right" if right_to_left(lang) else "left"


def frame(
    ax: Axes,
    lang: Language,
    heading: str,
    *notes: str,
    x: str = "",
    y: str = "",
    bare: Sequence[str] = ("top", "right"),
    key: Callable[[Axes, Language], str | None] | None = None,
    room: float = 1.0,
    heading_room: float = 1.0,
    named: Sequence[tuple[Axes, str]] = (),
) -> Axes:
    """Put around a drawing what every picture has, from the side where a reader of the language begins; return it.

    Parameters
    ----------
    ax : matplotlib Axes
    lang : {"en", "ar"}
    heading : str
    *notes : str
        Parts of the caption; there is no caption if left out.
    x, y : str
        Names of the axes.
    bare : sequence of str
        Sides without a line. Where the left one has none, names of rows stand where reading begins.
    key : function of axes and language, optional
        Adds the legend, such as `beside` or `above`; returns the empty lines that the heading then ends with.
    room, heading_room : float
        Share of the width of the axes' place that the caption and the heading have.
    named : sequence of Axes and text
        The panels of `ax`, in the order of reading, and what each is called; the name of a single one ends the heading.
    """
    own = [panel for panel, _ in named] or [ax]
    if len(named) == 1:
        heading = f"{heading}: {named[0][1]}"
    elif named:
        heading += "\n"
        for panel, name in named:
            panel.set_title(name, loc=reading(lang), fontsize=9.5, y=1.0)
    for panel in own:
        panel.spines[list(bare)].set_visible(False)
        panel.set_xlabel(x)
    if "left" in bare and right_to_left(lang):
        ax.yaxis.tick_right()
    left, right = (own[-1], own[0]) if right_to_left(lang) else (own[0], own[-1])
    left.set_ylabel(y)
    lines = key(right, lang) if key else None
    title(ax, heading + (lines or ""), lang, heading_room)
    if notes:
        note(own[0], lang, *notes, room=room, frame=ax)
    return ax


def ruled(ax: Axes, axis: Literal["x", "y", "both"] = "y") -> None:
    """Draw faint lines at the ticks, under what is drawn."""
    ax.grid(visible=True, axis=axis, color="#e4e4e4")
    ax.set_axisbelow(True)


def note(ax: Axes, lang: Language, *parts: str, room: float = 1.0, frame: Axes | None = None) -> None:
    """Write a caption in small letters under the horizontal axis and its label.

    Lines are as long as the place of the axes in their figure is wide, or the share of it, `room`, that is left from
    where they begin: at the side of `frame`, if `ax` is a panel of it, else at that of `ax`.
    """
    place, side = frame or ax, reading(lang)
    ax.annotate(wrapped(parts, int(14 * room * room_of(place))), xy=(1.0 if right_to_left(lang) else 0.0, 0.0),
                xycoords=(place.transAxes, ax.xaxis.label), xytext=(0, -5), textcoords="offset points", ha=side,
                va="top", multialignment=side, fontsize=7.5, color="#444444", annotation_clip=False)  # fmt: skip


def ran(about: Mapping[str, Any], lang: Language) -> list[str]:
    """Return the parts of a caption that say what a run started from and its size."""
    run = " · ".join(size(about["draws"], about["paths"], lang, about["seed"]))
    return [*origin(about.get("given", {}), lang), run]


def wrapped(parts: Sequence[str], width: int) -> str:
    """Return the parts in lines that are broken between parts, and inside one only if it is longer than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] = f"{lines[-1]} · {part}"
        else:
            lines += textwrap.wrap(part, width)
    return "\n".join(lines)
