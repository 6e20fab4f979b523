"""What took long to work out, kept between runs in the user's cache folder, each file under a hash of what it is of.

A file is written whole or not at all and read only if its own hash is right, so that processes may share the folder,
and whatever happens to it costs time only. Where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from hudna.errors import HudnaError, InputError
from hudna.files.archive import packed, unpacked
from hudna.files.whole import placing

__all__ = ["LIMIT", "VARIABLE", "Cache", "cache", "code_hash"]

VARIABLE = "HUDNA_CACHE"
LIMIT = 512 * 2**20  # bytes of all files; the least recently used go first
_OURS = re.compile(r"[0-9a-f]{32}\.npz")


@dataclass(frozen=True)
class Cache:
    """A folder of files by key, a hash of 32 hexadecimal digits; none where it is off."""

    folder: Path | None
    limit: int = LIMIT

    def find(self, key: str) -> dict[str, np.ndarray] | None:
        """Return the arrays that were kept under a key; None if there are none, or they are damaged or of another."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}.npz"
        try:
            arrays, about = unpacked(path.read_bytes())
        except (OSError, ValueError):
            return None
        if about != {"key": key}:
            return None
        with suppress(OSError):
            os.utime(path)
        return arrays

    def keep(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays under a key, if the folder can be written to and they fit."""
        if self.folder is None:
            return
        raw = packed(arrays, {"key": key})
        if len(raw) > self.limit:
            return
        with suppress(OSError, HudnaError):
            with placing(self.folder, "start") as aside:
                aside.write(f"{key}.npz", raw)
            self._shrink()

    def files(self) -> list[tuple[float, int, Path]]:
        """Return when each file was last used, its size in bytes and where it is, the oldest first."""
        found = []
        with suppress(OSError):
            for path in () if self.folder is None else self.folder.iterdir():
                with suppress(OSError):  # another process has removed it
                    if _OURS.fullmatch(path.name):
                        about = path.stat()
                        found.append((about.st_mtime, about.st_size, path))
        return sorted(found)

    def clear(self) -> int:
        """Remove the files, and what killed processes left; return how many files there were.

        Raises
        ------
        OSError
            If one cannot be removed.
        """
        found = self.files()
        for _, _, path in found:
            path.unlink(missing_ok=True)
        if self.folder is not None and self.folder.is_dir():
            with suppress(HudnaError), placing(self.folder, "start"):
                pass
        return len(found)

    def _shrink(self) -> None:
        files = self.files()
        excess = sum(size for _, size, _ in files) - self.limit
        for _, size, path in files:
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= size


@lru_cache
def code_hash(*parts: str) -> str:
    """Return a hash of the source of these folders of the package, so that nothing kept outlives a change of it."""
    hasher, package = hashlib.blake2b(digest_size=16), Path(__file__).resolve().parents[1]
    for path in sorted(path for part in parts for path in (package / part).rglob("*.py")):
        hasher.update(path.read_bytes())
    return hasher.hexdigest()


def cache() -> Cache:
    """Return the cache as the environment has it: `HUDNA_CACHE` is a folder or "off"; the user's own if left out.

    Raises
    ------
    InputError
        If the variable says neither.
    """
    given = os.environ.get(VARIABLE, "")
    if given == "off":
        return Cache(None)
    if given and not Path(given).is_absolute():
        raise InputError.of("environment", "must be off or an absolute folder", key=VARIABLE, given=repr(given))
    return Cache(Path(given) if given else _own_folder())


def _own_folder() -> Path | None:
    """Return the folder where the platform keeps what can be made anew; None if there is no home."""
    above: Any = {"win32": os.environ.get("LOCALAPPDATA")}.get(sys.platform) or os.environ.get("XDG_CACHE_HOME")
    try:
        if not above or not Path(above).is_absolute():
            above = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    except RuntimeError:
        return None
    return Path(above) / "hudna"
