"""hudna: what happens to the pressure on a government, and to the odds of attacks on a foreign mission, if it
chooses this policy instead of that one.

The way of the data: files are read into a scenario (`load`), simulated into a result (`run`), and looked at
(`Result.table`, `Result.contrast`, `plot`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hudna.version import __version__ as __version__

if TYPE_CHECKING:
    from hudna import plot as plot
    from hudna.analysis.compare import Comparison as Comparison
    from hudna.ask.claims import claims as claims
    from hudna.ask.compare import compare as compare
    from hudna.ask.explain import attribute as attribute
    from hudna.ask.explain import remove as remove
    from hudna.ask.explain import shapley as shapley
    from hudna.ask.run import run as run
    from hudna.ask.sensitivity import sensitivity as sensitivity
    from hudna.case import Case as Case
    from hudna.case import load_case as load_case
    from hudna.errors import ExecutorError as ExecutorError
    from hudna.errors import HudnaError as HudnaError
    from hudna.errors import InputError as InputError
    from hudna.errors import SimulationError as SimulationError
    from hudna.judge.backtest import Plan as Plan
    from hudna.judge.backtest import backtest as backtest
    from hudna.judge.score import score as score
    from hudna.learn.calibration import Sizes as Sizes
    from hudna.learn.calibration import calibrate as calibrate
    from hudna.result import Result as Result
    from hudna.result import open_result as open_result
    from hudna.scenario import Scenario as Scenario
    from hudna.scenario import load as load

_ROOMS = {
    "analysis.compare": "Comparison",
    "ask.run": "run",
    "case": "Case load_case",
    "ask.compare": "compare",
    "errors": "ExecutorError HudnaError InputError SimulationError",
    "ask.explain": "attribute remove shapley",
    "ask.sensitivity": "sensitivity",
    "judge.backtest": "Plan backtest",
    "learn.calibration": "Sizes calibrate",
    "judge.score": "score",
    "result": "Result open_result",
    "scenario": "Scenario load",
    "ask.claims": "claims",
}
_WHERE = {name: room for room, names in _ROOMS.items() for name in names.split()}
__all__ = sorted([*_WHERE, "plot"])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that `import hudna` costs nothing."""
    if name == "plot":
        return importlib.import_module("hudna.plot")
    if name in _WHERE:
        value = getattr(importlib.import_module(f"hudna.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hudna' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
