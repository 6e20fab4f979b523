"""A scenario: what is asked of a case. Policies, assumptions, outcomes and the size of the run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from hudna import shipped
from hudna.arrays import ByContent
from hudna.case import Case
from hudna.case.documents import Document, given_leaves, no_file
from hudna.case.grammar import Day, Domain, Entry, Label, Real, Reference, Text
from hudna.case.nodes import Events, Interpolation, Level, Node, Plan, Points, Regime, Start, in_order, planned
from hudna.case.parameters import Parameter
from hudna.case.steps import step_day
from hudna.outline import Outlined
from hudna.text.runs import run_size

__all__ = [
    "FREE",
    "Assumption",
    "Factor",
    "Outcome",
    "Plan",
    "Policy",
    "Reducer",
    "RunSize",
    "Scenario",
    "ScenarioFile",
    "is_folder_name",
    "planned",
]

FREE = "free"  # in an assumption: from this date on, the regime is simulated again

Reducer: TypeAlias = Literal["sum", "any", "mean", "max", "last", "first", "time_above"]

_NotNegative: TypeAlias = Annotated[float, Domain(low=0.0)]


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tuples(value: Any) -> Any:
    return tuple(tuple(v) if isinstance(v, list) else v for v in value) if isinstance(value, list | tuple) else value


class Policy(Entry):
    """Levers that the government chooses: schedules that differ from the case's own."""

    name: Label = Field(description='what readers see: "..." or { en = "...", ar = "..." }')
    note: str = Field("", description="what the policy means, and where it is from")
    schedules: dict[str, Plan] = Field(default_factory=dict, description="schedule = { points, interpolation }")


class Assumption(Entry):
    """What nobody chooses but the question takes as given: a regime's states, or a schedule's points."""

    note: str = Field(min_length=1, description="why it is assumed, or where it is from")
    states: Annotated[tuple[tuple[Day, str], ...], BeforeValidator(_tuples)] | None = Field(
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
        in_order(self.states or self.points or ())
        return self


def _signal(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


class Outcome(Entry):
    """A number per path: a signal, or a sum of signals, reduced over a window of the horizon."""

    name: Label = Field(description='what readers see: "..." or { en = "...", ar = "..." }')
    signal: Annotated[
        tuple[Reference, ...],
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

    name: Label = Field(description='what readers see: "..." or { en = "...", ar = "..." }')
    remove: Annotated[tuple[str, ...], BeforeValidator(_tuple)] = Field(
        min_length=1, description="what goes with it: actors, drivers, signals, ties, as of hudna remove"
    )
    note: str = Field("", description="anything a reader should know")


_Pairs: TypeAlias = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(_tuples),
    WithJsonSchema({"type": "array", "items": {"type": "array", "items": {"type": "string"}, "minItems": 2}}),
]
_Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_tuple)]


class ScenarioFile(Entry):
    """A file under `scenarios/`. With `extends = "other.toml"` it starts from another one."""

    name: Label = Field(description='what readers see: "..." or { en = "...", ar = "..." }')
    question: Label = Field(description="what the scenario asks")
    case: Annotated[str, BeforeValidator(_folder)] = Field(description="name of the case's folder under params/")
    campaign: str | None = Field(
        None, description="campaign of the case that a start from a date goes through; the case's default if left out"
    )
    start: Day = Field(description="first day of the first step")
    weeks: int = Field(ge=1, le=2600, description="the horizon")
    step_days: int = Field(7, ge=1, le=366, description="length of a step; the horizon is a whole number of steps")
    as_of: Day | None = Field(
        None, description="start from the state of the world on this date, as the case's observations tell it"
    )
    belief: Literal["posterior", "prior"] = Field(
        "posterior", description="draw parameters from the case's posterior, where it has one, or from its priors"
    )
    run: RunSize = Field(description="draws, paths and seed")
    policies: dict[str, Policy] = Field(min_length=1, description="at least one policy")
    assumptions: dict[str, Assumption] = Field(default_factory=dict, description="regime or schedule taken as given")
    parameters: dict[str, Parameter] = Field(
        default_factory=dict, description="parameters of the case believed otherwise here"
    )
    starts: dict[str, Start] = Field(default_factory=dict, description="node = its start here")
    outcomes: dict[str, Outcome] = Field(min_length=1, description="at least one number to measure")
    series: _Names = Field((), description="signals recorded week by week, such as pressure, attacks.*")
    contrasts: _Pairs = Field((), description="pairs of policies to compare; all pairs if left out")
    headline: _Names = Field((), description="outcomes to print, outcomes and series to draw; all, or the first few")
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


