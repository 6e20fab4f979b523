"""The oracle: the five kinds of node in plain NumPy, one function a kind. It is the specification in code.

Arrays have the shape (draws, paths) or broadcast to it: a schedule is (1, 1), a number that a draw fixes
(draws, 1). Nothing here mixes one path with another, so any block of paths gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from hudna.arrays import BoolArray, FloatArray, IntArray
from hudna.engine.probabilities import binomial_log_pmf
from hudna.engine.program import NONE, After, Program, last_week
from hudna.engine.quantiles import MAX_MEAN, binomial_quantile, negative_binomial_quantile, poisson_quantile
from hudna.engine.refusals import MAX_SCORE, Refusal, refusal_text
from hudna.errors import SimulationError

__all__ = [
    "FREE",
    "RefusedError",
    "State",
    "Step",
    "advance",
    "expect",
    "exposure_factor",
    "held_log_probability",
    "initial",
    "settle",
    "silent",
]

FREE = -1.0  # in counts that are given: this one is drawn; -2 - k is k, known without its probability being asked


@dataclass(frozen=True)
class State:
    """All that the next step needs: signals as of this step, and what the nodes remember.

    Each field is a tuple with an array per signal, regime, events node or level.
    """

    signals: tuple[FloatArray, ...]
    regimes: tuple[IntArray, ...]
    memories: tuple[FloatArray, ...]
    scores: tuple[FloatArray, ...]
    crosses: tuple[FloatArray, ...]


class Step:
    """One step under way: what is read (before, now) and what is being written (now)."""

    def __init__(
        self,
        program: Program,
        state: State,
        values: FloatArray,
        uniforms: list[FloatArray],
        t: int,
        policy: int,
    ) -> None:
        self.program = program
        self.state = state
        self.values = values
        self.uniforms = uniforms
        self.t = t
        self.policy = policy
        self.before = list(state.signals)
        self.now = list(state.signals)
        self.regimes: tuple[IntArray, ...] = state.regimes
        self.memories: list[FloatArray] = list(state.memories)
        self.means: list[FloatArray] = []

    def value(self, column: int) -> FloatArray:
        """Return a number that the draw fixes, shape (draws, 1)."""
        number: FloatArray = self.values[column][:, None]
        return number

    def term(self, j: int) -> FloatArray:
        """Return value x (signal - reference) of one term, the signal as of now or of the step before."""
        couplings = self.program.couplings
        signal = (self.now if couplings.now[j] else self.before)[int(couplings.signal[j])]
        reference = float(couplings.reference[j])
        value = self.value(int(couplings.value[j]))
        product: FloatArray = value * (signal - reference) if reference else value * signal
        return product

    def predictor(self, row: int) -> FloatArray:
        """Sum the terms of one linear predictor, in their order."""
        eta = np.zeros((1, 1))
        with np.errstate(over="ignore", invalid="ignore"):  # every reader refuses what is out of range
            for j in self.program.couplings.terms(row):
                eta = eta + self.term(j)
        return eta

    def absolute(self, row: int) -> FloatArray:
        """Sum the absolute parts of one predictor, its base left out; a sum of signals is one part."""
        couplings = self.program.couplings
        total, part = np.zeros((1, 1)), np.zeros((1, 1))
        with np.errstate(over="ignore", invalid="ignore"):
            for j in couplings.terms(row):
                if couplings.signal[j] == 0:
                    continue
                if couplings.opens[j]:
                    total, part = total + np.abs(part), np.zeros((1, 1))
                part = part + self.term(j)
            return total + np.abs(part)


def initial(program: Program, values: FloatArray, draws: IntArray | None = None) -> State:
    """Return the state before the first step: every node's start, that of a count spread over the week before.

    `values` have the shape (n_values, n_draws); `draws` are the numbers of the draws, for errors, counted from 0 if
    left out.
    """
    signals: list[FloatArray] = [np.zeros((1, 1)) for _ in program.signals]
    signals[0] = np.ones((1, 1))
    h = program.step
    past = last_week(program.step_days)
    past = past / past[0]  # a step that is longer than a week counts as a whole
    for s, start in zip(program.schedules.signal, program.schedules.start, strict=True):
        signals[s] = np.full((1, 1), start)
    regimes = []
    for i in range(len(program.regimes.name)):
        state = np.full((1, 1), program.regimes.start[i], np.int64)
        _publish_regime(program, i, state, signals)
        regimes.append(state)
    memories = []
    for i, s in enumerate(program.events.signal):
        signals[s] = values[program.events.start[i]][:, None] * h
        decay, branching = values[program.events.memory[i]], values[program.events.branching[i]]
        left = (past[:, None] * decay ** np.arange(past.size)[:, None]).sum(axis=0)
        memories.append(((1 - decay) * branching * left)[:, None] * signals[s])
    for i, s in enumerate(program.responses.signal):
        signals[s] = values[program.responses.start[i]][:, None] * h
        if program.responses.size_signal[i] != NONE:
            signals[program.responses.size_signal[i]] = values[program.responses.size_start[i]][:, None] * h
    windows = program.windows
    for i, s in enumerate(windows.signal):
        parts = slice(int(windows.pointer[i]), int(windows.pointer[i + 1]))
        for part in windows.part[parts]:
            signals[part] = signals[int(windows.part[parts][0])]
        signals[s] = signals[int(windows.part[parts][0])] * windows.weight[parts].sum()
    scores = []
    for i, s in enumerate(program.levels.signal):
        score = values[program.levels.start[i]][:, None]
        bad = np.argwhere(~np.isfinite(score))
        if bad.size:
            draw = int(bad[0][0]) if draws is None else int(draws[bad[0][0]])
            raise SimulationError(f"level {program.levels.name[i]}, draw {draw}: its start must lie inside (0, 1)")
        signals[s] = special.expit(score)
        scores.append(score)
    start = State(tuple(signals), tuple(regimes), tuple(memories), tuple(scores), ())
    reading = Step(program, start, values, [], 0, 0)
    crosses = []
    for i, cross in enumerate(program.levels.cross):
        settled = reading.absolute(int(program.levels.predictor[i])) if cross != NONE else np.zeros((1, 1))
        if cross != NONE:
            signals[cross] = settled
        crosses.append(settled)
    return State(tuple(signals), tuple(regimes), tuple(memories), tuple(scores), tuple(crosses))


def advance(
    program: Program, state: State, values: FloatArray, uniforms: list[FloatArray], t: int, policy: int
) -> State:
    """Simulate step `t` under a policy, given by its index, in the order of the week.

    values : shape (n_values, n_draws); uniforms : one a stream, shape (n_draws, n_paths), each in (0, 1)

    Raises
    ------
    SimulationError
        If a rate or level leaves the range of numbers; it names the node, and as `draw` and `path` the
        place in the block.
    """
    return settle(expect(program, state, values, uniforms, t, policy))[0]


def expect(program: Program, state: State, values: FloatArray, uniforms: list[FloatArray], t: int, policy: int) -> Step:
    """Simulate the first half of a step: schedules, regimes, and how many events each node must expect.

    The parameters are those of `advance`. Events read what comes before them in the week and one another as of the
    step before, so all expected counts, `means` of the step, are known before the first event happens.
    """
    step = Step(program, state, values, uniforms, t, policy)
    for i, s in enumerate(program.schedules.signal):
        step.now[s] = np.full((1, 1), program.schedules.table[policy, i, t])
    clamped = [_clamped(step, i) for i in range(len(program.regimes.name))]
    step.regimes = tuple(
        held if held is not None else _regime(step, i, state.regimes[i]) for i, held in enumerate(clamped)
    )
    for i, new in enumerate(step.regimes):
        _publish_regime(program, i, new, step.now)
    table = program.regimes
    for s, i, k in zip(table.entry_signal, table.entry_regime, table.entry_state, strict=True):
        step.now[s] = ((step.regimes[i] == k) & (state.regimes[i] != k)).astype(np.float64)
    step.means = [_expected(step, i) for i in range(len(program.events.name))]
    return step


def settle(
    step: Step, events: list[FloatArray | None] | None = None, answers: list[FloatArray | None] | None = None
) -> tuple[State, FloatArray]:
    """Simulate the second half of a step, as `expect` left it: events, responses, levels.

    events, answers : counts that are given, shape (n_draws, n_paths), or None, one for each events node and each
    response: `FREE` where they are drawn like any others, `silent(k)` where they are k but do not weigh

    Besides the state it returns the log probability of the answers that are given, each given what it answers; it
    broadcasts to (n_draws, n_paths).
    """
    program = step.program
    for i in range(len(program.events.name)):
        _happen(step, i, events[i] if events else None)
    _look_back(step, After.EVENTS)
    likely = np.zeros((1, 1))
    for i in range(len(program.responses.name)):
        likely = likely + _response(step, i, answers[i] if answers else None)
    _look_back(step, After.RESPONSES)
    levels = [_level(step, i) for i in range(len(program.levels.name))]
    _look_back(step, After.LEVELS)
    state = State(
        tuple(step.now),
        step.regimes,
        tuple(step.memories),
        tuple(score for score, _ in levels),
        tuple(cross for _, cross in levels),
    )
    return state, likely


def _publish_regime(program: Program, i: int, state: IntArray, signals: list[FloatArray]) -> None:
    table = program.regimes
    first = int(table.signal[i])
    signals[first] = table.state_value[int(table.state_pointer[i]) + state]
    for k in range(int(table.n_states[i])):
        signals[first + 1 + k] = (state == k).astype(np.float64)


def _clamped(step: Step, i: int) -> IntArray | None:
    """Return the state in which a regime is held; it acts like a schedule, so everyone sees it at once."""
    held = int(step.program.regimes.clamp[i, step.t])
    if held == NONE:
        return None
    state = np.full((1, 1), held, np.int64)
    _publish_regime(step.program, i, state, step.before)
    return state


def held_log_probability(program: Program, state: State, values: FloatArray, t: int, policy: int, i: int) -> FloatArray:
    """Return the log probability that regime i, which is held in step t, would go there if it were left alone.

    `state` is as of the step before; the result broadcasts to (n_draws, n_paths).
    """
    step = Step(program, state, values, [], t, policy)
    for other in range(len(program.regimes.name)):
        if other != i:
            _clamped(step, other)
    table, h, target = program.regimes, program.step, int(program.regimes.clamp[i, t])
    likely = np.full((1, 1), -np.inf)
    for origin in np.unique(state.regimes[i]):
        ways = range(int(table.transition_pointer[i]), int(table.transition_pointer[i + 1]))
        rates = {j: exponential(step.predictor(int(table.predictor[j]))) for j in ways if table.origin[j] == origin}
        chances, some = _chances(step, list(rates))
        with np.errstate(over="ignore"):
            total = sum(rates.values(), start=np.zeros((1, 1)))
        with np.errstate(divide="ignore", invalid="ignore"):
            none = np.log1p(-some)
            if origin == target:
                here = none - h * total
            else:
                goes = sum((rate for j, rate in rates.items() if table.target[j] == target), start=np.zeros((1, 1)))
                by_rate = np.where(goes > 0, none + np.log(-np.expm1(-h * total)) + np.log(goes / total), -np.inf)
                sent = sum((p for j, p in chances.items() if table.target[j] == target), start=np.zeros((1, 1)))
                by_chance = np.where(sent > 0, np.log(some) + np.log(sent / sum(chances.values())), -np.inf)
                here = np.logaddexp(by_rate, by_chance)
        likely = np.where(state.regimes[i] == origin, here, likely)
    return likely


def _chances(step: Step, ways: list[int]) -> tuple[dict[int, FloatArray], FloatArray]:
    """Return the chance p_j that entries of the step before give each way, and that of any, 1 - prod(1 - p_j)."""
    table = step.program.regimes
    found: dict[int, FloatArray] = {}
    none = np.ones((1, 1))
    for j in ways:
        stays = np.ones((1, 1))
        for c in range(int(table.chance_pointer[j]), int(table.chance_pointer[j + 1])):
            entered = step.before[int(table.entry_signal[table.chance_entry[c]])]
            stays = stays * np.where(entered > 0, 1 - step.value(int(table.chance_value[c])), 1.0)
        none = none * stays
        found[j] = 1 - stays
    return found, 1 - none


def _regime(step: Step, i: int, state: IntArray) -> IntArray:
    """Follow an entry with its chance; if none is followed, leave with 1 - exp(-h sum r), where to in proportion to r.

    Of several chances at once any is followed with 1 - prod(1 - p), which of them in proportion to p.
    """
    table, h = step.program.regimes, step.program.step
    u = step.uniforms[int(table.stream[i])]
    new = state
    first, last = int(table.transition_pointer[i]), int(table.transition_pointer[i + 1])
    for origin in np.unique(table.origin[first:last]):
        ways = [j for j in range(first, last) if table.origin[j] == origin]
        total = np.zeros((1, 1))
        ends = []
        for j in ways:
            with np.errstate(over="ignore", invalid="ignore"):
                total = total + exponential(step.predictor(int(table.predictor[j])))
            ends.append(total)
        _refuse(step, (state == origin) & ~np.isfinite(total), Refusal.LEAVING_RATE, i, total)
        chances, some = _chances(step, ways)
        followed = (state == origin) & (u < some)
        rest = u
        if np.any(some > 0):
            with np.errstate(divide="ignore", invalid="ignore"):
                rest = np.where(some > 0, (u - some) / (1 - some), u)  # uniform again where none is followed
            sums = list(np.cumsum(np.broadcast_arrays(*chances.values()), axis=0))
            new = np.where(followed, _first(table.target[ways], sums, u, some), new)
        leave = -np.expm1(-h * total)
        here = (state == origin) & ~followed & (rest < leave)
        if here.any():
            new = np.where(here, _first(table.target[ways], ends, rest, leave), new)
    return new


def _first(targets: IntArray, ends: list[FloatArray], u: FloatArray, leave: FloatArray) -> IntArray:
    """Return the first target whose share of the last of `ends` reaches u / leave, which is uniform again."""
    mark = u * ends[-1]
    found = np.full((1, 1), targets[-1], np.int64)
    for target, end in reversed(list(zip(targets[:-1], ends[:-1], strict=True))):
        found = np.where(mark < end * leave, target, found)
    return found


def _expected(step: Step, i: int) -> FloatArray:
    """Return exposure (exp(eta) h + e), how many events there are in the mean."""
    table, h = step.program.events, step.program.step
    resets = int(table.resets[i])
    if resets != NONE:
        same = step.regimes[resets] == step.state.regimes[resets]
        step.memories[i] = np.where(same, step.memories[i], 0.0)
    levers, others = _exposure(step, i)
    with np.errstate(over="ignore", invalid="ignore"):
        intensity = others * (exponential(step.predictor(int(table.predictor[i]))) * h + step.memories[i])
        mean = levers * intensity
    _refuse(step, ~(mean <= MAX_MEAN), Refusal.EXPECTED_COUNT, i, mean)
    if table.threat[i] != NONE:
        step.now[int(table.threat[i])] = intensity / h
    return mean


def silent(k: float) -> float:
    """Return how a known count is given whose probability is not asked."""
    return -2.0 - k


def _said(given: FloatArray) -> FloatArray:
    return np.where(given < FREE, -2.0 - given, given)


def _happen(step: Step, i: int, given: FloatArray | None) -> None:
    """n ~ Poisson(mean), or negative binomial; e' = d e + (1 - d) branching n."""
    table, mean = step.program.events, step.means[i]
    u = step.uniforms[int(table.stream[i])]
    dispersion = step.value(int(table.dispersion[i]))
    if dispersion.any():
        n = negative_binomial_quantile(u, mean, dispersion)
    else:
        n = poisson_quantile(u, mean)
    if given is not None:
        n = np.where(given == FREE, n, _said(given))
    step.now[int(table.signal[i])] = n
    decay, branching = step.value(int(table.memory[i])), step.value(int(table.branching[i]))
    if branching.any():
        step.memories[i] = decay * step.memories[i] + (1 - decay) * branching * n


