"""Forecasts against what happened: PIT, reliability, coverage, forecast beside outcome, and skill over baselines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.judge.baselines import BASELINES
from hudna.judge.skill import FEWEST_BLOCKS
from hudna.judge.verification import AT_LEAST, coverage_data, outcomes_data, pit_data, reliability_data, skill_data
from hudna.plot.frame import above, beside, counts_axis, frame, months, new_axes, reading, ruled
from hudna.plot.style import COLOURS, COUNT_BANDS, HATCHED, MARKERS, headed, percent, said, word
from hudna.text.numbers import listed, number_of
from hudna.text.runs import size
from hudna.text.words import Language, right_to_left

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["coverage", "outcomes", "pit", "reliability", "skill"]

_KINDS = (("exact", "counted", "D", "black"), ("approx", "counted about", "D", "white"),
          (AT_LEAST, "counted at least", "^", "white"))  # fmt: skip
_LEVELS = ((0.5, COLOURS[0], "o", "--"), (0.9, COLOURS[6], "s", ":"))
_LANE = 0.4  # half the height of a baseline's lane


def pit(forecasts: pd.DataFrame, weeks: int | None = None, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw where the counts fell in their forecasts: a histogram that is flat if forecasts are right.

    Horizons are stacked. Counts of `at_least` have no such place; the caption says how many there are.

    Takes what `pit_data` takes, with `lang` and `ax` as every picture.
    """
    data = pit_data(forecasts, weeks)
    horizons = data.attrs["horizons"]
    ax = new_axes(ax)
    edges = np.append(data["bin_low"].unique(), 1.0)
    bottom = np.zeros(edges.size - 1)
    for place, ahead in enumerate(horizons):
        colour, drawn, hatch = HATCHED[place % len(HATCHED)]
        height = data.loc[data["weeks"] == ahead, "n"].to_numpy()
        ax.bar(edges[:-1], height, np.diff(edges), bottom, align="edge", color=colour, edgecolor="white", hatch=hatch,
               hatchcolor=drawn, linewidth=1, label=number_of(ahead, "week", lang))  # fmt: skip
        bottom += height
    flat = data.attrs["n"] / (edges.size - 1)
    ax.plot([0, 1], [flat, flat], color="black", linestyle="--", linewidth=1.5, label=word("uniform", lang))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.22 * max(float(bottom.max()), flat))
    for x, key, side in ((0.01, "fewer came", "left"), (0.99, "more came", "right")):
        ax.text(x, 0.985, word(key, lang), transform=ax.transAxes, ha=side, va="top", fontsize=8.5)
    few = [word("few", lang)] if data.attrs["few"] else []
    return frame(
        ax, lang, _titled("pit", data, lang), *_notes(data, lang, after_size=few), x=word("pit axis", lang),
        y=word("pit count", lang), key=partial(beside, reverse=True),
    )  # fmt: skip


