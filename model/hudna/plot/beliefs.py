"""What is believed of the parameters: priors, posteriors beside them, and what they rest on."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.case.case import Case
from hudna.case.units import unit_text
from hudna.errors import Problems, no_such
from hudna.plot.style import COLOURS, above, headed, new_axes, note, said, title, word
from hudna.text.numbers import number_of, spelt
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from hudna.scenario import Scenario

__all__ = ["priors", "priors_data"]

_AT = (0.05, 0.25, 0.5, 0.75, 0.95)
_COLUMNS = tuple(f"q{100 * at:02.0f}" for at in _AT)
_ROW = 0.46  # inches a parameter
_WIDTH = 9.4  # inches
_SOURCE = 54  # letters of a source
_MARGIN = 0.06  # of a row's scale, on either side
_STATUSES = {"evidence": ("o", "black"), "judgement": ("o", "white"), "calibrated": ("D", "#999999")}
_LOOKS: dict[str, tuple[str, str, str]] = {  # of 90 %, of 50 %, of the median
    "prior": ("#DDDDDD", "#9A9A9A", "black"),
    "posterior": ("#9CC9E8", COLOURS[0], "black"),
}


def priors_data(case: Case | Scenario, names: Sequence[str] | None = None, *, lang: Language = "en") -> pd.DataFrame:
    """Return what `priors` draws.

    Parameters
    ----------
    case : Case or Scenario
        Of a scenario the parameters are as it believes them.
    names : sequence of str, optional
        Parameters; all, in the order of their names, if left out.
    lang : {"en", "ar"}
        Language of `name`.

    Returns
    -------
    pandas.DataFrame
        Index parameter. Columns: name, unit, status ("evidence", "judgement" or "calibrated"), source, note; prior_q05,
        prior_q25, prior_q50, prior_q75, prior_q95; and the same of the posterior, NaN where there is none that is up to
        date, or where a scenario believes otherwise than its case.

    Raises
    ------
    InputError
        If there is no such parameter, with every such name, or none at all.
    """
    import pandas as pd

    own, otherwise = (case, ()) if isinstance(case, Case) else (case.case, tuple(case.file.parameters))
    parameters = case.parameters
    chosen = tuple(parameters) if names is None else tuple(names)
    problems = Problems()
    for name in chosen:
        if name not in parameters:
            text = no_such("parameter", name, parameters, text="the case has no such parameter")
            problems.add("plot.priors", "names", text, given=repr(name))
    if not chosen:
        problems.add("plot.priors", "names", "must name at least one parameter; the case may have none")
    problems.raise_if_any()
    learned = own.posterior if own.posterior is not None and own.posterior.current else None
    rows = []
    for name in chosen:
        parameter = parameters[name]
        prior = parameter.prior.quantile(np.array(_AT))
        row: dict[str, Any] = {
            "name": name if parameter.name is None else parameter.name.get(lang),
            "unit": unit_text(parameter.unit).get(lang),
            "status": parameter.status,
            "source": parameter.source,
            "note": parameter.note,
        }
        row |= {f"prior_{c}": float(q) for c, q in zip(_COLUMNS, prior, strict=True)}
        known = learned is not None and name in learned.names and name not in otherwise
        after = np.quantile(learned.theta[:, learned.names.index(name)], _AT) if learned and known else [np.nan] * 5
        row |= {f"posterior_{c}": float(q) for c, q in zip(_COLUMNS, after, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(chosen, name="parameter"))


def priors(
    case: Case | Scenario, names: Sequence[str] | None = None, *, lang: Language = "en", ax: Axes | None = None
) -> Axes:
    """Draw what is believed of each parameter before and, where the case has learned, after; and what it rests on.

    Every parameter has a scale of its own, which its bars fill: 50 and 90 % of probability and the median, of the prior
    in grey and of the posterior in blue. A mark tells its status. Beside stand the numbers and the source.

    Parameters
    ----------
    case : Case or Scenario
        Of a scenario the parameters are as it believes them.
    names : sequence of str, optional
        Parameters, from the top down; all, in the order of their names, if left out.
    lang : {"en", "ar"}
    ax : matplotlib Axes, optional
        Drawn into; a new figure's if left out, as high as the parameters need.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    InputError
        If there is no such parameter, with every such name, or none at all.
    """
    data = priors_data(case, names, lang=lang)
    own = case if isinstance(case, Case) else case.case
    ax = new_axes(ax, 1.4 + _ROW * max(len(data), 4), _WIDTH)
    labelled: set[str] = set()
    for place, row in enumerate(data.to_dict("records")):
        _row(ax, -float(place), {str(key): value for key, value in row.items()}, lang, labelled)
    ax.annotate(word("priors values", lang), (0.0 if lang == "ar" else 1.0, 0.5), xycoords=("axes fraction", "data"),
                **{**_beside(lang, 3.0), "va": "bottom"}, fontsize=7.5)  # fmt: skip
    ax.set_ylim(0.5 - len(data), 0.5)
    ax.set_xlim(0, 1)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[["top", "left", "right"]].set_visible(False)
    ax.set_xlabel(word("priors axis", lang), fontsize=8)
    lines = above(ax, lang)
    title(ax, f"{said(own.about.name, lang)}\n{headed(None, word('priors', lang), lang)}{lines}", lang)
    until = own.posterior.until if own.posterior is not None and "posterior" in labelled else None
    parts = [word("priors note", lang), word("priors size", lang).format(len(data), len(own.parameters))]
    if until is not None and own.posterior is not None:
        parts.append(f"{word('posterior', lang)}: {number_of(own.posterior.n_draws, 'draw', lang)}")
    note(ax, lang, *parts, room=0.7)
    return ax


def _row(ax: Axes, y: float, row: dict[str, Any], lang: Language, labelled: set[str]) -> None:
    """Draw a parameter: bars on its own scale, its status, its name, its numbers and its source."""
    from matplotlib.transforms import ScaledTranslation

    found = {kind: np.array([row[f"{kind}_{c}"] for c in _COLUMNS]) for kind in _LOOKS}
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
    outwards = ScaledTranslation((8 if lang == "ar" else -8) / 72, 0, figure.dpi_scale_trans) if figure else None
    ax.plot(1.0 if lang == "ar" else 0.0, y, marker, color="black", markerfacecolor=fill, markersize=5.5,
            transform=ax.get_yaxis_transform() + outwards if outwards else ax.get_yaxis_transform(), clip_on=False,
            linestyle="none", label=word(row["status"], lang) if row["status"] not in labelled else None)  # fmt: skip
    labelled.add(row["status"])
    _named(ax, y, row, lang)
    numbers = {kind: _numbers(q, lang) for kind, q in found.items()}
    lines = [(numbers["prior"], "#666666" if len(found) == 2 else "black")]
    lines += [(numbers["posterior"], "black")] if "posterior" in numbers else []
    lines.append((textwrap.shorten(row["source"], _SOURCE, placeholder=" …"), "#444444"))
    for k, (text, colour) in enumerate(lines):
        up = 9 * ((len(lines) - 1) / 2 - k)
        ax.annotate(text, (0.0 if lang == "ar" else 1.0, y), xycoords=("axes fraction", "data"), color=colour,
                    fontsize=6.8, **_beside(lang, up))  # fmt: skip


def _named(ax: Axes, y: float, row: dict[str, Any], lang: Language) -> None:
    """Write the name where reading begins, its unit under it in small."""
    side, x, by = ("left", 1.0, 16) if lang == "ar" else ("right", 0.0, -16)
    lines = textwrap.wrap(row["name"], 38)
    unit = "" if row["unit"] == "1" else row["unit"]
    place: Any = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": side,
                  "annotation_clip": False, "va": "center", "multialignment": side}  # fmt: skip
    ax.annotate("\n".join(lines), (x, y), xytext=(by, 5 if unit else 0), fontsize=7.8, linespacing=1.0, **place)
    if unit:
        below = -4 - 4 * len(lines)
        ax.annotate(unit, (x, y), xytext=(by, below), fontsize=6.3, color="#555555", **place)


def _beside(lang: Language, up: float = 0.0) -> dict[str, Any]:
    """Return where a text stands beside the axes, where reading ends, so many points above its row."""
    side = "right" if lang == "ar" else "left"
    return {"textcoords": "offset points", "xytext": (-8 if lang == "ar" else 8, up), "ha": side,
            "multialignment": side, "va": "center", "annotation_clip": False}  # fmt: skip


def _numbers(q: Any, lang: Language) -> str:
    return f"{spelt(q[2], lang)} ({spelt(q[0], lang)} … {spelt(q[-1], lang)})"
