"""Priors: every family and form against scipy.stats, truncation, refusals, and groups that are correlated."""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import special, stats

from hudna.case.parameters import Correlation
from hudna.case.priors import Prior
from hudna.engine import compile_scenario, simulate
from hudna.engine.streams import stream_id, uniforms
from hudna.errors import InputError
from hudna.scenario import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hudna.engine import Simulation

Z_LIMIT = 5.73
ENDS = (np.arange(4) + 0.5) / 2**32
U = np.concatenate([ENDS, np.geomspace(1e-7, 0.01, 20), np.linspace(0.013, 0.987, 75), 1 - ENDS])
EVEN = (np.arange(2**18) + 0.5) / 2**18  # midpoints: a mean over them is an integral over u

BETA = 0.05 * 0.95 / 0.03**2 - 1  # a + b of the beta with mean 0.05 and sd 0.03
LOG = math.sqrt(math.log1p((1.5 / 2) ** 2))  # sigma of the lognormal with mean 2 and sd 1.5
FORMS: dict[str, tuple[dict[str, float], Any]] = {
    "normal": ({"mean": -1.5, "sd": 0.4}, stats.norm(-1.5, 0.4)),
    "lognormal mean": ({"mean": 2, "sd": 1.5}, stats.lognorm(LOG, scale=2 / math.sqrt(1 + (1.5 / 2) ** 2))),
    "lognormal median": ({"median": 2, "sigma": 0.3}, stats.lognorm(0.3, scale=2)),
    "gamma mean": ({"mean": 0.063, "sd": 0.022}, stats.gamma((0.063 / 0.022) ** 2, scale=0.022**2 / 0.063)),
    "gamma shape": ({"shape": 0.4, "rate": 2}, stats.gamma(0.4, scale=1 / 2)),
    "gamma narrow": ({"mean": 7, "sd": 0.01}, stats.gamma(490_000, scale=7 / 490_000)),
    "beta mean": ({"mean": 0.05, "sd": 0.03}, stats.beta(0.05 * BETA, 0.95 * BETA)),
    "beta shapes": ({"a": 2, "b": 5}, stats.beta(2, 5)),
    "beta bathtub": ({"a": 0.5, "b": 0.5}, stats.beta(0.5, 0.5)),
    "uniform": ({"low": -2, "high": 3}, stats.uniform(-2, 5)),
    "triangular": ({"low": -1, "mode": 0.5, "high": 4}, stats.triang(1.5 / 5, -1, 5)),
    "triangular falling": ({"low": 0, "mode": 0, "high": 4}, stats.triang(0, 0, 4)),
    "triangular rising": ({"low": 0, "mode": 4, "high": 4}, stats.triang(1, 0, 4)),
    "pert": ({"low": -1, "mode": 0.5, "high": 4}, stats.beta(1 + 4 * 1.5 / 5, 1 + 4 * 3.5 / 5, -1, 5)),
    "pert falling": ({"low": 1, "mode": 1, "high": 3}, stats.beta(1, 5, 1, 2)),
}
ANALYSTS = (("p5", "p95", 0.05), ("p10", "p90", 0.10), ("p25", "p75", 0.25))
BY_QUANTILES: dict[str, tuple[Any, ...]] = {
    "normal": (stats.norm(-3, 2), stats.norm(100, 0.5)),
    "lognormal": (stats.lognorm(0.1, scale=40), stats.lognorm(2, scale=1e-3)),
    "gamma": (stats.gamma(0.3, scale=2), stats.gamma(3, scale=1e-4), stats.gamma(1e4, scale=5)),
    "beta": (
        stats.beta(2, 5),
        stats.beta(0.5, 0.5),
        stats.beta(30, 2),
        stats.beta(0.7, 3),
        stats.beta(300, 500),
    ),
}


def prior(form: str, **more: float) -> Prior:
    numbers = FORMS[form][0] | more
    return Prior(family=form.split(maxsplit=1)[0], **{key: float(x) for key, x in numbers.items()})


