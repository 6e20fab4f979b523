"""The picture of a network: every name legible, every tie there, pressing ties clear of everybody else."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch

import hudna
from hudna.analysis import placing
from hudna.analysis.placing import _placed, place
from hudna.case import Case, load_case
from hudna.plot import network, network_data
from hudna.plot.network import _COLOURS, _STYLES

mpl.use("Agg")
LANGUAGES = ("en", "ar")
WORDS = ("council", "northern", "workers", "militia", "border", "trade", "office", "guild", "river", "harbour", "joint",
         "command", "assembly")  # fmt: skip
FORCE = """[force]
unit = "1"
prior = { family = "fixed", value = 0.1 }
status = "judgement"
source = "x"
note = "x"
"""


def case_of(folder: Path) -> Case:
    return load_case(folder, posterior=False)


@pytest.fixture(scope="module")
def iraq() -> Case:
    from hudna import shipped

    folder = shipped.case("iraq-2024")
    assert folder is not None
    return case_of(folder)


@pytest.fixture(scope="module", params=LANGUAGES)
def picture(iraq, request):
    """Draw the Iraq case once a language."""
    ax = network(iraq, lang=request.param)
    ax.figure.canvas.draw()
    yield request.param, ax
    plt.close("all")


def crowd(write_case: Any, n: int, seed: int) -> Case:
    """Write a case of n actors with long names in a few blocs, a third of them with levels."""
    dice = random.Random(seed)
    actors, levels, ties = [], [], []
    for i in range(n):
        name = " ".join(dice.choices(WORDS, k=dice.randint(2, 6)))
        actors.append(f'[A{i}]\nname = "{name}"\nkind = "k"\nbloc = "b{dice.randrange(n // 4)}"\nsource = "x"\n')
        if i % 3 == 0:
            toward = dice.choice(("exit", "stay"))
            levels.append(f'[l{i}]\nkind = "level"\nname = "x"\nactor = "A{i}"\ntoward = "{toward}"\n'
                          "start = 0.5\nbase = 0.0\nhalf_life = 3.0\nsd = 0.1\n")  # fmt: skip
    for a, b in itertools.permutations(range(n), 2):
        if dice.random() < 1.5 / n:
            toward = dice.choice(('toward = "exit"\n', 'toward = "stay"\n', ""))
            ties.append(f'[[tie]]\nsource = "A{a}"\ntarget = "A{b}"\nkind = "k"\nchannel = "political"\nweight = 2\n'
                        f'fact = "x"\nreference = "x"\n{toward}')  # fmt: skip
    path = write_case("".join(levels), parameters=FORCE, actors="".join(actors), ties="".join(ties),
                      about='channels.political = "force"\n')  # fmt: skip
    return case_of(path.parents[1] / "params" / "made-up")


def names(ax: Any) -> list[Any]:
    """Return the boxes of the actors' names, in pixels."""
    return [text.get_bbox_patch().get_window_extent() for text in ax.texts if text.get_bbox_patch() is not None]


def overlaps(boxes: list[Any]) -> list[tuple[int, int]]:
    return [(i, j) for i, j in itertools.combinations(range(len(boxes)), 2) if boxes[i].overlaps(boxes[j])]


def arrows(ax: Any, *, pressing: bool) -> list[Any]:
    return [p for p in ax.patches if isinstance(p, FancyArrowPatch) and (p.get_zorder() > 2) == pressing]


def run_over(ax: Any) -> list[str]:
    """Return the actors whose names a pressing tie of two others runs over, followed along its bend."""
    texts = [text for text in ax.texts if text.get_bbox_patch() is not None]
    found = []
    for arrow in arrows(ax, pressing=True):
        line = arrow.get_transform().transform_path(arrow.get_path())
        points = line.interpolated(40).vertices
        for text in texts:
            if text in arrow.ends:
                continue
            box = text.get_bbox_patch().get_window_extent()
            if any(box.contains(*point) for point in points):
                found.append(text.get_text())
    return found


def test_no_two_names_touch_and_all_lie_inside_the_picture(picture):
    _, ax = picture
    boxes = names(ax)
    assert len(boxes) == 36
    assert overlaps(boxes) == []
    frame = ax.figure.bbox
    drawn = [text.get_window_extent() for text in (*ax.texts, ax.title, *ax.get_legend().get_texts())]
    for box in [*boxes, *drawn]:
        if box.width:
            assert frame.x0 <= box.x0 <= box.x1 <= frame.x1
            assert frame.y0 <= box.y0 <= box.y1 <= frame.y1


