"""Drivers that are repeated `per` item become one node each, with `{}` filled in and overrides applied."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from hudna.case.checking import build
from hudna.case.documents import Document
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

    def say(text: str, *key: str, given: Any = None) -> None:
        document.note(problems, (name, *key), text, given)

    if template.per is None:
        if _fill(data, "item") != data:
            say(f"{ITEM} stands for an item, but the driver has no `per`")
        if template.overrides:
            say("goes with `per`; there is none", "overrides")
        return {name: template}
    if isinstance(template.per, str):
        items = {actor: actors[actor].name for actor in sorted(actors) if actors[actor].kind == template.per}
        if not items and not unread:
            kinds = sorted({actor.kind for actor in actors.values()})
            say(no_such("kind", template.per, kinds, text="no actor is of this kind"), "per", given=template.per)
    else:
        items = {item: Text(en=item) for item in template.per}
        for item in items:
            if not re.fullmatch("[A-Za-z0-9_]+", item):
                say("items are letters, digits and _ (A to Z, a to z, 0 to 9)", "per", given=item)
        if len(items) != len(template.per) or not items:
            say("must list each item once, at least one", "per")
    for item in sorted(set(template.overrides) - set(items) - set(unread)) if items else ():
        say(no_such("item", item, items, text="is not an item of per"), "overrides", item)
    shared = {field: value for field, value in data.items() if field not in ("per", "overrides", "name")}
    nodes: dict[str, Node] = {}
    for item, label in items.items():
        own = template.overrides.get(item, {})
        for field in _FIXED:
            if field in own:
                say("cannot be overridden", "overrides", item, field)
        filled = _fill({**shared, **{field: value for field, value in own.items() if field not in _FIXED}}, item)
        if "name" not in own:
            texts = template.name.texts.items()
            filled["name"] = {lang: text.replace(ITEM, label.get(lang)) for lang, text in texts}
        place = (name, "overrides", item) if own else (name,)
        node = build(NODES[template.kind], filled, document, place, problems)
        if node is not None:
            nodes[f"{name}.{item}"] = node
    return nodes


def _fill(value: Any, item: str) -> Any:
    if isinstance(value, str):
        return value.replace(ITEM, item)
    if isinstance(value, Mapping):
        return {_fill(k, item): _fill(v, item) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(v, item) for v in value]
    return value
