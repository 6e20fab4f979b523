"""What callers from Python may give, as the package holds it: whole numbers, dates, names, plain data."""

from __future__ import annotations

import datetime as dt
import operator
import os
from collections.abc import Iterable, Mapping
from typing import Any

from hudna.errors import InputError, Problems, nearest

__all__ = ["check_kind", "check_options", "day", "names", "plain", "whole"]

_DATED = ("start", "as_of", "points", "states", "rows")  # keys of a scenario whose values are or hold dates
_DEEPEST = 40  # beyond it nothing is looked into; the limit of a file is far lower


def whole(value: Any) -> Any:
    """Return what counts as a whole number as an int, NumPy's too; anything else, truth values too, as it is.

    Examples
    --------
    >>> import numpy as np
    >>> whole(np.int64(5)), whole(True), whole(5.0)
    (5, True, 5.0)
    """
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return value
    try:
        return operator.index(value)
    except TypeError:
        return value


def day(value: Any) -> Any:
    """Return a date, a text such as "2024-08-22" or a midnight as a date; anything else as it is.

    Examples
    --------
    >>> day("2024-08-22"), day("soon")
    (datetime.date(2024, 8, 22), 'soon')
    """
    if type(value).__name__ == "datetime64":
        return day(value.astype("datetime64[s]").item())
    if isinstance(value, dt.datetime):
        midnight = value.tzinfo is None and value == dt.datetime.combine(value.date(), dt.time())
        return value.date() if midnight else value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else value
    except ValueError:
        return value


def names(value: Any) -> tuple[Any, ...] | None:
    """Return names as a tuple: of a text that alone, of what can be gone through its items; None of None.

    Examples
    --------
    >>> names("leave"), names(name for name in ("stay", "leave"))
    (('leave',), ('stay', 'leave'))
    """
    if value is None:
        return None
    return (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)


def plain(value: Any, key: tuple[Any, ...] = ()) -> Any:
    """Return nested data as a TOML file would hold it: dict, list, str, bool, int, float, date.

    Tables of the package's own become dicts, arrays and whatever can be gone through lists, and where a scenario has a
    date (under the keys start, as_of, points, states and rows) a text that is one becomes it. What is none of these is
    left as it is.
    """
    if len(key) > _DEEPEST or isinstance(value, bool):
        return value
    if hasattr(value, "model_dump"):
        value = value.model_dump(exclude_unset=True, exclude_none=True)
    if isinstance(value, Mapping):
        return {str(k): plain(v, (*key, str(k))) for k, v in value.items()}
    if isinstance(value, str | os.PathLike):
        named = [part for part in key if isinstance(part, str)]
        return day(str(value)) if named and named[-1] in _DATED else str(value)
    found = day(value)
    if isinstance(found, dt.date):
        return found
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Iterable):
        return [plain(item, (*key, i)) for i, item in enumerate(value)]
    return value


def check_kind(call: str, key: str, value: Any, kinds: str) -> None:
    """Raise `InputError` if `value` is of none of the classes that `kinds` names, such as "Case | Scenario"."""
    wanted = [kind.strip().rpartition(".")[2] for kind in kinds.split("|")]
    own = {kind.__name__ for kind in type(value).__mro__} | ({"Mapping"} if isinstance(value, Mapping) else set())
    if not own & set(wanted):
        given = repr(value) if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
        raise InputError.of(call, f"must be a {' or a '.join(wanted)}", key=key, given=given)


def check_options(call: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise `InputError` for each option that `call` does not take, with the nearest one that it does."""
    problems, taken = Problems(), list(known)
    for name, value in given.items():
        if name not in taken:
            text = f"there is no such option{nearest(name, taken)}; options: {', '.join(taken)}"
            problems.add(call, name, text, given=repr(value))
    problems.raise_if_any()
