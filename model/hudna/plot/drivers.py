"""What moves: levers by policy, regimes and levels, one above the other on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hudna.analysis.over_time import drivers_data, moved
from hudna.plot.frame import beside, months, new_axes, note, ran, reading, title
from hudna.plot.style import COLOURS, headed, word
from hudna.plot.timelines import by_state, draw_lever, draw_shares, step_edges
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["drivers", "drivers_height"]

_PANEL, _GAP = 1.15, 0.42  # inches: a panel, and what is between two


def drivers(
    result: Result,
    names: Sequence[str] | None = None,
    *,
    policy: str | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what moves over time, a panel each: levers by policy, states of regimes, levels and counts.

    Takes what `drivers_data` takes, with `lang` and `ax` as every picture.
    """
    data = drivers_data(result, names, policy=policy, lang=lang)
    chosen = list(dict.fromkeys(data["driver"]))
    n = len(chosen)
    height = n * _PANEL + (n - 1) * _GAP
    ax = new_axes(ax, drivers_height(n))
    ax.set_axis_off()
    places = [(height - _PANEL - k * (_PANEL + _GAP)) / height for k in range(n)]
    own = [ax.inset_axes((0, place, 1, _PANEL / height)) for place in places]
    explained = False
    for panel, name in zip(own, chosen, strict=True):
        rows = data[data["driver"] == name]
        first = rows.iloc[0]
        if first["measure"] == "lever":
            draw_lever(panel, result, rows)
            under = word("every policy", lang) if len(result.policies) > 1 and not moved(result.levers[name]) else ""
            if not explained and len(result.policies) > 1:
                beside(panel, lang)
                explained = True
        elif first["measure"] == "state":
            draw_shares(panel, step_edges(result), by_state(rows, "value"))
            panel.set_yticks([0, 0.5, 1])
            beside(panel, lang, reverse=True)
            under = _under(result, name, str(first["policy"]), lang)
        else:
            _fan(panel, result, rows, str(first["measure"]))
            under = _under(result, name, str(first["policy"]), lang)
        text = " · ".join(
            part for part in (headed(None, str(first["driver_name"]), lang), first["unit"], under) if part
        )
        panel.set_title(text, loc=reading(lang), fontsize=9, pad=3)
        months(panel, lang)
        if panel is not own[-1]:
            panel.tick_params(labelbottom=False)
    title(ax, headed(None, word("drivers", lang), lang) + "\n", lang)
    fans = not set(data["measure"]) <= {"lever", "state"}
    note(own[-1], lang, *([word("drivers note", lang)] if fans else []), *ran(result.about, lang), frame=ax)
    return ax


def drivers_height(n: int) -> float:
    """Return how high a picture of n drivers should be, in inches."""
    return n * _PANEL + (n - 1) * _GAP + 1.3


def _fan(ax: Axes, result: Result, rows: pd.DataFrame, measure: str) -> None:
    """Draw the middle of a series and its band of 90 % of paths."""
    edges = step_edges(result)
    low, middle, high = (rows[key].to_numpy() for key in ("q05", "value", "q95"))
    ax.stairs(high, edges, baseline=low, fill=True, color=COLOURS[0], alpha=0.3)
    ax.stairs(middle, edges, baseline=None, color="black", linewidth=1.6)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1 if measure == "level" else 1.08 * max(float(high.max()), 1e-9))
    ax.spines[["top", "right"]].set_visible(False)


def _under(result: Result, name: str, policy: str, lang: Language) -> str:
    """Say under which policy a series is drawn; nothing if there is only one."""
    if len(result.policies) < 2:
        return ""
    return result.policy_name(policy, lang) if moved(result.series[name]) else word("every policy", lang)
