"""Whether a step is too long for what moves within it: the shortest half-life or mean stay in a state of a scenario."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from hudna.case.grammar import Text
from hudna.case.nodes import Events, Level, Node, Regime
from hudna.case.parameters import Parameter

__all__ = ["long_steps"]


def long_steps(step_days: int, nodes: Iterable[Node], parameters: Mapping[str, Parameter]) -> tuple[Text, ...]:
    """Return a notice if a step is longer than the shortest pace.

    Half-lives and rates that are parameters are taken at the median of their prior, rates without effects.
    """
    shortest, what = min(_paces(nodes, parameters), key=lambda pace: pace[0], default=(np.inf, Text(en="-")))
    if step_days / 7 <= shortest:
        return ()
    lasts = f"{7 * shortest:.3g}"
    en = f"a step of {step_days} days is longer than {what.en} ({lasts} days): what happens within a step is missed"
    ar = f"الخطوة (عدد أيامها {step_days}) أطول من {what.get('ar')} (عدد أيامه {lasts})، فلا يظهر ما يجري داخلها"
    return (Text(en=f"{en}; choose a smaller step_days", ar=f"{ar}؛ اختر قيمة أصغر في step_days"),)


def _paces(nodes: Iterable[Node], parameters: Mapping[str, Parameter]) -> Iterator[tuple[float, Text]]:
    """Yield how many weeks a memory or a stay in a state lasts, at the median of the priors, and what it is."""

    def middle(number: float | str) -> float:
        if isinstance(number, str):
            return float(parameters[number].prior.quantile(np.array([0.5]))[0])
        return number

    for node in nodes:
        name, arabic = node.name.en, node.name.get("ar")
        if (isinstance(node, Level) or (isinstance(node, Events) and node.branching != 0)) and node.half_life != 0:
            yield middle(node.half_life), Text(en=f"the half-life of {name}", ar=f"عمر النصف: {arabic}")
        if isinstance(node, Regime):
            leaving = dict.fromkeys(node.states, 0.0)
            for way, transition in node.transitions.items():
                leaving[way.split("->")[0].strip()] += middle(transition.rate)
            for state, rate in leaving.items():
                here = node.states[state].name
                what = Text(
                    en=f"the mean stay of {name} in {here.en}", ar=f"متوسط البقاء في الحالة {here.get('ar')}: {arabic}"
                )
                yield (1 / rate if rate > 0 else np.inf), what
