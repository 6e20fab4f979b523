"""The five kinds of node over the lanes of a block, one function a kind: what `hudna.engine.oracle` specifies.

Each function works through all nodes of its kind in their order. `signals[row, lane]` holds two planes of rows,
`before` and `now`; `values[column]` the numbers that the draw fixes; `uniforms[stream, lane]` this step's numbers.
It returns `GOOD`, or the refusal that stops the run with its node, lane and number in `stop`.
"""

from __future__ import annotations

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.program import NONE, EventsTable, LevelTable, ResponseTable, ScheduleTable, WindowTable
from hudna.engine.quantiles import MAX_MEAN
from hudna.engine.refusals import MAX_SCORE, Refusal
from hudna.engine.vm.compilation import compiled, inlined, merged
from hudna.engine.vm.counts import binomial, binomial_log_pmf, binomials, negative_binomial, negative_binomials
from hudna.engine.vm.maths import exp, log, logistic
from hudna.engine.vm.predictors import absolute_parts, constant_part, is_alike, predict
from hudna.engine.vm.tables import Couplings, Regimes

__all__ = ["GOOD", "events", "expectations", "levels", "look_back", "regimes", "responses", "schedules"]

GOOD = 0
FREE = -1.0  # in counts that are given: this one is drawn; -2 - k is k, known without its probability being asked
_FINITE = float(np.finfo(np.float64).max)
_LEAVING_RATE, _NEGATIVE_EXPOSURE, _EXPOSURE = (
    int(Refusal.LEAVING_RATE), int(Refusal.NEGATIVE_EXPOSURE), int(Refusal.EXPOSURE))  # fmt: skip
_EXPECTED_COUNT, _LOG_ODDS, _EXPECTED_SIZE, _SCORE = (
    int(Refusal.EXPECTED_COUNT), int(Refusal.LOG_ODDS), int(Refusal.EXPECTED_SIZE), int(Refusal.SCORE))  # fmt: skip


@inlined
def schedules(table: ScheduleTable, signals: FloatArray, now: int, t: int, policy: int, lanes: int) -> int:
    """Read the tables off."""
    for s in range(table.signal.size):
        row, x = now + table.signal[s], table.table[policy, s, t]
        for i in range(lanes):
            signals[row, i] = x
    return GOOD


@inlined
def regimes(
    table: Regimes,
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    uniforms: FloatArray,
    waits: FloatArray,
    t: int,
    h: float,
    eta: FloatArray,
    work: FloatArray,
    stop: FloatArray,
    lanes: int,
) -> int:
    """Leave a state with probability 1 - exp(-h sum r), then choose where to in proportion to r; chances come first.

    u < 1 - exp(-h sum r) just where `waits[node, lane]`, which is -log(1 - u), is less than h sum r.
    Regimes that are held act like schedules: everyone sees their state at once, so they come first.
    """
    for r in range(table.signal.size):
        if table.clamp[r, t] != NONE:
            state, held = now + table.state[r], np.float64(table.clamp[r, t])
            for i in range(lanes):
                signals[state, i] = held
            _publish_regime(table, r, signals, state, before, lanes)
            _publish_regime(table, r, signals, state, now, lanes)
    for r in range(table.signal.size):
        if table.clamp[r, t] != NONE:
            continue
        ways = table.n_ways[r]
        for k in range(ways):
            _rates(table, r, k, couplings, values, signals, before, now, eta, work, lanes)
        old, new = before + table.state[r], now + table.state[r]
        leaving, wild = 0, 0
        for i in range(lanes):
            total = work[ways, i] if ways else 0.0
            signals[new, i] = signals[old, i]
            leaving += 1 if waits[r, i] < h * total else 0
            wild += 0 if total <= _FINITE else 1
        if wild:
            for i in range(lanes):
                if not work[ways, i] <= _FINITE:
                    return _refuse(stop, _LEAVING_RATE, r, i, work[ways, i])
        if leaving:
            _leave(table, r, signals, old, new, waits, uniforms, h, work, lanes)
        _follow(table, r, values, signals, before, old, new, uniforms, h, work, lanes)
        _publish_regime(table, r, signals, new, now, lanes)
    for e in range(table.entry_signal.size):
        row, number, k = now + table.entry_signal[e], table.state[table.entry_regime[e]], table.entry_state[e]
        for i in range(lanes):
            here, was = signals[now + number, i] == k, signals[before + number, i] == k
            signals[row, i] = 1.0 if here and not was else 0.0
    return GOOD


