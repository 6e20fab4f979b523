"""An ensemble: paths whose simulation can be stopped at any step, looked at, weighed, resampled and resumed.

It does what a run does, on either engine and with the same rules and random numbers: advanced from start to end it
has the numbers of that run. In between a step can be taken in halves, `expect` and `settle`; what is known of the
step's counts is given in the middle, when their means are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine import oracle
from hudna.engine.blocks import stopped_run
from hudna.engine.draws import draw_values
from hudna.engine.program import TILE, Program
from hudna.engine.states import States, as_arrays, as_state
from hudna.engine.streams import STEPS_PER_CALL, uniforms

if TYPE_CHECKING:
    from hudna.engine.vm.kernel import Given

__all__ = ["Ensemble", "warm"]


@dataclass(frozen=True)
class _Arrays:
    """Where the states lie: (draw, tile, row, lane) each.

    `signals` has two planes of rows, in turn those as of this step and of the step before; after the signals of a
    plane come the numbers of the regimes' states.
    """

    signals: FloatArray
    memory: FloatArray
    scores: FloatArray
    means: FloatArray

    def part(self, draws: Any) -> _Arrays:
        return _Arrays(*(array[draws] for array in vars(self).values()))

    def copy(self) -> _Arrays:
        return _Arrays(*(array.copy() for array in vars(self).values()))


class Ensemble:
    """Paths of some draws of a program under one policy, at the beginning of step `step`.

    Parameters
    ----------
    program : Program
        Its first policy is the one that is simulated.
    theta : float array, shape (n_draws, n_parameters)
    paths : int
        Paths a draw.
    seed : int
        Numbers are keyed by seed, slot (draw and path), step and stream, whatever has been resampled into the slot.
    engine : {"vm", "oracle"}
    states : States, optional
        What to start from; the start of every node if left out.
    first_draw : int
        Number of the first draw's slot.
    """

    def __init__(
        self,
        program: Program,
        theta: FloatArray,
        *,
        paths: int,
        seed: int,
        engine: str = "vm",
        states: States | None = None,
        first_draw: int = 0,
    ) -> None:
        self.program, self.seed, self.engine = program, seed, engine
        self.theta, self.n_paths, self.first_draw = theta.copy(), paths, first_draw
        self.step = 0
        self.values = draw_values(program, theta, self._numbers())
        if states is None:
            states = as_arrays(oracle.initial(program, self.values, self._numbers()), theta.shape[0], 1)
        self._arrays = self._allocated()
        self._begin(states)
        self._half: oracle.Step | None = None
        self._compiled = _Compiled(program) if engine == "vm" else None

    # -- what there is ---------------------------------------------------------------------------------------

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.theta.shape[0])

    def signal(self, index: int) -> FloatArray:
        """Return a signal as of the last step, shape (n_draws, n_paths)."""
        return self._joined(self._arrays.signals[:, :, self._plane + index])

    def regime(self, index: int) -> FloatArray:
        """Return the number of the state that a regime is in, shape (n_draws, n_paths)."""
        return self._joined(self._arrays.signals[:, :, self._plane + len(self.program.signals) + index])

    def score(self, index: int) -> FloatArray:
        """Return the log odds of a level, shape (n_draws, n_paths)."""
        return self._joined(self._arrays.scores[:, :, index])

    def mean(self, events: int) -> FloatArray:
        """Return the count that an events node must expect in this step, after `expect`; (n_draws, n_paths)."""
        return self._joined(self._arrays.means[:, :, events])

    def states(self) -> States:
        """Return a copy of all states, to start something else from."""
        arrays, plane, n_signals = self._arrays, self._plane, len(self.program.signals)
        rows = arrays.signals[:, :, plane : plane + self._n_rows]
        return States(
            signals=self._by_row(rows[:, :, :n_signals]),
            regimes=self._by_row(rows[:, :, n_signals:]),
            memories=self._by_row(arrays.memory),
            scores=self._by_row(arrays.scores),
        )

    def under(self, program: Program) -> None:
        """Go on under another program of the same nodes, which holds other regimes or plans other schedules."""
        self.program = program
        self._compiled = _Compiled(program) if self.engine == "vm" else None

    # -- moving on -------------------------------------------------------------------------------------------

    def advance(self, steps: int = 1) -> None:
        """Simulate whole steps."""
        for _ in range(steps):
            self.expect()
            self.settle()

    def expect(self) -> None:
        """Simulate the first half of a step: what is decided, what state things are in, what is to be expected."""
        if self._compiled is not None:
            self._compiled.expect(self)
            return
        program = self.program
        group, lane = divmod(self.step, STEPS_PER_CALL)
        paths = np.arange(self.n_paths, dtype=np.uint64)
        drawn = [uniforms(self.seed, int(s), self._numbers()[:, None], paths, group)[lane] for s in program.stream_ids]
        try:
            self._half = oracle.expect(program, as_state(program, self.states()), self.values, drawn, self.step, 0)
        except oracle.RefusedError as refused:
            raise self._stopped(refused.text, refused.draw, refused.path) from None
        for i, mean in enumerate(self._half.means):
            self._arrays.means[:, :, i] = self._tiled(mean)

    def settle(
        self, events: dict[int, FloatArray] | None = None, answers: dict[int, FloatArray] | None = None
    ) -> FloatArray:
        """Simulate the second half of a step: what happens, how it is answered, how it is felt.

        events, answers : counts that are known, shape (n_draws, n_paths), by the place of the events node or the
        response in the program; `oracle.FREE` where they are drawn

        It returns the log probability of the answers that are known, each given what it answers, of the same shape.
        """
        events, answers = events or {}, answers or {}
        if self._compiled is not None:
            likely = self._compiled.settle(self, self._given(events, answers))
            self.step += 1
            return likely
        if self._half is None:
            raise RuntimeError("settle comes after expect")
        try:
            state, likely = oracle.settle(
                self._half,
                [events.get(i) for i in range(len(self.program.events.name))],
                [answers.get(i) for i in range(len(self.program.responses.name))],
            )
        except oracle.RefusedError as refused:
            raise self._stopped(refused.text, refused.draw, refused.path) from None
        self._half = None
        self.step += 1
        self._write(as_arrays(state, self.n_draws, self.n_paths), self._plane)
        return np.broadcast_to(likely, (self.n_draws, self.n_paths))

    def held_log_probability(self, regime: int) -> FloatArray:
        """Return the log probability that a regime held in this step would have gone there by itself.

        To be asked before `expect`; shape broadcasts to (n_draws, n_paths).
        """
        state = as_state(self.program, self.states()) if self._reads_paths(regime) else self._first_paths()
        return oracle.held_log_probability(self.program, state, self.values, self.step, 0, regime)

    # -- weighing and resampling -----------------------------------------------------------------------------

    def reorder(self, order: IntArray, draws: IntArray) -> None:
        """Give the paths of some draws the states of others of the same draw, `order[draw, path]`."""
        arrays, plane = self._arrays, self._plane
        rows = slice(plane, plane + self._n_rows)
        lanes = arrays.signals.shape[3]
        for d in draws:
            tile, lane = np.divmod(order[d], lanes)
            for array in (arrays.signals[d, :, rows], arrays.memory[d], arrays.scores[d]):
                taken = array[0][:, lane] if array.shape[0] == 1 else array[tile, :, lane].T
                for k in range(array.shape[0]):
                    part = taken[:, k * lanes : (k + 1) * lanes]
                    array[k, :, : part.shape[1]] = part

    def part(self, first: int, last: int) -> Ensemble:
        """Return draws `first` to `last` as an ensemble of its own whose states are this one's; not for `put`."""
        other = self._like(self._arrays.part(slice(first, last)), slice(first, last), self.first_draw + first)
        other.theta = other.theta.copy()
        return other

    def take(self, draws: IntArray) -> Ensemble:
        """Return a copy that has draw `draws[i]` in place i; slots are numbered anew."""
        return self._like(self._arrays.part(draws), draws, 0)

    def copy(self) -> Ensemble:
        """Return an independent copy."""
        other = self._like(self._arrays.copy(), slice(None), self.first_draw)
        other.theta, other.values = self.theta.copy(), self.values.copy()
        return other

    def put(self, draws: IntArray, other: Ensemble) -> None:
        """Take over draws, parameters and states, from an ensemble of the same shape at the same step."""
        for mine, theirs in zip(vars(self._arrays).values(), vars(other._arrays).values(), strict=True):
            mine[draws] = theirs[draws]
        self.theta[draws] = other.theta[draws]
        self.values[:, draws] = other.values[:, draws]

    # -- how it lies in memory -------------------------------------------------------------------------------

    @property
    def _n_rows(self) -> int:
        return len(self.program.signals) + len(self.program.regimes.name)

    @property
    def _plane(self) -> int:
        """First row of the plane that holds the last step."""
        return 0 if self.step % 2 == 0 else self._n_rows

    def _numbers(self) -> IntArray:
        return np.arange(self.first_draw, self.first_draw + self.theta.shape[0], dtype=np.uint64)

    def _allocated(self) -> _Arrays:
        program, lanes = self.program, min(self.n_paths, TILE)
        tiles = -(-self.n_paths // TILE)

        def room(rows: int) -> FloatArray:
            return np.zeros((self.n_draws, tiles, rows, lanes))

        n_events = len(program.events.name)
        return _Arrays(room(2 * self._n_rows), room(n_events), room(len(program.levels.name)), room(n_events))

    def _begin(self, states: States) -> None:
        for plane in (0, self._n_rows):
            self._write(states, plane)

    def _write(self, states: States, plane: int) -> None:
        n_signals = len(self.program.signals)
        for array, rows in (
            (self._arrays.signals[:, :, plane : plane + n_signals], states.signals),
            (self._arrays.signals[:, :, plane + n_signals : plane + self._n_rows], states.regimes),
            (self._arrays.memory, states.memories),
            (self._arrays.scores, states.scores),
        ):
            lanes = array.shape[3]
            for k in range(array.shape[1]):
                if rows.shape[2] == 1:
                    array[:, k] = rows
                else:
                    part = rows[:, :, k * lanes : (k + 1) * lanes]
                    array[:, k, :, : part.shape[2]] = part

    def _joined(self, tiles: FloatArray) -> FloatArray:
        """Return (draw, tile, lane) as (draw, path)."""
        return tiles.reshape(tiles.shape[0], -1)[:, : self.n_paths]

    def _tiled(self, paths: FloatArray) -> FloatArray:
        """Return what broadcasts to (draw, path) as (draw, tile, lane)."""
        _, tiles, _, lanes = self._arrays.signals.shape
        out = np.zeros((self.n_draws, tiles * lanes))
        out[:, : self.n_paths] = paths
        return out.reshape(self.n_draws, tiles, lanes)

    def _by_row(self, array: FloatArray) -> FloatArray:
        """Return (draw, tile, row, lane) as (draw, row, path)."""
        draws, tiles, rows, lanes = array.shape
        joined = array.swapaxes(1, 2).reshape(draws, rows, tiles * lanes)[:, :, : self.n_paths]
        return np.array(joined)

    def _given(self, events: dict[int, FloatArray], answers: dict[int, FloatArray]) -> Given:
        from hudna.engine.vm.kernel import Given
        from hudna.engine.vm.run import NOTHING_GIVEN

        if not events and not answers:
            return NOTHING_GIVEN
        draws, tiles, _, lanes = self._arrays.signals.shape

        def room(given: dict[int, FloatArray], nodes: int) -> FloatArray:
            out = np.full((draws, tiles, nodes, lanes), oracle.FREE)
            for i, counts in given.items():
                out[:, :, i] = self._tiled(counts)
            return out.reshape(draws * tiles, nodes, lanes)

        return Given(
            room(events, len(self.program.events.name)),
            room(answers, len(self.program.responses.name)),
            np.zeros((draws * tiles, lanes)),
        )

    def _like(self, arrays: _Arrays, draws: Any, first_draw: int) -> Ensemble:
        other = object.__new__(Ensemble)
        other.program, other.seed, other.engine = self.program, self.seed, self.engine
        other.theta, other.values = self.theta[draws], np.ascontiguousarray(self.values[:, draws])
        other.n_paths, other.first_draw, other.step = self.n_paths, first_draw, self.step
        other._arrays, other._half, other._compiled = arrays, None, self._compiled
        return other

    def _reads_paths(self, regime: int) -> bool:
        """Whether the rates of a regime, or where it is, differ from path to path."""
        table, couplings = self.program.regimes, self.program.couplings
        rows = table.predictor[int(table.transition_pointer[regime]) : int(table.transition_pointer[regime + 1])]
        alike = {0, *(int(s) for s in self.program.schedules.signal)}
        read = [int(couplings.signal[j]) for row in rows for j in couplings.terms(int(row))]
        entered = any(np.ptp(self.signal(int(s))) > 0 for s in table.entry_signal)
        return entered or not alike.issuperset(read) or bool(np.ptp(self.regime(regime)) > 0)

    def _first_paths(self) -> oracle.State:
        """Return the state of the first path of each draw, where all are alike in what matters."""
        arrays, plane, n_signals = self._arrays, self._plane, len(self.program.signals)
        rows = arrays.signals[:, 0, plane : plane + self._n_rows, :1]
        state = States(rows[:, :n_signals], rows[:, n_signals:], arrays.memory[:, 0, :, :1], arrays.scores[:, 0, :, :1])
        return as_state(self.program, state)

    def _stopped(self, text: str, draw: int, path: int) -> Exception:
        return stopped_run(text, self.step, self.program.policies[0], self.first_draw + draw, path)


def warm(program: Program, theta: FloatArray, engine: str) -> None:
    """Compile what half a step needs, once, before several threads want it; `theta` has one draw."""
    if engine == "vm":
        Ensemble(program, theta, paths=1, seed=0).expect()


class _Compiled:
    """The compiled kernel on an ensemble's arrays."""

    def __init__(self, program: Program) -> None:
        from hudna.engine.vm.tables import pack

        self._tables = pack(program)

    def expect(self, ensemble: Ensemble) -> None:
        """Take the first half of a step in place."""
        from hudna.engine.vm.kernel import EXPECT
        from hudna.engine.vm.run import NOTHING_GIVEN

        self._run(ensemble, EXPECT, NOTHING_GIVEN)

    def settle(self, ensemble: Ensemble, given: Given) -> FloatArray:
        """Take the second half of a step in place; return the log probability of what is given."""
        from hudna.engine.vm.kernel import SETTLE
        from hudna.engine.vm.run import NOTHING_GIVEN

        self._run(ensemble, SETTLE, given)
        if given is NOTHING_GIVEN:
            return np.zeros((ensemble.n_draws, ensemble.n_paths))
        draws, tiles, _, lanes = ensemble._arrays.signals.shape
        return ensemble._joined(given.likely.reshape(draws, tiles, lanes))

    def _run(self, ensemble: Ensemble, phase: int, given: Given) -> None:
        from hudna.engine.vm.kernel import Place, Span, simulate_block, space_for
        from hudna.engine.vm.run import records_of, refused, rows_of

        arrays = ensemble._arrays
        draws, tiles, _, lanes = arrays.signals.shape
        slots = {name: array.reshape(draws * tiles, -1, lanes) for name, array in vars(arrays).items()}
        space = space_for(self._tables, 0)._replace(**slots, reduced=np.zeros((draws * tiles, 0, lanes)))
        nothing = States(*(np.zeros((0, 0, 1)) for _ in range(4)))
        records = records_of(outcomes=np.zeros((1, 0, draws, ensemble.n_paths)))
        code = simulate_block(
            self._tables,
            rows_of(ensemble.values),
            nothing,
            space,
            given,
            records,
            np.uint64(ensemble.seed),
            Place(ensemble.first_draw, 0),
            Span(ensemble.step, ensemble.step + 1, phase, False),
        )
        if code:
            raise refused(ensemble.program, code, records, ensemble.first_draw, 0)
