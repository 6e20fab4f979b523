"""Pictures as files: drawn alike everywhere, each whole, and one that fails does not take the others with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from hudna import plot
from hudna.analysis.over_time import moved
from hudna.errors import Problem
from hudna.files.names import file_names
from hudna.plot.distributions import outcome_height
from hudna.plot.drivers import drivers_height
from hudna.plot.panels import panels_width
from hudna.text.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hudna.result import Result

__all__ = ["Picture", "figures", "write_pictures"]

Picture: TypeAlias = "tuple[tuple[str, ...], Callable[[], Axes | Figure]]"  # its kind and names; draws it

_DPI = 150
_SIZE = (7.2, 4.2)  # inches
# The same picture gives the same file: no date, no random names inside the SVG.
_STYLE: Any = {"svg.hashsalt": "hudna"}
_METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def write_pictures(
    pictures: Sequence[Picture],
    write: Callable[[str, bytes], object],
    *,
    kinds: Sequence[str] = ("png",),
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, list[str]], list[Problem]]:
    """Draw pictures, alike on every machine, and hand each file's name and bytes to `write`.

    Parameters
    ----------
    pictures : sequence of Picture
    write : function of a name and bytes
    kinds : sequence of {"png", "svg"}
    progress : function of (done, total), optional

    Returns
    -------
    dict
        What is in each picture, its kind and names, by the name of its file without the ending.
    list of Problem
        Those that could not be drawn; the others are.
    """
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    drawn: dict[str, list[str]] = {}
    problems = []
    draw = dict(pictures)
    with mpl.rc_context():
        mpl.rcdefaults()  # a user's matplotlibrc is for the user's own pictures
        mpl.rcParams.update(_STYLE)
        for i, (name, what) in enumerate(file_names(draw).items()):
            before = plt.get_fignums()
            try:
                files = _files(draw[what](), kinds)
            except Exception as error:  # noqa: BLE001 (one picture is not worth the others)
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                problems.append(Problem(name, "", f"this picture could not be drawn: {reason}"))
            else:
                for kind, data in files.items():
                    write(f"{name}.{kind}", data)
                drawn[name] = list(what)
            finally:
                for number in set(plt.get_fignums()) - set(before):
                    plt.close(number)
            if progress is not None:
                progress(i + 1, len(draw))
    return drawn, problems


def _files(picture: Axes | Figure, kinds: Sequence[str]) -> dict[str, bytes]:
    """Return a picture's figure as files of these kinds; laid out here, once, or `savefig` draws each of them twice."""
    figure: Any = picture.get_figure(root=True)
    figure.set_dpi(_DPI)
    if (layout := figure.get_layout_engine()) is not None:
        layout.execute(figure)
    figure.set_layout_engine("none")
    files = {}
    for kind in kinds:
        file = io.BytesIO()
        figure.savefig(file, format=kind, dpi=_DPI, metadata=_METADATA[kind])
        files[kind] = file.getvalue()
    return files


def figures(result: Result, lang: Language = "en") -> Iterator[Picture]:
    """Yield each figure of a run: outcomes, their paired differences, series, and what moves.

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
            yield ("survival", name), partial(_drawn, panels, plot.survival, result, name, lang=lang)
            continue
        size = (_SIZE[0], outcome_height(result, name))
        yield ("outcome", name), partial(_drawn, size, plot.outcome, result, name, lang=lang)
        if name == boxed:
            yield ("pbox", name), partial(_drawn, panels, plot.pbox, result, name, lang=lang)
        for a, b in result.about["contrasts"]:
            yield ("difference", name, a, b), partial(_drawn, _SIZE, plot.difference, result, name, a, b, lang=lang)
    for name in (n for n in chosen if n in result.series_names):
        measure = result.series_label(name).measure
        picture = plot.shares if measure == "state" else plot.fan
        one = measure == "lever" or not moved(result.series[name])
        yield (picture.__name__, name), partial(_drawn, _SIZE if one else panels, picture, result, name, lang=lang)
    moving = [str(name) for name, lever in result.levers.data_vars.items() if np.ptp(lever.to_numpy()) > 0]
    if moving:
        yield (
            ("levers",),
            partial(_drawn, (_SIZE[0], drivers_height(len(moving))), plot.drivers, result, moving, lang=lang),
        )


def _drawn(size: tuple[float, float], picture: Callable[..., Axes], *given: Any, **more: Any) -> Figure:
    """Return the figure of a picture, so large in inches, made without pyplot, which would keep it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    picture(*given, ax=figure.subplots(), **more)
    return figure