def exponential(x: FloatArray) -> FloatArray:
    """Return e ** x in the range that every engine has: 0 below -708, infinite above 709."""
    with np.errstate(over="ignore"):
        return np.where(x > 709.0, np.inf, np.where(x < -708.0, 0.0, np.exp(x)))


def exposure_factor(total: FloatArray, power: FloatArray) -> FloatArray:
    """Return total ** power, where 0 stays 0 whatever the power; infinite where it overflows."""
    # Not `**`: NumPy squares and roots another way where the power is a single number.
    logarithm = np.log(np.where(total > 0, total, 1.0))
    with np.errstate(over="ignore"):
        return np.where(total > 0, exponential(power * logarithm), 0.0)


def _exposure(step: Step, i: int) -> tuple[FloatArray, FloatArray]:
    """Return the product of the levers' factors and that of the others; 0 stays 0 whatever the power."""
    table = step.program.events
    levers, others = np.ones((1, 1)), np.ones((1, 1))
    for f in range(int(table.factor_pointer[i]), int(table.factor_pointer[i + 1])):
        total = np.zeros((1, 1))
        for k in range(int(table.factor_signal_pointer[f]), int(table.factor_signal_pointer[f + 1])):
            total = total + (step.now if table.factor_now[k] else step.before)[int(table.factor_signal[k])]
        _refuse(step, total < 0, Refusal.NEGATIVE_EXPOSURE, i, total)
        factor = exposure_factor(total, step.value(int(table.factor_power[f])))
        _refuse(step, ~np.isfinite(factor), Refusal.EXPOSURE, i, factor)
        with np.errstate(over="ignore", invalid="ignore"):  # the expected count is refused
            if table.factor_lever[f]:
                levers = levers * factor
            else:
                others = others * factor
    return levers, others


