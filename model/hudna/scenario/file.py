"""The file of a scenario: policies, assumptions, outcomes and the size of the run."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from hudna.case.grammar import Day, Domain, Entry, Label, Names, Real, Reference
from hudna.case.nodes import Interpolation, Plans, Points, Starts, in_order
from hudna.case.parameters import Parameter

__all__ = ["FREE", "Assumption", "Factor", "Outcome", "Policy", "Reducer", "RunSize", "ScenarioFile", "is_folder_name"]

FREE = "free"  # in an assumption: from this date on, the regime is simulated again

Reducer: TypeAlias = Literal["sum", "any", "mean", "max", "last", "first", "time_above"]

_NotNegative: TypeAlias = Annotated[float, Domain(low=0.0)]


def _tuple(value: Any) -> Any:
    """Return tuples for the lists of a file, however deep."""
    return tuple(map(_tuple, value)) if isinstance(value, list | tuple) else value


class Policy(Entry):
    """Levers that the government chooses: schedules that differ from the case's own."""

    name: Label
    note: str = Field("", description="what the policy means, and where it is from")
    schedules: Plans = Field(default_factory=dict, description="schedule = { points, interpolation }")


class Assumption(Entry):
    """What nobody chooses but the question takes as given: a regime's states, or a schedule's points."""

    note: str = Field(min_length=1, description="why it is assumed, or where it is from")
    states: Annotated[tuple[tuple[Day, str], ...], BeforeValidator(_tuple)] | None = Field(
        None, description='[[date, state], ...] with rising dates; "free" ends the assumption'
    )
    points: Points | None = Field(None, description="[[date, value], ...] with rising dates, for a schedule")
    interpolation: Interpolation | None = Field(None, description="linear or step, for a schedule")

    @model_validator(mode="after")
    def _one_of_two(self) -> Assumption:
        if (self.states is None) == (self.points is None):
            raise ValueError("give either states (for a regime) or points (for a schedule)")
        if self.states is not None and not self.states:
            raise ValueError("states: must have at least one [date, state]")
        in_order(self.states or ())
        return self


def _signal(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _tuple(value)


class Outcome(Entry):
    """A number per path: a signal, or a sum of signals, reduced over a window of the horizon."""

    name: Label
    signal: Annotated[
        tuple[Annotated[Reference, Names("signal")], ...],
        BeforeValidator(_signal),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(min_length=1, description='a signal such as "pressure", "attacks.*", or a list of them to be summed')
    reduce: Reducer = Field(description="sum, any, mean, max, last, first (in weeks) or time_above (in weeks)")
    window: Annotated[tuple[_NotNegative, _NotNegative], BeforeValidator(_tuple)] | None = Field(
        None, description="[from, to) in weeks after the start; the whole horizon if left out"
    )
    threshold: Real | None = Field(
        None,
        description="for any, first and time_above: what the signal must exceed; 0 for any and first if left out",
    )
    better: Literal["lower", "higher"] | None = Field(
        None, description="which way is better, by the asker's own values; without it there is no regret"
    )
    note: str = Field("", description="anything a reader should know")

    @model_validator(mode="after")
    def _threshold_fits(self) -> Outcome:
        if self.reduce == "time_above" and self.threshold is None:
            raise ValueError("time_above needs a threshold")
        if self.threshold is not None and self.reduce not in ("any", "first", "time_above"):
            raise ValueError(f"threshold goes with any, first and time_above, not with {self.reduce}")
        if self.window is not None and not self.window[0] < self.window[1]:
            raise ValueError("window: must be [from, to] with from before to")
        return self


def is_folder_name(value: Any) -> bool:
    """Whether a value can be the name of a case's folder."""
    return isinstance(value, str) and re.fullmatch(r"[^/\\\0-\x1f]+", value) is not None and value not in (".", "..")


def _folder(value: Any) -> Any:
    if isinstance(value, str) and not is_folder_name(value):
        raise ValueError("must be the name of a folder under params/; a path may not leave its folder")
    return value


class RunSize(Entry):
    """How much is simulated if the user does not say."""

    draws: int = Field(ge=1, description="samples of the uncertain parameters (what we don't know)")
    paths: int = Field(ge=1, description="futures per draw (chance)")
    seed: int = Field(ge=0, lt=2**64, description="of the random numbers; the same seed gives the same numbers")


class Factor(Entry):
    """One of several explanations of a difference: influences that are switched off together."""

    name: Label
    remove: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = Field(
        min_length=1, description="what goes with it: actors, drivers, signals, ties, as of hudna remove"
    )
    note: str = Field("", description="anything a reader should know")


_Pairs: TypeAlias = Annotated[
    tuple[tuple[Annotated[str, Names("policy")], Annotated[str, Names("policy")]], ...],
    BeforeValidator(_tuple),
    WithJsonSchema({"type": "array", "items": {"type": "array", "items": {"type": "string"}, "minItems": 2}}),
]


class ScenarioFile(Entry):
    """A file under `scenarios/`. With `extends = "other.toml"` it starts from another one."""

    name: Label
    question: Label = Field(description="what the scenario asks")
    case: Annotated[str, BeforeValidator(_folder)] = Field(description="name of the case's folder under params/")
    record: Annotated[str, Names("record")] | None = Field(
        None, description="record of the case that a start from a date goes through; the case's default if left out"
    )
    start: Day = Field(description="first day of the first step")
    weeks: int = Field(ge=1, le=2600, description="the horizon")
    step_days: int = Field(7, ge=1, le=366, description="length of a step; the horizon is a whole number of steps")
    as_of: Day | None = Field(None, description="start from the state of the world on this date, as observed")
    belief: Literal["posterior", "prior"] = Field(
        "posterior", description="draw parameters from the case's posterior, where it has one, or from its priors"
    )
    run: RunSize = Field(description="draws, paths and seed")
    policies: dict[str, Policy] = Field(min_length=1, description="at least one policy")
    assumptions: dict[str, Assumption] = Field(default_factory=dict, description="regime or schedule taken as given")
    parameters: dict[Annotated[str, Names("parameter")], Parameter] = Field(
        default_factory=dict, description="parameters of the case overridden here"
    )
    starts: Starts = Field(default_factory=dict, description="node = its start here")
    outcomes: dict[str, Outcome] = Field(min_length=1, description="at least one number to measure")
    series: Annotated[tuple[Annotated[str, Names("signal")], ...], BeforeValidator(_tuple)] = Field(
        (), description="signals recorded week by week, such as pressure, attacks.*"
    )
    contrasts: _Pairs = Field((), description="pairs of policies to compare; all pairs if left out")
    headline: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = Field(
        (), description="outcomes to print, outcomes and series to draw; all, or the first few"
    )
    factors: dict[str, Factor] = Field(
        default_factory=dict, description="explanations of a difference between policies, for hudna shapley"
    )

    @model_validator(mode="after")
    def _sound(self) -> ScenarioFile:
        if (self.weeks * 7) % self.step_days:
            raise ValueError(f"step_days = {self.step_days} does not divide the horizon of {self.weeks} weeks")
        if self.as_of is not None and self.as_of > self.start:
            raise ValueError(f"as_of: must not be after start, {self.start}")
        return self
