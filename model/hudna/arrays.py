"""Arrays: their types, index arrays from anything that counts, and when two things that hold arrays are equal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from dataclasses import fields, is_dataclass
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "ByContent", "FloatArray", "IntArray", "alike", "ints", "pointers"]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]


def ints(items: Iterable[int]) -> IntArray:
    """Return whole numbers as an int64 array."""
    return np.array([int(item) for item in items], np.int64)


def pointers(groups: Iterable[Sized]) -> IntArray:
    """Return where each group begins among the members of all, one after the other, and the end of the last.

    Examples
    --------
    >>> pointers(["ab", "", "c"])
    array([0, 2, 2, 3])
    """
    return ints(accumulate(map(len, groups), initial=0))


def alike(a: Any, b: Any) -> bool:
    """Whether two pieces of data hold the same: arrays and tables number by number, NaN equal to NaN.

    Examples
    --------
    >>> alike({"x": np.array([1.0, np.nan])}, {"x": np.array([1.0, np.nan])}), alike([1.0], [2.0])
    (True, False)
    """
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f"))
    if type(a) is not type(b):
        return isinstance(a, int | float) and isinstance(b, int | float) and bool(a == b)
    if hasattr(a, "equals"):  # of xarray, of pandas
        return bool(a.equals(b))
    if is_dataclass(a):
        parts = (x.content() if isinstance(x, ByContent) else _fields(x) for x in (a, b))
        return alike(*parts)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(alike(value, b[key]) for key, value in a.items())
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return bool(a == b or (a != a and b != b))


def _fields(item: Any) -> dict[str, Any]:
    return {f.name: getattr(item, f.name) for f in fields(item) if f.compare}


class ByContent:
    """A dataclass that equals what is of its class and holds the same; it cannot be a key."""

    def content(self) -> Any:
        """Return what is compared: every field that is not left out of comparisons."""
        return _fields(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return alike(self, other)

    __hash__ = None  # type: ignore[assignment]
