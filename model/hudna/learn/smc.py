"""Learning parameters as the rows come in: a sequential Monte Carlo sampler whose likelihood is a particle filter.

Draws of the parameters carry a particle filter each. A week of rows weighs them; when few of them still count, they are
resampled and moved by Metropolis-Hastings steps, for which the filter of a proposal is run from the start (SMC squared:
Chopin, Jacob & Papaspiliopoulos 2013, "SMC2", JRSS B 75). One pass has the posterior of every date on its way.

Parameters are moved as the standard normal numbers that stand for them under their priors. Those that the rows have
said something about are proposed around the normal distribution that fits the draws, the others around the prior.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from hudna.arrays import BoolArray, FloatArray, IntArray
from hudna.engine.draws import parameters_from_scores, prior_scores
from hudna.engine.ensemble import Ensemble
from hudna.engine.program import Program
from hudna.engine.states import States
from hudna.learn.filter import Filter, systematic
from hudna.learn.timetable import Timetable

__all__ = ["Island", "Known", "LostError", "Move", "Snapshot", "derived_seed"]

_RESAMPLE_BELOW = 0.5  # of the draws, as an effective sample size
_BEARABLE = 0.5  # of the draws: a step that leaves fewer weighs by degrees
_MOVED = 1.5  # moves that the average draw accepts after each resampling
_MOST_MOVES = 8
_KEPT = (0.3, 0.6, 0.85)  # correlations of a proposal with where it comes from, in turn
_KEPT_PRIOR = 0.8  # the same for what the rows say nothing of


@dataclass(frozen=True)
class Move:
    """What one round of moves did, after so many steps: draws that still counted, share accepted by move."""

    step: int
    effective: float
    accepted: tuple[float, ...]
    learned: tuple[int, ...]  # parameters that were proposed from what had been learned


@dataclass(frozen=True)
class Known:
    """What is known in a stretch of the pass: the program with its regimes held, and the timetable, to a step."""

    program: Program
    table: Timetable
    until: int


@dataclass(frozen=True)
class Snapshot:
    """Draws of equal weight and the states of their paths.

    theta, scores : (draw, parameter); states; origin : (draw), which distinct parameters a draw has
    """

    theta: FloatArray
    scores: FloatArray
    states: States
    origin: IntArray

    @property
    def distinct(self) -> int:
        """Number of distinct draws of the parameters."""
        return int(np.unique(self.origin).size)


@dataclass
class Island:
    """One sampler; several of them with seeds of their own show how far the result is chance."""

    program: Program
    n_draws: int
    n_paths: int
    seed: int
    engine: str = "vm"
    scores: FloatArray = field(init=False)
    filter: Filter = field(init=False)
    weights: FloatArray = field(init=False)
    log_evidence: float = field(init=False, default=0.0)
    effective: list[float] = field(init=False, default_factory=list)
    moves: list[Move] = field(init=False, default_factory=list)
    fresh: int = field(init=False, default=0)  # rounds of moves after the last row

    def __post_init__(self) -> None:
        draws = np.arange(self.n_draws, dtype=np.uint64)
        self.scores = prior_scores(self.program, self.seed, draws)
        theta = parameters_from_scores(self.program, self.scores)
        self.filter = self._filter(self.program, theta, self.seed)
        self.weights = np.full(self.n_draws, -np.log(self.n_draws))

    def __reduce__(self) -> str | tuple[Any, ...]:
        """Travel as its arguments until it has begun: all its numbers follow from them."""
        if self.step == 0:
            return Island, (self.program, self.n_draws, self.n_paths, self.seed, self.engine)
        return super().__reduce__()

    @property
    def step(self) -> int:
        """Steps taken."""
        return self.filter.ensemble.step

    def learn(
        self, known: Known, tick: Callable[[], None] | None = None, keep: Callable[[Island], None] | None = None
    ) -> None:
        """Go on to the beginning of step `known.until`, weighing and moving the draws on the way.

        `tick` is called after every step of a filter; what it raises ends the work. `keep` is called after every step
        of the sampler, when its state is all that the rest follows from.
        """
        self.filter.ensemble.under(known.program)
        while self.step < known.until:
            self.filter.step(known.table)
            if tick is not None:
                tick()
            self._weigh(known, tick)
            if keep is not None:
                keep(self)

    def refresh(self, known: Known, tick: Callable[[], None] | None = None) -> None:
        """Resample and move the draws once more, so that those handed on differ."""
        self._renew(known, 1.0, tick)
        self.fresh += 1

    def expected(self, until: int, fresh: int) -> float:
        """Return about how many steps of a filter are still to come up to step `until` and so many fresh rounds.

        A round of moves goes through all steps so far. Rounds come as often, and take as many moves, as until now; in
        the beginning as in the shipped cases, every other step and four: totals of two-militias were 10 to 30 % off.
        """
        done, rounds = self.step, len(self.moves)
        moves = (4 * 3 + sum(len(move.accepted) for move in self.moves)) / (3 + rounds)
        often = (6 + rounds) / (12 + done)
        return (until - done) + often * moves * (until**2 - done**2) / 2 + max(0, fresh - self.fresh) * moves * until

    def snapshot(self, draws: int, paths: int, seed: int) -> Snapshot:
        """Return draws of equal weight, with paths of equal weight each."""
        random = np.random.default_rng([seed, self.step, 0x736E61])
        chosen = systematic(np.exp(self.weights)[None, :], random.random(1), draws)[0]
        taken = self.filter.take(chosen)
        taken.ensemble.seed = seed
        taken.settle_weights()
        return Snapshot(
            theta=taken.ensemble.theta,
            scores=self.scores[chosen],
            states=taken.ensemble.states().evenly(paths),
            origin=np.unique(self.scores[chosen], axis=0, return_inverse=True)[1].ravel(),
        )

    def _filter(self, program: Program, theta: FloatArray, seed: int) -> Filter:
        ensemble = Ensemble(program, theta, paths=self.n_paths, seed=seed, engine=self.engine)
        return Filter.begin(ensemble)

    def _weigh(self, known: Known, tick: Callable[[], None] | None) -> None:
        """Let the last step weigh: at once, or by degrees with moves in between where it says too much for that."""
        done = 0.0
        while done < 1:
            share = self._bearable(1 - done)
            heavy = self.weights + share * self.filter.added
            total = float(special.logsumexp(heavy))
            if not np.isfinite(total):
                raise LostError(self.step - 1)
            self.log_evidence += total
            self.weights = heavy - total
            done = 1.0 if share == 1 - done else done + share
            counted = float(np.exp(-special.logsumexp(2 * self.weights)))
            self.effective.append(counted)
            if counted < _RESAMPLE_BELOW * self.n_draws:
                self._renew(known, done, tick)

    def _bearable(self, most: float) -> float:
        """Return how much of the last step's weight leaves enough draws that count."""

        def counted(share: float) -> float:
            heavy = self.weights + share * np.where(np.isfinite(self.filter.added), self.filter.added, -1e300)
            return float(np.exp(2 * special.logsumexp(heavy) - special.logsumexp(2 * heavy)))

        if counted(most) >= _BEARABLE * self.n_draws:
            return most
        low, high = 0.0, most
        while high - low > 1e-3 * most:
            middle = (low + high) / 2
            low, high = (middle, high) if counted(middle) >= _BEARABLE * self.n_draws else (low, middle)
        return max(low, 1e-3 * most)

    def _renew(self, known: Known, share: float, tick: Callable[[], None] | None) -> None:
        """Resample the draws and move them, with so much of the last step's weight."""
        random = np.random.default_rng([self.seed, self.step, len(self.moves), 0x6D6F76])
        normal = _Fitted.to(self.scores, np.exp(self.weights))
        chosen = systematic(np.exp(self.weights)[None, :], random.random(1))[0]
        effective = self.effective[-1] if self.effective else float(self.n_draws)
        self.scores, self.filter = self.scores[chosen], self.filter.take(chosen)
        self.weights = np.full(self.n_draws, -np.log(self.n_draws))
        accepted: list[float] = []
        while sum(accepted) < _MOVED and len(accepted) < _MOST_MOVES:
            kept = _KEPT[len(accepted) % len(_KEPT)]
            proposed, prior_ratio = normal.propose(self.scores, kept, random)
            accepted.append(self._move(proposed, prior_ratio, known, share, random, tick))
        self.moves.append(Move(self.step, effective, tuple(accepted), tuple(np.flatnonzero(normal.learned).tolist())))

    def _move(
        self,
        proposed: FloatArray,
        prior_ratio: FloatArray,
        known: Known,
        share: float,
        random: np.random.Generator,
        tick: Callable[[], None] | None,
    ) -> float:
        theta = parameters_from_scores(self.program, proposed)
        other = self._filter(known.program, theta, _seed(self.seed, int(random.integers(2**32))))
        while other.ensemble.step < self.step:
            other.step(known.table)
            if tick is not None:
                tick()
        with np.errstate(invalid="ignore"):
            ratio = prior_ratio + other.log_likelihood - self.filter.log_likelihood
            ratio = ratio - (1 - share) * (other.added - self.filter.added)
        ratio = np.where(np.isneginf(other.log_likelihood), -np.inf, ratio)
        better = np.flatnonzero(np.log(random.random(self.n_draws)) < ratio)
        self.scores[better] = proposed[better]
        self.filter.put(better, other)
        return better.size / self.n_draws


