"""A level's log odds taken apart, exactly, by what moves it.

The recursion of a level, z' = m z + (1 - m) eta + sd sqrt(1 - m^2) N(0, 1), is linear in z, and eta is a sum of terms.
So z is a sum too: of what is left of its start, of its base, of every term with its own memory, and of chance. The
parts of every step add up to z of that step; there is no such sum for x = 1 / (1 + exp(-z)).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special

from hudna.arrays import FloatArray, IntArray, ints
from hudna.engine.blocks import Block, BlockRecord, Task, blocks
from hudna.engine.choice import chosen_engine
from hudna.engine.draws import draw_values
from hudna.engine.executor import Stop, at_once, in_order
from hudna.engine.memory import check_fits
from hudna.engine.program import Program
from hudna.engine.simulate import Progress, RunBlock, Stage, prepared, unseen
from hudna.engine.states import States
from hudna.engine.streams import STEPS_PER_CALL, uniforms

__all__ = ["BASE", "CHANCE", "START", "Contributions", "Part", "contributions", "parts_of"]

START, BASE, CHANCE = "start", "base", "chance"
_BLOCK = 2_048  # paths whose parts are held week by week at once


@dataclass(frozen=True)
class Part:
    """One part of a level: `kind` is `tie`, `effect`, `start`, `base` or `chance`.

    `reads` is what the part carries: the id of a tie, the reference of an effect as the file has it, else empty.
    """

    kind: str
    reads: str
    terms: tuple[int, ...] = ()


@dataclass(frozen=True)
class Contributions:
    """The parts of a level in a run.

    series : (policy, part, draw, step), mean over the paths of a draw
    window : (policy, part, draw, path), mean over the steps of a window
    paths : (policy, part, draw, path, step), of the first paths of each draw
    """

    parts: tuple[Part, ...]
    series: FloatArray
    window: FloatArray
    paths: FloatArray


def contributions(
    program: Program,
    level: int,
    *,
    draws: int,
    paths: int,
    seed: int,
    theta: FloatArray,
    starts: States | None,
    window: slice,
    keep: int,
    engine: str,
    threads: int | None,
    executor: Executor | None,
    progress: Progress | None,
    stage: Stage | None,
) -> Contributions:
    """Simulate a program and take one of its levels, the place of which is `level`, apart.

    Parts are averaged over the steps of `window`, and kept step by step for `keep` paths of each draw; the rest is as
    of `simulate`, and the errors are.
    """
    parts = parts_of(program, level)
    kept = _signals_read(program, level)
    policies, steps, keep = len(program.policies), program.n_steps, min(keep, paths)
    at_work = steps * (kept.size + 4) if executor is None else len(parts) * (keep + 1)  # numbers a policy and path
    held = {
        "outcomes": 8 * policies * len(parts) * draws * paths,
        "trajectories": 8 * policies * len(parts) * draws * (keep + 1) * steps,
        "blocks under way": 8 * at_once(threads, executor) * min(_BLOCK, draws * paths) * policies * at_work,
    }
    check_fits(held, draws=draws, paths=paths, summary=True)
    task = Task(program, seed, theta, kept, exact=True, starts=starts)
    run_block = prepared(chosen_engine(engine, program, draws * paths), task, stage or unseen)
    found = Contributions(
        parts=parts,
        series=np.zeros((policies, len(parts), draws, steps)),
        window=np.empty((policies, len(parts), draws, paths)),
        paths=np.empty((policies, len(parts), draws, keep, steps)),
    )
    one = partial(_of_block, run_block, level, window, keep)
    done = 0
    for block, part in in_order(one, blocks(task, draws, paths, _BLOCK, (draws, paths)), threads, executor):
        shape = block.shape
        found.series[:, :, shape.draws] += part.series / paths
        found.window[:, :, shape.draws, shape.paths] = part.window
        found.paths[:, :, shape.draws, shape.first_path : shape.first_path + part.paths.shape[3]] = part.paths
        done += shape.n_draws * shape.n_paths
        if progress is not None:
            progress(done, draws * paths)
    return found


def _of_block(run_block: RunBlock, level: int, window: slice, keep: int, block: Block, stop: Stop) -> Contributions:
    """Return the contributions in a block, the series summed over its paths, the paths those of the run's first."""
    program, shape = block.task.program, block.shape
    parts = parts_of(program, level)
    size = len(program.policies), len(parts), shape.n_draws
    left = min(max(keep - shape.first_path, 0), shape.n_paths)
    found = Contributions(
        parts=parts,
        series=np.zeros((*size, program.n_steps)),
        window=np.zeros((*size, shape.n_paths)),
        paths=np.zeros((*size, left, program.n_steps)),
    )
    for i, part in _split(block, level, run_block, stop):
        found.series[:, i] = part.sum(axis=2)
        found.window[:, i] = part[..., window].mean(axis=-1)
        found.paths[:, i] = part[:, :, :left]
    return found


