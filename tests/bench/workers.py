"""Processes in which peers wait for their turn, each in an environment of its own with what it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from settings import ROOT, Settings
from timing import note

__all__ = ["Means", "Peer", "PeerMissingError", "Worker"]

_SCRIPTS = Path(__file__).parent / "toy"
_BUILD = ROOT / "build" / "bench"

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Peer:
    """A way to simulate toy-truce in a process of its own."""

    name: str
    script: str
    requirement: str = ""
    python: tuple[int, int] = (3, 11)


class PeerMissingError(Exception):
    """A peer that cannot be run here, and why."""


@dataclass
class Means:
    """Means by policy, draw and outcome, gathered over runs with different seeds."""

    runs: list[Array] = field(default_factory=list)

    def mean(self) -> Array:
        return np.asarray(np.mean(self.runs, axis=0))


class Worker:
    """A process in the peer's own environment that simulates whenever it is asked to."""

    def __init__(self, peer: Peer, job: str, settings: Settings) -> None:
        python = _environment(peer, settings) if peer.requirement else sys.executable
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        self._process = subprocess.Popen(
            [python, str(_SCRIPTS / peer.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.found = Means()
        try:
            version = self._ask(job)
        except PeerMissingError:
            self.close()
            raise
        self.name = f"{peer.name} ({version})" if version else peer.name

    def run(self) -> None:
        """Simulate with the next seed."""
        self.found.runs.append(np.array(self._ask(str(len(self.found.runs) + 1))))

    def close(self) -> None:
        """Let the process end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(line, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            answer = ""
        else:
            answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
            raise PeerMissingError(f"stopped: {last[0] if last else 'without a word'}")
        return json.loads(answer)


def _environment(peer: Peer, settings: Settings) -> str:
    """Return the Python of the peer's own environment, made and filled if it is not there yet."""
    folder = _BUILD / Path(peer.script).stem
    python, done = folder / "bin" / "python", folder / "requirement"
    if done.exists() and done.read_text(encoding="utf-8") == peer.requirement:
        return str(python)
    base = _base_python(peer.python, settings)
    if base is None:
        raise PeerMissingError(
            f"needs Python {peer.python[0]}.{peer.python[1]} or newer, and none was found; give one with --peer-python"
        )
    note(f"{peer.name}: installing {peer.requirement} in an environment of its own")
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run([base, "-m", "venv", str(folder)], capture_output=True, text=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer.requirement]
    if made.returncode or subprocess.run(pip, capture_output=True, text=True).returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise PeerMissingError(f"{peer.requirement} could not be installed")
    done.write_text(peer.requirement, encoding="utf-8")
    return str(python)


def _base_python(least: tuple[int, int], settings: Settings) -> str | None:
    """Return a Python that is new enough: the given one, this one, or one that is installed."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    others = [str(path) for path in sorted(versions.glob("3.*/bin/python3"))]
    for candidate in (settings.peer_python, sys.executable, "python3.12", "python3.13", "python3.14", *others):
        if candidate is None or shutil.which(candidate) is None:
            continue
        code = f"import sys; raise SystemExit(sys.version_info < {least})"
        if subprocess.run([candidate, "-c", code], capture_output=True).returncode == 0:
            return candidate
    return None
