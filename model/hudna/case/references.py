"""Which names the tables of a case refer to, as their fields declare, and whether there is what they name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel

from hudna.case.documents import Document, Key
from hudna.case.grammar import ITEM, Domain, Names, unwrapped
from hudna.case.nodes import Node, Regime, Schedule
from hudna.case.parameters import Parameter
from hudna.case.signals import Signal, resolve, unknown_signal
from hudna.errors import Problems, no_such

__all__ = ["Known", "Mention", "Unread", "check_names", "mentions", "split_transition"]

# In which table of `Unread` to look for a name that is not known.
_TABLES = {
    "parameter": "parameters", "unit": "parameters", "actor": "actors", "bloc": "actors", "counter": "observations",
    "record": "observations", **dict.fromkeys(("driver", "signal", "regime", "schedule", "family"), "drivers"),
}  # fmt: skip
_SHARED = ("unit", "bloc", "family")  # what several entries have in common: any that could not be read may have it


class Mention(NamedTuple):
    """A name in a table, and what it should be the name of; `key` leads to it."""

    key: Key
    name: str
    names: Names


def mentions(table: Any) -> Iterator[Mention]:
    """Yield each name in a table, or in a mapping of tables, that refers to something, in the order of the fields."""
    return _mentions(table, None, (), ())


def _mentions(value: Any, annotation: Any, metadata: tuple[Any, ...], key: Key) -> Iterator[Mention]:
    if value is None or isinstance(value, int | float):
        return
    if isinstance(value, BaseModel):
        for field, info in type(value).model_fields.items():
            if (held := getattr(value, field, None)) is not None:
                yield from _mentions(held, info.annotation, tuple(info.metadata), (*key, field))
        return
    annotation, more = unwrapped(annotation)
    if isinstance(value, Mapping):
        of_key, of_value = get_args(annotation) or (None, None)
        for name, item in sorted(value.items()):
            yield from _mentions(name, of_key, (), (*key, name))
            yield from _mentions(item, of_value, (), (*key, name))
    elif isinstance(value, list | tuple):
        of_item = next(iter(get_args(annotation)), None)
        for i, item in enumerate(value):
            yield from _mentions(item, of_item, (), (*key, i) if len(value) > 1 else key)
    elif isinstance(value, str):
        for item in (*metadata, *more):
            if isinstance(item, Names | Domain):
                yield Mention(key, value, item if isinstance(item, Names) else Names("parameter", item))


@dataclass(frozen=True)
class Unread:
    """Names that are there, but with problems of their own. What refers to them is excused: one mistake, one problem.

    `files` are the roles of files of which nothing could be read; `observations` are the counters.
    """

    drivers: frozenset[str] = frozenset()
    parameters: frozenset[str] = frozenset()
    actors: frozenset[str] = frozenset()
    observations: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()

    def may_be(self, what: str, name: str) -> bool:
        """Whether a name that is not known may stand for something that could not be read."""
        table = _TABLES.get(what)
        if table is None:
            return False
        lost: frozenset[str] = getattr(self, table)
        if table in self.files or (lost and what in _SHARED):
            return True
        stem = name.removesuffix("*")
        return name in lost or (
            table == "drivers" and any(f"{name}.".startswith(f"{d}.") or f"{d}.".startswith(stem) for d in lost)
        )


@dataclass(frozen=True)
class Known:
    """What a name can stand for: signals, parameters, and `others`, by what they are."""

    signals: Mapping[str, Signal]
    parameters: Mapping[str, Parameter]
    others: Mapping[str, Collection[str]]
    unread: Unread = Unread()

    @classmethod
    def of(
        cls,
        nodes: Mapping[str, Node],
        signals: Mapping[str, Signal],
        parameters: Mapping[str, Parameter],
        unread: Unread,
        **others: Collection[str],
    ) -> Known:
        """Return what names of a case can stand for; `others` may add to that."""
        kinds = {"regime": Regime, "schedule": Schedule}
        of_kind = {what: [n for n, node in nodes.items() if isinstance(node, kind)] for what, kind in kinds.items()}
        return cls(signals, parameters, {"driver": nodes, **of_kind, **others}, unread)

    def wrong(self, name: str, names: Names) -> str:
        """Say why a name stands for nothing that may stand there; an empty text if it does, or may do."""
        what, here = names.what, resolve(name, self.signals)
        if what == "parameter" and name in self.parameters:
            problem = self.parameters[name].prior.outside(names.domain)
            return f"{names.domain.sentence()}, but the prior of this parameter {problem}" if problem else ""
        if what == "family" and here and not name.endswith(".*"):
            return "is one signal, whose name is its driver's; name sums here, such as attacks.*"
        if what in ("signal", "family") and here:
            fitting = [s for s, signal in self.signals.items() if names.measure in ("", signal.measure)]
            needed = "state of a regime" if names.measure == "indicator" else names.measure
            return "" if set(here) <= set(fitting) else f"must be a {needed}: {', '.join(fitting)}"
        known = self.parameters if what == "parameter" else self.others.get(what, ())
        if name in known or ITEM in name or self.unread.may_be(what, name):
            return ""
        return unknown_signal(name, self.signals) if what in ("signal", "family") else no_such(what, name, known)


def check_names(table: Any, known: Known, document: Document, key: Key, problems: Problems) -> None:
    """Note each name in a table, found in `document` under `key`, that stands for nothing."""
    for mention in mentions(table):
        if text := known.wrong(mention.name, mention.names):
            given = None if mention.name == mention.key[-1] else mention.name
            document.note(problems, (*key, *mention.key), text, given)


def split_transition(way: str) -> tuple[str, str] | None:
    """Return the two states of `truce -> campaign`.

    Examples
    --------
    >>> split_transition("truce -> campaign")
    ('truce', 'campaign')
    """
    found = re.fullmatch(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*->\s*([A-Za-z][A-Za-z0-9_]*)\s*", way)
    return (found[1], found[2]) if found else None
