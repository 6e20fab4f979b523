"""The two tables of a run: outcomes by policy, and the paired difference of two policies."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rich.cells import cell_len

from hudna.cli.printing import printed_width
from hudna.text.numbers import MISSING, decimals, interval, number, percent, share
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.result import Result

__all__ = ["Line", "differences", "estimates", "lay_out", "outcomes"]

Line: TypeAlias = tuple[str, bool]

_LABEL = 20  # cells at least for the labels of rows

_WORDS = {
    "outcomes": ("Outcomes", "النتائج"),
    "error": ("MC error", "خطأ المحاكاة"),
    "same": ("on every path", "في كل المسارات"),
    "futures": ("90 % of futures", "90٪ من المسارات"),
    "draws": ("90 % over draws", "90٪ من العينات"),
    "never": ("never", "لم يحدث"),
    "exposure": ("exposure", "التعرض وحده"),
    "exposure note": (
        "exposure: share of it that is exposure alone (the same threat); may pass 100 %",
        "التعرض وحده: نسبة ما ينتج من الفرق عن التعرض وحده (مع بقاء التهديد نفسه)؛ قد تتجاوز 100٪",
    ),
}  # fmt: skip
_word = Words(_WORDS)


def outcomes(result: Result, table: pd.DataFrame, shown: Sequence[str], lang: Language = "en") -> Iterator[Line]:
    """Lay out `result.table(lang)`, the policies below one another under each outcome.

    Parameters
    ----------
    result : Result
    table : pandas.DataFrame
    shown : sequence of str
        The outcomes to lay out.
    lang : {"en", "ar"}

    Yields
    ------
    tuple of str and bool
        A line, and whether it is a heading.
    """
    timed = any(result.outcome(name).reduce == "first" for name in shown)
    headers = ["estimate", "error", "futures", "draws", *(["never"] if timed else [])]
    rows: list[tuple[str, list[str]]] = []
    for name in shown:
        label = result.outcome(name)
        rows.append((f"{label.name.get(lang)} ({label.unit.get(lang)})", []))
        for policy in result.policies:
            row: Any = table.loc[(policy, name), :]
            never = [share(float(row["never"]), lang) if label.reduce == "first" else ""] if timed else []
            rows.append(
                (result.policy_name(policy, lang), [*estimates(row, lang, likely=label.reduce == "any"), *never])
            )
    return lay_out(_word("outcomes", lang), [_word(header, lang) for header in headers], rows)


def differences(
    result: Result, a: str, b: str, contrast: pd.DataFrame, shown: Sequence[str], lang: Language = "en"
) -> Iterator[Line]:
    """Lay out `result.contrast(a, b, lang)`, each outcome's numbers under its name.

    Parameters
    ----------
    result : Result
    a, b : str
        Names of policies.
    contrast : pandas.DataFrame
    shown : sequence of str
        The outcomes to lay out.
    lang : {"en", "ar"}

    Yields
    ------
    tuple of str and bool
        A line, and whether it is a heading.
    """
    exposed = bool(contrast.loc[list(shown), "exposure_share"].notna().any())
    headers = [
        "difference",
        "error",
        "futures",
        "draws",
        "lower",
        "higher",
        *(["exposure"] if exposed else []),
    ]
    heading = f"{result.policy_name(a, lang)} {_word('less', lang)} {result.policy_name(b, lang)}"
    rows: list[tuple[str, list[str]]] = []
    for name in shown:
        label = result.outcome(name)
        row: Any = contrast.loc[name, :]
        cells = [*estimates(row, lang, likely=label.reduce == "any"), share(row["p_lower"], lang),
                 share(row["p_higher"], lang)]  # fmt: skip
        if exposed:
            cells.append(_exposure(float(row["exposure_share"]), float(row["exposure_share_mcse"]), lang))
        rows += [(f"{label.name.get(lang)} ({label.unit.get(lang)})", []), ("", cells)]
    yield from lay_out(heading, [_word(header, lang) for header in headers], rows)
    if exposed:
        yield f"  {_word('exposure note', lang)}", False


def lay_out(heading: str, headers: list[str], rows: list[tuple[str, list[str]]]) -> Iterator[Line]:
    """Yield a heading, the columns' headers, and rows; a row without cells is a heading of those below it.

    Where the terminal is too narrow, headers and labels take several lines; then columns go below one another.
    """
    cells = [cells for _, cells in rows if cells]
    narrow = [
        max(map(cell_len, (*header.split(), *(row[i] for row in cells))), default=0) for i, header in enumerate(headers)
    ]
    wide = [max(cell_len(header), n) for header, n in zip(headers, narrow, strict=True)]
    first = max((cell_len(label) for label, cells in rows if cells), default=0)
    room = printed_width() - 2 - 2 * len(headers)
    widths = wide if first + sum(wide) <= room else narrow
    first = min(first, max(room - sum(widths), _LABEL))
    yield heading, True
    for part in _parts(widths, printed_width() - 2 - first):
        yield from _columns(first, widths[part], headers[part], [(label, cells[part]) for label, cells in rows])


def _parts(widths: list[int], room: int) -> Iterator[slice]:
    """Yield the columns that stand side by side, at least one each time."""
    begin = used = 0
    for i, width in enumerate(widths):
        used += 2 + width
        if used > room and i > begin:
            yield slice(begin, i)
            begin, used = i, 2 + width
    yield slice(begin, len(widths))


def _columns(first: int, widths: list[int], headers: list[str], rows: list[tuple[str, list[str]]]) -> Iterator[Line]:
    def line(label: str, cells: Sequence[str]) -> str:
        right = (" " * (2 + width - cell_len(cell)) + cell for cell, width in zip(cells, widths, strict=True))
        return ("  " + label + " " * (first - cell_len(label)) + "".join(right)).rstrip()

    folded = [textwrap.wrap(header, max(width, 1)) for header, width in zip(headers, widths, strict=True)]
    for left in range(max(map(len, folded), default=0), 0, -1):  # the last lines of all stand side by side
        yield line("", [lines[-left] if left <= len(lines) else "" for lines in folded]), False
    for label, cells in rows:
        if cells:
            *above, last = textwrap.wrap(label, first, subsequent_indent="  ") if cell_len(label) > first else [label]
            yield from ((f"  {part}", False) for part in above)
            yield line(last, cells), False
        else:
            yield label, True


def estimates(row: Any, lang: Language, *, likely: bool) -> list[str]:
    """Return estimate, Monte Carlo error, and the intervals over futures and over draws.

    One future of a probability is 0 or 1, so there it has no interval. An error of 0 from draws that are all
    alike is no certainty: the bounds are shown in its place, where there are some; else that every path has the number.
    """
    mean, error = float(row["mean"]), float(row["mcse"])
    low, high = float(row["low"]), float(row["high"])
    places = decimals(mean, error)
    bounded = error == 0 and math.isfinite(low) and low < high
    same = _word("same", lang) if row["same"] else number(error, places)
    shown = interval(low, high) if bounded else same
    futures = MISSING if likely else interval(float(row["q05"]), float(row["q95"]))
    return [number(mean, places), shown, futures, interval(float(row["mean_q05"]), float(row["mean_q95"]))]


def _exposure(part: float, error: float, lang: Language) -> str:
    """Return what share of a difference is exposure alone, unless its own error drowns it."""
    if not math.isfinite(part) or not error < 0.5:
        return MISSING
    return percent(f"{100 * part:.0f}±{100 * error:.0f}" if error >= 0.005 else f"{100 * part:.0f}", lang)
