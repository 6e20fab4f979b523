"""Scenarios by policies: an outcome of each, with its regret, in the cells of a grid."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hudna.analysis.grid import grid_data
from hudna.plot.frame import frame, new_axes
from hudna.text.numbers import decimals, number, signed, weeks
from hudna.text.runs import origin, size
from hudna.text.words import Language, Words, right_to_left

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.analysis.compare import Comparison

__all__ = ["grid"]

_RAMP = ("#F4F7FA", "#C9DDED", "#8DB8DA", "#2F6FA8")  # one hue, from light to dark, so that grey keeps the order
_MID = 0.35  # of the ramp, where all cells are equal
_DARK = 0.18  # luminance under which white letters are easier to read than black ones
_GAP = 0.18  # between the scenarios and the row of the largest regrets, in rows
_LAST = 0.7  # height of that row, in rows
_ROW = 0.78  # inches
_FRAME = 2.1  # inches of title, names of policies and caption
_SHARE = 0.75  # of a figure's width that axes have, if they are its only ones
_NEEDED = (1.35, 0.6)  # inches of width and height that a cell's letters need at their full size
_EDGE = 0.02  # around the cells, so that no line is cut
_INSIDE = 0.025  # of a cell's width, by which its frame stands in
_LABEL, _COLUMN = 25, 18  # letters in a line of a scenario's name, and of a policy's
_word = Words("plot.grid")


def grid(comparison: Comparison, outcome: str, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw an outcome of every scenario, a row each, under every policy, a column each.

    A cell holds the mean, where it lies in 90 % of the draws, and the regret; its shade is the mean. The best policy
    of a row is framed, with dashes if another is as good within Monte Carlo error. Below are the largest regrets.

    Takes what `grid_data` takes, with `lang` and `ax` as every picture.
    """
    label = comparison.outcome(outcome)
    data = grid_data(comparison, outcome, lang)
    n_rows, n_columns = len(comparison.scenarios), len(comparison.policies)
    judged = label.better is not None
    height = n_rows + (_LAST + _GAP if judged else 0)
    ax = new_axes(ax, _FRAME + _ROW * height)
    room = min(1.0, float(ax.get_position().width) / _SHARE)
    places, regret_places = decimals(data["mean"].abs().max(), 0.0), decimals(0.0, data["regret"].max())
    low, high = float(data["mean"].min()), float(data["mean"].max())
    letters = _letters(ax, n_columns, height)
    data["x"] = n_columns - 1 - data["column"] if right_to_left(lang) else data["column"]
    data["tied"] = data.groupby("row")["best"].transform("sum") > 1
    cells: list[dict[Any, Any]] = data.to_dict("records")
    for cell in cells:
        share = (cell["mean"] - low) / (high - low) if high > low else _MID
        lines = [
            (_number(cell["mean"], places, lang), 13),
            (_interval(cell["mean_q05"], cell["mean_q95"], min(places, 2)), 8.5),
            (_said(cell, regret_places, lang) if judged else "", 8.5),
        ]
        _cell(ax, cell["x"], cell["row"], lines, share=share, letters=letters)
        if cell["best"]:
            _frame(ax, cell["x"], cell["row"], dashed=not cell["told_apart"] and n_columns > 1)
        if judged and cell["row"] == 0:
            text = _number(cell["max_regret"], regret_places, lang) if cell["max_regret"] else "0"
            lines = [(text, 11), (_word("smallest", lang) if cell["minimax"] else "", 8.5)]
            _cell(ax, cell["x"], n_rows + _GAP, lines, share=None, letters=letters, marked=cell["minimax"])
    _label(ax, comparison, lang, height, judged=judged)
    direction = _word(label.better or "undeclared", lang)
    ends = _number(low, places, lang), _number(high, places, lang)
    parts = [
        weeks(label.window, lang),
        _word("cell", lang),
        *([_word("shade", lang).format(*ends)] if high > low else []),
    ]
    parts += [_word("regret note", lang)] if judged else []
    parts += [_word("close note", lang)] if (data["best"] & ~data["told_apart"]).any() and n_columns > 1 else []
    parts += dict.fromkeys(
        part for result in comparison.results for part in origin(result.about.get("given", {}), lang)
    )
    about = comparison.results[0].about
    parts += size(about["draws"], about["paths"], lang, about["seed"])
    unit = f"{label.unit.get(lang)} · {direction}"
    return frame(
        ax, lang, f"{label.name.get(lang)}\n", *parts, x=unit, bare=("top", "right", "bottom", "left"), room=room
    )


