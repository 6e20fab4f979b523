"""Pictures of a result and of a case: what is drawn is what was found, legible in both languages, also in grey."""

import datetime as dt
import itertools
import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import hudna
from hudna import plot
from hudna.case.posterior import Posterior
from hudna.plot.style import COLOURS, colour_of, shades
from hudna.result.estimate import over_draws
from hudna.text.numbers import date, spelt

mpl.use("Agg")

ARABIC = range(0x0600, 0x0700)


@pytest.fixture(scope="module")
def result():
    return hudna.run("two-militias", draws=20, paths=20, seed=1)


@pytest.fixture(scope="module")
def kept():
    return hudna.run("two-militias", draws=20, paths=20, seed=1, outcomes="summary")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


CASE = hudna.load("two-militias").case

PICTURES = {
    "outcome": lambda r, **kw: plot.outcome(r, "attacks", **kw),
    "probability": lambda r, **kw: plot.outcome(r, "any_attack_4w", **kw),
    "time": lambda r, **kw: plot.outcome(r, "truce_breaks", **kw),
    "level": lambda r, **kw: plot.outcome(r, "pressure", **kw),
    "pbox": lambda r, **kw: plot.pbox(r, "attacks", **kw),
    "pbox of one policy": lambda r, **kw: plot.pbox(r, "pressure", "stay", **kw),
    "survival": lambda r, **kw: plot.survival(r, "truce_breaks", **kw),
    "survival under one policy": lambda r, **kw: plot.survival(r, "truce_breaks", "leave", **kw),
    "fan": lambda r, **kw: plot.fan(r, "pressure", **kw),
    "fan of counts": lambda r, **kw: plot.fan(r, "attacks.*", "leave", **kw),
    "shares": lambda r, **kw: plot.shares(r, "truce", **kw),
    "shares under one policy": lambda r, **kw: plot.shares(r, "truce", "leave", **kw),
    "drivers": lambda r, **kw: plot.drivers(r, **kw),
    "drivers by name": lambda r, **kw: plot.drivers(r, ["presence", "pressure", "attacks.*"], policy="leave", **kw),
    "difference": lambda r, **kw: plot.difference(r, "attacks", "leave", "stay", **kw),
    "difference of levels": lambda r, **kw: plot.difference(r, "pressure", "leave", "stay", **kw),
    "difference of probabilities": lambda r, **kw: plot.difference(r, "any_attack_4w", "leave", "stay", **kw),
    "priors": lambda r, **kw: plot.priors(CASE, **kw),
    "one prior": lambda r, **kw: plot.priors(CASE, ["attack_rate"], **kw),
}


def all_axes(ax):
    """Return a picture's axes, and the panels inside them."""
    return [ax, *ax.child_axes]


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_draw_into_the_axes_they_are_given(result, name, lang):
    _, ax = plt.subplots()
    assert PICTURES[name](result, ax=ax, lang=lang) is ax
    assert len(plt.get_fignums()) == 1
    assert ax.get_title(loc="right" if lang == "ar" else "left")


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_written_lies_on_another_or_outside_and_all_is_in_the_language(result, name, lang):
    ax = PICTURES[name](result, lang=lang)
    figure = ax.figure
    figure.draw_without_rendering()
    assert any(one.has_data() for one in all_axes(ax))
    free, whole = [], figure.bbox
    for one in all_axes(ax):
        visible = one.axison
        drawn = [tick for axis in (one.xaxis, one.yaxis) for tick in axis._update_ticks()] if visible else []
        ticks = [label for tick in drawn for label in (tick.label1, tick.label2)]
        labels = [one.xaxis.label, one.yaxis.label] if visible else []
        legend = one.get_legend()
        titles = [one._left_title, one._right_title, one.title]
        texts = [*one.texts, *titles, *labels, *(legend.get_texts() if legend else [])]
        free += [text for text in (*texts, *ticks) if text.get_text().strip() and text.get_visible()]
    boxes = [(text, text.get_window_extent()) for text in free]
    for text, box in boxes:
        assert whole.x0 - 1 <= box.x0, text
        assert box.x1 <= whole.x1 + 1, text
        assert whole.y0 - 1 <= box.y0, text
        assert box.y1 <= whole.y1 + 1, text
        said = text.get_text()
        if re.search(r"[^\W\d_]", re.sub(r"\de[−+]\d", "", said)) and "priors" not in name and name != "one prior":
            assert any(ord(letter) in ARABIC for letter in said) == (lang == "ar"), said
        assert "$" not in said
    for (one, box), (other, place) in itertools.combinations(boxes, 2):
        if "\n" not in one.get_text().rstrip() + other.get_text().rstrip() and not _empty_line(one, other):
            assert not box.overlaps(place), (one, other)


