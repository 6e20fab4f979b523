"""What is believed of the parameters: priors, posteriors beside them, and what they rest on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from hudna.analysis.beliefs import AT, learned_data, priors_data
from hudna.arrays import FloatArray
from hudna.case.case import Case
from hudna.plot.frame import above, frame, margin, new_axes
from hudna.plot.style import COLOURS, Said, headed, percent, said, word
from hudna.text.numbers import number_of, spelt
from hudna.text.words import Language, right_to_left

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.scenario import Scenario

__all__ = ["learned", "priors"]

_ROW, _ROW_LEARNED = 0.46, 0.29  # inches a parameter
_WIDTH = 9.4  # inches
_SOURCE = 54  # letters of a source
_MARGIN = 0.06  # of a row's scale, on either side
_STATUSES = {"evidence": ("o", "black"), "judgement": ("o", "white"), "calibrated": ("D", "#999999")}
_LOOKS: dict[str, tuple[str, str, str]] = {  # of 90 %, of 50 %, of the median
    "prior": ("#DDDDDD", "#9A9A9A", "black"),
    "posterior": ("#9CC9E8", COLOURS[0], "black"),
}
_Row: TypeAlias = Mapping[str, Any]


def priors(
    case: Case | Scenario, names: Sequence[str] | None = None, *, lang: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw what is believed of each parameter before and, where the case has learned, after; and what it rests on.

    Every parameter has a scale of its own, which its bars fill: 50 and 90 % of probability and the median, of the prior
    in grey and of the posterior in blue. A mark shows its status. Beside stand the numbers and the source.

    Takes what `priors_data` takes, with `lang` and `ax` as every picture.
    """
    data = priors_data(case, names, lang=lang)
    own = case if isinstance(case, Case) else case.case
    ax = new_axes(ax, 1.4 + _ROW * max(len(data), 4), _WIDTH)
    rows: list[_Row] = data.to_dict("records")  # type: ignore[assignment]
    for place, row in enumerate(rows):
        ax.axhspan(-place - 0.46, -place + 0.46, color="#F6F6F6", zorder=0, linewidth=0)
        values = _quantiles(row)
        _bars(ax, -place, _own_scale(ax, -place, values), lang)
        _status(ax, -place, row["status"], lang)
        source = (textwrap.shorten(row["source"], _SOURCE, placeholder=" …"), "#444444")
        _texts(ax, -place, row["name"], row["unit"], [*_numbers(values, lang), source], lang, by=16)
    margin(ax, 0.5, word("priors values", lang), lang, up=3, va="bottom", fontsize=7.5)
    ax.set_xticks([])
    parts = [word("priors note", lang), word("priors size", lang).format(len(data), len(own.parameters))]
    if own.posterior is not None and own.posterior.until is not None and np.isfinite(data["posterior_q50"]).any():
        parts.append(f"{word('posterior', lang)}: {number_of(own.posterior.n_draws, 'draw', lang)}")
    ax.xaxis.label.set_fontsize(8)
    heading = f"{said(own.about.name, lang)}\n{headed(None, word('priors', lang), lang)}"
    return _framed(ax, len(data), lang, heading, *parts, x=word("priors axis", lang), room=0.7)


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
    picture: a posterior as long as the grey bar has learned nothing, a short one much, one beyond its ends was a
    surprise. Bars are drawn as in `priors`.

    Takes what `learned_data` takes, and:

    Parameters
    ----------
    labels, units : mapping of name to text, optional
        What readers see, `{"en": ..., "ar": ...}`; the name, and no unit, if left out. A pure number has the unit "1",
        which is not written.
    """
    data = learned_data(prior, posterior, names)
    ax = new_axes(ax, 1.5 + _ROW_LEARNED * max(len(names), 4))
    ax.xaxis.grid(visible=True, color="#dddddd")
    rows: list[_Row] = data.to_dict("records")  # type: ignore[assignment]
    for place, (name, row) in enumerate(zip(names, rows, strict=True)):
        prior_at, after = np.array(list(AT.values())), np.array([row[f"place_{c}"] for c in AT])
        _bars(ax, -place, {"prior": prior_at, "posterior": after}, lang)
        text, unit = said((labels or {}).get(name, name), lang), said((units or {}).get(name, ""), lang)
        _texts(ax, -place, text, unit, _numbers(_quantiles(row), lang), lang, by=6)
    margin(ax, 0.5, word("values", lang), lang, up=11, fontsize=7)
    ax.set_xticks(list(AT.values()), [percent(tail, lang) for tail in AT.values()])
    ax.set_axisbelow(True)
    sizes = (f"{word(kind, lang)}: {number_of(data.attrs[kind], 'draw', lang)}" for kind in _LOOKS)
    heading = headed(None, word("learned", lang), lang)
    return _framed(ax, len(names), lang, heading, word("priors note", lang), *sizes, x=word("prior axis", lang),
                   room=0.75)  # fmt: skip


def _framed(ax: Axes, n: int, lang: Language, heading: str, *notes: str, x: str, room: float) -> Axes:
    ax.set_xlim(0, 1)
    ax.set_ylim(0.5 - n, 0.5)
    ax.set_yticks([])
    return frame(ax, lang, heading, *notes, x=x, bare=("top", "left", "right"), key=above, room=room)


def _quantiles(row: _Row) -> dict[str, FloatArray]:
    """Return the quantiles of the prior, and of the posterior if there is one."""
    found = {kind: np.array([row[f"{kind}_{c}"] for c in AT]) for kind in _LOOKS}
    return {kind: q for kind, q in found.items() if np.isfinite(q).all()}


def _own_scale(ax: Axes, y: float, values: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return places on a scale that the values fill; 0 is marked where it is in sight."""
    low, high = min(q[0] for q in values.values()), max(q[-1] for q in values.values())

    def scaled(x: Any) -> Any:
        return 0.5 + (1 - 2 * _MARGIN) * (x - (high + low) / 2) / ((high - low) or 1.0)

    if 0 <= scaled(0.0) <= 1:
        ax.vlines(scaled(0.0), y - 0.46, y + 0.46, color="black", linewidth=2, zorder=1)
    return {kind: scaled(q) for kind, q in values.items()}


