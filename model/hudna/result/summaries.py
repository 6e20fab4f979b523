"""Summaries of outcomes as a Dataset, and read back: a set is a policy, or a pair `a - b`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.engine.summaries import Summary, histogram_edges
from hudna.result.samples import SummaryOfPaths

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["OF_DRAWS", "none_of", "read_summary", "summary_dataset", "turned"]

OF_DRAWS = ("mean", "variance", "lower", "higher", "never")


def summary_dataset(summary: Summary, outcomes: tuple[str, ...]) -> xr.Dataset:
    """Return a Dataset with the variables `OUTCOME.mean` and so on, and histograms without their empty ends."""
    import xarray as xr

    edges = histogram_edges()
    data: dict[str, Any] = {}
    coords: dict[str, Any] = {
        "set": [" - ".join(names) for names in summary.sets],
        "draw": np.arange(summary.mean.shape[2]),
    }
    for o, name in enumerate(outcomes):
        for field in OF_DRAWS:
            data[f"{name}.{field}"] = (("set", "draw"), getattr(summary, field)[:, o])
        data[f"{name}.whole"] = (("set",), summary.whole[:, o])
        used = np.flatnonzero(summary.histograms[:, o].any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        axis = f"{name}_bin"
        data[f"{name}.histogram"] = (("set", axis), summary.histograms[:, o, bins])
        coords[f"{name}.low"] = ((axis,), edges[bins])
        coords[f"{name}.high"] = ((axis,), edges[bins.start + 1 : bins.stop + 1])
    return xr.Dataset(data, coords=coords)


def read_summary(data: xr.Dataset, outcome: str, of: str, n_paths: int) -> SummaryOfPaths:
    """Return what was kept of an outcome under a policy, or of a difference."""
    one = data.sel(set=of)
    lower, higher, never = (one[f"{outcome}.{field}"].to_numpy() / n_paths for field in ("lower", "higher", "never"))
    low, high = (data[f"{outcome}.{end}"].to_numpy() for end in ("low", "high"))
    return SummaryOfPaths(
        n_paths=n_paths,
        means=one[f"{outcome}.mean"].to_numpy(),
        variances=one[f"{outcome}.variance"].to_numpy(),
        whole=bool(one[f"{outcome}.whole"]),
        edges=np.append(low, high[-1]),
        counts=one[f"{outcome}.histogram"].to_numpy(),
        lower=lower,
        higher=higher,
        never=never,
    )


def turned(sample: SummaryOfPaths) -> SummaryOfPaths:
    """Return the summary of the same numbers with the other sign."""
    return replace(
        sample,
        means=-sample.means,
        lower=sample.higher,
        higher=sample.lower,
        edges=-sample.edges[::-1],
        counts=sample.counts[::-1],
    )


def none_of(sample: SummaryOfPaths) -> SummaryOfPaths:
    """Return the summary of differences that are all 0."""
    nothing = np.zeros_like(sample.means)
    return replace(
        sample,
        means=nothing,
        variances=nothing,
        lower=nothing,
        higher=nothing,
        whole=True,
        edges=np.array([-(2.0**-20), 2.0**-20]),
        counts=np.array([sample.n_draws * sample.n_paths]),
    )