def reliability(forecasts: pd.DataFrame, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw forecast probabilities of so many events or more against what happened.

    Every forecast is a mark, above where it happened and below where it did not. In each fifth of the axis a thick
    line is the share that happened, with its number of forecasts, and a thin one the mean of the probabilities:
    calibrated forecasts bring the two together. Thresholds stand side by side.

    Takes what `reliability_data` takes, with `lang` and `ax` as every picture.
    """
    marks, fifths = reliability_data(forecasts)
    thresholds = marks.attrs["thresholds"]
    ax = new_axes(ax)
    ax.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle=(0, (6, 4)), label=word("as forecast", lang))
    width = 0.2 / (len(thresholds) + 0.6)
    for k, threshold in enumerate(thresholds):
        colour, own = COLOURS[(0, 6, 2)[k]], marks[marks["threshold"] == threshold]
        came = own["came"].to_numpy()
        ax.plot(own["p"], np.where(came, 1.155, -0.155) + np.where(came, 1, -1) * 0.065 * k, MARKERS[k], color=colour,
                markerfacecolor="none", markersize=5.5, clip_on=False,
                label=word("at least", lang).format(f"{threshold:,}"))  # fmt: skip
        for fifth in _records(fifths[fifths["threshold"] == threshold]):
            _step(ax, fifth["p_low"] + 0.1 + (k - 1) * width, 0.42 * width, fifth, colour, MARKERS[k])
    ax.plot([], [], color="black", linewidth=1, label=word("mean probability", lang))
    for y in (-0.1, 1.1):
        ax.axhline(y, color="#bbbbbb", linewidth=0.7)
    ax.set_xlim(0, 1)
    ax.set_ylim(-0.35, 1.35)
    edges = np.linspace(0, 1, 6)
    ax.set_xticks(edges, [f"{edge:.1f}" for edge in edges])
    ruled(ax, "x")
    shares = np.linspace(0, 1, 5)
    ax.set_yticks([-0.22, *shares, 1.22], [word("did not", lang), *(f"{share:g}" for share in shares),
                                             word("happened", lang)])  # fmt: skip
    return frame(
        ax, lang, _titled("reliability", marks, lang), *_notes(marks, lang, word("bin numbers", lang)),
        x=word("forecast probability", lang), y=word("share that happened", lang),
        key=partial(beside, title=said(marks.attrs["unit"], lang)),
    )  # fmt: skip


def coverage(forecasts: pd.DataFrame, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw the share of counts inside the 50 and 90 % intervals by horizon, and how well it is known.

    The bars are 90 % intervals by block bootstrap, `hudna.judge.skill.coverage`, a block as many origins as
    have windows that overlap.

    Takes what `coverage_data` takes, with `lang` and `ax` as every picture.
    """
    data = coverage_data(forecasts)
    horizons = data.attrs["horizons"]
    ax = new_axes(ax)
    towards = -1 if right_to_left(lang) else 1  # the axis runs from right to left in Arabic
    for side, (level, colour, marker, line) in zip((-1, 1), _LEVELS, strict=True):
        ax.axhline(level, color=colour, linestyle=line, linewidth=1.3)
        for place, found in enumerate(_records(data[data["level"] == level])):
            x = place + 0.12 * side
            ax.plot([x, x], [found["low"], found["high"]], color=colour, linewidth=3, alpha=0.55, solid_capstyle="butt")
            label = word("interval", lang).format(percent(level, lang)) if not place else None
            ax.plot(x, found["share"], marker, color=colour, markersize=9, markeredgecolor="white", clip_on=False,
                    label=label, linestyle=line)  # fmt: skip
            ax.annotate(f"{found['inside']} {word('of', lang)} {found['n']}", (x, found["share"]),
                        xytext=(8 * side * towards, 0), textcoords="offset points", va="center", fontsize=9,
                        ha="left" if side * towards > 0 else "right")  # fmt: skip
    ax.set_xticks(range(len(horizons)), [number_of(ahead, "week", lang) for ahead in horizons])
    ax.set_xlim(-0.6, len(horizons) - 0.4)
    ax.set_ylim(-0.04, 1.04)
    ax.set_yticks([0, 0.25, 0.5, 0.75, 0.9, 1], [percent(y, lang) for y in (0, 0.25, 0.5, 0.75, 0.9, 1)])
    ax.tick_params(axis="x", length=0)
    if right_to_left(lang):
        ax.invert_xaxis()
        ax.yaxis.set_label_position("right")
    return frame(
        ax, lang, _titled("coverage", data, lang), *_notes(data, lang, word("coverage note", lang)),
        x=word("horizon", lang), y=word("share inside", lang), bare=("top", "left" if right_to_left(lang) else "right"),
        key=above,
    )  # fmt: skip


def outcomes(forecasts: pd.DataFrame, weeks: int, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw forecasts over time, median and 50 and 90 % bands at each origin, and what was counted.

    Takes what `outcomes_data` takes, with `lang` and `ax` as every picture.
    """
    rows = outcomes_data(forecasts, weeks)
    bands = rows[["q05", "q25", "q50", "q75", "q95"]].to_numpy(float)
    ax = new_axes(ax)
    days, values = _days(rows["origin"]), rows["value"].to_numpy(float)
    width = 0.5 * float(np.diff(np.unique(days)).min()) if np.unique(days).size > 1 else 3.0
    for (low, high), colour, level in COUNT_BANDS:
        ax.bar(days, bands[:, high] - bands[:, low], width, bands[:, low], color=colour, edgecolor="#0072B2",
               linewidth=0.8, label=word("interval", lang).format(percent(level, lang)))  # fmt: skip
    ax.hlines(bands[:, 2], days - width / 2, days + width / 2, color="#00324f", linewidth=2.5,
              label=word("median", lang))  # fmt: skip
    for qualifier, kind, marker, fill in _KINDS:
        own = (rows["qualifier"] == qualifier).to_numpy()
        if own.any():
            ax.plot(days[own], values[own], marker, color="black", markerfacecolor=fill, markersize=6.5,
                    markeredgewidth=1.3, linestyle="none", label=word(kind, lang), zorder=4, clip_on=False)  # fmt: skip
    counts_axis(ax, max(float(bands.max()), float(values.max())))
    room = max(width, 0.04 * float(np.ptp(days)), 14.0)
    ax.set_xlim(days.min() - room, days.max() + room)
    months(ax, lang, days)
    ruled(ax)
    order = [-2, -1, *range(len(ax.get_legend_handles_labels()[0]) - 2)]  # bands, their middle, counts
    return frame(
        ax, lang, _titled("outcomes", rows, lang), *_notes(rows, lang, word("log scale", lang)),
        x=word("origin", lang), key=partial(beside, order=order),
        y=word("in window", lang).format(said(rows.attrs["unit"], lang), number_of(weeks, "week", lang)),
    )  # fmt: skip


def skill(forecasts: pd.DataFrame, weeks: int, *, lang: Language = "en", ax: Axes | None = None) -> Axes:
    """Draw by origin how much larger each baseline's CRPS is than the forecast's, and the mean with its interval.

    Each baseline has a lane. In it every origin has a stem: upwards where the forecast was better. Beside the lane
    stand the mean difference with its 90 % interval by block bootstrap, on the same scale, and the skill,
    1 - mean CRPS / mean CRPS of the baseline, with its own (`hudna.judge.skill.skill`).

    Takes what `skill_data` takes, with `lang` and `ax` as every picture.
    """
    gains, found = skill_data(forecasts, weeks)
    days, known = _days(gains["origin"]), gains[gains["gain"].notna()]
    ax = new_axes(ax)
    top = max([1e-9, *known["gain"].abs()])
    mark = _nice(0.6 * top)
    for lane, name in enumerate(found.index):
        own = known[known["baseline"] == name]
        _lane(ax, -lane, _days(own["origin"]), own["gain"].to_numpy(), top, mark, first=not lane, lang=lang)
        _mean(ax, -lane, found.loc[name], top, lang)
    ax.annotate(word("skill mean", lang), (_gutter(lang, 0.02), 0.5), xycoords=("axes fraction", "data"), fontsize=7.5,
                ha=reading(lang), va="bottom", multialignment=reading(lang), annotation_clip=False)  # fmt: skip
    ax.set_yticks(-np.arange(len(found)), [baseline.name.get(lang) for baseline in BASELINES.values()])
    ax.set_ylim(0.5 - len(found), 0.5)
    ax.tick_params(axis="y", length=0)
    span = max(float(np.ptp(days)), 56.0)
    ax.set_xlim(days.min() - 0.12 * span, days.max() + 0.05 * span)
    months(ax, lang, days)
    block = found.attrs["blocks"][weeks]
    few = found.attrs["origins"] < FEWEST_BLOCKS * block
    blocks = word("no interval", lang) if few else word("skill bars", lang).format(number_of(block, "origin", lang))
    scale = word("skill note", lang).format(said(found.attrs["unit"], lang))
    return frame(
        ax, lang, _titled("skill title", found, lang), *_notes(found, lang, scale, blocks), x=word("origin", lang),
        bare=("top", "right", "left"), key=partial(above, room=0.7), room=0.74, heading_room=0.8,
    )  # fmt: skip


def _days(dates: pd.Series) -> FloatArray:
    """Return dates as matplotlib counts them: days since 1970."""
    since: FloatArray = dates.to_numpy("datetime64[D]").astype(float)
    return since


def _records(data: pd.DataFrame) -> list[dict[str, Any]]:
    return data.to_dict("records")  # type: ignore[return-value]


def _step(ax: Axes, x: float, half: float, fifth: dict[str, Any], colour: str, marker: str) -> None:
    """Draw the share that happened, the mean of the probabilities, the gap between them, and the number."""
    share, mean = fifth["share"], fifth["mean"]
    ax.plot([x, x], [share, mean], color=colour, linewidth=1, alpha=0.6)
    ax.plot([x - half, x + half], [mean, mean], color="black", linewidth=1)
    ax.plot([x - half, x + half], [share, share], color=colour, linewidth=4, solid_capstyle="butt")
    ax.plot(x, share, marker, color=colour, markerfacecolor="white", markersize=5)
    above = share > mean  # the number stands where the gap is not
    ax.annotate(str(fifth["n"]), (x, share), xytext=(0, 4 if above else -4), textcoords="offset points", ha="center",
                va="bottom" if above else "top", fontsize=7.5)  # fmt: skip


def _gutter(lang: Language, by: float) -> float:
    """Return a place beside the axes where reading ends, as a share of their width."""
    return -by if right_to_left(lang) else 1 + by


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


def _mean(ax: Axes, centre: float, found: pd.Series[float], top: float, lang: Language) -> None:
    """Draw the mean difference and its interval beside the lane, cut where the lane ends, and write the skill."""
    side = reading(lang)
    place: Any = {"xycoords": ("axes fraction", "data"), "va": "center", "ha": side, "annotation_clip": False}
    if not found["n"]:
        ax.annotate(word("nothing known", lang), (_gutter(lang, 0.02), centre), fontsize=7.5, **place)
        return
    x = _gutter(lang, 0.035)
    beside_axes: Any = {"transform": ax.get_yaxis_transform(), "clip_on": False}
    ends = centre + _root(-np.array([found["difference_high"], found["difference_low"]]), top)
    if np.isfinite(ends).all():
        inside = np.clip(ends, centre - 1.15 * _LANE, centre + 1.15 * _LANE)
        ax.plot([x, x], inside, color="#9a9a9a", linewidth=6, solid_capstyle="butt", **beside_axes)
        for end, cut in zip(ends, inside, strict=True):
            if end != cut:
                ax.plot(x, cut, "^" if end > cut else "v", color="black", markersize=5, **beside_axes)
    middle = centre + float(_root(-found["difference"], top))
    ax.plot([x - 0.018, x + 0.018], [centre, centre], color="black", linewidth=0.7, **beside_axes)
    ax.plot([x - 0.012, x + 0.012], [middle, middle], color="black", linewidth=2.5, **beside_axes)
    text = _signed(found["skill"])
    if np.isfinite(found["low"]):
        text += f"\n{_signed(found['low'])} … {_signed(found['high'])}"
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


def _titled(key: str, data: pd.DataFrame, lang: Language) -> str:
    """Return `Attacks on the mission: forecast and outcome, 4 weeks ahead`."""
    text, horizons = word(key, lang), data.attrs["horizons"]
    if len(horizons) == 1:
        text += word("ahead", lang).format(number_of(horizons[0], "week", lang))
    return headed(data.attrs["signal_name"], text, lang)


def _notes(data: pd.DataFrame, lang: Language, *parts: str, after_size: Sequence[str] = ()) -> list[str]:
    """Return the parts of the caption: what the picture needs, origins and windows, the size of the runs."""
    about = data.attrs
    return [
        *parts,
        number_of(about["origins"], "origin", lang),
        *after_size,
        word("horizons", lang).format(listed(about["horizons"], "week", lang)),
        *([word("overlap", lang)] if max(about["blocks"].values()) > 1 else []),
        *([word("left out", lang).format(number_of(about["left_out"], "forecast", lang))] if about["left_out"] else []),
        *size(about["draws"], about["paths"], lang, about["seed"]),
    ]