@merged
def _rates(
    table: Regimes,
    r: int,
    k: int,
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    eta: FloatArray,
    work: FloatArray,
    lanes: int,
) -> None:
    """Write to `work[k + 1, lane]` the summed rates of the first k + 1 ways out of the state that the lane is in."""
    first, last = table.state_pointer[r], table.state_pointer[r + 1]
    state, alike, fresh = before + table.state[r], True, True
    for s in range(first, last):
        way = table.way_pointer[s] + k
        alike = alike and (way >= table.way_pointer[s + 1] or is_alike(couplings, table.predictor[way]))
    none = 0.0 if alike else -np.inf  # the rate, or its logarithm, where a state has no such way
    for s in range(first, last):
        way, here = table.way_pointer[s] + k, np.float64(s - first)
        if way >= table.way_pointer[s + 1]:
            continue
        row = table.predictor[way]
        if alike:
            rate = exp(constant_part(couplings, values, signals, before, now, row))
            for i in range(lanes):
                eta[i] = rate
        else:
            predict(couplings, values, signals, before, now, row, eta, lanes)
        if fresh:
            for i in range(lanes):
                x = eta[i]
                work[0, i] = x if signals[state, i] == here else none
        else:
            for i in range(lanes):
                x, other = eta[i], work[0, i]
                work[0, i] = x if signals[state, i] == here else other
        fresh = False
    for i in range(lanes):
        rate, so_far = (work[0, i] if alike else exp(work[0, i])), work[k, i]
        work[k + 1, i] = rate + so_far if k else rate


@inlined
def _leave(
    table: Regimes,
    r: int,
    signals: FloatArray,
    old: int,
    new: int,
    waits: FloatArray,
    uniforms: FloatArray,
    h: float,
    work: FloatArray,
    lanes: int,
) -> None:
    """Move the lanes that leave their state: by the first way out, or where there are several by their shares."""
    ways, several = table.n_ways[r], False
    for s in range(table.state_pointer[r], table.state_pointer[r + 1]):
        way, here = table.way_pointer[s], np.float64(s - table.state_pointer[r])
        several = several or table.way_pointer[s + 1] - way > 1
        if way < table.way_pointer[s + 1]:
            target = np.float64(table.target[way])
            for i in range(lanes):
                stays = signals[new, i]
                goes = signals[old, i] == here and waits[r, i] < h * work[ways, i]
                signals[new, i] = target if goes else stays
    if not several:
        return
    for i in range(lanes):
        total = work[ways, i]
        if waits[r, i] < h * total:
            origin = table.state_pointer[r] + np.int64(signals[old, i])
            if table.way_pointer[origin + 1] - table.way_pointer[origin] > 1:
                leave = 1.0 - exp(-h * total)
                signals[new, i] = _first(table, origin, work, ways, i, uniforms[table.stream[r], i], leave)


@inlined
def _first(table: Regimes, origin: int, work: FloatArray, ways: int, i: int, u: float, leave: float) -> float:
    """Return the target of the first way whose share of the total reaches u / leave."""
    way, last, k, mark = table.way_pointer[origin], table.way_pointer[origin + 1] - 1, 1, u * work[ways, i]
    while way < last and not mark < work[k, i] * leave:
        way, k = way + 1, k + 1
    return np.float64(table.target[way])


