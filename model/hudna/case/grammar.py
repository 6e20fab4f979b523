"""The small pieces that every file is made of: names, texts in several languages, numbers and their allowed range."""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import core_schema

from hudna.errors import nearest
from hudna.text.words import CODES, Language, check_language

__all__ = [
    "FIRST_YEAR",
    "ITEM",
    "LAST_YEAR",
    "LISTS",
    "NAME",
    "ONE_PART",
    "Coefficient",
    "Day",
    "Domain",
    "Effect",
    "Entry",
    "Label",
    "Language",
    "Names",
    "Real",
    "Reference",
    "Text",
    "Values",
    "unwrapped",
    "wrong_name",
]

ITEM = "{}"  # stands for the item in a driver that is repeated by `per`
_PART = r"[A-Za-z][A-Za-z0-9_]*"
NAME = rf"^{_PART}(\.[A-Za-z0-9_]+)*$"  # a driver, a parameter: attacks, attacks.iraq
ONE_PART = rf"^{_PART}$"  # a policy, an outcome, a state, a counter, a record, a claim
# What the results need for themselves: their axes and coordinates.
_TAKEN = ("policy", "draw", "path", "time", "quantile", "cluster", "chain")
_OPEN = r"([A-Za-z]|\{\})([A-Za-z0-9_]|\{\})*(\.([A-Za-z0-9_]|\{\})+)*"  # the same, with {} anywhere
_REFERENCE = rf"^{_OPEN}(\.\*)?$"
_PARAMETER = rf"^{_OPEN}$"


class Entry(BaseModel):
    """A frozen table of a file; keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(Entry):
    """What a reader sees: in English and, where it is given, in Arabic and other languages."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[str, Field(min_length=1)]]

    en: str = Field(min_length=1, description="the English text")
    ar: str | None = Field(None, min_length=1, description="the Arabic text, plain and in logical order")

    @model_validator(mode="after")
    def _known(self) -> Text:
        for lang in self.model_extra or {}:
            if lang not in CODES:
                known = nearest(lang, ("en", "ar"))
                raise ValueError(f"'{lang}' is no language: keys are codes of ISO 639-1, such as en, ar, fr{known}")
        return self

    @classmethod
    def written(cls, write: Callable[[Language], str], *parts: Text) -> Text:
        """Return what is written in English, Arabic and every other language of its parts."""
        return cls(**{lang: write(lang) for part in (cls(en="-", ar="-"), *parts) for lang in part.texts})

    @property
    def texts(self) -> dict[Language, str]:
        """The text in each language that it is given in."""
        return {lang: text for lang, text in self.model_dump().items() if text is not None}

    def get(self, lang: Language) -> str:
        """Return the text in `lang`, in English where there is no other."""
        if lang not in CODES:
            check_language("hudna", lang)
        return (self.ar if lang == "ar" else (self.model_extra or {}).get(lang)) or self.en


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


LISTS = BeforeValidator(_tuples)  # a list of a file, and lists in it, as tuples


def wrong_name(name: str, what: str = "a name", *, parts: bool = False, variable: bool = False) -> str:
    """Say why something cannot be called so; an empty text if it can.

    Parameters
    ----------
    name : as written
    what : whose name it is, for the text
    parts : whether it may have several parts with . between them
    variable : whether a variable of the results is called so
    """
    if not re.fullmatch(NAME if parts else ONE_PART, name):
        letters = "letters, digits, _ and ." if parts else "letters, digits and _"
        return f"{what} is {letters} (A to Z, a to z, 0 to 9), a letter first; other scripts stand in what readers see"
    return "is the name of an axis of the results; choose another" if variable and name in _TAKEN else ""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        if not value.strip():
            raise ValueError('must not be empty; write "..." or { en = "...", ar = "..." }')
        return Text(en=value)
    if not isinstance(value, Mapping | Text):
        raise ValueError('must be "..." or { en = "...", ar = "..." }')
    return value


Label: TypeAlias = Annotated[
    Text,
    BeforeValidator(_text, json_schema_input_type=Annotated[str, Field(min_length=1)] | Text),
    Field(description='what readers see: "..." or { en = "...", ar = "..." }'),
]

LARGEST, SMALLEST = 1e300, 1e-300  # in size; beyond them a product, a logarithm or a quotient may leave the range


