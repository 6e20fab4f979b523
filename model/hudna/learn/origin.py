"""What a run starts from: draws of the parameters, and the state of the world as observed up to a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray
from hudna.case.grammar import Text
from hudna.case.nodes import Level, Regime
from hudna.case.observations import Record, Row
from hudna.case.posterior import DISTINCT, Posterior
from hudna.engine.draws import draw_parameters
from hudna.engine.program import NONE, Program, content_hash
from hudna.engine.states import States, joined
from hudna.errors import InputError, SimulationError
from hudna.files.cache import cache, code_hash
from hudna.learn.calibration import Sizes, learn
from hudna.learn.carried import Carried, as_stored, from_stored
from hudna.learn.checkpoints import versions
from hudna.learn.filter import systematic
from hudna.learn.filtered import PARTICLES, filter_draws
from hudna.learn.past import history_program, laid_out, record_of
from hudna.learn.smc import Island, Known, Snapshot, derived_seed
from hudna.learn.timetable import known_by
from hudna.learn.unread import filled, left_aside
from hudna.scenario import Scenario

__all__ = ["Origin", "from_belief", "from_world", "merged_snapshots", "past_of"]

_ISLANDS = 2
_CODE = ("case", "engine", "learn")  # what a start is worked out by
_FEW = Text(
    en="distinct draws in this run: {} of {}, for the rows favour few of them; calibrate anew",
    ar="عدد العينات المختلفة في هذا التشغيل {} من {}، لأن المشاهدات ترجح القليل منها؛ أعد المعايرة",
)


@dataclass(frozen=True)
class Origin:
    """Where a run's draws are from.

    theta : (draw, parameter); clusters : (draw), equal where draws have the same parameters (but for those that a
    scenario overrides); states : what the paths start from, if not from each node's start; about : plain data
    for the result
    """

    theta: FloatArray
    clusters: IntArray
    states: States | None
    about: dict[str, Any]


@dataclass(frozen=True)
class _Past:
    """The past of a run with what is known of it, and how it is gone through: see `from_world`."""

    known: Known
    paths: int
    seed: int
    engine: str
    threads: int | None
    executor: Executor | None
    progress: Callable[[int, int], None] | None

    @property
    def own_seed(self) -> int:
        """The seed of the past, so that what comes after it has numbers of its own."""
        return derived_seed(self.seed, 0x70617374)

    @property
    def data(self) -> _Past:
        """What of it can travel to another process."""
        return replace(self, executor=None, progress=None)


def from_belief(scenario: Scenario, program: Program, draws: int, seed: int, belief: str) -> Origin:
    """Draw parameters from the case's posterior, or from its priors.

    Parameters that the scenario overrides are drawn from what it says.

    Raises
    ------
    InputError
        If the posterior is out of date.
    """
    posterior = _posterior(scenario, belief)
    if posterior is None:
        theta = draw_parameters(program, seed, np.arange(draws, dtype=np.uint64))
        return Origin(theta, np.arange(draws), None, {"belief": "prior"})
    return _drawn(scenario, program, posterior, _taken(posterior, draws, seed), seed)


def _taken(posterior: Posterior, draws: int, seed: int) -> IntArray:
    """Return which of the posterior's draws a run has."""
    order = np.random.default_rng([seed, 0x706F73]).permutation(posterior.n_draws)
    return order[np.arange(draws) % posterior.n_draws]


def _drawn(scenario: Scenario, program: Program, posterior: Posterior, taken: IntArray, seed: int) -> Origin:
    theta = draw_parameters(program, seed, np.arange(taken.size, dtype=np.uint64))
    column = {name: i for i, name in enumerate(posterior.names)}
    for i, name in enumerate(program.parameters):
        if name not in scenario.file.parameters:
            theta[:, i] = posterior.theta[taken, column[name]]
    known = known_by(_default_rows(scenario), scenario.file.start)
    notices = (*posterior.notices, *left_aside(scenario, posterior, known, scenario.file.start, None))
    about = {
        "belief": "posterior", "record": posterior.record, "learned_until": str(posterior.until),
        "posterior": posterior.digest,
        "record_name": scenario.case.observations.records[posterior.record].name.model_dump(exclude_none=True),
        **({"notices": _said(notices)} if notices else {}),
    }  # fmt: skip
    same = np.unique(posterior.theta, axis=0, return_inverse=True)[1].ravel()
    return Origin(theta, same[taken], None, about)


