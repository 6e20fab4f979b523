"""Pictures: every function takes and returns Axes, in both languages, and leaves nothing outside the frame."""

import itertools

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

import hudna
from hudna.plot.style import COLOURS, shades

mpl.use("Agg")


@pytest.fixture(scope="module")
def result():
    return hudna.run("two-militias", draws=20, paths=20, seed=1)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


PICTURES = {
    "outcome": lambda r, **kw: hudna.plot.outcome(r, "attacks", **kw),
    "probability": lambda r, **kw: hudna.plot.outcome(r, "any_attack_4w", **kw),
    "time": lambda r, **kw: hudna.plot.outcome(r, "truce_breaks", **kw),
    "level": lambda r, **kw: hudna.plot.outcome(r, "pressure", **kw),
    "fan": lambda r, **kw: hudna.plot.fan(r, "pressure", **kw),
    "fan of counts": lambda r, **kw: hudna.plot.fan(r, "attacks.*", **kw),
    "shares": lambda r, **kw: hudna.plot.shares(r, "truce", "leave", **kw),
    "difference": lambda r, **kw: hudna.plot.difference(r, "attacks", "leave", "stay", **kw),
    "difference of levels": lambda r, **kw: hudna.plot.difference(r, "pressure", "leave", "stay", **kw),
    "difference of nothing": lambda r, **kw: hudna.plot.difference(r, "any_attack_4w", "leave", "stay", **kw),
}


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_draw_into_the_axes_they_are_given(result, name, lang, tmp_path):
    _, ax = plt.subplots()
    assert PICTURES[name](result, ax=ax, lang=lang) is ax
    assert len(plt.get_fignums()) == 1
    ax.figure.savefig(tmp_path / "x.png")
    assert ax.get_title(loc="right" if lang == "ar" else "left")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_make_axes_of_their_own(result, name):
    ax = PICTURES[name](result)
    assert ax.has_data()
    assert ax.get_xlabel() or name.startswith(("fan", "shares"))


def test_a_regime_is_not_a_fan_nor_a_level_a_regime(result):
    with pytest.raises(hudna.InputError, match=r"plot\.shares"):
        hudna.plot.fan(result, "truce")
    with pytest.raises(hudna.InputError, match=r"plot\.fan"):
        hudna.plot.shares(result, "pressure")


def luminance(colour):
    r, g, b = mpl.colors.to_rgb(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_neighbouring_colours_differ_in_grey():
    for palette in (COLOURS[:3], shades(2), shades(3), shades(5)):
        grey = [luminance(colour) for colour in palette]
        assert min(abs(a - b) for a, b in itertools.pairwise(grey)) > 0.06, palette
