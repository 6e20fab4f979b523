"""Colours that most eyes tell apart, and that differ in grey; words that axes need, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hudna.case.grammar import Language

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = ["COLOURS", "LINES", "caption", "colour_of", "months", "new_axes", "shades", "title", "word"]

# Blue, vermilion, bluish green, ...: after Okabe & Ito (2008), ordered so that neighbours differ in grey.
COLOURS = ("#0072B2", "#E69F00", "#117A5B", "#CC79A7", "#000000", "#56B4E9", "#D55E00")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (3, 3)))
SHADES = ("#EEF3F7", "#A9CBE2", "#E9A03B", "#8C2D1E")  # light to dark: calm to grave

_WORDS: dict[str, tuple[str, str]] = {
    "share of paths": ("share of paths", "نسبة المسارات"),
    "share of draws": ("share of draws", "نسبة العينات"),
    "median": ("median", "الوسيط"),
    "band": ("90 % of paths", "90٪ من المسارات"),
    "never": ("never", "لم يحدث"),
    "draws": ("draws", "عينات"),
    "paths each": ("paths each", "مسارا لكل منها"),
    "seed": ("seed", "البذرة"),
    "beyond": ("lie beyond the axis", "خارج المحور"),
    "every policy": ("the same under every policy", "نفسه في ظل كل السياسات"),
    "less": ("less", "ناقص"),
    "lower": ("lower", "أقل"),
    "equal": ("equal", "متساو"),
    "higher": ("higher", "أعلى"),
    "over draws": ("bar: 90 % of draws; dot: mean", "الشريط: 90٪ من العينات؛ النقطة: المتوسط"),
    "ridge": ("dot: median; bar: 90 % of paths", "النقطة: الوسيط؛ الشريط: 90٪ من المسارات"),
    "difference": ("difference", "الفرق"),
}


_MONTHS = ("كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران",
           "تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول")  # fmt: skip


def word(key: str, lang: Language) -> str:
    """Return a word of the pictures' own."""
    return _WORDS[key][1 if lang == "ar" else 0]


def colour_of(result: Result, policy: str) -> tuple[str, Any]:
    """Return the colour and the line style of a policy, the same in every picture of a result."""
    place = result.policies.index(policy)
    return COLOURS[place % len(COLOURS)], LINES[place % len(LINES)]


def shades(n: int) -> list[str]:
    """Return n shades from light to dark, for states in the order of their value."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    ramp = LinearSegmentedColormap.from_list("grave", SHADES)
    return [to_hex(ramp(i / max(n - 1, 1))) for i in range(n)]


def new_axes(ax: Axes | None) -> Axes:
    """Return `ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, made = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    return made


def months(ax: Axes, lang: Language) -> None:
    """Label the time axis with months in the reader's language."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, num2date

    locator = AutoDateLocator(minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    if lang == "en":
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        return

    def arabic(x: float, _: float) -> str:
        day = num2date(x)  # type: ignore[no-untyped-call]
        month = _MONTHS[day.month - 1]
        return (
            f"{month}\n{day.year}"
            if day.month == 1 and day.day <= 7
            else f"{day.day} {month}"
            if day.day > 1
            else month
        )

    ax.xaxis.set_major_formatter(arabic)


def title(ax: Axes, text: str, lang: Language) -> None:
    """Set a title where a reader of the language begins to read."""
    ax.set_title(text, loc="right" if lang == "ar" else "left", fontsize=11)


def caption(ax: Axes, result: Result, lang: Language, *parts: str) -> None:
    """Write the run's size, and anything else, in small letters under the axes."""
    size = f"{result.n_draws:,} {word('draws', lang)} × {result.n_paths:,} {word('paths each', lang)}"
    text = " · ".join([*parts, size, f"{word('seed', lang)} {result.about['seed']}"])
    ax.annotate(
        text,
        xy=(1.0 if lang == "ar" else 0.0, 0.0),
        xycoords="axes fraction",
        xytext=(0, -38),
        textcoords="offset points",
        ha="right" if lang == "ar" else "left",
        va="top",
        fontsize=7.5,
        color="#444444",
        annotation_clip=False,
    )
