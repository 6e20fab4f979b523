"""What each node of a case reads, and so where routes lead: forwards from some nodes, backwards from some signals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hudna.case import Case
from hudna.case.signals import resolve

__all__ = ["Reading", "downstream", "published", "readings", "upstream"]


@dataclass(frozen=True)
class Reading:
    """Signals, or the tie, by which a node is moved (`moves`), or that it is made with."""

    reader: str
    signals: frozenset[str]
    tie: str = ""
    moves: bool = True

    def of(self, ties: Collection[str], signals: Collection[str]) -> bool:
        """Return whether it reads one of these."""
        return self.tie in ties or not self.signals.isdisjoint(signals)


def readings(case: Case) -> Iterator[Reading]:
    """Yield whatever a node reads: effects, pressing ties, and what it is made with."""

    def named(references: Iterable[str]) -> frozenset[str]:
        return frozenset(signal for reference in references for signal in resolve(reference, case.signals))

    for name, node in case.nodes.items():
        groups = [getattr(node, "effects", {})]
        groups += [{**way.effects, **way.on} for way in getattr(node, "transitions", {}).values()]
        yield from (Reading(name, named(effects)) for effects in groups)
        regimes = [*getattr(node, "rate_by", ()), getattr(node, "resets_with", None)]
        yield Reading(name, frozenset(published(case, regimes)), moves=False)
        for made in (getattr(node, "exposure", ()), getattr(node, "triggers", ())):
            yield Reading(name, named(made), moves=False)
    for target, presses in case.presses().items():
        yield from (Reading(target, frozenset({press.signal}), press.tie.id) for press in presses)


def published(case: Case, nodes: Collection[str | None]) -> set[str]:
    """Return the signals of some nodes."""
    return {name for name, signal in case.signals.items() if signal.node in nodes}


def downstream(case: Case, nodes: Collection[str], found: Sequence[Reading]) -> set[str]:
    """Return nodes and every node that a route leads to from them."""
    reached: set[str] = set()
    front = set(nodes)
    while front:
        reached |= front
        signals = published(case, front)
        front = {one.reader for one in found if one.of((), signals)} - reached
    return reached


def upstream(case: Case, signals: Collection[str], found: Sequence[Reading]) -> set[str]:
    """Return the nodes of signals and every node from which a route leads to them."""
    reached: set[str] = set()
    front = {case.signals[signal].node for signal in signals}
    while front:
        reached |= front
        read = {signal for one in found if one.reader in front for signal in one.signals}
        front = {case.signals[signal].node for signal in read} - reached
    return reached
