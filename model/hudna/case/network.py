"""Actors and the ties between them: who presses whom, through which channel, in which direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from hudna.case.grammar import Domain, Entry, Label, Names
from hudna.case.nodes import Direction

__all__ = ["CHANNEL", "CHANNELS", "Actor", "Channel", "Confidence", "Press", "Tie"]

Channel: TypeAlias = Literal["political", "military", "economic", "security"]
CHANNELS: tuple[Channel, ...] = ("economic", "military", "political", "security")
Confidence: TypeAlias = Literal["high", "medium", "low"]

CHANNEL = Domain(low=0.0, why="a tie's direction gives its sign")  # of the parameter of a channel
_Weight: TypeAlias = Annotated[float, Domain(low=0.0, high=3.0, why="0 none, 1 weak, 2 middling, 3 strong")]


class Actor(Entry):
    """A node of the network. It has dynamics if a level in drivers.toml names it as its `actor`."""

    name: Label
    kind: str = Field(min_length=1, description='such as "state", "militia"; drivers can repeat `per` kind')
    bloc: str = Field("", description="the side it is drawn with")
    source: str = Field(min_length=1, description="where it is known from")
    url: str = Field("", description="of the source")
    confidence: Confidence = Field("high", description="high, medium or low")
    note: str = Field("", description="anything a reader should know")


class Tie(Entry):
    """A directed edge. It presses if it has a direction and both its ends have levels; else it is context."""

    source: Annotated[str, Names("actor")] = Field(description="the actor that presses")
    target: Annotated[str, Names("actor")] = Field(description="the actor that is pressed")
    kind: str = Field(min_length=1, description='such as "pressures", "sponsors", "hosts"')
    channel: Channel = Field(description="political, military, economic or security")
    weight: _Weight = Field(description="strength, 0 to 3")
    toward: Direction | None = Field(None, description="exit or stay, where the tie has a direction")
    fact: str = Field(min_length=1, description="what the tie rests on")
    reference: str = Field(min_length=1, description="where the fact is from")
    url: str = Field("", description="of the reference")
    confidence: Confidence = Field("high", description="high, medium or low")
    note: str = Field("", description="anything a reader should know")

    @property
    def id(self) -> str:
        """Return the name of the tie: `KH -> IRQ_GOV (pressures)`."""
        return f"{self.source} -> {self.target} ({self.kind})"


@dataclass(frozen=True)
class Press:
    """A tie that presses on a level: which signal, with what sign, how strongly, through which parameter."""

    tie: Tie
    signal: str
    weight: float  # signed: with the target's own direction or against it
    parameter: str
    sign: int  # of the weight, also where that is 0
