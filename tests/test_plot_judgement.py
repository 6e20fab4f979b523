"""Pictures of judgement and learning: what is drawn is what was given, legible in both languages."""

import datetime as dt
import itertools
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.container import BarContainer
from scipy.stats import binom

import hudna
from hudna import plot
from hudna.judge.baselines import BASELINES
from hudna.judge.forecast import CountForecast
from hudna.judge.ranks import places, uniform_band
from hudna.judge.skill import coverage, skill
from hudna.text.numbers import listed, number_of

mpl.use("Agg")

LANGUAGES = ("en", "ar")
COUNTS = (73, 30, 28, 41, 12, 0, 0, 1, 0, 4, 2, 6)  # of four weeks each
FIRST = dt.date(2023, 11, 2)
FOUR = dt.timedelta(weeks=4)
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
ATTRS = {
    "name": {"en": "War in Gaza", "ar": "حرب غزة"},
    "signal_name": {"en": "Attacks on the mission", "ar": "الهجمات على البعثة"},
    "unit": {"en": "attacks", "ar": "هجمات"},
    "draws": 400,
    "paths": 50,
    "seed": 20240822,
    "thresholds": [1, 5, 20],
}
ARABIC = range(0x0600, 0x0700)


def row(i, weeks, qualifier="exact"):
    spans = {4: 1, 13: 3, 26: 6}[weeks]
    value, origin = sum(COUNTS[i : i + spans]), FIRST + i * FOUR
    own = CountForecast.negative_binomial(spans * (2 + 0.6 * (COUNTS[i - 1] if i else 60)), 0.8)
    low, high = own.pit(value)
    found = {
        "origin": origin, "weeks": weeks, "start": origin, "end": origin + dt.timedelta(7 * weeks - 1),
        "signal": "attacks.*", "value": value, "qualifier": qualifier, "mean": own.mean, "pit_low": low,
        "pit_high": high, "inside50": own.covers(0.5, value), "inside90": own.covers(0.9, value),
        "crps": own.crps(value), "log_score": own.log_score(value),
    }  # fmt: skip
    found |= {f"q{100 * p:02.0f}": own.quantile(p) for p in PROBABILITIES}
    for mark, threshold in zip("1ab", ATTRS["thresholds"], strict=True):
        found |= {f"p_{mark}": own.at_least(threshold), f"brier_{mark}": own.brier(threshold, value)}
    for k, name in enumerate(BASELINES):
        other = CountForecast.poisson(own.mean * (0.5 + 0.4 * k))
        known = (i, weeks) != (0, 4)  # nothing was counted before the first origin
        found |= {f"crps_{name}": other.crps(value) if known else np.nan, f"log_{name}": other.log_score(value)}
    return found


def frame(rows):
    made = pd.DataFrame(list(rows))
    made.attrs = dict(ATTRS)
    return made


@pytest.fixture(scope="module")
def forecasts():
    return frame(row(i, weeks) for weeks, n in ((4, 12), (13, 10), (26, 7)) for i in range(n))


@pytest.fixture(scope="module")
def censored():
    kinds = {3: "approx", 2: "at_least", 6: "at_least"}
    return frame(row(i, 4, kinds.get(i, "exact")) for i in range(12))


@pytest.fixture(scope="module")
def lone():
    return frame([row(3, 4)])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def draws(n=8, seed=1):
    rng = np.random.default_rng(seed)
    prior = np.stack([rng.normal(0, 10.0 ** (k % 6 - 3), 400) + (k % 3) for k in range(n)], axis=1)
    posterior = np.quantile(prior, [0.3, 0.5, 0.6, 0.7], axis=0)
    return prior, np.repeat(posterior, 50, axis=0), [f"parameter_{k}" for k in range(n)]


LABELS = {"parameter_0": {"en": "The truce frays", "ar": "تتآكل الهدنة"}}
UNITS = {"parameter_0": {"en": "per week", "ar": "في الأسبوع"}, "parameter_1": "log odds per attack in a week"}
WEEKS = [dt.date(2023, 10, 5) + dt.timedelta(7 * i) for i in range(45)]
BANDS = np.outer(40 * np.exp(-np.arange(45) / 9) + 1, [0.1, 0.4, 1, 1.6, 2.5])
COUNTED = np.where(np.arange(45) % 9 == 4, np.nan, np.round(BANDS[:, 3]))
STATES = ({"en": "truce", "ar": "هدنة"}, {"en": "harassment", "ar": "مناوشات"}, {"en": "campaign", "ar": "حملة"})
SHARES = np.stack([np.linspace(0.1, 0.6, 45), np.linspace(0.5, 0.1, 45), np.full(45, 0.0)], axis=1)
SHARES[:, 2] = 1 - SHARES.sum(axis=1)
POSTURE = {"en": "Posture of the factions", "ar": "موقف الفصائل"}

PICTURES = {
    "pit": lambda f, c, o, **kw: plot.pit(f, **kw),
    "pit of one horizon": lambda f, c, o, **kw: plot.pit(c, 4, **kw),
    "pit of one": lambda f, c, o, **kw: plot.pit(o, **kw),
    "reliability": lambda f, c, o, **kw: plot.reliability(f, **kw),
    "reliability of one": lambda f, c, o, **kw: plot.reliability(o, **kw),
    "coverage": lambda f, c, o, **kw: plot.coverage(f, **kw),
    "coverage of one": lambda f, c, o, **kw: plot.coverage(o, **kw),
    "outcomes": lambda f, c, o, **kw: plot.outcomes(f, 26, **kw),
    "outcomes, some at least": lambda f, c, o, **kw: plot.outcomes(c, 4, **kw),
    "outcome of one": lambda f, c, o, **kw: plot.outcomes(o, 4, **kw),
    "skill": lambda f, c, o, **kw: plot.skill(f, 4, **kw),
    "skill, some at least": lambda f, c, o, **kw: plot.skill(c, 4, **kw),
    "skill of one": lambda f, c, o, **kw: plot.skill(o, 4, **kw),
    "learned": lambda f, c, o, **kw: plot.learned(*draws(20), labels=LABELS, units=UNITS, **kw),
    "learned of one": lambda f, c, o, **kw: plot.learned(*draws(1), **kw),
    "predictive": lambda f, c, o, **kw: plot.predictive(WEEKS, COUNTED, BANDS, unit=ATTRS["unit"], name=POSTURE, **kw),
    "predictive of one": lambda f, c, o, **kw: plot.predictive(WEEKS[:1], [np.nan], BANDS[:1], weeks=4, **kw),
    "states": lambda f, c, o, **kw: plot.states(WEEKS, SHARES, STATES, name=POSTURE, draws=3, paths=1, **kw),
    "state of one": lambda f, c, o, **kw: plot.states(WEEKS[:1], SHARES[:1], STATES, **kw),
    "ranks": lambda f, c, o, **kw: plot.ranks(np.arange(120).reshape(40, 3) % 20, 19, names=STATES, **kw),
    "ranks of one": lambda f, c, o, **kw: plot.ranks([7], 19, **kw),
}