def _empty_line(*texts):
    """Whether a text ends with an empty line, which others may stand in."""
    return any(text.get_text().endswith("\n") for text in texts)


@pytest.mark.parametrize("name", ["fan", "shares", "survival", "pbox"])
def test_panels_stand_in_the_order_of_reading(result, name):
    for lang, first in (("en", min), ("ar", max)):
        ax = PICTURES[name](result, lang=lang)
        ax.figure.draw_without_rendering()
        titles = {p.get_title(loc="right" if lang == "ar" else "left"): p.get_window_extent().x0 for p in ax.child_axes}
        assert first(titles, key=titles.get) == result.policy_name("stay", lang)


def test_the_caption_says_where_the_run_started_and_how_large_it_was(result):
    said = plot.outcome(result, "attacks").texts[-1].get_text().replace("\n", " ")
    assert "from the starts given in the case" in said
    assert "parameters: prior" in said
    assert "20 draws × 20 paths each · seed 1" in said
    given = {"belief": "posterior", "as_of": "2024-08-22", "learned_until": "2024-08-21"}
    about = {**result.about, "given": given}
    other = type(result)(
        **{**{k: v for k, v in vars(result).items() if k in result.__dataclass_fields__}, "about": about}
    )
    said = plot.outcome(other, "attacks").texts[-1].get_text().replace("\n", " · ")
    assert "from the state of the world on 22 August 2024 · parameters: learned to 21 August 2024" in said


# What is drawn is what was found -------------------------------------------------------------------------------


def test_a_ridge_holds_the_share_of_paths_in_each_bin(result):
    data = plot.outcome_data(result, "attacks")
    for policy, rows in data.groupby("policy"):
        y = result.sample("attacks", policy)
        held = [((low <= y) & (y < high)).mean() for low, high in zip(rows["bin_low"], rows["bin_high"], strict=True)]
        np.testing.assert_allclose(rows["share"], held)
    table = result.table()
    for policy, rows in data.groupby("policy"):
        for column in ("mean", "mcse", "low", "high", "q05", "q50", "q95", "mean_q05", "mean_q95"):
            assert rows[column].unique().tolist() == [table.loc[(policy, "attacks"), column]]


def test_ridges_are_as_high_as_their_shares(result):
    data = plot.outcome_data(result, "attacks")
    ax = plot.outcome(result, "attacks")
    filled = [patch for patch in ax.patches if patch.get_fill()]
    for place, (patch, policy) in enumerate(zip(filled, result.policies, strict=True)):
        share = data.loc[data["policy"] == policy, "share"].to_numpy()
        np.testing.assert_allclose(patch.get_data()[0] + place, share * 0.8 / data["share"].max(), atol=1e-12)


def test_a_time_that_never_comes_is_in_no_bin(result):
    data = plot.outcome_data(result, "truce_breaks")
    for policy, rows in data.groupby("policy"):
        y = result.sample("truce_breaks", policy)
        assert rows["never"].iloc[0] == pytest.approx((y == 52).mean())
        assert rows["share"].sum() == pytest.approx((y < 52).mean())
        np.testing.assert_allclose(
            rows["share"].iloc[-1], ((y >= rows["bin_low"].iloc[-1]) & (y < 52)).mean(), atol=1e-9
        )