def _response(step: Step, i: int, given: FloatArray | None) -> FloatArray:
    """k ~ Binomial(n, logistic(eta)); its size is k + a negative binomial of mean k (m - 1).

    Returns the log probability of what is given, 0 where it is drawn.
    """
    table = step.program.responses
    n = np.zeros((1, 1))
    for j in range(int(table.trigger_pointer[i]), int(table.trigger_pointer[i + 1])):
        n = n + step.now[int(table.trigger[j])]
    eta = step.predictor(int(table.predictor[i]))
    _refuse(step, np.isnan(eta), Refusal.LOG_ODDS, i, eta)
    k = binomial_quantile(step.uniforms[int(table.stream[i])], n, special.expit(eta))
    likely = np.zeros((1, 1))
    if given is not None:
        likely = np.where(given > FREE, binomial_log_pmf(given, n, special.expit(eta)), 0.0)
        k = np.where(given == FREE, k, _said(given))
    step.now[int(table.signal[i])] = k
    if table.size_signal[i] == NONE:
        return likely
    beyond = k * (step.value(int(table.size_mean[i])) - 1.0)
    _refuse(step, ~(beyond <= MAX_MEAN), Refusal.EXPECTED_SIZE, i, beyond)
    spread = step.value(int(table.size_dispersion[i])) / np.maximum(k, 1.0)
    u = step.uniforms[int(table.size_stream[i])]
    step.now[int(table.size_signal[i])] = k + negative_binomial_quantile(u, beyond, spread)
    return likely


