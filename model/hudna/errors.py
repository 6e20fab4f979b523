"""What can go wrong, said once: every error of the package derives from `HudnaError`."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = [
    "ExecutorError",
    "HudnaError",
    "InputError",
    "Problem",
    "Problems",
    "SimulationError",
    "folded",
    "nearest",
    "no_such",
]

_ESCAPE = re.compile(r"\\x[0-9a-f]{2}|\\u[0-9a-f]{4}")
_LISTED = 12  # names that an error lists


class HudnaError(Exception):
    """Base of every error that hudna raises on purpose."""


class SimulationError(HudnaError, ArithmeticError):
    """A run had to stop: a rate or level left the range of numbers, at a node, draw and path that it names."""


class ExecutorError(HudnaError, RuntimeError):
    """The executor that a run was given does not do the work: it takes none, or lost the same piece twice."""


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
        """Return `file: key = given: text`, the form users see; characters that nobody sees are written as escapes."""
        key = f"{self.key} = {self.given}" if self.key and self.given else self.key or self.given
        line = ": ".join(part for part in (self.where, key, self.text) if part)
        line = "".join(c.encode("unicode_escape").decode() if _hidden(c) else c for c in line)
        escapes = {escape: unicodedata.name(chr(int(escape[2:], 16)), "") for escape in _ESCAPE.findall(line)}
        named = ", ".join(f"{escape} {name}" for escape, name in escapes.items() if name)
        return f"{line} (cannot be seen: {named})" if named else line


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

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Note the problems of an `InputError` raised within, and go on after it."""
        try:
            yield
        except InputError as error:
            self.extend(error.problems)

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


def _hidden(c: str) -> bool:
    """Whether a character cannot be seen: marks of direction, joiners, odd spaces, controls, halves of characters."""
    return c != " " and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")


def folded(name: str) -> str:
    """Return a name as it is read: in one case, without what cannot be seen, with one form for each letter."""
    return "".join(c for c in unicodedata.normalize("NFKC", name) if not _hidden(c)).strip().casefold()


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return `; did you mean 'x'?` for the known name closest to `name`, or nothing if none is close.

    Examples
    --------
    >>> nearest("campain", ["truce", "campaign"])
    "; did you mean 'campaign'?"
    >>> nearest("xyz", ["truce", "campaign"])
    ''
    """
    names = {folded(other): other for other in reversed(list(known))}
    found = difflib.get_close_matches(folded(str(name)), names, n=1, cutoff=cutoff)
    return f"; did you mean '{names[found[0]]}'?" if found else ""


def no_such(what: str, name: str, known: Iterable[str], *, text: str = "") -> str:
    """Say that there is no such thing, which name is nearest, and what there is.

    Parameters
    ----------
    what : what it would be, in the singular, such as `"policy"`
    name : as it was given
    known : the names that there are; many of them are listed only where none is near
    text : what is said first, instead of `there is no such ...`

    Examples
    --------
    >>> no_such("policy", "sty", ["stay", "leave"])
    "there is no such policy; did you mean 'stay'?; policies: stay, leave"
    >>> no_such("actor", "X", [])
    'there is no such actor; actors: none'
    """
    names = list(dict.fromkeys(known))
    hint = nearest(name, names)
    several = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    listed = ", ".join(names[:_LISTED]) or "none"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return (text or f"there is no such {what}") + hint + ("" if hint and more else f"; {several}: {listed}{more}")
