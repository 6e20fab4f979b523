"""Why a step has to stop, in words: every engine refuses the same things and says the same of them."""

from __future__ import annotations

from enum import IntEnum

from hudna.engine.program import Program
from hudna.engine.quantiles import MAX_MEAN

__all__ = ["MAX_SCORE", "Refusal", "refusal_text"]

MAX_SCORE = 700.0  # |log odds| beyond which exp overflows


class Refusal(IntEnum):
    """What left the range of numbers."""

    LEAVING_RATE = 1
    NEGATIVE_EXPOSURE = 2
    EXPOSURE = 3
    EXPECTED_COUNT = 4
    LOG_ODDS = 5
    EXPECTED_SIZE = 6
    SCORE = 7


_TEXTS = {  # the table of the program, and what went wrong with a node of it
    Refusal.LEAVING_RATE: ("regimes", "regime {}: the rate of leaving a state overflows"),
    Refusal.NEGATIVE_EXPOSURE: ("events", "events {}: an exposure is negative"),
    Refusal.EXPOSURE: ("events", "events {}: an exposure overflows"),
    Refusal.EXPECTED_COUNT: ("events", f"events {{}}: the expected count in a step is above {MAX_MEAN:g}"),
    Refusal.LOG_ODDS: ("responses", "response {}: its log odds are not a number"),
    Refusal.EXPECTED_SIZE: ("responses", f"response {{}}: its expected size is above {MAX_MEAN:g}"),
    Refusal.SCORE: ("levels", f"level {{}}: its log odds are beyond {MAX_SCORE:g}"),
}


def refusal_text(program: Program, refusal: Refusal, node: int, number: float) -> str:
    """Name the node, what went wrong with it, and the number that did."""
    table, text = _TEXTS[refusal]
    return f"{text.format(getattr(program, table).name[node])} ({number:g})"
