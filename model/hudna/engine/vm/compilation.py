"""How the functions of the kernel are compiled: the same options everywhere, and what they are for.

error_model="numpy": a division by 0 gives infinity instead of a branch, or no loop with a quotient would
vectorise. nogil: blocks run side by side on threads. _nrt=False: arrays are not reference-counted inside, which
would cost more than the arithmetic; so nothing in these functions may allocate, and every array is the caller's.
Never fastmath: it would let the compiler change results, and the roundings that `maths` relies on.
"""

from __future__ import annotations

from numba import njit

__all__ = ["compiled", "inlined", "kept", "merged"]

compiled = njit(nogil=True, error_model="numpy", _nrt=False)
merged = njit(inline="always", nogil=True, error_model="numpy", _nrt=False)  # has one caller: compiled within it
inlined = njit(forceinline=True, nogil=True, error_model="numpy", _nrt=False)
kept = njit(nogil=True, error_model="numpy", _nrt=False, cache=True)  # on disk, for the next process
