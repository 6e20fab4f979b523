"""Shared by the tests: comparisons with exact answers, and small cases written on the fly."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

os.environ["HUDNA_CACHE"] = "off"  # what is made twice is made twice; tests of the cache have a folder of their own
os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; output that goes to no terminal has no width
for _name, _handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
    if hasattr(signal, _name) and signal.getsignal(getattr(signal, _name)) is signal.SIG_IGN:
        signal.signal(getattr(signal, _name), _handler)  # ignored by what runs in the background

Z_LIMIT = 5.73  # |z| beyond which a check fails: a false alarm in 1e8


@pytest.fixture
def mc_close() -> Callable[..., None]:
    """Assert that independent samples have a given mean, within Monte Carlo error."""

    def check(samples: np.ndarray, exact: float) -> None:
        samples = np.asarray(samples, float).ravel()
        error = samples.std(ddof=1) / np.sqrt(samples.size)
        if error == 0:
            assert samples.mean() == exact, f"every sample is {samples.mean():.6g}, exact {exact:.6g}"
            return
        z = (samples.mean() - exact) / error
        assert abs(z) < Z_LIMIT, f"mean {samples.mean():.6g}, exact {exact:.6g}, z = {z:.2f}"

    return check


@pytest.fixture
def write_case(tmp_path: Path) -> Callable[..., Path]:
    """Write a case and a scenario that asks about it; return the scenario's file."""

    def write(
        drivers: str,
        *,
        parameters: str = "",
        actors: str = "",
        ties: str = "",
        about: str = "",
        scenario: str = "",
        weeks: int = 20,
        outcomes: str = "",
    ) -> Path:
        folder = tmp_path / "params" / "made-up"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "case.toml").write_text(
            f'name = "Made up"\nsummary = "For a test."\nevidence_until = 2024-01-01\n{about}', encoding="utf-8"
        )
        (folder / "drivers.toml").write_text(drivers, encoding="utf-8")
        (folder / "parameters.toml").write_text(parameters, encoding="utf-8")
        for name, text in (("actors.toml", actors), ("ties.toml", ties)):
            if text:
                (folder / name).write_text(text, encoding="utf-8")
        path = tmp_path / "scenarios" / "made-up.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            'name = "Made up"\nquestion = "What then?"\ncase = "made-up"\nstart = 2024-01-01\n'
            f"weeks = {weeks}\nrun = {{ draws = 2, paths = 4, seed = 1 }}\n{scenario}\n"
            + ("" if "[policies" in scenario else '[policies.as_is]\nname = "As it is"\n')
            + outcomes,
            encoding="utf-8",
        )
        return path

    return write
