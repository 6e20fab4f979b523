"""Section 1: what a path-week costs in each engine, beside what its random numbers alone cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import models
import numpy as np
from models import Model
from report import Section, verdict
from settings import Settings
from timing import Times, in_threads, note, rounded, take_turns

import hudna

__all__ = ["section"]

_BUFFER = 16_384  # doubles that fit the processor's cache: the fastest way to use a NumPy generator
_PCG64, _PHILOX = "PCG64", "Philox in the kernel"
_HEADER = (
    "model",
    "streams in use",
    "policies",
    "engine",
    "threads",
    "ns per path-week",
    "million path-weeks/s",
    "times PCG64",
    "times Philox, shared",
    "times Philox, per policy",
)
_MODELS = ("two-militias", "toy-truce", "iraq-2024")
_COMPILED = "vm"
_PATHS = 256
_ORACLE_BLOCK = 8_192  # so that two threads have something to share


def section(settings: Settings) -> Section:
    """Measure every model in every engine."""
    out = Section("Path-weeks per second")
    out.text(
        "A *path-week* is one step of one path under one policy. Every program is run as `simulate` runs it, with",
        "draws of parameters, outcomes, histograms and trajectories recorded.",
        "",
        "*The same uniforms*: for each path-week as many as the program has streams in use (a level without chance of",
        "its own uses none), **for every policy**, though hudna draws them once for all policies.",
        "",
        f"- *PCG64*: `Generator.random` of NumPy fills a buffer of {_BUFFER:,} doubles again and again until all",
        "  uniforms are drawn, in one thread.",
        "- *Philox in the kernel, shared*: the compiled engine's own generator in one thread, drawing once a step for",
        "  all policies, as the engine does.",
        "- *Philox in the kernel, per policy*: the same time multiplied by the number of policies, so as many",
        "  uniforms as PCG64 draws.",
    )
    measured = _measure(settings)
    out.table(_HEADER, [row for found in measured.values() for row in found.rows()])
    out.table(
        ["random numbers alone, ns per path-week", "PCG64", "Philox, shared", "Philox, per policy"],
        [found.randoms() for found in measured.values()],
    )
    _few_paths(out, settings)
    _wall(out, settings)
    _targets(out, measured)
    return out


@dataclass(frozen=True)
class _Measured:
    """Times of one model in ns per path-week; `runs` by engine and number of threads."""

    model: Model
    runs: dict[tuple[str, int], Times]
    pcg64: Times
    shared: Times | None

    @property
    def apart(self) -> Times | None:
        """What Philox in the kernel takes if it draws for every policy."""
        return self.shared * self.model.n_policies if self.shared else None

    def rows(self) -> list[list[str]]:
        """Return a row an engine and number of threads."""
        model = self.model
        return [
            [
                model.name,
                str(model.streams.size),
                str(model.n_policies),
                engine,
                str(threads),
                each.show(),
                rounded(1e3 / each.median),
                (each / self.pcg64).show(),
                (each / self.shared).show() if self.shared else "-",
                (each / self.apart).show() if self.apart else "-",
            ]
            for (engine, threads), each in self.runs.items()
        ]

    def randoms(self) -> list[str]:
        """Return a row with what random numbers alone take."""
        shared = self.shared.show() if self.shared else "-"
        apart = self.apart.show() if self.apart else "-"
        return [self.model.name, self.pcg64.show(), shared, apart]

    def per_uniform(self, engine: str) -> Times | None:
        """Return the time of an engine in one thread, per stream in use."""
        found = self.runs.get((engine, 1))
        return found / self.model.streams.size if found else None


def _measure(settings: Settings) -> dict[str, _Measured]:
    """Run all models in all engines, and all random numbers alone, in turns."""
    draws, paths = settings.size(64, 4), _PATHS
    loaded = [models.load(name) for name in _MODELS]
    ways = [(engine, threads) for engine in settings.engines for threads in settings.threads]
    runs: dict[str, Callable[[], object]] = {}
    for model in loaded:
        size: dict[str, Any] = {"draws": draws, "paths": paths}
        for engine, threads in ways:
            options = {**size, "block": _ORACLE_BLOCK} if engine == "oracle" else size
            runs[_label(model, engine, threads)] = partial(
                models.simulate, model.program, engine=engine, threads=threads, **options
            )
        runs[_label(model, _PCG64)] = partial(_pcg64, model.path_weeks(draws, paths) * model.streams.size)
        philox = _philox(model, draws, paths)
        if philox is not None:
            runs[_label(model, _PHILOX)] = philox
    seconds = take_turns(runs, settings.repeats, what="engines")
    found = {}
    for model in loaded:
        per = 1e9 / model.path_weeks(draws, paths)
        shared = seconds.get(_label(model, _PHILOX))
        found[model.name] = _Measured(
            model,
            {(engine, threads): seconds[_label(model, engine, threads)] * per for engine, threads in ways},
            seconds[_label(model, _PCG64)] * per,
            shared * per if shared else None,
        )
    return found


def _label(model: Model, what: str, threads: int | None = None) -> str:
    return f"{model.name}, {what}" + (f", {in_threads(threads)}" if threads else "")


def _pcg64(count: int) -> None:
    rng = np.random.Generator(np.random.PCG64(1))
    buffer = np.empty(_BUFFER)
    for _ in range(count // _BUFFER):
        rng.random(out=buffer)
    rng.random(out=buffer[: count % _BUFFER])


def _philox(model: Model, draws: int, paths: int) -> Callable[[], object] | None:
    try:
        from hudna.engine.vm.streams import LANES, draw_only
    except ImportError:
        note("the compiled engine is not there: no Philox in the kernel")
        return None
    lanes = np.empty((4, model.streams.size, LANES))
    return partial(draw_only, np.uint64(1), draws, paths, model.program.n_steps, model.streams, lanes)


def _few_paths(out: Section, settings: Settings) -> None:
    """The cost of few paths a draw: the engine works on paths of one draw side by side."""
    model, engine = models.load("toy-truce"), settings.fastest
    shapes = [(settings.size(1250, 60), 16), (settings.size(400, 20), 50), (settings.size(80, 4), 256)]
    runs = {
        f"{paths}": partial(models.simulate, model.program, engine=engine, threads=1, draws=draws, paths=paths)
        for draws, paths in shapes
    }
    times = take_turns(runs, settings.repeats, what="paths a draw")
    out.table(
        [f"toy-truce in {engine}, one thread: paths a draw", "draws", "ns per path-week"],
        [
            [str(paths), f"{draws:,}", (times[f"{paths}"] * (1e9 / model.path_weeks(draws, paths))).show()]
            for draws, paths in shapes
        ],
    )


def _wall(out: Section, settings: Settings) -> None:
    """The Iraq question with 100,000 paths: 500 draws of 200."""
    model, engine = models.load("iraq-2024"), settings.fastest
    draws, paths = settings.size(500, 10), settings.size(200, 20)
    runs: dict[str, Callable[[], object]] = {}
    for threads in settings.threads:
        size: dict[str, Any] = {"engine": engine, "threads": threads, "draws": draws, "paths": paths}
        runs[f"simulate, {in_threads(threads)}"] = partial(models.simulate, model.program, **size)
        runs[f"hudna.run, {in_threads(threads)}"] = partial(hudna.run, "iraq-2024", **size)
    times = take_turns(runs, settings.repeats, what="iraq-2024")
    out.table(
        [f"iraq-2024 in {engine}: {draws * paths:,} paths, 52 weeks, {model.n_policies} policies", "seconds"],
        [[name, each.show()] for name, each in times.items()],
    )


def _targets(out: Section, measured: dict[str, _Measured]) -> None:
    toy, iraq = measured["toy-truce"], measured["iraq-2024"]
    one, two = toy.runs.get((_COMPILED, 1)), toy.runs.get((_COMPILED, 2))
    targets = [
        ("toy-truce, vm, one thread: at most 1.5 times PCG64", one, toy.pcg64, 1.5),
        ("toy-truce, vm, two threads: at most 0.8 times PCG64", two, toy.pcg64, 0.8),
        ("toy-truce, vm, one thread: at most 10 times Philox, shared", one, toy.shared, 10),
        ("toy-truce, vm, one thread: at most 10 times Philox, per policy", one, toy.apart, 10),
        (
            "vm, one thread, time per uniform: iraq-2024 at most 2 times toy-truce",
            iraq.per_uniform(_COMPILED),
            toy.per_uniform(_COMPILED),
            2,
        ),
    ]
    rows = [[name, *verdict(a / b if a and b else None, at_most=limit)] for name, a, b, limit in targets]
    out.table(["target", "measured", "verdict"], rows)
