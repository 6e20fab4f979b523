"""From weekly histograms to what a reader asks for: quantiles, means, shares of states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import FloatArray, IntArray
from hudna.engine.bins import at_rank, bin_edges

if TYPE_CHECKING:
    import xarray as xr

    from hudna.scenario.labels import SeriesLabel

__all__ = ["QUANTILES", "histogram_quantile", "series_quantiles"]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def histogram_quantile(measure: str, counts: IntArray, probability: float) -> FloatArray:
    """Return a quantile of numbers that lie in bins, counted in an array of the shape (..., n_bins).

    Exact for counts in bins of their own (the smallest number whose cumulative share reaches the
    probability); elsewhere linear inside the bin.
    """
    low, high, share = at_rank(bin_edges(measure), counts, probability * counts.sum(axis=-1))
    whole = (measure in ("count", "indicator")) & (high - low <= 1)
    high = np.where(np.isfinite(high), high, low)
    return np.asarray(np.where(whole, low, low + share * (high - low)))


def _mean(measure: str, counts: IntArray) -> FloatArray:
    edges = bin_edges(measure)
    middle = edges[:-1] + np.where(np.isfinite(edges[1:]), np.diff(edges), 0.0) / 2
    if measure in ("count", "indicator"):
        middle = np.where(np.diff(edges) <= 1, edges[:-1], middle)
    weighted: FloatArray = (counts * middle).sum(axis=-1) / counts.sum(axis=-1)
    return weighted


def series_quantiles(labels: Mapping[str, SeriesLabel], histograms: xr.Dataset, levers: xr.Dataset) -> xr.Dataset:
    """Return a Dataset with (policy, time, quantile) and a mean per series; shares of states for a regime."""
    import xarray as xr

    data: dict[str, Any] = {}
    for name, label in labels.items():
        if label.measure == "lever":
            data[name] = (("policy", "time"), sum(levers[signal].to_numpy() for signal in label.signals))
            continue
        counts = histograms[name].to_numpy()
        if label.measure == "state":
            data[name] = (("policy", "time", f"{name}_state"), counts / counts.sum(axis=-1, keepdims=True))
            continue
        quantiles = np.stack([histogram_quantile(label.measure, counts, q) for q in QUANTILES], axis=-1)
        data[name] = (("policy", "time", "quantile"), quantiles)
        data[f"{name}_mean"] = (("policy", "time"), _mean(label.measure, counts))
    states = {
        f"{name}_state": [state for state, _ in label.states]
        for name, label in labels.items()
        if label.measure == "state"
    }
    coords = {"policy": levers["policy"], "time": levers["time"], "quantile": list(QUANTILES), **states}
    return xr.Dataset(data, coords=coords)
