"""Results as netCDF files: a group a Dataset, what they are about as JSON; nothing pickled."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import h5py
    import xarray as xr

__all__ = ["FORMAT", "GROUPS", "as_netcdf", "netcdf"]

FORMAT = 3
GROUPS = ("outcomes", "summaries", "histograms", "threat", "exposure", "levers", "trajectories", "parameters")
_SAMPLE, _FEW = 4096, 64  # numbers looked at, and so few that packing them is not worth it


def as_netcdf(about: Mapping[str, Any], groups: Mapping[str, xr.Dataset]) -> memoryview:
    """Return a result as the bytes of a netCDF file."""
    import xarray as xr

    attributes = {"hudna_format": FORMAT, "about": json.dumps(about, ensure_ascii=False)}
    return netcdf({"/": xr.Dataset(attrs=attributes), **groups})


def netcdf(groups: Mapping[str, xr.Dataset]) -> memoryview:
    """Return Datasets as the bytes of a netCDF file, each in the group of its name ("/" is the file itself).

    Made in memory, since HDF5 ends the process if a disk is full. Written with h5py: h5netcdf takes several times as
    long for a variable as its numbers do.
    """
    import h5py

    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        for group, data in groups.items():
            _write(root.require_group(group), data)
    return file.getbuffer()


def _write(group: h5py.Group, data: xr.Dataset) -> None:
    """Write a Dataset as netCDF-4 lays it out in HDF5: an axis is a dimension scale, which its variables refer to."""
    from xarray.conventions import cf_encoder, encode_dataset_coordinates

    variables, attributes = cf_encoder(*encode_dataset_coordinates(data))
    group.attrs.update(attributes)
    axes = {str(axis): _array(group, str(axis), variables.pop(axis, None), n) for axis, n in data.sizes.items()}
    for name, variable in variables.items():
        made = _array(group, str(name), variable, 0)
        for place, axis in enumerate(variable.dims):
            made.dims[place].attach_scale(axes[str(axis)])


def _array(group: h5py.Group, name: str, variable: xr.Variable | None, n: int) -> h5py.Dataset:
    """Write a variable, packed if that makes it smaller; an axis of length n without one has no numbers."""
    import h5py

    if variable is None:
        made = group.create_dataset(name, (n,), ">f4")
        made.make_scale(f"This is a netCDF dimension but not a netCDF variable. {n:9d}")
        return made
    values = variable.to_numpy()
    if values.dtype.kind in "OU":
        made = group.create_dataset(name, data=values.astype(object), dtype=h5py.string_dtype())
    elif _shrinks(values):
        made = group.create_dataset(name, data=values, compression="gzip", compression_opts=1, shuffle=True)
    else:
        made = group.create_dataset(name, data=values)
    made.attrs.update(variable.attrs)
    if variable.dims == (name,):
        made.make_scale(name)
    return made


def _shrinks(values: np.ndarray) -> bool:
    """Whether packing pays, by a sample: numbers with all their digits hardly shrink, whatever time is spent."""
    sample = np.ascontiguousarray(values.reshape(-1)[:_SAMPLE]).tobytes()
    return values.ndim > 0 and values.size > _FEW and len(zlib.compress(sample, 1)) < 0.8 * len(sample)
