"""A result: labelled numbers of a run, with the axes policy, draw, path and time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hudna.arguments import check_kind
from hudna.arrays import ByContent, FloatArray, IntArray
from hudna.case.grammar import Language, Text
from hudna.errors import InputError, no_such
from hudna.files.whole import write_file
from hudna.outline import Outlined
from hudna.result.exposure import Exposure, exposure_alone
from hudna.result.samples import Paths, Sample, SummaryOfPaths, n_distinct
from hudna.result.series import series_quantiles
from hudna.result.summaries import none_of, read_summary, turned
from hudna.result.tables import difference_estimate, direction, outcome_row, variance_reduction
from hudna.scenario.labels import OutcomeLabel, SeriesLabel
from hudna.text.runs import size_of
from hudna.text.words import check_language

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["Result"]

S = TypeVar("S", Paths, SummaryOfPaths)
_ASIDE = ("made", "versions", "engine", "changes")  # of what a result is about: how it came to be


@dataclass(frozen=True, eq=False, repr=False)
class Result(ByContent, Outlined):
    """What a run found, labelled.

    Two results are equal if all their numbers and what they are about are, however and whenever they were made: the
    date, the versions, the engine and which values were changed in Python are left aside.

    Attributes
    ----------
    outcomes : xarray.Dataset
        (policy, draw, path), a variable an outcome; empty where summaries were kept
    summaries : xarray.Dataset
        (set, draw) and (set, bin) where summaries were kept, a set a policy or `a - b`; else empty
    histograms : xarray.Dataset
        (policy, time, bin of the series), a variable a series: paths counted in bins
    threat, exposure : xarray.Dataset
        (policy, draw, time), a variable an events node: mean rate with every lever at 1, per week, and the levers'
        share of it
    levers : xarray.Dataset
        (policy, time), a variable a schedule
    trajectories : xarray.Dataset
        (policy, draw, path, time), a variable a signal, for the first paths of the draws
    parameters : xarray.Dataset
        (draw), a variable a parameter
    about : mapping
        plain data: names, run size, versions, sources
    """

    outcomes: xr.Dataset
    histograms: xr.Dataset
    threat: xr.Dataset
    exposure: xr.Dataset
    levers: xr.Dataset
    trajectories: xr.Dataset
    parameters: xr.Dataset
    summaries: xr.Dataset
    about: Mapping[str, Any]

    def content(self) -> Any:
        """Return what makes two results equal."""
        about = {key: value for key, value in self.about.items() if key not in _ASIDE}
        return [about, *(getattr(self, name) for name in self.__dataclass_fields__ if name != "about")]

    def _outline(self) -> Iterator[tuple[str, object]]:
        about = self.about
        yield "scenario", f"{about['scenario']}: {self.title.en}"
        yield "case", about["case"]
        yield "horizon", f"{about['weeks']} weeks from {about['start']} on, in steps of {about['step_days']} days"
        yield "as of", about["given"].get("as_of")
        yield "parameters from", about["given"].get("belief")
        yield "policies", self.policies
        yield "outcomes", self.outcome_names
        yield "series", self.series_names
        yield "run", size_of(about)
        yield "kept", "summaries of the outcomes" if self.summarised else "every path's outcomes"
        yield "made", f"{about['made']}, hudna {about['versions']['hudna']}"

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies."""
        return tuple(self.about["policies"])

    @property
    def outcome_names(self) -> tuple[str, ...]:
        """Names of the outcomes."""
        return tuple(self.about["outcomes"])

    @property
    def series_names(self) -> tuple[str, ...]:
        """Names of the series."""
        return tuple(self.about["series"])

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.about["draws"])

    @property
    def n_distinct(self) -> int:
        """Number of draws whose parameters differ."""
        return n_distinct(self.n_draws, self.clusters)

    @property
    def n_paths(self) -> int:
        """Number of paths per draw."""
        return int(self.about["paths"])

    @property
    def step(self) -> float:
        """Length of a step, in weeks."""
        return float(self.about["step_days"]) / 7

    @property
    def title(self) -> Text:
        """Name of the scenario."""
        return Text(**self.about["name"])

    def policy_name(self, policy: str, lang: Language = "en") -> str:
        """Return what readers see for a policy."""
        return Text(**self.about["policies"][self._known("policy", policy, self.policies)]).get(lang)

    def outcome(self, name: str) -> OutcomeLabel:
        """Return what an outcome is called and how it was measured."""
        found = self.about["outcomes"][self._known("outcome", name, self.outcome_names)]
        return OutcomeLabel.model_validate(found, strict=False)

    def series_label(self, name: str) -> SeriesLabel:
        """Return what a series is called and what kind of number it is."""
        found = self.about["series"][self._known("series", name, self.series_names)]
        return SeriesLabel.model_validate(found, strict=False)

    def distribution(self, outcome: str, policy: str) -> Sample:
        """Return an outcome under a policy, as paths or as the summary that was kept of them."""
        label = self.outcome(outcome)
        self._known("policy", policy, self.policies)
        if self.summarised:
            return self._clustered(self._summary(outcome, policy))
        end = label.window[1] if label.reduce == "first" else np.inf
        return self._clustered(Paths(self.sample(outcome, policy), end=end))

    def paired(self, outcome: str, a: str, b: str) -> Sample:
        """Return an outcome under `a` less the same under `b`, path by path, or the summary that was kept of it."""
        self._known("outcome", outcome, self.outcome_names)
        for policy in (a, b):
            self._known("policy", policy, self.policies)
        if not self.summarised:
            return self._clustered(Paths(self.sample(outcome, a) - self.sample(outcome, b)))
        sets = set(self.summaries["set"].to_numpy().tolist())
        if a == b:
            return self._clustered(none_of(self._summary(outcome, a)))
        if f"{a} - {b}" in sets:
            return self._clustered(self._summary(outcome, f"{a} - {b}"))
        return self._clustered(turned(self._summary(outcome, f"{b} - {a}")))

    def sample(self, outcome: str, policy: str) -> FloatArray:
        """Return an outcome under a policy, shape (n_draws, n_paths).

        Raises
        ------
        InputError
            If there is no such outcome or policy, or only summaries were kept.
        """
        self._known("outcome", outcome, self.outcome_names)
        self._known("policy", policy, self.policies)
        if self.summarised:
            text = 'this run kept summaries of its outcomes, no paths; run it with outcomes="all"'
            raise InputError.of("result", text, key="outcome", given=repr(outcome))
        array: FloatArray = self.outcomes[outcome].sel(policy=policy).to_numpy()
        return array

    @property
    def summarised(self) -> bool:
        """Whether summaries of the outcomes were kept instead of their paths."""
        return bool(self.summaries.sizes)

    @cached_property
    def clusters(self) -> IntArray | None:
        """Equal where draws have the same parameters, shape (n_draws,); None if all differ."""
        found: IntArray = self.parameters["cluster"].to_numpy()
        return found if np.unique(found).size < found.size else None

    def _clustered(self, sample: S) -> S:
        return sample if self.clusters is None else replace(sample, clusters=self.clusters)

    def _summary(self, outcome: str, of: str) -> SummaryOfPaths:
        return read_summary(self.summaries, outcome, of, self.n_paths)

    @cached_property
    def series(self) -> xr.Dataset:
        """Quantiles and mean of each series, week by week, with the axes (policy, time, quantile).

        Read from the histograms: exact for counts up to 255, within a bin (1/256 of the range) for levels.
        For a regime there is the share of paths in each state instead, with the axes (policy, time, state).
        """
        labels = {name: self.series_label(name) for name in self.series_names}
        return series_quantiles(labels, self.histograms, self.levers)

    def table(self, lang: Language = "en") -> pd.DataFrame:
        """Return the estimate of every outcome under every policy, a row each.

        Parameters
        ----------
        lang : {"en", "ar"}
            Language of the columns `name` and `unit`.

        Returns
        -------
        pandas.DataFrame
            Index (policy, outcome). Columns, numbers in the outcome's unit:

            - name, unit;
            - mean and its Monte Carlo error mcse, clustered by draw, with the 90 % interval low to high that it gives;
            - q05, q50, q95 over futures;
            - mean_q05, mean_q95 over draws, path noise taken out;
            - same, whether every future has the same number;
            - never, for a time to something, the share of futures in which it never comes (there the mean is the mean
              restricted to the window), and its Monte Carlo error never_mcse; NaN for other outcomes.

        Raises
        ------
        InputError
            If `lang` is none of the two.

        Examples
        --------
        >>> import hudna
        >>> result = hudna.run("two-militias", draws=20, paths=10, seed=1)
        >>> result.table().loc[("stay", "pressure"), ["mean", "low", "high"]].round(2).tolist()
        [0.38, 0.34, 0.43]
        """
        import pandas as pd

        check_language("result", lang, self)
        rows = {
            (policy, name): outcome_row(self.outcome(name), self.distribution(name, policy), lang)
            for policy in self.policies
            for name in self.outcome_names
        }
        index = pd.MultiIndex.from_tuples(rows, names=["policy", "outcome"])
        return pd.DataFrame(list(rows.values()), index=index)

    def contrast(self, a: str, b: str, lang: Language = "en") -> pd.DataFrame:
        """Return the difference of every outcome between two policies, a - b, future by future on the same numbers.

        Parameters
        ----------
        a, b : str
            Names of policies.
        lang : {"en", "ar"}
            Language of the columns `name` and `unit`.

        Returns
        -------
        pandas.DataFrame
            Index outcome. Columns:

            - name, unit, and mean, mcse, low, high, q05, q50, q95, mean_q05, mean_q95, same as of `table`, of the
              difference, in the outcome's unit;
            - p_lower, p_higher, the share of paired futures in which the outcome is lower (higher) under `a`, with
              their Monte Carlo errors p_lower_mcse, p_higher_mcse;
            - mean_lower, the share of draws in which its mean is lower, with error mean_lower_mcse;
            - vr_factor, (var a + var b) / var(a - b) within draws: what common random numbers gain; NaN where the
              difference never varies inside a draw;
            - exposure_alone, for sums of events, the part of the difference that is exposure alone (same threat as
              under `b`), its Monte Carlo error exposure_alone_mcse, its share of the whole exposure_share, and the
              error of that, exposure_share_mcse; NaN for other outcomes.

        Raises
        ------
        InputError
            If there is no such policy, or `lang` is none of the two.

        Examples
        --------
        >>> import hudna
        >>> result = hudna.run("two-militias", draws=20, paths=10, seed=1)
        >>> apart = result.contrast("leave", "stay")
        >>> bool(apart.loc["attacks", "high"] < 0), apart.loc["attacks", "unit"]
        (True, 'attacks')
        """
        import pandas as pd

        check_language("result", lang, self)
        rows = []
        for name in self.outcome_names:
            label, d = self.outcome(name), self.paired(name, a, b)
            row = {"name": label.name.get(lang), "unit": label.unit.get(lang), **self.difference(name, a, b)}
            row |= direction(d)
            row["vr_factor"] = variance_reduction(self.distribution(name, a), self.distribution(name, b), d)
            row |= asdict(self._exposure_alone(label, a, b, d.means))
            rows.append(row)
        return pd.DataFrame(rows, index=pd.Index(self.outcome_names, name="outcome"))

    def difference(self, outcome: str, a: str, b: str) -> dict[str, float]:
        """Return the columns mean ... same of `contrast`, of one outcome."""
        label = self.outcome(outcome)
        return difference_estimate(label, self.paired(outcome, a, b), same=lambda: self._same_until(a, b, label))

    def _same_until(self, a: str, b: str, label: OutcomeLabel) -> bool:
        """Whether both policies set every lever that reaches the outcome alike up to the end of its window."""
        levers = self.levers.isel(time=slice(0, round(label.window[1] / self.step)))
        one, other = levers.sel(policy=a), levers.sel(policy=b)
        reaching = levers.data_vars if label.levers is None else label.levers
        return all(bool((one[name].to_numpy() == other[name].to_numpy()).all()) for name in reaching)

    def _exposure_alone(self, label: OutcomeLabel, a: str, b: str, total: FloatArray) -> Exposure:
        """Return the part of a difference that exposure alone makes; NaN unless it is of events that levers expose."""
        if label.reduce != "sum" or not set(label.signals) <= set(self.threat.data_vars):
            return Exposure()
        if all(bool((self.exposure[signal] == 1).all()) for signal in label.signals):
            return Exposure()  # no lever is an exposure of these events
        steps = slice(round(label.window[0] / self.step), round(label.window[1] / self.step))

        def of(data: xr.Dataset, policy: str) -> list[FloatArray]:
            within = data[list(label.signals)].sel(policy=policy).isel(time=steps)
            return [within[signal].to_numpy() for signal in label.signals]

        exposures, threat = (of(self.exposure, a), of(self.exposure, b)), of(self.threat, b)
        return exposure_alone(*exposures, threat, total, self.step, self.clusters)

    def as_netcdf(self) -> memoryview:
        """Return the bytes of the file that `save` writes."""
        from hudna.result.storage import GROUPS, as_netcdf

        return as_netcdf(self.about, {group: getattr(self, group) for group in GROUPS})

    def save(self, path: str | Path) -> Path:
        """Write the result to a netCDF file, beside it first and then in its place.

        Parameters
        ----------
        path : str or Path
            The file, over which it is written if there is one.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        InputError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> import hudna
        >>> result = hudna.run("two-militias", draws=20, paths=10, seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     hudna.open_result(result.save(f"{folder}/result.nc")) == result
        True
        """
        check_kind("save", "path", path, "str | Path")
        return write_file(Path(path), self.as_netcdf())

    def _known(self, what: str, name: str, names: tuple[str, ...]) -> str:
        if name not in names:
            text = no_such(what, name, names, text=f"the result has no such {what}")
            raise InputError.of("result", text, key=what, given=repr(name))
        return name
