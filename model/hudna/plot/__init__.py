"""Pictures: data in, Axes out. Every function takes `ax=None` and `lang="en"` or `"ar"`."""

from hudna.plot.distributions import difference, outcome
from hudna.plot.timelines import fan, shares

__all__ = ["difference", "fan", "outcome", "shares"]
