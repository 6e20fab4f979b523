"""Why the policies differ: a level taken apart, influences switched off, shares of a difference."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hudna.analysis.attribution import LEFT_OVER, Attribution, Contribution, window_slice
from hudna.analysis.removal import Removal
from hudna.analysis.shapley import Shares, coalitions
from hudna.arguments import check_kind, texts, whole
from hudna.ask.many import Change, many
from hudna.ask.start import Options, Ready, begin
from hudna.case.grammar import Text
from hudna.case.nodes import Level
from hudna.case.signals import resolve
from hudna.engine.contributions import Contributions, Part, contributions
from hudna.engine.removal import without
from hudna.errors import InputError, Problems, nearest, no_such
from hudna.scenario import Scenario, load
from hudna.scenario.influence import Influence, influence

__all__ = ["attribute", "remove", "shapley"]

MOST_FACTORS = 8  # 2 ** 8 runs
_PATHS_ONLY = ("outcomes", "trajectories")  # what is kept of a run is not asked here


def attribute(
    scenario: Scenario | str | Path | Mapping[str, Any],
    of: str,
    *,
    window: tuple[float, float] | None = None,
    keep: int = 0,
    **options: Any,
) -> Attribution:
    """Take the log odds of a level apart: who moves it, through which channel, in which direction.

    The parts of every step of every path add up to the level's log odds of that step, what is remembered included.

    Parameters
    ----------
    scenario : Scenario, or what `hudna.load` takes
    of : str
        A level, such as "pressure", or the actor whose level it is, such as "IRQ_GOV".
    window : (float, float), optional
        [from, to) in weeks over which parts are averaged; the whole horizon if left out.
    keep : int
        Paths of each draw whose parts are kept week by week.
    **options
        draws, paths, seed, policies, engine, threads, executor, as_of, given, belief, progress, stage: those of
        `hudna.run`.

    Returns
    -------
    Attribution

    Raises
    ------
    InputError
        If there is no such level or actor, or an argument is wrong.
    SimulationError
        If a rate or level leaves the range of numbers.

    Examples
    --------
    >>> found = attribute("two-militias", "GOV", draws=20, paths=10, seed=1)
    >>> sorted(found.table("channel").loc["stay"].index)
    ['base', 'chance', 'effect', 'political', 'start', 'total']
    """
    question, chosen, keep = load(scenario), Options.of("attribute", options, without=_PATHS_ONLY), whole(keep)
    level = _level(question, of)
    weeks = _window(question, window)
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise InputError.of("attribute", "must be a whole number of paths, 0 or more", key="keep", given=repr(keep))
    ready = begin(question, chosen)
    place = ready.program.levels.name.index(level)
    found = contributions(
        ready.program,
        place,
        **ready.options.sizes,
        theta=ready.origin.theta,
        starts=ready.origin.states,
        window=window_slice(weeks, question.step),
        keep=keep,
        progress=ready.options.progress,
        stage=ready.options.stage,
    )
    return _labelled(ready, level, weeks, found)


def remove(
    scenario: Scenario | str | Path | Mapping[str, Any],
    what: str | Iterable[str],
    *,
    silence: bool = False,
    **options: Any,
) -> Removal:
    """Switch influences off, one at a time, and see how far each outcome moves: paired runs on the same numbers.

    Everything that is switched off stays in its place and goes on by itself; what goes is that others read it in their
    effects and ties. With `silence` it is gone itself: its events and responses never happen, as at a rate or a
    probability of 0, and its level is absent, as in a case without it. The past is not rewritten: all runs start from
    the same state of the world.

    Parameters
    ----------
    scenario : Scenario, or what `hudna.load` takes
    what : str or iterable of str
        Each an actor ("IRN"), a driver ("gaza"), a signal ("gaza.ceasefire", "isis.*"), a tie
        ("KH -> IRQ_GOV (pressures)"), or several of these joined by " + ", which go together.
    silence : bool
        Whether it is gone itself, and not only what reads it.
    **options
        draws, paths, seed, policies, engine, threads, executor, as_of, given, belief, progress, stage: those of
        `hudna.run`.

    Returns
    -------
    Removal

    Raises
    ------
    InputError
        If one of them is not there, or moves nothing, or cannot be silenced.
    SimulationError
        If a rate or level leaves the range of numbers.

    Examples
    --------
    >>> found = remove("two-militias", "NORTH", draws=20, paths=10, seed=1).table()
    >>> bool(found.loc[("NORTH", "stay", "pressure"), "effect"] > 0)
    True
    >>> found = remove("two-militias", "attacks.*", silence=True, draws=20, paths=10, seed=1).table()
    >>> float(found.loc[("attacks.*", "stay", "attacks"), "without"])
    0.0
    """
    question, chosen = load(scenario), Options.of("remove", options, without=_PATHS_ONLY)
    influences = _influences(question, texts("remove", "what", what) or (), silence=silence)
    runs = many([(question, chosen)], [_switch_off(()), *(_switch_off([one]) for one in influences)])
    whole, *rest = (ready.labelled(run) for ready, run in runs)
    asked = {one.asked: one for one in influences}
    return Removal(whole, dict(zip(asked, rest, strict=True)), asked)


def shapley(
    scenario: Scenario | str | Path | Mapping[str, Any],
    outcome: str,
    a: str,
    b: str | None = None,
    *,
    factors: Mapping[str, str | Iterable[str]] | None = None,
    **options: Any,
) -> Shares:
    """Share the difference between two policies among factors: exact Shapley values, a run for every set of factors.

    Parameters
    ----------
    scenario : Scenario, or what `hudna.load` takes
    outcome : str
        An outcome of the scenario.
    a, b : str
        Policies: the outcome under `a` less that under `b`; under `a` alone if `b` is left out.
    factors : mapping of names to what is switched off with them, optional
        As `what` of `hudna.remove`; the scenario's own [factors] if left out. Eight at most.
    **options
        draws, paths, seed, engine, threads, executor, as_of, given, belief, progress, stage: as of `hudna.run`.

    Returns
    -------
    Shares

    Raises
    ------
    InputError
        If there is no such outcome, policy or influence, or there are no factors, or too many.
    SimulationError
        If a rate or level leaves the range of numbers.

    Examples
    --------
    >>> found = shapley("two-militias", "pressure", "leave", "stay", draws=20, paths=10, seed=1,
    ...     factors={"north": "NORTH", "strikes": "strikes"}).table()
    >>> list(found.index)
    ['north', 'strikes', 'rest', 'whole']
    """
    question = load(scenario)
    policies = (a,) if b is None else (a, b)
    for key, value in (("outcome", outcome), *zip("ab", policies, strict=False)):
        check_kind("shapley", key, value, "str")
    check_kind("shapley", "factors", {} if factors is None else factors, "Mapping")
    chosen = Options.of("shapley", options, without=("policies", *_PATHS_ONLY))
    labels, parts = _factors(question, factors, outcome, policies)
    sets = list(coalitions(tuple(labels)))
    absent = [[one for factor in labels if factor not in there for one in parts[factor]] for there in sets]
    runs = many([(question, replace(chosen, policies=policies))], [_switch_off(influences) for influences in absent])
    values = {}
    for there, (ready, run) in zip(sets, runs, strict=True):
        y = run.outcomes[:, ready.program.outcomes.name.index(outcome)]
        values[there] = y[0] - y[1] if b is not None else y[0].copy()
    label = question.labels.outcomes[outcome]
    return Shares(outcome, label.name, label.unit, policies, labels, values, ready.origin.clusters, _about(ready))


def _switch_off(influences: Iterable[Influence]) -> Change:
    return lambda program: functools.reduce(without, influences, program)


def _about(ready: Ready) -> dict[str, Any]:
    sizes = {key: ready.options.sizes[key] for key in ("draws", "paths", "seed")}
    return {"name": ready.question.file.name.model_dump(), **sizes, "given": ready.origin.about}


def _level(question: Scenario, of: str) -> str:
    """Return the level of that name or of that actor."""
    check_kind("attribute", "of", of, "str")
    node = question.nodes.get(of)
    own = question.case.level_of(of) if of in question.case.actors else None
    levels = [name for name, one in question.nodes.items() if isinstance(one, Level)]
    if isinstance(node, Level) and (own is None or own[0] == of):
        return of
    if own is not None and node is None:
        return own[0]
    actors = sorted({one.actor for one in question.nodes.values() if isinstance(one, Level) and one.actor})
    text = f"must be a level or an actor that has one{nearest(of, [*levels, *actors])}; levels: {', '.join(levels)}"
    raise InputError.of(question.id, text, key="of", given=repr(of))


def _window(question: Scenario, window: Sequence[float] | None) -> tuple[float, float]:
    """Return a window in weeks that falls on steps inside the horizon."""
    weeks, step = question.n_steps * question.step, question.step
    if window is None:
        return 0.0, weeks
    try:
        low, high = (float(x) for x in window)
    except (TypeError, ValueError):
        low = high = math.nan
    on_steps = all(math.isfinite(x) and abs(x / step - round(x / step)) < 1e-9 for x in (low, high))
    if not (on_steps and 0 <= low < high <= weeks):
        text = f"must be (from, to) in weeks, on steps of {question.file.step_days} days, within 0 to {weeks:g}"
        raise InputError.of(question.id, text, key="window", given=repr(window))
    return low, high


def _influences(question: Scenario, asked: Sequence[str], *, silence: bool = False) -> list[Influence]:
    """Return what is to be switched off or silenced, or every problem with it."""
    problems = Problems()
    found = []
    for one in asked:
        known = influence(question.case, one, silence=silence)
        if isinstance(known, str):
            problems.add(question.id, "remove", known, given=repr(one))
        else:
            found.append(known)
    if not asked:
        problems.add(question.id, "remove", "must name at least one actor, driver, signal or tie")
    if len(set(asked)) < len(asked):
        problems.add(question.id, "remove", "names one twice", given=repr(list(asked)))
    problems.raise_if_any()
    return found


def _factors(
    question: Scenario, given: Mapping[str, str | Iterable[str]] | None, outcome: str, policies: Sequence[str]
) -> tuple[dict[str, Text], dict[str, list[Influence]]]:
    """Return the factors' names and influences, or every problem with what `shapley` was asked."""
    own = question.file.factors
    if given is None:
        labels = {key: factor.name for key, factor in own.items()}
        asked: dict[str, Sequence[str]] = {key: factor.remove for key, factor in own.items()}
    else:
        labels = {key: Text(en=key) for key in given}
        asked = {key: texts("shapley", "factors", what) or () for key, what in given.items()}
    problems = Problems()
    parts = {}
    for key, what in asked.items():
        with problems.caught():
            parts[key] = _influences(question, what)
    if not 1 <= len(labels) <= MOST_FACTORS:
        text = f"must be 1 to {MOST_FACTORS}; name them under [factors] in the scenario, or as factors"
        problems.add(question.id, "factors", text, given=repr(list(labels)))
    if outcome not in question.outcomes:
        text = no_such("outcome", outcome, question.outcomes)
        problems.add(question.id, "outcome", text, given=repr(outcome))
    if len(set(policies)) < len(policies):
        problems.add(question.id, "policies", "compares a policy with itself", given=repr(list(policies)))
    problems.raise_if_any()
    return labels, parts


