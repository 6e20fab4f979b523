"""A backtest: the past forecast again and again with nothing later than each origin, and scored by what came.

One pass over the rows has the posterior of every origin on its way. At each the draws and states go on freely, with
schedules as they were by then and regimes left to themselves, as far as the longest horizon.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arguments import checked, day, settle
from hudna.arrays import ByContent, FloatArray, IntArray
from hudna.case import Case
from hudna.case.nodes import Schedule, planned
from hudna.case.observations import Record, Row
from hudna.case.signals import resolve
from hudna.case.steps import MONTH, place_of, step_day
from hudna.engine.dated import read_off
from hudna.engine.program import Program
from hudna.engine.simulate import check_sizes, simulate
from hudna.errors import InputError, Problems, nearest
from hudna.judge.baselines import BASELINES, fitted
from hudna.judge.forecast import CountForecast
from hudna.judge.past import Past
from hudna.judge.pool import MODEL, POOLED, Judged, pool_weights
from hudna.judge.record import Counts, families, reference_record
from hudna.judge.skill import overlapping
from hudna.judge.window import named_scores, scores, window_counts
from hudna.learn.calibration import Sizes, check_run, learn
from hudna.learn.origin import merged_snapshots
from hudna.learn.past import history_program, laid_out, record_of
from hudna.learn.smc import Island, Known, Snapshot, derived_seed
from hudna.outline import Outlined
from hudna.scenario import Scenario, load

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Backtest", "Plan", "Window", "backtest", "counted_most", "windows"]

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """What is forecast: a signal, every so many weeks, over so many weeks, scored at so many events or more.

    signal : events, or a sum of them such as `x.*`; of None the sum that most rows of the record count
    since : date before which there is no origin; None for the record's first day
    thresholds : counts of which, besides 1, the forecasts' probabilities are kept: columns `p_1`, `p_a` and `p_b`
    """

    signal: str | None = None
    every: int = 4
    horizons: tuple[int, ...] = (4, 13, 26)
    thresholds: tuple[int, int] = (5, 20)
    draws: int = 400
    paths: int = 50
    since: dt.date | None = None

    def __post_init__(self) -> None:
        settle(self)
        object.__setattr__(self, "since", day(self.since))

    def check(self, step_days: int) -> None:
        """Raise `InputError` with everything that is wrong; windows and origins must fall on steps of days."""
        problems = Problems()
        weeks = [("every", self.every), *(("horizon", horizon) for horizon in self.horizons)]
        for name, number in weeks:
            if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 2600:
                problems.add("backtest", name, "must be a whole number of weeks, 1 to 2600", given=repr(number))
            elif 7 * number % step_days:
                text = f"must be a whole number of the scenario's steps of {step_days} days"
                problems.add("backtest", name, text, given=repr(number))
        if not self.horizons or len(set(self.horizons)) < len(self.horizons):
            text = "must be at least one, and each once"
            problems.add("backtest", "horizon", text, given=repr(list(self.horizons)))
        rising = len(self.thresholds) == 2 and all(isinstance(x, int) for x in self.thresholds)
        if not rising or not 1 < self.thresholds[0] < self.thresholds[1]:
            text = "must be two whole numbers above 1, the smaller first"
            problems.add("backtest", "thresholds", text, given=repr(list(self.thresholds)))
        if self.since is not None and type(self.since) is not dt.date:
            problems.add("backtest", "since", "must be a date such as 2024-08-22", given=repr(self.since))
        problems.extend(check_sizes(self.draws, self.paths, 0))
        problems.raise_if_any()


@dataclass(frozen=True)
class Window:
    """What can be scored after an origin: so many days from `start` on, in which `count` events were counted."""

    origin: dt.date
    start: dt.date
    days: int
    count: float

    @property
    def skip(self) -> int:
        """Days from the origin to the start."""
        return (self.start - self.origin).days

    def over(self, day: dt.date) -> bool:
        """Whether the window is over when a day begins."""
        return self.start + self.days * _DAY <= day


@dataclass(frozen=True, eq=False, repr=False)
class Backtest(ByContent, Outlined):
    """Forecasts and what came of them, a row an origin and horizon; see `docs/scoring.md` for the columns.

    shares : (origin, state) of each regime that is nowhere known: how likely each state was held to be at the origin
    """

    scenario: str
    record: str
    plan: Plan
    sizes: Sizes
    seed: int
    forecasts: pd.DataFrame
    shares: Mapping[str, tuple[tuple[str, ...], FloatArray]]
    log_evidence: tuple[float, ...]
    distinct: tuple[int, ...] = field(repr=False)

    def _outline(self) -> Iterator[tuple[str, object]]:
        sizes = self.sizes
        yield "scenario", self.scenario
        yield "record", self.record
        yield "signal", self.plan.signal
        yield "weeks ahead", self.plan.horizons
        yield "forecasts", len(self.forecasts)
        yield "samplers", f"{sizes.islands} of {sizes.draws} draws x {sizes.paths} paths, seed {self.seed}"
        yield "log evidence", [f"{one:.2f}" for one in self.log_evidence]


@checked
def backtest(
    scenario: Scenario | str | Path | Mapping[str, Any],
    *,
    record: str | None = None,
    plan: Plan | None = None,
    sizes: Sizes | None = None,
    seed: int = 1,
    rows: Sequence[Row] | None = None,
    engine: str = "vm",
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Forecast the past again and again with nothing later than each origin, and score the forecasts.

    Parameters
    ----------
    scenario : Scenario, or what `hudna.load` takes
        Gives the case and the length of a step; its policies play no part.
    record : str, optional
        The case's default one if left out.
    plan : Plan, optional
        What is forecast, how often and how far ahead: `attacks.*` every 4 weeks, 4, 13 and 26 weeks ahead, if left out.
    sizes : Sizes, optional
        Of the samplers, as of `hudna.calibrate`.
    seed : int
        The same seed gives the same numbers.
    rows : sequence of Row, optional
        What is known as time goes by; the case's own if left out. What came is always read off the case's own.
    engine : {"vm", "oracle"}
    threads : int, optional
        Samplers worked on at once. Does not change the result.
    executor : concurrent.futures.Executor, optional
        What works on samplers and simulations instead of threads of this process; the result is the same.
    progress : function of (done, total), optional

    Returns
    -------
    Backtest
        `forecasts`, a row per origin and horizon: quantiles of the forecast count, what came, and scores.

    Raises
    ------
    InputError
        If the plan is wrong, the signal no sum of events, or the record has no window with a count.
    SimulationError
        If no draw can explain what was seen.
    ExecutorError
        If the executor takes no work, or loses the same part of it twice.

    Examples
    --------
    >>> plan = Plan(every=8, horizons=(4,), draws=20, paths=10)
    >>> judged = backtest("two-militias", plan=plan, sizes=Sizes(islands=2, draws=20, paths=10, keep=20))
    >>> bool((judged.forecasts["crps"] >= 0).all())
    True
    """
    scenario = load(scenario)
    plan, sizes = plan or Plan(), sizes or Sizes()
    sizes.check()
    check_run(seed, engine, threads, executor)
    name, stretch = record_of(scenario.case, record)
    plan = replace(plan, signal=plan.signal or counted_most(scenario.case, name))
    signals, truth, found_windows = windows(scenario, name, plan)
    if not any(found_windows.values()):
        text = f"no window of {plan.signal} after an origin has a count in observations.csv"
        raise InputError.of(str(scenario.case.folder), text, key="signal", given=repr(plan.signal))
    own = [row for row in scenario.case.observations.rows if row.use != "context"]
    rows = None if rows is None else [row for row in rows if stretch.takes(row)]
    known = [row for row in (own if rows is None else rows) if row.weighs and stretch.covers(row)]
    seen = truth if rows is None else reference_record(scenario.case.observations, rows, signals)
    origins = _origins(stretch, plan)
    stages = [_known(scenario, stretch, known, origin) for origin in origins]
    whole = history_program(scenario, stretch, stretch.until)

    work = partial(_snapshots, stages, -(-plan.draws // sizes.islands), plan.paths, seed)
    learned = learn(whole, sizes, seed, work, engine=engine, threads=threads, executor=executor, progress=progress)
    found: list[dict[str, Any]] = []
    shares: dict[str, list[FloatArray]] = {}
    distinct = []
    unit = _unit(stretch)
    made: dict[int, list[_Made]] = {weeks: [] for weeks in plan.horizons}
    for i, origin in enumerate(origins):
        snapshot = merged_snapshots([snapshots[i] for snapshots, _ in learned], plan.draws)
        distinct.append(snapshot.distinct)
        for k, regime in enumerate(whole.regimes.name):
            states = snapshot.states.regimes[:, k].ravel().astype(int)
            counted = np.bincount(states, minlength=int(whole.regimes.n_states[k])) / states.size
            shares.setdefault(regime, []).append(counted)
        ahead, counts = _futures(
            scenario, stretch, origin, plan, snapshot, signals, seed, engine=engine, threads=threads, executor=executor
        )
        past = (Past.months if unit == MONTH else Past.weeks)(seen, origin)
        simple, calm = fitted(past), past is None or past.calm
        for weeks in plan.horizons:
            window = found_windows[weeks].get(origin)
            if window is None:
                continue
            judged = [_judged(one, seen.before(origin), origin) for one in made[weeks] if one.window.over(origin)]
            first, end = (place_of(edge, origin, unit) for edge in (window.start, window.start + window.days * _DAY))
            forecasts = {MODEL: _forecast(window, ahead, counts)} | {name: f(first, end) for name, f in simple.items()}
            made[weeks].append(_Made(window, calm, forecasts))
            alike = overlapping(weeks, plan.every)
            weights = pool_weights([j for j in judged if j is not None], calm=calm, overlapping=alike)
            found.append(_scored(made[weeks][-1], weeks, plan, weights))
    names = dict(zip(whole.regimes.name, whole.regimes.state_name, strict=True))
    return Backtest(
        scenario=scenario.id,
        record=name,
        plan=plan,
        sizes=sizes,
        seed=seed,
        forecasts=_frame(found, scenario, stretch, plan, signals, seed),
        shares={regime: (names[regime], np.array(held)) for regime, held in shares.items()},
        log_evidence=tuple(evidence for _, evidence in learned),
        distinct=tuple(distinct),
    )


def _snapshots(
    stages: Sequence[Known], draws: int, paths: int, seed: int, island: Island, tick: Callable[[], None]
) -> tuple[list[Snapshot], float]:
    """Let a sampler go from origin to origin; return what it knows at each, and its log evidence."""
    taken = []
    for i, stage in enumerate(stages):
        island.learn(stage, tick)
        taken.append(island.snapshot(draws, paths, int(np.random.SeedSequence([seed, i]).generate_state(1)[0])))
    return taken, island.log_evidence


def windows(
    scenario: Scenario, record: str | None, plan: Plan
) -> tuple[tuple[str, ...], Counts, dict[int, dict[dt.date, Window]]]:
    """Return what a backtest would score, which the rows and the plan alone decide: nothing is sampled.

    Returns
    -------
    the signals that are summed; what the reference counted of them; by horizon in weeks and origin, the windows whose
    count the rows say

    Raises
    ------
    InputError
        If the plan is wrong, the signal no sum of events, or there is no such record.
    """
    name, stretch = record_of(scenario.case, record)
    plan.check(7 if stretch.step == "month" else scenario.file.step_days)
    signals = _signals(scenario, plan.signal or counted_most(scenario.case, name))
    rows = [row for row in scenario.case.observations.rows if row.use != "context" and stretch.takes(row)]
    truth = reference_record(scenario.case.observations, rows, signals)
    found = {
        weeks: {
            origin: w
            for origin in _origins(stretch, plan)
            if (w := _window(truth, origin, _after(stretch, origin, weeks))) is not None
        }
        for weeks in plan.horizons
    }
    return signals, truth, found


def counted_most(case: Case, record: str) -> str:
    """Return the sum of events that most rows of a record count, the first in name order of several.

    Raises
    ------
    InputError
        If no row counts events.
    """
    found = families(row for row in case.observations.rows_of(record) if row.weighs)
    if not found:
        known = ", ".join(name for name, node in case.nodes.items() if node.kind == "events")
        text = f"no row of the record {record} counts events; name a sum of them: {known}"
        raise InputError.of("backtest", text, key="signal")
    return max(found, key=lambda name: len(found[name]))


def _signals(scenario: Scenario, signal: str) -> tuple[str, ...]:
    parts = [part.strip() for part in signal.split("+")]
    signals = tuple(dict.fromkeys(name for part in parts for name in resolve(part, scenario.case.signals)))
    nodes = scenario.case.nodes
    empty = any(not resolve(part, scenario.case.signals) for part in parts)
    if empty or any(name not in nodes or nodes[name].kind != "events" for name in signals):
        known = [name for name, node in nodes.items() if node.kind == "events"]
        text = f"must be events or a sum of them{nearest(signal, known)}; events: {', '.join(known)}"
        raise InputError.of("backtest", text, key="signal", given=repr(signal))
    return signals


def _origins(stretch: Record, plan: Plan) -> list[dt.date]:
    unit = _unit(stretch)
    every = round((_after(stretch, stretch.start, plan.every) - stretch.start).days / unit)
    found = (step_day(stretch.start, unit, i) for i in itertools.count(0, every))
    shortest = min(plan.horizons)
    ended = itertools.takewhile(lambda origin: _after(stretch, origin, shortest) <= stretch.until, found)
    return [origin for origin in ended if plan.since is None or origin >= plan.since]


def _unit(stretch: Record) -> float:
    """Return the length in days of what windows are measured in: a week, or a month where steps are months."""
    return MONTH if stretch.step == "month" else 7


def _after(stretch: Record, origin: dt.date, weeks: int) -> dt.date:
    """Return the day so many weeks after an origin; where steps are months, that of the nearest number of months."""
    unit = _unit(stretch)
    return step_day(origin, unit, max(1, round(7 * weeks / unit)))


def _known(scenario: Scenario, stretch: Record, rows: Sequence[Row], origin: dt.date) -> Known:
    program, table = laid_out(history_program(scenario, stretch, stretch.until), rows, scenario, origin)
    return Known(program, table, int(program.place(origin)))


def _futures(
    scenario: Scenario,
    stretch: Record,
    origin: dt.date,
    plan: Plan,
    snapshot: Snapshot,
    signals: tuple[str, ...],
    seed: int,
    **how: Any,
) -> tuple[Program, IntArray]:
    """Return the program of what comes after the origin, and the counts of the signals, shape (draw x path, step)."""
    program = _ahead(scenario, stretch, origin, _after(stretch, origin, max(plan.horizons)))
    simulation = simulate(
        program,
        draws=plan.draws,
        paths=plan.paths,
        seed=derived_seed(seed, origin.toordinal()),
        theta=snapshot.theta,
        starts=snapshot.states,
        **how,
    )
    return program, simulation.counted(signals)


def _ahead(scenario: Scenario, stretch: Record, origin: dt.date, until: dt.date) -> Program:
    """Compile the steps after an origin as they were foreseeable: schedules stay as they were, regimes are free."""
    nodes = dict(scenario.case.nodes)
    for name, node in scenario.case.nodes.items():
        if isinstance(node, Schedule):
            plan = stretch.schedules.get(name)
            nodes[name] = _until(node if plan is None else planned(node, plan), origin)
    ahead = stretch.model_copy(update={"start": origin, "until": until, "starts": {}, "schedules": {}})
    case = replace(scenario.case, nodes=nodes)
    return history_program(replace(scenario, case=case), ahead, until)


def _until(node: Schedule, origin: dt.date) -> Schedule:
    """Return a schedule as it was known at the origin: the value that it has there stays."""
    now = float(read_off(node, [origin])[0])
    return node.model_copy(update={"points": (*(p for p in node.points if p[0] < origin), (origin, now))})


@dataclass(frozen=True)
class _Made:
    """The forecasts of a window, by forecaster, and whether it was calm at its origin."""

    window: Window
    calm: bool
    forecasts: Mapping[str, CountForecast]


def _judged(made: _Made, past: Counts, origin: dt.date) -> Judged | None:
    """Return the log scores of a window that is over, against its count as it was known at the origin, if it was."""
    window = made.window
    came, known = past.count(window.start, window.days)
    if known < window.days or not all(name in made.forecasts for name in POOLED):
        return None
    scores = tuple(made.forecasts[name].log_score(round(came)) for name in POOLED)
    return Judged((origin - window.start).days / 365.25 - window.days / 365.25, made.calm, scores)


def _forecast(window: Window, ahead: Program, counts: IntArray) -> CountForecast:
    """Return the case's forecast of a window: the counts of its paths, shape (path, step)."""
    random = np.random.default_rng([window.origin.toordinal(), window.skip, window.days])
    first, end = (ahead.place(window.start + days * _DAY) for days in (0, window.days))
    return CountForecast.from_sample(window_counts(counts, first, end, 1, random))


def _scored(made: _Made, weeks: int, plan: Plan, weights: FloatArray) -> dict[str, Any]:
    """Score the forecasts of a window, and their pool."""
    window, forecasts = made.window, made.forecasts
    value = round(window.count)
    marks = dict(zip(("1", "a", "b"), (1, *plan.thresholds), strict=True))
    if not all(name in forecasts for name in POOLED):
        weights = np.eye(len(POOLED))[POOLED.index(MODEL)]
    pooled = [forecasts.get(name, forecasts[MODEL]) for name in POOLED]
    found = {
        "origin": window.origin, "weeks": weeks, "start": window.start, "end": window.start + (window.days - 1) * _DAY,
        "signal": plan.signal, "value": value, "qualifier": "exact" if abs(window.count - value) < 1e-6 else "approx",
        "calm": made.calm, **scores(forecasts[MODEL], value, marks),
    }  # fmt: skip
    beside = {name: forecasts.get(name) for name in BASELINES} | {"pool": CountForecast.pooled(pooled, weights)}
    for name, forecast in beside.items():
        found |= named_scores(name, forecast, value, marks)
    return found | {f"weight_{name}": float(weight) for name, weight in zip(POOLED, weights, strict=True)}


def _window(truth: Counts, origin: dt.date, end: dt.date) -> Window | None:
    """Return the longest window from the origin to before `end` whose count the rows say.

    Where an end of the window cuts an interval in which something happened, nobody knows on which side of it: the
    window is drawn in to the interval's edge. None if less than half of the window is left, or days were not counted.
    """
    first, last = origin, end
    for interval in truth.intervals:
        after = interval.end + _DAY
        if interval.count > 0 and interval.start < origin < after:
            first = max(first, after)
        if interval.count > 0 and interval.start < end < after:
            last = min(last, interval.start)
    days = (last - first).days
    if 2 * days < (end - origin).days:
        return None
    came, known = truth.count(first, days)
    return Window(origin, first, days, came) if known == days else None


def _frame(
    found: list[dict[str, Any]],
    scenario: Scenario,
    stretch: Record,
    plan: Plan,
    signals: tuple[str, ...],
    seed: int,
) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(found).sort_values(["weeks", "origin"], ignore_index=True)
    signal = scenario.case.signals[signals[0]]
    frame.attrs = {
        "name": stretch.name.model_dump(exclude_none=True),
        "signal_name": scenario.case.label(str(plan.signal)).model_dump(exclude_none=True),
        "unit": signal.unit.model_dump(exclude_none=True),
        "draws": plan.draws,
        "paths": plan.paths,
        "seed": seed,
        "thresholds": [1, *plan.thresholds],
    }
    return frame