def words(ax):
    """Return every text of a picture that is not of numbers."""
    legend = ax.get_legend()
    texts = [ax.get_title(loc) for loc in ("left", "right")] + [ax.get_xlabel(), ax.get_ylabel()]
    texts += [text.get_text() for text in (*ax.texts, *ax.get_xticklabels(), *ax.get_yticklabels())]
    texts += [text.get_text() for text in legend.get_texts()] if legend else []
    return [text for text in texts if re.search(r"[^\W\d_]", re.sub(r"\de\u200e?[−+]\d", "", text))]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_every_label_is_there_in_the_language_and_none_lies_on_another_or_outside(
    forecasts, censored, lone, name, lang
):
    ax = PICTURES[name](forecasts, censored, lone, lang=lang)
    assert ax.get_title(loc="right" if lang == "ar" else "left")
    assert ax.get_xlabel() or name.startswith(("predictive", "state"))
    assert ax.get_ylabel() or name.startswith(("skill", "learned"))
    own = [text for text in words(ax) if not text.startswith(("parameter_", "log odds"))]
    for text in own:
        if text not in ("CRPS", "PIT"):
            assert any(ord(letter) in ARABIC for letter in text) == (lang == "ar"), text
        assert "$" not in text
        if lang == "ar":  # a text is laid out from the right if its first letter is Arabic
            assert ord(next(letter for letter in text if letter.isalpha())) in ARABIC, text
    figure = ax.figure
    figure.draw_without_rendering()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels(), ax.get_legend().get_texts() if ax.get_legend() else []):
        boxes = [text.get_window_extent() for text in labels if text.get_text().strip()]
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2)), [t.get_text() for t in labels]
    whole = figure.bbox
    outside = [ax.title, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label, *ax.texts]
    for text in (text for text in outside if text.get_text()):
        box = text.get_window_extent()
        assert whole.x0 - 1 <= box.x0, text
        assert box.x1 <= whole.x1 + 1, text
        assert whole.y0 - 1 <= box.y0, text
        assert box.y1 <= whole.y1 + 1, text
    headings = [text for text in (ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label) if text.get_text()]
    ticks = [text for text in (*ax.get_xticklabels(), *ax.get_yticklabels()) if text.get_text().strip()]
    for heading, other in itertools.product(headings, ticks):
        assert not heading.get_window_extent().overlaps(other.get_window_extent()), (heading, other)
    if ax.get_legend():
        frame_box = ax.get_legend().get_window_extent()
        assert whole.x1 + 1 >= frame_box.x1
        assert not any(frame_box.overlaps(text.get_window_extent()) for text in ticks)


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_draw_into_the_axes_they_are_given(forecasts, censored, lone, name):
    _, ax = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    assert PICTURES[name](forecasts, censored, lone, ax=ax, lang="ar") is ax
    assert len(plt.get_fignums()) == 1


def caption(ax):
    return ax.texts[-1].get_text().replace("\n", " · ")


def test_the_caption_says_origins_horizons_and_the_size_of_the_run(forecasts, censored):
    assert "12 origins · so few" in caption(plot.pit(forecasts))
    assert "windows of 4, 13 and 26 weeks · windows overlap" in caption(plot.pit(forecasts))
    assert "400 draws × 50 paths each · seed 20240822" in caption(plot.reliability(forecasts))
    assert "10 origins" in caption(plot.skill(censored, 4))
    assert "“at least” left out: 2 forecasts" in caption(plot.skill(censored, 4))
    assert "overlap" not in caption(plot.outcomes(forecasts, 4))
    assert "12 تاريخ توقع" in caption(plot.pit(forecasts, 4, lang="ar"))


def heights(ax):
    """Return the heights of all bars of each container."""
    return [np.array([bar.get_height() for bar in bars]) for bars in ax.containers if isinstance(bars, BarContainer)]


def test_pit_spreads_each_stretch_evenly_over_the_bins():
    rows = [row(i, 4) | {"pit_low": low, "pit_high": high} for i, (low, high) in enumerate(
        [(0.0, 1.0), (0.1, 0.3), (0.2, 0.2), (1.0, 1.0), (0.0, 0.0)])]  # fmt: skip
    (held,) = heights(plot.pit(frame(rows)))
    np.testing.assert_allclose(held, [0.2 + 0.5 + 1, 0.2 + 0.5 + 1, 0.2, 0.2, 0.2 + 1], atol=1e-12)


def test_pit_of_many_origins_has_ten_bins_and_a_line_where_they_would_be_level():
    rows = [row(0, 4) | {"origin": FIRST + i * FOUR, "pit_low": i / 40, "pit_high": (i + 1) / 40} for i in range(40)]
    ax = plot.pit(frame(rows))
    (held,) = heights(ax)
    np.testing.assert_allclose(held, np.full(10, 4.0))
    np.testing.assert_allclose(ax.get_lines()[0].get_ydata(), 4.0)
    assert "so few" not in caption(ax)


def test_pit_stacks_horizons_and_leaves_out_what_is_censored(forecasts, censored):
    held = heights(plot.pit(forecasts))
    np.testing.assert_allclose([part.sum() for part in held], [12, 10, 7])
    assert heights(plot.pit(censored))[0].sum() == pytest.approx(10)


