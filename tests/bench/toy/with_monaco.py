"""Toy truce in monaco: a case is one path under both policies; the model function is the plain loop."""

from __future__ import annotations

import platform
from random import Random
from typing import Any

import monaco
import numpy as np
from loop import OUTCOMES, simulate_path
from worker import Job, Means, serve

VERSION = f"{monaco.__version__}, Python {platform.python_version()}"


def run(job: Job, seed: int) -> Means:
    """Run the cases of all paths; return the means by policy, draw and outcome."""
    rng = Random(seed)
    names = list(job.parameters[0])

    def preprocess(case: Any) -> tuple[dict[str, float]]:
        return ({name: case.invals[name].val for name in names},)

    def simulate(p: dict[str, float]) -> tuple[list[tuple[float, ...]]]:
        return ([simulate_path(p, policy.presence, policy.support, rng) for policy in job.policies],)

    def postprocess(case: Any, found: list[tuple[float, ...]]) -> None:
        for policy, numbers in zip(job.policies, found, strict=True):
            for name, number in zip(OUTCOMES, numbers, strict=True):
                case.addOutVal(f"{name}.{policy.name}", number)

    steps = {
        monaco.SimFunctions.PREPROCESS: preprocess,
        monaco.SimFunctions.RUN: simulate,
        monaco.SimFunctions.POSTPROCESS: postprocess,
    }
    n = len(job.parameters) * job.paths
    sim = monaco.Sim("toy truce", n, steps, seed=seed, verbose=False)
    for name in names:
        sim.addInVar(name, vals=[p[name] for p in job.parameters for _ in range(job.paths)])
    sim.runSim()
    means = []
    for policy in job.policies:
        columns = [
            np.reshape(sim.outvars[f"{name}.{policy.name}"].vals, (len(job.parameters), job.paths)).mean(axis=1)
            for name in OUTCOMES
        ]
        means.append(np.stack(columns, axis=1).tolist())
    return means


if __name__ == "__main__":
    serve(run, VERSION)
