"""What can go wrong, said once: every error of the package derives from `HudnaError`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["HudnaError", "InputError", "Problem", "Problems", "SimulationError", "nearest"]


class HudnaError(Exception):
    """Base of every error that hudna raises on purpose."""


class SimulationError(HudnaError, ArithmeticError):
    """A run had to stop: a rate or level left the range of numbers, at a node, draw and path that it names."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input.

    `where` is a file or an argument, `key` the dotted key inside it (may be empty), `text` says what is
    allowed and what to do, `given` is the value as it was written.
    """

    where: str
    key: str
    text: str
    given: str = ""

    def __str__(self) -> str:
        """Return `file: key = given: text`, the form users see."""
        key = f"{self.key} = {self.given}" if self.key and self.given else self.key or self.given
        return ": ".join(part for part in (self.where, key, self.text) if part)


class InputError(HudnaError, ValueError):
    """The input is wrong; `problems` holds everything that is wrong with it, not just the first thing."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def of(cls, where: str, text: str, *, key: str = "", given: str = "") -> InputError:
        """Make the error of a single problem."""
        return cls([Problem(where, key, text, given)])

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class Problems:
    """Collects problems while reading goes on, so that a user sees all of them at once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, where: str, key: str, text: str, *, given: str = "") -> None:
        """Note one problem; the same problem noted twice is shown once."""
        self._found.setdefault(Problem(where, key, text, given))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note several problems."""
        for problem in problems:
            self._found.setdefault(problem)

    def about(self, where: str, key: str) -> bool:
        """Whether a problem with just this key is noted."""
        return any(problem.where == where and problem.key == key for problem in self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def raise_if_any(self) -> None:
        """Raise `InputError` with everything found so far, if anything was."""
        if self._found:
            raise InputError(self._found)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name closest to `name`, or nothing if none is close.

    Examples
    --------
    >>> nearest("campain", ["truce", "campaign"])
    "; did you mean 'campaign'?"
    >>> nearest("xyz", ["truce", "campaign"])
    ''
    """
    found = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean '{found[0]}'?" if found else ""
