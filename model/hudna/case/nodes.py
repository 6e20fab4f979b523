"""The five kinds of driver node, as a case's `drivers.toml` writes them.

Each step has the order of a week: schedules (what is decided), regimes (what state things are in), events
(what happens), responses (how it is answered), levels (how it is felt). A node reads the kinds before its
own as of this step, its own and the later kinds as of the step before.
"""

from __future__ import annotations

import itertools
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from hudna.case.grammar import (
    LISTS,
    Coefficient,
    Day,
    Domain,
    Entry,
    Label,
    Names,
    Real,
    Reference,
    Values,
    wrong_name,
)

__all__ = [
    "KINDS",
    "NODES",
    "Direction",
    "Events",
    "Interpolation",
    "Level",
    "Node",
    "Plan",
    "Plans",
    "Points",
    "Regime",
    "Response",
    "Schedule",
    "Size",
    "Starts",
    "State",
    "Transition",
    "in_order",
    "planned",
]

KINDS = ("schedule", "regime", "events", "response", "level")  # the order of the week

Direction: TypeAlias = Literal["exit", "stay"]
Interpolation: TypeAlias = Literal["linear", "step"]

MAX_DISPERSION = 1e6  # of a million expected events the largest counts are then near 1e14, whole numbers still

NOT_NEGATIVE = Domain(low=0.0)
PROBABILITY = Domain(low=0.0, high=1.0)
INSIDE = Domain(low=0.0, high=1.0, low_open=True, high_open=True)

_Rate: TypeAlias = Annotated[float | str, Domain(low=0.0, why="a rate is events per week")]
_Factor: TypeAlias = Annotated[
    float | str, Domain(low=0.0, low_open=True, why="it multiplies a rate; use exposure for 0")
]
_HalfLife: TypeAlias = Annotated[float | str, Domain(low=0.0, why="in weeks; 0 means no memory")]
_Branching: TypeAlias = Annotated[
    float | str, Domain(low=0.0, high=1.0, high_open=True, why="at 1 the cascade never dies out")
]
_Spread: TypeAlias = Annotated[float | str, NOT_NEGATIVE]
_Dispersion: TypeAlias = Annotated[float | str, Domain(low=0.0, largest=MAX_DISPERSION)]
_Probability: TypeAlias = Annotated[float | str, PROBABILITY]
_Count: TypeAlias = Annotated[float | str, NOT_NEGATIVE]
_Inside: TypeAlias = Annotated[float | str, INSIDE]
_AtLeastOne: TypeAlias = Annotated[float | str, Domain(low=1.0, why="every response has a size of at least 1")]


