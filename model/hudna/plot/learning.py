"""What was learned: counts that the learned model reproduces, states of a regime, and ranks of the truth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hudna.arrays import FloatArray
from hudna.errors import InputError, Problems
from hudna.judge.ranks import ranks_data
from hudna.plot.frame import beside, counts_axis, frame, months, new_axes, ruled
from hudna.plot.style import COLOURS, COUNT_BANDS, LINES, Said, headed, percent, said, word
from hudna.plot.timelines import draw_shares
from hudna.text.numbers import number_of
from hudna.text.runs import size
from hudna.text.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["predictive", "ranks", "states"]

_TAILS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


def predictive(
    dates: Sequence[Any],
    counted: ArrayLike,
    quantiles: ArrayLike,
    *,
    name: Said | None = None,
    unit: Said | None = None,
    weeks: int = 1,
    draws: int | None = None,
    paths: int | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the counts that the learned model reproduces, period by period, and what was counted.

    Parameters
    ----------
    dates : sequence of date, length n
        First day of each period.
    counted : float array, shape (n,)
        NaN where not all of the period was counted.
    quantiles : float array, shape (n, 5)
        Of the simulated counts, at 5, 25, 50, 75 and 95 %.
    name, unit : text, optional
        Of the signal, and of its counts.
    weeks : int
        Length of a period.
    draws, paths : int, optional
        Size of the simulation, for the caption.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    starts = _starts("plot.predictive", dates)
    values, bands = np.asarray(counted, float), np.asarray(quantiles, float)
    problems = Problems()
    if values.shape != starts.shape:
        problems.add("plot.predictive", "counted", f"must be as many as there are dates, {starts.size}",
                     given=f"shape {values.shape}")  # fmt: skip
    elif (values < 0).any() or np.isinf(values).any():
        problems.add("plot.predictive", "counted", "must be counts, NaN where there is none")
    if bands.shape != (starts.size, _TAILS.size):
        problems.add("plot.predictive", "quantiles", f"must be of shape {(starts.size, _TAILS.size)}",
                     given=f"shape {bands.shape}")  # fmt: skip
    elif not (np.isfinite(bands).all() and (bands >= 0).all() and (np.diff(bands) >= 0).all()):
        problems.add("plot.predictive", "quantiles", "must rise and be no less than 0")
    problems.raise_if_any()
    ax = new_axes(ax)
    days = 7.0 * weeks
    x, steps = _stairs(starts, bands, days)
    for (low, high), colour, level in COUNT_BANDS:
        ax.fill_between(x, steps[:, low], steps[:, high], facecolor=colour, edgecolor="#0072B2", linewidth=0.6,
                        label=word("band of", lang).format(percent(level, lang)))  # fmt: skip
    ax.plot(x, steps[:, 2], color="#00324f", linewidth=2, label=word("median", lang))
    known = np.isfinite(values)
    if known.any():
        ax.plot(starts[known] + days / 2, values[known], "D", color="black", markersize=5.5, linestyle="none",
                markeredgecolor="white", markeredgewidth=0.7, label=word("counted", lang), zorder=4,
                clip_on=False)  # fmt: skip
    counts_axis(ax, float(max(bands.max(), values[known].max(initial=0))))
    ax.set_xlim(starts.min(), starts.max() + days)
    months(ax, lang, starts)
    ruled(ax)
    found = [
        word("counted inside", lang).format(percent(level, lang), int(own.sum()), int(known.sum()))
        for level, own in ((0.9, _inside(values, bands, 0, 4)), (0.5, _inside(values, bands, 1, 3)))
        if known.any()
    ] or [word("none counted", lang)]
    period = number_of(weeks, "week", lang)
    return frame(
        ax, lang, headed(name, word("predictive", lang), lang), *found, word("log scale", lang),
        *_size(draws, paths, lang), key=beside,
        y=period if unit is None else word("in window", lang).format(said(unit, lang), period),
    )  # fmt: skip


def states(
    dates: Sequence[Any],
    shares: ArrayLike,
    state_names: Sequence[Said],
    *,
    name: Said | None = None,
    draws: int | None = None,
    paths: int | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability of each state of a regime over time, stacked from calm to grave.

    Parameters
    ----------
    dates : sequence of date, length n
        First day of each period; the last is as long as the one before it, a single one a week.
    shares : float array, shape (n, n_states)
        Each row sums to 1.
    state_names : sequence of text, length n_states
        In order of their value.
    name : text, optional
        Of the regime.
    draws, paths : int, optional
        Size of the filter, for the caption.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    starts, share = _starts("plot.states", dates), np.asarray(shares, float)
    if share.shape != (starts.size, len(state_names)):
        text = f"must be of shape (dates, states) = {(starts.size, len(state_names))}"
        raise InputError.of("plot.states", text, key="shares", given=f"shape {share.shape}")
    if not ((share >= 0).all() and np.allclose(share.sum(axis=1), 1, atol=1e-6)):
        raise InputError.of("plot.states", "must be at least 0 and sum to 1 at each date", key="shares")
    ax = new_axes(ax)
    edges = np.append(starts, starts[-1] + (starts[-1] - starts[-2] if starts.size > 1 else 7))
    draw_shares(ax, edges, [(said(state, lang), own) for state, own in zip(state_names, share.T, strict=True)])
    months(ax, lang, starts)
    return frame(
        ax, lang, headed(name, word("states", lang), lang), *_size(draws, paths, lang), y=word("probability", lang),
        key=partial(beside, reverse=True),
    )  # fmt: skip


def ranks(
    ranks: ArrayLike,
    n: int,
    *,
    names: Sequence[Said] | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the ranks of simulation-based calibration: the share of ranks below, less that of uniform ones.

    The band holds the whole of a line with probability 95 % if the ranks are uniform.

    Takes what `ranks_data` takes, and:

    Parameters
    ----------
    names : sequence of text, optional
        Of the parameters.
    """
    data = ranks_data(ranks, n)
    parameters = data.columns[2:]
    if names is not None and len(names) != len(parameters):
        text = f"must be as many as there are parameters, {len(parameters)}"
        raise InputError.of("plot.ranks", text, key="names", given=str(len(names)))
    ax = new_axes(ax)
    ax.fill_between(data.index, data["low"], data["high"], facecolor="#E8E8E8", edgecolor="#777777", linewidth=0.8,
                    label=word("rank band", lang))  # fmt: skip
    ax.axhline(0, color="black", linewidth=0.9)
    for k, column in enumerate(parameters):
        label = said(names[k], lang) if names is not None else None
        line = LINES[(k + k // len(COLOURS)) % len(LINES)]
        colour = COLOURS[k % len(COLOURS)]
        ax.plot(data.index, data[column], color=colour, linestyle=line, linewidth=1.6, label=label)
    ax.set_xlim(0, 1)
    return frame(
        ax, lang, headed(None, word("ranks", lang), lang), number_of(data.attrs["runs"], "run", lang),
        word("rank note", lang).format(f"{n:,}"), word("rank inside", lang), x=word("rank axis", lang),
        y=word("rank count", lang), key=beside,
    )  # fmt: skip


def _size(draws: int | None, paths: int | None, lang: Language) -> list[str]:
    return [] if draws is None or paths is None else size(draws, paths, lang)


def _starts(where: str, dates: Sequence[Any]) -> FloatArray:
    """Return dates as days since 1970."""
    try:
        found = np.array([np.datetime64(date, "D") for date in dates], dtype="datetime64[D]")
    except (TypeError, ValueError):
        raise InputError.of(where, "must be dates", key="dates") from None
    days: FloatArray = found.astype(float)
    if not days.size or np.isnat(found).any() or (np.diff(days) <= 0).any():
        raise InputError.of(where, "must be at least one date, each later than the one before", key="dates")
    return days


def _stairs(starts: FloatArray, bands: FloatArray, days: float) -> tuple[FloatArray, FloatArray]:
    """Return the corners of stairs, each stair from a start for so many days; a gap between two is left open."""
    ends = starts + days
    x, steps = np.stack([starts, ends], axis=1).ravel(), np.repeat(bands, 2, axis=0)
    gaps = np.flatnonzero(starts[1:] > ends[:-1])
    return np.insert(x, 2 * (gaps + 1), ends[gaps]), np.insert(steps, 2 * (gaps + 1), np.nan, axis=0)


def _inside(values: FloatArray, bands: FloatArray, low: int, high: int) -> Any:
    return (values >= bands[:, low]) & (values <= bands[:, high])
