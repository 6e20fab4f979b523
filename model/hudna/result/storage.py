"""Results as netCDF files: a group a Dataset, what they are about as JSON; nothing pickled."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr


__all__ = ["FORMAT", "GROUPS", "as_netcdf", "netcdf"]

FORMAT = 3
GROUPS = ("outcomes", "summaries", "histograms", "threat", "exposure", "levers", "trajectories", "parameters")


def as_netcdf(about: Mapping[str, Any], groups: Mapping[str, xr.Dataset]) -> memoryview:
    """Return a result as the bytes of a netCDF file."""
    import xarray as xr

    attributes = {"hudna_format": FORMAT, "about": json.dumps(about, ensure_ascii=False)}
    return netcdf({"/": xr.Dataset(attrs=attributes), **groups}, zlib=True, complevel=1)


def netcdf(groups: Mapping[str, xr.Dataset], **packed: Any) -> memoryview:
    """Return Datasets as the bytes of a netCDF file, each in the group of its name ("/" is the file itself).

    `packed` is the encoding of every variable. Made in memory, since HDF5 ends the process if a disk is full.
    """
    import h5netcdf
    from xarray.backends import H5NetCDFStore

    file = io.BytesIO()
    with h5netcdf.File(file, "w") as root:
        for group, data in groups.items():
            data.dump_to_store(H5NetCDFStore(root, group), encoding=dict.fromkeys(data.data_vars, packed))
    return file.getbuffer()
