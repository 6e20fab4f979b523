"""Section 6: where the time of a whole run goes. Each repeat is a process of its own, as a run is.

`python tests/bench/stages.py ENGINE DRAWS PATHS` is that process; it prints seconds by stage as JSON.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from timing import Times, note

if TYPE_CHECKING:
    from report import Section
    from settings import Settings

__all__ = ["section"]

_IMPORTS = ("hudna.ask.run", "hudna.report.figures", "pandas", "xarray", "h5py", "matplotlib.pyplot")
_BUDGET = {  # seconds of the full run on two cores
    "importing hudna and reading": 0.5, "importing the rest": 1.5, "compiling the program": 0.05, "simulating": 3.0,
    "assembling": 0.2, "tables": 0.5, "figures": 2.0, "saving": 0.5,
}  # fmt: skip


def section(settings: Settings) -> Section:
    """Profile `hudna run scenarios/iraq-2024.toml` stage by stage."""
    from report import Section, verdict

    out = Section("Profile of a whole run")
    draws, paths = settings.size(500, 10), settings.size(200, 20)
    command = [sys.executable, __file__, settings.fastest, str(draws), str(paths)]
    found: dict[str, list[float]] = {}
    for repeat in range(settings.repeats + 1):  # the first fills the caches
        note(f"profile: {repeat}/{settings.repeats}")
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        if repeat:
            for stage, seconds in json.loads(done.stdout).items():
                found.setdefault(stage, []).append(seconds)
    times = {stage: Times(tuple(each)) for stage, each in found.items()}
    whole = Times(tuple(map(sum, zip(*found.values(), strict=True))))
    out.text(
        f"`hudna run iraq-2024`, {draws} draws of {paths} paths, engine {settings.fastest}, as many threads as there",
        "are processors; the steps of the command are called one after another in a fresh process with warm caches.",
    )
    rows = [
        [stage, each.show(), f"{100 * (each / whole).median:.0f} %", f"{budget:g}", verdict(each, at_most=budget)[1]]
        for (stage, each), budget in zip(times.items(), map(_BUDGET.__getitem__, times), strict=True)
    ]
    all_of_it = sum(_BUDGET.values())
    last = ["whole", whole.show(), "100 %", f"{all_of_it:g}", verdict(whole, at_most=all_of_it)[1]]
    out.table(["stage", "seconds", "share", "budget, seconds", "verdict"], [*rows, last])
    return out


def _profile(engine: str, draws: int, paths: int) -> dict[str, float]:
    seconds: dict[str, float] = {}
    last = time.perf_counter()

    def stage(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[name] = now - last
        last = now

    import hudna

    scenario = hudna.load("iraq-2024")
    stage("importing hudna and reading")
    for name in _IMPORTS:
        importlib.import_module(name)
    import models

    from hudna.engine import compile_scenario
    from hudna.files.whole import placing
    from hudna.report.figures import figures, write_pictures
    from hudna.report.outputs import difference_table
    from hudna.result.assemble import assemble

    stage("importing the rest")
    program = compile_scenario(scenario)
    stage("compiling the program")
    simulation = models.simulate(
        program, engine=engine, threads=None, draws=draws, paths=paths, seed=scenario.file.run.seed
    )
    stage("simulating")
    result = assemble(scenario, simulation)
    stage("assembling")
    tables = {"outcomes": result.table(), "differences": difference_table(result)}
    stage("tables")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with placing(folder, "figures") as place:
            write_pictures(list(figures(result)), place.write, kinds=("png", "svg"))
        stage("figures")
        result.save(folder / "result.nc")
        for label, table in tables.items():
            table.to_csv(folder / f"{label}.csv", index=False)
        stage("saving")
    return seconds


if __name__ == "__main__":
    print(json.dumps(_profile(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
