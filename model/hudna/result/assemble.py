"""From a simulation's arrays to a labelled result."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.draws import draw_values
from hudna.engine.oracle import exposure_factor
from hudna.engine.program import Program
from hudna.engine.simulate import Simulation
from hudna.result.result import Result
from hudna.result.summaries import summary_dataset
from hudna.scenario.scenario import Scenario
from hudna.version import __version__

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["assemble", "config_hash"]


def assemble(
    scenario: Scenario,
    simulation: Simulation,
    clusters: IntArray | None = None,
    given: Mapping[str, Any] | None = None,
    record: Sequence[Mapping[str, Any]] = (),
) -> Result:
    """Label a simulation's numbers with what its scenario calls them.

    clusters : shape (n_draws,), equal where draws have the same parameters; all differ if left out
    given, record : plain data on what the run was started from, and on what had been counted before
    """
    import xarray as xr

    program = simulation.program
    policies = list(program.policies)
    time = np.array(scenario.dates, "datetime64[ns]")
    axes = {"policy": policies, "draw": np.arange(simulation.n_draws), "path": np.arange(simulation.n_paths)}

    def dataset(data: dict[str, Any], **coords: Any) -> xr.Dataset:
        return xr.Dataset(data, coords=coords)

    paths = {
        name: (("policy", "draw", "path"), simulation.outcomes[:, i]) for i, name in enumerate(program.outcomes.name)
    }
    outcomes = dataset(paths, **axes) if simulation.summary is None else xr.Dataset()
    summary = simulation.summary
    summaries = xr.Dataset() if summary is None else summary_dataset(summary, program.outcomes.name)
    histograms = {
        name: (("policy", "time", f"{name}_bin"), simulation.histograms[i])
        for i, name in enumerate(program.series.name)
        if program.series.measure[i] != "lever"
    }
    exposure = _lever_exposure(program, draw_values(program, simulation.theta))
    threat = {name: (("policy", "draw", "time"), simulation.threat[:, i]) for i, name in enumerate(program.events.name)}
    exposed = {name: (("policy", "draw", "time"), exposure[:, i]) for i, name in enumerate(program.events.name)}
    levers = {
        name: (("policy", "time"), program.schedules.table[:, i]) for i, name in enumerate(program.schedules.name)
    }
    kept = simulation.trajectories
    traces = {
        name: (("policy", "draw", "path", "time"), _narrow(kept[:, i]))
        for i, name in enumerate(simulation.trajectory_signals)
    }
    parameters = {name: (("draw",), simulation.theta[:, i]) for i, name in enumerate(program.parameters)}
    kept_axes = {"draw": np.arange(kept.shape[2]), "path": np.arange(kept.shape[3])}
    return Result(
        outcomes=outcomes,
        summaries=summaries,
        histograms=dataset(histograms, policy=policies, time=time),
        threat=dataset(threat, policy=policies, draw=axes["draw"], time=time),
        exposure=dataset(exposed, policy=policies, draw=axes["draw"], time=time),
        levers=dataset(levers, policy=policies, time=time),
        trajectories=dataset(traces, policy=policies, **kept_axes, time=time),
        parameters=dataset(
            parameters,
            draw=axes["draw"],
            cluster=("draw", np.arange(simulation.n_draws) if clusters is None else np.asarray(clusters)),
        ),
        about={**_about(scenario, simulation), "given": dict(given or {}), "record": list(record)},
    )


def _narrow(array: Any) -> Any:
    """Return counts in the smallest unsigned type that holds them; leave other numbers alone."""
    return array.astype(np.min_scalar_type(int(array.max(initial=0)))) if array.dtype.kind == "u" else array


def _lever_exposure(program: Program, values: FloatArray) -> FloatArray:
    """Return the levers' part of each events node's exposure, shape (policy, events, draw, step)."""
    table = program.events
    place = {int(signal): i for i, signal in enumerate(program.schedules.signal)}
    out = np.ones((len(program.policies), len(table.name), values.shape[1], program.n_steps))
    for i in range(len(table.name)):
        for factor in table.factors(i):
            if factor.lever:
                total = program.schedules.table[:, [place[s] for s in factor.signals]].sum(axis=1)[:, None, :]
                out[:, i] *= exposure_factor(total, values[factor.power][None, :, None])
    return out


def _about(scenario: Scenario, simulation: Simulation) -> dict[str, Any]:
    file, case, program = scenario.file, scenario.case, simulation.program
    return {
        "scenario": scenario.id,
        "case": case.id,
        "changes": json.loads(json.dumps(scenario.changes, default=str)),
        "counters": {
            name: counter.model_dump(include={"ratio", "sd"}, exclude_none=True)
            for name, counter in case.observations.counters.items()
        },
        "name": file.name.model_dump(),
        "question": file.question.model_dump(),
        "start": file.start.isoformat(),
        "step_days": file.step_days,
        "weeks": file.weeks,
        "draws": simulation.n_draws,
        "paths": simulation.n_paths,
        "seed": simulation.seed,
        "engine": simulation.engine,
        "config_hash": config_hash(scenario),
        "program": program.digest(),
        "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "versions": {"hudna": __version__, "numpy": np.__version__, "python": platform.python_version()},
        "policies": {name: file.policies[name].name.model_dump() for name in program.policies},
        "contrasts": _contrasts(scenario, program.policies),
        "headline": list(file.headline),
        "notices": [notice.model_dump() for notice in scenario.notices],
        **{table: {name: label.plain() for name, label in getattr(scenario.labels, table).items()}
           for table in ("outcomes", "series", "levers")},
        "sources": {
            name: {
                **parameter.model_dump(include={"unit", "status", "source"}),
                "prior": parameter.prior.model_dump(exclude_none=True),
            }
            for name, parameter in sorted(scenario.parameters.items())
        },
    }  # fmt: skip


def _contrasts(scenario: Scenario, policies: tuple[str, ...]) -> list[list[str]]:
    """Return the scenario's contrasts among the policies that were run; every pair where it names none of them."""
    named = [list(pair) for pair in scenario.contrasts if set(pair) <= set(policies)]
    return named or [[a, b] for i, b in enumerate(policies) for a in policies[i + 1 :]]


def config_hash(scenario: Scenario) -> str:
    """Return a hash of what a scenario asks and its case holds, however it was given and in whatever order.

    It is made of the values that are compiled and labelled, not of the files: defaults, order of names, file names and
    comments do not change it; a parameter, start, row or draw of the posterior that differs does.
    """
    case, seen = scenario.case, scenario.case.observations
    content = {
        "file": scenario.file,
        "nodes": scenario.nodes,
        "parameters": scenario.parameters,
        "case": [case.id, case.about, case.actors, case.claims],
        "ties": sorted(tie.model_dump_json() for tie in case.ties),
        "observations": [seen.counters, seen.records, seen.default, sorted(row.said for row in seen.rows)],
        "posterior": None if case.posterior is None else case.posterior.digest,
    }
    text = json.dumps(content, sort_keys=True, default=lambda entry: entry.model_dump(mode="json"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
