"""The network: as a graph, in files that other programs read and that read back, in numbers, and on the terminal."""

from __future__ import annotations

import itertools
import json
import math
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import networkx as nx
import numpy as np
import pytest

import hudna
from hudna import shipped
from hudna.case import Case, load_case
from hudna.case.basis import basis
from hudna.case.graph import paths, paths_table, pressed_most, reach, strengths
from hudna.case.network_files import NETWORK, as_json, write_graphml
from hudna.cli import main
from hudna.scenario.schema import json_schema

PLAIN = '[{name}]\nname = "{name}"\nkind = "guild"\nsource = "invented"\n'
LEVEL = '[l_{name}]\nkind = "level"\nname = "x"\nactor = "{name}"\ntoward = "{toward}"\nstart = 0.5\nbase = 0.0\nhalf_life = 3.0\nsd = 0.1\n'  # noqa: E501
TIE = (
    '[[tie]]\nsource = "{}"\ntarget = "{}"\nkind = "{}"\nchannel = "{}"\nweight = {}\nfact = "x"\nreference = "x"\n{}\n'
)
ABOUT = "".join(f'channels.{channel} = "force"\n' for channel in ("political", "military"))
FORCE = '[force]\nunit = "log odds"\nprior = { family = "uniform", low = 0.1, high = 0.4 }\nstatus = "judgement"\nsource = "x"\nnote = "x"\n'  # noqa: E501


def read(folder: Path) -> Case:
    return load_case(folder)


@pytest.fixture(scope="module")
def iraq() -> Case:
    folder = shipped.case("iraq-2024")
    assert folder is not None
    return read(folder)


@pytest.fixture(scope="module")
def small() -> Case:
    return hudna.load("two-militias").case


@pytest.fixture
def random_case(write_case: Callable[..., Path]) -> Callable[[int], Case]:
    """Write a case whose actors press on one another as dice would have it."""

    def make(seed: int) -> Case:
        dice = random.Random(seed)
        names = "ABCDEF"
        ties = [
            TIE.format(a, b, f"k{kind}", dice.choice(("political", "military")), dice.choice((0, 0.5, 1, 2, 3)),
                       dice.choice(('toward = "exit"', 'toward = "stay"')))
            for a, b in itertools.permutations(names, 2) for kind in range(2) if dice.random() < 0.5
        ]  # fmt: skip
        levels = "".join(LEVEL.format(name=n, toward=dice.choice(("exit", "stay"))) for n in names if n != "F")
        actors = "".join(PLAIN.format(name=name) for name in names)
        scenario = write_case(levels, parameters=FORCE, actors=actors, ties="".join(ties), about=ABOUT)
        return read(scenario.parents[1] / "params" / "made-up")

    return make


# The graph --------------------------------------------------------------------------------------------------


def test_a_case_is_a_directed_graph_with_names_in_both_languages(iraq):
    graph = iraq.network()
    assert isinstance(graph, nx.DiGraph)
    assert (len(graph), graph.number_of_edges()) == (len(iraq.actors), len(iraq.ties))
    assert graph.nodes["IRQ_GOV"]["name_en"] == "Government of Iraq"
    assert graph.nodes["IRQ_GOV"]["name_ar"] == "الحكومة العراقية"
    assert (graph.nodes["IRQ_GOV"]["level"], graph.nodes["ISR"]["level"]) == ("pressure", "")
    assert set(graph["CF"]["IRQ_GOV"]) == {"pressures", "supports"}
    assert graph.graph["name_ar"] == iraq.about.name.ar
    tables = [graph.graph, *(d for _, d in graph.nodes(data=True)), *(d for *_, d in graph.edges(data=True))]
    assert not [value for table in tables for value in table.values() if value is None]