def _points(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError("must be a list of [date, number], such as [[2024-09-30, 1.0], [2025-09-30, 0.0]]")
    pairs = [tuple(item) if isinstance(item, list | tuple) else (item,) for item in value]
    for i, pair in enumerate(pairs):
        if len(pair) != 2:
            raise ValueError(f"point {i + 1} must be [date, number]")
    return tuple(pairs)


def in_order(points: tuple[tuple[Any, Any], ...]) -> tuple[tuple[Any, Any], ...]:
    """Refuse dates that do not rise from point to point."""
    for (before, _), (after, _) in itertools.pairwise(points):
        if not before < after:
            raise ValueError(f"dates must rise from point to point: {after} comes after {before}")
    return points


Points: TypeAlias = Annotated[
    tuple[tuple[Day, Real], ...],
    BeforeValidator(_points),
    AfterValidator(in_order),
    WithJsonSchema({"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}}),
]


class Plan(Entry):
    """What a policy, or a stretch of history, makes of one schedule."""

    points: Points = Field(description="[[date, value], ...] with rising dates")
    interpolation: Interpolation | None = Field(None, description="linear or step; the schedule's own if left out")


def _start(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be a number, a state or the name of a parameter")
    return value


Start: TypeAlias = Annotated[float | str, BeforeValidator(_start)]
Starts: TypeAlias = dict[Annotated[str, Names("driver")], Start]  # other starts of nodes
Plans: TypeAlias = dict[Annotated[str, Names("schedule")], Plan]


def _per(value: Any) -> Any:
    items = tuple(value) if isinstance(value, list | tuple) else value
    if not isinstance(items, str) and not (isinstance(items, tuple) and all(isinstance(i, str) for i in items)):
        raise ValueError('must be the kind of some actors, such as "militia", or a list of items in quotes')
    return items


class _Driver(Entry):
    """What every driver has."""

    name: Label
    note: str = Field("", description="why it is modelled so")
    per: Annotated[tuple[str, ...] | str | None, BeforeValidator(_per)] = Field(
        None, description="repeat the driver for each item of a list, or for each actor of a kind"
    )
    overrides: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="per item: fields that differ from the shared ones"
    )


class Schedule(_Driver):
    """A dated table: what is decided. Policies and assumptions replace its points."""

    kind: Literal["schedule"]
    unit: Label = Field(description='unit of the numbers, such as "share of August 2024"')
    start: Real = Field(description="value before the first point")
    points: Points = Field((), description="[[date, value], ...] with rising dates")
    interpolation: Interpolation = Field(description="linear between points, or step")


class State(Entry):
    """A named state of a regime."""

    name: Label = Field(description="what readers see")
    value: Real = Field(description="the number that the regime's own signal takes in this state")


class Transition(Entry):
    """A way from one state to another: at a rate per week, exp(log(rate) + sum of coefficient x signal), or by chance.

    A chance is drawn once, in the step after another regime enters a state.
    """

    rate: _Rate = Field(0.0, description="per week, before effects; a number or a parameter")
    effects: Values = Field(default_factory=dict, description="signal = coefficient on the log rate")
    on: dict[Annotated[Reference, Names("signal", measure="indicator")], _Probability] = Field(
        default_factory=dict,
        description="state of another regime = probability that its entry is followed by this transition",
    )

    @model_validator(mode="after")
    def _happens(self) -> Transition:
        if "rate" not in self.model_fields_set and (self.effects or not self.on):
            raise ValueError("rate: required" + ("; effects change a rate" if self.effects else ", unless on is given"))
        return self


class Regime(_Driver):
    """A continuous-time Markov chain over named states, observed each step. Source: Hamilton (1989)."""

    kind: Literal["regime"]
    states: dict[str, State] = Field(description="at least two named states, each with name and value")
    start: str = Field(description="the state in the step before the first")
    transitions: dict[str, Transition] = Field(
        default_factory=dict, description='"from -> to" = { rate, effects }; what is not listed never happens'
    )

    @model_validator(mode="after")
    def _sound(self) -> Regime:
        if len(self.states) < 2:
            raise ValueError("states: a regime needs at least two states")
        for state in self.states:
            if wrong := wrong_name(state, "a state's name"):
                raise ValueError(f"states: {state!r}: {wrong}")
            if state == "free":
                raise ValueError("states: 'free' ends an assumption; call the state something else")
        return self

    @property
    def ordered_states(self) -> tuple[str, ...]:
        """States by value, then by name: an order that no file's order of keys can change."""
        return tuple(sorted(self.states, key=lambda state: (self.states[state].value, state)))


class Events(_Driver):
    """Counts per step: doubly stochastic, possibly self-exciting. Sources: Cox (1955); Hawkes (1971)."""

    kind: Literal["events"]
    unit: Label = Field(description='what is counted, such as "attacks"')
    start: _Count = Field(description="the count of the week before the first step")
    rate: _Rate = Field(description="per week at full exposure, before rate_by and effects")
    rate_by: dict[Annotated[Reference, Names("regime")], dict[str, _Factor]] = Field(
        default_factory=dict,
        description="regime = { state = factor }: the rate is multiplied by the state's factor",
    )
    effects: Values = Field(default_factory=dict, description="signal = coefficient on the log rate")
    exposure: dict[Annotated[Reference, Names("signal")], _Spread] = Field(
        default_factory=dict,
        description="signal = power: the rate is multiplied by signal ^ power; 0 stays 0",
    )
    branching: _Branching = Field(0.0, description="further events that one event begets in the long run")
    half_life: _HalfLife = Field(0.0, description="of the memory of past events, in weeks")
    dispersion: _Dispersion = Field(
        0.0, description="variance of a week's count = mean + dispersion x mean^2; 0 is Poisson"
    )
    resets_with: Annotated[str, Names("regime")] | None = Field(
        None, description="a regime: when its state changes, past events are forgotten"
    )


class Size(Entry):
    """How large a response is: each has a size of 1 or more; the total is published as `name.size`."""

    name: Label = Field(description="what readers see")
    unit: Label = Field(description='such as "persons"')
    start: _Count = Field(description="the total of the week before the first step")
    mean: _AtLeastOne = Field(description="mean size of one response")
    dispersion: _Dispersion = Field(description="of the size beyond 1: variance = m + dispersion x m^2")


class Response(_Driver):
    """Binomial thinning: each event of the triggers in this step is answered with a probability."""

    kind: Literal["response"]
    unit: Label = Field(description='what is counted, such as "strikes"')
    start: _Count = Field(description="the count of the week before the first step")
    triggers: Annotated[tuple[Annotated[Reference, Names("signal", measure="count")], ...], LISTS] = Field(
        min_length=1, description="events or responses, summed"
    )
    probability: _Probability = Field(description="that one event is answered, before effects")
    effects: Values = Field(default_factory=dict, description="signal = coefficient on the log odds")
    size: Size | None = Field(None, description="how large a response is, if that matters")


class Level(_Driver):
    """A state of mind or politics in (0, 1): first-order autoregression in the log odds."""

    kind: Literal["level"]
    start: _Inside = Field(description="value in the step before the first, between 0 and 1")
    base: Coefficient = Field(description="where the log odds settle without any effect")
    effects: Values = Field(default_factory=dict, description="signal = coefficient on the log odds")
    half_life: _HalfLife = Field(description="of a shock, in weeks")
    sd: _Spread = Field(description="stationary standard deviation of the chance part, in log odds")
    actor: Annotated[str, Names("actor")] | None = Field(
        None, description="the actor whose level it is; ties press on it"
    )
    toward: Direction | None = Field(None, description="what a high value of the actor's level works for")

    @model_validator(mode="after")
    def _actor_has_direction(self) -> Level:
        if (self.actor is None) != (self.toward is None):
            raise ValueError('actor and toward go together: an actor\'s level works for "exit" or for "stay"')
        return self


Node: TypeAlias = Schedule | Regime | Events | Response | Level
NODES: dict[str, type[Schedule | Regime | Events | Response | Level]] = {
    "schedule": Schedule,
    "regime": Regime,
    "events": Events,
    "response": Response,
    "level": Level,
}


def planned(node: Schedule, plan: Plan) -> Schedule:
    """Return the schedule with the points of a policy or an assumption."""
    return node.model_copy(update={"points": plan.points, "interpolation": plan.interpolation or node.interpolation})
