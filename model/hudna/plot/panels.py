"""Panels side by side, one a policy: its curve and what is known of it, and the curves of the other policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from hudna.arrays import FloatArray
from hudna.plot.frame import beside, new_axes, panels, ruled
from hudna.plot.style import colour_of, word
from hudna.text.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["curves", "explain", "panels_width", "side_by_side"]

_PANEL, _LEGEND = 2.5, 1.9  # inches: a panel, and what stands beside all of them


def panels_width(n: int) -> float:
    """Return how wide a picture of n panels should be, in inches."""
    return max(7.2, _PANEL * n + _LEGEND)


def side_by_side(ax: Axes | None, n: int, lang: Language) -> tuple[Axes, list[Axes]]:
    """Return `ax`, or a new figure's with room for n panels, and the panels in it, in the order of reading."""
    ax = new_axes(ax, width=panels_width(n))
    return ax, panels(ax, n, lang)


def curves(
    result: Result,
    policies: Sequence[str],
    line: Callable[[str], tuple[FloatArray, FloatArray]],
    band: Callable[[Axes, str, str], None],
    lang: Language,
    ax: Axes | None,
    *,
    grid: Literal["y", "both"] = "both",
    width: float = 2.0,
    **how: Any,
) -> tuple[Axes, list[tuple[Axes, str]]]:
    """Draw a panel a policy, and return the axes, and the panels with their policies' names.

    `line` gives a policy's curve; `band` draws a policy's bands into a panel, in a colour. Thin grey lines are the
    curves of the other policies.
    """
    ax, own = side_by_side(ax, len(policies), lang)
    for panel, policy in zip(own, policies, strict=True):
        colour, _ = colour_of(result, policy)
        band(panel, policy, colour)
        for other in result.policies:
            if other != policy:
                panel.plot(*line(other), color="#555555", linewidth=0.8, linestyle=colour_of(result, other)[1], **how)
        for shade, wide in (("black", width + 1.4), (colour, width)):
            panel.plot(*line(policy), color=shade, linewidth=wide, **how)
        ruled(panel, grid)
    return ax, [(panel, result.policy_name(policy, lang)) for panel, policy in zip(own, policies, strict=True)]


def explain(ax: Axes, lang: Language, *, middle: str, bands: Sequence[tuple[str, float]], alone: bool) -> None:
    """Add a legend beside the panels: the middle line, the other policies' and bands, in no policy's colour."""
    for key, shade in bands:
        ax.fill_between([], [], [], color="#333333", alpha=shade, linewidth=0, label=word(key, lang))
    if not alone:
        ax.plot([], [], color="#555555", linewidth=0.8, label=word("other policies", lang))
    ax.plot([], [], color="black", linewidth=3, label=word(middle, lang))
    beside(ax, lang, reverse=True)