def test_edges_say_which_press_and_with_what_sign(iraq):
    edges = {f"{a} -> {b} ({kind})": data for a, b, kind, data in iraq.network().edges(keys=True, data=True)}
    pressing = {press.tie.id: press for presses in iraq.presses().values() for press in presses}
    assert {name for name, edge in edges.items() if edge["presses"]} == set(pressing)
    for name, edge in edges.items():
        assert edge["sign"] == (np.sign(pressing[name].weight) if name in pressing else 0)
    assert edges["USA -> IRQ_GOV (supports)"]["sign"] == -1
    assert edges["CF -> IRQ_GOV (pressures)"]["sign"] == 1
    assert (edges["KH -> COAL (attacks)"]["toward"], edges["KH -> COAL (attacks)"]["sign"]) == ("exit", 0)


def test_a_tie_toward_stay_agrees_with_a_level_toward_stay(write_case):
    ties = TIE.format("A", "B", "k", "political", 0, 'toward = "stay"')
    drivers = LEVEL.format(name="A", toward="exit") + LEVEL.format(name="B", toward="stay")
    actors = PLAIN.format(name="A") + PLAIN.format(name="B")
    path = write_case(drivers, parameters=FORCE, actors=actors, ties=ties, about=ABOUT)
    case = read(path.parents[1] / "params" / "made-up")
    assert case.network().edges["A", "B", "k"]["sign"] == 1, "also where the weight is 0"


# Numbers ----------------------------------------------------------------------------------------------------


def test_strengths_of_the_small_case_are_those_that_one_counts_by_hand(small):
    table = strengths(small).set_index(["actor", "side"])
    assert set(table.index) == {("GOV", "in"), ("NORTH", "out"), ("SOUTH", "in"), ("SOUTH", "out")}
    assert dict(table["weight"]) == {("GOV", "in"): 3.0, ("NORTH", "out"): 3.0, ("SOUTH", "in"): 1.0,
                                     ("SOUTH", "out"): 1.0}  # fmt: skip
    assert table.loc[("GOV", "in"), "ties"] == 2
    assert set(table["sign"]) == {1}
    assert pressed_most(small) == "GOV"


def test_strengths_tell_channel_sign_and_context_apart_and_lose_nothing(iraq):
    table = strengths(iraq)
    for side in ("in", "out"):
        mine = table[table["side"] == side]
        assert mine["ties"].sum() == len(iraq.ties)
        assert mine["weight"].sum() == sum(tie.weight for tie in iraq.ties)
    baghdad = table[(table["actor"] == "IRQ_GOV") & (table["side"] == "in") & table["presses"].astype(bool)]
    assert {(row.channel, row.sign): row.weight for row in baghdad.itertuples()} == {
        ("political", 1): 9, ("political", -1): 1, ("security", -1): 2}  # fmt: skip


def by_hand(case: Case, to: str, *, careless: bool = False) -> list[tuple[float, int, tuple[str, ...]]]:
    """Return all paths to an actor by trying every order of the others; `careless` forgets the signs."""
    ties: dict[tuple[str, str], list[tuple[float, int, str]]] = {}
    for presses in case.presses().values():
        for press in presses:
            step = (press.tie.weight / 3, 1 if careless else press.sign, press.tie.id)
            ties.setdefault((press.tie.source, press.tie.target), []).append(step)
    found = []
    others = sorted(set(case.actors) - {to})
    for n in range(1, len(others) + 1):
        for way in itertools.permutations(others, n):
            for steps in itertools.product(*(ties.get(pair, []) for pair in itertools.pairwise((*way, to)))):
                strength = math.prod(step[0] for step in steps)
                if strength > 0:
                    sign = math.prod(step[1] for step in steps)
                    found.append((round(strength, 9), sign, tuple(step[2] for step in steps)))
    return sorted(found, key=lambda path: (-path[0], len(path[2]), path[2]))


