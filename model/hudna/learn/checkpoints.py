"""A calibration that goes on where it was stopped: each sampler's state after a step, as a file of plain arrays.

All of a sampler's random numbers are keyed by its seed, its step and how often it has moved, so its state between two
steps is all that the rest follows from, to the last digit.
"""

from __future__ import annotations

import json
import platform
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hudna.arrays import FloatArray
from hudna.engine.ensemble import Ensemble
from hudna.engine.states import States
from hudna.errors import InputError
from hudna.files.archive import packed, unpacked
from hudna.files.whole import write_file
from hudna.learn.counting import Sums
from hudna.learn.filter import Filter
from hudna.learn.smc import Island, Move
from hudna.version import __version__

__all__ = ["FOLDER", "Checkpoints", "remove", "versions"]

FOLDER = "posterior.partial"  # beside the posterior that is being learned
_SHARE = 0.05  # of the time at most goes into writing
_WRITING = threading.Lock()


def versions() -> dict[str, str]:
    """Return the versions of what the numbers follow from."""
    import numba
    import scipy

    return {
        "hudna": __version__, "numpy": np.__version__, "scipy": scipy.__version__,
        "numba": numba.__version__, "python": platform.python_version(),
    }  # fmt: skip


@dataclass
class Checkpoints:
    """The checkpoints of one calibration, a file a sampler in a folder of their own.

    follows : what the numbers follow from, as plain data by kind; a checkpoint of anything else is refused
    """

    folder: Path
    follows: Mapping[str, Any]
    _number: dict[int, int] = field(default_factory=dict, init=False)  # of a sampler, by its seed
    _due: dict[int, float] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.follows = json.loads(json.dumps(self.follows, default=str))

    def begin(self, islands: list[Island], *, resume: bool) -> None:
        """Give the samplers the states that they were stopped in, or remove what an earlier calibration left.

        Raises
        ------
        InputError
            If there is no checkpoint to resume, or one is damaged or of another calibration.
        """
        self._number = {island.seed: i for i, island in enumerate(islands)}
        if not resume:
            remove(self.folder)
            return
        places = [self._place(i) for i in range(len(islands))]
        if not any(place.is_file() for place in places):
            text = "holds no checkpoint of a calibration; leave --resume out to begin anew"
            raise InputError.of(str(self.folder), text)
        for place, island in zip(places, islands, strict=True):
            if place.is_file():
                self._read(place, island)

    def keep(self, island: Island) -> None:
        """Write the state of a sampler, whole or not at all, unless writing would take too much of the time."""
        begun, i = time.monotonic(), self._number[island.seed]
        if begun < self._due.get(i, 0.0):
            return
        raw = packed(_arrays(island), {**_about(island), "follows": self.follows})
        with _WRITING:
            write_file(self._place(i), raw)
        ended = time.monotonic()
        self._due[i] = ended + (ended - begun) / _SHARE

    def _place(self, i: int) -> Path:
        return self.folder / f"sampler-{i}.npz"

    def _read(self, place: Path, island: Island) -> None:
        hint = "leave --resume out to begin anew"
        try:
            arrays, about = unpacked(place.read_bytes())
        except ValueError:
            raise InputError.of(str(place), f"is damaged; {hint}") from None
        follows = about["follows"]
        other = [kind for kind, value in self.follows.items() if follows.get(kind) != value]
        if other:
            text = f"is of another calibration: not the same {', '.join(other)}; {hint}, or give what it was begun with"
            raise InputError.of(str(place), text)
        _restore(island, arrays, about)


def remove(folder: Path) -> None:
    """Remove a folder of checkpoints, if there is nothing else in it."""
    if folder.is_dir() and all(path.name.lstrip(".").startswith("sampler-") for path in folder.iterdir()):
        shutil.rmtree(folder)


def _arrays(island: Island) -> dict[str, FloatArray]:
    """Return all numbers of a sampler's state."""
    found, ensemble, sums = island.filter, island.filter.ensemble, island.filter.sums
    states = ensemble.states()
    arrays = {
        "scores": island.scores, "weights": island.weights, "paths": found.weights,
        "log_likelihood": found.log_likelihood, "added": found.added,
        "theta": ensemble.theta, "values": ensemble.values,
        **{f"state-{name}": getattr(states, name) for name in States._fields},
    }  # fmt: skip
    for name, table in sums.tables.items():
        arrays |= {f"{name}-{k}": array for k, array in enumerate(table.values())}
    return arrays


def _about(island: Island) -> dict[str, Any]:
    """Return all else of it; JSON keeps every digit of a number."""
    sums = island.filter.sums
    return {
        "step": island.step, "fresh": island.fresh, "log_evidence": island.log_evidence, "effective": island.effective,
        "moves": [astuple(move) for move in island.moves],
        "sums": {name: list(table) for name, table in sums.tables.items()},
        "last_report": list(sums.last_report.items()),
    }  # fmt: skip


def _restore(island: Island, arrays: Mapping[str, FloatArray], about: Mapping[str, Any]) -> None:
    """Give a sampler that has not begun the state of one that was stopped."""
    sums = Sums()
    for name, table in sums.tables.items():
        table.update({tuple(key): arrays[f"{name}-{k}"] for k, key in enumerate(about["sums"][name])})
    sums.last_report.update({tuple(key): value for key, value in about["last_report"]})
    states = States(*(arrays[f"state-{name}"] for name in States._fields))
    ensemble = Ensemble(
        island.program, arrays["theta"], paths=island.n_paths, seed=island.seed, engine=island.engine, states=states
    )
    ensemble.step, ensemble.values = int(about["step"]), arrays["values"]
    island.filter = Filter(ensemble, sums, arrays["paths"], arrays["log_likelihood"], arrays["added"])
    island.scores, island.weights = arrays["scores"], arrays["weights"]
    island.log_evidence, island.effective = float(about["log_evidence"]), list(about["effective"])
    island.moves = [Move(step, effective, tuple(a), tuple(learned)) for step, effective, a, learned in about["moves"]]
    island.fresh = int(about["fresh"])
