"""A block of a run on the oracle: step by step, every policy on the same numbers."""

from __future__ import annotations

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine import oracle
from hudna.engine.blocks import Block, BlockRecord, stopped_run
from hudna.engine.draws import draw_values
from hudna.engine.executor import Stop
from hudna.engine.recording import Recorder
from hudna.engine.states import as_state
from hudna.engine.streams import STEPS_PER_CALL, uniforms

__all__ = ["run_block"]


def run_block(block: Block, stop: Stop) -> BlockRecord:
    """Simulate a block; what is not done when `stop` is set is left undone."""
    task, shape = block.task, block.shape
    program = task.program
    draws, paths = shape.draw_numbers, shape.path_numbers
    values = draw_values(program, task.theta, draws)
    if task.starts is None:
        start = oracle.initial(program, values, draws)
    else:
        start = as_state(program, task.starts)
    states = [start] * len(program.policies)
    recorders = [Recorder(program, shape, task.kept, exact=task.exact) for _ in program.policies]
    lanes: list[tuple[FloatArray, ...]] = []
    for t in range(program.n_steps):
        if stop.is_set():
            break
        group, lane = divmod(t, STEPS_PER_CALL)
        if lane == 0:
            lanes = [uniforms(task.seed, int(s), draws[:, None], paths, group) for s in program.stream_ids]
        now = [lane_of[lane] for lane_of in lanes]
        for p, policy in enumerate(program.policies):
            try:
                states[p] = oracle.advance(program, states[p], values, now, t, p)
            except oracle.RefusedError as refused:
                draw, path = shape.first_draw + refused.draw, shape.first_path + refused.path
                raise stopped_run(refused.text, t, policy, draw, path) from None
            recorders[p].record(states[p], t)
    outcomes, histograms, threat, trajectories = zip(*(recorder.finish() for recorder in recorders), strict=True)
    return BlockRecord(
        outcomes=np.stack(outcomes),
        histograms=tuple(np.stack(parts) for parts in zip(*histograms, strict=True)),
        threat=np.stack(threat),
        trajectories=np.stack(trajectories),
    )
