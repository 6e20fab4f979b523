"""A plain hidden Markov model of counts: three states of unlike rates, and nothing of what moves them.

Source: Rabiner (1989), "A tutorial on hidden Markov models and selected applications in speech recognition".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from hudna.arrays import FloatArray
from hudna.judge.forecast import CountForecast
from hudna.judge.past import Past, length

__all__ = ["Hidden"]

_STARTS = np.array([[0.1, 1.0, 3.0], [0.3, 1.0, 6.0], [0.02, 0.5, 2.0]])  # rates, in those of all of the past
_DISPERSIONS = np.geomspace(0.02, 5.0, 25)  # among which is chosen
_ROUNDS, _GAIN = 50, 1e-3  # of expectation and maximization at most; of the log likelihood, below which they end
_TAIL = 1e-10  # of the widest state's counts beyond those that are listed
_LONGEST = 2**20  # counts that are listed


@dataclass(frozen=True, eq=False)
class Hidden:
    """States, and how likely each is at the origin.

    rates : (state,), expected counts per period; dispersion : of all states: variance = mean + dispersion mean^2
    moves : (state, next state), probabilities from a period to the next
    now : (state,), probabilities in the last period before the origin; known : periods that it was fitted to
    """

    rates: FloatArray
    dispersion: float
    moves: FloatArray
    now: FloatArray
    known: int

    @classmethod
    def fit(cls, past: Past) -> Hidden:
        """Fit by expectation and maximization, from several starts, of which the likeliest is kept.

        Weak priors keep a short past from certainty: each state's rate counts half an event at its start's rate, each
        row of the moves one spell of a quarter of a year, and the dispersion has a lognormal prior of median 1.

        Examples
        --------
        >>> from hudna.judge.past import MONTHS
        >>> found = Hidden.fit(Past.of([0, 0, 1, 0, 9, 12, 8, 0, 0, 0, 1, 0], MONTHS))
        >>> bool(found.rates.max() > 6), int(found.now.argmax()) == int(found.rates.argmax())
        (True, False)
        """
        known = np.isfinite(past.counts)
        first = rates = _STARTS * float(past.trailing(np.inf))
        prior = _prior_moves(past.year)
        moves = np.tile(prior / prior.sum(axis=1, keepdims=True), (len(rates), 1, 1))
        dispersion = np.ones(len(rates))
        before = np.full(len(rates), -np.inf)
        for _ in range(_ROUNDS):
            held, moved, now, likelihood = _smoothed(_logs(past.counts, rates, dispersion), moves)
            if np.all(likelihood - before < _GAIN):
                break
            before, weights = likelihood, held[known]
            total = np.tensordot(past.counts[known], weights, (0, 0))
            rates = (total + 0.5) / (weights.sum(axis=0) + 0.5 / first)
            dispersion = _dispersion(past.counts[known], rates, weights)
            moves = (moved + prior) / (moved + prior).sum(axis=2, keepdims=True)
        best = int(np.argmax(likelihood))
        order = np.argsort(rates[best])
        return cls(
            rates[best][order], float(dispersion[best]), moves[best][np.ix_(order, order)], now[best][order], past.known
        )

    def forecast(self, first: float, end: float) -> CountForecast:
        """Forecast the count from `first` to `end`, in periods after the origin.

        The probabilities are exact but for 1e-10 or so in the tail: the sum's generating function is the product of
        moves and of the states' own, read off at roots of unity. With weight 1 / (known + 1) a negative binomial of
        dispersion 1 stands beside, so that nothing is impossible.

        Raises
        ------
        InputError
            If the window does not lie after the origin.
        """
        ahead = length(first, end)
        steps = np.arange(int(first), int(np.ceil(end)))
        shares = np.minimum(steps + 1, end) - np.maximum(steps, first)
        state = self.now @ np.linalg.matrix_power(self.moves, int(first))
        at, mean = state, 0.0
        for share in shares:
            at = at @ self.moves
            mean += share * float(at @ self.rates)
        size = self._listed(ahead)
        z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
        own = {
            share: (1 + np.multiply.outer(self.dispersion * share * self.rates, 1 - z)) ** (-1 / self.dispersion)
            for share in set(shares.tolist())
        }
        moves = self.moves.T.astype(complex)  # both complex, for the quick product of matrices
        product = np.tile(state.astype(complex)[:, None], (1, z.size))
        for share in shares.tolist():
            product = (moves @ product) * own[share]
        pmf = np.clip(np.fft.irfft(product.sum(axis=0), size), 0.0, None)
        pmf = pmf[: int(np.searchsorted(np.cumsum(pmf), pmf.sum() - _TAIL)) + 1]
        exact = CountForecast.from_pmf(pmf / pmf.sum())
        broad = CountForecast.negative_binomial(mean, 1.0)
        return CountForecast.pooled((exact, broad), (self.known, 1.0))

    def _listed(self, ahead: float) -> int:
        """Return how many counts are listed: no state for all of the window has more left in its tail."""
        mean = ahead * float(self.rates.max())
        beyond = self.dispersion * mean  # a negative binomial's tail falls by beyond / (1 + beyond) from count to count
        far = mean - np.log(_TAIL) * (1 + beyond) + 12 * np.sqrt(mean * (1 + beyond))
        return min(_LONGEST, 1 << int(np.ceil(np.log2(far))))


def _prior_moves(year: float) -> FloatArray:
    """Return what counts before anything is seen: of each state one spell of a quarter of a year."""
    return np.asarray(np.full((3, 3), 0.5) + (max(1.0, year / 4 - 1) - 0.5) * np.eye(3))


def _logs(counts: FloatArray, rates: FloatArray, dispersion: FloatArray) -> FloatArray:
    """Return the log probability of each count under each state, 0 where it is not known: (period, start, state)."""
    n, r = counts[:, None, None], 1.0 / dispersion[:, None]
    logs = special.gammaln(n + r) - special.gammaln(r) - special.gammaln(n + 1)
    logs = logs + r * np.log(r / (r + rates)) + n * np.log(rates / (r + rates))
    return np.asarray(np.where(np.isfinite(n), logs, 0.0))


def _smoothed(logs: FloatArray, moves: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Run forwards and backwards over all periods, the starts side by side; the first state is as likely as any.

    Returns
    -------
    held : (period, start, state), the probability of each state given all counts
    moved : (start, state, next state), the expected number of moves
    now : (start, state), the probabilities in the last period
    likelihood : (start,), logarithm
    """
    n, starts, states = logs.shape
    top = logs.max(axis=2, keepdims=True)
    chances = np.exp(logs - top)
    forward, scale, backward = np.empty_like(logs), np.empty((n, starts, 1)), np.ones_like(logs)
    state = np.full((starts, 1, states), 1.0 / states)
    for t in range(n):
        reached = chances[t] * (state @ moves if t else state)[:, 0]
        scale[t] = reached.sum(axis=1, keepdims=True)
        forward[t] = reached / scale[t]
        state = forward[t][:, None]
    back = np.swapaxes(moves, 1, 2)
    ahead = chances / scale
    for t in range(n - 1, 0, -1):
        ahead[t] *= backward[t]
        backward[t - 1] = (ahead[t][:, None] @ back)[:, 0]
    moved = moves * np.einsum("tsi,tsj->sij", forward[:-1], ahead[1:])
    return forward * backward, moved, forward[-1], np.asarray((np.log(scale) + top).sum(axis=(0, 2)))


def _dispersion(counts: FloatArray, rates: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the likeliest dispersion of each start, the states weighted as they were held."""
    likely = np.empty((_DISPERSIONS.size, len(rates)))
    for k, dispersion in enumerate(_DISPERSIONS):
        logs = _logs(counts, rates, np.full(len(rates), dispersion))
        likely[k] = (weights * logs).sum(axis=(0, 2)) - 0.5 * np.log(dispersion) ** 2
    return np.asarray(_DISPERSIONS[np.argmax(likely, axis=0)])
