"""How a reported number relates to the true count: a likelihood for every qualifier and confidence.

exact, high confidence: the count is what is reported. exact, medium or low: the report may be off by k with probability
proportional to rho^|k|. at_least: the count is that or more, with the same error of the report. approx: rounded; the
error is normal. The equations of this and what follows from it are in docs/rows.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hudna.arrays import FloatArray

__all__ = ["APPROX", "RHO", "Report"]

RHO = {"high": 0.0, "medium": 0.2, "low": 0.5}  # weight of being off by one more
APPROX = {"high": 0.05, "medium": 0.075, "low": 0.1}  # standard deviation of a rounded number, as a share of it
_TAIL = 1e-8  # probability of errors that are not looked at


@dataclass(frozen=True)
class Report:
    """A reported count.

    qualifier : {"exact", "at_least", "approx"}; confidence : {"high", "medium", "low"}; so_far : whether the row goes
    on, and what is known of it is read again on a later day
    """

    value: float
    qualifier: str
    confidence: str
    so_far: bool = False

    @property
    def spread(self) -> float:
        """Standard deviation of a rounded number's error."""
        return max(1.0, APPROX[self.confidence] * self.value)

    @property
    def slack(self) -> int:
        """Furthest that the true count may lie from the report (below it, for at_least)."""
        if self.qualifier == "approx":
            return int(np.ceil(6 * self.spread))
        rho = RHO[self.confidence]
        return int(np.ceil(np.log(_TAIL) / np.log(rho))) if rho else 0

    @property
    def open(self) -> bool:
        """Whether the true count may lie above the report by any number."""
        return self.qualifier == "at_least"

    @cached_property
    def chances(self) -> FloatArray:
        """Probability of the report of counts that it exceeds by -d, ..., 0, ..., d; beyond the ends as at the ends."""
        reach = self.slack + 64 if self.qualifier == "approx" else self.slack + 2
        said = np.exp(self.log_likelihood(self.value - np.arange(-reach, reach + 1.0)))
        if self.qualifier != "at_least":
            said[[0, -1]] = 0.0
        elif RHO[self.confidence] == 0:
            said[-1] = 0.0
        return said

    def log_likelihood(self, count: FloatArray) -> FloatArray:
        """Return the log probability of this report given the true count, elementwise."""
        rho, off = RHO[self.confidence], np.abs(count - self.value)
        found: FloatArray
        with np.errstate(divide="ignore"):
            match self.qualifier:
                case "exact":  # P(r | n) = (1 - rho) / (1 + rho) rho^|n - r|, which sums to 1 over all r
                    exact = np.where(off == 0, 0.0, -np.inf)
                    found = np.log((1 - rho) / (1 + rho)) + off * np.log(rho) if rho else exact
                case "at_least":  # P(n + E >= r), E an error as above
                    short = self.value - count
                    if not rho:
                        return np.where(short <= 0, 0.0, -np.inf)
                    above = rho ** np.maximum(short, 1.0) / (1 + rho)  # P(error >= short)
                    within = np.log1p(-(rho ** np.maximum(1.0 - short, 1.0)) / (1 + rho))
                    found = np.where(short > 0, np.log(above), within)
                case _:  # a normal density of n - r
                    found = -0.5 * (off / self.spread) ** 2 - np.log(self.spread) - 0.5 * np.log(2 * np.pi)
        return found
