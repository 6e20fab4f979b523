"""The actors and their ties, drawn: who presses on whom, through which channel, toward exit or toward stay."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hudna.analysis.network import NetworkData, network_data
from hudna.analysis.placing import BEND
from hudna.plot.frame import new_axes, room_of, title, wrapped
from hudna.text.numbers import date
from hudna.text.words import Language, Words, right_to_left

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.text import Text as Drawn

    from hudna.case import Case

__all__ = ["network"]

_word = Words("plot.network")
_COLOURS = {"exit": "#D9650B", "stay": "#004A80", "": "#a3a3a3"}  # apart in grey too
_FILLS = {"exit": "#FBE3CC", "stay": "#CFE3F2", "": "white"}
_STYLES = {
    "political": "-",
    "military": (0, (5, 1.6)),
    "security": (0, (1.2, 1.4)),
    "economic": (0, (6, 1.5, 1.2, 1.5)),
}
_GROUND = "#f1f1ee"
_LETTERS = 21  # in a line of a name
_COLUMN, _ROW, _NARROWEST = 1.92, 0.46, 6.2  # inches


def network(case: Case, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw who presses on whom.

    The actor that most ties press on stands in the middle, those who press on it beside it, blocs together: those that
    work toward exit on the side where the reader begins, those that work toward stay on the other. Ties that press
    have the colour and the head of their direction, a triangle toward exit and a bar toward stay; all others are
    context, faint and grey. The line's dashes show the channel, its width the weight.

    Parameters
    ----------
    case : Case
        Such as `hudna.load("iraq-2024").case`.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; those of a new figure, as high as the network asks, if left out. Names are small but of a fixed
        size: 36 actors want some 9 by 7 inches.

    Returns
    -------
    matplotlib Axes
    """
    data = network_data(case, lang)
    (left, right), (low, top) = _ends(data.nodes["x"]), _ends(data.nodes["y"])
    ax = new_axes(ax, _ROW * max(top - low + 1, 3) + 1.7, max(_COLUMN * (right - left + 1), _NARROWEST))
    ax.set_axis_off()
    ax.set_xlim(left - 0.5, right + 0.5)
    ax.set_ylim(low - 0.6, top + 0.8)
    _grounds(ax, data, {bloc: label.get(lang) for bloc, label in case.about.blocs.items()}, lang)
    texts = {str(name): _name(ax, row) for name, row in data.nodes.iterrows()}
    _ties(ax, data, texts, -BEND if right_to_left(lang) else BEND)
    _legend(ax, data, lang)
    heading = (case.about.name.get(lang), _word("title", lang))
    title(ax, ": ".join(heading), lang)
    _caption(ax, case, data, lang)
    return ax


def _ends(at: pd.Series[float]) -> tuple[float, float]:
    return (float(at.min()), float(at.max())) if len(at) else (0.0, 0.0)


def _grounds(ax: Axes, data: NetworkData, labels: Mapping[str, str], lang: Language) -> None:
    """Lay a ground under the actors of a bloc that stand together, with its name where it has one."""
    from matplotlib.patches import FancyBboxPatch
    from matplotlib.patheffects import withStroke

    nodes = data.nodes[~data.nodes["middle"].astype(bool)]
    for bloc, mine in nodes.groupby("bloc"):
        if not bloc or len(mine) < 2:
            continue
        x, y = mine["x"].min() - 0.44, mine["y"].min() - 0.42
        size = mine["x"].max() + 0.44 - x, mine["y"].max() + 0.42 - y + (0.3 if bloc in labels else 0.0)
        ax.add_patch(FancyBboxPatch((x, y), *size, boxstyle="round,pad=0,rounding_size=0.08", mutation_aspect=3,
                                    facecolor=_GROUND, edgecolor="none", zorder=0))  # fmt: skip
        if bloc in labels:
            at = x + (size[0] - 0.05 if right_to_left(lang) else 0.05), y + size[1] - 0.08
            ax.text(*at, labels[str(bloc)], ha="right" if right_to_left(lang) else "left", va="top", fontsize=7.5,
                    color="#555555", style="normal" if right_to_left(lang) else "italic", zorder=2,
                    path_effects=[withStroke(linewidth=2.5, foreground=_GROUND)])  # fmt: skip


