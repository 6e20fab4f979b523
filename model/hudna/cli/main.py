"""From arguments to an exit code: 0 done, 2 the input is wrong, 1 anything else; never a traceback for a user."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import typer

from hudna.cli import (  # noqa: F401 (their commands join)
    cache,
    claims,
    compare,
    explaining,
    judging,
    learning,
    network,
    sensitivity,
)
from hudna.cli.commands import app
from hudna.cli.printing import DONE, FAILED, INTERRUPTED, WRONG_INPUT, print_json, print_problems, problems_data
from hudna.errors import HudnaError, InputError, Problem

__all__ = ["main"]

_AGAIN = 0.05  # seconds until a swallowed interrupt comes again
# What the parser of arguments raises; its own class moved from click into typer.
_UsageError = cast("type[Exception]", typer.BadParameter.__bases__[0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process if left out.

    Returns
    -------
    int
        0 done; 2 the input is wrong, every problem a line on stderr; 1 anything else.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        os.environ["MPLBACKEND"] = "agg"  # pictures go to files, whatever a notebook or a user has set
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (print(file=None) is to stdout)
    if sys.stdout is None:
        return _report([Problem("hudna", "", "standard output is closed; nothing was done")], FAILED, as_json=False)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:  # a file or a pipe gets UTF-8; a terminal that lacks a letter shows its code
        reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="backslashreplace")
    try:
        with _polite_kills(), warnings.catch_warnings():
            warnings.showwarning = _note  # type: ignore[assignment]
            code = _flushed(_dispatch(given))
            if code == INTERRUPTED:
                code = FAILED
                if arguments is None:  # Python may remember the interrupt, and end itself by it: what is left is done
                    sys.stderr.flush()
                    os._exit(FAILED)
    except BrokenPipeError:  # whoever read has gone: no line, and no success either
        _silence()
        return FAILED
    return code


def _note(message: Warning | str, *_: object) -> None:
    """Show a warning as a reader of a terminal wants it: without the place in the code that gave it."""
    print(f"note: {message}", file=sys.stderr)


def _flushed(code: int) -> int:
    """Let go of what is left to print; a disk that is full is a failure, said once."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _silence()
        problem = Problem("standard output", "", error.strerror or str(error))
        return _report([problem], FAILED, as_json=False) if code == DONE else code
    return code


def _dispatch(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    command = typer.main.get_command(app)
    if "_HUDNA_COMPLETE" in os.environ:  # a shell asks what can be completed
        command(prog_name="hudna")
    try:
        with command.make_context("hudna", arguments) as context:
            command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    except InputError as error:
        return _report(error.problems, WRONG_INPUT, as_json)
    except HudnaError as error:
        return _report([Problem("", "", str(error))], FAILED, as_json)
    except _UsageError as error:
        return _report([_misused(cast("Any", error), arguments)], WRONG_INPUT, as_json)
    except KeyboardInterrupt:
        return _report([Problem("", "", "interrupted; nothing was written")], INTERRUPTED, as_json)
    except MemoryError:
        return _report([Problem("", "", "out of memory; take fewer draws or paths")], FAILED, as_json)
    except BrokenPipeError:
        raise
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else ""
        return _report([Problem(where, "", error.strerror or str(error))], FAILED, as_json)
    return DONE


def _misused(error: Any, arguments: Sequence[str]) -> Problem:
    """Return what the parser of arguments found wrong: the command, the option and what it was given."""
    where = error.ctx.command_path if error.ctx is not None else "hudna"
    option = next((name for name in getattr(getattr(error, "param", None), "opts", ()) if name.startswith("-")), "")
    text = error.format_message().replace("\n", " ").rstrip(".")
    if "valid integer" in text and option:
        given = [b for a, b in pairwise(arguments) if a == option]
        given += [a.removeprefix(f"{option}=") for a in arguments if a.startswith(f"{option}=")]
        return Problem(where, option, "must be a whole number", repr(given[-1]))
    return Problem(where, "", f"{text}; see {where} --help")


def _report(problems: Iterable[Problem], code: int, as_json: bool) -> int:
    """Say every problem on stderr, one a line, and with --json as data on stdout too."""
    found = list(problems)
    print_problems(found)
    if as_json:
        print_json({"problems": problems_data(found)})
    return code


@contextmanager
def _polite_kills() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP like Ctrl-C, so that they leave no litter either; one that is ignored stays ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {n: signal.signal(n, stop) for n in numbers if signal.getsignal(n) is not signal.SIG_IGN}
    repeated, others = next(iter(before), signal.SIGINT), sys.unraisablehook

    def lost(found: Any) -> None:
        """Let an interrupt come again that a callback has swallowed, such as LLVM's while it loads code."""
        if found.exc_type is KeyboardInterrupt:
            threading.Timer(_AGAIN, _thread.interrupt_main, [repeated]).start()
        else:
            others(found)

    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = others
        for number, handler in before.items():
            signal.signal(number, handler)


def _silence() -> None:
    """Let nobody complain about a closed pipe, or a full disk, when Python flushes stdout at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
