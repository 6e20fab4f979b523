"""What each node publishes, and what a name in a file stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hudna.case.grammar import Text
from hudna.case.nodes import KINDS, Events, Level, Node, Regime, Response, Schedule
from hudna.errors import no_such

__all__ = ["Measure", "Signal", "counted_twice", "publish", "resolve", "unknown_signal"]

Measure: TypeAlias = Literal["lever", "state", "indicator", "count", "level", "amount"]


@dataclass(frozen=True)
class Signal:
    """A number that a node publishes each step.

    `measure` says what kind of number: a lever (any number), a state (the number given to it), an indicator
    (0 or 1), a count, a level in (0, 1), or an amount (any number >= 0).
    """

    name: str
    node: str
    kind: str
    measure: Measure
    unit: Text
    label: Text

    @property
    def rank(self) -> int:
        """Place of the node's kind in the order of the week."""
        return KINDS.index(self.kind)


def publish(nodes: Mapping[str, Node]) -> dict[str, Signal]:
    """Return every signal by name, in name order."""
    found: dict[str, Signal] = {}
    for name, node in nodes.items():
        for suffix, measure, unit, label in _published(node):
            signal = name + suffix
            found.setdefault(signal, Signal(signal, name, node.kind, measure, unit, label))
    return dict(sorted(found.items()))


def _published(node: Node) -> list[tuple[str, Measure, Text, Text]]:
    label = node.name
    match node:
        case Schedule():
            return [("", "lever", node.unit, label)]
        case Regime():
            states: list[tuple[str, Measure, Text, Text]] = [
                (
                    f".{state}",
                    "indicator",
                    Text(en="share of paths", ar="نسبة المسارات"),
                    _join(label, node.states[state].name),
                )
                for state in node.ordered_states
            ]
            return [("", "state", Text(en="state", ar="حالة"), label), *states]
        case Events():
            threat = _join(label, Text(en="rate at full exposure", ar="المعدل عند التعرض الكامل"))
            arabic = f"{node.unit.ar} في الأسبوع" if node.unit.ar else None
            per_week = Text(en=f"{node.unit.en} per week", ar=arabic)
            return [("", "count", node.unit, label), (".threat", "amount", per_week, threat)]
        case Response():
            own: list[tuple[str, Measure, Text, Text]] = [("", "count", node.unit, label)]
            return own + ([(".size", "count", node.size.unit, node.size.name)] if node.size else [])
        case Level():
            both = _join(label, Text(en="pushes of both sides", ar="دفع الطرفين"))
            index = Text(en="index, 0 to 1", ar="مؤشر من 0 إلى 1")
            odds = Text(en="log odds", ar="لوغاريتم الأرجحية")
            return [("", "level", index, label), (".cross", "amount", odds, both)]


def _join(first: Text, second: Text) -> Text:
    both = [lang for lang in first.texts if lang in second.texts]
    return Text(**{lang: f"{first.get(lang)}: {second.get(lang)}" for lang in both})


def resolve(reference: str, signals: Mapping[str, Signal]) -> tuple[str, ...]:
    """Return the signals that `reference` stands for: itself, or for `x.*` each node below x, in name order.

    An empty tuple means that there is none.
    """
    if not reference.endswith(".*"):
        return (reference,) if reference in signals else ()
    prefix = reference[:-1]
    return tuple(name for name, signal in signals.items() if name.startswith(prefix) and signal.node == name)


def counted_twice(names: Sequence[str]) -> str:
    """Say which names stand in a sum more than once; an empty text if none does."""
    twice = sorted({name for name in names if names.count(name) > 1})
    return f"counts {', '.join(twice)} twice; name each once" if twice else ""


def unknown_signal(reference: str, signals: Iterable[str]) -> str:
    """Say that there is no such signal, and what might have been meant."""
    known = list(signals)
    if reference.endswith(".*"):
        prefixes = sorted({name.rsplit(".", 1)[0] + ".*" for name in known if "." in name})
        return no_such("family", reference, prefixes, text=f"no node's name begins with '{reference[:-1]}'")
    return no_such("signal", reference, known)
