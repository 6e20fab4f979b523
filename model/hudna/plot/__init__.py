"""Pictures: data in, Axes out; `NAME_data` returns what `NAME` draws, and raises what it raises.

Every picture takes `lang`, "en", "ar" or another that the case has labels in, and `ax`, the Axes to draw into, those of
a new figure if left out, and returns the Axes. If it has several panels, such as one a policy, they lie inside them:
`ax.child_axes`.
"""

from hudna.analysis.beliefs import learned_data, priors_data
from hudna.analysis.cumulative import pbox_data, survival_data
from hudna.analysis.distributions import difference_data, outcome_data
from hudna.analysis.grid import grid_data
from hudna.analysis.network import network_data
from hudna.analysis.over_time import drivers_data, fan_data, shares_data
from hudna.analysis.parts import attribution_bars_data, attribution_data
from hudna.arguments import checked
from hudna.judge.ranks import ranks_data
from hudna.judge.verification import coverage_data, outcomes_data, pit_data, reliability_data, skill_data
from hudna.plot.attribution import attribution, attribution_bars
from hudna.plot.beliefs import learned, priors
from hudna.plot.cumulative import pbox, survival
from hudna.plot.distributions import difference, outcome
from hudna.plot.drivers import drivers
from hudna.plot.grid import grid
from hudna.plot.judgement import coverage, outcomes, pit, reliability, skill
from hudna.plot.learning import predictive, ranks, states
from hudna.plot.network import network
from hudna.plot.style import pinned
from hudna.plot.timelines import fan, shares

__all__ = [
    "attribution", "attribution_bars", "attribution_bars_data", "attribution_data", "coverage", "coverage_data",
    "difference", "difference_data", "drivers", "drivers_data", "fan", "fan_data", "grid", "grid_data", "learned",
    "learned_data", "network", "network_data", "outcome", "outcome_data", "outcomes", "outcomes_data", "pbox",
    "pbox_data", "pit", "pit_data", "predictive", "priors", "priors_data", "ranks", "ranks_data", "reliability",
    "reliability_data", "shares", "shares_data", "skill", "skill_data", "states", "survival", "survival_data",
]  # fmt: skip

for _name in __all__:  # a wrong argument is one clear error, whatever the picture
    _checked = checked(globals()[_name])
    globals()[_name] = _checked if _name.endswith("_data") else pinned(_checked)
