"""What share of the variance over draws a few columns explain: least squares, with the noise of paths taken out.

The mean of a draw is what its parameters make of it, and noise of its paths. The variance between draws, the whole of
which shares are taken, is that of the means less the noise (one-way analysis of variance). A parameter is represented
by a few orthonormal columns of its rank; what they explain is unbiased, around 0 where the parameter does nothing
(adjusted R2, Ezekiel 1930, with each draw's own residual, since the noise of counts grows with their mean).

Sources: Saltelli et al. (2008), *Global Sensitivity Analysis*; Strong & Oakley (2013), "An efficient method for
computing single-parameter partial expected value of perfect information", for the regression on one given sample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.result.estimate import path_variances
from hudna.result.samples import Sample

__all__ = ["Explained", "Response", "basis", "explained", "normal_scores", "orthonormal"]

_DEGREE = 4  # of the basis: columns of a parameter
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Response:
    """The means of the draws, those of equal parameters as one; arrays of shape (n_distinct,).

    first : place of the first draw of each cluster
    weight : share of the draws that a cluster has; they sum to 1
    y : mean of the cluster, less that of all
    squares : what the cluster adds to the variance between draws
    between : variance between draws, noise of paths out; error : its standard error
    """

    first: IntArray
    weight: FloatArray
    y: FloatArray
    squares: FloatArray
    between: float
    error: float

    @classmethod
    def of(cls, sample: Sample) -> Response:
        """Return that of an outcome or a difference, of two paths a draw or more."""
        means, noise = sample.means, path_variances(sample) / sample.n_paths
        clusters = np.arange(means.size) if sample.clusters is None else sample.clusters
        _, first, place = np.unique(clusters, return_index=True, return_inverse=True)
        counts = np.bincount(place)
        weight = counts / means.size
        off = means - means.mean()
        distinct = 1 / float((weight**2).sum())
        own = np.bincount(place, weights=off**2 * distinct / (distinct - 1) - noise) / counts
        between = float(weight @ own)
        error = float(np.sqrt((weight**2 * (own - between) ** 2).sum()))
        return cls(first, weight, np.bincount(place, weights=off) / counts, own, between, error)


@dataclass(frozen=True)
class Explained:
    """A share of the variance between draws.

    share : may be just below 0 where nothing is explained
    influence : what each cluster adds to the error of the share, shape (n_distinct,), its weight in it
    null : standard error that the share has where nothing is explained
    p : probability of so large a share where nothing is explained
    """

    share: float
    influence: FloatArray
    null: float
    p: float

    @property
    def error(self) -> float:
        """Standard error of the share."""
        return float(np.hypot(np.sqrt((self.influence**2).sum()), self.null))


def normal_scores(parameters: FloatArray) -> FloatArray:
    """Return the normal scores of the ranks of each column, shape (n_draws, n_parameters); equal values share one."""
    from scipy import stats

    return np.asarray(special.ndtri(stats.rankdata(parameters, axis=0) / (len(parameters) + 1)))


def basis(score: FloatArray, weight: FloatArray) -> FloatArray:
    """Return orthonormal columns of one parameter, of mean 0 under the weights: Legendre polynomials of its rank.

    The first is the normal score itself, so that the tails are straight. A parameter of few values has fewer columns,
    one that is the same in all draws has none.

    Parameters
    ----------
    score, weight : float arrays, shape (n_distinct,)

    Returns
    -------
    float array, shape (n_distinct, 0 to 4)

    Examples
    --------
    >>> columns = basis(normal_scores(np.arange(100.0)[:, None])[:, 0], np.full(100, 0.01))
    >>> columns.shape, bool(np.allclose(columns.T @ columns / 100, np.eye(4)))
    ((100, 4), True)
    """
    u = 2 * special.ndtr(score) - 1
    return orthonormal(np.column_stack([score, *(special.eval_legendre(k, u) for k in range(2, _DEGREE + 1))]), weight)


def orthonormal(columns: FloatArray, weight: FloatArray) -> FloatArray:
    """Return columns of mean 0 that span the same under the weights, without those that follow from others."""
    root = np.sqrt(weight)[:, None]
    q, r = np.linalg.qr((columns - weight @ columns) * root)
    return np.asarray(q[:, np.abs(np.diag(r)) > _ROUNDING] / root)


def explained(columns: FloatArray, response: Response) -> Explained:
    """Return what orthonormal columns explain of the variance between draws.

    Parameters
    ----------
    columns : float array, shape (n_distinct, k)
        Of `basis`, or of `orthonormal` for several parameters together.
    response : Response
    """
    weight, y, between = response.weight, response.y, response.between
    k, distinct = columns.shape[1], 1 / float((weight**2).sum())
    if k == 0:
        return Explained(0.0, np.zeros_like(y), 0.0, 1.0)
    fit = columns @ (columns.T @ (weight * y))
    leverage = weight * (columns**2).sum(axis=1)
    chance = float((weight * leverage * (y - fit) ** 2 / np.maximum(1 - leverage - weight, _ROUNDING)).sum())
    seen = float(weight @ fit**2)
    share = (seen - chance) / between
    influence = weight * (fit * (2 * y - fit) - share * response.squares) / between
    p = float(special.fdtrc(k, max(distinct - 1 - k, 1), seen / chance)) if chance > 0 else 0.0
    return Explained(share, influence - influence.mean(), np.sqrt(2 / k) * chance / between, p)
