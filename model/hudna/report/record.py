"""The measured record of a backtest: its forecasts, its pictures, and its tables, on a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.files.whole import Folder
from hudna.judge.baselines import BASELINES
from hudna.judge.skill import coverage, overlapping, skill
from hudna.text.columns import heading
from hudna.text.numbers import MISSING, number_of
from hudna.text.table import Column, Row, Table, as_csv, column
from hudna.text.words import LANGUAGES, Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.judge.backtest import Backtest
    from hudna.report.figures import Picture

__all__ = ["lines", "markdown", "pictures", "write_record"]

_word = Words("report.record")
_SCORES = {"crps": ("crps", 2), "log": ("log_score", 2), "brier_1": ("brier_1", 3)}  # the column of each, its digits


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


def lines(found: Backtest, lang: Language = "en") -> Iterator[Table | str]:
    """Yield the record for a terminal: what was forecast, and its tables."""
    frame = found.forecasts
    name = frame.attrs["signal_name"].get(lang) or frame.attrs["signal_name"]["en"]
    origins, every = number_of(frame["origin"].nunique(), "origin", lang), number_of(found.plan.every, "week", lang)
    yield _word("what", lang).format(name, origins, every, found.campaign, found.seed)
    for table in _tables(found, lang):
        yield ""
        yield table


def markdown(found: Backtest) -> Iterator[str]:
    """Yield the record as Markdown."""
    plan, sizes = found.plan, found.sizes
    yield (
        f"Scenario `{found.scenario}`, campaign `{found.campaign}`, `{plan.signal}`; {sizes.islands} samplers x "
        f"{sizes.draws} draws x {sizes.paths} paths, forecasts of {plan.draws} draws x {plan.paths} paths, "
        f"seed {found.seed}."
    )
    for table in _tables(found, "en"):
        yield ""
        yield from table.markdown()
        yield from (line for note in table.notes for line in ("", note))


def _tables(found: Backtest, lang: Language) -> Iterator[Table]:
    """Yield the forecasts, each score by weeks ahead and forecaster, and how often the intervals held."""
    frame, every = found.forecasts, found.plan.every
    weeks_ahead = sorted(int(weeks) for weeks in frame["weeks"].unique())
    parts = {weeks: frame[frame["weeks"] == weeks].sort_values("origin") for weeks in weeks_ahead}
    yield Table(
        _word("origin", lang), frame.sort_values(["weeks", "origin"]), _FORECASTS, lang,
        lambda row: str(row["origin"]), lambda row: _ahead(row["weeks"], lang),
    )  # fmt: skip
    for score in _SCORES:
        yield _scores(parts, score, every, lang, [_word("note", lang)] if score == [*_SCORES][-1] else [])
    yield _coverage(parts, every, lang)


def _scores(parts: dict[int, pd.DataFrame], score: str, every: int, lang: Language, notes: list[str]) -> Table:
    """Lay out the mean of a score, and the skill against each baseline, at the origins at which that has a past."""
    import pandas as pd

    own, digits = _SCORES[score]
    rows = [{"name": _word("model", lang)}, *({"name": baseline.name.get(lang)} for baseline in BASELINES.values())]
    for weeks, part in parts.items():
        mean, gain = f"mean {weeks}", f"skill {weeks}"
        rows[0] |= {mean: f"{part[own].mean():.{digits}f}", gain: ""}
        for row, key in zip(rows[1:], BASELINES, strict=True):
            row |= {mean: MISSING, gain: MISSING}
            other = part[f"{score}_{key}"].to_numpy(float)
            both = np.isfinite(other) & np.isfinite(part[own].to_numpy(float))
            if both.any():
                gained = skill(part[own].to_numpy(float)[both], other[both], block=overlapping(weeks, every))
                row[mean] = f"{np.nanmean(other):.{digits}f}"
                if np.isfinite(gained.skill):
                    row[gain] = f"{gained.skill:+.2f} {_bounds(gained.low, gained.high)}"
    columns = [
        column(titles, f"{what} {weeks}")
        for weeks in parts
        for what, titles in (("mean", _weeks(weeks)), ("skill", heading("skill", _word)))
    ]
    return Table(_word(score, lang), pd.DataFrame(rows), columns, lang, notes=notes)


def _coverage(parts: dict[int, pd.DataFrame], every: int, lang: Language) -> Table:
    """Lay out how often the intervals held what came."""
    import pandas as pd

    rows = []
    for level in (50, 90):
        rows.append({"name": _word("inside", lang).format(level)})
        for weeks, part in parts.items():
            held = coverage(part[f"inside{level}"].to_numpy(bool), block=overlapping(weeks, every))
            counted = _word("held", lang).format(held.inside, held.n)
            rows[-1][str(weeks)] = f"{counted} {_bounds(held.low, held.high)}"
    columns = [column(_weeks(weeks), str(weeks)) for weeks in parts]
    return Table(_word("coverage", lang), pd.DataFrame(rows), columns, lang)


def _ahead(weeks: int, lang: Language) -> str:
    return _word("ahead", lang).format(number_of(int(weeks), "week", lang))


def _weeks(weeks: int) -> list[str]:
    return [_ahead(weeks, lang) for lang in LANGUAGES]


def _bounds(low: float, high: float) -> str:
    return f"[{low:.2f}, {high:.2f}]" if np.isfinite(low + high) else MISSING


def _counted(row: Row, _: Language) -> str:
    return f"{'≈ ' if row['qualifier'] == 'approx' else ''}{row['value']}"


def _range(key: str, low: str, high: str, digits: str = "") -> Column:
    return Column(heading(key, _word), lambda row, _: f"{row[low]:{digits}} – {row[high]:{digits}}")


def _two(key: str, of: str) -> Column:
    return Column(heading(key, _word), lambda row, _: f"{row[of]:.2f}")


_FORECASTS = [
    Column(heading("counted", _word), _counted), column(heading("median"), "q50"), _range("50 %", "q25", "q75"),
    _range("90 %", "q05", "q95"), _two("any", "p_1"), _range("PIT", "pit_low", "pit_high", ".2f"),
    _two("CRPS", "crps"), _two("log score", "log_score"),
]  # fmt: skip
