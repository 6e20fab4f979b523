"""Results made by hand, with the numbers of every draw and path as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

import hudna

__all__ = ["made"]


def made(
    scenario: str,
    numbers: Mapping[str, Mapping[str, Any]],
    template: hudna.Result,
    *,
    clusters: Any = None,
    **label: Any,
) -> hudna.Result:
    """Return a result with `numbers[outcome][policy]`, of shape (draws,) or (draws, paths).

    `label` holds what its outcomes are: reduce, unit, better, window, ...; a name is that of the outcome.
    """
    arrays = {
        outcome: {policy: np.atleast_2d(np.asarray(y, float).T).T for policy, y in own.items()}
        for outcome, own in numbers.items()
    }
    policies = list(next(iter(arrays.values())))
    draws, paths = next(iter(arrays.values()))[policies[0]].shape
    data = {
        outcome: (("policy", "draw", "path"), np.stack([own[policy] for policy in policies]))
        for outcome, own in arrays.items()
    }
    coords = {"policy": policies, "draw": np.arange(draws), "path": np.arange(paths)}
    clusters = np.arange(draws) if clusters is None else np.asarray(clusters)
    known = template.about["policies"]
    fixed = {"unit": {"en": "attacks"}, "reduce": "mean", "signals": ["x"], "window": [0.0, 52.0], "threshold": 0.0,
             "better": "lower", **label}  # fmt: skip
    about = {
        **template.about,
        "scenario": scenario,
        "name": {"en": f"Scenario {scenario}", "ar": f"سيناريو {scenario}"},
        "draws": draws,
        "paths": paths,
        "policies": {name: known.get(name, {"en": f"Policy {name}", "ar": f"سياسة {name}"}) for name in policies},
        "headline": [],
        "outcomes": {name: {"name": {"en": f"Outcome {name}", "ar": f"نتيجة {name}"}, **fixed} for name in arrays},
    }
    cluster = xr.Dataset(coords={"draw": np.arange(draws), "cluster": ("draw", clusters)})
    return replace(template, outcomes=xr.Dataset(data, coords=coords), parameters=cluster, about=about)
