"""Which engine a run is given to, and how many threads: what is asked for, or what is quickest."""

from __future__ import annotations

import importlib.util
import os

from hudna.engine.program import Program
from hudna.errors import InputError

__all__ = ["ENGINES", "chosen_engine", "chosen_threads"]

ENGINES = ("auto", "vm", "oracle")
THREADS_VARIABLE = "HUDNA_NUM_THREADS"

# Uniform numbers (paths x steps x policies x streams) from which the compiled engine is done first, measured by
# `make bench`: about 45 ns of the oracle's time a number, against loading the kernel, or compiling it.
_WORTH_LOADING = 1.5e7
_WORTH_COMPILING = 4e8


def chosen_engine(engine: str, program: Program, n_paths: int) -> str:
    """Return "vm" or "oracle"; "auto" takes the one that will be done first with so many paths, of all draws."""
    if engine != "auto":
        return engine
    numbers = float(n_paths) * program.n_steps * len(program.policies) * max(1, len(program.streams))
    if numbers < _WORTH_LOADING or importlib.util.find_spec("numba") is None:
        return "oracle"
    from hudna.engine.vm.kernel import is_ready

    return "vm" if is_ready() or numbers >= _WORTH_COMPILING else "oracle"


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
