"""Forecasts judged by what came: PIT, reliability, coverage, forecast beside outcome, and skill over baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import BoolArray, FloatArray
from hudna.errors import InputError, Problems
from hudna.inference import skill as measured
from hudna.inference.baselines import BASELINES
from hudna.plot.style import (
    COLOURS,
    HATCHED,
    MARKERS,
    above,
    beside,
    counts_axis,
    headed,
    months,
    new_axes,
    note,
    percent,
    said,
    title,
    word,
)
from hudna.text.numbers import listed, number_of
from hudna.text.runs import size
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["coverage", "outcomes", "pit", "reliability", "skill"]

_FEW = 30  # origins; a histogram of fewer is mostly chance
_BINS = (5, 10)  # of a histogram of few, of many
_FIFTHS = np.linspace(0, 1, 6)
_MARKS = ("1", "a", "b")
_AT_LEAST = "at_least"
_KINDS = (("exact", "counted", "D", "black"), ("approx", "counted about", "D", "white"),
          (_AT_LEAST, "counted at least", "^", "white"))  # fmt: skip
_LEVELS = ((50, "inside50", COLOURS[0], "o", "--"), (90, "inside90", COLOURS[6], "s", ":"))
_LANE = 0.4  # half the height of a baseline's lane
_ATTRS = ("signal_name", "unit", "draws", "paths", "seed", "thresholds")


def pit(forecasts: pd.DataFrame, weeks: int | None = None, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw where the counts fell in their forecasts: a histogram that is flat if forecasts are right.

    A count has no single place in a forecast of whole numbers but the stretch from P(N < count) to P(N <= count).
    It is spread evenly over the bins (Czado, Gneiting & Held 2009), so nothing is drawn at random. Horizons are
    stacked. Counts of `at_least` have no such place; the caption says how many there are.

    Parameters
    ----------
    forecasts : DataFrame
        A row an origin and horizon, as `hudna.inference.backtest` makes it.
    weeks : int, optional
        A horizon; all of them if left out.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If columns or attributes are missing, there is no such horizon, or no count to judge by.
    """
    rows, left_out = _counted(_checked("plot.pit", forecasts, ("pit_low", "pit_high"), weeks))
    low, high = rows["pit_low"].to_numpy(float), rows["pit_high"].to_numpy(float)
    if not ((low >= 0) & (low <= high) & (high <= 1)).all():
        raise InputError.of("plot.pit", "0 <= pit_low <= pit_high <= 1 in every row", key="pit_low, pit_high")
    ax = new_axes(ax)
    edges = np.linspace(0, 1, _BINS[rows["origin"].nunique() >= _FEW] + 1)
    held = _spread(low, high, edges)
    horizon = rows["weeks"].to_numpy()
    bottom = np.zeros(edges.size - 1)
    horizons = _horizons(rows)
    for place, ahead in enumerate(horizons):
        colour, drawn, hatch = HATCHED[place % len(HATCHED)]
        height = held[horizon == ahead].sum(axis=0)
        ax.bar(edges[:-1], height, np.diff(edges), bottom, align="edge", color=colour, edgecolor="white", hatch=hatch,
               hatchcolor=drawn, linewidth=1, label=number_of(ahead, "week", lang))  # fmt: skip
        bottom += height
    flat = len(rows) / (edges.size - 1)
    ax.plot([0, 1], [flat, flat], color="black", linestyle="--", linewidth=1.5, label=word("uniform", lang))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.22 * max(float(bottom.max()), flat))
    for x, key, side in ((0.01, "fewer came", "left"), (0.99, "more came", "right")):
        ax.text(x, 0.985, word(key, lang), transform=ax.transAxes, ha=side, va="top", fontsize=8.5)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(word("pit axis", lang))
    ax.set_ylabel(word("pit count", lang))
    beside(ax, lang, reverse=True)  # as they are stacked
    title(ax, _titled("pit", rows, lang), lang)
    few = (word("few", lang),) if rows["origin"].nunique() < _FEW else ()
    _note(ax, rows, lang, left_out=left_out, after_size=few)
    return ax


