"""The scenarios and cases that come with the package: where they lie, and how to take a copy."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hudna.errors import InputError, no_such
from hudna.files.whole import check_file, placing

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

    Nothing that exists is overwritten, and a copy that fails leaves nothing behind. What lies there already, just as it
    would be copied, is left as it is, unless that is all of it.

    Returns
    -------
    tuple of Path
        The scenario's file, the other scenarios' files, and the case's folder.
    """
    source = scenario(name)
    if source is None:
        raise InputError.of(name, no_such("shipped scenario", name, scenarios(), text="no shipped scenario"))
    files, case_name = _chain(source)
    for asked in _asked(_root() / "params" / case_name):
        files += [file for file in _chain(source.with_name(f"{asked}.toml"))[0] if file not in files]
    parts = {target / "scenarios" / file.name: file for file in files}
    parts[target / "params" / case_name] = _root() / "params" / case_name
    check_file(target, folder=True)
    missing = {path: origin for path, origin in parts.items() if not _alike(path, origin)}
    taken = [path for path in missing or parts if path.exists()]
    if taken:
        raise InputError.of(str(taken[0]), "exists already; choose another folder, nothing was copied")
    with placing(target, "copy") as folder:
        for path, origin in missing.items():
            for file in _files(origin):
                folder.write((path.relative_to(target) / file.relative_to(origin)).as_posix(), file.read_bytes())
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


def _alike(path: Path, origin: Path) -> bool:
    """Whether a file or a folder is a copy of another: a copy that was cut short is thereby finished by the next."""
    ours, theirs = ({file.relative_to(top): file.read_bytes() for file in _files(top)} for top in (path, origin))
    return ours == theirs


def _files(top: Path) -> list[Path]:
    return [file for file in (top, *sorted(top.rglob("*"))) if file.is_file()]
