"""Pictures as images: each, in both languages, is what it was when somebody last looked at it.

What is drawn is compared as an image, with a tolerance for how letters are drawn; what is written, as text.

A change that is meant: `HUDNA_NEW_PICTURES=1 pytest tests/test_pictures.py` draws the baselines anew; look at them.
A picture joins by a line in PICTURES.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text
from PIL import Image

import hudna
from hudna import plot
from hudna.plot import distributions, frame

mpl.use("Agg")

BASELINE = Path(__file__).parent / "baseline"
TEXTS = BASELINE / "texts.json"
RENEW = os.environ.get("HUDNA_NEW_PICTURES") == "1"
DPI = 60
BLOCK = 6  # pixels; images are compared block by block, so that a letter's edge counts for nothing
SHIFT = 4  # pixels that a thing may have moved
TOLERANCE = 2.5  # of 255, root mean square over blocks
COLOURS = 48  # of a baseline, to keep it small
SIZE = {"draws": 20, "paths": 20, "seed": 1}

PICTURES = {
    "outcome": lambda w, **kw: plot.outcome(w.result, "attacks", **kw),
    "outcome-level": lambda w, **kw: plot.outcome(w.result, "pressure", **kw),
    "outcome-probability": lambda w, **kw: plot.outcome(w.result, "any_attack_4w", **kw),
    "outcome-time": lambda w, **kw: plot.outcome(w.result, "truce_breaks", **kw),
    "difference": lambda w, **kw: plot.difference(w.result, "attacks", "leave", "stay", **kw),
    "pbox": lambda w, **kw: plot.pbox(w.result, "attacks", **kw),
    "survival": lambda w, **kw: plot.survival(w.result, "truce_breaks", **kw),
    "fan": lambda w, **kw: plot.fan(w.result, "pressure", **kw),
    "fan-one": lambda w, **kw: plot.fan(w.result, "attacks.*", "leave", **kw),
    "shares": lambda w, **kw: plot.shares(w.result, "truce", **kw),
    "drivers": lambda w, **kw: plot.drivers(w.result, **kw),
    "priors": lambda w, **kw: plot.priors(w.case, **kw),
    "network": lambda w, **kw: plot.network(w.case, **kw),
    "grid": lambda w, **kw: plot.grid(hudna.Comparison.of([w.result, w.other]), "attacks", **kw),
    "attribution": lambda w, **kw: plot.attribution(w.parts, "leave", **kw),
    "attribution_bars": lambda w, **kw: plot.attribution_bars(w.parts, "leave", **kw),
}
OF_OTHER_DATA = {"coverage", "learned", "outcomes", "pit", "predictive", "ranks", "reliability", "skill", "states"}
LANGUAGES = ("en", "ar")


@pytest.fixture(scope="module")
def world():
    """Return what there is to draw: results, a case, an attribution; all of a tiny run."""
    result = hudna.run("two-militias", **SIZE)
    about = {**result.about, "scenario": "no-power", "name": {"en": "No power of presence", "ar": "بلا أثر للوجود"}}
    fewer = result.outcomes.copy()
    fewer["attacks"] = fewer["attacks"] // 2
    other = replace(result, about=about, outcomes=fewer)
    parts = hudna.attribute("two-militias", "pressure", **SIZE)
    return SimpleNamespace(result=result, other=other, case=hudna.load("two-militias").case, parts=parts)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(name: str, world: SimpleNamespace, lang: str) -> tuple[Image.Image, list[str]]:
    """Return a picture as an image, in the library's own style whatever the machine's is, and what is written in it."""
    with mpl.rc_context():
        mpl.rcdefaults()
        figure = PICTURES[name](world, lang=lang).get_figure(root=True)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
        texts = [text.get_text() for text in figure.findobj(Text) if text.get_visible()]
    return Image.open(buffer).convert("RGB"), sorted({text for text in texts if text})


def blocks(pixels: np.ndarray) -> np.ndarray:
    """Return the mean colour of each block, shape (rows, columns, 3)."""
    rows, columns = (n // BLOCK for n in pixels.shape[:2])
    kept = pixels[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK, 3)
    return kept.mean(axis=(1, 3))


def apart(one: Image.Image, other: Image.Image) -> float:
    """Return how far two images are apart, 0 to 255; infinitely far if they differ in size.

    Each block is compared with the one of the other image that is most like it, up to SHIFT pixels away: letters that
    are a little wider move what stands beside them.
    """
    if one.size != other.size:
        return float("inf")
    first, second = (np.asarray(image.convert("RGB"), float) for image in (one, other))
    return max(_unlike(first, second), _unlike(second, first))


def _unlike(one: np.ndarray, other: np.ndarray) -> float:
    padded = np.pad(other, ((SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0)), mode="edge")
    height, width = one.shape[:2]
    own, nearest = blocks(one), np.inf
    for down in range(0, 2 * SHIFT + 1, 2):
        for right in range(0, 2 * SHIFT + 1, 2):
            moved = blocks(padded[down : down + height, right : right + width])
            nearest = np.minimum(nearest, ((own - moved) ** 2).sum(axis=2))
    return float(np.sqrt(np.mean(nearest) / 3))


def baseline(name: str, lang: str) -> Image.Image:
    return Image.open(BASELINE / f"{name}-{lang}.png").convert("RGB")


def written(name: str, lang: str) -> list[str]:
    return json.loads(TEXTS.read_text(encoding="utf-8"))[f"{name}-{lang}"]


def renew(name: str, lang: str, image: Image.Image, texts: list[str]) -> None:
    BASELINE.mkdir(exist_ok=True)
    image.quantize(COLOURS).save(BASELINE / f"{name}-{lang}.png", optimize=True)
    known = json.loads(TEXTS.read_text(encoding="utf-8")) if TEXTS.exists() else {}
    known = {key: text for key, text in known.items() if key.rsplit("-", 1)[0] in PICTURES} | {f"{name}-{lang}": texts}
    TEXTS.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_it_was(name, lang, world, tmp_path):
    image, texts = drawn(name, world, lang)
    if RENEW:
        renew(name, lang, image, texts)
    away = apart(image, baseline(name, lang))
    image.save(tmp_path / f"{name}-{lang}.png")
    assert away < TOLERANCE, f"{away:.1f}: look at {tmp_path / f'{name}-{lang}.png'} beside {BASELINE}"
    assert texts == written(name, lang)


def outside(figure) -> list[str]:
    """Return the headings and captions of a grid's axes that leave the figure or reach into the place of another."""
    figure.draw_without_rendering()
    found, middle = [], figure.bbox.width / 2
    for side, ax in enumerate(figure.axes[:2]):
        legend = ax.get_legend()
        texts = [ax.title, ax._left_title, ax._right_title, *ax.texts, *(legend.get_texts() if legend else ())]
        for text in texts:
            if not text.get_text().strip():
                continue
            box = text.get_window_extent()
            low, high = (0, middle + 12) if side == 0 else (middle - 12, figure.bbox.width + 2)
            if not (low - 2 <= box.x0 and box.x1 <= high and box.y0 >= -2 and box.y1 <= figure.bbox.height + 2):
                found.append(text.get_text())
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["attribution_bars", "difference", "grid", "network", "pbox"])
def test_pictures_side_by_side_keep_their_captions_and_do_not_reach_into_one_another(name, lang, world):
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4))
    for ax in axes:
        assert PICTURES[name](world, lang=lang, ax=ax) is ax
    assert outside(figure) == []