@dataclass(frozen=True)
class Domain:
    """The numbers that a field allows, and why.

    `largest` is the largest that may be written down; a parameter may have a prior without an end.
    """

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    why: str = ""
    largest: float = LARGEST

    def __str__(self) -> str:
        """Return the domain as an error says it: `in [0, 1)`, `> 0`."""
        if math.isinf(self.low) and math.isinf(self.high):
            return "a finite number"
        if math.isinf(self.high):
            return f"{'>' if self.low_open else '>='} {self.low:g}"
        left, right = "(" if self.low_open else "[", ")" if self.high_open else "]"
        return f"in {left}{self.low:g}, {self.high:g}{right}"

    def sentence(self) -> str:
        """Return `must be in [0, 1); at 1 the cascade never dies out`."""
        return f"must be {self}" + (f"; {self.why}" if self.why else "")

    def holds(self, x: float) -> bool:
        """Whether `x` is allowed."""
        above = x > self.low if self.low_open else x >= self.low
        below = x < self.high if self.high_open else x <= self.high
        return math.isfinite(x) and above and below

    def covers(self, low: float, high: float) -> bool:
        """Whether every number strictly between `low` and `high` is allowed."""
        return low >= self.low and high <= self.high

    def check(self, value: Any, *, named: bool) -> float | str:
        """Return `value` if it is an allowed number or, where `named`, looks like the name of a parameter."""
        if named and isinstance(value, str):
            if not re.fullmatch(_PARAMETER, value):
                raise ValueError("must be a number or the name of a parameter (letters, digits, _ and .)")
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            what = str(self) if math.isinf(self.low) and math.isinf(self.high) else f"a number {self}"
            raise ValueError(f"must be {what}{' or the name of a parameter' if named else ''}")
        number = float(value)
        if not self.holds(number):
            raise ValueError(self.sentence())
        if number != 0 and not SMALLEST <= abs(number) <= LARGEST:
            raise ValueError(f"must be 0, or between {SMALLEST:g} and {LARGEST:g} in size")
        if number > self.largest:
            raise ValueError(f"must be {self}, and at most {self.largest:g}")
        return number

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        check = functools.partial(self.check, named=source is not float)
        return core_schema.no_info_before_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        bounds: dict[str, Any] = {"type": "number"}
        if math.isfinite(self.low):
            bounds["exclusiveMinimum" if self.low_open else "minimum"] = self.low
        if math.isfinite(self.high):
            bounds["exclusiveMaximum" if self.high_open else "maximum"] = self.high
        if schema["type"] == "function-before" and schema["schema"]["type"] == "float":
            return bounds
        return {"anyOf": [bounds, {"type": "string", "pattern": _PARAMETER}]}


@dataclass(frozen=True)
class Names:
    """A field, or the keys of a table, refer to something by its name: `what` says to what.

    A field with a `Domain` refers to a parameter where it holds a name. `domain` is what a parameter's prior must keep
    to, `measure` what a signal must be, where not every one may stand there.
    """

    what: str
    domain: Domain = Domain()
    measure: str = ""


def unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type without `Annotated` and `| None` around it, and what it was annotated with."""
    metadata: tuple[Any, ...] = ()
    while True:
        arguments = get_args(annotation)
        if get_origin(annotation) is Annotated:
            annotation, metadata = arguments[0], (*metadata, *arguments[1:])
        elif len(arguments) == 2 and type(None) in arguments:
            annotation = arguments[arguments[0] is type(None)]
        else:
            return annotation, metadata


Real: TypeAlias = Annotated[float, Domain()]


FIRST_YEAR, LAST_YEAR = 1700, 2200  # results count time in nanoseconds: 1678 to 2262, less the longest horizon


def _day(value: Any) -> dt.date:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise ValueError("must be a date, written without quotes: 2024-08-22")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"must be a date between {FIRST_YEAR} and {LAST_YEAR}")
    return value


Day: TypeAlias = Annotated[dt.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


def _reference(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(_REFERENCE, value):
        raise ValueError("must be the name of a signal: letters, digits, _ and ., at the end perhaps .*")
    return value


Reference: TypeAlias = Annotated[
    str, BeforeValidator(_reference), WithJsonSchema({"type": "string", "pattern": _REFERENCE})
]

Coefficient: TypeAlias = Annotated[float | str, Domain()]


class Effect(Entry):
    """What a signal does to a predictor: coefficient x (signal - relative_to)."""

    coefficient: Coefficient = Field(description="a number or a parameter")
    relative_to: Real = Field(0.0, description="value of the signal at which it has no effect")


def _effect(value: Any) -> Any:
    return Effect(coefficient=value) if isinstance(value, int | float | str) else value


Values: TypeAlias = dict[  # signal -> effect
    Annotated[Reference, Names("signal")],
    Annotated[Effect, BeforeValidator(_effect, json_schema_input_type=Coefficient | Effect)],
]
