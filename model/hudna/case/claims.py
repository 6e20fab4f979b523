"""Claims: what is said about a case, each with the tests that decide it, or with why the model cannot."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from hudna.case.checking import build, is_table
from hudna.case.documents import Document, Key
from hudna.case.grammar import LISTS, Coefficient, Entry, Label, Names, wrong_name
from hudna.case.references import Known, check_names
from hudna.errors import Problems

__all__ = ["RELATIONS", "Claim", "ClaimTest", "Than", "read_claims"]

RELATIONS = ("higher_than", "lower_than", "above", "below")
_UP = ("higher_than", "above")
_FILE_NAME = r"^[A-Za-z0-9_-]+$"


def _name(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(_FILE_NAME, value):
        raise ValueError("must be the name of a scenario's file, without its folder and without .toml")
    return value


_Scenario: TypeAlias = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": _FILE_NAME})]


class Than(Entry):
    """What an outcome is compared with; what is left out is the same as in the test."""

    scenario: _Scenario | None = Field(None, description="the same outcome in another scenario of the case")
    policy: str | None = Field(None, description="under another policy")
    outcome: str | None = Field(None, description="another outcome, such as the same number in another window")

    @model_validator(mode="after")
    def _something(self) -> Than:
        if not self.model_fields_set:
            raise ValueError("must name another scenario, policy or outcome")
        return self


class ClaimTest(Entry):
    """A statement that is true or false in each draw: of an outcome, or of a parameter."""

    statement: Label = Field(description="what is tested, as the model holds it")
    scenario: _Scenario = Field(description="where it is asked: the name of a scenario's file of this case")
    outcome: str | None = Field(None, description="of the scenario; its mean in each draw is what is tested")
    policy: str | None = Field(None, description="under which the outcome is taken")
    parameter: Annotated[str, Names("parameter")] | None = Field(
        None, description="of the case, instead of outcome and policy"
    )
    higher_than: Than | None = Field(None, description="true where the outcome's mean is higher than this other")
    lower_than: Than | None = Field(None, description="true where the outcome's mean is lower than this other")
    above: Coefficient | None = Field(
        None, description="true where it is above this number; of a parameter also above another parameter"
    )
    below: Coefficient | None = Field(
        None, description="true where it is below this number; of a parameter also below another parameter"
    )
    rests_on: Annotated[tuple[Annotated[str, Names("parameter")], ...], LISTS] = Field(
        (), description="parameters that the answer hangs on"
    )
    structure: Label | None = Field(
        None, description="what follows from the structure of the model, whatever the parameters"
    )

    @model_validator(mode="after")
    def _sound(self) -> ClaimTest:
        given = [name for name in RELATIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(RELATIONS)}, and only one")
        if (self.outcome is None) == (self.parameter is None):
            raise ValueError("give either outcome and policy, or parameter")
        if self.outcome is not None:
            if self.policy is None:
                raise ValueError("outcome: needs a policy under which it is taken")
            if isinstance(self.above or self.below, str):
                raise ValueError(f"{given[0]}: must be a number; another parameter goes with a parameter only")
        elif self.policy is not None:
            raise ValueError("policy: goes with an outcome; a parameter is the same under every policy")
        elif self.than is not None:
            raise ValueError(f"{given[0]}: goes with an outcome; compare a parameter by above or below")
        if self.than is not None and self.asked == self.against:
            raise ValueError(f"{given[0]}: must be something else than what is tested")
        return self

    @property
    def relation(self) -> str:
        """Which of `RELATIONS` the test is."""
        return next(name for name in RELATIONS if getattr(self, name) is not None)

    @property
    def sign(self) -> int:
        """1 where the statement is true above, -1 where it is true below."""
        return 1 if self.relation in _UP else -1

    @property
    def than(self) -> Than | None:
        """What the outcome is compared with, if it is."""
        return self.higher_than or self.lower_than

    @property
    def value(self) -> float | str | None:
        """The number or parameter that it is above or below, if it is."""
        return self.above if self.above is not None else self.below

    @property
    def asked(self) -> tuple[str, str, str]:
        """Scenario, policy and outcome of what is tested; of a parameter the last two are empty."""
        return self.scenario, self.policy or "", self.outcome or ""

    @property
    def against(self) -> tuple[str, str, str] | None:
        """Scenario, policy and outcome of what it is compared with, if it is."""
        if self.than is None:
            return None
        scenario, policy, outcome = self.asked
        return self.than.scenario or scenario, self.than.policy or policy, self.than.outcome or outcome

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios that the test needs."""
        other = self.against
        return (self.scenario,) if other is None or other[0] == self.scenario else (self.scenario, other[0])


class Claim(Entry):
    """What somebody said, and the tests of it: it is true where all of them are."""

    claim: Label = Field(description="what was said")
    source: Label = Field(description="who said so, and where")
    test: Annotated[tuple[ClaimTest, ...], LISTS] = Field(
        (), description="[[NAME.test]]: what it comes to in the model"
    )
    untested: Label | None = Field(None, description="instead of a test: why the model cannot test it")

    @model_validator(mode="after")
    def _one_of_two(self) -> Claim:
        if bool(self.test) == (self.untested is not None):
            raise ValueError("give either [[NAME.test]], at least one, or untested: why the model cannot test it")
        return self


def read_claims(document: Document, known: Known, problems: Problems) -> dict[str, Claim]:
    """Return the claims of a file, in its order, as far as they can be read.

    Parameters
    ----------
    document : Document
    known : Known
        What names of the case can stand for. What claims say of scenarios is checked where those are at hand.
    problems : Problems
    """
    found = {}
    for name, data in document.data.items():
        key: Key = (name,)
        if wrong := wrong_name(name, "the name of a claim"):
            document.note(problems, key, wrong)
        elif is_table(data, document, key, problems):
            claim = build(Claim, data, document, key, problems)
            if claim is not None:
                found[name] = claim
    check_names(found, known, document, (), problems)
    return found
