"""A network in files: two of TOML or one of JSON to be read, the same JSON and GraphML to be written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import Field

from hudna.case.case import Case
from hudna.case.checking import build
from hudna.case.documents import Document, Key, show_key, show_value
from hudna.case.grammar import Entry, Label, Text, wrong_name
from hudna.case.network import Actor, Tie
from hudna.case.references import Known, check_names
from hudna.errors import Problems, folded, nearest

__all__ = [
    "NETWORK",
    "EdgeRow",
    "NetworkFile",
    "NetworkOf",
    "NetworkRows",
    "NodeRow",
    "as_json",
    "check_derived",
    "read_actors",
    "read_ties",
    "rows_of_json",
    "rows_of_toml",
    "write_graphml",
]

NETWORK = "network.json"
FORMAT, VERSION = "hudna network", 1
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NodeRow(Actor):
    """An actor in network.json: the keys of an actor, its short name, and what follows from the drivers."""

    id: str = Field(description="the short name that ties and drivers use")
    level: str | None = Field(None, description="the level in drivers.toml that is this actor's, where it has one")


class EdgeRow(Tie):
    """A tie in network.json: the keys of a tie, and what follows from the drivers."""

    key: str | None = Field(None, description="the kind once more: networkx identifies parallel edges by it")
    presses: bool | None = Field(None, description="whether the tie has a direction and both its ends have levels")
    sign: Literal[-1, 0, 1] | None = Field(
        None, description="1 with the direction of the target's level, -1 against it, 0 if the tie does not press"
    )


class NetworkOf(Entry):
    """What a network.json is of, for whoever finds it alone; the case itself is in its case.toml."""

    case: str = Field(min_length=1, description="name of the case's folder when the file was written")
    title: Label = Field(description="the case's name then")
    evidence_until: str = Field("", description="the case's date then")


class NetworkFile(Entry):
    """The file `network.json`: node-link JSON, as networkx and d3 read it."""

    format: Literal["hudna network"] = Field(description="what the file is")
    version: Literal[1] = Field(description="of the format")
    directed: Literal[True] = Field(True, description="a tie leads from its source to its target")
    multigraph: Literal[True] = Field(True, description="two actors may have more than one tie")
    graph: NetworkOf | None = Field(None, description="what the network is of")
    nodes: list[NodeRow] = Field(description="the actors")
    edges: list[EdgeRow] = Field(description="the ties")


@dataclass(frozen=True)
class NetworkRows:
    """A network as its files have it: each actor and tie as written, and its key.

    people, document : where the actors and the ties are written, in JSON one; names : of all actors, with problems or
    without
    """

    people: Document
    document: Document
    actors: Mapping[str, tuple[Key, Any]]
    ties: tuple[tuple[Key, Any], ...]
    names: frozenset[str]


def rows_of_toml(
    people: Document, actors: Iterable[tuple[str, Any]], names: Iterable[str], document: Document, problems: Problems
) -> NetworkRows:
    """Take apart actors.toml, whose tables are given, and ties.toml."""
    for key in document.data:
        if key != "tie":
            problems.add(document.where((key,)), key, f"unknown key{nearest(key, ['tie'])}; allowed: [[tie]]")
    rows = document.data.get("tie", [])
    if not isinstance(rows, list):
        document.note(problems, ("tie",), "must be a list of tables, each begun with [[tie]]")
        rows = []
    ties = tuple((("tie", i), row) for i, row in enumerate(rows))
    return NetworkRows(people, document, {name: ((name,), table) for name, table in actors}, ties, frozenset(names))


def rows_of_json(document: Document, problems: Problems) -> NetworkRows:
    """Take apart network.json; its own form is checked here, each actor and tie when it is read."""
    rows = {key: document.data[key] for key in ("nodes", "edges") if isinstance(document.data.get(key), list)}
    build(NetworkFile, {**document.data, **{key: [] for key in rows}}, document, (), problems)
    actors: dict[str, tuple[Key, Any]] = {}
    names: set[str] = set()
    for i, row in enumerate(rows.get("nodes", ())):
        key: Key = ("nodes", i)
        name = row.get("id") if isinstance(row, Mapping) else None
        if not isinstance(name, str):
            build(NodeRow, row, document, key, problems)  # notes it
            continue
        wrong = wrong_name(name, "the name of an actor", parts=True) or ("is there twice" if name in names else "")
        if wrong:
            document.note(problems, (*key, "id"), wrong, name)
        else:
            actors[name] = key, row
        names.add(name)
    ties = tuple((("edges", i), row) for i, row in enumerate(rows.get("edges", ())))
    return NetworkRows(document, document, actors, ties, frozenset(names))


def read_actors(rows: NetworkRows, problems: Problems) -> dict[str, Actor]:
    """Return the actors that have no problems, in name order."""
    actors = {}
    for name, (key, row) in sorted(rows.actors.items()):
        found = build(NodeRow if key[0] == "nodes" else Actor, row, rows.people, key, problems)
        if found is not None:
            actors[name] = _only(Actor, found)
    for field in ("kind", "bloc"):
        words = ((rows.actors[name][0], getattr(actor, field)) for name, actor in actors.items())
        _check_words(words, field, rows.people, problems)
    return actors


def _check_words(words: Iterable[tuple[Key, str]], field: str, document: Document, problems: Problems) -> None:
    """Note a word that is another one but for capitals and what cannot be seen: the two would count as different."""
    first: dict[str, str] = {}
    for key, word in words:
        other = first.setdefault(folded(word), word)
        if word != other:
            text = f"is written {show_value(other)} elsewhere; write both alike"
            document.note(problems, (*key, field), text, word)


def read_ties(rows: NetworkRows, known: Known, problems: Problems) -> dict[str, tuple[Key, Tie]]:
    """Return the ties that can be read, by their names, each with its place in the file."""
    ties: dict[str, tuple[Key, Tie]] = {}
    document = rows.document
    for key, row in rows.ties:
        found = build(EdgeRow if key[0] == "edges" else Tie, row, document, key, problems)
        if found is None:
            continue
        check_names(found, known, document, key, problems)
        if found.source == found.target:
            problems.add(document.where(key), show_key(key), "leads from an actor to itself", given=found.id)
        if found.id in ties:
            problems.add(document.where(key), show_key(key), "is there twice", given=found.id)
        if isinstance(found, EdgeRow) and found.key not in (None, found.kind):
            text = f"must be the kind once more, {show_value(found.kind)}, or left out"
            document.note(problems, (*key, "key"), text, found.key)
        ties[found.id] = key, _only(Tie, found)
    _check_words(((key, tie.kind) for key, tie in ties.values()), "kind", document, problems)
    return dict(sorted(ties.items()))


def check_derived(rows: NetworkRows, case: Case, problems: Problems) -> None:
    """Check the levels and pressing ties of network.json against the drivers, from which they follow."""
    levels, signs = case.levels(), _signs(case)
    follows: list[tuple[Key, Any, str, Any]] = []  # place, row, field, what follows
    for name, (key, row) in rows.actors.items():
        follows.append((key, row, "level", levels.get(name)))
    for key, row in rows.ties:
        sign = signs.get(f"{row['source']} -> {row['target']} ({row['kind']})")
        follows += [(key, row, "presses", sign is not None), (key, row, "sign", sign or 0)]
    for key, row, field, value in follows:
        if (given := row.get(field)) is not None and given != value:
            is_not = "the actor has no level" if value is None else f"is {show_value(value)}"
            text = f"{is_not}, as drivers.toml has it; mend one of them, or leave the key out"
            rows.document.note(problems, (*key, field), text, given)


def as_json(case: Case) -> str:
    """Return the network as node-link JSON, the full format: the text of a `network.json`.

    `networkx.node_link_graph(json.loads(text), edges="edges")` reads it, and a case's folder may hold it instead of
    actors.toml and ties.toml. Levels, `presses` and `sign` follow from drivers.toml and are checked when it is read.

    Parameters
    ----------
    case : Case

    Returns
    -------
    str
        UTF-8 is meant; the same case gives the same text.
    """
    levels, signs = case.levels(), _signs(case)
    nodes = [
        {"id": name, **_row(actor), **({"level": levels[name]} if name in levels else {})}
        for name, actor in sorted(case.actors.items())
    ]
    edges = [
        {**_row(tie), "key": tie.kind, "presses": tie.id in signs, "sign": signs.get(tie.id, 0)}
        for tie in sorted(case.ties, key=lambda tie: tie.id)
    ]
    about = {"case": case.id, "title": _plain(case.about.name), "evidence_until": case.evidence_until.isoformat()}
    whole = {"format": FORMAT, "version": VERSION, "directed": True, "multigraph": True, "graph": about,
             "nodes": nodes, "edges": edges}  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def write_graphml(case: Case, path: Path | BinaryIO) -> None:
    """Write the network as GraphML, which Gephi and others open; nodes and edges carry a `label` for them.

    What XML cannot hold, such as a control character in a note, is written as the replacement character.
    """
    import networkx as nx

    graph = case.network()
    for _, node in graph.nodes(data=True):
        node["label"] = node["name_en"]
    for source, target, edge in graph.edges(data=True):
        edge["label"] = edge["kind"]
        edge["id"] = f"{source} -> {target} ({edge['kind']})"
    nodes, edges = graph.nodes(data=True), graph.edges(data=True)
    for table in (graph.graph, *(node for *_, node in nodes), *(edge for *_, edge in edges)):
        for key, value in table.items():
            if isinstance(value, str):
                table[key] = _NOT_XML.sub("\ufffd", value)
    nx.write_graphml_xml(graph, path, edge_id_from_attribute="id")


def _only(model: type[Any], row: Any) -> Any:
    """Return the actor or the tie that a row holds, without what the row says beside it."""
    if type(row) is model:
        return row
    return model.model_construct(
        row.model_fields_set & set(model.model_fields), **{name: getattr(row, name) for name in model.model_fields}
    )


def _row(entry: Actor | Tie) -> dict[str, Any]:
    """Return an entry as it is written: without what is empty."""
    found = {name: _plain(getattr(entry, name)) for name in type(entry).model_fields}
    return {name: value for name, value in found.items() if value not in (None, "")}


def _plain(value: Any) -> Any:
    if not isinstance(value, Text):
        return value
    return value.texts if len(value.texts) > 1 else value.en


def _signs(case: Case) -> dict[str, int]:
    """Return the sign of each tie that presses, by the tie's name."""
    return {press.tie.id: press.sign for presses in case.presses().values() for press in presses}
