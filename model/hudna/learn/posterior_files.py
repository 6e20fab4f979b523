"""Writing a posterior beside its case: the draws, states of each, and what they were learned from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hudna.case import Case
from hudna.case.basis import basis
from hudna.case.documents import as_toml, show_key
from hudna.case.posterior import ABOUT, DRAWS, STATES, Posterior, digest
from hudna.errors import InputError
from hudna.files.whole import placing, write_file
from hudna.learn.calibration import Calibration, Sizes, laid_rows, prior_sample
from hudna.learn.carried import carried_states
from hudna.learn.checkpoints import versions
from hudna.result.storage import netcdf

__all__ = ["recalled", "write_inference_data", "write_posterior", "write_states"]

_DIGITS = 7


def write_posterior(
    calibration: Calibration,
    folder: Path,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write `posterior.csv`, `posterior.npz` and `posterior.toml` into a folder; all are whole before one is placed.

    The draws are filtered through their record for the states, which takes some seconds.

    Parameters
    ----------
    calibration : Calibration
    folder : Path
    threads, progress
        As of `hudna.run`; `progress` counts draws.

    Returns
    -------
    the files

    Raises
    ------
    InputError
        If the folder cannot be written to; then nothing was.
    OSError
        If the disk is full or broken; nor was anything then.
    """
    text, names = _draws(calibration), calibration.program.parameters
    theta = np.array([line.split(",") for line in text.splitlines()[1:]], float)  # as a run reads them
    _check(folder, DRAWS, STATES, ABOUT)
    states = carried_states(
        calibration.case, calibration.record, names, theta, calibration.seed, threads=threads, progress=progress
    )
    about = {**_about(calibration), "states": digest(states)}
    return _place(folder, {DRAWS: text, STATES: states, ABOUT: _document(about)})


