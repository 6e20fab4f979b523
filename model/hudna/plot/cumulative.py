"""Shares of paths: at or below each value of an outcome (p-box), or still waiting as weeks go by (survival)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hudna.analysis.cumulative import pbox_data, survival_data
from hudna.analysis.over_time import chosen_policies
from hudna.plot.frame import ran
from hudna.plot.style import colour_of, word
from hudna.plot.timelines import explain, frame_panels, several
from hudna.text.numbers import date, weeks
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["pbox", "survival"]


def pbox(
    result: Result,
    name: str,
    policy: str | Sequence[str] | None = None,
    *,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the distribution of an outcome over paths, and the band in which it lies in 90 % of draws: a p-box.

    The line says what happens by chance, all draws taken together; the band says how far what is not known of the
    parameters moves it. Thin grey lines show the other policies.

    Takes what `pbox_data` takes, with `lang` and `ax` as every picture.

    References
    ----------
    Ferson, Kreinovich, Ginzburg, Myers & Sentz (2003), *Constructing Probability Boxes and Dempster-Shafer Structures*.
    """
    label = result.outcome(name)
    chosen = chosen_policies(result, policy)
    data = pbox_data(result, name, lang=lang)
    ax, own = _panels(result, data, chosen, "x", lang, ax)
    for panel in own:
        panel.set_xlim(data["x"].min(), data["x"].max())
        panel.set_xlabel(label.unit.get(lang))
    return _framed(result, ax, own, chosen, lang, label.name.get(lang), "share below", weeks(label.window, lang))


def survival(
    result: Result,
    name: str,
    policy: str | Sequence[str] | None = None,
    *,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of paths in which something has not come yet, week by week, and its band over draws.

    No path is lost before the window ends, where all that are still waiting are censored together, so the estimate of
    Kaplan and Meier is the plain share. A curve begins at 1 and falls in each step by the share of paths in which it
    comes in that step. Thin grey lines show the other policies.

    Takes what `survival_data` takes, with `lang` and `ax` as every picture.

    References
    ----------
    Kaplan & Meier (1958), "Nonparametric estimation from incomplete observations".
    """
    label = result.outcome(name)
    chosen = chosen_policies(result, policy)
    data = survival_data(result, name, lang=lang)
    ax, own = _panels(result, data, chosen, "weeks", lang, ax, end=label.window[1])
    start = date(dt.date.fromisoformat(result.about["start"]), lang)
    for panel in own:
        panel.set_xlim(label.window)
        panel.set_xlabel(word("weeks after start" if len(own) == 1 else "weeks", lang).format(start))
    notes = [word("censored", lang).format(f"{label.window[1]:g}")]
    if len(own) > 1:
        notes = [word("weeks after start", lang).format(start), *notes]
    return _framed(result, ax, own, chosen, lang, label.name.get(lang), "still waiting", *notes)


def _panels(
    result: Result,
    data: pd.DataFrame,
    chosen: Sequence[str],
    axis: str,
    lang: Language,
    ax: Axes | None,
    end: float | None = None,
) -> tuple[Axes, list[Axes]]:
    """Draw a panel a policy: its shares and their band, and the shares of the others as thin lines.

    With `end`, shares are lines of stairs from 1 at the first value to there.
    """
    ax, own = several(ax, len(chosen), lang)
    steps: Any = {} if end is None else {"drawstyle": "steps-post"}
    step: Literal["post"] | None = None if end is None else "post"
    for panel, policy in zip(own, chosen, strict=True):
        for other in (*(p for p in result.policies if p != policy), policy):
            rows = data[data["policy"] == other]
            x = rows[axis].to_numpy()
            columns = {key: rows[key].to_numpy() for key in ("share", "low", "high")}
            if end is not None:
                x = np.concatenate([x[:1], x, [end]])
                columns = {key: np.concatenate([[1.0], y, y[-1:]]) for key, y in columns.items()}
            colour, line = colour_of(result, other)
            if other != policy:
                panel.plot(x, columns["share"], color="#555555", linewidth=0.8, linestyle=line, **steps)
                continue
            panel.fill_between(x, columns["low"], columns["high"], color=colour, alpha=0.3, linewidth=0, step=step)
            panel.plot(x, columns["share"], color="black", linewidth=3.2, **steps)
            panel.plot(x, columns["share"], color=colour, linewidth=1.8, **steps)
        panel.set_ylim(0, 1)
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(visible=True, color="#e4e4e4")
        panel.set_axisbelow(True)
    return ax, own


def _framed(
    result: Result, ax: Axes, own: Sequence[Axes], chosen: Sequence[str], lang: Language, name: str, y: str, *notes: str
) -> Axes:
    names = [result.policy_name(policy, lang) for policy in chosen]
    key = partial(explain, middle="all draws", bands=(("band of draws", 0.3),), alone=len(result.policies) < 2)
    parts = *notes, word("no noise", lang), *ran(result.about, lang)
    return frame_panels(ax, own, lang, name, names, *parts, y=word(y, lang), key=key)
