"""The measured record of a backtest: its forecasts, its pictures, and its tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from hudna.files.whole import Folder
from hudna.judge.baselines import BASELINES
from hudna.judge.pool import MODEL, POOL
from hudna.judge.summary import compared, coverages, phases
from hudna.text.columns import heading
from hudna.text.numbers import MISSING, interval, number, number_of, share, signed, spelt
from hudna.text.table import Column, Row, Table, as_csv, column
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    import pandas as pd

    from hudna.judge.backtest import Backtest
    from hudna.report.figures import Picture
    from hudna.result import Result

__all__ = ["beside", "forecaster_name", "lines", "markdown", "pictures", "pool_table", "tables", "write_record"]

_word = Words("report.record")
_LISTED = 60  # forecasts, above which a terminal shows none one by one


def write_record(
    found: Backtest, folder: Folder, *, changes: Mapping[str, Any], lang: Language = "en"
) -> dict[str, Any]:
    """Write forecasts.csv, record.md and manifest.json; return the manifest."""
    folder.write("forecasts.csv", as_csv(found.forecasts))
    folder.write("record.md", "\n".join(markdown(found)) + "\n")
    about = {
        "changes": json.loads(json.dumps(changes, default=str)),
        "origins": int(found.forecasts["origin"].nunique()),
    }
    return folder.close(
        {
            "scenario": found.scenario, "record": found.record, "signal": found.plan.signal, "seed": found.seed,
            **about, "horizons": list(found.plan.horizons), "lang": lang,
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


def forecaster_name(name: str, lang: Language) -> str:
    """Return what readers see of a forecaster: the case's forecast, the pool, or a baseline."""
    if name == MODEL:
        return _word("model", lang)
    return str((POOL if name == "pool" else BASELINES[name].name).get(lang))


def tables(found: Backtest, lang: Language = "en") -> Iterator[Table]:
    """Yield the record as tables: forecasters side by side, coverage, bias by phase, and every forecast."""
    frame = found.forecasts

    def group(row: Row) -> str:
        return _word("ahead", lang).format(number_of(row["weeks"], "week", lang))

    both = compared(frame)
    if not both.empty:
        notes = [_word("first", lang), _word("skill note", lang)]
        if short := int((_days(frame) < 7 * frame["weeks"]).sum()):
            notes.append(_word("short", lang).format(number_of(short, "forecast", lang)))
        label = partial(_forecaster, lang=lang)
        yield Table(_word("compared", lang), both, _COMPARED, lang, label, group, "weeks", notes)
    yield Table(
        _word("coverage", lang), coverages(frame), _COVERAGE, lang,
        lambda row: _word("interval", lang).format(f"{100 * row['level']:.0f}"), group, "weeks",
    )  # fmt: skip
    yield Table(
        _word("phases", lang), phases(frame), _PHASES, lang,
        lambda row: _word("calm" if row["calm"] else "not calm", lang), group, "weeks", [_word("phase note", lang)],
    )  # fmt: skip
    ordered = frame.sort_values(["weeks", "origin"])
    yield Table(_word("forecasts", lang), ordered, _FORECASTS, lang, lambda row: str(row["origin"]), group, "weeks")


def lines(found: Backtest, lang: Language = "en") -> Iterator[Table | str]:
    """Yield the record for a terminal: what was forecast, and its tables; every forecast only if they are few."""
    frame = found.forecasts
    name = frame.attrs["signal_name"].get(lang) or frame.attrs["signal_name"]["en"]
    origins, every = number_of(frame["origin"].nunique(), "origin", lang), number_of(found.plan.every, "week", lang)
    yield _word("what", lang).format(name, origins, every, found.record, found.seed)
    for table in tables(found, lang):
        if len(table.frame) <= _LISTED:
            yield ""
            yield table


def markdown(found: Backtest) -> Iterator[str]:
    """Yield the tables of the record as Markdown."""
    plan, sizes = found.plan, found.sizes
    yield (
        f"Scenario `{found.scenario}`, record `{found.record}`, `{plan.signal}`; {sizes.islands} samplers x "
        f"{sizes.draws} draws x {sizes.paths} paths, forecasts of {plan.draws} draws x {plan.paths} paths, "
        f"seed {found.seed}."
    )
    for table in tables(found):
        yield ""
        yield from table.markdown()
        for note in table.notes:
            yield ""
            yield note


