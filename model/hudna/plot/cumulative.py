"""Shares of paths: at or below each value of an outcome (p-box), or still waiting as weeks go by (survival)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from hudna.analysis.estimate import mean_and_error, over_draws
from hudna.arrays import FloatArray, IntArray
from hudna.errors import InputError
from hudna.plot.distributions import reach, whole_numbers
from hudna.plot.style import caption, colour_of, panels, word
from hudna.plot.timelines import chosen_policies, explain, head, wide
from hudna.result.samples import Paths, SummaryOfPaths
from hudna.text.numbers import date, weeks
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["pbox", "pbox_data", "survival", "survival_data"]

_POINTS = 200  # values at which shares are told, at most


def pbox_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `pbox` draws.

    Parameters
    ----------
    result : Result
    name : str
        An outcome that is a number: no probability, and no time to something.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
        Language of `policy_name`.

    Returns
    -------
    pandas.DataFrame
        A row per policy and value: policy, policy_name, x, in the outcome's unit; share, of all paths, at or below x;
        mcse, its Monte Carlo error, clustered by draw; low and high, between which the shares of 90 % of draws lie, the
        noise of their paths taken out (NaN if draws cannot be told from paths). For whole numbers x are those numbers.

    Raises
    ------
    InputError
        If there is no such outcome or policy, only summaries of it were kept, or it is not such a number.
    """
    label = result.outcome(name)
    other = {"any": "plot.outcome", "first": "plot.survival"}.get(label.reduce)
    if other is not None:
        what = "probability" if label.reduce == "any" else "time to something"
        raise InputError.of("plot.pbox", f"is a {what}; draw it with {other}", key="name", given=repr(name))
    samples = {chosen: result.sample(name, chosen) for chosen in result.policies}
    everyone = [Paths(y) for y in samples.values()]
    low, high = reach(everyone)
    low = 0.0 if 0 <= low < 0.5 * high else low
    if whole_numbers(label.reduce, everyone):
        stride = max(1, int(np.ceil((high - low) / _POINTS)))
        x = np.arange(np.floor(low), np.ceil(high) + stride, stride)
    else:
        x = np.linspace(low, high, _POINTS + 1)
    return _shares(result, {p: samples[p] for p in chosen_policies(result, policy)}, x, "x", lang, above=False)


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

    Parameters
    ----------
    result : Result
    name : str
        An outcome that is a number: no probability, and no time to something.
    policy : str or sequence of str, optional
        All if left out, a panel each.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out. With more than one policy the panels lie inside it, `ax.child_axes`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no such outcome or policy, only summaries of it were kept, or it is not such a number.

    References
    ----------
    Ferson, Kreinovich, Ginzburg, Myers & Sentz (2003), *Constructing Probability Boxes and Dempster-Shafer Structures*.
    """
    label = result.outcome(name)
    chosen = chosen_policies(result, policy)
    data = pbox_data(result, name, lang=lang)
    own, ax = _panels(result, data, chosen, "x", label.name.get(lang), lang, ax)
    for panel in own:
        panel.set_xlim(data["x"].min(), data["x"].max())
        panel.set_xlabel(label.unit.get(lang))
    _finish(result, own, ax, "share below", lang, weeks(label.window, lang))
    return ax


def survival_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `survival` draws.

    Parameters
    ----------
    result : Result
    name : str
        An outcome that is a time to something (`reduce = "first"`).
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
        Language of `policy_name`.

    Returns
    -------
    pandas.DataFrame
        A row per policy and step of the window: policy, policy_name, weeks from the run's start; share, of all paths,
        in which it has not come in this step or before; mcse, its Monte Carlo error, clustered by draw; low and high,
        between which the shares of 90 % of draws lie, the noise of their paths taken out (NaN if draws cannot be told
        from paths). The last share is that of paths in which it does not come in the window.

    Raises
    ------
    InputError
        If there is no such outcome or policy, only summaries of it were kept, or it is no time to something.
    """
    label = result.outcome(name)
    if label.reduce != "first":
        text = 'is no time to something (reduce = "first"); draw it with plot.outcome or plot.pbox'
        raise InputError.of("plot.survival", text, key="name", given=repr(name))
    first, end = label.window
    weeks: FloatArray = first + result.step * np.arange(round((end - first) / result.step), dtype=float)
    samples = {p: result.sample(name, p) for p in chosen_policies(result, policy)}
    return _shares(result, samples, weeks, "weeks", lang, above=True)


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

    Parameters
    ----------
    result : Result
    name : str
        An outcome that is a time to something (`reduce = "first"`).
    policy : str or sequence of str, optional
        All if left out, a panel each.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out. With more than one policy the panels lie inside it, `ax.child_axes`.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no such outcome or policy, only summaries of it were kept, or it is no time to something.

    References
    ----------
    Kaplan & Meier (1958), "Nonparametric estimation from incomplete observations".
    """
    label = result.outcome(name)
    chosen = chosen_policies(result, policy)
    data = survival_data(result, name, lang=lang)
    own, ax = _panels(result, data, chosen, "weeks", label.name.get(lang), lang, ax, end=label.window[1])
    start = date(dt.date.fromisoformat(result.about["start"]), lang)
    for panel in own:
        panel.set_xlim(label.window)
        panel.set_xlabel(word("weeks after start" if len(own) == 1 else "weeks", lang).format(start))
    notes = [word("censored", lang).format(f"{label.window[1]:g}")]
    if len(own) > 1:
        notes = [word("weeks after start", lang).format(start), *notes]
    _finish(result, own, ax, "still waiting", lang, *notes)
    return ax


def _shares(
    result: Result, samples: dict[str, FloatArray], at: FloatArray, axis: str, lang: Language, *, above: bool
) -> pd.DataFrame:
    """Return shares of paths at or below each value, or above it, of all draws and between draws."""
    import pandas as pd

    parts = []
    for policy, y in samples.items():
        ordered = np.sort(y, axis=1)
        below = np.stack([np.searchsorted(row, at, side="right") for row in ordered]) / y.shape[1]
        of_draws = 1 - below if above else below  # (draw, value)
        rows = [_share(column, y.shape[1], result) for column in of_draws.T]
        part = pd.DataFrame(rows, columns=["share", "mcse", "low", "high"])
        part.insert(0, axis, at)
        part.insert(0, "policy_name", result.policy_name(policy, lang))
        part.insert(0, "policy", policy)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _share(means: FloatArray, n_paths: int, result: Result) -> tuple[float, float, float, float]:
    """Return a share with its Monte Carlo error, and between which values it lies in 90 % of draws."""
    share, mcse = mean_and_error(means, result.clusters)
    return share, mcse, *over_draws(_hits(means, n_paths, result.clusters))


def _hits(means: FloatArray, n_paths: int, clusters: IntArray | None) -> SummaryOfPaths:
    """Return the summary of zeros and ones, of which each draw has so large a share of ones."""
    nothing = np.zeros_like(means)
    ones = round(float(means.sum()) * n_paths)
    return SummaryOfPaths(
        n_paths=n_paths,
        means=means,
        variances=means * (1 - means) * n_paths / max(n_paths - 1, 1),
        lower=nothing,
        higher=means,
        never=nothing,
        whole=True,
        edges=np.array([-0.5, 0.5, 1.5]),
        counts=np.array([means.size * n_paths - ones, ones]),
        clusters=clusters,
    )


def _panels(
    result: Result,
    data: pd.DataFrame,
    chosen: Sequence[str],
    axis: str,
    name: str,
    lang: Language,
    ax: Axes | None,
    end: float | None = None,
) -> tuple[list[Axes], Axes]:
    """Draw a panel a policy: its shares and their band, and the shares of the others as thin lines.

    With `end`, shares are lines of stairs from 1 at the first value to there.
    """
    ax = wide(ax, len(chosen))
    own = panels(ax, len(chosen), lang)
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
    head(ax, own, [result.policy_name(policy, lang) for policy in chosen], name, lang)
    return own, ax


def _finish(result: Result, own: Sequence[Axes], ax: Axes, said: str, lang: Language, *notes: str) -> None:
    """Name the vertical axis, and add what explains the lines and the caption."""
    (own[-1] if lang == "ar" else own[0]).set_ylabel(word(said, lang))
    explain(own, "all draws", (("band of draws", 0.3),), lang, alone=len(result.policies) < 2)
    caption(own[0], result, lang, *notes, word("no noise", lang), frame=ax)
