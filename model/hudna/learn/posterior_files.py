"""Writing a posterior beside its case: the draws, and what they were learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hudna.case import Case
from hudna.case.basis import basis
from hudna.case.documents import as_toml, show_key
from hudna.case.posterior import ABOUT, DRAWS, digest
from hudna.errors import InputError
from hudna.files.whole import placing, write_file
from hudna.learn.calibration import Calibration, Sizes, laid_rows, prior_sample
from hudna.learn.checkpoints import versions
from hudna.result.storage import netcdf

__all__ = ["about_posterior", "recalled", "write_inference_data", "write_posterior"]

_DIGITS = 7


def write_posterior(calibration: Calibration, folder: Path) -> tuple[Path, Path]:
    """Write `posterior.csv` and `posterior.toml` into a folder; both are whole before either takes its place.

    Returns
    -------
    the two files

    Raises
    ------
    InputError
        If the folder cannot be written to; then nothing was.
    OSError
        If the disk is full or broken; nor was anything then.
    """
    draws, about = folder / DRAWS, folder / ABOUT
    text = "\n".join(_document(about_posterior(calibration))) + "\n"
    for path in (draws, about):
        if path.is_dir():
            raise InputError.of(str(path), "is a folder; take it away, it is where the posterior is written")
    with placing(folder, DRAWS) as place:
        place.write(DRAWS, _draws(calibration))
        place.write(ABOUT, text)
    return draws, about


def _draws(calibration: Calibration) -> str:
    lines = [",".join(calibration.program.parameters)]
    lines += [",".join(f"{x:.{_DIGITS}g}" for x in row) for row in calibration.theta]
    return "\n".join(lines) + "\n"


def about_posterior(calibration: Calibration) -> dict[str, Any]:
    """Return what `posterior.toml` says: where the draws are from and how well they were learned."""
    sizes, program, case = calibration.sizes, calibration.program, calibration.case
    evidence = np.array(calibration.log_evidence)
    accepted = [rate for island in calibration.accepted for rate in island]
    rows: dict[str, Any] = {"likelihood": 0, "known": 0}
    for row in calibration.rows:
        rows[row.use] += 1
    rows["first"], rows["last"] = min(r.start for r in calibration.rows), max(r.end for r in calibration.rows)
    return {
        "campaign": calibration.campaign,
        "from": program.start,
        "until": case.observations.campaigns[calibration.campaign].until,
        "basis": basis(case, calibration.campaign),
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


def _document(data: dict[str, Any]) -> list[str]:
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
    return lines


def write_inference_data(calibration: Calibration, path: Path) -> Path:
    """Write prior and posterior as netCDF in ArviZ's layout, which `arviz.from_netcdf` reads.

    Groups `posterior` (chain, draw), a chain a sampler, and `prior` (chain, draw).
    """
    import xarray as xr

    islands, names = calibration.sizes.islands, calibration.program.parameters
    each = len(calibration.theta) // islands
    attrs = {"inference_library": "hudna", "campaign": calibration.campaign}
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
    posterior = case.posterior
    if posterior is None:
        raise InputError.of(str(case.folder), "has no posterior; run hudna calibrate")
    _, rows, known = laid_rows(case, posterior.campaign)
    program = known.program
    order = [posterior.names.index(name) for name in program.parameters]
    about = posterior.about
    seed, sizes = int(about["seed"]), Sizes(**about["sizes"])
    return Calibration(
        case=case,
        campaign=posterior.campaign,
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