@dataclass(frozen=True, eq=False, repr=False)
class Scenario(ByContent, Outlined):
    """A checked question: the file, the case it asks about, and the case's nodes and parameters as assumed.

    `nodes` and `parameters` are the case's, with the scenario's `starts` and `parameters` laid over them.
    """

    id: str
    file: ScenarioFile
    case: Case
    nodes: Mapping[str, Node]
    parameters: Mapping[str, Parameter]
    document: Document = field(repr=False, compare=False)

    def _outline(self) -> Iterator[tuple[str, object]]:
        file = self.file
        yield "scenario", f"{self.id}: {file.name.en}"
        yield "question", file.question.en
        yield "case", self.case.id
        yield "horizon", f"{file.weeks} weeks from {file.start} on, in steps of {file.step_days} days"
        yield "as of", file.as_of
        yield "policies", self.policies
        yield "outcomes", self.outcomes
        yield "series", file.series
        yield "assumptions", file.assumptions
        yield "parameters overridden", file.parameters
        yield "starts overridden", file.starts
        yield "factors", file.factors
        yield "run", run_size(file.run.draws, file.run.paths, file.run.seed)
        yield "changed", self.changes

    def with_(self, **changes: Any) -> Scenario:
        """Return a copy with other values, checked as a file that extends this scenario would be.

        Parameters
        ----------
        **changes
            The keys of a scenario's file: parameters, policies, assumptions, starts, outcomes, weeks, start, run and
            so on. Tables merge, everything else is replaced. A parameter may be a number, which fixes it, a prior such
            as {"family": "normal", "mean": 1, "sd": 0.3}, or a table as in a file; its unit is the case's where it is
            left out, and it counts as a judgement given in Python. Where the case has a posterior, a parameter
            that is given here is drawn from what is given, the others from the posterior, as with a file's.

        Returns
        -------
        Scenario
            Of the same `id`; `dataclasses.replace(changed, id="shorter")` gives it one of its own, to be compared.

        Raises
        ------
        InputError
            With everything that is wrong, each with its key.

        Examples
        --------
        >>> import hudna
        >>> shorter = hudna.load("two-militias").with_(weeks=26, parameters={"presence_power": 0.5})
        >>> shorter.n_steps, shorter.parameters["presence_power"].source
        (26, 'given in Python')
        """
        from hudna.scenario.reading import changed

        return changed(self, changes)

    @property
    def changes(self) -> dict[str, Any]:
        """What was given in Python or on the command line, with the keys of a scenario's file.

        `scenario.with_` of it, or `hudna.load` where no file was extended by name, gives the scenario again.
        """
        found = given_leaves(self.document)
        if no_file(self.path) and self.document.bases:
            base = self.document.bases[0]
            found["extends"] = base.stem if shipped.scenario(base.stem) == base else str(base)
        return found

    @property
    def path(self) -> Path:
        """Where the scenario was read from."""
        return self.document.path

    @property
    def n_steps(self) -> int:
        """Number of steps in the horizon."""
        return int(self.file.weeks * 7 // self.file.step_days)

    @property
    def step(self) -> float:
        """Length of a step, in weeks."""
        return self.file.step_days / 7

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """First day of each step."""
        return tuple(step_day(self.file.start, self.file.step_days, i) for i in range(self.n_steps))

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies, in the order of the file."""
        return tuple(self.file.policies)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Names of the outcomes, in the order of the file."""
        return tuple(self.file.outcomes)

    @property
    def notices(self) -> tuple[Text, ...]:
        """Whether a step is too long for what moves within it, as a notice to the reader of the numbers.

        Half-lives and rates that are parameters are taken at the median of their prior, rates without effects.
        """
        shortest, what = min(self._paces(), key=lambda pace: pace[0], default=(np.inf, Text(en="-")))
        if self.step <= shortest:
            return ()
        days, lasts = self.file.step_days, f"{7 * shortest:.3g}"
        en = f"a step of {days} days is longer than {what.en} ({lasts} days): what happens within a step is missed"
        ar = f"الخطوة (عدد أيامها {days}) أطول من {what.get('ar')} (عدد أيامه {lasts})، فلا يظهر ما يجري داخلها"
        return (Text(en=f"{en}; choose a smaller step_days", ar=f"{ar}؛ اختر قيمة أصغر في step_days"),)

    def _paces(self) -> Iterator[tuple[float, Text]]:
        """Yield how many weeks a memory or a stay in a state lasts, at the median of the priors, and what it is."""

        def middle(number: float | str) -> float:
            if isinstance(number, str):
                return float(self.parameters[number].prior.quantile(np.array([0.5]))[0])
            return number

        for node in self.nodes.values():
            name, arabic = node.name.en, node.name.get("ar")
            if (isinstance(node, Level) or (isinstance(node, Events) and node.branching != 0)) and node.half_life != 0:
                yield middle(node.half_life), Text(en=f"the half-life of {name}", ar=f"عمر النصف: {arabic}")
            if isinstance(node, Regime):
                leaving = dict.fromkeys(node.states, 0.0)
                for way, transition in node.transitions.items():
                    leaving[way.split("->")[0].strip()] += middle(transition.rate)
                for state, rate in leaving.items():
                    here = node.states[state].name
                    what = Text(
                        en=f"the mean stay of {name} in {here.en}",
                        ar=f"متوسط البقاء في الحالة {here.get('ar')}: {arabic}",
                    )
                    yield (1 / rate if rate > 0 else np.inf), what

    @property
    def contrasts(self) -> tuple[tuple[str, str], ...]:
        """Pairs of policies to compare, the file's or all."""
        if self.file.contrasts:
            return self.file.contrasts
        names = self.policies
        return tuple((a, b) for i, b in enumerate(names) for a in names[i + 1 :])
