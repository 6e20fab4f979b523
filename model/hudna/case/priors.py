"""Priors: what is believed about a parameter, as a distribution that is drawn by inversion.

Families are given by moments, by their own parameters, or by two quantiles ("with 90 % probability between
p5 and p95"), which is how analysts think. Any prior may be truncated with `lower` and `upper`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias, get_args

import numpy as np
from pydantic import Field, model_validator

from hudna.arrays import FloatArray
from hudna.case.grammar import Domain, Entry, Real

__all__ = ["FAMILIES", "Prior"]

Family: TypeAlias = Literal["normal", "lognormal", "gamma", "beta", "uniform", "triangular", "pert", "fixed"]
FAMILIES: tuple[str, ...] = get_args(Family)

_Positive: TypeAlias = Annotated[float, Domain(low=0.0, low_open=True)]

_QUANTILES = (("p5", "p95", 0.95), ("p10", "p90", 0.90), ("p25", "p75", 0.75))
_NORMAL = {0.95: 1.6448536269514722, 0.90: 1.2815515655446004, 0.75: 0.6744897501960817}  # quantiles of N(0, 1)
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
            shapes = (1.0, 1.0) if self.family == "fixed" or self._surely_fits else self._shapes
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

    @property
    def _surely_fits(self) -> bool:
        """Whether quantiles are so ordinary that a gamma or a beta surely has them: it is then fitted only when used.

        SciPy's solver takes as long to import as a case takes to be read.
        """
        pair = self._quantile_pair()
        if pair is None or (self.lower, self.upper) != (None, None):
            return False
        low, high, _ = pair
        if self.family == "gamma":
            return 1e-12 < low < 0.99 * high < 1e12 and low > 1e-6 * high
        return self.family == "beta" and 1e-5 < low < high < 1 - 1e-3 and high * (1 - low) > 1.5 * low * (1 - high)

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
    def _range(self) -> tuple[float, float]:
        """What the family itself allows."""
        match self.family:
            case "normal":
                return -math.inf, math.inf
            case "lognormal" | "gamma":
                return 0.0, math.inf
            case "beta":
                return 0.0, 1.0
            case "fixed":
                return self._given("value"), self._given("value")
            case _:
                return self._given("low"), self._given("high")

    @property
    def support(self) -> tuple[float, float]:
        """The interval outside of which no draw falls."""
        low, high = self._range
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
        first, last, above = self._cut
        share = u if (first, last) == (0.0, 1.0) else first + (last - first) * u
        return np.clip(self._invert(share, above=above), *self.support)

    @cached_property
    def _cut(self) -> tuple[float, float, bool]:
        """Probability below `lower` and below `upper` before truncation; above them, if both are in the upper half.

        What lies above is counted from above, where 1 - (a small probability) would lose its digits.
        """
        first = 0.0 if self.lower is None else self._share(self.lower)
        last = 1.0 if self.upper is None else self._share(self.upper)
        if first <= 0.5 or self.family in ("uniform", "triangular") or self.lower is None:
            return first, last, False
        last = 0.0 if self.upper is None else self._share(self.upper, above=True)
        return self._share(self.lower, above=True), last, True

    def _invert(self, share: FloatArray, *, above: bool) -> FloatArray:
        """Return where a share of the probability, before truncation, lies below, or above."""
        from scipy import special

        first, second = self._shapes
        low, high = self._range
        x: Any
        match self.family:
            case "normal" | "lognormal":
                z = special.ndtri(share)
                x = first - second * z if above else first + second * z
                if self.family == "lognormal":
                    with np.errstate(over="ignore"):
                        x = np.exp(x)
            case "gamma":
                x = second * (special.gammainccinv if above else special.gammaincinv)(first, share)
            case "beta" | "pert":
                x = low + (high - low) * (special.betainccinv if above else special.betaincinv)(first, second, share)
            case "triangular":
                x = _triangular_quantile(share, low, self._given("mode"), high)
            case _:
                x = low + (high - low) * share
        return np.asarray(x, np.float64)

    def _share(self, x: float, *, above: bool = False) -> float:
        """Return the probability below x, or above it, before truncation."""
        first, second = self._shapes
        low, high = self._range
        if self.family in ("normal", "lognormal"):
            if self.family == "lognormal":
                x = math.log(x) if x > 0 else -math.inf
            z = (x - first) / second
            return math.erfc((z if above else -z) / math.sqrt(2)) / 2
        from scipy import special

        if self.family == "gamma":
            return float((special.gammaincc if above else special.gammainc)(first, max(x, 0.0) / second))
        share = min(max((x - low) / (high - low), 0.0), 1.0)
        if self.family in ("beta", "pert"):
            return float((special.betaincc if above else special.betainc)(first, second, share))
        if self.family == "triangular" and 0 < share < 1:
            top = (self._given("mode") - low) / (high - low)
            return share**2 / top if share < top else 1 - (1 - share) ** 2 / (1 - top)
        return share

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


def _triangular_quantile(u: FloatArray, low: float, mode: float, high: float) -> FloatArray:
    width, top = high - low, (mode - low) / (high - low)
    rising = low + width * np.sqrt(u * top)
    falling = high - width * np.sqrt((1 - u) * (1 - top))
    return np.where(u < top, rising, falling)


def _fit_quantiles(family: str, low: float, high: float, probability: float) -> tuple[float, float]:
    """Solve for the member of `family` with the two quantiles, at 1 - probability and at probability."""
    z = _NORMAL[probability]
    if family == "normal":
        return (low + high) / 2, (high - low) / (2 * z)
    if family == "lognormal":
        return (math.log(low) + math.log(high)) / 2, (math.log(high) - math.log(low)) / (2 * z)
    from scipy import optimize, special

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
    for left, right in itertools.pairwise(edges):
        if gap(left) > 0 and not gap(right) > 0:
            log_first = optimize.brentq(gap, left, right, xtol=1e-13)
            return math.exp(log_first), math.exp(second(log_first))
    raise ValueError(f"no beta could be found with these quantiles: {low:g} and {high:g}")


def _solvable(solve: Callable[[float], float], x: float) -> bool:
    try:
        solve(x)
    except ValueError:
        return False
    return True
