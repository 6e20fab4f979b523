"""What moves: levers by policy, regimes and levels, one above the other on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hudna.case.grammar import Text
from hudna.errors import InputError, Problems, nearest
from hudna.plot.style import COLOURS, beside, caption, headed, months, new_axes, title, word
from hudna.plot.timelines import draw_lever, draw_shares, fan_data, moved, shares_data, step_edges
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["drivers", "drivers_data", "drivers_height"]

_PANEL, _GAP = 1.15, 0.42  # inches: a panel, and what is between two


def drivers_data(
    result: Result, names: Sequence[str] | None = None, *, policy: str | None = None, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `drivers` draws.

    Parameters
    ----------
    result : Result
    names : sequence of str, optional
        Levers, and series that were recorded. If left out, the levers that move and the regimes that were recorded.
    policy : str, optional
        Under which regimes and other series are told; the first if left out. Levers are told under all.
    lang : {"en", "ar"}
        Language of the names.

    Returns
    -------
    pandas.DataFrame
        A row per driver, policy, step and state of a regime: driver, driver_name, unit, measure ("lever", "state",
        "level", "count" ...), policy, policy_name, time (first day of the step), state, state_name, value and, for what
        differs from path to path, q05 and q95 over paths. The value is a lever's own, the share of paths in a regime's
        state, a count's mean or the median of anything else.

    Raises
    ------
    InputError
        If there is no such lever, series or policy, or nothing to draw.
    """
    import pandas as pd

    parts = []
    for name in _names(result, names):
        if _is_lever(result, name):
            label, unit, measure = *_lever_label(result, name), "lever"
            rows = _lever(result, name, lang)
        else:
            series = result.series_label(name)
            label, unit, measure = series.name, series.unit, series.measure
            chosen = policy or result.policies[0]
            if measure == "state":
                rows = shares_data(result, name, chosen, lang=lang).rename(columns={"share": "value"})
                unit = Text(en=word("share of paths", "en"), ar=word("share of paths", "ar"))
            else:
                rows = fan_data(result, name, chosen, lang=lang)
                rows["value"] = rows["mean" if measure == "count" else "q50"]
        rows.insert(0, "measure", measure)
        rows.insert(0, "unit", unit.get(lang))
        rows.insert(0, "driver_name", label.get(lang))
        rows.insert(0, "driver", name)
        parts.append(rows)
    columns = ["driver", "driver_name", "unit", "measure", "policy", "policy_name", "time", "state", "state_name"]
    return pd.concat([part.reindex(columns=[*columns, "value", "q05", "q95"]) for part in parts], ignore_index=True)


def drivers(
    result: Result,
    names: Sequence[str] | None = None,
    *,
    policy: str | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what moves over time, a panel each: levers by policy, states of regimes, levels and counts.

    Parameters
    ----------
    result : Result
    names : sequence of str, optional
        Levers, and series that were recorded, from the top down. If left out, the levers that move and the regimes that
        were recorded.
    policy : str, optional
        Under which regimes and other series are drawn; the first if left out. Levers are drawn under all.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out. The panels lie inside it, `ax.child_axes`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no such lever, series or policy, or nothing to draw.
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
            draw_shares(panel, rows.rename(columns={"value": "share"}), step_edges(result))
            panel.set_yticks([0, 0.5, 1])
            beside(panel, lang, reverse=True)
            under = _under(result, name, str(first["policy"]), lang)
        else:
            _fan(panel, result, rows, str(first["measure"]))
            under = _under(result, name, str(first["policy"]), lang)
        text = " · ".join(
            part for part in (headed(None, str(first["driver_name"]), lang), first["unit"], under) if part
        )
        panel.set_title(text, loc="right" if lang == "ar" else "left", fontsize=9, pad=3)
        months(panel, lang)
        if panel is not own[-1]:
            panel.tick_params(labelbottom=False)
    title(ax, headed(None, word("drivers", lang), lang) + "\n", lang)
    fans = not set(data["measure"]) <= {"lever", "state"}
    caption(own[-1], result, lang, *([word("drivers note", lang)] if fans else []), frame=ax)
    return ax


def drivers_height(n: int) -> float:
    """Return how high a picture of n drivers should be, in inches."""
    return n * _PANEL + (n - 1) * _GAP + 1.3


def _names(result: Result, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return what to draw; raise InputError with every name that is neither a lever nor a series."""
    if names is None:
        levers = [str(name) for name in result.levers.data_vars if np.ptp(result.levers[name].to_numpy()) > 0]
        found = (*levers, *(n for n in result.series_names if result.series_label(n).measure == "state"))
        if not found:
            text = "no lever moves and no regime was recorded; name series to draw"
            raise InputError.of("plot.drivers", text, key="names")
        return found
    known = sorted({*map(str, result.levers.data_vars), *result.series_names})
    problems = Problems()
    for name in names:
        if name not in known:
            text = f"is neither a lever nor a series of the result{nearest(name, known)}; there are: {', '.join(known)}"
            problems.add("plot.drivers", "names", text, given=repr(name))
    if not names:
        problems.add("plot.drivers", "names", "must name at least one lever or series")
    problems.raise_if_any()
    return tuple(names)


def _is_lever(result: Result, name: str) -> bool:
    return name in result.levers.data_vars


def _lever_label(result: Result, name: str) -> tuple[Text, Text]:
    found = result.about.get("levers", {}).get(name)  # a result of an older version has no names of levers
    return (Text(en=name), Text(en="1")) if found is None else (Text(**found["name"]), Text(**found["unit"]))


def _lever(result: Result, name: str, lang: Language) -> pd.DataFrame:
    import pandas as pd

    levers = result.levers[name]
    parts = [
        pd.DataFrame(
            {
                "policy": policy,
                "policy_name": result.policy_name(policy, lang),
                "time": result.levers["time"].to_numpy(),
                "value": levers.sel(policy=policy).to_numpy(),
            }
        )
        for policy in result.policies
    ]
    return pd.concat(parts, ignore_index=True)


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