def parts_of(program: Program, level: int) -> tuple[Part, ...]:
    """Return the parts of the level at a place: every tie and every effect, then its base, its start and chance."""
    couplings, labels = program.couplings, program.values.label
    own = f"{program.levels.name[level]}.effects."
    found: dict[tuple[str, str], list[int]] = {}
    for j in couplings.terms(int(program.levels.predictor[level])):
        label = labels[int(couplings.value[j])]
        if couplings.source[j]:
            key = ("tie", couplings.source[j])
        else:
            key = ("effect", label.removeprefix(own)) if couplings.signal[j] else (BASE, "")
        found.setdefault(key, []).append(j)
    parts = [Part(kind, reads, tuple(terms)) for (kind, reads), terms in found.items()]
    moving = [part for part in parts if part.kind != BASE]
    return (*moving, *(part for part in parts if part.kind == BASE), Part(START, ""), Part(CHANCE, ""))


def _signals_read(program: Program, level: int) -> IntArray:
    """Return the signals that a level reads, and its own, in the order of the program."""
    terms = program.couplings.terms(int(program.levels.predictor[level]))
    read = {int(program.couplings.signal[j]) for j in terms} - {0}
    return ints(sorted(read | {int(program.levels.signal[level])}))


def _split(block: Block, level: int, run_block: RunBlock, stop: Stop) -> Iterator[tuple[int, FloatArray]]:
    """Simulate a block; yield the number of each part, as of `parts_of`, and the part, (policy, draw, path, step).

    The task keeps the signals that the level reads (`_signals_read`), exact, of every path.
    """
    task, shape = block.task, block.shape
    program = task.program
    record = run_block(block, stop)
    if stop.is_set():
        return
    values = draw_values(program, task.theta, shape.draw_numbers)
    begins = block.begins(values)
    memory = values[int(program.levels.memory[level])][:, None]
    whole = (len(program.policies), shape.n_draws, shape.n_paths, program.n_steps)
    for i, part in enumerate(parts_of(program, level)):
        if part.kind == START:
            score = begins.scores[:, level, :]
            out = np.empty(whole)
            for t in range(program.n_steps):
                score = memory * score
                out[..., t] = score
            yield i, out
        elif part.kind == CHANCE:
            yield i, np.broadcast_to(_remembered(_shocks(block, level, values, memory), memory), whole)
        else:
            pull = np.zeros(whole)
            for j in part.terms:
                pull += _term(program, j, values, record, task.kept, begins.signals)
            yield i, _remembered((1 - memory[..., None]) * pull, memory)


def _term(
    program: Program, j: int, values: FloatArray, record: BlockRecord, kept: IntArray, begins: FloatArray
) -> FloatArray:
    """Return value x (signal - reference) of one term on every step, shape (policy, draw, path, step)."""
    term = program.couplings.term(j)
    value = values[term.value][:, None, None]
    if term.signal == 0:
        return np.broadcast_to(value, (len(program.policies), value.shape[0], 1, program.n_steps))
    read = record.trajectories[:, int(np.flatnonzero(kept == term.signal)[0])]
    if not term.now:
        now, read = read, np.empty(read.shape)
        read[..., 0], read[..., 1:] = begins[:, term.signal, :], now[..., :-1]
    moved: FloatArray = value * (read - term.reference)
    return moved


def _shocks(block: Block, level: int, values: FloatArray, memory: FloatArray) -> FloatArray:
    """Return sd sqrt(1 - m^2) N(0, 1) of every step, shape (draw, path, step): the same under every policy."""
    task, program = block.task, block.task.program
    draws, paths = block.shape.draw_numbers[:, None], block.shape.path_numbers
    stream = int(program.stream_ids[int(program.levels.stream[level])])
    groups = range(-(-program.n_steps // STEPS_PER_CALL))
    lanes = [lane for g in groups for lane in uniforms(task.seed, stream, draws, paths, g)]
    u = np.stack(lanes[: program.n_steps], axis=-1)
    size = values[int(program.levels.sd[level])][:, None] * np.sqrt(1 - memory * memory)
    shocks: FloatArray = size[..., None] * special.ndtri(u)
    return shocks


def _remembered(pushes: FloatArray, memory: FloatArray) -> FloatArray:
    """Return c_t = m c_(t - 1) + push_t from nothing, along the last axis; `memory` has shape (draw, 1)."""
    out = np.empty_like(pushes)
    left = np.zeros(pushes.shape[:-1])
    for t in range(pushes.shape[-1]):
        left = memory * left + pushes[..., t]
        out[..., t] = left
    return out
