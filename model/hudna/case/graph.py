"""The network as a graph: strengths, who reaches whom over pressing ties, and the strongest routes to an actor."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hudna.case.network import Actor, Press, Tie
from hudna.errors import InputError, no_such

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

__all__ = ["Network", "Route", "graph", "paths", "paths_table", "pressed_most", "reach", "strengths"]

STRONGEST = 3.0  # the weight of a tie that passes on all of its source's push


@dataclass(frozen=True)
class Route:
    """A way over pressing ties that no actor is on twice.

    actors : from the source to the target; ties : one fewer; strength : product of weight / 3, 1 if every tie is of
    weight 3; sign : product of the ties' signs, 1 if more of the source's push means a higher level of the target
    """

    actors: tuple[str, ...]
    ties: tuple[Tie, ...]
    strength: float
    sign: int


class Network(Protocol):
    """What is needed of a case: actors, ties, the level of each actor and the ties that press on each level."""

    @property
    def actors(self) -> Mapping[str, Actor]:
        """By name."""

    @property
    def ties(self) -> tuple[Tie, ...]:
        """Those that press and those that are context."""

    def levels(self) -> dict[str, str]:
        """Return the name of each actor's level, by the actor, for those that have one."""

    def presses(self) -> dict[str, tuple[Press, ...]]:
        """Return the ties that press, by the level they press on."""


def graph(case: Network) -> nx.MultiDiGraph:
    """Return the graph of `case.network()`, without what that says of the case."""
    import networkx as nx

    levels = case.levels()
    signs = {press.tie.id: press.sign for press in _presses(case)}
    made = nx.MultiDiGraph()
    for name, actor in sorted(case.actors.items()):
        made.add_node(
            name, name_en=actor.name.en, name_ar=actor.name.get("ar"), kind=actor.kind, bloc=actor.bloc,
            confidence=actor.confidence, source=actor.source, url=actor.url, note=actor.note,
            level=levels.get(name, ""),
        )  # fmt: skip
    for tie in sorted(case.ties, key=lambda tie: tie.id):
        made.add_edge(
            tie.source, tie.target, key=tie.kind, channel=tie.channel, toward=tie.toward or "", weight=tie.weight,
            kind=tie.kind, sign=signs.get(tie.id, 0), presses=tie.id in signs, fact=tie.fact, reference=tie.reference,
            url=tie.url, confidence=tie.confidence, note=tie.note,
        )  # fmt: skip
    return made


def strengths(case: Network) -> pd.DataFrame:
    """Return how strong the ties into and out of each actor are, by channel and sign.

    Parameters
    ----------
    case : Case, or what has actors, ties, levels and presses

    Returns
    -------
    DataFrame
        A row for each `actor`, `side` ("in" or "out"), `presses`, `channel` and `sign` (1 with the direction of the
        target's level, -1 against it, 0 for context) that has ties: `ties`, how many, and `weight`, their sum.
    """
    import pandas as pd

    keys = ["actor", "side", "presses", "channel", "sign"]
    signs = {press.tie.id: press.sign for press in _presses(case)}
    rows = [
        (actor, side, tie.id in signs, tie.channel, signs.get(tie.id, 0), tie.weight)
        for tie in case.ties
        for actor, side in ((tie.target, "in"), (tie.source, "out"))
    ]
    table = pd.DataFrame(rows, columns=[*keys, "weight"])
    if table.empty:
        return pd.DataFrame(columns=[*keys, "ties", "weight"])
    found = table.groupby(keys)["weight"].agg(ties="size", weight="sum").reset_index()
    return found.sort_values(keys, ascending=[True, True, False, True, False], ignore_index=True)


def reach(case: Network) -> pd.DataFrame:
    """Return who reaches whom over ties that press, and in how many at least.

    Ties of weight 0 reach nobody.

    Returns
    -------
    DataFrame
        A row for each `source` and `target`, with `ties`, their smallest number on the way; nearest first.
    """
    import networkx as nx
    import pandas as pd

    over = nx.DiGraph((press.tie.source, press.tie.target) for press in _presses(case) if press.tie.weight > 0)
    rows = []
    for source, reached in sorted(nx.all_pairs_shortest_path_length(over)):
        rows += [(source, target, ties) for ties, target in sorted((n, name) for name, n in reached.items()) if ties]
    return pd.DataFrame(rows, columns=["source", "target", "ties"])


def paths(case: Network, to: str, n: int = 10) -> tuple[Route, ...]:
    """Return the strongest routes of pressing ties to an actor, the strongest first.

    The strength of a route is the product of weight / 3 of its ties, its sign the product of their signs. That ranks
    routes; it is no effect. What an actor's push does to a level depends on parameters and on the state of the world.

    Parameters
    ----------
    case : Case, or what has actors, ties, levels and presses
    to : str
        An actor.
    n : int
        How many at most.

    Returns
    -------
    tuple of Route
        Routes of equal strength by length, then by name. None of strength 0.

    Raises
    ------
    InputError
        If there is no such actor, or `n` is below 1.
    """
    if to not in case.actors:
        raise InputError.of("network", no_such("actor", to, case.actors), key="to", given=repr(to))
    if n < 1:
        raise InputError.of("network", "must be >= 1", key="n", given=repr(n))
    into: dict[str, list[Press]] = {}
    for press in _presses(case):
        if press.tie.weight > 0:
            into.setdefault(press.tie.target, []).append(press)
    # Going back from the target no extension of a route is stronger than the route, so they come out in order.
    waiting: list[tuple[float, int, tuple[str, ...], Route]] = []

    def extend(route: Route) -> None:
        for press in into.get(route.actors[0], ()):
            if press.tie.source not in route.actors:
                longer = Route((press.tie.source, *route.actors), (press.tie, *route.ties),
                               route.strength * press.tie.weight / STRONGEST, route.sign * press.sign)  # fmt: skip
                names = tuple(tie.id for tie in longer.ties)
                heapq.heappush(waiting, (-round(longer.strength, 12), len(names), names, longer))

    extend(Route((to,), (), 1.0, 1))
    found: list[Route] = []
    while waiting and len(found) < n:
        found.append(heapq.heappop(waiting)[-1])
        extend(found[-1])
    return tuple(found)


def paths_table(routes: tuple[Route, ...]) -> pd.DataFrame:
    """Return routes as a table: `source`, `target`, `ties` (how many), `strength`, `sign`, `path`, `channels`
    and `kinds`."""
    import pandas as pd

    rows = [
        (route.actors[0], route.actors[-1], len(route.ties), route.strength, route.sign, " -> ".join(route.actors),
         ", ".join(tie.channel for tie in route.ties), ", ".join(tie.kind for tie in route.ties))
        for route in routes
    ]  # fmt: skip
    names = ["source", "target", "ties", "strength", "sign", "path", "channels", "kinds"]
    return pd.DataFrame(rows, columns=names)


def pressed_most(case: Network) -> str | None:
    """Return the actor that most ties press on, the first by name of several; None if no tie presses."""
    counted = Counter(press.tie.target for press in _presses(case))
    return min(counted, key=lambda actor: (-counted[actor], actor), default=None)


def _presses(case: Network) -> Iterator[Press]:
    for presses in case.presses().values():
        yield from presses
