"""How the functions of the kernel are compiled: the same options everywhere, and what they are for.

error_model="numpy": a division by 0 gives infinity instead of a branch, or no loop with a quotient would
vectorise. nogil: blocks run side by side on threads. _nrt=False: arrays are not reference-counted inside, which
would cost more than the arithmetic; so nothing in these functions may allocate, and every array is the caller's.
Never fastmath: it would let the compiler change results, and the roundings that `maths` relies on.
"""

from __future__ import annotations

import warnings
from typing import Any

from numba import njit

__all__ = ["compiled", "inlined", "kept", "merged"]

compiled = njit(nogil=True, error_model="numpy", _nrt=False)
merged = njit(inline="always", nogil=True, error_model="numpy", _nrt=False)  # has one caller: compiled within it
inlined = njit(forceinline=True, nogil=True, error_model="numpy", _nrt=False)


def kept(function: Any) -> Any:
    """Return the compiled function, kept on disk for the next process; where that cannot be, compiled in every process.

    A folder may be missing, closed or full, and what lies in it may be damaged: that costs time, never a run.
    """
    try:
        found = njit(nogil=True, error_model="numpy", _nrt=False, cache=True)(function)
    except RuntimeError:  # there is no folder that can be written
        _say_so()
        return compiled(function)
    load, save = found._cache.load_overload, found._cache.save_overload

    def load_if_possible(*what: Any) -> Any:
        try:
            return load(*what)
        except Exception:  # noqa: BLE001 (whatever is read there is not what was written)
            return None

    def save_if_possible(*what: Any) -> None:
        try:
            save(*what)
        except OSError:
            _say_so()

    found._cache.load_overload, found._cache.save_overload = load_if_possible, save_if_possible
    return found


def _say_so() -> None:
    text = (
        "compiled code cannot be kept on disk, so that every process compiles it anew; "
        "name a folder that can be written in NUMBA_CACHE_DIR"
    )
    warnings.warn(text, stacklevel=1)
