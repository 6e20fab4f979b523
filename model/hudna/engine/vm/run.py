"""A block of a run on the compiled engine: the numbers of its draws in, its records out."""

from __future__ import annotations

from typing import Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine.blocks import Block, BlockRecord, Shape, Task, stopped_run
from hudna.engine.draws import draw_values
from hudna.engine.executor import Stop
from hudna.engine.program import Program
from hudna.engine.recording import series_bins
from hudna.engine.refusals import Refusal, refusal_text
from hudna.engine.vm.kernel import WHOLE, Given, Place, Records, Span, simulate_block, space_for
from hudna.engine.vm.nodes import GOOD
from hudna.engine.vm.streams import LANES
from hudna.engine.vm.tables import Tables, pack
from hudna.errors import SimulationError

__all__ = ["NOTHING_GIVEN", "prepare", "records_of", "refused", "rows_of", "run_block"]

NOTHING_GIVEN = Given(np.zeros((1, 0, LANES)), np.zeros((1, 0, LANES)), np.zeros((1, LANES)))


def prepare(task: Task) -> Tables:
    """Compile the kernel if that has not been done, and return the tables that it reads."""
    tables = pack(task.program)
    if not simulate_block.signatures:
        run_block(tables, Block.of(task, Shape(0, 0, 0, 0, 0, 0)), Stop())
    return tables


def run_block(tables: Tables, block: Block, stop: Stop) -> BlockRecord:
    """Simulate a block; once `stop` is set, it is left undone."""
    task, shape = block.task, block.shape
    program, (kept_draws, kept_paths) = task.program, shape.kept
    values = draw_values(program, task.theta, shape.draw_numbers)
    bins = series_bins(program)
    n_policies, n_events = len(program.policies), len(program.events.name)
    kind = np.float64 if task.exact else np.uint32
    traces = np.zeros((n_policies, task.kept.size, kept_draws, program.n_steps, kept_paths), kind)
    records = records_of(
        outcomes=np.zeros((n_policies, len(program.outcomes.name), shape.n_draws, shape.n_paths)),
        histograms=np.zeros((n_policies, program.n_steps, sum(bins)), np.int64),
        threat=np.zeros((n_policies, n_events, shape.n_tiles, shape.n_draws, program.n_steps)),
        traced=task.kept.astype(np.int64),
        **{"exact" if task.exact else "counts": traces},
    )
    if not stop.is_set():
        code = simulate_block(
            tables,
            rows_of(values),
            block.begins(values).contiguous(),
            space_for(tables, n_policies),
            NOTHING_GIVEN,
            records,
            np.uint64(task.seed),
            Place(shape.first_draw, shape.first_path),
            Span(0, program.n_steps, WHOLE, True),
        )
        if code != GOOD:
            raise refused(program, code, records, shape.first_draw, shape.first_path)
    ends = np.cumsum(bins)[:-1]
    return BlockRecord(
        outcomes=records.outcomes,
        histograms=tuple(np.split(records.histograms, ends, axis=2)) if bins else (),
        threat=records.threat,
        trajectories=traces.swapaxes(3, 4),
    )


def records_of(outcomes: FloatArray, **kept: Any) -> Records:
    """Return records with room for outcomes, and for what else is kept."""
    nothing = {
        "histograms": np.zeros((1, 0, 0), np.int64),
        "threat": np.zeros((1, 0, 0, 0, 0)),
        "traced": np.zeros(0, np.int64),
        "counts": np.zeros((0,) * 5, np.uint32),
        "exact": np.zeros((0,) * 5),
        "stop": np.zeros(7),
    }
    return Records(outcomes, **{**nothing, **kept})


def refused(program: Program, code: int, records: Records, first_draw: int, first_path: int) -> SimulationError:
    """Return the error of a block, from its first draw and path on, that the kernel stopped."""
    node, lane, number, draw, first, step, policy = records.stop.tolist()
    text = refusal_text(program, Refusal(code), int(node), number)
    draw, path = first_draw + int(draw), first_path + int(first + lane)
    return stopped_run(text, int(step), program.policies[int(policy)], draw, path)


def rows_of(values: FloatArray) -> FloatArray:
    """Return the numbers of the draws, a row a draw, and after the last a 0."""
    rows = np.zeros((values.shape[1], values.shape[0] + 1))  # row by row, or the kernel is compiled once more
    rows[:, :-1] = values.T
    return rows