@pytest.mark.parametrize("seed", range(5))
def test_paths_are_the_strongest_that_there_are_in_order(random_case, seed):
    case = random_case(seed)
    expected = by_hand(case, "A")
    assert len(expected) > 3
    found = [(round(r.strength, 9), r.sign, tuple(tie.id for tie in r.ties)) for r in paths(case, "A", 10_000)]
    assert found == expected
    assert [(s, g, t) for s, g, t in found[:3]] == [
        (round(r.strength, 9), r.sign, tuple(tie.id for tie in r.ties)) for r in paths(case, "A", 3)
    ]


def test_paths_that_forget_a_sign_would_be_seen(random_case):
    case = random_case(0)
    assert by_hand(case, "A") != by_hand(case, "A", careless=True)


@pytest.mark.parametrize("seed", range(5))
def test_reach_is_what_networkx_finds(random_case, seed):
    case = random_case(seed)
    graph = nx.DiGraph(
        (press.tie.source, press.tie.target)
        for presses in case.presses().values() for press in presses if press.tie.weight > 0
    )  # fmt: skip
    expected = {(a, b, n) for a, found in nx.all_pairs_shortest_path_length(graph) for b, n in found.items() if n}
    assert len(expected) > 3
    assert set(reach(case).itertuples(index=False, name=None)) == expected


def test_iran_reaches_baghdad_by_itself_and_through_the_factions(iraq):
    routes = paths(iraq, "IRQ_GOV", 100)
    mine = {route.actors: route for route in routes if route.actors[0] == "IRN"}
    assert mine["IRN", "KH", "IRQ_GOV"].strength == pytest.approx(2 / 3, abs=1e-15)
    assert mine["IRN", "IRQ_GOV"].sign == 1
    usa = next(route for route in routes if route.actors == ("USA", "IRN", "KH", "IRQ_GOV"))
    assert usa.sign == -1, "who holds Iran back holds back what Iran pushes"
    table = paths_table(routes)
    assert list(table["strength"]) == sorted(table["strength"], reverse=True)


def test_an_unknown_actor_and_no_paths_at_all_are_refused(small):
    with pytest.raises(hudna.InputError, match="did you mean 'NORTH'"):
        paths(small, "NORHT")
    with pytest.raises(hudna.InputError, match="n = 0: must be >= 1"):
        paths(small, "GOV", 0)
    assert paths(small, "NORTH") == ()


def test_a_case_without_ties_has_a_graph_and_nothing_to_tell():
    case = hudna.load("toy-truce").case
    assert case.network().number_of_edges() == 0
    assert pressed_most(case) is None
    assert strengths(case).empty
    assert reach(case).empty


# Files ------------------------------------------------------------------------------------------------------


def in_json(name: str, target: Path, *, bare: bool = False) -> Path:
    """Copy a shipped scenario and its case, actors and ties as JSON, `bare` of observations; return the scenario."""
    written = shipped.copy(name, target)
    folder = written[-1]
    for name in ("observations.toml", "observations.csv") if bare else ():
        (folder / name).unlink()
    text = as_json(read(folder))
    (folder / "actors.toml").unlink()
    (folder / "ties.toml").unlink()
    (folder / NETWORK).write_text(text, encoding="utf-8")
    return written[0]


@pytest.mark.parametrize("name", ["two-militias", "iraq-2024"])
def test_a_case_read_back_from_json_is_the_same_case(name, tmp_path):
    case = hudna.load(name).case
    back = hudna.load(in_json(name, tmp_path)).case
    assert (back.actors, back.ties, back.nodes, back.presses()) == (case.actors, case.ties, case.nodes, case.presses())
    assert back.notices == case.notices
    assert as_json(back) == as_json(case)
    for record in case.observations.records:
        assert basis(back, record) == basis(case, record)
    if case.posterior is not None:
        assert back.posterior is not None
        assert back.posterior.current == case.posterior.current


