"""Elementary functions of the compiled engine: the errors they state, their exact cases, and one rounding of `fma`."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numba import njit
from scipy import special

from hudna.engine.vm import maths

from .rewriting import rewritten

if TYPE_CHECKING:
    from collections.abc import Callable

ISSUE_LIMIT = 4.0  # units in the last place, of exp and log, whatever the module states
STATED = {"exp": 1.1, "log": 1.0, "log1p": 2.0, "logistic": 3.0}
EXTENDED = np.finfo(np.longdouble).nmant >= 63
SQRT_2 = 2**0.5

Function = Any  # of one float, compiled


def over(function: Function) -> Callable[[np.ndarray], np.ndarray]:
    """A loop over an array that calls `function`, compiled as the kernel is: without branches it vectorises."""

    @njit(error_model="numpy")
    def loop(x: np.ndarray, out: np.ndarray) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    def call(x: np.ndarray) -> np.ndarray:
        out = np.empty(x.size)
        loop(np.ascontiguousarray(x), out)
        return out

    return call


# Exact values, and where they are compared ------------------------------------------------------------------


def exact_log(x: np.ndarray) -> np.ndarray:
    return np.log(x.astype(np.longdouble))


def exact_logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x.astype(np.longdouble)))


EXACT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": lambda x: np.exp(x.astype(np.longdouble)),
    "log": exact_log,
    "log1p": lambda x: np.log1p(x.astype(np.longdouble)),
    "logistic": exact_logistic,
}


def around(places: np.ndarray, rng: np.random.Generator, n: int) -> np.ndarray:
    """Numbers that lie from one last digit to a thousandth of their size beside some places."""
    size = 10.0 ** rng.uniform(-16, -3, (places.size, n)) * rng.choice([-1, 1], (places.size, n))
    return (places[:, None] * (1 + size)).ravel()


def points(name: str) -> np.ndarray:
    """Where a function is tried: its whole range, near 0 and 1, and where its ways of computing change hands."""
    rng = np.random.default_rng(5)
    tiny = 10.0 ** rng.uniform(-300, 0, 40_000) * rng.choice([-1, 1], 40_000)
    seams = (np.arange(-2040, 2045) / 2) * np.log(2)  # where the reduced argument of exp is largest, or 0
    match name:
        case "exp":
            x = [rng.uniform(-708, 709, 200_000), rng.uniform(-2, 2, 200_000), tiny, around(seams[seams != 0], rng, 20)]
            return np.clip(np.concatenate(x), -708, 709)
        case "log":
            powers = 2.0 ** np.arange(-1021, 1023)
            x = [10.0 ** rng.uniform(-307, 308, 200_000), rng.uniform(0.5, 2, 200_000), 1 + tiny[tiny > -1]]
            return np.concatenate([*x, around(powers, rng, 20), around(powers * SQRT_2, rng, 20)])
        case "log1p":
            one = np.array([-0.5, 1.0, SQRT_2 - 1, SQRT_2 / 2 - 1])
            x = [10.0 ** rng.uniform(-300, 9, 200_000), rng.uniform(-1, 2, 200_000), tiny, around(one, rng, 5000)]
            return np.concatenate([*x, -1 + 10.0 ** rng.uniform(-15, 0, 20_000)])
        case "logistic":
            return np.concatenate([rng.uniform(-700, 700, 100_000), rng.uniform(-40, 40, 200_000), tiny])
    raise AssertionError(name)


def units(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Errors in units of the last place of the exact values."""
    assert np.isfinite(found).all()
    return (np.abs(found - exact) / np.spacing(np.abs(exact.astype(np.float64)))).astype(np.float64)


def is_accurate(name: str, function: Function, limit: float) -> None:
    x = points(name)
    worst = units(over(function)(x), EXACT[name](x))
    assert worst.max() < limit, f"{name}({x[worst.argmax()]!r}) is {worst.max():.2f} units off"


# A coefficient moved by a few units in its last digits, of each function: the check has to see it.
MOVED = {
    "exp": ("0.16666666666666669", "0.16666666666667669"),
    "log": ("6.666666666666735130e-01", "6.666666666667735130e-01"),
    "log1p": ("(x - (one - 1.0)) / one", "0.0"),
    "logistic": ("1.0 + exp(-x)", "1.0000000000000009 + exp(-x)"),
}


