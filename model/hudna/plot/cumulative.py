"""Shares of paths: at or below each value of an outcome (p-box), or still waiting as weeks go by (survival)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hudna.analysis.cumulative import pbox_data, survival_data
from hudna.analysis.over_time import chosen_policies
from hudna.arrays import FloatArray
from hudna.plot.frame import frame, ran
from hudna.plot.panels import curves, explain
from hudna.plot.style import word
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
    data = pbox_data(result, name, lang=lang)
    ax, named = _curves(result, data.rename(columns={"x": "at"}), policy, lang, ax)
    for panel, _ in named:
        panel.set_xlim(data["x"].min(), data["x"].max())
    notes = weeks(label.window, lang), *_notes(result, lang)
    return frame(ax, lang, label.name.get(lang), *notes, x=label.unit.get(lang), y=word("share below", lang),
                 key=_key(result), named=named)  # fmt: skip


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
    data = survival_data(result, name, lang=lang)
    ax, named = _curves(result, data.rename(columns={"weeks": "at"}), policy, lang, ax, end=label.window[1])
    for panel, _ in named:
        panel.set_xlim(label.window)
    since = word("weeks after start", lang).format(date(result.about["start"], lang))
    notes = [word("censored", lang).format(f"{label.window[1]:g}"), *_notes(result, lang)]
    alone = len(named) == 1
    return frame(
        ax, lang, label.name.get(lang), *([] if alone else [since]), *notes,
        x=since if alone else word("weeks", lang), y=word("still waiting", lang), key=_key(result), named=named,
    )  # fmt: skip


def _curves(
    result: Result,
    data: pd.DataFrame,
    policy: str | Sequence[str] | None,
    lang: Language,
    ax: Axes | None,
    end: float | None = None,
) -> tuple[Axes, list[tuple[Axes, str]]]:
    """Draw shares by policy with their band. With `end` they are stairs from 1 at the first value to there."""
    rows = dict(iter(data.groupby("policy")))
    steps: Any = {} if end is None else {"drawstyle": "steps-post"}
    step: Literal["post"] | None = None if end is None else "post"

    def column(chosen: str, key: str) -> tuple[FloatArray, FloatArray]:
        x, y = (rows[chosen][name].to_numpy() for name in ("at", key))
        if end is None:
            return x, y
        return np.concatenate([x[:1], x, [end]]), np.concatenate([[1.0], y, y[-1:]])

    def band(panel: Axes, chosen: str, colour: str) -> None:
        (x, low), (_, high) = column(chosen, "low"), column(chosen, "high")
        panel.fill_between(x, low, high, color=colour, alpha=0.3, linewidth=0, step=step)
        panel.set_ylim(0, 1)

    chosen = chosen_policies(result, policy)
    return curves(result, chosen, lambda one: column(one, "share"), band, lang, ax, width=1.8, **steps)


def _key(result: Result) -> Callable[[Axes, Language], None]:
    return partial(explain, middle="all draws", bands=(("band of draws", 0.3),), alone=len(result.policies) < 2)


def _notes(result: Result, lang: Language) -> list[str]:
    return [word("no noise", lang), *ran(result.about, lang)]
