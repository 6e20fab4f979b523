"""Calibrating a case: its parameters learned from the rows of one record, by several samplers side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy import special

from hudna.arguments import checked, settle
from hudna.arrays import ByContent, FloatArray, IntArray
from hudna.case import Case, load_case
from hudna.case.basis import basis
from hudna.case.grammar import Language, Text
from hudna.case.observations import Row
from hudna.case.posterior import Learned
from hudna.engine.draws import draw_parameters, parameters_from_scores
from hudna.engine.ensemble import warm
from hudna.engine.executor import Stop, Work
from hudna.engine.program import Program
from hudna.engine.simulate import check_sizes
from hudna.errors import InputError, Problems, SimulationError
from hudna.learn.checkpoints import Checkpoints, versions
from hudna.learn.filter import systematic
from hudna.learn.past import history_program, laid_out, question_of, record_of
from hudna.learn.smc import Island, Known, LostError, derived_seed
from hudna.outline import Outlined

__all__ = [
    "NOTHING_WEIGHS",
    "QUICK",
    "Calibration",
    "Sizes",
    "calibrate",
    "check_run",
    "diagnostics",
    "laid_rows",
    "learn",
    "marginal_scores",
    "prior_sample",
]

NOTHING_WEIGHS = Text(
    en="no row of observations.csv with the use likelihood lies in the record {}",
    ar="لا مشاهدة للترجيح في observations.csv ضمن سجل المشاهدات {}",
)
Done = TypeVar("Done")
_FRESH = 2  # rounds of moves after the last row, so that draws differ


@dataclass(frozen=True)
class Sizes:
    """How much is spent: samplers, draws and paths of each, and draws that are kept of them all."""

    islands: int = 4
    draws: int = 300
    paths: int = 120
    keep: int = 1000

    def __post_init__(self) -> None:
        settle(self)

    @property
    def quick(self) -> bool:
        """Whether they are those of a first look."""
        return self == QUICK

    def check(self) -> None:
        """Raise `InputError` with everything that is wrong."""
        problems = Problems()
        for name, number, low in (
            ("islands", self.islands, 2), ("draws", self.draws, 20), ("paths", self.paths, 10), ("keep", self.keep, 20)
        ):  # fmt: skip
            whole = isinstance(number, int) and not isinstance(number, bool) and low <= number <= 100_000
            if not whole and (name != "keep" or not problems):  # what is kept follows from the others
                problems.add("calibrate", name, f"must be a whole number, {low} to 100,000", given=repr(number))
        if not problems and self.keep > self.islands * self.draws:
            text = f"must be at most islands x draws, {self.islands * self.draws:,}"
            problems.add("calibrate", "keep", text, given=repr(self.keep))
        problems.raise_if_any()


QUICK = Sizes(islands=2, draws=100, paths=40, keep=200)  # a first look, in about a twentieth of the time


def check_run(seed: int, engine: str, threads: int | None, executor: Executor | None) -> None:
    """Raise `InputError` if a seed, an engine, a number of threads or an executor is wrong."""
    problems = Problems()
    problems.extend(check_sizes(1, 1, seed, threads=threads, engine=engine, executor=executor))
    if engine == "auto":
        problems.add("run", "engine", "must be one of vm, oracle", given="'auto'")
    problems.raise_if_any()


@dataclass(frozen=True, eq=False, repr=False)
class Calibration(ByContent, Outlined):
    """What was learned.

    scores, theta : (draw, parameter), draw i from sampler i modulo `sizes.islands`; prior : (draw, parameter) of the
    prior; log_evidence : by sampler; moves : by sampler, see `smc.Move`
    """

    case: Case
    record: str
    program: Program
    seed: int
    sizes: Sizes
    rows: tuple[Row, ...]
    scores: FloatArray
    theta: FloatArray
    prior: FloatArray = field(repr=False)
    log_evidence: tuple[float, ...]
    effective: tuple[tuple[float, ...], ...] = field(repr=False)
    accepted: tuple[tuple[float, ...], ...] = field(repr=False)
    learned: dict[str, Learned] = field(repr=False)

    def _outline(self) -> Iterator[tuple[str, object]]:
        sizes = self.sizes
        yield "case", f"{self.case.id}: {self.case.about.name.en}"
        yield "record", self.record
        yield "rows", len(self.rows)
        yield "parameters", self.program.parameters
        yield "calibrated", [name for name, one in self.learned.items() if one.calibrated]
        yield "draws", f"{len(self.theta):,}, of which {self.distinct:,} are distinct"
        yield "samplers", f"{sizes.islands} of {sizes.draws} draws x {sizes.paths} paths, seed {self.seed}"
        yield "log evidence", [f"{one:.2f}" for one in self.log_evidence]

    @property
    def distinct(self) -> int:
        """Number of distinct draws."""
        return int(np.unique(self.scores, axis=0).shape[0])


@checked
def calibrate(
    case: Case | str | Path,
    *,
    record: str | None = None,
    sizes: Sizes | None = None,
    seed: int = 1,
    engine: str = "vm",
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
) -> Calibration:
    """Learn a case's parameters from its observations.

    Parameters
    ----------
    case : Case, or what `hudna.load_case` takes
        Read anew without what it has learned before.
    record : str, optional
        The case's default one if left out.
    sizes : Sizes, optional
        How many samplers, draws and paths; 4, 300 and 120 if left out, which takes minutes.
    seed : int
        The same seed gives the same numbers.
    engine : {"vm", "oracle"}
        As of `hudna.run`; the oracle takes much longer.
    threads : int, optional
        Samplers worked on at once. Does not change the result.
    executor : concurrent.futures.Executor, optional
        What works on the samplers instead of threads of this process, one piece of work each; the result is the same.
    progress : function of (done, total), optional
        In steps of filters, of which `total` is an estimate: how often draws are moved is only seen on the way.
    checkpoints : Path, optional
        Folder to keep the samplers' states in, step by step. It is left there: remove it when the result is written.
        With an executor its workers write there.
    resume : bool
        Go on from the checkpoints in the folder, to the same digits.

    Returns
    -------
    Calibration
        `theta`, shape (sizes.keep, parameters), draws of the posterior, in the parameters' own units; `learned`, prior
        and posterior of each parameter side by side.

    Raises
    ------
    InputError
        If a size is wrong, there is no such case, it has no such record or no rows in it, or there is no checkpoint
        to resume or one is damaged or of another calibration.
    SimulationError
        If no draw can explain what was seen.
    ExecutorError
        If the executor takes no work, or loses the same sampler twice.

    Examples
    --------
    >>> found = calibrate("two-militias", sizes=Sizes(islands=2, draws=20, paths=10, keep=20))
    >>> found.theta.shape == (20, len(found.case.parameters)), found.learned["newspaper_ratio"].calibrated
    (True, True)
    """
    case = load_case(case, posterior=False)
    sizes = sizes or Sizes()
    sizes.check()
    check_run(seed, engine, threads, executor)
    name, rows, known = laid_rows(case, record)
    if not any(row.use == "likelihood" for row in rows):
        raise InputError.of(str(case.folder), NOTHING_WEIGHS.en.format(name))
    program = known.program
    kept = _checkpoints(checkpoints, case, name, known, sizes, seed, engine)

    def begin(islands: list[Island]) -> None:
        if kept is not None:
            kept.begin(islands, resume=resume)

    islands = learn(
        program, sizes, seed, partial(_calibrated, known, kept),
        fresh=_FRESH, engine=engine, threads=threads, executor=executor, progress=progress, begin=begin,
    )  # fmt: skip
    scores = _kept(islands, sizes, seed)
    return Calibration(
        case=case,
        record=name,
        program=program,
        seed=seed,
        sizes=sizes,
        rows=rows,
        scores=scores,
        theta=parameters_from_scores(program, scores),
        prior=prior_sample(program, seed),
        log_evidence=tuple(island.log_evidence for island in islands),
        effective=tuple(tuple(island.effective) for island in islands),
        accepted=tuple(tuple(float(np.mean(m.accepted)) for m in island.moves) for island in islands),
        learned=_learned(program, scores, sizes.islands),
    )


def _calibrated(known: Known, kept: Checkpoints | None, island: Island, tick: Callable[[], None]) -> Island:
    """Let a sampler learn from all that is known."""
    keep = None if kept is None else kept.keep
    island.learn(known, tick, keep)
    while island.fresh < _FRESH:
        island.refresh(known, tick)
        if keep is not None:
            keep(island)
    return island


def _checkpoints(
    folder: Path | None, case: Case, record: str, known: Known, sizes: Sizes, seed: int, engine: str
) -> Checkpoints | None:
    if folder is None:
        return None
    follows = {
        "program": known.program.digest(), "record": record, "rows": basis(case, record),
        "sizes": [sizes.islands, sizes.draws, sizes.paths], "seed": seed, "engine": engine, "versions": versions(),
    }  # fmt: skip
    return Checkpoints(folder, follows)


def prior_sample(program: Program, seed: int) -> FloatArray:
    """Return 4,000 draws of the prior, to set beside the posterior's; (draw, parameter)."""
    scores = np.random.default_rng(seed).standard_normal((4000, len(program.parameters)))
    return parameters_from_scores(program, scores)