@pytest.mark.skipif(not EXTENDED, reason="long doubles are no longer than doubles here")
@pytest.mark.parametrize("name", STATED)
def test_errors_stay_below_what_is_stated(name: str) -> None:
    is_accurate(name, getattr(maths, name), STATED[name])
    with pytest.raises(AssertionError, match="units off"):
        is_accurate(name, rewritten(getattr(maths, name), *MOVED[name]), STATED[name])


@pytest.mark.skipif(not EXTENDED, reason="long doubles are no longer than doubles here")
@pytest.mark.parametrize("name", ["exp", "log"])
def test_exp_and_log_stay_below_4_units(name: str) -> None:
    is_accurate(name, getattr(maths, name), ISSUE_LIMIT)
    old, new = {
        "exp": ("4.166666666662399e-02", "4.166666666762399e-02"),
        "log": ("6.666666666666735130e-01", "6.666666666686735130e-01"),
    }[name]
    with pytest.raises(AssertionError, match="units off"):
        is_accurate(name, rewritten(getattr(maths, name), old, new), ISSUE_LIMIT)


def in_decimals(name: str, x: float) -> Decimal:
    y = Decimal(x)
    return {
        "exp": y.exp,
        "log": y.ln if x > 0 else None,
        "log1p": (1 + y).ln if x > -1 else None,
        "logistic": lambda: 1 / (1 + (-y).exp()),
    }[name]()


@pytest.mark.parametrize("name", STATED)
def test_errors_stay_below_what_is_stated_in_decimals_too(name: str) -> None:
    """The same against decimals, for platforms whose long doubles are short; fewer points, as these take longer."""
    everywhere = points(name)
    x = np.random.default_rng(6).choice(everywhere[np.abs(everywhere) > 1e-12], 400)

    def check(function: Function) -> None:
        with localcontext() as context:
            context.prec = 50
            for place, found in zip(x.tolist(), over(function)(x).tolist(), strict=True):
                exact = in_decimals(name, place)
                assert abs(Decimal(found) - exact) < Decimal(STATED[name] * np.spacing(abs(float(exact))))

    check(getattr(maths, name))
    with pytest.raises(AssertionError):
        check(rewritten(getattr(maths, name), *MOVED[name]))


# Exact cases and ends ---------------------------------------------------------------------------------------


def test_exp_has_its_exact_values_and_ends() -> None:
    exp = over(maths.exp)
    x = np.array([0.0, -0.0, -np.inf, -800, -1e308, -708.0000001, 800, 709.0000001, 1e308, np.inf])
    assert exp(x).tolist() == [1, 1, 0, 0, 0, 0, np.inf, np.inf, np.inf, np.inf]
    assert (exp(np.array([-708.0, 709.0])) > 0).all()
    assert np.isfinite(exp(np.array([-708.0, 709.0]))).all()
    assert np.isnan(exp(np.array([np.nan]))).all()
    tiny = np.array([1e-300, 1e-20, -1e-17, 5e-324])
    assert exp(tiny).tolist() == [1, 1, 1, 1]
    whole = np.repeat(x, 9)  # long enough for the loop's vectors: a lane has no other value there
    assert exp(whole).tolist() == np.repeat(exp(x), 9).tolist()


def test_an_exp_without_its_ends_is_seen() -> None:
    def check(function: Function) -> None:
        assert over(function)(np.array([-800.0, 800.0, np.nan, -np.inf])).tolist()[:2] == [0, np.inf]
        assert np.isnan(over(function)(np.array([np.nan]))[0])

    check(maths.exp)
    for old, new in (
        ("0.0 if x < _SMALLEST else y", "y"),
        ("np.inf if x > _LARGEST else y", "y"),
        ("_SMALLEST if x < _SMALLEST else x", "x if x > _SMALLEST else _SMALLEST"),  # NaN is not above
    ):
        with pytest.raises(AssertionError):
            check(rewritten(maths.exp, old, new))


def test_log_is_exact_at_1_and_nearly_so_at_powers_of_2() -> None:
    log = over(maths.log)
    assert log(np.array([1.0])).tolist() == [0.0]
    assert over(maths.log1p)(np.array([0.0])).tolist() == [0.0]
    powers = np.arange(-1022, 1024)
    found, exact = log(2.0**powers), powers * np.log(2)
    assert (np.abs(found - exact) <= np.spacing(np.abs(exact))).all()
    assert np.isnan(over(maths.log1p)(np.array([np.nan]))).all()


