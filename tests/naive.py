"""The five kinds of node once more, one path at a time, in plain Python: what an engine is compared with.

Written from the design, with dicts and loops: no tables, no arrays, nothing of `hudna.engine`. It is slow
and obvious on purpose. A `Walk` is cut into small methods so that a test can plant a mistake in one of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from scipy import optimize, stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hudna.scenario import Scenario

    Sight = Callable[[str], float]
    Term = tuple[float, str, float]  # coefficient, what is read, the value at which it has no effect

__all__ = ["Walk", "draw_parameters", "philox", "uniform"]

WEEK = ("schedule", "regime", "events", "response", "level")  # the order of the week
WORD = 2**32


# Random numbers


def philox(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """Philox4x32-10: four words from four words of counter and two of key (Salmon et al. 2011)."""
    c, (k0, k1) = counter, key
    for _ in range(10):
        left, right = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = (right // WORD ^ c[1] ^ k0, right % WORD, left // WORD ^ c[3] ^ k1, left % WORD)
        k0, k1 = (k0 + 0x9E3779B9) % WORD, (k1 + 0xBB67AE85) % WORD
    return c


def uniform(seed: int, draw: int, path: int, step: int, stream: str) -> float:
    """Return the number in (0, 1) that the stream has at a step of a path."""
    name = int.from_bytes(hashlib.blake2b(stream.encode(), digest_size=4).digest(), "little")
    words = philox((draw, path, step // 4, name), (seed % WORD, seed // WORD))
    return (words[step % 4] + 0.5) / WORD


def inverse_count(u: float, mean: float, dispersion: float) -> int:
    """Return the least n with P(N <= n) >= u: Poisson, or negative binomial with var = mean + dispersion mean^2."""
    if mean == 0:
        return 0
    if dispersion == 0:
        return int(stats.poisson.ppf(u, mean))
    size = 1 / dispersion
    return int(stats.nbinom.ppf(u, size, size / (size + mean)))


# Parameters


def draw_parameters(scenario: Scenario, seed: int, draw: int) -> dict[str, float]:
    """Return one sample of every parameter: by inversion, correlated groups by a Gaussian copula."""
    u = {name: uniform(seed, draw, 0, 0, f"parameter.{name}") for name in scenario.parameters}
    for group in scenario.case.about.correlations.values():
        names = sorted(group.parameters)
        place = [group.parameters.index(name) for name in names]
        factor = cholesky([[group.matrix[i][j] for j in place] for i in place])
        scores = [float(stats.norm.ppf(u[name])) for name in names]
        for name, row in zip(names, factor, strict=True):
            mixed = sum(weight * score for weight, score in zip(row, scores, strict=True))
            u[name] = float(stats.norm.cdf(mixed))
    return {name: _quantile(parameter.prior, u[name]) for name, parameter in scenario.parameters.items()}


def cholesky(matrix: list[list[float]]) -> list[list[float]]:
    factor = [[0.0] * len(matrix) for _ in matrix]
    for i in range(len(matrix)):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            factor[i][j] = math.sqrt(rest) if i == j else rest / factor[j][j]
    return factor


def _quantile(prior: Any, u: float) -> float:
    if prior.family == "fixed":
        return float(prior.value)
    belief = _distribution(prior)
    low = 0.0 if prior.lower is None else belief.cdf(prior.lower)
    high = 1.0 if prior.upper is None else belief.cdf(prior.upper)
    return float(belief.ppf(low + (high - low) * u))


@cache
def _distribution(prior: Any) -> Any:
    """Return the frozen distribution of scipy that a prior describes, before truncation."""
    for tail in (5, 10, 25):
        low, high = getattr(prior, f"p{tail}"), getattr(prior, f"p{100 - tail}")
        if low is not None:
            return _from_quantiles(prior.family, low, high, tail / 100)
    match prior.family:
        case "normal":
            return stats.norm(prior.mean, prior.sd)
        case "lognormal" if prior.median is not None:
            return stats.lognorm(prior.sigma, scale=prior.median)
        case "lognormal":
            variance = math.log(1 + prior.sd**2 / prior.mean**2)
            return stats.lognorm(math.sqrt(variance), scale=prior.mean / math.exp(variance / 2))
        case "gamma" if prior.shape is not None:
            return stats.gamma(prior.shape, scale=1 / prior.rate)
        case "gamma":
            return stats.gamma(prior.mean**2 / prior.sd**2, scale=prior.sd**2 / prior.mean)
        case "beta" if prior.a is not None:
            return stats.beta(prior.a, prior.b)
        case "beta":
            size = prior.mean * (1 - prior.mean) / prior.sd**2 - 1
            return stats.beta(prior.mean * size, (1 - prior.mean) * size)
    low, width = prior.low, prior.high - prior.low
    if prior.family == "uniform":
        return stats.uniform(low, width)
    mode = (prior.mode - low) / width
    if prior.family == "triangular":
        return stats.triang(mode, low, width)
    return stats.beta(1 + 4 * mode, 1 + 4 * (1 - mode), low, width)  # pert


def _from_quantiles(family: str, low: float, high: float, tail: float) -> Any:
    """Find the member of a family with P(X < low) = P(X > high) = tail."""
    reach = 2 * stats.norm.isf(tail)
    if family == "normal":
        return stats.norm((low + high) / 2, (high - low) / reach)
    if family == "lognormal":
        return stats.lognorm(math.log(high / low) / reach, scale=math.sqrt(low * high))
    if family == "gamma":

        def excess(log_shape: float) -> float:
            unit = stats.gamma(math.exp(log_shape))
            return float(unit.isf(tail) / unit.ppf(tail) - high / low)

        shape = math.exp(optimize.brentq(excess, math.log(0.05), math.log(1e5), xtol=1e-14))
        return stats.gamma(shape, scale=high / stats.gamma(shape).isf(tail))

    def misses(logs: Any) -> list[float]:
        belief = stats.beta(math.exp(logs[0]), math.exp(logs[1]))
        return [belief.cdf(low) - tail, belief.sf(high) - tail]

    middle, sd = (low + high) / 2, (high - low) / reach
    size = max(middle * (1 - middle) / sd**2 - 1, 0.5)
    start = [math.log(middle * size), math.log((1 - middle) * size)]
    logs = optimize.root(misses, start, tol=1e-14).x
    if max(abs(miss) for miss in misses(logs)) > 1e-9:
        raise ArithmeticError(f"no beta found with quantiles {low} and {high}")
    return stats.beta(math.exp(logs[0]), math.exp(logs[1]))


# Signals


def published(name: str, node: Any) -> list[str]:
    """Return the names of the signals of a node."""
    match node.kind:
        case "regime":
            return [name, *(f"{name}.{state}" for state in node.states)]
        case "events":
            return [name, f"{name}.threat"]
        case "response":
            return [name, f"{name}.size"] if node.size else [name]
        case "level":
            return [name, f"{name}.cross"]
    return [name]


class Walk:
    """One path of a scenario under one policy, with given values of the parameters."""

    def __init__(
        self,
        scenario: Scenario,
        policy: str,
        *,
        seed: int,
        draw: int,
        path: int,
        parameters: Mapping[str, float],
    ) -> None:
        self.scenario = scenario
        self.policy = scenario.file.policies[policy]
        self.assumptions = scenario.file.assumptions
        self.seed, self.draw, self.path = seed, draw, path
        self.parameters = parameters
        self.h = scenario.file.step_days / 7
        self.nodes: dict[str, Any] = dict(sorted(scenario.nodes.items()))
        self.owner = {signal: name for name, node in self.nodes.items() for signal in published(name, node)}

        self.past: list[dict[str, float]] = []  # signals as of every step so far
        self.before: dict[str, float] = {}  # signals as of the step before
        self.now: dict[str, float] = {}  # signals as of this step, as far as it has come
        self.step = -1
        self.day = scenario.file.start
        self.held: dict[str, str] = {}  # regimes clamped in this step, and to which state
        self.state: dict[str, str] = {}
        self.changed: dict[str, bool] = {}
        self.entered: set[str] = set()  # states that regimes entered in the step before
        self.start_of: dict[str, float] = {}  # counts of the week before the first step
        self.memory: dict[str, float] = {}
        self.z: dict[str, float] = {}
        self.start()

    def run(self) -> dict[str, list[float]]:
        """Return every signal at every step."""
        series: dict[str, list[float]] = {signal: [] for signal in self.owner}
        days = self.scenario.file.step_days
        for step in range(self.scenario.file.weeks * 7 // days):
            self.step, self.day = step, self.scenario.file.start + dt.timedelta(days=step * days)
            self.now = {}
            self.week()
            for signal, values in series.items():
                values.append(self.now[signal])
            self.entered = {f"{name}.{self.state[name]}" for name, changed in self.changed.items() if changed}
            self.before = self.now
            self.past.append(self.now)
        return series

    def week(self) -> None:
        """One step: decided, in what state, happens, answered, felt."""
        for name, node in self.of("schedule"):
            self.now[name] = self.read_off(name, node)
        self.held = dict(self.clamped())
        for name, node in self.of("regime"):
            if name in self.held:
                self.enter(name, node, self.held[name])
        for name, node in self.of("regime"):
            if name not in self.held:
                self.enter(name, node, self.next_state(name, node))
        for name, node in self.of("events"):
            self.happen(name, node)
        for name in self.answers():
            self.answer(name, self.nodes[name])
        for name, node in self.of("level"):
            self.feel(name, node)

    # The step before the first

    def start(self) -> None:
        for name, node in self.nodes.items():
            match node.kind:
                case "schedule":
                    self.before[name] = node.start
                case "regime":
                    self.state[name] = node.start
                    self.before |= self.shown(name, node, node.start)
                case "events":
                    count = self.number(node.start)
                    self.start_of[name] = count
                    self.before[f"{name}.threat"] = math.nan  # the design knows none: nothing may read it
                    self.memory[name] = self.first_memory(node, count)
                case "response":
                    self.start_of[name] = self.number(node.start)
                    if node.size:
                        self.start_of[f"{name}.size"] = self.number(node.size.start)
                case "level":
                    x = self.number(node.start)
                    self.before[name] = x
                    self.z[name] = math.log(x / (1 - x))
        for name, node in self.of("level"):
            self.before[f"{name}.cross"] = self.first_cross(name, node)

    def first_memory(self, node: Any, count: float) -> float:
        """Live through the week before, in which a count was spread evenly; a longer step goes on as that week did."""
        memory, days = 0.0, self.scenario.file.step_days
        for share in reversed([min(1.0, 7 / days - k) if days < 7 else 1.0 for k in range(math.ceil(7 / days))]):
            memory = self.remember(memory, node, share * count * self.h)
        return memory

    def first_cross(self, name: str, node: Any) -> float:
        return self.both_sides(lambda signal: self.seen(signal, now=False), self.terms(name, node))

    # Who reads what, as of when

    def of(self, kind: str) -> Iterator[tuple[str, Any]]:
        return ((name, node) for name, node in self.nodes.items() if node.kind == kind)

    def number(self, value: float | str) -> float:
        return self.parameters[value] if isinstance(value, str) else value

    def meant(self, reference: str) -> list[str]:
        """Signals that a reference stands for: itself, or every node below `x` for `x.*`."""
        if reference.endswith(".*"):
            return sorted(name for name in self.nodes if name.startswith(reference[:-1]))
        return [reference]

    def sees(self, reader: str, signal: str) -> float:
        """Return a signal as of this step, if of an earlier kind or clamped, else as of the step before."""
        owner = self.owner[signal]
        earlier = WEEK.index(self.nodes[owner].kind) < WEEK.index(self.nodes[reader].kind)
        return self.seen(signal, now=earlier or owner in self.held)

    def seen(self, signal: str, *, now: bool) -> float:
        """Return a signal as it acts on others: a count per week, over the last seven days, the rest as it is."""
        if signal not in self.start_of:
            return self.now[signal] if now else self.before[signal]
        days, left, total = self.scenario.file.step_days, 7, 0.0
        for step in [*([self.now] if now else []), *reversed(self.past)]:
            taken = min(left, days)
            total, left = total + step[signal] * taken / days, left - taken
        return total + self.start_of[signal] * left / 7

    def value(self, reader: str, reference: str) -> float:
        return sum(self.sees(reader, signal) for signal in self.meant(reference))

    def parts(self, sees: Sight, terms: list[Term]) -> list[float]:
        """Return coefficient x (signal - the value at which it has no effect), term by term."""
        return [
            coefficient * (sum(sees(signal) for signal in self.meant(reference)) - neutral)
            for coefficient, reference, neutral in terms
        ]

    def effects(self, effects: Mapping[str, Any]) -> list[Term]:
        return [
            (self.number(effect.coefficient), signal, effect.relative_to) for signal, effect in sorted(effects.items())
        ]

    def pushes(self, reader: str, effects: Mapping[str, Any]) -> float:
        return sum(self.parts(partial(self.sees, reader), self.effects(effects)))

    def u(self, stream: str) -> float:
        return uniform(self.seed, self.draw, self.path, self.step, stream)

    def kept(self, node: Any) -> float:
        """Share of a memory that outlasts a step."""
        half_life = self.number(node.half_life)
        return 2 ** (-self.h / half_life) if half_life > 0 else 0.0

    # Schedules: what is decided

    def read_off(self, name: str, node: Any) -> float:
        points, interpolation = node.points, node.interpolation
        for table in (self.assumptions, self.policy.schedules):
            if name in table:
                points, interpolation = table[name].points, table[name].interpolation or node.interpolation
        passed = [i for i, (day, _) in enumerate(points) if day <= self.day]
        if not passed:
            return float(node.start)
        day, value = points[passed[-1]]
        if interpolation == "step" or passed[-1] == len(points) - 1:
            return float(value)
        next_day, next_value = points[passed[-1] + 1]
        return float(value + (next_value - value) * (self.day - day).days / (next_day - day).days)

    # Regimes: what state things are in

    def clamped(self) -> Iterator[tuple[str, str]]:
        for name, _ in self.of("regime"):
            if name in self.assumptions:
                states = [state for day, state in self.assumptions[name].states if day <= self.day]
                if states and states[-1] != "free":
                    yield name, states[-1]

    def order(self, node: Any) -> list[str]:
        return sorted(node.states, key=lambda state: (node.states[state].value, state))

    def next_state(self, name: str, node: Any) -> str:
        here = self.state[name]
        ways, chances = [], []
        for target in self.order(node):
            for way, transition in node.transitions.items():
                if [end.strip() for end in way.split("->")] == [here, target]:
                    rate = self.number(transition.rate) * math.exp(self.pushes(name, transition.effects))
                    ways.append((target, rate))
                    chances.append((target, self.chance(transition)))
        total = sum(rate for _, rate in ways)
        leaves = 1 - math.exp(-self.h * total)
        u, follows = self.u(name), 1 - math.prod(1 - p for _, p in chances)
        if u < follows:
            return self.choose(u / follows, chances)
        u = (u - follows) / (1 - follows)
        if u >= leaves:
            return here
        return self.choose(u / leaves, ways)

    def chance(self, transition: Any) -> float:
        """Return the probability that an entry of the step before is followed."""
        return 1 - math.prod(1 - self.number(p) for state, p in transition.on.items() if state in self.entered)

    def choose(self, u: float, ways: list[tuple[str, float]]) -> str:
        """Return the first way whose cumulative share is above `u`."""
        total, so_far = sum(rate for _, rate in ways), 0.0
        for target, rate in ways:
            so_far += rate
            if u < so_far / total:
                return target
        raise AssertionError("the shares add up to 1")

    def enter(self, name: str, node: Any, state: str) -> None:
        self.changed[name] = state != self.state[name]
        self.state[name] = state
        self.now |= self.shown(name, node, state)

    def shown(self, name: str, node: Any, state: str) -> dict[str, float]:
        indicators = {f"{name}.{other}": float(other == state) for other in node.states}
        return {name: node.states[state].value, **indicators}

    # Events: what happens

    def happen(self, name: str, node: Any) -> None:
        if self.forgets(node):
            self.memory[name] = 0.0
        own = self.number(node.rate) * math.exp(self.pushes(name, node.effects))
        for regime, factors in node.rate_by.items():
            own *= self.number(factors[self.state[regime]])
        exposure = threat = 1.0
        for reference, power in node.exposure.items():
            factor = self.power(self.value(name, reference), self.number(power))
            exposure *= factor
            if not self.is_lever(reference):
                threat *= factor
        mean = exposure * (own * self.h + self.memory[name])
        count = inverse_count(self.u(name), mean, self.number(node.dispersion) / self.h)
        self.now[name] = count
        self.now[f"{name}.threat"] = threat * (own + self.memory[name] / self.h)
        self.memory[name] = self.remember(self.memory[name], node, count)

    def forgets(self, node: Any) -> bool:
        return node.resets_with is not None and self.changed[node.resets_with]

    def is_lever(self, reference: str) -> bool:
        return all(self.nodes[self.owner[signal]].kind == "schedule" for signal in self.meant(reference))

    def power(self, x: float, power: float) -> float:
        return 0.0 if x == 0 else x**power

    def remember(self, memory: float, node: Any, count: float) -> float:
        return self.kept(node) * memory + (1 - self.kept(node)) * self.number(node.branching) * count

    # Responses: how it is answered

    def answers(self) -> list[str]:
        """Return the responses, each after those that trigger it."""
        order: list[str] = []

        def add(name: str) -> None:
            if self.nodes[name].kind == "response" and name not in order:
                for reference in self.nodes[name].triggers:
                    for trigger in self.meant(reference):
                        add(trigger)
                order.append(name)

        for name, _ in self.of("response"):
            add(name)
        return order

    def answer(self, name: str, node: Any) -> None:
        triggers = sum(self.trigger(signal) for summed in node.triggers for signal in self.meant(summed))
        probability = self.number(node.probability)
        if 0 < probability < 1:
            eta = math.log(probability / (1 - probability)) + self.pushes(name, node.effects)
            probability = 1 / (1 + math.exp(-eta))
        count = int(stats.binom.ppf(self.u(name), triggers, probability)) if triggers and probability else 0
        self.now[name] = count
        if node.size:
            self.now[f"{name}.size"] = self.size(name, node.size, count)

    def trigger(self, signal: str) -> float:
        return self.now[signal]

    def size(self, name: str, size: Any, count: int) -> int:
        if count == 0:
            return 0
        beyond = count * (self.number(size.mean) - 1)
        return count + inverse_count(self.u(f"{name}.size"), beyond, self.number(size.dispersion) / count)

    # Levels: how it is felt

    def terms(self, name: str, node: Any) -> list[Term]:
        """Return what pushes a level: its effects, and the ties that press on its actor."""
        terms = self.effects(node.effects)
        feels = {other.actor: source for source, other in self.of("level") if other.actor is not None}
        for tie in self.scenario.case.ties:
            if tie.toward is not None and tie.target == node.actor and tie.source in feels:
                strength = tie.weight * self.number(self.scenario.case.about.channels[tie.channel])
                sign = 1.0 if tie.toward == node.toward else -1.0
                terms.append((sign * strength, feels[tie.source], 0.0))
        return terms

    def feel(self, name: str, node: Any) -> None:
        m = self.kept(node)
        sees, terms = partial(self.sees, name), self.terms(name, node)
        chance = self.number(node.sd) * math.sqrt(1 - m * m) * float(stats.norm.ppf(self.u(name)))
        self.z[name] = m * self.z[name] + (1 - m) * (self.number(node.base) + sum(self.parts(sees, terms))) + chance
        self.now[name] = 1 / (1 + math.exp(-self.z[name]))
        cross = self.before[f"{name}.cross"]
        self.now[f"{name}.cross"] = m * cross + (1 - m) * self.both_sides(sees, terms)

    def both_sides(self, sees: Sight, terms: list[Term]) -> float:
        return sum(abs(part) for part in self.parts(sees, terms))