def test_reliability_marks_every_forecast_and_counts_those_of_each_fifth(forecasts):
    ax = plot.reliability(forecasts)
    for mark, threshold in zip("1ab", ATTRS["thresholds"], strict=True):
        (marks,) = (line for line in ax.get_lines() if line.get_label() == f"at least {threshold}")
        data = sorted(zip(forecasts[f"p_{mark}"], forecasts["value"] >= threshold, strict=True))
        drawn = sorted(zip(marks.get_xdata(), marks.get_ydata() > 0.5, strict=True))
        assert drawn == data
        assert (np.abs(marks.get_ydata() - 0.5) > 0.5).all()
    said = [int(text.get_text()) for text in ax.texts if text.get_text().isdigit()]
    assert sum(said) == 3 * len(forecasts)
    # The last fifth of "at least 1": number and share, as a thick line.
    last = forecasts["p_1"] >= 0.8
    thick = [line for line in ax.get_lines() if line.get_linewidth() == 4 and min(line.get_xdata()) >= 0.8]
    assert thick[0].get_ydata()[0] == pytest.approx((forecasts["value"] >= 1)[last].mean())
    assert int(last.sum()) in said


def test_coverage_draws_shares_and_the_intervals_of_the_block_bootstrap(forecasts):
    ax = plot.coverage(forecasts)
    for column, marker, nominal in (("inside50", "o", 0.5), ("inside90", "s", 0.9)):
        shares = [line.get_ydata()[0] for line in ax.get_lines() if line.get_marker() == marker]
        bars = [line for line in ax.get_lines() if line.get_linewidth() == 3 and len(line.get_xdata()) == 2]
        assert any(list(line.get_ydata()) == [nominal, nominal] for line in ax.get_lines())
        for place, (weeks, block) in enumerate(((4, 1), (13, 4), (26, 7))):
            inside = forecasts[forecasts["weeks"] == weeks][column]
            found = coverage(inside, block=block)
            assert shares[place] == found.share == inside.mean()
            assert any(list(bar.get_ydata()) == [found.low, found.high] for bar in bars), (weeks, column)
            assert any(text.get_text() == f"{inside.sum()} of {inside.size}" for text in ax.texts)


def test_horizons_run_from_right_to_left_in_arabic(forecasts):
    places = []
    for lang in LANGUAGES:
        ax = plot.coverage(forecasts, lang=lang)
        ax.figure.draw_without_rendering()
        labels = [text for text in ax.get_xticklabels() if text.get_text()]
        places.append([text.get_window_extent().x0 for text in labels])
        assert [text.get_text().split()[0] for text in labels] == ["4", "13", "26"]
    assert places[0] == sorted(places[0])
    assert places[1] == sorted(places[1], reverse=True)


def test_outcomes_draw_bands_and_mark_what_is_censored(censored):
    ax = plot.outcomes(censored, 4)
    wide, narrow = (bars for bars in ax.containers if isinstance(bars, BarContainer))
    for bars, low, high in ((wide, "q05", "q95"), (narrow, "q25", "q75")):
        drawn = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars]
        np.testing.assert_allclose(drawn, censored[[low, high]])
    by_label = {line.get_label(): line for line in ax.get_lines()}
    for label, qualifier in (("counted", "exact"), ("counted, about", "approx"), ("counted, at least", "at_least")):
        np.testing.assert_array_equal(
            by_label[label].get_ydata(), censored[censored["qualifier"] == qualifier]["value"]
        )
    looks = {(by_label[label].get_marker(), by_label[label].get_markerfacecolor()) for label in by_label}
    assert len(looks) == 3


def test_on_the_axis_of_counts_nought_and_a_hundred_both_read(forecasts):
    ax = plot.outcomes(forecasts, 4)
    ticks = [tick for tick in ax.get_yticks() if 0 <= tick <= ax.get_ylim()[1]]
    assert {0, 1, 10, 100} <= set(ticks)
    height = ax.transData.transform([(0, tick) for tick in (0, 1, 10, 100)])[:, 1]
    assert np.diff(height).min() > 0.08 * ax.bbox.height