@compiled
def _follow(
    table: Regimes,
    r: int,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    old: int,
    new: int,
    uniforms: FloatArray,
    h: float,
    work: FloatArray,
    lanes: int,
) -> None:
    """Move the lanes where an entry of the step before has a chance; rates are for those that do not follow it."""
    first, end = table.way_pointer[table.state_pointer[r]], table.way_pointer[table.state_pointer[r + 1]]
    if table.chance_pointer[first] == table.chance_pointer[end]:
        return
    ways = table.n_ways[r]
    for i in range(lanes):
        origin = table.state_pointer[r] + np.int64(signals[old, i])
        first, end = table.way_pointer[origin], table.way_pointer[origin + 1]
        none, total = 1.0, 0.0
        for way in range(first, end):
            stays = _stays(table, way, values, signals, before, i)
            none *= stays
            total += 1.0 - stays
        if not total > 0.0:
            continue
        some, u = 1.0 - none, uniforms[table.stream[r], i]
        if u < some:
            way, so_far = first, 1.0 - _stays(table, first, values, signals, before, i)
            while way < end - 1 and not u * total < so_far * some:
                way += 1
                so_far += 1.0 - _stays(table, way, values, signals, before, i)
            signals[new, i] = np.float64(table.target[way])
        else:  # uniform again where none is followed
            rest, leave = (u - some) / (1.0 - some), 1.0 - exp(-h * work[ways, i])
            signals[new, i] = _first(table, origin, work, ways, i, rest, leave) if rest < leave else signals[old, i]


@inlined
def _stays(table: Regimes, way: int, values: FloatArray, signals: FloatArray, before: int, i: int) -> float:
    """Return the probability that no entry of the step before is followed this way."""
    stays = 1.0
    for c in range(table.chance_pointer[way], table.chance_pointer[way + 1]):
        if signals[before + table.entry_signal[table.chance_entry[c]], i] > 0.0:
            stays *= 1.0 - values[table.chance_value[c]]
    return stays


@inlined
def _publish_regime(table: Regimes, r: int, signals: FloatArray, state: int, plane: int, lanes: int) -> None:
    row = plane + table.signal[r]
    for k in range(table.n_states[r]):
        number, value = np.float64(k), table.state_value[table.state_pointer[r] + k]
        for i in range(lanes):
            here, other = signals[state, i] == number, signals[row, i]
            signals[row + 1 + k, i] = 1.0 if here else 0.0
            signals[row, i] = value if here else other


@compiled
def expectations(
    table: EventsTable,
    regime_state: IntArray,
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    memory: FloatArray,
    h: float,
    means: FloatArray,
    eta: FloatArray,
    work: FloatArray,
    stop: FloatArray,
    lanes: int,
) -> int:
    """Write exposure (exp(eta) h + e) to `means[node, lane]`; e is `memory[node, lane]`."""
    for e in range(table.signal.size):
        row = table.predictor[e]
        if values[table.branching[e]] != 0.0 and table.resets[e] != NONE:
            old, new = before + regime_state[table.resets[e]], now + regime_state[table.resets[e]]
            for i in range(lanes):
                memory_of = memory[e, i]
                memory[e, i] = memory_of if signals[old, i] == signals[new, i] else 0.0
        if is_alike(couplings, row):
            rate = exp(constant_part(couplings, values, signals, before, now, row)) * h
            for i in range(lanes):
                eta[i] = rate + memory[e, i]
        else:
            predict(couplings, values, signals, before, now, row, eta, lanes)
            for i in range(lanes):
                eta[i] = exp(eta[i]) * h + memory[e, i]
        levers = 1.0
        for f in range(table.factor_pointer[e], table.factor_pointer[e + 1]):
            first, last = table.factor_signal_pointer[f], table.factor_signal_pointer[f + 1]
            alike = 1 if table.factor_lever[f] else lanes
            for i in range(alike):
                work[0, i] = 0.0
            for k in range(first, last):
                a = table.factor_signal[k] + (now if table.factor_now[k] else before)
                for i in range(alike):
                    work[0, i] += signals[a, i]
            negative, wild, power = 0, 0, values[table.factor_power[f]]
            for i in range(alike):
                total = work[0, i]
                factor = exp(power * log(total if total > 0.0 else 1.0))
                work[1, i] = factor if total > 0.0 else 0.0
                negative += 1 if total < 0.0 else 0
                wild += 0 if work[1, i] <= _FINITE else 1
            if negative:
                for i in range(alike):
                    if work[0, i] < 0.0:
                        return _refuse(stop, _NEGATIVE_EXPOSURE, e, i, work[0, i])
            if wild:
                lane = _first_beyond(work[1], _FINITE)
                return _refuse(stop, _EXPOSURE, e, lane, work[1, lane])
            if table.factor_lever[f]:
                levers *= work[1, 0]
            else:
                for i in range(lanes):
                    eta[i] *= work[1, i]
        if table.threat[e] != NONE:
            threat, per_week = now + table.threat[e], 1.0 / h
            for i in range(lanes):
                signals[threat, i] = eta[i] * per_week
        wild = 0
        for i in range(lanes):
            mean = eta[i] * levers
            means[e, i] = mean
            wild += 0 if mean <= MAX_MEAN else 1
        if wild:
            lane = _first_beyond(means[e], MAX_MEAN)
            return _refuse(stop, _EXPECTED_COUNT, e, lane, means[e, lane])
    return GOOD