def _cell(
    ax: Axes,
    x: float,
    y: float,
    lines: Sequence[tuple[str, float]],
    *,
    share: float | None,
    letters: float,
    marked: bool = False,
) -> None:
    """Draw a cell of the shade at `share` of the ramp, or a lower one without any, and its lines, the first large."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex
    from matplotlib.patches import Rectangle

    colour = "white" if share is None else to_hex(LinearSegmentedColormap.from_list("value", _RAMP)(share))
    tall = _LAST if share is None else 1.0
    ink = "white" if _luminance(colour) < _DARK else "black"
    edge = "black" if marked else "#999999" if share is None else "white"
    ax.add_patch(
        Rectangle((x, y), 1, tall, facecolor=colour, edgecolor=edge, linewidth=2.2 if marked else 1, zorder=2 + marked,
                  clip_on=False)
    )  # fmt: skip
    shown = [line for line in lines if line[0]]
    at = {1: (0.5,), 2: (0.36, 0.72), 3: (0.29, 0.58, 0.80)}[len(shown)]
    for (text, points), down in zip(shown, at, strict=True):
        ax.text(x + 0.5, y + tall * down, text, ha="center", va="center", color=ink, fontsize=points * letters,
                zorder=4)  # fmt: skip


def _letters(ax: Axes, columns: int, rows: float) -> float:
    """Return by how much letters shrink to stay inside cells, if they must: by the size of the axes as they are now."""
    figure = ax.get_figure(root=True)
    if figure is None:
        return 1.0
    box = ax.get_window_extent()
    wide, high = box.width / figure.dpi, box.height / figure.dpi
    return min(1.0, wide / columns / _NEEDED[0], high / rows / _NEEDED[1])


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as of WCAG 2."""
    from matplotlib.colors import to_rgb

    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _frame(ax: Axes, x: float, y: float, *, dashed: bool) -> None:
    """Frame a cell in black on white, which shows on any shade."""
    from matplotlib.patches import Rectangle

    for colour, width, line in (("white", 5.0, "-"), ("black", 2.2, (0, (2.5, 1.5)) if dashed else "-")):
        ax.add_patch(
            Rectangle((x + _INSIDE, y + 1.4 * _INSIDE), 1 - 2 * _INSIDE, 1 - 2.8 * _INSIDE, fill=False,
                      edgecolor=colour, linewidth=width, linestyle=line, zorder=3)
        )  # fmt: skip


def _label(ax: Axes, comparison: Comparison, lang: Language, height: float, *, judged: bool) -> None:
    """Name the rows and columns on the sides where the language begins to read."""
    n_rows, n_columns = len(comparison.scenarios), len(comparison.policies)
    rows = [_wrapped(comparison.scenario_name(name, lang), _LABEL) for name in comparison.scenarios]
    at = [row + 0.5 for row in range(n_rows)]
    if judged:
        rows, at = [*rows, _word("largest", lang)], [*at, n_rows + _GAP + _LAST / 2]
    ax.set_yticks(at, rows, fontsize=9, multialignment="right")
    columns = [_wrapped(comparison.policy_name(name, lang), max(8, _COLUMN * 3 // max(n_columns, 3)))
               for name in comparison.policies]  # fmt: skip
    ax.set_xticks([i + 0.5 for i in range(n_columns)], columns[::-1] if right_to_left(lang) else columns, fontsize=10)
    ax.tick_params(length=0, bottom=False, labelbottom=False, labeltop=True)
    ax.set_xlim(-_EDGE, n_columns + _EDGE)
    ax.set_ylim(height + _EDGE, -_EDGE)


def _said(cell: dict[Any, Any], places: int, lang: Language) -> str:
    """Return what a cell says of its regret."""
    if cell["best"]:
        return _word("best" if cell["told_apart"] else "alike" if cell["tied"] else "close", lang)
    return _word("regret", lang).format(_number(cell["regret"], places, lang))


def _interval(low: float, high: float, places: int) -> str:
    return f"[{_number(low, places, 'en')}, {_number(high, places, 'en')}]" if math.isfinite(low + high) else ""


def _number(x: float, places: int, lang: Language) -> str:
    return signed(number(x, places), lang)


def _wrapped(text: str, letters: int) -> str:
    """Return a text in as few lines of so many letters as it takes, and these about equally long."""
    lines = textwrap.wrap(text, letters, break_long_words=False)
    for width in range(1, letters):
        even = textwrap.wrap(text, width, break_long_words=False)
        if len(even) == len(lines):
            return "\n".join(even)
    return "\n".join(lines)