def _posterior(scenario: Scenario, belief: str) -> Posterior | None:
    posterior = scenario.case.posterior
    if belief == "prior" or posterior is None:
        return None
    if not posterior.current:
        text = (
            "the case's posterior is out of date: priors, drivers or rows have changed since it was learned; "
            'run hudna calibrate, or run from the priors with --prior (belief="prior")'
        )
        raise InputError.of(str(scenario.case.folder), text)
    return posterior


def from_world(
    scenario: Scenario,
    program: Program,
    as_of: dt.date,
    *,
    rows: Sequence[Row] | None,
    draws: int,
    paths: int,
    seed: int,
    belief: str,
    engine: str = "vm",
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    stage: Callable[[str], None] | None = None,
) -> Origin:
    """Filter the case's history up to a date and hand on draws and states of equal weight.

    With a posterior that was learned from no other rows its draws are filtered, and weighed by what came after;
    else the parameters are learned anew from the rows up to the date.

    Parameters
    ----------
    scenario : Scenario
    program : Program, of the scenario
    as_of : date
        Rows that have ended by then are used. What lies between it and the scenario's start is simulated.
    rows : sequence of Row, optional
        The case's own if left out.
    draws, paths, seed : of the run
    belief : {"posterior", "prior"}
    stage : function of a name, optional
        Called with "filtering" when nothing is left to refuse.

    Raises
    ------
    InputError
        If the case has no record that leads up to the scenario's start, `as_of` is before it, or its posterior is out
        of date.
    """
    record, past = past_of(scenario, as_of)
    own = _default_rows(scenario)
    used = [
        row for row in (own if rows is None else rows) if row.weighs and row.end >= record.start and record.takes(row)
    ]
    past, table = laid_out(past, used, scenario, as_of)
    through = _Past(Known(past, table, past.n_steps), paths, seed, engine, threads, executor, progress)
    known = known_by(used, as_of)
    notices: tuple[Text, ...] = ()
    posterior = _posterior(scenario, belief)
    if posterior is not None and posterior.until <= as_of and _alike(own, used, posterior.until):
        taken = _taken(posterior, draws, seed)
        origin = _drawn(scenario, past, posterior, taken, seed)
        halfway = min(past.n_steps, max(0, int(past.place(posterior.until))))
        first = past.day(halfway)
        notices = (*posterior.notices, *left_aside(scenario, posterior, known, as_of, first))
        found = _carried(scenario, posterior, taken, through, origin) or _filtered(through, origin, halfway, stage)
    else:
        found = _learned(through, draws, stage)
    distinct = int(np.unique(found.clusters).size)
    if distinct < DISTINCT and 2 * distinct < draws:
        notices = (*notices, filled(_FEW, distinct, draws))
    about = {
        **{key: value for key, value in found.about.items() if key != "notices"},
        **({"notices": _said(notices)} if notices else {}),
        "as_of": str(as_of),
        "from": str(past.start),
        "rows": {use: sum(row.use == use for row in known) for use in ("likelihood", "known")},
        "last_row": str(max((row.end for row in known), default=past.start)),
        "distinct_draws": distinct,
        "streams": "keyed by slot: after resampling a slot's numbers go on, whatever draw and path lies in it",
    }
    assert found.states is not None  # noqa: S101 (for the type checker)
    states = _with_starts(scenario, program, found.theta, _at_step(scenario, found.states, past, program))
    return Origin(found.theta, found.clusters, states, about)


