"""The plain loop itself: every draw, every path, every policy."""

from __future__ import annotations

from random import Random

from loop import simulate_path
from worker import Job, Means, serve

VERSION = ""


def run(job: Job, seed: int) -> Means:
    """Simulate all paths; return the means by policy, outcome and draw."""
    rng = Random(seed)
    return [
        [
            _mean([simulate_path(p, policy.presence, policy.support, rng) for _ in range(job.paths)])
            for p in job.parameters
        ]
        for policy in job.policies
    ]


def _mean(paths: list[tuple[float, ...]]) -> list[float]:
    return [sum(column) / len(paths) for column in zip(*paths, strict=True)]


if __name__ == "__main__":
    serve(run, VERSION)
