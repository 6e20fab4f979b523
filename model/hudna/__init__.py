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
    from hudna import plot
    from hudna.analysis.compare import Comparison
    from hudna.ask.claims import claims
    from hudna.ask.compare import compare
    from hudna.ask.explain import attribute, remove, shapley
    from hudna.ask.run import run
    from hudna.errors import HudnaError, InputError, SimulationError
    from hudna.result import Result, open_result
    from hudna.scenario import Scenario, load

__all__ = [
    "Comparison",
    "HudnaError",
    "InputError",
    "Result",
    "Scenario",
    "SimulationError",
    "attribute",
    "claims",
    "compare",
    "load",
    "open_result",
    "plot",
    "remove",
    "run",
    "shapley",
]

_WHERE = {
    "Comparison": "hudna.analysis.compare",
    "HudnaError": "hudna.errors",
    "InputError": "hudna.errors",
    "Result": "hudna.result",
    "Scenario": "hudna.scenario",
    "SimulationError": "hudna.errors",
    "attribute": "hudna.ask.explain",
    "claims": "hudna.ask.claims",
    "compare": "hudna.ask.compare",
    "load": "hudna.scenario",
    "open_result": "hudna.result",
    "remove": "hudna.ask.explain",
    "run": "hudna.ask.run",
    "shapley": "hudna.ask.explain",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for, so that `import hudna` costs nothing."""
    if name == "plot":
        return importlib.import_module("hudna.plot")
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hudna' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
