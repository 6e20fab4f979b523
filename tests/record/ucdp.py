"""The record of the case ucdp: deaths by month in eight countries, each forecast from 2015 on, and scored together."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd

from hudna.judge.backtest import Plan, backtest
from hudna.judge.baselines import BASELINES
from hudna.judge.skill import coverage, overlapping, skill
from hudna.learn.calibration import Sizes
from hudna.scenario import load

SEED = 20230101
EVERY, HORIZONS = 8, {4: 1, 13: 3, 26: 6, 52: 12}  # weeks, which stand for months
OWN = ("model", "pool")


def tables(build: Path, *, quick: bool) -> dict[str, list[str]]:
    """Backtest every country; return the tables of the page."""
    began = time.perf_counter()
    scenario = load("ucdp")
    plan = Plan(
        every=EVERY, horizons=tuple(HORIZONS), since="2021-01-01" if quick else "2015-01-01", draws=120, paths=20
    )
    sizes = Sizes(2, 20, 10, 40) if quick else Sizes(2, 60, 40, 120)
    parts = []
    for country in scenario.case.observations.records:
        found = backtest(scenario, record=country, plan=plan, sizes=sizes, seed=SEED).forecasts
        parts.append(found.assign(country=country))
        pd.concat(parts).to_pickle(build / "forecasts-ucdp.pkl")
    took = f"{(time.perf_counter() - began) / 60:.1f} minutes on two threads."
    frame = pd.concat(parts)
    return {"ucdp-all": [*overall(frame), "", took], "ucdp-skill": compared(frame), "ucdp-countries": by_country(frame)}


def column(score: str, name: str) -> str:
    """The column of a forecaster's score."""
    return {"crps": "crps", "log": "log_score"}[score] if name == "model" else f"{score}_{name}"


def overall(frame: pd.DataFrame) -> list[str]:
    """Windows, coverage and mean log scores by months ahead."""
    names = [*OWN, *BASELINES]
    lines = ["| months | windows | inside 50 % | inside 90 % | " + " | ".join(f"log score, {n}" for n in names) + " |"]
    lines.append("|---" * (4 + len(names)) + "|")
    for weeks, months in HORIZONS.items():
        part = frame[frame["weeks"] == weeks]
        inside = part.groupby("origin")["inside90"].mean()
        held = coverage(inside.to_numpy(float), block=overlapping(weeks, EVERY))
        cells = [f"{part[column('log', name)].mean():.3f}" for name in names]
        share = f"{held.share:.3f} [{held.low:.2f}, {held.high:.2f}]"
        lines.append(
            f"| {months} | {len(part)} | {part['inside50'].mean():.2f} | {share} | " + " | ".join(cells) + " |"
        )
    return lines


def compared(frame: pd.DataFrame) -> list[str]:
    """Model and pool against each simple forecast; blocks of origins are resampled, all countries of one together."""
    lines = [
        "| months | against | log score, model less it | pool less it | CRPS skill, model | pool |",
        "|---" * 6 + "|",
    ]
    for weeks, months in HORIZONS.items():
        part = frame[frame["weeks"] == weeks]
        block = overlapping(weeks, EVERY)
        for name in BASELINES:
            cells = []
            for score in ("log", "crps"):
                for own in OWN:
                    both = part.groupby("origin")[[column(score, own), column(score, name)]].mean().to_numpy().T
                    s = skill(*both, block=block)
                    three = (
                        (s.difference, s.difference_low, s.difference_high)
                        if score == "log"
                        else (s.skill, s.low, s.high)
                    )
                    cells.append("{:+.2f} [{:+.2f}, {:+.2f}]".format(*three))
            lines.append(f"| {months} | {name} | " + " | ".join(cells) + " |")
    return lines


def by_country(frame: pd.DataFrame) -> list[str]:
    """Each country three months ahead."""
    part = frame[frame["weeks"] == 13]
    heads = ["country", "windows", "mean deaths", "inside 90 %", "mean PIT", "log score, model", "pool", "best simple"]
    heads += ["CRPS, model", "best simple"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for country, own in part.groupby("country"):
        best = {s: min((own[f"{s}_{name}"].mean(), name) for name in BASELINES) for s in ("log", "crps")}
        pit = np.mean((own["pit_low"] + own["pit_high"]) / 2)
        lines.append(
            f"| {country} | {len(own)} | {own['value'].mean():.0f} | {own['inside90'].mean():.2f} | {pit:.2f} | "
            f"{own['log_score'].mean():.2f} | {own['log_pool'].mean():.2f} | {best['log'][0]:.2f} {best['log'][1]} | "
            f"{own['crps'].mean():.1f} | {best['crps'][0]:.1f} {best['crps'][1]} |"
        )
    return lines
