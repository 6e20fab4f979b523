"""What a benchmark run is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Settings"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Engines in rising order of speed, numbers of threads, repeats; `quick` tries the benchmark itself out."""

    engines: tuple[str, ...]
    threads: tuple[int, ...]
    repeats: int
    quick: bool
    peer_python: str | None

    @property
    def fastest(self) -> str:
        """The engine that is measured where only one is."""
        return self.engines[-1]

    def size(self, full: int, quick: int) -> int:
        """Return a size that suits the run."""
        return quick if self.quick else full
