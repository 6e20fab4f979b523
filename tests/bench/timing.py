"""Wall times of things that take turns, so that their ratios are paired: noise of the machine hits all alike."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

__all__ = ["Times", "in_threads", "note", "rounded", "take_turns"]


@dataclass(frozen=True)
class Times:
    """One number a repeat: seconds, or what was made of them."""

    each: tuple[float, ...]

    @property
    def median(self) -> float:
        """The number to quote."""
        return statistics.median(self.each)

    def __mul__(self, factor: float) -> Times:
        return Times(tuple(x * factor for x in self.each))

    def __truediv__(self, other: Times | float) -> Times:
        """Divide by a number, or repeat by repeat."""
        if isinstance(other, Times):
            return Times(tuple(x / y for x, y in zip(self.each, other.each, strict=True)))
        return self * (1 / other)

    def show(self, digits: int = 3) -> str:
        """Return the median and, in brackets, the smallest and the largest."""
        low, high = min(self.each), max(self.each)
        return f"{rounded(self.median, digits)} ({rounded(low, digits)} to {rounded(high, digits)})"


def rounded(x: float, digits: int = 3) -> str:
    """Return a number with so many significant digits, without an exponent."""
    if x == 0 or not math.isfinite(x):
        return f"{x:g}"
    decimals = digits - 1 - math.floor(math.log10(abs(x)))
    return f"{round(x, decimals):,.{max(0, decimals)}f}"


def take_turns(
    runs: Mapping[str, Callable[[], object]],
    repeats: int,
    *,
    what: str,
    cold: Collection[str] = (),
) -> dict[str, Times]:
    """Time each run `repeats` times, all of them in every round; every other round goes backwards.

    All but the `cold` ones are run once before, unmeasured: imports, compiled code and caches are then in place.
    """
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for name, run in runs.items():
        if name not in cold:
            note(f"{what}: warming up {name}")
            run()
    for repeat in range(repeats):
        order = list(runs) if repeat % 2 == 0 else list(reversed(list(runs)))
        for name in order:
            begun = time.perf_counter()
            runs[name]()
            seconds[name].append(time.perf_counter() - begun)
            note(f"{what}: {repeat + 1}/{repeats} {name} {seconds[name][-1]:.3f} s")
    return {name: Times(tuple(each)) for name, each in seconds.items()}


def in_threads(number: int) -> str:
    """Return "1 thread" or "2 threads"."""
    return f"{number} thread{'s' * (number > 1)}"


def note(text: str) -> None:
    """Say how far things are."""
    print(text, file=sys.stderr, flush=True)
