"""What can be switched off: a tie, an actor's influence, a driver, or one of its signals, by the name that users know.

An influence is a set of ties and of signals. Switching it off leaves every node in place and takes away what the
ties carry and what others read of the signals in their effects. What a driver *is* stays: the rates that a regime's
states set, exposures, and what a response answers are no influence that could be taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hudna.case import Case
from hudna.case.grammar import Text
from hudna.case.nodes import Events, Regime, Response
from hudna.case.signals import resolve
from hudna.errors import no_such

__all__ = ["Influence", "influence"]

_KINDS = ("actor", "driver", "signal", "tie")
_AND = " + "


@dataclass(frozen=True)
class Influence:
    """Ties (by id), and signals with all that reads them, that go together; `name` is what readers see."""

    asked: str
    name: Text
    ties: frozenset[str]
    signals: frozenset[str]


def influence(case: Case, asked: str) -> Influence | str:
    """Return what `asked` stands for, or what is wrong with it.

    Parameters
    ----------
    case : Case
    asked : str
        One or several, joined by ` + `, of: a tie (`KH -> IRQ_GOV (pressures)`), an actor (`IRN`), a driver (`gaza`), a
        signal (`gaza.ceasefire`, `isis.*`). Where a name is two of these, write `actor:NAME`, `driver:NAME`,
        `signal:NAME` or `tie:NAME`.

    Returns
    -------
    Influence, or str

    Examples
    --------
    >>> import hudna
    >>> sorted(influence(hudna.load("two-militias").case, "NORTH").signals)
    ['anger.NORTH']
    """
    ties: set[str] = set()
    signals: set[str] = set()
    names: list[Text] = []
    for part in re.split(r"\s\+(?:\s|$)", asked):
        found = _one(case, part.strip())
        if isinstance(found, str):
            return found
        ties |= found.ties
        signals |= found.signals
        names.append(found.name)
    if not _touches(case, ties, signals):
        return _nothing(case, asked, signals)
    name = Text(en=_AND.join(one.en for one in names), ar=_AND.join(one.get("ar") for one in names))
    return Influence(asked, name, frozenset(ties), frozenset(signals))


def _one(case: Case, part: str) -> Influence | str:
    """Return what one name stands for."""
    if not part:
        return "names nothing; give an actor, a driver, a signal or a tie, several of them joined by ' + '"
    kind, _, rest = part.partition(":")
    kinds, name = ((kind,), rest.strip()) if kind in _KINDS and rest else (_KINDS, part)
    found = [one for one in (_as(case, kind, name) for kind in kinds) if one is not None]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        both = [kind for kind in kinds if _as(case, kind, name) is not None]
        return f"'{name}' is {' and '.join(both)}; write {' or '.join(f'{kind}:{name}' for kind in both)}"
    known = dict.fromkeys((*case.actors, *case.signals, *(tie.id for tie in case.ties)))
    text = f"there is no such {', '.join(kinds[:-1]) + ' or ' if kinds[1:] else ''}{kinds[-1]}: '{name}'"
    return no_such("name", name, known, text=text)


def _as(case: Case, kind: str, name: str) -> Influence | None:
    match kind:
        case "tie":
            tie = next((tie for tie in case.ties if tie.id == name), None)
            return None if tie is None else Influence(name, _tie_name(case, name), frozenset({name}), frozenset())
        case "actor":
            if name not in case.actors:
                return None
            level = case.level_of(name)
            own = frozenset() if level is None else frozenset({level[0]})
            return Influence(name, case.actors[name].name, frozenset(), own)
        case "driver":
            if name not in case.nodes:
                return None
            own = frozenset(signal.name for signal in case.signals.values() if signal.node == name)
            return Influence(name, case.nodes[name].name, frozenset(), own)
        case _:
            if name in case.nodes:
                return None  # its signal of the same name is one of the driver's
            several = resolve(name, case.signals)
            label = _signal_name(case, name, several) if several else Text(en=name)
            return Influence(name, label, frozenset(), frozenset(several)) if several else None


def _tie_name(case: Case, name: str) -> Text:
    tie = next(tie for tie in case.ties if tie.id == name)
    ends = [case.actors[end].name for end in (tie.source, tie.target)]
    return Text(en=f"{ends[0].en} → {ends[1].en}", ar=f"{ends[0].get('ar')} ← {ends[1].get('ar')}")


def _signal_name(case: Case, name: str, signals: tuple[str, ...]) -> Text:
    return case.signals[signals[0]].label if len(signals) == 1 else Text(en=name)


def _readings(case: Case) -> Iterator[tuple[str, str]]:
    """Yield every reference that an effect or a pressing tie reads, with what the tie is called, if it is one."""
    for node in case.nodes.values():
        groups = [getattr(node, "effects", {})]
        groups += [transition.effects for transition in getattr(node, "transitions", {}).values()]
        for effects in groups:
            for reference in effects:
                yield reference, ""
    for tie in case.ties:
        source = case.level_of(tie.source)
        if tie.toward is not None and source is not None and case.level_of(tie.target) is not None:
            yield source[0], tie.id


def _touches(case: Case, ties: set[str], signals: set[str]) -> bool:
    return any(tie in ties or signals & set(resolve(reference, case.signals)) for reference, tie in _readings(case))


def _nothing(case: Case, asked: str, signals: set[str]) -> str:
    """Say why there is nothing to switch off, and what the drivers do that is no influence."""
    does = sorted(set(_does(case, signals)))
    text = f"'{asked}' has no effect and no tie that presses, so there is nothing to switch off"
    if does:
        return f"{text}; it is what {', '.join(does)} are made with: hold it with [assumptions] in a scenario instead"
    return f"{text}; it is context"


def _does(case: Case, signals: Iterable[str]) -> Iterator[str]:
    wanted = set(signals)
    nodes_of = {case.signals[signal].node for signal in wanted}
    for name, node in case.nodes.items():
        read: set[str] = set()
        if isinstance(node, Events):
            read |= {s for reference in node.exposure for s in resolve(reference, case.signals)}
            if nodes_of & set(node.rate_by):
                yield name
        if isinstance(node, Response):
            read |= {s for reference in node.triggers for s in resolve(reference, case.signals)}
        if isinstance(node, Events | Response | Regime) and read & wanted:
            yield name
