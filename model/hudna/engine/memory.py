"""Whether a run fits: what it will hold, estimated before anything is allocated, and what the machine has left."""

from __future__ import annotations

from pathlib import Path

from hudna.engine.program import Program
from hudna.engine.recording import series_bins
from hudna.errors import InputError

__all__ = ["available", "check_fits", "needed"]

_NUMBER = 8  # bytes
_GROUPS = Path("/sys/fs/cgroup")


def needed(
    program: Program,
    *,
    draws: int,
    paths: int,
    kept: tuple[int, int, int],
    exact: bool,
    summary: bool,
    in_flight: int,
    elsewhere: bool = False,
) -> dict[str, int]:
    """Return the bytes that each part of a run will hold at its largest.

    kept : (signals, draws, paths) of the trajectories, `exact` as floats; summary : whether outcomes are kept as
    summaries; in_flight : paths of the blocks that are worked on, or wait, at once; elsewhere : other processes work on
    them, and only their records are here
    """
    policies, outcomes, steps = len(program.policies), len(program.outcomes.name), program.n_steps
    sets = policies + policies * (policies - 1) // 2
    bins = sum(series_bins(program))
    signals, kept_draws, kept_paths = kept
    traces = policies * signals * kept_draws * kept_paths * steps
    per_draw = len(program.parameters) + 2 * policies * len(program.events.name) * steps
    a_path = policies * outcomes
    if not elsewhere:
        a_path += len(program.streams) * 4 + policies * (len(program.signals) + 8) * 2
    return {
        "outcomes": _NUMBER * (sets * outcomes * 5 * draws if summary else policies * outcomes * draws * paths),
        # Counts are held as 32 bits, and once more as 8 when they are labelled.
        "trajectories": traces * (_NUMBER if exact else 5),
        "numbers of the draws": _NUMBER * draws * per_draw,
        "histograms": _NUMBER * policies * steps * bins,
        "blocks under way": _NUMBER * in_flight * a_path,
    }


def check_fits(parts: dict[str, int], *, draws: int, paths: int, summary: bool) -> None:
    """Raise `InputError` if a run needs more memory than there is.

    Raises
    ------
    InputError
        With the estimate, what is available, and what to change.
    """
    free, total = available(), sum(parts.values())
    if free is None or total <= free:
        return
    largest = max(parts, key=lambda name: parts[name])
    advice = {
        "outcomes": 'run with outcomes="summary"' if not summary else "take fewer draws",
        "trajectories": 'leave trajectories at "events", or take fewer draws or paths',
        "numbers of the draws": "take fewer draws, and more paths of each",
        "histograms": "name fewer series in the scenario",
        "blocks under way": "ask for fewer at once with threads",
        "states to start from": "take fewer draws or paths",
    }[largest]
    text = (
        f"needs about {_size(total)} of memory ({_size(parts[largest])} of it for {largest}), and {_size(free)} "
        f"are free; {advice}"
    )
    raise InputError.of("run", text, key="draws x paths", given=f"{draws:,} x {paths:,}")


def available() -> int | None:
    """Return the bytes that this process may still take; None if that is not known."""
    import psutil

    limits = [int(psutil.virtual_memory().available)]
    used = psutil.Process().memory_info()
    try:
        top = (_GROUPS / "memory.max").read_text().strip()
        if top.isdecimal():
            usage = dict(line.split() for line in (_GROUPS / "memory.stat").read_text().splitlines())
            held = int((_GROUPS / "memory.current").read_text()) - int(usage.get("file", 0))  # caches give way
            limits.append(int(top) - held)
    except (OSError, ValueError):
        pass  # no such limit here
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            limits.append(soft - int(used.vms))
    except ImportError:  # not on this system
        pass
    return max(0, min(limits))


def _size(n_bytes: int) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes = n_bytes / 1000  # type: ignore[assignment]
    return f"{n_bytes:,.3g} TB"
