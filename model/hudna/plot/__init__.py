"""Pictures: data in, Axes out. Every function takes `ax=None` and `lang="en"` or `"ar"`."""

from hudna.arguments import checked
from hudna.plot.attribution import attribution, attribution_bars, attribution_bars_data, attribution_data
from hudna.plot.beliefs import priors, priors_data
from hudna.plot.cumulative import pbox, pbox_data, survival, survival_data
from hudna.plot.distributions import difference, difference_data, outcome, outcome_data
from hudna.plot.drivers import drivers, drivers_data
from hudna.plot.grid import grid, grid_data
from hudna.plot.judgement import coverage, outcomes, pit, reliability, skill
from hudna.plot.learning import learned, predictive, ranks, states
from hudna.plot.network import network, network_data
from hudna.plot.style import pinned
from hudna.plot.timelines import fan, fan_data, shares, shares_data

__all__ = [
    "attribution",
    "attribution_bars",
    "attribution_bars_data",
    "attribution_data",
    "coverage",
    "difference",
    "difference_data",
    "drivers",
    "drivers_data",
    "fan",
    "fan_data",
    "grid",
    "grid_data",
    "learned",
    "network",
    "network_data",
    "outcome",
    "outcome_data",
    "outcomes",
    "pbox",
    "pbox_data",
    "pit",
    "predictive",
    "priors",
    "priors_data",
    "ranks",
    "reliability",
    "shares",
    "shares_data",
    "skill",
    "states",
    "survival",
    "survival_data",
]

for _name in __all__:  # a wrong argument is one clear error, whatever the picture
    _checked = checked(globals()[_name])
    globals()[_name] = _checked if _name.endswith("_data") else pinned(_checked)