@compiled
def events(
    table: EventsTable,
    values: FloatArray,
    signals: FloatArray,
    now: int,
    memory: FloatArray,
    uniforms: FloatArray,
    means: FloatArray,
    given: FloatArray,
    work: FloatArray,
    lanes: int,
) -> int:
    """n ~ Poisson(mean), or what is `given[node, lane]`; e' = d e + (1 - d) branching n."""
    for e in range(table.signal.size):
        branching, decay = values[table.branching[e]], values[table.memory[e]]
        n, dispersion = now + table.signal[e], values[table.dispersion[e]]
        negative_binomials(means[e], dispersion, uniforms, table.stream[e], signals, n, work, lanes)
        if given.shape[0]:
            for i in range(lanes):
                fixed, drawn = given[e, i], signals[n, i]
                signals[n, i] = drawn if fixed == FREE else _said(fixed)
        if branching != 0.0:
            gain = (1.0 - decay) * branching
            for i in range(lanes):
                memory[e, i] = decay * memory[e, i] + gain * signals[n, i]
    return GOOD


@compiled
def responses(
    table: ResponseTable,
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    uniforms: FloatArray,
    given: FloatArray,
    likely: FloatArray,
    eta: FloatArray,
    work: FloatArray,
    stop: FloatArray,
    lanes: int,
) -> int:
    """k ~ Binomial(n, logistic(eta)); its size is k + a negative binomial of mean k (m - 1).

    Where k is `given[node, lane]` and weighs, its log probability is added to `likely[lane]`.
    """
    for r in range(table.signal.size):
        k, row, u = now + table.signal[r], table.predictor[r], table.stream[r]
        first, last = table.trigger_pointer[r], table.trigger_pointer[r + 1]
        a = now + table.trigger[first]
        for i in range(lanes):
            work[0, i] = signals[a, i]
        for j in range(first + 1, last):
            a = now + table.trigger[j]
            for i in range(lanes):
                work[0, i] += signals[a, i]
        if is_alike(couplings, row):
            odds = constant_part(couplings, values, signals, before, now, row)
            if np.isnan(odds):
                return _refuse(stop, _LOG_ODDS, r, 0, odds)
            chance = logistic(odds)
            binomials(uniforms, u, work, chance, signals, k, lanes)
            if given.shape[0]:
                for i in range(lanes):
                    if given[r, i] != FREE:
                        signals[k, i] = _said(given[r, i])
                        likely[i] += binomial_log_pmf(given[r, i], work[0, i], chance) if given[r, i] > FREE else 0.0
        else:
            predict(couplings, values, signals, before, now, row, eta, lanes)
            wild = 0
            for i in range(lanes):
                wild += 1 if np.isnan(eta[i]) else 0
            if wild:
                return _refuse(stop, _LOG_ODDS, r, _first_beyond(eta, np.inf), np.nan)
            for i in range(lanes):
                n = work[0, i]
                signals[k, i] = binomial(uniforms[u, i], n, logistic(eta[i])) if n > 0.0 else 0.0
                if given.shape[0] and given[r, i] != FREE:
                    signals[k, i] = _said(given[r, i])
                    likely[i] += binomial_log_pmf(given[r, i], n, logistic(eta[i])) if given[r, i] > FREE else 0.0
        if table.size_signal[r] == NONE:
            continue
        size, u = now + table.size_signal[r], table.size_stream[r]
        more, dispersion = values[table.size_mean[r]] - 1.0, values[table.size_dispersion[r]]
        for i in range(lanes):
            count = signals[k, i]
            signals[size, i] = 0.0
            if count > 0.0:
                beyond = count * more
                if not beyond <= MAX_MEAN:
                    return _refuse(stop, _EXPECTED_SIZE, r, i, beyond)
                signals[size, i] = count + negative_binomial(uniforms[u, i], beyond, dispersion / count)
    return GOOD


