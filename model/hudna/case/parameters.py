"""Parameters: every number that is not known, with its unit, prior, status and source."""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from hudna.case.grammar import LISTS, Day, Entry, Label, Names, Real
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


_SINGULAR = 1e-9  # an eigenvalue that is no further from 0 counts as 0
_FOLLOWS = 1e-12  # a variance that is left, at most, of what follows from other parameters


class Correlation(Entry):
    """Correlated parameters: a Gaussian copula over their priors."""

    parameters: Annotated[tuple[Annotated[str, Names("parameter")], ...], LISTS] = Field(
        min_length=2, description="the parameters of the group; each belongs to one group at most"
    )
    matrix: Annotated[tuple[tuple[Real, ...], ...], LISTS] = Field(
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
        if np.abs(array).max() > 1:
            raise ValueError("matrix: a correlation must be in [-1, 1]")
        least = float(np.linalg.eigvalsh(array).min())
        if least < -_SINGULAR:
            share = math.floor(1000 / (1 - least)) / 1000  # share x matrix + (1 - share) x 1 has no eigenvalue below 0
            raise ValueError("matrix: must be positive semidefinite; these correlations cannot all hold at once (they "
                             f"can if all but the diagonal are multiplied by {share:g} or less)")  # fmt: skip
        return self

    def factor(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the lower Cholesky factor of the matrix, rows in the order of `parameters` by name.

        A parameter that follows from those before it, as with a correlation of 1, has 0 on the diagonal.
        """
        order = np.argsort(self.parameters)
        rest = np.array(self.matrix)[np.ix_(order, order)]
        if np.linalg.eigvalsh(rest).min() >= _SINGULAR:
            return np.linalg.cholesky(rest)
        factor = np.zeros_like(rest)
        for j in range(len(rest)):
            if rest[j, j] > _FOLLOWS:
                factor[j:, j] = rest[j:, j] / math.sqrt(rest[j, j])
                rest -= np.outer(factor[:, j], factor[:, j])
        return factor
