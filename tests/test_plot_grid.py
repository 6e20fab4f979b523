"""The picture of a comparison: every number in its cell, the best framed, legible in grey and from right to left."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from comparisons import made
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

import hudna
from hudna import Comparison, plot
from hudna.plot.grid import _RAMP, _luminance, _wrapped

mpl.use("Agg")

NUMBERS = {
    "one": {"a": [100, 140, 130], "b": [60, 95, 88], "c": [95, 130, 124]},
    "two": {"a": [30, 40, 20], "b": [31, 42, 29], "c": [20, 60, 7]},
}
LANGUAGES = ("en", "ar")


@pytest.fixture(scope="module")
def template() -> hudna.Result:
    return hudna.run("two-militias", draws=2, paths=2, seed=1)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def comparison_of(template, numbers=NUMBERS, *, copies=1, **label):
    size = copies, 2
    wide = {s: {p: np.tile(np.array(y, float)[:, None], size) for p, y in own.items()} for s, own in numbers.items()}
    return Comparison.of([made(scenario, {"y": own}, template, **label) for scenario, own in wide.items()])


def texts(ax):
    """Return the texts in cells, by column from the left and row from the top."""
    found: dict[tuple[int, int], list[str]] = {}
    for text in ax.texts:
        if text.get_transform() == ax.transData:
            x, y = text.get_position()
            found.setdefault((int(x), int(y)), []).append(text.get_text())
    return found


def framed(ax):
    """Return the cells that have a frame, each with whether it is dashed."""
    frames = [p for p in ax.patches if not p.get_fill() and mpl.colors.to_hex(p.get_edgecolor()) == "#000000"]
    return {(int(p.get_x()), int(p.get_y())): p.get_linestyle() != "-" for p in frames}


def test_the_twin_holds_what_the_comparison_tells(template):
    comparison = comparison_of(template)
    data = plot.grid_data(comparison, "y")
    assert len(data) == 6
    assert list(zip(data["row"], data["column"], strict=True)) == list(itertools.product(range(2), range(3)))
    table, regret = comparison.table(), comparison.regret()
    for cell in data.to_dict("records"):
        key = (cell["scenario"], cell["policy"], "y")
        assert cell["mean"] == table.loc[key, "mean"]
        assert cell["regret"] == regret.loc[key, "regret"]
        assert cell["best"] == regret.loc[key, "best"]
    assert plot.grid_data(comparison, "y", "ar")["policy_name"].iloc[0] == "سياسة a"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_cell_says_its_own_numbers(template, lang):
    comparison = comparison_of(template, copies=7)
    found = texts(plot.grid(comparison, "y", lang=lang))
    for cell in plot.grid_data(comparison, "y", lang).to_dict("records"):
        column = 2 - cell["column"] if lang == "ar" else cell["column"]
        said = found[column, cell["row"]]
        assert said[0] == f"{cell['mean']:.0f}"
        assert said[1] == f"[{cell['mean_q05']:.0f}, {cell['mean_q95']:.0f}]"
        assert cell["best"] or f"{cell['regret']:.0f}" in said[2]
    mirrored = {(2 - x, y): said for (x, y), said in found.items()}
    assert mirrored != found  # a grid drawn from the other side would not pass


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_best_are_framed_and_dashed_where_chance_may_have_chosen(template, lang):
    comparison = comparison_of(template)
    regret = comparison.regret()
    assert regret.loc[("one", "b", "y"), "best"]
    assert regret.loc[("two", "c", "y"), "best"]
    side = {"a": 0, "b": 1, "c": 2} if lang == "en" else {"a": 2, "b": 1, "c": 0}
    wanted = {(side["b"], 0): not regret.loc[("one", "b", "y"), "told_apart"],
              (side["c"], 1): not regret.loc[("two", "c", "y"), "told_apart"]}  # fmt: skip
    assert framed(plot.grid(comparison, "y", lang=lang)) == wanted
    assert set(wanted.values()) == {True, False}
    turned = comparison_of(template, better="higher")
    assert set(framed(plot.grid(turned, "y", lang=lang))) == {(side["a"], 0), (side["b"], 1)}


def test_the_smallest_of_the_largest_regrets_is_marked(template):
    comparison = comparison_of(template)
    ax = plot.grid(comparison, "y")
    largest = comparison.minimax().droplevel("outcome")
    (best,) = [i for i, policy in enumerate(comparison.policies) if largest.loc[policy, "minimax"]]
    said = texts(ax)
    assert [column for column in range(3) if "smallest" in said[column, 2]] == [best]
    assert said[0, 2][0] == f"{largest.loc['a', 'regret']:.0f}"


def test_an_outcome_without_a_direction_has_neither_regret_nor_best(template):
    ax = plot.grid(comparison_of(template, better=None), "y")
    assert framed(ax) == {}
    assert {y for _, y in texts(ax)} == {0, 1}
    assert not any("regret" in line for lines in texts(ax).values() for line in lines)
    assert "not declared" in ax.get_xlabel()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_names_stand_where_the_language_begins(template, lang):
    ax = plot.grid(comparison_of(template), "y", lang=lang)
    policies = [label.get_text() for label in ax.get_xticklabels()]
    assert policies == (["سياسة c", "سياسة b", "سياسة a"] if lang == "ar" else ["Policy a", "Policy b", "Policy c"])
    assert ax.yaxis.get_ticks_position() == ("right" if lang == "ar" else "left")
    assert ax.get_title(loc="right" if lang == "ar" else "left").startswith("نتيجة y" if lang == "ar" else "Outcome y")
    assert ax.get_xlabel().startswith("attacks")


def test_it_draws_into_the_axes_it_is_given(template):
    _, ax = plt.subplots()
    assert plot.grid(comparison_of(template), "y", ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 2), (5, 3), (8, 6)])
def test_letters_stay_inside_their_cells_and_apart(template, lang, rows, columns):
    rng = np.random.default_rng(rows)
    numbers = {f"scenario{i}": {f"policy{k}": rng.normal(5000, 900, 4) for k in range(columns)} for i in range(rows)}
    ax = plot.grid(comparison_of(template, numbers), "y", lang=lang)
    figure = ax.get_figure()
    figure.canvas.draw()
    inside = [text for text in ax.texts if text.get_transform() == ax.transData]
    boxes = [text.get_window_extent() for text in inside]
    for text, box in zip(inside, boxes, strict=True):
        x = int(text.get_position()[0])
        left, right = (ax.transData.transform((x + side, 0))[0] for side in (0, 1))
        assert left <= box.x0, text.get_text()
        assert box.x1 <= right, text.get_text()
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    names = [label.get_window_extent() for label in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(names, 2))
    assert all(figure.bbox.contains(box.x0, box.y0) and figure.bbox.contains(box.x1, box.y1) for box in names)
    for text in inside:  # letters too large would be seen
        text.set_fontsize(60)
    assert inside[0].get_window_extent().overlaps(inside[1].get_window_extent())


def test_shades_rise_in_grey_and_letters_contrast_with_them(template):
    grey = [_luminance(colour) for colour in _RAMP]
    assert all(a - b > 0.1 for a, b in itertools.pairwise(grey))
    numbers = {"one": {f"p{i}": [float(i)] * 3 for i in range(12)}}
    ax = plot.grid(comparison_of(template, numbers), "y")
    cells = {int(p.get_x()): p for p in ax.patches if isinstance(p, Rectangle) and p.get_fill() and p.get_y() == 0}
    shown = [_luminance(mpl.colors.to_hex(cells[i].get_facecolor())) for i in range(12)]
    assert all(a > b for a, b in itertools.pairwise(shown))
    for text in ax.texts:
        x, y = text.get_position()
        if text.get_transform() == ax.transData and y < 1:
            ink = _luminance(mpl.colors.to_hex(text.get_color()))
            light, dark = sorted((ink, shown[int(x)]), reverse=True)
            assert (light + 0.05) / (dark + 0.05) > 4.5


def test_names_are_parted_into_lines_of_about_one_length():
    assert _wrapped("Iraq and the coalition, from 22 August 2024", 25) == "Iraq and the coalition,\nfrom 22 August 2024"
    assert _wrapped("Withdrawal", 25) == "Withdrawal"
    assert _wrapped("Unbreakablewordofmanyletters", 8) == "Unbreakablewordofmanyletters"


def test_unknown_outcomes_are_refused(template):
    comparison = comparison_of(template)
    for call in (plot.grid, plot.grid_data):
        with pytest.raises(hudna.InputError, match="is not compared; compared are: y"):
            call(comparison, "z")
