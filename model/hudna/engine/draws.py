"""Draws of the uncertain parameters: priors by inversion, groups by a Gaussian copula, and what follows of them."""

from __future__ import annotations

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.case.grammar import LARGEST
from hudna.case.nodes import MAX_DISPERSION
from hudna.engine.program import NONE, Program, Transform, transformed
from hudna.engine.streams import stream_id, uniforms
from hudna.errors import SimulationError

__all__ = ["draw_parameters", "draw_values", "parameters_from_scores", "prior_scores"]


def draw_parameters(program: Program, seed: int, draws: IntArray) -> FloatArray:
    """Sample the parameters of some draws, shape (n_draws, n_parameters), each column in its parameter's unit.

    Each parameter has its own stream, `parameter.name`, at path 0 and step 0. In a correlated group the
    normal scores of those numbers, in name order, are multiplied by the Cholesky factor.
    """
    return _from_uniforms(program, _uniforms(program, seed, draws), draws)


def parameters_from_scores(program: Program, scores: FloatArray) -> FloatArray:
    """Return the parameters that independent standard normal numbers of the same shape stand for under the priors."""
    tiny = 0.5 * 2.0**-32  # the same grid's ends as of uniform numbers
    return _from_uniforms(program, np.clip(special.ndtr(scores), tiny, 1 - tiny), np.arange(scores.shape[0]))


def prior_scores(program: Program, seed: int, draws: IntArray) -> FloatArray:
    """Return the standard normal numbers behind `draw_parameters`, shape (n_draws, n_parameters)."""
    return special.ndtri(_uniforms(program, seed, draws))


def _uniforms(program: Program, seed: int, draws: IntArray) -> FloatArray:
    nowhere = np.zeros(1, np.uint64)
    u = np.empty((draws.size, len(program.parameters)))
    for i, name in enumerate(program.parameters):
        u[:, i] = uniforms(seed, stream_id(f"parameter.{name}"), draws, nowhere, 0)[0]
    return u


def _from_uniforms(program: Program, u: FloatArray, draws: IntArray) -> FloatArray:
    for members, factor in program.correlations:
        scores = special.ndtri(u[:, members])
        mixed = np.zeros_like(scores)
        for j in range(members.size):  # column by column: a matrix product's last bit moves with its size
            mixed += scores[:, j : j + 1] * factor[:, j]
        u[:, members] = special.ndtr(mixed)
    theta = np.empty_like(u)
    for i, prior in enumerate(program.priors):
        theta[:, i] = prior.quantile(u[:, i])
    bad = np.argwhere(~(np.abs(theta) <= LARGEST))
    if bad.size:
        draw, i = bad[0]
        raise SimulationError(
            f"parameter {program.parameters[i]}, draw {draws[draw]}: its prior gives {theta[draw, i]:g}; "
            "choose a prior with lighter tails or truncate it with lower and upper"
        )
    return theta


def draw_values(program: Program, theta: FloatArray, draws: IntArray | None = None) -> FloatArray:
    """Work out every number that draws of parameters, shape (n_draws, n_parameters), fix; `draws` are their numbers.

    The result has a row per entry of `program.values` and a column per draw; -inf is the log of a rate of 0.
    """
    table = program.values
    values = np.empty((table.constant.size, theta.shape[0]))
    for i, parameter in enumerate(table.parameter):
        if parameter == NONE:
            values[i] = table.constant[i]
            continue
        with np.errstate(divide="ignore", over="ignore"):
            done = transformed(theta[:, parameter], Transform(int(table.transform[i])), program.step)
        values[i] = table.constant[i] * done
    factors = np.array([".rate_by." in label for label in table.label], bool)
    spreads = np.array([label.endswith(".dispersion") for label in table.label], bool)
    most = np.where(spreads, MAX_DISPERSION * table.constant, np.inf)
    wrong = (np.isneginf(values) & factors[:, None]) | (values > most[:, None])
    bad = np.argwhere(np.isnan(values) | (wrong & (table.parameter != NONE)[:, None]))
    if bad.size:
        i, draw = bad[0]
        name, number = program.parameters[table.parameter[i]], draw if draws is None else draws[draw]
        raise SimulationError(
            f"{table.label[i]}, draw {number}: parameter {name} = {theta[draw, table.parameter[i]]:g} "
            "is outside what this place allows"
        )
    return values
