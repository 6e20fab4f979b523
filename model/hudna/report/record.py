"""The measured record of a backtest: its forecasts, its pictures, and a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.files.whole import Folder
from hudna.judge.baselines import BASELINES
from hudna.judge.skill import Coverage, Skill, coverage, overlapping, skill
from hudna.text.numbers import number_of
from hudna.text.table import as_csv
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.judge.backtest import Backtest
    from hudna.report.figures import Picture

__all__ = ["lines", "markdown", "pictures", "write_record"]

_word = Words("report.record")
_SCORES = (("crps", "CRPS"), ("log", "log score"), ("brier_1", "Brier, at least one"))


def write_record(found: Backtest, folder: Folder, *, lang: Language = "en") -> dict[str, Any]:
    """Write forecasts.csv, record.md and manifest.json; return the manifest."""
    folder.write("forecasts.csv", as_csv(found.forecasts))
    folder.write("record.md", "\n".join(markdown(found)) + "\n")
    return folder.close(
        {
            "scenario": found.scenario, "campaign": found.campaign, "signal": found.plan.signal, "seed": found.seed,
            "origins": int(found.forecasts["origin"].nunique()), "horizons": list(found.plan.horizons), "lang": lang,
        }
    )  # fmt: skip


def pictures(frame: pd.DataFrame, lang: Language = "en") -> Iterator[Picture]:
    """Yield the pictures of a backtest's forecasts."""
    from hudna import plot

    for name, draw in (("pit", plot.pit), ("reliability", plot.reliability), ("coverage", plot.coverage)):
        yield (name,), partial(draw, frame, lang=lang)
    for weeks in sorted(int(w) for w in frame["weeks"].unique()):
        yield ("outcomes", f"{weeks}w"), partial(plot.outcomes, frame, weeks, lang=lang)
        yield ("skill", f"{weeks}w"), partial(plot.skill, frame, weeks, lang=lang)


def _at(frame: pd.DataFrame, weeks: int) -> pd.DataFrame:
    return frame[frame["weeks"] == weeks].sort_values("origin")


def _skill(part: pd.DataFrame, score: str, name: str, weeks: int, every: int) -> Skill | None:
    own = part["log_score" if score == "log" else score].to_numpy(float)
    other = part[f"{score}_{name}"].to_numpy(float)
    both = np.isfinite(own) & np.isfinite(other)
    return skill(own[both], other[both], block=overlapping(weeks, every)) if both.any() else None


def _interval(low: float, high: float, digits: int = 2) -> str:
    return "–" if not np.isfinite(low + high) else f"[{low:.{digits}f}, {high:.{digits}f}]"


def lines(found: Backtest, lang: Language = "en") -> Iterator[str]:
    """Yield the record as lines for a terminal."""

    def word(key: str, *values: object) -> str:
        return _word(key, lang).format(*values)

    def count(n: int, noun: str) -> str:
        return number_of(n, noun, "en") if lang == "en" else str(n)

    frame, every = found.forecasts, found.plan.every
    name = frame.attrs["signal_name"].get(lang) or frame.attrs["signal_name"]["en"]
    origins = count(frame["origin"].nunique(), "origin")
    yield word("what", name, origins, count(every, "week"), found.campaign, found.seed)
    for weeks in sorted(frame["weeks"].unique()):
        part = _at(frame, int(weeks))
        yield ""
        ahead = count(int(weeks), "week"), count(len(part), "origin")
        yield word("ahead", *ahead, part["crps"].mean(), part["log_score"].mean())
        for level in (50, 90):
            inside: Coverage = coverage(part[f"inside{level}"].to_numpy(bool), block=overlapping(int(weeks), every))
            yield f"  {word('inside', level, inside.inside, inside.n)}  {_interval(inside.low, inside.high)}"
        yield (
            f"  {word('baseline'):28s} {'CRPS':>8s} {word('skill'):>11s}  {word('90 %'):16s} {word('log score'):>9s}"
        )
        for key, baseline in BASELINES.items():
            gained = _skill(part, "crps", key, int(weeks), every)
            if gained is None:
                continue
            label = baseline.name.get(lang)
            yield (
                f"  {label:28s} {part[f'crps_{key}'].mean():8.2f} {gained.skill:11.2f}  "
                f"{_interval(gained.low, gained.high):16s} {part[f'log_{key}'].mean():9.2f}"
            )


def markdown(found: Backtest) -> Iterator[str]:
    """Yield the tables of the record as Markdown."""
    frame, plan, sizes = found.forecasts, found.plan, found.sizes
    yield (
        f"Scenario `{found.scenario}`, campaign `{found.campaign}`, `{plan.signal}`; {sizes.islands} samplers x "
        f"{sizes.draws} draws x {sizes.paths} paths, forecasts of {plan.draws} draws x {plan.paths} paths, "
        f"seed {found.seed}."
    )
    yield ""
    yield "| origin | weeks | counted | median | 50 % | 90 % | P(at least 1) | PIT | CRPS | log score |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for row in frame.sort_values(["weeks", "origin"]).to_dict("records"):
        about = "≈ " if row["qualifier"] == "approx" else ""
        yield (
            f"| {row['origin']} | {row['weeks']} | {about}{row['value']} | {row['q50']} | "
            f"{row['q25']} – {row['q75']} | {row['q05']} – {row['q95']} | {row['p_1']:.2f} | "
            f"{row['pit_low']:.2f} – {row['pit_high']:.2f} | {row['crps']:.2f} | {row['log_score']:.2f} |"
        )
    for score, label in _SCORES:
        yield ""
        yield (
            f"Mean {label} (lower is better), and skill 1 - model / baseline with its 90 % block-bootstrap interval, "
            "over the origins at which the baseline has a past:"
        )
        yield ""
        horizons = [int(w) for w in sorted(frame["weeks"].unique())]
        yield "| | " + " | ".join(f"{number_of(w, 'week', 'en')} | skill" for w in horizons) + " |"
        yield "|---" * (1 + 2 * len(horizons)) + "|"
        own = "log_score" if score == "log" else score
        digits = ".3f" if score.startswith("brier") else ".2f"
        yield "| model | " + " | ".join(f"{_at(frame, w)[own].mean():{digits}} | " for w in horizons) + " |"
        for key, baseline in BASELINES.items():
            cells = []
            for w in horizons:
                part = _at(frame, w)
                gained = _skill(part, score, key, w, plan.every)
                if gained is None:
                    cells.append("– | –")
                    continue
                mean = part[f"{score}_{key}"].mean()
                shown = (
                    f"{gained.skill:+.2f} {_interval(gained.low, gained.high)}" if np.isfinite(gained.skill) else "–"
                )
                cells.append(f"{mean:{digits}} | {shown}")
            yield f"| {baseline.name.en} | " + " | ".join(cells) + " |"
    yield ""
    yield "| | " + " | ".join(number_of(int(w), "week", "en") for w in sorted(frame["weeks"].unique())) + " |"
    yield "|---" * (1 + frame["weeks"].nunique()) + "|"
    for level in (50, 90):
        cells = []
        for w in sorted(frame["weeks"].unique()):
            held = coverage(_at(frame, int(w))[f"inside{level}"].to_numpy(bool), block=overlapping(int(w), plan.every))
            cells.append(f"{held.inside} of {held.n} {_interval(held.low, held.high)}")
        yield f"| inside {level} % | " + " | ".join(cells) + " |"