def write_states(
    case: Case,
    *,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write `posterior.npz` anew, and its hash into `posterior.toml`: the draws that are there are filtered.

    Raises
    ------
    InputError
        If the case has no posterior or one that is out of date, or its folder cannot be written to.
    OSError
        If the disk is full or broken.
    """
    posterior = _of(case)
    if not posterior.current:
        raise InputError.of(str(case.folder), "has a posterior that is out of date; run hudna calibrate")
    _check(case.folder, STATES, ABOUT)
    states = carried_states(
        case, posterior.record, posterior.names, posterior.theta, int(posterior.about["seed"]),
        threads=threads, progress=progress,
    )  # fmt: skip
    return _place(case.folder, {STATES: states, ABOUT: _document({**posterior.about, "states": digest(states)})})


def _check(folder: Path, *names: str) -> None:
    for path in (folder / name for name in names):
        if path.is_dir():
            raise InputError.of(str(path), "is a folder; take it away, it is where the posterior is written")


def _place(folder: Path, files: dict[str, str | bytes]) -> tuple[Path, ...]:
    with placing(folder, DRAWS) as place:
        for name, data in files.items():
            place.write(name, data)
    return tuple(folder / name for name in files)


def _draws(calibration: Calibration) -> str:
    lines = [",".join(calibration.program.parameters)]
    lines += [",".join(f"{x:.{_DIGITS}g}" for x in row) for row in calibration.theta]
    return "\n".join(lines) + "\n"


def _about(calibration: Calibration) -> dict[str, Any]:
    """Return what `posterior.toml` says: where the draws are from and how well they were learned."""
    sizes, program, case = calibration.sizes, calibration.program, calibration.case
    evidence = np.array(calibration.log_evidence)
    accepted = [rate for island in calibration.accepted for rate in island]
    rows: dict[str, Any] = {"likelihood": 0, "known": 0}
    for row in calibration.rows:
        rows[row.use] += 1
    rows["first"], rows["last"] = min(r.start for r in calibration.rows), max(r.end for r in calibration.rows)
    return {
        "record": calibration.record,
        "from": program.start,
        "until": case.observations.records[calibration.record].until,
        "basis": basis(case, calibration.record),
        "digest": digest(_draws(calibration)),
        "seed": calibration.seed,
        **({"preset": "quick"} if sizes.quick else {}),
        "sizes": {"islands": sizes.islands, "draws": sizes.draws, "paths": sizes.paths, "keep": sizes.keep},
        "rows": rows,
        "versions": versions(),
        "diagnostics": {
            "log_evidence": [round(float(x), 2) for x in evidence],
            "log_evidence_sd": round(float(evidence.std(ddof=1)), 2),
            "distinct_draws": calibration.distinct,
            "smallest_effective_draws": [round(min(e), 1) for e in calibration.effective],
            "rounds_of_moves": [len(island) for island in calibration.accepted],
            "accepted_least": round(min(accepted, default=0.0), 3),
            "accepted_most": round(max(accepted, default=0.0), 3),
            "largest_rhat": round(max(found.rhat for found in calibration.learned.values()), 3),
        },
        "parameters": {
            name: {
                "unit": case.parameters[name].unit,
                "prior": [_short(x) for x in found.prior],
                "posterior": [_short(x) for x in found.posterior],
                "overlap": round(found.overlap, 3),
                "rhat": round(found.rhat, 3),
            }
            for name, found in calibration.learned.items()
        },
    }  # fmt: skip


def _short(x: float) -> float:
    return float(f"{x:.5g}")


def _document(data: dict[str, Any]) -> str:
    lines = [
        "# Written by `hudna calibrate`; not to be edited. Three numbers are quantiles of 5, 50 and 95 %.",
        *(f"{key} = {as_toml(value)}" for key, value in data.items() if not isinstance(value, dict)),
    ]
    for table in (key for key, value in data.items() if isinstance(value, dict)):
        entries = data[table]
        if table == "parameters":
            for name, entry in entries.items():
                lines += ["", f"[{show_key((table, name))}]"]
                lines += [f"{key} = {as_toml(value)}" for key, value in entry.items()]
        else:
            lines += ["", f"[{table}]", *(f"{key} = {as_toml(value)}" for key, value in entries.items())]
    return "\n".join(lines) + "\n"


def write_inference_data(calibration: Calibration, path: Path) -> Path:
    """Write prior and posterior as netCDF in ArviZ's layout, which `arviz.from_netcdf` reads.

    Groups `posterior` (chain, draw), a chain a sampler, and `prior` (chain, draw).
    """
    import xarray as xr

    islands, names = calibration.sizes.islands, calibration.program.parameters
    each = len(calibration.theta) // islands
    attrs = {"inference_library": "hudna", "record": calibration.record}
    attrs |= {"preset": "quick"} if calibration.sizes.quick else {}
    posterior = np.stack([calibration.theta[k::islands][:each] for k in range(islands)])
    groups = {"/": xr.Dataset(attrs=attrs)}
    for group, numbers in (("posterior", posterior), ("prior", calibration.prior[None])):
        groups[group] = xr.Dataset(
            {name: (("chain", "draw"), numbers[:, :, i]) for i, name in enumerate(names)},
            coords={"chain": np.arange(numbers.shape[0]), "draw": np.arange(numbers.shape[1])},
        )
    return write_file(path, netcdf(groups))


def recalled(case: Case) -> Calibration:
    """Return the calibration that a case's posterior came from, as far as its files say.

    Raises
    ------
    InputError
        If the case has no posterior.
    """
    posterior = _of(case)
    _, rows, known = laid_rows(case, posterior.record)
    program = known.program
    order = [posterior.names.index(name) for name in program.parameters]
    about = posterior.about
    seed, sizes = int(about["seed"]), Sizes(**about["sizes"])
    return Calibration(
        case=case,
        record=posterior.record,
        program=program,
        seed=seed,
        sizes=sizes,
        rows=rows,
        scores=np.zeros((posterior.n_draws, 0)),
        theta=posterior.theta[:, order],
        prior=prior_sample(program, seed),
        log_evidence=tuple(about["diagnostics"]["log_evidence"]),
        effective=(),
        accepted=(),
        learned=dict(posterior.learned),
    )


def _of(case: Case) -> Posterior:
    if case.posterior is None:
        raise InputError.of(str(case.folder), "has no posterior; run hudna calibrate")
    return case.posterior
