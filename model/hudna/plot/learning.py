"""What was learned: parameters before and after, counts that the learned model brings forth, states, and ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.errors import InputError, Problems
from hudna.plot.style import (
    COLOURS,
    LINES,
    STATE_HATCHES,
    Said,
    above,
    beside,
    counts_axis,
    headed,
    months,
    new_axes,
    note,
    percent,
    said,
    shades,
    title,
    word,
)
from hudna.text.numbers import number_of
from hudna.text.runs import size
from hudna.text.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["learned", "predictive", "ranks", "states"]

_TAILS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
_ROW = 0.29  # inches a parameter
_DECIMALS, _LARGE = 5, 1e6  # of a value; smaller and larger ones are written with an exponent
_BAND = 0.95
_SIMULATED = 4000  # sets of uniform ranks by which the band is found
_PLACES = 100  # along the axis at which ranks are compared with the uniform
_SEED = 20240822


def learned(
    prior: ArrayLike,
    posterior: ArrayLike,
    names: Sequence[str],
    *,
    labels: Mapping[str, Said] | None = None,
    units: Mapping[str, Said] | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw what was learned of each parameter: the posterior on the scale of the prior, and both in their unit.

    The place of a value is the share of the prior's draws below it, so that parameters of any unit stand in one
    picture: a posterior that fills the grey bar has learned nothing, a short one much, one beyond its ends was a
    surprise.

    Parameters
    ----------
    prior : float array, shape (n_draws, n_parameters)
    posterior : float array, shape (m_draws, n_parameters)
    names : sequence of str
        Of the parameters, in the order of the columns; drawn from the top down.
    labels, units : mapping of name to text, optional
        What readers see, `{"en": ..., "ar": ...}`; the name, and no unit, if left out. A pure number has the unit "1",
        which is not written.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out, as high as the parameters need.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no parameter or no draw, or the arrays do not fit the names or are not finite.
    """
    before, after = _draws("prior", prior, names), _draws("posterior", posterior, names)
    ax = new_axes(ax, 1.5 + _ROW * max(len(names), 4))
    for row, name in enumerate(names):
        low, middle, high = (_place(before[:, row], x) for x in np.quantile(after[:, row], [0.05, 0.5, 0.95]))
        first = not row
        ax.barh(-row, 0.9, 0.62, 0.05, color="#E8E8E8", edgecolor="#9a9a9a", hatch="////", linewidth=0.6,
                label=word("prior", lang) if first else None)  # fmt: skip
        ax.vlines(0.5, -row - 0.31, -row + 0.31, color="#555555", linewidth=1.5)
        ax.barh(-row, high - low, 0.3, low, color=COLOURS[0], edgecolor="white", linewidth=0.6,
                label=word("posterior", lang) if first else None)  # fmt: skip
        ax.plot(middle, -row, "o", color="white", markeredgecolor=COLOURS[0], markersize=5.5, markeredgewidth=1.5,
                clip_on=False, zorder=4)  # fmt: skip
        _aside(ax, -row, 5, _values(before[:, row]), lang, colour="#666666")
        _aside(ax, -row, -5, _values(after[:, row]), lang)
        text, unit = said((labels or {}).get(name, name), lang), said((units or {}).get(name, ""), lang)
        _named(ax, -row, text, "" if unit == "1" else unit, lang)
    _aside(ax, 0.5, 11, word("values", lang), lang)
    ax.set_ylim(0.5 - len(names), 0.5)
    ax.set_yticks([])
    ax.set_xlim(0, 1)
    ax.set_xticks(_TAILS, [percent(tail, lang) for tail in _TAILS])
    ax.xaxis.grid(visible=True, color="#dddddd")
    ax.set_axisbelow(True)
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel(word("prior axis", lang))
    lines = above(ax, lang)
    title(ax, headed(None, word("learned", lang), lang) + lines, lang)
    sizes = (f"{word(key, lang)}: {number_of(len(draws), 'draw', lang)}" for key, draws in
             (("prior", before), ("posterior", after)))  # fmt: skip
    note(ax, lang, word("learned note", lang), *sizes, room=0.75)
    return ax


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
    """Draw the counts that the learned model brings forth, period by period, and what was counted.

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
    for (low, high), colour, level in (((0, 4), "#CFE3F1", 0.9), ((1, 3), "#5BA3CF", 0.5)):
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
    ax.yaxis.grid(visible=True, color="#e4e4e4")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    period = number_of(weeks, "week", lang)
    ax.set_ylabel(word("in window", lang).format(said(unit, lang), period) if unit is not None else period)
    beside(ax, lang)
    title(ax, headed(name, word("predictive", lang), lang), lang)
    found = [
        word("counted inside", lang).format(percent(level, lang), int(own.sum()), int(known.sum()))
        for level, own in ((0.9, _inside(values, bands, 0, 4)), (0.5, _inside(values, bands, 1, 3)))
        if known.any()
    ] or [word("none counted", lang)]
    run = size(draws, paths, lang) if draws is not None and paths is not None else []
    note(ax, lang, *found, word("log scale", lang), *run)
    return ax


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
    """Draw how likely each state of a regime was held to be over time, stacked from calm to grave.

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
    bottom = np.zeros(starts.size)
    for k, (colour, state) in enumerate(zip(shades(len(state_names)), state_names, strict=True)):
        top = bottom + share[:, k]
        ax.stairs(top, edges, baseline=bottom, fill=True, facecolor=colour, edgecolor="#555555", linewidth=0.5,
                  hatch=STATE_HATCHES[k % len(STATE_HATCHES)], label=said(state, lang))  # fmt: skip
        bottom = top
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, 1)
    months(ax, lang, starts)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_ylabel(word("probability", lang))
    beside(ax, lang, reverse=True)
    title(ax, headed(name, word("states", lang), lang), lang)
    if draws is not None and paths is not None:
        note(ax, lang, *size(draws, paths, lang))
    return ax


