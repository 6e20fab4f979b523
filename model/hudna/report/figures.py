"""The figures of a run: what the scenario calls its headline, each as PNG and SVG, without any global state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna import plot
from hudna.case.grammar import Language
from hudna.plot.distributions import outcome_height
from hudna.plot.drivers import drivers_height
from hudna.plot.timelines import moved, panels_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hudna.result import Result

__all__ = ["draw_figures", "figures", "write_figure"]

_DPI = 150
_SIZE = (7.2, 4.2)  # inches
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
    """Yield each figure with its file's name: outcomes, their paired differences, series, and what moves.

    Drawn is the scenario's headline; the first two outcomes and all series if it has none. Where paths were kept, the
    first of its outcomes that is a number has a p-box too, and times to something have survival curves.
    """
    chosen = tuple(result.about["headline"]) or (*result.outcome_names[:2], *result.series_names)
    numbers = (n for n in chosen if n in result.outcome_names and result.outcome(n).reduce not in ("any", "first"))
    boxed = None if result.summarised else next(numbers, None)
    panels = (panels_width(len(result.policies)), _SIZE[1])
    for name in (n for n in chosen if n in result.outcome_names):
        reduce = result.outcome(name).reduce
        if reduce == "first" and not result.summarised:
            yield _file("survival", name), _drawn(panels, plot.survival, result, name, lang=lang)
            continue
        size = (_SIZE[0], outcome_height(result, name))
        yield _file("outcome", name), _drawn(size, plot.outcome, result, name, lang=lang)
        if name == boxed:
            yield _file("pbox", name), _drawn(panels, plot.pbox, result, name, lang=lang)
        for a, b in result.about["contrasts"]:
            yield _file("difference", name, a, b), _drawn(_SIZE, plot.difference, result, name, a, b, lang=lang)
    for name in (n for n in chosen if n in result.series_names):
        measure = result.series_label(name).measure
        picture = plot.shares if measure == "state" else plot.fan
        one = measure == "lever" or not moved(result.series[name])
        yield _file(picture.__name__, name), _drawn(_SIZE if one else panels, picture, result, name, lang=lang)
    moving = [str(name) for name, lever in result.levers.data_vars.items() if np.ptp(lever.to_numpy()) > 0]
    if moving:
        yield "levers", _drawn((_SIZE[0], drivers_height(len(moving))), plot.drivers, result, moving, lang=lang)


def _drawn(size: tuple[float, float], picture: Callable[..., Axes], *given: Any, **more: Any) -> Figure:
    """Return the figure of a picture, so large in inches, made without pyplot, which would keep it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    picture(*given, ax=figure.subplots(), **more)
    return figure


def _file(kind: str, *names: str) -> str:
    """Return a name that is safe on every disk: `fan-attacks-all` for `attacks.*`."""
    return "-".join([kind, *(name.replace(".*", "-all").replace(".", "-") for name in names)])