def test_a_probability_has_a_row_a_policy(result):
    data = plot.outcome_data(result, "any_attack_4w", lang="ar").set_index("policy")
    table = result.table("ar").xs("any_attack_4w", level="outcome")
    assert data["policy_name"].tolist() == ["البقاء", "الرحيل"]
    pd.testing.assert_frame_equal(data[["mean", "low", "high", "mean_q05"]], table[["mean", "low", "high", "mean_q05"]])


@pytest.mark.parametrize("name", ["attacks", "pressure", "any_attack_4w"])
def test_a_difference_tells_what_the_contrast_tells(result, name):
    data = plot.difference_data(result, name, "leave", "stay")
    found = result.contrast("leave", "stay").loc[name]
    for column in ("mean", "mcse", "low", "high", "mean_q05", "mean_q95", "p_lower", "p_higher", "mean_lower"):
        assert data[column].iloc[0] == pytest.approx(found[column], nan_ok=True), column
    assert data["share"].sum() == pytest.approx(data["shown"].iloc[0])
    assert data["p_lower"].iloc[0] + data["p_equal"].iloc[0] + data["p_higher"].iloc[0] == pytest.approx(1)


def shares_of(y, x, *, strictly=False):
    """Return the share of paths at or below each value, of all and of each draw."""
    below = np.stack([(y < at) if strictly else (y <= at) for at in x])
    return below.mean(axis=(1, 2)), below.mean(axis=2)


def test_a_pbox_is_the_distribution_and_the_band_of_the_draws(result):
    data = plot.pbox_data(result, "attacks")
    for policy, rows in data.groupby("policy"):
        y, x = result.sample("attacks", policy), rows["x"].to_numpy()
        share, _ = shares_of(y, x)
        np.testing.assert_allclose(rows["share"], share, atol=1e-12)
        off, _ = shares_of(y, x, strictly=True)  # the planted bug: below instead of at or below
        assert np.abs(rows["share"] - off).max() > 0.005
        for at in (3, 40):
            ends = over_draws((y <= x[at]).astype(float))
            np.testing.assert_allclose(rows[["low", "high"]].iloc[at], ends, atol=1e-12)
        assert not (rows["low"] > rows["high"] + 1e-12).any()


def test_a_survival_curve_is_the_share_of_paths_that_still_wait(result):
    data = plot.survival_data(result, "truce_breaks")
    table = result.table()
    for policy, rows in data.groupby("policy"):
        y, weeks = result.sample("truce_breaks", policy), rows["weeks"].to_numpy()
        np.testing.assert_array_equal(weeks, np.arange(52))
        share, _ = shares_of(y, weeks)
        np.testing.assert_allclose(rows["share"], 1 - share, atol=1e-12)
        off, _ = shares_of(y, weeks, strictly=True)  # the planted bug: a week late
        assert np.abs(rows["share"] - (1 - off)).max() > 0.01
        assert rows["share"].iloc[-1] == pytest.approx(table.loc[(policy, "truce_breaks"), "never"])
        assert rows["mcse"].iloc[-1] == pytest.approx(table.loc[(policy, "truce_breaks"), "never_mcse"])


def test_a_survival_curve_begins_at_one_and_ends_where_waiting_ends(result):
    ax = plot.survival(result, "truce_breaks", "stay")
    colour = colour_of(result, "stay")[0]
    line = next(one for one in ax.get_lines() if one.get_color() == colour and len(one.get_xdata()))
    x, y = line.get_xdata(), line.get_ydata()
    assert (x[0], y[0]) == (0, 1)
    assert x[-1] == 52
    assert line.get_drawstyle() == "steps-post"


