"""Executors: the same numbers whoever does the work, and no short result whoever dies."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import lethal
import pytest

import hudna
from hudna.engine.executor import Stop, at_once, in_order
from hudna.errors import ExecutorError, InputError, SimulationError
from hudna.judge.backtest import Plan
from hudna.learn.calibration import Sizes
from hudna.learn.smc import LostError

from .learned_case import copied

FULL = os.environ.get("HUDNA_FULL") == "1"
SMALL = {"draws": 30, "paths": 700, "seed": 3, "engine": "vm"}
SIZES = Sizes(islands=2, draws=20, paths=10, keep=20)


def of_processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with of_processes() as pool:
        yield pool


@pytest.fixture(scope="module")
def alone() -> hudna.Result:
    return hudna.run("two-militias", **SMALL)


class Losing(Executor):
    """Does the work at once, but loses what it is given the first `times` times; counts what it was given."""

    def __init__(self, times: int = 0) -> None:
        self.times, self.given = times, 0

    def submit(self, function, /, *args, **more):
        self.given += 1
        future: Future = Future()
        if self.given <= self.times:
            future.set_exception(ConnectionError("the line is dead"))
        else:
            future.set_result(function(*args, **more))
        return future


# The same numbers -------------------------------------------------------------------------------------------


def same_numbers(alone: hudna.Result, executor: Executor) -> None:
    """Whole runs on both engines, summaries, and another seed, which is seen to differ."""
    found = hudna.run("two-militias", **SMALL, executor=executor)
    assert found.outcomes.identical(alone.outcomes)
    assert found.parameters.identical(alone.parameters)
    assert found.table().equals(alone.table())
    other = hudna.run("two-militias", **{**SMALL, "seed": 4}, executor=executor)
    assert not other.outcomes.equals(alone.outcomes)
    for more in ({"outcomes": "summary"}, {"engine": "oracle", "draws": 3}):
        given = {**SMALL, **more}
        there, here = hudna.run("two-militias", **given, executor=executor), hudna.run("two-militias", **given)
        assert there.table().equals(here.table())


def test_processes_have_the_numbers_that_a_run_has_alone(alone, processes):
    same_numbers(alone, processes)


def test_threads_of_somebody_else_have_them_too(alone):
    with ThreadPoolExecutor(2) as pool:
        same_numbers(alone, pool)


def test_loky_has_them_too(alone):
    loky = pytest.importorskip("loky", reason="loky is not installed")
    with loky.ProcessPoolExecutor(2) as pool:
        same_numbers(alone, pool)


def test_every_question_can_be_put_to_an_executor(processes, tmp_path):
    small = {"draws": 8, "paths": 20, "seed": 2}
    for ask in (
        lambda **more: hudna.compare(["two-militias"], **small, **more).table(),
        lambda **more: hudna.remove("two-militias", "strikes", **small, **more).table(),
        lambda **more: hudna.attribute("two-militias", "GOV", **small, **more).table("channel"),
        lambda **more: hudna.calibrate("two-militias", sizes=SIZES, **more).theta,
    ):
        assert pickle.dumps(ask(executor=processes)) == pickle.dumps(ask())


@pytest.mark.parametrize("belief", ["posterior", "prior"])
def test_the_past_is_filtered_and_learned_by_an_executor(processes, tmp_path, belief):
    scenario, _ = copied(tmp_path)
    small = {"draws": 40, "paths": 5, "seed": 3, "as_of": dt.date(2023, 11, 6), "belief": belief}
    there, here = hudna.run(scenario, **small, executor=processes), hudna.run(scenario, **small)
    assert there.outcomes.identical(here.outcomes)
    assert there.parameters.identical(here.parameters)


def test_a_backtest_of_an_executor_has_the_same_forecasts(processes):
    plan = Plan(every=8, horizons=(4,), draws=20, paths=10)
    there = hudna.backtest("two-militias", plan=plan, sizes=SIZES, executor=processes)
    here = hudna.backtest("two-militias", plan=plan, sizes=SIZES)
    assert there.forecasts.equals(here.forecasts)
    assert there.log_evidence == here.log_evidence


def test_a_calibration_of_an_executor_leaves_checkpoints_from_which_it_goes_on(processes, tmp_path):
    here = hudna.calibrate("two-militias", sizes=SIZES)
    hudna.calibrate("two-militias", sizes=SIZES, executor=processes, checkpoints=tmp_path / "kept")
    (tmp_path / "kept" / "sampler-1.npz").unlink()
    resumed = hudna.calibrate(
        "two-militias", sizes=SIZES, executor=processes, checkpoints=tmp_path / "kept", resume=True
    )
    assert (resumed.theta == here.theta).all()


def test_items_come_in_order_and_few_are_under_way():
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        while taken < 40:
            taken += 1
            yield taken

    with ThreadPoolExecutor(2) as pool:
        for number, (item, done) in enumerate(in_order(lethal.squared, items(), 5, pool), 1):
            assert (item, done) == (number, number**2)
            assert taken <= number + 4
    assert taken == number == 40
    assert at_once(None, Losing()) == 64
    assert at_once(2, None) == 5


# Workers that die -------------------------------------------------------------------------------------------


def test_a_pool_whose_worker_is_killed_ends_in_the_same_numbers_and_says_so(alone):
    with of_processes() as pool:
        killed = []

        def kill(done: int, total: int) -> None:
            if not killed:
                killed.extend(pool._processes)
                os.kill(killed[0], signal.SIGKILL)

        given = {**SMALL, "executor": pool, "threads": 3}
        with pytest.warns(RuntimeWarning, match=r"is broken .*Broken.*threads of this process do what is left"):
            found = hudna.run("two-militias", **given, progress=kill)
        assert found.outcomes.identical(alone.outcomes)
        with pytest.raises(ExecutorError, match="takes no work: Broken"):
            hudna.run("two-militias", **given)


def test_a_sampler_that_is_killed_learns_anew_here():
    with of_processes() as pool:
        killed = []

        def kill(done: int, total: int) -> None:
            if not killed:
                killed.extend(pool._processes)
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)

        with pytest.warns(RuntimeWarning, match="executor is broken"):
            found = hudna.calibrate("two-militias", sizes=SIZES, executor=pool, progress=kill)
    assert (found.theta == hudna.calibrate("two-militias", sizes=SIZES).theta).all()


def test_each_piece_that_a_broken_pool_owes_is_done_once(tmp_path):
    items = [(i, str(tmp_path / "once")) for i in range(30)]
    with of_processes() as pool, pytest.warns(RuntimeWarning, match="executor is broken"):
        found = list(in_order(lethal.deadly_once, items, 8, pool))
    assert found == [(item, item[0] ** 2) for item in items]


def test_what_is_lost_once_is_handed_out_again():
    executor = Losing(times=3)
    assert [done for _, done in in_order(lethal.squared, range(6), 3, executor)] == [i * i for i in range(6)]
    assert executor.given == 9


def test_what_is_lost_twice_is_a_named_error(alone):
    executor = Losing(times=10**6)
    with pytest.raises(ExecutorError, match=r"lost a piece of the run twice.*ConnectionError: the line is dead"):
        hudna.run("two-militias", **SMALL, executor=executor, threads=2)
    assert executor.given == 3
    for ask in (hudna.calibrate, hudna.backtest):
        with pytest.raises(ExecutorError, match="twice"):
            ask("two-militias", sizes=SIZES, executor=Losing(times=10**6))


def test_what_the_work_itself_raises_is_raised_as_it_is_and_not_tried_again(processes):
    executor = Losing()
    for pool in (executor, processes):
        with pytest.raises(ArithmeticError, match=r"^0 is refused$"):
            list(in_order(lethal.refused, range(9), 2, pool))
    assert executor.given == 2
    error = pickle.loads(pickle.dumps(LostError(3)))
    assert (type(error), error.step, str(error)) == (LostError, 3, str(LostError(3)))


def test_a_run_that_has_to_stop_says_the_same_from_another_process(processes, write_case):
    file = write_case(
        '[mood]\nkind = "level"\nname = "Mood"\nstart = 0.5\nbase = 0\nhalf_life = 0\nsd = 200\n',
        outcomes='[outcomes.last]\nname = "Last"\nsignal = "mood"\nreduce = "last"\n',
        weeks=6,
    )
    said = []
    for executor in (None, processes):
        with pytest.raises(SimulationError) as stopped:
            hudna.run(file, draws=30, paths=300, seed=1, engine="oracle", executor=executor)
        said.append(str(stopped.value))
    assert said[0] == said[1]
    assert "level mood: its log odds are beyond 700" in said[0]


def test_an_executor_that_takes_no_work_is_a_named_error():
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(ExecutorError, match="takes no work: RuntimeError"):
        hudna.run("two-militias", **SMALL, executor=pool)


def test_what_cannot_travel_is_a_named_error(processes):
    with pytest.raises(ExecutorError, match="pickle"):
        list(in_order(lambda item, stop: item, range(3), 2, processes))


def test_an_interrupt_ends_the_run_and_leaves_the_executor_to_its_owner(alone):
    class Interrupted(BaseException):
        pass

    def interrupt(done: int, total: int) -> None:
        raise Interrupted

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(Interrupted):
            hudna.run("two-militias", **SMALL, executor=pool, progress=interrupt)
        assert hudna.run("two-militias", **SMALL, executor=pool).outcomes.identical(alone.outcomes)


def test_a_stop_is_seen_by_those_who_share_it_and_by_nobody_else():
    stop = Stop()
    copy = pickle.loads(pickle.dumps(stop))
    stop.set()
    assert stop.is_set()
    assert not copy.is_set()


@pytest.mark.parametrize("ask", [hudna.run, hudna.calibrate, hudna.backtest, hudna.attribute])
def test_what_is_no_executor_is_refused(ask):
    more = {"of": "GOV"} if ask is hudna.attribute else {}
    with pytest.raises(InputError, match=r"executor = int object: .*client\.get_executor\(\)"):
        ask("two-militias", executor=4, **more)


# Dask -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install hudna[distributed]")
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_cluster_of_dask_has_the_numbers_that_a_run_has_alone(alone, client):
    same_numbers(alone, client.get_executor())
    found = hudna.calibrate("two-militias", sizes=SIZES, executor=client.get_executor())
    assert (found.theta == hudna.calibrate("two-militias", sizes=SIZES).theta).all()


def test_a_cluster_whose_worker_is_killed_has_them_too(alone, client):
    pids = list(client.run(os.getpid).values())

    def kill(done: int, total: int) -> None:
        if pids:
            os.kill(pids.pop(), signal.SIGKILL)
            pids.clear()

    found = hudna.run("two-militias", **SMALL, executor=client.get_executor(), progress=kill)
    assert not pids
    assert found.outcomes.identical(alone.outcomes)


def test_work_that_kills_every_worker_of_a_cluster_is_a_named_error(client):
    with pytest.raises(ExecutorError, match=r"twice.*KilledWorker"):
        list(in_order(lethal.deadly, range(2), None, client.get_executor()))


# Large runs -------------------------------------------------------------------------------------------------

LARGE = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
import hudna

if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        given = {"draws": 50, "paths": int(sys.argv[1]), "seed": 1, "engine": "vm", "outcomes": "summary"}
        hudna.run("two-militias", **given, executor=pool, threads=8).table()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    print(status["VmHWM"].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the largest memory of a process is not known here")
def test_memory_does_not_grow_with_the_futures_of_an_executor(tmp_path):
    """50 draws of 2,000 paths and of 20,000; with HUDNA_FULL=1 of 200,000, 10,000,000 futures."""
    (tmp_path / "large.py").write_text(LARGE)

    def peak(paths: int) -> int:
        done = subprocess.run(
            [sys.executable, "large.py", str(paths)], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert peak(200_000 if FULL else 20_000) <= 1.1 * peak(2_000)
