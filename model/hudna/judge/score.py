"""A saved forecast against what came: each row of observations with its scores, and those of the baselines."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from hudna.arguments import checked, texts
from hudna.arrays import FloatArray, IntArray
from hudna.case.observation_rows import Catalogue, read_rows
from hudna.case.observations import Confidence, Counter, Qualifier, Row
from hudna.errors import InputError, Problems, nearest, no_such
from hudna.judge.baselines import BASELINES, Forecaster, fitted
from hudna.judge.forecast import CountForecast
from hudna.judge.past import Past
from hudna.judge.record import Counts
from hudna.judge.states import score_state
from hudna.judge.summary import bias
from hudna.judge.window import covered, named_scores, scores, window_counts
from hudna.result import Result, open_result

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FEW_PATHS", "ResultRows", "rows_for", "score", "totals"]

FEW_PATHS = 500  # fewer make a rough forecast
_COUNTED = ("events", "response")
_ORDER = (
    "date_start", "date_end", "signal", "value", "qualifier", "counter", "policy", "mean", "q05", "q25", "q50", "q75",
    "q95", "crps", "log_score", "brier_any", "pit_low", "pit_high", "inside50", "inside90", "censored",
    "brier_at_least", "notice",
)  # of the columns  # fmt: skip
_LENGTHS = {"week": 7.0, "month": 31.0, "quarter": 92.0, "year": 366.0, "longer": np.inf}  # days at most
_DAY = dt.timedelta(days=1)


@checked
def score(
    result: Result | str | Path, rows: str | Path | Iterable[Row], policy: str | Iterable[str] | None = None
) -> pd.DataFrame:
    """Score a result's forecasts against the counts that came.

    The forecast of a row is the sum of its signals over its days in each path that the result kept week by week.
    Of a week that is covered in part each event is kept with the covered share of days as its probability
    (binomial thinning; the seed is made of the result's and the row, and is the same for every policy). For a
    counter that counts more than the reference, a Poisson number of mean (ratio - 1) x n is added to a path's
    count n: the count stands in for the rate.

    Rows that end before the run starts are no forecasts' business: they join `about["record"]`, the counts that the
    run was conditioned on, as the past that the baselines forecast from; the baselines' origin is the run's start.

    Parameters
    ----------
    result : Result, or what `hudna.open_result` takes
    rows : str, Path or rows
        A table of observations of the result's signals. Rows of use `context`, and those of levels, are not scored;
        a regime is, if it is one of the result's series.
    policy : str or iterable of str, optional
        All of the result's if left out.

    Returns
    -------
    pandas.DataFrame
        A row per policy and scored row. Columns: date_start, date_end, signal, value, qualifier, counter, policy;
        mean, q05, q25, q50, q75, q95 of the forecast; crps, log_score, brier_any (of one event or more), pit_low,
        pit_high, inside50, inside90; censored and brier_at_least, see below; notice; and `crps_NAME`, `log_NAME`,
        `q25_NAME`, `q50_NAME` and `q75_NAME` of each of `hudna.judge.baselines.BASELINES`, absent where no row has a
        past. Lower scores are better. A row `at_least` is censored: its log score is -log P(N >= value),
        brier_at_least is (1 - P(N >= value))^2, and it has no CRPS and no PIT and lies neither inside nor outside an
        interval. `attrs["notices"]` holds what there is to say about the whole, `attrs["states"]` the scores of rows
        about regimes, a mapping a policy and row: policy, and what `hudna.judge.states.score_state` gives.

    Raises
    ------
    InputError
        If there is no such policy, or no row to score, or rows lie outside the run, ask for a signal that was not
        kept or for a counter that the result does not carry: all of them at once.

    Examples
    --------
    >>> import hudna
    >>> question = hudna.load({"extends": "two-militias", "start": "2023-07-03"})
    >>> result = hudna.run(question, draws=20, paths=20, seed=1)
    >>> table = score(result, question.case.observations.rows, "stay")
    >>> table[["signal", "value", "inside90"]].head(2).values.tolist()
    [['attacks.*', 2, True], ['attacks.NORTH', 1, True]]
    """
    import pandas as pd

    result = result if isinstance(result, Result) else open_result(result)
    chosen, problems = tuple(dict.fromkeys(texts("score", "policy", policy) or result.policies)), Problems()
    for name in chosen:
        if name not in result.policies:
            text = no_such("policy", name, result.policies, text="the result has no such policy")
            problems.add("score", "policy", text, given=repr(name))
    problems.raise_if_any()
    judged = ResultRows.of(result, rows_for(result, rows) if isinstance(rows, str | Path) else tuple(rows))
    judged.check()
    table = pd.DataFrame(_scored(judged, row, name) for name in chosen for row in judged.inside)
    if table.empty:
        table = pd.DataFrame(columns=list(_ORDER))
    table = table.astype({"inside50": object, "inside90": object})  # None where it is not known
    for name in BASELINES:
        if len(table) and table[f"log_{name}"].isna().all():
            table = table.drop(columns=[column for column in table if str(column).endswith(f"_{name}")])
    table.attrs |= {"notices": judged.notices(), "states": [one for name in chosen for one in judged.states(name)]}
    return table


@checked
def totals(table: pd.DataFrame) -> pd.DataFrame:
    """Sum up tables of `score`: means of the scores of the forecast and of each baseline, by policy and length.

    Rows may overlap and are forecast by the same paths, so they are no independent sample: counts of rows are
    given, and no interval, and a mean is that of these rows. Rows of unlike lengths have unlike scores: a mean is over
    rows of up to a week, a month, a quarter, a year, or longer, each by itself.

    Parameters
    ----------
    table : pandas.DataFrame
        Of one policy or several, below one another.

    Returns
    -------
    pandas.DataFrame
        A row per policy, length (`week`, `month`, `quarter`, `year`, `longer`) and forecaster, `forecast` the first,
        then the baselines, the one of the smallest mean CRPS first. Columns: n, mean_crps, mean_log_score,
        mean_brier_any, inside50, inside90 (counts) over rows that are not censored; n_censored,
        mean_censored_log_score; too_high and too_low, rows whose median was above and below the count, `at_least` rows
        counted where they lie above it, and unclear, the others of those. Baselines are scored over the rows where they
        have a past, n of them, and `forecast_crps` and `forecast_log_score` are the forecast's means over the same
        rows.
    """
    import pandas as pd

    days = (pd.to_datetime(table["date_end"]) - pd.to_datetime(table["date_start"])).dt.days + 1
    place = np.searchsorted(list(_LENGTHS.values()), days)
    found: list[dict[str, Any]] = []
    for policy in dict.fromkeys(table["policy"]):
        for i, length in enumerate(_LENGTHS):
            mine = table[(table["policy"] == policy) & (place == i)]
            if mine.empty:
                continue
            errors = {key: value for key, value in bias(mine).items() if key in ("too_high", "too_low", "unclear")}
            any_of = mine.loc[~mine["censored"].astype(bool), "brier_any"].mean()
            own = {"forecaster": "forecast", **_means(mine, "crps", "log_score"), "mean_brier_any": any_of, **errors}
            simple = [
                {"forecaster": name, **_means(mine, f"crps_{name}", f"log_{name}")}
                for name in BASELINES
                if f"log_{name}" in table
            ]
            simple.sort(key=lambda one: (np.isnan(one["mean_crps"]), one["mean_crps"]))
            found += [{"policy": policy, "length": length, **one} for one in (own, *simple)]
    return pd.DataFrame(found)


def _means(rows: pd.DataFrame, crps: str, log: str) -> dict[str, Any]:
    """Return the mean scores of a forecaster over the rows that it has a score of."""
    there = rows[rows[log].notna()]
    censored = there["censored"].astype(bool)
    counted, bounds = there[~censored], there[censored]
    return {
        "n": len(counted),
        "mean_crps": counted[crps].astype(float).mean(),
        "mean_log_score": counted[log].astype(float).mean(),
        "forecast_crps": counted["crps"].astype(float).mean(),
        "forecast_log_score": counted["log_score"].astype(float).mean(),
        "inside50": int(counted["inside50"].sum()),
        "inside90": int(counted["inside90"].sum()),
        "n_censored": len(bounds),
        "mean_censored_log_score": bounds[log].astype(float).mean(),
    }


def rows_for(result: Result, path: str | Path) -> tuple[Row, ...]:
    """Read a table of observations of what a result forecasts; see docs/scoring.md for its columns.

    Parameters
    ----------
    result : Result
        It says which signals and counters there are.
    path : str or Path
        A CSV file.

    Raises
    ------
    InputError
        With everything that is wrong with the table.
    """
    problems = Problems()
    rows = read_rows(Path(path), _catalogue(result), _counters(result), problems)
    problems.raise_if_any()
    return rows


def _catalogue(result: Result) -> Catalogue:
    """Return what rows can be about: the counts that the result kept, and the regimes and levels that it names."""
    kinds = dict.fromkeys(sorted(_counts(result)), "events")
    states = {}
    for series in result.about.get("series", {}).values():
        if series["measure"] in ("state", "level") and len(series["signals"]) == 1:
            name = series["signals"][0]
            kinds.setdefault(name, "regime" if series["measure"] == "state" else "level")
            if series["measure"] == "state":
                states[name] = tuple(state for state, _ in series["states"])
    return Catalogue(kinds, states)


def _counters(result: Result) -> dict[str, Counter]:
    """Return the counters that the result carries besides the reference."""
    carried = result.about.get("counters", {})
    return {
        name: Counter.model_validate({"name": name, **{k: said[k] for k in ("ratio", "sd") if said.get(k) is not None}})
        for name, said in carried.items()
    }


def _counts(result: Result) -> tuple[str, ...]:
    """Return the signals that are counts: kept as whole numbers, or, where all was kept, known to be counts."""
    named = {
        name
        for series in result.about.get("series", {}).values()
        if series["measure"] == "count"
        for name in series["signals"]
    }
    return tuple(
        str(name)
        for name, values in result.trajectories.data_vars.items()
        if values.dtype.kind == "u" or name in result.threat or name in named
    )


@dataclass(frozen=True, eq=False)
class ResultRows:
    """A result and the rows that it is judged by."""

    result: Result
    rows: tuple[Row, ...]
    start: dt.date
    end: dt.date  # the day after the last
    step_days: int
    seed: int

    @classmethod
    def of(cls, result: Result, rows: tuple[Row, ...]) -> ResultRows:
        """Make it of a result and rows."""
        about = result.about
        try:
            start = dt.date.fromisoformat(about["start"])
            end = start + 7 * int(about["weeks"]) * _DAY
            return cls(result, rows, start, end, int(about["step_days"]), int(about["seed"]))
        except (KeyError, TypeError, ValueError) as error:
            text = f"is not a result that hudna saved ({type(error).__name__} in what it is about)"
            raise InputError.of("result", text) from None

    def resolve(self, signal: str) -> tuple[str, ...]:
        """Return the counts that a name or a sum stands for, in name order; none if one of them was not kept."""
        names, known = _catalogue(self.result), _counts(self.result)
        found = [names.resolve(part.strip()) for part in signal.split("+")]
        whole = tuple(sorted({name for part in found for name in part}))
        return whole if all(found) and all(name in known for name in whole) else ()

    @cached_property
    def counted(self) -> tuple[Row, ...]:
        """Rows of counts."""
        return tuple(row for row in self.rows if row.kind in _COUNTED and row.use != "context")

    @cached_property
    def inside(self) -> tuple[Row, ...]:
        """Rows to score."""
        return tuple(row for row in self.counted if row.end >= self.start)

    @cached_property
    def regimes(self) -> tuple[Row, ...]:
        """Rows about regimes to score."""
        return tuple(
            row for row in self.rows if row.kind == "regime" and row.use != "context" and row.end >= self.start
        )

    def states(self, policy: str) -> Iterator[dict[str, Any]]:
        """Yield the scores of the rows about regimes, as `hudna.judge.states.score_state` does."""
        for row in self.regimes:
            name = next(name for name in self.result.series_names
                        if self.result.series_label(name).measure == "state"
                        and self.result.series_label(name).signals == row.signals)  # fmt: skip
            states = tuple(state for state, _ in self.result.series_label(name).states)
            counts = self.result.histograms[name].sel(policy=policy).to_numpy()
            paths = int(counts[0].sum())
            yield {"policy": policy, **score_state(row, counts / paths, states, self.start, self.step_days, paths)}

    @cached_property
    def past(self) -> tuple[Row, ...]:
        """What is known of the time before the run."""
        return (*_carried(self.result), *(row for row in self.counted if row.end < self.start))

    def counted_as(self, row: Row) -> tuple[tuple[str, ...], frozenset[str]]:
        """Return the signals of a row, and whose counts are its past: the reference's, or its counter's own."""
        same = self.same_counters
        return row.signals, same if row.counter in same else frozenset({row.counter})

    @cached_property
    def simple(self) -> Mapping[tuple[tuple[str, ...], frozenset[str]], Mapping[str, Forecaster]]:
        """The baselines of each sort of rows, fitted to its past; none where nothing was known before the run."""
        found = {}
        for signals, counters in dict.fromkeys(map(self.counted_as, self.inside)):
            record = Counts.from_rows(self.past, signals=signals, counters=counters)
            found[signals, counters] = fitted(Past.weeks(record, self.start))
        return found

    @cached_property
    def same_counters(self) -> frozenset[str]:
        """The reference, and whoever counts the same under a name."""
        carried = self.result.about.get("counters", {})
        named = (name for name, said in carried.items() if said.get("ratio") is None and said.get("sd") is None)
        return frozenset({"", *named})

    def check(self) -> None:
        """Raise `InputError` with every row that cannot be scored."""
        problems = Problems()
        known, carried = _counts(self.result), self.result.about.get("counters", {})
        for row in (*self.inside, *self.regimes):
            where = f"line {row.line}" if row.line else f"{row.start} to {row.end}"
            if row.start < self.start or row.end >= self.end:
                before = f"; count from {self.start} on" if row.start < self.start <= row.end < self.end else ""
                text = f"is not inside the run, {self.start} to {self.end - _DAY}{before}"
                problems.add(where, "date_start, date_end", text, given=f"{row.start}, {row.end}")
            for name in row.signals:
                if row.kind != "regime" and name not in known:
                    text = f"the result kept no counts of {name}{nearest(name, known)}; it has: {', '.join(known)}"
                    problems.add(where, "signal", text, given=repr(row.signal))
            if row.counter:
                self._check_counter(row, carried, where, problems)
        if not self.inside and not self.regimes:
            problems.add("rows", "", f"there is no count or state to score from {self.start} to {self.end - _DAY}")
        problems.raise_if_any()

    def _check_counter(self, row: Row, carried: Mapping[str, Any], where: str, problems: Problems) -> None:
        said = carried.get(row.counter)
        known = ", ".join(carried) or "none"
        if said is None:
            text = f"the result does not know this counter{nearest(row.counter, carried)}; it knows: {known}"
        elif said.get("sd") is not None:
            text = "reads a level; who counts has a ratio"
        elif isinstance(said.get("ratio"), str) and said["ratio"] not in self.result.parameters:
            text = f"its ratio is the parameter {said['ratio']}, which the result does not have"
        else:
            return
        problems.add(where, "counter", text, given=repr(row.counter))

    def notices(self) -> tuple[str, ...]:
        """Return what there is to say about the whole."""
        found = []
        sizes = self.result.trajectories.sizes
        paths = sizes["draw"] * sizes["path"]
        if paths < FEW_PATHS:
            found.append(f"the result kept {paths} paths: its quantiles and log scores are rough")
        groups = {
            f"end before the run starts on {self.start}: not scored, the baselines' past": [
                row for row in self.counted if row.end < self.start
            ],
            "of use context: not scored": [row for row in self.rows if row.use == "context"],
            "about levels: not scored": [row for row in self.rows if row.kind == "level" and row.use != "context"],
        }
        return (*found, *(f"{_many(len(rows))} {text}" for text, rows in groups.items() if rows))

    def sample(self, row: Row, policy: str) -> IntArray:
        """Return the forecast counts, shape (draw, path)."""
        a, b = (row.start - self.start).days, (row.end - self.start).days + 1
        rng = np.random.default_rng([self.seed, *_words(row)])
        kept = self.result.trajectories.sel(policy=policy).isel(time=slice(0, -(-b // self.step_days)))
        steps = np.sum([np.rint(kept[name].to_numpy()).astype(np.int64) for name in row.signals], axis=0)
        whole = window_counts(steps, a, b, self.step_days, rng)
        if row.counter:
            whole = whole + rng.poisson((self._ratio(row.counter) - 1)[:, None] * whole)
        return np.asarray(whole)

    def _ratio(self, counter: str) -> FloatArray:
        """Return what the counter counts for each of the reference's, shape (draw,) of the draws that were kept."""
        ratio = self.result.about["counters"][counter].get("ratio")
        draws = self.result.trajectories["draw"]
        if isinstance(ratio, str):
            drawn: FloatArray = self.result.parameters[ratio].sel(draw=draws).to_numpy()
            return np.asarray(np.maximum(drawn, 1.0))
        return np.full(draws.size, 1.0 if ratio is None else float(ratio))


def _scored(judged: ResultRows, row: Row, policy: str) -> dict[str, Any]:
    forecast = CountForecast.from_sample(judged.sample(row, policy))
    v, censored = int(row.value), row.qualifier == "at_least"
    settled = not censored or v > 0  # whether it is known if there was one
    simple = judged.simple[judged.counted_as(row)]
    first, end = (row.start - judged.start).days / 7, ((row.end - judged.start).days + 1) / 7
    found = {
        **dict.fromkeys(_ORDER),
        "date_start": row.start,
        "date_end": row.end,
        "signal": row.signal,
        "value": v,
        "qualifier": row.qualifier,
        "counter": row.counter,
        "policy": policy,
        **scores(forecast, v, censored=censored),
        "brier_any": forecast.brier(1, v) if settled else np.nan,
        "censored": censored,
        "brier_at_least": forecast.censored_brier(v) if censored else np.nan,
        "notice": "; ".join(_notices(judged, row)),
    }
    for name in BASELINES:
        found |= named_scores(name, simple[name](first, end) if simple else None, v, censored=censored)
    return found


def _notices(judged: ResultRows, row: Row) -> Iterator[str]:
    a, b = (row.start - judged.start).days, (row.end - judged.start).days + 1
    parts = [round(share * judged.step_days) for share in covered(a, b, judged.step_days) if share < 1]
    if parts:
        what = "week" if judged.step_days == 7 else "step"
        days = " and ".join(str(days) for days in parts)
        yield f"{days} of {judged.step_days} days of a {what} are covered: its count is thinned"
    if row.qualifier == "approx":
        yield "approximate, scored as if exact"
    if not judged.simple[judged.counted_as(row)]:
        whose = "" if row.counter in judged.same_counters else f" by {row.counter}"
        yield f"no baselines: no count of {row.signal}{whose} from before {judged.start} is known"


def _carried(result: Result) -> Iterator[Row]:
    """Yield the counts that the run was conditioned on."""
    names = _catalogue(result)
    for said in result.about.get("record", ()):
        signals = [name for part in str(said["signal"]).split("+") for name in names.resolve(part.strip())]
        if not signals or said.get("value") is None or names.kinds[signals[0]] not in _COUNTED:
            continue
        yield Row(
            start=dt.date.fromisoformat(said["start"]),
            end=dt.date.fromisoformat(said["end"]),
            signal=said["signal"],
            signals=tuple(sorted(set(signals))),
            kind="events",
            value=float(said["value"]),
            state="",
            qualifier=cast("Qualifier", said["qualifier"]),
            word=said["qualifier"],
            counter=said.get("counter") or "",
            confidence=cast("Confidence", said.get("confidence") or "high"),
            use="likelihood",
            source="",
            note="",
            line=0,
        )


def _words(row: Row) -> Sequence[int]:
    """Return whole numbers that are a row's own, wherever it stands in a table."""
    text = "|".join([row.start.isoformat(), row.end.isoformat(), row.counter, *row.signals])
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return [int(word) for word in np.frombuffer(digest, "<u4")]


def _many(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"