USERS_OWN = {
    "text.usetex": True, "font.size": 20, "font.family": ["serif"], "axes.grid": True, "axes.titlesize": 30,
    "axes.facecolor": "black", "lines.linewidth": 9, "xtick.labelsize": 25, "xtick.direction": "in",
    "figure.figsize": [20, 2], "legend.fontsize": 30, "axes.prop_cycle": mpl.cycler(color=["red"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ["difference", "priors", "network"])
def test_a_users_matplotlibrc_changes_no_picture(name, world):
    plain = drawn(name, world, "en")[0]
    with mpl.rc_context(USERS_OWN):
        figure = PICTURES[name](world, lang="en").get_figure(root=True)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
    assert apart(Image.open(buffer), plain) == 0


def test_a_picture_that_reads_the_users_matplotlibrc_would_be_seen(world, monkeypatch):
    plain = drawn("fan", world, "en")[0]
    monkeypatch.setitem(PICTURES, "fan", lambda w, **kw: plot.fan.__wrapped__(w.result, "pressure", **kw))
    with mpl.rc_context({"font.size": 20}):
        figure = PICTURES["fan"](world, lang="en").get_figure(root=True)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DPI)
    assert apart(Image.open(buffer), plain) > TOLERANCE


def test_every_picture_of_a_result_or_a_case_is_compared():
    public = {name for name in plot.__all__ if not name.endswith("_data")} - {"GROUPINGS"}
    assert public - OF_OTHER_DATA == {name.split("-")[0] for name in PICTURES}


def test_every_picture_of_a_result_or_a_case_has_its_data():
    public = {name for name in plot.__all__ if not name.endswith("_data")} - {"GROUPINGS"}
    assert {f"{name}_data" for name in public - OF_OTHER_DATA} <= set(plot.__all__)


def test_no_baseline_is_left_over():
    known = {f"{name}-{lang}" for name in PICTURES for lang in LANGUAGES}
    assert {path.stem for path in BASELINE.glob("*.png")} == known
    assert set(json.loads(TEXTS.read_text(encoding="utf-8"))) == known


def with_result(world, result):
    return SimpleNamespace(**{**vars(world), "result": result})


def other_seed(world, monkeypatch):
    return with_result(world, hudna.run("two-militias", **{**SIZE, "seed": 2}))


def other_policies(world, monkeypatch):
    about = {**world.result.about, "policies": dict(reversed(world.result.about["policies"].items()))}
    return with_result(world, replace(world.result, about=about))


def other_words(world, monkeypatch):
    outcomes = {name: {**o, "name": {"en": "Something else"}} for name, o in world.result.about["outcomes"].items()}
    return with_result(world, replace(world.result, about={**world.result.about, "outcomes": outcomes}))


def no_caption(world, monkeypatch):
    monkeypatch.setattr(frame, "note", lambda *given, **more: None)
    return world


def other_colours(world, monkeypatch):
    monkeypatch.setattr(distributions, "colour_of", lambda result, policy: ("#D55E00", "-"))
    return world


PLANTED = {
    "other numbers": ("difference", "en", other_seed, "as an image"),
    "other numbers over time": ("fan-one", "ar", other_seed, "as an image"),
    "policies in another order": ("outcome", "en", other_policies, "as an image"),
    "another title": ("outcome", "en", other_words, "as text"),
    "no caption": ("outcome", "ar", no_caption, "as text"),
    "other colours": ("outcome-probability", "en", other_colours, "as an image"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_change_is_seen(what, world, monkeypatch):
    name, lang, change, how = PLANTED[what]
    image, texts = drawn(name, change(world, monkeypatch), lang)
    seen = {"as an image": apart(image, baseline(name, lang)) > TOLERANCE, "as text": texts != written(name, lang)}
    assert seen[how]


@pytest.mark.parametrize("name", ["outcome", "shares", "priors", "network"])
def test_a_picture_of_the_other_language_is_seen(name, world):
    image, texts = drawn(name, world, "en")
    assert apart(image, baseline(name, "ar")) > TOLERANCE
    assert texts != written(name, "ar")


@pytest.mark.parametrize("name", ["outcome", "survival", "priors"])
def test_letters_drawn_a_little_otherwise_are_no_change(name, world, monkeypatch):
    """Another release of the library of letters changes their edges, and moves what stands beside them by a little."""
    image, _ = drawn(name, world, "en")
    away = Image.new("RGB", image.size, "white")
    away.paste(image, (2, -2))
    assert apart(away, baseline(name, "en")) < TOLERANCE
    monkeypatch.setitem(PICTURES, name, coarse(PICTURES[name]))
    image, _ = drawn(name, world, "en")
    assert apart(image, baseline(name, "en")) < TOLERANCE


def coarse(picture):
    def draw(world, lang):
        mpl.rcParams["text.antialiased"] = False
        return picture(world, lang=lang)

    return draw
