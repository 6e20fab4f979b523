"""Runs that keep summaries: the same tables as runs that keep every path, in memory that does not grow with them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hudna
from hudna import plot
from hudna.engine import compile_scenario, simulate
from hudna.engine import memory as reckoning
from hudna.engine.summaries import BINS, BlockSummary, Summaries, histogram_edges, summarise
from hudna.result.samples import Paths

EXACT = ["mean", "mcse", "low", "high", "mean_q05", "mean_q95"]
READ_OFF = ["q05", "q50", "q95"]
DIRECTION = ["p_lower", "p_lower_mcse", "p_higher", "p_higher_mcse", "mean_lower", "vr_factor", "exposure_share"]


@pytest.fixture(scope="module")
def whole() -> hudna.Result:
    return hudna.run("two-militias", draws=40, paths=600, seed=3)


@pytest.fixture(scope="module")
def kept() -> hudna.Result:
    return hudna.run("two-militias", draws=40, paths=600, seed=3, outcomes="summary")


def same(one: np.ndarray, other: np.ndarray, within: float = 1e-9) -> bool:
    """Equal up to rounding, NaN for NaN."""
    return np.allclose(one.astype(float), other.astype(float), rtol=within, atol=1e-12, equal_nan=True)


# What tables say --------------------------------------------------------------------------------------------


def test_tables_of_a_summary_are_those_of_its_paths(whole, kept):
    assert same(whole.table()[EXACT].to_numpy(), kept.table()[EXACT].to_numpy())
    assert same(whole.table()["never"].to_numpy(), kept.table()["never"].to_numpy())
    assert same(whole.table()[READ_OFF].to_numpy(), kept.table()[READ_OFF].to_numpy(), within=0.004)


@pytest.mark.parametrize(("a", "b"), [("leave", "stay"), ("stay", "leave"), ("stay", "stay")])
def test_contrasts_of_a_summary_are_those_of_its_paths(whole, kept, a, b):
    one, other = whole.contrast(a, b), kept.contrast(a, b)
    assert same(one[EXACT + DIRECTION].to_numpy(), other[EXACT + DIRECTION].to_numpy())
    for column in READ_OFF:  # a difference near 0 is read off to 0.4 % of what the outcome itself is
        scale = np.maximum(one[column].abs(), 1e-3)
        assert ((one[column] - other[column]).abs() <= 0.004 * scale + 1e-5).all()


def test_whole_numbers_are_read_off_exactly(whole, kept):
    for name in whole.outcome_names:
        if not whole.distribution(name, "stay").whole:
            continue
        at = np.linspace(0, 1, 101)
        wanted = np.quantile(whole.sample(name, "stay"), at, method="inverted_cdf")
        found = kept.distribution(name, "stay").quantiles(at)
        assert (np.abs(found - wanted) <= 1).all()
        assert (found == wanted).mean() > 0.97  # at most a neighbour, where two are as near


def test_a_bin_too_far_is_seen(kept):
    sample = kept.distribution("attacks", "stay")
    moved = replace(sample, counts=np.roll(sample.counts, 1))
    at = np.linspace(0.01, 0.99, 50)
    assert (sample.quantiles(at) != moved.quantiles(at)).mean() > 0.5


def test_pictures_know_no_difference(whole, kept):
    for name in ("attacks", "pressure"):
        bars = []
        for result in (whole, kept):
            ax = plot.difference(result, name, "leave", "stay")
            bars.append(np.array([patch.get_height() for patch in ax.patches]))
            plot.outcome(result, name)
        n = min(len(bar) for bar in bars)
        assert abs(bars[0].sum() - bars[1].sum()) < 0.02
        assert np.abs(bars[0][:n] - bars[1][:n]).max() < 0.05


def test_a_path_that_was_not_kept_is_refused(kept, tmp_path):
    with pytest.raises(hudna.InputError, match='run it with outcomes="all"'):
        kept.sample("attacks", "stay")
    kept.save(tmp_path / "kept.nc")
    again = hudna.open_result(tmp_path / "kept.nc")
    assert again.summarised
    assert same(again.table()[EXACT + READ_OFF].to_numpy(), kept.table()[EXACT + READ_OFF].to_numpy(), within=0)


# Merging ----------------------------------------------------------------------------------------------------


def bits(program, **sizes):
    found = simulate(program, draws=7, paths=600, seed=5, outcomes="summary", **sizes).summary
    assert found is not None
    fields = ("mean", "variance", "lower", "higher", "never", "whole", "histograms")
    return tuple(getattr(found, field).tobytes() for field in fields)


@pytest.mark.parametrize("engine", ["oracle", "vm"])
def test_no_split_moves_a_bit_of_a_summary(engine):
    program = compile_scenario(hudna.load("two-militias"))
    plain = bits(program, engine=engine, threads=1)
    for block, threads in ((256, 1), (1024, 4), (600, 2), (10**6, 3)):
        assert bits(program, engine=engine, block=block, threads=threads) == plain


def test_moments_merged_in_another_order_are_seen():
    program = compile_scenario(hudna.load("two-militias"))
    outcomes = np.random.default_rng(1).normal(1.0, 0.3, (2, len(program.outcomes.name), 3, 700))
    parts = [summarise(program, outcomes[..., a:b]) for a, b in ((0, 256), (256, 512), (512, 700))]

    def merged(order: list[BlockSummary]) -> bytes:
        summaries = Summaries(program, 3)
        for part in order:
            summaries.add(part, slice(0, 3))
        found = summaries.finish()
        assert np.allclose(found.mean[:2, :], outcomes.mean(axis=-1))
        assert np.allclose(found.variance[:2, :], outcomes.var(axis=-1, ddof=1))
        return found.mean.tobytes() + found.variance.tobytes()

    assert merged(parts) != merged(parts[::-1])


def test_every_number_is_in_its_bin():
    program = compile_scenario(hudna.load("two-militias"))
    edges = histogram_edges()
    assert edges.size == BINS + 1
    assert (np.diff(edges) > 0).all()
    dice = np.random.default_rng(2)
    x = np.concatenate([[0.0], np.arange(-600, 600), dice.normal(size=500), 10 ** dice.uniform(-5, 9, 500)])
    x = np.concatenate([x, -x])
    outcomes = np.broadcast_to(x, (2, len(program.outcomes.name), 1, x.size))
    first, counts = summarise(program, outcomes).histograms[0][0]
    wanted, _ = np.histogram(np.abs(x), edges)  # of the upper half: the edges of the lower are closed above
    found = np.zeros(BINS, int)
    found[first : first + counts.size] = counts
    assert (found[BINS // 2 + 1 :] * 2 == wanted[BINS // 2 + 1 :]).all()
    assert (found == found[::-1]).all()


# Memory -----------------------------------------------------------------------------------------------------

PEAK = """
import sys
from pathlib import Path
import hudna
paths = int(sys.argv[1])
result = hudna.run("two-militias", draws=20, paths=paths, seed=1, engine="vm", outcomes=sys.argv[2], threads=2)
result.contrast("leave", "stay")
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])  # not ru_maxrss: a child begins with its parent's
"""


def peak(paths: int, outcomes: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(paths), outcomes], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="nothing tells a process's largest memory here")
def test_memory_does_not_grow_with_the_paths():
    """20 draws of 5,000 paths and of 50,000: a tenth of the issue's 1e7 paths, so that it takes seconds."""
    peak(10, "summary")  # whatever is compiled is compiled here
    small, large, everything = peak(5_000, "summary"), peak(50_000, "summary"), peak(50_000, "all")
    assert large <= 1.1 * small
    assert everything > large + 0.8 * 2 * 4 * 20 * 50_000 * 8 / 1024  # outcomes of every path, in kB


