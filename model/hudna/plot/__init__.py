"""Pictures: data in, Axes out. Every function takes `ax=None` and `lang="en"` or `"ar"`."""

from hudna.plot.distributions import difference, outcome
from hudna.plot.judgement import coverage, outcomes, pit, reliability, skill
from hudna.plot.learning import learned, predictive, ranks, states
from hudna.plot.timelines import fan, shares

__all__ = [
    "coverage",
    "difference",
    "fan",
    "learned",
    "outcome",
    "outcomes",
    "pit",
    "predictive",
    "ranks",
    "reliability",
    "shares",
    "skill",
    "states",
]
