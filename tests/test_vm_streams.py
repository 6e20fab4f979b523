"""Random numbers inside the compiled engine: the published vectors, and the oracle's numbers wherever one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import special

from hudna.engine.streams import stream_id
from hudna.engine.streams import uniforms as oracle_uniforms
from hudna.engine.vm import streams

from .rewriting import rewritten
from .test_streams import KNOWN, in_integers

if TYPE_CHECKING:
    from collections.abc import Callable

LANES = streams.LANES
TOP = 2**32 - 1

Words = tuple[int, ...]


def in_the_kernel(philox: Any) -> Callable[[Words, Words], Words]:
    """Call Philox from compiled code, where a word is an unsigned number of 64 bits."""

    @njit
    def run(place: np.ndarray, out: np.ndarray) -> None:
        out[0], out[1], out[2], out[3] = philox(place[0], place[1], place[2], place[3], place[4], place[5])

    def call(counter: Words, key: Words) -> Words:
        out = np.zeros(4, np.uint64)
        run(np.array([*counter, *key], np.uint64), out)
        return tuple(out.tolist())

    return call


PHILOX = in_the_kernel(streams.philox)
PLANTED = [
    ("range(10)", "range(9)"),
    ("^ c1 ^ k0", "^ c3 ^ k0"),
    ("c1, c3 = p1 & _MASK, p0 & _MASK", "c1, c3 = p0 & _MASK, p1 & _MASK"),
    ("(k1 + _W1) & _MASK", "(k1 + _W0) & _MASK"),
    ("(k0 + _W0) & _MASK", "k0 + _W0"),  # the key has to stay within its 32 bits
]


@pytest.mark.parametrize("name", KNOWN)
def test_philox_gives_the_published_vectors(name: str) -> None:
    counter, key, known = KNOWN[name]
    assert PHILOX(counter, key) == known
    assert in_the_kernel(rewritten(streams.philox, *PLANTED[0]))(counter, key) != known


def test_philox_is_philox_on_any_counter_and_key() -> None:
    rng = np.random.default_rng(3)
    places = [*rng.integers(0, 2**32, (200, 6)).tolist(), *rng.choice([0, 1, 2**31, TOP], (200, 6)).tolist()]

    def check(philox: Callable[[Words, Words], Words]) -> None:
        for *counter, k0, k1 in places:
            assert philox(tuple(counter), (k0, k1)) == in_integers(tuple(counter), (k0, k1))

    check(PHILOX)
    for old, new in PLANTED:
        with pytest.raises(AssertionError):
            check(in_the_kernel(rewritten(streams.philox, old, new)))


# Uniform numbers --------------------------------------------------------------------------------------------


def filled(
    seed: int,
    draw: int,
    first_path: int,
    group: int,
    stream: int,
    *,
    lanes: int = LANES,
    fill: Any = streams.fill_uniforms,
) -> np.ndarray:
    """Numbers of one stream for four steps, shape (step, lane); rows and lanes beside them must stay as they are."""
    out = np.full((4, 3, LANES), -1.0)
    fill(out, 1, np.uint64(seed), draw, first_path, group, np.uint64(stream), lanes)
    assert (out[:, [0, 2]] == -1).all()
    assert (out[:, 1, lanes:] == -1).all()
    return out[:, 1, :lanes]


def is_the_oracles(
    seed: int, draw: int, first_path: int, group: int, stream: int, *, lanes: int = LANES, **how: Any
) -> None:
    paths = np.arange(first_path, first_path + lanes, dtype=np.uint64)
    theirs = np.stack(oracle_uniforms(seed, stream, np.array([draw], np.uint64), paths, group))
    found = filled(seed, draw, first_path, group, stream, lanes=lanes, **how)
    np.testing.assert_array_equal(found, theirs)


WORDS = st.one_of(st.integers(0, TOP), st.sampled_from([0, 1, 2**31 - 1, 2**31, TOP - LANES, TOP]))
SEEDS = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1]))
often = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@often
@given(SEEDS, WORDS, WORDS, WORDS, WORDS, st.integers(1, LANES))
def test_uniforms_are_those_of_the_oracle(seed: int, draw: int, path: int, group: int, stream: int, lanes: int) -> None:
    first_path = min(path, TOP + 1 - lanes)
    is_the_oracles(seed, draw, first_path, group, stream, lanes=lanes)


PLACE = {"seed": 5 + 2**40, "draw": 3, "first_path": 512, "group": 7, "stream": stream_id("attacks")}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("first_path + i", "i"),
        ("np.uint64(draw), np.uint64(group)", "np.uint64(group), np.uint64(draw)"),
        ("seed & _MASK, seed >> _SHIFT", "seed >> _SHIFT, seed & _MASK"),
        ("seed >> _SHIFT", "np.uint64(0)"),
        ("out[2, row, i] = uniform(c)", "out[2, row, i] = uniform(d)"),
        ("c0, np.uint64(first_path + i), c2, c3", "c0, np.uint64(first_path + i), c3, c2"),
    ],
)
def test_a_number_from_another_place_is_seen(old: str, new: str) -> None:
    is_the_oracles(**PLACE)
    with pytest.raises(AssertionError):
        is_the_oracles(**PLACE, fill=rewritten(streams.fill_uniforms, old, new))


@pytest.mark.parametrize("other", PLACE)
def test_every_part_of_a_place_counts(other: str) -> None:
    assert not (filled(**PLACE) == filled(**PLACE | {other: PLACE[other] + 1})).all()


def test_words_become_the_middles_of_their_cells() -> None:
    @njit
    def run(word: np.ndarray, out: np.ndarray) -> None:
        for i in range(word.size):
            out[i] = streams.uniform(word[i])

    word = np.array([0, 1, 2**31, TOP - 1, TOP], np.uint64)
    out = np.empty(5)
    run(word, out)
    assert out.tolist() == [(k + 0.5) / 2**32 for k in word.tolist()]
    assert 0 < out[0] < out[-1] < 1


# What is made of them ---------------------------------------------------------------------------------------


def ends_and_others() -> np.ndarray:
    """Uniform numbers, shape (step, stream, lane): of a stream, with both ends of the grid among them."""
    out = np.stack([filled(**PLACE | {"stream": stream}) for stream in (1, 2, 3)], axis=1)
    out[:, :, :2], out[:, :, 2:4] = 0.5 / 2**32, 1 - 0.5 / 2**32
    return np.ascontiguousarray(out)


def are_the_waits(fill: Any) -> None:
    u = ends_and_others()
    for lanes in (1, 7, LANES):
        kept, out = u.copy(), np.full((4, 2, LANES), -1.0)
        fill(kept, 2, out, 1, 0, 4, lanes)
        np.testing.assert_array_equal(kept, u)
        assert (out[:, 0] == -1).all()
        assert (out[:, 1, lanes:] == -1).all()
        np.testing.assert_allclose(out[:, 1, :lanes], -np.log1p(-u[:, 2, :lanes]), rtol=3e-16, atol=1e-25)


def test_waits_are_minus_log_of_one_less_the_number() -> None:
    are_the_waits(streams.fill_waits)
    for old, new in (
        ("-log(1.0 - uniforms", "-log(uniforms"),
        ("-log(1.0", "log(1.0"),
        ("uniforms[step, stream, i]", "uniforms[step, row, i]"),
        ("out[step, row, i]", "out[step, 0, i]"),
        ("range(lanes)", "range(lanes - 1)"),
        ("range(first, last)", "range(first, last - 1)"),
    ):
        with pytest.raises(AssertionError):
            are_the_waits(rewritten(streams.fill_waits, old, new))


def test_a_wait_is_shorter_just_where_the_number_is_below_the_chance() -> None:
    """u < 1 - exp(-rate) where -log(1 - u) < rate: the kernel asks the second, the oracle the first."""
    rng = np.random.default_rng(4)
    rate = 10.0 ** rng.uniform(-9, 1.3, LANES)
    word = np.floor(-np.expm1(-rate) * 2**32) + rng.integers(-1, 2, LANES)  # on either side of the chance
    u = np.zeros((4, 1, LANES))
    u[:, 0] = (np.clip(word, 0, TOP) + 0.5) / 2**32
    waits = np.zeros((4, 1, LANES))
    streams.fill_waits(u, 0, waits, 0, 0, 4, LANES)
    leaves = u[0, 0] < -np.expm1(-rate)
    assert 0.2 < leaves.mean() < 0.8
    np.testing.assert_array_equal(waits[0, 0] < rate, leaves)
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(waits[0, 0] < rate * (1 + 1e-6), leaves)


def are_the_normals(fill: Any) -> None:
    u = ends_and_others()
    for lanes in (1, 7, LANES):
        out = u.copy()
        fill(out, 1, 0, 4, lanes)
        np.testing.assert_array_equal(out[:, [0, 2]], u[:, [0, 2]])
        np.testing.assert_array_equal(out[:, 1, lanes:], u[:, 1, lanes:])
        np.testing.assert_allclose(out[:, 1, :lanes], special.ndtri(u[:, 1, :lanes]), rtol=2e-15, atol=2e-15)


def test_normals_are_the_normal_quantiles_in_their_place() -> None:
    are_the_normals(streams.fill_normals)
    for old, new in (
        ("normal_quantile(out[step, row, i])", "normal_quantile(1.0 - out[step, row, i])"),
        ("out[step, row, i] = normal", "out[step, 0, i] = normal"),
        ("range(lanes)", "range(lanes - 1)"),
        ("range(first, last)", "range(first, last - 1)"),
    ):
        with pytest.raises(AssertionError):
            are_the_normals(rewritten(streams.fill_normals, old, new))


def test_drawing_only_draws_what_a_run_draws() -> None:
    """What random numbers alone cost is measured on these numbers."""
    ids = np.array([stream_id(name) for name in ("anger", "attacks")], np.uint64)

    def total(n_draws: int, n_paths: int, n_steps: int, seed: int = 5) -> float:
        out = np.zeros((4, 2, LANES))
        return streams.draw_only(np.uint64(seed), n_draws, n_paths, n_steps, ids, out)

    expected = 0.0
    for draw in range(2):
        for first, lanes in ((0, 256), (256, 44)):
            for group in range(3):
                expected += filled(5, draw, first, group, int(ids[1]), lanes=lanes)[3, -1]
    assert total(2, 300, 9) == expected
    assert total(2, 300, 9, seed=6) != expected