def past_of(scenario: Scenario, as_of: dt.date) -> tuple[Record, Program]:
    """Return the record that a run from a date goes through, and its program up to the scenario's start.

    Raises
    ------
    InputError
        If the case has no record, the date is before it, or the start is at no step's beginning.
    """
    _, record = record_of(scenario.case, None)
    past = history_program(scenario, record, scenario.file.start)
    if as_of < record.start:
        text = f"must not be before {record.start}, where the case's history starts"
        raise InputError.of(scenario.id, text, key="as_of", given=str(as_of))
    return record, past


def _at_step(scenario: Scenario, states: States, past: Program, program: Program) -> States:
    """Return states of a past of longer or shorter steps: counts and what is remembered of them are of a step."""
    if past.step == program.step:
        return states
    if past.signals != program.signals:
        text = "must be 8 or more, as counts of the last week move others and the steps of the past are months"
        raise InputError.of(scenario.id, text, key="step_days", given=str(program.step_days))
    signals, share = states.signals.copy(), program.step / past.step
    sizes = program.responses.size_signal
    counts = np.concatenate([program.events.signal, program.responses.signal, sizes[sizes != NONE]])
    signals[:, counts] *= share
    return states._replace(signals=signals, memories=states.memories * share)


def _alike(own: Sequence[Row], used: Sequence[Row], until: dt.date) -> bool:
    """Whether two tables say the same up to a date."""
    first, second = (sorted(r.said for r in known_by([r for r in rows if r.weighs], until)) for rows in (own, used))
    return first == second


def _default_rows(scenario: Scenario) -> tuple[Row, ...]:
    """Return the rows of the record that a run from a date goes through."""
    return scenario.case.observations.rows_of(scenario.case.observations.default)


def _said(notices: Sequence[Text]) -> list[dict[str, Any]]:
    return [notice.model_dump(exclude_none=True) for notice in notices]


def _carried(scenario: Scenario, posterior: Posterior, taken: IntArray, past: _Past, origin: Origin) -> Origin | None:
    """Give draws the states that their posterior carries; None if it has none for this past."""
    observations, carried = scenario.case.observations, Carried.of(posterior)
    if carried is None or posterior.record != observations.default or scenario.file.parameters:
        return None
    states = carried.fit(past.known.program)
    if states is None:
        return None
    weights = np.where(carried.possible[taken], 0.0, -np.inf)
    return _weighed(replace(origin, states=states.take(taken).evenly(past.paths)), weights, past.seed)


def _filtered(past: _Past, origin: Origin, halfway: int, stage: Callable[[str], None] | None) -> Origin:
    """Filter each draw through the past; weigh draws by what came from step `halfway` on, after they were learned."""

    def found() -> Origin:
        weights, states = filter_draws(
            past.known, origin.theta, past.paths, past.own_seed,
            halfway=halfway, engine=past.engine, threads=past.threads, executor=past.executor,
            progress=past.progress,
        )  # fmt: skip
        return _weighed(replace(origin, states=states), weights, past.seed)

    return _kept(past, (origin.theta, origin.clusters, halfway), found, origin.about, stage)


def _weighed(origin: Origin, weights: FloatArray, seed: int) -> Origin:
    """Resample draws, of these log weights, to equal weight."""
    if not np.isfinite(weights).any():
        text = "no draw of the posterior can explain the rows that came after it was learned; calibrate anew"
        raise SimulationError(text)
    if np.ptp(weights) == 0:
        return origin
    assert origin.states is not None  # noqa: S101 (for the type checker)
    shares = np.exp(weights - special.logsumexp(weights))
    taken = systematic(shares[None, :], np.random.default_rng([seed, 0x776F72]).random(1))[0]
    return Origin(origin.theta[taken], origin.clusters[taken], origin.states.take(taken), origin.about)


