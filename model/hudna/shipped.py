"""The scenarios and cases that come with the package: where they lie, and how to take a copy."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from hudna.errors import InputError, nearest

__all__ = ["case", "cases", "copy", "scenario", "scenarios"]


def _root() -> Path:
    """Return the folder that holds `params/` and `scenarios/`: in the wheel, or the source tree's own."""
    installed = Path(__file__).resolve().parent / "shipped"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2]


def scenarios() -> tuple[str, ...]:
    """Return the names of the shipped scenarios."""
    return tuple(sorted(path.stem for path in (_root() / "scenarios").glob("*.toml")))


def scenario(name: str) -> Path | None:
    """Return the file of a shipped scenario, or None if there is no such one."""
    return _root() / "scenarios" / f"{name}.toml" if name in scenarios() else None


def cases() -> tuple[str, ...]:
    """Return the names of the shipped cases."""
    return tuple(sorted(path.name for path in (_root() / "params").glob("*") if path.is_dir()))


def case(name: str) -> Path | None:
    """Return the folder of a shipped case, or None if there is no such one."""
    return _root() / "params" / name if name in cases() else None


def copy(name: str, target: Path) -> tuple[Path, ...]:
    """Copy a shipped scenario, what it extends, its case and what that case's claims are asked in into `target`.

    Nothing that exists is overwritten, and a copy that fails leaves nothing behind.

    Returns
    -------
    tuple of Path
        The scenario's file, the other scenarios' files, and the case's folder.
    """
    source = scenario(name)
    if source is None:
        raise InputError.of(name, f"no shipped scenario{nearest(name, scenarios())}; shipped: {', '.join(scenarios())}")
    files, case_name = _chain(source)
    for asked in _asked(_root() / "params" / case_name):
        files += [file for file in _chain(source.with_name(f"{asked}.toml"))[0] if file not in files]
    parts = {target / "scenarios" / file.name: file for file in files}
    parts[target / "params" / case_name] = _root() / "params" / case_name
    try:
        taken = [path for path in parts if path.exists()]
        if taken:
            raise InputError.of(str(taken[0]), "exists already; choose another folder, nothing was copied")
        _copy(parts, target)
    except OSError as error:
        raise InputError.of(str(target), f"cannot be written: {error.strerror}; nothing was copied") from None
    return tuple(parts)


def _chain(source: Path) -> tuple[list[Path], str]:
    """Return a shipped scenario with the files that it extends, and the name of its case."""
    files, case_name = [source], ""
    while True:
        data = tomllib.loads(files[-1].read_text(encoding="utf-8"))
        case_name = case_name or data.get("case", "")
        if "extends" not in data:
            return files, case_name
        files.append((source.parent / data["extends"]).with_suffix(".toml"))


def _asked(folder: Path) -> list[str]:
    """Return the scenarios that the claims of a shipped case name."""
    path = folder / "claims.toml"
    if not path.is_file():
        return []
    claims = tomllib.loads(path.read_text(encoding="utf-8")).values()
    tests = [test for claim in claims for test in claim.get("test", ())]
    sides = [side for test in tests for side in (test, test.get("higher_than", {}), test.get("lower_than", {}))]
    return sorted({side["scenario"] for side in sides if "scenario" in side})


def _copy(parts: Mapping[Path, Path], target: Path) -> None:
    """Copy everything beside its place first; take back what was put in place if anything fails."""
    made = [path for path in (target / "scenarios", target / "params", target, *target.parents) if not path.exists()]
    placed: list[Path] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".copy-") as beside:
            for path, origin in parts.items():
                aside = Path(beside) / path.name
                if origin.is_dir():
                    shutil.copytree(origin, aside)
                else:
                    shutil.copyfile(origin, aside)
            for path in parts:
                path.parent.mkdir(parents=True, exist_ok=True)
                (Path(beside) / path.name).rename(path)
                placed.append(path)
    except BaseException:
        for path in placed:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in made:
            with contextlib.suppress(OSError):  # not made after all, or somebody uses it by now
                path.rmdir()
        raise