def laid_rows(case: Case, record: str | None = None) -> tuple[str, tuple[Row, ...], Known]:
    """Return a record's name, its rows that weigh, and its program with what is known in each step.

    Raises
    ------
    InputError
        If there is no such record, or its rows cannot be used: all that can be seen before anything is sampled.
    """
    name, stretch = record_of(case, record)
    rows = tuple(row for row in case.observations.rows_of(name) if row.weighs)
    question = question_of(case, stretch)
    program, table = laid_out(history_program(question, stretch, stretch.until), rows, question)
    return name, rows, Known(program, table, program.n_steps)


def learn(
    program: Program,
    sizes: Sizes,
    seed: int,
    work: Callable[[Island, Callable[[], None]], Done],
    *,
    fresh: int = 0,
    engine: str = "vm",
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
    begin: Callable[[list[Island]], None] | None = None,
) -> list[Done]:
    """Let several samplers, each with a seed of its own, do the same work; return what it returns, in their order.

    `fresh` is how many rounds of moves the work makes after the last row, for the estimate of what is still to do;
    `begin` may give the samplers another state than that of the prior. An executor may have other processes: the work
    is a function of a module with data, and what it does to a sampler is seen only in what it returns.
    """
    islands = [Island(program, sizes.draws, sizes.paths, derived_seed(seed, i), engine) for i in range(sizes.islands)]
    if begin is not None:
        begin(islands)
    warm(program, draw_parameters(program, 0, np.zeros(1, np.uint64)), engine)
    ticks = [[0] for _ in islands]
    found: dict[int, Done] = {}
    try:
        with Work(partial(_ticking, work), threads, executor) as out:
            going = {i: out.hand_out(item) for i, item in enumerate(zip(islands, ticks, strict=True))}
            while going:
                wait([errand.future for errand in going.values()], timeout=0.2, return_when=FIRST_COMPLETED)
                for i in [i for i, errand in going.items() if out.settled(errand)]:
                    found[i], ticks[i][0] = going.pop(i).result()
                if progress is not None:
                    done = sum(count[0] for count in ticks)
                    progress(done, done + round(sum(islands[i].expected(program.n_steps, fresh) for i in going)))
    except LostError as lost:
        raise _unexplained(program, lost) from None
    return [found[i] for i in range(len(islands))]