def stems(ax, lane):
    """Return day and height over its line of every stem of a lane."""
    found = []
    for line in ax.get_lines():
        if line.get_marker() in ("o", "s"):
            found += [
                (x, y + lane) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True) if abs(y + lane) < 0.5
            ]
    return found


def test_skill_draws_each_difference_upwards_where_the_forecast_was_better(forecasts):
    ax = plot.skill(forecasts, 4)
    own = forecasts[forecasts["weeks"] == 4]
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [baseline.name.en for baseline in BASELINES.values()]
    gained = {name: (own[f"crps_{name}"] - own["crps"]).dropna() for name in BASELINES}
    top = max(d.abs().max() for d in gained.values())
    for lane, name in enumerate(BASELINES):
        drawn = sorted(stems(ax, lane))
        assert len(drawn) == len(gained[name]) == 11
        expected = 0.4 * np.sign(gained[name]) * np.sqrt(gained[name].abs() / top)
        np.testing.assert_allclose([y for _, y in drawn], expected, atol=1e-12)
        found = skill(own["crps"][1:], own[f"crps_{name}"][1:], block=1)
        shown = f"{found.skill:+.2f}\n{found.low:+.2f} … {found.high:+.2f}".replace("-", "−")
        assert any(text.get_text() == shown for text in ax.texts), shown


def test_skill_has_no_interval_from_too_few_blocks_and_says_so(forecasts, lone):
    for ax in (plot.skill(forecasts, 26), plot.skill(lone, 4)):
        assert "no interval from fewer than 3 blocks" in caption(ax)
        assert not any(" … " in text.get_text() for text in ax.texts)


def test_skill_without_a_single_known_baseline_compares_nothing():
    ax = plot.skill(frame([row(0, 4)]), 4)
    assert sum(text.get_text() == "nothing to compare" for text in ax.texts) == len(BASELINES)


def test_learned_stands_on_the_scale_of_the_prior():
    prior = np.stack([np.arange(1000.0), -1e-3 * np.arange(1000.0)], axis=1)
    posterior = np.stack([np.full(50, 249.5), np.full(50, 5.0)], axis=1)
    ax = plot.learned(prior, posterior, ["low", "beyond"], units={"low": "1/week"})
    medians = [mark.get_segments()[0][0][0] for mark in ax.collections]  # of prior and posterior by turns
    assert medians == [0.5, 0.25, 0.5, 1.0]
    texts = [text.get_text() for text in ax.texts]
    assert "500 (50.0 … 949)" in texts
    assert "250 (250 … 250)" in texts
    assert "−0.500 (−0.949 … −0.0500)" in texts
    assert {"low", "beyond", "1/week"} <= set(texts)


def test_learned_has_room_for_twenty_parameters():
    ax = plot.learned(*draws(20), units=UNITS)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert ax.figure.get_figwidth() == pytest.approx(7.2)


def test_predictive_draws_the_bands_and_leaves_gaps_open():
    dates = [*WEEKS[:3], *(day + dt.timedelta(70) for day in WEEKS[3:6])]
    ax = plot.predictive(dates, [5.0, np.nan, 0, 1, 2, 3], BANDS[:6], unit="attacks")
    (counted,) = (line for line in ax.get_lines() if line.get_label() == "counted")
    np.testing.assert_array_equal(counted.get_ydata(), [5, 0, 1, 2, 3])
    (middle,) = (line for line in ax.get_lines() if line.get_label() == "median")
    np.testing.assert_allclose(middle.get_ydata()[:6], np.repeat(BANDS[:3, 2], 2))
    assert np.isnan(middle.get_ydata()[6])
    inside = np.sum([(BANDS[i, 0] <= y <= BANDS[i, 4]) for i, y in ((0, 5), (2, 0), (3, 1), (4, 2), (5, 3))])
    assert f"counted inside 90 %: {inside} of 5" in caption(ax)