def _learned(past: _Past, draws: int, stage: Callable[[str], None] | None) -> Origin:
    """Learn the parameters from the rows, and hand on draws of several samplers in turn."""
    each = max(100, min(400, -(-draws // _ISLANDS)))
    sizes = Sizes(islands=_ISLANDS, draws=each, paths=max(100, min(past.paths, PARTICLES)), keep=20)

    def found() -> Origin:
        parts = learn(
            past.known.program, sizes, past.seed, partial(_learned_draws, past.data, -(-draws // _ISLANDS)),
            fresh=1, engine=past.engine, threads=past.threads, executor=past.executor, progress=past.progress,
        )  # fmt: skip
        merged = merged_snapshots(parts, draws)
        return Origin(merged.theta, merged.origin, merged.states, {})

    return _kept(past, (draws,), found, {"belief": "learned"}, stage)


def _kept(
    past: _Past,
    follows: tuple[Any, ...],
    make: Callable[[], Origin],
    about: dict[str, Any],
    stage: Callable[[str], None] | None,
) -> Origin:
    """Return a start from the cache, or make it and keep it there.

    `follows` is what it follows from beside the past, the program's code and the versions of what it is computed with.
    """
    folder = cache()
    key = content_hash((past.known, past.paths, past.seed, past.engine, *follows, versions(), code_hash(*_CODE)))
    arrays = folder.find(key)
    if arrays is not None:
        return Origin(arrays["theta"], arrays["clusters"], from_stored(arrays), about)
    if stage is not None:
        stage("filtering")
    found = make()
    assert found.states is not None  # noqa: S101 (for the type checker)
    folder.keep(key, {"theta": found.theta, "clusters": found.clusters, **as_stored(found.states)})
    return replace(found, about=about)


def _learned_draws(past: _Past, draws: int, island: Island, tick: Callable[[], None]) -> Snapshot:
    """Let a sampler learn the past; return some of its draws."""
    island.learn(past.known, tick)
    island.refresh(past.known, tick)
    return island.snapshot(draws, past.paths, past.own_seed)


def merged_snapshots(parts: Sequence[Snapshot], draws: int) -> Snapshot:
    """Return snapshots of several samplers as one, draws in turn."""
    width = parts[0].theta.shape[0]
    order = np.arange(width * len(parts)).reshape(len(parts), width).T.ravel()[:draws]
    clusters = list(chain.from_iterable(part.origin + k * (width + 1) for k, part in enumerate(parts)))
    return Snapshot(
        theta=np.concatenate([part.theta for part in parts])[order],
        scores=np.concatenate([part.scores for part in parts])[order],
        states=joined([part.states for part in parts]).take(order),
        origin=np.array(clusters)[order],
    )


def _with_starts(scenario: Scenario, program: Program, theta: FloatArray, states: States) -> States:
    """Return states with what the scenario's `starts` say instead of what was."""
    place = {name: i for i, name in enumerate(program.signals)}
    wrong = [name for name in scenario.file.starts if not isinstance(scenario.nodes[name], Regime | Level)]
    if wrong:
        text = "starts of a run from a date can be those of regimes and levels only; leave it out, or as_of"
        raise InputError.of(scenario.id, text, key=f"starts.{wrong[0]}")
    for name, start in scenario.file.starts.items():
        node = scenario.nodes[name]
        if isinstance(node, Regime):
            i, state = program.regimes.name.index(name), node.ordered_states.index(str(start))
            states.regimes[:, i] = state
            states.signals[:, place[name]] = node.states[str(start)].value
            for k in range(len(node.ordered_states)):
                states.signals[:, place[name] + 1 + k] = float(k == state)
            states.signals[:, program.regimes.entry_signal[program.regimes.entry_regime == i]] = 0.0
        else:
            level = theta[:, program.parameters.index(start)] if isinstance(start, str) else np.full(len(theta), start)
            states.signals[:, place[name]] = level[:, None]
            states.scores[:, program.levels.name.index(name)] = special.logit(level)[:, None]
    return states
