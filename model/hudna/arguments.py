"""What callers from Python may give, as the package holds it: whole numbers, dates, names, plain data."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import operator
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, ParamSpec, TypeVar

from hudna.errors import InputError, Problems, nearest
from hudna.text.words import check_language

__all__ = ["check_kind", "check_options", "checked", "day", "names", "plain", "settle", "texts", "whole"]

P = ParamSpec("P")
T = TypeVar("T")

_DATED = ("start", "as_of", "points", "states", "rows")  # keys of a scenario whose values are or hold dates
_SHARED = ("ax", "plan", "progress", "sizes", "stage")  # arguments of several functions
_KINDS = {
    "Callable": "function", "str": "text", "Path": "path", "Mapping": "mapping", "ArrayLike": "array",
    "Sequence": "list",
}  # fmt: skip
_DEEPEST = 40  # beyond it nothing is looked into; the limit of a file is far lower


def whole(value: Any) -> Any:
    """Return what counts as a whole number as an int, NumPy's too; anything else, truth values too, as it is.

    Examples
    --------
    >>> import numpy as np
    >>> whole(np.int64(5)), whole(True), whole(5.0)
    (5, True, 5.0)
    """
    if type(value).__name__ in ("bool", "bool_"):
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
    items = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else value
    return tuple(str(item) if isinstance(item, str) else item for item in items)


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
    named = [part for part in key if isinstance(part, str)]
    found = day(value) if named and named[-1] in _DATED else value
    if isinstance(found, dt.date):
        return found
    if isinstance(value, str | os.PathLike):
        return str(value)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Iterable):
        return [plain(item, (*key, i)) for i, item in enumerate(value)]
    return value


def texts(call: str, key: str, value: Any) -> tuple[str, ...] | None:
    """Return `names(value)`; raise `InputError` if one of them is no text."""
    found = names(value)
    for one in found or ():
        check_kind(call, key, one, "str")
    return found


def check_kind(call: str, key: str, value: Any, kinds: str) -> None:
    """Raise `InputError` if `value` is of none of the kinds that an annotation names, such as "Case | Scenario"."""
    wanted = [re.sub(r"^.*\.|\[.*", "", kind.strip()) for kind in kinds.split("|")]
    own = {"None"} if value is None else {kind.__name__ for kind in type(value).__mro__}
    if callable(value):
        own.add("Callable")
    if isinstance(value, Mapping):
        own.add("Mapping")
    elif isinstance(value, Iterable) and not isinstance(value, str):
        own |= {"ArrayLike", "Iterable", "Sequence"}
    if not own & set(wanted):
        given = repr(value) if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
        *most, last = (_KINDS.get(kind, kind) for kind in wanted if kind != "None")
        options = f"{', '.join(most)} or {last}" if most else last
        article = "an" if options[0] in "AEIOUaeiou" else "a"
        raise InputError.of(call, f"must be {article} {options}", key=key, given=given)


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that says what is wrong with its arguments before it is called.

    Those that it does not take, and what is of the wrong kind: the first one, and those that several functions share.
    What the first argument may be is read off its annotation, and so which arguments are names: these become a tuple.
    Whole numbers become ints, and what can be gone through once only a tuple.
    """
    signature = inspect.signature(function)
    first = next(iter(signature.parameters.values()))

    @functools.wraps(function)
    def door(*arguments: P.args, **keywords: P.kwargs) -> T:
        check_options(function.__name__, keywords, signature.parameters)
        bound = signature.bind(*arguments, **keywords)
        given = bound.arguments
        for name, value in given.items():
            several = re.search(r"(Sequence|Iterable)\[str\]", str(signature.parameters[name].annotation))
            given[name] = texts(function.__name__, name, value) if several else _settled(value)
        for name in given:
            if name == first.name or name in _SHARED:
                check_kind(function.__name__, name, given[name], str(signature.parameters[name].annotation))
        check_language(function.__name__, given.get("lang", "en"), given)
        return function(*bound.args, **bound.kwargs)

    return door


def settle(item: Any) -> None:
    """Turn what was given to a frozen dataclass into ints and tuples, for its `__post_init__`."""
    for field in fields(item):
        value = whole(getattr(item, field.name))
        several = isinstance(value, Iterable) and not isinstance(value, str)
        object.__setattr__(item, field.name, tuple(map(whole, value)) if several else value)


def _settled(value: Any) -> Any:
    return tuple(value) if isinstance(value, Iterator) else whole(value)


def check_options(call: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raise `InputError` for each option that `call` does not take, with the nearest one that it does."""
    problems, taken = Problems(), list(known)
    for name, value in given.items():
        if name not in taken:
            text = f"there is no such option{nearest(name, taken)}; options: {', '.join(taken)}"
            problems.add(call, name, text, given=repr(value))
    problems.raise_if_any()
