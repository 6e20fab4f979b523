"""Results as netCDF files: a group a Dataset, what they are about as JSON; nothing pickled."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hudna.errors import InputError
from hudna.files.whole import write_file

if TYPE_CHECKING:
    import xarray as xr

    from hudna.result.result import Result

__all__ = ["as_netcdf", "netcdf", "open_result", "save"]

FORMAT = 3
GROUPS = ("outcomes", "summaries", "histograms", "threat", "exposure", "levers", "trajectories", "parameters")


def save(result: Result, path: Path) -> Path:
    """Write a result to `path`; a file that is there already is replaced whole or not at all."""
    return write_file(path, as_netcdf(result))


def as_netcdf(result: Result) -> memoryview:
    """Return a result as the bytes of a netCDF file."""
    import xarray as xr

    about = {"hudna_format": FORMAT, "about": json.dumps(result.about, ensure_ascii=False)}
    groups: dict[str, xr.Dataset] = {group: getattr(result, group) for group in GROUPS}
    return netcdf({"/": xr.Dataset(attrs=about), **groups}, zlib=True, complevel=1)


def netcdf(groups: Mapping[str, xr.Dataset], **packed: Any) -> memoryview:
    """Return Datasets as the bytes of a netCDF file, each in the group of its name.

    Made in memory, since HDF5 ends the process if a disk is full.

    Parameters
    ----------
    groups : mapping from name to Dataset
        "/" is the file itself.
    packed : the encoding of every variable
    """
    import h5netcdf
    from xarray.backends import H5NetCDFStore

    file = io.BytesIO()
    with h5netcdf.File(file, "w") as root:
        for group, data in groups.items():
            data.dump_to_store(H5NetCDFStore(root, group), encoding=dict.fromkeys(data.data_vars, packed))
    return file.getbuffer()


def open_result(path: str | Path) -> Result:
    """Read a result that `Result.save` wrote.

    Raises
    ------
    InputError
        If there is no such file, or it is no result of hudna.
    """
    import xarray as xr

    from hudna.result.result import Result

    if not Path(path).is_file():
        raise InputError.of(str(path), "no such file")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as root:
            attrs = dict(root.attrs)
        version, about = attrs["hudna_format"], json.loads(attrs["about"])
        groups = {}
        for group in GROUPS:
            with xr.open_dataset(path, engine="h5netcdf", group=group) as data:
                groups[group] = data.load()
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise InputError.of(str(path), f"is not a result that hudna saved ({type(error).__name__})") from None
    if version != FORMAT:
        raise InputError.of(str(path), f"has format {version}; this version of hudna reads format {FORMAT}")
    return Result(**groups, about=about)