def _ticking(
    work: Callable[[Island, Callable[[], None]], Done], item: tuple[Island, list[int]], stop: Stop
) -> tuple[Done, int]:
    """Let a sampler work until somebody else has failed; return with the result how many steps its filters took."""
    island, ticks = item

    def tick() -> None:
        ticks[0] += 1
        if stop.is_set():
            raise _StoppedError

    return work(island, tick), ticks[0]


class _StoppedError(Exception):
    """Somebody else has failed or was interrupted."""


def _unexplained(program: Program, lost: LostError) -> SimulationError:
    begin = program.day(lost.step)
    text = (
        f"no draw of the parameters can explain the rows of the step from {begin}: widen the priors, take more draws "
        "or paths, or lower the confidence of rows that contradict one another"
    )
    return SimulationError(text)


def _kept(islands: Sequence[Island], sizes: Sizes, seed: int) -> FloatArray:
    """Return draws of all samplers in turn."""
    each = -(-sizes.keep // sizes.islands)
    random = np.random.default_rng([seed, 0x6B6570])
    parts = []
    for island in islands:
        chosen: IntArray = systematic(np.exp(island.weights)[None, :], random.random(1), each)[0]
        parts.append(island.scores[random.permutation(chosen)])
    return np.stack(parts, axis=1).reshape(-1, parts[0].shape[1])[: sizes.keep]


def marginal_scores(program: Program, scores: FloatArray) -> FloatArray:
    """Return each parameter's own normal score under its prior: correlated groups mixed."""
    mixed = scores.copy()
    for members, factor in program.correlations:
        mixed[:, members] = scores[:, members] @ factor.T
    return mixed


def _learned(program: Program, scores: FloatArray, islands: int) -> dict[str, Learned]:
    own = marginal_scores(program, scores)
    tails = np.array([0.05, 0.5, 0.95])
    found = {}
    for i, (name, prior) in enumerate(zip(program.parameters, program.priors, strict=True)):
        posterior = prior.quantile(special.ndtr(np.quantile(own[:, i], tails)))
        found[name] = Learned(
            prior=_three(prior.quantile(tails)),
            posterior=_three(posterior),
            overlap=_overlap(own[:, i]),
            rhat=_rhat([own[k::islands, i] for k in range(islands)]),
        )
    return found


def _three(numbers: FloatArray) -> tuple[float, float, float]:
    low, middle, high = (float(x) for x in numbers)
    return low, middle, high


def _overlap(scores: FloatArray) -> float:
    """Return the probability that draws have in common with a standard normal distribution."""
    grid = np.linspace(-6, 6, 601)
    width = 1.06 * min(float(scores.std()), 1.0) * scores.size**-0.2 + 1e-9
    density = np.exp(-0.5 * ((grid[:, None] - scores) / width) ** 2).mean(axis=1) / (width * np.sqrt(2 * np.pi))
    normal = np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi)
    return float(np.minimum(density, normal).sum() * (grid[1] - grid[0]))


