"""What is believed of the parameters, before and after learning, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hudna.arrays import FloatArray
from hudna.case.case import Case
from hudna.errors import InputError, Problems, no_such
from hudna.text.words import Language

if TYPE_CHECKING:
    import pandas as pd

    from hudna.scenario import Scenario

__all__ = ["AT", "learned_data", "priors_data"]

AT = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
_AT = np.array(list(AT.values()))


def priors_data(case: Case | Scenario, names: Sequence[str] | None = None, *, lang: Language = "en") -> pd.DataFrame:
    """Return what is believed of each parameter, before and, where the case has learned, after.

    Parameters
    ----------
    case : Case or Scenario
        Of a scenario the parameters are as it believes them.
    names : sequence of str, optional
        Parameters; all, in the order of their names, if left out.
    lang : {"en", "ar"}
        Language of `name`.

    Returns
    -------
    pandas.DataFrame
        Index parameter. Columns: name, unit, status ("evidence", "judgement" or "calibrated"), source, note; prior_q05,
        prior_q25, prior_q50, prior_q75, prior_q95; and the same of the posterior, NaN where there is none that is up to
        date, or where a scenario overrides its case.

    Raises
    ------
    InputError
        If there is no such parameter, with every such name, or none at all.
    """
    import pandas as pd

    own, overridden = (case, ()) if isinstance(case, Case) else (case.case, tuple(case.file.parameters))
    parameters = case.parameters
    chosen = tuple(parameters) if names is None else tuple(names)
    problems = Problems()
    for name in chosen:
        if name not in parameters:
            text = no_such("parameter", name, parameters, text="the case has no such parameter")
            problems.add("plot.priors", "names", text, given=repr(name))
    if not chosen:
        problems.add("plot.priors", "names", "must name at least one parameter; the case may have none")
    problems.raise_if_any()
    learned = own.posterior if own.posterior is not None and own.posterior.current else None
    rows = []
    for name in chosen:
        parameter = parameters[name]
        prior = parameter.prior.quantile(_AT)
        row: dict[str, Any] = {
            "name": name if parameter.name is None else parameter.name.get(lang),
            "unit": own.unit(parameter.unit).get(lang),
            "status": parameter.status,
            "source": parameter.source,
            "note": parameter.note,
        }
        row |= {f"prior_{c}": float(q) for c, q in zip(AT, prior, strict=True)}
        known = learned is not None and name in learned.names and name not in overridden
        after = np.quantile(learned.theta[:, learned.names.index(name)], _AT) if learned and known else [np.nan] * 5
        row |= {f"posterior_{c}": float(q) for c, q in zip(AT, after, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(chosen, name="parameter"))


def learned_data(prior: ArrayLike, posterior: ArrayLike, names: Sequence[str]) -> pd.DataFrame:
    """Return what was learned of each parameter: quantiles before and after, and the place of the latter in the prior.

    Parameters
    ----------
    prior : float array, shape (n_draws, n_parameters)
    posterior : float array, shape (m_draws, n_parameters)
    names : sequence of str
        Of the parameters, in the order of the columns.

    Returns
    -------
    pandas.DataFrame
        Index parameter; prior_q05, prior_q25, prior_q50, prior_q75, prior_q95 and the same of the posterior, in the
        parameter's unit; and place_q05 to place_q95: the share of the prior's draws below the posterior's quantile.

    Raises
    ------
    InputError
        If there is no parameter or no draw, or the arrays do not fit the names or are not finite.
    """
    import pandas as pd

    before, after = _draws("prior", prior, names), _draws("posterior", posterior, names)
    rows = []
    for own, learned in zip(before.T, after.T, strict=True):
        found = {"prior": np.quantile(own, _AT), "posterior": np.quantile(learned, _AT)}
        found["place"] = np.array([_place(own, x) for x in found["posterior"]])
        rows.append({f"{kind}_{c}": x for kind, q in found.items() for c, x in zip(AT, q, strict=True)})
    data = pd.DataFrame(rows, index=pd.Index(names, name="parameter"))
    data.attrs = {"prior": len(before), "posterior": len(after)}
    return data


def _draws(key: str, given: ArrayLike, names: Sequence[str]) -> FloatArray:
    found = np.asarray(given, float)
    if not names:
        raise InputError.of("plot.learned", "must name at least one parameter", key="names")
    if found.ndim != 2 or found.shape[1] != len(names) or not found.shape[0]:
        text = f"must be of shape (draws, {len(names)}), at least one draw, a column a name"
        raise InputError.of("plot.learned", text, key=key, given=f"shape {found.shape}")
    if not np.isfinite(found).all():
        odd = [name for name, fine in zip(names, np.isfinite(found).all(axis=0), strict=True) if not fine]
        raise InputError.of("plot.learned", f"must be finite; {', '.join(odd)}: not so", key=key)
    return found


def _place(draws: FloatArray, x: float) -> float:
    """Return the share of draws below x, those equal to it counted by half."""
    return float((draws < x).mean() + (draws == x).mean() / 2)
