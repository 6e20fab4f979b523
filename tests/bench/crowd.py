"""A case of any number of actors, each with a level that three others move: how time grows with actors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["write_crowd"]

_EFFECTS = 3

_CASE = """\
name = "Crowd"
summary = "Actors that move one another; made to measure."
evidence_until = 2024-01-01
"""
_SCENARIO = """\
name = "Crowd"
question = "How long does it take?"
case = "crowd"
start = 2024-01-01
weeks = 52
run = { draws = 10, paths = 10, seed = 1 }

[policies.as_it_is]
name = "As it is"

[outcomes.mean]
name = "Mean level of the first"
signal = "level.a0"
reduce = "mean"
"""
_ACTOR = """\
[a{i}]
name = "Actor {i}"
kind = "actor"
source = "invented"
"""
_LEVEL = """\
["level.a{i}"]
kind = "level"
name = "Level of actor {i}"
actor = "a{i}"
toward = "exit"
start = 0.4
base = "base"
effects = {{ {effects} }}
half_life = 4
sd = 0.3
"""
_PARAMETER = """\
[base]
unit = "log odds"
prior = { family = "normal", mean = -0.5, sd = 0.2 }
status = "judgement"
source = "invented"
note = "where every level settles by itself"
"""


def write_crowd(folder: Path, n_actors: int) -> Path:
    """Write a case and a scenario; return the scenario."""
    rng = np.random.default_rng(n_actors)
    case, scenarios = folder / "params" / "crowd", folder / "scenarios"
    case.mkdir(parents=True)
    scenarios.mkdir()
    levels = []
    for i in range(n_actors):
        others = rng.choice(np.delete(np.arange(n_actors), i), _EFFECTS, replace=False)
        effects = ", ".join(f'"level.a{k}" = {x:.2f}' for k, x in zip(others, rng.normal(0, 0.5, 3), strict=True))
        levels.append(_LEVEL.format(i=i, effects=effects))
    files = {
        case / "case.toml": _CASE,
        case / "actors.toml": "\n".join(_ACTOR.format(i=i) for i in range(n_actors)),
        case / "drivers.toml": "\n".join(levels),
        case / "parameters.toml": _PARAMETER,
        scenarios / "crowd.toml": _SCENARIO,
    }
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return scenarios / "crowd.toml"
