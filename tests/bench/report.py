"""Tables and texts in Markdown, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from timing import Times, rounded

__all__ = ["Section", "verdict"]


@dataclass
class Section:
    """A heading with paragraphs and tables."""

    title: str
    blocks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # checks that did not hold; the whole run then fails

    def text(self, *lines: str) -> None:
        """Add a paragraph or a list."""
        self.blocks.append("\n".join(lines))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add a table; every column but the first is set to the right."""
        body = [list(header), *map(list, rows)]
        widths = [max(len(row[i]) for row in body) for i in range(len(header))]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines = [
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
            for row in (body[0], rule, *body[1:])
        ]
        self.text(*("| " + " | ".join(line) + " |" for line in lines))

    def __str__(self) -> str:
        return "\n\n".join([f"## {self.title}", *self.blocks])


def verdict(measured: Times | None, *, at_most: float | None = None, at_least: float | None = None) -> tuple[str, str]:
    """Return what was measured and whether the target is met."""
    if measured is None:
        return "not measured", "-"
    x = measured.median
    if at_most is not None:
        return measured.show(), "met" if x <= at_most else f"missed: {rounded(x / at_most)} times the target"
    if at_least is not None:
        return measured.show(), "met" if x >= at_least else f"missed: {rounded(x / at_least)} of the target"
    return measured.show(), "-"