def _level(step: Step, i: int) -> tuple[FloatArray, FloatArray]:
    """z' = m z + (1 - m) eta + sd sqrt(1 - m^2) N(0, 1); x = logistic(z)."""
    table = step.program.levels
    row = int(table.predictor[i])
    m, sd = step.value(int(table.memory[i])), step.value(int(table.sd[i]))
    z = m * step.state.scores[i] + (1 - m) * step.predictor(row)
    if sd.any():
        z = z + sd * np.sqrt(1 - m * m) * special.ndtri(step.uniforms[int(table.stream[i])])
    _refuse(step, ~(np.abs(z) <= MAX_SCORE), Refusal.SCORE, i, z)
    step.now[int(table.signal[i])] = special.expit(z)
    cross = step.state.crosses[i]
    if table.cross[i] != NONE:
        cross = m * cross + (1 - m) * step.absolute(row)
        step.now[int(table.cross[i])] = cross
    return z, cross


def _look_back(step: Step, after: After) -> None:
    """Sum weight x part of the windows that are known after a kind; past a window's first part, each as of before."""
    table = step.program.windows
    for i in np.flatnonzero(table.after == after):
        first, end = int(table.pointer[i]), int(table.pointer[i + 1])
        total = table.weight[first] * step.now[int(table.part[first])]
        for j in range(first + 1, end):
            step.now[int(table.part[j])] = step.before[int(table.part[j - 1])]
            total = total + table.weight[j] * step.now[int(table.part[j])]
        step.now[int(table.signal[i])] = total


class RefusedError(SimulationError):
    """A step that had to stop, with the place in the block: `draw` and `path` count within it."""

    def __init__(self, text: str, draw: int, path: int) -> None:
        super().__init__(text)
        self.text, self.draw, self.path = text, draw, path


def _refuse(step: Step, bad: BoolArray, refusal: Refusal, node: int, numbers: FloatArray) -> None:
    if bad.any():
        draw, path = (int(k) for k in np.argwhere(bad)[0])
        number = float(np.broadcast_to(numbers, bad.shape)[draw, path])
        raise RefusedError(refusal_text(step.program, refusal, node, number), draw, path)
