"""Uniform random numbers inside the kernel: the same Philox4x32-10 counters as `hudna.engine.streams`."""

from __future__ import annotations

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.vm.compilation import compiled, inlined
from hudna.engine.vm.maths import log, normal_quantile

__all__ = ["LANES", "draw_only", "fill_normals", "fill_uniforms", "fill_waits"]

LANES = 256  # paths of one draw that are worked on side by side

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_MASK, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
_STEP = 2.0**-32


@inlined
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Ten rounds on four 32-bit words, each held in 64 bits."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c2 = (p1 >> _SHIFT) ^ c1 ^ k0, (p0 >> _SHIFT) ^ c3 ^ k1
        c1, c3 = p1 & _MASK, p0 & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@inlined
def uniform(word: np.uint64) -> float:
    """The middle of the word's cell: (word + 1/2) / 2**32."""
    return (np.float64(np.int64(word)) + 0.5) * _STEP


@compiled
def fill_uniforms(
    out: FloatArray, row: int, seed: np.uint64, draw: int, first_path: int, group: int, stream: np.uint64, lanes: int
) -> None:
    """Write one stream's numbers of four steps to `out[step, row, lane]`."""
    k0, k1 = seed & _MASK, seed >> _SHIFT
    c0, c2, c3 = np.uint64(draw), np.uint64(group), np.uint64(stream)
    for i in range(lanes):
        a, b, c, d = philox(c0, np.uint64(first_path + i), c2, c3, k0, k1)
        out[0, row, i] = uniform(a)
        out[1, row, i] = uniform(b)
        out[2, row, i] = uniform(c)
        out[3, row, i] = uniform(d)


@compiled
def fill_normals(out: FloatArray, row: int, first: int, last: int, lanes: int) -> None:
    """Turn one stream's uniforms of steps `first` to `last` into standard normal numbers, in place."""
    for step in range(first, last):
        for i in range(lanes):
            out[step, row, i] = normal_quantile(out[step, row, i])


@compiled
def fill_waits(uniforms: FloatArray, stream: int, out: FloatArray, row: int, first: int, last: int, lanes: int) -> None:
    """Write -log(1 - u) of one stream's uniforms of steps `first` to `last` to `out[step, row, lane]`."""
    for step in range(first, last):
        for i in range(lanes):
            out[step, row, i] = -log(1.0 - uniforms[step, stream, i])


@compiled
def draw_only(seed: np.uint64, n_draws: int, n_paths: int, n_steps: int, streams: IntArray, out: FloatArray) -> float:
    """Draw what a run draws, into `out[step, stream, lane]`, and add up a few: what random numbers alone cost."""
    total = 0.0
    for draw in range(n_draws):
        for first in range(0, n_paths, LANES):
            lanes = min(LANES, n_paths - first)
            for group in range((n_steps + 3) // 4):
                for row in range(streams.size):
                    fill_uniforms(out, row, seed, draw, first, group, streams[row], lanes)
                total += out[3, streams.size - 1, lanes - 1]
    return total
