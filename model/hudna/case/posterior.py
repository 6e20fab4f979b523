"""What a case has learned: draws of its parameters that agree with its observations, and where they are from.

Two files beside the others: `posterior.csv`, a line a draw, a column a parameter; `posterior.toml`, what they were
learned from, with what, and how well. Both are written by `hudna calibrate`, read here, and never edited.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hudna.arrays import ByContent, FloatArray
from hudna.case.documents import display, read_document
from hudna.case.grammar import Text
from hudna.errors import Problems

if TYPE_CHECKING:
    from hudna.case.case import Case

__all__ = [
    "ABOUT",
    "DISTINCT",
    "DRAWS",
    "QUICK",
    "Learned",
    "Posterior",
    "basis",
    "digest",
    "read_posterior",
    "with_posterior",
]

DRAWS, ABOUT = "posterior.csv", "posterior.toml"
RHAT = 1.1  # at which the means of samplers differ by half a standard deviation of the posterior
DISTINCT = 100  # draws, of which five lie beyond a quantile of 5 %
OVERLAP = 0.9  # of prior and posterior, below which a parameter counts as calibrated
QUICK = Text(
    en="the posterior is of a quick calibration: rough, for a first look only",
    ar="التوزيع البعدي من معايرة سريعة: تقريبي، ولا يصلح إلا لنظرة أولى",
)
_TEXTS = ("name", "note", "unit", "source", "url")


@dataclass(frozen=True)
class Learned:
    """Prior and posterior of a parameter side by side, as 5, 50 and 95 % quantiles."""

    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
    overlap: float  # share of probability that the two have in common
    rhat: float

    @property
    def calibrated(self) -> bool:
        """Whether the rows have said something about the parameter."""
        return self.overlap < OVERLAP


@dataclass(frozen=True, eq=False)
class Posterior(ByContent):
    """Draws of equal weight.

    names : of the parameters; theta : (draw, parameter); campaign, until : what was fitted; basis : hash of the
    priors, nodes and rows that it follows from; digest : of the draws; about : all of posterior.toml; current : whether
    the case is as it was
    """

    names: tuple[str, ...]
    theta: FloatArray = field(repr=False)
    campaign: str
    until: dt.date
    basis: str
    digest: str
    learned: Mapping[str, Learned]
    about: Mapping[str, Any] = field(repr=False)
    current: bool = True

    @property
    def n_draws(self) -> int:
        """Number of draws."""
        return int(self.theta.shape[0])

    @cached_property
    def notices(self) -> tuple[Text, ...]:
        """What everybody who uses the draws must know of how well they were learned; nothing if well enough."""
        found = []
        if self.about.get("preset") == "quick":
            found.append(QUICK)
        name, worst = max(self.learned.items(), key=lambda item: item[1].rhat)
        if not worst.rhat < RHAT:
            en = f"the posterior's samplers disagree: R-hat of {name} is {worst.rhat:.2f}; calibrate with more draws"
            ar = f"عينات التوزيع البعدي غير متفقة: قيمة R-hat لـ {name} هي {worst.rhat:.2f}؛ أعد المعايرة بعينات أكثر"
            found.append(Text(en=en, ar=ar))
        distinct = np.unique(self.theta, axis=0).shape[0]
        if distinct < DISTINCT:
            en = f"distinct draws of the posterior: {distinct}, too few for its tails; calibrate with more"
            ar = f"عدد العينات المختلفة في التوزيع البعدي {distinct}، وهو قليل للأطراف؛ أعد المعايرة بعينات أكثر"
            found.append(Text(en=en, ar=ar))
        return tuple(found)


def digest(draws: str) -> str:
    """Return a hash of the text of posterior.csv, which ties it to its posterior.toml."""
    return hashlib.blake2b(draws.encode(), digest_size=16).hexdigest()


def basis(case: Case, campaign: str) -> str:
    """Return a hash of all that a posterior follows from: priors, nodes, ties, counters, the campaign and its rows.

    Names and notes are left out, so that a text may be mended without calibrating anew.
    """
    observations = case.observations
    data = {
        "nodes": {name: _without_texts(node.model_dump(mode="json")) for name, node in case.nodes.items()},
        "priors": {name: p.prior.model_dump(mode="json") for name, p in case.parameters.items()},
        "channels": dict(case.about.channels),
        "correlations": {n: _without_texts(c.model_dump(mode="json")) for n, c in case.about.correlations.items()},
        "ties": [(tie.id, tie.channel, tie.weight, tie.toward) for tie in case.ties],
        "counters": {n: _without_texts(c.model_dump(mode="json")) for n, c in observations.counters.items()},
        "campaign": _without_texts(observations.campaigns[campaign].model_dump(mode="json")),
        "rows": sorted(row.said for row in observations.rows_of(campaign) if row.weighs),
    }
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def with_posterior(case: Case, problems: Problems) -> Case:
    """Return the case with the posterior in its folder; what the rows said something about has status calibrated.

    A posterior that follows from other priors or rows than the case's is kept, and said to be out of date.
    """
    found = read_posterior(case.folder, problems)
    if found is None:
        return case
    known = found.campaign in case.observations.campaigns
    if not known or basis(case, found.campaign) != found.basis or set(found.names) != set(case.parameters):
        notice = Text(
            en=f"{ABOUT} is out of date: priors, drivers or rows have changed since; run hudna calibrate",
            ar=f"الملف {ABOUT} قديم: تغيرت التوزيعات القبلية أو المحركات أو المشاهدات منذ كتابته؛ شغل hudna calibrate",
        )
        return replace(case, posterior=replace(found, current=False), notices=(*case.notices, notice))
    parameters = {
        name: parameter.model_copy(update={"status": "calibrated"}) if found.learned[name].calibrated else parameter
        for name, parameter in case.parameters.items()
    }
    notices = (*case.notices, *found.notices)
    return replace(case, posterior=found, parameters=parameters, notices=notices)


def _without_texts(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _without_texts(value) for key, value in item.items() if key not in _TEXTS}
    return [_without_texts(part) for part in item] if isinstance(item, list) else item


def read_posterior(folder: Path, problems: Problems) -> Posterior | None:
    """Read the posterior in a case's folder; None if there is none, or it cannot be read (noted in `problems`)."""
    draws, about = folder / DRAWS, folder / ABOUT
    if not draws.exists() and not about.exists():
        return None
    hint = "both are written by `hudna calibrate`; calibrate anew, or take both away"
    for path in (draws, about):
        if not path.is_file():
            problems.add(display(path), "", f"is missing beside the other file of the posterior; {hint}")
            return None
    document = read_document(about, problems)
    if document is None:
        return None
    try:
        text = draws.read_text(encoding="utf-8-sig")
        lines = list(csv.reader(text.splitlines()))
        names, theta = tuple(lines[0]), np.array(lines[1:], float)
        data = document.data
        learned = {
            name: Learned(
                _three(entry["prior"]), _three(entry["posterior"]), float(entry["overlap"]), float(entry["rhat"])
            )
            for name, entry in data["parameters"].items()
        }
        campaign, follows, hashed = (str(data[key]) for key in ("campaign", "basis", "digest"))
        found = Posterior(names, theta, campaign, data["until"], follows, hashed, learned, data)
    except (OSError, csv.Error, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        problems.add(display(draws), "", f"is not a posterior that hudna wrote ({type(error).__name__}); {hint}")
        return None
    sound = theta.ndim == 2 and theta.shape[0] > 0 and theta.shape[1] == len(names) and np.isfinite(theta).all()
    whole = len(set(names)) == len(names) and set(names) == set(learned) and found.digest == digest(text)
    if not sound or not whole or type(found.until) is not dt.date:
        problems.add(display(draws), "", f"has gaps, or does not fit {ABOUT}; {hint}")
        return None
    return found


def _three(numbers: Any) -> tuple[float, float, float]:
    low, middle, high = (float(number) for number in numbers)
    return low, middle, high
