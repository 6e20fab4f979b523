"""A case: what is believed, read from a folder of TOML files into frozen objects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from hudna.case.documents import Document
from hudna.case.grammar import Day, Entry, Label
from hudna.case.network import Actor, Channel, Tie
from hudna.case.nodes import Level, Node
from hudna.case.observations import Observations
from hudna.case.parameters import Correlation, Parameter
from hudna.case.posterior import Posterior
from hudna.case.signals import Signal

__all__ = ["About", "Case", "Press"]


class About(Entry):
    """The file `case.toml`: what the case is about."""

    name: Label = Field(description='what readers see: "..." or { en = "...", ar = "..." }')
    summary: Label = Field(description="the case in a sentence or two")
    evidence_until: Day = Field(description="no evidence in the case is later than this date")
    channels: dict[Channel, str] = Field(
        default_factory=dict, description="channel = parameter: effect of a tie of weight 1 on the log odds"
    )
    correlations: dict[str, Correlation] = Field(
        default_factory=dict, description="groups of parameters that are believed together"
    )


@dataclass(frozen=True)
class Press:
    """A tie that presses on a level: which signal, with what sign, how strongly, through which parameter."""

    tie: Tie
    signal: str
    weight: float  # signed: with the target's own direction or against it
    parameter: str


@dataclass(frozen=True)
class Case:
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
    documents: Mapping[str, Document] = field(repr=False)
    observations: Observations = field(default_factory=Observations, repr=False)
    posterior: Posterior | None = field(default=None, repr=False)
    notices: tuple[str, ...] = ()

    @property
    def evidence_until(self) -> dt.date:
        """The date that no evidence is later than."""
        return self.about.evidence_until

    def level_of(self, actor: str) -> tuple[str, Level] | None:
        """Return the level of an actor, with its name, if it has one."""
        for name, node in self.nodes.items():
            if isinstance(node, Level) and node.actor == actor:
                return name, node
        return None

    def presses(self) -> dict[str, tuple[Press, ...]]:
        """Return the ties that press, by the level they press on, in the order of the ties' names.

        A tie presses if it has a direction and both its ends have levels. Its sign is plus where it works for
        what a high value of the target's level works for.
        """
        levels = {node.actor: (name, node) for name, node in self.nodes.items()
                  if isinstance(node, Level) and node.actor is not None}  # fmt: skip
        found: dict[str, list[Press]] = {}
        for tie in sorted(self.ties, key=lambda tie: tie.id):
            if tie.toward is None or tie.source not in levels or tie.target not in levels:
                continue
            target, level = levels[tie.target]
            sign = 1.0 if tie.toward == level.toward else -1.0
            press = Press(tie, levels[tie.source][0], sign * tie.weight, self.about.channels[tie.channel])
            found.setdefault(target, []).append(press)
        return {name: tuple(presses) for name, presses in found.items()}