def test_bands_need_more_than_one_path(result):
    single = hudna.run("two-militias", draws=5, paths=1, seed=1)
    data = plot.pbox_data(single, "attacks")
    assert data[["low", "high"]].isna().all(axis=None)
    plot.pbox(single, "attacks")
    plot.survival(single, "truce_breaks")
    plot.outcome(single, "attacks")


def test_a_fan_and_shares_are_the_series(result):
    data = plot.fan_data(result, "pressure").set_index(["policy", "time"])
    series = result.series
    for policy in result.policies:
        own = data.loc[policy]
        for column, q in (("q05", 0.05), ("q50", 0.5), ("q95", 0.95)):
            np.testing.assert_array_equal(own[column], series["pressure"].sel(policy=policy, quantile=q))
        np.testing.assert_array_equal(own["mean"], series["pressure_mean"].sel(policy=policy))
    share = plot.shares_data(result, "truce")
    total = share.groupby(["policy", "time"])["share"].sum()
    np.testing.assert_allclose(total, 1)
    held = share[(share["policy"] == "leave") & (share["state"] == "broken")]["share"]
    np.testing.assert_array_equal(held, series["truce"].sel(policy="leave", truce_state="broken"))


def test_states_differ_without_colour(result):
    ax = plot.shares(result, "truce", "stay")
    assert len({patch.get_hatch() for patch in ax.patches}) == 2
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["broken", "holds"]  # as they are stacked


def test_a_regime_that_no_policy_moves_has_one_panel(result):
    alone = result.histograms.copy()
    alone["truce"] = alone["truce"].isel(policy=[0, 0]).assign_coords(policy=alone["policy"])
    ax = plot.shares(replace(result, histograms=alone), "truce")
    assert not ax.child_axes
    assert "the same under every policy" in ax.get_title(loc="left")
    assert len(plot.shares(result, "truce").child_axes) == 2


def test_drivers_tell_levers_under_every_policy_and_regimes_under_one(result):
    data = plot.drivers_data(result)
    assert list(dict.fromkeys(data["driver"])) == ["presence", "truce"]
    lever = data[data["driver"] == "presence"]
    assert set(lever["policy"]) == {"stay", "leave"}
    np.testing.assert_array_equal(
        lever.loc[lever["policy"] == "leave", "value"], result.levers["presence"].sel(policy="leave")
    )
    assert lever["driver_name"].unique().tolist() == ["Presence of the mission"]
    assert lever["unit"].unique().tolist() == ["share of today's"]
    assert set(data.loc[data["driver"] == "truce", "policy"]) == {"stay"}
    under = plot.drivers_data(result, ["truce", "attacks.*"], policy="leave")
    assert set(under["policy"]) == {"leave"}
    counts = under[under["driver"] == "attacks.*"]
    np.testing.assert_array_equal(counts["value"], result.series["attacks.*_mean"].sel(policy="leave"))


def test_priors_are_the_priors_and_what_they_rest_on():
    data = plot.priors_data(CASE)
    assert list(data.index) == list(CASE.parameters)
    for name, row in data.iterrows():
        prior = CASE.parameters[name].prior.quantile(np.array([0.05, 0.5, 0.95]))
        np.testing.assert_allclose(row[["prior_q05", "prior_q50", "prior_q95"]].astype(float), prior)
        assert (row["status"], row["source"]) == ("judgement", "invented")
    assert data.filter(like="posterior").isna().all(axis=None)


def learned(*, current=True):
    """Return the case with draws of a posterior that was made up."""
    names = tuple(CASE.parameters)
    theta = np.random.default_rng(3).normal(1.0, 0.1, (300, len(names)))
    posterior = Posterior(names, theta, "main", dt.date(2023, 12, 31), "", "", {}, {}, current)
    return replace(CASE, posterior=posterior)


