"""Uniform random numbers by name: Philox4x32-10 counters, so that a number depends on nothing but its place.

The key is the 64-bit seed; the counter is four 32-bit words: draw, path, step // 4, stream. One call gives
the numbers of four steps. A stream's word is a hash of its *name*, so adding a node moves no other number,
and every policy sees the same numbers (common random numbers).

Source: Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC '11.
"""

from __future__ import annotations

import hashlib

import numpy as np

from hudna.arrays import FloatArray, IntArray

__all__ = ["STEPS_PER_CALL", "philox4x32", "stream_id", "uniforms"]

STEPS_PER_CALL = 4

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_ROUNDS = 10


def stream_id(name: str) -> int:
    """Return the 32-bit word of the stream called `name`: blake2b, 4 bytes, little-endian.

    Examples
    --------
    >>> stream_id("gaza") != stream_id("posture")
    True
    """
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")


def philox4x32(counter: tuple[IntArray, ...], key: tuple[int, int]) -> tuple[IntArray, ...]:
    """Ten rounds of Philox on four counter words, uint64 arrays that broadcast; every entry is below 2**32."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1 = (p1 >> _SHIFT) ^ c1 ^ np.uint64(k0), p1 & _MASK
        c2, c3 = (p0 >> _SHIFT) ^ c3 ^ np.uint64(k1), p0 & _MASK
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniforms(seed: int, stream: int, draws: IntArray, paths: IntArray, group: int) -> tuple[FloatArray, ...]:
    """Uniform numbers of one stream, given by its word, for the four steps `4 * group ... 4 * group + 3`.

    `draws` and `paths` are uint64 arrays that broadcast; the four arrays of their shape lie in the open interval
    (0, 1), on the grid (k + 0.5) / 2**32.
    """
    counter = (draws, paths, np.array(group, np.uint64), np.array(stream, np.uint64))
    words = philox4x32(counter, (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))
    return tuple((word.astype(np.float64) + 0.5) * 2.0**-32 for word in words)