def test_a_run_of_it_has_the_same_bits_and_a_changed_weight_would_be_seen(tmp_path):
    path = in_json("two-militias", tmp_path)
    runs = [hudna.run(of, draws=4, paths=5, seed=3) for of in ("two-militias", path)]
    assert runs[0].outcomes.identical(runs[1].outcomes.assign_attrs(runs[0].outcomes.attrs))
    file = path.parents[1] / "params" / "two-militias" / NETWORK
    file.write_text(file.read_text(encoding="utf-8").replace('"weight": 2.0', '"weight": 2.5'), encoding="utf-8")
    other = hudna.run(path, draws=4, paths=5, seed=3)
    assert not (other.outcomes["pressure"] == runs[0].outcomes["pressure"]).all()


def test_networkx_reads_the_json_as_the_same_graph(iraq):
    back = nx.node_link_graph(json.loads(as_json(iraq)), edges="edges")
    graph = iraq.network()
    assert isinstance(back, nx.MultiDiGraph)
    assert set(back) == set(graph)
    assert set(back.edges(keys=True)) == set(graph.edges(keys=True))
    for a, b, kind, edge in back.edges(keys=True, data=True):
        for key in ("weight", "sign", "presses", "channel"):
            assert edge[key] == graph.edges[a, b, kind][key]
    assert back.nodes["KRG"]["name"]["ar"] == graph.nodes["KRG"]["name_ar"]


def test_graphml_holds_the_same_graph_with_an_id_of_its_own_for_every_edge(iraq, tmp_path):
    write_graphml(iraq, tmp_path / "x.graphml")
    back, graph = nx.read_graphml(tmp_path / "x.graphml"), iraq.network()
    for name, node in graph.nodes(data=True):
        assert {key: back.nodes[name][key] for key in node} == node
    for a, b, kind, edge in graph.edges(keys=True, data=True):
        found = back.edges[a, b, f"{a} -> {b} ({kind})"]
        assert {key: found[key] for key in edge} == edge
        assert found["label"] == kind
    assert back.number_of_edges() == graph.number_of_edges()


def test_graphml_of_a_note_with_a_control_character_is_still_xml(tmp_path):
    path = in_json("two-militias", tmp_path)
    file = path.parents[1] / "params" / "two-militias" / NETWORK
    file.write_text(file.read_text(encoding="utf-8").replace('"asks for the mission to leave"', '"a\\u0001b"'),
                    encoding="utf-8")  # fmt: skip
    case = hudna.load(path).case
    assert "a\x01b" in {tie.fact for tie in case.ties}
    write_graphml(case, tmp_path / "x.graphml")
    facts = {edge["fact"] for *_, edge in nx.read_graphml(tmp_path / "x.graphml").edges(data=True)}
    assert "a\ufffdb" in facts


def test_the_json_of_a_case_agrees_with_its_schema_and_a_mistake_does_not(iraq):
    checker = jsonschema.Draft202012Validator(json_schema("network"))
    whole = json.loads(as_json(iraq))
    checker.validate(whole)
    for wrong in ({"extends": "x.toml"}, {"version": 2}, {"nodes": [{"id": "A"}]}):
        assert not checker.is_valid({**whole, **wrong})


# Bad files --------------------------------------------------------------------------------------------------


