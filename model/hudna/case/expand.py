"""Drivers that are repeated `per` item become one node each, with `{}` filled in and overrides applied."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from hudna.case.checking import build
from hudna.case.documents import Document, show_key, show_value
from hudna.case.grammar import ITEM, Text
from hudna.case.network import Actor
from hudna.case.nodes import NODES, Node
from hudna.errors import Problems, no_such

__all__ = ["expand"]

_FIXED = ("kind", "per", "overrides")  # the same for every item


def expand(
    name: str,
    data: Mapping[str, Any],
    template: Node,
    actors: Mapping[str, Actor],
    document: Document,
    problems: Problems,
    *,
    unread: Collection[str] = (),
) -> dict[str, Node]:
    """Return the nodes that one driver stands for, by name; `unread` actors are there, but have problems."""
    if template.per is None:
        if ITEM in _strings(data):
            text = f"{ITEM} stands for an item, but the driver has no `per`"
            problems.add(document.where((name,)), show_key((name,)), text)
        if template.overrides:
            problems.add(document.where((name,)), show_key((name, "overrides")), "goes with `per`; there is none")
        return {name: template}
    items = _items(name, template, actors, document, problems, unread)
    for item in sorted(set(template.overrides) - set(items) - set(unread)) if items else ():
        problems.add(
            document.where((name, "overrides", item)),
            show_key((name, "overrides", item)),
            no_such("item", item, items, text="is not an item of per"),
        )
    nodes: dict[str, Node] = {}
    for item, label in items.items():
        node = _instance(name, item, label, data, template, document, problems)
        if node is not None:
            nodes[f"{name}.{item}"] = node
    return nodes


def _items(
    name: str,
    template: Node,
    actors: Mapping[str, Actor],
    document: Document,
    problems: Problems,
    unread: Collection[str],
) -> dict[str, Text]:
    if isinstance(template.per, str):
        found = {actor: actors[actor].name for actor in sorted(actors) if actors[actor].kind == template.per}
        if not found and not unread:
            kinds = sorted({actor.kind for actor in actors.values()})
            problems.add(
                document.where((name, "per")),
                show_key((name, "per")),
                no_such("kind", template.per, kinds, text="no actor is of this kind"),
                given=show_value(template.per),
            )
        return found
    items = template.per or ()
    for item in items:
        if not re.fullmatch("[A-Za-z0-9_]+", item):
            problems.add(
                document.where((name, "per")),
                show_key((name, "per")),
                "items are letters, digits and _ (A to Z, a to z, 0 to 9)",
                given=item,
            )
    if len(set(items)) != len(items) or not items:
        problems.add(document.where((name, "per")), show_key((name, "per")), "must list each item once, at least one")
    return {item: Text(en=item) for item in items}


def _instance(
    name: str,
    item: str,
    label: Text,
    data: Mapping[str, Any],
    template: Node,
    document: Document,
    problems: Problems,
) -> Node | None:
    override = template.overrides.get(item, {})
    for field in _FIXED:
        if field in override:
            key = (name, "overrides", item, field)
            problems.add(document.where(key), show_key(key), "cannot be overridden")
    shared = {field: value for field, value in data.items() if field not in ("per", "overrides", "name")}
    own = {field: value for field, value in override.items() if field not in _FIXED}
    merged = {**shared, **own}
    filled = _fill(merged, item)
    if "name" not in override:
        filled["name"] = {lang: text.replace(ITEM, label.get(lang)) for lang, text in template.name.texts.items()}
    place = (name, "overrides", item) if override else (name,)
    return build(NODES[template.kind], filled, document, place, problems)


def _fill(value: Any, item: str) -> Any:
    if isinstance(value, str):
        return value.replace(ITEM, item)
    if isinstance(value, Mapping):
        return {_fill(k, item): _fill(v, item) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(v, item) for v in value]
    return value


def _strings(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return " ".join(_strings(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple):
        return " ".join(_strings(part) for part in value)
    return ""
