"""Work for executors of other processes, which must be able to import it."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def squared(item, stop):
    return item * item


def refused(item, stop):
    raise ArithmeticError(f"{item} is refused")


def deadly(item, stop):
    """End the worker, as if it had run out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def deadly_once(item, stop):
    """The same, the first time that a file is asked for."""
    number, path = item
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return number * number
    return deadly(item, stop)