def test_names_that_touch_would_be_seen(iraq):
    ax = network(iraq)
    moved = next(text for text in ax.texts if text.get_text() == "Iran")
    other = next(text for text in ax.texts if text.get_text() == "Hamas")
    moved.set_position(np.add(other.get_position(), (0.1, 0.2)))
    ax.figure.canvas.draw()
    assert len(overlaps(names(ax))) == 1
    plt.close("all")


@pytest.mark.parametrize("seed", range(2))
def test_a_crowd_of_36_with_long_names_is_legible_too(write_case, seed):
    ax = network(crowd(write_case, 36, seed))
    ax.figure.canvas.draw()
    assert len(names(ax)) == 36
    assert overlaps(names(ax)) == []
    plt.close("all")


def test_no_pressing_tie_runs_over_somebody_else(picture):
    _, ax = picture
    assert len(arrows(ax, pressing=True)) == 12
    assert run_over(ax) == []


def test_a_pressing_tie_over_somebody_else_would_be_seen(iraq):
    ax = network(iraq)
    texts = {text.get_text(): text for text in ax.texts}
    place_between = np.mean([texts["Iran"].get_position(), texts["Government of Iraq"].get_position()], axis=0)
    texts["Hamas"].set_position(place_between)
    ax.figure.canvas.draw()
    assert "Hamas" in run_over(ax)
    plt.close("all")


def test_every_tie_is_drawn_as_its_channel_direction_and_weight_say(iraq, picture):
    lang, ax = picture
    edges = network_data(iraq, lang).edges
    for pressing in (True, False):
        mine = edges[edges["presses"] == pressing]
        drawn = arrows(ax, pressing=pressing)
        assert len(drawn) == len(mine)
        for arrow, edge in zip(drawn, mine.to_dict("records"), strict=True):
            bar = type(arrow.get_arrowstyle()).__name__ == "BracketB"
            assert bar == (edge["toward"] == "stay")
            if pressing:
                assert mpl.colors.to_hex(arrow.get_edgecolor()).lower() == _COLOURS[edge["toward"]].lower()
    strong = {edge["weight"]: arrow.get_linewidth() for arrow, edge in zip(
        arrows(ax, pressing=True), edges[edges["presses"]].to_dict("records"), strict=True)}  # fmt: skip
    assert strong[1] < strong[2] < strong[3]
    faint = max(arrow.get_linewidth() for arrow in arrows(ax, pressing=False))
    assert faint < strong[1], "context is fainter than the weakest tie that presses"


def test_channels_have_lines_of_their_own_and_directions_differ_in_grey():
    assert len({str(style) for style in _STYLES.values()}) == 4

    def grey(colour: str) -> float:
        return float(np.dot((0.2126, 0.7152, 0.0722), mpl.colors.to_rgb(colour)))

    shades = sorted(grey(colour) for colour in _COLOURS.values())
    assert min(np.diff(shades)) > 0.12


def test_the_twin_holds_what_the_picture_shows(iraq, picture):
    lang, ax = picture
    data = network_data(iraq, lang)
    assert list(data.nodes.index) == sorted(iraq.actors)
    at = {text.get_text().replace("\n", " "): text.get_position() for text in ax.texts}
    for row in data.nodes.itertuples():
        assert at[row.name] == (row.x, row.y)
    assert list(data.nodes.index[data.nodes["middle"]]) == ["IRQ_GOV"]
    assert data.edges["presses"].sum() == 12
    assert dict(data.edges.groupby("sign").size()) == {-1: 4, 0: 57, 1: 8}


def test_arabic_is_mirrored_plain_and_written_from_the_right(iraq):
    english, arabic = network_data(iraq, "en").nodes, network_data(iraq, "ar").nodes
    assert (english["x"] == -arabic["x"]).all()
    assert (english["y"] == arabic["y"]).all()
    assert arabic.loc["IRN", "name"] == "إيران"
    assert english.loc["IRN", "x"] < 0 < english.loc["USA", "x"], "who works toward exit is where reading begins"
    ax = network(iraq, lang="ar")
    assert ax.get_title(loc="right").startswith("العراق")
    shaped = {chr(code) for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00))}
    words = [text.get_text() for text in (*ax.texts, *ax.get_legend().get_texts())]
    assert not shaped & set("".join(words)), "matplotlib lays Arabic out; it is handed plain letters"
    assert not [word for word in words if word.isascii() and word.strip()]
    plt.close("all")


