"""Priors: what is believed about a parameter, as a distribution that is drawn by inversion.

Families are given by moments, by their own parameters, or by two quantiles ("with 90 % probability between
p5 and p95"), which is how analysts think. Any prior may be truncated with `lower` and `upper`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from hudna.arrays import FloatArray
from hudna.case.grammar import Domain, Entry, Real

__all__ = ["FAMILIES", "Prior"]

Family: TypeAlias = Literal["normal", "lognormal", "gamma", "beta", "uniform", "triangular", "pert", "fixed"]
FAMILIES: tuple[str, ...] = ("normal", "lognormal", "gamma", "beta", "uniform", "triangular", "pert", "fixed")

_Positive: TypeAlias = Annotated[float, Domain(low=0.0, low_open=True)]

_QUANTILES = (("p5", "p95", 0.95), ("p10", "p90", 0.90), ("p25", "p75", 0.75))
_FORMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "normal": (("mean", "sd"),),
    "lognormal": (("mean", "sd"), ("median", "sigma")),
    "gamma": (("mean", "sd"), ("shape", "rate")),
    "beta": (("mean", "sd"), ("a", "b")),
    "uniform": (("low", "high"),),
    "triangular": (("low", "mode", "high"),),
    "pert": (("low", "mode", "high"),),
    "fixed": (("value",),),
}
_BY_QUANTILES = ("normal", "lognormal", "gamma", "beta")
_ARGUMENTS = tuple(sorted({name for forms in _FORMS.values() for form in forms for name in form}))


class Prior(Entry):
    """A distribution: its family, the numbers that fix it, and perhaps where it is cut off."""

    family: Family = Field(description="one of " + ", ".join(FAMILIES))
    mean: Real | None = Field(None, description="mean, before truncation")
    sd: _Positive | None = Field(None, description="standard deviation, before truncation")
    median: _Positive | None = Field(None, description="median of a lognormal")
    sigma: _Positive | None = Field(None, description="standard deviation of the logarithm of a lognormal")
    shape: _Positive | None = Field(None, description="shape of a gamma")
    rate: _Positive | None = Field(None, description="rate of a gamma: shape / mean")
    a: _Positive | None = Field(None, description="first shape of a beta")
    b: _Positive | None = Field(None, description="second shape of a beta")
    low: Real | None = Field(None, description="lowest value of a uniform, triangular or pert")
    mode: Real | None = Field(None, description="most likely value of a triangular or pert")
    high: Real | None = Field(None, description="highest value of a uniform, triangular or pert")
    value: Real | None = Field(None, description="the value of a fixed number")
    p5: Real | None = Field(None, description="5 % quantile; give p95 too")
    p95: Real | None = Field(None, description="95 % quantile")
    p10: Real | None = Field(None, description="10 % quantile; give p90 too")
    p90: Real | None = Field(None, description="90 % quantile")
    p25: Real | None = Field(None, description="25 % quantile; give p75 too")
    p75: Real | None = Field(None, description="75 % quantile")
    lower: Real | None = Field(None, description="the distribution is cut off below this")
    upper: Real | None = Field(None, description="the distribution is cut off above this")

    @model_validator(mode="after")
    def _complete(self) -> Prior:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        given -= {"family", "lower", "upper"}
        forms = [set(form) for form in _FORMS[self.family]]
        if self.family in _BY_QUANTILES:
            forms += [{low, high} for low, high, _ in _QUANTILES]
        if given not in forms:
            allowed = " or ".join(" and ".join(form) for form in _FORMS[self.family])
            if self.family in _BY_QUANTILES:
                allowed += ", or two quantiles: p5 and p95, p10 and p90, p25 and p75"
            raise ValueError(f"a {self.family} is given by {allowed}; here: {', '.join(sorted(given)) or 'nothing'}")
        try:
            self._check_numbers()
            shapes = self._shapes if self.family != "fixed" else (0.0, 0.0)
            sound = all(map(math.isfinite, (*shapes, shapes[1] - shapes[0])))
            if self.family in ("gamma", "beta"):
                sound = sound and min(shapes) > 0
            if sound:
                self._check_truncation()
        except (OverflowError, ZeroDivisionError):
            sound = False
        if not sound:
            raise ValueError("its numbers are too large, too small or too far apart to work with")
        return self

    def _check_numbers(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low = {self.low:g} must be below high = {self.high:g}")
        if self.mode is not None and not self._given("low") <= self.mode <= self._given("high"):
            raise ValueError(f"mode = {self.mode:g} must lie between low and high")
        pair = self._quantile_pair()
        if pair and not pair[0] < pair[1]:
            raise ValueError(f"the lower quantile {pair[0]:g} must be below the upper one, {pair[1]:g}")
        least = pair[0] if pair else self.mean
        if self.family in ("lognormal", "gamma", "beta") and least is not None and least <= 0:
            raise ValueError(f"a {self.family} is positive; its mean and quantiles must be > 0, not {least:g}")
        if self.family == "beta":
            most = pair[1] if pair else self.mean
            if most is not None and most >= 1:
                raise ValueError(f"a beta lies between 0 and 1; its mean and quantiles must be < 1, not {most:g}")
            if self.mean is not None and self.sd is not None and self.sd**2 >= self.mean * (1 - self.mean):
                raise ValueError(f"sd = {self.sd:g} is too large for a beta with mean {self.mean:g}: "
                                 f"must be < {math.sqrt(self.mean * (1 - self.mean)):.3g}")  # fmt: skip
        if pair and self.family in ("gamma", "beta"):
            self._shapes  # noqa: B018 (a fit that fails is an error of the file)

    def _check_truncation(self) -> None:
        if self.lower is None and self.upper is None:
            return
        if self.family == "fixed":
            raise ValueError("a fixed number cannot be truncated")
        low, high = self.support
        if not low < high:
            raise ValueError("lower must be below upper, and both inside the family's own range")
        first, last, _ = self._cut
        if not abs(last - first) > 1e-9:
            raise ValueError("almost nothing of the distribution lies between lower and upper")

    def _quantile_pair(self) -> tuple[float, float, float] | None:
        """Return the two quantiles given and the probability of the upper one."""
        for low, high, probability in _QUANTILES:
            if getattr(self, low) is not None:
                return getattr(self, low), getattr(self, high), probability
        return None

    def _given(self, name: str) -> float:
        """Return a number that the family needs, which `_complete` has seen to be there."""
        return float(getattr(self, name))

    @property
    def support(self) -> tuple[float, float]:
        """The interval outside of which no draw falls."""
        match self.family:
            case "normal":
                low, high = -math.inf, math.inf
            case "lognormal" | "gamma":
                low, high = 0.0, math.inf
            case "beta":
                low, high = 0.0, 1.0
            case "fixed":
                low = high = self._given("value")
            case _:
                low, high = self._given("low"), self._given("high")
        return (
            low if self.lower is None else max(low, self.lower),
            high if self.upper is None else min(high, self.upper),
        )

    def outside(self, domain: Domain) -> str:
        """Say how far the prior reaches outside `domain`; an empty text if it does not."""
        low, high = self.support
        if self.family == "fixed":
            return "" if domain.holds(low) else f"is fixed at {low:g}"
        if domain.covers(low, high):
            return ""
        return f"reaches from {low:g} to {high:g}; truncate it with lower and upper"

    def quantile(self, u: FloatArray) -> FloatArray:
        """Return draws by inversion.

        Parameters
        ----------
        u : float array in (0, 1)

        Returns
        -------
        float array of the same shape, in the parameter's unit
        """
        if self.family == "fixed":
            return np.full(u.shape, self._given("value"))
        first, last, upper = self._cut
        if upper:
            x = self._upper_quantile(first + (last - first) * u)
        else:
            x = self._base_quantile(u if (first, last) == (0.0, 1.0) else first + (last - first) * u)
        return np.clip(x, *self.support)

    @cached_property
    def _cut(self) -> tuple[float, float, bool]:
        """Probability below `lower` and below `upper` before truncation; above them, if both are in the upper half.

        What lies above is counted from above, where 1 - (a small probability) would lose its digits.
        """
        first = 0.0 if self.lower is None else self._base_cdf(self.lower)
        last = 1.0 if self.upper is None else self._base_cdf(self.upper)
        if first <= 0.5 or self.family in ("uniform", "triangular") or self.lower is None:
            return first, last, False
        return self._base_sf(self.lower), 0.0 if self.upper is None else self._base_sf(self.upper), True

    @cached_property
    def _shapes(self) -> tuple[float, float]:
        """The two numbers that fix the family: location and scale, or shapes."""
        pair = self._quantile_pair()
        if pair:
            return _fit_quantiles(self.family, *pair)
        given = self._given
        match self.family:
            case "normal":
                return given("mean"), given("sd")
            case "lognormal":
                if self.median is not None:
                    return math.log(self.median), given("sigma")
                variance = math.log1p((given("sd") / given("mean")) ** 2)
                return math.log(given("mean")) - variance / 2, math.sqrt(variance)
            case "gamma":
                if self.shape is not None:
                    return given("shape"), 1.0 / given("rate")
                return (given("mean") / given("sd")) ** 2, given("sd") ** 2 / given("mean")
            case "beta":
                if self.a is not None:
                    return given("a"), given("b")
                mean = given("mean")
                size = mean * (1 - mean) / given("sd") ** 2 - 1
                return mean * size, (1 - mean) * size
            case "pert":
                low, mode, high = given("low"), given("mode"), given("high")
                return 1 + 4 * (mode - low) / (high - low), 1 + 4 * (high - mode) / (high - low)
            case _:
                return given("low"), given("high")

    def _base_quantile(self, u: FloatArray) -> FloatArray:
        from scipy import special

        first, second = self._shapes
        x: Any
        match self.family:
            case "normal":
                x = first + second * special.ndtri(u)
            case "lognormal":
                with np.errstate(over="ignore"):
                    x = np.exp(first + second * special.ndtri(u))
            case "gamma":
                x = second * special.gammaincinv(first, u)
            case "beta":
                x = special.betaincinv(first, second, u)
            case "pert":
                low, high = self._given("low"), self._given("high")
                x = low + (high - low) * special.betaincinv(first, second, u)
            case "triangular":
                x = _triangular_quantile(u, first, self._given("mode"), second)
            case _:
                x = first + (second - first) * u
        return np.asarray(x, np.float64)

    def _upper_quantile(self, v: FloatArray) -> FloatArray:
        """Return what is exceeded with probability v."""
        from scipy import special

        first, second = self._shapes
        x: Any
        match self.family:
            case "normal":
                x = first - second * special.ndtri(v)
            case "lognormal":
                with np.errstate(over="ignore"):
                    x = np.exp(first - second * special.ndtri(v))
            case "gamma":
                x = second * special.gammainccinv(first, v)
            case "beta":
                x = special.betainccinv(first, second, v)
            case _:
                low, high = self._given("low"), self._given("high")
                x = low + (high - low) * special.betainccinv(first, second, v)
        return np.asarray(x, np.float64)

    def _base_sf(self, x: float) -> float:
        """Return the probability above x."""
        from scipy import special

        first, second = self._shapes
        match self.family:
            case "normal":
                return float(special.ndtr((first - x) / second))
            case "lognormal":
                return float(special.ndtr((first - math.log(x)) / second))
            case "gamma":
                return float(special.gammaincc(first, x / second))
            case "beta":
                return float(special.betaincc(first, second, min(x, 1.0)))
            case _:
                low, high = self._given("low"), self._given("high")
                return float(special.betaincc(first, second, min((x - low) / (high - low), 1.0)))

    def _base_cdf(self, x: float) -> float:
        from scipy import special

        first, second = self._shapes
        bounded = self.family in ("uniform", "triangular", "pert")
        low, high = (self._given("low"), self._given("high")) if bounded else (0.0, 1.0)
        share = min(max((x - low) / (high - low), 0.0), 1.0)
        match self.family:
            case "normal":
                return float(special.ndtr((x - first) / second))
            case "lognormal":
                return float(special.ndtr((math.log(x) - first) / second)) if x > 0 else 0.0
            case "gamma":
                return float(special.gammainc(first, max(x, 0.0) / second))
            case "beta" | "pert":
                return float(special.betainc(first, second, share))
            case "triangular":
                top = (self._given("mode") - low) / (high - low)
                if share in (0.0, 1.0):
                    return share
                return share**2 / top if share < top else 1 - (1 - share) ** 2 / (1 - top)
            case _:
                return share


def _triangular_quantile(u: FloatArray, low: float, mode: float, high: float) -> FloatArray:
    width, top = high - low, (mode - low) / (high - low)
    rising = low + width * np.sqrt(u * top)
    falling = high - width * np.sqrt((1 - u) * (1 - top))
    return np.where(u < top, rising, falling)


def _fit_quantiles(family: str, low: float, high: float, probability: float) -> tuple[float, float]:
    """Solve for the member of `family` with the two quantiles, at 1 - probability and at probability."""
    from scipy import optimize, special

    z = float(special.ndtri(probability))
    if family == "normal":
        return (low + high) / 2, (high - low) / (2 * z)
    if family == "lognormal":
        return (math.log(low) + math.log(high)) / 2, (math.log(high) - math.log(low)) / (2 * z)
    tails = np.array([1 - probability, probability])
    if family == "gamma":

        def ratio_gap(log_shape: float) -> float:
            q = special.gammaincinv(math.exp(log_shape), tails)
            return math.log(max(q[0], 1e-300)) - math.log(q[1]) - math.log(low / high)

        try:
            shape = math.exp(optimize.brentq(ratio_gap, math.log(0.02), math.log(1e7), xtol=1e-13))
        except ValueError:
            raise ValueError(f"no gamma has these quantiles: {low:g} and {high:g}") from None
        return shape, high / float(special.gammaincinv(shape, probability))

    def second(log_first: float) -> float:
        """Return the log of the second shape that gives the upper quantile; the first is given."""
        return optimize.brentq(
            lambda x: special.betainc(math.exp(log_first), math.exp(x), high) - probability, -12.0, 18.0, xtol=1e-13
        )

    def gap(log_first: float) -> float:
        return float(special.betainc(math.exp(log_first), math.exp(second(log_first)), low)) - (1 - probability)

    edges = [x for x in np.linspace(-7.0, 16.0, 47) if _solvable(second, x)]
    signs = [gap(x) > 0 for x in edges]
    for left, right, before, after in zip(edges[:-1], edges[1:], signs[:-1], signs[1:], strict=True):
        if before and not after:
            log_first = optimize.brentq(gap, left, right, xtol=1e-13)
            return math.exp(log_first), math.exp(second(log_first))
    raise ValueError(f"no beta could be found with these quantiles: {low:g} and {high:g}")


def _solvable(solve: Callable[[float], float], x: float) -> bool:
    try:
        solve(x)
    except ValueError:
        return False
    return True