def reliability(forecasts: pd.DataFrame, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw forecast probabilities of so many events or more against what happened.

    Every forecast is a mark, above where it happened and below where it did not. In each fifth of the axis a thick
    line is the share that happened, with its number of forecasts, and a thin one the mean of the probabilities:
    honest forecasts bring the two together. Thresholds stand side by side.

    Parameters
    ----------
    forecasts : DataFrame
        See `pit`.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows, left_out = _counted(_checked("plot.reliability", forecasts, [f"p_{mark}" for mark in _MARKS]))
    thresholds = rows.attrs["thresholds"]
    chances = rows[[f"p_{mark}" for mark in _MARKS]].to_numpy(float)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise InputError.of("plot.reliability", "probabilities are from 0 to 1", key="p_1, p_a, p_b")
    ax = new_axes(ax)
    ax.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle=(0, (6, 4)), label=word("as forecast", lang))
    width = 0.2 / (len(_MARKS) + 0.6)
    for k, threshold in enumerate(thresholds):
        colour, p = COLOURS[(0, 6, 2)[k]], chances[:, k]
        came = rows["value"].to_numpy(float) >= threshold
        ax.plot(p, np.where(came, 1.155, -0.155) + np.where(came, 1, -1) * 0.065 * k, MARKERS[k], color=colour,
                markerfacecolor="none", markersize=5.5, clip_on=False,
                label=word("at least", lang).format(f"{threshold:,}"))  # fmt: skip
        for start, (n, share, mean) in zip(_FIFTHS[:-1], _binned(p, came), strict=True):
            if n:
                _step(ax, start + 0.1 + (k - 1) * width, 0.42 * width, n, share, mean, colour, MARKERS[k])
    ax.plot([], [], color="black", linewidth=1, label=word("mean probability", lang))
    for y in (-0.1, 1.1):
        ax.axhline(y, color="#bbbbbb", linewidth=0.7)
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.35, 1.35)
    ax.set_xticks(_FIFTHS, [f"{edge:.1f}" for edge in _FIFTHS])
    ax.xaxis.grid(visible=True, color="#e4e4e4")
    ax.set_axisbelow(True)
    shares = np.linspace(0, 1, 5)
    ax.set_yticks([-0.22, *shares, 1.22], [word("did not", lang), *(f"{share:g}" for share in shares),
                                             word("happened", lang)])  # fmt: skip
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(word("forecast probability", lang))
    ax.set_ylabel(word("share that happened", lang))
    beside(ax, lang, title=said(rows.attrs["unit"], lang))
    title(ax, _titled("reliability", rows, lang), lang)
    _note(ax, rows, lang, word("bin numbers", lang), left_out=left_out)
    return ax


def coverage(forecasts: pd.DataFrame, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the share of counts inside the 50 and 90 % intervals by horizon, and how well it is known.

    The bars are 90 % intervals by block bootstrap, `hudna.inference.skill.coverage`, a block as many origins as
    have windows that overlap.

    Parameters
    ----------
    forecasts : DataFrame
        See `pit`.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    rows, left_out = _counted(_checked("plot.coverage", forecasts, ("inside50", "inside90")))
    ax = new_axes(ax)
    horizons = _horizons(rows)
    towards = -1 if lang == "ar" else 1  # the axis runs from right to left in Arabic
    for side, (level, column, colour, marker, line) in zip((-1, 1), _LEVELS, strict=True):
        ax.axhline(level / 100, color=colour, linestyle=line, linewidth=1.3)
        for place, ahead in enumerate(horizons):
            part = rows[rows["weeks"] == ahead]
            found = measured.coverage(part[column].to_numpy(bool), block=_block(part))
            x = place + 0.12 * side
            ax.plot([x, x], [found.low, found.high], color=colour, linewidth=3, alpha=0.55, solid_capstyle="butt")
            label = word("interval", lang).format(percent(level / 100, lang)) if not place else None
            ax.plot(x, found.share, marker, color=colour, markersize=9, markeredgecolor="white", clip_on=False,
                    label=label, linestyle=line)  # fmt: skip
            ax.annotate(f"{found.inside} {word('of', lang)} {found.n}", (x, found.share),
                        xytext=(8 * side * towards, 0), textcoords="offset points", va="center", fontsize=9,
                        ha="left" if side * towards > 0 else "right")  # fmt: skip
    ax.set_xticks(range(len(horizons)), [number_of(ahead, "week", lang) for ahead in horizons])
    ax.set_xlim(-0.6, len(horizons) - 0.4)
    ax.set_ylim(-0.04, 1.04)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 0.9, 1], [percent(y, lang) for y in (0, 0.25, 0.5, 0.75, 0.9, 1)])
    ax.tick_params(axis="x", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    if lang == "ar":
        _mirrored(ax)
    ax.set_xlabel(word("horizon", lang))
    ax.set_ylabel(word("share inside", lang))
    lines = above(ax, lang)
    title(ax, _titled("coverage", rows, lang) + lines, lang)
    _note(ax, rows, lang, word("coverage note", lang), left_out=left_out)
    return ax


def outcomes(forecasts: pd.DataFrame, weeks: int, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw forecasts over time, median and 50 and 90 % bands at each origin, and what was counted.

    Parameters
    ----------
    forecasts : DataFrame
        See `pit`.
    weeks : int
        A horizon.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    columns = ("q05", "q25", "q50", "q75", "q95")
    rows = _checked("plot.outcomes", forecasts, columns, weeks)
    bands = rows[list(columns)].to_numpy(float)
    if not (np.isfinite(bands).all() and (np.diff(bands) >= 0).all() and (bands >= 0).all()):
        raise InputError.of("plot.outcomes", "quantiles rise and are no less than 0", key=", ".join(columns))
    ax = new_axes(ax)
    days, values = _days(rows["origin"]), rows["value"].to_numpy(float)
    width = 0.5 * float(np.diff(np.unique(days)).min()) if np.unique(days).size > 1 else 3.0
    bar: Any = {"align": "center"}
    ax.bar(days, bands[:, 4] - bands[:, 0], width, bands[:, 0], color="#CFE3F1", edgecolor="#0072B2", linewidth=0.8,
           label=word("interval", lang).format(percent(0.9, lang)), **bar)  # fmt: skip
    ax.bar(days, bands[:, 3] - bands[:, 1], width, bands[:, 1], color="#5BA3CF", edgecolor="#0072B2", linewidth=0.8,
           label=word("interval", lang).format(percent(0.5, lang)), **bar)  # fmt: skip
    ax.hlines(bands[:, 2], days - width / 2, days + width / 2, color="#00324f", linewidth=2.5,
              label=word("median", lang))  # fmt: skip
    for qualifier, key, marker, fill in _KINDS:
        own = (rows["qualifier"] == qualifier).to_numpy()
        if own.any():
            ax.plot(days[own], values[own], marker, color="black", markerfacecolor=fill, markersize=6.5,
                    markeredgewidth=1.3, linestyle="none", label=word(key, lang), zorder=4, clip_on=False)  # fmt: skip
    counts_axis(ax, max(float(bands.max()), float(values.max())))
    room = max(width, 0.04 * float(np.ptp(days)), 14.0)
    ax.set_xlim(days.min() - room, days.max() + room)
    months(ax, lang, days)
    ax.yaxis.grid(visible=True, color="#e4e4e4")
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(word("origin", lang))
    ax.set_ylabel(word("in window", lang).format(said(rows.attrs["unit"], lang), number_of(weeks, "week", lang)))
    lines = len(ax.get_legend_handles_labels()[0]) - 2
    beside(ax, lang, order=[-2, -1, *range(lines)])  # bands, their middle, counts
    title(ax, _titled("outcomes", rows, lang), lang)
    _note(ax, rows, lang, word("log scale", lang))
    return ax


def skill(forecasts: pd.DataFrame, weeks: int, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw by origin how much larger each baseline's CRPS is than the forecast's, and the mean with its interval.

    Each baseline has a lane. In it every origin has a stem: upwards where the forecast was better. Beside the lane
    stand the mean difference with its 90 % interval by block bootstrap, on the same scale, and the skill,
    1 - mean CRPS / mean CRPS of the baseline, with its own (`hudna.inference.skill.skill`).

    Parameters
    ----------
    forecasts : DataFrame
        See `pit`.
    weeks : int
        A horizon.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    needed = ("crps", *(f"crps_{name}" for name in BASELINES))
    rows, left_out = _counted(_checked("plot.skill", forecasts, needed, weeks))
    own, days, block = rows["crps"].to_numpy(float), _days(rows["origin"]), _block(rows)
    if not np.isfinite(own).all():
        raise InputError.of("plot.skill", "must be finite in every row that is exact or approx", key="crps")
    lanes = []
    for name in BASELINES:
        other = rows[f"crps_{name}"].to_numpy(float)
        known = np.isfinite(other)  # where nothing was counted before, a baseline has no forecast
        found = measured.skill(own[known], other[known], block=block) if known.any() else None
        lanes.append((days[known], other[known] - own[known], found))
    ax = new_axes(ax)
    top = max([1e-9, *(float(np.abs(d).max()) for _, d, _ in lanes if d.size)])
    mark = _nice(0.6 * top)
    for lane, (at, d, found) in enumerate(lanes):
        _lane(ax, -lane, at, d, top, mark, first=not lane, lang=lang)
        _mean(ax, -lane, found, top, lang)
    ax.annotate(word("skill mean", lang), (_gutter(lang, 0.02), 0.5), xycoords=("axes fraction", "data"), fontsize=7.5,
                ha=_reading(lang), va="bottom", multialignment=_reading(lang), annotation_clip=False)  # fmt: skip
    ax.set_yticks(-np.arange(len(lanes)), [baseline.name.get(lang) for baseline in BASELINES.values()])
    ax.set_ylim(0.5 - len(lanes), 0.5)
    ax.tick_params(axis="y", length=0)
    span = max(float(np.ptp(days)), 56.0)
    ax.set_xlim(days.min() - 0.12 * span, days.max() + 0.05 * span)
    months(ax, lang, days)
    ax.spines[["top", "right", "left"]].set_visible(False)
    if lang == "ar":
        ax.yaxis.tick_right()
    ax.set_xlabel(word("origin", lang))
    lines = above(ax, lang, room=0.7)
    title(ax, _titled("skill title", rows, lang) + lines, lang, room=0.8)
    blocks = word("skill bars", lang).format(number_of(block, "origin", lang))
    few = len(rows) < measured.FEWEST_BLOCKS * block
    scale = word("skill note", lang).format(said(rows.attrs["unit"], lang))
    _note(ax, rows, lang, scale, word("no interval", lang) if few else blocks, left_out=left_out, room=0.74)
    return ax


def _checked(where: str, forecasts: pd.DataFrame, columns: Sequence[str], weeks: int | None = None) -> pd.DataFrame:
    """Return the rows of one horizon, or all, in order of horizon and time; raise InputError with all that is wrong."""
    import pandas as pd

    problems = Problems()
    needed = ("origin", "weeks", "start", "end", "value", "qualifier", *columns)
    missing = [name for name in needed if name not in forecasts.columns]
    if missing:
        problems.add(where, "forecasts", f"has no column {', '.join(missing)}")
    lacking = [name for name in _ATTRS if name not in forecasts.attrs]
    if lacking:
        problems.add(where, "forecasts.attrs", f"has no {', '.join(lacking)}")
    if not len(forecasts):
        problems.add(where, "forecasts", "has no row: nothing was forecast")
    problems.raise_if_any()
    if weeks is not None and not (forecasts["weeks"] == weeks).any():
        known = listed(_horizons(forecasts), "week", "en")
        problems.add(where, "weeks", f"must be a horizon of the forecasts: {known}", given=repr(weeks))
    if forecasts.duplicated(["origin", "weeks"]).any():
        problems.add(where, "forecasts", "has two rows of one origin and horizon; draw one signal at a time")
    kinds = [kind for kind, *_ in _KINDS]
    odd = sorted({str(given) for given in forecasts["qualifier"]} - set(kinds))
    if odd:
        problems.add(where, "qualifier", f"must be one of {', '.join(kinds)}", given=", ".join(odd))
    if not (np.isfinite(values := forecasts["value"].to_numpy(float)) & (values >= 0)).all():
        problems.add(where, "value", "must be a count in every row")
    problems.raise_if_any()
    rows = forecasts if weeks is None else forecasts[forecasts["weeks"] == weeks]
    dates = {name: pd.to_datetime(rows[name]) for name in ("origin", "start", "end")}
    rows = rows.assign(**dates).sort_values(["weeks", "origin"], ignore_index=True)
    rows.attrs = dict(forecasts.attrs)
    return rows


def _counted(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the rows whose count is known, and how many others there are: they'd only tell of forecasts too low."""
    known = (rows["qualifier"] != _AT_LEAST).to_numpy()
    if not known.any():
        text = "every count is `at_least`; such a count cannot tell where it lay in its forecast"
        raise InputError.of("plot", text, key="qualifier")
    kept = rows[known]
    kept.attrs = rows.attrs
    return kept, int((~known).sum())


def _horizons(rows: pd.DataFrame) -> list[int]:
    return sorted({int(ahead) for ahead in rows["weeks"]})


def _days(dates: pd.Series) -> FloatArray:
    """Return dates as matplotlib counts them: days since 1970."""
    since: FloatArray = dates.to_numpy("datetime64[D]").astype(float)
    return since


def _block(rows: pd.DataFrame) -> int:
    """Return how many origins of one horizon, as near as the nearest two, have windows that overlap."""
    origins = np.sort(_days(rows["origin"]))
    if origins.size == 1:
        return 1
    return measured.overlapping(7 * float(rows["weeks"].max()), max(1.0, float(np.diff(origins).min())))


def _spread(low: FloatArray, high: FloatArray, edges: FloatArray) -> FloatArray:
    """Return the part of each stretch that lies in each bin, shape (row, bin); one without length is in one bin."""
    inside = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    length = high - low
    point = length <= 0
    held = np.clip(inside, 0, None) / np.where(point, 1, length)[:, None]
    place = np.clip(np.searchsorted(edges, low[point], side="right") - 1, 0, edges.size - 2)
    held[point] = np.eye(edges.size - 1)[place]
    spread: FloatArray = held
    return spread


def _binned(p: FloatArray, came: BoolArray) -> list[tuple[int, float, float]]:
    """Return for each fifth of the axis how many forecasts there are, the share that happened and the mean of p."""
    place = np.clip(np.searchsorted(_FIFTHS, p, side="right") - 1, 0, _FIFTHS.size - 2)
    found = []
    for k in range(_FIFTHS.size - 1):
        own = place == k
        n = int(own.sum())
        found.append((n, float(came[own].mean()), float(p[own].mean())) if n else (0, np.nan, np.nan))
    return found


def _step(ax: Axes, x: float, half: float, n: int, share: float, mean: float, colour: str, marker: str) -> None:
    """Draw the share that happened, the mean of the probabilities, the gap between them, and the number."""
    ax.plot([x, x], [share, mean], color=colour, linewidth=1, alpha=0.6)
    ax.plot([x - half, x + half], [mean, mean], color="black", linewidth=1)
    ax.plot([x - half, x + half], [share, share], color=colour, linewidth=4, solid_capstyle="butt")
    ax.plot(x, share, marker, color=colour, markerfacecolor="white", markersize=5)
    above = share > mean  # the number stands where the gap is not
    ax.annotate(str(n), (x, share), xytext=(0, 4 if above else -4), textcoords="offset points", ha="center",
                va="bottom" if above else "top", fontsize=7.5)  # fmt: skip


def _mirrored(ax: Axes) -> None:
    """Let the horizontal axis run from right to left, the vertical one on the right."""
    ax.invert_xaxis()
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.spines["left"].set_visible(False)
    ax.spines["right"].set_visible(True)


def _reading(lang: Language) -> str:
    return "right" if lang == "ar" else "left"


def _gutter(lang: Language, by: float) -> float:
    """Return a place beside the axes where reading ends, as a share of their width."""
    return -by if lang == "ar" else 1 + by


def _lane(
    ax: Axes, centre: float, at: FloatArray, d: FloatArray, top: float, mark: float, *, first: bool, lang: Language
) -> None:
    """Draw the stems of one baseline around its line, and the scale."""
    ax.axhline(centre, color="black", linewidth=0.9)
    for level in (-mark, mark):
        y = centre + float(_root(level, top))
        ax.axhline(y, color="#cccccc", linewidth=0.7, linestyle=(0, (2, 3)))
        ax.annotate(f"{level:+,.3g}".replace("-", "−"), (0, y), xycoords=("axes fraction", "data"), xytext=(2, 0),
                    textcoords="offset points", fontsize=6.5, color="#555555", va="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})  # fmt: skip
    heights = centre + _root(d, top)
    sides = (
        ("forecast better", d >= 0, COLOURS[0], "o", COLOURS[0]),
        ("baseline better", d < 0, COLOURS[6], "s", "white"),
    )
    for key, own, colour, marker, fill in sides:
        ax.vlines(at[own], centre, heights[own], color=colour, linewidth=1.6)
        ax.plot(at[own], heights[own], marker, color=colour, markerfacecolor=fill, markersize=4.5, markeredgewidth=1.2,
                label=word(key, lang) if first else None)  # fmt: skip


def _mean(ax: Axes, centre: float, found: measured.Skill | None, top: float, lang: Language) -> None:
    """Draw the mean difference and its interval beside the lane, cut where the lane ends, and write the skill."""
    side = _reading(lang)
    place: Any = {"xycoords": ("axes fraction", "data"), "va": "center", "ha": side, "annotation_clip": False}
    if found is None:
        ax.annotate(word("nothing known", lang), (_gutter(lang, 0.02), centre), fontsize=7.5, **place)
        return
    x = _gutter(lang, 0.035)
    beside_axes: Any = {"transform": ax.get_yaxis_transform(), "clip_on": False}
    ends = centre + _root(-np.array([found.difference_high, found.difference_low]), top)
    if np.isfinite(ends).all():
        inside = np.clip(ends, centre - 1.15 * _LANE, centre + 1.15 * _LANE)
        ax.plot([x, x], inside, color="#9a9a9a", linewidth=6, solid_capstyle="butt", **beside_axes)
        for end, cut in zip(ends, inside, strict=True):
            if end != cut:
                ax.plot(x, cut, "^" if end > cut else "v", color="black", markersize=5, **beside_axes)
    middle = centre + float(_root(-found.difference, top))
    ax.plot([x - 0.018, x + 0.018], [centre, centre], color="black", linewidth=0.7, **beside_axes)
    ax.plot([x - 0.012, x + 0.012], [middle, middle], color="black", linewidth=2.5, **beside_axes)
    text = _signed(found.skill)
    if np.isfinite(found.low):
        text += f"\n{_signed(found.low)} … {_signed(found.high)}"
    ax.annotate(text, (_gutter(lang, 0.065), centre), fontsize=7.5, multialignment=side, **place)


def _signed(x: float) -> str:
    return f"{x:+.2f}".replace("-", "−") if np.isfinite(x) else "–"


def _root(d: Any, top: float) -> FloatArray:
    """Return heights in a lane: square roots with a sign, so that small differences show beside large ones."""
    root: FloatArray = _LANE * np.sign(d) * np.sqrt(np.abs(d) / top)
    return root


def _nice(x: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is at most x."""
    power = 10.0 ** np.floor(np.log10(x))
    return float(power * max(k for k in (1, 2, 5) if k * power <= x * (1 + 1e-9)))


def _titled(key: str, rows: pd.DataFrame, lang: Language) -> str:
    """Return `Attacks on the mission: forecast and outcome, 4 weeks ahead`."""
    text, horizons = word(key, lang), _horizons(rows)
    if len(horizons) == 1:
        text += word("ahead", lang).format(number_of(horizons[0], "week", lang))
    return headed(rows.attrs["signal_name"], text, lang)


def _note(
    ax: Axes,
    rows: pd.DataFrame,
    lang: Language,
    *parts: str,
    left_out: int = 0,
    after_size: Sequence[str] = (),
    room: float = 1.0,
) -> None:
    """Write the caption: what the picture needs, origins and windows, the size of the runs."""
    horizons = _horizons(rows)
    overlapping = any(_block(rows[rows["weeks"] == ahead]) > 1 for ahead in horizons)
    attrs = rows.attrs
    note(
        ax,
        lang,
        *parts,
        number_of(rows["origin"].nunique(), "origin", lang),
        *after_size,
        word("horizons", lang).format(listed(horizons, "week", lang)),
        *([word("overlap", lang)] if overlapping else []),
        *([word("left out", lang).format(number_of(left_out, "forecast", lang))] if left_out else []),
        *size(attrs["draws"], attrs["paths"], lang, attrs["seed"]),
        room=room,
    )
