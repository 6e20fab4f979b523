"""Random numbers by name: Philox4x32-10 by its published vectors, every number in its documented place."""

from __future__ import annotations

import hashlib
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import special, stats

from hudna.engine import compile_scenario, simulate, streams
from hudna.engine.streams import STEPS_PER_CALL, philox4x32, stream_id, uniforms
from hudna.errors import InputError
from hudna.scenario import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ONES = 0xFFFFFFFF
# Random123, kat_vectors, "philox4x32 10": counter, key, words.
KNOWN = {
    "zeros": ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    "ones": ((ONES,) * 4, (ONES,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    "pi": (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
}
SOME = stream_id("attacks")
OTHER = stream_id("anger")

LEVEL = 'kind = "level"\nname = "Mood"\nstart = 0.5\nbase = 0\nhalf_life = 0\nsd = 1\n'
CALM = LEVEL.replace("base = 0", 'base = "calm"')
ATTACKS = 'kind = "events"\nname = "Attacks"\nunit = "attacks"\nstart = 0\nrate = 8\n'
HURT = """kind = "response"
name = "Hurt"
unit = "attacks"
start = 0
triggers = ["attacks"]
probability = 0.6
size = { name = "Wounded", unit = "persons", start = 0, mean = 3, dispersion = 0.5 }
"""
LAST = '[outcomes.last]\nname = "Last"\nsignal = "{}"\nreduce = "last"\n'
UNIFORM = """[{}]
unit = "1"
prior = {{ family = "uniform", low = 0, high = 1 }}
status = "judgement"
source = "invented"
note = "for a test"
"""


def in_integers(counter: tuple[int, ...], key: tuple[int, int], rounds: int = 10) -> tuple[int, ...]:
    """Philox in Python's own integers, written from the paper."""
    c, k = list(counter), list(key)
    for _ in range(rounds):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(second >> 32) ^ c[1] ^ k[0], second & ONES, (first >> 32) ^ c[3] ^ k[1], first & ONES]
        k = [(k[0] + 0x9E3779B9) & ONES, (k[1] + 0xBB67AE85) & ONES]
    return tuple(c)


def as_integers(words: tuple[np.ndarray, ...]) -> tuple[int, ...]:
    return tuple(int(word) for word in words)


def call(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    return as_integers(philox4x32(tuple(np.uint64(word) for word in counter), key))


def table(seed: int, stream: int, n_draws: int, n_paths: int, groups: range = range(1)) -> np.ndarray:
    """Uniform numbers, shape (draw, path, step)."""
    draws, paths = np.arange(n_draws, dtype=np.uint64)[:, None], np.arange(n_paths, dtype=np.uint64)
    lanes = [lane for group in groups for lane in uniforms(seed, stream, draws, paths, group)]
    return np.stack([np.broadcast_to(lane, (n_draws, n_paths)) for lane in lanes], axis=-1)


@pytest.mark.parametrize("name", KNOWN)
def test_philox_gives_the_published_vectors(name: str) -> None:
    counter, key, words = KNOWN[name]
    assert call(counter, key) == words
    assert in_integers(counter, key) == words


@pytest.mark.parametrize("name", KNOWN)
def test_a_philox_with_a_round_less_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counter, key, words = KNOWN[name]
    assert in_integers(counter, key, rounds=9) != words
    if key[0] != key[1]:
        assert call(counter, key[::-1]) != words
    monkeypatch.setattr(streams, "_ROUNDS", 9)
    with pytest.raises(AssertionError):
        test_philox_gives_the_published_vectors(name)


def test_philox_works_elementwise_on_arrays_that_broadcast() -> None:
    draws, paths = np.arange(3, dtype=np.uint64)[:, None], np.arange(5, dtype=np.uint64)
    words = philox4x32((draws, paths, np.uint64(7), np.uint64(SOME)), (11, 12))
    for draw, path in itertools.product(range(3), range(5)):
        found = as_integers(tuple(word[draw, path] for word in words))
        assert found == in_integers((draw, path, 7, SOME), (11, 12))


@pytest.mark.parametrize("seed", [0, 1, 2**32, 2**63 + 12345, 2**64 - 1])
def test_a_uniform_is_the_word_of_draw_path_step_and_stream_under_the_64_bit_seed(seed: int) -> None:
    found = table(seed, SOME, 3, 2, range(3))
    for draw, path, step in itertools.product(range(3), range(2), range(3 * STEPS_PER_CALL)):
        group, lane = divmod(step, 4)
        word = in_integers((draw, path, group, SOME), (seed % 2**32, seed // 2**32))[lane]
        assert found[draw, path, step] == (word + 0.5) / 2**32
        turned = in_integers((path, draw, group, SOME), (seed % 2**32, seed // 2**32))[lane]
        assert draw == path or found[draw, path, step] != (turned + 0.5) / 2**32


def test_large_draws_and_paths_keep_all_their_32_bits() -> None:
    far = np.array([[2**32 - 1]], np.uint64)
    found = uniforms(1, SOME, far, far, 2**32 - 1)[3][0, 0]
    assert found == (in_integers((ONES, ONES, ONES, SOME), (1, 0))[3] + 0.5) / 2**32


def test_uniforms_never_reach_0_or_1(monkeypatch: pytest.MonkeyPatch) -> None:
    lowest, highest = np.uint64([0]), np.uint64([ONES])
    monkeypatch.setattr(streams, "philox4x32", lambda *_: (lowest, highest, lowest, highest))
    low, high, _, _ = uniforms(1, SOME, lowest, lowest, 0)
    assert low[0] == 0.5 / 2**32
    assert high[0] == 1 - 0.5 / 2**32 < 1.0


def test_a_stream_is_the_blake2b_word_of_its_name() -> None:
    def check(documented: Callable[[str], int]) -> None:
        for name in ("gaza", "posture", "attacks.iraq", "wounded.size", "parameter.tie_political", "هدنة"):
            assert stream_id(name) == documented(name)

    def word(name: str, *, size: int = 4, order: str = "little") -> int:
        return int.from_bytes(hashlib.blake2b(name.encode("utf-8"), digest_size=size).digest()[:4], order)

    check(word)
    assert (stream_id("gaza"), stream_id("posture")) == (459160219, 1529827223)  # they fix every result
    with pytest.raises(AssertionError):
        check(lambda name: word(name, order="big"))
    with pytest.raises(AssertionError):
        check(lambda name: word(name, size=8))


def test_uniforms_are_uniform(mc_close: Callable[..., None]) -> None:
    u = table(0, SOME, 500, 500)
    assert u.shape == (500, 500, 4)

    def check(u: np.ndarray) -> None:
        u = u.ravel()
        for power in (1, 2, 3, 4, 9):
            mc_close(u**power, exact=1 / (power + 1))
        mc_close(-np.log(u), exact=1.0)
        mc_close(-np.log1p(-u), exact=1.0)
        mc_close(np.cos(2 * np.pi * u), exact=0.0)
        counts = np.bincount((u * 1024).astype(int), minlength=1024)
        assert stats.chisquare(counts).pvalue > 1e-8
        assert stats.kstest(u, "uniform").pvalue > 1e-8

    check(u)
    with pytest.raises(AssertionError):
        check(u * 0.99)
    with pytest.raises(AssertionError):
        check(np.floor(u * 512) / 512 + 1 / 2048)  # the right mean, but bits are missing
    with pytest.raises(AssertionError):
        check(u**1.01)


def pairs() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Two tables of numbers that must have nothing to do with one another."""
    u = table(5, SOME, 300, 300, range(2))
    yield "streams", u, table(5, OTHER, 300, 300, range(2))
    yield "streams one bit apart", u, table(5, SOME ^ 1, 300, 300, range(2))
    yield "seeds", u, table(6, SOME, 300, 300, range(2))
    yield "seeds 2**32 apart", u, table(5 + 2**32, SOME, 300, 300, range(2))
    yield "steps of a call", u[:, :, :3], u[:, :, 1:4]
    yield "steps across calls", u[:, :, :4], u[:, :, 4:]
    yield "draws", u[1:], u[:-1]
    yield "paths", u[:, 1:], u[:, :-1]
    yield "draw and path swapped", u[np.triu_indices(300, 1)], u.transpose(1, 0, 2)[np.triu_indices(300, 1)]


def independent(u: np.ndarray, v: np.ndarray, mc_close: Callable[..., None]) -> None:
    x, y = u.ravel() - 0.5, v.ravel() - 0.5
    mc_close(x * y, exact=0.0)
    mc_close((x**2 - 1 / 12) * (y**2 - 1 / 12), exact=0.0)  # which a correlation overlooks
    mc_close(np.cos(2 * np.pi * (x - y)), exact=0.0)
    mc_close(np.cos(2 * np.pi * (x + y)), exact=0.0)
    cells = np.histogram2d(x, y, bins=16)[0]
    assert stats.chisquare(cells.ravel()).pvalue > 1e-8


def test_streams_seeds_steps_draws_and_paths_are_independent(mc_close: Callable[..., None]) -> None:
    for _, u, v in pairs():
        independent(u, v, mc_close)


def test_numbers_that_are_tied_together_are_seen(mc_close: Callable[..., None]) -> None:
    u, v = table(5, SOME, 300, 300), table(5, OTHER, 300, 300)
    rare = np.arange(u.size).reshape(u.shape) % 50 == 0  # one number in fifty is shared
    for tied in (np.where(rare, u, v), np.where(rare, 1 - u, v), np.where(rare, (u + 0.5) % 1, v)):
        with pytest.raises(AssertionError):
            independent(u, tied, mc_close)


def level_scores(path: Path, n_draws: int, n_paths: int) -> np.ndarray:
    """Log odds of a level without memory, shape (draw, path, step): the normal scores of its uniforms."""
    found = simulate(compile_scenario(load(path)), draws=n_draws, paths=n_paths, seed=9, trajectories="all")
    return special.logit(found.trajectories[0, found.trajectory_signals.index("mood")])


def test_a_run_reads_each_number_at_its_draw_path_and_step(write_case: Callable[..., Path]) -> None:
    path = write_case(f"[mood]\n{LEVEL}", weeks=11, outcomes=LAST.format("mood"))
    scores = level_scores(path, 3, 5)

    def check(stream: str, seed: int, shift: int) -> None:
        expected = special.ndtri(table(seed, stream_id(stream), 3, 5, range(4)))[:, :, shift : shift + 11]
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-9)

    check("mood", 9, 0)
    for wrong in (("mood", 9, 1), ("mood", 10, 0), ("node.mood", 9, 0)):
        with pytest.raises(AssertionError):
            check(*wrong)


def test_a_parameter_is_read_at_path_0_and_step_0_of_its_own_stream(write_case: Callable[..., Path]) -> None:
    path = write_case(
        f"[mood]\n{CALM}",
        parameters=UNIFORM.format("calm"),
        weeks=1,
        outcomes=LAST.format("mood"),
    )
    theta = simulate(compile_scenario(load(path)), draws=6, paths=3, seed=9).theta[:, 0]
    np.testing.assert_array_equal(theta, table(9, stream_id("parameter.calm"), 6, 1)[:, 0, 0])
    with pytest.raises(AssertionError):
        np.testing.assert_array_equal(theta, table(9, stream_id("calm"), 6, 1)[:, 0, 0])


def test_counts_answers_and_sizes_have_a_stream_each(write_case: Callable[..., Path]) -> None:
    path = write_case(
        f"[attacks]\n{ATTACKS}[hurt]\n{HURT}",
        weeks=6,
        outcomes=LAST.format("hurt"),
    )
    found = simulate(compile_scenario(load(path)), draws=4, paths=5, seed=9, trajectories="all")
    kept = dict(zip(found.trajectory_signals, found.trajectories[0], strict=True))

    def check(attacks: str, hurt: str, size: str) -> None:
        u, v, w = (table(9, stream_id(name), 4, 5, range(2))[:, :, :6] for name in (attacks, hurt, size))
        np.testing.assert_array_equal(kept["attacks"], stats.poisson.ppf(u, 8))
        k = stats.binom.ppf(v, kept["attacks"], 0.6)
        np.testing.assert_array_equal(kept["hurt"], k)
        beyond = stats.nbinom.ppf(w, np.maximum(k, 1) / 0.5, 1 / (1 + 0.5 * 2))
        np.testing.assert_array_equal(kept["hurt.size"], np.where(k > 0, k + beyond, 0))

    check("attacks", "hurt", "hurt.size")
    for wrong in (
        ("hurt", "hurt", "hurt.size"),
        ("attacks", "attacks", "hurt.size"),
        ("attacks", "hurt", "hurt"),
    ):
        with pytest.raises(AssertionError):
            check(*wrong)


def test_two_names_with_the_same_hash_are_refused(write_case: Callable[..., Path]) -> None:
    assert stream_id("driver26331") == stream_id("driver84775")  # found by search

    def compiled(second: str) -> None:
        drivers = f"[driver26331]\n{LEVEL}[{second}]\n{LEVEL}"
        compile_scenario(load(write_case(drivers, outcomes=LAST.format("driver26331"))))

    with pytest.raises(InputError, match=r"driver84775 and driver26331|driver26331 and driver84775"):
        compiled("driver84775")
    compiled("driver84776")


def test_a_driver_and_a_parameter_with_the_same_hash_are_refused(write_case: Callable[..., Path]) -> None:
    assert stream_id("driver51854") == stream_id("parameter.p93122")  # found by search
    path = write_case(
        f"[driver51854]\n{CALM.replace('calm', 'p93122')}",
        parameters=UNIFORM.format("p93122"),
        outcomes=LAST.format("driver51854"),
    )
    with pytest.raises(InputError, match="same hash"):
        compile_scenario(load(path))


def test_a_driver_named_like_the_stream_of_a_parameter_is_refused(write_case: Callable[..., Path]) -> None:
    path = write_case(
        f"[parameter.calm]\n{CALM}",
        parameters=UNIFORM.format("calm"),
        outcomes=LAST.format("parameter.calm"),
    )
    with pytest.raises(InputError):
        compile_scenario(load(path))