def test_a_run_that_does_not_fit_is_refused_before_it_begins(monkeypatch):
    monkeypatch.setattr(reckoning, "available", lambda: 300_000_000)
    with pytest.raises(hudna.InputError) as refused:
        hudna.run("two-militias", draws=1000, paths=100_000, seed=1)
    said = str(refused.value)
    assert "1,000 x 100,000" in said
    assert "300 MB are free" in said
    assert 'outcomes="summary"' in said
    with pytest.raises(hudna.InputError, match="take fewer draws, and more paths of each"):
        hudna.run("two-militias", draws=1_000_000, paths=1, seed=1, outcomes="summary")
    monkeypatch.setattr(reckoning, "available", lambda: None)  # nobody can tell: it is tried
    assert hudna.run("two-militias", draws=2, paths=2, seed=1).n_draws == 2


def test_what_a_run_needs_is_reckoned_about_right():
    program = compile_scenario(hudna.load("two-militias"))
    found = simulate(program, draws=50, paths=400, seed=1, engine="oracle")
    parts = reckoning.needed(
        program, draws=50, paths=400, kept=found.trajectories.shape[1:4], exact=False, summary=False, in_flight=1
    )
    assert parts["outcomes"] == found.outcomes.nbytes
    assert parts["trajectories"] == found.trajectories.nbytes * 5 // 4
    assert parts["histograms"] == sum(histogram.nbytes for histogram in found.histograms)
    assert parts["numbers of the draws"] == found.theta.nbytes + 2 * found.threat.nbytes


def test_shares_of_a_sample_are_those_of_its_paths():
    y = np.array([[-1.0, 0.0, 2.0, 2.0], [0.0, 0.0, 0.0, 5.0]])
    sample = Paths(y, end=2.0)
    assert sample.lower.tolist() == [0.25, 0.0]
    assert sample.higher.tolist() == [0.5, 0.25]
    assert sample.never.tolist() == [0.5, 0.25]
    assert sample.whole
