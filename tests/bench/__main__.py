"""Benchmarks: `make bench`, or `python tests/bench`. Tables go to the screen and to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cli
import engines
import growth
import machine
import pairing
import peers
import stages
from settings import ROOT, Settings

_SECTIONS = (engines, peers, growth, cli, pairing, stages)
_INTRODUCTION = """\
# Benchmarks

Written by `make bench`. Numbers are medians with the smallest and the largest of {repeats} repeats in brackets; what is
compared takes turns within one run, so ratios are medians of paired ratios.
"""


def main() -> int:
    """Run the sections that were asked for; return 1 if a check did not hold."""
    parser = argparse.ArgumentParser(prog="python tests/bench", description=__doc__)
    parser.add_argument("--only", default="1,2,3,4,5,6", help="sections, such as 1,3; the file is then left alone")
    parser.add_argument("--quick", action="store_true", help="small sizes, to try the benchmarks themselves")
    parser.add_argument("--engines", default="oracle,vm", help="in rising order of speed")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer-python", help="for peers that need a newer Python than this one")
    parser.add_argument("--out", type=Path, help="file to write; docs/benchmarks.md after a full run")
    given = parser.parse_args()
    settings = Settings(
        engines=tuple(given.engines.split(",")),
        threads=tuple(int(threads) for threads in given.threads.split(",")),
        repeats=given.repeats,
        quick=given.quick,
        peer_python=given.peer_python,
    )
    chosen = sorted({int(number) for number in given.only.split(",")})
    parts = [_INTRODUCTION.format(repeats=settings.repeats).strip(), "\n".join(machine.describe())]
    print("\n\n".join(parts), flush=True)
    failures = []
    for number in chosen:
        section = _SECTIONS[number - 1].section(settings)
        print(f"\n{section}", flush=True)
        parts.append(str(section))
        failures += section.failures
    full = len(chosen) == len(_SECTIONS) and not settings.quick
    out = given.out or (ROOT / "docs" / "benchmarks.md" if full else None)
    if out is not None:
        out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