def _labelled(ready: Ready, level: str, window: tuple[float, float], found: Contributions) -> Attribution:
    import xarray as xr

    question = ready.question
    node = question.nodes[level]
    assert isinstance(node, Level)  # noqa: S101 (for the type checker)
    named = tuple(_contribution(question, part) for part in found.parts)
    policies = {policy: question.file.policies[policy].name for policy in ready.program.policies}
    dates = np.array(question.dates, "datetime64[ns]")
    kept = xr.DataArray(
        found.paths,
        dims=("policy", "part", "draw", "path", "time"),
        coords={
            "policy": list(policies), "part": [part.key for part in named], "draw": np.arange(found.paths.shape[2]),
            "path": np.arange(found.paths.shape[3]), "time": dates,
        },
        name=level,
        attrs={"unit": "log odds"},
    )  # fmt: skip
    clusters = ready.origin.clusters
    distinct = None if np.unique(clusters).size == clusters.size else clusters
    return Attribution(
        level=level,
        actor=node.actor or "",
        name=node.name,
        toward=node.toward or "",
        parts=named,
        policies=policies,
        contrasts=tuple(pair for pair in question.contrasts if set(pair) <= set(policies)),
        dates=dates,
        window=window,
        means=found.series,
        window_means=found.window,
        paths=kept,
        clusters=distinct,
        about=_about(ready),
    )


def _contribution(question: Scenario, part: Part) -> Contribution:
    """Return a part with what the case calls it."""
    case = question.case
    if part.kind == "tie":
        tie = next(tie for tie in case.ties if tie.id == part.reads)
        name = case.actors[tie.source].name
        return Contribution(tie.id, "tie", name, tie.source, name, tie.channel, tie.toward or "")
    if part.kind == "effect":
        signals = [case.signals[signal] for signal in resolve(part.reads, case.signals)]
        node = question.nodes[signals[0].node]
        one = len({signal.node for signal in signals}) == 1
        if len(signals) == 1:
            return Contribution(part.reads, "effect", signals[0].label, signals[0].node, node.name)
        source = case.label(part.reads)
        return Contribution(part.reads, "effect", source, signals[0].node if one else part.reads, source)
    return Contribution(part.kind, part.kind, LEFT_OVER[part.kind], part.kind, LEFT_OVER[part.kind])
