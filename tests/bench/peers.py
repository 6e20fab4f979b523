"""Section 2: toy-truce by other means, after a check that all of them simulate the same thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import models
import numpy as np
from report import Section, verdict
from settings import Settings
from timing import Times, in_threads, note, take_turns
from toy import vectorised
from workers import Means, Peer, PeerMissingError, Worker

__all__ = ["section"]

_AGREE = 5.73  # standard errors; a false alarm in 1e8
_OUTCOMES = ("attacks", "any_attack", "truce_breaks", "pressure", "pressure_peak", "isis")

Array = np.ndarray[Any, np.dtype[Any]]


_PEERS = (
    Peer("plain Python loop", "with_loop.py"),
    Peer("EMA Workbench 3", "with_ema.py", "ema-workbench>=3,<4", (3, 12)),
    Peer("monaco", "with_monaco.py", "monaco>=0.20"),
)


def section(settings: Settings) -> Section:
    """Time hudna and its peers in turns, and compare their outcomes."""
    out = Section("Peers")
    model, engine = models.load("toy-truce"), settings.fastest
    draws, paths, few = settings.size(100, 20), settings.size(200, 20), settings.size(20, 4)
    note("peers: what hudna finds, on ten times as many paths")
    reference = models.simulate(model.program, engine=engine, threads=None, draws=draws, paths=10 * paths)
    parameters = {name: reference.theta[:, i] for i, name in enumerate(model.program.parameters)}
    levers = dict(zip(model.program.schedules.name, np.moveaxis(model.program.schedules.table, 1, 0), strict=True))
    n_full, n_few = model.path_weeks(draws, paths), model.path_weeks(draws, few)

    runs: dict[str, Callable[[], object]] = {}
    per: dict[str, int] = {}
    found: dict[str, Means] = {}
    for name, threads in [(engine, t) for t in settings.threads] + [(e, 1) for e in settings.engines[:-1]]:
        label = f"hudna, {name}, {in_threads(threads)}"
        runs[label] = _hudna(model, name, threads, draws, paths)
        per[label] = n_full
    hand = "NumPy by hand"
    found[hand] = Means()
    runs[hand] = _by_hand(parameters, levers, paths, found[hand])
    per[hand] = n_full

    workers, missing = [], []
    try:
        job = _job(model, parameters, levers, few)
        for peer in _PEERS:
            try:
                worker = Worker(peer, job, settings)
            except PeerMissingError as reason:
                note(f"{peer.name}: {reason}")
                missing.append([peer.name, str(reason)])
                continue
            workers.append(worker)
            found[worker.name], per[worker.name] = worker.found, n_few
            runs[worker.name] = worker.run
        times = take_turns(runs, settings.repeats, what="peers")
    finally:
        for worker in workers:
            worker.close()

    each = {name: times[name] * (1e9 / per[name]) for name in times}
    _speeds(out, each, missing, engine, (draws, paths, few))
    _agreement(out, model, reference.outcomes, found)
    _targets(out, each, engine, missing)
    return out


def _hudna(model: models.Model, engine: str, threads: int, draws: int, paths: int) -> Callable[[], object]:
    return lambda: models.simulate(model.program, engine=engine, threads=threads, draws=draws, paths=paths)


def _by_hand(parameters: dict[str, Array], levers: dict[str, Array], paths: int, found: Means) -> Callable[[], object]:
    def run() -> None:
        rng = np.random.default_rng(len(found.runs) + 1)
        outcomes = vectorised.simulate(parameters, levers["presence"], levers["support"], paths=paths, rng=rng)
        found.runs.append(np.stack([outcomes[name].mean(axis=2) for name in _OUTCOMES], axis=2))

    return run


def _job(model: models.Model, parameters: dict[str, Array], levers: dict[str, Array], paths: int) -> str:
    policies = [
        {"name": policy, "presence": levers["presence"][i].tolist(), "support": levers["support"][i].tolist()}
        for i, policy in enumerate(model.program.policies)
    ]
    n_draws = len(next(iter(parameters.values())))
    rows = [{name: float(values[draw]) for name, values in parameters.items()} for draw in range(n_draws)]
    return json.dumps({"policies": policies, "parameters": rows, "paths": paths})


def _speeds(
    out: Section, each: dict[str, Times], missing: list[list[str]], engine: str, size: tuple[int, int, int]
) -> None:
    draws, paths, few = size
    fastest = each[f"hudna, {engine}, 1 thread"]
    out.text(
        "The model of `toy-truce` by other means. The outcomes are the same six and the draws of the parameters are",
        "hudna's; each peer has random numbers of its own, and fresh ones for every policy.",
        "",
        f"- hudna: `simulate`, {draws} draws of {paths} paths; besides the outcomes it records histograms, mean",
        "  threats and trajectories, which the peers do not.",
        f"- NumPy by hand: all {draws * paths:,} paths of both policies at once, a week at a time.",
        f"- plain Python loop, and frameworks that call it as their model function: {draws} draws of {few} paths. An",
        "  experiment of EMA Workbench (`SequentialEvaluator`) is one path under one policy, a case of monaco one path",
        "  under both.",
        "",
        "All take turns in one run; starting processes, imports, compiling and reading files are not counted.",
    )
    rows = [[name, times.show(), (times / fastest).show()] for name, times in each.items()]
    rows += [[name, "skipped", reason] for name, reason in missing]
    out.table(["", "ns per path-week", f"times hudna, {engine}, 1 thread"], rows)


def _agreement(out: Section, model: models.Model, outcomes: Array, found: dict[str, Means]) -> None:
    """Compare means draw by draw: the parameters are the same, so what differs is chance."""
    place = [model.program.outcomes.name.index(name) for name in _OUTCOMES]
    ours = np.moveaxis(outcomes[:, place].mean(axis=3), 1, 2)  # policy, draw, outcome
    out.text(
        f"Differences of the means from hudna's (on {outcomes.shape[3]:,} paths a draw) in standard errors, clustered",
        f"by draw, under {' / '.join(model.program.policies)}. All must lie within {_AGREE}.",
    )
    rows = []
    for name, means in found.items():
        difference = means.mean() - ours
        error = difference.std(axis=1, ddof=1) / np.sqrt(difference.shape[1])
        z = np.divide(difference.mean(axis=1), error, out=np.zeros_like(error), where=error > 0)
        rows.append([name, *(" / ".join(f"{x:+.1f}" for x in column) for column in z.T)])
        if not (np.abs(z) < _AGREE).all():
            out.failures.append(f"{name}: its outcomes are not those of hudna")
    out.table(["", *_OUTCOMES], rows)


def _targets(out: Section, each: dict[str, Times], engine: str, missing: list[list[str]]) -> None:
    fastest = each[f"hudna, {engine}, 1 thread"]
    rows = []
    for name, times in each.items():
        if name.startswith("hudna"):
            continue
        least = 5 if name.startswith("NumPy") else 100
        measured = times / fastest if engine == "vm" else None
        rows.append([f"vm, one thread, at least {least} times as fast as {name}", *verdict(measured, at_least=least)])
    rows += [[f"vm, one thread, at least 100 times as fast as {name}", *verdict(None)] for name, _ in missing]
    out.table(["target", "measured", "verdict"], rows)