def test_a_posterior_stands_beside_its_prior():
    case = learned()
    data = plot.priors_data(case)
    for place, name in enumerate(case.posterior.names):
        assert data.loc[name, "posterior_q50"] == np.quantile(case.posterior.theta[:, place], 0.5)
    texts = [text.get_text() for text in plot.priors(case).texts]
    assert any("posterior: 300 draws" in text for text in texts)
    assert plot.priors_data(learned(current=False)).filter(like="posterior").isna().all(axis=None)


def test_what_a_scenario_believes_otherwise_has_no_posterior():
    scenario = hudna.load("two-militias")
    otherwise = {"attack_rate": scenario.parameters["attack_rate"]}
    file = scenario.file.model_copy(update={"parameters": otherwise})
    data = plot.priors_data(replace(scenario, file=file, case=learned()))
    assert np.isnan(data.loc["attack_rate", "posterior_q50"])
    assert np.isfinite(data.drop(index="attack_rate")["posterior_q50"]).all()


# What cannot be drawn is said -----------------------------------------------------------------------------------

WRONG = {
    "fan of a regime": (lambda r: plot.fan(r, "truce"), r"plot\.shares"),
    "shares of a level": (lambda r: plot.shares(r, "pressure"), r"plot\.fan"),
    "pbox of a probability": (lambda r: plot.pbox(r, "any_attack_4w"), r"plot\.outcome"),
    "pbox of a time": (lambda r: plot.pbox(r, "truce_breaks"), r"plot\.survival"),
    "survival of a count": (lambda r: plot.survival(r, "attacks"), r'reduce = "first"'),
    "outcome": (lambda r: plot.pbox(r, "atacks"), "did you mean 'attacks'"),
    "policy": (lambda r: plot.fan(r, "pressure", "leav"), "did you mean 'leave'"),
    "no policy": (lambda r: plot.shares(r, "truce", []), "must name at least one policy"),
    "drivers": (lambda r: plot.drivers(r, ["presense", "truse"]), r"(?s)'presence'.*'truce'"),
    "no drivers": (lambda r: plot.drivers(r, []), "must name at least one lever or series"),
    "parameters": (lambda r: plot.priors(CASE, ["atack_rate", "anger"]), r"(?s)'attack_rate'.*'anger'"),
    "no parameters": (lambda r: plot.priors(CASE, []), "must name at least one parameter"),
    "language": (lambda r: plot.outcome(r, "attacks", lang="fr"), "must be 'en' or 'ar'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_drawn_is_said(result, name):
    draw, said = WRONG[name]
    with pytest.raises(hudna.InputError, match=said):
        draw(result)
    assert not plt.get_fignums()


def test_summaries_have_no_distribution_within_draws(kept):
    for draw in (lambda: plot.pbox(kept, "attacks"), lambda: plot.survival(kept, "truce_breaks")):
        with pytest.raises(hudna.InputError, match='run it with outcomes="all"'):
            draw()
    assert not plt.get_fignums()
    plot.outcome(kept, "truce_breaks")
    plot.difference(kept, "attacks", "leave", "stay")


# Style ----------------------------------------------------------------------------------------------------------


def luminance(colour):
    r, g, b = mpl.colors.to_rgb(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_neighbouring_colours_differ_in_grey():
    for palette in (COLOURS[:3], shades(2), shades(3), shades(5)):
        grey = [luminance(colour) for colour in palette]
        assert min(abs(a - b) for a, b in itertools.pairwise(grey)) > 0.06, palette


def test_numbers_and_dates_as_readers_write_them():
    assert [spelt(x) for x in (0.0, -1234.5, 0.000012, 3.14159, 2e7)] == ["0", "−1,234", "1.2e−05", "3.14", "2.0e+07"]
    assert spelt(-2.0, "ar") == "\u200e−2.00"
    day = pd.Timestamp("2024-08-22").date()
    assert (date(day, "en"), date(day, "ar")) == ("22 August 2024", "22 آب 2024")
