"""What can be switched off: a tie, an actor's influence, a driver, or one of its signals, by the name that users know.

An influence is a set of ties and of signals. Switching it off leaves every node in place and takes away what the
ties carry and what others read of the signals in their effects. What a driver *is* stays: the rates that a regime's
states set, exposures, and what a response answers are no influence that could be taken away.

Silencing asks another question: what would be if it were not there itself. Events and responses never happen, and
their readers see that; a level is absent, as in a case that does not have it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hudna.case import Case
from hudna.case.grammar import Text
from hudna.case.network import Tie
from hudna.case.nodes import Events, Level, Regime, Response
from hudna.case.signals import resolve
from hudna.errors import no_such
from hudna.scenario.routes import Reading, downstream, published, readings
from hudna.text.words import right_to_left

__all__ = ["Influence", "influence"]

_KINDS = ("actor", "driver", "signal", "tie")
_AND = " + "


@dataclass(frozen=True)
class Influence:
    """Ties (by id), and signals with all that reads them, that go together; `name` is what readers see.

    nodes : what is meant itself; if it is `silenced`, its events and responses never happen and its levels are absent
    reached : the signals that a route leads to in the case, whatever it carries
    """

    asked: str
    name: Text
    ties: frozenset[str]
    signals: frozenset[str]
    nodes: frozenset[str] = frozenset()
    silenced: bool = False
    reached: frozenset[str] = frozenset()


def influence(case: Case, asked: str, *, silence: bool = False) -> Influence | str:
    """Return what `asked` stands for, or what is wrong with it.

    Parameters
    ----------
    case : Case
    asked : str
        One or several, joined by ` + `, of: a tie (`KH -> IRQ_GOV (pressures)`), an actor (`IRN`), a driver (`gaza`), a
        signal (`gaza.ceasefire`, `isis.*`). Where a name is two of these, write `actor:NAME`, `driver:NAME`,
        `signal:NAME` or `tie:NAME`.
    silence : bool
        Whether it is to be silenced itself: an actor with its level and all events and responses of its own, events,
        responses, a level, a tie. A regime or a schedule cannot be.

    Returns
    -------
    Influence, or str

    Examples
    --------
    >>> import hudna
    >>> case = hudna.load("two-militias").case
    >>> sorted(influence(case, "NORTH").signals)
    ['anger.NORTH']
    >>> sorted(influence(case, "NORTH", silence=True).nodes)
    ['anger.NORTH', 'attacks.NORTH']
    """
    ties: set[str] = set()
    signals: set[str] = set()
    nodes: set[str] = set()
    names: list[Text] = []
    for part in re.split(r"\s\+(?:\s|$)", asked):
        found = _one(case, part.strip())
        if silence and isinstance(found, Influence):
            found = _silenced(case, found)
        if isinstance(found, str):
            return found
        ties |= found.ties
        signals |= found.signals
        nodes |= found.nodes
        names.append(found.name)
    every = list(readings(case))
    if not (silence or any(one.moves and one.of(ties, signals) for one in every)):
        return _nothing(every, asked, signals)
    name = Text.written(lambda lang: _AND.join(one.get(lang) for one in names), *names)
    found = Influence(asked, name, frozenset(ties), frozenset(signals), frozenset(nodes), silence)
    return replace(found, reached=_reached(case, found, every))


def _one(case: Case, part: str) -> Influence | str:
    """Return what one name stands for."""
    if not part:
        return "names nothing; give an actor, a driver, a signal or a tie, several of them joined by ' + '"
    kind, _, rest = part.partition(":")
    kinds, name = ((kind,), rest.strip()) if kind in _KINDS and rest else (_KINDS, part)
    found = {kind: one for kind in kinds if (one := _as(case, kind, name)) is not None}
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        return f"'{name}' is {' and '.join(found)}; write {' or '.join(f'{kind}:{name}' for kind in found)}"
    known = dict.fromkeys((*case.actors, *case.signals, *(tie.id for tie in case.ties)))
    text = f"there is no such {', '.join(kinds[:-1]) + ' or ' if kinds[1:] else ''}{kinds[-1]}: '{name}'"
    return no_such("name", name, known, text=text)


def _as(case: Case, kind: str, name: str) -> Influence | None:
    match kind:
        case "tie":
            tie = next((tie for tie in case.ties if tie.id == name), None)
            return None if tie is None else Influence(name, _tie_name(case, tie), frozenset({name}), frozenset())
        case "actor":
            if name not in case.actors:
                return None
            level = case.level_of(name)
            own = frozenset() if level is None else frozenset({level[0]})
            nodes = {node for node in case.nodes if node.endswith(f".{name}")} | own
            acting = frozenset(node for node in nodes if isinstance(case.nodes[node], Events | Response | Level))
            return Influence(name, case.actors[name].name, frozenset(), own, acting)
        case "driver":
            if name not in case.nodes:
                return None
            own = frozenset(signal.name for signal in case.signals.values() if signal.node == name)
            return Influence(name, case.nodes[name].name, frozenset(), own, frozenset({name}))
        case _:
            if name in case.nodes:
                return None  # its signal of the same name is one of the driver's
            several = resolve(name, case.signals)
            own = frozenset(several)
            return Influence(name, case.label(name), frozenset(), own, own) if several else None


def _tie_name(case: Case, tie: Tie) -> Text:
    ends = [case.actors[end].name for end in (tie.source, tie.target)]
    return Text.written(lambda lang: (" ← " if right_to_left(lang) else " → ").join(e.get(lang) for e in ends), *ends)


def _reached(case: Case, found: Influence, every: Sequence[Reading]) -> frozenset[str]:
    """Return the signals of every node that some route leads to from what is switched off or silenced."""
    front = {node for node in found.nodes if found.silenced and not isinstance(case.nodes[node], Level)}
    front |= {one.reader for one in every if (one.moves or found.silenced) and one.of(found.ties, found.signals)}
    return frozenset(published(case, downstream(case, front, every)))


def _silenced(case: Case, found: Influence) -> Influence | str:
    """Return the influence as one that is silenced itself: of signals, only levels are no longer read."""
    for name in sorted(found.nodes):
        own = case.signals[name].node
        node = case.nodes[own]
        if not isinstance(node, Events | Response | Level):
            held = "it is always in one of its states" if isinstance(node, Regime) else "it is what is decided"
            return f"'{own}' is a {node.kind}: {held}; hold it with [assumptions] in a scenario instead"
        if own != name:
            return f"'{name}' is a part of '{own}', which can be silenced only as a whole"
    if not (found.nodes or found.ties):
        return f"'{found.asked}' has no level, no events and no responses of its own, so there is nothing to silence"
    levels = {name for name in found.nodes if isinstance(case.nodes[name], Level)}
    return replace(found, signals=frozenset(published(case, levels)))


def _nothing(every: Sequence[Reading], asked: str, signals: Collection[str]) -> str:
    """Say why there is nothing to switch off, and what the drivers do that is no influence."""
    does = sorted({one.reader for one in every if one.of((), signals)})
    text = f"'{asked}' has no effect and no tie that presses, so there is nothing to switch off"
    if does:
        return f"{text}; it is what {', '.join(does)} are made with: hold it with [assumptions] in a scenario instead"
    return f"{text}; it is context"
