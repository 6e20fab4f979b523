"""Arrays: their types, as annotations use them, and index arrays from anything that counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoolArray", "FloatArray", "IntArray", "ints"]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.integer[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]


def ints(items: Iterable[int]) -> IntArray:
    """Return whole numbers as an int64 array."""
    return np.array([int(item) for item in items], np.int64)
