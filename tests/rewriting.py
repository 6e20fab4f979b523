"""Compiled functions with a mistake planted in them, to show that a check would see it."""

from __future__ import annotations

import inspect
import sys
from typing import Any

__all__ = ["rewritten"]


def rewritten(function: Any, old: str = "", new: str = "", **names: Any) -> Any:
    """Compile a function anew, with a piece of its text changed, or other functions under the names that it calls."""
    text = inspect.getsource(function.py_func)
    assert not old or text.count(old) == 1, old
    space = vars(sys.modules[function.py_func.__module__]) | names
    exec(text.replace(old, new) if old else text, space)  # our own text
    return space[function.py_func.__name__]
