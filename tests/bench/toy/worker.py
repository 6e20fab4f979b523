"""A process that waits for work: one line of JSON in, one out. So runs in several environments can take turns.

The first line is the job; every further line is a seed, and is answered with the means by policy, draw and outcome.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Job", "Means", "Policy", "serve"]

Means = list[list[list[float]]]  # policy, draw, outcome


@dataclass(frozen=True)
class Policy:
    """What a policy sets, week by week."""

    name: str
    presence: list[float]
    support: list[float]


@dataclass(frozen=True)
class Job:
    """What every run simulates: `paths` futures of each set of parameters, under each policy."""

    policies: list[Policy]
    parameters: list[dict[str, float]]
    paths: int


def serve(run: Callable[[Job, int], Means], version: str) -> None:
    """Answer until the input ends; whatever a framework prints goes to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    data = json.loads(sys.stdin.readline())
    job = Job([Policy(**policy) for policy in data["policies"]], data["parameters"], data["paths"])
    print(json.dumps(version), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(job, int(line))), file=answers, flush=True)