def test_the_same_case_stands_the_same_way_every_time(iraq):
    places = place(iraq)
    _placed.cache_clear()
    assert place(iraq) == places
    assert len({(at.x, at.y) for at in places.values()}) == len(places)


@pytest.mark.parametrize(("actors", "presses"), [(40, True), (45, False)])
def test_the_work_of_placing_is_bounded_however_many_ties_there_are(monkeypatch, actors, presses):
    names = [f"A{i:02d}" for i in range(actors)]
    ties = tuple((a, b, presses, 1.0) for a, b in itertools.permutations(names, 2))
    monkeypatch.setattr(placing, "_WORK", 2e6)
    net = placing._Net(tuple((name, "one" if name < "A20" else "two") for name in names), ties, "A00")
    measure, looks = placing._Measure(net), []
    right = placing._Measure._of
    monkeypatch.setattr(placing._Measure, "_of", lambda *a, **how: looks.append(how["context"]) or right(*a, **how))
    places = placing._placed.__wrapped__(net)
    assert len({(at.x, at.y) for at in places.values()}) == actors
    own = len(measure.pairs[0]) + 2 * len(measure.strong) * actors, (1 + presses) * len(ties) * actors
    assert own[0] * looks.count(False) < 1.1 * placing._WORK or looks.count(False) < 3010
    assert own[1] * looks.count(True) < 1.1 * placing._WORK


def test_a_network_of_the_size_of_iraqs_is_searched_in_full(iraq, monkeypatch):
    looks = []
    right = placing._Measure._of
    monkeypatch.setattr(placing._Measure, "_of", lambda *a, **how: looks.append(how["context"]) or right(*a, **how))
    _placed.cache_clear()
    place(iraq)
    assert looks.count(False) > placing._STARTS * placing._STEPS


def test_pairs_of_many_ties_are_as_good_as_all(monkeypatch):
    every = set(zip(*placing._pairs(60)[:2], strict=True))
    assert (len(every), placing._pairs(60)[2]) == (60 * 59 // 2, 1.0)
    monkeypatch.setattr(placing, "_PAIRS", 500)
    a, b, weight = placing._pairs(60)
    some = set(zip(a.tolist(), b.tolist(), strict=True))
    assert len(some) == 500
    assert some < every
    assert weight == pytest.approx(len(every) / 500)


def test_blocs_stand_together(iraq):
    nodes = network_data(iraq).nodes
    for bloc, mine in nodes[~nodes["middle"]].groupby("bloc"):
        if len(mine) > 1:
            rows = mine["y"].max() - mine["y"].min() + 1
            inside = nodes[(nodes["x"] * mine["x"].iloc[0] >= 0) & nodes["y"].between(mine["y"].min(), mine["y"].max())
                           & nodes["x"].abs().isin(mine["x"].abs())]  # fmt: skip
            assert set(inside.index) == set(mine.index), bloc
            assert rows <= len(mine)


def test_pictures_draw_into_the_axes_they_are_given_and_make_their_own():
    case = hudna.load("two-militias").case
    for lang in LANGUAGES:
        _, ax = plt.subplots()
        assert network(case, lang=lang, ax=ax) is ax
        assert len(plt.get_fignums()) == 1
        plt.close("all")
    ax = network(case)
    ax.figure.canvas.draw()
    assert overlaps(names(ax)) == []
    assert "evidence until 1 January 2024" in ax.texts[-1].get_text()
    plt.close("all")


def test_a_case_without_ties_or_without_actors_is_drawn(write_case):
    for case in (hudna.load("toy-truce").case, _empty(write_case)):
        network(case).figure.canvas.draw()
        plt.close("all")


def _empty(write_case: Any) -> Case:
    path = write_case('[n]\nkind = "schedule"\nname = "n"\nunit = "1"\nstart = 1\ninterpolation = "step"\n')
    return case_of(path.parents[1] / "params" / "made-up")


def test_an_unknown_language_is_refused(iraq):
    with pytest.raises(hudna.InputError, match="lang"):
        network(hudna.load("two-militias").case, lang="fr")  # type: ignore[arg-type]