@inlined
def levels(
    table: LevelTable,
    couplings: Couplings,
    values: FloatArray,
    signals: FloatArray,
    before: int,
    now: int,
    scores: FloatArray,
    normals: FloatArray,
    eta: FloatArray,
    work: FloatArray,
    stop: FloatArray,
    lanes: int,
) -> int:
    """z' = m z + (1 - m) eta + sd sqrt(1 - m^2) N(0, 1); x = logistic(z); z is `scores[node, lane]`."""
    for x in range(table.signal.size):
        row, signal = table.predictor[x], now + table.signal[x]
        m, sd = values[table.memory[x]], values[table.sd[x]]
        rest, scale = 1.0 - m, sd * np.sqrt(1.0 - m * m)
        predict(couplings, values, signals, before, now, row, eta, lanes)
        wild = 0
        if sd != 0.0:
            for i in range(lanes):
                z = m * scores[x, i] + rest * eta[i] + scale * normals[table.stream[x], i]
                scores[x, i] = z
                wild += 0 if abs(z) <= MAX_SCORE else 1
        else:
            for i in range(lanes):
                z = m * scores[x, i] + rest * eta[i]
                scores[x, i] = z
                wild += 0 if abs(z) <= MAX_SCORE else 1
        if wild:
            for i in range(lanes):
                eta[i] = abs(scores[x, i])
            lane = _first_beyond(eta, MAX_SCORE)
            return _refuse(stop, _SCORE, x, lane, scores[x, lane])
        for i in range(lanes):
            signals[signal, i] = logistic(scores[x, i])
        if table.cross[x] != NONE:
            absolute_parts(couplings, values, signals, before, now, row, eta, work, lanes)
            old, new = before + table.cross[x], now + table.cross[x]
            for i in range(lanes):
                signals[new, i] = m * signals[old, i] + rest * eta[i]
    return GOOD


@compiled
def look_back(table: WindowTable, after: int, signals: FloatArray, before: int, now: int, lanes: int) -> None:
    """Sum weight x part of the windows that are known after a kind; past a window's first part, each as of before."""
    for w in range(table.signal.size):
        if table.after[w] != after:
            continue
        first, out = table.pointer[w], now + table.signal[w]
        part, weight = now + table.part[first], table.weight[first]
        for i in range(lanes):
            signals[out, i] = weight * signals[part, i]
        for j in range(first + 1, table.pointer[w + 1]):
            part, older, weight = now + table.part[j], before + table.part[j - 1], table.weight[j]
            for i in range(lanes):
                signals[part, i] = signals[older, i]
                signals[out, i] += weight * signals[part, i]


@inlined
def _said(given: float) -> float:
    return -2.0 - given if given < FREE else given


@compiled
def _first_beyond(numbers: FloatArray, limit: float) -> int:
    """Return the first lane whose number is not at most `limit`; NaN is not."""
    for i in range(numbers.size):
        if not numbers[i] <= limit:
            return i
    return 0


@compiled
def _refuse(stop: FloatArray, refusal: int, node: int, lane: int, number: float) -> int:
    stop[0], stop[1], stop[2] = node, lane, number
    return refusal
