"""Pictures of what a calibration has learned."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from hudna.case.grammar import Text
from hudna.case.posterior import QUICK
from hudna.judge.checks import Replicated, replicate
from hudna.judge.record import families
from hudna.learn.calibration import Calibration
from hudna.text.words import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.report.figures import Picture

__all__ = ["checks_of", "pictures"]

_SHOWN = 20  # parameters in one picture
_WEEKS = 4  # of a period


def pictures(calibration: Calibration, lang: Language = "en") -> Iterator[Picture]:
    """Yield what was learned of the parameters, and a predictive check of each family of events that was counted."""
    yield ("learned",), partial(_learned, calibration, lang)
    for name, found in checks_of(calibration).items():
        yield ("predictive", name), partial(_predictive, calibration, found, lang)


def checks_of(calibration: Calibration) -> dict[str, Replicated]:
    """Return a posterior predictive check of each family of events nodes that the rows count, by its first name."""
    counted = families(row for row in calibration.rows if row.use == "likelihood")
    rows = calibration.case.observations.rows
    return {
        name.removesuffix(".*"): replicate(
            calibration.program, calibration.theta, calibration.case, rows,
            tuple(sorted({signal for row in said for signal in row.signals})), weeks=_WEEKS, seed=calibration.seed,
        )
        for name, said in counted.items()
    }  # fmt: skip


def _learned(calibration: Calibration, lang: Language) -> Axes:
    from hudna import plot

    found = sorted(calibration.learned.items(), key=lambda item: item[1].overlap)
    names = [name for name, learned in found if learned.calibrated][:_SHOWN] or [name for name, _ in found][:_SHOWN]
    parameters = calibration.case.parameters
    places = [calibration.program.parameters.index(name) for name in names]
    labels = {name: parameters[name].name or Text(en=name) for name in names}
    units = {name: calibration.case.unit(parameters[name].unit) for name in names}
    axes = plot.learned(
        calibration.prior[:, places], calibration.theta[:, places], names, labels=labels, units=units, lang=lang
    )
    return _noted(axes, calibration, lang)


def _predictive(calibration: Calibration, found: Replicated, lang: Language) -> Axes:
    from hudna import plot

    first = found.signals[0]
    name = calibration.case.label(f"{first.rsplit('.', 1)[0]}.*" if len(found.signals) > 1 else first)
    axes = plot.predictive(
        found.starts, found.counted, found.quantiles, name=name, unit=calibration.case.signals[first].unit,
        weeks=found.weeks, draws=calibration.theta.shape[0], paths=found.paths, lang=lang,
    )  # fmt: skip
    return _noted(axes, calibration, lang)


def _noted(axes: Axes, calibration: Calibration, lang: Language) -> Axes:
    """Say above a picture that it is of a quick calibration, if it is."""
    figure = axes.get_figure(root=True) if calibration.sizes.quick else None
    if figure is not None:
        figure.suptitle(QUICK.get(lang), fontsize=8)
    return axes