class LostError(ArithmeticError):
    """No draw can explain what was seen in a step."""

    def __init__(self, step: int) -> None:
        super().__init__(f"no draw of the parameters can explain what was seen in step {step}")
        self.step = step

    def __reduce__(self) -> tuple[type[LostError], tuple[int]]:
        return LostError, (self.step,)


@dataclass(frozen=True)
class _Fitted:
    """A normal distribution fitted to what has been learned, and standard normal in all else."""

    learned: BoolArray
    mean: FloatArray
    root: FloatArray  # Cholesky factor of the covariance

    @classmethod
    def to(cls, scores: FloatArray, weights: FloatArray) -> _Fitted:
        counted = 1.0 / float((weights**2).sum())
        mean = weights @ scores
        spread = np.sqrt(weights @ (scores - mean) ** 2)
        # What three standard errors of a standard normal sample would leave unexplained.
        learned = (np.abs(mean) > 3 / np.sqrt(counted)) | (np.abs(spread - 1) > 3 / np.sqrt(2 * counted))
        off = (scores - mean)[:, learned]
        covariance = (off * weights[:, None]).T @ off
        shrink = min(0.5, learned.sum() / counted)  # a covariance of many numbers from few draws is mostly noise
        covariance = (1 - shrink) * covariance + shrink * np.diag(np.diag(covariance))
        covariance += 1e-3 * np.eye(covariance.shape[0])
        return cls(learned, mean[learned], np.linalg.cholesky(covariance))

    def propose(self, scores: FloatArray, kept: float, random: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return proposals that leave the fitted distribution as it is, and the log of what corrects for that."""
        fresh = random.standard_normal(scores.shape)
        proposed = _KEPT_PRIOR * scores + np.sqrt(1 - _KEPT_PRIOR**2) * fresh
        here = scores[:, self.learned]
        there = self.mean + kept * (here - self.mean) + np.sqrt(1 - kept**2) * fresh[:, self.learned] @ self.root.T
        proposed[:, self.learned] = there
        return proposed, self._excess(there) - self._excess(here)

    def _excess(self, x: FloatArray) -> FloatArray:
        """Return the log of prior over fitted density, but for a constant."""
        off = np.linalg.solve(self.root, (x - self.mean).T)
        excess: FloatArray = 0.5 * (off**2).sum(axis=0) - 0.5 * (x**2).sum(axis=1)
        return excess


def derived_seed(*words: int) -> int:
    """Return a seed of its own for what these words name."""
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def _seed(seed: int, number: int) -> int:
    digest = hashlib.blake2b(f"{seed} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")