def test_states_are_stacked_and_differ_without_colour():
    ax = plot.states(WEEKS, SHARES, STATES)
    bottom = np.zeros(45)
    for k, patch in enumerate(ax.patches):
        values, _, baseline = patch.get_data()
        np.testing.assert_allclose(baseline, bottom)
        np.testing.assert_allclose(values - baseline, SHARES[:, k], atol=1e-12)
        bottom = values
    assert len({patch.get_hatch() for patch in ax.patches}) == 3
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["campaign", "harassment", "truce"]  # as they are stacked


def leaves_the_band(ax):
    band = ax.collections[0].get_paths()[0].vertices
    line = ax.get_lines()[1]
    for at, value in zip(line.get_xdata()[1:-1], line.get_ydata()[1:-1], strict=True):
        limits = band[np.isclose(band[:, 0], at), 1]
        if value < limits.min() - 1e-9 or value > limits.max() + 1e-9:
            return True
    return False


def test_ranks_that_are_uniform_stay_inside_and_others_do_not():
    rng = np.random.default_rng(5)
    assert not leaves_the_band(plot.ranks(rng.integers(0, 100, 400), 99))
    assert leaves_the_band(plot.ranks(rng.binomial(99, rng.beta(1.6, 1.6, 400)), 99))
    assert leaves_the_band(plot.ranks(np.clip(rng.integers(-8, 100, 400), 0, 99), 99))


SETS = 4000  # the band was itself simulated from as many
ERROR = np.sqrt(2 * 0.95 * 0.05 / SETS)


def share_held(low, high, runs, n):
    """Return the share of sets of uniform ranks that stay between the limits all along."""
    at, held = places(n), 0
    for ranks in np.random.default_rng(7).integers(0, n + 1, (SETS, runs)):
        below = np.searchsorted(np.sort(ranks), at) / runs
        held += bool(((low - 1e-9 <= below) & (below <= high + 1e-9)).all())
    return held / SETS


def holds_95(low, high, runs, n):
    """Whether limits hold 95 % of the sets, and limits one count narrower no more: counts are whole."""
    enough = share_held(low, high, runs, n) > 0.95 - 5.73 * ERROR
    return enough and share_held(low + 1 / runs, high - 1 / runs, runs, n) < 0.95 + 5.73 * ERROR


@pytest.mark.parametrize(("runs", "n"), [(200, 99), (60, 19), (300, 1000)])
def test_the_band_holds_95_of_100_sets_of_uniform_ranks(runs, n):
    assert holds_95(*uniform_band(runs, n), runs, n)


def test_a_band_too_narrow_or_too_wide_is_caught():
    runs, n = 200, 99
    z = places(n) / (n + 1)
    for_one_place = [binom.ppf(tail, runs, z) / runs for tail in (0.025, 0.975)]
    assert not holds_95(*for_one_place, runs, n)
    low, high = uniform_band(runs, n)
    assert not holds_95(z + 1.5 * (low - z), z + 1.5 * (high - z), runs, n)


def without(forecasts, *names):
    kept = forecasts.drop(columns=list(names))
    kept.attrs = dict(ATTRS)
    return kept


def given(forecasts, **columns):
    changed = forecasts.assign(**columns)
    changed.attrs = dict(ATTRS)
    return changed


def bare(forecasts):
    changed = forecasts.copy()
    changed.attrs = {}
    return changed


