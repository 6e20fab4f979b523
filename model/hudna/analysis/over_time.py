"""Series, levers and regimes over time as flat tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.case.grammar import Text
from hudna.errors import InputError, Problems, nearest
from hudna.result.series import QUANTILES
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from hudna.result import Result

__all__ = ["by_policy", "chosen_policies", "drivers_data", "fan_data", "moved", "shares_data"]

_COLUMNS = [f"q{100 * q:02.0f}" for q in QUANTILES]
_SHARE = Text(en="share of paths", ar="نسبة المسارات")


def fan_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `fan` draws.

    Parameters
    ----------
    result : Result
    name : str
        A series that is a count, a level, an amount or a lever.
    policy : str or sequence of str, optional
        All if left out.
    lang : {"en", "ar"}
        Language of `policy_name`.

    Returns
    -------
    pandas.DataFrame
        A row per policy and step: policy, policy_name, time (first day of the step), q05, q25, q50, q75, q95 and mean
        over all paths, in the series' unit. A lever is the same on every path; it has a mean only.

    Raises
    ------
    InputError
        If there is no such series or policy, or the series is a regime.
    """
    label = result.series_label(name)
    if label.measure == "state":
        raise InputError.of("plot.fan", "is a regime; draw it with plot.shares", key="name", given=repr(name))
    data = result.series

    def columns(chosen: str) -> Iterator[dict[str, Any]]:
        own = data[name].sel(policy=chosen)
        if label.measure == "lever":
            yield {**dict.fromkeys(_COLUMNS, np.nan), "mean": own.to_numpy()}
        else:
            mean = data[f"{name}_mean"].sel(policy=chosen).to_numpy()
            yield {**dict(zip(_COLUMNS, own.to_numpy().T, strict=True)), "mean": mean}

    return by_policy(result, policy, lang, columns, over_time=True)


def shares_data(
    result: Result, name: str, policy: str | Sequence[str] | None = None, *, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `shares` draws.

    Parameters
    ----------
    name : str
        A series that is a regime.
    result, policy, lang : as of `fan_data`; lang also of `state_name`

    Returns
    -------
    pandas.DataFrame
        A row per policy, step and state: policy, policy_name, time (first day of the step), state, state_name, and
        share, of all paths.

    Raises
    ------
    InputError
        As `fan_data`, or if the series is not a regime.
    """
    label = result.series_label(name)
    if label.measure != "state":
        raise InputError.of("plot.shares", "is not a regime; draw it with plot.fan", key="name", given=repr(name))
    data = result.series[name]

    def columns(chosen: str) -> Iterator[dict[str, Any]]:
        for (state, text), share in zip(label.states, data.sel(policy=chosen).to_numpy().T, strict=True):
            yield {"state": state, "state_name": text.get(lang), "share": share}

    return by_policy(result, policy, lang, columns, over_time=True)


def drivers_data(
    result: Result, names: Sequence[str] | None = None, *, policy: str | None = None, lang: Language = "en"
) -> pd.DataFrame:
    """Return what `drivers` draws.

    Parameters
    ----------
    result : Result
    names : sequence of str, optional
        Levers, and series that were recorded. If left out, the levers that move and the regimes that were recorded.
    policy : str, optional
        Under which regimes and other series are given; the first if left out. Levers are given under all.
    lang : {"en", "ar"}
        Language of the names.

    Returns
    -------
    pandas.DataFrame
        A row per driver, policy, step and state of a regime: driver, driver_name, unit, measure ("lever", "state",
        "level", "count" ...), policy, policy_name, time (first day of the step), state, state_name, value and, for what
        differs from path to path, q05 and q95 over paths. The value is a lever's own, the share of paths in a regime's
        state, a count's mean or the median of anything else.

    Raises
    ------
    InputError
        If there is no such lever, series or policy, or nothing to draw.
    """
    import pandas as pd

    parts = []
    for name in _names(result, names):
        if name in result.levers.data_vars:
            label, unit, measure = *_lever_label(result, name), "lever"
            rows = by_policy(result, None, lang, partial(_lever, result.levers[name]), over_time=True)
        else:
            series = result.series_label(name)
            label, unit, measure = series.name, series.unit, series.measure
            chosen = policy or result.policies[0]
            if measure == "state":
                rows, unit = shares_data(result, name, chosen, lang=lang).rename(columns={"share": "value"}), _SHARE
            else:
                rows = fan_data(result, name, chosen, lang=lang)
                rows["value"] = rows["mean" if measure == "count" else "q50"]
        parts.append(rows.assign(driver=name, driver_name=label.get(lang), unit=unit.get(lang), measure=measure))
    columns = ["driver", "driver_name", "unit", "measure", "policy", "policy_name", "time", "state", "state_name"]
    return pd.concat([part.reindex(columns=[*columns, "value", "q05", "q95"]) for part in parts], ignore_index=True)


def chosen_policies(result: Result, policy: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the policies asked for, all of the result if none; raise InputError for one that it has not."""
    if policy is None:
        return result.policies
    chosen = (policy,) if isinstance(policy, str) else tuple(policy)
    for name in chosen:
        result.policy_name(name)
    if not chosen:
        raise InputError.of("plot", "must name at least one policy", key="policy", given=repr(policy))
    return chosen


def moved(of_policies: xr.DataArray) -> bool:
    """Whether a lever or a series is not the same under all policies."""
    return not bool((of_policies == of_policies.isel(policy=0)).all())


def _names(result: Result, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return what to draw; raise InputError with every name that is neither a lever nor a series."""
    if names is None:
        levers = [str(name) for name in result.levers.data_vars if np.ptp(result.levers[name].to_numpy()) > 0]
        found = (*levers, *(n for n in result.series_names if result.series_label(n).measure == "state"))
        if not found:
            text = "no lever moves and no regime was recorded; name series to draw"
            raise InputError.of("plot.drivers", text, key="names")
        return found
    known = sorted({*map(str, result.levers.data_vars), *result.series_names})
    problems = Problems()
    for name in names:
        if name not in known:
            text = f"is neither a lever nor a series of the result{nearest(name, known)}; there are: {', '.join(known)}"
            problems.add("plot.drivers", "names", text, given=repr(name))
    if not names:
        problems.add("plot.drivers", "names", "must name at least one lever or series")
    problems.raise_if_any()
    return tuple(names)


def _lever_label(result: Result, name: str) -> tuple[Text, Text]:
    found = result.about.get("levers", {}).get(name)  # a result of an older version has no names of levers
    return (Text(en=name), Text(en="1")) if found is None else (Text(**found["name"]), Text(**found["unit"]))


def _lever(lever: xr.DataArray, policy: str) -> list[dict[str, Any]]:
    return [{"value": lever.sel(policy=policy).to_numpy()}]


def by_policy(
    result: Result,
    policy: str | Sequence[str] | None,
    lang: Language,
    columns: Callable[[str], Iterable[Mapping[str, Any]]],
    *,
    over_time: bool = False,
) -> pd.DataFrame:
    """Return tables of columns of the policies asked for, one below the other; `over_time` with a row a step."""
    import pandas as pd

    time = {"time": result.levers["time"].to_numpy()} if over_time else {}
    parts = [
        pd.DataFrame({"policy": chosen, "policy_name": result.policy_name(chosen, lang), **time, **own})
        for chosen in chosen_policies(result, policy)
        for own in columns(chosen)
    ]
    return pd.concat(parts, ignore_index=True)
