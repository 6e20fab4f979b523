"""Ranks of the truth among draws, as simulation-based calibration gives them, beside what uniform ones would be."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.errors import Problems

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["places", "ranks_data", "uniform_band"]

_BAND = 0.95
_SIMULATED = 4000  # sets of uniform ranks by which the band is found
_PLACES = 100  # along the axis at which ranks are compared with the uniform
_SEED = 20240822


def ranks_data(ranks: ArrayLike, n: int) -> pd.DataFrame:
    """Return the share of ranks below each place, less that of uniform ranks.

    The band holds the whole of a line with probability 95 % if the ranks are uniform (Säilynoja, Bürkner & Vehtari
    2022, "Graphical test for discrete uniformity and its applications in goodness-of-fit evaluation and multiple
    sample comparison"): pointwise binomial limits, narrowed together until 95 % of simulated sets of ranks stay inside.

    Parameters
    ----------
    ranks : int array, shape (replication,) or (replication, parameter)
        Of the true value among the draws: how many are below, 0 to `n`.
    n : int
        The number of draws that the truth is ranked among.

    Returns
    -------
    pandas.DataFrame
        Index place, from 0 to 1; low and high, the ends of the band, and a column per parameter, by its number.

    Raises
    ------
    InputError
        If there is no rank, or one is not a whole number from 0 to `n`.
    """
    import pandas as pd

    given = np.asarray(ranks)
    table = given[:, None] if given.ndim == 1 else given
    problems = Problems()
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        problems.add("plot.ranks", "n", "must be a whole number of draws, at least 1", given=repr(n))
    elif table.ndim != 2 or not table.size:
        text = "must be of shape (replication,) or (replication, parameter), at least one of each"
        problems.add("plot.ranks", "ranks", text, given=f"shape {given.shape}")
    elif not ((table >= 0) & (table <= n) & (table == np.floor(table))).all():
        problems.add("plot.ranks", "ranks", f"must be whole numbers from 0 to n = {n}")
    problems.raise_if_any()
    runs, at = table.shape[0], places(int(n))
    z = at / (n + 1)
    low, high = uniform_band(runs, int(n))
    columns = {"low": low, "high": high}
    columns |= {str(k): np.searchsorted(np.sort(column), at, side="left") / runs for k, column in enumerate(table.T)}
    data = pd.DataFrame({name: np.r_[0, share - z, 0] for name, share in columns.items()}, index=np.r_[0, z, 1])
    data.attrs = {"runs": runs}
    return data


def places(n: int) -> IntArray:
    """Return ranks at which lines are compared with the uniform; so many ranks are below as the place says."""
    count = min(n, _PLACES)
    found: IntArray = np.unique(np.round(np.arange(1, count + 1) * (n + 1) / (count + 1)).astype(np.int64))
    return found


@lru_cache(maxsize=16)
def uniform_band(runs: int, n: int) -> tuple[FloatArray, FloatArray]:
    """Return between which shares of ranks below each place a set of uniform ranks stays as a whole in 95 of 100."""
    at = places(n)
    z = at / (n + 1)
    steps = np.diff(at, prepend=0, append=n + 1) / (n + 1)
    rng = np.random.default_rng(_SEED)
    below = np.cumsum(rng.multinomial(runs, steps, _SIMULATED), axis=1)[:, :-1]
    level = np.quantile(_unlikely(below, runs, z).min(axis=1), 1 - _BAND)
    # The limits are the outermost counts that are as likely as the level, at each place alone.
    table = _unlikely(np.arange(runs + 1)[:, None], runs, z) >= level
    low, high = table.argmax(axis=0), runs - table[::-1].argmax(axis=0)
    return low / runs, high / runs


def _unlikely(below: IntArray, runs: int, z: FloatArray) -> FloatArray:
    """Return twice the smaller tail of a binomial count at each place: how unlikely it is by itself."""
    at_most = special.bdtr(below, runs, z)
    at_least = np.where(below > 0, special.bdtrc(np.maximum(below - 1, 0), runs, z), 1.0)
    tails: FloatArray = 2 * np.minimum(at_most, at_least)
    return tails