WRONG = {
    "empty": (lambda f: plot.pit(frame([row(0, 4)])[:0]), "has no row"),
    "no columns at all": (lambda f: plot.coverage(frame([])), "has no column origin, weeks"),
    "a column": (lambda f: plot.outcomes(without(f, "q25", "q95"), 4), "has no column q25, q95"),
    "a baseline": (lambda f: plot.skill(without(f, "crps_climatology"), 4), "has no column crps_climatology"),
    "attributes": (lambda f: plot.reliability(bare(f)), r"attrs: has no signal_name, unit.*thresholds"),
    "no such horizon": (lambda f: plot.skill(f, 8), r"weeks = 8: must be a horizon of the forecasts: 4, 13 and 26"),
    "twice": (lambda f: plot.pit(frame([row(0, 4), row(0, 4)])), "two rows of one origin and horizon"),
    "qualifier": (lambda f: plot.pit(frame([row(0, 4, "calm")])), "qualifier = calm: must be one of exact"),
    "no value": (lambda f: plot.outcomes(given(f, value=np.nan), 4), "must be a count in every row"),
    "nothing but at least": (lambda f: plot.pit(frame([row(0, 4, "at_least")])), "every count is `at_least`"),
    "pit": (lambda f: plot.pit(given(f, pit_low=1.5)), "0 <= pit_low <= pit_high <= 1"),
    "probability": (lambda f: plot.reliability(given(f, p_a=np.nan)), "probabilities are from 0 to 1"),
    "quantiles": (lambda f: plot.outcomes(given(f, q05=1e9), 4), "quantiles rise"),
    "score": (lambda f: plot.skill(given(f, crps=np.nan), 4), "must be finite"),
    "no parameter": (lambda f: plot.learned(np.ones((3, 0)), np.ones((3, 0)), []), "at least one parameter"),
    "no draw": (lambda f: plot.learned(np.ones((0, 1)), np.ones((3, 1)), ["a"]), r"shape \(draws, 1\)"),
    "columns": (lambda f: plot.learned(np.ones((3, 1)), np.ones((3, 2)), ["a"]), r"posterior = shape \(3, 2\)"),
    "not finite": (lambda f: plot.learned([[1.0, np.nan]], [[1.0, 2]], ["a", "b"]), "b: not so"),
    "no date": (lambda f: plot.predictive([], [], np.ones((0, 5))), "at least one date"),
    "no such date": (lambda f: plot.states(["soon"], [[1.0]], ["a"]), "must be dates"),
    "dates reversed": (lambda f: plot.states(WEEKS[1::-1], np.ones((2, 1)), ["a"]), "later than the one before"),
    "bands": (lambda f: plot.predictive(WEEKS[:2], [1, 2, 3], np.ones((2, 4))), r"(?s)counted.*quantiles"),
    "shares": (lambda f: plot.states(WEEKS[:1], [[0.5, 0.4]], ["a", "b"]), "sum to 1"),
    "states": (lambda f: plot.states(WEEKS[:1], [[0.5, 0.5]], ["a"]), r"\(1, 1\)"),
    "no ranks": (lambda f: plot.ranks([], 9), "at least one of each"),
    "ranks": (lambda f: plot.ranks([10], 9), "whole numbers from 0 to n = 9"),
    "no draws": (lambda f: plot.ranks([0], 0), "at least 1"),
    "names": (lambda f: plot.ranks([[0, 1]], 9, names=["a"]), "as many as there are parameters, 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_drawn_is_said(forecasts, name):
    draw, said = WRONG[name]
    with pytest.raises(hudna.InputError, match=said):
        draw(forecasts)
    assert not plt.get_fignums()


def test_the_frame_is_left_as_it_was(forecasts):
    before = forecasts.copy()
    for name in ("pit", "reliability", "coverage", "outcomes", "skill"):
        PICTURES[name](forecasts, forecasts, forecasts)
    pd.testing.assert_frame_equal(forecasts, before)
    assert forecasts.attrs == ATTRS


@pytest.mark.parametrize(
    ("n", "english", "arabic"),
    [(1, "1 week", "أسبوع واحد"), (2, "2 weeks", "أسبوعين"), (4, "4 weeks", "4 أسابيع"), (13, "13 weeks", "13 أسبوعا"),
     (100, "100 weeks", "100 أسبوع"), (104, "104 weeks", "104 أسابيع")],
)  # fmt: skip
def test_numbers_of_things(n, english, arabic):
    assert (number_of(n, "week", "en"), number_of(n, "week", "ar")) == (english, arabic)


def test_lists_of_numbers():
    assert listed([4, 13, 26], "week", "en") == "4, 13 and 26 weeks"
    assert listed([4, 13, 26], "week", "ar") == "4 و13 و26 أسبوعا"
    assert listed([4], "week", "en") == "4 weeks"