def ranks(
    ranks: ArrayLike,
    n: int,
    *,
    names: Sequence[Said] | None = None,
    lang: Language = "en",
    ax: Axes | None = None,
) -> Axes:
    """Draw the ranks of simulation-based calibration: the share of ranks below, less that of uniform ones.

    The band holds the whole of a line with probability 95 % if the ranks are uniform (Säilynoja, Bürkner & Vehtari
    2022, "Graphical test for discrete uniformity and its applications in goodness-of-fit evaluation and multiple
    sample comparison"): pointwise binomial limits, narrowed together until 95 % of simulated sets of ranks stay inside.

    Parameters
    ----------
    ranks : int array, shape (replication,) or (replication, parameter)
        Of the true value among the draws: how many are below, 0 to `n`.
    n : int
        The number of draws that the truth is ranked among.
    names : sequence of text, optional
        Of the parameters.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    given = np.asarray(ranks)
    table = given[:, None] if given.ndim == 1 else given
    problems = Problems()
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        problems.add("plot.ranks", "n", "must be a whole number of draws, at least 1", given=repr(n))
    elif table.ndim != 2 or not table.size:
        text = "must be of shape (replication,) or (replication, parameter), at least one of each"
        problems.add("plot.ranks", "ranks", text, given=f"shape {given.shape}")
    elif not ((table >= 0) & (table <= n) & (table == np.floor(table))).all():
        problems.add("plot.ranks", "ranks", f"must be whole numbers from 0 to n = {n}")
    elif names is not None and len(names) != table.shape[1]:
        problems.add("plot.ranks", "names", f"must be as many as there are parameters, {table.shape[1]}",
                     given=str(len(names)))  # fmt: skip
    problems.raise_if_any()
    ax = new_axes(ax)
    runs = table.shape[0]
    places = _places(int(n))
    z = places / (n + 1)
    low, high = _uniform_band(runs, int(n))
    whole = np.concatenate([[0.0], z, [1.0]])
    ax.fill_between(whole, np.r_[0, low - z, 0], np.r_[0, high - z, 0], facecolor="#E8E8E8", edgecolor="#777777",
                    linewidth=0.8, label=word("rank band", lang))  # fmt: skip
    ax.axhline(0, color="black", linewidth=0.9)
    for k in range(table.shape[1]):
        below = np.searchsorted(np.sort(table[:, k]), places, side="left") / runs
        label = said(names[k], lang) if names is not None else None
        line = LINES[(k + k // len(COLOURS)) % len(LINES)]
        ax.plot(
            whole, np.r_[0, below - z, 0], color=COLOURS[k % len(COLOURS)], linestyle=line, linewidth=1.6, label=label
        )
    ax.set_xlim(0, 1)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(word("rank axis", lang))
    ax.set_ylabel(word("rank count", lang))
    beside(ax, lang)
    title(ax, headed(None, word("ranks", lang), lang), lang)
    note(ax, lang, number_of(runs, "run", lang), word("rank note", lang).format(f"{n:,}"), word("rank inside", lang))
    return ax


def _draws(key: str, given: ArrayLike, names: Sequence[str]) -> FloatArray:
    found = np.asarray(given, float)
    if not names:
        raise InputError.of("plot.learned", "must name at least one parameter", key="names")
    if found.ndim != 2 or found.shape[1] != len(names) or not found.shape[0]:
        text = f"must be of shape (draws, {len(names)}), at least one draw, a column a name"
        raise InputError.of("plot.learned", text, key=key, given=f"shape {found.shape}")
    if not np.isfinite(found).all():
        odd = [name for name, fine in zip(names, np.isfinite(found).all(axis=0), strict=True) if not fine]
        raise InputError.of("plot.learned", f"must be finite; {', '.join(odd)}: not so", key=key)
    return found


def _place(draws: FloatArray, x: float) -> float:
    """Return the share of draws below x, those equal to it counted by half."""
    return float((draws < x).mean() + (draws == x).mean() / 2)


def _values(draws: FloatArray) -> str:
    """Return median and 5 and 95 % quantiles, to three digits of the largest of them."""
    found = np.quantile(draws, [0.5, 0.05, 0.95])
    largest = float(np.abs(found).max())
    decimals = max(0, 2 - int(np.floor(np.log10(largest)))) if largest > 0 else 0
    if decimals > _DECIMALS or largest >= _LARGE:
        middle, low, high = (f"{x:.1e}" for x in found)
    else:
        middle, low, high = (f"{round(float(x), decimals) + 0.0:,.{decimals}f}" for x in found)
    return f"{middle} ({low} … {high})".replace("-", "−")


def _aside(ax: Axes, y: float, up: float, text: str, lang: Language, colour: str = "black") -> None:
    """Write beside the axes, where reading ends, so many points above a row."""
    side = "right" if lang == "ar" else "left"
    ax.annotate(
        text,
        (0.0 if lang == "ar" else 1.0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-8 if lang == "ar" else 8, up),
        textcoords="offset points",
        ha=side,
        multialignment=side,
        va="center",
        fontsize=7,
        color=colour,
        annotation_clip=False,
    )


def _named(ax: Axes, y: float, text: str, unit: str, lang: Language) -> None:
    """Write a parameter's name where reading begins, its unit under it in small."""
    side = "left" if lang == "ar" else "right"
    place: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": side,
                  "annotation_clip": False}  # fmt: skip
    x, by = (1.0, 6) if lang == "ar" else (0.0, -6)
    ax.annotate(text, (x, y), xytext=(by, 4 if unit else 0), va="center", fontsize=8, **place)
    if unit:
        ax.annotate(unit, (x, y), xytext=(by, -5), va="center", fontsize=6.5, color="#555555", **place)


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


