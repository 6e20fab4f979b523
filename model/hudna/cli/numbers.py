"""Numbers as people read them: as many digits as the Monte Carlo error leaves meaning to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hudna.case.grammar import Language

__all__ = ["decimals", "few", "interval", "number", "percent", "share"]

MISSING = "–"
_MOST = 6  # decimals, beyond which powers of ten are easier to read
_FEW = {
    "en": "{}: too few for 90 % intervals over draws, which take {} different draws of 2 paths",
    "ar": "{}: أقل مما يلزم لمجالات 90٪ من العينات، وهو {} عينة مختلفة في كل منها مساران",
}


def decimals(estimate: float, error: float) -> int:
    """Return how many decimals show two digits of the error, or three of the estimate if there is no error.

    Examples
    --------
    >>> decimals(65.05, 1.83), decimals(0.4135, 0.0073), decimals(1234.5, 150.0), decimals(0.25, 0.0)
    (1, 4, 0, 3)
    """
    size, digits = (error, 2) if math.isfinite(error) and error > 0 else (estimate, 3)
    if not math.isfinite(size) or size == 0:
        return 0
    return min(max(digits - 1 - math.floor(math.log10(abs(size))), 0), _MOST)


def number(x: float, places: int) -> str:
    """Return `x` with so many decimals, and thousands parted.

    Examples
    --------
    >>> number(1234.56, 1), number(-0.001, 2), number(float("nan"), 1), number(3e-9, 6)
    ('1,234.6', '0.00', '–', '3e-09')
    """
    if not math.isfinite(x):
        return MISSING
    if x != 0 and (abs(x) >= 1e9 or (places == _MOST and abs(x) < 10.0**-_MOST)):
        return f"{x:.1g}" if abs(x) < 1 else f"{x:.3g}"
    text = f"{x:,.{places}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def interval(low: float, high: float) -> str:
    """Return `[low, high]`, with so many decimals that two digits of its width show; whole numbers without.

    Examples
    --------
    >>> interval(9.0, 148.0), interval(-0.5, 2.0), interval(0.0, 0.0), interval(0.24079, 0.60551)
    ('[9, 148]', '[-0.5, 2.0]', '[0, 0]', '[0.24, 0.61]')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return MISSING
    whole = float(low).is_integer() and float(high).is_integer()
    # Never more than five digits of the larger end: a width of nothing but rounding asks for no more.
    places = 0 if whole else min(decimals(high, high - low), decimals(max(abs(low), abs(high)), 0.0) + 2)
    return f"[{number(low, places)}, {number(high, places)}]"


def share(x: float, lang: Language = "en") -> str:
    """Return a share as a percentage that is 0 or 100 only if it is exactly that.

    Examples
    --------
    >>> share(0.9913), share(0.00002), share(1.0), share(0.99999), share(float("nan"))
    ('99.1 %', '<0.1 %', '100 %', '>99.9 %', '–')
    >>> share(0.9913, "ar")
    '99.1٪'
    """
    if not math.isfinite(x):
        return MISSING
    if 0 < x < 0.001:
        return percent("<0.1", lang)
    if 0.999 < x < 1:
        return percent(">99.9", lang)
    return percent(f"{100 * x:.0f}" if x in (0, 1) else f"{100 * x:.1f}", lang)


def few(draws: int, paths: int, lang: Language = "en") -> str | None:
    """Return the note under the tables of a run that is too small for 90 % intervals over draws; None if it is not.

    Parameters
    ----------
    draws : int
        Draws that differ.
    paths : int
        Per draw.
    lang : {"en", "ar"}

    Examples
    --------
    >>> few(2, 1)
    '2 draws x 1 path: too few for 90 % intervals over draws, which take 19 different draws of 2 paths'
    >>> few(19, 2) is None
    True
    """
    from hudna.plot.style import number as counted
    from hudna.result.estimate import FEWEST

    if draws >= FEWEST and paths > 1:
        return None
    size = (" x " if lang == "en" else "، ").join((counted(draws, "draw", lang), counted(paths, "path", lang)))
    return _FEW[lang].format(size, FEWEST)


def percent(text: str, lang: Language) -> str:
    """Return a number with the percent sign of the language."""
    return f"{text}٪" if lang == "ar" else f"{text} %"