def _rhat(chains: list[FloatArray]) -> float:
    """Return the potential scale reduction of samplers, 1 where they agree (Gelman & Rubin 1992)."""
    n = min(chain.size for chain in chains)
    within = float(np.mean([chain[:n].var(ddof=1) for chain in chains]))
    between = float(np.var([chain[:n].mean() for chain in chains], ddof=1))
    return float(np.sqrt((n - 1) / n + between / within)) if within > 0 else 1.0


def diagnostics(calibration: Calibration, lang: Language = "en") -> Iterator[str]:
    """Yield the diagnostics as lines."""

    def word(english: str, arabic: str, *values: object) -> str:
        return (arabic if lang == "ar" else english).format(*values)

    evidence = np.array(calibration.log_evidence)
    if calibration.sizes.quick:
        yield word(
            "preset quick: rough, for a first look only; leave --quick out for one to use",
            "إعداد سريع: تقريبي للنظرة الأولى فقط؛ احذف الخيار --quick للحصول على ما يعتمد عليه",
        )
    yield word(
        "log evidence {:.1f}, standard deviation between samplers {:.1f}",
        "لوغاريتم الأرجحية الكلية {:.1f}، وانحرافه المعياري بين المعاينات {:.1f}",
        evidence.mean(), evidence.std(ddof=1),
    )  # fmt: skip
    effective = (", " if lang == "en" else "، ").join(f"{min(e):.0f}" for e in calibration.effective)
    yield word("effective draws, smallest by sampler: {}", "أقل عدد فعال للعينات في كل معاينة: {}", effective)
    rates = [rate for island in calibration.accepted for rate in island]
    least, most = min(rates, default=float("nan")), max(rates, default=float("nan"))
    yield word("moves accepted: {:.2f} to {:.2f}", "نسبة النقلات المقبولة: من {:.2f} إلى {:.2f}", least, most)
    worst = max(calibration.learned.items(), key=lambda item: item[1].rhat)
    yield word("largest R-hat {:.3f} ({})", "أكبر R-hat: {:.3f} ({})", worst[1].rhat, worst[0])
    kept = len(calibration.scores)
    yield word("distinct draws {} of {}", "العينات المختلفة: {} من {}", calibration.distinct, kept)