def _places(n: int) -> IntArray:
    """Return ranks at which lines are compared with the uniform; so many ranks are below as the place says."""
    count = min(n, _PLACES)
    found: IntArray = np.unique(np.round(np.arange(1, count + 1) * (n + 1) / (count + 1)).astype(np.int64))
    return found


@lru_cache(maxsize=16)
def _uniform_band(runs: int, n: int) -> tuple[FloatArray, FloatArray]:
    """Return between which shares of ranks below each place a set of uniform ranks stays as a whole in 95 of 100."""
    places = _places(n)
    z = places / (n + 1)
    steps = np.diff(places, prepend=0, append=n + 1) / (n + 1)
    rng = np.random.default_rng(_SEED)
    below = np.cumsum(rng.multinomial(runs, steps, _SIMULATED), axis=1)[:, :-1]
    level = np.quantile(_unlikely(below, runs, z).min(axis=1), 1 - _BAND)
    # The limits are the outermost counts that are as likely as the level, at each place alone.
    table = _unlikely(np.arange(runs + 1)[:, None], runs, z) >= level
    low, high = table.argmax(axis=0), runs - table[::-1].argmax(axis=0)
    return low / runs, high / runs


def _unlikely(below: IntArray, runs: int, z: FloatArray) -> FloatArray:
    """Return twice the smaller tail of a binomial count at each place: how unlikely it is by itself."""
    at_most = special.bdtr(below, runs, z)
    at_least = np.where(below > 0, special.bdtrc(np.maximum(below - 1, 0), runs, z), 1.0)
    tails: FloatArray = 2 * np.minimum(at_most, at_least)
    return tails
