"""Looks that every picture shares: colours that most eyes tell apart and that differ in grey, and texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias

from hudna.case.grammar import Text
from hudna.text import numbers
from hudna.text.numbers import RIGHT_TO_LEFT
from hudna.text.words import Language, Words, right_to_left

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = [
    "COLOURS", "COUNT_BANDS", "HATCHED", "LINES", "MARKERS", "STATE_HATCHES", "Said", "colour_of", "headed", "percent",
    "pinned", "said", "shades", "word",
]  # fmt: skip

P = ParamSpec("P")
Said: TypeAlias = Text | Mapping[str, str] | str  # what a reader sees: `{"en": ..., "ar": ...}`

# Blue, vermilion, bluish green, ...: after Okabe & Ito (2008), ordered so that neighbours differ in grey.
COLOURS = ("#0072B2", "#E69F00", "#117A5B", "#CC79A7", "#000000", "#56B4E9", "#D55E00")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (3, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Colour, colour of the hatch and the hatch: areas that differ in grey and in a copy of a copy.
HATCHED = (
    ("#0072B2", "white", None),
    ("#E69F00", "#7a5200", "////"),
    ("#117A5B", "white", "...."),
    ("#CC79A7", "#5c1f41", "\\\\\\\\"),
    ("#56B4E9", "#0b4a6b", "xxxx"),
)
STATE_HATCHES = (None, "....", "////", "\\\\\\\\", "xxxx", "----", "||||")
COUNT_BANDS = (((0, 4), "#CFE3F1", 0.9), ((1, 3), "#5BA3CF", 0.5))  # quantiles from and to, shade, probability
SHADES = ("#EEF3F7", "#A9CBE2", "#E9A03B", "#8C2D1E")  # light to dark: calm to grave
_words = Words("plot")


def word(key: str, lang: Language) -> str:
    """Return a word of the pictures' own."""
    return _signed(_words(key, lang))


def _signed(text: str) -> str:
    """Keep an Arabic percent sign to the left of its number, wherever in a line it stands, by a mark without width."""
    return text.replace("٪", f"{RIGHT_TO_LEFT}٪")


def said(text: Said, lang: Language) -> str:
    """Return what a reader of the language sees, in English where there is no other."""
    if isinstance(text, str):
        return text
    return (text if isinstance(text, Text) else Text.model_validate(dict(text))).get(lang)


def percent(share: float, lang: Language, decimals: int = 0) -> str:
    """Return a share as a percentage."""
    return _signed(numbers.percent(f"{100 * share:.{decimals}f}", lang))


def headed(name: Said | None, text: str, lang: Language) -> str:
    """Return a title of a name and a text.

    In Arabic the name ends it, for it may be in English only.
    """
    if name is None:
        return text[:1].upper() + text[1:]
    parts = (text, said(name, lang)) if right_to_left(lang) else (said(name, lang), text)
    return ": ".join(parts)


def colour_of(result: Result, policy: str) -> tuple[str, Any]:
    """Return the colour and the line style of a policy, the same in every picture of a result."""
    place = result.policies.index(policy)
    return COLOURS[place % len(COLOURS)], LINES[place % len(LINES)]


def shades(n: int) -> list[str]:
    """Return n shades from light to dark, for states in the order of their value."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    ramp = LinearSegmentedColormap.from_list("grave", SHADES)
    return [to_hex(ramp(i / max(n - 1, 1))) for i in range(n)]


def pinned(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Return a drawing function whose pictures are the same whatever a user's matplotlibrc says."""

    @wraps(draw)
    def drawn(*given: P.args, **options: P.kwargs) -> Axes:
        import matplotlib.style

        with matplotlib.style.context(["default", {"font.family": "DejaVu Sans"}]):
            ax = draw(*given, **options)
            for one in (ax, *ax.child_axes):  # ticks come into being, and are counted out, later on
                for axis in (one.xaxis, one.yaxis) if one.axison else ():
                    axis.set_tick_params(labelsize=axis.get_major_ticks(1)[0].label1.get_fontsize())
        return ax

    return drawn
