"""Numbers and dates as people read them: no more digits than the Monte Carlo error leaves meaning to."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

from hudna.text.words import Language, entry, right_to_left

__all__ = [
    "LEFT_TO_RIGHT", "MISSING", "RIGHT_TO_LEFT", "date", "decimals", "interval", "iso_date", "listed", "months",
    "number", "number_of", "percent", "share", "signed", "spelt", "weeks",
]  # fmt: skip

MISSING = "–"
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"  # marks without width
_MOST = 6  # decimals, beyond which powers of ten are easier to read
_DECIMALS, _LARGE = 5, 1e6  # of a number in a picture; smaller and larger ones are written with an exponent


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


def percent(text: str, lang: Language) -> str:
    """Return a number with the percent sign of the language."""
    return _said("percent", lang).format(text)


def number_of(n: int, noun: str, lang: Language) -> str:
    """Return a number of something: `1 week`, `4 weeks`.

    Examples
    --------
    >>> number_of(1, "week", "en"), number_of(1200, "path", "en")
    ('1 week', '1,200 paths')
    """
    forms, rest = entry(noun, lang, "nouns"), n % 100
    if len(forms) == 2:  # one, more
        return f"{n:,} {forms[n != 1]}"
    # one and two, without a numeral; 3 to 10, 11 to 99, hundreds
    return str(forms[n - 1]) if n in (1, 2) else f"{n:,} {forms[2 if 3 <= rest <= 10 else 3 if rest > 10 else 4]}"


def listed(numbers: Sequence[int], noun: str, lang: Language) -> str:
    """Return several numbers of something: `4, 13 and 26 weeks`."""
    *first, last = numbers
    if not first:
        return number_of(last, noun, lang)
    before = _said("and", lang).join(f"{n:,}" for n in first)
    return f"{before}{_said('last', lang)}{number_of(last, noun, lang)}"


def weeks(window: Sequence[float], lang: Language) -> str:
    """Return a stretch of weeks from the start as readers see it.

    Examples
    --------
    >>> weeks((0.0, 26.0), "en")
    'weeks 0 to 26'
    """
    return _said("weeks of", lang).format(*window)


def date(day: dt.date | str, lang: Language) -> str:
    """Return a date as a reader writes it; it may be given in ISO form.

    Examples
    --------
    >>> date(dt.date(2024, 8, 22), "en")
    '22 August 2024'
    """
    day = dt.date.fromisoformat(day) if isinstance(day, str) else day
    return _said("date", lang).format(day=day.day, month=months(lang)[day.month - 1], year=day.year)


def months(lang: Language, *, short: bool = False) -> tuple[str, ...]:
    """Return the names of the months."""
    return tuple(entry("months_short" if short else "months", lang, "numbers"))


def iso_date(day: str | None, lang: Language = "en") -> str:
    """Return a date as it is; with the month in words where the language would have its numbers change places."""
    return date(day, lang) if day and right_to_left(lang) else str(day)


def spelt(x: float, lang: Language = "en", digits: int = 3) -> str:
    """Return a number to so many digits, with a true minus sign.

    Examples
    --------
    >>> spelt(-0.01234), spelt(1234.5), spelt(98.7654)
    ('−0.0123', '1,234', '98.8')
    """
    if not x or not math.isfinite(x):
        return "0" if x == 0 else "–"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    if decimals > _DECIMALS or abs(x) >= _LARGE:
        text = f"{x:.{digits - 2}e}"
    else:
        text = f"{round(x, decimals) + 0.0:,.{decimals}f}"
    return signed(text, lang)


def signed(text: str, lang: Language) -> str:
    """Return a number with true minus signs, kept to its left by a mark without width where reading begins right."""
    return text.replace("-", f"{LEFT_TO_RIGHT}−" if right_to_left(lang) else "−")


def _said(key: str, lang: Language) -> str:
    return str(entry(key, lang, "numbers"))