def test_log1p_of_next_to_nothing_is_the_number() -> None:
    x = 10.0 ** -np.arange(17, 308)
    for sign in (1, -1):
        assert over(maths.log1p)(sign * x).tolist() == (sign * x).tolist()
    with pytest.raises(AssertionError):
        assert over(maths.log)(1 + x).tolist() == x.tolist()  # what it is there for


def test_logistic_has_its_ends_and_its_middle() -> None:
    x = np.array([0.0, -np.inf, np.inf, -800, 800, 40, -700, 700])
    half, nothing, one, too_low, too_high, high, low, top = over(maths.logistic)(x).tolist()
    assert (half, nothing, one, too_low, too_high, high, top) == (0.5, 0, 1, 0, 1, 1, 1)
    assert 0 < low < 1e-303
    assert np.isnan(over(maths.logistic)(np.array([np.nan]))).all()


def test_a_function_gives_the_same_alone_and_in_a_loop() -> None:
    """Vectors, and what is left over at their end, round alike."""
    rng = np.random.default_rng(8)
    for name in (*STATED, "normal_quantile"):
        function = getattr(maths, name)
        x = rng.uniform(0.001, 0.999, 37)
        assert over(function)(x).tolist() == [function(one) for one in x.tolist()]


# Normal quantiles -------------------------------------------------------------------------------------------

CELLS = 2**32


def cells() -> np.ndarray:
    """Words of a stream: both ends, both sides of the middle and of each change of formula, and many others."""
    rng = np.random.default_rng(9)
    run = np.arange(-3000, 3000)
    seams = [CELLS // 2, int(0.075 * CELLS), int(0.925 * CELLS)]
    tails = np.floor(2.0 ** rng.uniform(0, 31, 100_000)).astype(np.int64)
    ends = np.arange(6000)
    inside = rng.integers(0, CELLS, 200_000)
    return np.unique(
        np.concatenate([ends, CELLS - 1 - ends, *(s + run for s in seams), tails, CELLS - 1 - tails, inside])
    )


def grid(words: np.ndarray) -> np.ndarray:
    return (words + 0.5) / CELLS


def is_the_normal_quantile(function: Function) -> None:
    words = cells()
    assert words[0] == 0
    assert words[-1] == CELLS - 1
    z, exact = over(function)(grid(words)), special.ndtri(grid(words))
    error = np.abs(z - exact) / np.maximum(1, np.abs(exact))
    assert error.max() < 2e-15, f"at {words[error.argmax()]} it is {error.max():.2e} off"


def rises(function: Function) -> None:
    assert (np.diff(over(function)(grid(cells()))) > 0).all()


def test_normal_quantiles_are_scipys_on_the_grid() -> None:
    is_the_normal_quantile(maths.normal_quantile)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.3314166789178437745e2", "1.3314166789178537745e2"),
        ("2.05319162663775882187e0", "2.05319162663776882187e0"),
        ("0.180625", "0.1806250000001"),
        ("u if q < 0.0 else 1.0 - u", "u"),
        ("abs(q) <= 0.425", "q <= 0.425"),
        ("-ratio if q < 0.0", "ratio if q < 0.0"),
    ],
)
def test_a_normal_quantile_with_a_slip_is_seen(old: str, new: str) -> None:
    with pytest.raises(AssertionError, match="off"):
        is_the_normal_quantile(rewritten(maths.normal_quantile, old, new))


def test_normal_quantiles_rise_from_cell_to_cell() -> None:
    rises(maths.normal_quantile)
    with pytest.raises(AssertionError):
        rises(rewritten(maths.normal_quantile, "3.3871328727963666080e0", "3.3871328827963666080e0"))


# Products and sums ------------------------------------------------------------------------------------------


def test_fma_rounds_once() -> None:
    rng = np.random.default_rng(10)
    a, b = rng.normal(size=5000), rng.normal(size=5000) * 10.0 ** rng.uniform(-5, 5, 5000)
    c = np.where(np.arange(5000) % 2, -a * b, rng.normal(size=5000))  # of the first half all but the error cancels

    @njit
    def fused(a: np.ndarray, b: np.ndarray, c: np.ndarray, out: np.ndarray) -> None:
        for i in range(a.size):
            out[i] = maths.fma(a[i], b[i], c[i])

    def check(found: np.ndarray) -> None:
        places = zip(a.tolist(), b.tolist(), c.tolist(), strict=True)
        assert found.tolist() == [float(Fraction(x) * Fraction(y) + Fraction(z)) for x, y, z in places]

    out = np.empty(5000)
    fused(a, b, c, out)
    check(out)
    with pytest.raises(AssertionError):
        check(a * b + c)
