"""Work handed to an executor, our own threads or the caller's, in pieces that travel; a piece that is lost goes again.

What a piece raises comes back as data, as its result does. So whatever a future raises is the executor's own failure: a
worker died, or something could not travel. The piece is then handed out once more, and a second loss is an error. An
executor that has broken for good takes nothing more (a pool of processes of which one was killed); what it still owed
is done by threads of this process, on the same numbers.
"""

from __future__ import annotations

import os
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Generic, TypeVar

from hudna.errors import ExecutorError, InputError

__all__ = ["Errand", "Stop", "Work", "at_once", "chosen_threads", "in_order"]

THREADS_VARIABLE = "HUDNA_NUM_THREADS"
_AT_ONCE = 64  # pieces that the caller's executor holds at once

Item = TypeVar("Item")
Done = TypeVar("Done")


class Stop:
    """Whether work under way is to be left undone. What another process gets is a copy that is never set."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Ask those who look to stop."""
        self._set = True

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._set

    def __reduce__(self) -> tuple[type[Stop], tuple[()]]:
        return Stop, ()


def chosen_threads(threads: int | None) -> int:
    """Return how many threads to work on: as asked, else HUDNA_NUM_THREADS, else the processors there are.

    Raises
    ------
    InputError
        If the variable is no whole number of at least 1.
    """
    if threads is not None:
        return threads
    given = os.environ.get(THREADS_VARIABLE, "").strip()
    if given:
        if not given.isdecimal() or not 1 <= int(given) < 2**16:
            text = "must be a whole number, 1 to 65,535; unset it to use every processor"
            raise InputError.of("environment", text, key=THREADS_VARIABLE, given=repr(given))
        return int(given)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def at_once(threads: int | None, executor: Executor | None) -> int:
    """Return how many pieces are worked on or wait for their turn at once, at most."""
    return 2 * chosen_threads(threads) + 1 if executor is None else threads or _AT_ONCE


def in_order(
    function: Callable[[Item, Stop], Done], items: Iterable[Item], threads: int | None, executor: Executor | None = None
) -> Iterator[tuple[Item, Done]]:
    """Work on several items at once, hand them on in their own order, and let no more than `at_once` wait."""
    waiting: deque[Errand[Item, Done]] = deque()
    most = at_once(threads, executor)
    with Work(function, threads, executor) as work:
        for item in items:
            waiting.append(work.hand_out(item))
            if len(waiting) == most:
                yield work.awaited(waiting.popleft())
        while waiting:
            yield work.awaited(waiting.popleft())


@dataclass(eq=False)
class Errand(Generic[Item, Done]):
    """An item that was handed out, and what will come of it: a result or what was raised."""

    item: Item
    future: Future[tuple[Done | None, Exception | None]]
    again: bool = False

    def result(self) -> Done:
        """Return the result of a settled errand, or raise what was raised."""
        done, error = self.future.result()
        if error is not None:
            raise error
        return done  # type: ignore[return-value]


class Work(AbstractContextManager["Work[Item, Done]"], Generic[Item, Done]):
    """A function's work on items; after an error or Ctrl-C nobody waits for what others have under way.

    function : of an item and a Stop; both can be pickled if the executor's workers are other processes
    threads : of this process, as of `chosen_threads`; with an executor, pieces that it holds at once
    executor : somebody else's, which is only asked to `submit`; threads of our own if left out
    """

    def __init__(
        self, function: Callable[[Item, Stop], Done], threads: int | None, executor: Executor | None = None
    ) -> None:
        self._function, self._executor, self._theirs = function, executor, executor is not None
        self._threads = chosen_threads(threads if executor is None else None)
        self._stop, self._closing = Stop(), ExitStack()
        self._out: list[Errand[Item, Done]] = []
        self._key, self._handed = uuid.uuid4().hex, 0

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for errand in self._out:
            errand.future.cancel()
        self._closing.close()

    def hand_out(self, item: Item) -> Errand[Item, Done]:
        """Give an item to the executor.

        Raises
        ------
        ExecutorError
            If it takes none.
        """
        errand = Errand(item, self._submitted(item))
        self._out.append(errand)
        return errand

    def settled(self, errand: Errand[Item, Done]) -> bool:
        """Whether there is a result, or an error of the work itself; what was lost is handed out again.

        Raises
        ------
        ExecutorError
            If it is lost for the second time.
        """
        if not errand.future.done():
            return False
        try:
            lost = errand.future.exception()
        except Exception as cancelled:  # noqa: BLE001 (by whoever owns the executor)
            lost = cancelled
        if lost is None:
            self._out.remove(errand)
            return True
        if not isinstance(lost, Exception):  # an interrupt of the worker
            raise lost
        if isinstance(lost, BrokenExecutor) and self._theirs:
            self._replace(lost)
        elif errand.again:
            text = (
                "the executor lost a piece of the run twice, so there is no result; find out why its workers end "
                f"(memory, most often), or run without it: {_said(lost)}"
            )
            raise ExecutorError(text) from lost
        else:
            errand.future, errand.again = self._submitted(errand.item), True
        return False

    def awaited(self, errand: Errand[Item, Done]) -> tuple[Item, Done]:
        """Wait for an item's result."""
        while not self.settled(errand):
            wait([errand.future])
        return errand.item, errand.result()

    def _submitted(self, item: Item) -> Future[tuple[Done | None, Exception | None]]:
        if self._executor is None:
            self._executor = self._closing.enter_context(ThreadPoolExecutor(self._threads))
        key = f"{self._key}-{self._handed}"
        try:
            future = self._executor.submit(_done, self._function, item, self._stop, key)
        except Exception as error:
            if isinstance(error, BrokenExecutor) and self._theirs and self._handed:
                self._replace(error)
                return self._submitted(item)
            raise ExecutorError(f"the executor takes no work: {_said(error)}") from error
        self._handed += 1
        return future

    def _replace(self, broken: BrokenExecutor) -> None:
        """Let threads of this process do what a broken executor owes."""
        text = (
            f"the executor is broken ({_said(broken)}); {self._threads} threads of this process do what is left, with "
            "the same result"
        )
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        self._executor, self._theirs = None, False
        wait([errand.future for errand in self._out])  # they all end when it breaks
        for errand in self._out:
            if errand.future.cancelled() or errand.future.exception() is not None:
                errand.future = self._submitted(errand.item)


def _done(
    function: Callable[[Item, Stop], Done], item: Item, stop: Stop, _: str
) -> tuple[Done | None, Exception | None]:
    """Do a piece of work; what it raises is returned. Its key keeps Dask from taking two pieces for the same."""
    try:
        return function(item, stop), None
    except Exception as error:  # noqa: BLE001 (raised again by who reads it)
        return None, error


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