def _name(ax: Axes, row: Any) -> Drawn:
    moves = bool(row["level"])
    box = {"boxstyle": "round,pad=0.28", "facecolor": _FILLS[row["toward"]], "linewidth": 1.0 if moves else 0.5,
           "edgecolor": _COLOURS[row["toward"]] if moves else "#8a8a8a"}  # fmt: skip
    if row["middle"]:
        box |= {"linewidth": 2.2, "boxstyle": "round,pad=0.5"}
    return ax.text(
        row["x"], row["y"], "\n".join(textwrap.wrap(row["name"], _LETTERS, break_on_hyphens=False)), ha="center",
        va="center", fontsize=9.5 if row["middle"] else 7.5, fontweight="bold" if moves else "normal", linespacing=1.15,
        color="black" if moves else "#333333", bbox=box, zorder=4,
    )  # fmt: skip


def _ties(ax: Axes, data: NetworkData, texts: dict[str, Drawn], bend: float) -> None:
    """Draw the ties from name to name; parallel ones are bent apart."""
    from matplotlib.patches import FancyArrowPatch

    class Tie(FancyArrowPatch):
        """An arrow that asks the names at its ends how wide they are when it is drawn, for only then is that known."""

        ends: tuple[Drawn, Drawn]

        def draw(self, renderer: Any) -> None:
            for text in self.ends:
                text.update_bbox_position_size(renderer)
            self.patchA, self.patchB = (_Edge(text.get_bbox_patch()) for text in self.ends)  # type: ignore[assignment]
            super().draw(renderer)

    drawn: dict[tuple[str, str], int] = {}
    edges: list[Any] = data.edges.sort_values(["presses"], kind="stable").to_dict("records")
    for edge in edges:
        pair = str(edge["source"]), str(edge["target"])
        drawn[pair] = drawn.get(pair, 0) + 1
        ends = texts[pair[0]], texts[pair[1]]
        arrow = Tie(ends[0].get_position(), ends[1].get_position(), shrinkA=0.5, shrinkB=1.5,
                    zorder=3 if edge["presses"] else 1,
                    connectionstyle=f"arc3,rad={bend * (2.5 * drawn[pair] - 1.5)}",
                    **_arrow(edge["toward"], edge["presses"], edge["weight"], edge["channel"]))  # fmt: skip
        arrow.ends = ends
        arrow.set_in_layout(False)
        ax.add_patch(arrow)


class _Edge:
    """The edge of a name's box where it stands now; the box itself would be laid out anew at every question."""

    def __init__(self, box: Any) -> None:
        self.path, self.width = box.get_transform().transform_path(box.get_path()), box.get_linewidth()

    def contains(self, event: Any) -> tuple[bool, dict[str, Any]]:
        """Return whether a point is inside, as a patch does."""
        return bool(self.path.contains_point((event.x, event.y), radius=self.width)), {}


def _arrow(toward: str, presses: bool, weight: float, channel: str) -> dict[str, Any]:
    """Return how a tie is drawn."""
    bar = "-[,widthB=0.42,lengthB=0"
    if not presses:
        return {"arrowstyle": bar if toward == "stay" else "->,head_length=0.25,head_width=0.14",
                "mutation_scale": 9, "color": "#b9b9b9", "linewidth": 0.45 + 0.2 * weight,
                "linestyle": _STYLES[channel]}  # fmt: skip
    style = bar if toward == "stay" else "-|>,head_length=0.5,head_width=0.26"
    return {"arrowstyle": style, "mutation_scale": 13, "color": _COLOURS[toward], "linewidth": 0.7 + 0.75 * weight,
            "linestyle": _STYLES[channel]}  # fmt: skip


