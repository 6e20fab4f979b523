"""Toy truce in EMA Workbench 3: an experiment is one path under one policy; the model function is the plain loop."""

from __future__ import annotations

import platform
import warnings
from random import Random

from loop import OUTCOMES, simulate_path
from worker import Job, Means, serve

warnings.simplefilter("ignore")
import ema_workbench as ema  # noqa: E402 (it warns of what is not installed)

VERSION = f"{ema.__version__}, Python {platform.python_version()}"


def run(job: Job, seed: int) -> Means:
    """Perform the experiments of all paths; return the means by policy, draw and outcome."""
    rng = Random(seed)
    plans = {policy.name: policy for policy in job.policies}

    def one_path(plan: str = "", **parameters: float) -> dict[str, float]:
        policy = plans[plan]
        return dict(zip(OUTCOMES, simulate_path(parameters, policy.presence, policy.support, rng), strict=True))

    model = ema.Model("toytruce", function=one_path)
    model.uncertainties = [ema.RealParameter(name, -10, 100) for name in job.parameters[0]]
    model.levers = [ema.CategoricalParameter("plan", list(plans))]
    model.outcomes = [ema.ScalarOutcome(name) for name in OUTCOMES]
    scenarios = [
        ema.Sample(f"{draw}.{path}", **p) for draw, p in enumerate(job.parameters) for path in range(job.paths)
    ]
    policies = [ema.Sample(name, plan=name) for name in plans]
    with ema.SequentialEvaluator(model) as evaluator:
        experiments, outcomes = evaluator.perform_experiments(scenarios, policies)
    chosen = experiments["plan"].to_numpy()
    columns = []
    for name in plans:
        mine = chosen == name
        by_draw = [outcomes[outcome][mine].reshape(len(job.parameters), job.paths).mean(axis=1) for outcome in OUTCOMES]
        columns.append([list(row) for row in zip(*(x.tolist() for x in by_draw), strict=True)])
    return columns


if __name__ == "__main__":
    serve(run, VERSION)
