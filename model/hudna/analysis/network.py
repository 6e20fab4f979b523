"""The actors and their ties as tables, with places for a picture: who presses on whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hudna.analysis.placing import place
from hudna.case.graph import pressed_most
from hudna.text.words import Language, right_to_left

if TYPE_CHECKING:
    import pandas as pd

    from hudna.case import Case

__all__ = ["NetworkData", "network_data"]

_NODES = ("name", "bloc", "kind", "level", "toward", "middle", "x", "y")
_EDGES = ("source", "target", "kind", "channel", "toward", "weight", "presses", "sign")


@dataclass(frozen=True)
class NetworkData:
    """What a picture of a network is drawn from.

    nodes : DataFrame, a row an actor by its short name: `name` in the language asked for, `bloc`, `kind`, `level` (its
    name or ""), `toward` (what a high value of the level works for, or ""), `middle` (whether it stands there), and
    `x`, `y`
    edges : DataFrame, a row a tie: `source`, `target`, `kind`, `channel`, `toward` ("" if none), `weight`, `presses`
    and `sign` (1 with the direction of the target's level, -1 against it, 0 for context)
    """

    nodes: pd.DataFrame
    edges: pd.DataFrame


def network_data(case: Case, lang: Language = "en") -> NetworkData:
    """Return what `network` draws: actors with their places, and ties.

    Parameters
    ----------
    case : Case
    lang : {"en", "ar"}
        In Arabic the picture is mirrored, for it is read from the right.

    Returns
    -------
    NetworkData
    """
    import pandas as pd

    places, levels, middle = place(case), case.levels(), pressed_most(case)
    side = -1 if right_to_left(lang) else 1
    rows = {}
    for name, actor in sorted(case.actors.items()):
        toward = getattr(case.nodes[levels[name]], "toward", "") if name in levels else ""
        at = places[name]
        rows[name] = (actor.name.get(lang), actor.bloc, actor.kind, levels.get(name, ""), toward, name == middle,
                      side * at.x, at.y)  # fmt: skip
    nodes = pd.DataFrame.from_dict(rows, orient="index", columns=list(_NODES))
    nodes.index.name = "actor"
    signs = {press.tie.id: press.sign for presses in case.presses().values() for press in presses}
    edges = [
        (tie.source, tie.target, tie.kind, tie.channel, tie.toward or "", tie.weight, tie.id in signs,
         signs.get(tie.id, 0))
        for tie in sorted(case.ties, key=lambda tie: tie.id)
    ]  # fmt: skip
    return NetworkData(nodes, pd.DataFrame(edges, columns=list(_EDGES)))
