"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["describe"]

_PACKAGES = ("hudna", "numpy", "numba", "llvmlite", "scipy", "pandas", "xarray", "matplotlib")


def describe() -> list[str]:
    """Return lines about processor, system and versions."""
    versions = [f"{name} {found}" for name in _PACKAGES if (found := _version(name))]
    load = os.getloadavg()[0]
    release = ".".join(platform.release().split(".")[:2])
    return [
        f"- processor: {_processor()}; {os.cpu_count()} cores; {_memory()}",
        f"- system: {platform.system()} {release}; Python {platform.python_version()}",
        f"- packages: {', '.join(versions)}",
        f"- load before the first measurement: {load:.1f} (other work on the machine shows as spread)",
    ]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            return f"{int(line.split()[1]) / 2**20:.0f} GiB of memory"
    return "memory unknown"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
