"""What is believed of the parameters: priors, posteriors beside them, and what they rest on."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hudna.analysis.beliefs import AT, learned_data, priors_data
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
_DECIMALS, _LARGE = 5, 1e6  # of a value; smaller and larger ones are written with an exponent
_WIDTH = 9.4  # inches
_SOURCE = 54  # letters of a source
_MARGIN = 0.06  # of a row's scale, on either side
_STATUSES = {"evidence": ("o", "black"), "judgement": ("o", "white"), "calibrated": ("D", "#999999")}
_LOOKS: dict[str, tuple[str, str, str]] = {  # of 90 %, of 50 %, of the median
    "prior": ("#DDDDDD", "#9A9A9A", "black"),
    "posterior": ("#9CC9E8", COLOURS[0], "black"),
}


def priors(
    case: Case | Scenario, names: Sequence[str] | None = None, *, lang: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw what is believed of each parameter before and, where the case has learned, after; and what it rests on.

    Every parameter has a scale of its own, which its bars fill: 50 and 90 % of probability and the median, of the prior
    in grey and of the posterior in blue. A mark tells its status. Beside stand the numbers and the source.

    Takes what `priors_data` takes, with `lang` and `ax` as every picture.
    """
    data = priors_data(case, names, lang=lang)
    own = case if isinstance(case, Case) else case.case
    ax = new_axes(ax, 1.4 + _ROW * max(len(data), 4), _WIDTH)
    labelled: set[str] = set()
    for place, row in enumerate(data.to_dict("records")):
        _row(ax, -float(place), {str(key): value for key, value in row.items()}, lang, labelled)
    margin(ax, 0.5, word("priors values", lang), lang, up=3, va="bottom", fontsize=7.5)
    ax.set_ylim(0.5 - len(data), 0.5)
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    ax.set_yticks([])
    until = own.posterior.until if own.posterior is not None and "posterior" in labelled else None
    parts = [word("priors note", lang), word("priors size", lang).format(len(data), len(own.parameters))]
    if until is not None and own.posterior is not None:
        parts.append(f"{word('posterior', lang)}: {number_of(own.posterior.n_draws, 'draw', lang)}")
    ax.xaxis.label.set_fontsize(8)
    return frame(
        ax, lang, f"{said(own.about.name, lang)}\n{headed(None, word('priors', lang), lang)}", *parts,
        x=word("priors axis", lang), bare=("top", "left", "right"), key=above, room=0.7,
    )  # fmt: skip


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

    Takes what `learned_data` takes, and:

    Parameters
    ----------
    labels, units : mapping of name to text, optional
        What readers see, `{"en": ..., "ar": ...}`; the name, and no unit, if left out. A pure number has the unit "1",
        which is not written.
    """
    data = learned_data(prior, posterior, names)
    ax = new_axes(ax, 1.5 + _ROW_LEARNED * max(len(names), 4))
    for row, (name, found) in enumerate(zip(names, data.to_dict("records"), strict=True)):
        low, middle, high = (found[f"place_{q}"] for q in ("q05", "q50", "q95"))
        first = not row
        ax.barh(-row, 0.9, 0.62, 0.05, color="#E8E8E8", edgecolor="#9a9a9a", hatch="////", linewidth=0.6,
                label=word("prior", lang) if first else None)  # fmt: skip
        ax.vlines(0.5, -row - 0.31, -row + 0.31, color="#555555", linewidth=1.5)
        ax.barh(-row, high - low, 0.3, low, color=COLOURS[0], edgecolor="white", linewidth=0.6,
                label=word("posterior", lang) if first else None)  # fmt: skip
        ax.plot(middle, -row, "o", color="white", markeredgecolor=COLOURS[0], markersize=5.5, markeredgewidth=1.5,
                clip_on=False, zorder=4)  # fmt: skip
        for kind, up, colour in (("prior", 5, "#666666"), ("posterior", -5, "black")):
            margin(ax, -row, _values(*(found[f"{kind}_{q}"] for q in ("q50", "q05", "q95"))), lang, up=up, fontsize=7,
                   color=colour)  # fmt: skip
        text, unit = said((labels or {}).get(name, name), lang), said((units or {}).get(name, ""), lang)
        unit = "" if unit == "1" else unit
        margin(ax, -row, text, lang, begins=True, by=6, up=4 if unit else 0, fontsize=8)
        margin(ax, -row, unit, lang, begins=True, by=6, up=-5, fontsize=6.5, color="#555555")
    margin(ax, 0.5, word("values", lang), lang, up=11, fontsize=7)
    ax.set_ylim(0.5 - len(names), 0.5)
    ax.set_yticks([])
    ax.set_xlim(0, 1)
    ax.set_xticks(list(AT.values()), [percent(tail, lang) for tail in AT.values()])
    ax.xaxis.grid(visible=True, color="#dddddd")
    ax.set_axisbelow(True)
    sizes = (f"{word(kind, lang)}: {number_of(data.attrs[kind], 'draw', lang)}" for kind in _LOOKS)
    return frame(
        ax, lang, headed(None, word("learned", lang), lang), word("learned note", lang), *sizes,
        x=word("prior axis", lang), bare=("top", "left", "right"), key=above, room=0.75,
    )  # fmt: skip


def _row(ax: Axes, y: float, row: dict[str, Any], lang: Language, labelled: set[str]) -> None:
    """Draw a parameter: bars on its own scale, its status, its name, its numbers and its source."""
    from matplotlib.transforms import ScaledTranslation

    found = {kind: np.array([row[f"{kind}_{c}"] for c in AT]) for kind in _LOOKS}
    found = {kind: q for kind, q in found.items() if np.isfinite(q).all()}
    low, high = min(q[0] for q in found.values()), max(q[-1] for q in found.values())
    length = (high - low) or 1.0
    middle = (high + low) / 2

    def scaled(x: Any) -> Any:
        return 0.5 + (1 - 2 * _MARGIN) * (x - middle) / length

    ax.axhspan(y - 0.46, y + 0.46, color="#F6F6F6", zorder=0, linewidth=0)
    if 0 <= scaled(0.0) <= 1:
        ax.vlines(scaled(0.0), y - 0.46, y + 0.46, color="black", linewidth=2, zorder=1)
    lifts = (0.15, -0.15) if len(found) == 2 else (0.0,)
    for lift, (kind, q) in zip(lifts, found.items(), strict=True):
        wide, narrow, mark = _LOOKS[kind]
        at = scaled(q)
        first = kind not in labelled
        ax.barh(y + lift, at[-1] - at[0], 0.2, at[0], color=wide, edgecolor=narrow, linewidth=0.6, zorder=2)
        ax.barh(y + lift, at[3] - at[1], 0.2, at[1], color=narrow, zorder=2.1,
                label=word(kind, lang) if first else None)  # fmt: skip
        ax.vlines(at[2], y + lift - 0.17, y + lift + 0.17, color=mark, linewidth=1.8, zorder=2.2)
        labelled.add(kind)
    marker, fill = _STATUSES[row["status"]]
    figure = ax.get_figure(root=True)
    outwards = ScaledTranslation((8 if right_to_left(lang) else -8) / 72, 0, figure.dpi_scale_trans) if figure else None
    ax.plot(1.0 if right_to_left(lang) else 0.0, y, marker, color="black", markerfacecolor=fill, markersize=5.5,
            transform=ax.get_yaxis_transform() + outwards if outwards else ax.get_yaxis_transform(), clip_on=False,
            linestyle="none", label=word(row["status"], lang) if row["status"] not in labelled else None)  # fmt: skip
    labelled.add(row["status"])
    name, unit = textwrap.wrap(row["name"], 38), "" if row["unit"] == "1" else row["unit"]
    margin(ax, y, "\n".join(name), lang, begins=True, by=16, up=5 if unit else 0, fontsize=7.8, linespacing=1.0)
    margin(ax, y, unit, lang, begins=True, by=16, up=-4 - 4 * len(name), fontsize=6.3, color="#555555")
    numbers = {kind: _numbers(q, lang) for kind, q in found.items()}
    lines = [(numbers["prior"], "#666666" if len(found) == 2 else "black")]
    lines += [(numbers["posterior"], "black")] if "posterior" in numbers else []
    lines.append((textwrap.shorten(row["source"], _SOURCE, placeholder=" …"), "#444444"))
    for k, (text, colour) in enumerate(lines):
        up = 9 * ((len(lines) - 1) / 2 - k)
        margin(ax, y, text, lang, up=up, color=colour, fontsize=6.8)


def _numbers(q: Any, lang: Language) -> str:
    return f"{spelt(q[2], lang)} ({spelt(q[0], lang)} … {spelt(q[-1], lang)})"


def _values(*found: float) -> str:
    """Return median and 5 and 95 % quantiles, to three digits of the largest of them."""
    largest = float(np.abs(found).max())
    decimals = max(0, 2 - int(np.floor(np.log10(largest)))) if largest > 0 else 0
    if decimals > _DECIMALS or largest >= _LARGE:
        middle, low, high = (f"{x:.1e}" for x in found)
    else:
        middle, low, high = (f"{round(float(x), decimals) + 0.0:,.{decimals}f}" for x in found)
    return f"{middle} ({low} … {high})".replace("-", "−")
