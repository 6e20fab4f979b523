"""The probabilities behind the log scores of forecasts, as logarithms and also far out in their tails.

Source: Scott (1992), *Multivariate Density Estimation*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray

__all__ = ["Law", "Listed", "Mixture", "NegativeBinomial", "Poisson", "Smoothed"]

_FACTORS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125, 0.09, 0.06, 0.03)  # of Scott's width, among which is chosen
_MEMBERS = 1000  # of a sample by which the width is chosen
_FAINT = 1e-280  # a probability below which doubles lose digits


class Law(Protocol):
    """The logarithms of a distribution's probabilities, also far out in its tail."""

    def log_probability(self, v: int) -> float:
        """Return log P(N = v)."""

    def log_at_least(self, v: int) -> float:
        """Return log P(N >= v)."""


@dataclass(frozen=True, eq=False)
class Listed:
    """Probabilities as they were given, shape (K + 1,)."""

    pmf: FloatArray

    def log_probability(self, v: int) -> float:
        """Return log P(N = v)."""
        return _log(float(self.pmf[v])) if v < self.pmf.size else -math.inf

    def log_at_least(self, v: int) -> float:
        """Return log P(N >= v)."""
        return _log(min(1.0, float(self.pmf[v:].sum()))) if v > 0 else 0.0


@dataclass(frozen=True)
class Poisson:
    """Of this mean."""

    mean: float

    def log_probability(self, v: int) -> float:
        """Return log P(N = v)."""
        return float(special.xlogy(v, self.mean)) - self.mean - math.lgamma(v + 1)

    def log_at_least(self, v: int) -> float:
        """Return log P(N >= v)."""
        if v == 0:
            return 0.0
        found = float(special.pdtrc(v - 1, self.mean))
        return math.log(found) if found > _FAINT else _log_tail(self, v)


@dataclass(frozen=True)
class NegativeBinomial:
    """Of variance `mean + dispersion * mean**2`."""

    mean: float
    dispersion: float

    def log_probability(self, v: int) -> float:
        """Return log P(N = v)."""
        r, beyond = 1.0 / self.dispersion, self.dispersion * self.mean
        ways = -float(special.betaln(r, v + 1.0)) - math.log(r + v)
        return ways - r * math.log1p(beyond) + v * (math.log(beyond) - math.log1p(beyond))

    def log_at_least(self, v: int) -> float:
        """Return log P(N >= v)."""
        if v == 0:
            return 0.0
        beyond = self.dispersion * self.mean
        found = float(special.betainc(float(v), 1.0 / self.dispersion, beyond / (1.0 + beyond)))
        return math.log(found) if found > _FAINT else _log_tail(self, v)


def _log_tail(law: Law, v: int) -> float:
    """Return log P(N >= v) far out, where each probability is about as much less than the one before."""
    first = law.log_probability(v)
    if first == -math.inf:
        return first
    return first - math.log(-math.expm1(law.log_probability(v + 1) - first))


@dataclass(frozen=True, eq=False)
class Mixture:
    """A weighted sum of laws, shape (part,); the weights are above 0 and sum to 1."""

    laws: tuple[Law, ...]
    weights: FloatArray

    def log_probability(self, v: int) -> float:
        """Return log P(N = v)."""
        return self._mixed([law.log_probability(v) for law in self.laws])

    def log_at_least(self, v: int) -> float:
        """Return log P(N >= v)."""
        return min(0.0, self._mixed([law.log_at_least(v) for law in self.laws]))

    def _mixed(self, logs: list[float]) -> float:
        return float(np.logaddexp.reduce(np.log(self.weights) + logs))


@dataclass(frozen=True, eq=False)
class Smoothed:
    """A sample's distribution, smoothed; see `CountForecast.from_sample`.

    values : (value,), rising; shares : (value,), sum to 1; size : independent members
    """

    values: IntArray
    shares: FloatArray
    size: float

    def log_probability(self, v: int) -> float:
        """Return log P(N = v)."""
        broad = -math.log1p(self._broad) - v * math.log1p(1 / self._broad)
        return self._mixed(float(self.shares @ _kernels(self.values, v, self._width)), broad)

    def log_at_least(self, v: int) -> float:
        """Return log P(N >= v)."""
        if v == 0:
            return 0.0
        return self._mixed(float(self.shares @ _beyond(self.values, v, self._width)), -v * math.log1p(1 / self._broad))

    def _mixed(self, kernels: float, log_broad: float) -> float:
        whole = math.log(self.size) + _log(max(0.0, kernels))
        return float(np.logaddexp(whole, log_broad)) - math.log1p(self.size)

    @cached_property
    def _broad(self) -> float:
        """Mean of the broad part."""
        mean = float(self.shares @ self.values)
        return 1 + 2 * (mean + math.sqrt(float(self.shares @ np.square(self.values - mean))))

    @cached_property
    def _width(self) -> float:
        scott = _scott(self.values, self.shares, self.size)
        if self.values.size <= _MEMBERS:
            return scott * _factor(self.values, self.shares * self.size, self._broad)
        at = np.searchsorted(np.cumsum(self.shares), (np.arange(_MEMBERS) + 0.5) / _MEMBERS)
        some, tally = np.unique(self.values[np.minimum(at, self.values.size - 1)], return_counts=True)
        return scott * _factor(some, tally.astype(float), self._broad)


def _beyond(values: IntArray, v: int | IntArray, width: float) -> FloatArray:
    """Return how much of the kernel of each value, the last axis, lies at `v` or above; at 0 all of it."""
    at = np.asarray(v, float)
    if width == 0:
        return (values >= at).astype(float)
    edge = np.where(at > 0, np.sqrt(np.maximum(at - 0.5, 0.0)), -np.inf)
    return np.asarray(special.ndtr((np.sqrt(values) - edge) / width))


def _kernels(values: IntArray, v: int | IntArray, width: float) -> FloatArray:
    """Return how much of the kernel of each value lies on `v`."""
    return _beyond(values, v, width) - _beyond(values, v + 1, width)


def _scott(values: IntArray, shares: FloatArray, size: float) -> float:
    """Return Scott's width for square roots."""
    roots = np.sqrt(values)
    mean = float(shares @ roots)
    return 1.06 * math.sqrt(float(shares @ np.square(roots - mean))) / math.pow(size, 0.2)


def _factor(values: IntArray, tally: FloatArray, broad: float) -> float:
    """Return the factor of Scott's width under which members are likeliest, each seen from the others."""
    size = float(tally.sum())
    scott = _scott(values, tally / size, size)
    if scott == 0 or size <= 1:
        return 1.0
    out = np.minimum(tally, 1.0)  # what is left out
    tail = np.exp(-math.log1p(broad) - values * math.log1p(1 / broad))

    def likelihood(factor: float) -> float:
        kernels = _kernels(values, values[:, None], factor * scott)
        others = np.maximum(kernels @ tally - out * np.diag(kernels), 0.0)
        return float(tally @ np.log((others + tail) / (size + 1 - out)))

    return max(_FACTORS, key=likelihood)


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf
