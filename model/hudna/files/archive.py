"""Arrays and plain data as one file that runs no code when it is read, with a hash at its end."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["packed", "unpacked"]

_MARK = 16  # bytes at the end, a hash of all before
_ABOUT = "about"


def packed(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> bytes:
    """Return arrays, and what they are as JSON, as the bytes of a file.

    Examples
    --------
    >>> arrays, about = unpacked(packed({"x": np.arange(3)}, {"unit": "week"}))
    >>> arrays["x"].tolist(), about
    ([0, 1, 2], {'unit': 'week'})
    """
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, array in {**arrays, _ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as entry:  # of no date: the same bytes again
                np.lib.format.write_array(entry, array, allow_pickle=False)
    return raw.getvalue() + _hash(raw.getvalue())


def unpacked(raw: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays in the bytes of a file, and what they are.

    Raises
    ------
    ValueError
        If the bytes are not those that `packed` returned.
    """
    if len(raw) < _MARK or _hash(raw[:-_MARK]) != raw[-_MARK:]:
        raise ValueError("is damaged")
    with np.load(io.BytesIO(raw[:-_MARK]), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, json.loads(arrays.pop(_ABOUT).tobytes())


def _hash(raw: bytes) -> bytes:
    return hashlib.blake2b(raw, digest_size=_MARK).digest()