def _legend(ax: Axes, data: NetworkData, lang: Language) -> None:
    """Explain heads, lines and widths, a column each."""
    from matplotlib.legend_handler import HandlerBase
    from matplotlib.patches import FancyArrowPatch

    class Arrow(HandlerBase):
        """Draws a sample as it is, from one end of its field to the other."""

        def create_artists(self, *given: Any) -> list[FancyArrowPatch]:
            _, sample, x, y, width, height, _, transform = given
            ends = (-x, height / 2 - y), (width - x, height / 2 - y)
            if right_to_left(lang):
                ends = ends[::-1]
            return [FancyArrowPatch(*ends, shrinkA=0, shrinkB=0, transform=transform, **sample.how)]

    edges = data.edges
    pressing = edges[edges["presses"].astype(bool)] if len(edges) else edges
    plain = {"arrowstyle": "-", "color": "#444444", "mutation_scale": 9}
    first = [(_word(toward, lang), _arrow(toward, True, 2, "political"))
             for toward in ("exit", "stay") if (pressing["toward"] == toward).any()]  # fmt: skip
    if len(pressing) < len(edges):
        first.append((_word("context", lang), _arrow("", False, 2, "political")))
    second = [(_word(channel, lang), {**plain, "linestyle": _STYLES[channel], "linewidth": 1.6})
              for channel in _STYLES if (edges["channel"] == channel).any()]  # fmt: skip
    third = [(_word("weight", lang).format(n), {**plain, "linewidth": 0.7 + 0.75 * n}) for n in (1, 2, 3)]
    columns = [first, second, third] if len(edges) else []
    high = max((len(column) for column in columns), default=0)
    if not high:
        return
    if right_to_left(lang):
        columns = columns[::-1]
    handles: list[Any] = []
    labels = []
    for column in columns:
        for i in range(high):
            text, how = column[i] if i < len(column) else ("", {"arrowstyle": "-", "linewidth": 0})
            sample = FancyArrowPatch((0, 0), (1, 0))
            sample.how = how  # type: ignore[attr-defined]
            handles.append(sample)
            labels.append(text)
    long, apart = (3.4, 3) if room_of(ax) > _NARROWEST - 0.1 else (2, 1)
    ax.legend(handles, labels, handler_map={FancyArrowPatch: Arrow()}, ncols=3, frameon=False, fontsize=8.5,
              handlelength=long, columnspacing=apart, loc="upper right" if right_to_left(lang) else "upper left",
              bbox_to_anchor=(1.0 if right_to_left(lang) else 0.0, 0.0), borderaxespad=0,
              markerfirst=not right_to_left(lang), alignment="right" if right_to_left(lang) else "left")  # fmt: skip


def _caption(ax: Axes, case: Case, data: NetworkData, lang: Language) -> None:
    edges = data.edges
    sources = {tie.reference for tie in case.ties} | {actor.source for actor in case.actors.values()}
    classes = [sum(tie.confidence == name for tie in case.ties) for name in ("high", "medium", "low")]
    blocs = data.nodes.loc[(data.nodes["bloc"] != "") & ~data.nodes["middle"].astype(bool), "bloc"]
    lines = [
        [_word("actors", lang).format(len(data.nodes)),
         _word("ties", lang).format(len(edges), int(edges["presses"].sum())),
         _word("sources", lang).format(len(sources)), _word("until", lang).format(date(case.evidence_until, lang))],
        [_word("confidence", lang).format(*classes)] if len(edges) else [],
        [*([_word("filled", lang)] if (data.nodes["level"] != "").any() else []),
         *([_word("shaded", lang)] if blocs.duplicated().any() else [])],
    ]  # fmt: skip
    text = "\n".join(wrapped(line, int(16 * room_of(ax))) for line in lines if line)
    ax.annotate(text, xy=(1.0 if right_to_left(lang) else 0.0, 0.0),
                xycoords=("axes fraction", ax.get_legend() or "axes fraction"), xytext=(0, -6),
                textcoords="offset points", ha="right" if right_to_left(lang) else "left", va="top",
                multialignment="right" if right_to_left(lang) else "left", fontsize=7.5, color="#444444",
                annotation_clip=False)  # fmt: skip
