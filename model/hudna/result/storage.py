"""Results as netCDF files: a group a Dataset, what they are about as JSON; nothing pickled."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hudna.errors import InputError

if TYPE_CHECKING:
    from hudna.result.result import Result

__all__ = ["FORMAT", "beside", "save"]

FORMAT = 3
GROUPS = ("outcomes", "summaries", "histograms", "threat", "exposure", "levers", "trajectories", "parameters")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write to; it takes the place of `path` only if nothing went wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        aside.chmod(0o666 & ~_umask())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save(result: Result, path: Path) -> Path:
    """Write a result to `path`; a file that is there already is replaced whole or not at all."""
    import xarray as xr

    if path.is_dir():
        raise InputError.of(str(path), "is a folder; name a file such as result.nc")
    with beside(path) as aside:
        root = xr.Dataset(attrs={"hudna_format": FORMAT, "about": json.dumps(result.about, ensure_ascii=False)})
        root.to_netcdf(aside, mode="w", engine="h5netcdf")
        for group in GROUPS:
            data: xr.Dataset = getattr(result, group)
            packed: dict[Any, dict[str, Any]] = {name: {"zlib": True, "complevel": 1} for name in data.data_vars}
            data.to_netcdf(aside, mode="a", group=group, engine="h5netcdf", encoding=packed)
    return path
