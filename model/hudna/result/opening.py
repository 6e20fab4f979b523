"""Opening a saved result. A file can come from anywhere, so each array is looked at before it is read.

Only arrays with a declared name, shape and kind of number are read; links out of the file are not followed, nothing
is read that lies outside it, and nothing is allocated that the file's own bytes cannot fill.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.engine.bins import n_bins
from hudna.engine.memory import available
from hudna.engine.summaries import pairs
from hudna.errors import InputError, Problems
from hudna.result.about import About, read_about
from hudna.result.result import Result
from hudna.result.storage import FORMAT
from hudna.result.summaries import OF_DRAWS

if TYPE_CHECKING:
    import h5py
    import xarray as xr

__all__ = ["open_result"]

_UNREADABLE = (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, MemoryError)
_FILTERS = {1, 2, 3}  # deflate, shuffle, checksum
_DEFLATE = 1032  # numbers of bytes that one byte of the file can stand for, at most
_SLACK = 2**16
_ABOUT = 2**26  # bytes
_AXES = {"policy", "draw", "path", "time", "set"}


def open_result(path: str | Path) -> Result:
    """Read a result that `Result.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file, or the folder of a run that holds it as `result.nc`.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        If there is no such file, it is no result of hudna, or what it holds contradicts itself; with all that is wrong.

    Examples
    --------
    >>> open_result("nowhere.nc")
    Traceback (most recent call last):
    hudna.errors.InputError: nowhere.nc: no such file
    """
    file = _file(Path(path))
    where, problems = str(path), Problems()
    import h5py

    try:
        with h5py.File(file, "r") as opened:
            about, plain = _about(opened, where, problems)
            problems.raise_if_any()
            assert about is not None  # noqa: S101 (for the type checker)
            reader = _Reader(opened, about, where, problems)
            groups = reader.groups()
    except InputError:
        raise
    except _UNREADABLE as error:
        text = f"is not a result that hudna saved, or is damaged ({type(error).__name__})"
        raise InputError.of(where, text) from None
    problems.raise_if_any()
    return Result(**groups, about=plain)


def _file(path: Path) -> Path:
    """Return the file to open; a folder stands for the `result.nc` in it."""
    try:
        folder = path.is_dir()
        file = path / "result.nc" if folder else path
        there, regular = file.exists(), file.is_file()
    except (OSError, ValueError):  # a name that is too long, or cannot be one
        raise InputError.of(str(path)[:200], "no such file") from None
    if not there:
        raise InputError.of(str(path), "holds no result.nc; name the folder of a run" if folder else "no such file")
    if not regular:
        raise InputError.of(str(file), "is not a file that can be read, but a device, a pipe or a socket")
    return file


def _about(opened: h5py.File, where: str, problems: Problems) -> tuple[About | None, dict[str, Any]]:
    """Return what the result is about, checked and as plain data."""
    version, text = _attribute(opened, "hudna_format"), _attribute(opened, "about")
    if version is None or not isinstance(text, str):
        raise InputError.of(where, "is not a result that hudna saved: what it is about is missing")
    if version != FORMAT:
        raise InputError.of(where, f"has format {version}; this version of hudna reads format {FORMAT}")
    about = read_about(text, where, problems)
    return about, {} if about is None else json.loads(text)


def _attribute(opened: h5py.File, name: str) -> Any:
    if name not in opened.attrs:
        return None
    held = opened.attrs.get_id(name)
    if held.shape not in ((), (1,)) or held.get_storage_size() > _ABOUT:
        return None
    value = opened.attrs[name]
    return value.item() if isinstance(value, np.generic) else value


class _Reader:
    """Takes arrays out of an open file, each with the shape that the run's sizes give it."""

    def __init__(self, opened: h5py.File, about: About, where: str, problems: Problems) -> None:
        self.opened, self.about, self.where, self.problems = opened, about, where, problems
        self.policies = list(about.policies)
        self.n_policies, self.n_steps = len(about.policies), about.n_steps
        self.futures = about.draws * about.paths
        room = available()
        self.room = math.inf if room is None else float(room)

    def say(self, key: str, text: str) -> None:
        self.problems.add(self.where, key, text)

    # -- what a file holds ---------------------------------------------------------------------------------------

    def held(self, parent: Any, name: str, kind: type) -> Any:
        """Return a group or an array of the file itself; None, and a problem, if it is no such thing."""
        import h5py

        key = f"{parent.name.strip('/')}/{name}".lstrip("/")
        link = parent.get(name, getlink=True)
        if link is None:
            self.say(key, "is missing")
        elif not isinstance(link, h5py.HardLink):
            self.say(key, "is a link to something else; a result holds all that it needs")
        elif isinstance(found := parent[name], kind):
            return found
        else:
            self.say(key, f"must be {'a group' if kind is h5py.Group else 'an array'}")
        return None

    def names(self, group: str) -> list[str]:
        """Return the names of a group's variables, its axes left out."""
        found = self.group(group)
        return [] if found is None else [name for name in found if name not in _AXES]

    def group(self, name: str) -> Any:
        import h5py

        return self.held(self.opened, name, h5py.Group)

    def array(self, group: str, name: str, shape: Sequence[int], kinds: str = "f") -> Any:
        """Return an array of one of the kinds of number `kinds`; None, and a problem, if it is not as it must be."""
        import h5py

        parent = self.group(group)
        data = None if parent is None else self.held(parent, name, h5py.Dataset)
        if data is None:
            return None
        key = f"{group}/{name}"
        try:
            fault = self.fault(data, tuple(shape), kinds)
            if fault:
                self.say(key, fault)
                return None
            return data.asstr()[()] if kinds == "O" else data[()]
        except _UNREADABLE as error:
            self.say(key, f"cannot be read: it is damaged ({type(error).__name__})")
            return None

    def fault(self, data: h5py.Dataset, shape: tuple[int, ...], kinds: str) -> str:
        """Return what is wrong with an array, before any of it is read."""
        import h5py

        if data.shape != shape:
            return f"has the shape {data.shape}; the sizes of the run make it {shape}"
        kind, texts = data.dtype, h5py.check_string_dtype(data.dtype) is not None
        if texts != (kinds == "O") or (not texts and (kind.kind not in kinds or kind.subdtype or kind.itemsize > 8)):
            return f"holds {kind}, which is not what a result holds there"
        made = data.id.get_create_plist()
        if data.external or data.is_virtual:
            return "keeps its numbers outside the file"
        if any(made.get_filter(i)[0] not in _FILTERS for i in range(made.get_nfilters())):
            return "is packed in a way that hudna does not use"
        if data.chunks and any(chunk > n for chunk, n in zip(data.chunks, shape, strict=True)):
            return "is cut into pieces larger than itself"
        size, stored = math.prod(shape) * kind.itemsize, data.id.get_storage_size()
        if size and (not stored or size > _DEFLATE * stored + _SLACK):
            return f"has the shape {shape}, but the file holds {stored} bytes of it"
        self.room -= size
        if self.room < 0:
            return f"does not fit into memory: {shape} numbers"
        return ""

    # -- groups --------------------------------------------------------------------------------------------------

    def groups(self) -> dict[str, xr.Dataset]:
        """Return every group as a Dataset; problems are noted, and then the groups are not complete."""
        about = self.about
        many = (self.n_policies, about.draws, self.n_steps)
        summarised = bool(self.names("summaries"))
        events = self.names("threat")
        levers = dict.fromkeys(sorted({*about.levers, *self.names("levers")}), (self.n_policies, self.n_steps))
        kept = self.kept()
        return {
            "outcomes": self.outcomes() if not summarised else _dataset({}),
            "summaries": self.summaries() if summarised else _dataset({}),
            "histograms": self.dataset(
                "histograms", {name: (self.n_policies, self.n_steps, n_bins(label.measure, n_states=len(label.states)))
                               for name, label in about.series.items() if label.measure != "lever"},
                ("policy", "time", "{}_bin"), "iu", total=self.futures,
            ),
            "threat": self.dataset("threat", dict.fromkeys(events, many), ("policy", "draw", "time"), low=0.0),
            "exposure": self.dataset("exposure", dict.fromkeys(events, many), ("policy", "draw", "time"), low=0.0),
            "levers": self.dataset("levers", levers, ("policy", "time")),
            "trajectories": self.dataset(
                "trajectories", dict.fromkeys(self.names("trajectories"), (self.n_policies, *kept, self.n_steps)),
                ("policy", "draw", "path", "time"), "uf", kept=kept,
            ),
            "parameters": self.parameters(),
        }  # fmt: skip

    def dataset(
        self,
        group: str,
        shapes: Mapping[str, tuple[int, ...]],
        dims: tuple[str, ...],
        kinds: str = "f",
        *,
        low: float = -math.inf,
        total: int | None = None,
        kept: tuple[int, int] | None = None,
    ) -> xr.Dataset:
        """Return variables with their axes; finite and at least `low`, or adding up to `total` along the last axis."""
        data: dict[str, Any] = {}
        for name, shape in shapes.items():
            values = self.array(group, name, shape, kinds)
            if values is not None:
                self.sound(f"{group}/{name}", values, low, total)
                data[name] = (tuple(dim.format(name) for dim in dims), values)
        if "policy" in dims:
            self.labels(group, "policy", self.policies)
        if len(self.problems):
            return _dataset({})  # axes could be as long as the file claims
        n_draws, n_paths = kept or (self.about.draws, self.about.paths)
        step = np.timedelta64(self.about.step_days, "D") * np.arange(self.n_steps)
        coords = {
            "policy": self.policies,
            "draw": np.arange(n_draws),
            "path": np.arange(n_paths),
            "time": (np.datetime64(self.about.start, "D") + step).astype("datetime64[ns]"),
        }
        return _dataset(data, **{name: values for name, values in coords.items() if name in dims})

    def sound(self, key: str, values: Any, low: float = -math.inf, total: int | None = None) -> None:
        """Note numbers that cannot be."""
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            self.say(key, "has numbers that are not finite")
        elif low > -math.inf and (values < low).any():
            self.say(key, f"has numbers below {low:g}")
        elif total is not None and ((values < 0).any() or (values.sum(axis=-1) != total).any()):
            self.say(key, f"must count {total:,} paths everywhere")

    def labels(self, group: str, axis: str, expected: list[str]) -> None:
        """Note an axis that names other things than the run did, or in another order."""
        found = self.array(group, axis, (len(expected),), "O")
        if found is not None and list(found) != expected:
            self.say(f"{group}/{axis}", f"names {', '.join(map(repr, found[:5]))}; the run has {', '.join(expected)}")

    def outcomes(self) -> xr.Dataset:
        """Return every path's outcomes."""
        shape = (self.n_policies, self.about.draws, self.about.paths)
        return self.dataset("outcomes", dict.fromkeys(self.about.outcomes, shape), ("policy", "draw", "path"))

    def kept(self) -> tuple[int, int]:
        """Return of how many draws and paths trajectories were kept."""
        import h5py

        parent, sizes = self.group("trajectories"), []
        for axis, most in (("draw", self.about.draws), ("path", self.about.paths)):
            data = None if parent is None else self.held(parent, axis, h5py.Dataset)
            n = data.shape[0] if data is not None and len(data.shape) == 1 else -1
            if data is not None and not 0 <= n <= most:
                self.say(f"trajectories/{axis}", f"must have at most {most} numbers")
            sizes.append(min(max(n, 0), most))
        return sizes[0], sizes[1]

    def parameters(self) -> xr.Dataset:
        """Return the parameters of each draw, and which draws have the same."""
        names, shape = [name for name in self.names("parameters") if name != "cluster"], (self.about.draws,)
        found = self.dataset("parameters", dict.fromkeys(names, shape), ("draw",))
        cluster = self.array("parameters", "cluster", shape, "iu")
        return found if len(self.problems) else found.assign_coords(cluster=("draw", cluster))

    def summaries(self) -> xr.Dataset:
        """Return what was kept of the outcomes where no path was."""
        sets = [*self.policies, *(" - ".join(pair) for pair in pairs(tuple(self.policies)))]
        self.labels("summaries", "set", sets)
        data: dict[str, Any] = {}
        coords: dict[str, Any] = {}
        for name in self.about.outcomes:
            for field in OF_DRAWS:
                counted = field in ("lower", "higher", "never")
                values = self.array(
                    "summaries", f"{name}.{field}", (len(sets), self.about.draws), "iu" if counted else "f"
                )
                if values is None:
                    continue
                data[f"{name}.{field}"] = (("set", "draw"), values)
                if counted and ((values < 0) | (values > self.about.paths)).any():
                    self.say(f"summaries/{name}.{field}", f"must count at most {self.about.paths} paths")
                elif field == "mean" or (field == "variance" and self.about.paths > 1):
                    self.sound(f"summaries/{name}.{field}", values, 0.0 if field == "variance" else -math.inf)
            whole = self.array("summaries", f"{name}.whole", (len(sets),), "ib")
            if whole is not None:
                data[f"{name}.whole"] = (("set",), whole.astype(bool))
            self.histogram(name, len(sets), data, coords)
        if len(self.problems):
            return _dataset({})
        return _dataset(data, **coords, set=sets, draw=np.arange(self.about.draws))

    def histogram(self, name: str, n_sets: int, data: dict[str, Any], coords: dict[str, Any]) -> None:
        """Add a summary's histogram and the edges of its bins."""
        import h5py

        parent = self.group("summaries")
        low = None if parent is None else self.held(parent, f"{name}.low", h5py.Dataset)
        if low is None or len(low.shape) != 1 or not low.shape[0]:
            self.say(f"summaries/{name}.low", "must be the lower edges of the bins")
            return
        axis, n = f"{name}_bin", low.shape[0]
        ends = [self.array("summaries", f"{name}.{end}", (n,)) for end in ("low", "high")]
        counts = self.array("summaries", f"{name}.histogram", (n_sets, n), "iu")
        if counts is None or ends[0] is None or ends[1] is None:
            return
        self.sound(f"summaries/{name}.histogram", counts, total=self.futures)
        if not (np.isfinite(ends).all() and (ends[0] < ends[1]).all() and (ends[0][1:] == ends[1][:-1]).all()):
            self.say(f"summaries/{name}.low", "must rise from bin to bin, each where the one before it ends")
        data[f"{name}.histogram"] = (("set", axis), counts)
        coords |= {f"{name}.low": ((axis,), ends[0]), f"{name}.high": ((axis,), ends[1])}


def _dataset(data: dict[str, Any], **coords: Any) -> xr.Dataset:
    import xarray as xr

    return xr.Dataset(data, coords=coords)