def same_quantiles(prior: Prior, reference: Any) -> None:
    np.testing.assert_allclose(prior.quantile(U), reference.ppf(U), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("form", FORMS)
def test_quantiles_are_scipys(form: str) -> None:
    reference = FORMS[form][1]
    same_quantiles(prior(form), reference)
    with pytest.raises(AssertionError):  # a shift by a thousandth of the spread is seen
        np.testing.assert_allclose(prior(form).quantile(U), reference.ppf(U) + reference.std() / 1000, rtol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_mean_and_sd_are_the_ones_asked_for(form: str) -> None:
    given, reference = FORMS[form]
    draws = prior(form).quantile(EVEN)

    def check(mean: float, sd: float) -> None:
        np.testing.assert_allclose(draws.mean(), mean, rtol=2e-4)
        np.testing.assert_allclose(draws.std(), sd, rtol=2e-3)

    check(given.get("mean", reference.mean()), given.get("sd", reference.std()))
    with pytest.raises(AssertionError):
        check(reference.mean() * 1.001, reference.std())
    with pytest.raises(AssertionError):
        check(reference.mean(), reference.std() * 1.01)


def test_a_pert_has_the_mean_that_it_is_known_for() -> None:
    low, mode, high = -1.0, 0.5, 4.0
    mean = (low + 4 * mode + high) / 6
    np.testing.assert_allclose(prior("pert").quantile(EVEN).mean(), mean, rtol=1e-4)
    assert not np.isclose(prior("triangular").quantile(EVEN).mean(), mean, rtol=1e-2)


def test_a_fixed_number_is_itself() -> None:
    assert set(Prior(family="fixed", value=-2.5).quantile(U)) == {-2.5}


@pytest.mark.parametrize(("low", "high", "tail"), ANALYSTS)
@pytest.mark.parametrize("family", BY_QUANTILES)
def test_two_quantiles_give_back_the_distribution_that_they_are_from(
    family: str, low: str, high: str, tail: float
) -> None:
    for reference in BY_QUANTILES[family]:
        first, last = (float(x) for x in reference.ppf([tail, 1 - tail]))
        found = Prior(family=family, **{low: first, high: last})
        np.testing.assert_allclose(found.quantile(np.array([tail, 1 - tail])), [first, last], rtol=1e-7)
        np.testing.assert_allclose(found.quantile(U), reference.ppf(U), rtol=2e-5, atol=1e-12)
        other = Prior(family=family, **{"p5" if low == "p10" else "p10": first, "p95" if low == "p10" else "p90": last})
        with pytest.raises(AssertionError):
            np.testing.assert_allclose(other.quantile(U), reference.ppf(U), rtol=2e-5, atol=1e-12)


@pytest.mark.parametrize(("low", "high"), [(0.001, 0.5), (1e-6, 0.045), (0.96, 0.999999)])
def test_a_beta_is_found_for_quantiles_near_0_or_1(low: float, high: float) -> None:
    found = Prior(family="beta", p5=low, p95=high)
    np.testing.assert_allclose(found.quantile(np.array([0.05, 0.95])), [low, high], rtol=1e-7)


CUTS: list[tuple[str, float | None, float | None]] = [
    ("normal", -1.6, None),
    ("normal", None, -1.0),
    ("normal", -2.0, -1.3),
    ("normal", 0.0, None),  # the last 1 in 10,000
    ("normal", 0.3, None),  # the last 1 in 300,000
    ("lognormal mean", 1.0, 5.0),
    ("lognormal median", -3.0, 2.5),  # a bound outside the support does nothing
    ("gamma mean", 0.03, 0.1),
    ("gamma shape", None, 1.0),
    ("beta mean", 0.01, 0.2),
    ("beta bathtub", 0.1, 0.9),
    ("uniform", -1.0, 1.5),
    ("triangular", 0.0, None),
    ("triangular", None, 0.2),
    ("triangular rising", 1.0, 3.0),
    ("pert", 0.0, 2.0),
    # Both ends in the upper half, which is counted from above.
    ("normal", -1.0, -0.5),
    ("lognormal mean", 4.0, None),
    ("lognormal median", 2.5, 3.0),
    ("gamma mean", 0.09, None),
    ("gamma shape", 1.0, 2.0),
    ("beta mean", 0.1, None),
    ("beta shapes", 0.5, 0.9),
    ("uniform", 2.0, None),
    ("triangular", 2.0, 3.5),
    ("pert", 2.0, None),
    ("pert", 1.5, 3.0),
]


@pytest.mark.parametrize(("form", "lower", "upper"), CUTS)
def test_truncation_gives_the_conditional_distribution(form: str, lower: float | None, upper: float | None) -> None:
    reference = FORMS[form][1]
    cut = prior(form, **{k: v for k, v in (("lower", lower), ("upper", upper)) if v is not None})
    low = max(reference.support()[0], -math.inf if lower is None else lower)
    high = min(reference.support()[1], math.inf if upper is None else upper)
    draws = cut.quantile(U)
    assert cut.support == (low, high)
    assert draws.min() >= low
    assert draws.max() <= high
    assert np.all(np.diff(draws[:99]) > 0)

    def check(first: float, last: float) -> None:
        """P(X > x) given first < X < last, from the survival function: exact in the far tail."""
        above = (reference.sf(draws) - reference.sf(last)) / (reference.sf(first) - reference.sf(last))
        np.testing.assert_allclose(above, 1 - U, rtol=1e-6, atol=1e-7)

    check(low, high)
    wider = (low - reference.std(), high) if low > reference.support()[0] else (low, high + reference.std())
    with pytest.raises(AssertionError):
        check(*wider)
    with pytest.raises(AssertionError):
        check(reference.isf(0.98 * reference.sf(low) + 0.02 * reference.sf(high)), high)


def test_a_truncated_normal_is_scipys() -> None:
    cut = Prior(family="normal", mean=0.0, sd=1.0, lower=4.5, upper=6.0)
    np.testing.assert_allclose(cut.quantile(U), stats.truncnorm(4.5, 6.0).ppf(U), rtol=1e-8)


def test_a_prior_cut_to_its_far_upper_tail_has_no_infinite_draws() -> None:
    cut = Prior(family="normal", mean=0.0, sd=1.0, lower=5.0)
    np.testing.assert_allclose(cut.quantile(U), stats.truncnorm(5.0, math.inf).ppf(U), rtol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_no_draw_leaves_the_support(form: str) -> None:
    given = prior(form)
    assert given.support == FORMS[form][1].support()
    draws = given.quantile(np.concatenate([ENDS, 1 - ENDS]))
    assert given.support[0] <= draws.min() <= draws.max() <= given.support[1]


REFUSED = {
    'family = "normal", mean = 1': "a normal is given by mean and sd, or two quantiles: p5 and p95",
    'family = "normal"': "here: nothing",
    'family = "normal", mean = 1, sd = 1, p5 = 0': "here: mean, p5, sd",
    'family = "normal", p5 = 1, p90 = 2': "p5 and p95, p10 and p90, p25 and p75; here: p5, p90",
    'family = "normal", p5 = 1, p95 = 1': "the lower quantile 1 must be below the upper one, 1",
    'family = "normal", mean = 1, sd = 0': "must be > 0",
    'family = "normal", mean = 1, sd = -1': "must be > 0",
    'family = "normal", mean = nan, sd = 1': "finite",
    'family = "normal", mean = 1, sd = inf': "finite",
    'family = "normal", mean = true, sd = 1': "must be a finite number",
    'family = "normal", mean = "big", sd = 1': "must be a finite number",
    'family = "lognormal", mean = 1': "a lognormal is given by mean and sd or median and sigma, or two",
    'family = "lognormal", mean = -1, sd = 1': "a lognormal is positive; its mean and quantiles must be > 0",
    'family = "lognormal", p5 = 0, p95 = 1': "must be > 0, not 0",
    'family = "lognormal", median = 0, sigma = 1': "must be > 0",
    'family = "gamma", shape = 1, sd = 1': "a gamma is given by mean and sd or shape and rate",
    'family = "gamma", mean = 0, sd = 1': "a gamma is positive",
    'family = "gamma", p5 = 1e-300, p95 = 1': "no gamma has these quantiles: 1e-300 and 1",
    'family = "gamma", p5 = 1, p95 = 1.0000001': "no gamma has these quantiles",
    'family = "beta", mean = 0.5, sd = 0.5': "sd = 0.5 is too large for a beta with mean 0.5: must be < 0.5",
    'family = "beta", mean = 1, sd = 0.1': "its mean and quantiles must be < 1, not 1",
    'family = "beta", p5 = 0.1, p95 = 1': "must be < 1, not 1",
    'family = "beta", p5 = 0, p95 = 0.5': "must be > 0, not 0",
    'family = "beta", a = 1': "a beta is given by mean and sd or a and b",
    'family = "uniform", low = 1, high = 1': "low = 1 must be below high = 1",
    'family = "uniform", p5 = 0, p95 = 1': "a uniform is given by low and high; here: p5, p95",
    'family = "triangular", low = 0, mode = 2, high = 1': "mode = 2 must lie between low and high",
    'family = "triangular", low = 0, high = 1': "a triangular is given by low and mode and high",
    'family = "pert", low = 0, mode = -1, high = 1': "mode = -1 must lie between low and high",
    'family = "fixed", mean = 1, sd = 1': "a fixed is given by value",
    'family = "fixed", value = 1, lower = 0': "a fixed number cannot be truncated",
    'family = "normal", mean = 0, sd = 1, lower = 1, upper = 1': "lower must be below upper",
    'family = "beta", a = 1, b = 1, lower = 1.5': "both inside the family's own range",
    'family = "gamma", shape = 1, rate = 1, upper = -1': "both inside the family's own range",
    'family = "normal", mean = 0, sd = 1, lower = 7': "almost nothing of the distribution lies between",
    'family = "cauchy", mean = 0, sd = 1': "must be one of normal, lognormal, gamma, beta, uniform",
    'family = "gama", mean = 1, sd = 1': "did you mean 'gamma'?",
    'family = "normal", mean = 0, sd = 1, kurtosis = 4': "unknown key",
    "mean = 1, sd = 1": "is missing: one of normal, lognormal",
}
LEVEL = '[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = "calm"\nhalf_life = 0\nsd = 0\n'
LAST = '[outcomes.last]\nname = "Last"\nsignal = "mood"\nreduce = "last"\n'


def parameter(name: str, content: str) -> str:
    return (
        f'[{name}]\nunit = "1"\nprior = {{ {content} }}\n'
        'status = "judgement"\nsource = "invented"\nnote = "for a test"\n'
    )


def complaint(path: Path) -> str:
    try:
        load(path)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("content", REFUSED)
def test_a_prior_that_makes_no_sense_is_refused_with_what_is_allowed(
    content: str, write_case: Callable[..., Path]
) -> None:
    def refused(content: str, text: str) -> None:
        path = write_case(LEVEL, parameters=parameter("calm", content), outcomes=LAST)
        said = complaint(path)
        assert re.search(r"parameters\.toml: calm\.prior", said), said
        assert text in said, said

    refused(content, REFUSED[content])
    with pytest.raises(AssertionError):
        refused('family = "normal", mean = 0, sd = 1', REFUSED[content])
    with pytest.raises(AssertionError):
        refused(content, "a normal lies between 0 and 1")


def test_a_prior_is_frozen() -> None:
    with pytest.raises(ValidationError):
        prior("normal").mean = 3.0


# Groups -----------------------------------------------------------------------------------------------------

MEMBERS: dict[str, tuple[str, Any]] = {
    "anger": ('family = "gamma", mean = 1, sd = 0.5', stats.gamma(4, scale=1 / 4)),
    "calm": ('family = "normal", mean = 2, sd = 0.5', stats.norm(2, 0.5)),
    "doubt": ('family = "uniform", low = 0, high = 1', stats.uniform(0, 1)),
    "fear": ('family = "beta", a = 2, b = 5, upper = 0.5', None),
}
GROUP = ("fear", "anger", "doubt")  # not in name order, and calm stays outside
MATRIX = {("anger", "fear"): 0.6, ("anger", "doubt"): -0.5, ("doubt", "fear"): 0.15}
N = 60_000


def group(members: tuple[str, ...], matrix: list[list[float]]) -> str:
    rows = [[float(x) for x in row] for row in matrix]
    return f'[correlations.mood]\nparameters = {list(members)}\nmatrix = {rows}\nsource = "x"\nnote = "test"\n'


def rho(a: str, b: str) -> float:
    first, last = sorted([a, b])
    return 1.0 if a == b else MATRIX.get((first, last), 0.0)


def drawn(write_case: Callable[..., Path], members: tuple[str, ...], n: int = N, seed: int = 4) -> Simulation:
    matrix = [[rho(a, b) for b in members] for a in members]
    path = write_case(
        LEVEL,
        parameters="".join(parameter(name, content) for name, (content, _) in MEMBERS.items()),
        about=group(members, matrix) if members else "",
        weeks=1,
        outcomes=LAST,
    )
    return simulate(compile_scenario(load(path)), draws=n, paths=1, seed=seed)


def scores(found: Simulation) -> dict[str, np.ndarray]:
    """Normal scores of the draws, from scipy's distribution functions."""
    theta = dict(zip(found.program.parameters, found.theta.T, strict=True))
    beta = stats.beta(2, 5)
    u = {name: reference.cdf(theta[name]) for name, (_, reference) in MEMBERS.items() if reference is not None}
    u["fear"] = beta.cdf(theta["fear"]) / beta.cdf(0.5)
    return {name: special.ndtri(x) for name, x in u.items()}


def test_a_group_has_the_correlations_asked_for(write_case: Callable[..., Path]) -> None:
    z = scores(drawn(write_case, GROUP))

    def check(a: str, b: str, exact: float) -> None:
        fisher = math.atanh(np.corrcoef(z[a], z[b])[0, 1]) - math.atanh(exact)
        assert abs(fisher) * math.sqrt(N - 3) < Z_LIMIT

    for a, b in itertools.combinations(MEMBERS, 2):
        check(a, b, rho(a, b))
        with pytest.raises(AssertionError):
            check(a, b, rho(a, b) + 0.03)
        with pytest.raises(AssertionError):
            check(a, b, -0.1 - rho(a, b))


def test_a_group_is_a_gaussian_copula(write_case: Callable[..., Path], mc_close: Callable[..., None]) -> None:
    """P(both below the median) = 1/4 + arcsin(rho) / 2 pi (Sheppard 1899); three follow from pairs."""
    z = scores(drawn(write_case, GROUP))

    def quadrant(a: str, b: str) -> float:
        return 0.25 + math.asin(rho(a, b)) / (2 * math.pi)

    for a, b in itertools.combinations(GROUP, 2):
        below = (z[a] < 0) & (z[b] < 0)
        mc_close(below, exact=quadrant(a, b))
        with pytest.raises(AssertionError):
            mc_close(below, exact=0.25 if abs(rho(a, b)) > 0.2 else 0.30)
    together = (z["anger"] < 0) & (z["doubt"] < 0) & (z["fear"] < 0)
    mc_close(together, exact=(sum(quadrant(a, b) for a, b in itertools.combinations(GROUP, 2)) - 0.5) / 2)


def test_a_group_leaves_every_margin_as_it_was(write_case: Callable[..., Path], mc_close: Callable[..., None]) -> None:
    z = scores(drawn(write_case, GROUP))

    def check(z: np.ndarray) -> None:
        mc_close(z, exact=0.0)
        mc_close(z**2, exact=1.0)
        assert stats.kstest(z, "norm").pvalue > 1e-8

    for name in MEMBERS:
        check(z[name])
        with pytest.raises(AssertionError):
            check(z[name] * 1.03)
        with pytest.raises(AssertionError):
            check(z[name] + 0.03)


def test_a_group_moves_no_parameter_outside_of_it_and_not_its_first(write_case: Callable[..., Path]) -> None:
    tied, free = drawn(write_case, GROUP, n=500), drawn(write_case, (), n=500)
    names = tied.program.parameters
    tied_by, free_by = (dict(zip(names, found.theta.T, strict=True)) for found in (tied, free))
    np.testing.assert_array_equal(tied_by["calm"], free_by["calm"])
    np.testing.assert_allclose(tied_by["anger"], free_by["anger"], rtol=1e-9)  # the first row of the factor is 1, 0, 0
    for other in ("doubt", "fear"):
        assert np.all(tied_by[other] != free_by[other])


def test_what_follows_from_others_in_a_group_is_drawn_so(write_case: Callable[..., Path]) -> None:
    """Correlations of 1 and -1, and a group that is singular: fear = 0.6 anger + 0.8 doubt in normal scores."""
    cases = {
        "alike": (("anger", "doubt"), [[1, 1], [1, 1]], lambda z: z["doubt"] - z["anger"]),
        "opposite": (("anger", "doubt"), [[1, -1], [-1, 1]], lambda z: z["doubt"] + z["anger"]),
        "beside another": (("anger", "doubt", "fear"), [[1, 0.3, 1], [0.3, 1, 0.3], [1, 0.3, 1]],
                           lambda z: z["fear"] - z["anger"]),
        "of two": (("fear", "anger", "doubt"), [[1, 0.6, 0.8], [0.6, 1, 0], [0.8, 0, 1]],
                   lambda z: z["fear"] - 0.6 * z["anger"] - 0.8 * z["doubt"]),
    }  # fmt: skip
    parameters = "".join(parameter(name, content) for name, (content, _) in MEMBERS.items())

    def check(members: tuple[str, ...], matrix: list[list[float]], gap: Callable[[dict], np.ndarray]) -> None:
        about = group(members, matrix)
        path = write_case(LEVEL, parameters=parameters, about=about, weeks=1, outcomes=LAST)
        z = scores(simulate(compile_scenario(load(path)), draws=2000, paths=1, seed=4))
        assert np.abs(gap(z)).max() < 1e-6
        assert all(stats.kstest(z[name], "norm").pvalue > 1e-8 for name in members)

    for members, matrix, gap in cases.values():
        check(members, matrix, gap)
        near = [[x if i == j else 0.999 * x for j, x in enumerate(row)] for i, row in enumerate(matrix)]
        with pytest.raises(AssertionError):
            check(members, near, gap)


@pytest.mark.parametrize("seed", range(3))
def test_the_factor_of_a_group_gives_back_its_matrix(seed: int) -> None:
    random = np.random.default_rng(seed)
    for size in range(2, 9):
        for rank in range(1, size + 1):
            rows = random.normal(size=(size, rank))
            rows /= np.linalg.norm(rows, axis=1)[:, None]
            matrix = rows @ rows.T
            np.fill_diagonal(matrix, 1.0)
            matrix = np.tril(matrix) + np.tril(matrix, -1).T
            found = Correlation(parameters=tuple("abcdefgh"[:size]), matrix=tuple(map(tuple, matrix.tolist())),
                                source="x", note="x").factor()  # fmt: skip
            assert np.all(np.triu(found, 1) == 0)
            np.testing.assert_allclose(found @ found.T, matrix, atol=2e-6)
            if rank == size:
                np.testing.assert_array_equal(found, np.linalg.cholesky(matrix))


def test_the_order_of_a_group_moves_no_bit(write_case: Callable[..., Path]) -> None:
    one = drawn(write_case, GROUP, n=300)
    for order in itertools.permutations(GROUP):
        np.testing.assert_array_equal(drawn(write_case, order, n=300).theta, one.theta)
    assert np.any(drawn(write_case, GROUP, n=300, seed=5).theta != one.theta)


def test_every_prior_is_drawn_by_inversion_of_its_own_stream(write_case: Callable[..., Path]) -> None:
    free = drawn(write_case, (), n=200)
    draws = np.arange(200, dtype=np.uint64)

    def check(seed: int) -> None:
        for i, name in enumerate(free.program.parameters):
            u = uniforms(seed, stream_id(f"parameter.{name}"), draws, np.zeros(1, np.uint64), 0)[0]
            np.testing.assert_array_equal(free.theta[:, i], free.program.priors[i].quantile(u))

    check(4)
    with pytest.raises(AssertionError):
        check(5)


REFUSED_GROUPS = {
    "twice": ((("anger", "anger"), [[1, 0.5], [0.5, 1]]), "each may stand in the group once"),
    "size": ((("anger", "calm"), [[1.0]]), "must have 2 rows of 2 numbers"),
    "not symmetric": (
        (("anger", "calm"), [[1, 0.5], [0.4, 1]]),
        "must be symmetric with 1 on the diagonal",
    ),
    "diagonal": (
        (("anger", "calm"), [[2, 0.5], [0.5, 2]]),
        "must be symmetric with 1 on the diagonal",
    ),
    "beyond 1": ((("anger", "calm"), [[1, 1.5], [1.5, 1]]), "a correlation must be in [-1, 1]"),
    "not definite": (
        (("anger", "calm", "fear"), [[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]]),
        "these correlations cannot all hold at once (they can if all but the diagonal are multiplied by 0.555 or less)",
    ),
    "unknown": (
        (("anger", "clam"), [[1, 0.5], [0.5, 1]]),
        "there is no such parameter; did you mean 'calm'?",
    ),
}


@pytest.mark.parametrize("case", REFUSED_GROUPS)
def test_a_group_that_makes_no_sense_is_refused(case: str, write_case: Callable[..., Path]) -> None:
    def refused(members: tuple[str, ...], matrix: list[list[float]]) -> None:
        path = write_case(
            LEVEL,
            parameters="".join(parameter(name, content) for name, (content, _) in MEMBERS.items()),
            about=group(members, matrix),
            outcomes=LAST,
        )
        said = complaint(path)
        assert REFUSED_GROUPS[case][1] in said
        assert "case.toml: correlations.mood" in said

    refused(*REFUSED_GROUPS[case][0])
    with pytest.raises(AssertionError):
        refused(("anger", "calm"), [[1, 0.5], [0.5, 1]])


def ordinary(family: str) -> list[tuple[float, float]]:
    """Return pairs of quantiles at the edges of what is taken to fit unseen, and inside."""
    if family == "gamma":
        return [(high * share, high) for high in (1e-3, 1, 1e11) for share in (1.01e-6, 1e-3, 0.5, 0.989)]
    lows = (1.1e-5, 1e-3, 0.1, 0.5, 0.95)
    odds = [(low, low / (1 - low) * apart) for low in lows for apart in (1.501, 2, 30, 1e3, 1e7)]
    return [(low, high / (1 + high)) for low, high in odds if high / (1 + high) < 1 - 1e-3]


@pytest.mark.parametrize("family", ["gamma", "beta"])
def test_quantiles_that_are_fitted_only_when_used_can_be_fitted(family):
    for low, high, p in ANALYSTS:
        for a, b in ordinary(family):
            prior = Prior.model_validate({"family": family, low: a, high: b})
            assert "_shapes" not in vars(prior)
            assert prior.quantile(np.array([p, 1 - p])) == pytest.approx([a, b], rel=1e-6)


@pytest.mark.parametrize(("family", "a", "b"), [("gamma", 1.0, 1.0001), ("beta", 0.5, 0.50001)])
def test_quantiles_that_nothing_has_are_refused_when_read(family, a, b):
    with pytest.raises(ValidationError, match=f"no {family} "):
        Prior.model_validate({"family": family, "p5": a, "p95": b})