def _bars(ax: Axes, y: float, places: Mapping[str, FloatArray], lang: Language) -> None:
    """Draw 90 %, 50 % and the median of the prior and, below it, of the posterior."""
    lifts = (0.15, -0.15) if len(places) == 2 else (0.0,)
    for lift, (kind, at) in zip(lifts, places.items(), strict=True):
        wide, narrow, mark = _LOOKS[kind]
        ax.barh(y + lift, at[-1] - at[0], 0.2, at[0], color=wide, edgecolor=narrow, linewidth=0.6, zorder=2)
        ax.barh(y + lift, at[3] - at[1], 0.2, at[1], color=narrow, zorder=2.1, label=_once(ax, word(kind, lang)))
        ax.vlines(at[2], y + lift - 0.17, y + lift + 0.17, color=mark, linewidth=1.8, zorder=2.2)


def _once(ax: Axes, label: str) -> str | None:
    """Return a label for the legend unless it is there already."""
    return None if label in ax.get_legend_handles_labels()[1] else label


def _status(ax: Axes, y: float, status: str, lang: Language) -> None:
    """Mark what a parameter rests on, beside the axes where reading begins."""
    from matplotlib.transforms import ScaledTranslation

    marker, fill = _STATUSES[status]
    right, place, figure = right_to_left(lang), ax.get_yaxis_transform(), ax.get_figure(root=True)
    if figure is not None:
        place += ScaledTranslation((8 if right else -8) / 72, 0, figure.dpi_scale_trans)
    ax.plot(float(right), y, marker, color="black", markerfacecolor=fill, markersize=5.5, transform=place,
            clip_on=False, linestyle="none", label=_once(ax, word(status, lang)))  # fmt: skip


def _texts(
    ax: Axes, y: float, name: str, unit: str, lines: Sequence[tuple[str, str]], lang: Language, *, by: float
) -> None:
    """Write name and unit where reading begins, and lines, each with its colour, where it ends."""
    names, unit = textwrap.wrap(name, 38), "" if unit == "1" else unit
    margin(ax, y, "\n".join(names), lang, begins=True, by=by, up=5 if unit else 0, fontsize=7.8, linespacing=1.0)
    margin(ax, y, unit, lang, begins=True, by=by, up=-4 - 4 * len(names), fontsize=6.3, color="#555555")
    for k, (text, colour) in enumerate(lines):
        margin(ax, y, text, lang, up=9 * ((len(lines) - 1) / 2 - k), color=colour, fontsize=6.8)


def _numbers(values: Mapping[str, FloatArray], lang: Language) -> list[tuple[str, str]]:
    """Return median and 5 and 95 % quantiles of each in words, with the colour of the letters."""
    return [
        (f"{spelt(q[2], lang)} ({spelt(q[0], lang)} … {spelt(q[-1], lang)})",
         "#666666" if kind == "prior" and len(values) == 2 else "black")
        for kind, q in values.items()
    ]  # fmt: skip