def pool_table(pooled: pd.DataFrame, result: Result, lang: Language = "en") -> Table:
    """Return the table of `hudna.judge.ahead.pooled_forecast`, policy by policy within each horizon."""

    def group(row: Row) -> str:
        return _word("ahead", lang).format(number_of(row["weeks"], "week", lang))

    def label(row: Row) -> str:
        own = f": {result.policy_name(row['policy'], lang)}" if row["forecaster"] in (MODEL, "pool") else ""
        return forecaster_name(row["forecaster"], lang) + own

    once = pooled[pooled["forecaster"].isin([MODEL, "pool"]) | (pooled["policy"] == result.policies[0])]
    order = once["forecaster"].map({"pool": 0, MODEL: 1}).fillna(2)
    shown = once.assign(order=order).sort_values(["weeks", "order"], kind="stable")
    title = f"{_word('forecasts', lang)}: {pooled.attrs['signal']}"
    return Table(title, shown, _POOL, lang, label, group, "weeks", [_word("pool note", lang)])


def _days(frame: pd.DataFrame) -> pd.Series[int]:
    import pandas as pd

    return (pd.to_datetime(frame["end"]) - pd.to_datetime(frame["start"])).dt.days + 1


def _forecaster(row: Row, lang: Language) -> str:
    return forecaster_name(row["forecaster"], lang)


def _rough(key: str, of: str) -> Column:
    """Return a column of scores or means, with three digits or so."""
    return Column(heading(key, _word), lambda row, lang: spelt(row[of], lang))


def _with_interval(key: str, of: str) -> Column:
    """Return a column of differences with their 90 % intervals."""

    def show(row: Row, lang: Language) -> str:
        if not math.isfinite(row[of]):  # the forecast itself, or a mean of 0 to compare with
            return MISSING
        low, high = (round(row[f"{of}_{end}"], 2) for end in ("low", "high"))
        return signed(f"{row[of]:+.2f} {interval(low, high)}".removesuffix(f" {MISSING}"), lang)

    return Column(heading(key, _word), show)


def _range(key: str, low: str, high: str) -> Column:
    return Column(heading(key, _word), lambda row, _: f"{row[low]:,.0f}-{row[high]:,.0f}")


def beside(name: str) -> Column:
    """Return the column of a forecast that stands beside: its median, and its CRPS in brackets."""

    def show(row: Row, lang: Language) -> str:
        median = row[f"q50_{name}"]
        return f"{median:,.0f} ({spelt(row[f'crps_{name}'], lang)})" if math.isfinite(median) else MISSING

    return Column(heading(f"{name} row", _word), show)


_POOL = [
    Column(heading("weight", _word), lambda row, _: number(row["weight"], 2)), column(heading("median", _word), "q50"),
    _range("50 %", "q25", "q75"), _range("90 %", "q05", "q95"),
    Column(heading("any", _word), lambda row, lang: share(row["p_1"], lang)),
]  # fmt: skip
_N = column(heading("n", _word), "n")
_COMPARED = [
    _N, _rough("crps", "crps"), _rough("log", "log"), _rough("brier", "brier_1"), _with_interval("skill", "skill"),
    _with_interval("gain", "gain"), _with_interval("pool skill", "pool_skill"),
    _with_interval("pool gain", "pool_gain"),
]  # fmt: skip
_COVERAGE = [
    column(heading("inside", _word), "inside"), _N,
    Column(heading("90 %", _word), lambda row, _: interval(round(row["low"], 2), round(row["high"], 2))),
]  # fmt: skip
_PHASES = [
    _N, Column(heading("mean pit", _word), lambda row, _: number(row["pit"], 2)), _rough("error", "error"),
    column(heading("too high", _word), "too_high"), column(heading("too low", _word), "too_low"),
]  # fmt: skip
_FORECASTS = [
    Column(heading("value", _word), lambda row, _: ("~" if row["qualifier"] == "approx" else "") + f"{row['value']:,}"),
    column(heading("median", _word), "q50"), _range("50 %", "q25", "q75"), _range("90 %", "q05", "q95"),
    Column(heading("pit", _word), lambda row, _: f"{row['pit_low']:.2f}-{row['pit_high']:.2f}"), _rough("crps", "crps"),
    _rough("log", "log_score"),
    *map(beside, ("pool", *BASELINES)),
]  # fmt: skip
