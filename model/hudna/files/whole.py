"""Files and folders that change whole or not at all, and never take somebody else's files with them.

What is written goes to a hidden folder beside its place, and from there to its place by renaming. In an output folder
`manifest.json` lists what was written; a file that no manifest lists is somebody's own, and then the folder is left
alone. A hidden folder is locked for as long as its process lives; what a killed one left is cleared by the next that
writes to the same place.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hudna.errors import HudnaError, InputError, Problem
from hudna.files.names import file_name

__all__ = ["MANIFEST", "Folder", "check_file", "placing", "replacing", "strangers", "write_file"]

MANIFEST = "manifest.json"
_WRITER = "hudna"
_FORMAT = 1
_SHOWN = 20  # strangers named one by one
_OLD = ".old"  # ends the name under which a folder waits while another takes its place
_DAY = 86400.0  # seconds, after which a hidden folder counts as left behind where nothing can be locked
_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_DISK = {errno.ENOSPC, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}  # no fault of the place that was named


@dataclass(frozen=True)
class Folder:
    """A folder under way: what is written lies in `aside` until it comes to `target`."""

    target: Path
    aside: Path

    def write(self, name: str, data: str | bytes | memoryview) -> None:
        """Write a file, text as UTF-8; `name` may lead into folders.

        Raises
        ------
        OSError
            If the disk is full or broken, with the name that the file would have had.
        """
        path = self.aside / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(data.encode() if isinstance(data, str) else data)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.target / name)) from None

    def close(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """Write the manifest: what the run was, and every file with its size and SHA-256; return it.

        The files of an earlier manifest that `about` holds stay listed.
        """
        files = dict(about.get("files", {}))
        for path in sorted(p for p in self.aside.rglob("*") if p.is_file()):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files[path.relative_to(self.aside).as_posix()] = {"bytes": path.stat().st_size, "sha256": digest}
        manifest = {"written_by": _WRITER, "format": _FORMAT, **about, "files": files}
        self.write(MANIFEST, _as_text(manifest))
        return manifest


def _as_text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def write_file(path: Path, data: str | bytes | memoryview) -> Path:
    """Write a file, through a link if it is one; what was there is replaced whole or not at all."""
    check_file(path)
    if path.exists() and not path.is_file():  # a pipe or a device has nothing to be replaced
        with path.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        return path
    real = path.resolve()
    with placing(real.parent, real.name) as folder:
        folder.write(real.name, data)
    return path


def check_file(path: Path | None, *, folder: bool = False) -> None:
    """Say before the work is done, not after it, that a file, or files in a folder, cannot be written; None is right.

    Raises
    ------
    InputError
    """
    if path is None:
        return
    try:
        if not folder and path.is_dir():
            raise InputError.of(str(path), "is a folder; name a file")
        place = path if folder else path.parent
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir():
            raise InputError.of(str(path), f"cannot be written: {place} is not a folder")
        if not os.access(place, os.W_OK | os.X_OK) and not (path.exists() and not path.is_file() and not folder):
            raise InputError.of(str(path), "cannot be written: no permission")
    except InputError:
        raise
    except (OSError, ValueError):
        raise InputError.of(str(path)[:200], "is no name of a file or folder") from None


@contextmanager
def placing(folder: Path, name: str = "", *, manifest: Mapping[str, Any] | None = None) -> Iterator[Folder]:
    """Give a hidden folder to write to; what lies in it comes to `folder`, each file whole, if nothing goes wrong.

    Parameters
    ----------
    folder : Path
        Made if it is missing. What is there already and was not written stays.
    name : str
        The hidden folder lies beside this name inside `folder`; beside `folder` itself if it is left out.
    manifest : mapping, optional
        That of `folder`, which then must not have changed meanwhile.

    Raises
    ------
    InputError
        If the place cannot be written to.
    HudnaError
        If another run has replaced the folder.
    OSError
        If the disk is full or broken; then nothing new stays, and what was there is as before, unless renaming itself
        failed halfway: what it had replaced by then stays replaced.
    """
    real = folder.resolve()
    with beside(real / name) as aside:
        yield Folder(folder, aside)
        if manifest is not None and (real / MANIFEST).read_text(encoding="utf-8") != _as_text(manifest):
            raise HudnaError(f"{folder}: another run has replaced this folder")
        with _held():
            _put(aside, real)


def _put(aside: Path, target: Path) -> None:
    """Rename what lies in `aside` into `target`; should one fail, what was new there is taken away again."""
    placed: list[Path] = [] if target.exists() else [target]
    target.mkdir(parents=True, exist_ok=True)
    try:
        for path in _parts(aside, target):
            there = target / path.relative_to(aside)
            new = not there.exists()
            path.replace(there)
            placed += [there] * new
    except BaseException:
        for path in reversed(placed):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _parts(aside: Path, target: Path) -> Iterator[Path]:
    """Yield what to rename, the manifest first: folders whole, where there are none of the name."""
    for path in sorted(aside.iterdir(), key=lambda p: (p.name != MANIFEST, p.name)):
        if path.is_dir() and (target / path.name).is_dir():
            yield from _parts(path, target / path.name)
        else:
            yield path


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
    real = _checked(target)
    if real.is_dir() and not os.access(real, os.W_OK | os.X_OK):
        raise _unwritable(target, PermissionError("no permission"))
    with beside(real) as aside:
        yield Folder(target, aside)
        _checked(target)
        with _held():
            _swap(real, aside)


@contextmanager
def beside(place: Path) -> Iterator[Path]:
    """Give a hidden folder beside `place`, which is removed at the end, with what still lies in it."""
    with _held() as interrupted:
        made, aside, lock = _make(place)
    try:
        if interrupted:
            raise KeyboardInterrupt
        yield aside
    finally:
        with _held():
            shutil.rmtree(aside, ignore_errors=True)
            if lock is not None:
                os.close(lock)
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
    found: list[str] = []
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
    except InputError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
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
    return InputError.of(str(target), f"cannot be written: {reason}; name another place")


def _make(place: Path) -> tuple[list[Path], Path, int | None]:
    """Make a hidden folder beside `place`, and what is missing above; return the latter, lowest first, and a lock."""
    missing = [path for path in place.parents if not path.exists()]
    begins = f".{file_name([place.name], apart=True)}.hudna-"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _clear(place, re.compile(re.escape(begins) + r"[a-z0-9_]{8}(\.old)?"))
        while True:
            aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=begins))
            with contextlib.suppress(BlockingIOError, FileNotFoundError):  # another process took it for left behind
                return missing, aside, _lock(aside)
    except OSError as error:
        _remove_empty(missing)
        if error.errno in _DISK:
            raise
        raise _unwritable(place, error) from None


def _clear(place: Path, ours: re.Pattern[str]) -> None:
    """Remove what killed processes left beside `place`; a folder that one had put aside goes back if it is missing."""
    for left in [path for path in place.parent.iterdir() if ours.fullmatch(path.name)]:
        owner = left.with_name(left.name.removesuffix(_OLD))
        with contextlib.suppress(OSError):  # a living process has it, or it is gone by now
            lock = _lock(owner if owner.exists() else left)
            try:
                if lock is None and time.time() - left.stat().st_mtime < _DAY:
                    continue
                if left.name.endswith(_OLD) and not place.exists():
                    left.rename(place)
                else:
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                if lock is not None:
                    os.close(lock)


def _lock(folder: Path) -> int | None:
    """Lock a folder until the descriptor is closed or the process ends; None where folders cannot be locked.

    Raises
    ------
    BlockingIOError
        If another process has it.
    FileNotFoundError
        If it is gone.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.stat(folder)  # noqa: PTH116 (may have been removed before it was locked)
    except (BlockingIOError, FileNotFoundError):
        os.close(lock)
        raise
    except OSError:  # a network's disk may know no locks
        os.close(lock)
        return None
    return lock


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
    old = aside.with_name(f"{aside.name}{_OLD}")
    target.rename(old)
    try:
        aside.rename(target)
    except BaseException:
        old.rename(target)
        raise
    old.rename(aside)  # to be removed: what is called old is always whole


@contextmanager
def _held() -> Iterator[list[int]]:
    """Hold interrupts and termination signals back; the list shows afterwards which came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    heard = [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda got, _: came.append(got)) for number in heard}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
