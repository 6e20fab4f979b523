"""The figures of a run: what the scenario calls its headline, each as PNG and SVG, without any global state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hudna import plot
from hudna.case.grammar import Language
from hudna.plot.style import title, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hudna.result import Result

__all__ = ["draw_figures", "figures", "write_figure"]

_DPI = 150
_SIZE = (7.2, 4.2)  # inches
_COLUMN = {"en": 3.9, "ar": 5.6}  # inches a policy, where each has a column; months are longer in Arabic
# The same picture gives the same file: no date, no random names inside the SVG.
_STYLE: Any = {"svg.hashsalt": "hudna"}
_METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def draw_figures(result: Result, folder: Path, *, lang: Language = "en") -> tuple[Path, ...]:
    """Write every figure of `result` into `folder`, as PNG and as SVG.

    Parameters
    ----------
    result : Result
    folder : Path
        Made if it is missing.
    lang : {"en", "ar"}

    Returns
    -------
    tuple of Path
        The files.
    """
    import matplotlib as mpl

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with mpl.rc_context(_STYLE):
        for name, figure in figures(result, lang):
            for kind, metadata in _METADATA.items():
                path = folder / f"{name}.{kind}"
                figure.savefig(path, dpi=_DPI, metadata=metadata)
                figure.set_layout_engine("none")  # what is laid out once need not be again
                written.append(path)
    return tuple(written)


def write_figure(axes: Axes, path: Path) -> Path:
    """Write the figure that a picture is in as PNG, and close it."""
    import matplotlib.pyplot as plt

    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("these Axes are in no figure")
    figure.savefig(path, dpi=_DPI, metadata=_METADATA["png"])
    plt.close(figure)
    return path


def figures(result: Result, lang: Language = "en") -> Iterator[tuple[str, Figure]]:
    """Yield each figure with its file's name: outcomes, their paired differences, then series.

    Drawn is the scenario's headline; the first two outcomes and all series if it has none.
    """
    chosen = tuple(result.about["headline"]) or (*result.outcome_names[:2], *result.series_names)
    for name in (n for n in chosen if n in result.outcome_names):
        figure, ax = _new()
        plot.outcome(result, name, lang=lang, ax=ax)
        yield _file("outcome", name), figure
        for a, b in result.about["contrasts"]:
            figure, ax = _new()
            plot.difference(result, name, a, b, lang=lang, ax=ax)
            yield _file("difference", name, a, b), figure
    for name in (n for n in chosen if n in result.series_names):
        if result.series_label(name).measure == "state":
            yield _file("shares", name), _columns(result, name, lang)
            continue
        figure, ax = _new()
        plot.fan(result, name, lang=lang, ax=ax)
        yield _file("fan", name), figure


def _new() -> tuple[Figure, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _columns(result: Result, name: str, lang: Language) -> Figure:
    """Draw a regime's shares, a column a policy in the order of reading, with one legend for all.

    A regime that no policy moves has one column.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    first = result.series[name].isel(policy=0)
    alike = len(result.policies) > 1 and bool((result.series[name] == first).all())
    policies = result.policies[:1] if alike else result.policies
    n = len(policies)
    figure = Figure(figsize=(max(_SIZE[0], _COLUMN[lang] * n), _SIZE[1]), layout="constrained")
    FigureCanvasAgg(figure)
    row = list(figure.subplots(1, n, sharey=True, squeeze=False)[0])
    columns = row[::-1] if lang == "ar" else row
    for ax, policy in zip(columns, policies, strict=True):
        plot.shares(result, name, policy, lang=lang, ax=ax)
        title(ax, word("every policy", lang) if alike else result.policy_name(policy, lang), lang)
        ax.get_legend().remove()
        if ax is not row[0]:
            ax.set_ylabel("")
        if ax is not columns[0]:
            for text in list(ax.texts):
                text.remove()
    handles, labels = row[0].get_legend_handles_labels()
    figure.suptitle(result.series_label(name).name.get(lang), fontsize=12)
    figure.legend(handles, labels, loc="outside right center", reverse=True, frameon=False, fontsize=9)
    return figure


def _file(kind: str, *names: str) -> str:
    """Return a name that is safe on every disk: `fan-attacks-all` for `attacks.*`."""
    return "-".join([kind, *(name.replace(".*", "-all").replace(".", "-") for name in names)])
