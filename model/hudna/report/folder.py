"""An output folder that changes whole or not at all, and that never takes somebody else's files with it.

The files are written to a hidden folder beside it, which takes its place by renaming. `manifest.json` lists
what was written; a file that no manifest lists is somebody's own, and then the folder is left alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hudna.errors import InputError, Problem

__all__ = ["MANIFEST", "Folder", "replacing", "strangers"]

MANIFEST = "manifest.json"
_WRITER = "hudna"
_FORMAT = 1
_SHOWN = 20  # strangers named one by one


@dataclass(frozen=True)
class Folder:
    """A folder under way: write into `aside`; it becomes `target`."""

    target: Path
    aside: Path

    def close(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest: what the run was, and every file with its size and SHA-256; return it."""
        files = {}
        for path in sorted(p for p in self.aside.rglob("*") if p.is_file()):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files[path.relative_to(self.aside).as_posix()] = {"bytes": path.stat().st_size, "sha256": digest}
        manifest = {"written_by": _WRITER, "format": _FORMAT, **about, "files": files}
        text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
        (self.aside / MANIFEST).write_text(text, encoding="utf-8")
        return manifest


@contextmanager
def replacing(target: Path) -> Iterator[Folder]:
    """Give a hidden folder to write to, which takes the place of `target` if nothing goes wrong.

    Parameters
    ----------
    target : Path
        A folder that hudna wrote, an empty one, or none yet.

    Yields
    ------
    Folder

    Raises
    ------
    InputError
        Before anything is done, if `target` holds files that hudna did not write, is no folder, or cannot be
        written; at the end, if such files have come to it meanwhile.
    """
    target = _checked(target)
    with _held() as interrupted:
        made, aside = _make(target)
    try:
        if interrupted:
            raise KeyboardInterrupt
        yield Folder(target, aside)
        _checked(target)
        with _held():
            _swap(target, aside)
            made = []
    finally:
        with _held():
            shutil.rmtree(aside, ignore_errors=True)
            _remove_empty(made)


def strangers(folder: Path) -> list[str]:
    """Return what lies in `folder` and is not hudna's: neither listed in its manifest nor a folder of such files."""
    own = _own_files(folder)
    parents = {parent.as_posix() for name in own for parent in Path(name).parents}
    found = []
    for place, folders, files in os.walk(folder):
        inside = Path(place).relative_to(folder)
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found += [name for name in ((inside / f).as_posix() for f in (*files, *links)) if name not in own]
        alien = [name for name in folders if name not in links and (inside / name).as_posix() not in parents]
        found += [f"{(inside / name).as_posix()}/" for name in alien]
        folders[:] = [name for name in folders if name not in links and name not in alien]
    return sorted(found)


def _own_files(folder: Path) -> set[str]:
    """Return the names in the manifest and its own, or nothing if there is no manifest of hudna's."""
    path = folder / MANIFEST
    if path.is_symlink() or not path.is_file():
        return set()
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    if not isinstance(manifest, dict) or manifest.get("written_by") != _WRITER:
        return set()
    files = manifest.get("files")
    return {MANIFEST, *map(str, files)} if isinstance(files, dict) else {MANIFEST}


def _checked(target: Path) -> Path:
    """Return where `target` really lies, or say why it cannot be written."""
    try:
        real = target.resolve()
        here = Path.cwd()
        if real == here or real in here.parents:
            raise InputError.of(str(target), "is the folder you work in, or one above it; name a folder below it")
        if real.is_dir():
            if os.path.ismount(real):
                raise InputError.of(str(target), "is where a disk is mounted; name a folder on it")
            found = strangers(real)
        elif real.exists():
            raise InputError.of(str(target), "is not a folder; name one that hudna may write")
        else:
            found = []
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise _unwritable(target, error) from None
    if found:
        text = "was not written by hudna; move it, or name another folder with --out: nothing was written"
        problems = [Problem(str(target / name), "", text) for name in found[:_SHOWN]]
        if len(found) > _SHOWN:
            problems.append(Problem(str(target), "", f"and {len(found) - _SHOWN} more"))
        raise InputError(problems)
    return real


def _unwritable(target: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError.of(str(target), f"cannot be written: {reason}; name another folder with --out")


def _make(target: Path) -> tuple[list[Path], Path]:
    """Make the hidden folder beside `target` and what is missing above it; return the latter, lowest first."""
    missing = [path for path in target.parents if not path.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not os.access(target, os.W_OK | os.X_OK):
            raise PermissionError("no permission")
        return missing, Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name[:64]}."))
    except OSError as error:
        _remove_empty(missing)
        raise _unwritable(target, error) from None


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders that were made for nothing; one that somebody uses by now stays."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _swap(target: Path, aside: Path) -> None:
    """Put `aside` in the place of `target`; should that fail, the old folder is back where it was."""
    mask = os.umask(0)
    os.umask(mask)
    aside.chmod(0o777 & ~mask)
    if not target.exists():
        aside.rename(target)
        return
    old = aside.with_name(f"{aside.name}.old")
    target.rename(old)
    try:
        aside.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _held() -> Iterator[list[int]]:
    """Hold Ctrl-C and a polite kill off for a moment; the list tells afterwards whether one came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda got, _: came.append(got)) for number in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
