"""How what the package returns shows itself: a few lines on a terminal, a table in a notebook."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Iterator

__all__ = ["Outlined"]

_WIDTH = 100  # characters of a line after its heading
_ROWS = 20  # of a table in a notebook


class Outlined:
    """What has `_outline()`: headings, each with a text or with names; what is empty is left out."""

    def _outline(self) -> Iterator[tuple[str, object]]:
        raise NotImplementedError

    def _lines(self) -> dict[str, str]:
        return {heading: _text(what) for heading, what in self._outline() if what}

    def __repr__(self) -> str:
        lines = self._lines()
        width = max(map(len, lines), default=0)
        shown = (f"    {heading:<{width}}  {text}" for heading, text in lines.items())
        return "\n".join([f"<hudna {type(self).__name__}>", *shown])

    def _repr_html_(self) -> str:
        cells = ((html.escape(heading), html.escape(text)) for heading, text in self._lines().items())
        rows = "".join(f"<tr><th>{heading}</th><td>{text}</td></tr>" for heading, text in cells)
        table = getattr(self, "table", None)
        form = {"max_rows": _ROWS, "show_dimensions": True, "float_format": "{:.3g}".format}
        shown = "" if table is None else table().to_html(**form)
        return f"<b>{type(self).__name__}</b><table>{rows}</table>{shown}"


def _text(what: object) -> str:
    """Return a text cut to a line, or names as far as they fit, and how many more there are."""
    if isinstance(what, str) or not isinstance(what, Iterable):
        return textwrap.shorten(str(what), _WIDTH, placeholder=" ...")
    names = [str(name) for name in what]
    n = len(names)
    while n > 1 and len(", ".join(names[:n])) > _WIDTH - 15:
        n -= 1
    return ", ".join(names[:n]) + (f" and {len(names) - n} more" if n < len(names) else "")
