"""A case: what is believed, read from a folder of TOML files into frozen objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from hudna.arrays import ByContent
from hudna.case.claims import Claim
from hudna.case.documents import Document
from hudna.case.grammar import Day, Entry, Label, Language, Names, Text
from hudna.case.graph import graph
from hudna.case.network import CHANNEL, Actor, Channel, Press, Tie
from hudna.case.nodes import Level, Node
from hudna.case.observations import Observations
from hudna.case.parameters import Correlation, Parameter
from hudna.case.posterior import Posterior
from hudna.case.signals import Signal, resolve
from hudna.outline import Outlined
from hudna.text.words import LANGUAGES, Words

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["About", "Case", "Press"]

_word = Words("case")


class About(Entry):
    """The file `case.toml`: what the case is about."""

    name: Label
    summary: Label = Field(description="the case in a sentence or two")
    evidence_until: Day = Field(description="no evidence in the case is later than this date")
    blocs: dict[Annotated[str, Names("bloc")], Label] = Field(
        default_factory=dict, description="what readers see of a bloc of actors.toml"
    )
    families: dict[Annotated[str, Names("family")], Label] = Field(
        default_factory=dict, description='signal.* = what readers see of the sum, such as "attacks.*"'
    )
    units: dict[Annotated[str, Names("unit")], Label] = Field(
        default_factory=dict, description='unit of a parameter = what readers see of it, such as "1/week"'
    )
    channels: dict[Channel, Annotated[str, Names("parameter", CHANNEL)]] = Field(
        default_factory=dict, description="channel = parameter: effect of a tie of weight 1 on the log odds"
    )
    correlations: dict[str, Correlation] = Field(default_factory=dict, description="groups of correlated parameters")


@dataclass(frozen=True, eq=False, repr=False)
class Case(ByContent, Outlined):
    """Actors, ties, drivers and parameters. `nodes` are the drivers with `per` filled in, in name order."""

    id: str
    folder: Path
    about: About
    actors: Mapping[str, Actor]
    ties: tuple[Tie, ...]
    nodes: Mapping[str, Node]
    parameters: Mapping[str, Parameter]
    signals: Mapping[str, Signal]
    response_order: tuple[str, ...]
    documents: Mapping[str, Document] = field(repr=False, compare=False)
    observations: Observations = field(default_factory=Observations, repr=False)
    posterior: Posterior | None = field(default=None, repr=False)
    claims: Mapping[str, Claim] = field(default_factory=dict, repr=False)
    notices: tuple[Text, ...] = ()

    def _outline(self) -> Iterator[tuple[str, object]]:
        yield "case", f"{self.id}: {self.about.name.en}"
        yield "summary", self.about.summary.en
        yield "folder", self.folder
        yield "evidence until", self.evidence_until
        yield "actors", self.actors
        yield "ties", len(self.ties)
        yield "nodes", self.nodes
        yield "parameters", self.parameters
        yield "observations", len(self.observations.rows)
        yield "records", self.observations.records
        if self.posterior is not None:
            yield "posterior", f"{self.posterior.n_draws:,} draws, from rows until {self.posterior.until}"
        yield "claims", self.claims
        yield "notices", len(self.notices)

    @property
    def evidence_until(self) -> dt.date:
        """The date that no evidence is later than."""
        return self.about.evidence_until

    def label(self, reference: str) -> Text:
        """Return what readers see of a signal, or of a sum of signals (`attacks.*`): its own name in `families`.

        A sum without one has those of its first two signals, and how many more there are.
        """
        signals = resolve(reference, self.signals)
        if reference in self.about.families:
            return self.about.families[reference]
        shown, rest = [self.signals[name].label for name in signals[:2]], len(signals) - 2

        def write(lang: Language) -> str:
            return " + ".join([name.get(lang) for name in shown] + [_word("more", lang).format(rest)] * (rest > 0))

        return Text.written(write, *shown)

    def unit(self, unit: str) -> Text:
        """Return what readers see of a parameter's unit: its name in `units`, or the unit as it is written."""
        return self.about.units.get(unit, Text(en=unit))

    def level_of(self, actor: str) -> tuple[str, Level] | None:
        """Return the level of an actor, with its name, if it has one."""
        for name, node in self.nodes.items():
            if isinstance(node, Level) and node.actor == actor:
                return name, node
        return None

    def levels(self) -> dict[str, str]:
        """Return the name of each actor's level, by the actor, for those that have one."""
        return {node.actor: name for name, node in self.nodes.items()
                if isinstance(node, Level) and node.actor is not None}  # fmt: skip

    def presses(self) -> dict[str, tuple[Press, ...]]:
        """Return the ties that press, by the level they press on, in the order of the ties' names.

        A tie presses if it has a direction and both its ends have levels. Its sign is plus where it works for
        what a high value of the target's level works for.
        """
        levels = self.levels()
        found: dict[str, list[Press]] = {}
        for tie in sorted(self.ties, key=lambda tie: tie.id):
            if tie.toward is None or tie.source not in levels or tie.target not in levels:
                continue
            target = levels[tie.target]
            sign = 1 if tie.toward == getattr(self.nodes[target], "toward", None) else -1
            press = Press(tie, levels[tie.source], sign * tie.weight, self.about.channels[tie.channel], sign)
            found.setdefault(target, []).append(press)
        return {name: tuple(presses) for name, presses in found.items()}

    def network(self) -> nx.MultiDiGraph:
        """Return the actors and ties as a directed graph of networkx, with names in both languages.

        Two actors may have several ties: the key of an edge is the tie's kind. Nothing in the graph is None; an
        attribute that a case leaves out is an empty text.

        Returns
        -------
        networkx.MultiDiGraph
            Nodes by the actors' short names, with `name_en`, `name_ar` (English where there is no Arabic), `kind`,
            `bloc`, `confidence`, `source`, `url`, `note` and `level`, the name of the actor's level or "". Edges with
            `channel`, `toward` ("exit", "stay" or ""), `weight` (0 to 3), `kind`, `sign` (1 with the direction of the
            target's own level, -1 against it, 0 for context), `presses`, `fact`, `reference`, `url`, `confidence` and
            `note`. The graph itself has `case`, `name_en`, `name_ar` and `evidence_until`.

        Examples
        --------
        >>> import hudna
        >>> graph = hudna.load("two-militias").case.network()
        >>> graph.edges["NORTH", "GOV", "pressures"]["toward"]
        'exit'
        """
        made = graph(self)
        names = {f"name_{lang}": self.about.name.get(lang) for lang in LANGUAGES}
        made.graph.update(case=self.id, **names, evidence_until=str(self.evidence_until))
        return made
