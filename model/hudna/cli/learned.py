"""What was learned of each parameter, as lines: prior and posterior side by side."""

from __future__ import annotations

from collections.abc import Iterator

from hudna.cli.tables import Line
from hudna.inference.calibration import Calibration

__all__ = ["learned_parameters"]


def learned_parameters(calibration: Calibration) -> Iterator[Line]:
    """Lay out the parameters that the rows said something about, most first, and count the others.

    Yields
    ------
    tuple of str and bool
        A line, and whether it is a heading.
    """
    found = sorted(calibration.learned.items(), key=lambda item: item[1].overlap)
    known = [(name, learned) for name, learned in found if learned.calibrated]
    width = max((len(name) for name, _ in known), default=9)
    yield f"{'parameter':{width}}  {'prior, 5 50 95 %':>26}  {'posterior, 5 50 95 %':>26}  overlap  R-hat", True
    for name, learned in known:
        prior, posterior = (" ".join(f"{x:8.3g}" for x in three) for three in (learned.prior, learned.posterior))
        yield f"{name:{width}}  {prior}  {posterior}  {learned.overlap:7.2f}  {learned.rhat:5.2f}", False
    rest = len(found) - len(known)
    yield f"and {rest} of which the rows say little: posterior and prior overlap by 0.9 or more", False
