"""Which engine a run is given to: what is asked for, or what is quickest."""

from __future__ import annotations

import importlib.util

from hudna.engine.program import Program

__all__ = ["ENGINES", "chosen_engine"]

ENGINES = ("auto", "vm", "oracle")

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
