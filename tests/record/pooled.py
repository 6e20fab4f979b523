"""The priors of the case ucdp: how its parameters vary over other countries, 2010 to 2014.

`python tests/record/pooled.py` prints the mean and the standard deviation of each parameter, on the scale of logarithms
(of log odds for the branching), over the countries of `params/ucdp/evidence/other_countries.csv`. Two rounds of
expectation and maximisation from wide beginnings: under the round's distribution every country's parameters are sampled
by Metropolis steps with the exact likelihood, and the distribution is fitted to all samples. More rounds would shrink
what 60 months say little of.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
from scipy import special

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from hidden import NAMES, log_likelihoods  # noqa: E402

EVIDENCE = ROOT / "params" / "ucdp" / "evidence" / "other_countries.csv"
WIDE = {"death_rate": (1.5, 2.0), "calm_factor": (-1.5, 1.0), "war_factor": (1.5, 1.0), "calm_ends": (-3.5, 1.0),
        "conflict_calms": (-3.0, 1.0), "conflict_escalates": (-3.5, 1.0), "war_ends": (-3.0, 1.0),
        "branching": (0.5, 1.2), "half_life": (1.5, 0.8), "dispersion": (1.0, 1.0)}  # fmt: skip
CHAINS, STEPS, ROUNDS = 48, 160, 2
ODDS, BELOW, ABOVE = NAMES.index("branching"), NAMES.index("calm_factor"), NAMES.index("war_factor")


def natural(x: np.ndarray) -> np.ndarray:
    """Parameters from logarithms, and log odds."""
    theta = np.exp(np.clip(x, -30, 30))
    theta[:, ODDS] = special.expit(x[:, ODDS])
    return theta


def sampled(counts: np.ndarray, mean: np.ndarray, sd: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws of one country's parameters: chains side by side, moved by differences of others (ter Braak 2006)."""

    def density(x: np.ndarray) -> np.ndarray:
        inside = (x[:, BELOW] < 0) & (x[:, ABOVE] > 0)
        with np.errstate(all="ignore"):
            found = log_likelihoods(counts, natural(x)) - 0.5 * (((x - mean) / sd) ** 2).sum(axis=1)
        return np.where(inside & np.isfinite(found), found, -np.inf)

    x = mean + sd * random.standard_normal((CHAINS, mean.size))
    x[:, BELOW], x[:, ABOVE] = -np.abs(x[:, BELOW]), np.abs(x[:, ABOVE])
    now, kept = density(x), []
    for t in range(STEPS):
        one, two = (np.roll(random.permutation(CHAINS), i) for i in (0, 1))
        jump = 2.38 / np.sqrt(2 * mean.size) * random.choice([0.4, 1.0]) if t % 10 else 1.0
        there = x + jump * (x[one] - x[two]) + 1e-3 * sd * random.standard_normal(x.shape)
        then = density(there)
        taken = np.log(random.random(CHAINS)) < then - now
        x[taken], now[taken] = there[taken], then[taken]
        if t >= STEPS // 2:
            kept.append(x.copy())
    return np.concatenate(kept)


def main() -> None:
    months: dict[str, list[float]] = {}
    with EVIDENCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            months.setdefault(row["country"], []).append(float(row["deaths"]))
    random = np.random.default_rng(2014)
    np.seterr(all="ignore")  # what is out of range has the probability 0
    mean, sd = np.array([WIDE[name] for name in NAMES]).T
    for _ in range(ROUNDS):
        draws = np.stack([sampled(np.array(counts), mean, sd, random) for counts in months.values()])
        mean, sd = draws.mean(axis=(0, 1)), draws.std(axis=(0, 1))
        print({name: (round(m, 2), round(s, 2)) for name, m, s in zip(NAMES, mean, sd, strict=True)}, flush=True)


if __name__ == "__main__":
    main()
