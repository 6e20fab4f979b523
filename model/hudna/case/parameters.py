"""Parameters: every number that is not known, with its unit, prior, status and source."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from hudna.case.grammar import Day, Entry, Label, Real
from hudna.case.priors import Prior

__all__ = ["Correlation", "Parameter", "Status"]

Status: TypeAlias = Literal["evidence", "judgement", "calibrated"]


def _stretch(value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("must be [first_date, last_date], such as [2020-03-27, 2023-10-07]")
    return tuple(value)


def _first_to_last(value: tuple[dt.date, dt.date]) -> tuple[dt.date, dt.date]:
    if value[1] < value[0]:
        raise ValueError(f"must be [first_date, last_date]; {value[1]} is before {value[0]}")
    return value


Stretch: TypeAlias = Annotated[
    tuple[Day, Day],
    BeforeValidator(_stretch),
    AfterValidator(_first_to_last),
    WithJsonSchema({"type": "array", "items": {"type": "string", "format": "date"}, "minItems": 2, "maxItems": 2}),
]


class Parameter(Entry):
    """An uncertain number."""

    name: Label | None = Field(None, description="what readers see; the parameter's own name if left out")
    unit: str = Field(min_length=1, description='such as "1/week", "log odds", "probability"')
    prior: Prior = Field(description='such as { family = "gamma", p5 = 0.03, p95 = 0.115 }')
    status: Status = Field(description="evidence (computed from rows), judgement or calibrated")
    source: str = Field(min_length=1, description="a file under evidence/, or where the judgement comes from")
    note: str = Field(min_length=1, description="the computation, or the reasoning")
    rows: Stretch | None = Field(
        None, description="[first_date, last_date]: dates of the rows of evidence that the prior was computed from"
    )


def _rows(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(tuple(row) if isinstance(row, list | tuple) else row for row in value)
    return value


class Correlation(Entry):
    """Parameters that are believed together: a Gaussian copula over their priors."""

    parameters: Annotated[tuple[str, ...], BeforeValidator(_rows)] = Field(
        min_length=2, description="the parameters of the group; each belongs to one group at most"
    )
    matrix: Annotated[tuple[tuple[Real, ...], ...], BeforeValidator(_rows)] = Field(
        description="correlations of their normal scores, 1 on the diagonal"
    )
    source: str = Field(min_length=1, description="a file under evidence/, or where the judgement comes from")
    note: str = Field(min_length=1, description="the computation, or the reasoning")

    @model_validator(mode="after")
    def _sound(self) -> Correlation:
        size = len(self.parameters)
        if len(set(self.parameters)) != size:
            raise ValueError("parameters: each may stand in the group once")
        if len(self.matrix) != size or any(len(row) != size for row in self.matrix):
            raise ValueError(f"matrix: must have {size} rows of {size} numbers, one a parameter")
        array = np.array(self.matrix)
        if not np.array_equal(array, array.T) or not np.all(np.diag(array) == 1):
            raise ValueError("matrix: must be symmetric with 1 on the diagonal")
        if np.linalg.eigvalsh(array).min() < 1e-9:
            raise ValueError("matrix: must be positive definite; these correlations cannot all hold at once")
        return self

    def factor(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the lower Cholesky factor of the matrix, rows in the order of `parameters` by name."""
        order = np.argsort(self.parameters)
        return np.linalg.cholesky(np.array(self.matrix)[np.ix_(order, order)])