def said(path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Check a scenario; return what is wrong, files without their folder."""
    assert main(["check", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    folder = path.parents[1] / "params" / "two-militias"
    return [line.replace(f"{folder}/", "").replace(f"{folder.resolve()}/", "") for line in err.splitlines()]


def changed(path: Path, change: Callable[[Any], Any]) -> None:
    file = path.parents[1] / "params" / "two-militias" / NETWORK
    data = json.loads(file.read_text(encoding="utf-8"))
    change(data)
    file.write_text(json.dumps(data), encoding="utf-8")


def put(*steps: Any) -> Callable[[Any], None]:
    """Return a change that sets what the steps before the last lead to."""

    def change(data: Any) -> None:
        *way, last, value = steps
        for step in way:
            data = data[step]
        data[last] = value

    return change


# Nodes are GOV, NORTH, SOUTH; edges NORTH -> GOV, NORTH -> SOUTH, SOUTH -> GOV.
MISTAKES: dict[str, tuple[list[Callable[[Any], None]], list[str]]] = {
    "wrong type": ([put("nodes", 1, "kind", 3)], ["network.json: nodes[1].kind = 3: must be a text in quotes"]),
    "unknown key": (
        [put("edges", 0, "wieght", 2)],
        ["network.json: edges[0].wieght = 2: unknown key; did you mean 'weight'?; allowed: source, target, kind, "],
    ),
    "unknown key of the whole": (
        [put("links", [])],
        ["network.json: links = []: unknown key; allowed: format, version, directed, multigraph, graph, nodes, edges"],
    ),
    "weight out of range": (
        [put("edges", 0, "weight", 7)],
        ["network.json: edges[0].weight = 7: must be in [0, 3]; 0 none, 1 weak, 2 middling, 3 strong"],
    ),
    "no such actor": (
        [put("edges", 1, "target", "SUOTH")],
        ["network.json: edges[1].target = \"SUOTH\": there is no such actor; did you mean 'SOUTH'?"],
    ),
    "no such channel": (
        [put("edges", 1, "channel", "politcal")],
        ["network.json: edges[1].channel = \"politcal\": must be one of political, military, economic, security; did"],
    ),
    "a channel without a parameter": (
        [put("edges", 2, "channel", "military")],
        ["network.json: edges[2].channel = SOUTH -> GOV (pressures): no parameter is given for the channel military"],
    ),
    "to itself": (
        [put("edges", 1, "target", "NORTH"), put("edges", 1, "presses", None), put("edges", 1, "sign", None)],
        ["network.json: edges[1] = NORTH -> NORTH (allies): leads from an actor to itself",
         "network.json: edges[1].presses: must not be null; leave the key out",
         "network.json: edges[1].sign: must not be null"],
    ),
    "null": ([put("edges", 0, "toward", None)], ["network.json: edges[0].toward: must not be null; leave the key out"]),
    "not a number": (
        [put("edges", 0, "weight", math.nan), put("edges", 2, "weight", math.inf)],
        ["network.json: edges[0].weight = nan: must be a finite number",
         "network.json: edges[2].weight = inf: must be a finite number"],
    ),
    "true for a number": (
        [put("edges", 0, "weight", True)], ["network.json: edges[0].weight = true: must be a number in"],
    ),
    "no name": (
        [lambda data: data["nodes"][1].pop("name")], ["network.json: nodes[1].name: is missing: what readers see"],
    ),
    "no id": ([lambda data: data["nodes"].append({"name": "x", "kind": "x", "source": "x"})],
              ["network.json: nodes[3].id: is missing: the short name"]),
    "a name that no actor can have": (
        [put("nodes", 0, "id", "a b"), lambda data: [edge.update(target="NORTH") for edge in data["edges"][:1]]],
        ["network.json: nodes[0].id = \"a b\": the name of an actor is letters, digits, _ and .",
         "network.json: edges[0] = NORTH -> NORTH (pressures): leads",
         "network.json: edges[2].target = \"GOV\": there is no such actor"],
    ),
    "an actor twice": (
        [lambda data: data["nodes"].append(data["nodes"][0])], ['network.json: nodes[3].id = "GOV": is there twice'],
    ),
    "a tie twice": (
        [lambda data: data["edges"].append(data["edges"][0])],
        ["network.json: edges[3] = NORTH -> GOV (pressures): is there twice"],
    ),
    "another format": (
        [put("format", "gexf"), put("version", 2), put("directed", False)],
        ['network.json: format = "gexf": must be one of hudna network', "network.json: version = 2: must be one of 1",
         "network.json: directed = false: must be one of True"],
    ),
    "not a list": ([put("edges", {})], ["network.json: edges = {}: must be a list"]),
    "no nodes": (
        [lambda data: data.pop("nodes"), put("edges", [])], ["network.json: nodes: is missing: the actors"],
    ),
    "a row that is no object": ([put("edges", 1, "x")], ['network.json: edges[1] = "x": must be a table']),
    "a level that is not the actor's": (
        [put("nodes", 0, "level", "anger.NORTH")],
        ['network.json: nodes[0].level = "anger.NORTH": is "pressure", as drivers.toml has it; mend one of them'],
    ),
    "a sign and a key that are not so": (
        [put("edges", 0, "sign", -1), put("edges", 1, "presses", False), put("edges", 0, "weight", 1.5)],
        ["network.json: edges[0].sign = -1: is 1, as drivers.toml has it",
         "network.json: edges[1].presses = false: is true, as drivers.toml has it"],
    ),
    "a key that is not the kind": (
        [put("edges", 0, "key", "x")], ['network.json: edges[0].key = "x": must be the kind once more, "pressures"'],
    ),
    "several at once": (
        [put("nodes", 2, "source", ""), put("edges", 0, "weight", -1), put("edges", 1, "toward", "exti"),
         put("edges", 2, "source", "SOUHT")],
        ["network.json: nodes[2].source = \"\": must not be empty", "network.json: edges[0].weight = -1: must be in",
         "network.json: edges[1].toward = \"exti\": must be one of exit, stay; did you mean 'exit'?",
         "network.json: edges[2].source = \"SOUHT\": there is no such actor; did you mean 'SOUTH'?"],
    ),
}  # fmt: skip
_MORE = {"a name that no actor can have", "no nodes"}  # whoever refers to it refers to nothing


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_in_json_is_said_as_for_toml(name, tmp_path, capsys):
    path = in_json("two-militias", tmp_path, bare=True)
    changes, expected = MISTAKES[name]
    for change in changes:
        changed(path, change)
    lines = said(path, capsys)
    for fragment in expected:
        assert any(fragment in line for line in lines), (fragment, lines)
    assert len(lines) == len(expected) or name in _MORE, lines


@pytest.mark.parametrize("key", ["weight", "toward", "channel", "kind", "source", "confidence", "wieght"])
@pytest.mark.parametrize("value", ['"x"', "9", "true", "[]"])
def test_json_and_toml_say_the_same_of_the_same_mistake(key, value, tmp_path, capsys):
    path = in_json("two-militias", tmp_path / "json")
    changed(path, put("edges", 0, key, json.loads(value)))
    for derived in ("presses", "sign", "key"):
        changed(path, lambda data, derived=derived: data["edges"][0].pop(derived))
    toml = shipped.copy("two-militias", tmp_path / "toml")
    ties = toml[-1] / "ties.toml"
    lines = [line for line in ties.read_text(encoding="utf-8").splitlines() if line]
    first = next((i for i, line in enumerate(lines) if line.startswith(f"{key} = ")), None)
    lines[1:1] = [f"{key} = {value}"]
    if first is not None:
        del lines[first + 1]
    ties.write_text("\n".join(lines), encoding="utf-8")
    try:
        hudna.load(toml[0])
        expected = []
    except hudna.InputError as error:
        expected = [(p.key.replace("tie[", "edges["), p.given, p.text.split("; allowed")[0]) for p in error.problems]
    try:
        hudna.load(path)
        found = []
    except hudna.InputError as error:
        found = [(p.key, p.given, p.text.split("; allowed")[0]) for p in error.problems]
    assert found == expected


RAW: dict[str, tuple[Callable[[str], str], str]] = {
    "no JSON": (lambda text: text[:-9], "network.json: not valid JSON: Expecting"),
    "empty": (lambda text: "", "network.json: not valid JSON: Expecting value"),
    "a list": (lambda text: "[]", "network.json: [] : must hold one object".replace(" :", ":")),
    "a key twice": (
        lambda text: text.replace('"weight": 2.0', '"weight": 1, "weight": 2.0'),
        "network.json: edges[0].weight: is there twice",
    ),
    "a number beyond all": (
        lambda text: text.replace('"weight": 2.0', '"weight": 1e999'),
        "weight = inf: must be a finite",
    ),
    "half of a character": (
        lambda text: text.replace('"fact": "asks for', '"fact": "\\ud800 asks for', 1),
        "network.json: edges[0].fact: holds half of a character",
    ),
    "too deep": (lambda text: "[" * 100_000, "network.json: n"),
    "too large": (lambda text: text + " " * 10_000_000, "network.json: larger than 10,000,000 bytes"),
    "not UTF-8": (lambda text: text.replace("invented", "\udcff"), "is not UTF-8"),
}


@pytest.mark.parametrize("name", RAW)
def test_a_file_that_cannot_be_read_is_one_problem(name, tmp_path, capsys):
    path = in_json("two-militias", tmp_path)
    file = path.parents[1] / "params" / "two-militias" / NETWORK
    change, expected = RAW[name]
    text = change(file.read_text(encoding="utf-8"))
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    lines = said(path, capsys)
    assert len(lines) == 1, lines
    assert expected in lines[0]


def test_both_forms_beside_each_other_are_refused(tmp_path, capsys):
    path = in_json("two-militias", tmp_path)
    folder, original = path.parents[1] / "params" / "two-militias", shipped.case("two-militias")
    shutil.copy(original / "ties.toml", folder / "ties.toml")
    assert said(path, capsys) == [
        "network.json: holds actors and ties, and so does ties.toml; take one or the other away"
    ]
    shutil.copy(original / "actors.toml", folder / "actors.toml")
    assert "so do actors.toml and ties.toml" in said(path, capsys)[0]


def test_a_misspelt_name_is_seen_and_other_json_is_left_alone(tmp_path, capsys):
    path = shipped.copy("two-militias", tmp_path)
    (path[-1] / "map.json").write_text("{", encoding="utf-8")
    assert main(["check", str(path[0])]) == 0
    capsys.readouterr()
    (path[-1] / "netwrok.json").write_text("{}", encoding="utf-8")
    assert said(path[0], capsys) == ["netwrok.json: not a file of a case; did you mean 'network.json'?"]


def test_what_is_derived_may_be_left_out(tmp_path):
    path = in_json("two-militias", tmp_path)

    def bare(data: Any) -> None:
        for node in data["nodes"]:
            node.pop("level")
        for edge in data["edges"]:
            for key in ("key", "presses", "sign"):
                edge.pop(key)
        for key in ("graph", "directed", "multigraph"):
            data.pop(key)

    changed(path, bare)
    assert as_json(hudna.load(path).case) == as_json(hudna.load("two-militias").case)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("axis =", "axsi =", "blocs.axsi: there is no such bloc; did you mean 'axis'?"),
        ('"power" =', '"powre" =', "units.powre: there is no such unit; did you mean 'power'?"),
    ],
)
def test_a_label_of_a_bloc_or_a_unit_that_nothing_has_is_seen(tmp_path, capsys, right, wrong, said):
    path = shipped.copy("iraq-2024", tmp_path)
    file = path[-1] / "case.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(f"\n{right}", f"\n{wrong}"), encoding="utf-8")
    assert main(["check", str(path[-1])]) == 2
    assert f"case.toml: {said}" in capsys.readouterr().err


def test_a_unit_without_a_label_is_read_as_it_is_written():
    case = hudna.load("two-militias").case
    assert case.unit("log odds per strike").get("ar") == "لوغاريتم الأرجحية لكل ضربة"
    assert case.unit("barrels").get("ar") == "barrels"


# The command ------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_tells_strengths_reach_and_paths(here, capsys):
    assert main(["network", "two-militias"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "actors: 3, ties: 3, of which press: 3" in out
    assert "in 1 tie: Government, Southern militia" in out
    assert "0.67 +  Northern militia —political→ Government" in out
    assert "0.11 +  Northern militia —political→ Southern militia —political→ Government" in out
    assert main(["network", "two-militias", "--to", "SOUTH", "--lang", "ar"]) == 0
    out = capsys.readouterr().out
    assert "أقوى السلاسل إلى ميليشيا الجنوب" in out
    assert "ميليشيا الشمال —سياسي← ميليشيا الجنوب" in out
    assert "political" not in out


def test_a_case_is_found_by_folder_name_scenario_and_file(here, capsys):
    shipped.copy("two-militias", here / "mine")
    for name in ("two-militias", "mine/params/two-militias", "mine/scenarios/two-militias.toml"):
        assert main(["network", name, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["case"], found["to"], found["actors"], found["pressing"]) == ("two-militias", "GOV", 3, 3)
        assert found["paths"][0]["path"] == "NORTH -> GOV"
    assert main(["network", "gaza-ceasefire", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["case"] == "iraq-2024"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["two-militas"], "did you mean 'two-militias'"),
        (["two-militias", "--to", "GVO"], "network: to = 'GVO': there is no such actor; did you mean 'GOV'?"),
        (["two-militias", "--lang", "fr"], "must be 'en' or 'ar'"),
        (["empty"], "is a folder without case.toml"),
        (["nowhere.toml"], "no such file"),
        (["x" * 5000], "no such file"),
    ],
)
def test_wrong_arguments_exit_with_2_and_a_line(arguments, expected, here, capsys):
    (here / "empty").mkdir()
    assert main(["network", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert expected in err


def test_a_case_without_ties_is_told(here, capsys):
    assert main(["network", "toy-truce"]) == 0
    assert "no tie presses" in capsys.readouterr().out


def test_the_folder_holds_what_other_programs_read_and_no_other_folder_is_touched(here, capsys):
    assert main(["network", "two-militias", "--out", "net"]) == 0
    names = {"network.json", "network.graphml", "network.png", "strengths.csv", "reach.csv", "paths.csv"}
    assert {path.name for path in Path("net").iterdir()} == names | {"manifest.json"}
    assert set(json.loads(Path("net/manifest.json").read_text(encoding="utf-8"))["files"]) == names
    copied = shipped.copy("two-militias", here / "mine")[-1]
    (copied / "actors.toml").unlink()
    (copied / "ties.toml").unlink()
    shutil.copy("net/network.json", copied)
    assert read(copied).ties == hudna.load("two-militias").case.ties
    capsys.readouterr()
    before = Path("net/network.json").read_bytes()
    assert main(["network", "two-militias", "--lang", "ar", "--out", "net"]) == 0
    assert Path("net/network.json").read_bytes() == before
    Path("net/mine.txt").write_text("x", encoding="utf-8")
    assert main(["network", "two-militias", "--out", "net"]) == 2
    assert "was not written by hudna" in capsys.readouterr().err
    assert Path("net/mine.txt").exists()


def test_the_files_of_a_network_do_not_wait_for_its_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["network", "two-militias", "--out", "net", "--no-figures"]) == 0
    files = {"network.json", "network.graphml", "strengths.csv", "reach.csv", "paths.csv", "manifest.json"}
    assert {path.name for path in (tmp_path / "net").iterdir()} == files

    def broken(*_, **__):
        assert "Strongest paths" in capsys.readouterr().out
        raise RuntimeError("no picture")

    monkeypatch.setattr("hudna.plot.network", broken)
    assert main(["network", "two-militias", "--out", "new"]) == 1
    assert "no picture" in capsys.readouterr().err
    assert {path.name for path in (tmp_path / "new").iterdir()} == files
