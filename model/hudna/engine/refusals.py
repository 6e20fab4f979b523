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


def refusal_text(program: Program, refusal: Refusal, node: int, number: float) -> str:
    """Name the node, what went wrong with it, and the number that did."""
    match refusal:
        case Refusal.LEAVING_RATE:
            text = f"regime {program.regimes.name[node]}: the rate of leaving a state overflows"
        case Refusal.NEGATIVE_EXPOSURE:
            text = f"events {program.events.name[node]}: an exposure is negative"
        case Refusal.EXPOSURE:
            text = f"events {program.events.name[node]}: an exposure overflows"
        case Refusal.EXPECTED_COUNT:
            text = f"events {program.events.name[node]}: the expected count in a step is above {MAX_MEAN:g}"
        case Refusal.LOG_ODDS:
            text = f"response {program.responses.name[node]}: its log odds are not a number"
        case Refusal.EXPECTED_SIZE:
            text = f"response {program.responses.name[node]}: its expected size is above {MAX_MEAN:g}"
        case Refusal.SCORE:
            text = f"level {program.levels.name[node]}: its log odds are beyond {MAX_SCORE:g}"
    return f"{text} ({number:g})"
